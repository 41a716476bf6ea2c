/* Shared by the files of the warehouse. */
#ifndef ZX_WAREHOUSE_WAREHOUSE_PRIV_H
#define ZX_WAREHOUSE_WAREHOUSE_PRIV_H

#include "base/app.h"
#include "db/append.h"
#include "eventlog/eventlog.h"
#include "warehouse/warehouse.h"

#include <pthread.h>

/* One warehouse, a file or a schema, being kept up to date. */
struct follower {
    struct app *app;
    char path[512];        /* of the file; the schema's name */
    int64_t made;          /* when, in µs: tells one from what it is replaced by */
    struct db *db;
    int64_t seq, unit;     /* applied so far: changes, segments */
    int64_t covered;       /* last block that lies in an applied segment */
    bool full;            /* the last step was cut short: go on at once */
};

/* What one step brings: ids by kind, each once, ascending. */
struct step_ids {
    int64_t *ids;
    size_t count;
};
struct step {
    struct step_ids customers, subjects, orders, skus, styles, stores, sources, blocks;
    struct eventlog_segment *segments;
    size_t segment_count;
    int64_t last_seq;
};

/* ---- follow.c ---- */

/* Opens a file or, where the warehouse stands in the truth's database, a schema there; with `make`, a missing one is made with empty
 * tables. RC_NOT_FOUND: missing, RC_CONFLICT: made by another version. */
enum rc follower_open(struct app *app, const char *place, bool make, struct follower *ret) ZX_MUST_CHECK;
/* The same schema by schema on one connection, which stays the caller's. */
enum rc follower_open_schema(struct app *app, struct db *db, const char *schema, bool make, struct follower *ret) ZX_MUST_CHECK;
/* How far the schema is that another server keeps. RC_CONFLICT as above. */
enum rc follower_look(struct follower *f) ZX_MUST_CHECK;
void follower_close(struct follower *f);
/* Applies the next changes in one transaction; *ret_more is false when there were none. RC_BUSY: try again. */
enum rc follower_step(struct ctx *c, struct follower *f, bool *ret_more) ZX_MUST_CHECK;
/* Removes a file and its log. */
void warehouse_file_remove(const char *path);

/* ---- schema.c: connections that know their schema, by names that are ours ---- */

#define SCHEMA_SERVED "warehouse"
#define SCHEMA_NEXT "warehouse_next"   /* being made */
#define SCHEMA_OLD "warehouse_old"     /* replaced; being removed */
#define SCHEMA_CHECK "warehouse_check" /* zhixin verify's second */
enum rc schema_connect(struct app *app, bool to_write, struct db **ret) ZX_MUST_CHECK;
enum rc schema_is_there(struct db *db, const char *schema, bool *ret_there) ZX_MUST_CHECK;
enum rc schema_steps_are_there(struct db *db, bool *ret_there) ZX_MUST_CHECK;
enum rc schema_use(struct db *db, const char *schema) ZX_MUST_CHECK;
enum rc schema_make(struct db *db, const char *schema) ZX_MUST_CHECK;
enum rc schema_drop(struct db *db, const char *schema) ZX_MUST_CHECK;
/* SCHEMA_NEXT, caught up, becomes the one that is asked. */
enum rc schema_put_in_place(struct db *db) ZX_MUST_CHECK;

/* Ascending, each once. */
void step_ids_sort(struct step_ids *s);
/* The segments that are not applied yet, as of now. */
enum rc step_segments(struct ctx *c, const struct follower *f, struct step *s) ZX_MUST_CHECK;

/* ---- apply.c, events.c: inside the transaction of a step ---- */

enum rc apply_catalog(struct ctx *c, struct follower *f, const struct step *s) ZX_MUST_CHECK;
enum rc apply_customers(struct ctx *c, struct follower *f, const struct step *s) ZX_MUST_CHECK;
enum rc apply_subjects(struct ctx *c, struct follower *f, const struct step *s) ZX_MUST_CHECK;
enum rc apply_orders(struct ctx *c, struct follower *f, const struct step *s) ZX_MUST_CHECK;
enum rc apply_segments(struct ctx *c, struct follower *f, const struct step *s) ZX_MUST_CHECK;
/* Before the segments, for it may add some to the step. RC_BUSY: try again. */
enum rc apply_blocks(struct ctx *c, struct follower *f, struct step *s) ZX_MUST_CHECK;
/* Numbers the visitors of a segment and keeps who came to which step. */
enum rc apply_visits(struct follower *f, const struct eventlog_segment *segment) ZX_MUST_CHECK;
/* The view over all events: the applied segments and what is recent. */
enum rc make_event_view(struct ctx *c, struct follower *f) ZX_MUST_CHECK;
/* The text of a named statement that reads `read_parquet($segments)`, with the events of these segments in its place. */
void warehouse_over_segments(struct buf *sql, const char *name, const struct eventlog_segment *segments, size_t count);

/* ---- warehouse.c: one thread owns it; the rest asks (ask.c) ---- */

enum { WAREHOUSE_IDLE_MAX = 16 };

/* How much happens: what was applied at the last look. */
struct pace {
    int64_t looked_us, seq;
    bool calm;
    int64_t behind_us;               /* since when a sleeper knows of changes to apply, 0: there are none */
};

struct warehouse {
    struct app *app;
    char path[512], next_path[520];
    struct follower follower;        /* the thread's; its db is NULL while there is none */

    pthread_rwlock_t file_lock;      /* read: a connection is lent; write: the file is being replaced */
    pthread_mutex_t lock;            /* guards all below */
    pthread_cond_t changed;
    struct db *idle[WAREHOUSE_IDLE_MAX];
    size_t idle_count;
    bool ready, stopping, rebuild_wanted, rebuilding;
    bool impossible;                 /* no library: nothing is ever going to be ready */
    bool keeps;                      /* of a shared one: this server is who keeps it */
    int64_t rebuild_told;            /* another server asks that this one be replaced (follower.made), 0: none does */
    enum rc rebuild_rc;
    unsigned rebuilds;               /* finished */
    int64_t applied_seq;
    bool asleep;                     /* nobody asks: the file is closed, and ready stands for "can be opened" */
    int64_t asked_us;                /* last time that somebody did, monotonic */
    int64_t rest_us;                 /* so long without it, and it may fall asleep */

    struct pace pace;                /* the thread's */
    bool started;
    pthread_t thread;
};

/* Steps until nothing is left to apply; or, with `near`, until one step took all there was: under steady load something is
 * always left. RC_GONE: the program ends. */
enum rc warehouse_catch_up(struct warehouse *w, struct follower *f, bool near) ZX_MUST_CHECK;

bool warehouse_is_stopping(struct warehouse *w);
bool warehouse_wants_rebuild(struct warehouse *w);
/* Says that one begins, or how it ended, to those who wait. */
void warehouse_rebuilds(struct warehouse *w, bool begins, enum rc rc);
/* One step, with a reader of the truth of its own. */
enum rc warehouse_step(struct app *app, struct follower *f, bool *ret_more) ZX_MUST_CHECK;
/* So long to the next step, when the last one took so long and so many found nothing. */
int64_t warehouse_pause_ms(int64_t step_us, unsigned quiet);
/* Waits, unless it is time to stop, or somebody wants something. */
void warehouse_nap(struct warehouse *w, int64_t ms);

/* ---- shared.c ---- */

/* The thread, where all servers of a truth share one warehouse. */
void *warehouse_run_shared(void *arg);
void warehouse_told(struct app *app, struct str word);

/* ---- ask.c ---- */

/* Is it this server that keeps the shared one? */
void warehouse_keeps(struct warehouse *w, bool keeps);

/* So many milliseconds from now, for pthread_cond_timedwait(). */
struct timespec warehouse_until(int64_t ms);
void warehouse_metrics(struct app *app, struct buf *out);

/* ---- hash.c ---- */

enum rc follower_hashes(struct db *db, struct warehouse_hash ret[static WAREHOUSE_HASHES]) ZX_MUST_CHECK;

/* ---- story.c ---- */

enum rc warehouse_timeline(struct ctx *c, const struct timeline_query *q, struct timeline *out) ZX_MUST_CHECK;

#endif
