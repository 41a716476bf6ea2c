/* Fingerprint tables in mapped files. */
#include "eventlog/seen.h"
#include "base/log.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOTS = 14, UNIT_BITS = 6, UNIT_SPAN = 1 << UNIT_BITS, REST_SHIFT = 34 };
enum { BITS_MIN = 15, BITS_MAX = 19, TABLES_MAX = 64, HEADER_BYTES = 4096, TABLE_VERSION = 2 };
static const uint64_t table_magic = UINT64_C(0x50465f4e4958485a); /* "ZHXIN_FP" */

/* A slot has 36 bits: the fingerprint's upper 30 and, lowest, six that say which unit it is, counted from the table's first. */
struct bucket {
    uint32_t low[SLOTS];
    uint8_t high[SLOTS / 2]; /* four bits of a slot each */
    uint8_t count : 4;
    uint8_t overflow : 1;    /* more of this bucket stand in the next */
};
_Static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");

enum table_state { TABLE_OPEN = 1, TABLE_WHOLE = 2, TABLE_FULL = 3 };

struct table_header {
    uint64_t magic;
    uint32_t version, bits;
    uint64_t key_check;   /* another key makes other fingerprints */
    int64_t first_unit, last_unit, last_us;
    uint64_t count;
    uint32_t state;       /* OPEN: in use, worthless after a crash. WHOLE: left by a clean stop. FULL: durable */
};

struct table {
    struct table_header *header;
    struct bucket *buckets;
    uint64_t mask;
    size_t bytes;
    char *path;           /* NULL: plain memory, the disk was full */
    bool full;
};

struct seen {
    char *dir;
    uint8_t key[16];
    uint64_t key_check;
    struct table tables[TABLES_MAX]; /* oldest first */
    size_t table_count;
    pthread_mutex_t lock;            /* of the list, for seen_sync() and seen_rest(); buckets belong to the committing thread */
};

/* ---- tables ---- */

static size_t table_bytes(uint32_t bits)
{
    return HEADER_BYTES + (sizeof(struct bucket) << bits);
}

static void table_attach(struct table *t, void *memory, uint32_t bits)
{
    t->header = memory;
    t->buckets = (struct bucket *)((char *)memory + HEADER_BYTES);
    t->mask = (UINT64_C(1) << bits) - 1;
    t->bytes = table_bytes(bits);
}

static void table_drop(struct table *t, bool unlink_file)
{
    munmap(t->header, t->bytes);
    if (t->path && unlink_file)
        unlink(t->path);
    free(t->path);
}

/* Room is allocated at once: a full disk must not show as SIGBUS later. Without room the table lives in memory only. */
static void *map_new_file(const char *path, size_t bytes)
{
    _cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || posix_fallocate(fd, 0, (off_t)bytes) != 0)
        return NULL;
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static struct table table_new(const struct seen *s, int64_t first_unit, uint32_t bits)
{
    char path[512];
    struct table t = {0};
    snprintf(path, sizeof(path), "%s/%012lld.fp", s->dir, (long long)first_unit);
    void *memory = map_new_file(path, table_bytes(bits));
    if (memory) {
        t.path = mem_dupz(path, strlen(path));
    } else {
        log_warn("eventlog.seen_in_memory", LOG_I("errno", errno));
        unlink(path);
        memory = mmap(NULL, table_bytes(bits), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            abort();
    }
    table_attach(&t, memory, bits);
    *t.header = (struct table_header){.magic = table_magic, .version = TABLE_VERSION, .bits = bits, .key_check = s->key_check,
                                      .first_unit = first_unit, .last_unit = first_unit, .state = TABLE_OPEN};
    return t;
}

static bool header_is_sound(const struct seen *s, const struct table_header *h, off_t size)
{
    return h->magic == table_magic && h->version == TABLE_VERSION && h->key_check == s->key_check && h->bits >= BITS_MIN && h->bits <= BITS_MAX &&
           size == (off_t)table_bytes(h->bits) && (h->state == TABLE_WHOLE || h->state == TABLE_FULL);
}

/* Maps a table that an earlier run left in good order. */
static bool table_load(const struct seen *s, const char *path, struct table *ret)
{
    struct table_header h;
    struct stat st;
    _cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || !header_is_sound(s, &h, st.st_size))
        return false;
    void *memory = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return false;
    *ret = (struct table){.path = mem_dupz(path, strlen(path)), .full = h.state == TABLE_FULL};
    table_attach(ret, memory, h.bits);
    return true;
}

/* Writes the header's new state through to the disk, after (FULL, WHOLE) or before (OPEN) the buckets it speaks of. */
static void set_state(struct table *t, enum table_state state)
{
    t->header->state = state;
    if (t->path && msync(t->header, HEADER_BYTES, MS_SYNC) != 0)
        log_warn("eventlog.seen_sync", LOG_I("errno", errno));
}

/* ---- opening ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_table_file(const struct dirent *e)
{
    return str_ends(str_z(e->d_name), STR(".fp"));
}

/* Loads tables in order up to the first that can't be believed; that one and all behind it go. */
static void load_tables(struct seen *s)
{
    struct dirent **names = NULL;
    bool believing = true;
    int count = scandir(s->dir, &names, is_table_file, by_name);
    for (int i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", s->dir, names[i]->d_name);
        believing = believing && s->table_count < TABLES_MAX - 1 && table_load(s, path, &s->tables[s->table_count]);
        if (believing)
            s->table_count++;
        else
            unlink(path);
        free(names[i]);
    }
    free(names);
}

static struct table *newest(struct seen *s)
{
    return s->table_count ? &s->tables[s->table_count - 1] : NULL;
}

static bool is_full(const struct table *t)
{
    return t->header->count > (t->mask + 1) * SLOTS * 7 / 8;
}

/* Twice as large as the last one, if that was filled; it may also have ended because its units were small and many. */
static void add_table(struct seen *s, int64_t first_unit)
{
    const struct table *last = newest(s);
    uint32_t bits = last ? last->header->bits + is_full(last) : BITS_MIN;
    struct table t = table_new(s, first_unit, bits > BITS_MAX ? BITS_MAX : bits);
    pthread_mutex_lock(&s->lock);
    if (s->table_count == TABLES_MAX) { /* never in a window of days; the oldest is the least loss */
        table_drop(&s->tables[0], true);
        memmove(&s->tables[0], &s->tables[1], --s->table_count * sizeof(s->tables[0]));
    }
    s->tables[s->table_count++] = t;
    pthread_mutex_unlock(&s->lock);
}

struct seen *seen_open(const char *dir, const uint8_t key[static 16], int64_t first_unit, int64_t *ret_reload)
{
    struct seen *s = mem_zalloc(1, sizeof(*s));
    static const uint8_t probe[8] = "key";
    s->dir = mem_dupz(dir, strlen(dir));
    memcpy(s->key, key, sizeof(s->key));
    crypto_shorthash((unsigned char *)&s->key_check, probe, sizeof(probe), s->key);
    pthread_mutex_init(&s->lock, NULL);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        log_warn("eventlog.seen_dir", LOG_I("errno", errno));
    load_tables(s);
    struct table *last = newest(s);
    if (last && !last->full) {
        set_state(last, TABLE_OPEN); /* whole so far, written on from here */
        *ret_reload = -1;
    } else { /* what came behind the last full table; the last unit in it may go on there */
        *ret_reload = last && last->header->last_unit > first_unit ? last->header->last_unit : first_unit;
        add_table(s, *ret_reload);
    }
    return s;
}

void seen_close(struct seen *s, bool complete)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->table_count; i++) {
        struct table *t = &s->tables[i];
        if (complete && t->path && t->header->state == TABLE_OPEN && msync(t->header, t->bytes, MS_SYNC) == 0)
            set_state(t, t->full ? TABLE_FULL : TABLE_WHOLE);
        table_drop(t, false);
    }
    pthread_mutex_destroy(&s->lock);
    free(s->dir);
    free(s);
}

/* ---- asking and adding ---- */

uint64_t seen_fingerprint(const struct seen *s, struct str message_key)
{
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)message_key.ptr, message_key.len, s->key);
    return hash;
}

static uint64_t slot_of(uint64_t fingerprint, int64_t unit)
{
    return fingerprint >> REST_SHIFT << UNIT_BITS | (uint64_t)unit;
}

static unsigned high_of(const struct bucket *b, unsigned i)
{
    return b->high[i / 2] >> (i % 2 * 4) & 15;
}

static size_t find_in(const struct table *t, uint64_t fingerprint, int64_t *units, size_t found)
{
    uint64_t at = fingerprint & t->mask, slot = slot_of(fingerprint, 0);
    for (;; at = (at + 1) & t->mask) {
        const struct bucket *b = &t->buckets[at];
        for (unsigned i = 0; i < b->count; i++) {
            uint32_t unit = b->low[i] ^ (uint32_t)slot;
            if (unit < UNIT_SPAN && high_of(b, i) == slot >> 32 && found < SEEN_UNITS_MAX)
                units[found++] = t->header->first_unit + unit;
        }
        if (!b->overflow)
            return found;
    }
}

void seen_expect(const struct seen *s, uint64_t fingerprint)
{
    for (size_t i = 0; i < s->table_count; i++)
        __builtin_prefetch(&s->tables[i].buckets[fingerprint & s->tables[i].mask]);
}

size_t seen_maybe(const struct seen *s, uint64_t fingerprint, int64_t ret_units[static SEEN_UNITS_MAX])
{
    size_t found = 0;
    seen_expect(s, fingerprint); /* all under way before the first is waited for */
    for (size_t i = s->table_count; i-- > 0;)
        found = find_in(&s->tables[i], fingerprint, ret_units, found);
    return found;
}

void seen_add(struct seen *s, uint64_t fingerprint, int64_t unit, int64_t received_us)
{
    struct table *t = newest(s);
    if (is_full(t) || unit - t->header->first_unit >= UNIT_SPAN) {
        t->full = true;
        add_table(s, unit);
        t = newest(s);
    }
    uint64_t at = fingerprint & t->mask;
    for (; t->buckets[at].count == SLOTS; at = (at + 1) & t->mask)
        t->buckets[at].overflow = 1;
    struct bucket *b = &t->buckets[at];
    uint64_t slot = slot_of(fingerprint, unit - t->header->first_unit);
    b->low[b->count] = (uint32_t)slot;
    b->high[b->count / 2] |= (uint8_t)(slot >> 32 << (b->count % 2 * 4));
    b->count++;
    t->header->count++;
    t->header->last_unit = unit;
    if (received_us > t->header->last_us)
        t->header->last_us = received_us;
}

void seen_expire(struct seen *s, int64_t window_start_us)
{
    size_t gone = 0;
    pthread_mutex_lock(&s->lock);
    while (gone + 1 < s->table_count && s->tables[gone].header->last_us < window_start_us)
        table_drop(&s->tables[gone++], true);
    memmove(&s->tables[0], &s->tables[gone], (s->table_count - gone) * sizeof(s->tables[0]));
    s->table_count -= gone;
    pthread_mutex_unlock(&s->lock);
}

int64_t seen_count(const struct seen *s)
{
    uint64_t count = 0;
    for (size_t i = 0; i < s->table_count; i++)
        count += s->tables[i].header->count;
    return (int64_t)count;
}

/* ---- from the keeper's thread ---- */

void seen_sync(struct seen *s)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i + 1 < s->table_count; i++) {
        struct table *t = &s->tables[i];
        if (t->full && t->path && t->header->state == TABLE_OPEN && msync(t->header, t->bytes, MS_SYNC) == 0)
            set_state(t, TABLE_FULL);
    }
    pthread_mutex_unlock(&s->lock);
}

void seen_rest(struct seen *s)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->table_count; i++)
        if (s->tables[i].path)
            madvise(s->tables[i].header, s->tables[i].bytes, MADV_DONTNEED); /* a shared mapping: the page cache keeps them */
    pthread_mutex_unlock(&s->lock);
}

/* ---- exact sets ---- */

enum { RECORD_HEAD = sizeof(uint64_t) + 1, KEY_SLOTS_MIN = 256 };

static struct str record_key(const struct key_set *set, uint32_t slot, uint64_t *ret_hash)
{
    const char *at = set->bytes + slot - 1;
    memcpy(ret_hash, at, sizeof(*ret_hash));
    return str_n(at + RECORD_HEAD, (uint8_t)at[sizeof(*ret_hash)]);
}

static uint32_t *find_slot(const struct key_set *set, uint64_t hash, struct str key)
{
    size_t at = hash & (set->slot_count - 1);
    for (; set->slots[at]; at = (at + 1) & (set->slot_count - 1)) {
        uint64_t other;
        struct str held = record_key(set, set->slots[at], &other);
        if (other == hash && str_eq(held, key))
            break;
    }
    return &set->slots[at];
}

static void grow_slots(struct key_set *set)
{
    struct key_set old = *set;
    set->slot_count = old.slot_count ? old.slot_count * 2 : KEY_SLOTS_MIN;
    set->slots = mem_zalloc(set->slot_count, sizeof(*set->slots));
    for (size_t i = 0; i < old.slot_count; i++) {
        uint64_t hash;
        if (old.slots[i]) {
            struct str key = record_key(set, old.slots[i], &hash);
            *find_slot(set, hash, key) = old.slots[i];
        }
    }
    free(old.slots);
}

static uint32_t add_record(struct key_set *set, uint64_t hash, struct str key)
{
    size_t need = RECORD_HEAD + key.len, at = set->len;
    if (set->cap - set->len < need) {
        set->cap = (set->cap ? set->cap * 2 : 4096) + need;
        set->bytes = mem_realloc(set->bytes, set->cap);
    }
    memcpy(set->bytes + at, &hash, sizeof(hash));
    set->bytes[at + sizeof(hash)] = (char)key.len;
    memcpy(set->bytes + at + RECORD_HEAD, key.ptr, key.len);
    set->len += need;
    return (uint32_t)at + 1;
}

bool key_set_has(const struct key_set *set, uint64_t hash, struct str key)
{
    return set->count > 0 && *find_slot(set, hash, key) != 0;
}

bool key_set_add(struct key_set *set, uint64_t hash, struct str key)
{
    if (set->count >= set->slot_count / 2)
        grow_slots(set);
    uint32_t *slot = find_slot(set, hash, key);
    if (*slot)
        return false;
    *slot = add_record(set, hash, key);
    set->count++;
    return true;
}

bool key_set_next(const struct key_set *set, size_t *at, uint64_t *ret_hash, struct str *ret_key)
{
    if (*at >= set->len)
        return false;
    *ret_key = record_key(set, (uint32_t)*at + 1, ret_hash);
    *at += RECORD_HEAD + ret_key->len;
    return true;
}

void key_set_clear(struct key_set *set)
{
    if (set->count)
        memset(set->slots, 0, set->slot_count * sizeof(*set->slots));
    set->count = set->len = 0;
}

void key_set_free(struct key_set *set)
{
    free(set->slots);
    free(set->bytes);
    *set = (struct key_set){0};
}
