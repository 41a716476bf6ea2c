/* Confinement by prctl, close_range and a seccomp filter of our own (seccomp(2)). */
#include "vault/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

bool vault_confine_memory(void)
{
    const struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static int compare_int(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

bool vault_confine_files(const int *keep, size_t count)
{
    int sorted[16] = {STDERR_FILENO};
    unsigned from = 0;
    if (count + 1 > sizeof(sorted) / sizeof(*sorted))
        return false;
    for (size_t i = 0; i < count; i++)
        sorted[i + 1] = keep[i];
    qsort(sorted, count + 1, sizeof(*sorted), compare_int);
    for (size_t i = 0; i <= count; i++) {
        if (sorted[i] < 0)
            return false;
        if ((unsigned)sorted[i] > from && syscall(SYS_close_range, from, (unsigned)sorted[i] - 1, 0) != 0)
            return false;
        from = (unsigned)sorted[i] + 1;
    }
    return syscall(SYS_close_range, from, ~0U, 0) == 0;
}

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef OUR_ARCH
/* Sockets and files that are open already, memory, time, threads' waiting, ending. Nothing that opens, connects or executes. */
static const unsigned allowed[] = {
    SYS_read, SYS_write, SYS_recvfrom, SYS_sendto, SYS_ppoll, SYS_fsync, SYS_close,
#ifdef SYS_poll
    SYS_poll,
#endif
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_mlock, SYS_munlock,
    SYS_clock_gettime, SYS_gettimeofday, SYS_clock_nanosleep, SYS_getrandom, SYS_getpid, SYS_gettid, SYS_tgkill,
    SYS_futex, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigreturn, SYS_restart_syscall, SYS_sched_yield, SYS_set_robust_list, SYS_rseq,
    SYS_exit, SYS_exit_group,
};
enum { ALLOWED = sizeof(allowed) / sizeof(*allowed) };

static size_t write_filter(struct sock_filter f[static ALLOWED + 8])
{
    size_t n = 0;
    f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < ALLOWED; i++)
        f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], (unsigned char)(ALLOWED - i), 0);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    return n;
}

bool vault_confine_calls(void)
{
    struct sock_filter filter[ALLOWED + 8];
    if (VAULT_SANITIZED)
        return true;
    struct sock_fprog program = {(unsigned short)write_filter(filter), filter};
    /* every thread of the process, hence TSYNC */
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}
#else
bool vault_confine_calls(void)
{
    return true;
}
#endif
