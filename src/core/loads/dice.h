/* dice.h - random numbers that are looked up instead of drawn: the i-th of a stream depends on the seed, the
 * stream and i alone, so that the same seed gives the same moments and the same choices whatever happens in
 * between. SplitMix64 (Steele, Lea, Flood 2014), keyed by stream. */
#ifndef CORE_LOADS_DICE_H
#define CORE_LOADS_DICE_H

#include "base/hash.h"

#include <math.h>

/* What the numbers are for. */
enum dice_stream { DICE_ARRIVAL, DICE_REQUEST, DICE_SEQUENCE, DICE_THINK, DICE_THINK_2 };

static inline uint64_t dice_mix(uint64_t z)
{
    return hash_mix(z + 0x9e3779b97f4a7c15u);
}

/* Evenly in (0, 1); `who` is a user, 0 in the open model. */
static inline double dice(uint64_t seed, enum dice_stream stream, uint64_t who, uint64_t i)
{
    uint64_t key = dice_mix(seed ^ dice_mix(((uint64_t)stream << 56) ^ who));
    return ((double)(dice_mix(key + i * 0xd1342543de82ef95u) >> 11) + 0.5) * 0x1p-53;
}

/* Exponential with mean 1. */
static inline double dice_exponential(uint64_t seed, uint64_t i)
{
    return -log(dice(seed, DICE_ARRIVAL, 0, i));
}

/* Standard normal (Box and Muller). */
static inline double dice_normal(uint64_t seed, uint64_t who, uint64_t i)
{
    double r = sqrt(-2 * log(dice(seed, DICE_THINK, who, i)));
    return r * cos(2 * M_PI * dice(seed, DICE_THINK_2, who, i));
}

#endif
