/* A disk that fails on order: preloaded into the program, it makes writing, syncing, growing or making files below FAILDISK_DATA
 * fail as the control file FAILDISK_CONTROL says, which a test rewrites at any time.
 *   LD_PRELOAD=faildisk.so FAILDISK_DATA=/dir FAILDISK_CONTROL=/file zhixin serve …
 * The control file is struct control, mapped by every process at its start (the vault opens nothing later). Which file a
 * descriptor is, is asked once and kept until it is closed, for the same reason. */
#undef _FILE_OFFSET_BITS /* both names of each call are ours to define */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OP_WRITE = 1, OP_SYNC = 2, OP_GROW = 4, OP_MAKE = 8 };

struct control {
    _Atomic int32_t error;   /* errno; 0: all is well */
    int32_t operations;      /* of OP_* */
    int32_t once;            /* 1: only one call fails, 0: all from then on */
    int32_t is_short;        /* 1: a write that fails takes half of its bytes first */
    _Atomic int64_t skip;    /* so many matching calls are left alone first */
    _Atomic int64_t failed;  /* calls that failed so far */
    char file[96];           /* what the path below the folder begins with; "": any */
};

enum { FDS = 4096 };
static struct control *control;
static char *_Atomic names[FDS]; /* below the folder; "" : somewhere else */
static char outside[1];
static const char *folder;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite64)(int, const void *, size_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_close)(int), (*real_ftruncate64)(int, off_t);
static int (*real_posix_fallocate64)(int, off_t, off_t), (*real_fallocate64)(int, int, off_t, off_t);
static int (*real_open64)(const char *, int, ...);

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("FAILDISK_CONTROL");
    if (real_close)
        return;
    real_open64 = (int (*)(const char *, int, ...))real("open64");
    real_write = (ssize_t(*)(int, const void *, size_t))real("write");
    real_pwrite64 = (ssize_t(*)(int, const void *, size_t, off_t))real("pwrite64");
    real_fsync = (int (*)(int))real("fsync");
    real_fdatasync = (int (*)(int))real("fdatasync");
    real_ftruncate64 = (int (*)(int, off_t))real("ftruncate64");
    real_posix_fallocate64 = (int (*)(int, off_t, off_t))real("posix_fallocate64");
    real_fallocate64 = (int (*)(int, int, off_t, off_t))real("fallocate64");
    real_close = (int (*)(int))real("close"); /* last: others may be called while we look */
    folder = getenv("FAILDISK_DATA");
    folder = folder ? strdup(folder) : NULL; /* a program may write its title over its environment */
    int fd = path && folder ? real_open64(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *memory = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    control = memory == MAP_FAILED ? NULL : memory;
    real_close(fd);
}

/* The part of a path below the folder, or NULL. */
static const char *below(const char *path)
{
    size_t len = strlen(folder);
    return strncmp(path, folder, len) == 0 && path[len] == '/' ? path + len + 1 : NULL;
}

static const char *name_of(int fd)
{
    char link[64], path[4096];
    if (fd < 0 || fd >= FDS)
        return outside;
    char *known = names[fd];
    if (known)
        return known;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = '\0';
    const char *name = below(path);
    char *kept = name ? strdup(name) : outside;
    names[fd] = kept;
    return kept;
}

/* Is it this call's turn? Sets errno. */
static bool fails(const char *name, int operation)
{
    if (!control || control->error == 0 || !(control->operations & operation) || name == outside)
        return false;
    if (strncmp(name, control->file, strlen(control->file)) != 0)
        return false;
    if (atomic_fetch_sub(&control->skip, 1) > 0)
        return false;
    int error = control->once ? atomic_exchange(&control->error, 0) : control->error;
    if (error == 0)
        return false;
    atomic_fetch_add(&control->failed, 1);
    errno = error;
    return true;
}

/* ---- the calls ---- */

ssize_t write(int fd, const void *bytes, size_t len)
{
    start();
    if (!control || !fails(name_of(fd), OP_WRITE))
        return real_write(fd, bytes, len);
    return control->is_short && len > 1 ? real_write(fd, bytes, len / 2) : -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t offset)
{
    start();
    if (!control || !fails(name_of(fd), OP_WRITE))
        return real_pwrite64(fd, bytes, len, offset);
    return control->is_short && len > 1 ? real_pwrite64(fd, bytes, len / 2, offset) : -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return pwrite64(fd, bytes, len, offset);
}

int fsync(int fd)
{
    start();
    return control && fails(name_of(fd), OP_SYNC) ? -1 : real_fsync(fd);
}

int fdatasync(int fd)
{
    start();
    return control && fails(name_of(fd), OP_SYNC) ? -1 : real_fdatasync(fd);
}

int ftruncate64(int fd, off_t size)
{
    start();
    return control && fails(name_of(fd), OP_GROW) ? -1 : real_ftruncate64(fd, size);
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

int posix_fallocate64(int fd, off_t offset, off_t len)
{
    start();
    return control && fails(name_of(fd), OP_GROW) ? errno : real_posix_fallocate64(fd, offset, len);
}

int posix_fallocate(int fd, off_t offset, off_t len)
{
    return posix_fallocate64(fd, offset, len);
}

int fallocate64(int fd, int mode, off_t offset, off_t len)
{
    start();
    return control && fails(name_of(fd), OP_GROW) ? -1 : real_fallocate64(fd, mode, offset, len);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
    return fallocate64(fd, mode, offset, len);
}

/* Only what makes a new file takes room. */
static int open_at(const char *path, int flags, mode_t mode)
{
    start();
    const char *name = control && flags & (O_CREAT | __O_TMPFILE) ? below(path) : NULL;
    if (name && access(path, F_OK) != 0 && fails(name, OP_MAKE))
        return -1;
    return real_open64(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_at(path, flags, mode);
}

int open(const char *path, int flags, ...) __attribute__((alias("open64")));

int close(int fd)
{
    start();
    if (fd >= 0 && fd < FDS) {
        char *known = atomic_exchange(&names[fd], NULL);
        if (known != outside)
            free(known);
    }
    return real_close(fd);
}
