/* One segment: a unit's blocks become an immutable Parquet file, sorted by subject, and are compared with what it gives back.
 * What stands in the file is format.c's business.
 *
 * The unit is packed into one run of bytes and sorted by a small array of keys, so that a quarter of a million events take
 * some 50 MB; DuckDB draws the rows from there through a feed and never holds them all. */
#include "base/log.h"
#include "db/append.h"
#include "eventlog/eventlog_priv.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENGINE_MEMORY_KIB = 128 << 10, BLOCKS_AT_ONCE = 64, WRITE_OUT_BYTES = 256 << 10, PACKED_MAX = 1 << 30 };

struct sort_key {
    int64_t subject, id;
    size_t at;                   /* in `packed` */
};

struct unit {
    struct buf packed;           /* u32 length, packed event, … */
    struct sort_key *keys;
    size_t count, cap;
    size_t next;                 /* of the feed, and of the comparison */
    struct eventlog_segment fact;
};

void segment_path(const struct eventlog *log, int64_t unit, const char *suffix, char ret[static 512])
{
    snprintf(ret, 512, "%s%012lld%s", log->dir, (long long)unit, suffix);
}

enum rc segment_engine(const struct eventlog *log, struct db **ret)
{
    return db_open_duckdb(":memory:", log->dir, &(struct db_options){.cache_kib = ENGINE_MEMORY_KIB, .threads = 1, .streaming = true}, ret);
}

/* ---- rows out ---- */

static void event_at(const struct unit *u, size_t i, struct event *ret, struct message_id *ret_id)
{
    uint32_t len;
    const char *at = u->packed.ptr + u->keys[i].at;
    memcpy(&len, at, sizeof(len));
    event_unpack(str_n(at + sizeof(len), len), ret, ret_id);
}

static size_t feed_next(void *arg, struct db_chunk *chunk, size_t room)
{
    struct unit *u = arg;
    size_t rows = 0;
    for (; rows < room && u->next < u->count; rows++) {
        struct event e;
        struct message_id id;
        event_at(u, u->next++, &e, &id);
        format_put(chunk, &e, &id);
    }
    return rows;
}

/* ---- rows in ---- */

/* A query of rows of the log, wherever they stand. */
static enum rc open_rows(struct db *engine, const char *what, const struct eventlog_segment *segment, struct db_rows **ret)
{
    _cleanup_buf_ struct buf sql = BUF_INIT(16 << 10);
    buf_addf(&sql, "SELECT %s FROM ", what);
    if (segment)
        eventlog_add_rows(&sql, segment, 1);
    else
        format_add_feed(&sql);
    buf_add_byte(&sql, '\0');
    return db_query_text(engine, sql.ptr, NULL, 0, ret);
}

/* Walks the rows; strings lie in the engine's own memory, the message id stands apart. */
static enum rc each_row(struct db *engine, const struct eventlog_segment *segment, enum rc (*fn)(void *arg, struct event *e, const struct message_id *id), void *arg)
{
    struct db_rows *q;
    enum rc rc = open_rows(engine, FORMAT_ROW, segment, &q), failed = RC_OK;
    if (rc)
        return rc;
    while (!failed && db_next(q)) {
        struct event e;
        struct message_id id;
        format_read(q, &e, &id);
        failed = fn(arg, &e, &id);
    }
    rc = db_end(q);
    return failed ? failed : rc;
}

struct each_event {
    struct arena *scratch;
    enum rc (*fn)(void *arg, const struct event *e);
    void *arg;
};

static enum rc with_message_text(void *arg, struct event *e, const struct message_id *id)
{
    struct each_event *each = arg;
    arena_reset(each->scratch);
    e->message_id = message_id_text(each->scratch, id);
    return each->fn(each->arg, e);
}

enum rc segment_each(struct db *engine, const struct eventlog_segment *segment, enum rc (*fn)(void *arg, const struct event *e), void *arg)
{
    _cleanup_(arena_freep) struct arena *scratch = arena_new();
    struct each_event each = {scratch, fn, arg};
    return each_row(engine, segment, with_message_text, &each);
}

static enum rc without_message(void *arg, struct event *e, const struct message_id *id)
{
    const struct each_event *each = arg;
    (void)id;
    return each->fn(each->arg, e);
}

enum rc eventlog_each_of(struct eventlog *log, const struct eventlog_segment *segment, enum rc (*fn)(void *arg, const struct event *e), void *arg)
{
    struct each_event each = {NULL, fn, arg};
    struct db *engine;
    enum rc rc = segment_engine(log, &engine);
    if (rc)
        return rc;
    rc = each_row(engine, segment, without_message, &each);
    db_close(engine);
    return rc;
}

enum rc segment_each_key(struct db *engine, const struct eventlog_segment *segment, void (*fn)(void *arg, struct str key), void *arg)
{
    struct db_rows *q;
    enum rc rc = open_rows(engine, "source_id, message_prefix, message_uuid", segment, &q);
    if (rc)
        return rc;
    while (db_next(q)) {
        char key[MESSAGE_KEY_MAX];
        struct message_id id = format_message(db_text_at(q, 1), db_text_at(q, 2));
        fn(arg, str_n(key, message_key(db_i64_at(q, 0), &id, key)));
    }
    return db_end(q);
}

/* ---- loading a unit ---- */

static void add_event(struct unit *u, const struct event *e)
{
    if (u->count == u->cap) {
        u->cap = u->cap ? u->cap * 2 : 4096;
        u->keys = mem_realloc(u->keys, u->cap * sizeof(*u->keys));
    }
    u->keys[u->count++] = (struct sort_key){e->subject, e->id, u->packed.len};
    size_t start = u->packed.len;
    buf_add_u32(&u->packed, 0);
    event_pack(&u->packed, e);
    assert(!u->packed.failed);
    uint32_t len = (uint32_t)(u->packed.len - start - sizeof(len));
    memcpy(u->packed.ptr + start, &len, sizeof(len));
    struct eventlog_segment *f = &u->fact;
    f->first_at_us = u->count == 1 || e->at_us < f->first_at_us ? e->at_us : f->first_at_us;
    f->last_at_us = u->count == 1 || e->at_us > f->last_at_us ? e->at_us : f->last_at_us;
    f->last_received_us = e->received_us > f->last_received_us ? e->received_us : f->last_received_us;
}

/* One step of blocks after `*after`; false in *ret_more when there are none left. */
static enum rc load_blocks(struct ctx *c, struct block_reader *r, struct unit *u, int64_t *after, bool *ret_more)
{
    _cleanup_(arena_freep) struct arena *scratch = arena_new();
    struct ctx step = *c;
    step.arena = scratch;
    enum rc rc = RC_OK;
    *ret_more = false;
    struct db_rows *q = db_query(c->db, "event_block_of_unit", DB_I64("unit", u->fact.unit), DB_I64("after", *after), DB_I64("limit", BLOCKS_AT_ONCE));
    while (!rc && db_next(q)) {
        struct event *events;
        size_t count;
        arena_reset(scratch);
        rc = block_of_row(&step, r, q, &events, &count);
        for (size_t i = 0; !rc && i < count; i++)
            add_event(u, &events[i]);
        *after = u->fact.last_block = db_i64(q, "id");
        u->fact.first_block = u->fact.first_block ? u->fact.first_block : *after;
        *ret_more = true;
    }
    enum rc end = db_end(q);
    return rc ? rc : end;
}

static int by_subject(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    if (x->subject != y->subject)
        return x->subject < y->subject ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static enum rc load_unit(struct ctx *c, struct unit *u)
{
    struct block_reader reader = {0};
    int64_t after = 0;
    bool more = true;
    enum rc rc = RC_OK;
    while (!rc && more)
        rc = load_blocks(c, &reader, u, &after, &more);
    block_reader_free(&reader);
    if (rc)
        return rc;
    qsort(u->keys, u->count, sizeof(*u->keys), by_subject);
    u->fact.events = (int64_t)u->count;
    return u->count ? RC_OK : RC_NOT_FOUND;
}

/* ---- writing and reading back ---- */

/* A person's story unpacks one row group of a file: larger ones make it slower, smaller ones the file's footer. Parquet's own
 * Bloom filters would be of columns that nobody looks for a value in. */
static enum rc write_parquet(struct db *engine, struct unit *u, const char *path)
{
    _cleanup_buf_ struct buf sql = BUF_INIT(4096);
    u->next = 0;
    buf_addz(&sql, "COPY (SELECT * FROM " FORMAT_FEED ") TO ");
    buf_add_sql(&sql, str_z(path));
    buf_addz(&sql, " (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, ROW_GROUP_SIZE 32768, WRITE_BLOOM_FILTER false)");
    buf_add_byte(&sql, '\0');
    return db_script(engine, sql.ptr);
}

static bool same_message(const struct message_id *a, const struct message_id *b)
{
    return a->has_uuid == b->has_uuid && str_eq(a->prefix, b->prefix) && (!a->has_uuid || memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0);
}

static bool same_event(const struct event *a, const struct event *b)
{
    if (a->subject != b->subject || a->id != b->id || a->source_id != b->source_id || a->at_us != b->at_us || a->received_us != b->received_us ||
        a->type != b->type || a->flags != b->flags || a->value_minor != b->value_minor || a->quantity != b->quantity)
        return false;
    for (size_t s = 0; s < EVENT_STRINGS; s++)
        if (!str_eq(event_string_of(a, s), event_string_of(b, s)))
            return false;
    return true;
}

static enum rc compare_row(void *arg, struct event *e, const struct message_id *id)
{
    struct unit *u = arg;
    struct event expected;
    struct message_id expected_id;
    if (u->next == u->count)
        return RC_STORE;
    event_at(u, u->next++, &expected, &expected_id);
    return same_event(&expected, e) && same_message(&expected_id, id) ? RC_OK : RC_STORE;
}

static enum rc compare(struct db *engine, struct unit *u, const char *path)
{
    struct eventlog_segment written = u->fact;
    written.path = path;
    u->next = 0;
    enum rc rc = each_row(engine, &written, compare_row, u);
    if (!rc && u->next != u->count)
        rc = RC_STORE;
    if (rc)
        log_error("eventlog.read_back", LOG_I("unit", u->fact.unit), LOG_I("row", u->next));
    return rc;
}

/* A segment of some megabytes would fill the disk's queue, and commits that sync meanwhile wait behind it: it goes out in pieces. */
static void write_out(int fd)
{
    struct stat file;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
        return;
    for (off_t at = 0; at < file.st_size; at += WRITE_OUT_BYTES)
        if (sync_file_range(fd, at, WRITE_OUT_BYTES, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) != 0)
            return; /* fsync says what is wrong */
}

enum rc sync_path(const char *path)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        write_out(fd);
    if (fd >= 0 && fsync(fd) == 0)
        return RC_OK;
    log_error("eventlog.sync", LOG_I("errno", errno));
    return errno == ENOSPC ? RC_DISK_FULL : RC_STORE;
}

enum rc segment_checksum(const char *path, uint8_t ret[static CHECKSUM_BYTES], int64_t *ret_bytes)
{
    char bytes[64 << 10];
    crypto_generichash_state hash;
    int64_t total = 0;
    ssize_t got;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return RC_NOT_FOUND;
    crypto_generichash_init(&hash, NULL, 0, CHECKSUM_BYTES);
    while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
        crypto_generichash_update(&hash, (const unsigned char *)bytes, (size_t)got);
        total += got;
    }
    crypto_generichash_final(&hash, ret, CHECKSUM_BYTES);
    *ret_bytes = total;
    return got == 0 ? RC_OK : RC_STORE;
}

static void unit_free(struct unit *u)
{
    buf_free(&u->packed);
    free(u->keys);
}

static enum rc open_with_feed(const struct eventlog *log, struct db_feed *feed, struct db **ret)
{
    struct db *engine;
    enum rc rc = segment_engine(log, &engine);
    if (rc)
        return rc;
    rc = db_feed_register(engine, feed);
    if (rc)
        db_close(engine);
    else
        *ret = engine;
    return rc;
}

static size_t count_subjects(const struct unit *u)
{
    size_t distinct = 0;
    for (size_t i = 0; i < u->count; i++)
        distinct += i == 0 || u->keys[i].subject != u->keys[i - 1].subject;
    return distinct;
}

static int64_t next_subject(void *arg)
{
    struct unit *u = arg;
    int64_t subject = u->keys[u->next].subject;
    while (u->next < u->count && u->keys[u->next].subject == subject)
        u->next++;
    return subject;
}

static enum rc write_index(struct eventlog *log, struct unit *u)
{
    char path[512];
    segment_path(log, u->fact.unit, ".subjects", path);
    u->next = 0;
    return subjects_write(path, count_subjects(u), next_subject, u);
}

static enum rc write_files(struct eventlog *log, struct db *engine, struct unit *u)
{
    char path[512], part[512];
    segment_path(log, u->fact.unit, ".parquet", path);
    segment_path(log, u->fact.unit, ".part", part);
    enum rc rc = write_parquet(engine, u, part);
    if (!rc)
        rc = sync_path(part);
    if (!rc)
        rc = compare(engine, u, part);
    if (!rc)
        rc = segment_checksum(part, u->fact.checksum, &u->fact.bytes);
    if (!rc && rename(part, path) != 0)
        rc = RC_STORE;
    if (!rc)
        rc = write_index(log, u);
    if (!rc)
        rc = sync_path(log->dir);
    if (rc)
        unlink(part);
    return rc;
}

enum rc segment_write(struct ctx *c, struct eventlog *log, int64_t unit, struct eventlog_segment *ret)
{
    struct unit u = {.packed = BUF_INIT(PACKED_MAX), .fact = {.unit = unit, .format = SEGMENT_FORMAT}};
    struct db_feed feed = format_feed(feed_next, &u);
    struct db *engine = NULL;
    enum rc rc = load_unit(c, &u);
    if (!rc)
        rc = open_with_feed(log, &feed, &engine);
    if (!rc)
        rc = write_files(log, engine, &u);
    db_close(engine);
    unit_free(&u);
    if (!rc)
        *ret = u.fact;
    return rc;
}

/* ---- hashes ---- */

#define HASH_OF_ROWS "sum(hash(" FORMAT_ROW ")) AS sum"

static enum rc read_sum(struct db_rows *q, uint64_t *ret)
{
    if (db_next(q))
        *ret = (uint64_t)db_i64(q, "sum");
    return db_end(q);
}

enum rc unit_hash(struct ctx *c, struct eventlog *log, int64_t unit, uint64_t *ret)
{
    struct unit u = {.packed = BUF_INIT(PACKED_MAX), .fact = {.unit = unit}};
    struct db_feed feed = format_feed(feed_next, &u);
    struct db *engine = NULL;
    struct db_rows *q;
    enum rc rc = load_unit(c, &u);
    if (!rc)
        rc = open_with_feed(log, &feed, &engine);
    if (!rc)
        rc = open_rows(engine, HASH_OF_ROWS, NULL, &q);
    if (!rc)
        rc = read_sum(q, ret);
    db_close(engine);
    unit_free(&u);
    return rc;
}

enum rc segment_hash(struct db *engine, const struct eventlog_segment *segment, uint64_t *ret)
{
    struct db_rows *q;
    enum rc rc = open_rows(engine, HASH_OF_ROWS, segment, &q);
    return rc ? rc : read_sum(q, ret);
}
