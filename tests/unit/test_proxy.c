/* Whose word is believed about who is behind a proxy, and how much of it. */
#include "test.h"

#include "http/http_priv.h"

static void test_what_is_understood(void **state)
{
    static const struct {
        const char *text;
        bool good;
        size_t count;
    } rows[] = {
        {"", true, 0}, {"  ", true, 0}, {"127.0.0.1", true, 1}, {" 10.0.0.0/8 , ::1,2001:db8::/32", true, 3}, {"0.0.0.0/0", true, 1},
        {"10.0.0.0/33", false, 0}, {"10.0.0", false, 0}, {"proxy.example", false, 0}, {"10.0.0.1,,10.0.0.2", false, 0}, {"::/129", false, 0}, {"10.0.0.1/x", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct proxies p = {.count = 99};
        if (proxies_parse(str_z(rows[i].text), &p) != rows[i].good)
            fail_msg("%s", rows[i].text);
        assert_int_equal(p.count, rows[i].good ? rows[i].count : 99);
    }
}

static void test_who_the_client_is(void **state)
{
    static const struct {
        const char *trusted, *peer, *forwarded, *client;
    } rows[] = {
        {"", "198.51.100.1", "203.0.113.9", "198.51.100.1"},                                  /* nobody is trusted */
        {"10.0.0.1", "10.0.0.2", "203.0.113.9", "10.0.0.2"},                                  /* another neighbour */
        {"10.0.0.1", "10.0.0.1", "203.0.113.9", "203.0.113.9"},
        {"10.0.0.1", "10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"},                      /* the left end is the client's own tale */
        {"10.0.0.1", "10.0.0.1", "10.0.0.1, 203.0.113.9", "203.0.113.9"},
        {"10.0.0.0/8", "10.9.9.9", "6.6.6.6,203.0.113.9,10.2.3.4", "203.0.113.9"},            /* two of ours in a row */
        {"10.0.0.0/8", "10.9.9.9", "10.1.1.1, 10.2.3.4", "10.1.1.1"},
        {"10.0.0.1", "10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"},
        {"10.0.0.0/8", "10.9.9.9", "203.0.113.9, nonsense, 10.2.3.4", "10.2.3.4"},
        {"10.0.0.1", "10.0.0.1", "203.0.113.9:4711", "203.0.113.9"},
        {"::1", "::1", "[2001:db8::7]:443", "2001:db8::7"},
        {"10.0.0.1", "::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"},
        {"10.0.0.0/31", "10.0.0.2", "203.0.113.9", "10.0.0.2"},
        {"2001:db8::/33", "2001:db8:8000::1", "203.0.113.9", "2001:db8:8000::1"},
    };
    (void)state;
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct proxies p;
        assert_true(proxies_parse(str_z(rows[i].trusted), &p));
        struct str client = proxies_client(&p, arena, str_z(rows[i].peer), str_z(rows[i].forwarded));
        if (!str_eqz(client, rows[i].client))
            fail_msg("row %zu: %.*s instead of %s", i, STR_FMT(client), rows[i].client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_is_understood), cmocka_unit_test(test_who_the_client_is)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
