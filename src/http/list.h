/* The lists of the API, all of one shape: {"items": […], "next": cursor or null, "total": {"count", "exact"}}, paged by
 * key. A handler opens a page, runs its query with the page's keys and limit + 1, and writes one object per row:
 *
 *     struct list page = {.key_columns = {"at_us", "id"}};
 *     rc = list_open(c, r, 50, &page);
 *     q = db_query(c->db, "sale_list", …, DB_I64("limit", page.limit + 1));
 *     list_begin(&page, p);
 *     while (list_next(&page, q)) … one object into p->json …
 *     rc = db_end(q);
 *     return rc ? rc : list_end(c, r, &page, p, "sale_count", args, count); */
#ifndef ZX_HTTP_LIST_H
#define ZX_HTTP_LIST_H

#include "http/route.h"

enum { LIST_KEYS_MAX = 3 };

struct list {
    const char *key_columns[LIST_KEYS_MAX]; /* in: integer columns whose values say where a page ends */
    struct str q;                           /* ?q= without blanks around, at most LIMIT_NAME_CHARS */
    struct str q_lower;                     /* the same with ASCII letters lowered */
    bool first;                             /* no ?after= */
    int64_t after[LIST_KEYS_MAX];           /* the last page's keys; 0 when first */
    int64_t limit;
    int64_t shown, last[LIST_KEYS_MAX];
    bool more;
};

enum rc list_open(struct ctx *c, const struct request *r, int64_t limit, struct list *l) ZX_MUST_CHECK;
void list_begin(const struct list *l, struct reply *p);
bool list_next(struct list *l, struct db_rows *q);
/* `count_statement` yields the number of rows; it takes `args` and $count_max, where it may stop counting. */
enum rc list_end(struct ctx *c, const struct request *r, const struct list *l, struct reply *p, const char *count_statement, const struct db_arg *args,
                 size_t arg_count) ZX_MUST_CHECK;

#endif
