/* Between the files of the PostgreSQL driver: postgres_conn.c (one connection: made, waited on, lost and made again),
 * postgres_pipe.c (statements that are not waited for), postgres_tx.c (transactions and what became of them), postgres.c
 * (statements, values, rows), flush.c, which syncs, and session.c, which listens. */
#ifndef ZX_DB_POSTGRES_PRIV_H
#define ZX_DB_POSTGRES_PRIV_H

#include "db/db_priv.h"
#include "db/line.h"

#include <endian.h>
#include <libpq-fe.h>
#include <stdatomic.h>

/* Types by the number that stands in every PostgreSQL's pg_type. */
enum {
    OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_FLOAT4 = 700, OID_FLOAT8 = 701,
    OID_BYTEA_ARRAY = 1001, OID_INT8_ARRAY = 1016, OID_VARCHAR = 1043, OID_NUMERIC = 1700,
};

/* The last `width` bytes of a number, as the binary forms of values have them. */
static inline void pg_add_be(struct buf *out, uint64_t v, size_t width)
{
    v = htobe64(v);
    buf_add(out, str_n((const char *)&v + sizeof(v) - width, width));
}

struct pg_conn {
    PGconn *pg; /* NULL: given up */
    char *url;
    struct db_line *line, *own_line; /* shared by a pool; own_line when nobody shares */
    char *schema; /* of a derived store: its tables alone are meant; NULL: the truth's own connection */
    int64_t work_kib; /* what a query of it may use */
    bool read_only;
    bool sync_later; /* a writer whose commits are on disk only after a flusher's sync */
    bool flushes;    /* a flusher's */
    bool asks;       /* of questions that are answered at once: two seconds of silence are its end, nobody is asked about them */
    bool in_tx;
    unsigned generation;                       /* of the connection: what was prepared on an older one is gone */
    unsigned epoch;                            /* of the line, when it was made */
    unsigned statements;                       /* named so far */
    struct pg_ahead *ahead;                    /* queries sent before they are asked, in order; of the transaction that is open */
    size_t ahead_count, ahead_cap, ahead_read; /* ahead_read: those whose answers are here */
    size_t owed;                               /* statements sent of which the answers are not read yet; the connection is in pipeline mode meanwhile */
    void (*meanwhile)(void *arg);              /* called while an answer is waited for; NULL: nobody has anything to do */
    void *meanwhile_arg;
    int64_t changes;
    char error[512];
    enum rc last_rc;

    /* A writer's: its row in the table `writer` holds the number of its last transaction that committed. */
    int64_t id, number;        /* of the row; of the transaction that is open or was last */
    _Atomic int64_t committed; /* the last of which that is known */
    int64_t doubt;             /* a transaction of which nobody knows yet whether it was done; 0: none */
    bool done;                 /* the last one that was in doubt had been done */
    char backend[64];          /* when the server's process of this connection began */
    int backend_pid;
};

/* ---- connection ---- */

/* RC_DATABASE_AWAY: can't be reached now; RC_INVALID: no such URL, or not such a database. */
enum rc pg_open(struct pg_conn *conn) ZX_MUST_CHECK;
void pg_close(struct pg_conn *conn);
/* Connects anew and no more, whatever others know of the server: for who looks after a connection of his own. */
enum rc pg_connect(struct pg_conn *conn) ZX_MUST_CHECK;
/* Makes a broken or suspect connection again, outside of a transaction only. */
enum rc pg_ensure(struct pg_conn *conn) ZX_MUST_CHECK;
/* Records a failure; the rc comes back. */
enum rc pg_failed_with(struct pg_conn *conn, enum rc rc, const char *why) ZX_MUST_CHECK;
/* The same from a result; NULL: of the connection itself. */
enum rc pg_failed(struct pg_conn *conn, const PGresult *result) ZX_MUST_CHECK;
/* A derived store's writer holds locks and temporary tables, which end with the connection: it is never made a second time. */
static inline bool pg_is_made_once(const struct pg_conn *conn)
{
    return conn->schema && !conn->read_only;
}
/* What a derived store's writers are known by: they change nothing that others follow. */
#define PG_DERIVED "zhixin derived"
static inline bool pg_is_up(const struct pg_conn *conn)
{
    return conn->pg && PQstatus(conn->pg) == CONNECTION_OK;
}

/* What a flusher runs: the number of the writer's last transaction, and a mark, a message of logical decoding that nobody reads; being
 * transactional it makes a commit, with its sync. */
#define PG_FLUSH "flush"
#define PG_PREPARE_FLUSH "PREPARE " PG_FLUSH " (bigint) AS SELECT (SELECT number FROM writer WHERE id = $1), pg_logical_emit_message(true, 'zhixin', '')"

/* ---- sending and waiting ---- */

/* Waits until the next result of what was sent is here; NULL: there is none left, or the connection is gone. A server that keeps
 * silent is asked by a second connection whether it is still at work; if not, the first one is given up. */
PGresult *pg_next(struct pg_conn *conn);
/* The first error, or the last result, of what was sent; `sent` is what libpq's sending function returned. */
PGresult *pg_answer(struct pg_conn *conn, int sent);

/* Runs text of no parameters; of several statements the last one's first cell goes into `ret_cell`, which may be NULL. */
enum rc pg_run(struct pg_conn *conn, const char *text, char *ret_cell, size_t size) ZX_MUST_CHECK;
void pg_hang_up(struct pg_conn *conn);

/* ---- owing answers ---- */

enum { PG_IN_FLIGHT = 256 }; /* statements sent before their answers are read: both sides' buffers stay small */

/* Before something is sent that nobody waits for; whoever sent it counts it in conn->owed. */
enum rc pg_owe(struct pg_conn *conn) ZX_MUST_CHECK;
/* Waits for all that is owed; RC_OK when nothing is. The first error of one is everybody's. */
enum rc pg_settle(struct pg_conn *conn) ZX_MUST_CHECK;
/* The same, with a statement sent behind them, whose answer is the caller's to read and clear; NULL when there came none. */
enum rc pg_settle_last(struct pg_conn *conn, PGresult **ret) ZX_MUST_CHECK;
/* The answers of `count` statements without rows that were sent in pipeline mode. */
enum rc pg_read_answers(struct pg_conn *conn, size_t count) ZX_MUST_CHECK;

/* ---- COPY (postgres_copy.c): many rows into a table, inside its connection's transaction ---- */

struct pg_copy;
enum rc pg_copy_begin(struct pg_conn *conn, const char *table, struct pg_copy **ret) ZX_MUST_CHECK;
/* Cells in the order of columns. */
void pg_copy_i64(struct pg_copy *p, int64_t v);
void pg_copy_bytes(struct pg_copy *p, struct str v);
void pg_copy_null(struct pg_copy *p);
enum rc pg_copy_row(struct pg_copy *p) ZX_MUST_CHECK; /* ends the row; now and then sends some */
enum rc pg_copy_end(struct pg_copy *p) ZX_MUST_CHECK; /* also frees it */

/* A query that was sent before it is asked. */
struct pg_ahead {
    const void *stmt;
    char *bound; /* its values, see pg_ahead_add() */
    size_t bound_len;
    size_t at; /* its place among what was owed when it was sent */
    PGresult *result;
    bool taken;
};
/* Notes that what is sent next, as the connection's next owed answer, is of this statement with these values. */
void pg_ahead_add(struct pg_conn *conn, const void *stmt, struct str bound);
/* Is the same under way, or here and not asked yet? */
bool pg_ahead_has(struct pg_conn *conn, const void *stmt, struct str bound);
/* The answer that lies ready, the caller's from now on; what is still owed is waited for, and its first error is this one's, too. NULL: it
 * was not asked ahead. */
enum rc pg_ahead_take(struct pg_conn *conn, const void *stmt, struct str bound, PGresult **ret) ZX_MUST_CHECK;
/* At the end of a transaction. */
void pg_ahead_forget(struct pg_conn *conn);

/* ---- transactions ---- */

/* What every connection is told: no message of a row's values in our log; nothing waits for ever. */
#define PG_SETTINGS "SET standard_conforming_strings = on; SET client_min_messages = error; SET jit = off; SET lock_timeout = '30s';"

/* Of the truth's own connections, whose statements go by index. A plan is kept, and one that was made while a table was nearly empty
 * reads all of it, for each of a list of hundreds anew: half a second a statement a few moments later, until the server's next ANALYZE. */
#define PG_BY_INDEX "SET enable_seqscan = off;"

/* What a writer's connection needs when it is new, and what became of what the one before it left open. */
enum rc pg_set_up_writer(struct pg_conn *conn) ZX_MUST_CHECK;
/* See db_tx_turn(). */
enum rc pg_turn(struct pg_conn *conn, void (*meanwhile)(void *arg), void *arg) ZX_MUST_CHECK;
/* Runs text of no parameters, knowing BEGIN, COMMIT and ROLLBACK of db_tx(). */
enum rc pg_script(struct pg_conn *conn, const char *text) ZX_MUST_CHECK;

#endif
