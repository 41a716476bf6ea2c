/* The life of a warehouse that all servers of a truth share (schema.c): each asks it, one keeps it. Who keeps it holds an advisory lock on
 * the connection that it writes by, so both end together, however that server ends, and the next one goes on where its last
 * transaction left off.
 *
 *      connecting ──► watching: how far is it, is it ours to ask? ◄── the connection broke: all over again
 *                        │ the lock is free
 *                        ▼
 *                     keeping: like warehouse.c; missing, or made by another version: a schema is made beside it and takes its place
 *
 * It is never closed for rest: the memory is the database's own. */
#include "base/log.h"
#include "db/session.h"
#include "warehouse/warehouse_priv.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONNECT_MS = 500, FAILURES_MAX = 5, FAILED_MS = 1000, SAY_MS = 1000, IDLE_MS = 400, QUIET_AFTER = 100 };
static const int64_t KEEPING_LOCK = 7523;
#define WORD "warehouse rebuild "

struct keeper {
    struct warehouse *w;
    struct db *db; /* NULL: not connected */
    bool keeps;
    int64_t replaced; /* the one that a rebuild was asked for at this server, which does not keep it; 0: none */
    int64_t said_us;  /* when the keeper was told last */
    unsigned failures, quiet;
};

static void let_go(struct keeper *k)
{
    db_close(k->db);
    k->db = NULL;
    k->keeps = false;
    k->w->follower.db = NULL;
    k->failures = 0;
    warehouse_keeps(k->w, false);
}

/* Whether it can be asked, and how far it is. */
static void show(struct keeper *k, const struct follower *f, bool ready)
{
    struct warehouse *w = k->w;
    pthread_mutex_lock(&w->lock);
    bool news = w->asleep || w->ready != ready || w->applied_seq != f->seq;
    w->asleep = false; /* so long as nobody looked yet, who asks waits a little */
    w->ready = ready;
    w->applied_seq = f->seq;
    if (news)
        pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* ---- keeping ---- */

static enum rc build(struct keeper *k, bool from_nothing, struct follower *ret)
{
    struct app *app = k->w->app;
    int64_t since_us = clock_mono_us();
    enum rc rc = from_nothing ? RC_CONFLICT : follower_open_schema(app, k->db, SCHEMA_NEXT, true, ret);
    if (rc && !db_is_broken(k->db)) {
        rc = schema_drop(k->db, SCHEMA_NEXT);
        if (!rc)
            rc = follower_open_schema(app, k->db, SCHEMA_NEXT, true, ret);
    }
    if (!rc)
        rc = warehouse_catch_up(k->w, ret, true);
    if (!rc)
        rc = schema_put_in_place(k->db);
    if (rc == RC_DISK_FULL && schema_drop(k->db, SCHEMA_NEXT) != RC_OK)
        log_warn("warehouse.half_made"); /* others need the room more */
    log_info("warehouse.built", LOG_Z("rc", rc_name(rc)), LOG_I("seq", ret->seq), LOG_I("ms", (clock_mono_us() - since_us) / US_PER_MS));
    return rc;
}

static enum rc make_anew(struct keeper *k, bool from_nothing)
{
    struct follower f = {0};
    warehouse_rebuilds(k->w, true, RC_OK);
    enum rc rc = build(k, from_nothing, &f);
    if (!rc)
        rc = follower_open_schema(k->w->app, k->db, SCHEMA_SERVED, false, &k->w->follower);
    if (!rc)
        show(k, &k->w->follower, true);
    else if (!db_is_broken(k->db) && schema_use(k->db, SCHEMA_SERVED) != RC_OK)
        rc = RC_DATABASE_AWAY;
    warehouse_rebuilds(k->w, false, rc);
    return rc;
}

static enum rc open_or_build(struct keeper *k)
{
    struct follower *f = &k->w->follower;
    enum rc rc = follower_open_schema(k->w->app, k->db, SCHEMA_SERVED, false, f);
    if (!rc)
        show(k, f, true);
    if (rc != RC_NOT_FOUND && rc != RC_CONFLICT)
        return rc;
    f->db = NULL;
    show(k, f, false);
    return make_anew(k, false);
}

/* A rebuild that another server was asked for names the one to be replaced: said twice, it is made once. */
static bool is_rebuild_wanted(struct warehouse *w)
{
    pthread_mutex_lock(&w->lock);
    bool wanted = w->rebuild_wanted || (w->rebuild_told && w->rebuild_told == w->follower.made);
    w->rebuild_told = 0;
    pthread_mutex_unlock(&w->lock);
    return wanted;
}

static enum rc keep(struct keeper *k, bool *ret_more)
{
    struct warehouse *w = k->w;
    if (!w->follower.db)
        return open_or_build(k);
    if (is_rebuild_wanted(w))
        return make_anew(k, true);
    enum rc rc = warehouse_step(w->app, &w->follower, ret_more);
    show(k, &w->follower, true);
    return rc;
}

/* What never works is made anew, unless a new one would fare no better. */
static void recover(struct keeper *k, enum rc rc)
{
    bool outer = rc == RC_DISK_FULL || rc == RC_NO_MEMORY || rc == RC_BUSY || rc == RC_DATABASE_AWAY || !k->w->follower.db;
    k->failures = rc && rc != RC_BUSY && rc != RC_DATABASE_AWAY ? k->failures + 1 : 0;
    if (k->failures <= FAILURES_MAX || outer)
        return;
    log_error("warehouse.made_anew", LOG_Z("rc", rc_name(rc)));
    k->failures = 0;
    rc = make_anew(k, true);
    log_info("warehouse.recovered", LOG_Z("rc", rc_name(rc)));
}

/* ---- watching ---- */

/* Here somebody asked for a rebuild, which is another server's to do: it is told, and told again, until there is a new one. */
static void pass_on(struct keeper *k, const struct follower *f)
{
    struct warehouse *w = k->w;
    char text[80];
    if (!warehouse_wants_rebuild(w)) {
        k->replaced = 0;
        return;
    }
    if (k->replaced && f->made && f->made != k->replaced) {
        k->replaced = 0;
        warehouse_rebuilds(w, false, RC_OK);
        return;
    }
    if (!k->replaced)
        k->replaced = f->made;
    if (!f->made || clock_mono_us() - k->said_us < SAY_MS * US_PER_MS)
        return;
    k->said_us = clock_mono_us();
    snprintf(text, sizeof(text), WORD "%lld", (long long)f->made);
    db_session_say(w->app->session, str_z(text));
}

static enum rc watch(struct keeper *k)
{
    struct follower f = {.db = k->db};
    bool there = false;
    enum rc rc = schema_is_there(k->db, SCHEMA_SERVED, &there);
    if (!rc && there)
        rc = follower_look(&f);
    if (!rc || rc == RC_CONFLICT)
        show(k, &f, there && !rc);
    if (!rc)
        pass_on(k, &f);
    return rc == RC_CONFLICT ? RC_OK : rc;
}

void warehouse_told(struct app *app, struct str word)
{
    struct warehouse *w = app->warehouse;
    int64_t made;
    if (!w || !str_starts(word, STR(WORD)) || !str_i64(str_sub(word, sizeof(WORD) - 1, word.len), &made))
        return;
    pthread_mutex_lock(&w->lock);
    w->rebuild_told = made;
    pthread_mutex_unlock(&w->lock);
}

/* ---- the thread ---- */

/* Segments are read by DuckDB's library: without it a warehouse can be asked, not kept. */
static enum rc try_to_keep(struct keeper *k)
{
    if (k->keeps || !db_duckdb_is_there())
        return RC_OK;
    enum rc rc = db_lock_try(k->db, KEEPING_LOCK, &k->keeps);
    if (k->keeps) {
        log_info("warehouse.keeps");
        warehouse_keeps(k->w, true);
    }
    return rc;
}

static enum rc once(struct keeper *k, bool *ret_more)
{
    enum rc rc = k->db ? RC_OK : schema_connect(k->w->app, true, &k->db);
    if (!rc)
        rc = try_to_keep(k);
    if (!rc)
        rc = k->keeps ? keep(k, ret_more) : watch(k);
    return rc;
}

void *warehouse_run_shared(void *arg)
{
    struct warehouse *w = arg;
    struct keeper k = {.w = w};
    while (!warehouse_is_stopping(w)) {
        bool more = false;
        int64_t since_us = clock_mono_us();
        enum rc rc = once(&k, &more);
        if (k.db && db_is_broken(k.db))
            let_go(&k);
        else if (k.keeps)
            recover(&k, rc);
        k.quiet = more ? 0 : k.quiet + 1;
        if (more && w->follower.full)
            continue;
        warehouse_nap(w, !k.db ? CONNECT_MS : rc ? FAILED_MS : k.quiet > QUIET_AFTER ? IDLE_MS : warehouse_pause_ms(clock_mono_us() - since_us, k.quiet));
    }
    let_go(&k);
    return NULL;
}
