/* What is sold and where: styles (款), SKUs (款/色/码) with barcodes, prices, stores, the calendar of business days. */
#ifndef ZX_CATALOG_CATALOG_H
#define ZX_CATALOG_CATALOG_H

#include "base/ctx.h"
#include "http/route.h"

struct store {
    int64_t id;
    struct str code, name, city;
    int32_t offset_s; /* zone offset; China has one */
    int32_t cut_s;    /* business day ends, seconds after midnight: 4 h */
};
/* By code; RC_NOT_FOUND with field "store". A look-up in the table each time. */
enum rc catalog_store(struct ctx *c, struct str code, struct store *ret) ZX_MUST_CHECK;
/* A SKU's id and style by code or barcode; both 0 when unknown (sales keep the code, the catalogue may come later). */
enum rc catalog_sku(struct ctx *c, struct str code, int64_t *ret_sku, int64_t *ret_style) ZX_MUST_CHECK;
/* Will be asked soon, see db_ahead(). */
enum rc catalog_sku_ahead(struct ctx *c, struct str code) ZX_MUST_CHECK;

/* The day of the lunar year before with the same lunar date: of a leap month the plain month's, of a 30th the 29th where that month has
 * no more. RC_NOT_FOUND with field "day" beyond the calendar. */
enum rc catalog_lunar_year_before(struct ctx *c, int32_t day, int32_t *ret) ZX_MUST_CHECK;

/* One line of a product feed: makes or updates the style and the SKU. Bodies of POST /api/v1/products and CSV imports. */
extern const struct field product_fields[];
enum rc catalog_product_put(struct ctx *c, struct json body, int *ret_outcome /* 1 new, 2 same, 3 updated */) ZX_MUST_CHECK;
extern const struct field store_fields[];
enum rc catalog_store_put(struct ctx *c, struct json body, int *ret_outcome) ZX_MUST_CHECK;

extern const struct module catalog_module;

#endif
