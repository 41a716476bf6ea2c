/* Statements that are sent without waiting for their answers (libpq's pipeline mode, postgresql.org/docs/15/libpq-pipeline-mode.html):
 * they are owed, until somebody waits for something and gets theirs before it. When one fails, the server skips all behind it. */
#include "db/postgres_priv.h"

#include <stdlib.h>

enum rc pg_owe(struct pg_conn *conn)
{
    return conn->owed > 0 || PQenterPipelineMode(conn->pg) == 1 ? RC_OK : pg_failed(conn, NULL);
}

/* The answer of a statement in a pipeline, and the NULL behind it. */
static PGresult *next_answer(struct pg_conn *conn)
{
    PGresult *r = pg_next(conn);
    PQclear(pg_next(conn));
    return r;
}

enum rc pg_read_answers(struct pg_conn *conn, size_t count)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < count && pg_is_up(conn); i++) {
        PGresult *r = next_answer(conn);
        ExecStatusType status = PQresultStatus(r);
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
            conn->changes += strtoll(PQcmdTuples(r), NULL, 10);
        else if (!rc)
            rc = pg_failed(conn, r);
        PQclear(r);
    }
    return rc || pg_is_up(conn) ? rc : pg_failed(conn, NULL);
}

static void end_pipeline(struct pg_conn *conn)
{
    if (pg_is_up(conn))
        PQclear(pg_next(conn)); /* the synchronisation's */
    if (pg_is_up(conn) && PQpipelineStatus(conn->pg) != PQ_PIPELINE_OFF)
        (void)PQexitPipelineMode(conn->pg);
}

/* That one of those owed failed is no conflict of what is waited for. */
static enum rc settle(struct pg_conn *conn, PGresult **ret_last)
{
    size_t owed = conn->owed;
    conn->owed = 0;
    if (ret_last)
        *ret_last = NULL;
    if (!pg_is_up(conn) || PQpipelineSync(conn->pg) != 1)
        return pg_failed(conn, NULL);
    enum rc rc = pg_read_answers(conn, owed);
    if (ret_last)
        *ret_last = next_answer(conn);
    end_pipeline(conn);
    return rc == RC_CONFLICT ? conn->last_rc = RC_STORE : rc;
}

enum rc pg_settle(struct pg_conn *conn)
{
    return conn->owed ? settle(conn, NULL) : RC_OK;
}

enum rc pg_settle_last(struct pg_conn *conn, PGresult **ret)
{
    return settle(conn, ret);
}
