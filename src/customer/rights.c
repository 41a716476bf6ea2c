/* What a person may ask of her record: to have it told to her, and to have it erased. */
#include "customer/customer_priv.h"

/* Her pseudonymous sales, her consents (that she once refused, say) and that there was a history stay; every personal value
 * goes, and with her key what backups and logs still hold. */
enum rc customer_erased(struct ctx *c, int64_t customer_id)
{
    static const char *const statements[] = {"customer_erase_contacts", "customer_erase_addresses", "customer_erase_notes",
                                             "customer_erase_tags", "customer_erase_relations", "customer_erase_refund", "customer_erase_changes"};
    enum rc rc = db_run(c->db, "customer_erase_profile", DB_I64("customer_id", customer_id), DB_I64("now_us", c->now_us));
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
