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

/* ---- ahead ---- */

void pg_ahead_add(struct pg_conn *conn, const void *stmt, struct str bound)
{
    if (conn->ahead_count == conn->ahead_cap)
        conn->ahead = mem_realloc(conn->ahead, (conn->ahead_cap = conn->ahead_cap ? conn->ahead_cap * 2 : 64) * sizeof(*conn->ahead));
    conn->ahead[conn->ahead_count++] =
        (struct pg_ahead){.stmt = stmt, .bound = mem_dupz(bound.ptr ? bound.ptr : "", bound.len), .bound_len = bound.len, .at = conn->owed};
}

/* Is the answer at this place kept? Places ascend, as answers do. */
static bool keep_answer(struct pg_conn *conn, size_t at, PGresult *r)
{
    struct pg_ahead *a = conn->ahead_read < conn->ahead_count ? &conn->ahead[conn->ahead_read] : NULL;
    if (!a || a->at != at || PQresultStatus(r) != PGRES_TUPLES_OK)
        return false;
    a->result = r;
    conn->ahead_read++;
    return true;
}

static struct pg_ahead *find_ahead(struct pg_conn *conn, const void *stmt, struct str bound)
{
    for (size_t i = 0; i < conn->ahead_count; i++) {
        struct pg_ahead *a = &conn->ahead[i];
        if (!a->taken && a->stmt == stmt && a->bound_len == bound.len && memcmp(a->bound, bound.ptr ? bound.ptr : "", bound.len) == 0)
            return a;
    }
    return NULL;
}

bool pg_ahead_has(struct pg_conn *conn, const void *stmt, struct str bound)
{
    return find_ahead(conn, stmt, bound) != NULL;
}

enum rc pg_ahead_take(struct pg_conn *conn, const void *stmt, struct str bound, PGresult **ret)
{
    struct pg_ahead *a = find_ahead(conn, stmt, bound);
    *ret = NULL;
    if (!a)
        return RC_OK;
    a->taken = true;
    enum rc rc = a->result ? RC_OK : pg_settle(conn);
    if (rc)
        return rc;
    *ret = a->result;
    a->result = NULL;
    return RC_OK;
}

void pg_ahead_forget(struct pg_conn *conn)
{
    for (size_t i = 0; i < conn->ahead_count; i++) {
        PQclear(conn->ahead[i].result);
        free(conn->ahead[i].bound);
    }
    conn->ahead_count = conn->ahead_read = 0;
}

/* ---- reading ---- */

enum rc pg_read_answers(struct pg_conn *conn, size_t count)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < count && pg_is_up(conn); i++) {
        PGresult *r = next_answer(conn);
        ExecStatusType status = PQresultStatus(r);
        if (keep_answer(conn, i, r))
            continue;
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
enum rc pg_settle_last(struct pg_conn *conn, PGresult **ret_last)
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
    conn->ahead_read = conn->ahead_count; /* what has no answer now will get none */
    end_pipeline(conn);
    return rc == RC_CONFLICT ? conn->last_rc = RC_STORE : rc;
}

enum rc pg_settle(struct pg_conn *conn)
{
    return conn->owed ? pg_settle_last(conn, NULL) : RC_OK;
}
