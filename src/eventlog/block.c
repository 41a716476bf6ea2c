/* Encoding and decoding of tail blocks. */
#include "eventlog/block.h"
#include "base/log.h"

#include <assert.h>
#include <zstd.h>

enum { BLOCK_BYTES_MAX = 256 << 20, ZSTD_LEVEL = 1, UUID_CHARS = 36, PREFIX_HAS_UUID = 128 };

const struct event_string event_strings[EVENT_STRINGS] = {
    {"name", offsetof(struct event, name)},
    {"path", offsetof(struct event, path)},
    {"title", offsetof(struct event, title)},
    {"referrer", offsetof(struct event, referrer)},
    {"utm_source", offsetof(struct event, utm_source)},
    {"utm_medium", offsetof(struct event, utm_medium)},
    {"utm_campaign", offsetof(struct event, utm_campaign)},
    {"product", offsetof(struct event, product)},
    {"category", offsetof(struct event, category)},
    {"order_no", offsetof(struct event, order_no)},
    {"currency", offsetof(struct event, currency)},
    {"device", offsetof(struct event, device)},
    {"props", offsetof(struct event, props)},
};

/* ---- message ids ---- */

/* The value of a lower-case hexadecimal digit, and 1 more so that 0 says that it is none (upper case would not come back as
 * it was). A table: every event comes here several times. */
static const uint8_t hex_digit[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

static bool parse_uuid(const char *text, uint8_t out[static 16])
{
    static const uint8_t at[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    bool good = text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
    for (int i = 0; i < 16 && good; i++) {
        unsigned high = hex_digit[(uint8_t)text[at[i]]], low = hex_digit[(uint8_t)text[at[i] + 1]];
        good = high && low;
        out[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return good;
}

struct message_id message_id_of(struct str text)
{
    struct message_id id = {.prefix = text};
    assert(text.len <= MESSAGE_ID_MAX);
    if (text.len >= UUID_CHARS && parse_uuid(text.ptr + text.len - UUID_CHARS, id.uuid)) {
        id.has_uuid = true;
        id.prefix.len -= UUID_CHARS;
    }
    return id;
}

struct str message_id_text(struct arena *a, const struct message_id *id)
{
    static const char digits[] = "0123456789abcdef";
    if (!id->has_uuid)
        return arena_str(a, id->prefix);
    char *out = arena_alloc(a, id->prefix.len + UUID_CHARS + 1), *p = out + id->prefix.len;
    if (id->prefix.len)
        memcpy(out, id->prefix.ptr, id->prefix.len);
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = digits[id->uuid[i] >> 4];
        *p++ = digits[id->uuid[i] & 15];
    }
    return str_n(out, id->prefix.len + UUID_CHARS);
}

size_t message_key(int64_t source_id, const struct message_id *id, char out[static MESSAGE_KEY_MAX])
{
    size_t len = sizeof(source_id) + 1;
    memcpy(out, &source_id, sizeof(source_id));
    out[sizeof(source_id)] = (char)(id->prefix.len | (id->has_uuid ? PREFIX_HAS_UUID : 0));
    if (id->prefix.len)
        memcpy(out + len, id->prefix.ptr, id->prefix.len);
    len += id->prefix.len;
    if (id->has_uuid) {
        memcpy(out + len, id->uuid, sizeof(id->uuid));
        len += sizeof(id->uuid);
    }
    return len;
}

/* The length of the key at the head of s, or 0 when it is cut off. */
static size_t key_length(const char *ptr, size_t left)
{
    if (left < sizeof(int64_t) + 1)
        return 0;
    uint8_t mark = (uint8_t)ptr[sizeof(int64_t)];
    size_t len = sizeof(int64_t) + 1 + (mark & ~PREFIX_HAS_UUID) + (mark & PREFIX_HAS_UUID ? 16 : 0);
    return len <= left ? len : 0;
}

static struct message_id key_message(struct str key)
{
    struct message_id id = {0};
    uint8_t mark = (uint8_t)key.ptr[sizeof(int64_t)];
    const char *p = key.ptr + sizeof(int64_t) + 1;
    id.prefix = str_n(p, mark & ~PREFIX_HAS_UUID);
    id.has_uuid = mark & PREFIX_HAS_UUID;
    if (id.has_uuid)
        memcpy(id.uuid, p + id.prefix.len, sizeof(id.uuid));
    return id;
}

/* ---- varints ---- */

static void put_varint(struct buf *out, uint64_t v)
{
    char bytes[10];
    size_t n = 0;
    for (; v >= 128; v >>= 7)
        bytes[n++] = (char)(v | 128);
    bytes[n++] = (char)v;
    buf_add_bytes(out, bytes, n);
}

static void put_signed(struct buf *out, int64_t v)
{
    put_varint(out, (uint64_t)v << 1 ^ (uint64_t)(v >> 63)); /* zigzag */
}

static uint64_t take_varint(struct cursor *c)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (c->left == 0)
            break;
        uint8_t byte = (uint8_t)*c->ptr++;
        c->left--;
        v |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return v;
    }
    c->failed = true;
    return 0;
}

static int64_t take_signed(struct cursor *c)
{
    uint64_t v = take_varint(c);
    return (int64_t)(v >> 1 ^ (~(v & 1) + 1));
}

/* ---- columns ---- */

static int64_t whole_ms(int64_t us)
{
    return us / US_PER_MS * US_PER_MS;
}

/* The numbers of one event against the one before it, so that most of them are small. */
static void put_numbers(struct buf *out, const struct event *e, const struct event *before)
{
    put_signed(out, e->id - before->id);
    put_signed(out, whole_ms(e->received_us) - whole_ms(before->received_us));
    put_signed(out, e->at_us - whole_ms(e->received_us));
    buf_add_u64(out, (uint64_t)e->subject);
    put_varint(out, (uint64_t)e->type);
    put_varint(out, (uint64_t)e->flags);
    put_signed(out, e->value_minor);
    put_signed(out, e->quantity);
}

static void take_numbers(struct cursor *in, struct event *e, const struct event *before)
{
    e->id = before->id + take_signed(in);
    e->received_us = before->received_us + take_signed(in);
    e->at_us = e->received_us + take_signed(in);
    e->subject = (int64_t)cursor_u64(in);
    e->type = (int32_t)take_varint(in);
    e->flags = (int32_t)take_varint(in);
    e->value_minor = take_signed(in);
    e->quantity = take_signed(in);
}

static void put_columns(struct buf *out, const struct event *events, size_t count, const bool *skip)
{
    static const struct event zero;
    const struct event *before = &zero;
    for (size_t i = 0; i < count; i++) {
        if (skip && skip[i])
            continue;
        put_numbers(out, &events[i], before);
        before = &events[i];
    }
    for (size_t s = 0; s < EVENT_STRINGS; s++) {
        for (size_t i = 0; i < count; i++)
            if (!skip || !skip[i])
                put_varint(out, event_string_of(&events[i], s).len);
        for (size_t i = 0; i < count; i++)
            if (!skip || !skip[i])
                buf_add(out, event_string_of(&events[i], s));
    }
}

static bool take_strings(struct cursor *in, struct event *events, size_t count, size_t s)
{
    for (size_t i = 0; i < count; i++)
        event_string(&events[i], s)->len = take_varint(in);
    for (size_t i = 0; i < count && !in->failed; i++)
        *event_string(&events[i], s) = cursor_bytes(in, event_string(&events[i], s)->len);
    return !in->failed;
}

static bool take_columns(struct cursor *in, struct event *events, size_t count)
{
    static const struct event zero;
    for (size_t i = 0; i < count && !in->failed; i++)
        take_numbers(in, &events[i], i ? &events[i - 1] : &zero);
    for (size_t s = 0; s < EVENT_STRINGS; s++)
        if (!take_strings(in, events, count, s))
            return false;
    return !in->failed && in->left == 0;
}

/* ---- single events ---- */

void event_pack(struct buf *out, const struct event *e)
{
    static const struct event zero;
    struct message_id id = message_id_of(e->message_id);
    char key[MESSAGE_KEY_MAX];
    buf_add_bytes(out, key, message_key(e->source_id, &id, key));
    put_numbers(out, e, &zero);
    for (size_t s = 0; s < EVENT_STRINGS; s++) {
        put_varint(out, event_string_of(e, s).len);
        buf_add(out, event_string_of(e, s));
    }
}

void event_unpack(struct str packed, struct event *ret, struct message_id *ret_id)
{
    static const struct event zero;
    size_t len = key_length(packed.ptr, packed.len);
    struct cursor in = cursor_of(str_sub(packed, len, packed.len));
    *ret_id = key_message(str_n(packed.ptr, len));
    memcpy(&ret->source_id, packed.ptr, sizeof(int64_t));
    take_numbers(&in, ret, &zero);
    for (size_t s = 0; s < EVENT_STRINGS; s++)
        *event_string(ret, s) = cursor_bytes(&in, take_varint(&in));
    assert(!in.failed);
}

/* ---- blocks ---- */

static void put_keys(struct buf *out, const struct event *events, size_t count, const bool *skip)
{
    char key[MESSAGE_KEY_MAX];
    for (size_t i = 0; i < count; i++) {
        if (skip && skip[i])
            continue;
        struct message_id id = message_id_of(events[i].message_id);
        buf_add_bytes(out, key, message_key(events[i].source_id, &id, key));
    }
}

static void put_compressed(struct block_writer *w)
{
    size_t bound = ZSTD_compressBound(w->columns.len);
    buf_add_u32(&w->out, (uint32_t)w->columns.len);
    char *room = buf_reserve(&w->out, bound);
    assert(room);
    size_t got = ZSTD_compressCCtx(w->zstd, room, bound, w->columns.ptr, w->columns.len, ZSTD_LEVEL);
    assert(!ZSTD_isError(got));
    w->out.len += got;
}

static void writer_reset(struct block_writer *w)
{
    if (!w->zstd) {
        w->zstd = ZSTD_createCCtx();
        w->keys = w->columns = w->out = BUF_INIT(BLOCK_BYTES_MAX);
    }
    buf_reset(&w->keys);
    buf_reset(&w->columns);
    buf_reset(&w->out);
}

void block_writer_free(struct block_writer *w)
{
    if (!w->zstd)
        return;
    ZSTD_freeCCtx(w->zstd);
    buf_free(&w->keys);
    buf_free(&w->columns);
    buf_free(&w->out);
    w->zstd = NULL;
}

struct str block_encode(struct block_writer *w, const struct event *events, size_t count, const bool *skip)
{
    size_t taken = 0;
    for (size_t i = 0; i < count; i++)
        taken += !skip || !skip[i];
    writer_reset(w);
    put_keys(&w->keys, events, count, skip);
    put_columns(&w->columns, events, count, skip);
    assert(!w->keys.failed && !w->columns.failed);
    buf_add_u8(&w->out, BLOCK_FORMAT);
    buf_add_u32(&w->out, (uint32_t)taken);
    buf_add_blob(&w->out, buf_str(&w->keys));
    put_compressed(w);
    return buf_str(&w->out);
}

/* The head of a block: number of events and the bytes of its keys; the cursor stands behind them. */
static bool take_head(struct cursor *in, size_t *ret_count, struct str *ret_keys)
{
    uint8_t format = cursor_u8(in);
    *ret_count = cursor_u32(in);
    *ret_keys = cursor_blob(in);
    return !in->failed && format == BLOCK_FORMAT && *ret_count <= BLOCK_EVENTS_MAX;
}

/* `a` is NULL when nobody wants the message ids. */
static bool take_keys(struct arena *a, struct str keys, struct event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = key_length(keys.ptr, keys.len);
        if (len == 0)
            return false;
        memcpy(&events[i].source_id, keys.ptr, sizeof(int64_t));
        if (a) {
            struct message_id id = key_message(str_n(keys.ptr, len));
            events[i].message_id = message_id_text(a, &id);
        }
        keys = str_sub(keys, len, keys.len);
    }
    return keys.len == 0;
}

static bool inflate_columns(struct block_reader *r, struct arena *a, struct cursor *in, struct str *ret)
{
    size_t len = cursor_u32(in);
    if (in->failed || len > BLOCK_BYTES_MAX || ZSTD_getFrameContentSize(in->ptr, in->left) != len)
        return false;
    char *raw = arena_alloc(a, len + 1);
    *ret = str_n(raw, len);
    if (!r->zstd)
        r->zstd = ZSTD_createDCtx();
    return ZSTD_decompressDCtx(r->zstd, raw, len, in->ptr, in->left) == len;
}

void block_reader_free(struct block_reader *r)
{
    ZSTD_freeDCtx(r->zstd);
    r->zstd = NULL;
}

enum rc block_decode(struct block_reader *r, struct arena *a, struct str bytes, struct event **ret, size_t *ret_count)
{
    struct cursor in = cursor_of(bytes), columns;
    struct str keys, raw;
    size_t count;
    if (!take_head(&in, &count, &keys) || !inflate_columns(r, a, &in, &raw))
        return RC_STORE;
    struct event *events = arena_new_array(a, struct event, count);
    columns = cursor_of(raw);
    if (!take_keys(r->without_ids ? NULL : a, keys, events, count) || !take_columns(&columns, events, count))
        return RC_STORE;
    *ret = events;
    *ret_count = count;
    return RC_OK;
}

enum rc block_each_key(struct str bytes, void (*fn)(void *arg, struct str key), void *arg)
{
    struct cursor in = cursor_of(bytes);
    struct str keys;
    size_t count;
    if (!take_head(&in, &count, &keys))
        return RC_STORE;
    for (; count && keys.len; count--) {
        size_t len = key_length(keys.ptr, keys.len);
        if (len == 0)
            return RC_STORE;
        fn(arg, str_n(keys.ptr, len));
        keys = str_sub(keys, len, keys.len);
    }
    return count || keys.len ? RC_STORE : RC_OK;
}
