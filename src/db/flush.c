/* One connection that commits nothing but a mark in the write-ahead log, and waits until that is on disk: then all before it is. */
#include "db/flush.h"
#include "base/clock.h"
#include "db/pool.h"
#include "db/postgres_priv.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WAIT_MS = 5000, LOOK_MS = 20 };

struct db_flusher {
    struct pg_conn *writer; /* its id and what it committed, no more */
    struct pg_conn conn;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool running;
    uint64_t asked, covered; /* calls so far; those that the last finished sync was begun after */
    enum rc last;
};

struct db_flusher *flusher_new(struct db *writer)
{
    struct db_flusher *f = mem_zalloc(1, sizeof(*f));
    f->writer = db_connection(writer);
    f->conn = (struct pg_conn){.url = f->writer->url, .line = f->writer->line, .flushes = true};
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->ended, NULL);
    return f;
}

void flusher_free(struct db_flusher *f)
{
    if (!f)
        return;
    pg_hang_up(&f->conn);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->ended);
    free(f);
}

/* Is what the writer committed there? If not, a breakdown took it before it was on disk. If so, it stands in the log before the
 * mark, and is on disk with it. */
static enum rc flush_once(struct db_flusher *f)
{
    char id[24];
    const char *values[] = {id};
    int64_t wanted = atomic_load(&f->writer->committed);
    snprintf(id, sizeof(id), "%lld", (long long)f->writer->id);
    enum rc rc = pg_ensure(&f->conn);
    if (rc)
        return rc;
    PGresult *r = pg_answer(&f->conn, PQsendQueryPrepared(f->conn.pg, PG_FLUSH, 1, values, NULL, NULL, 0));
    rc = PQresultStatus(r) == PGRES_TUPLES_OK ? RC_OK : pg_failed(&f->conn, r);
    if (!rc && strtoll(PQgetvalue(r, 0, 0), NULL, 10) < wanted)
        db_lost();
    PQclear(r);
    return rc;
}

static enum rc flush(struct db_flusher *f)
{
    int64_t until = clock_mono_us() + WAIT_MS * US_PER_MS;
    enum rc rc = flush_once(f);
    while (rc == RC_DATABASE_AWAY && clock_mono_us() < until) {
        nanosleep(&(struct timespec){0, LOOK_MS * 1000000L}, NULL);
        rc = flush_once(f);
    }
    return rc;
}

enum rc flusher_run(struct db_flusher *f)
{
    pthread_mutex_lock(&f->lock);
    uint64_t mine = ++f->asked;
    while (f->covered < mine) {
        if (f->running) {
            pthread_cond_wait(&f->ended, &f->lock);
            continue;
        }
        uint64_t covers = f->asked;
        f->running = true;
        pthread_mutex_unlock(&f->lock);
        enum rc rc = flush(f);
        pthread_mutex_lock(&f->lock);
        f->running = false;
        f->covered = covers;
        f->last = rc;
        pthread_cond_broadcast(&f->ended);
    }
    enum rc rc = f->last;
    pthread_mutex_unlock(&f->lock);
    return rc;
}
