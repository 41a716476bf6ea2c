/* Who is who, as identity tells it. This folder stands below identity, so identity leaves its face here at start. */
#include "customer/customer_priv.h"

static const struct customer_identity *face;

void customer_set_identity(const struct customer_identity *i)
{
    face = i;
}

const struct customer_identity *customer_identity(void)
{
    return face;
}

enum rc customer_root(struct ctx *c, int64_t customer_id, int64_t *ret_root)
{
    if (face)
        return face->root(c, customer_id, ret_root);
    *ret_root = customer_id;
    return RC_OK;
}

enum rc customer_members_ahead(struct ctx *c, int64_t customer_id)
{
    return face ? face->members_ahead(c, customer_id) : RC_OK;
}

enum rc customer_members(struct ctx *c, int64_t customer_id, int64_t **ret_ids, size_t *ret_count)
{
    if (face)
        return face->members(c, customer_id, ret_ids, ret_count);
    *ret_ids = arena_new_one(c->arena, int64_t);
    (*ret_ids)[0] = customer_id;
    *ret_count = 1;
    return RC_OK;
}
