/* The customer record: profile, contacts, consent, tags, notes, relations, statistics, timeline, and the history of every
 * change. Personal fields are sealed (vault.h). Who is who is identity's business; a merged person is a list of members. */
#ifndef ZX_CUSTOMER_CUSTOMER_H
#define ZX_CUSTOMER_CUSTOMER_H

#include "base/ctx.h"
#include "http/route.h"
#include "vault/vault.h"

enum customer_class { CUSTOMER_CONSUMER = 1, CUSTOMER_STAFF = 2, CUSTOMER_RESELLER = 3, CUSTOMER_TEST = 4 };
enum customer_gender { GENDER_UNKNOWN = 0, GENDER_FEMALE = 1, GENDER_MALE = 2 };

struct customer_address {
    struct str province, city, district, street, zip, recipient; /* all personal but province and city */
};

/* A value of hers that can be searched or written to: phone, e-mail, card, account, WeChat, Weibo, ID number. */
struct customer_contact {
    enum vault_field field;
    struct str value;            /* plain, as it came */
    struct str scope;            /* shop, app id; "" */
    uint8_t hash[16];            /* of vault_index() (or the server's keyed hash for opaque ids): the same as the identifier's */
};

/* What one source learned about one person at one moment. Empty or unset members change nothing. */
struct customer_traits {
    int64_t customer_id;         /* whose record; never rewritten by merges */
    bool create;                 /* make the record first (id was taken with id_next()) */
    int64_t at_us;               /* when it was so: an older value never replaces a newer one */
    int64_t source_id;
    const char *source_kind;     /* "identify", "receipt", "import", "form", "merge" */
    int64_t ref_id;              /* event, document, … that said so */
    int64_t staff_id;            /* who typed it; 0 none */
    struct str name, birthday;   /* birthday "1990-05-12" or "05-12" */
    enum customer_gender gender; /* 0: not said */
    enum customer_class class;   /* 0: not said */
    int64_t home_store_id, first_store_id;
    struct str own_assistant;    /* staff number */
    bool member;                 /* she is enrolled */
    bool organisation;
    struct str note;
    struct customer_address *addresses;
    size_t address_count;
    struct customer_contact *contacts;
    size_t contact_count;
    struct str *tags;
    size_t tag_count;
    struct str size_top, size_bottom, size_shoe;
    struct str *tastes;
    size_t taste_count;
    uint32_t clear;              /* bits of enum customer_clear: what a form emptied */
};
enum customer_clear {
    CLEAR_NAME = 1, CLEAR_BIRTHDAY = 2, CLEAR_GENDER = 4, CLEAR_HOME_STORE = 8, CLEAR_ASSISTANT = 16,
    CLEAR_SIZE_TOP = 32, CLEAR_SIZE_BOTTOM = 64, CLEAR_SIZE_SHOE = 128, CLEAR_TASTES = 256, CLEAR_MEMBER = 512, CLEAR_ORGANISATION = 1024,
};

/* Creates records and takes over what is new, inside the writer's transaction; every changed field is one row of history.
 * One vault call for the whole batch (new data keys and seals), and one before it where names, birthdays or addresses
 * came, to tell the new from the known; the new keys are committed in keys.db before this returns. Placeholder and masked
 * names are passed over. Adds CHANGE_CUSTOMER rows, which the vault's memory index follows. */
enum rc customer_learn(struct ctx *c, struct customer_traits *traits, size_t count) ZX_MUST_CHECK;
/* A contact of hers by its own id, as record pages list it where somebody else holds the identifier; *ret_kind 0: none. */
enum rc customer_contact_find(struct ctx *c, const int64_t *members, size_t count, int64_t id, enum vault_field *ret_kind, int64_t *ret_record, uint8_t ret_hash[16]) ZX_MUST_CHECK;
/* Forgets what an identifier says, because it was taken off her (`identifier` names it in the history): the values of that hash
 * go from all her records, one row of history keeps the last one, sealed. Inside the writer's transaction. */
enum rc customer_contact_forget(struct ctx *c, const int64_t *members, size_t count, const uint8_t hash[16], int64_t identifier) ZX_MUST_CHECK;
/* After the transaction ended: when it was committed, the memory index follows at once instead of at its next look. */
void customer_ended(struct ctx *c, bool committed);

/* Running totals of a root, for lists and the record's head. Deltas may be negative. */
struct customer_stat {
    int64_t orders, units, spent_minor, returned_minor;
    int64_t web_orders, web_spent_minor;
    int64_t seen_us;             /* last activity: the greatest counts */
    int64_t order_us;            /* last purchase */
};
enum rc customer_stat_add(struct ctx *c, int64_t root_id, const struct customer_stat *delta) ZX_MUST_CHECK;

/* An identifier as identity keeps it for the record page; what it says is a contact with the same hash. */
struct customer_identifier {
    int64_t id;
    const char *kind;            /* "phone", "card", "device", … */
    struct str scope;
    const char *status;          /* "proven", "flagged", "removed"; the page adds "noted" */
    uint8_t hash[16];            /* zero: never shown (devices) */
    int64_t first_us, last_us, source_id;
    int64_t links;               /* how often it came */
};

/* How identity tells who is who, given at start so that this folder need not know it (layers). */
struct customer_identity {
    enum rc (*root)(struct ctx *c, int64_t customer_id, int64_t *ret_root);
    enum rc (*members)(struct ctx *c, int64_t customer_id, int64_t **ret_ids, size_t *ret_count);
    enum rc (*members_ahead)(struct ctx *c, int64_t customer_id); /* will be asked soon, see db_ahead() */
    enum rc (*subjects)(struct ctx *c, const int64_t *members, size_t count, int64_t **ret, size_t *ret_count);
    /* Exact search by an identifier as typed: one of her records; 0 if none. */
    enum rc (*find)(struct ctx *c, enum vault_field field, struct str value, int64_t *ret_record);
    /* The identifiers of a person, devices last. */
    enum rc (*identifiers)(struct ctx *c, const int64_t *members, size_t count, struct customer_identifier **ret, size_t *ret_count);
    /* A form (new or edited customer) claims identifiers: creates, attaches or reports who has them. `existing` 0: new. */
    enum rc (*from_form)(struct ctx *c, struct customer_traits *t, int64_t existing, int64_t *ret_customer);
};
void customer_set_identity(const struct customer_identity *i);

/* The one door to a person's page for every module: all her records, the root first, if she exists and the actor may see
 * her. RC_NOT_FOUND, RC_DENIED. */
enum rc customer_open(struct ctx *c, int64_t customer_id, int64_t **ret_members, size_t *ret_count) ZX_MUST_CHECK;

/* `zhixin export customers`: one row a person, by id, with the cells of customer_export_columns[] (ends with NULL). Masked
 * unless `open`; then purpose and reason are for the vault's audit. */
struct customer_export {
    bool open;
    struct vault_reveal why;
};
extern const char *const customer_export_columns[];
typedef enum rc customer_export_row(void *arg, const struct str *cells, size_t count);
enum rc customer_export(struct ctx *c, const struct customer_export *how, customer_export_row *row, void *arg) ZX_MUST_CHECK;

/* One person as a row of a list (masked), for pages of other modules; null when there is no record or the actor may not see her. */
enum rc customer_row_write(struct ctx *c, int64_t customer_id, struct jw *w) ZX_MUST_CHECK;

/* The same, shorter and for a whole page: loads by any ids (one vault call), then writes "customer": code, masked name and salutation; null
 * for whom there is no record or the actor may not see. */
struct customer_labels;
extern const struct field customer_label_out[];
enum rc customer_labels(struct ctx *c, const int64_t *ids, size_t count, struct customer_labels **ret) ZX_MUST_CHECK;
void customer_label_write(const struct customer_labels *labels, int64_t customer_id, struct jw *w);

extern const struct module customer_module;

#endif
