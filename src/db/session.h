/* What a server holds at a PostgreSQL truth as long as it lives: a number that no other server of that truth has, and an ear
 * for what the others commit. Both hang on one connection, so that they end with the process, however it ends.
 *
 * An embedded truth has one server; it needs neither. */
#ifndef ZX_DB_SESSION_H
#define ZX_DB_SESSION_H

#include "db/db.h"

struct db_session;

/* A server's number is the advisory lock (this, number). */
enum { SESSION_NODE_LOCKS = 7521 };

struct db_session_hooks {
    /* Another server committed: "change"; or any server, perhaps this one, a transaction with a word given to db_tell(); or another said
     * something by db_session_say(). Empty: the connection was away, anything may have happened. On the session's own thread; must not
     * wait long. */
    void (*told)(void *arg, struct str word);
    void (*node)(void *arg, unsigned number); /* 0 to 1023; at the start, and when another had to be taken after a breakdown */
    void *arg;
};
/* Takes a number and listens. RC_DATABASE_AWAY; RC_BUSY: all numbers are taken. */
enum rc db_session_start(const char *url, const struct db_session_hooks *hooks, struct db_session **ret) ZX_MUST_CHECK;
/* Gives the number back and hears nothing any more; what is still said is lost. NULL is fine, to both. */
void db_session_stop(struct db_session *s);
void db_session_free(struct db_session *s); /* once stopped, and nobody says anything any more */
/* Says something to the other servers, soon and outside of all transactions: "word text…", at most SESSION_SAID_MAX bytes. For
 * what may be lost: a breakdown, or too much at once, loses it. From any thread; NULL is fine. */
enum { SESSION_SAID_MAX = 7900 }; /* PostgreSQL takes less than 8,000 */
void db_session_say(struct db_session *s, struct str said);
/* Something was committed here: the others are told "change", soon, and once of however much comes until then. */
void db_session_committed(struct db_session *s);

#endif
