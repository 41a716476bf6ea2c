/* A table on its way out of the program, as CSV or JSON lines: the one writer of exports. */
#ifndef ZX_APP_TABLE_OUT_H
#define ZX_APP_TABLE_OUT_H

#include "base/buf.h"

#include <stdio.h>

enum table_format { TABLE_CSV, TABLE_JSONL };

struct table_out {
    FILE *file;                      /* not owned */
    enum table_format format;
    const char *const *columns;      /* NULL-terminated */
    const char *types;               /* a letter a column, of JSON lines: s text, n number, b boolean of 0 and 1; NULL: all text */
    struct buf line;
    int64_t rows;
};
/* Begins a table: CSV gets its header line. */
struct table_out table_begin(FILE *file, enum table_format format, const char *const *columns, const char *types);
/* One row, as many cells as columns; a cell with a NULL pointer is null. Formulas are defused in CSV. RC_STORE when it can't be written. */
enum rc table_row(struct table_out *t, const struct str *cells) ZX_MUST_CHECK;
/* Flushes; RC_STORE when something was not written. */
enum rc table_end(struct table_out *t) ZX_MUST_CHECK;
bool table_format_of(struct str word, enum table_format *ret);

#endif
