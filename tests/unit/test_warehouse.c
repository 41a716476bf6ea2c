/* The warehouse follows the truth: whatever happened in whatever order, a file kept up to date holds the same as one that
 * is made anew; and what stands in it is what the truth says. */
#include "warehouse_fixture.h"

/* ---- tests ---- */

static void facts_take_over_what_they_need(void **state)
{
    struct fixture *f = *state;
    put_customer(f, 11, 1);
    put_sku(f, 1, 12000);
    put_sku(f, 2, 5000);
    put_sale(f, 1001, 1, 8, 11, 1, 39900); /* by id */
    put_sale(f, 1002, 2, 2, 11, 2, 11300); /* by code: its sku_id is 0 */
    put_sale(f, 1003, 2, 1, 11, 2, 11300); /* not paid */
    put_sale(f, 1004, 3, 8, 11, 1, -39900);
    follow(f);
    assert_int_equal(number(f, "SELECT sum(net_minor) FROM sale_line WHERE role = 1"), 35310 + 10000);
    assert_int_equal(number(f, "SELECT sum(cost_minor) FROM sale_line WHERE role = 1"), 17000);
    assert_int_equal(number(f, "SELECT count(*) FROM sale_line WHERE role = 3 AND cost_minor = -12000"), 1);
    assert_int_equal(number(f, "SELECT counts FROM sale WHERE id = 1003"), 0);
    assert_int_equal(number(f, "SELECT count(*) FROM sale_line WHERE style_id = 102 AND category_id = 3"), 2);
}

static void a_late_catalogue_reaches_old_lines(void **state)
{
    struct fixture *f = *state;
    put_sale(f, 1001, 1, 8, 11, 2, 39900);
    follow(f);
    assert_int_equal(number(f, "SELECT count(*) FROM sale_line WHERE cost_minor IS NULL AND style_id = 0"), 1);
    put_sku(f, 2, 7000);
    follow(f);
    assert_int_equal(number(f, "SELECT count(*) FROM sale_line WHERE cost_minor = 7000 AND style_id = 102"), 1);
    assert_same_as_anew(f);
}

static void merging_moves_sales_and_class(void **state)
{
    struct fixture *f = *state;
    put_sale(f, 1001, 1, 8, 11, 1, 100);
    follow(f);
    assert_int_equal(number(f, "SELECT known FROM sale"), 0);
    put_customer(f, 11, 1);
    put_customer(f, 12, 2);
    follow(f);
    assert_int_equal(number(f, "SELECT known * 10 + class FROM sale"), 11);
    merge(f, 12, 11);
    follow(f);
    assert_int_equal(number(f, "SELECT person_id * 10 + class FROM sale"), 122); /* the newest word on class counts for both */
    assert_int_equal(number(f, "SELECT class FROM sale_line"), 2);
    assert_same_as_anew(f);
}

static void events_stay_the_same_when_sealed(void **state)
{
    struct fixture *f = *state;
    struct warehouse_hash before[WAREHOUSE_HASHES], after[WAREHOUSE_HASHES];
    int64_t sealed;
    put_events(f, 100, 400);
    put_events(f, 200, 300);
    follow(f);
    assert_int_equal(follower_hashes(f->f.db, before), RC_OK);
    assert_int_equal(eventlog_seal(&f->c, f->app.eventlog, true, &sealed), RC_OK);
    follow(f);
    assert_int_equal(number(f, "SELECT count(*) FROM event_recent"), 0);
    assert_int_equal(number(f, "SELECT count(*) FROM event"), 700);
    assert_int_equal(follower_hashes(f->f.db, after), RC_OK);
    for (size_t i = 0; i < WAREHOUSE_HASHES; i++) /* visits are made of segments */
        assert_true(before[i].hash == after[i].hash || strncmp(before[i].table, "visit", 5) == 0);
    put_events(f, 300, 10);
    follow(f);
    assert_int_equal(number(f, "SELECT count(*) FROM event"), 710);
    assert_same_as_anew(f);
}

static void a_changed_cell_changes_the_hash(void **state)
{
    struct fixture *f = *state;
    struct warehouse_hash before[WAREHOUSE_HASHES], after[WAREHOUSE_HASHES];
    put_sale(f, 1001, 1, 8, 11, 1, 100);
    put_sale(f, 1002, 1, 8, 12, 1, 200);
    follow(f);
    assert_int_equal(follower_hashes(f->f.db, before), RC_OK);
    /* Swapping two cells keeps every sum and count of cells. */
    assert_int_equal(db_script(f->f.db, "UPDATE sale SET customer_id = 23 - customer_id"), RC_OK);
    assert_int_equal(follower_hashes(f->f.db, after), RC_OK);
    for (size_t i = 0; i < WAREHOUSE_HASHES; i++)
        assert_int_equal(before[i].hash == after[i].hash, strcmp(before[i].table, "sale") != 0);
}

static void any_history_gives_the_same_as_anew(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 400; i++) {
        happen(f);
        if (roll(f, 12) == 0)
            follow(f);
    }
    follow(f);
    assert_same_as_anew(f);
}

/* ---- sleep ---- */

static bool holds_open(const char *name)
{
    char link[64], path[512];
    for (int fd = 0; fd < 256; fd++) {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(link, path, sizeof(path));
        if (len > 0 && str_ends(str_n(path, (size_t)len), str_z(name)))
            return true;
    }
    return false;
}

static struct warehouse_status status_of(struct fixture *f)
{
    struct warehouse_status s;
    assert_int_equal(warehouse_status(&f->c, &s), RC_OK);
    return s;
}

static void wait_for_sleep(struct fixture *f)
{
    for (int i = 0; i < 6000 && !status_of(f).asleep; i++)
        usleep(10000);
    assert_true(status_of(f).asleep);
    for (int i = 0; i < 1000 && holds_open("/warehouse.duckdb"); i++)
        usleep(10000); /* it is being closed */
    assert_false(holds_open("/warehouse.duckdb"));
}

static int64_t asked(struct fixture *f, const char *sql)
{
    int64_t n = -1;
    struct db_rows *q;
    enum rc rc = RC_BUSY;
    for (int i = 0; i < 24 && rc == RC_BUSY; i++)
        rc = warehouse_use(&f->c); /* waits some seconds each time: a loaded machine may need more */
    assert_int_equal(rc, RC_OK);
    assert_int_equal(db_query_text(f->c.warehouse, sql, NULL, 0, &q), RC_OK);
    while (db_next(q))
        n = db_i64_at(q, 0);
    assert_int_equal(db_end(q), RC_OK);
    warehouse_done(&f->c);
    return n;
}

static void sleeps_unasked_and_wakes_up_to_date(void **state)
{
    struct fixture *f = *state;
    f->app.warehouse_rest_s = 1;
    put_sale(f, 1001, 1, 8, 11, 1, 39900);
    assert_int_equal(warehouse_module.start(&f->app), RC_OK);
    assert_int_equal(warehouse_wait(&f->c, status_of(f).last_seq, 60000), RC_OK);
    assert_int_equal(asked(f, "SELECT count(*) FROM sale"), 1);
    wait_for_sleep(f);

    put_sale(f, 1002, 1, 8, 11, 1, 100);
    assert_int_equal(asked(f, "SELECT count(*) FROM sale"), 2); /* whoever asks sees what happened meanwhile */
    assert_int_equal(status_of(f).lag_ms, 0);
    wait_for_sleep(f);

    put_sale(f, 1003, 1, 8, 11, 1, 100); /* a little, applied after a while though nobody asks */
    for (int i = 0; i < 6000 && status_of(f).lag_ms; i++)
        usleep(10000);
    assert_int_equal(status_of(f).lag_ms, 0);
    wait_for_sleep(f);

    assert_int_equal(warehouse_rebuild(&f->c), RC_OK);
    assert_int_equal(asked(f, "SELECT count(*) FROM sale"), 3);
    wait_for_sleep(f);
    warehouse_module.stop(&f->app);
}

static void opens_at_start_though_nobody_asks(void **state)
{
    struct fixture *f = *state;
    f->app.warehouse_rest_s = 3600;
    assert_int_equal(warehouse_module.start(&f->app), RC_OK);
    for (int i = 0; i < 150; i++)
        put_sale(f, 1001 + i, 1, 8, 11, 1, 100);
    for (int i = 0; i < 6000 && status_of(f).seq < status_of(f).last_seq; i++)
        usleep(10000);
    assert_int_equal(status_of(f).seq, status_of(f).last_seq);
    warehouse_module.stop(&f->app);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(facts_take_over_what_they_need), TEST(a_late_catalogue_reaches_old_lines), TEST(merging_moves_sales_and_class),
        TEST(events_stay_the_same_when_sealed), TEST(a_changed_cell_changes_the_hash), TEST(any_history_gives_the_same_as_anew),
        TEST(sleeps_unasked_and_wakes_up_to_date), TEST(opens_at_start_though_nobody_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
