/* Any bytes through the JSON reader: it must say no or hold what it took. What it took is walked, written, and read
 * again to the same text. */
#include "json/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(struct json v)
{
    size_t seen = 1 + json_str(v).len + (size_t)json_bool(v, false);
    for (struct json_iter it = json_iter(v); json_next(&it);)
        seen += it.key.len + walk(it.value);
    return seen;
}

static void same_again(struct str text)
{
    static struct json_parser *parser;
    _cleanup_buf_ struct buf again = BUF_INIT(16 << 20);
    struct json v;
    const char *why;
    if (!parser)
        parser = json_parser_new();
    if (json_parse(parser, text, 16 << 20, &v, &why) != RC_OK)
        abort();
    json_write(v, &again);
    if (!str_eq(buf_str(&again), text))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_parser *parser;
    _cleanup_buf_ struct buf out = BUF_INIT(16 << 20);
    struct json v;
    const char *why;
    if (!parser)
        parser = json_parser_new();
    if (json_parse(parser, str_n(data, size), 1 << 20, &v, &why) != RC_OK)
        return 0;
    if (walk(v) == 0)
        abort();
    json_write(v, &out);
    if (!out.failed)
        same_again(buf_str(&out));
    return 0;
}
