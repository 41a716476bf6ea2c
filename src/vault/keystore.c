/* keys.db: reading, writing, destroying wrapped data keys. */
#include "vault/keystore.h"

#include "base/app.h"
#include "base/log.h"
#include "db/pool.h"
#include "embedded_sql.h"

#include <sodium.h>
#include <stdlib.h>

enum { PAGE = 500 };

static const char server_key_name[] = "server_key";

/* ---- opening ---- */

/* What stands in the table: nothing, the key as it is (so it lay there before the vault wrapped it), or wrapped. */
static enum rc read_server_key(struct ctx *c, struct str *ret)
{
    struct db_rows *q = db_query(c->db, "keystore_secret", DB_TEXT("name", str_z(server_key_name)));
    *ret = db_next(q) ? arena_str(c->arena, db_blob(q, "secret")) : STR_NULL;
    return db_end(q);
}

static enum rc write_server_key(struct ctx *c, const char *statement)
{
    struct str wrapped;
    enum rc rc = vault_wrap_secret(c, server_key_name, c->app->server_key, &wrapped);
    return rc ? rc : db_run(c->db, statement, DB_TEXT("name", str_z(server_key_name)), DB_BLOB("secret", wrapped), DB_I64("created_us", clock_now_us()));
}

static enum rc settle_server_key(struct ctx *c, void *arg)
{
    bool *ret_was_plain = arg;
    struct str kept;
    enum rc rc = read_server_key(c, &kept);
    *ret_was_plain = kept.len == VAULT_SECRET_BYTES;
    if (rc)
        return rc;
    if (kept.len == 0) {
        randombytes_buf(c->app->server_key, sizeof(c->app->server_key));
        return write_server_key(c, "keystore_secret_insert");
    }
    if (!*ret_was_plain)
        return vault_unwrap_secret(c, server_key_name, kept, c->app->server_key);
    memcpy(c->app->server_key, kept.ptr, kept.len);
    sodium_memzero((void *)(uintptr_t)kept.ptr, kept.len);
    return write_server_key(c, "keystore_secret_update");
}

/* secure_delete has overwritten what was deleted or replaced; this empties the write-ahead log of it. */
static enum rc empty_log(struct ctx *c)
{
    struct db *writer = db_pool_lock_writer(c->app->keys);
    enum rc rc = db_empty_log(writer);
    db_pool_unlock_writer(c->app->keys);
    return rc;
}

enum rc keystore_migrate(struct db *db)
{
    size_t count = 0;
    while (vault_migrations[count].text)
        count++;
    return db_migrate(db, vault_migrations, count);
}

enum rc keystore_open(struct ctx *c)
{
    if (sodium_init() < 0)
        return ctx_fail(c, RC_INTERNAL, NULL, "libsodium");
    db_register_sql(vault_sql, SIZE_MAX);
    struct db *writer = db_pool_lock_writer(c->app->keys);
    enum rc rc = keystore_migrate(writer);
    db_pool_unlock_writer(c->app->keys);
    if (rc)
        return ctx_fail(c, rc, "keys.db", rc == RC_CONFLICT ? "newer_than_program" : "migration");
    bool was_plain = false;
    rc = db_pool_tx(c, c->app->keys, settle_server_key, &was_plain);
    if (!rc && was_plain) {
        log_info("keystore.server_key_wrapped");
        rc = empty_log(c);
    }
    return rc ? ctx_fail(c, rc, "keys.db", "server_key") : RC_OK;
}

/* ---- reading ---- */

struct found {
    int64_t id;
    struct str wrapped;
};

static int compare_found(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

static enum rc get_page(struct ctx *c, struct db *db, const int64_t *ids, size_t count, struct str *ret)
{
    struct found *list = arena_new_array(c->arena, struct found, count);
    size_t have = 0;
    struct db_rows *q = db_query(db, "keystore_of", DB_IDS("ids", ids, count));
    while (have < count && db_next(q))
        list[have++] = (struct found){db_i64(q, "customer_id"), arena_str(c->arena, db_blob(q, "wrapped"))};
    enum rc rc = db_end(q);
    for (size_t i = 0; !rc && i < count; i++) {
        const struct found *at = have ? bsearch(&(struct found){.id = ids[i]}, list, have, sizeof(*list), compare_found) : NULL;
        ret[i] = at ? at->wrapped : STR_NULL;
    }
    return rc;
}

static size_t page_of(size_t left)
{
    return left < PAGE ? left : PAGE;
}

enum rc keystore_get(struct ctx *c, const int64_t *ids, size_t count, struct str *ret)
{
    struct db *db;
    if (count == 0)
        return RC_OK;
    enum rc rc = db_pool_reader(c->app->keys, &db);
    if (rc)
        return ctx_fail(c, rc, NULL, "keys.db");
    for (size_t i = 0; i < count && !rc; i += page_of(count - i))
        rc = get_page(c, db, ids + i, page_of(count - i), ret + i);
    db_pool_give(c->app->keys, db);
    return rc;
}

enum rc keystore_count(struct ctx *c, int64_t *ret)
{
    struct db *db;
    enum rc rc = db_pool_reader(c->app->keys, &db);
    if (rc)
        return ctx_fail(c, rc, NULL, "keys.db");
    rc = db_get_i64(db, 0, ret, "keystore_count");
    db_pool_give(c->app->keys, db);
    return rc;
}

/* ---- writing ---- */

struct putting {
    const struct vault_key *keys;
    size_t count;
};

static enum rc put(struct ctx *c, void *arg)
{
    enum { PER_ROW = 3 };
    const struct putting *p = arg;
    int64_t now = clock_now_us();
    struct db_arg *rows = arena_new_array(c->arena, struct db_arg, p->count * PER_ROW);
    for (size_t i = 0; i < p->count; i++) {
        rows[i * PER_ROW] = DB_I64("customer_id", p->keys[i].customer_id);
        rows[i * PER_ROW + 1] = DB_BLOB("wrapped", p->keys[i].wrapped);
        rows[i * PER_ROW + 2] = DB_I64("created_us", now);
    }
    return db_batch(c->db, "keystore_insert", rows, PER_ROW, p->count);
}

enum rc keystore_put(struct ctx *c, const struct vault_key *keys, size_t count)
{
    struct putting p = {keys, count};
    return count ? db_pool_tx(c, c->app->keys, put, &p) : RC_OK;
}

struct destroying {
    const int64_t *ids;
    size_t count;
};

static enum rc destroy(struct ctx *c, void *arg)
{
    const struct destroying *d = arg;
    struct db_arg *rows = arena_new_array(c->arena, struct db_arg, d->count);
    for (size_t i = 0; i < d->count; i++)
        rows[i] = DB_I64("customer_id", d->ids[i]);
    return db_batch(c->db, "keystore_delete", rows, 1, d->count);
}

enum rc keystore_destroy(struct ctx *c, const int64_t *ids, size_t count)
{
    struct destroying d = {ids, count};
    if (count == 0)
        return RC_OK;
    enum rc rc = db_pool_tx(c, c->app->keys, destroy, &d);
    return rc ? rc : empty_log(c);
}

/* ---- orphans ---- */

static enum rc read_page(struct ctx *c, int64_t after, int64_t before_us, int64_t *ids, size_t *ret_count)
{
    struct db *db;
    enum rc rc = db_pool_reader(c->app->keys, &db);
    if (rc)
        return rc;
    *ret_count = 0;
    struct db_rows *q = db_query(db, "keystore_page", DB_I64("after", after), DB_I64("before_us", before_us), DB_I64("limit", PAGE));
    while (*ret_count < PAGE && db_next(q))
        ids[(*ret_count)++] = db_i64(q, "customer_id");
    rc = db_end(q);
    db_pool_give(c->app->keys, db);
    return rc;
}

static enum rc sweep_page(struct ctx *c, const int64_t *ids, size_t count, keystore_known_fn *keep_known, int64_t *swept)
{
    bool known[PAGE] = {false};
    int64_t lost[PAGE];
    size_t lost_count = 0;
    enum rc rc = keep_known(c, ids, count, known);
    for (size_t i = 0; i < count; i++)
        if (!known[i])
            lost[lost_count++] = ids[i];
    if (!rc)
        rc = keystore_destroy(c, lost, lost_count);
    if (!rc)
        *swept += (int64_t)lost_count;
    return rc;
}

enum rc keystore_sweep(struct ctx *c, int64_t age_us, keystore_known_fn *keep_known, int64_t *ret_swept)
{
    int64_t ids[PAGE], after = 0, swept = 0, before_us = clock_now_us() - age_us;
    size_t count = PAGE;
    enum rc rc = RC_OK;
    while (!rc && count == PAGE) {
        rc = read_page(c, after, before_us, ids, &count);
        if (!rc && count)
            rc = sweep_page(c, ids, count, keep_known, &swept);
        if (count)
            after = ids[count - 1];
    }
    if (rc)
        return rc;
    if (swept)
        log_info("keystore.swept", LOG_I("keys", swept));
    *ret_swept = swept;
    return RC_OK;
}
