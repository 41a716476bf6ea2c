/* db/postgres.c: every value comes back as it went, what can't be stored is refused cleanly, and a follower of change.seq reads
 * each committed change once, in order, however transactions interleave. Needs a PostgreSQL server (ZHIXIN_TEST_DATABASE). */
#include "engine.h"

#include "base/log.h"
#include "db/append.h"
#include "embedded_sql.h"

#include <math.h>

struct server {
    char where[200];
    struct db *db;
};

static int set_up(void **state)
{
    struct server *s = mem_zalloc(1, sizeof(*s));
    *state = s;
    if (!engine_server())
        return 0;
    engine_make("", "", s->where, sizeof(s->where));
    assert_int_equal(db_open(s->where, &(struct db_options){0}, &s->db), RC_OK);
    assert_int_equal(db_script(s->db, "CREATE TABLE v (n BIGINT NOT NULL, i BIGINT, t TEXT, b BYTEA)"), RC_OK);
    return 0;
}

static int tear_down(void **state)
{
    struct server *s = *state;
    db_close(s->db);
    if (s->where[0])
        engine_remove(s->where);
    free(s);
    return 0;
}

static struct db *server_or_skip(void **state)
{
    struct server *s = *state;
    if (!s->db)
        skip();
    return s->db;
}

static enum rc run(struct db *db, const char *text, const struct db_arg *args, size_t count)
{
    struct db_rows *q;
    enum rc rc = db_query_text(db, text, args, count, &q);
    if (rc)
        return rc;
    while (db_next(q)) {
    }
    return db_end(q);
}
#define RUN(db, text, ...) run(db, text, (const struct db_arg[]){__VA_ARGS__}, sizeof((const struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg))

static struct db_rows *query(struct db *db, const char *text, const struct db_arg *args, size_t count)
{
    struct db_rows *q = NULL;
    assert_int_equal(db_query_text(db, text, args, count, &q), RC_OK);
    assert_true(db_next(q));
    return q;
}
#define QUERY(db, text, ...) query(db, text, (const struct db_arg[]){__VA_ARGS__}, sizeof((const struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg))

static uint64_t chance(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Of all sizes, as often small as large, and the ends. */
static int64_t any_number(int i)
{
    static const int64_t ends[] = {0,     1,      -1,       INT64_MAX, INT64_MIN,        INT64_MAX - 1,          INT64_MIN + 1, 9999,
                                   10000, -10000, 99999999, 100000000, INT64_C(1) << 53, (INT64_C(1) << 53) + 1, INT32_MIN,     -1000000000000000000};
    return (size_t)i < COUNT(ends) ? ends[i] : (int64_t)(chance() >> chance() % 64) * (chance() & 1 ? 1 : -1);
}

/* ---- numbers ---- */

static void every_number_comes_back(void **state)
{
    struct db *db = server_or_skip(state);
    for (int i = 0; i < 2000; i++) {
        int64_t v = any_number(i);
        char text[24];
        snprintf(text, sizeof(text), "%lld", (long long)v);
        struct db_rows *q =
            QUERY(db, "SELECT CAST($v AS BIGINT) AS a, CAST(CAST($v AS BIGINT) AS NUMERIC) AS b, sum(CAST($v AS BIGINT)) AS c, $v = 0 OR CAST($v AS BIGINT) = $v AS d",
                  DB_I64("v", v));
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(db_column_type(q, k), DB_TYPE_I64);
            assert_true(db_i64_at(q, k) == v);
            assert_true(db_double_at(q, k) == (double)v);
            assert_str(db_text_at(q, k), text);
        }
        assert_int_equal(db_column_type(q, 3), DB_TYPE_I64);
        assert_int_equal(db_i64_at(q, 3), 1);
        assert_int_equal(db_end(q), RC_OK);
    }
}

static void numbers_with_a_point_are_rounded_as_text_is(void **state)
{
    struct db *db = server_or_skip(state);
    static const char *const odd[] = {
        "0.1",   "1.50", "-0.00001", "12345678901234567890.5", "9223372036854775808", "-9223372036854775809", "1e30", "1e-30", "123456789012345678901234567890123456789",
        "10000", "0.0"};
    for (int i = 0; i < 2000; i++) {
        char text[96];
        if ((size_t)i < COUNT(odd))
            snprintf(text, sizeof(text), "%s", odd[i]);
        else
            snprintf(text, sizeof(text), "%lld.%0*llu", (long long)any_number(i), (int)(1 + chance() % 18), (unsigned long long)(chance() >> 32));
        struct db_rows *q =
            QUERY(db, "SELECT CAST(CAST($v AS TEXT) AS NUMERIC) AS a, CAST(CAST(CAST($v AS TEXT) AS NUMERIC) AS DOUBLE PRECISION) AS b", DB_TEXT("v", str_z(text)));
        if (db_column_type(q, 0) == DB_TYPE_DOUBLE && (db_double_at(q, 0) != strtod(text, NULL) || db_double_at(q, 1) != strtod(text, NULL)))
            fail_msg("%s reads as %.17g, %.17g", text, db_double_at(q, 0), db_double_at(q, 1));
        assert_int_equal(db_column_type(q, 0), strcmp(text, "10000") == 0 ? DB_TYPE_I64 : DB_TYPE_DOUBLE);
        assert_int_equal(db_end(q), RC_OK);
    }
    struct db_rows *q =
        QUERY(db, "SELECT CAST('NaN' AS NUMERIC) AS a, CAST('-Infinity' AS NUMERIC) AS b, CAST(1.5 AS REAL) AS c, CAST(1e30 AS NUMERIC) AS d, $x", DB_TEXT("x", STR("")));
    assert_true(isnan(db_double_at(q, 0)) && db_i64_at(q, 0) == 0);
    assert_true(isinf(db_double_at(q, 1)) && db_i64_at(q, 1) == INT64_MIN);
    assert_true(db_double_at(q, 2) == 1.5);
    assert_true(db_i64_at(q, 3) == INT64_MAX);
    assert_int_equal(db_end(q), RC_OK);
}

static void sums_past_64_bits_are_refused(void **state)
{
    struct db *db = server_or_skip(state);
    log_set_level(LOG_ERROR + 1);
    assert_int_equal(RUN(db, "SELECT CAST(sum(x) AS BIGINT) FROM (SELECT CAST($v AS BIGINT) AS x UNION ALL SELECT CAST($v AS BIGINT)) t", DB_I64("v", INT64_MAX)),
                     RC_STORE);
    log_set_level(LOG_INFO);
    struct db_rows *q = QUERY(db, "SELECT sum(x) FROM (SELECT CAST($v AS BIGINT) AS x UNION ALL SELECT CAST($v AS BIGINT)) t", DB_I64("v", INT64_MAX));
    assert_int_equal(db_column_type(q, 0), DB_TYPE_DOUBLE);
    assert_int_equal(db_end(q), RC_OK);
}

/* ---- texts and bytes ---- */

static void expect_back(struct db *db, struct str text, struct str bytes)
{
    assert_int_equal(RUN(db, "DELETE FROM v WHERE n = $n", DB_I64("n", 1)), RC_OK);
    assert_int_equal(RUN(db, "INSERT INTO v (n, i, t, b) VALUES ($n, $i, $t, $b)", DB_I64("n", 1), DB_NULL("i"), DB_TEXT("t", text), DB_BLOB("b", bytes)), RC_OK);
    struct db_rows *q = QUERY(db, "SELECT i, t, b FROM v WHERE n = $n AND t = $t AND b = $b", DB_I64("n", 1), DB_TEXT("t", text), DB_BLOB("b", bytes));
    assert_true(db_is_null(q, "i"));
    assert_int_equal(db_column_type(q, 1), DB_TYPE_TEXT);
    assert_int_equal(db_column_type(q, 2), DB_TYPE_BLOB);
    assert_true(str_eq(db_text(q, "t"), text));
    assert_true(str_eq(db_blob(q, "b"), bytes));
    assert_int_equal(db_end(q), RC_OK);
}

static void add_utf8(struct buf *out, uint32_t c)
{
    if (c < 0x80)
        buf_add_byte(out, (char)c);
    else if (c < 0x800)
        buf_addf(out, "%c%c", (int)(0xC0 | c >> 6), (int)(0x80 | (c & 63)));
    else if (c < 0x10000)
        buf_addf(out, "%c%c%c", (int)(0xE0 | c >> 12), (int)(0x80 | (c >> 6 & 63)), (int)(0x80 | (c & 63)));
    else
        buf_addf(out, "%c%c%c%c", (int)(0xF0 | c >> 18), (int)(0x80 | (c >> 12 & 63)), (int)(0x80 | (c >> 6 & 63)), (int)(0x80 | (c & 63)));
}

/* All of Unicode, plane by plane, but U+0000 and the surrogates. */
static void text_of_every_plane_comes_back(void **state)
{
    struct db *db = server_or_skip(state);
    for (uint32_t plane = 0; plane <= 16; plane++) {
        _cleanup_buf_ struct buf text = BUF_INIT(1 << 20);
        for (uint32_t c = plane << 16 | (plane == 0); c < (plane + 1) << 16; c++)
            if (c < 0xD800 || c > 0xDFFF)
                add_utf8(&text, c);
        expect_back(db, buf_str(&text), STR("x"));
    }
}

static void bytes_of_every_kind_come_back(void **state)
{
    struct db *db = server_or_skip(state);
    _cleanup_buf_ struct buf bytes = BUF_INIT(1 << 20);
    expect_back(db, STR(""), STR(""));
    expect_back(db, STR_NULL, STR_NULL); /* empty, not NULL */
    expect_back(db, STR("'\"\\x41%_$1?"), STR("\\x41"));
    for (int i = 0; i < 200; i++) {
        buf_reset(&bytes);
        for (size_t k = chance() % 3000; k > 0; k--)
            buf_add_byte(&bytes, (char)(chance() >> 40 & (i & 1 ? 255 : 1)));
        expect_back(db, STR("t"), buf_str(&bytes));
    }
    assert_int_equal(RUN(db, "INSERT INTO v (n, t, b) VALUES ($n, $t, $b)", DB_I64("n", 2), DB_NULL("t"), DB_NULL("b")), RC_OK);
    struct db_rows *q = QUERY(db, "SELECT t, b FROM v WHERE n = $n", DB_I64("n", 2));
    assert_true(db_is_null(q, "t") && db_is_null(q, "b") && db_text(q, "t").len == 0);
    assert_int_equal(db_end(q), RC_OK);
}

/* Refused at that statement, outside a transaction and inside one, and the connection goes on. */
static void what_is_no_text_is_refused(void **state)
{
    struct db *db = server_or_skip(state);
    static const struct str bad[] = {STR("a\0b"),       STR("\0"),    STR("\xFF"), STR("\xC3"), STR("\xC0\x80"), STR("\xED\xA0\x80"), STR("\xF4\x90\x80\x80"),
                                     STR("中\xE4\xB8"), STR("\x80中")};
    log_set_level(LOG_ERROR + 1);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(RUN(db, "INSERT INTO v (n, t) VALUES ($n, $t)", DB_I64("n", 3), DB_TEXT("t", bad[i])), RC_STORE);
        assert_int_equal(db_script(db, "BEGIN TRANSACTION"), RC_OK);
        assert_int_equal(RUN(db, "SELECT 1 FROM v WHERE t = $t", DB_TEXT("t", bad[i])), RC_STORE);
        assert_int_equal(db_script(db, "ROLLBACK"), RC_OK);
    }
    log_set_level(LOG_INFO);
    expect_back(db, STR("fine"), bad[0]);
    struct db_rows *q = QUERY(db, "SELECT count(*) FROM v WHERE n = $n", DB_I64("n", 3));
    assert_int_equal(db_i64_at(q, 0), 0);
    assert_int_equal(db_end(q), RC_OK);
}

static const struct db_sql put[] = {{"test_put", "INSERT INTO v (n, b) VALUES ($n, $b);"}, {NULL, NULL}};

static void what_is_too_large_is_refused(void **state)
{
    struct db *db = server_or_skip(state);
    size_t size = (64 << 20) + 1;
    char *large = mem_zalloc(size, 1);
    log_set_level(LOG_ERROR + 1);
    db_register_sql(put, SIZE_MAX);
    assert_int_equal(db_run(db, "test_put", DB_I64("n", 4), DB_BLOB("b", str_n(large, size))), RC_STORE);
    assert_int_equal(db_run(db, "test_put", DB_I64("n", 4), DB_BLOB("b", str_n(large, 1 << 20))), RC_OK);
    log_set_level(LOG_INFO);
    free(large);
    expect_back(db, STR("small"), STR("again"));
}

/* lower() and the order of texts must be SQLite's. */
static void other_locales_are_refused(void **state)
{
    static const struct {
        const char *options;
        enum rc rc;
    } cases[] = {
        {"TEMPLATE template0", RC_OK},
        {"TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'", RC_INVALID},
        {"TEMPLATE template0 LC_COLLATE 'C.UTF-8' LC_CTYPE 'C'", RC_INVALID},
        {"TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de' LC_COLLATE 'C' LC_CTYPE 'C'", RC_INVALID},
        {"TEMPLATE template0 ENCODING 'LATIN1'", RC_INVALID},
    };
    (void)server_or_skip(state);
    log_set_level(LOG_ERROR + 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char where[200], name[32];
        struct db *db = NULL;
        engine_make("", "", where, sizeof(where));
        engine_name(where, name);
        engine_command("DROP", name, "WITH (FORCE)");
        engine_command("CREATE", name, cases[i].options);
        trying(cases[i].options);
        assert_int_equal(db_open(where, &(struct db_options){0}, &db), cases[i].rc);
        db_close(db);
        engine_remove(where);
    }
    log_set_level(LOG_INFO);
}

/* ---- lists ---- */

static void lists_of_every_length_are_bound(void **state)
{
    static const size_t lengths[] = {0, 1, 2, 3, 7, 100, 1000, 100000};
    struct db *db = server_or_skip(state);
    int64_t *ids = mem_zalloc(100000, sizeof(*ids));
    assert_int_equal(
        db_script(db, "INSERT INTO v (n) SELECT 2 * g FROM generate_series(1, 100000) g; INSERT INTO v (n) VALUES (-9223372036854775808), (9223372036854775807)"), RC_OK);
    for (size_t i = 0; i < COUNT(lengths); i++) {
        int64_t hits = 0;
        for (size_t k = 0; k < lengths[i]; k++) { /* all differ: every second one is there, and both ends */
            ids[k] = k == 0 ? INT64_MIN : k == 1 ? INT64_MAX : (int64_t)k;
            hits += k < 2 || k % 2 == 0;
        }
        struct db_rows *q = QUERY(db, "SELECT count(*) FROM v WHERE n IN ($ids[])", DB_IDS("ids", ids, lengths[i]));
        assert_int_equal(db_i64_at(q, 0), hits);
        assert_int_equal(db_end(q), RC_OK);
    }
    free(ids);
}

/* ---- change.seq ---- */

/* A server: a connection with a transaction now and then. Rows of its open transaction are numbered from..to. */
struct writer {
    struct db *db;
    bool open;
    int64_t rows[64];
    size_t count;
};

enum { WRITERS = 12, STEPS = 20000, ROWS_MAX = 60000 };

static struct {
    struct ctx c;
    int64_t after;
    bool committed[ROWS_MAX], seen[ROWS_MAX];
    int64_t made, read, taken_back;
} story;

static void follow(size_t limit)
{
    struct change *list;
    size_t count;
    assert_int_equal(change_read(&story.c, story.after, limit, &list, &count), RC_OK);
    for (size_t i = 0; i < count; i++) {
        assert_true(list[i].seq > story.after);
        story.after = list[i].seq;
        if (story.seen[list[i].ref_id])
            fail_msg("row %lld came twice", (long long)list[i].ref_id);
        if (!story.committed[list[i].ref_id])
            fail_msg("row %lld came uncommitted", (long long)list[i].ref_id);
        story.seen[list[i].ref_id] = true;
        story.read++;
    }
    arena_reset(story.c.arena);
}

static void write_some(struct writer *w)
{
    size_t rows = 1 + chance() % 4;
    if (!w->open) {
        assert_int_equal(db_script(w->db, "BEGIN TRANSACTION"), RC_OK);
        w->open = true;
        w->count = 0;
        if (chance() % 4 == 0) /* begun, and nothing written yet */
            return;
    }
    for (size_t i = 0; i < rows && w->count < COUNT(w->rows); i++) {
        assert_int_equal(
            db_run(w->db, "change_insert", DB_I64("kind", 2), DB_I64("ref_id", story.made), DB_I64("customer_id", 0), DB_I64("count", 1), DB_I64("at_us", 1)), RC_OK);
        w->rows[w->count++] = story.made++;
    }
}

/* Committed rows are marked before the COMMIT: the follower asks only when it is over. */
static void end(struct writer *w, bool commit)
{
    for (size_t i = 0; i < w->count && commit; i++)
        story.committed[w->rows[i]] = true;
    story.taken_back += commit ? 0 : (int64_t)w->count;
    assert_int_equal(db_script(w->db, commit ? "COMMIT" : "ROLLBACK"), RC_OK);
    w->open = false;
}

/* Of another database of the same server: what it has under way is nobody's business here. */
static void write_elsewhere(struct db *db, bool begin)
{
    assert_int_equal(db_script(db, begin ? "BEGIN TRANSACTION; SELECT pg_current_xact_id()" : "ROLLBACK"), RC_OK);
}

/* Writers here take no turns, as if there were no lock: whatever the order of commits, nothing is passed over. */
static void a_follower_reads_each_change_once_in_order(void **state)
{
    struct server *s = *state;
    struct writer writers[WRITERS] = {{0}};
    struct db *elsewhere;
    size_t commits = 0, reads = 0;
    (void)server_or_skip(state);
    assert_int_equal(db_open(engine_server(), &(struct db_options){0}, &elsewhere), RC_OK);
    write_elsewhere(elsewhere, true);
    assert_int_equal(db_migrate(s->db, NULL, 0), RC_OK);
    story.c = (struct ctx){.arena = arena_new(), .db = s->db};
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(db_open(s->where, &(struct db_options){0}, &writers[i].db), RC_OK);
        assert_int_equal(db_script(writers[i].db, "SET synchronous_commit = off"), RC_OK);
    }
    for (size_t step = 0; step < STEPS; step++) {
        struct writer *w = &writers[chance() % WRITERS];
        size_t what = chance() % 10;
        if (step % 1000 == 499) {
            write_elsewhere(elsewhere, false);
            write_elsewhere(elsewhere, true);
        }
        if (what < 3) {
            follow(1 + chance() % (what ? 10 : 1000));
            reads++;
        } else if (w->open && what < 6) {
            end(w, chance() % 5 > 0);
            commits++;
        } else {
            write_some(w);
        }
    }
    for (size_t i = 0; i < WRITERS; i++) {
        if (writers[i].open)
            end(&writers[i], true);
        db_close(writers[i].db);
    }
    for (int64_t before = -1; before != story.read;) {
        before = story.read;
        follow(1000);
    }
    assert_int_equal(story.read, story.made - story.taken_back);
    int64_t last;
    assert_int_equal(change_last(&story.c, &last), RC_OK);
    assert_true(last == story.after);
    db_close(elsewhere);
    print_message("%zu transactions of %d writers ended, %zu reads between them: %lld rows written, %lld taken back, %lld read once each\n", commits, WRITERS, reads,
                  (long long)story.made, (long long)story.taken_back, (long long)story.read);
    arena_free(story.c.arena);
}

/* ---- derived stores ---- */

static struct db *open_derived(struct server *s)
{
    struct db *db;
    assert_int_equal(db_open(s->where, &(struct db_options){.schema = "derived"}, &db), RC_OK);
    assert_int_equal(db_script(db, "CREATE SCHEMA IF NOT EXISTS derived"), RC_OK);
    return db;
}

static enum rc add_change(struct ctx *c, void *arg)
{
    (void)arg;
    return change_add(c, CHANGE_CUSTOMER, 1, 0, 1);
}

/* Its transaction is open for long; the truth's writer takes no turn behind it, and who follows sees what was committed meanwhile. */
static void a_derived_store_holds_nobody_up(void **state)
{
    struct server *s = *state;
    struct change *changes;
    size_t count = 0;
    (void)server_or_skip(state);
    assert_int_equal(db_migrate(s->db, NULL, 0), RC_OK);
    struct ctx c = {.arena = arena_new(), .db = s->db};
    struct db *derived = open_derived(s);
    assert_int_equal(db_script(derived, "BEGIN TRANSACTION"), RC_OK);
    assert_int_equal(db_script(derived, "CREATE TABLE v (x BIGINT NOT NULL); INSERT INTO v VALUES (1)"), RC_OK); /* not the truth's v */
    assert_int_equal(db_tx(&c, add_change, NULL), RC_OK);
    assert_int_equal(change_read(&c, 0, 10, &changes, &count), RC_OK);
    assert_int_equal(count, 1);
    assert_int_equal(db_script(derived, "COMMIT"), RC_OK);
    db_close(derived);
    arena_free(c.arena);
}

/* A lock and temporary tables went with the connection: nothing must be written as if they were still there. */
static void a_derived_writer_ends_with_its_connection(void **state)
{
    struct server *s = *state;
    struct db *db = server_or_skip(state), *derived = open_derived(s), *other = open_derived(s);
    bool mine = false;
    db_register_sql(db_sql, SIZE_MAX);
    assert_int_equal(db_script(derived, "CREATE TABLE v (x BIGINT NOT NULL)"), RC_OK);
    assert_int_equal(db_lock_try(derived, 1, &mine), RC_OK);
    assert_true(mine);
    assert_int_equal(db_lock_try(other, 1, &mine), RC_OK);
    assert_false(mine);
    assert_false(db_is_broken(derived));
    assert_int_equal(db_script(db, "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1"), RC_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(db_script(derived, "INSERT INTO v VALUES (1)"), RC_DATABASE_AWAY);
    assert_true(db_is_broken(derived));
    assert_int_equal(db_lock_try(other, 1, &mine), RC_OK);
    assert_true(mine);
    db_close(derived);
    db_close(other);
}

/* ---- COPY ---- */

static void put_copied(struct db_appender *a, int64_t n, struct str text)
{
    struct db_chunk *k = db_appender_chunk(a);
    db_chunk_i64(k, n);
    if (n % 3)
        db_chunk_i64(k, any_number((int)(n % 16)));
    else
        db_chunk_null(k);
    db_chunk_text(k, text);
    db_chunk_text(k, STR("\0\xFF'\\"));
    assert_int_equal(db_appender_row(a), RC_OK);
}

/* Two tables at a time, more than is sent at once, and what stands in the connection's transaction is taken back with it. */
static void rows_are_copied_as_they_are_bound(void **state)
{
    enum { ROWS = 30000 };
    struct db *db = server_or_skip(state);
    struct db_appender *a, *b;
    const struct str text = STR("亚麻连衣裙 \t \\N \"q\" 😀");
    assert_int_equal(db_script(db, "CREATE TABLE w (n BIGINT NOT NULL, i BIGINT, t VARCHAR, b BYTEA)"), RC_OK);
    assert_int_equal(db_appender_begin(db, "v", &a), RC_OK);
    assert_int_equal(db_appender_begin(db, "w", &b), RC_OK);
    for (int64_t n = 0; n < ROWS; n++) {
        put_copied(a, n, text);
        put_copied(b, n, text);
    }
    assert_int_equal(db_appender_end(a), RC_OK);
    assert_int_equal(db_appender_end(b), RC_OK);
    struct db_rows *q = QUERY(db, "SELECT count(*), count(DISTINCT n), count(i), min(i), max(i) FROM v WHERE t = $t AND b = $b", DB_TEXT("t", text), DB_BLOB("b", STR("\0\xFF'\\")));
    assert_int_equal(db_i64_at(q, 0), ROWS);
    assert_int_equal(db_i64_at(q, 1), ROWS);
    assert_int_equal(db_i64_at(q, 2), ROWS / 3 * 2);
    assert_true(db_i64_at(q, 3) == INT64_MIN && db_i64_at(q, 4) == INT64_MAX);
    assert_int_equal(db_end(q), RC_OK);
    q = QUERY(db, "SELECT count(*) FROM (TABLE v EXCEPT TABLE w) AS d WHERE $x = 1", DB_I64("x", 1));
    assert_int_equal(db_i64_at(q, 0), 0);
    assert_int_equal(db_end(q), RC_OK);
}

/* A refusal shows when the rows go, not later, and the connection is as good as before. */
static void refused_rows_are_told(void **state)
{
    struct db *db = server_or_skip(state);
    struct db_appender *a;
    assert_int_equal(db_appender_begin(db, "v", &a), RC_OK);
    struct db_chunk *k = db_appender_chunk(a);
    for (int i = 0; i < 4; i++)
        db_chunk_null(k); /* n is NOT NULL */
    assert_int_equal(db_appender_row(a), RC_OK);
    assert_int_equal(db_appender_end(a), RC_CONFLICT);
    assert_int_equal(db_appender_begin(db, "nothing", &a), RC_STORE);
    assert_int_equal(db_appender_begin(db, "v", &a), RC_OK);
    put_copied(a, 1, STR("x"));
    assert_int_equal(db_appender_end(a), RC_OK);
    struct db_rows *q = QUERY(db, "SELECT count(*) FROM v WHERE $x = 1", DB_I64("x", 1));
    assert_int_equal(db_i64_at(q, 0), 1);
    assert_int_equal(db_end(q), RC_OK);
}

/* ---- asked ahead ---- */

static const struct db_sql ahead_sql[] = {
    {"ahead_of", "SELECT count(*) AS n FROM v WHERE n = $n"},
    {"ahead_bad", "SELECT n / (n - $n) AS n FROM v"},
    {"ahead_put", "INSERT INTO v (n) VALUES ($n)"},
    {NULL, NULL},
};

static int64_t count_of(struct db *db, int64_t n)
{
    int64_t count = -1;
    assert_int_equal(db_get_i64(db, -1, &count, "ahead_of", DB_I64("n", n)), RC_OK);
    return count;
}

/* Told by what it answers: rows that came after it was sent are not in it, and a second question is a new one. */
static enum rc ask_ahead(struct ctx *c, void *arg)
{
    (void)arg;
    for (int64_t n = 1; n <= 700; n++) /* more than may be under way at once */
        assert_int_equal(db_ahead(c->db, "ahead_of", DB_I64("n", n)), RC_OK);
    assert_int_equal(db_ahead(c->db, "ahead_of", DB_I64("n", 7)), RC_OK); /* the same again is sent once */
    assert_int_equal(db_run_later(c->db, "ahead_put", DB_I64("n", 7)), RC_OK);
    assert_int_equal(db_run_later(c->db, "ahead_put", DB_I64("n", 700)), RC_OK);
    assert_int_equal(count_of(c->db, 7), 0);
    assert_int_equal(count_of(c->db, 7), 1);
    assert_int_equal(count_of(c->db, 1000), 0); /* never sent ahead */
    assert_int_equal(count_of(c->db, 700), 0);
    assert_int_equal(count_of(c->db, 1), 0);
    return RC_OK;
}

static enum rc fail_ahead(struct ctx *c, void *arg)
{
    (void)arg;
    assert_int_equal(db_ahead(c->db, "ahead_bad", DB_I64("n", 7)), RC_OK); /* divides by zero */
    assert_int_equal(db_ahead(c->db, "ahead_of", DB_I64("n", 1)), RC_OK);
    enum rc rc = db_run_later(c->db, "ahead_put", DB_I64("n", 8));
    return rc;
}

/* What failed before it is told, not that the transaction is aborted. */
static enum rc ask_behind_a_failure(struct ctx *c, void *arg)
{
    (void)arg;
    assert_int_equal(db_run_later(c->db, "ahead_put", DB_NULL("n")), RC_OK);
    assert_int_equal(db_ahead(c->db, "ahead_of", DB_I64("n", 1)), RC_OK);
    struct db_rows *q = db_query(c->db, "ahead_of", DB_I64("n", 1));
    assert_false(db_next(q));
    return db_end(q);
}

static void what_is_asked_ahead_lies_ready_once(void **state)
{
    struct db *db = server_or_skip(state);
    struct ctx c = {.arena = arena_new(), .db = db};
    db_register_sql(ahead_sql, SIZE_MAX);
    assert_int_equal(db_tx(&c, ask_ahead, NULL), RC_OK);
    assert_int_equal(db_ahead(c.db, "ahead_of", DB_I64("n", 7)), RC_OK); /* outside of a transaction: nothing happens */
    assert_int_equal(count_of(c.db, 7), 1);
    assert_int_equal(db_tx(&c, ask_behind_a_failure, NULL), RC_STORE);
    assert_int_not_equal(db_tx(&c, fail_ahead, NULL), RC_OK); /* what fails ahead fails the transaction */
    assert_int_equal(count_of(c.db, 8), 0);
    assert_int_equal(db_run(c.db, "ahead_put", DB_I64("n", 8)), RC_OK); /* and leaves nothing behind */
    assert_int_equal(count_of(c.db, 8), 1);
    arena_free(c.arena);
}

/* ---- turns ---- */

/* A writer that waits for the turn of another, which ends when it has been told three times that it waits. */
struct turns {
    struct db *other;
    int told;
};

static void told(void *arg)
{
    struct turns *t = arg;
    t->told++;
    if (t->other && t->told == 3)
        assert_int_equal(db_script(t->other, "COMMIT"), RC_OK);
}

static enum rc take_turn(struct ctx *c, void *arg)
{
    struct turns *t = arg;
    enum rc rc = db_tx_turn(c->db, told, t);
    return rc ? rc : db_run_later(c->db, "ahead_put", DB_I64("n", 21));
}

static void who_waits_for_a_turn_may_gather(void **state)
{
    struct db *db = server_or_skip(state);
    struct server *s = *state;
    struct ctx c = {.arena = arena_new(), .db = db};
    struct turns t = {NULL, 0};
    db_register_sql(ahead_sql, SIZE_MAX);
    assert_int_equal(db_tx(&c, take_turn, &t), RC_OK);
    assert_in_range(t.told, 1, 1000); /* nobody else writes: when the turn has come, and before, where that takes a while */
    assert_int_equal(db_open(s->where, &(struct db_options){0}, &t.other), RC_OK);
    t.told = 0;
    assert_int_equal(db_script(t.other, "BEGIN"), RC_OK);
    assert_int_equal(db_run(t.other, "ahead_put", DB_I64("n", 20)), RC_OK);
    assert_int_equal(db_tx(&c, take_turn, &t), RC_OK);
    assert_in_range(t.told, 4, 1000);
    assert_int_equal(count_of(c.db, 20), 1);
    assert_int_equal(count_of(c.db, 21), 2);
    db_close(t.other);
    arena_free(c.arena);
}

/* ---- plans ---- */

static void expect_index(struct db *db)
{
    struct db_rows *q = QUERY(db, "EXPLAIN SELECT n FROM one_row WHERE n = $n", DB_I64("n", 1));
    bool by_index = str_find_str(db_text(q, "QUERY PLAN"), STR("Index")) >= 0;
    while (db_next(q)) {
    }
    assert_int_equal(db_end(q), RC_OK);
    assert_true(by_index);
}

/* What is planned while a table is small holds when it no longer is. */
static void small_tables_are_read_by_index_too(void **state)
{
    struct db *db = server_or_skip(state), *reader;
    struct server *s = *state;
    assert_int_equal(db_script(db, "CREATE TABLE one_row (n BIGINT NOT NULL PRIMARY KEY); INSERT INTO one_row VALUES (1); ANALYZE one_row"), RC_OK);
    assert_int_equal(db_open(s->where, &(struct db_options){.read_only = true}, &reader), RC_OK);
    expect_index(db);
    expect_index(reader);
    db_close(reader);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_number_comes_back),         T(numbers_with_a_point_are_rounded_as_text_is),
        T(sums_past_64_bits_are_refused),   T(text_of_every_plane_comes_back),
        T(bytes_of_every_kind_come_back),   T(what_is_no_text_is_refused),
        T(what_is_too_large_is_refused),    T(other_locales_are_refused),
        T(lists_of_every_length_are_bound), T(a_follower_reads_each_change_once_in_order),
        T(a_derived_store_holds_nobody_up), T(a_derived_writer_ends_with_its_connection),
        T(rows_are_copied_as_they_are_bound), T(refused_rows_are_told),
        T(what_is_asked_ahead_lies_ready_once), T(who_waits_for_a_turn_may_gather),
        T(small_tables_are_read_by_index_too),
    };
    if (!engine_server())
        print_message("ZHIXIN_TEST_DATABASE names no PostgreSQL server: skipped\n");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
