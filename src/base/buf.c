/* Growing bytes, escapes by destination, and binary frames. */
#include "base/buf.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_free(struct buf *b)
{
    free(b->ptr);
    *b = BUF_INIT(b->max);
}

char *buf_reserve(struct buf *b, size_t extra)
{
    assert(b->max > 0);
    if (b->failed || extra > b->max - b->len) {
        b->failed = true;
        return NULL;
    }
    if (!b->ptr || b->cap - b->len < extra) {
        size_t want = b->cap ? b->cap * 2 : 256;
        if (want < b->len + extra)
            want = b->len + extra;
        b->cap = want > b->max ? b->max : want;
        b->ptr = mem_realloc(b->ptr, b->cap);
    }
    return b->ptr + b->len;
}

void buf_add_bytes(struct buf *b, const void *ptr, size_t len)
{
    char *at = buf_reserve(b, len);
    if (!at || len == 0)
        return;
    memcpy(at, ptr, len);
    b->len += len;
}

void buf_add(struct buf *b, struct str s)
{
    buf_add_bytes(b, s.ptr, s.len);
}

void buf_add_byte(struct buf *b, char byte)
{
    buf_add_bytes(b, &byte, 1);
}

void buf_addz(struct buf *b, const char *z)
{
    buf_add_bytes(b, z, strlen(z));
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    assert(len >= 0);
    char *at = buf_reserve(b, (size_t)len + 1);
    if (at) {
        vsnprintf(at, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

void buf_add_i64(struct buf *b, int64_t value)
{
    char digits[21];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        digits[--at] = '-';
    buf_add_bytes(b, digits + at, sizeof(digits) - at);
}

static const char *json_escape(unsigned char c, char six[7])
{
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: snprintf(six, 7, "\\u%04x", c); return six;
    }
}

void buf_add_json(struct buf *b, struct str s)
{
    size_t from = 0;
    char six[7];
    buf_add_byte(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c == 0xE2 && s.len - i >= 3 && (unsigned char)s.ptr[i + 1] == 0x80 &&
            ((unsigned char)s.ptr[i + 2] & 0xFE) == 0xA8) { /* U+2028, U+2029 */
            buf_add(b, str_sub(s, from, i));
            buf_addz(b, (unsigned char)s.ptr[i + 2] == 0xA8 ? "\\u2028" : "\\u2029");
            i += 2;
            from = i + 1;
        } else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F) {
            buf_add(b, str_sub(s, from, i));
            buf_addz(b, json_escape(c, six));
            from = i + 1;
        }
    }
    buf_add(b, str_sub(s, from, s.len));
    buf_add_byte(b, '"');
}

void buf_add_html(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        switch (s.ptr[i]) {
        case '&': buf_addz(b, "&amp;"); break;
        case '<': buf_addz(b, "&lt;"); break;
        case '>': buf_addz(b, "&gt;"); break;
        case '"': buf_addz(b, "&quot;"); break;
        case '\'': buf_addz(b, "&#39;"); break;
        default: buf_add_byte(b, s.ptr[i]);
        }
}

static bool is_number(struct str s)
{
    size_t digits = 0, dots = 0;
    for (size_t i = s.ptr[0] == '-' || s.ptr[0] == '+'; i < s.len; i++) {
        if (s.ptr[i] == '.')
            dots++;
        else if (s.ptr[i] >= '0' && s.ptr[i] <= '9')
            digits++;
        else
            return false;
    }
    return digits > 0 && dots <= 1;
}

void buf_add_csv(struct buf *b, struct str s)
{
    bool quote = false;
    for (size_t i = 0; i < s.len; i++)
        quote |= s.ptr[i] == '"' || s.ptr[i] == ',' || s.ptr[i] == '\n' || s.ptr[i] == '\r' || s.ptr[i] == ';';
    bool formula = s.len && strchr("=+-@\t\r", s.ptr[0]) && !is_number(s);
    if (quote)
        buf_add_byte(b, '"');
    if (formula)
        buf_add_byte(b, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"')
            buf_add_byte(b, '"');
        buf_add_byte(b, s.ptr[i]);
    }
    if (quote)
        buf_add_byte(b, '"');
}

void buf_add_sql(struct buf *b, struct str s)
{
    buf_add_byte(b, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\'')
            buf_add_byte(b, '\'');
        buf_add_byte(b, s.ptr[i]);
    }
    buf_add_byte(b, '\'');
}

void buf_add_url(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c)))
            buf_add_byte(b, c);
        else
            buf_addf(b, "%%%02X", (unsigned char)c);
    }
}

void buf_add_u8(struct buf *b, uint8_t v)
{
    buf_add_bytes(b, &v, 1);
}

void buf_add_u32(struct buf *b, uint32_t v)
{
    unsigned char le[4];
    for (size_t i = 0; i < sizeof(le); i++)
        le[i] = (unsigned char)(v >> (8 * i));
    buf_add_bytes(b, le, sizeof(le));
}

void buf_add_u64(struct buf *b, uint64_t v)
{
    buf_add_u32(b, (uint32_t)v);
    buf_add_u32(b, (uint32_t)(v >> 32));
}

void buf_add_blob(struct buf *b, struct str s)
{
    assert(s.len <= UINT32_MAX);
    buf_add_u32(b, (uint32_t)s.len);
    buf_add(b, s);
}

struct str cursor_bytes(struct cursor *c, size_t len)
{
    if (c->failed || c->left < len) {
        c->failed = true;
        return STR_NULL;
    }
    struct str taken = str_n(c->ptr, len);
    c->ptr += len;
    c->left -= len;
    return taken;
}

uint8_t cursor_u8(struct cursor *c)
{
    struct str s = cursor_bytes(c, 1);
    return s.ptr ? (uint8_t)s.ptr[0] : 0;
}

uint32_t cursor_u32(struct cursor *c)
{
    struct str s = cursor_bytes(c, 4);
    uint32_t v = 0;
    for (size_t i = 0; i < s.len; i++)
        v |= (uint32_t)(unsigned char)s.ptr[i] << (8 * i);
    return v;
}

uint64_t cursor_u64(struct cursor *c)
{
    uint64_t low = cursor_u32(c);
    return low | (uint64_t)cursor_u32(c) << 32;
}

struct str cursor_blob(struct cursor *c)
{
    return cursor_bytes(c, cursor_u32(c));
}
