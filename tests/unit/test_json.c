/* json/reader.c and writer.c: values, containers, limits, hostile documents, text that comes back the same. */
#include "base/limits.h"
#include "json/json.h"
#include "test.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static struct json_parser *parser;
static struct arena *arena;

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

static struct json parse(struct str text)
{
    struct json v = JSON_ABSENT;
    const char *why = "";
    if (json_parse(parser, text, 1 << 20, &v, &why) != RC_OK)
        print_error("%.*s: %s\n", STR_FMT(text), why);
    return v;
}

static void types_and_values(void **state)
{
    (void)state;
    struct json v = parse(STR("{\"n\":null,\"t\":true,\"f\":false,\"i\":-7,\"u\":18446744073709551615,\"d\":399.9,"
                              "\"w\":5e2,\"s\":\"王\\u5c0f明\",\"a\":[1,2,3],\"o\":{}}"));
    static const struct {
        const char *key;
        enum json_type type;
    } rows[] = {{"n", JSON_NULL},   {"t", JSON_BOOL}, {"f", JSON_BOOL},  {"i", JSON_I64},    {"u", JSON_U64},       {"d", JSON_DOUBLE},
                {"w", JSON_DOUBLE}, {"s", JSON_STR},  {"a", JSON_ARRAY}, {"o", JSON_OBJECT}, {"missing", JSON_NONE}};
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(json_type(json_get(v, str_z(rows[i].key))), rows[i].type);
    assert_true(json_bool(json_get(v, STR("t")), false));
    assert_false(json_bool(json_get(v, STR("f")), true));
    assert_true(json_bool(json_get(v, STR("s")), true));
    assert_true(json_i64(json_get(v, STR("i")), 0) == -7);
    assert_true(json_i64(json_get(v, STR("u")), 5) == 5);
    assert_true(json_i64(json_get(v, STR("d")), 5) == 5);
    assert_true(json_i64(json_get(v, STR("w")), 5) == 500);
    assert_true(json_double(json_get(v, STR("i")), 0) == -7.0);
    assert_str(json_str(json_get(v, STR("s"))), "王小明");
    assert_str(json_str(json_get(v, STR("i"))), "");
    assert_int_equal(json_count(json_get(v, STR("a"))), 3);
    assert_int_equal(json_count(v), 10);
    assert_int_equal(json_count(JSON_ABSENT), 0);
}

static void the_last_of_equal_keys_counts(void **state)
{
    (void)state;
    struct json v = parse(STR("{\"a\":{\"a\":1},\"b\":[{\"a\":2}],\"a\":3,\"ab\":4}"));
    assert_true(json_i64(json_get(v, STR("a")), 0) == 3);
    assert_int_equal(json_type(json_get(json_get(v, STR("b")), STR("a"))), JSON_NONE);
}

static void walks_containers(void **state)
{
    (void)state;
    struct json v = parse(STR("{\"x\":[1,[2,3],{\"y\":4},\"five\",6.5,null],\"z\":true}"));
    struct json_iter members = json_iter(v);
    assert_true(json_next(&members));
    assert_str(members.key, "x");
    static const enum json_type want[] = {JSON_I64, JSON_ARRAY, JSON_OBJECT, JSON_STR, JSON_DOUBLE, JSON_NULL};
    size_t count = 0;
    for (struct json_iter it = json_iter(members.value); json_next(&it); count++)
        assert_int_equal(json_type(it.value), want[count]);
    assert_int_equal(count, COUNT(want));
    assert_true(json_next(&members));
    assert_str(members.key, "z");
    assert_false(json_next(&members));
    for (struct json_iter it = json_iter(members.value); json_next(&it);)
        fail(); /* a scalar has nothing in it */
}

static void decimals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"399.9", "399.9"},
        {"399.90", "399.9"},
        {"\" 399.90 \"", "399.90"},
        {"0.1", "0.1"},
        {"1e2", "100"},
        {"-0.05", "-0.05"},
        {"123456789012.345", "123456789012.345"},
        {"9223372036854775807", "9223372036854775807"},
        {"18446744073709551615", "18446744073709551615"},
        {"\"1e2\"", ""},
        {"\"\"", ""},
        {"\"-\"", ""},
        {"\"abc\"", ""},
        {"\"1-2\"", ""},
        {"true", ""},
        {"null", ""},
        {"[]", ""},
        {"\"+5\"", "+5"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        trying(rows[i].text);
        assert_str(json_decimal(parse(str_z(rows[i].text)), arena), rows[i].want);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *why;
    } rows[] = {
        {STR(""), "empty"},
        {STR("  \n"), "empty"},
        {STR("\xEF\xBB\xBF"), "empty"},
        {STR("{"), "syntax"},
        {STR("[1,]"), "syntax"},
        {STR("{\"a\":1}x"), "syntax"},
        {STR("\"\xFF\""), "utf8"},
        {STR("\"\xED\xA0\x80\""), "utf8"},
        {STR("01"), "number"},
        {STR("-"), "number"},
        {STR("1e999"), "number"},
        {STR("\"a"), "string"},
        {STR("\"\n\""), "string"},
        {STR("\"\\x\""), "string"},
        {STR("\"\\ud800\""), "string"},
        {STR("\"a\\u0000b\""), "nul"},
        {STR("[1,2.5,{\"\\u0000\":1}]"), "nul"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json v;
        const char *why = "taken";
        assert_int_equal(json_parse(parser, rows[i].text, 1000, &v, &why), RC_BAD_REQUEST);
        assert_string_equal(why, rows[i].why);
    }
    struct json v;
    const char *why = "";
    assert_int_equal(json_parse(parser, STR("[1,2,3]"), 6, &v, &why), RC_TOO_LARGE);
    assert_int_equal(json_parse(parser, STR("\xEF\xBB\xBF{\"\\\\u0000\":1}"), 100, &v, &why), RC_OK); /* an escaped backslash */
}

static void depth_is_limited(void **state)
{
    (void)state;
    for (size_t depth = LIMIT_JSON_DEPTH - 1; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        char text[2 * (LIMIT_JSON_DEPTH + 1) + 1];
        struct json v;
        const char *why = "";
        memset(text, '[', depth);
        text[depth] = '1';
        memset(text + depth + 1, ']', depth);
        enum rc rc = json_parse(parser, str_n(text, 2 * depth + 1), 1000, &v, &why);
        assert_int_equal(rc, depth <= LIMIT_JSON_DEPTH ? RC_OK : RC_BAD_REQUEST);
        if (rc)
            assert_string_equal(why, "depth");
    }
}

static void a_large_document_after_small_ones(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(8 << 20);
    struct jw w = jw_on(&b);
    jw_array(&w);
    for (int64_t i = 0; i < 300000; i++)
        jw_i64(&w, i);
    jw_array_end(&w);
    struct json v;
    const char *why;
    assert_int_equal(json_parse(parser, buf_str(&b), b.len, &v, &why), RC_OK);
    assert_int_equal(json_count(v), 300000);
    int64_t sum = 0;
    for (struct json_iter it = json_iter(v); json_next(&it);)
        sum += json_i64(it.value, 0);
    assert_true(sum == INT64_C(300000) * 299999 / 2);
}

static void writes_what_it_read(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "null", "[]", "{}", "\"\"", "[1,-2,18446744073709551615,0.1,100000.5,1e+20,1e-09,true,false,null]", "{\"a\":{\"b\":[{\"c\":\"王\\n\\\"\"}]},\"d\":[[],{}]}",
    };
    _cleanup_buf_ struct buf b = BUF_INIT(1000);
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_write(parse(str_z(rows[i])), &b);
        assert_buf(&b, rows[i]);
    }
}

static void writer(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(1000);
    struct jw w = jw_on(&b);
    jw_object(&w);
    jw_kv_str(&w, "s", STR("a\"b"));
    jw_kv_z(&w, "none", NULL);
    jw_kv_id(&w, "id", INT64_C(9007199254740993));
    jw_kv_id(&w, "no_id", 0);
    jw_kv_bool(&w, "yes", true);
    jw_kv_time(&w, "at", 1772328600123456);
    jw_kv_money(&w, "paid", -5, 2);
    jw_kv_double(&w, "d", 0.30000000000000004);
    jw_kv_double(&w, "nan", (double)NAN);
    jw_key(&w, "list");
    jw_array(&w);
    jw_object(&w);
    jw_object_end(&w);
    jw_array(&w);
    jw_i64(&w, 1);
    jw_i64(&w, 2);
    jw_array_end(&w);
    jw_day(&w, 0);
    jw_raw(&w, STR("{\"raw\":1}"));
    jw_array_end(&w);
    jw_key_str(&w, STR("k\n"));
    jw_null(&w);
    jw_object_end(&w);
    assert_buf(&b, "{\"s\":\"a\\\"b\",\"none\":null,\"id\":\"9007199254740993\",\"no_id\":null,\"yes\":true,"
                   "\"at\":\"2026-03-01T01:30:00.123Z\",\"paid\":\"-0.05\",\"d\":0.30000000000000004,\"nan\":null,"
                   "\"list\":[{},[1,2],\"1970-01-01\",{\"raw\":1}],\"k\\n\":null}");
}

/* ---- the world's worst JSON, where it is at hand (nst/JSONTestSuite) ---- */

static struct str read_whole(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return STR_NULL;
    char *bytes = arena_alloc(arena, 1 << 20);
    size_t len = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    return str_n(bytes, len);
}

/* y_ must be taken, n_ refused, i_ may go either way; ours are refused besides for depth and U+0000. */
static bool right(const char *name, enum rc rc, const char *why)
{
    bool ours = rc && (str_eqz(STR("depth"), why) || str_eqz(STR("nul"), why));
    return name[0] == 'i' || (name[0] == 'y' ? rc == RC_OK || ours : rc != RC_OK);
}

static void torture(void **state)
{
    (void)state;
    const char *const dir = "../shared/data/json_torture/test_parsing";
    DIR *d = opendir(dir);
    if (!d) {
        print_message("%s is not there: skipped\n", dir);
        skip();
    }
    size_t count = 0, wrong = 0;
    for (struct dirent *e; (e = readdir(d));) {
        char path[512];
        const char *why = "";
        struct json v;
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        enum rc rc = json_parse(parser, read_whole(path), 1 << 20, &v, &why);
        count++;
        if (!right(e->d_name, rc, why)) {
            print_error("%s: %s %s\n", e->d_name, rc_name(rc), why);
            wrong++;
        }
        if (rc == RC_OK) {
            _cleanup_buf_ struct buf once = BUF_INIT(4 << 20), twice = BUF_INIT(4 << 20);
            json_write(v, &once);
            json_write(parse(buf_str(&once)), &twice);
            assert_true(str_eq(buf_str(&once), buf_str(&twice)));
        }
    }
    closedir(d);
    assert_true(count >= 300);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_and_values),
        cmocka_unit_test(the_last_of_equal_keys_counts),
        cmocka_unit_test(walks_containers),
        cmocka_unit_test(decimals),
        cmocka_unit_test(refusals),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(a_large_document_after_small_ones),
        cmocka_unit_test(writes_what_it_read),
        cmocka_unit_test(writer),
        cmocka_unit_test(torture),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
