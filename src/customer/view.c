/* People as pages show them: a handful of queries and one vault call for a whole page, however many people are on it. */
#include "customer/customer_priv.h"

#include <stdlib.h>

/* Whose page a record belongs to. */
struct owner {
    int64_t id;
    struct view *view;
};

struct loading {
    struct ctx *c;
    struct view *views;
    size_t count;
    struct owner *owners;        /* by id */
    int64_t *ids;                /* all records, as in owners */
    size_t owner_count;
    struct sealed_batch sealed;
};

static int by_owner(const void *a, const void *b)
{
    int64_t x = ((const struct owner *)a)->id, y = ((const struct owner *)b)->id;
    return (x > y) - (x < y);
}

static struct view *view_of(const struct loading *l, int64_t id)
{
    struct owner key = {.id = id};
    return ((struct owner *)bsearch(&key, l->owners, l->owner_count, sizeof(key), by_owner))->view;
}

static enum rc find_members(struct loading *l, const int64_t *ids, size_t *ret_all)
{
    size_t all = 0;
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && i < l->count; i++)
        rc = customer_members_ahead(l->c, ids[i]);
    if (rc)
        return rc;
    for (size_t i = 0; i < l->count; i++) {
        int64_t *members = NULL;
        rc = customer_members(l->c, ids[i], &members, &l->views[i].member_count);
        if (rc)
            return rc;
        l->views[i].root = members[0];
        l->views[i].members = members;
        all += l->views[i].member_count;
    }
    *ret_all = all;
    return RC_OK;
}

/* A person asked for twice has one view; the other one stays empty. */
static void set_owners(struct loading *l, size_t all)
{
    size_t n = 0;
    l->owners = arena_new_array(l->c->arena, struct owner, all);
    l->ids = arena_new_array(l->c->arena, int64_t, all);
    for (size_t i = 0; i < l->count; i++)
        for (size_t k = 0; k < l->views[i].member_count; k++)
            l->owners[n++] = (struct owner){l->views[i].members[k], &l->views[i]};
    if (n)
        qsort(l->owners, n, sizeof(*l->owners), by_owner);
    for (size_t i = 0; i < n; i++)
        if (l->owner_count == 0 || l->owners[l->owner_count - 1].id != l->owners[i].id) {
            l->ids[l->owner_count] = l->owners[i].id;
            l->owners[l->owner_count++] = l->owners[i];
        }
}

static enum rc load_records(struct loading *l)
{
    struct profile *all;
    size_t n;
    enum rc rc = profile_load(l->c, l->ids, l->owner_count, &all, &n);
    for (size_t i = 0; !rc && i < n; i++) {
        struct view *v = view_of(l, all[i].id);
        if (!v->records)
            v->records = arena_new_array(l->c->arena, struct profile, v->member_count);
        v->records[v->record_count++] = all[i];
        v->rev += all[i].rev; /* grows with each change of any of them */
        if (v->number == 0 || all[i].id == v->root)
            v->number = all[i].number;
    }
    return rc;
}

static void add_contact(struct loading *l, struct db_rows *q)
{
    struct arena *a = l->c->arena;
    struct view *v = view_of(l, db_i64(q, "customer_id"));
    struct str hash = db_blob(q, "key_hash");
    if (v->contact_count == v->contact_cap) {
        struct view_contact *more = arena_new_array(a, struct view_contact, 2 * v->contact_cap + 4);
        if (v->contact_count)
            memcpy(more, v->contacts, v->contact_count * sizeof(*more));
        v->contacts = more;
        v->contact_cap = 2 * v->contact_cap + 4;
    }
    struct view_contact *contact = &v->contacts[v->contact_count++];
    *contact = (struct view_contact){
        .kind = (enum vault_field)db_i64(q, "kind"), .id = db_i64(q, "id"), .sealed_for = db_i64(q, "sealed_for"), .last_us = db_i64(q, "last_us"),
        .scope = arena_str(a, db_text(q, "scope")), .sealed = arena_str(a, db_blob(q, "value")),
    };
    memcpy(contact->hash, hash.ptr, hash.len < sizeof(contact->hash) ? hash.len : sizeof(contact->hash));
}

static void add_tag(struct loading *l, struct db_rows *q)
{
    struct view *v = view_of(l, db_i64(q, "customer_id"));
    struct str tag = db_text(q, "tag");
    for (size_t i = 0; i < v->tag_count; i++)
        if (str_eq(v->tags[i], tag))
            return;
    if (v->tag_count == v->tag_cap) {
        struct str *more = arena_new_array(l->c->arena, struct str, 2 * v->tag_cap + 4);
        if (v->tag_count)
            memcpy(more, v->tags, v->tag_count * sizeof(*more));
        v->tags = more;
        v->tag_cap = 2 * v->tag_cap + 4;
    }
    v->tags[v->tag_count++] = arena_str(l->c->arena, tag);
}

static void add_totals(struct loading *l, struct db_rows *q)
{
    struct view *v = view_of(l, db_i64(q, "customer_id"));
    if (db_i64(q, "customer_id") != v->root)
        return;
    v->first_seen_us = db_i64(q, "first_seen_us");
    v->totals = (struct customer_stat){
        .orders = db_i64(q, "orders"), .units = db_i64(q, "units"), .spent_minor = db_i64(q, "spent_minor"),
        .returned_minor = db_i64(q, "returned_minor"), .web_orders = db_i64(q, "web_orders"), .web_spent_minor = db_i64(q, "web_spent_minor"),
        .seen_us = db_i64(q, "last_seen_us"), .order_us = db_i64(q, "last_order_us"),
    };
}

static enum rc for_each(struct loading *l, const char *sql, void (*add)(struct loading *l, struct db_rows *q))
{
    enum rc rc = RC_OK;
    for (size_t from = 0; !rc && from < l->owner_count; from += CUSTOMER_LIST_CHUNK) {
        size_t chunk = l->owner_count - from < CUSTOMER_LIST_CHUNK ? l->owner_count - from : CUSTOMER_LIST_CHUNK;
        struct db_rows *q = db_query(l->c->db, sql, DB_IDS("ids", l->ids + from, chunk));
        while (db_next(q))
            add(l, q);
        rc = db_end(q);
    }
    return rc;
}

/* What is asked of these records once they are known, all at once; of a first chunk only, which is most often all. */
static enum rc ahead(struct loading *l, const char *const *statements)
{
    size_t chunk = l->owner_count < CUSTOMER_LIST_CHUNK ? l->owner_count : CUSTOMER_LIST_CHUNK;
    enum rc rc = RC_OK;
    for (; !rc && chunk && *statements; statements++)
        rc = db_ahead(l->c->db, *statements, DB_IDS("ids", l->ids, chunk));
    return rc;
}

static enum rc load_homes(struct loading *l)
{
    struct view_store *stores = arena_new_array(l->c->arena, struct view_store, l->count);
    int64_t *ids = arena_new_array(l->c->arena, int64_t, l->count);
    size_t n = 0, wanted = 0;
    for (size_t i = 0; i < l->count; i++) {
        int64_t home = view_number(&l->views[i], PROFILE_HOME_STORE);
        if (home)
            ids[wanted++] = home;
    }
    if (wanted == 0)
        return RC_OK;
    struct db_rows *q = db_query(l->c->db, "customer_stores", DB_IDS("ids", ids, wanted));
    while (n < l->count && db_next(q)) {
        stores[n++] = (struct view_store){db_i64(q, "id"), arena_str(l->c->arena, db_text(q, "code")), arena_str(l->c->arena, db_text(q, "name"))};
        for (size_t i = 0; i < l->count; i++)
            if (view_number(&l->views[i], PROFILE_HOME_STORE) == stores[n - 1].id)
                l->views[i].home = &stores[n - 1];
    }
    return db_end(q);
}

const struct view_contact *view_contact(const struct view *v, enum vault_field kind)
{
    const struct view_contact *best = NULL;
    for (size_t i = 0; i < v->contact_count; i++)
        if (v->contacts[i].kind == kind && (!best || v->contacts[i].last_us > best->last_us))
            best = &v->contacts[i];
    return best;
}

static void mask_contact(struct loading *l, struct view *v, enum vault_field kind, struct str *into)
{
    const struct view_contact *contact = view_contact(v, kind);
    if (contact)
        sealed_add(l->c, &l->sealed, kind, contact->id, contact->sealed_for, contact->sealed, into);
}

static enum rc mask_rows(struct loading *l)
{
    for (size_t i = 0; i < l->count; i++) {
        struct view *v = &l->views[i];
        const struct profile *named = profile_newest(v->records, v->record_count, PROFILE_NAME);
        if (named)
            sealed_add(l->c, &l->sealed, VAULT_NAME, named->id, named->sealed_for, named->v[PROFILE_NAME].text, &v->name);
        mask_contact(l, v, VAULT_PHONE, &v->phone);
        mask_contact(l, v, VAULT_CARD, &v->card);
    }
    return sealed_mask(l->c, &l->sealed);
}

static size_t leave_out_unknown(struct view *views, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (views[i].record_count)
            views[kept++] = views[i];
    return kept;
}

static const char *const of_people[] = {"customer_contacts", NULL}, *const of_rows[] = {"customer_contacts", "customer_tags", "customer_stats", NULL};

/* What people are made of: records and contacts. `then`: what will be asked of the records. */
static enum rc gather(struct loading *l, const int64_t *ids, const char *const *then)
{
    size_t all = 0;
    enum rc rc = find_members(l, ids, &all);
    if (rc)
        return rc;
    set_owners(l, all);
    rc = ahead(l, then);
    if (!rc)
        rc = load_records(l);
    return rc ? rc : for_each(l, "customer_contacts", add_contact);
}

enum rc views_gather(struct ctx *c, const int64_t *ids, size_t count, struct view **ret, size_t *ret_count)
{
    struct loading l = {.c = c, .views = arena_new_array(c->arena, struct view, count), .count = count};
    enum rc rc = gather(&l, ids, of_people);
    if (rc)
        return rc;
    *ret_count = leave_out_unknown(l.views, count);
    *ret = l.views;
    return RC_OK;
}

/* All that a row of a list says, still sealed. */
static enum rc gather_rows(struct loading *l, const int64_t *ids)
{
    enum rc rc = gather(l, ids, of_rows);
    if (!rc)
        rc = for_each(l, "customer_tags", add_tag);
    if (!rc)
        rc = for_each(l, "customer_stats", add_totals);
    return rc ? rc : load_homes(l);
}

enum rc views_sealed(struct ctx *c, const int64_t *ids, size_t count, struct view **ret, size_t *ret_count)
{
    struct loading l = {.c = c, .views = arena_new_array(c->arena, struct view, count), .count = count};
    enum rc rc = gather_rows(&l, ids);
    if (rc)
        return rc;
    *ret_count = leave_out_unknown(l.views, count);
    *ret = l.views;
    return RC_OK;
}

enum rc views_load(struct ctx *c, const int64_t *ids, size_t count, struct view **ret, size_t *ret_count)
{
    struct loading l = {.c = c, .views = arena_new_array(c->arena, struct view, count), .count = count};
    enum rc rc = gather_rows(&l, ids);
    if (!rc)
        rc = mask_rows(&l);
    if (rc)
        return rc;
    *ret_count = leave_out_unknown(l.views, count);
    *ret = l.views;
    return RC_OK;
}

enum rc view_open(struct ctx *c, int64_t customer_id, struct view *ret)
{
    struct view *v;
    size_t count;
    enum rc rc = views_load(c, &customer_id, 1, &v, &count);
    if (rc)
        return rc;
    if (count == 0)
        return ctx_fail(c, RC_NOT_FOUND, "id", "unknown");
    if (!view_visible(c, v))
        return ctx_fail(c, RC_DENIED, "id", "other_store");
    *ret = *v;
    return RC_OK;
}

enum rc view_of_path(struct ctx *c, const struct request *r, struct view *ret)
{
    int64_t id;
    enum rc rc = request_param_id(c, r, 0, &id);
    return rc ? rc : view_open(c, id, ret);
}

bool view_visible(const struct ctx *c, const struct view *v)
{
    return !c->actor || access_can_see_store(c->actor, view_number(v, PROFILE_HOME_STORE));
}

int64_t view_number(const struct view *v, enum profile_key key)
{
    const struct profile *p = profile_newest(v->records, v->record_count, key);
    return p ? p->v[key].number : 0;
}

struct str view_text(const struct view *v, enum profile_key key)
{
    const struct profile *p = profile_newest(v->records, v->record_count, key);
    return p ? p->v[key].text : STR_NULL;
}

/* ---- names of staff and sources ---- */

enum rc names_load(struct ctx *c, const char *sql, const int64_t *ids, size_t count, struct id_name **ret, size_t *ret_count)
{
    struct id_name *names = arena_new_array(c->arena, struct id_name, count);
    size_t n = 0;
    for (size_t from = 0; from < count; from += CUSTOMER_LIST_CHUNK) {
        size_t chunk = count - from < CUSTOMER_LIST_CHUNK ? count - from : CUSTOMER_LIST_CHUNK;
        struct db_rows *q = db_query(c->db, sql, DB_IDS("ids", ids + from, chunk));
        while (n < count && db_next(q))
            names[n++] = (struct id_name){db_i64(q, "id"), arena_str(c->arena, db_text(q, "name"))};
        enum rc rc = db_end(q);
        if (rc)
            return rc;
    }
    *ret = names;
    *ret_count = n;
    return RC_OK;
}

struct str names_find(const struct id_name *names, size_t count, int64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].id == id)
            return names[i].name;
    return STR_NULL;
}
