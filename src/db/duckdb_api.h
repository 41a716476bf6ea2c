/* The part of DuckDB's C API (1.5) that we call, declared here so that the program links without the library and maps
 * it only when a warehouse is opened. Types follow DuckDB's duckdb.h; only the shapes that cross the border stand here. */
#ifndef ZX_DB_DUCKDB_API_H
#define ZX_DB_DUCKDB_API_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t idx_t;
typedef void *duckdb_database, *duckdb_connection, *duckdb_config, *duckdb_prepared_statement, *duckdb_pending_result, *duckdb_appender;
typedef void *duckdb_data_chunk, *duckdb_vector, *duckdb_logical_type;
typedef void *duckdb_table_function, *duckdb_bind_info, *duckdb_init_info, *duckdb_function_info;
typedef enum { DuckDBSuccess = 0, DuckDBError = 1 } duckdb_state;

typedef struct {
    idx_t deprecated_column_count, deprecated_row_count, deprecated_rows_changed;
    void *deprecated_columns;
    char *deprecated_error_message;
    void *internal_data;
} duckdb_result;

/* A VARCHAR or BLOB cell: short ones stand in place. */
typedef union {
    struct {
        uint32_t length;
        char prefix[4];
        char *ptr;
    } pointer;
    struct {
        uint32_t length;
        char inlined[12];
    } inlined;
} duckdb_string_t;

typedef struct {
    uint64_t lower;
    int64_t upper;
} duckdb_hugeint;

enum duckdb_type {
    DUCKDB_TYPE_BOOLEAN = 1,
    DUCKDB_TYPE_TINYINT = 2,
    DUCKDB_TYPE_SMALLINT = 3,
    DUCKDB_TYPE_INTEGER = 4,
    DUCKDB_TYPE_BIGINT = 5,
    DUCKDB_TYPE_UTINYINT = 6,
    DUCKDB_TYPE_USMALLINT = 7,
    DUCKDB_TYPE_UINTEGER = 8,
    DUCKDB_TYPE_UBIGINT = 9,
    DUCKDB_TYPE_FLOAT = 10,
    DUCKDB_TYPE_DOUBLE = 11,
    DUCKDB_TYPE_DATE = 13,
    DUCKDB_TYPE_HUGEINT = 16,
    DUCKDB_TYPE_VARCHAR = 17,
    DUCKDB_TYPE_BLOB = 18,
    DUCKDB_TYPE_DECIMAL = 19,
    DUCKDB_TYPE_UUID = 27,
    DUCKDB_TYPE_UHUGEINT = 32,
};

enum duckdb_pending_state { DUCKDB_PENDING_NOT_READY = 1, DUCKDB_PENDING_NO_TASKS = 3 };

enum duckdb_error_type {
    DUCKDB_ERROR_TRANSACTION = 10,
    DUCKDB_ERROR_CONSTRAINT = 18,
    DUCKDB_ERROR_IO = 28,
    DUCKDB_ERROR_INTERRUPT = 29,
    DUCKDB_ERROR_FATAL = 30,
    DUCKDB_ERROR_INTERNAL = 31,
    DUCKDB_ERROR_OUT_OF_MEMORY = 33,
};

/* One line a function: return type, name without its "duckdb_", parameters. */
#define DUCKDB_API(X)                                                                                       \
    X(const char *, library_version, (void))                                                                \
    X(duckdb_state, create_config, (duckdb_config *))                                                       \
    X(duckdb_state, set_config, (duckdb_config, const char *, const char *))                                \
    X(void, destroy_config, (duckdb_config *))                                                              \
    X(duckdb_state, open_ext, (const char *, duckdb_database *, duckdb_config, char **))                    \
    X(void, close, (duckdb_database *))                                                                     \
    X(duckdb_state, connect, (duckdb_database, duckdb_connection *))                                        \
    X(void, disconnect, (duckdb_connection *))                                                              \
    X(void, interrupt, (duckdb_connection))                                                                 \
    X(void, free, (void *))                                                                                 \
    X(duckdb_state, query, (duckdb_connection, const char *, duckdb_result *))                              \
    X(void, destroy_result, (duckdb_result *))                                                              \
    X(const char *, result_error, (duckdb_result *))                                                        \
    X(int, result_error_type, (duckdb_result *))                                                            \
    X(duckdb_state, prepare, (duckdb_connection, const char *, duckdb_prepared_statement *))                \
    X(void, destroy_prepare, (duckdb_prepared_statement *))                                                 \
    X(const char *, prepare_error, (duckdb_prepared_statement))                                             \
    X(idx_t, prepared_statement_column_count, (duckdb_prepared_statement))                                  \
    X(const char *, prepared_statement_column_name, (duckdb_prepared_statement, idx_t))                     \
    X(duckdb_state, bind_parameter_index, (duckdb_prepared_statement, idx_t *, const char *))               \
    X(duckdb_state, bind_int64, (duckdb_prepared_statement, idx_t, int64_t))                                \
    X(duckdb_state, bind_varchar_length, (duckdb_prepared_statement, idx_t, const char *, idx_t))           \
    X(duckdb_state, bind_blob, (duckdb_prepared_statement, idx_t, const void *, idx_t))                     \
    X(duckdb_state, bind_null, (duckdb_prepared_statement, idx_t))                                          \
    X(duckdb_state, pending_prepared, (duckdb_prepared_statement, duckdb_pending_result *))                 \
    X(int, pending_execute_task, (duckdb_pending_result))                                                   \
    X(const char *, pending_error, (duckdb_pending_result))                                                 \
    X(duckdb_state, execute_pending, (duckdb_pending_result, duckdb_result *))                              \
    X(void, destroy_pending, (duckdb_pending_result *))                                                     \
    X(duckdb_state, execute_prepared_streaming, (duckdb_prepared_statement, duckdb_result *))               \
    X(idx_t, rows_changed, (duckdb_result *))                                                               \
    X(idx_t, column_count, (duckdb_result *))                                                               \
    X(const char *, column_name, (duckdb_result *, idx_t))                                                  \
    X(int, column_type, (duckdb_result *, idx_t))                                                           \
    X(duckdb_logical_type, column_logical_type, (duckdb_result *, idx_t))                                   \
    X(uint8_t, decimal_scale, (duckdb_logical_type))                                                        \
    X(int, decimal_internal_type, (duckdb_logical_type))                                                    \
    X(duckdb_data_chunk, fetch_chunk, (duckdb_result))                                                      \
    X(duckdb_data_chunk, create_data_chunk, (duckdb_logical_type *, idx_t))                                 \
    X(void, destroy_data_chunk, (duckdb_data_chunk *))                                                      \
    X(void, data_chunk_reset, (duckdb_data_chunk))                                                          \
    X(idx_t, data_chunk_get_size, (duckdb_data_chunk))                                                      \
    X(void, data_chunk_set_size, (duckdb_data_chunk, idx_t))                                                \
    X(duckdb_vector, data_chunk_get_vector, (duckdb_data_chunk, idx_t))                                     \
    X(void *, vector_get_data, (duckdb_vector))                                                             \
    X(uint64_t *, vector_get_validity, (duckdb_vector))                                                     \
    X(void, vector_ensure_validity_writable, (duckdb_vector))                                               \
    X(void, vector_assign_string_element_len, (duckdb_vector, idx_t, const char *, idx_t))                  \
    X(idx_t, vector_size, (void))                                                                           \
    X(duckdb_logical_type, create_logical_type, (int))                                                      \
    X(void, destroy_logical_type, (duckdb_logical_type *))                                                  \
    X(duckdb_state, appender_create, (duckdb_connection, const char *, const char *, duckdb_appender *))    \
    X(idx_t, appender_column_count, (duckdb_appender))                                                      \
    X(duckdb_logical_type, appender_column_type, (duckdb_appender, idx_t))                                  \
    X(int, get_type_id, (duckdb_logical_type))                                                              \
    X(const char *, appender_error, (duckdb_appender))                                                      \
    X(duckdb_state, append_data_chunk, (duckdb_appender, duckdb_data_chunk))                                \
    X(duckdb_state, appender_close, (duckdb_appender))                                                      \
    X(duckdb_state, appender_destroy, (duckdb_appender *))                                                  \
    X(duckdb_table_function, create_table_function, (void))                                                 \
    X(void, destroy_table_function, (duckdb_table_function *))                                              \
    X(void, table_function_set_name, (duckdb_table_function, const char *))                                 \
    X(void, table_function_set_extra_info, (duckdb_table_function, void *, void (*)(void *)))               \
    X(void, table_function_set_bind, (duckdb_table_function, void (*)(duckdb_bind_info)))                   \
    X(void, table_function_set_init, (duckdb_table_function, void (*)(duckdb_init_info)))                   \
    X(void, table_function_set_function, (duckdb_table_function, void (*)(duckdb_function_info, duckdb_data_chunk))) \
    X(duckdb_state, register_table_function, (duckdb_connection, duckdb_table_function))                    \
    X(void *, bind_get_extra_info, (duckdb_bind_info))                                                      \
    X(void, bind_add_result_column, (duckdb_bind_info, const char *, duckdb_logical_type))                  \
    X(void, init_set_max_threads, (duckdb_init_info, idx_t))                                                \
    X(void *, function_get_extra_info, (duckdb_function_info))                                              \
    X(void, function_set_error, (duckdb_function_info, const char *))

/* The library's functions, filled by duckdb_load(). */
struct duckdb_api {
#define X(ret, name, args) ret(*name) args;
    DUCKDB_API(X)
#undef X
    int (*mallctl)(const char *, void *, size_t *, void *, size_t); /* of its own jemalloc; may be missing */
};

/* Loads the library at the first call; NULL when it can't be found, said in the log. Thread-safe. */
const struct duckdb_api *duckdb_load(void);
/* With no database open: gives back the memory that the library keeps for the next one. */
void duckdb_rest(void);

#endif
