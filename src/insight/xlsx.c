/* The overview as a workbook: figures, days, styles, in the reader's language, numbers as numbers. */
#include "access/access.h"
#include "base/app.h"
#include "insight/insight_priv.h"
#include "warehouse/warehouse.h"

#include <stdlib.h>
#include <unistd.h>
#include <xlsxwriter.h>

enum { STYLES_MAX = 5000, NAME_WIDTH = 26, NUMBER_WIDTH = 14 };

struct book {
    struct ctx *c;
    const struct request *r;
    const struct insight_filter *f;
    lxw_workbook *workbook;
    lxw_format *head, *money, *share, *day;
    bool finance;
};

static const char *text(const struct book *b, const char *key)
{
    return arena_z(b->c->arena, request_text(b->r, key));
}

static lxw_format *format_of(lxw_workbook *w, const char *pattern)
{
    lxw_format *f = workbook_add_format(w);
    format_set_num_format(f, pattern);
    return f;
}

static void make_formats(struct book *b)
{
    b->head = workbook_add_format(b->workbook);
    format_set_bold(b->head);
    format_set_bottom(b->head, LXW_BORDER_THIN);
    b->money = format_of(b->workbook, "#,##0.00");
    b->share = format_of(b->workbook, "0.00");
    b->day = format_of(b->workbook, "yyyy-mm-dd");
}

static lxw_worksheet *add_sheet(struct book *b, const char *title_key, const char *const *column_keys)
{
    lxw_worksheet *sheet = workbook_add_worksheet(b->workbook, text(b, title_key));
    uint16_t column = 0;
    for (; column_keys[column]; column++)
        worksheet_write_string(sheet, 0, column, text(b, column_keys[column]), b->head);
    worksheet_set_column(sheet, 0, 0, NAME_WIDTH, NULL);
    worksheet_set_column(sheet, 1, column, NUMBER_WIDTH, NULL);
    worksheet_freeze_panes(sheet, 1, 0);
    return sheet;
}

static void put_money(struct book *b, lxw_worksheet *sheet, uint32_t row, uint16_t column, int64_t minor)
{
    worksheet_write_number(sheet, row, column, (double)minor / 100, b->money);
}

/* Excel counts days from 1899-12-30. */
static void put_day(struct book *b, lxw_worksheet *sheet, uint32_t row, uint16_t column, int64_t day)
{
    worksheet_write_number(sheet, row, column, (double)(day + 25569), b->day);
}

/* ---- sheets ---- */

static void put_tile(struct book *b, lxw_worksheet *sheet, uint32_t row, uint16_t column, const struct tile *t, const struct sums *s)
{
    double v;
    if (!t->value(s, &v))
        return;
    bool money = t->unit == TILE_MONEY;
    worksheet_write_number(sheet, row, column, money ? v / 100 : v, money ? b->money : t->unit == TILE_COUNT ? NULL : b->share);
}

static enum rc figures_sheet(struct book *b)
{
    static const char *const columns[] = {"overview.figures", "overview.period", "overview.compare", "overview.formula", NULL};
    struct sums now, before;
    enum rc rc = sums_read(b->c, b->f, b->f->from_day, b->f->to_day, &now);
    if (!rc)
        rc = sums_read(b->c, b->f, b->f->before_from, b->f->before_to, &before);
    if (rc)
        return rc;
    lxw_worksheet *sheet = add_sheet(b, "nav.overview", columns);
    uint32_t row = 1;
    put_day(b, sheet, row, 1, b->f->from_day);
    put_day(b, sheet, row++, 2, b->f->before_from);
    put_day(b, sheet, row, 1, b->f->to_day);
    put_day(b, sheet, row++, 2, b->f->before_to);
    for (const struct tile *t = tiles; t->key; t++) {
        if (t->finance && !b->finance)
            continue;
        worksheet_write_string(sheet, row, 0, text(b, arena_printf(b->c->arena, "tile.%s", t->key).ptr), NULL);
        put_tile(b, sheet, row, 1, t, &now);
        put_tile(b, sheet, row, 2, t, &before);
        worksheet_write_string(sheet, row++, 3, text(b, t->formula), NULL);
    }
    return RC_OK;
}

static enum rc days_sheet(struct book *b)
{
    const char *const columns[] = {"column.day", "column.channel", "column.orders", "column.sales", b->finance ? "column.margin" : NULL, NULL};
    struct db_arg args[FILTER_ARGS];
    lxw_worksheet *sheet = add_sheet(b, "overview.daily", columns);
    filter_args(b->f, b->f->from_day, b->f->to_day, args);
    struct db_rows *q = db_query_args(b->c->warehouse, "insight_daily", args, FILTER_ARGS);
    for (uint32_t row = 1; db_next(q); row++) {
        put_day(b, sheet, row, 0, db_i64(q, "day"));
        worksheet_write_string(sheet, row, 1, text(b, arena_printf(b->c->arena, "channel.%.*s", STR_FMT(db_text(q, "channel"))).ptr), NULL);
        worksheet_write_number(sheet, row, 2, (double)db_i64(q, "documents"), NULL);
        put_money(b, sheet, row, 3, db_i64(q, "sales"));
        if (b->finance)
            put_money(b, sheet, row, 4, db_i64(q, "margin"));
    }
    return db_end(q);
}

static void put_style(struct book *b, lxw_worksheet *sheet, uint32_t row, struct db_rows *q)
{
    worksheet_write_string(sheet, row, 0, arena_z(b->c->arena, db_text(q, "code")), NULL);
    worksheet_write_string(sheet, row, 1, arena_z(b->c->arena, db_text(q, "name")), NULL);
    worksheet_write_number(sheet, row, 2, (double)db_i64(q, "sold"), NULL);
    put_money(b, sheet, row, 3, db_i64(q, "sales"));
    if (!db_is_null(q, "lowest"))
        put_money(b, sheet, row, 4, db_i64(q, "lowest"));
    if (!b->finance)
        return;
    put_money(b, sheet, row, 5, db_i64(q, "margin"));
    if (!db_is_null(q, "floor_minor"))
        put_money(b, sheet, row, 6, db_i64(q, "floor_minor"));
}

static enum rc styles_sheet(struct book *b)
{
    const char *const columns[] = {"column.style", "column.name", "styles.sold", "column.sales", "styles.lowest", b->finance ? "column.margin" : NULL, "style.floor_price", NULL};
    struct db_arg args[FILTER_ARGS + 1];
    lxw_worksheet *sheet = add_sheet(b, "nav.styles", columns);
    filter_args(b->f, b->f->from_day, b->f->to_day, args);
    args[FILTER_ARGS] = DB_I64("limit", STYLES_MAX);
    struct db_rows *q = db_query_args(b->c->warehouse, "insight_styles", args, FILTER_ARGS + 1);
    for (uint32_t row = 1; db_next(q); row++)
        put_style(b, sheet, row, q);
    return db_end(q);
}

/* ---- the file ---- */

static enum rc write_book(struct book *b, const char *path)
{
    b->workbook = workbook_new(path);
    if (!b->workbook)
        return RC_STORE;
    make_formats(b);
    enum rc rc = figures_sheet(b);
    if (!rc)
        rc = days_sheet(b);
    if (!rc)
        rc = styles_sheet(b);
    lxw_error closed = workbook_close(b->workbook);
    return rc ? rc : closed == LXW_NO_ERROR ? RC_OK : RC_STORE;
}

static enum rc write_file(struct ctx *c, const struct request *r, const char *path)
{
    struct insight_filter f;
    enum rc rc = warehouse_use(c);
    if (rc)
        return rc;
    rc = filter_read(c, r, &f);
    struct book b = {.c = c, .r = r, .f = &f, .finance = may_see_finance(c)};
    if (!rc)
        rc = write_book(&b, path);
    warehouse_done(c);
    return rc;
}

enum rc overview_xlsx(struct ctx *c, const struct request *r, struct reply *p)
{
    char *path = arena_z(c->arena, arena_printf(c->arena, "%s/overview-XXXXXX", c->app->data_dir));
    int fd = mkstemp(path);
    if (fd < 0)
        return RC_STORE;
    close(fd);
    enum rc rc = write_file(c, r, path);
    if (!rc)
        rc = access_audit_taken(c, "overview", "xlsx");
    if (rc) {
        unlink(path);
        return rc;
    }
    p->content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    p->file = path;
    p->file_delete = true;
    reply_header(p, "Content-Disposition", STR("attachment; filename=\"overview.xlsx\""));
    return RC_OK;
}
