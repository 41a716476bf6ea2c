/* Properties and context of an event become typed columns. The rest stays as a small JSON object, from which personal
 * values (by name and by pattern), free text and card numbers are taken out before anything is written (design §2). */
#include "base/decimal.h"
#include "intake/intake_priv.h"

#include <math.h>
#include <stdio.h>

enum { PROP_DEPTH_MAX = 3, PROP_TEXT_MAX = 128, PROPS_BYTES_MAX = 8 << 10 };

static struct str keep(struct intake_unit *u, struct str s, size_t max)
{
    return arena_str(u->arena, str_cut(s, max));
}

/* Text that may hold a personal value is redacted; what has none is copied as it is. */
static struct str keep_clean(struct intake_unit *u, struct event *e, struct str s, size_t max)
{
    if (vault_find_personal(s) == 0)
        return keep(u, s, max);
    e->flags |= EVENT_REDACTED;
    return str_cut(vault_redact(u->arena, s), max);
}

struct str intake_code_of(struct intake_unit *u, struct json v, size_t max)
{
    if (json_is(v, JSON_I64) || json_is(v, JSON_U64))
        return vault_code(u->app, u->arena, arena_printf(u->arena, "%lld", (long long)json_i64(v, 0)));
    return vault_code(u->app, u->arena, str_cut(json_str(v), max));
}

/* Path of a URL or path: no query, no fragment, no host. */
static struct str path_of(struct str url)
{
    ptrdiff_t scheme = str_find_str(url, STR("://"));
    if (scheme >= 0) {
        url = str_sub(url, (size_t)scheme + 3, url.len);
        ptrdiff_t slash = str_find(url, '/');
        url = slash < 0 ? STR("/") : str_sub(url, (size_t)slash, url.len);
    }
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] == '?' || url.ptr[i] == '#')
            return str_sub(url, 0, i);
    return url;
}

static struct str host_of(struct str url)
{
    ptrdiff_t scheme = str_find_str(url, STR("://"));
    if (scheme < 0)
        return STR_NULL;
    url = str_sub(url, (size_t)scheme + 3, url.len);
    for (size_t i = 0; i < url.len; i++)
        if (strchr("/?#:", url.ptr[i]))
            return str_sub(url, 0, i);
    return url;
}

static int64_t money_of(struct intake_unit *u, struct json v)
{
    int64_t minor;
    return decimal_parse(json_decimal(v, u->arena), 2, &minor) ? 0 : minor;
}

enum column { COL_PATH = 1, COL_TITLE, COL_REFERRER, COL_PRODUCT, COL_CATEGORY, COL_ORDER, COL_VALUE, COL_PRICE, COL_QUANTITY, COL_CURRENCY, COL_DROP, COL_PRODUCTS };

static enum column column_of(struct str key)
{
    static const struct {
        struct str name;
        enum column column;
    } names[] = {
        {STR("path"), COL_PATH},     {STR("url"), COL_PATH},          {STR("title"), COL_TITLE},       {STR("referrer"), COL_REFERRER}, {STR("product_id"), COL_PRODUCT},
        {STR("sku"), COL_PRODUCT},   {STR("category"), COL_CATEGORY}, {STR("order_id"), COL_ORDER},    {STR("total"), COL_VALUE},       {STR("revenue"), COL_VALUE},
        {STR("value"), COL_VALUE},   {STR("price"), COL_PRICE},       {STR("quantity"), COL_QUANTITY}, {STR("currency"), COL_CURRENCY}, {STR("search"), COL_DROP},
        {STR("keywords"), COL_DROP}, {STR("products"), COL_PRODUCTS}, {STR("tab_url"), COL_DROP},      {STR("ip"), COL_DROP},           {STR("userAgent"), COL_DROP},
        {STR(INTAKE_CLAIMS), COL_DROP}, /* ours to write */
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_eq(key, names[i].name))
            return names[i].column;
    return 0;
}

/* Free text is written by people and may hold anything: kept only under these names, and redacted there. */
bool intake_is_free_text(struct str key)
{
    static const struct str names[] = {STR("message"),     STR("comment"),       STR("text"),    STR("note"),   STR("notes"),
                                       STR("body"),        STR("description"),   STR("content"), STR("remark"), STR("feedback"),
                                       STR("review_body"), STR("share_message"), STR("留言"),    STR("备注"),   STR("评论")};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_ieq(key, names[i]))
            return true;
    return false;
}

static void add_value(struct event *e, struct jw *w, struct str key, struct json v, int depth);

static void add_members(struct event *e, struct jw *w, struct json object, int depth)
{
    jw_object(w);
    for (struct json_iter it = json_iter(object); json_next(&it);)
        add_value(e, w, it.key, it.value, depth + 1);
    jw_object_end(w);
}

static void add_elements(struct event *e, struct jw *w, struct json array, int depth)
{
    jw_array(w);
    for (struct json_iter it = json_iter(array); json_next(&it);)
        add_value(e, w, STR_NULL, it.value, depth + 1);
    jw_array_end(w);
}

/* A phone or card may come as a number: its digits count, not its sign or fraction. */
static bool is_personal_number(struct json v)
{
    char digits[32];
    double size = fabs(json_double(v, 0));
    if (size < 1e6 || size > 1e19)
        return false;
    int len = snprintf(digits, sizeof(digits), "%.0f", trunc(size));
    if (json_is(v, JSON_I64)) /* all its digits, which a double may not hold */
        len = snprintf(digits, sizeof(digits), "%lld", (long long)json_i64(v, 0));
    struct str text = str_n(digits, (size_t)len);
    return vault_find_personal(str_starts(text, STR("-")) ? str_sub(text, 1, text.len) : text) != 0;
}

static bool may_stay(struct event *e, struct str key, struct json v, int depth)
{
    if (key.ptr && (vault_field_by_name(key) || intake_is_free_text(key) || vault_find_personal(key))) { /* a key may be data, too */
        e->flags |= EVENT_REDACTED;
        return false;
    }
    if (json_is(v, JSON_STR)) {
        struct str text = json_str(v);
        if (vault_find_personal(text))
            e->flags |= EVENT_REDACTED;
        return text.len > 0 && text.len <= PROP_TEXT_MAX && vault_find_personal(text) == 0;
    }
    if (json_is(v, JSON_I64) || json_is(v, JSON_U64) || json_is(v, JSON_DOUBLE))
        return !is_personal_number(v);
    return !json_is(v, JSON_NULL) && (depth < PROP_DEPTH_MAX || json_is(v, JSON_BOOL));
}

static void add_value(struct event *e, struct jw *w, struct str key, struct json v, int depth)
{
    if (!may_stay(e, key, v, depth))
        return;
    if (key.ptr)
        jw_key_str(w, key);
    switch (json_type(v)) {
    case JSON_OBJECT: add_members(e, w, v, depth); break;
    case JSON_ARRAY: add_elements(e, w, v, depth); break;
    case JSON_STR: jw_str(w, json_str(v)); break;
    case JSON_BOOL: jw_bool(w, json_bool(v, false)); break;
    case JSON_DOUBLE: jw_double(w, json_double(v, 0)); break;
    default: jw_i64(w, json_i64(v, 0)); break;
    }
}

static void set_column(struct intake_unit *u, struct event *e, enum column column, struct json v, int64_t *price_minor)
{
    struct str s = json_str(v);
    switch (column) {
    case COL_PATH: e->path = e->path.len ? e->path : keep_clean(u, e, path_of(s), 300); break;
    case COL_TITLE: e->title = keep_clean(u, e, s, 200); break;
    case COL_REFERRER: e->referrer = keep_clean(u, e, host_of(s), 200); break;
    case COL_PRODUCT: e->product = json_is(v, JSON_NULL) || (json_is(v, JSON_STR) && s.len == 0) ? e->product : intake_code_of(u, v, 100); break;
    case COL_CATEGORY: e->category = keep_clean(u, e, s, 100); break;
    case COL_ORDER: e->order_no = intake_code_of(u, v, 100); break;
    case COL_VALUE: e->value_minor = e->value_minor ? e->value_minor : money_of(u, v); break;
    case COL_PRICE: *price_minor = money_of(u, v); break;
    case COL_QUANTITY: e->quantity = json_i64(v, 0); break;
    case COL_CURRENCY: e->currency = keep(u, s, 3); break;
    default: break;
    }
}

void intake_props_take(struct intake_unit *u, struct json properties, struct event *e)
{
    int64_t price_minor = 0;
    _cleanup_buf_ struct buf rest = BUF_INIT(PROPS_BYTES_MAX);
    struct jw w = jw_on(&rest);
    if (!json_is(properties, JSON_OBJECT))
        return;
    jw_object(&w);
    for (struct json_iter it = json_iter(properties); json_next(&it);) {
        enum column column = column_of(it.key);
        if (column && column != COL_PRODUCTS)
            set_column(u, e, column, it.value, &price_minor);
        else
            add_value(e, &w, it.key, it.value, 0);
    }
    jw_object_end(&w);
    if (e->value_minor == 0)
        e->value_minor = price_minor * (e->quantity > 0 ? e->quantity : 1);
    if (!rest.failed && rest.len > 2)
        e->props = keep(u, buf_str(&rest), rest.len);
}

static struct str device_of(struct json context)
{
    struct str kind = json_str(json_get(json_get(context, STR("device")), STR("type")));
    struct str agent = json_str(json_get(context, STR("userAgent")));
    if (str_find_str(agent, STR("iPad")) >= 0 || str_find_str(agent, STR("Tablet")) >= 0)
        return STR("tablet");
    if (kind.len || str_find_str(agent, STR("Mobi")) >= 0)
        return STR("phone");
    return agent.len ? STR("desktop") : STR_NULL;
}

void intake_context_take(struct intake_unit *u, struct json context, struct event *e)
{
    struct json page = json_get(context, STR("page")), campaign = json_get(context, STR("campaign"));
    struct str path = json_str(json_get(page, STR("path")));
    e->path = keep_clean(u, e, path_of(path.len ? path : json_str(json_get(page, STR("url")))), 300);
    e->title = keep_clean(u, e, json_str(json_get(page, STR("title"))), 200);
    e->referrer = keep_clean(u, e, host_of(json_str(json_get(page, STR("referrer")))), 200);
    e->utm_source = keep_clean(u, e, json_str(json_get(campaign, STR("source"))), 100);
    e->utm_medium = keep_clean(u, e, json_str(json_get(campaign, STR("medium"))), 100);
    e->utm_campaign = keep_clean(u, e, json_str(json_get(campaign, STR("name"))), 100);
    e->device = device_of(context);
}
