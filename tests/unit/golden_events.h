/* The events of tests/golden/segment-N.parquet, and ways to put such a file where a log finds it. They depend on no clock and
 * no dice: what the n-th says may never change, for it says what the files must hold. */
#ifndef ZX_TESTS_UNIT_GOLDEN_EVENTS_H
#define ZX_TESTS_UNIT_GOLDEN_EVENTS_H

#include "base/app.h"
#include "base/id.h"
#include "db/pool.h"
#include "eventlog/eventlog.h"
#include "test.h"

#include <sodium.h>
#include <stdlib.h>

enum { GOLDEN_EVENTS = 600, GOLDEN_SUBJECTS = 90, GOLDEN_FORMATS = 2 };
#define GOLDEN_FROM_US INT64_C(1767225600000000) /* 2026-01-01 */
#define GOLDEN_PRINT(...) arena_printf(a, __VA_ARGS__)

static inline struct str golden_message(struct arena *a, int64_t n)
{
    uint64_t mixed = (uint64_t)n * UINT64_C(0x9E3779B97F4A7C15);
    unsigned top = (unsigned)(mixed >> 32), low = (unsigned)mixed;
    switch (n % 4) {
    case 0: return GOLDEN_PRINT("%08x-%04x-4abc-8def-%08x%04x", top, low >> 16, low, (unsigned)n);
    case 1: return GOLDEN_PRINT("ajs-next-%lld-%08x-1111-4222-8333-%08x5555", (long long)n, top, low);
    case 2: return GOLDEN_PRINT("奇数 %lld", (long long)n);
    default: return n % 3 ? GOLDEN_PRINT("%08X-1111-4222-8333-444455556666", top) : STR_NULL; /* no UUID that comes back; none at all */
    }
}

/* Ids of three nodes, several a millisecond, most received and some happened a little before; the odd ones do what clocks
 * and clients do. */
static inline struct event golden_event(struct arena *a, int64_t n)
{
    static const char *const names[] = {"Product Viewed", "Product List Viewed", "Product Added", "Order Completed", "浏览", ""};
    int64_t at_us = GOLDEN_FROM_US + n / 3 * 40000;
    struct event e = {
        .id = id_at_us(at_us) + (n % 3 << 12) + n % 4095, .source_id = n % 5 ? 1 : INT64_C(913986289672388608), .subject = (n * 37 % GOLDEN_SUBJECTS) * INT64_C(88172645463325),
        .at_us = at_us - n * n % 7001 * 1000 - n % 3 * 250, .received_us = at_us - n % 4 * 1000, .type = (int32_t)(n % 6) + 1, .flags = (int32_t)(n % 16),
        .value_minor = n % 3 ? 0 : n * 1234567, .quantity = n % 5, .message_id = golden_message(a, n), .name = str_z(names[n / 2 % 6]),
        .path = GOLDEN_PRINT("/p/%lld", (long long)(n % 20)), .title = n % 2 ? STR("亚麻连衣裙") : STR_NULL, .referrer = n % 7 ? STR_NULL : STR("www.example.com"),
        .utm_source = n % 4 ? STR("wechat") : STR_NULL, .utm_medium = n % 4 ? STR("social") : STR_NULL, .utm_campaign = n % 8 ? STR_NULL : STR("春季'24"),
        .product = n % 3 ? GOLDEN_PRINT("K%lld-01-M", (long long)(1000 + n)) : STR_NULL, .category = n % 2 ? STR("女装/连衣裙") : STR_NULL,
        .order_no = n % 50 ? STR_NULL : GOLDEN_PRINT("B-%lld", (long long)n), .currency = n % 3 ? STR_NULL : STR("CNY"),
        .device = n % 2 ? STR("phone") : STR("desktop"), .props = n % 6 ? GOLDEN_PRINT("{\"position\":%lld}", (long long)(n % 30)) : STR_NULL,
    };
    if (n == 100)
        e.at_us = -12345; /* long before */
    else if (n == 200)
        e.at_us = at_us + 300 * US_PER_S; /* a clock that is ahead */
    else if (n == 300)
        e.received_us = at_us + 86400 * US_PER_S;
    else if (n == 400)
        e.received_us = 0;
    else if (n == 500)
        e.subject = INT64_MAX, e.value_minor = INT64_MIN, e.quantity = INT64_MAX;
    else if (n == GOLDEN_EVENTS - 1)
        e.id = INT64_MAX;
    return e;
}

static inline struct event *golden_events(struct arena *a)
{
    struct event *events = arena_new_array(a, struct event, GOLDEN_EVENTS);
    for (int64_t n = 0; n < GOLDEN_EVENTS; n++)
        events[n] = golden_event(a, n);
    return events;
}

/* ---- files ---- */

static inline const char *golden_path(struct arena *a, int format)
{
    return GOLDEN_PRINT("tests/golden/segment-%d.parquet", format).ptr;
}

static inline struct str golden_file(struct arena *a, const char *path)
{
    static char bytes[256 << 10];
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t len = fread(bytes, 1, sizeof(bytes), in);
    assert_in_range(len, 1, sizeof(bytes) - 1);
    fclose(in);
    return arena_str(a, str_n(bytes, len));
}

static inline void golden_copy(struct arena *a, const char *from, const char *to)
{
    struct str bytes = golden_file(a, from);
    FILE *out = fopen(to, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, out), bytes.len);
    assert_int_equal(fclose(out), 0);
}

struct golden_record {
    int unit, format;
    struct str bytes;
};

static inline enum rc golden_insert(struct ctx *c, void *arg)
{
    const struct golden_record *r = arg;
    char file[64];
    uint8_t sum[32];
    crypto_generichash(sum, sizeof(sum), (const unsigned char *)r->bytes.ptr, r->bytes.len, NULL, 0);
    snprintf(file, sizeof(file), "%012d.parquet", r->unit);
    return db_run(c->db, "event_segment_insert", DB_I64("unit", r->unit), DB_I64("format", r->format), DB_TEXT("file", str_z(file)), DB_I64("events", GOLDEN_EVENTS),
                  DB_I64("bytes", r->bytes.len), DB_BLOB("checksum", str_n(sum, sizeof(sum))), DB_I64("first_block", r->unit * 10), DB_I64("last_block", r->unit * 10),
                  DB_I64("first_at_us", -12345), DB_I64("last_at_us", GOLDEN_FROM_US + 86400 * US_PER_S), DB_I64("last_received_us", clock_now_us()), DB_I64("sealed_us", 1));
}

/* Makes the golden segment of a format a unit of the log; the log must be opened after it. */
static inline void golden_place(struct ctx *c, int unit, int format)
{
    char to[512];
    struct golden_record r = {unit, format, golden_file(c->arena, golden_path(c->arena, format))};
    snprintf(to, sizeof(to), "%s/segments/%012d.parquet", c->app->data_dir, unit);
    golden_copy(c->arena, golden_path(c->arena, format), to);
    assert_int_equal(db_pool_tx(c, c->app->truth, golden_insert, &r), RC_OK);
}

#endif
