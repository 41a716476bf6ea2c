/* Connections of one SQLite file or PostgreSQL database: readers to borrow, and the one writer behind a lock.
 *
 * Committing and syncing are two acts: what a transaction wrote is seen by others at once, and is on disk after the next
 * sync of the log. So the next transaction can be made while the one before is being synced. Nobody may be told of a commit,
 * and nothing derived from it may be kept elsewhere, before it is on disk. */
#ifndef ZX_DB_POOL_H
#define ZX_DB_POOL_H

#include "db/db.h"

struct db_pool;

/* `where`: a path or a postgres:// URL, see db_open(). */
enum rc db_pool_open(const char *where, struct db_pool **ret) ZX_MUST_CHECK;
void db_pool_close(struct db_pool *p);
enum db_engine db_pool_engine(const struct db_pool *p);
/* Borrows a reader, opening one when all are lent. Give it back on every path. */
enum rc db_pool_reader(struct db_pool *p, struct db **ret) ZX_MUST_CHECK;
void db_pool_give(struct db_pool *p, struct db *reader);
/* Waits for the writer. Whoever holds it runs db_tx() on it; keep it short. */
struct db *db_pool_lock_writer(struct db_pool *p);
void db_pool_unlock_writer(struct db_pool *p);
/* A connection of its own to the pool's database, for who keeps something beside the truth there (options' schema). What it writes is
 * derived, and can be made again: its transactions take no turn with the truth's, hold no follower of changes up, and are on disk a
 * moment after they are answered. A writer ends with its first connection (db_is_broken()). The caller closes it. */
enum rc db_pool_connect(struct db_pool *p, const struct db_options *options, struct db **ret) ZX_MUST_CHECK;
/* For quiet times: closes the readers that nobody needs, and empties the page caches of the others. */
void db_pool_rest(struct db_pool *p);

/* How it stands with the server behind it. A file is always there; of its disk each write tells. */
struct db_pool_state {
    bool away, full;         /* a server can't be reached; has no room for what is written */
    int64_t losses, away_ms; /* connections found broken so far; since when it is away */
};
void db_pool_state(struct db_pool *p, struct db_pool_state *ret);
/* Can something be read now? Tries, as any reader would. */
enum rc db_pool_check(struct db_pool *p) ZX_MUST_CHECK;

/* Runs fn as db_tx() on the writer of the pool, c->db being the writer meanwhile; on disk when it returns. */
enum rc db_pool_tx(struct ctx *c, struct db_pool *p, enum rc (*fn)(struct ctx *c, void *arg), void *arg) ZX_MUST_CHECK;
/* The same, on disk only after the next db_pool_sync(). */
enum rc db_pool_tx_unsynced(struct ctx *c, struct db_pool *p, enum rc (*fn)(struct ctx *c, void *arg), void *arg) ZX_MUST_CHECK;
/* Puts on disk what was committed before the call; from any thread. A disk that refuses ends the process: what it then holds
 * can't be known, so the next start recovers. RC_DATABASE_AWAY: it is there or not, nobody knows yet; should a server have lost
 * it in a breakdown, this process ends when it hears of it. */
enum rc db_pool_sync(struct db_pool *p) ZX_MUST_CHECK;
/* Before what was read, of other servers too, is remembered for longer than the database may remember it: what a server holds is
 * put on disk; a file ends together with whoever read it. */
enum rc db_pool_sync_read(struct db_pool *p) ZX_MUST_CHECK;
/* The database forgot transactions that this process knows of: it ends, and its supervisor starts one that knows the truth. */
_Noreturn void db_lost(void);

#endif
