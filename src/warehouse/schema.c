/* The warehouse as a schema of the truth's PostgreSQL, which all servers of that truth share: they ask it, and one of them keeps it
 * (shared.c). Names of schemas can't be bound, so texts with them are made here, of our own names alone. */
#include "base/log.h"
#include "db/pool.h"
#include "warehouse/warehouse_priv.h"

#include <stdio.h>

enum { MEMORY_SHARE = 4, MEMORY_MIB = 192 }; /* a query sorts and hashes in several places at a time */

enum rc schema_connect(struct app *app, bool to_write, struct db **ret)
{
    int64_t kib = (app->warehouse_memory_mib ? app->warehouse_memory_mib : MEMORY_MIB) << 10;
    return db_pool_connect(app->truth, &(struct db_options){.read_only = !to_write, .schema = SCHEMA_SERVED, .cache_kib = kib / MEMORY_SHARE}, ret);
}

static enum rc say(struct db *db, const char *before, const char *schema, const char *after)
{
    char text[200];
    snprintf(text, sizeof(text), "%s %s%s", before, schema, after);
    return db_script(db, text);
}

enum rc schema_is_there(struct db *db, const char *schema, bool *ret_there)
{
    int64_t tables;
    enum rc rc = db_get_i64(db, 0, &tables, "wh_schema_there", DB_TEXT("schema", str_z(schema)));
    if (!rc)
        *ret_there = tables > 0;
    return rc;
}

enum rc schema_steps_are_there(struct db *db, bool *ret_there)
{
    int64_t tables;
    enum rc rc = db_get_i64(db, 0, &tables, "wh_steps_there");
    if (!rc)
        *ret_there = tables > 0;
    return rc;
}

enum rc schema_use(struct db *db, const char *schema)
{
    return say(db, "SET search_path =", schema, "");
}

enum rc schema_drop(struct db *db, const char *schema)
{
    return say(db, "DROP SCHEMA IF EXISTS", schema, " CASCADE");
}

enum rc schema_make(struct db *db, const char *schema)
{
    enum rc rc = say(db, "CREATE SCHEMA IF NOT EXISTS", schema, "");
    return rc ? rc : schema_use(db, schema);
}

/* The planner knows nothing of tables that were just filled; what is read by index alone is so only once it was swept, and what was
 * written several times on the way has holes. Sealed events are neither, and many. */
static enum rc learn(struct db *db)
{
    enum rc rc = db_script(db, "VACUUM (ANALYZE) customer, subject, visitor, sale, sale_line");
    return rc ? rc : db_script(db, "ANALYZE refund, sku, sku_price, style, visit, event_recent, event_sealed");
}

/* Whoever reads the old one goes on; it is removed when they are done. */
enum rc schema_put_in_place(struct db *db)
{
    bool there;
    enum rc rc = schema_use(db, SCHEMA_NEXT);
    if (!rc)
        rc = learn(db);
    if (!rc)
        rc = schema_drop(db, SCHEMA_OLD);
    if (!rc)
        rc = schema_is_there(db, SCHEMA_SERVED, &there);
    if (!rc)
        rc = db_script(db, "BEGIN TRANSACTION");
    if (rc)
        return rc;
    if (there)
        rc = say(db, "ALTER SCHEMA", SCHEMA_SERVED, " RENAME TO " SCHEMA_OLD);
    if (!rc)
        rc = say(db, "ALTER SCHEMA", SCHEMA_NEXT, " RENAME TO " SCHEMA_SERVED);
    rc = rc ? rc : db_script(db, "COMMIT");
    if (rc) {
        enum rc undone = db_script(db, "ROLLBACK");
        (void)undone;
        return rc;
    }
    rc = schema_use(db, SCHEMA_SERVED);
    if (!rc && schema_drop(db, SCHEMA_OLD) != RC_OK)
        log_warn("warehouse.old_schema"); /* somebody reads it for long: the next one that is put in place removes it */
    return rc;
}
