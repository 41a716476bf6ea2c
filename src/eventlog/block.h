/* The bytes of one block of the tail: columns, small and quick to make, for the commit waits for it. It knows no database.
 *
 *   u8 format | u32 events | u32 length | ids: source and message id of each event, as they are (UUIDs don't compress)
 *   u32 length | zstd frame of the other columns, each as a run of varints or bytes
 */
#ifndef ZX_EVENTLOG_BLOCK_H
#define ZX_EVENTLOG_BLOCK_H

#include "base/arena.h"
#include "base/buf.h"
#include "eventlog/eventlog.h"

enum { BLOCK_FORMAT = 1, BLOCK_EVENTS_MAX = 1 << 20, MESSAGE_ID_MAX = 100 };

/* The string columns of an event, in stored order: name in the log, offset in struct event. */
struct event_string {
    const char *name;
    size_t offset;
};
enum { EVENT_STRINGS = 13 };
extern const struct event_string event_strings[EVENT_STRINGS];
static inline struct str *event_string(struct event *e, size_t i)
{
    return (struct str *)((char *)e + event_strings[i].offset);
}
static inline struct str event_string_of(const struct event *e, size_t i)
{
    return *(const struct str *)((const char *)e + event_strings[i].offset);
}

/* A message id: a prefix and, if it ends in a lower-case UUID, that in 16 bytes. */
struct message_id {
    struct str prefix;
    bool has_uuid;
    uint8_t uuid[16];
};
struct message_id message_id_of(struct str text);
/* The text again, in the arena. */
struct str message_id_text(struct arena *a, const struct message_id *id);
/* What is hashed and compared: source and id in one run of bytes; returns its length. */
enum { MESSAGE_KEY_MAX = 8 + 1 + MESSAGE_ID_MAX + 16 };
size_t message_key(int64_t source_id, const struct message_id *id, char out[static MESSAGE_KEY_MAX]);

/* What encoding needs again and again; zeroed at first, freed with block_writer_free(). */
struct block_writer {
    void *zstd;
    struct buf keys, columns, out;
};
void block_writer_free(struct block_writer *w);
/* A block of the events whose `skip` is false (NULL: all), valid until the writer's next. */
struct str block_encode(struct block_writer *w, const struct event *events, size_t count, const bool *skip);
/* What decoding many blocks in a row needs again and again; zeroed at first, freed with block_reader_free(). */
struct block_reader {
    void *zstd;
    bool without_ids;        /* message ids are left empty: whoever wants none saves their making */
};
void block_reader_free(struct block_reader *r);
/* RC_STORE when the bytes are no block. Strings lie in the arena. */
enum rc block_decode(struct block_reader *r, struct arena *a, struct str bytes, struct event **ret, size_t *ret_count) ZX_MUST_CHECK;
/* Walks only the ids: fn gets each event's key. */
enum rc block_each_key(struct str bytes, void (*fn)(void *arg, struct str key), void *arg) ZX_MUST_CHECK;

/* One event by itself in a run of bytes, for sorting many in little room. Unpacked, its strings lie in the packed bytes;
 * message_id is left empty, *ret_id has it. */
void event_pack(struct buf *out, const struct event *e);
void event_unpack(struct str packed, struct event *ret, struct message_id *ret_id);

#endif
