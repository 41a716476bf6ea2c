/* What the customer record asks of sales: her story, her channels, whose number it is, and her data when she asks. */
#include "base/decimal.h"
#include "base/limits.h"
#include "sales/sales_priv.h"
#include "vault/vault.h"

enum { STORY_LINES_MAX = 10 };

/* ---- the story ---- */

static bool wants(const struct timeline_query *q, const char *kind)
{
    return q->kind.len == 0 || str_eqz(q->kind, kind);
}

static const char *story_kind(int64_t kind)
{
    return kind == SALE_ORDER ? "order" : kind == SALE_RETURN ? "return" : "receipt"; /* an exchange is a receipt of both sides */
}

static enum rc add_goods(struct ctx *c, struct jw *w, struct identity_key_holder at, int exponent)
{
    struct db_rows *q = db_query(c->db, "sale_goods", DB_I64("customer_id", at.customer_id), DB_I64("sale_id", at.id), DB_I64("limit", STORY_LINES_MAX));
    jw_key(w, "lines");
    jw_array(w);
    while (db_next(q)) {
        jw_object(w);
        jw_kv_str(w, "sku", db_text(q, "sku"));
        jw_kv_str(w, "name", db_text(q, "name"));
        jw_kv_i64(w, "quantity", db_i64(q, "quantity"));
        jw_kv_money(w, "paid", db_i64(q, "paid_minor"), exponent);
        jw_object_end(w);
    }
    jw_array_end(w);
    return db_end(q);
}

static enum rc detail_of(struct ctx *c, struct identity_key_holder at, int64_t kind, int64_t status, struct str currency, struct str *ret)
{
    _cleanup_buf_ struct buf b = BUF_INIT(64 << 10);
    struct jw w = jw_on(&b);
    jw_object(&w);
    jw_kv_id(&w, "order_id", at.id);
    jw_kv_z(&w, "document", sale_kind_word(kind));
    jw_kv_z(&w, "status", sale_status_word(status));
    jw_kv_str(&w, "currency", currency);
    enum rc rc = add_goods(c, &w, at, decimal_exponent_of(currency));
    jw_object_end(&w);
    *ret = arena_str(c->arena, b.failed ? STR("{}") : buf_str(&b));
    return rc;
}

static enum rc add_document(struct ctx *c, struct db_rows *q, struct timeline *out)
{
    struct timeline_item item = {
        .at_us = db_i64(q, "at_us"),
        .id = db_i64(q, "id"),
        .kind = story_kind(db_i64(q, "kind")),
        .channel = arena_str(c->arena, db_text(q, "channel")),
        .place = arena_str(c->arena, db_text(q, "store_name")),
        .title = arena_str(c->arena, db_text(q, "number")),
        .amount_minor = db_i64(q, "total_minor"),
        .has_amount = true,
        .repeat = 1,
    };
    const struct identity_key_holder at = {item.id, db_i64(q, "customer_id")};
    enum rc rc = detail_of(c, at, db_i64(q, "kind"), db_i64(q, "status"), db_text(q, "currency"), &item.detail_json);
    if (rc == RC_OK)
        timeline_add(c, out, item);
    return rc;
}

static int64_t asked_kind(const struct timeline_query *t)
{
    if (t->kind.len == 0)
        return 0;
    return str_eqz(t->kind, "order") ? SALE_ORDER : str_eqz(t->kind, "return") ? SALE_RETURN : SALE_RECEIPT;
}

static enum rc add_documents(struct ctx *c, const struct timeline_query *t, struct timeline *out)
{
    enum rc rc = RC_OK;
    struct db_rows *q = db_query(c->db, "sale_list_of", DB_IDS("members", t->members, t->member_count), DB_TEXT("channel", t->channel), DB_I64("from_day", INT32_MIN),
                                 DB_I64("to_day", INT32_MAX), DB_I64("before_us", t->before_us), DB_I64("before_id", t->before_id), DB_I64("limit", t->limit),
                                 DB_I64("kind", asked_kind(t)));
    while (rc == RC_OK && db_next(q))
        rc = add_document(c, q, out);
    enum rc end = db_end(q);
    return rc ? rc : end;
}

/* Money that went back for a web order is a moment of its own. */
static enum rc add_refunds(struct ctx *c, const struct timeline_query *t, struct timeline *out)
{
    struct db_rows *q = db_query(c->db, "sale_refunds_of", DB_IDS("members", t->members, t->member_count), DB_TEXT("channel", t->channel),
                                 DB_I64("before_us", t->before_us), DB_I64("before_id", t->before_id), DB_I64("limit", t->limit));
    while (db_next(q))
        timeline_add(c, out,
                     (struct timeline_item){
                         .at_us = db_i64(q, "at_us"),
                         .id = db_i64(q, "id"),
                         .kind = "return",
                         .channel = arena_str(c->arena, db_text(q, "channel")),
                         .title = arena_str(c->arena, db_text(q, "number")),
                         .detail_json = arena_printf(c->arena, "{\"order_id\":\"%lld\",\"document\":\"refund\"}", (long long)db_i64(q, "id")),
                         .amount_minor = -db_i64(q, "refund_minor"),
                         .has_amount = true,
                         .repeat = 1,
                     });
    return db_end(q);
}

enum rc sales_timeline(struct ctx *c, const struct timeline_query *q, struct timeline *out)
{
    if (q->member_count == 0 || !(wants(q, "receipt") || wants(q, "order") || wants(q, "return")))
        return RC_OK;
    enum rc rc = add_documents(c, q, out);
    return rc || !wants(q, "return") ? rc : add_refunds(c, q, out);
}

/* ---- whose number ---- */

enum rc sales_lookup(struct ctx *c, struct str text, int64_t *ret_customers, size_t max, size_t *ret_count)
{
    *ret_count = 0;
    struct db_rows *q = db_query(c->db, "sale_by_number", DB_TEXT("number", text), DB_TEXT("code", vault_code(c->app, c->arena, text)), DB_I64("limit", max));
    while (*ret_count < max && db_next(q))
        ret_customers[(*ret_count)++] = db_i64(q, "customer_id");
    return db_end(q);
}

/* ---- what each channel was to her ---- */

enum { CHANNELS_MAX = 16 };

static struct channel_totals *channel_at(struct ctx *c, struct channel_totals *list, size_t *count, struct str channel)
{
    for (size_t i = 0; i < *count; i++)
        if (str_eq(list[i].channel, channel))
            return &list[i];
    if (*count == CHANNELS_MAX)
        return &list[CHANNELS_MAX - 1];
    list[*count].channel = arena_str(c->arena, channel);
    return &list[(*count)++];
}

static enum rc add_purchases(struct ctx *c, struct db_rows *q, struct channel_totals *list, size_t *count)
{
    while (db_next(q)) {
        struct channel_totals *t = channel_at(c, list, count, db_text(q, "channel"));
        int64_t refunded = db_i64(q, "refunded_minor"), last = db_i64(q, "last_order_us");
        t->orders += db_i64(q, "orders");
        t->orders_year += db_i64(q, "orders_year");
        t->returns += db_i64(q, "returns");
        t->returned_minor += refunded;
        t->spent_minor -= refunded;
        t->spent_year_minor -= db_i64(q, "refunded_year_minor");
        t->last_order_us = last > t->last_order_us ? last : t->last_order_us;
    }
    return db_end(q);
}

static enum rc add_bought(struct ctx *c, struct db_rows *q, struct channel_totals *list, size_t *count)
{
    while (db_next(q)) {
        struct channel_totals *t = channel_at(c, list, count, db_text(q, "channel"));
        t->bought_minor += db_i64(q, "bought_minor");
        t->returned_minor += db_i64(q, "returned_minor");
        t->spent_minor += db_i64(q, "bought_minor") - db_i64(q, "returned_minor");
        t->spent_year_minor += db_i64(q, "spent_year_minor");
    }
    return db_end(q);
}

enum rc sales_record(struct ctx *c, const int64_t *members, size_t member_count, struct channel_totals **ret, size_t *ret_count)
{
    struct channel_totals *list = arena_new_array(c->arena, struct channel_totals, CHANNELS_MAX);
    const struct db_arg args[] = {DB_IDS("members", members, member_count), DB_I64("year_us", c->now_us - 365 * US_PER_DAY)};
    size_t count = 0;
    enum rc rc = add_purchases(c, db_query_args(c->db, "sale_channel_documents", args, 2), list, &count);
    if (rc == RC_OK)
        rc = add_bought(c, db_query_args(c->db, "sale_channel_goods", args, 2), list, &count);
    *ret = list;
    *ret_count = count;
    return rc;
}

/* ---- her data ---- */

static enum rc export_document(struct ctx *c, struct db_rows *q, struct jw *out)
{
    int exponent = decimal_exponent_of(db_text(q, "currency"));
    jw_object(out);
    jw_kv_z(out, "kind", sale_kind_word(db_i64(q, "kind")));
    jw_kv_z(out, "status", sale_status_word(db_i64(q, "status")));
    jw_kv_str(out, "channel", db_text(q, "channel"));
    jw_kv_str(out, "store", db_text(q, "store_name"));
    jw_kv_str(out, "number", db_text(q, "number"));
    jw_kv_time(out, "at", db_i64(q, "at_us"));
    jw_kv_str(out, "currency", db_text(q, "currency"));
    jw_kv_money(out, "total", db_i64(q, "total_minor"), exponent);
    jw_kv_money(out, "refunded", db_i64(q, "refunded_minor"), exponent);
    enum rc rc = add_goods(c, out, (struct identity_key_holder){db_i64(q, "id"), db_i64(q, "customer_id")}, exponent);
    jw_object_end(out);
    return rc;
}

enum rc sales_export(struct ctx *c, int64_t customer_id, struct jw *out)
{
    enum rc rc = RC_OK;
    struct db_rows *q =
        db_query(c->db, "sale_list_of", DB_IDS("members", &customer_id, 1), DB_TEXT("channel", STR("")), DB_I64("from_day", INT32_MIN), DB_I64("to_day", INT32_MAX),
                 DB_I64("before_us", INT64_MAX), DB_I64("before_id", INT64_MAX), DB_I64("limit", INT32_MAX), DB_I64("kind", 0));
    jw_key(out, "orders");
    jw_array(out);
    while (rc == RC_OK && db_next(q))
        rc = export_document(c, q, out);
    jw_array_end(out);
    enum rc end = db_end(q);
    return rc ? rc : end;
}
