/* POST /api/v1/receipts: one receipt or up to 500. Each ends as new, same, conflict or refused with its reason; the reply
 * comes after the commit. Also the in-process way in, for the demo and its shop: the same bodies, the same path. */
#include "base/id.h"
#include "catalog/catalog.h"
#include "db/pool.h"
#include "intake/intake_priv.h"

enum { RECEIPTS_MAX = 500, RECEIPTS_BYTES_MAX = 4 << 20 };

static void add_claim(struct arena *a, struct intake_item *item, enum identity_kind kind, struct str scope, struct str value)
{
    if (value.len)
        item->claims[item->claim_count++] = (struct identity_claim){.kind = kind, .scope = scope, .value = arena_str(a, value), .proven = true};
}

enum rc intake_receipt_parse(struct ctx *c, struct json body, struct intake_unit *u, struct intake_item *item)
{
    struct sale *s = arena_new_one(u->arena, struct sale);
    struct receipt_identifiers who = {0};
    struct arena *before = c->arena;
    c->arena = u->arena; /* what is decoded lives as long as the unit */
    enum rc rc = sales_receipt_from_json(c, body, s, &who);
    c->arena = before;
    *item = (struct intake_item){.kind = INTAKE_DOCUMENT, .event = {.id = id_next()}, .may_create = true};
    if (rc)
        return rc;
    s->source_id = u->source.id;
    s->trusted = u->source.trusted;
    item->sale = s;
    item->claims = arena_new_array(u->arena, struct identity_claim, 5);
    add_claim(u->arena, item, IDENTITY_ACCOUNT, u->source.account_scope, who.account);
    add_claim(u->arena, item, IDENTITY_UNIONID, STR(""), who.unionid);
    add_claim(u->arena, item, IDENTITY_CARD, STR(""), who.card);
    add_claim(u->arena, item, IDENTITY_PHONE, STR(""), who.phone);
    add_claim(u->arena, item, IDENTITY_EMAIL, STR(""), who.email);
    s->member = item->claim_count > 0;
    return RC_OK;
}

/* A receipt that can't be taken stays in the unit as refused, with field and cause. What could not be looked up is no fault of
 * the receipt: the till sends it again. */
static enum rc parse_one(struct ctx *c, struct json body, struct intake_unit *u)
{
    struct intake_item *item = &u->items[u->count++];
    enum rc rc = intake_receipt_parse(c, body, u, item);
    if (rc == RC_OK || rc_http(rc) >= 500)
        return rc;
    struct str why = arena_printf(u->arena, "%s: %s", c->error.field, c->error.cause);
    *item = (struct intake_item){.kind = INTAKE_BAD, .event = {.id = id_next()}, .reason = why.ptr, .raw = STR(""), .known = c->error.known};
    ctx_clear(c);
    return RC_OK;
}

static enum rc parse_all(struct ctx *c, struct json body, struct intake_unit *u)
{
    struct json list = json_get(body, STR("receipts"));
    if (!json_is(list, JSON_ARRAY)) {
        u->items = arena_new_one(u->arena, struct intake_item);
        return parse_one(c, body, u);
    }
    if (json_count(list) > RECEIPTS_MAX)
        return ctx_fail(c, RC_INVALID, "receipts", "too_many");
    u->items = arena_new_array(u->arena, struct intake_item, json_count(list) + 1);
    enum rc rc = RC_OK;
    for (struct json_iter it = json_iter(list); !rc && json_next(&it);)
        rc = parse_one(c, it.value, u);
    return rc;
}

/* ---- what a till should know of what was taken ---- */

static void write_warning(struct ctx *c, struct jw *w, struct str field, const char *code)
{
    jw_kv_str(w, "field", field);
    jw_kv_z(w, "code", code);
    jw_kv_str(w, "message", c->request ? request_text(c->request, arena_printf(c->arena, "warning.%s", code).ptr) : STR(""));
}

static void write_over_line(struct ctx *c, struct jw *w, size_t index, const struct sale_line *line)
{
    jw_object(w);
    write_warning(c, w, arena_printf(c->arena, "lines[%zu].return_of", index), "over_returned");
    jw_kv_i64(w, "sold", line->over.sold);
    jw_kv_i64(w, "returned", line->over.returned);
    jw_kv_id(w, "order_id", line->over.sold_id);
    jw_object_end(w);
}

static void write_warnings(struct ctx *c, struct jw *w, const struct intake_item *item)
{
    bool news = item->sale && (item->outcome == INTAKE_NEW || item->outcome == INTAKE_UPDATED); /* a repeat warns of nothing twice */
    jw_key(w, "warnings");
    jw_array(w);
    for (size_t i = 0; news && i < item->sale->line_count; i++)
        if (item->sale->lines[i].over.quantity)
            write_over_line(c, w, i, &item->sale->lines[i]);
    if (news && item->sale->over_refunded) {
        jw_object(w);
        write_warning(c, w, STR("lines"), "over_refunded");
        jw_object_end(w);
    }
    jw_array_end(w);
}

static void write_results(struct ctx *c, struct jw *w, const struct intake_unit *u)
{
    static const char *const words[] = {"", "new", "same", "updated", "conflict", "refused"};
    jw_object(w);
    jw_key(w, "results");
    jw_array(w);
    for (size_t i = 0; i < u->count; i++) {
        const struct intake_item *item = &u->items[i];
        jw_object(w);
        jw_kv_str(w, "number", item->sale ? item->sale->number : STR(""));
        jw_kv_z(w, "outcome", words[item->outcome]);
        jw_kv_id(w, "id", item->kind == INTAKE_BAD ? 0 : item->id);
        jw_kv_id(w, "customer_id", item->customer_id);
        jw_kv_z(w, "reason", item->why);
        if (item->known) {
            jw_key(w, "known");
            field_names(w, item->known);
        }
        write_warnings(c, w, item);
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_object_end(w);
}

/* One receipt alone answers as a request of its own: 422 with the field, 409 for another content. */
static enum rc single_failure(struct ctx *c, struct json body, const struct intake_unit *u)
{
    const struct intake_item *item = &u->items[0];
    if (u->count != 1 || json_is(json_get(body, STR("receipts")), JSON_ARRAY))
        return RC_OK;
    if (item->outcome == INTAKE_CONFLICT)
        return ctx_fail(c, RC_CONFLICT, "number", "other_content");
    if (item->outcome != INTAKE_REFUSED)
        return RC_OK;
    struct str field = str_z(item->why ? item->why : "");
    ptrdiff_t colon = str_find_str(field, STR(": "));
    struct str cause = colon < 0 ? field : str_sub(field, (size_t)colon + 2, field.len);
    c->error.known = item->known;
    return ctx_fail(c, RC_INVALID, colon < 0 ? "" : arena_z(c->arena, str_sub(field, 0, (size_t)colon)), arena_z(c->arena, cause));
}

static struct access_source source_of_actor(const struct ctx *c)
{
    struct access_source source = {.id = c->actor ? c->actor->source_id : 0, .trusted = c->actor && c->actor->trusted, .enabled = true};
    source.name = c->actor ? c->actor->name : STR("");
    return source;
}

enum rc intake_receipts_post(struct ctx *c, const struct request *r, struct reply *p)
{
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct access_source source = source_of_actor(c);
    struct json body;
    const char *why;
    if (!source.trusted)
        return ctx_fail(c, RC_DENIED, "key", "not_trusted");
    enum rc rc = json_parse(parser, r->body, RECEIPTS_BYTES_MAX, &body, &why);
    if (rc)
        return ctx_fail(c, rc, "body", why);
    struct intake_unit *u = intake_unit_new(&source, r->body.len);
    rc = parse_all(c, body, u);
    if (!rc)
        rc = intake_push_wait(c->app->intake, u);
    if (!rc)
        rc = single_failure(c, body, u);
    if (!rc)
        write_results(c, &p->json, u);
    intake_unit_free(u);
    return rc;
}

/* ---- in process ---- */

static enum rc submit_list(struct ctx *c, struct json body, const char *key, enum rc (*put)(struct ctx *c, struct json one, int *ret))
{
    int outcome;
    enum rc rc = RC_OK;
    for (struct json_iter it = json_iter(json_get(body, str_z(key))); !rc && json_next(&it);)
        rc = put(c, it.value, &outcome);
    return rc;
}

struct submit_catalog {
    struct json body;
    bool stores;
};

static enum rc submit_catalog_tx(struct ctx *c, void *arg)
{
    const struct submit_catalog *s = arg;
    return s->stores ? submit_list(c, s->body, "stores", catalog_store_put) : submit_list(c, s->body, "products", catalog_product_put);
}

static enum rc submit_unit(struct ctx *c, const struct access_source *source, struct json_parser *parser, struct str path, struct str body, struct json parsed)
{
    const char *why;
    struct intake_unit *u = intake_unit_new(source, body.len);
    enum rc rc = str_eqz(path, "/api/v1/receipts") ? parse_all(c, parsed, u)
                                                   : intake_events_parse(c->app, parser, str_sub(path, 4, path.len), body, u, &why);
    if (!rc)
        rc = intake_push_wait(c->app->intake, u);
    intake_unit_free(u);
    return rc;
}

enum rc intake_submit(struct ctx *c, const struct access_source *source, struct str path, struct str body)
{
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct json parsed;
    const char *why;
    enum rc rc = json_parse(parser, body, 64u << 20, &parsed, &why);
    if (rc)
        return ctx_fail(c, rc, "body", why);
    struct submit_catalog s = {parsed, str_eqz(path, "/api/v1/stores")};
    if (s.stores || str_eqz(path, "/api/v1/products"))
        return db_pool_tx(c, c->app->truth, submit_catalog_tx, &s);
    return submit_unit(c, source, parser, path, body, parsed);
}
