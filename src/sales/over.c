/* Returns joined to what they return, and what comes back more often than it was sold. A till reports facts, so such a
 * return is taken; its line carries how many pieces are too many, and the sold document stands in 待核对 until somebody has
 * looked into it. Not here: refusing anything. */
#include "base/decimal.h"
#include "base/limits.h"
#include "identity/identity.h"
#include "sales/sales_priv.h"

static const char over_rule[] = "over_returned";

enum { JOIN_AT_ONCE = 64 };

struct returning {
    int64_t sale_id, customer_id, quantity, paid_minor, named_line; /* quantity and paid_minor: what comes back; named_line 0: any of its SKU */
    int32_t line_no;
    struct str sku;
};

/* ---- where a return line belongs ---- */

struct place {
    int64_t line_no, left;
};

/* Better than what was found so far: room for all of it, then room for some, then the first. */
static bool is_better(const struct place *a, const struct place *best, int64_t wanted)
{
    if (best->line_no == 0)
        return true;
    if (best->left >= wanted)
        return false;
    return a->left >= wanted || (a->left > 0 && best->left <= 0);
}

static enum rc find_place(struct ctx *c, const struct returning *line, const struct sale_stored *stored, int64_t *ret_line_no, struct sale_over *ret)
{
    struct place best = {.line_no = 0};
    int64_t sold = 0, returned = line->quantity;
    struct db_rows *q = db_query(c->db, "sale_return_places", DB_I64("customer_id", stored->customer_id), DB_I64("sold_id", stored->id),
                                 DB_I64("return_line", line->named_line), DB_TEXT("sku", line->sku));
    while (db_next(q)) {
        struct place at = {db_i64(q, "line_no"), db_i64(q, "quantity") - db_i64(q, "returned")};
        sold += db_i64(q, "quantity");
        returned += db_i64(q, "returned");
        if (is_better(&at, &best, line->quantity))
            best = at;
    }
    int64_t beyond = best.line_no && returned > sold ? returned - sold : 0;
    *ret_line_no = best.line_no ? best.line_no : line->named_line;
    *ret = (struct sale_over){.quantity = beyond < line->quantity ? beyond : line->quantity, .sold = sold, .returned = returned, .sold_id = stored->id};
    return db_end(q);
}

/* ---- the case ---- */

static enum rc note_case(struct ctx *c, const struct sale_stored *sold)
{
    enum rc rc = db_run(c->db, "sale_over_mark", DB_I64("customer_id", sold->customer_id), DB_I64("id", sold->id));
    return rc ? rc : identity_review_note(c, over_rule, sold->customer_id, sold->id, "order");
}

/* Refunds that name no pieces are money alone: with what came back by lines they must not be more than was paid. */
static enum rc is_over_refunded(struct ctx *c, const struct sale_stored *sold, bool *ret)
{
    const struct sale_figures *f = &sold->figures;
    int64_t worth = 0;
    *ret = false;
    if (f->refunded_minor == 0)
        return RC_OK;
    enum rc rc = db_get_i64(c->db, 0, &worth, "sale_returned_worth", DB_I64("customer_id", sold->customer_id), DB_I64("sale_id", sold->id));
    *ret = worth > 0 && f->refunded_minor + worth > f->total_minor + sold->freight_minor;
    return rc;
}

enum rc sales_check_refund(struct ctx *c, struct identity_key_holder at)
{
    struct sale_stored sold = {0};
    bool over = false;
    enum rc rc = sales_load(c, at, &sold);
    if (!rc)
        rc = is_over_refunded(c, &sold, &over);
    return rc || !over ? rc : note_case(c, &sold);
}

/* ---- joining ---- */

static void tell_line(struct sale *s, const struct returning *line, const struct sale_over *over)
{
    for (size_t i = 0; i < s->line_count; i++)
        if (line->sale_id == s->id && s->lines[i].line_no == line->line_no)
            s->lines[i].over = *over;
}

/* Of what was cancelled or refunded whole, nothing is left to come back. */
static bool is_all_back(const struct sale_stored *sold)
{
    return sold->figures.status == SALE_REFUNDED || sold->figures.status == SALE_CANCELLED;
}

/* The line says what it returned; what it returned says so too; it waits no longer. */
static enum rc tie(struct ctx *c, struct str key, const struct returning *line, const struct sale_stored *sold, int64_t place, int64_t over)
{
    enum rc rc = db_run_later(c->db, "sale_return_join", DB_I64("customer_id", line->customer_id), DB_I64("sale_id", line->sale_id), DB_I64("line_no", line->line_no),
                              DB_I64("sold_id", sold->id), DB_I64("sold_customer", sold->customer_id), DB_TEXT("sold_channel", sold->figures.channel),
                              DB_I64("return_line", place), DB_I64("over_quantity", over));
    if (!rc)
        rc = db_run_later(c->db, "sale_returned_insert", DB_I64("customer_id", sold->customer_id), DB_I64("sale_id", sold->id), DB_I64("line_no", place),
                          DB_I64("return_customer_id", line->customer_id), DB_I64("return_sale_id", line->sale_id), DB_I64("return_line_no", line->line_no),
                          DB_I64("quantity", line->quantity), DB_I64("paid_minor", line->paid_minor), DB_I64("over_quantity", over));
    return rc ? rc : db_run(c->db, "sale_waiting_delete", DB_TEXT("return_key", key), DB_I64("sale_id", line->sale_id), DB_I64("line_no", line->line_no));
}

static enum rc join_line(struct ctx *c, struct str key, const struct returning *line, const struct sale_stored *sold, struct sale *s, bool *over_any)
{
    struct sale_over over;
    int64_t place;
    enum rc rc = find_place(c, line, sold, &place, &over);
    if (!rc && is_all_back(sold)) {
        over.quantity = line->quantity;
        over.returned += over.sold;
    }
    if (!rc)
        rc = tie(c, key, line, sold, place, over.quantity);
    if (!rc && over.quantity) {
        *over_any = true;
        tell_line(s, line, &over);
        rc = db_run(c->db, "sale_over_mark", DB_I64("customer_id", line->customer_id), DB_I64("id", line->sale_id));
    }
    return rc || line->sale_id == s->id ? rc : change_add(c, CHANGE_ORDER, line->sale_id, 0, 1);
}

static enum rc read_line(struct ctx *c, struct returning *line)
{
    struct db_rows *q = db_query(c->db, "sale_return_line", DB_I64("customer_id", line->customer_id), DB_I64("sale_id", line->sale_id), DB_I64("line_no", line->line_no));
    if (db_next(q)) {
        line->quantity = -db_i64(q, "quantity");
        line->paid_minor = -db_i64(q, "paid_minor");
        line->named_line = db_i64(q, "return_line");
        line->sku = arena_str(c->arena, db_text(q, "sku"));
    }
    return db_end(q);
}

enum rc sales_waiting_ahead(struct ctx *c, struct str key)
{
    return db_ahead(c->db, "sale_return_waiting", DB_TEXT("return_key", key), DB_I64("limit", JOIN_AT_ONCE));
}

static enum rc read_waiting(struct ctx *c, struct str key, struct returning *lines, size_t max, size_t *ret_count)
{
    size_t count = 0;
    struct db_rows *q = db_query(c->db, "sale_return_waiting", DB_TEXT("return_key", key), DB_I64("limit", max));
    while (count < max && db_next(q))
        lines[count++] = (struct returning){.sale_id = db_i64(q, "sale_id"), .customer_id = db_i64(q, "customer_id"), .line_no = (int32_t)db_i64(q, "line_no")};
    enum rc rc = db_end(q);
    for (size_t i = 0; !rc && i < count; i++)
        rc = read_line(c, &lines[i]);
    *ret_count = count;
    return rc;
}

enum rc sales_join(struct ctx *c, struct str key, struct identity_key_holder at, struct sale *s)
{
    struct returning lines[JOIN_AT_ONCE];
    struct sale_stored sold = {0};
    size_t count = JOIN_AT_ONCE;
    bool over = false, over_refunded = false;
    enum rc rc = RC_OK;
    while (!rc && count == JOIN_AT_ONCE) {
        rc = read_waiting(c, key, lines, JOIN_AT_ONCE, &count);
        if (!rc && count && sold.id == 0)
            rc = sales_load(c, at, &sold);
        for (size_t i = 0; !rc && i < count; i++)
            rc = join_line(c, key, &lines[i], &sold, s, &over);
    }
    if (!rc && sold.id)
        rc = is_over_refunded(c, &sold, &over_refunded);
    if (at.id != s->id)
        s->over_refunded = s->over_refunded || over_refunded;
    return !rc && (over || over_refunded) ? note_case(c, &sold) : rc;
}

struct knot {
    int64_t line_no, sold_id, sold_customer;
    struct str key;
};

static enum rc read_knots(struct ctx *c, struct identity_key_holder at, struct knot *knots, size_t *ret_count)
{
    size_t count = 0;
    struct db_rows *q = db_query(c->db, "sale_line_ties", DB_I64("customer_id", at.customer_id), DB_I64("sale_id", at.id));
    while (count < LIMIT_ORDER_LINES && db_next(q))
        knots[count++] = (struct knot){db_i64(q, "line_no"), db_i64(q, "return_sale_id"), db_i64(q, "return_customer_id"), arena_str(c->arena, db_text(q, "return_key"))};
    *ret_count = count;
    return db_end(q);
}

static enum rc undo(struct ctx *c, struct identity_key_holder at, const struct knot *k)
{
    if (k->sold_id == 0)
        return db_run(c->db, "sale_waiting_delete", DB_TEXT("return_key", k->key), DB_I64("sale_id", at.id), DB_I64("line_no", k->line_no));
    return db_run(c->db, "sale_returned_delete", DB_I64("customer_id", k->sold_customer), DB_I64("sale_id", k->sold_id), DB_I64("return_sale_id", at.id),
                  DB_I64("return_line_no", k->line_no));
}

enum rc sales_untie(struct ctx *c, struct identity_key_holder at)
{
    struct knot *knots = arena_new_array(c->arena, struct knot, LIMIT_ORDER_LINES);
    size_t count;
    enum rc rc = read_knots(c, at, knots, &count);
    for (size_t i = 0; !rc && i < count; i++)
        rc = undo(c, at, &knots[i]);
    return rc;
}

/* ---- what the case is about ---- */

static enum rc write_over_lines(struct ctx *c, struct jw *w, struct identity_key_holder at)
{
    struct db_rows *q = db_query(c->db, "sale_lines", DB_I64("customer_id", at.customer_id), DB_I64("sale_id", at.id));
    jw_key(w, "lines");
    jw_array(w);
    while (db_next(q)) {
        if (db_i64(q, "returned") == 0)
            continue;
        jw_object(w);
        jw_kv_i64(w, "line_no", db_i64(q, "line_no"));
        jw_kv_str(w, "sku", db_text(q, "sku"));
        jw_kv_str(w, "name", db_text(q, "name"));
        jw_kv_i64(w, "sold", db_i64(q, "quantity"));
        jw_kv_i64(w, "returned", db_i64(q, "returned"));
        jw_object_end(w);
    }
    jw_array_end(w);
    return db_end(q);
}

enum rc sales_on_review(struct ctx *c, struct str rule, int64_t thing_id, struct jw *out)
{
    struct identity_key_holder at;
    int exponent = 2;
    if (!str_eqz(rule, over_rule))
        return RC_OK;
    enum rc rc = sales_place_of_id(c, thing_id, &at);
    if (rc)
        return rc;
    struct db_rows *q = db_query(c->db, "sale_show", DB_I64("customer_id", at.customer_id), DB_I64("id", at.id));
    jw_key(out, "order");
    jw_object(out);
    if (db_next(q)) {
        exponent = decimal_exponent_of(db_text(q, "currency"));
        sales_write_head(out, q);
    }
    rc = db_end(q);
    if (!rc)
        rc = write_over_lines(c, out, at);
    if (!rc)
        rc = sales_write_returns(c, out, at, exponent);
    jw_object_end(out);
    return rc;
}
