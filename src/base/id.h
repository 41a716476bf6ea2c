/* Ids: 41 bits of milliseconds since 2020-01-01, 10 bits of a leased node, 12 bits of a counter. Positive BIGINTs
 * that sort by time; strings in JSON. Never taken from the clock alone: two ids of one node never collide. */
#ifndef ZX_BASE_ID_H
#define ZX_BASE_ID_H

#include <stddef.h>
#include <stdint.h>

/* The next id of this node. Thread-safe. */
int64_t id_next(void);
/* The node number of this process, 0–1023. */
void id_set_node(uint32_t node);
uint32_t id_node(void);
/* Of the process that made an id. */
uint32_t id_node_of(int64_t id);
/* Starts the sequence over at a given value, for seeded data and tests. */
void id_seed(int64_t first);
/* When an id was made. */
int64_t id_time_us(int64_t id);
/* The smallest id made at or after a moment, for paging by time. */
int64_t id_at_us(int64_t us);

/* Order of int64_t, for qsort and bsearch. */
int id_compare(const void *a, const void *b);
/* Sorts a list ascending, each id once; returns how many are left. */
size_t id_distinct(int64_t *ids, size_t count);

#endif
