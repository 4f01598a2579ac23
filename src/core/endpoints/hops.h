/* hops.h - what a request may take at each place it passes: the budget of the user's policy file, `hops:`. */
#ifndef CORE_ENDPOINTS_HOPS_H
#define CORE_ENDPOINTS_HOPS_H

#include "base/base.h"

struct hop {
    const char *name;
    const char
        *signal; /* "db.latency"; NULL: the hop is the service, or the part of the time, of that name */
    int64_t max_ns;
    int line; /* in the file */
};
struct hop_plan {
    const char *name;
    const char *route, *method, *host; /* what it is for; * stands for any text; NULL: any */
    int64_t max_ns;
    const struct hop *hops;
    size_t n;
    int line;
};
struct hop_plans {
    struct arena *arena;
    const struct hop_plan *items;
    size_t n;
};

/* The first that is for the endpoint; NULL: none is, or p is. */
const struct hop_plan *hop_plan_for(const struct hop_plans *p, const char *method, const char *route);
int64_t hop_plan_sum(const struct hop_plan *p); /* of its hops */
/* `*` stands for any text. */
bool hop_match(const char *pattern, const char *text);

#endif
