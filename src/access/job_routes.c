/* Background jobs as people see them: list, one, cancel, and progress on the event stream. It stands here because job/ lies
 * below http/ and access/ and knows neither routes nor rights. */
#include "access/access_priv.h"
#include "db/pool.h"
#include "db/session.h"

#include "embedded_sql.h"
#include "job/job.h"

static const char *const status_names[] = {"none", "queued", "running", "done", "failed", "cancelled", NULL};

static const struct field job_fields[] = {
    {.name = "id", .type = FIELD_ID, .flags = FIELD_REQUIRED},
    {.name = "kind", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "status", .type = FIELD_ENUM, .flags = FIELD_REQUIRED, .words = status_names + 1},
    {.name = "done", .type = FIELD_I64, .flags = FIELD_REQUIRED},
    {.name = "total", .type = FIELD_I64, .flags = FIELD_REQUIRED, .doc = "0: not known."},
    {.name = "cancelling", .type = FIELD_BOOL, .flags = FIELD_REQUIRED},
    {.name = "result", .type = FIELD_JSON, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    {.name = "error", .type = FIELD_STR, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    {.name = "created_by", .type = FIELD_ID, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    {.name = "created_at", .type = FIELD_TIME, .flags = FIELD_REQUIRED},
    {.name = "started_at", .type = FIELD_TIME, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    {.name = "finished_at", .type = FIELD_TIME, .flags = FIELD_REQUIRED | FIELD_NULLABLE},
    FIELD_END,
};

static const char *need_of(const struct job_view *v)
{
    const struct job_kind *kind = job_kind_find(v->job.kind);
    return kind && kind->need ? kind->need : "job.read";
}

static void job_put(const struct job_view *v, struct jw *w)
{
    jw_object(w);
    jw_kv_id(w, "id", v->job.id);
    jw_kv_str(w, "kind", v->job.kind);
    jw_kv_z(w, "status", status_names[v->status]);
    jw_kv_i64(w, "done", v->job.done);
    jw_kv_i64(w, "total", v->job.total);
    jw_kv_bool(w, "cancelling", v->cancel && v->status == JOB_RUNNING);
    jw_key(w, "result");
    jw_raw(w, v->result.len ? v->result : STR("null"));
    jw_key(w, "error");
    if (v->error.len)
        jw_str(w, v->error);
    else
        jw_null(w);
    jw_kv_id(w, "created_by", v->job.created_by);
    jw_kv_time(w, "created_at", v->created_us);
    jw_kv_time(w, "started_at", v->started_us);
    jw_kv_time(w, "finished_at", v->finished_us);
    jw_object_end(w);
}

static enum rc jobs_list(struct ctx *c, const struct request *r, struct reply *p)
{
    struct job_view *list;
    size_t count;
    int64_t before = INT64_MAX, limit, shown = 0;
    bool paged;
    enum rc rc = request_limit(c, r, 50, &limit);
    if (!rc)
        rc = request_cursor(c, r, request_query(r, "after"), &before, 1, &paged);
    if (!rc)
        rc = job_list(c, before, limit, &list, &count);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    for (size_t i = 0; i < count; i++)
        if (access_may(c->actor, need_of(&list[i]))) {
            job_put(&list[i], &p->json);
            shown++;
        }
    jw_array_end(&p->json);
    bool full = count == (size_t)limit;
    reply_list_end(p, full ? request_cursor_make(c, r, &list[count - 1].job.id, 1) : STR_NULL, shown, !full && !paged);
    return RC_OK;
}

/* A job of a kind that one may not run looks like none. */
static enum rc job_of(struct ctx *c, const struct request *r, struct job_view *ret)
{
    int64_t id;
    enum rc rc = request_param_id(c, r, 0, &id);
    if (!rc)
        rc = job_show(c, id, ret);
    if (rc)
        return rc;
    return access_may(c->actor, need_of(ret)) ? RC_OK : ctx_fail(c, RC_NOT_FOUND, "id", "job");
}

static enum rc job_show_route(struct ctx *c, const struct request *r, struct reply *p)
{
    struct job_view view;
    enum rc rc = job_of(c, r, &view);
    if (!rc)
        job_put(&view, &p->json);
    return rc;
}

static enum rc job_cancel_route(struct ctx *c, const struct request *r, struct reply *p)
{
    struct job_view view;
    enum rc rc = job_of(c, r, &view);
    if (!rc)
        rc = job_cancel(c, view.job.id);
    if (!rc)
        rc = job_show(c, view.job.id, &view);
    if (!rc)
        job_put(&view, &p->json);
    return rc;
}

/* To the people at this server. */
static void job_publish(struct ctx *c, const struct job_view *view)
{
    struct buf json = BUF_INIT(64 << 10);
    struct jw w = jw_on(&json);
    job_put(view, &w);
    if (c->app->http && !json.failed)
        http_publish(c->app->http, "job", need_of(view), 0, buf_str(&json));
    buf_free(&json);
}

#define JOB_SAID "job " /* and its id */

static void job_changed(struct ctx *c, const struct job_view *view)
{
    job_publish(c, view);
    db_session_say(c->app->session, arena_printf(c->arena, JOB_SAID "%lld", (long long)view->job.id));
}

static void told(struct app *app, struct str word)
{
    struct ctx c = {.app = app, .now_us = clock_now_us()};
    struct job_view view;
    int64_t id;
    if (!str_starts(word, STR(JOB_SAID)) || !str_i64(str_sub(word, strlen(JOB_SAID), word.len), &id) || db_pool_reader(app->truth, &c.db) != RC_OK)
        return;
    c.arena = arena_new();
    if (job_show(&c, id, &view) == RC_OK)
        job_publish(&c, &view);
    db_pool_give(app->truth, c.db);
    arena_free(c.arena);
}

static int64_t job_creator(const struct ctx *c)
{
    return c->actor ? c->actor->staff_id : 0;
}

static enum rc start(struct app *app)
{
    (void)app;
    for (const struct module *const *m = modules; *m; m++)
        job_register((*m)->jobs);
    job_hook(&(struct job_hooks){.changed = job_changed, .creator = job_creator});
    return RC_OK;
}

static const struct permission permissions[] = {{"job.read", ROLE_ADMIN | ROLE_MANAGER}, {0}};

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/jobs", jobs_list, .need = "job.read", .out = job_fields, .out_name = "job", .out_list = true, .query = "after,limit",
     .doc = "Background work, newest first."},
    {HTTP_GET, "/api/v1/jobs/{id}", job_show_route, .need = "job.read", .out = job_fields, .out_name = "job", .doc = "One job with its progress."},
    {HTTP_POST, "/api/v1/jobs/{id}/cancel", job_cancel_route, .need = "job.read", .writes = true, .act = "job.cancel", .out = job_fields, .out_name = "job", .doc = "Asks a job to stop."},
    {0},
};

static const char *const tables[] = {"job", NULL};

const struct module job_module = {
    .name = "job",
    .routes = routes,
    .sql = job_sql,
    .migrations = job_migrations,
    .tables = tables,
    .permissions = permissions,
    .start = start,
    .told = told,
};
