/* CSV (RFC 4180) and JSON lines. */
#include "app/table_out.h"

#include <assert.h>

enum { LINE_MAX_BYTES = 1 << 20 };

static enum rc put_line(struct table_out *t)
{
    buf_add_byte(&t->line, '\n');
    bool ok = !t->line.failed && fwrite(t->line.ptr, 1, t->line.len, t->file) == t->line.len;
    buf_reset(&t->line);
    return ok ? RC_OK : RC_STORE;
}

struct table_out table_begin(FILE *file, enum table_format format, const char *const *columns, const char *types)
{
    struct table_out t = {.file = file, .format = format, .columns = columns, .types = types, .line = BUF_INIT(LINE_MAX_BYTES)};
    for (size_t i = 0; types && (types[i] || columns[i]); i++)
        assert(types[i] && columns[i]);
    if (format == TABLE_CSV) {
        for (size_t i = 0; columns[i]; i++) {
            if (i)
                buf_add_byte(&t.line, ',');
            buf_add_csv(&t.line, str_z(columns[i]));
        }
        if (put_line(&t) != RC_OK)
            clearerr(file); /* table_end() sees it again: nothing could be flushed */
    }
    return t;
}

static void add_json_cell(struct table_out *t, char type, struct str cell)
{
    int64_t number;
    if (!cell.ptr)
        buf_addz(&t->line, "null");
    else if (type == 'b')
        buf_addz(&t->line, str_eqz(cell, "1") ? "true" : "false");
    else if (type == 'n' && str_i64(cell, &number))
        buf_addf(&t->line, "%lld", (long long)number);
    else
        buf_add_json(&t->line, cell);
}

static void add_json_cells(struct table_out *t, const struct str *cells)
{
    buf_add_byte(&t->line, '{');
    for (size_t i = 0; t->columns[i]; i++) {
        if (i)
            buf_add_byte(&t->line, ',');
        buf_add_json(&t->line, str_z(t->columns[i]));
        buf_add_byte(&t->line, ':');
        add_json_cell(t, t->types ? t->types[i] : 's', cells[i]);
    }
    buf_add_byte(&t->line, '}');
}

enum rc table_row(struct table_out *t, const struct str *cells)
{
    t->rows++;
    if (t->format == TABLE_JSONL) {
        add_json_cells(t, cells);
        return put_line(t);
    }
    for (size_t i = 0; t->columns[i]; i++) {
        if (i)
            buf_add_byte(&t->line, ',');
        buf_add_csv(&t->line, cells[i]);
    }
    return put_line(t);
}

enum rc table_end(struct table_out *t)
{
    buf_free(&t->line);
    return fflush(t->file) == 0 && !ferror(t->file) ? RC_OK : RC_STORE;
}

bool table_format_of(struct str word, enum table_format *ret)
{
    *ret = str_eqz(word, "jsonl") ? TABLE_JSONL : TABLE_CSV;
    return str_eqz(word, "csv") || str_eqz(word, "jsonl");
}
