/* Data keys and sealed values (docs/vault.md, "Formats"):
 *   wrapped data key  u8 format | u16 KEK version | u16 DEK version | nonce 24 | ciphertext 32 | tag 16
 *   sealed value      u8 format | u8 algorithm | u16 DEK version | nonce 24 | padded ciphertext | tag 16
 * XChaCha20-Poly1305 throughout; the algorithm byte leaves room for SM4. */
#ifndef ZX_VAULT_SEAL_H
#define ZX_VAULT_SEAL_H

#include "base/buf.h"
#include "vault/keyring.h"

enum {
    VAULT_WRAPPED_BYTES = 77,
    VAULT_SEALED_HEAD = 28,
    VAULT_VALUE_MAX = 64 << 10,
    VAULT_PLACE_NAME_MAX = 64,
};

/* A customer's data key, unwrapped; wipe after use. */
struct vault_dek {
    int64_t customer_id;
    uint16_t version;
    uint8_t key[VAULT_KEY_BYTES];
};
void vault_dek_make(const struct vault_keyring *k, int64_t customer_id, struct vault_dek *ret, uint8_t ret_wrapped[static VAULT_WRAPPED_BYTES]);
/* False when the wrapped key is not hers, or damaged. */
bool vault_dek_unwrap(const struct vault_keyring *k, int64_t customer_id, struct str wrapped, struct vault_dek *ret);

/* A key of the server's own, wrapped by the newest KEK for its name; the same form, its DEK version 0. */
void vault_secret_wrap(const struct vault_keyring *k, struct str name, const uint8_t secret[static VAULT_KEY_BYTES], uint8_t ret_wrapped[static VAULT_WRAPPED_BYTES]);
/* False when it is not the one of that name, or damaged. */
bool vault_secret_unwrap(const struct vault_keyring *k, struct str name, struct str wrapped, uint8_t ret[static VAULT_KEY_BYTES]);

/* struct vault_place as it comes out of a frame. */
struct vault_where {
    struct str table, column;
    int64_t row_id, sealed_for;
};
/* Adds the sealed value. False when value or place are too long. */
bool vault_value_seal(const struct vault_dek *dek, enum vault_field field, const struct vault_where *at, struct str value, struct buf *out);
/* Adds the plaintext. False when the value was not sealed for this place with this key. */
bool vault_value_open(const struct vault_dek *dek, enum vault_field field, const struct vault_where *at, struct str sealed, struct buf *out);

/* Exact search index: keyed BLAKE2b-128 over (field, normaliser version, normalised value). */
void vault_index_hash(const struct vault_keyring *k, enum vault_field field, struct str normal, uint8_t ret[static 16]);

#endif
