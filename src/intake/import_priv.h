/* Shared by the files of the import: columns → rows of documents → bodies of the API → units of intake. */
#ifndef ZX_INTAKE_IMPORT_PRIV_H
#define ZX_INTAKE_IMPORT_PRIV_H

#include "intake/csv.h"
#include "intake/import.h"
#include "intake/intake.h"

enum import_kind { IMPORT_RECEIPTS = 1, IMPORT_ORDERS = 2, IMPORT_PRODUCTS = 4, IMPORT_CUSTOMERS = 8 };
/* 0 if it is none. */
enum import_kind import_kind_of(struct str word);

/* ---- import_columns.c: what the columns mean ---- */

#define IMPORT_FIELDS(X)                                                                                                                                                \
    X(STORE)                                                                                                                                                            \
    X(TILL)                                                                                                                                                             \
    X(NUMBER) X(TIME) X(CURRENCY) X(STATUS) X(ORDER_DISCOUNT) X(FREIGHT) X(PAYMENT) X(STAFF) X(LINE_NO) X(SKU) X(NAME) X(QUANTITY) X(PAID) X(PRICE) X(LIST_PRICE)       \
        X(DISCOUNT) X(TAX_RATE) X(PROMOTION) X(COUPON) X(RETURN_NUMBER) X(RETURN_STORE) X(RETURN_TILL) X(RETURN_LINE) X(RETURN_REASON) X(PHONE) X(EMAIL) X(CARD)        \
            X(ACCOUNT) X(UNIONID) X(STYLE) X(STYLE_NAME) X(CATEGORY) X(SUBCATEGORY) X(BRAND) X(SEASON) X(WAVE) X(LAUNCH_DAY) X(COLOR) X(SIZE) X(BARCODE) X(FLOOR_PRICE) \
                X(COST) X(IMAGE) X(PERSON) X(GENDER) X(BIRTHDAY) X(PROVINCE) X(CITY) X(DISTRICT) X(STREET) X(HOME_STORE) X(ASSISTANT) X(SIZE_TOP) X(SIZE_BOTTOM)        \
                    X(SIZE_SHOE) X(TAGS) X(NOTE) X(CLASS)
enum import_field {
#define X(name) IF_##name,
    IMPORT_FIELDS(X)
#undef X
        IF_COUNT
};

struct import_columns {
    int16_t at[IF_COUNT];          /* position of the column, -1 none */
    struct str constant[IF_COUNT]; /* of every row, where no column says otherwise */
};
/* Reads the map, or the header alone. RC_INVALID with field "map". */
enum rc import_columns_map(struct ctx *c, enum import_kind kind, const struct csv_row *header, struct str map, struct str store,
                           struct import_columns *ret) ZX_MUST_CHECK;
/* The cell of a row without blanks around, or the constant, or "". */
struct str import_cell(const struct import_columns *columns, const struct csv_row *row, enum import_field f);

/* ---- import_cells.c: how the world writes numbers, times and ids ---- */

/* "¥1,234.50", "1.2E+3", "(12.00)" as plain decimal text; what is no number comes back as it is. */
struct str import_number(struct arena *a, struct str cell);
/* "2026/3/1 13:40", "2026年3月1日", ISO 8601 … as ISO 8601; else as it is. */
struct str import_time(struct arena *a, struct str cell);
struct str import_day(struct arena *a, struct str cell);
/* "17850.0" → "17850": ids that went through a spreadsheet. */
struct str import_id(struct str cell);
/* Quantity × price, exact; empty when either is no number. */
struct str import_product(struct arena *a, struct str quantity, struct str price);

/* ---- import_file.c: the rows, gathered into documents ---- */

struct import_row {
    int64_t offset;
    uint32_t length, number, group;
};
struct import_file {
    int fd;
    struct csv *csv;
    enum import_kind kind;
    struct str header; /* as it stands in the file */
    struct str scope;  /* first part of the keys of orders */
    struct import_columns columns;
    struct import_row *rows; /* by document, documents in the order of their first rows */
    size_t row_count, group_count;
    char *bytes; /* of the row read last */
    struct csv_memory memory;
};
/* Opens the file, reads header and map. With `rows`, reads it all. */
enum rc import_file_open(struct ctx *c, const struct import_request *r, bool rows, struct import_file *ret) ZX_MUST_CHECK;
void import_file_close(struct import_file *f);
/* The rows of one document: [*ret_first, *ret_first + *ret_count) of f->rows. Walk by giving back the end as `from`. */
void import_file_group(const struct import_file *f, size_t from, size_t *ret_count);
/* Reads one row again; cells in the arena. False when the row is broken: `row->why` says how. */
bool import_file_row(struct import_file *f, size_t index, struct arena *a, struct csv_row *row);
/* The row as it stands in the file, until the next reading. */
struct str import_file_raw(struct import_file *f, size_t index);

/* ---- import_body.c: rows as bodies of the API, so that one set of checks serves both ---- */

struct import_document {
    struct json body;
    size_t line_count;
    const size_t *row_of_line; /* position within the document's rows */
    const bool *nothing;       /* rows that sold nothing: they are refused alone */
};
/* A receipt or order of all its rows. Texts live in the context's arena, the body in the parser. */
enum rc import_body_sale(struct ctx *c, struct json_parser *parser, const struct import_file *f, const struct csv_row *rows, size_t count,
                         struct import_document *ret) ZX_MUST_CHECK;
enum rc import_body_product(struct ctx *c, struct json_parser *parser, const struct import_file *f, const struct csv_row *row, struct json *ret) ZX_MUST_CHECK;
enum rc import_body_customer(struct ctx *c, struct json_parser *parser, const struct import_file *f, const struct csv_row *row, struct json *ret) ZX_MUST_CHECK;

/* ---- import_profile.c: one person of an import ---- */

/* A customer form becomes an INTAKE_PROFILE item. RC_INVALID with field and cause. */
enum rc import_profile_parse(struct ctx *c, struct json form, struct intake_unit *u, struct intake_item *item) ZX_MUST_CHECK;

/* ---- import_upload.c: files that came over HTTP, in memory only ---- */

/* Keeps the bytes where only this process reaches them: no plain file of personal data in the data directory. */
enum rc import_upload_keep(struct ctx *c, struct str bytes, struct str *ret_path) ZX_MUST_CHECK;
bool import_upload_is(struct str path);
bool import_upload_here(struct str path); /* false after a restart */
void import_upload_drop(struct str path); /* of no upload: nothing */

/* ---- import_routes.c ---- */

route_fn import_post, import_refused;

#endif
