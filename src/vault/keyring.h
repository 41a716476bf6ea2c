/* The keyring: independent random keys, each with versions, sealed in one file by the unseal key. docs/vault.md has the format. */
#ifndef ZX_VAULT_KEYRING_H
#define ZX_VAULT_KEYRING_H

#include "vault/vault.h"

enum { VAULT_KEY_BYTES = 32 };

/* What a key is for. Stored numbers: never reorder. */
enum vault_key_use {
    VAULT_KEY_KEK = 1,
    VAULT_KEY_AUDIT = 2,
    VAULT_KEY_BACKUP = 3,
    VAULT_KEY_TOKEN = 4,
    VAULT_KEY_INDEX = 16, /* + enum vault_field */
};

struct vault_keyring;

/* Makes the keyring of a new installation, and the key file if there is none at `unseal_file` (NULL: <data_dir>/unseal.key). Never overwrites:
 * RC_CONFLICT. A file that holds something else than a key is a passphrase. */
enum rc vault_keyring_create(const char *data_dir, const char *unseal_file) ZX_MUST_CHECK;
/* RC_DENIED: the unseal key does not fit, or its file is open to others. */
enum rc vault_keyring_load(const char *data_dir, const char *unseal_file, struct vault_keyring **ret) ZX_MUST_CHECK;
void vault_keyring_free(struct vault_keyring *k);
MEM_DEFINE_CLEANUP(struct vault_keyring, vault_keyring_free)

/* The key of that use and version, or NULL. */
const uint8_t *vault_keyring_key(const struct vault_keyring *k, unsigned use, uint16_t version);
/* The newest version of a use; aborts when the keyring has none. */
const uint8_t *vault_keyring_newest(const struct vault_keyring *k, unsigned use, uint16_t *ret_version);
/* Destroys a key in memory that is needed only at start. */
void vault_keyring_wipe(struct vault_keyring *k, unsigned use);

#endif
