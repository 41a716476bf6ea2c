/* The vault: all keys, and all that can turn a pseudonym into a person, in a process of its own (docs/vault.md).
 * This is the client's side, used by the server; vault/vault_main.c is the process.
 * All calls are batches: at most two per commit. Thread-safe; each call has its own slot on the socket.
 * RC_VAULT_DOWN when the process is gone (it is restarted by the supervisor). */
#ifndef ZX_VAULT_VAULT_H
#define ZX_VAULT_VAULT_H

#include "base/arena.h"
#include "base/ctx.h"

struct vault;
struct module;

/* Metrics only: staff meets the vault through other modules. */
extern const struct module vault_module;

/* Classes of personal values; one field key and one normaliser each. Stored numbers: never reorder. */
enum vault_field {
    VAULT_NAME = 1,
    VAULT_PHONE = 2,
    VAULT_EMAIL = 3,
    VAULT_CARD = 4,        /* member card number */
    VAULT_IDNUM = 5,       /* ID card number */
    VAULT_BIRTHDAY = 6,
    VAULT_ADDRESS = 7,
    VAULT_REFUND = 8,      /* refund account: holder, bank, account */
    VAULT_WECHAT = 9,      /* unionid or openid */
    VAULT_WEIBO = 10,
    VAULT_ACCOUNT = 11,    /* user id of a shop */
    VAULT_TEXT = 12,       /* note or other free text */
    VAULT_PINYIN = 13,     /* sealing a *name* under this class seals its pinyin ("li xiao ming"). The vault reads names itself
                              by a table made of ICU's Han-Latin/Names in 0.1 µs, so nobody needs to keep it */
    VAULT_TOTP = 14,       /* staff's second factor */
    VAULT_FIELD_COUNT
};

/* Starts talking over a connected socket pair and owns it; -1: not there yet, every call answers RC_VAULT_DOWN. */
struct vault *vault_client_new(int fd);
/* Goes over to a new socket, after the supervisor started the vault anew. Calls in flight on the old one answer RC_VAULT_DOWN.
 * The new process has an empty index in memory: feed it again. */
void vault_client_attach(struct vault *v, int fd);
void vault_client_free(struct vault *v);
MEM_DEFINE_CLEANUP(struct vault, vault_client_free)
/* The process's own main: reads keys, serves the socket until it closes. `keyring` and `audit.log` are files in the data
 * directory, `unseal_file` (0600) holds a key or a passphrase; NULL is <data_dir>/unseal.key. Returns the exit status. */
int vault_main(int fd, const char *data_dir, const char *unseal_file);
/* Makes the keyring of a new installation, and the key file if there is none. Never overwrites: RC_CONFLICT. */
enum rc vault_init(struct ctx *c, const char *data_dir, const char *unseal_file) ZX_MUST_CHECK;

/* Checks audit.log of an installation, served or not, in this process, which should end soon after: it opens the keyring.
 * RC_DENIED when the unseal key does not fit. vault/audit.h has the shapes. */
struct vault_audit_anchor;
struct vault_audit_report;
enum rc vault_check_audit(struct ctx *c, const char *data_dir, const char *unseal_file, const struct vault_audit_anchor *anchor, struct vault_audit_report *ret)
    ZX_MUST_CHECK;

/* Why a value is no identifier. */
enum vault_verdict {
    VAULT_OK,
    VAULT_MALFORMED,   /* not of that kind at all */
    VAULT_MASKED,      /* 138****5678, 张** */
    VAULT_VIRTUAL,     /* protected number with extension, platform relay */
    VAULT_BLOCKED,     /* 13800000000, test@test.com, 00000000 … */
};

/* Exact search index: 128-bit keyed hash over (field, normaliser version, normalised value). */
struct vault_index {
    enum vault_field field;
    struct str value;            /* in */
    uint8_t hash[16];            /* out, when verdict is VAULT_OK */
    enum vault_verdict verdict;  /* out */
};
enum rc vault_index(struct ctx *c, struct vault_index *items, size_t count) ZX_MUST_CHECK;

/* Data keys, one per customer, wrapped by the vault and stored by the caller in keys.db. */
struct vault_key {
    int64_t customer_id;
    struct str wrapped;          /* out */
};
enum rc vault_new_keys(struct ctx *c, struct vault_key *items, size_t count) ZX_MUST_CHECK;

/* A key of the server's own, for keys.db: 32 bytes to a wrapped form of 77, and back. RC_STORE: it was not wrapped by this vault
 * for this name. */
enum { VAULT_SECRET_BYTES = 32, VAULT_SECRET_WRAPPED_BYTES = 77 };
enum rc vault_wrap_secret(struct ctx *c, const char *name, const uint8_t secret[static VAULT_SECRET_BYTES], struct str *ret_wrapped) ZX_MUST_CHECK;
enum rc vault_unwrap_secret(struct ctx *c, const char *name, struct str wrapped, uint8_t ret[static VAULT_SECRET_BYTES]) ZX_MUST_CHECK;

/* Where a sealed value lives; all of it is associated data of the cipher. */
struct vault_place {
    const char *table;
    const char *column;
    int64_t row_id;
    int64_t sealed_for;          /* customer id at sealing; the wrapped key is hers */
};

struct vault_seal {
    enum vault_field field;
    struct vault_place place;
    struct str wrapped;          /* her data key; empty: taken from the new_keys of the same call by sealed_for */
    struct str value;            /* in */
    struct str sealed;           /* out */
};
/* Seals values; `new_keys` (may be 0) are made in the same round trip. */
enum rc vault_seal(struct ctx *c, struct vault_key *new_keys, size_t new_count, struct vault_seal *items, size_t count) ZX_MUST_CHECK;

struct vault_open {
    enum vault_field field;
    struct vault_place place;
    struct str wrapped;
    struct str sealed;           /* empty gives an empty text */
    struct str text;             /* out: the masked value, or the plaintext with vault_reveal() */
    bool erased;                 /* out: the key is gone */
};
/* Opens and masks (rules in docs/console: 李*, 138****5678, l***@qq.com, …). Needs no reason. */
enum rc vault_mask(struct ctx *c, struct vault_open *items, size_t count) ZX_MUST_CHECK;

/* Opens to plaintext. The vault appends an audit record (who, role, reason, customer, fields, time) to its own file
 * and fsyncs it before the values leave it. RC_DENIED without a reason or rights, RC_LIMIT over budget. */
struct vault_reveal {
    int64_t staff_id;
    int64_t customer_id;
    struct str role;             /* "administrator", "manager", "agent", "store" */
    struct str purpose;          /* reason code */
    struct str reason;           /* free text, at least four characters */
};
enum rc vault_reveal(struct ctx *c, const struct vault_reveal *why, struct vault_open *items, size_t count) ZX_MUST_CHECK;

/* Opens for the machine: the masked preview, duplicates and merges never need it; export and messages do. Audited like a reveal,
 * one record per call, without a budget. Both: at most 1,000 values a call; RC_STORE when a sealed value was tampered with. */
enum rc vault_open_for(struct ctx *c, const struct vault_reveal *why, struct vault_open *items, size_t count) ZX_MUST_CHECK;

/* ---- the index in the vault's memory: names, pinyin, initials, last four of phones ---- */

struct vault_remember {
    int64_t customer_id;         /* canonical id: what a search returns */
    int64_t store_id;            /* home store, 0 none: search can be kept to own stores */
    struct str wrapped;
    struct vault_open name;      /* sealed name, VAULT_NAME; empty if none */
    struct vault_open pinyin;    /* not needed: the vault reads names itself */
    struct vault_open phone;     /* sealed phone; empty if none. name and phone may bring wrapped keys of their own (merged records) */
    bool forget;                 /* take the customer out */
};
/* Replaces what the index holds for these customers. At start the server feeds all in the background. */
enum rc vault_remember(struct ctx *c, const struct vault_remember *items, size_t count) ZX_MUST_CHECK;

struct vault_search {
    struct str query;            /* 李小明 · 李 5678 · 5678 李 · li xiaoming · lxm · 5678 */
    const int64_t *stores;       /* only these home stores; NULL: all */
    size_t store_count;
    size_t limit;
};
struct vault_hit {
    int64_t customer_id;
    int32_t score;               /* higher is better; exact name 100, prefix 80, pinyin 60, initials 40, last four 30 */
};
enum rc vault_search(struct ctx *c, const struct vault_search *s, struct vault_hit **ret, size_t *ret_count) ZX_MUST_CHECK;
/* Customers of the memory index ordered by name (ICU pinyin collation): page of ids from `offset`. */
enum rc vault_by_name(struct ctx *c, const struct vault_search *s, size_t offset, struct vault_hit **ret, size_t *ret_count, size_t *ret_total) ZX_MUST_CHECK;

struct vault_status {
    int64_t pid, names, memory_kib, audit_records;
    bool index_ready;            /* the feed is complete */
    bool index_sorted;           /* nothing waits to be sorted in; searching is right either way */
};
enum rc vault_status(struct ctx *c, struct vault_status *ret) ZX_MUST_CHECK;
/* Tells that the background feed is complete. */
enum rc vault_index_ready(struct ctx *c) ZX_MUST_CHECK;

/* ---- personal values in free text, used by intake; no keys needed, runs in the caller ---- */

/* Which personal kind a property name stands for ("phone", "mobile", "手机号", "email", "id_card", "receiver_name", …); 0 if none. Case, blanks,
 * '_' and '-' do not matter. A bare "name" or "title" is 0, for products and pages have them: in traits of a person "name" is VAULT_NAME
 * by the caller's knowledge. */
enum vault_field vault_field_by_name(struct str property);
/* Does the text hold a phone, an e-mail or an ID number? Returns the first kind found, 0 if none. Card numbers (Luhn, 13–19 digits)
 * answer VAULT_REFUND. */
enum vault_field vault_find_personal(struct str text);
/* Copies the text with every personal value replaced by ‹phone›, ‹email›, ‹id›, ‹card›. */
struct str vault_redact(struct arena *a, struct str text);
/* A code of the shop (order number, SKU, message id) as it may be written down: itself, or where it looks like a personal value
 * "#" and a hash with the server's key, so that two codes stay two. UUIDs are never taken for a telephone number. */
struct app;
struct str vault_code(const struct app *app, struct arena *a, struct str code);

#endif
