/* loads.c - load tests, interval by interval, and documents: of each source all it said. */
#include "core/model/loads.h"

#include "core/model/states.h"

static const struct states_table TABLE = {
    .domain = DOMAIN_loads,
    .n = 3,
    .kinds = {SD_LOAD, SD_LOAD_LEVEL, SD_DOCUMENT},
    .counted = 3, /* intervals and levels add up */
};

static const struct history *history_of(const struct model *m, size_t origin, enum sd_kind kind)
{
    return states_history(m, &TABLE, origin, kind);
}

/* ---- keeping ---- */

static void loads_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    states_apply(p, o, b, &TABLE);
}

static sd_time loads_until(const struct sd_batch *b)
{
    sd_time until = batch_time(b);
    const struct sd_load *r;
    for (size_t i = 0; (r = batch_each(b, SD_LOAD, &i));)
        if (sd_known(r->interval_ns) && r->interval_ns > 0 && r->interval_ns < INT64_MAX - MAX(until, 0))
            until = MAX(until, batch_time(b) + r->interval_ns);
    return until;
}

const struct domain loads_domain = {
    .name = "loads",
    .kinds = SD_KIND_BIT(SD_LOAD) | SD_KIND_BIT(SD_LOAD_LEVEL) | SD_KIND_BIT(SD_DOCUMENT),
    .is_data = true,
    .origin_size = sizeof(struct states),
    .apply = loads_apply,
    .until = loads_until,
    .drop = states_drop,
    .less = states_less,
    .origin_free = states_free,
    .clear = states_clear,
};

/* ---- asking ---- */

size_t model_loads(const struct model *m, sd_time at, struct record_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins && n < max; i++) {
        const struct history *h = history_of(m, i, SD_LOAD);
        const struct moment *now = h ? history_at(h, at) : NULL;
        if (now)
            out[n++] = (struct record_entry){.r = now->records[0],
                                             .before = h->items[0].records[0],
                                             .at = now->at,
                                             .before_at = h->items[0].at,
                                             .origin = m->origins[i]->name};
    }
    return n;
}

static bool is_of(const struct model *m, size_t origin, const char *name)
{
    return str_eq(m->origins[origin]->name, name);
}

static size_t steps_in(const struct history *h, const char *origin, struct span span,
                       struct record_entry *out, size_t max)
{
    size_t n = 0, all = 0, skip;
    for (size_t k = 0; k < h->n; k++)
        if (h->items[k].at >= span.from && h->items[k].at < span.to)
            all += h->items[k].n;
    skip = all > max ? all - max : 0;
    for (size_t k = 0; k < h->n; k++) {
        const struct moment *at = &h->items[k];
        for (size_t j = 0; j < at->n && at->at >= span.from && at->at < span.to; j++)
            if (skip)
                skip--;
            else
                out[n++] = (struct record_entry){
                    .r = at->records[j], .at = at->at, .before_at = SD_UNKNOWN, .origin = origin};
    }
    return n;
}

size_t model_load_steps(const struct model *m, const char *origin, enum sd_kind kind, struct span span,
                        struct record_entry *out, size_t max)
{
    for (size_t i = 0; i < m->n_origins; i++) {
        const struct history *h = is_of(m, i, origin) ? history_of(m, i, kind) : NULL;
        if (h)
            return steps_in(h, m->origins[i]->name, span, out, max);
    }
    return 0;
}

size_t model_results(const struct model *m, sd_time at, struct record_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins; i++) {
        const struct history *h = history_of(m, i, SD_DOCUMENT);
        const struct moment *now = h ? history_at(h, at) : NULL;
        for (size_t k = 0; now && k < now->n && n < max; k++)
            out[n++] = (struct record_entry){
                .r = now->records[k], .at = now->at, .before_at = SD_UNKNOWN, .origin = m->origins[i]->name};
    }
    return n;
}
