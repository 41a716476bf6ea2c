/* The event log: opening, appending, and asking whether a message was seen. Files of segments are segment.c's business,
 * threads keeper.c's. */
#include "eventlog/eventlog_priv.h"
#include "base/app.h"
#include "base/id.h"
#include "base/log.h"
#include "db/pool.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- rows and bytes ---- */

void block_checksum(struct str data, uint8_t ret[static CHECKSUM_BYTES])
{
    crypto_generichash(ret, CHECKSUM_BYTES, (const unsigned char *)data.ptr, data.len, NULL, 0);
}

static bool block_is_sound(struct db_rows *q)
{
    uint8_t sum[CHECKSUM_BYTES];
    block_checksum(db_blob(q, "data"), sum);
    return str_eq(db_blob(q, "checksum"), str_n(sum, sizeof(sum)));
}

enum rc block_of_row(struct ctx *c, struct block_reader *r, struct db_rows *q, struct event **ret, size_t *ret_count)
{
    enum rc rc = block_is_sound(q) ? block_decode(r, c->arena, db_blob(q, "data"), ret, ret_count) : RC_STORE;
    if (rc)
        log_error("eventlog.bad_block", LOG_I("block", db_i64(q, "id")));
    return rc;
}

/* ---- the list of segments in memory ---- */

void segments_add(struct eventlog *log, const struct eventlog_segment *fact)
{
    char path[512];
    struct segment s = {.fact = *fact};
    segment_path(log, fact->unit, ".subjects", path);
    subjects_map(path, &s.index, &s.index_blocks);
    pthread_mutex_lock(&log->lock);
    if (log->segment_count == log->segment_cap) {
        log->segment_cap = log->segment_cap ? log->segment_cap * 2 : 64;
        log->segments = mem_realloc(log->segments, log->segment_cap * sizeof(*log->segments));
    }
    log->segments[log->segment_count++] = s;
    log->stats.segments++;
    log->stats.segment_bytes += fact->bytes;
    pthread_mutex_unlock(&log->lock);
}

static struct eventlog_segment segment_of_row(struct db_rows *q)
{
    struct eventlog_segment f = {
        .unit = db_i64(q, "unit"), .events = db_i64(q, "events"), .bytes = db_i64(q, "bytes"), .first_block = db_i64(q, "first_block"),
        .last_block = db_i64(q, "last_block"), .first_at_us = db_i64(q, "first_at_us"), .last_at_us = db_i64(q, "last_at_us"),
        .last_received_us = db_i64(q, "last_received_us"), .format = (int32_t)db_i64(q, "format"),
    };
    struct str sum = db_blob(q, "checksum");
    memcpy(f.checksum, sum.ptr, sum.len < sizeof(f.checksum) ? sum.len : sizeof(f.checksum));
    return f;
}

static bool is_known_format(const struct eventlog_segment *f)
{
    if (f->format >= 1 && f->format <= SEGMENT_FORMAT)
        return true;
    log_error("eventlog.unknown_format", LOG_I("unit", f->unit), LOG_I("format", f->format));
    return false;
}

enum rc segments_recorded(struct ctx *c, int64_t after_unit, struct eventlog_segment **ret, size_t *ret_count)
{
    _cleanup_free_ struct eventlog_segment *list = NULL;
    size_t count = 0, cap = 0;
    bool known = true;
    struct db_rows *q = db_query(c->db, "event_segment_list", DB_I64("after", after_unit));
    while (known && db_next(q)) {
        if (count == cap)
            list = mem_realloc(list, (cap = cap ? cap * 2 : 64) * sizeof(*list));
        list[count] = segment_of_row(q);
        known = is_known_format(&list[count++]);
    }
    enum rc rc = db_end(q);
    *ret = arena_new_array(c->arena, struct eventlog_segment, count + 1);
    if (count)
        memcpy(*ret, list, count * sizeof(*list));
    *ret_count = count;
    return rc ? rc : known ? RC_OK : RC_STORE;
}

static enum rc load_segments(struct ctx *c, struct eventlog *log)
{
    struct eventlog_segment *list;
    size_t count;
    enum rc rc = segments_recorded(c, 0, &list, &count);
    for (size_t i = 0; !rc && i < count; i++) {
        if (log->shared)
            rc = servers_fetch(c, log, &list[i]);
        segments_add(log, &list[i]);
        log->stats.events += list[i].events;
        log->unit = list[i].unit + 1;
        log->last_block = list[i].last_block > log->last_block ? list[i].last_block : log->last_block;
    }
    return rc;
}

/* A copy for a caller, with its path. */
static struct eventlog_segment segment_copy(struct ctx *c, const struct eventlog *log, const struct eventlog_segment *fact)
{
    struct eventlog_segment f = *fact;
    char path[512];
    segment_path(log, f.unit, ".parquet", path);
    f.path = arena_z(c->arena, str_z(path));
    return f;
}

enum rc eventlog_segments(struct ctx *c, struct eventlog *log, int64_t after_unit, struct eventlog_segment **ret, size_t *ret_count)
{
    size_t count = 0;
    pthread_mutex_lock(&log->lock);
    struct eventlog_segment *list = arena_new_array(c->arena, struct eventlog_segment, log->segment_count + 1);
    for (size_t i = 0; i < log->segment_count; i++)
        if (log->segments[i].fact.unit > after_unit)
            list[count++] = segment_copy(c, log, &log->segments[i].fact);
    pthread_mutex_unlock(&log->lock);
    *ret = list;
    *ret_count = count;
    return RC_OK;
}

static bool holds_any(const struct segment *s, const int64_t *subjects, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (subjects_have(s->index, s->index_blocks, subjects[i]))
            return true;
    return false;
}

enum rc eventlog_segments_of(struct ctx *c, struct eventlog *log, const int64_t *subjects, size_t count, struct eventlog_segment **ret, size_t *ret_count)
{
    size_t found = 0;
    pthread_mutex_lock(&log->lock);
    struct eventlog_segment *list = arena_new_array(c->arena, struct eventlog_segment, log->segment_count + 1);
    for (size_t i = log->segment_count; i-- > 0;)
        if (holds_any(&log->segments[i], subjects, count))
            list[found++] = segment_copy(c, log, &log->segments[i].fact);
    pthread_mutex_unlock(&log->lock);
    *ret = list;
    *ret_count = found;
    return RC_OK;
}

/* ---- opening ---- */

/* The open unit goes on where the tail's last one stands; *ret_first_tail is the oldest unit of the tail, 0 without one. */
static enum rc load_tail(struct ctx *c, struct eventlog *log, int64_t *ret_first_tail)
{
    *ret_first_tail = 0;
    struct db_rows *q = db_query(c->db, "event_unit_tail");
    while (db_next(q)) {
        log->unit = db_i64(q, "unit");
        log->unit_events = db_i64(q, "events");
        log->stats.tail_events += log->unit_events;
        log->stats.tail_bytes += db_i64(q, "bytes");
        *ret_first_tail = *ret_first_tail ? *ret_first_tail : log->unit;
    }
    log->stats.events += log->stats.tail_events;
    enum rc rc = db_end(q);
    int64_t last = 0;
    if (!rc)
        rc = db_get_i64(c->db, 0, &last, "event_block_last");
    log->last_block = last > log->last_block ? last : log->last_block;
    return rc;
}

static int64_t first_unit_of_window(const struct eventlog *log, int64_t first_tail)
{
    int64_t since = clock_now_us() - WINDOW_US;
    for (size_t i = 0; i < log->segment_count; i++)
        if (log->segments[i].fact.last_received_us >= since)
            return log->segments[i].fact.unit;
    return first_tail ? first_tail : log->unit;
}

static void open_seen(struct eventlog *log, const char *data_dir, int64_t first_tail)
{
    char dir[512];
    uint8_t key[32];
    int64_t reload;
    static const char purpose[] = "eventlog.seen";
    crypto_generichash(key, sizeof(key), (const unsigned char *)purpose, sizeof(purpose), log->app->server_key, sizeof(log->app->server_key));
    snprintf(dir, sizeof(dir), "%s/seen", data_dir);
    int64_t first = first_unit_of_window(log, first_tail);
    log->seen = seen_open(dir, key, first, &reload);
    if (log->shared)
        reload = servers_resume(log, first, reload);
    log->stats.fingerprints = seen_count(log->seen);
    bool held = reload >= 0 && (first_tail > 0 || (log->segment_count && log->segments[log->segment_count - 1].fact.unit >= reload));
    log->loaded = !held;
    if (held)
        loader_start(log, reload);
}

static enum rc make_dir(const char *data_dir, struct eventlog *log)
{
    char dir[512];
    _cleanup_free_ char *whole = realpath(data_dir, NULL); /* DuckDB compares paths as text */
    snprintf(dir, sizeof(dir), "%s/segments/", whole ? whole : data_dir);
    log->dir = mem_dupz(dir, strlen(dir));
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return errno == ENOSPC ? RC_DISK_FULL : RC_STORE;
    return sync_path(data_dir);
}

enum rc eventlog_open(struct ctx *c, const char *data_dir, struct eventlog **ret)
{
    struct eventlog *log = mem_zalloc(1, sizeof(*log));
    int64_t first_tail = 0;
    log->app = c->app;
    log->unit = 1;
    log->unit_events_max = c->app->segment_events > 0 ? c->app->segment_events : UNIT_EVENTS;
    log->uncommitted = (struct key_set){0};
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->changed, NULL);
    log->shared = db_engine(c->db) == DB_POSTGRES;
    pthread_mutex_init(&log->files_lock, NULL);
    enum rc rc = make_dir(data_dir, log);
    if (!rc)
        rc = change_last(c, &log->followed); /* before the tail is read: what comes later is caught up with */
    if (!rc)
        rc = db_pool_sync_read(c->app->truth);
    if (!rc)
        rc = load_segments(c, log);
    if (!rc)
        rc = load_tail(c, log, &first_tail);
    if (rc) {
        eventlog_close(log);
        return rc;
    }
    log->tx_unit = log->unit;
    log->tx_unit_events = log->unit_events;
    open_seen(log, data_dir, first_tail);
    *ret = log;
    return RC_OK;
}

void eventlog_close(struct eventlog *log)
{
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->stopping = true;
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->lock);
    if (log->loader_started)
        pthread_join(log->loader, NULL);
    if (log->keeper_started)
        pthread_join(log->keeper, NULL);
    if (log->shared && log->loaded)
        servers_stand_at(log);
    seen_close(log->seen, log->loaded);
    free(log->own);
    pthread_mutex_destroy(&log->files_lock);
    block_writer_free(&log->writer);
    key_set_free(&log->uncommitted);
    for (size_t i = 0; i < UNIT_CACHES; i++)
        key_set_free(&log->caches[i].keys);
    for (size_t i = 0; i < log->segment_count; i++)
        subjects_unmap(log->segments[i].index, log->segments[i].index_blocks);
    free(log->segments);
    free(log->pending);
    free(log->dir);
    pthread_cond_destroy(&log->changed);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

/* ---- seen ---- */

void eventlog_wait_loaded(struct eventlog *log)
{
    pthread_mutex_lock(&log->lock);
    while (!log->loaded && !log->stopping)
        pthread_cond_wait(&log->changed, &log->lock);
    pthread_mutex_unlock(&log->lock);
}

struct cache_fill {
    const struct eventlog *log;
    struct key_set *keys;
};

static void add_to_cache(void *arg, struct str key)
{
    struct cache_fill *fill = arg;
    key_set_add(fill->keys, seen_fingerprint(fill->log->seen, key), key);
}

static enum rc fill_from_tail(struct ctx *c, int64_t unit, struct cache_fill *fill, bool *ret_any)
{
    enum rc rc = RC_OK;
    struct db_rows *q = db_query(c->db, "event_block_of_unit", DB_I64("unit", unit), DB_I64("after", 0), DB_I64("limit", INT64_MAX));
    while (!rc && db_next(q)) {
        rc = block_each_key(db_blob(q, "data"), add_to_cache, fill);
        *ret_any = true;
    }
    enum rc end = db_end(q);
    return rc ? rc : end;
}

static enum rc fill_from_segment(struct ctx *c, struct eventlog *log, const struct eventlog_segment *fact, struct cache_fill *fill)
{
    struct eventlog_segment segment = segment_copy(c, log, fact);
    struct db *engine;
    enum rc rc = segment_engine(log, &engine);
    if (rc)
        return rc;
    rc = segment_each_key(engine, &segment, add_to_cache, fill);
    db_close(engine);
    return rc;
}

/* The sweep takes block rows away in steps, so the register of segments is asked first. */
static enum rc fill_cache(struct ctx *c, struct eventlog *log, struct unit_cache *cache, int64_t unit)
{
    struct cache_fill fill = {log, &cache->keys};
    struct eventlog_segment fact;
    bool any = false;
    struct db_rows *q = db_query(c->db, "event_segment_get", DB_I64("unit", unit));
    bool sealed = db_next(q);
    if (sealed)
        fact = segment_of_row(q);
    enum rc rc = db_end(q);
    key_set_clear(&cache->keys);
    if (!rc)
        rc = sealed ? fill_from_segment(c, log, &fact, &fill) : fill_from_tail(c, unit, &fill, &any);
    if (!rc)
        cache->unit = unit;
    return rc;
}

static struct unit_cache *cache_of(struct ctx *c, struct eventlog *log, int64_t unit)
{
    struct unit_cache *oldest = &log->caches[0];
    for (size_t i = 0; i < UNIT_CACHES; i++) {
        if (log->caches[i].unit == unit)
            return &log->caches[i];
        if (log->caches[i].used_us < oldest->used_us)
            oldest = &log->caches[i];
    }
    oldest->unit = 0;
    return fill_cache(c, log, oldest, unit) == RC_OK ? oldest : NULL;
}

static bool unit_holds(struct ctx *c, struct eventlog *log, int64_t unit, uint64_t fingerprint, struct str key)
{
    bool held = true; /* what can't be read is not taken twice */
    pthread_mutex_lock(&log->lock);
    struct unit_cache *cache = cache_of(c, log, unit);
    if (cache) {
        cache->used_us = clock_mono_us();
        held = key_set_has(&cache->keys, fingerprint, key);
    }
    pthread_mutex_unlock(&log->lock);
    return held;
}

void eventlog_expect(struct eventlog *log, int64_t source_id, struct str message_id)
{
    char bytes[MESSAGE_KEY_MAX];
    if (message_id.len == 0 || message_id.len > MESSAGE_ID_MAX || !log->loaded)
        return;
    struct message_id id = message_id_of(message_id);
    seen_expect(log->seen, seen_fingerprint(log->seen, str_n(bytes, message_key(source_id, &id, bytes))));
}

bool eventlog_seen(struct ctx *c, struct eventlog *log, int64_t source_id, struct str message_id)
{
    char bytes[MESSAGE_KEY_MAX];
    int64_t units[SEEN_UNITS_MAX];
    if (message_id.len == 0 || message_id.len > MESSAGE_ID_MAX)
        return false;
    if (!log->loaded)
        eventlog_wait_loaded(log);
    struct message_id id = message_id_of(message_id);
    struct str key = str_n(bytes, message_key(source_id, &id, bytes));
    uint64_t fingerprint = seen_fingerprint(log->seen, key);
    if (key_set_has(&log->uncommitted, fingerprint, key))
        return true;
    size_t count = seen_maybe(log->seen, fingerprint, units);
    for (size_t i = 0; i < count; i++)
        if (unit_holds(c, log, units[i], fingerprint, key))
            return true;
    return false;
}

/* ---- appending ---- */

static void add_pending(struct eventlog *log, uint64_t fingerprint, int64_t received_us)
{
    if (log->pending_count == log->pending_cap) {
        log->pending_cap = log->pending_cap ? log->pending_cap * 2 : 1024;
        log->pending = mem_realloc(log->pending, log->pending_cap * sizeof(*log->pending));
    }
    log->pending[log->pending_count++] = (struct pending){fingerprint, log->tx_unit, received_us};
}

/* Remembers the messages of the block to be; marks those that came twice. Returns how many are left. */
static size_t note_messages(struct eventlog *log, const struct event *events, size_t count, bool *skip)
{
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        char bytes[MESSAGE_KEY_MAX];
        if (events[i].message_id.len) {
            struct message_id id = message_id_of(events[i].message_id);
            struct str key = str_n(bytes, message_key(events[i].source_id, &id, bytes));
            uint64_t fingerprint = seen_fingerprint(log->seen, key);
            skip[i] = !key_set_add(&log->uncommitted, fingerprint, key);
            if (!skip[i])
                add_pending(log, fingerprint, events[i].received_us);
        }
        taken += !skip[i];
    }
    return taken;
}

static int64_t last_received(const struct event *events, size_t count)
{
    int64_t last = 0;
    for (size_t i = 0; i < count; i++)
        last = events[i].received_us > last ? events[i].received_us : last;
    return last;
}

/* The unit goes on, or the next one begins: when this one is large enough, or the keeper turned to seal it (which it does
 * only while no writing transaction is open). */
static void choose_unit(struct eventlog *log)
{
    pthread_mutex_lock(&log->lock);
    if (log->tx_unit < log->unit) {
        log->tx_unit = log->unit;
        log->tx_unit_events = log->unit_events;
    }
    pthread_mutex_unlock(&log->lock);
    if (log->tx_unit_events >= log->unit_events_max) {
        log->tx_unit++;
        log->tx_unit_events = 0;
    }
}

enum rc eventlog_append(struct ctx *c, struct eventlog *log, const struct event *events, size_t count)
{
    uint8_t checksum[CHECKSUM_BYTES];
    bool *skip = arena_new_array(c->arena, bool, count + 1);
    eventlog_wait_loaded(log);
    choose_unit(log);
    size_t taken = note_messages(log, events, count, skip);
    if (taken == 0)
        return RC_OK;
    int64_t id = id_next();
    log->last_block = id = id > log->last_block ? id : log->last_block + 1; /* ascending, even when the clock was set back */
    struct str data = block_encode(&log->writer, events, count, skip);
    block_checksum(data, checksum);
    enum rc rc = db_run_later(c->db, "event_block_insert", DB_I64("id", id), DB_I64("unit", log->tx_unit), DB_I64("format", BLOCK_FORMAT), DB_I64("events", taken),
                              DB_I64("received_us", last_received(events, count)), DB_BLOB("checksum", str_n(checksum, sizeof(checksum))), DB_BLOB("data", data));
    if (rc)
        return rc;
    servers_own(log, id);
    log->tx_unit_events += (int64_t)taken;
    log->tx_events += (int64_t)taken;
    log->tx_bytes += (int64_t)data.len;
    return change_add(c, CHANGE_EVENTS, id, 0, (int64_t)taken);
}

struct unit_cache *unit_cached(struct eventlog *log, int64_t unit)
{
    for (size_t i = 0; i < UNIT_CACHES; i++)
        if (log->caches[i].unit == unit)
            return &log->caches[i];
    return NULL;
}

/* Messages of the transaction join the caches of their units; after a rollback a cache may hold what was never written. */
static void settle_caches(struct eventlog *log, bool committed)
{
    size_t at = 0;
    uint64_t hash;
    struct str key;
    for (size_t i = 0; committed && i < log->pending_count && key_set_next(&log->uncommitted, &at, &hash, &key); i++) {
        struct unit_cache *cache = unit_cached(log, log->pending[i].unit);
        if (cache)
            key_set_add(&cache->keys, hash, key);
    }
    for (size_t i = 0; !committed && i < UNIT_CACHES; i++)
        if (log->caches[i].unit >= log->unit)
            log->caches[i].unit = 0;
}

static void commit_pending(struct eventlog *log)
{
    for (size_t i = 0; i < log->pending_count; i++)
        seen_add(log->seen, log->pending[i].fingerprint, log->pending[i].unit, log->pending[i].received_us);
    if (log->tx_unit != log->unit)
        seen_expire(log->seen, clock_now_us() - WINDOW_US);
}

void eventlog_ended(struct eventlog *log, bool committed)
{
    if (committed)
        commit_pending(log);
    pthread_mutex_lock(&log->lock);
    settle_caches(log, committed);
    if (committed) {
        if (log->tx_unit != log->unit || log->tx_unit_events >= log->unit_events_max)
            pthread_cond_broadcast(&log->changed); /* a unit is closed */
        if (log->tx_unit >= log->unit) { /* else the keeper turned just now */
            log->unit = log->tx_unit;
            log->unit_events = log->tx_unit_events;
        }
        log->stats.events += log->tx_events;
        log->stats.tail_events += log->tx_events;
        log->stats.tail_bytes += log->tx_bytes;
        log->stats.fingerprints = seen_count(log->seen);
        if (log->tx_events)
            log->last_append_us = clock_mono_us();
    }
    log->tx_unit = log->unit;
    log->tx_unit_events = log->unit_events;
    pthread_mutex_unlock(&log->lock);
    if (committed)
        log->tx_own = log->own_count;
    log->own_count = log->tx_own;
    log->tx_events = log->tx_bytes = 0;
    log->pending_count = 0;
    key_set_clear(&log->uncommitted);
}

/* ---- reading ---- */

static enum rc read_block(struct ctx *c, struct block_reader *r, int64_t block_id, struct event **ret, size_t *ret_count)
{
    enum rc rc = RC_GONE;
    struct db_rows *q = db_query(c->db, "event_block_get", DB_I64("id", block_id));
    if (db_next(q))
        rc = block_of_row(c, r, q, ret, ret_count);
    enum rc end = db_end(q);
    return end ? end : rc;
}

enum rc eventlog_block(struct ctx *c, struct eventlog *log, int64_t block_id, struct event **ret, size_t *ret_count)
{
    struct block_reader reader = {0};
    (void)log;
    enum rc rc = read_block(c, &reader, block_id, ret, ret_count);
    block_reader_free(&reader);
    return rc;
}

static enum rc ask_ahead(struct ctx *c, const int64_t *blocks, size_t count)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && i < count; i++)
        rc = db_ahead(c->db, "event_block_get", DB_I64("id", blocks[i]));
    return rc;
}

/* Blocks are asked for a few at a time, for a round trip costs as much as reading one. */
enum rc eventlog_each_in(struct ctx *c, const int64_t *blocks, size_t count, enum rc (*fn)(void *arg, int64_t block, const struct event *e), void *arg)
{
    enum { ASKED = 16 };
    _cleanup_(arena_freep) struct arena *scratch = arena_new();
    struct block_reader reader = {.without_ids = true};
    struct ctx step = *c;
    enum rc rc = RC_OK;
    step.arena = scratch;
    for (size_t i = 0; !rc && i < count; i++) {
        struct event *events;
        size_t held = 0;
        arena_reset(scratch);
        if (i % ASKED == 0)
            rc = ask_ahead(c, blocks + i, count - i < ASKED ? count - i : ASKED);
        if (!rc)
            rc = read_block(&step, &reader, blocks[i], &events, &held);
        for (size_t k = 0; !rc && k < held; k++)
            rc = fn(arg, blocks[i], &events[k]);
    }
    block_reader_free(&reader);
    return rc;
}

static enum rc each_of_block(struct ctx *c, int64_t block, enum rc (*fn)(void *arg, const struct event *e), void *arg)
{
    _cleanup_(arena_freep) struct arena *scratch = arena_new();
    struct ctx step = *c;
    struct event *events;
    size_t count = 0;
    step.arena = scratch;
    enum rc rc = eventlog_block(&step, NULL, block, &events, &count);
    for (size_t i = 0; !rc && i < count; i++)
        rc = fn(arg, &events[i]);
    return rc;
}

static enum rc each_behind(struct ctx *c, int64_t unit, enum rc (*fn)(void *arg, const struct event *e), void *arg)
{
    int64_t block = 0;
    for (;;) {
        enum rc rc = db_get_i64(c->db, 0, &block, "event_block_behind", DB_I64("unit", unit), DB_I64("after", block));
        if (rc || block == 0)
            return rc;
        rc = each_of_block(c, block, fn, arg);
        if (rc)
            return rc;
    }
}

/* While somebody reads, blocks stay: a unit may become a segment meanwhile, but its rows are not swept. */
static void readers_add(struct eventlog *log, int by)
{
    pthread_mutex_lock(&log->lock);
    log->readers += (unsigned)by;
    pthread_mutex_unlock(&log->lock);
}

enum rc eventlog_each(struct ctx *c, struct eventlog *log, enum rc (*fn)(void *arg, const struct event *e), void *arg)
{
    struct eventlog_segment *segments;
    size_t count;
    struct db *engine = NULL;
    readers_add(log, 1);
    enum rc rc = eventlog_segments(c, log, 0, &segments, &count);
    if (!rc && count)
        rc = segment_engine(log, &engine);
    for (size_t i = 0; !rc && i < count; i++)
        rc = segment_each(engine, &segments[i], fn, arg);
    db_close(engine);
    if (!rc)
        rc = each_behind(c, count ? segments[count - 1].unit : 0, fn, arg);
    readers_add(log, -1);
    return rc;
}

enum rc eventlog_hash(struct ctx *c, struct eventlog *log, uint64_t *ret)
{
    struct eventlog_segment *segments;
    struct db *engine = NULL;
    size_t count;
    uint64_t sum = 0, one = 0;
    enum rc rc = eventlog_segments(c, log, 0, &segments, &count);
    if (!rc && count)
        rc = segment_engine(log, &engine);
    for (size_t i = 0; !rc && i < count; i++) {
        rc = segment_hash(engine, &segments[i], &one);
        sum += one;
    }
    db_close(engine);
    struct db_rows *q = db_query(c->db, "event_unit_tail");
    while (!rc && db_next(q)) {
        rc = unit_hash(c, log, db_i64(q, "unit"), &one);
        sum += one;
    }
    enum rc end = db_end(q);
    if (!rc && !end)
        *ret = sum;
    return rc ? rc : end;
}

void eventlog_stats(struct eventlog *log, struct eventlog_stats *ret)
{
    pthread_mutex_lock(&log->lock);
    *ret = log->stats;
    pthread_mutex_unlock(&log->lock);
}
