/* An event log of its own over an empty truth, for tests of it and of its segments. */
#ifndef ZX_TESTS_UNIT_EVENTLOG_FIXTURE_H
#define ZX_TESTS_UNIT_EVENTLOG_FIXTURE_H

#include "engine.h"

#include "base/app.h"
#include "base/id.h"
#include "db/pool.h"
#include "embedded_sql.h"
#include "eventlog/block.h"
#include "eventlog/eventlog_priv.h"

#include <ftw.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

struct fixture {
    char dir[64], where[200]; /* of the truth */
    struct app app;
    struct ctx c;
};

static inline void open_log(struct fixture *f)
{
    size_t migrations = 0;
    while (eventlog_migrations[migrations].text)
        migrations++;
    assert_int_equal(db_pool_open(f->where, &f->app.truth), RC_OK);
    struct db *writer = db_pool_lock_writer(f->app.truth);
    assert_int_equal(db_migrate(writer, eventlog_migrations, migrations), RC_OK);
    db_pool_unlock_writer(f->app.truth);
    assert_int_equal(db_pool_reader(f->app.truth, &f->c.db), RC_OK);
    assert_int_equal(eventlog_open(&f->c, f->dir, &f->app.eventlog), RC_OK);
}

static inline void close_log(struct fixture *f)
{
    eventlog_close(f->app.eventlog);
    db_pool_give(f->app.truth, f->c.db);
    db_pool_close(f->app.truth);
}

static inline int set_up(void **state)
{
    struct fixture *f = mem_zalloc(1, sizeof(*f));
    assert_true(sodium_init() >= 0);
    snprintf(f->dir, sizeof(f->dir), "/tmp/zhixin-eventlog-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    engine_make(f->dir, "zhixin.db", f->where, sizeof(f->where));
    db_register_sql(eventlog_sql, 99);
    f->app.data_dir = f->dir;
    f->c = (struct ctx){.arena = arena_new(), .app = &f->app, .now_us = clock_now_us()};
    open_log(f);
    *state = f;
    return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    close_log(f);
    engine_remove(f->where);
    nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(f->c.arena);
    free(f);
    return 0;
}

struct append {
    struct event *events;
    size_t count;
    bool fail;
};

static inline enum rc append(struct ctx *c, void *arg)
{
    struct append *a = arg;
    enum rc rc = eventlog_append(c, c->app->eventlog, a->events, a->count);
    return rc ? rc : a->fail ? RC_INVALID : RC_OK;
}

static inline void assert_same(const struct event *a, const struct event *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->source_id, b->source_id);
    assert_int_equal(a->subject, b->subject);
    assert_int_equal(a->at_us, b->at_us);
    assert_int_equal(a->received_us / 1000, b->received_us / 1000);
    assert_int_equal(a->value_minor, b->value_minor);
    assert_int_equal(a->quantity, b->quantity);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->flags, b->flags);
    assert_true(str_eq(a->message_id, b->message_id));
    for (size_t s = 0; s < EVENT_STRINGS; s++)
        assert_true(str_eq(event_string_of(a, s), event_string_of(b, s)));
}

#endif
