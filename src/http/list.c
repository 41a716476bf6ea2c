/* Pages of lists: cursor in, rows, cursor and total out. */
#include "http/list.h"
#include "base/limits.h"

#include <assert.h>

enum { ARGS_MAX = 16 };

static size_t key_count(const struct list *l)
{
    size_t count = 0;
    while (count < LIST_KEYS_MAX && l->key_columns[count])
        count++;
    return count;
}

static struct str lowered(struct ctx *c, struct str s)
{
    char *copy = arena_z(c->arena, s);
    for (size_t i = 0; i < s.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + 32);
    return str_n(copy, s.len);
}

enum rc list_open(struct ctx *c, const struct request *r, int64_t limit, struct list *l)
{
    bool given = false;
    enum rc rc = request_limit(c, r, limit, &l->limit);
    if (rc == RC_OK)
        rc = request_cursor(c, r, request_query(r, "after"), l->after, key_count(l), &given);
    if (rc)
        return rc;
    l->first = !given;
    l->q = str_trim(request_query(r, "q"));
    if (!str_is_text(l->q) || str_chars(l->q) > LIMIT_NAME_CHARS)
        return ctx_fail(c, RC_INVALID, "q", "too_long");
    l->q_lower = lowered(c, l->q);
    return RC_OK;
}

void list_begin(const struct list *l, struct reply *p)
{
    assert(l->shown == 0);
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
}

bool list_next(struct list *l, struct db_rows *q)
{
    if (!db_next(q))
        return false;
    if (l->shown == l->limit) {
        l->more = true;
        return false;
    }
    l->shown++;
    for (size_t i = 0; i < key_count(l); i++)
        l->last[i] = db_i64(q, l->key_columns[i]);
    return true;
}

enum rc list_end(struct ctx *c, const struct request *r, const struct list *l, struct reply *p, const char *count_statement, const struct db_arg *args, size_t arg_count)
{
    struct db_arg all[ARGS_MAX];
    int64_t count;
    assert(arg_count < ARGS_MAX);
    for (size_t i = 0; i < arg_count; i++)
        all[i] = args[i];
    all[arg_count] = DB_I64("count_max", LIMIT_COUNT_EXACT + 1);
    enum rc rc = db_get_i64_args(c->db, 0, &count, count_statement, all, arg_count + 1);
    if (rc)
        return rc;
    bool exact = count <= LIMIT_COUNT_EXACT;
    jw_array_end(&p->json);
    reply_list_end(p, l->more ? request_cursor_make(c, r, l->last, key_count(l)) : STR_NULL, exact ? count : LIMIT_COUNT_EXACT, exact);
    return RC_OK;
}
