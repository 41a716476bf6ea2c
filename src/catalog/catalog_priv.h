/* What the files of src/catalog share. */
#ifndef ZX_CATALOG_CATALOG_PRIV_H
#define ZX_CATALOG_CATALOG_PRIV_H

#include "catalog/catalog.h"

enum catalog_outcome { CATALOG_NEW = 1, CATALOG_SAME = 2, CATALOG_UPDATED = 3 };
enum price_kind { PRICE_LIST = 1, PRICE_FLOOR = 2, PRICE_COST = 3 };
enum { PRICE_UNKNOWN = -1 }; /* stored as NULL */

/* The id behind a unique name, made when new: regions and brands. 0 for an empty name. */
enum rc catalog_region(struct ctx *c, struct str name, int64_t *ret_id) ZX_MUST_CHECK;
enum rc catalog_brand(struct ctx *c, struct str name, int64_t *ret_id) ZX_MUST_CHECK;
/* "女装/连衣裙": every level above is made too. */
enum rc catalog_category(struct ctx *c, struct str path, int64_t *ret_id) ZX_MUST_CHECK;

/* May this actor see cost, margin and floor price? */
bool catalog_sees_cost(const struct ctx *c);

/* Fills the calendar table where it ends before the coming years. */
enum rc catalog_calendar_start(struct app *app);

/* Body of the feeds POST /api/v1/stores and /products: a list of objects that put() decodes one by one. */
struct catalog_items {
    struct json items;
};
struct catalog_feed_kind {
    const char *list_key, *code_key;
    enum rc (*put)(struct ctx *c, struct json body, int *ret_outcome);
};
/* Puts each and writes {"results": [{code_key, "outcome", "field", "reason"}]}. An element that is refused changes
 * nothing and does not stop the others. */
enum rc catalog_feed(struct ctx *c, const struct catalog_items *in, const struct catalog_feed_kind *kind, struct reply *p) ZX_MUST_CHECK;

route_fn catalog_stores_list, catalog_stores_put, catalog_products_list, catalog_products_put, catalog_styles_list, catalog_style_show, catalog_categories_list,
    catalog_calendar_list;
extern const struct field catalog_store_out[], catalog_sku_out[], catalog_style_out[];

#endif
