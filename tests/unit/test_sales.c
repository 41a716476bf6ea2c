/* sales/: receipts from their JSON, idempotent documents, discounts to the fen, returns across channels, order states. */
#include "catalog/catalog.h"
#include "embedded_sql.h"
#include "sales/sales_priv.h"
#include "truth.h"

static int set_up(void **state)
{
    struct truth *t = truth_new();
    truth_migrate_all(t, (const struct db_migration *const[]){access_migrations, customer_migrations, catalog_migrations, identity_migrations, sales_migrations}, 5);
    memset(t->app.server_key, 7, sizeof(t->app.server_key));
    assert_int_equal(db_script(t->c.db, "INSERT INTO store VALUES (11, 'SH01', '静安店', 0, '上海', 1, 28800, 14400, 0, 1, 0, 0, 1);"
                                        "INSERT INTO style VALUES (21, 'K1', '裙', 0, 0, '', '', NULL, '', 0, 0, 1);"
                                        "INSERT INTO sku VALUES (31, 'K1-M', 21, '', 'M', 59900, 29900, 12000, 1300, 0, 0, 1);"
                                        "INSERT INTO customer_stat (customer_id, listed, home_store_id, class, orders, units, spent_minor, returned_minor, web_orders,"
                                        " web_spent_minor, first_seen_us, last_seen_us, last_order_us) VALUES (77, 1, 0, 1, 0, 0, 0, 0, 0, 0, 5, 5, 0);"),
                     RC_OK);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    truth_free(*state);
    return 0;
}

/* ---- spreading ---- */

static void spread(void **state)
{
    (void)state;
    static const struct {
        int64_t amount, weights[4], want[4];
        size_t count;
    } rows[] = {
        {100, {1, 1, 1}, {34, 33, 33}, 3},
        {-100, {1, 1, 1}, {-34, -33, -33}, 3},
        {10, {39900, 19900}, {7, 3}, 2},
        {5, {0, 100, -50}, {0, 5, 0}, 3},
        {7, {0, 0}, {7, 0}, 2},
        {0, {1, 2}, {0, 0}, 2},
        {1, {1, 2, 2}, {0, 1, 0}, 3},
        {INT64_C(900000000000000), {INT64_C(1000000000000), INT64_C(1000000000000)}, {INT64_C(450000000000000), INT64_C(450000000000000)}, 2},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t got[4];
        sales_spread(rows[i].amount, rows[i].weights, rows[i].count, got);
        for (size_t j = 0; j < rows[i].count; j++)
            assert_true(got[j] == rows[i].want[j]);
    }
}

static void statements(void **state)
{
    truth_check_sql(*state, sales_sql);
}

/* ---- receipts ---- */

static const char plain[] = "{\"store\":\"SH01\",\"till\":\"1\",\"number\":\"0042\",\"time\":\"2026-03-01T03:10:00+08:00\",\"member\":{\"phone\":\" 13800000000 \"},"
                            "\"lines\":[{\"sku\":\"K1-M\",\"name\":\"裙\",\"quantity\":2,\"list_price\":\"599.00\",\"paid\":\"1000.00\"},"
                            "{\"sku\":\"XX\",\"paid\":50.5,\"tax_rate\":\"6\"}],"
                            "\"order_discount\":\"0.50\",\"tenders\":[{\"type\":\"wechat\",\"amount\":\"1000\"},{\"type\":\"cash\",\"amount\":\"50\"}],"
                            "\"staff\":[{\"no\":\"A07\",\"share\":60},{\"no\":\"A08\",\"share\":40}]}";

static enum rc receipt_of(struct truth *t, const char *body, struct sale *s)
{
    struct receipt_identifiers who;
    ctx_clear(&t->c);
    return sales_receipt_from_json(&t->c, truth_json(t, body), s, &who);
}

static void receipt_from_json(void **state)
{
    struct truth *t = *state;
    struct sale s;
    struct receipt_identifiers who;
    assert_int_equal(sales_receipt_from_json(&t->c, truth_json(t, plain), &s, &who), RC_OK);
    assert_str(s.key, "SH01/1/0042");
    assert_str(who.phone, "13800000000");
    assert_str(s.currency, "CNY");
    assert_true(s.member && s.kind == SALE_RECEIPT && s.status == SALE_DONE);
    assert_int_equal(s.business_day, clock_day_of(2026, 2, 28)); /* ten past three is still yesterday's day */
    assert_true(s.total_minor == 105000 && s.order_discount_minor == 50);
    assert_int_equal(s.line_count, 2);
    assert_true(s.lines[0].discount_minor == 19800 && s.lines[0].tax_permyriad == 1300 && s.lines[0].line_no == 1);
    assert_true(s.lines[1].quantity == 1 && s.lines[1].paid_minor == 5050 && s.lines[1].tax_permyriad == 600);
    assert_int_equal(s.shares[1].permille, 400);
}

static void refused_receipts(void **state)
{
    struct truth *t = *state;
#define HEAD "{\"store\":\"SH01\",\"number\":\"1\",\"time\":\"2026-03-01T10:00:00\","
#define LINE "{\"sku\":\"K1-M\",\"paid\":\"10\"}"
#define PAID "\"tenders\":[{\"type\":\"cash\",\"amount\":\"10\"}]"
    static const struct {
        const char *body, *field, *cause;
    } rows[] = {
        {"{\"store\":\"XX\",\"number\":\"1\",\"time\":\"2026-03-01T10:00:00Z\",\"lines\":[" LINE "]}", "store", "unknown"},
        {"{\"store\":\"SH01\",\"time\":\"2026-03-01T10:00:00Z\",\"lines\":[" LINE "]}", "number", "required"},
        {"{\"store\":\"SH01\",\"number\":\"1\",\"time\":\"noon\",\"lines\":[" LINE "]}", "time", "malformed"},
        {"{\"store\":\"SH01\",\"number\":\"1\",\"time\":\"2027-03-01T10:00:00Z\",\"lines\":[" LINE "]}", "time", "out_of_range"},
        {HEAD "\"till\":\"1/2\",\"lines\":[" LINE "]," PAID "}", "till", "malformed"},
        {HEAD "\"lines\":[]}", "lines", "too_few"},
        {HEAD "\"lines\":[" LINE "]}", "tenders", "required"},
        {HEAD "\"lines\":[" LINE "],\"freight\":\"1\"," PAID "}", "tenders", "sum_differs"},
        {HEAD "\"lines\":[" LINE "]," PAID ",\"kind\":\"return\"}", "kind", "lines_differ"},
        {HEAD "\"lines\":[" LINE "]," PAID ",\"currency\":\"cny\"}", "currency", "malformed"},
        {HEAD "\"lines\":[" LINE "]," PAID ",\"currency\":\"JPY\",\"freight\":\"0.5\"}", "freight", "too_precise"},
        {HEAD "\"lines\":[{\"sku\":\"A\",\"paid\":\"10.001\"}]," PAID "}", "lines[0].paid", "too_precise"},
        {HEAD "\"lines\":[" LINE ",{\"sku\":\"A\",\"paid\":\"-1\"}]," PAID "}", "lines[1].paid", "sign"},
        {HEAD "\"lines\":[{\"sku\":\"A\",\"paid\":\"1\",\"quantity\":0}]," PAID "}", "lines[0].quantity", "zero"},
        {HEAD "\"lines\":[{\"sku\":\"A\",\"paid\":\"1\",\"return_of\":{\"store\":\"SH01\"}}]," PAID "}", "lines[0].return_of", "incomplete"},
        {HEAD "\"lines\":[{\"sku\":\"A\",\"paid\":\"1\",\"return_of\":{\"store\":\"SH01\",\"number\":\"1\"}}]," PAID "}", "lines[0].return_of", "not_a_return"},
        {HEAD "\"lines\":[" LINE "],\"tenders\":[{\"type\":\"iou\",\"amount\":\"10\"}]}", "tenders[0].type", "not_a_choice"},
        {HEAD "\"lines\":[" LINE "]," PAID ",\"staff\":[{\"no\":\"A\",\"share\":60}]}", "staff", "sum_differs"},
        {HEAD "\"lines\":[" LINE "]," PAID ",\"cvv\":\"123\"}", "cvv", "unknown"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sale s;
        trying(rows[i].body);
        assert_int_not_equal(receipt_of(t, rows[i].body, &s), RC_OK);
        assert_string_equal(t->c.error.field, rows[i].field);
        assert_string_equal(t->c.error.cause, rows[i].cause);
    }
}

/* ---- documents ---- */

struct put {
    struct sale *sale;
    int64_t id;
    enum sale_outcome outcome;
};

static enum rc put_in_tx(struct ctx *c, void *arg)
{
    struct put *p = arg;
    return sales_put(c, p->sale, &p->id, &p->outcome);
}

/* The outcome, or the error's code below zero. */
static int put(struct truth *t, struct sale *s)
{
    struct put p = {.sale = s};
    ctx_clear(&t->c);
    s->customer_id = 77;
    enum rc rc = db_tx(&t->c, put_in_tx, &p);
    return rc ? -(int)rc : (int)p.outcome;
}

static int put_json(struct truth *t, const char *body)
{
    struct sale s;
    assert_int_equal(receipt_of(t, body, &s), RC_OK);
    return put(t, &s);
}

static void receipts_are_idempotent(void **state)
{
    struct truth *t = *state;
    struct sale s;
    assert_int_equal(put_json(t, plain), SALE_NEW);
    assert_int_equal(put_json(t, plain), SALE_SAME);
    assert_int_equal(receipt_of(t, plain, &s), RC_OK);
    s.lines[0].paid_minor -= 100;
    s.lines[1].paid_minor += 100;
    assert_int_equal(put(t, &s), -RC_CONFLICT);
    assert_string_equal(t->c.error.field, "number");
    s.total_minor++;
    assert_int_equal(put(t, &s), -RC_INVALID);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM sale"), 1);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM sale_line"), 2);
    assert_int_equal(truth_count(t, "SELECT sum(paid_minor) FROM sale_line"), 105000);
    assert_int_equal(truth_count(t, "SELECT order_share_minor FROM sale_line WHERE line_no = 1"), 48);
    assert_int_equal(truth_count(t, "SELECT sku_id FROM sale_line WHERE line_no = 1"), 31);
    assert_int_equal(truth_count(t, "SELECT store_id FROM sale"), 11);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM change WHERE kind = 5"), 1);
    assert_int_equal(truth_count(t, "SELECT spent_minor FROM customer_stat WHERE customer_id = 77"), 105000);
    assert_int_equal(truth_count(t, "SELECT orders FROM customer_stat WHERE customer_id = 77"), 1);
}

static struct sale web_order(struct sale_line *line)
{
    *line = (struct sale_line){.sku = STR("K1-M"), .quantity = 2, .list_minor = 59900, .paid_minor = 80000, .tax_permyriad = 1300};
    return (struct sale){.kind = SALE_ORDER,
                         .status = SALE_PAID,
                         .key = STR("shop/W1"),
                         .channel = STR("web"),
                         .number = STR("W1"),
                         .at_us = INT64_C(1772330000000000),
                         .business_day = 20513,
                         .currency = STR("CNY"),
                         .total_minor = 80000,
                         .freight_minor = 1000,
                         .trusted = true,
                         .lines = line,
                         .line_count = 1};
}

static void a_web_order_comes_back_in_a_store(void **state)
{
    struct truth *t = *state;
    static const char back[] = "{\"store\":\"SH01\",\"till\":\"1\",\"number\":\"R1\",\"time\":\"2026-03-01T11:00:00\",\"lines\":[{\"sku\":\"K1-M\",\"quantity\":-1,"
                               "\"paid\":\"-400\",\"return_of\":{\"source\":\"shop\",\"order_id\":\"W1\"}}],\"tenders\":[{\"type\":\"cash\",\"amount\":\"-400\"}]}";
    struct sale_line line;
    struct sale order = web_order(&line);
    assert_int_equal(put_json(t, back), SALE_NEW); /* the return is here before what it returns */
    assert_int_equal(truth_count(t, "SELECT return_sale_id FROM sale_line"), 0);
    assert_int_equal(put(t, &order), SALE_NEW);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM sale_line r JOIN sale o ON o.id = r.return_sale_id WHERE o.number = 'W1' AND r.return_line = 1"), 1);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM change WHERE kind = 5"), 3); /* the joined return changed, too */
    assert_int_equal(truth_count(t, "SELECT orders FROM customer_stat WHERE customer_id = 77"), 1);
    assert_int_equal(truth_count(t, "SELECT spent_minor FROM customer_stat WHERE customer_id = 77"), 40000);
    assert_int_equal(truth_count(t, "SELECT returned_minor FROM customer_stat WHERE customer_id = 77"), 40000);
    struct channel_totals *totals;
    size_t count;
    int64_t member = 77;
    assert_int_equal(sales_record(&t->c, &member, 1, &totals, &count), RC_OK);
    for (size_t i = 0; i < count; i++)
        if (str_eqz(totals[i].channel, "web")) /* the return is the web's, though the store took it */
            assert_true(totals[i].orders == 1 && totals[i].spent_minor == 40000 && totals[i].returned_minor == 40000);
        else
            assert_true(totals[i].spent_minor == 0 && totals[i].returns == 1);
    assert_int_equal(count, 2);
}

static void an_exchange_is_one_document(void **state)
{
    struct truth *t = *state;
    struct sale s;
    static const char exchange[] =
        "{\"store\":\"SH01\",\"till\":\"1\",\"number\":\"X1\",\"time\":\"2026-03-01T11:00:00\",\"lines\":["
        "{\"sku\":\"K1-M\",\"quantity\":-1,\"paid\":\"-500\",\"return_of\":{\"store\":\"SH01\",\"till\":\"1\",\"number\":\"0042\",\"line_no\":1}},"
        "{\"sku\":\"K1-L\",\"quantity\":1,\"paid\":\"520\"}],\"tenders\":[{\"type\":\"alipay\",\"amount\":\"20\"}]}";
    assert_int_equal(put_json(t, plain), SALE_NEW);
    assert_int_equal(receipt_of(t, exchange, &s), RC_OK);
    assert_int_equal(s.kind, SALE_EXCHANGE);
    assert_int_equal(put(t, &s), SALE_NEW);
    assert_int_equal(truth_count(t, "SELECT orders FROM customer_stat WHERE customer_id = 77"), 1);
    assert_int_equal(truth_count(t, "SELECT spent_minor FROM customer_stat WHERE customer_id = 77"), 107000);
    assert_int_equal(truth_count(t, "SELECT returned_minor FROM customer_stat WHERE customer_id = 77"), 50000);
    assert_int_equal(truth_count(t, "SELECT return_line FROM sale_line WHERE return_sale_id > 0"), 1);
}

static void orders_are_updated_by_their_source(void **state)
{
    struct truth *t = *state;
    struct sale_line line;
    struct sale order = web_order(&line);
    assert_int_equal(put(t, &order), SALE_NEW);
    order.at_us += US_PER_DAY; /* the browser and the server both tell */
    assert_int_equal(put(t, &order), SALE_SAME);
    line.quantity = 1;
    line.paid_minor = order.total_minor = 40000;
    order.trusted = false;
    assert_int_equal(put(t, &order), -RC_CONFLICT);
    assert_string_equal(t->c.error.cause, "source_not_trusted");
    order.trusted = true;
    order.status = SALE_SHIPPED;
    assert_int_equal(put(t, &order), SALE_UPDATED);
    order.status = SALE_PAID; /* a late word of the past */
    assert_int_equal(put(t, &order), SALE_SAME);
    assert_int_equal(truth_count(t, "SELECT status FROM sale"), SALE_SHIPPED);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM sale_line"), 1);
    assert_int_equal(truth_count(t, "SELECT rev FROM sale"), 2);
    assert_int_equal(truth_count(t, "SELECT web_spent_minor FROM customer_stat WHERE customer_id = 77"), 40000);
}

struct move {
    enum sale_status status;
    int64_t refund, at;
    enum sale_outcome outcome;
};

static enum rc move_in_tx(struct ctx *c, void *arg)
{
    struct move *m = arg;
    return sales_set_status(c, STR("shop/W1"), m->status, m->refund, m->at, true, &m->outcome);
}

static int move(struct truth *t, enum sale_status status, int64_t refund, int64_t at)
{
    struct move m = {status, refund, at, 0};
    ctx_clear(&t->c);
    enum rc rc = db_tx(&t->c, move_in_tx, &m);
    return rc ? -(int)rc : (int)m.outcome;
}

static void refunds(void **state)
{
    struct truth *t = *state;
    struct sale_line line;
    struct sale order = web_order(&line);
    assert_int_equal(move(t, SALE_SHIPPED, 0, 1), -RC_NOT_FOUND);
    assert_int_equal(put(t, &order), SALE_NEW);
    assert_int_equal(move(t, SALE_RECEIVED, 0, 1), SALE_UPDATED);
    assert_int_equal(move(t, SALE_RECEIVED, 0, 2), SALE_SAME);
    assert_int_equal(move(t, SALE_SHIPPED, 0, 3), -RC_CONFLICT);
    assert_int_equal(move(t, SALE_REFUNDED, 30000, 4), SALE_UPDATED);
    assert_int_equal(move(t, SALE_REFUNDED, 30000, 4), SALE_SAME);
    assert_int_equal(truth_count(t, "SELECT status FROM sale"), SALE_PART_REFUNDED);
    assert_int_equal(truth_count(t, "SELECT spent_minor FROM customer_stat WHERE customer_id = 77"), 50000);
    assert_int_equal(move(t, SALE_REFUNDED, 60000, 5), -RC_INVALID);
    assert_int_equal(move(t, SALE_REFUNDED, 0, 6), SALE_UPDATED);
    assert_int_equal(move(t, SALE_REFUNDED, 0, 7), SALE_SAME);
    assert_int_equal(truth_count(t, "SELECT refunded_minor FROM sale"), 81000); /* freight, too */
    assert_int_equal(truth_count(t, "SELECT spent_minor FROM customer_stat WHERE customer_id = 77"), 0);
    assert_int_equal(truth_count(t, "SELECT returned_minor FROM customer_stat WHERE customer_id = 77"), 80000);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM sale_state"), 4);
}

static void cancelling_takes_the_purchase_away(void **state)
{
    struct truth *t = *state;
    struct sale_line line;
    struct sale order = web_order(&line);
    assert_int_equal(put(t, &order), SALE_NEW);
    assert_int_equal(move(t, SALE_CANCELLED, 0, 1), SALE_UPDATED);
    assert_int_equal(move(t, SALE_CANCELLED, 0, 2), SALE_SAME);
    assert_int_equal(put(t, &order), SALE_SAME); /* the first word again does not bring it back */
    assert_int_equal(truth_count(t, "SELECT orders FROM customer_stat WHERE customer_id = 77"), 0);
    assert_int_equal(truth_count(t, "SELECT spent_minor + returned_minor + units FROM customer_stat WHERE customer_id = 77"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct db_sql *const sql[] = {db_sql, access_sql, customer_sql, catalog_sql, identity_sql, sales_sql};
    for (size_t i = 0; i < COUNT(sql); i++)
        truth_register(sql[i]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spread),
        TEST(statements),
        TEST(receipt_from_json),
        TEST(refused_receipts),
        TEST(receipts_are_idempotent),
        TEST(a_web_order_comes_back_in_a_store),
        TEST(an_exchange_is_one_document),
        TEST(orders_are_updated_by_their_source),
        TEST(refunds),
        TEST(cancelling_takes_the_purchase_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
