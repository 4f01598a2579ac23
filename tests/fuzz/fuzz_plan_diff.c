/* Two plans from the halves of any bytes, at the first NUL: matched, told in words; every
 * node stands once in the tree of both, and the mirror agrees. */
#include <stdlib.h>

#include "core/plans/compare.h"
#include "format/plans/explain_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct plan_diff *d)
{
    size_t before = 0, after = 0;
    int depth = -1;
    for (size_t i = 0; i < d->n_nodes; i++) {
        before += d->nodes[i].before != NULL;
        after += d->nodes[i].after != NULL;
        if (d->nodes[i].depth < 0 || d->nodes[i].depth > depth + 1)
            abort();
        depth = d->nodes[i].depth;
    }
    if (before != d->before->n_nodes || after != d->after->n_nodes || !d->verdict || !*d->verdict)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
    size_t n = cut ? (size_t)(cut - data) : size / 2;
    struct explain a = {0}, b = {0};
    struct sd_error err;
    if (explain_read((const char *)data, n, &a, &err) &&
        explain_read((const char *)data + n + !!cut, size - n - !!cut, &b, &err)) {
        struct plan_diff d, m;
        plan_diff(a.plans[0], b.plans[0], &d);
        plan_diff(b.plans[0], a.plans[0], &m);
        check(&d);
        check(&m);
        if (d.count[PLAN_DIFF_ADDED] != m.count[PLAN_DIFF_REMOVED] ||
            d.count[PLAN_DIFF_SAME] != m.count[PLAN_DIFF_SAME])
            abort();
        plan_diff_free(&d);
        plan_diff_free(&m);
    }
    explain_free(&a);
    explain_free(&b);
    return 0;
}
