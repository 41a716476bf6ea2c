/* The tiles of the overview and the two islands: a few sums of the warehouse, and the formulas that make figures of them. */
#include "insight/insight_priv.h"
#include "warehouse/warehouse.h"

/* ---- sums ---- */

struct column {
    const char *name;
    size_t offset;
};
#define COLUMN(member) {#member, offsetof(struct sums, member)}

/* Reads one row of sums; NULL (nothing to add up) is 0. */
static enum rc read_columns(struct ctx *c, const char *statement, const struct db_arg *args, size_t count, const struct column *columns, void *into)
{
    struct db_rows *q = db_query_args(c->warehouse, statement, args, count);
    if (db_next(q))
        for (; columns->name; columns++)
            *(int64_t *)((char *)into + columns->offset) += db_i64(q, columns->name);
    return db_end(q);
}

enum rc sums_read(struct ctx *c, const struct insight_filter *f, int32_t from_day, int32_t to_day, struct sums *ret)
{
    static const struct column lines[] = {COLUMN(sales), COLUMN(margin), COLUMN(member_sales), COLUMN(sold), COLUMN(pieces), COLUMN(sold_with_list),
                                          COLUMN(list), COLUMN(returned), COLUMN(returned_pieces), {NULL, 0}};
    static const struct column documents[] = {COLUMN(documents), {NULL, 0}}, refunds[] = {COLUMN(returned), COLUMN(returned_pieces), {NULL, 0}},
                               people[] = {COLUMN(people), COLUMN(again), COLUMN(first_time), COLUMN(both), COLUMN(both_sales), COLUMN(both_margin), COLUMN(web), COLUMN(store), {NULL, 0}};
    struct db_arg args[FILTER_ARGS];
    struct sums s = {0};
    size_t some = f->any_category ? FILTER_ARGS_PLAIN : FILTER_ARGS_CATEGORY;
    filter_args(f, from_day, to_day, args);
    enum rc rc = read_columns(c, "insight_lines", args, FILTER_ARGS, lines, &s);
    if (!rc)
        rc = read_columns(c, f->any_category ? "insight_documents" : "insight_documents_of_category", args, some, documents, &s);
    if (!rc)
        rc = read_columns(c, f->any_category ? "insight_refunds" : "insight_refunds_of_category", args, some, refunds, &s);
    if (!rc)
        rc = read_columns(c, f->any_category ? "insight_people" : "insight_people_of_category", args, some, people, &s);
    if (!rc)
        *ret = s;
    return rc;
}

enum rc islands_read(struct ctx *c, const struct insight_filter *f, struct sums *s)
{
    static const struct column merged[] = {COLUMN(web), COLUMN(store), {NULL, 0}};
    struct db_arg args[FILTER_ARGS];
    filter_args(f, f->from_day, f->to_day, args);
    return read_columns(c, "insight_merged", args, FILTER_ARGS, merged, s);
}

/* ---- formulas; docs/metrics.md says them in words ---- */

static bool share(int64_t part, int64_t whole, double factor, double *ret)
{
    if (whole == 0)
        return false;
    *ret = (double)part * factor / (double)whole;
    return true;
}

static bool amount(int64_t minor, double *ret)
{
    *ret = (double)minor;
    return true;
}

static bool sales(const struct sums *s, double *ret) { return amount(s->sales, ret); }
static bool margin(const struct sums *s, double *ret) { return amount(s->margin, ret); }
static bool average_order(const struct sums *s, double *ret) { return share(s->sold, s->documents, 1, ret); }
static bool average_unit(const struct sums *s, double *ret) { return share(s->sold, s->pieces, 1, ret); }
static bool units_per_order(const struct sums *s, double *ret) { return share(s->pieces, s->documents, 1, ret); }
static bool discount_rate(const struct sums *s, double *ret) { return share(s->sold_with_list, s->list, 100, ret); }
static bool member_share(const struct sums *s, double *ret) { return share(s->member_sales, s->sales, 100, ret); }
static bool repurchase_rate(const struct sums *s, double *ret) { return share(s->again, s->people, 100, ret); }
static bool new_customers(const struct sums *s, double *ret) { return amount(s->first_time, ret); }
static bool return_rate_amount(const struct sums *s, double *ret) { return share(s->returned, s->sold, 100, ret); }
static bool return_rate_pieces(const struct sums *s, double *ret) { return share(s->returned_pieces, s->pieces, 100, ret); }

#define TILE(name, unit, finance, behind) {#name, unit, finance, "tile." #name ".formula", name, behind}
const struct tile tiles[] = {
    TILE(sales, TILE_MONEY, false, "documents"),
    TILE(margin, TILE_MONEY, true, "documents"),
    TILE(average_order, TILE_MONEY, false, "documents"),
    TILE(average_unit, TILE_MONEY, false, "documents"),
    TILE(units_per_order, TILE_RATIO, false, "documents"),
    TILE(discount_rate, TILE_PERCENT, false, "documents"),
    TILE(member_share, TILE_PERCENT, false, "members"),
    TILE(repurchase_rate, TILE_PERCENT, false, "again"),
    TILE(new_customers, TILE_COUNT, false, "first"),
    TILE(return_rate_amount, TILE_PERCENT, false, "returns"),
    TILE(return_rate_pieces, TILE_PERCENT, false, "returns"),
    {.key = NULL},
};

/* ---- the page ---- */

static const char *const unit_words[] = {[TILE_MONEY] = "money", [TILE_PERCENT] = "percent", [TILE_COUNT] = "count", [TILE_RATIO] = "ratio"};

static int64_t whole_minor(double v)
{
    return (int64_t)(v < 0 ? v - 0.5 : v + 0.5);
}

static void write_value(struct jw *w, const char *key, const struct tile *t, const struct sums *s)
{
    double v;
    jw_key(w, key);
    if (!t->value(s, &v))
        jw_null(w);
    else if (t->unit == TILE_MONEY)
        jw_money(w, whole_minor(v), 2);
    else if (t->unit == TILE_COUNT)
        jw_i64(w, (int64_t)v);
    else
        jw_double(w, (double)whole_minor(v * 100) / 100);
}

static void write_tiles(struct ctx *c, struct jw *w, const struct sums *now, const struct sums *before)
{
    jw_key(w, "tiles");
    jw_array(w);
    for (const struct tile *t = tiles; t->key; t++) {
        if (t->finance && !may_see_finance(c))
            continue;
        jw_object(w);
        jw_kv_z(w, "key", t->key);
        jw_kv_z(w, "unit", unit_words[t->unit]);
        write_value(w, "value", t, now);
        write_value(w, "before", t, before);
        jw_kv_z(w, "formula", t->formula);
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_period(struct jw *w, const char *key, int32_t from, int32_t to)
{
    jw_key(w, key);
    jw_object(w);
    jw_key(w, "from");
    jw_day(w, from);
    jw_key(w, "to");
    jw_day(w, to);
    jw_object_end(w);
}

static void write_percent(struct jw *w, const char *key, int64_t part, int64_t whole)
{
    double v = 0;
    share(part, whole, 100, &v);
    jw_kv_double(w, key, (double)whole_minor(v * 10) / 10);
}

static void write_islands(struct ctx *c, struct jw *w, const struct sums *s)
{
    jw_key(w, "islands");
    jw_object(w);
    jw_key(w, "separate");
    jw_object(w);
    jw_kv_i64(w, "customers", s->web + s->store);
    jw_kv_i64(w, "web_customers", s->web);
    jw_kv_i64(w, "store_customers", s->store);
    jw_object_end(w);
    jw_key(w, "joined");
    jw_object(w);
    jw_kv_i64(w, "people", s->people);
    jw_kv_i64(w, "both", s->both);
    if (may_see_finance(c))
        write_percent(w, "both_margin_share_percent", s->both_margin, s->margin);
    write_percent(w, "both_sales_share_percent", s->both_sales, s->sales);
    jw_object_end(w);
    jw_object_end(w);
}

static enum rc show(struct ctx *c, const struct request *r, struct jw *w)
{
    struct insight_filter f;
    struct sums now, before;
    struct warehouse_status status;
    enum rc rc = filter_read(c, r, &f);
    if (!rc)
        rc = sums_read(c, &f, f.from_day, f.to_day, &now);
    if (!rc)
        rc = sums_read(c, &f, f.before_from, f.before_to, &before);
    if (!rc)
        rc = islands_read(c, &f, &now);
    if (!rc)
        rc = warehouse_status(c, &status);
    if (rc)
        return rc;
    jw_object(w);
    write_period(w, "period", f.from_day, f.to_day);
    write_period(w, "compare_period", f.before_from, f.before_to);
    jw_kv_str(w, "compare", f.compare);
    write_tiles(c, w, &now, &before);
    write_islands(c, w, &now);
    jw_kv_id(w, "as_of_seq", status.seq);
    jw_kv_i64(w, "lag_ms", status.lag_ms);
    jw_object_end(w);
    return RC_OK;
}

enum rc overview_show(struct ctx *c, const struct request *r, struct reply *p)
{
    enum rc rc = warehouse_use(c);
    if (rc)
        return rc;
    rc = show(c, r, &p->json);
    warehouse_done(c);
    return rc;
}
