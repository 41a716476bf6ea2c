/* Reveal budgets. */
#include "vault/budget.h"

#include <stdlib.h>

#define US_PER_HOUR (3600 * US_PER_S)

/* role, reveals an hour, a day */
static const struct allowance {
    const char *role;
    size_t hour, day;
} allowances[] = {
    {"administrator", 100, 400},
    {"manager", 100, 400},
    {"agent", 30, 150},
};

void vault_budget_free(struct vault_budget *b)
{
    free(b->spent);
    *b = (struct vault_budget){0};
}

static size_t spent_since(const struct vault_budget *b, int64_t staff_id, int64_t since_us)
{
    size_t count = 0;
    for (size_t i = 0; i < b->count; i++)
        count += b->spent[i].staff_id == staff_id && b->spent[i].at_us > since_us;
    return count;
}

enum rc vault_budget_check(const struct vault_budget *b, struct str role, int64_t staff_id, int64_t now_us)
{
    for (size_t i = 0; i < sizeof(allowances) / sizeof(*allowances); i++)
        if (str_eqz(role, allowances[i].role))
            return spent_since(b, staff_id, now_us - US_PER_HOUR) >= allowances[i].hour ||
                           spent_since(b, staff_id, now_us - US_PER_DAY) >= allowances[i].day
                       ? RC_LIMIT
                       : RC_OK;
    return RC_DENIED;
}

void vault_budget_spend(struct vault_budget *b, int64_t staff_id, int64_t at_us)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++)
        if (b->spent[i].at_us > at_us - US_PER_DAY)
            b->spent[kept++] = b->spent[i];
    b->count = kept;
    if (b->count == b->cap) {
        b->cap = b->cap * 2 + 64;
        b->spent = mem_realloc(b->spent, b->cap * sizeof(*b->spent));
    }
    b->spent[b->count++] = (struct spent){staff_id, at_us};
}
