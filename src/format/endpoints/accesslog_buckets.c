#include "format/endpoints/accesslog_buckets.h"

size_t bucket_counts_take(struct bucket_counts *c, struct sd_bucket *out)
{
    size_t k = 0;
    for (; c->words; c->words &= c->words - 1) {
        uint32_t word = (uint32_t)__builtin_ctzll(c->words);
        for (uint64_t bits = c->any[word]; bits; bits &= bits - 1) {
            uint32_t index = word * 64 + (uint32_t)__builtin_ctzll(bits);
            out[k++] = (struct sd_bucket){.index = index, .count = c->of[index]};
            c->of[index] = 0;
        }
        c->any[word] = 0;
    }
    return k;
}

size_t accesslog_buckets(struct bucket_counts *c, const uint32_t *v, size_t n, struct sd_bucket *out)
{
    for (size_t i = 0; i < n; i++)
        bucket_count(c, v[i]);
    return bucket_counts_take(c, out);
}
