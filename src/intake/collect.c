/* The collection endpoint (wire.md C1): on the loop thread, find the key, parse, queue; the commit thread answers.
 * Lenient as the wire asks: any content type, key by Basic, body or query; a well-formed batch is always 200. */
#include "base/limits.h"
#include "intake/intake_priv.h"

#include <pthread.h>
#include <stdlib.h>

/* Long and short paths of the real clients, and the type that each stands for. */
static const struct {
    const char *path, *type;
} paths[] = {
    {"/v1/track", "track"}, {"/v1/t", "track"},   {"/v1/identify", "identify"}, {"/v1/i", "identify"}, {"/v1/page", "page"},
    {"/v1/p", "page"},      {"/v1/screen", "screen"}, {"/v1/s", "screen"},      {"/v1/group", "group"}, {"/v1/g", "group"},
    {"/v1/alias", "alias"}, {"/v1/a", "alias"},   {"/v1/batch", "batch"},       {"/v1/b", "batch"},     {"/v1/import", "batch"},
};

static const char *type_of_path(struct str path)
{
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (str_eqz(path, paths[i].path))
            return paths[i].type;
    return NULL;
}

static bool match(struct str path)
{
    return str_starts(path, STR("/v1/")) && type_of_path(path);
}

static __thread struct json_parser *loop_parser; /* one a loop thread, which frees it as it ends */
static pthread_key_t loop_end;
static pthread_once_t loop_once = PTHREAD_ONCE_INIT;

static void free_at_end(void *parser)
{
    json_parser_free(parser);
}

static void make_loop_end(void)
{
    if (pthread_key_create(&loop_end, free_at_end) != 0)
        abort();
}

struct json_parser *intake_loop_parser(void)
{
    if (!loop_parser) {
        pthread_once(&loop_once, make_loop_end);
        loop_parser = json_parser_new();
        pthread_setspecific(loop_end, loop_parser);
    }
    return loop_parser;
}

/* The key of a body that was not named in header or query. */
static struct str key_in_body(struct str body)
{
    struct json call;
    const char *why;
    if (json_parse(intake_loop_parser(), body, LIMIT_BATCH_BYTES, &call, &why) != RC_OK)
        return STR_NULL;
    return json_str(json_get(call, STR("writeKey")));
}

static bool find_source(struct app *app, const struct request *r, struct access_source *ret)
{
    bool api;
    struct str authorization = request_header(r, "Authorization");
    if (access_source_of_header(app, authorization, ret, &api))
        return ret->enabled;
    struct str key = request_query(r, "writeKey");
    if (key.len == 0)
        key = key_in_body(r->body);
    return key.len && access_key_lookup(app, key, ret, &api) && ret->enabled;
}

static void answer_rc(struct http_collect *q, enum rc rc)
{
    switch (rc) {
    case RC_OK: http_collect_reply(q, 200, "{\"success\":true}", 0); break;
    case RC_DISK_FULL: http_collect_reply(q, 507, "{\"error\":{\"code\":\"disk_full\",\"message\":\"no space left; send it again later\"}}", 60); break;
    case RC_DISK_FAILING: http_collect_reply(q, 503, "{\"error\":{\"code\":\"disk_failing\",\"message\":\"not taken; send it again later\"}}", 60); break;
    case RC_DATABASE_AWAY: http_collect_reply(q, 503, "{\"error\":{\"code\":\"database_away\",\"message\":\"the database can not be reached; send it again\"}}", 2); break;
    case RC_TOO_LARGE: http_collect_reply(q, 413, "{\"error\":{\"code\":\"too_large\",\"message\":\"at most 500 KB a batch and 32 KB an event\"}}", 0); break;
    case RC_BAD_REQUEST: http_collect_reply(q, 400, "{\"error\":{\"code\":\"bad_request\",\"message\":\"the body is not JSON\"}}", 0); break;
    case RC_UNAUTHENTICATED: http_collect_reply(q, 401, "{\"error\":{\"code\":\"unauthenticated\",\"field\":\"writeKey\",\"message\":\"unknown or disabled write key\"}}", 0); break;
    default: http_collect_reply(q, 503, "{\"error\":{\"code\":\"busy\",\"message\":\"not taken; send it again\"}}", 2); break;
    }
}

static void committed(struct intake_unit *u, enum rc rc)
{
    struct http_collect *q = u->done_arg;
    intake_unit_free(u);
    answer_rc(q, rc);
}

static void take(struct app *app, struct http_collect *q, const struct request *r)
{
    struct access_source source;
    const char *type = type_of_path(r->path), *why;
    bool single = strcmp(type, "batch") != 0;
    if (r->method != HTTP_POST) {
        http_collect_reply(q, 405, "{\"error\":{\"code\":\"method\",\"message\":\"POST only\"}}", 0);
        return;
    }
    if (r->body.len > (single ? (size_t)LIMIT_EVENT_BYTES : (size_t)LIMIT_BATCH_BYTES)) {
        answer_rc(q, RC_TOO_LARGE);
        return;
    }
    if (!find_source(app, r, &source)) {
        answer_rc(q, RC_UNAUTHENTICATED);
        return;
    }
    struct intake_unit *u = intake_unit_new(&source, r->body.len);
    u->done = committed;
    u->done_arg = q;
    enum rc rc = intake_events_parse(app, intake_loop_parser(), str_z(type), r->body, u, &why);
    if (!rc)
        rc = intake_push(app->intake, u);
    if (rc) {
        intake_unit_free(u);
        answer_rc(q, rc);
    }
}

const struct http_collector intake_collector = {match, take};
