/* A file is read twice: first every row for its place and its document (rows of a document need not stand together), then
 * document by document. 20 bytes a row are kept, never the cells. */
#include "intake/import_priv.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- which document is it: the first row of a key gives the document its number ---- */

struct group_table {
    struct group_slot {
        uint64_t key;
        uint32_t group; /* + 1; 0 is free */
    } * slots;
    size_t size, used;
};

static struct group_slot *slot_of(const struct group_table *t, uint64_t key)
{
    size_t i = (size_t)key & (t->size - 1);
    while (t->slots[i].group && t->slots[i].key != key)
        i = (i + 1) & (t->size - 1);
    return &t->slots[i];
}

static void grow(struct group_table *t)
{
    struct group_table larger = {.size = t->size ? t->size * 2 : 1024, .used = t->used};
    larger.slots = mem_zalloc(larger.size, sizeof(*larger.slots));
    for (size_t i = 0; i < t->size; i++)
        if (t->slots[i].group)
            *slot_of(&larger, t->slots[i].key) = t->slots[i];
    free(t->slots);
    *t = larger;
}

static uint32_t group_of(struct group_table *t, uint64_t key, uint32_t next)
{
    if (t->used * 2 >= t->size)
        grow(t);
    struct group_slot *slot = slot_of(t, key);
    if (!slot->group) {
        *slot = (struct group_slot){key, next + 1};
        t->used++;
    }
    return slot->group - 1;
}

static uint64_t key_of(const struct import_file *f, const struct csv_row *row)
{
    static const enum import_field parts[] = {IF_STORE, IF_TILL, IF_NUMBER};
    unsigned char hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_state h;
    uint64_t key;
    crypto_generichash_init(&h, NULL, 0, sizeof(hash));
    for (size_t i = f->kind == IMPORT_ORDERS ? 2 : 0; i < 3; i++) {
        struct str s = import_cell(&f->columns, row, parts[i]);
        crypto_generichash_update(&h, (const unsigned char *)s.ptr, s.len);
        crypto_generichash_update(&h, (const unsigned char *)"/", 1);
    }
    crypto_generichash_final(&h, hash, sizeof(hash));
    memcpy(&key, hash, sizeof(key));
    return key;
}

/* ---- the first reading ---- */

static void add_row(struct import_file *f, const struct csv_row *row, uint32_t group, size_t *cap)
{
    if (f->row_count == *cap) {
        *cap = *cap ? *cap * 2 : 4096;
        f->rows = mem_realloc(f->rows, *cap * sizeof(*f->rows));
    }
    f->rows[f->row_count++] = (struct import_row){row->offset, (uint32_t)(row->end - row->offset), (uint32_t)row->number, group};
    if (group == f->group_count)
        f->group_count++;
}

static bool stands_alone(const struct import_file *f, const struct csv_row *row)
{
    return row->why || f->kind == IMPORT_PRODUCTS || f->kind == IMPORT_CUSTOMERS || import_cell(&f->columns, row, IF_NUMBER).len == 0;
}

static enum rc read_rows(struct ctx *c, struct import_file *f)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    struct group_table groups = {0};
    struct csv_row row;
    size_t cap = 0;
    enum csv_result got;
    while ((got = csv_next(f->csv, a, &row)) == CSV_ROW || got == CSV_BAD) {
        uint32_t next = (uint32_t)f->group_count;
        uint32_t group = stands_alone(f, &row) ? next : group_of(&groups, key_of(f, &row), next);
        add_row(f, &row, group, &cap);
        arena_reset(a);
        if (f->row_count == UINT32_MAX) {
            free(groups.slots);
            return ctx_fail(c, RC_INVALID, "file", "too_many_rows");
        }
    }
    free(groups.slots);
    return got == CSV_FAILED ? ctx_fail(c, RC_INVALID, "file", "unreadable") : RC_OK;
}

/* Counting sort: documents in the order of their first rows, rows in the order of the file. */
static void sort_rows(struct import_file *f)
{
    _cleanup_free_ size_t *start = mem_zalloc(f->group_count + 1, sizeof(*start));
    struct import_row *sorted = mem_alloc(f->row_count * sizeof(*sorted));
    for (size_t i = 0; i < f->row_count; i++)
        start[f->rows[i].group + 1]++;
    for (size_t g = 0; g < f->group_count; g++)
        start[g + 1] += start[g];
    for (size_t i = 0; i < f->row_count; i++)
        sorted[start[f->rows[i].group]++] = f->rows[i];
    free(f->rows);
    f->rows = sorted;
}

/* ---- opening ---- */

static enum rc read_header(struct ctx *c, const struct import_request *r, struct import_file *f)
{
    struct csv_row header;
    f->csv = csv_new(csv_from_file(&f->fd));
    enum csv_result got = csv_next(f->csv, c->arena, &header);
    if (got == CSV_END)
        return ctx_fail(c, RC_INVALID, "file", "empty");
    if (got != CSV_ROW)
        return ctx_fail(c, RC_INVALID, "file", got == CSV_BAD ? header.why : "not_a_text");
    f->header = arena_str(c->arena, str_trim(header.raw));
    return import_columns_map(c, f->kind, &header, r->map, r->store, &f->columns);
}

enum rc import_file_open(struct ctx *c, const struct import_request *r, bool rows, struct import_file *ret)
{
    struct import_file f = {.kind = import_kind_of(r->kind), .fd = -1};
    if (!f.kind)
        return ctx_fail(c, RC_INVALID, "kind", "not_a_choice");
    f.fd = open(arena_z(c->arena, r->path), O_RDONLY | O_CLOEXEC);
    if (f.fd < 0)
        return ctx_fail(c, RC_INVALID, "file", errno == ENOENT ? "not_found" : "can_not_be_opened");
    enum rc rc = read_header(c, r, &f);
    if (rc == RC_OK && rows)
        rc = read_rows(c, &f);
    if (rc) {
        import_file_close(&f);
        return rc;
    }
    if (f.row_count)
        sort_rows(&f);
    f.bytes = mem_alloc(CSV_ROW_BYTES + 2);
    *ret = f;
    return RC_OK;
}

void import_file_close(struct import_file *f)
{
    csv_free(f->csv);
    free(f->rows);
    free(f->bytes);
    if (f->fd >= 0)
        close(f->fd);
    *f = (struct import_file){.fd = -1};
}

/* ---- the second reading ---- */

void import_file_group(const struct import_file *f, size_t from, size_t *ret_count)
{
    size_t end = from + 1;
    while (end < f->row_count && f->rows[end].group == f->rows[from].group)
        end++;
    *ret_count = end - from;
}

static bool read_bytes(struct import_file *f, const struct import_row *row)
{
    size_t have = 0;
    while (have < row->length) {
        ssize_t got = pread(f->fd, f->bytes + have, row->length - have, row->offset + (off_t)have);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        have += got > 0 ? (size_t)got : 0;
    }
    return true;
}

struct str import_file_raw(struct import_file *f, size_t index)
{
    const struct import_row *r = &f->rows[index];
    return r->length <= CSV_ROW_BYTES + 2 && read_bytes(f, r) ? str_n(f->bytes, r->length) : STR_NULL;
}

bool import_file_row(struct import_file *f, size_t index, struct arena *a, struct csv_row *row)
{
    const struct import_row *r = &f->rows[index];
    *row = (struct csv_row){.number = r->number, .why = "unreadable"};
    if (r->length > CSV_ROW_BYTES + 2 || !read_bytes(f, r))
        return false;
    f->memory = (struct csv_memory){str_n(f->bytes, r->length)};
    csv_seek(f->csv, csv_from_memory(&f->memory), r->offset, r->number - 1);
    enum csv_result got = csv_next(f->csv, a, row);
    if (got == CSV_END || got == CSV_FAILED)
        row->why = "unreadable";
    return got == CSV_ROW;
}
