/* What the files of src/job share. */
#ifndef ZX_JOB_JOB_PRIV_H
#define ZX_JOB_JOB_PRIV_H

#include "job/job.h"

/* Takes the lease of a job that is due and runs it to its end, its cancellation, or the program's. *ret_run: RC_OK, RC_GONE or why it
 * failed; the return value tells only whether the books could be kept. */
enum rc job_execute(struct ctx *c, int64_t id, enum rc *ret_run) ZX_MUST_CHECK;
bool job_runner_stopping(const struct job_runner *r);
/* A job was added: look soon. NULL is fine. */
void job_runner_wake(struct job_runner *r);

#endif
