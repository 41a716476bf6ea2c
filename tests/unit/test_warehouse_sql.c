/* One SQL of the warehouse: each named statement is prepared on DuckDB and on PostgreSQL, every question is asked, and every step made,
 * with many bindings on the same generated rows of both; rows, their order, counts of changed rows and whole tables must agree. Rows go in
 * by db_appender_*(), so that DuckDB's vectors and PostgreSQL's COPY are compared, too. It needs a PostgreSQL server
 * (ZHIXIN_TEST_DATABASE) and skips without one. ZHIXIN_TEST_SEED draws other rows and bindings. */
#include "engine.h"

#include "base/arena.h"
#include "db/append.h"
#include "embedded_sql.h"
#include "warehouse/warehouse_priv.h"

#include <ctype.h>
#include <math.h>

enum { DUCK, POST, ENGINES };
enum { TABLES_MAX = 32, COLUMNS_MAX = 32, ROWS = 200, BINDINGS = 40, STEP_BINDINGS = 3, PARAMETERS_MAX = 32, LIST_MAX = 12, NAME_MAX_LEN = 48 };
#define SCHEMA "warehouse"

struct column {
    char name[NAME_MAX_LEN];
    enum { NUMBER, SMALL, TEXT, BYTES } kind;
    bool nullable;
};
struct table {
    char name[NAME_MAX_LEN];
    struct column columns[COLUMNS_MAX];
    size_t column_count;
    bool passing; /* of a step: filled in each transaction anew */
};

static struct db *on[ENGINES];
static char where[200], dir[64];
static struct table tables[TABLES_MAX];
static size_t table_count;
static const struct db_sql *const lists[] = {insight_warehouse_sql, warehouse_warehouse_sql};

/* ---- chance ---- */

static uint64_t chance_state = 0x9E3779B97F4A7C15u;

static uint64_t chance(void)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return chance_state * 0x2545F4914F6CDD1Du >> 11;
}

static size_t below(size_t n)
{
    return (size_t)(chance() % n);
}

static bool one_in(size_t n)
{
    return below(n) == 0;
}

static bool ends_in(const char *name, const char *end)
{
    return str_ends(str_z(name), str_z(end));
}

static bool is_among(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}
#define IS_AMONG(name, ...) is_among(name, (const char *const[]){__VA_ARGS__, NULL})

/* ---- values ---- */

/* Ids from a small range, so that joins hit; odd sums over even counts, so that halves are rounded; ends of 64 bits where nobody adds up. */
static int64_t number_like(const char *name)
{
    static const int64_t ends[] = {INT64_MAX, INT64_MIN + 1, INT64_C(1) << 53, -1, 0}, money[] = {0, 1, -1, 3, 5, 99, 101, 12345, -250, 1000000001, -1000000001};
    if (ends_in(name, "_us"))
        return one_in(20) ? ends[below(COUNT(ends))] : 1000 + (int64_t)below(9);
    if (IS_AMONG(name, "step", "steps"))
        return (int64_t)below(8);
    if (ends_in(name, "_id") || IS_AMONG(name, "id", "subject", "block", "unit", "last_block"))
        return one_in(25) ? ends[below(COUNT(ends))] : (int64_t)below(40);
    if (ends_in(name, "day"))
        return 20000 + (int64_t)below(one_in(4) ? 400 : 20);
    if (IS_AMONG(name, "class", "person_class", "counts", "role"))
        return one_in(3) ? (int64_t)below(4) : 1;
    if (IS_AMONG(name, "known", "member", "shared"))
        return one_in(4) ? 0 : 1;
    if (IS_AMONG(name, "quantity", "units"))
        return (int64_t)below(7) - 2;
    if (strcmp(name, "tax_permyriad") == 0)
        return 1300;
    if (strcmp(name, "kind") == 0)
        return (int64_t)below(4);
    return ends_in(name, "_minor") ? money[below(COUNT(money))] : (int64_t)below(12);
}

static struct str text_like(const char *name)
{
    static const char *const channels[] = {"web", "store", "wechat", "小程序"}, *const categories[] = {"", "女装", "女装/连衣裙", "女装/外套", "a/女装", "外套", "装"};
    static const char *const any[] = {"", "a", "A", "K1", "K2", "亚麻连衣裙", "单雄信", "ä", "é", "😀", "O'Brien", "50%_\\", " lead", "a\nb", "\t", "\xF4\x8F\xBF\xBF"};
    if (strcmp(name, "channel") == 0)
        return str_z(channels[below(COUNT(channels))]);
    if (strcmp(name, "word") == 0)
        return str_z(categories[below(4)]); /* some are new to it */
    if (IS_AMONG(name, "category", "path"))
        return str_z(categories[below(COUNT(categories))]);
    return str_z(any[below(COUNT(any))]);
}

/* ---- tables ---- */

static enum rc make(struct db *db, const char *name)
{
    return db_define(db, db_sql_text(name));
}

/* "CREATE [TEMP] TABLE name (column TYPE [NOT NULL], …)" */
static void read_table(const char *text)
{
    struct table *t = &tables[table_count++];
    const char *open = strchr(text, '('), *at = open;
    t->passing = strstr(text, " TEMP ") != NULL;
    while (at[-1] == ' ')
        at--;
    const char *start = at;
    while (isalnum((unsigned char)start[-1]) || start[-1] == '_')
        start--;
    snprintf(t->name, sizeof(t->name), "%.*s", (int)(at - start), start);
    struct str rest = str_z(open + 1), part;
    rest.len = (size_t)(strrchr(open, ')') - open - 1);
    while (str_split(&rest, ',', &part)) {
        struct column *c = &t->columns[t->column_count++];
        part = str_trim(part);
        ptrdiff_t space = str_find(part, ' ');
        struct str type = str_trim(str_sub(part, (size_t)space, part.len));
        snprintf(c->name, sizeof(c->name), "%.*s", (int)space, part.ptr);
        c->kind = str_starts(type, STR("VARCHAR"))                                        ? TEXT
                  : str_starts(type, STR("$BYTES"))                                       ? BYTES
                  : str_starts(type, STR("SMALLINT")) || str_starts(type, STR("INTEGER")) ? SMALL
                                                                                          : NUMBER;
        c->nullable = !str_ends(type, STR("NOT NULL"));
    }
}

static void put_cell(struct db_chunk *k, const struct column *c, int64_t number, struct str text)
{
    if (c->nullable && number == INT64_MIN)
        db_chunk_null(k);
    else if (c->kind == TEXT || c->kind == BYTES)
        db_chunk_text(k, text);
    else
        db_chunk_i64(k, number);
}

/* Keys that the truth has once each stand once. */
static bool is_key(const struct table *t, size_t column)
{
    return strcmp(t->name, "event_recent") == 0
               ? column == 1
               : column == 0 && IS_AMONG(t->name, "customer", "subject", "sale", "sku", "style", "visitor", "step_customer", "step_sale");
}

static bool is_taken(const int64_t *keys, size_t count, int64_t key)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i] == key)
            return true;
    return false;
}

static void fill(const struct table *t, size_t rows)
{
    struct db_appender *a[ENGINES];
    int64_t keys[ROWS];
    for (int e = 0; e < ENGINES; e++)
        assert_int_equal(db_appender_begin(on[e], t->name, &a[e]), RC_OK);
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < t->column_count; i++) {
            const struct column *c = &t->columns[i];
            int64_t number = c->nullable && one_in(4) ? INT64_MIN : number_like(c->name);
            if (c->kind == SMALL && number != INT64_MIN && number != (int16_t)number)
                number = (int64_t)below(12);
            struct str text = c->kind == BYTES ? str_n("\0\x01\xFF" + below(3), 1) : text_like(c->name);
            while (is_key(t, i) && is_taken(keys, row, number))
                number = (int64_t)below(ROWS * 2);
            if (is_key(t, i))
                keys[row] = number;
            for (int e = 0; e < ENGINES; e++)
                put_cell(db_appender_chunk(a[e]), c, number, text);
        }
        for (int e = 0; e < ENGINES; e++)
            assert_int_equal(db_appender_row(a[e]), RC_OK);
    }
    for (int e = 0; e < ENGINES; e++)
        assert_int_equal(db_appender_end(a[e]), RC_OK);
}

static void fill_all(bool passing)
{
    for (size_t i = 0; i < table_count; i++)
        if (tables[i].passing == passing && strcmp(tables[i].name, "follower") != 0)
            fill(&tables[i], passing ? 12 + below(30) : IS_AMONG(tables[i].name, "store", "source", "category", "visit_word") ? 40 : ROWS);
}

/* Its rows come from tables of a step, which are empty between steps: it is asked inside one. */
static bool is_of_step(const struct db_sql *sql)
{
    return strcmp(sql->name, "wh_visit_rows") == 0;
}

static int open_both(void **state)
{
    (void)state;
    if (!engine_server()) {
        print_message("ZHIXIN_TEST_DATABASE names no PostgreSQL server: nothing to compare with, skipped\n");
        return 0;
    }
    if (getenv("ZHIXIN_TEST_SEED"))
        chance_state += strtoull(getenv("ZHIXIN_TEST_SEED"), NULL, 10) * 0xBF58476D1CE4E5B9u;
    for (size_t i = 0; i < COUNT(lists); i++)
        db_register_sql(lists[i], SIZE_MAX);
    snprintf(dir, sizeof(dir), "/tmp/zhixin-unit-XXXXXX");
    assert_non_null(mkdtemp(dir));
    engine_make(dir, "w.db", where, sizeof(where));
    assert_int_equal(db_open_duckdb(":memory:", NULL, &(struct db_options){.create = true}, &on[DUCK]), RC_OK);
    assert_int_equal(db_open_postgres(where, &(struct db_options){.schema = SCHEMA}, &on[POST]), RC_OK);
    assert_int_equal(db_script(on[POST], "CREATE SCHEMA " SCHEMA), RC_OK);
    for (const struct db_sql *sql = warehouse_warehouse_sql; sql->name; sql++) {
        bool own = strchr(sql->name, '@');
        if (strncmp(sql->name, "warehouse_", 10) != 0)
            continue;
        for (int e = own ? POST : DUCK; e < ENGINES; e++)
            if (!ends_in(sql->name, "_indexes@postgres")) /* tables first */
                assert_int_equal(make(on[e], sql->name), RC_OK);
        if (!own)
            read_table(sql->text);
    }
    assert_int_equal(make(on[POST], "warehouse_indexes@postgres"), RC_OK);
    assert_int_equal(db_script(on[DUCK], "CREATE VIEW event AS SELECT id, source_id, subject, day, at_us, step, category FROM event_recent"),
                     RC_OK); /* no segments here */
    fill_all(false);
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    for (int e = 0; e < ENGINES; e++)
        db_close(on[e]);
    if (on[POST])
        engine_remove(where);
    if (dir[0])
        rmdir(dir);
    return 0;
}

/* ---- bindings ---- */

struct binding {
    struct db_arg args[PARAMETERS_MAX];
    int64_t numbers[PARAMETERS_MAX][LIST_MAX];
    size_t count;
};

static bool is_text(const char *name)
{
    return IS_AMONG(name, "channel", "category", "code", "schema_hash", "viewed", "listed", "added", "ordered", "schema");
}

static int64_t bound_like(const char *name)
{
    static const int64_t limits[] = {1, 3, 20, 1000};
    if (strncmp(name, "any_", 4) == 0 || strcmp(name, "members") == 0)
        return one_in(3) ? 0 : 1;
    if (strcmp(name, "from_day") == 0)
        return 20000 + (int64_t)below(12) - (one_in(3) ? 1000 : 0);
    if (strcmp(name, "to_day") == 0)
        return 20008 + (int64_t)below(one_in(2) ? 20 : 500);
    if (strcmp(name, "before_us") == 0 && one_in(2))
        return INT64_MAX;
    if (strcmp(name, "limit") == 0)
        return limits[below(COUNT(limits))];
    if (strcmp(name, "which") == 0)
        return 1 + (int64_t)below(3);
    if (strcmp(name, "role") == 0)
        return one_in(2) ? 1 : 3;
    if (strcmp(name, "first") == 0)
        return (int64_t)below(100);
    return number_like(name);
}

static bool is_bound(const struct binding *b, struct str name)
{
    for (size_t i = 0; i < b->count; i++)
        if (str_eqz(name, b->args[i].name))
            return true;
    return false;
}

static void bind(const char *text, struct arena *a, struct binding *b)
{
    b->count = 0;
    for (const char *p = text; (p = strchr(p, '$')); p++) {
        size_t len = 0;
        while (isalnum((unsigned char)p[1 + len]) || p[1 + len] == '_')
            len++;
        if (is_bound(b, str_n(p + 1, len)))
            continue;
        assert_true(b->count < PARAMETERS_MAX);
        char *name = arena_z(a, str_n(p + 1, len));
        int64_t *numbers = b->numbers[b->count];
        struct db_arg *arg = &b->args[b->count++];
        size_t wanted = one_in(6) ? 0 : 1 + below(LIST_MAX);
        for (size_t i = 0; i < wanted; i++)
            numbers[i] = number_like("id");
        *arg = p[1 + len] == '[' ? DB_IDS(name, numbers, wanted) : is_text(name) ? DB_TEXT(name, text_like(name)) : DB_I64(name, bound_like(name));
    }
}

static void describe(const char *name, const struct binding *b, const char *what)
{
    print_error("%s: %s", name, what);
    for (size_t i = 0; i < b->count; i++) {
        const struct db_arg *a = &b->args[i];
        if (a->kind == DB_ARG_I64)
            print_error(" $%s=%lld", a->name, (long long)a->number);
        else if (a->kind == DB_ARG_IDS)
            print_error(" $%s=[%zu]", a->name, a->list_count);
        else
            print_error(" $%s=%.*s", a->name, STR_FMT(a->bytes));
    }
    print_error("\n");
}

/* ---- rows ---- */

/* Sums are numerics here and huge integers there; doubles may differ in what no figure shows. */
static void add_cell(struct buf *out, struct db_rows *q, size_t i)
{
    switch (db_column_type(q, i)) {
    case DB_TYPE_NULL: buf_addz(out, "null|"); break;
    case DB_TYPE_I64: buf_addf(out, "%lld|", (long long)db_i64_at(q, i)); break;
    case DB_TYPE_DOUBLE: buf_addf(out, rint(db_double_at(q, i)) == db_double_at(q, i) ? "%.0f|" : "%.9g|", db_double_at(q, i)); break;
    default:
        buf_addf(out, "%zu:", db_text_at(q, i).len);
        buf_add(out, db_text_at(q, i));
        buf_addz(out, "|");
    }
}

struct rows {
    struct str *list;
    size_t count;
    enum rc rc;
};

static struct rows read_rows(struct db_rows *q, struct arena *a)
{
    static struct buf bytes = BUF_INIT(1 << 20);
    size_t cap = 1024;
    struct rows r = {.list = mem_alloc(cap * sizeof(*r.list))};
    for (; db_next(q); r.count++) {
        if (r.count == cap)
            r.list = mem_realloc(r.list, (cap *= 2) * sizeof(*r.list));
        buf_reset(&bytes);
        for (size_t i = 0; i < db_columns(q); i++)
            add_cell(&bytes, q, i);
        r.list[r.count] = arena_str(a, buf_str(&bytes));
    }
    r.rc = db_end(q);
    return r;
}

static int by_bytes(const void *x, const void *y)
{
    struct str a = *(const struct str *)x, b = *(const struct str *)y;
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* What differs first; NULL: nothing. */
static const char *difference(struct rows *r, bool ordered)
{
    static char text[600];
    if (r[DUCK].rc != r[POST].rc)
        return r[POST].rc ? db_error(on[POST]) : db_error(on[DUCK]);
    if (r[DUCK].count != r[POST].count) {
        snprintf(text, sizeof(text), "%zu rows on DuckDB, %zu on PostgreSQL", r[DUCK].count, r[POST].count);
        return text;
    }
    for (int e = 0; e < ENGINES && !ordered; e++)
        qsort(r[e].list, r[e].count, sizeof(*r[e].list), by_bytes);
    for (size_t i = 0; i < r[DUCK].count; i++)
        if (!str_eq(r[DUCK].list[i], r[POST].list[i])) {
            snprintf(text, sizeof(text), "row %zu: %.*s on DuckDB, %.*s on PostgreSQL", i, STR_FMT(r[DUCK].list[i]), STR_FMT(r[POST].list[i]));
            return text;
        }
    return NULL;
}

static bool tables_agree(const char *after, const struct binding *b)
{
    _cleanup_(arena_freep) struct arena *a = arena_new();
    for (size_t i = 0; i < table_count; i++) {
        struct rows r[ENGINES];
        const char *sql = arena_printf(a, "SELECT * FROM %s", tables[i].name).ptr;
        for (int e = 0; e < ENGINES; e++) {
            struct db_rows *q;
            assert_int_equal(db_query_text(on[e], sql, NULL, 0, &q), RC_OK);
            r[e] = read_rows(q, a);
        }
        const char *what = difference(r, false);
        for (int e = 0; e < ENGINES; e++)
            free(r[e].list);
        if (what) {
            describe(after, b, arena_printf(a, "table %s is another: %s", tables[i].name, what).ptr);
            return false;
        }
    }
    return true;
}

/* ---- tests ---- */

static void on_each(const char *text)
{
    for (int e = 0; e < ENGINES; e++)
        assert_int_equal(db_script(on[e], text), RC_OK);
}

/* What reads files has a text of its own on PostgreSQL, and a hash is each engine's own. */
static bool is_shared(const struct db_sql *sql)
{
    char own[128];
    snprintf(own, sizeof(own), "%s@postgres", sql->name);
    return !strchr(sql->name, '@') && strncmp(sql->name, "warehouse_", 10) != 0 && strncmp(sql->name, "wh_hash_", 8) != 0 && !db_sql_named(own);
}

static void rows_go_in_alike(void **state)
{
    struct binding none = {.count = 0};
    (void)state;
    if (!on[POST])
        skip();
    assert_true(tables_agree("after filling", &none));
}

static void every_statement_prepares(void **state)
{
    (void)state;
    if (!on[POST])
        skip();
    _cleanup_(arena_freep) struct arena *a = arena_new();
    size_t count[ENGINES] = {0}, own = 0;
    for (size_t i = 0; i < COUNT(lists); i++)
        for (const struct db_sql *sql = lists[i]; sql->name; sql++)
            for (int e = 0; e < ENGINES && strncmp(sql->name, "warehouse_", 10) != 0; e++) {
                const char *why = "";
                bool second = !strchr(sql->name, '@') && db_sql_named(arena_printf(a, "%s@postgres", sql->name).ptr);
                if (e == DUCK ? strchr(sql->name, '@') != NULL : second)
                    continue;
                if (!strstr(sql->text, "read_parquet") && !db_check_sql(on[e], sql->name, &why)) /* no file stands here to be read */
                    fail_msg("%s: %s", sql->name, why);
                count[e]++;
                own += e == POST && strchr(sql->name, '@');
            }
    print_message("%zu statements of the warehouse on DuckDB, %zu on PostgreSQL, %zu of them in words of its own\n", count[DUCK], count[POST], own);
}

static size_t ask(const struct db_sql *sql, bool *bad)
{
    size_t rows = 0;
    for (size_t n = 0; n < BINDINGS && !*bad; n++) {
        _cleanup_(arena_freep) struct arena *a = arena_new();
        struct binding b;
        struct rows r[ENGINES];
        bind(sql->text, a, &b);
        for (int e = 0; e < ENGINES; e++)
            r[e] = read_rows(db_query_args(on[e], sql->name, b.args, b.count), a);
        const char *what = difference(r, strstr(sql->text, "ORDER BY"));
        rows += r[DUCK].count;
        for (int e = 0; e < ENGINES; e++)
            free(r[e].list);
        if (what)
            describe(sql->name, &b, what);
        *bad = what;
    }
    return rows;
}

static void every_question_gives_the_same_rows(void **state)
{
    size_t questions = 0, rows = 0, wrong = 0;
    (void)state;
    if (!on[POST])
        skip();
    for (size_t i = 0; i < COUNT(lists); i++)
        for (const struct db_sql *sql = lists[i]; sql->name; sql++) {
            bool bad = false;
            if (!is_shared(sql) || strncmp(sql->text, "SELECT", 6) != 0)
                continue;
            if (is_of_step(sql)) {
                on_each("BEGIN TRANSACTION");
                fill_all(true);
            }
            size_t seen = ask(sql, &bad);
            if (is_of_step(sql))
                on_each("ROLLBACK");
            if (seen == 0 && strcmp(sql->name, "wh_state") != 0 && strcmp(sql->name, "wh_state_unit") != 0) {
                print_error("%s: no row was ever seen\n", sql->name);
                bad = true;
            }
            questions++;
            rows += seen;
            wrong += bad;
        }
    print_message("%zu questions, %d bindings each, %zu rows compared\n", questions, BINDINGS, rows);
    assert_int_equal(wrong, 0);
}

/* PostgreSQL's keys refuse what DuckDB takes: no step of the program puts a row in twice. */
static size_t make_step(const struct db_sql *sql, bool *bad)
{
    int64_t changed[ENGINES];
    enum rc rc[ENGINES];
    size_t rows = 0;
    for (size_t n = 0; (n < STEP_BINDINGS || (rows == 0 && n < BINDINGS)) && !*bad; n++) {
        _cleanup_(arena_freep) struct arena *a = arena_new();
        struct binding b;
        on_each("BEGIN TRANSACTION");
        fill_all(true);
        bind(sql->text, a, &b);
        for (int e = 0; e < ENGINES; e++) {
            static const char *const cleared[][2] = {{"wh_customer_insert", "wh_customer_delete"}, {"wh_sale_insert", "wh_sale_delete"}, {"wh_visitor_insert", NULL}};
            for (size_t i = 0; i < COUNT(cleared); i++)
                if (strcmp(sql->name, cleared[i][0]) == 0)
                    assert_int_equal(cleared[i][1] ? db_run_args(on[e], cleared[i][1], NULL, 0) : db_script(on[e], "DELETE FROM visitor"), RC_OK);
            if (strcmp(sql->name, "wh_visitor_insert") == 0)
                assert_int_equal(
                    db_script(on[e], "DELETE FROM step_visitor WHERE subject IN (SELECT s.subject FROM step_visitor AS s GROUP BY s.subject HAVING count(*) > 1)"),
                    RC_OK);
            rc[e] = db_run_args(on[e], sql->name, b.args, b.count);
            changed[e] = db_changes(on[e]);
        }
        if (rc[DUCK] != rc[POST])
            describe(sql->name, &b, rc[POST] ? db_error(on[POST]) : db_error(on[DUCK]));
        else if (!rc[DUCK] && changed[DUCK] != changed[POST])
            describe(sql->name, &b, arena_printf(a, "%lld changes on DuckDB, %lld on PostgreSQL", (long long)changed[DUCK], (long long)changed[POST]).ptr);
        *bad = rc[DUCK] != rc[POST] || (!rc[DUCK] && (changed[DUCK] != changed[POST] || !tables_agree(sql->name, &b)));
        rows += rc[DUCK] ? 0 : (size_t)changed[DUCK];
        on_each("ROLLBACK");
    }
    return rows;
}

static void every_step_leaves_the_same_tables(void **state)
{
    size_t steps = 0, rows = 0, wrong = 0;
    (void)state;
    if (!on[POST])
        skip();
    on_each("INSERT INTO follower VALUES ('x', 1, 0, 0)");
    for (const struct db_sql *sql = warehouse_warehouse_sql; sql->name; sql++) {
        bool bad = false;
        if (!is_shared(sql) || strncmp(sql->text, "SELECT", 6) == 0)
            continue;
        size_t changed = make_step(sql, &bad);
        if (changed == 0) {
            print_error("%s: no row was ever changed\n", sql->name);
            bad = true;
        }
        steps++;
        rows += changed;
        wrong += bad;
    }
    print_message("%zu steps, %d bindings each, %zu rows changed\n", steps, STEP_BINDINGS, rows);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_go_in_alike),
        cmocka_unit_test(every_statement_prepares),
        cmocka_unit_test(every_question_gives_the_same_rows),
        cmocka_unit_test(every_step_leaves_the_same_tables),
    };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
