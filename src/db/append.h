/* Bulk ways in, instead of statements: an appender to a table, on DuckDB in column vectors (millions of rows a second), on
 * PostgreSQL by COPY; and, of DuckDB alone, a feed, a table function that a query reads rows from, so that COPY can write a file from our own memory.
 * For derived data and files only; the truth is written by statements. */
#ifndef ZX_DB_APPEND_H
#define ZX_DB_APPEND_H

#include "db/db.h"

enum db_cell { DB_CELL_I64, DB_CELL_I32, DB_CELL_I16, DB_CELL_I8, DB_CELL_TEXT, DB_CELL_BLOB, DB_CELL_UUID };

/* A batch of rows being filled, cell by cell in column order. The wrong kind of cell for a column aborts. */
struct db_chunk;
void db_chunk_i64(struct db_chunk *k, int64_t v); /* any integer column; must fit */
void db_chunk_text(struct db_chunk *k, struct str v); /* VARCHAR (valid UTF-8) or BLOB; copied */
void db_chunk_uuid(struct db_chunk *k, const uint8_t id[static 16]);
void db_chunk_null(struct db_chunk *k);
void db_chunk_row(struct db_chunk *k); /* ends the row; every column must have got a cell */

/* Appends to `table` of an open connection to DuckDB or PostgreSQL, inside its transaction if one is open. Rows are seen by it after
 * db_appender_end(), which also frees the appender; after a failure the transaction must be rolled back. */
struct db_appender;
enum rc db_appender_begin(struct db *db, const char *table, struct db_appender **ret) ZX_MUST_CHECK;
/* Where the next row goes. */
struct db_chunk *db_appender_chunk(struct db_appender *a);
enum rc db_appender_row(struct db_appender *a) ZX_MUST_CHECK; /* db_chunk_row(), and hands full chunks over */
enum rc db_appender_end(struct db_appender *a) ZX_MUST_CHECK;

/* A table function without parameters: SELECT … FROM name(). Registered once per connection; whoever runs the query
 * fills `next`, which adds up to `room` rows and returns how many: 0 ends it. Rows keep their order. */
struct db_feed_column {
    const char *name;
    enum db_cell cell;
};
struct db_feed {
    const char *name;
    const struct db_feed_column *columns;
    size_t column_count;
    size_t (*next)(void *arg, struct db_chunk *chunk, size_t room);
    void *arg;
};
/* `feed` must outlive the connection. */
enum rc db_feed_register(struct db *db, struct db_feed *feed) ZX_MUST_CHECK;

#endif
