/* Error codes: the table behind rc.h. */
#include "base/rc.h"

#include <assert.h>

static const struct {
    int http;
    const char *key;
} table[] = {
#define X(sym, http, key) [RC_##sym] = {http, key},
    RC_LIST(X)
#undef X
};

int rc_http(enum rc rc)
{
    assert(rc < RC_COUNT);
    return table[rc].http;
}

const char *rc_key(enum rc rc)
{
    assert(rc < RC_COUNT);
    return table[rc].key;
}

const char *rc_name(enum rc rc)
{
    const char *key = rc_key(rc);
    return rc == RC_OK ? key : key + sizeof("error.") - 1;
}
