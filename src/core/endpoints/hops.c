/* hops.c - which budget of hops is for an endpoint. */
#include "core/endpoints/hops.h"

#include "base/num.h"

/* Each star takes as little as it can; when that does not fit, the last one takes a byte more. */
bool hop_match(const char *pattern, const char *text)
{
    const char *star = NULL, *from = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

const struct hop_plan *hop_plan_for(const struct hop_plans *p, const char *method, const char *route)
{
    for (size_t i = 0; p && i < p->n; i++) {
        const struct hop_plan *x = &p->items[i];
        if ((!x->route || hop_match(x->route, route)) &&
            (!x->method || (method && hop_match(x->method, method))))
            return x;
    }
    return NULL;
}

int64_t hop_plan_sum(const struct hop_plan *p)
{
    int64_t sum = 0;
    for (size_t i = 0; i < p->n; i++)
        sum = add_sat(sum, p->hops[i].max_ns);
    return sum;
}
