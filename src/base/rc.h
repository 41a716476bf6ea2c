/* The one list of error codes: symbol, HTTP status, and the key of the message in i18n/.
 * A code never changes its meaning; detail (field, cause) goes into the context, see ctx.h. */
#ifndef ZX_BASE_RC_H
#define ZX_BASE_RC_H

#define RC_LIST(X)                                    \
    X(OK, 200, "ok")                                  \
    X(BAD_REQUEST, 400, "error.bad_request")          \
    X(UNAUTHENTICATED, 401, "error.unauthenticated")  \
    X(DENIED, 403, "error.denied")                    \
    X(NOT_FOUND, 404, "error.not_found")              \
    X(METHOD, 405, "error.method")                    \
    X(CONFLICT, 409, "error.conflict")                \
    X(GONE, 410, "error.gone")                        \
    X(STALE, 412, "error.stale")                      \
    X(TOO_LARGE, 413, "error.too_large")              \
    X(MEDIA_TYPE, 415, "error.media_type")            \
    X(INVALID, 422, "error.invalid")                  \
    X(NEEDS_REV, 428, "error.needs_rev")              \
    X(LIMIT, 429, "error.limit")                      \
    X(STORE, 500, "error.store")                      \
    X(INTERNAL, 500, "error.internal")                \
    X(BUSY, 503, "error.busy")                        \
    X(DATABASE_AWAY, 503, "error.database_away")      \
    X(VAULT_DOWN, 503, "error.vault_down")            \
    X(DISK_FAILING, 503, "error.disk_failing")        \
    X(NO_MEMORY, 503, "error.no_memory")              \
    X(DISK_FULL, 507, "error.disk_full")

enum rc {
#define X(sym, http, key) RC_##sym,
    RC_LIST(X)
#undef X
        RC_COUNT
};

#define ZX_MUST_CHECK __attribute__((warn_unused_result))

/* HTTP status of a code, e.g. 422 for RC_INVALID. */
int rc_http(enum rc rc);
/* Key of the message in i18n/, e.g. "error.invalid". */
const char *rc_key(enum rc rc);
/* The code as it stands on the wire, lower case, e.g. "invalid". */
const char *rc_name(enum rc rc);

#endif
