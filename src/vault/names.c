/* The rows of the index in memory: customers, their texts, and the way from a customer's id to her row. */
#include "vault/names_priv.h"
#include "vault/phone.h"
#include "vault/pinyin.h"

#include "base/log.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Address space is reserved, pages come when they are touched. */
enum { ROWS_MAX = 48 << 20, SLOTS_MIN = 1024, STORES_MAX = 0xFFFF };
static const size_t text_max = (size_t)3 << 30;

static void *reserve_space(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
        log_error("vault.names.reserve", LOG_I("bytes", size));
        abort();
    }
    madvise(at, size, MADV_DONTDUMP);
    return at;
}

struct vault_names *vault_names_new(void)
{
    struct vault_names *n = mem_zalloc(1, sizeof(*n));
    n->rows = reserve_space(ROWS_MAX * sizeof(*n->rows));
    n->text = reserve_space(text_max);
    n->slot_count = SLOTS_MIN;
    n->slots = mem_zalloc(n->slot_count, sizeof(*n->slots));
    n->stores = mem_zalloc(1, sizeof(*n->stores)); /* number 0: no store */
    n->store_count = 1;
    n->sorter = names_sorter_new(n);
    return n;
}

void vault_names_free(struct vault_names *n)
{
    if (!n)
        return;
    names_sorter_free(n->sorter);
    explicit_bzero(n->text, n->text_len);
    munmap(n->rows, ROWS_MAX * sizeof(*n->rows));
    munmap(n->text, text_max);
    for (size_t i = 0; i < NAMES_ORDER_COUNT; i++)
        free(n->order[i].rows);
    free(n->slots);
    free(n->stores);
    free(n->unwiped);
    free(n);
}

size_t vault_names_count(const struct vault_names *n)
{
    return n->row_count - n->dead;
}

size_t vault_names_bytes(const struct vault_names *n)
{
    size_t bytes = n->row_count * sizeof(*n->rows) + n->text_len + n->slot_count * sizeof(*n->slots);
    for (size_t i = 0; i < NAMES_ORDER_COUNT; i++)
        bytes += n->order[i].count * sizeof(uint32_t);
    return bytes;
}

/* ---- customer id → row ---- */

static size_t slot_of(const struct vault_names *n, int64_t customer_id)
{
    uint64_t x = (uint64_t)customer_id * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(x ^ x >> 32) & (n->slot_count - 1);
}

/* The slot that holds the customer, or the empty one where she would stand. Slots of dead rows stay until the table is made anew. */
static uint32_t *find_slot(const struct vault_names *n, int64_t customer_id)
{
    size_t i = slot_of(n, customer_id);
    while (n->slots[i] && n->rows[n->slots[i] - 1].customer_id != customer_id)
        i = (i + 1) & (n->slot_count - 1);
    return &n->slots[i];
}

static void rebuild_slots(struct vault_names *n, size_t count)
{
    free(n->slots);
    n->slot_count = count;
    n->slots = mem_zalloc(count, sizeof(*n->slots));
    n->slots_used = 0;
    for (size_t row = 0; row < n->row_count; row++)
        if (n->rows[row].customer_id) {
            *find_slot(n, n->rows[row].customer_id) = (uint32_t)row + 1;
            n->slots_used++;
        }
}

/* At most four of five slots are in use. */
static void reserve_slot(struct vault_names *n)
{
    if ((n->slots_used + 1) * 5 > n->slot_count * 4)
        rebuild_slots(n, vault_names_count(n) * 5 > n->slot_count * 3 ? n->slot_count * 2 : n->slot_count);
}

/* ---- texts ---- */

struct str names_name(const struct vault_names *n, uint32_t row)
{
    const char *at = n->text + n->rows[row].text;
    return str_n(at + 2, (uint8_t)at[0]);
}

struct str names_reading(const struct vault_names *n, uint32_t row)
{
    const char *at = n->text + n->rows[row].text;
    return str_n(at + 2 + (uint8_t)at[0], (uint8_t)at[1]);
}

size_t names_initials(struct str reading, char *out, size_t cap)
{
    size_t len = 0;
    for (size_t i = 0; i < reading.len && len < cap; i++)
        if (reading.ptr[i] != ' ' && (i == 0 || reading.ptr[i - 1] == ' '))
            out[len++] = reading.ptr[i];
    return len;
}

struct str names_squeeze(struct str reading, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < reading.len; i++)
        if (reading.ptr[i] != ' ')
            out[len++] = reading.ptr[i];
    return str_n(out, len);
}

static struct str clip(struct str s)
{
    if (s.len <= NAMES_PART_MAX)
        return s;
    s.len = NAMES_PART_MAX;
    while (s.len && ((unsigned char)s.ptr[s.len] & 0xC0) == 0x80)
        s.len--;
    return s;
}

static uint32_t add_text(struct vault_names *n, struct str name, struct str reading)
{
    char *at = n->text + n->text_len;
    uint32_t offset = (uint32_t)n->text_len;
    at[0] = (char)name.len;
    at[1] = (char)reading.len;
    if (name.len)
        memcpy(at + 2, name.ptr, name.len);
    if (reading.len)
        memcpy(at + 2 + name.len, reading.ptr, reading.len);
    n->text_len += 2 + name.len + reading.len;
    return offset;
}

static size_t text_size(const struct vault_names *n, size_t row)
{
    const char *at = n->text + n->rows[row].text;
    return 2 + (size_t)(uint8_t)at[0] + (uint8_t)at[1];
}

void names_wipe_dead(struct vault_names *n, size_t count)
{
    for (size_t i = 0; i < count; i++)
        explicit_bzero(n->text + n->rows[n->unwiped[i]].text + 2, text_size(n, n->unwiped[i]) - 2);
    n->unwiped_count -= count;
    if (n->unwiped_count)
        memmove(n->unwiped, n->unwiped + count, n->unwiped_count * sizeof(*n->unwiped));
}

/* Row numbers after the gaps are closed; a dead row has none. */
static void compact_order(struct vault_names *n, struct names_sorted *order, const uint32_t *moved)
{
    size_t kept = 0;
    for (size_t i = 0; i < order->count; i++)
        if (n->rows[order->rows[i]].customer_id)
            order->rows[kept++] = moved[order->rows[i]];
    order->count = kept;
}

void names_compact(struct vault_names *n)
{
    uint32_t *moved = mem_alloc(n->row_count * sizeof(*moved));
    size_t live = 0, text_len = 0, sorted = 0;
    for (size_t row = 0; row < n->row_count; row++)
        if (n->rows[row].customer_id) {
            moved[row] = (uint32_t)live++;
            sorted += row < n->sorted;
        }
    for (size_t o = 0; o < NAMES_ORDER_COUNT; o++)
        compact_order(n, &n->order[o], moved);
    for (size_t row = 0; row < n->row_count; row++) {
        size_t len = text_size(n, row);
        if (n->rows[row].customer_id == 0)
            continue;
        memmove(n->text + text_len, n->text + n->rows[row].text, len);
        n->rows[moved[row]] = n->rows[row];
        n->rows[moved[row]].text = (uint32_t)text_len;
        text_len += len;
    }
    free(moved);
    explicit_bzero(n->text + text_len, n->text_len - text_len);
    n->text_len = text_len;
    n->row_count = live;
    n->sorted = sorted;
    n->dead = n->unwiped_count = 0;
    rebuild_slots(n, n->slot_count);
}

/* ---- rows ---- */

static uint16_t store_number(struct vault_names *n, int64_t store_id)
{
    for (size_t i = 0; i < n->store_count; i++)
        if (n->stores[i] == store_id)
            return (uint16_t)i;
    if (n->store_count == STORES_MAX)
        return 0;
    n->stores = mem_realloc(n->stores, (n->store_count + 1) * sizeof(*n->stores));
    n->stores[n->store_count] = store_id;
    return (uint16_t)n->store_count++;
}

static uint16_t four_of(struct str phone)
{
    struct vault_phone p;
    unsigned four = NAMES_NO_FOUR;
    vault_phone_parse(phone, &p);
    if (p.len >= 8) {
        four = 0;
        for (size_t i = p.len - 4; i < p.len; i++)
            four = four * 10 + (unsigned)(p.e164[i] - '0');
    }
    explicit_bzero(&p, sizeof(p));
    return (uint16_t)four;
}

/* The text stays until no order holds the row any more: binary searches still pass it. */
static void kill_row(struct vault_names *n, uint32_t row)
{
    __atomic_store_n(&n->rows[row].customer_id, 0, __ATOMIC_RELAXED);
    n->dead++;
    if (n->unwiped_count == n->unwiped_cap) {
        n->unwiped_cap = n->unwiped_cap * 2 + 256;
        n->unwiped = mem_realloc(n->unwiped, n->unwiped_cap * sizeof(*n->unwiped));
    }
    n->unwiped[n->unwiped_count++] = row;
}

static void append_row(struct vault_names *n, const struct names_row *r)
{
    reserve_slot(n);
    n->rows[n->row_count++] = *r;
    uint32_t *slot = find_slot(n, r->customer_id);
    n->slots_used += !*slot;
    *slot = (uint32_t)n->row_count;
}

void vault_names_forget(struct vault_names *n, int64_t customer_id)
{
    uint32_t *slot = find_slot(n, customer_id);
    if (*slot)
        kill_row(n, *slot - 1);
}

static bool replace(struct vault_names *n, struct names_row *row, struct str name, struct str reading)
{
    uint32_t *slot = find_slot(n, row->customer_id);
    const struct names_row *old = *slot ? &n->rows[*slot - 1] : NULL;
    if (old && old->store == row->store && old->four == row->four && str_eq(names_name(n, *slot - 1), name))
        return true;
    if (n->row_count == ROWS_MAX || text_max - n->text_len < 2 + 2 * NAMES_PART_MAX)
        return false;
    if (old)
        kill_row(n, *slot - 1);
    row->text = add_text(n, name, reading);
    append_row(n, row);
    return true;
}

bool vault_names_put(struct vault_names *n, const struct vault_names_entry *e)
{
    struct vault_text form = {.len = 0}, reading = {.len = 0};
    assert(e->customer_id > 0);
    if (e->name.len && vault_name_search_form(e->name, &form))
        vault_pinyin_of(vault_text_str(&form), &reading);
    struct names_row row = {e->customer_id, 0, store_number(n, e->store_id), four_of(e->phone)};
    bool done = replace(n, &row, clip(vault_text_str(&form)), clip(vault_text_str(&reading)));
    explicit_bzero(form.bytes, form.len);
    explicit_bzero(reading.bytes, reading.len);
    return done;
}
