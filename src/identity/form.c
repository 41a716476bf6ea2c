/* Forms: a person at the counter types phones, e-mails and cards. Staff see the customer, so what they type is proven;
 * but a form never merges silently: who already holds an identifier is reported, and staff decide. */
#include "base/id.h"
#include "identity/identity_priv.h"

#include <stdio.h>

static enum identity_kind kind_of_field(enum vault_field field)
{
    switch (field) {
    case VAULT_PHONE: return IDENTITY_PHONE;
    case VAULT_EMAIL: return IDENTITY_EMAIL;
    case VAULT_CARD: return IDENTITY_CARD;
    case VAULT_IDNUM: return IDENTITY_IDNUM;
    case VAULT_WECHAT: return IDENTITY_UNIONID;
    case VAULT_WEIBO: return IDENTITY_WEIBO;
    default: return IDENTITY_ACCOUNT;
    }
}

static const char *verdict_word(enum vault_verdict v)
{
    static const char *const words[] = {"ok", "malformed", "masked", "virtual", "blocked"};
    return words[v];
}

static struct identity_item item_of(struct ctx *c, const struct customer_traits *t)
{
    struct identity_claim *claims = arena_new_array(c->arena, struct identity_claim, t->contact_count + 1);
    for (size_t i = 0; i < t->contact_count; i++)
        claims[i] = (struct identity_claim){.kind = kind_of_field(t->contacts[i].field), .scope = t->contacts[i].scope, .value = t->contacts[i].value, .proven = true};
    return (struct identity_item){.source_id = t->source_id,
                                  .trusted = true,
                                  .may_create = true,
                                  .at_us = t->at_us,
                                  .ref_id = t->ref_id,
                                  .ref_kind = "form",
                                  .claims = claims,
                                  .claim_count = t->contact_count};
}

/* Refuses values that are no identifiers and those that somebody else holds. */
static enum rc check_claims(struct ctx *c, const struct identity_item *item, int64_t root)
{
    char field[64];
    for (size_t i = 0; i < item->claim_count; i++) {
        const struct identity_claim *claim = &item->claims[i];
        int64_t holder;
        snprintf(field, sizeof(field), "%s", identity_rule(claim->kind)->word);
        if (claim->verdict != VAULT_OK)
            return ctx_fail(c, RC_INVALID, field, verdict_word(claim->verdict));
        enum rc rc = identity_holder(c, claim->hash, &holder, NULL, NULL);
        if (rc)
            return rc;
        if (holder && holder != root)
            return ctx_fail(c, RC_CONFLICT, field, "held_by_another");
    }
    return RC_OK;
}

static enum rc attach_if_free(struct ctx *c, const struct identity_item *item, const struct identity_claim *claim, int64_t customer_id)
{
    int64_t holder;
    enum rc rc = identity_holder(c, claim->hash, &holder, NULL, NULL);
    return rc || holder ? rc : identity_attach(c, item, claim, customer_id, NULL);
}

enum rc identity_from_form(struct ctx *c, struct customer_traits *t, int64_t existing, int64_t *ret_customer)
{
    struct identity_item item = item_of(c, t);
    int64_t root = 0;
    enum rc rc = existing ? identity_root(c, existing, &root) : RC_OK;
    if (!rc)
        rc = identity_judge(c, &item, 1);
    if (!rc)
        rc = check_claims(c, &item, root);
    int64_t customer = existing ? root : id_next();
    for (size_t i = 0; !rc && i < item.claim_count; i++) {
        memcpy(t->contacts[i].hash, item.claims[i].hash, 16);
        rc = attach_if_free(c, &item, &item.claims[i], customer);
    }
    if (rc)
        return rc;
    t->customer_id = *ret_customer = customer;
    t->create = existing == 0;
    return RC_OK;
}

enum rc identity_find(struct ctx *c, enum identity_kind kind, struct str scope, struct str value, int64_t *ret_record)
{
    struct identity_claim claim = {.kind = kind, .scope = scope, .value = value};
    struct identity_item item = {.claims = &claim, .claim_count = 1};
    int64_t identifier;
    *ret_record = 0;
    enum rc rc = identity_judge(c, &item, 1);
    if (rc || claim.verdict != VAULT_OK)
        return rc;
    return identity_holding_record(c, claim.hash, ret_record, &identifier);
}

enum rc identity_find_by_field(struct ctx *c, enum vault_field field, struct str value, int64_t *ret_record)
{
    return identity_find(c, kind_of_field(field), STR(""), value, ret_record);
}
