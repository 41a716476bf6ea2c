/* The life of a web order. Receipts, returns and exchanges are done when they are written.
 *
 *      placed ──► paid ──► shipped ──► received
 *        │         │  │        │           │
 *        ▼         ▼  └────────┴─────┬─────┘
 *      cancelled ◄─┘                 ▼
 *      (before shipping)     part refunded ──► refunded
 */
#include "sales/sales_priv.h"

static const char *const kind_words[] = {[SALE_RECEIPT] = "receipt", [SALE_ORDER] = "order", [SALE_RETURN] = "return", [SALE_EXCHANGE] = "exchange"};
static const char *const status_words[] = {
    [SALE_PLACED] = "placed",
    [SALE_PAID] = "paid",
    [SALE_SHIPPED] = "shipped",
    [SALE_RECEIVED] = "received",
    [SALE_CANCELLED] = "cancelled",
    [SALE_REFUNDED] = "refunded",
    [SALE_PART_REFUNDED] = "part_refunded",
    [SALE_DONE] = "done",
};

#define TO(status) (1u << (status))
static const unsigned moves[] = {
    [SALE_PLACED] = TO(SALE_PAID) | TO(SALE_SHIPPED) | TO(SALE_RECEIVED) | TO(SALE_CANCELLED),
    [SALE_PAID] = TO(SALE_SHIPPED) | TO(SALE_RECEIVED) | TO(SALE_CANCELLED) | TO(SALE_REFUNDED) | TO(SALE_PART_REFUNDED),
    [SALE_SHIPPED] = TO(SALE_RECEIVED) | TO(SALE_REFUNDED) | TO(SALE_PART_REFUNDED),
    [SALE_RECEIVED] = TO(SALE_REFUNDED) | TO(SALE_PART_REFUNDED),
    [SALE_CANCELLED] = 0,
    [SALE_REFUNDED] = 0,
    [SALE_PART_REFUNDED] = TO(SALE_REFUNDED) | TO(SALE_PART_REFUNDED),
    [SALE_DONE] = 0,
};

const char *sale_kind_word(int64_t kind)
{
    return kind >= SALE_RECEIPT && kind <= SALE_EXCHANGE ? kind_words[kind] : "";
}

const char *sale_status_word(int64_t status)
{
    return status >= SALE_PLACED && status <= SALE_DONE ? status_words[status] : "";
}

enum sale_status sales_status_forward(enum sale_status now, enum sale_status wanted)
{
    bool on_the_way = wanted >= SALE_PLACED && wanted <= SALE_RECEIVED;
    return on_the_way && (moves[now] & TO(wanted)) ? wanted : now;
}

static enum rc load_by_key(struct ctx *c, struct str key, struct sale_stored *ret)
{
    struct identity_key_holder at;
    enum rc rc = sales_place(c, key, &at);
    if (rc || at.id == 0)
        return rc ? rc : ctx_fail(c, RC_NOT_FOUND, "order_id", "unknown");
    return sales_load(c, at, ret);
}

static bool is_refund(enum sale_status status)
{
    return status == SALE_REFUNDED || status == SALE_PART_REFUNDED;
}

/* What the move leads to: a refund of a part is one of a part, however it was called; cancelling gives back the rest. */
static enum rc settle(struct ctx *c, const struct sale_stored *stored, enum sale_status *status, int64_t *refund_minor)
{
    const struct sale_figures *now = &stored->figures;
    int64_t left = now->total_minor + stored->freight_minor - now->refunded_minor;
    if (*refund_minor < 0 || *refund_minor > left)
        return ctx_fail(c, RC_INVALID, "total", "more_than_paid");
    if (*status == SALE_CANCELLED)
        *refund_minor = now->status == SALE_PLACED ? 0 : left;
    else if (!is_refund(*status))
        *refund_minor = 0;
    else if (*refund_minor == 0)
        *refund_minor = left;
    if (is_refund(*status))
        *status = *refund_minor == left ? SALE_REFUNDED : SALE_PART_REFUNDED;
    return moves[now->status] & TO(*status) ? RC_OK : ctx_fail(c, RC_CONFLICT, "status", sale_status_word(now->status));
}

/* Was it heard before? What is over stays over; a refund of a part is known by its moment and amount. */
static enum rc is_repeat(struct ctx *c, const struct sale_stored *now, enum sale_status status, int64_t refund_minor, int64_t at_us, bool *ret)
{
    int64_t count = 0;
    enum rc rc = RC_OK;
    enum sale_status is = now->figures.status;
    if (is_refund(status) && is == SALE_PART_REFUNDED)
        rc = db_get_i64(c->db, 0, &count, "sale_refund_known", DB_I64("customer_id", now->customer_id), DB_I64("sale_id", now->id), DB_I64("at_us", at_us),
                        DB_I64("refund_minor", refund_minor));
    *ret = count > 0 || (is_refund(status) ? is == SALE_REFUNDED : is == status);
    return rc;
}

static enum rc move(struct ctx *c, const struct sale_stored *now, enum sale_status status, int64_t refund_minor, int64_t at_us)
{
    struct sale_figures after = now->figures;
    after.status = status;
    after.refunded_minor += refund_minor;
    const struct db_arg whose = DB_I64("customer_id", now->customer_id), sale = DB_I64("sale_id", now->id);
    int64_t states;
    enum rc rc = db_get_i64(c->db, 0, &states, "sale_state_count", whose, sale);
    if (rc == RC_OK)
        rc = db_run_later(c->db, "sale_state_insert", sale, whose, DB_I64("position", states + 1), DB_I64("status", status), DB_I64("at_us", at_us),
                          DB_I64("refund_minor", refund_minor));
    if (rc == RC_OK)
        rc = db_run_later(c->db, "sale_set_status", whose, DB_I64("id", now->id), DB_I64("status", status), DB_I64("refunded_minor", after.refunded_minor),
                          DB_I64("now_us", c->now_us));
    if (rc == RC_OK)
        rc = sales_count(c, now->customer_id, at_us, &now->figures, &after);
    return rc ? rc : change_add(c, CHANGE_ORDER, now->id, now->customer_id, 1);
}

enum rc sales_set_status(struct ctx *c, struct str key, enum sale_status status, int64_t refund_minor, int64_t at_us, bool trusted, enum sale_outcome *ret)
{
    struct sale_stored now = {0};
    bool repeat = false;
    enum rc rc = load_by_key(c, key, &now);
    if (rc == RC_OK && now.trusted && !trusted)
        rc = ctx_fail(c, RC_CONFLICT, "order_id", "source_not_trusted");
    if (rc == RC_OK)
        rc = is_repeat(c, &now, status, refund_minor, at_us, &repeat);
    if (rc == RC_OK && !repeat)
        rc = settle(c, &now, &status, &refund_minor);
    if (rc == RC_OK && !repeat)
        rc = move(c, &now, status, refund_minor, at_us);
    if (rc == RC_OK && !repeat && refund_minor)
        rc = sales_check_refund(c, (struct identity_key_holder){now.id, now.customer_id});
    if (rc == RC_OK)
        *ret = repeat ? SALE_SAME : SALE_UPDATED;
    return rc;
}
