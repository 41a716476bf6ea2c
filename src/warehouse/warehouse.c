/* The warehouse's life as a file of this server's: the thread that follows the truth, and making it anew beside the old. Who asks it comes
 * by ask.c; how it lives where all servers share one, shared.c tells.
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

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    POLL_BUSY_MS = 20,
    POLL_IDLE_MS = 100,
    POLL_MAX_MS = 400,
    IDLE_AFTER = 50,
    FAILURES_MAX = 5,
    FULL_MS = 1000,
    START_MS = 1000,
    CALM_CHANGES = 100,
};

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

bool warehouse_is_stopping(struct warehouse *w)
{
    pthread_mutex_lock(&w->lock);
    bool stopping = w->stopping;
    pthread_mutex_unlock(&w->lock);
    return stopping;
}

enum rc warehouse_step(struct app *app, struct follower *f, bool *ret_more)
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

enum rc warehouse_catch_up(struct warehouse *w, struct follower *f, bool near)
{
    bool more = true;
    unsigned failures = 0;
    enum rc rc = RC_OK;
    while (more && failures < FAILURES_MAX && !warehouse_is_stopping(w)) {
        rc = warehouse_step(w->app, f, &more);
        failures = rc ? failures + 1 : 0;
        more = rc || (near ? f->full : more);
    }
    return warehouse_is_stopping(w) ? RC_GONE : rc;
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
        rc = warehouse_catch_up(w, &f, true);
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

void warehouse_rebuilds(struct warehouse *w, bool begins, enum rc rc)
{
    pthread_mutex_lock(&w->lock);
    w->rebuilding = begins;
    if (begins) {
        w->asleep = false; /* who waits need not wait for all of it */
    } else {
        w->rebuild_wanted = false;
        w->rebuild_rc = rc;
        w->rebuilds++;
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static enum rc make_anew(struct warehouse *w, bool from_nothing)
{
    warehouse_rebuilds(w, true, RC_OK);
    enum rc rc = build(w, from_nothing);
    if (!rc)
        rc = put_in_place(w);
    warehouse_rebuilds(w, false, rc);
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

void warehouse_nap(struct warehouse *w, int64_t ms)
{
    struct timespec until = warehouse_until(ms);
    pthread_mutex_lock(&w->lock);
    while (!w->stopping && !w->rebuild_wanted && !(w->asleep && is_asked(w)) && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
        continue; /* woken for others */
    pthread_mutex_unlock(&w->lock);
}

/* Each step has a price of its own, whatever it brings: under steady load fewer and larger ones leave the processor to those who
 * wait for an answer, and stay well within a second. */
int64_t warehouse_pause_ms(int64_t step_us, unsigned quiet)
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

bool warehouse_wants_rebuild(struct warehouse *w)
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
    bool broken = db_is_broken(w->follower.db), outer = rc == RC_DISK_FULL || rc == RC_NO_MEMORY; /* a new one would fare no better */
    if (rc == RC_NO_MEMORY)
        log_error("warehouse.memory", LOG_Z("way_out", "raise [warehouse] memory_mib; what was applied so far can be asked"));
    if (outer && broken)
        let_go(w);
    if (outer || (!broken && failures < FAILURES_MAX))
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
    warehouse_nap(w, START_MS); /* the program is starting: who waits for its first answer needs the processor */
    if (!db_duckdb_is_there()) {
        give_up(w);
        return NULL;
    }
    setpriority(PRIO_PROCESS, (id_t)gettid(), 5); /* behind those who wait for an answer */
    while (!warehouse_is_stopping(w)) {
        bool more = false, opened = w->follower.db != NULL;
        enum rc rc = RC_OK;
        int64_t since_us = clock_mono_us();
        if (sleeps_on(w)) {
            warehouse_nap(w, POLL_MAX_MS);
            continue;
        }
        if (!opened)
            rc = open_or_build(w);
        else if (warehouse_wants_rebuild(w))
            rc = make_anew(w, true);
        else
            rc = warehouse_step(w->app, &w->follower, &more);
        failures = rc && rc != RC_BUSY && rc != RC_DATABASE_AWAY ? failures + 1 : 0;
        quiet = more ? 0 : quiet + 1;
        publish(w);
        if (w->follower.db && (failures || db_is_broken(w->follower.db)))
            recover(w, rc, failures);
        if (!rc && opened && w->follower.db && !(more && w->follower.full))
            settle(w);
        if (!more || !w->follower.full)
            warehouse_nap(w, rc == RC_DISK_FULL || rc == RC_NO_MEMORY || failures > FAILURES_MAX ? FULL_MS : warehouse_pause_ms(clock_mono_us() - since_us, quiet));
    }
    return NULL;
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
    w->started = pthread_create(&w->thread, NULL, app->warehouse_same ? warehouse_run_shared : run, w) == 0;
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
    follower_close(&w->follower); /* a shared one is closed by its thread */
    pthread_rwlock_unlock(&w->file_lock);
    pthread_rwlock_destroy(&w->file_lock);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    app->warehouse = NULL;
    free(w);
}

const struct module warehouse_module = {
    .name = "warehouse", .sql = warehouse_sql, .warehouse_sql = warehouse_warehouse_sql, .start = start, .stop = stop, .told = warehouse_told, .on_timeline = warehouse_timeline,
    .metrics = warehouse_metrics,
};
