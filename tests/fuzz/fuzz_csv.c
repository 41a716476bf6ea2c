/* Any bytes through the CSV reader, a few at a time: rows cover the file without gap or overlap, cells are text, and
 * reading on behind a row gives what reading through gave. */
#include "base/limits.h"
#include "intake/csv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_row(const struct csv_row *row, int64_t last_end, size_t size)
{
    require(row->offset >= last_end && row->end > row->offset && row->end <= (int64_t)size);
    require(row->count <= LIMIT_CSV_COLUMNS);
    for (size_t i = 0; !row->why && i < row->count; i++)
        require(str_is_text(row->cells[i]) && row->cells[i].len <= 2 * LIMIT_CSV_CELL_BYTES);
}

static void check_resume(const struct csv *r, const struct csv_row *row, struct str file)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct csv_memory rest = {str_sub(file, (size_t)row->offset, file.len)};
    _cleanup_(csv_freep) struct csv *late = csv_resume(csv_from_memory(&rest), row->offset, row->number - 1, csv_separator(r), csv_encoding(r));
    struct csv_row again;
    enum csv_result got = csv_next(late, a, &again);
    require(got == (row->why ? CSV_BAD : CSV_ROW) && again.end == row->end && again.count == row->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct str file = str_n(data, size);
    struct drip d = {.memory = {file}, .size = size ? 1 + data[0] % 16u : 1};
    _cleanup_(csv_freep) struct csv *r = csv_new((struct csv_source){read_drip, &d});
    struct csv_row row;
    int64_t end = 0;
    for (enum csv_result got; (got = csv_next(r, a, &row)) == CSV_ROW || got == CSV_BAD; arena_reset(a)) {
        check_row(&row, end, size);
        if (row.number <= 4)
            check_resume(r, &row, file);
        end = row.end;
    }
    return 0;
}
