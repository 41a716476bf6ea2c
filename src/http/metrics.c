/* The server's own figures and GET /metrics: Prometheus text format 0.0.4, every module's figures after ours. */
#include "http/http_priv.h"

#include "db/pool.h"

#include <inttypes.h>

static const int64_t bucket_us[METRICS_BUCKETS] = {500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000};

void metrics_duration(struct metrics *m, int64_t us)
{
    size_t i = 0;
    while (i < METRICS_BUCKETS && us > bucket_us[i])
        i++;
    atomic_fetch_add_explicit(&m->duration_buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&m->duration_us, (uint64_t)us, memory_order_relaxed);
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
    head(out, name, "gauge", help);
    buf_addf(out, "%s %" PRId64 "\n", name, value);
}

static void counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
    head(out, name, "counter", help);
    buf_addf(out, "%s %" PRIu64 "\n", name, value);
}

static void add_durations(struct buf *out, struct metrics *m)
{
    uint64_t sum = 0;
    head(out, "zhixin_http_call_duration_seconds", "histogram", "Time from the headers of a call to its reply.");
    for (size_t i = 0; i < METRICS_BUCKETS; i++) {
        sum += m->duration_buckets[i];
        buf_addf(out, "zhixin_http_call_duration_seconds_bucket{le=\"%g\"} %" PRIu64 "\n", (double)bucket_us[i] / 1e6, sum);
    }
    sum += m->duration_buckets[METRICS_BUCKETS];
    buf_addf(out, "zhixin_http_call_duration_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", sum);
    buf_addf(out, "zhixin_http_call_duration_seconds_sum %.6f\n", (double)m->duration_us / 1e6);
    buf_addf(out, "zhixin_http_call_duration_seconds_count %" PRIu64 "\n", sum);
}

static void add_server(struct buf *out, struct http_server *s)
{
    struct metrics *m = &s->metrics;
    head(out, "zhixin_http_replies_total", "counter", "Replies by class of status.");
    for (int i = 1; i <= 5; i++)
        buf_addf(out, "zhixin_http_replies_total{class=\"%dxx\"} %" PRIu64 "\n", i, m->by_class[i]);
    counter(out, "zhixin_http_collected_total", "Requests answered on the collection path.", m->collected);
    counter(out, "zhixin_http_connections_cut_total", "Connections cut at an absolute deadline.", m->cut);
    counter(out, "zhixin_http_refused_busy_total", "Calls refused because the queue was full.", m->refused_busy);
    gauge(out, "zhixin_http_connections", "Open connections.", m->connections);
    gauge(out, "zhixin_http_calls_running", "Calls that workers run now.", m->calls);
    gauge(out, "zhixin_http_streams", "Open event streams.", (int64_t)hub_streams(s->hub));
    gauge(out, "zhixin_http_body_bytes", "Bytes of request bodies held in memory.", (int64_t)(s->body_bytes[BODY_OF_CALL] + s->body_bytes[BODY_OF_COLLECT] + s->body_bytes[BODY_LARGE]));
    add_durations(out, m);
}

/* Of a store in a file there is nothing to tell: zeros, so that an alarm may ask for them anywhere. */
static void add_databases(struct buf *out, struct app *app)
{
    struct db_pool_state truth, keys;
    db_pool_state(app->truth, &truth);
    db_pool_state(app->keys, &keys);
    head(out, "zhixin_database_away", "gauge", "Is the database server out of reach?");
    buf_addf(out, "zhixin_database_away{store=\"truth\"} %d\nzhixin_database_away{store=\"keys\"} %d\n", truth.away, keys.away);
    head(out, "zhixin_database_full", "gauge", "Did the database server have no room for the last write?");
    buf_addf(out, "zhixin_database_full{store=\"truth\"} %d\nzhixin_database_full{store=\"keys\"} %d\n", truth.full, keys.full);
    head(out, "zhixin_database_lost_total", "counter", "Times that connections to the database server were found broken.");
    buf_addf(out, "zhixin_database_lost_total{store=\"truth\"} %" PRId64 "\nzhixin_database_lost_total{store=\"keys\"} %" PRId64 "\n", truth.losses, keys.losses);
}

enum rc metrics_show(struct ctx *c, const struct request *r, struct reply *p)
{
    struct call *k = call_of(r);
    p->content_type = "text/plain; version=0.0.4; charset=utf-8";
    add_server(&p->body, k->conn->server);
    add_databases(&p->body, c->app);
    for (const struct module *const *m = modules; *m; m++)
        if ((*m)->metrics)
            (*m)->metrics(c->app, &p->body);
    return RC_OK;
}
