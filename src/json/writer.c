/* JSON out: an append-only writer that knows where it stands, so that commas and nesting cannot go wrong silently. */
#include "base/clock.h"
#include "base/decimal.h"
#include "json/json.h"
#include "json/tape.h"

#include <assert.h>
#include <math.h>

enum { DEPTH_MAX = 64 };

struct jw jw_on(struct buf *out)
{
    return (struct jw){.out = out, .first = true};
}

static bool in_object(const struct jw *w)
{
    return w->depth > 0 && (w->objects >> (w->depth - 1) & 1);
}

/* Every value passes here: behind its key in an object, behind a comma in an array. */
static void before_value(struct jw *w)
{
    assert(w->keyed == in_object(w));
    if (!w->keyed && w->depth > 0 && !w->first)
        buf_add_byte(w->out, ',');
    w->keyed = false;
    w->first = false;
}

static void open_container(struct jw *w, bool object)
{
    before_value(w);
    assert(w->depth < DEPTH_MAX);
    uint64_t bit = UINT64_C(1) << w->depth++;
    w->objects = object ? w->objects | bit : w->objects & ~bit;
    w->first = true;
    buf_add_byte(w->out, object ? '{' : '[');
}

static void close_container(struct jw *w, bool object)
{
    assert(w->depth > 0 && in_object(w) == object && !w->keyed);
    w->depth--;
    w->first = false;
    buf_add_byte(w->out, object ? '}' : ']');
}

void jw_object(struct jw *w)
{
    open_container(w, true);
}

void jw_object_end(struct jw *w)
{
    close_container(w, true);
}

void jw_array(struct jw *w)
{
    open_container(w, false);
}

void jw_array_end(struct jw *w)
{
    close_container(w, false);
}

static void before_key(struct jw *w)
{
    assert(in_object(w) && !w->keyed);
    if (!w->first)
        buf_add_byte(w->out, ',');
    w->first = false;
    w->keyed = true;
}

void jw_key(struct jw *w, const char *key)
{
    before_key(w);
    buf_add_byte(w->out, '"');
    buf_addz(w->out, key);
    buf_addz(w->out, "\":");
}

void jw_key_str(struct jw *w, struct str key)
{
    before_key(w);
    buf_add_json(w->out, key);
    buf_add_byte(w->out, ':');
}

/* ---- values ---- */

void jw_str(struct jw *w, struct str v)
{
    before_value(w);
    buf_add_json(w->out, v);
}

void jw_raw(struct jw *w, struct str json)
{
    before_value(w);
    buf_add(w->out, json);
}

void jw_null(struct jw *w)
{
    jw_raw(w, STR("null"));
}

void jw_bool(struct jw *w, bool v)
{
    jw_raw(w, v ? STR("true") : STR("false"));
}

void jw_i64(struct jw *w, int64_t v)
{
    before_value(w);
    buf_add_i64(w->out, v);
}

void jw_id(struct jw *w, int64_t v)
{
    if (v == 0) {
        jw_null(w);
        return;
    }
    before_value(w);
    buf_add_byte(w->out, '"');
    buf_add_i64(w->out, v);
    buf_add_byte(w->out, '"');
}

void jw_double(struct jw *w, double v)
{
    char text[TAPE_DOUBLE_TEXT];
    jw_raw(w, isfinite(v) ? str_n(text, tape_double_text(v, text)) : STR("null"));
}

void jw_time(struct jw *w, int64_t us)
{
    if (us == 0) {
        jw_null(w);
        return;
    }
    before_value(w);
    buf_add_byte(w->out, '"');
    clock_add_iso(w->out, us);
    buf_add_byte(w->out, '"');
}

void jw_day(struct jw *w, int32_t day)
{
    before_value(w);
    buf_add_byte(w->out, '"');
    clock_add_day(w->out, day);
    buf_add_byte(w->out, '"');
}

void jw_money(struct jw *w, int64_t minor, int exponent)
{
    before_value(w);
    buf_add_byte(w->out, '"');
    decimal_add(w->out, minor, exponent);
    buf_add_byte(w->out, '"');
}

/* ---- key and value in one ---- */

void jw_kv_str(struct jw *w, const char *key, struct str v)
{
    jw_key(w, key);
    jw_str(w, v);
}

void jw_kv_z(struct jw *w, const char *key, const char *v)
{
    jw_key(w, key);
    if (v)
        jw_str(w, str_z(v));
    else
        jw_null(w);
}

void jw_kv_i64(struct jw *w, const char *key, int64_t v)
{
    jw_key(w, key);
    jw_i64(w, v);
}

void jw_kv_id(struct jw *w, const char *key, int64_t v)
{
    jw_key(w, key);
    jw_id(w, v);
}

void jw_kv_bool(struct jw *w, const char *key, bool v)
{
    jw_key(w, key);
    jw_bool(w, v);
}

void jw_kv_time(struct jw *w, const char *key, int64_t us)
{
    jw_key(w, key);
    jw_time(w, us);
}

void jw_kv_double(struct jw *w, const char *key, double v)
{
    jw_key(w, key);
    jw_double(w, v);
}

void jw_kv_money(struct jw *w, const char *key, int64_t minor, int exponent)
{
    jw_key(w, key);
    jw_money(w, minor, exponent);
}
