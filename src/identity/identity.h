/* Who is it? Deterministic identity: identifiers, proof, the graph of records that are one person, and evidence for
 * each link. docs/identity.md explains the rules. Probabilistic linkage comes later and uses the same log. */
#ifndef ZX_IDENTITY_IDENTITY_H
#define ZX_IDENTITY_IDENTITY_H

#include "base/ctx.h"
#include "http/route.h"
#include "json/json.h"
#include "vault/vault.h"

/* Stored numbers: never reorder. */
enum identity_kind {
    IDENTITY_ACCOUNT = 1, /* user id of a shop; scope: the shop's source group */
    IDENTITY_PHONE = 2,
    IDENTITY_EMAIL = 3,
    IDENTITY_CARD = 4,    /* member card */
    IDENTITY_UNIONID = 5, /* WeChat, one per Open Platform */
    IDENTITY_OPENID = 6,  /* WeChat, scope: the account's app id */
    IDENTITY_WEIBO = 7,
    IDENTITY_DEVICE = 8,   /* browser or app: anonymousId */
    IDENTITY_PLATFORM = 9, /* ouid, omid of a marketplace; scope: the platform */
    IDENTITY_IDNUM = 10,
};

/* One identifier that came with an event, receipt, order or form. */
struct identity_claim {
    enum identity_kind kind;
    struct str scope;           /* "" where the kind has none */
    struct str value;           /* as it came; the vault normalises and judges it */
    bool proven;                /* trusted key, till, one-time code, or signed by the shop's server */
    uint8_t hash[16];           /* out: keyed; the same for the same identifier everywhere */
    bool left_out;              /* out: people took it off this person, so that nothing is learned of it */
    enum vault_verdict verdict; /* out: anything but VAULT_OK is no identifier, and why */
};
/* The class under which the vault seals a value of that kind; 0 for devices, which are never shown. */
enum vault_field identity_vault_field(enum identity_kind kind);

enum identity_outcome {
    IDENTITY_NOBODY = 0, /* an unknown visitor: only a subject */
    IDENTITY_FOUND = 1,
    IDENTITY_CREATED = 2,
    IDENTITY_MERGED = 3,   /* found, and two records became one */
    IDENTITY_CONFLICT = 4, /* found by the strongest identifier; the rest is in 待核对 */
    IDENTITY_CLAIMED = 5,  /* an unproven claim only: kept with its event, moves nobody */
};

/* What asks who it is. In: all but the last three. */
struct identity_item {
    int64_t source_id;
    bool trusted;         /* key class of the source */
    bool shared_device;   /* till, kiosk, tablet: its device id identifies nobody */
    bool may_create;      /* receipts of members, proven identifies, forms: yes */
    bool needs_person;    /* documents: an unknown buyer gets a pseudonymous id, bound to her device if there is one */
    int32_t business_day; /* of receipts: how often an identifier came that day is watched; 0 otherwise */
    int64_t at_us;
    int64_t ref_id;       /* event, order or form that is the evidence */
    const char *ref_kind; /* "event", "receipt", "order", "form", "import" */
    struct identity_claim *claims;
    size_t claim_count;
    int64_t subject;     /* out */
    int64_t customer_id; /* out: 0 with IDENTITY_NOBODY; else the record it was attached to, never rewritten */
    enum identity_outcome outcome;
};

/* Normalises, judges and hashes the claims of a batch, and says under which subjects they stand: at most one vault call and no
 * database, so it needs no transaction. */
enum rc identity_prepare(struct ctx *c, struct identity_item *items, size_t count) ZX_MUST_CHECK;
/* Prepared items will be resolved soon, all of them, see db_ahead(). */
enum rc identity_ahead(struct ctx *c, const struct identity_item *items, size_t count) ZX_MUST_CHECK;
/* Resolves prepared items inside the writer's transaction. Items see the effects of earlier ones. */
enum rc identity_resolve(struct ctx *c, struct identity_item *items, size_t count) ZX_MUST_CHECK;
/* Pseudonym of a device or opaque account id: keyed hash, positive, never 0. */
int64_t identity_subject(const struct app *app, struct str scope, struct str value);

/* Is any of them an identifier that was claimed without proof? Judged claims, after identity_resolve(). */
bool identity_has_claimed(const struct identity_claim *claims, size_t count);
/* These, as elements of a JSON array: "phone:<keyed hash>". Whoever proves one later can be found by it. */
void identity_write_claimed(struct jw *w, const struct identity_claim *claims, size_t count);

/* The record that `customer_id` is today (follows merges), and all ids that are the same person. */
enum rc identity_root(struct ctx *c, int64_t customer_id, int64_t *ret_root) ZX_MUST_CHECK;
/* Will be asked soon, see db_ahead(). */
enum rc identity_root_ahead(struct ctx *c, int64_t customer_id) ZX_MUST_CHECK;
enum rc identity_members(struct ctx *c, int64_t customer_id, int64_t **ret_ids, size_t *ret_count) ZX_MUST_CHECK;
enum rc identity_members_ahead(struct ctx *c, int64_t customer_id) ZX_MUST_CHECK;
enum rc identity_subjects(struct ctx *c, const int64_t *members, size_t count, int64_t **ret, size_t *ret_count) ZX_MUST_CHECK;
/* Finds who holds an identifier (as typed: normalised and indexed here), by the record that it came to, which may be merged by now; 0 if
 * nobody does. */
enum rc identity_find(struct ctx *c, enum identity_kind kind, struct str scope, struct str value, int64_t *ret_record) ZX_MUST_CHECK;

/* Notes for 待核对 a matter of another module: `rule` names its kind, `thing_id` what it is about (the module's on_review tells
 * it), `customer_id` whose it is. Once per thing; what comes later opens it again. */
enum rc identity_review_note(struct ctx *c, const char *rule, int64_t customer_id, int64_t thing_id, const char *thing_kind) ZX_MUST_CHECK;

/* A unique key of another kind (receipt number, order id), claimed in the same table as people's identifiers: who has it, and whose that is.
 * Nobody: both 0. Giving it is only for a key that nobody has (RC_CONFLICT or a void transaction otherwise). */
struct identity_key_holder {
    int64_t id, customer_id;
};
enum rc identity_key_holder(struct ctx *c, struct str kind, struct str key, struct identity_key_holder *ret) ZX_MUST_CHECK;
/* Will be asked soon, see db_ahead(). */
enum rc identity_key_ahead(struct ctx *c, struct str kind, struct str key) ZX_MUST_CHECK;
enum rc identity_key_give(struct ctx *c, struct str kind, struct str key, const struct identity_key_holder *to) ZX_MUST_CHECK;

extern const struct module identity_module;

#endif
