/* catalog/: feeds of stores and products are idempotent, partial, and refuse with a field; the calendar knows its days. */
#include "catalog/catalog_priv.h"
#include "db/pool.h"
#include "embedded_sql.h"
#include "truth.h"

static int set_up(void **state)
{
    struct truth *t = truth_new();
    truth_migrate(t, catalog_migrations, catalog_sql);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    truth_free(*state);
    return 0;
}

struct feed {
    enum rc (*put)(struct ctx *c, struct json body, int *ret_outcome);
    struct json body;
    int outcome;
};

static enum rc put_in_tx(struct ctx *c, void *arg)
{
    struct feed *f = arg;
    return f->put(c, f->body, &f->outcome);
}

/* The outcome, or the error's code below zero. */
static int put(struct truth *t, enum rc (*fn)(struct ctx *, struct json, int *), const char *body)
{
    struct feed f = {fn, truth_json(t, body), 0};
    ctx_clear(&t->c);
    enum rc rc = db_tx(&t->c, put_in_tx, &f);
    return rc ? -(int)rc : f.outcome;
}

static void statements(void **state)
{
    truth_check_sql(*state, catalog_sql);
}

static void stores(void **state)
{
    struct truth *t = *state;
    struct store s;
    assert_int_equal(put(t, catalog_store_put, "{\"code\":\"SH01\",\"name\":\"静安店\",\"region\":\"华东\",\"city\":\"上海\",\"kind\":\"own\"}"), CATALOG_NEW);
    assert_int_equal(put(t, catalog_store_put, "{\"code\":\"SH01\",\"name\":\"静安店\"}"), CATALOG_SAME);
    assert_int_equal(put(t, catalog_store_put, "{\"code\":\"SH01\",\"kind\":\"franchised\",\"day_cut_minutes\":0}"), CATALOG_UPDATED);
    assert_int_equal(catalog_store(&t->c, STR("SH01"), &s), RC_OK);
    assert_str(s.name, "静安店");
    assert_str(s.city, "上海");
    assert_int_equal(s.offset_s, 8 * 3600);
    assert_int_equal(s.cut_s, 0);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM store"), 1);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM change WHERE kind = 8"), 2);
    assert_int_equal(catalog_store(&t->c, STR("XX"), &s), RC_NOT_FOUND);
    assert_string_equal(t->c.error.field, "store");
    assert_int_equal(put(t, catalog_store_put, "{\"code\":\"A\",\"kind\":\"rented\"}"), -RC_INVALID);
    assert_string_equal(t->c.error.field, "kind");
}

static const char dress[] = "{\"style\":\"K1001\",\"style_name\":\"亚麻连衣裙\",\"category\":\"女装/连衣裙\",\"brand\":\"知禾\",\"season\":\"2026SS\","
                            "\"wave\":\"1\",\"launch_day\":\"2026-02-10\",\"sku\":\"K1001-02-M\",\"color\":\"02 米白\",\"size\":\"M\","
                            "\"barcode\":\"6901234567892\",\"list_price\":\"599.00\",\"floor_price\":\"299.00\",\"cost\":\"120.00\",\"tax_rate\":\"13\"}";

static void products(void **state)
{
    struct truth *t = *state;
    int64_t sku, style, again, by_barcode;
    assert_int_equal(put(t, catalog_product_put, dress), CATALOG_NEW);
    assert_int_equal(put(t, catalog_product_put, dress), CATALOG_SAME);
    assert_int_equal(put(t, catalog_product_put, "{\"style\":\"K1001\",\"sku\":\"K1001-02-L\",\"size\":\"L\"}"), CATALOG_NEW);
    assert_int_equal(put(t, catalog_product_put, "{\"style\":\"K1001\",\"sku\":\"K1001-02-M\",\"floor_price\":\"279.00\"}"), CATALOG_UPDATED);
    assert_int_equal(put(t, catalog_product_put, "{\"style\":\"K1001\",\"sku\":\"K1001-02-M\",\"barcode\":\"6909999999999\"}"), CATALOG_UPDATED);
    assert_int_equal(catalog_sku(&t->c, STR("K1001-02-M"), &sku, &style), RC_OK);
    assert_int_equal(catalog_sku(&t->c, STR("6901234567892"), &by_barcode, &again), RC_OK);
    assert_true(sku == by_barcode && style == again && sku > 0);
    assert_int_equal(catalog_sku(&t->c, STR("nothing"), &sku, &style), RC_OK);
    assert_true(sku == 0 && style == 0);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM style"), 1);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM category"), 2);
    assert_int_equal(truth_count(t, "SELECT list_minor FROM sku WHERE code = 'K1001-02-M'"), 59900);
    assert_int_equal(truth_count(t, "SELECT floor_minor FROM sku WHERE code = 'K1001-02-M'"), 27900);
    assert_int_equal(truth_count(t, "SELECT cost_minor IS NULL FROM sku WHERE code = 'K1001-02-L'"), 1);
    assert_int_equal(truth_count(t, "SELECT amount_minor FROM sku_price WHERE kind = 2"), 27900);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM change WHERE kind = 7"), 1);
}

static void refused_products(void **state)
{
    struct truth *t = *state;
    static const struct {
        const char *body, *field;
        enum rc rc;
    } rows[] = {
        {"{\"style\":\"K1\"}", "sku", RC_INVALID},
        {"{\"style\":\"K1\",\"sku\":\"K1-1\",\"cost\":\"1.234\"}", "cost", RC_INVALID},
        {"{\"style\":\"K1\",\"sku\":\"K1-1\",\"list_price\":\"-1\"}", "list_price", RC_INVALID},
        {"{\"style\":\"K1\",\"sku\":\"K1-1\",\"tax_rate\":\"101\"}", "tax_rate", RC_INVALID},
        {"{\"style\":\"K1\",\"sku\":\"K1-1\",\"category\":\"a//b\"}", "category", RC_INVALID},
        {"{\"style\":\"K1\",\"sku\":\"K1-1\",\"colour\":\"red\"}", "colour", RC_INVALID},
        {"{\"style\":\"K9\",\"sku\":\"K1001-02-M\"}", "sku", RC_CONFLICT},
        {"{\"style\":\"K1\",\"sku\":\"K1-1\",\"barcode\":\"6901234567892\"}", "barcode", RC_CONFLICT},
    };
    assert_int_equal(put(t, catalog_product_put, dress), CATALOG_NEW);
    for (size_t i = 0; i < COUNT(rows); i++) {
        trying(rows[i].body);
        assert_int_equal(put(t, catalog_product_put, rows[i].body), -(int)rows[i].rc);
        assert_string_equal(t->c.error.field, rows[i].field);
    }
    assert_int_equal(truth_count(t, "SELECT count(*) FROM style"), 1);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM category"), 2);
}

static void calendar(void **state)
{
    struct truth *t = *state;
    static const struct {
        const char *day, *holiday;
        int64_t weekday, off, lunar_month, lunar_day;
    } rows[] = {
        {"2026-02-17", "春节", 2, 1, 1, 1},   {"2026-04-05", "清明节", 7, 1, 2, 18}, {"2025-04-04", "清明节", 5, 1, 3, 7},
        {"2026-06-19", "端午节", 5, 1, 5, 5}, {"2026-09-25", "中秋节", 5, 1, 8, 15}, {"2025-10-01", "国庆节", 3, 1, 8, 10},
        {"2025-07-25", "", 5, 0, 106, 1},     {"2026-03-01", "", 7, 1, 1, 13},       {"2024-02-10", "春节", 6, 1, 1, 1},
    };
    assert_int_equal(db_pool_open(t->path, &t->app.truth), RC_OK);
    clock_set(t->c.now_us);
    assert_int_equal(catalog_calendar_start(&t->app), RC_OK);
    assert_int_equal(catalog_calendar_start(&t->app), RC_OK);
    clock_set(0);
    db_pool_close(t->app.truth);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int32_t day;
        trying(rows[i].day);
        assert_true(clock_parse_day(str_z(rows[i].day), &day));
        struct db_rows *q = db_query(t->c.db, "catalog_calendar_get", DB_I64("from_day", day), DB_I64("to_day", day));
        assert_true(db_next(q));
        assert_str(db_text(q, "holiday"), rows[i].holiday);
        assert_int_equal(db_i64(q, "weekday"), rows[i].weekday);
        assert_int_equal(db_i64(q, "off"), rows[i].off);
        assert_int_equal(db_i64(q, "lunar_month"), rows[i].lunar_month);
        assert_int_equal(db_i64(q, "lunar_day"), rows[i].lunar_day);
        assert_int_equal(db_end(q), RC_OK);
    }
    assert_int_equal(truth_count(t, "SELECT count(*) FROM calendar"), clock_day_of(2030, 1, 1) - clock_day_of(2000, 1, 1));
}

int main(void)
{
    truth_register(db_sql);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(statements, set_up, tear_down), cmocka_unit_test_setup_teardown(stores, set_up, tear_down),
        cmocka_unit_test_setup_teardown(products, set_up, tear_down),   cmocka_unit_test_setup_teardown(refused_products, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calendar, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
