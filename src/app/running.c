/* How the commands of the same machine reach a running server: run.json holds its address and a token for this start. */
#include "app/app_priv.h"
#include "json/json.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { REPLY_BYTES_MAX = 1 << 20 };

static const char *file_of(const char *data_dir, char path[static 4096])
{
    snprintf(path, 4096, "%s/run.json", data_dir);
    return path;
}

enum rc running_write(const char *data_dir, const struct running *r)
{
    char path[4096], temporary[4200];
    file_of(data_dir, path);
    snprintf(temporary, sizeof(temporary), "%s.new", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return RC_STORE;
    int len = dprintf(fd, "{\"address\":\"%s\",\"token\":\"%s\"}\n", r->address, r->token);
    if (close(fd) != 0 || len < 0 || rename(temporary, path) != 0)
        return RC_STORE;
    return RC_OK;
}

void running_remove(const char *data_dir)
{
    char path[4096];
    unlink(file_of(data_dir, path));
}

bool running_read(const char *data_dir, struct running *ret)
{
    char path[4096], text[512];
    const char *why;
    struct json v;
    FILE *in = fopen(file_of(data_dir, path), "r");
    if (!in)
        return false;
    size_t len = fread(text, 1, sizeof(text), in);
    fclose(in);
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    if (json_parse(parser, str_n(text, len), sizeof(text), &v, &why) != RC_OK)
        return false;
    snprintf(ret->address, sizeof(ret->address), "%.*s", STR_FMT(json_str(json_get(v, STR("address")))));
    snprintf(ret->token, sizeof(ret->token), "%.*s", STR_FMT(json_str(json_get(v, STR("token")))));
    return ret->address[0] != '\0';
}

static void wait_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

enum rc running_find(struct ctx *c, const char *data_dir, struct running *ret, bool *ret_running)
{
    enum { LOOK_MS = 50, PATIENCE_MS = 10000 };
    for (long waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
        enum rc rc = app_lock(data_dir, NULL);
        *ret_running = rc == RC_BUSY;
        if (rc == RC_OK)
            running_remove(data_dir); /* of a server that was killed */
        if (rc != RC_BUSY)
            return rc ? ctx_fail(c, rc, "data", "no_installation_here_run_zhixin_init") : RC_OK;
        if (running_read(data_dir, ret))
            return RC_OK;
        wait_ms(LOOK_MS);
    }
    return ctx_fail(c, RC_BUSY, "data", "another_command_works_on_it");
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct buf *out = arg;
    buf_add_bytes(out, data, size * count);
    return out->failed ? 0 : size * count;
}

static struct curl_slist *headers_of(struct ctx *c, const struct running *r, const char *content_type)
{
    struct curl_slist *list = curl_slist_append(NULL, arena_printf(c->arena, "X-Zhixin-Local: %s", r->token).ptr);
    if (content_type)
        list = curl_slist_append(list, arena_printf(c->arena, "Content-Type: %s", content_type).ptr);
    return curl_slist_append(list, "Expect:");
}

enum rc running_call(struct ctx *c, const struct running *r, const char *method, const char *path, const char *content_type, struct str body, int *ret_status, struct str *ret_body)
{
    _cleanup_buf_ struct buf reply = BUF_INIT(256 << 20);
    long status = 0;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = headers_of(c, r, content_type);
    curl_easy_setopt(curl, CURLOPT_URL, arena_printf(c->arena, "%s%s", r->address, path).ptr);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (body.ptr) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.ptr);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
    CURLcode got = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (got != CURLE_OK)
        return ctx_fail(c, RC_BUSY, "server", "not_reached");
    *ret_status = (int)status;
    *ret_body = arena_str(c->arena, buf_str(&reply));
    return RC_OK;
}

static enum rc rc_named(struct str name)
{
    for (int rc = RC_OK + 1; rc < RC_COUNT; rc++)
        if (str_eqz(name, rc_name((enum rc)rc)))
            return (enum rc)rc;
    return RC_INTERNAL;
}

static enum rc refusal(struct ctx *c, struct json error)
{
    struct str cause = json_str(json_get(error, STR("cause"))), message = json_str(json_get(error, STR("message")));
    return ctx_fail(c, rc_named(json_str(json_get(error, STR("code")))), arena_z(c->arena, json_str(json_get(error, STR("field")))),
                    arena_z(c->arena, cause.len ? cause : message));
}

enum rc running_json(struct ctx *c, const struct running *r, struct json_parser *parser, const char *method, const char *path, const char *content_type,
                     struct str body, struct json *ret)
{
    int status;
    const char *why;
    struct str reply;
    enum rc rc = running_call(c, r, method, path, content_type, body, &status, &reply);
    if (!rc)
        rc = json_parse(parser, reply, REPLY_BYTES_MAX, ret, &why);
    if (rc)
        return rc;
    return status < 300 ? RC_OK : refusal(c, json_get(*ret, STR("error")));
}

/* A fifth of a second between two looks; *ret is the job when it has ended. */
static enum rc await(struct ctx *c, const struct running *r, struct json_parser *parser, const char *path, void (*tell)(int64_t done, int64_t total), struct json *ret)
{
    enum { LOOK_MS = 200 };
    struct str status = STR("queued");
    enum rc rc = RC_OK;
    while (!rc && (str_eqz(status, "queued") || str_eqz(status, "running"))) {
        wait_ms(LOOK_MS);
        rc = running_json(c, r, parser, "GET", path, NULL, STR_NULL, ret);
        status = json_str(json_get(*ret, STR("status")));
        if (!rc)
            tell(json_i64(json_get(*ret, STR("done")), 0), json_i64(json_get(*ret, STR("total")), 0));
    }
    if (!rc && !str_eqz(status, "done"))
        rc = ctx_fail(c, RC_INVALID, "job", arena_z(c->arena, status));
    return rc;
}

enum rc running_job(struct ctx *c, const struct running *r, struct json_parser *parser, const char *path, const char *content_type, struct str body,
                    void (*tell)(int64_t done, int64_t total), struct json *ret_result)
{
    struct json reply;
    enum rc rc = running_json(c, r, parser, "POST", path, content_type, body, &reply);
    if (!rc)
        rc = await(c, r, parser, arena_printf(c->arena, "/api/v1/jobs/%.*s", STR_FMT(json_str(json_get(reply, STR("job"))))).ptr, tell, &reply);
    if (!rc)
        *ret_result = json_get(reply, STR("result"));
    return rc;
}
