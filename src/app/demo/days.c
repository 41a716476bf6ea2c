/* The days of the window: how much is sold on each, in stores and on the web. Weekdays, seasons, growth, the sales of
 * June and November, Spring Festival. Lunar dates come from a table: computing them is another program's work. */
#include "app/demo/demo_priv.h"

#include <assert.h>

/* Month and day of the first day of the lunar year. */
static const struct {
    uint8_t month, day;
} spring_festivals[] = {
    /* 2015 */ {2, 19}, {2, 8}, {1, 28}, {2, 16}, {2, 5},
    /* 2020 */ {1, 25}, {2, 12}, {2, 1}, {1, 22}, {2, 10},
    /* 2025 */ {1, 29}, {2, 17}, {2, 6}, {1, 26}, {2, 13},
    /* 2030 */ {2, 3}, {1, 23}, {2, 11}, {1, 31}, {2, 19},
    /* 2035 */ {2, 8},
};

int32_t days_spring_festival(int year)
{
    int at = year - 2015;
    if (at < 0 || at >= (int)(sizeof(spring_festivals) / sizeof(spring_festivals[0])))
        return 0;
    return clock_day_of(year, spring_festivals[at].month, spring_festivals[at].day);
}

/* Days since the nearest Spring Festival: −21 is three weeks before. Far away gives 200. */
static int32_t days_from_spring(int32_t day)
{
    int year, month, date;
    clock_civil(day, &year, &month, &date);
    int32_t spring = days_spring_festival(year);
    return spring ? day - spring : 200;
}

enum festival days_festival(int32_t day)
{
    int year, month, date;
    clock_civil(day, &year, &month, &date);
    if (month == 6 && date <= 20)
        return FESTIVAL_618;
    if (month == 11 && date <= 12)
        return FESTIVAL_1111;
    int32_t spring = days_from_spring(day);
    return spring >= -21 && spring < 0 ? FESTIVAL_SPRING : FESTIVAL_NONE;
}

bool days_in_bad_618(const struct days *d, int32_t day)
{
    return d->bad_618_day && day >= d->bad_618_day - 17 && day <= d->bad_618_day + 2;
}

static double weekday_factor(int32_t day, bool web)
{
    static const double store[7] = {0.80, 0.78, 0.82, 0.88, 1.10, 1.65, 1.60}; /* Monday first */
    static const double shop[7] = {1.00, 0.98, 0.97, 0.98, 0.95, 1.04, 1.12};
    int weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return web ? shop[weekday] : store[weekday];
}

static double month_factor(int month)
{
    static const double factor[12] = {1.05, 0.80, 1.02, 1.08, 1.05, 0.98, 0.86, 0.84, 1.04, 1.14, 1.10, 1.12};
    return factor[month - 1];
}

static double store_occasion(int32_t day, int month, int date)
{
    int32_t spring = days_from_spring(day);
    if (spring >= -21 && spring < -1)
        return 1.75;
    if (spring >= -1 && spring < 1)
        return 0.15; /* most stores are closed on the eve and the first day */
    if (spring >= 1 && spring < 8)
        return 1.1;
    if (month == 10 && date <= 7)
        return 1.6;
    if (month == 5 && date <= 5)
        return 1.45;
    return days_festival(day) == FESTIVAL_618 || days_festival(day) == FESTIVAL_1111 ? 1.12 : 1.0;
}

static double web_occasion(const struct days *d, int32_t day, int month, int date)
{
    if (days_in_bad_618(d, day))
        return date >= 16 && date <= 18 ? 8.5 : 4.2;
    if (d->bad_618_day && day > d->bad_618_day && day <= d->bad_618_day + 190)
        return (month == 11 && date == 11) ? 3.6 : (month == 11 && date <= 12) ? 1.5 : 0.66; /* bought in June, not now */
    if (month == 6 && date <= 20)
        return date >= 16 && date <= 18 ? 3.0 : 1.35;
    if (month == 11 && date <= 12)
        return date == 11 ? 6.5 : date == 1 ? 3.0 : 1.9;
    if (month == 12 && date == 12)
        return 2.2;
    if (month == 3 && date >= 6 && date <= 8)
        return 1.8;
    int32_t spring = days_from_spring(day);
    return spring >= -3 && spring < 5 ? 0.45 : 1.0; /* parcels do not move */
}

/* The latest 18 June with half a year after it; else the latest one that the window holds whole. */
static int32_t find_bad_618(const struct days *d)
{
    int32_t found = 0, last = d->first_day + d->count - 1;
    int year, month, date;
    clock_civil(last, &year, &month, &date);
    for (int back = 0; back < 10; back++) {
        int32_t day = clock_day_of(year - back, 6, 18);
        if (day + 2 > last || day - 17 < d->first_day)
            continue;
        if (!found)
            found = day;
        if (day + 150 <= last)
            return day;
    }
    return found;
}

static void scale_to_one(double *weights, int32_t count)
{
    double sum = 0;
    for (int32_t i = 0; i < count; i++)
        sum += weights[i];
    for (int32_t i = 0; i < count; i++)
        weights[i] /= sum;
}

void days_init(struct days *d, int64_t now_us, int32_t years)
{
    int year, month, date;
    int32_t last = clock_business_day(now_us, DEMO_ZONE_S, 0);
    clock_civil(last, &year, &month, &date);
    d->first_day = clock_day_of(year - years, month, date > 28 ? 28 : date) + 1;
    d->count = last - d->first_day + 1;
    assert(d->count > 0 && d->count <= DEMO_DAYS_MAX);
    d->bad_618_day = find_bad_618(d);
    for (int32_t i = 0; i < d->count; i++) {
        int32_t day = d->first_day + i;
        double growth = 1.0 + 0.12 * i / 365.0;
        clock_civil(day, &year, &month, &date);
        d->store[i] = growth * weekday_factor(day, false) * month_factor(month) * store_occasion(day, month, date);
        d->web[i] = growth * weekday_factor(day, true) * month_factor(month) * web_occasion(d, day, month, date);
    }
    int64_t today_s = now_us / US_PER_S + DEMO_ZONE_S - INT64_C(86400) * last; /* the last day is not over */
    d->store[d->count - 1] *= (double)today_s / 86400;
    d->web[d->count - 1] *= (double)today_s / 86400;
    scale_to_one(d->store, d->count);
    scale_to_one(d->web, d->count);
}

int64_t days_share(const double *weights, int32_t day, int64_t total)
{
    double before = 0;
    for (int32_t i = 0; i < day; i++)
        before += weights[i];
    return (int64_t)((before + weights[day]) * (double)total + 0.5) - (int64_t)(before * (double)total + 0.5);
}

int32_t days_web_second(struct dice *d)
{
    static const uint16_t hours[24] = {30, 14, 6, 4, 4, 6, 14, 28, 36, 42, 46, 46, 60, 52, 44, 42, 42, 44, 50, 62, 84, 96, 82, 66};
    return (int32_t)dice_weighted(dice_next(d), hours, 24, 1000) * 3600 + (int32_t)dice_below(d, 3600);
}

int32_t days_store_second(struct dice *d)
{
    static const uint16_t hours[12] = {40, 60, 80, 85, 95, 105, 105, 90, 100, 115, 85, 40}; /* 10 to 22 o'clock */
    return 10 * 3600 + (int32_t)dice_weighted(dice_next(d), hours, 12, 1000) * 3600 + (int32_t)dice_below(d, 3600);
}
