/* Stores: where a receipt was written, in which zone, and when its business day ends. */
#include "base/id.h"
#include "base/limits.h"
#include "catalog/catalog_priv.h"
#include "http/list.h"

#include <stddef.h>

static const char *const store_kinds[] = {"own", "franchised", "concession", NULL};

/* One row as the feed brings it and as the table keeps it. */
struct store_row {
    int64_t id;
    struct str code, name, region, city;
    int kind;
    int64_t zone_offset_minutes, day_cut_minutes;
};

const struct field store_fields[] = {
    {"code", FIELD_STR, FIELD_REQUIRED, offsetof(struct store_row, code), .min = 1, .max = 32, .doc = "The store's code, unique."},
    {"name", FIELD_STR, 0, offsetof(struct store_row, name), .max = LIMIT_NAME_CHARS, .doc = "Name; the code if it has none."},
    {"region", FIELD_STR, 0, offsetof(struct store_row, region), .max = LIMIT_NAME_CHARS, .doc = "Sales region, made when new."},
    {"city", FIELD_STR, 0, offsetof(struct store_row, city), .max = LIMIT_NAME_CHARS},
    {"kind", FIELD_ENUM, 0, offsetof(struct store_row, kind), .words = store_kinds, .doc = "Who runs it."},
    {"zone_offset_minutes", FIELD_I64, 0, offsetof(struct store_row, zone_offset_minutes), .min = -900, .max = 900, .doc = "Minutes east of UTC; 480 if not said."},
    {"day_cut_minutes", FIELD_I64, 0, offsetof(struct store_row, day_cut_minutes), .min = 0, .max = 720,
     .doc = "The business day ends so many minutes after midnight; 240 if not said."},
    FIELD_END,
};

static struct store_row row_read(struct ctx *c, struct db_rows *q)
{
    return (struct store_row){
        .id = db_i64(q, "id"),
        .code = arena_str(c->arena, db_text(q, "code")),
        .name = arena_str(c->arena, db_text(q, "name")),
        .region = arena_str(c->arena, db_text(q, "region")),
        .city = arena_str(c->arena, db_text(q, "city")),
        .kind = (int)db_i64(q, "kind") - 1,
        .zone_offset_minutes = db_i64(q, "zone_offset_s") / 60,
        .day_cut_minutes = db_i64(q, "day_cut_s") / 60,
    };
}

/* What stands in the table, or what a new store starts with (id 0). */
static enum rc row_find(struct ctx *c, struct str code, struct store_row *ret)
{
    *ret = (struct store_row){.code = code, .name = code, .zone_offset_minutes = 480, .day_cut_minutes = 240};
    struct db_rows *q = db_query(c->db, "catalog_store_by_code", DB_TEXT("code", code));
    if (db_next(q))
        *ret = row_read(c, q);
    return db_end(q);
}

enum rc catalog_store(struct ctx *c, struct str code, struct store *ret)
{
    struct store_row row;
    enum rc rc = row_find(c, code, &row);
    if (rc)
        return rc;
    if (row.id == 0)
        return ctx_fail(c, RC_NOT_FOUND, "store", "unknown");
    *ret = (struct store){.id = row.id,
                          .code = row.code,
                          .name = row.name,
                          .city = row.city,
                          .offset_s = (int32_t)row.zone_offset_minutes * 60,
                          .cut_s = (int32_t)row.day_cut_minutes * 60};
    return RC_OK;
}

static bool row_same(const struct store_row *a, const struct store_row *b)
{
    return str_eq(a->name, b->name) && str_eq(a->region, b->region) && str_eq(a->city, b->city) && a->kind == b->kind &&
           a->zone_offset_minutes == b->zone_offset_minutes && a->day_cut_minutes == b->day_cut_minutes;
}

static enum rc row_write(struct ctx *c, struct store_row *row)
{
    int64_t region;
    bool is_new = row->id == 0;
    enum rc rc = catalog_region(c, row->region, &region);
    if (rc)
        return rc;
    if (is_new)
        row->id = id_next();
    const struct db_arg args[] = {
        DB_I64("id", row->id),
        DB_TEXT("name", row->name),
        DB_I64("region_id", region),
        DB_TEXT("city", row->city),
        DB_I64("kind", row->kind + 1),
        DB_I64("zone_offset_s", row->zone_offset_minutes * 60),
        DB_I64("day_cut_s", row->day_cut_minutes * 60),
        DB_I64("now_us", c->now_us),
        DB_TEXT("code", row->code),
    };
    rc = is_new ? db_run_args(c->db, "catalog_store_insert", args, 9) : db_run_args(c->db, "catalog_store_update", args, 8);
    return rc ? rc : change_add(c, CHANGE_STORE, row->id, 0, 1);
}

enum rc catalog_store_put(struct ctx *c, struct json body, int *ret_outcome)
{
    struct store_row before, row = {0};
    enum rc rc = field_decode(c, store_fields, body, true, &row, NULL);
    if (rc == RC_OK)
        rc = row_find(c, row.code, &before);
    if (rc)
        return rc;
    row = before; /* members that the body leaves out keep what they are */
    rc = field_decode(c, store_fields, body, true, &row, NULL);
    if (rc)
        return rc;
    if (before.id && row_same(&before, &row)) {
        *ret_outcome = CATALOG_SAME;
        return RC_OK;
    }
    *ret_outcome = before.id ? CATALOG_UPDATED : CATALOG_NEW;
    return row_write(c, &row);
}

/* ---- routes ---- */

const struct field catalog_store_out[] = {
    {"id", FIELD_ID},
    {"code", FIELD_STR},
    {"name", FIELD_STR},
    {"region", FIELD_STR},
    {"city", FIELD_STR},
    {"kind", FIELD_ENUM, .words = store_kinds},
    {"zone_offset_minutes", FIELD_I64},
    {"day_cut_minutes", FIELD_I64},
    {"active", FIELD_BOOL},
    {"rev", FIELD_ID},
    FIELD_END,
};

static void store_write(struct ctx *c, struct db_rows *q, struct jw *w)
{
    struct store_row row = row_read(c, q);
    jw_object(w);
    jw_kv_id(w, "id", row.id);
    jw_kv_str(w, "code", row.code);
    jw_kv_str(w, "name", row.name);
    jw_kv_str(w, "region", row.region);
    jw_kv_str(w, "city", row.city);
    jw_kv_z(w, "kind", store_kinds[row.kind]);
    jw_kv_i64(w, "zone_offset_minutes", row.zone_offset_minutes);
    jw_kv_i64(w, "day_cut_minutes", row.day_cut_minutes);
    jw_kv_bool(w, "active", db_i64(q, "active"));
    jw_kv_id(w, "rev", db_i64(q, "rev"));
    jw_object_end(w);
}

enum rc catalog_stores_list(struct ctx *c, const struct request *r, struct reply *p)
{
    struct list page = {.key_columns = {"id"}};
    enum rc rc = list_open(c, r, LIMIT_LIST_PAGE, &page);
    if (rc)
        return rc;
    struct db_arg q_arg = DB_TEXT("q", page.q_lower);
    struct db_rows *q = db_query(c->db, "catalog_store_list", q_arg, DB_I64("after", page.after[0]), DB_I64("limit", page.limit + 1));
    list_begin(&page, p);
    while (list_next(&page, q))
        store_write(c, q, &p->json);
    rc = db_end(q);
    return rc ? rc : list_end(c, r, &page, p, "catalog_store_count", &q_arg, 1);
}

enum rc catalog_stores_put(struct ctx *c, const struct request *r, struct reply *p)
{
    static const struct catalog_feed_kind stores = {"stores", "code", catalog_store_put};
    return catalog_feed(c, r->in, &stores, p);
}
