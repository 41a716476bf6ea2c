/* Opening an installation: databases up to date, the vault connected, modules started; and closing it again. */
#include "access/access.h"
#include "app/app_priv.h"
#include "base/id.h"
#include "base/log.h"
#include "db/pool.h"
#include "db/session.h"
#include "http/route.h"
#include "intake/intake.h"
#include "vault/keystore.h"
#include "vault/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIGRATIONS_MAX = 256 };

struct opened {                 /* what app_close() needs beside struct app */
    pid_t own_vault;
    struct config config;
    pthread_mutex_t lock;       /* modules neither start nor stop while one is told something */
    size_t started;             /* modules */
};

static int by_number(const void *a, const void *b)
{
    const struct db_migration *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

enum rc migrate_truth(struct db *db)
{
    static struct db_migration all[MIGRATIONS_MAX];
    size_t count = 0;
    for (size_t m = 0; modules[m]; m++)
        for (const struct db_migration *one = modules[m]->migrations; one && one->text; one++)
            if (count < MIGRATIONS_MAX)
                all[count++] = *one;
    qsort(all, count, sizeof(all[0]), by_number);
    return db_migrate(db, all, count);
}

static void register_sql(void)
{
    for (size_t m = 0; modules[m]; m++) {
        if (modules[m]->sql)
            db_register_sql(modules[m]->sql, SIZE_MAX);
        if (modules[m]->warehouse_sql)
            db_register_sql(modules[m]->warehouse_sql, SIZE_MAX);
    }
}

/* The configured URL, or the file of that name in the data directory. */
static enum rc open_pool(struct ctx *c, const char *url, const char *file, struct db_pool **ret)
{
    if (url[0] && !db_is_postgres_url(url))
        return ctx_fail(c, RC_INVALID, "database", "not_a_postgres_url");
    enum rc rc = db_pool_open(url[0] ? url : arena_printf(c->arena, "%s/%s", c->app->data_dir, file).ptr, ret);
    return rc ? ctx_fail(c, rc, url[0] ? "database" : "data", "can_not_open") : RC_OK;
}

static enum rc open_databases(struct ctx *c, struct app *app, bool migrate_too)
{
    const struct config *config = app->config;
    if (app->warehouse_same && !config->database_url[0]) {
        fputs("zhixin: the warehouse can only stand in the truth's database (--warehouse same) where that is PostgreSQL:\n"
              "zhixin: move there with zhixin move, or name it (--database postgres://…), or leave the warehouse as a file (--warehouse duckdb)\n", stderr);
        return ctx_fail(c, RC_INVALID, "warehouse.engine", "needs_the_truth_on_postgresql");
    }
    if (config->database_keys[0] && strcmp(config->database_keys, config->database_url) == 0)
        return ctx_fail(c, RC_INVALID, "database.keys", "same_as_the_truth"); /* archived logs of one must not bring back what was erased in the other */
    enum rc rc = open_pool(c, config->database_url, "zhixin.db", &app->truth);
    if (!rc)
        rc = open_pool(c, config->database_keys, "keys.db", &app->keys);
    if (rc)
        return rc;
    register_sql();
    if (migrate_too) {
        struct db *writer = db_pool_lock_writer(app->truth);
        rc = migrate_truth(writer);
        db_pool_unlock_writer(app->truth);
        if (rc == RC_CONFLICT)
            return ctx_fail(c, rc, "data", "made_by_a_newer_version");
        if (rc)
            return ctx_fail(c, rc, "data", "migration_failed");
    }
    return RC_OK;
}

static void told(void *arg, struct str word)
{
    struct app *app = arg;
    struct opened *opened = app->impl;
    pthread_mutex_lock(&opened->lock);
    for (size_t m = 0; m < opened->started; m++)
        if (modules[m]->told)
            modules[m]->told(app, word);
    pthread_mutex_unlock(&opened->lock);
}

static void take_node(void *arg, unsigned number)
{
    (void)arg;
    id_set_node(number);
}

/* One of several servers of a truth has a number for its ids, and hears of the others. */
static enum rc join_servers(struct ctx *c, struct app *app)
{
    const struct db_session_hooks hooks = {told, take_node, app};
    if (!app->config->database_url[0])
        return RC_OK;
    struct db_session *session;
    enum rc rc = db_session_start(app->config->database_url, &hooks, &session);
    if (!rc)
        app->session = session;
    return rc ? ctx_fail(c, rc, "database", "can_not_listen") : RC_OK;
}

static enum rc connect_vault(struct ctx *c, struct app *app, const struct app_options *o, struct opened *opened)
{
    int fd = o->vault_fd;
    if (fd < 0)
        opened->own_vault = vault_spawn(app->data_dir, &fd);
    if (fd < 0)
        return ctx_fail(c, RC_VAULT_DOWN, "vault", "can_not_start");
    app->vault = vault_client_new(fd);
    return RC_OK;
}

/* Modules in order; without intake (small commands) only up to access, which needs no vault. */
static enum rc start_modules(struct ctx *c, struct app *app, bool all, struct opened *opened)
{
    for (size_t n = 0; modules[n]; n++) {
        if (!all && n > 0 && modules[n - 1] == &access_module)
            break;
        const struct module *m = modules[n];
        enum rc rc = m->start ? m->start(app) : RC_OK;
        if (rc)
            return ctx_fail(c, rc, m->name, "did_not_start");
        pthread_mutex_lock(&opened->lock);
        opened->started = n + 1;
        pthread_mutex_unlock(&opened->lock);
    }
    pthread_mutex_lock(&opened->lock);
    for (size_t n = 0; n < opened->started; n++)
        if (modules[n]->run)
            modules[n]->run(app);
    pthread_mutex_unlock(&opened->lock);
    return RC_OK;
}

static enum rc open_parts(struct ctx *c, struct app *app, const struct app_options *o, struct opened *opened)
{
    enum rc rc = config_load(c, app->data_dir, &opened->config);
    if (rc)
        return rc;
    app->config = &opened->config;
    app->warehouse_same = strcmp(opened->config.warehouse_engine, "same") == 0;
    app->warehouse_memory_mib = opened->config.warehouse_memory_mib;
    app->warehouse_rest_s = opened->config.warehouse_rest_s;
    app->segment_events = opened->config.segment_events;
    rc = open_databases(c, app, o->migrate);
    if (!rc)
        rc = join_servers(c, app);
    if (!rc)
        rc = connect_vault(c, app, o, opened);
    c->vault = app->vault;
    if (!rc)
        rc = keystore_open(c);
    if (!rc)
        rc = start_modules(c, app, o->parts & APP_INTAKE, opened);
    if (!rc && o->parts & APP_INTAKE) {
        pthread_mutex_lock(&opened->lock);
        rc = intake_start(app, &app->intake);
        pthread_mutex_unlock(&opened->lock);
    }
    return rc;
}

enum rc app_open(const char *data_dir, const struct app_options *options, struct app *ret)
{
    struct opened *opened = mem_zalloc(1, sizeof(*opened));
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .app = ret, .now_us = clock_now_us()};
    pthread_mutex_init(&opened->lock, NULL);
    *ret = (struct app){.data_dir = data_dir, .impl = opened};
    enum rc rc = open_parts(&c, ret, options, opened);
    if (rc) {
        command_failed("open", &c, rc);
        app_close(ret);
    }
    return rc;
}

void app_close(struct app *app)
{
    struct opened *opened = app->impl;
    struct db_session *session = app->session;
    db_session_stop(session); /* nobody is told anything any more */
    intake_stop(app->intake);
    app->intake = NULL;
    while (opened->started > 0) {
        const struct module *m = modules[--opened->started];
        if (m->stop)
            m->stop(app);
    }
    vault_client_free(app->vault);
    if (opened->own_vault > 0)
        waitpid(opened->own_vault, NULL, 0); /* it ends when its socket closes */
    db_pool_close(app->keys);
    db_pool_close(app->truth);
    db_session_free(session);
    config_free(&opened->config);
    pthread_mutex_destroy(&opened->lock);
    free(opened);
    *app = (struct app){0};
}

enum rc app_ctx(struct app *app, struct ctx *ret)
{
    *ret = (struct ctx){.arena = arena_new(), .app = app, .vault = app->vault, .now_us = clock_now_us()};
    enum rc rc = db_pool_reader(app->truth, &ret->db);
    if (rc)
        arena_free(ret->arena);
    return rc;
}

void app_ctx_end(struct ctx *c)
{
    db_pool_give(c->app->truth, c->db);
    arena_free(c->arena);
}

enum rc app_lock(const char *data_dir, int *ret_fd)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/lock", data_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* stays open when it has the lock */
    if (fd < 0)
        return errno == ENOENT ? RC_NOT_FOUND : RC_STORE;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return RC_BUSY;
    }
    if (ret_fd)
        *ret_fd = fd;
    return RC_OK;
}
