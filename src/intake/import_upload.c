/* Files that came over HTTP, until their job has ended. They lie in memory that has no name in the file system: a day file
 * is full of phone numbers, and the data directory holds no plain personal data, not for a minute. A restart loses
 * them; the job then ends as gone, and who sent the file sends it again: what was taken is the same. */
#include "intake/import_priv.h"

#include "base/limits.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { UPLOADS_MAX = 8 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct upload {
    int fd; /* 0: none */
    size_t size;
} uploads[UPLOADS_MAX];
static const char prefix[] = "/proc/self/fd/";

static bool write_all(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0)
            return false;
        bytes = str_sub(bytes, (size_t)n, bytes.len);
    }
    return true;
}

static bool remember(int fd, size_t size)
{
    struct upload *room = NULL;
    size_t all = size;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < UPLOADS_MAX; i++) {
        all += uploads[i].size;
        room = room || uploads[i].fd ? room : &uploads[i];
    }
    if (all > LIMIT_UPLOADS_BYTES)
        room = NULL;
    if (room)
        *room = (struct upload){fd, size};
    pthread_mutex_unlock(&lock);
    return room != NULL;
}

enum rc import_upload_keep(struct ctx *c, struct str bytes, struct str *ret_path)
{
    int fd = memfd_create("zhixin-import", MFD_CLOEXEC);
    if (fd < 0 || !write_all(fd, bytes)) {
        if (fd >= 0)
            close(fd);
        return ctx_fail(c, RC_BUSY, "file", "no_memory");
    }
    if (!remember(fd, bytes.len)) {
        close(fd);
        return ctx_fail(c, RC_BUSY, "file", "too_many_uploads");
    }
    *ret_path = arena_printf(c->arena, "%s%d", prefix, fd);
    return RC_OK;
}

static int fd_of(struct str path)
{
    int64_t fd;
    if (!str_starts(path, str_z(prefix)) || !str_i64(str_sub(path, sizeof(prefix) - 1, path.len), &fd))
        return -1;
    return (int)fd;
}

bool import_upload_is(struct str path)
{
    return fd_of(path) >= 0;
}

bool import_upload_here(struct str path)
{
    int fd = fd_of(path);
    bool here = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < UPLOADS_MAX; i++)
        here |= uploads[i].fd == fd;
    pthread_mutex_unlock(&lock);
    return here && fd > 0;
}

void import_upload_drop(struct str path)
{
    int fd = fd_of(path);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; fd > 0 && i < UPLOADS_MAX; i++)
        if (uploads[i].fd == fd) {
            uploads[i] = (struct upload){0};
            close(fd);
        }
    pthread_mutex_unlock(&lock);
}
