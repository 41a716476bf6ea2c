/* A server's session at PostgreSQL: its number is an advisory lock, its ear is LISTEN. */
#include "db/session.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/postgres_priv.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { NODES = 1024, RETRY_MS = 500, LOOK_MS = 5000, SAID_KEPT = 256, SAY_EVERY_MS = 50 };

/* What is said may be lost. Each commit that tells something holds up all others that do until it is done, so it waits for no disk. */
#define SETTINGS "SET synchronous_commit = off; PREPARE say (text) AS SELECT pg_notify('zhixin', $1); LISTEN zhixin"

struct db_session {
    char *url;
    struct db_session_hooks hooks;
    struct pg_conn conn; /* the thread's, once it runs */
    unsigned node;
    int wake_fd; /* readable: something was said, or it is time to end */
    pthread_t thread;
    pthread_mutex_t lock; /* guards all below */
    bool stopping;
    bool committed; /* not said yet */
    char *said[SAID_KEPT]; /* oldest first */
    size_t said_count;
};

/* The first cell of the answer; false: none came. */
static bool ask(struct db_session *s, const char *text, const char *argument, char *ret_cell, size_t size)
{
    PGresult *r = pg_answer(&s->conn, s->conn.pg ? PQsendQueryParams(s->conn.pg, text, argument != NULL, NULL, &argument, NULL, NULL, 0) : 0);
    ExecStatusType status = PQresultStatus(r);
    bool answered = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (ret_cell)
        snprintf(ret_cell, size, "%s", answered && PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return answered;
}

static bool run(struct db_session *s, const char *text)
{
    return ask(s, text, NULL, NULL, 0);
}

static bool try_node(struct db_session *s, unsigned node)
{
    char text[80], got[4];
    snprintf(text, sizeof(text), "SELECT pg_try_advisory_lock(%d, %u)", SESSION_NODE_LOCKS, node);
    return ask(s, text, NULL, got, sizeof(got)) && got[0] == 't';
}

/* The number it had before, if nobody took it meanwhile. Two servers never hold one number at a time; a server that lost its
 * connection and not yet knows it shares its own for a moment with whoever starts just then, and ids differ by their time. */
static bool take_node(struct db_session *s)
{
    for (unsigned i = 0; i < NODES && pg_is_up(&s->conn); i++) {
        unsigned node = (s->node + i) % NODES;
        if (try_node(s, node)) {
            s->node = node;
            s->hooks.node(s->hooks.arg, node);
            return true;
        }
    }
    return false;
}

static bool connect_and_take(struct db_session *s)
{
    return pg_connect(&s->conn) == RC_OK && pg_run(&s->conn, SETTINGS, NULL, 0) == RC_OK && take_node(s);
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
    while (s->conn.pg && (n = PQnotifies(s->conn.pg))) {
        if (n->be_pid != PQbackendPID(s->conn.pg)) /* what we said comes back */
            s->hooks.told(s->hooks.arg, str_z(n->extra));
        PQfreemem(n);
    }
}

static char *next_said(struct db_session *s)
{
    char *said = NULL;
    pthread_mutex_lock(&s->lock);
    if (s->committed) {
        said = mem_dupz("change", strlen("change"));
        s->committed = false;
    } else if (s->said_count) {
        said = s->said[0];
        memmove(s->said, s->said + 1, --s->said_count * sizeof(s->said[0]));
    }
    pthread_mutex_unlock(&s->lock);
    return said;
}

static bool is_silent(const struct db_session *s)
{
    return s->said_count == 0 && !s->committed;
}

/* All that was said since the last time goes out in one transaction. */
static void say(struct db_session *s, int64_t *said_us)
{
    char *said;
    bool sent = true;
    if (clock_mono_us() - *said_us < SAY_EVERY_MS * US_PER_MS)
        return;
    while ((said = next_said(s))) {
        const char *value = said;
        sent = sent && pg_is_up(&s->conn) && pg_owe(&s->conn) == RC_OK && PQsendQueryPrepared(s->conn.pg, "say", 1, &value, NULL, NULL, 1) == 1;
        s->conn.owed += sent;
        free(said);
        *said_us = clock_mono_us();
    }
    if (pg_settle(&s->conn) != RC_OK)
        log_warn("db.session_say", LOG_Z("why", s->conn.error));
}

void db_session_say(struct db_session *s, struct str said)
{
    if (!s || said.len > SESSION_SAID_MAX)
        return;
    pthread_mutex_lock(&s->lock);
    bool first = is_silent(s);
    if (s->said_count < SAID_KEPT)
        s->said[s->said_count++] = mem_dupz(said.ptr, said.len);
    pthread_mutex_unlock(&s->lock);
    if (first)
        eventfd_write(s->wake_fd, 1);
}

void db_session_committed(struct db_session *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    bool first = is_silent(s);
    s->committed = true;
    pthread_mutex_unlock(&s->lock);
    if (first)
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

/* Whoever only listens would never know that the line is dead: now and then something is asked. */
static bool is_there(struct db_session *s, int64_t *asked_us)
{
    if (!pg_is_up(&s->conn) || PQconsumeInput(s->conn.pg) != 1 || !pg_is_up(&s->conn))
        return false;
    if (clock_mono_us() - *asked_us < LOOK_MS * US_PER_MS)
        return true;
    *asked_us = clock_mono_us();
    return run(s, "SELECT 1");
}

/* Until there is something to do without being woken. */
static int pause_ms(struct db_session *s, int64_t said_us)
{
    int64_t ms = SAY_EVERY_MS - (clock_mono_us() - said_us) / US_PER_MS;
    pthread_mutex_lock(&s->lock);
    bool silent = is_silent(s);
    pthread_mutex_unlock(&s->lock);
    return silent ? LOOK_MS : ms > 0 ? (int)ms : 0;
}

static void *listen_on(void *arg)
{
    struct db_session *s = arg;
    int64_t asked_us = clock_mono_us(), said_us = 0;
    while (wait_for(s, s->conn.pg ? PQsocket(s->conn.pg) : -1, pause_ms(s, said_us))) {
        if (!is_there(s, &asked_us))
            come_back(s);
        say(s, &said_us);
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
    PQfinish(s->conn.pg);
    line_free(s->conn.own_line);
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
    s->conn.own_line = line_new();
    s->conn = (struct pg_conn){.url = s->url, .asks = true, .own_line = s->conn.own_line, .line = s->conn.own_line};
    pthread_mutex_init(&s->lock, NULL);
    s->wake_fd = eventfd(0, EFD_CLOEXEC);
    bool ready = s->wake_fd >= 0 && connect_and_take(s);
    if (!ready || pthread_create(&s->thread, NULL, listen_on, s) != 0) {
        log_error("db.session", LOG_Z("why", s->conn.error));
        enum rc rc = s->conn.last_rc ? s->conn.last_rc : RC_BUSY;
        db_session_free(s);
        return rc;
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
    PQfinish(s->conn.pg);
    s->conn.pg = NULL;
}
