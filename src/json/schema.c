/* Field tables as JSON Schema (draft 2020-12, what OpenAPI 3.1 uses), so that the document cannot differ from the
 * decoder. */
#include "base/limits.h"
#include "json/json.h"

/* JSON Schema's "type" and "format" of each field type. */
static const struct {
    const char *type, *format;
} shapes[] = {
    [FIELD_STR] = {"string", NULL},        [FIELD_I64] = {"integer", "int64"},      [FIELD_ID] = {"string", "int64"},
    [FIELD_BOOL] = {"boolean", NULL},      [FIELD_TIME] = {"string", "date-time"},  [FIELD_DAY] = {"string", "date"},
    [FIELD_MONEY] = {"string", "decimal"}, [FIELD_DECIMAL] = {"string", "decimal"}, [FIELD_ENUM] = {"string", NULL},
    [FIELD_OBJECT] = {"object", NULL},     [FIELD_LIST] = {"array", NULL},          [FIELD_STRS] = {"array", NULL},
    [FIELD_JSON] = {NULL, NULL},
};

static void write_type(struct jw *w, const struct field *f)
{
    const char *type = shapes[f->type].type;
    if (!type)
        return;
    jw_key(w, "type");
    if (f->flags & FIELD_NULLABLE) {
        jw_array(w);
        jw_str(w, str_z(type));
        jw_str(w, STR("null"));
        jw_array_end(w);
    } else {
        jw_str(w, str_z(type));
    }
    if (shapes[f->type].format)
        jw_kv_z(w, "format", shapes[f->type].format);
}

static void write_limits(struct jw *w, const struct field *f, const char *low, const char *high, int64_t general)
{
    if (f->min)
        jw_kv_i64(w, low, f->min);
    if (f->max || general)
        jw_kv_i64(w, high, f->max ? f->max : general);
}

static void write_words(struct jw *w, const struct field *f)
{
    jw_key(w, "enum");
    jw_array(w);
    for (size_t i = 0; f->words[i]; i++)
        jw_str(w, str_z(f->words[i]));
    if (f->flags & FIELD_NULLABLE)
        jw_null(w);
    jw_array_end(w);
}

static void write_members(struct jw *w, const struct field *fields);

static void write_items(struct jw *w, const struct field *f)
{
    write_limits(w, f, "minItems", "maxItems", LIMIT_LIST_ITEMS);
    jw_key(w, "items");
    jw_object(w);
    jw_kv_z(w, "type", f->type == FIELD_STRS ? "string" : "object");
    if (f->type != FIELD_STRS)
        write_members(w, f->sub);
    jw_object_end(w);
}

static void write_field(struct jw *w, const struct field *f)
{
    jw_object(w);
    write_type(w, f);
    switch (f->type) {
    case FIELD_STR: write_limits(w, f, "minLength", "maxLength", LIMIT_TEXT_CHARS); break;
    case FIELD_I64: write_limits(w, f, "minimum", "maximum", 0); break;
    case FIELD_ENUM: write_words(w, f); break;
    case FIELD_OBJECT: write_members(w, f->sub); break;
    case FIELD_JSON:
        if (!f->sub) /* any value; with a table it is a list that its handler decodes element by element */
            break;
        jw_kv_z(w, "type", "array");
        write_items(w, f);
        break;
    case FIELD_LIST:
    case FIELD_STRS: write_items(w, f); break;
    default: break;
    }
    if (f->doc)
        jw_kv_z(w, "description", f->doc);
    jw_object_end(w);
}

static void write_members(struct jw *w, const struct field *fields)
{
    bool required = false;
    jw_key(w, "properties");
    jw_object(w);
    for (const struct field *f = fields; f->name; f++) {
        jw_key(w, f->name);
        write_field(w, f);
        required |= f->flags & FIELD_REQUIRED;
    }
    jw_object_end(w);
    if (required) {
        jw_key(w, "required");
        jw_array(w);
        for (const struct field *f = fields; f->name; f++)
            if (f->flags & FIELD_REQUIRED)
                jw_str(w, str_z(f->name));
        jw_array_end(w);
    }
    jw_kv_bool(w, "additionalProperties", false);
}

void field_schema(struct jw *w, const struct field *fields)
{
    jw_object(w);
    jw_kv_z(w, "type", "object");
    write_members(w, fields);
    jw_object_end(w);
}
