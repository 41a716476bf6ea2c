/* The record page: who she is, what makes her one person, how she stands now. Other modules' part comes by hooks. */
#include "customer/customer_priv.h"

enum { NOTES_SHOWN = 50, YEAR_DAYS = 365 };

static enum rc who_find(struct ctx *c, int64_t id, struct who *ret)
{
    struct who who = {0};
    struct profile *records;
    size_t count = 0;
    enum rc rc = customer_members(c, id, &who.members, &who.member_count);
    if (!rc)
        rc = profile_load(c, who.members, who.member_count, &records, &count);
    if (rc)
        return rc;
    if (count == 0)
        return ctx_fail(c, RC_NOT_FOUND, "id", "unknown");
    const struct profile *at_home = profile_newest(records, count, PROFILE_HOME_STORE);
    if (c->actor && !access_can_see_store(c->actor, at_home ? at_home->v[PROFILE_HOME_STORE].number : 0))
        return ctx_fail(c, RC_DENIED, "id", "other_store");
    who.root = who.members[0];
    for (size_t i = 0; i < count; i++)
        who.rev += records[i].rev;
    *ret = who;
    return RC_OK;
}

enum rc who_open(struct ctx *c, const struct request *r, struct who *ret)
{
    int64_t id;
    enum rc rc = request_param_id(c, r, 0, &id);
    return rc ? rc : who_find(c, id, ret);
}

enum rc customer_open(struct ctx *c, int64_t customer_id, int64_t **ret_members, size_t *ret_count)
{
    struct who who;
    enum rc rc = who_find(c, customer_id, &who);
    if (rc)
        return rc;
    *ret_members = who.members;
    *ret_count = who.member_count;
    return RC_OK;
}

/* ---- identifiers ---- */

static const struct view_contact *contact_of(const struct view *v, const struct customer_identifier *i)
{
    for (size_t k = 0; k < v->contact_count; k++)
        if (memcmp(v->contacts[k].hash, i->hash, CUSTOMER_HASH) == 0)
            return &v->contacts[k];
    return NULL;
}

static bool is_removed(const struct customer_identifier *i)
{
    return strcmp(i->status, "removed") == 0;
}

/* What is removed and was added again stands here twice, and says itself in the row that is hers. */
static struct str masked_of(const struct view *v, const struct customer_identifier *i, struct str removed)
{
    const struct view_contact *contact = contact_of(v, i);
    return removed.len ? removed : contact && !is_removed(i) ? contact->masked : STR("");
}

static void write_identifier(const struct view *v, const struct customer_identifier *i, struct str source, struct str removed, struct jw *w)
{
    jw_object(w);
    jw_kv_id(w, "id", i->id);
    jw_kv_z(w, "kind", i->kind);
    jw_kv_str(w, "masked", masked_of(v, i, removed));
    jw_kv_str(w, "scope", i->scope);
    jw_kv_z(w, "status", i->status);
    jw_kv_time(w, "first_at", i->first_us);
    jw_kv_time(w, "last_at", i->last_us);
    jw_kv_str(w, "source", source);
    jw_kv_i64(w, "links", i->links);
    jw_object_end(w);
}

static bool is_identified(const struct view_contact *contact, const struct customer_identifier *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_removed(&list[i]) && memcmp(list[i].hash, contact->hash, CUSTOMER_HASH) == 0)
            return true;
    return false;
}

/* What her sources say of her, but is no identifier of hers: somebody else holds it, or she has too many of the kind. */
static void write_noted(const struct view *v, const struct customer_identifier *list, size_t count, struct jw *w)
{
    for (size_t i = 0; i < v->contact_count; i++) {
        const struct view_contact *contact = &v->contacts[i];
        bool typed = contact->kind == VAULT_PHONE || contact->kind == VAULT_EMAIL || contact->kind == VAULT_CARD;
        if (!typed || is_identified(contact, list, count))
            continue;
        const struct customer_identifier at = {.id = contact->id, .kind = customer_contact_word(contact->kind), .scope = STR(""), .status = "noted",
                                               .first_us = contact->last_us, .last_us = contact->last_us, .links = 0};
        write_identifier(v, &at, STR(""), contact->masked, w);
    }
}

static enum rc write_identifiers(struct ctx *c, const struct view *v, struct jw *w)
{
    const struct customer_identity *face = customer_identity();
    struct customer_identifier *list = NULL;
    struct id_name *names;
    size_t count = 0, name_count;
    enum rc rc = face ? face->identifiers(c, v->members, v->member_count, &list, &count) : RC_OK;
    if (rc)
        return rc;
    int64_t *sources = arena_new_array(c->arena, int64_t, count);
    struct str *removed = arena_new_array(c->arena, struct str, count);
    bool any_removed = false;
    for (size_t i = 0; i < count; i++) {
        sources[i] = list[i].source_id;
        any_removed |= is_removed(&list[i]);
    }
    rc = names_load(c, "customer_source_names", sources, count, &names, &name_count);
    if (!rc && any_removed)
        rc = contacts_removed(c, v, list, count, removed);
    if (rc)
        return rc;
    jw_key(w, "identifiers");
    jw_array(w);
    for (size_t i = 0; i < count; i++)
        write_identifier(v, &list[i], names_find(names, name_count, list[i].source_id), removed[i], w);
    if (face)
        write_noted(v, list, count, w);
    jw_array_end(w);
    return RC_OK;
}

/* ---- addresses and notes ---- */

struct texts {
    struct str *texts;
    struct note {
        int64_t id, at_us, staff_id;
    } *notes;
    size_t count;
};

static enum rc load_addresses(struct ctx *c, const struct view *v, struct sealed_batch *b, struct texts *ret)
{
    *ret = (struct texts){.texts = arena_new_array(c->arena, struct str, NOTES_SHOWN)};
    struct db_rows *q = db_query(c->db, "customer_addresses", DB_IDS("ids", v->members, v->member_count));
    while (ret->count < NOTES_SHOWN && db_next(q))
        sealed_add(c, b, VAULT_ADDRESS, db_i64(q, "id"), db_i64(q, "sealed_for"), arena_str(c->arena, db_blob(q, "value")), &ret->texts[ret->count++]);
    return db_end(q);
}

static enum rc load_notes(struct ctx *c, const struct view *v, struct sealed_batch *b, struct texts *ret)
{
    *ret = (struct texts){.texts = arena_new_array(c->arena, struct str, NOTES_SHOWN), .notes = arena_new_array(c->arena, struct note, NOTES_SHOWN)};
    struct db_rows *q = db_query(c->db, "customer_notes", DB_IDS("ids", v->members, v->member_count), DB_I64("limit", NOTES_SHOWN));
    while (ret->count < NOTES_SHOWN && db_next(q)) {
        ret->notes[ret->count] = (struct note){db_i64(q, "id"), db_i64(q, "at_us"), db_i64(q, "staff_id")};
        sealed_add(c, b, VAULT_TEXT, db_i64(q, "id"), db_i64(q, "sealed_for"), arena_str(c->arena, db_blob(q, "text")), &ret->texts[ret->count]);
        ret->count++;
    }
    return db_end(q);
}

static void write_strings(struct jw *w, const char *key, const struct texts *t)
{
    jw_key(w, key);
    jw_array(w);
    for (size_t i = 0; i < t->count; i++)
        jw_str(w, t->texts[i]);
    jw_array_end(w);
}

static enum rc write_notes(struct ctx *c, const struct texts *t, struct jw *w)
{
    int64_t *staff = arena_new_array(c->arena, int64_t, t->count);
    struct id_name *names;
    size_t name_count;
    for (size_t i = 0; i < t->count; i++)
        staff[i] = t->notes[i].staff_id;
    enum rc rc = names_load(c, "customer_staff_names", staff, t->count, &names, &name_count);
    if (rc)
        return rc;
    jw_key(w, "notes");
    jw_array(w);
    for (size_t i = 0; i < t->count; i++) {
        jw_object(w);
        jw_kv_id(w, "id", t->notes[i].id);
        jw_kv_str(w, "text", t->texts[i]);
        jw_kv_str(w, "by", names_find(names, name_count, t->notes[i].staff_id));
        jw_kv_time(w, "at", t->notes[i].at_us);
        jw_object_end(w);
    }
    jw_array_end(w);
    return RC_OK;
}

/* ---- consents ---- */

/* Rows come newest first within each purpose and channel: the first of each is how it stands. */
static enum rc write_consents(struct ctx *c, const struct view *v, struct jw *w)
{
    struct str purpose = STR_NULL, channel = STR_NULL;
    jw_key(w, "consents");
    jw_array(w);
    struct db_rows *q = db_query(c->db, "customer_consents", DB_IDS("ids", v->members, v->member_count));
    while (db_next(q)) {
        if (purpose.ptr && str_eq(db_text(q, "purpose"), purpose) && str_eq(db_text(q, "channel"), channel))
            continue;
        purpose = arena_str(c->arena, db_text(q, "purpose"));
        channel = arena_str(c->arena, db_text(q, "channel"));
        jw_object(w);
        jw_kv_str(w, "purpose", purpose);
        jw_kv_str(w, "channel", channel);
        jw_kv_z(w, "status", customer_consent_words[db_i64(q, "status")]);
        jw_kv_str(w, "text_version", db_text(q, "text_version"));
        jw_kv_time(w, "at", db_i64(q, "at_us"));
        jw_kv_str(w, "proof", db_text(q, "proof"));
        jw_object_end(w);
    }
    jw_array_end(w);
    return db_end(q);
}

/* ---- how she stands now ---- */

struct totals {
    struct channel_totals *channels;
    size_t count;
    struct channel_totals all, web;
};

static void add_up(struct channel_totals *sum, const struct channel_totals *t)
{
    sum->orders += t->orders;
    sum->spent_minor += t->spent_minor;
    sum->bought_minor += t->bought_minor;
    sum->returns += t->returns;
    sum->returned_minor += t->returned_minor;
    sum->orders_year += t->orders_year;
    sum->spent_year_minor += t->spent_year_minor;
    sum->last_order_us = t->last_order_us > sum->last_order_us ? t->last_order_us : sum->last_order_us;
}

static enum rc load_totals(struct ctx *c, const struct view *v, struct totals *ret)
{
    enum rc rc = RC_OK;
    *ret = (struct totals){.count = 0};
    for (size_t i = 0; !rc && modules[i]; i++)
        if (modules[i]->on_record)
            rc = modules[i]->on_record(c, v->members, v->member_count, &ret->channels, &ret->count);
    for (size_t i = 0; !rc && i < ret->count; i++) {
        add_up(&ret->all, &ret->channels[i]);
        if (!str_eqz(ret->channels[i].channel, "store"))
            add_up(&ret->web, &ret->channels[i]);
    }
    return rc;
}

static void write_percent(struct jw *w, const char *key, int64_t part, int64_t whole)
{
    jw_key(w, key);
    if (whole > 0)
        jw_i64(w, (200 * part + whole) / (2 * whole));
    else
        jw_null(w);
}

static void write_now(struct ctx *c, const struct totals *t, struct jw *w)
{
    const struct channel_totals *all = &t->all;
    jw_key(w, "now");
    jw_object(w);
    jw_kv_i64(w, "orders_year", all->orders_year);
    jw_kv_money(w, "spent_year", all->spent_year_minor, 2);
    jw_kv_money(w, "average_order", all->orders ? all->bought_minor / all->orders : 0, 2);
    jw_kv_time(w, "last_order_at", all->last_order_us);
    jw_key(w, "days_since");
    if (all->last_order_us)
        jw_i64(w, (c->now_us - all->last_order_us) / US_PER_DAY);
    else
        jw_null(w);
    write_percent(w, "web_share_percent", t->web.bought_minor, all->bought_minor);
    write_percent(w, "store_share_percent", all->bought_minor - t->web.bought_minor, all->bought_minor);
    write_percent(w, "return_rate_percent", all->returned_minor, all->bought_minor);
    jw_kv_i64(w, "open_complaints", 0);
    jw_object_end(w);
}

static void write_channels(const struct totals *t, struct jw *w)
{
    jw_key(w, "channels_totals");
    jw_array(w);
    for (size_t i = 0; i < t->count; i++) {
        jw_object(w);
        jw_kv_str(w, "channel", t->channels[i].channel);
        jw_kv_i64(w, "orders", t->channels[i].orders);
        jw_kv_money(w, "spent", t->channels[i].spent_minor, 2);
        jw_kv_i64(w, "returns", t->channels[i].returns);
        jw_object_end(w);
    }
    jw_array_end(w);
}

/* ---- the page ---- */

static void write_profile(const struct view *v, int64_t asked_id, struct str birthday, struct jw *w)
{
    struct str tastes = view_text(v, PROFILE_TASTES);
    jw_key(w, "merged_into");
    if (asked_id == v->root)
        jw_null(w);
    else
        jw_id(w, v->root);
    jw_key(w, "members");
    jw_array(w);
    for (size_t i = 0; i < v->member_count; i++)
        jw_id(w, v->members[i]);
    jw_array_end(w);
    jw_kv_str(w, "birthday", birthday);
    view_write_sizes(v, w);
    jw_key(w, "tastes");
    jw_raw(w, tastes.len ? tastes : STR("[]"));
}

enum rc record_write(struct ctx *c, int64_t asked_id, struct view *v, struct jw *w)
{
    struct sealed_batch sealed = {.count = 0};
    struct texts addresses, notes;
    struct totals totals;
    struct refund_view refund;
    struct str birthday = STR("");
    const struct profile *born = profile_newest(v->records, v->record_count, PROFILE_BIRTHDAY);
    enum rc rc = load_addresses(c, v, &sealed, &addresses);
    if (!rc)
        rc = load_notes(c, v, &sealed, &notes);
    if (!rc)
        rc = refund_load(c, v, &refund, &sealed);
    if (rc)
        return rc;
    if (born)
        sealed_add(c, &sealed, VAULT_BIRTHDAY, born->id, born->sealed_for, born->v[PROFILE_BIRTHDAY].text, &birthday);
    for (size_t i = 0; i < v->contact_count; i++)
        sealed_add(c, &sealed, v->contacts[i].kind, v->contacts[i].id, v->contacts[i].sealed_for, v->contacts[i].sealed, &v->contacts[i].masked);
    rc = sealed_mask(c, &sealed);
    if (!rc)
        rc = load_totals(c, v, &totals);
    if (rc)
        return rc;
    jw_object(w);
    view_write_row(c, v, w);
    write_profile(v, asked_id, birthday, w);
    write_strings(w, "addresses", &addresses);
    write_now(c, &totals, w);
    write_channels(&totals, w);
    rc = write_identifiers(c, v, w);
    if (!rc)
        rc = write_notes(c, &notes, w);
    if (!rc)
        rc = write_consents(c, v, w);
    jw_key(w, "refund_account");
    refund_write(&refund, w);
    jw_key(w, "relations");
    if (!rc)
        rc = relations_write(c, v, w);
    jw_object_end(w);
    return rc;
}

enum rc customer_show(struct ctx *c, const struct request *r, struct reply *p)
{
    struct view v;
    int64_t id;
    enum rc rc = request_param_id(c, r, 0, &id);
    if (!rc)
        rc = view_open(c, id, &v);
    if (!rc)
        rc = record_write(c, id, &v, &p->json);
    if (!rc)
        reply_rev(c, p, v.rev);
    return rc;
}
