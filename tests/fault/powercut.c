/* A disk that forgets: preloaded into the program, it remembers the old bytes of everything that is written below
 * POWERCUT_DATA until it is fsynced. After a kill -9, `powercut-undo` puts the old bytes back, as a power cut would.
 *   LD_PRELOAD=powercut.so POWERCUT_DATA=/dir POWERCUT_UNDO=/undo zhixin serve …   then   powercut-undo /undo
 * With POWERCUT_LIE=1 fsync does nothing: a test that then stays green sees no missing fsync. POWERCUT_SLOW_MS makes each sync take
 * that long.
 * One undo file a file, named by its inode: "path\n", then records {offset, old size, length, old bytes}. Not a model of
 * directories: a new name counts as durable. -shm files are left out (SQLite rebuilds them). */
#undef _FILE_OFFSET_BITS /* both names of each call are ours to define */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct record {
    uint64_t offset, old_size, length;
};

#ifdef POWERCUT_UNDO_TOOL

#include <dirent.h>

/* Puts back the old bytes of one file, newest record first. */
static int undo(const char *name)
{
    FILE *in = fopen(name, "rb");
    char path[4096];
    long at[1 << 16];
    size_t count = 0;
    struct record r;
    if (!in || !fgets(path, sizeof(path), in))
        return in ? fclose(in) : -1;
    path[strcspn(path, "\n")] = '\0';
    for (long here = ftell(in); count < sizeof(at) / sizeof(at[0]) && fread(&r, sizeof(r), 1, in) == 1; here = ftell(in)) {
        if (fseek(in, (long)r.length, SEEK_CUR) != 0)
            break;
        at[count++] = here;
    }
    int fd = open(path, O_WRONLY);
    char *bytes = malloc(1 << 26);
    while (fd >= 0 && bytes && count > 0) {
        fseek(in, at[--count], SEEK_SET);
        if (fread(&r, sizeof(r), 1, in) != 1 || r.length > 1 << 26 || fread(bytes, 1, r.length, in) != r.length)
            continue; /* the last record may be cut: its write did not happen */
        if (pwrite(fd, bytes, r.length, (off_t)r.offset) != (ssize_t)r.length || ftruncate(fd, (off_t)r.old_size) != 0)
            perror(path);
    }
    free(bytes);
    if (fd >= 0)
        close(fd);
    fclose(in);
    return unlink(name);
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fputs("usage: powercut-undo DIR\n", stderr);
        return 2;
    }
    int undone = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        char name[8192];
        snprintf(name, sizeof(name), "%s/%s", argv[1], e->d_name);
        if (e->d_name[0] != '.' && undo(name) == 0)
            undone++;
    }
    closedir(dir);
    printf("%d files put back\n", undone);
    return 0;
}

#else

enum { FDS = 4096 };

static struct watched {
    bool known, ours;
    ino_t inode;
} fds[FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_pwrite64)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate64)(int, off_t);
static int (*real_close)(int);

/* Before main(), and before whoever comes earlier: each wrapper asks. */
__attribute__((constructor)) static void find_real(void)
{
    if (real_close)
        return;
    real_pwrite64 = dlsym(RTLD_NEXT, "pwrite64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate64 = dlsym(RTLD_NEXT, "ftruncate64");
    real_close = dlsym(RTLD_NEXT, "close");
}

static void undo_name(ino_t inode, char out[static 4200])
{
    snprintf(out, 4200, "%s/%llu", getenv("POWERCUT_UNDO"), (unsigned long long)inode);
}

/* Is this descriptor a regular file below POWERCUT_DATA? Found out once, forgotten by close(). */
static struct watched *watch(int fd)
{
    char link[64], path[4096];
    const char *data = getenv("POWERCUT_DATA");
    if (fd < 0 || fd >= FDS || !data)
        return NULL;
    struct watched *w = &fds[fd];
    if (!w->known) {
        struct stat st;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(link, path, sizeof(path) - 1);
        path[len > 0 ? len : 0] = '\0';
        size_t n = strlen(path);
        w->ours = strncmp(path, data, strlen(data)) == 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (n < 4 || strcmp(path + n - 4, "-shm") != 0);
        w->inode = w->ours ? st.st_ino : 0;
        w->known = true;
        if (w->ours) {
            char name[4200];
            undo_name(w->inode, name);
            int undo = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            if (undo >= 0) {
                path[n] = '\n';
                if (real_write(undo, path, n + 1) < 0)
                    abort();
                real_close(undo);
            }
        }
    }
    return w->ours ? w : NULL;
}

/* Saves what [offset, offset+len) held. */
static void save(int fd, const struct watched *w, off_t offset, size_t len)
{
    struct stat st;
    char name[4200], link[64];
    if (fstat(fd, &st) != 0)
        return;
    size_t held = offset >= st.st_size ? 0 : (size_t)(st.st_size - offset) < len ? (size_t)(st.st_size - offset) : len;
    char *bytes = malloc(sizeof(struct record) + held);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    int in = held ? open(link, O_RDONLY | O_CLOEXEC) : -1; /* ours may be write-only */
    if (held && (in < 0 || pread(in, bytes + sizeof(struct record), held, offset) != (ssize_t)held))
        held = 0;
    if (in >= 0)
        real_close(in);
    *(struct record *)(void *)bytes = (struct record){(uint64_t)offset, (uint64_t)st.st_size, held};
    undo_name(w->inode, name);
    int undo = open(name, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (undo >= 0) {
        if (real_write(undo, bytes, sizeof(struct record) + held) < 0)
            abort();
        real_close(undo);
    }
    free(bytes);
}

/* What was written is on disk now: nothing to put back but the path. */
static void forget(const struct watched *w)
{
    char name[4200], path[4097];
    undo_name(w->inode, name);
    int undo = open(name, O_RDWR | O_CLOEXEC);
    if (undo < 0)
        return;
    ssize_t len = pread(undo, path, sizeof(path) - 1, 0);
    path[len > 0 ? len : 0] = '\0';
    char *newline = strchr(path, '\n');
    if (newline && real_ftruncate64(undo, newline + 1 - path) != 0)
        abort();
    real_close(undo);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t offset)
{
    find_real();
    pthread_mutex_lock(&lock);
    struct watched *w = watch(fd);
    if (w)
        save(fd, w, offset, len);
    ssize_t put = real_pwrite64(fd, bytes, len, offset);
    pthread_mutex_unlock(&lock);
    return put;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    return pwrite64(fd, bytes, len, offset);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    find_real();
    pthread_mutex_lock(&lock);
    struct watched *w = watch(fd);
    if (w) {
        struct stat st;
        bool appends = fcntl(fd, F_GETFL) & O_APPEND;
        save(fd, w, appends && fstat(fd, &st) == 0 ? st.st_size : lseek(fd, 0, SEEK_CUR), len);
    }
    pthread_mutex_unlock(&lock);
    return real_write(fd, bytes, len);
}

int ftruncate64(int fd, off_t size)
{
    find_real();
    pthread_mutex_lock(&lock);
    struct watched *w = watch(fd);
    struct stat st;
    if (w && fstat(fd, &st) == 0)
        save(fd, w, size, st.st_size > size ? (size_t)(st.st_size - size) : 0);
    int got = real_ftruncate64(fd, size);
    pthread_mutex_unlock(&lock);
    return got;
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

static void be_slow(void)
{
    const char *ms = getenv("POWERCUT_SLOW_MS");
    long wait = ms ? strtol(ms, NULL, 10) : 0;
    struct timespec span = {wait / 1000, wait % 1000 * 1000000};
    if (wait > 0)
        nanosleep(&span, NULL);
}

static int sync_with(int fd, int (*real)(int))
{
    find_real();
    be_slow();
    pthread_mutex_lock(&lock);
    struct watched *w = watch(fd);
    bool lies = getenv("POWERCUT_LIE") != NULL;
    int got = lies ? 0 : real(fd);
    if (w && got == 0 && !lies)
        forget(w);
    pthread_mutex_unlock(&lock);
    return got;
}

int fsync(int fd)
{
    return sync_with(fd, real_fsync);
}

int fdatasync(int fd)
{
    return sync_with(fd, real_fdatasync);
}

int close(int fd)
{
    find_real();
    if (fd >= 0 && fd < FDS) {
        pthread_mutex_lock(&lock);
        fds[fd].known = false;
        pthread_mutex_unlock(&lock);
    }
    return real_close(fd);
}

#endif
