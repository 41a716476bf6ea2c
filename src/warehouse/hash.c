/* Logical hashes: whether two warehouses hold the same, however they came to it. */
#include "warehouse/warehouse_priv.h"

static const char *const hash_of[WAREHOUSE_HASHES][2] = {
    {"customer", "wh_hash_customer"}, {"subject", "wh_hash_subject"},     {"sale", "wh_hash_sale"},         {"sale_line", "wh_hash_sale_line"},
    {"refund", "wh_hash_refund"},     {"sku", "wh_hash_sku"},             {"sku_price", "wh_hash_sku_price"}, {"style", "wh_hash_style"},
    {"category", "wh_hash_category"}, {"store", "wh_hash_store"},         {"source", "wh_hash_source"},     {"visitor", "wh_hash_visitor"},
    {"visit_word", "wh_hash_visit_word"}, {"visit", "wh_hash_visit"},     {"event", "wh_hash_event"},
};

static enum rc read_hashes(struct db *db, struct warehouse_hash ret[static WAREHOUSE_HASHES])
{
    for (size_t i = 0; i < WAREHOUSE_HASHES; i++) {
        struct warehouse_hash h = {.table = hash_of[i][0]};
        /* Not from the cache of prepared statements: the view of events is made anew as segments come. */
        struct db_rows *q;
        enum rc rc = db_query_text(db, db_sql_text(hash_of[i][1]), NULL, 0, &q);
        if (rc)
            return rc;
        if (db_next(q)) {
            h.rows = db_i64(q, "n");
            h.hash = (uint64_t)db_i64(q, "h"); /* the sum modulo 2^64 */
        }
        rc = db_end(q);
        if (rc)
            return rc;
        ret[i] = h;
    }
    return RC_OK;
}

/* On PostgreSQL all tables as they were at one moment, and however long it takes: steps go on meanwhile. */
enum rc follower_hashes(struct db *db, struct warehouse_hash ret[static WAREHOUSE_HASHES])
{
    if (db_engine(db) != DB_POSTGRES)
        return read_hashes(db, ret);
    enum rc rc = db_script(db, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0");
    if (rc)
        return rc;
    rc = read_hashes(db, ret);
    enum rc end = db_script(db, rc ? "ROLLBACK" : "COMMIT");
    return rc ? rc : end;
}
