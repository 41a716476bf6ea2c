/* Running totals of a person, one narrow row that lists sort by, and what a merge does to the record. */
#include "customer/customer_priv.h"

enum rc customer_stat_add(struct ctx *c, int64_t root_id, const struct customer_stat *delta)
{
    return db_run_later(c->db, "customer_stat_add", DB_I64("customer_id", root_id), DB_I64("orders", delta->orders), DB_I64("units", delta->units),
                        DB_I64("spent_minor", delta->spent_minor), DB_I64("returned_minor", delta->returned_minor), DB_I64("web_orders", delta->web_orders),
                        DB_I64("web_spent_minor", delta->web_spent_minor), DB_I64("seen_us", delta->seen_us), DB_I64("order_us", delta->order_us));
}

struct standing {
    bool exists;
    int64_t home_store_id, class, first_seen_us;
    struct customer_stat totals;
};

static enum rc standing_of(struct ctx *c, int64_t customer_id, struct standing *ret)
{
    struct standing s = {.exists = false};
    struct db_rows *q = db_query(c->db, "customer_stat_get", DB_I64("customer_id", customer_id));
    if (db_next(q))
        s = (struct standing){
            .exists = true, .home_store_id = db_i64(q, "home_store_id"), .class = db_i64(q, "class"), .first_seen_us = db_i64(q, "first_seen_us"),
            .totals = {.orders = db_i64(q, "orders"), .units = db_i64(q, "units"), .spent_minor = db_i64(q, "spent_minor"),
                       .returned_minor = db_i64(q, "returned_minor"), .web_orders = db_i64(q, "web_orders"),
                       .web_spent_minor = db_i64(q, "web_spent_minor"), .seen_us = db_i64(q, "last_seen_us"), .order_us = db_i64(q, "last_order_us")},
        };
    enum rc rc = db_end(q);
    if (!rc)
        *ret = s;
    return rc;
}

/* The loser's row stays as it was when it was merged: an undo takes it off the winner again. */
static enum rc move_totals(struct ctx *c, const struct customer_merge *m)
{
    struct standing winner = {0}, loser = {0};
    enum rc rc = standing_of(c, m->winner, &winner);
    if (!rc)
        rc = standing_of(c, m->loser, &loser);
    if (rc || !loser.exists)
        return rc;
    if (!winner.exists) /* a record nobody knew anything of yet: it takes over what the other one had */
        rc = db_run_later(c->db, "customer_stat_insert", DB_I64("customer_id", m->winner), DB_I64("home_store_id", loser.home_store_id),
                          DB_I64("class", loser.class), DB_I64("at_us", loser.first_seen_us));
    else if (winner.home_store_id == 0 && loser.home_store_id)
        rc = db_run_later(c->db, "customer_stat_facets", DB_I64("customer_id", m->winner), DB_I64("home_store_id", loser.home_store_id),
                          DB_I64("class", winner.class));
    if (!rc)
        rc = db_run_later(c->db, "customer_stat_first", DB_I64("customer_id", m->winner), DB_I64("first_seen_us", loser.first_seen_us));
    if (!rc)
        rc = customer_stat_add(c, m->winner, &loser.totals);
    if (!rc)
        rc = db_run(c->db, "customer_stat_unlist", DB_I64("customer_id", m->loser));
    return rc;
}

static enum rc note_merge(struct ctx *c, const struct customer_merge *m)
{
    return db_run_later(c->db, "customer_change_insert", DB_I64("customer_id", m->winner), DB_I64("id", id_next()), DB_I64("rev", 0),
                        DB_TEXT("field", STR("merged")), DB_I64("kind", 0), DB_I64("item_id", m->merge_id), DB_NULL("old_text"),
                        DB_TEXT("new_text", arena_printf(c->arena, "%lld", (long long)m->loser)), DB_NULL("old_sealed"), DB_NULL("new_sealed"),
                        DB_I64("sealed_for", m->winner), DB_I64("staff_id", c->actor ? c->actor->staff_id : 0), DB_TEXT("source_kind", STR("merge")),
                        DB_I64("source_id", 0), DB_I64("ref_id", m->merge_id), DB_I64("at_us", c->now_us));
}

struct tag {
    struct str word;
    int64_t staff_id, at_us;
};

static enum rc unite_tags(struct ctx *c, const struct customer_merge *m)
{
    struct tag *tags = NULL;
    size_t count = 0, cap = 0;
    struct db_rows *q = db_query(c->db, "customer_tags_of", DB_I64("customer_id", m->loser));
    while (db_next(q)) {
        if (count == cap) {
            struct tag *more = arena_new_array(c->arena, struct tag, cap = cap ? cap * 2 : 8);
            if (count)
                memcpy(more, tags, count * sizeof(*tags));
            tags = more;
        }
        tags[count++] = (struct tag){arena_str(c->arena, db_text(q, "tag")), db_i64(q, "staff_id"), db_i64(q, "at_us")};
    }
    enum rc rc = db_end(q);
    for (size_t i = 0; !rc && i < count; i++)
        rc = db_run_later(c->db, "customer_tag_insert", DB_I64("customer_id", m->winner), DB_TEXT("tag", tags[i].word), DB_I64("staff_id", tags[i].staff_id),
                          DB_I64("at_us", tags[i].at_us));
    return rc;
}

/* Values, contacts, notes and consents stay with the record that learned them: a person is read as the list of her
 * records. Only what lists sort and filter by goes to the root: totals and tags. */
enum rc customer_merged(struct ctx *c, const struct customer_merge *m)
{
    enum rc rc = move_totals(c, m);
    if (!rc)
        rc = unite_tags(c, m);
    return rc ? rc : note_merge(c, m);
}
