#include "source/otlp/otlp_intake.h"

#include <stdlib.h>

#include "core/schema.h"

/* How long those who send wait for the console. Then what is queued stays, and requests are put off until it
 * is gone: one request's spans at most. */
#define PATIENCE (500 * SD_MS)

bool otlp_intake_ready(struct otlp_intake *x)
{
    return span_outlet_settle(&x->outlet, 0);
}

static void queue_points(struct otlp_intake *x)
{
    for (size_t i = 0; i < x->n_points; i++)
        span_outlet_add(&x->outlet, x->points[i].batch);
    x->n_points = 0;
}

/* The points of one export have one moment, and a few beginnings. */
static struct moment_points *points_at(struct otlp_intake *x, sd_time at)
{
    for (size_t i = 0; i < x->n_points; i++)
        if (x->points[i].at == at)
            return &x->points[i];
    if (x->n_points == OTLP_MOMENTS)
        queue_points(x);
    x->points[x->n_points] = (struct moment_points){.at = at, .batch = x->s->host->batch(x->s, at)};
    return &x->points[x->n_points++];
}

void otlp_intake_add(struct otlp_intake *x, sd_time at, enum sd_kind kind, const void *record)
{
    const struct sd_host *host = x->s->host;
    struct moment_points *p = points_at(x, at);
    if (host->add(p->batch, kind, record))
        return;
    span_outlet_add(&x->outlet, p->batch);
    p->batch = host->batch(x->s, at);
    host->add(p->batch, kind, record);
}

void otlp_intake_publish(struct otlp_intake *x)
{
    span_outlet_gather(&x->outlet, x->draft);
    queue_points(x);
    if (!otlp_intake_ready(x))
        span_outlet_settle(&x->outlet, x->s->host->now(x->s) + PATIENCE);
}

/* In the middle of a request. */
static bool full(void *ctx, struct span_draft *d)
{
    struct otlp_intake *x = ctx;
    span_outlet_gather(&x->outlet, d);
    if (!otlp_intake_ready(x))
        span_outlet_settle(&x->outlet, x->s->host->now(x->s) + PATIENCE);
    return true;
}

void otlp_intake_open(struct otlp_intake *x, struct sd_source *s)
{
    *x = (struct otlp_intake){.s = s, .sink = {.full = full, .ctx = x}};
    x->draft = span_draft_new();
    x->metrics = otlp_metrics_new(s->host->now(s));
    span_outlet_open(&x->outlet, s);
}

void otlp_intake_close(struct otlp_intake *x)
{
    if (!x->s)
        return;
    otlp_intake_publish(x);
    span_outlet_close(&x->outlet);
    span_draft_free(x->draft);
    otlp_metrics_free(x->metrics);
    *x = (struct otlp_intake){0};
}

static void say(struct strbuf *b, const char *fmt, ...) SD_PRINTF(2, 3);
static void say(struct strbuf *b, const char *fmt, ...)
{
    va_list ap;
    if (b->len)
        strbuf_char(b, ' ');
    va_start(ap, fmt);
    strbuf_vprintf(b, fmt, ap);
    va_end(ap);
}

/* What was not understood, or is not kept, in sentences. */
static void note_of(const struct otlp_intake *x, struct strbuf *b)
{
    const struct span_intake *i = span_draft_intake(x->draft);
    if (x->bad)
        say(b, "%lld requests were not understood: %s", (long long)x->bad, x->why);
    if (i->links)
        say(b, "%lld links of spans are not kept.", (long long)i->links);
    if (i->cut)
        say(b, "%lld attributes, events or values of spans were cut or left out.", (long long)i->cut);
    if (x->logs)
        say(b, "%lld log records were refused: logs are not kept.", (long long)x->logs);
    otlp_metrics_note(x->metrics, b);
}

void otlp_intake_tell(struct otlp_intake *x)
{
    const struct sd_host *host = x->s->host;
    const struct span_intake *i = span_draft_intake(x->draft);
    struct sd_intake in;
    struct strbuf note = {0};
    if (x->told == x->requests || !otlp_intake_ready(x))
        return;
    x->told = x->requests;
    note_of(x, &note);
    schema_clear(schema_of(SD_INTAKE), &in);
    in.unit = "spans";
    in.total = i->spans + i->refused;
    in.unparsed = i->refused;
    in.bytes = x->bytes;
    in.reason = i->reason;
    in.note = note.len ? strbuf_text(&note) : NULL;
    struct sd_batch *b = host->batch(x->s, host->now(x->s));
    host->add(b, SD_INTAKE, &in);
    span_outlet_add(&x->outlet, b);
    span_outlet_count(&x->outlet);
    otlp_intake_ready(x);
    strbuf_free(&note);
}
