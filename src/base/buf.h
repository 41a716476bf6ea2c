/* struct buf: bytes that grow, with a mandatory maximum. Going past it sets `failed` and adds nothing more,
 * so that a chain of additions is checked once, at its end. */
#ifndef ZX_BASE_BUF_H
#define ZX_BASE_BUF_H

#include "base/mem.h"
#include "base/str.h"

struct buf {
    char *ptr;
    size_t len, cap, max;
    bool failed;
};

#define BUF_INIT(maximum) ((struct buf){.max = (maximum)})

void buf_free(struct buf *b); /* frees the bytes; b can be used again */
#define _cleanup_buf_ _cleanup_(buf_free)

/* Room for `extra` more bytes; NULL and failed past the maximum. */
char *buf_reserve(struct buf *b, size_t extra);
void buf_add(struct buf *b, struct str s);
void buf_add_bytes(struct buf *b, const void *ptr, size_t len);
void buf_add_byte(struct buf *b, char byte);
void buf_addz(struct buf *b, const char *z);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_i64(struct buf *b, int64_t value);
/* Escaped for the destination. JSON: with quotes around; control characters and U+2028/9 escaped. */
void buf_add_json(struct buf *b, struct str s);
void buf_add_html(struct buf *b, struct str s);
/* A CSV cell (RFC 4180), quoted where needed; a cell that starts a formula (= + - @ tab CR) gets a leading '
 * unless it is a plain number. */
void buf_add_csv(struct buf *b, struct str s);
/* A text literal of SQL, with quotes around. */
void buf_add_sql(struct buf *b, struct str s);
/* Percent-encoded query component (RFC 3986 unreserved kept). */
void buf_add_url(struct buf *b, struct str s);

static inline struct str buf_str(const struct buf *b)
{
    return str_n(b->ptr, b->len);
}

static inline void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

/* Little-endian integers and length-prefixed bytes, for our own binary frames. */
void buf_add_u8(struct buf *b, uint8_t v);
void buf_add_u32(struct buf *b, uint32_t v);
void buf_add_u64(struct buf *b, uint64_t v);
void buf_add_blob(struct buf *b, struct str s); /* u32 length, bytes */

/* The reader of such frames: a failed read sets `failed`, returns zero or empty, and stays failed. */
struct cursor {
    const char *ptr;
    size_t left;
    bool failed;
};
static inline struct cursor cursor_of(struct str s)
{
    return (struct cursor){s.ptr, s.len, false};
}
uint8_t cursor_u8(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
struct str cursor_blob(struct cursor *c);
struct str cursor_bytes(struct cursor *c, size_t len);

#endif
