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
enum rc customer_members_ahead(struct ctx *c, int64_t customer_id) ZX_MUST_CHECK; /* will be asked soon, see db_ahead() */
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
    struct profile_value v[PROFILE_COUNT];
};
/* Those of the ids that have a record, in the order of their ids. */
enum rc profile_load(struct ctx *c, const int64_t *ids, size_t count, struct profile **ret, size_t *ret_count) ZX_MUST_CHECK;
enum rc profile_save(struct ctx *c, const struct profile *p) ZX_MUST_CHECK;
/* Beside the first save of a record: its number is nobody else's. */
enum rc profile_take_number(struct ctx *c, const struct profile *p) ZX_MUST_CHECK;
/* The profile among a person's records that says `key` last; NULL if none does. */
const struct profile *profile_newest(const struct profile *list, size_t count, enum profile_key key);

/* The merge hook (stat.c). */
enum rc customer_merged(struct ctx *c, const struct customer_merge *m) ZX_MUST_CHECK;
/* The erasure and access hooks (rights.c). */
enum rc customer_erased(struct ctx *c, int64_t customer_id) ZX_MUST_CHECK;
enum rc customer_told(struct ctx *c, int64_t customer_id, struct jw *out) ZX_MUST_CHECK;

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

/* "province\x1fcity\x1fdistrict\x1fstreet\x1fzip\x1frecipient", as the vault masks it. */
struct str customer_address_text(struct arena *a, const struct customer_address *address);
/* "1990-05-12", or "05-12" as "0000-05-12"; empty when it is no date. */
struct str customer_birthday_text(struct arena *a, struct str birthday);
/* The way back, as people write it: "上海市 静安区 南京西路1266号", "05-12". Other fields as they are. */
struct str customer_plain(struct arena *a, enum vault_field field, struct str value);

/* ---- people as pages show them (view.c) ---- */

struct view_contact {
    enum vault_field kind;
    int64_t id, sealed_for, last_us;
    struct str scope, sealed, masked;
    uint8_t hash[CUSTOMER_HASH];
};
struct view_store {
    int64_t id;
    struct str code, name;
};
/* A person: the root, all her records and what a row of a list says of her. */
struct view {
    int64_t root;
    const int64_t *members;      /* the root first */
    size_t member_count;
    struct profile *records;     /* those of the members that have one */
    size_t record_count;
    struct customer_stat totals;
    int64_t first_seen_us, rev, number;
    struct view_contact *contacts;
    size_t contact_count, contact_cap;
    struct str *tags;
    size_t tag_count, tag_cap;
    struct str name, phone, card; /* masked */
    const struct view_store *home;
};
/* Loads people by any of their ids, in the given order; ids without a record are left out. One vault call. */
enum rc views_load(struct ctx *c, const int64_t *ids, size_t count, struct view **ret, size_t *ret_count) ZX_MUST_CHECK;
/* The same with nothing opened, no vault call. */
enum rc views_sealed(struct ctx *c, const int64_t *ids, size_t count, struct view **ret, size_t *ret_count) ZX_MUST_CHECK;
/* The same with records and contacts only. */
enum rc views_gather(struct ctx *c, const int64_t *ids, size_t count, struct view **ret, size_t *ret_count) ZX_MUST_CHECK;
/* Her contact of a kind that came last; NULL if she has none. */
const struct view_contact *view_contact(const struct view *v, enum vault_field kind);
/* One, for her own page: RC_NOT_FOUND without a record, RC_DENIED when the actor may not see her. */
enum rc view_open(struct ctx *c, int64_t customer_id, struct view *ret) ZX_MUST_CHECK;
/* The same from the {id} of a path. */
enum rc view_of_path(struct ctx *c, const struct request *r, struct view *ret) ZX_MUST_CHECK;
bool view_visible(const struct ctx *c, const struct view *v);
int64_t view_number(const struct view *v, enum profile_key key); /* 0: not said */
struct str view_text(const struct view *v, enum profile_key key);
/* What a list shows of a person, into an open object. */
void view_write_label(struct ctx *c, const struct view *v, struct jw *w); /* code, name, salutation */
void view_write_row(struct ctx *c, const struct view *v, struct jw *w);
/* What the till may know of a customer of another store who gave her number: nothing to browse by. */
void view_write_till(struct ctx *c, const struct view *v, struct jw *w);
void view_write_sizes(const struct view *v, struct jw *w);
const char *customer_class_word(int64_t class);
bool customer_class_of(struct str word, enum customer_class *ret);

/* Names by id, for "by" and "source" on pages: "customer_staff_names" or "customer_source_names". */
struct id_name {
    int64_t id;
    struct str name;
};
enum rc names_load(struct ctx *c, const char *sql, const int64_t *ids, size_t count, struct id_name **ret, size_t *ret_count) ZX_MUST_CHECK;
struct str names_find(const struct id_name *names, size_t count, int64_t id);

/* ---- lists (list.c, find.c) ---- */

struct list_query {
    struct str q, sort, tag;
    enum customer_class class;   /* 0: all */
    bool every_store;
    const int64_t *stores;       /* home stores, when not every_store */
    size_t store_count;
    int64_t limit;
    bool first;
    int64_t after[2];            /* the last row's value and id; when by name or score: an offset */
};
struct list_page {
    int64_t *ids;
    size_t count;
    bool more;
    int64_t last[2];
    int64_t total;
    bool exact;
};
/* Ids of a page sorted by a column of customer_stat: "last_seen", "spent", "orders", "created", "-" before it for down. */
enum rc list_by_stat(struct ctx *c, const struct list_query *q, struct list_page *ret) ZX_MUST_CHECK;

route_fn customer_list, customer_search, customer_lookup, customer_duplicates;

/* Searches that found nobody (misses.c): RC_LIMIT when there were too many lately. */
struct customer_misses *customer_misses_new(void);
void customer_misses_free(struct customer_misses *m);
enum rc customer_misses_check(struct ctx *c) ZX_MUST_CHECK;
void customer_misses_add(struct ctx *c);

/* ---- one person's page (record.c, timeline.c, changes.c) ---- */

/* Who she is for handlers that need no row of her: root, records, and whether the actor may see her. */
struct who {
    int64_t root, rev;
    int64_t *members;
    size_t member_count;
};
/* From the {id} of a path. RC_NOT_FOUND, RC_DENIED. No vault call. */
enum rc who_open(struct ctx *c, const struct request *r, struct who *ret) ZX_MUST_CHECK;

/* One row of history of an open value, by whoever acts now; empty is none. */
enum rc customer_change_note(struct ctx *c, int64_t root, int64_t rev, const char *field, struct str before, struct str after) ZX_MUST_CHECK;

enum rc record_write(struct ctx *c, int64_t asked_id, struct view *v, struct jw *w) ZX_MUST_CHECK;
enum rc customer_timeline(struct ctx *c, const struct timeline_query *q, struct timeline *out) ZX_MUST_CHECK; /* our own hook */

route_fn customer_show, customer_story, customer_history;

/* ---- writing (form.c, marks.c, reveal.c) ---- */

/* All tags of a person; what is not in the list goes. */
enum rc customer_tags_set(struct ctx *c, const struct who *who, const struct str *tags, size_t count) ZX_MUST_CHECK;

/* ---- contacts that were taken off (contact.c) ---- */

/* "phone", "email", …: what the history calls a contact (learn.c). */
const char *customer_contact_word(enum vault_field kind);
/* What removed identifiers said, masked, into masked[] by their places in the list. */
enum rc contacts_removed(struct ctx *c, const struct view *v, const struct customer_identifier *list, size_t count, struct str *masked) ZX_MUST_CHECK;

/* ---- relations (relations.c) ---- */

extern const char *const customer_relation_words[];
/* The list, as an array. */
enum rc relations_write(struct ctx *c, const struct view *v, struct jw *w) ZX_MUST_CHECK;
route_fn customer_relation_list, customer_relation_add, customer_relation_remove;

/* ---- the refund account (refund.c) ---- */

struct refund_view {
    struct str text;             /* masked, once the batch was */
    int64_t at_us, until_us;     /* 0: there is none */
};
enum rc refund_load(struct ctx *c, const struct view *v, struct refund_view *ret, struct sealed_batch *b) ZX_MUST_CHECK;
void refund_write(const struct refund_view *r, struct jw *w);
/* Takes away what is over, in transactions of its own. */
enum rc refund_purge(struct ctx *c) ZX_MUST_CHECK;
route_fn customer_refund_put, customer_refund_delete;

route_fn customer_create, customer_update, customer_note, customer_tags, customer_consent, customer_reveal;
extern const char *const customer_consent_words[]; /* by status */

/* ---- the vault's memory index (feed.c) ---- */

struct customer_feed *customer_feed_start(struct app *app);
void customer_feed_stop(struct customer_feed *f);
void customer_feed_wake(struct customer_feed *f); /* NULL is fine */

#endif
