/* The last few hundred of what came in, accepted or not and why, for people who watch it arrive. In memory only: the
 * truth is the event log and quarantine. */
#include "base/log.h"
#include "intake/intake_priv.h"

#include <stdlib.h>

enum { LIVE_KEPT = 200, LIVE_TEXT = 96, LIVE_PER_UNIT = 20, LIVE_PER_SECOND = 200 };

struct seen {
    int64_t at_us, id, subject, customer_id;
    char source[64], type[16], name[LIVE_TEXT], status[12], reason[48];
};

struct live {
    pthread_mutex_t lock;
    struct seen ring[LIVE_KEPT];
    size_t count;                /* ever added */
    int64_t second, in_second;   /* the stream is sampled under load: a person can't read more */
};

struct live *live_new(void)
{
    struct live *l = mem_zalloc(1, sizeof(*l));
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void live_free(struct live *l)
{
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static void put_text(char *out, size_t size, struct str s)
{
    size_t len = s.len < size ? s.len : size - 1;
    while (len && len < s.len && ((unsigned char)s.ptr[len] & 0xC0) == 0x80)
        len--; /* no half characters */
    if (len)
        memcpy(out, s.ptr, len);
    out[len] = '\0';
}

static const char *type_word(const struct intake_item *item)
{
    static const char *const events[] = {"", "track", "identify", "page", "screen", "group", "alias"};
    switch (item->kind) {
    case INTAKE_EVENT: return events[item->event.type];
    case INTAKE_DOCUMENT: return "receipt";
    case INTAKE_PROFILE: return "customer";
    case INTAKE_STATUS: return "order";
    default: return "bad";
    }
}

static const char *status_word(const struct intake_item *item, enum rc rc)
{
    static const char *const outcomes[] = {"", "accepted", "duplicate", "updated", "conflict", "refused"};
    return rc ? "refused" : outcomes[item->outcome];
}

static struct seen seen_of(const struct intake_unit *u, const struct intake_item *item, enum rc rc)
{
    struct seen s = {.at_us = u->received_us, .id = item->id, .subject = item->subject, .customer_id = item->customer_id};
    put_text(s.source, sizeof(s.source), u->source.name);
    put_text(s.type, sizeof(s.type), str_z(type_word(item)));
    put_text(s.name, sizeof(s.name), item->kind == INTAKE_DOCUMENT ? item->sale->number : item->event.name);
    put_text(s.status, sizeof(s.status), str_z(status_word(item, rc)));
    put_text(s.reason, sizeof(s.reason), str_z(rc ? rc_name(rc) : item->why));
    return s;
}

static void write_seen(struct jw *w, const struct seen *s)
{
    jw_object(w);
    jw_kv_time(w, "at", s->at_us);
    jw_kv_id(w, "id", s->id);
    jw_kv_z(w, "source", s->source);
    jw_kv_z(w, "type", s->type);
    jw_kv_z(w, "name", s->name);
    jw_kv_z(w, "status", s->status);
    jw_kv_z(w, "reason", s->reason);
    jw_kv_id(w, "subject", s->subject);
    jw_kv_id(w, "customer_id", s->customer_id);
    jw_object_end(w);
}

static bool sampled_out(struct live *l, int64_t now_us)
{
    if (now_us / US_PER_S != l->second) {
        l->second = now_us / US_PER_S;
        l->in_second = 0;
    }
    return ++l->in_second > LIVE_PER_SECOND;
}

static void publish(struct app *app, const struct seen *s)
{
    _cleanup_buf_ struct buf json = BUF_INIT(4096);
    struct jw w = jw_on(&json);
    if (!app->http)
        return;
    write_seen(&w, s);
    http_publish(app->http, "live", "live.read", s->id, buf_str(&json));
}

void live_add(struct live *l, struct app *app, const struct intake_unit *u, enum rc rc)
{
    for (size_t i = 0; i < u->count && i < LIVE_PER_UNIT; i++) {
        pthread_mutex_lock(&l->lock);
        bool skip = sampled_out(l, u->received_us);
        struct seen s;
        if (!skip)
            l->ring[l->count++ % LIVE_KEPT] = s = seen_of(u, &u->items[i], rc);
        pthread_mutex_unlock(&l->lock);
        if (skip)
            return;
        publish(app, &s);
    }
}

void live_write(struct live *l, struct jw *out)
{
    pthread_mutex_lock(&l->lock);
    size_t kept = l->count < LIVE_KEPT ? l->count : LIVE_KEPT;
    jw_array(out);
    for (size_t i = 1; i <= kept; i++) /* newest first */
        write_seen(out, &l->ring[(l->count - i) % LIVE_KEPT]);
    jw_array_end(out);
    pthread_mutex_unlock(&l->lock);
}
