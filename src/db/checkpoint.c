/* The checkpointer of an SQLite file; see checkpoint.h. Sizes are in pages of the log: small enough that a start after a
 * crash reads little, large enough that a page changed by many commits in a row is carried over once. */
#include "db/checkpoint.h"
#include "base/log.h"
#include "db/db_priv.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { CARRY_PAGES = 4000, TURN_PAGES = 16000, QUIET_S = 5 };

struct checkpointer {
    struct db_pool *pool;
    struct db *writer, *own;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int pages, carried;         /* in the log after the last commit; of these, when the thread last began to carry */
    uint64_t commits;
    bool resting, stopping;     /* resting: quiet, and all is done */
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
    k->commits++;
    k->pages = pages;
    if (pages < k->carried)
        k->carried = 0; /* the log began anew */
    if (is_due(k) || k->resting)
        pthread_cond_signal(&k->wake);
    k->resting = false;
    pthread_mutex_unlock(&k->lock);
}

static enum duty { CARRY, SHRINK, STOP } next_duty(struct checkpointer *k, int *ret_pages)
{
    struct timespec until;
    enum duty duty = CARRY;
    pthread_mutex_lock(&k->lock);
    while (duty == CARRY && !is_due(k) && !k->stopping) {
        uint64_t before = k->commits;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += QUIET_S;
        if (k->resting)
            pthread_cond_wait(&k->wake, &k->lock);
        else if (pthread_cond_timedwait(&k->wake, &k->lock, &until) == ETIMEDOUT && k->commits == before)
            duty = SHRINK;
    }
    k->resting = duty == SHRINK;
    *ret_pages = k->pages;
    if (duty == CARRY)
        k->carried = k->pages;
    if (k->stopping)
        duty = STOP;
    pthread_mutex_unlock(&k->lock);
    return duty;
}

static void carry_over(struct checkpointer *k)
{
    if (db_sqlite_checkpoint(k->own) != RC_OK)
        log_warn("db.checkpoint", LOG_Z("why", db_error(k->own)));
}

/* With the writer's turn: nobody writes meanwhile. */
static void take_turn(struct checkpointer *k, enum duty duty)
{
    struct db *writer = db_pool_lock_writer(k->pool);
    if (duty == CARRY)
        carry_over(k);
    else
        db_sqlite_shrink(writer);
    db_pool_unlock_writer(k->pool);
}

static void *run(void *arg)
{
    struct checkpointer *k = arg;
    enum duty duty;
    int pages;
    while ((duty = next_duty(k, &pages)) != STOP) {
        if (duty == CARRY)
            carry_over(k);
        if (duty == SHRINK || pages >= TURN_PAGES)
            take_turn(k, duty);
    }
    return NULL;
}

enum rc checkpointer_start(const char *path, struct db_pool *pool, struct db *writer, struct checkpointer **ret)
{
    struct db *own;
    enum rc rc = db_open_sqlite(path, &(struct db_options){.cache_kib = 64}, &own);
    if (rc)
        return rc;
    struct checkpointer *k = mem_zalloc(1, sizeof(*k));
    k->pool = pool;
    k->writer = writer;
    k->own = own;
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
