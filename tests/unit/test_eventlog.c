/* The event log: blocks, the window of messages, sealing, verifying, and coming back after a stop or a crash. */
#include "eventlog_fixture.h"

#include <fcntl.h>

/* The n-th event of the tests; every field is used by some of them. */
static struct event event_number(struct arena *a, int64_t n)
{
    struct event e = {
        .id = id_next(), .source_id = 7 + n % 2, .subject = 1000 + n % 50, .at_us = clock_now_us() - n * 1001, .received_us = clock_now_us(),
        .value_minor = n % 3 ? 0 : n * 100, .quantity = n % 5, .type = EVENT_TRACK, .flags = (int32_t)(n % 4),
        .name = n % 2 ? STR("Product Viewed") : STR("浏览"), .path = arena_printf(a, "/p/%lld", (long long)(n % 20)), .props = STR("{\"k\":1}"),
    };
    e.message_id = n % 3 == 0 ? arena_printf(a, "%08llx-1111-4222-8333-444455556666", (long long)n)
                   : n % 3 == 1 ? arena_printf(a, "ajs-next-%lld-0a0b0c0d-1111-4222-8333-444455556666", (long long)n)
                                : arena_printf(a, "odd id %lld", (long long)n);
    return e;
}

static struct event *put(struct fixture *f, int64_t from, size_t count, bool fail)
{
    struct append a = {arena_new_array(f->c.arena, struct event, count), count, fail};
    for (size_t i = 0; i < count; i++)
        a.events[i] = event_number(f->c.arena, from + (int64_t)i);
    enum rc rc = db_pool_tx(&f->c, f->app.truth, append, &a);
    assert_int_equal(rc, fail ? RC_INVALID : RC_OK);
    eventlog_ended(f->app.eventlog, rc == RC_OK);
    return a.events;
}

static bool seen(struct fixture *f, const struct event *e)
{
    return eventlog_seen(&f->c, f->app.eventlog, e->source_id, e->message_id);
}

/* ---- tests ---- */

static void blocks_come_back(void **state)
{
    struct fixture *f = *state;
    struct event *list, events[5];
    struct block_writer w = {0};
    struct block_reader r = {0};
    size_t count;
    for (int i = 0; i < 5; i++)
        events[i] = event_number(f->c.arena, i);
    events[4].at_us = -12345;
    events[4].message_id = STR_NULL;
    events[4].value_minor = INT64_MIN;
    events[4].subject = INT64_MAX;
    struct str bytes = block_encode(&w, events, 5, NULL);
    assert_int_equal(block_decode(&r, f->c.arena, bytes, &list, &count), RC_OK);
    assert_int_equal(count, 5);
    for (int i = 0; i < 5; i++)
        assert_same(&events[i], &list[i]);
    for (size_t cut = 0; cut < bytes.len; cut += 7) /* a cut block is refused, never read past */
        assert_int_equal(block_decode(&r, f->c.arena, arena_str(f->c.arena, str_sub(bytes, 0, cut)), &list, &count), RC_STORE);
    r.without_ids = true;
    assert_int_equal(block_decode(&r, f->c.arena, bytes, &list, &count), RC_OK);
    for (int i = 0; i < 5; i++) {
        events[i].message_id = STR_NULL;
        assert_same(&events[i], &list[i]);
    }
    block_reader_free(&r);
    block_writer_free(&w);
}

static int64_t next_of_index(void *arg)
{
    int64_t *at = arg;
    return (*at)++ * INT64_C(2654435761) & INT64_MAX;
}

static void index_knows_its_subjects_and_few_others(void **state)
{
    enum { SUBJECTS = 50000, OTHERS = 200000 };
    struct fixture *f = *state;
    const struct subject_block *index;
    size_t blocks;
    int64_t at = 0, found = 0;
    char path[512];
    segment_path(f->app.eventlog, 4711, ".subjects", path);
    assert_int_equal(subjects_write(path, SUBJECTS, next_of_index, &at), RC_OK);
    subjects_map(path, &index, &blocks);
    assert_non_null(index);
    for (at = 0; at < SUBJECTS;)
        assert_true(subjects_have(index, blocks, next_of_index(&at)));
    while (at < SUBJECTS + OTHERS)
        found += subjects_have(index, blocks, next_of_index(&at));
    assert_in_range(found, 1, OTHERS / 200);
    subjects_unmap(index, blocks);
    unlink(path);
}

static void messages_are_seen_once_committed(void **state)
{
    struct fixture *f = *state;
    struct event other = event_number(f->c.arena, 0), *events = put(f, 0, 10, true);
    for (int i = 0; i < 10; i++)
        assert_false(seen(f, &events[i])); /* rolled back */
    events = put(f, 0, 10, false);
    for (int i = 0; i < 10; i++)
        assert_true(seen(f, &events[i]));
    other.source_id = 99;
    assert_false(seen(f, &other)); /* the same id of another source */
    assert_false(eventlog_seen(&f->c, f->app.eventlog, 7, STR("")));
}

static void twice_in_one_block_counts_once(void **state)
{
    struct fixture *f = *state;
    struct event events[3] = {event_number(f->c.arena, 1), event_number(f->c.arena, 2), event_number(f->c.arena, 1)};
    struct append a = {events, 3, false};
    struct eventlog_stats stats;
    assert_int_equal(db_pool_tx(&f->c, f->app.truth, append, &a), RC_OK);
    eventlog_ended(f->app.eventlog, true);
    eventlog_stats(f->app.eventlog, &stats);
    assert_int_equal(stats.events, 2);
}

struct tally {
    struct event *expected;
    size_t expected_count, found;
};

static enum rc find_expected(void *arg, const struct event *e)
{
    struct tally *t = arg;
    for (size_t i = 0; i < t->expected_count; i++)
        if (t->expected[i].id == e->id) {
            assert_same(&t->expected[i], e);
            t->found++;
        }
    return RC_OK;
}

static void sealing_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct eventlog_stats stats;
    struct eventlog_segment *segments;
    size_t count;
    int64_t sealed, events, bad;
    uint64_t before, after;
    struct event *first = put(f, 0, 500, false), *second = put(f, 500, 300, false);
    assert_int_equal(eventlog_hash(&f->c, f->app.eventlog, &before), RC_OK);
    assert_int_equal(eventlog_seal(&f->c, f->app.eventlog, true, &sealed), RC_OK);
    assert_int_equal(sealed, 800);
    assert_int_equal(eventlog_hash(&f->c, f->app.eventlog, &after), RC_OK);
    assert_true(before == after);
    struct event *third = put(f, 800, 100, false);
    eventlog_stats(f->app.eventlog, &stats);
    assert_int_equal(stats.events, 900);
    assert_int_equal(stats.tail_events, 100);
    assert_int_equal(stats.segments, 1);
    struct tally tallies[3] = {{first, 500, 0}, {second, 300, 0}, {third, 100, 0}};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(eventlog_each(&f->c, f->app.eventlog, find_expected, &tallies[i]), RC_OK);
        assert_int_equal(tallies[i].found, tallies[i].expected_count);
    }
    assert_true(seen(f, &first[0]) && seen(f, &second[299]) && seen(f, &third[5]));
    assert_int_equal(eventlog_verify(&f->c, f->app.eventlog, &events, &bad), RC_OK);
    assert_int_equal(events, 900);
    assert_int_equal(bad, 0);
    const int64_t here[] = {1003}, nowhere[] = {5};
    assert_int_equal(eventlog_segments_of(&f->c, f->app.eventlog, here, 1, &segments, &count), RC_OK);
    assert_int_equal(count, 1);
    assert_int_equal(eventlog_segments_of(&f->c, f->app.eventlog, nowhere, 1, &segments, &count), RC_OK);
    assert_int_equal(count, 0);
}

static void a_changed_byte_is_found(void **state)
{
    struct fixture *f = *state;
    char path[128], byte;
    int64_t sealed, events, bad;
    put(f, 0, 100, false);
    assert_int_equal(eventlog_seal(&f->c, f->app.eventlog, true, &sealed), RC_OK);
    snprintf(path, sizeof(path), "%s/segments/%012d.parquet", f->dir, 1);
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, 900), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 900), 1);
    close(fd);
    assert_int_equal(eventlog_verify(&f->c, f->app.eventlog, &events, &bad), RC_OK);
    assert_int_equal(bad, 1);
}

static void everything_is_there_after_a_restart(void **state)
{
    struct fixture *f = *state;
    int64_t sealed;
    char path[128];
    struct eventlog_stats stats;
    struct event *old = put(f, 0, 200, false);
    assert_int_equal(eventlog_seal(&f->c, f->app.eventlog, true, &sealed), RC_OK);
    struct event *fresh = put(f, 200, 50, false);
    for (int crash = 0; crash < 2; crash++) {
        close_log(f);
        if (crash) { /* what an open table is worth after one */
            snprintf(path, sizeof(path), "%s/seen", f->dir);
            nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        }
        open_log(f);
        for (int i = 0; i < 200; i++)
            assert_true(seen(f, &old[i]));
        for (int i = 0; i < 50; i++)
            assert_true(seen(f, &fresh[i]));
        eventlog_stats(f->app.eventlog, &stats);
        assert_int_equal(stats.events, 250);
        assert_int_equal(stats.fingerprints, 250);
    }
    put(f, 250, 10, false);
    eventlog_stats(f->app.eventlog, &stats);
    assert_int_equal(stats.tail_events, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(index_knows_its_subjects_and_few_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(messages_are_seen_once_committed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(twice_in_one_block_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sealing_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_byte_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everything_is_there_after_a_restart, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
