/* Plans the web shop's day: who visits, what she looks at, and who buys. */
#include "app/demo/demo_priv.h"

static uint64_t device_of(int64_t person, struct dice *d)
{
    return (uint64_t)(person + 1000) * 4 + (dice_chance(d, 780) ? 0 : 1 + dice_below(d, 2));
}

static uint64_t unknown_device(const struct demo *g, struct dice *d)
{
    int32_t day = dice_chance(d, 700) ? g->civil_day : g->civil_day - 1 - (int32_t)dice_below(d, 14);
    return (UINT64_C(1) << 48) + (uint64_t)day * (1 << 24) + dice_below(d, 1 + (uint32_t)(g->options.events / g->days.count));
}

/* Seconds between two clicks. */
static int64_t pause_us(struct dice *d)
{
    return (4 + dice_below(d, 55)) * US_PER_S + dice_below(d, 1000) * US_PER_MS;
}

/* Looks around: a list or a search, then some goods. Returns the time after it. */
static int64_t plan_looking(struct demo *g, uint32_t who, uint8_t taste, int64_t at, uint32_t views)
{
    struct dice *d = &g->dice;
    demo_add_moment(g, at, dice_chance(d, 250) ? ACT_SEARCH : ACT_LIST, who, taste);
    for (uint32_t i = 0; i < views; i++) {
        enum goods_group group = dice_chance(d, 750) ? (enum goods_group)taste : (enum goods_group)dice_below(d, GROUP_COUNT);
        uint32_t style = goods_pick_style(&g->goods, group, d);
        uint32_t sku = goods_pick_sku(&g->goods, style, dice_below(d, 5), g->civil_day, d);
        at += pause_us(d);
        demo_add_moment(g, at, ACT_VIEW, who, sku);
        if (dice_chance(d, 40))
            demo_add_moment(g, at + 3 * US_PER_S, ACT_WISH, who, sku);
    }
    return at + pause_us(d);
}

static int64_t plan_buying(struct demo *g, uint32_t who, int64_t at)
{
    struct dice *d = &g->dice;
    struct visit v = g->visits[who];
    for (uint32_t i = 0; i < v.basket.count; i++) {
        demo_add_moment(g, at, ACT_VIEW, who, v.basket.lines[i].sku);
        at += pause_us(d);
        demo_add_moment(g, at, ACT_ADD, who, v.basket.lines[i].sku);
        at += pause_us(d);
    }
    demo_add_moment(g, at, ACT_CART, who, 0);
    at += pause_us(d);
    if (!v.logged_in) {
        demo_add_moment(g, at, ACT_LOGIN, who, 0);
        at += pause_us(d);
    }
    demo_add_moment(g, at, ACT_CHECKOUT, who, 0);
    at += pause_us(d);
    demo_add_moment(g, at, ACT_PAYMENT, who, 0);
    at += 2 * US_PER_S;
    demo_add_moment(g, at, ACT_ORDER, who, 0);
    return at;
}

/* Leaves things in the cart. */
static void plan_leaving(struct demo *g, uint32_t who, uint8_t taste, int64_t at)
{
    struct dice *d = &g->dice;
    uint32_t style = goods_pick_style(&g->goods, (enum goods_group)taste, d);
    uint32_t sku = goods_pick_sku(&g->goods, style, dice_below(d, 5), g->civil_day, d);
    demo_add_moment(g, at, ACT_ADD, who, sku);
    if (dice_chance(d, 500))
        demo_add_moment(g, at += pause_us(d), ACT_CART, who, 0);
    if (dice_chance(d, 220))
        demo_add_moment(g, at + pause_us(d), ACT_REMOVE, who, sku);
}

void plan_visit(struct demo *g, struct visit v, int64_t at)
{
    static const uint16_t looks[] = {300, 260, 180, 120, 80, 60};
    struct dice *d = &g->dice;
    uint32_t who;
    *demo_add_visit(g, &who) = v;
    uint8_t taste = v.person == NOBODY ? (uint8_t)dice_weighted(dice_next(d), (const uint16_t[]){540, 200, 120, 140}, GROUP_COUNT, 1000)
                                       : person_at(&g->people, v.person).taste;
    demo_add_moment(g, at, ACT_PAGE, who, 0);
    if (v.registers && !v.buys)
        demo_add_moment(g, at + 40 * US_PER_S, ACT_LOGIN, who, 0);
    at = plan_looking(g, who, taste, at + pause_us(d), 1 + dice_weighted(dice_next(d), looks, 6, 1000));
    if (v.buys)
        plan_order_returns(g, &v, plan_buying(g, who, at));
    else if (dice_chance(d, 190))
        plan_leaving(g, who, taste, at);
}

static int64_t visit_time(struct demo *g)
{
    int32_t second = days_web_second(&g->dice);
    if (second > 84600) /* a visit ends on its own day */
        second -= 3600;
    return demo_midnight_us(g) + second * US_PER_S + dice_below(&g->dice, 1000) * US_PER_MS;
}

static struct visit visit_of(struct demo *g, int64_t person)
{
    return (struct visit){.person = person,
                          .device = person == NOBODY ? unknown_device(g, &g->dice) : device_of(person, &g->dice),
                          .logged_in = person != NOBODY && dice_chance(&g->dice, 700),
                          .phone_screen = dice_chance(&g->dice, 760),
                          .origin = (uint8_t)dice_weighted(dice_next(&g->dice), (const uint16_t[]){420, 180, 170, 130, 100}, 5, 1000)};
}

static void plan_order_visit(struct demo *g, const struct person *p, bool registers, int64_t at)
{
    struct visit v = visit_of(g, p->index);
    v.buys = true;
    v.registers = registers;
    v.logged_in = !registers && v.logged_in;
    v.number = ++g->order_number;
    demo_fill_basket(g, &v.basket, p, true, g->civil_day);
    plan_visit(g, v, at);
}

/* Those who come to the web shop for the first time today. Returns how many of them buy. */
static int64_t plan_newcomers(struct demo *g, int32_t day, int64_t from, int64_t to, int64_t budget)
{
    int64_t bought = 0;
    for (int64_t i = from; i < to; i++) {
        struct person p = person_at(&g->people, i);
        bool first = p.first_side == SIDE_WEB && p.first_day == day, second = p.first_side == SIDE_STORE && p.second_day == day;
        if (!first && !second)
            continue;
        if (!p.lead && bought < budget) {
            plan_order_visit(g, &p, true, visit_time(g));
            bought++;
        } else {
            struct visit v = visit_of(g, i);
            v.registers = true;
            v.logged_in = false;
            plan_visit(g, v, visit_time(g));
        }
    }
    return bought;
}

void plan_repeat_order(struct demo *g, int32_t day, int64_t at)
{
    int64_t index = people_pick(&g->people, SIDE_WEB, day, &g->dice);
    if (index == NOBODY)
        return;
    struct person p = person_at(&g->people, index);
    plan_order_visit(g, &p, false, at);
}

static void plan_orders(struct demo *g, int32_t day)
{
    static const int32_t gaps[] = {0, 3, 14, 30, 60, 90, 150}; /* of people.c, and today's */
    int64_t budget = days_share(g->days.web, day, g->options.events * 225 / 10000), done = 0;
    for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]) && gaps[i] <= day; i++) {
        int32_t then = day - gaps[i];
        done += plan_newcomers(g, day, then ? g->people.joined[then - 1] : 0, g->people.joined[then], budget - done);
    }
    for (; done < budget; done++)
        plan_repeat_order(g, day, visit_time(g));
}

/* Somebody who will come within four days and looks around before she says who she is. */
static int64_t person_to_come(struct demo *g, int32_t day)
{
    int32_t until = day + 4 < g->days.count ? day + 4 : g->days.count - 1;
    int64_t from = g->people.joined[day], room = g->people.joined[until] - from;
    if (room <= 0)
        return NOBODY;
    struct person p = person_at(&g->people, from + dice_below(&g->dice, (uint32_t)room));
    return p.first_side == SIDE_WEB ? p.index : NOBODY;
}

void plan_browsing(struct demo *g, int32_t day, int64_t at)
{
    uint32_t r = dice_below(&g->dice, 1000);
    int64_t person = NOBODY;
    if (r < 420)
        person = people_pick(&g->people, SIDE_WEB, day, &g->dice);
    else if (r < 480)
        person = person_to_come(g, day);
    struct visit v = visit_of(g, person);
    v.logged_in = v.logged_in && r < 420;
    plan_visit(g, v, at);
}

/* Returns and cancellations that are due today. */
static void plan_due(struct demo *g)
{
    for (size_t i = 0; i < g->today.count; i++) {
        const struct due *d = &g->today.items[i];
        if (d->what == DUE_WEB_REFUND || d->what == DUE_WEB_CANCEL)
            demo_add_moment(g, d->at_us, d->what == DUE_WEB_REFUND ? ACT_REFUND : ACT_CANCEL, (uint32_t)i, 0);
    }
}

/* Some customers follow the WeChat account on the day they come. */
static void plan_followers(struct demo *g, int32_t day)
{
    for (int64_t i = g->person_today; i < g->people.joined[day]; i++) {
        struct person p = person_at(&g->people, i);
        if (!person_follows_wechat(&p))
            continue;
        struct visit v = visit_of(g, i);
        uint32_t who;
        *demo_add_visit(g, &who) = v;
        demo_add_moment(g, demo_midnight_us(g) + 22 * 3600 * US_PER_S + (int64_t)dice_below(&g->dice, 5400) * US_PER_S, ACT_FOLLOW, who, 0);
    }
}

void plan_visits(struct demo *g, int32_t day)
{
    size_t before = g->moment_count;
    int64_t events = days_share(g->days.web, day, g->options.events);
    plan_due(g);
    plan_orders(g, day);
    plan_followers(g, day);
    /* Of the last day only the past is told, so its moments are fewer than were planned. */
    for (int64_t tries = 0; (int64_t)(g->moment_count - before) < events && tries < events; tries++)
        plan_browsing(g, day, visit_time(g));
}

/* ---- what comes back ---- */

static uint32_t web_return_permille(const struct demo *g, const struct basket_line *line, bool *ret_shrunk)
{
    static const uint32_t rates[GROUP_COUNT] = {475, 265, 215, 128};
    const struct style *s = &g->goods.styles[g->goods.skus[line->sku].style];
    *ret_shrunk = goods_is_shrinking(&g->goods, line->sku);
    return rates[s->garment->group] + (*ret_shrunk ? 200 : 0);
}

static struct due due_of(struct demo *g, const struct visit *v, uint32_t i, int64_t at, bool shrunk)
{
    struct dice *d = &g->dice;
    int64_t days = shrunk ? 15 + dice_below(d, 20) : 5 + dice_below(d, 10);
    return (struct due){.person = v->person, .what = DUE_WEB_REFUND, .sold_on_web = true, .shrunk = shrunk, .number = v->number,
                        .sold_day = g->civil_day, .line_no = (int32_t)i + 1, .line = demo_line_net(&v->basket, i),
                        .at_us = at + days * US_PER_DAY + (int64_t)dice_below(d, 3600) * US_PER_S};
}

void plan_order_returns(struct demo *g, const struct visit *v, int64_t at)
{
    struct dice *d = &g->dice;
    if (dice_chance(d, 30)) {
        struct due cancel = due_of(g, v, 0, at, false);
        cancel.what = DUE_WEB_CANCEL;
        cancel.at_us = at + US_PER_DAY + (int64_t)dice_below(d, 6 * 3600) * US_PER_S;
        demo_add_due(g, cancel);
        return;
    }
    bool both = v->person >= 0 && person_at(&g->people, v->person).sides == (SIDE_WEB | SIDE_STORE);
    for (uint32_t i = 0; i < v->basket.count; i++) {
        bool shrunk;
        if (!dice_chance(d, web_return_permille(g, &v->basket.lines[i], &shrunk)))
            continue;
        struct due back = due_of(g, v, i, at, shrunk);
        if (both && dice_chance(d, 200)) {
            back.what = DUE_STORE_RETURN;
            back.at_us = (back.at_us / US_PER_DAY) * US_PER_DAY - DEMO_ZONE_S * US_PER_S + days_store_second(d) * US_PER_S;
        }
        demo_add_due(g, back);
    }
}
