/* Imports over HTTP: a file as body starts a job, the job's page shows it, its refused rows can be fetched. The command of
 * the same machine names a file instead, which the server then reads in place. */
#include "intake/import_priv.h"

#include "base/limits.h"
#include "db/pool.h"

#include <sys/stat.h>
#include <unistd.h>

struct adding {
    struct import_request request;
    struct reply *p;
};

static enum rc add_in_tx(struct ctx *c, void *arg)
{
    struct adding *a = arg;
    int64_t job;
    enum rc rc = import_add(c, &a->request, &job);
    if (rc)
        return rc;
    jw_object(&a->p->json);
    jw_kv_id(&a->p->json, "job", job);
    jw_object_end(&a->p->json);
    return RC_OK;
}

/* Only the installation's owner, through the command line, may name a file of the machine. */
static bool is_command_line(const struct ctx *c)
{
    return c->actor && c->actor->staff_id == 0 && c->actor->key_id == 0;
}

static enum rc read_request(struct ctx *c, const struct request *r, struct import_request *ret)
{
    struct str dry = request_query(r, "dry_run"), path = request_query(r, "path");
    *ret = (struct import_request){
        .kind = request_query(r, "kind"), .store = request_query(r, "store"), .map = request_query(r, "map"), .dry_run = str_eqz(dry, "true") || str_eqz(dry, "1")};
    if (!import_kind_of(ret->kind))
        return ctx_fail(c, RC_INVALID, "kind", "not_a_choice");
    if (path.len) {
        ret->path = path;
        ret->map = r->body;
        return is_command_line(c) ? RC_OK : ctx_fail(c, RC_DENIED, "path", "command_line_only");
    }
    return r->body.len ? import_upload_keep(c, r->body, &ret->path) : ctx_fail(c, RC_INVALID, "file", "empty");
}

enum rc import_post(struct ctx *c, const struct request *r, struct reply *p)
{
    struct adding a = {.p = p};
    bool replayed = false;
    enum rc rc = read_request(c, r, &a.request);
    p->status = 202;
    if (rc == RC_OK)
        rc = request_tx(c, r, add_in_tx, &a, &replayed);
    if (rc || replayed) /* the job that the first one started has its own copy */
        import_upload_drop(a.request.path);
    return rc;
}

/* Of uploads only: a file of the command line has its refusals beside it, out of our sight. */
enum rc import_refused(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t id;
    struct job_view job;
    struct stat st;
    enum rc rc = request_param_id(c, r, 0, &id);
    if (rc == RC_OK)
        rc = job_show(c, id, &job);
    if (rc)
        return rc;
    const char *path = arena_printf(c->arena, "%s/imports/%lld.refused.csv", c->app->data_dir, (long long)id).ptr;
    if (!str_eqz(job.job.kind, "import") || stat(path, &st) != 0)
        return ctx_fail(c, RC_NOT_FOUND, "id", "no_refused_rows");
    p->content_type = "text/csv; charset=utf-8";
    p->file = path;
    reply_header(p, "Content-Disposition", STR("attachment; filename=\"refused.csv\""));
    return RC_OK;
}
