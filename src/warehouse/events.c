/* Events in the warehouse: what lies in sealed segments is read from those files, or, on PostgreSQL, from a table that they were put
 * into; of what is still in the log's tail a table holds the few columns that questions need. A view shows both. When a segment is
 * applied, the latter table lets go of what it covers. */
#include "warehouse/visits.h"
#include "warehouse/warehouse_priv.h"

#include "base/log.h"

#define ZONE_S (8 * 3600)

int32_t warehouse_event_day(int64_t at_us)
{
    return clock_business_day(at_us, ZONE_S, 0);
}

/* ---- the view ---- */

void warehouse_over_segments(struct buf *sql, const char *name, const struct eventlog_segment *segments, size_t count)
{
    static const char place[] = "read_parquet($segments)";
    const char *text = db_sql_text(name), *at = strstr(text, place);
    buf_add(sql, str_n(text, (size_t)(at - text)));
    eventlog_add_rows(sql, segments, count);
    buf_addz(sql, at + sizeof(place) - 1);
    buf_add_byte(sql, '\0');
}

/* Times before 1970 do not occur: intake gives events out of range the time of receipt. */
enum rc make_event_view(struct ctx *c, struct follower *f)
{
    struct eventlog_segment *segments;
    size_t count;
    if (db_engine(f->db) == DB_POSTGRES)
        return RC_OK; /* its view is over tables */
    _cleanup_buf_ struct buf sql = BUF_INIT(64 << 20);
    enum rc rc = eventlog_segments(c, f->app->eventlog, 0, &segments, &count);
    if (rc)
        return rc;
    while (count > 0 && segments[count - 1].unit > f->unit)
        count--; /* not applied yet: still in event_recent */
    buf_addz(&sql, "CREATE OR REPLACE VIEW event AS SELECT id, source_id, subject, day, at_us, step, category FROM event_recent");
    if (count) {
        buf_addf(&sql, " UNION ALL SELECT id, source_id, subject, CAST((at_ms + %d) // 86400000 AS INTEGER) AS day, at_us, "
                 "CAST(CASE WHEN type IN (%d, %d) OR name IN ('" VISIT_VIEWED "', '" VISIT_LISTED "') THEN %d WHEN name = '" VISIT_ADDED "' THEN %d "
                 "WHEN name = '" VISIT_ORDERED "' THEN %d ELSE 0 END AS SMALLINT) AS step, category FROM ",
                 ZONE_S * 1000, EVENT_PAGE, EVENT_SCREEN, VISIT_BROWSE, VISIT_CART, VISIT_ORDER);
        eventlog_add_rows(&sql, segments, count);
    }
    buf_add_byte(&sql, '\0');
    return db_script(f->db, sql.ptr);
}

/* ---- segments ---- */

static enum rc put_sealed(void *arg, const struct event *e)
{
    struct db_appender *a = arg;
    struct db_chunk *k = db_appender_chunk(a);
    const int64_t numbers[] = {e->id, e->source_id, e->subject, e->at_us, e->value_minor, warehouse_event_day(e->at_us), visit_step(e), e->type};
    const struct str texts[] = {e->category, e->name, e->path, e->title, e->product, e->device};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        db_chunk_i64(k, numbers[i]);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        db_chunk_text(k, texts[i]);
    return db_appender_row(a);
}

/* PostgreSQL reads no Parquet: the events of a segment go through a table of the step into that of all. */
static enum rc put_events(struct follower *f, const struct eventlog_segment *segment)
{
    struct db_appender *a;
    enum rc rc = db_run(f->db, "wh_step_event_clear");
    if (!rc)
        rc = db_appender_begin(f->db, "step_event", &a);
    if (rc)
        return rc;
    rc = eventlog_each_of(f->app->eventlog, segment, put_sealed, a);
    enum rc end = db_appender_end(a);
    if (!rc && !end)
        rc = db_run(f->db, "wh_sealed_insert");
    return rc ? rc : end;
}

enum rc apply_segments(struct ctx *c, struct follower *f, const struct step *s)
{
    enum rc rc = RC_OK;
    if (s->segment_count == 0)
        return RC_OK;
    for (size_t i = 0; !rc && i < s->segment_count; i++) {
        const struct eventlog_segment *g = &s->segments[i];
        rc = db_run(f->db, "wh_segment_insert", DB_I64("unit", g->unit), DB_I64("events", g->events), DB_I64("last_block", g->last_block));
        if (!rc && db_engine(f->db) == DB_POSTGRES)
            rc = put_events(f, g);
        if (!rc)
            rc = apply_visits(f, g);
        f->covered = g->last_block;
    }
    if (!rc)
        rc = db_run(f->db, "wh_recent_covered", DB_I64("last_block", f->covered));
    if (rc)
        return rc;
    struct follower ahead = *f;
    ahead.unit = s->segments[s->segment_count - 1].unit;
    return make_event_view(c, &ahead);
}

/* ---- blocks ---- */

struct putting {
    struct db_appender *to;
    int64_t last; /* block that was put */
};

static enum rc put_event(void *arg, int64_t block, const struct event *e)
{
    struct putting *p = arg;
    struct db_chunk *k = db_appender_chunk(p->to);
    db_chunk_i64(k, block);
    db_chunk_i64(k, e->id);
    db_chunk_i64(k, e->source_id);
    db_chunk_i64(k, e->subject);
    db_chunk_i64(k, warehouse_event_day(e->at_us));
    db_chunk_i64(k, e->at_us);
    db_chunk_i64(k, visit_step(e));
    db_chunk_text(k, e->category);
    p->last = block;
    return db_appender_row(p->to);
}

static int64_t last_covered(const struct follower *f, const struct step *s)
{
    return s->segment_count ? s->segments[s->segment_count - 1].last_block : f->covered;
}

/* What is sealed while the step reads is left to its segment, which joins the step: so no pace of sealing makes it begin again. */
static enum rc put_blocks(struct ctx *c, struct follower *f, struct step *s, struct putting *p)
{
    size_t at = 0;
    for (;;) {
        int64_t covered = last_covered(f, s), after = covered > p->last ? covered : p->last;
        while (at < s->blocks.count && s->blocks.ids[at] <= after)
            at++;
        enum rc rc = eventlog_each_in(c, s->blocks.ids + at, s->blocks.count - at, put_event, p);
        if (rc != RC_GONE)
            return rc;
        rc = step_segments(c, f, s);
        if (rc)
            return rc;
        if (last_covered(f, s) == covered)
            return RC_BUSY;
    }
}

enum rc apply_blocks(struct ctx *c, struct follower *f, struct step *s)
{
    struct putting p = {0};
    if (s->blocks.count == 0 || s->blocks.ids[s->blocks.count - 1] <= last_covered(f, s))
        return RC_OK;
    enum rc rc = db_appender_begin(f->db, "event_recent", &p.to);
    if (rc)
        return rc;
    rc = put_blocks(c, f, s, &p);
    enum rc end = db_appender_end(p.to);
    return rc ? rc : end;
}
