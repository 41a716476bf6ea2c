/* 查看记录 to take along: the same filter as the page, as CSV with the words of the API, or as a workbook with the reader's.
 * That it was taken stands in it from then on. */
#include "access/access.h"
#include "app/app_priv.h"
#include "app/table_out.h"
#include "base/app.h"

#include <stdio.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { PAGE = 1000, ROWS_MAX = 1000000, SHEET_COLUMNS = 6 };

/* ---- rows, a page at a time ---- */

typedef enum rc row_fn(void *arg, struct db_rows *q);

static enum rc each_row(struct ctx *c, const struct access_audit_filter *f, row_fn *put, void *arg)
{
    int64_t before = INT64_MAX, rows = 0, shown = PAGE;
    enum rc rc = RC_OK;
    while (!rc && shown == PAGE && rows < ROWS_MAX) {
        struct db_rows *q = access_audit_rows(c, f, before, PAGE);
        for (shown = 0; !rc && db_next(q); shown++) {
            before = db_i64(q, "id");
            rc = put(arg, q);
        }
        enum rc ended = db_end(q);
        rc = rc ? rc : ended;
        rows += shown;
    }
    return rc;
}

/* ---- CSV ---- */

static const char *const csv_columns[] = {"id", "at", "staff_id", "staff", "key_id", "action", "object", "object_id", "object_name", "detail", "request_id", NULL};

struct csv {
    struct table_out table;
    struct arena *arena;
};

static struct str number(struct arena *a, int64_t v)
{
    return v ? arena_printf(a, "%lld", (long long)v) : STR("");
}

static struct str time_text(struct arena *a, int64_t us)
{
    char room[40];
    struct buf b = {.ptr = room, .cap = sizeof(room), .max = sizeof(room)};
    clock_add_iso(&b, us);
    return arena_str(a, buf_str(&b));
}

static enum rc put_csv(void *arg, struct db_rows *q)
{
    struct csv *o = arg;
    struct arena *a = o->arena;
    const struct str cells[] = {
        number(a, db_i64(q, "id")), time_text(a, db_i64(q, "at_us")), number(a, db_i64(q, "staff_id")), db_text(q, "staff"), number(a, db_i64(q, "key_id")),
        db_text(q, "action"), db_text(q, "object"), number(a, db_i64(q, "object_id")), db_text(q, "object_name"), db_text(q, "detail"),
        number(a, db_i64(q, "request_id")),
    };
    enum rc rc = table_row(&o->table, cells);
    arena_reset(a);
    return rc;
}

static enum rc write_csv(struct ctx *c, const struct access_audit_filter *f, const char *path)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    FILE *file = fopen(path, "w");
    if (!file)
        return ctx_fail(c, RC_STORE, "export", "no_temporary_file");
    struct csv o = {.table = table_begin(file, TABLE_CSV, csv_columns, NULL), .arena = arena};
    enum rc rc = each_row(c, f, put_csv, &o), ended = table_end(&o.table);
    rc = rc ? rc : ended;
    return fclose(file) != 0 && !rc ? RC_DISK_FULL : rc;
}

/* ---- the workbook ---- */

struct book {
    const struct request *r;
    struct arena *arena; /* of one row */
    struct json_parser *parser;
    lxw_workbook *workbook;
    lxw_worksheet *sheet;
    lxw_format *time;
    uint32_t row;
};

/* The text of prefix.word; the word itself where there is none. */
static struct str words(const struct book *b, const char *prefix, struct str word)
{
    struct str key = arena_printf(b->arena, "%s%.*s", prefix, STR_FMT(word)), text = request_text(b->r, key.ptr);
    return str_eq(text, key) ? word : text;
}

static struct str label_of(const struct book *b, struct str key)
{
    struct str text = words(b, "audit.", key);
    return str_eq(text, key) ? words(b, "reveal.", key) : text;
}

static void add_value(const struct book *b, struct buf *out, struct json v)
{
    if (json_is(v, JSON_ARRAY)) {
        size_t i = 0;
        for (struct json_iter it = json_iter(v); json_next(&it); i++)
            buf_addf(out, "%s%.*s", i ? ", " : "", STR_FMT(words(b, "reveal.field.", json_str(it.value))));
    } else {
        buf_addf(out, "%.*s", STR_FMT(words(b, "reveal.purpose.", json_is(v, JSON_STR) ? json_str(v) : json_decimal(v, b->arena))));
    }
}

/* What the page says of the detail. */
static struct str detail_text(const struct book *b, struct str detail)
{
    _cleanup_buf_ struct buf out = BUF_INIT(16 << 10);
    struct json object;
    const char *why;
    if (json_parse(b->parser, arena_str(b->arena, detail), 64 << 10, &object, &why))
        return STR("");
    for (struct json_iter it = json_iter(object); json_next(&it);) {
        buf_addf(&out, "%s%.*s ", out.len ? " · " : "", STR_FMT(label_of(b, it.key)));
        add_value(b, &out, it.value);
    }
    return arena_str(b->arena, buf_str(&out));
}

static struct str actor_text(const struct book *b, struct db_rows *q)
{
    struct str staff = db_text(q, "staff");
    return staff.len ? staff : request_text(b->r, db_i64(q, "key_id") ? "audit.key" : "audit.program");
}

static struct str object_text(const struct book *b, struct db_rows *q)
{
    struct str name = db_text(q, "object_name");
    if (name.len == 0)
        name = number(b->arena, db_i64(q, "object_id"));
    return arena_printf(b->arena, "%.*s %.*s", STR_FMT(words(b, "audit.object.", db_text(q, "object"))), STR_FMT(name));
}

static void put_text(const struct book *b, uint16_t column, struct str text)
{
    worksheet_write_string(b->sheet, b->row, column, arena_z(b->arena, text), NULL);
}

/* Excel counts days from 1899-12-30; times are China's. */
static double excel_time(int64_t us)
{
    return (double)(us / US_PER_S + INT64_C(8) * 3600) / 86400 + 25569;
}

static enum rc put_row(void *arg, struct db_rows *q)
{
    struct book *b = arg;
    worksheet_write_number(b->sheet, b->row, 0, excel_time(db_i64(q, "at_us")), b->time);
    put_text(b, 1, actor_text(b, q));
    put_text(b, 2, words(b, "audit.action.", db_text(q, "action")));
    put_text(b, 3, object_text(b, q));
    put_text(b, 4, detail_text(b, db_text(q, "detail")));
    put_text(b, 5, number(b->arena, db_i64(q, "request_id")));
    b->row++;
    arena_reset(b->arena);
    return RC_OK;
}

static void begin_sheet(struct book *b)
{
    static const char *const heads[SHEET_COLUMNS] = {"audit.at", "audit.actor", "audit.action", "audit.object", "audit.detail", "audit.request"};
    lxw_format *head = workbook_add_format(b->workbook);
    format_set_bold(head);
    b->time = workbook_add_format(b->workbook);
    format_set_num_format(b->time, "yyyy-mm-dd hh:mm:ss");
    b->sheet = workbook_add_worksheet(b->workbook, arena_z(b->arena, request_text(b->r, "nav.audit")));
    worksheet_set_column(b->sheet, 0, SHEET_COLUMNS - 1, 22, NULL);
    worksheet_freeze_panes(b->sheet, 1, 0);
    for (uint16_t i = 0; i < SHEET_COLUMNS; i++)
        worksheet_write_string(b->sheet, 0, i, arena_z(b->arena, request_text(b->r, heads[i])), head);
    b->row = 1;
}

static enum rc write_book(struct ctx *c, const struct request *r, const struct access_audit_filter *f, const char *path)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = (char *)(uintptr_t)c->app->data_dir};
    struct book b = {.r = r, .arena = arena, .parser = parser, .workbook = workbook_new_opt(path, &options)};
    if (!b.workbook)
        return ctx_fail(c, RC_STORE, "export", "no_temporary_file");
    begin_sheet(&b);
    enum rc rc = each_row(c, f, put_row, &b);
    lxw_error closed = workbook_close(b.workbook);
    return rc ? rc : closed == LXW_NO_ERROR ? RC_OK : RC_STORE;
}

/* ---- the routes ---- */

static enum rc send(struct ctx *c, const struct request *r, struct reply *p, const char *format, struct access_audit_filter *f)
{
    char *path = arena_z(c->arena, arena_printf(c->arena, "%s/export-XXXXXX", c->app->data_dir));
    bool book = strcmp(format, "xlsx") == 0;
    int fd = mkstemp(path);
    if (fd < 0)
        return ctx_fail(c, RC_STORE, "export", "no_temporary_file");
    close(fd);
    enum rc rc = book ? write_book(c, r, f, path) : write_csv(c, f, path);
    if (!rc)
        rc = access_audit_taken(c, "audit", format);
    if (rc) {
        unlink(path);
        return rc;
    }
    p->file = path;
    p->file_delete = true;
    p->content_type = book ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv; charset=utf-8";
    reply_header(p, "Content-Disposition", arena_printf(c->arena, "attachment; filename=\"audit.%s\"", format));
    return RC_OK;
}

static enum rc export_as(struct ctx *c, const struct request *r, struct reply *p, const char *format)
{
    struct access_audit_filter f;
    enum rc rc = access_audit_filter_read(c, r, 1, &f);
    return rc ? rc : send(c, r, p, format, &f);
}

enum rc audit_csv_route(struct ctx *c, const struct request *r, struct reply *p)
{
    return export_as(c, r, p, "csv");
}

enum rc audit_xlsx_route(struct ctx *c, const struct request *r, struct reply *p)
{
    return export_as(c, r, p, "xlsx");
}
