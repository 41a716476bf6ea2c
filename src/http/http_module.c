/* The server's own routes: is it well, its figures, its document, the event stream. */
#include "http/http_priv.h"

#include "db/pool.h"

#include "embedded_sql.h"

/* ---- health ---- */

/* What is wrong with a store's server, in a word; NULL: nothing that is known. Never more than a word: a URL has a password. */
static const char *trouble_of(struct db_pool *pool)
{
    struct db_pool_state state;
    db_pool_state(pool, &state);
    return state.away ? "unreachable" : state.full ? "full" : NULL;
}

static enum rc last_change(struct ctx *c, int64_t *ret)
{
    enum rc rc = db_pool_reader(c->app->truth, &c->db);
    if (rc)
        return rc;
    rc = change_last(c, ret);
    db_pool_give(c->app->truth, c->db);
    c->db = NULL;
    return rc;
}

/* Can the truth and the keys be read? Whoever balances load asks this, and whoever wonders what is wrong. A server that is full
 * still answers reads, so it is no reason to send people elsewhere. */
static enum rc health_show(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)r;
    int64_t seq = 0;
    enum rc truth = last_change(c, &seq);
    enum rc keys = truth ? RC_OK : db_pool_check(c->app->keys); /* one silent server is waited for, not two */
    enum rc rc = truth ? truth : keys;
    const char *database = truth == RC_DATABASE_AWAY ? "unreachable" : trouble_of(c->app->truth);
    const char *key_store = keys == RC_DATABASE_AWAY ? "unreachable" : trouble_of(c->app->keys);
    if (rc && rc != RC_DATABASE_AWAY)
        return ctx_fail(c, RC_BUSY, "", "store");
    jw_object(&p->json);
    jw_kv_z(&p->json, "status", rc ? "failing" : database || key_store ? "degraded" : "ok");
    jw_kv_z(&p->json, "version", ZHIXIN_VERSION);
    if (database)
        jw_kv_z(&p->json, "database", database);
    if (key_store)
        jw_kv_z(&p->json, "keys", key_store);
    if (!truth)
        jw_kv_i64(&p->json, "seq", seq);
    jw_object_end(&p->json);
    if (rc) {
        p->status = rc_http(rc);
        reply_header(p, "Retry-After", STR("1"));
    }
    return RC_OK;
}

static enum rc openapi_show(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)c, (void)r;
    http_openapi(&p->body);
    return RC_OK;
}

static const struct route routes[] = {
    {HTTP_GET, "/healthz", health_show, .need = NEED_NOBODY, .alone = true, .doc = "Is the server able to work?"},
    {HTTP_GET, "/metrics", metrics_show, .need = NEED_NOBODY, .alone = true, .doc = "Figures in Prometheus text format."},
    {HTTP_GET, "/api/v1/openapi.json", openapi_show, .need = NEED_NOBODY, .alone = true, .doc = "This document."},
    {HTTP_GET, "/api/v1/stream", stream_open, .need = NEED_SESSION, .query = "topics,last_event_id", .doc = "Server-sent events of the topics live, change and job."},
    {0},
};

static const char *const tables[] = {"idempotency", NULL};

const struct module http_module = {
    .name = "http",
    .routes = routes,
    .sql = http_sql,
    .migrations = http_migrations,
    .tables = tables,
};
