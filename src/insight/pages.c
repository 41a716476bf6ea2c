/* The parts of the overview below its tiles: days, funnel, styles, and the list behind a figure. */
#include "base/limits.h"
#include "customer/customer.h"
#include "http/list.h"
#include "insight/insight_priv.h"
#include "warehouse/warehouse.h"

enum { STYLES_DEFAULT = 50, DETAIL_DEFAULT = 50 };

typedef enum rc part_fn(struct ctx *c, const struct request *r, const struct insight_filter *f, struct reply *p);

/* Lends the warehouse and reads the filter around a part. */
static enum rc with_filter(struct ctx *c, const struct request *r, struct reply *p, part_fn *part)
{
    struct insight_filter f;
    enum rc rc = warehouse_use(c);
    if (rc)
        return rc;
    rc = filter_read(c, r, &f);
    if (!rc)
        rc = part(c, r, &f, p);
    warehouse_done(c);
    return rc;
}

static void begin_items(struct reply *p)
{
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
}

/* A list that is always whole. */
static void end_items(struct reply *p, int64_t count)
{
    jw_array_end(&p->json);
    reply_list_end(p, STR_NULL, count, true);
}

/* ---- days ---- */

static enum rc daily(struct ctx *c, const struct request *r, const struct insight_filter *f, struct reply *p)
{
    struct db_arg args[FILTER_ARGS];
    bool finance = may_see_finance(c);
    int64_t count = 0;
    (void)r;
    filter_args(f, f->from_day, f->to_day, args);
    begin_items(p);
    struct db_rows *q = db_query_args(c->warehouse, "insight_daily", args, FILTER_ARGS);
    for (; db_next(q); count++) {
        jw_object(&p->json);
        jw_key(&p->json, "day");
        jw_day(&p->json, (int32_t)db_i64(q, "day"));
        jw_kv_str(&p->json, "channel", db_text(q, "channel"));
        jw_kv_money(&p->json, "sales", db_i64(q, "sales"), 2);
        jw_kv_i64(&p->json, "orders", db_i64(q, "documents"));
        if (finance)
            jw_kv_money(&p->json, "margin", db_i64(q, "margin"), 2);
        jw_object_end(&p->json);
    }
    end_items(p, count);
    return db_end(q);
}

enum rc overview_daily(struct ctx *c, const struct request *r, struct reply *p)
{
    return with_filter(c, r, p, daily);
}

/* ---- funnel ---- */

static enum rc funnel(struct ctx *c, const struct request *r, const struct insight_filter *f, struct reply *p)
{
    static const char *const words[FUNNEL_STEPS] = {"browse", "cart", "order"};
    struct funnel_step steps[FUNNEL_STEPS];
    (void)r;
    enum rc rc = funnel_read(c, f, steps);
    if (rc)
        return rc;
    begin_items(p);
    for (size_t i = 0; i < FUNNEL_STEPS; i++) {
        jw_object(&p->json);
        jw_kv_z(&p->json, "step", words[i]);
        jw_kv_i64(&p->json, "subjects", steps[i].subjects);
        jw_kv_i64(&p->json, "people", steps[i].people);
        jw_object_end(&p->json);
    }
    end_items(p, FUNNEL_STEPS);
    return RC_OK;
}

enum rc overview_funnel(struct ctx *c, const struct request *r, struct reply *p)
{
    return with_filter(c, r, p, funnel);
}

/* ---- styles ---- */

static void days_since(struct jw *w, const char *key, struct db_rows *q, const char *column, int64_t until)
{
    jw_key(w, key);
    if (db_is_null(q, column) || until < db_i64(q, column))
        jw_null(w);
    else
        jw_i64(w, until - db_i64(q, column));
}

static void write_style(struct jw *w, struct db_rows *q, const struct insight_filter *f, bool finance)
{
    bool launched = !db_is_null(q, "launch_day");
    jw_object(w);
    jw_kv_id(w, "style_id", db_i64(q, "style_id"));
    jw_kv_str(w, "style", db_text(q, "code"));
    jw_kv_str(w, "name", db_text(q, "name"));
    days_since(w, "days_in_sale", q, launched ? "launch_day" : "first_day", f->to_day);
    days_since(w, "days_to_first", q, "launch_day", db_i64(q, "first_day"));
    days_since(w, "days_to_median", q, launched ? "launch_day" : "first_day", db_i64(q, "median_day"));
    jw_kv_i64(w, "sold", db_i64(q, "sold"));
    jw_key(w, "lowest_price");
    if (db_is_null(q, "lowest"))
        jw_null(w);
    else
        jw_money(w, db_i64(q, "lowest"), 2);
    jw_kv_money(w, "sales", db_i64(q, "sales"), 2);
    if (finance) {
        jw_kv_money(w, "margin", db_i64(q, "margin"), 2);
        jw_key(w, "floor_price");
        if (db_is_null(q, "floor_minor"))
            jw_null(w);
        else
            jw_money(w, db_i64(q, "floor_minor"), 2);
        jw_kv_i64(w, "below_floor", db_i64(q, "below_floor"));
    }
    jw_key(w, "return_rate");
    if (db_i64(q, "sold") == 0)
        jw_null(w);
    else
        jw_double(w, (double)(db_i64(q, "returned") * 1000 / db_i64(q, "sold")) / 10);
    jw_object_end(w);
}

static enum rc styles(struct ctx *c, const struct request *r, const struct insight_filter *f, struct reply *p)
{
    struct db_arg args[FILTER_ARGS + 1];
    int64_t limit, count = 0;
    bool finance = may_see_finance(c);
    enum rc rc = request_limit(c, r, STYLES_DEFAULT, &limit);
    if (rc)
        return rc;
    filter_args(f, f->from_day, f->to_day, args);
    args[FILTER_ARGS] = DB_I64("limit", limit);
    begin_items(p);
    struct db_rows *q = db_query_args(c->warehouse, "insight_styles", args, FILTER_ARGS + 1);
    for (; db_next(q); count++)
        write_style(&p->json, q, f, finance);
    end_items(p, count);
    return db_end(q);
}

enum rc overview_styles(struct ctx *c, const struct request *r, struct reply *p)
{
    return with_filter(c, r, p, styles);
}

/* ---- the list behind a figure ---- */

struct behind {
    int64_t id, at_us, amount_minor, margin_minor, pieces;
    int32_t first_day;
};
struct page {
    struct list list;
    struct behind rows[LIMIT_LIST_PAGE];
    size_t count;
    int64_t before_us, before_id;
};

static enum rc open_page(struct ctx *c, const struct request *r, struct page *page)
{
    page->list = (struct list){.key_columns = {"at_us", "id"}};
    enum rc rc = list_open(c, r, DETAIL_DEFAULT, &page->list);
    page->before_us = page->list.first ? INT64_MAX : page->list.after[0];
    page->before_id = page->list.first ? INT64_MAX : page->list.after[1];
    return rc;
}

static struct str next_of(struct ctx *c, const struct request *r, const struct page *page)
{
    return page->list.more ? request_cursor_make(c, r, page->list.last, 2) : STR_NULL;
}

static void keep_key(struct page *page, int64_t at_us, int64_t id)
{
    page->list.last[0] = at_us;
    page->list.last[1] = id;
}

static bool has_room(struct page *page)
{
    page->list.more = page->count == (size_t)page->list.limit;
    return !page->list.more;
}

static enum rc read_documents(struct ctx *c, const struct insight_filter *f, struct page *page, int64_t role, bool members, int64_t *ret_total)
{
    struct db_arg args[FILTER_ARGS + 5];
    filter_args(f, f->from_day, f->to_day, args);
    args[FILTER_ARGS] = DB_I64("role", role);
    args[FILTER_ARGS + 1] = DB_I64("members", members);
    enum rc rc = db_get_i64_args(c->warehouse, 0, ret_total, "insight_documents_behind_count", args, FILTER_ARGS + 2);
    if (rc)
        return rc;
    args[FILTER_ARGS + 2] = DB_I64("before_us", page->before_us);
    args[FILTER_ARGS + 3] = DB_I64("before_id", page->before_id);
    args[FILTER_ARGS + 4] = DB_I64("limit", page->list.limit + 1);
    struct db_rows *q = db_query_args(c->warehouse, "insight_documents_behind", args, FILTER_ARGS + 5);
    while (db_next(q) && has_room(page)) {
        struct behind *b = &page->rows[page->count++];
        *b = (struct behind){.id = db_i64(q, "id"), .at_us = db_i64(q, "at_us"), .amount_minor = db_i64(q, "amount"), .margin_minor = db_i64(q, "margin"), .pieces = db_i64(q, "pieces")};
        keep_key(page, b->at_us, b->id);
    }
    return db_end(q);
}

static const char *kind_word(int64_t kind)
{
    static const char *const words[] = {"", "receipt", "order", "return", "exchange"};
    return kind >= 1 && kind <= 4 ? words[kind] : "";
}

/* Walk-ins have a pseudonym for a customer. */
static int64_t somebody(struct db_rows *head)
{
    return db_i64(head, "member") || !str_eqz(db_text(head, "channel"), "store") ? db_i64(head, "customer_id") : 0;
}

static void write_document(struct jw *w, const struct behind *b, struct db_rows *head, const struct customer_labels *labels, bool returned, bool finance)
{
    jw_object(w);
    jw_kv_str(w, "number", db_text(head, "number"));
    jw_kv_id(w, "id", b->id);
    jw_kv_time(w, "at", b->at_us);
    jw_kv_z(w, "kind", kind_word(db_i64(head, "kind")));
    jw_kv_str(w, "channel", db_text(head, "channel"));
    jw_kv_str(w, "store", db_text(head, "store_name"));
    jw_kv_i64(w, "pieces", b->pieces);
    jw_kv_money(w, returned ? "amount" : "sales", b->amount_minor, 2);
    if (finance && !returned)
        jw_kv_money(w, "margin", b->margin_minor, 2);
    jw_kv_id(w, "customer_id", db_i64(head, "customer_id"));
    customer_label_write(labels, somebody(head), w);
    jw_object_end(w);
}

static const struct behind *behind_of(const struct page *page, int64_t id)
{
    for (size_t i = 0; i < page->count; i++)
        if (page->rows[i].id == id)
            return &page->rows[i];
    return NULL;
}

static enum rc label_documents(struct ctx *c, const int64_t *ids, size_t count, struct customer_labels **ret)
{
    int64_t *people = arena_new_array(c->arena, int64_t, count + 1);
    size_t n = 0;
    struct db_rows *q = db_query(c->db, "insight_document_heads", DB_IDS("ids", ids, count));
    while (n < count && db_next(q))
        if (somebody(q))
            people[n++] = somebody(q);
    enum rc rc = db_end(q);
    return rc ? rc : customer_labels(c, people, n, ret);
}

/* Heads come from the truth in no order; objects are written in the page's order. */
static enum rc write_documents(struct ctx *c, const struct page *page, bool returned, struct reply *p)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, page->count + 1);
    struct str *objects = arena_new_array(c->arena, struct str, page->count + 1);
    bool finance = may_see_finance(c);
    for (size_t i = 0; i < page->count; i++)
        ids[i] = page->rows[i].id;
    struct customer_labels *labels;
    enum rc rc = label_documents(c, ids, page->count, &labels);
    if (rc)
        return rc;
    struct db_rows *q = db_query(c->db, "insight_document_heads", DB_IDS("ids", ids, page->count));
    while (db_next(q)) {
        _cleanup_buf_ struct buf out = BUF_INIT(64 << 10);
        struct jw w = jw_on(&out);
        const struct behind *b = behind_of(page, db_i64(q, "id"));
        write_document(&w, b, q, labels, returned, finance);
        objects[b - page->rows] = arena_str(c->arena, buf_str(&out));
    }
    for (size_t i = 0; i < page->count; i++)
        if (objects[i].len)
            jw_raw(&p->json, objects[i]);
    return db_end(q);
}

static enum rc documents_behind(struct ctx *c, const struct request *r, const struct insight_filter *f, const struct tile *t, struct reply *p)
{
    struct page *page = arena_new_one(c->arena, struct page);
    bool returned = strcmp(t->behind, "returns") == 0;
    int64_t total = 0;
    enum rc rc = open_page(c, r, page);
    if (!rc)
        rc = read_documents(c, f, page, returned ? 3 : 1, strcmp(t->behind, "members") == 0, &total);
    if (rc)
        return rc;
    begin_items(p);
    rc = write_documents(c, page, returned, p);
    jw_array_end(&p->json);
    reply_list_end(p, next_of(c, r, page), total, true);
    return rc;
}

/* Of a person, .at_us is the last purchase, .pieces how many purchases. */
static void write_person(struct jw *w, const struct behind *b, const struct customer_labels *labels)
{
    jw_object(w);
    jw_kv_id(w, "customer_id", b->id);
    customer_label_write(labels, b->id, w);
    jw_key(w, "first_day");
    jw_day(w, b->first_day);
    jw_kv_i64(w, "orders", b->pieces);
    jw_kv_money(w, "spent", b->amount_minor, 2);
    jw_kv_time(w, "last_at", b->at_us);
    jw_object_end(w);
}

static enum rc read_people(struct ctx *c, const struct db_arg *args, size_t count, struct page *page)
{
    struct db_rows *q = db_query_args(c->warehouse, "insight_people_behind", args, count);
    while (db_next(q) && has_room(page)) {
        struct behind *b = &page->rows[page->count++];
        *b = (struct behind){.id = db_i64(q, "person_id"), .at_us = db_i64(q, "last_us"), .amount_minor = db_i64(q, "spent"), .pieces = db_i64(q, "purchases"), .first_day = (int32_t)db_i64(q, "first_day")};
        keep_key(page, b->at_us, b->id);
    }
    return db_end(q);
}

static enum rc write_people(struct ctx *c, const struct page *page, struct jw *w)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, page->count + 1);
    struct customer_labels *labels;
    for (size_t i = 0; i < page->count; i++)
        ids[i] = page->rows[i].id;
    enum rc rc = customer_labels(c, ids, page->count, &labels);
    for (size_t i = 0; !rc && i < page->count; i++)
        write_person(w, &page->rows[i], labels);
    return rc;
}

static enum rc people_behind(struct ctx *c, const struct request *r, const struct insight_filter *f, const struct tile *t, struct reply *p)
{
    struct page *page = arena_new_one(c->arena, struct page);
    struct db_arg args[FILTER_ARGS + 4];
    struct sums sums;
    enum rc rc = open_page(c, r, page);
    if (!rc)
        rc = sums_read(c, f, f->from_day, f->to_day, &sums);
    if (rc)
        return rc;
    bool again = strcmp(t->behind, "again") == 0;
    filter_args(f, f->from_day, f->to_day, args);
    args[FILTER_ARGS] = DB_I64("which", again ? 2 : 3);
    args[FILTER_ARGS + 1] = DB_I64("before_us", page->before_us);
    args[FILTER_ARGS + 2] = DB_I64("before_id", page->before_id);
    args[FILTER_ARGS + 3] = DB_I64("limit", page->list.limit + 1);
    rc = read_people(c, args, FILTER_ARGS + 4, page);
    if (rc)
        return rc;
    begin_items(p);
    rc = write_people(c, page, &p->json);
    jw_array_end(&p->json);
    reply_list_end(p, next_of(c, r, page), again ? sums.again : sums.first_time, true);
    return rc;
}

static enum rc detail(struct ctx *c, const struct request *r, const struct insight_filter *f, struct reply *p)
{
    struct str key = request_query(r, "tile");
    const struct tile *t = tiles;
    while (t->key && !str_eqz(key, t->key))
        t++;
    if (!t->key)
        return ctx_fail(c, RC_INVALID, "tile", "unknown");
    if (t->finance && !may_see_finance(c))
        return ctx_fail(c, RC_DENIED, "tile", "finance");
    bool people = strcmp(t->behind, "again") == 0 || strcmp(t->behind, "first") == 0;
    return people ? people_behind(c, r, f, t, p) : documents_behind(c, r, f, t, p);
}

enum rc overview_detail(struct ctx *c, const struct request *r, struct reply *p)
{
    return with_filter(c, r, p, detail);
}
