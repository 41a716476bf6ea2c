/* Durable background work: a row with a lease, progress and a result. The page shows a bar, a restart resumes it,
 * a person can cancel it. One thread runs jobs, one at a time. */
#ifndef ZX_JOB_JOB_H
#define ZX_JOB_JOB_H

#include "base/ctx.h"
#include "db/db.h"
#include "json/json.h"

struct job {
    int64_t id;
    struct str kind;
    struct str input;    /* JSON object given at job_add */
    struct str state;    /* JSON object the job saved last; empty at the first run */
    int64_t done, total; /* progress; total 0: unknown */
    int64_t created_by;  /* staff id, 0: a command */
};

struct job_kind {
    const char *name; /* "import", "rebuild", … */
    /* MUST be resumable: it reads job->state, calls job_progress() now and then, and returns RC_OK when finished with a JSON object in
     * *ret_result. MUST return RC_GONE soon after job_progress() answers so (cancelled or the program stops). */
    enum rc (*run)(struct ctx *c, struct job *job, struct str *ret_result);
    const char *need; /* permission to start, see and cancel it */
};

/* Makes kinds known, before jobs are added or run; the list ends with .name == NULL and stays. NULL is fine. */
void job_register(const struct job_kind *kinds);
const struct job_kind *job_kind_find(struct str name); /* NULL if unknown */

/* Adds a job inside the caller's transaction; the runner takes it after the commit. An unknown kind aborts. */
enum rc job_add(struct ctx *c, const char *kind, struct str input_json, int64_t total, int64_t *ret_id) ZX_MUST_CHECK;
/* Saves progress (and state, if not empty) durably; renews the lease. RC_GONE: stop now. */
enum rc job_progress(struct ctx *c, struct job *job, int64_t done, int64_t total, struct str state_json) ZX_MUST_CHECK;
/* Runs a queued job to its end in the calling thread, for commands on a stopped installation. The rc is the job's own. */
enum rc job_run_now(struct ctx *c, int64_t id) ZX_MUST_CHECK;

/* A job as people see it. */
enum job_status { JOB_QUEUED = 1, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };
struct job_view {
    struct job job;
    enum job_status status;
    bool cancel;       /* asked to stop */
    struct str result; /* JSON object, empty until done */
    struct str error;  /* code of enum rc, empty unless failed */
    int64_t created_us, started_us, finished_us;
};
enum rc job_show(struct ctx *c, int64_t id, struct job_view *ret) ZX_MUST_CHECK; /* RC_NOT_FOUND */
/* Newest first, with ids below `before`; at most `limit`, in the context's arena. */
enum rc job_list(struct ctx *c, int64_t before, int64_t limit, struct job_view **ret, size_t *ret_count) ZX_MUST_CHECK;
/* Asks a job to stop, inside the caller's transaction. RC_CONFLICT when it has ended already. */
enum rc job_cancel(struct ctx *c, int64_t id) ZX_MUST_CHECK;
/* What this folder needs of the layers above it; set once at start, each may be NULL. */
struct job_hooks {
    void (*changed)(struct ctx *c, const struct job_view *view); /* progress and ends, on the thread that runs the job */
    int64_t (*creator)(const struct ctx *c);                     /* staff id of the actor */
};
void job_hook(const struct job_hooks *hooks);

struct job_runner;
struct job_runner *job_runner_start(struct app *app); /* and sets app->jobs */
void job_runner_stop(struct job_runner *r);           /* lets the running job save itself; NULL is fine */

extern const struct db_sql job_sql[];
extern const struct db_migration job_migrations[];
/* The routes of jobs and the module's descriptor stand in access/job_routes.c: this folder lies below http. */

#endif
