/* What the files of the names' index share: names.c keeps the rows, names_sort.c their orders, names_search.c asks. */
#ifndef ZX_VAULT_NAMES_PRIV_H
#define ZX_VAULT_NAMES_PRIV_H

#include "vault/names.h"
#include "vault/text.h"

enum { NAMES_NO_FOUR = 0xFFFF, NAMES_KEY_MAX = 520, NAMES_PART_MAX = 255 };

/* 16 bytes, a million times. */
struct names_row {
    int64_t customer_id;  /* 0: dead; the only member that changes while the sorting thread reads */
    uint32_t text;        /* where its text stands; grows with the row number */
    uint16_t store;       /* number in `stores` */
    uint16_t four;        /* last four digits of the phone, or NAMES_NO_FOUR */
};

enum names_order {
    NAMES_BY_NAME,      /* the search form's bytes */
    NAMES_BY_PINYIN,    /* reading without blanks: what people type */
    NAMES_BY_READING,   /* syllable by syllable, then by name: how people are listed */
    NAMES_BY_INITIALS,
    NAMES_BY_FOUR,
    NAMES_ORDER_COUNT
};

struct names_sorted {
    uint32_t *rows;
    size_t count;
};

struct vault_names {
    struct names_row *rows;
    char *text;           /* per row: u8 bytes of name, u8 bytes of reading, name, reading */
    size_t row_count, text_len, dead;
    uint32_t *unwiped;    /* dead rows whose texts still stand, for the orders pass them, in the order of their dying */
    size_t unwiped_count, unwiped_cap;
    size_t sorted;        /* rows before this one stand in the orders */
    bool loaded;          /* the feed at start is over */
    struct names_sorted order[NAMES_ORDER_COUNT];
    uint32_t *slots;      /* hash of customer id → row number + 1 */
    size_t slot_count, slots_used; /* slot_count is a power of two */
    int64_t *stores;
    size_t store_count;
    struct names_sorter *sorter;
};

static inline int64_t names_customer(const struct vault_names *n, size_t row)
{
    return __atomic_load_n(&n->rows[row].customer_id, __ATOMIC_RELAXED);
}
struct str names_name(const struct vault_names *n, uint32_t row);
struct str names_reading(const struct vault_names *n, uint32_t row);
size_t names_initials(struct str reading, char *out, size_t cap);
struct str names_squeeze(struct str reading, char *out);
/* Closes the gaps of dead rows, in the orders too. Only while nothing is being sorted. */
void names_compact(struct vault_names *n);
/* Wipes the texts of the first `count` dead rows: no order holds them any more. */
void names_wipe_dead(struct vault_names *n, size_t count);

struct names_sorter *names_sorter_new(struct vault_names *n);
void names_sorter_free(struct names_sorter *s);
/* The positions of an order whose keys start with `prefix`: [*from, *to). */
void names_range(const struct vault_names *n, enum names_order order, struct str prefix, size_t *from, size_t *to);
/* Where the keys end that are the prefix and nothing more, within such a range. */
size_t names_whole_end(const struct vault_names *n, enum names_order order, struct str prefix, size_t from, size_t to);

#endif
