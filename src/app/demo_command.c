/* zhixin demo: fills a stopped installation with the demo retailer, through the intake like all other data. */
#include "app/app_priv.h"
#include "app/demo_feed.h"

#include <stdio.h>
#include <unistd.h>

struct told {
    struct demo_sink sink;       /* the feed's; progress is ours */
    bool terminal;
    int tenth;                   /* of the way, told last */
};

static enum rc pass_on(void *arg, enum demo_channel channel, int64_t at_us, struct str body)
{
    struct told *t = arg;
    return t->sink.send(t->sink.arg, channel, at_us, body);
}

/* A line that is written over on a terminal; a line each tenth of the way in a log. */
static void tell_progress(void *arg, const struct demo_progress *p)
{
    struct told *t = arg;
    int tenth = p->day * 10 / p->days;
    if (!t->terminal && tenth == t->tenth)
        return;
    t->tenth = tenth;
    fprintf(stderr, "%sday %d of %d: %lld customers, %lld receipts, %lld orders, %lld events%s", t->terminal ? "\r" : "", p->day, p->days,
            (long long)p->customers, (long long)p->receipts, (long long)p->orders, (long long)p->events, t->terminal && p->day < p->days ? "" : "\n");
}

static enum rc generate(struct demo_feed *feed, const struct demo_options *o, struct demo_progress *ret_totals)
{
    struct told told = {.sink = demo_feed_sink(feed), .terminal = isatty(STDERR_FILENO) == 1};
    const struct demo_sink sink = {.send = pass_on, .progress = tell_progress, .arg = &told};
    enum rc rc = demo_generate(o, &sink, ret_totals);
    return rc ? rc : demo_feed_drain(feed);
}

static enum rc fill(struct ctx *c, const struct demo_options *o)
{
    struct demo_home home = {.options = *o, .trickle = true};
    struct demo_progress totals = {0};
    struct demo_feed_counts counts;
    if (c->app->demo)
        return ctx_fail(c, RC_CONFLICT, "data", "holds_the_demo_already");
    enum rc rc = demo_feed_make_sources(c, home.write_key);
    if (rc)
        return rc;
    struct demo_feed *feed;
    rc = demo_feed_open(c->app, &feed);
    if (rc)
        return rc;
    rc = generate(feed, o, &totals);
    demo_feed_counts(feed, &counts);
    demo_feed_close(feed);
    if (!rc)
        rc = demo_home_write(c->app->data_dir, &home);
    if (counts.why[0])
        fprintf(stderr, "zhixin demo: first one not taken: %s\n", counts.why);
    printf("customers=%lld receipts=%lld orders=%lld events=%lld new=%lld updated=%lld same=%lld conflict=%lld refused=%lld\n", (long long)totals.customers,
           (long long)totals.receipts, (long long)totals.orders, (long long)totals.events, (long long)counts.taken, (long long)counts.updated,
           (long long)counts.same, (long long)counts.conflicts, (long long)counts.refused);
    return rc;
}

static enum rc run(struct ctx *c, const char *data, const struct demo_options *o)
{
    struct app app;
    const struct app_options options = {.parts = APP_VAULT | APP_INTAKE, .vault_fd = -1, .migrate = true};
    enum rc rc = app_lock(data);
    if (rc)
        return ctx_fail(c, rc, "data", rc == RC_BUSY ? "in_use_stop_the_server_first" : "no_installation_here_run_zhixin_init");
    rc = app_open(data, &options, &app);
    if (rc)
        return rc;
    struct ctx mine;
    rc = app_ctx(&app, &mine);
    if (!rc) {
        rc = fill(&mine, o);
        c->error = mine.error;
        app_ctx_end(&mine);
    }
    app_close(&app);
    return rc;
}

/* An option that is a number between two bounds; absent is `otherwise`. */
static bool whole(const char *name, const char *text, int64_t low, int64_t high, int64_t otherwise, int64_t *ret)
{
    *ret = otherwise;
    if (!text || (str_i64(str_z(text), ret) && *ret >= low && *ret <= high))
        return true;
    fprintf(stderr, "zhixin demo: %s must be a whole number from %lld to %lld\n", name, (long long)low, (long long)high);
    return false;
}

int command_demo(int argc, char **argv)
{
    const char *data = NULL, *customers = NULL, *years = NULL, *seed = NULL, *now = NULL, *events = NULL;
    const struct arg args[] = {{"--data", "DIR", "the installation, made by zhixin init, not running", &data, true},
                               {"--customers", "N", "how many people (20000)", &customers, false},
                               {"--years", "Y", "how many years of history, ending now (2)", &years, false},
                               {"--seed", "S", "the same seed gives the same data (1)", &seed, false},
                               {"--now", "TIME", "ISO 8601: end the history at another moment", &now, false},
                               {"--events", "N", "web events in all (50 for each person and year)", &events, false},
                               {NULL, NULL, NULL, NULL, false}};
    int64_t n, y, s, e, now_us = clock_now_us();
    if (args_parse("demo", "Fills an installation with the demo retailer 知禾服饰（演示）.", NULL, argc, argv, args, NULL, 0) < 0)
        return 2;
    if (!whole("--customers", customers, 1, DEMO_CUSTOMERS_MAX, 20000, &n) || !whole("--years", years, 1, 9, 2, &y) ||
        !whole("--seed", seed, 0, INT64_MAX, 1, &s) || !whole("--events", events, 0, INT64_C(2000000000), 0, &e))
        return 2;
    if (now && !clock_parse(str_z(now), &now_us)) {
        fputs("zhixin demo: --now wants a time such as 2026-03-01T12:00:00+08:00\n", stderr);
        return 2;
    }
    const struct demo_options o = {.customers = n, .years = (int32_t)y, .seed = (uint64_t)s, .now_us = now_us / US_PER_S * US_PER_S, .events = e};
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .now_us = clock_now_us()};
    enum rc rc = run(&c, data, &o);
    return rc ? command_failed("demo", &c, rc) : 0;
}
