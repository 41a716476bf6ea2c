/* Jobs as rows: adding, leasing, progress, ending, cancelling. The thread that runs them is in runner.c. */
#include "job/job_priv.h"

#include "base/app.h"
#include "base/id.h"
#include "base/log.h"
#include "db/pool.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { KIND_LISTS_MAX = 32 };
static const int64_t LEASE_US = 60 * US_PER_S;

/* Filled once at start, before any thread runs jobs. */
static const struct job_kind *kind_lists[KIND_LISTS_MAX];
static size_t kind_list_count;
static struct job_hooks hooks;

void job_register(const struct job_kind *kinds)
{
    for (size_t i = 0; i < kind_list_count; i++)
        if (kind_lists[i] == kinds)
            return;
    assert(kind_list_count < KIND_LISTS_MAX);
    if (kinds)
        kind_lists[kind_list_count++] = kinds;
}

const struct job_kind *job_kind_find(struct str name)
{
    for (size_t i = 0; i < kind_list_count; i++)
        for (const struct job_kind *k = kind_lists[i]; k->name; k++)
            if (str_eqz(name, k->name))
                return k;
    return NULL;
}

void job_hook(const struct job_hooks *given)
{
    hooks = *given;
}

enum rc job_add(struct ctx *c, const char *kind, struct str input_json, int64_t total, int64_t *ret_id)
{
    int64_t id = id_next();
    if (!job_kind_find(str_z(kind)))
        abort();
    enum rc rc = db_run(c->db, "job_insert", DB_I64("id", id), DB_TEXT("kind", str_z(kind)), DB_TEXT("input", input_json.len ? input_json : STR("{}")),
                        DB_I64("total", total), DB_I64("created_by", hooks.creator ? hooks.creator(c) : 0), DB_I64("now_us", c->now_us));
    if (rc)
        return rc;
    job_runner_wake(c->app->jobs);
    *ret_id = id;
    return RC_OK;
}

/* ---- reading ---- */

static void view_read(struct ctx *c, struct db_rows *q, struct job_view *v)
{
    struct arena *a = c->arena;
    *v = (struct job_view){
        .status = (enum job_status)db_i64(q, "status"),
        .cancel = db_i64(q, "cancel") != 0,
        .result = arena_str(a, db_text(q, "result")),
        .error = arena_str(a, db_text(q, "error")),
        .created_us = db_i64(q, "created_us"),
        .started_us = db_i64(q, "started_us"),
        .finished_us = db_i64(q, "finished_us"),
    };
    v->job = (struct job){
        .id = db_i64(q, "id"),
        .kind = arena_str(a, db_text(q, "kind")),
        .input = arena_str(a, db_text(q, "input")),
        .state = arena_str(a, db_text(q, "state")),
        .done = db_i64(q, "done"),
        .total = db_i64(q, "total"),
        .created_by = db_i64(q, "created_by"),
    };
}

enum rc job_show(struct ctx *c, int64_t id, struct job_view *ret)
{
    struct db_rows *q = db_query(c->db, "job_by_id", DB_I64("id", id));
    bool found = db_next(q);
    if (found)
        view_read(c, q, ret);
    enum rc rc = db_end(q);
    if (rc)
        return rc;
    return found ? RC_OK : ctx_fail(c, RC_NOT_FOUND, "id", "job");
}

enum rc job_list(struct ctx *c, int64_t before, int64_t limit, struct job_view **ret, size_t *ret_count)
{
    struct job_view *list = arena_new_array(c->arena, struct job_view, (size_t)limit);
    size_t count = 0;
    struct db_rows *q = db_query(c->db, "job_list", DB_I64("before", before), DB_I64("limit", limit));
    while (count < (size_t)limit && db_next(q))
        view_read(c, q, &list[count++]);
    enum rc rc = db_end(q);
    if (rc)
        return rc;
    *ret = list;
    *ret_count = count;
    return RC_OK;
}

enum rc job_cancel(struct ctx *c, int64_t id)
{
    enum rc rc = db_run(c->db, "job_cancel_queued", DB_I64("now_us", c->now_us), DB_I64("id", id));
    if (rc || db_changes(c->db))
        return rc;
    rc = db_run(c->db, "job_cancel_running", DB_I64("id", id));
    if (rc || db_changes(c->db))
        return rc;
    return ctx_fail(c, RC_CONFLICT, "status", "ended");
}

/* ---- running ---- */

/* One writing statement of the books, in a transaction of its own. Jobs of a stopped installation run on the command's own
 * connection, those of a server through the pool. */
struct entry {
    int64_t id, now_us, done, total;
    struct str state, result, error;
    enum job_status status;
    bool hit, cancelled;
};

static enum rc keep(struct ctx *c, enum rc (*fn)(struct ctx *c, void *arg), struct entry *e)
{
    struct ctx books = *c; /* the job's own failure stays out of the books */
    ctx_clear(&books);
    e->now_us = clock_now_us();
    return c->app->truth ? db_pool_tx(&books, c->app->truth, fn, e) : db_tx(&books, fn, e);
}

/* Who leases: a process, by an id that tells its server's number too. */
static int64_t owner(void)
{
    static _Atomic int64_t mine;
    int64_t none = 0;
    if (mine == 0)
        atomic_compare_exchange_strong(&mine, &none, id_next());
    return mine;
}

static enum rc take(struct ctx *c, void *arg)
{
    struct entry *e = arg;
    int64_t locked = 0;
    e->hit = false;
    enum rc rc = db_get_i64(c->db, 0, &locked, "job_lock", DB_I64("id", e->id));
    if (rc || !locked)
        return rc;
    rc = db_run(c->db, "job_take", DB_I64("owner", owner()), DB_I64("until_us", e->now_us + LEASE_US), DB_I64("now_us", e->now_us), DB_I64("id", e->id));
    e->hit = !rc && db_changes(c->db) > 0;
    return rc;
}

static enum rc progress(struct ctx *c, void *arg)
{
    struct entry *e = arg;
    int64_t cancel = 0;
    enum rc rc = db_run(c->db, "job_progress", DB_I64("done", e->done), DB_I64("total", e->total), DB_TEXT("state", e->state), DB_I64("until_us", e->now_us + LEASE_US),
                        DB_I64("id", e->id), DB_I64("owner", owner()));
    e->hit = !rc && db_changes(c->db) > 0;
    if (!rc)
        rc = db_get_i64(c->db, 1, &cancel, "job_cancelled", DB_I64("id", e->id));
    e->cancelled = cancel != 0;
    return rc;
}

static enum rc finish(struct ctx *c, void *arg)
{
    struct entry *e = arg;
    return db_run(c->db, "job_finish", DB_I64("status", e->status), DB_TEXT("result", e->result), DB_TEXT("error", e->error),
                  DB_I64("finished_us", e->status == JOB_QUEUED ? 0 : e->now_us), DB_I64("id", e->id), DB_I64("owner", owner()));
}

static void tell(struct ctx *c, int64_t id)
{
    struct job_view view;
    struct ctx own = {.arena = arena_new(), .app = c->app, .db = c->db, .now_us = c->now_us};
    if (hooks.changed && job_show(&own, id, &view) == RC_OK)
        hooks.changed(&own, &view);
    arena_free(own.arena);
}

enum rc job_progress(struct ctx *c, struct job *job, int64_t done, int64_t total, struct str state_json)
{
    struct entry e = {.id = job->id, .done = done, .total = total, .state = state_json.len ? state_json : STR("")};
    enum rc rc = keep(c, progress, &e);
    if (rc)
        return rc;
    job->done = done;
    job->total = total;
    tell(c, job->id);
    return !e.hit || e.cancelled || job_runner_stopping(c->app->jobs) ? RC_GONE : RC_OK;
}

/* How the job ended, from what its function returned: a stop of the program puts it back into the queue. */
static enum rc job_close(struct ctx *c, int64_t id, enum rc run, struct str result)
{
    int64_t cancel = 0;
    enum rc rc = db_get_i64(c->db, 0, &cancel, "job_cancelled", DB_I64("id", id));
    struct entry e = {.id = id, .result = STR(""), .error = STR("")};
    if (run == RC_OK)
        e.status = JOB_DONE, e.result = result.len ? result : STR("{}");
    else if (run == RC_GONE)
        e.status = cancel ? JOB_CANCELLED : JOB_QUEUED;
    else
        e.status = JOB_FAILED, e.error = arena_printf(c->arena, "%s %s %s", rc_name(run), c->error.field, c->error.cause);
    if (e.status == JOB_FAILED)
        log_error("job.failed", LOG_I("job", id), LOG_S("why", e.error));
    e.error = str_trim(e.error);
    if (!rc)
        rc = keep(c, finish, &e);
    if (!rc)
        tell(c, id);
    return rc;
}

enum rc job_execute(struct ctx *c, int64_t id, enum rc *ret_run)
{
    struct job_view view;
    struct entry e = {.id = id};
    struct str result = STR_NULL;
    enum rc rc = keep(c, take, &e);
    if (rc || !e.hit)
        return rc ? rc : RC_CONFLICT;
    rc = job_show(c, id, &view);
    if (rc)
        return rc;
    const struct job_kind *kind = job_kind_find(view.job.kind);
    c->now_us = clock_now_us();
    tell(c, id);
    *ret_run = kind ? kind->run(c, &view.job, &result) : ctx_fail(c, RC_INTERNAL, "kind", "unknown");
    return job_close(c, id, *ret_run, result);
}

enum rc job_run_now(struct ctx *c, int64_t id)
{
    enum rc run = RC_OK, rc = job_execute(c, id, &run);
    return rc ? rc : run;
}
