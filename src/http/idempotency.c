/* Idempotency-Key: the same POST by the same actor within 24 hours gets the first one's reply and does nothing again.
 * The reply is kept sealed under a key made of the header's value, of which only a hash is stored: who reads the disk
 * reads no reply, and a secret shown once stays shown once to others. */
#include "http/http_priv.h"

#include <sodium.h>

enum { KEY_CHARS_MAX = 200 };
static const int64_t KEPT_US = 24 * 3600 * US_PER_S;

struct fingerprint {
    uint8_t key[32]; /* of actor, path and header: the row's key */
    uint8_t secret[crypto_secretbox_KEYBYTES];
    uint8_t body[32]; /* the same key with another body is a mistake of the client */
};

static struct str header_of(const struct call *k)
{
    return request_header(&k->request, "Idempotency-Key");
}

bool idempotency_applies(const struct call *k)
{
    return k->request.method == HTTP_POST && k->actor && header_of(k).len > 0;
}

static void hash_parts(const struct call *k, const char *use, struct str actor, uint8_t out[static 32])
{
    crypto_generichash_state state;
    struct str parts[] = {str_z(use), actor, k->request.path, header_of(k)};
    crypto_generichash_init(&state, k->ctx.app->server_key, sizeof(k->ctx.app->server_key), 32);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        uint64_t len = parts[i].len;
        crypto_generichash_update(&state, (const uint8_t *)&len, sizeof(len));
        crypto_generichash_update(&state, (const uint8_t *)parts[i].ptr, parts[i].len);
    }
    crypto_generichash_final(&state, out, 32);
}

static void fingerprint_make(const struct call *k, struct fingerprint *f)
{
    const struct http_auth *auth = &k->conn->server->options.auth;
    struct str actor = auth->identity ? auth->identity(k->ctx.arena, k->actor) : STR("");
    hash_parts(k, "idempotency-row", actor, f->key);
    hash_parts(k, "idempotency-reply", actor, f->secret);
    crypto_generichash(f->body, sizeof(f->body), (const uint8_t *)k->request.body.ptr, k->request.body.len, NULL, 0);
}

static enum rc unseal(struct call *k, const struct fingerprint *f, struct str sealed)
{
    if (sealed.len < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
        return RC_STORE;
    size_t len = sealed.len - crypto_secretbox_NONCEBYTES - crypto_secretbox_MACBYTES;
    const uint8_t *nonce = (const uint8_t *)sealed.ptr;
    char *out = buf_reserve(&k->reply.body, len + 1);
    if (!out || crypto_secretbox_open_easy((uint8_t *)out, nonce + crypto_secretbox_NONCEBYTES, sealed.len - crypto_secretbox_NONCEBYTES, nonce, f->secret) != 0)
        return RC_STORE;
    k->reply.body.len += len;
    return RC_OK;
}

enum rc idempotency_find(struct call *k, bool *ret_replayed)
{
    struct fingerprint f;
    enum rc rc = RC_OK;
    bool found = false;
    if (header_of(k).len > KEY_CHARS_MAX)
        return ctx_fail(&k->ctx, RC_INVALID, "Idempotency-Key", "too_long");
    fingerprint_make(k, &f);
    struct db_rows *q = db_query(k->ctx.db, "idempotency_find", DB_BLOB("key_hash", str_n(f.key, sizeof(f.key))), DB_I64("since_us", k->ctx.now_us - KEPT_US));
    if (db_next(q)) {
        struct str body = db_blob(q, "body_hash");
        found = true;
        k->reply.status = (int)db_i64(q, "status");
        if (!str_eq(body, str_n(f.body, sizeof(f.body))))
            rc = ctx_fail(&k->ctx, RC_CONFLICT, "Idempotency-Key", "reused");
        else
            rc = unseal(k, &f, db_blob(q, "reply_sealed"));
    }
    sodium_memzero(&f, sizeof(f));
    enum rc end = db_end(q);
    if (end || rc)
        return rc ? rc : end;
    if (found)
        reply_header(&k->reply, "Idempotent-Replayed", STR("true"));
    *ret_replayed = found;
    return RC_OK;
}

enum rc idempotency_keep(struct call *k)
{
    struct fingerprint f;
    const struct buf *body = &k->reply.body;
    size_t len = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + body->len;
    uint8_t *sealed = arena_alloc(k->ctx.arena, len);
    if (k->reply.file || k->stream)
        return RC_OK;
    fingerprint_make(k, &f);
    randombytes_buf(sealed, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(sealed + crypto_secretbox_NONCEBYTES, (const uint8_t *)body->ptr, body->len, sealed, f.secret);
    enum rc rc = db_run(k->ctx.db, "idempotency_sweep", DB_I64("before_us", k->ctx.now_us - KEPT_US));
    if (!rc)
        rc = db_run(k->ctx.db, "idempotency_insert", DB_BLOB("key_hash", str_n(f.key, sizeof(f.key))), DB_BLOB("body_hash", str_n(f.body, sizeof(f.body))),
                    DB_I64("status", k->reply.status), DB_BLOB("reply_sealed", str_n(sealed, len)), DB_I64("made_us", k->ctx.now_us));
    sodium_memzero(&f, sizeof(f));
    return rc;
}
