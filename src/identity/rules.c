/* What is believed of each kind of identifier (design §8), and how claims become keyed hashes.
 * Changing a row means a new IDENTITY_RULE_VERSION: evidence names the version that made it. */
#include "identity/identity_priv.h"
#include "base/app.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

static const struct identity_rule rules[] = {
    [IDENTITY_ACCOUNT] = {"account", VAULT_ACCOUNT, false, true, true, 1, 1, 0},   [IDENTITY_UNIONID] = {"unionid", VAULT_WECHAT, false, false, true, 2, 1, 0},
    [IDENTITY_OPENID] = {"openid", VAULT_WECHAT, false, true, true, 3, 1, 0},      [IDENTITY_IDNUM] = {"idnum", VAULT_IDNUM, true, false, true, 4, 1, 0},
    [IDENTITY_CARD] = {"card", VAULT_CARD, true, false, false, 5, 5, 10},          [IDENTITY_PHONE] = {"phone", VAULT_PHONE, true, false, false, 6, 5, 10},
    [IDENTITY_EMAIL] = {"email", VAULT_EMAIL, true, false, false, 7, 5, 10},       [IDENTITY_WEIBO] = {"weibo", VAULT_WEIBO, false, false, false, 8, 2, 0},
    [IDENTITY_PLATFORM] = {"platform", VAULT_ACCOUNT, false, true, true, 9, 1, 0}, [IDENTITY_DEVICE] = {"device", 0, false, false, false, 10, 1000, 0},
};

/* Values that programs send when they have none. */
static const char *const blocked[] = {
    "null",
    "undefined",
    "none",
    "nil",
    "nan",
    "anonymous",
    "guest",
    "unknown",
    "test",
    "user",
    "admin",
    "true",
    "false",
    "-1",
    "0",
    "00000000-0000-0000-0000-000000000000",
    "[object object]",
    "n/a",
    "id",
    "default",
};

const struct identity_rule *identity_rule(enum identity_kind kind)
{
    assert(kind > 0 && kind < sizeof(rules) / sizeof(rules[0]) && rules[kind].word);
    return &rules[kind];
}

enum vault_field identity_vault_field(enum identity_kind kind)
{
    return identity_rule(kind)->field;
}

bool identity_kind_of(struct str word, enum identity_kind *ret)
{
    for (size_t i = 1; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].word && str_eqz(word, rules[i].word)) {
            *ret = (enum identity_kind)i;
            return true;
        }
    return false;
}

static bool only_filler(struct str v)
{
    for (size_t i = 0; i < v.len; i++)
        if (!strchr("0-_ .:xX*", v.ptr[i]))
            return false;
    return true;
}

static enum vault_verdict judge_opaque(struct str v)
{
    if (v.len == 0 || v.len > 256 || !str_is_text(v))
        return VAULT_MALFORMED;
    for (size_t i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++)
        if (str_ieq(v, str_z(blocked[i])))
            return VAULT_BLOCKED;
    if (only_filler(v))
        return VAULT_BLOCKED;
    return str_find(v, '*') >= 0 ? VAULT_MASKED : VAULT_OK;
}

/* BLAKE2b-128 with the server's key over length-prefixed kind word, scope and value. */
static void hash_opaque(const struct app *app, const char *kind, struct str scope, struct str value, uint8_t out[16])
{
    crypto_generichash_state state;
    const struct str parts[] = {str_z(kind), scope, value};
    crypto_generichash_init(&state, app->server_key, sizeof(app->server_key), 16);
    for (size_t i = 0; i < 3; i++) {
        uint64_t len = parts[i].len;
        crypto_generichash_update(&state, (const unsigned char *)&len, sizeof(len));
        crypto_generichash_update(&state, (const unsigned char *)parts[i].ptr, parts[i].len);
    }
    crypto_generichash_final(&state, out, 16);
}

int64_t identity_subject(const struct app *app, struct str scope, struct str value)
{
    uint8_t hash[16];
    int64_t subject;
    hash_opaque(app, "subject", scope, value, hash);
    memcpy(&subject, hash, sizeof(subject));
    subject &= INT64_MAX;
    return subject ? subject : 1;
}

/* An account id that is itself a phone or an e-mail must be hashed by the vault: whoever holds the server's key alone
 * must not be able to enumerate it. */
static bool goes_to_vault(const struct identity_claim *claim)
{
    return identity_rule(claim->kind)->in_vault || (claim->kind != IDENTITY_DEVICE && vault_find_personal(claim->value) != 0);
}

static size_t count_for_vault(const struct identity_item *items, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < items[i].claim_count; k++)
            n += goes_to_vault(&items[i].claims[k]);
    return n;
}

static void judge_here(struct ctx *c, struct identity_claim *claim)
{
    const struct identity_rule *rule = identity_rule(claim->kind);
    claim->value = str_trim(claim->value);
    claim->verdict = judge_opaque(claim->value);
    if (claim->verdict == VAULT_OK)
        hash_opaque(c->app, rule->word, rule->scoped ? claim->scope : STR_NULL, claim->value, claim->hash);
}

static struct vault_index for_vault(struct ctx *c, const struct identity_claim *claim)
{
    const struct identity_rule *rule = identity_rule(claim->kind);
    struct str value = claim->value;
    if (rule->scoped)
        value = arena_printf(c->arena, "%.*s\x1f%.*s", STR_FMT(claim->scope), STR_FMT(value));
    return (struct vault_index){.field = rule->field, .value = value};
}

enum rc identity_judge(struct ctx *c, struct identity_item *items, size_t count)
{
    size_t asked = 0, n = count_for_vault(items, count);
    struct vault_index *ask = arena_new_array(c->arena, struct vault_index, n + 1);
    struct identity_claim **back = arena_new_array(c->arena, struct identity_claim *, n + 1);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < items[i].claim_count; k++) {
            struct identity_claim *claim = &items[i].claims[k];
            if (goes_to_vault(claim)) {
                ask[asked] = for_vault(c, claim);
                back[asked++] = claim;
            } else {
                judge_here(c, claim);
            }
        }
    enum rc rc = asked ? vault_index(c, ask, asked) : RC_OK;
    for (size_t i = 0; !rc && i < asked; i++) {
        back[i]->verdict = ask[i].verdict;
        memcpy(back[i]->hash, ask[i].hash, sizeof(ask[i].hash));
    }
    return rc;
}

enum rc identity_key_holder(struct ctx *c, struct str kind, struct str key, struct identity_key_holder *ret)
{
    uint8_t hash[16];
    struct identity_key_holder has = {0};
    hash_opaque(c->app, arena_z(c->arena, kind), STR_NULL, key, hash);
    struct db_rows *q = db_query(c->db, "key_claim_get", DB_BLOB("key_hash", str_n(hash, 16)));
    if (db_next(q))
        has = (struct identity_key_holder){db_i64(q, "ref_id"), db_i64(q, "customer_id")};
    enum rc rc = db_end(q);
    if (!rc)
        *ret = has;
    return rc;
}

enum rc identity_key_ahead(struct ctx *c, struct str kind, struct str key)
{
    uint8_t hash[16];
    hash_opaque(c->app, arena_z(c->arena, kind), STR_NULL, key, hash);
    return db_ahead(c->db, "key_claim_get", DB_BLOB("key_hash", str_n(hash, 16)));
}

enum rc identity_key_give(struct ctx *c, struct str kind, struct str key, const struct identity_key_holder *to)
{
    uint8_t hash[16];
    hash_opaque(c->app, arena_z(c->arena, kind), STR_NULL, key, hash);
    return db_run_later(c->db, "key_claim_insert", DB_BLOB("key_hash", str_n(hash, 16)), DB_I64("customer_id", to->customer_id), DB_I64("ref_id", to->id));
}

/* ---- what was only claimed ---- */

static bool is_claimed(const struct identity_claim *claim)
{
    return !claim->proven && claim->verdict == VAULT_OK && claim->kind != IDENTITY_DEVICE;
}

bool identity_has_claimed(const struct identity_claim *claims, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_claimed(&claims[i]))
            return true;
    return false;
}

void identity_write_claimed(struct jw *w, const struct identity_claim *claims, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[64], hex[2 * sizeof(claims[i].hash)];
        if (!is_claimed(&claims[i]))
            continue;
        str_hex(claims[i].hash, sizeof(claims[i].hash), hex);
        int len = snprintf(text, sizeof(text), "%s:%.*s", identity_rule(claims[i].kind)->word, (int)sizeof(hex), hex);
        jw_str(w, str_n(text, (size_t)len));
    }
}
