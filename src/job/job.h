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
    struct str input;          /* JSON object given at job_add */
    struct str state;          /* JSON object the job saved last; empty at the first run */
    int64_t done, total;       /* progress; total 0: unknown */
    int64_t created_by;        /* staff id, 0: a command */
};

struct job_kind {
    const char *name;          /* "import", "rebuild", … */
    /* MUST be resumable: it reads job->state, calls job_progress() now and then, and returns RC_OK when finished with a JSON object in
     * *ret_result. MUST return RC_GONE soon after job_progress() answers so (cancelled or the program stops). */
    enum rc (*run)(struct ctx *c, struct job *job, struct str *ret_result);
    const char *need;          /* permission to start, see and cancel it */
};

enum rc job_add(struct ctx *c, const char *kind, struct str input_json, int64_t total, int64_t *ret_id) ZX_MUST_CHECK;
/* Saves progress (and state, if not empty) durably; renews the lease. RC_GONE: stop now. */
enum rc job_progress(struct ctx *c, struct job *job, int64_t done, int64_t total, struct str state_json) ZX_MUST_CHECK;
/* Runs a job to its end in the calling thread, for commands on a stopped installation. */
enum rc job_run_now(struct ctx *c, int64_t id) ZX_MUST_CHECK;

struct job_runner;
struct job_runner *job_runner_start(struct app *app);
void job_runner_stop(struct job_runner *r);

extern const struct db_sql job_sql[];
extern const struct db_migration job_migrations[];

#endif
