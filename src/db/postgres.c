/* The PostgreSQL driver (libpq): the truth of an installation that one machine no longer holds.
 *
 * Every value goes and comes in binary, typed as the server infers it; nothing is ever pasted into SQL. A result is held
 * whole until its statement's reset, so a query may run inside another's loop. A connection that broke is made again at the
 * next statement outside a transaction; inside one everything fails with RC_BUSY, and db_tx() runs it anew. A COMMIT whose
 * answer was lost is asked for by its transaction's number: done is done, whatever became of the line.
 *
 * Formats: postgresql.org/docs/15/protocol.html and the send/receive functions of each type. */
#include "db/postgres_priv.h"
#include "base/log.h"
#include "db/db_priv.h"

#include <assert.h>
#include <endian.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

/* Types by the number that stands in every PostgreSQL's pg_type. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_FLOAT4 = 700, OID_FLOAT8 = 701, OID_INT8_ARRAY = 1016, OID_NUMERIC = 1700 };

enum {
    BACKOFF_FIRST_MS = 20,
    BACKOFF_LAST_MS = 1000,
    PARAMETERS_MAX = 64,
    OUTCOME_WAIT_MS = 5000,        /* so long the outcome of a lost COMMIT is asked for */
    BATCH_IN_FLIGHT = 256,         /* rows sent before their answers are read: both sides' buffers stay small */
};

/* One writing transaction at a time over all servers, as on SQLite: what a transaction read is true until it commits. */
#define WRITER_LOCK "BEGIN; SELECT pg_advisory_xact_lock(7521042389), pg_current_xact_id()"

struct pg_conn {
    PGconn *pg;
    char *url;
    bool read_only;
    bool in_tx;
    unsigned generation;           /* of the connection: what was prepared on an older one is gone */
    unsigned statements;           /* named so far */
    int64_t retry_at_ms, backoff_ms;
    int64_t changes;
    char xact[24];                 /* of the open transaction */
    char error[512];
    enum rc last_rc;
};

struct parameter {
    Oid type;
    size_t at, len;                /* in `bytes` of the statement */
    bool is_null;
};

struct pg_stmt {
    struct pg_conn *conn;
    char *text;
    char name[16];
    unsigned generation;
    struct parameter *parameters;
    int parameter_count;
    PGresult *described;           /* its columns, before it ran */
    PGresult *result;
    int row;
    struct buf bytes;              /* of the bound values */
    char cell[32];                 /* a number read as text */
};

/* ---- errors ---- */

/* By SQLSTATE (postgresql.org/docs/15/errcodes-appendix.html): what a caller can do about it. */
static enum rc rc_of_state(const char *state)
{
    static const struct {
        const char *prefix;
        enum rc rc;
    } known[] = {
        {"23", RC_CONFLICT},                                /* integrity constraint violation */
        {"40", RC_BUSY},                                    /* serialization failure, deadlock: run again */
        {"25006", RC_BUSY},                                 /* a standby that is not the primary yet */
        {"25P02", RC_BUSY},                                 /* the transaction failed before */
        {"53100", RC_DISK_FULL}, {"53200", RC_NO_MEMORY}, {"53", RC_BUSY},
        {"55P03", RC_BUSY}, {"57", RC_BUSY}, {"08", RC_BUSY},
        {"58", RC_DISK_FAILING}, {"XX001", RC_DISK_FAILING}, {"XX002", RC_DISK_FAILING},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(state, known[i].prefix, strlen(known[i].prefix)) == 0)
            return known[i].rc;
    return RC_STORE;
}

static enum rc failed_with(struct pg_conn *conn, enum rc rc, const char *why)
{
    snprintf(conn->error, sizeof(conn->error), "%s", why);
    for (size_t end = strlen(conn->error); end && conn->error[end - 1] == '\n';)
        conn->error[--end] = '\0';
    return conn->last_rc = rc;
}

/* The server's words without DETAIL, which would quote a row's values. */
static enum rc failed(struct pg_conn *conn, const PGresult *result)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *why = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (!state || PQstatus(conn->pg) == CONNECTION_BAD)
        return failed_with(conn, RC_BUSY, why ? why : PQerrorMessage(conn->pg));
    char text[400];
    snprintf(text, sizeof(text), "%s (%s)", why, state);
    return failed_with(conn, rc_of_state(state), text);
}

/* ---- the connection ---- */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void sleep_ms(int64_t ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Silence must end: a half-open line is found by keep-alives and the kernel's limit on unanswered bytes. */
static const struct {
    const char *name, *value;
} line_defaults[] = {
    {"connect_timeout", "3"}, {"keepalives_idle", "5"}, {"keepalives_interval", "2"}, {"keepalives_count", "2"},
    {"tcp_user_timeout", "5000"}, {"application_name", "zhixin"}, {"client_encoding", "UTF8"},
};

static const char *option_of(const PQconninfoOption *options, const char *name)
{
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if (strcmp(o->keyword, name) == 0)
            return o->val;
    return NULL;
}

static bool is_local(const char *host)
{
    return !host || host[0] == '/' || strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0;
}

/* What the URL does not say: limits of the line, and, to another machine, TLS with the server's name proven. */
PGconn *postgres_connect(const char *url)
{
    enum { ROOM = 64 };
    const char *names[ROOM] = {"dbname"}, *values[ROOM] = {url};
    size_t count = 1;
    PQconninfoOption *given = PQconninfoParse(url, NULL);
    if (!given)
        return NULL;
    for (size_t i = 0; i < sizeof(line_defaults) / sizeof(line_defaults[0]); i++)
        if (!option_of(given, line_defaults[i].name)) {
            names[count] = line_defaults[i].name;
            values[count++] = line_defaults[i].value;
        }
    if (!is_local(option_of(given, "host")) && !option_of(given, "sslmode")) {
        names[count] = "sslmode";
        values[count++] = "verify-full";
        if (!option_of(given, "sslrootcert")) {
            names[count] = "sslrootcert";
            values[count++] = "/etc/ssl/certs/ca-certificates.crt";
        }
    }
    PQconninfoFree(given);
    return PQconnectdbParams(names, values, 1);
}

/* No message of a row's values in our log; nothing waits for ever. */
static const char *settings(bool read_only)
{
    return read_only ? "SET standard_conforming_strings = on; SET client_min_messages = error; SET jit = off; SET lock_timeout = '30s';"
                       "SET statement_timeout = '60s'; SET default_transaction_read_only = on"
                     : "SET standard_conforming_strings = on; SET client_min_messages = error; SET jit = off; SET lock_timeout = '30s';"
                       "SET synchronous_commit = on; SET idle_in_transaction_session_timeout = '60s'";
}

/* RC_INVALID: not a database this program can live in; the error says why. */
static enum rc check_database(struct pg_conn *conn)
{
    /* datlocprovider by way of JSON: it is not there before PostgreSQL 15, which is to be said in our words. */
    PGresult *r = PQexec(conn->pg, "SELECT pg_encoding_to_char(encoding), datcollate, current_setting('server_version_num')::int >= 150000, datctype, "
                                   "to_jsonb(d) ->> 'datlocprovider' FROM pg_database d WHERE datname = current_database()");
    enum rc rc = PQresultStatus(r) == PGRES_TUPLES_OK ? RC_OK : failed(conn, r);
    if (!rc && strcmp(PQgetvalue(r, 0, 0), "UTF8") != 0)
        rc = failed_with(conn, RC_INVALID, "the database's encoding is not UTF8");
    else if (!rc && strcmp(PQgetvalue(r, 0, 1), "C") != 0 && strcmp(PQgetvalue(r, 0, 1), "POSIX") != 0)
        rc = failed_with(conn, RC_INVALID, "the database's collation is not C");
    else if (!rc && strcmp(PQgetvalue(r, 0, 3), "C") != 0 && strcmp(PQgetvalue(r, 0, 3), "POSIX") != 0)
        rc = failed_with(conn, RC_INVALID, "the database's character types are not C: lower() would be another than SQLite's");
    else if (!rc && PQgetisnull(r, 0, 4) == 0 && strcmp(PQgetvalue(r, 0, 4), "c") != 0)
        rc = failed_with(conn, RC_INVALID, "the database's collation is not the C library's");
    else if (!rc && strcmp(PQgetvalue(r, 0, 2), "t") != 0)
        rc = failed_with(conn, RC_INVALID, "the server is older than PostgreSQL 15");
    PQclear(r);
    return rc;
}

static enum rc set_up(struct pg_conn *conn)
{
    PGresult *r = PQexec(conn->pg, settings(conn->read_only));
    enum rc rc = PQresultStatus(r) == PGRES_COMMAND_OK ? RC_OK : failed(conn, r);
    PQclear(r);
    return rc;
}

static enum rc connect_now(struct pg_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = postgres_connect(conn->url);
    conn->generation++;
    conn->in_tx = false;
    if (!conn->pg)
        return failed_with(conn, RC_INVALID, "the database's URL is malformed");
    if (PQstatus(conn->pg) != CONNECTION_OK)
        return failed_with(conn, RC_BUSY, PQerrorMessage(conn->pg));
    return set_up(conn);
}

/* Makes a broken connection again, but not more often than the backoff says: between attempts callers are refused at once. */
static enum rc ensure(struct pg_conn *conn)
{
    if (conn->pg && PQstatus(conn->pg) == CONNECTION_OK)
        return RC_OK;
    if (conn->in_tx)
        return conn->last_rc = RC_BUSY;
    int64_t now = now_ms();
    if (now < conn->retry_at_ms)
        return conn->last_rc = RC_BUSY;
    enum rc rc = connect_now(conn);
    if (!rc) {
        log_info("db.connected", LOG_I("after_ms", conn->backoff_ms));
        conn->backoff_ms = 0;
        return RC_OK;
    }
    conn->backoff_ms = conn->backoff_ms == 0 ? BACKOFF_FIRST_MS : conn->backoff_ms * 2 > BACKOFF_LAST_MS ? BACKOFF_LAST_MS : conn->backoff_ms * 2;
    conn->retry_at_ms = now_ms() + conn->backoff_ms;
    return rc;
}

static void driver_close(void *conn_arg)
{
    struct pg_conn *conn = conn_arg;
    PQfinish(conn->pg);
    free(conn->url);
    free(conn);
}

/* ---- statements ---- */

static enum rc prepare_with(struct pg_stmt *s, const Oid *types, int count)
{
    struct pg_conn *conn = s->conn;
    snprintf(s->name, sizeof(s->name), "s%u", ++conn->statements);
    PGresult *r = PQprepare(conn->pg, s->name, s->text, count, types);
    enum rc rc = PQresultStatus(r) == PGRES_COMMAND_OK ? RC_OK : failed(conn, r);
    PQclear(r);
    if (rc)
        return rc;
    PQclear(s->described);
    s->described = PQdescribePrepared(conn->pg, s->name);
    return PQresultStatus(s->described) == PGRES_COMMAND_OK ? RC_OK : failed(conn, s->described);
}

static void deallocate(struct pg_stmt *s)
{
    char text[40];
    snprintf(text, sizeof(text), "DEALLOCATE %s", s->name);
    PQclear(PQexec(s->conn->pg, text));
}

/* "$store_id = 0 OR …" makes the server take a parameter for as narrow a number as the 0 is. All our numbers have 64 bits: then
 * the statement is prepared once more, with that said. */
static enum rc widen(struct pg_stmt *s)
{
    Oid types[PARAMETERS_MAX] = {0}; /* 0: as the server infers it */
    int count = PQnparams(s->described);
    bool narrow = false;
    assert(count <= PARAMETERS_MAX);
    for (int i = 0; i < count; i++)
        if (PQparamtype(s->described, i) == OID_INT4 || PQparamtype(s->described, i) == OID_INT2) {
            types[i] = OID_INT8;
            narrow = true;
        }
    if (!narrow)
        return RC_OK;
    deallocate(s);
    return prepare_with(s, types, count);
}

static enum rc prepare_on_server(struct pg_stmt *s)
{
    struct pg_conn *conn = s->conn;
    enum rc rc = prepare_with(s, NULL, 0);
    if (!rc)
        rc = widen(s);
    if (rc)
        return rc;
    s->parameter_count = PQnparams(s->described);
    s->parameters = mem_realloc(s->parameters, ((size_t)s->parameter_count + 1) * sizeof(*s->parameters));
    for (int i = 0; i < s->parameter_count; i++)
        s->parameters[i] = (struct parameter){.type = PQparamtype(s->described, i), .is_null = true};
    s->generation = conn->generation;
    return RC_OK;
}

static void driver_finalize(void *stmt)
{
    struct pg_stmt *s = stmt;
    struct pg_conn *conn = s->conn;
    if (s->described && s->generation == conn->generation && PQstatus(conn->pg) == CONNECTION_OK && PQtransactionStatus(conn->pg) != PQTRANS_INERROR)
        deallocate(s);
    PQclear(s->described);
    PQclear(s->result);
    buf_free(&s->bytes);
    free(s->parameters);
    free(s->text);
    free(s);
}

static enum rc driver_prepare(void *conn_arg, const char *text, void **ret_stmt)
{
    struct pg_conn *conn = conn_arg;
    enum rc rc = ensure(conn);
    if (rc)
        return rc;
    struct pg_stmt *s = mem_zalloc(1, sizeof(*s));
    s->conn = conn;
    s->text = mem_dupz(text, strlen(text));
    s->bytes = (struct buf)BUF_INIT(64 << 20);
    rc = prepare_on_server(s);
    if (rc)
        driver_finalize(s);
    else
        *ret_stmt = s;
    return rc;
}

/* A statement of a connection that is no more is prepared again; bound values stay. */
static enum rc renew(struct pg_stmt *s)
{
    enum rc rc = ensure(s->conn);
    if (rc || s->generation == s->conn->generation)
        return rc;
    struct parameter *bound = s->parameters;
    int count = s->parameter_count;
    s->parameters = NULL;
    rc = prepare_on_server(s);
    for (int i = 0; !rc && i < count && i < s->parameter_count; i++)
        s->parameters[i] = bound[i];
    free(bound);
    return rc;
}

/* ---- binding ---- */

static void add_be(struct buf *out, uint64_t v, size_t width)
{
    v = htobe64(v);
    buf_add(out, str_n((const char *)&v + sizeof(v) - width, width));
}

/* An int8[] as array_recv() reads it: dimensions, no NULLs, element type, length, lower bound, elements. */
static void add_array(struct buf *out, const int64_t *ids, size_t count)
{
    add_be(out, count > 0, 4);
    add_be(out, 0, 4);
    add_be(out, OID_INT8, 4);
    if (count > 0) {
        add_be(out, count, 4);
        add_be(out, 1, 4);
    }
    for (size_t i = 0; i < count; i++) {
        add_be(out, 8, 4);
        add_be(out, (uint64_t)ids[i], 8);
    }
}

static enum rc add_number(struct pg_stmt *s, Oid type, int64_t v)
{
    double d = (double)v;
    uint64_t bits;
    switch (type) {
    case OID_INT8: add_be(&s->bytes, (uint64_t)v, 8); break;
    case OID_FLOAT8:
        memcpy(&bits, &d, sizeof(bits));
        add_be(&s->bytes, bits, 8);
        break;
    default: return failed_with(s->conn, RC_STORE, "a number is bound where the statement wants another type");
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
    case OID_INT8_ARRAY: return false;
    default: return true;
    }
}

static enum rc driver_bind(void *stmt, int position, const struct db_arg *arg)
{
    struct pg_stmt *s = stmt;
    if (position > s->parameter_count)
        return failed_with(s->conn, RC_STORE, "no such parameter");
    struct parameter *p = &s->parameters[position - 1];
    *p = (struct parameter){.type = p->type, .at = s->bytes.len, .is_null = arg->kind == DB_ARG_NULL};
    enum rc rc = RC_OK;
    if (arg->kind == DB_ARG_IDS)
        add_array(&s->bytes, arg->ids, arg->ids_count);
    else if (arg->kind == DB_ARG_I64)
        rc = add_number(s, p->type, arg->number);
    else if (arg->kind != DB_ARG_NULL && takes_bytes(p->type))
        buf_add(&s->bytes, arg->bytes);
    else if (arg->kind != DB_ARG_NULL)
        rc = failed_with(s->conn, RC_STORE, "text is bound where the statement wants a number");
    p->len = s->bytes.len - p->at;
    if (!rc && s->bytes.failed)
        rc = failed_with(s->conn, RC_STORE, "the values of one statement are larger than 64 MiB");
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
        return failed(s->conn, result);
    s->conn->changes = strtoll(PQcmdTuples(result), NULL, 10);
    return RC_OK;
}

static enum rc execute(struct pg_stmt *s)
{
    struct values v;
    enum rc rc = renew(s);
    if (rc)
        return rc;
    values_of(s, &v);
    return take_result(s, PQexecPrepared(s->conn->pg, s->name, s->parameter_count, v.ptr, v.len, v.format, 1));
}

static enum db_step driver_step(void *stmt)
{
    struct pg_stmt *s = stmt;
    if (!s->result && execute(s) != RC_OK)
        return DB_STEP_FAILED;
    return ++s->row < PQntuples(s->result) ? DB_STEP_ROW : DB_STEP_DONE;
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

/* ---- many rows, one round trip ---- */

static enum rc read_answers(struct pg_conn *conn, size_t count)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i <= count; i++) { /* the last is the synchronisation's */
        PGresult *r = PQgetResult(conn->pg);
        ExecStatusType status = PQresultStatus(r);
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
            conn->changes += strtoll(PQcmdTuples(r), NULL, 10);
        else if (!rc && status != PGRES_PIPELINE_SYNC)
            rc = failed(conn, r);
        PQclear(r);
        if (status != PGRES_PIPELINE_SYNC)
            PQclear(PQgetResult(conn->pg)); /* the NULL behind each answer */
        if (PQstatus(conn->pg) == CONNECTION_BAD)
            return rc ? rc : failed(conn, NULL);
    }
    return rc;
}

static enum rc driver_batch(void *stmt, size_t count, enum rc (*bind_row)(void *arg, size_t row), void *arg)
{
    struct pg_stmt *s = stmt;
    struct pg_conn *conn = s->conn;
    struct values v;
    int64_t changes = 0;
    enum rc rc = renew(s);
    if (!rc && PQenterPipelineMode(conn->pg) != 1)
        rc = failed(conn, NULL);
    for (size_t row = 0; !rc && row < count;) {
        size_t sent = 0;
        for (; !rc && sent < BATCH_IN_FLIGHT && row < count; row++) {
            driver_reset(s);
            rc = bind_row(arg, row);
            values_of(s, &v);
            if (!rc && PQsendQueryPrepared(conn->pg, s->name, s->parameter_count, v.ptr, v.len, v.format, 1) != 1)
                rc = failed(conn, NULL);
            sent += !rc;
        }
        enum rc bad_bind = rc;
        conn->changes = 0;
        if (PQpipelineSync(conn->pg) != 1)
            return failed(conn, NULL);
        rc = read_answers(conn, sent);
        rc = rc ? rc : bad_bind;
        changes += conn->changes;
    }
    if (PQstatus(conn->pg) == CONNECTION_OK && PQexitPipelineMode(conn->pg) != 1 && !rc)
        rc = failed(conn, NULL);
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

/* ---- transactions ---- */

/* Runs text of no parameters; of several statements the last one's first row's last cell goes into `ret_cell`. */
static enum rc run_script(struct pg_conn *conn, const char *text, char *ret_cell, size_t size)
{
    PGresult *r = PQexec(conn->pg, text);
    ExecStatusType status = PQresultStatus(r);
    enum rc rc = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY ? RC_OK : failed(conn, r);
    if (!rc && ret_cell)
        snprintf(ret_cell, size, "%s", PQntuples(r) ? PQgetvalue(r, 0, PQnfields(r) - 1) : "");
    PQclear(r);
    return rc;
}

/* What became of the transaction whose COMMIT was not answered? Only the server knows, once it is back. */
static enum rc ask_outcome(struct pg_conn *conn)
{
    char text[64], outcome[24] = "";
    int64_t until = now_ms() + OUTCOME_WAIT_MS;
    snprintf(text, sizeof(text), "SELECT pg_xact_status('%s')", conn->xact);
    for (enum rc rc = RC_BUSY; now_ms() < until; sleep_ms(BACKOFF_FIRST_MS)) {
        rc = ensure(conn);
        if (!rc)
            rc = run_script(conn, text, outcome, sizeof(outcome));
        if (!rc && strcmp(outcome, "in progress") != 0)
            break;
        outcome[0] = '\0';
    }
    bool committed = strcmp(outcome, "committed") == 0;
    log_warn("db.commit_unanswered", LOG_Z("outcome", outcome[0] ? outcome : "unknown"));
    conn->last_rc = committed ? RC_OK : RC_BUSY;
    return conn->last_rc;
}

static enum rc commit(struct pg_conn *conn)
{
    bool sent = conn->pg && PQstatus(conn->pg) == CONNECTION_OK;
    bool was_aborted = sent && PQtransactionStatus(conn->pg) == PQTRANS_INERROR; /* COMMIT would quietly roll back */
    enum rc rc = was_aborted ? conn->last_rc : run_script(conn, "COMMIT", NULL, 0);
    if (was_aborted)
        return rc ? rc : RC_BUSY;
    conn->in_tx = false;
    return sent && rc && PQstatus(conn->pg) == CONNECTION_BAD ? ask_outcome(conn) : rc;
}

static enum rc driver_script(void *conn_arg, const char *text)
{
    struct pg_conn *conn = conn_arg;
    if (strcmp(text, "COMMIT") == 0)
        return commit(conn);
    if (strcmp(text, "ROLLBACK") == 0)
        conn->in_tx = false;
    enum rc rc = ensure(conn);
    if (rc)
        return rc;
    if (strcmp(text, "ROLLBACK") == 0 && PQtransactionStatus(conn->pg) == PQTRANS_IDLE)
        return RC_OK;
    bool begins = strcmp(text, WRITER_LOCK) == 0;
    rc = run_script(conn, text, begins ? conn->xact : NULL, sizeof(conn->xact));
    conn->in_tx = (conn->in_tx || begins) && !(begins && rc);
    return rc;
}

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

static const struct db_driver postgres_driver = {
    .engine = DB_POSTGRES,
    .parameter_mark = "$",
    .arrays = true,
    .bigint = "BIGINT",
    .bytes = "BYTEA",
    .text = "TEXT",
    .strict = "",
    .clustered = "",
    /* Numbers that grow in the order of commits: a transaction's own, and a count within. Whoever reads only below the oldest
     * transaction that still runs (change_after) misses nothing, however late one commits. */
    .change_seq = "BIGINT PRIMARY KEY DEFAULT ((CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT) << 20) + (nextval('change_order') & 1048575))",
    .before_all = "CREATE SEQUENCE IF NOT EXISTS change_order CACHE 1024;",
    .after_all = "CREATE OR REPLACE FUNCTION change_told() RETURNS trigger LANGUAGE plpgsql AS "
                 "$$ BEGIN PERFORM pg_notify('zhixin', 'change'); RETURN NULL; END $$;"
                 "CREATE OR REPLACE TRIGGER change_told AFTER INSERT ON change FOR EACH STATEMENT EXECUTE FUNCTION change_told();",
    .begin = WRITER_LOCK,
    .close = driver_close,
    .prepare = driver_prepare,
    .finalize = driver_finalize,
    .bind = driver_bind,
    .step = driver_step,
    .reset = driver_reset,
    .batch = driver_batch,
    .column_count = driver_column_count,
    .column_name = driver_column_name,
    .column_type = driver_column_type,
    .column_i64 = driver_column_i64,
    .column_double = driver_column_double,
    .column_bytes = driver_column_bytes,
    .script = driver_script,
    .changes = driver_changes,
    .error = driver_error,
    .error_rc = driver_error_rc,
};

bool db_is_postgres_url(const char *where)
{
    return strncmp(where, "postgres://", 11) == 0 || strncmp(where, "postgresql://", 13) == 0;
}

enum rc db_open_postgres(const char *url, const struct db_options *options, struct db **ret)
{
    struct pg_conn *conn = mem_zalloc(1, sizeof(*conn));
    conn->url = mem_dupz(url, strlen(url));
    conn->read_only = options->read_only;
    enum rc rc = connect_now(conn);
    if (!rc)
        rc = check_database(conn);
    if (rc) {
        log_error("db.open", LOG_Z("engine", "postgres"), LOG_Z("why", conn->error));
        driver_close(conn);
        return rc;
    }
    *ret = db_wrap(&postgres_driver, conn);
    return RC_OK;
}
