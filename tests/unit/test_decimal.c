/* base/decimal.c: money is exact or refused. */
#include "base/decimal.h"
#include "test.h"

static void parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int exponent;
        const char *cause; /* NULL: taken */
        int64_t minor;
    } rows[] = {
        {"399", 2, NULL, 39900},
        {"399.00", 2, NULL, 39900},
        {"399.9", 2, NULL, 39990},
        {"-0.50", 2, NULL, -50},
        {"+12.3", 2, NULL, 1230},
        {".5", 2, NULL, 50},
        {"5.", 2, NULL, 500},
        {"0", 2, NULL, 0},
        {"-0.00", 2, NULL, 0},
        {"1.230000", 2, NULL, 123},
        {"1.234", 2, "too_precise", 0},
        {"100", 0, NULL, 100},
        {"100.00", 0, NULL, 100},
        {"100.5", 0, "too_precise", 0},
        {"1.234", 3, NULL, 1234},
        {"92233720368547758.07", 2, NULL, INT64_MAX},
        {"92233720368547758.08", 2, "too_large", 0},
        {"-92233720368547758.08", 2, NULL, INT64_MIN},
        {"-92233720368547758.09", 2, "too_large", 0},
        {"99999999999999999999999", 2, "too_large", 0},
        {"000000000000000000000001", 2, NULL, 100},
        {"", 2, "malformed", 0},
        {"-", 2, "malformed", 0},
        {".", 2, "malformed", 0},
        {"1e3", 2, "malformed", 0},
        {"1,000.00", 2, "malformed", 0},
        {" 1", 2, "malformed", 0},
        {"1.2.3", 2, "malformed", 0},
        {"--1", 2, "malformed", 0},
        {"¥1", 2, "malformed", 0},
        {"NaN", 2, "malformed", 0},
        {"0.1", 9, NULL, 100000000},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t minor = 77;
        trying(rows[i].text);
        const char *cause = decimal_parse(str_z(rows[i].text), rows[i].exponent, &minor);
        assert_string_equal(cause ? cause : "", rows[i].cause ? rows[i].cause : "");
        assert_true(minor == (cause ? 77 : rows[i].minor));
        assert_int_equal(decimal_ok(str_z(rows[i].text)), !cause || str_eqz(STR("malformed"), cause) == false);
    }
}

static void print(void **state)
{
    (void)state;
    static const struct {
        int64_t minor;
        int exponent;
        const char *want;
    } rows[] = {
        {39900, 2, "399.00"},
        {5, 2, "0.05"},
        {-5, 2, "-0.05"},
        {0, 2, "0.00"},
        {-100, 0, "-100"},
        {0, 0, "0"},
        {1234, 3, "1.234"},
        {INT64_MIN, 2, "-92233720368547758.08"},
        {INT64_MAX, 9, "9223372036.854775807"},
    };
    _cleanup_buf_ struct buf b = BUF_INIT(100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t back;
        decimal_add(&b, rows[i].minor, rows[i].exponent);
        assert_null(decimal_parse(buf_str(&b), rows[i].exponent, &back));
        assert_true(back == rows[i].minor);
        assert_buf(&b, rows[i].want);
    }
}

static void currencies(void **state)
{
    (void)state;
    assert_int_equal(decimal_exponent_of(STR("CNY")), 2);
    assert_int_equal(decimal_exponent_of(STR("JPY")), 0);
    assert_int_equal(decimal_exponent_of(STR("KWD")), 3);
    assert_int_equal(decimal_exponent_of(STR("")), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parse), cmocka_unit_test(print), cmocka_unit_test(currencies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
