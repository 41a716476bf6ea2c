/* Start, address, tender and stop of the server. */
#include "http/http_priv.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* One loop thread is best on two cores (docs/performance.md); the pool of a connection must hold 16 KiB of headers and the reply's. */
enum { LOOP_THREADS = 1, CONNECTION_POOL_BYTES = 24 << 10, IDLE_S = 120, BACKLOG = 1024 };
static const int64_t TEND_US = 250 * US_PER_MS, TEND_GAP_US = 40 * US_PER_MS;

/* ---- the tender: deadlines and streams ---- */

void server_call_tender(struct http_server *s)
{
    pthread_mutex_lock(&s->tender_lock);
    s->tender_called = true;
    pthread_cond_signal(&s->tender_wake);
    pthread_mutex_unlock(&s->tender_lock);
}

static void wait_until(struct http_server *s, int64_t mono_us, bool also_calls)
{
    struct timespec until = {.tv_sec = mono_us / US_PER_S, .tv_nsec = mono_us % US_PER_S * 1000};
    while (!s->tender_stop && !(also_calls && s->tender_called))
        if (pthread_cond_timedwait(&s->tender_wake, &s->tender_lock, &until) == ETIMEDOUT)
            break;
}

static void *tender_main(void *arg)
{
    struct http_server *s = arg;
    int64_t swept_us = 0;
    pthread_mutex_lock(&s->tender_lock);
    while (!s->tender_stop) {
        int64_t now_us = clock_mono_us();
        s->tender_called = false;
        pthread_mutex_unlock(&s->tender_lock);
        atomic_store(&s->tick_us, now_us);
        hub_tend(s->hub, now_us);
        if (now_us - swept_us >= TEND_US) {
            conn_sweep(s, now_us);
            swept_us = now_us;
        }
        pthread_mutex_lock(&s->tender_lock);
        wait_until(s, now_us + TEND_GAP_US, false);
        wait_until(s, now_us + TEND_US, true);
    }
    pthread_mutex_unlock(&s->tender_lock);
    return NULL;
}

static void tender_init(struct http_server *s)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->tender_wake, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&s->tender_lock, NULL);
}

static void tender_join(struct http_server *s)
{
    pthread_mutex_lock(&s->tender_lock);
    s->tender_stop = true;
    pthread_cond_signal(&s->tender_wake);
    pthread_mutex_unlock(&s->tender_lock);
    pthread_join(s->tender, NULL);
}

/* ---- listening ---- */

/* "127.0.0.1:8080", "[::1]:8080" */
static bool listen_split(const char *text, char host[static 64], char port[static 8])
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text)
        return false;
    struct str name = str_n(text, (size_t)(colon - text));
    if (name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        name = str_sub(name, 1, name.len - 1);
    return snprintf(host, 64, "%.*s", STR_FMT(name)) < 64 && snprintf(port, 8, "%s", colon + 1) < 8;
}

static int listen_on(const char *text)
{
    char host[64], port[8];
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *found = NULL;
    if (!listen_split(text, host, port) || getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    int yes = 1, fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    freeaddrinfo(found);
    if (!ok && fd >= 0)
        close(fd);
    return ok ? fd : -1;
}

static void address_note(struct http_server *s, int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof(at);
    char host[64] = "", port[8] = "";
    getsockname(fd, (struct sockaddr *)&at, &len);
    getnameinfo((struct sockaddr *)&at, len, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(s->address, sizeof(s->address), at.ss_family == AF_INET6 ? "http://[%s]:%s" : "http://%s:%s", host, port);
}

const char *http_address(const struct http_server *s)
{
    return s->address;
}

/* Escapes are decoded by us, segment by segment, so that %2F is no slash. */
static size_t unescape_nothing(void *cls, struct MHD_Connection *mhd, char *text)
{
    (void)cls, (void)mhd;
    return strlen(text);
}

static void log_library(void *cls, const char *format, va_list args)
{
    (void)cls;
    char line[256];
    int len = vsnprintf(line, sizeof(line), format, args);
    if (len > 0)
        log_debug("http.library", LOG_S("says", str_trim(str_z(line))));
}

static struct MHD_Daemon *library_start(struct http_server *s, int fd)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem threads[] = {{MHD_OPTION_THREAD_POOL_SIZE, LOOP_THREADS, NULL}, {MHD_OPTION_END, 0, NULL}};
    if (LOOP_THREADS == 1)
        threads[0] = threads[1];
    unsigned per_address = s->proxies.count ? LIMIT_CONNECTIONS : LIMIT_CONNECTIONS_PER_ADDRESS; /* a proxy's connections are everybody's */
    return MHD_start_daemon(flags, 0, NULL, NULL, conn_on_request, s,                                    //
                            MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,                               //
                            MHD_OPTION_LISTEN_SOCKET, fd,                                                //
                            MHD_OPTION_NOTIFY_CONNECTION, conn_on_connection, s,                         //
                            MHD_OPTION_NOTIFY_COMPLETED, conn_on_completed, s,                           //
                            MHD_OPTION_URI_LOG_CALLBACK, conn_on_uri, s,                                 //
                            MHD_OPTION_UNESCAPE_CALLBACK, unescape_nothing, NULL,                        //
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_POOL_BYTES,           //
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_CONNECTIONS,                    //
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_address,                             //
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,                             //
                            MHD_OPTION_STRICT_FOR_CLIENT, 1,                                             //
                            MHD_OPTION_ARRAY, threads,                                                   //
                            MHD_OPTION_END);
}

/* ---- start and stop ---- */

void http_free(struct http_server *s)
{
    if (!s)
        return;
    workers_stop(s->workers);
    collect_cache_free(s->collect_cache);
    hub_free(s->hub);
    assets_free(s->assets);
    texts_free(s->texts);
    router_free(s->router);
    pthread_cond_destroy(&s->tender_wake);
    pthread_mutex_destroy(&s->tender_lock);
    pthread_mutex_destroy(&s->conns_lock);
    free(s);
}

/* Many systems start programs with 1,024 descriptors and allow many more. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t wanted = LIMIT_CONNECTIONS + 512;
    if (limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
        log_warn("http.few_descriptors", LOG_I("allowed", limit.rlim_cur));
}

enum rc http_start(struct app *app, const struct http_options *o, struct http_server **ret)
{
    struct proxies proxies = {.count = 0};
    if (o->trusted_proxies && !proxies_parse(str_z(o->trusted_proxies), &proxies))
        return RC_INVALID;
    int fd = listen_on(o->listen);
    if (fd < 0) {
        log_error("http.listen", LOG_Z("address", o->listen), LOG_Z("why", strerror(errno)));
        return RC_BUSY;
    }
    allow_descriptors();
    struct http_server *s = mem_zalloc(1, sizeof(*s));
    s->app = app;
    s->options = *o;
    s->proxies = proxies;
    s->router = router_new(modules);
    s->texts = texts_load(http_assets);
    s->assets = assets_new(http_assets);
    s->hub = hub_new(s);
    s->collect_cache = collect_cache_new();
    s->tick_us = clock_mono_us();
    pthread_mutex_init(&s->conns_lock, NULL);
    tender_init(s);
    address_note(s, fd);
    s->workers = workers_start(s, o->workers ? o->workers : 8);
    s->mhd = library_start(s, fd);
    if (!s->mhd) {
        close(fd);
        http_free(s);
        return RC_INTERNAL;
    }
    if (pthread_create(&s->tender, NULL, tender_main, s) != 0)
        abort();
    app->http = s;
    *ret = s;
    return RC_OK;
}

/* The library panics when it is stopped with suspended connections, so this waits for every one of them, and says so
 * when they take longer than they should. */
static void wait_for_parked(struct http_server *s, int grace_ms)
{
    int64_t started_us = clock_mono_us();
    bool told = false;
    while (atomic_load(&s->parked) > 0 || hub_streams(s->hub) > 0) {
        hub_tend(s->hub, clock_mono_us());
        usleep(2000);
        if (!told && clock_mono_us() - started_us > grace_ms * US_PER_MS) {
            log_warn("http.stop.slow", LOG_I("requests", s->parked), LOG_I("streams", hub_streams(s->hub)));
            told = true;
        }
        if (told && atomic_load(&s->parked) == 0)
            break; /* streams whose clients read nothing are not suspended: the library drops them */
    }
}

void http_stop(struct http_server *s, int grace_ms)
{
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    int fd = MHD_quiesce_daemon(s->mhd);
    if (fd >= 0)
        close(fd);
    hub_close(s->hub);
    wait_for_parked(s, grace_ms);
    tender_join(s);
    MHD_stop_daemon(s->mhd);
    workers_stop(s->workers);
    s->workers = NULL;
}
