/* The audit file: append, chain, sign, verify. */
#include "vault/audit.h"

#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HASH = 32,
    TRAILER = 1 + 2 * HASH + 1 + 2 * HASH + 1, /* tab, hash, tab, MAC, line feed */
    RECORD_MAX = 1 << 20,
    TAIL_MAX = 16 << 20,  /* looked through at start for the reveals of the last day */
};

struct vault_audit {
    int fd;
    int64_t count;
    uint8_t last[HASH];       /* of the last record */
    uint8_t key[HASH];        /* of the next MAC; evolves */
    struct buf owed;          /* the end of a line that the disk had no room for; it comes before all others */
    bool lost;                /* an fsync failed */
};

/* ---- hashes ---- */

static void chain(const uint8_t last[static HASH], struct str json, uint8_t ret[static HASH])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, HASH);
    crypto_generichash_update(&state, last, HASH);
    crypto_generichash_update(&state, (const uint8_t *)json.ptr, json.len);
    crypto_generichash_final(&state, ret, HASH);
}

static void sign(const uint8_t key[static HASH], const uint8_t hash[static HASH], uint8_t ret[static HASH])
{
    crypto_generichash(ret, HASH, hash, HASH, key, HASH);
}

/* The key of an epoch follows from the keyring and the number of its first record; each record replaces it by its own hash, so that
 * whoever takes the running process over cannot make older records. */
static void epoch_key(const struct vault_keyring *k, int64_t first, uint8_t ret[static HASH])
{
    uint16_t version;
    const uint8_t *root = vault_keyring_newest(k, VAULT_KEY_AUDIT, &version);
    crypto_generichash(ret, HASH, (const uint8_t *)&first, sizeof(first), root, VAULT_KEY_BYTES);
}

static void evolve(uint8_t key[static HASH])
{
    static const uint8_t next[] = "next";
    uint8_t made[HASH];
    crypto_generichash(made, HASH, next, sizeof(next), key, HASH);
    memcpy(key, made, HASH);
    explicit_bzero(made, sizeof(made));
}

/* ---- lines ---- */

/* The text of member `name` in a record of ours: flat, values in quotes, free text last and escaped. */
static struct str member(struct str json, const char *name)
{
    char mark[32];
    snprintf(mark, sizeof(mark), "\"%s\":\"", name);
    ptrdiff_t at = str_find_str(json, str_z(mark));
    if (at < 0)
        return STR_NULL;
    struct str rest = str_sub(json, (size_t)at + strlen(mark), json.len);
    ptrdiff_t end = str_find(rest, '"');
    return str_sub(rest, 0, end < 0 ? 0 : (size_t)end);
}

static int64_t member_i64(struct str json, const char *name)
{
    int64_t value = 0;
    return str_i64(member(json, name), &value) ? value : 0;
}

struct line {
    struct str json;
    uint8_t hash[HASH], mac[HASH];
};

static bool line_parse(struct str text, struct line *ret)
{
    size_t json_len = text.len + 1 > TRAILER ? text.len + 1 - TRAILER : 0; /* without its line feed */
    if (json_len == 0 || text.ptr[json_len] != '\t' || text.ptr[json_len + 1 + 2 * HASH] != '\t')
        return false;
    ret->json = str_sub(text, 0, json_len);
    return str_unhex(str_sub(text, json_len + 1, json_len + 1 + 2 * HASH), ret->hash, HASH) &&
           str_unhex(str_sub(text, json_len + 2 + 2 * HASH, text.len), ret->mac, HASH);
}

static void add_json_member(struct buf *b, const char *name, struct str value)
{
    buf_addf(b, ",\"%s\":", name);
    buf_add_json(b, value);
}

static void add_record(struct buf *b, int64_t number, const struct vault_audit_entry *e)
{
    int64_t now = clock_now_us();
    buf_addf(b, "{\"n\":\"%lld\",\"us\":\"%lld\",\"at\":\"", (long long)number, (long long)now);
    clock_add_iso(b, now);
    buf_addf(b, "\",\"kind\":\"%s\"", e->kind);
    if (e->why) {
        buf_addf(b, ",\"staff\":\"%lld\",\"customer\":\"%lld\"", (long long)e->why->staff_id, (long long)e->why->customer_id);
        add_json_member(b, "role", e->why->role);
        buf_addz(b, ",\"values\":");
        buf_add(b, e->values);
        _cleanup_(arena_freep) struct arena *arena = arena_new();
        add_json_member(b, "purpose", vault_redact(arena, e->why->purpose));
        add_json_member(b, "reason", vault_redact(arena, e->why->reason));
    }
    buf_addz(b, "}");
}

/* Writes as much as there is room for. */
static enum rc append(int fd, struct str line, size_t *ret_written)
{
    *ret_written = 0;
    while (*ret_written < line.len) {
        ssize_t n = write(fd, line.ptr + *ret_written, line.len - *ret_written);
        if (n < 0 && errno != EINTR)
            return errno == ENOSPC || errno == EDQUOT ? RC_DISK_FULL : RC_DISK_FAILING;
        if (n > 0)
            *ret_written += (size_t)n;
    }
    return RC_OK;
}

/* A failed fsync is not tried again: it would say yes without a reason. */
static enum rc sync_file(struct vault_audit *a)
{
    a->lost = a->lost || fsync(a->fd) != 0;
    return a->lost ? RC_STORE : RC_OK;
}

/* Nothing may stand behind half a line, so its other half goes first. */
static enum rc settle(struct vault_audit *a)
{
    size_t written;
    if (a->owed.len == 0)
        return a->lost ? RC_STORE : RC_OK;
    enum rc rc = append(a->fd, buf_str(&a->owed), &written);
    struct str rest = str_sub(buf_str(&a->owed), written, a->owed.len);
    memmove(a->owed.ptr, rest.ptr, rest.len);
    a->owed.len = rest.len;
    return rc;
}

static void make_line(struct vault_audit *a, const struct vault_audit_entry *e, uint8_t hash[static HASH], struct buf *line)
{
    uint8_t mac[HASH];
    char hex[2 * HASH];
    add_record(line, a->count + 1, e);
    chain(a->last, buf_str(line), hash);
    sign(a->key, hash, mac);
    buf_addz(line, "\t");
    str_hex(hash, HASH, hex);
    buf_add_bytes(line, hex, sizeof(hex));
    buf_addz(line, "\t");
    str_hex(mac, HASH, hex);
    buf_add_bytes(line, hex, sizeof(hex));
    buf_addz(line, "\n");
}

/* Of a line that was begun the rest is owed; `owe` makes it so for one that was not, too. The chain goes on behind it. */
static enum rc add_line(struct vault_audit *a, const struct vault_audit_entry *e, bool owe)
{
    uint8_t hash[HASH];
    size_t written = 0;
    _cleanup_buf_ struct buf line = BUF_INIT(RECORD_MAX);
    make_line(a, e, hash, &line);
    if (line.failed)
        return RC_TOO_LARGE;
    enum rc rc = append(a->fd, buf_str(&line), &written);
    if (rc && written == 0 && !owe)
        return rc;
    buf_add(&a->owed, str_sub(buf_str(&line), written, line.len));
    memcpy(a->last, hash, HASH);
    evolve(a->key);
    a->count++;
    return rc ? rc : sync_file(a);
}

enum rc vault_audit_add(struct vault_audit *a, const struct vault_audit_entry *e)
{
    enum rc rc = settle(a);
    return rc ? rc : add_line(a, e, false);
}

/* ---- opening ---- */

static bool read_tail(int fd, int64_t size, struct buf *out)
{
    int64_t from = size > TAIL_MAX ? size - TAIL_MAX : 0;
    size_t want = (size_t)(size - from);
    char *at = buf_reserve(out, want);
    while (out->len < want) {
        ssize_t n = pread(fd, at + out->len, want - out->len, from + (int64_t)out->len);
        if (n <= 0)
            return false;
        out->len += (size_t)n;
    }
    return true;
}

/* A power cut can leave a line half written: its plaintext never left, so the piece goes. */
static bool cut_torn_line(struct vault_audit *a, int64_t size, struct buf *tail)
{
    size_t torn = 0;
    while (torn < tail->len && tail->ptr[tail->len - 1 - torn] != '\n')
        torn++;
    if (torn == 0)
        return true;
    log_warn("vault.audit.torn", LOG_I("bytes", torn));
    tail->len -= torn;
    return ftruncate(a->fd, size - (int64_t)torn) == 0 && fsync(a->fd) == 0;
}

static bool take_tail(struct vault_audit *a, struct str tail, bool whole, struct vault_budget *budget)
{
    struct str text;
    struct line line;
    int64_t since = clock_now_us() - US_PER_DAY;
    bool good = true;
    if (!whole) /* the first line may be cut */
        str_split(&tail, '\n', &text);
    while (str_split(&tail, '\n', &text) && text.len) {
        good = line_parse(text, &line);
        if (!good)
            continue;
        a->count = member_i64(line.json, "n");
        memcpy(a->last, line.hash, HASH);
        if (str_eqz(member(line.json, "kind"), "reveal") && member_i64(line.json, "us") > since)
            vault_budget_spend(budget, member_i64(line.json, "staff"), member_i64(line.json, "us"));
    }
    return good; /* a damaged last line breaks the chain; it stays for verify to find */
}

enum rc vault_audit_open(const char *data_dir, const struct vault_keyring *k, struct vault_budget *budget, struct vault_audit **ret)
{
    struct stat st;
    _cleanup_buf_ struct buf path = BUF_INIT(4096), tail = BUF_INIT(TAIL_MAX + 1);
    _cleanup_(vault_audit_closep) struct vault_audit *a = mem_zalloc(1, sizeof(*a));
    a->owed = BUF_INIT(RECORD_MAX);
    buf_addf(&path, "%s/audit.log", data_dir);
    a->fd = open(path.ptr, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (a->fd < 0 || fstat(a->fd, &st) != 0 || !read_tail(a->fd, st.st_size, &tail) || !cut_torn_line(a, st.st_size, &tail))
        return RC_STORE;
    if (!take_tail(a, buf_str(&tail), st.st_size <= TAIL_MAX, budget))
        log_error("vault.audit.damaged", LOG_I("records", a->count));
    epoch_key(k, a->count + 1, a->key);
    enum rc rc = add_line(a, &(struct vault_audit_entry){.kind = "start"}, true);
    if (rc)
        log_error("vault.audit.owed", LOG_Z("rc", rc_name(rc)), LOG_I("errno", errno));
    *ret = a;
    a = NULL;
    return RC_OK;
}

void vault_audit_close(struct vault_audit *a)
{
    if (!a)
        return;
    if (a->fd >= 0)
        close(a->fd);
    buf_free(&a->owed);
    explicit_bzero(a, sizeof(*a));
    free(a);
}

int vault_audit_fd(const struct vault_audit *a)
{
    return a->fd;
}

int64_t vault_audit_count(const struct vault_audit *a)
{
    return a->count;
}

/* ---- verifying ---- */

static bool line_follows(struct vault_audit *a, const struct vault_keyring *k, struct str text)
{
    struct line line;
    uint8_t hash[HASH], mac[HASH];
    if (!line_parse(text, &line) || member_i64(line.json, "n") != a->count + 1)
        return false;
    if (str_eqz(member(line.json, "kind"), "start"))
        epoch_key(k, a->count + 1, a->key);
    chain(a->last, line.json, hash);
    sign(a->key, hash, mac);
    if (memcmp(hash, line.hash, HASH) != 0 || sodium_memcmp(mac, line.mac, HASH) != 0)
        return false;
    memcpy(a->last, hash, HASH);
    evolve(a->key);
    a->count++;
    return true;
}

enum rc vault_audit_verify(const char *path, const struct vault_keyring *k, const struct vault_audit_anchor *anchor, struct vault_audit_report *ret)
{
    struct vault_audit a = {.fd = -1};
    char *text = NULL;
    size_t cap = 0;
    int64_t bad = 0;
    bool anchored = anchor->number == 0;
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? RC_NOT_FOUND : RC_STORE;
    for (ssize_t n; !bad && (n = getline(&text, &cap, f)) > 0;) {
        if (text[n - 1] != '\n' || !line_follows(&a, k, str_n(text, (size_t)n - 1)))
            bad = a.count + 1;
        else if (a.count == anchor->number)
            anchored = memcmp(a.last, anchor->hash, HASH) == 0;
    }
    free(text);
    fclose(f);
    *ret = (struct vault_audit_report){.count = a.count, .bad_line = bad, .anchored = anchored};
    memcpy(ret->head, a.last, HASH);
    return RC_OK;
}
