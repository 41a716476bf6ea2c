/* keys.db: the customers' wrapped data keys, and the server's own key. It is committed before the truth that needs its keys, and
 * emptied before the truth forgets: what is deleted here is unreadable everywhere, in logs and backups too. The keys in it, the
 * server's among them, are wrapped: worth nothing without the vault's keyring. */
#ifndef ZX_VAULT_KEYSTORE_H
#define ZX_VAULT_KEYSTORE_H

#include "vault/vault.h"

/* Brings keys.db (c->app->keys) up to date and reads, or at the first start makes, c->app->server_key. Needs the vault:
 * RC_VAULT_DOWN. A server key that an older version left there unwrapped is wrapped, and its plain bytes wiped from the file. */
enum rc keystore_open(struct ctx *c) ZX_MUST_CHECK;

/* The migrations alone, of a store that holds another's keys. */
enum rc keystore_migrate(struct db *db) ZX_MUST_CHECK;

/* Wrapped keys in the order of the ids, in the context's arena; empty where there is none (erased). Ids may repeat. */
enum rc keystore_get(struct ctx *c, const int64_t *ids, size_t count, struct str *ret) ZX_MUST_CHECK;
/* Stores new keys in a transaction of its own, on disk when this returns: call it before the truth commits. A customer's key is never
 * replaced: RC_CONFLICT. */
enum rc keystore_put(struct ctx *c, const struct vault_key *keys, size_t count) ZX_MUST_CHECK;
/* Erasure: destroys the keys and empties the write-ahead log of them. */
enum rc keystore_destroy(struct ctx *c, const int64_t *ids, size_t count) ZX_MUST_CHECK;
enum rc keystore_count(struct ctx *c, int64_t *ret) ZX_MUST_CHECK;

/* Deletes keys older than `age_us` whose truth was never committed (a crash between the two commits). `keep_known` gets a sorted page
 * of ids and sets known[i] for those that the truth has. */
typedef enum rc keystore_known_fn(struct ctx *c, const int64_t *ids, size_t count, bool *known);
enum rc keystore_sweep(struct ctx *c, int64_t age_us, keystore_known_fn *keep_known, int64_t *ret_swept) ZX_MUST_CHECK;

#endif
