/* The checkpointer of an SQLite file; see checkpoint.h. Sizes are in pages of the log: small enough that a start after a
 * crash reads little, large enough that a page changed by many commits in a row is carried over once. */
#include "db/checkpoint.h"
#include "base/log.h"
#include "db/db_priv.h"

#include <pthread.h>
#include <stdlib.h>

enum { CARRY_PAGES = 4000, TURN_PAGES = 16000, NEAR_PAGES = 400, CATCH_UP_MAX = 4 };

struct checkpointer {
    struct db_pool *pool;
    struct db *writer, *own;
    int fd; /* of the file that is carried into */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int pages, carried; /* in the log after the last commit; of these, when the thread last began to carry */
    bool stopping;
};

static bool is_due(const struct checkpointer *k)
{
    return k->pages - k->carried >= CARRY_PAGES;
}

/* On the committing thread, after each commit. */
static void on_commit(void *arg, int pages)
{
    struct checkpointer *k = arg;
    pthread_mutex_lock(&k->lock);
    k->pages = pages;
    if (pages < k->carried)
        k->carried = 0; /* the log began anew */
    if (is_due(k))
        pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
}

/* false: stopping. */
static bool wait_for_work(struct checkpointer *k, int *ret_pages)
{
    pthread_mutex_lock(&k->lock);
    while (!is_due(k) && !k->stopping)
        pthread_cond_wait(&k->wake, &k->lock);
    *ret_pages = k->carried = k->pages; /* what fails is tried again with the next lot */
    bool go_on = !k->stopping;
    pthread_mutex_unlock(&k->lock);
    return go_on;
}

static void carry_over(struct checkpointer *k, int pace_fd)
{
    db_sqlite_pace(k->own, pace_fd);
    if (db_sqlite_checkpoint(k->own) != RC_OK)
        log_warn("db.checkpoint", LOG_Z("why", db_error(k->own)));
}

/* How many pages came since the thread last began to carry, and that it begins again. */
static int begin_anew(struct checkpointer *k)
{
    pthread_mutex_lock(&k->lock);
    int came = k->pages - k->carried;
    k->carried = k->pages;
    pthread_mutex_unlock(&k->lock);
    return came;
}

/* Each pass leaves what came during it, which is less each time; the writer then waits for little. */
static void catch_up(struct checkpointer *k)
{
    for (int pass = 0; pass < CATCH_UP_MAX && begin_anew(k) > NEAR_PAGES; pass++)
        carry_over(k, k->fd);
}

/* While nobody writes: nobody waits for the disk then, so that there is nothing to pace. */
static void take_turn(struct checkpointer *k)
{
    (void)db_pool_lock_writer(k->pool);
    carry_over(k, -1);
    db_pool_unlock_writer(k->pool);
}

static void *run(void *arg)
{
    struct checkpointer *k = arg;
    int pages;
    while (wait_for_work(k, &pages)) {
        carry_over(k, k->fd);
        if (pages < TURN_PAGES)
            continue;
        catch_up(k);
        take_turn(k);
    }
    return NULL;
}

enum rc checkpointer_start(const char *path, int fd, struct db_pool *pool, struct db *writer, struct checkpointer **ret)
{
    struct db *own;
    enum rc rc = db_open_sqlite(path, &(struct db_options){.cache_kib = 64}, &own);
    if (rc)
        return rc;
    struct checkpointer *k = mem_zalloc(1, sizeof(*k));
    k->pool = pool;
    k->writer = writer;
    k->own = own;
    k->fd = fd;
    pthread_mutex_init(&k->lock, NULL);
    pthread_cond_init(&k->wake, NULL);
    db_sqlite_on_commit(writer, on_commit, k);
    if (pthread_create(&k->thread, NULL, run, k) != 0)
        abort();
    pthread_setname_np(k->thread, "checkpoint");
    *ret = k;
    return RC_OK;
}

void checkpointer_stop(struct checkpointer *k)
{
    if (!k)
        return;
    db_sqlite_on_commit(k->writer, NULL, NULL);
    pthread_mutex_lock(&k->lock);
    k->stopping = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    db_close(k->own);
    pthread_mutex_destroy(&k->lock);
    pthread_cond_destroy(&k->wake);
    free(k);
}
