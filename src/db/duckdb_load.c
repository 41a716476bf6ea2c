/* Finds and maps libduckdb at the first use: 70 MB that a program which never opens a warehouse does without. */
#include "base/log.h"
#include "db/db.h"
#include "db/duckdb_api.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#ifndef ZHIXIN_LIBDIR
#define ZHIXIN_LIBDIR "/usr/lib/zhixin"
#endif

static struct duckdb_api api;
static bool loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The environment first, then the program's own run path and the system's folders, then the installed folder. */
static void *open_library(void)
{
    const char *asked = getenv("ZHIXIN_DUCKDB");
    if (asked && *asked)
        return dlopen(asked, RTLD_NOW | RTLD_LOCAL);
    void *lib = dlopen("libduckdb.so", RTLD_NOW | RTLD_LOCAL);
    return lib ? lib : dlopen(ZHIXIN_LIBDIR "/libduckdb.so", RTLD_NOW | RTLD_LOCAL);
}

static bool resolve(void *lib, const char *name, void *ret_function)
{
    void *symbol = dlsym(lib, name);
    if (!symbol)
        log_error("duckdb.symbol", LOG_Z("name", name));
    memcpy(ret_function, &symbol, sizeof(symbol)); /* ISO C has no cast from void * to a function */
    return symbol != NULL;
}

static void load(void)
{
    void *lib = open_library();
    if (!lib) {
        log_error("duckdb.load", LOG_Z("why", dlerror()));
        return;
    }
    loaded = true;
#define X(ret, name, args) loaded &= resolve(lib, "duckdb_" #name, &api.name);
    DUCKDB_API(X)
#undef X
    void *mallctl = dlsym(lib, "duckdb_je_mallctl");
    memcpy(&api.mallctl, &mallctl, sizeof(mallctl));
}

const struct duckdb_api *duckdb_load(void)
{
    pthread_once(&once, load);
    return loaded ? &api : NULL;
}

bool db_duckdb_is_there(void)
{
    return duckdb_load() != NULL;
}
