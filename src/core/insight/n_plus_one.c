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

static bool judge_link(const struct model *m, const struct query *q, const struct endpoint *e,
                       struct span span, struct n_plus_one *out)
{
    struct link links[LINKS];
    struct query_stats st;
    const struct rewrite_rule *r = rule();
    const struct link *own = NULL;
    size_t n = query_links(m, q, span, links, LINKS); /* the share is of the statement's time */
    for (size_t i = 0; i < n; i++)
        if (links[i].endpoint == e)
            own = &links[i];
    query_stats(q, span, &st);
    if (!r || !own || !st.known || !(st.calls > 0) || own->weight < N_PLUS_ONE_SAMPLED_S ||
        own->share < N_PLUS_ONE_SHARE)
        return false;
    struct endpoint_stats *es = mem_alloc(sizeof *es);
    endpoint_stats(e, span, es);
    double requests = (double)es->count, mean = es->timed ? (double)es->total_ns / (double)es->timed : NAN;
    free(es);
    if (!(requests >= r->floor_amount) || isnan(st.mean_ns))
        return false;
    double calls = (double)st.calls * own->share, each = calls / requests;
    *out = (struct n_plus_one){.rule = r,
                               .query = q,
                               .endpoint = e,
                               .calls_per_request = each,
                               .requests = requests,
                               .calls = calls,
                               .share = own->share,
                               .sampled_s = own->weight,
                               .ns_per_request = each * st.mean_ns};
    out->at_least = each * (1 - 1 / sqrt(own->weight));
    out->severity = out->at_least >= r->bad    ? SEVERITY_BAD
                    : out->at_least >= r->warn ? SEVERITY_WARN
                                               : SEVERITY_NONE;
    return out->severity != SEVERITY_NONE && out->at_least * st.mean_ns >= r->floor_ns &&
           !(out->ns_per_request > N_PLUS_ONE_LONGER * mean);
}

static int by_time(const void *a, const void *b)
{
    const struct n_plus_one *x = a, *y = b;
    return (x->ns_per_request < y->ns_per_request) - (x->ns_per_request > y->ns_per_request);
}

static size_t all(const struct model *m, const struct query *q, const struct endpoint *e, struct span span,
                  struct n_plus_one *out, size_t max)
{
    struct link links[LINKS];
    size_t n = q ? query_links(m, q, span, links, LINKS) : endpoint_links(m, e, span, links, LINKS),
           found = 0;
    for (size_t i = 0; i < n && found < max; i++) {
        const struct endpoint *at = q ? links[i].endpoint : e;
        const struct query *of = q ? q : links[i].query;
        if (at && of && judge_link(m, of, at, span, &out[found]))
            found++;
    }
    if (found)
        qsort(out, found, sizeof *out, by_time);
    return found;
}

size_t n_plus_one_of_query(const struct model *m, const struct query *q, struct span span,
                           struct n_plus_one *out, size_t max)
{
    return all(m, q, NULL, span, out, max);
}

size_t n_plus_one_of_endpoint(const struct model *m, const struct endpoint *e, struct span span,
                              struct n_plus_one *out, size_t max)
{
    return all(m, NULL, e, span, out, max);
}
