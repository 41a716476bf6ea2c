/* A vault process of its own for a test: fresh data directory, keyring, forked child over a socket pair, client. */
#ifndef ZX_TESTS_UNIT_VAULT_FIXTURE_H
#define ZX_TESTS_UNIT_VAULT_FIXTURE_H

#include "test.h"

#include "vault/vault.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct vault_fixture {
    struct ctx c;
    char dir[64];
    pid_t pid;
    int raw;   /* a duplicate of the client's socket, for tests that speak in bytes */
};

/* Starts a process over the fixture's directory; returns our end of the socket pair. */
static inline int vault_fixture_spawn(struct vault_fixture *f)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    fflush(NULL);
    f->pid = fork();
    assert_true(f->pid >= 0);
    if (f->pid == 0) {
        close(pair[0]);
        _exit(vault_main(pair[1], f->dir, NULL));
    }
    close(pair[1]);
    return pair[0];
}

static inline struct vault_fixture *vault_fixture_new(void)
{
    struct vault_fixture *f = calloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/zhixin-vault-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->c.arena = arena_new();
    assert_int_equal(vault_init(&f->c, f->dir, NULL), RC_OK);
    int fd = vault_fixture_spawn(f);
    f->raw = dup(fd);
    f->c.vault = vault_client_new(fd);
    return f;
}

static inline int vault_fixture_wait(struct vault_fixture *f)
{
    int status = 0;
    waitpid(f->pid, &status, 0);
    f->pid = 0;
    return status;
}

static inline void vault_fixture_kill(struct vault_fixture *f)
{
    kill(f->pid, SIGKILL);
    vault_fixture_wait(f);
}

static inline void vault_fixture_free(struct vault_fixture *f)
{
    static const char *const files[] = {"keyring", "unseal.key", "audit.log"};
    char path[128];
    vault_client_free(f->c.vault);
    close(f->raw);
    if (f->pid)
        vault_fixture_wait(f); /* it ends when we have hung up */
    for (size_t i = 0; i < COUNT(files); i++)
        snprintf(path, sizeof(path), "%s/%s", f->dir, files[i]), unlink(path);
    rmdir(f->dir);
    arena_free(f->c.arena);
    free(f);
}

#endif
