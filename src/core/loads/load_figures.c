#include "core/loads/load_figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void load_figures_init(struct load_figures *f, const struct load_scenario *s)
{
    *f = (struct load_figures){.scenario = s};
    load_tally_init(&f->all, s);
    hist_clear(&f->ok_latency);
    hist_clear(&f->service);
    hist_clear(&f->delay);
    hist_clear(&f->lateness);
}

void load_figures_free(struct load_figures *f)
{
    for (size_t i = 0; i < f->n_seconds; i++)
        free(f->seconds[i].latency);
    free(f->seconds);
    free(f->spare);
    load_tally_free(&f->all);
    *f = (struct load_figures){0};
}

/* ---- seconds ---- */

static struct load_second *second_at(struct load_figures *f, int64_t ns)
{
    size_t i = ns < 0 ? 0 : (size_t)(ns / SD_S);
    if (i >= LOAD_SECONDS_MAX)
        i = LOAD_SECONDS_MAX - 1;
    while (f->n_seconds <= i) {
        f->seconds = mem_grow(f->seconds, f->n_seconds, &f->cap_seconds, sizeof *f->seconds);
        f->seconds[f->n_seconds++] =
            (struct load_second){.p50 = SD_UNKNOWN, .p99 = SD_UNKNOWN, .max = SD_UNKNOWN};
    }
    return &f->seconds[i];
}

void load_figures_begun(struct load_figures *f, const struct load_order *o)
{
    second_at(f, o->intended_ns)->begun++;
}

static struct hist *histogram(struct load_figures *f)
{
    struct hist *h = f->spare ? f->spare : mem_alloc(sizeof *h);
    f->spare = NULL;
    hist_clear(h);
    return h;
}

/* The time that a request was under way, to the seconds in which it was. */
static void add_busy(struct load_figures *f, int64_t from, int64_t to)
{
    while (from < to) {
        int64_t end = MIN(to, (from / SD_S + 1) * SD_S);
        second_at(f, from)->busy_ns += end - from;
        from = end;
    }
}

static void add_second(struct load_figures *f, const struct load_outcome *o, bool answered, bool failed)
{
    struct load_second *s = second_at(f, o->order.intended_ns);
    s->planned++;
    s->sent += sd_known(o->sent_ns);
    s->answered += answered;
    s->failed += failed;
    if (!s->latency)
        s->latency = histogram(f);
    hist_record(s->latency, o->done_ns - o->order.intended_ns);
    if (sd_known(o->sent_ns))
        add_busy(f, MAX(o->sent_ns, 0), o->done_ns);
}

void load_figures_settle(struct load_figures *f, int64_t now_ns)
{
    for (; f->settled < f->n_seconds; f->settled++) {
        const struct load_second *at = &f->seconds[f->settled];
        if (now_ns != INT64_MAX && (at->begun != at->planned || now_ns < (int64_t)(f->settled + 1) * SD_S))
            return;
        struct load_second *s = &f->seconds[f->settled];
        if (!s->latency)
            continue;
        s->p50 = hist_quantile(s->latency, 0.5);
        s->p99 = hist_quantile(s->latency, 0.99);
        s->max = s->latency->max;
        if (f->spare)
            free(s->latency);
        else
            f->spare = s->latency;
        s->latency = NULL;
    }
}

/* ---- the measured part ---- */

static void add_error(struct load_figures *f, enum load_failure kind, const struct load_outcome *o)
{
    size_t i = 0;
    int status = kind == LOAD_STATUS ? o->status : 0;
    while (i < f->n_errors && (f->errors[i].kind != kind || f->errors[i].status != status))
        i++;
    if (i == LOAD_ERRORS_MAX)
        return;
    struct load_error *e = &f->errors[i];
    if (i == f->n_errors) {
        *e = (struct load_error){.kind = kind, .status = status};
        f->n_errors++;
    }
    e->count++;
    if (!*e->sample && o->sample && *o->sample) {
        struct strbuf b = {0};
        utf8_append(&b, o->sample, 120);
        snprintf(e->sample, sizeof e->sample, "%s", strbuf_text(&b));
        strbuf_free(&b);
    }
}

void load_figures_add(struct load_figures *f, const struct load_outcome *o)
{
    enum load_failure failure = load_failure_of(f->scenario, o);
    bool answered = o->failure == LOAD_NONE || o->failure == LOAD_STATUS;
    add_second(f, o, answered, failure != LOAD_NONE);
    if (!(o->order.tag & LOAD_TAG_MEASURED))
        return;
    load_tally_add(&f->all, o);
    if (failure == LOAD_NONE)
        hist_record(&f->ok_latency, o->done_ns - o->order.intended_ns);
    else
        add_error(f, failure, o);
    if (sd_known(o->sent_ns)) {
        int64_t service = o->done_ns - o->sent_ns;
        hist_record(&f->service, service);
        hist_record(&f->delay, MAX(o->sent_ns - o->order.intended_ns, 0));
        f->service_sum_ns += (double)service;
        if (!(o->order.tag & LOAD_TAG_HELD))
            hist_record(&f->lateness, MAX(o->ours_ns, 0));
    }
    f->late += o->late && !(o->order.tag & LOAD_TAG_HELD);
    f->bytes += o->bytes;
    if (answered && o->status >= 0 && o->status < LOAD_STATUS_MAX)
        f->statuses[o->status]++;
}
