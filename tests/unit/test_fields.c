/* json/fields.c and schema.c: a body against its table, and the table as a document. */
#include "json/json.h"
#include "test.h"

#include <stddef.h>

struct line {
    struct str sku;
    int64_t quantity, paid;
};

struct body {
    struct str name, weight;
    int64_t id, at, count, price;
    int32_t day;
    bool vip;
    int colour;
    struct line first;
    struct field_list lines, tags;
    struct json extra;
};

static const char *const colours[] = {"red", "green", NULL};
static const struct field line_fields[] = {
    {"sku", FIELD_STR, FIELD_REQUIRED, offsetof(struct line, sku), .min = 1, .max = 5},
    {"quantity", FIELD_I64, 0, offsetof(struct line, quantity), .min = -10, .max = 10},
    {"paid", FIELD_MONEY, 0, offsetof(struct line, paid)},
    FIELD_END,
};
static const struct field body_fields[] = {
    {"name", FIELD_STR, FIELD_REQUIRED, offsetof(struct body, name), .min = 1, .max = 3, .doc = "What it is called."},
    {"weight", FIELD_DECIMAL, 0, offsetof(struct body, weight)},
    {"id", FIELD_ID, 0, offsetof(struct body, id)},
    {"at", FIELD_TIME, FIELD_NULLABLE, offsetof(struct body, at)},
    {"count", FIELD_I64, 0, offsetof(struct body, count), .min = 1},
    {"price", FIELD_MONEY, 0, offsetof(struct body, price), .min = 0, .max = 100000},
    {"day", FIELD_DAY, 0, offsetof(struct body, day)},
    {"vip", FIELD_BOOL, 0, offsetof(struct body, vip)},
    {"colour", FIELD_ENUM, 0, offsetof(struct body, colour), .words = colours},
    {"first", FIELD_OBJECT, 0, offsetof(struct body, first), .sub = line_fields},
    {"lines", FIELD_LIST, 0, offsetof(struct body, lines), .max = 3, .sub = line_fields, .sub_size = sizeof(struct line)},
    {"tags", FIELD_STRS, 0, offsetof(struct body, tags), .min = 1},
    {"extra", FIELD_JSON, 0, offsetof(struct body, extra)},
    FIELD_END,
};

static struct json_parser *parser;
static struct arena *arena;

static enum rc decode(struct ctx *c, const char *text, bool strict, struct body *out, uint64_t *set)
{
    struct json v;
    const char *why;
    *c = (struct ctx){.arena = arena};
    assert_int_equal(json_parse(parser, str_z(text), 10000, &v, &why), RC_OK);
    return field_decode(c, body_fields, v, strict, out, set);
}

static void decodes_every_type(void **state)
{
    (void)state;
    struct ctx c;
    struct body b = {0};
    uint64_t set = 0;
    assert_int_equal(decode(&c,
                            "{\"name\":\"王小明\",\"weight\":1.25,\"id\":\"9007199254740993\",\"at\":null,\"count\":3,"
                            "\"price\":\"399.90\",\"day\":\"1970-01-02\",\"vip\":true,\"colour\":\"green\","
                            "\"first\":{\"sku\":\"A\",\"paid\":-0.5},\"lines\":[{\"sku\":\"B\",\"quantity\":-2},{\"sku\":\"C\"}],"
                            "\"tags\":[\"x\",\"y\"],\"extra\":{\"a\":[1]}}",
                            true, &b, &set),
                     RC_OK);
    assert_str(b.name, "王小明");
    assert_str(b.weight, "1.25");
    assert_true(b.id == INT64_C(9007199254740993) && b.at == 0 && b.count == 3 && b.price == 39990);
    assert_true(b.day == 1 && b.vip && b.colour == 1);
    assert_str(b.first.sku, "A");
    assert_true(b.first.paid == -50);
    assert_int_equal(b.lines.count, 2);
    assert_true(((struct line *)b.lines.items)[0].quantity == -2);
    assert_str(((struct line *)b.lines.items)[1].sku, "C");
    assert_str(((struct str *)b.tags.items)[1], "y");
    assert_int_equal(json_type(json_get(b.extra, STR("a"))), JSON_ARRAY);
    assert_true(set == (UINT64_C(1) << 13) - 1);
}

static void unset_is_not_null(void **state)
{
    (void)state;
    struct ctx c;
    struct body b = {0};
    uint64_t set = 0;
    assert_int_equal(decode(&c, "{\"name\":\"a\"}", true, &b, &set), RC_OK);
    assert_true(set == 1);
    assert_int_equal(decode(&c, "{\"name\":\"a\",\"at\":null,\"other\":1}", false, &b, &set), RC_OK);
    assert_true(set == (1 | 1 << 3));
}

static void says_where_and_why(void **state)
{
    (void)state;
    static const struct {
        const char *body, *field, *cause;
    } rows[] = {
        {"[]", "", "wrong_type"},
        {"{}", "name", "required"},
        {"{\"name\":null}", "name", "required"},
        {"{\"name\":7}", "name", "wrong_type"},
        {"{\"name\":\"\"}", "name", "too_short"},
        {"{\"name\":\"王小明的\"}", "name", "too_long"},
        {"{\"name\":\"a\",\"nam_e\":1}", "nam_e", "unknown"},
        {"{\"name\":\"a\",\"13800138000\":1}", "?", "unknown"},
        {"{\"name\":\"a\",\"weight\":\"heavy\"}", "weight", "malformed"},
        {"{\"name\":\"a\",\"weight\":true}", "weight", "wrong_type"},
        {"{\"name\":\"a\",\"id\":5}", "id", "wrong_type"},
        {"{\"name\":\"a\",\"id\":\"-5\"}", "id", "malformed"},
        {"{\"name\":\"a\",\"at\":\"yesterday\"}", "at", "malformed"},
        {"{\"name\":\"a\",\"count\":0}", "count", "too_small"},
        {"{\"name\":\"a\",\"count\":1.5}", "count", "malformed"},
        {"{\"name\":\"a\",\"count\":18446744073709551615}", "count", "too_large"},
        {"{\"name\":\"a\",\"count\":null}", "count", "null"},
        {"{\"name\":\"a\",\"price\":\"-0.01\"}", "price", "too_small"},
        {"{\"name\":\"a\",\"price\":\"1000.01\"}", "price", "too_large"},
        {"{\"name\":\"a\",\"price\":0.005}", "price", "too_precise"},
        {"{\"name\":\"a\",\"day\":\"2023-02-29\"}", "day", "malformed"},
        {"{\"name\":\"a\",\"vip\":1}", "vip", "wrong_type"},
        {"{\"name\":\"a\",\"colour\":\"blue\"}", "colour", "not_a_choice"},
        {"{\"name\":\"a\",\"first\":{}}", "first.sku", "required"},
        {"{\"name\":\"a\",\"first\":[]}", "first", "wrong_type"},
        {"{\"name\":\"a\",\"lines\":{}}", "lines", "wrong_type"},
        {"{\"name\":\"a\",\"lines\":[{\"sku\":\"A\"},{\"sku\":\"B\"},{\"sku\":\"\"}]}", "lines[2].sku", "too_short"},
        {"{\"name\":\"a\",\"lines\":[{\"sku\":\"A\"},7]}", "lines[1]", "wrong_type"},
        {"{\"name\":\"a\",\"lines\":[{\"sku\":\"A\",\"quantity\":11}]}", "lines[0].quantity", "too_large"},
        {"{\"name\":\"a\",\"lines\":[{\"sku\":\"A\",\"colour\":1}]}", "lines[0].colour", "unknown"},
        {"{\"name\":\"a\",\"lines\":[{},{},{},{}]}", "lines", "too_many"},
        {"{\"name\":\"a\",\"tags\":[]}", "tags", "too_few"},
        {"{\"name\":\"a\",\"tags\":[\"x\",null]}", "tags[1]", "wrong_type"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ctx c;
        struct body b = {0};
        trying(rows[i].body);
        assert_int_equal(decode(&c, rows[i].body, true, &b, NULL), RC_INVALID);
        assert_string_equal(c.error.field, rows[i].field);
        assert_string_equal(c.error.cause, rows[i].cause);
    }
}

static void schema(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(10000);
    struct jw w = jw_on(&b);
    struct json v;
    const char *why;
    field_schema(&w, body_fields);
    assert_int_equal(json_parse(parser, buf_str(&b), 10000, &v, &why), RC_OK);
    struct json members = json_get(v, STR("properties"));
    assert_int_equal(json_count(members), COUNT(body_fields) - 1);
    assert_str(json_str(json_get(json_get(members, STR("name")), STR("description"))), "What it is called.");
    assert_true(json_i64(json_get(json_get(members, STR("name")), STR("maxLength")), 0) == 3);
    assert_int_equal(json_count(json_get(json_get(members, STR("at")), STR("type"))), 2);
    struct json items = json_get(json_get(members, STR("lines")), STR("items"));
    assert_int_equal(json_count(json_get(items, STR("required"))), 1);
    assert_int_equal(json_count(json_get(json_get(members, STR("colour")), STR("enum"))), 2);
    assert_false(json_bool(json_get(v, STR("additionalProperties")), true));
}

static int set_up(void **state)
{
    (void)state;
    parser = json_parser_new();
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_parser_free(parser);
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_every_type),
        cmocka_unit_test(unset_is_not_null),
        cmocka_unit_test(says_where_and_why),
        cmocka_unit_test(schema),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
