/* Which records are one person: members, roots, merges and their log. Nothing is deleted or rewritten: a merged id
 * stays a member for ever, and the log carries what an undo needs. */
#include "identity/identity_priv.h"

#include "base/id.h"

#include <assert.h>

enum rc identity_root(struct ctx *c, int64_t customer_id, int64_t *ret_root)
{
    return db_get_i64(c->db, customer_id, ret_root, "customer_member_root", DB_I64("customer_id", customer_id));
}

enum rc identity_root_ahead(struct ctx *c, int64_t customer_id)
{
    return db_ahead(c->db, "customer_member_root", DB_I64("customer_id", customer_id));
}

/* Most are nobody's other record: then all is told by what is asked at once. */
enum rc identity_members_ahead(struct ctx *c, int64_t customer_id)
{
    enum rc rc = db_ahead(c->db, "customer_member_list", DB_I64("root_id", customer_id));
    return rc ? rc : identity_root_ahead(c, customer_id);
}

enum rc identity_members(struct ctx *c, int64_t customer_id, int64_t **ret_ids, size_t *ret_count)
{
    int64_t root;
    enum rc rc = identity_members_ahead(c, customer_id);
    if (!rc)
        rc = identity_root(c, customer_id, &root);
    if (rc)
        return rc;
    size_t count = 1, cap = 8;
    int64_t *ids = arena_new_array(c->arena, int64_t, cap);
    ids[0] = root;
    struct db_rows *q = db_query(c->db, "customer_member_list", DB_I64("root_id", root));
    while (db_next(q)) {
        if (count == cap) {
            int64_t *more = arena_new_array(c->arena, int64_t, cap * 2);
            memcpy(more, ids, cap * sizeof(*ids));
            ids = more;
            cap *= 2;
        }
        ids[count++] = db_i64(q, "customer_id");
    }
    rc = db_end(q);
    if (!rc) {
        *ret_ids = ids;
        *ret_count = count;
    }
    return rc;
}

enum rc identity_subjects(struct ctx *c, const int64_t *members, size_t count, int64_t **ret, size_t *ret_count)
{
    enum { SUBJECTS_MAX = 1000 }; /* as the statement says: more devices than that are no person */
    int64_t *subjects = arena_new_array(c->arena, int64_t, SUBJECTS_MAX);
    size_t n = 0;
    struct db_rows *q = db_query(c->db, "customer_subject_list", DB_IDS("members", members, count));
    while (n < SUBJECTS_MAX && db_next(q))
        subjects[n++] = db_i64(q, "subject");
    enum rc rc = db_end(q);
    if (!rc) {
        *ret = subjects;
        *ret_count = n;
    }
    return rc;
}

enum rc identity_holding_record(struct ctx *c, const uint8_t hash[16], int64_t *ret_record, int64_t *ret_identifier)
{
    struct db_rows *q = db_query(c->db, "key_claim_get", DB_BLOB("key_hash", str_n(hash, 16)));
    bool held = db_next(q);
    *ret_record = held ? db_i64(q, "customer_id") : 0;
    *ret_identifier = held ? db_i64(q, "ref_id") : 0;
    return db_end(q);
}

enum rc identity_holder(struct ctx *c, const uint8_t hash[16], int64_t *ret_root, int64_t *ret_record, int64_t *ret_identifier)
{
    int64_t record, identifier;
    enum rc rc = identity_holding_record(c, hash, &record, &identifier);
    *ret_root = 0;
    if (!rc && record)
        rc = identity_root(c, record, ret_root);
    if (ret_record)
        *ret_record = record;
    if (ret_identifier)
        *ret_identifier = identifier;
    return rc;
}

static void add_ids(struct jw *w, const char *key, const int64_t *ids, size_t count)
{
    jw_key(w, key);
    jw_array(w);
    for (size_t i = 0; i < count; i++)
        jw_id(w, ids[i]);
    jw_array_end(w);
}

/* What stood before: enough to put both sides back as they were. */
static enum rc before_json(struct ctx *c, int64_t winner, int64_t loser, struct buf *out)
{
    int64_t *left, *right;
    size_t left_count, right_count;
    enum rc rc = identity_members(c, winner, &left, &left_count);
    if (!rc)
        rc = identity_members(c, loser, &right, &right_count);
    if (rc)
        return rc;
    struct jw w = jw_on(out);
    jw_object(&w);
    add_ids(&w, "winner_members", left, left_count);
    add_ids(&w, "loser_members", right, right_count);
    jw_object_end(&w);
    return out->failed ? RC_TOO_LARGE : RC_OK;
}

static enum rc log_merge(struct ctx *c, const struct customer_merge *m, const char *rule, const struct identity_item *item)
{
    _cleanup_buf_ struct buf before = BUF_INIT(1 << 20);
    enum rc rc = before_json(c, m->winner, m->loser, &before);
    if (rc)
        return rc;
    return db_run(c->db, "identity_log_insert", DB_I64("id", m->merge_id), DB_TEXT("kind", STR("merge")), DB_I64("winner_id", m->winner), DB_I64("loser_id", m->loser),
                  DB_TEXT("rule", str_z(rule)), DB_I64("rule_version", IDENTITY_RULE_VERSION), DB_TEXT("ref_kind", str_z(item->ref_kind)), DB_I64("ref_id", item->ref_id),
                  DB_I64("staff_id", 0), DB_TEXT("before_json", buf_str(&before)), DB_I64("at_us", item->at_us));
}

static enum rc run_hooks(struct ctx *c, const struct customer_merge *m)
{
    for (size_t i = 0; modules[i]; i++) {
        enum rc rc = modules[i]->on_customer_merge ? modules[i]->on_customer_merge(c, m) : RC_OK;
        if (rc)
            return rc;
    }
    return RC_OK;
}

/* All records of the loser belong to the winner's group from now on, the loser's own among them. */
static enum rc move_group(struct ctx *c, const struct customer_merge *m)
{
    int64_t *ids;
    size_t count;
    enum rc rc = identity_members(c, m->loser, &ids, &count);
    if (!rc && count > 1) {
        rc = db_run(c->db, "customer_member_move", DB_I64("winner", m->winner), DB_IDS("ids", ids + 1, count - 1));
        if (!rc)
            rc = db_run(c->db, "customer_group_delete", DB_I64("root_id", m->loser));
    }
    if (!rc)
        rc = db_run(c->db, "customer_member_insert", DB_I64("customer_id", m->loser), DB_I64("root_id", m->winner), DB_I64("merge_id", m->merge_id));
    for (size_t i = 0; !rc && i < count; i++)
        rc = db_run_later(c->db, "customer_group_insert", DB_I64("root_id", m->winner), DB_I64("customer_id", ids[i]));
    return rc;
}

enum rc identity_merge(struct ctx *c, int64_t winner, int64_t loser, const char *rule, const struct identity_item *item)
{
    assert(winner != loser);
    const struct customer_merge m = {winner, loser, id_next()};
    enum rc rc = log_merge(c, &m, rule, item);
    if (!rc)
        rc = move_group(c, &m);
    if (!rc)
        rc = run_hooks(c, &m);
    if (!rc)
        rc = change_add(c, CHANGE_MERGE, loser, winner, 1);
    return rc;
}

enum rc identity_review_add(struct ctx *c, const char *rule, int64_t left, int64_t right, const struct identity_claim *claim, const struct identity_item *item)
{
    if (left > right) {
        int64_t swap = left;
        left = right;
        right = swap;
    }
    return db_run(c->db, "identity_review_insert", DB_I64("id", id_next()), DB_TEXT("rule", str_z(rule)), DB_I64("left_id", left), DB_I64("right_id", right),
                  DB_TEXT("kinds", str_z(identity_rule(claim->kind)->word)), DB_TEXT("ref_kind", str_z(item->ref_kind)), DB_I64("ref_id", item->ref_id),
                  DB_I64("at_us", item->at_us));
}

struct str identity_scope(const struct identity_claim *claim)
{
    return identity_rule(claim->kind)->scoped ? claim->scope : STR("");
}

enum rc identity_evidence_add(struct ctx *c, const struct identity_item *item, const struct identity_claim *claim, int64_t record, int64_t identifier)
{
    return db_run_later(c->db, "identity_evidence_insert", DB_I64("customer_id", record), DB_I64("id", id_next()), DB_I64("identifier_id", identifier),
                        DB_I64("source_id", item->source_id), DB_TEXT("ref_kind", str_z(item->ref_kind)), DB_I64("ref_id", item->ref_id), DB_I64("at_us", item->at_us),
                        DB_TEXT("rule", str_z(identity_rule(claim->kind)->word)), DB_I64("rule_version", IDENTITY_RULE_VERSION), DB_I64("proven", claim->proven));
}

enum rc identity_attach(struct ctx *c, const struct identity_item *item, const struct identity_claim *claim, int64_t customer_id, int64_t *ret_identifier)
{
    struct db_arg hash = DB_BLOB("key_hash", str_n(claim->hash, sizeof(claim->hash)));
    int64_t identifier = id_next();
    enum rc rc = db_run_later(c->db, "key_claim_insert", hash, DB_I64("customer_id", customer_id), DB_I64("ref_id", identifier));
    if (!rc)
        rc = db_run_later(c->db, "identifier_insert", DB_I64("customer_id", customer_id), DB_I64("id", identifier), DB_I64("kind", claim->kind),
                          DB_TEXT("scope", identity_scope(claim)), hash, DB_I64("status", IDENTIFIER_PROVEN), DB_I64("source_id", item->source_id),
                          DB_I64("at_us", item->at_us));
    if (!rc)
        rc = identity_evidence_add(c, item, claim, customer_id, identifier);
    if (!rc && ret_identifier)
        *ret_identifier = identifier;
    return rc;
}
