/* app/layout.c against the catalog of a database that all migrations have made: every table has its place, and every table that is
 * spread obeys what Citus asks of it; and what a database of the schema before held is all there after its migrations. The catalog is PostgreSQL's (ZHIXIN_TEST_DATABASE); on SQLite only the list of tables is compared. */
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

static bool is_layouts(int migration)
{
    return migration == 202 || migration == 402 || migration == 604;
}

static void migrate(struct truth *t, bool layout_too)
{
    struct db_migration all[100];
    size_t count = 0;
    for (size_t i = 0; all_modules[i]; i++)
        for (const struct db_migration *m = all_modules[i]->migrations; m && m->text; m++) {
            assert_true(count < COUNT(all));
            if (layout_too || !is_layouts(m->number))
                all[count++] = *m;
        }
    qsort(all, count, sizeof(*all), by_number);
    assert_int_equal(db_migrate(t->c.db, all, count), RC_OK);
}

static int set_up(void **state)
{
    struct truth *t = truth_new();
    migrate(t, true);
    *state = t;
    return 0;
}

static int set_up_before(void **state)
{
    struct truth *t = truth_new();
    migrate(t, false);
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

/* ---- what was there before the layout ---- */

static void put_old_rows(struct truth *t)
{
    const char *hash = on_postgres(t) ? "CAST('0123456789abcdef' AS BYTEA)" : "x'30313233343536373839616263646566'";
    const char *key = on_postgres(t) ? "CAST('k' AS BYTEA)" : "x'6b'";
    const char *script = arena_printf(
        t->c.arena,
        "INSERT INTO customer (id, rev, number, brand_id, sealed_for, name, class, tastes, first_source_id, first_store_id, created_us, updated_us) VALUES "
        "(1, 3, 1001, 0, 1, %s, 2, 'silk', 5, 6, 7, 8), (2, 1, 1002, 0, 2, NULL, NULL, NULL, 5, 6, 7, 9), (3, 1, 1003, 0, 3, NULL, NULL, NULL, 5, 6, 7, 9);"
        "INSERT INTO customer_relation VALUES (1, 2, 'parent', 4, 77);"
        "INSERT INTO customer_member VALUES (3, 1, 50);"
        "INSERT INTO subject_link VALUES (900, 1, 1, 0, 0, 70), (901, 3, 0, 1, 0, 71);"
        "INSERT INTO identity_log VALUES (50, 'merge', 1, 3, 'phone', 1, 'event', 60, 0, '{}', 72);"
        "INSERT INTO key_claim VALUES (%s, 0, 10), (%s, 1, 33);"
        /* 10 was sold to 1; 2 brought a piece of it back with 11; 12 names what has not come in */
        "INSERT INTO sale VALUES (10, 'A/1/1', 1, 8, 'store', 6, '1', 'N10', 100, 20100, 'CNY', 500, 0, 0, 0, 2, 5, 1, 1, 1, %s, 100, 100, 1, 1),"
        " (11, 'A/1/2', 3, 8, 'web', 6, '1', 'N11', 200, 20101, 'CNY', -250, 0, 0, 0, -1, 5, 1, 2, 1, %s, 200, 200, 1, 0),"
        " (12, 'A/1/3', 3, 8, 'store', 6, '1', 'N12', 300, 20102, 'CNY', -90, 0, 0, 0, -1, 5, 1, 2, 0, %s, 300, 300, 1, 0);"
        "INSERT INTO sale_line (sale_id, line_no, sku_id, style_id, sku, name, quantity, list_minor, paid_minor, discount_minor, order_share_minor, tax_permyriad, promotion,"
        " coupon, return_key, return_line, return_sale_id, return_reason, over_quantity) VALUES"
        " (10, 1, 31, 21, 'S', 'n', 2, 300, 500, 100, 0, 1300, 'p', 'c', '', 0, 0, '', 0),"
        " (11, 1, 31, 21, 'S', 'n', -1, 300, -250, 0, 0, 1300, '', '', 'A/1/1', 1, 10, 'size', 1),"
        " (12, 1, 0, 0, 'U', 'n', -1, 90, -90, 0, 0, 1300, '', '', 'B/9/9', 0, 0, '', 0);"
        "INSERT INTO sale_tender VALUES (10, 1, 'cash', 500); INSERT INTO sale_share VALUES (10, 'A07', 1000); INSERT INTO sale_state VALUES (10, 1, 8, 100, 0);",
        key, hash, key, hash, hash, hash).ptr;
    assert_int_equal(db_script(t->c.db, script), RC_OK);
}

static int64_t asked(struct truth *t, const char *text)
{
    struct db_rows *q = ask(t, text);
    assert_true(db_next(q));
    int64_t n = db_i64_at(q, 0);
    assert_int_equal(db_end(q), RC_OK);
    return n;
}

static void what_was_there_is_kept(void **state)
{
    struct truth *t = *state;
    static const struct {
        const char *question;
        int64_t answer;
    } rows[] = {
        {"SELECT count(*) FROM customer", 3},
        {"SELECT count(*) FROM customer WHERE id = 1 AND rev = 3 AND number = 1001 AND name IS NOT NULL AND class = 2 AND tastes = 'silk' AND first_store_id = 6 AND updated_us = 8", 1},
        {"SELECT customer_id FROM customer_number WHERE number = 1002", 2},
        {"SELECT count(*) FROM customer_related WHERE customer_id = 2 AND other_id = 1 AND kind = 'parent' AND at_us = 77", 1},
        {"SELECT count(*) FROM customer_relation WHERE customer_id = 1 AND other_id = 2 AND staff_id = 4", 1},
        {"SELECT count(*) FROM customer_group WHERE root_id = 1 AND customer_id = 3", 1},
        {"SELECT count(*) FROM customer_subject WHERE (customer_id = 1 AND subject = 900) OR (customer_id = 3 AND subject = 901)", 2},
        {"SELECT count(*) FROM identity_log WHERE winner_id = 1 AND id = 50 AND loser_id = 3 AND rule = 'phone' AND at_us = 72", 1},
        {"SELECT count(*) FROM key_claim WHERE ref_id = 10 AND customer_id = 1", 1},
        {"SELECT count(*) FROM key_claim WHERE ref_id = 33 AND customer_id = 1", 1},
        {"SELECT count(*) FROM sale", 3},
        {"SELECT count(*) FROM sale WHERE id = 10 AND customer_id = 1 AND sale_key = 'A/1/1' AND number = 'N10' AND total_minor = 500 AND units = 2 AND member = 1 AND over_returned = 1", 1},
        {"SELECT count(*) FROM sale_line WHERE sale_id = 10 AND customer_id = 1 AND quantity = 2 AND promotion = 'p' AND coupon = 'c' AND return_customer_id = 0 AND return_channel = ''", 1},
        {"SELECT count(*) FROM sale_line WHERE sale_id = 11 AND customer_id = 2 AND return_sale_id = 10 AND return_customer_id = 1 AND return_channel = 'store' AND over_quantity = 1", 1},
        {"SELECT count(*) FROM sale_returned", 1},
        {"SELECT count(*) FROM sale_returned WHERE sale_id = 10 AND customer_id = 1 AND line_no = 1 AND return_sale_id = 11 AND return_customer_id = 2 AND quantity = 1 AND paid_minor = 250", 1},
        {"SELECT count(*) FROM sale_waiting WHERE return_key = 'B/9/9' AND sale_id = 12 AND line_no = 1 AND customer_id = 2", 1},
        {"SELECT count(*) FROM sale_waiting", 1},
        {"SELECT count(*) FROM sale_tender WHERE sale_id = 10 AND customer_id = 1 AND amount_minor = 500", 1},
        {"SELECT count(*) FROM sale_share WHERE sale_id = 10 AND customer_id = 1 AND staff_no = 'A07'", 1},
        {"SELECT count(*) FROM sale_state WHERE sale_id = 10 AND customer_id = 1 AND status = 8 AND at_us = 100", 1},
    };
    put_old_rows(t);
    migrate(t, true);
    for (size_t i = 0; i < COUNT(rows); i++) {
        trying(rows[i].question);
        assert_int_equal(asked(t, rows[i].question), rows[i].answer);
    }
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_table_has_a_place), T(each_stands_once_and_behind_whom_it_lies_with), T(the_column_can_place_a_row), T(every_unique_key_holds_the_column),
        T(nothing_ties_tables_together), cmocka_unit_test_setup_teardown(what_was_there_is_kept, set_up_before, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
