/* An installation's truth, its event log and one warehouse that follows it, and ways to write the truth as the modules would. For tests
 * of the warehouse and of what is asked of it. ZHIXIN_TEST_WAREHOUSE=same puts it into the truth's database, where that is PostgreSQL's. */
#ifndef ZX_TESTS_UNIT_WAREHOUSE_FIXTURE_H
#define ZX_TESTS_UNIT_WAREHOUSE_FIXTURE_H

#include "base/app.h"
#include "base/id.h"
#include "db/pool.h"
#include "embedded_sql.h"
#include "engine.h"
#include "eventlog/eventlog.h"
#include "warehouse/warehouse_priv.h"

#include <ftw.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char dir[64], where[200]; /* of the truth */
    struct app app;
    struct ctx c;
    struct follower f;
    uint64_t dice;
};

/* ---- an installation of its own ---- */

static inline int by_number(const void *a, const void *b)
{
    const struct db_migration *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static inline void migrate_all(struct db *db)
{
    static const struct db_migration *const lists[] = {access_migrations, customer_migrations, catalog_migrations, identity_migrations, eventlog_migrations, sales_migrations};
    struct db_migration all[100];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(lists); i++)
        for (const struct db_migration *m = lists[i]; m->text; m++)
            all[count++] = *m;
    qsort(all, count, sizeof(all[0]), by_number);
    assert_int_equal(db_migrate(db, all, count), RC_OK);
}

/* A warehouse of that name: a file, or a schema. */
static inline const char *warehouse_place(struct fixture *f, const char *name)
{
    return f->app.warehouse_same ? name : arena_printf(f->c.arena, "%s/%s.duckdb", f->dir, name).ptr;
}

static inline int set_up(void **state)
{
    const char *engine = getenv("ZHIXIN_TEST_WAREHOUSE");
    struct fixture *f = mem_zalloc(1, sizeof(*f));
    assert_true(sodium_init() >= 0);
    snprintf(f->dir, sizeof(f->dir), "/tmp/zhixin-warehouse-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    db_register_sql(eventlog_sql, SIZE_MAX);
    db_register_sql(warehouse_sql, SIZE_MAX);
    db_register_sql(warehouse_warehouse_sql, SIZE_MAX);
    f->app.data_dir = f->dir;
    f->app.warehouse_same = engine_server() && engine && strcmp(engine, "same") == 0;
    f->dice = 88172645463325252u;
    f->c = (struct ctx){.arena = arena_new(), .app = &f->app, .now_us = clock_now_us()};
    engine_make(f->dir, "zhixin.db", f->where, sizeof(f->where));
    assert_int_equal(db_pool_open(f->where, &f->app.truth), RC_OK);
    migrate_all(db_pool_lock_writer(f->app.truth));
    db_pool_unlock_writer(f->app.truth);
    assert_int_equal(db_pool_reader(f->app.truth, &f->c.db), RC_OK);
    assert_int_equal(eventlog_open(&f->c, f->dir, &f->app.eventlog), RC_OK);
    assert_int_equal(follower_open(&f->app, warehouse_place(f, "w"), true, &f->f), RC_OK);
    *state = f;
    return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    follower_close(&f->f);
    eventlog_close(f->app.eventlog);
    db_pool_give(f->app.truth, f->c.db);
    db_pool_close(f->app.truth);
    engine_remove(f->where);
    nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(f->c.arena);
    free(f);
    return 0;
}

/* ---- writing the truth as the modules would ---- */

struct write {
    struct str sql;
    enum change_kind kind;
    int64_t ref_id, customer_id;
    struct event *events;
    size_t event_count;
};

static inline enum rc write_tx(struct ctx *c, void *arg)
{
    const struct write *w = arg;
    if (w->events)
        return eventlog_append(c, c->app->eventlog, w->events, w->event_count);
    enum rc rc = db_script(c->db, w->sql.ptr);
    return rc ? rc : change_add(c, w->kind, w->ref_id, w->customer_id, 1);
}

static inline void put(struct fixture *f, struct write w)
{
    assert_int_equal(db_pool_tx(&f->c, f->app.truth, write_tx, &w), RC_OK);
    eventlog_ended(f->app.eventlog, true);
}

#define SQL(...) arena_printf(f->c.arena, __VA_ARGS__)
#define LL(x) ((long long)(x))

static inline void put_customer(struct fixture *f, int64_t id, int class)
{
    put(f, (struct write){.sql = SQL("INSERT INTO customer (id, rev, number, brand_id, sealed_for, class, class_us, first_source_id, first_store_id, created_us, updated_us) "
                                     "VALUES (%lld, 1, %lld, 0, %lld, %d, %lld, 1, 1, 5, 5) ON CONFLICT (id) DO UPDATE SET class = excluded.class, class_us = excluded.class_us",
                                     LL(id), LL(id), LL(id), class, LL(clock_mono_us())),
                          .kind = CHANGE_CUSTOMER, .ref_id = id});
}

static inline int64_t root_of(struct fixture *f, int64_t id)
{
    struct db_rows *q;
    assert_int_equal(db_query_text(f->c.db, "SELECT root_id FROM customer_member WHERE customer_id = $id", (struct db_arg[]){DB_I64("id", id)}, 1, &q), RC_OK);
    int64_t root = db_next(q) ? db_i64(q, "root_id") : id;
    assert_int_equal(db_end(q), RC_OK);
    return root;
}

static inline void merge(struct fixture *f, int64_t winner, int64_t loser)
{
    winner = root_of(f, winner);
    loser = root_of(f, loser);
    if (winner == loser)
        return;
    put(f, (struct write){.sql = SQL("UPDATE customer_member SET root_id = %lld WHERE root_id = %lld; INSERT INTO customer_member VALUES (%lld, %lld, 1); "
                                     "UPDATE customer_group SET root_id = %lld WHERE root_id = %lld; INSERT INTO customer_group VALUES (%lld, %lld)",
                                     LL(winner), LL(loser), LL(loser), LL(winner), LL(winner), LL(loser), LL(winner), LL(loser)),
                          .kind = CHANGE_MERGE, .ref_id = loser, .customer_id = winner});
}

static inline void put_sku(struct fixture *f, int64_t n, int64_t cost)
{
    put(f, (struct write){.sql = SQL("INSERT INTO category VALUES (%lld, 0, 'c%lld', 'c') ON CONFLICT DO NOTHING; INSERT INTO style VALUES (%lld, 's%lld', 'x', %lld, 0, '', '', 20000, '', 1, 1, 1) ON CONFLICT DO NOTHING",
                                     LL(n % 3 + 1), LL(n % 3 + 1), LL(100 + n), LL(n), LL(n % 3 + 1)),
                          .kind = CHANGE_STYLE, .ref_id = 100 + n});
    put(f, (struct write){.sql = SQL("INSERT INTO sku VALUES (%lld, 'K%lld', %lld, '', '', 59900, 29900, %lld, 1300, 1, 1, 1) ON CONFLICT (id) DO UPDATE SET cost_minor = excluded.cost_minor; "
                                     "INSERT INTO sku_price VALUES (%lld, 3, %lld, %lld) ON CONFLICT DO NOTHING",
                                     LL(200 + n), LL(n), LL(100 + n), LL(cost), LL(200 + n), LL(20100 + cost % 50), LL(cost)),
                          .kind = CHANGE_SKU, .ref_id = 200 + n});
}

static inline void put_sale(struct fixture *f, int64_t id, int kind, int status, int64_t customer, int64_t sku, int64_t paid)
{
    put(f, (struct write){.sql = SQL("DELETE FROM sale WHERE id = %lld; DELETE FROM sale_line WHERE sale_id = %lld; "
                                     "INSERT INTO sale VALUES (%lld, %lld, 'k%lld', %d, %d, '%s', 1, '', '', %lld, %lld, 'CNY', %lld, 0, 0, 0, %d, 1, 1, %d, %s, 1, 1, 1, 0); "
                                     "INSERT INTO sale_line VALUES (%lld, 1, %lld, %lld, 0, 'K%lld', '', %d, 59900, %lld, 0, 0, 1300, '', '', '', 0, 0, 0, '', '', 0)",
                                     LL(id), LL(id), LL(id), LL(customer), LL(id), kind, status, kind == 2 ? "web" : "store", LL(1756000000000000 + id * 1000000), LL(20120 + id % 9), LL(paid), paid < 0 ? -1 : 1,
                                     (int)(id % 3 != 0), db_engine(f->c.db) == DB_POSTGRES ? "''" : "x''", LL(id), LL(customer), LL(sku % 2 ? 200 + sku : 0), LL(sku), paid < 0 ? -1 : 1, LL(paid)),
                          .kind = CHANGE_ORDER, .ref_id = id, .customer_id = customer});
}

static inline void put_subject(struct fixture *f, int64_t subject, int64_t customer)
{
    put(f, (struct write){.sql = SQL("INSERT INTO subject_link (subject, customer_id, is_device, pseudonym, shared, at_us) VALUES (%lld, %lld, 1, 0, 0, 1) "
                                     "ON CONFLICT (subject) DO UPDATE SET customer_id = excluded.customer_id", LL(subject), LL(customer)),
                          .kind = CHANGE_SUBJECT, .ref_id = subject});
}

static inline void put_events(struct fixture *f, int64_t subject, size_t count)
{
    static const struct {
        int32_t type;
        struct str name;
    } kinds[] = {{EVENT_TRACK, {"Product Viewed", 14}}, {EVENT_TRACK, {"Product List Viewed", 19}}, {EVENT_TRACK, {"Product Added", 13}}, {EVENT_TRACK, {"Order Completed", 15}},
                 {EVENT_TRACK, {"Other", 5}}, {EVENT_PAGE, {"", 0}}, {EVENT_SCREEN, {"Home", 4}}, {EVENT_IDENTIFY, {"", 0}}};
    struct event *e = arena_new_array(f->c.arena, struct event, count);
    for (size_t i = 0; i < count; i++)
        e[i] = (struct event){.id = id_next(), .source_id = 1, .subject = subject + (int64_t)i % 3, .at_us = clock_now_us(), .received_us = clock_now_us(), .type = kinds[i % 8].type,
                              .name = kinds[i % 8].name, .title = STR("亚麻连衣裙"), .value_minor = (int64_t)i, .message_id = SQL("m-%lld-%zu", LL(id_next()), i)};
    put(f, (struct write){.events = e, .event_count = count});
}

static inline void follow(struct fixture *f)
{
    bool more = true;
    while (more)
        assert_int_equal(follower_step(&f->c, &f->f, &more), RC_OK);
}

static inline void assert_same_as_anew(struct fixture *f)
{
    struct warehouse_hash kept[WAREHOUSE_HASHES], anew[WAREHOUSE_HASHES];
    struct follower other;
    bool more = true;
    const char *place = warehouse_place(f, "anew");
    if (f->app.warehouse_same)
        assert_int_equal(schema_drop(f->f.db, place), RC_OK);
    else
        warehouse_file_remove(place);
    assert_int_equal(follower_open(&f->app, place, true, &other), RC_OK);
    while (more)
        assert_int_equal(follower_step(&f->c, &other, &more), RC_OK);
    assert_int_equal(follower_hashes(f->f.db, kept), RC_OK);
    assert_int_equal(follower_hashes(other.db, anew), RC_OK);
    follower_close(&other);
    for (size_t i = 0; i < WAREHOUSE_HASHES; i++) {
        if (kept[i].hash != anew[i].hash)
            print_message("  %s: %lld rows, anew %lld\n", kept[i].table, LL(kept[i].rows), LL(anew[i].rows));
        assert_int_equal(kept[i].rows, anew[i].rows);
        assert_true(kept[i].hash == anew[i].hash);
    }
}

static inline int64_t number(struct fixture *f, const char *sql)
{
    struct db_rows *q;
    assert_int_equal(db_query_text(f->f.db, sql, NULL, 0, &q), RC_OK);
    assert_true(db_next(q));
    int64_t n = db_i64_at(q, 0);
    assert_int_equal(db_end(q), RC_OK);
    return n;
}

/* ---- things that happen ---- */

static inline uint64_t roll(struct fixture *f, uint64_t sides)
{
    f->dice ^= f->dice << 13;
    f->dice ^= f->dice >> 7;
    f->dice ^= f->dice << 17;
    return (f->dice >> 33) % sides;
}

static inline int64_t somebody(struct fixture *f)
{
    return 10 + (int64_t)roll(f, 60);
}

static inline void happen(struct fixture *f)
{
    int64_t sealed;
    switch (roll(f, 10)) {
    case 0: put_customer(f, somebody(f), roll(f, 5) ? 1 : (int)roll(f, 4) + 1); break;
    case 1:
        if (roll(f, 4) == 0)
            merge(f, somebody(f), somebody(f));
        break;
    case 2: put_sku(f, (int64_t)roll(f, 5), (int64_t)roll(f, 9000)); break;
    case 3: put_events(f, 100 + (int64_t)roll(f, 9), 1 + roll(f, 30)); break;
    case 4: put_subject(f, 100 + (int64_t)roll(f, 9), somebody(f)); break;
    case 5:
        if (roll(f, 8) == 0)
            assert_int_equal(eventlog_seal(&f->c, f->app.eventlog, true, &sealed), RC_OK);
        break;
    default:
        put_sale(f, 1000 + (int64_t)roll(f, 120), (int)roll(f, 4) + 1, (int)roll(f, 8) + 1, somebody(f), (int64_t)roll(f, 5), (int64_t)roll(f, 90000) - 20000);
    }
}

#endif
