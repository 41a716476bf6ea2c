/* The engine-neutral part of the database face: the registry of named statements, names to positions, the cache of
 * prepared statements, queries as loops, and transactions. It knows no engine; see sqlite.c, postgres.c and duckdb.c. */
#include "base/log.h"
#include "db/db_priv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARAMETERS_MAX = 64, REGISTRY_SLOTS = 4096, CACHE_SLOTS = 512, RERUNS_MAX = 5 };

struct statement {
    char *name;        /* registered name, or NULL for db_query_text */
    size_t list_class; /* size class of its $list[] parameters, 0 without */
    void *native;
    struct str parameters[PARAMETERS_MAX]; /* names, position i+1; point into the SQL text */
    size_t parameter_count;
    char *own_text; /* keeps the names alive when the text is not registered */
    char **columns; /* names, copied: an engine may prepare again by itself */
    size_t column_count;
    bool columns_sure;
    bool busy;
    struct statement *next; /* same slot */
};

struct db {
    const struct db_driver *driver;
    void *conn;
    int depth; /* of nested db_tx */
    int64_t changes;
    struct statement *cache[CACHE_SLOTS];
};

struct db_rows {
    struct db *db;
    struct statement *statement; /* NULL when preparing failed */
    enum rc rc;
    bool cached;
};

/* ---- registry ---- */

/* By hash of the name. Filled at start, and later by who makes statements for whole tables; nothing is taken out. */
static const struct db_sql *_Atomic registry[REGISTRY_SLOTS];
static const struct db_sql *in_order[REGISTRY_SLOTS];
static size_t registered;

static uint32_t hash_name(const char *name)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 16777619u;
    return h;
}

static const struct db_sql *_Atomic *registry_slot(const char *name)
{
    uint32_t at = hash_name(name) % REGISTRY_SLOTS;
    for (const struct db_sql *sql; (sql = registry[at]) && strcmp(sql->name, name) != 0;)
        at = (at + 1) % REGISTRY_SLOTS;
    return &registry[at];
}

void db_register_sql(const struct db_sql *sql, size_t count)
{
    for (size_t i = 0; i < count && sql[i].name; i++) {
        const struct db_sql *_Atomic *slot = registry_slot(sql[i].name);
        const struct db_sql *there = *slot;
        if (there == &sql[i])
            continue;
        if (there) {
            fprintf(stderr, "SQL name used twice: %s\n", sql[i].name);
            abort();
        }
        assert(registered < REGISTRY_SLOTS / 2);
        *slot = &sql[i];
        in_order[registered++] = &sql[i];
    }
}

const struct db_sql *db_sql_at(size_t index)
{
    return index < registered ? in_order[index] : NULL;
}

const struct db_sql *db_sql_named(const char *name)
{
    return *registry_slot(name);
}

const char *db_sql_text(const char *name)
{
    const struct db_sql *sql = *registry_slot(name);
    if (!sql) {
        fprintf(stderr, "unknown SQL name: %s\n", name);
        abort();
    }
    return sql->text;
}

static const char *engine_name(enum db_engine engine)
{
    static const char *const names[] = {[DB_SQLITE] = "sqlite", [DB_DUCKDB] = "duckdb", [DB_POSTGRES] = "postgres"};
    return names[engine];
}

/* The text that this engine runs under a name: its own, or the shared one. */
static const struct db_sql *sql_for(const struct db *db, const char *name)
{
    char own[128];
    snprintf(own, sizeof(own), "%s@%s", name, engine_name(db->driver->engine));
    const struct db_sql *sql = *registry_slot(own);
    if (!sql)
        sql = *registry_slot(name);
    if (!sql)
        db_sql_text(name); /* aborts with the name */
    return sql;
}

/* ---- arguments ---- */

struct db_arg db_text_or_null(const char *name, struct str v)
{
    return v.len ? DB_TEXT(name, v) : DB_NULL(name);
}

struct db_arg db_blob_or_null(const char *name, struct str v)
{
    return v.len ? DB_BLOB(name, v) : DB_NULL(name);
}

struct db_arg db_i64_or_null(const char *name, int64_t v, bool is_set)
{
    return is_set ? DB_I64(name, v) : DB_NULL(name);
}

/* ---- names to positions ---- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t position_of(struct statement *s, struct str name)
{
    for (size_t i = 0; i < s->parameter_count; i++)
        if (str_eq(s->parameters[i], name))
            return i + 1;
    if (s->parameter_count == PARAMETERS_MAX) {
        fprintf(stderr, "too many parameters in SQL %s\n", s->name ? s->name : "(text)");
        abort();
    }
    s->parameters[s->parameter_count++] = name;
    return s->parameter_count;
}

/* A list takes `list_class` positions of its own behind all others: class 4 of $ids[] is ?101,?102,?103,?104. */
static void add_list(struct buf *out, const char *mark, size_t position, size_t list_class)
{
    if (list_class == 0)
        buf_addz(out, "NULL");
    for (size_t i = 0; i < list_class; i++)
        buf_addf(out, "%s%s%zu", i ? "," : "", mark, PARAMETERS_MAX + (position - 1) * list_class + i + 1);
}

/* "x IN ($list[])" becomes "x = ANY (CAST($N AS BIGINT[]))": one statement for lists of all lengths. */
static void add_array(struct statement *s, struct buf *out, const char *mark, size_t position, bool of_bytes)
{
    static const struct str in = STR("IN (");
    if (out->len < in.len || memcmp(out->ptr + out->len - in.len, in.ptr, in.len) != 0) {
        fprintf(stderr, "SQL %s: a list stands only behind IN (\n", s->name ? s->name : "(text)");
        abort();
    }
    out->len -= in.len;
    buf_addf(out, "= ANY (CAST(%s%zu AS %s[])", mark, position, of_bytes ? "BYTEA" : "BIGINT");
}

/* Rewrites $name to ?N or $N and $name[] or $name[bytes] to a run of positions or an array, leaving quoted text alone. */
static void rewrite(struct statement *s, const char *text, const struct db_driver *driver, struct buf *out)
{
    const char *mark = driver->parameter_mark;
    bool quoted = false;
    for (const char *p = text; *p;) {
        if (*p == '\'')
            quoted = !quoted;
        if (quoted || *p != '$' || !is_name_char(p[1])) {
            buf_add_byte(out, *p++);
            continue;
        }
        size_t len = 1;
        while (is_name_char(p[len]))
            len++;
        size_t position = position_of(s, str_n(p + 1, len - 1));
        p += len;
        bool of_bytes = strncmp(p, "[bytes]", 7) == 0;
        if (of_bytes || strncmp(p, "[]", 2) == 0) {
            if (driver->arrays)
                add_array(s, out, mark, position, of_bytes);
            else
                add_list(out, mark, position, s->list_class);
            p += of_bytes ? 7 : 2;
        } else {
            buf_addf(out, "%s%zu", mark, position);
        }
    }
    buf_add_byte(out, '\0');
}

static bool is_list(const struct db_arg *arg)
{
    return arg->kind == DB_ARG_IDS || arg->kind == DB_ARG_BLOBS;
}

/* Lists come in sizes of powers of two, so that few statements serve all lengths; 0: empty. The driver sees gaps in the
 * positions: SQLite takes them as they are, DuckDB by its named parameters. */
static size_t list_class_of(const struct db *db, const struct db_arg *args, size_t count)
{
    size_t longest = 0, list_class = 1;
    bool any = false;
    if (db->driver->arrays)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (is_list(&args[i])) {
            any = true;
            longest = args[i].list_count > longest ? args[i].list_count : longest;
        }
    if (!any || longest == 0)
        return 0;
    while (list_class < longest)
        list_class *= 2;
    return list_class;
}

/* A conflict is the caller's business, and of a server that is away the line tells once (line.h). */
static void complain(const struct db *db, enum rc rc, const char *what, const char *sql)
{
    if (rc && rc != RC_CONFLICT && rc != RC_DATABASE_AWAY)
        log_error(what, LOG_Z("sql", sql ? sql : "(text)"), LOG_Z("why", db->driver->error(db->conn)));
}

/* ---- prepared statements ---- */

static void forget_columns(struct statement *s)
{
    for (size_t i = 0; i < s->column_count; i++)
        free(s->columns[i]);
    free(s->columns);
    s->columns = NULL;
    s->column_count = 0;
}

static void statement_free(struct db *db, struct statement *s)
{
    if (s->native)
        db->driver->finalize(s->native);
    forget_columns(s);
    free(s->own_text);
    free(s->name);
    free(s);
}

static void read_columns(struct db *db, struct statement *s)
{
    forget_columns(s);
    s->column_count = (size_t)db->driver->column_count(s->native);
    s->columns = mem_zalloc(s->column_count, sizeof(*s->columns));
    for (size_t i = 0; i < s->column_count; i++) {
        const char *name = db->driver->column_name(s->native, (int)i);
        s->columns[i] = mem_dupz(name, strlen(name));
    }
}

static enum rc statement_new(struct db *db, const char *name, const char *text, size_t list_class, struct statement **ret)
{
    _cleanup_buf_ struct buf sql = BUF_INIT(8 << 20);
    struct statement *s = mem_zalloc(1, sizeof(*s));
    s->name = name ? mem_dupz(name, strlen(name)) : NULL;
    s->list_class = list_class;
    if (!name)
        text = s->own_text = mem_dupz(text, strlen(text));
    rewrite(s, text, db->driver, &sql);
    enum rc rc = db->driver->prepare(db->conn, sql.ptr, &s->native);
    if (rc) {
        complain(db, rc, "db.prepare", name);
        statement_free(db, s);
        return rc;
    }
    read_columns(db, s);
    s->columns_sure = !db->driver->late_columns;
    *ret = s;
    return RC_OK;
}

/* A cached statement that nobody is walking through; one more is made when all are busy. */
static enum rc statement_get(struct db *db, const char *name, size_t list_class, struct statement **ret)
{
    struct statement **slot = &db->cache[(hash_name(name) + list_class) % CACHE_SLOTS];
    for (struct statement *s = *slot; s; s = s->next)
        if (!s->busy && s->list_class == list_class && strcmp(s->name, name) == 0) {
            *ret = s;
            return RC_OK;
        }
    struct statement *fresh;
    enum rc rc = statement_new(db, name, sql_for(db, name)->text, list_class, &fresh);
    if (rc)
        return rc;
    fresh->next = *slot;
    *slot = *ret = fresh;
    return RC_OK;
}

static _Noreturn void die_argument(const struct statement *s, struct str parameter, const char *why)
{
    fprintf(stderr, "SQL %s: parameter %.*s %s\n", s->name ? s->name : "(text)", STR_FMT(parameter), why);
    abort();
}

static enum rc bind_list(struct db *db, struct statement *s, size_t position, const struct db_arg *arg)
{
    for (size_t i = 0; i < s->list_class; i++) {
        size_t at = i < arg->list_count ? i : arg->list_count - 1; /* the rest is filled up with the last */
        struct db_arg one = arg->list_count == 0 ? DB_NULL("") : arg->kind == DB_ARG_IDS ? DB_I64("", arg->ids[at]) : DB_BLOB("", arg->blobs[at]);
        enum rc rc = db->driver->bind(s->native, (int)(PARAMETERS_MAX + (position - 1) * s->list_class + i + 1), &one);
        if (rc)
            return rc;
    }
    return RC_OK;
}

static bool is_named(struct str parameter, const char *name)
{
    return strncmp(parameter.ptr, name, parameter.len) == 0 && name[parameter.len] == '\0';
}

/* Arguments mostly come in the order in which the statement names them: that place is looked at first. */
static size_t parameter_of(const struct statement *s, const char *name, size_t guess)
{
    for (size_t n = 0; n < s->parameter_count; n++) {
        size_t at = (guess + n) % s->parameter_count;
        if (is_named(s->parameters[at], name))
            return at;
    }
    die_argument(s, str_z(name), "does not exist");
}

static enum rc bind_all(struct db *db, struct statement *s, const struct db_arg *args, size_t count)
{
    uint64_t bound = 0;
    for (size_t i = 0; i < count; i++) {
        if (args[i].name[0] == '\0')
            continue; /* the macro's placeholder */
        size_t at = parameter_of(s, args[i].name, i);
        bound |= UINT64_C(1) << at;
        bool expands = is_list(&args[i]) && !db->driver->arrays;
        enum rc rc = expands ? bind_list(db, s, at + 1, &args[i]) : db->driver->bind(s->native, (int)at + 1, &args[i]);
        if (rc)
            return rc;
    }
    for (size_t at = 0; at < s->parameter_count; at++)
        if (!(bound >> at & 1))
            die_argument(s, s->parameters[at], "was not given");
    return RC_OK;
}

static enum rc finish(struct db *db, struct statement *s, enum db_step step)
{
    enum rc rc = RC_OK;
    if (step == DB_STEP_FAILED) {
        rc = db->driver->error_rc(db->conn);
        complain(db, rc, "db.step", s->name);
    } else {
        db->changes = db->driver->changes(db->conn);
    }
    db->driver->reset(s->native);
    return rc;
}

enum rc db_run_args(struct db *db, const char *name, const struct db_arg *args, size_t count)
{
    struct statement *s;
    enum rc rc = statement_get(db, name, list_class_of(db, args, count), &s);
    if (rc)
        return rc;
    rc = bind_all(db, s, args, count);
    if (rc) {
        db->driver->reset(s->native); /* the next run starts from nothing */
        return rc;
    }
    enum db_step step;
    do
        step = db->driver->step(s->native);
    while (step == DB_STEP_ROW);
    return finish(db, s, step);
}

enum rc db_run_later_args(struct db *db, const char *name, const struct db_arg *args, size_t count)
{
    struct statement *s;
    if (!db->driver->later || db->depth == 0)
        return db_run_args(db, name, args, count);
    enum rc rc = statement_get(db, name, 0, &s);
    if (rc)
        return rc;
    rc = bind_all(db, s, args, count);
    if (!rc)
        rc = db->driver->later(s->native);
    else
        db->driver->reset(s->native);
    complain(db, rc, "db.later", name);
    return rc;
}

enum rc db_ahead_args(struct db *db, const char *name, const struct db_arg *args, size_t count)
{
    struct statement *s;
    if (!db->driver->ahead)
        return RC_OK;
    enum rc rc = statement_get(db, name, list_class_of(db, args, count), &s);
    if (rc)
        return rc;
    rc = bind_all(db, s, args, count);
    if (!rc)
        rc = db->driver->ahead(s->native);
    else
        db->driver->reset(s->native);
    complain(db, rc, "db.ahead", name);
    return rc;
}

struct batch {
    struct db *db;
    struct statement *statement;
    const struct db_arg *rows;
    size_t per_row;
};

static enum rc bind_row(void *arg, size_t row)
{
    const struct batch *b = arg;
    return bind_all(b->db, b->statement, b->rows + row * b->per_row, b->per_row);
}

static enum rc run_batch(struct db *db, const char *name, const struct db_arg *rows, size_t per_row, size_t count)
{
    struct batch b = {.db = db, .rows = rows, .per_row = per_row};
    enum rc rc = statement_get(db, name, 0, &b.statement);
    if (!rc)
        rc = db->driver->batch(b.statement->native, count, bind_row, &b);
    db->changes = db->driver->changes(db->conn);
    complain(db, rc, "db.batch", name);
    return rc;
}

enum rc db_batch(struct db *db, const char *name, const struct db_arg *rows, size_t per_row, size_t count)
{
    int64_t changes = 0;
    if (db->driver->batch && count > 1)
        return run_batch(db, name, rows, per_row, count);
    for (size_t i = 0; i < count; i++) {
        enum rc rc = db_run_args(db, name, rows + i * per_row, per_row);
        if (rc)
            return rc;
        changes += db->changes;
    }
    db->changes = changes;
    return RC_OK;
}

int64_t db_changes(const struct db *db)
{
    return db->changes;
}

enum rc db_script(struct db *db, const char *text)
{
    enum rc rc = db->driver->script(db->conn, text);
    complain(db, rc, "db.script", NULL);
    return rc;
}

/* ---- queries ---- */

static struct db_rows *rows_new(struct db *db)
{
    struct db_rows *q = mem_zalloc(1, sizeof(*q));
    q->db = db;
    return q;
}

struct db_rows *db_query_args(struct db *db, const char *name, const struct db_arg *args, size_t count)
{
    struct db_rows *q = rows_new(db);
    q->cached = true;
    q->rc = statement_get(db, name, list_class_of(db, args, count), &q->statement);
    if (q->rc)
        return q;
    q->statement->busy = true;
    q->rc = bind_all(db, q->statement, args, count);
    return q;
}

enum rc db_query_text(struct db *db, const char *text, const struct db_arg *args, size_t count, struct db_rows **ret)
{
    struct statement *s;
    enum rc rc = statement_new(db, NULL, text, list_class_of(db, args, count), &s);
    if (rc)
        return rc;
    rc = bind_all(db, s, args, count);
    if (rc) {
        statement_free(db, s);
        return rc;
    }
    *ret = rows_new(db);
    (*ret)->statement = s;
    return RC_OK;
}

bool db_next(struct db_rows *q)
{
    if (q->rc || !q->statement)
        return false;
    enum db_step step = q->db->driver->step(q->statement->native);
    if (step == DB_STEP_ROW && !q->statement->columns_sure) {
        read_columns(q->db, q->statement);
        q->statement->columns_sure = true;
    }
    if (step == DB_STEP_FAILED)
        q->rc = finish(q->db, q->statement, step);
    return step == DB_STEP_ROW;
}

enum rc db_end(struct db_rows *q)
{
    enum rc rc = q->rc;
    if (q->statement) {
        q->db->driver->reset(q->statement->native);
        q->statement->busy = false;
        if (!q->cached)
            statement_free(q->db, q->statement);
    }
    free(q);
    return rc;
}

static int column_of(struct db_rows *q, const char *column)
{
    const struct statement *s = q->statement;
    for (size_t i = 0; i < s->column_count; i++)
        if (strcmp(s->columns[i], column) == 0)
            return (int)i;
    fprintf(stderr, "SQL %s: no column %s\n", s->name ? s->name : "(text)", column);
    abort();
}

int64_t db_i64(struct db_rows *q, const char *column)
{
    return q->db->driver->column_i64(q->statement->native, column_of(q, column));
}

double db_double(struct db_rows *q, const char *column)
{
    return q->db->driver->column_double(q->statement->native, column_of(q, column));
}

struct str db_text(struct db_rows *q, const char *column)
{
    return q->db->driver->column_bytes(q->statement->native, column_of(q, column));
}

struct str db_blob(struct db_rows *q, const char *column)
{
    return db_text(q, column);
}

bool db_is_null(struct db_rows *q, const char *column)
{
    return q->db->driver->column_type(q->statement->native, column_of(q, column)) == DB_TYPE_NULL;
}

size_t db_columns(struct db_rows *q)
{
    return q->statement ? q->statement->column_count : 0;
}

const char *db_column_name(struct db_rows *q, size_t index)
{
    return q->statement->columns[index];
}

enum db_type db_column_type(struct db_rows *q, size_t index)
{
    return q->db->driver->column_type(q->statement->native, (int)index);
}

int64_t db_i64_at(struct db_rows *q, size_t index)
{
    return q->db->driver->column_i64(q->statement->native, (int)index);
}

double db_double_at(struct db_rows *q, size_t index)
{
    return q->db->driver->column_double(q->statement->native, (int)index);
}

struct str db_text_at(struct db_rows *q, size_t index)
{
    return q->db->driver->column_bytes(q->statement->native, (int)index);
}

enum rc db_get_i64_args(struct db *db, int64_t otherwise, int64_t *ret, const char *name, const struct db_arg *args, size_t count)
{
    struct db_rows *q = db_query_args(db, name, args, count);
    int64_t value = otherwise;
    if (db_next(q) && db_column_type(q, 0) != DB_TYPE_NULL)
        value = db_i64_at(q, 0);
    enum rc rc = db_end(q);
    if (!rc)
        *ret = value;
    return rc;
}

/* ---- connections ---- */

struct db *db_wrap(const struct db_driver *driver, void *conn)
{
    struct db *db = mem_zalloc(1, sizeof(*db));
    db->driver = driver;
    db->conn = conn;
    return db;
}

void *db_connection(struct db *db)
{
    return db->conn;
}

const struct db_driver *db_driver(const struct db *db)
{
    return db->driver;
}

void db_forget(struct db *db)
{
    if (db->driver->forget)
        db->driver->forget(db->conn);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        while (db->cache[i]) {
            struct statement *s = db->cache[i];
            db->cache[i] = s->next;
            statement_free(db, s);
        }
    db->driver->close(db->conn);
    free(db);
}

bool db_is_broken(struct db *db)
{
    return db->driver->is_broken && db->driver->is_broken(db->conn);
}

enum db_engine db_engine(const struct db *db)
{
    return db->driver->engine;
}

const char *db_error(const struct db *db)
{
    return db->driver->error(db->conn);
}

static bool has_list(const char *text)
{
    return strstr(text, "[]") || strstr(text, "[bytes]");
}

bool db_check_sql(struct db *db, const char *name, const char **ret_why)
{
    struct statement *s;
    const char *at = strchr(name, '@');
    *ret_why = NULL;
    if (at ? strcmp(at + 1, engine_name(db->driver->engine)) != 0 : strcmp(sql_for(db, name)->name, name) != 0)
        return true; /* does not run here */
    if (statement_new(db, name, db_sql_text(name), has_list(db_sql_text(name)) ? 2 : 0, &s) != RC_OK) {
        *ret_why = db_error(db);
        return false;
    }
    statement_free(db, s);
    return true;
}

/* ---- transactions ---- */

bool db_in_tx(const struct db *db)
{
    return db->depth > 0;
}

/* What may have been done must not be done twice. */
static bool may_rerun(const struct db *db, enum rc rc)
{
    return rc == RC_BUSY || (rc == RC_DATABASE_AWAY && !(db->driver->in_doubt && db->driver->in_doubt(db->conn)));
}

static enum rc run_once(struct ctx *c, struct db *db, enum rc (*fn)(struct ctx *c, void *arg), void *arg)
{
    enum rc rc = db_script(db, db->driver->begin);
    if (rc)
        return rc;
    db->depth = 1;
    rc = fn(c, arg);
    db->depth = 0;
    if (rc == RC_OK)
        rc = db_script(db, "COMMIT");
    if (rc != RC_OK)
        db->driver->script(db->conn, "ROLLBACK"); /* fails harmlessly when the engine rolled back by itself */
    return rc;
}

enum rc db_tx_turn(struct db *db, void (*meanwhile)(void *arg), void *arg)
{
    assert(db->depth > 0);
    return db->driver->turn ? db->driver->turn(db->conn, meanwhile, arg) : RC_OK;
}

enum rc db_tx(struct ctx *c, enum rc (*fn)(struct ctx *c, void *arg), void *arg)
{
    struct db *db = c->db;
    if (db->depth > 0)
        return fn(c, arg);
    enum rc rc = run_once(c, db, fn, arg);
    for (int run = 1; may_rerun(db, rc) && c->error.rc == RC_OK && run < RERUNS_MAX; run++)
        rc = run_once(c, db, fn, arg);
    return rc;
}
