/* The server's side of the vault: encodes calls, sends them over the one socket pair, hands replies to whoever waits.
 * Many threads may call at once. There is no reader thread: of the callers that wait, one reads for all (leader and followers). */
#include "vault/frame.h"
#include "vault/vault.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { SILENCE_S = 30, CHUNK = 4096, SEARCH_LIMIT_DEFAULT = 50 };

/* One connection; lives until it is replaced and nobody uses it any more. */
struct link {
    int fd;
    unsigned users;
    bool down, led;
    struct vault_frame_reader reader; /* the leader's */
};

/* One call on its way. */
struct slot {
    struct slot *next;
    uint32_t id;
    bool done;
    enum rc rc;
    struct buf reply;
    pthread_cond_t turn;
};

struct vault {
    pthread_mutex_t lock, send_lock;
    struct link *link;   /* never NULL */
    struct slot *slots;
    uint32_t next_id;
};

/* ---- the connection ---- */

static struct link *link_new(int fd)
{
    const struct timeval silence = {SILENCE_S, 0};
    struct link *l = mem_zalloc(1, sizeof(*l));
    l->fd = fd;
    l->down = fd < 0;
    vault_frame_reader_init(&l->reader, fd);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof(silence));
    }
    return l;
}

static void link_free(struct link *l)
{
    vault_frame_reader_end(&l->reader);
    if (l->fd >= 0)
        close(l->fd);
    free(l);
}

/* With the lock held: wakes everybody who hopes for an answer on it. */
static void link_fail(struct vault *v, struct link *l)
{
    if (!l->down && l->fd >= 0)
        shutdown(l->fd, SHUT_RDWR);
    l->down = true;
    for (struct slot *s = v->slots; s; s = s->next)
        pthread_cond_signal(&s->turn);
}

static struct link *link_use(struct vault *v)
{
    v->link->users++;
    return v->link;
}

static void link_leave(struct vault *v, struct link *l)
{
    if (--l->users == 0 && l != v->link)
        link_free(l);
}

struct vault *vault_client_new(int fd)
{
    struct vault *v = mem_zalloc(1, sizeof(*v));
    pthread_mutex_init(&v->lock, NULL);
    pthread_mutex_init(&v->send_lock, NULL);
    v->link = link_new(fd);
    return v;
}

void vault_client_attach(struct vault *v, int fd)
{
    pthread_mutex_lock(&v->lock);
    struct link *old = v->link;
    old->users++;
    link_fail(v, old);
    v->link = link_new(fd);
    link_leave(v, old);
    pthread_mutex_unlock(&v->lock);
}

void vault_client_free(struct vault *v)
{
    if (!v)
        return;
    assert(!v->slots);
    link_free(v->link);
    pthread_mutex_destroy(&v->lock);
    pthread_mutex_destroy(&v->send_lock);
    free(v);
}

/* ---- one call ---- */

static void slot_add(struct vault *v, struct slot *s)
{
    s->id = v->next_id++;
    s->next = v->slots;
    v->slots = s;
}

static void slot_remove(struct vault *v, struct slot *s)
{
    for (struct slot **at = &v->slots; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            return;
        }
}

/* With the lock held. Answers nobody waits for are dropped. */
static void deliver(struct vault *v, const struct vault_frame *f)
{
    for (struct slot *s = v->slots; s; s = s->next)
        if (s->id == f->id) {
            buf_add(&s->reply, f->payload);
            s->rc = f->code < RC_COUNT ? (enum rc)f->code : RC_INTERNAL;
            s->done = true;
            pthread_cond_signal(&s->turn);
            return;
        }
}

static void lead(struct vault *v, struct link *l)
{
    struct vault_frame frame;
    l->led = true;
    pthread_mutex_unlock(&v->lock);
    bool got = vault_frame_read(&l->reader, &frame);
    pthread_mutex_lock(&v->lock);
    l->led = false;
    if (got)
        deliver(v, &frame);
    else
        link_fail(v, l);
}

/* Whoever has its answer passes the lead on. */
static void pass_lead(struct vault *v, const struct slot *mine)
{
    for (struct slot *s = v->slots; s; s = s->next)
        if (s != mine && !s->done) {
            pthread_cond_signal(&s->turn);
            return;
        }
}

static void await(struct vault *v, struct link *l, struct slot *s)
{
    while (!s->done && !l->down)
        if (l->led)
            pthread_cond_wait(&s->turn, &v->lock);
        else
            lead(v, l);
    pass_lead(v, s);
    if (!s->done)
        s->rc = RC_VAULT_DOWN;
}

static bool send_request(struct vault *v, struct link *l, struct buf *request, uint32_t id)
{
    for (size_t i = 0; i < 4; i++)
        request->ptr[4 + i] = (char)(id >> (8 * i));
    pthread_mutex_lock(&v->send_lock);
    bool sent = vault_frame_send(l->fd, request);
    pthread_mutex_unlock(&v->send_lock);
    return sent;
}

static enum rc exchange(struct vault *v, struct buf *request, struct buf *reply)
{
    struct slot slot = {.reply = BUF_INIT(LIMIT_VAULT_FRAME_BYTES), .turn = PTHREAD_COND_INITIALIZER};
    pthread_mutex_lock(&v->lock);
    struct link *l = link_use(v);
    slot_add(v, &slot);
    bool down = l->down;
    pthread_mutex_unlock(&v->lock);
    bool sent = !down && send_request(v, l, request, slot.id);
    pthread_mutex_lock(&v->lock);
    if (!sent && !l->down)
        link_fail(v, l);
    await(v, l, &slot);
    slot_remove(v, &slot);
    link_leave(v, l);
    pthread_mutex_unlock(&v->lock);
    pthread_cond_destroy(&slot.turn);
    *reply = slot.reply;
    return slot.rc;
}

/* Sends a request and says in the context why it was refused. */
static enum rc call(struct ctx *c, struct buf *request, struct buf *reply)
{
    if (!c->vault)
        return ctx_fail(c, RC_VAULT_DOWN, NULL, "no_vault");
    if (request->failed)
        return ctx_fail(c, RC_TOO_LARGE, NULL, "vault_request");
    enum rc rc = exchange(c->vault, request, reply);
    if (rc == RC_OK)
        return RC_OK;
    struct cursor cause = cursor_of(buf_str(reply));
    return ctx_fail(c, rc, NULL, arena_z(c->arena, cursor_blob(&cause)));
}

#define REQUEST_INIT BUF_INIT(LIMIT_VAULT_FRAME_BYTES)

static enum rc bad_reply(struct ctx *c)
{
    return ctx_fail(c, RC_INTERNAL, NULL, "vault_reply");
}

/* ---- index ---- */

static enum rc index_chunk(struct ctx *c, struct vault_index *items, size_t count)
{
    _cleanup_wipe_ struct buf request = REQUEST_INIT, reply = REQUEST_INIT;
    vault_frame_begin(&request, 0, VAULT_OP_INDEX);
    buf_add_u32(&request, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        buf_add_u8(&request, (uint8_t)items[i].field);
        buf_add_blob(&request, items[i].value);
    }
    enum rc rc = call(c, &request, &reply);
    if (rc)
        return rc;
    struct cursor in = cursor_of(buf_str(&reply));
    for (size_t i = 0; i < count; i++) {
        items[i].verdict = (enum vault_verdict)cursor_u8(&in);
        struct str hash = items[i].verdict == VAULT_OK ? cursor_bytes(&in, sizeof(items[i].hash)) : STR_NULL;
        memset(items[i].hash, 0, sizeof(items[i].hash));
        if (hash.len)
            memcpy(items[i].hash, hash.ptr, hash.len);
    }
    return in.failed ? bad_reply(c) : RC_OK;
}

static size_t chunk_of(size_t left)
{
    return left < CHUNK ? left : CHUNK;
}

enum rc vault_index(struct ctx *c, struct vault_index *items, size_t count)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < count && !rc; i += chunk_of(count - i))
        rc = index_chunk(c, items + i, chunk_of(count - i));
    return rc;
}

/* ---- seal ---- */

static void add_item(struct buf *b, enum vault_field field, const struct vault_place *place, struct str wrapped, struct str value)
{
    buf_add_u8(b, (uint8_t)field);
    buf_add_blob(b, str_z(place->table));
    buf_add_blob(b, str_z(place->column));
    buf_add_u64(b, (uint64_t)place->row_id);
    buf_add_u64(b, (uint64_t)place->sealed_for);
    buf_add_blob(b, wrapped);
    buf_add_blob(b, value);
}

enum rc vault_seal(struct ctx *c, struct vault_key *new_keys, size_t new_count, struct vault_seal *items, size_t count)
{
    enum { WRAPPED = 77 };
    _cleanup_wipe_ struct buf request = REQUEST_INIT, reply = REQUEST_INIT;
    if (new_count + count == 0)
        return RC_OK;
    vault_frame_begin(&request, 0, VAULT_OP_SEAL);
    buf_add_u32(&request, (uint32_t)new_count);
    for (size_t i = 0; i < new_count; i++)
        buf_add_u64(&request, (uint64_t)new_keys[i].customer_id);
    buf_add_u32(&request, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        add_item(&request, items[i].field, &items[i].place, items[i].wrapped, items[i].value);
    enum rc rc = call(c, &request, &reply);
    if (rc)
        return rc;
    struct cursor in = cursor_of(buf_str(&reply));
    for (size_t i = 0; i < new_count; i++)
        new_keys[i].wrapped = arena_str(c->arena, cursor_bytes(&in, WRAPPED));
    for (size_t i = 0; i < count; i++)
        items[i].sealed = arena_str(c->arena, cursor_blob(&in));
    return in.failed ? bad_reply(c) : RC_OK;
}

enum rc vault_new_keys(struct ctx *c, struct vault_key *items, size_t count)
{
    return vault_seal(c, items, count, NULL, 0);
}

/* ---- open ---- */

static enum rc open_chunk(struct ctx *c, enum vault_open_mode mode, const struct vault_reveal *why, struct vault_open *items, size_t count)
{
    _cleanup_wipe_ struct buf request = REQUEST_INIT, reply = REQUEST_INIT;
    vault_frame_begin(&request, 0, VAULT_OP_OPEN);
    buf_add_u8(&request, (uint8_t)mode);
    if (why) {
        buf_add_u64(&request, (uint64_t)why->staff_id);
        buf_add_u64(&request, (uint64_t)why->customer_id);
        buf_add_blob(&request, why->role);
        buf_add_blob(&request, why->purpose);
        buf_add_blob(&request, why->reason);
    }
    buf_add_u32(&request, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        add_item(&request, items[i].field, &items[i].place, items[i].wrapped, items[i].sealed);
    enum rc rc = call(c, &request, &reply);
    if (rc)
        return rc;
    struct cursor in = cursor_of(buf_str(&reply));
    for (size_t i = 0; i < count; i++) {
        items[i].erased = cursor_u8(&in) == VAULT_ERASED;
        items[i].text = arena_str(c->arena, cursor_blob(&in));
    }
    return in.failed ? bad_reply(c) : RC_OK;
}

enum rc vault_mask(struct ctx *c, struct vault_open *items, size_t count)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < count && !rc; i += chunk_of(count - i))
        rc = open_chunk(c, VAULT_OPEN_MASK, NULL, items + i, chunk_of(count - i));
    return rc;
}

enum rc vault_reveal(struct ctx *c, const struct vault_reveal *why, struct vault_open *items, size_t count)
{
    return open_chunk(c, VAULT_OPEN_REVEAL, why, items, count);
}

enum rc vault_open_for(struct ctx *c, const struct vault_reveal *why, struct vault_open *items, size_t count)
{
    return open_chunk(c, VAULT_OPEN_MACHINE, why, items, count);
}

/* ---- the index in memory ---- */

/* Classes are fixed here, so that an empty struct vault_open says "none". */
static void add_remembered(struct buf *b, enum vault_field field, const struct vault_open *value, struct str wrapped)
{
    add_item(b, field, &value->place, value->wrapped.len ? value->wrapped : wrapped, value->sealed);
}

static enum rc remember_chunk(struct ctx *c, const struct vault_remember *items, size_t count)
{
    _cleanup_wipe_ struct buf request = REQUEST_INIT, reply = REQUEST_INIT;
    vault_frame_begin(&request, 0, VAULT_OP_REMEMBER);
    buf_add_u32(&request, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        buf_add_u64(&request, (uint64_t)items[i].customer_id);
        buf_add_u8(&request, items[i].forget);
        if (items[i].forget)
            continue;
        buf_add_u64(&request, (uint64_t)items[i].store_id);
        add_remembered(&request, VAULT_NAME, &items[i].name, items[i].wrapped);
        add_remembered(&request, VAULT_PHONE, &items[i].phone, items[i].wrapped);
    }
    return call(c, &request, &reply);
}

enum rc vault_remember(struct ctx *c, const struct vault_remember *items, size_t count)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < count && !rc; i += chunk_of(count - i))
        rc = remember_chunk(c, items + i, chunk_of(count - i));
    return rc;
}

static enum rc search(struct ctx *c, bool by_name, const struct vault_search *s, size_t offset, struct vault_hit **ret, size_t *ret_count,
                      size_t *ret_total)
{
    _cleanup_wipe_ struct buf request = REQUEST_INIT, reply = REQUEST_INIT;
    vault_frame_begin(&request, 0, VAULT_OP_SEARCH);
    buf_add_u8(&request, by_name);
    buf_add_blob(&request, s->query);
    buf_add_u8(&request, s->stores != NULL);
    buf_add_u32(&request, (uint32_t)(s->stores ? s->store_count : 0));
    for (size_t i = 0; s->stores && i < s->store_count; i++)
        buf_add_u64(&request, (uint64_t)s->stores[i]);
    buf_add_u64(&request, offset);
    buf_add_u32(&request, (uint32_t)(s->limit ? s->limit : SEARCH_LIMIT_DEFAULT));
    enum rc rc = call(c, &request, &reply);
    if (rc)
        return rc;
    struct cursor in = cursor_of(buf_str(&reply));
    size_t total = (size_t)cursor_u64(&in), count = cursor_u32(&in);
    struct vault_hit *hits = arena_new_array(c->arena, struct vault_hit, count);
    for (size_t i = 0; i < count; i++) {
        hits[i].customer_id = (int64_t)cursor_u64(&in);
        hits[i].score = (int32_t)cursor_u32(&in);
    }
    if (in.failed)
        return bad_reply(c);
    *ret = hits;
    *ret_count = count;
    if (ret_total)
        *ret_total = total;
    return RC_OK;
}

enum rc vault_search(struct ctx *c, const struct vault_search *s, struct vault_hit **ret, size_t *ret_count)
{
    return search(c, false, s, 0, ret, ret_count, NULL);
}

enum rc vault_by_name(struct ctx *c, const struct vault_search *s, size_t offset, struct vault_hit **ret, size_t *ret_count, size_t *ret_total)
{
    return search(c, true, s, offset, ret, ret_count, ret_total);
}

/* ---- the server's own keys ---- */

static enum rc secret(struct ctx *c, bool wrap, const char *name, struct str value, struct buf *reply, size_t wanted)
{
    _cleanup_wipe_ struct buf request = REQUEST_INIT;
    vault_frame_begin(&request, 0, VAULT_OP_SECRET);
    buf_add_u8(&request, wrap);
    buf_add_blob(&request, str_z(name));
    buf_add_blob(&request, value);
    enum rc rc = call(c, &request, reply);
    return rc || reply->len == wanted ? rc : bad_reply(c);
}

enum rc vault_wrap_secret(struct ctx *c, const char *name, const uint8_t key[static VAULT_SECRET_BYTES], struct str *ret_wrapped)
{
    _cleanup_wipe_ struct buf reply = REQUEST_INIT;
    enum rc rc = secret(c, true, name, str_n(key, VAULT_SECRET_BYTES), &reply, VAULT_SECRET_WRAPPED_BYTES);
    if (!rc)
        *ret_wrapped = arena_str(c->arena, buf_str(&reply));
    return rc;
}

enum rc vault_unwrap_secret(struct ctx *c, const char *name, struct str wrapped, uint8_t ret[static VAULT_SECRET_BYTES])
{
    _cleanup_wipe_ struct buf reply = REQUEST_INIT;
    enum rc rc = secret(c, false, name, wrapped, &reply, VAULT_SECRET_BYTES);
    if (!rc)
        memcpy(ret, reply.ptr, VAULT_SECRET_BYTES);
    return rc;
}

/* ---- state ---- */

enum rc vault_status(struct ctx *c, struct vault_status *ret)
{
    _cleanup_wipe_ struct buf request = REQUEST_INIT, reply = REQUEST_INIT;
    vault_frame_begin(&request, 0, VAULT_OP_STATUS);
    enum rc rc = call(c, &request, &reply);
    if (rc)
        return rc;
    struct cursor in = cursor_of(buf_str(&reply));
    struct vault_status status;
    status.pid = (int64_t)cursor_u64(&in);
    status.names = (int64_t)cursor_u64(&in);
    status.memory_kib = (int64_t)cursor_u64(&in);
    status.audit_records = (int64_t)cursor_u64(&in);
    status.index_ready = cursor_u8(&in);
    status.index_sorted = cursor_u8(&in);
    if (in.failed)
        return bad_reply(c);
    *ret = status;
    return RC_OK;
}

enum rc vault_index_ready(struct ctx *c)
{
    _cleanup_wipe_ struct buf request = REQUEST_INIT, reply = REQUEST_INIT;
    vault_frame_begin(&request, 0, VAULT_OP_READY);
    return call(c, &request, &reply);
}
