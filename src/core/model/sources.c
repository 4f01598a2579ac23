/* sources.c - where the sources stood, what they could not read, what happened. */
#include "core/model/parts.h"

enum { STATES_MAX = 1024, EVENTS_MAX = 4096 };

static void add_one(struct model *m, struct history *h, const struct sd_batch *b, enum sd_kind kind)
{
    const void *r, *last = NULL;
    for (size_t i = 0; (r = batch_each(b, kind, &i));)
        last = r;
    if (!last)
        return;
    history_add(m, h, batch_time(b), kind, &last, 1);
    while (h->n > STATES_MAX || h->bytes > m->limits.max_bytes / 32)
        if (!history_thin(m, h))
            break;
}

static void event_drop(struct model *m, size_t i)
{
    m->event_bytes -= m->events[i].one.bytes;
    history_free(m, &m->events[i].one);
    memmove(m->events + i, m->events + i + 1, (m->n_events - i - 1) * sizeof *m->events);
    m->n_events--;
}

static void add_event(struct model *m, struct origin *o, const struct sd_batch *b, const struct sd_event *r)
{
    struct history one = {0};
    const void *record = r;
    history_add(m, &one, batch_time(b), SD_EVENT, &record, 1);
    if (!one.n)
        return;
    m->event_bytes += one.bytes;
    while (m->n_events && (m->n_events >= EVENTS_MAX || m->event_bytes > m->limits.max_bytes / 16))
        event_drop(m, 0);
    if (m->n_events == m->cap_events) {
        size_t want = m->cap_events ? m->cap_events * 2 : 8;
        m->events = model_resize(m, m->events, m->cap_events, want, sizeof *m->events);
        m->cap_events = want;
    }
    size_t i = m->n_events;
    while (i > 0 && m->events[i - 1].one.items[0].at > batch_time(b))
        i--;
    memmove(m->events + i + 1, m->events + i, (m->n_events - i) * sizeof *m->events);
    m->events[i] = (struct event_item){.origin = o};
    m->events[i].one = one;
    m->n_events++;
}

void sources_apply(struct model *m, struct origin *o, const struct sd_batch *b)
{
    add_one(m, &o->status, b, SD_STATUS);
    add_one(m, &o->intake, b, SD_INTAKE);
    const struct sd_event *r;
    for (size_t i = 0; (r = batch_each(b, SD_EVENT, &i));)
        add_event(m, o, b, r);
}

void sources_drop(struct model *m, sd_time before)
{
    for (size_t i = 0; i < m->n_origins; i++) {
        history_drop(m, &m->origins[i]->status, before);
        history_drop(m, &m->origins[i]->intake, before);
    }
}

bool sources_shorten(struct model *m)
{
    bool any = false;
    for (size_t i = 0; i < m->n_origins; i++) {
        any |= history_thin(m, &m->origins[i]->status);
        any |= history_thin(m, &m->origins[i]->intake);
    }
    for (size_t n = m->n_events / 2; n > 0; n--, any = true)
        event_drop(m, 0);
    return any;
}

void sources_free(struct model *m)
{
    while (m->n_events)
        event_drop(m, m->n_events - 1);
    m->events = model_resize(m, m->events, m->cap_events, 0, sizeof *m->events);
    m->cap_events = 0;
    for (size_t i = 0; i < m->n_origins; i++) {
        struct origin *o = m->origins[i];
        history_free(m, &o->status);
        history_free(m, &o->intake);
        activity_free(m, o);
        catalog_free(m, o);
        model_strfree(m, o->name);
        model_give(m, o, sizeof *o);
    }
    m->origins = model_resize(m, m->origins, m->cap_origins, 0, sizeof *m->origins);
    m->n_origins = m->cap_origins = 0;
}

size_t model_sources(const struct model *m, sd_time at, struct source_info *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins && n < max; i++) {
        const struct origin *o = m->origins[i];
        const struct moment *status = history_at(&o->status, at), *intake = history_at(&o->intake, at);
        out[n++] = (struct source_info){
            .origin = o->name,
            .status = status ? status->records[0] : NULL,
            .intake = intake ? intake->records[0] : NULL,
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
        const struct history *h = &m->origins[i]->intake;
        const struct sd_intake *last = h->n ? h->items[h->n - 1].records[0] : NULL;
        if (!last)
            continue;
        out->total = add_known(out->total, zero_if_unknown(last->total));
        out->unparsed = add_known(out->unparsed, zero_if_unknown(last->unparsed));
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
    size_t n = 0;
    for (size_t i = m->n_events; i-- > 0 && n < max;) {
        const struct moment *k = &m->events[i].one.items[0];
        if (k->at >= span.from && k->at < span.to)
            out[n++] = (struct event_entry){
                .at = k->at, .origin = m->events[i].origin->name, .event = k->records[0]};
    }
    return n;
}
