/* The context of a request or job. */
#include "base/ctx.h"

#include <assert.h>
#include <stdio.h>

enum rc ctx_fail(struct ctx *c, enum rc rc, const char *field, const char *cause)
{
    assert(rc != RC_OK);
    if (c->error.rc != RC_OK)
        return rc;
    c->error.rc = rc;
    snprintf(c->error.field, sizeof(c->error.field), "%s", field ? field : "");
    snprintf(c->error.cause, sizeof(c->error.cause), "%s", cause ? cause : "");
    return rc;
}

void ctx_clear(struct ctx *c)
{
    c->error = (struct ctx_error){.rc = RC_OK};
}
