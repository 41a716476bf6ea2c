/* Finds and maps libduckdb at the first use: 70 MB that a program which never opens a warehouse does without. */
#include "base/log.h"
#include "db/db.h"
#include "db/duckdb_api.h"

#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* Code and constants come back from the page cache when they are next needed; what was relocated or written stays. */
static int drop_pages(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size, (void)arg;
    if (!info->dlpi_name || !strstr(info->dlpi_name, "libduckdb"))
        return 0;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t from = (info->dlpi_addr + part->p_vaddr + page - 1) / page * page, to = (info->dlpi_addr + part->p_vaddr + part->p_memsz) / page * page;
        if (part->p_type == PT_LOAD && !(part->p_flags & PF_W) && to > from)
            madvise((void *)from, to - from, MADV_DONTNEED);
    }
    return 1;
}

void duckdb_rest(void)
{
    if (!loaded)
        return;
    if (api.mallctl) {
        api.mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
        api.mallctl("arena.4096.purge", NULL, NULL, NULL, 0); /* 4096: all of them */
    }
    malloc_trim(0);
    dl_iterate_phdr(drop_pages, NULL);
}
