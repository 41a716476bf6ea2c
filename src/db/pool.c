/* Readers to borrow and one writer behind a lock, over one SQLite file or one PostgreSQL database. */
#include "db/pool.h"
#include "base/app.h"
#include "base/log.h"
#include "db/checkpoint.h"
#include "db/flush.h"
#include "db/line.h"
#include "db/session.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { READERS_MAX = 64, READERS_REST = 1 };

struct db_pool {
    char *where; /* path or URL */
    struct db *writer;
    /* The writer goes to whoever waited longest: under a flood the committing thread is back at once, and a bare mutex would
     * give it the lock again and again while a login waits for seconds. */
    pthread_mutex_t writer_lock, idle_lock;
    pthread_cond_t writer_turn;
    uint64_t tickets, serving;
    struct db *idle[READERS_MAX];
    size_t idle_count;
    struct db_line *line;       /* to a server; NULL: a file */
    struct db_flusher *flusher; /* of a server; NULL: a file */
    /* Of an SQLite file only; NULL and -1 where a server looks after its disk itself. */
    struct checkpointer *checkpointer;
    int log_fd;  /* of the write-ahead log: SQLite keeps one file as long as the writer is open */
    int file_fd; /* of the file, for the checkpointer; closed last, for POSIX drops a process's locks with any descriptor */
};

enum rc db_open(const char *where, const struct db_options *options, struct db **ret)
{
    return db_is_postgres_url(where) ? db_open_postgres(where, options, ret) : db_open_sqlite(where, options, ret);
}

static void open_log(struct db_pool *p)
{
    char *path;
    if (asprintf(&path, "%s-wal", p->where) < 0)
        abort();
    p->log_fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
}

/* What an SQLite file needs beside its connections: somebody who carries pages over, and descriptors to sync by. */
static enum rc open_file(struct db_pool *p)
{
    p->file_fd = open(p->where, O_RDONLY | O_CLOEXEC);
    enum rc rc = checkpointer_start(p->where, p->file_fd, p, p->writer, &p->checkpointer);
    open_log(p);
    if (rc || (p->log_fd >= 0 && p->file_fd >= 0))
        return rc;
    log_error("db.open", LOG_Z("path", p->where), LOG_Z("why", "no write-ahead log"));
    return RC_STORE;
}

enum rc db_pool_open(const char *where, struct db_pool **ret)
{
    struct db *writer;
    struct db_line *line = db_is_postgres_url(where) ? line_new() : NULL;
    enum rc rc = db_open(where, &(struct db_options){.create = true, .sync_later = true, .cache_kib = 32 << 10, .line = line}, &writer);
    if (rc) {
        line_free(line);
        return rc;
    }
    struct db_pool *p = mem_zalloc(1, sizeof(*p));
    p->where = mem_dupz(where, strlen(where));
    p->writer = writer;
    p->line = line;
    p->flusher = line ? flusher_new(writer) : NULL;
    p->log_fd = p->file_fd = -1;
    pthread_mutex_init(&p->writer_lock, NULL);
    pthread_cond_init(&p->writer_turn, NULL);
    pthread_mutex_init(&p->idle_lock, NULL);
    rc = line ? RC_OK : open_file(p);
    if (rc)
        db_pool_close(p);
    else
        *ret = p;
    return rc;
}

void db_pool_close(struct db_pool *p)
{
    if (!p)
        return;
    checkpointer_stop(p->checkpointer);
    while (p->idle_count)
        db_close(p->idle[--p->idle_count]);
    if (p->log_fd >= 0) {
        (void)!db_pool_sync(p);
        close(p->log_fd);
    }
    flusher_free(p->flusher);
    db_close(p->writer);
    if (p->file_fd >= 0)
        close(p->file_fd);
    pthread_mutex_destroy(&p->writer_lock);
    pthread_cond_destroy(&p->writer_turn);
    pthread_mutex_destroy(&p->idle_lock);
    line_free(p->line);
    free(p->where);
    free(p);
}

enum db_engine db_pool_engine(const struct db_pool *p)
{
    return db_engine(p->writer);
}

enum rc db_pool_reader(struct db_pool *p, struct db **ret)
{
    struct db *idle = NULL;
    pthread_mutex_lock(&p->idle_lock);
    if (p->idle_count)
        idle = p->idle[--p->idle_count];
    pthread_mutex_unlock(&p->idle_lock);
    if (!idle)
        return db_open(p->where, &(struct db_options){.read_only = true, .line = p->line}, ret);
    *ret = idle;
    return RC_OK;
}

enum rc db_pool_connect(struct db_pool *p, const struct db_options *options, struct db **ret)
{
    struct db_options own = *options;
    own.line = p->line;
    return db_open(p->where, &own, ret);
}

void db_pool_give(struct db_pool *p, struct db *reader)
{
    db_forget(reader);
    pthread_mutex_lock(&p->idle_lock);
    bool kept = p->idle_count < READERS_MAX;
    if (kept)
        p->idle[p->idle_count++] = reader;
    pthread_mutex_unlock(&p->idle_lock);
    if (!kept)
        db_close(reader);
}

struct db *db_pool_lock_writer(struct db_pool *p)
{
    pthread_mutex_lock(&p->writer_lock);
    uint64_t mine = p->tickets++;
    while (mine != p->serving)
        pthread_cond_wait(&p->writer_turn, &p->writer_lock);
    pthread_mutex_unlock(&p->writer_lock);
    return p->writer;
}

void db_pool_unlock_writer(struct db_pool *p)
{
    pthread_mutex_lock(&p->writer_lock);
    p->serving++;
    pthread_cond_broadcast(&p->writer_turn);
    pthread_mutex_unlock(&p->writer_lock);
}

void db_pool_state(struct db_pool *p, struct db_pool_state *ret)
{
    *ret = (struct db_pool_state){0};
    if (!p->line)
        return;
    struct line_state s = line_state(p->line);
    *ret = (struct db_pool_state){s.away, s.full, s.losses, s.away_ms};
}

enum rc db_pool_check(struct db_pool *p)
{
    struct db *reader;
    enum rc rc = db_pool_reader(p, &reader);
    if (rc)
        return rc;
    rc = db_script(reader, "SELECT 1");
    db_pool_give(p, reader);
    return rc;
}

static struct db *take_spare(struct db_pool *p)
{
    struct db *spare = NULL;
    pthread_mutex_lock(&p->idle_lock);
    if (p->idle_count > READERS_REST)
        spare = p->idle[--p->idle_count];
    pthread_mutex_unlock(&p->idle_lock);
    return spare;
}

void db_pool_rest(struct db_pool *p)
{
    struct db *spare;
    while ((spare = take_spare(p)))
        db_close(spare);
    if (db_pool_reader(p, &spare) == RC_OK) {
        db_rest(spare);
        db_pool_give(p, spare);
    }
    db_rest(db_pool_lock_writer(p));
    db_pool_unlock_writer(p);
}

enum rc db_pool_sync(struct db_pool *p)
{
    if (p->flusher)
        return flusher_run(p->flusher);
    if (p->log_fd < 0 || fdatasync(p->log_fd) == 0)
        return RC_OK;
    log_error("db.fsync_failed", LOG_Z("path", p->where), LOG_Z("why", strerror(errno)));
    _Exit(70);
}

void db_lost(void)
{
    log_error("db.commits_lost", LOG_Z("then", "starts anew"));
    _Exit(70);
}

enum rc db_pool_sync_read(struct db_pool *p)
{
    return p->flusher ? flusher_run(p->flusher) : RC_OK;
}

enum rc db_pool_tx_unsynced(struct ctx *c, struct db_pool *p, enum rc (*fn)(struct ctx *c, void *arg), void *arg)
{
    struct db *before = c->db;
    c->db = db_pool_lock_writer(p);
    enum rc rc = db_tx(c, fn, arg);
    db_pool_unlock_writer(p);
    c->db = before;
    if (!rc && c->app && p == c->app->truth)
        db_session_committed(c->app->session);
    return rc;
}

enum rc db_pool_tx(struct ctx *c, struct db_pool *p, enum rc (*fn)(struct ctx *c, void *arg), void *arg)
{
    enum rc rc = db_pool_tx_unsynced(c, p, fn, arg);
    return rc ? rc : db_pool_sync(p);
}
