/* Staff: people with a role, and for store staff the stores they work in. Routes of /api/v1/staff and /api/v1/roles. */
#include "access/access_priv.h"

#include "base/id.h"
#include "db/pool.h"

const char *const role_names[] = {"administrator", "manager", "agent", "store", "api", NULL};
static const unsigned roles[] = {ROLE_ADMIN, ROLE_MANAGER, ROLE_AGENT, ROLE_STORE, ROLE_API};
enum { PERSON_ROLES = 4 };

const char *role_name(unsigned role)
{
    for (size_t i = 0; role_names[i]; i++)
        if (roles[i] == role)
            return role_names[i];
    return "none";
}

bool role_find(struct str name, unsigned *ret)
{
    for (size_t i = 0; role_names[i]; i++)
        if (str_eqz(name, role_names[i])) {
            *ret = roles[i];
            return true;
        }
    return false;
}

/* ---- fields ---- */

static const char *const person_role_names[] = {"administrator", "manager", "agent", "store", NULL};

/* The create and patch forms are one struct; who is created needs more of it. */
#define STAFF_COMMON(required)                                                                                                                          \
    {.name = "name", .type = FIELD_STR, .flags = (required), .offset = offsetof(struct staff_in, name), .min = 1, .max = LIMIT_NAME_CHARS},             \
        {.name = "number", .type = FIELD_STR, .offset = offsetof(struct staff_in, number), .max = 32, .doc = "Number on receipts, such as A07."},       \
        {.name = "role", .type = FIELD_ENUM, .flags = (required), .offset = offsetof(struct staff_in, role), .words = person_role_names},               \
        {.name = "stores", .type = FIELD_STRS, .offset = offsetof(struct staff_in, stores), .max = 1000, .doc = "Codes of the stores of store staff."}, \
    {                                                                                                                                                   \
        .name = "locale", .type = FIELD_STR, .offset = offsetof(struct staff_in, locale), .max = 16                                                     \
    }

const struct field staff_in_fields[] = {
    STAFF_COMMON(FIELD_REQUIRED),
    {.name = "email", .type = FIELD_STR, .flags = FIELD_REQUIRED, .offset = offsetof(struct staff_in, email), .min = 3, .max = 254},
    {.name = "password", .type = FIELD_STR, .flags = FIELD_REQUIRED | FIELD_PERSONAL, .offset = offsetof(struct staff_in, password), .max = PASSWORD_BYTES_MAX},
    FIELD_END,
};
enum { PATCH_NAME, PATCH_NUMBER, PATCH_ROLE, PATCH_STORES, PATCH_LOCALE, PATCH_ENABLED, PATCH_PASSWORD };
const struct field staff_patch_fields[] = {
    STAFF_COMMON(0),
    {.name = "enabled", .type = FIELD_BOOL, .offset = offsetof(struct staff_in, enabled)},
    {.name = "password", .type = FIELD_STR, .flags = FIELD_PERSONAL, .offset = offsetof(struct staff_in, password), .max = PASSWORD_BYTES_MAX},
    FIELD_END,
};
const struct field staff_fields[] = {
    {.name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED},
    {.name = "email", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "name", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "number", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "role", .type = FIELD_ENUM, .flags = FIELD_REQUIRED, .words = role_names},
    {.name = "stores", .type = FIELD_STRS, .flags = FIELD_REQUIRED},
    {.name = "locale", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "enabled", .type = FIELD_BOOL, .flags = FIELD_REQUIRED},
    {.name = "created_at", .type = FIELD_TIME, .flags = FIELD_REQUIRED},
    {.name = "rev", .type = FIELD_ID, .flags = FIELD_REQUIRED},
    FIELD_END,
};
const struct field role_fields[] = {
    {.name = "role", .type = FIELD_ENUM, .flags = FIELD_REQUIRED, .words = role_names},
    {.name = "permissions", .type = FIELD_STRS, .flags = FIELD_REQUIRED},
    FIELD_END,
};

/* ---- domain ---- */

struct staff {
    int64_t id, rev, created_us;
    struct str email, name, number, locale;
    unsigned role;
    bool enabled;
};

struct str staff_email_fold(struct arena *a, struct str email)
{
    char *out = arena_z(a, str_trim(email));
    for (char *p = out; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p | 0x20);
    return str_z(out);
}

/* Plausible is enough: a person logs in with it, nobody writes to it. */
static enum rc email_normal(struct ctx *c, struct str email, struct str *ret)
{
    struct str folded = staff_email_fold(c->arena, email);
    ptrdiff_t at = str_find(folded, '@');
    if (at < 1 || (size_t)at + 1 >= folded.len || !str_is_text(email) || strpbrk(folded.ptr, " \t\r\n<>\""))
        return ctx_fail(c, RC_INVALID, "email", "malformed");
    *ret = folded;
    return RC_OK;
}

static enum rc password_make(struct ctx *c, struct str password, struct str *ret_hash)
{
    enum rc rc = password_check_strength(c, "password", password);
    return rc ? rc : password_hash(c, password, ret_hash);
}

static enum rc staff_insert(struct ctx *c, const struct staff *s, struct str hash)
{
    enum rc rc = db_run(c->db, "staff_insert", DB_I64("id", s->id), DB_TEXT("email", s->email), DB_TEXT("name", s->name), DB_TEXT("number", s->number),
                        DB_I64("role", s->role), DB_TEXT("locale", s->locale), DB_TEXT("password_hash", hash), DB_I64("now_us", c->now_us));
    return rc == RC_CONFLICT ? ctx_fail(c, rc, "email", "taken") : rc;
}

enum rc access_staff_create(struct ctx *c, struct str email, struct str name, unsigned role, struct str password, int64_t *ret_id)
{
    struct staff s = {.id = id_next(), .name = name, .role = role, .number = STR(""), .locale = STR("zh-CN")};
    struct str hash;
    enum rc rc = email_normal(c, email, &s.email);
    if (!rc)
        rc = password_make(c, password, &hash);
    if (!rc)
        rc = staff_insert(c, &s, hash);
    if (!rc)
        *ret_id = s.id;
    return rc;
}

static enum rc store_id_of(struct ctx *c, struct str code, int64_t *ret)
{
    int64_t id;
    enum rc rc = db_get_i64(c->db, 0, &id, "staff_store_find", DB_TEXT("code", code));
    if (!rc && id == 0)
        rc = ctx_fail(c, RC_INVALID, "stores", "unknown_store");
    if (!rc)
        *ret = id;
    return rc;
}

static enum rc staff_stores_set(struct ctx *c, int64_t staff_id, const struct field_list *codes)
{
    const struct str *code = codes->items;
    enum rc rc = db_run(c->db, "staff_store_clear", DB_I64("staff_id", staff_id));
    for (size_t i = 0; i < codes->count && !rc; i++) {
        int64_t store_id;
        rc = store_id_of(c, code[i], &store_id);
        if (!rc)
            rc = db_run(c->db, "staff_store_insert", DB_I64("staff_id", staff_id), DB_I64("store_id", store_id), DB_I64("manages", 0));
        if (rc == RC_CONFLICT)
            rc = ctx_fail(c, RC_INVALID, "stores", "repeated");
    }
    return rc;
}

static void staff_read(struct ctx *c, struct db_rows *q, struct staff *s)
{
    *s = (struct staff){
        .id = db_i64(q, "id"),
        .rev = db_i64(q, "rev"),
        .created_us = db_i64(q, "created_us"),
        .role = (unsigned)db_i64(q, "role"),
        .enabled = db_i64(q, "enabled") != 0,
        .email = arena_str(c->arena, db_text(q, "email")),
        .name = arena_str(c->arena, db_text(q, "name")),
        .number = arena_str(c->arena, db_text(q, "number")),
        .locale = arena_str(c->arena, db_text(q, "locale")),
    };
}

static enum rc staff_load(struct ctx *c, int64_t id, struct staff *ret)
{
    struct db_rows *q = db_query(c->db, "staff_by_id", DB_I64("id", id));
    bool found = db_next(q);
    if (found)
        staff_read(c, q, ret);
    enum rc rc = db_end(q);
    if (rc)
        return rc;
    return found ? RC_OK : ctx_fail(c, RC_NOT_FOUND, "id", "staff");
}

static enum rc staff_put(struct ctx *c, const struct staff *s, struct jw *w)
{
    jw_object(w);
    jw_kv_id(w, "id", s->id);
    jw_kv_str(w, "email", s->email);
    jw_kv_str(w, "name", s->name);
    jw_kv_str(w, "number", s->number);
    jw_kv_z(w, "role", role_name(s->role));
    jw_key(w, "stores");
    jw_array(w);
    struct db_rows *q = db_query(c->db, "staff_store_list", DB_I64("staff_id", s->id));
    while (db_next(q))
        jw_str(w, db_text(q, "code"));
    jw_array_end(w);
    jw_kv_str(w, "locale", s->locale);
    jw_kv_bool(w, "enabled", s->enabled);
    jw_kv_time(w, "created_at", s->created_us);
    jw_kv_id(w, "rev", s->rev);
    jw_object_end(w);
    return db_end(q);
}

static enum rc staff_reply(struct ctx *c, int64_t id, struct reply *p)
{
    struct staff s;
    enum rc rc = staff_load(c, id, &s);
    if (rc)
        return rc;
    reply_rev(c, p, s.rev);
    return staff_put(c, &s, &p->json);
}

/* ---- routes ---- */

enum rc staff_list_route(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)r;
    enum { SHOWN = 1000 };
    struct staff *all = arena_new_array(c->arena, struct staff, SHOWN);
    int64_t total;
    size_t count = 0;
    struct db_rows *q = db_query(c->db, "staff_list", DB_I64("limit", SHOWN));
    while (db_next(q))
        staff_read(c, q, &all[count++]);
    enum rc rc = db_end(q);
    if (!rc)
        rc = db_get_i64(c->db, 0, &total, "staff_count");
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    for (size_t i = 0; i < count && !rc; i++)
        rc = staff_put(c, &all[i], &p->json);
    jw_array_end(&p->json);
    reply_list_end(p, STR_NULL, total, true);
    return rc;
}

enum rc staff_show_route(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t id;
    enum rc rc = request_param_id(c, r, 0, &id);
    return rc ? rc : staff_reply(c, id, p);
}

/* A form on its way into the transaction. The password is hashed before it: the writer does not wait for Argon2. */
struct staff_form {
    const struct request *r;
    struct reply *p;
    struct staff staff;
    struct str hash; /* empty: the password stays */
};

static void form_reset(struct staff_form *f)
{
    buf_reset(f->p->json.out);
    f->p->json = jw_on(f->p->json.out);
    f->p->header_count = 0;
}

static enum rc staff_create(struct ctx *c, void *arg)
{
    struct staff_form *f = arg;
    const struct staff_in *in = f->r->in;
    form_reset(f);
    enum rc rc = staff_insert(c, &f->staff, f->hash);
    if (!rc)
        rc = staff_stores_set(c, f->staff.id, &in->stores);
    if (!rc)
        rc = access_audit(c, "staff.create", "staff", f->staff.id, STR("{}"));
    return rc ? rc : staff_reply(c, f->staff.id, f->p);
}

enum rc staff_create_route(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct staff_in *in = r->in;
    struct staff_form f = {.r = r, .p = p, .staff = {.id = id_next(), .name = in->name, .number = in->number, .role = roles[in->role]}};
    f.staff.locale = in->locale.len ? in->locale : STR("zh-CN");
    enum rc rc = email_normal(c, in->email, &f.staff.email);
    if (!rc)
        rc = password_make(c, in->password, &f.hash);
    if (rc)
        return rc;
    p->status = 201;
    return request_tx(c, r, staff_create, &f, NULL);
}

/* The last administrator stays one: else nobody could ever make another. */
static enum rc keep_an_admin(struct ctx *c, const struct staff *after)
{
    int64_t others;
    if (after->role == ROLE_ADMIN && after->enabled)
        return RC_OK;
    enum rc rc = db_get_i64(c->db, 0, &others, "staff_admin_count", DB_I64("role", ROLE_ADMIN), DB_I64("except", after->id));
    if (rc)
        return rc;
    return others ? RC_OK : ctx_fail(c, RC_CONFLICT, after->enabled ? "role" : "enabled", "last_administrator");
}

static bool is_set(const struct request *r, unsigned row)
{
    return r->in_set & UINT64_C(1) << row;
}

static void staff_patch(const struct request *r, struct staff *s)
{
    const struct staff_in *in = r->in;
    if (is_set(r, PATCH_NAME))
        s->name = in->name;
    if (is_set(r, PATCH_NUMBER))
        s->number = in->number;
    if (is_set(r, PATCH_ROLE))
        s->role = roles[in->role];
    if (is_set(r, PATCH_LOCALE))
        s->locale = in->locale;
    if (is_set(r, PATCH_ENABLED))
        s->enabled = in->enabled;
}

static enum rc staff_save(struct ctx *c, const struct staff_form *f, const struct staff *s)
{
    const struct staff_in *in = f->r->in;
    enum rc rc = db_run(c->db, "staff_update", DB_TEXT("name", s->name), DB_TEXT("number", s->number), DB_I64("role", s->role), DB_TEXT("locale", s->locale),
                        DB_I64("enabled", s->enabled), DB_I64("now_us", c->now_us), DB_I64("id", s->id), DB_I64("rev", s->rev));
    if (!rc && is_set(f->r, PATCH_STORES))
        rc = staff_stores_set(c, s->id, &in->stores);
    if (!rc && f->hash.len)
        rc = db_run(c->db, "staff_password_set", DB_TEXT("password_hash", f->hash), DB_I64("now_us", c->now_us), DB_I64("id", s->id));
    return rc;
}

static enum rc staff_update(struct ctx *c, void *arg)
{
    struct staff_form *f = arg;
    struct staff before;
    form_reset(f);
    enum rc rc = staff_load(c, f->staff.id, &before);
    if (!rc)
        rc = request_check_rev(c, f->r, before.rev);
    if (rc)
        return rc;
    struct staff after = before;
    staff_patch(f->r, &after);
    rc = keep_an_admin(c, &after);
    if (!rc)
        rc = staff_save(c, f, &after);
    /* Other rights, another password or none any more: whoever is logged in under the old ones has to come again. */
    bool ends = after.role != before.role || after.enabled != before.enabled || f->hash.len || is_set(f->r, PATCH_STORES);
    if (!rc && ends)
        rc = db_run(c->db, "session_delete_staff", DB_I64("staff_id", after.id));
    if (!rc && ends)
        session_memory_drop_staff(c->app->access->sessions, after.id);
    if (!rc)
        rc = access_audit(c, "staff.update", "staff", after.id, STR("{}"));
    return rc ? rc : staff_reply(c, after.id, f->p);
}

enum rc staff_update_route(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct staff_in *in = r->in;
    struct staff_form f = {.r = r, .p = p};
    enum rc rc = request_param_id(c, r, 0, &f.staff.id);
    if (!rc && is_set(r, PATCH_PASSWORD))
        rc = password_make(c, in->password, &f.hash);
    return rc ? rc : db_pool_tx(c, c->app->truth, staff_update, &f);
}

enum rc roles_route(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)c, (void)r;
    struct jw *w = &p->json;
    jw_object(w);
    jw_key(w, "items");
    jw_array(w);
    for (size_t i = 0; i < PERSON_ROLES; i++) {
        jw_object(w);
        jw_kv_z(w, "role", role_names[i]);
        jw_key(w, "permissions");
        jw_array(w);
        for (const struct module *const *m = modules; *m; m++)
            for (const struct permission *one = (*m)->permissions; one && one->name; one++)
                if (one->roles & roles[i])
                    jw_str(w, str_z(one->name));
        jw_array_end(w);
        jw_object_end(w);
    }
    jw_array_end(w);
    reply_list_end(p, STR_NULL, PERSON_ROLES, true);
    return RC_OK;
}
