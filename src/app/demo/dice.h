/* The demo's own randomness: xoshiro256++ seeded by splitmix64 (Blackman and Vigna, public domain), and a mixer that turns
 * (seed, number, purpose) into a fact that needs no memory. Never for secrets. */
#ifndef ZX_APP_DEMO_DICE_H
#define ZX_APP_DEMO_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t s[4];
};
struct dice dice_new(uint64_t seed);
uint64_t dice_next(struct dice *d);

/* One well-mixed word of two others. */
static inline uint64_t dice_mix(uint64_t a, uint64_t b)
{
    uint64_t z = a + b * UINT64_C(0x9E3779B97F4A7C15) + UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Scales a word to 0 … n-1; n > 0. */
static inline uint32_t dice_scale(uint64_t word, uint32_t n)
{
    return (uint32_t)(((word >> 32) * n) >> 32);
}

static inline uint32_t dice_below(struct dice *d, uint32_t n)
{
    return dice_scale(dice_next(d), n);
}

/* low … high, both included. */
static inline int32_t dice_between(struct dice *d, int32_t low, int32_t high)
{
    return low + (int32_t)dice_below(d, (uint32_t)(high - low) + 1);
}

static inline bool dice_chance(struct dice *d, uint32_t permille)
{
    return dice_below(d, 1000) < permille;
}

/* Index into `count` weights that add up to `total`. */
uint32_t dice_weighted(uint64_t word, const uint16_t *weights, uint32_t count, uint32_t total);

#endif
