/* The queue, the commit thread and the sync thread: group commit. While one group is being synced, the next is committed and
 * the one after it gathers; the commit thread waits until the sync thread has taken its group, so that groups stay large. */
#include "base/limits.h"
#include "base/log.h"
#include "db/pool.h"
#include "intake/intake_priv.h"

#include <stdlib.h>

enum { GROUP_BYTES_MAX = 8 << 20 };

struct intake_unit *intake_unit_new(const struct access_source *source, size_t bytes)
{
    struct arena *arena = arena_new();
    struct intake_unit *u = arena_new_one(arena, struct intake_unit);
    u->arena = arena;
    u->source = *source;
    u->bytes = bytes;
    u->received_us = clock_now_us();
    return u;
}

void intake_unit_free(struct intake_unit *u)
{
    if (u)
        arena_free(u->arena); /* the unit itself lies in it */
}

static void put(struct intake *in, struct intake_unit *u)
{
    u->next = NULL;
    *in->last = u;
    in->last = &u->next;
    in->queue_bytes += u->bytes;
    pthread_cond_signal(&in->wake);
}

static bool has_room(const struct intake *in, const struct intake_unit *u)
{
    return in->queue_bytes + u->bytes <= LIMIT_INTAKE_QUEUE_BYTES || in->queue_bytes == 0;
}

enum rc intake_push(struct intake *in, struct intake_unit *u)
{
    pthread_mutex_lock(&in->lock);
    bool taken = !in->stopping && has_room(in, u);
    if (taken)
        put(in, u);
    pthread_mutex_unlock(&in->lock);
    return taken ? RC_OK : RC_BUSY;
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done;
    enum rc rc;
};

static void wake_waiter(struct intake_unit *u, enum rc rc)
{
    struct waiter *w = u->done_arg;
    pthread_mutex_lock(&w->lock);
    w->done = true;
    w->rc = rc;
    pthread_cond_signal(&w->ended);
    pthread_mutex_unlock(&w->lock);
}

enum rc intake_push_wait(struct intake *in, struct intake_unit *u)
{
    struct waiter w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, RC_OK};
    u->done = wake_waiter;
    u->done_arg = &w;
    pthread_mutex_lock(&in->lock);
    while (!in->stopping && !has_room(in, u))
        pthread_cond_wait(&in->room, &in->lock);
    bool taken = !in->stopping;
    if (taken)
        put(in, u);
    pthread_mutex_unlock(&in->lock);
    if (!taken)
        return RC_BUSY;
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.ended, &w.lock);
    pthread_mutex_unlock(&w.lock);
    return w.rc;
}

/* With the lock held: takes units off the front, up to what a group of so many bytes may hold beside. */
static struct intake_unit *take(struct intake *in, size_t bytes)
{
    struct intake_unit *group = in->first, **end = &in->first;
    while (*end && (bytes == 0 || bytes + (*end)->bytes <= GROUP_BYTES_MAX)) {
        bytes += (*end)->bytes + 1;
        end = &(*end)->next;
    }
    if (end == &in->first)
        return NULL;
    in->first = *end;
    *end = NULL;
    if (!in->first)
        in->last = &in->first;
    return group;
}

/* Waits for the first. NULL: stopping and nothing left. */
static struct intake_unit *take_group(struct intake *in)
{
    pthread_mutex_lock(&in->lock);
    while (!in->first && !in->stopping)
        pthread_cond_wait(&in->wake, &in->lock);
    struct intake_unit *group = take(in, 0);
    pthread_mutex_unlock(&in->lock);
    return group;
}

struct intake_unit *intake_more(struct intake *in, size_t bytes)
{
    pthread_mutex_lock(&in->lock);
    struct intake_unit *group = take(in, bytes);
    pthread_mutex_unlock(&in->lock);
    return group;
}

static void count_unit(struct intake_stats *s, const struct intake_unit *u)
{
    s->units++;
    for (size_t i = 0; i < u->count; i++) {
        s->events += u->items[i].kind == INTAKE_EVENT && u->items[i].outcome == INTAKE_NEW;
        s->documents += u->items[i].kind == INTAKE_DOCUMENT && u->items[i].outcome == INTAKE_NEW;
        s->duplicates += u->items[i].outcome == INTAKE_SAME;
        s->refused += u->items[i].outcome == INTAKE_REFUSED;
    }
}

/* ---- the commit thread ---- */

static bool is_the_stores_fault(enum rc rc)
{
    return rc == RC_DISK_FULL || rc == RC_DISK_FAILING || rc == RC_BUSY || rc == RC_VAULT_DOWN || rc == RC_DATABASE_AWAY;
}

static enum rc commit(struct intake *in, struct ctx *c, struct intake *from, struct intake_unit *units)
{
    arena_reset(c->arena);
    ctx_clear(c);
    c->now_us = clock_now_us();
    enum rc rc = intake_commit(c, from, units);
    pthread_mutex_lock(&in->lock);
    in->stats.commits++;
    pthread_mutex_unlock(&in->lock);
    return rc;
}

/* A group that fails for a reason of its own is tried unit by unit, so that one bad unit takes no other down. */
static void commit_group(struct intake *in, struct ctx *c, struct intake_unit *group)
{
    enum rc rc = commit(in, c, in, group);
    bool apart = rc != RC_OK && group->next && !is_the_stores_fault(rc);
    for (struct intake_unit *u = group; u; u = u->next) {
        struct intake_unit *next = u->next;
        u->next = NULL;
        u->rc = apart ? commit(in, c, NULL, u) : rc;
        u->next = next;
        if (u->rc)
            log_warn("intake.not_committed", LOG_Z("code", rc_name(u->rc)), LOG_Z("field", c->error.field), LOG_Z("cause", c->error.cause));
    }
}

static void hand_over(struct intake *in, struct intake_unit *group)
{
    pthread_mutex_lock(&in->lock);
    in->committed = group;
    pthread_cond_signal(&in->handed);
    while (in->committed)
        pthread_cond_wait(&in->taken, &in->lock);
    pthread_mutex_unlock(&in->lock);
}

static void *run_commits(void *arg)
{
    struct intake *in = arg;
    struct intake_unit *group;
    struct ctx c = {.arena = arena_new(), .app = in->app, .vault = in->app->vault};
    while ((group = take_group(in))) {
        commit_group(in, &c, group);
        hand_over(in, group);
    }
    arena_free(c.arena);
    return NULL;
}

/* ---- the sync thread ---- */

static void settle(struct intake *in, const struct intake_unit *group)
{
    pthread_mutex_lock(&in->lock);
    for (const struct intake_unit *u = group; u; u = u->next) {
        in->queue_bytes -= u->bytes;
        if (u->rc == RC_OK)
            count_unit(&in->stats, u);
    }
    pthread_cond_broadcast(&in->room);
    pthread_mutex_unlock(&in->lock);
}

static void answer(struct intake *in, struct intake_unit *group)
{
    settle(in, group);
    for (struct intake_unit *u = group, *next; u; u = next) {
        next = u->next;
        u->next = NULL;
        live_add(in->live, in->app, u, u->rc);
        u->done(u, u->rc);
    }
}

/* NULL: the commit thread has ended, nothing comes any more. */
static struct intake_unit *take_committed(struct intake *in)
{
    pthread_mutex_lock(&in->lock);
    while (!in->committed && !in->committer_ended)
        pthread_cond_wait(&in->handed, &in->lock);
    struct intake_unit *group = in->committed;
    in->committed = NULL;
    pthread_cond_signal(&in->taken);
    pthread_mutex_unlock(&in->lock);
    return group;
}

static void *run_syncs(void *arg)
{
    struct intake *in = arg;
    struct intake_unit *group;
    while ((group = take_committed(in))) {
        enum rc rc = db_pool_sync(in->app->truth);
        for (struct intake_unit *u = group; rc && u; u = u->next)
            u->rc = u->rc ? u->rc : rc;
        answer(in, group);
    }
    return NULL;
}

enum rc intake_start(struct app *app, struct intake **ret)
{
    struct intake *in = mem_zalloc(1, sizeof(*in));
    in->app = app;
    in->last = &in->first;
    in->live = live_new();
    pthread_mutex_init(&in->lock, NULL);
    pthread_cond_init(&in->wake, NULL);
    pthread_cond_init(&in->room, NULL);
    pthread_cond_init(&in->handed, NULL);
    pthread_cond_init(&in->taken, NULL);
    if (pthread_create(&in->committer, NULL, run_commits, in) != 0 || pthread_create(&in->syncer, NULL, run_syncs, in) != 0)
        abort();
    pthread_setname_np(in->committer, "commit");
    pthread_setname_np(in->syncer, "sync");
    *ret = in;
    return RC_OK;
}

void intake_stop(struct intake *in)
{
    if (!in)
        return;
    pthread_mutex_lock(&in->lock);
    in->stopping = true;
    pthread_cond_broadcast(&in->wake);
    pthread_cond_broadcast(&in->room);
    pthread_mutex_unlock(&in->lock);
    pthread_join(in->committer, NULL);
    pthread_mutex_lock(&in->lock);
    in->committer_ended = true;
    pthread_cond_signal(&in->handed);
    pthread_mutex_unlock(&in->lock);
    pthread_join(in->syncer, NULL);
    live_free(in->live);
    pthread_mutex_destroy(&in->lock);
    pthread_cond_destroy(&in->wake);
    pthread_cond_destroy(&in->room);
    pthread_cond_destroy(&in->handed);
    pthread_cond_destroy(&in->taken);
    free(in);
}

void intake_stats(struct intake *in, struct intake_stats *ret)
{
    pthread_mutex_lock(&in->lock);
    *ret = in->stats;
    ret->queue_bytes = (int64_t)in->queue_bytes;
    pthread_mutex_unlock(&in->lock);
}
