/* Reading and writing frames; buffers are wiped behind every frame. */
#include "vault/frame.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_AHEAD = 64 << 10, KEEP_BYTES = 1 << 20 };

void vault_buf_wipe(struct buf *b)
{
    if (b->ptr)
        explicit_bzero(b->ptr, b->len);
    buf_free(b);
}

void vault_frame_reader_init(struct vault_frame_reader *r, int fd)
{
    *r = (struct vault_frame_reader){.fd = fd, .in = BUF_INIT(LIMIT_VAULT_FRAME_BYTES + VAULT_FRAME_HEAD + READ_AHEAD)};
}

void vault_frame_reader_end(struct vault_frame_reader *r)
{
    vault_buf_wipe(&r->in);
    r->used = 0;
}

/* Drops what was handed out; what came behind it moves to the front. */
static void forget_used(struct vault_frame_reader *r)
{
    size_t left = r->in.len - r->used;
    if (r->used == 0)
        return;
    if (left == 0 && r->in.cap > KEEP_BYTES) {
        vault_buf_wipe(&r->in);
    } else {
        memmove(r->in.ptr, r->in.ptr + r->used, left);
        explicit_bzero(r->in.ptr + left, r->used);
        r->in.len = left;
    }
    r->used = 0;
}

static bool fill(struct vault_frame_reader *r, size_t want)
{
    while (r->in.len < want) {
        size_t room = want - r->in.len > READ_AHEAD ? want - r->in.len : READ_AHEAD;
        char *at = buf_reserve(&r->in, room);
        ssize_t n = at ? recv(r->fd, at, room, 0) : -1;
        if (n < 0 && at && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        r->in.len += (size_t)n;
    }
    return true;
}

bool vault_frame_read(struct vault_frame_reader *r, struct vault_frame *ret)
{
    forget_used(r);
    if (!fill(r, VAULT_FRAME_HEAD))
        return false;
    struct cursor head = cursor_of(buf_str(&r->in));
    uint32_t rest = cursor_u32(&head);
    ret->id = cursor_u32(&head);
    ret->code = cursor_u8(&head);
    if (rest < VAULT_FRAME_HEAD - 4 || rest > LIMIT_VAULT_FRAME_BYTES || !fill(r, 4 + (size_t)rest))
        return false;
    ret->payload = str_sub(buf_str(&r->in), VAULT_FRAME_HEAD, 4 + (size_t)rest);
    r->used = 4 + (size_t)rest;
    return true;
}

void vault_frame_begin(struct buf *b, uint32_t id, uint8_t code)
{
    assert(b->len == 0);
    buf_add_u32(b, 0);
    buf_add_u32(b, id);
    buf_add_u8(b, code);
}

bool vault_frame_send(int fd, struct buf *b)
{
    assert(!b->failed && b->len >= VAULT_FRAME_HEAD);
    uint32_t rest = (uint32_t)(b->len - 4);
    for (size_t i = 0; i < 4; i++)
        b->ptr[i] = (char)(rest >> (8 * i));
    for (struct str left = buf_str(b); left.len;) {
        ssize_t n = send(fd, left.ptr, left.len, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            left = str_sub(left, (size_t)n, left.len);
    }
    return true;
}
