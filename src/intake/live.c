/* The last few hundred of what came in at any server, accepted or not and why, for people who watch it arrive. In memory only:
 * the truth is the event log and quarantine. */
#include "base/log.h"
#include "db/session.h"
#include "intake/intake_priv.h"

#include <stdlib.h>

enum { LIVE_KEPT = 200, LIVE_TEXT = 96, LIVE_PER_UNIT = 20, LIVE_PER_SECOND = 200 };

struct seen {
    int64_t at_us, id, subject, customer_id;
    char source[64], type[16], name[LIVE_TEXT], status[12], reason[48];
};

struct live {
    pthread_mutex_t lock;
    char *ring[LIVE_KEPT];       /* as JSON */
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
    for (size_t i = 0; i < LIVE_KEPT; i++)
        free(l->ring[i]);
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

/* Keeps it for pages that open later, and tells those that are open. */
static void show(struct live *l, struct app *app, int64_t id, struct str json)
{
    char *copy = mem_dupz(json.ptr, json.len);
    pthread_mutex_lock(&l->lock);
    char **place = &l->ring[l->count++ % LIVE_KEPT], *old = *place;
    *place = copy;
    pthread_mutex_unlock(&l->lock);
    free(old);
    if (app->http)
        http_publish(app->http, "live", "live.read", id, json);
}

static void show_and_say(struct live *l, struct app *app, const struct seen *s)
{
    _cleanup_buf_ struct buf said = BUF_INIT(SESSION_SAID_MAX);
    buf_addf(&said, LIVE_SAID "%lld ", (long long)s->id);
    size_t head = said.len;
    struct jw w = jw_on(&said);
    write_seen(&w, s);
    if (said.failed)
        return;
    show(l, app, s->id, str_sub(buf_str(&said), head, said.len));
    db_session_say(app->session, buf_str(&said));
}

void live_told(struct live *l, struct app *app, struct str said)
{
    struct str rest = str_sub(said, strlen(LIVE_SAID), said.len), id_text;
    int64_t id;
    if (str_split(&rest, ' ', &id_text) && str_i64(id_text, &id))
        show(l, app, id, rest);
}

void live_add(struct live *l, struct app *app, const struct intake_unit *u, enum rc rc)
{
    for (size_t i = 0; i < u->count && i < LIVE_PER_UNIT; i++) {
        pthread_mutex_lock(&l->lock);
        bool skip = sampled_out(l, u->received_us);
        pthread_mutex_unlock(&l->lock);
        if (skip)
            return;
        struct seen s = seen_of(u, &u->items[i], rc);
        show_and_say(l, app, &s);
    }
}

void live_write(struct live *l, struct jw *out)
{
    pthread_mutex_lock(&l->lock);
    size_t kept = l->count < LIVE_KEPT ? l->count : LIVE_KEPT;
    jw_array(out);
    for (size_t i = 1; i <= kept; i++) /* newest first */
        jw_raw(out, str_z(l->ring[(l->count - i) % LIVE_KEPT]));
    jw_array_end(out);
    pthread_mutex_unlock(&l->lock);
}
