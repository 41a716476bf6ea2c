/* Looks into a data directory from outside the program, for tests that compare or search it. Read-only, so it may look while
 * a server runs (`events` then sees the tail and the segments as they are committed).
 *   peek events DIR       each event of the log as a line of JSON: segments first, then the tail
 *   peek cells DIR        every cell of every table: databases of the truth and the keys, event blocks, Parquet segments, warehouse (stopped only)
 *   peek unpack FILE…     what every zstd frame in these bytes holds, wherever it starts
 * It shares the program's readers of blocks and databases, not its opinion of what is live. */
#include "app/app_priv.h"
#include "db/db.h"
#include "eventlog/block.h"
#include "json/json.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

static struct arena *arena;

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "peek: %s: %s\n", what, why);
    exit(1);
}

static const char *path_of(const char *dir, const char *name)
{
    return arena_printf(arena, "%s/%s", dir, name).ptr;
}

/* "zhixin.db" or "keys.db" of the directory, or the database that its configuration names in that file's place. */
static struct db *open_truth(const char *dir, const char *name)
{
    struct ctx c = {.arena = arena};
    struct config config;
    struct db *db;
    if (config_load(&c, dir, &config) != RC_OK)
        die(dir, "bad configuration");
    const char *url = strcmp(name, "keys.db") == 0 ? config.database_keys : config.database_url;
    if (db_open(url[0] ? url : path_of(dir, name), &(struct db_options){.read_only = true, .busy_ms = 5000}, &db) != RC_OK)
        die(name, "can not open");
    config_free(&config);
    return db;
}

static struct db *open_duck(const char *dir, const char *file)
{
    struct db *db;
    const char *segments = path_of(dir, "segments/");
    if (db_open_duckdb(file, segments, &(struct db_options){.cache_kib = 256 << 10, .read_only = file[0] == '/'}, &db) != RC_OK)
        die(file, "can not open");
    return db;
}

static struct db_rows *query(struct db *db, const char *text)
{
    struct db_rows *q;
    if (db_query_text(db, text, NULL, 0, &q) != RC_OK)
        die(text, db_error(db));
    return q;
}

static void end(struct db *db, struct db_rows *q, const char *what)
{
    if (db_end(q) != RC_OK)
        die(what, db_error(db));
}

/* ---- events ---- */

static void print_event(const struct event *e)
{
    struct buf line = BUF_INIT(1 << 20);
    struct jw w = jw_on(&line);
    jw_object(&w);
    jw_kv_id(&w, "id", e->id);
    jw_kv_id(&w, "source_id", e->source_id);
    jw_kv_id(&w, "subject", e->subject);
    jw_kv_i64(&w, "at_us", e->at_us);
    jw_kv_i64(&w, "received_us", e->received_us);
    jw_kv_i64(&w, "value_minor", e->value_minor);
    jw_kv_i64(&w, "quantity", e->quantity);
    jw_kv_i64(&w, "type", e->type);
    jw_kv_i64(&w, "flags", e->flags);
    for (size_t i = 0; i < EVENT_STRINGS; i++)
        jw_kv_str(&w, event_strings[i].name, event_string_of(e, i));
    jw_kv_str(&w, "message_id", e->message_id);
    jw_object_end(&w);
    printf("%.*s\n", STR_FMT(buf_str(&line)));
    buf_free(&line);
}

/* A segment's rows through DuckDB; columns by name. */
static void print_segment(struct db *duck, const char *file, int32_t format)
{
    struct buf sql = BUF_INIT(16 << 10);
    buf_addz(&sql, "SELECT *, message_prefix || coalesce(message_uuid::VARCHAR, '') AS message_id FROM ");
    eventlog_add_rows(&sql, &(struct eventlog_segment){.path = file, .format = format}, 1);
    buf_add_byte(&sql, '\0');
    struct db_rows *q = query(duck, sql.ptr);
    buf_free(&sql);
    while (db_next(q)) {
        struct event e = {.id = db_i64(q, "id"), .source_id = db_i64(q, "source_id"), .subject = db_i64(q, "subject"),
                          .at_us = db_i64(q, "at_us"), .received_us = db_i64(q, "received_ms") * US_PER_MS,
                          .value_minor = db_i64(q, "value_minor"), .quantity = db_i64(q, "quantity"), .type = (int32_t)db_i64(q, "type"),
                          .flags = (int32_t)db_i64(q, "flags"), .message_id = db_text(q, "message_id")};
        for (size_t i = 0; i < EVENT_STRINGS; i++)
            *event_string(&e, i) = db_text(q, event_strings[i].name);
        print_event(&e);
    }
    end(duck, q, file);
}

static void print_segments(struct db *truth, const char *dir)
{
    struct db_rows *q = query(truth, "SELECT file, format FROM event_segment ORDER BY unit");
    struct db *duck = NULL;
    while (db_next(q)) {
        duck = duck ? duck : open_duck(dir, ":memory:");
        print_segment(duck, path_of(dir, arena_printf(arena, "segments/%.*s", STR_FMT(db_text(q, "file"))).ptr), (int32_t)db_i64(q, "format"));
    }
    end(truth, q, "event_segment");
    db_close(duck);
}

static void print_tail(struct db *truth)
{
    struct db_rows *q = query(truth, "SELECT b.data FROM event_block b WHERE NOT EXISTS (SELECT 1 FROM event_segment s WHERE s.unit = b.unit) ORDER BY b.id");
    struct arena *block = arena_new();
    struct block_reader reader = {0};
    while (db_next(q)) {
        struct event *events;
        size_t count;
        if (block_decode(&reader, block, db_blob(q, "data"), &events, &count) != RC_OK)
            die("event_block", "a block is no block");
        for (size_t i = 0; i < count; i++)
            print_event(&events[i]);
        arena_reset(block);
    }
    end(truth, q, "event_block");
    block_reader_free(&reader);
    arena_free(block);
}

static int events(const char *dir)
{
    struct db *truth = open_truth(dir, "zhixin.db");
    if (db_script(truth, db_engine(truth) == DB_POSTGRES ? "BEGIN ISOLATION LEVEL REPEATABLE READ" : "BEGIN") != RC_OK)
        die("zhixin.db", db_error(truth));
    print_segments(truth, dir);
    print_tail(truth);
    db_close(truth);
    return 0;
}

/* ---- cells ---- */

static void print_cells(struct db *db, const char *where, const char *table, const char *text)
{
    struct db_rows *q = query(db, text);
    printf("== %s %s\n", where, table);
    while (db_next(q)) {
        for (size_t i = 0; i < db_columns(q); i++) {
            struct str cell = db_column_type(q, i) == DB_TYPE_I64 ? arena_printf(arena, "%lld", (long long)db_i64_at(q, i)) : db_text_at(q, i);
            if (cell.len)
                fwrite(cell.ptr, 1, cell.len, stdout);
            putchar('\t');
        }
        putchar('\n');
    }
    end(db, q, table);
}

static void print_tables(struct db *db, const char *where, const char *list, const char *select)
{
    struct db_rows *q = query(db, list);
    while (db_next(q)) {
        const char *table = arena_printf(arena, "%.*s", STR_FMT(db_text_at(q, 0))).ptr;
        print_cells(db, where, table, arena_printf(arena, select, table).ptr);
    }
    end(db, q, where);
}

static void each_file(const char *pattern, void (*fn)(const char *dir, const char *path), const char *dir)
{
    glob_t found;
    if (glob(path_of(dir, pattern), 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        fn(dir, found.gl_pathv[i]);
    globfree(&found);
}

static void truth_cells(const char *dir, const char *name)
{
    struct db *db = open_truth(dir, name);
    if (db_engine(db) == DB_POSTGRES) /* the warehouse may be there, too */
        print_tables(db, name, "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' OR schemaname LIKE 'warehouse%'",
                     "SELECT * FROM %s");
    else
        print_tables(db, name, "SELECT name FROM sqlite_schema WHERE type = 'table'", "SELECT * FROM \"%s\"");
    db_close(db);
}

static void parquet_cells(const char *dir, const char *path)
{
    struct db *duck = open_duck(dir, ":memory:");
    print_cells(duck, path, "parquet", arena_printf(arena, "SELECT COLUMNS(*)::VARCHAR FROM read_parquet('%s')", path).ptr);
    db_close(duck);
}

static void duckdb_cells(const char *dir, const char *path)
{
    struct db *duck = open_duck(dir, path);
    print_tables(duck, path, "SELECT table_name FROM duckdb_tables()", "SELECT COLUMNS(*)::VARCHAR FROM \"%s\"");
    db_close(duck);
}

static int cells(const char *dir)
{
    truth_cells(dir, "zhixin.db");
    truth_cells(dir, "keys.db");
    each_file("segments/*.parquet", parquet_cells, dir);
    each_file("*.duckdb", duckdb_cells, dir);
    return events(dir);
}

/* ---- zstd frames ---- */

static void unpack_at(ZSTD_DCtx *z, const char *bytes, size_t len)
{
    static char out[1 << 17];
    ZSTD_inBuffer in = {bytes, len, 0};
    ZSTD_DCtx_reset(z, ZSTD_reset_session_only);
    for (size_t left = 1; left != 0;) {
        ZSTD_outBuffer to = {out, sizeof(out), 0};
        left = ZSTD_decompressStream(z, &to, &in);
        fwrite(out, 1, to.pos, stdout);
        if (ZSTD_isError(left) || (to.pos == 0 && in.pos == in.size))
            break;
    }
    putchar('\n');
}

static void unpack(ZSTD_DCtx *z, const char *path)
{
    static const char magic[4] = {0x28, (char)0xB5, 0x2F, (char)0xFD};
    FILE *in = fopen(path, "rb");
    if (!in || fseek(in, 0, SEEK_END) != 0)
        die(path, "can not read");
    size_t len = (size_t)ftell(in);
    char *bytes = malloc(len + 1);
    rewind(in);
    len = fread(bytes, 1, len, in);
    fclose(in);
    for (char *at = bytes; (at = memmem(at, (size_t)(bytes + len - at), magic, 4)); at += 4)
        unpack_at(z, at, (size_t)(bytes + len - at));
    free(bytes);
}

int main(int argc, char **argv)
{
    arena = arena_new();
    if (argc == 3 && strcmp(argv[1], "events") == 0)
        return events(argv[2]);
    if (argc == 3 && strcmp(argv[1], "cells") == 0)
        return cells(argv[2]);
    if (argc < 3 || strcmp(argv[1], "unpack") != 0) {
        fputs("usage: peek events|cells DIR, or peek unpack FILE…\n", stderr);
        return 2;
    }
    ZSTD_DCtx *z = ZSTD_createDCtx();
    for (int i = 2; i < argc; i++)
        unpack(z, argv[i]);
    ZSTD_freeDCtx(z);
    return 0;
}
