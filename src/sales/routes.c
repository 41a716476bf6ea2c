/* Orders and receipts over HTTP: the list of all, of one customer, and one document with its lines and what came back. */
#include "access/access.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "customer/customer.h"
#include "http/list.h"
#include "identity/identity.h"
#include "sales/sales_priv.h"

/* ---- the head of a document, in lists and in full ---- */

const struct field sale_out[] = {
    {"id", FIELD_ID},
    {"kind", FIELD_STR, .doc = "receipt, order, return or exchange."},
    {"status", FIELD_STR, .doc = "placed, paid, shipped, received, cancelled, refunded, part_refunded or done."},
    {"channel", FIELD_STR},
    {"store", FIELD_JSON, FIELD_NULLABLE, .doc = "code and name, null for the web."},
    {"till", FIELD_STR},
    {"number", FIELD_STR},
    {"at", FIELD_TIME},
    {"business_day", FIELD_DAY},
    {"currency", FIELD_STR},
    {"total", FIELD_MONEY, .doc = "Paid for the goods, without freight."},
    {"freight", FIELD_MONEY},
    {"refunded", FIELD_MONEY},
    {"units", FIELD_I64, .doc = "Pieces sold less pieces returned."},
    {"customer_id", FIELD_ID},
    {"member", FIELD_BOOL},
    {"over_returned", FIELD_BOOL, .doc = "More of it came back than was sold or paid, or it brought back more; see 待核对."},
    {"customer", FIELD_OBJECT, FIELD_NULLABLE, .sub = customer_label_out, .doc = "How she is named, masked; not on her own pages; null for walk-ins."},
    FIELD_END,
};

void sales_write_head(struct jw *w, struct db_rows *q)
{
    int exponent = decimal_exponent_of(db_text(q, "currency"));
    jw_kv_id(w, "id", db_i64(q, "id"));
    jw_kv_z(w, "kind", sale_kind_word(db_i64(q, "kind")));
    jw_kv_z(w, "status", sale_status_word(db_i64(q, "status")));
    jw_kv_str(w, "channel", db_text(q, "channel"));
    jw_key(w, "store");
    if (db_i64(q, "store_id")) {
        jw_object(w);
        jw_kv_str(w, "code", db_text(q, "store_code"));
        jw_kv_str(w, "name", db_text(q, "store_name"));
        jw_object_end(w);
    } else {
        jw_null(w);
    }
    jw_kv_str(w, "till", db_text(q, "till"));
    jw_kv_str(w, "number", db_text(q, "number"));
    jw_kv_time(w, "at", db_i64(q, "at_us"));
    jw_key(w, "business_day");
    jw_day(w, (int32_t)db_i64(q, "business_day"));
    jw_kv_str(w, "currency", db_text(q, "currency"));
    jw_kv_money(w, "total", db_i64(q, "total_minor"), exponent);
    jw_kv_money(w, "freight", db_i64(q, "freight_minor"), exponent);
    jw_kv_money(w, "refunded", db_i64(q, "refunded_minor"), exponent);
    jw_kv_i64(w, "units", db_i64(q, "units"));
    jw_kv_id(w, "customer_id", db_i64(q, "customer_id"));
    jw_kv_bool(w, "member", db_i64(q, "member"));
    jw_kv_bool(w, "over_returned", db_i64(q, "over_returned"));
}

/* Walk-ins have a pseudonym for a customer. */
static bool is_somebody(struct db_rows *q)
{
    return db_i64(q, "member") || !str_eqz(db_text(q, "channel"), "store");
}

/* ---- lists ---- */

enum { KIND_PURCHASE = -1 };

struct filter {
    struct list page;
    int64_t before_us, before_id, store_id, kind; /* kind: 0 all, KIND_PURCHASE, or an enum sale_kind */
    int32_t from_day, to_day;
    struct str channel;
    const int64_t *members;
    size_t member_count;
};

static enum rc read_day(struct ctx *c, const struct request *r, const char *name, int32_t *ret)
{
    struct str text = request_query(r, name);
    return text.len && !clock_parse_day(text, ret) ? ctx_fail(c, RC_INVALID, name, "malformed") : RC_OK;
}

/* "purchase" is what docs/metrics.md counts as one: a receipt, or an order that was paid. */
static enum rc read_kind(struct ctx *c, struct str text, int64_t *ret)
{
    *ret = str_eqz(text, "purchase") ? KIND_PURCHASE : 0;
    for (int64_t kind = SALE_RECEIPT; *ret == 0 && text.len && kind <= SALE_EXCHANGE; kind++)
        if (str_eqz(text, sale_kind_word(kind)))
            *ret = kind;
    return text.len && *ret == 0 ? ctx_fail(c, RC_INVALID, "kind", "not_a_choice") : RC_OK;
}

static enum rc read_customer(struct ctx *c, struct str text, struct filter *f)
{
    int64_t id, *members;
    if (!str_i64(text, &id) || id <= 0)
        return ctx_fail(c, RC_INVALID, "customer", "malformed");
    enum rc rc = customer_open(c, id, &members, &f->member_count);
    f->members = members;
    return rc;
}

static enum rc read_filter(struct ctx *c, const struct request *r, struct str customer, struct filter *f)
{
    struct store store = {0};
    struct str code = request_query(r, "store");
    *f = (struct filter){.page = {.key_columns = {"at_us", "id"}}, .from_day = INT32_MIN, .to_day = INT32_MAX};
    enum rc rc = list_open(c, r, 50, &f->page);
    if (rc == RC_OK && code.len)
        rc = catalog_store(c, code, &store);
    if (rc == RC_OK)
        rc = read_day(c, r, "from", &f->from_day);
    if (rc == RC_OK)
        rc = read_day(c, r, "to", &f->to_day);
    if (rc == RC_OK && customer.len)
        rc = read_customer(c, customer, f);
    if (rc)
        return rc;
    f->store_id = store.id;
    f->channel = request_query(r, "channel");
    f->before_us = f->page.first ? INT64_MAX : f->page.after[0];
    f->before_id = f->page.first ? INT64_MAX : f->page.after[1];
    return RC_OK;
}

/* The people of a page, before it is written: one call for all of them. */
static enum rc label_list(struct ctx *c, const struct filter *f, const char *list, const struct db_arg *args, size_t list_args, struct customer_labels **ret)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, (size_t)f->page.limit + 1);
    size_t count = 0;
    struct db_rows *q = db_query_args(c->db, list, args, list_args);
    while (db_next(q))
        if (is_somebody(q))
            ids[count++] = db_i64(q, "customer_id");
    enum rc rc = db_end(q);
    return rc ? rc : customer_labels(c, ids, count, ret);
}

static enum rc write_list(struct ctx *c, const struct request *r, struct filter *f, struct reply *p, const char *list, const char *count, const struct db_arg *args,
                          size_t count_args, size_t list_args)
{
    struct customer_labels *labels = NULL;
    enum rc rc = f->members ? RC_OK : label_list(c, f, list, args, list_args, &labels);
    if (rc)
        return rc;
    struct db_rows *q = db_query_args(c->db, list, args, list_args);
    list_begin(&f->page, p);
    while (list_next(&f->page, q)) {
        jw_object(&p->json);
        sales_write_head(&p->json, q);
        if (labels)
            customer_label_write(labels, is_somebody(q) ? db_i64(q, "customer_id") : 0, &p->json);
        jw_object_end(&p->json);
    }
    rc = db_end(q);
    return rc ? rc : list_end(c, r, &f->page, p, count, args, count_args);
}

static enum rc list_of_customer(struct ctx *c, const struct request *r, struct filter *f, struct reply *p)
{
    const struct db_arg args[] = {
        DB_IDS("members", f->members, f->member_count),
        DB_TEXT("channel", f->channel),
        DB_I64("from_day", f->from_day),
        DB_I64("to_day", f->to_day),
        DB_I64("kind", f->kind),
        DB_I64("before_us", f->before_us),
        DB_I64("before_id", f->before_id),
        DB_I64("limit", f->page.limit + 1),
    };
    return write_list(c, r, f, p, "sale_list_of", "sale_count_of", args, 5, 8);
}

enum rc sales_orders_list(struct ctx *c, const struct request *r, struct reply *p)
{
    struct filter f;
    enum rc rc = read_filter(c, r, request_query(r, "customer"), &f);
    if (rc)
        return rc;
    if (f.members)
        return list_of_customer(c, r, &f, p);
    bool all = !c->actor || !c->actor->stores;
    const struct db_arg args[] = {
        DB_TEXT("channel", f.channel),     DB_I64("store_id", f.store_id),
        DB_I64("all_stores", all),         DB_IDS("stores", all ? NULL : c->actor->stores, all ? 0 : c->actor->store_count),
        DB_I64("from_day", f.from_day),    DB_I64("to_day", f.to_day),
        DB_I64("before_us", f.before_us),  DB_I64("before_id", f.before_id),
        DB_I64("limit", f.page.limit + 1),
    };
    return write_list(c, r, &f, p, "sale_list", "sale_count", args, 6, 9);
}

enum rc sales_customer_orders_list(struct ctx *c, const struct request *r, struct reply *p)
{
    struct filter f;
    enum rc rc = read_filter(c, r, r->params[0], &f);
    if (!rc)
        rc = read_kind(c, request_query(r, "kind"), &f.kind);
    return rc ? rc : list_of_customer(c, r, &f, p);
}

/* ---- one document ---- */

/* What a line returned is another document, and maybe another customer's. */
static enum rc write_sold_number(struct ctx *c, struct jw *w, struct identity_key_holder at)
{
    struct db_rows *q = db_query(c->db, "sale_number", DB_I64("customer_id", at.customer_id), DB_I64("id", at.id));
    jw_kv_str(w, "number", db_next(q) ? db_text(q, "number") : STR(""));
    return db_end(q);
}

static enum rc write_return_of(struct ctx *c, struct jw *w, struct db_rows *q)
{
    jw_key(w, "return_of");
    if (db_text(q, "return_key").len == 0) {
        jw_null(w);
        return RC_OK;
    }
    jw_object(w);
    jw_kv_id(w, "order_id", db_i64(q, "return_sale_id")); /* null: what it names has not come in */
    enum rc rc = write_sold_number(c, w, (struct identity_key_holder){db_i64(q, "return_sale_id"), db_i64(q, "return_customer_id")});
    jw_kv_str(w, "channel", db_text(q, "return_channel"));
    jw_kv_i64(w, "line_no", db_i64(q, "return_line"));
    jw_object_end(w);
    return rc;
}

static enum rc write_line(struct ctx *c, struct jw *w, struct db_rows *q, int exponent)
{
    jw_object(w);
    jw_kv_i64(w, "line_no", db_i64(q, "line_no"));
    jw_kv_str(w, "sku", db_text(q, "sku"));
    jw_kv_id(w, "style_id", db_i64(q, "style_id"));
    jw_kv_str(w, "name", db_text(q, "name"));
    jw_kv_i64(w, "quantity", db_i64(q, "quantity"));
    jw_kv_money(w, "list_price", db_i64(q, "list_minor"), exponent);
    jw_kv_money(w, "paid", db_i64(q, "paid_minor"), exponent);
    jw_kv_money(w, "discount", db_i64(q, "discount_minor"), exponent);
    jw_kv_money(w, "order_share", db_i64(q, "order_share_minor"), exponent);
    jw_kv_money(w, "tax_rate", db_i64(q, "tax_permyriad"), 2);
    jw_kv_str(w, "promotion", db_text(q, "promotion"));
    jw_kv_str(w, "coupon", db_text(q, "coupon"));
    enum rc rc = write_return_of(c, w, q);
    jw_kv_str(w, "return_reason", db_text(q, "return_reason"));
    jw_kv_i64(w, "returned", db_i64(q, "returned"));
    jw_kv_i64(w, "over_returned", db_i64(q, "over_quantity"));
    jw_object_end(w);
    return rc;
}

static enum rc write_lines(struct ctx *c, struct jw *w, struct identity_key_holder at, int exponent)
{
    struct db_rows *q = db_query(c->db, "sale_lines", DB_I64("customer_id", at.customer_id), DB_I64("sale_id", at.id));
    jw_key(w, "lines");
    jw_array(w);
    enum rc rc = RC_OK;
    while (!rc && db_next(q))
        rc = write_line(c, w, q, exponent);
    jw_array_end(w);
    enum rc end = db_end(q);
    return rc ? rc : end;
}

static enum rc write_tenders(struct ctx *c, struct jw *w, struct identity_key_holder at, int exponent)
{
    struct db_rows *q = db_query(c->db, "sale_tenders", DB_I64("customer_id", at.customer_id), DB_I64("sale_id", at.id));
    jw_key(w, "tenders");
    jw_array(w);
    while (db_next(q)) {
        jw_object(w);
        jw_kv_str(w, "type", db_text(q, "type"));
        jw_kv_money(w, "amount", db_i64(q, "amount_minor"), exponent);
        jw_object_end(w);
    }
    jw_array_end(w);
    return db_end(q);
}

static enum rc write_staff(struct ctx *c, struct jw *w, struct identity_key_holder at)
{
    struct db_rows *q = db_query(c->db, "sale_shares", DB_I64("customer_id", at.customer_id), DB_I64("sale_id", at.id));
    jw_key(w, "staff");
    jw_array(w);
    while (db_next(q)) {
        jw_object(w);
        jw_kv_str(w, "no", db_text(q, "staff_no"));
        jw_kv_money(w, "share", db_i64(q, "permille"), 1);
        jw_object_end(w);
    }
    jw_array_end(w);
    return db_end(q);
}

static enum rc write_states(struct ctx *c, struct jw *w, struct identity_key_holder at, int exponent)
{
    struct db_rows *q = db_query(c->db, "sale_state_list", DB_I64("customer_id", at.customer_id), DB_I64("sale_id", at.id));
    jw_key(w, "states");
    jw_array(w);
    while (db_next(q)) {
        jw_object(w);
        jw_kv_z(w, "status", sale_status_word(db_i64(q, "status")));
        jw_kv_time(w, "at", db_i64(q, "at_us"));
        jw_kv_money(w, "refund", db_i64(q, "refund_minor"), exponent);
        jw_object_end(w);
    }
    jw_array_end(w);
    return db_end(q);
}

/* A document that brought something back; pieces and what is too many stand in `q`. */
static enum rc write_return(struct ctx *c, struct jw *w, struct db_rows *q, int exponent)
{
    struct db_rows *head = db_query(c->db, "sale_return_head", DB_I64("customer_id", db_i64(q, "return_customer_id")), DB_I64("id", db_i64(q, "return_sale_id")));
    if (db_next(head)) {
        jw_object(w);
        jw_kv_id(w, "id", db_i64(head, "id"));
        jw_kv_z(w, "kind", sale_kind_word(db_i64(head, "kind")));
        jw_kv_str(w, "number", db_text(head, "number"));
        jw_kv_str(w, "channel", db_text(head, "channel"));
        jw_kv_time(w, "at", db_i64(head, "at_us"));
        jw_kv_str(w, "store", db_text(head, "store_name"));
        jw_kv_money(w, "total", db_i64(head, "total_minor"), exponent);
        jw_kv_i64(w, "pieces", db_i64(q, "pieces"));
        jw_kv_i64(w, "over_returned", db_i64(q, "over_quantity"));
        jw_object_end(w);
    }
    return db_end(head);
}

enum rc sales_write_returns(struct ctx *c, struct jw *w, struct identity_key_holder at, int exponent)
{
    struct db_rows *q = db_query(c->db, "sale_returns", DB_I64("customer_id", at.customer_id), DB_I64("sale_id", at.id));
    enum rc rc = RC_OK;
    jw_key(w, "returns");
    jw_array(w);
    while (!rc && db_next(q))
        rc = write_return(c, w, q, exponent);
    jw_array_end(w);
    enum rc end = db_end(q);
    return rc ? rc : end;
}

static enum rc write_parts(struct ctx *c, struct jw *w, struct identity_key_holder at, int exponent)
{
    enum rc rc = write_lines(c, w, at, exponent);
    if (rc == RC_OK)
        rc = write_tenders(c, w, at, exponent);
    if (rc == RC_OK)
        rc = write_staff(c, w, at);
    if (rc == RC_OK)
        rc = write_states(c, w, at, exponent);
    return rc ? rc : sales_write_returns(c, w, at, exponent);
}

/* Store staff see the documents of their stores and of the web; another store's answer as if they were not there. */
static bool may_see(const struct ctx *c, int64_t store_id)
{
    return store_id == 0 || !c->actor || access_can_see_store(c->actor, store_id);
}

enum rc sales_order_show(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t id, customer_id = 0;
    int exponent = 2;
    struct jw *w = &p->json;
    struct customer_labels *labels;
    struct identity_key_holder at = {0};
    enum rc rc = request_param_id(c, r, 0, &id);
    if (!rc)
        rc = sales_place_of_id(c, id, &at);
    if (rc)
        return rc;
    struct db_rows *q = db_query(c->db, "sale_show", DB_I64("customer_id", at.customer_id), DB_I64("id", at.id));
    bool found = db_next(q) && may_see(c, db_i64(q, "store_id"));
    if (found) {
        exponent = decimal_exponent_of(db_text(q, "currency"));
        jw_object(w);
        sales_write_head(w, q);
        customer_id = is_somebody(q) ? db_i64(q, "customer_id") : 0;
        jw_kv_money(w, "order_discount", db_i64(q, "order_discount_minor"), exponent);
        jw_kv_id(w, "rev", db_i64(q, "rev"));
    }
    rc = db_end(q);
    if (rc || !found)
        return rc ? rc : ctx_fail(c, RC_NOT_FOUND, "id", "unknown");
    rc = customer_labels(c, &customer_id, customer_id != 0, &labels);
    if (rc)
        return rc;
    customer_label_write(labels, customer_id, w);
    rc = write_parts(c, w, at, exponent);
    jw_object_end(w);
    return rc;
}
