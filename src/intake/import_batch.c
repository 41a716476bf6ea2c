/* One batch of an import: documents and people through the intake in one commit, products into the catalogue in one
 * transaction. Each document's rows share its fate. */
#include "intake/import_run.h"

#include "base/id.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "db/pool.h"

enum { BATCH_ROWS = 4000, BATCH_DOCUMENTS = 1000 };

/* ---- what became of a document, by rows ---- */

static enum rc refuse_document(struct import_run *r, const struct passing *p)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < p->count; i++)
        if (p->document.nothing && p->document.nothing[i])
            rc = import_refuse(r, p->first + i, STR("nothing_sold"));
        else if (i == p->guilty || p->guilty >= p->count)
            rc = import_refuse(r, p->first + i, str_z(p->reason));
        else
            rc = import_refuse(r, p->first + i,
                               arena_printf(r->c->arena, "row %u of the same document: %s", r->file.rows[p->first + p->guilty].number, p->reason));
    return rc;
}

static enum rc settle(struct import_run *r, const struct passing *p)
{
    enum rc rc = RC_OK;
    if (p->outcome == INTAKE_CONFLICT || p->outcome == INTAKE_REFUSED)
        return refuse_document(r, p);
    int64_t *count = p->outcome == INTAKE_NEW ? &r->counts.new_rows : p->outcome == INTAKE_SAME ? &r->counts.same : &r->counts.updated;
    for (size_t i = 0; rc == RC_OK && i < p->count; i++)
        if (p->document.nothing && p->document.nothing[i])
            rc = import_refuse(r, p->first + i, STR("nothing_sold"));
        else
            ++*count;
    return rc;
}

static enum rc settle_batch(struct import_run *r)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < r->batch_count; i++)
        rc = settle(r, &r->batch[i]);
    return rc;
}

/* "lines[3].paid" is the fault of the third line's row. */
static void blame(struct import_run *r, struct passing *p)
{
    struct str field = str_z(r->c->error.field);
    uint64_t line;
    p->outcome = INTAKE_REFUSED;
    p->guilty = p->count;
    if (str_starts(field, STR("lines["))) {
        ptrdiff_t end = str_find(field, ']');
        if (end > 0 && str_u64(str_sub(field, 6, (size_t)end), &line) && line < p->document.line_count) {
            p->guilty = p->document.row_of_line[line];
            field = str_sub(field, (size_t)end + 2, field.len);
        }
    }
    p->reason = arena_printf(r->c->arena, "%.*s: %s", STR_FMT(field), r->c->error.cause).ptr;
    ctx_clear(r->c);
}

/* ---- parsing one document into the unit ---- */

struct new_store {
    struct json body;
    int outcome;
};

static enum rc put_store(struct ctx *c, void *arg)
{
    struct new_store *s = arg;
    return catalog_store_put(c, s->body, &s->outcome);
}

/* A store that a day file names exists: it is made with its code as name, to be completed by people. */
static enum rc ensure_store(struct import_run *r, struct str code)
{
    struct store store;
    _cleanup_buf_ struct buf text = BUF_INIT(1 << 10);
    struct new_store s;
    const char *why;
    for (size_t i = 0; i < r->store_count; i++)
        if (str_eq(r->stores[i], code))
            return RC_OK;
    enum rc rc = code.len ? catalog_store(r->c, code, &store) : RC_OK;
    if (rc == RC_NOT_FOUND) {
        ctx_clear(r->c);
        struct jw w = jw_on(&text);
        jw_object(&w);
        jw_kv_str(&w, "code", code);
        jw_object_end(&w);
        rc = json_parse(r->parser, buf_str(&text), text.max, &s.body, &why);
        if (rc == RC_OK)
            rc = r->request.dry_run ? put_store(r->c, &s) : db_pool_tx(r->c, r->c->app->truth, put_store, &s);
    }
    if (rc == RC_OK && r->store_count < IMPORT_STORES_MAX && !r->request.dry_run)
        r->stores[r->store_count++] = arena_str(r->keep, code);
    return rc;
}

static void add_claim(struct intake_unit *u, struct intake_item *item, enum identity_kind kind, struct str scope, struct str value)
{
    if (value.len)
        item->claims[item->claim_count++] = (struct identity_claim){.kind = kind, .scope = scope, .value = arena_str(u->arena, value), .proven = true};
}

static enum rc take_sale(struct import_run *r, struct intake_unit *u, struct passing *p, const struct csv_row *rows, struct intake_item *item)
{
    const struct sales_reading how = {.order = r->file.kind == IMPORT_ORDERS, .tenders_unknown = true, .scope = r->file.scope, .channel = STR("web")};
    struct receipt_identifiers who = {.phone = STR_NULL};
    struct sale *s = arena_new_one(u->arena, struct sale);
    struct arena *before = r->c->arena;
    enum rc rc = ensure_store(r, import_id(import_cell(&r->file.columns, &rows[0], IF_STORE)));
    if (rc == RC_OK)
        rc = import_body_sale(r->c, r->parser, &r->file, rows, p->count, &p->document);
    if (rc == RC_OK && p->document.line_count == 0)
        rc = ctx_fail(r->c, RC_INVALID, "quantity", "nothing_sold");
    r->c->arena = u->arena; /* what is decoded lives as long as the unit */
    if (rc == RC_OK)
        rc = sales_document_from_json(r->c, p->document.body, &how, s, &who);
    r->c->arena = before;
    if (rc)
        return rc;
    s->source_id = u->source.id;
    s->trusted = true;
    *item = (struct intake_item){.kind = INTAKE_DOCUMENT, .event = {.id = id_next()}, .sale = s, .may_create = true};
    item->claims = arena_new_array(u->arena, struct identity_claim, 5);
    add_claim(u, item, IDENTITY_ACCOUNT, u->source.account_scope, who.account);
    add_claim(u, item, IDENTITY_UNIONID, STR(""), who.unionid);
    add_claim(u, item, IDENTITY_CARD, STR(""), who.card);
    add_claim(u, item, IDENTITY_PHONE, STR(""), who.phone);
    add_claim(u, item, IDENTITY_EMAIL, STR(""), who.email);
    return RC_OK;
}

static enum rc take_customer(struct import_run *r, struct intake_unit *u, const struct csv_row *row, struct intake_item *item)
{
    struct json form;
    enum rc rc = ensure_store(r, import_cell(&r->file.columns, row, IF_HOME_STORE));
    if (rc == RC_OK)
        rc = import_body_customer(r->c, r->parser, &r->file, row, &form);
    return rc ? rc : import_profile_parse(r->c, form, u, item);
}

static bool is_refusal(enum rc rc)
{
    return rc == RC_INVALID || rc == RC_NOT_FOUND || rc == RC_CONFLICT || rc == RC_TOO_LARGE;
}

/* Reads the rows of a document again. The first broken one is the reason. */
static struct csv_row *read_rows(struct import_run *r, struct passing *p)
{
    if (p->count > LIMIT_ORDER_LINES) { /* a whole file of one number is no document */
        (void)ctx_fail(r->c, RC_INVALID, "lines", "too_many");
        blame(r, p);
        return NULL;
    }
    struct csv_row *rows = arena_new_array(r->c->arena, struct csv_row, p->count);
    for (size_t i = 0; i < p->count; i++)
        if (!import_file_row(&r->file, p->first + i, r->c->arena, &rows[i])) {
            (void)ctx_fail(r->c, RC_INVALID, "row", rows[i].why);
            blame(r, p);
            return NULL;
        }
    return rows;
}

static enum rc take(struct import_run *r, struct intake_unit *u, struct passing *p)
{
    struct csv_row *rows = read_rows(r, p);
    if (!rows)
        return RC_OK;
    struct intake_item *item = &u->items[u->count];
    enum rc rc = r->file.kind == IMPORT_CUSTOMERS ? take_customer(r, u, &rows[0], item) : take_sale(r, u, p, rows, item);
    if (rc == RC_OK) {
        p->item = item;
        u->count++;
    } else if (is_refusal(rc)) {
        blame(r, p);
        rc = RC_OK;
    }
    return rc;
}

/* ---- a batch of documents or people ---- */

static void choose_batch(struct import_run *r)
{
    size_t at = r->at, rows = 0;
    r->batch = arena_new_array(r->c->arena, struct passing, BATCH_DOCUMENTS);
    r->batch_count = 0;
    while (at < r->file.row_count && rows < BATCH_ROWS && r->batch_count < BATCH_DOCUMENTS) {
        struct passing *p = &r->batch[r->batch_count++];
        *p = (struct passing){.first = at};
        import_file_group(&r->file, at, &p->count);
        at += p->count;
        rows += p->count;
    }
}

/* A person known before is updated if the row left a trace in her history. */
static enum rc outcome_of_customer(struct import_run *r, struct passing *p)
{
    int64_t changes = 0;
    if (p->item->who == IDENTITY_CREATED) {
        p->outcome = INTAKE_NEW;
        return RC_OK;
    }
    if (p->item->who == IDENTITY_NOBODY || p->item->customer_id == 0) {
        p->outcome = INTAKE_REFUSED;
        p->guilty = p->count;
        p->reason = "no_valid_identifier";
        return RC_OK;
    }
    enum rc rc = db_get_i64(r->c->db, 0, &changes, "import_customer_changes", DB_I64("customer_id", p->item->customer_id), DB_I64("ref_id", p->item->event.id));
    p->outcome = changes ? INTAKE_UPDATED : INTAKE_SAME;
    return rc;
}

static enum rc outcome_of(struct import_run *r, struct passing *p)
{
    if (!p->item)
        return RC_OK;
    if (r->file.kind == IMPORT_CUSTOMERS)
        return outcome_of_customer(r, p);
    p->outcome = p->item->outcome;
    p->guilty = p->count;
    p->reason = p->item->why ? p->item->why : "refused";
    return RC_OK;
}

static struct intake_unit *new_unit(struct import_run *r)
{
    struct intake_unit *u = intake_unit_new(&r->source, 256 * BATCH_ROWS);
    u->items = arena_new_array(u->arena, struct intake_item, BATCH_DOCUMENTS);
    return u;
}

static enum rc commit_batch(struct import_run *r)
{
    struct intake_unit *u = new_unit(r);
    enum rc rc = RC_OK;
    for (size_t i = 0; rc == RC_OK && i < r->batch_count; i++)
        rc = take(r, u, &r->batch[i]);
    if (rc == RC_OK && u->count)
        rc = intake_push_wait(r->c->app->intake, u);
    for (size_t i = 0; rc == RC_OK && i < r->batch_count; i++)
        rc = outcome_of(r, &r->batch[i]);
    if (rc == RC_OK)
        rc = settle_batch(r);
    intake_unit_free(u);
    return rc;
}

/* What would happen: parsed in a transaction that is thrown away, compared by key. */
static enum rc would_be(struct import_run *r, struct passing *p)
{
    int64_t known = 0;
    if (!p->item)
        return RC_OK;
    enum rc rc = p->item->sale ? sales_find(r->c, p->item->sale->key, &known) : RC_OK;
    p->outcome = known ? INTAKE_SAME : INTAKE_NEW;
    return rc;
}

static enum rc try_in_tx(struct ctx *c, void *arg)
{
    struct import_run *r = arg;
    struct intake_unit *u = new_unit(r);
    struct ctx *before = r->c;
    enum rc rc = RC_OK;
    r->c = c;
    for (size_t i = 0; rc == RC_OK && i < r->batch_count; i++)
        rc = take(r, u, &r->batch[i]);
    for (size_t i = 0; rc == RC_OK && i < r->batch_count; i++)
        rc = would_be(r, &r->batch[i]);
    for (size_t i = 0; i < r->batch_count; i++)
        r->batch[i].item = NULL;
    r->c = before;
    intake_unit_free(u);
    return rc ? rc : RC_GONE; /* never committed */
}

static enum rc try_batch(struct import_run *r)
{
    enum rc rc = db_pool_tx(r->c, r->c->app->truth, try_in_tx, r);
    ctx_clear(r->c);
    return rc == RC_GONE ? settle_batch(r) : rc;
}

/* ---- a batch of products: they go into the catalogue directly ---- */

static enum rc put_product(struct import_run *r, struct passing *p)
{
    struct json body;
    int outcome = 0;
    struct csv_row *rows = read_rows(r, p);
    if (!rows)
        return RC_OK;
    enum rc rc = import_body_product(r->c, r->parser, &r->file, &rows[0], &body);
    if (rc == RC_OK)
        rc = catalog_product_put(r->c, body, &outcome);
    p->outcome = outcome == 1 ? INTAKE_NEW : outcome == 2 ? INTAKE_SAME : INTAKE_UPDATED;
    if (!is_refusal(rc))
        return rc;
    blame(r, p);
    return RC_OK;
}

static enum rc put_products(struct ctx *c, void *arg)
{
    struct import_run *r = arg;
    struct ctx *before = r->c;
    enum rc rc = RC_OK;
    r->c = c;
    for (size_t i = 0; rc == RC_OK && i < r->batch_count; i++)
        rc = put_product(r, &r->batch[i]);
    r->c = before;
    return rc == RC_OK && r->request.dry_run ? RC_GONE : rc;
}

static enum rc product_batch(struct import_run *r)
{
    enum rc rc = db_pool_tx(r->c, r->c->app->truth, put_products, r);
    if (rc == RC_GONE && r->request.dry_run) {
        ctx_clear(r->c);
        rc = RC_OK;
    }
    return rc ? rc : settle_batch(r);
}

/* ---- any batch ---- */

enum rc import_batch(struct import_run *r)
{
    enum rc rc;
    choose_batch(r);
    if (r->file.kind == IMPORT_PRODUCTS)
        rc = product_batch(r);
    else
        rc = r->request.dry_run ? try_batch(r) : commit_batch(r);
    for (size_t i = 0; rc == RC_OK && i < r->batch_count; i++)
        r->at += r->batch[i].count;
    return rc;
}
