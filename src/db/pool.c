/* Readers to borrow and one writer behind a lock, over one SQLite file. */
#include "db/pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { READERS_MAX = 64 };

struct db_pool {
    char *path;
    struct db *writer;
    /* The writer goes to whoever waited longest: under a flood the committing thread is back at once, and a bare mutex would
     * give it the lock again and again while a login waits for seconds. */
    pthread_mutex_t writer_lock, idle_lock;
    pthread_cond_t writer_turn;
    uint64_t tickets, serving;
    struct db *idle[READERS_MAX];
    size_t idle_count;
};

enum rc db_pool_open(const char *path, struct db_pool **ret)
{
    struct db *writer;
    enum rc rc = db_open_sqlite(path, &(struct db_options){.create = true, .cache_kib = 8192}, &writer);
    if (rc)
        return rc;
    struct db_pool *p = mem_zalloc(1, sizeof(*p));
    p->path = mem_dupz(path, strlen(path));
    p->writer = writer;
    pthread_mutex_init(&p->writer_lock, NULL);
    pthread_cond_init(&p->writer_turn, NULL);
    pthread_mutex_init(&p->idle_lock, NULL);
    *ret = p;
    return RC_OK;
}

void db_pool_close(struct db_pool *p)
{
    if (!p)
        return;
    while (p->idle_count)
        db_close(p->idle[--p->idle_count]);
    db_close(p->writer);
    pthread_mutex_destroy(&p->writer_lock);
    pthread_cond_destroy(&p->writer_turn);
    pthread_mutex_destroy(&p->idle_lock);
    free(p->path);
    free(p);
}

enum rc db_pool_reader(struct db_pool *p, struct db **ret)
{
    struct db *idle = NULL;
    pthread_mutex_lock(&p->idle_lock);
    if (p->idle_count)
        idle = p->idle[--p->idle_count];
    pthread_mutex_unlock(&p->idle_lock);
    if (!idle)
        return db_open_sqlite(p->path, &(struct db_options){.read_only = true}, ret);
    *ret = idle;
    return RC_OK;
}

void db_pool_give(struct db_pool *p, struct db *reader)
{
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

enum rc db_pool_tx(struct ctx *c, struct db_pool *p, enum rc (*fn)(struct ctx *c, void *arg), void *arg)
{
    struct db *before = c->db;
    c->db = db_pool_lock_writer(p);
    enum rc rc = db_tx(c, fn, arg);
    db_pool_unlock_writer(p);
    c->db = before;
    return rc;
}
