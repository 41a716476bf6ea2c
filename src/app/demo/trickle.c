/* The live trickle: a handful of visits at a time and a receipt now and then, told moment by moment as the clock goes.
 * It forgets everything at a restart; numbers come from the clock, so that none is used twice. */
#include "app/demo/demo_priv.h"

#include <stdlib.h>

enum { VISITS_BY_DAY = 5, VISITS_BY_NIGHT = 2, MOMENTS_MAX = 256, VISITS_MAX = 1024, WAIT_MAX_MS = 5000, WAIT_MIN_MS = 250 };

struct demo_trickle {
    struct demo *demo;
    int32_t last_day;            /* of the generated window: everybody has come */
    int64_t next_receipt_us;
};

struct demo_trickle *demo_trickle_new(const struct demo_options *o)
{
    struct demo_trickle *t = mem_zalloc(1, sizeof(*t));
    t->demo = demo_new(o, NULL);
    t->last_day = t->demo->days.count - 1;
    t->demo->options.now_us = INT64_MAX; /* plans lie ahead of the clock */
    t->demo->dice = dice_new(dice_mix(o->seed, (uint64_t)clock_now_us()));
    t->demo->message_number = (uint64_t)clock_now_us() / 1000;
    return t;
}

void demo_trickle_free(struct demo_trickle *t)
{
    if (t)
        demo_free(t->demo);
    free(t);
}

static uint32_t second_of_day(int64_t now_us)
{
    return (uint32_t)((now_us / US_PER_S + DEMO_ZONE_S) % 86400);
}

static void start_day(struct demo *g, int32_t day)
{
    if (g->civil_day == day)
        return;
    g->civil_day = day;
    goods_set_day(&g->goods, day);
    g->due[day % DEMO_DUE_DAYS].count = 0; /* returns are told by the generation only */
}

/* Visits under way are few; when their memory was used long enough, those that are left break off. */
static void tidy(struct demo *g)
{
    if (g->visit_count < VISITS_MAX && g->moment_count < MOMENTS_MAX)
        return;
    g->moment_count = g->visit_count = g->receipt_count = 0;
}

static size_t visits_under_way(const struct demo *g)
{
    size_t count = 0;
    for (size_t i = 0; i < g->moment_count; i++) {
        bool last = g->moments[i].act != ACT_RECEIPT;
        for (size_t k = 0; last && k < i; k++)
            last = g->moments[k].act == ACT_RECEIPT || g->moments[k].who != g->moments[i].who;
        count += last;
    }
    return count;
}

static void plan_more(struct demo_trickle *t, int64_t now_us)
{
    struct demo *g = t->demo;
    uint32_t hour = second_of_day(now_us) / 3600;
    size_t wanted = hour >= 8 && hour < 24 ? VISITS_BY_DAY : VISITS_BY_NIGHT;
    for (size_t under_way = visits_under_way(g); under_way < wanted; under_way++) {
        int64_t at = now_us + (int64_t)dice_below(&g->dice, 20) * US_PER_S;
        g->order_number = 500000 + second_of_day(now_us);
        if (dice_chance(&g->dice, 120))
            plan_repeat_order(g, t->last_day, at);
        else
            plan_browsing(g, t->last_day, at);
    }
    if (now_us >= t->next_receipt_us && hour >= 10 && hour < 22)
        plan_member_sale(g, t->last_day, now_us);
    if (now_us >= t->next_receipt_us)
        t->next_receipt_us = now_us + dice_between(&g->dice, 40, 120) * US_PER_S;
}

/* Takes the earliest moment off; the others keep no order. */
static struct moment take_earliest(struct demo *g)
{
    size_t first = 0;
    for (size_t i = 1; i < g->moment_count; i++)
        if (g->moments[i].at_us < g->moments[first].at_us)
            first = i;
    struct moment m = g->moments[first];
    g->moments[first] = g->moments[--g->moment_count];
    return m;
}

static int64_t wait_ms(const struct demo *g, int64_t now_us)
{
    int64_t wait = WAIT_MAX_MS;
    for (size_t i = 0; i < g->moment_count; i++)
        if ((g->moments[i].at_us - now_us) / US_PER_MS < wait)
            wait = (g->moments[i].at_us - now_us) / US_PER_MS;
    return wait < WAIT_MIN_MS ? WAIT_MIN_MS : wait;
}

enum rc demo_trickle_next(struct demo_trickle *t, int64_t now_us, const struct demo_sink *sink, int64_t *ret_wait_ms)
{
    struct demo *g = t->demo;
    enum rc rc = RC_OK;
    g->sink = sink;
    start_day(g, clock_business_day(now_us, DEMO_ZONE_S, 0));
    tidy(g);
    plan_more(t, now_us);
    struct moment m = take_earliest(g);
    if (m.at_us > now_us) {
        g->moments[g->moment_count++] = m; /* not yet */
    } else {
        m.at_us = now_us;
        for (size_t i = 0; i < DEMO_STORES_COUNT; i++)
            g->receipt_numbers[i] = 10000 + second_of_day(now_us);
        rc = tell_moment(g, &m);
        if (!rc)
            rc = tell_flush(g);
    }
    *ret_wait_ms = wait_ms(g, now_us);
    return rc;
}
