/* Orders and receipts of every channel in one place (table sale), their lines and tenders, and returns joined to what
 * was sold. Money in minor units of the document's currency. A document is idempotent by its key. */
#ifndef ZX_SALES_SALES_H
#define ZX_SALES_SALES_H

#include "base/ctx.h"
#include "http/route.h"

enum sale_kind { SALE_RECEIPT = 1, SALE_ORDER = 2, SALE_RETURN = 3, SALE_EXCHANGE = 4 };
enum sale_status { SALE_PLACED = 1, SALE_PAID, SALE_SHIPPED, SALE_RECEIVED, SALE_CANCELLED, SALE_REFUNDED, SALE_PART_REFUNDED, SALE_DONE };

struct sale_share {
    struct str staff_no;
    int32_t permille; /* of the line; the shares of a document add up to 1000 */
};

/* What sales_put() found of a return line: pieces beyond what was sold, over all returns of that line in every channel. */
struct sale_over {
    int64_t quantity; /* 0: as it should be */
    int64_t sold, returned;
    int64_t sold_id;
};

struct sale_line {
    int32_t line_no; /* as the source numbers it; 1… if it does not */
    struct str sku;
    struct str name;        /* as sold; product names are no personal data */
    int64_t quantity;       /* negative on a return line */
    int64_t list_minor;     /* 吊牌价 of one piece */
    int64_t paid_minor;     /* for the whole line, VAT included, before the order's discount is spread; negative on a return line */
    int64_t discount_minor; /* of the whole line, before order discounts are spread */
    int32_t tax_permyriad;  /* 1300 = 13 % */
    struct str promotion, coupon;
    struct str return_of;   /* document key of the sale it returns, "" if unknown */
    struct str return_said; /* the same as the source said it, where that differs: it named a shop by the code of its source */
    int32_t return_of_line;
    struct str return_reason;
    struct sale_over over; /* out */
};

struct sale_tender {
    struct str type; /* "wechat","alipay","cash","card","stored_value","points","mall_voucher","subsidy","other" */
    int64_t amount_minor;
};

struct sale {
    int64_t id; /* 0: sales_put() makes one */
    enum sale_kind kind;
    enum sale_status status;
    struct str key;        /* unique: "store/till/number" of receipts, "source/order id" of orders */
    struct str channel;    /* "store", "web", "wechat", "tmall", … */
    struct str store_code; /* empty for web orders without one */
    struct str till;
    struct str number; /* receipt or order number as people read it */
    int64_t at_us;
    int32_t business_day;
    struct str currency;
    int64_t total_minor; /* what was paid for the lines (without freight) */
    int64_t freight_minor;
    int64_t order_discount_minor; /* spread over the lines by largest remainder; the lines' sum less this is the total */
    int64_t source_id;
    bool trusted;        /* of the source: what a trusted one wrote, a public one does not change */
    int64_t customer_id; /* as resolved; walk-ins get a pseudonymous one; never rewritten */
    bool member;         /* came with a member identifier */
    struct sale_line *lines;
    size_t line_count;
    struct sale_tender *tenders;
    size_t tender_count;
    struct sale_share *shares;
    size_t share_count;
    bool over_refunded; /* out: refunds and returns of what it returns come to more than was paid */
};

/* A document of this key, NULL where only its state changes, will be put soon, see db_ahead(). */
enum rc sales_ahead(struct ctx *c, struct str key, const struct sale *s) ZX_MUST_CHECK;
/* The same once it is known whose it is; only while no document that returns something (sales_returns()) may be put before it. */
enum rc sales_ahead_of_known(struct ctx *c, const struct sale *s) ZX_MUST_CHECK;
bool sales_returns(const struct sale *s);

enum sale_outcome { SALE_NEW = 1, SALE_SAME = 2, SALE_UPDATED = 3 };
/* Stores a document inside the writer's transaction. The same key with the same content is SALE_SAME; an order may be
 * updated by its source; a receipt with another content is RC_CONFLICT (field "number"), reported, never overwritten.
 * Content is what was sold, paid and returned, not who bought or what the goods were called; of orders the time does not
 * count either, and a status only moves forward. A return of more than was sold is taken, for the money has gone: the line is
 * flagged, the case stands in 待核对. RC_INVALID: no lines, line numbers twice, a sum that differs. */
enum rc sales_put(struct ctx *c, struct sale *s, int64_t *ret_id, enum sale_outcome *ret_outcome) ZX_MUST_CHECK;
/* Changes the state of an order by key: paid, shipped, received, cancelled, refunded (amount 0: all of it). RC_NOT_FOUND
 * (field "order_id"), RC_CONFLICT for a move that its state does not allow and for an untrusted source that would change what
 * a trusted one wrote, RC_INVALID for more than was paid. */
enum rc sales_set_status(struct ctx *c, struct str key, enum sale_status status, int64_t refund_minor, int64_t at_us, bool trusted, enum sale_outcome *ret) ZX_MUST_CHECK;
/* Does this document exist? *ret_id 0 if not. Used before resolving, so that a repeat creates nobody. */
enum rc sales_find(struct ctx *c, struct str key, int64_t *ret_id) ZX_MUST_CHECK;

/* The body of POST /api/v1/receipts, shared with imports and the demo: decodes, checks sums, finds store and day. */
struct receipt_identifiers {
    struct str phone, email, card, account, unionid;
};
extern const struct field receipt_fields[];
enum rc sales_receipt_from_json(struct ctx *c, struct json body, struct sale *ret_sale, struct receipt_identifiers *ret_who) ZX_MUST_CHECK;
/* The same for documents that imports make of rows: how they were paid may be unknown, and orders have a scope, the first
 * part of their key, instead of store and till. An order of return lines only is a return, of both an exchange. */
struct sales_reading {
    bool order, tenders_unknown;
    struct str scope, channel; /* of orders */
};
enum rc sales_document_from_json(struct ctx *c, struct json body, const struct sales_reading *how, struct sale *ret_sale,
                                 struct receipt_identifiers *ret_who) ZX_MUST_CHECK;

extern const struct module sales_module;

#endif
