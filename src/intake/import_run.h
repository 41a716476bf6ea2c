/* Shared by the files that run an import: the job, its batches, its refusals. */
#ifndef ZX_INTAKE_IMPORT_RUN_H
#define ZX_INTAKE_IMPORT_RUN_H

#include "intake/import_priv.h"

enum { IMPORT_STORES_MAX = 4096 };

/* One document on its way. */
struct passing {
    size_t first, count;      /* its rows in the file's list */
    struct intake_item *item; /* NULL: refused before */
    struct import_document document;
    enum intake_outcome outcome;
    const char *reason; /* of a refusal */
    size_t guilty;      /* the row that caused it, or the count: the document as a whole */
};

struct import_run {
    struct ctx *c;
    struct job *job;
    struct import_request request;
    struct import_file file;
    struct access_source source;
    struct json_parser *parser;
    struct import_counts counts;
    size_t at;      /* next row */
    int refused_fd; /* -1: nothing was refused yet */
    struct str refused_path;
    struct buf refused;
    int64_t refused_bytes;
    struct str stores[IMPORT_STORES_MAX]; /* codes that are known to be there */
    size_t store_count;
    struct arena *keep; /* lives as long as the run */
    struct passing *batch;
    size_t batch_count;
};

/* ---- import_batch.c ---- */

/* Takes the next documents from r->at on, in one commit, and counts what became of their rows. r->at moves behind them. */
enum rc import_batch(struct import_run *r) ZX_MUST_CHECK;

/* ---- import_refused.c ---- */

/* Counts a row as refused and notes it with its reason. */
enum rc import_refuse(struct import_run *r, size_t row, struct str reason) ZX_MUST_CHECK;
/* Writes what was noted to the file, behind what is known to be there. */
enum rc import_refused_flush(struct import_run *r) ZX_MUST_CHECK;

#endif
