/* What browser clients fetch before they send: the smallest settings that they accept (wire.md C1). The same answer for
 * any key, so that a stranger can't tell which keys exist. */
#include "intake/intake_priv.h"

static void allow_any_origin(struct reply *p)
{
    reply_header(p, "Access-Control-Allow-Origin", STR("*"));
    reply_header(p, "Access-Control-Allow-Headers", STR("Authorization, Content-Type, AnonymousId, X-Retry-Count"));
    reply_header(p, "Cross-Origin-Resource-Policy", STR("cross-origin"));
}

enum rc intake_preflight(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)c;
    (void)r;
    allow_any_origin(p);
    p->status = 204;
    return RC_OK;
}

/* @segment/analytics-next: one integration only; more makes it fetch bundles of others. */
enum rc intake_project_settings(struct ctx *c, const struct request *r, struct reply *p)
{
    struct jw *w = &p->json;
    (void)c;
    allow_any_origin(p);
    jw_object(w);
    jw_key(w, "integrations");
    jw_object(w);
    jw_key(w, "Segment.io");
    jw_object(w);
    jw_kv_str(w, "apiKey", r->params[0]);
    jw_key(w, "unbundledIntegrations");
    jw_array(w);
    jw_array_end(w);
    jw_kv_bool(w, "addBundledMetadata", true);
    jw_key(w, "maybeBundledConfigIds");
    jw_object(w);
    jw_object_end(w);
    struct str host = request_header(r, "Host");
    if (host.len) {
        jw_kv_str(w, "apiHost", arena_printf(c->arena, "%.*s/v1", STR_FMT(host)));
        jw_kv_z(w, "protocol", r->secure ? "https" : "http");
    }
    jw_object_end(w);
    jw_object_end(w);
    jw_key(w, "plan");
    jw_raw(w, STR("{\"track\":{\"__default\":{\"enabled\":true,\"integrations\":{}}},\"identify\":{\"__default\":{\"enabled\":true}},"
                  "\"group\":{\"__default\":{\"enabled\":true}}}"));
    jw_key(w, "edgeFunction");
    jw_raw(w, STR("{}"));
    jw_key(w, "analyticsNextEnabled");
    jw_bool(w, true);
    jw_key(w, "middlewareSettings");
    jw_raw(w, STR("{}"));
    jw_key(w, "enabledMiddleware");
    jw_raw(w, STR("{}"));
    jw_key(w, "metrics");
    jw_raw(w, STR("{\"sampleRate\":0}"));
    jw_key(w, "legacyVideoPluginsEnabled");
    jw_bool(w, false);
    jw_key(w, "remotePlugins");
    jw_raw(w, STR("[]"));
    jw_object_end(w);
    return RC_OK;
}

/* @rudderstack/analytics-js */
enum rc intake_source_config(struct ctx *c, const struct request *r, struct reply *p)
{
    struct jw *w = &p->json;
    (void)c;
    allow_any_origin(p);
    jw_object(w);
    jw_key(w, "source");
    jw_object(w);
    jw_kv_z(w, "id", "zhixin");
    jw_kv_z(w, "name", "zhixin");
    jw_kv_str(w, "writeKey", request_query(r, "writeKey"));
    jw_kv_bool(w, "enabled", true);
    jw_kv_z(w, "workspaceId", "zhixin");
    jw_key(w, "config");
    jw_raw(w, STR("{\"statsCollection\":{\"errors\":{\"enabled\":false},\"metrics\":{\"enabled\":false}}}"));
    jw_key(w, "connections");
    jw_raw(w, STR("[]"));
    jw_key(w, "destinations");
    jw_raw(w, STR("[]"));
    jw_key(w, "dataplanes");
    jw_raw(w, STR("{}"));
    jw_object_end(w);
    jw_kv_z(w, "updatedAt", "2026-01-01T00:00:00.000Z");
    jw_object_end(w);
    return RC_OK;
}
