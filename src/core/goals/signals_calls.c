/* signals_calls.c - statements whose durations are known each by itself, or as a histogram: what db.latency
 * is a quantile of, and what tells which requests ran them.
 *
 * Histograms of a database's or a client's metrics (signals_db_buckets.c) are of every statement, spans
 * (signals_spans.c) of those traces that were kept. */
#include "core/goals/signals_calls.h"

#include <stdlib.h>

#include "base/num.h"

enum { LOOK_EVERY = 65536 };

struct told_calls *told_calls_new(struct signals *s)
{
    struct told_calls *c = mem_alloc(sizeof *c);
    c->s = s;
    c->spans = told_spans_new(c);
    c->buckets = told_db_buckets_new(c);
    return c;
}

void told_calls_clear(struct told_calls *c)
{
    for (size_t i = 0; i < c->n; i++) {
        c->groups[i].kept_from = SD_UNKNOWN;
        for (int by = 0; by < CALLS_BYS; by++)
            request_track_free(&c->groups[i].by[by]);
    }
    told_spans_clear(c->spans);
    told_db_buckets_clear(c->buckets);
    c->since_look = 0;
}

void told_calls_free(struct told_calls *c)
{
    told_calls_clear(c);
    told_spans_free(c->spans);
    told_db_buckets_free(c->buckets);
    free(c->groups);
    free(c);
}

/* ---- what is wanted ---- */

static struct call_group *group_of(const struct told_calls *c, const struct goal_match *m)
{
    for (size_t i = 0; i < c->n; i++)
        if (same_match(&c->groups[i].match, m))
            return &c->groups[i];
    return NULL;
}

void told_calls_want(struct told_calls *c, const struct goal_figure *f, int64_t window_ns, bool months)
{
    struct call_group *g = group_of(c, &f->match);
    if (!g) {
        struct goal_match anywhere = f->match;
        anywhere.host = NULL;
        c->groups = mem_grow(c->groups, c->n, &c->cap, sizeof *c->groups);
        g = &c->groups[c->n++];
        *g = (struct call_group){.match = f->match, .kept_from = SD_UNKNOWN};
        g->of_requests = !goal_match_http(&anywhere, NULL, NULL, NULL);
        c->of_requests |= g->of_requests;
    }
    g->window_ns = MAX(g->window_ns, window_ns);
    g->months |= months;
}

bool call_group_has_host(const struct call_group *g, const char *host)
{
    return !g->match.host || hop_match(g->match.host, host ? host : "");
}

/* ---- what comes in ---- */

void told_calls_add(struct told_calls *c, struct call_group *g, enum call_by by,
                    const struct request_figures *x)
{
    request_track_add(&g->by[by], x, true, c->s->room);
    c->since_look++;
}

void told_calls_take(struct told_calls *c, const struct sd_batch *b)
{
    if (!c->n)
        return;
    if (batch_kinds(b) & SD_KIND_BIT(SD_SPANS))
        told_spans_take(c->spans, b);
    if (batch_kinds(b) & SD_KIND_BIT(SD_METRIC))
        told_db_buckets_take(c->buckets, b);
}

/* ---- what is kept ---- */

size_t told_calls_bytes(const struct told_calls *c)
{
    size_t sum = told_spans_bytes(c->spans) + told_db_buckets_bytes(c->buckets);
    for (size_t i = 0; i < c->n; i++)
        for (int by = 0; by < CALLS_BYS; by++)
            sum += request_track_bytes(&c->groups[i].by[by]);
    return sum;
}

/* Every group gives its older half. */
static void give_some(struct told_calls *c)
{
    for (size_t i = 0; i < c->n; i++)
        for (int by = 0; by < CALLS_BYS; by++) {
            struct request_track *t = &c->groups[i].by[by];
            request_track_drop(t, INT64_MIN, c->s->room); /* in order */
            if (t->n > 1)
                request_track_drop(t, t->slots[t->n / 2].end, c->s->room);
        }
    signals_note(c->s, "The oldest statements of traces were left out: there was no memory for all.");
}

void told_calls_keep(struct told_calls *c, sd_time last)
{
    for (size_t i = 0; i < c->n && c->s->limits.keep_ns < INT64_MAX; i++) {
        struct call_group *g = &c->groups[i];
        sd_time before = add_sat(last, -add_sat(g->window_ns, c->s->limits.keep_ns));
        if (sd_known(g->kept_from) && add_sat(before, -g->kept_from) < g->window_ns / 4)
            continue;
        g->kept_from = before;
        for (int by = 0; by < CALLS_BYS; by++)
            if (g->months)
                request_track_coarsen(&g->by[by], before, WHOLE_STEP, c->s->room);
            else
                request_track_drop(&g->by[by], before, c->s->room);
    }
    if (c->since_look < LOOK_EVERY)
        return;
    c->since_look = 0;
    if (told_calls_bytes(c) > c->s->limits.max_bytes / 2)
        give_some(c);
}

/* ---- asked ---- */

bool told_calls_sum(struct told_calls *c, const struct goal_match *m, enum call_by by, sd_time from,
                    sd_time to, struct request_sum *sum, struct hist *h)
{
    struct call_group *g = group_of(c, m);
    *sum = (struct request_sum){.last = SD_UNKNOWN};
    if (h)
        hist_clear(h);
    if (g)
        request_track_sum(&g->by[by], from, to, sum, h, c->s->room);
    return sum->count > 0;
}

bool told_calls_has(const struct told_calls *c, const struct goal_match *m, enum call_by by)
{
    const struct call_group *g = group_of(c, m);
    return g && g->by[by].n > 0;
}

bool told_calls_traced(const struct told_calls *c)
{
    return told_spans_any(c->spans);
}
