/* keys.db: put, get, destroy, sweep, and the server's key. */
#include "vault_fixture.h"

#include "base/app.h"
#include "db/pool.h"
#include "vault/keystore.h"

#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char dir[64], path[96];
    struct app app;
    struct ctx c;
    struct vault_fixture *v;
};

static void open_store(struct fixture *f)
{
    assert_int_equal(db_pool_open(f->path, &f->app.keys), RC_OK);
    assert_int_equal(keystore_open(&f->c), RC_OK);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/zhixin-keys-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/keys.db", f->dir);
    f->v = vault_fixture_new();
    f->c = (struct ctx){.arena = arena_new(), .app = &f->app, .vault = f->v->c.vault};
    open_store(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    struct fixture *f = *state;
    char path[128];
    db_pool_close(f->app.keys);
    for (size_t i = 0; i < COUNT(ends); i++)
        snprintf(path, sizeof(path), "%s%s", f->path, ends[i]), unlink(path);
    rmdir(f->dir);
    vault_fixture_free(f->v);
    arena_free(f->c.arena);
    free(f);
    return 0;
}

static void put_many(struct fixture *f, int64_t from, size_t count)
{
    struct vault_key *keys = arena_new_array(f->c.arena, struct vault_key, count);
    for (size_t i = 0; i < count; i++)
        keys[i] = (struct vault_key){from + (int64_t)i, arena_printf(f->c.arena, "key-of-%d-secret", (int)from + (int)i)};
    assert_int_equal(keystore_put(&f->c, keys, count), RC_OK);
}

static void test_put_and_get(void **state)
{
    struct fixture *f = *state;
    const int64_t ids[] = {3, 1, 99999, 3, 1500};
    struct str keys[COUNT(ids)];
    put_many(f, 1, 2000);
    assert_int_equal(keystore_get(&f->c, ids, COUNT(ids), keys), RC_OK);
    assert_str(keys[0], "key-of-3-secret");
    assert_str(keys[1], "key-of-1-secret");
    assert_int_equal(keys[2].len, 0);
    assert_str(keys[3], "key-of-3-secret");
    assert_str(keys[4], "key-of-1500-secret");
    assert_int_equal(keystore_get(&f->c, NULL, 0, NULL), RC_OK);
}

static void test_never_replaced(void **state)
{
    struct fixture *f = *state;
    struct vault_key again[] = {{5, STR("new")}, {1, STR("other")}};
    const int64_t ids[] = {1, 5};
    struct str keys[2];
    put_many(f, 1, 2);
    assert_int_equal(keystore_put(&f->c, again, 2), RC_CONFLICT);
    assert_int_equal(keystore_get(&f->c, ids, 2, keys), RC_OK);
    assert_str(keys[0], "key-of-1-secret");
    assert_int_equal(keys[1].len, 0); /* all or nothing */
}

static bool file_has(const char *path, struct str text)
{
    static char bytes[1 << 20];
    FILE *in = fopen(path, "rb");
    if (!in)
        return false;
    size_t len = fread(bytes, 1, sizeof(bytes), in);
    fclose(in);
    return str_find_str(str_n(bytes, len), text) >= 0;
}

/* A destroyed key is in no file any more; before, the search does find it. */
static void test_destroyed_for_good(void **state)
{
    struct fixture *f = *state;
    const int64_t ids[] = {7};
    struct str key;
    char wal[128];
    snprintf(wal, sizeof(wal), "%s-wal", f->path);
    put_many(f, 1, 20);
    assert_true(file_has(f->path, STR("key-of-7-secret")) || file_has(wal, STR("key-of-7-secret")));
    assert_int_equal(keystore_destroy(&f->c, ids, 1), RC_OK);
    assert_int_equal(keystore_get(&f->c, ids, 1, &key), RC_OK);
    assert_int_equal(key.len, 0);
    assert_false(file_has(f->path, STR("key-of-7-secret")));
    assert_false(file_has(wal, STR("key-of-7-secret")));
    assert_true(file_has(f->path, STR("key-of-8-secret")));
}

static enum rc know_even(struct ctx *c, const int64_t *ids, size_t count, bool *known)
{
    (void)c;
    for (size_t i = 0; i < count; i++)
        known[i] = ids[i] % 2 == 0;
    return RC_OK;
}

static void test_sweep(void **state)
{
    struct fixture *f = *state;
    int64_t swept, left;
    clock_set(INT64_C(1772337600000000));
    put_many(f, 1, 1200);
    assert_int_equal(keystore_sweep(&f->c, US_PER_DAY, know_even, &swept), RC_OK);
    assert_int_equal(swept, 0); /* too young: their truth may be on its way */
    clock_set(INT64_C(1772337600000000) + 2 * US_PER_DAY);
    assert_int_equal(keystore_sweep(&f->c, US_PER_DAY, know_even, &swept), RC_OK);
    assert_int_equal(swept, 600);
    assert_int_equal(keystore_count(&f->c, &left), RC_OK);
    assert_int_equal(left, 600);
    clock_set(0);
}

static void test_server_key_stays(void **state)
{
    struct fixture *f = *state;
    uint8_t before[32], none[32] = {0};
    memcpy(before, f->app.server_key, 32);
    assert_memory_not_equal(before, none, 32);
    memset(f->app.server_key, 0, 32);
    db_pool_close(f->app.keys);
    open_store(f);
    assert_memory_equal(before, f->app.server_key, 32);
}

static enum rc put_plain(struct ctx *c, void *arg)
{
    return db_run(c->db, "keystore_secret_update", DB_TEXT("name", STR("server_key")), DB_BLOB("secret", str_n(arg, 32)), DB_I64("created_us", 1));
}

/* Older versions kept the key as it is: it is wrapped at the next start, and its plain bytes leave every file. */
static void test_plain_server_key_is_wrapped(void **state)
{
    struct fixture *f = *state;
    uint8_t plain[] = "plain-server-key-of-32-bytes-!!!";
    struct str bytes = str_n(plain, 32);
    char wal[128];
    snprintf(wal, sizeof(wal), "%s-wal", f->path);
    assert_int_equal(db_pool_tx(&f->c, f->app.keys, put_plain, plain), RC_OK);
    assert_true(file_has(f->path, bytes) || file_has(wal, bytes)); /* the search does find it */
    memset(f->app.server_key, 0, 32);
    assert_int_equal(keystore_open(&f->c), RC_OK);
    assert_memory_equal(f->app.server_key, plain, 32);
    assert_false(file_has(f->path, bytes));
    assert_false(file_has(wal, bytes));
    memset(f->app.server_key, 0, 32);
    db_pool_close(f->app.keys);
    open_store(f);
    assert_memory_equal(f->app.server_key, plain, 32);
    assert_false(file_has(f->path, bytes));
}

static void test_server_key_lies_in_no_file(void **state)
{
    struct fixture *f = *state;
    char wal[128];
    snprintf(wal, sizeof(wal), "%s-wal", f->path);
    assert_false(file_has(f->path, str_n(f->app.server_key, 32)));
    assert_false(file_has(wal, str_n(f->app.server_key, 32)));
}

/* Another vault's keyring opens nothing: better no start than other pseudonyms for all devices. */
static void test_server_key_needs_its_vault(void **state)
{
    struct fixture *f = *state;
    struct vault_fixture *other = vault_fixture_new();
    f->c.vault = other->c.vault;
    assert_int_equal(keystore_open(&f->c), RC_STORE);
    f->c.vault = NULL;
    ctx_clear(&f->c);
    assert_int_equal(keystore_open(&f->c), RC_VAULT_DOWN);
    vault_fixture_free(other);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_put_and_get), ROW(test_never_replaced), ROW(test_destroyed_for_good), ROW(test_sweep), ROW(test_server_key_stays),
        ROW(test_plain_server_key_is_wrapped), ROW(test_server_key_lies_in_no_file), ROW(test_server_key_needs_its_vault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
