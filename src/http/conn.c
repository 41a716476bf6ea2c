/* One connection from accept to close: what the library calls back, the phases of a request, and absolute deadlines
 * (the library's own time-out counts inactivity only, and never cuts who drips a byte a second). */
#include "http/http_priv.h"

#include "base/id.h"

#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>

struct arena *conn_arena(struct conn *n)
{
    if (!n->arena)
        n->arena = arena_new();
    return n->arena;
}

struct str conn_header(const struct conn *n, const char *name)
{
    const char *value = NULL;
    size_t len = 0;
    MHD_lookup_connection_value_n(n->mhd, MHD_HEADER_KIND, name, strlen(name), &value, &len);
    return str_n(value, value ? len : 0);
}

static void deadline_in(struct conn *n, int64_t ms)
{
    int64_t tick = atomic_load_explicit(&n->server->tick_us, memory_order_relaxed);
    atomic_store_explicit(&n->deadline_us, tick + ms * US_PER_MS, memory_order_relaxed);
}

static void deadline_none(struct conn *n)
{
    atomic_store_explicit(&n->deadline_us, INT64_MAX, memory_order_relaxed);
}

/* ---- replies ---- */

enum MHD_Result conn_reply_kept(struct conn *n, unsigned status, struct MHD_Response *response)
{
    n->phase = PHASE_REPLY;
    if (n->call && n->call->stream)
        deadline_none(n);
    else
        deadline_in(n, LIMIT_REPLY_MS);
    atomic_fetch_add_explicit(&n->server->metrics.by_class[status / 100], 1, memory_order_relaxed);
    return MHD_queue_response(n->mhd, status, response);
}

enum MHD_Result conn_reply(struct conn *n, unsigned status, struct MHD_Response *response)
{
    enum MHD_Result result = conn_reply_kept(n, status, response);
    MHD_destroy_response(response);
    return result;
}

static void add_allow(struct MHD_Response *response, unsigned allowed)
{
    struct buf value = BUF_INIT(128);
    for (int m = 0; m < HTTP_METHOD_COUNT; m++)
        if (allowed & 1u << m)
            buf_addf(&value, "%s%s", value.len ? ", " : "", http_method_name((enum http_method)m));
    buf_add_byte(&value, '\0');
    MHD_add_response_header(response, "Allow", value.ptr);
    buf_free(&value);
}

enum MHD_Result conn_fail(struct conn *n, enum rc rc)
{
    struct ctx_error e = {.rc = rc};
    struct MHD_Response *response = reply_error(n->server, conn_header(n, "Accept-Language"), id_next(), &e);
    if (rc == RC_METHOD && n->allowed)
        add_allow(response, n->allowed);
    if (n->collect_path)
        collect_cors(response, n);
    return conn_reply(n, (unsigned)rc_http(rc), response);
}

void conn_park(struct conn *n)
{
    n->phase = PHASE_PARKED;
    deadline_none(n);
    atomic_fetch_add(&n->server->parked, 1);
    MHD_suspend_connection(n->mhd);
}

/* ---- the headers are in ---- */

static int64_t body_length(const struct conn *n)
{
    int64_t length = 0;
    if (conn_header(n, "Transfer-Encoding").len)
        return -1;
    return str_i64(conn_header(n, "Content-Length"), &length) ? length : 0;
}

static bool headers_fit(const struct conn *n)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(n->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return (!info || info->header_size <= LIMIT_HEADER_BYTES) && MHD_get_connection_values(n->mhd, MHD_HEADER_KIND, NULL, NULL) <= LIMIT_HEADER_FIELDS;
}

static void refuse(struct conn *n, enum rc rc)
{
    n->kind = KIND_ERROR;
    n->error = rc;
}

/* A route, or a file of the console; everything below /api is JSON, also what is missing there. */
static void begin_call(struct conn *n)
{
    struct route_match match;
    router_find(n->server->router, n->method, n->path, &match);
    if (!match.route) {
        n->allowed = match.allowed;
        bool page = !match.allowed && n->method == HTTP_GET && !str_starts(n->path, STR("/api/"));
        if (page)
            n->kind = KIND_ASSET;
        else
            refuse(n, match.allowed ? RC_METHOD : RC_NOT_FOUND);
        return;
    }
    n->kind = KIND_CALL;
    n->call = arena_new_one(conn_arena(n), struct call);
    n->call->conn = n;
    n->call->match = match;
    n->call->started_us = clock_mono_us();
    size_t max = match.route->body_max ? match.route->body_max : LIMIT_BODY_BYTES;
    body_begin(&n->body, max);
    if (n->length > (int64_t)max)
        refuse(n, RC_TOO_LARGE);
}

static void begin_collect(struct conn *n)
{
    n->kind = KIND_COLLECT;
    n->collect = (struct http_collect){.state = COLLECT_NEW};
    body_begin(&n->body, LIMIT_BATCH_BYTES);
    if (n->length > LIMIT_BATCH_BYTES)
        refuse(n, RC_TOO_LARGE);
}

static void begin(struct conn *n, const char *method)
{
    const struct http_collector *collector = &n->server->options.collector;
    n->collect_path = collector->match && collector->match(n->path);
    if (atomic_load_explicit(&n->server->stopping, memory_order_relaxed))
        refuse(n, RC_BUSY);
    else if (!headers_fit(n))
        refuse(n, RC_TOO_LARGE);
    else if (!http_method_of(str_z(method), &n->method))
        refuse(n, RC_METHOD);
    else if (n->collect_path && n->method == HTTP_POST)
        begin_collect(n);
    else if (n->collect_path && n->method == HTTP_OPTIONS)
        n->kind = KIND_PREFLIGHT;
    else
        begin_call(n);
}

static enum MHD_Result on_headers(struct conn *n, const char *method)
{
    n->phase = PHASE_BODY;
    n->length = body_length(n);
    begin(n, method);
    deadline_in(n, LIMIT_REQUEST_BODY_MS);
    /* A body too large to swallow: answer now, which closes the connection. */
    if (n->kind == KIND_ERROR && n->length > LIMIT_SWALLOW_BYTES)
        return conn_fail(n, n->error);
    return MHD_YES;
}

/* ---- the body ---- */

/* Of this request's body; by its path, for a refused one is a KIND_ERROR. */
static enum body_kind body_kind(const struct conn *n)
{
    return n->body.fd >= 0 ? BODY_LARGE : n->collect_path ? BODY_OF_COLLECT : BODY_OF_CALL;
}

static _Atomic size_t *bodies_held(const struct conn *n)
{
    return &n->server->body_bytes[body_kind(n)];
}

static enum MHD_Result on_data(struct conn *n, const char *data, size_t *len)
{
    size_t given = *len;
    *len = 0;
    if (n->kind == KIND_COLLECT && n->length == (int64_t)given && conn_header(n, "Content-Encoding").len == 0) {
        collect_take(n, str_n(data, given));
        return MHD_YES;
    }
    if (n->kind == KIND_CALL || n->kind == KIND_COLLECT) {
        _Atomic size_t *bytes = bodies_held(n);
        size_t held = atomic_fetch_add(bytes, given) + given, most = body_kind(n) == BODY_LARGE ? LIMIT_LARGE_BODIES_BYTES : LIMIT_BODIES_BYTES;
        size_t before = n->body.len;
        enum rc rc = body_add(&n->body, data, given);
        if (n->body.len == before)
            atomic_fetch_sub(bytes, given);
        if (rc || held > most)
            refuse(n, rc ? rc : RC_BUSY);
        return MHD_YES;
    }
    n->swallowed += given;
    return n->swallowed > LIMIT_SWALLOW_BYTES ? MHD_NO : MHD_YES;
}

static enum MHD_Result end_collect(struct conn *n)
{
    if (atomic_load(&n->collect.state) == COLLECT_NEW) { /* it came in pieces, packed, or empty */
        struct str body;
        enum rc rc = body_view(&n->body, conn_header(n, "Content-Encoding"), &body);
        if (rc)
            return conn_fail(n, rc);
        collect_take(n, body);
    }
    return collect_end(n);
}

static enum MHD_Result end_call(struct conn *n)
{
    struct call *k = n->call;
    if (!k->ready) {
        conn_park(n);
        if (!workers_push(n->server->workers, k)) {
            atomic_fetch_add(&n->server->metrics.refused_busy, 1);
            refuse(n, RC_BUSY);
            MHD_resume_connection(n->mhd);
        }
        return MHD_YES;
    }
    struct MHD_Response *response = k->ready;
    k->ready = NULL;
    return conn_reply(n, k->status, response);
}

static enum MHD_Result on_end(struct conn *n)
{
    switch (n->kind) {
    case KIND_CALL: return end_call(n);
    case KIND_COLLECT: return end_collect(n);
    case KIND_PREFLIGHT: return collect_preflight(n);
    case KIND_ASSET: return assets_reply(n);
    case KIND_ERROR: break;
    }
    return conn_fail(n, n->error);
}

/* ---- the library's callbacks ---- */

void *conn_on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    (void)cls;
    struct conn *n = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    struct str whole = str_z(uri);
    ptrdiff_t mark = str_find(whole, '?');
    n->phase = PHASE_HEADERS;
    n->path = mark < 0 ? whole : str_sub(whole, 0, (size_t)mark);
    /* The library is about to cut the query into pieces where it stands. */
    n->query = mark < 0 ? STR_NULL : arena_str(conn_arena(n), str_sub(whole, (size_t)mark + 1, whole.len));
    deadline_in(n, LIMIT_REQUEST_HEADER_MS);
    return n;
}

enum MHD_Result conn_on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method, const char *version, const char *data, size_t *len,
                                void **slot)
{
    (void)cls, (void)mhd, (void)url, (void)version;
    struct conn *n = *slot;
    switch (n->phase) {
    case PHASE_HEADERS: return on_headers(n, method);
    case PHASE_BODY: return *len ? on_data(n, data, len) : on_end(n);
    case PHASE_PARKED: atomic_fetch_sub(&n->server->parked, 1); return on_end(n);
    case PHASE_IDLE:
    case PHASE_REPLY: break;
    }
    return MHD_NO;
}

static void request_forget(struct conn *n)
{
    struct call *k = n->call;
    if (n->phase == PHASE_PARKED)
        atomic_fetch_sub(&n->server->parked, 1);
    if (k && k->stream)
        stream_leave(k->stream);
    if (k && k->ready)
        MHD_destroy_response(k->ready);
    if (k)
        buf_free(&k->reply.body);
    if (n->body.len)
        atomic_fetch_sub(bodies_held(n), n->body.len);
    body_free(&n->body);
    arena_free(n->arena);
    n->arena = NULL;
    n->call = NULL;
    n->kind = KIND_ERROR;
    n->phase = PHASE_IDLE;
    n->allowed = 0;
    n->swallowed = 0;
    n->collect_path = false;
}

void conn_on_completed(void *cls, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode why)
{
    (void)cls, (void)mhd, (void)why;
    struct conn *n = *slot;
    if (!n)
        return;
    request_forget(n);
    deadline_in(n, LIMIT_KEEPALIVE_MS);
}

static struct conn *conn_new(struct http_server *s, struct MHD_Connection *mhd)
{
    struct conn *n = mem_zalloc(1, sizeof(*n));
    const struct sockaddr *peer = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    socklen_t len = peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    n->server = s;
    n->mhd = mhd;
    n->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    n->body.fd = -1;
    if (getnameinfo(peer, len, n->address, sizeof(n->address), NULL, 0, NI_NUMERICHOST) != 0)
        n->address[0] = '\0';
    deadline_in(n, LIMIT_REQUEST_HEADER_MS);
    return n;
}

static void conn_link(struct conn *n)
{
    struct http_server *s = n->server;
    pthread_mutex_lock(&s->conns_lock);
    n->next = s->conns;
    if (n->next)
        n->next->prev = n;
    s->conns = n;
    pthread_mutex_unlock(&s->conns_lock);
    atomic_fetch_add(&s->metrics.connections, 1);
}

static void conn_unlink(struct conn *n)
{
    struct http_server *s = n->server;
    pthread_mutex_lock(&s->conns_lock);
    if (n->prev)
        n->prev->next = n->next;
    else
        s->conns = n->next;
    if (n->next)
        n->next->prev = n->prev;
    pthread_mutex_unlock(&s->conns_lock);
    atomic_fetch_sub(&s->metrics.connections, 1);
}

void conn_on_connection(void *cls, struct MHD_Connection *mhd, void **slot, enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct conn *n = conn_new(cls, mhd);
        *slot = n;
        conn_link(n);
        return;
    }
    struct conn *n = *slot;
    conn_unlink(n); /* before the descriptor is closed, so that the tender never cuts a stranger's */
    request_forget(n);
    free(n);
    *slot = NULL;
}

void conn_sweep(struct http_server *s, int64_t now_us)
{
    pthread_mutex_lock(&s->conns_lock);
    for (struct conn *n = s->conns; n; n = n->next)
        if (atomic_load_explicit(&n->deadline_us, memory_order_relaxed) < now_us) {
            deadline_none(n);
            shutdown(n->fd, SHUT_RDWR);
            atomic_fetch_add(&s->metrics.cut, 1);
        }
    pthread_mutex_unlock(&s->conns_lock);
}
