/* Forward-only migrations of the truth, change.seq, and what servers tell each other. */
#include "base/log.h"
#include "db/db_priv.h"
#include "embedded_sql.h"

#include <assert.h>
#include <stdlib.h>

static void add_macro_text(struct buf *out, const struct db_driver *d, const char *text)
{
    const struct {
        struct str macro;
        const char *becomes;
    } macros[] = {{STR("$BIGINT"), d->bigint}, {STR("$BYTES"), d->bytes},         {STR("$TEXT"), d->text},
                  {STR("$STRICT"), d->strict}, {STR("$CLUSTERED"), d->clustered}, {STR("$CHANGE_SEQ"), d->change_seq}, {STR("$PASSING"), d->passing}};
    const size_t count = sizeof(macros) / sizeof(macros[0]);
    for (struct str rest = str_z(text); rest.len;) {
        size_t i = 0;
        while (i < count && !str_starts(rest, macros[i].macro))
            i++;
        if (i < count)
            buf_addz(out, macros[i].becomes);
        else
            buf_add_byte(out, rest.ptr[0]);
        rest = str_sub(rest, i < count ? macros[i].macro.len : 1, rest.len);
    }
}

enum rc db_define(struct db *db, const char *text)
{
    _cleanup_buf_ struct buf script = BUF_INIT(1 << 16);
    add_macro_text(&script, db_driver(db), text);
    buf_add_byte(&script, '\0');
    return db_script(db, script.ptr);
}

struct migration_run {
    const struct db_migration *migration;
    const char *script;
};

static enum rc is_known(struct ctx *c, const struct db_migration *m, int64_t *ret)
{
    return db_get_i64(c->db, 0, ret, "schema_migration_known", DB_I64("number", m->number));
}

static enum rc apply(struct ctx *c, void *arg)
{
    const struct migration_run *run = arg;
    int64_t known;
    enum rc rc = is_known(c, run->migration, &known); /* by another server, a moment ago? */
    if (rc || known)
        return rc;
    rc = db_script(c->db, run->script);
    if (rc)
        return rc;
    return db_run(c->db, "schema_migration_insert", DB_I64("number", run->migration->number), DB_I64("at_us", clock_now_us()));
}

static enum rc apply_missing(struct ctx *c, const struct db_driver *driver, const struct db_migration *m)
{
    int64_t known;
    enum rc rc = is_known(c, m, &known);
    if (rc || known)
        return rc;
    _cleanup_buf_ struct buf script = BUF_INIT(1 << 20);
    add_macro_text(&script, driver, m->text);
    buf_add_byte(&script, '\0');
    struct migration_run run = {m, script.ptr};
    rc = db_tx(c, apply, &run);
    if (rc)
        log_error("db.migrate", LOG_I("number", m->number));
    return rc;
}

/* The tables that stand before all numbered migrations. */
static enum rc lay_ground(struct ctx *c, void *arg)
{
    (void)arg;
    const struct db_driver *driver = db_driver(c->db);
    _cleanup_buf_ struct buf script = BUF_INIT(1 << 16);
    if (driver->before_all)
        buf_addz(&script, driver->before_all);
    add_macro_text(&script, driver, db_migrations[0].text);
    if (driver->after_all)
        buf_addz(&script, driver->after_all);
    buf_add_byte(&script, '\0');
    return db_script(c->db, script.ptr);
}

enum rc db_migrate(struct db *db, const struct db_migration *migrations, size_t count)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .db = db};
    int64_t applied;
    db_register_sql(db_sql, SIZE_MAX);
    enum rc rc = db_tx(&c, lay_ground, NULL);
    for (size_t i = 0; !rc && i < count; i++)
        rc = apply_missing(&c, db_driver(db), &migrations[i]);
    if (rc)
        return rc;
    rc = db_get_i64(db, 0, &applied, "schema_migration_count");
    if (!rc && applied > (int64_t)count)
        rc = RC_CONFLICT; /* a newer program has been here */
    return rc;
}

enum rc change_add(struct ctx *c, enum change_kind kind, int64_t ref_id, int64_t customer_id, int64_t count)
{
    assert(db_in_tx(c->db));
    return db_run_later(c->db, "change_insert", DB_I64("kind", kind), DB_I64("ref_id", ref_id), DB_I64("customer_id", customer_id), DB_I64("count", count),
                        DB_I64("at_us", c->now_us));
}

enum rc change_read(struct ctx *c, int64_t after, size_t limit, struct change **ret, size_t *ret_count)
{
    struct change *list = arena_new_array(c->arena, struct change, limit);
    size_t count = 0;
    struct db_rows *q = db_query(c->db, "change_after", DB_I64("after", after), DB_I64("limit", limit));
    while (count < limit && db_next(q))
        list[count++] =
            (struct change){db_i64(q, "seq"), (enum change_kind)db_i64(q, "kind"), db_i64(q, "ref_id"), db_i64(q, "customer_id"), db_i64(q, "count"), db_i64(q, "at_us")};
    enum rc rc = db_end(q);
    if (rc)
        return rc;
    *ret = list;
    *ret_count = count;
    return RC_OK;
}

enum rc change_last(struct ctx *c, int64_t *ret_seq)
{
    return db_get_i64(c->db, 0, ret_seq, "change_last");
}

enum rc change_waits_since(struct ctx *c, int64_t after, int64_t *ret_at_us)
{
    return db_get_i64(c->db, 0, ret_at_us, "change_waits_since", DB_I64("after", after));
}

enum rc db_tell(struct db *db, const char *word)
{
    assert(db_in_tx(db));
    return db_engine(db) == DB_POSTGRES ? db_run(db, "tell", DB_TEXT("word", str_z(word))) : RC_OK;
}

enum rc db_lock_try(struct db *db, int64_t lock, bool *ret_mine)
{
    int64_t mine = 1;
    enum rc rc = db_engine(db) == DB_POSTGRES ? db_get_i64(db, 0, &mine, "lock_try", DB_I64("lock", lock)) : RC_OK;
    *ret_mine = !rc && mine;
    return rc;
}

enum rc db_lock_end(struct db *db, int64_t lock)
{
    return db_engine(db) == DB_POSTGRES ? db_run(db, "lock_end", DB_I64("lock", lock)) : RC_OK;
}
