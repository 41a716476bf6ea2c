/* The one clock. All times are microseconds UTC since 1970 (suffix _us). Tests can set it. */
#ifndef ZX_BASE_CLOCK_H
#define ZX_BASE_CLOCK_H

#include "base/buf.h"

#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_S)

/* Now; or what clock_set() fixed. */
int64_t clock_now_us(void);
/* Never goes back, no relation to the calendar: for durations and deadlines. */
int64_t clock_mono_us(void);
/* Fixes clock_now_us() for tests and seeded data; 0 lets it run again. The environment variable
 * ZHIXIN_CLOCK_US does the same at start. */
void clock_set(int64_t now_us);

/* "2026-03-01T09:30:00.123Z", "…+08:00", "2026-03-01 09:30:00" (taken as UTC) or "2026-03-01" → true.
 * Years 1 to 9999; leap seconds fold into the next second. */
bool clock_parse(struct str s, int64_t *ret_us);
/* Adds ISO 8601 in UTC with milliseconds. */
void clock_add_iso(struct buf *b, int64_t us);

/* Days are counted from 1970-01-01 (suffix _day). Proleptic Gregorian. */
int32_t clock_day_of(int year, int month, int day);
void clock_civil(int32_t days, int *ret_year, int *ret_month, int *ret_day);
/* "2026-03-01" */
bool clock_parse_day(struct str s, int32_t *ret_day);
void clock_add_day(struct buf *b, int32_t day);
/* Local civil day of a moment, for a zone offset and a cut: at 04:00 cut, 03:59 is still yesterday. */
int32_t clock_business_day(int64_t us, int32_t offset_s, int32_t cut_s);

#endif
