/* Everything out again, no lock-in: customers (masked), orders, events, as CSV or JSON lines. One writer, met by the command on
 * a stopped installation and by GET /api/v1/exports/{kind} on a running one. */
#include "access/access.h"
#include "app/app_priv.h"
#include "app/table_out.h"
#include "base/decimal.h"
#include "customer/customer.h"
#include "db/db.h"
#include "eventlog/eventlog.h"
#include "http/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PAGE = 1000 };

/* Cells that are made of numbers live in a small arena that each row starts over. */
struct cells {
    struct arena *arena;
    struct str list[32];
    size_t count;
};

static void add(struct cells *c, struct str s)
{
    c->list[c->count++] = s.ptr ? s : STR("");
}

static void add_i64(struct cells *c, int64_t v)
{
    add(c, arena_printf(c->arena, "%lld", (long long)v));
}

static void add_time(struct cells *c, int64_t us)
{
    char room[40];
    struct buf b = {.ptr = room, .cap = sizeof(room), .max = sizeof(room)};
    clock_add_iso(&b, us);
    add(c, arena_str(c->arena, buf_str(&b)));
}

static void add_money(struct cells *c, int64_t minor)
{
    char room[40];
    struct buf b = {.ptr = room, .cap = sizeof(room), .max = sizeof(room)};
    decimal_add(&b, minor, 2);
    add(c, arena_str(c->arena, buf_str(&b)));
}

static enum rc put(struct table_out *t, struct cells *c)
{
    enum rc rc = table_row(t, c->list);
    arena_reset(c->arena);
    c->count = 0;
    return rc;
}

/* ---- customers ---- */

static enum rc customer_row(void *arg, const struct str *cells, size_t count)
{
    (void)count;
    return table_row(arg, cells);
}

static enum rc export_customers(struct ctx *c, FILE *file, enum table_format format)
{
    struct table_out t = table_begin(file, format, customer_export_columns, "sssssssssssssssssssnss");
    enum rc rc = customer_export(c, &(struct customer_export){.open = false}, customer_row, &t), ended = table_end(&t);
    return rc ? rc : ended;
}

/* ---- orders ---- */

static const char *const order_columns[] = {"id", "kind", "status", "channel", "store", "till", "number", "at", "business_day", "currency",
                                            "total", "freight", "refunded", "units", "customer_id", "member", NULL};

static void add_order(struct cells *cells, struct db_rows *q)
{
    static const char *const kinds[] = {"", "receipt", "order", "return", "exchange"};
    static const char *const statuses[] = {"", "placed", "paid", "shipped", "received", "cancelled", "refunded", "part_refunded", "done"};
    char day[16];
    struct buf day_text = {.ptr = day, .cap = sizeof(day), .max = sizeof(day)};
    clock_add_day(&day_text, (int32_t)db_i64(q, "business_day"));
    add_i64(cells, db_i64(q, "id"));
    add(cells, str_z(kinds[db_i64(q, "kind")]));
    add(cells, str_z(statuses[db_i64(q, "status")]));
    add(cells, db_text(q, "channel"));
    add(cells, db_text(q, "store"));
    add(cells, db_text(q, "till"));
    add(cells, db_text(q, "number"));
    add_time(cells, db_i64(q, "at_us"));
    add(cells, arena_str(cells->arena, buf_str(&day_text)));
    add(cells, db_text(q, "currency"));
    add_money(cells, db_i64(q, "total_minor"));
    add_money(cells, db_i64(q, "freight_minor"));
    add_money(cells, db_i64(q, "refunded_minor"));
    add_i64(cells, db_i64(q, "units"));
    add_i64(cells, db_i64(q, "customer_id"));
    add_i64(cells, db_i64(q, "member"));
}

/* Page by key, so that no read transaction lasts. */
static enum rc export_orders(struct ctx *c, FILE *file, enum table_format format)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct cells cells = {.arena = arena};
    struct table_out t = table_begin(file, format, order_columns, "sssssssssssssnsb");
    int64_t last = 0, rows = PAGE;
    enum rc rc = RC_OK;
    while (!rc && rows == PAGE) {
        rows = 0;
        struct db_rows *q = db_query(c->db, "sale_export", DB_I64("after", last), DB_I64("limit", PAGE));
        for (; !rc && db_next(q); rows++) {
            last = db_i64(q, "id");
            add_order(&cells, q);
            rc = put(&t, &cells);
        }
        enum rc ended = db_end(q);
        rc = rc ? rc : ended;
    }
    enum rc ended = table_end(&t);
    return rc ? rc : ended;
}

/* ---- events ---- */

static const char *const event_columns[] = {"id", "source_id", "subject", "type", "name", "at", "received_at", "message_id", "path", "title", "referrer",
                                            "utm_source", "utm_medium", "utm_campaign", "product", "category", "order", "value", "quantity", "currency", "device",
                                            "properties", NULL};

struct event_out {
    struct table_out table;
    struct cells cells;
};

static enum rc event_row(void *arg, const struct event *e)
{
    static const char *const types[] = {"", "track", "identify", "page", "screen", "group", "alias"};
    struct event_out *o = arg;
    struct cells *cells = &o->cells;
    add_i64(cells, e->id);
    add_i64(cells, e->source_id);
    add_i64(cells, e->subject);
    add(cells, str_z(types[e->type]));
    add(cells, e->name);
    add_time(cells, e->at_us);
    add_time(cells, e->received_us);
    const struct str texts[] = {e->message_id, e->path, e->title, e->referrer, e->utm_source, e->utm_medium, e->utm_campaign, e->product, e->category, e->order_no};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        add(cells, texts[i]);
    add_money(cells, e->value_minor);
    add_i64(cells, e->quantity);
    add(cells, e->currency);
    add(cells, e->device);
    add(cells, e->props);
    return put(&o->table, cells);
}

static enum rc export_events(struct ctx *c, FILE *file, enum table_format format)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct event_out o = {.table = table_begin(file, format, event_columns, "ssssssssssssssssssnsss"), .cells = {.arena = arena}};
    enum rc rc = eventlog_each(c, c->app->eventlog, event_row, &o), ended = table_end(&o.table);
    return rc ? rc : ended;
}

static enum rc export_kind(struct ctx *c, struct str kind, struct str format_word, FILE *file)
{
    enum table_format format;
    if (!table_format_of(format_word, &format))
        return ctx_fail(c, RC_INVALID, "format", "csv_or_jsonl");
    if (str_eqz(kind, "customers"))
        return export_customers(c, file, format);
    if (str_eqz(kind, "orders"))
        return export_orders(c, file, format);
    if (str_eqz(kind, "events"))
        return export_events(c, file, format);
    return ctx_fail(c, RC_NOT_FOUND, "kind", "customers_orders_or_events");
}

/* ---- over HTTP ---- */

enum rc export_route(struct ctx *c, const struct request *r, struct reply *p)
{
    char *path = arena_z(c->arena, arena_printf(c->arena, "%s/export-XXXXXX", c->app->data_dir));
    struct str kind = r->params[0], format = request_query(r, "format");
    if (format.len == 0)
        format = STR("csv");
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file)
        return ctx_fail(c, RC_STORE, "export", "no_temporary_file");
    enum rc rc = export_kind(c, kind, format, file);
    if (fclose(file) != 0 && !rc)
        rc = RC_DISK_FULL;
    if (!rc)
        rc = access_audit_taken(c, arena_z(c->arena, kind), arena_z(c->arena, format)); /* 查看记录 names who took what along */
    if (rc) {
        unlink(path);
        return rc;
    }
    p->file = path;
    p->file_delete = true;
    p->content_type = str_eqz(format, "jsonl") ? "application/x-ndjson" : "text/csv; charset=utf-8";
    return RC_OK;
}

/* ---- on the command line ---- */

static enum rc export_stopped(struct ctx *c, const char *data, struct str kind, struct str format)
{
    struct app app;
    struct ctx own;
    const struct app_options options = {.parts = APP_INTAKE, .vault_fd = -1, .migrate = true};
    enum rc rc = app_open(data, &options, &app);
    if (!rc)
        rc = app_ctx(&app, &own);
    if (rc)
        return rc;
    rc = export_kind(&own, kind, format, stdout);
    c->error = own.error;
    app_ctx_end(&own);
    app_close(&app);
    return rc;
}

static enum rc export_running(struct ctx *c, const struct running *r, const char *kind, const char *format)
{
    int status;
    struct str body;
    const char *path = arena_printf(c->arena, "/api/v1/exports/%s?format=%s", kind, format).ptr;
    enum rc rc = running_call(c, r, "GET", path, NULL, STR_NULL, &status, &body);
    if (rc)
        return rc;
    if (status != 200) {
        fprintf(stderr, "%.*s\n", STR_FMT(body));
        return ctx_fail(c, RC_INVALID, "server", "refused");
    }
    return fwrite(body.ptr, 1, body.len, stdout) == body.len ? RC_OK : RC_STORE;
}

int command_export(int argc, char **argv)
{
    const char *data = NULL, *format = "csv", *words[1] = {NULL};
    const struct arg args[] = {{"--data", "DIR", "the installation", &data, true},
                               {"--format", "csv|jsonl", "csv when not given", &format, false},
                               {NULL, NULL, NULL, NULL, false}};
    if (args_parse("export", "Writes everything of a kind to standard output; personal values are masked.", "customers|orders|events", argc, argv, args, words, 1) < 1) {
        fputs("usage: zhixin export customers|orders|events --data DIR [--format csv|jsonl]\n", stderr);
        return 2;
    }
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .now_us = clock_now_us()};
    struct running r;
    bool running;
    enum rc rc = running_find(&c, data, &r, &running);
    if (!rc)
        rc = running ? export_running(&c, &r, words[0], format) : export_stopped(&c, data, str_z(words[0]), str_z(format));
    return rc ? command_failed("export", &c, rc) : 0;
}
