/* CSV files of receipts, orders, products and customers: a durable job that takes a file whole, row by row. Every row ends
 * as new, updated, same or refused; a refused one stands with its reason in FILE.refused.csv. docs/imports.md has the
 * columns and the map file. */
#ifndef ZX_INTAKE_IMPORT_H
#define ZX_INTAKE_IMPORT_H

#include "base/ctx.h"
#include "http/route.h"
#include "job/job.h"

struct import_request {
    struct str kind;  /* "receipts", "orders", "products", "customers" */
    struct str path;  /* the file, as this process can open it; FILE.refused.csv is written beside it */
    struct str map;   /* text of a map file: lines `column = field`, `column = -`, `field := constant`; the rest goes by the columns' names */
    struct str store; /* code of the store where rows name none; "" none */
    bool dry_run;     /* only say what would happen */
};
/* Looks at the head of the file: RC_INVALID with field "kind", "file" or "map" and the cause, e.g. "no_column_for_time". */
enum rc import_check(struct ctx *c, const struct import_request *r) ZX_MUST_CHECK;
/* Checks and adds the job, inside the caller's transaction. */
enum rc import_add(struct ctx *c, const struct import_request *r, int64_t *ret_job) ZX_MUST_CHECK;

/* Of the rows of a file; they add up to it. */
struct import_counts {
    int64_t new_rows, updated, same, refused;
};
/* What a finished job says of itself. */
struct import_counts import_counts_of(struct json result);

extern const struct job_kind import_jobs[];

#endif
