/* base/buf.c: growth and its limit, escapes by destination, binary frames. */
#include "test.h"

static void grows_to_its_maximum(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(1000);
    for (int i = 0; i < 100; i++)
        buf_addz(&b, "0123456789");
    assert_false(b.failed);
    assert_int_equal(b.len, 1000);
    buf_add_byte(&b, 'x');
    assert_true(b.failed);
    buf_add(&b, STR_NULL); /* nothing more is taken, not even nothing */
    assert_int_equal(b.len, 1000);
    buf_reset(&b);
    buf_addf(&b, "%s-%d", "a", 7);
    assert_buf(&b, "a-7");
}

static void numbers(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(100);
    buf_add_i64(&b, 0);
    buf_add_byte(&b, ' ');
    buf_add_i64(&b, INT64_MIN);
    buf_add_byte(&b, ' ');
    buf_add_i64(&b, INT64_MAX);
    assert_buf(&b, "0 -9223372036854775808 9223372036854775807");
}

static void escapes(void **state)
{
    (void)state;
    static const struct {
        void (*add)(struct buf *b, struct str s);
        struct str in;
        const char *want;
    } rows[] = {
        {buf_add_json, STR(""), "\"\""},
        {buf_add_json, STR("a\"b\\c/"), "\"a\\\"b\\\\c/\""},
        {buf_add_json, STR("\n\r\t\b\x7F\x01"), "\"\\n\\r\\t\\u0008\\u007f\\u0001\""},
        {buf_add_json, STR("王\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA"), "\"王\\u2028\\u2029\xE2\x80\xAA\""},
        {buf_add_html, STR("<a href='x'>\"&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;"},
        {buf_add_csv, STR("plain"), "plain"},
        {buf_add_csv, STR(""), ""},
        {buf_add_csv, STR("a,b"), "\"a,b\""},
        {buf_add_csv, STR("say \"hi\"\n"), "\"say \"\"hi\"\"\n\""},
        {buf_add_csv, STR("=1+1"), "'=1+1"},
        {buf_add_csv, STR("@SUM(A1,2)"), "\"'@SUM(A1,2)\""},
        {buf_add_csv, STR("-12.50"), "-12.50"},
        {buf_add_csv, STR("-12.5x"), "'-12.5x"},
        {buf_add_csv, STR("+86 138"), "'+86 138"},
        {buf_add_url, STR("a-b_c.d~e"), "a-b_c.d~e"},
        {buf_add_url, STR("a b&c=d/王\0"), "a%20b%26c%3Dd%2F%E7%8E%8B%00"},
        {buf_add_sql, STR("/srv/it's here/"), "'/srv/it''s here/'"},
    };
    _cleanup_buf_ struct buf b = BUF_INIT(1000);
    for (size_t i = 0; i < COUNT(rows); i++) {
        rows[i].add(&b, rows[i].in);
        assert_buf(&b, rows[i].want);
    }
}

static void frames(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(100);
    buf_add_u8(&b, 7);
    buf_add_u32(&b, 0xDEADBEEF);
    buf_add_u64(&b, UINT64_C(0x0123456789ABCDEF));
    buf_add_blob(&b, STR("知心"));
    buf_add_blob(&b, STR_NULL);
    struct cursor c = cursor_of(buf_str(&b));
    assert_int_equal(cursor_u8(&c), 7);
    assert_int_equal(cursor_u32(&c), 0xDEADBEEF);
    assert_true(cursor_u64(&c) == UINT64_C(0x0123456789ABCDEF));
    assert_str(cursor_blob(&c), "知心");
    assert_str(cursor_blob(&c), "");
    assert_int_equal(c.left, 0);
    assert_false(c.failed);
    assert_int_equal(cursor_u8(&c), 0);
    assert_true(c.failed);
}

static void a_frame_cut_anywhere_fails(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf b = BUF_INIT(100);
    buf_add_u32(&b, 1);
    buf_add_blob(&b, STR("abc"));
    for (size_t len = 0; len < b.len; len++) {
        struct cursor c = cursor_of(str_n(b.ptr, len));
        (void)cursor_u32(&c);
        (void)cursor_blob(&c);
        assert_true(c.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_its_maximum),       cmocka_unit_test(numbers), cmocka_unit_test(escapes), cmocka_unit_test(frames),
        cmocka_unit_test(a_frame_cut_anywhere_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
