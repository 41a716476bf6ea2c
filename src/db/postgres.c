/* The PostgreSQL driver (libpq): the truth of an installation that one machine no longer holds.
 *
 * Every value goes and comes in binary, typed as the server infers it; nothing is ever pasted into SQL. A result is held
 * whole until its statement's reset, so a query may run inside another's loop. A connection that broke is made again at the
 * next statement outside a transaction; inside one everything fails with RC_DATABASE_AWAY, and db_tx() runs it anew. A reader
 * asks again by itself, once. How connections are made, waited on and lost is postgres_conn.c's business, transactions are
 * postgres_tx.c's, statements that are not waited for postgres_pipe.c's.
 *
 * Formats: postgresql.org/docs/15/protocol.html and the send/receive functions of each type. */
#include "db/postgres_priv.h"
#include "base/log.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { PARAMETERS_MAX = 64 };

struct parameter {
    Oid type;
    size_t at, len; /* in `bytes` of the statement */
    bool is_null;
};

struct pg_stmt {
    struct pg_conn *conn;
    char *text;
    char name[16];
    unsigned generation;
    struct parameter *parameters;
    int parameter_count;
    PGresult *described; /* its columns, before it ran */
    PGresult *result;
    int row;
    struct buf bytes; /* of the bound values */
    char cell[32];    /* a number read as text */
};

/* ---- statements ---- */

/* Leaves the statement as it was when it fails. Types of 0 are as the server infers them. */
static enum rc prepare_with(struct pg_stmt *s, const Oid *types, int count)
{
    struct pg_conn *conn = s->conn;
    char name[sizeof(s->name)];
    snprintf(name, sizeof(name), "s%u", ++conn->statements);
    PGresult *r = pg_answer(conn, PQsendPrepare(conn->pg, name, s->text, count, types));
    enum rc rc = PQresultStatus(r) == PGRES_COMMAND_OK ? RC_OK : pg_failed(conn, r);
    PQclear(r);
    if (rc)
        return rc;
    r = pg_answer(conn, PQsendDescribePrepared(conn->pg, name));
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        rc = pg_failed(conn, r);
        PQclear(r);
        return rc;
    }
    PQclear(s->described);
    s->described = r;
    memcpy(s->name, name, sizeof(name));
    s->generation = conn->generation;
    return RC_OK;
}

static void deallocate(struct pg_conn *conn, const char *name)
{
    char text[40];
    if (conn->owed)
        (void)!pg_settle(conn); /* what failed shows at the end of the transaction */
    if (!pg_is_up(conn) || PQtransactionStatus(conn->pg) == PQTRANS_INERROR)
        return;
    snprintf(text, sizeof(text), "DEALLOCATE %s", name);
    PQclear(pg_answer(conn, PQsendQuery(conn->pg, text)));
}

/* "$store_id = 0 OR …" makes the server take a parameter for as narrow a number as the 0 is. All our numbers have 64 bits: then
 * the statement is prepared once more, with that said. */
static enum rc widen(struct pg_stmt *s)
{
    Oid types[PARAMETERS_MAX] = {0};
    char narrow[sizeof(s->name)];
    int count = PQnparams(s->described), found = 0;
    assert(count <= PARAMETERS_MAX);
    for (int i = 0; i < count; i++)
        if (PQparamtype(s->described, i) == OID_INT4 || PQparamtype(s->described, i) == OID_INT2) {
            types[i] = OID_INT8;
            found++;
        }
    if (found == 0)
        return RC_OK;
    memcpy(narrow, s->name, sizeof(narrow));
    s->generation = 0; /* not prepared, should this fail */
    enum rc rc = prepare_with(s, types, count);
    deallocate(s->conn, narrow);
    return rc;
}

static enum rc prepare_on_server(struct pg_stmt *s)
{
    enum rc rc = prepare_with(s, NULL, 0);
    return rc ? rc : widen(s);
}

/* The parameters that the server told of; what is bound to them stays. */
static void take_parameters(struct pg_stmt *s)
{
    int count = PQnparams(s->described);
    s->parameters = mem_realloc(s->parameters, ((size_t)count + 1) * sizeof(*s->parameters));
    for (int i = 0; i < count; i++) {
        if (i >= s->parameter_count)
            s->parameters[i] = (struct parameter){.is_null = true};
        s->parameters[i].type = PQparamtype(s->described, i);
    }
    s->parameter_count = count;
}

static void driver_finalize(void *stmt)
{
    struct pg_stmt *s = stmt;
    struct pg_conn *conn = s->conn;
    if (s->described && s->generation == conn->generation)
        deallocate(conn, s->name);
    PQclear(s->described);
    PQclear(s->result);
    buf_free(&s->bytes);
    free(s->parameters);
    free(s->text);
    free(s);
}

/* What was prepared on a connection that is no more, or not yet at all, is prepared on this one; bound values stay. */
static enum rc renew(struct pg_stmt *s)
{
    enum rc rc = pg_ensure(s->conn);
    if (rc || s->generation == s->conn->generation)
        return rc;
    if (s->conn->owed)
        rc = pg_settle(s->conn);
    if (!rc)
        rc = prepare_on_server(s);
    if (!rc)
        take_parameters(s);
    return rc;
}

static enum rc driver_prepare(void *conn_arg, const char *text, void **ret_stmt)
{
    struct pg_conn *conn = conn_arg;
    struct pg_stmt *s = mem_zalloc(1, sizeof(*s));
    s->conn = conn;
    s->text = mem_dupz(text, strlen(text));
    s->bytes = (struct buf)BUF_INIT(64 << 20);
    bool was_up = pg_is_up(conn);
    enum rc rc = renew(s);
    if (rc == RC_DATABASE_AWAY && was_up && conn->read_only)
        rc = renew(s);
    if (rc)
        driver_finalize(s);
    else
        *ret_stmt = s;
    return rc;
}

/* ---- binding ---- */

/* A list as array_recv() reads it: dimensions, no NULLs, element type, length, lower bound; then each element behind its length. */
static void add_array_head(struct buf *out, Oid type, size_t count)
{
    pg_add_be(out, count > 0, 4);
    pg_add_be(out, 0, 4);
    pg_add_be(out, type, 4);
    if (count > 0) {
        pg_add_be(out, count, 4);
        pg_add_be(out, 1, 4);
    }
}

static void add_ids(struct buf *out, const int64_t *ids, size_t count)
{
    add_array_head(out, OID_INT8, count);
    for (size_t i = 0; i < count; i++) {
        pg_add_be(out, 8, 4);
        pg_add_be(out, (uint64_t)ids[i], 8);
    }
}

static void add_blobs(struct buf *out, const struct str *blobs, size_t count)
{
    add_array_head(out, OID_BYTEA, count);
    for (size_t i = 0; i < count; i++) {
        pg_add_be(out, blobs[i].len, 4);
        buf_add(out, blobs[i]);
    }
}

static enum rc add_number(struct pg_stmt *s, Oid type, int64_t v)
{
    double d = (double)v;
    uint64_t bits;
    switch (type) {
    case OID_INT8: pg_add_be(&s->bytes, (uint64_t)v, 8); break;
    case OID_FLOAT8:
        memcpy(&bits, &d, sizeof(bits));
        pg_add_be(&s->bytes, bits, 8);
        break;
    default: return pg_failed_with(s->conn, RC_STORE, "a number is bound where the statement wants another type");
    }
    return RC_OK;
}

static bool takes_bytes(Oid type)
{
    switch (type) {
    case OID_BOOL:
    case OID_INT8:
    case OID_INT2:
    case OID_INT4:
    case OID_FLOAT4:
    case OID_FLOAT8:
    case OID_NUMERIC:
    case OID_BYTEA_ARRAY:
    case OID_INT8_ARRAY: return false;
    default: return true;
    }
}

static enum rc driver_bind(void *stmt, int position, const struct db_arg *arg)
{
    struct pg_stmt *s = stmt;
    if (position > s->parameter_count)
        return pg_failed_with(s->conn, RC_STORE, "no such parameter");
    struct parameter *p = &s->parameters[position - 1];
    *p = (struct parameter){.type = p->type, .at = s->bytes.len, .is_null = arg->kind == DB_ARG_NULL};
    enum rc rc = RC_OK;
    if (arg->kind == DB_ARG_IDS)
        add_ids(&s->bytes, arg->ids, arg->list_count);
    else if (arg->kind == DB_ARG_BLOBS)
        add_blobs(&s->bytes, arg->blobs, arg->list_count);
    else if (arg->kind == DB_ARG_I64)
        rc = add_number(s, p->type, arg->number);
    else if (arg->kind != DB_ARG_NULL && takes_bytes(p->type))
        buf_add(&s->bytes, arg->bytes);
    else if (arg->kind != DB_ARG_NULL)
        rc = pg_failed_with(s->conn, RC_STORE, "text is bound where the statement wants a number");
    p->len = s->bytes.len - p->at;
    if (!rc && s->bytes.failed)
        rc = pg_failed_with(s->conn, RC_STORE, "the values of one statement are larger than 64 MiB");
    return rc;
}

/* ---- running ---- */

struct values {
    const char *ptr[PARAMETERS_MAX];
    int len[PARAMETERS_MAX], format[PARAMETERS_MAX];
};

static void values_of(const struct pg_stmt *s, struct values *ret)
{
    assert(s->parameter_count <= PARAMETERS_MAX);
    for (int i = 0; i < s->parameter_count; i++) {
        const struct parameter *p = &s->parameters[i];
        ret->ptr[i] = p->is_null ? NULL : s->bytes.ptr ? s->bytes.ptr + p->at : "";
        ret->len[i] = (int)p->len;
        ret->format[i] = 1;
    }
}

static enum rc take_result(struct pg_stmt *s, PGresult *result)
{
    PQclear(s->result);
    s->result = result;
    s->row = -1;
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return pg_failed(s->conn, result);
    s->conn->changes = strtoll(PQcmdTuples(result), NULL, 10);
    return RC_OK;
}

static bool send(struct pg_stmt *s)
{
    struct values v;
    values_of(s, &v);
    return PQsendQueryPrepared(s->conn->pg, s->name, s->parameter_count, v.ptr, v.len, v.format, 1) == 1;
}

static void driver_reset(void *stmt)
{
    struct pg_stmt *s = stmt;
    PQclear(s->result);
    s->result = NULL;
    buf_reset(&s->bytes);
    for (int i = 0; i < s->parameter_count; i++)
        s->parameters[i].is_null = true;
}

/* ---- later ---- */

/* What is owed is done, with this statement behind it, whose answer it takes. */
static enum rc settle_with(struct pg_stmt *s)
{
    PGresult *answer;
    if (!send(s))
        return pg_failed(s->conn, NULL);
    enum rc rc = pg_settle_last(s->conn, &answer);
    if (!rc)
        return take_result(s, answer);
    PQclear(answer);
    return rc;
}

static enum rc driver_later(void *stmt)
{
    struct pg_stmt *s = stmt;
    struct pg_conn *conn = s->conn;
    enum rc rc = renew(s);
    if (!rc)
        rc = pg_owe(conn);
    if (!rc && !send(s))
        rc = pg_failed(conn, NULL);
    driver_reset(s);
    conn->owed += !rc;
    return rc || conn->owed < PG_IN_FLIGHT ? rc : pg_settle(conn);
}

/* All that is bound, so that the same is known again. */
static struct str bound_of(const struct pg_stmt *s, struct buf *out)
{
    for (int i = 0; i < s->parameter_count; i++) {
        const struct parameter *p = &s->parameters[i];
        uint64_t len = p->is_null ? UINT64_MAX : p->len;
        buf_add(out, str_n((const char *)&len, sizeof(len)));
        if (!p->is_null)
            buf_add(out, str_n(s->bytes.ptr + p->at, p->len));
    }
    return buf_str(out);
}

static enum rc send_ahead(struct pg_stmt *s, struct str bound)
{
    struct pg_conn *conn = s->conn;
    if (conn->owed == 0 && !conn->in_tx)
        pg_ahead_forget(conn); /* a reader's questions of before */
    enum rc rc = pg_owe(conn);
    if (rc)
        return rc;
    if (!send(s))
        return pg_failed(conn, NULL);
    pg_ahead_add(conn, s, bound);
    return ++conn->owed < PG_IN_FLIGHT ? RC_OK : pg_settle(conn);
}

static enum rc driver_ahead(void *stmt)
{
    struct pg_stmt *s = stmt;
    _cleanup_buf_ struct buf bytes = BUF_INIT(64 << 20);
    bool fits = s->conn->in_tx || s->conn->read_only; /* of a writer nothing may be left open outside of a transaction */
    enum rc rc = fits ? renew(s) : RC_OK;
    struct str bound = bound_of(s, &bytes);
    if (fits && !rc && !pg_ahead_has(s->conn, s, bound))
        rc = send_ahead(s, bound);
    driver_reset(s);
    return rc;
}

static void driver_forget(void *conn_arg)
{
    struct pg_conn *conn = conn_arg;
    (void)!pg_settle(conn);
    pg_ahead_forget(conn);
}

static enum rc take_ready(struct pg_stmt *s, PGresult **ret)
{
    _cleanup_buf_ struct buf bound = BUF_INIT(64 << 20);
    *ret = NULL;
    return s->conn->ahead_count ? pg_ahead_take(s->conn, s, bound_of(s, &bound), ret) : RC_OK;
}

static enum rc execute_once(struct pg_stmt *s)
{
    struct values v;
    PGresult *ready;
    enum rc rc = renew(s);
    if (!rc)
        rc = take_ready(s, &ready);
    if (rc)
        return rc;
    if (ready)
        return take_result(s, ready);
    if (s->conn->owed)
        return settle_with(s);
    values_of(s, &v);
    return take_result(s, pg_answer(s->conn, PQsendQueryPrepared(s->conn->pg, s->name, s->parameter_count, v.ptr, v.len, v.format, 1)));
}

/* What only reads and has shown nobody anything is asked again on a new connection: a restart of the database shows in no page. */
static enum rc execute(struct pg_stmt *s)
{
    bool was_up = pg_is_up(s->conn);
    enum rc rc = execute_once(s);
    return rc == RC_DATABASE_AWAY && was_up && s->conn->read_only ? execute_once(s) : rc;
}

static enum db_step driver_step(void *stmt)
{
    struct pg_stmt *s = stmt;
    if (!s->result && execute(s) != RC_OK)
        return DB_STEP_FAILED;
    return ++s->row < PQntuples(s->result) ? DB_STEP_ROW : DB_STEP_DONE;
}

/* ---- many rows, one round trip ---- */

/* Sends as many rows as may be under way, and reads what became of them. */
static enum rc batch_step(struct pg_stmt *s, size_t count, size_t *row, enum rc (*bind_row)(void *arg, size_t row), void *arg)
{
    struct pg_conn *conn = s->conn;
    size_t sent = 0;
    enum rc bad_bind = RC_OK;
    for (; !bad_bind && sent < PG_IN_FLIGHT && *row < count; ++*row) {
        driver_reset(s);
        bad_bind = bind_row(arg, *row);
        if (bad_bind)
            break;
        if (!send(s))
            return pg_failed(conn, NULL);
        sent++;
    }
    conn->changes = 0;
    if (PQpipelineSync(conn->pg) != 1)
        return pg_failed(conn, NULL);
    enum rc rc = pg_read_answers(conn, sent);
    if (pg_is_up(conn))
        PQclear(pg_next(conn)); /* the synchronisation's */
    return rc ? rc : bad_bind;
}

static enum rc driver_batch(void *stmt, size_t count, enum rc (*bind_row)(void *arg, size_t row), void *arg)
{
    struct pg_stmt *s = stmt;
    struct pg_conn *conn = s->conn;
    int64_t changes = 0;
    enum rc rc = renew(s);
    if (!rc && conn->owed)
        rc = pg_settle(conn);
    if (!rc && PQenterPipelineMode(conn->pg) != 1)
        rc = pg_failed(conn, NULL);
    for (size_t row = 0; !rc && row < count;) {
        rc = batch_step(s, count, &row, bind_row, arg);
        changes += conn->changes;
    }
    if (pg_is_up(conn) && PQpipelineStatus(conn->pg) != PQ_PIPELINE_OFF && PQexitPipelineMode(conn->pg) != 1)
        rc = pg_failed(conn, NULL);
    conn->changes = changes;
    driver_reset(s);
    return rc;
}

/* ---- reading ---- */

static int driver_column_count(void *stmt)
{
    return PQnfields(((struct pg_stmt *)stmt)->described);
}

static const char *driver_column_name(void *stmt, int column)
{
    return PQfname(((struct pg_stmt *)stmt)->described, column);
}

static uint64_t read_be(const char *p, size_t width)
{
    uint64_t v = 0;
    for (size_t i = 0; i < width; i++)
        v = v << 8 | (uint8_t)p[i];
    return v;
}

/* numeric_send(): digits in base 10,000, the first weighing 10,000^weight, a sign, and how many are shown behind the point. */
enum { NUMERIC_MINUS = 0x4000, NUMERIC_NAN = 0xC000, NUMERIC_INFINITE = 0xD000, NUMERIC_MINUS_INFINITE = 0xF000 };

/* By way of decimal text, whose reader rounds as it should; what is behind 80 digits no double can tell. */
static double numeric_double(const char *p)
{
    enum { DIGITS_MAX = 20 };
    int digits = (int16_t)read_be(p, 2), weight = (int16_t)read_be(p + 2, 2);
    uint64_t sign = read_be(p + 4, 2);
    char text[4 * DIGITS_MAX + 24];
    size_t len = 0;
    if (sign == NUMERIC_NAN)
        return NAN;
    if (sign == NUMERIC_INFINITE || sign == NUMERIC_MINUS_INFINITE)
        return sign == NUMERIC_INFINITE ? INFINITY : -INFINITY;
    digits = digits < DIGITS_MAX ? digits : DIGITS_MAX;
    text[len++] = sign == NUMERIC_MINUS ? '-' : '+';
    text[len++] = '0';
    for (int i = 0; i < digits; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%04u", (unsigned)read_be(p + 8 + 2 * i, 2) % 10000);
    snprintf(text + len, sizeof(text) - len, "e%d", 4 * (weight - digits + 1));
    return strtod(text, NULL);
}

/* The value, when it is a whole number of 64 bits. */
static bool numeric_i64(const char *p, int64_t *ret)
{
    int digits = (int16_t)read_be(p, 2), weight = (int16_t)read_be(p + 2, 2);
    uint64_t sign = read_be(p + 4, 2), v = 0;
    if (read_be(p + 6, 2) != 0 || sign > NUMERIC_MINUS)
        return false;
    for (int i = 0; i <= weight; i++)
        if (__builtin_mul_overflow(v, 10000, &v) || __builtin_add_overflow(v, i < digits ? read_be(p + 8 + 2 * i, 2) : 0, &v))
            return false;
    if (v > (uint64_t)INT64_MAX + (sign == NUMERIC_MINUS))
        return false;
    *ret = sign == NUMERIC_MINUS ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

static const char *cell_of(const struct pg_stmt *s, int column)
{
    return PQgetvalue(s->result, s->row, column);
}

static enum db_type driver_column_type(void *stmt, int column)
{
    struct pg_stmt *s = stmt;
    if (PQgetisnull(s->result, s->row, column))
        return DB_TYPE_NULL;
    switch (PQftype(s->result, column)) {
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8: return DB_TYPE_I64;
    case OID_FLOAT4:
    case OID_FLOAT8: return DB_TYPE_DOUBLE;
    case OID_NUMERIC: return numeric_i64(cell_of(s, column), &(int64_t){0}) ? DB_TYPE_I64 : DB_TYPE_DOUBLE;
    case OID_BYTEA: return DB_TYPE_BLOB;
    default: return DB_TYPE_TEXT;
    }
}

static double driver_column_double(void *stmt, int column)
{
    struct pg_stmt *s = stmt;
    const char *cell = cell_of(s, column);
    uint64_t bits;
    uint32_t few;
    double d;
    float f;
    if (PQgetisnull(s->result, s->row, column))
        return 0;
    switch (PQftype(s->result, column)) {
    case OID_BOOL: return cell[0];
    case OID_INT2: return (int16_t)read_be(cell, 2);
    case OID_INT4: return (int32_t)read_be(cell, 4);
    case OID_INT8: return (double)(int64_t)read_be(cell, 8);
    case OID_NUMERIC: return numeric_double(cell);
    case OID_FLOAT4:
        few = (uint32_t)read_be(cell, 4);
        memcpy(&f, &few, sizeof(f));
        return (double)f;
    case OID_FLOAT8:
        bits = read_be(cell, 8);
        memcpy(&d, &bits, sizeof(d));
        return d;
    default: return 0;
    }
}

static int64_t driver_column_i64(void *stmt, int column)
{
    struct pg_stmt *s = stmt;
    const char *cell = cell_of(s, column);
    int64_t v;
    if (PQgetisnull(s->result, s->row, column))
        return 0;
    switch (PQftype(s->result, column)) {
    case OID_BOOL: return cell[0];
    case OID_INT2: return (int16_t)read_be(cell, 2);
    case OID_INT4: return (int32_t)read_be(cell, 4);
    case OID_INT8: return (int64_t)read_be(cell, 8);
    case OID_NUMERIC:
        if (numeric_i64(cell, &v))
            return v;
        break;
    default: break;
    }
    double d = driver_column_double(stmt, column); /* ends where SQLite's does */
    return d >= 0x1p63 ? INT64_MAX : d > -0x1p63 ? (int64_t)d : isnan(d) ? 0 : INT64_MIN;
}

static struct str driver_column_bytes(void *stmt, int column)
{
    struct pg_stmt *s = stmt;
    switch (driver_column_type(stmt, column)) {
    case DB_TYPE_NULL: return STR_NULL;
    case DB_TYPE_I64: return str_n(s->cell, (size_t)snprintf(s->cell, sizeof(s->cell), "%lld", (long long)driver_column_i64(stmt, column)));
    case DB_TYPE_DOUBLE: return str_n(s->cell, (size_t)snprintf(s->cell, sizeof(s->cell), "%.17g", driver_column_double(stmt, column)));
    default: return str_n(cell_of(s, column), (size_t)PQgetlength(s->result, s->row, column));
    }
}

/* ---- the driver ---- */

static int64_t driver_changes(void *conn)
{
    return ((struct pg_conn *)conn)->changes;
}

static const char *driver_error(void *conn)
{
    return ((struct pg_conn *)conn)->error;
}

static enum rc driver_error_rc(void *conn)
{
    return ((struct pg_conn *)conn)->last_rc;
}

static enum rc driver_script(void *conn, const char *text)
{
    return pg_script(conn, text);
}

static enum rc driver_turn(void *conn, void (*meanwhile)(void *arg), void *arg)
{
    return pg_turn(conn, meanwhile, arg);
}

static bool driver_is_broken(void *conn_arg)
{
    const struct pg_conn *conn = conn_arg;
    return pg_is_made_once(conn) && !pg_is_up(conn);
}

static bool driver_in_doubt(void *conn)
{
    return ((struct pg_conn *)conn)->doubt != 0;
}

static void driver_close(void *conn)
{
    pg_close(conn);
}

static const struct db_driver postgres_driver = {
    .engine = DB_POSTGRES,
    .parameter_mark = "$",
    .arrays = true,
    .bigint = "BIGINT",
    .bytes = "BYTEA",
    .text = "TEXT",
    .strict = "",
    .clustered = "",
    .passing = "ON COMMIT DELETE ROWS",
    /* Numbers that grow in the order of commits: a transaction's own, and a count within. Whoever reads only below the oldest
     * transaction of the database that still runs (change_horizon) misses nothing, however late one commits. */
    .change_seq = "BIGINT PRIMARY KEY DEFAULT ((CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT) << 20) + (nextval('change_order') & 1048575))",
    /* change_unfinished() has a body where Citus spreads the tables (app/distribute_command.c), and keeps it. */
    .before_all = "CREATE SEQUENCE IF NOT EXISTS change_order CACHE 1024;"
                  "DO $$ BEGIN IF to_regprocedure('change_unfinished()') IS NULL THEN "
                  "CREATE FUNCTION change_unfinished() RETURNS SETOF BIGINT LANGUAGE sql STABLE AS 'SELECT CAST(NULL AS BIGINT) WHERE false'; END IF; END $$;",
    /* change_horizon(): transactions of a server's other databases, and of derived stores in this one, which write no change, are
     * counted apart only when it is sure that they are there; a standby knows no more than the oldest of all. STABLE: it sees what the statement sees that calls it. plpgsql keeps its plan,
     * and the view pg_stat_activity joins what nobody asks for here: together 0.3 instead of 3 ms each time. */
    .after_all = "CREATE OR REPLACE FUNCTION change_horizon() RETURNS BIGINT LANGUAGE plpgsql STABLE AS "
                 "$$ BEGIN RETURN (SELECT min(n) << 20 FROM (SELECT CAST(CAST(x AS TEXT) AS BIGINT) AS n FROM ("
                 "SELECT CASE WHEN pg_is_in_recovery() THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE pg_snapshot_xmax(pg_current_snapshot()) END AS x "
                 "UNION ALL SELECT i FROM pg_snapshot_xip(pg_current_snapshot()) AS i WHERE NOT EXISTS ("
                 "SELECT 1 FROM pg_stat_get_activity(NULL) AS a WHERE a.backend_xid = CAST(i AS xid) "
                 "AND (a.datid <> (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) OR a.application_name = '" PG_DERIVED "'))) AS t "
                 "UNION ALL SELECT u FROM change_unfinished() AS u) AS s); END $$;"
                 /* An older version's trigger, which told of every commit inside of it: servers say so themselves now, a few times a second. */
                 "DO $$ BEGIN IF to_regprocedure('change_told()') IS NOT NULL THEN DROP FUNCTION change_told() CASCADE; END IF; END $$;",
    .begin = "BEGIN",
    .close = driver_close,
    .prepare = driver_prepare,
    .finalize = driver_finalize,
    .bind = driver_bind,
    .step = driver_step,
    .reset = driver_reset,
    .later = driver_later,
    .batch = driver_batch,
    .column_count = driver_column_count,
    .column_name = driver_column_name,
    .ahead = driver_ahead,
    .forget = driver_forget,
    .column_type = driver_column_type,
    .column_i64 = driver_column_i64,
    .column_double = driver_column_double,
    .column_bytes = driver_column_bytes,
    .script = driver_script,
    .changes = driver_changes,
    .error = driver_error,
    .error_rc = driver_error_rc,
    .turn = driver_turn,
    .is_broken = driver_is_broken,
    .in_doubt = driver_in_doubt,
};

bool db_is_postgres_url(const char *where)
{
    return strncmp(where, "postgres://", 11) == 0 || strncmp(where, "postgresql://", 13) == 0;
}

enum rc db_open_postgres(const char *url, const struct db_options *options, struct db **ret)
{
    struct pg_conn *conn = mem_zalloc(1, sizeof(*conn));
    conn->url = mem_dupz(url, strlen(url));
    conn->schema = options->schema ? mem_dupz(options->schema, strlen(options->schema)) : NULL;
    conn->work_kib = options->cache_kib;
    conn->read_only = options->read_only;
    conn->sync_later = options->sync_later;
    conn->own_line = options->line ? NULL : line_new();
    conn->line = options->line ? options->line : conn->own_line;
    enum rc rc = pg_open(conn);
    if (rc) {
        log_error("db.open", LOG_Z("engine", "postgres"), LOG_Z("why", conn->error));
        pg_close(conn);
        return rc;
    }
    *ret = db_wrap(&postgres_driver, conn);
    return RC_OK;
}
