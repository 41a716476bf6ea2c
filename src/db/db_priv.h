/* Between db.c (names, parameters, caching, transactions) and the drivers (one engine each). */
#ifndef ZX_DB_DB_PRIV_H
#define ZX_DB_DB_PRIV_H

#include "db/db.h"

enum db_step { DB_STEP_ROW, DB_STEP_DONE, DB_STEP_FAILED };

/* What an engine offers. Parameters are bound by position from 1; db.c has turned names into positions. */
struct db_driver {
    enum db_engine engine;
    const char *parameter_mark;  /* "?1" for SQLite, "$1" for PostgreSQL, "$p1" for DuckDB, which then allows gaps */
    bool arrays;                 /* "x IN ($list[])" becomes "x = ANY (…)" of one array */
    const char *bigint, *bytes, *text, *strict, *clustered; /* what $BIGINT, $BYTES, $TEXT, $STRICT, $CLUSTERED become */
    const char *passing;         /* what $PASSING becomes: behind a temporary table whose rows nobody needs after the transaction */
    const char *change_seq;      /* what $CHANGE_SEQ becomes: a column that numbers itself in the order of commits */
    const char *before_all, *after_all; /* run before and behind the tables that stand before all migrations; NULL: nothing */
    const char *begin;           /* statement that opens a writing transaction */
    bool late_columns;           /* a statement's columns are only sure once it runs */
    void (*close)(void *conn);
    enum rc (*prepare)(void *conn, const char *text, void **ret_stmt);
    void (*finalize)(void *stmt);
    enum rc (*bind)(void *stmt, int position, const struct db_arg *arg);
    enum db_step (*step)(void *stmt);
    void (*reset)(void *stmt);
    /* Sends a bound statement without rows, and resets it; what becomes of it shows at the next step, script or batch of the
     * connection. NULL: there is nothing to gain. */
    enum rc (*later)(void *stmt);
    /* Sends a bound query, and resets it; its answer is kept for the next time that it is stepped with the same values. NULL: there
     * is nothing to gain. */
    enum rc (*ahead)(void *stmt);
    void (*forget)(void *conn); /* what was asked ahead, of a reader that goes to somebody else; NULL with `ahead` */
    /* Runs a statement without rows for each of `count` bindings, in fewer round trips than rows; NULL: one by one will do. */
    enum rc (*batch)(void *stmt, size_t count, enum rc (*bind_row)(void *arg, size_t row), void *arg);
    int (*column_count)(void *stmt);
    const char *(*column_name)(void *stmt, int column);
    enum db_type (*column_type)(void *stmt, int column);
    int64_t (*column_i64)(void *stmt, int column);
    double (*column_double)(void *stmt, int column);
    struct str (*column_bytes)(void *stmt, int column);
    enum rc (*script)(void *conn, const char *text);
    int64_t (*changes)(void *conn);
    const char *(*error)(void *conn);
    enum rc (*error_rc)(void *conn);   /* of the last failed step or script */
    /* See db_tx_turn(). NULL: a transaction's turn has come when it is open. */
    enum rc (*turn)(void *conn, void (*meanwhile)(void *arg), void *arg);
    bool (*is_broken)(void *conn);     /* see db_is_broken(); NULL: never */
    bool (*in_doubt)(void *conn);      /* is it unknown whether the last transaction was done? NULL: a COMMIT always tells */
};

/* Of SQLite only: `fn` runs after each commit of this connection, on its thread, with the pages in the write-ahead log; then
 * nothing is carried over by itself. NULL: nobody asks. */
void db_sqlite_on_commit(struct db *db, void (*fn)(void *arg, int pages), void *arg);
/* Carries over what the log holds, as far as no reader needs it, without making anybody wait. Not an error: somebody else does it. */
enum rc db_sqlite_checkpoint(struct db *db) ZX_MUST_CHECK;
/* What this connection writes to its file, on this thread, goes to the disk a few pages at a time, so that others who sync on
 * that disk are never behind thousands: a device's queue holds a hundred or so, and who comes when it is full waits for a timer.
 * `fd` is of the same file; -1: as it comes. */
void db_sqlite_pace(struct db *db, int fd);

/* Wraps an engine's open connection; db_close() closes it. */
struct db *db_wrap(const struct db_driver *driver, void *conn);
void *db_connection(struct db *db);
const struct db_driver *db_driver(const struct db *db);

#endif
