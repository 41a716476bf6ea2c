/* The fast path of event collection: taken on the loop thread, suspended once, resumed by the thread that committed.
 * Constant answers are responses that are made once and queued many times. */
#include "http/http_priv.h"

#include <stdio.h>
#include <stdlib.h>

enum { CACHED_ANSWERS = 16 };

struct answer {
    int status, retry_after_s;
    const char *body;
    struct MHD_Response *response;
};
struct collect_cache {
    pthread_mutex_t lock;
    struct answer items[CACHED_ANSWERS];
    size_t count;
};

static struct conn *conn_of(struct http_collect *q)
{
    return (struct conn *)(void *)((char *)q - offsetof(struct conn, collect));
}

/* The request on the fast path: strings point into the library's buffers and last as long as the call to take(). */
void collect_take(struct conn *n, struct str body)
{
    struct request r = {.method = n->method, .path = n->path, .body = body, .address = str_z(n->address), .impl = n};
    atomic_store(&n->collect.state, COLLECT_TAKEN);
    n->server->options.collector.take(n->server->app, &n->collect, &r);
}

void http_collect_reply(struct http_collect *q, int status, const char *body, int retry_after_s)
{
    struct MHD_Connection *mhd = conn_of(q)->mhd;
    q->status = status;
    q->body = body;
    q->retry_after_s = retry_after_s;
    if (atomic_exchange(&q->state, COLLECT_ANSWERED) == COLLECT_PARKED)
        MHD_resume_connection(mhd); /* from here on q may be gone */
}

void collect_cors(struct MHD_Response *response, const struct conn *n)
{
    const char *origin = MHD_lookup_connection_value(n->mhd, MHD_HEADER_KIND, "Origin");
    MHD_add_response_header(response, "Access-Control-Allow-Origin", origin && *origin ? origin : "*");
    MHD_add_response_header(response, "Vary", "Origin");
    if (origin && *origin)
        MHD_add_response_header(response, "Access-Control-Allow-Credentials", "true");
    MHD_del_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "cross-origin");
}

static struct MHD_Response *answer_make(const struct http_collect *q)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(q->body), (void *)(uintptr_t)q->body, MHD_RESPMEM_PERSISTENT);
    if (!response)
        abort();
    MHD_add_response_header(response, "Content-Type", "application/json");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    if (q->retry_after_s > 0) {
        char seconds[16];
        snprintf(seconds, sizeof(seconds), "%d", q->retry_after_s);
        MHD_add_response_header(response, "Retry-After", seconds);
    }
    return response;
}

/* The kept response for an answer, or NULL when there are too many different ones. */
static struct MHD_Response *answer_cached(struct collect_cache *cache, const struct http_collect *q)
{
    struct MHD_Response *found = NULL;
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < cache->count && !found; i++) {
        const struct answer *a = &cache->items[i];
        if (a->body == q->body && a->status == q->status && a->retry_after_s == q->retry_after_s)
            found = a->response;
    }
    if (!found && cache->count < CACHED_ANSWERS) {
        found = answer_make(q);
        cache->items[cache->count++] = (struct answer){q->status, q->retry_after_s, q->body, found};
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

static enum MHD_Result answer(struct conn *n)
{
    const struct http_collect *q = &n->collect;
    atomic_fetch_add_explicit(&n->server->metrics.collected, 1, memory_order_relaxed);
    bool browser = conn_header(n, "Origin").len > 0;
    struct MHD_Response *kept = browser ? NULL : answer_cached(n->server->collect_cache, q);
    if (kept)
        return conn_reply_kept(n, (unsigned)q->status, kept);
    struct MHD_Response *response = answer_make(q);
    collect_cors(response, n);
    return conn_reply(n, (unsigned)q->status, response);
}

enum MHD_Result collect_end(struct conn *n)
{
    if (atomic_load(&n->collect.state) == COLLECT_ANSWERED || n->collect.state == COLLECT_PARKED)
        return answer(n);
    conn_park(n);
    if (atomic_exchange(&n->collect.state, COLLECT_PARKED) == COLLECT_ANSWERED)
        MHD_resume_connection(n->mhd); /* the answer came while we parked */
    return MHD_YES;
}

enum MHD_Result collect_preflight(struct conn *n)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    if (!response)
        abort();
    collect_cors(response, n);
    MHD_add_response_header(response, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    MHD_add_response_header(response, "Access-Control-Allow-Headers", "Authorization, Content-Type, Content-Encoding, AnonymousId, X-Retry-Count");
    MHD_add_response_header(response, "Access-Control-Max-Age", "86400");
    return conn_reply(n, MHD_HTTP_NO_CONTENT, response);
}

struct collect_cache *collect_cache_new(void)
{
    struct collect_cache *cache = mem_zalloc(1, sizeof(*cache));
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void collect_cache_free(struct collect_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->count; i++)
        MHD_destroy_response(cache->items[i].response);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}
