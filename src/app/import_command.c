/* zhixin import KIND FILE: on a running server by naming it the file, on a stopped installation in this process. */
#include "app/app_priv.h"
#include "db/pool.h"
#include "intake/import.h"
#include "job/job.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAP_BYTES_MAX = 64 << 10 };

struct import_ask {
    struct import_request request;
    int64_t job;
};

static void tell_progress(int64_t done, int64_t total)
{
    if (total > 0 && isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\r%lld of %lld rows%s", (long long)done, (long long)total, done == total ? "\n" : "");
}

/* The last line is what scripts read. */
static void tell_result(struct json result)
{
    struct import_counts n = import_counts_of(result);
    struct str refused = json_str(json_get(result, STR("refused_file")));
    if (refused.len)
        printf("refused rows, with reasons: %.*s\n", STR_FMT(refused));
    printf("new=%lld updated=%lld same=%lld refused=%lld\n", (long long)n.new_rows, (long long)n.updated, (long long)n.same, (long long)n.refused);
}

static enum rc read_map(struct ctx *c, const char *path, struct str *ret)
{
    char *text = arena_alloc(c->arena, MAP_BYTES_MAX);
    FILE *in = fopen(path, "r");
    if (!in)
        return ctx_fail(c, RC_INVALID, "map", "can_not_be_opened");
    size_t len = fread(text, 1, MAP_BYTES_MAX, in);
    fclose(in);
    *ret = str_n(text, len);
    return len < MAP_BYTES_MAX && str_is_text(*ret) ? RC_OK : ctx_fail(c, RC_INVALID, "map", "too_large_or_no_text");
}

/* ---- on a stopped installation ---- */

static enum rc add(struct ctx *c, void *arg)
{
    struct import_ask *a = arg;
    return import_add(c, &a->request, &a->job);
}

static void on_progress(struct ctx *c, const struct job_view *view)
{
    (void)c;
    tell_progress(view->job.done, view->job.total);
}

static enum rc run_here(struct ctx *c, struct import_ask *a)
{
    struct job_view view;
    job_hook(&(struct job_hooks){.changed = on_progress});
    enum rc rc = db_pool_tx(c, c->app->truth, add, a);
    if (rc == RC_OK)
        rc = job_run_now(c, a->job);
    if (rc == RC_OK)
        rc = job_show(c, a->job, &view);
    if (rc)
        return rc;
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct json result;
    const char *why;
    rc = json_parse(parser, view.result, MAP_BYTES_MAX, &result, &why);
    if (rc == RC_OK)
        tell_result(result);
    return rc;
}

static enum rc import_stopped(struct ctx *c, const char *data, struct import_ask *a)
{
    struct app app;
    struct ctx mine;
    const struct app_options options = {.parts = APP_INTAKE, .vault_fd = -1, .migrate = true};
    enum rc rc = app_open(data, &options, &app);
    if (rc)
        return rc;
    rc = app_ctx(&app, &mine);
    if (rc == RC_OK) {
        rc = run_here(&mine, a);
        c->error = mine.error;
        app_ctx_end(&mine);
    }
    app_close(&app);
    return rc;
}

/* ---- on a running one ---- */

static struct str start_path(struct ctx *c, const struct import_request *q)
{
    _cleanup_buf_ struct buf b = BUF_INIT(16 << 10);
    buf_addz(&b, "/api/v1/imports?kind=");
    buf_add_url(&b, q->kind);
    buf_addz(&b, "&path=");
    buf_add_url(&b, q->path);
    buf_addz(&b, "&store=");
    buf_add_url(&b, q->store);
    buf_addz(&b, q->dry_run ? "&dry_run=true" : "");
    return arena_str(c->arena, buf_str(&b));
}

static enum rc import_running(struct ctx *c, const struct running *r, struct import_ask *a)
{
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct json result;
    struct str map = a->request.map.len ? a->request.map : STR("");
    enum rc rc = running_job(c, r, parser, start_path(c, &a->request).ptr, "text/plain", map, tell_progress, &result);
    if (rc == RC_OK)
        tell_result(result);
    return rc;
}

int command_import(int argc, char **argv)
{
    const char *data = NULL, *map = NULL, *store = NULL, *dry = NULL, *words[2] = {NULL, NULL};
    const struct arg args[] = {{"--data", "DIR", "the installation", &data, true},
                               {"--map", "MAP", "file of lines `column = field` and `field := constant`; the columns' names when not given", &map, false},
                               {"--store", "CODE", "the store, where the rows name none", &store, false},
                               {"--dry-run", NULL, "only say what would happen", &dry, false},
                               {NULL, NULL, NULL, NULL, false}};
    if (args_parse("import", "Takes a CSV file, row by row; refused rows stand with their reasons in FILE.refused.csv.", "receipts|orders|products|customers FILE", argc,
                   argv, args, words, 2) < 2) {
        fputs("usage: zhixin import receipts|orders|products|customers FILE --data DIR [--map MAP] [--store CODE] [--dry-run]\n", stderr);
        return 2;
    }
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .now_us = clock_now_us()};
    struct import_ask a = {.request = {.kind = str_z(words[0]), .store = str_z(store ? store : ""), .dry_run = dry != NULL}};
    struct running r;
    bool running = false;
    char path[PATH_MAX];
    enum rc rc = realpath(words[1], path) ? RC_OK : ctx_fail(&c, RC_INVALID, "file", "not_found");
    a.request.path = str_z(path);
    if (rc == RC_OK && map)
        rc = read_map(&c, map, &a.request.map);
    if (rc == RC_OK)
        rc = import_check(&c, &a.request); /* here, where the cause can be said in full */
    if (rc == RC_OK)
        rc = running_find(&c, data, &r, &running);
    if (rc == RC_OK)
        rc = running ? import_running(&c, &r, &a) : import_stopped(&c, data, &a);
    return rc ? command_failed("import", &c, rc) : 0;
}
