/* sources.c - where the sources stood, what they could not read, what happened. */
#include "core/model/parts.h"
#include "core/model/programs.h"

enum { STATES_MAX = 1024 };

struct event_item {
    struct history one; /* a single moment */
    const struct origin *origin;
};

struct sources {
    struct event_item *events; /* by time */
    size_t n, cap, event_bytes;
    struct programs *programs; /* NULL: none are known yet */
};

/* Of one origin. */
struct reports {
    struct history status, intake;
};

static struct reports *reports_of(const struct model *m, size_t origin)
{
    return m->origins[origin]->state[DOMAIN_sources];
}

static void add_one(struct part *p, struct history *h, const struct sd_batch *b, enum sd_kind kind)
{
    const void *r, *last = NULL;
    for (size_t i = 0; (r = batch_each(b, kind, &i));)
        last = r;
    if (!last)
        return;
    history_add(p, h, batch_time(b), kind, &last, 1);
    while (h->n > STATES_MAX || h->bytes > p->share / 2)
        if (!history_thin(p, h))
            break;
}

static void event_drop(struct part *p, size_t i)
{
    struct sources *x = p->state;
    x->event_bytes -= x->events[i].one.bytes;
    history_free(p, &x->events[i].one);
    memmove(x->events + i, x->events + i + 1, (x->n - i - 1) * sizeof *x->events);
    x->n--;
}

void event_add(struct part *p, struct origin *o, sd_time at, const struct sd_event *r)
{
    struct sources *x = p->state;
    struct history one = {0};
    const void *record = r;
    history_add(p, &one, at, SD_EVENT, &record, 1);
    if (!one.n)
        return;
    x->event_bytes += one.bytes;
    while (x->n && (x->n >= p->most || x->event_bytes > p->share / 2))
        event_drop(p, 0);
    x->events = model_grow(p, x->events, x->n, &x->cap, sizeof *x->events);
    size_t i = x->n;
    while (i > 0 && x->events[i - 1].one.items[0].at > at)
        i--;
    memmove(x->events + i + 1, x->events + i, (x->n - i) * sizeof *x->events);
    x->events[i] = (struct event_item){.origin = o, .one = one};
    x->n++;
}

static void sources_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    struct reports *of = origin_state(p, o);
    add_one(p, &of->status, b, SD_STATUS);
    add_one(p, &of->intake, b, SD_INTAKE);
    const struct sd_event *r;
    for (size_t i = 0; (r = batch_each(b, SD_EVENT, &i));)
        event_add(p, o, batch_time(b), r);
    struct sources *x = p->state;
    programs_look(p, &x->programs, o, b);
}

static void sources_drop(struct part *p, sd_time before)
{
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct reports *of = reports_of(p->model, i);
        if (!of)
            continue;
        history_drop(p, &of->status, before);
        history_drop(p, &of->intake, before);
    }
}

/* The states of before, then events; when only the newest states are left and they are too
 * much, the largest. */
static bool sources_less(struct part *p, size_t want)
{
    struct sources *x = p->state;
    size_t held = p->bytes;
    struct history *most = NULL;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct reports *of = reports_of(p->model, i);
        if (!of)
            continue;
        history_thin(p, &of->status);
        history_thin(p, &of->intake);
        if (!most || of->status.bytes > most->bytes)
            most = &of->status;
        if (of->intake.bytes > most->bytes)
            most = &of->intake;
    }
    for (size_t n = x->n / 2; p->bytes > want && n > 0; n--)
        event_drop(p, 0);
    if (p->bytes == held && p->bytes > p->share && most)
        history_free(p, most);
    return p->bytes < held;
}

static void reports_free(struct part *p, void *state)
{
    struct reports *of = state;
    history_free(p, &of->status);
    history_free(p, &of->intake);
}

static void sources_clear(struct part *p)
{
    struct sources *x = p->state;
    while (x->n)
        event_drop(p, x->n - 1);
    model_resize(p, x->events, x->cap, 0, sizeof *x->events);
    programs_free(p, x->programs);
}

const struct domain sources_domain = {
    .name = "sources",
    .kinds = SD_KIND_BIT(SD_STATUS) | SD_KIND_BIT(SD_INTAKE) | SD_KIND_BIT(SD_EVENT) | PROGRAM_KINDS,
    .state_size = sizeof(struct sources),
    .origin_size = sizeof(struct reports),
    .apply = sources_apply,
    .drop = sources_drop,
    .less = sources_less,
    .origin_free = reports_free,
    .clear = sources_clear,
};

/* ---- asking ---- */

/* A source runs on one machine, so the newest status that is known will do at any time. */
static const char *status_host(const struct reports *of)
{
    const struct moment *newest = of && of->status.n ? &of->status.items[of->status.n - 1] : NULL;
    return newest ? ((const struct sd_status *)newest->records[0])->host : NULL;
}

size_t model_sources(const struct model *m, sd_time at, struct source_info *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins && n < max; i++) {
        const struct origin *o = m->origins[i];
        const struct reports *of = o->state[DOMAIN_sources];
        const struct moment *status = of ? history_at(&of->status, at) : NULL,
                            *intake = of ? history_at(&of->intake, at) : NULL;
        if (o->told && !status)
            continue;
        out[n++] = (struct source_info){
            .origin = o->name,
            .status = status ? status->records[0] : NULL,
            .intake = intake ? intake->records[0] : NULL,
            .host = status_host(of),
        };
    }
    return n;
}

static void add_sample(struct intake_total *out, const char *sample, const char *reason)
{
    bool known = !sample || out->n_samples == ARRAY_LEN(out->samples);
    for (size_t s = 0; s < out->n_samples && !known; s++)
        known = str_eq(out->samples[s], sample);
    if (known)
        return;
    out->samples[out->n_samples] = sample;
    out->reasons[out->n_samples++] = reason;
}

void model_intake(const struct model *m, struct intake_total *out)
{
    *out = (struct intake_total){0};
    for (size_t i = 0; i < m->n_origins; i++) {
        const struct reports *of = reports_of(m, i);
        const struct history *h = of ? &of->intake : NULL;
        const struct sd_intake *last = h && h->n ? h->items[h->n - 1].records[0] : NULL;
        if (!last)
            continue;
        out->total = add_known(out->total, zero_if_unknown(last->total));
        out->unparsed = add_known(out->unparsed, zero_if_unknown(last->unparsed));
        if (last->note && *last->note && out->n_notes < ARRAY_LEN(out->notes))
            out->notes[out->n_notes++] = last->note;
        for (uint32_t k = last->samples ? last->samples->n : 0; k-- > 0;)
            add_sample(out, last->samples->items[k],
                       last->reasons && k < last->reasons->n ? last->reasons->items[k] : NULL);
        for (size_t k = h->n; k-- > 0;) {
            const struct sd_intake *r = h->items[k].records[0];
            add_sample(out, r->sample, r->reason);
        }
    }
}

size_t model_events(const struct model *m, struct span span, struct event_entry *out, size_t max)
{
    const struct sources *x = m->parts[DOMAIN_sources].state;
    size_t n = 0;
    for (size_t i = x->n; i-- > 0 && n < max;) {
        const struct moment *k = &x->events[i].one.items[0];
        if (k->at >= span.from && k->at < span.to)
            out[n++] = (struct event_entry){
                .at = k->at, .origin = x->events[i].origin->name, .event = k->records[0]};
    }
    return n;
}
