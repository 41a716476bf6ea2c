/* Request bodies: kept in memory, and inflated when packed. Those that may be large lie in memory that has no name in the file system
 * and is mapped at the end: what people send is never written to a disk as it came. */
#include "http/http_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

void body_begin(struct body *b, size_t max)
{
    *b = (struct body){.mem = BUF_INIT(max), .inflated = BUF_INIT(max), .max = max, .fd = -1};
    if (max > LIMIT_BODY_BYTES)
        b->fd = memfd_create("zhixin-body", MFD_CLOEXEC);
}

static enum rc spool_write(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t done = write(fd, data, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return RC_BUSY; /* no memory is left for it */
        data += done;
        len -= (size_t)done;
    }
    return RC_OK;
}

enum rc body_add(struct body *b, const char *data, size_t len)
{
    if (len > b->max - b->len)
        return RC_TOO_LARGE;
    b->len += len;
    if (b->fd >= 0)
        return spool_write(b->fd, data, len);
    buf_add_bytes(&b->mem, data, len);
    return RC_OK;
}

enum rc body_inflate(struct str packed, size_t max, struct buf *out)
{
    size_t most = packed.len * LIMIT_INFLATE_RATIO < max ? packed.len * LIMIT_INFLATE_RATIO : max;
    z_stream z = {0};
    if (inflateInit2(&z, 15 + 32) != Z_OK)
        return RC_INTERNAL;
    z.next_in = (Bytef *)(uintptr_t)packed.ptr;
    z.avail_in = (uInt)packed.len;
    int status = Z_OK;
    while (status == Z_OK && out->len <= most) {
        size_t room = most + 1 - out->len < 16384 ? most + 1 - out->len : 16384;
        char *at = buf_reserve(out, room);
        if (!at || room == 0)
            break;
        z.next_out = (Bytef *)at;
        z.avail_out = (uInt)room;
        status = inflate(&z, Z_NO_FLUSH);
        out->len += room - z.avail_out;
    }
    bool whole = status == Z_STREAM_END && z.avail_in == 0;
    inflateEnd(&z);
    if (out->len > most || out->failed)
        return RC_TOO_LARGE;
    return whole ? RC_OK : RC_BAD_REQUEST;
}

static enum rc spool_map(struct body *b, struct str *ret)
{
    if (b->len && !b->map) {
        void *map = mmap(NULL, b->len, PROT_READ, MAP_PRIVATE, b->fd, 0);
        if (map == MAP_FAILED)
            return RC_STORE;
        b->map = map;
    }
    *ret = str_n(b->map, b->len);
    return RC_OK;
}

enum rc body_view(struct body *b, struct str encoding, struct str *ret)
{
    bool packed = str_ieq(encoding, STR("gzip")) || str_ieq(encoding, STR("deflate")) || str_ieq(encoding, STR("x-gzip"));
    if (!packed && encoding.len && !str_ieq(encoding, STR("identity")))
        return RC_MEDIA_TYPE;
    if (b->fd >= 0)
        return packed ? RC_MEDIA_TYPE : spool_map(b, ret);
    *ret = buf_str(&b->mem);
    if (!packed)
        return RC_OK;
    b->inflated.max = b->max + 1;
    buf_reset(&b->inflated);
    enum rc rc = body_inflate(*ret, b->max, &b->inflated);
    if (rc)
        return rc;
    *ret = buf_str(&b->inflated);
    return RC_OK;
}

void body_free(struct body *b)
{
    buf_free(&b->mem);
    buf_free(&b->inflated);
    if (b->map)
        munmap(b->map, b->len);
    if (b->fd >= 0)
        close(b->fd);
    *b = (struct body){.fd = -1, .mem = BUF_INIT(1), .inflated = BUF_INIT(1)};
}
