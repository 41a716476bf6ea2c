/* COPY into a table of PostgreSQL, in its binary form: how many rows go in at once. Rows are gathered and sent some at a time, each time as
 * a statement of its own, so that the connection may do other things in between, even fill another table.
 *
 * The format: postgresql.org/docs/15/sql-copy.html, "Binary Format", and the receive function of each type. */
#include "db/postgres_priv.h"
#include "base/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEND_BYTES = 1 << 20, ROW_BYTES_MAX = 128 << 20, COLUMNS_MAX = 64 };

struct pg_copy {
    struct pg_conn *conn;
    char table[64];
    Oid types[COLUMNS_MAX];
    int column_count, column; /* the next cell's */
    struct buf bytes;
};

static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* no flags, no extension; its last zero is the string's own */

static Oid next_column(struct pg_copy *p)
{
    assert(p->column < p->column_count);
    if (p->column == 0)
        pg_add_be(&p->bytes, (uint64_t)p->column_count, 2);
    return p->types[p->column++];
}

void pg_copy_i64(struct pg_copy *p, int64_t v)
{
    Oid type = next_column(p);
    size_t width = type == OID_INT8 ? 8 : type == OID_INT4 ? 4 : 2;
    assert(type == OID_INT8 || (type == OID_INT4 && v == (int32_t)v) || (type == OID_INT2 && v == (int16_t)v));
    pg_add_be(&p->bytes, width, 4);
    pg_add_be(&p->bytes, (uint64_t)v, width);
}

void pg_copy_bytes(struct pg_copy *p, struct str v)
{
    Oid type = next_column(p);
    assert(type == OID_TEXT || type == OID_VARCHAR || type == OID_BYTEA);
    pg_add_be(&p->bytes, v.len, 4);
    buf_add(&p->bytes, v);
}

void pg_copy_null(struct pg_copy *p)
{
    next_column(p);
    pg_add_be(&p->bytes, UINT32_MAX, 4);
}

static enum rc complain(const struct pg_copy *p, enum rc rc)
{
    if (rc && rc != RC_DATABASE_AWAY)
        log_error("postgres.copy", LOG_Z("table", p->table), LOG_Z("why", p->conn->error));
    return rc;
}

/* libpq keeps what the socket has no room for, and sends it while the answer is waited for. */
static enum rc send_rows(struct pg_copy *p)
{
    struct pg_conn *conn = p->conn;
    char text[128];
    pg_add_be(&p->bytes, UINT16_MAX, 2); /* the end */
    if (p->bytes.failed)
        return pg_failed_with(conn, RC_STORE, "one row is larger than 128 MiB");
    enum rc rc = pg_ensure(conn);
    if (rc)
        return rc;
    snprintf(text, sizeof(text), "COPY %s FROM STDIN (FORMAT binary)", p->table);
    PGresult *r = PQsendQuery(conn->pg, text) == 1 ? pg_next(conn) : NULL;
    if (PQresultStatus(r) == PGRES_COPY_IN) {
        bool put = PQputCopyData(conn->pg, p->bytes.ptr, (int)p->bytes.len) == 1 && PQputCopyEnd(conn->pg, NULL) == 1;
        PQclear(r);
        r = pg_answer(conn, put);
    }
    rc = PQresultStatus(r) == PGRES_COMMAND_OK ? RC_OK : pg_failed(conn, r);
    PQclear(r);
    while (conn->pg && (r = pg_next(conn))) /* behind a refusal */
        PQclear(r);
    return complain(p, rc);
}

static void start_rows(struct pg_copy *p)
{
    buf_reset(&p->bytes);
    buf_add(&p->bytes, str_n(head, sizeof(head)));
}

/* Of which types the columns are; there is no other way to be told than to ask for rows. */
static enum rc read_types(struct pg_copy *p)
{
    char text[128];
    snprintf(text, sizeof(text), "SELECT * FROM %s LIMIT 0", p->table);
    enum rc rc = pg_ensure(p->conn);
    if (rc)
        return rc;
    PGresult *r = pg_answer(p->conn, PQsendQuery(p->conn->pg, text));
    rc = PQresultStatus(r) == PGRES_TUPLES_OK ? RC_OK : pg_failed(p->conn, r);
    p->column_count = PQnfields(r);
    assert(p->column_count <= COLUMNS_MAX);
    for (int i = 0; i < p->column_count; i++)
        p->types[i] = PQftype(r, i);
    PQclear(r);
    return complain(p, rc);
}

enum rc pg_copy_begin(struct pg_conn *conn, const char *table, struct pg_copy **ret)
{
    assert(conn->owed == 0);
    struct pg_copy *p = mem_zalloc(1, sizeof(*p));
    p->conn = conn;
    p->bytes = (struct buf)BUF_INIT(ROW_BYTES_MAX);
    snprintf(p->table, sizeof(p->table), "%s", table);
    enum rc rc = read_types(p);
    if (rc) {
        free(p);
        return rc;
    }
    start_rows(p);
    *ret = p;
    return RC_OK;
}

enum rc pg_copy_row(struct pg_copy *p)
{
    assert(p->column == p->column_count);
    p->column = 0;
    if (p->bytes.len < SEND_BYTES && !p->bytes.failed)
        return RC_OK;
    enum rc rc = send_rows(p);
    start_rows(p);
    return rc;
}

enum rc pg_copy_end(struct pg_copy *p)
{
    enum rc rc = p->bytes.len > sizeof(head) ? send_rows(p) : RC_OK;
    buf_free(&p->bytes);
    free(p);
    return rc;
}
