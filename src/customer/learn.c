/* What is new: compares what sources say with what a record holds, value by value, by the time it was so. Deciding
 * happens here; sealing and writing in learn_write.c. Who a person is was decided before, by identity. */
#include "customer/learn_priv.h"

enum { CAME_AGAIN_US = 3600 * US_PER_S }; /* a contact's last time is kept to the hour: no write for every event */

/* ---- one form for each value ---- */

struct str customer_address_text(struct arena *a, const struct customer_address *address)
{
    const struct str parts[] = {address->province, address->city, address->district, address->street, address->zip, address->recipient};
    _cleanup_buf_ struct buf text = BUF_INIT(8 << 10);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (i)
            buf_add_byte(&text, '\x1f');
        buf_add(&text, str_trim(parts[i]));
    }
    return text.failed || text.len == sizeof(parts) / sizeof(parts[0]) - 1 ? STR_NULL : arena_str(a, buf_str(&text));
}

struct str customer_birthday_text(struct arena *a, struct str birthday)
{
    struct str s = str_trim(birthday);
    int32_t day;
    if (s.len == 5) /* a leap year, so that 02-29 counts */
        return clock_parse_day(arena_concat(a, STR("2000-"), s), &day) ? arena_concat(a, STR("0000-"), s) : STR_NULL;
    return s.len == 10 && clock_parse_day(s, &day) ? s : STR_NULL;
}

struct str customer_plain(struct arena *a, enum vault_field field, struct str value)
{
    if (field == VAULT_BIRTHDAY && str_starts(value, STR("0000-")))
        return str_sub(value, 5, value.len);
    if (field != VAULT_ADDRESS && field != VAULT_REFUND)
        return value;
    char *out = arena_alloc(a, value.len + 1);
    size_t len = 0;
    struct str part, before = STR_NULL;
    while (str_split(&value, '\x1f', &part)) {
        if (part.len == 0 || str_eq(part, before)) /* 上海市 上海市 */
            continue;
        before = part;
        if (len)
            out[len++] = ' ';
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
    }
    return str_n(out, len);
}

/* ---- asking the vault whether values are the known ones ---- */

static void ask(struct learning *l, enum vault_field field, struct str value)
{
    l->asks = learning_grow(l->c, l->asks, l->ask_count, &l->ask_cap, sizeof(*l->asks));
    l->asks[l->ask_count++] = (struct vault_index){.field = field, .value = value};
}

/* The hash is good for this customer only, so that equal names of two people do not show in the table. */
static void ask_for(struct learning *l, int64_t customer_id, const char *what, struct str value)
{
    ask(l, VAULT_TEXT, arena_printf(l->c->arena, "%lld\x1f%s\x1f%.*s", (long long)customer_id, what, STR_FMT(value)));
}

static void ask_about(struct learning *l, const struct customer_traits *t)
{
    if (t->name.len) {
        ask(l, VAULT_NAME, t->name);
        ask_for(l, t->customer_id, "name", str_trim(t->name));
    }
    if (t->birthday.len)
        ask_for(l, t->customer_id, "birthday", customer_birthday_text(l->c->arena, t->birthday));
    for (size_t i = 0; i < t->address_count; i++)
        ask_for(l, t->customer_id, "address", customer_address_text(l->c->arena, &t->addresses[i]));
}

static const struct vault_index *answer(struct learning *l)
{
    return &l->asks[l->ask_at++];
}

/* ---- findings ---- */

static struct finding *find(struct learning *l, struct draft *d, const struct customer_traits *t, const char *field)
{
    l->findings = learning_grow(l->c, l->findings, l->finding_count, &l->finding_cap, sizeof(*l->findings));
    struct finding *f = &l->findings[l->finding_count++];
    *f = (struct finding){.draft = d, .from = t, .field = field, .key = PROFILE_COUNT, .at_us = t->at_us};
    return f;
}

static size_t seal(struct learning *l, struct draft *d, enum vault_field field, int64_t row_id, struct str value)
{
    l->seals = learning_grow(l->c, l->seals, l->seal_count, &l->seal_cap, sizeof(*l->seals));
    l->seals[l->seal_count++] = (struct vault_seal){.field = field, .place = sealed_place(field, row_id, d->p.sealed_for), .wrapped = d->wrapped, .value = value};
    return l->seal_count;
}

/* Her key was destroyed: nothing personal may be written for her again. */
static bool is_erased(const struct draft *d)
{
    return !d->fresh && d->wrapped.len == 0;
}

static bool is_newer(const struct profile_value *v, const struct customer_traits *t)
{
    return !v->said || t->at_us >= v->at_us;
}

static struct finding *profile_found(struct learning *l, struct draft *d, const struct customer_traits *t, enum profile_key key)
{
    struct finding *f = find(l, d, t, profile_fields[key].column);
    f->key = key;
    d->changed = d->saves = true;
    d->facets |= key == PROFILE_HOME_STORE || key == PROFILE_CLASS;
    d->p.v[key].said = true;
    d->p.v[key].at_us = t->at_us;
    return f;
}

/* The same value again, said later: only its time moves, so that what is older still does not replace it. */
static void said_again(struct draft *d, struct profile_value *v, int64_t at_us)
{
    d->saves |= at_us > v->at_us + CAME_AGAIN_US;
    v->at_us = at_us > v->at_us ? at_us : v->at_us;
}

static void apply_number(struct learning *l, struct draft *d, const struct customer_traits *t, enum profile_key key, int64_t number)
{
    struct profile_value *v = &d->p.v[key];
    if (!is_newer(v, t))
        return;
    if (v->said && v->number == number) {
        said_again(d, v, t->at_us);
        return;
    }
    struct str old = v->said ? arena_printf(l->c->arena, "%lld", (long long)v->number) : STR_NULL;
    struct finding *f = profile_found(l, d, t, key);
    f->old_text = old;
    f->new_text = arena_printf(l->c->arena, "%lld", (long long)number);
    v->number = number;
}

/* What stands open is redacted: a phone number among the tastes is no taste. */
static void apply_text(struct learning *l, struct draft *d, const struct customer_traits *t, enum profile_key key, struct str given)
{
    struct profile_value *v = &d->p.v[key];
    if (!is_newer(v, t))
        return;
    struct str text = vault_redact(l->c->arena, given);
    if (v->said && str_eq(v->text, text)) {
        said_again(d, v, t->at_us);
        return;
    }
    struct finding *f = profile_found(l, d, t, key);
    f->old_text = v->text;
    f->new_text = v->text = text;
}

static void apply_sealed(struct learning *l, struct draft *d, const struct customer_traits *t, enum profile_key key, struct str value, const struct vault_index *same)
{
    struct profile_value *v = &d->p.v[key];
    if (value.len == 0 || is_erased(d) || !is_newer(v, t))
        return;
    struct str hash = str_n(same->hash, CUSTOMER_HASH);
    if (str_eq(v->hash, hash)) {
        said_again(d, v, t->at_us);
        return;
    }
    struct finding *f = profile_found(l, d, t, key);
    f->kind = profile_fields[key].field;
    f->item_id = d->p.id;
    f->seal = seal(l, d, f->kind, d->p.id, value);
    f->hash = v->hash = arena_str(l->c->arena, hash);
}

static void apply_clear(struct learning *l, struct draft *d, const struct customer_traits *t)
{
    for (size_t k = 0; k < PROFILE_COUNT; k++) {
        struct profile_value *v = &d->p.v[k];
        bool empty = v->text.len == 0 && v->hash.len == 0 && v->number == 0;
        if (!(t->clear & profile_fields[k].clear) || empty || !is_newer(v, t))
            continue;
        if (profile_fields[k].type == PROFILE_SEALED) {
            struct finding *f = profile_found(l, d, t, (enum profile_key)k);
            f->kind = profile_fields[k].field;
            f->item_id = d->p.id;
            v->hash = STR_NULL;
        } else if (profile_fields[k].type == PROFILE_NUMBER) {
            apply_number(l, d, t, (enum profile_key)k, 0);
        } else {
            apply_text(l, d, t, (enum profile_key)k, STR(""));
        }
    }
}

/* ---- contacts, addresses, tags, notes ---- */

static struct known *known_find(struct draft *d, struct str hash, bool address)
{
    for (struct known *k = d->known; k; k = k->next)
        if (k->address == address && str_eq(k->hash, hash))
            return k;
    return NULL;
}

/* Is this one held already? If so its time may move; if not, it is now. */
static bool held(struct learning *l, struct draft *d, const struct customer_traits *t, struct str hash, bool address, int64_t fresh_id)
{
    struct known *k = known_find(d, hash, address);
    if (!k) {
        k = arena_new_one(l->c->arena, struct known);
        *k = (struct known){arena_str(l->c->arena, hash), fresh_id, t->at_us, address, d->known};
        d->known = k;
        return false;
    }
    if (t->at_us > k->last_us + CAME_AGAIN_US) {
        struct finding *f = find(l, d, t, NULL);
        f->item_id = k->id;
        f->hash = k->hash;
        f->kind = address ? VAULT_ADDRESS : VAULT_PHONE;
        f->came_again = true;
        k->last_us = t->at_us;
    }
    return true;
}

const char *customer_contact_word(enum vault_field field)
{
    static const char *const words[VAULT_FIELD_COUNT] = {
        [VAULT_PHONE] = "phone", [VAULT_EMAIL] = "email", [VAULT_CARD] = "card", [VAULT_IDNUM] = "id_number",
        [VAULT_REFUND] = "refund_account", [VAULT_WECHAT] = "wechat", [VAULT_WEIBO] = "weibo", [VAULT_ACCOUNT] = "account",
    };
    return words[field] ? words[field] : "contact";
}

static void apply_contacts(struct learning *l, struct draft *d, const struct customer_traits *t)
{
    for (size_t i = 0; i < t->contact_count && !is_erased(d); i++) {
        const struct customer_contact *contact = &t->contacts[i];
        int64_t id = id_next();
        if (contact->value.len == 0 || held(l, d, t, str_n(contact->hash, CUSTOMER_HASH), false, id))
            continue;
        struct finding *f = find(l, d, t, customer_contact_word(contact->field));
        f->kind = contact->field;
        f->item_id = id;
        f->contact = contact;
        f->seal = seal(l, d, contact->field, id, str_trim(contact->value));
        d->changed = d->saves = true;
    }
}

static void apply_addresses(struct learning *l, struct draft *d, const struct customer_traits *t)
{
    for (size_t i = 0; i < t->address_count; i++) {
        struct str text = customer_address_text(l->c->arena, &t->addresses[i]);
        const struct vault_index *same = answer(l);
        int64_t id = id_next();
        if (text.len == 0 || is_erased(d) || held(l, d, t, str_n(same->hash, CUSTOMER_HASH), true, id))
            continue;
        struct finding *f = find(l, d, t, "address");
        f->kind = VAULT_ADDRESS;
        f->item_id = id;
        f->address = &t->addresses[i];
        f->hash = str_n(same->hash, CUSTOMER_HASH);
        f->seal = seal(l, d, VAULT_ADDRESS, id, text);
        d->changed = d->saves = true;
    }
}

static void apply_note(struct learning *l, struct draft *d, const struct customer_traits *t)
{
    if (str_trim(t->note).len == 0 || is_erased(d))
        return;
    struct finding *f = find(l, d, t, NULL);
    f->kind = VAULT_TEXT;
    f->item_id = id_next();
    f->seal = seal(l, d, VAULT_TEXT, f->item_id, vault_redact(l->c->arena, str_trim(t->note)));
    d->changed = true;
}

static struct str words_json(struct arena *a, const struct str *words, size_t count)
{
    _cleanup_buf_ struct buf out = BUF_INIT(64 << 10);
    struct jw w = jw_on(&out);
    jw_array(&w);
    for (size_t i = 0; i < count; i++)
        jw_str(&w, words[i]);
    jw_array_end(&w);
    return arena_str(a, buf_str(&out));
}

static void apply_plain(struct learning *l, struct draft *d, const struct customer_traits *t)
{
    const struct {
        enum profile_key key;
        int64_t number;
    } numbers[] = {{PROFILE_GENDER, t->gender}, {PROFILE_CLASS, t->class}, {PROFILE_ORGANISATION, t->organisation},
                   {PROFILE_MEMBER, t->member}, {PROFILE_HOME_STORE, t->home_store_id}};
    const struct {
        enum profile_key key;
        struct str text;
    } texts[] = {{PROFILE_ASSISTANT, t->own_assistant}, {PROFILE_SIZE_TOP, t->size_top}, {PROFILE_SIZE_BOTTOM, t->size_bottom},
                 {PROFILE_SIZE_SHOE, t->size_shoe}, {PROFILE_TASTES, t->taste_count ? words_json(l->c->arena, t->tastes, t->taste_count) : STR_NULL}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i].number)
            apply_number(l, d, t, numbers[i].key, numbers[i].number);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].text.len)
            apply_text(l, d, t, texts[i].key, str_trim(texts[i].text));
}

/* Where she bought first is home, until somebody says otherwise. */
static void apply_first(struct learning *l, struct draft *d, const struct customer_traits *t)
{
    if (d->fresh && d->p.first_source_id == 0)
        d->p.first_source_id = t->source_id;
    if (t->first_store_id == 0)
        return;
    if (d->p.first_store_id == 0) {
        d->p.first_store_id = t->first_store_id;
        d->saves = true;
    }
    if (!d->p.v[PROFILE_HOME_STORE].said)
        apply_number(l, d, t, PROFILE_HOME_STORE, t->first_store_id);
}

static bool name_counts(const struct customer_traits *t, const struct vault_index *judged)
{
    return judged->verdict == VAULT_OK || (judged->verdict == VAULT_BLOCKED && t->staff_id != 0);
}

/* In the order in which ask_about() asked. */
static void apply(struct learning *l, const struct customer_traits *t)
{
    struct draft *d = learning_draft(l, t->customer_id);
    struct arena *a = l->c->arena;
    if (d->fresh && t->at_us < d->first_us)
        d->first_us = t->at_us;
    apply_first(l, d, t);
    if (t->clear)
        apply_clear(l, d, t);
    if (t->name.len) {
        const struct vault_index *judged = answer(l), *same = answer(l);
        apply_sealed(l, d, t, PROFILE_NAME, name_counts(t, judged) ? str_trim(t->name) : STR_NULL, same);
    }
    if (t->birthday.len)
        apply_sealed(l, d, t, PROFILE_BIRTHDAY, customer_birthday_text(a, t->birthday), answer(l));
    apply_plain(l, d, t);
    apply_contacts(l, d, t);
    apply_addresses(l, d, t);
    apply_note(l, d, t);
    if (t->tag_count)
        find(l, d, t, NULL);
}

enum rc customer_learn(struct ctx *c, struct customer_traits *traits, size_t count)
{
    struct learning l = {.c = c};
    if (count == 0)
        return RC_OK;
    for (size_t i = 0; i < count; i++)
        if (traits[i].at_us == 0)
            traits[i].at_us = c->now_us;
    enum rc rc = learning_open(&l, traits, count);
    if (rc)
        return rc;
    for (size_t i = 0; i < count; i++)
        ask_about(&l, &traits[i]);
    rc = l.ask_count ? vault_index(c, l.asks, l.ask_count) : RC_OK;
    if (rc)
        return rc;
    for (size_t i = 0; i < count; i++)
        apply(&l, &traits[i]);
    return learning_write(&l);
}
