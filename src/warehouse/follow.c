/* One warehouse, a file of DuckDB's or a schema of PostgreSQL's: made, opened, and brought forward step by step along change.seq. */
#include "warehouse/warehouse_priv.h"
#include "base/id.h"
#include "base/log.h"
#include "db/pool.h"
#include "embedded_sql.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHANGES_A_STEP = 20000, EVENTS_A_STEP = 100000, HASH_HEX = 33, MEMORY_MIB = 192, LOGIC_VERSION = 1 };

static const char *const tables[] = {
    "warehouse_table_state", "warehouse_table_customer", "warehouse_table_subject", "warehouse_table_sale", "warehouse_table_line", "warehouse_table_refund",
    "warehouse_table_sku", "warehouse_table_price", "warehouse_table_style", "warehouse_table_category", "warehouse_table_store", "warehouse_table_source",
    "warehouse_table_segment", "warehouse_table_recent", "warehouse_table_visitor", "warehouse_table_word", "warehouse_table_visit",
};
static const char *const step_tables[] = {
    "warehouse_table_step_id",   "warehouse_table_step_customer", "warehouse_table_step_sale",
    "warehouse_table_step_line", "warehouse_table_step_visit",    "warehouse_table_step_visitor",
};
/* Of PostgreSQL alone. */
static const char *const schema_tables[] = {"warehouse_table_sealed@postgres", "warehouse_view_event@postgres", "warehouse_indexes@postgres", "warehouse_function_hash@postgres"};
static const char *const schema_step_tables[] = {"warehouse_table_step_event@postgres"};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- tables ---- */

static void hash_texts(crypto_generichash_state *h, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        crypto_generichash_update(h, (const unsigned char *)db_sql_text(names[i]), strlen(db_sql_text(names[i])));
}

/* A file or schema whose tables or whose meaning are others than ours is made again. */
static void schema_hash(enum db_engine engine, char ret[static HASH_HEX])
{
    uint8_t sum[16];
    crypto_generichash_state h;
    const int32_t version = LOGIC_VERSION;
    crypto_generichash_init(&h, NULL, 0, sizeof(sum));
    crypto_generichash_update(&h, (const unsigned char *)&version, sizeof(version));
    hash_texts(&h, tables, COUNT(tables));
    if (engine == DB_POSTGRES)
        hash_texts(&h, schema_tables, COUNT(schema_tables));
    crypto_generichash_final(&h, sum, sizeof(sum));
    str_hex(sum, sizeof(sum), ret);
    ret[HASH_HEX - 1] = '\0';
}

/* A folder that somebody put there is not ours to empty: it makes room. */
static void remove_path(const char *path)
{
    char aside[700];
    if (unlink(path) == 0 || errno == ENOENT)
        return;
    snprintf(aside, sizeof(aside), "%s.aside", path);
    if (rmdir(path) != 0 && rename(path, aside) != 0)
        log_error("warehouse.in_the_way", LOG_Z("path", path), LOG_I("errno", errno));
}

void warehouse_file_remove(const char *path)
{
    char wal[600];
    snprintf(wal, sizeof(wal), "%s.wal", path);
    remove_path(path);
    remove_path(wal);
}

static enum rc make_tables(struct db *db, const char *const *names, size_t count)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && i < count; i++)
        rc = db_define(db, db_sql_text(names[i]));
    return rc;
}

static enum rc make_all(struct db *db, const char *hash)
{
    enum rc rc = db_script(db, "BEGIN TRANSACTION");
    if (!rc)
        rc = make_tables(db, tables, COUNT(tables));
    if (!rc && db_engine(db) == DB_POSTGRES)
        rc = make_tables(db, schema_tables, COUNT(schema_tables));
    if (!rc)
        rc = db_run(db, "wh_state_insert", DB_TEXT("schema_hash", str_z(hash)), DB_I64("made", clock_now_us()));
    if (!rc)
        rc = db_script(db, "COMMIT");
    enum rc undone = rc ? db_script(db, "ROLLBACK") : RC_OK;
    (void)undone;
    return rc;
}

static enum rc take_state(struct follower *f, struct db_rows *q)
{
    char hash[HASH_HEX];
    enum rc rc = RC_CONFLICT;
    schema_hash(db_engine(f->db), hash);
    if (db_next(q)) {
        f->made = db_i64(q, "made");
        f->seq = db_i64(q, "seq");
        f->unit = db_i64(q, "unit");
        rc = str_eqz(db_text(q, "schema_hash"), hash) ? RC_OK : RC_CONFLICT;
    }
    enum rc end = db_end(q);
    return end ? end : rc;
}

static enum rc read_state(struct follower *f)
{
    struct db_rows *q;
    if (db_query_text(f->db, db_sql_text("wh_state"), NULL, 0, &q) != RC_OK)
        return db_engine(f->db) == DB_POSTGRES && db_is_broken(f->db) ? RC_DATABASE_AWAY : RC_CONFLICT; /* not even that table: not ours */
    enum rc rc = take_state(f, q);
    return rc ? rc : db_get_i64(f->db, 0, &f->covered, "wh_segment_covers");
}

enum rc follower_look(struct follower *f)
{
    return take_state(f, db_query(f->db, "wh_state"));
}

static enum rc prepare(struct follower *f, bool fresh)
{
    char hash[HASH_HEX];
    schema_hash(db_engine(f->db), hash);
    enum rc rc = fresh ? make_all(f->db, hash) : RC_OK;
    return rc ? rc : read_state(f);
}

/* Once a connection. */
static enum rc make_step_tables(struct db *db)
{
    enum rc rc = make_tables(db, step_tables, COUNT(step_tables));
    return rc || db_engine(db) != DB_POSTGRES ? rc : make_tables(db, schema_step_tables, COUNT(schema_step_tables));
}

/* ---- a schema ---- */

enum rc follower_open_schema(struct app *app, struct db *db, const char *schema, bool make, struct follower *ret)
{
    struct follower f = {.app = app, .db = db};
    bool there, stepped;
    snprintf(f.path, sizeof(f.path), "%s", schema);
    enum rc rc = schema_is_there(db, schema, &there);
    if (!rc && !there && !make)
        return RC_NOT_FOUND;
    if (!rc)
        rc = make ? schema_make(db, schema) : schema_use(db, schema);
    if (!rc)
        rc = prepare(&f, !there);
    if (!rc)
        rc = schema_steps_are_there(db, &stepped);
    if (!rc && !stepped)
        rc = make_step_tables(db);
    if (!rc)
        *ret = f;
    return rc;
}

static enum rc open_schema(struct app *app, const char *schema, bool make, struct follower *ret)
{
    struct db *db;
    enum rc rc = schema_connect(app, true, &db);
    if (rc)
        return rc;
    rc = follower_open_schema(app, db, schema, make, ret);
    if (rc)
        db_close(db);
    return rc;
}

/* ---- a file ---- */

static enum rc open_file(struct app *app, const char *path, bool make, struct follower *ret)
{
    struct follower f = {.app = app};
    char segments[600];
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .app = app};
    _cleanup_free_ char *dir = realpath(app->data_dir, NULL);
    bool fresh = access(path, F_OK) != 0;
    if (fresh && !make)
        return RC_NOT_FOUND;
    snprintf(f.path, sizeof(f.path), "%s", path);
    snprintf(segments, sizeof(segments), "%s/segments/", dir ? dir : app->data_dir);
    enum rc rc = db_open_duckdb(path, segments, &(struct db_options){.create = true, .cache_kib = (app->warehouse_memory_mib ? app->warehouse_memory_mib : MEMORY_MIB) << 10}, &f.db);
    if (rc)
        return rc;
    rc = prepare(&f, fresh);
    if (!rc)
        rc = make_step_tables(f.db);
    if (!rc)
        rc = make_event_view(&c, &f);
    if (rc)
        follower_close(&f);
    else
        *ret = f;
    return rc;
}

enum rc follower_open(struct app *app, const char *place, bool make, struct follower *ret)
{
    return app->warehouse_same ? open_schema(app, place, make, ret) : open_file(app, place, make, ret);
}

void follower_close(struct follower *f)
{
    db_close(f->db);
    f->db = NULL;
}

/* ---- what a step brings ---- */

void step_ids_sort(struct step_ids *s)
{
    s->count = id_distinct(s->ids, s->count);
}

static struct step_ids ids_of(struct ctx *c, const struct change *changes, size_t count, unsigned kinds)
{
    struct step_ids s = {arena_new_array(c->arena, int64_t, 2 * count + 1), 0};
    for (size_t i = 0; i < count; i++) {
        if (!(kinds >> changes[i].kind & 1))
            continue;
        s.ids[s.count++] = changes[i].ref_id;
        if (changes[i].kind == CHANGE_MERGE)
            s.ids[s.count++] = changes[i].customer_id; /* the winner, too */
    }
    step_ids_sort(&s);
    return s;
}

/* Not too many events at once, so that a step stays short. */
static size_t cut(const struct change *changes, size_t count)
{
    int64_t events = 0;
    for (size_t i = 0; i < count; i++) {
        events += changes[i].kind == CHANGE_EVENTS ? changes[i].count : 0;
        if (events > EVENTS_A_STEP && i > 0)
            return i;
    }
    return count;
}

enum rc step_segments(struct ctx *c, const struct follower *f, struct step *s)
{
    return eventlog_segments(c, f->app->eventlog, f->unit, &s->segments, &s->segment_count);
}

static enum rc read_step(struct ctx *c, struct follower *f, struct step *s)
{
    struct change *changes;
    size_t count;
    enum rc rc = step_segments(c, f, s);
    if (!rc)
        rc = change_read(c, f->seq, CHANGES_A_STEP, &changes, &count);
    if (rc)
        return rc;
    size_t taken = cut(changes, count);
    f->full = taken < count || count == CHANGES_A_STEP;
    count = taken;
    s->last_seq = count ? changes[count - 1].seq : f->seq;
#define KIND(k) (1u << CHANGE_##k)
    s->customers = ids_of(c, changes, count, KIND(CUSTOMER) | KIND(MERGE));
    s->subjects = ids_of(c, changes, count, KIND(SUBJECT));
    s->orders = ids_of(c, changes, count, KIND(ORDER));
    s->skus = ids_of(c, changes, count, KIND(SKU));
    s->styles = ids_of(c, changes, count, KIND(STYLE));
    s->stores = ids_of(c, changes, count, KIND(STORE));
    s->sources = ids_of(c, changes, count, KIND(SOURCE));
    s->blocks = ids_of(c, changes, count, KIND(EVENTS));
#undef KIND
    return RC_OK;
}

static enum rc apply(struct ctx *c, struct follower *f, struct step *s)
{
    static enum rc (*const parts[])(struct ctx *c, struct follower *f, const struct step *s) = {
        apply_catalog, apply_customers, apply_subjects, apply_orders, apply_segments,
    };
    enum rc rc = apply_blocks(c, f, s);
    for (size_t i = 0; !rc && i < sizeof(parts) / sizeof(parts[0]); i++)
        rc = parts[i](c, f, s);
    int64_t unit = s->segment_count ? s->segments[s->segment_count - 1].unit : f->unit;
    return rc ? rc : db_run(f->db, "wh_state_update", DB_I64("seq", s->last_seq), DB_I64("unit", unit));
}

enum rc follower_step(struct ctx *c, struct follower *f, bool *ret_more)
{
    struct step s = {0};
    int64_t covered = f->covered;
    enum rc rc = read_step(c, f, &s);
    *ret_more = !rc && (s.last_seq > f->seq || s.segment_count > 0);
    if (rc || !*ret_more)
        return rc;
    rc = db_script(f->db, "BEGIN TRANSACTION");
    if (rc)
        return rc;
    rc = apply(c, f, &s);
    if (!rc)
        rc = db_pool_sync(f->app->truth); /* a power cut must not leave the cursor ahead of what it follows */
    if (!rc)
        rc = db_script(f->db, "COMMIT");
    if (rc) {
        f->covered = covered;
        enum rc undone = db_script(f->db, "ROLLBACK"); /* fails when DuckDB did it itself */
        (void)undone;
        return rc;
    }
    f->seq = s.last_seq;
    if (s.segment_count)
        f->unit = s.segments[s.segment_count - 1].unit;
    return RC_OK;
}
