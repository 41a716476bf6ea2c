/* A fresh truth for a unit test (engine.h), with the migrations of some modules, and a context on it whose clock stands at 2026-03-01 12:00 in China. */
#ifndef ZX_TESTS_UNIT_TRUTH_H
#define ZX_TESTS_UNIT_TRUTH_H

#include "engine.h"

#include "base/app.h"
#include "db/db.h"
#include "json/json.h"

#include <stdlib.h>
#include <unistd.h>

struct truth {
    struct ctx c;
    struct app app;
    struct json_parser *parser;
    char dir[64], path[200];
};

/* The migrations of all modules that the test needs, in the order of their numbers, at once. */
static inline void truth_migrate_all(struct truth *t, const struct db_migration *const *lists, size_t list_count)
{
    struct db_migration all[100];
    size_t count = 0;
    for (size_t i = 0; i < list_count; i++)
        for (const struct db_migration *m = lists[i]; m->text; m++) {
            assert_true(count < COUNT(all));
            all[count++] = *m;
        }
    assert_int_equal(db_migrate(t->c.db, all, count), RC_OK);
}

static inline void truth_register(const struct db_sql *sql)
{
    size_t count = 0;
    while (sql[count].name)
        count++;
    db_register_sql(sql, count);
}

/* The same for a test of one module. */
static inline void truth_migrate(struct truth *t, const struct db_migration *migrations, const struct db_sql *sql)
{
    truth_migrate_all(t, &migrations, 1);
    truth_register(sql);
}

static inline struct truth *truth_new(void)
{
    struct truth *t = mem_zalloc(1, sizeof(*t));
    snprintf(t->dir, sizeof(t->dir), "/tmp/zhixin-unit-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    engine_make(t->dir, "t.db", t->path, sizeof(t->path));
    t->parser = json_parser_new();
    t->c = (struct ctx){.arena = arena_new(), .app = &t->app, .now_us = INT64_C(1772337600000000)};
    assert_int_equal(db_open(t->path, &(struct db_options){.create = true}, &t->c.db), RC_OK);
    return t;
}

static inline void truth_free(struct truth *t)
{
    db_close(t->c.db);
    engine_remove(t->path);
    rmdir(t->dir);
    json_parser_free(t->parser);
    arena_free(t->c.arena);
    free(t);
}

/* Parses a body; it lives until the next. */
static inline struct json truth_json(struct truth *t, const char *text)
{
    struct json v = JSON_ABSENT;
    const char *why = "";
    if (json_parse(t->parser, str_z(text), 1 << 20, &v, &why) != RC_OK)
        fail_msg("%s: %s", why, text);
    return v;
}

/* Every statement of a module must be one that the engine takes. */
static inline void truth_check_sql(struct truth *t, const struct db_sql *sql)
{
    for (; sql->name; sql++) {
        const char *why = "";
        if (!db_check_sql(t->c.db, sql->name, &why))
            fail_msg("%s: %s", sql->name, why);
    }
}

/* Asks for (table_name, column_name) of all columns of all tables, in this engine's words. */
static inline const char *truth_columns_sql(const struct truth *t)
{
    return db_engine(t->c.db) == DB_POSTGRES
               ? "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
               : "SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master m, pragma_table_info(m.name) c "
                 "WHERE m.type = 'table' AND substr(m.name, 1, 7) <> 'sqlite_' ORDER BY 1, 2";
}

/* How many cells of a query's first column hold these bytes? */
static inline int64_t truth_holding(struct truth *t, const char *text, const char *bytes)
{
    struct db_rows *q;
    int64_t n = 0;
    assert_int_equal(db_query_text(t->c.db, text, NULL, 0, &q), RC_OK);
    while (db_next(q)) {
        struct str cell = db_text_at(q, 0);
        n += memmem(cell.ptr, cell.len, bytes, strlen(bytes)) != NULL;
    }
    assert_int_equal(db_end(q), RC_OK);
    return n;
}

static inline int64_t truth_count(struct truth *t, const char *text)
{
    struct db_rows *q;
    int64_t n = -1;
    assert_int_equal(db_query_text(t->c.db, text, NULL, 0, &q), RC_OK);
    if (db_next(q))
        n = db_i64_at(q, 0);
    assert_int_equal(db_end(q), RC_OK);
    return n;
}

#endif
