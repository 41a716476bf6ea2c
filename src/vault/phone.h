/* Telephone numbers: from what people type to E.164 (ITU-T), with the mainland rule that a mobile number is 1[3-9] and nine
 * digits. No table of ranges decides. */
#ifndef ZX_VAULT_PHONE_H
#define ZX_VAULT_PHONE_H

#include "vault/vault.h"

enum vault_phone_kind { VAULT_PHONE_MOBILE, VAULT_PHONE_LANDLINE, VAULT_PHONE_OVERSEAS };

struct vault_phone {
    enum vault_verdict verdict;
    enum vault_phone_kind kind;
    char e164[20];       /* "+8613812345678", NUL-terminated; set for VAULT_OK, VAULT_BLOCKED and, of the number itself, VAULT_VIRTUAL */
    size_t len;
    size_t country_len;  /* digits of the calling code */
    size_t area_len;     /* digits of a mainland area code, without the 0 */
};

void vault_phone_parse(struct str value, struct vault_phone *ret);
/* The same for bare digits without blanks; `plus`: an international prefix stood before them. */
void vault_phone_parse_digits(struct str digits, bool plus, struct vault_phone *ret);

#endif
