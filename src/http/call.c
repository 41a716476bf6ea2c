/* One call of a route, from who asks to the finished response: identify, permit, decode, run (in a transaction when it
 * writes), audit. Domain work happens in the handler; nothing here knows a domain. */
#include "http/http_priv.h"

#include "base/id.h"
#include "db/pool.h"

static enum rc call_request(struct call *k)
{
    struct conn *n = k->conn;
    struct request *r = &k->request;
    struct arena *a = conn_arena(n);
    struct str encoding = conn_header(n, "Content-Encoding"), tag = str_trim(conn_header(n, "If-Match"));
    *r = (struct request){.method = n->method, .impl = n, .address = str_z(n->address), .language = conn_header(n, "Accept-Language")};
    proxies_apply(n, r);
    if (!url_decode(a, n->path, false, &r->path))
        return ctx_fail(&k->ctx, RC_BAD_REQUEST, "path", "malformed");
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
        if (!url_decode(a, k->match.params[i], false, &r->params[i]))
            return ctx_fail(&k->ctx, RC_BAD_REQUEST, "path", "malformed");
    if (str_starts(tag, STR("W/")))
        tag = str_sub(tag, 2, tag.len);
    r->if_match = tag.len >= 2 && tag.ptr[0] == '"' ? str_sub(tag, 1, tag.len - 1) : tag;
    k->ctx.request = r;
    enum rc rc = body_view(&n->body, encoding, &r->body);
    return rc ? ctx_fail(&k->ctx, rc, "body", "unreadable") : RC_OK;
}

/* A program that forgot its key is told of keys; a person, whose browser has a cookie or asks for a page, of the login. */
static enum rc nobody(struct call *k)
{
    bool program = k->match.route->api_key && conn_header(k->conn, "Cookie").len == 0;
    return program ? ctx_fail(&k->ctx, RC_UNAUTHENTICATED, "authorization", "no_key") : ctx_fail(&k->ctx, RC_UNAUTHENTICATED, "", "login");
}

static enum rc call_permit(struct call *k)
{
    const struct http_auth *auth = &k->conn->server->options.auth;
    const char *need = k->match.route->need;
    enum rc rc = auth->identify ? auth->identify(&k->ctx, &k->request, &k->actor) : RC_OK;
    if (rc)
        return rc;
    k->ctx.actor = k->actor;
    if (strcmp(need, NEED_NOBODY) == 0)
        return RC_OK;
    if (!k->actor)
        return nobody(k);
    if (!auth->may || !auth->may(k->actor, need))
        return ctx_fail(&k->ctx, RC_DENIED, "", need);
    if (!k->match.route->api_key && auth->is_key && auth->is_key(k->actor))
        return ctx_fail(&k->ctx, RC_DENIED, "", "api_key");
    return RC_OK;
}

/* application/json, application/merge-patch+json; nothing at all is taken for JSON. */
static bool is_json_type(struct str type)
{
    ptrdiff_t semicolon = str_find(type, ';');
    struct str name = str_trim(semicolon < 0 ? type : str_sub(type, 0, (size_t)semicolon));
    return name.len == 0 || str_ieq(name, STR("application/json")) || str_ends(name, STR("+json"));
}

static enum rc call_decode(struct call *k)
{
    const struct route *route = k->match.route;
    struct request *r = &k->request;
    const char *why = "";
    if (!route->in)
        return RC_OK;
    if (!is_json_type(request_header(r, "Content-Type")))
        return ctx_fail(&k->ctx, RC_MEDIA_TYPE, "body", "not_json");
    struct str text = r->body.len ? r->body : STR("{}");
    enum rc rc = json_parse(k->json, text, route->body_max ? route->body_max : LIMIT_BODY_BYTES, &r->json, &why);
    if (rc)
        return ctx_fail(&k->ctx, rc, "body", why);
    if (!json_is(r->json, JSON_OBJECT))
        return ctx_fail(&k->ctx, RC_BAD_REQUEST, "body", "not_an_object");
    void *in = arena_alloc(k->ctx.arena, route->in_size);
    r->in = in;
    return field_decode(&k->ctx, route->in, r->json, str_starts(r->path, STR("/api/v1/")), in, &r->in_set);
}

/* Re-runnable: a driver may run a transaction again, so the reply starts over each time. */
static void reply_reset(struct call *k)
{
    buf_reset(&k->reply.body);
    k->reply = (struct reply){.body = k->reply.body};
    k->reply.json = jw_on(&k->reply.body);
}

static enum rc call_in_tx(struct ctx *c, void *arg)
{
    struct call *k = arg;
    const struct http_auth *auth = &k->conn->server->options.auth;
    bool replayed = false, keeps = idempotency_applies(k);
    reply_reset(k);
    enum rc rc = keeps ? idempotency_find(k, &replayed) : RC_OK;
    if (rc || replayed)
        return rc;
    rc = k->match.route->run(c, &k->request, &k->reply);
    if (rc)
        return rc;
    rc = auth->audit_write ? auth->audit_write(c, &k->request, k->match.route) : RC_OK;
    if (rc || !keeps)
        return rc;
    return idempotency_keep(k);
}

struct keyed {
    struct call *k;
    enum rc (*fn)(struct ctx *c, void *arg);
    void *arg;
    bool replayed;
};

static enum rc keyed_in_tx(struct ctx *c, void *arg)
{
    struct keyed *keyed = arg;
    struct call *k = keyed->k;
    bool keeps = idempotency_applies(k);
    int status = k->reply.status;
    reply_reset(k);
    k->reply.status = status;
    keyed->replayed = false;
    enum rc rc = keeps ? idempotency_find(k, &keyed->replayed) : RC_OK;
    if (rc || keyed->replayed)
        return rc;
    rc = keyed->fn(c, keyed->arg);
    return rc || !keeps ? rc : idempotency_keep(k);
}

enum rc request_tx(struct ctx *c, const struct request *r, enum rc (*fn)(struct ctx *c, void *arg), void *arg, bool *ret_replayed)
{
    struct keyed keyed = {.k = call_of(r), .fn = fn, .arg = arg};
    enum rc rc = db_pool_tx(c, c->app->truth, keyed_in_tx, &keyed);
    if (!rc && ret_replayed)
        *ret_replayed = keyed.replayed;
    return rc;
}

/* Everything before the handler reads only, so a refused request leaves the database as it was. */
static enum rc call_admit(struct call *k)
{
    enum rc rc = call_permit(k);
    return rc ? rc : call_decode(k);
}

static enum rc call_route(struct call *k)
{
    struct ctx *c = &k->ctx;
    struct db_pool *pool = c->app->truth;
    struct db *reader;
    enum rc rc = call_request(k); /* first: whatever fails then is told in the language of who asked */
    if (rc || k->match.route->alone)
        return rc ? rc : k->match.route->run(c, &k->request, &k->reply);
    rc = db_pool_reader(pool, &reader);
    if (rc)
        return rc;
    c->db = reader;
    rc = call_admit(k);
    bool writes = k->match.route->writes;
    if (!rc && !writes)
        rc = k->match.route->run(c, &k->request, &k->reply);
    db_pool_give(pool, reader);
    c->db = NULL;
    if (rc || !writes)
        return rc;
    return db_pool_tx(c, pool, call_in_tx, k);
}

void call_run(struct call *k)
{
    struct http_server *s = k->conn->server;
    k->ctx = (struct ctx){.arena = conn_arena(k->conn), .app = s->app, .vault = s->app->vault, .now_us = clock_now_us(), .request_id = id_next()};
    k->reply.body = BUF_INIT(LIMIT_REPLY_BYTES);
    reply_reset(k);
    reply_build(k, call_route(k));
}
