/* JSON in (simdjson behind a C face) and out. Numbers keep their integers; strict UTF-8; depth and size limited. */
#ifndef ZX_JSON_JSON_H
#define ZX_JSON_JSON_H

#include "base/arena.h"
#include "base/buf.h"

/* ---- reading ---- */

struct json_parser; /* reusable, one thread at a time; owns the last document */
struct json_parser *json_parser_new(void);
void json_parser_free(struct json_parser *p);
MEM_DEFINE_CLEANUP(struct json_parser, json_parser_free)

enum json_type { JSON_NONE, JSON_NULL, JSON_BOOL, JSON_I64, JSON_U64, JSON_DOUBLE, JSON_STR, JSON_ARRAY, JSON_OBJECT };

/* A value of a document: two words, passed by value, valid until the parser's next document. JSON_NONE: absent. */
struct json {
    const struct json_parser *parser;
    uint32_t at;
};
#define JSON_ABSENT ((struct json){0})

/* Parses UTF-8 text of at most max_bytes and LIMIT_JSON_DEPTH. RC_BAD_REQUEST with a constant *ret_why
 * ("empty", "syntax", "utf8", "depth", "number", "string"), RC_TOO_LARGE. U+0000 in a string is refused ("nul").
 * `text` need not be padded. */
enum rc json_parse(struct json_parser *p, struct str text, size_t max_bytes, struct json *ret, const char **ret_why) ZX_MUST_CHECK;

enum json_type json_type(struct json v);
static inline bool json_is(struct json v, enum json_type t)
{
    return json_type(v) == t;
}
/* Member of an object by key, JSON_ABSENT when missing or not an object. The last of equal keys counts. */
struct json json_get(struct json object, struct str key);
size_t json_count(struct json container); /* elements or members */
/* Walks containers: struct json_iter it = json_iter(v); while (json_next(&it)) … it.key (objects) … it.value. */
struct json_iter {
    struct json container, value;
    struct str key;
    uint32_t next, end;
    bool object;
};
struct json_iter json_iter(struct json container);
bool json_next(struct json_iter *it);
/* Values; the wrong type gives the fallback. */
struct str json_str(struct json v);                  /* empty if not a string */
int64_t json_i64(struct json v, int64_t otherwise);  /* integers, and doubles without fraction up to 2^53 */
double json_double(struct json v, double otherwise); /* any number */
bool json_bool(struct json v, bool otherwise);
/* A number or a decimal string as text that reads back to the same value: "399.9"; shortest form of a double
 * (exact for up to 15 significant digits). Empty if neither. */
struct str json_decimal(struct json v, struct arena *a);
/* The value again as compact JSON text. */
void json_write(struct json v, struct buf *out);
/* About how many bytes of text the value took; never more than it did. Cheap: for limits. */
size_t json_text_size(struct json v);

/* ---- writing ---- */

/* A writer over a buf that puts the commas itself. Keys are constants. Misuse (a key outside an object, a value
 * without its key) asserts. */
struct jw {
    struct buf *out;
    uint32_t depth;   /* open containers, at most 64 */
    uint64_t objects; /* a bit per open container: is it an object */
    bool first;       /* nothing stands in the container yet */
    bool keyed;       /* a key was written, its value comes next */
};
struct jw jw_on(struct buf *out);
void jw_object(struct jw *w);
void jw_object_end(struct jw *w);
void jw_array(struct jw *w);
void jw_array_end(struct jw *w);
void jw_key(struct jw *w, const char *key);
void jw_key_str(struct jw *w, struct str key);
void jw_str(struct jw *w, struct str v);
void jw_i64(struct jw *w, int64_t v);
void jw_id(struct jw *w, int64_t v);    /* as a string: ids do not fit a double; 0 becomes null */
void jw_double(struct jw *w, double v); /* shortest; NaN and infinities become null */
void jw_bool(struct jw *w, bool v);
void jw_null(struct jw *w);
void jw_time(struct jw *w, int64_t us);                   /* ISO 8601 string; 0 becomes null */
void jw_day(struct jw *w, int32_t day);                   /* "2026-03-01" */
void jw_money(struct jw *w, int64_t minor, int exponent); /* decimal string "399.00" */
void jw_raw(struct jw *w, struct str json);
/* key and value in one */
void jw_kv_str(struct jw *w, const char *key, struct str v);
void jw_kv_z(struct jw *w, const char *key, const char *v); /* NULL becomes null */
void jw_kv_i64(struct jw *w, const char *key, int64_t v);
void jw_kv_id(struct jw *w, const char *key, int64_t v);
void jw_kv_bool(struct jw *w, const char *key, bool v);
void jw_kv_time(struct jw *w, const char *key, int64_t us);
void jw_kv_double(struct jw *w, const char *key, double v);
void jw_kv_money(struct jw *w, const char *key, int64_t minor, int exponent);

/* ---- field tables ---- */

/* One row per member of a request or reply body: the one place that decodes, validates, encodes and documents it. */
enum field_type {
    FIELD_STR,     /* struct str */
    FIELD_I64,     /* int64_t */
    FIELD_ID,      /* int64_t, a decimal string on the wire */
    FIELD_BOOL,    /* bool */
    FIELD_TIME,    /* int64_t µs, ISO 8601 on the wire */
    FIELD_DAY,     /* int32_t */
    FIELD_MONEY,   /* int64_t minor units with exponent 2; decimal text on the wire (a JSON number is taken too) */
    FIELD_DECIMAL, /* struct str, decimal text kept as it came */
    FIELD_ENUM,    /* int, index into `words` */
    FIELD_OBJECT,  /* struct of `sub`, in place */
    FIELD_LIST,    /* struct field_list of `sub` */
    FIELD_STRS,    /* struct field_list of struct str */
    FIELD_JSON,    /* struct json, any value; with `sub` documented as a list whose elements the handler decodes itself */
};
enum field_flag {
    FIELD_REQUIRED = 1,
    FIELD_NULLABLE = 2, /* null is allowed and different from absent, see `set` */
    FIELD_PERSONAL = 4, /* never logged, never echoed in errors */
};
struct field_list {
    void *items;
    size_t count;
};
struct field {
    const char *name; /* on the wire, snake_case */
    enum field_type type;
    uint32_t flags;
    size_t offset;            /* in the struct */
    int64_t min, max;         /* numbers, money: range (max 0: no upper end; both 0: none); strings: characters;
                                 lists: elements (max 0: the general limit) */
    const char *const *words; /* FIELD_ENUM, NULL-terminated */
    const struct field *sub;  /* FIELD_OBJECT, FIELD_LIST; ends with a row without name */
    size_t sub_size;          /* sizeof one element of a FIELD_LIST */
    const char *doc;          /* one sentence for the OpenAPI document */
};
#define FIELD_END    \
    {                \
        .name = NULL \
    }

/* Decodes a body into *out (zeroed by the caller, in the arena). *ret_set, if not NULL, gets a bit per top-level row
 * that was present (also when null). Unknown members are refused when `strict`. RC_INVALID; the failing path, e.g.
 * "lines[2].sku", goes into the context with the cause: required, unknown, null, wrong_type, malformed, too_precise,
 * too_small, too_large, too_short, too_long, too_few, too_many or not_a_choice. Strings point into the parser's
 * document: copy what outlives it. */
struct ctx;
enum rc field_decode(struct ctx *c, const struct field *fields, struct json body, bool strict, void *out, uint64_t *ret_set) ZX_MUST_CHECK;
/* The names of a table's rows, as an array: what an unknown member might have been (struct ctx_error, known). */
void field_names(struct jw *w, const struct field *fields);
/* The JSON Schema of a table, for the OpenAPI document. */
void field_schema(struct jw *w, const struct field *fields);

#endif
