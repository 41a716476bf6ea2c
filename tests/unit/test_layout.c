/* app/layout.c against the catalog of a database that all migrations have made: every table has its place, and every table that is
 * spread obeys what Citus asks of it. The catalog is PostgreSQL's (ZHIXIN_TEST_DATABASE); on SQLite only the list of tables is compared. */
#include "truth.h"

#include "app/layout.h"
#include "http/route.h"

#define modules all_modules /* the test programs have an empty list of that name */
#include "app/modules.c"
#undef modules

static int by_number(const void *a, const void *b)
{
    return ((const struct db_migration *)a)->number - ((const struct db_migration *)b)->number;
}

static int set_up(void **state)
{
    struct db_migration all[100];
    struct truth *t = truth_new();
    size_t count = 0;
    for (size_t i = 0; all_modules[i]; i++)
        for (const struct db_migration *m = all_modules[i]->migrations; m && m->text; m++) {
            assert_true(count < COUNT(all));
            all[count++] = *m;
        }
    qsort(all, count, sizeof(*all), by_number);
    assert_int_equal(db_migrate(t->c.db, all, count), RC_OK);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    truth_free(*state);
    return 0;
}

static const struct layout *layout_of(struct str table)
{
    for (const struct layout *l = layouts; l->table; l++)
        if (str_eqz(table, l->table))
            return l;
    return NULL;
}

static struct db_rows *ask(struct truth *t, const char *text)
{
    struct db_rows *q;
    assert_int_equal(db_query_text(t->c.db, text, NULL, 0, &q), RC_OK);
    return q;
}

static int64_t number(struct truth *t, const char *table, const char *column, const char *text)
{
    const struct db_arg args[] = {DB_TEXT("table_name", str_z(table)), DB_TEXT("column_name", str_z(column))};
    struct db_rows *q;
    assert_int_equal(db_query_text(t->c.db, text, args, 2, &q), RC_OK);
    assert_true(db_next(q));
    int64_t n = db_i64_at(q, 0);
    assert_int_equal(db_end(q), RC_OK);
    return n;
}

static bool on_postgres(struct truth *t)
{
    return db_engine(t->c.db) == DB_POSTGRES;
}

static void every_table_has_a_place(void **state)
{
    struct truth *t = *state;
    size_t there = 0, known = 0;
    struct db_rows *q = ask(t, on_postgres(t) ? "SELECT CAST(relname AS TEXT) AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = CAST('public' AS regnamespace)"
                                              : "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'");
    for (; db_next(q); there++)
        if (!layout_of(db_text(q, "name")))
            fail_msg("%.*s has no place in app/layout.c", STR_FMT(db_text(q, "name")));
    assert_int_equal(db_end(q), RC_OK);
    for (const struct layout *l = layouts; l->table; l++)
        known += on_postgres(t) || strcmp(l->table, "writer") != 0; /* PostgreSQL's driver has it alone */
    assert_int_equal(there, known);
}

static void each_stands_once_and_behind_whom_it_lies_with(void **state)
{
    (void)state;
    for (const struct layout *l = layouts; l->table; l++) {
        const struct layout *first = l->with ? layout_of(str_z(l->with)) : NULL;
        trying(l->table);
        assert_ptr_equal(layout_of(str_z(l->table)), l);
        assert_true(l->why && l->why[0]);
        assert_true((l->kind == LAYOUT_SPREAD) == (l->column != NULL));
        assert_true(!l->with || (first && first < l && first->kind == LAYOUT_SPREAD && !first->with));
    }
}

static void the_column_can_place_a_row(void **state)
{
    struct truth *t = *state;
    if (!on_postgres(t))
        return;
    static const char is_fit[] = "SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass(CAST($table_name AS TEXT)) AND attname = CAST($column_name AS TEXT) AND attnotnull "
                                 "AND atttypid IN (CAST('bigint' AS regtype), CAST('bytea' AS regtype), CAST('text' AS regtype))";
    static const char type[] = "SELECT CAST(CAST(atttypid AS OID) AS BIGINT) FROM pg_attribute WHERE attrelid = to_regclass(CAST($table_name AS TEXT)) AND attname = CAST($column_name AS TEXT)";
    for (const struct layout *l = layouts; l->table; l++) {
        if (l->kind != LAYOUT_SPREAD)
            continue;
        trying(l->table);
        assert_int_equal(number(t, l->table, l->column, is_fit), 1);
        if (l->with)
            assert_int_equal(number(t, l->table, l->column, type), number(t, l->with, layout_of(str_z(l->with))->column, type));
    }
}

/* Every unique key, the primary one too, holds the column; and there is a primary one. */
static void every_unique_key_holds_the_column(void **state)
{
    struct truth *t = *state;
    if (!on_postgres(t))
        return;
    static const char primary[] = "SELECT count(*) FROM pg_index WHERE indrelid = to_regclass(CAST($table_name AS TEXT)) AND indisprimary AND CAST($column_name AS TEXT) <> ''";
    static const char without[] =
        "SELECT count(*) FROM pg_index AS i WHERE i.indrelid = to_regclass(CAST($table_name AS TEXT)) AND i.indisunique AND NOT EXISTS (SELECT 1 FROM pg_attribute AS a "
        "WHERE a.attrelid = i.indrelid AND a.attname = CAST($column_name AS TEXT) AND a.attnum = ANY ((CAST(i.indkey AS SMALLINT[]))[0:i.indnkeyatts - 1]))";
    size_t spread = 0;
    for (const struct layout *l = layouts; l->table; l++) {
        if (l->kind != LAYOUT_SPREAD)
            continue;
        trying(l->table);
        assert_int_equal(number(t, l->table, l->column, primary), 1);
        assert_int_equal(number(t, l->table, l->column, without), 0);
        spread++;
    }
    print_message("%zu tables are spread, and all their unique keys hold the column\n", spread);
}

/* What Citus would refuse or do wrong: foreign keys between places, rules, triggers on spread tables. */
static void nothing_ties_tables_together(void **state)
{
    struct truth *t = *state;
    if (!on_postgres(t))
        return;
    struct db_rows *q = ask(t, "SELECT (SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = CAST('public' AS regnamespace)) AS foreign_keys");
    assert_true(db_next(q));
    assert_int_equal(db_i64(q, "foreign_keys"), 0);
    assert_int_equal(db_end(q), RC_OK);
    q = ask(t, "SELECT CAST(c.relname AS TEXT) AS name FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid WHERE NOT g.tgisinternal");
    while (db_next(q))
        assert_true(layout_of(db_text(q, "name"))->kind != LAYOUT_SPREAD);
    assert_int_equal(db_end(q), RC_OK);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_table_has_a_place), T(each_stands_once_and_behind_whom_it_lies_with), T(the_column_can_place_a_row), T(every_unique_key_holds_the_column),
        T(nothing_ties_tables_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
