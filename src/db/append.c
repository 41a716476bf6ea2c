/* Bulk append over DuckDB's data chunks or PostgreSQL's COPY, and feeds over the former. */
#include "base/log.h"
#include "db/append.h"
#include "db/duckdb_priv.h"
#include "db/postgres_priv.h"

#include <assert.h>
#include <stdlib.h>

struct chunk_column {
    enum db_cell cell;
    duckdb_vector vector;
    void *data;
    uint64_t *validity; /* made at the first NULL */
};

struct db_chunk {
    struct pg_copy *copy; /* PostgreSQL's, and nothing of the rest; NULL: DuckDB */
    const struct duckdb_api *api;
    struct chunk_column *columns;
    size_t column_count;
    size_t column; /* the next cell's */
    idx_t row;
};

struct db_appender {
    struct duckdb_conn *conn;
    duckdb_appender native;
    duckdb_data_chunk chunk;
    duckdb_logical_type *types;
    idx_t room;
    struct db_chunk rows;
};

/* ---- cells ---- */

static struct chunk_column *next_cell(struct db_chunk *k)
{
    assert(k->column < k->column_count);
    return &k->columns[k->column++];
}

void db_chunk_i64(struct db_chunk *k, int64_t v)
{
    if (k->copy) {
        pg_copy_i64(k->copy, v);
        return;
    }
    struct chunk_column *c = next_cell(k);
    switch (c->cell) {
    case DB_CELL_I64: ((int64_t *)c->data)[k->row] = v; break;
    case DB_CELL_I32: ((int32_t *)c->data)[k->row] = (int32_t)v; break;
    case DB_CELL_I16: ((int16_t *)c->data)[k->row] = (int16_t)v; break;
    case DB_CELL_I8: ((int8_t *)c->data)[k->row] = (int8_t)v; break;
    default: assert(!"an integer for a column of bytes");
    }
}

void db_chunk_text(struct db_chunk *k, struct str v)
{
    if (k->copy) {
        pg_copy_bytes(k->copy, v);
        return;
    }
    struct chunk_column *c = next_cell(k);
    assert(c->cell == DB_CELL_TEXT || c->cell == DB_CELL_BLOB);
    duckdb_string_t *cell = &((duckdb_string_t *)c->data)[k->row];
    if (v.len > sizeof(cell->inlined.inlined)) {
        k->api->vector_assign_string_element_len(c->vector, k->row, v.ptr, v.len);
        return;
    }
    *cell = (duckdb_string_t){.inlined.length = (uint32_t)v.len}; /* short ones stand in the cell itself */
    if (v.len)
        memcpy(cell->inlined.inlined, v.ptr, v.len);
}

/* DuckDB keeps a UUID as a big-endian 128-bit number with the top bit turned, so that it sorts signed. */
void db_chunk_uuid(struct db_chunk *k, const uint8_t id[static 16])
{
    struct chunk_column *c = next_cell(k);
    assert(c->cell == DB_CELL_UUID);
    uint64_t upper = 0, lower = 0;
    for (int i = 0; i < 8; i++) {
        upper = upper << 8 | id[i];
        lower = lower << 8 | id[8 + i];
    }
    ((duckdb_hugeint *)c->data)[k->row] = (duckdb_hugeint){.lower = lower, .upper = (int64_t)(upper ^ UINT64_C(1) << 63)};
}

void db_chunk_null(struct db_chunk *k)
{
    if (k->copy) {
        pg_copy_null(k->copy);
        return;
    }
    struct chunk_column *c = next_cell(k);
    if (!c->validity) {
        k->api->vector_ensure_validity_writable(c->vector);
        c->validity = k->api->vector_get_validity(c->vector);
    }
    c->validity[k->row / 64] &= ~(UINT64_C(1) << (k->row % 64));
}

void db_chunk_row(struct db_chunk *k)
{
    assert(k->column == k->column_count);
    k->column = 0;
    k->row++;
}

static void chunk_attach(struct db_chunk *k, duckdb_data_chunk native)
{
    for (size_t i = 0; i < k->column_count; i++) {
        struct chunk_column *c = &k->columns[i];
        c->vector = k->api->data_chunk_get_vector(native, i);
        c->data = k->api->vector_get_data(c->vector);
        c->validity = NULL;
    }
    k->column = 0;
    k->row = 0;
}

/* ---- types ---- */

static int type_of_cell(enum db_cell cell)
{
    static const int types[] = {
        [DB_CELL_I64] = DUCKDB_TYPE_BIGINT,   [DB_CELL_I32] = DUCKDB_TYPE_INTEGER, [DB_CELL_I16] = DUCKDB_TYPE_SMALLINT, [DB_CELL_I8] = DUCKDB_TYPE_TINYINT,
        [DB_CELL_TEXT] = DUCKDB_TYPE_VARCHAR, [DB_CELL_BLOB] = DUCKDB_TYPE_BLOB,   [DB_CELL_UUID] = DUCKDB_TYPE_UUID,
    };
    return types[cell];
}

static enum db_cell cell_of_type(int type)
{
    for (enum db_cell cell = DB_CELL_I64; cell <= DB_CELL_UUID; cell++)
        if (type_of_cell(cell) == type)
            return cell;
    log_error("duckdb.append", LOG_I("unknown_type", type));
    abort();
}

/* ---- appender ---- */

static enum rc begin_copy(struct db *db, const char *table, struct db_appender **ret)
{
    struct pg_copy *copy;
    enum rc rc = pg_copy_begin(db_connection(db), table, &copy);
    if (rc)
        return rc;
    *ret = mem_zalloc(1, sizeof(**ret));
    (*ret)->rows.copy = copy;
    return RC_OK;
}

static enum rc end_copy(struct db_appender *a)
{
    enum rc rc = pg_copy_end(a->rows.copy);
    free(a);
    return rc;
}

static struct duckdb_conn *connection_of(struct db *db)
{
    assert(db_engine(db) == DB_DUCKDB);
    return db_connection(db);
}

static void appender_free(struct db_appender *a)
{
    const struct duckdb_api *api = a->conn->api;
    api->destroy_data_chunk(&a->chunk);
    for (size_t i = 0; i < a->rows.column_count; i++)
        api->destroy_logical_type(&a->types[i]);
    api->appender_destroy(&a->native);
    free(a->types);
    free(a->rows.columns);
    free(a);
}

static enum rc appender_failed(struct db_appender *a)
{
    const char *why = a->conn->api->appender_error(a->native);
    log_error("duckdb.append", LOG_Z("why", why ? why : ""));
    return duckdb_failed(a->conn, why, 0);
}

enum rc db_appender_begin(struct db *db, const char *table, struct db_appender **ret)
{
    if (db_engine(db) == DB_POSTGRES)
        return begin_copy(db, table, ret);
    struct db_appender *a = mem_zalloc(1, sizeof(*a));
    a->conn = connection_of(db);
    const struct duckdb_api *api = a->rows.api = a->conn->api;
    if (api->appender_create(a->conn->connection, NULL, table, &a->native) != DuckDBSuccess) {
        enum rc rc = appender_failed(a);
        api->appender_destroy(&a->native);
        free(a);
        return rc;
    }
    size_t count = a->rows.column_count = api->appender_column_count(a->native);
    a->types = mem_zalloc(count, sizeof(*a->types));
    a->rows.columns = mem_zalloc(count, sizeof(*a->rows.columns));
    for (size_t i = 0; i < count; i++) {
        a->types[i] = api->appender_column_type(a->native, i);
        a->rows.columns[i].cell = cell_of_type(api->get_type_id(a->types[i]));
    }
    a->chunk = api->create_data_chunk(a->types, count);
    a->room = api->vector_size();
    chunk_attach(&a->rows, a->chunk);
    *ret = a;
    return RC_OK;
}

struct db_chunk *db_appender_chunk(struct db_appender *a)
{
    return &a->rows;
}

static enum rc hand_over(struct db_appender *a)
{
    const struct duckdb_api *api = a->conn->api;
    api->data_chunk_set_size(a->chunk, a->rows.row);
    if (api->append_data_chunk(a->native, a->chunk) != DuckDBSuccess)
        return appender_failed(a);
    api->data_chunk_reset(a->chunk);
    chunk_attach(&a->rows, a->chunk);
    return RC_OK;
}

enum rc db_appender_row(struct db_appender *a)
{
    if (a->rows.copy)
        return pg_copy_row(a->rows.copy);
    db_chunk_row(&a->rows);
    return a->rows.row == a->room ? hand_over(a) : RC_OK;
}

enum rc db_appender_end(struct db_appender *a)
{
    if (a->rows.copy)
        return end_copy(a);
    enum rc rc = a->rows.row ? hand_over(a) : RC_OK;
    if (!rc && a->conn->api->appender_close(a->native) != DuckDBSuccess)
        rc = appender_failed(a);
    appender_free(a);
    return rc;
}

/* ---- feed ---- */

/* Callbacks find the API by the loaded library: it is there, for it calls us. */
static void feed_bind(duckdb_bind_info info)
{
    const struct duckdb_api *api = duckdb_load();
    const struct db_feed *feed = api->bind_get_extra_info(info);
    for (size_t i = 0; i < feed->column_count; i++) {
        duckdb_logical_type type = api->create_logical_type(type_of_cell(feed->columns[i].cell));
        api->bind_add_result_column(info, feed->columns[i].name, type);
        api->destroy_logical_type(&type);
    }
}

static void feed_init(duckdb_init_info info)
{
    duckdb_load()->init_set_max_threads(info, 1); /* rows keep their order */
}

static void feed_fill(duckdb_function_info info, duckdb_data_chunk native)
{
    const struct duckdb_api *api = duckdb_load();
    struct db_feed *feed = api->function_get_extra_info(info);
    struct chunk_column columns[64];
    struct db_chunk chunk = {.api = api, .columns = columns, .column_count = feed->column_count};
    assert(feed->column_count <= sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < feed->column_count; i++)
        columns[i].cell = feed->columns[i].cell;
    chunk_attach(&chunk, native);
    api->data_chunk_set_size(native, feed->next(feed->arg, &chunk, api->vector_size()));
}

enum rc db_feed_register(struct db *db, struct db_feed *feed)
{
    struct duckdb_conn *conn = connection_of(db);
    const struct duckdb_api *api = conn->api;
    duckdb_table_function f = api->create_table_function();
    api->table_function_set_name(f, feed->name);
    api->table_function_set_extra_info(f, feed, NULL);
    api->table_function_set_bind(f, feed_bind);
    api->table_function_set_init(f, feed_init);
    api->table_function_set_function(f, feed_fill);
    duckdb_state got = api->register_table_function(conn->connection, f);
    api->destroy_table_function(&f);
    return got == DuckDBSuccess ? RC_OK : duckdb_failed(conn, "registering a table function failed", 0);
}
