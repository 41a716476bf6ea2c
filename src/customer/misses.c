/* Search tells who is a customer and who is not, so it can be asked for numbers at random. Whole numbers that found nobody
 * are counted per person; too many in a while, and the search answers no more until the while is over. */
#include "customer/customer_priv.h"

#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>

enum { MISSES_MAX = 20, PEOPLE = 512 };
static const int64_t window_us = 10 * 60 * US_PER_S;

struct misser {
    int64_t staff_id;
    int64_t at_us[MISSES_MAX]; /* a ring: the oldest is at `next` */
    size_t next;
};

struct customer_misses {
    pthread_mutex_t lock;
    struct misser people[PEOPLE];
};

struct customer_misses *customer_misses_new(void)
{
    struct customer_misses *m = mem_zalloc(1, sizeof(*m));
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void customer_misses_free(struct customer_misses *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    free(m);
}

static int64_t last_miss(const struct misser *p)
{
    return p->at_us[(p->next + MISSES_MAX - 1) % MISSES_MAX];
}

/* Hers, or NULL; with `make`, the place of whoever missed longest ago. */
static struct misser *misser_of(struct customer_misses *m, int64_t staff_id, bool make)
{
    struct misser *longest_ago = &m->people[0];
    for (size_t i = 0; i < PEOPLE; i++) {
        if (m->people[i].staff_id == staff_id)
            return &m->people[i];
        if (last_miss(&m->people[i]) < last_miss(longest_ago))
            longest_ago = &m->people[i];
    }
    if (!make)
        return NULL;
    *longest_ago = (struct misser){.staff_id = staff_id};
    return longest_ago;
}

enum rc customer_misses_check(struct ctx *c)
{
    struct customer_misses *m = c->app->customer_misses;
    int64_t staff_id = c->actor ? c->actor->staff_id : 0;
    if (!m || staff_id == 0)
        return RC_OK;
    pthread_mutex_lock(&m->lock);
    const struct misser *p = misser_of(m, staff_id, false);
    bool too_many = p && p->at_us[p->next] > c->now_us - window_us;
    pthread_mutex_unlock(&m->lock);
    if (!too_many)
        return RC_OK;
    log_warn("customer.search.misses", LOG_I("staff", staff_id));
    return ctx_fail(c, RC_LIMIT, "q", "too_many_misses");
}

void customer_misses_add(struct ctx *c)
{
    struct customer_misses *m = c->app->customer_misses;
    if (!m || !c->actor || c->actor->staff_id == 0)
        return;
    pthread_mutex_lock(&m->lock);
    struct misser *p = misser_of(m, c->actor->staff_id, true);
    p->at_us[p->next] = c->now_us;
    p->next = (p->next + 1) % MISSES_MAX;
    pthread_mutex_unlock(&m->lock);
}
