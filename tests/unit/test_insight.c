/* The figures of the overview against the truth itself: another way of asking, over the raw documents, must say the same
 * for any history, period and filter. */
#include "insight/insight_priv.h"
#include "warehouse_fixture.h"

static int set_up_insight(void **state)
{
    db_register_sql(insight_warehouse_sql, SIZE_MAX);
    return set_up(state);
}

/* Documents of consumers in the raw: one row a line, with what the person is today and the cost of the day. */
static const char raw[] =
    "WITH person AS (SELECT c.id, coalesce(m.root_id, c.id) AS root FROM customer c LEFT JOIN customer_member m ON m.customer_id = c.id), "
    "class AS (SELECT p.root, coalesce((SELECT c.class FROM customer c JOIN person q ON q.id = c.id WHERE q.root = p.root AND c.class > 0 ORDER BY c.class_us DESC, c.id DESC LIMIT 1), 1) AS class "
    "  FROM person p GROUP BY p.root), "
    "doc AS (SELECT s.*, coalesce(p.root, s.customer_id) AS root, p.root IS NOT NULL AS known, coalesce(k.class, 1) AS class "
    "  FROM sale s LEFT JOIN person p ON p.id = s.customer_id LEFT JOIN class k ON k.root = p.root), "
    "line AS (SELECT d.id, d.kind, d.status, d.channel, d.store_id, d.business_day, d.member, l.quantity, l.paid_minor, l.list_minor, l.tax_permyriad, "
    "  coalesce((SELECT t.category_id FROM sku k JOIN style t ON t.id = k.style_id WHERE k.id = l.sku_id OR (l.sku_id = 0 AND k.code = l.sku)), 0) AS category, "
    "  coalesce((SELECT p.amount_minor FROM sku_price p JOIN sku k ON k.id = p.sku_id WHERE (k.id = l.sku_id OR (l.sku_id = 0 AND k.code = l.sku)) AND p.kind = 3 AND p.from_day <= d.business_day ORDER BY p.from_day DESC LIMIT 1), "
    "    (SELECT p.amount_minor FROM sku_price p JOIN sku k ON k.id = p.sku_id WHERE (k.id = l.sku_id OR (l.sku_id = 0 AND k.code = l.sku)) AND p.kind = 3 ORDER BY p.from_day LIMIT 1)) AS cost "
    "  FROM doc d JOIN sale_line l ON l.sale_id = d.id WHERE d.class = 1), "
    "hit AS (SELECT * FROM line WHERE business_day BETWEEN %d AND %d AND (%s) AND (%s)) ";
static const char is_sold[] = "(kind = 1 OR (kind = 2 AND status NOT IN (1, 5))) AND quantity > 0";
static const char is_back[] = "(kind IN (1, 3) OR (kind = 2 AND status NOT IN (1, 5))) AND quantity < 0";

struct question {
    int32_t from, to;
    const char *channel;      /* SQL and value */
    int64_t category;
};

static int64_t ask(struct fixture *f, const struct question *q, const char *select)
{
    struct db_rows *rows;
    char sql[8192], channel[64] = "1=1", category[64] = "1=1";
    if (q->channel)
        snprintf(channel, sizeof(channel), "channel = '%s'", q->channel);
    if (q->category)
        snprintf(category, sizeof(category), "category = %lld", LL(q->category));
    int len = snprintf(sql, sizeof(sql), raw, q->from, q->to, channel, category);
    snprintf(sql + len, sizeof(sql) - (size_t)len, "%s", select);
    assert_int_equal(db_query_text(f->c.db, sql, NULL, 0, &rows), RC_OK);
    assert_true(db_next(rows));
    int64_t n = db_i64_at(rows, 0);
    assert_int_equal(db_end(rows), RC_OK);
    return n;
}

static struct insight_filter filter_of(const struct question *q)
{
    return (struct insight_filter){.from_day = q->from, .to_day = q->to, .channel = str_z(q->channel), .any_store = true, .any_category = q->category == 0,
                                   .categories = &q->category, .category_count = q->category != 0};
}

/* Returns what was sold, so that the caller can see that something was. */
static int64_t compare(struct fixture *f, const struct question *q)
{
    struct insight_filter filter = filter_of(q);
    struct sums s;
    char sql[1024];
    f->c.warehouse = f->f.db;
    assert_int_equal(sums_read(&f->c, &filter, q->from, q->to, &s), RC_OK);
#define ASK(...) (snprintf(sql, sizeof(sql), __VA_ARGS__), ask(f, q, sql))
    assert_int_equal(s.sales, ASK("SELECT COALESCE(sum(paid_minor), 0) FROM hit WHERE (%s) OR kind = 4", is_sold));
    assert_int_equal(s.sold, ASK("SELECT COALESCE(sum(paid_minor), 0) FROM hit WHERE %s", is_sold));
    assert_int_equal(s.pieces, ASK("SELECT COALESCE(sum(quantity), 0) FROM hit WHERE %s", is_sold));
    assert_int_equal(s.member_sales, ASK("SELECT COALESCE(sum(paid_minor), 0) FROM hit WHERE member = 1 AND ((%s) OR kind = 4)", is_sold));
    assert_int_equal(s.list, ASK("SELECT COALESCE(sum(list_minor * quantity), 0) FROM hit WHERE %s", is_sold));
    assert_int_equal(s.returned, ASK("SELECT -COALESCE(sum(paid_minor), 0) FROM hit WHERE %s", is_back));
    assert_int_equal(s.returned_pieces, ASK("SELECT -COALESCE(sum(quantity), 0) FROM hit WHERE %s", is_back));
    assert_int_equal(s.margin, ASK("SELECT COALESCE(sum(round(paid_minor * 1.0 / (1 + tax_permyriad / 10000.0)) - cost * quantity), 0) FROM hit WHERE cost IS NOT NULL AND ((%s) OR kind = 4)", is_sold));
    assert_int_equal(s.documents, ASK("SELECT count(DISTINCT id) FROM hit WHERE %s", is_sold));
    const char *bought = "SELECT root, business_day, id FROM doc WHERE class = 1 AND known AND units > 0 AND (kind = 1 OR (kind = 2 AND status NOT IN (1, 5)))";
    const char *here = "SELECT DISTINCT d.root FROM doc d JOIN hit h ON h.id = d.id WHERE d.known AND (h.kind = 1 OR (h.kind = 2 AND h.status NOT IN (1, 5))) AND h.quantity > 0";
    assert_int_equal(s.people, ASK("SELECT count(*) FROM (%s) n", here));
    assert_int_equal(s.first_time, ASK("SELECT count(*) FROM (SELECT root, min(business_day) AS first FROM (%s) b GROUP BY root) n WHERE first >= %d AND root IN (%s)", bought, q->from, here));
    assert_int_equal(islands_read(&f->c, &filter, &s), RC_OK);
    assert_int_equal(s.web, ASK("SELECT count(DISTINCT d.customer_id) FROM doc d WHERE d.known AND d.channel <> 'store' AND d.id IN (SELECT id FROM hit WHERE %s)", is_sold));
    assert_int_equal(s.store, ASK("SELECT count(DISTINCT d.customer_id) FROM doc d WHERE d.known AND d.channel = 'store' AND d.id IN (SELECT id FROM hit WHERE %s)", is_sold));
    char pairs[512];
    snprintf(pairs, sizeof(pairs), "SELECT d.root FROM doc d WHERE d.known AND d.id IN (SELECT id FROM hit WHERE %s) GROUP BY d.root HAVING count(DISTINCT d.channel = 'store') = 2", is_sold);
    assert_int_equal(s.both, ASK("SELECT count(*) FROM (%s) n", pairs));
    assert_int_equal(s.both_sales, ASK("SELECT COALESCE(sum(h.paid_minor), 0) FROM hit h JOIN doc d ON d.id = h.id WHERE d.root IN (%s) AND d.known AND (h.kind = 1 OR (h.kind = 2 AND h.status NOT IN (1, 5))) AND h.quantity > 0", pairs));
    return s.documents * s.first_time * s.returned;
}

static void any_history_any_question(void **state)
{
    struct fixture *f = *state;
    static const char *const channels[] = {NULL, NULL, "web", "store", "none"};
    for (int i = 0; i < 500; i++)
        happen(f);
    follow(f);
    int telling = 0;
    for (int i = 0; i < 60; i++) {
        int32_t from = 20118 + (int32_t)roll(f, 12);
        struct question q = {from, from + (int32_t)roll(f, 10), channels[roll(f, COUNT(channels))], (int64_t)roll(f, 4)};
        telling += compare(f, &q) != 0;
    }
    assert_true(telling >= 10);
}

/* The funnel by the plain way: group every event by its device. */
static const char raw_funnel[] =
    "SELECT sum(v.browse), sum(v.cart), sum(v.ordered), count(DISTINCT CASE WHEN v.browse = 1 THEN v.person_id END), count(DISTINCT CASE WHEN v.cart = 1 THEN v.person_id END), "
    "count(DISTINCT CASE WHEN v.ordered = 1 THEN v.person_id END) FROM ("
    "SELECT e.subject, max(c.person_id) AS person_id, max(CASE WHEN e.step = 1 THEN 1 ELSE 0 END) AS browse, "
    "max(CASE WHEN e.step = 2 THEN 1 ELSE 0 END) AS cart, max(CASE WHEN e.step = 4 THEN 1 ELSE 0 END) AS ordered "
    "FROM event AS e LEFT JOIN subject AS l ON l.subject = e.subject AND l.shared = 0 LEFT JOIN customer AS c ON c.id = l.customer_id "
    "WHERE e.day >= %d AND e.day <= %d AND (%d = 1 OR e.category IN ('dress', 'women/dress', 'women/dress/long')) AND (c.person_class IS NULL OR c.person_class = 1) GROUP BY e.subject) AS v";

static void visit(struct fixture *f, int64_t subject, int32_t day)
{
    static const struct {
        int32_t type;
        struct str name;
    } kinds[] = {{EVENT_PAGE, {"Home", 4}}, {EVENT_TRACK, {"Product Viewed", 14}}, {EVENT_TRACK, {"Product Added", 13}}, {EVENT_TRACK, {"Order Completed", 15}}, {EVENT_TRACK, {"Other", 5}}};
    static const char *const categories[] = {"", "dress", "women/dress", "women/dress/long", "men"};
    struct event e = {.id = id_next(), .source_id = 1, .subject = subject, .at_us = (int64_t)day * US_PER_DAY + US_PER_S, .received_us = clock_now_us(), .message_id = SQL("v-%lld", LL(id_next()))};
    size_t kind = roll(f, COUNT(kinds));
    e.type = kinds[kind].type;
    e.name = kinds[kind].name;
    e.category = str_z(categories[roll(f, COUNT(categories))]);
    put(f, (struct write){.events = &e, .event_count = 1});
}

static void the_funnel_counts_everybody_once(void **state)
{
    struct fixture *f = *state;
    int64_t sealed;
    f->c.warehouse = f->f.db;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 120; i++)
            visit(f, 100 + (int64_t)roll(f, 30), 20100 + (int32_t)roll(f, 6));
        for (int i = 0; i < 8; i++) {
            int64_t customer = somebody(f);
            put_customer(f, customer, roll(f, 3) ? 1 : 2);
            put_subject(f, 100 + (int64_t)roll(f, 30), customer);
        }
        merge(f, somebody(f), somebody(f));
        if (round < 3) /* the last round stays in the tail */
            assert_int_equal(eventlog_seal(&f->c, f->app.eventlog, true, &sealed), RC_OK);
        follow(f);
        for (int q = 0; q < 12; q++) {
            int32_t from = 20100 + (int32_t)roll(f, 5), to = from + (int32_t)roll(f, 6);
            bool any = roll(f, 2);
            struct insight_filter filter = {.from_day = from, .to_day = to, .any_store = true, .any_category = any, .category = any ? STR("") : STR("dress")};
            struct funnel_step steps[FUNNEL_STEPS];
            char sql[2048];
            struct db_rows *rows;
            assert_int_equal(funnel_read(&f->c, &filter, steps), RC_OK);
            snprintf(sql, sizeof(sql), raw_funnel, from, to, any);
            assert_int_equal(db_query_text(f->f.db, sql, NULL, 0, &rows), RC_OK);
            assert_true(db_next(rows));
            for (size_t i = 0; i < FUNNEL_STEPS; i++) {
                assert_int_equal(steps[i].subjects, db_i64_at(rows, i));
                assert_int_equal(steps[i].people, db_i64_at(rows, FUNNEL_STEPS + i));
            }
            assert_int_equal(db_end(rows), RC_OK);
        }
    }
    assert_same_as_anew(f);
}

/* The formulas by hand on two receipts, one of them of two people who turn out to be one. */
static void a_small_day(void **state)
{
    struct fixture *f = *state;
    struct question q = {20100, 20200, NULL, 0};
    struct insight_filter filter = filter_of(&q);
    struct sums s;
    put_sku(f, 1, 12000);
    put_customer(f, 11, 1);
    put_customer(f, 12, 1);
    put_customer(f, 13, 2); /* staff: counts nowhere */
    put_sale(f, 1001, 1, 8, 11, 1, 39900);
    put_sale(f, 1002, 2, 2, 12, 1, 11300);
    put_sale(f, 1003, 1, 8, 13, 1, 50000);
    put_sale(f, 1004, 3, 8, 11, 1, -39900);
    follow(f);
    f->c.warehouse = f->f.db;
    assert_int_equal(sums_read(&f->c, &filter, q.from, q.to, &s), RC_OK);
    assert_int_equal(s.sales, 51200);
    assert_int_equal(s.margin, 35310 - 12000 + 10000 - 12000);
    assert_int_equal(s.documents, 2);
    assert_int_equal(s.returned, 39900);
    assert_int_equal(s.people, 2);
    assert_int_equal(s.both, 0);
    merge(f, 11, 12);
    follow(f);
    assert_int_equal(sums_read(&f->c, &filter, q.from, q.to, &s), RC_OK);
    assert_int_equal(islands_read(&f->c, &filter, &s), RC_OK);
    assert_int_equal(s.people, 1);
    assert_int_equal(s.both, 1);
    assert_int_equal(s.again, 1);
    assert_int_equal(s.web, 1);
    assert_int_equal(s.store, 1);
    assert_int_equal(s.both_sales, 51200);
    for (const struct tile *t = tiles; t->key; t++) {
        double v;
        assert_true(t->value(&s, &v));
        if (strcmp(t->key, "average_order") == 0)
            assert_true(v == 25600);
        if (strcmp(t->key, "return_rate_pieces") == 0)
            assert_true(v == 50);
        assert_false(strncmp(t->key, "average", 7) == 0 && t->value(&(struct sums){0}, &v)); /* nothing to divide by */
    }
}

static void every_statement_can_be_prepared(void **state)
{
    struct fixture *f = *state;
    const char *why;
    const struct db_sql *const lists[] = {insight_warehouse_sql, warehouse_warehouse_sql};
    for (size_t i = 0; i < COUNT(lists); i++)
        for (const struct db_sql *sql = lists[i]; sql->name; sql++)
            if (strncmp(sql->name, "warehouse_", 10) != 0) { /* what makes the tables was run */
                bool ok = db_check_sql(f->f.db, sql->name, &why);
                if (!ok)
                    print_error("%s: %s\n", sql->name, why);
                assert_true(ok);
            }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_insight, tear_down)
    const struct CMUnitTest tests[] = {TEST(a_small_day), TEST(any_history_any_question), TEST(the_funnel_counts_everybody_once), TEST(every_statement_can_be_prepared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
