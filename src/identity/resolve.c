/* The decision: which record does an event, receipt or form belong to? Deterministic rules only.
 *   proven claims, strongest first → find holders → merge them, unless a unique identifier says that they are two people
 *   → attach what is new → bind the device. Unproven claims bind nothing: they stay with their event; see docs/identity.md. */
#include "base/id.h"
#include "identity/identity_priv.h"

enum { CANDIDATES_MAX = 16, CONFLICTS_MAX = 16 };

struct candidate {
    struct identity_claim *claim;
    const struct identity_rule *rule;
    int64_t root, record, identifier; /* of today's holder, 0 nobody */
};

struct decision {
    struct identity_item *item;
    struct around *around;                       /* of the whole group */
    struct candidate candidates[CANDIDATES_MAX]; /* proven and usable, strongest first, devices left out */
    size_t count;
    struct identity_claim *device; /* usable and not of a shared device, or NULL */
    bool bindable;                 /* the subject is hers alone: her device, or her account on a server's event */
    int64_t person;                /* root decided on so far */
    struct {
        const char *rule;
        int64_t other;
        const struct identity_claim *claim;
    } conflicts[CONFLICTS_MAX];
    size_t conflict_count;
};

static void add_conflict(struct decision *d, const char *rule, int64_t other, const struct identity_claim *claim)
{
    if (d->conflict_count < CONFLICTS_MAX) {
        d->conflicts[d->conflict_count].rule = rule;
        d->conflicts[d->conflict_count].other = other;
        d->conflicts[d->conflict_count++].claim = claim;
    }
}

static int64_t subject_of_claim(const struct identity_claim *claim)
{
    int64_t subject;
    memcpy(&subject, claim->hash, sizeof(subject));
    subject &= INT64_MAX;
    return subject ? subject : 1;
}

/* The pseudonym under which the events stand: the device's, else that of the strongest usable claim. */
static int64_t subject_of(const struct app *app, const struct identity_item *item)
{
    const struct identity_claim *best = NULL;
    for (size_t i = 0; i < item->claim_count; i++) {
        const struct identity_claim *claim = &item->claims[i];
        if (claim->verdict != VAULT_OK)
            continue;
        if (claim->kind == IDENTITY_DEVICE)
            return identity_subject(app, STR(""), claim->value);
        if (!best || identity_rule(claim->kind)->priority < identity_rule(best->kind)->priority)
            best = claim;
    }
    return best ? subject_of_claim(best) : 0;
}

/* An identifier that comes on too many receipts of one day is somebody typing his own for strangers. */
static enum rc watch_use(struct ctx *c, struct decision *d, struct candidate *k, bool *ret_believed)
{
    int64_t uses = 0;
    struct db_arg key = DB_BLOB("key_hash", str_n(k->claim->hash, 16));
    struct held *held = k->identifier ? around_identifier(d->around, k->record, k->identifier) : NULL;
    *ret_believed = true;
    if (!k->rule->receipts_a_day || !d->item->business_day)
        return RC_OK;
    enum rc rc = db_run_later(c->db, "identity_use_add", key, DB_I64("business_day", d->item->business_day));
    if (!rc)
        rc = db_get_i64(c->db, 0, &uses, "identity_use_get", key, DB_I64("business_day", d->item->business_day));
    if (rc)
        return rc;
    *ret_believed = (!held || held->status == IDENTIFIER_PROVEN) && uses <= k->rule->receipts_a_day;
    if (*ret_believed || !held || held->status == IDENTIFIER_FLAGGED)
        return RC_OK;
    held->status = IDENTIFIER_FLAGGED;
    rc = db_run_later(c->db, "identifier_set_status", DB_I64("status", IDENTIFIER_FLAGGED), DB_I64("customer_id", k->record), DB_I64("id", k->identifier));
    return rc ? rc : identity_review_add(c, "too_many_receipts", k->root, k->root, k->claim, d->item);
}

static void insert_sorted(struct decision *d, struct candidate k)
{
    size_t at = d->count++;
    while (at > 0 && d->candidates[at - 1].rule->priority > k.rule->priority) {
        d->candidates[at] = d->candidates[at - 1];
        at--;
    }
    d->candidates[at] = k;
}

static enum rc collect(struct ctx *c, struct decision *d)
{
    for (size_t i = 0; i < d->item->claim_count && d->count < CANDIDATES_MAX; i++) {
        struct identity_claim *claim = &d->item->claims[i];
        claim->left_out = false;
        if (claim->verdict != VAULT_OK)
            continue;
        if (claim->kind == IDENTITY_DEVICE) {
            d->device = d->item->shared_device ? NULL : claim;
            continue;
        }
        if (!claim->proven)
            continue;
        struct candidate k = {.claim = claim, .rule = identity_rule(claim->kind)};
        bool believed = true;
        k.record = around_holder(d->around, claim->hash, &k.identifier);
        k.root = k.record ? around_root(d->around, k.record) : 0;
        enum rc rc = watch_use(c, d, &k, &believed);
        if (rc)
            return rc;
        if (believed)
            insert_sorted(d, k);
    }
    return RC_OK;
}

/* ---- may two be one? ---- */

static bool counts_for_uniqueness(const struct held *h)
{
    return h->status != IDENTIFIER_REMOVED && identity_rule((enum identity_kind)h->kind)->unique;
}

static bool differs(const struct held *a, const struct held *b)
{
    return a->kind == b->kind && str_eq(a->scope, b->scope) && memcmp(a->hash, b->hash, sizeof(a->hash)) != 0;
}

static bool differs_from_any(const struct held *one, const struct held *list)
{
    for (const struct held *h = list; h; h = h->next)
        if (counts_for_uniqueness(h) && differs(one, h))
            return true;
    return false;
}

/* Do both hold a unique identifier of the same kind and scope, but different ones? Two shop accounts are two people. */
static bool unique_differs(const struct decision *d, int64_t left, int64_t right)
{
    for (const struct held *h = around_held(d->around, left); h; h = h->next)
        if (counts_for_uniqueness(h) && differs_from_any(h, around_held(d->around, right)))
            return true;
    return false;
}

/* Would this person then hold two different unique identifiers, because of a claim that nobody holds yet? */
static bool claims_differ(const struct decision *d, size_t below, int64_t root)
{
    for (size_t i = 0; i < below; i++) {
        const struct candidate *k = &d->candidates[i];
        struct held wanted = {.kind = k->claim->kind, .scope = identity_scope(k->claim)};
        memcpy(wanted.hash, k->claim->hash, sizeof(wanted.hash));
        if (!k->root && k->rule->unique && differs_from_any(&wanted, around_held(d->around, root)))
            return true;
    }
    return false;
}

/* Did people take off one of the two what came here as the other's? Then they are not one, however the source repeats it. */
static bool are_parted(const struct decision *d, int64_t other)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct candidate *k = &d->candidates[i];
        if ((k->root == other && around_is_removed(d->around, d->person, k->claim)) || (k->root == d->person && around_is_removed(d->around, other, k->claim)))
            return true;
    }
    return false;
}

static enum rc merge(struct ctx *c, struct decision *d, int64_t winner, int64_t loser, const char *rule)
{
    enum rc rc = identity_merge(c, winner, loser, rule, d->item);
    if (!rc)
        around_merged(d->around, winner, loser);
    return rc;
}

/* The older record wins: its id was given out first, and may stand on more papers. */
static enum rc join(struct ctx *c, struct decision *d, const struct candidate *k)
{
    int64_t winner = d->person < k->root ? d->person : k->root;
    int64_t loser = winner == d->person ? k->root : d->person;
    enum rc rc = merge(c, d, winner, loser, k->rule->word);
    if (!rc) {
        d->person = winner;
        d->item->outcome = IDENTITY_MERGED;
    }
    return rc;
}

static enum rc consider(struct ctx *c, struct decision *d, size_t i)
{
    struct candidate *k = &d->candidates[i];
    k->root = around_root(d->around, k->root); /* an earlier candidate may have merged it */
    if (k->root == d->person)
        return RC_OK;
    bool two_people = d->person ? unique_differs(d, d->person, k->root) : claims_differ(d, i, k->root);
    bool parted = !two_people && d->person && are_parted(d, k->root);
    if (two_people || parted) {
        add_conflict(d, parted ? "removed" : "unique_differs", k->root, k->claim);
        return RC_OK;
    }
    if (d->person)
        return join(c, d, k);
    d->person = k->root;
    d->item->outcome = IDENTITY_FOUND;
    return RC_OK;
}

static enum rc find_person(struct ctx *c, struct decision *d)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && i < d->count; i++)
        if (d->candidates[i].root)
            rc = consider(c, d, i);
    if (!rc && !d->person && d->count && d->item->may_create) {
        d->person = id_next();
        d->item->outcome = IDENTITY_CREATED;
    }
    return rc;
}

/* ---- what is new about her ---- */

static enum rc add_evidence(struct ctx *c, const struct decision *d, const struct candidate *k)
{
    struct held *held = around_identifier(d->around, k->record, k->identifier);
    if (held && around_has_evidence(held, d->item->source_id, k->rule->word))
        return RC_OK;
    if (held)
        around_evidence(d->around, held, d->item->source_id, k->rule->word);
    return identity_evidence_add(c, d->item, k->claim, k->record, k->identifier);
}

/* Is there room for one more identifier of that kind? */
static bool has_room(const struct decision *d, const struct candidate *k)
{
    int count = 0;
    for (const struct held *h = around_held(d->around, d->person); h; h = h->next)
        count += h->kind == (int64_t)k->claim->kind && h->status != IDENTIFIER_REMOVED && str_eq(h->scope, identity_scope(k->claim));
    return count < k->rule->per_person;
}

static enum rc attach(struct ctx *c, struct decision *d, struct candidate *k)
{
    if (!has_room(d, k)) {
        add_conflict(d, "too_many", d->person, k->claim);
        return RC_OK;
    }
    k->record = d->person;
    enum rc rc = identity_attach(c, d->item, k->claim, k->record, &k->identifier);
    if (rc)
        return rc;
    around_attached(d->around, k->claim, k->record, k->identifier);
    around_evidence(d->around, around_identifier(d->around, k->record, k->identifier), d->item->source_id, k->rule->word);
    return RC_OK;
}

static bool is_hers(const struct decision *d, const struct candidate *k)
{
    return k->root && (k->root == d->person || d->item->outcome == IDENTITY_MERGED);
}

/* What people took off her is not learned again, whoever holds it now. */
static void leave_out(const struct decision *d)
{
    bool fresh = d->item->outcome == IDENTITY_CREATED;
    for (size_t i = 0; !fresh && i < d->count; i++)
        if (!is_hers(d, &d->candidates[i]))
            d->candidates[i].claim->left_out = around_is_removed(d->around, d->person, d->candidates[i].claim);
}

static enum rc attach_all(struct ctx *c, struct decision *d)
{
    enum rc rc = RC_OK;
    leave_out(d);
    for (size_t i = 0; !rc && i < d->count; i++) {
        struct candidate *k = &d->candidates[i];
        if (k->claim->left_out)
            continue;
        if (!k->root) {
            rc = attach(c, d, k);
        } else if (is_hers(d, k)) {
            rc = db_run_later(c->db, "identifier_used", DB_I64("at_us", d->item->at_us), DB_I64("customer_id", k->record), DB_I64("id", k->identifier));
            if (!rc)
                rc = add_evidence(c, d, k);
        }
    }
    return rc;
}

/* ---- her device ---- */

/* *ret_root: the record of today, 0 nobody's. */
static struct link *link_of(const struct decision *d, int64_t *ret_root)
{
    struct link *link = around_link(d->around, d->item->subject);
    *ret_root = link->customer_id ? around_root(d->around, link->customer_id) : 0;
    return link;
}

static enum rc link_add(struct ctx *c, const struct decision *d, int64_t customer_id, bool pseudonym)
{
    const struct identity_item *item = d->item;
    struct link *link = around_link(d->around, item->subject);
    link->customer_id = customer_id;
    link->pseudonym = pseudonym;
    enum rc rc = db_run_later(c->db, "subject_link_insert", DB_I64("subject", item->subject), DB_I64("customer_id", customer_id), DB_I64("is_device", d->device != NULL),
                              DB_I64("pseudonym", pseudonym), DB_I64("at_us", item->at_us));
    if (!rc)
        rc = db_run_later(c->db, "customer_subject_insert", DB_I64("customer_id", customer_id), DB_I64("subject", item->subject));
    if (!rc && d->device && !pseudonym)
        rc = identity_evidence_add(c, item, d->device, customer_id, item->subject);
    return rc ? rc : change_add(c, CHANGE_SUBJECT, item->subject, customer_id, 1);
}

/* Binds the device to the person: what it did before becomes hers. A device that two people prove is shared from then on. */
static enum rc bind_device(struct ctx *c, struct decision *d)
{
    int64_t root;
    struct link *link = link_of(d, &root);
    if (root == d->person || link->shared)
        return RC_OK;
    if (!root)
        return link_add(c, d, d->person, false);
    if (link->pseudonym) {
        enum rc rc = d->device ? identity_evidence_add(c, d->item, d->device, root, d->item->subject) : RC_OK;
        return rc ? rc : merge(c, d, d->person, root, "device");
    }
    add_conflict(d, "device_shared", root, &d->item->claims[0]);
    link->shared = true;
    enum rc rc = db_run_later(c->db, "subject_link_share", DB_I64("subject", d->item->subject));
    return rc ? rc : change_add(c, CHANGE_SUBJECT, d->item->subject, root, 1);
}

/* ---- nobody proven ---- */

static enum rc resolve_unproven(struct ctx *c, struct decision *d)
{
    struct identity_item *item = d->item;
    int64_t root = 0;
    struct link *link = d->device ? link_of(d, &root) : NULL;
    if (item->subject && identity_has_claimed(item->claims, item->claim_count))
        item->outcome = IDENTITY_CLAIMED;
    if (root && !link->shared) {
        item->customer_id = root;
        if (!link->pseudonym)
            item->outcome = IDENTITY_FOUND;
        return RC_OK;
    }
    if (!item->needs_person)
        return RC_OK;
    item->customer_id = id_next();
    return d->device && !root ? link_add(c, d, item->customer_id, true) : RC_OK;
}

static enum rc note_conflicts(struct ctx *c, const struct decision *d)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && i < d->conflict_count; i++)
        rc = identity_review_add(c, d->conflicts[i].rule, d->person, d->conflicts[i].other, d->conflicts[i].claim, d->item);
    if (d->conflict_count && d->item->outcome == IDENTITY_FOUND)
        d->item->outcome = IDENTITY_CONFLICT;
    return rc;
}

static bool names_a_device(const struct identity_item *item)
{
    for (size_t i = 0; i < item->claim_count; i++)
        if (item->claims[i].kind == IDENTITY_DEVICE)
            return true;
    return false;
}

static enum rc resolve_one(struct ctx *c, struct identity_item *item, struct around *around)
{
    struct decision d = {.item = item, .around = around};
    item->outcome = IDENTITY_NOBODY;
    item->customer_id = 0;
    enum rc rc = collect(c, &d);
    d.bindable = item->subject && (d.device || (!names_a_device(item) && strcmp(item->ref_kind, "event") == 0));
    if (!rc)
        rc = find_person(c, &d);
    if (rc || !d.person)
        return rc ? rc : resolve_unproven(c, &d);
    rc = attach_all(c, &d);
    if (!rc && d.bindable)
        rc = bind_device(c, &d);
    if (!rc)
        rc = note_conflicts(c, &d);
    item->customer_id = d.person;
    return rc;
}

enum rc identity_prepare(struct ctx *c, struct identity_item *items, size_t count)
{
    enum rc rc = identity_judge(c, items, count);
    for (size_t i = 0; !rc && i < count; i++)
        items[i].subject = subject_of(c->app, &items[i]);
    return rc;
}

enum rc identity_resolve(struct ctx *c, struct identity_item *items, size_t count)
{
    struct around *around;
    enum rc rc = around_read(c, items, count, &around);
    for (size_t i = 0; !rc && i < count; i++)
        rc = resolve_one(c, &items[i], around);
    return rc;
}
