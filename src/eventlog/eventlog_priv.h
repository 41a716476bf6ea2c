/* Shared by the files of the event log. */
#ifndef ZX_EVENTLOG_EVENTLOG_PRIV_H
#define ZX_EVENTLOG_EVENTLOG_PRIV_H

#include "db/pool.h"
#include "eventlog/block.h"
#include "eventlog/eventlog.h"
#include "eventlog/format.h"
#include "eventlog/seen.h"

#include <pthread.h>

enum {
    UNIT_EVENTS = 1 << 18,         /* a unit is closed when it has so many, if nothing is configured; some 10 MB as Parquet */
    UNIT_CACHES = 4,
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
    int64_t last_block;            /* ids of blocks ascend, for followers compare them */
    /* With several servers (servers.c): */
    bool shared;                   /* there may be others */
    int64_t followed;              /* change.seq up to which their blocks are known */
    int64_t followed_block;        /* which block that was; 0: none yet */
    int64_t *own;                  /* blocks of ours since then */
    size_t own_count, own_cap, tx_own; /* tx_own: of them, those before the transaction now open */
    pthread_mutex_t files_lock;    /* one thread fetches at a time */

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
enum rc segment_each(struct db *engine, const struct eventlog_segment *segment, enum rc (*fn)(void *arg, const struct event *e), void *arg) ZX_MUST_CHECK;
enum rc segment_each_key(struct db *engine, const struct eventlog_segment *segment, void (*fn)(void *arg, struct str key), void *arg) ZX_MUST_CHECK;
/* Sum of the hashes of all rows, modulo 2^64: blind to their order, not to any cell. The same for a unit in the tail. */
enum rc segment_hash(struct db *engine, const struct eventlog_segment *segment, uint64_t *ret) ZX_MUST_CHECK;
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

/* ---- several servers (servers.c) ---- */

/* A start: up to where the others are known, if the last end was orderly. Returns the first unit whose messages must be read again. */
int64_t servers_resume(struct eventlog *log, int64_t first_unit, int64_t reload);
/* An orderly end. */
void servers_stand_at(const struct eventlog *log);
/* A block of ours, in the transaction now open. */
void servers_own(struct eventlog *log, int64_t block);
/* Sees to it that the files of a recorded segment are here, and are what was recorded. */
enum rc servers_fetch(struct ctx *c, const struct eventlog *log, const struct eventlog_segment *fact) ZX_MUST_CHECK;
/* Puts the files of a unit into the database, before its segment is recorded. */
enum rc servers_share(struct ctx *c, const struct eventlog *log, int64_t unit) ZX_MUST_CHECK;
/* Fetches the files of segments that others recorded, and adds them to the list. */
enum rc servers_take_files(struct ctx *c, struct eventlog *log) ZX_MUST_CHECK;

/* ---- the rest ---- */

/* The keys of a unit that are in memory, with the lock held; NULL: they are not. */
struct unit_cache *unit_cached(struct eventlog *log, int64_t unit);
/* Waits until the window of fingerprints is whole. */
void eventlog_wait_loaded(struct eventlog *log);
/* Facts of the recorded segments above a unit, in order, without their paths, in the context's arena. */
enum rc segments_recorded(struct ctx *c, int64_t after_unit, struct eventlog_segment **ret, size_t *ret_count) ZX_MUST_CHECK;

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
