/* cache_facts.h - what is known of each cache in the span, and what of it needs a look. */
#ifndef VIEW_CACHES_CACHE_FACTS_H
#define VIEW_CACHES_CACHE_FACTS_H

#include "core/model/caches.h"
#include "view/shared/common.h"

/* Texts are the model's, until the next batch. */
struct cache_facts {
    struct cache_entry e;
    double seconds; /* in which its counters grew; NAN: they are since the start of counting */
    double hit_ratio, lookups_per_s, misses_per_s;
    const struct record_entry *prefixes, *keys, *commands, *slow; /* its own, beside each other */
    size_t n_prefixes, n_keys, n_commands, n_slow;
    const struct sd_cache_curve *curve; /* of keys or bytes; NULL */
};
struct caches_found {
    struct cache_facts *items; /* by layer */
    size_t n;
    struct record_entry *records; /* all that the items point to */
};
struct caches_found caches_find(const struct view_ctx *c);
void caches_found_free(struct caches_found *f);

/* Growth of a counter per second in the span; NAN unknown. */
double cache_rate(const struct cache_facts *f, int64_t grown);
/* Miss ratio at a size of the curve, between its points; NAN: outside of them. */
double cache_curve_at(const struct sd_cache_curve *x, double size);
/* "60 % cold, 30 % evicted"; NULL: no reason is known. */
const char *cache_miss_reasons(struct doc *d, const struct sd_cache *r);

struct cache_finding {
    const char *kind; /* "evicted_before_expiry" */
    enum severity severity;
    double rank; /* requests that wait because of it, on average; 0 unknown */
    const char *text;
};
enum { CACHE_FINDINGS_MAX = 32 };
/* The gravest first; count. Texts are static or the doc's. */
size_t cache_findings(struct doc *d, const struct view_ctx *c, const struct cache_facts *f,
                      struct cache_finding out[CACHE_FINDINGS_MAX]);

#endif
