/* 查看记录: what was done in the server, by whom, when: written with the act itself, filtered and paged for those who look.
 * Who saw which plaintext stands in the vault's own log as well. */
#include "access/access_priv.h"
#include "base/id.h"
#include "db/pool.h"
#include "http/list.h"

#include <string.h>

static const int64_t zone_us = INT64_C(8) * 3600 * US_PER_S; /* days are China's */

enum rc access_audit(struct ctx *c, const char *action, const char *object, int64_t object_id, struct str detail_json)
{
    return db_run(c->db, "audit_insert", DB_I64("id", id_next()), DB_I64("at_us", c->now_us), DB_I64("staff_id", c->actor ? c->actor->staff_id : 0),
                  DB_I64("key_id", c->actor ? c->actor->key_id : 0), DB_TEXT("action", str_z(action)), DB_TEXT("object", str_z(object)), DB_I64("object_id", object_id),
                  DB_TEXT("detail", detail_json), DB_I64("request_id", c->request_id));
}

const struct field audit_fields[] = {
    {.name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED},
    {.name = "at", .type = FIELD_TIME, .flags = FIELD_REQUIRED},
    {.name = "staff_id", .type = FIELD_ID, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    {.name = "staff", .type = FIELD_STR, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    {.name = "key_id", .type = FIELD_ID, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    {.name = "action", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "object", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "object_id", .type = FIELD_ID, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    {.name = "object_name", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "Of staff and sources; \"\" of everything else."},
    {.name = "detail", .type = FIELD_JSON, .flags = FIELD_REQUIRED},
    {.name = "request_id", .type = FIELD_ID, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    FIELD_END,
};

static void audit_put(struct db_rows *q, struct jw *w)
{
    struct str staff = db_text(q, "staff"), detail = db_text(q, "detail");
    jw_object(w);
    jw_kv_id(w, "id", db_i64(q, "id"));
    jw_kv_time(w, "at", db_i64(q, "at_us"));
    jw_kv_id(w, "staff_id", db_i64(q, "staff_id"));
    jw_key(w, "staff");
    if (staff.len)
        jw_str(w, staff);
    else
        jw_null(w);
    jw_kv_id(w, "key_id", db_i64(q, "key_id"));
    jw_kv_str(w, "action", db_text(q, "action"));
    jw_kv_str(w, "object", db_text(q, "object"));
    jw_kv_id(w, "object_id", db_i64(q, "object_id"));
    jw_kv_str(w, "object_name", db_text(q, "object_name"));
    jw_key(w, "detail");
    jw_raw(w, detail.len ? detail : STR("{}"));
    jw_kv_id(w, "request_id", db_i64(q, "request_id"));
    jw_object_end(w);
}

/* ---- what was taken along ---- */

struct taken {
    const char *kind, *format;
};

static enum rc keep_taken(struct ctx *c, void *arg)
{
    const struct taken *t = arg;
    _cleanup_buf_ struct buf out = BUF_INIT(1 << 10);
    struct jw w = jw_on(&out);
    jw_object(&w);
    jw_kv_z(&w, "kind", t->kind);
    jw_kv_z(&w, "format", t->format);
    jw_object_end(&w);
    return access_audit(c, "export.run", "export", 0, buf_str(&out));
}

enum rc access_audit_taken(struct ctx *c, const char *kind, const char *format)
{
    struct taken t = {kind, format};
    return db_pool_tx(c, c->app->truth, keep_taken, &t);
}

/* ---- the filter ---- */

enum { WHO_ALL, WHO_STAFF, WHO_PROGRAM, WHO_KEY };

static enum rc read_who(struct ctx *c, struct str who, struct access_audit_filter *f)
{
    if (str_eqz(who, "program"))
        f->who = WHO_PROGRAM;
    else if (str_eqz(who, "key"))
        f->who = WHO_KEY;
    else if (who.len)
        f->who = WHO_STAFF;
    if (f->who == WHO_STAFF && (!str_i64(who, &f->staff_id) || f->staff_id <= 0))
        return ctx_fail(c, RC_INVALID, "who", "unknown");
    return RC_OK;
}

static enum rc read_day(struct ctx *c, const struct request *r, const char *name, bool end, int64_t *ret_us)
{
    int32_t day;
    struct str text = request_query(r, name);
    if (text.len == 0)
        return RC_OK;
    if (!clock_parse_day(text, &day))
        return ctx_fail(c, RC_INVALID, name, "malformed");
    *ret_us = ((int64_t)day + end) * US_PER_DAY - zone_us;
    return RC_OK;
}

enum rc access_audit_filter_read(struct ctx *c, const struct request *r, int64_t limit, struct access_audit_filter *ret)
{
    struct access_audit_filter f = {.page = {.key_columns = {"id"}}, .to_us = INT64_MAX};
    enum rc rc = list_open(c, r, limit, &f.page);
    if (!rc)
        rc = read_who(c, request_query(r, "who"), &f);
    if (!rc)
        rc = read_day(c, r, "from", false, &f.from_us);
    if (!rc)
        rc = read_day(c, r, "to", true, &f.to_us);
    if (rc)
        return rc;
    f.action = request_query(r, "action");
    *ret = f;
    return RC_OK;
}

enum { FILTER_ARGS = 6 };

static void filter_args(const struct access_audit_filter *f, struct db_arg out[static FILTER_ARGS])
{
    out[0] = DB_I64("who", f->who);
    out[1] = DB_I64("staff_id", f->staff_id);
    out[2] = DB_TEXT("action", f->action);
    out[3] = DB_I64("from_us", f->from_us);
    out[4] = DB_I64("to_us", f->to_us);
    out[5] = DB_TEXT("q", f->page.q_lower);
}

struct db_rows *access_audit_rows(struct ctx *c, const struct access_audit_filter *f, int64_t before, int64_t limit)
{
    struct db_arg args[FILTER_ARGS + 2];
    filter_args(f, args);
    args[FILTER_ARGS] = DB_I64("before", before);
    args[FILTER_ARGS + 1] = DB_I64("limit", limit);
    return db_query_args(c->db, f->action.len ? "audit_list_by_action" : "audit_list", args, FILTER_ARGS + 2);
}

enum rc audit_list_route(struct ctx *c, const struct request *r, struct reply *p)
{
    struct access_audit_filter f;
    struct db_arg args[FILTER_ARGS];
    enum rc rc = access_audit_filter_read(c, r, 50, &f);
    if (rc)
        return rc;
    struct db_rows *q = access_audit_rows(c, &f, f.page.first ? INT64_MAX : f.page.after[0], f.page.limit + 1);
    list_begin(&f.page, p);
    while (list_next(&f.page, q))
        audit_put(q, &p->json);
    rc = db_end(q);
    filter_args(&f, args);
    return rc ? rc : list_end(c, r, &f.page, p, "audit_count", args, FILTER_ARGS);
}
