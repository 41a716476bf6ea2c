/* How many reveals a person has left: by role, per hour and per day. Kept in the vault's memory, fed from audit.log at start. */
#ifndef ZX_VAULT_BUDGET_H
#define ZX_VAULT_BUDGET_H

#include "vault/vault.h"

struct vault_budget {
    struct spent {
        int64_t staff_id, at_us;
    } *spent;
    size_t count, cap;
};

void vault_budget_free(struct vault_budget *b);
/* RC_DENIED: the role reveals nothing. RC_LIMIT: used up. RC_OK does not spend. */
enum rc vault_budget_check(const struct vault_budget *b, struct str role, int64_t staff_id, int64_t now_us) ZX_MUST_CHECK;
/* Notes a reveal and forgets those older than a day. */
void vault_budget_spend(struct vault_budget *b, int64_t staff_id, int64_t at_us);

#endif
