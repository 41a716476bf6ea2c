/* What a person may ask of her record: to have it told to her, and to have it erased. */
#include "customer/customer_priv.h"

/* A relation stands with both who have it. */
static enum rc forget_other_ends(struct ctx *c, int64_t customer_id, const char *ends, const char *forget)
{
    enum { ENDS_MAX = 1000 };
    int64_t *others = arena_new_array(c->arena, int64_t, ENDS_MAX);
    size_t count = 0;
    enum rc rc = RC_OK;
    struct db_rows *q = db_query(c->db, ends, DB_I64("customer_id", customer_id));
    while (count < ENDS_MAX && db_next(q))
        others[count++] = db_i64(q, "other_id");
    rc = db_end(q);
    return rc || count == 0 ? rc : db_run(c->db, forget, DB_IDS("others", others, count), DB_I64("customer_id", customer_id));
}

/* Her pseudonymous sales, her consents (that she once refused, say) and that there was a history stay; every personal value
 * goes, and with her key what backups and logs still hold. */
enum rc customer_erased(struct ctx *c, int64_t customer_id)
{
    static const char *const statements[] = {"customer_erase_contacts",  "customer_erase_addresses", "customer_erase_notes",  "customer_erase_tags",
                                             "customer_erase_relations", "customer_erase_related",   "customer_erase_refund", "customer_erase_changes"};
    enum rc rc = db_run(c->db, "customer_erase_profile", DB_I64("customer_id", customer_id), DB_I64("now_us", c->now_us));
    if (!rc)
        rc = forget_other_ends(c, customer_id, "customer_relation_ends", "customer_related_forget");
    if (!rc)
        rc = forget_other_ends(c, customer_id, "customer_related_ends", "customer_relation_forget");
    for (size_t i = 0; !rc && i < sizeof(statements) / sizeof(statements[0]); i++)
        rc = db_run(c->db, statements[i], DB_I64("customer_id", customer_id));
    return rc;
}

enum rc customer_told(struct ctx *c, int64_t customer_id, struct jw *out)
{
    struct view *v;
    size_t count;
    enum rc rc = views_load(c, &customer_id, 1, &v, &count);
    if (rc || count == 0)
        return rc;
    jw_key(out, "customer");
    return record_write(c, customer_id, v, out);
}
