/* The records that a batch is about: found or made once, however often they occur in it. */
#include "customer/learn_priv.h"
#include "vault/keystore.h"

void *learning_grow(struct ctx *c, void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    size_t more = *cap ? 2 * *cap : 64;
    void *bigger = arena_alloc_array(c->arena, more, size);
    if (count)
        memcpy(bigger, items, count * size);
    *cap = more;
    return bigger;
}

static uint32_t *slot_of(struct learning *l, int64_t customer_id)
{
    uint64_t h = (uint64_t)customer_id * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(h >> 32) & l->slot_mask;
    while (l->slots[at] && l->drafts[l->slots[at] - 1].p.id != customer_id)
        at = (at + 1) & l->slot_mask;
    return &l->slots[at];
}

struct draft *learning_draft(struct learning *l, int64_t customer_id)
{
    uint32_t slot = *slot_of(l, customer_id);
    return slot ? &l->drafts[slot - 1] : NULL;
}

static void draft_add(struct learning *l, const struct customer_traits *t)
{
    uint32_t *slot = slot_of(l, t->customer_id);
    if (!*slot) {
        l->drafts[l->draft_count] = (struct draft){.p.id = t->customer_id, .first = t, .fresh = true, .first_us = t->at_us};
        *slot = (uint32_t)++l->draft_count;
    }
    l->drafts[*slot - 1].made |= t->create;
}

static enum rc load_profiles(struct learning *l, const int64_t *ids, size_t count)
{
    struct profile *list;
    size_t n;
    enum rc rc = profile_load(l->c, ids, count, &list, &n);
    for (size_t i = 0; !rc && i < n; i++) {
        struct draft *d = learning_draft(l, list[i].id);
        d->p = list[i];
        d->fresh = false;
    }
    return rc;
}

static enum rc load_known(struct learning *l, const char *sql, const char *hash_column, bool address, const int64_t *ids, size_t count)
{
    enum rc rc = RC_OK;
    for (size_t from = 0; !rc && from < count; from += CUSTOMER_LIST_CHUNK) {
        size_t chunk = count - from < CUSTOMER_LIST_CHUNK ? count - from : CUSTOMER_LIST_CHUNK;
        struct db_rows *q = db_query(l->c->db, sql, DB_IDS("ids", ids + from, chunk));
        while (db_next(q)) {
            struct draft *d = learning_draft(l, db_i64(q, "customer_id"));
            struct known *k = arena_new_one(l->c->arena, struct known);
            *k = (struct known){arena_str(l->c->arena, db_blob(q, hash_column)), db_i64(q, "id"), db_i64(q, "last_us"), address, d->known};
            d->known = k;
        }
        rc = db_end(q);
    }
    return rc;
}

/* Records the program has, with what they hold and their keys; the rest stays fresh. */
static enum rc load(struct learning *l, const int64_t *ids, size_t count)
{
    struct ctx *c = l->c;
    struct str *keys = arena_new_array(c->arena, struct str, count);
    enum rc rc = load_profiles(l, ids, count);
    if (!rc)
        rc = load_known(l, "customer_contact_known", "key_hash", false, ids, count);
    if (!rc)
        rc = load_known(l, "customer_address_known", "value_hash", true, ids, count);
    if (!rc)
        rc = keystore_get(c, ids, count, keys);
    for (size_t i = 0; !rc && i < count; i++) /* a key without a record was left by a commit that failed: it serves now */
        learning_draft(l, ids[i])->wrapped = keys[i];
    return rc;
}

static enum rc number_fresh(struct learning *l)
{
    int64_t number = 0;
    enum rc rc = db_get_i64(l->c->db, 0, &number, "customer_last_number");
    for (size_t i = 0; !rc && i < l->draft_count; i++) {
        struct profile *p = &l->drafts[i].p;
        if (!l->drafts[i].fresh)
            continue;
        p->number = ++number;
        p->sealed_for = p->id;
        p->created_us = l->c->now_us;
    }
    return rc;
}

enum rc learning_open(struct learning *l, const struct customer_traits *traits, size_t count)
{
    struct arena *a = l->c->arena;
    size_t slots = 16, asked = 0;
    while (slots < 2 * count)
        slots *= 2;
    l->drafts = arena_new_array(a, struct draft, count);
    l->slots = arena_new_array(a, uint32_t, slots);
    l->slot_mask = slots - 1;
    for (size_t i = 0; i < count; i++)
        draft_add(l, &traits[i]);
    int64_t *ids = arena_new_array(a, int64_t, l->draft_count);
    for (size_t i = 0; i < l->draft_count; i++)
        if (!l->drafts[i].made)
            ids[asked++] = l->drafts[i].p.id;
    enum rc rc = asked ? load(l, ids, asked) : RC_OK;
    return rc ? rc : number_fresh(l);
}
