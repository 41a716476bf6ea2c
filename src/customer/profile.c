/* Records as rows: one table of facts drives loading, saving and history, so that no field can be forgotten in one of them. */
#include "customer/customer_priv.h"

const struct profile_field profile_fields[PROFILE_COUNT] = {
    [PROFILE_NAME] = {"name", "name_us", "name_hash", PROFILE_SEALED, VAULT_NAME, CLEAR_NAME},
    [PROFILE_BIRTHDAY] = {"birthday", "birthday_us", "birthday_hash", PROFILE_SEALED, VAULT_BIRTHDAY, CLEAR_BIRTHDAY},
    [PROFILE_GENDER] = {"gender", "gender_us", .type = PROFILE_NUMBER, .clear = CLEAR_GENDER},
    [PROFILE_CLASS] = {"class", "class_us", .type = PROFILE_NUMBER},
    [PROFILE_ORGANISATION] = {"organisation", "organisation_us", .type = PROFILE_NUMBER, .clear = CLEAR_ORGANISATION},
    [PROFILE_MEMBER] = {"member", "member_us", .type = PROFILE_NUMBER, .clear = CLEAR_MEMBER},
    [PROFILE_HOME_STORE] = {"home_store_id", "home_store_us", .type = PROFILE_NUMBER, .clear = CLEAR_HOME_STORE},
    [PROFILE_ASSISTANT] = {"own_assistant", "own_assistant_us", .type = PROFILE_TEXT, .clear = CLEAR_ASSISTANT},
    [PROFILE_SIZE_TOP] = {"size_top", "size_top_us", .type = PROFILE_TEXT, .clear = CLEAR_SIZE_TOP},
    [PROFILE_SIZE_BOTTOM] = {"size_bottom", "size_bottom_us", .type = PROFILE_TEXT, .clear = CLEAR_SIZE_BOTTOM},
    [PROFILE_SIZE_SHOE] = {"size_shoe", "size_shoe_us", .type = PROFILE_TEXT, .clear = CLEAR_SIZE_SHOE},
    [PROFILE_TASTES] = {"tastes", "tastes_us", .type = PROFILE_TEXT, .clear = CLEAR_TASTES},
};

static struct profile_value value_of(struct ctx *c, struct db_rows *q, const struct profile_field *f)
{
    struct profile_value v = {.said = !db_is_null(q, f->us_column), .at_us = db_i64(q, f->us_column)};
    if (!v.said)
        return v;
    if (f->type == PROFILE_NUMBER)
        v.number = db_i64(q, f->column);
    else
        v.text = arena_str(c->arena, db_text(q, f->column));
    if (f->type == PROFILE_SEALED)
        v.hash = arena_str(c->arena, db_blob(q, f->hash_column));
    return v;
}

static struct profile profile_of(struct ctx *c, struct db_rows *q)
{
    struct profile p = {
        .id = db_i64(q, "id"), .rev = db_i64(q, "rev"), .number = db_i64(q, "number"), .brand_id = db_i64(q, "brand_id"),
        .sealed_for = db_i64(q, "sealed_for"), .first_source_id = db_i64(q, "first_source_id"), .first_store_id = db_i64(q, "first_store_id"),
        .created_us = db_i64(q, "created_us"), .updated_us = db_i64(q, "updated_us"),
    };
    for (size_t k = 0; k < PROFILE_COUNT; k++)
        p.v[k] = value_of(c, q, &profile_fields[k]);
    return p;
}

enum rc profile_load(struct ctx *c, const int64_t *ids, size_t count, struct profile **ret, size_t *ret_count)
{
    struct profile *list = arena_new_array(c->arena, struct profile, count);
    size_t n = 0;
    for (size_t from = 0; from < count; from += CUSTOMER_LIST_CHUNK) {
        size_t chunk = count - from < CUSTOMER_LIST_CHUNK ? count - from : CUSTOMER_LIST_CHUNK;
        struct db_rows *q = db_query(c->db, "customer_profiles", DB_IDS("ids", ids + from, chunk));
        while (n < count && db_next(q))
            list[n++] = profile_of(c, q);
        enum rc rc = db_end(q);
        if (rc)
            return rc;
    }
    *ret = list;
    *ret_count = n;
    return RC_OK;
}

/* The value's own column, then its companions. Returns how many arguments were set. */
static size_t value_args(const struct profile_field *f, const struct profile_value *v, struct db_arg *args)
{
    size_t n = 0;
    switch (f->type) {
    case PROFILE_NUMBER: args[n++] = DB_I64_OR_NULL(f->column, v->number, v->said); break;
    case PROFILE_TEXT: args[n++] = DB_TEXT_OR_NULL(f->column, v->text); break;
    case PROFILE_SEALED:
        args[n++] = DB_BLOB_OR_NULL(f->column, v->text);
        args[n++] = DB_BLOB_OR_NULL(f->hash_column, v->hash);
        break;
    }
    args[n++] = DB_I64_OR_NULL(f->us_column, v->at_us, v->said);
    return n;
}

enum rc profile_take_number(struct ctx *c, const struct profile *p)
{
    return db_run_later(c->db, "customer_number_insert", DB_I64("number", p->number), DB_I64("customer_id", p->id));
}

enum rc profile_save(struct ctx *c, const struct profile *p)
{
    struct db_arg args[9 + 3 * PROFILE_COUNT] = {
        DB_I64("id", p->id), DB_I64("rev", p->rev), DB_I64("number", p->number), DB_I64("brand_id", p->brand_id), DB_I64("sealed_for", p->sealed_for),
        DB_I64("first_source_id", p->first_source_id), DB_I64("first_store_id", p->first_store_id),
        DB_I64("created_us", p->created_us), DB_I64("updated_us", p->updated_us),
    };
    size_t n = 9;
    for (size_t k = 0; k < PROFILE_COUNT; k++)
        n += value_args(&profile_fields[k], &p->v[k], args + n);
    return db_run_later_args(c->db, "customer_put", args, n);
}

const struct profile *profile_newest(const struct profile *list, size_t count, enum profile_key key)
{
    const struct profile *newest = NULL;
    for (size_t i = 0; i < count; i++)
        if (list[i].v[key].said && (!newest || list[i].v[key].at_us > newest->v[key].at_us))
            newest = &list[i];
    return newest;
}
