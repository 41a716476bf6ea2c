/* struct str: bytes to look at, never owned, not NUL-terminated. UTF-8 wherever text is meant. */
#ifndef ZX_BASE_STR_H
#define ZX_BASE_STR_H

#include "base/rc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr;
    size_t len;
};

#define STR(lit) ((struct str){"" lit, sizeof(lit) - 1})
#define STR_NULL ((struct str){NULL, 0})
/* For printf: printf("%.*s", STR_FMT(s)). */
#define STR_FMT(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct str str_z(const char *z)
{
    return (struct str){z, z ? strlen(z) : 0};
}

static inline struct str str_n(const void *ptr, size_t len)
{
    return (struct str){ptr, len};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool str_eqz(struct str a, const char *z)
{
    return str_eq(a, str_z(z));
}

/* ASCII letters compared without case. */
bool str_ieq(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Byte order, shorter first on a common prefix: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str s);
/* Position of the first `byte` or `needle`, or -1. */
ptrdiff_t str_find(struct str s, char byte);
ptrdiff_t str_find_str(struct str s, struct str needle);
/* The bytes [from, to) clipped to s. */
struct str str_sub(struct str s, size_t from, size_t to);
/* Takes the part before `sep` off the front of *rest into *ret; false when *rest is used up. An empty last part counts. */
bool str_split(struct str *rest, char sep, struct str *ret);
/* The whole of s as a decimal number, or false (also on overflow, blanks, empty). */
bool str_i64(struct str s, int64_t *ret);
bool str_u64(struct str s, uint64_t *ret);
/* Is s valid UTF-8 without U+0000? */
bool str_is_text(struct str s);
/* Number of code points of valid UTF-8. */
size_t str_chars(struct str s);
/* Decodes one code point off the front of *s (valid UTF-8, not empty). */
uint32_t str_next_char(struct str *s);
/* Writes code point cp as UTF-8 into out[4]; returns the bytes used. */
size_t str_put_char(uint32_t cp, char out[static 4]);

/* The first max bytes at most, whole characters only. */
struct str str_cut(struct str s, size_t max);
/* Hexadecimal. `out` has 2*len bytes (no NUL). Decoding wants exactly 2*len digits. */
void str_hex(const void *bytes, size_t len, char *out);
bool str_unhex(struct str s, void *out, size_t len);

#endif
