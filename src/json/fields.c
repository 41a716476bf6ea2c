/* Field tables: one row per member decodes, validates and documents it. The path of a failure ("lines[2].sku") is a
 * chain of frames on the stack, spelled out only when something is wrong. */
#include "base/clock.h"
#include "base/ctx.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "json/json.h"

#include <assert.h>

struct place {
    const struct place *up;
    struct str name; /* of a member, or STR_NULL for an element */
    size_t index;
};

static void place_add(const struct place *p, struct buf *b)
{
    if (!p)
        return;
    place_add(p->up, b);
    if (!p->name.ptr)
        buf_addf(b, "[%zu]", p->index);
    else if (b->len)
        buf_addf(b, ".%.*s", STR_FMT(p->name));
    else
        buf_add(b, p->name);
}

static enum rc fail(struct ctx *c, const struct place *p, const char *cause)
{
    _cleanup_buf_ struct buf path = BUF_INIT(1 << 10);
    place_add(p, &path);
    buf_add_byte(&path, '\0');
    return ctx_fail(c, RC_INVALID, path.failed ? "" : path.ptr, cause);
}

/* ---- one value ---- */

/* The converters return NULL, or the cause. */
static const char *text_of(const struct field *f, struct json v, struct str *ret)
{
    if (!json_is(v, JSON_STR))
        return "wrong_type";
    struct str s = json_str(v);
    int64_t chars = (int64_t)str_chars(s);
    if (chars < f->min)
        return "too_short";
    if (chars > (f->max ? f->max : LIMIT_TEXT_CHARS))
        return "too_long";
    *ret = s;
    return NULL;
}

static const char *in_range(const struct field *f, int64_t value, int64_t *ret)
{
    if ((f->min || f->max) && value < f->min)
        return "too_small";
    if (f->max && value > f->max)
        return "too_large";
    *ret = value;
    return NULL;
}

static const char *i64_of(const struct field *f, struct json v, int64_t *ret)
{
    if (!json_is(v, JSON_I64) && !json_is(v, JSON_DOUBLE) && !json_is(v, JSON_U64))
        return "wrong_type";
    int64_t low = json_i64(v, INT64_MIN), high = json_i64(v, INT64_MAX);
    if (low != high)
        return json_is(v, JSON_DOUBLE) ? "malformed" : "too_large";
    return in_range(f, low, ret);
}

static const char *id_of(struct json v, int64_t *ret)
{
    if (!json_is(v, JSON_STR))
        return "wrong_type";
    return str_i64(json_str(v), ret) && *ret > 0 ? NULL : "malformed";
}

static const char *bool_of(struct json v, bool *ret)
{
    if (!json_is(v, JSON_BOOL))
        return "wrong_type";
    *ret = json_bool(v, false);
    return NULL;
}

static const char *time_of(struct json v, int64_t *ret)
{
    if (!json_is(v, JSON_STR))
        return "wrong_type";
    return clock_parse(json_str(v), ret) ? NULL : "malformed";
}

static const char *day_of(struct json v, int32_t *ret)
{
    if (!json_is(v, JSON_STR))
        return "wrong_type";
    return clock_parse_day(json_str(v), ret) ? NULL : "malformed";
}

static const char *decimal_of(struct ctx *c, struct json v, struct str *ret)
{
    enum json_type type = json_type(v);
    if (type != JSON_STR && type != JSON_I64 && type != JSON_U64 && type != JSON_DOUBLE)
        return "wrong_type";
    struct str s = json_decimal(v, c->arena);
    if (!decimal_ok(s))
        return "malformed";
    *ret = s;
    return NULL;
}

static const char *money_of(struct ctx *c, const struct field *f, struct json v, int64_t *ret)
{
    struct str text = STR_NULL;
    int64_t minor = 0;
    const char *cause = decimal_of(c, v, &text);
    if (!cause)
        cause = decimal_parse(text, 2, &minor);
    return cause ? cause : in_range(f, minor, ret);
}

static const char *enum_of(const struct field *f, struct json v, int *ret)
{
    if (!json_is(v, JSON_STR))
        return "wrong_type";
    for (int i = 0; f->words[i]; i++)
        if (str_eqz(json_str(v), f->words[i])) {
            *ret = i;
            return NULL;
        }
    return "not_a_choice";
}

/* ---- containers ---- */

static enum rc decode_object(struct ctx *c, const struct place *at, const struct field *fields, struct json body, bool strict, void *out, uint64_t *ret_set);

static enum rc list_room(struct ctx *c, const struct place *at, const struct field *f, struct json v, size_t item_size, struct field_list *list)
{
    if (!json_is(v, JSON_ARRAY))
        return fail(c, at, "wrong_type");
    size_t count = json_count(v);
    if ((int64_t)count < f->min)
        return fail(c, at, "too_few");
    if (count > (size_t)(f->max ? f->max : LIMIT_LIST_ITEMS))
        return fail(c, at, "too_many");
    *list = (struct field_list){.items = arena_alloc_array(c->arena, count, item_size), .count = count};
    return RC_OK;
}

static enum rc decode_list(struct ctx *c, const struct place *at, const struct field *f, struct json v, bool strict, struct field_list *list)
{
    enum rc rc = list_room(c, at, f, v, f->sub_size, list);
    if (rc)
        return rc;
    struct place element = {.up = at};
    for (struct json_iter it = json_iter(v); json_next(&it); element.index++) {
        rc = decode_object(c, &element, f->sub, it.value, strict, (char *)list->items + element.index * f->sub_size, NULL);
        if (rc)
            return rc;
    }
    return RC_OK;
}

static enum rc decode_strs(struct ctx *c, const struct place *at, const struct field *f, struct json v, struct field_list *list)
{
    static const struct field any_text = {.name = ""};
    enum rc rc = list_room(c, at, f, v, sizeof(struct str), list);
    if (rc)
        return rc;
    struct place element = {.up = at};
    for (struct json_iter it = json_iter(v); json_next(&it); element.index++) {
        const char *cause = text_of(&any_text, it.value, (struct str *)list->items + element.index);
        if (cause)
            return fail(c, &element, cause);
    }
    return RC_OK;
}

static enum rc decode_value(struct ctx *c, const struct place *at, const struct field *f, struct json v, bool strict, void *out)
{
    const char *cause = NULL;
    switch (f->type) {
    case FIELD_STR: cause = text_of(f, v, out); break;
    case FIELD_I64: cause = i64_of(f, v, out); break;
    case FIELD_ID: cause = id_of(v, out); break;
    case FIELD_BOOL: cause = bool_of(v, out); break;
    case FIELD_TIME: cause = time_of(v, out); break;
    case FIELD_DAY: cause = day_of(v, out); break;
    case FIELD_MONEY: cause = money_of(c, f, v, out); break;
    case FIELD_DECIMAL: cause = decimal_of(c, v, out); break;
    case FIELD_ENUM: cause = enum_of(f, v, out); break;
    case FIELD_OBJECT: return decode_object(c, at, f->sub, v, strict, out, NULL);
    case FIELD_LIST: return decode_list(c, at, f, v, strict, out);
    case FIELD_STRS: return decode_strs(c, at, f, v, out);
    case FIELD_JSON: *(struct json *)out = v; break;
    }
    return cause ? fail(c, at, cause) : RC_OK;
}

static enum rc decode_member(struct ctx *c, const struct place *at, const struct field *f, struct json v, bool strict, void *out)
{
    if (!json_is(v, JSON_NULL) || f->type == FIELD_JSON)
        return decode_value(c, at, f, v, strict, (char *)out + f->offset);
    return f->flags & FIELD_NULLABLE ? RC_OK : fail(c, at, f->flags & FIELD_REQUIRED ? "required" : "null");
}

static size_t row_of(const struct field *fields, struct str name)
{
    size_t i = 0;
    while (fields[i].name && !str_eqz(name, fields[i].name))
        i++;
    assert(i < 64);
    return i;
}

static enum rc check_required(struct ctx *c, const struct place *up, const struct field *fields, uint64_t set)
{
    for (size_t i = 0; fields[i].name; i++)
        if (fields[i].flags & FIELD_REQUIRED && !(set >> i & 1))
            return fail(c, &(struct place){.up = up, .name = str_z(fields[i].name)}, "required");
    return RC_OK;
}

/* A stranger's member name is echoed only if it looks like a name: it could be anything, even a phone number. */
static struct str echo_of(struct str name)
{
    enum { DIGITS_MAX = 2 };
    size_t digits = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        digits += c >= '0' && c <= '9';
        if (!letter && (i == 0 || (c != '_' && c != '-' && !(c >= '0' && c <= '9'))))
            return STR("?");
    }
    if (digits > DIGITS_MAX)
        return STR("?");
    return name.len > 0 && name.len <= 32 ? name : STR("?");
}

static enum rc fail_unknown(struct ctx *c, const struct place *at, const struct field *known)
{
    bool first = c->error.rc == RC_OK;
    enum rc rc = fail(c, at, "unknown");
    if (first)
        c->error.known = known;
    return rc;
}

void field_names(struct jw *w, const struct field *fields)
{
    jw_array(w);
    for (; fields->name; fields++)
        jw_str(w, str_z(fields->name));
    jw_array_end(w);
}

/* Walks the body once, in its order: each member finds its row. Of equal names the last one counts. */
static enum rc decode_object(struct ctx *c, const struct place *up, const struct field *fields, struct json body, bool strict, void *out, uint64_t *ret_set)
{
    uint64_t set = 0;
    if (!json_is(body, JSON_OBJECT))
        return fail(c, up, "wrong_type");
    for (struct json_iter it = json_iter(body); json_next(&it);) {
        size_t row = row_of(fields, it.key);
        struct place at = {.up = up, .name = fields[row].name ? it.key : echo_of(it.key)};
        if (!fields[row].name) {
            if (strict)
                return fail_unknown(c, &at, fields);
            continue;
        }
        enum rc rc = decode_member(c, &at, &fields[row], it.value, strict, out);
        if (rc)
            return rc;
        set |= UINT64_C(1) << row;
    }
    if (ret_set)
        *ret_set = set;
    return check_required(c, up, fields, set);
}

enum rc field_decode(struct ctx *c, const struct field *fields, struct json body, bool strict, void *out, uint64_t *ret_set)
{
    return decode_object(c, NULL, fields, body, strict, out, ret_set);
}
