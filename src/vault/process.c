/* The vault process: one thread that answers frames, with everything it needs already open. The client's side is client.c. */
#include "vault/audit.h"
#include "vault/confine.h"
#include "vault/frame.h"
#include "vault/mask.h"
#include "vault/names.h"
#include "vault/normalise.h"
#include "vault/pinyin.h"
#include "vault/seal.h"

#include "base/log.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

enum { REASON_MIN_CHARS = 4, REASON_MAX = 1000, REVEAL_VALUES_MAX = 1000, HITS_MAX = 10000, STORES_ASKED_MAX = 4096, IDLE_MS = 200, MMAP_FROM = 256 << 10, REPLY_KEEP = 1 << 20 };

struct process {
    int fd;
    struct vault_keyring *keys;
    struct vault_audit *audit;
    struct vault_budget budget;
    struct vault_names *names;
    bool index_ready;
    struct buf reply;             /* wiped after every frame */
    struct buf plain;             /* plaintext on its way; wiped after every value */
    struct vault_dek dek;         /* the last one used: values of one customer come together */
    bool dek_known;
    uint8_t dek_wrapped[VAULT_WRAPPED_BYTES];
    const char *cause;            /* detail of a refusal */
};

static enum rc refuse(struct process *p, enum rc rc, const char *cause)
{
    p->cause = cause;
    return rc;
}

/* ---- pieces of frames ---- */

/* A value in its place, as seal, open and remember bring it. */
struct item {
    enum vault_field field;
    struct vault_where at;
    struct str wrapped, value;
};

static bool take_item(struct cursor *c, struct item *ret)
{
    uint8_t field = cursor_u8(c);
    ret->field = (enum vault_field)field;
    ret->at.table = cursor_blob(c);
    ret->at.column = cursor_blob(c);
    ret->at.row_id = (int64_t)cursor_u64(c);
    ret->at.sealed_for = (int64_t)cursor_u64(c);
    ret->wrapped = cursor_blob(c);
    ret->value = cursor_blob(c);
    return !c->failed && field >= 1 && field < VAULT_FIELD_COUNT;
}

static const struct vault_dek *dek_for(struct process *p, int64_t customer_id, struct str wrapped)
{
    bool same = p->dek.customer_id == customer_id && str_eq(wrapped, str_n(p->dek_wrapped, sizeof(p->dek_wrapped)));
    if (p->dek_known && same)
        return &p->dek;
    p->dek_known = vault_dek_unwrap(p->keys, customer_id, wrapped, &p->dek);
    if (!p->dek_known)
        return NULL;
    memcpy(p->dek_wrapped, wrapped.ptr, sizeof(p->dek_wrapped));
    return &p->dek;
}

static void wipe_plain(struct process *p)
{
    if (p->plain.ptr)
        explicit_bzero(p->plain.ptr, p->plain.cap);
    buf_reset(&p->plain);
}

/* Leaves the plaintext in p->plain. */
static enum vault_open_state open_item(struct process *p, const struct item *item)
{
    wipe_plain(p);
    if (item->value.len == 0)
        return VAULT_OPENED;
    if (item->wrapped.len == 0)
        return VAULT_ERASED;
    const struct vault_dek *dek = dek_for(p, item->at.sealed_for, item->wrapped);
    return dek && vault_value_open(dek, item->field, &item->at, item->value, &p->plain) ? VAULT_OPENED : VAULT_FORGED;
}

/* ---- index ---- */

static enum rc do_index(struct process *p, struct cursor *c)
{
    struct vault_normal normal;
    for (uint32_t left = cursor_u32(c); left; left--) {
        uint8_t field = cursor_u8(c);
        struct str value = cursor_blob(c);
        if (c->failed || field < 1 || field >= VAULT_FIELD_COUNT)
            return RC_BAD_REQUEST;
        vault_normalise((enum vault_field)field, value, &normal);
        buf_add_u8(&p->reply, (uint8_t)normal.verdict);
        if (normal.verdict == VAULT_OK) {
            uint8_t hash[16];
            vault_index_hash(p->keys, (enum vault_field)field, vault_text_str(&normal.text), hash);
            buf_add_bytes(&p->reply, hash, sizeof(hash));
        }
        explicit_bzero(normal.text.bytes, normal.text.len);
    }
    return RC_OK;
}

/* ---- seal ---- */

struct new_keys {
    struct vault_dek *list;
    size_t count, at; /* items come in the order of their keys, mostly */
};

static void new_keys_end(struct new_keys *k)
{
    if (k->list)
        explicit_bzero(k->list, k->count * sizeof(*k->list));
    free(k->list);
}

static const struct vault_dek *new_key_of(struct new_keys *k, int64_t customer_id)
{
    for (size_t tried = 0; tried < k->count; tried++) {
        if (k->list[k->at].customer_id == customer_id)
            return &k->list[k->at];
        k->at = (k->at + 1) % k->count;
    }
    return NULL;
}

static enum rc make_keys(struct process *p, struct cursor *c, struct new_keys *k)
{
    uint8_t wrapped[VAULT_WRAPPED_BYTES];
    k->count = cursor_u32(c);
    if (k->count > c->left / 8) {
        k->count = 0;
        return RC_BAD_REQUEST;
    }
    k->list = mem_zalloc(k->count, sizeof(*k->list));
    for (size_t i = 0; i < k->count; i++) {
        vault_dek_make(p->keys, (int64_t)cursor_u64(c), &k->list[i], wrapped);
        buf_add_bytes(&p->reply, wrapped, sizeof(wrapped));
    }
    return RC_OK;
}

/* Under the class of readings the reading of a name is sealed. */
static struct str text_to_seal(const struct item *item, struct vault_text *reading)
{
    struct vault_text form;
    if (item->field != VAULT_PINYIN)
        return item->value;
    reading->len = 0;
    if (vault_name_search_form(item->value, &form))
        vault_pinyin_of(vault_text_str(&form), reading);
    return vault_text_str(reading);
}

static enum rc seal_item(struct process *p, const struct item *item, struct new_keys *k)
{
    struct vault_text reading;
    if (item->value.len == 0) {
        buf_add_blob(&p->reply, STR_NULL);
        return RC_OK;
    }
    const struct vault_dek *dek = item->wrapped.len ? dek_for(p, item->at.sealed_for, item->wrapped) : new_key_of(k, item->at.sealed_for);
    if (!dek)
        return refuse(p, RC_INVALID, "no_data_key");
    size_t mark = p->reply.len;
    buf_add_u32(&p->reply, 0);
    if (!vault_value_seal(dek, item->field, &item->at, text_to_seal(item, &reading), &p->reply))
        return refuse(p, RC_TOO_LARGE, "value_too_long");
    uint32_t len = (uint32_t)(p->reply.len - mark - 4);
    for (size_t i = 0; i < 4; i++)
        p->reply.ptr[mark + i] = (char)(len >> (8 * i));
    return RC_OK;
}

static enum rc do_seal(struct process *p, struct cursor *c)
{
    _cleanup_(new_keys_end) struct new_keys k = {0};
    struct item item;
    enum rc rc = make_keys(p, c, &k);
    for (uint32_t left = rc ? 0 : cursor_u32(c); left && !rc; left--)
        rc = take_item(c, &item) ? seal_item(p, &item, &k) : RC_BAD_REQUEST;
    return rc;
}

/* ---- open: mask and reveal ---- */

static enum rc do_mask(struct process *p, struct cursor *c)
{
    struct item item;
    size_t forged = 0;
    for (uint32_t left = cursor_u32(c); left; left--) {
        if (!take_item(c, &item))
            return RC_BAD_REQUEST;
        enum vault_open_state state = open_item(p, &item);
        struct buf masked = BUF_INIT(VAULT_VALUE_MAX + 1024);
        if (state == VAULT_OPENED)
            vault_mask_value(item.field, buf_str(&p->plain), &masked);
        else if (state == VAULT_FORGED)
            buf_addz(&masked, "***"), forged++;
        buf_add_u8(&p->reply, (uint8_t)state);
        buf_add_blob(&p->reply, buf_str(&masked));
        buf_free(&masked);
    }
    if (forged)
        log_error("vault.forged", LOG_I("values", forged));
    return RC_OK;
}

static bool take_why(struct cursor *c, struct vault_reveal *why)
{
    why->staff_id = (int64_t)cursor_u64(c);
    why->customer_id = (int64_t)cursor_u64(c);
    why->role = cursor_blob(c);
    why->purpose = cursor_blob(c);
    why->reason = cursor_blob(c);
    return !c->failed;
}

/* Rights, reason, budget. The machine's own openings need a reason too, but have no budget. */
static enum rc check_why(struct process *p, enum vault_open_mode mode, const struct vault_reveal *why)
{
    bool texts = str_is_text(why->role) && str_is_text(why->purpose) && str_is_text(why->reason);
    if (!texts || why->role.len > 64 || why->purpose.len > 64 || why->reason.len > REASON_MAX)
        return refuse(p, RC_DENIED, "reason_malformed");
    if (why->purpose.len == 0 || str_chars(str_trim(why->reason)) < REASON_MIN_CHARS)
        return refuse(p, RC_DENIED, "reason_too_short");
    if (mode == VAULT_OPEN_MACHINE)
        return RC_OK;
    enum rc rc = vault_budget_check(&p->budget, why->role, why->staff_id, clock_now_us());
    return rc ? refuse(p, rc, rc == RC_LIMIT ? "reveal_budget" : "role") : RC_OK;
}

static void add_value_name(struct buf *b, const struct item *item, bool first)
{
    buf_addz(b, first ? "{\"table\":" : ",{\"table\":");
    buf_add_json(b, item->at.table);
    buf_addz(b, ",\"column\":");
    buf_add_json(b, item->at.column);
    buf_addf(b, ",\"row\":%lld,\"for\":%lld}", (long long)item->at.row_id, (long long)item->at.sealed_for);
}

/* The record is on disk when this returns RC_OK; without it no plaintext may leave. After a failed fsync the next start looks at
 * what the file holds. */
static enum rc record(struct process *p, enum vault_open_mode mode, const struct vault_reveal *why, struct str values)
{
    struct vault_audit_entry entry = {mode == VAULT_OPEN_REVEAL ? "reveal" : "machine", why, values};
    enum rc rc = vault_audit_add(p->audit, &entry);
    if (rc == RC_OK)
        return RC_OK;
    log_error("vault.audit.failed", LOG_Z("rc", rc_name(rc)), LOG_I("errno", errno));
    if (rc == RC_STORE)
        _exit(1);
    return refuse(p, rc, "audit_not_written");
}

static enum rc do_reveal(struct process *p, struct cursor *c, enum vault_open_mode mode)
{
    struct vault_reveal why;
    struct item item;
    _cleanup_buf_ struct buf values = BUF_INIT(1 << 20);
    if (!take_why(c, &why))
        return RC_BAD_REQUEST;
    enum rc rc = check_why(p, mode, &why);
    uint32_t count = cursor_u32(c);
    if (rc == RC_OK && count > REVEAL_VALUES_MAX)
        rc = refuse(p, RC_TOO_LARGE, "too_many_values");
    if (rc)
        return rc;
    buf_addz(&values, "[");
    for (uint32_t i = 0; i < count; i++) {
        if (!take_item(c, &item) || !str_is_text(item.at.table) || !str_is_text(item.at.column))
            return RC_BAD_REQUEST;
        enum vault_open_state state = open_item(p, &item);
        if (state == VAULT_FORGED)
            return refuse(p, RC_STORE, "sealed_value_damaged");
        buf_add_u8(&p->reply, (uint8_t)state);
        buf_add_blob(&p->reply, buf_str(&p->plain));
        add_value_name(&values, &item, i == 0);
    }
    buf_addz(&values, "]");
    rc = record(p, mode, &why, buf_str(&values));
    if (rc)
        return rc;
    if (mode == VAULT_OPEN_REVEAL)
        vault_budget_spend(&p->budget, why.staff_id, clock_now_us());
    return RC_OK;
}

static enum rc do_open(struct process *p, struct cursor *c)
{
    switch (cursor_u8(c)) {
    case VAULT_OPEN_MASK: return do_mask(p, c);
    case VAULT_OPEN_REVEAL: return do_reveal(p, c, VAULT_OPEN_REVEAL);
    case VAULT_OPEN_MACHINE: return do_reveal(p, c, VAULT_OPEN_MACHINE);
    default: return RC_BAD_REQUEST;
    }
}

/* ---- the index in memory ---- */

static enum rc remember_one(struct process *p, struct cursor *c, int64_t customer_id)
{
    struct vault_names_entry entry = {.customer_id = customer_id, .store_id = (int64_t)cursor_u64(c)};
    struct item name, phone;
    struct vault_text text;
    if (!take_item(c, &name) || !take_item(c, &phone))
        return RC_BAD_REQUEST;
    text.len = 0;
    if (open_item(p, &name) == VAULT_OPENED && p->plain.len <= sizeof(text.bytes))
        vault_text_add(&text, buf_str(&p->plain));
    entry.name = vault_text_str(&text);
    if (open_item(p, &phone) == VAULT_OPENED)
        entry.phone = buf_str(&p->plain);
    bool done = vault_names_put(p->names, &entry);
    explicit_bzero(text.bytes, text.len);
    return done ? RC_OK : refuse(p, RC_LIMIT, "name_index_full");
}

static enum rc do_remember(struct process *p, struct cursor *c)
{
    enum rc rc = RC_OK;
    for (uint32_t left = cursor_u32(c); left && !rc; left--) {
        int64_t customer_id = (int64_t)cursor_u64(c);
        bool forget = cursor_u8(c);
        if (c->failed || customer_id <= 0)
            return RC_BAD_REQUEST;
        if (forget)
            vault_names_forget(p->names, customer_id);
        else
            rc = remember_one(p, c, customer_id);
    }
    wipe_plain(p);
    return rc;
}

static enum rc do_search(struct process *p, struct cursor *c)
{
    bool by_name = cursor_u8(c), has_stores;
    struct vault_search s = {.query = cursor_blob(c)};
    size_t total = 0, count, offset;
    has_stores = cursor_u8(c);
    s.store_count = cursor_u32(c);
    if (c->failed || s.store_count > STORES_ASKED_MAX)
        return RC_BAD_REQUEST;
    _cleanup_free_ int64_t *stores = mem_zalloc(s.store_count + 1, sizeof(*stores));
    for (size_t i = 0; i < s.store_count; i++)
        stores[i] = (int64_t)cursor_u64(c);
    s.stores = has_stores ? stores : NULL;
    offset = (size_t)cursor_u64(c);
    s.limit = cursor_u32(c);
    if (c->failed || s.limit > HITS_MAX)
        return RC_BAD_REQUEST;
    _cleanup_free_ struct vault_hit *hits = mem_zalloc(s.limit, sizeof(*hits));
    count = by_name ? vault_names_page(p->names, &s, offset, hits, &total) : vault_names_search(p->names, &s, hits);
    buf_add_u64(&p->reply, total);
    buf_add_u32(&p->reply, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        buf_add_u64(&p->reply, (uint64_t)hits[i].customer_id);
        buf_add_u32(&p->reply, (uint32_t)hits[i].score);
    }
    return RC_OK;
}

static enum rc do_status(struct process *p)
{
    struct mallinfo2 heap = mallinfo2();
    buf_add_u64(&p->reply, (uint64_t)getpid());
    buf_add_u64(&p->reply, vault_names_count(p->names));
    buf_add_u64(&p->reply, (heap.uordblks + heap.hblkhd + vault_names_bytes(p->names)) >> 10);
    buf_add_u64(&p->reply, (uint64_t)vault_audit_count(p->audit));
    buf_add_u8(&p->reply, p->index_ready);
    buf_add_u8(&p->reply, !vault_names_tick(p->names, true));
    return RC_OK;
}

static enum rc do_ready(struct process *p)
{
    p->index_ready = true;
    vault_names_loaded(p->names);
    return RC_OK;
}

/* Keys of the server's own: wrapped for keys.db, unwrapped at its start. */
static enum rc do_secret(struct process *p, struct cursor *c)
{
    bool wrap = cursor_u8(c);
    struct str name = cursor_blob(c), value = cursor_blob(c);
    if (c->failed || name.len == 0 || name.len > VAULT_PLACE_NAME_MAX || (wrap && value.len != VAULT_KEY_BYTES))
        return RC_BAD_REQUEST;
    if (wrap) {
        uint8_t wrapped[VAULT_WRAPPED_BYTES];
        vault_secret_wrap(p->keys, name, (const uint8_t *)value.ptr, wrapped);
        buf_add_bytes(&p->reply, wrapped, sizeof(wrapped));
        return RC_OK;
    }
    uint8_t secret[VAULT_KEY_BYTES];
    bool opened = vault_secret_unwrap(p->keys, name, value, secret);
    if (opened)
        buf_add_bytes(&p->reply, secret, sizeof(secret));
    explicit_bzero(secret, sizeof(secret));
    return opened ? RC_OK : refuse(p, RC_STORE, "not_our_secret");
}

/* ---- serving ---- */

static enum rc run(struct process *p, const struct vault_frame *f)
{
    struct cursor c = cursor_of(f->payload);
    enum rc rc;
    switch (f->code) {
    case VAULT_OP_INDEX: rc = do_index(p, &c); break;
    case VAULT_OP_SEAL: rc = do_seal(p, &c); break;
    case VAULT_OP_OPEN: rc = do_open(p, &c); break;
    case VAULT_OP_REMEMBER: rc = do_remember(p, &c); break;
    case VAULT_OP_SEARCH: rc = do_search(p, &c); break;
    case VAULT_OP_STATUS: rc = do_status(p); break;
    case VAULT_OP_READY: rc = do_ready(p); break;
    case VAULT_OP_SECRET: rc = do_secret(p, &c); break;
    default: rc = RC_BAD_REQUEST; break;
    }
    return rc == RC_OK && (c.failed || c.left) ? RC_BAD_REQUEST : rc;
}

static bool answer(struct process *p, const struct vault_frame *f)
{
    p->cause = "";
    vault_frame_begin(&p->reply, f->id, RC_OK);
    enum rc rc = run(p, f);
    if (rc == RC_OK && p->reply.failed)
        rc = refuse(p, RC_TOO_LARGE, "reply_too_long");
    if (rc) {
        vault_buf_wipe(&p->reply);
        vault_frame_begin(&p->reply, f->id, (uint8_t)rc);
        buf_add_blob(&p->reply, str_z(p->cause));
    }
    bool sent = vault_frame_send(p->fd, &p->reply);
    explicit_bzero(p->reply.ptr, p->reply.len);
    wipe_plain(p);
    explicit_bzero(&p->dek, sizeof(p->dek));
    p->dek_known = false;
    if (p->reply.cap > REPLY_KEEP)
        buf_free(&p->reply);
    buf_reset(&p->reply);
    return sent;
}

/* Sleeps until a frame comes; meanwhile, now and then, puts the names in order. */
static void wait_for_frame(struct process *p, const struct vault_frame_reader *r)
{
    bool work = vault_names_tick(p->names, false);
    struct pollfd waiting = {.fd = p->fd, .events = POLLIN};
    while (work && r->in.len == r->used && poll(&waiting, 1, IDLE_MS) == 0)
        work = vault_names_tick(p->names, true);
}

static void serve(struct process *p)
{
    struct vault_frame_reader reader;
    struct vault_frame frame;
    vault_frame_reader_init(&reader, p->fd);
    do
        wait_for_frame(p, &reader);
    while (vault_frame_read(&reader, &frame) && answer(p, &frame));
    vault_frame_reader_end(&reader);
}

/* Touches what would open files later, when none can be opened any more. */
static void warm_up(void)
{
    struct vault_normal normal;
    vault_normalise(VAULT_EMAIL, STR("ｗ@例子.公司"), &normal);
    vault_normalise(VAULT_NAME, STR("Ｊosé"), &normal);
}

static enum rc process_start(struct process *p, const char *data_dir, const char *unseal_file)
{
    if (sodium_init() < 0 || !vault_confine_memory())
        return RC_INTERNAL;
    mallopt(M_MMAP_THRESHOLD, MMAP_FROM); /* what sorting took goes back to the system at once */
    enum rc rc = vault_keyring_load(data_dir, unseal_file, &p->keys);
    if (rc)
        return rc;
    rc = vault_audit_open(data_dir, p->keys, &p->budget, &p->audit);
    if (rc)
        return rc;
    vault_keyring_wipe(p->keys, VAULT_KEY_AUDIT);
    p->names = vault_names_new();
    warm_up();
    const int keep[] = {p->fd, vault_audit_fd(p->audit)};
    return vault_confine_files(keep, 2) && vault_confine_calls() ? RC_OK : RC_INTERNAL;
}

static void process_end(struct process *p)
{
    vault_buf_wipe(&p->reply);
    vault_buf_wipe(&p->plain);
    vault_names_free(p->names);
    vault_audit_close(p->audit);
    vault_budget_free(&p->budget);
    vault_keyring_free(p->keys);
    explicit_bzero(p, sizeof(*p));
}

int vault_main(int fd, const char *data_dir, const char *unseal_file)
{
    struct process p = {.fd = fd, .reply = BUF_INIT(LIMIT_VAULT_FRAME_BYTES), .plain = BUF_INIT(VAULT_VALUE_MAX + 256)};
    log_set_process("vault");
    signal(SIGINT, SIG_IGN); /* Ctrl-C goes to the whole group; the vault ends when the server has hung up */
    signal(SIGPIPE, SIG_IGN);
    enum rc rc = process_start(&p, data_dir, unseal_file);
    if (rc == RC_OK) {
        log_info("vault.ready", LOG_I("audit_records", vault_audit_count(p.audit)));
        serve(&p);
    } else {
        log_error("vault.start", LOG_Z("error", rc_name(rc)));
    }
    process_end(&p);
    return rc == RC_OK ? 0 : 1;
}

enum rc vault_init(struct ctx *c, const char *data_dir, const char *unseal_file)
{
    enum rc rc = vault_keyring_create(data_dir, unseal_file);
    return rc ? ctx_fail(c, rc, "keyring", rc == RC_CONFLICT ? "exists" : "not_written") : RC_OK;
}

enum rc vault_check_audit(struct ctx *c, const char *data_dir, const char *unseal_file, const struct vault_audit_anchor *anchor, struct vault_audit_report *ret)
{
    _cleanup_(vault_keyring_freep) struct vault_keyring *keys = NULL;
    const char *path = arena_printf(c->arena, "%s/audit.log", data_dir).ptr;
    if (sodium_init() < 0 || !vault_confine_memory())
        return ctx_fail(c, RC_INTERNAL, NULL, "confinement");
    enum rc rc = vault_keyring_load(data_dir, unseal_file, &keys);
    if (rc)
        return ctx_fail(c, rc, "unseal_file", rc == RC_NOT_FOUND ? "no_installation_here" : "does_not_open_the_keyring");
    rc = vault_audit_verify(path, keys, anchor, ret);
    return rc ? ctx_fail(c, rc, "audit.log", rc == RC_NOT_FOUND ? "missing" : "can_not_be_read") : RC_OK;
}
