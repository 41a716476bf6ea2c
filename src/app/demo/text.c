/* Small writers for the demo's bodies. They stand on the hot path, so they do not go through printf. */
#include "app/demo/demo_priv.h"

#include <assert.h>

void text_digits(struct buf *b, uint64_t value, uint32_t width)
{
    char digits[20];
    assert(width <= sizeof(digits));
    for (uint32_t i = width; i > 0; i--) {
        digits[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    buf_add_bytes(b, digits, width);
}

void text_money(struct buf *b, int64_t minor)
{
    uint64_t magnitude = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    if (minor < 0)
        buf_add_byte(b, '-');
    buf_add_i64(b, (int64_t)(magnitude / 100));
    buf_add_byte(b, '.');
    text_digits(b, magnitude % 100, 2);
}

void text_date_digits(struct buf *b, int32_t civil_day)
{
    int year, month, day;
    clock_civil(civil_day, &year, &month, &day);
    text_digits(b, (uint64_t)(year * 10000 + month * 100 + day), 8);
}

void text_local_time(struct buf *b, int64_t at_us)
{
    int64_t local_ms = at_us / US_PER_MS + DEMO_ZONE_S * INT64_C(1000);
    uint64_t ms = (uint64_t)(local_ms % 86400000);
    int year, month, day;
    clock_civil((int32_t)(local_ms / 86400000), &year, &month, &day);
    text_digits(b, (uint64_t)year, 4);
    buf_add_byte(b, '-');
    text_digits(b, (uint64_t)month, 2);
    buf_add_byte(b, '-');
    text_digits(b, (uint64_t)day, 2);
    buf_add_byte(b, 'T');
    text_digits(b, ms / 3600000, 2);
    buf_add_byte(b, ':');
    text_digits(b, ms / 60000 % 60, 2);
    buf_add_byte(b, ':');
    text_digits(b, ms / 1000 % 60, 2);
    buf_add_byte(b, '.');
    text_digits(b, ms % 1000, 3);
    buf_addz(b, "+08:00");
}
