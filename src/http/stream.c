/* Server-sent events. Publishers append to one ring and go on; the tender thread wakes the streams that have something to
 * read, at most every few hundredths of a second. A stream is a suspended connection, not a thread. It is not a queue:
 * who falls 4,096 messages behind is told to reset and fetches again. */
#include "http/http_priv.h"

#include <assert.h>
#include <stdlib.h>

enum { RING = 4096, NEEDS_MAX = 32, FILL_BYTES = 16 << 10, FRAME_BYTES = 256 << 10 };
static const int64_t HEARTBEAT_US = 15 * US_PER_S;
/* A stream ends after this and the browser comes back, so that rights are checked again. */
static const int64_t AGE_MAX_US = 600 * US_PER_S;

static const char *const topics[] = {"live", "change", "job"};
enum { TOPICS = sizeof(topics) / sizeof(topics[0]) };

struct message {
    int64_t id;
    unsigned topic, need;
    struct buf frame;
};

struct stream {
    struct hub *hub;
    struct stream *prev, *next;
    struct MHD_Connection *mhd;
    const struct actor *actor;
    unsigned wanted;                 /* topics, a bit each */
    uint32_t needs_known, needs_had; /* what `may` said, a bit per need of the hub */
    uint64_t at;                     /* next position in the ring */
    struct buf out;                  /* frames being sent */
    size_t sent;
    int64_t opened_us, beat_us;
    bool parked, beat_due, reset_due, linked;
};

struct hub {
    struct http_server *server;
    pthread_mutex_t lock;
    uint64_t head; /* position of the next message; the ring holds [head - RING, head) */
    struct message ring[RING];
    const char *needs[NEEDS_MAX];
    unsigned need_count;
    struct stream *streams;
    size_t count;
    _Atomic bool news;
    bool closed;
};

struct hub *hub_new(struct http_server *s)
{
    struct hub *h = mem_zalloc(1, sizeof(*h));
    h->server = s;
    pthread_mutex_init(&h->lock, NULL);
    return h;
}

void hub_free(struct hub *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < RING; i++)
        free(h->ring[i].frame.ptr);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* ---- publishing ---- */

static unsigned topic_index(const char *topic)
{
    for (unsigned i = 0; i < TOPICS; i++)
        if (strcmp(topics[i], topic) == 0)
            return i;
    abort(); /* topics are constants */
}

static unsigned need_index(struct hub *h, const char *need)
{
    for (unsigned i = 0; i < h->need_count; i++)
        if (strcmp(h->needs[i], need) == 0)
            return i;
    assert(h->need_count < NEEDS_MAX);
    h->needs[h->need_count] = need;
    return h->need_count++;
}

void http_publish(struct http_server *s, const char *topic, const char *need, int64_t id, struct str json)
{
    struct hub *h = s ? s->hub : NULL;
    struct buf frame = BUF_INIT(FRAME_BYTES);
    if (!h)
        return;
    if (id > 0) {
        buf_addz(&frame, "id: ");
        buf_add_i64(&frame, id);
        buf_add_byte(&frame, '\n');
    }
    buf_addf(&frame, "event: %s\ndata: ", topic);
    buf_add(&frame, json);
    buf_addz(&frame, "\n\n");
    if (frame.failed) {
        buf_free(&frame);
        return;
    }
    pthread_mutex_lock(&h->lock);
    struct message *m = &h->ring[h->head % RING];
    struct buf old = m->frame;
    bool closed = h->closed;
    *m = (struct message){id, topic_index(topic), need_index(h, need), frame};
    h->head++;
    pthread_mutex_unlock(&h->lock);
    free(old.ptr);
    if (!closed && !atomic_exchange(&h->news, true))
        server_call_tender(s);
}

/* ---- reading ---- */

static bool stream_sees(struct stream *s, const struct message *m)
{
    uint32_t bit = UINT32_C(1) << m->need;
    if (!(s->wanted & 1u << m->topic))
        return false;
    if (!(s->needs_known & bit)) {
        const struct http_auth *auth = &s->hub->server->options.auth;
        s->needs_known |= bit;
        if (auth->may && auth->may(s->actor, s->hub->needs[m->need]))
            s->needs_had |= bit;
    }
    return s->needs_had & bit;
}

/* Skips what the stream does not see; is there anything left for it? Under the hub's lock. */
static bool stream_pending(struct stream *s)
{
    struct hub *h = s->hub;
    if (h->head - s->at > RING) {
        s->at = h->head - RING;
        s->reset_due = true;
    }
    while (s->at < h->head && !stream_sees(s, &h->ring[s->at % RING]))
        s->at++;
    return s->reset_due || s->beat_due || s->at < h->head;
}

/* Copies whole frames out of the ring. Under the hub's lock. */
static void stream_fill(struct stream *s)
{
    struct hub *h = s->hub;
    buf_reset(&s->out);
    s->sent = 0;
    if (s->reset_due)
        buf_addz(&s->out, "event: reset\ndata: {}\n\n");
    else if (s->beat_due)
        buf_addz(&s->out, ":\n\n");
    s->reset_due = s->beat_due = false;
    while (s->at < h->head && s->out.len < FILL_BYTES) {
        const struct message *m = &h->ring[s->at++ % RING];
        if (stream_sees(s, m))
            buf_add(&s->out, buf_str(&m->frame));
    }
    s->beat_us = atomic_load(&h->server->tick_us);
}

/* The library asks for more bytes, on the loop thread. Nothing to send: the connection sleeps until the tender wakes it. */
static ssize_t stream_read(void *cls, uint64_t position, char *out, size_t max)
{
    (void)position;
    struct stream *s = cls;
    struct hub *h = s->hub;
    if (s->sent == s->out.len) {
        pthread_mutex_lock(&h->lock);
        int64_t age_us = atomic_load(&h->server->tick_us) - s->opened_us;
        bool ends = h->closed || age_us > AGE_MAX_US;
        bool pending = !ends && stream_pending(s);
        if (pending) {
            stream_fill(s);
        } else if (!ends) {
            buf_free(&s->out);
            s->sent = 0;
            s->parked = true;
            MHD_suspend_connection(s->mhd);
        }
        pthread_mutex_unlock(&h->lock);
        if (!pending)
            return ends ? MHD_CONTENT_READER_END_OF_STREAM : 0;
    }
    size_t left = s->out.len - s->sent, take = left < max ? left : max;
    memcpy(out, s->out.ptr + s->sent, take);
    s->sent += take;
    return (ssize_t)take;
}

void hub_tend(struct hub *h, int64_t now_us)
{
    atomic_store(&h->news, false);
    pthread_mutex_lock(&h->lock);
    for (struct stream *s = h->streams; s; s = s->next) {
        if (!s->parked)
            continue;
        s->beat_due = now_us - s->beat_us > HEARTBEAT_US;
        if (h->closed || stream_pending(s) || now_us - s->opened_us > AGE_MAX_US) {
            s->parked = false;
            MHD_resume_connection(s->mhd);
        }
    }
    pthread_mutex_unlock(&h->lock);
}

void hub_close(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    h->closed = true;
    pthread_mutex_unlock(&h->lock);
    hub_tend(h, clock_mono_us());
}

size_t hub_streams(struct hub *h)
{
    pthread_mutex_lock(&h->lock);
    size_t count = h->count;
    pthread_mutex_unlock(&h->lock);
    return count;
}

/* ---- opening and closing ---- */

static unsigned topics_of(struct str list)
{
    unsigned bits = 0;
    struct str one;
    while (str_split(&list, ',', &one))
        for (unsigned i = 0; i < TOPICS; i++)
            if (str_eqz(str_trim(one), topics[i]))
                bits |= 1u << i;
    return bits;
}

/* After the last message the client knows; when the ring no longer tells, the client has to start over. */
static void stream_seek(struct stream *s, int64_t last_id)
{
    struct hub *h = s->hub;
    uint64_t oldest = h->head > RING ? h->head - RING : 0;
    s->at = h->head;
    if (last_id <= 0)
        return;
    while (s->at > oldest && !(h->ring[(s->at - 1) % RING].id > 0 && h->ring[(s->at - 1) % RING].id <= last_id))
        s->at--;
    s->reset_due = s->at == oldest;
}

enum rc stream_open(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)p;
    struct str last = request_header(r, "Last-Event-ID");
    int64_t last_id = 0;
    unsigned wanted = topics_of(request_query(r, "topics"));
    if (!wanted)
        return ctx_fail(c, RC_INVALID, "topics", "unknown");
    if (last.len == 0)
        last = request_query(r, "last_event_id");
    if (last.len && !str_i64(last, &last_id))
        last_id = 0;
    struct call *k = call_of(r);
    struct stream *s = mem_zalloc(1, sizeof(*s));
    s->hub = k->conn->server->hub;
    s->mhd = k->conn->mhd;
    s->actor = k->actor;
    s->wanted = wanted;
    s->out = BUF_INIT(FRAME_BYTES + FILL_BYTES + 64);
    s->opened_us = s->beat_us = clock_mono_us();
    buf_addz(&s->out, "retry: 2000\n\n");
    k->stream = s;
    pthread_mutex_lock(&s->hub->lock);
    stream_seek(s, last_id);
    s->next = s->hub->streams;
    if (s->next)
        s->next->prev = s;
    s->hub->streams = s;
    s->hub->count++;
    s->linked = true;
    pthread_mutex_unlock(&s->hub->lock);
    return RC_OK;
}

void stream_leave(struct stream *s)
{
    struct hub *h = s->hub;
    pthread_mutex_lock(&h->lock);
    if (s->linked) {
        if (s->prev)
            s->prev->next = s->next;
        else
            h->streams = s->next;
        if (s->next)
            s->next->prev = s->prev;
        h->count--;
        s->linked = false;
    }
    pthread_mutex_unlock(&h->lock);
}

static void stream_free(void *cls)
{
    struct stream *s = cls;
    stream_leave(s);
    buf_free(&s->out);
    free(s);
}

struct MHD_Response *stream_response(struct stream *s)
{
    struct MHD_Response *response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, stream_read, s, stream_free);
    if (!response)
        abort();
    MHD_add_response_header(response, "Content-Type", "text/event-stream; charset=utf-8");
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    return response;
}
