/* access/session.c and key.c: cookies as browsers send them, keys as SDKs send them. */
#include "access/access_priv.h"
#include "test.h"

#include <sodium.h>

static void finds_cookies(void **state)
{
    (void)state;
    static const struct {
        const char *header, *want;
    } cases[] = {
        {"", ""},
        {"zhixin_session=abc", "abc"},
        {"a=1; zhixin_session=abc; b=2", "abc"},
        {"a=1;zhixin_session=abc", "abc"},
        {"xzhixin_session=abc", ""},
        {"zhixin_sessionx=abc", ""},
        {"zhixin_session", ""},
        {"zhixin_session=", ""},
        {"zhixin_session=a; zhixin_session=b", "a"},
        {";;;", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        trying(cases[i].header);
        assert_str(session_cookie_find(str_z(cases[i].header), STR("zhixin_session")), cases[i].want);
    }
}

static void names_the_cookie_for_its_transport(void **state)
{
    (void)state;
    assert_str(session_cookie_name(&(struct request){.secure = true}), "__Host-zhixin_session");
    assert_str(session_cookie_name(&(struct request){.secure = false}), "zhixin_session");
}

static void derives_csrf_tokens(void **state)
{
    (void)state;
    struct app one = {.server_key = {1}}, two = {.server_key = {2}};
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct ctx c1 = {.arena = a, .app = &one}, c2 = {.arena = a, .app = &two};
    struct str token = session_csrf(&c1, STR("x"));
    assert_int_equal(token.len, 32);
    assert_true(str_eq(token, session_csrf(&c1, STR("x"))));
    assert_false(str_eq(token, session_csrf(&c1, STR("y"))));
    assert_false(str_eq(token, session_csrf(&c2, STR("x"))));
}

static void reads_keys_of_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header, *want; /* NULL: none */
    } cases[] = {
        {"", NULL},
        {"Bearer abc", "abc"},
        {"bearer  abc ", "abc"},
        {"Basic d3JpdGVLZXk6", "writeKey"},
        {"Basic d3JpdGVLZXk6c2VjcmV0", "writeKey"},
        {"basic d3JpdGVLZXk", "writeKey"},
        {"Basic Og==", NULL},
        {"Basic ###", NULL},
        {"Basic", NULL},
        {"Digest x", NULL},
    };
    char room[256];
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str key = STR_NULL;
        trying(cases[i].header);
        assert_int_equal(access_key_of_header(str_z(cases[i].header), room, &key), cases[i].want != NULL);
        if (cases[i].want)
            assert_str(key, cases[i].want);
    }
}

static void refuses_a_basic_header_larger_than_its_room(void **state)
{
    (void)state;
    char header[1024], room[256];
    struct str key;
    memset(header, 'A', sizeof(header));
    memcpy(header, "Basic ", 6);
    assert_false(access_key_of_header(str_n(header, sizeof(header)), room, &key));
}

static void seals_signing_secrets(void **state)
{
    (void)state;
    struct app app = {.server_key = {7}};
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct ctx c = {.arena = a, .app = &app};
    struct str sealed = signing_seal(&c, 5, STR("s3cret"));
    assert_true(str_find_str(sealed, STR("s3cret")) < 0);
    assert_str(signing_open(a, &app, 5, sealed), "s3cret");
    assert_str(signing_open(a, &app, 6, sealed), "");
    assert_str(signing_open(a, &app, 5, STR_NULL), "");
    assert_int_equal(signing_seal(&c, 5, STR("")).len, 0);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_cookies),         cmocka_unit_test(names_the_cookie_for_its_transport),          cmocka_unit_test(derives_csrf_tokens),
        cmocka_unit_test(reads_keys_of_headers), cmocka_unit_test(refuses_a_basic_header_larger_than_its_room), cmocka_unit_test(seals_signing_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
