/* 查看明文: asks the vault to open what was asked for, with who asks and why. The vault judges, writes its audit and only
 * then answers; nothing of the answer is kept here. */
#include "access/access.h"
#include "customer/bodies.h"
#include "db/pool.h"

#include <sodium.h>
#include <stddef.h>

enum { REVEAL_SECONDS = 60, REVEAL_VALUES_MAX = 200, SEEN_BYTES_MAX = 8 << 10 };

const struct field customer_reveal_fields[] = {
    {"fields", FIELD_STRS, FIELD_REQUIRED, offsetof(struct reveal_in, fields), .min = 1, .max = 10,
     .doc = "name, phone, email, card, birthday, address, account, wechat, weibo, id_number, refund_account."},
    {"purpose", FIELD_STR, FIELD_REQUIRED, offsetof(struct reveal_in, purpose), .min = 1, .max = 32, .doc = "contact, delivery, after_sales, verify or request."},
    {"reason", FIELD_STR, FIELD_REQUIRED, offsetof(struct reveal_in, reason), .min = 4, .max = 200, .doc = "Why, in words; kept in the audit."},
    FIELD_END,
};

static const struct {
    const char *word;
    enum vault_field field;
} kinds[] = {
    {"name", VAULT_NAME}, {"phone", VAULT_PHONE}, {"email", VAULT_EMAIL}, {"card", VAULT_CARD}, {"birthday", VAULT_BIRTHDAY}, {"address", VAULT_ADDRESS},
    {"account", VAULT_ACCOUNT}, {"wechat", VAULT_WECHAT}, {"weibo", VAULT_WEIBO}, {"id_number", VAULT_IDNUM},
    {"refund_account", VAULT_REFUND},
};

struct opening {
    struct sealed_batch sealed;
    struct str values[REVEAL_VALUES_MAX], plain[REVEAL_VALUES_MAX];
    enum vault_field fields[REVEAL_VALUES_MAX];
    size_t count;
};

static void open_value(struct ctx *c, struct opening *o, enum vault_field field, int64_t row_id, int64_t sealed_for, struct str sealed)
{
    if (o->count == REVEAL_VALUES_MAX || sealed.len == 0)
        return;
    o->fields[o->count] = field;
    sealed_add(c, &o->sealed, field, row_id, sealed_for, sealed, &o->values[o->count++]);
}

static enum rc open_addresses(struct ctx *c, struct opening *o, const struct view *v)
{
    struct db_rows *q = db_query(c->db, "customer_addresses", DB_IDS("ids", v->members, v->member_count));
    while (db_next(q))
        open_value(c, o, VAULT_ADDRESS, db_i64(q, "id"), db_i64(q, "sealed_for"), arena_str(c->arena, db_blob(q, "value")));
    return db_end(q);
}

static enum rc open_refund(struct ctx *c, struct opening *o, const struct view *v)
{
    struct db_rows *q = db_query(c->db, "customer_refund_of", DB_IDS("ids", v->members, v->member_count), DB_I64("now_us", c->now_us));
    if (db_next(q))
        open_value(c, o, VAULT_REFUND, db_i64(q, "id"), db_i64(q, "sealed_for"), arena_str(c->arena, db_blob(q, "value")));
    return db_end(q);
}

static void open_profile(struct ctx *c, struct opening *o, const struct view *v, enum profile_key key)
{
    const struct profile *p = profile_newest(v->records, v->record_count, key);
    if (p)
        open_value(c, o, profile_fields[key].field, p->id, p->sealed_for, p->v[key].text);
}

static enum rc open_field(struct ctx *c, struct opening *o, const struct view *v, struct str word)
{
    size_t kind = 0;
    while (kind < sizeof(kinds) / sizeof(kinds[0]) && !str_eqz(word, kinds[kind].word))
        kind++;
    if (kind == sizeof(kinds) / sizeof(kinds[0]))
        return ctx_fail(c, RC_INVALID, "fields", "not_a_choice");
    enum vault_field field = kinds[kind].field;
    if (field == VAULT_ADDRESS)
        return open_addresses(c, o, v);
    if (field == VAULT_REFUND)
        return open_refund(c, o, v);
    if (field == VAULT_NAME || field == VAULT_BIRTHDAY)
        open_profile(c, o, v, field == VAULT_NAME ? PROFILE_NAME : PROFILE_BIRTHDAY);
    for (size_t i = 0; i < v->contact_count; i++)
        if (v->contacts[i].kind == field)
            open_value(c, o, field, v->contacts[i].id, v->contacts[i].sealed_for, v->contacts[i].sealed);
    return RC_OK;
}

static void write_values(const struct opening *o, struct jw *w)
{
    jw_object(w);
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        bool any = false;
        for (size_t i = 0; i < o->count; i++) {
            if (o->fields[i] != kinds[k].field)
                continue;
            if (!any) {
                jw_key(w, kinds[k].word);
                jw_array(w);
            }
            any = true;
            jw_str(w, o->plain[i]);
        }
        if (any)
            jw_array_end(w);
    }
    jw_object_end(w);
}

/* The plaintexts lie in the request's arena: they are wiped before it goes back to others. */
static void wipe(const struct str *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i].len)
            sodium_memzero((void *)(uintptr_t)values[i].ptr, values[i].len);
}

static struct str role_word(unsigned role)
{
    switch (role) {
    case ROLE_ADMIN: return STR("administrator");
    case ROLE_MANAGER: return STR("manager");
    case ROLE_AGENT: return STR("agent");
    default: return STR("store");
    }
}

struct seen {
    int64_t customer_id;
    const struct reveal_in *in;
};

/* 查看记录: the vault's own record, written before the plaintext left it, stands in a file; people read this one. */
static enum rc keep_seen(struct ctx *c, void *arg)
{
    const struct seen *s = arg;
    const struct str *words = s->in->fields.items;
    _cleanup_buf_ struct buf out = BUF_INIT(SEEN_BYTES_MAX);
    struct jw w = jw_on(&out);
    jw_object(&w);
    jw_key(&w, "fields");
    jw_array(&w);
    for (size_t i = 0; i < s->in->fields.count; i++)
        jw_str(&w, words[i]);
    jw_array_end(&w);
    jw_kv_str(&w, "purpose", s->in->purpose);
    jw_kv_str(&w, "reason", vault_redact(c->arena, str_trim(s->in->reason)));
    jw_object_end(&w);
    return access_audit(c, "customer.reveal", "customer", s->customer_id, buf_str(&out));
}

enum rc customer_reveal(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct reveal_in *in = r->in;
    const struct str *words = in->fields.items;
    struct opening *o = arena_new_one(c->arena, struct opening);
    struct view v;
    enum rc rc = view_of_path(c, r, &v);
    for (size_t i = 0; !rc && i < in->fields.count; i++)
        rc = open_field(c, o, &v, words[i]);
    if (rc)
        return rc;
    if (str_chars(str_trim(in->reason)) < 4)
        return ctx_fail(c, RC_INVALID, "reason", "too_short");
    struct vault_reveal why = {.staff_id = c->actor->staff_id, .customer_id = v.root, .role = role_word(c->actor->role), .purpose = in->purpose, .reason = str_trim(in->reason)};
    rc = sealed_reveal(c, &o->sealed, &why, false);
    if (!rc)
        rc = db_pool_tx(c, c->app->truth, keep_seen, &(struct seen){v.root, in});
    for (size_t i = 0; !rc && i < o->count; i++)
        o->plain[i] = customer_plain(c->arena, o->fields[i], o->values[i]);
    if (!rc) {
        jw_object(&p->json);
        jw_key(&p->json, "values");
        write_values(o, &p->json);
        jw_kv_i64(&p->json, "seconds", REVEAL_SECONDS);
        jw_object_end(&p->json);
    }
    wipe(o->values, o->count);
    wipe(o->plain, o->count);
    return rc;
}
