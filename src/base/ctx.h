/* struct ctx: what one request or one job works with. First parameter of every domain call. */
#ifndef ZX_BASE_CTX_H
#define ZX_BASE_CTX_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/rc.h"

struct app;      /* the installation, app/app.h */
struct db;       /* db/db.h */
struct vault;    /* vault/vault.h */
struct request;  /* http/route.h */
struct field;    /* a row of a field table, json/json.h */
struct actor;    /* who acts, access/access.h; NULL for the program itself */

struct ctx_error {
    enum rc rc;
    char field[64];    /* as it stands on the wire, "" if none */
    const struct field *known; /* of an unknown member: the table of those there are; NULL of all else */
    char cause[128];   /* a constant word such as "malformed" or "too_long", or a short text without personal values */
};

struct ctx {
    struct arena *arena;
    struct app *app;
    struct db *db;        /* the truth: a reader, or the writer inside db_tx() */
    struct db *warehouse; /* NULL until opened */
    struct vault *vault;
    const struct actor *actor;
    const struct request *request; /* that is being answered, for its language; NULL in commands and jobs */
    int64_t now_us;
    int64_t request_id;
    struct ctx_error error;
};

/* Records why and returns rc, so that a failure is one act: return ctx_fail(c, RC_INVALID, "email", "malformed");
 * The first failure of a request stays. `field` may be NULL. */
enum rc ctx_fail(struct ctx *c, enum rc rc, const char *field, const char *cause);
/* Forgets a failure that was dealt with. */
void ctx_clear(struct ctx *c);

#endif
