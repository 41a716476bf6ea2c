/* What an event says about a person: ids become claims, traits become what customer_learn() takes. A public key's word is a
 * claim until it is proven (design §8); the user id alone can be proven in the browser, by the shop server's signature. */
#include "base/limits.h"
#include "intake/intake_priv.h"

#include <sodium.h>

enum { CLAIMS_MAX = 12 };

static void add_claim(struct intake_unit *u, struct intake_item *item, enum identity_kind kind, struct str scope, struct str value, bool proven)
{
    if (value.len == 0 || value.len > 256 || item->claim_count == CLAIMS_MAX)
        return;
    if (!item->claims)
        item->claims = arena_new_array(u->arena, struct identity_claim, CLAIMS_MAX);
    item->claims[item->claim_count++] = (struct identity_claim){.kind = kind, .scope = scope, .value = arena_str(u->arena, value), .proven = proven};
}

/* A string, or a number written as one: ids come as both. */
static struct str id_text(struct intake_unit *u, struct json v)
{
    if (json_is(v, JSON_I64) || json_is(v, JSON_U64))
        return arena_printf(u->arena, "%lld", (long long)json_i64(v, 0));
    return json_str(v);
}

/* HMAC-SHA256 of the user id with the source's signing secret, in hex, made by the shop's server. */
static bool proof_holds(const struct access_source *source, struct str user_id, struct str proof)
{
    uint8_t given[crypto_auth_hmacsha256_BYTES], made[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    if (source->signing_secret.len == 0 || !str_unhex(proof, given, sizeof(given)))
        return false;
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)source->signing_secret.ptr, source->signing_secret.len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)user_id.ptr, user_id.len);
    crypto_auth_hmacsha256_final(&state, made);
    return sodium_memcmp(given, made, sizeof(made)) == 0;
}

static struct str first_of(struct intake_unit *u, struct json traits, const char *const names[])
{
    for (size_t i = 0; names[i]; i++) {
        struct str s = id_text(u, json_get(traits, str_z(names[i])));
        if (s.len)
            return str_trim(s);
    }
    return STR_NULL;
}

static enum customer_gender gender_of(struct str s)
{
    static const char *const female[] = {"f", "female", "woman", "女", "女士"}, *const male[] = {"m", "male", "man", "男", "先生"};
    for (size_t i = 0; i < 5; i++) {
        if (str_ieq(s, str_z(female[i])))
            return GENDER_FEMALE;
        if (str_ieq(s, str_z(male[i])))
            return GENDER_MALE;
    }
    return GENDER_UNKNOWN;
}

/* 王 + 小明 is 王小明; Jane + Doe is Jane Doe. */
static struct str full_name(struct intake_unit *u, struct json traits)
{
    static const char *const whole[] = {"name", "full_name", "fullName", "realname", "姓名", NULL};
    struct str name = first_of(u, traits, whole);
    struct str given = json_str(json_get(traits, STR("firstName"))), family = json_str(json_get(traits, STR("lastName")));
    if (name.len || (!given.len && !family.len))
        return name;
    bool latin = given.len && (unsigned char)given.ptr[0] < 0x80;
    return latin ? arena_printf(u->arena, "%.*s%s%.*s", STR_FMT(given), family.len ? " " : "", STR_FMT(family))
                 : arena_printf(u->arena, "%.*s%.*s", STR_FMT(family), STR_FMT(given));
}

static void take_address(struct intake_unit *u, struct json v, struct customer_traits *t)
{
    static const char *const province[] = {"province", "state", NULL}, *const district[] = {"district", "county", NULL};
    if (!json_is(v, JSON_OBJECT))
        return;
    t->addresses = arena_new_one(u->arena, struct customer_address);
    t->address_count = 1;
    t->addresses[0] = (struct customer_address){
        .province = arena_str(u->arena, first_of(u, v, province)), .city = arena_str(u->arena, json_str(json_get(v, STR("city")))),
        .district = arena_str(u->arena, first_of(u, v, district)), .street = arena_str(u->arena, json_str(json_get(v, STR("street")))),
        .zip = arena_str(u->arena, id_text(u, json_get(v, STR("postalCode"))))};
}

static void take_traits(struct intake_unit *u, struct json traits, struct intake_item *item)
{
    struct customer_traits *t = arena_new_one(u->arena, struct customer_traits);
    static const char *const birthday[] = {"birthday", "birth_date", "生日", NULL};
    t->name = arena_str(u->arena, full_name(u, traits));
    t->gender = gender_of(json_str(json_get(traits, STR("gender"))));
    t->birthday = arena_str(u->arena, str_cut(first_of(u, traits, birthday), 10));
    take_address(u, json_get(traits, STR("address")), t);
    item->traits = t;
}

static void take_trait_ids(struct intake_unit *u, struct json traits, struct intake_item *item)
{
    static const struct {
        enum identity_kind kind;
        const char *names[6];
    } ids[] = {
        {IDENTITY_PHONE, {"phone", "mobile", "phone_number", "tel", "手机", NULL}}, {IDENTITY_EMAIL, {"email", "mail", "邮箱", NULL}},
        {IDENTITY_CARD, {"member_card", "card", "card_no", "会员卡", NULL}},       {IDENTITY_UNIONID, {"unionid", "wechat_unionid", NULL}},
        {IDENTITY_WEIBO, {"weibo_uid", "weibo", NULL}},
    };
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        add_claim(u, item, ids[i].kind, STR(""), first_of(u, traits, ids[i].names), u->source.trusted);
}

void intake_person_take(const struct app *app, struct intake_unit *u, struct json call, struct intake_item *item)
{
    struct event *e = &item->event;
    struct json context = json_get(call, STR("context"));
    struct str device = str_trim(id_text(u, json_get(call, STR("anonymousId"))));
    struct str user = str_trim(id_text(u, json_get(call, STR("userId"))));
    struct str proof = json_str(json_get(context, STR("user_proof")));
    bool tells_who = e->type == EVENT_IDENTIFY || e->type == EVENT_ALIAS;
    bool proven = user.len && (u->source.trusted || (proof.len && proof_holds(&u->source, user, proof)));
    bool is_order = e->type == EVENT_TRACK && str_starts(e->name, STR("Order "));
    if (device.len)
        e->subject = identity_subject(app, STR(""), device);
    if (!tells_who && !is_order && (device.len ? !proven : user.len == 0))
        return; /* a visitor looking around costs no claim */
    add_claim(u, item, IDENTITY_DEVICE, STR(""), device, true);
    add_claim(u, item, IDENTITY_ACCOUNT, u->source.account_scope, user, proven);
    if (e->type == EVENT_ALIAS)
        add_claim(u, item, IDENTITY_DEVICE, STR(""), str_trim(id_text(u, json_get(call, STR("previousId")))), true);
    struct json traits = json_get(e->type == EVENT_IDENTIFY ? call : context, STR("traits"));
    if (json_is(traits, JSON_OBJECT)) {
        take_trait_ids(u, traits, item);
        take_traits(u, traits, item);
    }
    item->may_create = true;
}

struct str intake_props_with_claims(struct arena *a, const struct intake_item *item)
{
    struct str props = item->event.props;
    if (!identity_has_claimed(item->claims, item->claim_count))
        return props;
    _cleanup_buf_ struct buf text = BUF_INIT(LIMIT_EVENT_BYTES);
    struct jw w = jw_on(&text);
    if (props.len)
        buf_add(&text, str_sub(props, 0, props.len - 1)); /* without its closing brace */
    buf_addz(&text, props.len > 2 ? "," : props.len ? "" : "{");
    buf_addz(&text, "\"" INTAKE_CLAIMS "\":");
    jw_array(&w);
    identity_write_claimed(&w, item->claims, item->claim_count);
    jw_array_end(&w);
    buf_add_byte(&text, '}');
    return text.failed ? props : arena_str(a, buf_str(&text));
}
