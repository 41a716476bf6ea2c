/* Where a test's truth lives: an SQLite file in the test's folder, or, when ZHIXIN_TEST_DATABASE names a PostgreSQL server
 * (postgres://…/postgres?…), a database of its own there. So each test of the truth runs on both. */
#ifndef ZX_TESTS_UNIT_ENGINE_H
#define ZX_TESTS_UNIT_ENGINE_H

#include "test.h"

#include "db/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline const char *engine_server(void)
{
    const char *server = getenv("ZHIXIN_TEST_DATABASE");
    return server && server[0] ? server : NULL;
}

static inline void engine_command(const char *verb, const char *name, const char *options)
{
    char text[128];
    struct db *db;
    snprintf(text, sizeof(text), "%s DATABASE %s %s", verb, name, options);
    assert_int_equal(db_open_postgres(engine_server(), &(struct db_options){0}, &db), RC_OK);
    assert_int_equal(db_script(db, text), RC_OK);
    db_close(db);
}

/* The name of a database in a URL of this server. */
static inline void engine_name(const char *where, char ret[static 32])
{
    const char *end = strchr(where, '?');
    const char *start = end;
    while (start[-1] != '/')
        start--;
    snprintf(ret, 32, "%.*s", (int)(end - start), start);
}

/* Makes room for `file` ("t.db"); `ret` is what db_open() takes. */
static inline void engine_make(const char *dir, const char *file, char *ret, size_t size)
{
    static int made;
    char name[32];
    if (!engine_server()) {
        snprintf(ret, size, "%s/%s", dir, file);
        return;
    }
    snprintf(name, sizeof(name), "unit_%d_%d", (int)getpid(), made++);
    engine_command("CREATE", name, "TEMPLATE template0");
    const char *tail = strchr(engine_server(), '?');
    int head = (int)(tail - engine_server() - (ptrdiff_t)strlen("postgres"));
    assert_true(snprintf(ret, size, "%.*s%s%s", head, engine_server(), name, tail) < (int)size);
}

/* Removes it, after all its connections were closed. */
static inline void engine_remove(const char *where)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[32], path[300];
    if (db_is_postgres_url(where)) {
        engine_name(where, name);
        engine_command("DROP", name, "WITH (FORCE)");
    }
    for (size_t i = 0; i < COUNT(ends) && !db_is_postgres_url(where); i++) {
        snprintf(path, sizeof(path), "%s%s", where, ends[i]);
        unlink(path);
    }
}

#endif
