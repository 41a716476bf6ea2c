/* 变更记录: every change of a person's records, newest first: who, when, what it was, what it became, and from where. */
#include "customer/customer_priv.h"

#include <stdlib.h>

enum { HISTORY_DEFAULT = 50 };

struct change_row {
    int64_t id, at_us, staff_id, source_id, ref_id;
    struct str field, source_kind, before, after;
};

struct history {
    struct change_row *rows;
    size_t count;
    bool more;
    struct id_name *staff, *sources, *stores;
    size_t staff_count, source_count, store_count;
};

static struct change_row row_of(struct ctx *c, struct db_rows *q)
{
    return (struct change_row){
        .id = db_i64(q, "id"), .at_us = db_i64(q, "at_us"), .staff_id = db_i64(q, "staff_id"), .source_id = db_i64(q, "source_id"),
        .ref_id = db_i64(q, "ref_id"), .field = arena_str(c->arena, db_text(q, "field")), .source_kind = arena_str(c->arena, db_text(q, "source_kind")),
        .before = arena_str(c->arena, db_text(q, "old_text")), .after = arena_str(c->arena, db_text(q, "new_text")),
    };
}

static enum rc load_rows(struct ctx *c, const struct who *who, int64_t before_id, int64_t limit, struct history *h)
{
    struct sealed_batch sealed = {.count = 0};
    h->rows = arena_new_array(c->arena, struct change_row, (size_t)limit);
    struct db_rows *q = db_query(c->db, "customer_changes", DB_IDS("ids", who->members, who->member_count), DB_I64("before_id", before_id),
                                 DB_I64("limit", limit + 1));
    while (db_next(q)) {
        if ((int64_t)h->count == limit) {
            h->more = true;
            break;
        }
        struct change_row *row = &h->rows[h->count++];
        *row = row_of(c, q);
        enum vault_field kind = (enum vault_field)db_i64(q, "kind");
        sealed_add(c, &sealed, kind, db_i64(q, "item_id"), db_i64(q, "sealed_for"), arena_str(c->arena, db_blob(q, "old_sealed")), &row->before);
        sealed_add(c, &sealed, kind, db_i64(q, "item_id"), db_i64(q, "sealed_for"), arena_str(c->arena, db_blob(q, "new_sealed")), &row->after);
    }
    enum rc rc = db_end(q);
    return rc ? rc : sealed_mask(c, &sealed);
}

static bool is_store(const struct change_row *row)
{
    return str_eqz(row->field, "home_store_id");
}

static enum rc load_names(struct ctx *c, struct history *h)
{
    int64_t *staff = arena_new_array(c->arena, int64_t, h->count), *sources = arena_new_array(c->arena, int64_t, h->count);
    int64_t *stores = arena_new_array(c->arena, int64_t, 2 * h->count);
    size_t wanted = 0;
    for (size_t i = 0; i < h->count; i++) {
        staff[i] = h->rows[i].staff_id;
        sources[i] = h->rows[i].source_id;
        if (is_store(&h->rows[i])) {
            wanted += str_i64(h->rows[i].before, &stores[wanted]);
            wanted += str_i64(h->rows[i].after, &stores[wanted]);
        }
    }
    enum rc rc = names_load(c, "customer_staff_names", staff, h->count, &h->staff, &h->staff_count);
    if (!rc)
        rc = names_load(c, "customer_source_names", sources, h->count, &h->sources, &h->source_count);
    return rc ? rc : names_load(c, "customer_stores", stores, wanted, &h->stores, &h->store_count);
}

/* Numbers of the table as the words of the API. */
static struct str value_word(const struct history *h, const struct change_row *row, struct str value)
{
    static const char *const genders[] = {"u", "f", "m"};
    int64_t number;
    if (!str_i64(value, &number))
        return value;
    if (is_store(row))
        return names_find(h->stores, h->store_count, number);
    if (str_eqz(row->field, "gender"))
        return str_z(genders[number >= 0 && number <= 2 ? number : 0]);
    if (str_eqz(row->field, "class"))
        return str_z(customer_class_word(number));
    if (str_eqz(row->field, "organisation"))
        return number ? STR("organisation") : STR("person");
    if (str_eqz(row->field, "member"))
        return number ? STR("member") : STR("customer");
    return value;
}

/* The names of the record page. */
static struct str field_word(const struct change_row *row)
{
    if (is_store(row))
        return STR("home_store");
    if (str_eqz(row->field, "organisation"))
        return STR("kind");
    if (str_eqz(row->field, "member"))
        return STR("known");
    return row->field;
}

static void write_value(struct jw *w, const char *key, struct str value)
{
    if (value.len)
        jw_kv_str(w, key, value);
    else
        jw_kv_z(w, key, NULL);
}

static void write_row(const struct history *h, const struct change_row *row, struct jw *w)
{
    struct str source = names_find(h->sources, h->source_count, row->source_id);
    jw_object(w);
    jw_kv_id(w, "id", row->id);
    jw_kv_time(w, "at", row->at_us);
    jw_kv_time(w, "recorded_at", id_time_us(row->id));
    jw_kv_str(w, "by", names_find(h->staff, h->staff_count, row->staff_id));
    jw_kv_str(w, "field", field_word(row));
    write_value(w, "old", value_word(h, row, row->before));
    write_value(w, "new", value_word(h, row, row->after));
    jw_kv_str(w, "source", source.len ? source : row->source_kind);
    jw_kv_str(w, "source_kind", row->source_kind);
    jw_kv_id(w, "ref", row->ref_id);
    jw_object_end(w);
}

enum rc customer_history(struct ctx *c, const struct request *r, struct reply *p)
{
    struct history h = {.count = 0};
    struct who who;
    bool given = false;
    int64_t limit = HISTORY_DEFAULT, before_id = INT64_MAX, key = 0;
    enum rc rc = who_open(c, r, &who);
    if (!rc)
        rc = request_limit(c, r, HISTORY_DEFAULT, &limit);
    if (!rc)
        rc = request_cursor(c, r, request_query(r, "after"), &key, 1, &given);
    if (!rc && given)
        before_id = key;
    if (!rc)
        rc = load_rows(c, &who, before_id, limit, &h);
    if (!rc)
        rc = load_names(c, &h);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    for (size_t i = 0; i < h.count; i++)
        write_row(&h, &h.rows[i], &p->json);
    jw_array_end(&p->json);
    jw_key(&p->json, "next");
    if (h.more)
        jw_str(&p->json, request_cursor_make(c, r, &h.rows[h.count - 1].id, 1));
    else
        jw_null(&p->json);
    jw_object_end(&p->json);
    return RC_OK;
}
