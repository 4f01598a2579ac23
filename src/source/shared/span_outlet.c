#include "source/shared/span_outlet.h"

#include <stdlib.h>

#include "base/num.h"

#define PAUSE (2 * SD_MS)

void span_outlet_open(struct span_outlet *o, struct sd_source *s)
{
    *o = (struct span_outlet){.s = s, .rates = span_rates_new(0, 0), .newest = SD_UNKNOWN};
}

/* ---- the queue ---- */

/* Publishing drops the oldest batch that was not read where there is no room. */
void span_outlet_add(struct span_outlet *o, struct sd_batch *b)
{
    o->queue = mem_grow(o->queue, o->n, &o->cap, sizeof *o->queue);
    o->queue[o->n++] = b;
}

static bool hand_over(struct span_outlet *o)
{
    const struct sd_host *host = o->s->host;
    size_t i = 0;
    while (i < o->n && (!host->fits || host->fits(o->s, o->queue[i])))
        host->publish(o->s, o->queue[i++]);
    o->n -= i;
    if (i && o->n)
        memmove(o->queue, o->queue + i, o->n * sizeof *o->queue);
    return !o->n;
}

bool span_outlet_settle(struct span_outlet *o, sd_time until)
{
    const struct sd_host *host = o->s->host;
    sd_time now = SD_UNKNOWN;
    while (!hand_over(o) && !host->should_stop(o->s) && (now = host->now(o->s)) < until)
        if (host->wait(o->s, -1, 0, MIN(now + PAUSE, until)) < 0)
            break;
    return !o->n;
}

static void publish_deltas(struct span_outlet *o)
{
    if (o->batch)
        span_outlet_add(o, o->batch);
    o->batch = NULL;
}

void span_outlet_close(struct span_outlet *o)
{
    if (o->s)
        hand_over(o);
    if (o->batch)
        o->s->host->discard(o->batch);
    for (size_t i = 0; i < o->n; i++)
        o->s->host->discard(o->queue[i]);
    free(o->queue);
    span_rates_free(o->rates);
    *o = (struct span_outlet){.s = NULL};
}

/* ---- records ---- */

static void add_delta(void *ctx, sd_time at, enum sd_kind kind, const void *record)
{
    struct span_outlet *o = ctx;
    const struct sd_host *host = o->s->host;
    if (o->batch && o->at != at)
        publish_deltas(o);
    if (!o->batch)
        o->batch = host->batch(o->s, at);
    o->at = at;
    if (host->add(o->batch, kind, record))
        return;
    publish_deltas(o);
    o->batch = host->batch(o->s, at);
    host->add(o->batch, kind, record);
}

/* Spans may have any time; a batch is of one that a clock could show. */
static sd_time newest_end(struct span_outlet *o, const struct sd_spans *spans)
{
    sd_time newest = SD_UNKNOWN, now = o->s->host->now(o->s);
    for (size_t i = 0; i < spans->start->n; i++) {
        int64_t start = spans->start->items[i], duration = spans->duration->items[i];
        sd_time end = add_sat(MAX(start, 0), sd_known(duration) ? MAX(duration, 0) : 0);
        if (end > 0 && end <= now)
            newest = MAX(newest, end);
    }
    o->newest = MAX(o->newest, newest);
    return sd_known(newest) ? newest : now;
}

void span_outlet_gather(struct span_outlet *o, struct span_draft *d)
{
    const struct sd_host *host = o->s->host;
    struct sd_spans spans;
    if (!span_draft_take(d, &spans))
        return;
    o->spans += spans.trace->n;
    struct sd_batch *b = host->batch(o->s, newest_end(o, &spans));
    host->add(b, SD_SPANS, &spans);
    span_outlet_add(o, b);
    span_rates_take(o->rates, &spans, add_delta, o);
    publish_deltas(o);
}

bool span_outlet_take(void *outlet, struct span_draft *d)
{
    struct span_outlet *o = outlet;
    span_outlet_gather(o, d);
    span_outlet_settle(o, INT64_MAX);
    return !o->s->host->should_stop(o->s);
}

void span_outlet_count(struct span_outlet *o)
{
    span_rates_flush(o->rates, add_delta, o);
    publish_deltas(o);
}

void span_outlet_flush(struct span_outlet *o)
{
    span_outlet_count(o);
    span_outlet_settle(o, INT64_MAX);
}
