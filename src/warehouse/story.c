/* What a person's devices did on the web, for her timeline: the recent from the blocks of the log's tail that the warehouse
 * names, the older from the few segments that her subjects are in, newest first, until the page is full; or, on PostgreSQL, from the
 * table of sealed events. */
#include "warehouse/warehouse_priv.h"

#include <stdlib.h>

enum { FOLD_GAP_S = 1800, FILES_AT_ONCE = 24, PRODUCTS_MAX = 256 };

struct step_of_story {
    struct timeline_item item;
    int64_t first_us;            /* of those folded into it */
};

struct product_name {
    struct str code, name;
};
struct story {
    const struct timeline_query *query;
    struct product_name products[PRODUCTS_MAX]; /* asked for already: few on a page, each looked at often */
    size_t product_count;
    struct step_of_story *steps; /* unsorted */
    size_t count, cap;
};

struct site {
    int64_t id;
    struct str name, channel;
};
struct sites {
    struct site *list;
    size_t count;
};

static enum rc load_sites(struct ctx *c, struct sites *ret)
{
    size_t cap = 256;
    *ret = (struct sites){arena_new_array(c->arena, struct site, cap), 0};
    struct db_rows *q = db_query(c->warehouse, "wh_source_channel");
    while (ret->count < cap && db_next(q))
        ret->list[ret->count++] = (struct site){db_i64(q, "id"), arena_str(c->arena, db_text(q, "name")), arena_str(c->arena, db_text(q, "channel"))};
    return db_end(q);
}

static const struct site *site_of(const struct sites *sites, int64_t source_id)
{
    static const struct site unknown = {0, {"", 0}, {"web", 3}};
    for (size_t i = 0; i < sites->count; i++)
        if (sites->list[i].id == source_id)
            return &sites->list[i];
    return &unknown;
}

/* ---- one event as a line ---- */

static const char *const type_words[] = {[EVENT_TRACK] = "track", [EVENT_IDENTIFY] = "identify", [EVENT_PAGE] = "page",
                                         [EVENT_SCREEN] = "screen", [EVENT_GROUP] = "group", [EVENT_ALIAS] = "alias"};

/* A shop's pages tell the SKU or the style number; people know goods by name. Empty: not in the catalogue. */
static struct str product_name(struct ctx *c, struct story *s, struct str code)
{
    for (size_t i = 0; i < s->product_count; i++)
        if (str_eq(s->products[i].code, code))
            return s->products[i].name;
    if (code.len == 0 || s->product_count == PRODUCTS_MAX)
        return STR_NULL;
    struct product_name *p = &s->products[s->product_count++];
    struct db_rows *q = db_query(c->db, "wh_product_name", DB_TEXT("code", code));
    *p = (struct product_name){.code = arena_str(c->arena, code)};
    if (db_next(q))
        p->name = arena_str(c->arena, db_text(q, "name"));
    if (db_end(q) != RC_OK)
        p->name = STR_NULL; /* the code is shown then */
    return p->name;
}

static struct str detail_of(struct ctx *c, struct story *s, const struct event *e)
{
    struct buf b = BUF_INIT(16 << 10);
    struct jw w = jw_on(&b);
    const struct {
        const char *key;
        struct str value;
    } members[] = {{"name", e->name}, {"path", e->path}, {"product", e->product}, {"product_name", product_name(c, s, e->product)}, {"category", e->category}, {"device", e->device}};
    jw_object(&w);
    jw_kv_z(&w, "type", e->type >= EVENT_TRACK && e->type <= EVENT_ALIAS ? type_words[e->type] : "");
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (members[i].value.len)
            jw_kv_str(&w, members[i].key, members[i].value);
    jw_object_end(&w);
    struct str text = arena_str(c->arena, buf_str(&b));
    buf_free(&b);
    return text;
}

static struct str title_of(struct ctx *c, const struct event *e)
{
    struct str title = e->name.len && e->type == EVENT_TRACK ? e->name : e->title;
    if (title.len == 0)
        title = e->name.len ? e->name : e->path;
    return arena_str(c->arena, title);
}

static void add_event(struct ctx *c, struct story *s, const struct sites *sites, const struct event *e)
{
    const struct site *site = site_of(sites, e->source_id);
    if (s->query->channel.len && !str_eq(s->query->channel, site->channel))
        return;
    if (s->count == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 256;
        s->steps = mem_realloc(s->steps, s->cap * sizeof(*s->steps));
    }
    struct timeline_item item = {
        .at_us = e->at_us, .id = e->id, .kind = "web", .channel = site->channel, .place = site->name, .title = title_of(c, e),
        .detail_json = detail_of(c, s, e), .amount_minor = e->value_minor, .has_amount = e->value_minor != 0, .repeat = 1,
    };
    s->steps[s->count++] = (struct step_of_story){item, item.at_us};
}

/* ---- reading ---- */

static size_t wanted(const struct timeline_query *q)
{
    return q->limit * 4; /* neighbours fold into one */
}

struct place {
    int64_t block, id;
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    return x->block != y->block ? (x->block < y->block ? -1 : 1) : (x->id > y->id) - (x->id < y->id);
}

/* Takes the events of one block that `places`, sorted, names. A block that was sealed meanwhile is among the segments, read later. */
static enum rc read_block(struct ctx *c, struct story *s, const struct sites *sites, const struct place *places, size_t count)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx own = *c;
    struct event *events;
    size_t event_count = 0;
    own.arena = arena;
    enum rc rc = eventlog_block(&own, c->app->eventlog, places[0].block, &events, &event_count);
    for (size_t i = 0; !rc && i < event_count; i++)
        if (bsearch(&(struct place){places[0].block, events[i].id}, places, count, sizeof(*places), by_place))
            add_event(c, s, sites, &events[i]);
    return rc == RC_GONE ? RC_OK : rc;
}

static enum rc read_recent(struct ctx *c, struct story *s, const struct sites *sites)
{
    const struct timeline_query *t = s->query;
    struct place *places = arena_new_array(c->arena, struct place, wanted(t) + 1);
    size_t count = 0;
    struct db_rows *q = db_query(c->warehouse, "wh_story_recent", DB_IDS("subjects", t->subjects, t->subject_count), DB_I64("before_us", t->before_us),
                                 DB_I64("before_id", t->before_id), DB_I64("limit", wanted(t)));
    while (count < wanted(t) && db_next(q))
        places[count++] = (struct place){db_i64(q, "block"), db_i64(q, "id")};
    enum rc rc = db_end(q);
    if (count)
        qsort(places, count, sizeof(*places), by_place);
    for (size_t from = 0, to; !rc && from < count; from = to) {
        for (to = from; to < count && places[to].block == places[from].block; to++)
            ;
        rc = read_block(c, s, sites, places + from, to - from);
    }
    return rc;
}

static void add_rows(struct ctx *c, struct story *s, const struct sites *sites, struct db_rows *q)
{
    while (db_next(q))
        add_event(c, s, sites, &(struct event){
            .id = db_i64(q, "id"), .source_id = db_i64(q, "source_id"), .at_us = db_i64(q, "at_us"), .type = (int32_t)db_i64(q, "type"),
            .value_minor = db_i64(q, "value_minor"), .name = db_text(q, "name"), .path = db_text(q, "path"), .title = db_text(q, "title"),
            .product = db_text(q, "product"), .category = db_text(q, "category"), .device = db_text(q, "device")});
}

static enum rc read_files(struct ctx *c, struct story *s, const struct sites *sites, const struct eventlog_segment *files, size_t count)
{
    const struct timeline_query *t = s->query;
    _cleanup_buf_ struct buf sql = BUF_INIT(1 << 20);
    struct db_rows *q;
    const struct db_arg args[] = {DB_IDS("subjects", t->subjects, t->subject_count), DB_I64("before_us", t->before_us), DB_I64("before_id", t->before_id),
                                  DB_I64("limit", wanted(t))};
    warehouse_over_segments(&sql, "wh_story_segment", files, count);
    enum rc rc = db_query_text(c->warehouse, sql.ptr, args, sizeof(args) / sizeof(args[0]), &q);
    if (rc)
        return rc;
    add_rows(c, s, sites, q);
    return db_end(q);
}

/* Where the segments' events stand in a table. */
static enum rc read_sealed(struct ctx *c, struct story *s, const struct sites *sites)
{
    const struct timeline_query *t = s->query;
    struct db_rows *q = db_query(c->warehouse, "wh_story_segment", DB_IDS("subjects", t->subjects, t->subject_count), DB_I64("before_us", t->before_us),
                                 DB_I64("before_id", t->before_id), DB_I64("limit", wanted(t)));
    add_rows(c, s, sites, q);
    return db_end(q);
}

static int64_t nth_newest(struct story *s);

/* Making a plan costs several times what one file does, so a query reads many. */
static enum rc read_segments(struct ctx *c, struct story *s, const struct sites *sites)
{
    struct eventlog_segment *segments;
    size_t count, i = 0;
    enum rc rc = eventlog_segments_of(c, c->app->eventlog, s->query->subjects, s->query->subject_count, &segments, &count);
    while (!rc && i < count) {
        struct eventlog_segment files[FILES_AT_ONCE];
        size_t n = 0;
        for (; i < count && n < FILES_AT_ONCE; i++) {
            bool later = segments[i].first_at_us > s->query->before_us;
            bool older = s->count >= wanted(s->query) && segments[i].last_at_us < nth_newest(s); /* than what the page needs */
            if (!later && !older)
                files[n++] = segments[i];
        }
        if (n)
            rc = read_files(c, s, sites, files, n);
    }
    return rc;
}

static int newest_first(const void *a, const void *b)
{
    const struct timeline_item *x = &((const struct step_of_story *)a)->item, *y = &((const struct step_of_story *)b)->item;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? 1 : -1;
    return (x->id < y->id) - (x->id > y->id);
}

/* A segment may be sealed between the two reads: its events come twice then. */
static void sort_and_dedupe(struct story *s)
{
    size_t kept = 0;
    if (s->count)
        qsort(s->steps, s->count, sizeof(*s->steps), newest_first);
    for (size_t i = 0; i < s->count; i++)
        if (kept == 0 || s->steps[kept - 1].item.id != s->steps[i].item.id)
            s->steps[kept++] = s->steps[i];
    s->count = kept;
}

static int64_t nth_newest(struct story *s)
{
    sort_and_dedupe(s);
    return s->count >= wanted(s->query) ? s->steps[wanted(s->query) - 1].item.at_us : INT64_MIN;
}

/* ---- folding ---- */

static bool folds_into(const struct step_of_story *newer, const struct timeline_item *older)
{
    return str_eq(newer->item.title, older->title) && str_eq(newer->item.place, older->place) && str_eq(newer->item.detail_json, older->detail_json) &&
           newer->item.has_amount == older->has_amount && newer->first_us - older->at_us < FOLD_GAP_S * US_PER_S;
}

/* Equal neighbours become one line with a count, at the time and id of the oldest of them: so that paging, which goes on
 * strictly before what it showed, neither repeats nor loses one. The last group of a full read may go on and is left out. */
static void add_folded(struct ctx *c, struct story *s, bool whole, struct timeline *out)
{
    size_t groups = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct step_of_story *last = groups ? &s->steps[groups - 1] : NULL;
        struct timeline_item item = s->steps[i].item;
        if (last && folds_into(last, &item)) {
            item.repeat = last->item.repeat + 1;
            *last = (struct step_of_story){item, item.at_us};
        } else {
            s->steps[groups++] = (struct step_of_story){item, item.at_us};
        }
    }
    if (!whole && groups > 1)
        groups--;
    for (size_t i = 0; i < groups && i < s->query->limit; i++)
        timeline_add(c, out, s->steps[i].item);
}

enum rc warehouse_timeline(struct ctx *c, const struct timeline_query *q, struct timeline *out)
{
    struct story s = {.query = q};
    struct sites sites;
    if (q->subject_count == 0 || (q->kind.len && !str_eqz(q->kind, "web")))
        return RC_OK;
    if (warehouse_use(c) != RC_OK) { /* the page shows what the truth has; visits follow when the warehouse is there */
        ctx_clear(c);
        return RC_OK;
    }
    enum rc rc = load_sites(c, &sites);
    if (!rc)
        rc = read_recent(c, &s, &sites);
    if (!rc)
        rc = db_engine(c->warehouse) == DB_POSTGRES ? read_sealed(c, &s, &sites) : read_segments(c, &s, &sites);
    warehouse_done(c);
    sort_and_dedupe(&s);
    bool whole = s.count < wanted(q);
    if (!whole)
        s.count = wanted(q);
    if (!rc)
        add_folded(c, &s, whole, out);
    free(s.steps);
    return rc;
}
