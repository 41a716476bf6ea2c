/* One form for each kind of identifier, so that equal things have equal hashes, and the verdict whether it is one at all.
 * The version stands in the hash: a changed rule is a new version. Golden vectors: tests/unit/test_vault_normalise.c. */
#ifndef ZX_VAULT_NORMALISE_H
#define ZX_VAULT_NORMALISE_H

#include "vault/text.h"
#include "vault/vault.h"

enum { VAULT_NORMALISER_VERSION = 1 };

struct vault_normal {
    enum vault_verdict verdict;
    struct vault_text text;   /* when verdict is VAULT_OK */
};
void vault_normalise(enum vault_field field, struct str value, struct vault_normal *ret);

/* Mainland ID number: 18 digits whose check digit (GB 11643, ISO 7064 MOD 11-2) and birth date hold, or 15 of the old kind. */
bool vault_idnum_valid(struct str digits);
char vault_idnum_check_digit(const char seventeen[static 17]);
/* Luhn's check (ISO/IEC 7812-1) over digits. */
bool vault_luhn_valid(struct str digits);

#endif
