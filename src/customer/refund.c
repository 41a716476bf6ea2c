/* The account that money goes back to: sealed, one a person, entered by staff alone (never taken from events or free text), shown
 * by its last four, and gone thirty days after it was entered, from the record and from its history. */
#include "customer/bodies.h"
#include "db/pool.h"
#include "vault/keystore.h"

#include <stddef.h>

enum { KEPT_DAYS = 30, PURGE_PAGE = 200 };

const struct field customer_refund_fields[] = {
    {"holder", FIELD_STR, FIELD_REQUIRED | FIELD_PERSONAL, offsetof(struct refund_in, holder), .min = 1, .max = LIMIT_NAME_CHARS, .doc = "Whose account it is."},
    {"bank", FIELD_STR, FIELD_REQUIRED | FIELD_PERSONAL, offsetof(struct refund_in, bank), .min = 1, .max = 64, .doc = "招商银行, 支付宝, …"},
    {"account", FIELD_STR, FIELD_REQUIRED | FIELD_PERSONAL, offsetof(struct refund_in, account), .min = 4, .max = 64, .doc = "Account or card number."},
    FIELD_END,
};

/* ---- reading ---- */

struct stored {
    bool there;
    int64_t customer_id, id, sealed_for, at_us, until_us;
    struct str sealed;
};

/* Of a merged person the newest counts. */
static enum rc stored_of(struct ctx *c, const struct view *v, struct stored *ret)
{
    *ret = (struct stored){.there = false};
    struct db_rows *q = db_query(c->db, "customer_refund_of", DB_IDS("ids", v->members, v->member_count), DB_I64("now_us", c->now_us));
    if (db_next(q))
        *ret = (struct stored){true, db_i64(q, "customer_id"), db_i64(q, "id"), db_i64(q, "sealed_for"), db_i64(q, "at_us"), db_i64(q, "until_us"),
                               arena_str(c->arena, db_blob(q, "value"))};
    return db_end(q);
}

enum rc refund_load(struct ctx *c, const struct view *v, struct refund_view *ret, struct sealed_batch *b)
{
    struct stored s;
    enum rc rc = stored_of(c, v, &s);
    *ret = (struct refund_view){.at_us = s.at_us, .until_us = s.until_us};
    if (!rc && s.there)
        sealed_add(c, b, VAULT_REFUND, s.id, s.sealed_for, s.sealed, &ret->text);
    return rc;
}

void refund_write(const struct refund_view *r, struct jw *w)
{
    if (r->at_us == 0) {
        jw_null(w);
        return;
    }
    jw_object(w);
    jw_kv_str(w, "masked", r->text);
    jw_kv_time(w, "at", r->at_us);
    jw_kv_time(w, "until", r->until_us);
    jw_object_end(w);
}

/* ---- changing ---- */

static int64_t seal_owner(const struct view *v)
{
    for (size_t i = 0; i < v->record_count; i++)
        if (v->records[i].id == v->root)
            return v->records[i].sealed_for;
    return v->root;
}

static enum rc seal(struct ctx *c, const struct refund_in *in, int64_t id, int64_t sealed_for, struct str *ret)
{
    struct str value = arena_printf(c->arena, "%.*s\x1f%.*s\x1f%.*s", STR_FMT(str_trim(in->holder)), STR_FMT(str_trim(in->bank)), STR_FMT(str_trim(in->account)));
    struct vault_seal item = {.field = VAULT_REFUND, .place = sealed_place(VAULT_REFUND, id, sealed_for), .value = value};
    enum rc rc = keystore_get(c, &sealed_for, 1, &item.wrapped);
    if (!rc && item.wrapped.len == 0)
        rc = ctx_fail(c, RC_GONE, "id", "erased");
    if (!rc)
        rc = vault_seal(c, NULL, 0, &item, 1);
    if (!rc)
        *ret = item.sealed;
    return rc;
}

/* Both ciphertexts of a change lie in the same row for the same customer; what another of her records had is not told again. */
static enum rc tell(struct ctx *c, const struct view *v, int64_t id, int64_t sealed_for, struct str before, struct str after)
{
    enum rc rc = db_run_later(c->db, "customer_change_insert", DB_I64("customer_id", v->root), DB_I64("id", id_next()), DB_I64("rev", v->rev),
                              DB_TEXT("field", STR("refund_account")), DB_I64("kind", VAULT_REFUND), DB_I64("item_id", id), DB_NULL("old_text"), DB_NULL("new_text"),
                              DB_BLOB_OR_NULL("old_sealed", before), DB_BLOB_OR_NULL("new_sealed", after), DB_I64("sealed_for", sealed_for),
                              DB_I64("staff_id", c->actor ? c->actor->staff_id : 0), DB_TEXT("source_kind", STR("form")), DB_I64("source_id", 0),
                              DB_I64("ref_id", c->request_id), DB_I64("at_us", c->now_us));
    return rc ? rc : change_add(c, CHANGE_CUSTOMER, v->root, v->root, 1);
}

static enum rc replace(struct ctx *c, const struct view *v, const struct stored *before, int64_t id, int64_t sealed_for, struct str sealed)
{
    enum rc rc = db_run(c->db, "customer_refund_delete", DB_IDS("ids", v->members, v->member_count));
    if (!rc && sealed.len)
        rc = db_run(c->db, "customer_refund_insert", DB_I64("customer_id", v->root), DB_I64("id", id), DB_BLOB("value", sealed), DB_I64("sealed_for", sealed_for),
                    DB_I64("staff_id", c->actor ? c->actor->staff_id : 0), DB_I64("at_us", c->now_us), DB_I64("until_us", c->now_us + KEPT_DAYS * US_PER_DAY));
    return rc ? rc : tell(c, v, id, sealed_for, before->id == id ? before->sealed : STR_NULL, sealed);
}

static enum rc reply_one(struct ctx *c, const struct view *v, struct reply *p)
{
    struct sealed_batch sealed = {.count = 0};
    struct refund_view r;
    enum rc rc = refund_load(c, v, &r, &sealed);
    if (!rc)
        rc = sealed_mask(c, &sealed);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_key(&p->json, "refund_account");
    refund_write(&r, &p->json);
    jw_object_end(&p->json);
    return RC_OK;
}

/* Hers, and what stands there now. */
static enum rc open_stored(struct ctx *c, const struct request *r, struct view *ret, struct stored *ret_before)
{
    enum rc rc = view_of_path(c, r, ret);
    return rc ? rc : stored_of(c, ret, ret_before);
}

enum rc customer_refund_put(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct refund_in *in = r->in;
    struct view v;
    struct stored before;
    struct str sealed;
    enum rc rc = str_find(in->account, '*') >= 0 ? ctx_fail(c, RC_INVALID, "account", "masked") : open_stored(c, r, &v, &before);
    if (rc)
        return rc;
    int64_t row = before.there && before.customer_id == v.root ? before.id : id_next();
    rc = seal(c, in, row, seal_owner(&v), &sealed);
    if (!rc)
        rc = replace(c, &v, &before, row, seal_owner(&v), sealed);
    return rc ? rc : reply_one(c, &v, p);
}

enum rc customer_refund_delete(struct ctx *c, const struct request *r, struct reply *p)
{
    struct view v;
    struct stored before;
    enum rc rc = open_stored(c, r, &v, &before);
    if (rc)
        return rc;
    if (!before.there)
        return ctx_fail(c, RC_NOT_FOUND, "refund_account", "unknown");
    rc = replace(c, &v, &before, before.id, before.sealed_for, STR_NULL);
    return rc ? rc : reply_one(c, &v, p);
}

/* ---- what is over ---- */

static enum rc purge_page(struct ctx *c, void *arg)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, PURGE_PAGE), *ret_gone = arg;
    size_t count = 0;
    struct db_rows *q = db_query(c->db, "customer_refund_over", DB_I64("now_us", c->now_us), DB_I64("limit", PURGE_PAGE));
    while (count < PURGE_PAGE && db_next(q))
        ids[count++] = db_i64(q, "customer_id");
    enum rc rc = db_end(q);
    if (!rc && count)
        rc = db_run(c->db, "customer_refund_delete", DB_IDS("ids", ids, count));
    /* Those of her history are as old, or older and superseded. */
    if (!rc)
        rc = db_run(c->db, "customer_refund_forget", DB_I64("kind", VAULT_REFUND), DB_I64("before_us", c->now_us - KEPT_DAYS * US_PER_DAY));
    *ret_gone = (int64_t)count;
    return rc;
}

enum rc refund_purge(struct ctx *c)
{
    int64_t gone = PURGE_PAGE;
    enum rc rc = RC_OK;
    while (!rc && gone == PURGE_PAGE)
        rc = db_pool_tx(c, c->app->truth, purge_page, &gone);
    return rc;
}
