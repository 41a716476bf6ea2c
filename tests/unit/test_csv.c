/* intake/csv.c: rows in every dialect, broken rows one by one, any size of read. */
#include "intake/csv.h"
#include "base/limits.h"
#include "json/json.h"
#include "test.h"

#include <dirent.h>
#include <stdlib.h>

/* Gives a few bytes at a time, so that every boundary falls everywhere. */
struct drip {
    struct csv_memory memory;
    size_t size;
};

static ptrdiff_t read_drip(void *arg, void *buf, size_t size)
{
    struct drip *d = arg;
    struct csv_source all = csv_from_memory(&d->memory);
    return all.read(all.arg, buf, size < d->size ? size : d->size);
}

/* Rows as text: cells in ‹›, bad rows as !why. */
static void show(struct csv *r, struct arena *a, struct buf *out)
{
    struct csv_row row;
    for (enum csv_result got; (got = csv_next(r, a, &row)) != CSV_END;) {
        if (got == CSV_FAILED) {
            buf_addz(out, "failed");
            return;
        }
        buf_addf(out, "%lld:", (long long)row.number);
        for (size_t i = 0; got == CSV_ROW && i < row.count; i++)
            buf_addf(out, "<%.*s>", STR_FMT(row.cells[i]));
        if (got == CSV_BAD)
            buf_addf(out, "!%s", row.why);
        buf_addz(out, ";");
    }
}

static const struct {
    const char *name;
    struct str in;
    const char *want;
} rows[] = {
    {"plain", STR("a,b\n1,2\n"), "1:<a><b>;2:<1><2>;"},
    {"no end of line", STR("a,b\n1,2"), "1:<a><b>;2:<1><2>;"},
    {"crlf", STR("a,b\r\n1,2\r\n"), "1:<a><b>;2:<1><2>;"},
    {"cr only", STR("a,b\r1,2\r"), "1:<a><b>;2:<1><2>;"},
    {"empty file", STR(""), ""},
    {"blank lines count", STR("\n\na,b\n\n1,2\n\n"), "3:<a><b>;5:<1><2>;"},
    {"empty cells", STR("a,,\n,,\n\"\"\n"), "1:<a><><>;2:<><><>;3:<>;"},
    {"quotes", STR("\"a,b\",\"c\"\"d\",\"e\nf\",\"g\r\nh\"\n"), "1:<a,b><c\"d><e\nf><g\r\nh>;"},
    {"a quote inside is a character", STR("5\" pipe,x\"y\"\n"), "1:<5\" pipe><x\"y\">;"},
    {"spaces stay", STR(" a , b\n"), "1:< a >< b>;"},
    {"semicolon", STR("a;b;c\n1;2,5;3\n"), "1:<a><b><c>;2:<1><2,5><3>;"},
    {"tab", STR("a\tb\n1\t2\n"), "1:<a><b>;2:<1><2>;"},
    {"separator inside quotes does not decide", STR("\"a;b;c;d\",e\n"), "1:<a;b;c;d><e>;"},
    {"byte order mark", STR("\xEF\xBB\xBF\"a\",b\n"), "1:<a><b>;"},
    {"utf-8", STR("姓名,城市\n王小明,上海\n"), "1:<姓名><城市>;2:<王小明><上海>;"},
    {"gbk", STR("\xD0\xD5\xC3\xFB,\xB3\xC7\xCA\xD0\n"), "1:<姓名><城市>;"},
    {"gb18030, four bytes", STR("\x95\x32\x82\x36,\xC9\xCF\n"), "1:<𠀀><上>;"}, /* U+20000 */
    {"behind the closing quote", STR("a,\"b\"c\n1,2\n"), "1:!quote;2:<1><2>;"},
    {"never closed", STR("a,b\n1,\"2\n3,4\n"), "1:<a><b>;2:!unclosed_quote;3:<3><4>;"},
    {"nul", STR("a,b\0c\n1,2\n"), "1:!nul;2:<1><2>;"},
    {"bad utf-8 behind good",
     STR("\xEF\xBB\xBF"
         "a,\xFFz\n1,2\n"),
     "1:!encoding;2:<1><2>;"},
    {"bad gb18030", STR("\xD0\xD5\n\xFF\xFF,b\n1,2\n"), "1:<姓>;2:!encoding;3:<1><2>;"},
    {"utf-16",
     STR("\xFF\xFE"
         "a\0"),
     "failed"},
};

static void dialects_at_any_size_of_read(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 7, 1 << 20};
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t k = 0; k < COUNT(sizes); k++) {
            _cleanup_(arena_freep) struct arena *a = arena_new();
            _cleanup_buf_ struct buf out = BUF_INIT(1 << 20);
            struct drip d = {.memory = {rows[i].in}, .size = sizes[k]};
            _cleanup_(csv_freep) struct csv *r = csv_new((struct csv_source){read_drip, &d});
            trying(rows[i].name);
            show(r, a, &out);
            assert_str(buf_str(&out), rows[i].want);
        }
}

static void limits(void **state)
{
    (void)state;
    _cleanup_(arena_freep) struct arena *a = arena_new();
    _cleanup_buf_ struct buf in = BUF_INIT(8 << 20), out = BUF_INIT(1 << 20);
    buf_addz(&in, "a,b\n");
    for (int i = 0; i <= LIMIT_CSV_CELL_BYTES; i++)
        buf_add_byte(&in, 'x');
    buf_addz(&in, "\n1,2\n");
    for (int i = 0; i <= LIMIT_CSV_COLUMNS; i++)
        buf_add_byte(&in, ',');
    buf_addz(&in, "\n3,4\n\"open\n5,6\n");
    for (int i = 0; i < 3 * CSV_ROW_BYTES / 8; i++) /* lines that the open quote would swallow */
        buf_addz(&in, "7,8,9,0\n");
    struct csv_memory m = {buf_str(&in)};
    _cleanup_(csv_freep) struct csv *r = csv_new(csv_from_memory(&m));
    static const char *const want[] = {NULL, "cell_too_large", NULL, "too_many_columns", NULL, "unclosed_quote", NULL};
    struct csv_row row;
    for (size_t i = 0; i < COUNT(want); i++) {
        assert_int_equal(csv_next(r, a, &row), want[i] ? CSV_BAD : CSV_ROW);
        assert_string_equal(row.why ? row.why : "", want[i] ? want[i] : "");
    }
    size_t rest = 0;
    while (csv_next(r, a, &row) == CSV_ROW) {
        rest++;
        arena_reset(a);
    }
    assert_int_equal(rest, 3 * CSV_ROW_BYTES / 8);
}

static void resumes_behind_any_row(void **state)
{
    (void)state;
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct str file = STR("h1;h2\r\n1;\"two\r\nlines\"\r\n\r\n3;\xB3\xC7\r\n4;5\r\n");
    struct csv_memory m = {file};
    _cleanup_(csv_freep) struct csv *r = csv_new(csv_from_memory(&m));
    struct csv_row row, again;
    while (csv_next(r, a, &row) == CSV_ROW) {
        struct csv_memory rest = {str_sub(file, (size_t)row.offset, file.len)};
        _cleanup_(csv_freep) struct csv *late = csv_resume(csv_from_memory(&rest), row.offset, row.number - 1, csv_separator(r), csv_encoding(r));
        assert_int_equal(csv_next(late, a, &again), CSV_ROW);
        assert_true(again.number == row.number && again.offset == row.offset && again.end == row.end && again.count == row.count);
        for (size_t i = 0; i < row.count; i++)
            assert_true(str_eq(row.cells[i], again.cells[i]));
        assert_true(str_eq(row.raw, str_sub(file, (size_t)row.offset, (size_t)row.end)));
    }
    assert_int_equal(row.end, file.len);
}

/* ---- csv-spectrum, where it is at hand: every file beside its rows as JSON ---- */

static struct str read_whole(struct arena *a, const char *dir, const char *name, const char *end)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s%s", dir, name, end);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s", path);
    char *bytes = arena_alloc(a, 1 << 16);
    size_t len = fread(bytes, 1, 1 << 16, f);
    fclose(f);
    return str_n(bytes, len);
}

static void compare_row(const struct csv_row *head, const struct csv_row *row, struct json want)
{
    assert_int_equal(row->count, head->count);
    for (size_t i = 0; i < row->count; i++)
        if (!str_eqz(head->cells[i], "Contact Phone Number")) /* the one cell where file and truth differ */
            assert_true(str_eq(row->cells[i], json_str(json_get(want, head->cells[i]))));
}

/* The truth is a list of rows, or one row alone. */
static void compare(struct arena *a, struct str text, struct json want)
{
    struct csv_memory m = {text};
    _cleanup_(csv_freep) struct csv *r = csv_new(csv_from_memory(&m));
    struct csv_row head, row;
    bool alone = json_is(want, JSON_OBJECT);
    assert_int_equal(csv_next(r, a, &head), CSV_ROW);
    for (struct json_iter it = json_iter(want); alone || json_next(&it);) {
        assert_int_equal(csv_next(r, a, &row), CSV_ROW);
        compare_row(&head, &row, alone ? want : it.value);
        if (alone)
            break;
    }
    assert_int_equal(csv_next(r, a, &row), CSV_END);
}

static void spectrum(void **state)
{
    (void)state;
    const char *const dir = "../shared/data/csv_torture/csv-spectrum";
    DIR *d = opendir("../shared/data/csv_torture/csv-spectrum/csvs");
    if (!d) {
        print_message("%s is not there: skipped\n", dir);
        skip();
    }
    size_t count = 0;
    struct json_parser *parser = json_parser_new();
    for (struct dirent *e; (e = readdir(d));) {
        _cleanup_(arena_freep) struct arena *a = arena_new();
        struct str name = str_z(e->d_name);
        struct json want;
        const char *why;
        if (!str_ends(name, STR(".csv")))
            continue;
        char *stem = arena_z(a, str_sub(name, 0, name.len - 4));
        trying(stem);
        assert_int_equal(json_parse(parser, read_whole(a, dir, arena_printf(a, "json/%s", stem).ptr, ".json"), 1 << 16, &want, &why), RC_OK);
        compare(a, read_whole(a, dir, arena_printf(a, "csvs/%s", stem).ptr, ".csv"), want);
        count++;
    }
    json_parser_free(parser);
    closedir(d);
    assert_true(count >= 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialects_at_any_size_of_read),
        cmocka_unit_test(limits),
        cmocka_unit_test(resumes_behind_any_row),
        cmocka_unit_test(spectrum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
