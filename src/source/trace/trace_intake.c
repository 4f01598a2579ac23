/* trace_intake.c - what of the spans was read, and what was not, in sentences. */
#include "base/num.h"
#include "source/trace/trace_source.h"

static void say(struct strbuf *out, const char *fmt, ...) SD_PRINTF(2, 3);
static void say(struct strbuf *out, const char *fmt, ...)
{
    va_list ap;
    if (out->len)
        strbuf_char(out, ' ');
    va_start(ap, fmt);
    strbuf_vprintf(out, fmt, ap);
    va_end(ap);
}

static void say_all(struct strbuf *out, const struct trace_intake *in, const struct span_intake *spans)
{
    if (in->notes.len)
        say(out, "%s", in->notes.text);
    if (in->broken)
        say(out, "%lld of %lld %s could not be read; of the first, in %s", (long long)in->broken,
            (long long)in->entries, in->lines ? "lines" : "parts", in->reason);
    if (in->other)
        say(out, "%lld %s metrics, logs or profiles of OTLP, which were passed over.", (long long)in->other,
            in->other == 1 ? "part holds" : "parts hold");
    if (spans->refused)
        say(out, "%lld %s left out: %s.", (long long)spans->refused,
            spans->refused == 1 ? "span was" : "spans were", spans->reason);
    if (spans->cut)
        say(out,
            "%lld attributes, events or values of spans were cut or left out, because they are too many "
            "or too long.",
            (long long)spans->cut);
}

void trace_intake_publish(struct sd_source *s, const struct trace_intake *in, const struct span_draft *d,
                          sd_time at)
{
    const struct span_intake *spans = span_draft_intake(d);
    struct strbuf note = {0};
    say_all(&note, in, spans);
    struct sd_batch *b = s->host->batch(s, !s->follow && sd_known(at) ? at : s->host->now(s));
    s->host->add(b, SD_INTAKE,
                 &(struct sd_intake){.unit = "spans",
                                     .total = spans->spans + spans->refused + in->broken,
                                     .unparsed = spans->refused + in->broken,
                                     .bytes = in->bytes,
                                     .sample = *in->sample ? in->sample : NULL,
                                     .reason = *in->reason ? in->reason : spans->reason,
                                     .note = note.len ? note.text : NULL});
    s->host->publish(s, b);
    strbuf_free(&note);
}
