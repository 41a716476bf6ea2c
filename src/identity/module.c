/* How the program meets identity: finding by an identifier, the identifiers of a record with their evidence, and 待核对. */
#include "access/access.h"
#include "customer/customer.h"
#include "embedded_sql.h"
#include "identity/identity_priv.h"

/* ---- what the customer module asks ---- */

static void add_hash(struct jw *w, struct str hash)
{
    char hex[32];
    str_hex(hash.ptr, hash.len, hex);
    jw_kv_str(w, "key", str_n(hex, sizeof(hex)));
}

static void write_identifier(struct jw *w, struct db_rows *q)
{
    const struct identity_rule *rule = identity_rule((enum identity_kind)db_i64(q, "kind"));
    jw_object(w);
    jw_kv_id(w, "id", db_i64(q, "id"));
    jw_kv_z(w, "kind", rule->word);
    jw_kv_str(w, "scope", db_text(q, "scope"));
    jw_kv_z(w, "status", db_i64(q, "status") == IDENTIFIER_FLAGGED ? "flagged" : "proven");
    add_hash(w, db_blob(q, "key_hash"));
    jw_kv_time(w, "first_at", db_i64(q, "first_us"));
    jw_kv_time(w, "last_at", db_i64(q, "last_us"));
    jw_kv_id(w, "source_id", db_i64(q, "source_id"));
    jw_kv_i64(w, "links", db_i64(q, "uses"));
    jw_object_end(w);
}

static enum rc write_identifiers(struct ctx *c, const int64_t *members, size_t count, struct jw *out)
{
    int64_t *subjects;
    size_t devices;
    enum rc rc = identity_subjects(c, members, count, &subjects, &devices);
    if (rc)
        return rc;
    jw_array(out);
    struct db_rows *q = db_query(c->db, "identifier_of_members", DB_IDS("members", members, count));
    while (db_next(q))
        write_identifier(out, q);
    rc = db_end(q);
    for (size_t i = 0; i < devices; i++) {
        jw_object(out);
        jw_kv_id(out, "id", subjects[i]);
        jw_kv_z(out, "kind", "device");
        jw_kv_z(out, "status", "proven");
        jw_object_end(out);
    }
    jw_array_end(out);
    return rc;
}

static enum rc start(struct app *app)
{
    static const struct customer_identity face = {identity_root, identity_members, identity_subjects, identity_find_by_field, write_identifiers, identity_from_form};
    (void)app;
    customer_set_identity(&face);
    return RC_OK;
}

/* ---- pages ---- */

static enum rc evidence_list(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t customer, identifier, *members;
    size_t count;
    enum rc rc = request_param_id(c, r, 0, &customer);
    if (!rc)
        rc = request_param_id(c, r, 1, &identifier);
    if (!rc)
        rc = identity_members(c, customer, &members, &count);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    struct db_rows *q = db_query(c->db, "identity_evidence_list", DB_IDS("members", members, count), DB_I64("identifier_id", identifier));
    while (db_next(q)) {
        jw_object(&p->json);
        jw_kv_str(&p->json, "event_kind", db_text(q, "ref_kind"));
        jw_kv_id(&p->json, "event_ref", db_i64(q, "ref_id"));
        jw_kv_time(&p->json, "at", db_i64(q, "at_us"));
        jw_kv_str(&p->json, "rule", db_text(q, "rule"));
        jw_kv_i64(&p->json, "rule_version", db_i64(q, "rule_version"));
        jw_kv_id(&p->json, "source_id", db_i64(q, "source_id"));
        jw_kv_bool(&p->json, "proven", db_i64(q, "proven") != 0);
        jw_object_end(&p->json);
    }
    jw_array_end(&p->json);
    jw_object_end(&p->json);
    return db_end(q);
}

static enum rc timeline(struct ctx *c, const struct timeline_query *t, struct timeline *out)
{
    struct db_rows *q = db_query(c->db, "identity_log_of", DB_IDS("members", t->members, t->member_count), DB_I64("before_us", t->before_us),
                                 DB_I64("limit", t->limit));
    while (db_next(q))
        timeline_add(c, out, (struct timeline_item){
            .at_us = db_i64(q, "at_us"), .id = db_i64(q, "id"), .kind = "merge", .title = arena_str(c->arena, db_text(q, "rule")),
            .detail_json = arena_printf(c->arena, "{\"joined\":\"%lld\"}", (long long)db_i64(q, "loser_id")), .repeat = 1});
    return db_end(q);
}

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/customers/{id}/identifiers/{iid}", evidence_list, .need = "customer.read",
     .doc = "Why an identifier is hers: each event, receipt or form that proved it, with time and rule."},
    {.path = NULL},
};

static const char *const tables[] = {"key_claim", "identifier", "identity_evidence", "subject_link", "identity_claimed", "customer_member",
                                     "identity_log", "identity_review", "identity_use", NULL};

static const struct permission permissions[] = {
    {"review.read", ROLE_ADMIN | ROLE_MANAGER | ROLE_AGENT},
    {"review.write", ROLE_ADMIN | ROLE_MANAGER | ROLE_AGENT},
    {NULL, 0},
};

/* The graph itself is what a merge writes: identity_merge() did it before it ran the hooks. */
static enum rc merged(struct ctx *c, const struct customer_merge *m)
{
    (void)c;
    (void)m;
    return RC_OK;
}

const struct module identity_module = {
    .name = "identity", .routes = routes, .sql = identity_sql, .migrations = identity_migrations, .tables = tables,
    .permissions = permissions, .start = start, .on_customer_merge = merged, .on_timeline = timeline,
};
