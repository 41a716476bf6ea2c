/* Transactions of a writer on PostgreSQL, and what became of them.
 *
 * One at a time over all servers, as on SQLite: what a transaction read is true until it commits. BEGIN travels with the first
 * statement that is waited for, COMMIT with the last ones that nobody waited for.
 *
 * A COMMIT without an answer is in doubt: only the server knows, once it is back. The number of the last transaction stands in
 * the writer's own row, so done is done, also after a crash in which the server forgot transactions and gave their ids to others.
 * By the same row a writer whose commits are synced later (flush.h) sees that some were forgotten before they were. */
#include "base/clock.h"
#include "base/log.h"
#include "db/pool.h"
#include "db/postgres_priv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    OUTCOME_WAIT_MS = 5000, /* so long the outcome of a lost COMMIT is asked for before the caller is told that nobody knows */
    OUTCOME_LOOK_MS = 20,
    WRITER_KEPT_DAYS = 30,
};

/* ---- a writer's connection ---- */

/* Large values are packed already: lz4, where the server has it, sees that at once, which pglz takes milliseconds for. */
#define WRITER_SETTINGS                                            \
    PG_SETTINGS PG_BY_INDEX "SET idle_in_transaction_session_timeout = '60s';" \
                "SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals);"
/* What each transaction begins with: the turn among writers, and its number. Parsed and planned anew they were a sixth of what a small one costs. */
#define TURN_AND_NUMBER                                                                                      \
    "PREPARE turn AS SELECT pg_advisory_xact_lock(7521042389);"                                              \
    "PREPARE number (bigint, bigint, bigint) AS INSERT INTO writer (id, number, at_us) VALUES ($1, $2, $3) " \
    "ON CONFLICT (id) DO UPDATE SET number = excluded.number, at_us = excluded.at_us;"
/* A cluster commits on several servers, in two phases that rest on the disk of the first: there each commit is synced at once. */
#define SYNCED_LATER "SELECT set_config('synchronous_commit', CASE WHEN count(*) > 0 THEN 'on' ELSE 'off' END, false) FROM pg_extension WHERE extname = 'citus';"
#define SYNCED_AT_ONCE "SET synchronous_commit = on;"
#define BACKEND_START "SELECT extract(epoch FROM backend_start)::text FROM pg_stat_activity WHERE pid = "

/* The server's process of the connection before may still hold the lock of writers, or be about to commit: it ends first. */
static enum rc end_predecessor(struct pg_conn *conn)
{
    char text[320];
    if (!conn->backend_pid)
        return RC_OK;
    snprintf(text, sizeof(text), "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE pid = %d AND extract(epoch FROM backend_start)::text = '%s'",
             conn->backend_pid, conn->backend);
    return pg_run(conn, text, NULL, 0);
}

static void note_committed(struct pg_conn *conn, int64_t number)
{
    atomic_store(&conn->committed, number);
}

/* The row is written once more, so that what it says is as durable as any commit before anybody is told. If the transaction
 * still ran, this would wait for it. */
static enum rc settle_doubt(struct pg_conn *conn)
{
    char text[160], found[8] = "";
    if (!conn->doubt)
        return RC_OK;
    snprintf(text, sizeof(text), "UPDATE writer SET at_us = at_us WHERE id = %lld AND number = %lld RETURNING 1", (long long)conn->id, (long long)conn->doubt);
    enum rc rc = pg_run(conn, text, found, sizeof(found));
    if (rc)
        return rc;
    log_warn("db.commit_unanswered", LOG_Z("outcome", found[0] ? "committed" : "not committed"));
    conn->done = found[0] != '\0';
    if (conn->done)
        note_committed(conn, conn->doubt);
    conn->doubt = 0;
    return RC_OK;
}

/* Is everything there that this connection was told is committed? */
static enum rc look_for_lost(struct pg_conn *conn)
{
    char text[96], number[24] = "";
    int64_t committed = atomic_load(&conn->committed);
    if (committed == 0)
        return RC_OK;
    snprintf(text, sizeof(text), "SELECT number FROM writer WHERE id = %lld", (long long)conn->id);
    enum rc rc = pg_run(conn, text, number, sizeof(number));
    if (!rc && strtoll(number, NULL, 10) < committed)
        db_lost();
    return rc;
}

enum rc pg_set_up_writer(struct pg_conn *conn)
{
    char text[2048];
    snprintf(text, sizeof(text),
             "%s %s CREATE TABLE IF NOT EXISTS writer (id BIGINT NOT NULL PRIMARY KEY, number BIGINT NOT NULL, at_us BIGINT NOT NULL);" TURN_AND_NUMBER
             "DELETE FROM writer WHERE at_us < %lld",
             WRITER_SETTINGS, conn->sync_later ? SYNCED_LATER : SYNCED_AT_ONCE, (long long)(clock_now_us() - WRITER_KEPT_DAYS * US_PER_DAY));
    enum rc rc = pg_run(conn, text, NULL, 0);
    if (!rc)
        rc = end_predecessor(conn);
    if (!rc)
        rc = settle_doubt(conn);
    if (!rc)
        rc = look_for_lost(conn);
    snprintf(text, sizeof(text), BACKEND_START "%d", PQbackendPID(conn->pg));
    if (!rc)
        rc = pg_run(conn, text, conn->backend, sizeof(conn->backend));
    conn->backend_pid = rc ? conn->backend_pid : PQbackendPID(conn->pg);
    return rc;
}

/* ---- transactions ---- */

static enum rc owe(struct pg_conn *conn, const char *text)
{
    if (PQsendQueryParams(conn->pg, text, 0, NULL, NULL, NULL, NULL, 1) != 1)
        return pg_failed(conn, NULL);
    conn->owed++;
    return RC_OK;
}

static enum rc owe_prepared(struct pg_conn *conn, const char *name, const int64_t *numbers, int count)
{
    enum { MOST = 3 };
    char texts[MOST][24];
    const char *values[MOST];
    assert(count <= MOST);
    for (int i = 0; i < count; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%lld", (long long)numbers[i]);
        values[i] = texts[i];
    }
    if (PQsendQueryPrepared(conn->pg, name, count, values, NULL, NULL, 1) != 1)
        return pg_failed(conn, NULL);
    conn->owed++;
    return RC_OK;
}

static enum rc begin(struct pg_conn *conn)
{
    enum rc rc = pg_ensure(conn);
    if (!rc)
        rc = pg_settle(conn);
    if (!rc && conn->schema)
        rc = pg_run(conn, "BEGIN", NULL, 0); /* it takes no turn */
    if (!rc && !conn->schema)
        rc = pg_owe(conn);
    conn->in_tx = !rc && conn->schema;
    if (rc || conn->schema)
        return rc;
    pg_ahead_forget(conn); /* of the one before */
    conn->number++;
    const int64_t number[] = {conn->id, conn->number, clock_now_us()};
    rc = owe(conn, "BEGIN");
    if (!rc)
        rc = owe_prepared(conn, "turn", NULL, 0);
    if (!rc)
        rc = owe_prepared(conn, "number", number, 3);
    conn->in_tx = rc == RC_OK;
    return rc;
}

enum rc pg_turn(struct pg_conn *conn, void (*meanwhile)(void *arg), void *arg)
{
    conn->meanwhile = meanwhile;
    conn->meanwhile_arg = arg;
    enum rc rc = pg_settle(conn);
    conn->meanwhile = NULL;
    if (!rc)
        meanwhile(arg);
    return rc;
}

/* What became of the transaction whose COMMIT was not answered? RC_DATABASE_AWAY with `doubt` left: nobody knows yet. */
static enum rc ask_outcome(struct pg_conn *conn)
{
    int64_t until = clock_mono_us() + OUTCOME_WAIT_MS * US_PER_MS;
    conn->done = false;
    while (conn->doubt && clock_mono_us() < until)
        if (pg_ensure(conn) != RC_OK)
            nanosleep(&(struct timespec){0, OUTCOME_LOOK_MS * 1000000L}, NULL);
    if (conn->doubt)
        log_warn("db.commit_unanswered", LOG_Z("outcome", "unknown"));
    return conn->last_rc = conn->done ? RC_OK : RC_DATABASE_AWAY;
}

/* Sends COMMIT behind what is owed. RC_OK only when the server says that it is done. */
static enum rc send_commit(struct pg_conn *conn)
{
    PGresult *answer = NULL;
    enum rc rc = pg_owe(conn);
    if (!rc && PQsendQueryParams(conn->pg, "COMMIT", 0, NULL, NULL, NULL, NULL, 1) != 1)
        rc = pg_failed(conn, NULL);
    if (!rc)
        rc = pg_settle_last(conn, &answer);
    if (!rc && PQresultStatus(answer) != PGRES_COMMAND_OK)
        rc = pg_failed(conn, answer);
    else if (!rc && strcmp(PQcmdStatus(answer), "COMMIT") != 0)
        rc = pg_failed_with(conn, RC_BUSY, "the transaction was rolled back");
    PQclear(answer);
    return rc;
}

static enum rc commit(struct pg_conn *conn)
{
    bool was_aborted = pg_is_up(conn) && PQtransactionStatus(conn->pg) == PQTRANS_INERROR;
    if (was_aborted)
        return conn->last_rc ? conn->last_rc : RC_BUSY;
    conn->in_tx = false;
    if (!pg_is_up(conn))
        return conn->last_rc = RC_DATABASE_AWAY; /* lost before */
    conn->doubt = conn->number;
    enum rc rc = send_commit(conn);
    if (rc && !pg_is_up(conn))
        return ask_outcome(conn);
    conn->doubt = 0;
    if (rc)
        return rc;
    note_committed(conn, conn->number);
    line_full(conn->line, false);
    return RC_OK;
}

static enum rc rollback(struct pg_conn *conn)
{
    conn->in_tx = false;
    (void)!pg_settle(conn);
    if (!pg_is_up(conn) || PQtransactionStatus(conn->pg) == PQTRANS_IDLE)
        return RC_OK; /* a lost connection takes its transaction with it */
    return pg_run(conn, "ROLLBACK", NULL, 0);
}

enum rc pg_script(struct pg_conn *conn, const char *text)
{
    if (strcmp(text, "BEGIN") == 0)
        return begin(conn);
    if (strcmp(text, "COMMIT") == 0)
        return commit(conn);
    if (strcmp(text, "ROLLBACK") == 0)
        return rollback(conn);
    enum rc rc = pg_ensure(conn);
    if (!rc)
        rc = pg_settle(conn);
    return rc ? rc : pg_run(conn, text, NULL, 0);
}
