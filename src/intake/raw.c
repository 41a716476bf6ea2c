/* What quarantine keeps of a call that could not be taken: enough to see what is wrong with it, nothing of the person in it.
 * It is not the call: it can not be sent again. */
#include "intake/intake_priv.h"
#include "base/limits.h"

enum { RAW_TEXT_MAX = 200, RAW_BYTES_MAX = 2000 };

static void write_safe(struct jw *w, struct json v, bool personal);

/* What tells of a person is known by its name; below traits it may have any. */
static void write_member(struct jw *w, struct str key, struct json v, bool personal)
{
    personal |= str_eqz(key, "traits") || vault_field_by_name(key) || intake_is_free_text(key);
    jw_key_str(w, str_cut(key, RAW_TEXT_MAX));
    write_safe(w, v, personal);
}

static void write_text(struct jw *w, struct json v, bool personal)
{
    if (personal)
        jw_str(w, STR("‹…›"));
    else
        jw_str(w, str_cut(json_str(v), RAW_TEXT_MAX));
}

static void write_number(struct jw *w, struct json v, bool personal)
{
    _cleanup_buf_ struct buf text = BUF_INIT(64);
    json_write(v, &text);
    jw_raw(w, personal ? STR("0") : buf_str(&text));
}

/* Recursion is bounded by the parser: LIMIT_JSON_DEPTH. */
static void write_safe(struct jw *w, struct json v, bool personal)
{
    struct json_iter it = json_iter(v);
    switch (json_type(v)) {
    case JSON_OBJECT:
        jw_object(w);
        while (json_next(&it))
            write_member(w, it.key, it.value, personal);
        jw_object_end(w);
        break;
    case JSON_ARRAY:
        jw_array(w);
        while (json_next(&it))
            write_safe(w, it.value, personal);
        jw_array_end(w);
        break;
    case JSON_STR: write_text(w, v, personal); break;
    case JSON_BOOL: jw_bool(w, json_bool(v, false)); break;
    case JSON_NULL:
    case JSON_NONE: jw_null(w); break;
    default: write_number(w, v, personal); break;
    }
}

struct str intake_raw_text(struct intake_unit *u, struct json call)
{
    _cleanup_buf_ struct buf text = BUF_INIT(LIMIT_BATCH_BYTES * 8);
    struct jw w = jw_on(&text);
    write_safe(&w, call, !json_is(call, JSON_OBJECT)); /* a bare text may be anything */
    return vault_redact(u->arena, str_cut(buf_str(&text), RAW_BYTES_MAX));
}
