/* The warehouse: tables derived from the truth for questions over everything, in DuckDB. A thread follows change.seq and
 * applies what happened, its cursor in the same transaction; the file can be deleted at any time and is made again with the
 * same content. It never holds personal values, and nothing is true because it stands here. */
#ifndef ZX_WAREHOUSE_WAREHOUSE_H
#define ZX_WAREHOUSE_WAREHOUSE_H

#include "base/ctx.h"
#include "http/route.h"

struct warehouse;

/* Lends c->warehouse, a connection to read with, until warehouse_done(). RC_BUSY (field "warehouse", cause "rebuilding") while the
 * first content is being made. Both on the same thread. */
enum rc warehouse_use(struct ctx *c) ZX_MUST_CHECK;
void warehouse_done(struct ctx *c);

struct warehouse_status {
    int64_t seq;          /* applied so far */
    int64_t last_seq;     /* of the truth */
    int64_t lag_ms;       /* age of the oldest change that is not applied; 0: none */
    bool rebuilding;
    bool asleep;          /* closed until somebody asks, or there is enough to apply */
};
enum rc warehouse_status(struct ctx *c, struct warehouse_status *ret) ZX_MUST_CHECK;
/* Waits until `seq` is applied: for commands and tests. RC_BUSY after timeout_ms. */
enum rc warehouse_wait(struct ctx *c, int64_t seq, int64_t timeout_ms) ZX_MUST_CHECK;

/* Makes the content anew beside the old one, which serves meanwhile, and puts it in its place. */
enum rc warehouse_rebuild(struct ctx *c) ZX_MUST_CHECK;

/* The logical hash of a table: of its rows, whatever their order, changed by any changed cell. */
struct warehouse_hash {
    const char *table;
    int64_t rows;
    uint64_t hash;
};
enum { WAREHOUSE_HASHES = 15 };
enum rc warehouse_hashes(struct ctx *c, struct warehouse_hash ret[static WAREHOUSE_HASHES]) ZX_MUST_CHECK;
/* Makes the content a second time in a file of its own and compares. *ret_bad counts tables that differ. */
enum rc warehouse_verify(struct ctx *c, int64_t *ret_bad) ZX_MUST_CHECK;

/* The day that an event counts for: as web orders do, by the clock of China. */
int32_t warehouse_event_day(int64_t at_us);

extern const struct module warehouse_module;

#endif
