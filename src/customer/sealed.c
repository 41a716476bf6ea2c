/* Opening many sealed values in one vault call, with the data keys they need fetched in one query. */
#include "customer/customer_priv.h"
#include "vault/keystore.h"

struct vault_place sealed_place(enum vault_field field, int64_t row_id, int64_t sealed_for)
{
    struct vault_place place = {"customer_contact", "value", row_id, sealed_for};
    switch (field) {
    case VAULT_NAME: place.table = "customer", place.column = "name"; break;
    case VAULT_BIRTHDAY: place.table = "customer", place.column = "birthday"; break;
    case VAULT_ADDRESS: place.table = "customer_address"; break;
    case VAULT_REFUND: place.table = "customer_refund"; break;
    case VAULT_TEXT: place.table = "customer_note", place.column = "text"; break;
    default: break;
    }
    return place;
}

void sealed_add(struct ctx *c, struct sealed_batch *b, enum vault_field field, int64_t row_id, int64_t sealed_for, struct str sealed, struct str *into)
{
    if (sealed.len == 0)
        return;
    if (b->count == b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 32;
        struct vault_open *items = arena_new_array(c->arena, struct vault_open, cap);
        struct str **targets = arena_new_array(c->arena, struct str *, cap);
        if (b->count) {
            memcpy(items, b->items, b->count * sizeof(*items));
            memcpy(targets, b->into, b->count * sizeof(*targets));
        }
        *b = (struct sealed_batch){items, targets, b->count, cap};
    }
    b->items[b->count] = (struct vault_open){.field = field, .place = sealed_place(field, row_id, sealed_for), .sealed = sealed};
    b->into[b->count++] = into;
}

static enum rc fetch_keys(struct ctx *c, struct sealed_batch *b)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, b->count);
    struct str *keys = arena_new_array(c->arena, struct str, b->count);
    for (size_t i = 0; i < b->count; i++)
        ids[i] = b->items[i].place.sealed_for;
    enum rc rc = keystore_get(c, ids, b->count, keys);
    for (size_t i = 0; !rc && i < b->count; i++)
        b->items[i].wrapped = keys[i];
    return rc;
}

static void hand_out(struct sealed_batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        *b->into[i] = b->items[i].text;
}

enum rc sealed_mask(struct ctx *c, struct sealed_batch *b)
{
    if (b->count == 0)
        return RC_OK;
    enum rc rc = fetch_keys(c, b);
    if (!rc)
        rc = vault_mask(c, b->items, b->count);
    if (!rc)
        hand_out(b);
    return rc;
}

enum rc sealed_reveal(struct ctx *c, struct sealed_batch *b, const struct vault_reveal *why, bool machine)
{
    enum rc rc = b->count ? fetch_keys(c, b) : RC_OK;
    if (!rc)
        rc = machine ? vault_open_for(c, why, b->items, b->count) : vault_reveal(c, why, b->items, b->count);
    if (!rc)
        hand_out(b);
    return rc;
}
