/* How the rest of the program meets the catalogue. */
#include "catalog/catalog_priv.h"
#include "embedded_sql.h"

#include <stddef.h>

static const struct field store_feed[] = {
    {"stores", FIELD_JSON, FIELD_REQUIRED, offsetof(struct catalog_items, items), .sub = store_fields, .doc = "Stores, at most 1,000."},
    FIELD_END,
};
static const struct field product_feed[] = {
    {"products", FIELD_JSON, FIELD_REQUIRED, offsetof(struct catalog_items, items), .sub = product_fields, .doc = "One element per SKU, at most 1,000."},
    FIELD_END,
};

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/stores", catalog_stores_list, .need = "catalog.read", .out = catalog_store_out, .out_name = "Store", .out_list = true, .query = "q,after,limit",
     .doc = "Stores by code."},
    {HTTP_POST, "/api/v1/stores", catalog_stores_put, .need = "catalog.write", .in = store_feed, .in_size = sizeof(struct catalog_items), .writes = true, .act = "store.put",
     .api_key = true, .doc = "Makes or updates stores, one by one."},
    {HTTP_GET, "/api/v1/products", catalog_products_list, .need = "catalog.read", .out = catalog_sku_out, .out_name = "Sku", .out_list = true,
     .query = "q,style,after,limit", .doc = "SKUs; q is a SKU code or a barcode."},
    {HTTP_POST, "/api/v1/products", catalog_products_put, .need = "product.write", .in = product_feed, .in_size = sizeof(struct catalog_items), .writes = true,
     .act = "product.put", .api_key = true, .doc = "Makes or updates styles and SKUs from the lines of a product feed."},
    {HTTP_GET, "/api/v1/styles", catalog_styles_list, .need = "catalog.read", .out = catalog_style_out, .out_name = "Style", .out_list = true,
     .query = "q,category,season,sort,after,limit", .doc = "Styles; sort is launch_day, list_price, updated or created, with - for the other way round."},
    {HTTP_GET, "/api/v1/styles/{id}", catalog_style_show, .need = "catalog.read", .out = catalog_style_out, .out_name = "Style",
     .doc = "A style with its SKUs and their barcodes."},
    {HTTP_GET, "/api/v1/categories", catalog_categories_list, .need = "catalog.read", .doc = "All categories by path."},
    {HTTP_GET, "/api/v1/calendar", catalog_calendar_list, .need = "catalog.read", .query = "from,to", .doc = "Days with weekday, holiday and lunar date."},
    {.path = NULL},
};

static const struct permission permissions[] = {
    {"catalog.read", ROLE_ALL},
    {"catalog.write", ROLE_ADMIN | ROLE_MANAGER | ROLE_API},
    {"product.write", ROLE_ADMIN | ROLE_API},
    {"finance.read", ROLE_ADMIN | ROLE_MANAGER},
    {.name = NULL},
};

static const char *const tables[] = {"brand", "region", "store", "category", "style", "sku", "sku_barcode", "sku_price", "calendar", NULL};

const struct module catalog_module = {
    .name = "catalog",
    .routes = routes,
    .sql = catalog_sql,
    .migrations = catalog_migrations,
    .tables = tables,
    .permissions = permissions,
    .start = catalog_calendar_start,
};
