/* Applying changes: rows are read from the truth by id and put in place of what stood there. Applying one twice, or a state
 * newer than the change, gives the same in the end. */
#include "base/log.h"
#include "sales/sales.h"
#include "warehouse/warehouse_priv.h"

enum { IDS_AT_ONCE = 1024, DAY_FIRST = -100000, DAY_LAST = 1000000 };

/* ---- the common way ---- */

typedef void put_row(struct db_chunk *k, struct db_rows *q);

/* Reads rows of the truth by ids, some at a time, and appends them to a table of the warehouse. */
static enum rc copy_rows(struct ctx *c, struct follower *f, const char *statement, const struct step_ids *ids, const char *table, put_row *put)
{
    struct db_appender *a;
    enum rc rc = db_appender_begin(f->db, table, &a), row = RC_OK;
    for (size_t at = 0; !rc && !row && at < ids->count; at += IDS_AT_ONCE) {
        size_t count = ids->count - at < IDS_AT_ONCE ? ids->count - at : IDS_AT_ONCE;
        struct db_rows *q = db_query(c->db, statement, DB_IDS("ids", ids->ids + at, count));
        while (!row && db_next(q)) {
            put(db_appender_chunk(a), q);
            row = db_appender_row(a);
        }
        rc = db_end(q);
    }
    enum rc end = db_appender_end(a);
    return rc ? rc : row ? row : end;
}

static enum rc fill_step_ids(struct follower *f, const struct step_ids *ids)
{
    struct db_appender *a;
    enum rc rc = db_appender_begin(f->db, "step_id", &a);
    if (rc)
        return rc;
    for (size_t i = 0; !rc && i < ids->count; i++) {
        db_chunk_i64(db_appender_chunk(a), ids->ids[i]);
        rc = db_appender_row(a);
    }
    enum rc end = db_appender_end(a);
    return rc ? rc : end;
}

static enum rc set_step_ids(struct follower *f, const struct step_ids *ids)
{
    enum rc rc = db_run(f->db, "wh_step_id_clear");
    return rc ? rc : fill_step_ids(f, ids);
}

/* A table whose rows stand as they are in the truth. */
struct plain {
    const char *statement, *table, *remove;
    put_row *put;
};

static enum rc replace_rows(struct ctx *c, struct follower *f, const struct plain *p, const struct step_ids *ids)
{
    if (ids->count == 0)
        return RC_OK;
    enum rc rc = set_step_ids(f, ids);
    if (!rc)
        rc = db_run(f->db, p->remove);
    return rc ? rc : copy_rows(c, f, p->statement, ids, p->table, p->put);
}

/* Columns in order; texts may be empty, never NULL. */
static void put_i64s(struct db_chunk *k, struct db_rows *q, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        db_chunk_i64(k, db_i64_at(q, i));
}

static void put_texts(struct db_chunk *k, struct db_rows *q, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        db_chunk_text(k, db_text_at(q, i));
}

/* ---- catalogue ---- */

static void put_store(struct db_chunk *k, struct db_rows *q)
{
    put_i64s(k, q, 0, 1);
    put_texts(k, q, 1, 5);
    put_i64s(k, q, 5, 6);
}

static void put_source(struct db_chunk *k, struct db_rows *q)
{
    put_i64s(k, q, 0, 1);
    put_texts(k, q, 1, 5);
}

static void put_sku(struct db_chunk *k, struct db_rows *q)
{
    put_i64s(k, q, 0, 1);
    put_texts(k, q, 1, 2);
    put_i64s(k, q, 2, 3);
    put_texts(k, q, 3, 5);
    put_i64s(k, q, 5, 6);
}

static void put_style(struct db_chunk *k, struct db_rows *q)
{
    put_i64s(k, q, 0, 1);
    put_texts(k, q, 1, 3);
    put_i64s(k, q, 3, 4);
    put_texts(k, q, 4, 6);
    if (db_is_null(q, "launch_day"))
        db_chunk_null(k);
    else
        db_chunk_i64(k, db_i64(q, "launch_day"));
    put_texts(k, q, 7, 8);
}

static void put_category(struct db_chunk *k, struct db_rows *q)
{
    put_i64s(k, q, 0, 2);
    put_texts(k, q, 2, 4);
}

static enum rc replace_categories(struct ctx *c, struct follower *f)
{
    struct db_appender *a;
    enum rc rc = db_run(f->db, "wh_category_delete"), row = RC_OK;
    if (!rc)
        rc = db_appender_begin(f->db, "category", &a);
    if (rc)
        return rc;
    struct db_rows *q = db_query(c->db, "wh_category");
    while (!row && db_next(q)) {
        put_category(db_appender_chunk(a), q);
        row = db_appender_row(a);
    }
    rc = db_end(q);
    enum rc end = db_appender_end(a);
    return rc ? rc : row ? row : end;
}

struct price {
    int64_t sku_id, kind, from_day, amount_minor;
    bool first;                    /* of its SKU and kind */
};

static enum rc put_price(struct db_appender *a, const struct price *p, int64_t to_day)
{
    struct db_chunk *k = db_appender_chunk(a);
    if (p->sku_id == 0)
        return RC_OK;
    db_chunk_i64(k, p->sku_id);
    db_chunk_i64(k, p->kind);
    db_chunk_i64(k, p->first ? DAY_FIRST : p->from_day); /* the first price known also stands for the days before it */
    db_chunk_i64(k, to_day);
    db_chunk_i64(k, p->amount_minor);
    return db_appender_row(a);
}

/* Prices become spans of days [from, to). */
static enum rc copy_prices(struct ctx *c, struct db_appender *a, const int64_t *ids, size_t count)
{
    struct price last = {0};
    enum rc rc = RC_OK;
    struct db_rows *q = db_query(c->db, "wh_sku_price", DB_IDS("ids", ids, count));
    while (!rc && db_next(q)) {
        struct price p = {db_i64(q, "sku_id"), db_i64(q, "kind"), db_i64(q, "from_day"), db_i64(q, "amount_minor"), true};
        bool same = p.sku_id == last.sku_id && p.kind == last.kind;
        p.first = !same;
        rc = put_price(a, &last, same ? p.from_day : DAY_LAST);
        last = p;
    }
    if (!rc)
        rc = put_price(a, &last, DAY_LAST);
    enum rc end = db_end(q);
    return rc ? rc : end;
}

static enum rc replace_prices(struct ctx *c, struct follower *f, const struct step_ids *skus)
{
    struct db_appender *a;
    enum rc rc = db_run(f->db, "wh_sku_price_delete"); /* step_id still has the SKUs */
    if (!rc)
        rc = db_appender_begin(f->db, "sku_price", &a);
    if (rc)
        return rc;
    for (size_t at = 0; !rc && at < skus->count; at += IDS_AT_ONCE)
        rc = copy_prices(c, a, skus->ids + at, skus->count - at < IDS_AT_ONCE ? skus->count - at : IDS_AT_ONCE);
    enum rc end = db_appender_end(a);
    return rc ? rc : end;
}

/* Lines of SKUs and styles that changed take over style, category, cost and floor price again. */
static enum rc refresh_lines(struct follower *f, const struct step *s)
{
    enum rc rc = set_step_ids(f, &s->skus);
    if (!rc)
        rc = fill_step_ids(f, &s->styles);
    if (!rc)
        rc = db_run(f->db, "wh_step_clear_line");
    if (!rc)
        rc = db_run(f->db, "wh_line_of_sku");
    if (rc || db_changes(f->db) == 0)
        return rc;
    rc = db_run(f->db, "wh_line_taken");
    if (!rc)
        rc = db_run(f->db, "wh_line_insert");
    return rc ? rc : db_run(f->db, "wh_sale_sums");
}

enum rc apply_catalog(struct ctx *c, struct follower *f, const struct step *s)
{
    static const struct plain stores = {"wh_store", "store", "wh_store_delete", put_store}, sources = {"wh_source", "source", "wh_source_delete", put_source},
                              styles = {"wh_style", "style", "wh_style_delete", put_style}, skus = {"wh_sku", "sku", "wh_sku_delete", put_sku};
    enum rc rc = replace_rows(c, f, &sources, &s->sources);
    if (!rc)
        rc = replace_rows(c, f, &stores, &s->stores);
    if (!rc)
        rc = replace_rows(c, f, &styles, &s->styles);
    if (!rc && s->styles.count)
        rc = replace_categories(c, f);
    if (!rc)
        rc = replace_rows(c, f, &skus, &s->skus);
    if (!rc && s->skus.count)
        rc = replace_prices(c, f, &s->skus);
    if (rc || s->skus.count + s->styles.count == 0)
        return rc;
    return refresh_lines(f, s);
}

/* ---- customers ---- */

struct growing {
    struct step_ids list;
    size_t cap;
};

static void add_id(struct ctx *c, struct growing *g, int64_t id)
{
    if (g->list.count == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 64;
        int64_t *larger = arena_new_array(c->arena, int64_t, cap);
        if (g->list.count)
            memcpy(larger, g->list.ids, g->list.count * sizeof(*larger));
        g->list.ids = larger;
        g->cap = cap;
    }
    g->list.ids[g->list.count++] = id;
}

/* Adds what a statement says of the first `known` ids of the list. */
static enum rc add_found(struct ctx *c, struct growing *g, const char *statement, size_t known)
{
    for (size_t at = 0; at < known; at += IDS_AT_ONCE) {
        size_t count = known - at < IDS_AT_ONCE ? known - at : IDS_AT_ONCE;
        struct db_rows *q = db_query(c->db, statement, DB_IDS("ids", g->list.ids + at, count));
        while (db_next(q))
            add_id(c, g, db_i64(q, "id"));
        enum rc rc = db_end(q);
        if (rc)
            return rc;
    }
    return RC_OK;
}

/* All records of the persons that the changed records belong to: their class or their head may have changed. */
static enum rc whole_groups(struct ctx *c, const struct step_ids *changed, struct step_ids *ret)
{
    static const char *const steps[] = {"wh_customer_head", "wh_customer_group"};
    struct growing g = {0};
    enum rc rc = RC_OK;
    for (size_t i = 0; i < changed->count; i++)
        add_id(c, &g, changed->ids[i]);
    for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = add_found(c, &g, steps[i], g.list.count);
        step_ids_sort(&g.list);
    }
    *ret = g.list;
    return rc;
}

static void put_customer(struct db_chunk *k, struct db_rows *q)
{
    put_i64s(k, q, 0, 9);
}

enum rc apply_customers(struct ctx *c, struct follower *f, const struct step *s)
{
    static const char *const steps[] = {"wh_customer_delete", "wh_customer_insert", "wh_customer_class", "wh_customer_sales"};
    struct step_ids all;
    if (s->customers.count == 0)
        return RC_OK;
    enum rc rc = whole_groups(c, &s->customers, &all);
    if (!rc)
        rc = db_run(f->db, "wh_step_clear_customer");
    if (!rc)
        rc = copy_rows(c, f, "wh_customer", &all, "step_customer", put_customer);
    for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
        rc = db_run(f->db, steps[i]);
    if (rc || db_changes(f->db) == 0)
        return rc;
    rc = db_run(f->db, "wh_first_day_of_customers");
    return rc ? rc : db_run(f->db, "wh_customer_lines");
}

static void put_subject(struct db_chunk *k, struct db_rows *q)
{
    put_i64s(k, q, 0, 3);
}

enum rc apply_subjects(struct ctx *c, struct follower *f, const struct step *s)
{
    static const struct plain subjects = {"wh_subject", "subject", "wh_subject_delete", put_subject};
    return replace_rows(c, f, &subjects, &s->subjects);
}

/* ---- orders ---- */

/* What a document is for the numbers; see warehouse.sql. */
static int64_t counts_as(int64_t kind, int64_t status)
{
    switch (kind) {
    case SALE_RECEIPT: return 1;
    case SALE_ORDER: return status != SALE_PLACED && status != SALE_CANCELLED;
    case SALE_EXCHANGE: return 2;
    case SALE_RETURN: return 3;
    default: return 0;
    }
}

static void put_sale(struct db_chunk *k, struct db_rows *q)
{
    put_i64s(k, q, 0, 5);
    db_chunk_i64(k, counts_as(db_i64(q, "kind"), db_i64(q, "status")));
    put_texts(k, q, 5, 6);
    put_i64s(k, q, 6, 10);
    put_texts(k, q, 10, 11);
    put_i64s(k, q, 11, 15);
}

/* paid / (1 + tax), to the nearest minor unit, halves away from zero. */
static int64_t without_tax(int64_t paid_minor, int64_t tax_permyriad)
{
    __int128 whole = 10000 + tax_permyriad, twice = (__int128)(paid_minor < 0 ? -paid_minor : paid_minor) * 20000;
    int64_t net = (int64_t)((twice + whole) / (2 * whole));
    return paid_minor < 0 ? -net : net;
}

static void put_line(struct db_chunk *k, struct db_rows *q)
{
    put_i64s(k, q, 0, 2);
    put_texts(k, q, 2, 3);
    put_i64s(k, q, 3, 7);
    db_chunk_i64(k, without_tax(db_i64(q, "paid_minor"), db_i64(q, "tax_permyriad")));
    put_i64s(k, q, 7, 10);
}

/* A web order given back as a whole counts all its pieces; of a part only the amount is known. */
static void put_refund(struct db_chunk *k, struct db_rows *q)
{
    put_i64s(k, q, 0, 2);
    db_chunk_i64(k, warehouse_event_day(db_i64(q, "at_us")));
    put_i64s(k, q, 3, 5);
}

enum rc apply_orders(struct ctx *c, struct follower *f, const struct step *s)
{
    static const char *const first[] = {"wh_step_clear_sale", "wh_step_clear_line", "wh_step_id_clear"};
    static const char *const then[] = {"wh_step_persons", "wh_sale_delete",  "wh_line_delete", "wh_refund_delete",      "wh_sale_insert",
                                       "wh_line_insert",  "wh_step_persons", "wh_sale_sums",   "wh_first_day_of_sales"};
    enum rc rc = RC_OK;
    if (s->orders.count == 0)
        return RC_OK;
    for (size_t i = 0; !rc && i < sizeof(first) / sizeof(first[0]); i++)
        rc = db_run(f->db, first[i]);
    if (!rc)
        rc = copy_rows(c, f, "wh_sale", &s->orders, "step_sale", put_sale);
    if (!rc)
        rc = copy_rows(c, f, "wh_sale_line", &s->orders, "step_line", put_line);
    for (size_t i = 0; !rc && i < sizeof(then) / sizeof(then[0]); i++)
        rc = db_run(f->db, then[i]);
    return rc ? rc : copy_rows(c, f, "wh_sale_refund", &s->orders, "refund", put_refund);
}
