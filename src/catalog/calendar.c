/* The calendar table: weekday, lunar date and the public holidays that the law itself fixes (国务院《全国年节及纪念日放假办法》).
 * Bridge days and make-up working days are announced each autumn; they are facts to be brought in, not computed here. */
#include "base/app.h"
#include "catalog/catalog_priv.h"
#include "db/pool.h"

#include <unicode/ucal.h>

enum { FIRST_YEAR = 2000, YEARS_AHEAD = 3 };

struct calendar_day {
    int32_t day;
    int year, month, date;      /* civil */
    int weekday;                /* 1 Monday … 7 Sunday */
    int lunar_month, lunar_day; /* leap months count 100 more */
};

/* 清明 is a solar term: of the years 2000 to 2099 it falls on [Y × 0.2422 + 4.81] − [Y / 4], Y = year − 2000. */
static int qingming_date(int year)
{
    int y = year - 2000;
    return (y * 2422 + 48100) / 10000 - y / 4;
}

static const char *holiday_of(const struct calendar_day *d)
{
    static const struct {
        int month, date;
        bool lunar;
        const char *name;
    } fixed[] = {
        {1, 1, false, "元旦"}, {5, 1, false, "劳动节"}, {10, 1, false, "国庆节"}, {10, 2, false, "国庆节"}, {10, 3, false, "国庆节"},
        {1, 1, true, "春节"},  {1, 2, true, "春节"},    {1, 3, true, "春节"},     {5, 5, true, "端午节"},   {8, 15, true, "中秋节"},
    };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (fixed[i].month == (fixed[i].lunar ? d->lunar_month : d->month) && fixed[i].date == (fixed[i].lunar ? d->lunar_day : d->date))
            return fixed[i].name;
    return d->month == 4 && d->date == qingming_date(d->year) ? "清明节" : "";
}

/* ICU's Chinese calendar at noon in China, so that no zone shifts the date. */
static void set_lunar(UCalendar *lunar, struct calendar_day *d)
{
    UErrorCode error = U_ZERO_ERROR;
    ucal_setMillis(lunar, (double)d->day * 86400e3 + 4 * 3600e3, &error);
    d->lunar_month = ucal_get(lunar, UCAL_MONTH, &error) + 1 + (ucal_get(lunar, UCAL_IS_LEAP_MONTH, &error) ? 100 : 0);
    d->lunar_day = ucal_get(lunar, UCAL_DATE, &error);
}

static enum rc put_day(struct ctx *c, UCalendar *lunar, int32_t day)
{
    struct calendar_day d = {.day = day, .weekday = (day + 3) % 7 + 1}; /* 1970-01-01 was a Thursday */
    clock_civil(day, &d.year, &d.month, &d.date);
    set_lunar(lunar, &d);
    const char *holiday = holiday_of(&d);
    return db_run(c->db, "catalog_calendar_put", DB_I64("day", day), DB_I64("weekday", d.weekday), DB_I64("off", d.weekday > 5 || *holiday),
                  DB_TEXT("holiday", str_z(holiday)), DB_I64("lunar_month", d.lunar_month), DB_I64("lunar_day", d.lunar_day));
}

static enum rc fill(struct ctx *c, void *arg)
{
    (void)arg;
    int year, month, date;
    int64_t last;
    UErrorCode error = U_ZERO_ERROR;
    const UChar zone[] = {'A', 's', 'i', 'a', '/', 'S', 'h', 'a', 'n', 'g', 'h', 'a', 'i', 0};
    enum rc rc = db_get_i64(c->db, 0, &last, "catalog_calendar_last");
    if (rc)
        return rc;
    clock_civil((int32_t)(c->now_us / US_PER_DAY), &year, &month, &date);
    int32_t from = last ? (int32_t)last + 1 : clock_day_of(FIRST_YEAR, 1, 1), to = clock_day_of(year + YEARS_AHEAD + 1, 1, 1);
    UCalendar *lunar = ucal_open(zone, -1, "zh_CN@calendar=chinese", UCAL_TRADITIONAL, &error);
    if (U_FAILURE(error))
        return ctx_fail(c, RC_INTERNAL, NULL, "calendar");
    for (int32_t day = from; rc == RC_OK && day < to; day++)
        rc = put_day(c, lunar, day);
    ucal_close(lunar);
    return rc;
}

enum rc catalog_calendar_start(struct app *app)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .app = app, .now_us = clock_now_us()};
    return db_pool_tx(&c, app->truth, fill, NULL);
}

enum rc catalog_lunar_year_before(struct ctx *c, int32_t day, int32_t *ret)
{
    int64_t there;
    enum rc rc = db_get_i64(c->db, INT64_MIN, &there, "catalog_calendar_lunar", DB_I64("day", day));
    if (rc)
        return rc;
    if (there == INT64_MIN)
        return ctx_fail(c, RC_NOT_FOUND, "day", "out_of_range");
    *ret = (int32_t)there;
    return RC_OK;
}

enum rc catalog_calendar_list(struct ctx *c, const struct request *r, struct reply *p)
{
    int32_t from, to;
    struct jw *w = &p->json;
    if (!clock_parse_day(request_query(r, "from"), &from))
        return ctx_fail(c, RC_INVALID, "from", "malformed");
    if (!clock_parse_day(request_query(r, "to"), &to) || to < from || to - from > 800)
        return ctx_fail(c, RC_INVALID, "to", "malformed");
    struct db_rows *q = db_query(c->db, "catalog_calendar_get", DB_I64("from_day", from), DB_I64("to_day", to));
    jw_object(w);
    jw_key(w, "items");
    jw_array(w);
    while (db_next(q)) {
        jw_object(w);
        jw_key(w, "day");
        jw_day(w, (int32_t)db_i64(q, "day"));
        jw_kv_i64(w, "weekday", db_i64(q, "weekday"));
        jw_kv_bool(w, "off", db_i64(q, "off"));
        jw_kv_str(w, "holiday", db_text(q, "holiday"));
        jw_kv_i64(w, "lunar_month", db_i64(q, "lunar_month"));
        jw_kv_i64(w, "lunar_day", db_i64(q, "lunar_day"));
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_object_end(w);
    return db_end(q);
}
