/* xoshiro256++ and weighted choice. */
#include "app/demo/dice.h"

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

struct dice dice_new(uint64_t seed)
{
    struct dice d;
    for (uint64_t i = 0; i < 4; i++)
        d.s[i] = dice_mix(seed, i);
    return d;
}

uint64_t dice_next(struct dice *d)
{
    uint64_t *s = d->s;
    uint64_t result = rotate(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint32_t dice_weighted(uint64_t word, const uint16_t *weights, uint32_t count, uint32_t total)
{
    uint32_t at = dice_scale(word, total);
    for (uint32_t i = 0; i + 1 < count; i++) {
        if (at < weights[i])
            return i;
        at -= weights[i];
    }
    return count - 1;
}
