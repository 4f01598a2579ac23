#include "source/shared/span_outlet.h"

#include "base/num.h"

void span_outlet_open(struct span_outlet *o, struct sd_source *s)
{
    *o = (struct span_outlet){.s = s, .rates = span_rates_new(0, 0), .newest = SD_UNKNOWN};
}

static void publish_deltas(struct span_outlet *o)
{
    if (o->batch)
        o->s->host->publish(o->s, o->batch);
    o->batch = NULL;
}

void span_outlet_close(struct span_outlet *o)
{
    if (o->batch)
        o->s->host->discard(o->batch);
    span_rates_free(o->rates);
    *o = (struct span_outlet){.s = NULL};
}

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

bool span_outlet_take(void *outlet, struct span_draft *d)
{
    struct span_outlet *o = outlet;
    const struct sd_host *host = o->s->host;
    struct sd_spans spans;
    if (!span_draft_take(d, &spans))
        return !host->should_stop(o->s);
    o->spans += spans.trace->n;
    struct sd_batch *b = host->batch(o->s, newest_end(o, &spans));
    host->add(b, SD_SPANS, &spans);
    host->publish(o->s, b);
    span_rates_take(o->rates, &spans, add_delta, o);
    publish_deltas(o);
    return !host->should_stop(o->s);
}

void span_outlet_flush(struct span_outlet *o)
{
    span_rates_flush(o->rates, add_delta, o);
    publish_deltas(o);
}
