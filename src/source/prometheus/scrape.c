/* scrape.c - a scrape to batches. */
#include "source/prometheus/prometheus.h"

#include <stdlib.h>

#include "base/num.h"

/* Beyond these what waits is published before its scrape is whole. */
enum { MOMENTS_MAX = 512, RECORDS_MAX = 1 << 18 };

void scrape_open(struct scrape *c, struct sd_source *s, const char *address, size_t series)
{
    *c = (struct scrape){.s = s,
                         .x = exposition_new(series),
                         .caches = cache_metrics_new(),
                         .latency = latency_metrics_new(),
                         .address = mem_strdup(address)};
}

void scrape_close(struct scrape *c)
{
    if (c->s)
        scrape_drop(c);
    exposition_free(c->x);
    cache_metrics_free(c->caches);
    latency_metrics_free(c->latency);
    strbuf_free(&c->note);
    free(c->moments);
    free(c->address);
    *c = (struct scrape){.n = 0};
}

void scrape_drop(struct scrape *c)
{
    for (size_t i = 0; i < c->n; i++)
        c->s->host->discard(c->moments[i].batch);
    c->n = c->records = 0;
    latency_metrics_gap(c->latency);
}

static int by_time(const void *a, const void *b)
{
    const struct moment_batch *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static void publish_all(struct scrape *c)
{
    if (c->n)
        qsort(c->moments, c->n, sizeof *c->moments, by_time);
    for (size_t i = 0; i < c->n; i++)
        c->s->host->publish(c->s, c->moments[i].batch);
    c->n = c->records = 0;
}

static struct moment_batch *batch_at(struct scrape *c, sd_time at)
{
    for (size_t i = c->n; i-- > 0;)
        if (c->moments[i].at == at)
            return &c->moments[i];
    if (c->n == MOMENTS_MAX || c->records >= RECORDS_MAX)
        publish_all(c);
    c->moments = mem_grow(c->moments, c->n, &c->cap, sizeof *c->moments);
    c->moments[c->n] = (struct moment_batch){.at = at, .batch = c->s->host->batch(c->s, at)};
    return &c->moments[c->n++];
}

/* Into the batch of its time, or into a new one when that is full. */
static void add(struct scrape *c, sd_time at, enum sd_kind kind, const void *record)
{
    const struct sd_host *host = c->s->host;
    struct moment_batch *m = batch_at(c, at);
    c->records++;
    if (host->add(m->batch, kind, record))
        return;
    host->publish(c->s, m->batch);
    m->batch = host->batch(c->s, at);
    host->add(m->batch, kind, record);
}

static void add_metric(struct scrape *c, sd_time at, const struct exposition_series *e)
{
    struct sd_metric r = {.name = e->name,
                          .labels = *e->labels ? e->labels : NULL,
                          .unit = e->unit,
                          .value = isfinite(e->value) ? e->value : (double)NAN,
                          .counter = e->counter};
    add(c, at, SD_METRIC, &r);
}

static void earlier(void *ctx, const struct exposition_series *e)
{
    struct scrape *c = ctx;
    add_metric(c, e->at, e);
    latency_metrics_take(c->latency, e, e->at);
}

/* A request that a bucket names: of now, when it does not say when. */
static void on_exemplar(void *ctx, const struct exposition_series *s, const struct exposition_exemplar *e)
{
    struct scrape *c = ctx;
    struct latency_exemplar x;
    if (!latency_metrics_exemplar(c->latency, s, e, &x))
        return;
    if (!sd_known(x.r.at))
        x.r.at = c->s->host->now(c->s);
    add(c, x.r.at, SD_EXEMPLAR, &x.r);
}

void scrape_begin(struct scrape *c)
{
    exposition_exemplars(c->x, on_exemplar, c);
    exposition_begin(c->x, c->s->host->now(c->s), earlier, c);
}

struct giving {
    struct scrape *scrape;
    sd_time at;
};

static void give_cache(void *ctx, const struct sd_cache *r)
{
    struct giving *g = ctx;
    add(g->scrape, g->at, SD_CACHE, r);
}

static void add_intake(struct scrape *c, sd_time at)
{
    struct sd_intake in;
    struct strbuf note = {0};
    exposition_intake(c->x, &note, &in);
    if (c->note.len) {
        strbuf_printf(&note, "%s%s", note.len ? " " : "", strbuf_text(&c->note));
        in.note = strbuf_text(&note);
    }
    c->lines = in.total = add_sat(c->lines, in.total);
    c->unparsed = in.unparsed = add_sat(c->unparsed, in.unparsed);
    c->bytes = in.bytes = add_sat(c->bytes, in.bytes);
    add(c, at, SD_INTAKE, &in);
    strbuf_free(&note);
}

static void give_latency(void *ctx, sd_time from, const struct sd_latency *r)
{
    add(ctx, from, SD_LATENCY, r);
}

/* Of a server that is asked once all that it counted so far; of one that is watched what comes. */
static void add_latency(struct scrape *c)
{
    strbuf_clear(&c->note);
    latency_metrics_end(
        c->latency,
        &(struct latency_out){.give = give_latency, .ctx = c, .whole = !c->s->follow, .undated = !c->ours},
        &c->note);
}

/* When all of it was measured: if each point has a time, the newest. */
static sd_time newest(const struct scrape *c)
{
    struct exposition_series e;
    sd_time at = SD_UNKNOWN;
    for (size_t i = 0; exposition_each(c->x, &i, &e); at = MAX(at, e.at))
        if (!sd_known(e.at) && !e.gone)
            return SD_UNKNOWN;
    return at;
}

void scrape_publish(struct scrape *c, sd_time at, bool openmetrics)
{
    struct exposition_series e;
    struct giving g = {.scrape = c, .at = at};
    exposition_end(c->x, openmetrics);
    sd_time stamped = newest(c);
    if (sd_known(stamped))
        g.at = stamped;
    else if (!sd_known(at))
        g.at = c->s->host->now(c->s);
    for (size_t i = 0; exposition_each(c->x, &i, &e);) {
        latency_metrics_take(c->latency, &e, sd_known(e.at) ? e.at : g.at);
        if (!c->ours || !str_ends(e.name, "_created"))
            add_metric(c, sd_known(e.at) ? e.at : g.at, &e);
    }
    add_latency(c);
    cache_metrics_each(c->caches, c->x, c->address, g.at, give_cache, &g);
    add_intake(c, g.at);
    publish_all(c);
}
