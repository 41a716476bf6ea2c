/* The generation: day by day, first planned as moments, then sorted by time and told to the sink. */
#include "app/demo/demo_priv.h"

#include <assert.h>
#include <stdlib.h>

struct demo *demo_new(const struct demo_options *o, const struct demo_sink *sink)
{
    struct demo *g = mem_zalloc(1, sizeof(*g));
    g->options = *o;
    if (g->options.events == 0)
        g->options.events = o->customers * 50 * o->years;
    g->sink = sink;
    days_init(&g->days, o->now_us, o->years);
    people_init(&g->people, o->customers, o->seed, &g->days);
    goods_init(&g->goods, o->seed, &g->days);
    g->dice = dice_new(dice_mix(o->seed, 0xD1CE));
    for (size_t i = 0; i < DEMO_CHANNEL_COUNT; i++)
        g->channels[i].body = BUF_INIT(2 * DEMO_BATCH_BYTES);
    g->scratch = BUF_INIT(1 << 20);
    g->totals.days = g->days.count;
    return g;
}

void demo_free(struct demo *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < DEMO_DUE_DAYS; i++)
        free(g->due[i].items);
    for (size_t i = 0; i < DEMO_CHANNEL_COUNT; i++)
        buf_free(&g->channels[i].body);
    buf_free(&g->scratch);
    free(g->today.items);
    free(g->moments);
    free(g->visits);
    free(g->receipts);
    free(g);
}

int64_t demo_midnight_us(const struct demo *g)
{
    return (int64_t)g->civil_day * US_PER_DAY - DEMO_ZONE_S * US_PER_S;
}

/* Room for one more element: doubles. */
static void *grown(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 256;
    return mem_realloc(items, *cap * size);
}

void demo_add_moment(struct demo *g, int64_t at_us, enum act act, uint32_t who, uint32_t what)
{
    if (at_us > g->options.now_us)
        return;
    g->moments = grown(g->moments, g->moment_count, &g->moment_cap, sizeof(*g->moments));
    g->moments[g->moment_count] = (struct moment){at_us, (uint32_t)g->moment_count, (uint8_t)act, who, what};
    g->moment_count++;
}

struct visit *demo_add_visit(struct demo *g, uint32_t *ret_index)
{
    g->visits = grown(g->visits, g->visit_count, &g->visit_cap, sizeof(*g->visits));
    *ret_index = (uint32_t)g->visit_count;
    struct visit *v = &g->visits[g->visit_count++];
    *v = (struct visit){.person = NOBODY};
    return v;
}

struct receipt *demo_add_receipt(struct demo *g, uint32_t *ret_index)
{
    g->receipts = grown(g->receipts, g->receipt_count, &g->receipt_cap, sizeof(*g->receipts));
    *ret_index = (uint32_t)g->receipt_count;
    struct receipt *r = &g->receipts[g->receipt_count++];
    *r = (struct receipt){.person = NOBODY, .typed_phone_of = NOBODY, .helper = 255};
    return r;
}

void demo_add_due(struct demo *g, struct due item)
{
    int32_t day = clock_business_day(item.at_us, DEMO_ZONE_S, 0);
    if (day <= g->civil_day || day >= g->civil_day + DEMO_DUE_DAYS)
        return;
    struct due_list *list = &g->due[day % DEMO_DUE_DAYS];
    list->items = grown(list->items, list->count, &list->cap, sizeof(*list->items));
    list->items[list->count++] = item;
}

static enum goods_group pick_group(struct dice *d, uint8_t taste)
{
    static const uint16_t all[GROUP_COUNT] = {540, 200, 120, 140};
    return dice_chance(d, 650) ? (enum goods_group)taste : (enum goods_group)dice_weighted(dice_next(d), all, GROUP_COUNT, 1000);
}

static void fill_line(struct demo *g, struct basket_line *line, const struct person *p, bool web, int32_t day)
{
    static const uint16_t all[GROUP_COUNT] = {540, 200, 120, 140};
    struct dice *d = &g->dice;
    uint8_t taste = p ? p->taste : (uint8_t)dice_weighted(dice_next(d), all, GROUP_COUNT, 1000);
    uint32_t size = p ? p->size : dice_below(d, 5);
    uint32_t style = goods_pick_style(&g->goods, pick_group(d, taste), d);
    struct price price = price_of(&g->goods, style, day, web, p != NULL);
    line->sku = goods_pick_sku(&g->goods, style, size, day, d);
    line->quantity = g->goods.styles[style].list_minor < 10000 && dice_chance(d, 350) ? dice_between(d, 2, 3) : 1;
    line->paid_minor = price.minor * line->quantity;
    memcpy(line->promotion, price.promotion, sizeof(line->promotion));
}

void demo_fill_basket(struct demo *g, struct basket *b, const struct person *p, bool web, int32_t day)
{
    static const uint16_t store_lines[] = {520, 290, 140, 50}, web_lines[] = {600, 270, 100, 30};
    int64_t total = 0;
    *b = (struct basket){.count = 1 + dice_weighted(dice_next(&g->dice), web ? web_lines : store_lines, 4, 1000)};
    for (uint32_t i = 0; i < b->count; i++) {
        fill_line(g, &b->lines[i], p, web, day);
        total += b->lines[i].paid_minor;
    }
    if (total >= 40000 && dice_chance(&g->dice, web ? 130 : 50))
        b->discount_minor = web && p ? 5000 : 2000;
}

struct basket_line demo_line_net(const struct basket *b, uint32_t i)
{
    struct basket_line line = b->lines[i];
    int64_t total = 0;
    for (uint32_t k = 0; k < b->count; k++)
        total += b->lines[k].paid_minor;
    line.paid_minor -= (int32_t)((b->discount_minor * (int64_t)line.paid_minor + total - 1) / total);
    return line;
}

static int compare_moments(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* ---- bodies ---- */

struct buf *tell_begin(struct demo *g, enum demo_channel channel)
{
    struct channel_buf *c = &g->channels[channel];
    if (c->items == 0) {
        buf_reset(&c->body);
        buf_addz(&c->body, channel == DEMO_TILL ? "{\"receipts\":[" : "{\"batch\":[");
    } else {
        buf_add_byte(&c->body, ',');
    }
    return &c->body;
}

static enum rc flush_channel(struct demo *g, enum demo_channel channel)
{
    struct channel_buf *c = &g->channels[channel];
    if (c->items == 0)
        return RC_OK;
    buf_addz(&c->body, "]}");
    assert(!c->body.failed);
    c->items = 0;
    g->totals.bodies++;
    return g->sink->send(g->sink->arg, channel, c->last_us, buf_str(&c->body));
}

enum rc tell_end(struct demo *g, enum demo_channel channel)
{
    struct channel_buf *c = &g->channels[channel];
    c->items++;
    return c->items >= DEMO_BATCH_ITEMS || c->body.len >= DEMO_BATCH_BYTES ? flush_channel(g, channel) : RC_OK;
}

enum rc tell_flush(struct demo *g)
{
    for (size_t i = 0; i < DEMO_CHANNEL_COUNT; i++) {
        enum rc rc = flush_channel(g, (enum demo_channel)i);
        if (rc)
            return rc;
    }
    return RC_OK;
}

/* A customer form goes out alone, and before anything that names her. */
enum rc tell_form(struct demo *g, int64_t index, int64_t at_us)
{
    struct person p = person_at(&g->people, index);
    buf_reset(&g->scratch);
    person_write_form(&g->scratch, &g->people, &p);
    g->totals.bodies++;
    return g->sink->send(g->sink->arg, DEMO_CUSTOMERS, at_us, buf_str(&g->scratch));
}

enum rc tell_moment(struct demo *g, const struct moment *m)
{
    for (size_t i = 0; i < DEMO_CHANNEL_COUNT; i++)
        g->channels[i].last_us = m->at_us;
    switch ((enum act)m->act) {
    case ACT_RECEIPT: return tell_receipt(g, m);
    case ACT_FORM: return tell_form(g, g->receipts[m->who].person, m->at_us);
    default: return tell_event(g, m);
    }
}

/* ---- a day ---- */

static void take_due(struct demo *g)
{
    struct due_list *list = &g->due[g->civil_day % DEMO_DUE_DAYS], taken = *list;
    *list = g->today;
    list->count = 0;
    g->today = taken;
}

static void plan(struct demo *g, int32_t day)
{
    g->moment_count = g->visit_count = g->receipt_count = 0;
    g->order_number = 0;
    memset(g->receipt_numbers, 0, sizeof(g->receipt_numbers));
    g->civil_day = g->days.first_day + day;
    g->person_today = day ? g->people.joined[day - 1] : 0;
    goods_set_day(&g->goods, g->civil_day);
    take_due(g);
    plan_stories(g, day);
    plan_visits(g, day);
    plan_receipts(g, day);
    qsort(g->moments, g->moment_count, sizeof(*g->moments), compare_moments);
}

static enum rc run_day(struct demo *g, int32_t day)
{
    plan(g, day);
    enum rc rc = goods_feed(&g->goods, g->civil_day, day == 0, &g->scratch, g->sink);
    for (size_t i = 0; !rc && i < g->moment_count; i++)
        rc = tell_moment(g, &g->moments[i]);
    if (!rc)
        rc = tell_flush(g);
    g->totals.day = day + 1;
    g->totals.customers = g->people.joined[day];
    if (!rc && g->sink->progress)
        g->sink->progress(g->sink->arg, &g->totals);
    return rc;
}

enum rc demo_generate(const struct demo_options *o, const struct demo_sink *sink, struct demo_progress *ret_totals)
{
    _cleanup_(demo_freep) struct demo *g = demo_new(o, sink);
    stores_write_feed(&g->scratch);
    enum rc rc = sink->send(sink->arg, DEMO_STORES, g->days.first_day * US_PER_DAY, buf_str(&g->scratch));
    for (int32_t day = 0; !rc && day < g->days.count; day++)
        rc = run_day(g, day);
    if (!rc)
        *ret_totals = g->totals;
    return rc;
}
