/* The filter of the overview: period, comparison, channel, store, category. */
#include "access/access.h"
#include "catalog/catalog.h"
#include "insight/insight_priv.h"

enum { DAYS_DEFAULT = 30, DAYS_MAX = 366 * 20, WEEK = 7, WEEKS_OF_YEAR = 52, CATEGORIES_MAX = 4096 };
#define ZONE_S (8 * 3600)

static enum rc read_day(struct ctx *c, const struct request *r, const char *name, int32_t otherwise, int32_t *ret)
{
    struct str text = request_query(r, name);
    *ret = otherwise;
    if (text.len && !clock_parse_day(text, ret))
        return ctx_fail(c, RC_INVALID, name, "malformed");
    return RC_OK;
}

static int32_t year_before(int32_t day)
{
    int year, month, date, y, m, d;
    clock_civil(day, &year, &month, &date);
    int32_t there = clock_day_of(year - 1, month, date);
    clock_civil(there, &y, &m, &d);
    return d == date ? there : there - 1; /* 29 February */
}

static void set_back(struct insight_filter *f, int32_t days)
{
    f->before_from = f->from_day - days;
    f->before_to = f->to_day - days;
}

/* Whole weeks back, so that Mondays meet Mondays. */
static enum rc by_weekday(struct ctx *c, struct insight_filter *f)
{
    (void)c;
    set_back(f, (f->to_day - f->from_day + WEEK) / WEEK * WEEK);
    return RC_OK;
}

/* The days right before: of today, yesterday. */
static enum rc by_previous(struct ctx *c, struct insight_filter *f)
{
    (void)c;
    set_back(f, f->to_day - f->from_day + 1);
    return RC_OK;
}

static enum rc by_year(struct ctx *c, struct insight_filter *f)
{
    (void)c;
    f->before_from = year_before(f->from_day);
    f->before_to = year_before(f->to_day);
    return RC_OK;
}

/* The 52 weeks of a trading year. */
static enum rc by_year_weekday(struct ctx *c, struct insight_filter *f)
{
    (void)c;
    set_back(f, WEEKS_OF_YEAR * WEEK);
    return RC_OK;
}

/* As many days from the first one's lunar date on, so that Spring Festival meets Spring Festival. */
static enum rc by_year_lunar(struct ctx *c, struct insight_filter *f)
{
    int32_t there;
    enum rc rc = catalog_lunar_year_before(c, f->from_day, &there);
    if (rc == RC_NOT_FOUND)
        return ctx_fail(c, RC_INVALID, "from", "out_of_range");
    if (!rc)
        set_back(f, f->from_day - there);
    return rc;
}

/* The first is what is compared with when nothing is said. */
static const struct comparison {
    const char *word;
    enum rc (*set)(struct ctx *c, struct insight_filter *f);
} comparisons[] = {
    {"weekday", by_weekday}, {"previous", by_previous}, {"year", by_year}, {"year_weekday", by_year_weekday}, {"year_lunar", by_year_lunar},
};

static enum rc set_comparison(struct ctx *c, struct insight_filter *f)
{
    if (f->compare.len == 0)
        f->compare = str_z(comparisons[0].word);
    for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++)
        if (str_eqz(f->compare, comparisons[i].word))
            return comparisons[i].set(c, f);
    return ctx_fail(c, RC_INVALID, "compare", "unknown");
}

static enum rc read_period(struct ctx *c, const struct request *r, struct insight_filter *f)
{
    int32_t today = clock_business_day(c->now_us, ZONE_S, 0);
    enum rc rc = read_day(c, r, "to", today, &f->to_day);
    if (!rc)
        rc = read_day(c, r, "from", f->to_day - DAYS_DEFAULT + 1, &f->from_day);
    if (rc)
        return rc;
    if (f->from_day > f->to_day || f->to_day - f->from_day > DAYS_MAX)
        return ctx_fail(c, RC_INVALID, "from", "out_of_range");
    f->compare = request_query(r, "compare");
    return set_comparison(c, f);
}

/* A channel is one of ours, or of a source, or something was sold through it; any other word is a mistake, not a zero. */
static enum rc read_channel(struct ctx *c, const struct request *r, struct insight_filter *f)
{
    static const char *const ours[] = {"store", "web", "wechat"};
    int64_t known = 0;
    f->channel = request_query(r, "channel");
    known = f->channel.len == 0;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        known |= str_eqz(f->channel, ours[i]);
    enum rc rc = known ? RC_OK : db_get_i64(c->db, 0, &known, "insight_source_channel", DB_TEXT("channel", f->channel));
    if (!rc && !known)
        rc = db_get_i64(c->warehouse, 0, &known, "insight_channel", DB_TEXT("channel", f->channel));
    return rc || known ? rc : ctx_fail(c, RC_BAD_REQUEST, "channel", "unknown");
}

/* Whoever may browse some stores only sees the figures of these. */
static enum rc read_store(struct ctx *c, const struct request *r, struct insight_filter *f)
{
    struct str code = request_query(r, "store");
    f->stores = c->actor ? c->actor->stores : NULL;
    f->store_count = f->stores ? c->actor->store_count : 0;
    f->any_store = !f->stores;
    if (code.len == 0)
        return RC_OK;
    int64_t *id = arena_new_one(c->arena, int64_t);
    enum rc rc = db_get_i64(c->warehouse, 0, id, "insight_store", DB_TEXT("code", code));
    if (rc)
        return rc;
    if (*id == 0 || (c->actor && !access_can_see_store(c->actor, *id)))
        return ctx_fail(c, RC_INVALID, "store", "unknown");
    f->stores = id;
    f->store_count = 1;
    f->any_store = false;
    return RC_OK;
}

/* A category is named by its path or by any part of it; what lies below belongs to it. */
bool filter_in_category(struct str path, struct str wanted)
{
    struct str part, rest = path;
    if (str_eq(path, wanted) || (str_starts(path, wanted) && path.len > wanted.len && path.ptr[wanted.len] == '/'))
        return true;
    while (str_split(&rest, '/', &part))
        if (str_eq(part, wanted))
            return true;
    return false;
}

static enum rc read_category(struct ctx *c, const struct request *r, struct insight_filter *f)
{
    f->category = str_trim(request_query(r, "category"));
    f->any_category = f->category.len == 0;
    if (f->any_category)
        return RC_OK;
    int64_t *ids = arena_new_array(c->arena, int64_t, CATEGORIES_MAX);
    struct db_rows *q = db_query(c->warehouse, "insight_categories");
    while (f->category_count < CATEGORIES_MAX && db_next(q))
        if (filter_in_category(db_text(q, "path"), f->category))
            ids[f->category_count++] = db_i64(q, "id");
    f->categories = ids;
    return db_end(q);
}

enum rc filter_read(struct ctx *c, const struct request *r, struct insight_filter *ret)
{
    struct insight_filter f = {.from_day = 0};
    enum rc rc = read_period(c, r, &f);
    if (!rc)
        rc = read_channel(c, r, &f);
    if (!rc)
        rc = read_store(c, r, &f);
    if (!rc)
        rc = read_category(c, r, &f);
    if (!rc)
        *ret = f;
    return rc;
}

void filter_args(const struct insight_filter *f, int32_t from_day, int32_t to_day, struct db_arg out[static FILTER_ARGS])
{
    const struct db_arg args[FILTER_ARGS] = {
        DB_I64("from_day", from_day), DB_I64("to_day", to_day), DB_I64("any_channel", f->channel.len == 0), DB_TEXT("channel", f->channel),
        DB_I64("any_store", f->any_store), DB_IDS("stores", f->stores, f->store_count), DB_IDS("categories", f->categories, f->category_count),
        DB_I64("any_category", f->any_category),
    };
    memcpy(out, args, sizeof(args));
}

bool may_see_finance(const struct ctx *c)
{
    return !c->actor || access_may(c->actor, "finance.read");
}
