/* The DuckDB driver: the embedded warehouse. Settings close every door but the segments folder and are locked before
 * the first statement. Results are read from DuckDB's column vectors; a statement's rows live until its reset. */
#include "base/log.h"
#include "db/duckdb_priv.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MEMORY_DEFAULT_MIB = 256, THREADS_DEFAULT = 2 };

struct column {
    int type;     /* enum duckdb_type; of a decimal, of what it is stored as */
    double scale; /* 10^scale of a decimal, else 1 */
    bool decimal;
    const void *data;
    const uint64_t *validity; /* NULL: all set */
    char uuid[16];            /* of the cell last read */
};

struct duckdb_stmt {
    struct duckdb_conn *conn;
    char *text;
    duckdb_prepared_statement prepared;
    duckdb_result result;
    bool used; /* its plan saw the data of an earlier run */
    bool running;
    struct column *columns;
    size_t column_count;
    duckdb_data_chunk chunk;
    idx_t row, rows; /* row is the current one's number + 1 in the chunk */
};

/* ---- errors ---- */

static enum rc rc_of_text(const char *why)
{
    return strstr(why, "No space left") ? RC_DISK_FULL : RC_STORE;
}

/* The file does not hold what was written: a block's checksum says so, or an end that comes too soon. DuckDB calls it an
 * I/O error, goes on, and fails again whenever that block is read. */
static bool is_damage(const struct duckdb_conn *conn, const char *why)
{
    const char *path = conn->instance->path;
    return strstr(why, "Corrupt database") || (path[0] != ':' && strstr(why, path) && strstr(why, "ould not read"));
}

enum rc duckdb_failed(struct duckdb_conn *conn, const char *why, int error_type)
{
    snprintf(conn->error, sizeof(conn->error), "%s", why ? why : "unknown error");
    if (is_damage(conn, conn->error)) {
        conn->instance->broken = true;
        return conn->last_rc = RC_BUSY; /* its owner makes it anew */
    }
    bool starved = rc_of_text(conn->error) == RC_DISK_FULL;
    conn->instance->starved = conn->instance->starved || starved;
    switch (error_type) {
    case DUCKDB_ERROR_CONSTRAINT: conn->last_rc = RC_CONFLICT; break;
    case DUCKDB_ERROR_TRANSACTION: conn->last_rc = RC_BUSY; break;
    case DUCKDB_ERROR_OUT_OF_MEMORY: conn->last_rc = RC_NO_MEMORY; break; /* of what it may use, not the machine's */
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_INTERNAL: conn->instance->broken = true; /* fall through */
    default: conn->last_rc = RC_STORE; break;
    }
    if (starved || (conn->instance->broken && conn->instance->starved))
        conn->last_rc = RC_DISK_FULL; /* also when it is a commit that found no room, or what came of that */
    return conn->last_rc;
}

/* ---- statements ---- */

static enum rc prepare_native(struct duckdb_conn *conn, const char *text, duckdb_prepared_statement *ret)
{
    duckdb_prepared_statement prepared = NULL;
    if (conn->api->prepare(conn->connection, text, &prepared) == DuckDBSuccess) {
        *ret = prepared;
        return RC_OK;
    }
    enum rc rc = duckdb_failed(conn, prepared ? conn->api->prepare_error(prepared) : NULL, 0);
    conn->api->destroy_prepare(&prepared);
    return rc;
}

static enum rc driver_prepare(void *conn_arg, const char *text, void **ret_stmt)
{
    struct duckdb_conn *conn = conn_arg;
    duckdb_prepared_statement prepared;
    enum rc rc = prepare_native(conn, text, &prepared);
    if (rc)
        return rc;
    struct duckdb_stmt *s = mem_zalloc(1, sizeof(*s));
    s->conn = conn;
    s->text = mem_dupz(text, strlen(text));
    s->prepared = prepared;
    *ret_stmt = s;
    return RC_OK;
}

/* DuckDB plans with the statistics of the moment and keeps the plan: one made while a table was empty goes on finding it
 * empty. So each run gets a plan of its own. */
static enum rc plan_anew(struct duckdb_stmt *s)
{
    if (!s->used)
        return RC_OK;
    s->conn->api->destroy_prepare(&s->prepared);
    s->used = false;
    return prepare_native(s->conn, s->text, &s->prepared);
}

static void drop_chunk(struct duckdb_stmt *s)
{
    if (s->chunk)
        s->conn->api->destroy_data_chunk(&s->chunk);
    s->chunk = NULL;
    s->row = s->rows = 0;
}

static void driver_reset(void *stmt)
{
    struct duckdb_stmt *s = stmt;
    drop_chunk(s);
    if (s->running)
        s->conn->api->destroy_result(&s->result);
    s->running = false;
}

static void driver_finalize(void *stmt)
{
    struct duckdb_stmt *s = stmt;
    driver_reset(s);
    s->conn->api->destroy_prepare(&s->prepared);
    free(s->text);
    free(s->columns);
    free(s);
}

/* Positions have gaps (lists stand far behind), so parameters carry names: position 65 is $p65. */
static enum rc driver_bind(void *stmt, int position, const struct db_arg *arg)
{
    struct duckdb_stmt *s = stmt;
    const struct duckdb_api *api = s->conn->api;
    char name[16];
    idx_t at;
    duckdb_state got;
    enum rc rc = plan_anew(s);
    if (rc)
        return rc;
    snprintf(name, sizeof(name), "p%d", position);
    if (api->bind_parameter_index(s->prepared, &at, name) != DuckDBSuccess)
        return duckdb_failed(s->conn, "no such parameter", 0);
    const char *bytes = arg->bytes.ptr ? arg->bytes.ptr : "";
    switch (arg->kind) {
    case DB_ARG_I64: got = api->bind_int64(s->prepared, at, arg->number); break;
    case DB_ARG_TEXT: got = api->bind_varchar_length(s->prepared, at, bytes, arg->bytes.len); break;
    case DB_ARG_BLOB: got = api->bind_blob(s->prepared, at, bytes, arg->bytes.len); break;
    default: got = api->bind_null(s->prepared, at); break;
    }
    return got == DuckDBSuccess ? RC_OK : duckdb_failed(s->conn, "binding failed", 0);
}

/* ---- running ---- */

static void describe_column(struct duckdb_stmt *s, size_t i)
{
    const struct duckdb_api *api = s->conn->api;
    struct column *column = &s->columns[i];
    *column = (struct column){.type = api->column_type(&s->result, i), .scale = 1};
    if (column->type != DUCKDB_TYPE_DECIMAL)
        return;
    duckdb_logical_type type = api->column_logical_type(&s->result, i);
    column->decimal = true;
    column->scale = pow(10, api->decimal_scale(type));
    column->type = api->decimal_internal_type(type);
    api->destroy_logical_type(&type);
}

/* What fails while it is pending leaves a text alone; its kind stands at the front. */
static int kind_of_text(const char *why)
{
    static const struct {
        const char *front;
        int kind;
    } kinds[] = {{"Constraint Error:", DUCKDB_ERROR_CONSTRAINT}, {"TransactionContext Error:", DUCKDB_ERROR_TRANSACTION}, {"Out of Memory Error:", DUCKDB_ERROR_OUT_OF_MEMORY},
                 {"FATAL Error:", DUCKDB_ERROR_FATAL}, {"INTERNAL Error:", DUCKDB_ERROR_INTERNAL}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strncmp(why, kinds[i].front, strlen(kinds[i].front)) == 0)
            return kinds[i].kind;
    return 0;
}

/* Until the result is ready, or can't be. Left to itself, DuckDB spins while its other threads have the last tasks of a query: a
 * third of a follower's time went there. */
static void run_tasks(const struct duckdb_api *api, duckdb_pending_result pending)
{
    enum { FIRST_NAP_NS = 20000, LAST_NAP_NS = 500000 };
    long nap_ns = FIRST_NAP_NS;
    for (;;) {
        int state = api->pending_execute_task(pending);
        if (state == DUCKDB_PENDING_NO_TASKS) {
            nanosleep(&(struct timespec){0, nap_ns}, NULL);
            nap_ns = nap_ns < LAST_NAP_NS ? nap_ns * 2 : nap_ns;
        } else if (state == DUCKDB_PENDING_NOT_READY) {
            nap_ns = FIRST_NAP_NS;
        } else {
            return;
        }
    }
}

static bool execute_pending(struct duckdb_stmt *s)
{
    const struct duckdb_api *api = s->conn->api;
    duckdb_pending_result pending = NULL;
    bool begun = api->pending_prepared(s->prepared, &pending) == DuckDBSuccess;
    if (begun)
        run_tasks(api, pending);
    const char *why = pending ? api->pending_error(pending) : NULL;
    bool failed = !begun || (why && *why);
    if (failed)
        duckdb_failed(s->conn, why, kind_of_text(why ? why : ""));
    bool done = !failed && api->execute_pending(pending, &s->result) == DuckDBSuccess;
    if (!failed && !done)
        duckdb_failed(s->conn, api->result_error(&s->result), api->result_error_type(&s->result));
    api->destroy_pending(&pending);
    return done;
}

/* What streams comes piece by piece as it is fetched: there is nothing to wait for. */
static bool execute_streaming(struct duckdb_stmt *s)
{
    const struct duckdb_api *api = s->conn->api;
    if (api->execute_prepared_streaming(s->prepared, &s->result) == DuckDBSuccess)
        return true;
    duckdb_failed(s->conn, api->result_error(&s->result), api->result_error_type(&s->result));
    return false;
}

static bool execute(struct duckdb_stmt *s)
{
    const struct duckdb_api *api = s->conn->api;
    if (plan_anew(s) != RC_OK)
        return false;
    s->running = s->used = true;
    if (!(s->conn->streaming ? execute_streaming(s) : execute_pending(s)))
        return false;
    s->conn->changes = (int64_t)api->rows_changed(&s->result);
    s->column_count = api->column_count(&s->result);
    s->columns = mem_realloc(s->columns, (s->column_count + 1) * sizeof(*s->columns));
    for (size_t i = 0; i < s->column_count; i++)
        describe_column(s, i);
    return true;
}

/* A row more, or the end; a streaming result may also fail on its way. */
static enum db_step next_chunk(struct duckdb_stmt *s)
{
    const struct duckdb_api *api = s->conn->api;
    drop_chunk(s);
    s->chunk = api->fetch_chunk(s->result);
    if (!s->chunk) {
        const char *why = api->result_error(&s->result);
        if (!why || !*why)
            return DB_STEP_DONE;
        duckdb_failed(s->conn, why, api->result_error_type(&s->result));
        return DB_STEP_FAILED;
    }
    s->rows = api->data_chunk_get_size(s->chunk);
    for (size_t i = 0; i < s->column_count; i++) {
        duckdb_vector vector = api->data_chunk_get_vector(s->chunk, i);
        s->columns[i].data = api->vector_get_data(vector);
        s->columns[i].validity = api->vector_get_validity(vector);
    }
    return DB_STEP_ROW;
}

static enum db_step driver_step(void *stmt)
{
    struct duckdb_stmt *s = stmt;
    enum db_step step = DB_STEP_ROW;
    if (!s->running && !execute(s))
        return DB_STEP_FAILED;
    while (step == DB_STEP_ROW && s->row == s->rows)
        step = next_chunk(s);
    s->row++;
    return step;
}

/* ---- cells ---- */

/* A statement whose parameter stands in a table function knows its columns only when it runs. */
static int driver_column_count(void *stmt)
{
    struct duckdb_stmt *s = stmt;
    return (int)(s->running ? s->column_count : s->conn->api->prepared_statement_column_count(s->prepared));
}

/* The caller copies the name before it asks for the next. */
static const char *driver_column_name(void *stmt, int column)
{
    static _Thread_local char name[128];
    struct duckdb_stmt *s = stmt;
    if (s->running)
        return s->conn->api->column_name(&s->result, (idx_t)column);
    const char *own = s->conn->api->prepared_statement_column_name(s->prepared, (idx_t)column);
    snprintf(name, sizeof(name), "%s", own ? own : "");
    s->conn->api->free((void *)(uintptr_t)own);
    return name;
}

static const struct column *cell(struct duckdb_stmt *s, int column, idx_t *ret_row)
{
    const struct column *c = &s->columns[column];
    *ret_row = s->row - 1;
    bool set = !c->validity || (c->validity[*ret_row / 64] >> (*ret_row % 64) & 1);
    return set ? c : NULL;
}

static double integer_or_real(const struct column *c, idx_t row, int64_t *ret_integer)
{
    double real = 0;
    int64_t n = 0;
    switch (c->type) {
    case DUCKDB_TYPE_BOOLEAN: n = ((const bool *)c->data)[row]; break;
    case DUCKDB_TYPE_TINYINT: n = ((const int8_t *)c->data)[row]; break;
    case DUCKDB_TYPE_UTINYINT: n = ((const uint8_t *)c->data)[row]; break;
    case DUCKDB_TYPE_SMALLINT: n = ((const int16_t *)c->data)[row]; break;
    case DUCKDB_TYPE_USMALLINT: n = ((const uint16_t *)c->data)[row]; break;
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_INTEGER: n = ((const int32_t *)c->data)[row]; break;
    case DUCKDB_TYPE_UINTEGER: n = ((const uint32_t *)c->data)[row]; break;
    case DUCKDB_TYPE_BIGINT: n = ((const int64_t *)c->data)[row]; break;
    case DUCKDB_TYPE_UBIGINT: n = (int64_t)((const uint64_t *)c->data)[row]; break;
    case DUCKDB_TYPE_HUGEINT: { /* sums; what we store never needs more than 64 bits */
        const duckdb_hugeint *h = &((const duckdb_hugeint *)c->data)[row];
        n = (int64_t)h->lower;
        break;
    }
    case DUCKDB_TYPE_FLOAT: real = ((const float *)c->data)[row]; goto real_number;
    case DUCKDB_TYPE_DOUBLE: real = ((const double *)c->data)[row]; goto real_number;
    default: break;
    }
    real = (double)n;
    if (!c->decimal) {
        *ret_integer = n;
        return real;
    }
    real /= c->scale;
real_number:
    *ret_integer = (int64_t)real;
    return real;
}

static int64_t driver_column_i64(void *stmt, int column)
{
    idx_t row;
    int64_t n = 0;
    const struct column *c = cell(stmt, column, &row);
    if (c)
        integer_or_real(c, row, &n);
    return n;
}

static double driver_column_double(void *stmt, int column)
{
    idx_t row;
    int64_t n;
    const struct column *c = cell(stmt, column, &row);
    return c ? integer_or_real(c, row, &n) : 0;
}

/* Back to the sixteen bytes that db_chunk_uuid() took. */
static struct str read_uuid(struct column *c, idx_t row)
{
    const duckdb_hugeint *h = &((const duckdb_hugeint *)c->data)[row];
    uint64_t upper = (uint64_t)h->upper ^ UINT64_C(1) << 63, lower = h->lower;
    for (int i = 7; i >= 0; i--, upper >>= 8, lower >>= 8) {
        c->uuid[i] = (char)upper;
        c->uuid[8 + i] = (char)lower;
    }
    return str_n(c->uuid, sizeof(c->uuid));
}

static struct str driver_column_bytes(void *stmt, int column)
{
    idx_t row;
    const struct column *c = cell(stmt, column, &row);
    if (c && c->type == DUCKDB_TYPE_UUID)
        return read_uuid(&((struct duckdb_stmt *)stmt)->columns[column], row);
    if (!c || (c->type != DUCKDB_TYPE_VARCHAR && c->type != DUCKDB_TYPE_BLOB))
        return STR_NULL;
    const duckdb_string_t *s = &((const duckdb_string_t *)c->data)[row];
    return s->inlined.length <= sizeof(s->inlined.inlined) ? str_n(s->inlined.inlined, s->inlined.length) : str_n(s->pointer.ptr, s->pointer.length);
}

static enum db_type driver_column_type(void *stmt, int column)
{
    idx_t row;
    const struct column *c = cell(stmt, column, &row);
    if (!c)
        return DB_TYPE_NULL;
    switch (c->type) {
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE: return DB_TYPE_DOUBLE;
    case DUCKDB_TYPE_VARCHAR: return DB_TYPE_TEXT;
    case DUCKDB_TYPE_UUID:
    case DUCKDB_TYPE_BLOB: return DB_TYPE_BLOB;
    default: return c->decimal ? DB_TYPE_DOUBLE : DB_TYPE_I64;
    }
}

/* ---- connections ---- */

static enum rc driver_script(void *conn_arg, const char *text)
{
    struct duckdb_conn *conn = conn_arg;
    duckdb_result result;
    enum rc rc = RC_OK;
    if (conn->api->query(conn->connection, text, &result) != DuckDBSuccess)
        rc = duckdb_failed(conn, conn->api->result_error(&result), conn->api->result_error_type(&result));
    conn->api->destroy_result(&result);
    return rc;
}

static int64_t driver_changes(void *conn)
{
    return ((struct duckdb_conn *)conn)->changes;
}

static const char *driver_error(void *conn)
{
    return ((struct duckdb_conn *)conn)->error;
}

static enum rc driver_error_rc(void *conn)
{
    enum rc rc = ((struct duckdb_conn *)conn)->last_rc;
    return rc ? rc : RC_STORE;
}

static struct duckdb_instance *instances;
static unsigned open_count; /* those in memory, too */
static pthread_mutex_t instances_lock = PTHREAD_MUTEX_INITIALIZER;

static void instance_leave(const struct duckdb_api *api, struct duckdb_instance *i)
{
    pthread_mutex_lock(&instances_lock);
    if (--i->users == 0) {
        struct duckdb_instance **at = &instances;
        while (*at && *at != i)
            at = &(*at)->next;
        if (*at)
            *at = i->next;
        api->close(&i->database);
        free(i->path);
        free(i);
        if (--open_count == 0)
            duckdb_rest();
    }
    pthread_mutex_unlock(&instances_lock);
}

static void driver_close(void *conn_arg)
{
    struct duckdb_conn *conn = conn_arg;
    if (conn->connection)
        conn->api->disconnect(&conn->connection);
    instance_leave(conn->api, conn->instance);
    free(conn);
}

static bool driver_is_broken(void *conn)
{
    return ((struct duckdb_conn *)conn)->instance->broken;
}

static const struct db_driver duckdb_driver = {
    .engine = DB_DUCKDB,
    .parameter_mark = "$p",
    .bigint = "BIGINT",
    .bytes = "BLOB",
    .passing = "",
    .text = "VARCHAR",
    .strict = "",
    .clustered = "",
    .begin = "BEGIN TRANSACTION",
    .late_columns = true,
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
    .is_broken = driver_is_broken,
};

/* ---- opening ---- */

static duckdb_config make_config(const struct duckdb_api *api, const struct db_options *o)
{
    char memory[32], threads[16];
    snprintf(memory, sizeof(memory), "%lldMiB", (long long)(o->cache_kib ? o->cache_kib / 1024 : MEMORY_DEFAULT_MIB));
    snprintf(threads, sizeof(threads), "%u", o->threads ? o->threads : THREADS_DEFAULT);
    const char *const settings[][2] = {
        {"access_mode", o->read_only ? "READ_ONLY" : "READ_WRITE"},
        {"memory_limit", memory},
        {"threads", threads},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"},
        {"integer_division", "true"},
        {"default_null_order", "nulls_first"}, /* shared SQL spells it out; where it was forgotten, do as SQLite does */
    };
    duckdb_config config = NULL;
    api->create_config(&config);
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        if (api->set_config(config, settings[i][0], settings[i][1]) != DuckDBSuccess)
            log_error("duckdb.setting", LOG_Z("name", settings[i][0]));
    return config;
}

/* Shuts the file functions out of everything but the segments, and locks all settings. */
static enum rc lock_down(struct duckdb_conn *conn, const char *segments_dir)
{
    _cleanup_buf_ struct buf sql = BUF_INIT(16 << 10);
    if (segments_dir) {
        buf_addz(&sql, "SET allowed_directories=[");
        buf_add_sql(&sql, str_z(segments_dir));
        buf_addz(&sql, "];");
    }
    if (conn->instance->path[0] == ':')
        buf_addz(&sql, "SET temp_directory='';");       /* in memory means in memory: never spills into the current folder */
    buf_addz(&sql, "SET parquet_metadata_cache=true;"); /* segments never change */
    buf_addz(&sql, "SET enable_external_access=false; SET lock_configuration=true;");
    buf_add_byte(&sql, '\0');
    return driver_script(conn, sql.ptr);
}

static enum rc open_instance(const struct duckdb_api *api, const char *path, const struct db_options *o, struct duckdb_instance **ret)
{
    char *why = NULL;
    struct duckdb_instance *i = mem_zalloc(1, sizeof(*i));
    duckdb_config config = make_config(api, o);
    duckdb_state got = api->open_ext(path, &i->database, config, &why);
    api->destroy_config(&config);
    if (got != DuckDBSuccess) {
        enum rc rc = rc_of_text(why ? why : "");
        log_error("duckdb.open", LOG_Z("path", path), LOG_Z("why", why ? why : ""));
        api->free(why);
        free(i);
        return rc;
    }
    i->path = mem_dupz(path, strlen(path));
    i->users = 1;
    open_count++;
    *ret = i;
    return RC_OK;
}

/* An instance that this process has open already, or NULL. */
static struct duckdb_instance *join_instance(const char *path)
{
    for (struct duckdb_instance *i = instances; i; i = i->next)
        if (!i->broken && strcmp(i->path, path) == 0) {
            i->users++;
            return i;
        }
    return NULL;
}

static struct duckdb_conn *connect_to(const struct duckdb_api *api, struct duckdb_instance *i, bool streaming)
{
    struct duckdb_conn *conn = mem_zalloc(1, sizeof(*conn));
    conn->api = api;
    conn->instance = i;
    conn->streaming = streaming;
    if (api->connect(i->database, &conn->connection) != DuckDBSuccess)
        conn->connection = NULL;
    return conn;
}

enum rc db_open_duckdb(const char *path, const char *segments_dir, const struct db_options *options, struct db **ret)
{
    const struct duckdb_api *api = duckdb_load();
    if (!api)
        return RC_STORE;
    bool shared = path[0] != ':';
    enum rc rc = RC_OK;
    pthread_mutex_lock(&instances_lock);
    struct duckdb_instance *i = shared ? join_instance(path) : NULL;
    bool fresh = !i;
    if (fresh)
        rc = open_instance(api, path, options, &i);
    struct duckdb_conn *conn = rc ? NULL : connect_to(api, i, options->streaming);
    if (conn && fresh)
        rc = conn->connection ? lock_down(conn, segments_dir) : RC_STORE;
    if (conn && fresh && shared && !rc) {
        i->next = instances;
        instances = i;
    }
    pthread_mutex_unlock(&instances_lock);
    if (rc) {
        if (conn) {
            log_error("duckdb.open", LOG_Z("path", path), LOG_Z("why", conn->error));
            driver_close(conn);
        }
        return rc;
    }
    *ret = db_wrap(&duckdb_driver, conn);
    return RC_OK;
}

void db_interrupt(struct db *db)
{
    if (db_engine(db) != DB_DUCKDB)
        return;
    struct duckdb_conn *conn = db_connection(db);
    conn->api->interrupt(conn->connection);
}
