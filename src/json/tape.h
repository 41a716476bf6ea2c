/* The seam between C and simdjson: the parsed document as simdjson's tape, which reader.c walks. Plain C that C++
 * reads too, so it includes nothing of ours. Only src/json uses it.
 *
 * The tape is 64-bit words: the type in the top byte, a payload in the rest. Word 0 is the root; the value starts at
 * word 1. '[' and '{' carry the index behind their end (32 bits) and the element count (24 bits, saturating); '"' the
 * offset of its string; 'l' 'u' 'd' are followed by the number's word; 't' 'f' 'n' stand alone. Strings are a 32-bit
 * length, the bytes, a NUL. See simdjson, doc/tape.md. */
#ifndef ZX_JSON_TAPE_H
#define ZX_JSON_TAPE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct json_parser {
    const uint64_t *words;
    const uint8_t *strings;
    void *impl; /* the C++ side */
};

enum tape_error { TAPE_OK, TAPE_EMPTY, TAPE_SYNTAX, TAPE_UTF8, TAPE_DEPTH, TAPE_NUMBER, TAPE_STRING, TAPE_NO_MEMORY };

void *tape_new(size_t depth_max, size_t bytes_max);
void tape_free(void *impl);
enum tape_error tape_parse(struct json_parser *p, const char *text, size_t len);
/* Shortest text that reads back to the same double; fixed notation for everyday sizes. Returns its length. */
enum { TAPE_DOUBLE_TEXT = 40 };
size_t tape_double_text(double v, char out[TAPE_DOUBLE_TEXT]);

#ifdef __cplusplus
}
#endif

#endif
