/* zhixin distribute: lays the tables of a truth on PostgreSQL out over the machines of a Citus cluster, as app/layout.c says. One table
 * after the other, each in a transaction of Citus's own: a run that was interrupted goes on where it was, for Citus's catalog says what
 * is done. No server may be at work meanwhile. Where Citus is not there, it changes nothing and says what is missing.
 *
 * Its statements name functions that only Citus has, so they are no named ones; every value in them is bound. */
#include "app/app_priv.h"
#include "app/layout.h"
#include "base/id.h"
#include "db/pool.h"
#include "db/session.h"
#include "http/route.h"

#include <stdio.h>
#include <stdlib.h>

enum { TABLES_MAX = 96, SHARDS_DEFAULT = 64, SHARDS_MAX = 4096 };

struct placed {
    bool known;                    /* to Citus */
    bool reference, managed;       /* neither: spread */
    struct str column;
    int64_t group;                 /* co-location */
};
struct distribution {
    struct ctx *c;
    struct db *db;
    int64_t shards;
    bool dry, citus;               /* only say what would be done; the extension is there */
    struct placed placed[TABLES_MAX];
    size_t done, left;
};

/* ---- asking ---- */

#define ASK(d, text, q, ...) db_query_text((d)->db, text, (const struct db_arg[]){DB_NULL(""), ##__VA_ARGS__}, DB_ARGC(__VA_ARGS__), q)

static size_t index_of(struct str table)
{
    size_t i = 0;
    while (layouts[i].table && !str_eqz(table, layouts[i].table))
        i++;
    return i;
}

static enum rc one_number(struct distribution *d, const char *text, const struct db_arg *arg, int64_t *ret)
{
    struct db_rows *q;
    enum rc rc = db_query_text(d->db, text, arg, arg ? 1 : 0, &q);
    if (rc)
        return rc;
    *ret = db_next(q) ? db_i64_at(q, 0) : 0;
    return db_end(q);
}

/* Names of our own tables, never anything from outside. */
static enum rc count_rows(struct distribution *d, const char *table, int64_t *ret)
{
    return one_number(d, arena_printf(d->c->arena, "SELECT count(*) FROM %s", table).ptr, NULL, ret);
}

static enum rc bytes_of(struct distribution *d, const char *table, int64_t *ret)
{
    return one_number(d, "SELECT COALESCE(pg_total_relation_size(to_regclass(CAST($table_name AS TEXT))), 0)", &DB_TEXT("table_name", str_z(table)), ret);
}

/* What Citus's catalog says. A reference table is kept in step by two-phase commits (repmodel t); one of the coordinator is not. */
static enum rc read_placed(struct distribution *d)
{
    static const char text[] = "SELECT CAST(c.relname AS TEXT) AS name, CAST(p.partmethod AS TEXT) AS method, CAST(p.repmodel AS TEXT) AS model, "
                               "CAST(COALESCE(column_to_column_name(p.logicalrelid, p.partkey), '') AS TEXT) AS column_name, CAST(p.colocationid AS BIGINT) AS colocation "
                               "FROM pg_dist_partition AS p JOIN pg_class AS c ON c.oid = p.logicalrelid";
    struct db_rows *q;
    memset(d->placed, 0, sizeof(d->placed));
    enum rc rc = ASK(d, text, &q);
    if (rc)
        return rc;
    while (db_next(q)) {
        size_t i = index_of(db_text(q, "name"));
        bool single = str_eqz(db_text(q, "method"), "n"), reference = single && str_eqz(db_text(q, "model"), "t");
        d->placed[i] = (struct placed){true, reference, single && !reference, arena_str(d->c->arena, db_text(q, "column_name")), db_i64(q, "colocation")};
    }
    return db_end(q);
}

/* ---- may it begin? ---- */

static const char how_to_get[] =
    "On each machine of the cluster, the one with the truth (the coordinator) and those that will hold shards (workers):\n"
    "  1. install Citus for its PostgreSQL; Debian has no package of it, its makers do (docs.citusdata.com, \"Multi-node Citus\"):\n"
    "       apt-get install postgresql-15-citus-VERSION\n"
    "  2. in postgresql.conf: shared_preload_libraries = 'citus', and max_prepared_transactions of at least twice max_connections; restart it;\n"
    "  3. in a database of the same name, encoding and collation as the truth's, and in the truth itself: CREATE EXTENSION citus;\n"
    "On the coordinator, in the truth:\n"
    "  4. SELECT citus_set_coordinator_host('THIS-MACHINE', 5432);\n"
    "  5. SELECT citus_add_node('WORKER', 5432);   for each worker\n"
    "Then run zhixin distribute again. docs/scaling.md tells the rest.\n";

static enum rc refuse(struct distribution *d, const char *what, const char *field, const char *cause)
{
    printf("%s: nothing was changed.\n%s", what, how_to_get);
    fflush(stdout);
    return ctx_fail(d->c, RC_CONFLICT, field, cause);
}

static enum rc find_extension(struct distribution *d, bool *ret_available)
{
    static const char text[] = "SELECT (SELECT count(*) FROM pg_extension WHERE extname = 'citus') AS made, "
                               "(SELECT count(*) FROM pg_available_extensions WHERE name = 'citus') AS available";
    struct db_rows *q;
    enum rc rc = ASK(d, text, &q);
    if (rc)
        return rc;
    if (db_next(q)) {
        d->citus = db_i64(q, "made") > 0;
        *ret_available = db_i64(q, "available") > 0;
    }
    return db_end(q);
}

static enum rc check_cluster(struct distribution *d)
{
    static const char nodes[] = "SELECT count(*) FROM pg_dist_node WHERE isactive AND ";
    int64_t coordinators = 0, workers = 0;
    enum rc rc = one_number(d, arena_printf(d->c->arena, "%sgroupid = 0", nodes).ptr, NULL, &coordinators);
    if (!rc)
        rc = one_number(d, arena_printf(d->c->arena, "%sshouldhaveshards", nodes).ptr, NULL, &workers);
    if (rc)
        return rc;
    if (coordinators == 0)
        return refuse(d, "Citus does not know its coordinator", "citus", "step_4_is_missing");
    return workers ? RC_OK : refuse(d, "Citus has no machine for shards", "citus", "step_5_is_missing");
}

/* Every server holds its number as long as it lives, this command too. */
static enum rc check_alone(struct distribution *d)
{
    static const char text[] = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
                               "AND CAST(CAST(classid AS OID) AS BIGINT) = $locks AND CAST(CAST(objid AS OID) AS BIGINT) <> $own";
    int64_t others = 0;
    struct db_rows *q;
    enum rc rc = ASK(d, text, &q, DB_I64("locks", SESSION_NODE_LOCKS), DB_I64("own", id_node()));
    if (rc)
        return rc;
    others = db_next(q) ? db_i64_at(q, 0) : 0;
    rc = db_end(q);
    return rc || others == 0 ? rc : ctx_fail(d->c, RC_BUSY, "database", "other_servers_are_at_work_stop_them_first");
}

/* ---- the plan ---- */

static struct str place_text(struct distribution *d, const struct layout *l)
{
    switch (l->kind) {
    case LAYOUT_SPREAD: return arena_printf(d->c->arena, "spread by %s%s%s", l->column, l->with ? ", with " : "", l->with ? l->with : "");
    case LAYOUT_REFERENCE: return STR("a copy everywhere");
    case LAYOUT_MANAGED: return STR("on the coordinator, known to Citus");
    case LAYOUT_LOCAL: break;
    }
    return STR("on the coordinator");
}

static bool is_wrong(const struct distribution *d, size_t i)
{
    const struct layout *l = &layouts[i];
    const struct placed *p = &d->placed[i];
    if (!p->known)
        return false;
    if (l->kind != LAYOUT_SPREAD)
        return l->kind == LAYOUT_REFERENCE ? !p->reference : !p->managed;
    return p->reference || p->managed || !str_eqz(p->column, l->column) || (l->with && p->group != d->placed[index_of(str_z(l->with))].group);
}

static bool is_due(const struct distribution *d, size_t i)
{
    return layouts[i].kind != LAYOUT_LOCAL && !d->placed[i].known;
}

static enum rc print_plan(struct distribution *d)
{
    enum rc rc = RC_OK;
    printf("%-20s %-40s %12s %14s  %s\n", "table", "placement", "rows", "bytes", d->citus ? "state" : "");
    for (size_t i = 0; !rc && layouts[i].table; i++) {
        const struct layout *l = &layouts[i];
        int64_t rows = 0, bytes = 0;
        rc = count_rows(d, l->table, &rows);
        if (!rc)
            rc = bytes_of(d, l->table, &bytes);
        printf("%-20s %-40s %12lld %14lld  %s\n", l->table, place_text(d, l).ptr, (long long)rows, (long long)bytes,
               !d->citus || l->kind == LAYOUT_LOCAL ? "" : d->placed[i].known ? "there" : "to do");
    }
    return rc;
}

/* ---- doing it ---- */

static enum rc call(struct distribution *d, const char *text, const struct db_arg *args, size_t count)
{
    struct db_rows *q;
    enum rc rc = db_query_text(d->db, text, args, count, &q);
    if (rc)
        return rc;
    while (db_next(q))
        continue;
    return db_end(q);
}

static enum rc lay(struct distribution *d, const struct layout *l)
{
    static const char *const texts[] = {
        [LAYOUT_REFERENCE] = "SELECT create_reference_table(CAST(CAST($table_name AS TEXT) AS regclass))",
        [LAYOUT_MANAGED] = "SELECT citus_add_local_table_to_metadata(CAST(CAST($table_name AS TEXT) AS regclass))",
    };
    static const char first[] = "SELECT create_distributed_table(CAST(CAST($table_name AS TEXT) AS regclass), CAST($column_name AS TEXT), colocate_with => 'none', "
                                "shard_count => CAST($shards AS INT))";
    static const char with[] = "SELECT create_distributed_table(CAST(CAST($table_name AS TEXT) AS regclass), CAST($column_name AS TEXT), colocate_with => CAST($with_table AS TEXT))";
    const struct db_arg table = DB_TEXT("table_name", str_z(l->table));
    if (l->kind != LAYOUT_SPREAD)
        return call(d, texts[l->kind], &table, 1);
    const struct db_arg args[] = {table, DB_TEXT("column_name", str_z(l->column)), l->with ? DB_TEXT("with_table", str_z(l->with)) : DB_I64("shards", d->shards)};
    return call(d, l->with ? with : first, args, 3);
}

/* What a table held it must hold afterwards; only then the coordinator's own copy of it goes. */
static enum rc lay_one(struct distribution *d, const struct layout *l)
{
    int64_t before = 0, after = 0, began_us = clock_mono_us();
    enum rc rc = count_rows(d, l->table, &before);
    if (!rc)
        rc = lay(d, l);
    if (rc)
        fprintf(stderr, "%s: %s\n", l->table, db_error(d->db));
    if (!rc)
        rc = count_rows(d, l->table, &after);
    if (!rc && before != after)
        rc = ctx_fail(d->c, RC_STORE, l->table, "rows_differ_after_it_was_laid_out");
    if (!rc) {
        printf("%s: %s, %lld rows, %.1f s\n", l->table, place_text(d, l).ptr, (long long)after, (double)(clock_mono_us() - began_us) / 1e6);
        fflush(stdout);
        d->done++;
    }
    return rc;
}

static enum rc check_laid(struct distribution *d)
{
    enum rc rc = read_placed(d);
    d->left = 0;
    for (size_t i = 0; !rc && layouts[i].table; i++) {
        d->left += is_due(d, i);
        if (is_wrong(d, i))
            rc = ctx_fail(d->c, RC_CONFLICT, layouts[i].table, "lies_in_another_way_than_the_layout_says");
    }
    return rc;
}

static enum rc drop_own_copies(struct distribution *d)
{
    enum rc rc = RC_OK;
    for (const struct layout *l = layouts; !rc && l->table; l++)
        if (l->kind == LAYOUT_SPREAD || l->kind == LAYOUT_REFERENCE)
            rc = call(d, "SELECT truncate_local_data_after_distributing_table(CAST(CAST($table_name AS TEXT) AS regclass))", &DB_TEXT("table_name", str_z(l->table)), 1);
    return rc;
}

/* Citus commits on the workers after the coordinator, whose own transaction is then visible already. Until all is done that one holds
 * the lock of its number: followers read below it (change_horizon() in db/postgres.c). */
static enum rc watch_commits(struct distribution *d)
{
    static const char text[] =
        "CREATE OR REPLACE FUNCTION change_unfinished() RETURNS SETOF BIGINT LANGUAGE sql STABLE AS $$ "
        "SELECT base - behind FROM (SELECT s.base AS base, (s.base - CAST(CAST(l.transactionid AS TEXT) AS BIGINT)) & 4294967295 AS behind "
        "FROM pg_locks AS l JOIN pg_stat_get_activity(NULL) AS a ON a.pid = l.pid "
        "CROSS JOIN (SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT) AS base) AS s "
        "WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted "
        "AND a.datid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())) AS t "
        "WHERE behind < 2147483648 $$"; /* numbers in locks have 32 bits; one beyond the snapshot is of no interest */
    return db_script(d->db, text);
}

static enum rc lay_all(struct distribution *d)
{
    enum rc rc = check_laid(d);
    if (rc || d->dry)
        return rc ? rc : print_plan(d);
    for (size_t i = 0; !rc && layouts[i].table; i++)
        if (is_due(d, i))
            rc = lay_one(d, &layouts[i]);
    if (!rc)
        rc = check_laid(d);
    if (!rc && d->left)
        rc = ctx_fail(d->c, RC_STORE, "citus", "does_not_know_what_was_laid_out");
    if (!rc)
        rc = watch_commits(d);
    if (!rc)
        rc = drop_own_copies(d);
    if (!rc)
        printf(d->done ? "all is in place: %zu tables were laid out in this run\n" : "all is in place already\n", d->done);
    return rc;
}

static enum rc distribute(struct distribution *d)
{
    bool available = false;
    enum rc rc = find_extension(d, &available);
    if (!rc && !d->citus && d->dry)
        rc = print_plan(d);
    if (rc)
        return rc;
    if (!d->citus && available)
        return refuse(d, "Citus is installed on this server, but not made in this database (step 3)", "citus", "step_3_is_missing");
    if (!d->citus)
        return refuse(d, "Citus is not installed on this PostgreSQL server", "citus", "is_not_installed");
    rc = check_cluster(d);
    if (!rc)
        rc = check_alone(d);
    return rc ? rc : lay_all(d);
}

/* ---- the command ---- */

static enum rc on_stopped(struct distribution *d, const char *data)
{
    struct app app;
    struct ctx own;
    const struct app_options options = {.parts = APP_TRUTH, .vault_fd = -1, .migrate = true};
    enum rc rc = app_open(data, &options, &app);
    if (!rc)
        rc = app_ctx(&app, &own);
    if (rc)
        return rc;
    struct ctx *outer = d->c;
    d->c = &own;
    if (db_pool_engine(app.truth) == DB_SQLITE) {
        puts("The truth of this installation is in files on one machine: nothing was changed. First zhixin move takes it to PostgreSQL, then this spreads it.");
        rc = ctx_fail(&own, RC_CONFLICT, "data", "is_in_files");
    } else {
        rc = db_open(app.config->database_url, &(struct db_options){0}, &d->db);
    }
    if (!rc)
        rc = distribute(d);
    outer->error = own.error;
    db_close(d->db);
    d->c = outer;
    app_ctx_end(&own);
    app_close(&app);
    return rc;
}

int command_distribute(int argc, char **argv)
{
    const char *data = NULL, *shards = NULL, *dry = NULL;
    const struct arg args[] = {{"--data", "DIR", "the installation, which must not be served meanwhile", &data, true},
                               {"--shards", "N", "shards of each group of tables; 64. It is hard to change later", &shards, false},
                               {"--dry-run", NULL, "only say what would lie where", &dry, false},
                               {NULL, NULL, NULL, NULL, false}};
    if (args_parse("distribute", "Lays the tables on PostgreSQL out over the machines of a Citus cluster. Interrupted, it goes on where it was.", NULL, argc, argv, args, NULL, 0) < 0)
        return 2;
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .now_us = clock_now_us()};
    struct distribution d = {.c = &c, .shards = SHARDS_DEFAULT, .dry = dry != NULL};
    struct running r;
    bool running = false;
    enum rc rc = RC_OK;
    if (shards && (!str_i64(str_z(shards), &d.shards) || d.shards < 1 || d.shards > SHARDS_MAX))
        rc = ctx_fail(&c, RC_INVALID, "shards", "out_of_range");
    if (!rc)
        rc = running_find(&c, data, &r, &running);
    if (!rc && running)
        rc = ctx_fail(&c, RC_BUSY, "data", "is_being_served_stop_it_first");
    if (!rc)
        rc = on_stopped(&d, data);
    return rc ? command_failed("distribute", &c, rc) : 0;
}
