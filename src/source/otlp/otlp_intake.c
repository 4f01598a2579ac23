#include "source/otlp/otlp_intake.h"

#include <stdlib.h>

#include "core/schema.h"

/* A request of many spans gives several batches; for so long each waits for the console to take the one
 * before. */
#define PATIENCE (2 * SD_S)
#define PAUSE    (2 * SD_MS)

static bool fits(const struct otlp_intake *x)
{
    return !x->s->host->fits || x->s->host->fits(x->s, x->waiting);
}

static bool hand_over(struct otlp_intake *x)
{
    if (x->waiting && fits(x)) {
        x->s->host->publish(x->s, x->waiting);
        x->waiting = NULL;
    }
    return !x->waiting;
}

bool otlp_intake_ready(struct otlp_intake *x)
{
    return hand_over(x);
}

/* The spans that came become the batch that waits. */
static void gather(struct otlp_intake *x)
{
    const struct sd_host *host = x->s->host;
    struct sd_spans spans;
    if (x->waiting || !span_draft_take(x->traces.draft, &spans))
        return;
    x->waiting = host->batch(x->s, host->now(x->s));
    if (!host->add(x->waiting, SD_SPANS, &spans))
        x->lost += (int64_t)spans.trace->n;
}

/* Until what waits is handed over, for a while. */
static bool wait_for_room(struct otlp_intake *x)
{
    const struct sd_host *host = x->s->host;
    sd_time until = host->now(x->s) + PATIENCE;
    while (!hand_over(x) && host->now(x->s) < until && !host->should_stop(x->s))
        if (host->wait(x->s, -1, 0, host->now(x->s) + PAUSE) < 0)
            break;
    return !x->waiting;
}

void otlp_intake_publish(struct otlp_intake *x)
{
    if (wait_for_room(x)) {
        gather(x);
        wait_for_room(x);
    }
}

/* In the middle of a request. */
static void full(void *ctx)
{
    struct otlp_intake *x = ctx;
    struct sd_spans spans;
    otlp_intake_publish(x);
    if (x->waiting && span_draft_take(x->traces.draft, &spans))
        x->lost += (int64_t)spans.trace->n;
}

void otlp_intake_open(struct otlp_intake *x, struct sd_source *s)
{
    *x = (struct otlp_intake){.s = s};
    x->traces = (struct otlp_traces){.draft = span_draft_new(), .full = full, .ctx = x};
}

void otlp_intake_close(struct otlp_intake *x)
{
    if (!x->s)
        return;
    otlp_intake_publish(x);
    if (x->waiting)
        x->s->host->discard(x->waiting);
    otlp_traces_free(&x->traces);
    span_draft_free(x->traces.draft);
    *x = (struct otlp_intake){0};
}

static char *note_of(const struct otlp_intake *x)
{
    const struct span_intake *i = span_draft_intake(x->traces.draft);
    struct strbuf b = {0};
    if (x->bad)
        strbuf_printf(&b, "%lld requests were not understood: %s ", (long long)x->bad, x->sample_reason);
    if (x->lost)
        strbuf_printf(&b, "%lld spans were refused because the console could not take them in time. ",
                      (long long)x->lost);
    if (x->traces.links)
        strbuf_printf(&b, "%lld links of spans are not kept. ", (long long)x->traces.links);
    if (i->cut)
        strbuf_printf(&b, "%lld attributes, events and values are cut or left out. ", (long long)i->cut);
    if (x->logs)
        strbuf_printf(&b, "%lld log records were refused: logs are not kept. ", (long long)x->logs);
    if (!b.len)
        return NULL;
    b.text[--b.len] = 0;
    return strbuf_detach(&b);
}

void otlp_intake_tell(struct otlp_intake *x)
{
    const struct sd_host *host = x->s->host;
    const struct span_intake *i = span_draft_intake(x->traces.draft);
    struct sd_intake in;
    if (x->told == x->requests)
        return;
    char *note = note_of(x);
    schema_clear(schema_of(SD_INTAKE), &in);
    in.unit = "spans";
    in.total = x->traces.spans;
    in.unparsed = i->refused + x->lost;
    in.bytes = x->bytes;
    in.reason = i->reason;
    in.note = note;
    struct sd_batch *b = host->batch(x->s, host->now(x->s));
    host->add(b, SD_INTAKE, &in);
    if (!host->fits || host->fits(x->s, b)) {
        host->publish(x->s, b);
        x->told = x->requests;
    } else {
        host->discard(b);
    }
    free(note);
}
