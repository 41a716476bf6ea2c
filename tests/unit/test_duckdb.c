/* The DuckDB driver behind db.h, bulk append, feeds, and the doors that must be shut. */
#include "base/ctx.h"
#include "db/append.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], segments[96], file[96];

static const struct db_sql statements[] = {
    {"duck_make", "CREATE TABLE t (id BIGINT, name VARCHAR, day INTEGER, raw BLOB)"},
    {"duck_insert", "INSERT INTO t VALUES ($id, $name, $day, $raw)"},
    {"duck_list", "SELECT id, name, day, raw FROM t WHERE id IN ($ids[]) AND day >= $day ORDER BY id NULLS FIRST"},
    {"duck_sum", "SELECT sum(id) AS total, count(*) AS rows, avg(id) AS mean, sum(1.5) AS decimal FROM t"},
    {"duck_division", "SELECT 7 / 2 AS half"},
    {"duck_make_once", "CREATE TABLE once (id BIGINT PRIMARY KEY, n BIGINT)"},
    {"duck_put_once", "INSERT INTO once VALUES ($id, 0)"},
    {"duck_change_once", "UPDATE once SET n = n + 1"},
    {"duck_more_than_fits", "SELECT length(string_agg(repeat('x', 1000), ',' ORDER BY random())) FROM range(1000000)"},
    {"duck_no_number", "SELECT CAST(concat('x', range) AS BIGINT) FROM range(100000)"},
    {NULL, NULL},
};

static struct db *open_file(const char *path)
{
    struct db *db = NULL;
    assert_int_equal(db_open_duckdb(path, segments, &(struct db_options){.create = true}, &db), RC_OK);
    return db;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/zhixin-duckdb-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(segments, sizeof(segments), "%s/", dir);
    snprintf(file, sizeof(file), "%s/w.duckdb", dir);
    db_register_sql(statements, 99);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[3][160];
    snprintf(command[0], sizeof(command[0]), "%s/out.parquet", dir);
    unlink(command[0]);
    unlink(file);
    return rmdir(dir);
}

static void statements_bind_and_read(void **state)
{
    (void)state;
    struct db *db = open_file(":memory:");
    const int64_t ids[] = {1, 3, 9};
    assert_int_equal(db_run(db, "duck_make"), RC_OK);
    for (int64_t id = 1; id <= 4; id++)
        assert_int_equal(db_run(db, "duck_insert", DB_I64("id", id), DB_TEXT("name", STR("一个比十二字节长的名字")), DB_I64("day", 20000 + id), DB_NULL("raw")), RC_OK);
    struct db_rows *q = db_query(db, "duck_list", DB_IDS("ids", ids, 3), DB_I64("day", 20002));
    assert_true(db_next(q));
    assert_int_equal(db_i64(q, "id"), 3);
    assert_int_equal(db_i64(q, "day"), 20003);
    assert_true(db_is_null(q, "raw"));
    assert_true(str_eqz(db_text(q, "name"), "一个比十二字节长的名字"));
    assert_false(db_next(q));
    assert_int_equal(db_end(q), RC_OK);
    q = db_query(db, "duck_sum");
    assert_true(db_next(q));
    assert_int_equal(db_i64(q, "total"), 10); /* HUGEINT */
    assert_true(db_double(q, "mean") == 2.5);
    assert_true(db_double(q, "decimal") == 6.0);
    assert_int_equal(db_end(q), RC_OK);
    q = db_query(db, "duck_division");
    assert_true(db_next(q));
    assert_int_equal(db_i64(q, "half"), 3);
    assert_int_equal(db_end(q), RC_OK);
    db_close(db);
}

/* What failed is told by its kind, whoever found it out: one of DuckDB's threads, or the statement's own. */
static void failures_are_told_apart(void **state)
{
    (void)state;
    struct db *db, *other;
    assert_int_equal(db_open_duckdb(file, segments, &(struct db_options){.create = true, .cache_kib = 32 << 10}, &db), RC_OK);
    assert_int_equal(db_open_duckdb(file, NULL, &(struct db_options){0}, &other), RC_OK);
    assert_int_equal(db_run(db, "duck_make_once"), RC_OK);
    assert_int_equal(db_run(db, "duck_put_once", DB_I64("id", 1)), RC_OK);
    assert_int_equal(db_run(db, "duck_put_once", DB_I64("id", 1)), RC_CONFLICT);
    assert_int_equal(db_run(db, "duck_more_than_fits"), RC_NO_MEMORY);
    assert_int_equal(db_run(db, "duck_no_number"), RC_STORE);
    assert_int_equal(db_script(db, "BEGIN TRANSACTION"), RC_OK);
    assert_int_equal(db_script(other, "BEGIN TRANSACTION"), RC_OK);
    assert_int_equal(db_run(db, "duck_change_once"), RC_OK);
    assert_int_equal(db_run(other, "duck_change_once"), RC_BUSY);
    assert_int_equal(db_script(db, "COMMIT"), RC_OK);
    assert_int_equal(db_script(other, "ROLLBACK"), RC_OK);
    assert_false(db_is_broken(db));
    db_close(other);
    db_close(db);
    assert_int_equal(unlink(file), 0);
}

/* DuckDB keeps a plan that was made while a table was empty; see duckdb.c. */
static void statements_see_what_came_later(void **state)
{
    (void)state;
    struct db *db = open_file(":memory:");
    const int64_t ids[] = {1};
    assert_int_equal(db_run(db, "duck_make"), RC_OK);
    for (int run = 0; run < 3; run++) {
        struct db_rows *q = db_query(db, "duck_list", DB_IDS("ids", ids, 1), DB_I64("day", 0));
        int rows = 0;
        while (db_next(q))
            rows++;
        assert_int_equal(db_end(q), RC_OK);
        assert_int_equal(rows, run);
        assert_int_equal(db_run(db, "duck_insert", DB_I64("id", 1), DB_TEXT("name", STR("x")), DB_I64("day", 1), DB_NULL("raw")), RC_OK);
    }
    db_close(db);
}

static void append_and_share(void **state)
{
    (void)state;
    struct db *db = open_file(file), *other = open_file(file);
    struct db_appender *a;
    assert_int_equal(db_run(db, "duck_make"), RC_OK);
    assert_int_equal(db_script(db, "BEGIN TRANSACTION"), RC_OK);
    assert_int_equal(db_appender_begin(db, "t", &a), RC_OK);
    struct db_chunk *k = db_appender_chunk(a);
    for (int i = 0; i < 5000; i++) {
        db_chunk_i64(k, i);
        db_chunk_text(k, i % 2 ? STR("short") : STR("a text that does not stand in place"));
        db_chunk_i64(k, i % 7);
        if (i % 3)
            db_chunk_null(k);
        else
            db_chunk_text(k, STR("\x01\x02"));
        assert_int_equal(db_appender_row(a), RC_OK);
    }
    assert_int_equal(db_appender_end(a), RC_OK);
    struct db_rows *q;
    assert_int_equal(db_query_text(other, "SELECT count(*) AS n FROM t", NULL, 0, &q), RC_OK);
    assert_true(db_next(q));
    assert_int_equal(db_i64(q, "n"), 0); /* another connection sees it after the commit */
    assert_int_equal(db_end(q), RC_OK);
    assert_int_equal(db_script(db, "COMMIT"), RC_OK);
    assert_int_equal(db_query_text(other, "SELECT count(*) AS n, count(raw) AS raws, sum(id) AS s, max(name) AS name FROM t", NULL, 0, &q), RC_OK);
    assert_true(db_next(q));
    assert_int_equal(db_i64(q, "n"), 5000);
    assert_int_equal(db_i64(q, "raws"), 1667);
    assert_int_equal(db_i64(q, "s"), 5000 * 4999 / 2);
    assert_true(str_eqz(db_text(q, "name"), "short"));
    assert_int_equal(db_end(q), RC_OK);
    db_close(other);
    db_close(db);
}

static size_t count_down(void *arg, struct db_chunk *chunk, size_t room)
{
    static const uint8_t id[16] = {0xf0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    int64_t *left = arg;
    size_t rows = 0;
    for (; rows < room && *left; rows++) {
        db_chunk_i64(chunk, (*left)--);
        db_chunk_uuid(chunk, id);
        db_chunk_row(chunk);
    }
    return rows;
}

static void feeds_write_parquet(void **state)
{
    (void)state;
    static const struct db_feed_column columns[] = {{"n", DB_CELL_I64}, {"id", DB_CELL_UUID}};
    struct db *db = open_file(":memory:");
    int64_t left = 10000;
    struct db_feed feed = {"numbers", columns, 2, count_down, &left};
    char sql[256];
    assert_int_equal(db_feed_register(db, &feed), RC_OK);
    snprintf(sql, sizeof(sql), "COPY (SELECT * FROM numbers()) TO '%sout.parquet' (FORMAT parquet, COMPRESSION zstd)", segments);
    assert_int_equal(db_script(db, sql), RC_OK);
    struct db_rows *q;
    snprintf(sql, sizeof(sql), "SELECT count(*) AS n, CAST(min(id) AS VARCHAR) AS id FROM read_parquet('%sout.parquet')", segments);
    assert_int_equal(db_query_text(db, sql, NULL, 0, &q), RC_OK);
    assert_true(db_next(q));
    assert_int_equal(db_i64(q, "n"), 10000);
    assert_true(str_eqz(db_text(q, "id"), "f0010203-0405-0607-0809-0a0b0c0d0e0f"));
    assert_int_equal(db_end(q), RC_OK);
    db_close(db);
}

static void doors_are_shut(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "SELECT * FROM read_csv('/etc/passwd')", "COPY (SELECT 1) TO '/tmp/zhixin-out.csv'", "ATTACH '/tmp/zhixin-other.duckdb'",
        "SET enable_external_access=true",       "INSTALL httpfs",                         "LOAD '/tmp/x.duckdb_extension'",
        "SET memory_limit='1GB'",
    };
    struct db *db = open_file(file);
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        assert_int_not_equal(db_script(db, refused[i]), RC_OK);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_bind_and_read), cmocka_unit_test(failures_are_told_apart), cmocka_unit_test(statements_see_what_came_later),
        cmocka_unit_test(append_and_share), cmocka_unit_test(feeds_write_parquet), cmocka_unit_test(doors_are_shut),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
