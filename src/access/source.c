/* Sources: the web shops, servers, tills and imports that send data; and their keys. Routes of /api/v1/sources and /api/v1/keys.
 * A change is committed first and swapped into the table of keys after, so these routes open their transactions themselves. */
#include "access/access_priv.h"

#include "base/id.h"
#include "db/pool.h"

static const char *const source_kinds[] = {"web", "server", "till", "import", "mini", "demo", NULL};
static const char *const key_kinds[] = {"write", "api", NULL};
static const enum key_kind key_kind_of[] = {KEY_WRITE, KEY_API};

#define SOURCE_COMMON                                                                                                                                                 \
    {.name = "name", .type = FIELD_STR, .offset = offsetof(struct source_in, name), .min = 1, .max = LIMIT_NAME_CHARS},                                               \
        {.name = "channel", .type = FIELD_STR, .offset = offsetof(struct source_in, channel), .min = 1, .max = 32},                                                   \
        {.name = "account_scope",                                                                                                                                     \
         .type = FIELD_STR,                                                                                                                                           \
         .offset = offsetof(struct source_in, account_scope),                                                                                                         \
         .max = 64,                                                                                                                                                   \
         .doc = "Sources with the same scope share their user ids."},                                                                                                 \
        {.name = "shared_device", .type = FIELD_BOOL, .offset = offsetof(struct source_in, shared_device), .doc = "A till or tablet: its device identifies nobody."}, \
        {.name = "trusted", .type = FIELD_BOOL, .offset = offsetof(struct source_in, trusted), .doc = "New keys of it are trusted unless said otherwise."},           \
    {                                                                                                                                                                 \
        .name = "signing_secret", .type = FIELD_STR, .flags = FIELD_PERSONAL, .offset = offsetof(struct source_in, signing_secret), .max = 200,                       \
        .doc = "The shop's server signs user ids with it."                                                                                                            \
    }

enum { PATCH_NAME, PATCH_CHANNEL, PATCH_SCOPE, PATCH_SHARED, PATCH_TRUSTED, PATCH_SECRET, PATCH_ENABLED };
const struct field source_in_fields[] = {
    SOURCE_COMMON,
    {.name = "code", .type = FIELD_STR, .flags = FIELD_REQUIRED, .offset = offsetof(struct source_in, code), .min = 1, .max = 64},
    {.name = "kind", .type = FIELD_ENUM, .flags = FIELD_REQUIRED, .offset = offsetof(struct source_in, kind), .words = source_kinds},
    FIELD_END,
};
const struct field source_patch_fields[] = {
    SOURCE_COMMON,
    {.name = "enabled", .type = FIELD_BOOL, .offset = offsetof(struct source_in, enabled)},
    FIELD_END,
};
const struct field key_fields[] = {
    {.name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED},
    {.name = "hint", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "How the key begins."},
    {.name = "kind", .type = FIELD_ENUM, .flags = FIELD_REQUIRED, .words = key_kinds},
    {.name = "trusted", .type = FIELD_BOOL, .flags = FIELD_REQUIRED},
    {.name = "created_at", .type = FIELD_TIME, .flags = FIELD_REQUIRED},
    {.name = "revoked_at", .type = FIELD_TIME, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    FIELD_END,
};
const struct field source_fields[] = {
    {.name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED},
    {.name = "code", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "name", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "kind", .type = FIELD_ENUM, .flags = FIELD_REQUIRED, .words = source_kinds},
    {.name = "channel", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "account_scope", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "trusted", .type = FIELD_BOOL, .flags = FIELD_REQUIRED},
    {.name = "shared_device", .type = FIELD_BOOL, .flags = FIELD_REQUIRED},
    {.name = "enabled", .type = FIELD_BOOL, .flags = FIELD_REQUIRED},
    {.name = "signs_users", .type = FIELD_BOOL, .flags = FIELD_REQUIRED, .doc = "Has a signing secret."},
    {.name = "created_at", .type = FIELD_TIME, .flags = FIELD_REQUIRED},
    {.name = "keys", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .sub = key_fields},
    {.name = "rev", .type = FIELD_ID, .flags = FIELD_REQUIRED},
    FIELD_END,
};
const struct field key_named_fields[] = {
    {.name = "source", .type = FIELD_STR, .flags = FIELD_REQUIRED, .offset = offsetof(struct key_named_in, source), .min = 1, .max = 100},
    {.name = "kind", .type = FIELD_ENUM, .flags = FIELD_REQUIRED, .offset = offsetof(struct key_named_in, kind), .words = key_kinds},
    {.name = "trusted", .type = FIELD_BOOL, .offset = offsetof(struct key_named_in, trusted)},
    FIELD_END,
};
const struct field key_in_fields[] = {
    {.name = "kind", .type = FIELD_ENUM, .flags = FIELD_REQUIRED, .offset = offsetof(struct key_in, kind), .words = key_kinds},
    {.name = "trusted", .type = FIELD_BOOL, .offset = offsetof(struct key_in, trusted)},
    FIELD_END,
};
const struct field key_made_fields[] = {
    {.name = "key", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "Shown this once; nobody can read it again."},
    FIELD_END,
};

/* ---- domain ---- */

struct source {
    struct access_source facts;
    int64_t rev, created_us;
    bool signs;
};

static enum rc source_insert(struct ctx *c, const struct access_source *s)
{
    struct str sealed = signing_seal(c, s->id, s->signing_secret);
    enum rc rc = db_run(c->db, "source_insert", DB_I64("id", s->id), DB_TEXT("code", s->code), DB_TEXT("name", s->name), DB_TEXT("kind", s->kind),
                        DB_TEXT("channel", s->channel), DB_TEXT("account_scope", s->account_scope), DB_I64("trusted", s->trusted),
                        DB_I64("shared_device", s->shared_device), DB_BLOB_OR_NULL("signing_sealed", sealed), DB_I64("now_us", c->now_us));
    if (rc == RC_CONFLICT)
        return ctx_fail(c, rc, "code", "taken");
    if (!rc)
        rc = change_add(c, CHANGE_SOURCE, s->id, 0, 1);
    return rc ? rc : db_tell(c->db, KEYS_CHANGED);
}

enum rc source_create(struct ctx *c, struct str code, struct str name, struct str kind, struct str channel, bool trusted, int64_t *ret_id)
{
    struct access_source s = {.id = id_next(), .code = code, .name = name, .kind = kind, .channel = channel, .account_scope = STR("shop"), .trusted = trusted};
    s.shared_device = str_eq(kind, STR("till"));
    enum rc rc = source_insert(c, &s);
    if (!rc)
        *ret_id = s.id;
    return rc;
}

static void source_read(struct ctx *c, struct db_rows *q, struct source *s)
{
    struct str sealed = db_blob(q, "signing_sealed");
    *s = (struct source){.rev = db_i64(q, "rev"), .created_us = db_i64(q, "created_us"), .signs = sealed.len > 0};
    s->facts = (struct access_source){
        .id = db_i64(q, "id"),
        .code = arena_str(c->arena, db_text(q, "code")),
        .name = arena_str(c->arena, db_text(q, "name")),
        .kind = arena_str(c->arena, db_text(q, "kind")),
        .channel = arena_str(c->arena, db_text(q, "channel")),
        .account_scope = arena_str(c->arena, db_text(q, "account_scope")),
        .trusted = db_i64(q, "trusted") != 0,
        .shared_device = db_i64(q, "shared_device") != 0,
        .enabled = db_i64(q, "enabled") != 0,
        .signing_secret = signing_open(c->arena, c->app, db_i64(q, "id"), sealed),
    };
}

static enum rc source_load(struct ctx *c, int64_t id, struct source *ret)
{
    struct db_rows *q = db_query(c->db, "source_by_id", DB_I64("id", id));
    bool found = db_next(q);
    if (found)
        source_read(c, q, ret);
    enum rc rc = db_end(q);
    if (rc)
        return rc;
    return found ? RC_OK : ctx_fail(c, RC_NOT_FOUND, "id", "source");
}

enum rc access_source_find(struct ctx *c, struct str code, struct access_source *ret)
{
    int64_t id;
    struct source s;
    enum rc rc = db_get_i64(c->db, 0, &id, "source_by_code", DB_TEXT("code", code));
    if (!rc && id == 0)
        rc = ctx_fail(c, RC_NOT_FOUND, "code", "source");
    if (!rc)
        rc = source_load(c, id, &s);
    if (!rc)
        *ret = s.facts;
    return rc;
}

enum rc access_source_scope(struct ctx *c, struct str word, struct str *ret)
{
    struct db_rows *q = db_query(c->db, "source_scope", DB_TEXT("code", word));
    *ret = arena_str(c->arena, db_next(q) ? db_text(q, "scope") : word);
    return db_end(q);
}

enum rc access_source_ensure(struct ctx *c, struct access_source *s)
{
    int64_t id;
    enum rc rc = db_get_i64(c->db, 0, &id, "source_by_code", DB_TEXT("code", s->code));
    if (rc)
        return rc;
    s->id = id ? id : id_next();
    return id ? RC_OK : source_insert(c, s);
}

static enum rc put_keys(struct ctx *c, int64_t source_id, struct jw *w)
{
    struct db_rows *q = db_query(c->db, "api_key_of_source", DB_I64("source_id", source_id));
    jw_key(w, "keys");
    jw_array(w);
    while (db_next(q)) {
        jw_object(w);
        jw_kv_id(w, "id", db_i64(q, "id"));
        jw_kv_str(w, "hint", db_text(q, "hint"));
        jw_kv_z(w, "kind", db_i64(q, "kind") == KEY_API ? "api" : "write");
        jw_kv_bool(w, "trusted", db_i64(q, "trusted") != 0);
        jw_kv_time(w, "created_at", db_i64(q, "created_us"));
        jw_kv_time(w, "revoked_at", db_i64(q, "revoked_us"));
        jw_object_end(w);
    }
    jw_array_end(w);
    return db_end(q);
}

static enum rc source_put(struct ctx *c, const struct source *s, struct jw *w)
{
    jw_object(w);
    jw_kv_id(w, "id", s->facts.id);
    jw_kv_str(w, "code", s->facts.code);
    jw_kv_str(w, "name", s->facts.name);
    jw_kv_str(w, "kind", s->facts.kind);
    jw_kv_str(w, "channel", s->facts.channel);
    jw_kv_str(w, "account_scope", s->facts.account_scope);
    jw_kv_bool(w, "trusted", s->facts.trusted);
    jw_kv_bool(w, "shared_device", s->facts.shared_device);
    jw_kv_bool(w, "enabled", s->facts.enabled);
    jw_kv_bool(w, "signs_users", s->signs);
    jw_kv_time(w, "created_at", s->created_us);
    enum rc rc = put_keys(c, s->facts.id, w);
    jw_kv_id(w, "rev", s->rev);
    jw_object_end(w);
    return rc;
}

static enum rc source_reply(struct ctx *c, int64_t id, struct reply *p)
{
    struct source s;
    enum rc rc = source_load(c, id, &s);
    if (rc)
        return rc;
    reply_rev(c, p, s.rev);
    return source_put(c, &s, &p->json);
}

/* ---- routes ---- */

struct source_form {
    const struct request *r;
    struct reply *p;
    int64_t id;
};

/* Commits a change of sources or keys and lets the table of keys follow it. */
static enum rc commit_and_reload(struct ctx *c, enum rc (*fn)(struct ctx *c, void *arg), const struct request *r, struct reply *p, int64_t id)
{
    struct source_form form = {r, p, id};
    enum rc rc = request_tx(c, r, fn, &form, NULL);
    return rc ? rc : access_keys_reload(c);
}

static void form_reset(struct source_form *f)
{
    buf_reset(f->p->json.out);
    f->p->json = jw_on(f->p->json.out);
    f->p->header_count = 0;
}

enum rc source_list_route(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)r;
    enum { SHOWN = 1000 };
    struct source *all = arena_new_array(c->arena, struct source, SHOWN);
    size_t count = 0;
    struct db_rows *q = db_query(c->db, "source_list");
    while (count < SHOWN && db_next(q))
        source_read(c, q, &all[count++]);
    enum rc rc = db_end(q);
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    for (size_t i = 0; i < count && !rc; i++)
        rc = source_put(c, &all[i], &p->json);
    jw_array_end(&p->json);
    reply_list_end(p, STR_NULL, (int64_t)count, count < SHOWN);
    return rc;
}

static enum rc source_make(struct ctx *c, void *arg)
{
    struct source_form *f = arg;
    const struct source_in *in = f->r->in;
    struct access_source s = {.id = f->id, .code = in->code, .name = in->name.len ? in->name : in->code, .kind = str_z(source_kinds[in->kind])};
    s.channel = in->channel.len ? in->channel : str_eq(s.kind, STR("till")) ? STR("store") : STR("web");
    s.account_scope = in->account_scope.len ? in->account_scope : STR("shop");
    s.trusted = in->trusted;
    s.shared_device = in->shared_device || str_eq(s.kind, STR("till"));
    s.signing_secret = in->signing_secret;
    form_reset(f);
    enum rc rc = source_insert(c, &s);
    if (!rc)
        rc = access_audit(c, "source.create", "source", f->id, STR("{}"));
    return rc ? rc : source_reply(c, f->id, f->p);
}

enum rc source_create_route(struct ctx *c, const struct request *r, struct reply *p)
{
    p->status = 201;
    return commit_and_reload(c, source_make, r, p, id_next());
}

static void source_patch(const struct request *r, struct access_source *s)
{
    const struct source_in *in = r->in;
    uint64_t set = r->in_set;
    if (set & 1u << PATCH_NAME)
        s->name = in->name;
    if (set & 1u << PATCH_CHANNEL)
        s->channel = in->channel;
    if (set & 1u << PATCH_SCOPE)
        s->account_scope = in->account_scope;
    if (set & 1u << PATCH_SHARED)
        s->shared_device = in->shared_device;
    if (set & 1u << PATCH_TRUSTED)
        s->trusted = in->trusted;
    if (set & 1u << PATCH_SECRET)
        s->signing_secret = in->signing_secret;
    if (set & 1u << PATCH_ENABLED)
        s->enabled = in->enabled;
}

static enum rc source_change(struct ctx *c, void *arg)
{
    struct source_form *f = arg;
    struct source s;
    form_reset(f);
    enum rc rc = source_load(c, f->id, &s);
    if (!rc)
        rc = request_check_rev(c, f->r, s.rev);
    if (rc)
        return rc;
    source_patch(f->r, &s.facts);
    struct str sealed = signing_seal(c, f->id, s.facts.signing_secret);
    rc = db_run(c->db, "source_update", DB_TEXT("name", s.facts.name), DB_TEXT("channel", s.facts.channel), DB_TEXT("account_scope", s.facts.account_scope),
                DB_I64("trusted", s.facts.trusted), DB_I64("shared_device", s.facts.shared_device), DB_I64("enabled", s.facts.enabled),
                DB_BLOB_OR_NULL("signing_sealed", sealed), DB_I64("now_us", c->now_us), DB_I64("id", f->id), DB_I64("rev", s.rev));
    if (!rc)
        rc = change_add(c, CHANGE_SOURCE, f->id, 0, 1);
    if (!rc)
        rc = access_audit(c, "source.update", "source", f->id, STR("{}"));
    if (!rc)
        rc = db_tell(c->db, KEYS_CHANGED);
    return rc ? rc : source_reply(c, f->id, f->p);
}

enum rc source_update_route(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t id;
    enum rc rc = request_param_id(c, r, 0, &id);
    return rc ? rc : commit_and_reload(c, source_change, r, p, id);
}

static enum rc key_make(struct ctx *c, void *arg)
{
    struct source_form *f = arg;
    const struct key_in *in = f->r->in;
    struct source s;
    struct str key;
    enum { SET_TRUSTED = 1 << 1 };
    form_reset(f);
    enum rc rc = source_load(c, f->id, &s);
    if (!rc)
        rc = key_create(c, f->id, key_kind_of[in->kind], f->r->in_set & SET_TRUSTED ? in->trusted : s.facts.trusted, &key);
    if (!rc)
        rc = access_audit(c, "key.create", "source", f->id, STR("{}"));
    if (rc)
        return rc;
    jw_object(&f->p->json);
    jw_kv_str(&f->p->json, "key", key);
    jw_object_end(&f->p->json);
    return RC_OK;
}

enum rc key_create_route(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t id;
    enum rc rc = request_param_id(c, r, 0, &id);
    p->status = 201;
    return rc ? rc : commit_and_reload(c, key_make, r, p, id);
}

/* For the command line: by the source's name, which is made when there is none. */
static enum rc key_make_named(struct ctx *c, void *arg)
{
    struct source_form *f = arg;
    const struct key_named_in *in = f->r->in;
    struct str key;
    form_reset(f);
    enum rc rc = access_key_create(c, in->source, in->kind == KEY_KIND_API, in->trusted, &key);
    if (!rc)
        rc = access_audit(c, "key.create", "source", 0, STR("{}"));
    if (rc)
        return rc;
    jw_object(&f->p->json);
    jw_kv_str(&f->p->json, "key", key);
    jw_object_end(&f->p->json);
    return RC_OK;
}

enum rc key_create_named_route(struct ctx *c, const struct request *r, struct reply *p)
{
    p->status = 201;
    return commit_and_reload(c, key_make_named, r, p, 0);
}

static enum rc key_revoke(struct ctx *c, void *arg)
{
    struct source_form *f = arg;
    enum rc rc = db_run(c->db, "api_key_revoke", DB_I64("now_us", c->now_us), DB_I64("id", f->id));
    if (!rc && db_changes(c->db) == 0)
        rc = ctx_fail(c, RC_NOT_FOUND, "id", "key");
    if (!rc)
        rc = access_audit(c, "key.revoke", "key", f->id, STR("{}"));
    return rc ? rc : db_tell(c->db, KEYS_CHANGED);
}

enum rc key_revoke_route(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t id;
    enum rc rc = request_param_id(c, r, 0, &id);
    return rc ? rc : commit_and_reload(c, key_revoke, r, p, id);
}
