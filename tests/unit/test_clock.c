/* base/clock.c: ISO 8601, civil days, business days, the clock that tests set. */
#include "test.h"

static void iso_times(void **state)
{
    (void)state;
    static const struct {
        const char *in, *utc; /* NULL: refused */
    } rows[] = {
        {"2026-03-01T09:30:00.123Z", "2026-03-01T09:30:00.123Z"},
        {"2026-03-01T09:30:00+08:00", "2026-03-01T01:30:00.000Z"},
        {"2026-03-01T01:30:00+0800", "2026-02-28T17:30:00.000Z"},
        {"2026-03-01T23:30:00-05", "2026-03-02T04:30:00.000Z"},
        {"2026-03-01 09:30:00", "2026-03-01T09:30:00.000Z"},
        {"2026-03-01T09:30", "2026-03-01T09:30:00.000Z"},
        {"2026-03-01", "2026-03-01T00:00:00.000Z"},
        {"2026-03-01T09:30:00,5Z", "2026-03-01T09:30:00.500Z"},
        {"2026-03-01T09:30:00.123456789Z", "2026-03-01T09:30:00.123Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
        {"2024-02-29", "2024-02-29T00:00:00.000Z"},
        {"2023-02-29", NULL},
        {"2026-13-01", NULL},
        {"2026-00-10", NULL},
        {"2026-04-31", NULL},
        {"0000-01-01", NULL},
        {"2026-3-1", NULL},
        {"2026-03-01T", NULL},
        {"2026-03-01T24:00:00Z", NULL},
        {"2026-03-01T09:60:00Z", NULL},
        {"2026-03-01T09:30:00.Z", NULL},
        {"2026-03-01T09:30:00Zx", NULL},
        {"2026-03-01T09:30:00+16:00", NULL},
        {"", NULL},
        {"now", NULL},
        {"1772357400", NULL},
    };
    _cleanup_buf_ struct buf b = BUF_INIT(100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t us = 0;
        trying(rows[i].in);
        assert_int_equal(clock_parse(str_z(rows[i].in), &us), rows[i].utc != NULL);
        if (!rows[i].utc)
            continue;
        clock_add_iso(&b, us);
        assert_buf(&b, rows[i].utc);
    }
}

static void days_there_and_back(void **state)
{
    (void)state;
    assert_int_equal(clock_day_of(1970, 1, 1), 0);
    assert_int_equal(clock_day_of(2000, 3, 1), 11017);
    for (int32_t day = -800000; day < 800000; day += 97) {
        int year, month, date;
        clock_civil(day, &year, &month, &date);
        assert_int_equal(clock_day_of(year, month, date), day);
    }
    int32_t day;
    _cleanup_buf_ struct buf b = BUF_INIT(100);
    assert_true(clock_parse_day(STR("2026-03-01"), &day));
    clock_add_day(&b, day);
    assert_buf(&b, "2026-03-01");
    assert_false(clock_parse_day(STR("2026-03-01T00:00:00Z"), &day));
}

static void business_days(void **state)
{
    (void)state;
    const int32_t china = 8 * 3600, cut = 4 * 3600;
    static const struct {
        const char *at, *day;
    } rows[] = {
        {"2026-03-01T03:59:59+08:00", "2026-02-28"}, {"2026-03-01T04:00:00+08:00", "2026-03-01"}, {"2026-03-01T23:59:59+08:00", "2026-03-01"},
        {"2026-03-02T00:30:00+08:00", "2026-03-01"}, {"1970-01-01T00:00:00Z", "1970-01-01"},      {"1969-12-31T19:59:59Z", "1969-12-31"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t us;
        int32_t day;
        trying(rows[i].at);
        assert_true(clock_parse(str_z(rows[i].at), &us));
        assert_true(clock_parse_day(str_z(rows[i].day), &day));
        assert_int_equal(clock_business_day(us, china, cut), day);
    }
}

static void a_set_clock_stands_still(void **state)
{
    (void)state;
    clock_set(1772328600000000);
    assert_true(clock_now_us() == 1772328600000000);
    assert_true(clock_now_us() == 1772328600000000);
    clock_set(0);
    assert_true(clock_now_us() > 1772328600000000);
    int64_t before = clock_mono_us();
    assert_true(clock_mono_us() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_times),
        cmocka_unit_test(days_there_and_back),
        cmocka_unit_test(business_days),
        cmocka_unit_test(a_set_clock_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
