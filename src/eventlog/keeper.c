/* The event log's background: the loader, which reads what a crash left out of the window of fingerprints, and the keeper,
 * which seals closed units, sweeps the block rows they leave, and lets memory go when nothing happens. */
#include "base/app.h"
#include "base/log.h"
#include "embedded_sql.h"
#include "eventlog/eventlog_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TICK_S = 5, REST_AFTER_S = 20, SWEEP_BYTES = 2 << 20, KEEPER_NICE = 5, BLOCKS_A_SWEEP_MAX = 256, BUSY_EVENTS_A_S = 20000, TAIL_EVENTS_MAX = 1 << 19,
       BACKLOG_EVENTS = 3 << 18 };

#define SEALED "sealed" /* what servers tell each other */
static const int64_t SEALING_LOCK = 7522;
static const int64_t SHARED_SWEEP_US = 600 * US_PER_S;

/* ---- threads' own context ---- */

static enum rc with_reader(struct eventlog *log, enum rc (*fn)(struct ctx *c, struct eventlog *log, void *arg), void *arg)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .app = log->app, .now_us = clock_now_us()};
    enum rc rc = db_pool_reader(log->app->truth, &c.db);
    if (rc)
        return rc;
    rc = fn(&c, log, arg);
    db_pool_give(log->app->truth, c.db);
    return rc;
}

static void lower_priority(void)
{
    setpriority(PRIO_PROCESS, (id_t)gettid(), KEEPER_NICE); /* of this thread only, on Linux */
}

/* ---- loader ---- */

struct load {
    struct eventlog *log;
    int64_t unit, received_us;
};

static void load_key(void *arg, struct str key)
{
    struct load *load = arg;
    seen_add(load->log->seen, seen_fingerprint(load->log->seen, key), load->unit, load->received_us);
}

static enum rc load_from_segments(struct ctx *c, struct eventlog *log, int64_t first_unit)
{
    struct eventlog_segment *segments;
    struct db *engine = NULL;
    size_t count;
    enum rc rc = eventlog_segments(c, log, first_unit - 1, &segments, &count);
    if (!rc && count)
        rc = segment_engine(log, &engine);
    for (size_t i = 0; !rc && i < count; i++) {
        struct load load = {log, segments[i].unit, segments[i].last_received_us};
        rc = segment_each_key(engine, &segments[i], load_key, &load);
    }
    db_close(engine);
    return rc;
}

static enum rc load_from_tail(struct ctx *c, struct eventlog *log, int64_t unit)
{
    enum rc rc = RC_OK;
    struct load load = {log, unit, clock_now_us()};
    struct db_rows *q = db_query(c->db, "event_block_of_unit", DB_I64("unit", unit), DB_I64("after", 0), DB_I64("limit", INT64_MAX));
    while (!rc && db_next(q))
        rc = block_each_key(db_blob(q, "data"), load_key, &load);
    enum rc end = db_end(q);
    return rc ? rc : end;
}

static enum rc load_window(struct ctx *c, struct eventlog *log, void *arg)
{
    const int64_t *first_unit = arg;
    int64_t units[256];
    size_t count = 0;
    enum rc rc = load_from_segments(c, log, *first_unit);
    struct db_rows *q = db_query(c->db, "event_unit_tail");
    while (count < sizeof(units) / sizeof(units[0]) && db_next(q))
        units[count++] = db_i64(q, "unit");
    enum rc end = db_end(q);
    for (size_t i = 0; !rc && i < count; i++)
        if (units[i] >= *first_unit)
            rc = load_from_tail(c, log, units[i]);
    return rc ? rc : end;
}

struct loader_job {
    struct eventlog *log;
    int64_t first_unit;
};

/* A database that can't be reached comes back: without the whole window a repeat would be taken twice. */
static enum rc load_until_reached(struct eventlog *log, int64_t *first_unit)
{
    enum { AGAIN_US = 200000 };
    for (;;) {
        enum rc rc = with_reader(log, load_window, first_unit);
        pthread_mutex_lock(&log->lock);
        bool stopping = log->stopping;
        pthread_mutex_unlock(&log->lock);
        if (rc != RC_DATABASE_AWAY || stopping)
            return rc;
        usleep(AGAIN_US);
    }
}

static void *loader_run(void *arg)
{
    struct loader_job *job = arg;
    struct eventlog *log = job->log;
    int64_t since = clock_mono_us();
    enum rc rc = load_until_reached(log, &job->first_unit);
    /* A unit that can't be read weakens the window, which is better than taking nothing any more. */
    log_at(rc ? LOG_ERROR : LOG_INFO, "eventlog.window", LOG_Z("rc", rc_name(rc)), LOG_I("messages", seen_count(log->seen)),
           LOG_I("ms", (clock_mono_us() - since) / US_PER_MS));
    pthread_mutex_lock(&log->lock);
    log->stats.fingerprints = seen_count(log->seen);
    log->loaded = rc != RC_DATABASE_AWAY; /* else it stops, and the next start reads it all */
    pthread_cond_broadcast(&log->changed);
    pthread_mutex_unlock(&log->lock);
    free(job);
    return NULL;
}

void loader_start(struct eventlog *log, int64_t first_unit)
{
    struct loader_job *job = mem_zalloc(1, sizeof(*job));
    *job = (struct loader_job){log, first_unit};
    if (pthread_create(&log->loader, NULL, loader_run, job) == 0)
        log->loader_started = true;
    else
        loader_run(job);
}

/* ---- sealing ---- */

static enum rc record_segment(struct ctx *c, void *arg)
{
    const struct eventlog_segment *f = arg;
    char file[64];
    int64_t events;
    enum rc rc = db_get_i64(c->db, 0, &events, "event_unit_events", DB_I64("unit", f->unit));
    if (!rc && events != f->events)
        rc = RC_STALE; /* another server wrote on while the file was made */
    if (!rc)
        rc = db_tell(c->db, SEALED);
    if (rc)
        return rc;
    snprintf(file, sizeof(file), "%012lld.parquet", (long long)f->unit);
    return db_run(c->db, "event_segment_insert", DB_I64("unit", f->unit), DB_I64("format", f->format), DB_TEXT("file", str_z(file)), DB_I64("events", f->events),
                  DB_I64("bytes", f->bytes), DB_BLOB("checksum", str_n(f->checksum, sizeof(f->checksum))), DB_I64("first_block", f->first_block),
                  DB_I64("last_block", f->last_block), DB_I64("first_at_us", f->first_at_us), DB_I64("last_at_us", f->last_at_us),
                  DB_I64("last_received_us", f->last_received_us), DB_I64("sealed_us", clock_now_us()));
}

static enum rc seal_unit(struct ctx *c, struct eventlog *log, int64_t unit, int64_t *ret_events)
{
    struct eventlog_segment fact;
    int64_t since = clock_mono_us();
    enum rc rc = segment_write(c, log, unit, &fact);
    if (!rc)
        rc = servers_share(c, log, unit);
    if (!rc)
        rc = db_pool_tx(c, log->app->truth, record_segment, &fact);
    if (rc) {
        log_error("eventlog.seal", LOG_I("unit", unit), LOG_Z("rc", rc_name(rc)));
        return rc;
    }
    segments_add(log, &fact);
    pthread_mutex_lock(&log->lock);
    log->stats.tail_events -= fact.events;
    pthread_mutex_unlock(&log->lock);
    log_info("eventlog.sealed", LOG_I("unit", unit), LOG_I("events", fact.events), LOG_I("bytes", fact.bytes), LOG_I("ms", (clock_mono_us() - since) / US_PER_MS));
    *ret_events += fact.events;
    return RC_OK;
}

struct sweep {
    int64_t ids[BLOCKS_A_SWEEP_MAX];
    size_t count;
    int64_t bytes;
};

/* Blocks hold nothing personal: their pages go back to the file as they are. */
static enum rc sweep_step(struct ctx *c, void *arg)
{
    const struct sweep *s = arg;
    db_scrub(c->db, false);
    enum rc rc = db_run(c->db, "event_block_swept", DB_IDS("ids", s->ids, s->count));
    db_scrub(c->db, true);
    return rc;
}

/* The next block rows of a sealed unit, as many as one short transaction takes away. */
static enum rc sweep_next(struct ctx *c, int64_t unit, struct sweep *s)
{
    *s = (struct sweep){0};
    struct db_rows *q = db_query(c->db, "event_block_to_sweep", DB_I64("unit", unit), DB_I64("limit", BLOCKS_A_SWEEP_MAX));
    while (s->bytes < SWEEP_BYTES && db_next(q)) {
        s->ids[s->count++] = db_i64(q, "id");
        s->bytes += db_i64(q, "bytes");
    }
    return db_end(q);
}

static bool may_sweep(struct eventlog *log)
{
    pthread_mutex_lock(&log->lock);
    bool may = log->readers == 0 && !log->stopping;
    pthread_mutex_unlock(&log->lock);
    return may;
}

/* Small steps, so that the committing thread never waits long for the writer. */
static enum rc sweep_unit(struct ctx *c, struct eventlog *log, int64_t unit)
{
    struct sweep s;
    enum rc rc = RC_OK;
    while (!rc && may_sweep(log)) {
        rc = sweep_next(c, unit, &s);
        if (rc || s.count == 0)
            return rc;
        rc = db_pool_tx_unsynced(c, log->app->truth, sweep_step, &s); /* a row that comes back is swept again */
        if (rc)
            return rc;
        pthread_mutex_lock(&log->lock);
        log->stats.tail_bytes -= s.bytes;
        pthread_mutex_unlock(&log->lock);
    }
    return rc;
}

static enum rc sweep_all(struct ctx *c, struct eventlog *log)
{
    int64_t before_us = log->shared ? clock_now_us() - SHARED_SWEEP_US : INT64_MAX; /* the others have that long to read the blocks */
    for (int64_t unit = -1;;) {
        enum rc rc = db_get_i64(c->db, -1, &unit, "event_unit_to_sweep", DB_I64("before_us", before_us));
        if (rc || unit < 0 || !may_sweep(log))
            return rc;
        rc = sweep_unit(c, log, unit);
        if (rc)
            return rc;
    }
}

static bool unit_is_closed(struct eventlog *log, int64_t unit, int64_t events, bool now)
{
    pthread_mutex_lock(&log->lock);
    bool closed = unit < log->unit || (unit == log->unit && (now || events >= log->unit_events_max));
    pthread_mutex_unlock(&log->lock);
    return closed;
}

/* What is sealed while it is the open unit must not be written on: the next block begins another. Holding the writer keeps
 * transactions away that have a block in the unit and are not committed. */
static void turn_unit(struct eventlog *log, int64_t unit)
{
    db_pool_lock_writer(log->app->truth);
    pthread_mutex_lock(&log->lock);
    if (log->unit == unit) {
        log->unit++;
        log->unit_events = 0;
    }
    pthread_mutex_unlock(&log->lock);
    db_pool_unlock_writer(log->app->truth);
}

/* The oldest unit of the tail, 0 without one, and whether nobody writes on it any more. */
static enum rc oldest_unit(struct ctx *c, struct eventlog *log, bool now, int64_t *ret_unit, bool *ret_closed)
{
    struct db_rows *q = db_query(c->db, "event_unit_tail");
    int64_t unit = 0, events = 0;
    if (db_next(q)) {
        unit = db_i64(q, "unit");
        events = db_i64(q, "events");
    }
    bool left_behind = log->shared && unit && (events >= log->unit_events_max || db_next(q)); /* by another server */
    *ret_unit = unit;
    *ret_closed = unit && (left_behind || unit_is_closed(log, unit, events, now));
    return db_end(q);
}

/* The oldest unit, if it may be sealed. Swept at once: the next blocks take the room, and the file does not grow under a steady load. */
static enum rc seal_next(struct ctx *c, struct eventlog *log, bool now, int64_t *events, bool *ret_more)
{
    int64_t unit;
    *ret_more = false;
    enum rc rc = oldest_unit(c, log, now, &unit, ret_more);
    if (rc || !*ret_more)
        return rc;
    turn_unit(log, unit);
    rc = seal_unit(c, log, unit, events);
    return rc ? rc : sweep_all(c, log);
}

/* One server at a time seals, and knows what the others sealed. */
static enum rc begin_sealing(struct ctx *c, struct eventlog *log, bool *ret_mine)
{
    enum rc rc = db_lock_try(c->db, SEALING_LOCK, ret_mine);
    return !rc && *ret_mine ? servers_take_files(c, log) : rc;
}

static enum rc end_sealing(struct ctx *c, struct eventlog *log, enum rc rc)
{
    if (!rc)
        rc = sweep_all(c, log);
    enum rc end = db_lock_end(c->db, SEALING_LOCK);
    return rc ? rc : end;
}

enum rc eventlog_seal(struct ctx *c, struct eventlog *log, bool now, int64_t *ret_events)
{
    bool more;
    *ret_events = 0;
    enum rc rc = begin_sealing(c, log, &more);
    if (!rc && !more)
        return RC_OK; /* another is at it */
    while (!rc && more)
        rc = seal_next(c, log, now, ret_events, &more);
    return end_sealing(c, log, rc);
}

/* ---- checking ---- */

static enum rc verify_segments(struct ctx *c, struct eventlog *log, int64_t *events, int64_t *bad)
{
    struct eventlog_segment *segments;
    size_t count;
    enum rc rc = eventlog_segments(c, log, 0, &segments, &count);
    for (size_t i = 0; !rc && i < count; i++) {
        uint8_t sum[CHECKSUM_BYTES];
        int64_t bytes = 0;
        *events += segments[i].events;
        if (segment_checksum(segments[i].path, sum, &bytes) == RC_OK && bytes == segments[i].bytes && memcmp(sum, segments[i].checksum, sizeof(sum)) == 0)
            continue;
        ++*bad;
        log_error("eventlog.bad_segment", LOG_I("unit", segments[i].unit));
    }
    return rc;
}

enum rc eventlog_verify(struct ctx *c, struct eventlog *log, int64_t *ret_events, int64_t *ret_bad)
{
    int64_t events = 0, bad = 0, after = 0, block = 0;
    enum rc rc = verify_segments(c, log, &events, &bad);
    while (!rc) {
        _cleanup_(arena_freep) struct arena *scratch = arena_new();
        struct ctx step = *c;
        struct event *list;
        size_t count = 0;
        step.arena = scratch;
        rc = db_get_i64(c->db, 0, &block, "event_block_unsealed", DB_I64("after", after));
        if (rc || block == 0)
            break;
        enum rc got = eventlog_block(&step, log, block, &list, &count);
        bad += got != RC_OK && got != RC_GONE;
        events += (int64_t)count;
        after = block;
    }
    *ret_events = events;
    *ret_bad = bad;
    return rc;
}

/* ---- keeper ---- */

/* How many events there were at the last look, and when that was. */
struct pace {
    int64_t events, at_us;
};

/* Sealing costs as much as taking the events did: during a rush the cores are left to those who wait for an answer, until
 * the tail is so large that it would swell the database for good. */
static bool may_seal(struct eventlog *log, struct pace *pace)
{
    int64_t now_us = clock_mono_us();
    pthread_mutex_lock(&log->lock);
    int64_t events = log->stats.events, tail = log->stats.tail_events;
    pthread_mutex_unlock(&log->lock);
    bool rush = (events - pace->events) * US_PER_S > BUSY_EVENTS_A_S * (now_us - pace->at_us);
    *pace = (struct pace){events, now_us};
    return !rush || tail > TAIL_EVENTS_MAX;
}

struct sealing {
    struct ctx *c;
    struct eventlog *log;
    int64_t events;
    bool more;
    enum rc rc;
};

static void *seal_calmly(void *arg)
{
    struct sealing *s = arg;
    lower_priority();
    s->rc = seal_next(s->c, s->log, false, &s->events, &s->more);
    return NULL;
}

/* Those who wait for an answer come first, but sealing that is far behind takes its share: a tail that grows for as long as
 * the rush lasts leaves a database that is larger for good. A thread that lowered its priority may not raise it again, so
 * there is one for each unit. */
static void seal_one(struct sealing *s)
{
    pthread_t thread;
    pthread_mutex_lock(&s->log->lock);
    bool behind = s->log->stats.tail_events > BACKLOG_EVENTS;
    pthread_mutex_unlock(&s->log->lock);
    if (!behind && pthread_create(&thread, NULL, seal_calmly, s) == 0)
        pthread_join(thread, NULL);
    else
        s->rc = seal_next(s->c, s->log, false, &s->events, &s->more);
}

static enum rc keep(struct ctx *c, struct eventlog *log, void *arg)
{
    struct sealing s = {.c = c, .log = log};
    s.rc = servers_take_files(c, log);
    if (s.rc || !may_seal(log, arg))
        return s.rc;
    s.rc = begin_sealing(c, log, &s.more);
    if (!s.rc && !s.more)
        return RC_OK;
    while (s.more && !s.rc)
        seal_one(&s);
    return end_sealing(c, log, s.rc);
}

/* Waits for a closed unit or a tick; false when the log closes. */
static bool keeper_wait(struct eventlog *log, bool *ret_idle)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TICK_S;
    pthread_mutex_lock(&log->lock);
    if (!log->stopping)
        pthread_cond_timedwait(&log->changed, &log->lock, &until);
    bool go_on = !log->stopping;
    *ret_idle = clock_mono_us() - log->last_append_us > REST_AFTER_S * US_PER_S;
    pthread_mutex_unlock(&log->lock);
    return go_on;
}

static void rest(struct eventlog *log)
{
    seen_rest(log->seen);
    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < UNIT_CACHES; i++) {
        key_set_free(&log->caches[i].keys);
        log->caches[i].unit = 0;
    }
    pthread_mutex_unlock(&log->lock);
}

static void *keeper_run(void *arg)
{
    struct eventlog *log = arg;
    bool idle, rested = false;
    struct pace pace = {log->stats.events, clock_mono_us()};
    while (keeper_wait(log, &idle)) {
        if (!log->loaded)
            continue;
        enum rc rc = with_reader(log, keep, &pace);
        if (rc)
            log_warn("eventlog.keeper", LOG_Z("rc", rc_name(rc)));
        seen_sync(log->seen);
        if (idle && !rested)
            rest(log);
        rested = idle;
    }
    return NULL;
}

void keeper_start(struct eventlog *log)
{
    log->keeper_started = pthread_create(&log->keeper, NULL, keeper_run, log) == 0;
    if (log->keeper_started)
        pthread_setname_np(log->keeper, "keeper");
}

/* ---- module ---- */

static enum rc open_log(struct ctx *c, struct eventlog *log, void *arg)
{
    (void)log;
    (void)arg;
    return eventlog_open(c, c->app->data_dir, &c->app->eventlog);
}

static enum rc start(struct app *app)
{
    struct eventlog waiting = {.app = app}; /* only lends its app to the reader's context */
    enum rc rc = with_reader(&waiting, open_log, NULL);
    if (!rc)
        keeper_start(app->eventlog);
    return rc;
}

static void stop(struct app *app)
{
    eventlog_close(app->eventlog);
    app->eventlog = NULL;
}

static void told(struct app *app, struct str word)
{
    struct eventlog *log = app->eventlog;
    if (!log || (word.len && !str_eqz(word, SEALED)))
        return;
    pthread_mutex_lock(&log->lock);
    pthread_cond_broadcast(&log->changed); /* the keeper fetches it */
    pthread_mutex_unlock(&log->lock);
}

static void metrics(struct app *app, struct buf *out)
{
    struct eventlog_stats s;
    eventlog_stats(app->eventlog, &s);
    const struct {
        const char *name, *type, *help;
        int64_t value;
    } rows[] = {
        {"zhixin_events_total", "counter", "Events in the log.", s.events},
        {"zhixin_eventlog_tail_events", "gauge", "Events in blocks that are not sealed yet.", s.tail_events},
        {"zhixin_eventlog_tail_bytes", "gauge", "Bytes of blocks in the database, sealed ones that are not swept yet included.", s.tail_bytes},
        {"zhixin_eventlog_segments", "gauge", "Sealed segments.", s.segments},
        {"zhixin_eventlog_segment_bytes", "gauge", "Bytes of all segments.", s.segment_bytes},
        {"zhixin_eventlog_fingerprints", "gauge", "Messages in the window that repeats are found in.", s.fingerprints},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", rows[i].name, rows[i].help, rows[i].name, rows[i].type, rows[i].name, (long long)rows[i].value);
}

static const char *const tables[] = {"event_block", "event_segment", "event_segment_part", NULL};

const struct module eventlog_module = {
    .name = "eventlog",
    .sql = eventlog_sql,
    .migrations = eventlog_migrations,
    .tables = tables,
    .start = start,
    .stop = stop,
    .told = told,
    .metrics = metrics,
};
