/* One connection to PostgreSQL: how it is made, waited on, given up and made again.
 *
 * Nothing waits for ever: libpq works without blocking here. A server that says nothing for two seconds may be at work, or the
 * line may be dead while both ends believe in it (a proxy that hangs, a firewall that forgot). A second connection asks whether
 * the server's process still works for us; keep-alives alone would not tell. */
#include "db/postgres_priv.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum {
    LOOK_MS = 100,
    MEANWHILE_MS = 1,
    SILENCE_MS = 2000, /* so long nothing may come before it is asked whether the server works at all */
};

static int64_t now_ms(void)
{
    return clock_mono_us() / US_PER_MS;
}

/* ---- errors ---- */

/* By SQLSTATE (postgresql.org/docs/15/errcodes-appendix.html): what a caller can do about it. */
static enum rc rc_of_state(const char *state)
{
    static const struct {
        const char *prefix;
        enum rc rc;
    } known[] = {
        {"23", RC_CONFLICT},         /* integrity constraint violation */
        {"40", RC_BUSY},             /* serialization failure, deadlock: run again */
        {"25006", RC_DATABASE_AWAY}, /* a standby that is not the primary (yet, or any more) */
        {"25P02", RC_BUSY},          /* the transaction failed before */
        {"53100", RC_DISK_FULL},
        {"53200", RC_NO_MEMORY},
        {"53", RC_BUSY},
        {"55P03", RC_BUSY},
        {"57P", RC_DATABASE_AWAY},
        {"57", RC_BUSY},
        {"08", RC_DATABASE_AWAY},
        {"58", RC_DISK_FAILING},
        {"XX001", RC_DISK_FAILING},
        {"XX002", RC_DISK_FAILING},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(state, known[i].prefix, strlen(known[i].prefix)) == 0)
            return known[i].rc;
    return RC_STORE;
}

enum rc pg_failed_with(struct pg_conn *conn, enum rc rc, const char *why)
{
    if (why != conn->error)
        snprintf(conn->error, sizeof(conn->error), "%s", why);
    for (size_t end = strlen(conn->error); end && conn->error[end - 1] == '\n';)
        conn->error[--end] = '\0';
    return conn->last_rc = rc;
}

void pg_hang_up(struct pg_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = NULL;
}

/* The transaction that was open on it, if any, is lost with it. `why` may stand in what is freed. */
static enum rc give_up(struct pg_conn *conn, const char *why)
{
    (void)!pg_failed_with(conn, RC_DATABASE_AWAY, why);
    line_lost(conn->line, conn->epoch, conn->error);
    pg_hang_up(conn);
    return RC_DATABASE_AWAY;
}

/* Without DETAIL, which would quote a row's values. */
enum rc pg_failed(struct pg_conn *conn, const PGresult *result)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *why = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char text[400];
    if (state)
        snprintf(text, sizeof(text), "%s (%s)", why ? why : "", state);
    else if (!conn->pg)
        return conn->last_rc = RC_DATABASE_AWAY; /* given up, for the reason that stands there */
    else
        snprintf(text, sizeof(text), "%s", why ? why : PQerrorMessage(conn->pg));
    enum rc rc = state && pg_is_up(conn) ? rc_of_state(state) : RC_DATABASE_AWAY;
    if (rc == RC_DATABASE_AWAY)
        return give_up(conn, text);
    if (rc == RC_DISK_FULL)
        line_full(conn->line, true);
    return pg_failed_with(conn, rc, text);
}

/* ---- waiting ---- */

static bool still_works(const struct pg_conn *conn);

/* The answer may lie here already, or somebody may have found out that the server is away, or it is asked. */
static bool is_dead(struct pg_conn *conn, int64_t *asked_ms)
{
    if (conn->asks || line_is_away(conn->line))
        return true;
    if (now_ms() - *asked_ms < SILENCE_MS)
        return false;
    bool works = still_works(conn);
    *asked_ms = now_ms();
    return !works && poll(&(struct pollfd){PQsocket(conn->pg), POLLIN, 0}, 1, 0) == 0;
}

/* Sends what is left to send and reads what comes, until libpq has a result or knows that none will come. */
static bool wait_for_result(struct pg_conn *conn)
{
    int64_t heard_ms = now_ms(), asked_ms = heard_ms;
    while (pg_is_up(conn)) {
        int unsent = PQflush(conn->pg);
        if (unsent < 0 || !PQisBusy(conn->pg))
            return true;
        struct pollfd watched = {PQsocket(conn->pg), (short)(POLLIN | (unsent ? POLLOUT : 0)), 0};
        int got = poll(&watched, 1, conn->meanwhile ? MEANWHILE_MS : LOOK_MS);
        if (got > 0) {
            heard_ms = asked_ms = now_ms();
            if (watched.revents & ~POLLOUT && PQconsumeInput(conn->pg) != 1)
                return true;
            continue;
        }
        if (conn->meanwhile)
            conn->meanwhile(conn->meanwhile_arg);
        if (now_ms() - heard_ms >= SILENCE_MS && is_dead(conn, &asked_ms)) {
            (void)!give_up(conn, "no answer, and the server does not work on one");
            return false;
        }
    }
    return conn->pg != NULL;
}

PGresult *pg_next(struct pg_conn *conn)
{
    return wait_for_result(conn) ? PQgetResult(conn->pg) : NULL;
}

PGresult *pg_answer(struct pg_conn *conn, int sent)
{
    PGresult *kept = NULL, *one;
    while (sent == 1 && (one = pg_next(conn))) {
        ExecStatusType status = PQresultStatus(kept);
        bool is_error = kept && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY;
        PQclear(is_error ? one : kept);
        kept = is_error ? kept : one;
    }
    if (conn->pg && (sent != 1 || !pg_is_up(conn))) {
        const char *why = kept ? PQresultErrorField(kept, PG_DIAG_MESSAGE_PRIMARY) : NULL;
        (void)!give_up(conn, why ? why : PQerrorMessage(conn->pg));
    }
    return kept;
}

static PGresult *ask(struct pg_conn *conn, const char *text)
{
    return pg_answer(conn, conn->pg ? PQsendQuery(conn->pg, text) : 0);
}

enum rc pg_run(struct pg_conn *conn, const char *text, char *ret_cell, size_t size)
{
    PGresult *r = ask(conn, text);
    ExecStatusType status = PQresultStatus(r);
    enum rc rc = r && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) ? RC_OK : pg_failed(conn, r);
    if (!rc && !conn->pg)
        rc = pg_failed_with(conn, RC_DATABASE_AWAY, "the connection was closed");
    if (!rc && ret_cell)
        snprintf(ret_cell, size, "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return rc;
}

/* ---- connecting ---- */

/* Silence must end: a line whose other end is gone is found by keep-alives and the kernel's limit on unanswered bytes. */
static const struct {
    const char *name, *value;
} line_defaults[] = {
    {"connect_timeout", "3"},     {"keepalives_idle", "5"},       {"keepalives_interval", "2"}, {"keepalives_count", "2"},
    {"tcp_user_timeout", "5000"}, {"application_name", "zhixin"}, {"client_encoding", "UTF8"},
};

static const char *option_of(const PQconninfoOption *options, const char *name)
{
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if (strcmp(o->keyword, name) == 0)
            return o->val;
    return NULL;
}

static bool is_local(struct str host)
{
    return host.len == 0 || host.ptr[0] == '/' || str_eqz(host, "localhost") || str_eqz(host, "127.0.0.1") || str_eqz(host, "::1");
}

/* Of several hosts one that is elsewhere is enough. */
static bool are_local(const char *hosts)
{
    struct str rest = str_z(hosts ? hosts : "");
    for (;;) {
        ptrdiff_t comma = str_find(rest, ',');
        if (!is_local(comma < 0 ? rest : str_sub(rest, 0, (size_t)comma)))
            return false;
        if (comma < 0)
            return true;
        rest = str_sub(rest, (size_t)comma + 1, rest.len);
    }
}

/* What the URL does not say: limits of the line, and, to another machine, TLS with the server's name proven. */
static PGconn *connect_url(const char *url)
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
    const char *address = option_of(given, "hostaddr");
    if (!are_local(address ? address : option_of(given, "host")) && !option_of(given, "sslmode")) {
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

/* Nothing waits for ever here either. */
#define READER_SETTINGS PG_SETTINGS "SET statement_timeout = '60s'; SET default_transaction_read_only = on"
#define FLUSHER_SETTINGS PG_SETTINGS "SET synchronous_commit = on; " PG_PREPARE_FLUSH

/* Of what is derived a crash may take the last moments: its cursor goes with them. A server's process whose other end is gone must not
 * hold what the next one waits for: it looks while it works, and its line does when it rests. */
#define DERIVED_SETTINGS PG_SETTINGS "SET synchronous_commit = off; SET idle_in_transaction_session_timeout = '60s'; SET client_connection_check_interval = '2s';" \
                                  "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 2; SET tcp_user_timeout = 5000;" \
                                  "SET application_name = '" PG_DERIVED "'"

/* Questions over everything, a few at a time: each is planned by what is bound to it (a plan for any period took a thousandth of the rows
 * for granted), tables lie in memory or on a disk that seeks nothing, and a million rows may come from several processes. */
#define DERIVED_PLANS "SET plan_cache_mode = force_custom_plan; SET random_page_cost = 1.1; SET parallel_tuple_cost = 0.01"

static enum rc set_up_derived(struct pg_conn *conn)
{
    char text[1024];
    snprintf(text, sizeof(text), "%s; " DERIVED_PLANS "; SET search_path = %s; SET work_mem = %lld", conn->read_only ? READER_SETTINGS : DERIVED_SETTINGS, conn->schema,
             (long long)(conn->work_kib > 64 ? conn->work_kib : 64));
    return pg_run(conn, text, NULL, 0);
}

static enum rc set_up(struct pg_conn *conn)
{
    if (conn->asks)
        return RC_OK;
    if (conn->schema)
        return set_up_derived(conn);
    if (conn->flushes)
        return pg_run(conn, FLUSHER_SETTINGS, NULL, 0);
    return conn->read_only ? pg_run(conn, PG_BY_INDEX READER_SETTINGS, NULL, 0) : pg_set_up_writer(conn);
}

enum rc pg_connect(struct pg_conn *conn)
{
    PQfinish(conn->pg);
    conn->owed = 0;
    pg_ahead_forget(conn);
    conn->epoch = line_epoch(conn->line);
    conn->pg = connect_url(conn->url);
    conn->generation++;
    conn->in_tx = false;
    if (!conn->pg)
        return pg_failed_with(conn, RC_INVALID, "the database's URL is malformed");
    if (!pg_is_up(conn) || PQsetnonblocking(conn->pg, 1) != 0) {
        enum rc rc = pg_failed_with(conn, RC_DATABASE_AWAY, PQerrorMessage(conn->pg));
        pg_hang_up(conn);
        return rc;
    }
    return set_up(conn);
}

/* One attempt, if it may be made now; the line is told how it ended. */
static enum rc try_to_connect(struct pg_conn *conn)
{
    if (!line_may_try(conn->line))
        return pg_failed_with(conn, RC_DATABASE_AWAY, "the database can't be reached");
    enum rc rc = pg_connect(conn);
    if (rc == RC_OK)
        line_reached(conn->line);
    else
        line_not_reached(conn->line, conn->error);
    if (rc)
        pg_hang_up(conn); /* half set up is not set up */
    return rc;
}

/* A connection older than the last loss of one may be as dead, and say so only after two seconds. */
static bool is_suspect(const struct pg_conn *conn)
{
    return conn->epoch != line_epoch(conn->line) && PQtransactionStatus(conn->pg) == PQTRANS_IDLE;
}

enum rc pg_ensure(struct pg_conn *conn)
{
    bool once = pg_is_made_once(conn);
    if (pg_is_up(conn) && (conn->in_tx || once || !is_suspect(conn)))
        return RC_OK;
    if (conn->in_tx || once)
        return conn->last_rc = RC_DATABASE_AWAY;
    enum rc rc = try_to_connect(conn);
    if (!rc)
        log_info("db.connected", LOG_Z("as", conn->flushes ? "flusher" : conn->read_only ? "reader" : "writer"));
    return rc;
}

/* RC_INVALID: not a database this program can live in; the error says why. */
static enum rc check_database(struct pg_conn *conn)
{
    /* datlocprovider by way of JSON: it is not there before PostgreSQL 15, which is to be said in our words. */
    PGresult *r = ask(conn, "SELECT pg_encoding_to_char(encoding), datcollate, current_setting('server_version_num')::int >= 150000, datctype, "
                            "to_jsonb(d) ->> 'datlocprovider' FROM pg_database d WHERE datname = current_database()");
    enum rc rc = PQresultStatus(r) == PGRES_TUPLES_OK ? RC_OK : pg_failed(conn, r);
    if (!rc && strcmp(PQgetvalue(r, 0, 0), "UTF8") != 0)
        rc = pg_failed_with(conn, RC_INVALID, "the database's encoding is not UTF8");
    else if (!rc && strcmp(PQgetvalue(r, 0, 1), "C") != 0 && strcmp(PQgetvalue(r, 0, 1), "POSIX") != 0)
        rc = pg_failed_with(conn, RC_INVALID, "the database's collation is not C");
    else if (!rc && strcmp(PQgetvalue(r, 0, 3), "C") != 0 && strcmp(PQgetvalue(r, 0, 3), "POSIX") != 0)
        rc = pg_failed_with(conn, RC_INVALID, "the database's character types are not C: lower() would be another than SQLite's");
    else if (!rc && PQgetisnull(r, 0, 4) == 0 && strcmp(PQgetvalue(r, 0, 4), "c") != 0)
        rc = pg_failed_with(conn, RC_INVALID, "the database's collation is not the C library's");
    else if (!rc && strcmp(PQgetvalue(r, 0, 2), "t") != 0)
        rc = pg_failed_with(conn, RC_INVALID, "the server is older than PostgreSQL 15");
    PQclear(r);
    return rc;
}

enum rc pg_open(struct pg_conn *conn)
{
    if (getrandom(&conn->id, sizeof(conn->id), 0) != sizeof(conn->id))
        return RC_INTERNAL;
    conn->id &= INT64_MAX;
    enum rc rc = try_to_connect(conn);
    return rc ? rc : check_database(conn);
}

void pg_close(struct pg_conn *conn)
{
    PQfinish(conn->pg);
    pg_ahead_forget(conn);
    free(conn->ahead);
    line_free(conn->own_line);
    free(conn->schema);
    free(conn->url);
    free(conn);
}

/* ---- silence ---- */

/* Is the server's process of this connection there, and neither idle nor waiting for us? */
static bool still_works(const struct pg_conn *conn)
{
    char text[320], found[8] = "";
    struct pg_conn asker = {.url = conn->url, .asks = true, .own_line = line_new()};
    asker.line = asker.own_line;
    snprintf(text, sizeof(text), "SELECT 1 FROM pg_stat_activity WHERE pid = %d AND COALESCE(state, '') NOT LIKE 'idle%%' AND COALESCE(wait_event_type, '') <> 'Client'",
             PQbackendPID(conn->pg));
    enum rc rc = pg_connect(&asker);
    if (!rc)
        rc = pg_run(&asker, text, found, sizeof(found));
    if (rc)
        line_not_reached(conn->line, asker.error);
    PQfinish(asker.pg);
    line_free(asker.own_line);
    return !rc && found[0];
}
