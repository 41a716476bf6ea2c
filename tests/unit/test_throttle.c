/* access/throttle.c: failures add up, time and success forgive, and one key's failures are not another's. */
#include "access/access_priv.h"
#include "test.h"

static const int64_t start_us = INT64_C(1772337600000000);

static void blocks_after_too_many(void **state)
{
    (void)state;
    struct throttle *t = throttle_new();
    for (int i = 0; i < 5; i++) {
        assert_int_equal(throttle_wait_s(t, STR("account:a"), 5, start_us + i), 0);
        throttle_count(t, STR("account:a"), start_us + i);
    }
    assert_int_equal(throttle_wait_s(t, STR("account:a"), 5, start_us), 15 * 60);
    assert_int_equal(throttle_wait_s(t, STR("account:a"), 5, start_us + 14 * 60 * US_PER_S), 60);
    assert_int_equal(throttle_wait_s(t, STR("account:a"), 6, start_us), 0);
    assert_int_equal(throttle_wait_s(t, STR("account:b"), 5, start_us), 0);
    assert_int_equal(throttle_wait_s(t, STR("account:a"), 5, start_us + 16 * 60 * US_PER_S), 0);
    throttle_free(t);
}

static void forgets_after_success(void **state)
{
    (void)state;
    struct throttle *t = throttle_new();
    throttle_count(t, STR("x"), start_us);
    assert_int_not_equal(throttle_wait_s(t, STR("x"), 1, start_us), 0);
    throttle_forget(t, STR("x"));
    assert_int_equal(throttle_wait_s(t, STR("x"), 1, start_us), 0);
    throttle_free(t);
}

static void stays_small_under_a_flood(void **state)
{
    (void)state;
    struct throttle *t = throttle_new();
    char key[32];
    for (int i = 0; i < 100000; i++) {
        int len = snprintf(key, sizeof(key), "address:%d", i);
        throttle_count(t, str_n(key, (size_t)len), start_us + i);
    }
    assert_int_not_equal(throttle_wait_s(t, STR("address:99999"), 1, start_us + 100000), 0);
    throttle_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_after_too_many),
        cmocka_unit_test(forgets_after_success),
        cmocka_unit_test(stays_small_under_a_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
