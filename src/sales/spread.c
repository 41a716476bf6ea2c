/* An order's discount over its lines, exact to the last fen (Hamilton's method of largest remainders). */
#include "sales/sales_priv.h"

#include <stdlib.h>

struct part {
    size_t index;
    int64_t remainder;
};

static int by_remainder(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    if (x->remainder != y->remainder)
        return x->remainder < y->remainder ? 1 : -1;
    return x->index < y->index ? -1 : 1;
}

void sales_spread(int64_t amount, const int64_t *weights, size_t count, int64_t *ret_shares)
{
    int64_t size = amount < 0 ? -amount : amount, sign = amount < 0 ? -1 : 1, left = size;
    __int128 all = 0;
    for (size_t i = 0; i < count; i++)
        all += weights[i] > 0 ? weights[i] : 0;
    _cleanup_free_ struct part *parts = mem_zalloc(count, sizeof(*parts));
    for (size_t i = 0; i < count; i++) {
        __int128 product = (__int128)size * (weights[i] > 0 ? weights[i] : 0);
        ret_shares[i] = all ? (int64_t)(product / all) : 0;
        parts[i] = (struct part){i, all ? (int64_t)(product % all) : 0};
        left -= ret_shares[i];
    }
    qsort(parts, count, sizeof(*parts), by_remainder);
    for (size_t i = 0; all && left > 0; i++, left--) /* fewer are left than there are remainders */
        ret_shares[parts[i].index]++;
    if (count)
        ret_shares[0] += left; /* no weights */
    for (size_t i = 0; i < count; i++)
        ret_shares[i] *= sign;
}
