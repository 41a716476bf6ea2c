/* The SQLite driver: embedded truth. WAL, synchronous=FULL unless somebody else syncs, small autocheckpoint (design: 250 pages)
 * unless somebody else carries pages over. A failed fsync ends the process: what the page cache then holds can't be known, so
 * the next start recovers. */
#include "base/log.h"
#include "db/db_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static enum rc rc_of(sqlite3 *conn)
{
    switch (sqlite3_extended_errcode(conn)) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC: log_error("db.fsync_failed", LOG_Z("why", sqlite3_errmsg(conn))); _Exit(70);
    default: break;
    }
    int cause = sqlite3_system_errno(conn);
    switch (sqlite3_errcode(conn) & 0xFF) { /* the primary code of the extended one */
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: return cause == ENOSPC || cause == EDQUOT ? RC_DISK_FULL : RC_DISK_FAILING;
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return RC_OK;
    case SQLITE_CONSTRAINT: return RC_CONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return RC_BUSY;
    case SQLITE_FULL: return RC_DISK_FULL;
    default: return RC_STORE;
    }
}

static void driver_close(void *conn)
{
    sqlite3_close_v2(conn);
}

static enum rc driver_prepare(void *conn, const char *text, void **ret_stmt)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v3(conn, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
        return rc_of(conn);
    *ret_stmt = stmt;
    return RC_OK;
}

static void driver_finalize(void *stmt)
{
    sqlite3_finalize(stmt);
}

static enum rc driver_bind(void *stmt, int position, const struct db_arg *arg)
{
    int got;
    switch (arg->kind) {
    case DB_ARG_I64: got = sqlite3_bind_int64(stmt, position, arg->number); break;
    case DB_ARG_TEXT: got = sqlite3_bind_text64(stmt, position, arg->bytes.ptr ? arg->bytes.ptr : "", arg->bytes.len, SQLITE_TRANSIENT, SQLITE_UTF8); break;
    case DB_ARG_BLOB: got = sqlite3_bind_blob64(stmt, position, arg->bytes.ptr ? arg->bytes.ptr : "", arg->bytes.len, SQLITE_TRANSIENT); break;
    default: got = sqlite3_bind_null(stmt, position); break;
    }
    return got == SQLITE_OK ? RC_OK : rc_of(sqlite3_db_handle(stmt));
}

static enum db_step driver_step(void *stmt)
{
    switch (sqlite3_step(stmt)) {
    case SQLITE_ROW: return DB_STEP_ROW;
    case SQLITE_DONE: return DB_STEP_DONE;
    default: return DB_STEP_FAILED;
    }
}

static void driver_reset(void *stmt)
{
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
}

static int driver_column_count(void *stmt)
{
    return sqlite3_column_count(stmt);
}

static const char *driver_column_name(void *stmt, int column)
{
    return sqlite3_column_name(stmt, column);
}

static enum db_type driver_column_type(void *stmt, int column)
{
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER: return DB_TYPE_I64;
    case SQLITE_FLOAT: return DB_TYPE_DOUBLE;
    case SQLITE_TEXT: return DB_TYPE_TEXT;
    case SQLITE_BLOB: return DB_TYPE_BLOB;
    default: return DB_TYPE_NULL;
    }
}

static int64_t driver_column_i64(void *stmt, int column)
{
    return sqlite3_column_int64(stmt, column);
}

static double driver_column_double(void *stmt, int column)
{
    return sqlite3_column_double(stmt, column);
}

static struct str driver_column_bytes(void *stmt, int column)
{
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return STR_NULL;
    const void *ptr = sqlite3_column_blob(stmt, column);
    return str_n(ptr, (size_t)sqlite3_column_bytes(stmt, column));
}

static enum rc driver_script(void *conn, const char *text)
{
    return sqlite3_exec(conn, text, NULL, NULL, NULL) == SQLITE_OK ? RC_OK : rc_of(conn);
}

static int64_t driver_changes(void *conn)
{
    return sqlite3_changes64(conn);
}

static const char *driver_error(void *conn)
{
    return sqlite3_errmsg(conn);
}

static enum rc driver_error_rc(void *conn)
{
    enum rc rc = rc_of(conn);
    return rc ? rc : RC_STORE;
}

/* ---- the write-ahead log ---- */

struct commit_hook {
    void (*fn)(void *arg, int pages);
    void *arg;
};

static int on_commit(void *arg, sqlite3 *conn, const char *name, int pages)
{
    struct commit_hook *hook = arg;
    (void)conn;
    (void)name;
    hook->fn(hook->arg, pages);
    return SQLITE_OK;
}

void db_sqlite_on_commit(struct db *db, void (*fn)(void *arg, int pages), void *arg)
{
    sqlite3 *conn = db_connection(db);
    struct commit_hook *hook = fn ? mem_zalloc(1, sizeof(*hook)) : NULL;
    if (hook)
        *hook = (struct commit_hook){fn, arg};
    sqlite3_set_clientdata(conn, "commit hook", hook, free); /* freed when replaced or closed */
    sqlite3_wal_hook(conn, hook ? on_commit : NULL, hook);
}

enum rc db_sqlite_checkpoint(struct db *db)
{
    sqlite3 *conn = db_connection(db);
    int got = sqlite3_wal_checkpoint_v2(conn, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return got == SQLITE_OK || (got & 0xFF) == SQLITE_BUSY ? RC_OK : rc_of(conn);
}

/* ---- pacing ---- */

enum { PACE_PAGES = 64 }; /* half of what a disk's queue commonly holds */

/* The methods of SQLite's own files, and the same with writes that are waited for now and then
 * (sqlite.org/c3ref/io_methods.html). A sync instead would make the disk empty its cache each time, and commits wait for that. */
static const struct sqlite3_io_methods *plain;
static struct sqlite3_io_methods paced;
static pthread_once_t paced_made = PTHREAD_ONCE_INIT;
static _Thread_local sqlite3_file *file_here;
static _Thread_local int fd_here;
static _Thread_local unsigned written;

static int paced_write(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset)
{
    int got = plain->xWrite(file, bytes, amount, offset);
    if (got == SQLITE_OK && ++written % PACE_PAGES == 0) /* what fails here, SQLite's own sync at the end says */
        (void)sync_file_range(fd_here, 0, 0, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    return got;
}

static void make_paced(void)
{
    plain = file_here->pMethods;
    paced = *plain;
    paced.xWrite = paced_write;
}

void db_sqlite_pace(struct db *db, int fd)
{
    if (sqlite3_file_control(db_connection(db), "main", SQLITE_FCNTL_FILE_POINTER, &file_here) != SQLITE_OK)
        return;
    pthread_once(&paced_made, make_paced);
    fd_here = fd;
    file_here->pMethods = fd < 0 ? plain : &paced;
}

void db_scrub(struct db *db, bool on)
{
    if (db_driver(db)->engine == DB_SQLITE && driver_script(db_connection(db), on ? "PRAGMA secure_delete=ON" : "PRAGMA secure_delete=FAST") != RC_OK)
        abort();
}

static const struct db_driver sqlite_driver = {
    .engine = DB_SQLITE,
    .parameter_mark = "?",
    .bigint = "INTEGER",
    .bytes = "BLOB",
    .passing = "",
    .text = "TEXT",
    .strict = "STRICT",
    .clustered = "STRICT, WITHOUT ROWID",
    .change_seq = "INTEGER PRIMARY KEY",
    .begin = "BEGIN IMMEDIATE",
    .close = driver_close,
    .prepare = driver_prepare,
    .finalize = driver_finalize,
    .bind = driver_bind,
    .step = driver_step,
    .reset = driver_reset,
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

static enum rc configure(sqlite3 *conn, const struct db_options *o)
{
    char pragmas[512];
    sqlite3_busy_timeout(conn, (int)(o->busy_ms ? o->busy_ms : 5000));
    sqlite3_extended_result_codes(conn, 1);
    sqlite3_limit(conn, SQLITE_LIMIT_VARIABLE_NUMBER, 100000);
    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=%s; PRAGMA wal_autocheckpoint=250; PRAGMA foreign_keys=ON;"
             "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF; PRAGMA cache_size=-%lld;%s",
             o->sync_later ? "NORMAL" : "FULL", (long long)(o->cache_kib ? o->cache_kib : 2048), o->read_only ? "PRAGMA query_only=ON;" : "");
    return driver_script(conn, pragmas);
}

void db_rest(struct db *db)
{
    if (db_engine(db) == DB_SQLITE)
        sqlite3_db_release_memory(db_connection(db));
}

enum rc db_empty_log(struct db *db)
{
    return db_engine(db) == DB_SQLITE ? db_script(db, "PRAGMA wal_checkpoint(TRUNCATE)") : RC_OK;
}

enum rc db_check_file(struct db *db, bool *ret_sound)
{
    struct db_rows *q;
    bool sound = true;
    enum rc rc = db_engine(db) == DB_SQLITE ? db_query_text(db, "PRAGMA integrity_check", NULL, 0, &q) : RC_OK;
    if (!rc && db_engine(db) == DB_SQLITE) {
        while (db_next(q))
            sound &= str_eqz(db_text_at(q, 0), "ok");
        rc = db_end(q);
    }
    *ret_sound = sound;
    return rc;
}

enum rc db_open_sqlite(const char *path, const struct db_options *options, struct db **ret)
{
    sqlite3 *conn = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (options->create ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(path, &conn, flags, NULL) != SQLITE_OK) {
        log_error("db.open", LOG_Z("path", path), LOG_Z("why", sqlite3_errmsg(conn)));
        sqlite3_close(conn);
        return RC_STORE;
    }
    /* Plans follow the statement, never the values bound to it: else SQLite prepares a statement with LIMIT $limit anew at
     * each run. */
    sqlite3_db_config(conn, SQLITE_DBCONFIG_ENABLE_QPSG, 1, NULL);
    enum rc rc = configure(conn, options);
    if (rc) {
        log_error("db.open", LOG_Z("path", path), LOG_Z("why", sqlite3_errmsg(conn)));
        sqlite3_close(conn);
        return rc;
    }
    *ret = db_wrap(&sqlite_driver, conn);
    return RC_OK;
}
