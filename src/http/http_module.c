/* The server's own routes: is it well, its figures, its document, the event stream. */
#include "http/http_priv.h"

#include "embedded_sql.h"

/* Can the truth be read? Whoever balances load asks this. */
static enum rc health_show(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)r;
    int64_t seq;
    enum rc rc = change_last(c, &seq);
    if (rc)
        return ctx_fail(c, RC_BUSY, "", "store");
    jw_object(&p->json);
    jw_kv_z(&p->json, "status", "ok");
    jw_kv_z(&p->json, "version", ZHIXIN_VERSION);
    jw_kv_i64(&p->json, "seq", seq);
    jw_object_end(&p->json);
    return RC_OK;
}

static enum rc openapi_show(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)c, (void)r;
    http_openapi(&p->body);
    return RC_OK;
}

static const struct route routes[] = {
    {HTTP_GET, "/healthz", health_show, .need = NEED_NOBODY, .doc = "Is the server able to work?"},
    {HTTP_GET, "/metrics", metrics_show, .need = NEED_NOBODY, .doc = "Figures in Prometheus text format."},
    {HTTP_GET, "/api/v1/openapi.json", openapi_show, .need = NEED_NOBODY, .doc = "This document."},
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
