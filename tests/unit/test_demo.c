/* The demo retailer: the same seed gives the same bytes, bodies are JSON in the order of time, and what was promised of
 * proportions holds. */
#include "app/demo/demo.h"
#include "base/clock.h"
#include "json/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct tally {
    struct json_parser *parser;
    uint64_t hash;
    int64_t last_us[DEMO_CHANNEL_COUNT];
    int64_t bodies, events, receipts, sales, returns, exchanges, members, orders, refunds, pieces[2], web_pieces, web_back;
    int64_t forms, products, unordered, typed;
    int64_t shrunk, shrunk_elsewhere, lot_sold, served_hz, served_h03;
    int64_t june[2], below_floor[2]; /* of two years: web revenue in fen; pieces under half the list price */
};

static void hash_body(struct tally *t, struct str body)
{
    for (size_t i = 0; i < body.len; i++)
        t->hash = (t->hash ^ (unsigned char)body.ptr[i]) * UINT64_C(0x100000001B3); /* FNV-1a */
}

static void check_time(struct tally *t, enum demo_channel channel, struct str time)
{
    int64_t at = 0;
    assert_true(clock_parse(time, &at));
    t->unordered += at < t->last_us[channel];
    t->last_us[channel] = at;
}

static int64_t fen(struct json v)
{
    double yuan = json_is(v, JSON_STR) ? strtod(json_str(v).ptr, NULL) : json_double(v, 0);
    return (int64_t)(yuan * 100 + (yuan < 0 ? -0.5 : 0.5));
}

/* The hidden stories: the lot in 05 that shrinks, and who serves in HZ01. */
static void count_hidden(struct tally *t, struct json r, struct str kind)
{
    for (struct json_iter it = json_iter(json_get(r, STR("lines"))); json_next(&it);) {
        bool lot = str_starts(json_str(json_get(it.value, STR("sku"))), STR("M1001-05"));
        bool shrunk = str_eqz(json_str(json_get(it.value, STR("return_reason"))), "洗后缩水");
        t->lot_sold += lot && str_eqz(kind, "receipt");
        t->shrunk += shrunk && lot;
        t->shrunk_elsewhere += shrunk && !lot;
    }
    struct json_iter staff = json_iter(json_get(r, STR("staff")));
    if (!str_eqz(kind, "receipt") || !str_eqz(json_str(json_get(r, STR("store"))), "HZ01") || !json_next(&staff))
        return;
    t->served_hz++;
    t->served_h03 += str_eqz(json_str(json_get(staff.value, STR("no"))), "H03");
}

static void count_receipt(struct tally *t, struct json r)
{
    struct str kind = json_str(json_get(r, STR("kind")));
    int64_t sum = -fen(json_get(r, STR("order_discount"))), tenders = 0;
    struct json_iter it = json_iter(json_get(r, STR("lines")));
    while (json_next(&it)) {
        int64_t quantity = json_i64(json_get(it.value, STR("quantity")), 0);
        sum += fen(json_get(it.value, STR("paid")));
        if (!str_eqz(kind, "receipt") && quantity > 0)
            continue;
        t->pieces[quantity < 0] += quantity < 0 ? -quantity : quantity;
    }
    for (it = json_iter(json_get(r, STR("tenders"))); json_next(&it);)
        tenders += fen(json_get(it.value, STR("amount")));
    assert_int_equal(sum, tenders);
    check_time(t, DEMO_TILL, json_str(json_get(r, STR("time"))));
    t->receipts++;
    count_hidden(t, r, kind);
    t->sales += str_eqz(kind, "receipt");
    t->returns += str_eqz(kind, "return");
    t->exchanges += str_eqz(kind, "exchange");
    t->members += str_eqz(kind, "receipt") && json_is(json_get(r, STR("member")), JSON_OBJECT);
    t->typed += str_eqz(json_str(json_get(json_get(r, STR("member")), STR("phone"))), "15400000104");
}

static int64_t products_of(struct json event)
{
    int64_t pieces = 0;
    struct json_iter it = json_iter(json_get(json_get(event, STR("properties")), STR("products")));
    while (json_next(&it))
        pieces += json_i64(json_get(it.value, STR("quantity")), 0);
    return pieces;
}

static void count_june(struct tally *t, struct json e)
{
    struct str time = json_str(json_get(e, STR("timestamp")));
    struct json properties = json_get(e, STR("properties"));
    int year = str_starts(time, STR("2024-06")) ? 0 : str_starts(time, STR("2025-06")) ? 1 : -1;
    if (year < 0)
        return;
    t->june[year] += fen(json_get(properties, STR("revenue")));
    for (struct json_iter it = json_iter(json_get(properties, STR("products"))); json_next(&it);)
        t->below_floor[year] += 2 * fen(json_get(it.value, STR("price"))) < fen(json_get(it.value, STR("list_price"))) - 100;
}

static void count_event(struct tally *t, enum demo_channel channel, struct json e)
{
    struct str name = json_str(json_get(e, STR("event")));
    check_time(t, channel, json_str(json_get(e, STR("timestamp"))));
    t->events++;
    if (str_eqz(name, "Order Completed")) {
        t->orders++;
        count_june(t, e);
        t->web_pieces += products_of(e);
    } else if (str_eqz(name, "Order Refunded")) {
        t->refunds++;
        t->web_back += products_of(e);
    }
}

static enum rc take(void *arg, enum demo_channel channel, int64_t at_us, struct str body)
{
    struct tally *t = arg;
    (void)at_us;
    struct json doc;
    const char *why;
    t->bodies++;
    hash_body(t, body);
    assert_int_equal(json_parse(t->parser, body, 1 << 20, &doc, &why), RC_OK);
    if (channel == DEMO_CUSTOMERS)
        t->forms++;
    if (channel == DEMO_PRODUCTS)
        t->products += (int64_t)json_count(json_get(doc, STR("products")));
    struct json_iter it = json_iter(json_get(doc, STR("receipts")));
    while (json_next(&it))
        count_receipt(t, it.value);
    for (it = json_iter(json_get(doc, STR("batch"))); json_next(&it);)
        count_event(t, channel, it.value);
    return RC_OK;
}

static struct tally generate(uint64_t seed, int64_t customers, int32_t years)
{
    struct tally t = {.parser = json_parser_new(), .hash = UINT64_C(0xCBF29CE484222325)};
    const struct demo_options o = {.customers = customers, .years = years, .seed = seed, .now_us = INT64_C(1763800000) * US_PER_S};
    struct demo_progress totals;
    const struct demo_sink sink = {.send = take, .arg = &t};
    assert_int_equal(demo_generate(&o, &sink, &totals), RC_OK);
    assert_int_equal(totals.receipts, t.receipts);
    assert_int_equal(totals.events, t.events);
    assert_int_equal(totals.orders, t.orders);
    json_parser_free(t.parser);
    return t;
}

static void same_seed_same_bytes(void **state)
{
    (void)state;
    struct tally a = generate(7, 200, 1), b = generate(7, 200, 1), c = generate(8, 200, 1);
    assert_true(a.hash == b.hash);
    assert_false(a.hash == c.hash);
    assert_int_equal(a.unordered, 0);
}

static void assert_between(int64_t value, int64_t low, int64_t high)
{
    if (value < low || value > high)
        fail_msg("%lld is not between %lld and %lld", (long long)value, (long long)low, (long long)high);
}

static void proportions_hold(void **state)
{
    (void)state;
    struct tally t = generate(1, 2000, 2);
    assert_between(t.events, 195000, 212000);
    assert_between(t.sales, 10100, 10350);
    assert_between(t.orders, 4300, 4600);
    assert_between(t.members * 100 / t.sales, 63, 67);
    assert_between(t.pieces[1] * 1000 / t.pieces[0], 50, 80);
    assert_between(t.exchanges * 100 / (t.returns + t.exchanges), 48, 65);
    assert_between(t.web_back * 100 / t.web_pieces, 25, 42);
    assert_int_equal(t.typed, 40);
}

/* docs/demo.md, "What is hidden in the crowd". The history ends in November 2025, so June 2025 is the bad one. */
static void hidden_stories_are_there(void **state)
{
    (void)state;
    struct tally t = generate(1, 6000, 2);
    assert_true(t.lot_sold > 100);
    assert_between(t.shrunk * 100 / t.lot_sold, 22, 45);
    assert_int_equal(t.shrunk_elsewhere, 0);
    assert_between(t.served_h03 * 100 / t.served_hz, 25, 45);
    assert_true(t.june[1] > t.june[0] * 13 / 10);
    assert_true(t.below_floor[1] > 1000);
    assert_int_equal(t.below_floor[0], 0);
}

/* An hour of the trickle: some bodies, none of them large, all stamped with the hour's own times. */
static void the_trickle_is_gentle(void **state)
{
    (void)state;
    struct tally t = {.parser = json_parser_new()};
    const struct demo_sink sink = {.send = take, .arg = &t};
    int64_t start = INT64_C(1763800000) * US_PER_S, now = start, wait;
    const struct demo_options o = {.customers = 300, .years = 1, .seed = 3, .now_us = start};
    struct demo_trickle *trickle = demo_trickle_new(&o);
    for (; now < start + 3600 * US_PER_S; now += wait * US_PER_MS) {
        assert_int_equal(demo_trickle_next(trickle, now, &sink, &wait), RC_OK);
        assert_in_range(wait, 100, 10000);
    }
    assert_int_equal(t.unordered, 0);
    assert_true(t.last_us[DEMO_BROWSER] >= start && t.last_us[DEMO_BROWSER] <= now);
    assert_between(t.events, 200, 1500);
    assert_between(t.receipts, 15, 100);
    assert_between(t.orders, 1, 60);
    demo_trickle_free(trickle);
    json_parser_free(t.parser);
}

/* The shop's login finds the account that the generation gave to a phone. */
static enum rc check_accounts(void *arg, enum demo_channel channel, int64_t at_us, struct str body)
{
    struct tally *t = arg;
    (void)at_us;
    struct json doc;
    const char *why;
    const struct demo_options o = {.customers = 300, .years = 1, .seed = 9};
    assert_int_equal(json_parse(t->parser, body, 1 << 20, &doc, &why), RC_OK);
    for (struct json_iter it = json_iter(json_get(doc, STR("batch"))); channel == DEMO_SHOP_SERVER && json_next(&it);) {
        struct str phone = json_str(json_get(json_get(it.value, STR("traits")), STR("phone")));
        struct str user = json_str(json_get(it.value, STR("userId")));
        char account[24];
        if (phone.len == 0 || user.len == 0 || str_eqz(user, "u900103")) /* mother and daughter share a phone */
            continue;
        assert_true(demo_account_of_phone(&o, phone, account));
        assert_true(str_eqz(user, account));
        t->typed++;
    }
    return RC_OK;
}

static void a_phone_leads_to_its_account(void **state)
{
    (void)state;
    struct tally t = {.parser = json_parser_new()};
    const struct demo_options o = {.customers = 300, .years = 1, .seed = 9, .now_us = INT64_C(1763800000) * US_PER_S};
    const struct demo_sink sink = {.send = check_accounts, .arg = &t};
    struct demo_progress totals;
    char account[24];
    assert_int_equal(demo_generate(&o, &sink, &totals), RC_OK);
    assert_true(t.typed > 50);
    assert_false(demo_account_of_phone(&o, STR("13800001111"), account));
    assert_false(demo_account_of_phone(&o, STR("15400009999"), account));
    assert_false(demo_account_of_phone(&o, STR("154"), account));
    json_parser_free(t.parser);
}

/* A sink that gives up: the failure comes back. */
static enum rc refuse(void *arg, enum demo_channel channel, int64_t at_us, struct str body)
{
    (void)arg, (void)channel, (void)at_us, (void)body;
    return RC_DISK_FULL;
}

static void a_failing_sink_ends_it(void **state)
{
    (void)state;
    const struct demo_options o = {.customers = 10, .years = 1, .seed = 1, .now_us = INT64_C(1763800000) * US_PER_S};
    struct demo_progress totals;
    const struct demo_sink sink = {.send = refuse};
    assert_int_equal(demo_generate(&o, &sink, &totals), RC_DISK_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_bytes),
        cmocka_unit_test(proportions_hold),
        cmocka_unit_test(hidden_stories_are_there),
        cmocka_unit_test(the_trickle_is_gentle),
        cmocka_unit_test(a_phone_leads_to_its_account),
        cmocka_unit_test(a_failing_sink_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
