/* Plans the stores' day and writes receipts: sales with and without a member, returns and exchanges. */
#include "app/demo/demo_priv.h"

enum { MEMBER_PERMILLE = 650, RETURN_PERMILLE = 65, EXCHANGE_PERMILLE = 760, SHRUNK_PERMILLE = 350 };

static uint8_t pick_store(struct dice *d)
{
    uint16_t weights[DEMO_STORES_COUNT];
    for (uint32_t i = 0; i < DEMO_STORES_COUNT; i++)
        weights[i] = demo_shops[i].weight;
    return (uint8_t)dice_weighted(dice_next(d), weights, DEMO_STORES_COUNT, 1000);
}

static int64_t store_time(struct demo *g)
{
    return demo_midnight_us(g) + days_store_second(&g->dice) * US_PER_S + dice_below(&g->dice, 1000) * US_PER_MS;
}

static void serve(struct demo *g, struct receipt *r, const struct person *p)
{
    struct dice *d = &g->dice;
    r->store = p && !dice_chance(d, 100) ? p->home_store : pick_store(d);
    bool own = p && r->store == p->home_store && dice_chance(d, 650);
    r->assistant = own ? p->assistant : (uint8_t)staff_pick(d, r->store);
    if (dice_chance(d, 70)) {
        uint8_t helper = (uint8_t)(1 + dice_below(d, demo_shops[r->store].staff_count));
        r->helper = helper == r->assistant ? 255 : helper;
    }
}

/* A sale; p NULL: a walk-in. */
static void plan_sale(struct demo *g, const struct person *p, bool enrols, int64_t at)
{
    uint32_t who;
    struct receipt *r = demo_add_receipt(g, &who);
    r->at_us = at;
    serve(g, r, p);
    if (p) {
        r->person = p->index;
        r->phone_only = !enrols && dice_chance(&g->dice, 250);
    }
    demo_fill_basket(g, &r->basket, p, false, g->civil_day);
    if (enrols && p->first_side == SIDE_STORE)
        demo_add_moment(g, r->at_us - 4 * 60 * US_PER_S, ACT_FORM, who, 0);
    demo_add_moment(g, r->at_us, ACT_RECEIPT, who, enrols);
}

static void enrol_only(struct demo *g, int64_t index)
{
    uint32_t who;
    struct receipt *r = demo_add_receipt(g, &who);
    r->person = index;
    demo_add_moment(g, store_time(g), ACT_FORM, who, 0);
}

/* Those who come to a store for the first time today. */
static int64_t plan_newcomers(struct demo *g, int32_t day, int64_t from, int64_t to, int64_t budget)
{
    int64_t bought = 0;
    for (int64_t i = from; i < to; i++) {
        struct person p = person_at(&g->people, i);
        bool first = p.first_side == SIDE_STORE && p.first_day == day, second = p.first_side == SIDE_WEB && p.second_day == day;
        if (!first && !second)
            continue;
        if (bought < budget) {
            plan_sale(g, &p, true, store_time(g));
            bought++;
        } else if (first) {
            enrol_only(g, i);
        }
    }
    return bought;
}

void plan_member_sale(struct demo *g, int32_t day, int64_t at)
{
    int64_t index = people_pick(&g->people, SIDE_STORE, day, &g->dice);
    struct person p = index == NOBODY ? (struct person){0} : person_at(&g->people, index);
    plan_sale(g, index == NOBODY ? NULL : &p, false, at);
}

static void plan_members(struct demo *g, int32_t day, int64_t budget)
{
    static const int32_t gaps[] = {0, 3, 14, 30, 60, 90, 150};
    int64_t done = 0;
    for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]) && gaps[i] <= day; i++) {
        int32_t then = day - gaps[i];
        done += plan_newcomers(g, day, then ? g->people.joined[then - 1] : 0, g->people.joined[then], budget - done);
    }
    for (; done < budget; done++)
        plan_member_sale(g, day, store_time(g));
}

void plan_return(struct demo *g, const struct due *back)
{
    uint32_t who;
    struct receipt *r = demo_add_receipt(g, &who);
    r->person = back->person;
    r->at_us = back->at_us;
    r->is_return = true;
    r->due = *back;
    r->store = back->sold_on_web ? person_at(&g->people, back->person).home_store : back->store;
    r->assistant = (uint8_t)staff_pick(&g->dice, r->store);
    r->exchanged_for = goods_other_size(&g->goods, back->line.sku, &g->dice);
    demo_add_moment(g, r->at_us, ACT_RECEIPT, who, 0);
}

void plan_receipts(struct demo *g, int32_t day)
{
    int64_t sales = days_share(g->days.store, day, g->options.events * 51 / 1000);
    int64_t members = (sales * MEMBER_PERMILLE + 500) / 1000;
    for (size_t i = 0; i < g->today.count; i++)
        if (g->today.items[i].what == DUE_STORE_RETURN || g->today.items[i].what == DUE_STORE_EXCHANGE)
            plan_return(g, &g->today.items[i]);
    plan_members(g, day, members);
    for (int64_t i = members; i < sales; i++)
        plan_sale(g, NULL, false, store_time(g));
}

/* ---- writing ---- */

static uint8_t till_of(uint32_t number)
{
    return (uint8_t)(1 + number % 3 / 2); /* two tills; the first takes more */
}

static void write_number(struct buf *b, int32_t civil_day, uint32_t number)
{
    text_date_digits(b, civil_day);
    buf_add_byte(b, '-');
    text_digits(b, number, 5);
}

static void write_member(struct demo *g, struct buf *b, const struct receipt *r, bool enrols)
{
    if (r->typed_phone_of != NOBODY) {
        buf_addz(b, ",\"member\":{\"phone\":\"");
        person_write_phone(b, &g->people, r->typed_phone_of);
        buf_addz(b, "\"}");
        return;
    }
    if (r->person == NOBODY)
        return;
    buf_addz(b, ",\"member\":{");
    if (r->phone_only || enrols) {
        buf_addz(b, "\"phone\":\"");
        person_write_phone(b, &g->people, r->person);
        buf_addz(b, enrols ? "\"," : "\"");
    }
    if (!r->phone_only || enrols) {
        buf_addz(b, "\"card\":\"");
        person_write_card(b, r->person);
        buf_addz(b, "\"");
    }
    buf_addz(b, "}");
}

/* A line up to and without what it returns. */
static void write_line(struct demo *g, struct buf *b, int32_t line_no, uint32_t sku, int32_t quantity, int32_t paid_minor, const char *promotion)
{
    const struct sku *k = &g->goods.skus[sku];
    const struct style *s = &g->goods.styles[k->style];
    int64_t discount = quantity > 0 ? (int64_t)s->list_minor * quantity - paid_minor : 0;
    buf_addz(b, line_no > 1 ? ",{\"line_no\":" : "{\"line_no\":");
    buf_add_i64(b, line_no);
    buf_addz(b, ",\"sku\":\"");
    buf_addz(b, k->code);
    buf_addz(b, "\",\"name\":\"");
    buf_addz(b, s->name);
    buf_addz(b, "\",\"quantity\":");
    buf_add_i64(b, quantity);
    buf_addz(b, ",\"list_price\":\"");
    text_money(b, s->list_minor);
    buf_addz(b, "\",\"paid\":\"");
    text_money(b, paid_minor);
    buf_addz(b, "\",\"discount\":\"");
    text_money(b, discount);
    buf_addz(b, "\",\"tax_rate\":\"13\"");
    if (promotion[0]) {
        buf_addz(b, ",\"promotion\":\"");
        buf_addz(b, promotion);
        buf_addz(b, "\"");
    }
}

static const char *pick_reason(struct dice *d, bool shrunk, bool exchange)
{
    static const char *const returns[] = {"不喜欢", "颜色与想的不同", "质量问题", "送人不合适"};
    if (shrunk)
        return "洗后缩水";
    return exchange || dice_chance(d, 450) ? "尺码不合适" : returns[dice_below(d, 4)];
}

/* The order id of the web shop: day and number within it. */
static void write_sold_document(struct buf *b, const struct due *d)
{
    if (d->sold_on_web) {
        buf_addz(b, ",\"return_of\":{\"source\":\"web-shop\",\"order_id\":\"W");
        text_date_digits(b, d->sold_day);
        buf_add_byte(b, '-');
        text_digits(b, d->number, 6);
    } else {
        buf_addz(b, ",\"return_of\":{\"store\":\"");
        buf_addz(b, demo_shops[d->store].code);
        buf_addz(b, "\",\"till\":\"");
        buf_add_i64(b, d->till);
        buf_addz(b, "\",\"number\":\"");
        write_number(b, d->sold_day, d->number);
    }
    buf_addz(b, "\",\"line_no\":");
    buf_add_i64(b, d->line_no);
    buf_addz(b, "}");
}

/* Returns what the till gives or takes. */
static int64_t write_lines(struct demo *g, struct buf *b, const struct receipt *r)
{
    int64_t total = 0;
    buf_addz(b, ",\"lines\":[");
    if (r->is_return) {
        const struct due *d = &r->due;
        bool exchange = d->what == DUE_STORE_EXCHANGE;
        write_line(g, b, 1, d->line.sku, -d->line.quantity, -d->line.paid_minor, "");
        write_sold_document(b, d);
        buf_addz(b, ",\"return_reason\":\"");
        buf_addz(b, pick_reason(&g->dice, d->shrunk, exchange));
        buf_addz(b, "\"}");
        total = -d->line.paid_minor;
        if (exchange) {
            write_line(g, b, 2, r->exchanged_for, d->line.quantity, d->line.paid_minor, "");
            buf_addz(b, "}");
            total = 0;
        }
    }
    for (uint32_t i = 0; i < r->basket.count; i++) {
        const struct basket_line *l = &r->basket.lines[i];
        write_line(g, b, (int32_t)i + 1, l->sku, l->quantity, l->paid_minor, l->promotion);
        buf_addz(b, "}");
        total += l->paid_minor;
    }
    buf_addz(b, "]");
    return total - r->basket.discount_minor;
}

static void write_tenders(struct demo *g, struct buf *b, const struct receipt *r, int64_t total)
{
    static const char *const types[] = {"wechat", "alipay", "card", "cash", "mall_voucher"};
    static const uint16_t weights[] = {480, 300, 120, 80, 20};
    buf_addz(b, ",\"order_discount\":\"");
    text_money(b, r->basket.discount_minor);
    buf_addz(b, "\",\"freight\":\"0.00\",\"tenders\":[");
    if (total != 0) {
        buf_addz(b, "{\"type\":\"");
        buf_addz(b, types[dice_weighted(dice_next(&g->dice), weights, 5, 1000)]);
        buf_addz(b, "\",\"amount\":\"");
        text_money(b, total);
        buf_addz(b, "\"}");
    }
    buf_addz(b, "],\"staff\":[{\"no\":\"");
    staff_write_no(b, r->store, r->assistant);
    buf_addz(b, r->helper == 255 ? "\",\"share\":100}]}" : "\",\"share\":60},{\"no\":\"");
    if (r->helper != 255) {
        staff_write_no(b, r->store, r->helper);
        buf_addz(b, "\",\"share\":40}]}");
    }
}

/* Decides what of a sale will come back. */
static void plan_store_returns(struct demo *g, const struct receipt *r)
{
    struct dice *d = &g->dice;
    for (uint32_t i = 0; i < r->basket.count; i++) {
        bool shrunk = goods_is_shrinking(&g->goods, r->basket.lines[i].sku) && dice_chance(d, SHRUNK_PERMILLE);
        if (!shrunk && !dice_chance(d, RETURN_PERMILLE))
            continue;
        int64_t days = shrunk ? 15 + dice_below(d, 20) : 1 + dice_below(d, 12);
        bool one_size = goods_other_size(&g->goods, r->basket.lines[i].sku, d) == r->basket.lines[i].sku;
        int64_t midnight = demo_midnight_us(g) + days * US_PER_DAY;
        demo_add_due(g, (struct due){.person = r->person, .at_us = midnight + days_store_second(d) * US_PER_S,
                                     .what = !shrunk && !one_size && dice_chance(d, EXCHANGE_PERMILLE) ? DUE_STORE_EXCHANGE : DUE_STORE_RETURN,
                                     .shrunk = shrunk, .store = r->store, .till = till_of(r->number), .number = r->number, .sold_day = g->civil_day,
                                     .line_no = (int32_t)i + 1, .line = demo_line_net(&r->basket, i)});
    }
}

enum rc tell_receipt(struct demo *g, const struct moment *m)
{
    static const char *const kinds[] = {"receipt", "return", "exchange"};
    struct receipt *r = &g->receipts[m->who];
    r->number = ++g->receipt_numbers[r->store];
    struct buf *b = tell_begin(g, DEMO_TILL);
    buf_addz(b, "{\"store\":\"");
    buf_addz(b, demo_shops[r->store].code);
    buf_addz(b, "\",\"till\":\"");
    buf_add_i64(b, till_of(r->number));
    buf_addz(b, "\",\"number\":\"");
    write_number(b, g->civil_day, r->number);
    buf_addz(b, "\",\"time\":\"");
    text_local_time(b, m->at_us);
    buf_addz(b, "\",\"currency\":\"CNY\",\"kind\":\"");
    buf_addz(b, kinds[r->is_return ? r->due.what == DUE_STORE_EXCHANGE ? 2 : 1 : 0]);
    buf_addz(b, "\"");
    write_member(g, b, r, m->what);
    write_tenders(g, b, r, write_lines(g, b, r));
    g->totals.receipts++;
    bool story = r->typed_phone_of != NOBODY || (r->person < 0 && r->person != NOBODY);
    if (!r->is_return && !story)
        plan_store_returns(g, r);
    return tell_end(g, DEMO_TILL);
}
