/* What a segment's file looks like, format by format, and how its rows become those of the log: the only place that knows.
 * Old formats are read for ever, the newest is written. Rows are made whole by SQL, for all who read a segment ask DuckDB.
 *
 * 1: id, at_ms and received_ms as they are.
 * 2: an id is made of its moment (id_ms) and the rest (node and counter), which are small differences each; when the event
 *    happened and was received stands as milliseconds before that moment, mostly few. 2.2 bytes an event less, and 2 more
 *    where events come in when they happen. */
#include "eventlog/format.h"
#include "base/id.h"

#include <assert.h>

static const struct db_feed_column columns[] = {
    {"subject", DB_CELL_I64},      {"id_ms", DB_CELL_I64},     {"id_rest", DB_CELL_I32},     {"source_id", DB_CELL_I64},    {"at_before_ms", DB_CELL_I64},
    {"at_rest_us", DB_CELL_I16},   {"received_before_ms", DB_CELL_I64}, {"type", DB_CELL_I8}, {"flags", DB_CELL_I16},        {"value_minor", DB_CELL_I64},
    {"quantity", DB_CELL_I64},     {"message_prefix", DB_CELL_TEXT}, {"message_uuid", DB_CELL_UUID}, {"name", DB_CELL_TEXT}, {"path", DB_CELL_TEXT},
    {"title", DB_CELL_TEXT},       {"referrer", DB_CELL_TEXT}, {"utm_source", DB_CELL_TEXT}, {"utm_medium", DB_CELL_TEXT},  {"utm_campaign", DB_CELL_TEXT},
    {"product", DB_CELL_TEXT},     {"category", DB_CELL_TEXT}, {"order_no", DB_CELL_TEXT},   {"currency", DB_CELL_TEXT},    {"device", DB_CELL_TEXT},
    {"props", DB_CELL_TEXT},
};

/* The columns in which formats differ, as those of a row of the log. 1577836800000 is where ids begin (base/id.h), 4194304
 * what a millisecond is in one. */
static const char *const times_of[] = {
    [1] = "id, at_ms, received_ms",
    [2] = "(id_ms - 1577836800000) * 4194304 + id_rest AS id, id_ms - at_before_ms AS at_ms, id_ms - received_before_ms AS received_ms",
};
_Static_assert(sizeof(times_of) / sizeof(times_of[0]) == SEGMENT_FORMAT + 1, "every format can be read");

struct db_feed format_feed(size_t (*next)(void *arg, struct db_chunk *chunk, size_t room), void *arg)
{
    return (struct db_feed){"unit_rows", columns, sizeof(columns) / sizeof(columns[0]), next, arg};
}

/* ---- rows out ---- */

/* The milliseconds in which a moment lies, also before 1970. */
static int64_t floor_ms(int64_t us)
{
    return us / US_PER_MS - (us % US_PER_MS < 0);
}

void format_put(struct db_chunk *k, const struct event *e, const struct message_id *id)
{
    int64_t id_us = id_time_us(e->id), id_ms = id_us / US_PER_MS, at_ms = floor_ms(e->at_us);
    db_chunk_i64(k, e->subject);
    db_chunk_i64(k, id_ms);
    db_chunk_i64(k, e->id - id_at_us(id_us));
    db_chunk_i64(k, e->source_id);
    db_chunk_i64(k, id_ms - at_ms);
    db_chunk_i64(k, e->at_us - at_ms * US_PER_MS);
    db_chunk_i64(k, id_ms - e->received_us / US_PER_MS);
    db_chunk_i64(k, e->type);
    db_chunk_i64(k, e->flags);
    db_chunk_i64(k, e->value_minor);
    db_chunk_i64(k, e->quantity);
    db_chunk_text(k, id->prefix);
    if (id->has_uuid)
        db_chunk_uuid(k, id->uuid);
    else
        db_chunk_null(k);
    for (size_t s = 0; s < EVENT_STRINGS; s++)
        db_chunk_text(k, event_string_of(e, s));
    db_chunk_row(k);
}

/* ---- rows in ---- */

void format_read(struct db_rows *q, struct event *e, struct message_id *id)
{
    *e = (struct event){
        .subject = db_i64_at(q, 0), .id = db_i64_at(q, 1), .source_id = db_i64_at(q, 2), .at_us = db_i64_at(q, 3) * US_PER_MS + db_i64_at(q, 4),
        .received_us = db_i64_at(q, 5) * US_PER_MS, .type = (int32_t)db_i64_at(q, 6), .flags = (int32_t)db_i64_at(q, 7),
        .value_minor = db_i64_at(q, 8), .quantity = db_i64_at(q, 9),
    };
    *id = format_message(db_text_at(q, 10), db_text_at(q, 11));
    for (size_t s = 0; s < EVENT_STRINGS; s++)
        *event_string(e, s) = db_text_at(q, 12 + s);
}

struct message_id format_message(struct str prefix, struct str uuid)
{
    struct message_id id = {.prefix = prefix, .has_uuid = uuid.len == sizeof(id.uuid)};
    if (id.has_uuid)
        memcpy(id.uuid, uuid.ptr, sizeof(id.uuid));
    return id;
}

static void add_columns(struct buf *sql, int format)
{
    buf_addf(sql, "SELECT subject, %s, source_id, at_rest_us, at_ms * 1000 + at_rest_us AS at_us, type, flags, value_minor, quantity, "
             "message_prefix, message_uuid", times_of[format]);
    for (size_t i = 0; i < EVENT_STRINGS; i++)
        buf_addf(sql, ", %s", event_strings[i].name);
    buf_addz(sql, " FROM ");
}

void format_add_feed(struct buf *sql)
{
    buf_addz(sql, "(");
    add_columns(sql, SEGMENT_FORMAT);
    buf_addz(sql, FORMAT_FEED ")");
}

void eventlog_add_rows(struct buf *sql, const struct eventlog_segment *segments, size_t count)
{
    int open = 0; /* the format whose files are being named */
    for (int format = 1; format <= SEGMENT_FORMAT; format++)
        for (size_t i = 0; i < count; i++) {
            if (segments[i].format != format)
                continue;
            if (open != format) {
                buf_addz(sql, open ? "]) UNION ALL " : "(");
                add_columns(sql, format);
                buf_addz(sql, "read_parquet(");
            }
            buf_addz(sql, open == format ? "," : "[");
            buf_add_sql(sql, str_z(segments[i].path));
            open = format;
        }
    assert(open);
    buf_addz(sql, "]))");
}
