/* audit.log: who saw which plaintext, when and why. One line a record: JSON, tab, hash, tab, MAC, line feed.
 *   hash n = BLAKE2b-256(hash n-1 | JSON)    MAC n = BLAKE2b-256(hash n) under a key that evolves and is wiped
 * A record is on disk before the plaintext leaves the vault. While it can't be written, nothing is opened; the vault goes on
 * with all that opens nothing. */
#ifndef ZX_VAULT_AUDIT_H
#define ZX_VAULT_AUDIT_H

#include "vault/budget.h"
#include "vault/keyring.h"

struct vault_audit;

/* Opens the file for appending, cuts off a torn last line, starts a new epoch of the MAC key and feeds the reveals of the last
 * day to the budget. On a full disk the epoch's first record is owed: it is written before any other. */
enum rc vault_audit_open(const char *data_dir, const struct vault_keyring *k, struct vault_budget *budget, struct vault_audit **ret) ZX_MUST_CHECK;
void vault_audit_close(struct vault_audit *a);
MEM_DEFINE_CLEANUP(struct vault_audit, vault_audit_close)
int vault_audit_fd(const struct vault_audit *a);
int64_t vault_audit_count(const struct vault_audit *a);

struct vault_audit_entry {
    const char *kind;             /* "reveal", "machine", "start" */
    const struct vault_reveal *why; /* NULL for "start" */
    struct str values;            /* JSON array of what was opened */
};
/* Appends and fsyncs. RC_DISK_FULL, RC_DISK_FAILING: not written, nothing may leave; a later one may. RC_STORE: an fsync failed,
 * so that nobody knows what the file holds: only another start helps. */
enum rc vault_audit_add(struct vault_audit *a, const struct vault_audit_entry *e) ZX_MUST_CHECK;

/* A record that was noted elsewhere: what stood in the file then must stand in it still, which finds a file cut off at a whole line. */
struct vault_audit_anchor {
    int64_t number;               /* 0: none */
    uint8_t hash[32];
};
struct vault_audit_report {
    int64_t count;                /* records that are as they were written */
    int64_t bad_line;             /* the first that is not; 0: all are */
    bool anchored;                /* the anchor's record is there, or none was asked for */
    uint8_t head[32];             /* hash of the last good record: the anchor of tomorrow */
};
/* Checks chain and MACs of a whole file. RC_NOT_FOUND: there is none. */
enum rc vault_audit_verify(const char *path, const struct vault_keyring *k, const struct vault_audit_anchor *anchor, struct vault_audit_report *ret) ZX_MUST_CHECK;

#endif
