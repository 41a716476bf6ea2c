/* Product feeds: a line makes or updates a style and a SKU. What a line leaves out keeps what it is; a line that says
 * nothing new changes nothing. */
#include "base/decimal.h"
#include "base/id.h"
#include "base/limits.h"
#include "catalog/catalog_priv.h"

#include <stddef.h>

enum { TAX_USUAL_PERMYRIAD = 1300, ZONE_CHINA_S = 8 * 3600 };
static const int32_t no_day = INT32_MIN;

struct product {
    int64_t style_id, sku_id, sku_style_id; /* 0: new; sku_style_id: where the SKU stands now */
    struct str style, style_name, category, brand, season, wave, image;
    int32_t launch_day;
    struct str sku, color, size, barcode;
    int64_t list_minor, floor_minor, cost_minor;
    struct str tax_rate;
    int64_t tax_permyriad;
};

#define AT(member) offsetof(struct product, member)
const struct field product_fields[] = {
    {"style", FIELD_STR, FIELD_REQUIRED, AT(style), .min = 1, .max = 64, .doc = "Style code (款号)."},
    {"style_name", FIELD_STR, 0, AT(style_name), .max = LIMIT_NAME_CHARS},
    {"category", FIELD_STR, 0, AT(category), .max = LIMIT_NAME_CHARS, .doc = "Path such as 女装/连衣裙; made when new."},
    {"brand", FIELD_STR, 0, AT(brand), .max = LIMIT_NAME_CHARS},
    {"season", FIELD_STR, 0, AT(season), .max = 32, .doc = "Such as 2026SS."},
    {"wave", FIELD_STR, 0, AT(wave), .max = 32, .doc = "Delivery wave within the season."},
    {"launch_day", FIELD_DAY, 0, AT(launch_day), .doc = "First day in sale."},
    {"image", FIELD_STR, 0, AT(image), .max = 256, .doc = "Key of the picture."},
    {"sku", FIELD_STR, FIELD_REQUIRED, AT(sku), .min = 1, .max = 64, .doc = "SKU code (款/色/码), unique."},
    {"color", FIELD_STR, 0, AT(color), .max = 64},
    {"size", FIELD_STR, 0, AT(size), .max = 32},
    {"barcode", FIELD_STR, 0, AT(barcode), .max = 32, .doc = "One more barcode of the SKU."},
    {"list_price", FIELD_MONEY, 0, AT(list_minor), .min = 0, .max = INT64_C(100000000000), .doc = "吊牌价."},
    {"floor_price", FIELD_MONEY, 0, AT(floor_minor), .min = 0, .max = INT64_C(100000000000), .doc = "底价."},
    {"cost", FIELD_MONEY, 0, AT(cost_minor), .min = 0, .max = INT64_C(100000000000), .doc = "Purchase cost without VAT."},
    {"tax_rate", FIELD_DECIMAL, 0, AT(tax_rate), .doc = "VAT in per cent; 13 if not said."},
    FIELD_END,
};

/* ---- what stands in the tables ---- */

static int64_t price_of(struct db_rows *q, const char *column)
{
    return db_is_null(q, column) ? PRICE_UNKNOWN : db_i64(q, column);
}

static enum rc load_style(struct ctx *c, struct product *p)
{
    struct db_rows *q = db_query(c->db, "catalog_style_by_code", DB_TEXT("code", p->style));
    if (db_next(q)) {
        p->style_id = db_i64(q, "id");
        p->style_name = arena_str(c->arena, db_text(q, "name"));
        p->category = arena_str(c->arena, db_text(q, "category"));
        p->brand = arena_str(c->arena, db_text(q, "brand"));
        p->season = arena_str(c->arena, db_text(q, "season"));
        p->wave = arena_str(c->arena, db_text(q, "wave"));
        p->image = arena_str(c->arena, db_text(q, "image"));
        p->launch_day = db_is_null(q, "launch_day") ? no_day : (int32_t)db_i64(q, "launch_day");
    }
    return db_end(q);
}

static enum rc load_sku(struct ctx *c, struct product *p)
{
    struct db_rows *q = db_query(c->db, "catalog_sku_full", DB_TEXT("code", p->sku));
    if (db_next(q)) {
        p->sku_id = db_i64(q, "id");
        p->sku_style_id = db_i64(q, "style_id");
        p->color = arena_str(c->arena, db_text(q, "color"));
        p->size = arena_str(c->arena, db_text(q, "size"));
        p->list_minor = price_of(q, "list_minor");
        p->floor_minor = price_of(q, "floor_minor");
        p->cost_minor = price_of(q, "cost_minor");
        p->tax_permyriad = db_i64(q, "tax_permyriad");
    }
    return db_end(q);
}

static enum rc load(struct ctx *c, struct str style, struct str sku, struct product *ret)
{
    *ret = (struct product){.style = style,
                            .sku = sku,
                            .style_name = style,
                            .launch_day = no_day,
                            .list_minor = PRICE_UNKNOWN,
                            .floor_minor = PRICE_UNKNOWN,
                            .cost_minor = PRICE_UNKNOWN,
                            .tax_permyriad = TAX_USUAL_PERMYRIAD};
    enum rc rc = load_style(c, ret);
    return rc ? rc : load_sku(c, ret);
}

/* ---- what changes ---- */

static bool style_same(const struct product *a, const struct product *b)
{
    return str_eq(a->style_name, b->style_name) && str_eq(a->category, b->category) && str_eq(a->brand, b->brand) && str_eq(a->season, b->season) &&
           str_eq(a->wave, b->wave) && str_eq(a->image, b->image) && a->launch_day == b->launch_day;
}

static bool sku_same(const struct product *a, const struct product *b)
{
    return str_eq(a->color, b->color) && str_eq(a->size, b->size) && a->list_minor == b->list_minor && a->floor_minor == b->floor_minor &&
           a->cost_minor == b->cost_minor && a->tax_permyriad == b->tax_permyriad;
}

static enum rc write_style(struct ctx *c, struct product *p)
{
    int64_t category, brand;
    bool is_new = p->style_id == 0;
    enum rc rc = catalog_category(c, p->category, &category);
    if (rc == RC_OK)
        rc = catalog_brand(c, p->brand, &brand);
    if (rc)
        return rc;
    if (is_new)
        p->style_id = id_next();
    const struct db_arg args[] = {
        DB_I64("id", p->style_id),
        DB_TEXT("name", p->style_name),
        DB_I64("category_id", category),
        DB_I64("brand_id", brand),
        DB_TEXT("season", p->season),
        DB_TEXT("wave", p->wave),
        DB_I64_OR_NULL("launch_day", p->launch_day, p->launch_day != no_day),
        DB_TEXT("image", p->image),
        DB_I64("now_us", c->now_us),
        DB_TEXT("code", p->style),
    };
    rc = is_new ? db_run_args(c->db, "catalog_style_insert", args, 10) : db_run_args(c->db, "catalog_style_update", args, 9);
    return rc ? rc : change_add(c, CHANGE_STYLE, p->style_id, 0, 1);
}

static enum rc write_price(struct ctx *c, const struct product *p, enum price_kind kind, int64_t before, int64_t now)
{
    if (now == before || now == PRICE_UNKNOWN)
        return RC_OK;
    return db_run(c->db, "catalog_price_put", DB_I64("sku_id", p->sku_id), DB_I64("kind", kind), DB_I64("amount_minor", now),
                  DB_I64("from_day", clock_business_day(c->now_us, ZONE_CHINA_S, 0)));
}

static enum rc write_prices(struct ctx *c, const struct product *before, const struct product *p)
{
    enum rc rc = write_price(c, p, PRICE_LIST, before->list_minor, p->list_minor);
    if (rc == RC_OK)
        rc = write_price(c, p, PRICE_FLOOR, before->floor_minor, p->floor_minor);
    return rc ? rc : write_price(c, p, PRICE_COST, before->cost_minor, p->cost_minor);
}

static enum rc write_sku(struct ctx *c, const struct product *before, struct product *p)
{
    bool is_new = p->sku_id == 0;
    if (is_new)
        p->sku_id = id_next();
    const struct db_arg args[] = {
        DB_I64("id", p->sku_id),
        DB_TEXT("color", p->color),
        DB_TEXT("size", p->size),
        DB_I64_OR_NULL("list_minor", p->list_minor, p->list_minor >= 0),
        DB_I64_OR_NULL("floor_minor", p->floor_minor, p->floor_minor >= 0),
        DB_I64_OR_NULL("cost_minor", p->cost_minor, p->cost_minor >= 0),
        DB_I64("tax_permyriad", p->tax_permyriad),
        DB_I64("now_us", c->now_us),
        DB_TEXT("code", p->sku),
        DB_I64("style_id", p->style_id),
    };
    enum rc rc = is_new ? db_run_args(c->db, "catalog_sku_insert", args, 10) : db_run_args(c->db, "catalog_sku_update", args, 8);
    if (rc == RC_OK)
        rc = write_prices(c, before, p);
    return rc ? rc : change_add(c, CHANGE_SKU, p->sku_id, 0, 1);
}

/* Whose barcode is it? *ret_missing: nobody's yet. */
static enum rc check_barcode(struct ctx *c, const struct product *p, bool *ret_missing)
{
    int64_t holder = 0;
    *ret_missing = false;
    if (p->barcode.len == 0)
        return RC_OK;
    enum rc rc = db_get_i64(c->db, 0, &holder, "catalog_barcode_get", DB_TEXT("barcode", p->barcode));
    if (rc == RC_OK && holder && holder != p->sku_id)
        return ctx_fail(c, RC_CONFLICT, "barcode", "taken");
    *ret_missing = holder == 0;
    return rc;
}

static enum rc set_tax(struct ctx *c, struct product *p)
{
    const char *cause = p->tax_rate.len ? decimal_parse(p->tax_rate, 2, &p->tax_permyriad) : NULL;
    if (!cause && (p->tax_permyriad < 0 || p->tax_permyriad > 10000))
        cause = "too_large";
    return cause ? ctx_fail(c, RC_INVALID, "tax_rate", cause) : RC_OK;
}

static enum rc check_category(struct ctx *c, const struct product *p)
{
    struct str rest = p->category, name;
    while (p->category.len && str_split(&rest, '/', &name))
        if (name.len == 0)
            return ctx_fail(c, RC_INVALID, "category", "malformed");
    return RC_OK;
}

/* Decodes twice: first for the codes, then over what stands, so that the members left out keep their value. */
static enum rc merge(struct ctx *c, struct json body, struct product *ret_before, struct product *ret_after)
{
    struct product said = {0};
    enum rc rc = field_decode(c, product_fields, body, true, &said, NULL);
    if (rc == RC_OK)
        rc = load(c, said.style, said.sku, ret_before);
    if (rc)
        return rc;
    if (ret_before->sku_id && ret_before->sku_style_id != ret_before->style_id)
        return ctx_fail(c, RC_CONFLICT, "sku", "other_style");
    *ret_after = *ret_before;
    rc = field_decode(c, product_fields, body, true, ret_after, NULL);
    if (rc == RC_OK)
        rc = set_tax(c, ret_after);
    return rc ? rc : check_category(c, ret_after);
}

static enum rc tell_code(struct ctx *c, struct str code, const struct product *p)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && modules[i]; i++)
        if (modules[i]->on_sku)
            rc = modules[i]->on_sku(c, code, p->sku_id, p->style_id);
    return rc;
}

enum rc catalog_product_put(struct ctx *c, struct json body, int *ret_outcome)
{
    struct product before, after;
    bool new_barcode = false;
    enum rc rc = merge(c, body, &before, &after);
    if (rc == RC_OK)
        rc = check_barcode(c, &after, &new_barcode);
    if (rc)
        return rc; /* nothing was written so far */
    bool style = before.style_id == 0 || !style_same(&before, &after), sku = before.sku_id == 0 || !sku_same(&before, &after);
    if (style)
        rc = write_style(c, &after);
    if (rc == RC_OK && sku)
        rc = write_sku(c, &before, &after);
    if (rc == RC_OK && new_barcode)
        rc = db_run(c->db, "catalog_barcode_insert", DB_TEXT("barcode", after.barcode), DB_I64("sku_id", after.sku_id));
    if (rc == RC_OK && before.sku_id == 0)
        rc = tell_code(c, after.sku, &after);
    if (rc == RC_OK && new_barcode)
        rc = tell_code(c, after.barcode, &after);
    if (rc == RC_OK)
        *ret_outcome = before.sku_id == 0 ? CATALOG_NEW : style || sku || new_barcode ? CATALOG_UPDATED : CATALOG_SAME;
    return rc;
}

/* ---- looking up, and the feed ---- */

enum rc catalog_sku(struct ctx *c, struct str code, int64_t *ret_sku, int64_t *ret_style)
{
    struct db_rows *q = db_query(c->db, "catalog_sku_find", DB_TEXT("code", code));
    *ret_sku = *ret_style = 0;
    if (db_next(q)) {
        *ret_sku = db_i64(q, "id");
        *ret_style = db_i64(q, "style_id");
    }
    return db_end(q);
}

enum rc catalog_sku_ahead(struct ctx *c, struct str code)
{
    return db_ahead(c->db, "catalog_sku_find", DB_TEXT("code", code));
}

static bool is_refusal(enum rc rc)
{
    return rc == RC_INVALID || rc == RC_CONFLICT || rc == RC_NOT_FOUND;
}

static void write_result(struct ctx *c, struct jw *w, const char *code_key, struct json item, enum rc rc, int outcome)
{
    static const char *const words[] = {[CATALOG_NEW] = "new", [CATALOG_SAME] = "same", [CATALOG_UPDATED] = "updated"};
    jw_object(w);
    jw_kv_str(w, code_key, json_str(json_get(item, str_z(code_key))));
    jw_kv_z(w, "outcome", rc ? "refused" : words[outcome]);
    if (rc) {
        jw_kv_z(w, "field", arena_z(c->arena, str_z(c->error.field)));
        jw_kv_z(w, "reason", arena_z(c->arena, str_z(c->error.cause)));
    }
    jw_object_end(w);
}

enum rc catalog_feed(struct ctx *c, const struct catalog_items *in, const struct catalog_feed_kind *kind, struct reply *p)
{
    if (!json_is(in->items, JSON_ARRAY))
        return ctx_fail(c, RC_INVALID, kind->list_key, "wrong_type");
    if (json_count(in->items) > LIMIT_LIST_ITEMS)
        return ctx_fail(c, RC_INVALID, kind->list_key, "too_many");
    jw_object(&p->json);
    jw_key(&p->json, "results");
    jw_array(&p->json);
    for (struct json_iter it = json_iter(in->items); json_next(&it);) {
        int outcome = 0;
        enum rc rc = kind->put(c, it.value, &outcome);
        if (rc && !is_refusal(rc))
            return rc;
        write_result(c, &p->json, kind->code_key, it.value, rc, outcome);
        ctx_clear(c);
    }
    jw_array_end(&p->json);
    jw_object_end(&p->json);
    return RC_OK;
}

enum rc catalog_products_put(struct ctx *c, const struct request *r, struct reply *p)
{
    static const struct catalog_feed_kind products = {"products", "sku", catalog_product_put};
    return catalog_feed(c, r->in, &products, p);
}
