/* The job: batch after batch, each one commit, then its progress. A batch that was committed but not noted when the program
 * stopped comes again, and is the same. */
#include "intake/import_run.h"

#include "db/pool.h"

#include <errno.h>
#include <unistd.h>

enum { REFUSED_BYTES = 32 << 20 }; /* it is written at half of that; a row has at most CSV_ROW_BYTES */

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
        rc = import_batch(r);
        if (rc == RC_OK)
            rc = import_refused_flush(r);
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
