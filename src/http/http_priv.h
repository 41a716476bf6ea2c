/* What the files of src/http share. A connection is one struct conn for its whole life; a request on it is either a
 * call (a route, run by a worker), a collect (the fast path, on the loop thread), or answered at once. */
#ifndef ZX_HTTP_HTTP_PRIV_H
#define ZX_HTTP_HTTP_PRIV_H

#include "base/limits.h"
#include "http/http.h"
#include "http/router.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- bodies (body.c) ---- */

/* A request body as it arrives: in memory; where it may pass LIMIT_BODY_BYTES in a memory file that is mapped at the end. */
struct body {
    struct buf mem;
    struct buf inflated;
    size_t max, len;
    int fd; /* -1: in mem */
    void *map;
};
void body_begin(struct body *b, size_t max);
enum rc body_add(struct body *b, const char *data, size_t len) ZX_MUST_CHECK;
/* The whole body; `encoding` is the Content-Encoding. RC_BAD_REQUEST, RC_TOO_LARGE, RC_MEDIA_TYPE. */
enum rc body_view(struct body *b, struct str encoding, struct str *ret) ZX_MUST_CHECK;
void body_free(struct body *b);
/* Inflates gzip or zlib data of at most `max` bytes and LIMIT_INFLATE_RATIO times its size. */
enum rc body_inflate(struct str packed, size_t max, struct buf *out) ZX_MUST_CHECK;

/* ---- proxies (proxy.c) ---- */

enum { PROXIES_MAX = 32 };
struct proxies {
    struct proxy_range {
        uint8_t address[16];   /* IPv4 as mapped IPv6 */
        unsigned bits;
    } ranges[PROXIES_MAX];
    size_t count;
};
/* "10.0.0.1, 192.168.0.0/16, 2001:db8::/32"; empty is none. */
bool proxies_parse(struct str text, struct proxies *ret);
bool proxies_trust(const struct proxies *p, struct str peer);
/* The client of a request that came from `peer` with this X-Forwarded-For: the peer itself when it is no proxy of ours, or where
 * the list ends in nonsense the last proxy that was named. */
struct str proxies_client(const struct proxies *p, struct arena *a, struct str peer, struct str forwarded);
struct conn;
/* Puts client and scheme right in a request that came through a proxy of ours; leaves others alone. */
void proxies_apply(struct conn *n, struct request *r);

/* ---- connections (conn.c) ---- */

enum phase {
    PHASE_IDLE,    /* between requests */
    PHASE_HEADERS, /* the request line is in */
    PHASE_BODY,    /* reading the body */
    PHASE_PARKED,  /* suspended until somebody answers */
    PHASE_REPLY,   /* queued; the library writes */
};

/* What becomes of a request, known when its headers are in. */
enum kind { KIND_ERROR, KIND_CALL, KIND_COLLECT, KIND_PREFLIGHT, KIND_ASSET };

struct http_collect {
    _Atomic int state; /* enum collect_state */
    int status;
    const char *body;
    int retry_after_s;
};

struct call;

struct conn {
    struct http_server *server;
    struct MHD_Connection *mhd;
    struct conn *prev, *next; /* of all connections, under server->conns_lock */
    int fd;
    char address[64];
    _Atomic int64_t deadline_us; /* the tender cuts the connection after this; INT64_MAX: none */
    enum phase phase;
    /* the request under way */
    enum kind kind;
    struct str path, query; /* raw; the path undecoded */
    enum http_method method;
    bool collect_path;   /* its replies carry CORS headers */
    struct arena *arena; /* made on first use, see conn_arena() */
    struct body body;
    int64_t length;   /* Content-Length, -1 chunked */
    enum rc error;    /* of KIND_ERROR; the body is swallowed, then this is answered */
    unsigned allowed; /* methods, with RC_METHOD */
    size_t swallowed;
    struct http_collect collect;
    struct call *call;
};

struct arena *conn_arena(struct conn *n);
struct str conn_header(const struct conn *n, const char *name);
/* Parks the connection until it is resumed. Loop thread only. */
void conn_park(struct conn *n);
/* Queues a reply and gives the reference away. Loop thread only. */
enum MHD_Result conn_reply(struct conn *n, unsigned status, struct MHD_Response *response);
/* A response of the server's own that is kept for reuse: as conn_reply(), but the reference stays. */
enum MHD_Result conn_reply_kept(struct conn *n, unsigned status, struct MHD_Response *response);
enum MHD_Result conn_fail(struct conn *n, enum rc rc);

/* The library's callbacks. */
void *conn_on_uri(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result conn_on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method, const char *version, const char *data, size_t *len,
                                void **slot);
void conn_on_completed(void *cls, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode why);
void conn_on_connection(void *cls, struct MHD_Connection *mhd, void **slot, enum MHD_ConnectionNotificationCode what);
/* Cuts every connection that is past its deadline. */
void conn_sweep(struct http_server *s, int64_t now_us);

/* ---- the fast path (collect.c) ---- */

enum collect_state { COLLECT_NEW, COLLECT_TAKEN, COLLECT_PARKED, COLLECT_ANSWERED };

/* Hands the body, which is valid only during the call, to the collector. */
void collect_take(struct conn *n, struct str body);
/* Answers, or parks until http_collect_reply(). */
enum MHD_Result collect_end(struct conn *n);
enum MHD_Result collect_preflight(struct conn *n);
/* Adds the CORS headers of collection paths. */
void collect_cors(struct MHD_Response *response, const struct conn *n);
struct collect_cache *collect_cache_new(void);
void collect_cache_free(struct collect_cache *cache);

/* ---- calls (call.c, worker.c) ---- */

struct call {
    struct conn *conn;
    struct call *next; /* in the workers' queue */
    struct route_match match;
    struct request request;
    struct reply reply;
    struct ctx ctx;
    struct json_parser *json; /* the worker's */
    const struct actor *actor;
    struct stream *stream; /* set by the stream route */
    unsigned status;
    struct MHD_Response *ready;
    int64_t started_us;
};
/* Runs a request from identification to the finished response. Worker thread. */
void call_run(struct call *k);
/* The call of a request that a handler holds. */
struct call *call_of(const struct request *r);

struct workers;
struct workers *workers_start(struct http_server *s, unsigned count);
bool workers_push(struct workers *w, struct call *k); /* false: the queue is full */
void workers_stop(struct workers *w);

/* ---- replies (reply.c) ---- */

/* The response of a call: its JSON, bytes, file or stream, or the error of its context. */
void reply_build(struct call *k, enum rc rc);
struct MHD_Response *reply_error(struct http_server *s, struct str language, int64_t request_id, const struct ctx_error *e);
/* Headers that go with everything under /api and the collector. */
void reply_api_headers(struct MHD_Response *response);
/* Adds a header whose value is no NUL-terminated text. */
void reply_add(struct MHD_Response *response, struct arena *a, const char *name, struct str value);

/* ---- texts (texts.c) ---- */

struct texts;
struct texts *texts_load(const struct http_asset *assets);
void texts_free(struct texts *t);
/* Best language of an Accept-Language header that we have: an index for texts_get(). */
size_t texts_choose(const struct texts *t, struct str accept);
/* Falls back to English, then to the key itself. */
const char *texts_get(const struct texts *t, size_t language, const char *key);

/* ---- files of the console (assets.c) ---- */

struct assets;
struct assets *assets_new(const struct http_asset *list);
void assets_free(struct assets *a);
enum MHD_Result assets_reply(struct conn *n);

/* ---- server-sent events (stream.c) ---- */

struct hub;
struct hub *hub_new(struct http_server *s);
/* Ends every stream. */
void hub_close(struct hub *h);
void hub_free(struct hub *h);
/* Sends what was published and heartbeats; called by the tender. */
void hub_tend(struct hub *h, int64_t now_us);
size_t hub_streams(struct hub *h);
struct stream;
struct MHD_Response *stream_response(struct stream *s); /* owns the stream */
void stream_leave(struct stream *s);                    /* its actor is about to go */
route_fn stream_open;

/* ---- idempotency (idempotency.c) ---- */

/* Inside the transaction: has this actor sent this key before? Then the reply is filled and *ret_replayed set. */
enum rc idempotency_find(struct call *k, bool *ret_replayed) ZX_MUST_CHECK;
enum rc idempotency_keep(struct call *k) ZX_MUST_CHECK;
bool idempotency_applies(const struct call *k);

/* ---- figures (metrics.c) ---- */

enum { METRICS_BUCKETS = 12 };
struct metrics {
    _Atomic uint64_t by_class[6]; /* [2]: 2xx … */
    _Atomic uint64_t collected, cut, refused_busy;
    _Atomic uint64_t duration_buckets[METRICS_BUCKETS + 1], duration_us;
    _Atomic int64_t connections, calls, streams;
};
void metrics_duration(struct metrics *m, int64_t us);
route_fn metrics_show;

void openapi_write(const struct module *const *list, struct buf *out); /* openapi.c */

/* ---- the server (server.c) ---- */

enum body_kind { BODY_OF_CALL, BODY_OF_COLLECT, BODY_LARGE, BODY_KINDS };

struct http_server {
    struct app *app;
    struct http_options options;
    struct router *router;
    struct texts *texts;
    struct assets *assets;
    struct hub *hub;
    struct workers *workers;
    struct collect_cache *collect_cache;
    struct metrics metrics;
    struct proxies proxies;
    struct MHD_Daemon *mhd;
    pthread_mutex_t conns_lock;
    struct conn *conns;
    _Atomic int64_t tick_us;   /* clock_mono_us(), a quarter of a second coarse */
    _Atomic int64_t parked;    /* suspended requests, streams not counted */
    _Atomic size_t body_bytes[BODY_KINDS]; /* held by bodies; a flood of one kind leaves the others room */
    _Atomic bool stopping;
    pthread_t tender;
    pthread_mutex_t tender_lock;
    pthread_cond_t tender_wake;
    bool tender_called, tender_stop;
    char address[96];
};
/* Wakes the tender, which then tends the hub. Never blocks for long. */
void server_call_tender(struct http_server *s);

#endif
