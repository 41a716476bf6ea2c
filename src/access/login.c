/* Logging in and out: routes of /api/v1/session. Whoever guesses gets the same answer after the same time for accounts
 * that exist and accounts that do not. */
#include "access/access_priv.h"

#include "db/pool.h"
#include "db/session.h"

#include <sodium.h>

enum { TRIES_OF_ACCOUNT = 10, TRIES_OF_ADDRESS = 30 };

const struct field login_fields[] = {
    {.name = "email", .type = FIELD_STR, .flags = FIELD_REQUIRED | FIELD_PERSONAL, .offset = offsetof(struct login, email), .max = 254},
    {.name = "password", .type = FIELD_STR, .flags = FIELD_REQUIRED | FIELD_PERSONAL, .offset = offsetof(struct login, password), .max = PASSWORD_BYTES_MAX},
    FIELD_END,
};
const struct field password_fields[] = {
    {.name = "current", .type = FIELD_STR, .flags = FIELD_REQUIRED | FIELD_PERSONAL, .offset = offsetof(struct password_change, current), .max = PASSWORD_BYTES_MAX},
    {.name = "password", .type = FIELD_STR, .flags = FIELD_REQUIRED | FIELD_PERSONAL, .offset = offsetof(struct password_change, password), .max = PASSWORD_BYTES_MAX},
    FIELD_END,
};
static const struct field store_out_fields[] = {{.name = "code", .type = FIELD_STR}, {.name = "name", .type = FIELD_STR}, FIELD_END};
static const struct field person_fields[] = {
    {.name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED},
    {.name = "name", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "email", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "role", .type = FIELD_ENUM, .flags = FIELD_REQUIRED, .words = role_names},
    {.name = "permissions", .type = FIELD_STRS, .flags = FIELD_REQUIRED},
    {.name = "store", .type = FIELD_OBJECT, .flags = FIELD_NULLABLE | FIELD_REQUIRED, .sub = store_out_fields},
    {.name = "stores", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .sub = store_out_fields},
    {.name = "locale", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    FIELD_END,
};
const struct field session_fields[] = {
    {.name = "staff", .type = FIELD_OBJECT, .flags = FIELD_REQUIRED, .sub = person_fields},
    {.name = "csrf", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "Send it back as X-CSRF-Token with every write."},
    FIELD_END,
};

/* ---- the body of a session ---- */

static void put_permissions(struct jw *w, unsigned role)
{
    const struct actor probe = {.staff_id = 1, .role = role};
    jw_key(w, "permissions");
    jw_array(w);
    for (const struct module *const *m = modules; *m; m++)
        for (const struct permission *p = (*m)->permissions; p && p->name; p++)
            if (access_may(&probe, p->name))
                jw_str(w, str_z(p->name));
    jw_array_end(w);
}

static enum rc put_stores(struct ctx *c, struct jw *w, int64_t staff_id)
{
    struct db_rows *q = db_query(c->db, "staff_store_list", DB_I64("staff_id", staff_id));
    struct str first_code = STR_NULL, first_name = STR_NULL;
    jw_key(w, "stores");
    jw_array(w);
    while (db_next(q)) {
        struct str code = arena_str(c->arena, db_text(q, "code")), name = arena_str(c->arena, db_text(q, "name"));
        if (!first_code.ptr)
            first_code = code, first_name = name;
        jw_object(w);
        jw_kv_str(w, "code", code);
        jw_kv_str(w, "name", name);
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_key(w, "store");
    if (first_code.ptr) {
        jw_object(w);
        jw_kv_str(w, "code", first_code);
        jw_kv_str(w, "name", first_name);
        jw_object_end(w);
    } else {
        jw_null(w);
    }
    return db_end(q);
}

static enum rc put_session(struct ctx *c, int64_t staff_id, struct str csrf, struct jw *w)
{
    struct db_rows *q = db_query(c->db, "staff_by_id", DB_I64("id", staff_id));
    bool found = db_next(q);
    jw_object(w);
    jw_key(w, "staff");
    jw_object(w);
    if (found) {
        unsigned role = (unsigned)db_i64(q, "role");
        jw_kv_id(w, "id", staff_id);
        jw_kv_str(w, "name", db_text(q, "name"));
        jw_kv_str(w, "email", db_text(q, "email"));
        jw_kv_z(w, "role", role_name(role));
        jw_kv_str(w, "locale", db_text(q, "locale"));
        put_permissions(w, role);
    }
    enum rc rc = db_end(q);
    if (rc || !found)
        return rc ? rc : ctx_fail(c, RC_UNAUTHENTICATED, "", "login");
    rc = put_stores(c, w, staff_id);
    jw_object_end(w);
    jw_kv_str(w, "csrf", csrf);
    jw_object_end(w);
    return rc;
}

/* ---- logging in ---- */

struct attempt {
    const struct request *r;
    struct reply *p;
    struct str email;
    int64_t staff_id;
};

static enum rc account_find(struct ctx *c, struct str email, int64_t *ret_id, struct str *ret_hash)
{
    struct db_rows *q = db_query(c->db, "staff_by_email", DB_TEXT("email", email));
    if (db_next(q) && db_i64(q, "enabled")) {
        *ret_id = db_i64(q, "id");
        *ret_hash = arena_str(c->arena, db_text(q, "password_hash"));
    }
    return db_end(q);
}

/* Whose failures are counted: an account or an address, in a form that may be said to other servers. */
static struct str throttled(struct ctx *c, const char *kind, struct str who)
{
    uint8_t hash[16];
    char hex[2 * sizeof(hash) + 1];
    struct str text = arena_concat(c->arena, str_z(kind), who);
    crypto_generichash(hash, sizeof(hash), (const uint8_t *)text.ptr, text.len, c->app->server_key, sizeof(c->app->server_key));
    str_hex(hash, sizeof(hash), hex);
    return arena_str(c->arena, str_n(hex, 2 * sizeof(hash)));
}

static void failed(struct ctx *c, struct str key)
{
    throttle_count(c->app->access->throttle, key, c->now_us);
    db_session_say(c->app->session, arena_concat(c->arena, STR(LOGIN_FAILED), key));
}

static void succeeded(struct ctx *c, struct str key)
{
    throttle_forget(c->app->access->throttle, key);
    db_session_say(c->app->session, arena_concat(c->arena, STR(LOGIN_SUCCEEDED), key));
}

void login_told(struct app *app, struct str word)
{
    struct throttle *t = app->access->throttle;
    if (str_starts(word, STR(LOGIN_FAILED)))
        throttle_count(t, str_sub(word, strlen(LOGIN_FAILED), word.len), clock_now_us());
    else if (str_starts(word, STR(LOGIN_SUCCEEDED)))
        throttle_forget(t, str_sub(word, strlen(LOGIN_SUCCEEDED), word.len));
}

static enum rc throttle_check(struct ctx *c, struct str account, struct str address)
{
    struct throttle *t = c->app->access->throttle;
    bool wait = throttle_wait_s(t, account, TRIES_OF_ACCOUNT, c->now_us) > 0 || throttle_wait_s(t, address, TRIES_OF_ADDRESS, c->now_us) > 0;
    return wait ? ctx_fail(c, RC_LIMIT, "", "too_many_logins") : RC_OK;
}

static struct str from_where(struct ctx *c, const struct request *r)
{
    _cleanup_buf_ struct buf out = BUF_INIT(256);
    struct jw w = jw_on(&out);
    jw_object(&w);
    jw_kv_str(&w, "address", r->address);
    jw_object_end(&w);
    return arena_str(c->arena, buf_str(&out));
}

/* What an earlier try of the transaction wrote is no part of the reply. */
static void reply_anew(struct reply *p)
{
    buf_reset(p->json.out);
    p->json = jw_on(p->json.out);
    p->header_count = 0;
}

static enum rc login_done(struct ctx *c, void *arg)
{
    struct attempt *a = arg;
    struct str csrf;
    struct actor self = {.staff_id = a->staff_id};
    reply_anew(a->p);
    enum rc rc = session_open(c, a->r, a->staff_id, a->p, &csrf);
    if (rc)
        return rc;
    c->actor = &self;
    rc = access_audit(c, "session.open", "staff", a->staff_id, from_where(c, a->r));
    c->actor = NULL;
    if (rc)
        return rc;
    return put_session(c, a->staff_id, csrf, &a->p->json);
}

static enum rc login_failed(struct ctx *c, void *arg)
{
    const struct attempt *a = arg;
    return access_audit(c, "session.refused", "staff", a->staff_id, from_where(c, a->r));
}

/* Nothing can be written: who knows the password comes in all the same, to look at what is there. */
static enum rc login_in_memory(struct ctx *c, struct attempt *a)
{
    ctx_clear(c);
    reply_anew(a->p);
    struct str csrf = session_open_in_memory(c, a->r, a->staff_id, a->p);
    return put_session(c, a->staff_id, csrf, &a->p->json);
}

enum rc session_create_route(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct login *in = r->in;
    struct attempt a = {.r = r, .p = p, .email = staff_email_fold(c->arena, in->email)};
    struct str account = throttled(c, "account:", a.email), address = throttled(c, "address:", r->address);
    struct str hash = STR_NULL;
    bool ok = false;
    if (session_is_cross_site(r))
        return ctx_fail(c, RC_DENIED, "Origin", "cross_site");
    enum rc rc = throttle_check(c, account, address);
    if (!rc)
        rc = account_find(c, a.email, &a.staff_id, &hash);
    if (!rc)
        rc = password_verify(c, hash, in->password, &ok);
    if (rc)
        return rc;
    if (ok) {
        succeeded(c, account);
        rc = db_pool_tx(c, c->app->truth, login_done, &a);
        return access_disk_fails(rc) ? login_in_memory(c, &a) : rc;
    }
    failed(c, account);
    failed(c, address);
    rc = db_pool_tx(c, c->app->truth, login_failed, &a);
    return rc && !access_disk_fails(rc) ? rc : ctx_fail(c, RC_UNAUTHENTICATED, "", "wrong_login");
}

enum rc session_show_route(struct ctx *c, const struct request *r, struct reply *p)
{
    struct str token = session_cookie_find(request_header(r, "Cookie"), session_cookie_name(r));
    return put_session(c, c->actor->staff_id, session_csrf(c, token), &p->json);
}

enum rc session_delete_route(struct ctx *c, const struct request *r, struct reply *p)
{
    return session_close(c, r, p);
}

/* ---- one's own password ---- */

struct renewal {
    const struct request *r;
    struct reply *p;
    struct str hash;
};

/* A new password ends every session of the person; this one goes on under a new cookie. */
static enum rc password_renew(struct ctx *c, void *arg)
{
    struct renewal *n = arg;
    struct str csrf;
    int64_t staff_id = c->actor->staff_id;
    buf_reset(n->p->json.out);
    n->p->json = jw_on(n->p->json.out);
    n->p->header_count = 0;
    enum rc rc = db_run(c->db, "staff_password_set", DB_TEXT("password_hash", n->hash), DB_I64("now_us", c->now_us), DB_I64("id", staff_id));
    if (!rc)
        rc = db_run(c->db, "session_delete_staff", DB_I64("staff_id", staff_id));
    session_memory_drop_staff(c->app->access->sessions, staff_id);
    if (!rc)
        rc = session_open(c, n->r, staff_id, n->p, &csrf);
    if (!rc)
        rc = access_audit(c, "staff.password", "staff", staff_id, STR("{}"));
    if (rc)
        return rc;
    return put_session(c, staff_id, csrf, &n->p->json);
}

enum rc session_password_route(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct password_change *in = r->in;
    struct renewal n = {.r = r, .p = p};
    bool ok = false;
    struct str account = throttled(c, "password:", arena_printf(c->arena, "%lld", (long long)c->actor->staff_id)), hash = STR_NULL;
    enum rc rc = throttle_check(c, account, account);
    if (rc)
        return rc;
    struct db_rows *q = db_query(c->db, "staff_by_id", DB_I64("id", c->actor->staff_id));
    if (db_next(q))
        hash = arena_str(c->arena, db_text(q, "password_hash"));
    rc = db_end(q);
    if (!rc)
        rc = password_check_strength(c, "password", in->password);
    if (!rc)
        rc = password_verify(c, hash, in->current, &ok);
    if (rc)
        return rc;
    if (!ok) {
        failed(c, account);
        return ctx_fail(c, RC_INVALID, "current", "wrong");
    }
    rc = password_hash(c, in->password, &n.hash);
    return rc ? rc : db_pool_tx(c, c->app->truth, password_renew, &n);
}
