/* The event log: the truth of what was seen. A tail of compressed blocks in zhixin.db, written in the commit, and
 * immutable Parquet segments, sealed from the tail in the background. It holds pseudonyms, never personal values. */
#ifndef ZX_EVENTLOG_EVENTLOG_H
#define ZX_EVENTLOG_EVENTLOG_H

#include "base/ctx.h"
#include "db/db.h"
#include "http/route.h"

enum event_type { EVENT_TRACK = 1, EVENT_IDENTIFY, EVENT_PAGE, EVENT_SCREEN, EVENT_GROUP, EVENT_ALIAS };
enum event_flag {
    EVENT_CLOCK_FIXED = 1,    /* its time was corrected by sentAt */
    EVENT_TIME_RECEIVED = 2,  /* its time was out of range: the time of receipt stands */
    EVENT_REDACTED = 4,       /* a personal value was lifted out of its properties */
    EVENT_TRUSTED = 8,        /* its source is trusted */
};

/* Typed columns. Strings are UTF-8, empty when absent; minor units with exponent 2. */
struct event {
    int64_t id;               /* id_next(), ascending in a block */
    int64_t source_id;
    int64_t subject;          /* pseudonym of the device or account; see identity.h */
    int64_t at_us;            /* when it happened, clock-corrected */
    int64_t received_us;
    int64_t value_minor;      /* order total, product price … of the event, 0 if none */
    int64_t quantity;
    int32_t type;             /* enum event_type */
    int32_t flags;
    struct str message_id;    /* ≤ 100 bytes, may be empty; in the log, not in the warehouse */
    struct str name;          /* event name of track, page or screen name */
    struct str path;          /* URL path without query */
    struct str title;
    struct str referrer;      /* host */
    struct str utm_source, utm_medium, utm_campaign;
    struct str product;       /* product or SKU code */
    struct str category;
    struct str order_no;      /* order id of the shop */
    struct str currency;
    struct str device;        /* "phone", "desktop", "tablet", "" */
    struct str props;         /* JSON object of what no column serves and the allow-list lets through */
};

/* The table that holds copies of segment files for other servers; no truth of its own. */
#define EVENTLOG_FILES "event_segment_part"

struct eventlog;

/* Opens over the truth (tail) and data_dir/segments. The window of fingerprints is mapped, and what a crash left unfinished of
 * it is read again in the background: eventlog_seen() waits for that, nothing else does. */
enum rc eventlog_open(struct ctx *c, const char *data_dir, struct eventlog **ret) ZX_MUST_CHECK;
void eventlog_close(struct eventlog *log); /* NULL is fine */

/* ---- writing: by the one committing thread, on the writer's connection ---- */

/* Has (source, message id) been seen within the window (7 days)? Memory first, then a hit is checked against the stored id.
 * Also true for one that was appended in the transaction now open. An empty message id was never seen. */
bool eventlog_seen(struct ctx *c, struct eventlog *log, int64_t source_id, struct str message_id);
/* Says that eventlog_seen() will be asked for this one soon; worth it a few messages ahead, when there are many. */
void eventlog_expect(struct eventlog *log, int64_t source_id, struct str message_id);
/* Appends a block inside the caller's transaction, with its change row. The events must not be seen before; of two with the
 * same message id in one call only the first is taken. received_us is kept in whole milliseconds. */
enum rc eventlog_append(struct ctx *c, struct eventlog *log, const struct event *events, size_t count) ZX_MUST_CHECK;
/* What other servers of the truth appended and sealed; first of all in a transaction that will append. Nothing to do where the
 * truth is embedded. */
enum rc eventlog_catch_up(struct ctx *c, struct eventlog *log) ZX_MUST_CHECK;
/* Asks ahead what that will ask: said before anything in the transaction is waited for, it costs no wait of its own. */
enum rc eventlog_catch_up_ahead(struct ctx *c, struct eventlog *log) ZX_MUST_CHECK;
/* Tells how the transaction ended; only a commit makes the fingerprints count. */
void eventlog_ended(struct eventlog *log, bool committed);

/* ---- reading ---- */

/* The events of one block of the tail, in the context's arena. RC_GONE when it lies in a segment by now. */
enum rc eventlog_block(struct ctx *c, struct eventlog *log, int64_t block_id, struct event **ret, size_t *ret_count) ZX_MUST_CHECK;

/* Every event of these blocks of the tail, but for its message id, which is left empty. RC_GONE: one of them lies in a segment
 * by now; events of those before it were seen. A failing fn ends it. */
enum rc eventlog_each_in(struct ctx *c, const int64_t *blocks, size_t count, enum rc (*fn)(void *arg, int64_t block, const struct event *e), void *arg) ZX_MUST_CHECK;

/* A sealed, immutable file. Segments and blocks have the same order: all events of a segment came before those of the next. */
struct eventlog_segment {
    int64_t unit;                       /* its number, ascending */
    const char *path;                   /* of the Parquet file */
    int64_t events, bytes;
    int64_t first_block, last_block;    /* block ids that went into it */
    int64_t first_at_us, last_at_us, last_received_us;
    uint8_t checksum[32];               /* BLAKE2b-256 of the file */
    int32_t format;
};
/* The segments with a number above `after_unit`, in order, in the context's arena. */
enum rc eventlog_segments(struct ctx *c, struct eventlog *log, int64_t after_unit, struct eventlog_segment **ret, size_t *ret_count) ZX_MUST_CHECK;
/* Those that hold events of one of the subjects (by each segment's index of subjects), newest first. A rare extra one may
 * come along. */
enum rc eventlog_segments_of(struct ctx *c, struct eventlog *log, const int64_t *subjects, size_t count, struct eventlog_segment **ret,
                             size_t *ret_count) ZX_MUST_CHECK;
/* Every event of one segment, sorted by subject, but for its message id, which is left empty. A failing fn ends it. */
enum rc eventlog_each_of(struct eventlog *log, const struct eventlog_segment *segment, enum rc (*fn)(void *arg, const struct event *e), void *arg) ZX_MUST_CHECK;
/* Adds what stands behind FROM, in SQL for DuckDB, to read the events of one or more segments of whatever format. Columns are
 * named as in struct event; at_us comes also as at_ms and at_rest_us, received_us as received_ms, and message_id as
 * message_prefix and message_uuid. */
void eventlog_add_rows(struct buf *sql, const struct eventlog_segment *segments, size_t count);
/* Every event, segment by segment (sorted by subject within one), then the tail. A failing fn ends it. For exports and checks. */
enum rc eventlog_each(struct ctx *c, struct eventlog *log, enum rc (*fn)(void *arg, const struct event *e), void *arg) ZX_MUST_CHECK;

/* For a move of the truth (c->db: the one on PostgreSQL): the files of all its recorded segments from data_dir/segments into it, or
 * from it into that folder. What is there already is compared, not written again. */
enum rc eventlog_share_files(struct ctx *c, const char *data_dir) ZX_MUST_CHECK;
enum rc eventlog_fetch_files(struct ctx *c, const char *data_dir) ZX_MUST_CHECK;

/* ---- keeping ---- */

/* Seals what is large enough (`now`: all of the tail) into segments: written by DuckDB, fsynced, read back and compared, then
 * recorded with a checksum in the transaction that makes the segment, not the tail, their home; block rows are swept after it
 * in small steps. Takes c->app->truth's writer for moments. One thread at a time. */
enum rc eventlog_seal(struct ctx *c, struct eventlog *log, bool now, int64_t *ret_events) ZX_MUST_CHECK;
/* Checks every segment and block against its checksum. *ret_bad counts what does not match. */
enum rc eventlog_verify(struct ctx *c, struct eventlog *log, int64_t *ret_events, int64_t *ret_bad) ZX_MUST_CHECK;
/* Order-independent hash of all events, wherever they lie; changes with any cell of any of them. */
enum rc eventlog_hash(struct ctx *c, struct eventlog *log, uint64_t *ret) ZX_MUST_CHECK;

struct eventlog_stats {
    int64_t events, tail_events, tail_bytes, segments, segment_bytes, fingerprints;
};
void eventlog_stats(struct eventlog *log, struct eventlog_stats *ret);

/* Opens app->eventlog at start, with a thread that seals, and closes it. */
extern const struct module eventlog_module;

#endif
