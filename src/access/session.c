/* Sessions of people: a cookie with 256 random bits, stored as a hash; idle 30 minutes, at most ten hours; and the proof
 * that a write comes from our own pages (SameSite=Strict, Origin and Sec-Fetch-Site, a token derived from the session). */
#include "access/access_priv.h"

#include "base/log.h"
#include "db/pool.h"

#include <inttypes.h>
#include <sodium.h>

/* seen_us is written no oftener than this, so that reading costs no writes. */
static const int64_t TOUCH_US = 5 * 60 * US_PER_S;

struct str session_cookie_name(const struct request *r)
{
    return r->secure ? STR("__Host-zhixin_session") : STR("zhixin_session");
}

struct str session_cookie_find(struct str cookies, struct str name)
{
    struct str pair;
    while (str_split(&cookies, ';', &pair)) {
        pair = str_trim(pair);
        if (pair.len > name.len && str_starts(pair, name) && pair.ptr[name.len] == '=')
            return str_sub(pair, name.len + 1, pair.len);
    }
    return STR_NULL;
}

static struct str request_token(const struct request *r)
{
    struct str token = session_cookie_find(request_header(r, "Cookie"), session_cookie_name(r));
    return token.len == SESSION_TOKEN_CHARS ? token : STR_NULL;
}

static void token_hash(struct str token, uint8_t out[static 32])
{
    crypto_generichash(out, 32, (const uint8_t *)token.ptr, token.len, NULL, 0);
}

struct str session_csrf(struct ctx *c, struct str token)
{
    uint8_t mac[24];
    enum { ROOM = sodium_base64_ENCODED_LEN(sizeof(mac), sodium_base64_VARIANT_URLSAFE_NO_PADDING) };
    struct str message = arena_concat(c->arena, STR("csrf"), token);
    char *out = arena_alloc(c->arena, ROOM);
    crypto_generichash(mac, sizeof(mac), (const uint8_t *)message.ptr, message.len, c->app->server_key, sizeof(c->app->server_key));
    sodium_bin2base64(out, ROOM, mac, sizeof(mac), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return str_z(out);
}

/* ---- opening and closing ---- */

static void cookie_set(struct ctx *c, const struct request *r, struct reply *p, struct str token, int64_t seconds)
{
    struct str name = session_cookie_name(r);
    struct str value = arena_printf(c->arena, "%.*s=%.*s; Path=/; Max-Age=%" PRId64 "; HttpOnly; SameSite=Strict%s", STR_FMT(name), STR_FMT(token), seconds,
                                    r->secure ? "; Secure" : "");
    reply_header(p, "Set-Cookie", value);
}

static enum rc forget_old(struct ctx *c, const struct request *r)
{
    uint8_t hash[32];
    struct str old = request_token(r);
    enum rc rc = db_run(c->db, "session_sweep", DB_I64("made_before_us", c->now_us - SESSION_AGE_US), DB_I64("seen_before_us", c->now_us - SESSION_IDLE_US));
    if (rc || old.len == 0)
        return rc;
    token_hash(old, hash);
    return db_run(c->db, "session_delete", DB_BLOB("token_hash", str_n(hash, sizeof(hash))));
}

static struct str token_new(struct ctx *c, uint8_t ret_hash[static 32])
{
    uint8_t random[SESSION_TOKEN_BYTES];
    char *text = arena_alloc(c->arena, SESSION_TOKEN_CHARS + 1);
    randombytes_buf(random, sizeof(random));
    sodium_bin2base64(text, SESSION_TOKEN_CHARS + 1, random, sizeof(random), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random, sizeof(random));
    token_hash(str_z(text), ret_hash);
    return str_z(text);
}

struct str session_open_in_memory(struct ctx *c, const struct request *r, int64_t staff_id, struct reply *p)
{
    uint8_t hash[32];
    struct str token = token_new(c, hash);
    session_memory_put(c->app->access->sessions, hash, staff_id, c->now_us);
    cookie_set(c, r, p, token, SESSION_AGE_US / US_PER_S);
    log_warn("session.in_memory", LOG_I("staff", staff_id));
    return session_csrf(c, token);
}

enum rc session_open(struct ctx *c, const struct request *r, int64_t staff_id, struct reply *p, struct str *ret_csrf)
{
    uint8_t hash[32];
    enum rc rc = forget_old(c, r); /* rotated at login: who planted a cookie gains nothing */
    if (rc)
        return rc;
    struct str token = token_new(c, hash);
    rc = db_run(c->db, "session_insert", DB_BLOB("token_hash", str_n(hash, sizeof(hash))), DB_I64("staff_id", staff_id), DB_I64("now_us", c->now_us));
    if (rc)
        return rc;
    cookie_set(c, r, p, token, SESSION_AGE_US / US_PER_S);
    *ret_csrf = session_csrf(c, token);
    return RC_OK;
}

enum rc session_close(struct ctx *c, const struct request *r, struct reply *p)
{
    uint8_t hash[32];
    struct str token = request_token(r);
    if (token.len) {
        token_hash(token, hash);
        session_memory_drop(c->app->access->sessions, hash);
    }
    cookie_set(c, r, p, STR(""), 0);
    return forget_old(c, r);
}

/* ---- who is it? ---- */

/* "https://crm.example.com:8443" against the Host header "crm.example.com:8443". */
static bool origin_is_ours(struct str origin, struct str host)
{
    ptrdiff_t scheme = str_find_str(origin, STR("://"));
    return scheme > 0 && str_ieq(str_sub(origin, (size_t)scheme + 3, origin.len), host);
}

bool session_is_cross_site(const struct request *r)
{
    struct str site = request_header(r, "Sec-Fetch-Site"), origin = request_header(r, "Origin");
    if (site.len && !str_eq(site, STR("same-origin")) && !str_eq(site, STR("none")))
        return true;
    return origin.len && !origin_is_ours(origin, request_header(r, "Host"));
}

/* A login may come on top of a session whose token the page no longer knows; the route looks at the origin itself. */
static bool is_login(const struct request *r)
{
    return r->method == HTTP_POST && str_eq(r->path, STR("/api/v1/session"));
}

static enum rc check_csrf(struct ctx *c, const struct request *r, struct str token)
{
    struct str given = request_header(r, "X-CSRF-Token"), wanted = session_csrf(c, token);
    if (r->method == HTTP_GET || r->method == HTTP_OPTIONS || is_login(r))
        return RC_OK;
    if (session_is_cross_site(r))
        return ctx_fail(c, RC_DENIED, "Origin", "cross_site");
    if (given.len != wanted.len || sodium_memcmp(given.ptr, wanted.ptr, wanted.len) != 0)
        return ctx_fail(c, RC_DENIED, "X-CSRF-Token", "csrf");
    return RC_OK;
}

struct found {
    struct actor *actor;
    int64_t seen_us;
    bool live;
};

static enum rc session_find(struct ctx *c, const uint8_t hash[static 32], struct found *ret)
{
    struct db_rows *q = db_query(c->db, "session_find", DB_BLOB("token_hash", str_n(hash, 32)));
    if (db_next(q)) {
        ret->seen_us = db_i64(q, "seen_us");
        ret->live = c->now_us - db_i64(q, "made_us") < SESSION_AGE_US && c->now_us - ret->seen_us < SESSION_IDLE_US;
        ret->actor = arena_new_one(c->arena, struct actor);
        ret->actor->staff_id = db_i64(q, "staff_id");
        ret->actor->role = (unsigned)db_i64(q, "role");
        ret->actor->name = arena_str(c->arena, db_text(q, "name"));
    }
    return db_end(q);
}

/* One that the disk had no room for. */
static enum rc session_find_in_memory(struct ctx *c, const uint8_t hash[static 32], struct found *ret)
{
    int64_t staff_id = session_memory_find(c->app->access->sessions, hash, c->now_us);
    if (staff_id == 0)
        return RC_OK;
    struct db_rows *q = db_query(c->db, "staff_by_id", DB_I64("id", staff_id));
    if (db_next(q) && db_i64(q, "enabled")) {
        ret->seen_us = c->now_us;
        ret->live = true;
        ret->actor = arena_new_one(c->arena, struct actor);
        ret->actor->staff_id = staff_id;
        ret->actor->role = (unsigned)db_i64(q, "role");
        ret->actor->name = arena_str(c->arena, db_text(q, "name"));
    }
    return db_end(q);
}

/* Store staff browse their own stores; without any they browse none. */
static enum rc load_stores(struct ctx *c, struct actor *a)
{
    enum { STORES_MAX = 1000 };
    if (a->role != ROLE_STORE)
        return RC_OK;
    int64_t *ids = arena_new_array(c->arena, int64_t, STORES_MAX);
    struct db_rows *q = db_query(c->db, "staff_store_ids", DB_I64("staff_id", a->staff_id));
    while (a->store_count < STORES_MAX && db_next(q))
        ids[a->store_count++] = db_i64(q, "store_id");
    a->stores = ids;
    return db_end(q);
}

static enum rc touch(struct ctx *c, void *arg)
{
    return db_run(c->db, "session_touch", DB_I64("now_us", c->now_us), DB_BLOB("token_hash", str_n(arg, 32)));
}

enum rc session_identify(struct ctx *c, const struct request *r, const struct actor **ret)
{
    uint8_t hash[32];
    struct found found = {0};
    struct str token = request_token(r);
    if (token.len == 0)
        return RC_OK;
    token_hash(token, hash);
    enum rc rc = session_find(c, hash, &found);
    if (!rc && !found.actor)
        rc = session_find_in_memory(c, hash, &found);
    if (rc || !found.live)
        return rc;
    rc = check_csrf(c, r, token);
    if (!rc)
        rc = load_stores(c, found.actor);
    if (!rc && c->now_us - found.seen_us > TOUCH_US)
        rc = db_pool_tx(c, c->app->truth, touch, hash);
    if (rc && !access_disk_fails(rc)) /* who only reads needs no room on the disk */
        return rc;
    *ret = found.actor;
    return RC_OK;
}
