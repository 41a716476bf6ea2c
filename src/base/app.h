/* struct app: the one global of the program: what an installation has open. Only pointers; each layer knows its own. */
#ifndef ZX_BASE_APP_H
#define ZX_BASE_APP_H

#include <stdbool.h>
#include <stdint.h>

struct app {
    const char *data_dir;            /* holds zhixin.db, keys.db, warehouse.duckdb, segments/, audit.log, … */
    const struct config *config;     /* app/config.h */
    struct db_pool *truth;           /* db/pool.h over zhixin.db */
    struct db_pool *keys;            /* over keys.db: wrapped data keys */
    struct db_session *_Atomic session; /* db/session.h; NULL: the truth is ours alone */
    struct vault *vault;
    struct eventlog *eventlog;
    struct warehouse *warehouse;
    struct intake *intake;
    struct http_server *_Atomic http; /* this, demo and jobs are set while other threads run already, hence atomic */
    struct customer_misses *customer_misses; /* searches that found nobody, per person */
    struct customer_feed *customer_feed; /* keeps the vault's index of names up to date */
    struct access *access;           /* keys in memory, login throttle */
    struct demo_home *_Atomic demo;  /* app/demo_home.h; NULL: not the demo retailer (yet) */
    struct job_runner *_Atomic jobs;
    void *impl;                      /* what app/open.c keeps beside */
    int64_t segment_events;          /* as configured; 0: the event log's own */
    bool warehouse_same;             /* the warehouse stands in the truth's PostgreSQL; else in a file of DuckDB's */
    int64_t warehouse_memory_mib; /* what the warehouse may use, 0: the default */
    int64_t warehouse_rest_s;        /* so long unasked and calm, the warehouse is closed; 0: never */
    uint8_t server_key[32];          /* pseudonyms of devices and opaque ids, CSRF, cursors; from keys.db */
};

#endif
