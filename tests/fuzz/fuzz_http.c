/* What a stranger's request line and headers reach before any handler: routing, percent-decoding, queries, cookies, keys,
 * languages, packed bodies. The library's own parser is not ours to fuzz. */
#include "access/access_priv.h"
#include "http/http_priv.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum rc run(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)c, (void)r, (void)p;
    return RC_OK;
}

static const struct route routes[] = {
    {HTTP_GET, "/", run, .need = NEED_NOBODY},
    {HTTP_GET, "/api/v1/customers", run, .need = "x"},
    {HTTP_POST, "/api/v1/customers/search", run, .need = "x"},
    {HTTP_GET, "/api/v1/customers/{id}", run, .need = "x"},
    {HTTP_GET, "/api/v1/customers/{id}/identifiers/{iid}", run, .need = "x"},
    {HTTP_GET, "/v1/projects/{key}/settings", run, .need = "x"},
    {0},
};
static const struct module module = {.name = "fuzz", .routes = routes};
static const struct module *const list[] = {&module, NULL};

static void fuzz_target(struct arena *a, const struct router *router, struct str method_name, struct str uri)
{
    enum http_method method = HTTP_GET;
    struct route_match match;
    struct str decoded;
    ptrdiff_t mark = str_find(uri, '?');
    struct str path = mark < 0 ? uri : str_sub(uri, 0, (size_t)mark), query = mark < 0 ? STR_NULL : str_sub(uri, (size_t)mark + 1, uri.len);
    (void)!http_method_of(method_name, &method);
    router_find(router, method, path, &match);
    assert(!match.route || match.allowed & 1u << match.route->method);
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
        if (url_decode(a, match.params[i], false, &decoded))
            assert(decoded.len <= match.params[i].len && str_is_text(decoded));
    static const char *const names[] = {"q", "after", "limit", "topics", "writeKey"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert(str_is_text(url_query_get(a, query, str_z(names[i]))));
}

static void fuzz_header(const struct texts *texts, struct str line)
{
    char room[256];
    struct str key = STR_NULL;
    struct buf out = BUF_INIT(1 << 16);
    (void)texts_choose(texts, line);
    (void)session_cookie_find(line, STR("zhixin_session"));
    if (access_key_of_header(line, room, &key))
        assert(key.len <= line.len);
    if (body_inflate(line, (1 << 16) - 1, &out) == RC_OK)
        assert(out.len <= line.len * LIMIT_INFLATE_RATIO);
    buf_free(&out);
}

/* "GET /path?query\nheader\nheader…" */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct router *router;
    static struct texts *texts;
    if (!router) {
        static const struct http_asset none[] = {{0}};
        router = router_new(list);
        texts = texts_load(none);
    }
    struct arena *a = arena_new();
    struct str rest = str_n(data, size), line, method;
    if (str_split(&rest, '\n', &line) && str_split(&line, ' ', &method))
        fuzz_target(a, router, method, line);
    while (str_split(&rest, '\n', &line))
        fuzz_header(texts, line);
    arena_free(a);
    return 0;
}
