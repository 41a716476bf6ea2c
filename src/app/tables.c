/* Whole tables, page by page. Their SQL is made from the names of our own columns, once for each table, and registered like
 * all SQL. */
#include "app/tables.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum { PAGE_ROWS = 250 };

/* ---- what a table is ---- */

static enum rc read_columns(struct ctx *c, struct db *db, struct table *t)
{
    struct db_rows *q;
    enum rc rc = db_query_text(db, arena_printf(c->arena, "SELECT * FROM %s LIMIT 0", t->name).ptr, NULL, 0, &q);
    if (rc)
        return rc;
    t->column_count = db_columns(q);
    assert(t->column_count <= TABLE_CELLS_MAX);
    for (size_t i = 0; i < t->column_count; i++)
        t->columns[i] = str_z(arena_z(c->arena, str_z(db_column_name(q, i))));
    return db_end(q);
}

static size_t column_of(const struct table *t, struct str name)
{
    size_t i = 0;
    while (i < t->column_count && !str_eq(t->columns[i], name))
        i++;
    return i;
}

enum rc table_look(struct ctx *c, struct db *db, const char *name, struct table *ret)
{
    *ret = (struct table){.name = name};
    enum rc rc = read_columns(c, db, ret);
    if (rc)
        return rc;
    struct db_rows *q = db_query(db, "table_key", DB_TEXT("table_name", str_z(name)));
    while (db_next(q)) {
        assert(ret->key_count < sizeof(ret->key) / sizeof(ret->key[0]));
        ret->key[ret->key_count++] = column_of(ret, db_text(q, "name"));
    }
    rc = db_end(q);
    return rc ? rc : ret->key_count ? RC_OK : RC_INTERNAL;
}

/* ---- its statements ---- */

enum verb { FIRST, NEXT, LAST, PUT };

static void add_list(struct buf *out, const struct table *t, const size_t *which, size_t count, const char *before, const char *behind)
{
    for (size_t i = 0; i < count; i++)
        buf_addf(out, "%s%s%.*s%s", i ? ", " : "", before, STR_FMT(t->columns[which ? which[i] : i]), behind);
}

static void add_select(struct buf *out, const struct table *t, enum verb verb)
{
    buf_addz(out, "SELECT ");
    add_list(out, t, NULL, t->column_count, "", "");
    buf_addf(out, " FROM %s", t->name);
    if (verb == NEXT) {
        buf_addz(out, " WHERE (");
        add_list(out, t, t->key, t->key_count, "", "");
        buf_addz(out, ") > (");
        add_list(out, t, t->key, t->key_count, "$", "");
        buf_addz(out, ")");
    }
    buf_addz(out, " ORDER BY ");
    add_list(out, t, t->key, t->key_count, "", verb == LAST ? " DESC" : "");
    buf_addf(out, " LIMIT %d", verb == LAST ? 1 : PAGE_ROWS);
}

static void add_insert(struct buf *out, const struct table *t)
{
    buf_addf(out, "INSERT INTO %s (", t->name);
    add_list(out, t, NULL, t->column_count, "", "");
    buf_addz(out, ") VALUES (");
    add_list(out, t, NULL, t->column_count, "$", "");
    buf_addz(out, ") ON CONFLICT (");
    add_list(out, t, t->key, t->key_count, "", "");
    buf_addz(out, ") DO NOTHING");
}

static void write_sql(struct buf *out, const struct table *t, enum verb verb)
{
    if (verb == PUT)
        add_insert(out, t);
    else
        add_select(out, t, verb);
}

/* Registered once a table and verb, and kept for the life of the process. */
static const char *statement(const struct table *t, enum verb verb)
{
    static const char *const words[] = {"first", "next", "last", "put"};
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    char name[96];
    snprintf(name, sizeof(name), "table_%s_%s", words[verb], t->name);
    pthread_mutex_lock(&lock);
    const struct db_sql *known = db_sql_named(name);
    if (!known) {
        struct buf text = BUF_INIT(16 << 10);
        struct db_sql *made = mem_zalloc(1, sizeof(*made));
        write_sql(&text, t, verb);
        made->name = mem_dupz(name, strlen(name));
        made->text = mem_dupz(text.ptr, text.len);
        buf_free(&text);
        db_register_sql(known = made, 1);
    }
    pthread_mutex_unlock(&lock);
    return known->name;
}

/* ---- pages ---- */

static struct db_arg cell_of(struct db_rows *q, struct arena *arena, const struct table *t, size_t i)
{
    const char *name = t->columns[i].ptr;
    switch (db_column_type(q, i)) {
    case DB_TYPE_I64: return DB_I64(name, db_i64_at(q, i));
    case DB_TYPE_TEXT: return DB_TEXT(name, arena_str(arena, db_text_at(q, i)));
    case DB_TYPE_BLOB: return DB_BLOB(name, arena_str(arena, db_text_at(q, i)));
    default: return DB_NULL(name);
    }
}

static enum rc read_page(struct db *db, struct arena *arena, const struct table *t, enum verb verb, const struct db_arg *key, struct table_page *ret)
{
    *ret = (struct table_page){.cells = arena_new_array(arena, struct db_arg, PAGE_ROWS * t->column_count)};
    struct db_rows *q = db_query_args(db, statement(t, verb), key, verb == NEXT ? t->key_count : 0);
    for (; db_next(q); ret->rows++)
        for (size_t i = 0; i < t->column_count; i++)
            ret->cells[ret->rows * t->column_count + i] = cell_of(q, arena, t, i);
    return db_end(q);
}

enum rc table_read(struct db *db, struct arena *arena, const struct table *t, const struct db_arg *after, struct table_page *ret)
{
    struct db_arg key[4];
    for (size_t i = 0; after && i < t->key_count; i++)
        key[i] = after[t->key[i]];
    return read_page(db, arena, t, after ? NEXT : FIRST, key, ret);
}

enum rc table_last(struct db *db, struct arena *arena, const struct table *t, const struct db_arg **ret)
{
    struct table_page page;
    enum rc rc = read_page(db, arena, t, LAST, NULL, &page);
    *ret = !rc && page.rows ? page.cells : NULL;
    return rc;
}

enum rc table_put(struct db *db, const struct table *t, const struct table_page *page)
{
    return page->rows ? db_batch(db, statement(t, PUT), page->cells, t->column_count, page->rows) : RC_OK;
}

/* ---- hashes ---- */

static void add_cell(crypto_generichash_state *state, const struct db_arg *cell)
{
    static const unsigned char types[] = {[DB_ARG_NULL] = DB_TYPE_NULL, [DB_ARG_I64] = DB_TYPE_I64, [DB_ARG_TEXT] = DB_TYPE_TEXT, [DB_ARG_BLOB] = DB_TYPE_BLOB};
    unsigned char type = types[cell->kind];
    int64_t number = cell->kind == DB_ARG_I64 ? cell->number : 0;
    bool is_bytes = cell->kind == DB_ARG_TEXT || cell->kind == DB_ARG_BLOB;
    struct str bytes = is_bytes ? cell->bytes : str_n((const char *)&number, sizeof(number));
    uint64_t len = bytes.len;
    crypto_generichash_update(state, &type, 1);
    crypto_generichash_update(state, (const unsigned char *)&len, sizeof(len));
    crypto_generichash_update(state, (const unsigned char *)bytes.ptr, bytes.len);
}

static uint64_t row_hash(const struct table *t, const struct db_arg *cells)
{
    crypto_generichash_state state;
    unsigned char hash[16];
    uint64_t one;
    crypto_generichash_init(&state, NULL, 0, sizeof(hash));
    for (size_t i = 0; i < t->column_count; i++)
        add_cell(&state, &cells[i]);
    crypto_generichash_final(&state, hash, sizeof(hash));
    memcpy(&one, hash, sizeof(one));
    return one;
}

enum rc table_hash(struct ctx *c, struct db *db, const char *name, uint64_t *ret_hash, int64_t *ret_rows)
{
    /* Two arenas take turns: the last row of a page is where the next begins. */
    struct arena *arenas[2] = {arena_new(), arena_new()};
    struct table_page page = {.rows = 1};
    const struct db_arg *after = NULL;
    struct table t;
    uint64_t sum = 0;
    int64_t rows = 0;
    enum rc rc = table_look(c, db, name, &t);
    for (size_t turn = 0; !rc && page.rows > 0; turn++) {
        arena_reset(arenas[turn % 2]);
        rc = table_read(db, arenas[turn % 2], &t, after, &page);
        for (size_t i = 0; !rc && i < page.rows; i++)
            sum += row_hash(&t, after = page.cells + i * t.column_count);
        rows += (int64_t)page.rows;
    }
    arena_free(arenas[0]);
    arena_free(arenas[1]);
    *ret_hash = sum;
    *ret_rows = rows;
    return rc;
}
