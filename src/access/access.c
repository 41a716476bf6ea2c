/* The access module: rights of an actor, how the server asks who it is, the audit of the server's own acts, the list of routes. */
#include "access/access_priv.h"
#include "vault/vault.h"

#include "base/id.h"
#include "base/log.h"
#include "db/pool.h"
#include "embedded_sql.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

/* ---- rights ---- */

bool access_may(const struct actor *a, const char *permission)
{
    if (!a)
        return false;
    if (strcmp(permission, NEED_SESSION) == 0)
        return a->staff_id != 0;
    for (const struct module *const *m = modules; *m; m++)
        for (const struct permission *p = (*m)->permissions; p && p->name; p++)
            if (strcmp(p->name, permission) == 0)
                return (p->roles & a->role) != 0;
    return false;
}

bool access_can_see_store(const struct actor *a, int64_t store_id)
{
    if (!a || !a->stores)
        return true;
    for (size_t i = 0; i < a->store_count; i++)
        if (a->stores[i] == store_id)
            return true;
    return false;
}

/* ---- what the server asks ---- */

static enum rc identify(struct ctx *c, const struct request *r, const struct actor **ret)
{
    char room[256];
    struct str key;
    if (access_key_of_header(request_header(r, "Authorization"), room, &key))
        return key_identify(c, key, ret);
    return session_identify(c, r, ret);
}

static bool is_key(const struct actor *a)
{
    return a->key_id != 0;
}

static struct str identity(struct arena *arena, const struct actor *a)
{
    return a->key_id ? arena_printf(arena, "key:%" PRId64, a->key_id) : arena_printf(arena, "staff:%" PRId64, a->staff_id);
}

/* Acts that ask for a reason carry it into the audit. */
static enum rc audit_reason(struct ctx *c, const struct request *r, struct str *ret)
{
    struct str reason = str_trim(json_str(json_get(r->json, STR("reason"))));
    _cleanup_buf_ struct buf out = BUF_INIT(8 << 10);
    struct jw w = jw_on(&out);
    jw_object(&w);
    if (reason.len)
        jw_kv_str(&w, "reason", vault_redact(c->arena, reason));
    jw_object_end(&w);
    *ret = arena_str(c->arena, buf_str(&out));
    return out.failed ? RC_TOO_LARGE : RC_OK;
}

static enum rc audit_write(struct ctx *c, const struct request *r, const struct route *route)
{
    int64_t object_id = 0;
    struct str object, detail, rest = str_z(route->act);
    if (!str_i64(r->params[0], &object_id))
        object_id = 0;
    if (!str_split(&rest, '.', &object))
        object = STR("");
    enum rc rc = audit_reason(c, r, &detail);
    return rc ? rc : access_audit(c, route->act, arena_printf(c->arena, "%.*s", STR_FMT(object)).ptr, object_id, detail);
}

const struct http_auth access_auth = {
    .identify = identify,
    .may = access_may,
    .is_key = is_key,
    .identity = identity,
    .audit_write = audit_write,
};

/* ---- the module ---- */

static enum rc start(struct app *app)
{
    struct access *a = mem_zalloc(1, sizeof(*a));
    if (sodium_init() < 0)
        return RC_INTERNAL;
    a->throttle = throttle_new();
    a->sessions = session_memory_new();
    a->argon = argon_gate_new();
    pthread_mutex_init(&a->keys_lock, NULL);
    app->access = a;
    struct ctx c = {.arena = arena_new(), .app = app, .now_us = clock_now_us()};
    enum rc rc = db_pool_reader(app->truth, &c.db);
    if (!rc) {
        rc = access_keys_reload(&c);
        db_pool_give(app->truth, c.db);
    }
    arena_free(c.arena);
    return rc;
}

/* Keys and sources that another server changed count here as well. */
static void told(struct app *app, struct str word)
{
    struct ctx c = {.arena = arena_new(), .app = app, .now_us = clock_now_us()};
    login_told(app, word);
    bool mine = word.len == 0 || str_eqz(word, KEYS_CHANGED);
    enum rc rc = mine ? db_pool_reader(app->truth, &c.db) : RC_OK;
    if (mine && !rc) {
        rc = access_keys_reload(&c);
        db_pool_give(app->truth, c.db);
    }
    if (rc)
        log_warn("access.keys", LOG_Z("code", rc_name(rc)));
    arena_free(c.arena);
}

static void stop(struct app *app)
{
    struct access *a = app->access;
    if (!a)
        return;
    app->access = NULL;
    key_table_free(atomic_load(&a->keys));
    key_table_free(a->retired);
    throttle_free(a->throttle);
    session_memory_free(a->sessions);
    argon_gate_free(a->argon);
    pthread_mutex_destroy(&a->keys_lock);
    free(a);
}

static const struct permission permissions[] = {
    {"staff.read", ROLE_ADMIN | ROLE_MANAGER}, {"staff.write", ROLE_ADMIN}, {"source.read", ROLE_ADMIN}, {"source.write", ROLE_ADMIN}, {"audit.read", ROLE_ADMIN}, {0},
};

static const struct route routes[] = {
    {HTTP_POST, "/api/v1/session", session_create_route, .need = NEED_NOBODY, .raw = true, .in = login_fields, .in_size = sizeof(struct login), .out = session_fields,
     .out_name = "session", .doc = "Logs in."},
    {HTTP_GET, "/api/v1/session", session_show_route, .need = NEED_SESSION, .out = session_fields, .out_name = "session", .doc = "Who is logged in."},
    {HTTP_DELETE, "/api/v1/session", session_delete_route, .need = NEED_SESSION, .writes = true, .act = "session.close", .doc = "Logs out."},
    {HTTP_POST, "/api/v1/session/password", session_password_route, .need = NEED_SESSION, .raw = true, .in = password_fields, .in_size = sizeof(struct password_change),
     .out = session_fields, .out_name = "session", .doc = "Changes one's own password."},
    {HTTP_GET, "/api/v1/staff", staff_list_route, .need = "staff.read", .out = staff_fields, .out_name = "staff", .out_list = true, .doc = "Staff."},
    {HTTP_POST, "/api/v1/staff", staff_create_route, .need = "staff.write", .raw = true, .in = staff_in_fields, .in_size = sizeof(struct staff_in), .out = staff_fields,
     .out_name = "staff", .doc = "Adds a person."},
    {HTTP_GET, "/api/v1/staff/{id}", staff_show_route, .need = "staff.read", .out = staff_fields, .out_name = "staff", .doc = "One of the staff."},
    {HTTP_PATCH, "/api/v1/staff/{id}", staff_update_route, .need = "staff.write", .raw = true, .in = staff_patch_fields, .in_size = sizeof(struct staff_in),
     .out = staff_fields, .out_name = "staff", .doc = "Changes a person; ends her sessions when rights change."},
    {HTTP_GET, "/api/v1/roles", roles_route, .need = "staff.read", .out = role_fields, .out_name = "role", .out_list = true, .doc = "Roles and what they may do."},
    {HTTP_GET, "/api/v1/sources", source_list_route, .need = "source.read", .out = source_fields, .out_name = "source", .out_list = true,
     .doc = "Where data comes from, with keys."},
    {HTTP_POST, "/api/v1/sources", source_create_route, .need = "source.write", .raw = true, .in = source_in_fields, .in_size = sizeof(struct source_in),
     .out = source_fields, .out_name = "source", .doc = "Adds a source."},
    {HTTP_PATCH, "/api/v1/sources/{id}", source_update_route, .need = "source.write", .raw = true, .in = source_patch_fields, .in_size = sizeof(struct source_in),
     .out = source_fields, .out_name = "source", .doc = "Changes a source."},
    {HTTP_POST, "/api/v1/sources/{id}/keys", key_create_route, .need = "source.write", .raw = true, .in = key_in_fields, .in_size = sizeof(struct key_in),
     .out = key_made_fields, .out_name = "key_made", .doc = "Makes a key, which is shown this once."},
    {HTTP_POST, "/api/v1/keys", key_create_named_route, .need = "source.write", .raw = true, .in = key_named_fields, .in_size = sizeof(struct key_named_in),
     .out = key_made_fields, .out_name = "key_made", .doc = "Makes a key for the source of that name, and the source when there is none."},
    {HTTP_DELETE, "/api/v1/keys/{id}", key_revoke_route, .need = "source.write", .raw = true, .doc = "Revokes a key."},
    {HTTP_GET, "/api/v1/audit", audit_list_route, .need = "audit.read", .out = audit_fields, .out_name = "audit_row", .out_list = true, .query = "who,action,from,to,q,after,limit",
     .doc = "What was done, newest first."},
    {0},
};

static const char *const tables[] = {"staff", "staff_store", "staff_session", "source", "api_key", "audit_row", "setting", NULL};

const struct module access_module = {
    .name = "access",
    .routes = routes,
    .sql = access_sql,
    .migrations = access_migrations,
    .tables = tables,
    .permissions = permissions,
    .start = start,
    .stop = stop,
    .told = told,
};
