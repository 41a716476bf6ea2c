/* Keys: 192 random bits, shown once, stored hashed. All live keys stand in a table in memory that the loop thread reads
 * without a lock; a change builds the next table and swaps it in. The table is no cache: what is not in it does not hold. */
#include "access/access_priv.h"

#include "base/id.h"
#include "db/pool.h"

#include <sodium.h>
#include <stdlib.h>

enum { KEY_RANDOM_BYTES = 24, KEY_HASH_BYTES = 32, HINT_CHARS = 9, SEEN_SLOTS = 64, SEEN_BYTES = 112 };

struct key_row {
    uint8_t hash[KEY_HASH_BYTES];
    int64_t key_id;
    enum key_kind kind;
    struct access_source source;
};
/* Authorization headers that were seen lately with a write key, so that the fast path neither decodes nor hashes. Write keys
 * are public; an API key is never kept. */
struct seen {
    size_t len;
    char text[SEEN_BYTES];
    const struct key_row *row;
};
/* Open addressing by the hash's first bytes; at most half full. Rows never change once the table is swapped in. */
struct key_table {
    struct arena *arena;
    struct key_table *next_retired;
    size_t slots;
    struct key_row *rows; /* key_id 0: empty */
    pthread_mutex_t seen_lock;
    struct seen seen[SEEN_SLOTS];
};

void key_table_free(struct key_table *t)
{
    while (t) {
        struct key_table *next = t->next_retired;
        arena_free(t->arena);
        pthread_mutex_destroy(&t->seen_lock);
        free(t);
        t = next;
    }
}

static void key_hash(struct str key, uint8_t out[static KEY_HASH_BYTES])
{
    crypto_generichash(out, KEY_HASH_BYTES, (const uint8_t *)key.ptr, key.len, NULL, 0);
}

static struct key_row *row_of(const struct key_table *t, const uint8_t hash[static KEY_HASH_BYTES])
{
    uint64_t start;
    memcpy(&start, hash, sizeof(start));
    for (size_t i = start & (t->slots - 1);; i = (i + 1) & (t->slots - 1))
        if (t->rows[i].key_id == 0 || memcmp(t->rows[i].hash, hash, KEY_HASH_BYTES) == 0)
            return &t->rows[i];
}

/* ---- signing secrets ---- */

/* The shop's signing secret has to be read again, so it is sealed under the server's key, bound to its source. */
static void signing_key(const struct app *app, int64_t source_id, uint8_t out[static crypto_secretbox_KEYBYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, app->server_key, sizeof(app->server_key), crypto_secretbox_KEYBYTES);
    crypto_generichash_update(&state, (const uint8_t *)"signing", 7);
    crypto_generichash_update(&state, (const uint8_t *)&source_id, sizeof(source_id));
    crypto_generichash_final(&state, out, crypto_secretbox_KEYBYTES);
}

struct str signing_seal(struct ctx *c, int64_t source_id, struct str secret)
{
    uint8_t key[crypto_secretbox_KEYBYTES];
    if (secret.len == 0)
        return STR_NULL;
    size_t len = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + secret.len;
    uint8_t *out = arena_alloc(c->arena, len);
    signing_key(c->app, source_id, key);
    randombytes_buf(out, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(out + crypto_secretbox_NONCEBYTES, (const uint8_t *)secret.ptr, secret.len, out, key);
    sodium_memzero(key, sizeof(key));
    return str_n(out, len);
}

struct str signing_open(struct arena *a, const struct app *app, int64_t source_id, struct str sealed)
{
    uint8_t key[crypto_secretbox_KEYBYTES];
    if (sealed.len < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
        return STR_NULL;
    size_t len = sealed.len - crypto_secretbox_NONCEBYTES - crypto_secretbox_MACBYTES;
    const uint8_t *nonce = (const uint8_t *)sealed.ptr;
    uint8_t *out = arena_alloc(a, len + 1);
    signing_key(app, source_id, key);
    int bad = crypto_secretbox_open_easy(out, nonce + crypto_secretbox_NONCEBYTES, sealed.len - crypto_secretbox_NONCEBYTES, nonce, key);
    sodium_memzero(key, sizeof(key));
    return bad ? STR_NULL : str_n(out, len);
}

/* ---- the table ---- */

struct row_list {
    struct key_row *items;
    size_t count, cap;
};

static void row_read(struct ctx *c, struct key_table *t, struct db_rows *q, struct key_row *row)
{
    struct str hash = db_blob(q, "key_hash");
    if (hash.len != KEY_HASH_BYTES)
        return;
    memcpy(row->hash, hash.ptr, KEY_HASH_BYTES);
    row->key_id = db_i64(q, "key_id");
    row->kind = (enum key_kind)db_i64(q, "key_kind");
    row->source = (struct access_source){
        .id = db_i64(q, "id"),
        .code = arena_str(t->arena, db_text(q, "code")),
        .name = arena_str(t->arena, db_text(q, "name")),
        .kind = arena_str(t->arena, db_text(q, "kind")),
        .channel = arena_str(t->arena, db_text(q, "channel")),
        .account_scope = arena_str(t->arena, db_text(q, "account_scope")),
        .trusted = db_i64(q, "key_trusted") != 0,
        .shared_device = db_i64(q, "shared_device") != 0,
        .enabled = db_i64(q, "enabled") != 0,
        .signing_secret = signing_open(t->arena, c->app, db_i64(q, "id"), db_blob(q, "signing_sealed")),
    };
}

static enum rc rows_load(struct ctx *c, struct key_table *t, struct row_list *list)
{
    struct db_rows *q = db_query(c->db, "api_key_live");
    while (db_next(q)) {
        if (list->count == list->cap) {
            list->cap = list->cap ? list->cap * 2 : 64;
            list->items = mem_realloc(list->items, list->cap * sizeof(*list->items));
        }
        list->items[list->count] = (struct key_row){0};
        row_read(c, t, q, &list->items[list->count]);
        list->count += list->items[list->count].key_id != 0;
    }
    return db_end(q);
}

static enum rc table_build(struct ctx *c, struct key_table **ret)
{
    struct row_list list = {0};
    struct key_table *t = mem_zalloc(1, sizeof(*t));
    t->arena = arena_new();
    pthread_mutex_init(&t->seen_lock, NULL);
    enum rc rc = rows_load(c, t, &list);
    t->slots = 16;
    while (t->slots < 2 * list.count)
        t->slots *= 2;
    t->rows = arena_new_array(t->arena, struct key_row, t->slots);
    for (size_t i = 0; i < list.count; i++)
        *row_of(t, list.items[i].hash) = list.items[i];
    free(list.items);
    if (rc)
        key_table_free(t);
    else
        *ret = t;
    return rc;
}

/* The old table is kept until the program ends, for a reader may be in it: an administrator's changes are few and small. */
enum rc access_keys_reload(struct ctx *c)
{
    struct access *a = c->app->access;
    struct key_table *table;
    if (!a)
        return RC_OK;
    pthread_mutex_lock(&a->keys_lock);
    enum rc rc = table_build(c, &table);
    if (!rc) {
        struct key_table *old = atomic_exchange(&a->keys, table);
        if (old) {
            old->next_retired = a->retired;
            a->retired = old;
        }
    }
    pthread_mutex_unlock(&a->keys_lock);
    return rc;
}

static struct key_table *table_now(const struct app *app)
{
    return app->access ? atomic_load_explicit(&app->access->keys, memory_order_acquire) : NULL;
}

static const struct key_row *key_find(const struct key_table *t, struct str key)
{
    uint8_t hash[KEY_HASH_BYTES];
    if (!t || key.len == 0)
        return NULL;
    key_hash(key, hash);
    const struct key_row *row = row_of(t, hash);
    return row->key_id ? row : NULL;
}

bool access_key_lookup(struct app *app, struct str key, struct access_source *ret, bool *ret_api)
{
    const struct key_row *row = key_find(table_now(app), key);
    if (!row)
        return false;
    *ret = row->source;
    *ret_api = row->kind == KEY_API;
    return true;
}

static struct seen *seen_slot(struct key_table *t, struct str header)
{
    uint64_t mix = header.len;
    for (size_t i = header.len > 16 ? header.len - 16 : 0; i < header.len; i++)
        mix = (mix ^ (uint8_t)header.ptr[i]) * UINT64_C(0x100000001b3);
    return &t->seen[(mix >> 32) % SEEN_SLOTS];
}

static const struct key_row *seen_find(struct key_table *t, struct str header)
{
    const struct key_row *row = NULL;
    pthread_mutex_lock(&t->seen_lock);
    const struct seen *s = seen_slot(t, header);
    if (s->len == header.len && memcmp(s->text, header.ptr, header.len) == 0)
        row = s->row;
    pthread_mutex_unlock(&t->seen_lock);
    return row;
}

static void seen_keep(struct key_table *t, struct str header, const struct key_row *row)
{
    if (header.len > SEEN_BYTES || row->kind != KEY_WRITE)
        return;
    pthread_mutex_lock(&t->seen_lock);
    struct seen *s = seen_slot(t, header);
    s->len = header.len;
    memcpy(s->text, header.ptr, header.len);
    s->row = row;
    pthread_mutex_unlock(&t->seen_lock);
}

bool access_source_of_header(struct app *app, struct str authorization, struct access_source *ret, bool *ret_api)
{
    char room[256];
    struct str key;
    struct key_table *t = table_now(app);
    if (!t || authorization.len == 0)
        return false;
    const struct key_row *row = seen_find(t, authorization);
    if (!row) {
        if (!access_key_of_header(authorization, room, &key) || !(row = key_find(t, key)))
            return false;
        seen_keep(t, authorization, row);
    }
    *ret = row->source;
    *ret_api = row->kind == KEY_API;
    return true;
}

/* Only keys made for the API act on it; a write key is public and stands in the pages of the shop. */
enum rc key_identify(struct ctx *c, struct str key, const struct actor **ret)
{
    const struct key_row *row = key_find(table_now(c->app), key);
    if (!row || row->kind != KEY_API)
        return ctx_fail(c, RC_UNAUTHENTICATED, "Authorization", "key");
    struct actor *a = arena_new_one(c->arena, struct actor);
    *a = (struct actor){.key_id = row->key_id, .source_id = row->source.id, .trusted = row->source.trusted, .role = ROLE_API, .name = row->source.name};
    *ret = a;
    return RC_OK;
}

bool access_key_of_header(struct str authorization, char room[static 256], struct str *ret)
{
    struct str basic = STR("Basic "), bearer = STR("Bearer ");
    size_t len = 0;
    if (authorization.len > bearer.len && str_ieq(str_sub(authorization, 0, bearer.len), bearer)) {
        *ret = str_trim(str_sub(authorization, bearer.len, authorization.len));
        return true;
    }
    if (authorization.len <= basic.len || !str_ieq(str_sub(authorization, 0, basic.len), basic))
        return false;
    struct str packed = str_trim(str_sub(authorization, basic.len, authorization.len));
    if (sodium_base642bin((uint8_t *)room, 256, packed.ptr, packed.len, NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 &&
        sodium_base642bin((uint8_t *)room, 256, packed.ptr, packed.len, NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        return false;
    struct str pair = str_n(room, len);
    ptrdiff_t colon = str_find(pair, ':');
    *ret = colon < 0 ? pair : str_sub(pair, 0, (size_t)colon);
    return ret->len > 0;
}

/* ---- making keys ---- */

/* "zw_…" are write keys, "za_…" API keys: a scanner of public code can tell them. */
enum rc key_create(struct ctx *c, int64_t source_id, enum key_kind kind, bool trusted, struct str *ret_key)
{
    uint8_t random[KEY_RANDOM_BYTES], hash[KEY_HASH_BYTES];
    enum { ROOM = sodium_base64_ENCODED_LEN(KEY_RANDOM_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING) };
    char text[ROOM];
    randombytes_buf(random, sizeof(random));
    sodium_bin2base64(text, sizeof(text), random, sizeof(random), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    struct str key = arena_concat(c->arena, kind == KEY_API ? STR("za_") : STR("zw_"), str_z(text));
    key_hash(key, hash);
    enum rc rc = db_run(c->db, "api_key_insert", DB_I64("id", id_next()), DB_I64("source_id", source_id), DB_BLOB("key_hash", str_n(hash, sizeof(hash))),
                        DB_TEXT("hint", str_sub(key, 0, HINT_CHARS)), DB_I64("kind", kind), DB_I64("trusted", trusted),
                        DB_I64("created_by", c->actor ? c->actor->staff_id : 0), DB_I64("now_us", c->now_us));
    sodium_memzero(random, sizeof(random));
    *ret_key = key;
    return rc ? rc : db_tell(c->db, KEYS_CHANGED);
}

enum rc access_key_create(struct ctx *c, struct str source_name, bool api, bool trusted, struct str *ret_key)
{
    int64_t source_id;
    enum rc rc = db_get_i64(c->db, 0, &source_id, "source_by_code", DB_TEXT("code", source_name));
    if (!rc && source_id == 0)
        rc = source_create(c, source_name, source_name, api ? STR("server") : STR("web"), api ? STR("store") : STR("web"), trusted, &source_id);
    if (rc)
        return rc;
    return key_create(c, source_id, api ? KEY_API : KEY_WRITE, trusted, ret_key);
}
