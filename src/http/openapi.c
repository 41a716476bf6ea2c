/* The OpenAPI 3.1 document, emitted from the rows that the server runs by: routes and field tables. */
#include "http/http_priv.h"

/* Walks all routes in the order of the modules. */
struct walk {
    const struct module *const *module;
    const struct route *route;
};

static bool walk_next(struct walk *w)
{
    if (w->route && w->route[1].path) {
        w->route++;
        return true;
    }
    for (w->module = w->route ? w->module + 1 : w->module; *w->module; w->module++)
        if ((*w->module)->routes && (*w->module)->routes->path) {
            w->route = (*w->module)->routes;
            return true;
        }
    return false;
}

static void put_ref(struct jw *w, const char *name)
{
    struct buf ref = BUF_INIT(256);
    buf_addf(&ref, "#/components/schemas/%s", name);
    jw_object(w);
    jw_kv_str(w, "$ref", buf_str(&ref));
    jw_object_end(w);
    buf_free(&ref);
}

static void put_type(struct jw *w, const char *type)
{
    jw_object(w);
    jw_kv_z(w, "type", type);
    jw_object_end(w);
}

static void put_one(struct jw *w, const struct route *r)
{
    if (r->out_name)
        put_ref(w, r->out_name);
    else if (r->out)
        field_schema(w, r->out);
    else
        put_type(w, "object");
}

/* {"items": […], "next": cursor or null, "total": {"count", "exact"}} */
static void put_list(struct jw *w, const struct route *r)
{
    jw_object(w);
    jw_kv_z(w, "type", "object");
    jw_key(w, "properties");
    jw_object(w);
    jw_key(w, "items");
    jw_object(w);
    jw_kv_z(w, "type", "array");
    jw_key(w, "items");
    put_one(w, r);
    jw_object_end(w);
    jw_key(w, "next");
    jw_raw(w, STR("{\"type\":[\"string\",\"null\"]}"));
    jw_key(w, "total");
    put_ref(w, "total");
    jw_object_end(w);
    jw_key(w, "required");
    jw_raw(w, STR("[\"items\"]"));
    jw_object_end(w);
}

static void put_parameter(struct jw *w, struct str name, const char *where, bool required)
{
    jw_object(w);
    jw_kv_str(w, "name", name);
    jw_kv_z(w, "in", where);
    jw_kv_bool(w, "required", required);
    jw_key(w, "schema");
    put_type(w, str_eq(name, STR("limit")) ? "integer" : "string");
    jw_object_end(w);
}

static void put_parameters(struct jw *w, const struct route *r)
{
    struct str path = str_z(r->path), query = str_z(r->query), part;
    jw_key(w, "parameters");
    jw_array(w);
    while (str_split(&path, '/', &part))
        if (part.len > 2 && part.ptr[0] == '{')
            put_parameter(w, str_sub(part, 1, part.len - 1), "path", true);
    while (str_split(&query, ',', &part))
        put_parameter(w, part, "query", false);
    if (r->method == HTTP_POST && r->writes)
        put_parameter(w, STR("Idempotency-Key"), "header", false);
    if (r->method == HTTP_PATCH)
        put_parameter(w, STR("If-Match"), "header", true);
    jw_array_end(w);
}

static void put_body(struct jw *w, const struct route *r)
{
    if (!r->in)
        return;
    jw_key(w, "requestBody");
    jw_object(w);
    jw_kv_bool(w, "required", true);
    jw_key(w, "content");
    jw_object(w);
    jw_key(w, "application/json");
    jw_object(w);
    jw_key(w, "schema");
    field_schema(w, r->in);
    jw_object_end(w);
    jw_object_end(w);
    jw_object_end(w);
}

static void put_replies(struct jw *w, const struct route *r)
{
    jw_key(w, "responses");
    jw_object(w);
    jw_key(w, "200");
    jw_object(w);
    jw_kv_z(w, "description", "Done.");
    jw_key(w, "content");
    jw_object(w);
    jw_key(w, "application/json");
    jw_object(w);
    jw_key(w, "schema");
    if (r->out_list)
        put_list(w, r);
    else
        put_one(w, r);
    jw_object_end(w);
    jw_object_end(w);
    jw_object_end(w);
    jw_key(w, "default");
    jw_raw(w, STR("{\"$ref\":\"#/components/responses/error\"}"));
    jw_object_end(w);
}

static void put_security(struct jw *w, const struct route *r)
{
    jw_key(w, "security");
    jw_array(w);
    if (strcmp(r->need, NEED_NOBODY) != 0) {
        jw_raw(w, STR("{\"session\":[]}"));
        if (r->api_key)
            jw_raw(w, STR("{\"key\":[]}"));
    }
    jw_array_end(w);
}

/* get /api/v1/customers/{id} → get_customers_id */
static void put_operation_id(struct jw *w, const struct route *r)
{
    struct buf name = BUF_INIT(256);
    struct str rest = str_z(r->path);
    if (str_starts(rest, STR("/api/v1/")))
        rest = str_sub(rest, 8, rest.len);
    for (const char *m = http_method_name(r->method); *m; m++)
        buf_add_byte(&name, (char)(*m | 0x20));
    buf_add_byte(&name, '_');
    for (size_t i = 0; i < rest.len; i++)
        if (!strchr("{}", rest.ptr[i]))
            buf_add_byte(&name, strchr("/-.", rest.ptr[i]) ? '_' : rest.ptr[i]);
    jw_kv_str(w, "operationId", buf_str(&name));
    buf_free(&name);
}

static void put_operation(struct jw *w, const struct module *m, const struct route *r)
{
    char method[8] = "";
    for (size_t i = 0; i + 1 < sizeof(method) && http_method_name(r->method)[i]; i++)
        method[i] = (char)(http_method_name(r->method)[i] | 0x20);
    jw_key_str(w, str_z(method));
    jw_object(w);
    put_operation_id(w, r);
    if (r->doc)
        jw_kv_z(w, "summary", r->doc);
    jw_key(w, "tags");
    jw_array(w);
    jw_str(w, str_z(m->name));
    jw_array_end(w);
    jw_kv_z(w, "x-permission", r->need);
    put_security(w, r);
    put_parameters(w, r);
    put_body(w, r);
    put_replies(w, r);
    jw_object_end(w);
}

static bool path_seen_before(const struct module *const *list, const struct route *r)
{
    struct walk w = {.module = list};
    while (walk_next(&w) && w.route != r)
        if (strcmp(w.route->path, r->path) == 0)
            return true;
    return false;
}

static void put_paths(struct jw *w, const struct module *const *list)
{
    struct walk all = {.module = list};
    jw_key(w, "paths");
    jw_object(w);
    while (walk_next(&all)) {
        if (path_seen_before(list, all.route))
            continue;
        struct walk same = {.module = list};
        jw_key_str(w, str_z(all.route->path));
        jw_object(w);
        while (walk_next(&same))
            if (strcmp(same.route->path, all.route->path) == 0)
                put_operation(w, *same.module, same.route);
        jw_object_end(w);
    }
    jw_object_end(w);
}

static bool schema_seen_before(const struct module *const *list, const struct route *r)
{
    struct walk w = {.module = list};
    while (walk_next(&w) && w.route != r)
        if (w.route->out && w.route->out_name && strcmp(w.route->out_name, r->out_name) == 0)
            return true;
    return false;
}

static void put_components(struct jw *w, const struct module *const *list)
{
    static const struct str error_schema =
        STR("{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{\"type\":\"object\",\"required\":[\"code\",\"message\",\"request_id\"],"
            "\"properties\":{\"code\":{\"type\":\"string\"},\"field\":{\"type\":[\"string\",\"null\"]},\"cause\":{\"type\":[\"string\",\"null\"]},"
            "\"message\":{\"type\":\"string\"},\"request_id\":{\"type\":\"string\"}}}}}");
    static const struct str total_schema = STR("{\"type\":\"object\",\"properties\":{\"count\":{\"type\":\"integer\"},\"exact\":{\"type\":\"boolean\"}}}");
    static const struct str responses = STR("{\"error\":{\"description\":\"What went wrong.\",\"content\":{\"application/json\":{\"schema\":"
                                            "{\"$ref\":\"#/components/schemas/error\"}}}}}");
    static const struct str schemes = STR("{\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"zhixin_session\"},"
                                          "\"key\":{\"type\":\"http\",\"scheme\":\"bearer\"}}");
    struct walk all = {.module = list};
    jw_key(w, "components");
    jw_object(w);
    jw_key(w, "schemas");
    jw_object(w);
    jw_key(w, "error");
    jw_raw(w, error_schema);
    jw_key(w, "total");
    jw_raw(w, total_schema);
    while (walk_next(&all))
        if (all.route->out && all.route->out_name && !schema_seen_before(list, all.route)) {
            jw_key_str(w, str_z(all.route->out_name));
            field_schema(w, all.route->out);
        }
    jw_object_end(w);
    jw_key(w, "responses");
    jw_raw(w, responses);
    jw_key(w, "securitySchemes");
    jw_raw(w, schemes);
    jw_object_end(w);
}

void openapi_write(const struct module *const *list, struct buf *out)
{
    struct jw w = jw_on(out);
    jw_object(&w);
    jw_kv_z(&w, "openapi", "3.1.0");
    jw_key(&w, "info");
    jw_object(&w);
    jw_kv_z(&w, "title", "Zhixin");
    jw_kv_z(&w, "version", ZHIXIN_VERSION);
    jw_kv_z(&w, "description", "The customer system of a retailer that sells in shops and on the web.");
    jw_key(&w, "license");
    jw_raw(&w, STR("{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}"));
    jw_object_end(&w);
    put_paths(&w, list);
    put_components(&w, list);
    jw_object_end(&w);
}

void http_openapi(struct buf *out)
{
    openapi_write(modules, out);
}
