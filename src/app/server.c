/* The server process: opens the installation with the vault it was given, serves until told to stop, and takes a new
 * vault connection from the supervisor when the old one died. */
#include "access/access.h"
#include "app/app_priv.h"
#include "app/demo_home.h"
#include "base/log.h"
#include "db/pool.h"
#include "http/http.h"
#include "intake/intake.h"
#include "job/job.h"
#include "vault/vault.h"

#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    STOP_GRACE_MS = 8000,
    QUIET_LOOK_MS = 10000,
    QUIET_PERCENT = 3,
    RETRY_MS = 1000,
};

struct quiet {
    int64_t looked_us, spent_us;
};

static struct running running; /* this start's address and token; written once, before any request */
static bool run_json_owed;

/* The commands of this machine prove themselves with the token of run.json, which only the owner can read. */
static enum rc identify(struct ctx *c, const struct request *r, const struct actor **ret)
{
    struct str token = request_header(r, "X-Zhixin-Local");
    if (token.len == 0)
        return access_auth.identify(c, r, ret);
    if (token.len != 64 || sodium_memcmp(token.ptr, running.token, 64) != 0)
        return ctx_fail(c, RC_UNAUTHENTICATED, "X-Zhixin-Local", "malformed");
    struct actor *owner = arena_new_one(c->arena, struct actor);
    owner->role = ROLE_ADMIN;
    owner->name = STR("command line");
    owner->trusted = true;
    *ret = owner;
    return RC_OK;
}

static void make_token(void)
{
    uint8_t bytes[32];
    randombytes_buf(bytes, sizeof(bytes));
    str_hex(bytes, sizeof(bytes), running.token);
    running.token[64] = '\0';
}

static void announce(struct app *app, int control_fd)
{
    const char *address = http_address(app->http);
    snprintf(running.address, sizeof(running.address), "%s", address);
    run_json_owed = running_write(app->data_dir, &running) != RC_OK;
    if (run_json_owed)
        log_warn("server.run_json"); /* no room on the disk? It is tried again; only the commands wait for it */
    if (control_fd >= 0 && send(control_fd, address, strlen(address), MSG_NOSIGNAL) < 0)
        log_warn("server.no_supervisor");
    printf("listening on %s\n", address);
    fflush(stdout);
}

/* A new end of the vault's socket, or -1 when the supervisor is gone. */
static int take_fd(int control_fd)
{
    char byte, space[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    int fd = -1;
    if (recvmsg(control_fd, &message, MSG_CMSG_CLOEXEC) <= 0)
        return -1;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(head), sizeof(fd));
    return fd;
}

/* Processor time of the whole process. */
static int64_t used_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * US_PER_S + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

/* A quiet time begins or goes on: caches are given back, which a busy server needs and an idle one only holds. */
static void rest_when_quiet(struct app *app, struct quiet *q)
{
    int64_t now_us = clock_mono_us(), spent_us = used_us();
    if (now_us - q->looked_us < QUIET_LOOK_MS * US_PER_MS)
        return;
    bool quiet = (spent_us - q->spent_us) * 100 < (now_us - q->looked_us) * QUIET_PERCENT;
    q->looked_us = now_us;
    q->spent_us = spent_us;
    if (!quiet)
        return;
    db_pool_rest(app->truth);
    db_pool_rest(app->keys);
    malloc_trim(0);
}

static void wait_for_the_end(struct app *app, int signals, int control_fd)
{
    struct pollfd watched[] = {{signals, POLLIN, 0}, {control_fd, POLLIN, 0}};
    struct quiet quiet = {.looked_us = clock_mono_us(), .spent_us = used_us()};
    for (;;) {
        int got = poll(watched, control_fd >= 0 ? 2 : 1, run_json_owed ? RETRY_MS : QUIET_LOOK_MS);
        rest_when_quiet(app, &quiet);
        if (run_json_owed)
            run_json_owed = running_write(app->data_dir, &running) != RC_OK;
        if (got <= 0)
            continue;
        if (watched[0].revents)
            return;
        if (watched[1].revents) {
            int fd = take_fd(control_fd);
            if (fd < 0)
                return; /* without a supervisor nobody restarts the vault */
            vault_client_attach(app->vault, fd);
            log_info("server.vault_attached");
        }
    }
}

static int watch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void serve(struct app *app, int signals, int control_fd)
{
    struct demo_live *live = demo_live_start(app);
    wait_for_the_end(app, signals, control_fd);
    demo_live_stop(live);
}

int server_run(const char *data_dir, const char *listen, int vault_fd, int control_fd)
{
    struct app app;
    const struct app_options options = {.parts = APP_INTAKE | APP_WAREHOUSE, .vault_fd = vault_fd, .migrate = true};
    log_set_process("server");
    int signals = watch_signals();
    enum rc opened = app_open(data_dir, &options, &app);
    if (opened)
        return opened == RC_VAULT_DOWN ? STATUS_VAULT_DOWN : opened == RC_DATABASE_AWAY ? STATUS_DATABASE_AWAY : 1;
    make_token();
    struct http_options http = {.listen = listen ? listen : app.config->listen, .workers = (unsigned)app.config->workers,
                                .trusted_proxies = app.config->trusted_proxies,
                                .auth = access_auth, .collector = intake_collector};
    http.auth.identify = identify;
    struct http_server *served = NULL;
    enum rc rc = http_start(&app, &http, &served);
    if (!rc) {
        job_runner_start(&app);
        announce(&app, control_fd);
    }
    if (rc == RC_INVALID)
        fprintf(stderr, "zhixin serve: [server] trusted_proxies is not understood: addresses or ranges such as 10.0.0.1, 192.168.0.0/16\n");
    else if (rc)
        fprintf(stderr, "zhixin serve: can not listen on %s: is the port taken? Choose another with --listen\n", http.listen);
    else
        serve(&app, signals, control_fd);
    running_remove(data_dir);
    http_stop(served, STOP_GRACE_MS);
    job_runner_stop(app.jobs);
    app_close(&app);
    http_free(served); /* last: what ends in app_close() may still publish */
    return rc ? 1 : 0;
}
