/* From what a handler left to a response of the library: JSON, bytes, file, event stream or error. */
#include "http/http_priv.h"

#include "base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void reply_header(struct reply *p, const char *name, struct str value)
{
    bool clean = str_find(value, '\r') < 0 && str_find(value, '\n') < 0 && str_find(value, '\0') < 0;
    size_t room = sizeof(p->headers) / sizeof(p->headers[0]);
    if (!clean || p->header_count == room) {
        log_warn("http.header.refused", LOG_Z("name", name));
        return;
    }
    p->headers[p->header_count].name = name;
    p->headers[p->header_count++].value = value;
}

void reply_rev(struct ctx *c, struct reply *p, int64_t rev)
{
    reply_header(p, "ETag", arena_printf(c->arena, "\"%" PRId64 "\"", rev));
}

void reply_list_end(struct reply *p, struct str next, int64_t total, bool exact)
{
    jw_key(&p->json, "next");
    if (next.len)
        jw_str(&p->json, next);
    else
        jw_null(&p->json);
    jw_key(&p->json, "total");
    jw_object(&p->json);
    jw_kv_i64(&p->json, "count", total);
    jw_kv_bool(&p->json, "exact", exact);
    jw_object_end(&p->json);
    jw_object_end(&p->json);
}

void reply_add(struct MHD_Response *response, struct arena *a, const char *name, struct str value)
{
    MHD_add_response_header(response, name, arena_z(a, value));
}

void reply_api_headers(struct MHD_Response *response)
{
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
}

/* The bytes move into the response, which frees them. */
static struct MHD_Response *response_of_buf(struct buf *b)
{
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(b->len, b->ptr, free);
    if (!response)
        abort();
    *b = BUF_INIT(b->max);
    return response;
}

static void add_request_id(struct MHD_Response *response, int64_t id)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, id);
    MHD_add_response_header(response, "X-Request-Id", text);
}

/* The message says what happened; a text for the cause, where there is one, says it more exactly. */
static const char *error_message(const struct http_server *s, struct str language, const struct ctx_error *e)
{
    char key[sizeof(e->cause) + 16];
    size_t chosen = texts_choose(s->texts, language);
    snprintf(key, sizeof(key), "error.cause.%s", e->cause);
    const char *text = e->cause[0] ? texts_get(s->texts, chosen, key) : key;
    return text == key ? texts_get(s->texts, chosen, rc_key(e->rc)) : text;
}

/* An unknown member is named, with those that there are. */
static void write_message(struct jw *w, const struct http_server *s, struct str language, const struct ctx_error *e)
{
    const char *text = error_message(s, language, e);
    if (!e->known) {
        jw_kv_z(w, "message", text);
        return;
    }
    _cleanup_buf_ struct buf out = BUF_INIT(8192);
    buf_addf(&out, "%s: %s %s", e->field, text, texts_get(s->texts, texts_choose(s->texts, language), "error.known"));
    for (const struct field *f = e->known; f->name; f++)
        buf_addf(&out, "%s %s", f == e->known ? "" : ",", f->name);
    jw_kv_str(w, "message", buf_str(&out));
    jw_key(w, "known");
    field_names(w, e->known);
}

static void error_retry(struct MHD_Response *response, enum rc rc)
{
    if (rc == RC_BUSY || rc == RC_VAULT_DOWN || rc == RC_DATABASE_AWAY)
        MHD_add_response_header(response, "Retry-After", "1");
    else if (rc == RC_LIMIT || rc == RC_DISK_FULL || rc == RC_DISK_FAILING)
        MHD_add_response_header(response, "Retry-After", "60");
}

struct MHD_Response *reply_error(struct http_server *s, struct str language, int64_t request_id, const struct ctx_error *e)
{
    struct buf out = BUF_INIT(16384);
    struct jw w = jw_on(&out);
    jw_object(&w);
    jw_key(&w, "error");
    jw_object(&w);
    jw_kv_z(&w, "code", rc_name(e->rc));
    jw_kv_z(&w, "field", e->field[0] ? e->field : NULL);
    jw_kv_z(&w, "cause", e->cause[0] ? e->cause : NULL);
    write_message(&w, s, language, e);
    jw_kv_id(&w, "request_id", request_id);
    jw_object_end(&w);
    jw_object_end(&w);
    struct MHD_Response *response = response_of_buf(&out);
    MHD_add_response_header(response, "Content-Type", "application/json");
    reply_api_headers(response);
    add_request_id(response, request_id);
    error_retry(response, e->rc);
    return response;
}

static struct MHD_Response *response_of_file(struct call *k)
{
    int fd = open(k->reply.file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd >= 0 && k->reply.file_delete)
        unlink(k->reply.file);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    return MHD_create_response_from_fd64((uint64_t)st.st_size, fd);
}

static struct MHD_Response *response_of_reply(struct call *k)
{
    if (k->stream)
        return stream_response(k->stream);
    if (k->reply.file)
        return response_of_file(k);
    return response_of_buf(&k->reply.body);
}

static void add_reply_headers(struct call *k)
{
    const struct reply *p = &k->reply;
    const char *type = p->content_type ? p->content_type : "application/json";
    reply_api_headers(k->ready);
    add_request_id(k->ready, k->ctx.request_id);
    if (k->status != MHD_HTTP_NO_CONTENT && !k->stream)
        MHD_add_response_header(k->ready, "Content-Type", type);
    for (size_t i = 0; i < p->header_count; i++)
        reply_add(k->ready, k->ctx.arena, p->headers[i].name, p->headers[i].value);
    if (k->conn->collect_path)
        collect_cors(k->ready, k->conn);
}

static void build_error(struct call *k, enum rc rc)
{
    struct ctx_error e = k->ctx.error;
    if (e.rc != rc)
        e = (struct ctx_error){.rc = rc};
    if (rc_http(rc) >= 500)
        log_error("http.request.failed", LOG_I("request", k->ctx.request_id), LOG_Z("route", k->match.route->path), LOG_Z("code", rc_name(rc)), LOG_Z("field", e.field),
                  LOG_Z("cause", e.cause));
    k->status = (unsigned)rc_http(rc);
    k->ready = reply_error(k->conn->server, k->request.language, k->ctx.request_id, &e);
    if (k->conn->collect_path)
        collect_cors(k->ready, k->conn);
}

void reply_build(struct call *k, enum rc rc)
{
    if (rc == RC_OK && k->reply.body.failed)
        rc = ctx_fail(&k->ctx, RC_INTERNAL, "", "reply_too_large");
    if (rc == RC_OK) {
        bool empty = !k->stream && !k->reply.file && k->reply.body.len == 0;
        k->status = k->reply.status ? (unsigned)k->reply.status : empty && !k->reply.content_type ? MHD_HTTP_NO_CONTENT : MHD_HTTP_OK;
        k->ready = response_of_reply(k);
        if (!k->ready)
            rc = ctx_fail(&k->ctx, RC_GONE, "", "file");
    }
    if (rc == RC_OK)
        add_reply_headers(k);
    else
        build_error(k, rc);
}
