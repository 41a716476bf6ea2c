/* Frames on the socket pair between server and vault: u32 length of the rest, u32 request id, u8 operation (request) or rc (reply),
 * payload; all little-endian. */
#ifndef ZX_VAULT_FRAME_H
#define ZX_VAULT_FRAME_H

#include "base/buf.h"
#include "base/limits.h"

enum { VAULT_FRAME_HEAD = 9 };

enum vault_op {
    VAULT_OP_INDEX = 1,
    VAULT_OP_SEAL,
    VAULT_OP_OPEN,
    VAULT_OP_REMEMBER,
    VAULT_OP_SEARCH,
    VAULT_OP_STATUS,
    VAULT_OP_READY,
    VAULT_OP_SECRET,
};

/* What VAULT_OP_OPEN is for. */
enum vault_open_mode { VAULT_OPEN_MASK, VAULT_OPEN_REVEAL, VAULT_OPEN_MACHINE };
/* Per value in its reply. */
enum vault_open_state { VAULT_OPENED, VAULT_ERASED, VAULT_FORGED };

struct vault_frame {
    uint32_t id;
    uint8_t code;
    struct str payload; /* valid until the next read */
};

struct vault_frame_reader {
    int fd;
    struct buf in;
    size_t used;        /* bytes of `in` that were handed out */
};

void vault_frame_reader_init(struct vault_frame_reader *r, int fd);
/* Wipes and frees the buffer. */
void vault_frame_reader_end(struct vault_frame_reader *r);
/* Waits for the next frame, wiping the one before. False at the end of the stream, on an error, and on a length that no peer of ours sends. */
bool vault_frame_read(struct vault_frame_reader *r, struct vault_frame *ret);

/* Starts a frame in an empty buffer; vault_frame_send() completes its head and sends it. */
void vault_frame_begin(struct buf *b, uint32_t id, uint8_t code);
bool vault_frame_send(int fd, struct buf *b);
/* Frees a buffer that held secrets. */
void vault_buf_wipe(struct buf *b);
#define _cleanup_wipe_ _cleanup_(vault_buf_wipe)

#endif
