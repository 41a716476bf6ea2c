/* One transaction for a group of units: drop repeats → who is it → what was learned → orders → event log → quarantine.
 * Everything here may run twice (db_tx), so each pass starts from the items as they were parsed. */
#include "base/id.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "db/pool.h"
#include "intake/intake_priv.h"

#include <assert.h>

struct group {
    struct intake *from;                 /* what comes while the transaction waits for its turn joins; NULL: nothing does */
    struct intake_unit *units, **end;
    size_t bytes;
    size_t item_count;
    struct intake_item **items;          /* of all units, in order */
    struct intake_unit **unit_of;
    struct identity_item *may;           /* what may be asked of identity, prepared once */
    struct intake_item **may_item;
    size_t may_count;
    struct identity_item *who;           /* what is asked, in one batch: repeats are not */
    struct intake_item **who_item;
    size_t who_count;
};

/* ---- gathering ---- */

static struct identity_item question(const struct intake_unit *u, const struct intake_item *item)
{
    bool receipt = item->kind == INTAKE_DOCUMENT;
    return (struct identity_item){
        .source_id = u->source.id, .trusted = u->source.trusted, .shared_device = u->source.shared_device,
        .may_create = item->may_create, .needs_person = item->sale != NULL,
        .business_day = receipt && item->sale->kind == SALE_RECEIPT ? item->sale->business_day : 0,
        .at_us = item->sale ? item->sale->at_us : item->kind == INTAKE_PROFILE ? item->traits->at_us : item->event.at_us,
        .ref_id = item->event.id, .ref_kind = receipt ? "receipt" : item->kind == INTAKE_PROFILE ? "import" : "event",
        .claims = item->claims, .claim_count = item->claim_count};
}

static size_t items_of(const struct intake_unit *units)
{
    size_t count = 0;
    for (const struct intake_unit *u = units; u; u = u->next)
        count += u->count;
    return count;
}

static void make_room(struct ctx *c, struct group *g, size_t more)
{
    struct group old = *g;
    size_t all = g->item_count + more + 1;
    g->items = arena_new_array(c->arena, struct intake_item *, all);
    g->unit_of = arena_new_array(c->arena, struct intake_unit *, all);
    g->may = arena_new_array(c->arena, struct identity_item, all);
    g->may_item = arena_new_array(c->arena, struct intake_item *, all);
    if (old.item_count == 0)
        return;
    memcpy(g->items, old.items, old.item_count * sizeof(*g->items));
    memcpy(g->unit_of, old.unit_of, old.item_count * sizeof(*g->unit_of));
    memcpy(g->may, old.may, old.may_count * sizeof(*g->may));
    memcpy(g->may_item, old.may_item, old.may_count * sizeof(*g->may_item));
}

static void add_item(struct group *g, struct intake_unit *u, struct intake_item *item)
{
    g->unit_of[g->item_count] = u;
    g->items[g->item_count++] = item;
    if (item->kind == INTAKE_BAD || (item->claim_count == 0 && !item->sale))
        return;
    g->may[g->may_count] = question(u, item);
    g->may_item[g->may_count++] = item;
}

/* Also asks the vault, while nobody waits for this transaction. */
static enum rc gather(struct ctx *c, struct group *g, struct intake_unit *units)
{
    size_t known = g->may_count;
    make_room(c, g, items_of(units));
    *g->end = units;
    for (struct intake_unit *u = units; u; u = u->next) {
        for (size_t i = 0; i < u->count; i++)
            add_item(g, u, &u->items[i]);
        g->bytes += u->bytes;
        g->end = &u->next;
    }
    return g->may_count > known ? identity_prepare(c, g->may + known, g->may_count - known) : RC_OK;
}

struct gathering {
    struct ctx *c;
    struct group *g;
    enum rc rc;
};

static void gather_more(void *arg)
{
    struct gathering *a = arg;
    struct intake_unit *units = a->rc ? NULL : intake_more(a->g->from, a->g->bytes);
    if (units)
        a->rc = gather(a->c, a->g, units);
}

static enum rc wait_for_turn(struct ctx *c, struct group *g)
{
    struct gathering a = {c, g, RC_OK};
    enum rc rc = g->from ? db_tx_turn(c->db, gather_more, &a) : RC_OK;
    return rc ? rc : a.rc;
}

static void forget_results(struct group *g)
{
    g->who_count = 0;
    for (size_t i = 0; i < g->item_count; i++) {
        struct intake_item *item = g->items[i];
        item->outcome = item->kind == INTAKE_BAD ? INTAKE_REFUSED : INTAKE_NEW;
        item->why = item->reason;
        item->id = item->kind == INTAKE_EVENT ? item->event.id : 0;
        item->customer_id = 0;
        item->who = IDENTITY_NOBODY;
        item->subject = item->event.subject;
    }
}

/* What will be asked for each document, whatever else is found out: it travels with the transaction's first question. */
static enum rc ask_ahead(struct ctx *c, const struct group *g)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && i < g->item_count; i++) {
        const struct intake_item *item = g->items[i];
        if (item->kind != INTAKE_BAD && item->sale)
            rc = sales_ahead(c, item->sale->key, item->sale);
        else if (item->kind != INTAKE_BAD && item->order.status)
            rc = sales_ahead(c, item->order.key, NULL);
    }
    return rc || g->may_count == 0 ? rc : identity_ahead(c, g->may, g->may_count);
}

/* ---- repeats ---- */

static void expect(struct ctx *c, const struct group *g, size_t i)
{
    if (i < g->item_count && g->items[i]->kind == INTAKE_EVENT)
        eventlog_expect(c->app->eventlog, g->items[i]->event.source_id, g->items[i]->event.message_id);
}

static enum rc drop_repeats(struct ctx *c, struct group *g)
{
    enum { AHEAD = 6 };
    for (size_t i = 0; i < g->item_count; i++) {
        struct intake_item *item = g->items[i];
        expect(c, g, i + AHEAD);
        if (item->kind == INTAKE_EVENT && eventlog_seen(c, c->app->eventlog, item->event.source_id, item->event.message_id))
            item->outcome = INTAKE_SAME;
        if (item->kind == INTAKE_DOCUMENT) { /* a known document keeps its customer: a repeat creates nobody */
            enum rc rc = sales_find(c, item->sale->key, &item->id);
            if (rc)
                return rc;
        }
    }
    return RC_OK;
}

/* ---- who is it ---- */

static bool asks_who(const struct intake_item *item)
{
    return item->outcome == INTAKE_NEW && !(item->kind == INTAKE_DOCUMENT && item->id);
}

static enum rc resolve(struct ctx *c, struct group *g)
{
    g->who = arena_new_array(c->arena, struct identity_item, g->may_count + 1);
    g->who_item = arena_new_array(c->arena, struct intake_item *, g->may_count + 1);
    for (size_t i = 0; i < g->may_count; i++)
        if (asks_who(g->may_item[i])) {
            g->who[g->who_count] = g->may[i];
            g->who_item[g->who_count++] = g->may_item[i];
        }
    enum rc rc = g->who_count ? identity_resolve(c, g->who, g->who_count) : RC_OK;
    for (size_t i = 0; !rc && i < g->who_count; i++) {
        struct intake_item *item = g->who_item[i];
        item->customer_id = g->who[i].customer_id;
        item->who = g->who[i].outcome;
        if (item->kind == INTAKE_EVENT)
            item->subject = g->who[i].subject;
    }
    return rc;
}

/* ---- what was learned ---- */

static void add_contacts(struct ctx *c, const struct identity_item *who, struct customer_traits *t)
{
    t->contacts = arena_new_array(c->arena, struct customer_contact, who->claim_count + 1);
    t->contact_count = 0;
    for (size_t i = 0; i < who->claim_count; i++) {
        const struct identity_claim *claim = &who->claims[i];
        if (!claim->proven || claim->left_out || claim->verdict != VAULT_OK || !identity_vault_field(claim->kind))
            continue;
        struct customer_contact *contact = &t->contacts[t->contact_count++];
        *contact = (struct customer_contact){.field = identity_vault_field(claim->kind), .value = claim->value, .scope = claim->scope};
        memcpy(contact->hash, claim->hash, sizeof(contact->hash));
    }
}

/* The store of a receipt, 0 of anything else: where she buys first is her home, and its assistants find her. An unknown one is
 * refused with the receipt, later. */
static enum rc store_of(struct ctx *c, const struct intake_item *item, int64_t *ret)
{
    struct store store = {.id = 0};
    bool receipt = item->kind == INTAKE_DOCUMENT && item->sale->kind == SALE_RECEIPT;
    enum rc rc = receipt ? catalog_store(c, item->sale->store_code, &store) : RC_OK;
    if (rc == RC_NOT_FOUND)
        ctx_clear(c);
    *ret = store.id;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static bool is_known(enum identity_outcome o)
{
    return o == IDENTITY_FOUND || o == IDENTITY_CREATED || o == IDENTITY_MERGED || o == IDENTITY_CONFLICT;
}

static enum rc learn(struct ctx *c, struct group *g)
{
    struct customer_traits *list = arena_new_array(c->arena, struct customer_traits, g->who_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < g->who_count; i++) {
        const struct identity_item *who = &g->who[i];
        const struct intake_item *item = g->who_item[i];
        if (!is_known(who->outcome) || who->claim_count == 0)
            continue;
        struct customer_traits t = item->traits && (who->trusted || who->outcome == IDENTITY_CREATED) ? *item->traits : (struct customer_traits){0};
        t.customer_id = who->customer_id;
        t.create = who->outcome == IDENTITY_CREATED;
        t.at_us = who->at_us;
        t.source_id = who->source_id;
        t.source_kind = item->kind == INTAKE_EVENT ? "identify" : who->ref_kind;
        t.ref_id = who->ref_id;
        enum rc rc = store_of(c, item, &t.first_store_id);
        if (rc)
            return rc;
        add_contacts(c, who, &t);
        list[count++] = t;
    }
    return count ? customer_learn(c, list, count) : RC_OK;
}

/* ---- orders ---- */

static enum rc put_sale(struct ctx *c, struct group *g, struct intake_item *item)
{
    enum sale_outcome outcome;
    item->sale->customer_id = item->customer_id;
    item->sale->member = item->sale->member && is_known(item->who);
    enum rc rc = sales_put(c, item->sale, &item->id, &outcome);
    if (rc == RC_CONFLICT || rc == RC_INVALID || rc == RC_NOT_FOUND) { /* reported for this item; the others go on */
        item->outcome = rc == RC_CONFLICT ? INTAKE_CONFLICT : INTAKE_REFUSED;
        item->why = arena_z(g->units->arena, str_z(c->error.cause[0] ? c->error.cause : "refused"));
        ctx_clear(c);
        return RC_OK;
    }
    if (rc)
        return rc;
    if (item->kind == INTAKE_DOCUMENT)
        item->outcome = (enum intake_outcome)outcome;
    return RC_OK;
}

/* What a return adds changes what a later document of the group is answered: then each asks for itself. */
static enum rc ask_ahead_of_known(struct ctx *c, const struct group *g)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < g->item_count; i++)
        if (g->items[i]->sale && sales_returns(g->items[i]->sale))
            return RC_OK;
    for (size_t i = 0; !rc && i < g->item_count; i++) {
        struct intake_item *item = g->items[i];
        if (item->sale && asks_who(item)) {
            item->sale->customer_id = item->customer_id;
            rc = sales_ahead_of_known(c, item->sale);
        }
    }
    return rc;
}

static enum rc put_sales(struct ctx *c, struct group *g)
{
    enum rc rc = ask_ahead_of_known(c, g);
    for (size_t i = 0; !rc && i < g->item_count; i++) {
        struct intake_item *item = g->items[i];
        enum sale_outcome outcome;
        if (item->outcome != INTAKE_NEW)
            continue;
        if (item->sale)
            rc = put_sale(c, g, item);
        else if (item->order.status)
            rc = sales_set_status(c, item->order.key, item->order.status, item->order.refund_minor, item->event.at_us, g->unit_of[i]->source.trusted, &outcome);
        if (rc == RC_NOT_FOUND || rc == RC_INVALID || rc == RC_CONFLICT) { /* a refund before its order, or of more than was paid: the event itself is kept */
            ctx_clear(c);
            rc = RC_OK;
        }
    }
    return rc;
}

/* ---- log and quarantine ---- */

static enum rc append_events(struct ctx *c, struct group *g)
{
    size_t count = 0;
    struct event *events = arena_new_array(c->arena, struct event, g->item_count + 1);
    for (size_t i = 0; i < g->item_count; i++) {
        const struct intake_item *item = g->items[i];
        if (item->kind != INTAKE_EVENT || item->outcome == INTAKE_SAME || item->outcome == INTAKE_REFUSED)
            continue;
        events[count] = item->event;
        events[count].props = intake_props_with_claims(c->arena, item);
        events[count++].subject = item->subject;
    }
    return count ? eventlog_append(c, c->app->eventlog, events, count) : RC_OK;
}

static enum rc quarantine(struct ctx *c, struct group *g)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && i < g->item_count; i++) {
        const struct intake_item *item = g->items[i];
        if (item->kind == INTAKE_BAD)
            rc = db_run_later(c->db, "quarantine_insert", DB_I64("id", item->event.id), DB_I64("source_id", g->unit_of[i]->source.id),
                              DB_I64("received_us", g->unit_of[i]->received_us), DB_TEXT("reason", str_z(item->reason)), DB_TEXT("raw", item->raw));
    }
    return rc;
}

static enum rc apply(struct ctx *c, void *arg)
{
    struct group *g = arg;
    eventlog_ended(c->app->eventlog, false); /* of a pass before this one, that was rolled back */
    enum rc rc = eventlog_catch_up_ahead(c, c->app->eventlog);
    if (!rc)
        rc = wait_for_turn(c, g);
    forget_results(g);
    if (!rc)
        rc = ask_ahead(c, g);
    if (!rc)
        rc = eventlog_catch_up(c, c->app->eventlog);
    if (!rc)
        rc = drop_repeats(c, g);
    if (!rc)
        rc = resolve(c, g);
    if (!rc)
        rc = learn(c, g);
    if (!rc)
        rc = put_sales(c, g);
    if (!rc)
        rc = append_events(c, g);
    return rc ? rc : quarantine(c, g);
}

enum rc intake_commit(struct ctx *c, struct intake *from, struct intake_unit *units)
{
    struct group g = {.from = from, .units = units, .end = &units};
    enum rc rc = gather(c, &g, units);
    if (rc)
        return rc;
    rc = db_pool_tx_unsynced(c, c->app->truth, apply, &g);
    eventlog_ended(c->app->eventlog, rc == RC_OK);
    customer_ended(c, rc == RC_OK);
    return rc;
}
