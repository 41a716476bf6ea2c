/* Shared by the DuckDB driver and its bulk ways in. */
#ifndef ZX_DB_DUCKDB_PRIV_H
#define ZX_DB_DUCKDB_PRIV_H

#include "db/db_priv.h"
#include "db/duckdb_api.h"

enum { DUCKDB_ERROR_CHARS = 512 };

/* One open file; connections of the same process share it. */
struct duckdb_instance {
    char *path;
    duckdb_database database;
    unsigned users;
    bool broken;                 /* damaged, or DuckDB declared it invalid: it must be closed and made again */
    bool starved;                /* it found no room on the disk */
    struct duckdb_instance *next;
};

struct duckdb_conn {
    const struct duckdb_api *api;
    struct duckdb_instance *instance;
    duckdb_connection connection;
    bool streaming;
    int64_t changes;
    enum rc last_rc;
    char error[DUCKDB_ERROR_CHARS];
};

/* Keeps the engine's complaint and what it means for the caller; returns the latter. */
enum rc duckdb_failed(struct duckdb_conn *conn, const char *why, int error_type);

#endif
