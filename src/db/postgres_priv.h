/* Between the PostgreSQL driver and the server's session. */
#ifndef ZX_DB_POSTGRES_PRIV_H
#define ZX_DB_POSTGRES_PRIV_H

#include <libpq-fe.h>

/* A connection to the database of a URL, with limits on silence and, to another machine, TLS with the server's name proven.
 * NULL: no such URL. The caller asks PQstatus() and ends it by PQfinish(). */
PGconn *postgres_connect(const char *url);

#endif
