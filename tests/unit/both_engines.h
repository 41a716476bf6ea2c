/* One truth twice, on SQLite and on PostgreSQL, with the same generated rows in every table: what the tests of shared SQL compare.
 * Ids come from a small range, so that joins hit; times and numbers repeat, so that sorts have ties; texts and bytes are those
 * that engines like to treat differently. Everything is drawn from one seed. */
#ifndef ZX_TESTS_UNIT_BOTH_ENGINES_H
#define ZX_TESTS_UNIT_BOTH_ENGINES_H

#include "engine.h"

#include "base/arena.h"
#include "db/db.h"

#include <ctype.h>

enum { LITE, POST, ENGINES };
enum { TABLES_MAX = 64, COLUMNS_MAX = 48, ROWS_TRIED = 150, NAME_MAX_LEN = 64 };
enum kind { KIND_NUMBER, KIND_TEXT, KIND_BYTES, KIND_LIST, KIND_BYTES_LIST };

struct value {
    bool is_null;
    int64_t number;
    struct str bytes;
};

struct column {
    char name[NAME_MAX_LEN];
    enum kind kind;
    bool nullable, is_key;
};

struct table {
    char name[NAME_MAX_LEN];
    struct column columns[COLUMNS_MAX];
    size_t column_count, row_count;
    struct value (*rows)[COLUMNS_MAX];
    char all[NAME_MAX_LEN + 24]; /* the registered statement that reads it whole */
};

struct both {
    unsigned number; /* of this pair: two of them may have tables of the same name */
    char dir[64], where[ENGINES][200];
    struct db *on[ENGINES];
    struct table *tables;
    size_t table_count;
    struct arena *arena;
};

/* ---- chance ---- */

static uint64_t chance_state = 0x9E3779B97F4A7C15u;

static inline uint64_t chance(void)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return chance_state * 0x2545F4914F6CDD1Du >> 11;
}

static inline size_t below(size_t n)
{
    return (size_t)(chance() % n);
}

static inline bool one_in(size_t n)
{
    return below(n) == 0;
}

/* ---- values ---- */

static inline bool ends_in(const char *name, const char *end)
{
    return str_ends(str_z(name), str_z(end));
}

static inline bool is_among(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}
#define IS_AMONG(name, ...) is_among(name, (const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__})))

static inline bool is_id(const char *name)
{
    return ends_in(name, "_id") || IS_AMONG(name, "id", "subject", "unit", "pseudonym", "sealed_for", "merge_id", "lease_owner", "created_by", "winner", "loser", "after",
                                            "before", "upto", "except", "owner", "organisation", "first_block", "last_block");
}

/* Numbers that no statement computes with may lie at the ends of what 64 bits hold. One is kept back: a statement turns the order of
 * a list round by the sign. */
static inline int64_t extreme(void)
{
    static const int64_t ends[] = {INT64_MAX, INT64_MIN + 1, INT64_MAX - 1, INT64_C(1) << 32, -(INT64_C(1) << 31) - 1, INT64_C(1) << 53, -1, 0};
    return ends[below(COUNT(ends))];
}

static inline int64_t number_like(const char *name)
{
    static const int64_t money[] = {0, 1, -1, 3, -3, 7, 99, 100, -250, 12345678901, -12345678901};
    if (is_id(name))
        return one_in(20) ? extreme() : one_in(10) ? 0 : one_in(3) ? 20 + (int64_t)below(strcmp(name, "id") == 0 ? 40 : 12) : 1 + (int64_t)below(12);
    if (ends_in(name, "_us"))
        return one_in(20) ? extreme() : (int64_t)below(9) * 1000 + (int64_t)below(2);
    if (ends_in(name, "day"))
        return 20000 + (int64_t)below(one_in(3) ? 450 : 12);
    if (IS_AMONG(name, "trusted", "shared_device", "enabled", "listed", "manages", "shared", "is_device", "off", "active", "proven", "over_returned", "cancel", "member"))
        return (int64_t)below(2);
    if (IS_AMONG(name, "kind", "status", "class", "role", "format", "part", "line_no", "position", "return_line", "gender"))
        return (int64_t)below(one_in(3) ? 9 : 4);
    if (strcmp(name, "lunar_month") == 0)
        return 1 + (int64_t)below(3) + (one_in(3) ? 100 : 0);
    if (ends_in(name, "_minor") || IS_AMONG(name, "quantity", "units", "orders", "web_orders", "events"))
        return money[below(COUNT(money))];
    return (int64_t)below(7) - 1;
}

static inline struct str text_like(const char *name)
{
    static char endless[3001];
    static const char *const any[] = {
        "",  "a",  "A",         "aA",      "Zeta",   "zeta", "上海市", "上海", "单雄信", "單雄信", "Ä",      "ä",        "äÖü", "İstanbul",         "ß",
        "ẞ", "é",  "e\xCC\x81", "O'Brien", "50%_\\", "%",    "_",      "\\",   "\"q\"",  " lead",  "trail ", "\xC2\xA0", "😀",   "\xF4\x8F\xBF\xBF", "\xEE\x80\x80",
        "1", "01", "10",        "9",       "-1",     "a\nb", "\t",     "$1",   "?1",     "中",     "zh-CN",  "\x7F"};
    static const char *const words[] = {"merge", "remove", "removal", "staff", "session", "source", "open", "merged", "store", "web", "always", "csv"};
    static const struct {
        const char *name, *words[4];
    } usual[] = {
        {"kind", {"merge", "remove", "store", "csv"}}, {"object", {"staff", "session", "source", "sale"}}, {"source_kind", {"removal", "staff", "import", "order"}}};
    if (!endless[0]) {
        memset(endless, 'x', sizeof(endless) - 1);
        memcpy(endless, "长", 3);
    }
    if (one_in(40))
        return str_z(endless);
    for (size_t i = 0; i < COUNT(usual); i++)
        if (strcmp(name, usual[i].name) == 0 && !one_in(3))
            return str_z(usual[i].words[below(4)]);
    if (IS_AMONG(name, "status", "channel", "season", "field", "rule", "action", "reason", "ref_kind") && !one_in(3))
        return str_z(words[below(COUNT(words))]);
    return str_z(any[one_in(2) ? (strlen(name) * 7 + below(3)) % COUNT(any) : below(COUNT(any))]); /* each name has a few that come often */
}

static inline struct str bytes_like(void)
{
    static const struct str any[] = {STR(""),
                                     STR("\0"),
                                     STR("\0\0"),
                                     STR("\0a"),
                                     STR("a\0"),
                                     STR("a\0b"),
                                     STR("\xFF\xFE"),
                                     STR("\x80"),
                                     STR("k1"),
                                     STR("k2"),
                                     STR("k3"),
                                     STR("k4"),
                                     STR("k5"),
                                     STR("k6"),
                                     STR("k7"),
                                     STR("\\x41"),
                                     STR("0123456789abcdef"),
                                     STR("0123456789abcdeg"),
                                     STR("中")};
    return any[below(COUNT(any))];
}

static inline struct value value_like(const char *name, enum kind kind, bool nullable)
{
    if (nullable && one_in(4))
        return (struct value){.is_null = true};
    if (kind == KIND_NUMBER)
        return (struct value){.number = number_like(name)};
    return (struct value){.bytes = kind == KIND_TEXT ? text_like(name) : bytes_like()};
}

static inline struct db_arg arg_of(const char *name, enum kind kind, struct value v)
{
    if (v.is_null)
        return DB_NULL(name);
    return kind == KIND_NUMBER ? DB_I64(name, v.number) : kind == KIND_TEXT ? DB_TEXT(name, v.bytes) : DB_BLOB(name, v.bytes);
}

/* ---- schemas ---- */

static inline enum kind kind_named(struct str type)
{
    if (str_eqz(type, "INTEGER") || str_eqz(type, "bigint"))
        return KIND_NUMBER;
    if (str_eqz(type, "TEXT") || str_eqz(type, "text"))
        return KIND_TEXT;
    if (!str_eqz(type, "BLOB") && !str_eqz(type, "bytea"))
        fail_msg("a column of type %.*s", STR_FMT(type));
    return KIND_BYTES;
}

/* A key column can't be NULL, whatever SQLite says of old tables. */
static inline size_t both_read_schema(struct db *db, struct table *tables)
{
    const char *text =
        db_engine(db) == DB_POSTGRES
            ? "SELECT table_name, column_name, data_type, CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END AS nullable, 0 AS is_key FROM information_schema.columns "
              "WHERE table_schema = 'public' AND table_name <> 'writer' ORDER BY table_name, ordinal_position" /* its own: who commits there */
            : "SELECT m.name AS table_name, c.name AS column_name, upper(c.type) AS data_type, c.\"notnull\" = 0 AND c.pk = 0 AS nullable, c.pk > 0 AS is_key "
              "FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND substr(m.name, 1, 7) <> 'sqlite_' ORDER BY m.name, c.cid";
    struct db_rows *q;
    size_t count = 0;
    assert_int_equal(db_query_text(db, text, NULL, 0, &q), RC_OK);
    while (db_next(q)) {
        struct str name = db_text(q, "table_name");
        if (count == 0 || !str_eqz(name, tables[count - 1].name)) {
            assert_true(count < TABLES_MAX);
            snprintf(tables[count++].name, NAME_MAX_LEN, "%.*s", STR_FMT(name));
        }
        struct table *t = &tables[count - 1];
        struct column *c = &t->columns[t->column_count++];
        assert_true(t->column_count <= COLUMNS_MAX);
        snprintf(c->name, sizeof(c->name), "%.*s", STR_FMT(db_text(q, "column_name")));
        c->kind = kind_named(db_text(q, "data_type"));
        c->nullable = db_i64(q, "nullable");
        c->is_key = db_i64(q, "is_key");
    }
    assert_int_equal(db_end(q), RC_OK);
    return count;
}

static inline void both_compare_schemas(struct both *b)
{
    struct table *there = mem_zalloc(TABLES_MAX, sizeof(*there));
    assert_int_equal(both_read_schema(b->on[POST], there), b->table_count);
    for (size_t i = 0; i < b->table_count; i++) {
        assert_string_equal(b->tables[i].name, there[i].name);
        assert_int_equal(b->tables[i].column_count, there[i].column_count);
        for (size_t k = 0; k < there[i].column_count; k++) {
            const struct column *x = &b->tables[i].columns[k], *y = &there[i].columns[k];
            if (strcmp(x->name, y->name) != 0 || x->kind != y->kind || x->nullable != y->nullable)
                fail_msg("%s.%s is another on PostgreSQL", there[i].name, x->name);
        }
    }
    free(there);
}

static inline struct table *both_table(struct both *b, struct str name)
{
    for (size_t i = 0; i < b->table_count; i++)
        if (str_eqz(name, b->tables[i].name))
            return &b->tables[i];
    return NULL;
}

/* ---- rows ---- */

/* Statements made by a test, under names; they live as long as the program. */
static inline void both_register(const char *name, const char *text)
{
    struct db_sql *one = mem_zalloc(2, sizeof(*one));
    static struct db_sql *kept[1024];
    static size_t count;
    *one = (struct db_sql){mem_dupz(name, strlen(name)), mem_dupz(text, strlen(text))};
    assert_true(count < COUNT(kept));
    kept[count++] = one;
    db_register_sql(one, 1);
}

static inline void both_name_columns(struct buf *out, const struct table *t, const char *mark, bool but_seq)
{
    size_t count = 0;
    for (size_t i = 0; i < t->column_count; i++)
        if (!but_seq || strcmp(t->columns[i].name, "seq") != 0)
            buf_addf(out, "%s%s%s", count++ ? ", " : "", mark, t->columns[i].name);
}

/* change.seq is each engine's own. */
static inline void both_register_whole(const struct both *b, struct table *t)
{
    _cleanup_buf_ struct buf text = BUF_INIT(8192);
    snprintf(t->all, sizeof(t->all), "whole%u_%s", b->number, t->name);
    buf_addz(&text, "SELECT ");
    both_name_columns(&text, t, "", true);
    buf_addf(&text, " FROM %s", t->name);
    buf_add_byte(&text, '\0');
    both_register(t->all, text.ptr);
}

static inline void both_fill_table(struct both *b, struct table *t)
{
    _cleanup_buf_ struct buf text = BUF_INIT(8192);
    char name[NAME_MAX_LEN + 24];
    buf_addf(&text, "INSERT INTO %s (", t->name);
    both_name_columns(&text, t, "", false);
    buf_addz(&text, ") VALUES (");
    both_name_columns(&text, t, "$", false);
    buf_addz(&text, ")");
    buf_add_byte(&text, '\0');
    snprintf(name, sizeof(name), "fill%u_%s", b->number, t->name);
    both_register(name, text.ptr);
    t->rows = arena_alloc_array(b->arena, ROWS_TRIED, sizeof(*t->rows));
    size_t tried = strcmp(t->name, "event_segment") == 0 ? 12 : ROWS_TRIED; /* most units have no segment */
    for (size_t row = 0; row < tried; row++) {
        struct value *v = t->rows[t->row_count];
        struct db_arg args[COLUMNS_MAX];
        enum rc rc[ENGINES];
        for (size_t i = 0; i < t->column_count; i++) {
            const struct column *c = &t->columns[i];
            v[i] = strcmp(c->name, "seq") == 0 ? (struct value){.number = (int64_t)row + 1} : value_like(c->name, c->kind, c->nullable);
            args[i] = arg_of(c->name, c->kind, v[i]);
        }
        for (int e = 0; e < ENGINES; e++)
            rc[e] = db_run_args(b->on[e], name, args, t->column_count);
        assert_true(rc[LITE] == RC_OK || rc[LITE] == RC_CONFLICT);
        if (rc[LITE] != rc[POST])
            fail_msg("a row of %s: %d on SQLite, %d on PostgreSQL (%s)", t->name, rc[LITE], rc[POST], db_error(b->on[POST]));
        t->row_count += rc[LITE] == RC_OK;
    }
}

/* A row as bytes, with the type of each cell. */
static inline void both_add_row(struct buf *out, struct db_rows *q)
{
    for (size_t i = 0; i < db_columns(q); i++) {
        enum db_type type = db_column_type(q, i);
        struct str cell = type == DB_TYPE_NULL ? STR_NULL : db_text_at(q, i);
        buf_addf(out, "%c%zu:", "NIDTB"[type], cell.len);
        buf_add(out, cell);
    }
}

static inline uint64_t both_hash(struct str s)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * 0x100000001B3u;
    h ^= h >> 29;
    return h * 0xBF58476D1CE4E5B9u ^ h >> 32;
}

/* The sum of the hashes of a table's rows, and how many they are. */
static inline uint64_t both_sum(struct db *db, const struct table *t, size_t *ret_rows)
{
    static struct buf row = BUF_INIT(1 << 20);
    struct db_rows *q = db_query(db, t->all);
    uint64_t sum = 0;
    size_t rows = 0;
    for (; db_next(q); rows++) {
        buf_reset(&row);
        both_add_row(&row, q);
        sum += both_hash(buf_str(&row));
    }
    assert_int_equal(db_end(q), RC_OK);
    *ret_rows = rows;
    return sum;
}

static inline bool both_same(struct both *b, const struct table *t)
{
    size_t rows[ENGINES];
    return both_sum(b->on[LITE], t, &rows[LITE]) == both_sum(b->on[POST], t, &rows[POST]) && rows[LITE] == rows[POST];
}

/* ---- opening ---- */

static inline int both_by_number(const void *a, const void *b)
{
    return ((const struct db_migration *)a)->number - ((const struct db_migration *)b)->number;
}

static inline struct both *both_new(const struct db_migration *const *lists, size_t list_count)
{
    static unsigned made;
    struct both *b = mem_zalloc(1, sizeof(*b));
    struct db_migration all[100];
    size_t count = 0;
    for (size_t i = 0; i < list_count; i++)
        for (const struct db_migration *m = lists[i]; m && m->text; m++) {
            assert_true(count < COUNT(all));
            all[count++] = *m;
        }
    qsort(all, count, sizeof(*all), both_by_number);
    b->number = made++;
    snprintf(b->dir, sizeof(b->dir), "/tmp/zhixin-unit-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    snprintf(b->where[LITE], sizeof(b->where[LITE]), "%s/t.db", b->dir);
    engine_make(b->dir, "t.db", b->where[POST], sizeof(b->where[POST]));
    b->arena = arena_new();
    for (int e = 0; e < ENGINES; e++) {
        assert_int_equal(db_open(b->where[e], &(struct db_options){.create = true}, &b->on[e]), RC_OK);
        assert_int_equal(db_script(b->on[e], e == LITE ? "PRAGMA synchronous = OFF" : "SET synchronous_commit = off"), RC_OK);
        assert_int_equal(db_migrate(b->on[e], all, count), RC_OK);
        assert_int_equal(db_script(b->on[e], "UPDATE schema_migration SET at_us = number"), RC_OK);
    }
    b->tables = mem_zalloc(TABLES_MAX, sizeof(*b->tables));
    b->table_count = both_read_schema(b->on[LITE], b->tables);
    both_compare_schemas(b);
    for (size_t i = 0; i < b->table_count; i++)
        both_register_whole(b, &b->tables[i]);
    return b;
}

static inline void both_fill(struct both *b)
{
    for (size_t i = 0; i < b->table_count; i++) {
        both_fill_table(b, &b->tables[i]);
        if (!both_same(b, &b->tables[i]))
            fail_msg("table %s has other rows on PostgreSQL", b->tables[i].name);
    }
}

static inline void both_free(struct both *b)
{
    if (!b)
        return;
    for (int e = 0; e < ENGINES; e++) {
        db_close(b->on[e]);
        engine_remove(b->where[e]);
    }
    rmdir(b->dir);
    arena_free(b->arena);
    free(b->tables);
    free(b);
}

#endif
