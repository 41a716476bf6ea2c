/* The e-commerce events that are orders: Order Completed and Order Updated bring a document, Order Refunded and Order
 * Cancelled change one; a refund whose server names the pieces is a return of its own. Idempotent by the shop's order id
 * (returns: by refund_id, else the message's id): the browser and the server may both send it. */
#include "base/decimal.h"
#include "base/limits.h"
#include "intake/intake_priv.h"

/* Money of the wire: a JSON number or text; more digits than a fen are rounded half away from zero. NULL when taken. */
static const char *money(struct intake_unit *u, struct json v, int64_t *ret_minor)
{
    struct str text = json_decimal(v, u->arena);
    *ret_minor = 0;
    if (text.len == 0)
        return json_type(v) <= JSON_NULL ? NULL : "malformed";
    if (!decimal_parse(text, 2, ret_minor))
        return NULL;
    int64_t fine;
    const char *why = decimal_parse(text, 6, &fine);
    if (!why)
        *ret_minor = (fine + (fine < 0 ? -5000 : 5000)) / 10000;
    return why;
}

static struct str text_of(struct intake_unit *u, struct json v, size_t max)
{
    if (json_is(v, JSON_I64) || json_is(v, JSON_U64))
        return arena_printf(u->arena, "%lld", (long long)json_i64(v, 0));
    return vault_redact(u->arena, str_cut(json_str(v), max));
}

static const char *take_line(struct intake_unit *u, struct json product, struct sale_line *line)
{
    int64_t price_minor;
    struct str sku = intake_code_of(u, json_get(product, STR("sku")), 64);
    if (!json_is(product, JSON_OBJECT))
        return "product_not_an_object";
    line->sku = sku.len ? sku : intake_code_of(u, json_get(product, STR("product_id")), 64);
    line->name = text_of(u, json_get(product, STR("name")), 200);
    line->coupon = intake_code_of(u, json_get(product, STR("coupon")), 64);
    line->promotion = intake_code_of(u, json_get(product, STR("promotion")), 64);
    line->return_reason = text_of(u, json_get(product, STR("reason")), 64);
    line->quantity = json_i64(json_get(product, STR("quantity")), 1);
    if (line->quantity <= 0 || line->quantity > 1000000)
        return "quantity_out_of_range";
    if (money(u, json_get(product, STR("price")), &price_minor) || price_minor < 0)
        return "price_malformed";
    if (__builtin_mul_overflow(price_minor, line->quantity, &line->paid_minor))
        return "price_too_large";
    if (money(u, json_get(product, STR("list_price")), &line->list_minor) || line->list_minor < price_minor)
        line->list_minor = price_minor;
    if (__builtin_mul_overflow(line->list_minor, line->quantity, &line->discount_minor))
        return "price_too_large";
    line->discount_minor -= line->paid_minor;
    return NULL;
}

static const char *take_lines(struct intake_unit *u, struct json products, struct sale *s, int64_t *ret_sum)
{
    int64_t sum = 0;
    size_t count = json_count(products);
    if (count > LIMIT_ORDER_LINES)
        return "too_many_products";
    s->lines = arena_new_array(u->arena, struct sale_line, count + 1);
    for (struct json_iter it = json_iter(products); json_next(&it);) {
        struct sale_line *line = &s->lines[s->line_count++];
        line->line_no = (int32_t)s->line_count;
        const char *why = take_line(u, it.value, line);
        if (why)
            return why;
        if (__builtin_add_overflow(sum, line->paid_minor, &sum))
            return "total_too_large";
    }
    *ret_sum = sum;
    return NULL;
}

/* An order without products is one line of its total. */
static void total_as_line(struct intake_unit *u, struct sale *s, int64_t paid_minor)
{
    s->lines = arena_new_one(u->arena, struct sale_line);
    s->line_count = 1;
    s->lines[0] = (struct sale_line){.line_no = 1, .sku = STR(""), .quantity = 1, .list_minor = paid_minor, .paid_minor = paid_minor};
}

/* total = what was paid, freight in it; else revenue (goods) as the spec has it; else the lines less the discount. */
static const char *take_amounts(struct intake_unit *u, struct json p, struct sale *s, int64_t lines_minor)
{
    int64_t total_minor, revenue_minor, discount_minor, paid_minor;
    if (money(u, json_get(p, STR("shipping")), &s->freight_minor) || s->freight_minor < 0)
        return "shipping_malformed";
    if (money(u, json_get(p, STR("total")), &total_minor) || money(u, json_get(p, STR("revenue")), &revenue_minor))
        return "total_malformed";
    if (money(u, json_get(p, STR("discount")), &discount_minor))
        return "discount_malformed";
    if (total_minor)
        paid_minor = total_minor - s->freight_minor;
    else if (revenue_minor)
        paid_minor = revenue_minor;
    else
        paid_minor = lines_minor - discount_minor;
    if (paid_minor < 0)
        return "total_negative";
    if (s->line_count == 0)
        total_as_line(u, s, lines_minor = paid_minor);
    s->total_minor = paid_minor;
    s->order_discount_minor = lines_minor - paid_minor;
    return NULL;
}

static struct str order_key(struct intake_unit *u, struct str order_no)
{
    struct str scope = u->source.account_scope.len ? u->source.account_scope : u->source.code;
    return arena_printf(u->arena, "%.*s/%.*s", STR_FMT(scope), STR_FMT(order_no));
}

static void fill_head(struct intake_unit *u, struct json p, const struct intake_item *item, struct sale *s)
{
    struct str currency = str_cut(json_str(json_get(p, STR("currency"))), 3);
    s->channel = u->source.channel.len ? arena_str(u->arena, u->source.channel) : STR("web");
    s->at_us = item->event.at_us;
    s->business_day = clock_business_day(s->at_us, 8 * 3600, 0);
    s->currency = currency.len == 3 ? arena_str(u->arena, currency) : STR("CNY");
    s->source_id = u->source.id;
    s->trusted = u->source.trusted;
}

static const char *take_document(struct intake_unit *u, struct json p, struct intake_item *item, struct str order_no)
{
    struct sale *s = arena_new_one(u->arena, struct sale);
    int64_t lines_minor = 0;
    const char *why = take_lines(u, json_get(p, STR("products")), s, &lines_minor);
    if (!why)
        why = take_amounts(u, p, s, lines_minor);
    if (why)
        return why;
    s->kind = SALE_ORDER;
    s->status = SALE_PAID;
    s->key = order_key(u, order_no);
    s->number = order_no;
    fill_head(u, p, item, s);
    item->sale = s;
    return NULL;
}

/* What came back, line by line: the refunded total is shared by what the lines cost, the last one takes the rest. */
static void turn_back(struct intake_unit *u, struct json products, struct sale *s, int64_t lines_minor, int64_t total_minor)
{
    int64_t left = total_minor;
    struct json_iter it = json_iter(products);
    for (size_t i = 0; i < s->line_count && json_next(&it); i++) {
        struct sale_line *line = &s->lines[i];
        int64_t part = lines_minor ? (int64_t)((__int128)line->paid_minor * total_minor / lines_minor) : 0;
        line->paid_minor = -(i + 1 < s->line_count ? part : left);
        line->quantity = -line->quantity;
        line->discount_minor = 0;
        line->return_of = order_key(u, s->number);
        line->return_of_line = (int32_t)json_i64(json_get(it.value, STR("line_no")), 0);
        left -= part;
    }
}

static const char *take_return(struct intake_unit *u, struct json p, struct intake_item *item, struct str order_no)
{
    struct sale *s = arena_new_one(u->arena, struct sale);
    struct json products = json_get(p, STR("products"));
    struct str refund_id = intake_code_of(u, json_get(p, STR("refund_id")), 100);
    int64_t lines_minor = 0, total_minor;
    const char *why = take_lines(u, products, s, &lines_minor);
    if (!why && (money(u, json_get(p, STR("total")), &total_minor) || total_minor < 0))
        why = "total_malformed";
    if (why)
        return why;
    s->kind = SALE_RETURN;
    s->status = SALE_DONE;
    s->number = order_no;
    s->key = arena_printf(u->arena, "%.*s/return/%.*s", STR_FMT(order_key(u, order_no)), STR_FMT(refund_id.len ? refund_id : item->event.message_id));
    turn_back(u, products, s, lines_minor, total_minor ? total_minor : lines_minor);
    s->total_minor = -(total_minor ? total_minor : lines_minor);
    fill_head(u, p, item, s);
    item->sale = s;
    return NULL;
}

const char *intake_order_take(struct intake_unit *u, struct json p, struct intake_item *item)
{
    struct str name = item->event.name;
    bool completed = str_eqz(name, "Order Completed"), updated = str_eqz(name, "Order Updated");
    bool refunded = str_eqz(name, "Order Refunded"), cancelled = str_eqz(name, "Order Cancelled");
    if (!completed && !updated && !refunded && !cancelled)
        return NULL;
    struct str order_no = intake_code_of(u, json_get(p, STR("order_id")), 100);
    if (order_no.len == 0) /* the spec's older spelling */
        order_no = intake_code_of(u, json_get(p, STR("orderId")), 100);
    if (order_no.len == 0)
        return "order_id_missing";
    item->event.order_no = order_no;
    if (completed || updated)
        return take_document(u, p, item, order_no);
    if (refunded && u->source.trusted && json_count(json_get(p, STR("products"))) > 0)
        return take_return(u, p, item, order_no);
    item->order.key = order_key(u, order_no);
    item->order.status = refunded ? SALE_REFUNDED : SALE_CANCELLED;
    return refunded && money(u, json_get(p, STR("total")), &item->order.refund_minor) ? "total_malformed" : NULL;
}
