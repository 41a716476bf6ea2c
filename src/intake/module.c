/* How the program meets intake: the receipts endpoint, what browser clients fetch, the live view, quarantine, metrics. */
#include "base/limits.h"
#include "embedded_sql.h"
#include "intake/import_priv.h"
#include "intake/intake_priv.h"

/* ---- pages about what came in ---- */

static enum rc recent(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)r;
    jw_object(&p->json);
    jw_key(&p->json, "items");
    live_write(c->app->intake->live, &p->json);
    jw_object_end(&p->json);
    return RC_OK;
}

static enum rc quarantine_page(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t limit, before[1] = {INT64_MAX}, last = 0, total, shown = 0;
    bool given;
    struct str reason = request_query(r, "reason");
    enum rc rc = request_limit(c, r, 50, &limit);
    if (!rc)
        rc = request_cursor(c, r, request_query(r, "after"), before, 1, &given);
    if (!rc)
        rc = db_get_i64(c->db, 0, &total, "quarantine_count", DB_TEXT("reason", reason), DB_I64("limit", LIMIT_COUNT_EXACT + 1));
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    struct db_rows *q = db_query(c->db, "quarantine_list", DB_I64("before", given ? before[0] : INT64_MAX), DB_TEXT("reason", reason), DB_I64("limit", limit));
    for (; db_next(q); shown++) {
        jw_object(&p->json);
        jw_kv_id(&p->json, "id", last = db_i64(q, "id"));
        jw_kv_id(&p->json, "source_id", db_i64(q, "source_id"));
        jw_kv_time(&p->json, "at", db_i64(q, "received_us"));
        jw_kv_str(&p->json, "reason", db_text(q, "reason"));
        jw_kv_str(&p->json, "raw", db_text(q, "raw"));
        jw_object_end(&p->json);
    }
    jw_array_end(&p->json);
    struct str next = shown == limit ? request_cursor_make(c, r, &last, 1) : STR_NULL;
    reply_list_end(p, next, total > LIMIT_COUNT_EXACT ? LIMIT_COUNT_EXACT : total, total <= LIMIT_COUNT_EXACT);
    return db_end(q);
}

/* ---- descriptor ---- */

static void told(struct app *app, struct str word)
{
    if (app->intake && str_starts(word, STR(LIVE_SAID)))
        live_told(app->intake->live, app, word);
}

static void metrics(struct app *app, struct buf *out)
{
    struct intake_stats s;
    if (!app->intake)
        return;
    intake_stats(app->intake, &s);
    const struct {
        const char *name, *type, *help;
        int64_t value;
    } rows[] = {
        {"zhixin_intake_units_total", "counter", "Requests and steps committed.", s.units},
        {"zhixin_intake_events_total", "counter", "Events accepted.", s.events},
        {"zhixin_intake_documents_total", "counter", "Receipts and orders accepted.", s.documents},
        {"zhixin_intake_duplicates_total", "counter", "Repeats that changed nothing.", s.duplicates},
        {"zhixin_intake_refused_total", "counter", "Calls sent to quarantine.", s.refused},
        {"zhixin_intake_commits_total", "counter", "Transactions of the commit thread.", s.commits},
        {"zhixin_intake_queue_bytes", "gauge", "Bytes waiting for the commit thread.", s.queue_bytes},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", rows[i].name, rows[i].help, rows[i].name, rows[i].type, rows[i].name, (long long)rows[i].value);
}

static const struct route routes[] = {
    {HTTP_POST, "/api/v1/receipts", intake_receipts_post, .need = "receipt.write", .raw = true, .api_key = true,
     .body_max = 4 << 20, .doc = "Takes one receipt of a till, or up to 500; idempotent by store, till and number. Each result has warnings (field, code, message) about what was taken all the same."},
    {HTTP_POST, "/api/v1/imports", import_post, .need = "import.run", .raw = true, .body_max = LIMIT_IMPORT_BYTES, .query = "kind,dry_run,store,map",
     .doc = "Takes a CSV file of receipts, orders, products or customers as a job; every row ends as new, updated, same or refused."},
    {HTTP_GET, "/api/v1/imports/{id}/refused", import_refused, .need = "import.run", .doc = "The refused rows of an upload, with their reasons."},
    {HTTP_GET, "/api/v1/events/recent", recent, .need = "live.read", .doc = "The last events and documents that came in, accepted or not, and why."},
    {HTTP_GET, "/api/v1/quarantine", quarantine_page, .need = "live.read", .query = "reason,after,limit", .doc = "Calls that could not be taken, with the reason."},
    {HTTP_GET, "/v1/projects/{key}/settings", intake_project_settings, .need = NEED_NOBODY, .doc = "Settings that browser clients of the Segment format fetch."},
    {HTTP_OPTIONS, "/v1/projects/{key}/settings", intake_preflight, .need = NEED_NOBODY, .doc = "CORS preflight."},
    {HTTP_GET, "/sourceConfig", intake_source_config, .need = NEED_NOBODY, .query = "writeKey", .doc = "Settings that browser clients of RudderStack fetch."},
    {HTTP_GET, "/sourceConfig/", intake_source_config, .need = NEED_NOBODY, .query = "writeKey", .doc = "The same, as those clients spell it."},
    {HTTP_OPTIONS, "/sourceConfig", intake_preflight, .need = NEED_NOBODY, .doc = "CORS preflight."},
    {HTTP_OPTIONS, "/sourceConfig/", intake_preflight, .need = NEED_NOBODY, .doc = "CORS preflight."},
    {.path = NULL},
};

static const char *const tables[] = {"quarantine", NULL};

static const struct permission permissions[] = {
    {"receipt.write", ROLE_API},
    {"live.read", ROLE_ADMIN | ROLE_MANAGER},
    {"import.run", ROLE_ADMIN | ROLE_MANAGER},
    {NULL, 0},
};

const struct module intake_module = {
    .name = "intake", .routes = routes, .sql = intake_sql, .migrations = intake_migrations, .tables = tables, .permissions = permissions,
    .jobs = import_jobs, .told = told, .metrics = metrics,
};
