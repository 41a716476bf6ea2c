/* Her story: every module adds what it knows, newest first; here it is merged, folded and paged. What a module leaves out
 * is older than the last thing it gave, so the newest `raw` items of all together are complete. */
#include "customer/customer_priv.h"

#include <stdlib.h>

enum { STORY_DEFAULT = 50, RAW_PER_ITEM = 3, FOLD_WITHIN_US = 30 * 60 * US_PER_S, LOCAL_OFFSET_S = 8 * 3600 };

void timeline_add(struct ctx *c, struct timeline *t, struct timeline_item item)
{
    if (t->count == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 64;
        struct timeline_item *more = arena_new_array(c->arena, struct timeline_item, cap);
        if (t->count)
            memcpy(more, t->items, t->count * sizeof(*more));
        t->items = more;
        t->cap = cap;
    }
    t->items[t->count++] = item;
}

static int newest_first(const void *a, const void *b)
{
    const struct timeline_item *x = a, *y = b;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? 1 : -1;
    return (x->id < y->id) - (x->id > y->id);
}

static bool wanted(const struct timeline_query *q, const struct timeline_item *i)
{
    bool older = i->at_us < q->before_us || (i->at_us == q->before_us && i->id < q->before_id);
    return older && (q->kind.len == 0 || str_eqz(q->kind, i->kind)) && (q->channel.len == 0 || str_eq(q->channel, i->channel));
}

static enum rc gather(struct ctx *c, const struct timeline_query *q, struct timeline *t)
{
    size_t kept = 0;
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && modules[i]; i++)
        if (modules[i]->on_timeline)
            rc = modules[i]->on_timeline(c, q, t);
    for (size_t i = 0; i < t->count; i++)
        if (wanted(q, &t->items[i]))
            t->items[kept++] = t->items[i];
    t->count = kept;
    if (kept)
        qsort(t->items, kept, sizeof(*t->items), newest_first);
    return rc;
}

/* The same thing again and again, like one product looked at three times, is one line with a count. */
static bool folds(const struct timeline_item *into, const struct timeline_item *i)
{
    return !into->has_amount && !i->has_amount && strcmp(into->kind, i->kind) == 0 && str_eq(into->channel, i->channel) &&
           str_eq(into->place, i->place) && str_eq(into->title, i->title) && str_eq(into->detail_json, i->detail_json) && into->at_us - i->at_us < FOLD_WITHIN_US;
}

static void write_item(const struct timeline_item *i, struct str by, struct jw *w)
{
    jw_object(w);
    jw_kv_time(w, "at", i->at_us);
    jw_kv_id(w, "id", i->id);
    jw_kv_z(w, "kind", i->kind);
    jw_kv_str(w, "channel", i->channel);
    jw_kv_str(w, "place", i->place);
    jw_kv_str(w, "title", i->title);
    jw_kv_str(w, "by", by);
    if (i->has_amount)
        jw_kv_money(w, "amount", i->amount_minor, 2);
    else
        jw_kv_z(w, "amount", NULL);
    jw_kv_i64(w, "repeat", i->repeat > 0 ? i->repeat : 1);
    jw_key(w, "detail");
    jw_raw(w, i->detail_json.len ? i->detail_json : STR("{}"));
    jw_object_end(w);
}

/* The names of staff who did what is told. */
struct actors {
    struct id_name *names;
    size_t count;
};

static enum rc load_actors(struct ctx *c, const struct timeline *t, struct actors *ret)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, t->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < t->count; i++)
        if (t->items[i].staff_id)
            ids[count++] = t->items[i].staff_id;
    return names_load(c, "customer_staff_names", ids, count, &ret->names, &ret->count);
}

/* Writes at most `limit` lines of at most `raw` items; returns how many items went in. */
static size_t write_items(const struct timeline *t, const struct actors *a, size_t raw, size_t limit, struct jw *w)
{
    size_t used = 0;
    for (size_t lines = 0; lines < limit && used < t->count && used < raw; lines++) {
        struct timeline_item line = t->items[used++];
        line.repeat = line.repeat > 0 ? line.repeat : 1;
        while (used < t->count && used < raw && folds(&line, &t->items[used])) {
            line.repeat += t->items[used].repeat > 0 ? t->items[used].repeat : 1;
            used++;
        }
        write_item(&line, names_find(a->names, a->count, line.staff_id), w);
    }
    return used;
}

/* ?until=: a moment, or a day to whose end one jumps. */
static enum rc until_of(struct ctx *c, const struct request *r, int64_t *ret_us)
{
    struct str text = request_query(r, "until");
    int32_t day;
    *ret_us = INT64_MAX;
    if (text.len == 0)
        return RC_OK;
    if (clock_parse_day(text, &day))
        *ret_us = (day + 1) * US_PER_DAY - LOCAL_OFFSET_S * US_PER_S;
    else if (!clock_parse(text, ret_us))
        return ctx_fail(c, RC_INVALID, "until", "malformed");
    return RC_OK;
}

static enum rc query_of(struct ctx *c, const struct request *r, const struct who *who, int64_t limit, struct timeline_query *q)
{
    const struct customer_identity *face = customer_identity();
    int64_t keys[2], *subjects = NULL;
    bool given = false;
    *q = (struct timeline_query){.members = who->members, .member_count = who->member_count, .kind = request_query(r, "kind"),
                                 .channel = request_query(r, "channel"), .before_id = INT64_MAX, .limit = (size_t)(RAW_PER_ITEM * limit)};
    enum rc rc = until_of(c, r, &q->before_us);
    if (!rc)
        rc = request_cursor(c, r, request_query(r, "after"), keys, 2, &given);
    if (!rc && given) {
        q->before_us = keys[0];
        q->before_id = keys[1];
    }
    if (!rc && face)
        rc = face->subjects(c, who->members, who->member_count, &subjects, &q->subject_count);
    q->subjects = subjects;
    return rc;
}

enum rc customer_story(struct ctx *c, const struct request *r, struct reply *p)
{
    struct timeline t = {.count = 0};
    struct timeline_query q;
    struct actors actors = {.count = 0};
    struct who who;
    int64_t limit = STORY_DEFAULT;
    enum rc rc = who_open(c, r, &who);
    if (!rc)
        rc = request_limit(c, r, STORY_DEFAULT, &limit);
    if (!rc)
        rc = query_of(c, r, &who, limit, &q);
    if (!rc)
        rc = gather(c, &q, &t);
    if (!rc)
        rc = load_actors(c, &t, &actors);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    size_t used = write_items(&t, &actors, q.limit, (size_t)limit, &p->json);
    jw_array_end(&p->json);
    jw_key(&p->json, "next");
    if (used && (used < t.count || t.count >= q.limit))
        jw_str(&p->json, request_cursor_make(c, r, (const int64_t[]){t.items[used - 1].at_us, t.items[used - 1].id}, 2));
    else
        jw_null(&p->json);
    jw_object_end(&p->json);
    return RC_OK;
}

/* ---- what this module itself has to tell ---- */

static bool is_asked(const struct timeline_query *q, const char *kind)
{
    return q->channel.len == 0 && (q->kind.len == 0 || str_eqz(q->kind, kind));
}

static enum rc tell_notes(struct ctx *c, const struct timeline_query *q, struct timeline *out)
{
    struct db_rows *rows = db_query(c->db, "customer_story_notes", DB_IDS("ids", q->members, q->member_count), DB_I64("before_us", q->before_us),
                                    DB_I64("before_id", q->before_id), DB_I64("limit", q->limit));
    while (db_next(rows))
        timeline_add(c, out, (struct timeline_item){.at_us = db_i64(rows, "at_us"), .id = db_i64(rows, "id"), .kind = "note", .staff_id = db_i64(rows, "staff_id")});
    return db_end(rows);
}

static struct str words(struct ctx *c, const char *const keys[], const struct str values[], size_t count)
{
    _cleanup_buf_ struct buf out = BUF_INIT(16 << 10);
    struct jw w = jw_on(&out);
    jw_object(&w);
    for (size_t i = 0; i < count; i++)
        jw_kv_str(&w, keys[i], values[i]);
    jw_object_end(&w);
    return arena_str(c->arena, buf_str(&out));
}

static enum rc tell_consents(struct ctx *c, const struct timeline_query *q, struct timeline *out)
{
    static const char *const keys[] = {"purpose", "channel", "status", "text_version"};
    struct db_rows *rows = db_query(c->db, "customer_story_consents", DB_IDS("ids", q->members, q->member_count), DB_I64("before_us", q->before_us),
                                    DB_I64("before_id", q->before_id), DB_I64("limit", q->limit));
    while (db_next(rows)) {
        struct str status = str_z(customer_consent_words[db_i64(rows, "status")]);
        const struct str values[] = {db_text(rows, "purpose"), db_text(rows, "channel"), status, db_text(rows, "text_version")};
        timeline_add(c, out, (struct timeline_item){.at_us = db_i64(rows, "at_us"), .id = db_i64(rows, "id"), .kind = "consent", .title = status, .staff_id = db_i64(rows, "staff_id"),
                                                    .detail_json = words(c, keys, values, 4)});
    }
    return db_end(rows);
}

/* What people changed; what sources teach the record by themselves is in the change history only. */
static enum rc tell_changes(struct ctx *c, const struct timeline_query *q, struct timeline *out)
{
    static const char *const keys[] = {"field", "source"};
    struct db_rows *rows = db_query(c->db, "customer_story_changes", DB_IDS("ids", q->members, q->member_count), DB_I64("before_us", q->before_us),
                                    DB_I64("before_id", q->before_id), DB_I64("limit", q->limit));
    while (db_next(rows)) {
        const struct str values[] = {db_text(rows, "field"), db_text(rows, "source_kind")};
        timeline_add(c, out, (struct timeline_item){.at_us = db_i64(rows, "at_us"), .id = db_i64(rows, "id"), .kind = "change", .staff_id = db_i64(rows, "staff_id"),
                                                    .title = arena_str(c->arena, values[0]), .detail_json = words(c, keys, values, 2)});
    }
    return db_end(rows);
}

enum rc customer_timeline(struct ctx *c, const struct timeline_query *q, struct timeline *out)
{
    enum rc rc = is_asked(q, "note") ? tell_notes(c, q, out) : RC_OK;
    if (!rc && is_asked(q, "consent"))
        rc = tell_consents(c, q, out);
    if (!rc && is_asked(q, "change"))
        rc = tell_changes(c, q, out);
    return rc;
}
