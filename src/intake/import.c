/* The job: documents in batches through the one way in, each batch one commit, then its progress. A batch that was
 * committed but not noted when the program stopped comes again, and is the same. */
#include "intake/import_priv.h"

#include "base/id.h"
#include "catalog/catalog.h"
#include "db/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH_ROWS = 4000, BATCH_DOCUMENTS = 1000, STORES_MAX = 4096, REFUSED_BYTES = 64 << 20 };

/* One document on its way. */
struct passing {
    size_t first, count;      /* its rows in the file's list */
    struct intake_item *item; /* NULL: refused before */
    struct import_document document;
    enum intake_outcome outcome;
    const char *reason; /* of a refusal */
    size_t guilty;      /* the row that caused it, or the count: the document as a whole */
};

struct import_run {
    struct ctx *c;
    struct job *job;
    struct import_request request;
    struct import_file file;
    struct access_source source;
    struct json_parser *parser;
    struct import_counts counts;
    size_t at;      /* next row */
    int refused_fd; /* -1: nothing was refused yet */
    struct str refused_path;
    struct buf refused;
    int64_t refused_bytes;
    struct str stores[STORES_MAX]; /* codes that are known to be there */
    size_t store_count;
    struct arena *keep; /* lives as long as the run */
    struct passing *batch;
    size_t batch_count;
};

/* ---- the file of refusals: reason, row, and the row itself if the file was somebody's own ---- */

static void refused_header(struct import_run *r)
{
    bool own = !import_upload_is(r->request.path);
    buf_addz(&r->refused, "reason,row");
    if (own) {
        buf_add_byte(&r->refused, ',');
        buf_add(&r->refused, r->file.header);
    }
    buf_addz(&r->refused, "\r\n");
}

static void refuse(struct import_run *r, size_t row, struct str reason)
{
    r->counts.refused++;
    if (r->refused_bytes == 0 && r->refused.len == 0)
        refused_header(r);
    buf_add_csv(&r->refused, reason);
    buf_addf(&r->refused, ",%u", r->file.rows[row].number);
    if (!import_upload_is(r->request.path)) {
        buf_add_byte(&r->refused, ',');
        buf_add(&r->refused, str_trim(import_file_raw(&r->file, row)));
    }
    buf_addz(&r->refused, "\r\n");
}

static enum rc refused_flush(struct import_run *r)
{
    if (r->refused.len == 0)
        return RC_OK;
    if (r->refused_fd < 0 && import_upload_is(r->request.path))
        (void)mkdir(arena_printf(r->keep, "%s/imports", r->c->app->data_dir).ptr, 0700); /* there already, or the open fails */
    if (r->refused_fd < 0)
        r->refused_fd = open(arena_z(r->keep, r->refused_path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (r->refused_fd < 0 || ftruncate(r->refused_fd, r->refused_bytes) != 0)
        return ctx_fail(r->c, RC_STORE, "refused", "can_not_be_written");
    for (struct str left = buf_str(&r->refused); left.len;) {
        ssize_t n = pwrite(r->refused_fd, left.ptr, left.len, r->refused_bytes);
        if (n < 0)
            return ctx_fail(r->c, errno == ENOSPC ? RC_DISK_FULL : RC_STORE, "refused", "can_not_be_written");
        r->refused_bytes += n;
        left = str_sub(left, (size_t)n, left.len);
    }
    buf_reset(&r->refused);
    return RC_OK;
}

/* ---- what became of a document, by rows ---- */

static void refuse_document(struct import_run *r, const struct passing *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->document.nothing && p->document.nothing[i])
            refuse(r, p->first + i, STR("nothing_sold"));
        else if (i == p->guilty || p->guilty >= p->count)
            refuse(r, p->first + i, str_z(p->reason));
        else
            refuse(r, p->first + i, arena_printf(r->c->arena, "row %u of the same document: %s", r->file.rows[p->first + p->guilty].number, p->reason));
}

static void settle(struct import_run *r, const struct passing *p)
{
    if (p->outcome == INTAKE_CONFLICT || p->outcome == INTAKE_REFUSED) {
        refuse_document(r, p);
        return;
    }
    int64_t *count = p->outcome == INTAKE_NEW ? &r->counts.new_rows : p->outcome == INTAKE_SAME ? &r->counts.same : &r->counts.updated;
    for (size_t i = 0; i < p->count; i++)
        if (p->document.nothing && p->document.nothing[i])
            refuse(r, p->first + i, STR("nothing_sold"));
        else
            ++*count;
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
    if (rc == RC_OK && r->store_count < STORES_MAX && !r->request.dry_run)
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
    for (size_t i = 0; rc == RC_OK && i < r->batch_count; i++)
        settle(r, &r->batch[i]);
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
    for (size_t i = 0; rc == RC_GONE && i < r->batch_count; i++)
        settle(r, &r->batch[i]);
    return rc == RC_GONE ? RC_OK : rc;
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
    for (size_t i = 0; rc == RC_OK && i < r->batch_count; i++)
        settle(r, &r->batch[i]);
    return rc;
}

/* ---- progress, state, result ---- */

static void write_counts(struct jw *w, const struct import_counts *n)
{
    jw_kv_i64(w, "new", n->new_rows);
    jw_kv_i64(w, "updated", n->updated);
    jw_kv_i64(w, "same", n->same);
    jw_kv_i64(w, "refused", n->refused);
}

struct import_counts import_counts_of(struct json result)
{
    return (struct import_counts){
        .new_rows = json_i64(json_get(result, STR("new")), 0),
        .updated = json_i64(json_get(result, STR("updated")), 0),
        .same = json_i64(json_get(result, STR("same")), 0),
        .refused = json_i64(json_get(result, STR("refused")), 0),
    };
}

static enum rc save(struct import_run *r)
{
    _cleanup_buf_ struct buf state = BUF_INIT(1 << 10);
    struct jw w = jw_on(&state);
    jw_object(&w);
    jw_kv_i64(&w, "at", (int64_t)r->at);
    jw_kv_i64(&w, "refused_bytes", r->refused_bytes);
    write_counts(&w, &r->counts);
    jw_object_end(&w);
    return job_progress(r->c, r->job, (int64_t)r->at, (int64_t)r->file.row_count, buf_str(&state));
}

static enum rc load(struct import_run *r)
{
    struct json state;
    const char *why;
    if (r->job->state.len == 0) {
        if (unlink(arena_z(r->keep, r->refused_path)) != 0 && errno != ENOENT)
            return ctx_fail(r->c, RC_STORE, "refused", "can_not_be_written");
        return RC_OK;
    }
    if (json_parse(r->parser, r->job->state, 1 << 10, &state, &why) != RC_OK)
        return ctx_fail(r->c, RC_INTERNAL, "state", why);
    r->at = (size_t)json_i64(json_get(state, STR("at")), 0);
    r->refused_bytes = json_i64(json_get(state, STR("refused_bytes")), 0);
    r->counts = import_counts_of(state);
    return r->at <= r->file.row_count ? RC_OK : ctx_fail(r->c, RC_CONFLICT, "file", "changed");
}

static struct str result_of(struct import_run *r)
{
    _cleanup_buf_ struct buf out = BUF_INIT(16 << 10);
    struct jw w = jw_on(&out);
    jw_object(&w);
    write_counts(&w, &r->counts);
    jw_kv_i64(&w, "rows", (int64_t)r->file.row_count);
    jw_kv_bool(&w, "dry_run", r->request.dry_run);
    if (r->counts.refused)
        jw_kv_str(&w, "refused_file", r->refused_path);
    jw_object_end(&w);
    return arena_str(r->keep, buf_str(&out));
}

/* ---- the job ---- */

static enum rc run_batches(struct import_run *r)
{
    struct arena *batch = arena_new(), *outer = r->c->arena;
    enum rc rc = RC_OK;
    r->c->arena = batch;
    while (rc == RC_OK && r->at < r->file.row_count) {
        arena_reset(batch);
        r->c->now_us = clock_now_us();
        choose_batch(r);
        rc = r->file.kind == IMPORT_PRODUCTS ? product_batch(r) : r->request.dry_run ? try_batch(r) : commit_batch(r);
        if (rc == RC_OK)
            rc = refused_flush(r);
        for (size_t i = 0; rc == RC_OK && i < r->batch_count; i++)
            r->at += r->batch[i].count;
        if (rc == RC_OK)
            rc = save(r);
    }
    r->c->arena = outer;
    arena_free(batch);
    return rc;
}

static struct str text_of(struct import_run *r, struct json input, const char *key)
{
    return arena_str(r->keep, json_str(json_get(input, str_z(key))));
}

static enum rc read_request(struct import_run *r)
{
    struct json input;
    const char *why;
    if (json_parse(r->parser, r->job->input, 1 << 20, &input, &why) != RC_OK)
        return ctx_fail(r->c, RC_INTERNAL, "input", why);
    r->request = (struct import_request){.kind = text_of(r, input, "kind"),
                                         .path = text_of(r, input, "path"),
                                         .map = text_of(r, input, "map"),
                                         .store = text_of(r, input, "store"),
                                         .dry_run = json_bool(json_get(input, STR("dry_run")), false)};
    bool upload = import_upload_is(r->request.path);
    r->refused_path = upload ? arena_printf(r->keep, "%s/imports/%lld.refused.csv", r->c->app->data_dir, (long long)r->job->id)
                             : arena_concat(r->keep, r->request.path, STR(".refused.csv"));
    return upload && !import_upload_here(r->request.path) ? ctx_fail(r->c, RC_NOT_FOUND, "file", "upload_lost") : RC_OK;
}

static enum rc ensure_source(struct ctx *c, void *arg)
{
    return access_source_ensure(c, arg);
}

static enum rc find_source(struct import_run *r)
{
    struct access_source s = {
        .code = STR("import"), .name = STR("import"), .kind = STR("import"), .account_scope = STR("shop"), .trusted = true, .enabled = true, .channel = STR("web")};
    enum rc rc = db_pool_tx(r->c, r->c->app->truth, ensure_source, &s);
    if (rc == RC_OK)
        rc = access_source_find(r->c, s.code, &r->source);
    r->file.scope = r->source.account_scope.len ? r->source.account_scope : r->source.code;
    return rc;
}

static enum rc run_all(struct import_run *r)
{
    enum rc rc = read_request(r);
    if (rc == RC_OK)
        rc = import_file_open(r->c, &r->request, true, &r->file);
    if (rc == RC_OK)
        rc = find_source(r);
    if (rc == RC_OK)
        rc = load(r);
    return rc ? rc : run_batches(r);
}

static enum rc import_run(struct ctx *c, struct job *job, struct str *ret_result)
{
    _cleanup_(arena_freep) struct arena *keep = arena_new();
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct import_run *r = arena_new_one(keep, struct import_run);
    *r = (struct import_run){.c = c, .job = job, .parser = parser, .refused_fd = -1, .refused = BUF_INIT(REFUSED_BYTES), .keep = keep, .file = {.fd = -1}};
    enum rc rc = run_all(r);
    if (rc == RC_OK)
        *ret_result = arena_str(c->arena, result_of(r));
    if (rc != RC_GONE)
        import_upload_drop(r->request.path);
    import_file_close(&r->file);
    if (r->refused_fd >= 0)
        close(r->refused_fd);
    buf_free(&r->refused);
    return rc;
}

const struct job_kind import_jobs[] = {
    {.name = "import", .run = import_run, .need = "import.run"},
    {.name = NULL},
};

enum rc import_check(struct ctx *c, const struct import_request *request)
{
    struct import_file file;
    enum rc rc = import_file_open(c, request, false, &file);
    if (rc == RC_OK)
        import_file_close(&file);
    return rc;
}

enum rc import_add(struct ctx *c, const struct import_request *request, int64_t *ret_job)
{
    _cleanup_buf_ struct buf input = BUF_INIT(1 << 20);
    struct jw w = jw_on(&input);
    enum rc rc = import_check(c, request);
    if (rc)
        return rc;
    jw_object(&w);
    jw_kv_str(&w, "kind", request->kind);
    jw_kv_str(&w, "path", request->path);
    jw_kv_str(&w, "map", request->map);
    jw_kv_str(&w, "store", request->store);
    jw_kv_bool(&w, "dry_run", request->dry_run);
    jw_object_end(&w);
    if (input.failed)
        return ctx_fail(c, RC_INVALID, "map", "too_large");
    return job_add(c, "import", buf_str(&input), 0, ret_job);
}
