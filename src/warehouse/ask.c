/* Asking the warehouse: connections lent to requests, how far it is, waiting for it, hashes and verify. Whoever asks keeps it
 * awake; see warehouse.c for its life. */
#include "base/log.h"
#include "db/pool.h"
#include "warehouse/warehouse_priv.h"

#include <stdio.h>
#include <time.h>

enum { VERIFY_TRIES = 3, VERIFY_WAIT_MS = 600000, WAKE_WAIT_MS = 5000, TURN_MS = 200 };
static const int64_t CHECKING_LOCK = 7524;

/* ---- lending ---- */

static enum rc no_library(struct ctx *c)
{
    return ctx_fail(c, RC_STORE, "warehouse", "libduckdb_can_not_be_loaded");
}

struct timespec warehouse_until(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += ms / 1000 + (t.tv_nsec + ms % 1000 * 1000000) / 1000000000;
    t.tv_nsec = (t.tv_nsec + ms % 1000 * 1000000) % 1000000000;
    return t;
}

/* With the lock held: keeps it awake, or wakes it. */
static void note_asker(struct warehouse *w)
{
    w->asked_us = clock_mono_us();
    if (w->asleep)
        pthread_cond_broadcast(&w->changed);
}

static void wait_awake(struct warehouse *w)
{
    struct timespec until = warehouse_until(WAKE_WAIT_MS);
    pthread_mutex_lock(&w->lock);
    note_asker(w);
    while (w->asleep && !w->impossible && !w->stopping && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
        continue;
    pthread_mutex_unlock(&w->lock);
}

static struct db *take_idle(struct warehouse *w, bool *ret_ready, bool *ret_impossible)
{
    struct db *db = NULL;
    pthread_mutex_lock(&w->lock);
    *ret_ready = w->ready && !w->asleep;
    *ret_impossible = w->impossible;
    if (*ret_ready && w->idle_count)
        db = w->idle[--w->idle_count];
    pthread_mutex_unlock(&w->lock);
    return db;
}

enum rc warehouse_use(struct ctx *c)
{
    struct warehouse *w = c->app->warehouse;
    bool ready = false, impossible = false;
    enum rc rc = RC_OK;
    if (!w)
        return ctx_fail(c, RC_BUSY, "warehouse", "not_open");
    wait_awake(w);
    pthread_rwlock_rdlock(&w->file_lock);
    c->warehouse = take_idle(w, &ready, &impossible);
    if (impossible)
        rc = no_library(c);
    else if (!ready)
        rc = ctx_fail(c, RC_BUSY, "warehouse", "rebuilding");
    else if (!c->warehouse && c->app->warehouse_same)
        rc = schema_connect(c->app, false, &c->warehouse);
    else if (!c->warehouse)
        rc = db_open_duckdb(w->path, NULL, &(struct db_options){0}, &c->warehouse); /* joins the open file and its settings */
    if (rc)
        pthread_rwlock_unlock(&w->file_lock);
    return rc;
}

void warehouse_done(struct ctx *c)
{
    struct warehouse *w = c->app->warehouse;
    struct db *db = c->warehouse;
    c->warehouse = NULL;
    pthread_mutex_lock(&w->lock);
    w->asked_us = clock_mono_us();
    if (db_is_broken(db)) {
        w->ready = false; /* from now on nobody gets it; the thread makes it anew */
    } else if (w->idle_count < WAREHOUSE_IDLE_MAX) {
        w->idle[w->idle_count++] = db;
        db = NULL;
    }
    pthread_mutex_unlock(&w->lock);
    db_close(db);
    pthread_rwlock_unlock(&w->file_lock);
}

/* ---- asking ---- */

enum rc warehouse_status(struct ctx *c, struct warehouse_status *ret)
{
    struct warehouse *w = c->app->warehouse;
    struct warehouse_status s = {0};
    int64_t since_us = 0;
    if (!w)
        return ctx_fail(c, RC_BUSY, "warehouse", "not_open");
    enum rc rc = change_last(c, &s.last_seq);
    pthread_mutex_lock(&w->lock);
    s.seq = w->applied_seq;
    if (!w->ready)
        note_asker(w); /* not opened yet: how far it is isn't known */
    s.rebuilding = w->rebuilding;
    s.asleep = w->asleep;
    pthread_mutex_unlock(&w->lock);
    if (!rc)
        rc = change_waits_since(c, s.seq, &since_us);
    if (rc)
        return rc;
    if (since_us) {
        int64_t ms = (clock_now_us() - since_us) / US_PER_MS;
        s.lag_ms = ms > 0 ? ms : 1;
    }
    *ret = s;
    return RC_OK;
}

enum rc warehouse_wait(struct ctx *c, int64_t seq, int64_t timeout_ms)
{
    struct warehouse *w = c->app->warehouse;
    struct timespec until = warehouse_until(timeout_ms);
    int waited = 0;
    pthread_mutex_lock(&w->lock);
    note_asker(w);
    while ((w->applied_seq < seq || !w->ready) && !w->stopping && !w->impossible && waited == 0)
        waited = pthread_cond_timedwait(&w->changed, &w->lock, &until);
    bool there = w->applied_seq >= seq && w->ready, impossible = w->impossible;
    pthread_mutex_unlock(&w->lock);
    if (impossible)
        return no_library(c);
    return there ? RC_OK : ctx_fail(c, RC_BUSY, "warehouse", "behind");
}

enum rc warehouse_rebuild(struct ctx *c)
{
    struct warehouse *w = c->app->warehouse;
    pthread_mutex_lock(&w->lock);
    unsigned before = w->rebuilds;
    w->rebuild_wanted = true;
    pthread_cond_broadcast(&w->changed);
    while (w->rebuilds == before && !w->stopping && !w->impossible)
        pthread_cond_wait(&w->changed, &w->lock);
    bool impossible = w->impossible;
    enum rc rc = w->stopping ? RC_GONE : w->rebuild_rc;
    pthread_mutex_unlock(&w->lock);
    return impossible ? no_library(c) : rc;
}

enum rc warehouse_hashes(struct ctx *c, struct warehouse_hash ret[static WAREHOUSE_HASHES])
{
    enum rc rc = warehouse_use(c);
    if (rc)
        return rc;
    rc = follower_hashes(c->warehouse, ret);
    warehouse_done(c);
    return rc;
}

/* One server at a time makes a second schema; the others wait for it. */
static enum rc wait_for_turn(struct warehouse *w, struct db *db)
{
    bool mine = false;
    enum rc rc = RC_OK;
    while (!rc && !mine && !warehouse_is_stopping(w)) {
        rc = db_lock_try(db, CHECKING_LOCK, &mine);
        if (!rc && !mine)
            nanosleep(&(struct timespec){0, TURN_MS * 1000000}, NULL);
    }
    return rc ? rc : mine ? RC_OK : RC_GONE;
}

static enum rc second_schema(struct warehouse *w, struct db *db, struct warehouse_hash ret[static WAREHOUSE_HASHES], int64_t *ret_unit)
{
    struct follower f;
    enum rc rc = wait_for_turn(w, db);
    if (!rc)
        rc = schema_drop(db, SCHEMA_CHECK); /* of somebody who was interrupted */
    if (!rc)
        rc = follower_open_schema(w->app, db, SCHEMA_CHECK, true, &f);
    if (!rc)
        rc = warehouse_catch_up(w, &f, false);
    if (rc)
        return rc;
    rc = follower_hashes(db, ret);
    *ret_unit = f.unit;
    enum rc end = schema_drop(db, SCHEMA_CHECK);
    return rc ? rc : end;
}

static enum rc second_hashes_of_schema(struct warehouse *w, struct warehouse_hash ret[static WAREHOUSE_HASHES], int64_t *ret_unit)
{
    struct db *db;
    enum rc rc = schema_connect(w->app, true, &db);
    if (rc)
        return rc;
    rc = second_schema(w, db, ret, ret_unit);
    db_close(db);
    return rc;
}

static enum rc second_hashes(struct warehouse *w, struct warehouse_hash ret[static WAREHOUSE_HASHES], int64_t *ret_unit)
{
    if (w->app->warehouse_same)
        return second_hashes_of_schema(w, ret, ret_unit);
    char path[600];
    struct follower f;
    snprintf(path, sizeof(path), "%s.check", w->path);
    warehouse_file_remove(path);
    enum rc rc = follower_open(w->app, path, true, &f);
    if (rc)
        return rc;
    rc = warehouse_catch_up(w, &f, false);
    if (!rc)
        rc = follower_hashes(f.db, ret);
    *ret_unit = f.unit;
    follower_close(&f);
    warehouse_file_remove(path);
    return rc;
}

static enum rc first_hashes(struct ctx *c, struct warehouse_hash ret[static WAREHOUSE_HASHES], int64_t *ret_unit)
{
    enum rc rc = warehouse_use(c);
    if (rc)
        return rc;
    rc = follower_hashes(c->warehouse, ret);
    if (!rc)
        rc = db_get_i64(c->warehouse, 0, ret_unit, "wh_state_unit");
    warehouse_done(c);
    return rc;
}

static int64_t differences(const struct warehouse_hash *first, const struct warehouse_hash *second)
{
    int64_t bad = 0;
    for (size_t i = 0; i < WAREHOUSE_HASHES; i++)
        if (first[i].rows != second[i].rows || first[i].hash != second[i].hash) {
            bad++;
            log_error("warehouse.differs", LOG_Z("table", first[i].table), LOG_I("rows", first[i].rows), LOG_I("anew", second[i].rows));
        }
    return bad;
}

enum rc warehouse_verify(struct ctx *c, int64_t *ret_bad)
{
    struct warehouse_hash first[WAREHOUSE_HASHES], second[WAREHOUSE_HASHES];
    int64_t last = 0, unit = -1, second_unit = -2;
    enum rc rc = RC_OK;
    /* A unit may be sealed while the second is made; then the first has it by now, too. */
    for (int tries = 0; !rc && unit != second_unit && tries < VERIFY_TRIES; tries++) {
        rc = change_last(c, &last);
        if (!rc)
            rc = second_hashes(c->app->warehouse, second, &second_unit);
        if (!rc)
            rc = warehouse_wait(c, last, VERIFY_WAIT_MS);
        if (!rc)
            rc = first_hashes(c, first, &unit);
    }
    if (!rc)
        *ret_bad = differences(first, second);
    return rc;
}

void warehouse_keeps(struct warehouse *w, bool keeps)
{
    pthread_mutex_lock(&w->lock);
    w->keeps = keeps;
    pthread_mutex_unlock(&w->lock);
}

static void add_keeper(struct warehouse *w, struct buf *out)
{
    pthread_mutex_lock(&w->lock);
    bool keeps = w->keeps;
    pthread_mutex_unlock(&w->lock);
    buf_addf(out,
             "# HELP zhixin_warehouse_keeps Is it this server that keeps the warehouse that all share?\n# TYPE zhixin_warehouse_keeps gauge\nzhixin_warehouse_keeps %d\n",
             keeps);
}

void warehouse_metrics(struct app *app, struct buf *out)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .app = app, .now_us = clock_now_us()};
    struct warehouse_status s;
    if (!app->warehouse || db_pool_reader(app->truth, &c.db) != RC_OK)
        return;
    if (warehouse_status(&c, &s) == RC_OK)
        buf_addf(out,
                 "# HELP zhixin_warehouse_seq Last change applied to the warehouse.\n# TYPE zhixin_warehouse_seq gauge\nzhixin_warehouse_seq %lld\n"
                 "# HELP zhixin_warehouse_lag_seconds Age of the oldest change that is not applied.\n# TYPE zhixin_warehouse_lag_seconds gauge\n"
                 "zhixin_warehouse_lag_seconds %lld.%03lld\n",
                 (long long)s.seq, (long long)(s.lag_ms / 1000), (long long)(s.lag_ms % 1000));
    if (app->warehouse_same)
        add_keeper(app->warehouse, out);
    db_pool_give(app->truth, c.db);
}
