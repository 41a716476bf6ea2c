/* Segments of every format that was ever written: the golden file of each holds what golden_events.h says, and a log that has
 * it is the same log. `build/tests/test_segment FILE` seals those events with the program as it is and keeps the segment. */
#include "eventlog_fixture.h"
#include "golden_events.h"

_Static_assert((int)SEGMENT_FORMAT == (int)GOLDEN_FORMATS, "a new format needs a golden segment: see tests/golden/README.md");

static void put_golden(struct fixture *f)
{
    struct append a = {golden_events(f->c.arena), GOLDEN_EVENTS, false};
    assert_int_equal(db_pool_tx(&f->c, f->app.truth, append, &a), RC_OK);
    eventlog_ended(f->app.eventlog, true);
}

static uint64_t hash_of(struct fixture *f)
{
    uint64_t hash;
    assert_int_equal(eventlog_hash(&f->c, f->app.eventlog, &hash), RC_OK);
    return hash;
}

/* As its only unit; the window of messages is made again from it. */
static void place(struct fixture *f, int format)
{
    golden_place(&f->c, 1, format);
    close_log(f);
    nftw(arena_printf(f->c.arena, "%s/seen", f->dir).ptr, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    open_log(f);
}

/* ---- tests ---- */

struct reading {
    struct event *expected;
    size_t found;
    int64_t last_subject, last_id;
};

static enum rc one_of_them(void *arg, const struct event *e)
{
    struct reading *r = arg;
    assert_true(e->subject > r->last_subject || (e->subject == r->last_subject && e->id > r->last_id));
    r->last_subject = e->subject;
    r->last_id = e->id;
    for (size_t i = 0; i < GOLDEN_EVENTS; i++)
        if (r->expected[i].id == e->id) {
            assert_same(&r->expected[i], e);
            r->found++;
        }
    return RC_OK;
}

static void every_format_holds_what_was_written(void **state)
{
    struct fixture *f = *state;
    struct db *engine;
    assert_int_equal(segment_engine(f->app.eventlog, &engine), RC_OK);
    for (int format = 1; format <= SEGMENT_FORMAT; format++) {
        struct reading r = {.expected = golden_events(f->c.arena), .last_subject = -1};
        char path[512];
        golden_place(&f->c, format, format);
        segment_path(f->app.eventlog, format, ".parquet", path);
        assert_int_equal(segment_each(engine, &(struct eventlog_segment){.path = path, .format = format}, one_of_them, &r), RC_OK);
        assert_int_equal(r.found, GOLDEN_EVENTS);
    }
    db_close(engine);
}

static void a_log_of_any_format_is_the_same_log(void **state)
{
    struct fixture *f = *state;
    int64_t events, bad;
    put_golden(f);
    uint64_t tail = hash_of(f);
    for (int format = 1; format <= SEGMENT_FORMAT; format++) {
        tear_down(state);
        set_up(state);
        f = *state;
        place(f, format);
        assert_true(hash_of(f) == tail);
        assert_int_equal(eventlog_verify(&f->c, f->app.eventlog, &events, &bad), RC_OK);
        assert_int_equal(events, GOLDEN_EVENTS);
        assert_int_equal(bad, 0);
        for (int64_t n = 0; n < GOLDEN_EVENTS; n++) {
            struct event e = golden_event(f->c.arena, n);
            assert_int_equal(eventlog_seen(&f->c, f->app.eventlog, e.source_id, e.message_id), e.message_id.len > 0);
        }
    }
}

static void sealing_keeps_the_hash(void **state)
{
    struct fixture *f = *state;
    int64_t sealed;
    put_golden(f);
    uint64_t tail = hash_of(f);
    assert_int_equal(eventlog_seal(&f->c, f->app.eventlog, true, &sealed), RC_OK);
    assert_int_equal(sealed, GOLDEN_EVENTS);
    assert_true(hash_of(f) == tail);
}

static void a_format_of_later_is_refused(void **state)
{
    struct fixture *f = *state;
    struct eventlog *log = NULL;
    golden_place(&f->c, 1, SEGMENT_FORMAT);
    struct db *writer = db_pool_lock_writer(f->app.truth);
    assert_int_equal(db_script(writer, "UPDATE event_segment SET format = format + 1"), RC_OK);
    db_pool_unlock_writer(f->app.truth);
    assert_int_equal(eventlog_open(&f->c, f->dir, &log), RC_STORE);
    assert_null(log);
}

/* ---- making one ---- */

static int make(const char *path)
{
    struct fixture *f;
    int64_t sealed;
    char from[128];
    set_up((void **)&f);
    put_golden(f);
    assert_int_equal(eventlog_seal(&f->c, f->app.eventlog, true, &sealed), RC_OK);
    snprintf(from, sizeof(from), "%s/segments/%012d.parquet", f->dir, 1);
    golden_copy(f->c.arena, from, path);
    return tear_down((void **)&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_format_holds_what_was_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_of_any_format_is_the_same_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sealing_keeps_the_hash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_format_of_later_is_refused, set_up, tear_down),
    };
    return argc == 2 ? make(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
