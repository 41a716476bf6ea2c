/* Wrapping of data keys, sealing of values, the keyed index. */
#include "vault/seal.h"
#include "vault/normalise.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum {
    FORMAT = 1,
    ALGORITHM_XCHACHA20_POLY1305 = 1,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    AD_MAX = 2 * (4 + VAULT_PLACE_NAME_MAX) + 32,
};
_Static_assert(VAULT_WRAPPED_BYTES == 5 + NONCE + VAULT_KEY_BYTES + TAG, "wrapped key");
_Static_assert(VAULT_SEALED_HEAD == 4 + NONCE, "sealed value");

/* Associated data, in a fixed buffer: millions a second go through here. */
struct ad {
    uint8_t bytes[AD_MAX];
    size_t len;
};

static void ad_number(struct ad *ad, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++)
        ad->bytes[ad->len++] = (uint8_t)(v >> (8 * i));
}

static void ad_text(struct ad *ad, struct str s)
{
    assert(s.len <= VAULT_PLACE_NAME_MAX);
    ad_number(ad, s.len, 4);
    if (s.len)
        memcpy(ad->bytes + ad->len, s.ptr, s.len);
    ad->len += s.len;
}

/* Nonces from a pool, for a system call a nonce is half the cost of sealing. Used bytes are never handed out again. */
static void take_nonce(uint8_t nonce[static NONCE])
{
    static __thread uint8_t pool[NONCE * 128];
    static __thread size_t left;
    if (left == 0) {
        randombytes_buf(pool, sizeof(pool));
        left = sizeof(pool);
    }
    left -= NONCE;
    memcpy(nonce, pool + left, NONCE);
}

/* ---- data keys ---- */

static struct ad dek_ad(int64_t customer_id, uint16_t dek_version, uint16_t kek_version)
{
    struct ad ad = {.len = 0};
    ad_text(&ad, STR("dek"));
    ad_number(&ad, (uint64_t)customer_id, 8);
    ad_number(&ad, dek_version, 2);
    ad_number(&ad, kek_version, 2);
    return ad;
}

static void put_u16(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
}

static uint16_t get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

void vault_dek_make(const struct vault_keyring *k, int64_t customer_id, struct vault_dek *ret, uint8_t ret_wrapped[static VAULT_WRAPPED_BYTES])
{
    uint16_t kek_version;
    const uint8_t *kek = vault_keyring_newest(k, VAULT_KEY_KEK, &kek_version);
    ret->customer_id = customer_id;
    ret->version = 1;
    randombytes_buf(ret->key, sizeof(ret->key));
    ret_wrapped[0] = FORMAT;
    put_u16(ret_wrapped + 1, kek_version);
    put_u16(ret_wrapped + 3, ret->version);
    take_nonce(ret_wrapped + 5);
    struct ad ad = dek_ad(customer_id, ret->version, kek_version);
    crypto_aead_xchacha20poly1305_ietf_encrypt(ret_wrapped + 5 + NONCE, NULL, ret->key, sizeof(ret->key), ad.bytes, ad.len, NULL,
                                               ret_wrapped + 5, kek);
}

bool vault_dek_unwrap(const struct vault_keyring *k, int64_t customer_id, struct str wrapped, struct vault_dek *ret)
{
    const uint8_t *w = (const uint8_t *)wrapped.ptr;
    if (wrapped.len != VAULT_WRAPPED_BYTES || w[0] != FORMAT)
        return false;
    uint16_t kek_version = get_u16(w + 1), dek_version = get_u16(w + 3);
    const uint8_t *kek = vault_keyring_key(k, VAULT_KEY_KEK, kek_version);
    struct ad ad = dek_ad(customer_id, dek_version, kek_version);
    if (!kek || crypto_aead_xchacha20poly1305_ietf_decrypt(ret->key, NULL, NULL, w + 5 + NONCE, VAULT_KEY_BYTES + TAG, ad.bytes, ad.len,
                                                           w + 5, kek) != 0)
        return false;
    ret->customer_id = customer_id;
    ret->version = dek_version;
    return true;
}

/* ---- the server's own keys ---- */

static struct ad secret_ad(struct str name, uint16_t kek_version)
{
    struct ad ad = {.len = 0};
    ad_text(&ad, STR("secret"));
    ad_text(&ad, name);
    ad_number(&ad, kek_version, 2);
    return ad;
}

void vault_secret_wrap(const struct vault_keyring *k, struct str name, const uint8_t secret[static VAULT_KEY_BYTES], uint8_t ret_wrapped[static VAULT_WRAPPED_BYTES])
{
    uint16_t kek_version;
    const uint8_t *kek = vault_keyring_newest(k, VAULT_KEY_KEK, &kek_version);
    ret_wrapped[0] = FORMAT;
    put_u16(ret_wrapped + 1, kek_version);
    put_u16(ret_wrapped + 3, 0);
    take_nonce(ret_wrapped + 5);
    struct ad ad = secret_ad(name, kek_version);
    crypto_aead_xchacha20poly1305_ietf_encrypt(ret_wrapped + 5 + NONCE, NULL, secret, VAULT_KEY_BYTES, ad.bytes, ad.len, NULL, ret_wrapped + 5, kek);
}

bool vault_secret_unwrap(const struct vault_keyring *k, struct str name, struct str wrapped, uint8_t ret[static VAULT_KEY_BYTES])
{
    const uint8_t *w = (const uint8_t *)wrapped.ptr;
    if (wrapped.len != VAULT_WRAPPED_BYTES || w[0] != FORMAT || name.len > VAULT_PLACE_NAME_MAX)
        return false;
    uint16_t kek_version = get_u16(w + 1);
    const uint8_t *kek = vault_keyring_key(k, VAULT_KEY_KEK, kek_version);
    struct ad ad = secret_ad(name, kek_version);
    return kek && crypto_aead_xchacha20poly1305_ietf_decrypt(ret, NULL, NULL, w + 5 + NONCE, VAULT_KEY_BYTES + TAG, ad.bytes, ad.len, w + 5, kek) == 0;
}

/* ---- values ---- */

static struct ad value_ad(const struct vault_dek *dek, enum vault_field field, const struct vault_where *at)
{
    struct ad ad = {.len = 0};
    ad_text(&ad, at->table);
    ad_text(&ad, at->column);
    ad_number(&ad, (uint64_t)at->row_id, 8);
    ad_number(&ad, (uint64_t)at->sealed_for, 8);
    ad_number(&ad, dek->version, 2);
    ad_number(&ad, FORMAT, 1);
    ad_number(&ad, ALGORITHM_XCHACHA20_POLY1305, 1);
    ad_number(&ad, field, 1);
    return ad;
}

static void field_key(const struct vault_dek *dek, enum vault_field field, uint8_t key[static VAULT_KEY_BYTES])
{
    crypto_kdf_derive_from_key(key, VAULT_KEY_BYTES, field, "zxfield1", dek->key);
}

/* 32, 64, 128, then whole 128s: the length of a value tells little. One byte marks the end of the text. */
static size_t padded_len(size_t len)
{
    size_t need = len + 1;
    if (need <= 32)
        return 32;
    if (need <= 64)
        return 64;
    return (need + 127) / 128 * 128;
}

bool vault_value_seal(const struct vault_dek *dek, enum vault_field field, const struct vault_where *at, struct str value, struct buf *out)
{
    uint8_t key[VAULT_KEY_BYTES];
    size_t padded = padded_len(value.len);
    if (value.len > VAULT_VALUE_MAX || at->table.len > VAULT_PLACE_NAME_MAX || at->column.len > VAULT_PLACE_NAME_MAX)
        return false;
    uint8_t *head = (uint8_t *)buf_reserve(out, VAULT_SEALED_HEAD + padded + TAG);
    if (!head)
        return false;
    head[0] = FORMAT;
    head[1] = ALGORITHM_XCHACHA20_POLY1305;
    put_u16(head + 2, dek->version);
    take_nonce(head + 4);
    uint8_t *text = head + VAULT_SEALED_HEAD;
    if (value.len)
        memcpy(text, value.ptr, value.len);
    memset(text + value.len, 0, padded - value.len);
    text[value.len] = 0x80;
    struct ad ad = value_ad(dek, field, at);
    field_key(dek, field, key);
    crypto_aead_xchacha20poly1305_ietf_encrypt(text, NULL, text, padded, ad.bytes, ad.len, NULL, head + 4, key);
    explicit_bzero(key, sizeof(key));
    out->len += VAULT_SEALED_HEAD + padded + TAG;
    return true;
}

bool vault_value_open(const struct vault_dek *dek, enum vault_field field, const struct vault_where *at, struct str sealed, struct buf *out)
{
    const uint8_t *head = (const uint8_t *)sealed.ptr;
    uint8_t key[VAULT_KEY_BYTES];
    if (sealed.len < VAULT_SEALED_HEAD + 32 + TAG || head[0] != FORMAT || head[1] != ALGORITHM_XCHACHA20_POLY1305 || get_u16(head + 2) != dek->version ||
        at->table.len > VAULT_PLACE_NAME_MAX || at->column.len > VAULT_PLACE_NAME_MAX)
        return false;
    size_t padded = sealed.len - VAULT_SEALED_HEAD - TAG;
    uint8_t *text = (uint8_t *)buf_reserve(out, padded);
    struct ad ad = value_ad(dek, field, at);
    field_key(dek, field, key);
    bool opened = text && crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, head + VAULT_SEALED_HEAD, padded + TAG, ad.bytes, ad.len,
                                                                     head + 4, key) == 0;
    explicit_bzero(key, sizeof(key));
    if (!opened)
        return false;
    while (padded && text[padded - 1] == 0)
        padded--;
    if (padded == 0 || text[padded - 1] != 0x80)
        return false;
    out->len += padded - 1;
    return true;
}

void vault_index_hash(const struct vault_keyring *k, enum vault_field field, struct str normal, uint8_t ret[static 16])
{
    uint16_t version;
    const uint8_t *key = vault_keyring_newest(k, VAULT_KEY_INDEX + field, &version);
    const uint8_t head[2] = {(uint8_t)field, VAULT_NORMALISER_VERSION};
    crypto_generichash_state state;
    crypto_generichash_init(&state, key, VAULT_KEY_BYTES, 16);
    crypto_generichash_update(&state, head, sizeof(head));
    crypto_generichash_update(&state, (const uint8_t *)normal.ptr, normal.len);
    crypto_generichash_final(&state, ret, 16);
    explicit_bzero(&state, sizeof(state));
}
