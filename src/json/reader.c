/* Walks simdjson's tape (tape.h): types, members, elements, values. It checks nothing again: the parser did. */
#include "json/json.h"
#include "base/limits.h"
#include "json/tape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- parsing ---- */

struct json_parser *json_parser_new(void)
{
    struct json_parser *p = mem_zalloc(1, sizeof(*p));
    p->impl = tape_new(LIMIT_JSON_DEPTH + 1, UINT32_MAX); /* simdjson's own limit is exclusive */
    if (!p->impl) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return p;
}

void json_parser_free(struct json_parser *p)
{
    if (!p)
        return;
    tape_free(p->impl);
    free(p);
}

static inline char tag_at(const struct json_parser *p, uint32_t at)
{
    return (char)(p->words[at] >> 56);
}

static inline struct str str_at(const struct json_parser *p, uint32_t at)
{
    const uint8_t *s = p->strings + (p->words[at] & UINT64_C(0x00FFFFFFFFFFFFFF));
    uint32_t len;
    memcpy(&len, s, sizeof(len));
    return str_n(s + sizeof(len), len);
}

/* Index behind the value at `at`. */
static inline uint32_t after(const struct json_parser *p, uint32_t at)
{
    switch (tag_at(p, at)) {
    case '[':
    case '{': return (uint32_t)p->words[at];
    case 'l':
    case 'u':
    case 'd': return at + 2;
    default: return at + 1;
    }
}

static bool has_nul(const struct json_parser *p)
{
    uint32_t end = after(p, 1);
    for (uint32_t at = 1; at < end;) {
        char tag = tag_at(p, at);
        if (tag == '"' && str_find(str_at(p, at), '\0') >= 0)
            return true;
        at += tag == 'l' || tag == 'u' || tag == 'd' ? 2 : 1; /* into containers, not over them */
    }
    return false;
}

enum rc json_parse(struct json_parser *p, struct str text, size_t max_bytes, struct json *ret, const char **ret_why)
{
    static const char *const why[] = {
        [TAPE_EMPTY] = "empty", [TAPE_SYNTAX] = "syntax", [TAPE_UTF8] = "utf8", [TAPE_DEPTH] = "depth", [TAPE_NUMBER] = "number", [TAPE_STRING] = "string"};
    if (text.len > max_bytes) {
        *ret_why = "too_large";
        return RC_TOO_LARGE;
    }
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        text = str_sub(text, 3, text.len);
    enum tape_error error = text.len ? tape_parse(p, text.ptr, text.len) : TAPE_EMPTY;
    if (error == TAPE_NO_MEMORY)
        abort();
    if (error != TAPE_OK) {
        *ret_why = why[error];
        return RC_BAD_REQUEST;
    }
    /* A raw U+0000 is a control character, refused already; only its escape can bring one in. */
    if (str_find_str(text, STR("\\u0000")) >= 0 && has_nul(p)) {
        *ret_why = "nul";
        return RC_BAD_REQUEST;
    }
    *ret = (struct json){p, 1};
    return RC_OK;
}

/* ---- types and values ---- */

static inline char tag_of(struct json v)
{
    return v.parser ? tag_at(v.parser, v.at) : '\0';
}

enum json_type json_type(struct json v)
{
    switch (tag_of(v)) {
    case 'n': return JSON_NULL;
    case 't':
    case 'f': return JSON_BOOL;
    case 'l': return JSON_I64;
    case 'u': return JSON_U64;
    case 'd': return JSON_DOUBLE;
    case '"': return JSON_STR;
    case '[': return JSON_ARRAY;
    case '{': return JSON_OBJECT;
    default: return JSON_NONE;
    }
}

struct str json_str(struct json v)
{
    return tag_of(v) == '"' ? str_at(v.parser, v.at) : STR_NULL;
}

static double double_at(struct json v)
{
    double d;
    memcpy(&d, &v.parser->words[v.at + 1], sizeof(d));
    return d;
}

int64_t json_i64(struct json v, int64_t otherwise)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    switch (tag_of(v)) {
    case 'l': return (int64_t)v.parser->words[v.at + 1];
    case 'd': {
        double d = double_at(v);
        return d >= -exact && d <= exact && d == trunc(d) ? (int64_t)d : otherwise;
    }
    default: return otherwise; /* 'u' is used only above INT64_MAX */
    }
}

double json_double(struct json v, double otherwise)
{
    switch (tag_of(v)) {
    case 'l': return (double)(int64_t)v.parser->words[v.at + 1];
    case 'u': return (double)v.parser->words[v.at + 1];
    case 'd': return double_at(v);
    default: return otherwise;
    }
}

bool json_bool(struct json v, bool otherwise)
{
    char tag = tag_of(v);
    return tag == 't' || (tag != 'f' && otherwise);
}

static bool is_decimal(struct str s)
{
    size_t i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'), digits = 0, points = 0;
    for (; i < s.len; i++) {
        digits += s.ptr[i] >= '0' && s.ptr[i] <= '9';
        points += s.ptr[i] == '.';
    }
    return digits > 0 && points <= 1 && digits + points + (s.ptr[0] == '-' || s.ptr[0] == '+') == s.len;
}

struct str json_decimal(struct json v, struct arena *a)
{
    char text[TAPE_DOUBLE_TEXT];
    switch (tag_of(v)) {
    case '"': {
        struct str s = str_trim(json_str(v));
        return is_decimal(s) ? s : STR_NULL;
    }
    case 'l': return arena_printf(a, "%lld", (long long)v.parser->words[v.at + 1]);
    case 'u': return arena_printf(a, "%llu", (unsigned long long)v.parser->words[v.at + 1]);
    case 'd': return arena_str(a, str_n(text, tape_double_text(double_at(v), text)));
    default: return STR_NULL;
    }
}

/* ---- containers ---- */

struct json json_get(struct json object, struct str key)
{
    const struct json_parser *p = object.parser;
    uint32_t found = 0;
    if (tag_of(object) != '{')
        return JSON_ABSENT;
    uint32_t end = after(p, object.at) - 1;
    for (uint32_t at = object.at + 1; at < end; at = after(p, at + 1))
        if (str_eq(str_at(p, at), key))
            found = at + 1;
    return found ? (struct json){p, found} : JSON_ABSENT;
}

struct json_iter json_iter(struct json container)
{
    char tag = tag_of(container);
    if (tag != '{' && tag != '[')
        return (struct json_iter){.container = container};
    return (struct json_iter){.container = container, .next = container.at + 1, .end = after(container.parser, container.at) - 1, .object = tag == '{'};
}

bool json_next(struct json_iter *it)
{
    const struct json_parser *p = it->container.parser;
    if (it->next >= it->end)
        return false;
    uint32_t at = it->next;
    if (it->object)
        it->key = str_at(p, at++);
    it->value = (struct json){p, at};
    it->next = after(p, at);
    return true;
}

size_t json_count(struct json container)
{
    const size_t saturated = 0xFFFFFF;
    char tag = tag_of(container);
    if (tag != '{' && tag != '[')
        return 0;
    size_t count = container.parser->words[container.at] >> 32 & saturated;
    if (count < saturated)
        return count;
    struct json_iter it = json_iter(container);
    for (count = 0; json_next(&it);)
        count++;
    return count;
}

/* ---- the text again ---- */

static void write_container(struct json v, struct buf *out)
{
    bool object = tag_of(v) == '{', first = true;
    buf_add_byte(out, object ? '{' : '[');
    for (struct json_iter it = json_iter(v); json_next(&it); first = false) {
        if (!first)
            buf_add_byte(out, ',');
        if (object) {
            buf_add_json(out, it.key);
            buf_add_byte(out, ':');
        }
        json_write(it.value, out);
    }
    buf_add_byte(out, object ? '}' : ']');
}

/* Strings with their quotes and a comma or colon, brackets, and the shortest that anything else may be. */
size_t json_text_size(struct json v)
{
    const struct json_parser *p = v.parser;
    size_t size = 0;
    uint32_t end = p ? after(p, v.at) : 0;
    for (uint32_t at = v.at; at < end;) {
        char tag = tag_at(p, at);
        size += tag == '"' ? str_at(p, at).len + 3 : 1;
        at += tag == 'l' || tag == 'u' || tag == 'd' ? 2 : 1;
    }
    return size > 0 ? size - 1 : 0;
}

/* Recursion is bounded by the parser: LIMIT_JSON_DEPTH. */
void json_write(struct json v, struct buf *out)
{
    char text[TAPE_DOUBLE_TEXT];
    switch (tag_of(v)) {
    case '{':
    case '[': write_container(v, out); break;
    case '"': buf_add_json(out, json_str(v)); break;
    case 'l': buf_add_i64(out, json_i64(v, 0)); break;
    case 'u': buf_addf(out, "%llu", (unsigned long long)v.parser->words[v.at + 1]); break;
    case 'd': buf_add_bytes(out, text, tape_double_text(double_at(v), text)); break;
    case 't': buf_addz(out, "true"); break;
    case 'f': buf_addz(out, "false"); break;
    default: buf_addz(out, "null"); break;
    }
}
