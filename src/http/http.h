/* The HTTP server over libmicrohttpd: an epoll loop thread that parses, a pool of workers that run handlers,
 * collection handled on the loop thread itself, server-sent events, static files of the binary. */
#ifndef ZX_HTTP_HTTP_H
#define ZX_HTTP_HTTP_H

#include "base/app.h"
#include "http/route.h"

struct http_server;

/* How a request becomes an actor; given by the access module, so that http knows no staff. NULL actor and RC_OK: anonymous.
 * Also checks CSRF for cookie sessions on methods that write. */
struct http_auth {
    enum rc (*identify)(struct ctx *c, const struct request *r, const struct actor **ret);
    bool (*may)(const struct actor *a, const char *permission);
    struct str (*identity)(struct arena *a, const struct actor *who);                          /* "staff:1", "key:7": whose Idempotency-Key it is */
    bool (*is_key)(const struct actor *a);                                                     /* an API key: only routes with .api_key */
    enum rc (*audit_write)(struct ctx *c, const struct request *r, const struct route *route); /* inside the transaction */
};

/* The fast path: called on the loop thread with the whole body. Returns true when it took the request: it then calls
 * http_collect_reply() exactly once, from any thread; or answers at once by filling *p. */
struct http_collect;
struct http_collector {
    bool (*match)(struct str path);
    void (*take)(struct app *app, struct http_collect *q, const struct request *r);
};
/* Answers a suspended collection request and resumes its connection. `body` is a constant JSON text. */
void http_collect_reply(struct http_collect *q, int status, const char *body, int retry_after_s);
/* Extra CORS headers and OPTIONS are answered by the server for paths that the collector matches. */

struct http_options {
    const char *listen; /* "127.0.0.1:8080"; port 0 picks one */
    unsigned workers;
    const char *trusted_proxies; /* "10.0.0.1, 192.168.0.0/16": whose X-Forwarded-For and -Proto are believed; NULL or empty: nobody's */
    struct http_auth auth;
    struct http_collector collector;
};
/* RC_BUSY: can't listen there; RC_INVALID: the proxies are not understood. */
enum rc http_start(struct app *app, const struct http_options *o, struct http_server **ret) ZX_MUST_CHECK;
/* The address it listens on, "http://127.0.0.1:43121". */
const char *http_address(const struct http_server *s);
/* Stops accepting and lets running requests end; says so in the log when that takes longer than `grace_ms`. Publishing to a
 * stopped server does nothing, so that threads that end later need not know. */
void http_stop(struct http_server *s, int grace_ms);
/* When the last publisher has ended. */
void http_free(struct http_server *s);

/* Server-sent events: topics are constants ("live", "change", "job"); `id` is change.seq, resumed by Last-Event-ID from a ring
 * of the last 4,096. A subscriber sees a message only if `need` (a permission) is hers. Never blocks. */
void http_publish(struct http_server *s, const char *topic, const char *need, int64_t id, struct str json);
/* The stream itself: GET /api/v1/stream?topics=live,change,job */

extern const struct module http_module;

/* Writes the OpenAPI 3.1 document of all modules' routes. */
void http_openapi(struct buf *out);

/* Files of the console, embedded at build: path → bytes and type. Served with CSP, ETag, brotli/gzip variants where built. */
struct http_asset {
    const char *path, *type;
    const unsigned char *data;
    size_t len;
    bool gzip; /* data is gzip-compressed */
};
extern const struct http_asset http_assets[]; /* ends with .path == NULL; generated */

#endif
