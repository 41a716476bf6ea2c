/* The warehouse's life: the thread that follows the truth, connections lent to requests, and making it anew beside the old.
 *
 *            file missing, broken, of another schema
 *      open ─────────────────────────────────────────► building (nothing to lend; RC_BUSY)
 *        │ sound                                             │ caught up: put in place
 *        ▼                                                   ▼
 *    following ◄─────────────────────────────────────────────┘
 *        │ asked to rebuild: a second file is made while this one serves, then takes its place
 *        │ damaged, or DuckDB declared it invalid: set aside as warehouse.duckdb.bad, building
 *        │ the disk is full: let go, and opened again when there is room
 *        │ nobody asks and little happens: asleep, the file closed and its memory given back. Whoever asks wakes it and waits
 *        │ until it is up to date; much to apply, or a little for some seconds, wakes it, too
 */
#include "base/log.h"
#include "db/pool.h"
#include "embedded_sql.h"
#include "warehouse/warehouse_priv.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { IDLE_MAX = 16, POLL_BUSY_MS = 20, POLL_IDLE_MS = 100, POLL_MAX_MS = 400, IDLE_AFTER = 50, FAILURES_MAX = 5, FULL_MS = 1000, VERIFY_TRIES = 3, VERIFY_WAIT_MS = 600000, WAKE_WAIT_MS = 5000, START_MS = 1000, CALM_CHANGES = 100 };

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
    struct db *idle[IDLE_MAX];
    size_t idle_count;
    bool ready, stopping, rebuild_wanted, rebuilding;
    bool impossible;                 /* no library: nothing is ever going to be ready */
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

/* ---- lending ---- */

static enum rc no_library(struct ctx *c)
{
    return ctx_fail(c, RC_STORE, "warehouse", "libduckdb_can_not_be_loaded");
}

static struct timespec in_ms(int64_t ms)
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
    struct timespec until = in_ms(WAKE_WAIT_MS);
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
    } else if (w->idle_count < IDLE_MAX) {
        w->idle[w->idle_count++] = db;
        db = NULL;
    }
    pthread_mutex_unlock(&w->lock);
    db_close(db);
    pthread_rwlock_unlock(&w->file_lock);
}

/* With the file lock held for writing: nobody has a connection any more. */
static void close_lent(struct warehouse *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->idle_count)
        db_close(w->idle[--w->idle_count]);
    pthread_mutex_unlock(&w->lock);
}

static void close_idle(struct warehouse *w)
{
    close_lent(w);
    pthread_mutex_lock(&w->lock);
    w->ready = false;
    pthread_mutex_unlock(&w->lock);
}

/* ---- stepping ---- */

static bool is_stopping(struct warehouse *w)
{
    pthread_mutex_lock(&w->lock);
    bool stopping = w->stopping;
    pthread_mutex_unlock(&w->lock);
    return stopping;
}

static enum rc step(struct app *app, struct follower *f, bool *ret_more)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .app = app, .now_us = clock_now_us()};
    enum rc rc = db_pool_reader(app->truth, &c.db);
    if (rc)
        return rc;
    rc = follower_step(&c, f, ret_more);
    db_pool_give(app->truth, c.db);
    return rc;
}

/* Steps until nothing is left to apply; or, with `near`, until one step took all there was: under steady load something is
 * always left. */
static enum rc catch_up(struct warehouse *w, struct follower *f, bool near)
{
    bool more = true;
    unsigned failures = 0;
    enum rc rc = RC_OK;
    while (more && failures < FAILURES_MAX && !is_stopping(w)) {
        rc = step(w->app, f, &more);
        failures = rc ? failures + 1 : 0;
        more = rc || (near ? f->full : more);
    }
    return is_stopping(w) ? RC_GONE : rc;
}

/* ---- building and replacing ---- */

/* A disk that is full has no room for halves: others need it more. */
static void give_back(struct warehouse *w)
{
    char bad[600];
    snprintf(bad, sizeof(bad), "%s.bad", w->path);
    warehouse_file_remove(w->next_path);
    warehouse_file_remove(bad);
}

/* What an interrupted start left is gone on with; a rebuild that was asked for begins with nothing. */
static enum rc build(struct warehouse *w, bool from_nothing)
{
    struct follower f = {0};
    int64_t since = clock_mono_us();
    enum rc rc = from_nothing ? RC_CONFLICT : follower_open(w->app, w->next_path, true, &f);
    if (rc) {
        warehouse_file_remove(w->next_path);
        rc = follower_open(w->app, w->next_path, true, &f);
    }
    if (!rc) {
        rc = catch_up(w, &f, true);
        follower_close(&f); /* checkpoints: one file is left */
    }
    if (rc == RC_DISK_FULL)
        give_back(w);
    log_info("warehouse.built", LOG_Z("rc", rc_name(rc)), LOG_I("seq", f.seq), LOG_I("ms", (clock_mono_us() - since) / US_PER_MS));
    return rc;
}

/* Puts the built file in place and opens it. */
static enum rc put_in_place(struct warehouse *w)
{
    pthread_rwlock_wrlock(&w->file_lock);
    close_idle(w);
    follower_close(&w->follower);
    warehouse_file_remove(w->path);
    enum rc rc = rename(w->next_path, w->path) == 0 ? RC_OK : RC_STORE;
    if (!rc)
        rc = follower_open(w->app, w->path, false, &w->follower);
    pthread_mutex_lock(&w->lock);
    w->ready = rc == RC_OK;
    w->applied_seq = rc ? 0 : w->follower.seq;
    pthread_mutex_unlock(&w->lock);
    pthread_rwlock_unlock(&w->file_lock);
    return rc;
}

static enum rc make_anew(struct warehouse *w, bool from_nothing)
{
    pthread_mutex_lock(&w->lock);
    w->rebuilding = true;
    w->asleep = false; /* who waits need not wait for all of it */
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    enum rc rc = build(w, from_nothing);
    if (!rc)
        rc = put_in_place(w);
    pthread_mutex_lock(&w->lock);
    w->rebuilding = w->rebuild_wanted = false;
    w->rebuild_rc = rc;
    w->rebuilds++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return rc;
}

/* Sets a file aside that DuckDB can't go on with. */
static void set_aside(struct warehouse *w)
{
    char bad[600];
    pthread_rwlock_wrlock(&w->file_lock);
    close_idle(w);
    follower_close(&w->follower);
    snprintf(bad, sizeof(bad), "%s.bad", w->path);
    warehouse_file_remove(bad);
    if (rename(w->path, bad) != 0)
        warehouse_file_remove(w->path);
    warehouse_file_remove(w->path); /* its log, too */
    pthread_rwlock_unlock(&w->file_lock);
    log_error("warehouse.set_aside", LOG_Z("file", bad));
}

static enum rc open_or_build(struct warehouse *w)
{
    enum rc rc = follower_open(w->app, w->path, false, &w->follower);
    if (rc == RC_OK) {
        pthread_mutex_lock(&w->lock);
        w->ready = true;
        w->applied_seq = w->follower.seq;
        pthread_cond_broadcast(&w->changed); /* it may be up to date already: then no step tells those who wait */
        pthread_mutex_unlock(&w->lock);
        return RC_OK;
    }
    if (rc == RC_DISK_FULL)
        return rc; /* the file is sound; it takes room to open it */
    if (rc != RC_NOT_FOUND && rc != RC_CONFLICT)
        set_aside(w);
    return make_anew(w, false);
}

/* ---- the thread ---- */

/* With the lock held. */
static bool is_asked(const struct warehouse *w)
{
    return clock_mono_us() - w->asked_us < w->rest_us;
}

static void nap(struct warehouse *w, int64_t ms)
{
    struct timespec until = in_ms(ms);
    pthread_mutex_lock(&w->lock);
    while (!w->stopping && !w->rebuild_wanted && !(w->asleep && is_asked(w)) && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
        continue; /* woken for others */
    pthread_mutex_unlock(&w->lock);
}

/* Each step has a price of its own, whatever it brings: under steady load fewer and larger ones leave the processor to those who
 * wait for an answer, and stay well within a second. */
static int64_t pause_ms(int64_t step_us, unsigned quiet)
{
    int64_t least = quiet > IDLE_AFTER ? POLL_IDLE_MS : POLL_BUSY_MS, ms = 10 * step_us / US_PER_MS;
    return ms < least ? least : ms > POLL_MAX_MS ? POLL_MAX_MS : ms;
}

static void publish(struct warehouse *w)
{
    pthread_mutex_lock(&w->lock);
    if (w->applied_seq != w->follower.seq) {
        w->applied_seq = w->follower.seq;
        pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
}

static bool wants_rebuild(struct warehouse *w)
{
    pthread_mutex_lock(&w->lock);
    bool wanted = w->rebuild_wanted;
    pthread_mutex_unlock(&w->lock);
    return wanted;
}

/* Without room DuckDB may declare its database invalid; the file is sound, and open again when there is some. */
static void let_go(struct warehouse *w)
{
    pthread_rwlock_wrlock(&w->file_lock);
    close_idle(w);
    follower_close(&w->follower);
    pthread_rwlock_unlock(&w->file_lock);
}

/* A failing step is tried again; what is damaged, or what never works, is made anew. */
static void recover(struct warehouse *w, enum rc rc, unsigned failures)
{
    bool broken = db_is_broken(w->follower.db);
    if (rc == RC_DISK_FULL && broken)
        let_go(w);
    if (rc == RC_DISK_FULL || (!broken && failures < FAILURES_MAX))
        return;
    set_aside(w);
    rc = make_anew(w, true);
    log_info("warehouse.recovered", LOG_Z("rc", rc_name(rc)));
}

/* Without the library the files are as good as they were: nothing is set aside, and who waits is told at once. */
static void give_up(struct warehouse *w)
{
    pthread_mutex_lock(&w->lock);
    w->impossible = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* ---- sleep ---- */

static void look_at_pace(struct warehouse *w)
{
    int64_t now_us = clock_mono_us();
    if (now_us - w->pace.looked_us < w->rest_us)
        return;
    w->pace.calm = w->pace.looked_us && w->follower.seq - w->pace.seq < CALM_CHANGES;
    w->pace.looked_us = now_us;
    w->pace.seq = w->follower.seq;
}

/* Caught up: whoever waited for that is served now. Then, or later, closes the file when it is not wanted. */
static void settle(struct warehouse *w)
{
    bool sleep;
    look_at_pace(w);
    pthread_mutex_lock(&w->lock);
    if (w->asleep)
        pthread_cond_broadcast(&w->changed);
    sleep = w->app->warehouse_rest_s > 0 && w->pace.calm && !is_asked(w) && !w->rebuild_wanted;
    w->asleep = sleep && w->asleep;
    pthread_mutex_unlock(&w->lock);
    if (!sleep || pthread_rwlock_trywrlock(&w->file_lock) != 0)
        return;
    pthread_mutex_lock(&w->lock);
    w->asleep = !is_asked(w);
    sleep = w->asleep;
    pthread_mutex_unlock(&w->lock);
    if (sleep) {
        close_lent(w);
        follower_close(&w->follower);
        w->pace.behind_us = 0;
    }
    pthread_rwlock_unlock(&w->file_lock);
}

/* A look at the truth, without the warehouse: is there so much to apply, or for so long, that it has to wake up? */
static bool is_behind(struct warehouse *w)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .app = w->app};
    int64_t last = 0, now_us = clock_mono_us();
    if (db_pool_reader(w->app->truth, &c.db))
        return false;
    enum rc rc = change_last(&c, &last);
    db_pool_give(w->app->truth, c.db);
    if (rc || last <= w->follower.seq)
        return false;
    w->pace.behind_us = w->pace.behind_us ? w->pace.behind_us : now_us;
    if (last - w->follower.seq >= CALM_CHANGES)
        w->pace = (struct pace){.looked_us = now_us, .seq = w->follower.seq}; /* stay awake for a while */
    return !w->pace.calm || now_us - w->pace.behind_us >= w->rest_us;
}

static bool sleeps_on(struct warehouse *w)
{
    pthread_mutex_lock(&w->lock);
    bool asleep = w->asleep, wanted = is_asked(w) || w->rebuild_wanted;
    pthread_mutex_unlock(&w->lock);
    return asleep && !wanted && w->pace.looked_us && !is_behind(w);
}

static void *run(void *arg)
{
    struct warehouse *w = arg;
    unsigned failures = 0, quiet = 0;
    nap(w, START_MS); /* the program is starting: who waits for its first answer needs the processor */
    if (!db_duckdb_is_there()) {
        give_up(w);
        return NULL;
    }
    setpriority(PRIO_PROCESS, (id_t)gettid(), 5); /* behind those who wait for an answer */
    while (!is_stopping(w)) {
        bool more = false, opened = w->follower.db != NULL;
        enum rc rc = RC_OK;
        int64_t since_us = clock_mono_us();
        if (sleeps_on(w)) {
            nap(w, POLL_MAX_MS);
            continue;
        }
        if (!opened)
            rc = open_or_build(w);
        else if (wants_rebuild(w))
            rc = make_anew(w, true);
        else
            rc = step(w->app, &w->follower, &more);
        failures = rc && rc != RC_BUSY ? failures + 1 : 0;
        quiet = more ? 0 : quiet + 1;
        publish(w);
        if (w->follower.db && (failures || db_is_broken(w->follower.db)))
            recover(w, rc, failures);
        if (!rc && opened && w->follower.db && !(more && w->follower.full))
            settle(w);
        if (!more || !w->follower.full)
            nap(w, rc == RC_DISK_FULL || failures > FAILURES_MAX ? FULL_MS : pause_ms(clock_mono_us() - since_us, quiet));
    }
    return NULL;
}

/* ---- asking ---- */

enum rc warehouse_status(struct ctx *c, struct warehouse_status *ret)
{
    struct warehouse *w = c->app->warehouse;
    struct warehouse_status s = {0};
    struct change *oldest;
    size_t count = 0;
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
    if (!rc && s.last_seq > s.seq)
        rc = change_read(c, s.seq, 1, &oldest, &count);
    if (rc)
        return rc;
    if (count)
        s.lag_ms = (clock_now_us() - oldest->at_us) / US_PER_MS;
    *ret = s;
    return RC_OK;
}

enum rc warehouse_wait(struct ctx *c, int64_t seq, int64_t timeout_ms)
{
    struct warehouse *w = c->app->warehouse;
    struct timespec until = in_ms(timeout_ms);
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

static enum rc second_hashes(struct warehouse *w, struct warehouse_hash ret[static WAREHOUSE_HASHES], int64_t *ret_unit)
{
    char path[600];
    struct follower f;
    snprintf(path, sizeof(path), "%s.check", w->path);
    warehouse_file_remove(path);
    enum rc rc = follower_open(w->app, path, true, &f);
    if (rc)
        return rc;
    rc = catch_up(w, &f, false);
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

/* ---- module ---- */

static enum rc start(struct app *app)
{
    struct warehouse *w = mem_zalloc(1, sizeof(*w));
    w->app = app;
    snprintf(w->path, sizeof(w->path), "%s/warehouse.duckdb", app->data_dir);
    snprintf(w->next_path, sizeof(w->next_path), "%s.new", w->path);
    pthread_rwlock_init(&w->file_lock, NULL);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->asleep = true;
    w->rest_us = app->warehouse_rest_s > 0 ? app->warehouse_rest_s * US_PER_S : START_MS * US_PER_MS;
    w->asked_us = -w->rest_us;
    app->warehouse = w;
    w->started = pthread_create(&w->thread, NULL, run, w) == 0;
    if (w->started)
        pthread_setname_np(w->thread, "warehouse");
    return w->started ? RC_OK : RC_INTERNAL;
}

static void stop(struct app *app)
{
    struct warehouse *w = app->warehouse;
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    if (w->started)
        pthread_join(w->thread, NULL);
    pthread_rwlock_wrlock(&w->file_lock);
    close_idle(w);
    follower_close(&w->follower);
    pthread_rwlock_unlock(&w->file_lock);
    pthread_rwlock_destroy(&w->file_lock);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    app->warehouse = NULL;
    free(w);
}

static void metrics(struct app *app, struct buf *out)
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
    db_pool_give(app->truth, c.db);
}

const struct module warehouse_module = {
    .name = "warehouse", .sql = warehouse_sql, .warehouse_sql = warehouse_warehouse_sql, .start = start, .stop = stop, .on_timeline = warehouse_timeline,
    .metrics = metrics,
};
