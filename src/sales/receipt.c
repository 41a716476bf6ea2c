/* The body of a till's receipt: decoded by its field table, then checked for what a table can't say: which kind of
 * document the lines make, sums to the fen, store, zone and business day. */
#include "access/access.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "sales/sales_priv.h"
#include "vault/vault.h"

#include <stddef.h>
#include <stdio.h>

enum { TAX_USUAL_PERMYRIAD = 1300, QUANTITY_MAX = 1000000, CAUSE_FIELD = 64, WEB_ZONE_S = 8 * 3600 };

struct return_of {
    struct str store, till, number, source, order_id;
    int64_t line_no;
};

struct receipt_line {
    int64_t line_no, quantity;
    struct str sku, name, list_price, paid, discount, tax_rate, promotion, coupon, return_reason;
    struct return_of return_of;
};

struct receipt_tender {
    int type;
    struct str amount;
};

struct receipt_share {
    struct str no;
    int64_t share;
};

struct receipt {
    struct str store, till, number, time, currency, order_discount, freight;
    int kind, status; /* -1: not said */
    struct receipt_identifiers member;
    struct field_list lines, tenders, staff;
};

#define IN(type, member) offsetof(struct type, member)
static const struct field return_fields[] = {
    {"store", FIELD_STR, 0, IN(return_of, store), .max = 32},
    {"till", FIELD_STR, 0, IN(return_of, till), .max = 32},
    {"number", FIELD_STR, 0, IN(return_of, number), .max = 64},
    {"source", FIELD_STR, 0, IN(return_of, source), .max = 64},
    {"order_id", FIELD_STR, 0, IN(return_of, order_id), .max = 100},
    {"line_no", FIELD_I64, 0, IN(return_of, line_no), .min = 1, .max = 100000},
    FIELD_END,
};
static const struct field line_fields[] = {
    {"line_no", FIELD_I64, 0, IN(receipt_line, line_no), .min = 1, .max = 100000},
    {"sku", FIELD_STR, FIELD_REQUIRED, IN(receipt_line, sku), .min = 1, .max = 64, .doc = "SKU code or barcode."},
    {"name", FIELD_STR, 0, IN(receipt_line, name), .max = 200},
    {"quantity", FIELD_I64, 0, IN(receipt_line, quantity), .min = -QUANTITY_MAX, .max = QUANTITY_MAX, .doc = "Pieces; negative on a return line; 1 if not said."},
    {"list_price", FIELD_DECIMAL, 0, IN(receipt_line, list_price), .doc = "吊牌价 of one piece."},
    {"paid", FIELD_DECIMAL, FIELD_REQUIRED, IN(receipt_line, paid), .doc = "For the whole line, VAT included; negative on a return line."},
    {"discount", FIELD_DECIMAL, 0, IN(receipt_line, discount), .doc = "Of the whole line."},
    {"tax_rate", FIELD_DECIMAL, 0, IN(receipt_line, tax_rate), .doc = "VAT in per cent; 13 if not said."},
    {"promotion", FIELD_STR, 0, IN(receipt_line, promotion), .max = 64},
    {"coupon", FIELD_STR, 0, IN(receipt_line, coupon), .max = 64},
    {"return_of", FIELD_OBJECT, 0, IN(receipt_line, return_of), .sub = return_fields,
     .doc = "The line it returns: of a receipt by store, till and number, of an order by source and order_id."},
    {"return_reason", FIELD_STR, 0, IN(receipt_line, return_reason), .max = 200},
    FIELD_END,
};
static const char *const tender_types[] = {"wechat", "alipay", "cash", "card", "stored_value", "points", "mall_voucher", "subsidy", "other", NULL};
static const struct field tender_fields[] = {
    {"type", FIELD_ENUM, FIELD_REQUIRED, IN(receipt_tender, type), .words = tender_types},
    {"amount", FIELD_DECIMAL, FIELD_REQUIRED, IN(receipt_tender, amount)},
    FIELD_END,
};
static const struct field share_fields[] = {
    {"no", FIELD_STR, FIELD_REQUIRED, IN(receipt_share, no), .min = 1, .max = 32, .doc = "Staff number."},
    {"share", FIELD_I64, 0, IN(receipt_share, share), .min = 0, .max = 100, .doc = "Per cent; the shares add up to 100; 100 if not said."},
    FIELD_END,
};
static const struct field member_fields[] = {
    {"phone", FIELD_STR, FIELD_PERSONAL, IN(receipt_identifiers, phone), .max = 32},
    {"email", FIELD_STR, FIELD_PERSONAL, IN(receipt_identifiers, email), .max = 254},
    {"card", FIELD_STR, FIELD_PERSONAL, IN(receipt_identifiers, card), .max = 64},
    {"account", FIELD_STR, FIELD_PERSONAL, IN(receipt_identifiers, account), .max = 128},
    {"unionid", FIELD_STR, FIELD_PERSONAL, IN(receipt_identifiers, unionid), .max = 64},
    FIELD_END,
};
static const char *const receipt_kinds[] = {"receipt", "return", "exchange", NULL};
const struct field receipt_fields[] = {
    {"store", FIELD_STR, FIELD_REQUIRED, IN(receipt, store), .min = 1, .max = 32},
    {"till", FIELD_STR, 0, IN(receipt, till), .max = 32},
    {"number", FIELD_STR, FIELD_REQUIRED, IN(receipt, number), .min = 1, .max = 64, .doc = "Receipt number; unique with store and till."},
    {"time", FIELD_STR, FIELD_REQUIRED, IN(receipt, time), .max = 40, .doc = "ISO 8601; without a zone it is the store's."},
    {"currency", FIELD_STR, 0, IN(receipt, currency), .min = 3, .max = 3, .doc = "ISO 4217; CNY if not said."},
    {"kind", FIELD_ENUM, 0, IN(receipt, kind), .words = receipt_kinds, .doc = "What the lines make it, if not said."},
    {"member", FIELD_OBJECT, 0, IN(receipt, member), .sub = member_fields, .doc = "Who bought: one or more identifiers."},
    {"lines", FIELD_LIST, FIELD_REQUIRED, IN(receipt, lines), .min = 1, .max = LIMIT_ORDER_LINES, .sub = line_fields, .sub_size = sizeof(struct receipt_line)},
    {"order_discount", FIELD_DECIMAL, 0, IN(receipt, order_discount), .doc = "Off the whole document, spread over the lines."},
    {"freight", FIELD_DECIMAL, 0, IN(receipt, freight)},
    {"tenders", FIELD_LIST, 0, IN(receipt, tenders), .max = 50, .sub = tender_fields, .sub_size = sizeof(struct receipt_tender),
     .doc = "How it was paid; adds up to the lines less order_discount plus freight."},
    {"staff", FIELD_LIST, 0, IN(receipt, staff), .max = 20, .sub = share_fields, .sub_size = sizeof(struct receipt_share)},
    FIELD_END,
};

static const char *const order_statuses[] = {"placed", "paid", "shipped", "received", "cancelled", NULL};
static const struct field order_fields[] = {
    {"store", FIELD_STR, 0, IN(receipt, store), .max = 32, .doc = "The store that fulfils it, if one does."},
    {"number", FIELD_STR, FIELD_REQUIRED, IN(receipt, number), .min = 1, .max = 100, .doc = "Order id of the shop."},
    {"time", FIELD_STR, FIELD_REQUIRED, IN(receipt, time), .max = 40, .doc = "ISO 8601; without a zone it is China's."},
    {"currency", FIELD_STR, 0, IN(receipt, currency), .min = 3, .max = 3, .doc = "ISO 4217; CNY if not said."},
    {"status", FIELD_ENUM, 0, IN(receipt, status), .words = order_statuses, .doc = "paid if not said."},
    {"member", FIELD_OBJECT, 0, IN(receipt, member), .sub = member_fields},
    {"lines", FIELD_LIST, FIELD_REQUIRED, IN(receipt, lines), .min = 1, .max = LIMIT_ORDER_LINES, .sub = line_fields, .sub_size = sizeof(struct receipt_line)},
    {"order_discount", FIELD_DECIMAL, 0, IN(receipt, order_discount)},
    {"freight", FIELD_DECIMAL, 0, IN(receipt, freight)},
    {"tenders", FIELD_LIST, 0, IN(receipt, tenders), .max = 50, .sub = tender_fields, .sub_size = sizeof(struct receipt_tender)},
    FIELD_END,
};

/* ---- money and places ---- */

struct reading {
    struct ctx *c;
    const struct sales_reading *how;
    int exponent;
    const char *list; /* "lines" or "tenders", NULL at the top */
    size_t index;
};

static enum rc fail_at(const struct reading *r, const char *member, const char *cause)
{
    char field[CAUSE_FIELD];
    if (r->list)
        snprintf(field, sizeof(field), "%s[%zu].%s", r->list, r->index, member);
    else
        snprintf(field, sizeof(field), "%s", member);
    return ctx_fail(r->c, RC_INVALID, field, cause);
}

static enum rc read_money(const struct reading *r, const char *member, struct str text, int64_t otherwise, int64_t *ret)
{
    const int64_t too_much = INT64_C(1000000000000); /* so that sums over all lines stay far from overflow */
    int64_t minor = otherwise;
    const char *cause = text.len ? decimal_parse(text, r->exponent, &minor) : NULL;
    if (!cause && (minor > too_much || minor < -too_much))
        cause = "too_large";
    if (cause)
        return fail_at(r, member, cause);
    *ret = minor;
    return RC_OK;
}

/* ---- lines ---- */

/* Orders of a shop are known by its scope; whoever returns one may name a source of that shop instead. */
static enum rc read_return_of_order(const struct reading *r, const struct return_of *from, struct sale_line *ret)
{
    struct arena *a = r->c->arena;
    struct str scope;
    enum rc rc = access_source_scope(r->c, from->source, &scope);
    if (rc)
        return rc;
    ret->return_of = arena_printf(a, "%.*s/%.*s", STR_FMT(scope), STR_FMT(from->order_id));
    if (!str_eq(scope, from->source))
        ret->return_said = arena_printf(a, "%.*s/%.*s", STR_FMT(from->source), STR_FMT(from->order_id));
    return RC_OK;
}

static enum rc read_return_of(const struct reading *r, const struct return_of *from, struct sale_line *ret)
{
    struct arena *a = r->c->arena;
    ret->return_of_line = (int32_t)from->line_no;
    if (from->order_id.len && from->source.len)
        return read_return_of_order(r, from, ret);
    if (from->number.len && from->store.len)
        ret->return_of = arena_printf(a, "%.*s/%.*s/%.*s", STR_FMT(from->store), STR_FMT(from->till), STR_FMT(from->number));
    else if (from->store.len || from->till.len || from->number.len || from->source.len || from->order_id.len)
        return fail_at(r, "return_of", "incomplete");
    return RC_OK;
}

static enum rc read_tax(const struct reading *r, struct str text, int32_t *ret)
{
    int64_t permyriad = TAX_USUAL_PERMYRIAD;
    const char *cause = text.len ? decimal_parse(text, 2, &permyriad) : NULL;
    if (!cause && (permyriad < 0 || permyriad > 10000))
        cause = "too_large";
    if (cause)
        return fail_at(r, "tax_rate", cause);
    *ret = (int32_t)permyriad;
    return RC_OK;
}

static enum rc read_amounts(const struct reading *r, const struct receipt_line *from, struct sale_line *l)
{
    enum rc rc = read_money(r, "paid", from->paid, 0, &l->paid_minor);
    if (rc == RC_OK)
        rc = read_money(r, "list_price", from->list_price, 0, &l->list_minor);
    if (rc)
        return rc;
    if ((l->quantity > 0 && l->paid_minor < 0) || (l->quantity < 0 && l->paid_minor > 0))
        return fail_at(r, "paid", "sign");
    if (l->list_minor < 0)
        return fail_at(r, "list_price", "too_small");
    int64_t off = from->list_price.len ? l->list_minor * l->quantity - l->paid_minor : 0;
    return read_money(r, "discount", from->discount, off, &l->discount_minor);
}

static enum rc read_line(const struct reading *r, const struct receipt_line *from, struct sale_line *l)
{
    struct arena *a = r->c->arena;
    *l = (struct sale_line){
        .line_no = (int32_t)(from->line_no ? from->line_no : (int64_t)r->index + 1),
        .sku = arena_str(a, from->sku),
        .name = vault_redact(a, from->name),
        .quantity = from->quantity,
        .promotion = arena_str(a, from->promotion),
        .coupon = arena_str(a, from->coupon),
        .return_reason = vault_redact(a, from->return_reason),
    };
    if (l->quantity == 0)
        return fail_at(r, "quantity", "zero");
    enum rc rc = read_amounts(r, from, l);
    if (rc == RC_OK)
        rc = read_tax(r, from->tax_rate, &l->tax_permyriad);
    if (rc == RC_OK)
        rc = read_return_of(r, &from->return_of, l);
    if (rc == RC_OK && l->return_of.len && l->quantity > 0)
        rc = fail_at(r, "return_of", "not_a_return");
    return rc;
}

/* A quantity that was not said is one piece; the table cannot say so, because zero is refused. */
static void default_quantities(struct json lines, struct receipt_line *out)
{
    for (struct json_iter it = json_iter(lines); json_next(&it); out++)
        if (json_is(json_get(it.value, STR("quantity")), JSON_NONE))
            out->quantity = 1;
}

static enum rc read_lines(struct reading r, const struct receipt *from, struct sale *s)
{
    const struct receipt_line *lines = from->lines.items;
    r.list = "lines";
    s->line_count = from->lines.count;
    s->lines = arena_new_array(r.c->arena, struct sale_line, s->line_count);
    enum rc rc = RC_OK;
    for (r.index = 0; rc == RC_OK && r.index < s->line_count; r.index++) {
        rc = read_line(&r, &lines[r.index], &s->lines[r.index]);
        s->total_minor += s->lines[r.index].paid_minor;
    }
    return rc;
}

/* ---- the document ---- */

static enum rc read_kind(const struct reading *r, const struct receipt *from, struct sale *s)
{
    static const enum sale_kind said[] = {SALE_RECEIPT, SALE_RETURN, SALE_EXCHANGE};
    bool sold = false, returned = false;
    for (size_t i = 0; i < s->line_count; i++)
        *(s->lines[i].quantity > 0 ? &sold : &returned) = true;
    s->kind = sold && returned ? SALE_EXCHANGE : returned ? SALE_RETURN : r->how->order ? SALE_ORDER : SALE_RECEIPT;
    s->status = s->kind != SALE_ORDER ? SALE_DONE : from->status >= 0 ? (enum sale_status)(SALE_PLACED + from->status) : SALE_PAID;
    return from->kind >= 0 && said[from->kind] != s->kind ? fail_at(r, "kind", "lines_differ") : RC_OK;
}

static enum rc read_tenders(struct reading r, const struct receipt *from, struct sale *s)
{
    const struct receipt_tender *tenders = from->tenders.items;
    int64_t sum = 0;
    r.list = "tenders";
    s->tender_count = from->tenders.count;
    s->tenders = arena_new_array(r.c->arena, struct sale_tender, s->tender_count);
    for (r.index = 0; r.index < s->tender_count; r.index++) {
        struct sale_tender *t = &s->tenders[r.index];
        t->type = str_z(tender_types[tenders[r.index].type]);
        enum rc rc = read_money(&r, "amount", tenders[r.index].amount, 0, &t->amount_minor);
        if (rc)
            return rc;
        sum += t->amount_minor;
    }
    if (s->tender_count == 0 && !r.how->tenders_unknown && s->total_minor + s->freight_minor != 0)
        return ctx_fail(r.c, RC_INVALID, "tenders", "required");
    bool known = s->tender_count > 0 || !r.how->tenders_unknown;
    return !known || sum == s->total_minor + s->freight_minor ? RC_OK : ctx_fail(r.c, RC_INVALID, "tenders", "sum_differs");
}

static enum rc read_staff(const struct reading *r, const struct receipt *from, struct sale *s)
{
    const struct receipt_share *shares = from->staff.items;
    int64_t sum = 0;
    s->share_count = from->staff.count;
    s->shares = arena_new_array(r->c->arena, struct sale_share, s->share_count);
    for (size_t i = 0; i < s->share_count; i++) {
        int64_t percent = s->share_count == 1 && shares[i].share == 0 ? 100 : shares[i].share;
        s->shares[i] = (struct sale_share){.staff_no = arena_str(r->c->arena, shares[i].no), .permille = (int32_t)percent * 10};
        for (size_t j = 0; j < i; j++)
            if (str_eq(s->shares[j].staff_no, s->shares[i].staff_no))
                return fail_at(r, "staff", "twice");
        sum += percent;
    }
    return s->share_count == 0 || sum == 100 ? RC_OK : fail_at(r, "staff", "sum_differs");
}

static bool has_zone(struct str time)
{
    const size_t date = sizeof("2026-03-01") - 1;
    if (time.len <= date)
        return false;
    struct str clock = str_sub(time, date, time.len);
    return str_find(clock, 'Z') >= 0 || str_find(clock, 'z') >= 0 || str_find(clock, '+') >= 0 || str_find(clock, '-') >= 0;
}

static enum rc read_time(const struct reading *r, struct str text, const struct store *store, struct sale *s)
{
    const int64_t earliest = INT64_C(946684800) * US_PER_S; /* 2000-01-01 */
    if (!clock_parse(text, &s->at_us))
        return fail_at(r, "time", "malformed");
    if (!has_zone(text))
        s->at_us -= store->offset_s * US_PER_S;
    if (s->at_us < earliest || s->at_us > r->c->now_us + US_PER_DAY)
        return fail_at(r, "time", "out_of_range");
    s->business_day = clock_business_day(s->at_us, store->offset_s, store->cut_s);
    return RC_OK;
}

static enum rc read_currency(struct reading *r, const struct receipt *from, struct sale *s)
{
    struct str currency = from->currency.len ? from->currency : STR("CNY");
    for (size_t i = 0; i < currency.len; i++)
        if (currency.ptr[i] < 'A' || currency.ptr[i] > 'Z')
            return fail_at(r, "currency", "malformed");
    r->exponent = decimal_exponent_of(currency);
    s->currency = arena_str(r->c->arena, currency);
    return RC_OK;
}

static enum rc read_till(struct reading *r, const struct receipt *from, struct sale *s)
{
    struct arena *a = r->c->arena;
    if (str_find(from->store, '/') >= 0 || str_find(from->till, '/') >= 0) /* the key's separator */
        return fail_at(r, str_find(from->store, '/') >= 0 ? "store" : "till", "malformed");
    s->channel = STR("store");
    s->till = arena_str(a, from->till);
    s->key = arena_printf(a, "%.*s/%.*s/%.*s", STR_FMT(from->store), STR_FMT(from->till), STR_FMT(from->number));
    return RC_OK;
}

static enum rc read_head(struct reading *r, const struct receipt *from, struct sale *s)
{
    struct store store = {.offset_s = WEB_ZONE_S};
    struct arena *a = r->c->arena;
    enum rc rc = read_currency(r, from, s);
    if (rc == RC_OK && !r->how->order)
        rc = read_till(r, from, s);
    if (rc == RC_OK && from->store.len)
        rc = catalog_store(r->c, from->store, &store);
    if (rc)
        return rc;
    if (r->how->order) {
        s->channel = arena_str(a, r->how->channel);
        s->key = arena_printf(a, "%.*s/%.*s", STR_FMT(r->how->scope), STR_FMT(from->number));
    }
    s->store_code = arena_str(a, from->store);
    s->number = arena_str(a, from->number);
    return read_time(r, from->time, &store, s);
}

static enum rc read_document(struct ctx *c, const struct sales_reading *how, const struct receipt *from, struct sale *s)
{
    struct reading r = {.c = c, .how = how};
    enum rc rc = read_head(&r, from, s);
    if (rc == RC_OK)
        rc = read_lines(r, from, s);
    if (rc == RC_OK)
        rc = read_kind(&r, from, s);
    if (rc == RC_OK)
        rc = read_money(&r, "order_discount", from->order_discount, 0, &s->order_discount_minor);
    if (rc == RC_OK)
        rc = read_money(&r, "freight", from->freight, 0, &s->freight_minor);
    s->total_minor -= s->order_discount_minor;
    if (rc == RC_OK)
        rc = read_tenders(r, from, s);
    return rc ? rc : read_staff(&r, from, s);
}

static struct receipt_identifiers copy_identifiers(struct arena *a, const struct receipt_identifiers *m)
{
    return (struct receipt_identifiers){arena_str(a, str_trim(m->phone)), arena_str(a, str_trim(m->email)), arena_str(a, str_trim(m->card)),
                                        arena_str(a, str_trim(m->account)), arena_str(a, str_trim(m->unionid))};
}

enum rc sales_document_from_json(struct ctx *c, struct json body, const struct sales_reading *how, struct sale *ret_sale, struct receipt_identifiers *ret_who)
{
    struct receipt from = {.kind = -1, .status = -1};
    struct sale s = {0};
    enum rc rc = field_decode(c, how->order ? order_fields : receipt_fields, body, true, &from, NULL);
    if (rc)
        return rc;
    default_quantities(json_get(body, STR("lines")), from.lines.items);
    rc = read_document(c, how, &from, &s);
    if (rc)
        return rc;
    *ret_who = copy_identifiers(c->arena, &from.member);
    s.member = ret_who->phone.len || ret_who->email.len || ret_who->card.len || ret_who->account.len || ret_who->unionid.len;
    *ret_sale = s;
    return RC_OK;
}

enum rc sales_receipt_from_json(struct ctx *c, struct json body, struct sale *ret_sale, struct receipt_identifiers *ret_who)
{
    static const struct sales_reading till = {.order = false};
    return sales_document_from_json(c, body, &till, ret_sale, ret_who);
}
