/* The warehouse follows the truth: whatever happened in whatever order, a file kept up to date holds the same as one that
 * is made anew; and what stands in it is what the truth says. */
#include "golden_events.h"
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

/* A step that looked before they were sealed, and reads after their blocks were swept. */
static void blocks_sealed_meanwhile_come_with_their_segments(void **state)
{
    struct fixture *f = *state;
    int64_t sealed, blocks[3];
    struct step s = {.blocks = {blocks, COUNT(blocks)}};
    bool swept = db_engine(f->c.db) == DB_SQLITE; /* where servers share a truth, blocks stay for a while */
    for (int64_t i = 0; i < (int64_t)COUNT(blocks); i++)
        put_events(f, 100 * (i + 1), 40);
    struct db_rows *q;
    assert_int_equal(db_query_text(f->c.db, "SELECT id FROM event_block ORDER BY id", NULL, 0, &q), RC_OK);
    for (size_t i = 0; i < COUNT(blocks); i++) {
        assert_true(db_next(q));
        blocks[i] = db_i64(q, "id");
    }
    assert_int_equal(db_end(q), RC_OK);
    assert_int_equal(eventlog_seal(&f->c, f->app.eventlog, true, &sealed), RC_OK);
    assert_int_equal(sealed, 120);
    assert_int_equal(db_script(f->f.db, "BEGIN TRANSACTION"), RC_OK);
    assert_int_equal(apply_blocks(&f->c, &f->f, &s), RC_OK);
    assert_int_equal(s.segment_count, swept ? 1 : 0);
    assert_int_equal(apply_segments(&f->c, &f->f, &s), RC_OK);
    assert_int_equal(db_script(f->f.db, "COMMIT"), RC_OK);
    assert_int_equal(number(f, "SELECT count(*) FROM event"), 120);
    assert_int_equal(number(f, "SELECT count(*) FROM event_recent"), swept ? 0 : 120);
}

static void reopen_log(struct fixture *f)
{
    eventlog_close(f->app.eventlog);
    f->app.eventlog = NULL;
    assert_int_equal(eventlog_open(&f->c, f->dir, &f->app.eventlog), RC_OK);
}

/* The same events as a segment of each format there ever was. */
static void segments_of_all_formats_are_read_alike(void **state)
{
    struct fixture *f = *state;
    for (int format = 1; format <= GOLDEN_FORMATS; format++)
        golden_place(&f->c, format, format);
    reopen_log(f);
    follow(f);
    assert_int_equal(number(f, "SELECT count(*) FROM event"), GOLDEN_FORMATS * GOLDEN_EVENTS);
    assert_int_equal(number(f, SQL("SELECT count(*) FROM (SELECT id, source_id, subject, day, at_us, step, category, count(*) AS n FROM event GROUP BY 1, 2, 3, 4, 5, 6, 7) AS e WHERE n = %d",
                                   GOLDEN_FORMATS).ptr), GOLDEN_EVENTS);
    for (int64_t n = 0; n < GOLDEN_EVENTS; n += 50) {
        struct event e = golden_event(f->c.arena, n);
        assert_int_equal(number(f, SQL("SELECT count(*) FROM event WHERE id = %lld AND source_id = %lld AND subject = %lld AND at_us = %lld", LL(e.id), LL(e.source_id),
                                       LL(e.subject), LL(e.at_us)).ptr), GOLDEN_FORMATS);
    }
    assert_in_range(number(f, "SELECT count(*) FROM visit WHERE unit = 1"), 1, GOLDEN_EVENTS);
    for (int format = 2; format <= GOLDEN_FORMATS; format++)
        assert_int_equal(number(f, SQL("SELECT count(*) FROM (SELECT day, source_id, word_id, step, visitors FROM visit WHERE unit IN (1, %d) GROUP BY 1, 2, 3, 4, 5 HAVING count(*) <> 2) AS v",
                                       format).ptr), 0);
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
    assert_true(s.lag_ms >= 0);
    return s;
}

static void wait_for_sleep(struct fixture *f)
{
    for (int i = 0; i < 6000 && !status_of(f).asleep; i++)
        usleep(10000);
    assert_true(status_of(f).asleep);
    for (int i = 0; i < 6000 && holds_open("/warehouse.duckdb"); i++)
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
    if (f->app.warehouse_same)
        skip(); /* there is no file to close */
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

    f->c.now_us = clock_now_us() + 3600 * US_PER_S; /* by a clock that was set back since */
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

/* What was committed while an older transaction runs can't be read yet, but nobody is told that it was applied. */
static void what_has_to_wait_is_behind(void **state)
{
    struct fixture *f = *state;
    struct db *older;
    if (!engine_server())
        skip(); /* files have one writer */
    assert_int_equal(warehouse_module.start(&f->app), RC_OK);
    assert_int_equal(db_open(f->where, &(struct db_options){0}, &older), RC_OK);
    assert_int_equal(db_script(older, "BEGIN; SELECT pg_current_xact_id()"), RC_OK);
    put_sale(f, 1001, 1, 8, 11, 1, 100);
    assert_true(status_of(f).lag_ms > 0);
    assert_int_equal(db_script(older, "COMMIT"), RC_OK);
    for (int i = 0; i < 6000 && status_of(f).lag_ms; i++)
        usleep(10000);
    assert_int_equal(asked(f, "SELECT count(*) FROM sale"), 1);
    db_close(older);
    warehouse_module.stop(&f->app);
}

/* ---- stories ---- */

static const struct event *golden_by_id(const struct event *events, int64_t id)
{
    for (size_t i = 0; i < GOLDEN_EVENTS; i++)
        if (events[i].id == id)
            return &events[i];
    fail_msg("no event %lld", LL(id));
    return NULL;
}

static void a_story_reads_segments_of_every_format(void **state)
{
    for (int format = 1; format <= GOLDEN_FORMATS; format++) {
        tear_down(state);
        set_up(state);
        struct fixture *f = *state;
        struct event *events = golden_events(f->c.arena);
        const int64_t subjects[] = {events[0].subject, events[1].subject, events[500].subject};
        struct timeline_query q = {.subjects = subjects, .subject_count = COUNT(subjects), .before_us = INT64_MAX, .before_id = INT64_MAX, .limit = 200};
        struct timeline story = {0};
        int64_t told = 0, expected = 0;
        golden_place(&f->c, 1, format);
        reopen_log(f);
        put_customer(f, 11, 1); /* a change to wait for */
        assert_int_equal(warehouse_module.start(&f->app), RC_OK);
        assert_int_equal(warehouse_wait(&f->c, status_of(f).last_seq, 60000), RC_OK);
        assert_int_equal(asked(f, "SELECT count(*) FROM event"), GOLDEN_EVENTS);
        assert_int_equal(warehouse_timeline(&f->c, &q, &story), RC_OK);
        warehouse_module.stop(&f->app);
        for (size_t i = 0; i < story.count; i++) {
            const struct event *e = golden_by_id(events, story.items[i].id);
            assert_int_equal(story.items[i].at_us, e->at_us);
            assert_int_equal(story.items[i].amount_minor, e->value_minor);
            told += (int64_t)story.items[i].repeat;
        }
        for (size_t i = 0; i < GOLDEN_EVENTS; i++)
            expected += events[i].subject == subjects[0] || events[i].subject == subjects[1] || events[i].subject == subjects[2];
        assert_int_equal(told, expected);
    }
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
        TEST(events_stay_the_same_when_sealed), TEST(blocks_sealed_meanwhile_come_with_their_segments), TEST(segments_of_all_formats_are_read_alike), TEST(a_changed_cell_changes_the_hash), TEST(any_history_gives_the_same_as_anew),
        TEST(what_has_to_wait_is_behind), TEST(sleeps_unasked_and_wakes_up_to_date), TEST(opens_at_start_though_nobody_asks), TEST(a_story_reads_segments_of_every_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
