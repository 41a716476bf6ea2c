/* How the rest of the program meets sales. */
#include "embedded_sql.h"
#include "sales/sales_priv.h"

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/orders", sales_orders_list, .need = "order.read", .out = sale_out, .out_name = "Order", .out_list = true,
     .query = "channel,store,from,to,customer,after,limit", .doc = "Orders, receipts, returns and exchanges, newest first."},
    {HTTP_GET, "/api/v1/orders/{id}", sales_order_show, .need = "order.read", .out = sale_out, .out_name = "Order",
     .doc = "A document with lines, tenders, staff, states, and the documents that returned something of it."},
    {HTTP_GET, "/api/v1/customers/{id}/orders", sales_customer_orders_list, .need = "order.read", .out = sale_out, .out_name = "Order", .out_list = true,
     .query = "kind,channel,from,to,after,limit", .doc = "What one customer bought and returned, newest first; kind is receipt, order, return, exchange or purchase."},
    {.path = NULL},
};

static const struct permission permissions[] = {
    {"order.read", ROLE_ALL},
    {.name = NULL},
};

static const char *const tables[] = {"sale", "sale_line", "sale_tender", "sale_share", "sale_state", "sale_waiting", "sale_returned", NULL};

/* A merge moves nothing: a document keeps the id it was issued to, and readers ask for all members of a person. */
static enum rc on_merge(struct ctx *c, const struct customer_merge *m)
{
    (void)c;
    (void)m;
    return RC_OK;
}

/* Erasure leaves the documents: they hold a pseudonym, no personal data, and the books need them. */
static enum rc on_erase(struct ctx *c, int64_t customer_id)
{
    (void)c;
    (void)customer_id;
    return RC_OK;
}

/* Goods are sold before anybody filed them: such lines keep the code that was scanned, and join the style once it is known. */
static enum rc on_sku(struct ctx *c, struct str code, int64_t sku_id, int64_t style_id)
{
    enum { SALES_AT_ONCE = 1000 };
    int64_t *ids = arena_new_array(c->arena, int64_t, SALES_AT_ONCE), after = 0;
    size_t count = SALES_AT_ONCE;
    enum rc rc = RC_OK;
    while (!rc && count == SALES_AT_ONCE) {
        struct db_rows *q = db_query(c->db, "sale_line_unknown", DB_TEXT("sku", code), DB_I64("after", after), DB_I64("limit", SALES_AT_ONCE));
        for (count = 0; count < SALES_AT_ONCE && db_next(q);)
            ids[count++] = after = db_i64(q, "sale_id");
        rc = db_end(q);
        for (size_t i = 0; !rc && i < count; i++)
            rc = change_add(c, CHANGE_ORDER, ids[i], 0, 1);
    }
    return rc || after == 0 ? rc : db_run(c->db, "sale_line_known", DB_TEXT("sku", code), DB_I64("sku_id", sku_id), DB_I64("style_id", style_id));
}

const struct module sales_module = {
    .name = "sales",
    .routes = routes,
    .sql = sales_sql,
    .migrations = sales_migrations,
    .tables = tables,
    .permissions = permissions,
    .on_sku = on_sku,
    .on_customer_merge = on_merge,
    .on_customer_erase = on_erase,
    .on_customer_export = sales_export,
    .on_timeline = sales_timeline,
    .on_lookup = sales_lookup,
    .on_record = sales_record,
    .on_review = sales_on_review,
};
