/* One SQL: each named statement of the truth, and of the keys' database, does the same on SQLite and on PostgreSQL. Every query is
 * asked, and every change is made, with many bindings on the same generated rows (both_engines.h); rows, their order, refusals, counts of
 * changed rows and whole tables must agree. The warehouse's are test_warehouse_sql.c's. It needs a PostgreSQL server (ZHIXIN_TEST_DATABASE) and skips without one.
 * Figures go to the log; ZHIXIN_TEST_SEED draws other rows and bindings. */
#include "both_engines.h"

#include "embedded_sql.h"
#include "http/route.h"

#define modules all_modules /* the test programs have an empty list of that name */
#include "app/modules.c"
#undef modules

enum { PARAMETERS = 64, BINDINGS = 60, BINDINGS_LIMITED = 300, BINDINGS_IDLE = 600, CHANGES_BINDINGS = 40, LIST_MAX = 100, KEYS_MAX = 8, STATEMENTS_MAX = 512 };

struct parameter {
    char name[NAME_MAX_LEN];
    enum kind kind;
    const struct table *table; /* whose column it is compared with or put into; NULL: not known */
    size_t column;
};

struct statement {
    const char *name, *text;
    struct both *on;
    struct parameter parameters[PARAMETERS];
    size_t parameter_count;
    const struct table *tables[8];
    size_t table_count;
    bool is_query, limited, ordered;
    bool two_texts;                          /* whose sort keys may be other numbers of the same meaning */
    char order_name[NAME_MAX_LEN + 8];       /* the same with its sort keys in front and without LIMIT */
    size_t added, keys[KEYS_MAX], key_count; /* of that one: cells put in front, and which cells are the keys */
    char found[600];                         /* the first thing that differed */
    size_t rows;                             /* seen or changed by all bindings */
};

struct binding {
    bool of_rows;              /* all values from one row of each table, as a caller has them who read it */
    size_t chosen[TABLES_MAX]; /* that row */
    struct db_arg args[PARAMETERS];
    int64_t lists[4][LIST_MAX];
    struct str blobs[4][LIST_MAX];
    size_t count;
};

static struct both *truth, *keys;
static struct statement *statements;
static size_t statement_count;

/* ---- words of a statement ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_word_at(const char *text, const char *at, const char *word)
{
    size_t len = strlen(word);
    return strncmp(at, word, len) == 0 && !is_word(at[len]) && (at == text || (!is_word(at[-1]) && at[-1] != '$'));
}

/* Where a word stands outside quotes and parentheses, the last time; NULL: nowhere. */
static const char *at_top(const char *text, const char *word)
{
    const char *found = NULL;
    bool quoted = false;
    int depth = 0;
    for (const char *p = text; *p; p++) {
        quoted ^= *p == '\'';
        depth += quoted ? 0 : (*p == '(') - (*p == ')');
        if (!quoted && depth == 0 && is_word_at(text, p, word))
            found = p;
    }
    return found;
}

static const struct db_sql *registered(const char *name)
{
    const struct db_sql *sql;
    for (size_t i = 0; (sql = db_sql_at(i)); i++)
        if (strcmp(sql->name, name) == 0)
            return sql;
    return NULL;
}

static const char *text_on(const char *name, int engine)
{
    char own[128];
    snprintf(own, sizeof(own), "%s@postgres", name);
    const struct db_sql *sql = engine == POST ? registered(own) : NULL;
    return sql ? sql->text : db_sql_text(name);
}

/* ---- parameters ---- */

static struct parameter *parameter_named(struct statement *s, struct str name, size_t *ret_position)
{
    for (size_t i = 0; i < s->parameter_count; i++)
        if (str_eqz(name, s->parameters[i].name)) {
            *ret_position = i + 1;
            return &s->parameters[i];
        }
    assert_true(s->parameter_count < PARAMETERS);
    struct parameter *p = &s->parameters[s->parameter_count++];
    snprintf(p->name, sizeof(p->name), "%.*s", STR_FMT(name));
    *ret_position = s->parameter_count;
    return p;
}

/* The text as PREPARE takes it, and the list of parameters in the order of their first places. */
static void number_parameters(struct statement *s, const char *text, struct buf *out)
{
    bool quoted = false;
    for (const char *p = text; *p;) {
        quoted ^= *p == '\'';
        if (quoted || *p != '$' || !is_word(p[1])) {
            buf_add_byte(out, *p++);
            continue;
        }
        size_t len = 1, position;
        while (is_word(p[len]))
            len++;
        struct parameter *one = parameter_named(s, str_n(p + 1, len - 1), &position);
        bool of_bytes = strncmp(p + len, "[bytes]", 7) == 0, list = of_bytes || p[len] == '[';
        if (list) {
            one->kind = of_bytes ? KIND_BYTES_LIST : KIND_LIST;
            out->len -= strlen("IN (");
        }
        buf_addf(out, of_bytes ? "= ANY (CAST($%zu AS BYTEA[])" : list ? "= ANY (CAST($%zu AS BIGINT[])" : "$%zu", position);
        p += len + (of_bytes ? 7 : list ? 2 : 0);
    }
    buf_add_byte(out, '\0');
}

static void kind_of_type(struct statement *s, size_t at, struct str type)
{
    static const struct {
        const char *type;
        enum kind kind;
    } known[] = {{"bigint", KIND_NUMBER}, {"integer", KIND_NUMBER}, {"text", KIND_TEXT}, {"bytea", KIND_BYTES}, {"bigint[]", KIND_LIST}, {"bytea[]", KIND_BYTES_LIST}};
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_eqz(type, known[i].type)) {
            s->parameters[at].kind = known[i].kind;
            return;
        }
    snprintf(s->found, sizeof(s->found), "PostgreSQL takes $%s for %.*s", s->parameters[at].name, STR_FMT(type));
}

/* What a parameter is, PostgreSQL says. */
static void ask_kinds(struct statement *s)
{
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 16);
    struct db_rows *q;
    struct db *db = s->on->on[POST];
    buf_addz(&text, "PREPARE asked AS ");
    number_parameters(s, text_on(s->name, POST), &text);
    if (db_script(db, text.ptr) != RC_OK) {
        snprintf(s->found, sizeof(s->found), "PostgreSQL does not take it: %s", db_error(db));
        return;
    }
    assert_int_equal(db_query_text(db, "SELECT CAST(parameter_types AS TEXT) FROM pg_prepared_statements WHERE name = 'asked'", NULL, 0, &q), RC_OK);
    assert_true(db_next(q));
    struct str list = db_text_at(q, 0), type;
    list = str_sub(list, 1, list.len - 1);
    for (size_t i = 0; i < s->parameter_count && str_split(&list, ',', &type); i++)
        kind_of_type(s, i, type);
    assert_int_equal(db_end(q), RC_OK);
    assert_int_equal(db_script(db, "DEALLOCATE asked"), RC_OK);
}

static void find_tables(struct statement *s)
{
    for (const char *p = s->text; *p; p++) {
        size_t len = 0;
        while (is_word(p[len]))
            len++;
        const struct table *t = len ? both_table(s->on, str_n(p, len)) : NULL;
        bool known = !t || (p > s->text && (is_word(p[-1]) || p[-1] == '$' || p[-1] == '.'));
        for (size_t i = 0; i < s->table_count && !known; i++)
            known = s->tables[i] == t;
        if (!known && s->table_count < COUNT(s->tables))
            s->tables[s->table_count++] = t;
        if (len)
            p += len - 1;
    }
}

/* Of the elements of a list. */
static enum kind kind_of_one(enum kind kind)
{
    return kind == KIND_LIST ? KIND_NUMBER : kind == KIND_BYTES_LIST ? KIND_BYTES : kind;
}

static bool is_list(const struct parameter *p)
{
    return kind_of_one(p->kind) != p->kind;
}

static bool set_column(const struct statement *s, struct parameter *p, struct str name)
{
    for (size_t i = 0; i < s->table_count; i++)
        for (size_t k = 0; k < s->tables[i]->column_count; k++)
            if (str_eqz(name, s->tables[i]->columns[k].name) && s->tables[i]->columns[k].kind == kind_of_one(p->kind)) {
                p->table = s->tables[i];
                p->column = k;
                return true;
            }
    return false;
}

static const char *skip_back(const char *start, const char *p, const char *what)
{
    while (p > start && strchr(what, p[-1]))
        p--;
    return p;
}

/* The next place of a parameter at or behind `at`; NULL: none. */
static const char *place_of(const char *at, const char *name)
{
    size_t len = strlen(name);
    for (at = strchr(at, '$'); at; at = strchr(at + 1, '$'))
        if (strncmp(at + 1, name, len) == 0 && !is_word(at[1 + len]))
            return at;
    return NULL;
}

/* The column it stands beside ("x.rev = $n", "code IN ($n"), or the one of its name. */
static void find_column(const struct statement *s, struct parameter *p)
{
    for (const char *at = place_of(s->text, p->name); at; at = place_of(at + 1, p->name)) {
        const char *end = skip_back(s->text, at, " ");
        if (end[-1] == '(')
            end -= end - s->text > 4 && strncmp(end - 4, " IN (", 4) == 0 ? 4 : 0;
        else
            end = skip_back(s->text, skip_back(s->text, end, "<>="), " ");
        const char *start = end;
        while (start > s->text && is_word(start[-1]))
            start--;
        if (end > start && end < at - 1 && set_column(s, p, str_n(start, (size_t)(end - start))))
            return;
    }
    set_column(s, p, str_z(p->name));
}

/* ---- the order of a query ---- */

static struct str without_direction(struct str key)
{
    static const struct str ends[] = {STR("NULLS FIRST"), STR("NULLS LAST"), STR("DESC"), STR("ASC")};
    for (size_t i = 0; i < COUNT(ends); i++)
        if (str_ends(key = str_trim(key), ends[i]))
            key.len -= ends[i].len;
    return str_trim(key);
}

static size_t split_keys(struct str list, struct str *ret)
{
    size_t count = 0, start = 0;
    int depth = 0;
    for (size_t i = 0; i <= list.len; i++) {
        depth += i < list.len ? (list.ptr[i] == '(') - (list.ptr[i] == ')') : 0;
        if (i < list.len && (list.ptr[i] != ',' || depth > 0))
            continue;
        assert_true(count < KEYS_MAX);
        ret[count++] = without_direction(str_sub(list, start, i));
        start = i + 1;
    }
    return count;
}

/* Says where each key's cell will be; keys that are no column of the result are put in front. */
static void place_keys(struct statement *s, const struct str *list)
{
    struct db_rows *q;
    struct binding none = {.count = s->parameter_count};
    for (size_t i = 0; i < s->parameter_count; i++)
        none.args[i] = is_list(&s->parameters[i]) ? DB_IDS(s->parameters[i].name, NULL, 0) : DB_NULL(s->parameters[i].name);
    q = db_query_args(s->on->on[LITE], s->name, none.args, none.count);
    size_t columns = db_columns(q), place[KEYS_MAX];
    for (size_t k = 0; k < s->key_count; k++) {
        place[k] = SIZE_MAX;
        for (size_t i = 0; i < columns; i++)
            if (str_eqz(list[k], db_column_name(q, i)))
                place[k] = i;
        s->added += place[k] == SIZE_MAX;
    }
    size_t in_front = 0;
    for (size_t k = 0; k < s->key_count; k++)
        s->keys[k] = place[k] == SIZE_MAX ? in_front++ : s->added + place[k];
    assert_int_equal(db_end(q), RC_OK);
}

static void register_order(struct statement *s, const char *text, const char *suffix)
{
    _cleanup_buf_ struct buf out = BUF_INIT(1 << 16);
    struct str list[KEYS_MAX];
    char name[NAME_MAX_LEN + 24];
    const char *order = at_top(text, "ORDER BY"), *limit = at_top(text, "LIMIT");
    const char *end = limit ? limit : order + strlen(order);
    struct str tail = str_n(order + 8, (size_t)(end - order - 8));
    while (tail.len && strchr("; \n", tail.ptr[tail.len - 1]))
        tail.len--;
    s->key_count = split_keys(tail, list);
    if (s->added == 0 && !suffix[0])
        place_keys(s, list);
    size_t head = strncmp(text, "SELECT DISTINCT ", 16) == 0 ? 16 : 7;
    buf_add(&out, str_n(text, head));
    for (size_t k = 0; k < s->key_count; k++)
        if (s->keys[k] < s->added)
            buf_addf(&out, "%.*s AS sort_key_%zu, ", STR_FMT(list[k]), k);
    buf_add(&out, str_n(text + head, (size_t)(end - text) - head));
    buf_add_byte(&out, '\0');
    snprintf(name, sizeof(name), "%s%s", s->order_name, suffix);
    both_register(name, out.ptr);
}

static void read_order(struct statement *s)
{
    s->limited = at_top(s->text, "LIMIT");
    s->ordered = at_top(s->text, "ORDER BY");
    if (!s->ordered)
        return;
    snprintf(s->order_name, sizeof(s->order_name), "order_%s", s->name);
    register_order(s, s->text, "");
    s->two_texts = text_on(s->name, POST) != s->text;
    if (s->two_texts)
        register_order(s, text_on(s->name, POST), "@postgres");
}

/* ---- all statements ---- */

static void add_statement(struct both *on, const char *name, const char *text)
{
    assert_true(statement_count < STATEMENTS_MAX);
    struct statement *s = &statements[statement_count++];
    *s = (struct statement){.name = name, .text = text, .on = on, .is_query = strncmp(text, "SELECT", 6) == 0};
    ask_kinds(s);
    find_tables(s);
    for (size_t i = 0; i < s->parameter_count; i++)
        find_column(s, &s->parameters[i]);
    if (s->is_query)
        read_order(s);
}

/* A statement that one engine alone has ("tell@postgres") has nothing to agree with. */
static void add_statements(struct both *on, const struct db_sql *sql)
{
    for (; sql && sql->name; sql++)
        if (!strchr(sql->name, '@'))
            add_statement(on, sql->name, sql->text);
}

static int open_both(void **state)
{
    const struct db_migration *lists[32];
    size_t count = 0;
    (void)state;
    if (!engine_server()) {
        print_message("ZHIXIN_TEST_DATABASE names no PostgreSQL server: nothing to compare with, skipped\n");
        return 0;
    }
    if (getenv("ZHIXIN_TEST_SEED"))
        chance_state += strtoull(getenv("ZHIXIN_TEST_SEED"), NULL, 10) * 0xBF58476D1CE4E5B9u;
    statements = mem_zalloc(STATEMENTS_MAX, sizeof(*statements));
    for (size_t i = 0; all_modules[i]; i++) {
        lists[count++] = all_modules[i]->migrations;
        if (all_modules[i]->sql)
            db_register_sql(all_modules[i]->sql, SIZE_MAX);
    }
    db_register_sql(vault_sql, SIZE_MAX);
    truth = both_new(lists, count);
    keys = both_new((const struct db_migration *const[]){vault_migrations}, 1);
    both_fill(truth);
    both_fill(keys);
    add_statements(truth, db_sql);
    for (size_t i = 0; all_modules[i]; i++)
        add_statements(truth, all_modules[i]->sql);
    add_statements(keys, vault_sql);
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    both_free(truth);
    both_free(keys);
    free(statements);
    return 0;
}

/* ---- bindings ---- */

static bool is_limit(const char *name)
{
    return IS_AMONG(name, "limit", "count_max");
}

/* A piece of a text of the statement's tables, as people type it. */
static struct value searched(const struct statement *s, struct arena *a)
{
    const struct table *t = s->table_count ? s->tables[below(s->table_count)] : NULL;
    struct value v = {.bytes = text_like("q")};
    for (size_t i = 0; t && t->row_count && i < 8; i++) {
        size_t k = below(t->column_count);
        const struct value *cell = &t->rows[below(t->row_count)][k];
        if (t->columns[k].kind == KIND_TEXT && !cell->is_null)
            v.bytes = cell->bytes;
        else if (t->columns[k].kind == KIND_NUMBER && is_id(t->columns[k].name) && !cell->is_null)
            v.bytes = arena_printf(a, "%lld", (long long)cell->number);
    }
    size_t from = below(v.bytes.len + 1), to = from + below(v.bytes.len - from + 1);
    while (from < v.bytes.len && ((unsigned char)v.bytes.ptr[from] & 0xC0) == 0x80)
        from++;
    while (to < v.bytes.len && ((unsigned char)v.bytes.ptr[to] & 0xC0) == 0x80)
        to++;
    v.bytes = one_in(3) || to < from ? v.bytes : str_n(v.bytes.ptr + from, to - from);
    char *lower = arena_z(a, v.bytes);
    for (size_t i = 0; i < v.bytes.len; i++)
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + 32 : lower[i]);
    return (struct value){.bytes = one_in(5) ? STR("") : str_n(lower, v.bytes.len)};
}

/* Parameters that are no column's value. */
static bool is_special(const struct statement *s, const struct parameter *p, struct arena *a, struct value *ret)
{
    static const int64_t limits[] = {1, 2, 3, 5, 7, 20, 1000};
    static const char *const sorts[] = {"launch_day", "list_price", "updated", "", "new"};
    if (is_limit(p->name))
        *ret = (struct value){.number = limits[below(COUNT(limits))]};
    else if (strcmp(p->name, "direction") == 0)
        *ret = (struct value){.number = one_in(2) ? 1 : -1};
    else if (IS_AMONG(p->name, "first", "every_store", "all_stores"))
        *ret = (struct value){.number = (int64_t)below(2)};
    else if (strcmp(p->name, "who") == 0)
        *ret = (struct value){.number = (int64_t)below(5)};
    else if (strcmp(p->name, "sort") == 0)
        *ret = (struct value){.bytes = str_z(sorts[below(COUNT(sorts))])};
    else if (strcmp(p->name, "table_name") == 0)
        *ret = (struct value){.bytes = str_z(s->on->tables[below(s->on->table_count)].name)};
    else if (strcmp(p->name, "q") == 0)
        *ret = searched(s, a);
    else if (s->is_query && p->kind == KIND_TEXT && one_in(3))
        *ret = (struct value){.bytes = STR("")}; /* "any" of most filters */
    else if (s->is_query && IS_AMONG(p->name, "kind", "store_id", "class") && one_in(3))
        *ret = (struct value){.number = (int64_t)below(2) - (one_in(4) ? 1 : 0)};
    else
        return false;
    return true;
}

static bool any_cell(const struct statement *s, enum kind kind, struct value *ret)
{
    for (int tries = 0; tries < 20 && s->table_count; tries++) {
        const struct table *t = s->tables[below(s->table_count)];
        size_t k = below(t->column_count);
        if (t->row_count && t->columns[k].kind == kind) {
            *ret = t->rows[below(t->row_count)][k];
            return true;
        }
    }
    return false;
}

/* Open ends of ranges, so that conditions on many things at once are met now and then. */
static bool is_open_end(const struct statement *s, const struct parameter *p, struct value *ret)
{
    if (!s->is_query || p->kind != KIND_NUMBER || one_in(2))
        return false;
    bool low = strncmp(p->name, "from_", 5) == 0 || strncmp(p->name, "after", 5) == 0 || strncmp(p->name, "since", 5) == 0;
    bool high = strncmp(p->name, "to_", 3) == 0 || strncmp(p->name, "before", 6) == 0 || strcmp(p->name, "upto") == 0;
    *ret = (struct value){.number = low ? INT64_MIN + 1 : INT64_MAX};
    return low || high;
}

/* What no row has yet. */
static struct value fresh(enum kind kind, struct arena *a)
{
    if (kind == KIND_NUMBER)
        return (struct value){.number = 1000 + (int64_t)below(1000)};
    return (struct value){.bytes = arena_printf(a, "新%zu", below(100000))};
}

/* SQLite gives a single key column a number when it is NULL; nobody here binds that. */
static struct value draw(const struct statement *s, const struct parameter *p, const struct binding *b, struct arena *a)
{
    struct value v;
    enum kind kind = kind_of_one(p->kind);
    const struct column *c = p->table ? &p->table->columns[p->column] : NULL;
    bool has_rows = c && p->table->row_count;
    size_t how = below(20);
    if (is_special(s, p, a, &v) || is_open_end(s, p, &v))
        return v;
    if (has_rows && b->of_rows)
        return p->table->rows[b->chosen[p->table - s->on->tables]][p->column];
    if (how == 0 && !is_list(p) && !(c && c->is_key))
        return (struct value){.is_null = true};
    if (!s->is_query && how > 12 && (!c || c->is_key || kind != KIND_NUMBER))
        return fresh(kind, a);
    if (has_rows && how < 14) {
        v = p->table->rows[how < 8 ? b->chosen[p->table - s->on->tables] : below(p->table->row_count)][p->column];
        if (how == 13 && kind == KIND_NUMBER && v.number < INT64_MAX && v.number > INT64_MIN + 1)
            v.number += one_in(2) ? 1 : -1;
        return v;
    }
    if (!c && how < 12 && any_cell(s, kind, &v) && (is_id(p->name) || kind != KIND_NUMBER || s->is_query))
        return v;
    return value_like(c ? c->name : p->name, kind, c && c->nullable);
}

static void bind(const struct statement *s, size_t number, struct arena *a, struct binding *ret)
{
    static const size_t lengths[] = {1, 3, 7, LIST_MAX, 0};
    size_t lists = 0;
    for (size_t i = 0; i < s->on->table_count; i++)
        ret->chosen[i] = s->on->tables[i].row_count ? below(s->on->tables[i].row_count) : 0;
    ret->count = s->parameter_count;
    ret->of_rows = number % 3 == 2;
    for (size_t i = 0; i < s->parameter_count; i++) {
        const struct parameter *p = &s->parameters[i];
        if (!is_list(p)) {
            ret->args[i] = arg_of(p->name, p->kind, draw(s, p, ret, a));
            continue;
        }
        assert_true(lists < COUNT(ret->lists));
        size_t length = lengths[(number + i) % COUNT(lengths)];
        bool of_rows = ret->of_rows;
        for (size_t k = 0; k < length; k++) {
            struct value v = draw(s, p, ret, a);
            ret->lists[lists][k] = v.is_null ? 0 : v.number;
            ret->blobs[lists][k] = v.bytes;
            ret->of_rows = false;
        }
        ret->of_rows = of_rows;
        ret->args[i] = p->kind == KIND_LIST ? DB_IDS(p->name, ret->lists[lists], length) : DB_BLOBS(p->name, ret->blobs[lists], length);
        lists++;
    }
}

static void describe(const struct binding *b, struct buf *out)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct db_arg *a = &b->args[i];
        buf_addf(out, " $%s=", a->name);
        if (a->kind == DB_ARG_I64)
            buf_addf(out, "%lld", (long long)a->number);
        else if (a->kind == DB_ARG_IDS || a->kind == DB_ARG_BLOBS)
            buf_addf(out, "[%zu]", a->list_count);
        else if (a->kind == DB_ARG_NULL)
            buf_addz(out, "NULL");
        else
            buf_add_json(out, str_cut(a->bytes, 40));
    }
}

static void found(struct statement *s, const struct binding *b, const char *what)
{
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 16);
    if (s->found[0])
        return;
    if (b)
        describe(b, &text);
    snprintf(s->found, sizeof(s->found), "%s%.*s", what, STR_FMT(buf_str(&text)));
}

/* Whoever met no row yet tries longer. */
static size_t enough(const struct statement *s, size_t bindings)
{
    if (s->parameter_count == 0)
        return 1;
    return s->rows == 0 ? BINDINGS_IDLE : bindings;
}

static void report(bool queries)
{
    size_t bad = 0, idle = 0;
    for (size_t i = 0; i < statement_count; i++) {
        const struct statement *s = &statements[i];
        if (s->is_query != queries)
            continue;
        if (s->found[0]) {
            print_error("%s: %s\n", s->name, s->found);
            bad++;
        } else if (s->rows == 0 && strncmp(s->text, "SELECT 1;", 9) != 0) {
            print_message("  %s: no row was ever %s\n", s->name, queries ? "seen" : "changed");
            idle++;
        }
    }
    assert_int_equal(bad, 0);
    assert_true(idle <= 3); /* else the generated rows have become worth little */
}

/* ---- queries ---- */

struct rows {
    struct str *list, *keys;
    size_t count;
    bool ties; /* rows that differ have the same keys */
    enum rc rc;
};

static void add_key(struct buf *out, struct db_rows *q, const struct statement *s)
{
    for (size_t k = 0; k < s->key_count; k++) {
        struct str cell = db_column_type(q, s->keys[k]) == DB_TYPE_NULL ? STR("\xFE") : db_text_at(q, s->keys[k]);
        buf_addf(out, "%zu:", cell.len);
        buf_add(out, cell);
    }
}

static struct rows ask(struct db *db, const char *name, const struct statement *s, bool with_keys, const struct binding *b, struct arena *a)
{
    enum { ROWS_MAX = 200000 };
    static struct buf bytes = BUF_INIT(1 << 20);
    static struct str list[ROWS_MAX], by[ROWS_MAX];
    struct db_arg args[PARAMETERS];
    size_t count = 0;
    for (size_t i = 0; i < b->count; i++) /* LIMIT is not in the text with keys */
        if (place_of(db_sql_text(name), b->args[i].name))
            args[count++] = b->args[i];
    struct db_rows *q = db_query_args(db, name, args, count);
    struct rows r = {0};
    for (; db_next(q); r.count++) {
        assert_true(r.count < ROWS_MAX);
        buf_reset(&bytes);
        both_add_row(&bytes, q);
        list[r.count] = arena_str(a, buf_str(&bytes));
        if (!with_keys)
            continue;
        buf_reset(&bytes);
        add_key(&bytes, q, s);
        by[r.count] = arena_str(a, buf_str(&bytes));
        r.ties |= r.count && str_eq(by[r.count], by[r.count - 1]) && !str_eq(list[r.count], list[r.count - 1]);
    }
    r.rc = db_end(q);
    r.list = arena_new_array(a, struct str, r.count + 1);
    r.keys = arena_new_array(a, struct str, r.count + 1);
    for (size_t i = 0; i < r.count; i++) {
        r.list[i] = list[i];
        r.keys[i] = with_keys ? by[i] : STR_NULL;
    }
    return r;
}

static int by_bytes(const void *x, const void *y)
{
    struct str a = *(const struct str *)x, b = *(const struct str *)y;
    int order = memcmp(a.ptr ? a.ptr : "", b.ptr ? b.ptr : "", a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static bool are_equal(const struct str *a, const struct str *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!str_eq(a[i], b[i]))
            return false;
    return true;
}

static bool are_equal_somehow(struct rows *a, struct rows *b)
{
    qsort(a->list, a->count, sizeof(*a->list), by_bytes);
    qsort(b->list, b->count, sizeof(*b->list), by_bytes);
    return are_equal(a->list, b->list, a->count);
}

static void compare_names(struct statement *s, const struct binding *b)
{
    struct db_rows *q[ENGINES];
    for (int e = 0; e < ENGINES; e++)
        q[e] = db_query_args(s->on->on[e], s->name, b->args, b->count);
    if (db_columns(q[LITE]) != db_columns(q[POST]))
        found(s, NULL, "other columns");
    for (size_t i = 0; i < db_columns(q[LITE]) && !s->found[0]; i++) /* what has no name of its own is read by position */
        if (!strpbrk(db_column_name(q[LITE], i), "( 1'") && strcmp(db_column_name(q[LITE], i), db_column_name(q[POST], i)) != 0)
            found(s, NULL, "a column has another name");
    for (int e = 0; e < ENGINES; e++)
        assert_int_equal(db_end(q[e]), RC_OK);
}

static void compare_query(struct statement *s, const struct binding *b, struct arena *a)
{
    struct rows got[ENGINES], order[ENGINES];
    bool ties = !s->ordered;
    for (int e = 0; e < ENGINES; e++)
        got[e] = ask(s->on->on[e], s->name, s, false, b, a);
    if (got[LITE].rc || got[POST].rc) {
        found(s, b, got[POST].rc ? db_error(s->on->on[POST]) : db_error(s->on->on[LITE]));
        return;
    }
    if (got[LITE].count != got[POST].count) {
        found(s, b, "another number of rows:");
        return;
    }
    s->rows += got[LITE].count;
    for (int e = 0; e < ENGINES && s->ordered; e++)
        order[e] = ask(s->on->on[e], s->order_name, s, true, b, a);
    if (s->ordered) {
        ties = order[LITE].ties || order[POST].ties;
        if (order[LITE].rc || order[POST].rc || order[LITE].count != order[POST].count ||
            (!s->two_texts && !are_equal(order[LITE].keys, order[POST].keys, order[LITE].count)))
            found(s, b, "another order:");
        else if (!s->two_texts && !are_equal_somehow(&order[LITE], &order[POST]))
            found(s, b, "other rows, asked without LIMIT:");
    }
    if (ties && s->limited)
        found(s, b, s->ordered ? "its order leaves ties open, and it has a LIMIT:" : "a LIMIT without an order:");
    else if (!ties && !are_equal(got[LITE].list, got[POST].list, got[LITE].count))
        found(s, b, "other rows, or in another order:");
    else if (ties && !are_equal_somehow(&got[LITE], &got[POST]))
        found(s, b, "other rows:");
}

static void every_query_gives_the_same_rows(void **state)
{
    size_t queries = 0, bindings = 0, rows = 0;
    (void)state;
    if (!truth)
        skip();
    for (size_t i = 0; i < statement_count; i++) {
        struct statement *s = &statements[i];
        for (size_t n = 0; s->is_query && n < enough(s, s->limited ? BINDINGS_LIMITED : BINDINGS) && !s->found[0]; n++, bindings++) {
            _cleanup_(arena_freep) struct arena *a = arena_new();
            struct binding b;
            bind(s, n, a, &b);
            if (n == 0)
                compare_names(s, &b);
            compare_query(s, &b, a);
        }
        queries += s->is_query;
        rows += s->is_query ? s->rows : 0;
    }
    print_message("%zu queries, %zu bindings, %zu rows compared\n", queries, bindings, rows);
    report(true);
}

/* ---- changes ---- */

static const struct table *changed_table(const struct statement *s)
{
    static const char *const starts[] = {"INSERT INTO ", "UPDATE ", "DELETE FROM "};
    for (size_t i = 0; i < COUNT(starts); i++)
        if (strncmp(s->text, starts[i], strlen(starts[i])) == 0) {
            const char *name = s->text + strlen(starts[i]);
            size_t len = 0;
            while (is_word(name[len]))
                len++;
            return both_table(s->on, str_n(name, len));
        }
    return NULL;
}

static void on_each(const struct both *b, const char *text)
{
    for (int e = 0; e < ENGINES; e++)
        assert_int_equal(db_script(b->on[e], text), RC_OK);
}

static void compare_change(struct statement *s, const struct table *t, const struct binding *b)
{
    enum rc rc[ENGINES];
    on_each(s->on, "SAVEPOINT one");
    for (int e = 0; e < ENGINES; e++)
        rc[e] = db_run_args(s->on->on[e], s->name, b->args, b->count);
    if (rc[LITE] != rc[POST])
        found(s, b, rc[POST] ? db_error(s->on->on[POST]) : db_error(s->on->on[LITE]));
    else if (rc[LITE] != RC_OK && rc[LITE] != RC_CONFLICT)
        found(s, b, db_error(s->on->on[POST]));
    else if (rc[LITE] == RC_OK && db_changes(s->on->on[LITE]) != db_changes(s->on->on[POST]))
        found(s, b, "another number of changes:");
    else if (rc[LITE] == RC_OK)
        s->rows += (size_t)db_changes(s->on->on[LITE]);
    on_each(s->on, rc[LITE] || rc[POST] ? "ROLLBACK TO one" : "RELEASE one");
    if (!both_same(s->on, t))
        found(s, b, "the table is another afterwards:");
}

/* All bindings of a statement in one transaction, each behind a savepoint; what they did is then taken back. */
static void compare_changes(struct statement *s, size_t *bindings)
{
    const struct table *t = changed_table(s);
    if (!t) {
        found(s, NULL, "changes no known table");
        return;
    }
    on_each(s->on, "BEGIN TRANSACTION"); /* not db_tx()'s: writers are many here */
    for (size_t n = 0; n < enough(s, CHANGES_BINDINGS) && !s->found[0]; n++, ++*bindings) {
        _cleanup_(arena_freep) struct arena *a = arena_new();
        struct binding b;
        bind(s, n, a, &b);
        compare_change(s, t, &b);
    }
    for (size_t i = 0; i < s->on->table_count; i++)
        if (!both_same(s->on, &s->on->tables[i]))
            found(s, NULL, s->on->tables[i].name);
    on_each(s->on, "ROLLBACK");
}

static void every_change_leaves_the_same_tables(void **state)
{
    size_t changes = 0, bindings = 0, rows = 0;
    (void)state;
    if (!truth)
        skip();
    for (size_t i = 0; i < statement_count; i++) {
        struct statement *s = &statements[i];
        if (s->is_query)
            continue;
        compare_changes(s, &bindings);
        changes++;
        rows += s->rows;
    }
    print_message("%zu statements that change, %zu bindings, %zu rows changed\n", changes, bindings, rows);
    report(false);
}

/* ---- preparing ---- */

/* Made by this test itself, of others' texts. */
static bool is_made_here(const char *name)
{
    return strncmp(name, "whole", 5) == 0 || strncmp(name, "fill", 4) == 0 || strncmp(name, "order_", 6) == 0;
}

static void every_statement_prepares_on_both(void **state)
{
    size_t prepared[ENGINES] = {0}, second = 0;
    const struct db_sql *sql;
    (void)state;
    if (!truth)
        skip();
    for (size_t i = 0; (sql = db_sql_at(i)); i++) {
        const struct both *on = strncmp(sql->name, "keystore_", 9) == 0 ? keys : truth;
        bool own = strchr(sql->name, '@');
        for (int e = 0; e < ENGINES && !is_made_here(sql->name); e++) {
            const char *why = "";
            if (!db_check_sql(on->on[e], sql->name, &why))
                fail_msg("%s: %s", sql->name, why);
            prepared[e] += !own || e == POST;
        }
        second += own && !is_made_here(sql->name);
    }
    print_message("%zu statements prepared on SQLite, %zu on PostgreSQL, %zu of them in words of its own\n", prepared[LITE], prepared[POST], second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_prepares_on_both),
        cmocka_unit_test(every_query_gives_the_same_rows),
        cmocka_unit_test(every_change_leaves_the_same_tables),
    };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
