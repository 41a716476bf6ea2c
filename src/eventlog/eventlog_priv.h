/* Shared by the files of the event log. */
#ifndef ZX_EVENTLOG_EVENTLOG_PRIV_H
#define ZX_EVENTLOG_EVENTLOG_PRIV_H

#include "db/pool.h"
#include "eventlog/block.h"
#include "eventlog/eventlog.h"
#include "eventlog/seen.h"

#include <pthread.h>

enum {
    UNIT_EVENTS = 1 << 18,         /* a unit is closed when it has so many, if nothing is configured; some 10 MB as Parquet */
    UNIT_CACHES = 4,
    SEGMENT_FORMAT = 1,
    CHECKSUM_BYTES = 32,
};
#define WINDOW_US (7 * US_PER_DAY)

/* A segment as it is kept in memory. */
struct segment {
    struct eventlog_segment fact;  /* without its path, which follows from the number */
    const struct subject_block *index; /* mapped, of its subjects; NULL: not there, so it may hold anybody */
    size_t index_blocks;
};

/* Message keys of a unit that was asked for, so that a burst of repeats reads it once. */
struct unit_cache {
    int64_t unit;                  /* 0: free */
    int64_t used_us;
    struct key_set keys;
};

struct pending {
    uint64_t fingerprint;
    int64_t unit, received_us;
};

struct eventlog {
    struct app *app;
    char *dir;                     /* …/segments/ */
    int64_t unit_events_max;       /* a unit is closed when it has so many */

    /* The committing thread's. */
    struct seen *seen;
    struct block_writer writer;
    struct key_set uncommitted;    /* keys appended in the open transaction */
    struct pending *pending;
    size_t pending_count, pending_cap;
    int64_t tx_unit, tx_unit_events, tx_events, tx_bytes;
    int64_t doubt;                 /* the transaction that all these are of, when nobody knows whether it committed; 0: known */
    int64_t last_block;            /* ids of blocks ascend, for followers compare them */

    pthread_mutex_t lock;          /* guards all below */
    pthread_cond_t changed;
    int64_t unit, unit_events;     /* the open unit, as committed */
    struct eventlog_stats stats;
    struct segment *segments;      /* ascending */
    size_t segment_count, segment_cap;
    struct unit_cache caches[UNIT_CACHES];
    int64_t last_append_us;        /* monotonic */
    _Atomic bool loaded;           /* the window of fingerprints is whole */
    unsigned readers;              /* walk through the tail: nothing is swept meanwhile */
    bool stopping;

    bool loader_started, keeper_started;
    pthread_t loader, keeper;
};

/* ---- segment files (segment.c) ---- */

void segment_path(const struct eventlog *log, int64_t unit, const char *suffix, char ret[static 512]);
/* Reads a unit's blocks, writes, syncs, reads back and compares its Parquet file and its index of subjects. */
enum rc segment_write(struct ctx *c, struct eventlog *log, int64_t unit, struct eventlog_segment *ret) ZX_MUST_CHECK;
enum rc segment_checksum(const char *path, uint8_t ret[static CHECKSUM_BYTES], int64_t *ret_bytes) ZX_MUST_CHECK;
/* An in-memory DuckDB that may read and write the segments folder. */
enum rc segment_engine(const struct eventlog *log, struct db **ret) ZX_MUST_CHECK;
/* Walks the rows of a file in stored order. The event is valid during the call. */
enum rc segment_each(struct db *engine, const char *path, enum rc (*fn)(void *arg, const struct event *e), void *arg) ZX_MUST_CHECK;
enum rc segment_each_key(struct db *engine, const char *path, void (*fn)(void *arg, struct str key), void *arg) ZX_MUST_CHECK;
/* Sum of the hashes of all rows, modulo 2^64: blind to their order, not to any cell. The same for a unit in the tail. */
enum rc segment_hash(struct db *engine, const char *path, uint64_t *ret) ZX_MUST_CHECK;
enum rc unit_hash(struct ctx *c, struct eventlog *log, int64_t unit, uint64_t *ret) ZX_MUST_CHECK;

/* ---- index of subjects (subjects.c) ---- */

struct subject_block;
/* Makes and syncs the index of so many subjects, which `next` gives one after the other, each once. */
enum rc subjects_write(const char *path, size_t distinct, int64_t (*next)(void *arg), void *arg) ZX_MUST_CHECK;
/* NULL when there is none that can be used. */
void subjects_map(const char *path, const struct subject_block **ret, size_t *ret_blocks);
void subjects_unmap(const struct subject_block *index, size_t blocks);
/* false: not there for sure. */
bool subjects_have(const struct subject_block *index, size_t blocks, int64_t subject);

/* ---- the rest ---- */

/* A row of event_segment becomes part of the list in memory. */
void segments_add(struct eventlog *log, const struct eventlog_segment *fact);
/* The decoded events of a row of event_block; checks the checksum. */
enum rc block_of_row(struct ctx *c, struct block_reader *r, struct db_rows *q, struct event **ret, size_t *ret_count) ZX_MUST_CHECK;
void block_checksum(struct str data, uint8_t ret[static CHECKSUM_BYTES]);
/* fsync of a file or folder by path. */
enum rc sync_path(const char *path) ZX_MUST_CHECK;

/* Threads. */
void loader_start(struct eventlog *log, int64_t first_unit);
void keeper_start(struct eventlog *log);

#endif
