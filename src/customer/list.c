/* Pages of the customer list by key. Two ways: a filter that leaves few people is read whole and sorted here; otherwise an
 * index in the order of the list is walked, which finds a page soon because the filter leaves many. */
#include "customer/customer_priv.h"

#include <stdlib.h>

enum { SMALL_SET = 4096 };

struct sort {
    const char *word, *column, *down, *up;
};
static const struct sort sorts[] = {
    {"last_seen", "last_seen_us", "customer_list_seen_down", "customer_list_seen_up"},
    {"spent", "spent_minor", "customer_list_spent_down", "customer_list_spent_up"},
    {"orders", "orders", "customer_list_orders_down", "customer_list_orders_up"},
    {"created", "id", "customer_list_created_down", "customer_list_created_up"},
};

/* One filter that could lead the query, and how many people it leaves at most. */
struct driver {
    const char *set, *count;
    int64_t people;
};

struct pick {
    int64_t id, value;
};

struct listing {
    struct ctx *c;
    const struct list_query *q;
    const struct sort *sort;
    bool down;
    struct driver driver;        /* .set NULL: no filter at all */
    size_t filters;
};

static enum rc choose_sort(struct listing *l)
{
    struct str word = l->q->sort.len ? l->q->sort : STR("-last_seen");
    l->down = word.ptr[0] == '-';
    word = str_sub(word, l->down ? 1 : 0, word.len);
    for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
        if (str_eqz(word, sorts[i].word)) {
            l->sort = &sorts[i];
            return RC_OK;
        }
    return ctx_fail(l->c, RC_INVALID, "sort", "not_a_choice");
}

static enum rc consider(struct listing *l, const char *set, const char *count, struct db_arg filter)
{
    int64_t people;
    enum rc rc = db_get_i64(l->c->db, 0, &people, count, filter, DB_I64("count_max", LIMIT_COUNT_EXACT + 1));
    if (rc)
        return rc;
    l->filters++;
    if (!l->driver.set || people < l->driver.people)
        l->driver = (struct driver){set, count, people};
    return RC_OK;
}

static enum rc choose_driver(struct listing *l)
{
    const struct list_query *q = l->q;
    enum rc rc = RC_OK;
    if (q->tag.len)
        rc = consider(l, "customer_set_tag", "customer_count_tag", DB_TEXT("tag", q->tag));
    if (!rc && q->class > CUSTOMER_CONSUMER)
        rc = consider(l, "customer_set_class", "customer_count_class", DB_I64("class", q->class));
    if (!rc && !q->every_store)
        rc = consider(l, "customer_set_store", "customer_count_store", DB_IDS("stores", q->stores, q->store_count));
    return rc;
}

#define FILTER_ARGS(q) \
    DB_I64("every_store", (q)->every_store), DB_IDS("stores", (q)->stores, (q)->store_count), DB_I64("class", (q)->class), DB_TEXT("tag", (q)->tag)

static void keep(struct list_page *page, struct pick pick, int64_t limit)
{
    if ((int64_t)page->count == limit) {
        page->more = true;
        return;
    }
    page->ids[page->count++] = pick.id;
    page->last[0] = pick.value;
    page->last[1] = pick.id;
}

static enum rc walk(struct listing *l, struct list_page *page)
{
    const struct list_query *q = l->q;
    int64_t edge = l->down ? INT64_MAX : INT64_MIN;
    struct db_rows *rows = db_query(l->c->db, l->down ? l->sort->down : l->sort->up, FILTER_ARGS(q), DB_I64("value", q->first ? edge : q->after[0]),
                                    DB_I64("id", q->first ? edge : q->after[1]), DB_I64("limit", q->limit + 1));
    while (db_next(rows))
        keep(page, (struct pick){db_i64(rows, "id"), db_i64(rows, "value")}, q->limit);
    return db_end(rows);
}

static int by_value(const void *a, const void *b)
{
    const struct pick *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int by_value_down(const void *a, const void *b)
{
    return by_value(b, a);
}

static enum rc read_set(struct listing *l, struct pick *picks, size_t *ret_count)
{
    size_t n = 0;
    struct db_rows *rows = db_query(l->c->db, l->driver.set, FILTER_ARGS(l->q));
    while (n < SMALL_SET && db_next(rows))
        picks[n++] = (struct pick){db_i64(rows, "id"), db_i64(rows, l->sort->column)};
    *ret_count = n;
    return db_end(rows);
}

static enum rc sort_set(struct listing *l, struct list_page *page)
{
    const struct list_query *q = l->q;
    struct pick *picks = arena_new_array(l->c->arena, struct pick, SMALL_SET);
    struct pick after = {q->after[1], q->after[0]};
    int (*order)(const void *, const void *) = l->down ? by_value_down : by_value;
    size_t n;
    enum rc rc = read_set(l, picks, &n);
    if (rc)
        return rc;
    qsort(picks, n, sizeof(*picks), order);
    for (size_t i = 0; i < n && !page->more; i++)
        if (q->first || order(&picks[i], &after) > 0)
            keep(page, picks[i], q->limit);
    page->total = (int64_t)n;
    page->exact = true;
    return RC_OK;
}

/* Exact to LIMIT_COUNT_EXACT where that is cheap; otherwise what the narrowest filter leaves, or the last number given. */
static enum rc count_walked(struct listing *l, struct list_page *page)
{
    int64_t people = l->driver.people;
    enum rc rc = RC_OK;
    page->exact = l->filters <= 1 && l->q->class != CUSTOMER_CONSUMER;
    if (!l->driver.set)
        rc = db_get_i64(l->c->db, 0, &people, "customer_count_all", DB_I64("count_max", LIMIT_COUNT_EXACT + 1));
    if (!rc && people > LIMIT_COUNT_EXACT) {
        page->exact = false;
        people = LIMIT_COUNT_EXACT;
        if (!l->driver.set)
            rc = db_get_i64(l->c->db, 0, &people, "customer_last_number");
    }
    page->total = people;
    return rc;
}

enum rc list_by_stat(struct ctx *c, const struct list_query *q, struct list_page *ret)
{
    struct listing l = {.c = c, .q = q};
    struct list_page page = {.ids = arena_new_array(c->arena, int64_t, (size_t)q->limit)};
    enum rc rc = choose_sort(&l);
    if (!rc)
        rc = choose_driver(&l);
    if (rc)
        return rc;
    if (l.driver.set && l.driver.people <= SMALL_SET) {
        rc = sort_set(&l, &page);
    } else {
        rc = walk(&l, &page);
        if (!rc)
            rc = count_walked(&l, &page);
    }
    if (!rc)
        *ret = page;
    return rc;
}
