/* Packed sets of visitors, and the visits that a segment brings. */
#include "warehouse/visits.h"
#include "warehouse/warehouse_priv.h"

#include <stdlib.h>

enum { PACKED_MAX = 64 << 20, STEPS = 3 };

int visit_step(const struct event *e)
{
    if (e->type == EVENT_PAGE || e->type == EVENT_SCREEN || str_eqz(e->name, VISIT_VIEWED) || str_eqz(e->name, VISIT_LISTED))
        return VISIT_BROWSE;
    return str_eqz(e->name, VISIT_ADDED) ? VISIT_CART : str_eqz(e->name, VISIT_ORDERED) ? VISIT_ORDER : 0;
}

/* ---- packed sets ---- */

void visits_add(struct visits_writer *w, uint32_t no)
{
    uint32_t difference = w->any ? no - w->last : no;
    for (; difference >= 128; difference >>= 7)
        buf_add_u8(&w->packed, (uint8_t)(difference | 128));
    buf_add_u8(&w->packed, (uint8_t)difference);
    w->last = no;
    w->any = true;
}

void visit_bits_set(struct visit_bits *b, uint32_t no)
{
    size_t word = no / 64;
    if (word >= b->count) {
        size_t count = word * 5 / 4 + 64;
        b->words = mem_realloc(b->words, count * sizeof(*b->words));
        memset(b->words + b->count, 0, (count - b->count) * sizeof(*b->words));
        b->count = count;
    }
    b->words[word] |= UINT64_C(1) << (no % 64);
}

void visit_bits_clear(struct visit_bits *b, uint32_t no)
{
    if (no / 64 < b->count)
        b->words[no / 64] &= ~(UINT64_C(1) << (no % 64));
}

bool visit_bits_has(const struct visit_bits *b, uint32_t no)
{
    return no / 64 < b->count && (b->words[no / 64] >> (no % 64) & 1);
}

bool visit_bits_join(struct visit_bits *b, struct str packed)
{
    uint32_t no = 0, difference = 0;
    unsigned shift = 0;
    for (size_t i = 0; i < packed.len; i++) {
        uint8_t byte = (uint8_t)packed.ptr[i];
        if (shift > 28)
            return false;
        difference |= (uint32_t)(byte & 127) << shift;
        shift += 7;
        if (byte >= 128)
            continue;
        no += difference;
        visit_bits_set(b, no);
        difference = shift = 0;
    }
    return shift == 0;
}

int64_t visit_bits_count(const struct visit_bits *b)
{
    int64_t count = 0;
    for (size_t i = 0; i < b->count; i++)
        count += __builtin_popcountll(b->words[i]);
    return count;
}

void visit_bits_free(struct visit_bits *b)
{
    free(b->words);
    *b = (struct visit_bits){0};
}

/* ---- a segment ---- */

/* The sets of one day, source and word, being filled. */
struct group {
    int64_t day, source_id, word_id;
    struct visits_writer steps[STEPS];
};

static enum rc end_group(struct db_appender *a, int64_t unit, struct group *g)
{
    enum rc rc = RC_OK;
    for (unsigned i = 0; !rc && i < STEPS; i++) {
        struct visits_writer *w = &g->steps[i];
        if (!w->any)
            continue;
        struct db_chunk *k = db_appender_chunk(a);
        db_chunk_i64(k, unit);
        db_chunk_i64(k, g->day);
        db_chunk_i64(k, g->source_id);
        db_chunk_i64(k, g->word_id);
        db_chunk_i64(k, 1 << i);
        db_chunk_text(k, buf_str(&w->packed));
        rc = db_appender_row(a);
        buf_reset(&w->packed);
        w->any = false;
    }
    return rc;
}

static enum rc add_visit(struct db_appender *a, int64_t unit, struct group *g, struct db_rows *q)
{
    int64_t day = db_i64_at(q, 0), source_id = db_i64_at(q, 1), word_id = db_i64_at(q, 2), steps = db_i64_at(q, 4);
    enum rc rc = RC_OK;
    if (day != g->day || source_id != g->source_id || word_id != g->word_id) {
        rc = end_group(a, unit, g);
        g->day = day;
        g->source_id = source_id;
        g->word_id = word_id;
    }
    for (unsigned i = 0; i < STEPS; i++)
        if (steps >> i & 1)
            visits_add(&g->steps[i], (uint32_t)db_i64_at(q, 3));
    return rc;
}

/* The query's rows are held before the first is appended, so both may use the one connection. */
static enum rc keep_visits(struct follower *f, int64_t unit, struct group *g)
{
    struct db_appender *a;
    enum rc rc = db_appender_begin(f->db, "visit", &a);
    if (rc)
        return rc;
    struct db_rows *q = db_query(f->db, "wh_visit_rows");
    while (!rc && db_next(q))
        rc = add_visit(a, unit, g, q);
    if (!rc)
        rc = end_group(a, unit, g);
    enum rc read = db_end(q), end = db_appender_end(a);
    return rc ? rc : read ? read : end;
}

/* Visitors that no segment had before get the next numbers, in the order of their subjects. */
static enum rc number_visitors(struct follower *f)
{
    int64_t first = 0;
    enum rc rc = db_run(f->db, "wh_step_visitor_clear");
    if (!rc)
        rc = db_run(f->db, "wh_step_visitor_known");
    if (!rc)
        rc = db_get_i64(f->db, 0, &first, "wh_visitor_count");
    if (!rc)
        rc = db_run(f->db, "wh_step_visitor_new", DB_I64("first", first));
    return rc ? rc : db_run(f->db, "wh_visitor_insert", DB_I64("first", first));
}

static enum rc read_visits(struct follower *f, const struct eventlog_segment *segment)
{
    if (db_engine(f->db) == DB_POSTGRES)
        return db_run(f->db, "wh_step_visit"); /* of the events that were put there */
    _cleanup_buf_ struct buf sql = BUF_INIT(16 << 10);
    const struct db_arg args[] = {DB_TEXT("viewed", STR(VISIT_VIEWED)), DB_TEXT("listed", STR(VISIT_LISTED)), DB_TEXT("added", STR(VISIT_ADDED)),
                                  DB_TEXT("ordered", STR(VISIT_ORDERED))};
    struct db_rows *q;
    warehouse_over_segments(&sql, "wh_step_visit", segment, 1);
    enum rc rc = db_query_text(f->db, sql.ptr, args, sizeof(args) / sizeof(args[0]), &q);
    if (rc)
        return rc;
    db_next(q);
    return db_end(q);
}

enum rc apply_visits(struct follower *f, const struct eventlog_segment *segment)
{
    struct group g = {0};
    enum rc rc = db_run(f->db, "wh_step_visit_clear");
    if (!rc)
        rc = read_visits(f, segment);
    if (!rc)
        rc = number_visitors(f);
    if (!rc)
        rc = db_run(f->db, "wh_word_insert");
    for (unsigned i = 0; i < STEPS; i++)
        g.steps[i].packed = BUF_INIT(PACKED_MAX);
    if (!rc)
        rc = keep_visits(f, segment->unit, &g);
    for (unsigned i = 0; i < STEPS; i++)
        buf_free(&g.steps[i].packed);
    return rc;
}
