/* The shared view of a PostgreSQL server; see line.h. */
#include "db/line.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

enum { BACKOFF_FIRST_MS = 20, BACKOFF_LAST_MS = 1000 };

struct db_line {
    pthread_mutex_t lock;
    _Atomic bool away;
    _Atomic unsigned epoch;
    bool trying, full;
    int64_t away_since_us, retry_at_us, backoff_ms, losses;
};

struct db_line *line_new(void)
{
    struct db_line *l = mem_zalloc(1, sizeof(*l));
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void line_free(struct db_line *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l);
}

bool line_may_try(struct db_line *l)
{
    pthread_mutex_lock(&l->lock);
    bool may = !l->away || (!l->trying && clock_mono_us() >= l->retry_at_us);
    l->trying |= may && l->away;
    pthread_mutex_unlock(&l->lock);
    return may;
}

void line_reached(struct db_line *l)
{
    pthread_mutex_lock(&l->lock);
    bool was_away = l->away;
    int64_t away_ms = (clock_mono_us() - l->away_since_us) / US_PER_MS;
    l->away = l->trying = false;
    l->backoff_ms = 0;
    pthread_mutex_unlock(&l->lock);
    if (was_away)
        log_info("db.reached", LOG_I("after_ms", away_ms));
}

void line_not_reached(struct db_line *l, const char *why)
{
    pthread_mutex_lock(&l->lock);
    int64_t now = clock_mono_us();
    bool was_away = l->away;
    if (!was_away)
        l->away_since_us = now;
    l->away = true;
    l->trying = false;
    l->backoff_ms = l->backoff_ms == 0 ? BACKOFF_FIRST_MS : l->backoff_ms * 2 > BACKOFF_LAST_MS ? BACKOFF_LAST_MS : l->backoff_ms * 2;
    l->retry_at_us = now + l->backoff_ms * US_PER_MS;
    pthread_mutex_unlock(&l->lock);
    if (!was_away)
        log_error("db.away", LOG_Z("why", why));
}

void line_lost(struct db_line *l, unsigned epoch, const char *why)
{
    pthread_mutex_lock(&l->lock);
    bool first = epoch == l->epoch;
    l->epoch += first;
    l->losses += first;
    pthread_mutex_unlock(&l->lock);
    if (first)
        log_warn("db.lost", LOG_Z("why", why));
}

unsigned line_epoch(const struct db_line *l)
{
    return l->epoch;
}

void line_full(struct db_line *l, bool full)
{
    pthread_mutex_lock(&l->lock);
    l->full = full;
    pthread_mutex_unlock(&l->lock);
}

struct line_state line_state(struct db_line *l)
{
    pthread_mutex_lock(&l->lock);
    struct line_state s = {.away = l->away, .full = l->full, .losses = l->losses};
    s.away_ms = l->away ? (clock_mono_us() - l->away_since_us) / US_PER_MS : 0;
    pthread_mutex_unlock(&l->lock);
    return s;
}

bool line_is_away(const struct db_line *l)
{
    return l->away;
}
