/* http/openapi.c: the shape of the document, read back as JSON. */
#include "http/http_priv.h"
#include "test.h"

static enum rc run(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)c, (void)r, (void)p;
    return RC_OK;
}

struct cat {
    struct str name;
};
static const struct field cat_fields[] = {
    {.name = "name", .type = FIELD_STR, .flags = FIELD_REQUIRED, .offset = offsetof(struct cat, name), .max = 10, .doc = "What she is called."},
    FIELD_END,
};
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/cats", run, .need = "cat.read", .out = cat_fields, .out_name = "cat", .out_list = true, .query = "q,limit"},
    {HTTP_GET, "/api/v1/cats/{id}", run, .need = "cat.read", .out = cat_fields, .out_name = "cat", .api_key = true},
    {HTTP_POST, "/api/v1/cats", run, .need = "cat.write", .in = cat_fields, .in_size = sizeof(struct cat), .writes = true, .act = "cat.create", .doc = "Adds a cat."},
    {HTTP_GET, "/healthz", run, .need = NEED_NOBODY},
    {0},
};
static const struct module cats = {.name = "cats", .routes = routes}, empty = {.name = "empty"};
static const struct module *const list[] = {&empty, &cats, &empty, NULL};

static struct json at(struct json v, const char *path)
{
    struct str rest = str_z(path), key;
    while (str_split(&rest, '|', &key))
        v = json_get(v, key);
    return v;
}

static void describes_routes(void **state)
{
    (void)state;
    struct buf out = BUF_INIT(1 << 20);
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct json doc;
    const char *why;
    openapi_write(list, &out);
    assert_false(out.failed);
    assert_int_equal(json_parse(parser, buf_str(&out), 1 << 20, &doc, &why), RC_OK);
    assert_str(json_str(at(doc, "openapi")), "3.1.0");
    assert_int_equal(json_count(at(doc, "paths")), 3);
    assert_int_equal(json_count(at(doc, "paths|/api/v1/cats")), 2);
    assert_str(json_str(at(doc, "paths|/api/v1/cats|post|summary")), "Adds a cat.");
    assert_str(json_str(at(doc, "paths|/api/v1/cats|post|x-permission")), "cat.write");
    assert_str(json_str(at(doc, "paths|/api/v1/cats/{id}|get|operationId")), "get_cats_id");
    assert_str(json_str(at(doc, "paths|/api/v1/cats/{id}|get|responses|200|content|application/json|schema|$ref")), "#/components/schemas/cat");
    assert_str(json_str(at(doc, "paths|/api/v1/cats|get|responses|200|content|application/json|schema|properties|items|items|$ref")), "#/components/schemas/cat");
    assert_int_equal(json_count(at(doc, "paths|/api/v1/cats|get|parameters")), 2);
    assert_int_equal(json_count(at(doc, "paths|/api/v1/cats/{id}|get|security")), 2);
    assert_int_equal(json_count(at(doc, "paths|/healthz|get|security")), 0);
    assert_true(json_is(at(doc, "components|schemas|cat|properties|name"), JSON_OBJECT));
    assert_true(json_is(at(doc, "components|schemas|error"), JSON_OBJECT));
    assert_true(json_is(at(doc, "paths|/api/v1/cats|post|requestBody|content|application/json|schema|properties|name"), JSON_OBJECT));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(describes_routes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
