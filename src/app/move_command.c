/* zhixin move: an installation's truth and keys from files to PostgreSQL, or back. Tables are copied page by page along their
 * primary keys, so a move that was interrupted goes on behind the last row that is there; each table's logical hash must then
 * be that of its origin. The configuration is switched last, in one act: before it the installation is what it was, whatever
 * became of the copy. What was moved away from stays as it is, for whoever made it to remove. */
#include "app/app_priv.h"
#include "app/tables.h"
#include "db/pool.h"
#include "embedded_sql.h"
#include "eventlog/eventlog.h"
#include "http/route.h"
#include "vault/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The change log goes along, for warehouses and indexes follow its numbers. */
static const char *const base_tables[] = {"change", NULL};
static const char *const key_tables[] = {"wrapped_key", "server_secret", NULL};

struct move {
    struct ctx *c;
    struct app *app;               /* where it comes from, open */
    const char *data;
    const char *url, *keys_url;    /* where it goes to; both NULL: files */
    struct db *truth, *keys;       /* open there */
    int64_t rows;
};

/* ---- is the place ours to fill? ---- */

/* Tells a move's own half-made copy from anybody else's data: the keyring is what makes an installation itself. */
static enum rc own_mark(struct move *m, char ret[static 65])
{
    uint8_t hash[32];
    char bytes[4096];
    int fd = open(arena_printf(m->c->arena, "%s/keyring", m->data).ptr, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, bytes, sizeof(bytes)) : -1;
    if (fd >= 0)
        close(fd);
    if (got <= 0)
        return ctx_fail(m->c, RC_STORE, "keyring", "can_not_be_read");
    crypto_generichash(hash, sizeof(hash), (const uint8_t *)bytes, (size_t)got, NULL, 0);
    str_hex(hash, sizeof(hash), ret);
    ret[64] = '\0';
    return RC_OK;
}

struct claim {
    struct move *m;
    const char *mark;
};

/* Its table stands only while a copy is unfinished, so no named statement knows it. */
static enum rc with_mark(struct ctx *c, const char *text, const char *mark, int64_t *ret)
{
    struct db_rows *q;
    *ret = 0;
    enum rc rc = db_query_text(c->db, text, &DB_TEXT("mark", str_z(mark)), 1, &q);
    if (rc)
        return rc;
    if (db_next(q))
        *ret = db_i64_at(q, 0);
    return db_end(q);
}

static enum rc claim_place(struct ctx *c, void *arg)
{
    const struct claim *claim = arg;
    int64_t staff, keys, marked;
    enum rc rc = db_script(c->db, "CREATE TABLE IF NOT EXISTS move_mark (mark TEXT NOT NULL PRIMARY KEY)");
    if (!rc)
        rc = with_mark(c, "SELECT count(*) FROM move_mark WHERE mark = $mark", claim->mark, &marked);
    if (!rc)
        rc = db_get_i64(c->db, 0, &staff, "staff_count");
    if (!rc)
        rc = db_get_i64(claim->m->keys, 0, &keys, "keystore_count");
    if (rc || marked)
        return rc;
    if (staff || keys)
        return ctx_fail(c, RC_CONFLICT, "to", "holds_an_installation_already");
    return with_mark(c, "INSERT INTO move_mark (mark) VALUES ($mark)", claim->mark, &marked);
}

static enum rc drop_mark(struct ctx *c, void *arg)
{
    (void)arg;
    return db_script(c->db, "DROP TABLE IF EXISTS move_mark");
}

static enum rc in_tx(struct move *m, struct db *db, enum rc (*fn)(struct ctx *c, void *arg), void *arg)
{
    struct db *before = m->c->db;
    m->c->db = db;
    enum rc rc = db_tx(m->c, fn, arg);
    m->c->db = before;
    return rc;
}

/* ---- one table ---- */

struct put {
    const struct table *table;
    const struct table_page *page;
};

static enum rc put_page(struct ctx *c, void *arg)
{
    const struct put *p = arg;
    return table_put(c->db, p->table, p->page);
}

static enum rc clear(struct ctx *c, void *arg)
{
    return db_script(c->db, arena_printf(c->arena, "DELETE FROM %s", (const char *)arg).ptr);
}

static enum rc copy_rows(struct move *m, struct db *from, struct db *to, const struct table *t)
{
    struct arena *arenas[2] = {arena_new(), arena_new()}; /* the last row of a page is where the next begins */
    struct table_page page;
    const struct db_arg *after = NULL;
    enum rc rc = table_last(to, arenas[1], t, &after);
    for (size_t turn = 0; !rc; turn++) {
        arena_reset(arenas[turn % 2]);
        rc = table_read(from, arenas[turn % 2], t, after, &page);
        if (rc || page.rows == 0)
            break;
        rc = in_tx(m, to, put_page, &(struct put){t, &page});
        after = page.cells + (page.rows - 1) * t->column_count;
    }
    arena_free(arenas[0]);
    arena_free(arenas[1]);
    return rc;
}

static enum rc is_same(struct move *m, struct db *from, struct db *to, const char *name, bool *ret_same, int64_t *ret_rows)
{
    uint64_t here, there;
    int64_t rows;
    enum rc rc = table_hash(m->c, from, name, &here, ret_rows);
    if (!rc)
        rc = table_hash(m->c, to, name, &there, &rows);
    *ret_same = !rc && here == there && rows == *ret_rows;
    return rc;
}

/* Rows that changed since an earlier, interrupted move make the hashes differ: then the table is copied anew, once. */
static enum rc move_table(struct move *m, struct db *from, struct db *to, const char *name)
{
    struct table t;
    bool same = false;
    int64_t rows = 0;
    enum rc rc = table_look(m->c, from, name, &t);
    for (int run = 0; !rc && !same && run < 2; run++) {
        if (run > 0)
            rc = in_tx(m, to, clear, (void *)(uintptr_t)name);
        if (!rc)
            rc = copy_rows(m, from, to, &t);
        if (!rc)
            rc = is_same(m, from, to, name, &same, &rows);
    }
    if (!rc && !same)
        rc = ctx_fail(m->c, RC_STORE, name, "differs_after_the_copy");
    m->rows += rows;
    if (!rc)
        fprintf(stderr, "moved %s rows=%lld\n", name, (long long)rows);
    return rc;
}

static enum rc move_tables(struct move *m, struct db *from, struct db *to, const char *const *names)
{
    enum rc rc = RC_OK;
    for (; !rc && names && *names; names++)
        if (strcmp(*names, EVENTLOG_FILES) != 0)
            rc = move_table(m, from, to, *names);
    return rc;
}

/* ---- all of it ---- */

static enum rc open_place(struct move *m)
{
    const struct db_options options = {.create = true};
    const char *truth = m->url ? m->url : arena_printf(m->c->arena, "%s/zhixin.db", m->data).ptr;
    const char *keys = m->url ? m->keys_url : arena_printf(m->c->arena, "%s/keys.db", m->data).ptr;
    enum rc rc = db_open(truth, &options, &m->truth);
    if (!rc)
        rc = db_open(keys, &options, &m->keys);
    if (!rc)
        rc = migrate_truth(m->truth);
    if (!rc)
        rc = keystore_migrate(m->keys);
    return rc ? ctx_fail(m->c, rc, "to", "can_not_open") : RC_OK;
}

static enum rc move_stores(struct move *m)
{
    struct db *keys;
    enum rc rc = db_pool_reader(m->app->keys, &keys);
    if (rc)
        return rc;
    rc = move_tables(m, keys, m->keys, key_tables); /* first: a truth without its keys could not be read */
    db_pool_give(m->app->keys, keys);
    if (!rc)
        rc = move_tables(m, m->c->db, m->truth, base_tables);
    for (size_t i = 0; !rc && modules[i]; i++)
        rc = move_tables(m, m->c->db, m->truth, modules[i]->tables);
    return rc;
}

/* Segments are files here, and copies of them in PostgreSQL. */
static enum rc move_files(struct move *m)
{
    struct db *before = m->c->db;
    m->c->db = m->url ? m->truth : before;
    enum rc rc = m->url ? eventlog_share_files(m->c, m->data) : eventlog_fetch_files(m->c, m->data);
    m->c->db = before;
    return rc;
}

static enum rc switch_over(struct move *m)
{
    /* Beside files the warehouse can only be a file. */
    const struct config_given given[] = {{"database", "url", m->url ? m->url : ""}, {"database", "keys", m->keys_url ? m->keys_url : ""},
                                         {m->url ? NULL : "warehouse", m->url ? NULL : "engine", ""}, {NULL, NULL, NULL}};
    return config_rewrite(m->c, arena_printf(m->c->arena, "%s/zhixin.conf", m->data).ptr, given);
}

static enum rc move_all(struct move *m)
{
    char mark[65];
    enum rc rc = own_mark(m, mark);
    if (!rc)
        rc = open_place(m);
    if (!rc)
        rc = in_tx(m, m->truth, claim_place, &(struct claim){m, mark});
    if (!rc)
        rc = move_stores(m);
    if (!rc)
        rc = move_files(m);
    if (!rc)
        rc = switch_over(m);
    return rc ? rc : in_tx(m, m->truth, drop_mark, NULL);
}

/* Files that are no longer the truth make room for none of that name, now or after a move back. */
static void put_aside(const char *data)
{
    static const char *const names[] = {"zhixin.db", "zhixin.db-wal", "zhixin.db-shm", "keys.db", "keys.db-wal", "keys.db-shm"};
    char from[4096], to[4200];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(from, sizeof(from), "%s/%s", data, names[i]);
        snprintf(to, sizeof(to), "%s.moved", from);
        rename(from, to); /* one that is not there, or stays, does no harm */
    }
}

static enum rc on_stopped(struct move *m)
{
    struct app app;
    struct ctx own;
    const struct app_options options = {.parts = APP_TRUTH, .vault_fd = -1, .migrate = true};
    enum rc rc = app_open(m->data, &options, &app);
    if (!rc)
        rc = app_ctx(&app, &own);
    if (rc)
        return rc;
    struct ctx *outer = m->c;
    bool on_files = db_pool_engine(app.truth) == DB_SQLITE;
    m->c = &own;
    m->app = &app;
    if (on_files == (m->url != NULL))
        rc = move_all(m);
    else if (!m->url || (strcmp(app.config->database_url, m->url) == 0 && strcmp(app.config->database_keys, m->keys_url) == 0))
        rc = db_pool_tx(&own, app.truth, drop_mark, NULL); /* interrupted when all but this was done */
    else
        rc = ctx_fail(&own, RC_CONFLICT, "to", "is_on_postgres_already_move_it_to_files_first");
    outer->error = own.error;
    db_close(m->truth);
    db_close(m->keys);
    app_ctx_end(&own);
    app_close(&app);
    if (!rc && m->url)
        put_aside(m->data);
    m->c = outer;
    return rc;
}

int command_move(int argc, char **argv)
{
    const char *data = NULL, *to = NULL, *keys = NULL;
    const struct arg args[] = {{"--data", "DIR", "the installation, which must not be served meanwhile", &data, true},
                               {"--to", "URL|files", "postgres://… for the truth; files: back into DIR", &to, true},
                               {"--keys", "URL", "postgres://… of another database for the wrapped keys; needed with a URL", &keys, false},
                               {NULL, NULL, NULL, NULL, false}};
    if (args_parse("move", "Moves the truth and the keys to PostgreSQL, or back into files. Interrupted, it goes on where it was.", NULL, argc, argv, args, NULL, 0) < 0)
        return 2;
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .now_us = clock_now_us()};
    bool back = strcmp(to, "files") == 0;
    struct move m = {.c = &c, .data = data, .url = back ? NULL : to, .keys_url = back ? NULL : keys};
    struct running r;
    bool running = false;
    enum rc rc = RC_OK;
    if (!back && (!db_is_postgres_url(to) || !keys || !db_is_postgres_url(keys) || strcmp(to, keys) == 0))
        rc = ctx_fail(&c, RC_INVALID, "to", "needs_two_postgres_urls_of_two_databases");
    if (!rc)
        rc = running_find(&c, data, &r, &running);
    if (!rc && running)
        rc = ctx_fail(&c, RC_BUSY, "data", "is_being_served_stop_it_first");
    if (!rc)
        rc = on_stopped(&m);
    if (rc)
        return command_failed("move", &c, rc);
    if (m.rows == 0) {
        puts("it is there already");
        return 0;
    }
    printf("rows=%lld; all tables are the same at both places\n", (long long)m.rows);
    puts(back ? "the truth is in files again; the databases still hold what they held" : "the files that held it are DATA/*.moved; remove them when you are content");
    return 0;
}
