/* zhixin demo: fills an installation with the demo retailer, through the intake like all other data: in this process where
 * the installation is stopped, as a job of its server where it is served. */
#include "app/app_priv.h"
#include "app/demo_home.h"
#include "json/json.h"

#include <stdio.h>
#include <unistd.h>

static const char *const counted[] = {"customers", "receipts", "orders", "events", "new", "updated", "same", "conflict", "refused"};

/* The last line is what scripts read. */
static void tell_result(struct json result)
{
    struct str why = json_str(json_get(result, STR("why")));
    if (why.len)
        fprintf(stderr, "zhixin demo: first one not taken: %.*s\n", STR_FMT(why));
    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
        printf("%s%s=%lld", i ? " " : "", counted[i], (long long)json_i64(json_get(result, str_z(counted[i])), 0));
    putchar('\n');
}

/* ---- on a stopped installation ---- */

/* A line that is written over on a terminal; a line each tenth of the way in a log. */
static enum rc tell_day(void *arg, const struct demo_progress *p)
{
    int *tenth = arg, now = p->day * 10 / p->days;
    bool terminal = isatty(STDERR_FILENO) == 1;
    if (!terminal && now == *tenth)
        return RC_OK;
    *tenth = now;
    fprintf(stderr, "%sday %d of %d: %lld customers, %lld receipts, %lld orders, %lld events%s", terminal ? "\r" : "", p->day, p->days,
            (long long)p->customers, (long long)p->receipts, (long long)p->orders, (long long)p->events, terminal && p->day < p->days ? "" : "\n");
    return RC_OK;
}

static enum rc fill_here(struct ctx *c, const struct demo_options *o)
{
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct str text;
    struct json result;
    const char *why;
    int tenth = 0;
    enum rc rc = demo_fill(c, o, tell_day, &tenth, &text);
    if (!rc)
        rc = json_parse(parser, text, text.len, &result, &why);
    if (!rc)
        tell_result(result);
    return rc;
}

static enum rc demo_stopped(struct ctx *c, const char *data, const struct demo_options *o)
{
    struct app app;
    const struct app_options options = {.parts = APP_INTAKE, .vault_fd = -1, .migrate = true};
    enum rc rc = app_open(data, &options, &app);
    if (rc)
        return rc;
    struct ctx mine;
    rc = app_ctx(&app, &mine);
    if (!rc) {
        rc = fill_here(&mine, o);
        c->error = mine.error;
        app_ctx_end(&mine);
    }
    app_close(&app);
    return rc;
}

/* ---- on a running one ---- */

static void tell_days(int64_t done, int64_t total)
{
    if (isatty(STDERR_FILENO) == 1 && total > 0)
        fprintf(stderr, "\rday %lld of %lld%s", (long long)done, (long long)total, done == total ? "\n" : "");
}

static enum rc demo_running(struct ctx *c, const struct running *r, const struct demo_options *o)
{
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct json result;
    enum rc rc = running_job(c, r, parser, "/api/v1/demo", "application/json", demo_options_write(c->arena, o), tell_days, &result);
    if (!rc)
        tell_result(result);
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
    const struct arg args[] = {{"--data", "DIR", "the installation, made by zhixin init", &data, true},
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
    struct running r;
    bool running;
    enum rc rc = running_find(&c, data, &r, &running);
    if (!rc)
        rc = running ? demo_running(&c, &r, &o) : demo_stopped(&c, data, &o);
    return rc ? command_failed("demo", &c, rc) : 0;
}
