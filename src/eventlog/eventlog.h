/* The event log: the truth of what was seen. A tail of compressed blocks in zhixin.db, written in the commit, and
 * immutable Parquet segments, sealed from the tail in the background. It holds pseudonyms, never personal values. */
#ifndef ZX_EVENTLOG_EVENTLOG_H
#define ZX_EVENTLOG_EVENTLOG_H

#include "base/ctx.h"
#include "db/db.h"

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
    struct str message_id;    /* ≤ 100 bytes; in the log, not in the warehouse */
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

struct eventlog;

/* Opens over the truth (tail) and data_dir/segments; loads the window of fingerprints. */
enum rc eventlog_open(struct ctx *c, const char *data_dir, struct eventlog **ret) ZX_MUST_CHECK;
void eventlog_close(struct eventlog *log);

/* Has (source, message id) been seen within the window (7 days)? Checks memory first, then the stored id.
 * Also true for one that was appended in the transaction now open. */
bool eventlog_seen(struct ctx *c, struct eventlog *log, int64_t source_id, struct str message_id);
/* Appends a block inside the caller's transaction, with its change row. The events must not be seen before. */
enum rc eventlog_append(struct ctx *c, struct eventlog *log, const struct event *events, size_t count) ZX_MUST_CHECK;
/* Tells how the transaction ended; only a commit makes the fingerprints count. */
void eventlog_ended(struct eventlog *log, bool committed);

/* The events of one block, wherever it lies now (tail or segment), in the context's arena. */
enum rc eventlog_block(struct ctx *c, struct eventlog *log, int64_t block_id, struct event **ret, size_t *ret_count) ZX_MUST_CHECK;
/* Seals the tail into a segment when it is large enough (or `now`): written by DuckDB, fsynced, read back and compared,
 * recorded with checksum, then the tail rows go in one transaction. */
enum rc eventlog_seal(struct ctx *c, struct eventlog *log, bool now, int64_t *ret_events) ZX_MUST_CHECK;
/* Checks every segment and block against its checksum. *ret_bad counts what does not match. */
enum rc eventlog_verify(struct ctx *c, struct eventlog *log, int64_t *ret_events, int64_t *ret_bad) ZX_MUST_CHECK;

struct eventlog_stats {
    int64_t events, tail_events, tail_bytes, segments, segment_bytes, fingerprints;
};
void eventlog_stats(struct eventlog *log, struct eventlog_stats *ret);

#endif
