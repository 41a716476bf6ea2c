/* zhixin verify and zhixin rebuild: is every file what it should be, and the warehouse what the truth says? Prints one line a
 * store with its logical hash: of the content, whatever the order of rows or the layout of pages. */
#include "app/app_priv.h"
#include "app/tables.h"
#include "db/db.h"
#include "db/pool.h"
#include "eventlog/eventlog.h"
#include "http/route.h"
#include "vault/keystore.h"
#include "warehouse/warehouse.h"

#include <stdio.h>

struct report {
    struct buf text;
    int64_t bad;
};

/* ---- the truth ---- */

static enum rc integrity(struct ctx *c, const char *name, struct report *r)
{
    bool sound;
    if (db_check_file(c->db, &sound) != RC_OK || !sound) {
        buf_addf(&r->text, "%s: damaged\n", name);
        r->bad++;
    }
    return RC_OK;
}

static enum rc check_truth(struct ctx *c, struct report *r)
{
    uint64_t all = 0, hash;
    int64_t rows, total = 0;
    enum rc rc = integrity(c, "zhixin.db", r);
    for (size_t m = 0; !rc && modules[m]; m++)
        for (size_t t = 0; !rc && modules[m]->tables && modules[m]->tables[t]; t++) {
            if (strcmp(modules[m]->tables[t], EVENTLOG_FILES) == 0)
                continue; /* check_events() looks at the files themselves */
            rc = table_hash(c, c->db, modules[m]->tables[t], &hash, &rows);
            all += hash * (m * 131 + t * 2 + 1); /* tables may not change places */
            total += rows;
        }
    buf_addf(&r->text, "truth rows=%lld hash=%016llx\n", (long long)total, (unsigned long long)all);
    return rc;
}

static enum rc check_keys(struct ctx *c, struct report *r)
{
    struct db *before = c->db;
    int64_t keys = 0;
    enum rc rc = db_pool_reader(c->app->keys, &c->db);
    if (rc)
        return rc;
    rc = integrity(c, "keys.db", r);
    db_pool_give(c->app->keys, c->db);
    c->db = before;
    if (!rc)
        rc = keystore_count(c, &keys);
    buf_addf(&r->text, "keys count=%lld\n", (long long)keys);
    return rc;
}

/* ---- event log and warehouse ---- */

static enum rc check_events(struct ctx *c, struct report *r)
{
    int64_t events = 0, bad = 0;
    uint64_t hash = 0;
    enum rc rc = eventlog_verify(c, c->app->eventlog, &events, &bad);
    if (!rc)
        rc = eventlog_hash(c, c->app->eventlog, &hash);
    buf_addf(&r->text, "eventlog events=%lld hash=%016llx bad=%lld\n", (long long)events, (unsigned long long)hash, (long long)bad);
    r->bad += bad;
    return rc;
}

static enum rc warehouse_lines(struct ctx *c, struct report *r)
{
    struct warehouse_hash hashes[WAREHOUSE_HASHES];
    enum rc rc = warehouse_hashes(c, hashes);
    for (size_t i = 0; !rc && i < WAREHOUSE_HASHES && hashes[i].table; i++)
        buf_addf(&r->text, "warehouse %s rows=%lld hash=%016llx\n", hashes[i].table, (long long)hashes[i].rows, (unsigned long long)hashes[i].hash);
    return rc;
}

static enum rc catch_up(struct ctx *c)
{
    int64_t seq;
    enum { PATIENCE_MS = 600000 };
    enum rc rc = change_last(c, &seq);
    return rc ? rc : warehouse_wait(c, seq, PATIENCE_MS);
}

/* Damage shows when a block is read. By then the warehouse is being made anew; that it was damaged is a finding all the same. */
static enum rc read_warehouse(struct ctx *c, struct report *r)
{
    enum rc rc = warehouse_lines(c, r);
    if (rc != RC_BUSY)
        return rc;
    ctx_clear(c);
    buf_addz(&r->text, "warehouse: it was damaged, and was made anew\n");
    r->bad++;
    rc = catch_up(c);
    return rc ? rc : warehouse_lines(c, r);
}

static enum rc check_warehouse(struct ctx *c, struct report *r)
{
    int64_t bad = 0;
    enum rc rc = catch_up(c);
    if (!rc)
        rc = read_warehouse(c, r);
    if (!rc)
        rc = warehouse_verify(c, &bad);
    if (!rc && bad)
        buf_addf(&r->text, "warehouse: %lld tables differ from the truth; run zhixin rebuild\n", (long long)bad);
    r->bad += bad;
    return rc;
}

/* Segments and warehouse are read by it: better said at the start than by whatever fails first. */
static enum rc need_duckdb(struct ctx *c)
{
    return db_duckdb_is_there() ? RC_OK : ctx_fail(c, RC_STORE, "warehouse", "libduckdb_can_not_be_loaded");
}

static enum rc verify(struct ctx *c, struct report *r)
{
    enum rc rc = need_duckdb(c);
    if (!rc)
        rc = check_truth(c, r);
    if (!rc)
        rc = check_keys(c, r);
    if (!rc)
        rc = check_events(c, r);
    return rc ? rc : check_warehouse(c, r);
}

static enum rc rebuild(struct ctx *c, struct report *r)
{
    enum rc rc = need_duckdb(c);
    if (!rc)
        rc = warehouse_rebuild(c);
    if (!rc)
        rc = catch_up(c);
    return rc ? rc : warehouse_lines(c, r);
}

/* ---- over HTTP: the text of the report, and the number of findings in a header ---- */

static enum rc reply_report(struct ctx *c, enum rc (*fn)(struct ctx *c, struct report *r), struct reply *p)
{
    struct report r = {.text = BUF_INIT(1 << 20)};
    enum rc rc = fn(c, &r);
    if (!rc) {
        p->content_type = "text/plain; charset=utf-8";
        buf_add(&p->body, buf_str(&r.text));
        buf_addf(&p->body, "%s\n", r.bad ? "not well" : "all is well");
    }
    buf_free(&r.text);
    return rc;
}

enum rc verify_route(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)r;
    return reply_report(c, verify, p);
}

enum rc rebuild_route(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)r;
    return reply_report(c, rebuild, p);
}

/* ---- on the command line ---- */

static enum rc on_stopped(struct ctx *c, const char *data, enum rc (*fn)(struct ctx *c, struct report *r), bool *ret_well)
{
    struct app app;
    struct ctx own;
    struct report r = {.text = BUF_INIT(1 << 20)};
    const struct app_options options = {.parts = APP_INTAKE, .vault_fd = -1, .migrate = true};
    enum rc rc = app_open(data, &options, &app);
    if (!rc)
        rc = app_ctx(&app, &own);
    if (rc)
        return rc;
    rc = fn(&own, &r);
    c->error = own.error;
    fwrite(r.text.ptr, 1, r.text.len, stdout);
    *ret_well = rc == RC_OK && r.bad == 0;
    buf_free(&r.text);
    app_ctx_end(&own);
    app_close(&app);
    return rc;
}

static enum rc on_running(struct ctx *c, const struct running *r, const char *path, bool *ret_well)
{
    int status;
    struct str body;
    enum rc rc = running_call(c, r, "POST", path, "application/json", STR("{}"), &status, &body);
    if (rc)
        return rc;
    *ret_well = status == 200 && str_ends(body, STR("all is well\n"));
    printf("%.*s", STR_FMT(body));
    return RC_OK;
}

static int run(const char *name, const char *summary, int argc, char **argv, enum rc (*fn)(struct ctx *c, struct report *r))
{
    const char *data = NULL;
    bool well = false;
    const struct arg args[] = {{"--data", "DIR", "the installation", &data, true}, {NULL, NULL, NULL, NULL, false}};
    if (args_parse(name, summary, NULL, argc, argv, args, NULL, 0) < 0)
        return 2;
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .now_us = clock_now_us()};
    struct running r;
    const char *path = arena_printf(arena, "/api/v1/%s", name).ptr;
    bool running;
    enum rc rc = running_find(&c, data, &r, &running);
    if (!rc)
        rc = running ? on_running(&c, &r, path, &well) : on_stopped(&c, data, fn, &well);
    if (rc)
        return command_failed(name, &c, rc);
    return well ? 0 : 1;
}

int command_verify(int argc, char **argv)
{
    return run("verify", "Checks every file of an installation and prints the logical hash of each store; status 0 when all is well.", argc, argv, verify);
}

int command_rebuild(int argc, char **argv)
{
    return run("rebuild", "Makes the warehouse anew from the truth and prints the logical hash of its tables.", argc, argv, rebuild);
}
