/* Filling an installation with the demo retailer, for the command on a stopped installation and as a job of a running one.
 * A job that the end of the program interrupted begins anew: what was taken before is the same, and counts as such. */
#include "app/app_priv.h"
#include "app/demo_feed.h"
#include "db/pool.h"
#include "job/job.h"

#include <stddef.h>

/* ---- filling ---- */

struct filling {
    struct demo_sink sink; /* the feed's; progress is ours */
    enum rc (*tell)(void *arg, const struct demo_progress *p);
    void *arg;
    enum rc told; /* what it last answered: the next body is not sent when it said to stop */
};

static enum rc pass_on(void *arg, enum demo_channel channel, int64_t at_us, struct str body)
{
    struct filling *f = arg;
    return f->told ? f->told : f->sink.send(f->sink.arg, channel, at_us, body);
}

static void on_day(void *arg, const struct demo_progress *p)
{
    struct filling *f = arg;
    if (!f->told)
        f->told = f->tell(f->arg, p);
}

static enum rc generate(struct demo_feed *feed, const struct demo_options *o, struct filling *f, struct demo_progress *ret_totals)
{
    f->sink = demo_feed_sink(feed);
    const struct demo_sink sink = {.send = pass_on, .progress = on_day, .arg = f};
    enum rc rc = demo_generate(o, &sink, ret_totals), drained = demo_feed_drain(feed);
    return rc ? rc : f->told ? f->told : drained;
}

static struct str result_of(struct arena *arena, const struct demo_progress *totals, const struct demo_feed_counts *n)
{
    _cleanup_buf_ struct buf out = BUF_INIT(4096);
    struct jw w = jw_on(&out);
    jw_object(&w);
    jw_kv_i64(&w, "customers", totals->customers);
    jw_kv_i64(&w, "receipts", totals->receipts);
    jw_kv_i64(&w, "orders", totals->orders);
    jw_kv_i64(&w, "events", totals->events);
    jw_kv_i64(&w, "new", n->taken);
    jw_kv_i64(&w, "updated", n->updated);
    jw_kv_i64(&w, "same", n->same);
    jw_kv_i64(&w, "conflict", n->conflicts);
    jw_kv_i64(&w, "refused", n->refused);
    jw_kv_z(&w, "why", n->why);
    jw_object_end(&w);
    return arena_str(arena, buf_str(&out));
}

static enum rc feed(struct ctx *c, const struct demo_options *o, struct filling *f, struct str *ret_result)
{
    struct demo_progress totals = {0};
    struct demo_feed_counts counts;
    struct demo_feed *feed;
    enum rc rc = demo_feed_open(c->app, &feed);
    if (rc)
        return rc;
    rc = generate(feed, o, f, &totals);
    demo_feed_counts(feed, &counts);
    demo_feed_close(feed);
    if (!rc)
        *ret_result = result_of(c->arena, &totals, &counts);
    return rc;
}

enum rc demo_fill(struct ctx *c, const struct demo_options *o, enum rc (*tell)(void *arg, const struct demo_progress *p), void *arg, struct str *ret_result)
{
    struct demo_home home = {.options = *o, .trickle = true};
    struct filling f = {.tell = tell, .arg = arg};
    if (c->app->demo)
        return ctx_fail(c, RC_CONFLICT, "data", "holds_the_demo_already");
    enum rc rc = demo_feed_make_sources(c, home.write_key);
    if (!rc)
        rc = feed(c, o, &f, ret_result);
    if (!rc)
        rc = demo_home_write(c->app->data_dir, &home);
    if (!rc)
        demo_home_open(c->app, &home);
    return rc;
}

/* ---- options on the wire ---- */

const struct field demo_option_fields[] = {
    {.name = "customers", .type = FIELD_I64, .flags = FIELD_REQUIRED, .offset = offsetof(struct demo_ask, customers), .min = 1, .max = DEMO_CUSTOMERS_MAX, .doc = "People."},
    {.name = "years", .type = FIELD_I64, .flags = FIELD_REQUIRED, .offset = offsetof(struct demo_ask, years), .min = 1, .max = 9, .doc = "Of history."},
    {.name = "seed", .type = FIELD_I64, .flags = FIELD_REQUIRED, .offset = offsetof(struct demo_ask, seed), .min = 0, .max = INT64_MAX, .doc = "The same seed gives the same data."},
    {.name = "now", .type = FIELD_TIME, .flags = FIELD_REQUIRED, .offset = offsetof(struct demo_ask, now_us), .doc = "When the history ends."},
    {.name = "events", .type = FIELD_I64, .offset = offsetof(struct demo_ask, events), .min = 0, .max = INT64_C(2000000000), .doc = "Of the web in all; 0: 50 for each person and year."},
    FIELD_END,
};

struct str demo_options_write(struct arena *arena, const struct demo_options *o)
{
    _cleanup_buf_ struct buf out = BUF_INIT(1024);
    struct jw w = jw_on(&out);
    jw_object(&w);
    jw_kv_i64(&w, "customers", o->customers);
    jw_kv_i64(&w, "years", o->years);
    jw_kv_i64(&w, "seed", (int64_t)o->seed);
    jw_kv_time(&w, "now", o->now_us);
    jw_kv_i64(&w, "events", o->events);
    jw_object_end(&w);
    return arena_str(arena, buf_str(&out));
}

static struct demo_options options_of(const struct demo_ask *a)
{
    return (struct demo_options){
        .customers = a->customers, .years = (int32_t)a->years, .seed = (uint64_t)a->seed, .now_us = a->now_us / US_PER_S * US_PER_S, .events = a->events};
}

/* ---- the job ---- */

struct running_job {
    struct ctx *c;
    struct job *job;
};

static enum rc tell_job(void *arg, const struct demo_progress *p)
{
    struct running_job *r = arg;
    return job_progress(r->c, r->job, p->day, p->days, STR_NULL);
}

static enum rc run(struct ctx *c, struct job *job, struct str *ret_result)
{
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct running_job r = {c, job};
    struct demo_ask ask = {0};
    struct json input;
    uint64_t set;
    const char *why;
    if (json_parse(parser, job->input, 1 << 10, &input, &why) != RC_OK || field_decode(c, demo_option_fields, input, true, &ask, &set) != RC_OK)
        return ctx_fail(c, RC_INTERNAL, "input", "malformed");
    const struct demo_options o = options_of(&ask);
    return demo_fill(c, &o, tell_job, &r, ret_result);
}

const struct job_kind demo_jobs[] = {{.name = "demo", .run = run, .need = "demo.run"}, {.name = NULL}};

enum rc demo_route(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct demo_options o = options_of(r->in);
    int64_t job;
    if (c->app->demo)
        return ctx_fail(c, RC_CONFLICT, "data", "holds_the_demo_already");
    enum rc rc = job_add(c, "demo", demo_options_write(c->arena, &o), 0, &job);
    if (rc)
        return rc;
    p->status = 202;
    jw_object(&p->json);
    jw_kv_id(&p->json, "job", job);
    jw_object_end(&p->json);
    return RC_OK;
}
