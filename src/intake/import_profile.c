/* One row about a person: identifiers become proven claims (an import is the retailer's own word), the rest traits. */
#include "intake/import_priv.h"

#include "base/id.h"
#include "base/limits.h"
#include "catalog/catalog.h"

#include <stddef.h>

enum { CLAIMS_MAX = 5 };

struct profile {
    struct str name, birthday, phone, email, card, account, unionid, home_store, own_assistant, note, gender, class;
    struct {
        struct str top, bottom, shoe;
    } sizes;
    struct customer_address address;
    struct field_list tags;
};

#define IN(member) offsetof(struct profile, member)
static const struct field size_fields[] = {
    {"top", FIELD_STR, 0, IN(sizes.top) - IN(sizes), .max = 16},
    {"bottom", FIELD_STR, 0, IN(sizes.bottom) - IN(sizes), .max = 16},
    {"shoe", FIELD_STR, 0, IN(sizes.shoe) - IN(sizes), .max = 16},
    FIELD_END,
};
static const struct field address_fields[] = {
    {"province", FIELD_STR, 0, offsetof(struct customer_address, province), .max = 64},
    {"city", FIELD_STR, 0, offsetof(struct customer_address, city), .max = 64},
    {"district", FIELD_STR, FIELD_PERSONAL, offsetof(struct customer_address, district), .max = 64},
    {"street", FIELD_STR, FIELD_PERSONAL, offsetof(struct customer_address, street), .max = 256},
    FIELD_END,
};
static const struct field profile_fields[] = {
    {"name", FIELD_STR, FIELD_PERSONAL, IN(name), .max = LIMIT_NAME_CHARS},
    {"gender", FIELD_STR, 0, IN(gender), .max = 16},
    {"birthday", FIELD_STR, FIELD_PERSONAL, IN(birthday), .max = 10},
    {"phone", FIELD_STR, FIELD_PERSONAL, IN(phone), .max = 32},
    {"email", FIELD_STR, FIELD_PERSONAL, IN(email), .max = 254},
    {"card", FIELD_STR, FIELD_PERSONAL, IN(card), .max = 64},
    {"account", FIELD_STR, FIELD_PERSONAL, IN(account), .max = 128},
    {"unionid", FIELD_STR, FIELD_PERSONAL, IN(unionid), .max = 64},
    {"home_store", FIELD_STR, 0, IN(home_store), .max = 32},
    {"own_assistant", FIELD_STR, 0, IN(own_assistant), .max = 32},
    {"note", FIELD_STR, FIELD_PERSONAL, IN(note)},
    {"class", FIELD_STR, 0, IN(class), .max = 16},
    {"sizes", FIELD_OBJECT, 0, IN(sizes), .sub = size_fields},
    {"address", FIELD_OBJECT, 0, IN(address), .sub = address_fields},
    {"tags", FIELD_STRS, 0, IN(tags), .max = 50},
    FIELD_END,
};

/* A word of a list with its number; `otherwise` for no word, -1 for one that is not in the list. */
struct word {
    const char *text;
    int value;
};
static int word_of(struct str s, const struct word *words, int otherwise)
{
    if (s.len == 0)
        return otherwise;
    for (; words->text; words++)
        if (str_ieq(s, str_z(words->text)))
            return words->value;
    return -1;
}

static enum rc read_words(struct ctx *c, const struct profile *p, struct customer_traits *t)
{
    static const struct word genders[] = {{"f", GENDER_FEMALE}, {"female", GENDER_FEMALE}, {"女", GENDER_FEMALE},    {"m", GENDER_MALE}, {"male", GENDER_MALE},
                                          {"男", GENDER_MALE},  {"u", GENDER_UNKNOWN},     {"未知", GENDER_UNKNOWN}, {NULL, 0}};
    static const struct word classes[] = {{"consumer", CUSTOMER_CONSUMER}, {"消费者", CUSTOMER_CONSUMER},   {"staff", CUSTOMER_STAFF},
                                          {"员工", CUSTOMER_STAFF},        {"reseller", CUSTOMER_RESELLER}, {"代购", CUSTOMER_RESELLER},
                                          {"test", CUSTOMER_TEST},         {"测试", CUSTOMER_TEST},         {NULL, 0}};
    int gender = word_of(p->gender, genders, GENDER_UNKNOWN), class = word_of(p->class, classes, 0);
    if (gender < 0 || class < 0)
        return ctx_fail(c, RC_INVALID, gender < 0 ? "gender" : "class", "not_a_choice");
    t->gender = (enum customer_gender)gender;
    t->class = (enum customer_class) class;
    return RC_OK;
}

static struct str keep(struct intake_unit *u, struct str s)
{
    return arena_str(u->arena, s);
}

static void read_texts(struct intake_unit *u, const struct profile *p, struct customer_traits *t)
{
    t->name = keep(u, p->name);
    t->birthday = keep(u, p->birthday);
    t->own_assistant = keep(u, p->own_assistant);
    t->note = vault_redact(u->arena, p->note);
    t->size_top = keep(u, p->sizes.top);
    t->size_bottom = keep(u, p->sizes.bottom);
    t->size_shoe = keep(u, p->sizes.shoe);
    t->member = p->card.len > 0;
    t->tags = arena_new_array(u->arena, struct str, p->tags.count + 1);
    for (; t->tag_count < p->tags.count; t->tag_count++)
        t->tags[t->tag_count] = keep(u, ((struct str *)p->tags.items)[t->tag_count]);
    if (p->address.city.len || p->address.street.len) {
        t->addresses = arena_new_one(u->arena, struct customer_address);
        t->addresses[t->address_count++] = (struct customer_address){
            .province = keep(u, p->address.province), .city = keep(u, p->address.city), .district = keep(u, p->address.district), .street = keep(u, p->address.street)};
    }
}

static void add_claim(struct intake_unit *u, struct intake_item *item, enum identity_kind kind, struct str scope, struct str value)
{
    if (value.len)
        item->claims[item->claim_count++] = (struct identity_claim){.kind = kind, .scope = scope, .value = keep(u, value), .proven = true};
}

static void read_identifiers(struct intake_unit *u, const struct profile *p, struct intake_item *item)
{
    item->claims = arena_new_array(u->arena, struct identity_claim, CLAIMS_MAX);
    add_claim(u, item, IDENTITY_ACCOUNT, u->source.account_scope, p->account);
    add_claim(u, item, IDENTITY_UNIONID, STR(""), p->unionid);
    add_claim(u, item, IDENTITY_CARD, STR(""), p->card);
    add_claim(u, item, IDENTITY_PHONE, STR(""), p->phone);
    add_claim(u, item, IDENTITY_EMAIL, STR(""), p->email);
}

enum rc import_profile_parse(struct ctx *c, struct json form, struct intake_unit *u, struct intake_item *item)
{
    struct profile p = {.name = STR_NULL};
    struct customer_traits *t = arena_new_one(u->arena, struct customer_traits);
    struct store home = {.id = 0};
    enum rc rc = field_decode(c, profile_fields, form, true, &p, NULL);
    if (rc == RC_OK && p.home_store.len)
        rc = catalog_store(c, p.home_store, &home);
    if (rc == RC_OK)
        rc = read_words(c, &p, t);
    if (rc)
        return rc;
    read_texts(u, &p, t);
    t->at_us = c->now_us;
    t->source_kind = "import";
    t->home_store_id = t->first_store_id = home.id;
    *item = (struct intake_item){.kind = INTAKE_PROFILE, .event = {.id = id_next()}, .traits = t, .may_create = true};
    read_identifiers(u, &p, item);
    return item->claim_count ? RC_OK : ctx_fail(c, RC_INVALID, "phone", "no_identifier");
}
