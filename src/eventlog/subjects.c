/* The index of subjects of a segment: sorted 32-bit hashes in a small file, mapped read-only, so that a person's story opens
 * only the segments she is in. Derived: without it every segment is asked. */
#include "base/log.h"
#include "eventlog/eventlog_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t index_magic = UINT64_C(0x314a42535849485a); /* "ZHIXSBJ1" */

struct index_head {
    uint64_t magic;
    uint64_t count;
};

uint32_t subject_hash(int64_t subject)
{
    return (uint32_t)((uint64_t)subject * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool write_all(int fd, const void *bytes, size_t len)
{
    const char *p = bytes;
    while (len) {
        ssize_t got = write(fd, p, len);
        if (got <= 0 && errno != EINTR)
            return false;
        if (got > 0) {
            p += got;
            len -= (size_t)got;
        }
    }
    return true;
}

enum rc subjects_write(const char *path, uint32_t *hashes, size_t count)
{
    size_t distinct = 0;
    qsort(hashes, count, sizeof(*hashes), by_value);
    for (size_t i = 0; i < count; i++)
        if (distinct == 0 || hashes[distinct - 1] != hashes[i])
            hashes[distinct++] = hashes[i];
    struct index_head head = {index_magic, distinct};
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || !write_all(fd, &head, sizeof(head)) || !write_all(fd, hashes, distinct * sizeof(*hashes)) || fsync(fd) != 0) {
        log_error("eventlog.index", LOG_I("errno", errno));
        return errno == ENOSPC ? RC_DISK_FULL : RC_STORE;
    }
    return RC_OK;
}

void subjects_map(const char *path, const uint32_t **ret, size_t *ret_count)
{
    struct index_head head;
    struct stat st;
    *ret = NULL;
    *ret_count = 0;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) || head.magic != index_magic ||
        (uint64_t)st.st_size != sizeof(head) + head.count * sizeof(uint32_t)) {
        log_warn("eventlog.index_missing", LOG_I("errno", fd < 0 ? errno : 0));
        return;
    }
    const char *memory = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return;
    *ret = (const uint32_t *)(memory + sizeof(head));
    *ret_count = head.count;
}

void subjects_unmap(const uint32_t *index, size_t count)
{
    if (index)
        munmap((void *)((uintptr_t)index - sizeof(struct index_head)), sizeof(struct index_head) + count * sizeof(uint32_t));
}

bool subjects_have(const struct segment *s, int64_t subject)
{
    uint32_t hash = subject_hash(subject);
    return !s->index || bsearch(&hash, s->index, s->index_count, sizeof(hash), by_value) != NULL;
}
