#include "core/bundles/apportion.h"

#include <stdlib.h>

/* A sum of 2^63 weights of 63 bits, and a product of two, fit. */
__extension__ typedef unsigned __int128 wide;

struct remainder {
    wide left; /* of the division by the sum of the weights */
    size_t index;
};

static int by_most_left(const void *a, const void *b)
{
    const struct remainder *x = a, *y = b;
    if (x->left != y->left)
        return x->left > y->left ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static wide weight(const int64_t *weights, size_t i, bool all_zero)
{
    return all_zero ? 1 : (wide)MAX(weights[i], 0);
}

void apportion(int64_t total, const int64_t *weights, size_t n, int64_t *out)
{
    if (!n)
        return;
    wide sum = 0, whole = (wide)MAX(total, 0);
    for (size_t i = 0; i < n; i++)
        sum += weight(weights, i, false);
    bool all_zero = !sum;
    if (all_zero)
        sum = n;
    struct remainder *rest = mem_array(n, sizeof *rest);
    int64_t left = (int64_t)whole;
    for (size_t i = 0; i < n; i++) {
        wide product = whole * weight(weights, i, all_zero);
        rest[i] = (struct remainder){.left = product % sum, .index = i};
        out[i] = (int64_t)(product / sum);
        left -= out[i];
    }
    /* Less than n: each lost less than one. */
    if (left)
        qsort(rest, n, sizeof *rest, by_most_left);
    for (int64_t i = 0; i < left; i++)
        out[rest[i].index]++;
    free(rest);
}
