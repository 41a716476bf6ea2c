/* A customer's running totals follow her documents: each change of a document adds the difference it makes. */
#include "customer/customer.h"
#include "identity/identity.h"
#include "sales/sales_priv.h"

/* What one document, as it stands, adds up to. Neither a return nor an exchange is a purchase. */
static struct customer_stat worth(const struct sale_figures *f)
{
    bool web = !str_eqz(f->channel, "store"), purchase = f->kind == SALE_RECEIPT || f->kind == SALE_ORDER;
    if (f->status == 0 || f->status == SALE_PLACED || f->status == SALE_CANCELLED)
        return (struct customer_stat){0};
    int64_t refunded = f->refunded_minor < f->total_minor ? f->refunded_minor : f->kind == SALE_ORDER ? f->total_minor : 0;
    int64_t spent = f->total_minor - refunded; /* freight that went back is not goods */
    return (struct customer_stat){
        .orders = purchase,
        .units = f->units,
        .spent_minor = spent,
        .returned_minor = f->returned_minor + refunded,
        .web_orders = purchase && web,
        .web_spent_minor = web ? spent : 0,
    };
}

enum rc sales_count(struct ctx *c, int64_t customer_id, int64_t at_us, const struct sale_figures *before, const struct sale_figures *after)
{
    struct customer_stat was = worth(before), is = worth(after);
    struct customer_stat delta = {
        .orders = is.orders - was.orders,
        .units = is.units - was.units,
        .spent_minor = is.spent_minor - was.spent_minor,
        .returned_minor = is.returned_minor - was.returned_minor,
        .web_orders = is.web_orders - was.web_orders,
        .web_spent_minor = is.web_spent_minor - was.web_spent_minor,
        .seen_us = at_us,
        .order_us = is.orders > was.orders ? at_us : 0,
    };
    int64_t root;
    enum rc rc = identity_root(c, customer_id, &root);
    return rc ? rc : customer_stat_add(c, root, &delta);
}

struct sale_figures sales_figures(const struct sale *s)
{
    struct sale_figures f = {.kind = s->kind, .status = s->status, .channel = s->channel, .total_minor = s->total_minor};
    for (size_t i = 0; i < s->line_count; i++) {
        f.units += s->lines[i].quantity;
        f.returned_minor += s->lines[i].quantity < 0 ? -s->lines[i].paid_minor : 0;
    }
    return f;
}
