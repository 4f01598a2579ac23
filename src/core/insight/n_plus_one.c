#include "core/insight/n_plus_one.h"

#include <math.h>
#include <stdlib.h>

enum { LINKS = 64 };

static const struct rewrite_rule *rule(void)
{
    for (size_t i = 0; i < rewrite_n_rules; i++)
        if (!strcmp(rewrite_rules[i].name, "n_plus_one"))
            return &rewrite_rules[i];
    return NULL;
}

/* Could it be, if all its calls were the route's? The rest costs more. */
static bool could_be(const struct rewrite_rule *r, const struct model *m, const struct query *q,
                     const struct endpoint *e, struct span span)
{
    struct query_stats st;
    struct span counted = model_counted(m, span);
    if (!r || counted.from == SD_UNKNOWN)
        return false;
    double requests = endpoint_requests(e, counted);
    query_stats(q, counted, &st);
    return st.known && requests >= r->floor_amount && (double)st.calls >= r->warn * requests;
}

static bool judge_link(const struct model *m, const struct query *q, const struct endpoint *e,
                       struct span span, struct n_plus_one *out)
{
    struct attribution a;
    const struct rewrite_rule *r = rule();
    bool spans = r && attribution_of(m, q, e, span, &a) && str_eq(a.evidence, "database spans");
    if (spans ? a.requests < r->floor_amount : !could_be(r, m, q, e, span))
        return false;
    if (!spans && (!attribution_of(m, q, e, span, &a) || isnan(a.mean_ns)))
        return false;
    struct endpoint_stats *es = mem_alloc(sizeof *es);
    endpoint_stats(e, span, es);
    double mean = es->timed ? (double)es->total_ns / (double)es->timed : NAN;
    free(es);
    *out = (struct n_plus_one){.rule = r, .of = a, .ns_per_request = a.calls_per_request * a.mean_ns};
    out->severity = a.at_least >= r->bad    ? SEVERITY_BAD
                    : a.at_least >= r->warn ? SEVERITY_WARN
                                            : SEVERITY_NONE;
    return out->severity != SEVERITY_NONE && !(out->ns_per_request > N_PLUS_ONE_LONGER * mean);
}

/* Most calls first: each is a round trip, however short it is on the server. */
static int by_calls(const void *a, const void *b)
{
    const struct n_plus_one *x = a, *y = b;
    double p = x->of.calls_per_request, q = y->of.calls_per_request;
    return (p < q) - (p > q);
}

static size_t sorted(struct n_plus_one *out, size_t found)
{
    if (found)
        qsort(out, found, sizeof *out, by_calls);
    return found;
}

/* Routes that were seen to run it, and the one whose tags are in its text. */
size_t n_plus_one_of_query(const struct model *m, const struct query *q, struct span span,
                           struct n_plus_one *out, size_t max)
{
    struct link links[LINKS];
    size_t n = query_links(m, q, span, links, LINKS), found = 0;
    bool first_seen = false;
    for (size_t i = 0; i < n && found < max; i++) {
        const struct endpoint *e = links[i].endpoint;
        first_seen |= e && query_first_called_by(q, e);
        found += e && judge_link(m, q, e, span, &out[found]);
    }
    for (size_t i = 0; i < model_endpoints(m) && !first_seen && found < max; i++)
        if (query_first_called_by(q, model_endpoint(m, i)))
            found += judge_link(m, q, model_endpoint(m, i), span, &out[found]);
    return sorted(out, found);
}

size_t n_plus_one_of_endpoint(const struct model *m, const struct endpoint *e, struct span span,
                              struct n_plus_one *out, size_t max)
{
    struct attribution of[LINKS];
    size_t n = attribution_of_endpoint(m, e, span, of, LINKS), found = 0;
    for (size_t i = 0; i < n && found < max; i++)
        found += judge_link(m, of[i].query, e, span, &out[found]);
    return sorted(out, found);
}
