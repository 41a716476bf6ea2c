/* The clock, ISO 8601, and civil days. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

static _Atomic int64_t fixed_us = -1; /* -1: the environment was not read yet; 0: running */

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * US_PER_S + t.tv_nsec / 1000;
}

static int64_t fixed_from_environment(void)
{
    int64_t value = 0;
    const char *text = getenv("ZHIXIN_CLOCK_US");
    if (text && !str_i64(str_z(text), &value))
        value = 0;
    return value;
}

int64_t clock_now_us(void)
{
    int64_t fixed = atomic_load_explicit(&fixed_us, memory_order_relaxed);
    if (fixed < 0) {
        fixed = fixed_from_environment();
        atomic_store(&fixed_us, fixed);
    }
    return fixed > 0 ? fixed : read_clock(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_set(int64_t now_us)
{
    atomic_store(&fixed_us, now_us);
}

/* Days from civil and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
int32_t clock_day_of(int year, int month, int day)
{
    int y = year - (month <= 2);
    int era = (y >= 0 ? y : y - 399) / 400;
    int yoe = y - era * 400;
    int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void clock_civil(int32_t days, int *ret_year, int *ret_month, int *ret_day)
{
    int z = days + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int doe = z - era * 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;
    *ret_day = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp + (mp < 10 ? 3 : -9);
    *ret_year = yoe + era * 400 + (*ret_month <= 2);
}

/* Takes exactly `count` digits off the front. */
static bool digits(struct str *s, size_t count, int *ret)
{
    int value = 0;
    if (s->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        value = value * 10 + (s->ptr[i] - '0');
    }
    *s = str_sub(*s, count, s->len);
    *ret = value;
    return true;
}

static bool take(struct str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = str_sub(*s, 1, s->len);
    return true;
}

static bool take_day(struct str *s, int32_t *ret)
{
    static const unsigned char month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day, back_year, back_month, back_day;
    if (!digits(s, 4, &year) || !take(s, '-') || !digits(s, 2, &month) || !take(s, '-') || !digits(s, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days[month - 1])
        return false;
    *ret = clock_day_of(year, month, day);
    clock_civil(*ret, &back_year, &back_month, &back_day);
    return back_day == day; /* 02-29 outside leap years */
}

static bool take_fraction(struct str *s, int64_t *ret_us)
{
    int64_t scale = 100000, value = 0;
    if (!take(s, '.') && !take(s, ','))
        return true;
    size_t count = 0;
    while (s->len && s->ptr[0] >= '0' && s->ptr[0] <= '9') {
        value += (s->ptr[0] - '0') * scale;
        scale /= 10;
        count++;
        *s = str_sub(*s, 1, s->len);
    }
    *ret_us = value;
    return count > 0 && count <= 9;
}

static bool take_offset(struct str *s, int64_t *ret_s)
{
    int hours, minutes = 0;
    if (s->len == 0 || take(s, 'Z') || take(s, 'z'))
        return true;
    bool west = s->ptr[0] == '-';
    if (!take(s, '+') && !take(s, '-'))
        return false;
    if (!digits(s, 2, &hours))
        return false;
    take(s, ':');
    if (s->len && !digits(s, 2, &minutes))
        return false;
    if (hours > 15 || minutes > 59)
        return false;
    *ret_s = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

bool clock_parse(struct str s, int64_t *ret_us)
{
    int32_t day;
    int hour = 0, minute = 0, second = 0;
    int64_t fraction_us = 0, offset_s = 0;
    if (!take_day(&s, &day))
        return false;
    if (take(&s, 'T') || take(&s, 't') || take(&s, ' ')) {
        if (!digits(&s, 2, &hour) || !take(&s, ':') || !digits(&s, 2, &minute))
            return false;
        if (take(&s, ':') && (!digits(&s, 2, &second) || !take_fraction(&s, &fraction_us)))
            return false;
        if (!take_offset(&s, &offset_s))
            return false;
    }
    if (s.len || hour > 23 || minute > 59 || second > 60)
        return false;
    int64_t seconds = (int64_t)day * 86400 + hour * 3600 + minute * 60 + second - offset_s;
    *ret_us = seconds * US_PER_S + fraction_us;
    return true;
}

void clock_add_iso(struct buf *b, int64_t us)
{
    int64_t in_day = us % US_PER_DAY;
    if (in_day < 0)
        in_day += US_PER_DAY;
    clock_add_day(b, (int32_t)((us - in_day) / US_PER_DAY));
    int ms = (int)(in_day / US_PER_MS);
    buf_addf(b, "T%02d:%02d:%02d.%03dZ", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

bool clock_parse_day(struct str s, int32_t *ret_day)
{
    return take_day(&s, ret_day) && s.len == 0;
}

void clock_add_day(struct buf *b, int32_t day)
{
    int year, month, date;
    clock_civil(day, &year, &month, &date);
    buf_addf(b, "%04d-%02d-%02d", year, month, date);
}

int32_t clock_business_day(int64_t us, int32_t offset_s, int32_t cut_s)
{
    int64_t local_s = us / US_PER_S + offset_s - cut_s;
    return (int32_t)(local_s >= 0 ? local_s / 86400 : -((-local_s + 86399) / 86400));
}
