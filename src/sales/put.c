/* Storing a document: new, the same, another content (an order's source may say so, a receipt's may not), and joining
 * returns to what they return (over.c), whichever comes first. */
#include "base/id.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "identity/identity.h"
#include "sales/sales_priv.h"

#include <assert.h>
#include <sodium.h>

/* ---- the content ---- */

static void hash_number(crypto_generichash_state *h, int64_t v)
{
    unsigned char le[8];
    for (size_t i = 0; i < sizeof(le); i++)
        le[i] = (unsigned char)((uint64_t)v >> (8 * i));
    crypto_generichash_update(h, le, sizeof(le));
}

static void hash_text(crypto_generichash_state *h, struct str s)
{
    hash_number(h, (int64_t)s.len);
    crypto_generichash_update(h, (const unsigned char *)s.ptr, s.len);
}

static void hash_line(crypto_generichash_state *h, const struct sale_line *l)
{
    hash_number(h, l->line_no);
    hash_text(h, l->sku);
    hash_number(h, l->quantity);
    hash_number(h, l->list_minor);
    hash_number(h, l->paid_minor);
    hash_number(h, l->discount_minor);
    hash_number(h, l->tax_permyriad);
    hash_text(h, l->promotion);
    hash_text(h, l->coupon);
    hash_text(h, l->return_said.len ? l->return_said : l->return_of);
    hash_number(h, l->return_of_line);
}

void sales_hash(const struct sale *s, uint8_t ret_hash[static SALE_HASH_BYTES])
{
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, SALE_HASH_BYTES);
    hash_number(&h, s->kind);
    hash_number(&h, s->kind == SALE_ORDER ? 0 : s->at_us);
    hash_text(&h, s->currency);
    hash_number(&h, s->total_minor);
    hash_number(&h, s->freight_minor);
    hash_number(&h, s->order_discount_minor);
    for (size_t i = 0; i < s->line_count; i++)
        hash_line(&h, &s->lines[i]);
    for (size_t i = 0; i < s->tender_count; i++) {
        hash_text(&h, s->tenders[i].type);
        hash_number(&h, s->tenders[i].amount_minor);
    }
    for (size_t i = 0; i < s->share_count; i++) {
        hash_text(&h, s->shares[i].staff_no);
        hash_number(&h, s->shares[i].permille);
    }
    crypto_generichash_final(&h, ret_hash, SALE_HASH_BYTES);
}

/* Numbers the lines that have no number; every number once. */
static enum rc check_line_numbers(struct ctx *c, struct sale *s)
{
    if (s->line_count == 0)
        return ctx_fail(c, RC_INVALID, "lines", "too_few");
    if (s->line_count > LIMIT_ORDER_LINES)
        return ctx_fail(c, RC_INVALID, "lines", "too_many");
    for (size_t i = 0; i < s->line_count; i++) {
        if (s->lines[i].line_no == 0)
            s->lines[i].line_no = (int32_t)i + 1;
        for (size_t j = 0; j < i; j++)
            if (s->lines[j].line_no == s->lines[i].line_no)
                return ctx_fail(c, RC_INVALID, "lines", "line_no_twice");
    }
    return RC_OK;
}

static enum rc check_sum(struct ctx *c, const struct sale *s)
{
    int64_t sum = 0;
    for (size_t i = 0; i < s->line_count; i++)
        if (__builtin_add_overflow(sum, s->lines[i].paid_minor, &sum))
            return ctx_fail(c, RC_INVALID, "lines", "too_large");
    if (sum - s->order_discount_minor != s->total_minor)
        return ctx_fail(c, RC_INVALID, "total", "sum_differs");
    return RC_OK;
}

/* ---- writing the parts ---- */

/* Until it is joined to what it returns. */
static enum rc let_wait(struct ctx *c, const struct sale *s, const struct sale_line *l)
{
    if (l->return_of.len == 0)
        return RC_OK;
    return db_run_later(c->db, "sale_waiting_insert", DB_TEXT("return_key", l->return_of), DB_I64("sale_id", s->id), DB_I64("line_no", l->line_no),
                        DB_I64("customer_id", s->customer_id));
}

static enum rc insert_line(struct ctx *c, const struct sale *s, const struct sale_line *l, int64_t share)
{
    int64_t sku = 0, style = 0;
    enum rc rc = l->sku.len ? catalog_sku(c, l->sku, &sku, &style) : RC_OK;
    if (rc)
        return rc;
    return db_run_later(c->db, "sale_line_insert", DB_I64("sale_id", s->id), DB_I64("customer_id", s->customer_id), DB_I64("line_no", l->line_no), DB_I64("sku_id", sku),
                        DB_I64("style_id", style), DB_TEXT("sku", l->sku), DB_TEXT("name", l->name), DB_I64("quantity", l->quantity), DB_I64("list_minor", l->list_minor),
                        DB_I64("paid_minor", l->paid_minor - share), DB_I64("discount_minor", l->discount_minor), DB_I64("order_share_minor", share),
                        DB_I64("tax_permyriad", l->tax_permyriad), DB_TEXT("promotion", l->promotion), DB_TEXT("coupon", l->coupon), DB_TEXT("return_key", l->return_of),
                        DB_I64("return_line", l->return_of_line), DB_TEXT("return_reason", l->return_reason));
}

static enum rc insert_lines(struct ctx *c, const struct sale *s)
{
    int64_t *weights = arena_new_array(c->arena, int64_t, s->line_count), *shares = arena_new_array(c->arena, int64_t, s->line_count);
    enum rc rc = RC_OK;
    for (size_t i = 0; i < s->line_count; i++)
        weights[i] = s->kind == SALE_RETURN ? -s->lines[i].paid_minor : s->lines[i].paid_minor;
    sales_spread(s->order_discount_minor, weights, s->line_count, shares);
    for (size_t i = 0; rc == RC_OK && i < s->line_count; i++) {
        rc = insert_line(c, s, &s->lines[i], shares[i]);
        if (rc == RC_OK)
            rc = let_wait(c, s, &s->lines[i]);
    }
    return rc;
}

static enum rc insert_parts(struct ctx *c, const struct sale *s)
{
    enum rc rc = insert_lines(c, s);
    for (size_t i = 0; rc == RC_OK && i < s->tender_count; i++)
        rc = db_run_later(c->db, "sale_tender_insert", DB_I64("sale_id", s->id), DB_I64("customer_id", s->customer_id), DB_I64("position", i + 1),
                          DB_TEXT("type", s->tenders[i].type), DB_I64("amount_minor", s->tenders[i].amount_minor));
    for (size_t i = 0; rc == RC_OK && i < s->share_count; i++)
        rc = db_run_later(c->db, "sale_share_insert", DB_I64("sale_id", s->id), DB_I64("customer_id", s->customer_id), DB_TEXT("staff_no", s->shares[i].staff_no),
                          DB_I64("permille", s->shares[i].permille));
    return rc;
}

static enum rc delete_parts(struct ctx *c, const struct sale *s)
{
    static const char *const statements[] = {"sale_line_delete", "sale_tender_delete", "sale_share_delete"};
    enum rc rc = sales_untie(c, (struct identity_key_holder){s->id, s->customer_id});
    for (size_t i = 0; rc == RC_OK && i < 3; i++)
        rc = db_run(c->db, statements[i], DB_I64("customer_id", s->customer_id), DB_I64("sale_id", s->id));
    return rc;
}

/* ---- returns ---- */

/* Its own lines join what they return, and lines that returned it before it was here join it. */
static enum rc join_returns(struct ctx *c, struct sale *s)
{
    s->over_refunded = false;
    for (size_t i = 0; i < s->line_count; i++)
        s->lines[i].over = (struct sale_over){0};
    for (size_t i = 0; i < s->line_count; i++) {
        struct str key = s->lines[i].return_of;
        struct identity_key_holder sold = {0};
        if (key.len == 0 || (i && str_eq(key, s->lines[i - 1].return_of)))
            continue;
        enum rc rc = sales_place(c, key, &sold);
        if (rc == RC_OK && sold.id)
            rc = sales_join(c, key, sold, s);
        if (rc)
            return rc;
    }
    return sales_join(c, s->key, (struct identity_key_holder){s->id, s->customer_id}, s);
}

/* ---- new, same, updated ---- */

static enum rc store_id_of(struct ctx *c, const struct sale *s, int64_t *ret_id)
{
    struct store store = {0};
    enum rc rc = s->store_code.len ? catalog_store(c, s->store_code, &store) : RC_OK;
    *ret_id = store.id;
    return rc;
}

static enum rc insert_state(struct ctx *c, const struct sale *s, enum sale_status status, int64_t position)
{
    return db_run_later(c->db, "sale_state_insert", DB_I64("sale_id", s->id), DB_I64("customer_id", s->customer_id), DB_I64("position", position),
                        DB_I64("status", status), DB_I64("at_us", s->at_us), DB_I64("refund_minor", 0));
}

static enum rc insert_sale(struct ctx *c, struct sale *s, struct str hash)
{
    int64_t store_id;
    enum rc rc = store_id_of(c, s, &store_id);
    if (s->id == 0)
        s->id = id_next();
    if (rc == RC_OK)
        rc = identity_key_give(c, STR("sale"), s->key, &(struct identity_key_holder){s->id, s->customer_id});
    if (rc == RC_OK)
        rc = db_run_later(c->db, "sale_insert", DB_I64("id", s->id), DB_TEXT("sale_key", s->key), DB_I64("kind", s->kind), DB_I64("status", s->status),
                          DB_TEXT("channel", s->channel), DB_I64("store_id", store_id), DB_TEXT("till", s->till), DB_TEXT("number", s->number), DB_I64("at_us", s->at_us),
                          DB_I64("business_day", s->business_day), DB_TEXT("currency", s->currency), DB_I64("total_minor", s->total_minor),
                          DB_I64("freight_minor", s->freight_minor), DB_I64("order_discount_minor", s->order_discount_minor), DB_I64("units", sales_figures(s).units),
                          DB_I64("source_id", s->source_id), DB_I64("trusted", s->trusted), DB_I64("customer_id", s->customer_id), DB_I64("member", s->member),
                          DB_BLOB("content_hash", hash), DB_I64("now_us", c->now_us));
    if (rc == RC_OK)
        rc = insert_parts(c, s);
    if (rc == RC_OK && s->kind == SALE_ORDER)
        rc = insert_state(c, s, s->status, 1);
    return rc ? rc : join_returns(c, s);
}

static enum rc put_new(struct ctx *c, struct sale *s, struct str hash)
{
    struct sale_figures figures = sales_figures(s);
    enum rc rc = insert_sale(c, s, hash);
    if (rc == RC_OK)
        rc = sales_count(c, s->customer_id, s->at_us, &(struct sale_figures){0}, &figures);
    return rc ? rc : change_add(c, CHANGE_ORDER, s->id, s->customer_id, 1);
}

enum rc sales_load(struct ctx *c, struct identity_key_holder at, struct sale_stored *ret)
{
    struct db_rows *q = db_query(c->db, "sale_get", DB_I64("customer_id", at.customer_id), DB_I64("id", at.id));
    if (db_next(q))
        *ret = (struct sale_stored){
            .id = at.id,
            .customer_id = db_i64(q, "customer_id"),
            .freight_minor = db_i64(q, "freight_minor"),
            .at_us = db_i64(q, "at_us"),
            .trusted = db_i64(q, "trusted"),
            .figures = {.kind = (enum sale_kind)db_i64(q, "kind"),
                        .status = (enum sale_status)db_i64(q, "status"),
                        .channel = arena_str(c->arena, db_text(q, "channel")),
                        .total_minor = db_i64(q, "total_minor"),
                        .refunded_minor = db_i64(q, "refunded_minor"),
                        .units = db_i64(q, "units")},
            .content_hash = arena_str(c->arena, db_blob(q, "content_hash")),
        };
    return db_end(q);
}

static enum rc count_update(struct ctx *c, const struct sale *s, const struct sale_stored *now, enum sale_status status)
{
    struct sale_figures after = sales_figures(s);
    after.status = status;
    after.channel = now->figures.channel;
    after.refunded_minor = now->figures.refunded_minor;
    return sales_count(c, now->customer_id, now->at_us, &now->figures, &after);
}

static enum rc update_sale(struct ctx *c, struct sale *s, const struct sale_stored *now, struct str hash, enum sale_status status)
{
    int64_t states = 0;
    enum rc rc = delete_parts(c, s);
    if (rc == RC_OK)
        rc = db_run(c->db, "sale_update", DB_I64("customer_id", s->customer_id), DB_I64("id", s->id), DB_I64("status", status), DB_TEXT("currency", s->currency),
                    DB_I64("total_minor", s->total_minor), DB_I64("freight_minor", s->freight_minor), DB_I64("order_discount_minor", s->order_discount_minor),
                    DB_I64("units", sales_figures(s).units), DB_I64("trusted", s->trusted || now->trusted), DB_BLOB("content_hash", hash), DB_I64("now_us", c->now_us));
    if (rc == RC_OK)
        rc = insert_parts(c, s);
    if (rc == RC_OK && status != now->figures.status)
        rc = db_get_i64(c->db, 0, &states, "sale_state_count", DB_I64("customer_id", s->customer_id), DB_I64("sale_id", s->id));
    if (rc == RC_OK && status != now->figures.status)
        rc = insert_state(c, s, status, states + 1);
    if (rc == RC_OK)
        rc = join_returns(c, s);
    if (rc == RC_OK)
        rc = count_update(c, s, now, status);
    return rc ? rc : change_add(c, CHANGE_ORDER, s->id, now->customer_id, 1);
}

/* The document is known: the same again, a newer word of an order, or a conflict. */
static enum rc put_again(struct ctx *c, struct sale *s, struct str hash, enum sale_outcome *ret_outcome)
{
    struct sale_stored now = {0};
    enum rc rc = sales_load(c, (struct identity_key_holder){s->id, s->customer_id}, &now);
    if (rc)
        return rc;
    enum sale_status status = sales_status_forward(now.figures.status, s->status);
    bool settled = now.trusted && !s->trusted;
    if (str_eq(now.content_hash, hash) && (status == now.figures.status || settled)) {
        *ret_outcome = SALE_SAME;
        return RC_OK;
    }
    if (now.figures.kind != SALE_ORDER || s->kind != SALE_ORDER)
        return ctx_fail(c, RC_CONFLICT, "number", "other_content");
    if (settled)
        return ctx_fail(c, RC_CONFLICT, "order_id", "source_not_trusted");
    if (s->total_minor + s->freight_minor < now.figures.refunded_minor)
        return ctx_fail(c, RC_CONFLICT, "total", "less_than_refunded");
    *ret_outcome = SALE_UPDATED;
    return update_sale(c, s, &now, hash, status);
}

enum rc sales_place(struct ctx *c, struct str key, struct identity_key_holder *ret)
{
    return identity_key_holder(c, STR("sale"), key, ret);
}

enum rc sales_place_of_id(struct ctx *c, int64_t id, struct identity_key_holder *ret)
{
    int64_t customer_id = 0;
    enum rc rc = db_get_i64(c->db, 0, &customer_id, "sale_customer", DB_I64("id", id));
    if (!rc)
        *ret = customer_id ? (struct identity_key_holder){id, customer_id} : (struct identity_key_holder){0};
    return rc;
}

enum rc sales_find(struct ctx *c, struct str key, int64_t *ret_id)
{
    struct identity_key_holder at;
    enum rc rc = sales_place(c, key, &at);
    if (!rc)
        *ret_id = at.id;
    return rc;
}

enum rc sales_ahead(struct ctx *c, struct str key, const struct sale *s)
{
    enum rc rc = identity_key_ahead(c, STR("sale"), key);
    for (size_t i = 0; !rc && s && i < s->line_count; i++)
        rc = s->lines[i].sku.len ? catalog_sku_ahead(c, s->lines[i].sku) : RC_OK;
    return rc;
}

bool sales_returns(const struct sale *s)
{
    for (size_t i = 0; i < s->line_count; i++)
        if (s->lines[i].return_of.len)
            return true;
    return false;
}

enum rc sales_ahead_of_known(struct ctx *c, const struct sale *s)
{
    enum rc rc = identity_root_ahead(c, s->customer_id);
    return rc ? rc : sales_waiting_ahead(c, s->key);
}

enum rc sales_put(struct ctx *c, struct sale *s, int64_t *ret_id, enum sale_outcome *ret_outcome)
{
    uint8_t hash[SALE_HASH_BYTES];
    struct identity_key_holder known = {0};
    enum rc rc = check_line_numbers(c, s);
    if (rc == RC_OK)
        rc = check_sum(c, s);
    if (rc == RC_OK)
        rc = sales_place(c, s->key, &known);
    if (rc)
        return rc;
    sales_hash(s, hash);
    if (known.id) {
        s->id = known.id;
        s->customer_id = known.customer_id; /* never rewritten */
        rc = put_again(c, s, str_n(hash, sizeof(hash)), ret_outcome);
    } else {
        assert(s->customer_id > 0);
        rc = put_new(c, s, str_n(hash, sizeof(hash)));
        *ret_outcome = SALE_NEW;
    }
    if (rc == RC_OK)
        *ret_id = s->id;
    return rc;
}
