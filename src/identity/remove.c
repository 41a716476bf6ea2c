/* Taking an identifier off a record: a wrong phone, e-mail, card or WeChat id. Nothing is deleted but the hold on it: the
 * row stays as removed with its evidence, the log says who, when and why, and anybody else may hold the value from then
 * on. Records that were joined by it stay joined; adding it again is the undo. */
#include "access/access.h"
#include "base/id.h"
#include "identity/identity_priv.h"

#include <stddef.h>

const struct field identity_removal_fields[] = {
    {"reason", FIELD_STR, FIELD_REQUIRED, offsetof(struct identity_removal, reason), .min = 2, .max = 200, .doc = "Why it is not hers, for those who look later."},
    FIELD_END,
};

struct held_identifier {
    int64_t record, id, kind, status;
    struct str scope;
    uint8_t hash[16];
};

/* Accounts of shops and platforms are the shop's word, and devices are bound by what they do: neither is typed by people. */
static bool is_removable(int64_t kind)
{
    return kind != IDENTITY_ACCOUNT && kind != IDENTITY_PLATFORM && kind != IDENTITY_DEVICE;
}

static enum rc load(struct ctx *c, const int64_t *members, size_t count, int64_t id, struct held_identifier *ret)
{
    *ret = (struct held_identifier){.id = id};
    struct db_rows *q = db_query(c->db, "identifier_get", DB_IDS("members", members, count), DB_I64("id", id));
    if (db_next(q)) {
        struct str hash = db_blob(q, "key_hash");
        *ret = (struct held_identifier){.id = id, .record = db_i64(q, "customer_id"), .kind = db_i64(q, "kind"), .status = db_i64(q, "status")};
        ret->scope = arena_str(c->arena, db_text(q, "scope"));
        memcpy(ret->hash, hash.ptr, hash.len < sizeof(ret->hash) ? hash.len : sizeof(ret->hash));
    }
    return db_end(q);
}

/* A contact of hers whose identifier another record holds becomes a removed identifier of hers, so that it is not learned again. */
static enum rc load_contact(struct ctx *c, const int64_t *members, size_t count, struct held_identifier *ret)
{
    enum vault_field field;
    enum rc rc = customer_contact_find(c, members, count, ret->id, &field, &ret->record, ret->hash);
    if (rc || field == 0)
        return rc;
    ret->kind = field == VAULT_PHONE ? IDENTITY_PHONE : field == VAULT_EMAIL ? IDENTITY_EMAIL : field == VAULT_CARD ? IDENTITY_CARD : IDENTITY_ACCOUNT;
    ret->status = IDENTIFIER_PROVEN;
    ret->scope = STR("");
    if (!is_removable(ret->kind))
        return RC_OK;
    return db_run_later(c->db, "identifier_insert", DB_I64("customer_id", ret->record), DB_I64("id", ret->id), DB_I64("kind", ret->kind), DB_TEXT("scope", ret->scope),
                        DB_BLOB("key_hash", str_n(ret->hash, sizeof(ret->hash))), DB_I64("status", IDENTIFIER_PROVEN), DB_I64("source_id", 0),
                        DB_I64("at_us", c->now_us));
}

static enum rc check(struct ctx *c, const struct held_identifier *i)
{
    if (i->record == 0)
        return ctx_fail(c, RC_NOT_FOUND, "identifier", "unknown");
    if (i->status == IDENTIFIER_REMOVED)
        return ctx_fail(c, RC_CONFLICT, "identifier", "removed");
    return is_removable(i->kind) ? RC_OK : ctx_fail(c, RC_INVALID, "identifier", "not_removable");
}

static enum rc release(struct ctx *c, const struct held_identifier *i)
{
    struct db_arg who = DB_I64("customer_id", i->record), id = DB_I64("id", i->id);
    enum rc rc = db_run(c->db, "key_claim_release", DB_BLOB("key_hash", str_n(i->hash, sizeof(i->hash))), who, id);
    return rc ? rc : db_run(c->db, "identifier_set_status", DB_I64("status", IDENTIFIER_REMOVED), who, id);
}

/* The log's row of a removal: winner is the record, loser the identifier; what an undo needs is whose it was. */
static enum rc log_removal(struct ctx *c, const struct held_identifier *i, struct str reason)
{
    _cleanup_buf_ struct buf before = BUF_INIT(4 << 10);
    struct jw w = jw_on(&before);
    jw_object(&w);
    jw_kv_z(&w, "kind", identity_rule((enum identity_kind)i->kind)->word);
    jw_kv_str(&w, "scope", i->scope);
    jw_kv_i64(&w, "status", i->status);
    jw_kv_str(&w, "reason", vault_redact(c->arena, str_trim(reason)));
    jw_object_end(&w);
    if (before.failed)
        return RC_TOO_LARGE;
    return db_run(c->db, "identity_log_insert", DB_I64("id", id_next()), DB_TEXT("kind", STR("remove")), DB_I64("winner_id", i->record), DB_I64("loser_id", i->id),
                  DB_TEXT("rule", STR("staff")), DB_I64("rule_version", IDENTITY_RULE_VERSION), DB_TEXT("ref_kind", STR("form")), DB_I64("ref_id", c->request_id),
                  DB_I64("staff_id", c->actor ? c->actor->staff_id : 0), DB_TEXT("before_json", buf_str(&before)), DB_I64("at_us", c->now_us));
}

enum rc identity_remove(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct identity_removal *in = r->in;
    struct held_identifier held;
    int64_t customer, id, *members;
    size_t count;
    enum rc rc = request_param_id(c, r, 0, &customer);
    if (!rc)
        rc = request_param_id(c, r, 1, &id);
    if (!rc)
        rc = customer_open(c, customer, &members, &count);
    if (!rc && str_trim(in->reason).len < 2)
        rc = ctx_fail(c, RC_INVALID, "reason", "too_short");
    if (!rc)
        rc = load(c, members, count, id, &held);
    if (!rc && held.record == 0)
        rc = load_contact(c, members, count, &held);
    if (!rc)
        rc = check(c, &held);
    if (!rc)
        rc = release(c, &held);
    if (!rc)
        rc = log_removal(c, &held, in->reason);
    if (!rc)
        rc = customer_contact_forget(c, members, count, held.hash, id);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_kv_id(&p->json, "id", id);
    jw_kv_z(&p->json, "status", "removed");
    jw_object_end(&p->json);
    return RC_OK;
}

enum rc identity_removal_write(struct ctx *c, const int64_t *members, size_t count, int64_t identifier, struct jw *w)
{
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct json before;
    const char *why;
    struct db_rows *q = db_query(c->db, "identity_removal_of", DB_IDS("members", members, count), DB_I64("identifier_id", identifier));
    jw_key(w, "removed");
    if (db_next(q)) {
        bool read = json_parse(parser, arena_str(c->arena, db_text(q, "before_json")), 4 << 10, &before, &why) == RC_OK;
        jw_object(w);
        jw_kv_time(w, "at", db_i64(q, "at_us"));
        jw_kv_str(w, "by", db_text(q, "staff"));
        jw_kv_str(w, "reason", read ? json_str(json_get(before, STR("reason"))) : STR(""));
        jw_object_end(w);
    } else {
        jw_null(w);
    }
    return db_end(q);
}
