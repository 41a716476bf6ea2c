/* Reading the catalogue: styles with their SKUs, SKUs, categories, days. Cost and floor price are written only for those
 * who may see them. */
#include "access/access.h"
#include "base/limits.h"
#include "catalog/catalog_priv.h"
#include "http/list.h"

enum { MONEY_EXPONENT = 2 }; /* of the base currency */

bool catalog_sees_cost(const struct ctx *c)
{
    return c->actor && access_may(c->actor, "finance.read");
}

static void write_price(struct jw *w, const char *key, struct db_rows *q, const char *column)
{
    jw_key(w, key);
    if (db_is_null(q, column))
        jw_null(w);
    else
        jw_money(w, db_i64(q, column), MONEY_EXPONENT);
}

static void write_day(struct jw *w, const char *key, struct db_rows *q, const char *column)
{
    jw_key(w, key);
    if (db_is_null(q, column))
        jw_null(w);
    else
        jw_day(w, (int32_t)db_i64(q, column));
}

/* ---- styles ---- */

const struct field catalog_style_out[] = {
    {"id", FIELD_ID},
    {"code", FIELD_STR},
    {"name", FIELD_STR},
    {"category", FIELD_STR},
    {"brand", FIELD_STR},
    {"season", FIELD_STR},
    {"wave", FIELD_STR},
    {"launch_day", FIELD_DAY, FIELD_NULLABLE},
    {"image", FIELD_STR},
    {"skus", FIELD_I64, .doc = "Number of SKUs; in the record of one style the SKUs themselves."},
    {"list_price_min", FIELD_MONEY, FIELD_NULLABLE},
    {"list_price_max", FIELD_MONEY, FIELD_NULLABLE},
    {"floor_price_min", FIELD_MONEY, FIELD_NULLABLE, .doc = "With finance.read only."},
    {"cost_min", FIELD_MONEY, FIELD_NULLABLE, .doc = "With finance.read only."},
    {"cost_max", FIELD_MONEY, FIELD_NULLABLE, .doc = "With finance.read only."},
    {"rev", FIELD_ID},
    FIELD_END,
};

/* Members that the list and the record share. */
static void write_style_head(struct ctx *c, struct jw *w, struct db_rows *q)
{
    jw_kv_id(w, "id", db_i64(q, "id"));
    jw_kv_str(w, "code", db_text(q, "code"));
    jw_kv_str(w, "name", db_text(q, "name"));
    jw_kv_str(w, "category", db_text(q, "category"));
    jw_kv_str(w, "brand", db_text(q, "brand"));
    jw_kv_str(w, "season", db_text(q, "season"));
    jw_kv_str(w, "wave", db_text(q, "wave"));
    write_day(w, "launch_day", q, "launch_day");
    jw_kv_str(w, "image", db_text(q, "image"));
    jw_kv_id(w, "rev", db_i64(q, "rev"));
    write_price(w, "list_price_min", q, "list_min");
    write_price(w, "list_price_max", q, "list_max");
    if (catalog_sees_cost(c)) {
        write_price(w, "floor_price_min", q, "floor_min");
        write_price(w, "cost_min", q, "cost_min");
        write_price(w, "cost_max", q, "cost_max");
    }
}

static void write_style_row(struct ctx *c, struct jw *w, struct db_rows *q)
{
    jw_object(w);
    write_style_head(c, w, q);
    jw_kv_i64(w, "skus", db_i64(q, "skus"));
    jw_object_end(w);
}

/* "-launch_day" → the column's word and -1. */
static enum rc read_sort(struct ctx *c, const struct request *r, struct str *ret_word, int64_t *ret_direction)
{
    static const char *const words[] = {"launch_day", "list_price", "updated", "created"};
    struct str sort = request_query(r, "sort");
    if (sort.len == 0)
        sort = STR("-created");
    bool down = str_starts(sort, STR("-"));
    if (down)
        sort = str_sub(sort, 1, sort.len);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_eqz(sort, words[i])) {
            *ret_word = sort;
            *ret_direction = down ? -1 : 1;
            return RC_OK;
        }
    return ctx_fail(c, RC_INVALID, "sort", "not_a_choice");
}

enum rc catalog_styles_list(struct ctx *c, const struct request *r, struct reply *p)
{
    struct list page = {.key_columns = {"sort_key", "id"}};
    struct str sort = STR_NULL, category = request_query(r, "category");
    int64_t direction = 1;
    enum rc rc = list_open(c, r, 50, &page);
    if (rc == RC_OK)
        rc = read_sort(c, r, &sort, &direction);
    if (rc)
        return rc;
    /* A category holds what is below it: the paths from "女装/" to just before "女装0" ('0' follows '/'). */
    const struct db_arg args[] = {
        DB_TEXT("q", page.q_lower),
        DB_TEXT("category", category),
        DB_TEXT("category_from", arena_concat(c->arena, category, STR("/"))),
        DB_TEXT("category_to", arena_concat(c->arena, category, STR("0"))),
        DB_TEXT("season", request_query(r, "season")),
        DB_TEXT("sort", sort),
        DB_I64("direction", direction),
        DB_I64("first", page.first),
        DB_I64("after_key", page.after[0]),
        DB_I64("after_id", page.after[1]),
        DB_I64("limit", page.limit + 1),
    };
    struct db_rows *q = db_query_args(c->db, "catalog_style_list", args, 11);
    list_begin(&page, p);
    while (list_next(&page, q))
        write_style_row(c, &p->json, q);
    rc = db_end(q);
    return rc ? rc : list_end(c, r, &page, p, "catalog_style_count", args, 5);
}

/* ---- SKUs ---- */

const struct field catalog_sku_out[] = {
    {"id", FIELD_ID},
    {"sku", FIELD_STR},
    {"style", FIELD_STR},
    {"style_name", FIELD_STR},
    {"color", FIELD_STR},
    {"size", FIELD_STR},
    {"list_price", FIELD_MONEY, FIELD_NULLABLE},
    {"floor_price", FIELD_MONEY, FIELD_NULLABLE, .doc = "With finance.read only."},
    {"cost", FIELD_MONEY, FIELD_NULLABLE, .doc = "With finance.read only."},
    {"tax_rate", FIELD_DECIMAL},
    {"rev", FIELD_ID},
    FIELD_END,
};

static void write_sku_members(struct ctx *c, struct jw *w, struct db_rows *q)
{
    jw_kv_id(w, "id", db_i64(q, "id"));
    jw_kv_str(w, "sku", db_text(q, "code"));
    jw_kv_str(w, "color", db_text(q, "color"));
    jw_kv_str(w, "size", db_text(q, "size"));
    write_price(w, "list_price", q, "list_minor");
    if (catalog_sees_cost(c)) {
        write_price(w, "floor_price", q, "floor_minor");
        write_price(w, "cost", q, "cost_minor");
    }
    jw_kv_money(w, "tax_rate", db_i64(q, "tax_permyriad"), 2);
    jw_kv_id(w, "rev", db_i64(q, "rev"));
}

enum rc catalog_products_list(struct ctx *c, const struct request *r, struct reply *p)
{
    struct list page = {.key_columns = {"id"}};
    enum rc rc = list_open(c, r, 50, &page);
    if (rc)
        return rc;
    const struct db_arg args[] = {DB_TEXT("q", page.q), DB_TEXT("style", request_query(r, "style")), DB_I64("after", page.after[0]), DB_I64("limit", page.limit + 1)};
    struct db_rows *q = db_query_args(c->db, "catalog_sku_list", args, 4);
    list_begin(&page, p);
    while (list_next(&page, q)) {
        jw_object(&p->json);
        write_sku_members(c, &p->json, q);
        jw_kv_str(&p->json, "style", db_text(q, "style"));
        jw_kv_str(&p->json, "style_name", db_text(q, "name"));
        jw_object_end(&p->json);
    }
    rc = db_end(q);
    return rc ? rc : list_end(c, r, &page, p, "catalog_sku_count", args, 2);
}

/* Both queries come in the order of the SKUs' codes, so the barcodes are merged in as the SKUs pass. */
static enum rc write_skus(struct ctx *c, struct jw *w, int64_t style_id)
{
    struct db_rows *codes = db_query(c->db, "catalog_style_barcodes", DB_I64("style_id", style_id));
    struct db_rows *q = db_query(c->db, "catalog_style_skus", DB_I64("style_id", style_id));
    bool code = db_next(codes);
    jw_key(w, "skus");
    jw_array(w);
    while (db_next(q)) {
        jw_object(w);
        write_sku_members(c, w, q);
        jw_key(w, "barcodes");
        jw_array(w);
        for (; code && db_i64(codes, "sku_id") == db_i64(q, "id"); code = db_next(codes))
            jw_str(w, db_text(codes, "barcode"));
        jw_array_end(w);
        jw_object_end(w);
    }
    jw_array_end(w);
    enum rc rc = db_end(codes), rc_skus = db_end(q);
    return rc ? rc : rc_skus;
}

enum rc catalog_style_show(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t id;
    enum rc rc = request_param_id(c, r, 0, &id);
    if (rc)
        return rc;
    struct db_rows *q = db_query(c->db, "catalog_style_get", DB_I64("id", id));
    bool found = db_next(q);
    if (found) {
        reply_rev(c, p, db_i64(q, "rev"));
        jw_object(&p->json);
        write_style_head(c, &p->json, q);
    }
    rc = db_end(q);
    if (rc || !found)
        return rc ? rc : ctx_fail(c, RC_NOT_FOUND, "id", "unknown");
    rc = write_skus(c, &p->json, id);
    jw_object_end(&p->json);
    return rc;
}

/* ---- categories ---- */

enum rc catalog_categories_list(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)r;
    struct jw *w = &p->json;
    struct db_rows *q = db_query(c->db, "catalog_category_list");
    jw_object(w);
    jw_key(w, "items");
    jw_array(w);
    while (db_next(q)) {
        jw_object(w);
        jw_kv_id(w, "id", db_i64(q, "id"));
        jw_kv_id(w, "parent_id", db_i64(q, "parent_id"));
        jw_kv_str(w, "path", db_text(q, "path"));
        jw_kv_str(w, "name", db_text(q, "name"));
        jw_kv_i64(w, "styles", db_i64(q, "styles"));
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_object_end(w);
    return db_end(q);
}
