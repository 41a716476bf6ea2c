/* The index of subjects of a segment: a split block Bloom filter in a small file, mapped read-only, so that a person's story
 * opens only the segments she is in, and one of a thousand others. Derived: without it every segment is asked.
 *
 * A subject chooses one block of 256 bits and sets a bit in each of its eight words. With 12 bits a subject, a segment is opened
 * in vain for 1 of 270 subjects that are not in it (0.37 %, measured; with 16 bits 0.07 %): a person with three devices reads one
 * file too many where there are a hundred, which costs her story a millisecond. Source: Apache Parquet, "Parquet Bloom
 * Filter" (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007). */
#include "base/log.h"
#include "eventlog/eventlog_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS = 8, BITS_A_BLOCK = 256, BITS_A_SUBJECT = 12 };

static const uint64_t index_magic = UINT64_C(0x324a42535849485a); /* "ZHIXSBJ2" */

struct index_head {
    uint64_t magic;
    uint64_t blocks;
};

struct subject_block {
    uint32_t words[WORDS];
};

/* Subjects are keyed hashes of 63 bits; one more round spreads what was given as a subject by hand. */
static uint64_t mixed(int64_t subject)
{
    uint64_t h = (uint64_t)subject * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

static struct subject_block mask_of(uint64_t hash)
{
    static const uint32_t salts[WORDS] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
    struct subject_block mask;
    for (int i = 0; i < WORDS; i++)
        mask.words[i] = UINT32_C(1) << ((uint32_t)hash * salts[i] >> 27);
    return mask;
}

static size_t place_of(uint64_t hash, size_t blocks)
{
    return (size_t)((hash >> 32) * blocks >> 32);
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

enum rc subjects_write(const char *path, size_t distinct, int64_t (*next)(void *arg), void *arg)
{
    struct index_head head = {index_magic, distinct * BITS_A_SUBJECT / BITS_A_BLOCK + 1};
    _cleanup_free_ struct subject_block *index = mem_zalloc(head.blocks, sizeof(*index));
    for (size_t i = 0; i < distinct; i++) {
        uint64_t hash = mixed(next(arg));
        struct subject_block mask = mask_of(hash), *block = &index[place_of(hash, head.blocks)];
        for (int w = 0; w < WORDS; w++)
            block->words[w] |= mask.words[w];
    }
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || !write_all(fd, &head, sizeof(head)) || !write_all(fd, index, head.blocks * sizeof(*index)) || fsync(fd) != 0) {
        log_error("eventlog.index", LOG_I("errno", errno));
        return errno == ENOSPC ? RC_DISK_FULL : RC_STORE;
    }
    return RC_OK;
}

void subjects_map(const char *path, const struct subject_block **ret, size_t *ret_blocks)
{
    struct index_head head;
    struct stat st;
    *ret = NULL;
    *ret_blocks = 0;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || pread(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) || head.magic != index_magic || head.blocks == 0 ||
        (uint64_t)st.st_size != sizeof(head) + head.blocks * sizeof(struct subject_block)) {
        log_warn("eventlog.index_missing", LOG_I("errno", fd < 0 ? errno : 0));
        return;
    }
    const char *memory = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return;
    *ret = (const struct subject_block *)(memory + sizeof(head));
    *ret_blocks = head.blocks;
}

void subjects_unmap(const struct subject_block *index, size_t blocks)
{
    if (index)
        munmap((void *)((uintptr_t)index - sizeof(struct index_head)), sizeof(struct index_head) + blocks * sizeof(*index));
}

bool subjects_have(const struct subject_block *index, size_t blocks, int64_t subject)
{
    if (!index)
        return true;
    uint64_t hash = mixed(subject);
    struct subject_block mask = mask_of(hash);
    const struct subject_block *block = &index[place_of(hash, blocks)];
    bool all = true;
    for (int w = 0; w < WORDS; w++)
        all &= (block->words[w] & mask.words[w]) == mask.words[w];
    return all;
}
