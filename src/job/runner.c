/* The thread that runs jobs, one at a time, oldest first. It looks twice a second, and sooner when one is added. */
#include "job/job_priv.h"

#include "base/app.h"
#include "base/id.h"
#include "base/log.h"
#include "db/pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static const int64_t LOOK_US = 500 * US_PER_MS, SOON_US = 20 * US_PER_MS;

struct job_runner {
    struct app *app;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool woken;
    _Atomic bool stop;
};

bool job_runner_stopping(const struct job_runner *r)
{
    return r && atomic_load(&r->stop);
}

void job_runner_wake(struct job_runner *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->woken = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
}

static void sleep_for(struct job_runner *r, int64_t us)
{
    int64_t until_us = clock_mono_us() + us;
    struct timespec until = {.tv_sec = until_us / US_PER_S, .tv_nsec = until_us % US_PER_S * 1000};
    pthread_mutex_lock(&r->lock);
    if (!r->woken && !r->stop)
        pthread_cond_timedwait(&r->wake, &r->lock, &until);
    bool woken = r->woken;
    r->woken = false;
    pthread_mutex_unlock(&r->lock);
    if (woken && us > SOON_US) /* it was added inside a transaction that commits about now */
        sleep_for(r, SOON_US);
}

/* One job with a context of its own. False: there was none. */
static bool run_one(struct job_runner *r)
{
    int64_t id = 0;
    enum rc run = RC_OK;
    struct ctx c = {.arena = arena_new(), .app = r->app, .vault = r->app->vault, .now_us = clock_now_us()};
    enum rc rc = db_pool_reader(r->app->truth, &c.db);
    if (!rc) {
        struct db *reader = c.db;
        rc = db_get_i64(c.db, 0, &id, "job_due", DB_I64("now_us", c.now_us));
        if (!rc && id)
            rc = job_execute(&c, id, &run);
        db_pool_give(r->app->truth, reader);
    }
    arena_free(c.arena);
    if (rc)
        log_warn("job.runner", LOG_I("job", id), LOG_Z("code", rc_name(rc)));
    return !rc && id;
}

static void *runner_main(void *arg)
{
    struct job_runner *r = arg;
    while (!atomic_load(&r->stop))
        if (!run_one(r))
            sleep_for(r, LOOK_US);
    return NULL;
}

/* Only one server works on an SQLite file, so what was running at the last end runs no more, whatever its lease says. On
 * PostgreSQL that is so for what a server of our number ran; others' jobs wait for the end of their lease. */
static enum rc release(struct ctx *c, void *arg)
{
    (void)arg;
    return db_engine(c->db) == DB_SQLITE ? db_run(c->db, "job_release_all") : db_run(c->db, "job_release_node", DB_I64("node", id_node()));
}

static void resume_interrupted(struct app *app)
{
    struct ctx c = {.arena = arena_new(), .app = app, .now_us = clock_now_us()};
    if (db_pool_tx(&c, app->truth, release, NULL) != RC_OK)
        log_warn("job.resume", LOG_Z("code", "store"));
    arena_free(c.arena);
}

struct job_runner *job_runner_start(struct app *app)
{
    struct job_runner *r = mem_zalloc(1, sizeof(*r));
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&r->wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&r->lock, NULL);
    r->app = app;
    app->jobs = r;
    resume_interrupted(app);
    if (pthread_create(&r->thread, NULL, runner_main, r) != 0)
        abort();
    return r;
}

void job_runner_stop(struct job_runner *r)
{
    if (!r)
        return;
    atomic_store(&r->stop, true);
    job_runner_wake(r);
    pthread_join(r->thread, NULL);
    r->app->jobs = NULL;
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r);
}
