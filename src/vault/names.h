/* The index in the vault's memory: finds customers by name, pinyin, initials and last four digits, and lists them by name.
 * Never on disk. Used by one thread; a thread of its own sorts behind it. About 66 bytes a customer.
 *
 * Rows and their texts are appended to reserved address space and never move; five arrays of row numbers hold them sorted. New rows
 * stand unsorted behind the sorted ones, are looked through one by one by searches, and are merged in the background. */
#ifndef ZX_VAULT_NAMES_H
#define ZX_VAULT_NAMES_H

#include "vault/vault.h"

struct vault_names;

struct vault_names *vault_names_new(void);
void vault_names_free(struct vault_names *n);
MEM_DEFINE_CLEANUP(struct vault_names, vault_names_free)

struct vault_names_entry {
    int64_t customer_id;
    int64_t store_id;
    struct str name;     /* plaintext; may be empty */
    struct str phone;    /* plaintext; may be empty */
};
/* Replaces what is known of the customer. False when the index is full. */
bool vault_names_put(struct vault_names *n, const struct vault_names_entry *e);
/* Found no more from now on; wiped from memory within seconds, by vault_names_tick() or vault_names_settle(). */
void vault_names_forget(struct vault_names *n, int64_t customer_id);
/* Takes over what the sorting thread has finished and gives it new work; `idle`: even a little. Returns whether there is any left. */
bool vault_names_tick(struct vault_names *n, bool idle);
/* The feed at start is over: from now on few new rows are let wait. */
void vault_names_loaded(struct vault_names *n);
/* Sorts everything now; wipes what was forgotten. */
void vault_names_settle(struct vault_names *n);
size_t vault_names_count(const struct vault_names *n);
size_t vault_names_bytes(const struct vault_names *n);

/* The best hits, at most s->limit, into `hits`; returns how many. */
size_t vault_names_search(const struct vault_names *n, const struct vault_search *s, struct vault_hit *hits);
/* Matching customers (all, when the query is empty) in the order of their names, from `offset`. Customers without a name come last.
 * Beyond 100,000 customers the newest may be missing for a second. */
size_t vault_names_page(struct vault_names *n, const struct vault_search *s, size_t offset, struct vault_hit *hits, size_t *ret_total);

#endif
