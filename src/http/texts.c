/* Texts that the server itself says: messages, salutations, the heads of workbooks: of i18n/, the same files that the console uses. */
#include "http/http_priv.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { LANGUAGES_MAX = 8, KEY_MAX = 128, TEXTS_BYTES_MAX = 4 << 20 };

struct text {
    char *key, *value;
};
struct language {
    char name[16]; /* "zh-CN" */
    struct text *items;
    size_t count, cap;
};
struct texts {
    struct language languages[LANGUAGES_MAX];
    size_t count, fallback;
};

static int text_order(const void *a, const void *b)
{
    return strcmp(((const struct text *)a)->key, ((const struct text *)b)->key);
}

static void text_put(struct language *l, const char *key, struct str value)
{
    if (l->count == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->items = mem_realloc(l->items, l->cap * sizeof(*l->items));
    }
    l->items[l->count++] = (struct text){mem_dupz(key, strlen(key)), mem_dupz(value.ptr, value.len)};
}

/* Files may nest ({"error":{"denied":…}}) or use dotted keys; both become "error.denied". */
static void flatten(struct language *l, struct json object, const char *prefix)
{
    struct json_iter it = json_iter(object);
    while (json_next(&it)) {
        char key[KEY_MAX];
        int len = snprintf(key, sizeof(key), "%s%.*s", prefix, STR_FMT(it.key));
        if (len < 0 || (size_t)len + 1 >= sizeof(key))
            continue;
        if (json_is(it.value, JSON_STR)) {
            text_put(l, key, json_str(it.value));
        } else if (json_is(it.value, JSON_OBJECT)) {
            key[len] = '.';
            key[len + 1] = '\0';
            flatten(l, it.value, key);
        }
    }
}

static void language_load(struct texts *t, const struct http_asset *asset, struct str name, struct json_parser *parser)
{
    struct language *l = &t->languages[t->count];
    struct buf plain = BUF_INIT(TEXTS_BYTES_MAX);
    struct str text = str_n(asset->data, asset->len);
    struct json root;
    const char *why = "";
    if (asset->gzip && body_inflate(text, TEXTS_BYTES_MAX - 1, &plain) == RC_OK)
        text = buf_str(&plain);
    if (json_parse(parser, text, TEXTS_BYTES_MAX, &root, &why) == RC_OK) {
        snprintf(l->name, sizeof(l->name), "%.*s", STR_FMT(name));
        flatten(l, root, "");
        qsort(l->items, l->count, sizeof(*l->items), text_order);
        if (str_eq(name, STR("en")))
            t->fallback = t->count;
        t->count++;
    } else {
        log_warn("http.texts.unreadable", LOG_S("language", name), LOG_Z("why", why));
    }
    buf_free(&plain);
}

struct texts *texts_load(const struct http_asset *assets)
{
    struct texts *t = mem_zalloc(1, sizeof(*t));
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    for (; assets->path; assets++) {
        struct str path = str_z(assets->path);
        if (str_starts(path, STR("/i18n/")) && str_ends(path, STR(".json")) && t->count < LANGUAGES_MAX)
            language_load(t, assets, str_sub(path, 6, path.len - 5), parser);
    }
    return t;
}

void texts_free(struct texts *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++) {
        for (size_t k = 0; k < t->languages[i].count; k++) {
            free(t->languages[i].items[k].key);
            free(t->languages[i].items[k].value);
        }
        free(t->languages[i].items);
    }
    free(t);
}

/* Traditional script is asked for by script or by region (RFC 4647 ranges; zh-HK, zh-MO, zh-Hant). */
static struct str language_alias(struct str tag)
{
    static const struct {
        const char *prefix, *name;
    } aliases[] = {{"zh-tw", "zh-TW"}, {"zh-hk", "zh-TW"}, {"zh-mo", "zh-TW"}, {"zh-hant", "zh-TW"}, {"zh", "zh-CN"}, {"en", "en"}};
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        struct str prefix = str_z(aliases[i].prefix);
        if (tag.len >= prefix.len && str_ieq(str_sub(tag, 0, prefix.len), prefix) && (tag.len == prefix.len || tag.ptr[prefix.len] == '-'))
            return str_z(aliases[i].name);
    }
    return STR_NULL;
}

/* ";q=0.8" → 800; no weight is 1000, a broken one 0. */
static int weight_of(struct str parameters)
{
    struct str q = str_trim(parameters);
    if (q.len == 0)
        return 1000;
    if (q.len < 3 || (q.ptr[0] != 'q' && q.ptr[0] != 'Q') || q.ptr[1] != '=' || q.ptr[2] < '0' || q.ptr[2] > '1')
        return 0;
    int weight = (q.ptr[2] - '0') * 1000, scale = 100;
    for (size_t i = 4; i < q.len && scale && q.ptr[i] >= '0' && q.ptr[i] <= '9'; i++, scale /= 10)
        weight += (q.ptr[i] - '0') * scale;
    return weight;
}

size_t texts_choose(const struct texts *t, struct str accept)
{
    size_t best = t->fallback;
    int best_weight = 0;
    struct str range;
    while (str_split(&accept, ',', &range)) {
        ptrdiff_t semicolon = str_find(range, ';');
        struct str tag = str_trim(semicolon < 0 ? range : str_sub(range, 0, (size_t)semicolon));
        int weight = weight_of(semicolon < 0 ? STR_NULL : str_sub(range, (size_t)semicolon + 1, range.len));
        struct str name = language_alias(tag);
        for (size_t i = 0; i < t->count && weight > best_weight; i++)
            if (str_eqz(name, t->languages[i].name)) {
                best = i;
                best_weight = weight;
            }
    }
    return best;
}

static const char *language_get(const struct language *l, const char *key)
{
    struct text wanted = {.key = (char *)(uintptr_t)key};
    const struct text *found = l->count ? bsearch(&wanted, l->items, l->count, sizeof(*l->items), text_order) : NULL;
    return found ? found->value : NULL;
}

const char *texts_get(const struct texts *t, size_t language, const char *key)
{
    const char *text = language < t->count ? language_get(&t->languages[language], key) : NULL;
    if (!text && t->fallback < t->count)
        text = language_get(&t->languages[t->fallback], key);
    return text ? text : key;
}
