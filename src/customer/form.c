/* 新建/编辑客户: a form becomes traits; identity says whose the identifiers are, learning does the rest. What stands in
 * the form is proven, for staff saw the customer. An empty value empties the field; what is absent stays. */
#include "customer/bodies.h"

#include <stddef.h>

enum { FORM_VALUES_MAX = 10, FORM_WORDS_MAX = 50 };

/* In the order of the rows below. */
enum form_row {
    FORM_NAME, FORM_GENDER, FORM_BIRTHDAY, FORM_PHONES, FORM_EMAILS, FORM_CARDS, FORM_ADDRESSES, FORM_UNIONID, FORM_WEIBO, FORM_HOME_STORE,
    FORM_ASSISTANT, FORM_SIZES, FORM_TASTES, FORM_TAGS, FORM_NOTE, FORM_CLASS, FORM_KIND, FORM_MEMBER
};

static const struct field address_fields[] = {
    {"province", FIELD_STR, FIELD_NULLABLE, offsetof(struct customer_address, province), .max = 64},
    {"city", FIELD_STR, FIELD_NULLABLE, offsetof(struct customer_address, city), .max = 64},
    {"district", FIELD_STR, FIELD_NULLABLE | FIELD_PERSONAL, offsetof(struct customer_address, district), .max = 64},
    {"street", FIELD_STR, FIELD_NULLABLE | FIELD_PERSONAL, offsetof(struct customer_address, street), .max = 200},
    {"zip", FIELD_STR, FIELD_NULLABLE | FIELD_PERSONAL, offsetof(struct customer_address, zip), .max = 16},
    {"recipient", FIELD_STR, FIELD_NULLABLE | FIELD_PERSONAL, offsetof(struct customer_address, recipient), .max = LIMIT_NAME_CHARS},
    FIELD_END,
};
static const struct field size_fields[] = {
    {"top", FIELD_STR, FIELD_NULLABLE, offsetof(struct sizes_in, top), .max = 16},
    {"bottom", FIELD_STR, FIELD_NULLABLE, offsetof(struct sizes_in, bottom), .max = 16},
    {"shoe", FIELD_STR, FIELD_NULLABLE, offsetof(struct sizes_in, shoe), .max = 16},
    FIELD_END,
};
const struct field customer_form_fields[] = {
    {"name", FIELD_STR, FIELD_NULLABLE | FIELD_PERSONAL, offsetof(struct form_in, name), .max = LIMIT_NAME_CHARS, .doc = "As she writes it: 李小明, John Smith."},
    {"gender", FIELD_STR, FIELD_NULLABLE, offsetof(struct form_in, gender), .max = 1, .doc = "f, m or u."},
    {"birthday", FIELD_STR, FIELD_NULLABLE | FIELD_PERSONAL, offsetof(struct form_in, birthday), .max = 10, .doc = "1990-05-12, or 05-12 without the year."},
    {"phones", FIELD_STRS, FIELD_PERSONAL, offsetof(struct form_in, phones), .max = FORM_VALUES_MAX, .doc = "Phones to add."},
    {"emails", FIELD_STRS, FIELD_PERSONAL, offsetof(struct form_in, emails), .max = FORM_VALUES_MAX, .doc = "E-mail addresses to add."},
    {"cards", FIELD_STRS, FIELD_PERSONAL, offsetof(struct form_in, cards), .max = FORM_VALUES_MAX, .doc = "Member cards to add."},
    {"addresses", FIELD_LIST, FIELD_PERSONAL, offsetof(struct form_in, addresses), .max = FORM_VALUES_MAX, .sub = address_fields,
     .sub_size = sizeof(struct customer_address), .doc = "Addresses to add."},
    {"wechat_unionid", FIELD_STR, FIELD_NULLABLE | FIELD_PERSONAL, offsetof(struct form_in, wechat_unionid), .max = 64},
    {"weibo_uid", FIELD_STR, FIELD_NULLABLE | FIELD_PERSONAL, offsetof(struct form_in, weibo_uid), .max = 64},
    {"home_store", FIELD_STR, FIELD_NULLABLE, offsetof(struct form_in, home_store), .max = 64, .doc = "Code of the home store."},
    {"own_assistant", FIELD_STR, FIELD_NULLABLE, offsetof(struct form_in, own_assistant), .max = 32, .doc = "Staff number of her assistant."},
    {"sizes", FIELD_OBJECT, FIELD_NULLABLE, offsetof(struct form_in, sizes), .sub = size_fields},
    {"tastes", FIELD_STRS, 0, offsetof(struct form_in, tastes), .max = FORM_WORDS_MAX, .doc = "All of them; what is not in the list goes."},
    {"tags", FIELD_STRS, 0, offsetof(struct form_in, tags), .max = FORM_WORDS_MAX, .doc = "All of them; what is not in the list goes."},
    {"note", FIELD_STR, FIELD_NULLABLE | FIELD_PERSONAL, offsetof(struct form_in, note), .max = LIMIT_TEXT_CHARS},
    {"class", FIELD_STR, 0, offsetof(struct form_in, class), .max = 16, .doc = "consumer, staff, reseller or test."},
    {"kind", FIELD_STR, 0, offsetof(struct form_in, kind), .max = 16, .doc = "person or organisation."},
    {"member", FIELD_BOOL, 0, offsetof(struct form_in, member), .doc = "She is enrolled."},
    FIELD_END,
};

/* ---- from form to traits ---- */

static bool is_set(const struct request *r, enum form_row row)
{
    return r->in_set >> row & 1;
}

/* A text that was given empties its field when it is empty. */
static struct str text_of(struct customer_traits *t, bool given, struct str text, uint32_t clear)
{
    struct str trimmed = str_trim(text);
    if (given && trimmed.len == 0)
        t->clear |= clear;
    return trimmed;
}

static void add_contacts(struct customer_traits *t, enum vault_field field, const struct str *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_trim(values[i]).len)
            t->contacts[t->contact_count++] = (struct customer_contact){.field = field, .value = str_trim(values[i]), .scope = STR("")};
}

static void take_contacts(struct ctx *c, const struct form_in *in, struct customer_traits *t)
{
    t->contacts = arena_new_array(c->arena, struct customer_contact, in->phones.count + in->emails.count + in->cards.count + 2);
    add_contacts(t, VAULT_PHONE, in->phones.items, in->phones.count);
    add_contacts(t, VAULT_EMAIL, in->emails.items, in->emails.count);
    add_contacts(t, VAULT_CARD, in->cards.items, in->cards.count);
    add_contacts(t, VAULT_WECHAT, &in->wechat_unionid, 1);
    add_contacts(t, VAULT_WEIBO, &in->weibo_uid, 1);
    t->addresses = in->addresses.items;
    t->address_count = in->addresses.count;
}

static enum rc take_person(struct ctx *c, const struct request *r, const struct form_in *in, struct customer_traits *t)
{
    t->name = text_of(t, is_set(r, FORM_NAME), in->name, CLEAR_NAME);
    if (str_find(t->name, '*') >= 0)
        return ctx_fail(c, RC_INVALID, "name", "masked");
    t->birthday = text_of(t, is_set(r, FORM_BIRTHDAY), in->birthday, CLEAR_BIRTHDAY);
    if (t->birthday.len && customer_birthday_text(c->arena, t->birthday).len == 0)
        return ctx_fail(c, RC_INVALID, "birthday", "malformed");
    if (str_eqz(in->gender, "f"))
        t->gender = GENDER_FEMALE;
    else if (str_eqz(in->gender, "m"))
        t->gender = GENDER_MALE;
    else if (in->gender.len && !str_eqz(in->gender, "u"))
        return ctx_fail(c, RC_INVALID, "gender", "not_a_choice");
    else if (is_set(r, FORM_GENDER))
        t->clear |= CLEAR_GENDER;
    if (in->class.len && !customer_class_of(in->class, &t->class))
        return ctx_fail(c, RC_INVALID, "class", "not_a_choice");
    t->organisation = str_eqz(in->kind, "organisation");
    if (in->kind.len && !t->organisation && !str_eqz(in->kind, "person"))
        return ctx_fail(c, RC_INVALID, "kind", "not_a_choice");
    if (str_eqz(in->kind, "person"))
        t->clear |= CLEAR_ORGANISATION;
    t->member = in->member;
    if (is_set(r, FORM_MEMBER) && !in->member)
        t->clear |= CLEAR_MEMBER;
    return RC_OK;
}

/* Store staff make customers of their own store, and cannot move anybody into another's. */
static enum rc take_home(struct ctx *c, const struct request *r, const struct form_in *in, struct customer_traits *t)
{
    const struct actor *a = c->actor;
    struct str code = text_of(t, is_set(r, FORM_HOME_STORE), in->home_store, CLEAR_HOME_STORE);
    if (code.len == 0) {
        if (t->create && a && a->stores && a->store_count)
            t->home_store_id = a->stores[0];
        return RC_OK;
    }
    enum rc rc = db_get_i64(c->db, 0, &t->home_store_id, "customer_store_by_code", DB_TEXT("code", code));
    if (rc)
        return rc;
    if (t->home_store_id == 0)
        return ctx_fail(c, RC_INVALID, "home_store", "unknown");
    if (a && !access_can_see_store(a, t->home_store_id))
        return ctx_fail(c, RC_DENIED, "home_store", "other_store");
    return RC_OK;
}

static void take_shop(const struct request *r, const struct form_in *in, struct customer_traits *t)
{
    bool sizes = is_set(r, FORM_SIZES);
    t->own_assistant = text_of(t, is_set(r, FORM_ASSISTANT), in->own_assistant, CLEAR_ASSISTANT);
    t->size_top = text_of(t, sizes, in->sizes.top, CLEAR_SIZE_TOP);
    t->size_bottom = text_of(t, sizes, in->sizes.bottom, CLEAR_SIZE_BOTTOM);
    t->size_shoe = text_of(t, sizes, in->sizes.shoe, CLEAR_SIZE_SHOE);
    t->tastes = in->tastes.items;
    t->taste_count = in->tastes.count;
    if (is_set(r, FORM_TASTES) && in->tastes.count == 0)
        t->clear |= CLEAR_TASTES;
    t->note = in->note;
}

static enum rc traits_of(struct ctx *c, const struct request *r, bool create, struct customer_traits *ret)
{
    const struct form_in *in = r->in;
    const struct actor *a = c->actor;
    *ret = (struct customer_traits){
        .create = create, .at_us = c->now_us, .source_kind = "form", .ref_id = c->request_id, .staff_id = a ? a->staff_id : 0, .source_id = a ? a->source_id : 0,
    };
    take_contacts(c, in, ret);
    take_shop(r, in, ret);
    enum rc rc = take_person(c, r, in, ret);
    return rc ? rc : take_home(c, r, in, ret);
}

/* ---- handlers ---- */

static enum rc claim(struct ctx *c, struct customer_traits *t, int64_t existing, int64_t *ret)
{
    const struct customer_identity *face = customer_identity();
    if (face)
        return face->from_form(c, t, existing, ret);
    *ret = t->customer_id = existing ? existing : id_next();
    t->create = existing == 0;
    return RC_OK;
}

static enum rc answer(struct ctx *c, int64_t id, struct reply *p)
{
    struct view v;
    enum rc rc = view_open(c, id, &v);
    if (!rc)
        rc = record_write(c, id, &v, &p->json);
    if (!rc)
        reply_rev(c, p, v.rev);
    return rc;
}

static bool says_somebody(const struct customer_traits *t)
{
    return t->name.len || t->contact_count;
}

enum rc customer_create(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct form_in *in = r->in;
    struct customer_traits t;
    int64_t id;
    enum rc rc = traits_of(c, r, true, &t);
    if (rc)
        return rc;
    if (!says_somebody(&t))
        return ctx_fail(c, RC_INVALID, "name", "required");
    t.tags = in->tags.items;
    t.tag_count = in->tags.count;
    rc = claim(c, &t, 0, &id);
    if (!rc)
        rc = customer_learn(c, &t, 1);
    if (!rc)
        rc = answer(c, id, p);
    if (!rc)
        p->status = 201;
    return rc;
}

/* Was the form based on the record as it stands? If not, the answer names the fields that others changed since; who they
 * were is in the history. */
static enum rc check_rev(struct ctx *c, const struct request *r, const struct who *who)
{
    enum { NAMES_ROOM = 60 };
    int64_t based_on;
    if (!str_i64(r->if_match, &based_on) || based_on == who->rev || who->member_count > 1)
        return request_check_rev(c, r, who->rev);
    _cleanup_buf_ struct buf names = BUF_INIT(NAMES_ROOM);
    struct db_rows *q = db_query(c->db, "customer_changed_since", DB_I64("customer_id", who->root), DB_I64("rev", based_on));
    while (db_next(q)) {
        struct str field = db_text(q, "field");
        if (names.len + field.len + 2 < NAMES_ROOM)
            buf_addf(&names, "%s%.*s", names.len ? "," : "", STR_FMT(field));
    }
    enum rc rc = db_end(q);
    return rc ? rc : ctx_fail(c, RC_STALE, arena_z(c->arena, buf_str(&names)), "changed");
}

enum rc customer_update(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct form_in *in = r->in;
    struct customer_traits t;
    struct who who;
    int64_t id;
    enum rc rc = who_open(c, r, &who);
    if (!rc)
        rc = check_rev(c, r, &who);
    if (!rc)
        rc = traits_of(c, r, false, &t);
    if (!rc)
        rc = claim(c, &t, who.root, &id);
    if (!rc)
        rc = customer_learn(c, &t, 1);
    if (!rc && is_set(r, FORM_TAGS))
        rc = customer_tags_set(c, &who, in->tags.items, in->tags.count);
    return rc ? rc : answer(c, who.root, p);
}
