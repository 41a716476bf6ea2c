/* Several servers of one truth (PostgreSQL). Each has its own window of fingerprints and its own files of segments; what the
 * others appended is read from their blocks before anything is appended here, and what one sealed lies in the database until
 * the others fetched it.
 *
 * Writing transactions come one after the other (db/postgres.c), so what is read at the start of one is all there is: no
 * message is taken twice, and the ids of blocks and the numbers of units go on where the last server left them. */
#include "base/app.h"
#include "base/log.h"
#include "db/pool.h"
#include "eventlog/eventlog_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCKS_A_PAGE = 64, PART_BYTES = 1 << 20 };

/* ---- where this server stands ---- */

static void followed_path(const struct eventlog *log, char ret[static 512])
{
    snprintf(ret, 512, "%s/seen/followed", log->app->data_dir);
}

/* Of the last orderly end; -1: it was none, or there was none. */
static int64_t read_followed(const struct eventlog *log)
{
    char path[512], text[32] = "";
    int64_t seq = -1;
    followed_path(log, path);
    FILE *in = fopen(path, "r");
    if (!in)
        return -1;
    bool read = fgets(text, sizeof(text), in) && str_i64(str_trim(str_z(text)), &seq);
    fclose(in);
    unlink(path); /* what a crash leaves behind must not be believed */
    return read ? seq : -1;
}

int64_t servers_resume(struct eventlog *log, int64_t first_unit, int64_t reload)
{
    int64_t followed = read_followed(log);
    if (followed < 0)
        return first_unit;
    log->followed = followed;
    return reload;
}

void servers_stand_at(const struct eventlog *log)
{
    char path[512];
    followed_path(log, path);
    FILE *out = db_pool_sync_read(log->app->truth) == RC_OK ? fopen(path, "w") : NULL;
    if (!out)
        return;
    fprintf(out, "%lld\n", (long long)log->followed);
    if (fclose(out) != 0)
        unlink(path);
}

void servers_own(struct eventlog *log, int64_t block)
{
    if (!log->shared)
        return;
    if (log->own_count == log->own_cap)
        log->own = mem_realloc(log->own, (log->own_cap = log->own_cap ? log->own_cap * 2 : 64) * sizeof(*log->own));
    log->own[log->own_count++] = block;
}

/* ---- what the others appended ---- */

struct segment_part {
    const char *file;
    int64_t part;
    struct str data;
};

struct told {
    struct eventlog *log;
    int64_t unit, received_us;
};

static void add_told(void *arg, struct str key)
{
    struct told *t = arg;
    seen_add(t->log->seen, seen_fingerprint(t->log->seen, key), t->unit, t->received_us);
}

static bool is_own(const struct eventlog *log, int64_t block)
{
    for (size_t i = 0; i < log->own_count; i++)
        if (log->own[i] == block)
            return true;
    return false;
}

/* A block of another server, or one of ours of whose commit we were never told. */
static enum rc take_block(struct eventlog *log, struct db_rows *q)
{
    struct told t = {log, db_i64(q, "unit"), db_i64(q, "received_us")};
    pthread_mutex_lock(&log->lock);
    struct unit_cache *cache = unit_cached(log, t.unit);
    if (cache)
        cache->unit = 0; /* it lacks these messages */
    log->stats.events += db_i64(q, "events");
    log->stats.tail_events += db_i64(q, "events");
    pthread_mutex_unlock(&log->lock);
    return block_each_key(db_blob(q, "data"), add_told, &t);
}

struct caught {
    int64_t sealed;                /* the last unit that is; 0 none */
    int64_t unit, events;          /* the open unit, as the last append of any server left it */
    int64_t first_missing;         /* the first whose row is gone, 0: none */
};

/* The open unit goes on where others left it. */
static void follow_unit(struct caught *caught, int64_t unit, int64_t events)
{
    if (unit < caught->unit)
        return;
    caught->events = unit > caught->unit ? events : caught->events + events;
    caught->unit = unit;
}

static void take_row(struct eventlog *log, struct db_rows *q, struct caught *caught, enum rc *rc)
{
    int64_t block = db_i64(q, "id");
    bool gone = db_is_null(q, "unit"), own = is_own(log, block);
    if (!own && !gone) {
        *rc = take_block(log, q);
        follow_unit(caught, db_i64(q, "unit"), db_i64(q, "events"));
    }
    if (!own && gone && caught->first_missing == 0)
        caught->first_missing = block;
    log->followed = db_i64(q, "seq");
    log->followed_block = block;
    log->last_block = block > log->last_block ? block : log->last_block;
}

/* The first row is the one that the page before ended with, unless the database forgot it in a breakdown; then the messages that
 * were learned from it must be forgotten here too. */
static enum rc take_page(struct ctx *c, struct eventlog *log, size_t *ret_rows, struct caught *caught)
{
    enum rc rc = RC_OK;
    int64_t known = log->followed_block;
    bool found = false;
    struct db_rows *q = db_query(c->db, "event_block_told", DB_I64("known", log->followed), DB_I64("limit", BLOCKS_A_PAGE + 1));
    for (*ret_rows = 0; !rc && db_next(q); ++*ret_rows) {
        caught->sealed = db_i64(q, "sealed");
        if (db_i64(q, "seq") == log->followed)
            found = db_i64(q, "id") == known;
        else
            take_row(log, q, caught, &rc);
    }
    enum rc end = db_end(q);
    if (!rc && !end && known && !found)
        db_lost();
    return rc ? rc : end;
}

/* Behind all that is sealed. Blocks that are gone say nothing of their units: then the tail is asked. */
static enum rc take_unit(struct ctx *c, struct eventlog *log, struct caught *caught)
{
    enum rc rc = RC_OK;
    struct db_rows *q = caught->first_missing ? db_query(c->db, "event_unit_open") : NULL;
    if (q && db_next(q)) {
        caught->unit = db_i64(q, "unit");
        caught->events = db_i64(q, "events");
    }
    if (q)
        rc = db_end(q);
    if (rc)
        return rc;
    bool open = caught->unit > caught->sealed;
    pthread_mutex_lock(&log->lock);
    log->unit = open ? caught->unit : caught->sealed + 1;
    log->unit_events = open ? caught->events : 0;
    log->tx_unit = log->unit;
    log->tx_unit_events = log->unit_events;
    pthread_mutex_unlock(&log->lock);
    return RC_OK;
}

/* ---- what the others sealed ---- */

static enum rc put_part(struct ctx *c, void *arg)
{
    const struct segment_part *p = arg;
    return db_run(c->db, "event_segment_part_put", DB_TEXT("file", str_z(p->file)), DB_I64("part", p->part), DB_BLOB("data", p->data));
}

static const char *name_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

static enum rc put_in_pool(struct ctx *c, struct segment_part *p)
{
    return db_pool_tx(c, c->app->truth, put_part, p);
}

static enum rc put_here(struct ctx *c, struct segment_part *p)
{
    return db_tx(c, put_part, p);
}

/* Short transactions, so that commits wait for one part at most; parts without a segment do no harm and are written over. */
static enum rc share_file(struct ctx *c, const char *path, enum rc (*put)(struct ctx *c, struct segment_part *p))
{
    _cleanup_free_ char *bytes = mem_alloc(PART_BYTES);
    enum rc rc = RC_OK;
    FILE *in = fopen(path, "rb");
    size_t got = 0;
    if (!in)
        return RC_STORE;
    struct segment_part p = {.file = name_of(path)};
    for (; !rc && (got = fread(bytes, 1, PART_BYTES, in)) > 0; p.part++) {
        p.data = str_n(bytes, got);
        rc = put(c, &p);
    }
    if (ferror(in))
        rc = RC_DISK_FAILING;
    fclose(in);
    return rc;
}

enum rc servers_share(struct ctx *c, const struct eventlog *log, int64_t unit)
{
    char path[512];
    if (!log->shared)
        return RC_OK;
    segment_path(log, unit, ".parquet", path);
    enum rc rc = share_file(c, path, put_in_pool);
    segment_path(log, unit, ".subjects", path);
    return rc ? rc : share_file(c, path, put_in_pool);
}

static enum rc write_parts(struct ctx *c, const char *file, int fd)
{
    bool written;
    int64_t part = 0;
    enum rc rc;
    do { /* one part at a time: a result is held whole */
        struct db_rows *q = db_query(c->db, "event_segment_part_get", DB_TEXT("file", str_z(file)), DB_I64("part", part));
        bool any = db_next(q);
        struct str data = any ? db_blob(q, "data") : STR_NULL;
        written = data.len == 0 || write(fd, data.ptr, data.len) == (ssize_t)data.len;
        part = any ? part + 1 : 0;
        rc = db_end(q);
    } while (!rc && written && part > 0);
    return rc ? rc : written && fsync(fd) == 0 ? RC_OK : errno == ENOSPC ? RC_DISK_FULL : RC_DISK_FAILING;
}

static enum rc fetch_file(struct ctx *c, const struct eventlog *log, int64_t unit, const char *suffix)
{
    char path[512], coming[520];
    segment_path(log, unit, suffix, path);
    snprintf(coming, sizeof(coming), "%s.coming", path);
    if (access(path, R_OK) == 0)
        return RC_OK;
    int fd = open(coming, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == ENOSPC ? RC_DISK_FULL : RC_DISK_FAILING;
    enum rc rc = write_parts(c, name_of(path), fd);
    if (close(fd) != 0 && !rc)
        rc = RC_DISK_FAILING;
    if (!rc && rename(coming, path) != 0)
        rc = RC_DISK_FAILING;
    if (rc)
        unlink(coming);
    return rc ? rc : sync_path(log->dir);
}

/* A file that is not what was recorded is fetched: it is another server's, or one that we wrote while another was quicker. */
enum rc servers_fetch(struct ctx *c, const struct eventlog *log, const struct eventlog_segment *fact)
{
    char path[512];
    uint8_t sum[CHECKSUM_BYTES];
    int64_t bytes = 0;
    segment_path(log, fact->unit, ".parquet", path);
    bool sound = segment_checksum(path, sum, &bytes) == RC_OK && bytes == fact->bytes && memcmp(sum, fact->checksum, sizeof(sum)) == 0;
    if (sound)
        return fetch_file(c, log, fact->unit, ".subjects");
    unlink(path);
    enum rc rc = fetch_file(c, log, fact->unit, ".parquet");
    if (!rc)
        rc = fetch_file(c, log, fact->unit, ".subjects");
    if (!rc && segment_checksum(path, sum, &bytes) == RC_OK && memcmp(sum, fact->checksum, sizeof(sum)) == 0)
        return RC_OK;
    log_error("eventlog.fetch", LOG_I("unit", fact->unit), LOG_Z("rc", rc_name(rc)));
    return rc ? rc : RC_STORE;
}

static int64_t last_unit(struct eventlog *log)
{
    pthread_mutex_lock(&log->lock);
    int64_t unit = log->segment_count ? log->segments[log->segment_count - 1].fact.unit : 0;
    pthread_mutex_unlock(&log->lock);
    return unit;
}

enum rc servers_take_files(struct ctx *c, struct eventlog *log)
{
    struct eventlog_segment *fresh;
    size_t count = 0;
    enum rc rc = RC_OK;
    if (!log->shared)
        return RC_OK;
    pthread_mutex_lock(&log->files_lock);
    rc = segments_recorded(c, last_unit(log), &fresh, &count);
    for (size_t i = 0; !rc && i < count; i++) {
        rc = servers_fetch(c, log, &fresh[i]);
        if (!rc)
            segments_add(log, &fresh[i]);
    }
    pthread_mutex_unlock(&log->files_lock);
    return rc;
}

/* Messages of blocks that were sealed and swept before we saw them, which takes ten minutes without a write of ours. */
static enum rc take_segments(struct ctx *c, struct eventlog *log, int64_t first_block)
{
    struct eventlog_segment *segments;
    struct db *engine = NULL;
    size_t count = 0;
    enum rc rc = servers_take_files(c, log);
    if (!rc)
        rc = eventlog_segments(c, log, 0, &segments, &count);
    if (!rc)
        rc = segment_engine(log, &engine);
    for (size_t i = 0; !rc && i < count; i++) {
        struct told t = {log, segments[i].unit, segments[i].last_received_us};
        if (segments[i].last_block >= first_block)
            rc = segment_each_key(engine, &segments[i], add_told, &t);
    }
    db_close(engine);
    return rc;
}

/* ---- both ---- */

enum rc eventlog_catch_up_ahead(struct ctx *c, struct eventlog *log)
{
    if (!log->shared)
        return RC_OK;
    eventlog_wait_loaded(log);
    return db_ahead(c->db, "event_block_told", DB_I64("known", log->followed), DB_I64("limit", BLOCKS_A_PAGE + 1));
}

enum rc eventlog_catch_up(struct ctx *c, struct eventlog *log)
{
    size_t rows = BLOCKS_A_PAGE + 1;
    struct caught caught = {0};
    enum rc rc = RC_OK;
    if (!log->shared)
        return RC_OK;
    eventlog_wait_loaded(log);
    pthread_mutex_lock(&log->lock);
    caught.unit = log->unit;
    caught.events = log->unit_events;
    pthread_mutex_unlock(&log->lock);
    while (!rc && rows > BLOCKS_A_PAGE)
        rc = take_page(c, log, &rows, &caught);
    if (!rc && rows == 0) /* nothing was ever followed: no row told of it */
        rc = db_get_i64(c->db, 0, &caught.sealed, "event_segment_last");
    if (!rc)
        log->own_count = log->tx_own = 0;
    if (!rc && caught.first_missing)
        rc = take_segments(c, log, caught.first_missing);
    return rc ? rc : take_unit(c, log, &caught);
}

/* ---- moving ---- */

static enum rc each_recorded(struct ctx *c, const char *data_dir, enum rc (*fn)(struct ctx *c, const struct eventlog *log, const struct eventlog_segment *fact))
{
    char dir[512];
    snprintf(dir, sizeof(dir), "%s/segments/", data_dir);
    const struct eventlog log = {.dir = dir};
    struct eventlog_segment *list;
    size_t count = 0;
    enum rc rc = segments_recorded(c, 0, &list, &count);
    for (size_t i = 0; !rc && i < count; i++)
        rc = fn(c, &log, &list[i]);
    return rc;
}

static enum rc share_segment(struct ctx *c, const struct eventlog *log, const struct eventlog_segment *fact)
{
    char path[512];
    segment_path(log, fact->unit, ".parquet", path);
    enum rc rc = share_file(c, path, put_here);
    segment_path(log, fact->unit, ".subjects", path);
    return rc ? rc : share_file(c, path, put_here);
}

enum rc eventlog_share_files(struct ctx *c, const char *data_dir)
{
    return each_recorded(c, data_dir, share_segment);
}

enum rc eventlog_fetch_files(struct ctx *c, const char *data_dir)
{
    return each_recorded(c, data_dir, servers_fetch);
}
