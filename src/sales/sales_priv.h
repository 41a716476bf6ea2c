/* What the files of src/sales share. */
#ifndef ZX_SALES_SALES_PRIV_H
#define ZX_SALES_SALES_PRIV_H

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

/* ---- routes.c, record.c: reading ---- */
route_fn sales_orders_list, sales_order_show, sales_customer_orders_list;
extern const struct field sale_out[];
enum rc sales_timeline(struct ctx *c, const struct timeline_query *q, struct timeline *out) ZX_MUST_CHECK;
enum rc sales_lookup(struct ctx *c, struct str text, int64_t *ret_customer) ZX_MUST_CHECK;
enum rc sales_record(struct ctx *c, const int64_t *members, size_t member_count, struct channel_totals **ret, size_t *ret_count) ZX_MUST_CHECK;
enum rc sales_export(struct ctx *c, int64_t customer_id, struct jw *out) ZX_MUST_CHECK;

#endif
