/* A server's session at PostgreSQL: its number is an advisory lock, its ear is LISTEN. */
#include "db/session.h"
#include "base/log.h"
#include "db/postgres_priv.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { NODES = 1024, NODE_LOCKS = 7521, RETRY_MS = 500, LOOK_MS = 5000, SAID_KEPT = 256 };

struct db_session {
    char *url;
    struct db_session_hooks hooks;
    PGconn *pg;
    unsigned node;
    int wake_fd;                   /* readable: something was said, or it is time to end */
    pthread_t thread;
    pthread_mutex_t lock;          /* guards all below */
    bool stopping;
    char *said[SAID_KEPT];         /* oldest first */
    size_t said_count;
};

static bool run(PGconn *pg, const char *text)
{
    PGresult *r = PQexec(pg, text);
    ExecStatusType status = PQresultStatus(r);
    PQclear(r);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static bool try_node(PGconn *pg, unsigned node)
{
    char text[80];
    snprintf(text, sizeof(text), "SELECT pg_try_advisory_lock(%d, %u)", NODE_LOCKS, node);
    PGresult *r = PQexec(pg, text);
    bool got = PQresultStatus(r) == PGRES_TUPLES_OK && PQgetvalue(r, 0, 0)[0] == 't';
    PQclear(r);
    return got;
}

/* The number it had before, if nobody took it meanwhile. Two servers never hold one number at a time; a server that lost its
 * connection and not yet knows it shares its own for a moment with whoever starts just then, and ids differ by their time. */
static bool take_node(struct db_session *s)
{
    for (unsigned i = 0; i < NODES && PQstatus(s->pg) == CONNECTION_OK; i++) {
        unsigned node = (s->node + i) % NODES;
        if (try_node(s->pg, node)) {
            s->node = node;
            s->hooks.node(s->hooks.arg, node);
            return true;
        }
    }
    return false;
}

static bool connect_and_take(struct db_session *s)
{
    PQfinish(s->pg);
    s->pg = postgres_connect(s->url);
    return s->pg && PQstatus(s->pg) == CONNECTION_OK && run(s->pg, "LISTEN zhixin") && take_node(s);
}

/* Waits for the database, for something to say, or for the end; false: the end. */
static bool wait_for(struct db_session *s, int fd, int ms)
{
    struct pollfd fds[2] = {{.fd = s->wake_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    eventfd_t count;
    if (poll(fds, fd < 0 ? 1 : 2, ms) > 0 && fds[0].revents)
        (void)eventfd_read(s->wake_fd, &count);
    pthread_mutex_lock(&s->lock);
    bool go_on = !s->stopping;
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

static void hear(struct db_session *s)
{
    PGnotify *n;
    while ((n = PQnotifies(s->pg))) {
        if (n->be_pid != PQbackendPID(s->pg)) /* what we said comes back */
            s->hooks.told(s->hooks.arg, str_z(n->extra));
        PQfreemem(n);
    }
}

static char *next_said(struct db_session *s)
{
    char *said = NULL;
    pthread_mutex_lock(&s->lock);
    if (s->said_count) {
        said = s->said[0];
        memmove(s->said, s->said + 1, --s->said_count * sizeof(s->said[0]));
    }
    pthread_mutex_unlock(&s->lock);
    return said;
}

static void say(struct db_session *s)
{
    char *said;
    while ((said = next_said(s))) {
        PQclear(PQexecParams(s->pg, "SELECT pg_notify('zhixin', $1)", 1, NULL, (const char *const *)&said, NULL, NULL, 0));
        free(said);
    }
}

void db_session_say(struct db_session *s, struct str said)
{
    if (!s || said.len > SESSION_SAID_MAX)
        return;
    pthread_mutex_lock(&s->lock);
    bool room = s->said_count < SAID_KEPT;
    if (room)
        s->said[s->said_count++] = mem_dupz(said.ptr, said.len);
    pthread_mutex_unlock(&s->lock);
    if (room)
        eventfd_write(s->wake_fd, 1);
}

static void come_back(struct db_session *s)
{
    char *said;
    log_warn("db.session_lost", LOG_I("node", s->node));
    while (!connect_and_take(s)) {
        if (!wait_for(s, -1, RETRY_MS))
            return;
        while ((said = next_said(s)))
            free(said);
    }
    log_info("db.session", LOG_I("node", s->node));
    s->hooks.told(s->hooks.arg, STR_NULL);
}

static void *listen_on(void *arg)
{
    struct db_session *s = arg;
    while (wait_for(s, PQsocket(s->pg), LOOK_MS)) {
        bool there = PQconsumeInput(s->pg) == 1 && PQstatus(s->pg) == CONNECTION_OK;
        if (!there)
            come_back(s);
        say(s);
        hear(s);
    }
    return NULL;
}

void db_session_free(struct db_session *s)
{
    char *said;
    while (s && (said = next_said(s)))
        free(said);
    if (!s)
        return;
    PQfinish(s->pg);
    close(s->wake_fd);
    pthread_mutex_destroy(&s->lock);
    free(s->url);
    free(s);
}

enum rc db_session_start(const char *url, const struct db_session_hooks *hooks, struct db_session **ret)
{
    struct db_session *s = mem_zalloc(1, sizeof(*s));
    s->url = mem_dupz(url, strlen(url));
    s->hooks = *hooks;
    pthread_mutex_init(&s->lock, NULL);
    s->wake_fd = eventfd(0, EFD_CLOEXEC);
    bool ready = s->wake_fd >= 0 && connect_and_take(s);
    if (!ready || pthread_create(&s->thread, NULL, listen_on, s) != 0) {
        log_error("db.session", LOG_Z("why", s->pg ? PQerrorMessage(s->pg) : "no such URL"));
        db_session_free(s);
        return RC_BUSY;
    }
    pthread_setname_np(s->thread, "session");
    *ret = s;
    return RC_OK;
}

void db_session_stop(struct db_session *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_mutex_unlock(&s->lock);
    eventfd_write(s->wake_fd, 1);
    pthread_join(s->thread, NULL);
    PQfinish(s->pg);
    s->pg = NULL;
}
