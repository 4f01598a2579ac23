/* hash.h - hashes for tables in memory, without a call. They differ between machines: what is written or sent
 * has str_hash of base.h, or hash_mix of numbers. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Of bytes, eight at a time, that come behind others whose hash is h. NULL: none. */
static inline uint64_t hash_words_from(uint64_t h, const char *bytes, size_t n)
{
    uint64_t word;
    h ^= n * UINT64_C(0x9e3779b97f4a7c15);
    for (; n >= sizeof word; n -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
    }
    word = 0;
    if (n)
        memcpy(&word, bytes, n);
    h = (h ^ word) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 29;
}

static inline uint64_t hash_words(const char *bytes, size_t n)
{
    return hash_words_from(0, bytes, n);
}

/* Of a number: the end of SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t hash_mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

#endif
