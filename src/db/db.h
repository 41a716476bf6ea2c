/* One small face for every SQL engine: named statements, bound by name, read by name.
 * SQL text stands in src/<module>/<module>.sql and is embedded at build time; nobody composes SQL
 * but the segment compiler. A statement's unknown name, parameter or column is a bug and aborts.
 * A struct db belongs to one thread at a time. */
#ifndef ZX_DB_DB_H
#define ZX_DB_DB_H

#include "base/arena.h"
#include "base/ctx.h"

struct db;
struct db_rows;

enum db_engine { DB_SQLITE, DB_DUCKDB, DB_POSTGRES };

/* One block "-- name: x" of a .sql file. What can't be said in words that all engines share has a second text beside the first,
 * "-- name: x@postgres", which takes its place on that engine. */
struct db_sql {
    const char *name;
    const char *text;
};

/* A forward-only migration of the truth; runs in one transaction. `text` may hold many statements and uses
 * the type macros $BIGINT $BYTES $TEXT, which each driver replaces, and behind each table $STRICT, or $CLUSTERED where short rows
 * are to lie in the order of a primary key that is no single number. Numbers are unique over all modules. */
struct db_migration {
    int number; /* module base + n: base 0, job 50, access 100, customer 200, catalog 300, identity 400, eventlog 500, sales 600, warehouse 700, intake 800, insight 900
                 */
    const char *text;
};

/* Values to bind. DB_IDS binds a list that the driver expands where the text says $name[], DB_BLOBS one where it says $name[bytes]. */
struct db_arg {
    const char *name;
    enum { DB_ARG_NULL, DB_ARG_I64, DB_ARG_TEXT, DB_ARG_BLOB, DB_ARG_IDS, DB_ARG_BLOBS } kind;
    int64_t number;
    struct str bytes;
    const int64_t *ids;
    const struct str *blobs;
    size_t list_count; /* of ids or blobs */
};
#define DB_I64(n, v) ((struct db_arg){.name = (n), .kind = DB_ARG_I64, .number = (int64_t)(v)})
/* Text is UTF-8 without U+0000, which whoever takes it from outside has made sure of: PostgreSQL refuses other (RC_STORE), SQLite keeps it. */
#define DB_TEXT(n, v) ((struct db_arg){.name = (n), .kind = DB_ARG_TEXT, .bytes = (v)})
/* An empty or null str becomes NULL. */
#define DB_TEXT_OR_NULL(n, v) db_text_or_null(n, v)
#define DB_BLOB(n, v) ((struct db_arg){.name = (n), .kind = DB_ARG_BLOB, .bytes = (v)})
#define DB_BLOB_OR_NULL(n, v) db_blob_or_null(n, v)
#define DB_I64_OR_NULL(n, v, is_set) db_i64_or_null(n, v, is_set)
#define DB_NULL(n) ((struct db_arg){.name = (n), .kind = DB_ARG_NULL})
#define DB_IDS(n, list, count) ((struct db_arg){.name = (n), .kind = DB_ARG_IDS, .ids = (list), .list_count = (count)})
#define DB_BLOBS(n, list, count) ((struct db_arg){.name = (n), .kind = DB_ARG_BLOBS, .blobs = (list), .list_count = (count)})
struct db_arg db_text_or_null(const char *name, struct str v);
struct db_arg db_blob_or_null(const char *name, struct str v);
struct db_arg db_i64_or_null(const char *name, int64_t v, bool is_set);

/* ---- opening ---- */

struct db_options {
    bool read_only;
    bool create;
    bool sync_later; /* a commit is on disk when whoever opened it has synced it; see pool.h */
    int64_t busy_ms;
    int64_t cache_kib;    /* page cache of SQLite; memory limit of DuckDB; of a derived store on PostgreSQL, what a query may use */
    unsigned threads;     /* DuckDB only; 0: two. With one, nobody spins while another works */
    struct db_line *line; /* PostgreSQL only: what a pool's connections know of their server together; NULL: nothing is shared */
    const char *schema;   /* PostgreSQL only: of a derived store in the truth's database; its tables alone are meant. See db_pool_connect() */
    bool streaming;       /* DuckDB only: rows come as they are made, without being held; one query at a time */
};
/* SQLite only: is what is deleted overwritten, so that no copy of it is left in the file? It is, unless somebody who deletes
 * nothing personal asks otherwise for a moment, inside a transaction; then it is also not written once more. */
void db_scrub(struct db *db, bool on);
/* Opens an SQLite file in WAL mode; each commit is synced. Errors: RC_STORE, RC_DISK_FULL. */
enum rc db_open_sqlite(const char *path, const struct db_options *options, struct db **ret);
/* Opens a connection to PostgreSQL 15 or newer: a database of encoding UTF8, collation and character types C, named by a libpq URL. To another
 * machine it is TLS with the server's name proven (verify-full), unless the URL says otherwise. RC_DATABASE_AWAY: can't be reached now;
 * RC_INVALID: no such URL, or not such a database. */
enum rc db_open_postgres(const char *url, const struct db_options *options, struct db **ret);
bool db_is_postgres_url(const char *where);
/* Opens whichever of the two `where` names: a postgres:// URL, or else the path of an SQLite file. */
enum rc db_open(const char *where, const struct db_options *options, struct db **ret);
/* Opens a DuckDB file, loading the library at the first call. `segments_dir` is the only folder its file functions may touch. */
enum rc db_open_duckdb(const char *path, const char *segments_dir, const struct db_options *options, struct db **ret);
/* Can DuckDB's library be loaded? It is tried once in the life of a process. */
bool db_duckdb_is_there(void);
/* Can nothing be done on this connection any more? Connections to the same DuckDB path share one open database, set up by the
 * first: when DuckDB declared it invalid, all must be closed and the file made again. A derived store's writer on PostgreSQL is
 * never connected anew by itself; what it held (locks, temporary tables) ended with the connection. */
bool db_is_broken(struct db *db);
/* Makes a running DuckDB query of this connection fail soon; from any thread. */
void db_interrupt(struct db *db);
void db_close(struct db *db); /* NULL is fine */
/* Empties an SQLite connection's page cache. */
void db_rest(struct db *db);
/* SQLite only, elsewhere nothing to do: leaves no copy of what was deleted or replaced in the write-ahead log. */
enum rc db_empty_log(struct db *db) ZX_MUST_CHECK;
/* Does the engine find its file sound? PostgreSQL checks its own pages as it reads them, so there *ret_sound is true. */
enum rc db_check_file(struct db *db, bool *ret_sound) ZX_MUST_CHECK;
MEM_DEFINE_CLEANUP(struct db, db_close)
enum db_engine db_engine(const struct db *db);
/* Makes the named statements known to every database opened later (called once per module at start). */
void db_register_sql(const struct db_sql *sql, size_t count);
const char *db_sql_text(const char *name);           /* aborts when unknown */
const struct db_sql *db_sql_named(const char *name); /* NULL when unknown */
/* Walks all registered statements, for the test that prepares each. */
const struct db_sql *db_sql_at(size_t index); /* NULL past the end */
/* Prepares without running; the engine's own complaint goes to `ret_why` (valid until the next call). Of a statement with a
 * text of its own for an engine, each text is prepared there only. */
bool db_check_sql(struct db *db, const char *name, const char **ret_why);
/* The last error text of the engine, for logs. Never shown to clients. */
const char *db_error(const struct db *db);

/* ---- running ---- */

/* Runs a named statement to its end: db_run(c->db, "tag_insert", DB_I64("id", id), DB_TEXT("name", s)).
 * RC_CONFLICT on a unique or foreign key violation, RC_DISK_FULL, RC_BUSY, RC_DATABASE_AWAY, RC_STORE. */
#define db_run(db, name, ...) db_run_args(db, name, (const struct db_arg[]){DB_NULL(""), ##__VA_ARGS__}, DB_ARGC(__VA_ARGS__))
#define DB_ARGC(...) (sizeof((const struct db_arg[]){DB_NULL(""), ##__VA_ARGS__}) / sizeof(struct db_arg))
enum rc db_run_args(struct db *db, const char *name, const struct db_arg *args, size_t count) ZX_MUST_CHECK;
/* The same for a write whose outcome nobody asks at once, inside a transaction: on PostgreSQL it goes out together with the next
 * statement that is waited for, and a failure shows there (RC_STORE, what the transaction held is void). Elsewhere it is db_run(). */
#define db_run_later(db, name, ...) db_run_later_args(db, name, (const struct db_arg[]){DB_NULL(""), ##__VA_ARGS__}, DB_ARGC(__VA_ARGS__))
enum rc db_run_later_args(struct db *db, const char *name, const struct db_arg *args, size_t count) ZX_MUST_CHECK;
/* Says that a query will be asked with just these values, in this transaction and before anything in it changes the answer, or by
 * a reader at once: on PostgreSQL it travels with whatever is waited for next, and its answer lies ready when db_query() asks, once. A
 * hint: who asks otherwise, or asks twice, is answered all the same. */
#define db_ahead(db, name, ...) db_ahead_args(db, name, (const struct db_arg[]){DB_NULL(""), ##__VA_ARGS__}, DB_ARGC(__VA_ARGS__))
enum rc db_ahead_args(struct db *db, const char *name, const struct db_arg *args, size_t count) ZX_MUST_CHECK;
/* What was asked ahead on this connection and never taken is nobody's any more. */
void db_forget(struct db *db);
/* Rows changed by the last db_run of this connection. */
int64_t db_changes(const struct db *db);
/* Runs many statements separated by ';' (migrations, pragmas); no parameters. */
enum rc db_script(struct db *db, const char *text) ZX_MUST_CHECK;
/* The same with the type macros of migrations, for tables that are made by other means than these. */
enum rc db_define(struct db *db, const char *text) ZX_MUST_CHECK;
/* Runs SQL text that is not registered: for the segment compiler, tests and commands' own checks. */
enum rc db_query_text(struct db *db, const char *text, const struct db_arg *args, size_t count, struct db_rows **ret) ZX_MUST_CHECK;

/* A query is a loop:
 *     struct db_rows *q = db_query(c->db, "store_list", DB_I64("brand_id", b));
 *     while (db_next(q)) … db_i64(q, "id") … db_text(q, "name") …
 *     rc = db_end(q);
 * db_query never returns NULL: a failure to prepare or bind shows in db_end. db_end releases q. */
#define db_query(db, name, ...) db_query_args(db, name, (const struct db_arg[]){DB_NULL(""), ##__VA_ARGS__}, DB_ARGC(__VA_ARGS__))
struct db_rows *db_query_args(struct db *db, const char *name, const struct db_arg *args, size_t count);
bool db_next(struct db_rows *q);
enum rc db_end(struct db_rows *q) ZX_MUST_CHECK;
/* Cells of the current row by column name; valid until the next db_next/db_end (copy with arena_str). NULL reads as 0 or empty. */
int64_t db_i64(struct db_rows *q, const char *column);
double db_double(struct db_rows *q, const char *column);
struct str db_text(struct db_rows *q, const char *column);
struct str db_blob(struct db_rows *q, const char *column);
bool db_is_null(struct db_rows *q, const char *column);
/* By position, for generic code (row → JSON, export). */
size_t db_columns(struct db_rows *q);
const char *db_column_name(struct db_rows *q, size_t index);
enum db_type { DB_TYPE_NULL, DB_TYPE_I64, DB_TYPE_DOUBLE, DB_TYPE_TEXT, DB_TYPE_BLOB };
enum db_type db_column_type(struct db_rows *q, size_t index);
int64_t db_i64_at(struct db_rows *q, size_t index);
double db_double_at(struct db_rows *q, size_t index);
struct str db_text_at(struct db_rows *q, size_t index);
/* One integer, or `otherwise` when there is no row. */
#define db_get_i64(db, otherwise, ret, name, ...) db_get_i64_args(db, otherwise, ret, name, (const struct db_arg[]){DB_NULL(""), ##__VA_ARGS__}, DB_ARGC(__VA_ARGS__))
enum rc db_get_i64_args(struct db *db, int64_t otherwise, int64_t *ret, const char *name, const struct db_arg *args, size_t count) ZX_MUST_CHECK;

/* The same statement, which gives no rows, for many rows, prepared once and, on PostgreSQL, in few round trips; db_changes() then
 * counts them all. rows[i*per_row] starts row i. */
enum rc db_batch(struct db *db, const char *name, const struct db_arg *rows, size_t per_row, size_t count) ZX_MUST_CHECK;

/* ---- transactions ---- */

/* Runs fn inside one transaction on c->db and commits; fn must be re-runnable, for it runs again after a deadlock or a lost
 * connection. A failing fn rolls back. Nested calls join the outer transaction. RC_DATABASE_AWAY: not done, or nobody
 * knows; then it is not run again, and who keeps things in memory that follow from it looks at what is there before the next. */
enum rc db_tx(struct ctx *c, enum rc (*fn)(struct ctx *c, void *arg), void *arg) ZX_MUST_CHECK;
/* The first thing in a transaction, for who commits for many: waits for its turn among the writers of all servers, and calls
 * meanwhile(arg) about once a millisecond and, on PostgreSQL, once when the turn has come; it may gather more, but must not use the
 * connection. Without it the turn is waited for together with the first answer. */
enum rc db_tx_turn(struct db *db, void (*meanwhile)(void *arg), void *arg) ZX_MUST_CHECK;
bool db_in_tx(const struct db *db);

/* ---- migrations ---- */

/* Brings the truth up to the newest of the given migrations (sorted by number), each in a transaction, recorded in
 * schema_migration. RC_CONFLICT when the file is newer than the program. */
enum rc db_migrate(struct db *db, const struct db_migration *migrations, size_t count) ZX_MUST_CHECK;

/* ---- change.seq ---- */

/* The commit-ordered log that derived consumers follow (table change). Written as the last acts of a transaction. */
enum change_kind {
    CHANGE_EVENTS = 1,   /* ref_id = eventlog block id, count = events */
    CHANGE_CUSTOMER = 2, /* ref_id = customer id */
    CHANGE_MERGE = 3,    /* ref_id = losing customer id */
    CHANGE_SUBJECT = 4,  /* ref_id = subject, customer_id = its customer */
    CHANGE_ORDER = 5,    /* ref_id = sales document id */
    CHANGE_SKU = 6,
    CHANGE_STYLE = 7,
    CHANGE_STORE = 8,
    CHANGE_CONSENT = 9,
    CHANGE_ERASE = 10,
    CHANGE_SOURCE = 11,
};
struct change {
    int64_t seq;
    enum change_kind kind;
    int64_t ref_id;
    int64_t customer_id; /* 0 if none */
    int64_t count;
    int64_t at_us;
};
enum rc change_add(struct ctx *c, enum change_kind kind, int64_t ref_id, int64_t customer_id, int64_t count) ZX_MUST_CHECK;
/* The changes after `after`, in order, at most `limit`, in the context's arena. */
enum rc change_read(struct ctx *c, int64_t after, size_t limit, struct change **ret, size_t *ret_count) ZX_MUST_CHECK;
enum rc change_last(struct ctx *c, int64_t *ret_seq) ZX_MUST_CHECK;
/* When the oldest change after `after` was made, also of those that can't be read yet; 0: there is none. */
enum rc change_waits_since(struct ctx *c, int64_t after, int64_t *ret_at_us) ZX_MUST_CHECK;

/* Says a word to all servers of the truth (db_session_hooks.told), when the transaction that is open commits. An embedded truth
 * has one server, which knows. */
enum rc db_tell(struct db *db, const char *word) ZX_MUST_CHECK;
/* A lock among the servers of the truth, held by this connection until it is ended or the connection is; where the truth is
 * embedded it is always free. */
enum rc db_lock_try(struct db *db, int64_t lock, bool *ret_mine) ZX_MUST_CHECK;
enum rc db_lock_end(struct db *db, int64_t lock) ZX_MUST_CHECK;

#endif
