/* The access module on a database: its SQL, staff, and keys in memory with what was seen of them. */
#include "access/access_priv.h"
#include "embedded_sql.h"
#include "truth.h"

#include <sodium.h>

static struct access access_state;

static struct truth *begin(void)
{
    static const struct db_migration *const lists[] = {access_migrations, catalog_migrations};
    struct truth *t = truth_new();
    truth_migrate_all(t, lists, COUNT(lists));
    truth_register(access_sql);
    truth_register(db_sql);
    access_state = (struct access){.argon = argon_gate_new(), .throttle = throttle_new()};
    pthread_mutex_init(&access_state.keys_lock, NULL);
    t->app.access = &access_state;
    return t;
}

static void end(struct truth *t)
{
    key_table_free(atomic_load(&access_state.keys));
    key_table_free(access_state.retired);
    argon_gate_free(access_state.argon);
    throttle_free(access_state.throttle);
    truth_free(t);
}

static void prepares_all_sql(void **state)
{
    (void)state;
    struct truth *t = begin();
    truth_check_sql(t, access_sql);
    end(t);
}

static void creates_staff(void **state)
{
    (void)state;
    struct truth *t = begin();
    int64_t id, other;
    bool ok = false;
    assert_int_equal(access_staff_create(&t->c, STR(" Ann@Example.COM "), STR("Ann"), ROLE_ADMIN, STR("long enough"), &id), RC_OK);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM staff WHERE email = 'ann@example.com' AND password_hash >= '$argon2id$v=19$m=65536,t=3'"), 1);
    assert_int_equal(access_staff_create(&t->c, STR("ann@example.com"), STR("Ann"), ROLE_AGENT, STR("long enough"), &other), RC_CONFLICT);
    ctx_clear(&t->c);
    assert_int_equal(access_staff_create(&t->c, STR("bob@example.com"), STR("Bob"), ROLE_AGENT, STR("short"), &other), RC_INVALID);
    assert_string_equal(t->c.error.cause, "too_short");
    ctx_clear(&t->c);
    assert_int_equal(access_staff_create(&t->c, STR("bob"), STR("Bob"), ROLE_AGENT, STR("long enough"), &other), RC_INVALID);
    assert_string_equal(t->c.error.field, "email");
    ctx_clear(&t->c);
    assert_int_equal(password_verify(&t->c, STR(""), STR("nobody's password"), &ok), RC_OK);
    assert_false(ok);
    end(t);
}

struct made {
    bool api;
    struct str key;
};

static enum rc make(struct ctx *c, void *arg)
{
    struct made *m = arg;
    return access_key_create(c, STR("shop"), m->api, false, &m->key);
}

static struct str key_made(struct truth *t, bool api)
{
    struct made m = {.api = api};
    assert_int_equal(db_tx(&t->c, make, &m), RC_OK);
    assert_int_equal(access_keys_reload(&t->c), RC_OK);
    return m.key;
}

static void looks_keys_up(void **state)
{
    (void)state;
    struct truth *t = begin();
    struct access_source source;
    bool api = false;
    struct str write_key = key_made(t, false), api_key = key_made(t, true);
    assert_true(access_key_lookup(&t->app, write_key, &source, &api) && !api);
    assert_str(source.code, "shop");
    assert_false(source.trusted);
    assert_true(access_key_lookup(&t->app, api_key, &source, &api) && api);
    assert_false(access_key_lookup(&t->app, STR("zw_nobody"), &source, &api));
    assert_false(access_key_lookup(&t->app, STR(""), &source, &api));
    assert_int_equal(truth_count(t, "SELECT count(*) FROM source"), 1);
    assert_int_equal(truth_count(t, "SELECT count(*) FROM api_key WHERE length(hint) < 10 AND length(key_hash) = 32"), 2);
    end(t);
}

/* The second look-up of a header comes from memory; a revoked key is forgotten with the table that knew it. */
static void remembers_headers_until_the_keys_change(void **state)
{
    (void)state;
    struct truth *t = begin();
    struct access_source source;
    bool api;
    struct str header = arena_concat(t->c.arena, STR("Bearer "), key_made(t, false));
    assert_false(access_source_of_header(&t->app, STR(""), &source, &api));
    assert_false(access_source_of_header(&t->app, STR("Bearer zw_nobody"), &source, &api));
    for (int i = 0; i < 3; i++)
        assert_true(access_source_of_header(&t->app, header, &source, &api) && !api);
    assert_str(source.code, "shop");
    assert_int_equal(db_script(t->c.db, "UPDATE api_key SET revoked_us = 1"), RC_OK);
    assert_int_equal(access_keys_reload(&t->c), RC_OK);
    assert_false(access_source_of_header(&t->app, header, &source, &api));
    end(t);
}

static void identifies_by_api_keys_only(void **state)
{
    (void)state;
    struct truth *t = begin();
    const struct actor *actor = NULL;
    assert_int_equal(key_identify(&t->c, key_made(t, false), &actor), RC_UNAUTHENTICATED);
    ctx_clear(&t->c);
    assert_int_equal(key_identify(&t->c, key_made(t, true), &actor), RC_OK);
    assert_int_equal(actor->role, ROLE_API);
    assert_int_equal(actor->staff_id, 0);
    end(t);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prepares_all_sql),
        cmocka_unit_test(creates_staff),
        cmocka_unit_test(looks_keys_up),
        cmocka_unit_test(remembers_headers_until_the_keys_change),
        cmocka_unit_test(identifies_by_api_keys_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
