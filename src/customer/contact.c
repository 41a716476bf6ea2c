/* Contacts that were taken off a record: what goes, and what the record still tells of it. */
#include "customer/customer_priv.h"

static const char removal[] = "removal";

struct gone {
    int64_t record, id, sealed_for, rev;
    enum vault_field kind;
    struct str sealed;
};

static enum rc held(struct ctx *c, const int64_t *members, size_t count, struct db_arg hash, struct gone *ret)
{
    *ret = (struct gone){.record = 0};
    struct db_rows *q = db_query(c->db, "customer_contact_held", DB_IDS("ids", members, count), hash);
    if (db_next(q))
        *ret = (struct gone){db_i64(q, "customer_id"), db_i64(q, "id"), db_i64(q, "sealed_for"), db_i64(q, "rev"),
                             (enum vault_field)db_i64(q, "kind"), arena_str(c->arena, db_blob(q, "value"))};
    return db_end(q);
}

static enum rc tell(struct ctx *c, const struct gone *g, int64_t identifier)
{
    return db_run_later(c->db, "customer_change_insert", DB_I64("customer_id", g->record), DB_I64("id", id_next()), DB_I64("rev", g->rev),
                        DB_TEXT("field", str_z(customer_contact_word(g->kind))), DB_I64("kind", g->kind), DB_I64("item_id", g->id), DB_NULL("old_text"), DB_NULL("new_text"),
                        DB_BLOB("old_sealed", g->sealed), DB_NULL("new_sealed"), DB_I64("sealed_for", g->sealed_for),
                        DB_I64("staff_id", c->actor ? c->actor->staff_id : 0), DB_TEXT("source_kind", str_z(removal)), DB_I64("source_id", 0),
                        DB_I64("ref_id", identifier), DB_I64("at_us", c->now_us));
}

enum rc customer_contact_find(struct ctx *c, const int64_t *members, size_t count, int64_t id, enum vault_field *ret_kind, int64_t *ret_record, uint8_t ret_hash[16])
{
    *ret_kind = 0;
    struct db_rows *q = db_query(c->db, "customer_contact_of", DB_IDS("ids", members, count), DB_I64("id", id));
    if (db_next(q)) {
        struct str hash = db_blob(q, "key_hash");
        *ret_kind = (enum vault_field)db_i64(q, "kind");
        *ret_record = db_i64(q, "customer_id");
        memcpy(ret_hash, hash.ptr, hash.len < CUSTOMER_HASH ? hash.len : CUSTOMER_HASH);
    }
    return db_end(q);
}

enum rc customer_contact_forget(struct ctx *c, const int64_t *members, size_t count, const uint8_t hash[16], int64_t identifier)
{
    struct gone gone;
    struct db_arg key = DB_BLOB("key_hash", str_n(hash, CUSTOMER_HASH));
    enum rc rc = held(c, members, count, key, &gone);
    if (!rc && gone.record)
        rc = tell(c, &gone, identifier);
    if (!rc)
        rc = db_run(c->db, "customer_contact_delete", DB_IDS("ids", members, count), key);
    return rc ? rc : change_add(c, CHANGE_CUSTOMER, members[0], members[0], 1);
}

enum rc contacts_removed(struct ctx *c, const struct view *v, const struct customer_identifier *list, size_t count, struct str *masked)
{
    struct sealed_batch sealed = {.count = 0};
    struct db_rows *q = db_query(c->db, "customer_contacts_removed", DB_IDS("ids", v->members, v->member_count));
    while (db_next(q))
        for (size_t i = 0; i < count; i++)
            if (list[i].id == db_i64(q, "ref_id"))
                sealed_add(c, &sealed, (enum vault_field)db_i64(q, "kind"), db_i64(q, "item_id"), db_i64(q, "sealed_for"),
                           arena_str(c->arena, db_blob(q, "old_sealed")), &masked[i]);
    enum rc rc = db_end(q);
    return rc ? rc : sealed_mask(c, &sealed);
}
