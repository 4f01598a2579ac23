/* backoff.c - how long to wait before the n-th next try. */
#include "rt/rt.h"

int64_t rt_backoff(int64_t min_ns, int64_t max_ns, unsigned n, double random)
{
    int64_t wait = MIN(MAX(min_ns, 1), max_ns);
    while (n-- > 1 && wait < max_ns)
        wait = wait > max_ns / 2 ? max_ns : wait * 2;
    return (int64_t)((double)wait * (0.9 + 0.2 * random));
}
