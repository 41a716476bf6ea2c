/* 待核对: pairs of records that share an identifier but were not merged, identifiers that are not believed, and what other
 * modules noted about a thing of theirs (their on_review tells it). */
#include "access/access.h"
#include "base/id.h"
#include "identity/identity_priv.h"

enum { SEPARATE, LATER, SETTLED };
static const char *const decisions[] = {"separate", "later", "settled", NULL};
const struct field identity_decision_fields[] = {
    {"decision", FIELD_ENUM, FIELD_REQUIRED, offsetof(struct identity_decision, decision), .words = decisions,
     .doc = "separate: they are two people; later: ask again; settled: it was looked into and is over, for what is no pair."},
    {"reason", FIELD_STR, FIELD_REQUIRED, offsetof(struct identity_decision, reason), .min = 2, .max = 500, .doc = "Why, for those who look later."},
    FIELD_END,
};

static void write_kinds(struct jw *w, struct str kinds)
{
    struct str kind;
    jw_key(w, "shared");
    jw_array(w);
    while (str_split(&kinds, ',', &kind))
        jw_str(w, kind);
    jw_array_end(w);
}

struct pair {
    int64_t id, left, right, at_us, ref_id, rev;
    struct str rule, kinds, ref_kind, status, reason;
};

static enum rc read_pairs(struct ctx *c, struct str status, int64_t before, int64_t limit, struct pair *pairs, size_t *ret_count)
{
    size_t count = 0;
    struct db_rows *q = db_query(c->db, "identity_review_list", DB_TEXT("status", status), DB_I64("before", before), DB_I64("limit", limit));
    while (db_next(q))
        pairs[count++] = (struct pair){db_i64(q, "id"),
                                       db_i64(q, "left_id"),
                                       db_i64(q, "right_id"),
                                       db_i64(q, "at_us"),
                                       db_i64(q, "ref_id"),
                                       db_i64(q, "rev"),
                                       arena_str(c->arena, db_text(q, "rule")),
                                       arena_str(c->arena, db_text(q, "kinds")),
                                       arena_str(c->arena, db_text(q, "ref_kind")),
                                       arena_str(c->arena, db_text(q, "status")),
                                       arena_str(c->arena, db_text(q, "reason"))};
    *ret_count = count;
    return db_end(q);
}

/* The right side of a matter about a thing is that thing. */
static bool is_about_thing(int64_t right_id, int64_t ref_id)
{
    return right_id == ref_id;
}

static enum rc write_thing(struct ctx *c, struct jw *w, const struct pair *p)
{
    enum rc rc = RC_OK;
    jw_key(w, "thing");
    if (!is_about_thing(p->right, p->ref_id)) {
        jw_null(w);
        return RC_OK;
    }
    jw_object(w);
    for (size_t i = 0; rc == RC_OK && modules[i]; i++)
        if (modules[i]->on_review)
            rc = modules[i]->on_review(c, p->rule, p->ref_id, w);
    jw_object_end(w);
    return rc;
}

static enum rc write_pair(struct ctx *c, struct jw *w, const struct pair *p)
{
    jw_object(w);
    jw_kv_id(w, "id", p->id);
    jw_kv_time(w, "at", p->at_us);
    jw_kv_str(w, "rule", p->rule);
    jw_kv_str(w, "status", p->status);
    jw_kv_str(w, "reason", p->reason);
    jw_kv_str(w, "ref_kind", p->ref_kind);
    jw_kv_id(w, "ref_id", p->ref_id);
    jw_kv_i64(w, "rev", p->rev);
    write_kinds(w, p->kinds);
    jw_key(w, "left");
    enum rc rc = customer_row_write(c, p->left, w);
    jw_key(w, "right");
    if (!rc && p->right != p->left && !is_about_thing(p->right, p->ref_id))
        rc = customer_row_write(c, p->right, w);
    else
        jw_null(w);
    rc = rc ? rc : write_thing(c, w, p);
    jw_object_end(w);
    return rc;
}

enum rc identity_review_page(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t limit, before[1] = {INT64_MAX}, total;
    bool given;
    size_t count;
    struct str status = request_query(r, "status");
    if (status.len == 0)
        status = STR("open");
    enum rc rc = request_limit(c, r, 20, &limit);
    if (!rc)
        rc = request_cursor(c, r, request_query(r, "after"), before, 1, &given);
    if (!rc)
        rc = db_get_i64(c->db, 0, &total, "identity_review_count", DB_TEXT("status", status));
    if (rc)
        return rc;
    struct pair *pairs = arena_new_array(c->arena, struct pair, (size_t)limit);
    rc = read_pairs(c, status, given ? before[0] : INT64_MAX, limit, pairs, &count);
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    for (size_t i = 0; !rc && i < count; i++)
        rc = write_pair(c, &p->json, &pairs[i]);
    if (rc)
        return rc;
    jw_array_end(&p->json);
    struct str next = count == (size_t)limit ? request_cursor_make(c, r, &pairs[count - 1].id, 1) : STR_NULL;
    reply_list_end(p, next, total, true);
    return RC_OK;
}

/* Two people are two records; what is about one record or thing can only be over. */
static enum rc check_decision(struct ctx *c, int decision, int64_t left, int64_t right, int64_t ref_id)
{
    bool thing = is_about_thing(right, ref_id), pair = !thing && left != right;
    bool fits = decision == LATER || (decision == SEPARATE ? !thing : !pair);
    return fits ? RC_OK : ctx_fail(c, RC_INVALID, "decision", "not_a_choice");
}

enum rc identity_review_note(struct ctx *c, const char *rule, int64_t customer_id, int64_t thing_id, const char *thing_kind)
{
    return db_run(c->db, "identity_review_note", DB_I64("id", id_next()), DB_TEXT("rule", str_z(rule)), DB_I64("customer_id", customer_id), DB_I64("thing_id", thing_id),
                  DB_TEXT("thing_kind", str_z(thing_kind)), DB_I64("at_us", c->now_us));
}

enum rc identity_review_decide(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct identity_decision *in = r->in;
    int64_t id, rev = 0, left = 0, right = 0, ref_id = 0;
    enum rc rc = request_param_id(c, r, 0, &id);
    if (rc)
        return rc;
    struct db_rows *q = db_query(c->db, "identity_review_get", DB_I64("id", id));
    if (db_next(q)) {
        rev = db_i64(q, "rev");
        left = db_i64(q, "left_id");
        right = db_i64(q, "right_id");
        ref_id = db_i64(q, "ref_id");
    }
    rc = db_end(q);
    if (!rc && !rev)
        rc = ctx_fail(c, RC_NOT_FOUND, "id", "unknown");
    if (!rc)
        rc = request_check_rev(c, r, rev);
    if (!rc)
        rc = check_decision(c, in->decision, left, right, ref_id);
    if (!rc)
        rc = db_run(c->db, "identity_review_decide", DB_TEXT("status", str_z(decisions[in->decision])), DB_TEXT("reason", in->reason),
                    DB_I64("staff_id", c->actor ? c->actor->staff_id : 0), DB_I64("id", id), DB_I64("rev", rev));
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_kv_id(&p->json, "id", id);
    jw_kv_z(&p->json, "status", decisions[in->decision]);
    jw_object_end(&p->json);
    return RC_OK;
}
