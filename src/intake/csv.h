/* CSV as the world writes it, row by row: RFC 4180 with comma, semicolon or tab, quoted newlines, UTF-8 with or without
 * BOM, GB18030 (and GBK). A row that is broken is one refused row, never the end of the file. Knows nothing of what the
 * cells mean. */
#ifndef ZX_INTAKE_CSV_H
#define ZX_INTAKE_CSV_H

#include "base/arena.h"

enum { CSV_ROW_BYTES = 1 << 20 };

/* Where the bytes come from: as read(2), 0 at the end, below 0 on failure. */
struct csv_source {
    ptrdiff_t (*read)(void *arg, void *buf, size_t size);
    void *arg;
};

struct csv_row {
    struct str *cells; /* UTF-8 text, in the arena given to csv_next() */
    size_t count;
    int64_t number;  /* 1 for the first record of the file; blank ones count */
    int64_t offset;  /* where it starts, in bytes of the file */
    int64_t end;     /* where the next one starts */
    const char *why; /* CSV_BAD: "quote", "unclosed_quote", "cell_too_large", "row_too_large", "too_many_columns", "encoding", "nul" */
    struct str raw;  /* the row as it stands in the file, for the file of refusals; in the reader until the next call */
};
enum csv_encoding { CSV_UNDECIDED, CSV_UTF8, CSV_GB18030 }; /* undecided: ASCII so far */
enum csv_result { CSV_ROW, CSV_BAD, CSV_END, CSV_FAILED };

struct csv;
/* Reads from the start of the file. */
struct csv *csv_new(struct csv_source source);
/* Goes on at a row's `end`: the source stands there already; separator and encoding are those of the first time. */
struct csv *csv_resume(struct csv_source source, int64_t offset, int64_t number, char separator, enum csv_encoding encoding);
/* Puts the reader elsewhere in the same file, or over the bytes of one row of it. */
void csv_seek(struct csv *r, struct csv_source source, int64_t offset, int64_t number);
void csv_free(struct csv *r); /* NULL is fine */
MEM_DEFINE_CLEANUP(struct csv, csv_free)
/* The next row that is not blank. CSV_FAILED: the source failed, or the file is no text at all (UTF-16). */
enum csv_result csv_next(struct csv *r, struct arena *a, struct csv_row *ret);
/* What it found out by now; the separator is ',' ';' or '\t', valid after the first row. */
char csv_separator(const struct csv *r);
enum csv_encoding csv_encoding(const struct csv *r);

/* A source over bytes in memory. */
struct csv_memory {
    struct str left;
};
struct csv_source csv_from_memory(struct csv_memory *m);
/* A source over an open file. */
struct csv_source csv_from_file(int *fd);

#endif
