/* What staff put on a record: notes, tags, consents. Notes are redacted of card numbers and the like before they are
 * sealed; consents are only ever added. */
#include "customer/bodies.h"

#include <stddef.h>

/* ---- notes ---- */

const struct field customer_note_fields[] = {
    {"text", FIELD_STR, FIELD_REQUIRED | FIELD_PERSONAL, offsetof(struct note_in, text), .min = 1, .max = LIMIT_TEXT_CHARS},
    FIELD_END,
};

enum rc customer_note(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct note_in *in = r->in;
    struct who who;
    enum rc rc = who_open(c, r, &who);
    if (rc)
        return rc;
    if (str_trim(in->text).len == 0)
        return ctx_fail(c, RC_INVALID, "text", "too_short");
    struct customer_traits t = {.customer_id = who.root, .at_us = c->now_us, .source_kind = "form", .staff_id = c->actor ? c->actor->staff_id : 0, .note = in->text};
    rc = customer_learn(c, &t, 1);
    if (rc)
        return rc;
    p->status = 201;
    jw_object(&p->json);
    jw_kv_str(&p->json, "text", vault_redact(c->arena, str_trim(in->text)));
    jw_kv_str(&p->json, "by", c->actor ? c->actor->name : STR(""));
    jw_kv_time(&p->json, "at", c->now_us);
    jw_object_end(&p->json);
    return RC_OK;
}

/* ---- tags ---- */

const struct field customer_tags_fields[] = {
    {"tags", FIELD_STRS, FIELD_REQUIRED, offsetof(struct tags_in, tags), .max = 50, .doc = "All of them; what is not in the list goes."},
    FIELD_END,
};

struct tag_set {
    struct str *tags;
    size_t count;
};

static bool has_tag(const struct str *tags, size_t count, struct str tag)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(tags[i], tag))
            return true;
    return false;
}

static enum rc tags_now(struct ctx *c, const struct who *who, struct tag_set *ret)
{
    enum { TAGS_MAX = 1000 };
    *ret = (struct tag_set){.tags = arena_new_array(c->arena, struct str, TAGS_MAX)};
    struct db_rows *q = db_query(c->db, "customer_tags", DB_IDS("ids", who->members, who->member_count));
    while (ret->count < TAGS_MAX && db_next(q))
        if (!has_tag(ret->tags, ret->count, db_text(q, "tag")))
            ret->tags[ret->count++] = arena_str(c->arena, db_text(q, "tag"));
    return db_end(q);
}

static struct str joined(struct ctx *c, const struct str *tags, size_t count)
{
    _cleanup_buf_ struct buf out = BUF_INIT(64 << 10);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_addz(&out, ", ");
        buf_add(&out, tags[i]);
    }
    return arena_str(c->arena, buf_str(&out));
}

enum rc customer_change_note(struct ctx *c, int64_t root, int64_t rev, const char *field, struct str before, struct str after)
{
    return db_run_later(c->db, "customer_change_insert", DB_I64("customer_id", root), DB_I64("id", id_next()), DB_I64("rev", rev), DB_TEXT("field", str_z(field)),
                        DB_I64("kind", 0), DB_I64("item_id", 0), DB_TEXT_OR_NULL("old_text", before), DB_TEXT_OR_NULL("new_text", after), DB_NULL("old_sealed"),
                        DB_NULL("new_sealed"), DB_I64("sealed_for", root), DB_I64("staff_id", c->actor ? c->actor->staff_id : 0), DB_TEXT("source_kind", STR("form")),
                        DB_I64("source_id", 0), DB_I64("ref_id", c->request_id), DB_I64("at_us", c->now_us));
}

/* Trimmed, redacted (tags stand open), without repeats. */
static struct tag_set clean_tags(struct ctx *c, const struct str *tags, size_t count)
{
    struct tag_set clean = {.tags = arena_new_array(c->arena, struct str, count)};
    for (size_t i = 0; i < count; i++) {
        struct str tag = vault_redact(c->arena, str_trim(tags[i]));
        if (tag.len && !has_tag(clean.tags, clean.count, tag))
            clean.tags[clean.count++] = tag;
    }
    return clean;
}

enum rc customer_tags_set(struct ctx *c, const struct who *who, const struct str *tags, size_t count)
{
    struct tag_set now, wanted = clean_tags(c, tags, count);
    bool changed = false;
    enum rc rc = tags_now(c, who, &now);
    for (size_t i = 0; !rc && i < now.count; i++)
        if (!has_tag(wanted.tags, wanted.count, now.tags[i])) {
            changed = true;
            rc = db_run(c->db, "customer_tag_delete", DB_IDS("ids", who->members, who->member_count), DB_TEXT("tag", now.tags[i]));
        }
    for (size_t i = 0; !rc && i < wanted.count; i++)
        if (!has_tag(now.tags, now.count, wanted.tags[i])) {
            changed = true;
            rc = db_run(c->db, "customer_tag_insert", DB_I64("customer_id", who->root), DB_TEXT("tag", wanted.tags[i]),
                        DB_I64("staff_id", c->actor ? c->actor->staff_id : 0), DB_I64("at_us", c->now_us));
        }
    if (rc || !changed)
        return rc;
    rc = customer_change_note(c, who->root, who->rev, "tags", joined(c, now.tags, now.count), joined(c, wanted.tags, wanted.count));
    return rc ? rc : change_add(c, CHANGE_CUSTOMER, who->root, who->root, 1);
}

enum rc customer_tags(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct tags_in *in = r->in;
    struct tag_set now;
    struct who who;
    enum rc rc = who_open(c, r, &who);
    if (!rc)
        rc = customer_tags_set(c, &who, in->tags.items, in->tags.count);
    if (!rc)
        rc = tags_now(c, &who, &now);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_key(&p->json, "tags");
    jw_array(&p->json);
    for (size_t i = 0; i < now.count; i++)
        jw_str(&p->json, now.tags[i]);
    jw_array_end(&p->json);
    jw_object_end(&p->json);
    return RC_OK;
}

/* ---- consents ---- */

const char *const customer_consent_words[] = {"", "granted", "refused", "withdrawn", NULL};
static const char *const consent_choices[] = {"granted", "refused", "withdrawn", NULL};

const struct field customer_consent_fields[] = {
    {"purpose", FIELD_STR, FIELD_REQUIRED, offsetof(struct consent_in, purpose), .min = 1, .max = 32, .doc = "marketing, personalisation, service, …"},
    {"channel", FIELD_STR, FIELD_REQUIRED, offsetof(struct consent_in, channel), .min = 1, .max = 32, .doc = "email, sms, wechat, phone, post, …"},
    {"status", FIELD_ENUM, FIELD_REQUIRED, offsetof(struct consent_in, status), .words = consent_choices},
    {"text_version", FIELD_STR, 0, offsetof(struct consent_in, text_version), .max = 64, .doc = "Version of the text she saw."},
    {"proof", FIELD_STR, 0, offsetof(struct consent_in, proof), .max = 200, .doc = "Where it can be looked up: a signature's number, a message's id."},
    FIELD_END,
};

static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= 'a' && s.ptr[i] <= 'z') || (s.ptr[i] >= '0' && s.ptr[i] <= '9') || s.ptr[i] == '_'))
            return false;
    return s.len > 0;
}

enum rc customer_consent(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct consent_in *in = r->in;
    int64_t id = id_next();
    struct who who;
    enum rc rc = who_open(c, r, &who);
    if (rc)
        return rc;
    if (!is_word(in->purpose) || !is_word(in->channel))
        return ctx_fail(c, RC_INVALID, is_word(in->purpose) ? "channel" : "purpose", "malformed");
    rc = db_run(c->db, "customer_consent_insert", DB_I64("customer_id", who.root), DB_I64("id", id), DB_TEXT("purpose", in->purpose),
                DB_TEXT("channel", in->channel), DB_I64("status", in->status + 1), DB_TEXT("text_version", in->text_version),
                DB_TEXT("proof", vault_redact(c->arena, in->proof)), DB_I64("staff_id", c->actor ? c->actor->staff_id : 0),
                DB_I64("source_id", c->actor ? c->actor->source_id : 0), DB_I64("at_us", c->now_us));
    if (!rc)
        rc = change_add(c, CHANGE_CONSENT, id, who.root, 1);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_kv_str(&p->json, "purpose", in->purpose);
    jw_kv_str(&p->json, "channel", in->channel);
    jw_kv_z(&p->json, "status", customer_consent_words[in->status + 1]);
    jw_kv_str(&p->json, "text_version", in->text_version);
    jw_kv_time(&p->json, "at", c->now_us);
    jw_kv_str(&p->json, "proof", vault_redact(c->arena, in->proof));
    jw_object_end(&p->json);
    return RC_OK;
}
