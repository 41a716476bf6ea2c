/* Time-ordered 64-bit ids. */
#include "base/id.h"
#include "base/clock.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { COUNTER_BITS = 12, NODE_BITS = 10 };
static const int64_t epoch_ms = INT64_C(1577836800000); /* 2020-01-01 */

static _Atomic int64_t last_tick; /* (ms since epoch) << COUNTER_BITS | counter */
static _Atomic uint32_t node_number;

static int64_t compose(int64_t tick)
{
    int64_t ms = tick >> COUNTER_BITS, counter = tick & ((1 << COUNTER_BITS) - 1);
    int64_t node = atomic_load_explicit(&node_number, memory_order_relaxed);
    return ms << (COUNTER_BITS + NODE_BITS) | node << COUNTER_BITS | counter;
}

int64_t id_next(void)
{
    int64_t now = (clock_now_us() / US_PER_MS - epoch_ms) << COUNTER_BITS;
    int64_t last = atomic_load(&last_tick), next;
    do
        next = now > last ? now : last + 1; /* a full counter borrows from the next millisecond */
    while (!atomic_compare_exchange_weak(&last_tick, &last, next));
    return compose(next);
}

void id_set_node(uint32_t node)
{
    atomic_store(&node_number, node & ((1u << NODE_BITS) - 1));
}

uint32_t id_node(void)
{
    return atomic_load(&node_number);
}

uint32_t id_node_of(int64_t id)
{
    return (uint32_t)(id >> COUNTER_BITS) & ((1u << NODE_BITS) - 1);
}

void id_seed(int64_t first)
{
    atomic_store(&last_tick, first >> (COUNTER_BITS + NODE_BITS) << COUNTER_BITS);
}

int64_t id_time_us(int64_t id)
{
    return ((id >> (COUNTER_BITS + NODE_BITS)) + epoch_ms) * US_PER_MS;
}

int64_t id_at_us(int64_t us)
{
    return (us / US_PER_MS - epoch_ms) << (COUNTER_BITS + NODE_BITS);
}

int id_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

size_t id_distinct(int64_t *ids, size_t count)
{
    size_t kept = 0;
    if (count)
        qsort(ids, count, sizeof(*ids), id_compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || ids[kept - 1] != ids[i])
            ids[kept++] = ids[i];
    return kept;
}
