/* Speed of the customer record at size: fills a fresh installation with N customers through customer_learn() and a real
 * vault, then measures the pages that people wait for. usage: bench_customers N DIRECTORY (kept, and used again) */
#include "access/access.h"
#include "base/app.h"
#include "base/id.h"
#include "customer/customer_priv.h"
#include "db/pool.h"
#include "embedded_sql.h"
#include "vault/keystore.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 5000, ROUNDS = 300, STORES = 50 };

static const char *const surnames[] = {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "郭", "何", "高", "林", "欧阳"};
static const char *const given[] = {"伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀英", "霞", "平", "小明", "雨桐", "子涵", "梓萱"};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct ctx c;
static struct app app;

static void check(enum rc rc, const char *what)
{
    if (rc == RC_OK)
        return;
    fprintf(stderr, "%s: %s %s %s\n", what, rc_name(rc), c.error.field, c.error.cause);
    exit(1);
}

static void migrate(void)
{
    const struct db_migration *const lists[] = {access_migrations, customer_migrations, catalog_migrations};
    const struct db_sql *const sql[] = {access_sql, customer_sql, catalog_sql};
    struct db_migration all[100];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(lists); i++) {
        for (const struct db_migration *m = lists[i]; m->text; m++)
            all[count++] = *m;
        size_t statements = 0;
        while (sql[i][statements].name)
            statements++;
        db_register_sql(sql[i], statements);
    }
    struct db *writer = db_pool_lock_writer(app.truth);
    check(db_migrate(writer, all, count), "migrate");
    db_pool_unlock_writer(app.truth);
}

static pid_t start_vault(const char *dir)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        exit(1);
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        _exit(vault_main(pair[1], dir, NULL));
    }
    close(pair[1]);
    c.vault = app.vault = vault_client_new(pair[0]);
    return pid;
}

static pid_t open_all(const char *dir)
{
    char path[512];
    c = (struct ctx){.arena = arena_new(), .app = &app, .now_us = clock_now_us()};
    app.data_dir = dir;
    mkdir(dir, 0700);
    snprintf(path, sizeof(path), "%s/keyring", dir);
    if (access(path, F_OK) != 0)
        check(vault_init(&c, dir, NULL), "vault_init");
    pid_t pid = start_vault(dir);
    snprintf(path, sizeof(path), "%s/zhixin.db", dir);
    check(db_pool_open(path, &app.truth), "truth");
    snprintf(path, sizeof(path), "%s/keys.db", dir);
    check(db_pool_open(path, &app.keys), "keys");
    check(keystore_open(&c), "keystore");
    migrate();
    return pid;
}

/* ---- filling ---- */

struct lesson {
    struct customer_traits *traits;
    size_t count;
};

static enum rc learn_only(struct ctx *ctx, void *arg)
{
    struct lesson *l = arg;
    return customer_learn(ctx, l->traits, l->count);
}

static enum rc learn(struct ctx *ctx, void *arg)
{
    struct lesson *l = arg;
    enum rc rc = learn_only(ctx, arg);
    for (size_t i = 0; rc == RC_OK && i < l->count; i++) {
        const struct customer_stat delta = {.orders = 1 + rand() % 12, .spent_minor = rand() % 1000000, .seen_us = c.now_us - rand() * INT64_C(10000)};
        rc = customer_stat_add(ctx, l->traits[i].customer_id, &delta);
    }
    return rc;
}

static struct customer_contact phone_of(int64_t n)
{
    struct customer_contact contact = {.field = VAULT_PHONE, .value = arena_printf(c.arena, "199%08lld", (long long)n), .scope = STR("")};
    crypto_generichash(contact.hash, sizeof(contact.hash), (const uint8_t *)contact.value.ptr, contact.value.len, NULL, 0);
    return contact;
}

static struct customer_traits traits_of(int64_t n)
{
    struct customer_contact *contacts = arena_new_array(c.arena, struct customer_contact, 1);
    contacts[0] = phone_of(n);
    return (struct customer_traits){
        .customer_id = id_next(), .create = true, .at_us = c.now_us - n, .source_kind = "import", .source_id = 1, .first_store_id = 1 + n % STORES,
        .name = arena_printf(c.arena, "%s%s%s", surnames[rand() % (int)COUNT(surnames)], given[rand() % (int)COUNT(given)], n % 2 ? given[rand() % (int)COUNT(given)] : ""),
        .gender = 1 + n % 2, .contacts = contacts, .contact_count = 1,
    };
}

static void fill(int64_t count)
{
    int64_t have = 0, started = clock_mono_us();
    struct db *reader;
    check(db_pool_reader(app.truth, &reader), "reader");
    check(db_get_i64(reader, 0, &have, "customer_last_number"), "count");
    db_pool_give(app.truth, reader);
    for (int64_t n = have; n < count; n += BATCH) {
        struct customer_traits *traits = arena_new_array(c.arena, struct customer_traits, BATCH);
        size_t batch = (size_t)(count - n < BATCH ? count - n : BATCH);
        for (size_t i = 0; i < batch; i++)
            traits[i] = traits_of(n + (int64_t)i);
        check(db_pool_tx(&c, app.truth, learn, &(struct lesson){traits, batch}), "learn");
        arena_reset(c.arena);
    }
    double s = (double)(clock_mono_us() - started) / 1e6;
    if (have < count)
        printf("learn %lld new customers: %.1f s, %.0f a second\n", (long long)(count - have), s, (double)(count - have) / s);
}

/* What most identify calls are: known people with known values. */
static void learn_again(void)
{
    enum { TIMES = 20 };
    struct customer_traits *traits = arena_new_array(c.arena, struct customer_traits, BATCH);
    struct db *reader;
    size_t n = 0;
    check(db_pool_reader(app.truth, &reader), "reader");
    struct db_rows *q = db_query(reader, "customer_export_ids", DB_I64("after", 0), DB_I64("limit", BATCH));
    while (db_next(q)) {
        traits[n] = traits_of((int64_t)n);
        traits[n].customer_id = db_i64(q, "customer_id");
        traits[n++].create = false;
    }
    check(db_end(q), "ids");
    db_pool_give(app.truth, reader);
    for (int round = 0; round <= TIMES; round++) { /* the first makes the names what they then stay */
        int64_t started = clock_mono_us();
        for (size_t i = 0; i < n; i++)
            traits[i].at_us = c.now_us + round;
        check(db_pool_tx(&c, app.truth, learn_only, &(struct lesson){traits, n}), "learn again");
        if (round == TIMES)
            printf("learn the same again: %.0f a second\n", (double)n * 1e6 / (double)(clock_mono_us() - started));
    }
    arena_reset(c.arena);
}

/* ---- measuring ---- */

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void measure(const char *what, enum rc (*fn)(void))
{
    int64_t times[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        int64_t started = clock_mono_us();
        check(fn(), what);
        times[i] = clock_mono_us() - started;
        arena_reset(c.arena);
    }
    qsort(times, ROUNDS, sizeof(*times), by_time);
    printf("%-34s p50 %7.2f ms  p99 %7.2f ms\n", what, (double)times[ROUNDS / 2] / 1e3, (double)times[ROUNDS * 99 / 100] / 1e3);
}

static int64_t some_id;

static enum rc page(struct list_query q)
{
    struct list_page page;
    struct view *views;
    size_t count;
    q.first = true;
    q.limit = 50;
    enum rc rc = list_by_stat(&c, &q, &page);
    if (rc)
        return rc;
    if (page.count)
        some_id = page.ids[(size_t)rand() % page.count];
    return views_load(&c, page.ids, page.count, &views, &count);
}

static enum rc list_seen(void)
{
    return page((struct list_query){.every_store = true});
}
static enum rc list_spent(void)
{
    return page((struct list_query){.every_store = true, .sort = STR("-spent")});
}
static enum rc list_orders(void)
{
    return page((struct list_query){.every_store = true, .sort = STR("-orders")});
}
static enum rc list_store(void)
{
    static int64_t store;
    store = 1 + rand() % STORES;
    return page((struct list_query){.stores = &store, .store_count = 1, .sort = STR("-spent")});
}
static enum rc record(void)
{
    struct view v;
    _cleanup_buf_ struct buf out = BUF_INIT(1 << 20);
    struct jw w = jw_on(&out);
    enum rc rc = view_open(&c, some_id, &v);
    return rc ? rc : record_write(&c, some_id, &v, &w);
}
static enum rc name_search(void)
{
    char query[64];
    struct vault_hit *hits;
    struct view *views;
    size_t count;
    snprintf(query, sizeof(query), "%s%s", surnames[rand() % (int)COUNT(surnames)], given[rand() % (int)COUNT(given)]);
    struct vault_search s = {.query = str_z(query), .limit = 50};
    enum rc rc = vault_search(&c, &s, &hits, &count);
    if (rc)
        return rc;
    int64_t *ids = arena_new_array(c.arena, int64_t, count);
    for (size_t i = 0; i < count; i++)
        ids[i] = hits[i].customer_id;
    return views_load(&c, ids, count, &views, &count);
}

static void wait_for_index(void)
{
    struct vault_status status = {.index_ready = false};
    int64_t started = clock_mono_us();
    struct customer_feed *feed = customer_feed_start(&app);
    while (!status.index_ready) {
        usleep(1000);
        check(vault_status(&c, &status), "status");
    }
    printf("index of %lld names fed: %.2f s, vault %lld MiB\n", (long long)status.names, (double)(clock_mono_us() - started) / 1e6, (long long)status.memory_kib / 1024);
    customer_feed_stop(feed);
}

int main(int argc, char **argv)
{
    if (argc != 3 || sodium_init() < 0) {
        fprintf(stderr, "usage: bench_customers N DIRECTORY\n");
        return 2;
    }
    pid_t vault = open_all(argv[2]);
    fill(atoll(argv[1]));
    learn_again();
    wait_for_index();
    check(db_pool_reader(app.truth, &c.db), "reader");
    measure("list, last seen first", list_seen);
    measure("list, most spent first", list_spent);
    measure("list, most orders first", list_orders);
    measure("list of one store, most spent", list_store);
    measure("record", record);
    measure("by name", name_search);
    db_pool_give(app.truth, c.db);
    vault_client_free(c.vault);
    waitpid(vault, NULL, 0);
    db_pool_close(app.truth);
    db_pool_close(app.keys);
    arena_free(c.arena);
    return 0;
}
