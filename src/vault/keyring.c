/* Reading and writing the keyring file. Keys live in libsodium's guarded memory. */
#include "vault/keyring.h"
#include "vault/frame.h"

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
    KEYS_MAX = 128,
    FILE_MAX = 64 << 10,
    FORMAT = 1,
    BY_KEY_FILE = 0,
    BY_PASSPHRASE = 1,
    ARGON_OPS = 3,
    ARGON_KIB = 64 << 10,
    PASSPHRASE_MIN = 12,
};
static const struct str magic = STR("ZXKR"), key_file_mark = STR("zhixin-unseal-key-1 ");

struct key {
    uint8_t use;
    uint16_t version;
    uint8_t bytes[VAULT_KEY_BYTES];
};

struct vault_keyring {
    size_t count;
    struct key keys[KEYS_MAX];
};

/* The public front of the file; all of it is associated data of the seal. */
struct front {
    uint8_t kind;
    uint32_t ops, kib;
    uint8_t salt[crypto_pwhash_SALTBYTES], nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
};

/* ---- files ---- */

static bool read_file(const char *path, bool secret, struct buf *out)
{
    struct stat st;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    if (secret && (st.st_mode & 077)) {
        log_error("vault.key_file.open_to_others", LOG_I("mode", st.st_mode & 0777));
        return false;
    }
    for (ssize_t n = 1; n > 0;) {
        char *at = buf_reserve(out, 4096);
        n = at ? read(fd, at, 4096) : -1;
        if (n < 0)
            return false;
        out->len += (size_t)n;
    }
    return true;
}

static bool write_all(int fd, struct str s)
{
    while (s.len) {
        ssize_t n = write(fd, s.ptr, s.len);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            s = str_sub(s, (size_t)n, s.len);
    }
    return true;
}

static bool sync_folder_of(const char *path)
{
    _cleanup_free_ char *folder = mem_dupz(path, strlen(path));
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    _cleanup_close_ int fd = open(slash ? (*folder ? folder : "/") : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

/* Never overwrites. */
static enum rc write_new_file(const char *path, struct str content)
{
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? RC_CONFLICT : RC_STORE;
    if (!write_all(fd, content) || fsync(fd) != 0 || !sync_folder_of(path))
        return errno == ENOSPC ? RC_DISK_FULL : RC_STORE;
    return RC_OK;
}

static char *path_in(const char *data_dir, const char *name)
{
    struct buf b = BUF_INIT(4096);
    buf_addf(&b, "%s/%s", data_dir, name);
    assert(!b.failed);
    return b.ptr;
}

/* ---- the unseal key ---- */

static enum rc key_from_file(struct str text, uint8_t key[static VAULT_KEY_BYTES])
{
    struct str hex = str_trim(str_sub(text, key_file_mark.len, text.len));
    return str_unhex(hex, key, VAULT_KEY_BYTES) ? RC_OK : RC_DENIED;
}

static enum rc key_from_passphrase(struct str text, const struct front *f, uint8_t key[static VAULT_KEY_BYTES])
{
    struct str phrase = str_trim(text);
    if (phrase.len < PASSPHRASE_MIN)
        return RC_DENIED;
    if (crypto_pwhash(key, VAULT_KEY_BYTES, phrase.ptr, phrase.len, f->salt, f->ops, (size_t)f->kib << 10, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return RC_DENIED;
    return RC_OK;
}

static enum rc unseal_key(const char *unseal_file, const struct front *f, uint8_t key[static VAULT_KEY_BYTES])
{
    _cleanup_wipe_ struct buf text = BUF_INIT(FILE_MAX);
    if (!read_file(unseal_file, true, &text))
        return RC_DENIED;
    bool is_key = str_starts(buf_str(&text), key_file_mark);
    if (is_key != (f->kind == BY_KEY_FILE))
        return RC_DENIED;
    return is_key ? key_from_file(buf_str(&text), key) : key_from_passphrase(buf_str(&text), f, key);
}

static enum rc make_key_file(const char *path)
{
    uint8_t key[VAULT_KEY_BYTES];
    char hex[2 * VAULT_KEY_BYTES];
    _cleanup_wipe_ struct buf text = BUF_INIT(256);
    randombytes_buf(key, sizeof(key));
    str_hex(key, sizeof(key), hex);
    buf_add(&text, key_file_mark);
    buf_add_bytes(&text, hex, sizeof(hex));
    buf_addz(&text, "\n");
    explicit_bzero(key, sizeof(key));
    explicit_bzero(hex, sizeof(hex));
    return write_new_file(path, buf_str(&text));
}

/* ---- the file ---- */

static void add_front(struct buf *b, const struct front *f)
{
    buf_add(b, magic);
    buf_add_u8(b, FORMAT);
    buf_add_u8(b, f->kind);
    buf_add_u32(b, f->ops);
    buf_add_u32(b, f->kib);
    buf_add_bytes(b, f->salt, sizeof(f->salt));
    buf_add_bytes(b, f->nonce, sizeof(f->nonce));
}

static bool take_front(struct cursor *c, struct front *f)
{
    bool known = str_eq(cursor_bytes(c, magic.len), magic) && cursor_u8(c) == FORMAT;
    f->kind = cursor_u8(c);
    f->ops = cursor_u32(c);
    f->kib = cursor_u32(c);
    struct str salt = cursor_bytes(c, sizeof(f->salt)), nonce = cursor_bytes(c, sizeof(f->nonce));
    if (!known || c->failed || f->ops > 16 || f->kib > 4 << 20)
        return false;
    memcpy(f->salt, salt.ptr, salt.len);
    memcpy(f->nonce, nonce.ptr, nonce.len);
    return true;
}

static void add_key(struct vault_keyring *k, unsigned use)
{
    struct key *key = &k->keys[k->count++];
    key->use = (uint8_t)use;
    key->version = 1;
    randombytes_buf(key->bytes, sizeof(key->bytes));
}

static struct vault_keyring *keyring_alloc(void)
{
    if (sodium_init() < 0)
        abort();
    struct vault_keyring *k = sodium_malloc(sizeof(*k));
    if (!k)
        abort();
    memset(k, 0, sizeof(*k));
    return k;
}

static struct vault_keyring *keyring_random(void)
{
    struct vault_keyring *k = keyring_alloc();
    add_key(k, VAULT_KEY_KEK);
    add_key(k, VAULT_KEY_AUDIT);
    add_key(k, VAULT_KEY_BACKUP);
    add_key(k, VAULT_KEY_TOKEN);
    for (unsigned field = 1; field < VAULT_FIELD_COUNT; field++)
        add_key(k, VAULT_KEY_INDEX + field);
    return k;
}

static void keyring_pack(const struct vault_keyring *k, struct buf *out)
{
    for (size_t i = 0; i < k->count; i++) {
        buf_add_u8(out, k->keys[i].use);
        buf_add_u32(out, k->keys[i].version);
        buf_add_bytes(out, k->keys[i].bytes, VAULT_KEY_BYTES);
    }
}

static bool keyring_unpack(struct vault_keyring *k, struct str plain)
{
    struct cursor c = cursor_of(plain);
    while (c.left && !c.failed && k->count < KEYS_MAX) {
        struct key *key = &k->keys[k->count++];
        key->use = cursor_u8(&c);
        key->version = (uint16_t)cursor_u32(&c);
        struct str bytes = cursor_bytes(&c, VAULT_KEY_BYTES);
        if (bytes.len)
            memcpy(key->bytes, bytes.ptr, VAULT_KEY_BYTES);
    }
    return !c.failed && c.left == 0 && k->count > 0;
}

static enum rc seal_file(const struct vault_keyring *k, const char *path, struct front *f, const uint8_t key[static VAULT_KEY_BYTES])
{
    unsigned long long len = 0;
    _cleanup_buf_ struct buf file = BUF_INIT(FILE_MAX);
    _cleanup_wipe_ struct buf plain = BUF_INIT(FILE_MAX);
    add_front(&file, f);
    keyring_pack(k, &plain);
    char *at = buf_reserve(&file, plain.len + crypto_aead_xchacha20poly1305_ietf_ABYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt((uint8_t *)at, &len, (const uint8_t *)plain.ptr, plain.len, (const uint8_t *)file.ptr, file.len,
                                               NULL, f->nonce, key);
    file.len += len;
    return write_new_file(path, buf_str(&file));
}

enum rc vault_keyring_create(const char *data_dir, const char *unseal_file)
{
    struct front f = {.ops = ARGON_OPS, .kib = ARGON_KIB};
    uint8_t key[VAULT_KEY_BYTES];
    _cleanup_free_ char *path = path_in(data_dir, "keyring"), *own = path_in(data_dir, "unseal.key");
    _cleanup_(vault_keyring_freep) struct vault_keyring *k = keyring_random();
    _cleanup_wipe_ struct buf text = BUF_INIT(FILE_MAX);
    const char *unseal = unseal_file ? unseal_file : own;
    if (access(path, F_OK) == 0)
        return RC_CONFLICT;
    if (access(unseal, F_OK) != 0) {
        enum rc rc = make_key_file(unseal);
        if (rc)
            return rc;
    }
    if (!read_file(unseal, true, &text))
        return RC_DENIED;
    f.kind = str_starts(buf_str(&text), key_file_mark) ? BY_KEY_FILE : BY_PASSPHRASE;
    randombytes_buf(f.salt, sizeof(f.salt));
    randombytes_buf(f.nonce, sizeof(f.nonce));
    enum rc rc = unseal_key(unseal, &f, key);
    if (rc == RC_OK)
        rc = seal_file(k, path, &f, key);
    explicit_bzero(key, sizeof(key));
    return rc;
}

static enum rc open_file(struct str file, const char *unseal, struct vault_keyring *k)
{
    struct front f;
    uint8_t key[VAULT_KEY_BYTES];
    unsigned long long len = 0;
    struct cursor c = cursor_of(file);
    _cleanup_wipe_ struct buf plain = BUF_INIT(FILE_MAX);
    if (!take_front(&c, &f))
        return RC_STORE;
    enum rc rc = unseal_key(unseal, &f, key);
    if (rc)
        return rc;
    uint8_t *at = (uint8_t *)buf_reserve(&plain, c.left);
    int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(at, &len, NULL, (const uint8_t *)c.ptr, c.left, (const uint8_t *)file.ptr,
                                                            file.len - c.left, f.nonce, key);
    explicit_bzero(key, sizeof(key));
    plain.len = opened == 0 ? len : 0;
    if (opened != 0)
        return RC_DENIED;
    return keyring_unpack(k, buf_str(&plain)) ? RC_OK : RC_STORE;
}

enum rc vault_keyring_load(const char *data_dir, const char *unseal_file, struct vault_keyring **ret)
{
    _cleanup_free_ char *path = path_in(data_dir, "keyring"), *own = path_in(data_dir, "unseal.key");
    _cleanup_buf_ struct buf file = BUF_INIT(FILE_MAX);
    _cleanup_(vault_keyring_freep) struct vault_keyring *k = keyring_alloc();
    if (!read_file(path, false, &file))
        return RC_NOT_FOUND;
    enum rc rc = open_file(buf_str(&file), unseal_file ? unseal_file : own, k);
    if (rc)
        return rc;
    *ret = k;
    k = NULL;
    return RC_OK;
}

void vault_keyring_free(struct vault_keyring *k)
{
    sodium_free(k); /* wipes; NULL is fine */
}

const uint8_t *vault_keyring_key(const struct vault_keyring *k, unsigned use, uint16_t version)
{
    for (size_t i = 0; i < k->count; i++)
        if (k->keys[i].use == use && k->keys[i].version == version)
            return k->keys[i].bytes;
    return NULL;
}

const uint8_t *vault_keyring_newest(const struct vault_keyring *k, unsigned use, uint16_t *ret_version)
{
    const struct key *newest = NULL;
    for (size_t i = 0; i < k->count; i++)
        if (k->keys[i].use == use && (!newest || k->keys[i].version > newest->version))
            newest = &k->keys[i];
    if (!newest)
        abort();
    *ret_version = newest->version;
    return newest->bytes;
}

void vault_keyring_wipe(struct vault_keyring *k, unsigned use)
{
    for (size_t i = 0; i < k->count; i++)
        if (k->keys[i].use == use)
            sodium_memzero(k->keys[i].bytes, VAULT_KEY_BYTES);
}
