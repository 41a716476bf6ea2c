/* The supervisor: starts the vault and the server by exec, restarts either when it dies, and hands the server a new
 * connection when the vault was restarted. It opens no data and holds no key. */
#include "app/app_priv.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STOP_GRACE_MS = 15000, RESTARTS_A_MINUTE = 30, LOOK_MS = 500 };
static const int64_t slow_restart_us = 3 * US_PER_S, database_look_us = US_PER_S / 2;

struct family {
    const char *data_dir;
    char listen[128];           /* after the first start: the port that was picked */
    pid_t vault, server;
    int64_t vault_due_us, server_due_us; /* when what died is started again; 0: it lives */
    int control;                /* our end of the socket to the server; -1: it died */
    int lock;                   /* of the data directory; the server inherits it, so that it never stands free between two of them */
    bool stopping, served;      /* served: the server listened once; what fails now may pass */
    int restarts;
    int64_t minute_us;
};

const char *app_self(void)
{
    static char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = '\0';
    return path;
}

static void inherit(int fd)
{
    fcntl(fd, F_SETFD, 0);
}

/* fork and exec of ourselves; the child dies with us and sees default signals. */
static pid_t spawn(char *const argv[], const int *fds, size_t count)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    for (size_t i = 0; i < count; i++)
        inherit(fds[i]);
    execv(app_self(), argv);
    _exit(127);
}

int vault_spawn(const char *data_dir, int *ret_fd)
{
    int pair[2];
    char number[16];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    snprintf(number, sizeof(number), "%d", pair[1]);
    char *argv[] = {"zhixin", "vault-process", "--data", (char *)(uintptr_t)data_dir, "--fd", number, NULL};
    pid_t pid = spawn(argv, &pair[1], 1);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return -1;
    }
    *ret_fd = pair[0];
    return pid;
}

static bool start_server(struct family *f, int vault_fd)
{
    int pair[2];
    char vault_number[16], control_number[16];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    snprintf(vault_number, sizeof(vault_number), "%d", vault_fd);
    snprintf(control_number, sizeof(control_number), "%d", pair[1]);
    char *argv[] = {"zhixin", "server-process", "--data", (char *)(uintptr_t)f->data_dir, "--vault-fd", vault_number,
                    "--control-fd", control_number, f->listen[0] ? "--listen" : NULL, f->listen, NULL};
    const int fds[] = {vault_fd, pair[1], f->lock};
    f->server = spawn(argv, fds, 3);
    close(pair[1]);
    f->control = pair[0];
    return f->server > 0;
}

static bool start_both(struct family *f)
{
    int fd;
    f->vault = vault_spawn(f->data_dir, &fd);
    if (f->vault < 0)
        return false;
    bool ok = start_server(f, fd);
    close(fd);
    return ok;
}

/* Gives the server the end of a new vault's socket (SCM_RIGHTS). */
static void hand_over(int control, int fd)
{
    char byte = 'v', space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(head), &fd, sizeof(fd));
    if (sendmsg(control, &message, MSG_NOSIGNAL) < 0)
        log_error("supervisor.hand_over", LOG_I("errno", errno));
}

/* At once, but not again and again at once: what keeps a child from living, such as a full disk, may pass. A database that is away
 * is looked for steadily. */
static int64_t restart_delay_us(struct family *f, int exit_status, bool refused)
{
    int64_t now = clock_mono_us();
    if (exit_status == STATUS_DATABASE_AWAY)
        return database_look_us;
    if (now - f->minute_us > 60 * US_PER_S) {
        f->minute_us = now;
        f->restarts = 0;
    }
    return ++f->restarts <= RESTARTS_A_MINUTE && !refused ? 0 : slow_restart_us;
}

static bool on_vault_death(struct family *f)
{
    int fd;
    f->vault_due_us = 0;
    f->vault = vault_spawn(f->data_dir, &fd);
    if (f->vault < 0)
        return false;
    hand_over(f->control, fd);
    close(fd);
    return true;
}

/* The vault serves one server: with a dead server it ends by itself, and both start anew. */
static bool on_server_death(struct family *f)
{
    f->vault_due_us = f->server_due_us = 0;
    if (f->vault > 0) {
        kill(f->vault, SIGKILL);
        waitpid(f->vault, NULL, 0);
    }
    return start_both(f);
}

/* Starts again what is due; false when that is not possible. */
static bool revive(struct family *f)
{
    int64_t now = clock_mono_us();
    if (f->stopping)
        return true;
    if (f->server_due_us)
        return now < f->server_due_us || on_server_death(f);
    return f->vault_due_us == 0 || now < f->vault_due_us || on_vault_death(f);
}

static void on_end(struct family *f, bool server, int exit_status, bool refused)
{
    int64_t due = clock_mono_us() + restart_delay_us(f, exit_status, refused);
    if (server) {
        f->server_due_us = due;
        close(f->control);
        f->control = -1;
    } else if (f->server) {
        f->vault_due_us = due;
    }
}

static bool reap(struct family *f, int *ret_status)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        bool server = pid == f->server;
        *(server ? &f->server : &f->vault) = 0;
        if (f->stopping)
            continue;
        bool refused = server && WIFEXITED(status) && (WEXITSTATUS(status) <= 2 || !f->served); /* it said why: bad configuration, port taken, keys that do not open */
        log_warn("supervisor.child_ended", LOG_Z("child", server ? "server" : "vault"), LOG_I("status", status));
        if (!f->served && (refused || f->restarts >= RESTARTS_A_MINUTE)) {
            *ret_status = refused ? WEXITSTATUS(status) : 1;
            return false;
        }
        on_end(f, server, server && WIFEXITED(status) ? WEXITSTATUS(status) : 0, refused);
    }
    if (!revive(f)) {
        *ret_status = 1;
        return false;
    }
    return !(f->stopping && f->server == 0);
}

/* The server tells the address it listens on, so that a restart takes the same port. */
static void read_address(struct family *f)
{
    char text[128];
    ssize_t len = recv(f->control, text, sizeof(text) - 1, MSG_DONTWAIT);
    if (len <= 0)
        return;
    text[len] = '\0';
    f->served = true;
    const char *host = strstr(text, "//");
    snprintf(f->listen, sizeof(f->listen), "%s", host ? host + 2 : text);
}

static int watch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void stop(struct family *f)
{
    if (!f->stopping && f->server > 0)
        kill(f->server, SIGTERM);
    f->stopping = true;
}

static int loop(struct family *f, int signals)
{
    int status = 0;
    int64_t give_up_us = 0;
    for (;;) {
        struct pollfd watched[] = {{signals, POLLIN, 0}, {f->control, POLLIN, 0}};
        struct signalfd_siginfo signal;
        poll(watched, 2, LOOK_MS);
        while (read(signals, &signal, sizeof(signal)) == sizeof(signal))
            if (signal.ssi_signo != SIGCHLD) {
                stop(f);
                give_up_us = give_up_us ? give_up_us : clock_mono_us() + STOP_GRACE_MS * US_PER_MS;
            }
        read_address(f);
        if (!reap(f, &status))
            return status;
        if (give_up_us && clock_mono_us() > give_up_us && f->server > 0)
            kill(f->server, SIGKILL);
    }
}

int supervisor_run(const char *data_dir, const char *listen)
{
    struct family f = {.data_dir = data_dir, .control = -1, .minute_us = clock_mono_us()};
    log_set_process("supervisor");
    snprintf(f.listen, sizeof(f.listen), "%s", listen ? listen : "");
    if (app_lock(data_dir, &f.lock) != RC_OK) {
        fprintf(stderr, "zhixin serve: %s: no installation, or another server or command works on it (make one with zhixin init)\n", data_dir);
        return 1;
    }
    int signals = watch_signals();
    if (signals < 0 || !start_both(&f)) {
        fputs("zhixin serve: could not start the processes\n", stderr);
        return 1;
    }
    int status = loop(&f, signals);
    if (f.vault > 0)
        kill(f.vault, SIGTERM);
    if (f.server > 0)
        kill(f.server, SIGTERM);
    while (wait(NULL) > 0)
        continue;
    return status;
}
