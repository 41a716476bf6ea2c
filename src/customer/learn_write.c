/* Puts what a batch found out on disk: one call to the vault, its new keys first, then the rows. */
#include "customer/learn_priv.h"
#include "vault/keystore.h"

static enum rc seal_all(struct learning *l)
{
    struct ctx *c = l->c;
    struct vault_key *keys = arena_new_array(c->arena, struct vault_key, l->draft_count);
    size_t fresh = 0;
    for (size_t i = 0; i < l->draft_count; i++)
        if (l->drafts[i].fresh && l->drafts[i].wrapped.len == 0)
            keys[fresh++].customer_id = l->drafts[i].p.id;
    if (fresh == 0 && l->seal_count == 0)
        return RC_OK;
    enum rc rc = vault_seal(c, keys, fresh, l->seals, l->seal_count);
    return rc || fresh == 0 ? rc : keystore_put(c, keys, fresh);
}

static struct str sealed_of(const struct learning *l, size_t seal)
{
    return seal ? l->seals[seal - 1].sealed : STR_NULL;
}

static enum rc write_history(struct learning *l, const struct finding *f, struct str old_sealed)
{
    const struct customer_traits *t = f->from;
    return db_run_later(l->c->db, "customer_change_insert", DB_I64("customer_id", f->draft->p.id), DB_I64("id", id_next()), DB_I64("rev", f->draft->p.rev),
                        DB_TEXT("field", str_z(f->field)), DB_I64("kind", f->kind), DB_I64("item_id", f->item_id), DB_TEXT_OR_NULL("old_text", f->old_text),
                        DB_TEXT_OR_NULL("new_text", f->new_text), DB_BLOB_OR_NULL("old_sealed", old_sealed),
                        DB_BLOB_OR_NULL("new_sealed", sealed_of(l, f->seal)), DB_I64("sealed_for", f->draft->p.sealed_for), DB_I64("staff_id", t->staff_id),
                        DB_TEXT("source_kind", str_z(t->source_kind ? t->source_kind : "")), DB_I64("source_id", t->source_id), DB_I64("ref_id", t->ref_id),
                        DB_I64("at_us", f->at_us));
}

static enum rc write_contact(struct learning *l, const struct finding *f)
{
    return db_run_later(l->c->db, "customer_contact_insert", DB_I64("customer_id", f->draft->p.id), DB_BLOB("key_hash", str_n(f->contact->hash, CUSTOMER_HASH)),
                        DB_I64("id", f->item_id), DB_I64("kind", f->contact->field), DB_TEXT("scope", f->contact->scope),
                        DB_BLOB("value", sealed_of(l, f->seal)), DB_I64("sealed_for", f->draft->p.sealed_for), DB_I64("source_id", f->from->source_id),
                        DB_I64("at_us", f->at_us));
}

/* What stands open is redacted, whatever a source wrote into it. */
static struct str open_text(struct learning *l, struct str text)
{
    return vault_redact(l->c->arena, str_trim(text));
}

static enum rc write_address(struct learning *l, const struct finding *f)
{
    return db_run_later(l->c->db, "customer_address_insert", DB_I64("customer_id", f->draft->p.id), DB_I64("id", f->item_id), DB_BLOB("value_hash", f->hash),
                        DB_TEXT("province", open_text(l, f->address->province)), DB_TEXT("city", open_text(l, f->address->city)),
                        DB_BLOB("value", sealed_of(l, f->seal)), DB_I64("sealed_for", f->draft->p.sealed_for), DB_I64("source_id", f->from->source_id),
                        DB_I64("at_us", f->at_us));
}

static enum rc write_came(struct learning *l, const struct finding *f)
{
    struct db *db = l->c->db;
    struct db_arg who = DB_I64("customer_id", f->draft->p.id), at = DB_I64("at_us", f->at_us);
    if (f->kind == VAULT_ADDRESS)
        return db_run_later(db, "customer_address_came", who, DB_I64("id", f->item_id), at);
    return db_run_later(db, "customer_contact_came", who, DB_BLOB("key_hash", f->hash), at);
}

static enum rc write_note(struct learning *l, const struct finding *f)
{
    return db_run_later(l->c->db, "customer_note_insert", DB_I64("customer_id", f->draft->p.id), DB_I64("id", f->item_id), DB_BLOB("text", sealed_of(l, f->seal)),
                        DB_I64("sealed_for", f->draft->p.sealed_for), DB_I64("staff_id", f->from->staff_id), DB_I64("at_us", f->at_us));
}

static enum rc write_tags(struct learning *l, const struct finding *f)
{
    for (size_t i = 0; i < f->from->tag_count; i++) {
        struct str tag = open_text(l, f->from->tags[i]);
        if (tag.len == 0)
            continue;
        enum rc rc = db_run(l->c->db, "customer_tag_insert", DB_I64("customer_id", f->draft->p.id), DB_TEXT("tag", tag),
                            DB_I64("staff_id", f->from->staff_id), DB_I64("at_us", f->at_us));
        if (rc)
            return rc;
        f->draft->changed |= db_changes(l->c->db) > 0;
    }
    return RC_OK;
}

/* A ciphertext replaces the one before it; findings come in order, so the one before may be of the same batch. */
static struct str replace_sealed(struct learning *l, const struct finding *f)
{
    struct profile_value *v = &f->draft->p.v[f->key];
    struct str old = v->text;
    v->text = sealed_of(l, f->seal);
    return old;
}

static enum rc write_finding(struct learning *l, const struct finding *f)
{
    struct str old = STR_NULL;
    enum rc rc = RC_OK;
    if (f->came_again)
        return write_came(l, f);
    if (f->key != PROFILE_COUNT && profile_fields[f->key].type == PROFILE_SEALED)
        old = replace_sealed(l, f);
    else if (f->contact)
        rc = write_contact(l, f);
    else if (f->address)
        rc = write_address(l, f);
    else if (f->kind == VAULT_TEXT)
        rc = write_note(l, f);
    else if (f->key == PROFILE_COUNT)
        rc = write_tags(l, f);
    /* what a new record starts with is the record itself; its history begins with that it was made */
    return rc || !f->field || f->draft->fresh ? rc : write_history(l, f, old);
}

static enum rc write_facets(struct ctx *c, const struct draft *d)
{
    const struct profile_value *home = &d->p.v[PROFILE_HOME_STORE], *class = &d->p.v[PROFILE_CLASS];
    struct db_arg store = DB_I64("home_store_id", home->number), kind = DB_I64("class", class->number ? class->number : CUSTOMER_CONSUMER);
    if (d->fresh)
        return db_run_later(c->db, "customer_stat_insert", DB_I64("customer_id", d->p.id), store, kind, DB_I64("at_us", d->first_us));
    int64_t root;
    enum rc rc = customer_root(c, d->p.id, &root);
    return rc ? rc : db_run_later(c->db, "customer_stat_facets", DB_I64("customer_id", root), store, kind);
}

static enum rc write_created(struct learning *l, struct draft *d)
{
    const struct finding made = {.draft = d, .from = d->first, .field = "created", .at_us = d->first->at_us};
    return write_history(l, &made, STR_NULL);
}

static enum rc write_draft(struct learning *l, struct draft *d)
{
    enum rc rc = RC_OK;
    d->p.updated_us = l->c->now_us;
    if (d->fresh)
        rc = profile_take_number(l->c, &d->p);
    if (!rc && (d->fresh || d->saves))
        rc = profile_save(l->c, &d->p);
    if (!rc && d->fresh)
        rc = write_created(l, d);
    if (!rc && (d->fresh || d->facets))
        rc = write_facets(l->c, d);
    if (!rc && (d->fresh || d->changed))
        rc = change_add(l->c, CHANGE_CUSTOMER, d->p.id, d->p.id, 1);
    return rc;
}

/* Revisions move before the history rows that carry them are written. */
static void count_revisions(struct learning *l)
{
    for (size_t i = 0; i < l->draft_count; i++)
        if (l->drafts[i].fresh || (l->drafts[i].changed && l->drafts[i].saves))
            l->drafts[i].p.rev++;
}

enum rc learning_write(struct learning *l)
{
    enum rc rc = seal_all(l);
    if (rc)
        return rc;
    count_revisions(l);
    for (size_t i = 0; !rc && i < l->finding_count; i++)
        rc = write_finding(l, &l->findings[i]);
    for (size_t i = 0; !rc && i < l->draft_count; i++)
        rc = write_draft(l, &l->drafts[i]);
    return rc;
}
