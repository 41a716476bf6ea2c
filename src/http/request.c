/* What a handler may ask of its request, and the small conventions of the API: ids in paths, page sizes, cursors, revisions. */
#include "http/http_priv.h"

#include <sodium.h>
#include <stdlib.h>

struct call *call_of(const struct request *r)
{
    return ((struct conn *)r->impl)->call;
}

struct str request_query(const struct request *r, const char *name)
{
    struct conn *n = r->impl;
    return n->query.len ? url_query_get(conn_arena(n), n->query, str_z(name)) : STR_NULL;
}

struct str request_header(const struct request *r, const char *name)
{
    return conn_header(r->impl, name);
}

struct str request_text(const struct request *r, const char *key)
{
    const struct conn *n = r->impl;
    return str_z(texts_get(n->server->texts, texts_choose(n->server->texts, r->language), key));
}

enum rc request_param_id(struct ctx *c, const struct request *r, size_t index, int64_t *ret)
{
    int64_t id;
    if (index >= ROUTE_PARAMS_MAX || !str_i64(r->params[index], &id) || id <= 0)
        return ctx_fail(c, RC_NOT_FOUND, "id", "malformed");
    *ret = id;
    return RC_OK;
}

enum rc request_limit(struct ctx *c, const struct request *r, int64_t otherwise, int64_t *ret)
{
    struct str text = request_query(r, "limit");
    int64_t limit = otherwise;
    if (text.len && (!str_i64(text, &limit) || limit < 1 || limit > LIMIT_LIST_PAGE))
        return ctx_fail(c, RC_INVALID, "limit", "range");
    *ret = limit;
    return RC_OK;
}

enum rc request_check_rev(struct ctx *c, const struct request *r, int64_t current)
{
    int64_t based_on;
    if (r->if_match.len == 0)
        return ctx_fail(c, RC_NEEDS_REV, "rev", "missing");
    if (!str_i64(r->if_match, &based_on) || based_on != current)
        return ctx_fail(c, RC_STALE, "rev", "changed");
    return RC_OK;
}

enum { CURSOR_KEYS_MAX = 4, CURSOR_MAC = 8 };

/* A cursor is its keys and a MAC, so that nobody pages by made-up keys; the path is in the MAC, so that it fits one list only. */
static void cursor_mac(const struct ctx *c, struct str path, const int64_t *keys, size_t count, uint8_t mac[static CURSOR_MAC])
{
    uint8_t full[crypto_generichash_BYTES];
    crypto_generichash_state state;
    crypto_generichash_init(&state, c->app->server_key, sizeof(c->app->server_key), sizeof(full));
    crypto_generichash_update(&state, (const uint8_t *)"cursor", 6);
    crypto_generichash_update(&state, (const uint8_t *)path.ptr, path.len);
    crypto_generichash_update(&state, (const uint8_t *)keys, count * sizeof(*keys));
    crypto_generichash_final(&state, full, sizeof(full));
    memcpy(mac, full, CURSOR_MAC);
}

struct str request_cursor_make(struct ctx *c, const struct request *r, const int64_t *keys, size_t count)
{
    uint8_t raw[CURSOR_MAC + CURSOR_KEYS_MAX * sizeof(int64_t)];
    if (count > CURSOR_KEYS_MAX)
        abort();
    size_t len = CURSOR_MAC + count * sizeof(*keys);
    size_t room = sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *out = arena_alloc(c->arena, room);
    cursor_mac(c, r->path, keys, count, raw);
    memcpy(raw + CURSOR_MAC, keys, count * sizeof(*keys));
    sodium_bin2base64(out, room, raw, len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return str_z(out);
}

enum rc request_cursor(struct ctx *c, const struct request *r, struct str text, int64_t *ret_keys, size_t count, bool *ret_given)
{
    uint8_t raw[CURSOR_MAC + CURSOR_KEYS_MAX * sizeof(int64_t)], mac[CURSOR_MAC];
    int64_t keys[CURSOR_KEYS_MAX];
    size_t len = 0;
    if (text.len == 0) {
        *ret_given = false;
        return RC_OK;
    }
    if (count > CURSOR_KEYS_MAX)
        abort();
    if (sodium_base642bin(raw, sizeof(raw), text.ptr, text.len, NULL, &len, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        len != CURSOR_MAC + count * sizeof(*keys))
        return ctx_fail(c, RC_INVALID, "after", "malformed");
    memcpy(keys, raw + CURSOR_MAC, count * sizeof(*keys));
    cursor_mac(c, r->path, keys, count, mac);
    if (sodium_memcmp(mac, raw, CURSOR_MAC) != 0)
        return ctx_fail(c, RC_INVALID, "after", "malformed");
    memcpy(ret_keys, keys, count * sizeof(*keys));
    *ret_given = true;
    return RC_OK;
}
