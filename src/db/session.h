/* What a server holds at a PostgreSQL truth as long as it lives: a number that no other server of that truth has, and an ear
 * for what the others commit. Both hang on one connection, so that they end with the process, however it ends.
 *
 * An embedded truth has one server; it needs neither. */
#ifndef ZX_DB_SESSION_H
#define ZX_DB_SESSION_H

#include "db/db.h"

struct db_session;

struct db_session_hooks {
    /* A server, perhaps this one, committed: "change" (rows of change) or a word given to db_tell(). An empty word: the
     * connection was away, anything may have happened. On the session's own thread; must not wait long. */
    void (*told)(void *arg, struct str word);
    void (*node)(void *arg, unsigned number); /* 0 to 1023; at the start, and when another had to be taken after a breakdown */
    void *arg;
};
/* Takes a number and listens. RC_BUSY: the database is away, or all numbers are taken. */
enum rc db_session_start(const char *url, const struct db_session_hooks *hooks, struct db_session **ret) ZX_MUST_CHECK;
void db_session_stop(struct db_session *s); /* NULL is fine */

#endif
