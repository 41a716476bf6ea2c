/* Whole tables, page by page along their primary keys, on whichever engine they stand: for logical hashes and for moving them. */
#ifndef ZX_APP_TABLES_H
#define ZX_APP_TABLES_H

#include "db/db.h"

enum { TABLE_CELLS_MAX = 60 };

struct table {
    const char *name;
    struct str columns[TABLE_CELLS_MAX];
    size_t column_count;
    size_t key[4];                 /* columns of the primary key, in its order */
    size_t key_count;
};
/* Reads what a table is, into the context's arena. RC_INTERNAL: it has no primary key. */
enum rc table_look(struct ctx *c, struct db *db, const char *name, struct table *ret) ZX_MUST_CHECK;

/* A page of rows, each table->column_count values in column order, named as the columns. */
struct table_page {
    struct db_arg *cells;
    size_t rows;
};
/* The rows behind `after` (a row's cells; NULL: from the beginning), a few hundred, in `arena`. The last page has none. */
enum rc table_read(struct db *db, struct arena *arena, const struct table *t, const struct db_arg *after, struct table_page *ret) ZX_MUST_CHECK;
/* The last row in the order of the key, as `after` for table_read(); NULL: there is none. */
enum rc table_last(struct db *db, struct arena *arena, const struct table *t, const struct db_arg **ret) ZX_MUST_CHECK;
/* Puts rows there; those whose key is there already stay as they are. Inside a transaction. */
enum rc table_put(struct db *db, const struct table *t, const struct table_page *page) ZX_MUST_CHECK;
/* The sum of the rows' hashes, modulo 2^64: neither their order nor the engine matters, every cell does. */
enum rc table_hash(struct ctx *c, struct db *db, const char *name, uint64_t *ret_hash, int64_t *ret_rows) ZX_MUST_CHECK;

#endif
