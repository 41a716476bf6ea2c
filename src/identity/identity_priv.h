/* Shared by the files of src/identity. */
#ifndef ZX_IDENTITY_IDENTITY_PRIV_H
#define ZX_IDENTITY_IDENTITY_PRIV_H

#include "customer/customer.h"
#include "db/db.h"
#include "identity/identity.h"

enum { IDENTITY_RULE_VERSION = 1 };
enum identifier_status { IDENTIFIER_PROVEN = 1, IDENTIFIER_FLAGGED = 2, IDENTIFIER_REMOVED = 3 /* hers no more; kept for its evidence */ };

/* What is believed of one kind of identifier. */
struct identity_rule {
    const char *word;       /* on the wire: "phone" */
    enum vault_field field; /* sealed and, where `in_vault`, indexed under this class */
    bool in_vault;          /* a phone, e-mail, card or ID number: only the vault may hash it */
    bool scoped;            /* the same value in another scope is another identifier */
    bool unique;            /* two different ones (of one scope) are two people: never merged */
    int priority;           /* 1 is the strongest: decides when identifiers disagree */
    int per_person;         /* more than that: the newcomer is dropped and reviewed */
    int receipts_a_day;     /* more than that: somebody types it for strangers; 0: not watched */
};
const struct identity_rule *identity_rule(enum identity_kind kind);
bool identity_kind_of(struct str word, enum identity_kind *ret);

/* Normalises, judges and hashes the claims of a batch: one vault call. */
enum rc identity_judge(struct ctx *c, struct identity_item *items, size_t count) ZX_MUST_CHECK;

/* Makes the record `loser` a member of `winner`, logs what an undo needs, and runs every module's merge hook. */
enum rc identity_merge(struct ctx *c, int64_t winner, int64_t loser, const char *rule, const struct identity_item *item) ZX_MUST_CHECK;
/* Notes for 待核对 that two records share an identifier but are not merged. Once per pair and rule. */
enum rc identity_review_add(struct ctx *c, const char *rule, int64_t left, int64_t right, const struct identity_claim *claim,
                            const struct identity_item *item) ZX_MUST_CHECK;

/* The record and the identifier that a key belongs to; 0 nobody. */
enum rc identity_holding_record(struct ctx *c, const uint8_t hash[16], int64_t *ret_record, int64_t *ret_identifier) ZX_MUST_CHECK;
/* Who holds a key, as the root of today; 0 nobody. *ret_record and *ret_identifier name the row itself; may be NULL. */
enum rc identity_holder(struct ctx *c, const uint8_t hash[16], int64_t *ret_root, int64_t *ret_record, int64_t *ret_identifier) ZX_MUST_CHECK;

/* Gives a free identifier to a record, with its first evidence; *ret_identifier may be NULL. */
enum rc identity_attach(struct ctx *c, const struct identity_item *item, const struct identity_claim *claim, int64_t customer_id, int64_t *ret_identifier) ZX_MUST_CHECK;
enum rc identity_evidence_add(struct ctx *c, const struct identity_item *item, const struct identity_claim *claim, int64_t record, int64_t identifier) ZX_MUST_CHECK;
/* The scope that counts for a claim: "" where its kind has none. */
struct str identity_scope(const struct identity_claim *claim);

/* ---- around.c: the part of the graph around a group of events, receipts or rows ---- */

/* Read before anything is decided, in a few queries for all; and kept right by whoever decides: what is written to the database
 * is told here too. */
struct around;

struct known_evidence {
    int64_t source_id;
    const char *rule;
    struct known_evidence *next;
};

/* An identifier of a record. */
struct held {
    int64_t record, id, kind, status;
    struct str scope;
    uint8_t hash[16];
    struct known_evidence *evidence; /* only of identifiers that the group speaks of */
    struct held *next;
};

/* Of a subject: the record it is bound to, 0 nobody. A pseudonym's record is of a person nobody knows; a shared one is bound no more. */
struct link {
    int64_t subject, customer_id;
    bool pseudonym, shared;
};

/* Items are judged, and have their subjects. All lives in the arena of `c`. */
enum rc around_read(struct ctx *c, const struct identity_item *items, size_t count, struct around **ret) ZX_MUST_CHECK;

/* The link of a subject of one of the items, to be changed together with its row. */
struct link *around_link(struct around *a, int64_t subject);
/* The record that a record is today. */
int64_t around_root(struct around *a, int64_t record);
/* Who holds the key of a claim of the items: the record; 0 nobody. *ret_identifier names the row. */
int64_t around_holder(struct around *a, const uint8_t hash[16], int64_t *ret_identifier);
/* All identifiers of the person whose record this is. */
struct held *around_held(struct around *a, int64_t record);
/* The identifier itself; NULL: it is not known here. */
struct held *around_identifier(struct around *a, int64_t record, int64_t identifier);
/* Did people take this off the person? Then no rule gives it back to her: only people do. */
bool around_is_removed(struct around *a, int64_t person, const struct identity_claim *claim);
bool around_has_evidence(const struct held *held, int64_t source_id, const char *rule);

/* After identity_merge(), identity_attach() and identity_evidence_add(); `rule` lives for ever. */
void around_merged(struct around *a, int64_t winner, int64_t loser);
void around_attached(struct around *a, const struct identity_claim *claim, int64_t record, int64_t identifier);
void around_evidence(struct around *a, struct held *held, int64_t source_id, const char *rule);

/* What the customer module is given, see customer_set_identity(). */
enum rc identity_from_form(struct ctx *c, struct customer_traits *t, int64_t existing, int64_t *ret_customer) ZX_MUST_CHECK;
enum rc identity_find_by_field(struct ctx *c, enum vault_field field, struct str value, int64_t *ret_record) ZX_MUST_CHECK;

/* Handlers of module.c's routes for 待核对, and the body of a decision. */
enum rc identity_review_page(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
enum rc identity_review_decide(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
struct identity_decision {
    int decision;
    struct str reason;
};
extern const struct field identity_decision_fields[];

/* ---- remove.c: an identifier taken off a record by people ---- */

struct identity_removal {
    struct str reason;
};
extern const struct field identity_removal_fields[];
enum rc identity_remove(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
/* "removed": who took the identifier off, when and why; null where nobody did. Into an open object. */
enum rc identity_removal_write(struct ctx *c, const int64_t *members, size_t count, int64_t identifier, struct jw *w) ZX_MUST_CHECK;

#endif
