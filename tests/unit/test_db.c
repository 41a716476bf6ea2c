/* The database face over SQLite: names, lists, loops, transactions, migrations, change.seq. */
#include "engine.h"

#include "embedded_sql.h"

static const struct db_sql test_sql[] = {
    {"t_put", "INSERT INTO t (id, name, sealed) VALUES ($id, $name, $sealed)"},
    {"t_named", "SELECT id, name, sealed FROM t WHERE name = $name AND '$x' <> $name"},
    {"t_in", "SELECT id FROM t WHERE id IN ($ids[]) AND id > $floor ORDER BY id"},
    {"t_count", "SELECT count(*) FROM t"},
    {NULL, NULL},
};
static const struct db_migration test_migrations[] = {
    {1, "CREATE TABLE t (id $BIGINT NOT NULL PRIMARY KEY, name $TEXT NOT NULL, sealed $BYTES) $STRICT;"},
    {2, "CREATE INDEX t_name ON t (name);"},
};

struct fixture {
    char dir[64], path[200];
    struct ctx c;
};

static int set_up(void **state)
{
    struct fixture *f = mem_zalloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/zhixin-db-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    engine_make(f->dir, "t.db", f->path, sizeof(f->path));
    f->c.arena = arena_new();
    f->c.now_us = 7;
    assert_int_equal(db_open(f->path, &(struct db_options){.create = true}, &f->c.db), RC_OK);
    assert_int_equal(db_migrate(f->c.db, test_migrations, 2), RC_OK);
    db_register_sql(test_sql, 4);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    db_close(f->c.db);
    arena_free(f->c.arena);
    engine_remove(f->path);
    rmdir(f->dir);
    free(f);
    return 0;
}

static enum rc put(struct ctx *c, int64_t id, struct str name)
{
    return db_run(c->db, "t_put", DB_I64("id", id), DB_TEXT("name", name), DB_BLOB_OR_NULL("sealed", STR_NULL));
}

static void test_bind_and_read_by_name(void **state)
{
    struct ctx *c = &((struct fixture *)*state)->c;
    assert_int_equal(put(c, 41, STR("李小明")), RC_OK);
    struct db_rows *q = db_query(c->db, "t_named", DB_TEXT("name", STR("李小明")));
    assert_true(db_next(q));
    assert_int_equal(db_i64(q, "id"), 41);
    assert_true(str_eq(db_text(q, "name"), STR("李小明")));
    assert_true(db_is_null(q, "sealed"));
    assert_false(db_next(q));
    assert_int_equal(db_end(q), RC_OK);
}

static void test_lists_expand(void **state)
{
    struct ctx *c = &((struct fixture *)*state)->c;
    for (int64_t id = 1; id <= 9; id++)
        assert_int_equal(put(c, id, STR("x")), RC_OK);
    const int64_t ids[] = {3, 5, 9, 12, 1};
    for (size_t count = 0; count <= 5; count++) {
        size_t rows = 0;
        struct db_rows *q = db_query(c->db, "t_in", DB_IDS("ids", ids, count), DB_I64("floor", 2));
        while (db_next(q))
            rows++;
        assert_int_equal(db_end(q), RC_OK);
        assert_int_equal(rows, count > 3 ? 3 : count);
    }
}

static void test_unique_violation_is_conflict(void **state)
{
    struct ctx *c = &((struct fixture *)*state)->c;
    assert_int_equal(put(c, 1, STR("a")), RC_OK);
    assert_int_equal(put(c, 1, STR("b")), RC_CONFLICT);
}

static enum rc put_two_then_fail(struct ctx *c, void *arg)
{
    bool fail = *(bool *)arg;
    enum rc rc = put(c, 100, STR("a"));
    if (!rc)
        rc = change_add(c, CHANGE_ORDER, 100, 0, 1);
    if (rc)
        return rc;
    return fail ? RC_INVALID : RC_OK;
}

/* On a server that others work on, what was just committed may be read a moment later. */
static int64_t last_change(struct ctx *c)
{
    int64_t seq = 0;
    for (int look = 0; seq == 0 && look < 12000; look++) {
        assert_int_equal(change_last(c, &seq), RC_OK);
        if (seq == 0)
            usleep(10000);
    }
    return seq;
}

static void test_transactions_roll_back(void **state)
{
    struct ctx *c = &((struct fixture *)*state)->c;
    int64_t count;
    bool fail = true;
    assert_int_equal(db_tx(c, put_two_then_fail, &fail), RC_INVALID);
    assert_int_equal(db_get_i64(c->db, -1, &count, "t_count"), RC_OK);
    assert_int_equal(count, 0);
    fail = false;
    assert_int_equal(db_tx(c, put_two_then_fail, &fail), RC_OK);
    assert_true(last_change(c) > 0);
    struct change *changes;
    size_t changed;
    assert_int_equal(change_read(c, 0, 10, &changes, &changed), RC_OK);
    assert_int_equal(changed, 1);
    assert_int_equal(changes[0].ref_id, 100);
}

static void test_a_newer_file_is_refused(void **state)
{
    struct ctx *c = &((struct fixture *)*state)->c;
    assert_int_equal(db_migrate(c->db, test_migrations, 2), RC_OK);
    assert_int_equal(db_migrate(c->db, test_migrations, 1), RC_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bind_and_read_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists_expand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unique_violation_is_conflict, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_transactions_roll_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_newer_file_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
