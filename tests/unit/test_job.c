/* job/job.c: a job runs, saves itself, is cancelled, fails, and goes on where it was interrupted. */
#include "job/job_priv.h"
#include "embedded_sql.h"
#include "truth.h"

static int64_t stop_after; /* the job pretends that the program stops after this step; 0: never */
static int64_t steps_run;

static enum rc count_to_five(struct ctx *c, struct job *job, struct str *ret_result)
{
    for (int64_t i = job->done; i < 5; i++) {
        steps_run++;
        enum rc rc = job_progress(c, job, i + 1, 5, STR("{\"saved\":true}"));
        if (!rc && i + 1 == stop_after)
            rc = RC_GONE;
        if (rc)
            return rc;
    }
    *ret_result = STR("{\"five\":5}");
    return RC_OK;
}

static enum rc fail_at_once(struct ctx *c, struct job *job, struct str *ret_result)
{
    (void)job, (void)ret_result;
    return ctx_fail(c, RC_INVALID, "file", "malformed");
}

static enum rc cancel_oneself(struct ctx *c, struct job *job, struct str *ret_result)
{
    (void)ret_result;
    assert_int_equal(job_cancel(c, job->id), RC_OK);
    return job_progress(c, job, 1, 0, STR_NULL);
}

static const struct job_kind kinds[] = {{"count", count_to_five, "x"}, {"fail", fail_at_once, "x"}, {"cancel", cancel_oneself, "x"}, {0}};

static struct truth *begin(void)
{
    struct truth *t = truth_new();
    truth_migrate(t, job_migrations, job_sql);
    job_register(kinds);
    stop_after = steps_run = 0;
    return t;
}

static struct job_view view_of(struct truth *t, int64_t id)
{
    struct job_view v;
    assert_int_equal(job_show(&t->c, id, &v), RC_OK);
    return v;
}

static void prepares_all_sql(void **state)
{
    (void)state;
    struct truth *t = begin();
    truth_check_sql(t, job_sql);
    truth_free(t);
}

static void runs_to_its_end(void **state)
{
    (void)state;
    struct truth *t = begin();
    int64_t id;
    assert_int_equal(job_add(&t->c, "count", STR("{\"a\":1}"), 5, &id), RC_OK);
    assert_int_equal(view_of(t, id).status, JOB_QUEUED);
    assert_int_equal(job_run_now(&t->c, id), RC_OK);
    struct job_view v = view_of(t, id);
    assert_int_equal(v.status, JOB_DONE);
    assert_int_equal(v.job.done, 5);
    assert_str(v.job.input, "{\"a\":1}");
    assert_str(v.result, "{\"five\":5}");
    assert_int_equal(job_run_now(&t->c, id), RC_CONFLICT);
    assert_int_equal(job_cancel(&t->c, id), RC_CONFLICT);
    truth_free(t);
}

static void goes_on_where_it_was_interrupted(void **state)
{
    (void)state;
    struct truth *t = begin();
    int64_t id;
    stop_after = 3;
    assert_int_equal(job_add(&t->c, "count", STR(""), 5, &id), RC_OK);
    assert_int_equal(job_run_now(&t->c, id), RC_GONE);
    struct job_view v = view_of(t, id);
    assert_int_equal(v.status, JOB_QUEUED);
    assert_int_equal(v.job.done, 3);
    assert_str(v.job.state, "{\"saved\":true}");
    stop_after = 0;
    assert_int_equal(job_run_now(&t->c, id), RC_OK);
    assert_int_equal(view_of(t, id).status, JOB_DONE);
    assert_int_equal(steps_run, 5);
    truth_free(t);
}

/* Another server's transaction has its row: it is left to that one, at once. */
static void is_left_to_whoever_has_it(void **state)
{
    (void)state;
    struct truth *t = begin();
    struct db *other;
    int64_t id, locked = 0;
    if (db_engine(t->c.db) != DB_POSTGRES) {
        truth_free(t);
        skip();
    }
    assert_int_equal(job_add(&t->c, "count", STR(""), 5, &id), RC_OK);
    assert_int_equal(db_open(t->path, &(struct db_options){0}, &other), RC_OK);
    assert_int_equal(db_script(other, "START TRANSACTION"), RC_OK); /* BEGIN would take the turn of writers */
    assert_int_equal(db_get_i64(other, 0, &locked, "job_lock", DB_I64("id", id)), RC_OK);
    assert_int_equal(locked, id);
    assert_int_equal(job_run_now(&t->c, id), RC_CONFLICT);
    assert_int_equal(view_of(t, id).status, JOB_QUEUED);
    assert_int_equal(db_script(other, "ROLLBACK"), RC_OK);
    assert_int_equal(job_run_now(&t->c, id), RC_OK);
    db_close(other);
    truth_free(t);
}

static void tells_why_it_failed(void **state)
{
    (void)state;
    struct truth *t = begin();
    int64_t id;
    assert_int_equal(job_add(&t->c, "fail", STR(""), 0, &id), RC_OK);
    assert_int_equal(job_run_now(&t->c, id), RC_INVALID);
    struct job_view v = view_of(t, id);
    assert_int_equal(v.status, JOB_FAILED);
    assert_str(v.error, "invalid file malformed");
    truth_free(t);
}

static void is_cancelled(void **state)
{
    (void)state;
    struct truth *t = begin();
    int64_t queued, running;
    assert_int_equal(job_add(&t->c, "count", STR(""), 0, &queued), RC_OK);
    assert_int_equal(job_cancel(&t->c, queued), RC_OK);
    assert_int_equal(view_of(t, queued).status, JOB_CANCELLED);
    assert_int_equal(job_run_now(&t->c, queued), RC_CONFLICT);
    assert_int_equal(job_add(&t->c, "cancel", STR(""), 0, &running), RC_OK);
    assert_int_equal(job_run_now(&t->c, running), RC_GONE);
    assert_int_equal(view_of(t, running).status, JOB_CANCELLED);
    truth_free(t);
}

static void lists_newest_first(void **state)
{
    (void)state;
    struct truth *t = begin();
    int64_t ids[3];
    struct job_view *list;
    size_t count;
    for (size_t i = 0; i < COUNT(ids); i++)
        assert_int_equal(job_add(&t->c, "count", STR(""), 0, &ids[i]), RC_OK);
    assert_int_equal(job_list(&t->c, INT64_MAX, 2, &list, &count), RC_OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].job.id, ids[2]);
    assert_int_equal(job_list(&t->c, list[1].job.id, 2, &list, &count), RC_OK);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].job.id, ids[0]);
    truth_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prepares_all_sql),    cmocka_unit_test(runs_to_its_end), cmocka_unit_test(goes_on_where_it_was_interrupted),
        cmocka_unit_test(is_left_to_whoever_has_it), cmocka_unit_test(tells_why_it_failed), cmocka_unit_test(is_cancelled), cmocka_unit_test(lists_newest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
