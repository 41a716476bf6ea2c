/* Relations between customers: parent and child, spouses, who referred whom, an organisation and its contact person.
 * A row stands once, in one direction, and is read from both sides: customer_related holds it with the other one. It keeps the ids it was made with: whoever was merged
 * answers with her root, and a relation between two who turned out to be one person is not shown (an undo brings it back). */
#include "customer/bodies.h"

#include <stddef.h>

enum { RELATIONS_MAX = 100 };

/* "other_id is the <word> of customer_id", and what that is from the other side. Only first words stand in the table; where both
 * are the same word the smaller id comes first. */
static const struct {
    const char *word, *inverse;
} pairs[] = {
    {"parent", "child"}, {"guardian", "ward"}, {"referrer", "referred"}, {"contact", "organisation"},
    {"spouse", "spouse"}, {"sibling", "sibling"}, {"relative", "relative"}, {"friend", "friend"}, {"colleague", "colleague"},
};
enum { PAIRS = sizeof(pairs) / sizeof(pairs[0]) };

const char *const customer_relation_words[] = {"parent", "child", "guardian", "ward", "referrer", "referred", "contact", "organisation",
                                               "spouse", "sibling", "relative", "friend", "colleague", NULL};

static const char *inverse_of(struct str word)
{
    for (size_t i = 0; i < PAIRS; i++) {
        if (str_eqz(word, pairs[i].word))
            return pairs[i].inverse;
        if (str_eqz(word, pairs[i].inverse))
            return pairs[i].word;
    }
    return NULL;
}

static bool is_first(struct str word)
{
    for (size_t i = 0; i < PAIRS; i++)
        if (str_eqz(word, pairs[i].word))
            return true;
    return false;
}

/* ---- reading ---- */

struct relation {
    struct str kind;             /* what the other one is to her */
    int64_t other;               /* her root */
    int64_t at_us;
};
struct relations {
    struct relation list[RELATIONS_MAX];
    size_t count;
};

static bool is_known(const struct relations *r, struct str kind, int64_t other)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->list[i].other == other && str_eq(r->list[i].kind, kind))
            return true;
    return false;
}

/* Rows of one direction; the roots are asked for after the query has ended. */
static enum rc load_side(struct ctx *c, const struct view *v, bool forward, struct relations *ret)
{
    struct db_rows *q = forward ? db_query(c->db, "customer_relations_from", DB_IDS("ids", v->members, v->member_count), DB_I64("limit", RELATIONS_MAX))
                                : db_query(c->db, "customer_relations_to", DB_IDS("ids", v->members, v->member_count), DB_I64("limit", RELATIONS_MAX));
    struct relation *found = arena_new_array(c->arena, struct relation, RELATIONS_MAX);
    size_t count = 0;
    while (count < RELATIONS_MAX && db_next(q)) {
        struct str kind = arena_str(c->arena, db_text(q, "kind"));
        const char *inverse = inverse_of(kind);
        if (inverse)
            found[count++] = (struct relation){forward ? kind : str_z(inverse), db_i64(q, "other_id"), db_i64(q, "at_us")};
    }
    enum rc rc = db_end(q);
    for (size_t i = 0; !rc && i < count; i++) {
        rc = customer_root(c, found[i].other, &found[i].other);
        if (!rc && found[i].other != v->root && ret->count < RELATIONS_MAX && !is_known(ret, found[i].kind, found[i].other))
            ret->list[ret->count++] = found[i];
    }
    return rc;
}

static enum rc relations_load(struct ctx *c, const struct view *v, struct relations *ret)
{
    ret->count = 0;
    enum rc rc = load_side(c, v, true, ret);
    return rc ? rc : load_side(c, v, false, ret);
}

/* Of a customer whom the reader may not see, only that there is one. */
static void write_relation(const struct ctx *c, const struct relation *r, const struct view *other, struct jw *w)
{
    bool visible = other && view_visible(c, other);
    jw_object(w);
    jw_kv_str(w, "kind", r->kind);
    jw_kv_bool(w, "visible", visible);
    jw_kv_id(w, "customer_id", visible ? r->other : 0);
    jw_kv_str(w, "name", visible ? other->name : STR(""));
    jw_kv_time(w, "at", r->at_us);
    jw_object_end(w);
}

enum rc relations_write(struct ctx *c, const struct view *v, struct jw *w)
{
    struct relations *r = arena_new_one(c->arena, struct relations);
    int64_t *ids = arena_new_array(c->arena, int64_t, RELATIONS_MAX);
    struct view *others = NULL;
    size_t found = 0;
    enum rc rc = relations_load(c, v, r);
    for (size_t i = 0; i < r->count; i++)
        ids[i] = r->list[i].other;
    if (!rc)
        rc = views_load(c, ids, r->count, &others, &found);
    if (rc)
        return rc;
    jw_array(w);
    for (size_t i = 0; i < r->count; i++) {
        const struct view *other = NULL;
        for (size_t k = 0; k < found && !other; k++)
            other = others[k].root == r->list[i].other ? &others[k] : NULL;
        write_relation(c, &r->list[i], other, w);
    }
    jw_array_end(w);
    return RC_OK;
}

/* ---- changing ---- */

const struct field customer_relation_fields[] = {
    {"kind", FIELD_ENUM, FIELD_REQUIRED, offsetof(struct relation_in, kind), .words = customer_relation_words, .doc = "What the other one is to this customer."},
    {"customer_id", FIELD_ID, FIELD_REQUIRED, offsetof(struct relation_in, customer_id), .doc = "The other one."},
    FIELD_END,
};

/* The two people of a change, and what the second is to the first. */
struct tie {
    struct view one, other;
    struct str kind;
};

static enum rc tie_open(struct ctx *c, const struct request *r, struct str kind, int64_t other_id, struct tie *ret)
{
    enum rc rc = view_of_path(c, r, &ret->one);
    if (!rc)
        rc = view_open(c, other_id, &ret->other);
    if (rc)
        return rc;
    ret->kind = kind;
    if (!inverse_of(kind))
        return ctx_fail(c, RC_INVALID, "kind", "not_a_choice");
    return ret->one.root == ret->other.root ? ctx_fail(c, RC_INVALID, "customer_id", "same_person") : RC_OK;
}

static enum rc tell_one(struct ctx *c, const struct view *v, const struct view *other, struct str kind, bool added)
{
    struct str text = arena_printf(c->arena, "%.*s C%06lld", STR_FMT(kind), (long long)other->number);
    enum rc rc = customer_change_note(c, v->root, v->rev, "relation", added ? STR_NULL : text, added ? text : STR_NULL);
    return rc ? rc : change_add(c, CHANGE_CUSTOMER, v->root, v->root, 1);
}

/* Both histories say it, each in its own direction. */
static enum rc tell_both(struct ctx *c, const struct tie *t, bool added)
{
    enum rc rc = tell_one(c, &t->one, &t->other, t->kind, added);
    return rc ? rc : tell_one(c, &t->other, &t->one, str_z(inverse_of(t->kind)), added);
}

static enum rc reply_list(struct ctx *c, const struct view *v, struct reply *p)
{
    jw_object(&p->json);
    jw_key(&p->json, "items");
    enum rc rc = relations_write(c, v, &p->json);
    if (!rc)
        jw_object_end(&p->json);
    return rc;
}

static enum rc insert(struct ctx *c, const struct tie *t)
{
    struct str inverse = str_z(inverse_of(t->kind));
    bool same = str_eq(t->kind, inverse), turned = same ? t->other.root < t->one.root : !is_first(t->kind);
    const struct view *from = turned ? &t->other : &t->one, *to = turned ? &t->one : &t->other;
    struct db_arg kind = DB_TEXT("kind", turned && !same ? inverse : t->kind), at = DB_I64("at_us", c->now_us);
    enum rc rc = db_run(c->db, "customer_relation_insert", DB_I64("customer_id", from->root), DB_I64("other_id", to->root), kind,
                        DB_I64("staff_id", c->actor ? c->actor->staff_id : 0), at);
    return rc ? rc : db_run(c->db, "customer_related_insert", DB_I64("customer_id", to->root), DB_I64("other_id", from->root), kind, at);
}

enum rc customer_relation_add(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct relation_in *in = r->in;
    struct tie t;
    struct relations *now = arena_new_one(c->arena, struct relations);
    enum rc rc = tie_open(c, r, str_z(customer_relation_words[in->kind]), in->customer_id, &t);
    if (!rc)
        rc = relations_load(c, &t.one, now);
    if (!rc && !is_known(now, t.kind, t.other.root)) {
        if (now->count >= RELATIONS_MAX / 2)
            return ctx_fail(c, RC_INVALID, "kind", "too_many");
        rc = insert(c, &t);
        if (!rc)
            rc = tell_both(c, &t, true);
    }
    return rc ? rc : reply_list(c, &t.one, p);
}

static enum rc delete_rows(struct ctx *c, const struct view *from, const struct view *to, struct str kind, int64_t *gone)
{
    const struct db_arg args[] = {DB_TEXT("kind", kind), DB_IDS("from", from->members, from->member_count), DB_IDS("to", to->members, to->member_count)};
    enum rc rc = db_run_args(c->db, "customer_relation_delete", args, 3);
    *gone += rc ? 0 : db_changes(c->db);
    return rc ? rc : db_run_args(c->db, "customer_related_delete", args, 3);
}

enum rc customer_relation_remove(struct ctx *c, const struct request *r, struct reply *p)
{
    struct tie t;
    int64_t other_id, gone = 0;
    enum rc rc = request_param_id(c, r, 2, &other_id);
    if (!rc)
        rc = tie_open(c, r, r->params[1], other_id, &t);
    if (!rc)
        rc = delete_rows(c, &t.one, &t.other, t.kind, &gone);
    if (!rc)
        rc = delete_rows(c, &t.other, &t.one, str_z(inverse_of(t.kind)), &gone);
    if (rc)
        return rc;
    if (gone == 0)
        return ctx_fail(c, RC_NOT_FOUND, "kind", "unknown");
    rc = tell_both(c, &t, false);
    return rc ? rc : reply_list(c, &t.one, p);
}

enum rc customer_relation_list(struct ctx *c, const struct request *r, struct reply *p)
{
    struct view v;
    enum rc rc = view_of_path(c, r, &v);
    return rc ? rc : reply_list(c, &v, p);
}
