/* How the program meets identity: finding by an identifier, the identifiers of a record with their evidence, and 待核对. */
#include "access/access.h"
#include "customer/customer.h"
#include "embedded_sql.h"
#include "identity/identity_priv.h"

/* ---- what the customer module asks ---- */

static const char *status_word(int64_t status)
{
    return status == IDENTIFIER_FLAGGED ? "flagged" : status == IDENTIFIER_REMOVED ? "removed" : "proven";
}

static struct customer_identifier identifier_of(struct ctx *c, struct db_rows *q)
{
    struct customer_identifier i = {
        .id = db_i64(q, "id"),
        .kind = identity_rule((enum identity_kind)db_i64(q, "kind"))->word,
        .scope = arena_str(c->arena, db_text(q, "scope")),
        .status = status_word(db_i64(q, "status")),
        .first_us = db_i64(q, "first_us"),
        .last_us = db_i64(q, "last_us"),
        .source_id = db_i64(q, "source_id"),
        .links = db_i64(q, "uses"),
    };
    struct str hash = db_blob(q, "key_hash");
    memcpy(i.hash, hash.ptr, hash.len < sizeof(i.hash) ? hash.len : sizeof(i.hash));
    return i;
}

static enum rc identifier_list(struct ctx *c, const int64_t *members, size_t count, struct customer_identifier **ret, size_t *ret_count)
{
    enum { DEVICES_MAX = 200 }; /* as the statement says */
    int64_t held = 0, *subjects = NULL;
    size_t n = 0, subject_count = 0;
    enum rc rc = db_get_i64(c->db, 0, &held, "identifier_count", DB_IDS("members", members, count));
    if (!rc)
        rc = identity_subjects(c, members, count, &subjects, &subject_count);
    if (rc)
        return rc;
    struct customer_identifier *list = arena_new_array(c->arena, struct customer_identifier, (size_t)held + DEVICES_MAX);
    struct db_rows *q = db_query(c->db, "identifier_of_members", DB_IDS("members", members, count));
    while (n < (size_t)held && db_next(q))
        list[n++] = identifier_of(c, q);
    rc = db_end(q);
    q = db_query(c->db, "subject_link_devices", DB_IDS("subjects", subjects, subject_count));
    while (n < (size_t)held + DEVICES_MAX && db_next(q))
        list[n++] = (struct customer_identifier){
            .id = db_i64(q, "subject"), .kind = "device", .status = "proven", .links = 1, .first_us = db_i64(q, "at_us"), .last_us = db_i64(q, "at_us")};
    rc = rc ? rc : db_end(q);
    if (!rc) {
        *ret = list;
        *ret_count = n;
    }
    return rc;
}

static enum rc start(struct app *app)
{
    static const struct customer_identity face = {identity_root, identity_members, identity_members_ahead, identity_subjects, identity_find_by_field, identifier_list, identity_from_form};
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
        rc = customer_open(c, customer, &members, &count);
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
    rc = db_end(q);
    if (!rc)
        rc = identity_removal_write(c, members, count, identifier, &p->json);
    jw_object_end(&p->json);
    return rc;
}

static enum rc timeline(struct ctx *c, const struct timeline_query *t, struct timeline *out)
{
    struct db_rows *q = db_query(c->db, "identity_log_of", DB_IDS("members", t->members, t->member_count), DB_I64("before_us", t->before_us),
                                 DB_I64("before_id", t->before_id), DB_I64("limit", t->limit));
    while (db_next(q))
        timeline_add(c, out,
                     (struct timeline_item){.at_us = db_i64(q, "at_us"),
                                            .id = db_i64(q, "id"),
                                            .kind = "merge",
                                            .title = arena_str(c->arena, db_text(q, "rule")),
                                            .detail_json = arena_printf(c->arena, "{\"joined\":\"%lld\"}", (long long)db_i64(q, "loser_id")),
                                            .repeat = 1});
    return db_end(q);
}

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/customers/{id}/identifiers/{iid}", evidence_list, .need = "customer.read",
     .doc = "Why an identifier is hers: each event, receipt or form that proved it, with time and rule; and who took it off, when and why."},
    {HTTP_POST, "/api/v1/customers/{id}/identifiers/{iid}/remove", identity_remove, .need = "customer.write", .in = identity_removal_fields,
     .in_size = sizeof(struct identity_removal), .writes = true, .act = "customer.remove_identifier",
     .doc = "Takes a wrong phone, e-mail, card or WeChat id off a record; anybody may hold it from then on. Adding it again is the undo."},
    {HTTP_GET, "/api/v1/reviews", identity_review_page, .need = "review.read", .query = "status,after,limit",
     .doc = "待核对: records that share an identifier but were not merged, identifiers that are not believed, and goods that came back more often than they were sold."},
    {HTTP_POST, "/api/v1/reviews/{id}", identity_review_decide, .need = "review.write", .in = identity_decision_fields, .in_size = sizeof(struct identity_decision),
     .writes = true, .act = "review.decide", .doc = "Decides a review: they are two people, it is settled, or ask again later."},
    {.path = NULL},
};

static const char *const tables[] = {
    "key_claim",    "identifier", "identity_evidence", "subject_link", "customer_member", "customer_group", "customer_subject", "identity_log", "identity_review",
    "identity_use", NULL};

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

enum { KEY_BYTES = 16 };

/* Each claim lies where its hash says. */
static enum rc release_keys(struct ctx *c, int64_t customer_id)
{
    _cleanup_buf_ struct buf hashes = BUF_INIT(1 << 20);
    struct db_rows *q = db_query(c->db, "identity_erase_keys", DB_I64("customer_id", customer_id));
    while (db_next(q))
        if (db_blob(q, "key_hash").len == KEY_BYTES)
            buf_add(&hashes, db_blob(q, "key_hash"));
    enum rc rc = db_end(q);
    if (!rc && hashes.failed)
        rc = RC_TOO_LARGE;
    for (size_t at = 0; !rc && at < hashes.len; at += KEY_BYTES)
        rc = db_run(c->db, "identity_erase_key", DB_BLOB("key_hash", str_n(hashes.ptr + at, KEY_BYTES)), DB_I64("customer_id", customer_id));
    return rc;
}

static enum rc release_subjects(struct ctx *c, int64_t customer_id)
{
    int64_t *subjects;
    size_t count = 1;
    enum rc rc = RC_OK;
    while (!rc && count > 0) {
        rc = identity_subjects(c, &customer_id, 1, &subjects, &count); /* some at a time */
        if (!rc && count > 0)
            rc = db_run(c->db, "identity_erase_links", DB_IDS("subjects", subjects, count));
        if (!rc && count > 0)
            rc = db_run(c->db, "identity_erase_subjects", DB_I64("customer_id", customer_id), DB_IDS("subjects", subjects, count));
    }
    return rc;
}

/* Nothing leads to her any more: keys, identifiers, their evidence, her devices. The graph's own log keeps ids only. */
static enum rc erased(struct ctx *c, int64_t customer_id)
{
    static const char *const statements[] = {"identity_erase_evidence", "identity_erase_identifiers"};
    enum rc rc = release_keys(c, customer_id);
    if (rc == RC_OK)
        rc = release_subjects(c, customer_id);
    for (size_t i = 0; rc == RC_OK && i < sizeof(statements) / sizeof(statements[0]); i++)
        rc = db_run(c->db, statements[i], DB_I64("customer_id", customer_id));
    return rc;
}

const struct module identity_module = {
    .name = "identity",
    .routes = routes,
    .sql = identity_sql,
    .migrations = identity_migrations,
    .tables = tables,
    .permissions = permissions,
    .start = start,
    .on_customer_merge = merged,
    .on_customer_erase = erased,
    .on_timeline = timeline,
};
