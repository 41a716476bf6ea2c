/* The state machine works on bytes: no byte of a multi-byte character, in UTF-8, GBK or GB18030, is one of , ; TAB " CR LF,
 * so that cells can be cut first and decoded after. */
#include "intake/csv.h"
#include "base/limits.h"

#include <stdlib.h>
#include <unicode/ucnv.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, CELLS_BYTES = CSV_ROW_BYTES + LIMIT_CSV_COLUMNS };

struct csv {
    struct csv_source source;
    char *window; /* bytes [0, filled) of the file from `offset` on; the current row starts at `row` */
    size_t filled, cap, row;
    bool ended, failed, started;
    int64_t offset, number;
    char separator;
    enum csv_encoding encoding;
    UConverter *converter;
    char *text; /* cells of the current row, unquoted, one behind the other */
    size_t text_len, cell_start;
    struct str cells[LIMIT_CSV_COLUMNS];
    size_t count;
};

struct csv *csv_new(struct csv_source source)
{
    struct csv *r = mem_zalloc(1, sizeof(*r));
    r->source = source;
    r->cap = CHUNK;
    r->window = mem_alloc(r->cap);
    r->text = mem_alloc(CELLS_BYTES);
    return r;
}

struct csv *csv_resume(struct csv_source source, int64_t offset, int64_t number, char separator, enum csv_encoding encoding)
{
    struct csv *r = csv_new(source);
    r->offset = offset;
    r->number = number;
    r->separator = separator;
    r->encoding = encoding;
    r->started = true;
    return r;
}

void csv_seek(struct csv *r, struct csv_source source, int64_t offset, int64_t number)
{
    r->source = source;
    r->filled = r->row = 0;
    r->ended = r->failed = false;
    r->offset = offset;
    r->number = number;
}

void csv_free(struct csv *r)
{
    if (!r)
        return;
    if (r->converter)
        ucnv_close(r->converter);
    free(r->window);
    free(r->text);
    free(r);
}

char csv_separator(const struct csv *r)
{
    return r->separator;
}

enum csv_encoding csv_encoding(const struct csv *r)
{
    return r->encoding;
}

/* ---- the window ---- */

/* Drops the rows that are done and reads more; false when nothing came. */
static bool fill(struct csv *r)
{
    if (r->ended)
        return false;
    if (r->row) {
        memmove(r->window, r->window + r->row, r->filled - r->row);
        r->filled -= r->row;
        r->row = 0;
    }
    if (r->filled == r->cap) {
        r->cap *= 2;
        r->window = mem_realloc(r->window, r->cap);
    }
    ptrdiff_t got = r->source.read(r->source.arg, r->window + r->filled, r->cap - r->filled);
    r->failed |= got < 0;
    r->ended |= got <= 0;
    r->filled += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* ---- what kind of file is it ---- */

/* Of the three, the one that stands most often in the first line outside of quotes. */
static char guess_separator(struct str sample)
{
    static const char candidates[] = {',', ';', '\t'};
    size_t counts[3] = {0}, best = 0;
    bool quoted = false;
    for (size_t i = 0; i < sample.len && (quoted || (sample.ptr[i] != '\n' && sample.ptr[i] != '\r')); i++) {
        quoted ^= sample.ptr[i] == '"';
        for (size_t k = 0; !quoted && k < 3; k++)
            counts[k] += sample.ptr[i] == candidates[k];
    }
    for (size_t k = 1; k < 3; k++)
        if (counts[k] > counts[best])
            best = k;
    return candidates[best];
}

/* Valid UTF-8, but for a character that the sample's end may have cut? */
static bool looks_utf8(struct str sample)
{
    for (size_t cut = 0; cut < 4 && cut <= sample.len; cut++)
        if (str_is_text(str_sub(sample, 0, sample.len - cut)))
            return true;
    return false;
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] >= 0x80)
            return false;
    return true;
}

static bool start(struct csv *r)
{
    while (r->filled < CHUNK && fill(r))
        continue;
    struct str sample = str_n(r->window, r->filled);
    r->started = true;
    if (str_starts(sample, STR("\xFF\xFE")) || str_starts(sample, STR("\xFE\xFF"))) {
        r->failed = r->ended = true;
        return false;
    }
    if (str_starts(sample, STR("\xEF\xBB\xBF"))) {
        r->row = 3;
        r->offset = 3;
        r->encoding = CSV_UTF8;
        sample = str_sub(sample, 3, sample.len);
    } else if (!is_ascii(sample)) {
        r->encoding = looks_utf8(sample) ? CSV_UTF8 : CSV_GB18030;
    }
    r->separator = guess_separator(sample);
    return true;
}

/* ---- cutting one row ---- */

enum state { CELL_START, PLAIN, QUOTED, QUOTE };

struct cut {
    enum state state;
    size_t at;       /* in the window, behind the row's last byte in the end */
    const char *why; /* the first thing wrong with the row */
    bool blank;
};

static void put(struct csv *r, struct cut *c, char byte)
{
    if (r->text_len - r->cell_start >= LIMIT_CSV_CELL_BYTES)
        c->why = c->why ? c->why : "cell_too_large";
    else if (!c->why)
        r->text[r->text_len++] = byte;
}

static void end_cell(struct csv *r, struct cut *c)
{
    if (r->count == LIMIT_CSV_COLUMNS) {
        c->why = c->why ? c->why : "too_many_columns";
        return;
    }
    r->cells[r->count++] = str_n(r->text + r->cell_start, r->text_len - r->cell_start);
    r->cell_start = r->text_len;
}

/* One byte through the machine; false when it ended the row. */
static bool step(struct csv *r, struct cut *c, char byte)
{
    bool line_end = byte == '\n' || byte == '\r';
    if (c->state == QUOTED) {
        if (byte == '"')
            c->state = QUOTE;
        else
            put(r, c, byte);
        return true;
    }
    if (c->state == QUOTE && byte == '"') {
        put(r, c, '"');
        c->state = QUOTED;
        return true;
    }
    if (byte == r->separator) {
        end_cell(r, c);
        c->state = CELL_START;
        return true;
    }
    if (line_end)
        return false;
    if (c->state == CELL_START && byte == '"') {
        c->state = QUOTED;
        return true;
    }
    if (c->state == QUOTE)
        c->why = c->why ? c->why : "quote"; /* something stands behind the closing quote */
    c->state = PLAIN;
    put(r, c, byte);
    return true;
}

/* CRLF is one end. The byte behind a CR may not be read yet. */
static void take_line_end(struct csv *r, struct cut *c)
{
    if (r->window[c->at++] != '\r')
        return;
    size_t into_row = c->at - r->row;
    if (c->at == r->filled && fill(r))
        c->at = r->row + into_row;
    if (c->at < r->filled && r->window[c->at] == '\n')
        c->at++;
}

/* A quote that was never closed would swallow the file: such a row ends where its first line does. False when no line
 * ends before `end`. */
static bool end_at_first_line(struct csv *r, struct cut *c, size_t end, const char *why)
{
    const char *from = r->window + r->row, *line = memchr(from, '\n', end - r->row);
    if (!line)
        return false;
    c->at = (size_t)(line - r->window) + 1;
    c->why = why;
    return true;
}

/* Has the row grown past what a row can be? Then it ends here, refused. */
static bool too_long(struct csv *r, struct cut *c)
{
    const char *why = c->state == QUOTED ? "unclosed_quote" : "row_too_large";
    if (c->state == QUOTED && c->why && end_at_first_line(r, c, c->at, why))
        return true;
    if (c->at - r->row < CSV_ROW_BYTES)
        return false;
    if (!end_at_first_line(r, c, c->at, why))
        c->why = why;
    return true;
}

static void cut_row(struct csv *r, struct cut *c)
{
    *c = (struct cut){.at = r->row};
    r->text_len = r->cell_start = r->count = 0;
    for (;; c->at++) {
        size_t into_row = c->at - r->row;
        if (too_long(r, c))
            return;
        if (c->at == r->filled) {
            if (!fill(r))
                break;
            c->at = r->row + into_row;
        }
        if (!step(r, c, r->window[c->at])) {
            take_line_end(r, c);
            break;
        }
    }
    c->blank = r->count == 0 && c->state == CELL_START;
    end_cell(r, c);
    if (c->state == QUOTED && !end_at_first_line(r, c, c->at, "unclosed_quote"))
        c->why = "unclosed_quote";
}

/* ---- cells to text ---- */

static bool convert(struct csv *r, struct arena *a, struct str *cell)
{
    UErrorCode error = U_ZERO_ERROR;
    if (!r->converter) {
        r->converter = ucnv_open("gb18030", &error);
        ucnv_setToUCallBack(r->converter, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &error);
    }
    size_t cap = cell->len * 2 + 8; /* two bytes of GBK are three of UTF-8 */
    char *out = arena_alloc(a, cap);
    int32_t len = ucnv_toAlgorithmic(UCNV_UTF8, r->converter, out, (int32_t)cap, cell->ptr, (int32_t)cell->len, &error);
    if (U_FAILURE(error))
        return false;
    *cell = str_n(out, (size_t)len);
    return true;
}

/* NULL, or why the cell is no text. */
static const char *decode(struct csv *r, struct arena *a, struct str *cell)
{
    if (str_find(*cell, '\0') >= 0)
        return "nul";
    if (is_ascii(*cell)) {
        *cell = arena_str(a, *cell);
        return NULL;
    }
    if (r->encoding == CSV_UNDECIDED)
        r->encoding = str_is_text(*cell) ? CSV_UTF8 : CSV_GB18030;
    if (r->encoding == CSV_GB18030)
        return convert(r, a, cell) ? NULL : "encoding";
    if (!str_is_text(*cell))
        return "encoding";
    *cell = arena_str(a, *cell);
    return NULL;
}

static const char *decode_row(struct csv *r, struct arena *a, struct csv_row *row)
{
    row->count = r->count;
    row->cells = arena_new_array(a, struct str, r->count);
    for (size_t i = 0; i < r->count; i++) {
        row->cells[i] = r->cells[i];
        const char *why = decode(r, a, &row->cells[i]);
        if (why)
            return why;
    }
    return NULL;
}

enum csv_result csv_next(struct csv *r, struct arena *a, struct csv_row *ret)
{
    struct cut c = {.blank = true};
    if (!r->started && !start(r))
        return CSV_FAILED;
    while (c.blank) {
        if (r->row == r->filled && !fill(r))
            return r->failed ? CSV_FAILED : CSV_END;
        cut_row(r, &c);
        if (r->failed)
            return CSV_FAILED;
        r->number++;
        *ret = (struct csv_row){.number = r->number, .offset = r->offset, .why = c.why, .raw = str_n(r->window + r->row, c.at - r->row)};
        r->offset += (int64_t)ret->raw.len;
        ret->end = r->offset;
        r->row = c.at;
    }
    if (!ret->why)
        ret->why = decode_row(r, a, ret);
    return ret->why ? CSV_BAD : CSV_ROW;
}

/* ---- sources ---- */

static ptrdiff_t read_memory(void *arg, void *buf, size_t size)
{
    struct csv_memory *m = arg;
    struct str part = str_sub(m->left, 0, size);
    if (part.len)
        memcpy(buf, part.ptr, part.len);
    m->left = str_sub(m->left, part.len, m->left.len);
    return (ptrdiff_t)part.len;
}

struct csv_source csv_from_memory(struct csv_memory *m)
{
    return (struct csv_source){read_memory, m};
}

static ptrdiff_t read_file(void *arg, void *buf, size_t size)
{
    return read(*(int *)arg, buf, size);
}

struct csv_source csv_from_file(int *fd)
{
    return (struct csv_source){read_file, fd};
}
