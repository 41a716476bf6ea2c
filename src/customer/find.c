/* Finding people: the list with its filters, search by name, the one field at the till, and duplicates while typing.
 * Whoever may browse only her own stores finds others by a full identifier alone, and then gets a till card. */
#include "customer/bodies.h"

#include <stddef.h>

enum { PAGE_DEFAULT = 50, NAMES_MAX = 200, LOOKUP_MAX = 20, DUPLICATES_MAX = 5, SCORE_SAME_NAME = 60 };

const struct field customer_search_fields[] = {
    {"q", FIELD_STR, FIELD_PERSONAL, offsetof(struct search_in, q), .max = LIMIT_NAME_CHARS, .doc = "Name, pinyin, initials, or last four of a phone and surname."},
    {"store", FIELD_STR, 0, offsetof(struct search_in, store), .max = 64, .doc = "Code of the home store."},
    {"tag", FIELD_STR, 0, offsetof(struct search_in, tag), .max = LIMIT_NAME_CHARS, .doc = "Only with this tag."},
    {"class", FIELD_STR, 0, offsetof(struct search_in, class), .max = 16, .doc = "consumer, staff, reseller or test."},
    {"sort", FIELD_STR, 0, offsetof(struct search_in, sort), .max = 16, .doc = "last_seen, spent, orders, created or name; - before it for the other way round."},
    {"after", FIELD_STR, 0, offsetof(struct search_in, after), .max = 128, .doc = "Cursor of the page before."},
    {"limit", FIELD_I64, 0, offsetof(struct search_in, limit), .min = 1, .max = LIMIT_LIST_PAGE, .doc = "Rows of a page."},
    FIELD_END,
};

const struct field customer_lookup_fields[] = {
    {"q", FIELD_STR, FIELD_REQUIRED | FIELD_PERSONAL, offsetof(struct lookup_in, q), .min = 1, .max = LIMIT_NAME_CHARS,
     .doc = "Phone, e-mail, card, customer code, order or receipt number; or name, pinyin, initials, last four and surname."},
    FIELD_END,
};

const struct field customer_duplicates_fields[] = {
    {"name", FIELD_STR, FIELD_PERSONAL, offsetof(struct duplicates_in, name), .max = LIMIT_NAME_CHARS},
    {"phone", FIELD_STR, FIELD_PERSONAL, offsetof(struct duplicates_in, phone), .max = 64},
    {"email", FIELD_STR, FIELD_PERSONAL, offsetof(struct duplicates_in, email), .max = 254},
    {"card", FIELD_STR, FIELD_PERSONAL, offsetof(struct duplicates_in, card), .max = 64},
    FIELD_END,
};

/* ---- from a request to a query ---- */

static enum rc query_store(struct ctx *c, struct str code, struct list_query *q)
{
    int64_t *id = arena_new_one(c->arena, int64_t);
    enum rc rc = db_get_i64(c->db, 0, id, "customer_store_by_code", DB_TEXT("code", code));
    if (rc)
        return rc;
    if (*id == 0)
        return ctx_fail(c, RC_INVALID, "store", "unknown");
    if (c->actor && !access_can_see_store(c->actor, *id))
        return ctx_fail(c, RC_DENIED, "store", "other_store");
    q->every_store = false;
    q->stores = id;
    q->store_count = 1;
    return RC_OK;
}

/* Without a store, everything that the actor may browse. */
static enum rc query_of(struct ctx *c, const struct request *r, const struct search_in *in, struct list_query *ret)
{
    bool given = false;
    struct list_query q = {.q = str_trim(in->q), .sort = in->sort, .tag = in->tag, .limit = in->limit ? in->limit : PAGE_DEFAULT};
    q.every_store = !c->actor || !c->actor->stores;
    q.stores = q.every_store ? NULL : c->actor->stores;
    q.store_count = q.every_store ? 0 : c->actor->store_count;
    if (in->class.len && !customer_class_of(in->class, &q.class))
        return ctx_fail(c, RC_INVALID, "class", "not_a_choice");
    enum rc rc = in->store.len ? query_store(c, in->store, &q) : RC_OK;
    if (!rc)
        rc = request_cursor(c, r, in->after, q.after, 2, &given);
    q.first = !given;
    if (!rc)
        *ret = q;
    return rc;
}

/* ---- pages ---- */

/* The vault's index knows names only; the other filters are left to the rows. */
static bool passes(const struct list_query *q, const struct view *v)
{
    bool tagged = q->tag.len == 0;
    int64_t class = view_number(v, PROFILE_CLASS);
    for (size_t i = 0; i < v->tag_count; i++)
        tagged |= str_eq(v->tags[i], q->tag);
    return tagged && (q->class == 0 || (class ? class : CUSTOMER_CONSUMER) == q->class);
}

static enum rc list_by_name(struct ctx *c, const struct list_query *q, struct list_page *ret)
{
    struct vault_search s = {.query = q->q, .stores = q->stores, .store_count = q->store_count, .limit = (size_t)q->limit + 1};
    struct list_page page = {.ids = arena_new_array(c->arena, int64_t, (size_t)q->limit)};
    struct vault_hit *hits;
    size_t count, total = 0, offset = q->first ? 0 : (size_t)q->after[0];
    enum rc rc = vault_by_name(c, &s, offset, &hits, &count, &total);
    if (rc)
        return rc;
    page.more = count > (size_t)q->limit;
    page.count = page.more ? (size_t)q->limit : count;
    for (size_t i = 0; i < page.count; i++)
        page.ids[i] = hits[i].customer_id;
    page.last[0] = (int64_t)(offset + page.count);
    page.total = (int64_t)total;
    page.exact = q->tag.len == 0 && q->class == 0;
    *ret = page;
    return RC_OK;
}

/* Best first; what matches a name is few, so the page is cut from one search. */
static enum rc list_by_score(struct ctx *c, const struct list_query *q, struct list_page *ret)
{
    struct vault_search s = {.query = q->q, .stores = q->stores, .store_count = q->store_count, .limit = NAMES_MAX};
    struct list_page page = {.ids = arena_new_array(c->arena, int64_t, (size_t)q->limit)};
    struct vault_hit *hits;
    size_t count, from = q->first ? 0 : (size_t)q->after[0];
    enum rc rc = vault_search(c, &s, &hits, &count);
    if (rc)
        return rc;
    for (size_t i = from; i < count && page.count < (size_t)q->limit; i++)
        page.ids[page.count++] = hits[i].customer_id;
    page.more = from + page.count < count;
    page.last[0] = (int64_t)(from + page.count);
    page.total = (int64_t)count;
    page.exact = count < NAMES_MAX && q->tag.len == 0 && q->class == 0;
    *ret = page;
    return RC_OK;
}

static enum rc write_rows(struct ctx *c, const struct list_query *q, const struct list_page *page, struct jw *w)
{
    struct view *views;
    size_t count;
    enum rc rc = views_load(c, page->ids, page->count, &views, &count);
    if (rc)
        return rc;
    jw_key(w, "items");
    jw_array(w);
    for (size_t i = 0; i < count; i++) {
        if (!view_visible(c, &views[i]) || !passes(q, &views[i]))
            continue;
        jw_object(w);
        view_write_row(c, &views[i], w);
        jw_object_end(w);
    }
    jw_array_end(w);
    return RC_OK;
}

static enum rc write_page(struct ctx *c, const struct request *r, const struct list_query *q, const struct list_page *page, struct jw *w)
{
    jw_object(w);
    enum rc rc = write_rows(c, q, page, w);
    if (rc)
        return rc;
    jw_key(w, "next");
    if (page->more)
        jw_str(w, request_cursor_make(c, r, page->last, 2));
    else
        jw_null(w);
    jw_key(w, "total");
    jw_object(w);
    jw_kv_i64(w, "count", page->total);
    jw_kv_bool(w, "exact", page->exact);
    jw_object_end(w);
    jw_object_end(w);
    return RC_OK;
}

static enum rc show(struct ctx *c, const struct request *r, const struct search_in *in, struct reply *p)
{
    struct list_query q;
    struct list_page page;
    enum rc rc = query_of(c, r, in, &q);
    if (rc)
        return rc;
    if (str_eqz(q.sort, "name"))
        rc = list_by_name(c, &q, &page);
    else if (q.q.len)
        rc = list_by_score(c, &q, &page);
    else
        rc = list_by_stat(c, &q, &page);
    return rc ? rc : write_page(c, r, &q, &page, &p->json);
}

enum rc customer_list(struct ctx *c, const struct request *r, struct reply *p)
{
    struct search_in in = {.store = request_query(r, "store"), .tag = request_query(r, "tag"), .class = request_query(r, "class"),
                           .sort = request_query(r, "sort"), .after = request_query(r, "after")};
    enum rc rc = request_limit(c, r, PAGE_DEFAULT, &in.limit);
    return rc ? rc : show(c, r, &in, p);
}

enum rc customer_search(struct ctx *c, const struct request *r, struct reply *p)
{
    return show(c, r, r->in, p);
}

/* ---- the one field ---- */

static enum rc find_field(struct ctx *c, enum vault_field field, struct str text, int64_t *ret)
{
    const struct customer_identity *face = customer_identity();
    return face && *ret == 0 && text.len ? face->find(c, field, text, ret) : RC_OK;
}

static enum rc find_code(struct ctx *c, struct str text, int64_t *ret)
{
    int64_t number;
    if (text.len < 2 || (text.ptr[0] | 32) != 'c' || !str_i64(str_sub(text, 1, text.len), &number))
        return RC_OK;
    return db_get_i64(c->db, 0, ret, "customer_by_number", DB_I64("number", number));
}

/* Whom a whole identifier names: mostly one; a number may be of a receipt here and of another there. */
struct named {
    int64_t ids[LOOKUP_MAX];
    size_t count;
};

static enum rc find_number(struct ctx *c, struct str text, struct named *ret)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && ret->count == 0 && modules[i]; i++)
        if (modules[i]->on_lookup)
            rc = modules[i]->on_lookup(c, text, ret->ids, LOOKUP_MAX, &ret->count);
    return rc;
}

/* Could it be a whole identifier? Han text is a name, letters alone are pinyin, four digits are never enough. */
static bool looks_exact(struct str text)
{
    size_t digits = 0, letters = 0;
    if (str_find(text, '@') > 0)
        return true;
    while (text.len) {
        uint32_t ch = str_next_char(&text);
        bool wide = ch >= 0xFF10 && ch <= 0xFF19;
        if (ch >= 0x80 && !wide && ch != 0x3000 && ch != 0xFF0D)
            return false;
        digits += (ch >= '0' && ch <= '9') || wide;
        letters += (ch | 32) >= 'a' && (ch | 32) <= 'z';
    }
    return digits > 4 || (digits > 0 && letters > 0);
}

static enum rc find_fields(struct ctx *c, const enum vault_field *fields, size_t count, struct str text, struct named *ret)
{
    int64_t id = 0;
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && ret->count == 0 && id == 0 && i < count; i++)
        rc = find_field(c, fields[i], text, &id);
    if (!rc && id)
        *ret = (struct named){{id}, 1};
    return rc;
}

static enum rc find_exact(struct ctx *c, struct str text, struct named *ret)
{
    static const enum vault_field email[] = {VAULT_EMAIL}, first[] = {VAULT_PHONE, VAULT_CARD},
                                  then[] = {VAULT_IDNUM, VAULT_ACCOUNT, VAULT_WECHAT, VAULT_WEIBO};
    bool is_email = str_find(text, '@') > 0;
    int64_t coded = 0;
    *ret = (struct named){.count = 0};
    if (!looks_exact(text))
        return RC_OK;
    enum rc rc = find_code(c, text, &coded);
    if (!rc && coded)
        *ret = (struct named){{coded}, 1};
    if (!rc)
        rc = is_email ? find_fields(c, email, 1, text, ret) : find_fields(c, first, 2, text, ret);
    if (!rc)
        rc = find_number(c, text, ret);
    return rc || is_email ? rc : find_fields(c, then, sizeof(then) / sizeof(then[0]), text, ret);
}

/* One person is shown to whoever knows the identifier. Of several it named none: they are shown where they may be browsed. */
static enum rc load_named(struct ctx *c, const struct named *named, struct view **ret, size_t *ret_count)
{
    size_t count, kept = 0;
    enum rc rc = views_load(c, named->ids, named->count, ret, &count);
    for (size_t i = 0; !rc && i < count; i++) {
        const struct view *v = &(*ret)[i];
        bool again = false;
        for (size_t k = 0; k < kept; k++)
            again |= (*ret)[k].root == v->root;
        if (!again)
            (*ret)[kept++] = *v;
    }
    count = kept;
    for (size_t i = kept = 0; !rc && i < count; i++)
        if (count == 1 || view_visible(c, &(*ret)[i]))
            (*ret)[kept++] = (*ret)[i];
    *ret_count = kept;
    return rc;
}

static void write_found(struct ctx *c, const struct view *v, struct jw *w)
{
    if (view_visible(c, v))
        view_write_row(c, v, w);
    else
        view_write_till(c, v, w);
}

static enum rc lookup_names(struct ctx *c, struct str text, struct view **ret, size_t *ret_count)
{
    bool every = !c->actor || !c->actor->stores;
    struct vault_search s = {.query = text, .stores = every ? NULL : c->actor->stores, .store_count = every ? 0 : c->actor->store_count, .limit = LOOKUP_MAX};
    struct vault_hit *hits;
    size_t count, kept = 0;
    enum rc rc = vault_search(c, &s, &hits, &count);
    if (rc)
        return rc;
    int64_t *ids = arena_new_array(c->arena, int64_t, count);
    for (size_t i = 0; i < count; i++)
        ids[i] = hits[i].customer_id;
    rc = views_load(c, ids, count, ret, &count);
    for (size_t i = 0; !rc && i < count; i++)
        if (view_visible(c, &(*ret)[i]))
            (*ret)[kept++] = (*ret)[i];
    *ret_count = kept;
    return rc;
}

enum rc customer_lookup(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct lookup_in *in = r->in;
    struct str text = str_trim(in->q);
    struct view *views = NULL;
    struct named named;
    size_t count = 0;
    enum rc rc = customer_misses_check(c);
    if (!rc)
        rc = find_exact(c, text, &named);
    if (!rc && named.count)
        rc = load_named(c, &named, &views, &count);
    bool exact = count == 1;
    if (!rc && count == 0 && text.len)
        rc = lookup_names(c, text, &views, &count);
    if (rc)
        return rc;
    if (count == 0 && looks_exact(text))
        customer_misses_add(c);
    jw_object(&p->json);
    jw_kv_z(&p->json, "kind", exact ? "exact" : count ? "list" : "none");
    jw_key(&p->json, "items");
    jw_array(&p->json);
    for (size_t i = 0; i < count; i++) {
        jw_object(&p->json);
        write_found(c, &views[i], &p->json);
        jw_object_end(&p->json);
    }
    jw_array_end(&p->json);
    jw_object_end(&p->json);
    return RC_OK;
}

/* ---- duplicates while typing ---- */

struct candidates {
    int64_t ids[DUPLICATES_MAX + 4];
    const char *why[DUPLICATES_MAX + 4];
    size_t count;
};

static void candidate(struct candidates *list, int64_t id, const char *why)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->ids[i] == id)
            return;
    if (id && list->count < sizeof(list->ids) / sizeof(list->ids[0])) {
        list->ids[list->count] = id;
        list->why[list->count++] = why;
    }
}

static enum rc same_name(struct ctx *c, struct str name, struct candidates *list)
{
    bool every = !c->actor || !c->actor->stores;
    struct vault_search s = {.query = name, .stores = every ? NULL : c->actor->stores, .store_count = every ? 0 : c->actor->store_count, .limit = DUPLICATES_MAX};
    struct vault_hit *hits;
    size_t count;
    enum rc rc = vault_search(c, &s, &hits, &count);
    for (size_t i = 0; !rc && i < count; i++)
        if (hits[i].score >= SCORE_SAME_NAME)
            candidate(list, hits[i].customer_id, "name");
    return rc;
}

static enum rc same_identifiers(struct ctx *c, const struct duplicates_in *in, struct candidates *list)
{
    const struct {
        enum vault_field field;
        struct str text;
        const char *why;
    } asked[] = {{VAULT_PHONE, in->phone, "phone"}, {VAULT_EMAIL, in->email, "email"}, {VAULT_CARD, in->card, "card"}};
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && i < sizeof(asked) / sizeof(asked[0]); i++) {
        int64_t id = 0;
        rc = find_field(c, asked[i].field, str_trim(asked[i].text), &id);
        if (!rc && id)
            rc = customer_root(c, id, &id);
        candidate(list, id, asked[i].why);
    }
    return rc;
}

enum rc customer_duplicates(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct duplicates_in *in = r->in;
    struct candidates list = {.count = 0};
    enum rc rc = same_identifiers(c, in, &list);
    if (!rc && str_chars(str_trim(in->name)) >= 2)
        rc = same_name(c, str_trim(in->name), &list);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    for (size_t i = 0; !rc && i < list.count; i++) { /* a handful: one by one keeps each with its reason */
        struct view *v;
        size_t found;
        rc = views_load(c, &list.ids[i], 1, &v, &found);
        if (rc || found == 0)
            continue;
        jw_object(&p->json);
        jw_kv_z(&p->json, "why", list.why[i]);
        write_found(c, v, &p->json);
        jw_object_end(&p->json);
    }
    jw_array_end(&p->json);
    jw_object_end(&p->json);
    return rc;
}
