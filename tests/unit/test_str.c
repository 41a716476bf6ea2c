/* base/str.c: looking at bytes. */
#include "test.h"

static void compare(void **state)
{
    (void)state;
    assert_true(str_eq(STR("a"), STR("a")));
    assert_true(str_eq(STR_NULL, STR("")));
    assert_false(str_eq(STR("a"), STR("ab")));
    assert_true(str_ieq(STR("Content-TYPE"), STR("content-type")));
    assert_false(str_ieq(STR("É"), STR("é")));
    assert_true(str_cmp(STR("a"), STR("ab")) < 0);
    assert_true(str_cmp(STR("b"), STR("ab")) > 0);
    assert_int_equal(str_cmp(STR_NULL, STR("")), 0);
    assert_true(str_starts(STR("/api/v1"), STR("/api")));
    assert_false(str_starts(STR("/a"), STR("/api")));
    assert_true(str_ends(STR("x.csv"), STR(".csv")));
}

static void search(void **state)
{
    (void)state;
    assert_int_equal(str_find(STR("a=b=c"), '='), 1);
    assert_int_equal(str_find(STR(""), '='), -1);
    assert_int_equal(str_find_str(STR("上海静安店"), STR("静安")), 6);
    assert_int_equal(str_find_str(STR("abc"), STR("")), 0);
    assert_int_equal(str_find_str(STR_NULL, STR("x")), -1);
    assert_str(str_trim(STR(" \t x y\r\n")), "x y");
    assert_str(str_trim(STR("  ")), "");
    assert_str(str_sub(STR("hello"), 1, 3), "el");
    assert_str(str_sub(STR("hello"), 3, 99), "lo");
    assert_str(str_sub(STR("hello"), 9, 3), "");
}

static void split(void **state)
{
    (void)state;
    struct str rest = STR("a,,b,"), part;
    static const char *const parts[] = {"a", "", "b", ""};
    for (size_t i = 0; i < COUNT(parts); i++) {
        assert_true(str_split(&rest, ',', &part));
        assert_str(part, parts[i]);
    }
    assert_false(str_split(&rest, ',', &part));
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"42", true, 42},
        {"-7", true, -7},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"0x1", false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t value = 99;
        trying(rows[i].text);
        assert_int_equal(str_i64(str_z(rows[i].text), &value), rows[i].ok);
        assert_true(value == (rows[i].ok ? rows[i].value : 99));
    }
    uint64_t u;
    assert_true(str_u64(STR("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_false(str_u64(STR("18446744073709551616"), &u));
}

static void utf8(void **state)
{
    (void)state;
    static const struct {
        struct str s;
        bool ok;
        size_t chars;
    } rows[] = {
        {STR(""), true, 0},
        {STR("abc"), true, 3},
        {STR("王小明"), true, 3},
        {STR("𠮷"), true, 1},
        {STR("\xF4\x8F\xBF\xBF"), true, 1}, /* U+10FFFF */
        {STR("a\0b"), false, 0},            /* NUL */
        {STR("\x80"), false, 0},            /* lone continuation */
        {STR("\xC0\x80"), false, 0},        /* overlong */
        {STR("\xE0\x80\x80"), false, 0},
        {STR("\xF0\x80\x80\x80"), false, 0},
        {STR("\xED\xA0\x80"), false, 0},     /* surrogate */
        {STR("\xF4\x90\x80\x80"), false, 0}, /* past U+10FFFF */
        {STR("\xE4\xBD"), false, 0},         /* cut short */
        {STR("\xFF"), false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(str_is_text(rows[i].s), rows[i].ok);
        if (rows[i].ok)
            assert_int_equal(str_chars(rows[i].s), rows[i].chars);
    }
}

static void code_points(void **state)
{
    (void)state;
    struct str s = STR("aé王𠮷\xFF");
    static const uint32_t want[] = {'a', 0xE9, 0x738B, 0x20BB7, 0xFFFD};
    for (size_t i = 0; i < COUNT(want); i++) {
        struct str before = s;
        char again[4];
        assert_int_equal(str_next_char(&s), want[i]);
        if (want[i] != 0xFFFD) {
            size_t len = str_put_char(want[i], again);
            assert_true(str_eq(str_n(again, len), str_sub(before, 0, before.len - s.len)));
        }
    }
    assert_int_equal(s.len, 0);
}

static void hex(void **state)
{
    (void)state;
    const unsigned char bytes[] = {0x00, 0x7F, 0xA5, 0xFF};
    unsigned char back[4];
    char text[8];
    str_hex(bytes, sizeof(bytes), text);
    assert_str(str_n(text, sizeof(text)), "007fa5ff");
    assert_true(str_unhex(STR("007FA5ff"), back, sizeof(back)));
    assert_memory_equal(bytes, back, sizeof(back));
    assert_false(str_unhex(STR("007fa5"), back, sizeof(back)));
    assert_false(str_unhex(STR("007fa5fg"), back, sizeof(back)));
}

static void cut(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        size_t max;
        const char *cut;
    } rows[] = {{STR("abc"), 5, "abc"},
                {STR("abc"), 2, "ab"},
                {STR("abc"), 0, ""},
                {STR("\u4e1d\u5dfe"), 6, "\u4e1d\u5dfe"},
                {STR("\u4e1d\u5dfe"), 5, "\u4e1d"},
                {STR("\u4e1d\u5dfe"), 3, "\u4e1d"},
                {STR("\u4e1d\u5dfe"), 2, ""},
                {STR("a\U00020BB7"), 4, "a"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_str(str_cut(rows[i].text, rows[i].max), rows[i].cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compare), cmocka_unit_test(search),      cmocka_unit_test(split), cmocka_unit_test(numbers),
        cmocka_unit_test(utf8),    cmocka_unit_test(code_points), cmocka_unit_test(hex),   cmocka_unit_test(cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
