/* app/modules.c: what must hold of all modules together. A table that names a customer must belong to a module that takes
 * part in merging and erasing her, so that neither can be forgotten when a module is added. */
#include "truth.h"

#include "http/route.h"

#define modules all_modules /* the test programs have an empty list of that name */
#include "app/modules.c"
#undef modules

/* The database layer's own: its log of changes, ids and numbers only, which a person's erasure leaves as they are. */
static bool is_base_table(struct str table)
{
    return str_eqz(table, "change") || str_eqz(table, "schema_migration") || str_eqz(table, "writer");
}

static const struct module *owner_of(struct str table)
{
    for (size_t i = 0; all_modules[i]; i++)
        for (const char *const *t = all_modules[i]->tables; t && *t; t++)
            if (str_eqz(table, *t))
                return all_modules[i];
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    return ((const struct db_migration *)a)->number - ((const struct db_migration *)b)->number;
}

static int set_up(void **state)
{
    struct db_migration all[100];
    struct truth *t = truth_new();
    size_t count = 0;
    for (size_t i = 0; all_modules[i]; i++) {
        for (const struct db_migration *m = all_modules[i]->migrations; m && m->text; m++) {
            assert_true(count < COUNT(all));
            all[count++] = *m;
        }
        if (all_modules[i]->sql)
            truth_register(all_modules[i]->sql);
    }
    qsort(all, count, sizeof(*all), by_number);
    for (size_t i = 1; i < count; i++)
        assert_true(all[i - 1].number < all[i].number);
    assert_int_equal(db_migrate(t->c.db, all, count), RC_OK);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    truth_free(*state);
    return 0;
}

static void every_statement_of_every_module_prepares(void **state)
{
    struct truth *t = *state;
    for (size_t i = 0; all_modules[i]; i++)
        if (all_modules[i]->sql)
            truth_check_sql(t, all_modules[i]->sql);
}

static void every_table_has_one_owner(void **state)
{
    struct truth *t = *state;
    struct db_rows *q;
    assert_int_equal(db_query_text(t->c.db, truth_columns_sql(t), NULL, 0, &q), RC_OK);
    while (db_next(q))
        if (!is_base_table(db_text(q, "table_name")) && !owner_of(db_text(q, "table_name")))
            fail_msg("no module owns table %.*s", STR_FMT(db_text(q, "table_name")));
    assert_int_equal(db_end(q), RC_OK);
}

static void whoever_names_a_customer_takes_part(void **state)
{
    struct truth *t = *state;
    struct db_rows *q;
    size_t tables = 0;
    assert_int_equal(db_query_text(t->c.db, truth_columns_sql(t), NULL, 0, &q), RC_OK);
    while (db_next(q)) {
        struct str table = db_text(q, "table_name");
        if (!str_eqz(db_text(q, "column_name"), "customer_id") || is_base_table(table))
            continue;
        const struct module *m = owner_of(table);
        if (!m || !m->on_customer_merge || !m->on_customer_erase)
            fail_msg("table %.*s names a customer, but module %s does not take part in merging or erasing her", STR_FMT(table), m ? m->name : "?");
        tables++;
    }
    assert_int_equal(db_end(q), RC_OK);
    assert_true(tables >= 9);
}

static void every_route_needs_a_known_permission(void **state)
{
    (void)state;
    for (size_t i = 0; all_modules[i]; i++)
        for (const struct route *r = all_modules[i]->routes; r && r->path; r++) {
            bool known = strcmp(r->need, NEED_NOBODY) == 0 || strcmp(r->need, NEED_SESSION) == 0;
            for (size_t k = 0; all_modules[k] && !known; k++)
                for (const struct permission *p = all_modules[k]->permissions; p && p->name && !known; p++)
                    known = strcmp(p->name, r->need) == 0;
            if (!known)
                fail_msg("%s needs %s, which no module has", r->path, r->need);
        }
}

/* The page of the audit calls each deed by its text; a route that is added without one would stand there as code. */
static void every_deed_has_a_text(void **state)
{
    static char texts[1 << 20];
    (void)state;
    FILE *f = fopen("i18n/zh-CN.json", "r");
    assert_non_null(f);
    texts[fread(texts, 1, sizeof(texts) - 1, f)] = 0;
    fclose(f);
    for (size_t i = 0; all_modules[i]; i++)
        for (const struct route *r = all_modules[i]->routes; r && r->path; r++) {
            char key[128];
            if (!r->writes)
                continue;
            assert_non_null(r->act);
            snprintf(key, sizeof(key), "\"audit.action.%s\":", r->act);
            if (!strstr(texts, key))
                fail_msg("%s has no text for %s", r->path, r->act);
        }
}

/* The feed asks identity who is who, which starts after customer: before that everybody would be herself, the merged too. */
static void the_feed_of_names_waits_for_all_modules(void **state)
{
    struct app app = {.vault = (struct vault *)state}; /* never asked */
    assert_int_equal(customer_module.start(&app), RC_OK);
    assert_null(app.customer_feed);
    assert_non_null(customer_module.run);
    customer_module.stop(&app);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_statement_of_every_module_prepares), T(every_table_has_one_owner), T(whoever_names_a_customer_takes_part), T(every_route_needs_a_known_permission),
        T(every_deed_has_a_text), T(the_feed_of_names_waits_for_all_modules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
