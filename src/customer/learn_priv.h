/* Between learn.c (what is new) and learn_write.c (putting it on disk). */
#ifndef ZX_CUSTOMER_LEARN_PRIV_H
#define ZX_CUSTOMER_LEARN_PRIV_H

#include "customer/customer_priv.h"

/* A contact or address that a record holds already. */
struct known {
    struct str hash;
    int64_t id, last_us;
    bool address;
    struct known *next;
};

/* A record while a batch learns about it. */
struct draft {
    struct profile p;
    const struct customer_traits *first; /* of this batch */
    bool made;                   /* identity has just made it: nothing to load */
    bool fresh;                  /* not in the table yet */
    bool changed;                /* something that a reader of the record sees */
    bool saves;                  /* its own row changed */
    bool facets;                 /* home store or class changed: lists filter by them */
    struct str wrapped;          /* data key, empty if it was destroyed or is being made */
    struct known *known;
    int64_t first_us;            /* of a fresh one: when she was first seen */
};

/* One thing a batch found out, in order. */
struct finding {
    struct draft *draft;
    const struct customer_traits *from;
    const char *field;           /* name in the history; NULL: none */
    enum vault_field kind;       /* of a sealed value; 0: plain */
    enum profile_key key;        /* of a profile value; PROFILE_COUNT: none */
    int64_t item_id;             /* row of the sealed value */
    int64_t at_us;
    struct str old_text, new_text;
    size_t seal;                 /* its seal, counted from 1; 0 none */
    struct str hash;
    const struct customer_contact *contact;
    const struct customer_address *address;
    bool came_again;             /* known already: only its time moves */
};

struct learning {
    struct ctx *c;
    struct draft *drafts;
    size_t draft_count;
    uint32_t *slots;             /* hash of customer ids → draft + 1 */
    size_t slot_mask;
    struct vault_index *asks;    /* in the order in which learn.c asks and then reads them */
    size_t ask_count, ask_cap, ask_at;
    struct vault_seal *seals;
    size_t seal_count, seal_cap;
    struct finding *findings;
    size_t finding_count, finding_cap;
};

struct draft *learning_draft(struct learning *l, int64_t customer_id);
/* Doubles *items in the arena when *count reached *cap. */
void *learning_grow(struct ctx *c, void *items, size_t count, size_t *cap, size_t size);

/* Loads the drafts, makes those that are missing. */
enum rc learning_open(struct learning *l, const struct customer_traits *traits, size_t count) ZX_MUST_CHECK;
/* Seals, and writes records, contacts, addresses, notes, tags and history. */
enum rc learning_write(struct learning *l) ZX_MUST_CHECK;

#endif
