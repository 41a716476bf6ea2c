/* The window of fingerprints: which messages came within the last seven days, in five bytes and a quarter each.
 *
 * A fingerprint is the keyed 64-bit hash of (source, message id). It stands in one of a few *tables*, files that are mapped
 * into memory and grow from 2 to 32 MB: 64-byte buckets of fourteen slots, of which seven in eight are filled; the low bits
 * choose the bucket, 30 bits stand in the slot, and six beside them say which unit (run of blocks, later one segment) has the
 * message. A hit is therefore only a *maybe* and says where to look for the stored id. A table has some 13 entries to mistake
 * one for: with seven tables (20 million messages) one look-up in twelve million is sent to a unit in vain, whose ids are then read.
 *
 * 36 million entries take 200 MB; a message costs at most one cache miss a table, all of them under way at once. Files
 * instead of plain memory, because they need no loading at start and leave memory when nothing asks them. They are derived
 * data: a full table is fsynced once and believed from then on; one that was open in a crash is made again from its units.
 * Tables are dropped as a whole, when their last message has left the window. */
#ifndef ZX_EVENTLOG_SEEN_H
#define ZX_EVENTLOG_SEEN_H

#include "base/str.h"

struct seen;

enum { SEEN_UNITS_MAX = 16 }; /* more maybes than this mean the table is no longer a hash table */

/* Opens the tables of a folder (made if missing). *ret_reload is the first unit whose messages must be added again, -1 if
 * all are there (adding one twice does no harm); `first_unit` is the oldest unit of the window. */
struct seen *seen_open(const char *dir, const uint8_t key[static 16], int64_t first_unit, int64_t *ret_reload);
/* Keeps what is there for the next start when `complete`. NULL is fine. */
void seen_close(struct seen *s, bool complete);

uint64_t seen_fingerprint(const struct seen *s, struct str message_key);
/* Says that seen_maybe() will be asked soon: its cache misses, one a table, are then under way. */
void seen_expect(const struct seen *s, uint64_t fingerprint);
/* The units that may have it, newest first; returns how many. */
size_t seen_maybe(const struct seen *s, uint64_t fingerprint, int64_t ret_units[static SEEN_UNITS_MAX]);
void seen_add(struct seen *s, uint64_t fingerprint, int64_t unit, int64_t received_us);
/* Drops the tables whose last message came before `window_start_us`. */
void seen_expire(struct seen *s, int64_t window_start_us);
int64_t seen_count(const struct seen *s);

/* From another thread: makes full tables durable. */
void seen_sync(struct seen *s);
/* Lets the mapped pages go until they are asked for again. */
void seen_rest(struct seen *s);

/* ---- an exact set of message keys, for what a maybe points to ---- */

struct key_set {
    uint32_t *slots;      /* offset in `bytes` + 1 */
    size_t slot_count, count;
    char *bytes;          /* u64 hash, u8 length, key, … */
    size_t len, cap;
};
/* Adds; false if it was there. `hash` is the key's fingerprint. */
bool key_set_add(struct key_set *set, uint64_t hash, struct str key);
bool key_set_has(const struct key_set *set, uint64_t hash, struct str key);
/* Walks the keys in the order they were added, *at from 0. */
bool key_set_next(const struct key_set *set, size_t *at, uint64_t *ret_hash, struct str *ret_key);
void key_set_clear(struct key_set *set); /* keeps the memory */
void key_set_free(struct key_set *set);

#endif
