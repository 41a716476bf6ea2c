/* Puts on disk what a PostgreSQL server was told to commit without waiting for its disk (synchronous_commit = off): the other
 * half of a commit, so that the next transaction is made while the one before is being synced. A server that breaks down in
 * between forgets the newest transactions, always a tail of them; whoever remembers one of those must start anew. */
#ifndef ZX_DB_FLUSH_H
#define ZX_DB_FLUSH_H

#include "base/rc.h"

struct db;
struct db_flusher;

/* For the transactions of `writer`, a PostgreSQL connection; connects when first asked. */
struct db_flusher *flusher_new(struct db *writer);
void flusher_free(struct db_flusher *f); /* NULL is fine */

/* Whatever anybody committed before the call is on disk, and on the disks of the server's synchronous standbys. From any thread;
 * who comes while others wait shares their sync. RC_DATABASE_AWAY: nobody knows yet. Ends the process when the server lost what
 * the writer committed, see db_lost(). */
enum rc flusher_run(struct db_flusher *f) ZX_MUST_CHECK;

#endif
