/* What the files of src/sales share. */
#ifndef ZX_SALES_SALES_PRIV_H
#define ZX_SALES_SALES_PRIV_H

#include "identity/identity.h"
#include "sales/sales.h"

enum { SALE_HASH_BYTES = 16 };

/* Splits an amount over weights by largest remainder: the shares add up to the amount exactly, ties go to the earlier
 * one. Negative weights count as none; with no weight at all the first gets everything. */
void sales_spread(int64_t amount, const int64_t *weights, size_t count, int64_t *ret_shares);

/* The words of the wire, by number. */
const char *sale_kind_word(int64_t kind);
const char *sale_status_word(int64_t status);

/* Fingerprint of a document's content (sales.h says what counts). */
void sales_hash(const struct sale *s, uint8_t ret_hash[static SALE_HASH_BYTES]);

/* Where a status leads when an order's source says `wanted` again with new content: only forward. */
enum sale_status sales_status_forward(enum sale_status now, enum sale_status wanted);

/* What of a document counts for its customer. Zero: no document. */
struct sale_figures {
    enum sale_kind kind;
    enum sale_status status;
    struct str channel;
    int64_t total_minor, refunded_minor;
    int64_t returned_minor; /* worth of its own return lines */
    int64_t units;          /* sold less returned */
};
struct sale_figures sales_figures(const struct sale *s);
/* Adds the difference to the customer's totals; people without a record have none. */
enum rc sales_count(struct ctx *c, int64_t customer_id, int64_t at_us, const struct sale_figures *before, const struct sale_figures *after) ZX_MUST_CHECK;
/* A stored document, for those who change it. */
struct sale_stored {
    int64_t id, customer_id, freight_minor, at_us;
    bool trusted;
    struct sale_figures figures; /* the channel lives in the arena; returned_minor is 0: only orders change */
    struct str content_hash;
};
enum rc sales_load(struct ctx *c, struct identity_key_holder at, struct sale_stored *ret) ZX_MUST_CHECK;
/* Where a document lies: by its key; by its id alone, which asks everywhere. Both 0: nowhere. */
enum rc sales_place(struct ctx *c, struct str key, struct identity_key_holder *ret) ZX_MUST_CHECK;
enum rc sales_place_of_id(struct ctx *c, int64_t id, struct identity_key_holder *ret) ZX_MUST_CHECK;

/* ---- over.c: returns joined to what they return; what came back more often than it was sold ---- */

/* Which lines wait for the document of a key will be asked soon, see db_ahead(). */
enum rc sales_waiting_ahead(struct ctx *c, struct str key) ZX_MUST_CHECK;

/* Joins the return lines that name `key` to the document `sold_id`; what it finds of the lines of `s` stands in them. */
enum rc sales_join(struct ctx *c, struct str key, struct identity_key_holder sold, struct sale *s) ZX_MUST_CHECK;
/* Before the lines of a document are replaced: they neither return anything nor wait any more. */
enum rc sales_untie(struct ctx *c, struct identity_key_holder at) ZX_MUST_CHECK;
/* After a refund: did more go back than was paid? Then the case stands in 待核对. */
enum rc sales_check_refund(struct ctx *c, struct identity_key_holder sold) ZX_MUST_CHECK;
enum rc sales_on_review(struct ctx *c, struct str rule, int64_t thing_id, struct jw *out) ZX_MUST_CHECK;

/* ---- routes.c, record.c: reading ---- */
void sales_write_head(struct jw *w, struct db_rows *q);
enum rc sales_write_returns(struct ctx *c, struct jw *w, struct identity_key_holder at, int exponent) ZX_MUST_CHECK;
route_fn sales_orders_list, sales_order_show, sales_customer_orders_list;
extern const struct field sale_out[];
enum rc sales_timeline(struct ctx *c, const struct timeline_query *q, struct timeline *out) ZX_MUST_CHECK;
enum rc sales_lookup(struct ctx *c, struct str text, int64_t *ret_customers, size_t max, size_t *ret_count) ZX_MUST_CHECK;
enum rc sales_record(struct ctx *c, const int64_t *members, size_t member_count, struct channel_totals **ret, size_t *ret_count) ZX_MUST_CHECK;
enum rc sales_export(struct ctx *c, int64_t customer_id, struct jw *out) ZX_MUST_CHECK;

#endif
