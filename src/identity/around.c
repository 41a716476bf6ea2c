/* The part of the graph that a group's decisions need: who holds the keys that it speaks of, which records these people are, all
 * their identifiers, and whose its devices are. Read in at most six queries a thousand rows, so that a group costs a handful of
 * round trips to a database server, not a dozen for each event. */
#include "base/id.h"
#include "identity/identity_priv.h"

#include <assert.h>
#include <stdlib.h>

enum { IDS_A_QUERY = 1000 };

struct key {
    uint8_t hash[16];
    int64_t record, identifier;
};

struct person {
    int64_t root;
    struct held *held, **last;
    struct person *became; /* merged into; NULL: it stands for itself */
};

/* Record to person: open addressing, 0 is no id. */
struct entry {
    int64_t id;
    struct person *person;
};

struct around {
    struct arena *arena;
    struct key *keys;   /* by hash */
    struct link *links; /* by subject */
    size_t key_count, link_count;
    struct entry *map;
    size_t map_size, map_count;
};

/* A growing list of ids, made ascending and distinct before it is asked with. */
struct ids {
    struct arena *arena;
    int64_t *list;
    size_t count, cap;
};

static void ids_add(struct ids *l, int64_t id)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        int64_t *more = arena_new_array(l->arena, int64_t, cap);
        if (l->count)
            memcpy(more, l->list, l->count * sizeof(*more));
        l->list = more;
        l->cap = cap;
    }
    l->list[l->count++] = id;
}

static void ids_distinct(struct ids *l)
{
    l->count = id_distinct(l->list, l->count);
}

/* Calls `read` with up to a thousand ids at a time. */
static enum rc ids_each_page(struct ctx *c, struct around *a, const struct ids *l,
                             enum rc (*read)(struct ctx *c, struct around *a, const int64_t *ids, size_t count, void *arg), void *arg)
{
    enum rc rc = RC_OK;
    for (size_t at = 0; !rc && at < l->count; at += IDS_A_QUERY)
        rc = read(c, a, l->list + at, l->count - at < IDS_A_QUERY ? l->count - at : IDS_A_QUERY, arg);
    return rc;
}

/* ---- records and people ---- */

static struct entry *slot_of(struct entry *map, size_t size, int64_t id)
{
    size_t at = (size_t)((uint64_t)id * 0x9E3779B97F4A7C15u >> 32) & (size - 1);
    while (map[at].id && map[at].id != id)
        at = (at + 1) & (size - 1);
    return &map[at];
}

static void grow(struct around *a)
{
    size_t size = a->map_size ? a->map_size * 2 : 256;
    struct entry *map = arena_new_array(a->arena, struct entry, size);
    for (size_t i = 0; i < a->map_size; i++)
        if (a->map[i].id)
            *slot_of(map, size, a->map[i].id) = a->map[i];
    a->map = map;
    a->map_size = size;
}

static void set_person(struct around *a, int64_t record, struct person *p)
{
    if (2 * (a->map_count + 1) > a->map_size)
        grow(a);
    struct entry *e = slot_of(a->map, a->map_size, record);
    a->map_count += e->id == 0;
    *e = (struct entry){record, p};
}

/* A record that is in no other is a person of its own. */
static struct person *person_of(struct around *a, int64_t record)
{
    struct entry *e = a->map_size ? slot_of(a->map, a->map_size, record) : NULL;
    if (!e || e->id == 0) {
        struct person *p = arena_new_one(a->arena, struct person);
        p->root = record;
        p->last = &p->held;
        set_person(a, record, p);
        return p;
    }
    while (e->person->became)
        e->person = e->person->became;
    return e->person;
}

int64_t around_root(struct around *a, int64_t record)
{
    return person_of(a, record)->root;
}

static void add_held(struct person *p, struct held *h)
{
    *p->last = h;
    p->last = &h->next;
}

/* ---- reading ---- */

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const struct key *)a)->hash, ((const struct key *)b)->hash, sizeof(((const struct key *)a)->hash));
}

static struct key *key_of(struct around *a, const uint8_t hash[16])
{
    struct key wanted;
    memcpy(wanted.hash, hash, sizeof(wanted.hash));
    struct key *found = a->key_count ? bsearch(&wanted, a->keys, a->key_count, sizeof(*a->keys), by_hash) : NULL;
    assert(found); /* every usable proven claim was named */
    return found;
}

static bool is_key(const struct identity_claim *claim)
{
    return claim->proven && claim->verdict == VAULT_OK && claim->kind != IDENTITY_DEVICE;
}

static bool has_key(const struct identity_item *item)
{
    for (size_t i = 0; i < item->claim_count; i++)
        if (is_key(&item->claims[i]))
            return true;
    return false;
}

static void name_keys(struct around *a, const struct identity_item *items, size_t count)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        n += items[i].claim_count;
    a->keys = arena_new_array(a->arena, struct key, n + 1);
    n = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < items[i].claim_count; k++)
            if (is_key(&items[i].claims[k]))
                memcpy(a->keys[n++].hash, items[i].claims[k].hash, sizeof(a->keys->hash));
    if (n)
        qsort(a->keys, n, sizeof(*a->keys), by_hash);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || by_hash(&a->keys[kept - 1], &a->keys[i]) != 0)
            a->keys[kept++] = a->keys[i];
    a->key_count = kept;
}

/* The keys from `at` on that one query asks for; *ret_count is 0 behind the last. */
static struct db_arg keys_arg(struct ctx *c, const struct around *a, size_t at, size_t *ret_count)
{
    *ret_count = a->key_count - at < IDS_A_QUERY ? a->key_count - at : IDS_A_QUERY;
    struct str *hashes = arena_new_array(c->arena, struct str, *ret_count + 1);
    for (size_t i = 0; i < *ret_count; i++)
        hashes[i] = str_n(a->keys[at + i].hash, sizeof(a->keys->hash));
    return DB_BLOBS("hashes", hashes, *ret_count);
}

static enum rc read_keys(struct ctx *c, struct around *a)
{
    enum rc rc = RC_OK;
    for (size_t at = 0, count; !rc && at < a->key_count; at += count) {
        struct db_arg hashes = keys_arg(c, a, at, &count);
        struct db_rows *q = db_query_args(c->db, "key_claim_list", &hashes, 1);
        while (db_next(q)) {
            struct str hash = db_blob(q, "key_hash");
            assert(hash.len == sizeof(a->keys->hash));
            struct key *key = key_of(a, (const uint8_t *)hash.ptr);
            key->record = db_i64(q, "customer_id");
            key->identifier = db_i64(q, "ref_id");
        }
        rc = db_end(q);
    }
    return rc;
}

struct link *around_link(struct around *a, int64_t subject)
{
    struct link *found = a->link_count ? bsearch(&subject, a->links, a->link_count, sizeof(*a->links), id_compare) : NULL;
    assert(found); /* every item's subject was named */
    return found;
}

static enum rc read_links(struct ctx *c, struct around *a, const int64_t *subjects, size_t count, void *arg)
{
    (void)arg;
    struct db_rows *q = db_query(c->db, "subject_link_get", DB_IDS("subjects", subjects, count));
    while (db_next(q)) {
        struct link *link = around_link(a, db_i64(q, "subject"));
        link->customer_id = db_i64(q, "customer_id");
        link->pseudonym = db_i64(q, "pseudonym");
        link->shared = db_i64(q, "shared");
    }
    return db_end(q);
}

static struct ids name_subjects(struct around *a, const struct identity_item *items, size_t count)
{
    struct ids subjects = {.arena = a->arena};
    for (size_t i = 0; i < count; i++)
        if (items[i].subject)
            ids_add(&subjects, items[i].subject);
    ids_distinct(&subjects);
    return subjects;
}

static enum rc read_subjects(struct ctx *c, struct around *a, const struct identity_item *items, size_t count)
{
    struct ids subjects = name_subjects(a, items, count);
    a->links = arena_new_array(a->arena, struct link, subjects.count + 1);
    a->link_count = subjects.count;
    for (size_t i = 0; i < subjects.count; i++)
        a->links[i] = (struct link){.subject = subjects.list[i]};
    return ids_each_page(c, a, &subjects, read_links, NULL);
}

/* Which people are records that were merged; all others stand for themselves. */
static enum rc read_roots(struct ctx *c, struct around *a, const int64_t *ids, size_t count, void *arg)
{
    (void)arg;
    struct db_rows *q = db_query(c->db, "customer_member_roots", DB_IDS("ids", ids, count));
    while (db_next(q))
        set_person(a, db_i64(q, "customer_id"), person_of(a, db_i64(q, "root_id")));
    return db_end(q);
}

static enum rc read_members(struct ctx *c, struct around *a, const int64_t *roots, size_t count, void *arg)
{
    struct db_rows *q = db_query(c->db, "customer_member_of_roots", DB_IDS("roots", roots, count));
    while (db_next(q)) {
        set_person(a, db_i64(q, "customer_id"), person_of(a, db_i64(q, "root_id")));
        ids_add(arg, db_i64(q, "customer_id"));
    }
    return db_end(q);
}

static enum rc read_identifiers(struct ctx *c, struct around *a, const int64_t *members, size_t count, void *arg)
{
    (void)arg;
    struct db_rows *q = db_query(c->db, "identifier_of_members", DB_IDS("members", members, count));
    while (db_next(q)) {
        struct held *h = arena_new_one(a->arena, struct held);
        struct str hash = db_blob(q, "key_hash");
        *h = (struct held){.record = db_i64(q, "customer_id"),
                           .id = db_i64(q, "id"),
                           .kind = db_i64(q, "kind"),
                           .status = db_i64(q, "status"),
                           .scope = arena_str(a->arena, db_text(q, "scope"))};
        memcpy(h->hash, hash.ptr, hash.len < sizeof(h->hash) ? hash.len : sizeof(h->hash));
        add_held(person_of(a, h->record), h);
    }
    return db_end(q);
}

static const char *word_of(struct str rule)
{
    enum identity_kind kind;
    return identity_kind_of(rule, &kind) ? identity_rule(kind)->word : "";
}

static enum rc read_evidence_of(struct ctx *c, struct around *a, const struct ids *records, const struct ids *identifiers)
{
    struct db_rows *q =
        db_query(c->db, "identity_evidence_known", DB_IDS("members", records->list, records->count), DB_IDS("identifiers", identifiers->list, identifiers->count));
    while (db_next(q)) {
        struct held *h = around_identifier(a, db_i64(q, "customer_id"), db_i64(q, "identifier_id"));
        if (h)
            around_evidence(a, h, db_i64(q, "source_id"), word_of(db_text(q, "rule")));
    }
    return db_end(q);
}

static enum rc read_evidence(struct ctx *c, struct around *a)
{
    enum rc rc = RC_OK;
    for (size_t at = 0; !rc && at < a->key_count; at += IDS_A_QUERY) {
        struct ids records = {.arena = a->arena}, identifiers = {.arena = a->arena};
        for (size_t i = at; i < a->key_count && i < at + IDS_A_QUERY; i++)
            if (a->keys[i].record) {
                ids_add(&records, a->keys[i].record);
                ids_add(&identifiers, a->keys[i].identifier);
            }
        ids_distinct(&records);
        ids_distinct(&identifiers);
        rc = identifiers.count ? read_evidence_of(c, a, &records, &identifiers) : RC_OK;
    }
    return rc;
}

/* Of whoever may be merged or given something all is read, of whoever is only looked up the record she is today. */
static enum rc read_people(struct ctx *c, struct around *a, const struct identity_item *items, size_t count)
{
    struct ids seen = {.arena = a->arena}, roots = {.arena = a->arena};
    for (size_t i = 0; i < a->key_count; i++)
        if (a->keys[i].record)
            ids_add(&seen, a->keys[i].record);
    for (size_t i = 0; i < a->link_count; i++)
        if (a->links[i].customer_id)
            ids_add(&seen, a->links[i].customer_id);
    ids_distinct(&seen);
    enum rc rc = ids_each_page(c, a, &seen, read_roots, NULL);
    for (size_t i = 0; i < a->key_count; i++)
        if (a->keys[i].record)
            ids_add(&roots, around_root(a, a->keys[i].record));
    for (size_t i = 0; i < count; i++) {
        int64_t linked = items[i].subject && has_key(&items[i]) ? around_link(a, items[i].subject)->customer_id : 0;
        if (linked)
            ids_add(&roots, around_root(a, linked));
    }
    ids_distinct(&roots);
    struct ids members = {.arena = a->arena};
    for (size_t i = 0; i < roots.count; i++)
        ids_add(&members, roots.list[i]);
    if (!rc)
        rc = ids_each_page(c, a, &roots, read_members, &members);
    ids_distinct(&members);
    return rc ? rc : ids_each_page(c, a, &members, read_identifiers, NULL);
}

enum rc around_read(struct ctx *c, const struct identity_item *items, size_t count, struct around **ret)
{
    struct around *a = arena_new_one(c->arena, struct around);
    a->arena = c->arena;
    name_keys(a, items, count);
    enum rc rc = read_keys(c, a);
    if (!rc)
        rc = read_subjects(c, a, items, count);
    if (!rc)
        rc = read_people(c, a, items, count);
    if (!rc)
        rc = read_evidence(c, a);
    *ret = a;
    return rc;
}

/* The two questions that need no other's answer. */
enum rc identity_ahead(struct ctx *c, const struct identity_item *items, size_t count)
{
    struct around a = {.arena = c->arena};
    enum rc rc = RC_OK;
    name_keys(&a, items, count);
    for (size_t at = 0, n; !rc && at < a.key_count; at += n) {
        struct db_arg hashes = keys_arg(c, &a, at, &n);
        rc = db_ahead_args(c->db, "key_claim_list", &hashes, 1);
    }
    struct ids subjects = name_subjects(&a, items, count);
    for (size_t at = 0; !rc && at < subjects.count; at += IDS_A_QUERY)
        rc = db_ahead(c->db, "subject_link_get", DB_IDS("subjects", subjects.list + at, subjects.count - at < IDS_A_QUERY ? subjects.count - at : IDS_A_QUERY));
    return rc;
}

/* ---- asking ---- */

int64_t around_holder(struct around *a, const uint8_t hash[16], int64_t *ret_identifier)
{
    const struct key *key = key_of(a, hash);
    *ret_identifier = key->identifier;
    return key->record;
}

struct held *around_held(struct around *a, int64_t record)
{
    return person_of(a, record)->held;
}

struct held *around_identifier(struct around *a, int64_t record, int64_t identifier)
{
    for (struct held *h = around_held(a, record); h; h = h->next)
        if (h->id == identifier && h->record == record)
            return h;
    return NULL;
}

bool around_is_removed(struct around *a, int64_t person, const struct identity_claim *claim)
{
    for (const struct held *h = around_held(a, person); h; h = h->next)
        if (h->status == IDENTIFIER_REMOVED && memcmp(h->hash, claim->hash, sizeof(h->hash)) == 0)
            return true;
    return false;
}

bool around_has_evidence(const struct held *held, int64_t source_id, const char *rule)
{
    for (const struct known_evidence *e = held->evidence; e; e = e->next)
        if (e->source_id == source_id && strcmp(e->rule, rule) == 0)
            return true;
    return false;
}

/* ---- telling ---- */

void around_merged(struct around *a, int64_t winner, int64_t loser)
{
    struct person *w = person_of(a, winner), *l = person_of(a, loser);
    *w->last = l->held;
    if (l->held)
        w->last = l->last;
    l->became = w;
}

void around_attached(struct around *a, const struct identity_claim *claim, int64_t record, int64_t identifier)
{
    struct key *key = key_of(a, claim->hash);
    struct held *h = arena_new_one(a->arena, struct held);
    *h = (struct held){.record = record, .id = identifier, .kind = claim->kind, .status = IDENTIFIER_PROVEN, .scope = identity_scope(claim)};
    memcpy(h->hash, claim->hash, sizeof(h->hash));
    key->record = record;
    key->identifier = identifier;
    add_held(person_of(a, record), h);
}

void around_evidence(struct around *a, struct held *held, int64_t source_id, const char *rule)
{
    struct known_evidence *e = arena_new_one(a->arena, struct known_evidence);
    *e = (struct known_evidence){source_id, rule, held->evidence};
    held->evidence = e;
}
