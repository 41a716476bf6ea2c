/* Shared by the files of src/customer. */
#ifndef ZX_CUSTOMER_CUSTOMER_PRIV_H
#define ZX_CUSTOMER_CUSTOMER_PRIV_H

#include "access/access.h"
#include "base/app.h"
#include "base/id.h"
#include "base/limits.h"
#include "customer/customer.h"
#include "db/db.h"

enum { CUSTOMER_HASH = 16, CUSTOMER_LIST_CHUNK = 500 /* ids bound at a time */ };

/* ---- who is who (identity.c) ---- */

/* Identity's answers, or the plain truth (everybody is herself) when nobody told us. */
enum rc customer_root(struct ctx *c, int64_t customer_id, int64_t *ret_root) ZX_MUST_CHECK;
enum rc customer_members(struct ctx *c, int64_t customer_id, int64_t **ret_ids, size_t *ret_count) ZX_MUST_CHECK;
const struct customer_identity *customer_identity(void); /* NULL when unknown */

/* ---- profiles (profile.c) ---- */

/* The values of a record that have a history, in the order of profile_fields[]. */
enum profile_key {
    PROFILE_NAME, PROFILE_BIRTHDAY, PROFILE_GENDER, PROFILE_CLASS, PROFILE_ORGANISATION, PROFILE_MEMBER, PROFILE_HOME_STORE,
    PROFILE_ASSISTANT, PROFILE_SIZE_TOP, PROFILE_SIZE_BOTTOM, PROFILE_SIZE_SHOE, PROFILE_TASTES, PROFILE_COUNT
};
struct profile_field {
    const char *column;          /* also its name in the history */
    const char *us_column;
    const char *hash_column;     /* sealed ones: a keyed hash of their own to tell whether a value is new */
    enum { PROFILE_NUMBER, PROFILE_TEXT, PROFILE_SEALED } type;
    enum vault_field field;      /* of sealed ones */
    uint32_t clear;              /* enum customer_clear */
};
extern const struct profile_field profile_fields[PROFILE_COUNT];

struct profile_value {
    bool said;
    int64_t at_us;
    int64_t number;
    struct str text;             /* plain, or the ciphertext */
    struct str hash;
};
/* One record as it stands in the table; a merged person has several. */
struct profile {
    int64_t id, rev, number, brand_id, sealed_for;
    int64_t first_source_id, first_store_id, created_us, updated_us;
    struct str pinyin;           /* sealed, goes with the name */
    struct profile_value v[PROFILE_COUNT];
};
/* Those of the ids that have a record, in the order of their ids. */
enum rc profile_load(struct ctx *c, const int64_t *ids, size_t count, struct profile **ret, size_t *ret_count) ZX_MUST_CHECK;
enum rc profile_save(struct ctx *c, const struct profile *p) ZX_MUST_CHECK;
/* The profile among a person's records that says `key` last; NULL if none does. */
const struct profile *profile_newest(const struct profile *list, size_t count, enum profile_key key);

/* The merge hook (stat.c). */
enum rc customer_merged(struct ctx *c, const struct customer_merge *m) ZX_MUST_CHECK;

/* ---- sealed values (sealed.c) ---- */

/* Ciphertexts to open in one call; results go where `into` points. */
struct sealed_batch {
    struct vault_open *items;
    struct str **into;
    size_t count, cap;
};
void sealed_add(struct ctx *c, struct sealed_batch *b, enum vault_field field, int64_t row_id, int64_t sealed_for, struct str sealed, struct str *into);
enum rc sealed_mask(struct ctx *c, struct sealed_batch *b) ZX_MUST_CHECK;
/* Plaintext: what the vault audits and may refuse. `machine`: exports rather than a person's eyes. */
enum rc sealed_reveal(struct ctx *c, struct sealed_batch *b, const struct vault_reveal *why, bool machine) ZX_MUST_CHECK;
/* Where a value of a class lives: table and column are a part of the seal. */
struct vault_place sealed_place(enum vault_field field, int64_t row_id, int64_t sealed_for);
enum rc keystore_get(struct ctx *c, const int64_t *ids, size_t count, struct str *ret) ZX_MUST_CHECK;
enum rc keystore_put(struct ctx *c, const struct vault_key *keys, size_t count) ZX_MUST_CHECK;
/* Wrapped data keys of customers, in the order of the ids; empty when destroyed. */
enum rc sealed_keys(struct ctx *c, const int64_t *ids, size_t count, struct str *ret) ZX_MUST_CHECK;
enum rc sealed_keys_put(struct ctx *c, const struct vault_key *keys, size_t count) ZX_MUST_CHECK;

/* "province\x1fcity\x1fdistrict\x1fstreet\x1fzip\x1frecipient", as the vault masks it. */
struct str customer_address_text(struct arena *a, const struct customer_address *address);
/* "1990-05-12", or "05-12" as "0000-05-12"; empty when it is no date. */
struct str customer_birthday_text(struct arena *a, struct str birthday);

#endif
