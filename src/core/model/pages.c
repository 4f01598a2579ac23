/* pages.c - pages: for each source and kind of record the whole of what it said, moment by moment. */
#include "core/model/pages.h"

#include "core/model/states.h"

static const struct states_table TABLE = {
    .domain = DOMAIN_pages,
    .n = 6,
    .kinds = {SD_PAGE_REPORT, SD_PAGE_FIELD, SD_PAGE_ATTRIBUTION, SD_PAGE_TREND, SD_PAGE_LOAD,
              SD_PAGE_RECEIVER},
};

static void pages_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    states_apply(p, o, b, &TABLE);
}

const struct domain pages_domain = {
    .name = "pages",
    .kinds = SD_KIND_BIT(SD_PAGE_REPORT) | SD_KIND_BIT(SD_PAGE_FIELD) | SD_KIND_BIT(SD_PAGE_ATTRIBUTION) |
             SD_KIND_BIT(SD_PAGE_TREND) | SD_KIND_BIT(SD_PAGE_LOAD) | SD_KIND_BIT(SD_PAGE_RECEIVER),
    .is_data = true,
    .origin_size = sizeof(struct states),
    .apply = pages_apply,
    .drop = states_drop,
    .less = states_less,
    .origin_free = states_free,
    .clear = states_clear,
};

/* ---- asking ---- */

static const struct history *history_of(const struct model *m, size_t origin, enum sd_kind kind)
{
    return states_history(m, &TABLE, origin, kind);
}

/* Where growth is measured from; NULL: there is nothing earlier. */
static const struct moment *earlier(const struct history *h, struct span span, const struct moment *now)
{
    const struct moment *m = span_is_all(span) ? NULL : history_at(h, span.from);
    if (!m && h->n)
        m = &h->items[0];
    return m && m < now ? m : NULL;
}

static bool same_field(const struct sd_page_field *a, const struct sd_page_field *b)
{
    return str_eq(a->metric, b->metric) && str_eq(a->key, b->key) && str_eq(a->by, b->by) &&
           str_eq(a->data, b->data) && str_eq(a->form_factor, b->form_factor);
}

static bool is_same(enum sd_kind kind, const void *a, const void *b)
{
    if (kind == SD_PAGE_FIELD)
        return same_field(a, b);
    if (kind == SD_PAGE_REPORT)
        return str_eq(((const struct sd_page_report *)a)->path, ((const struct sd_page_report *)b)->path);
    return kind == SD_PAGE_RECEIVER;
}

/* The search begins behind the one found last: both moments hold their records in about the same order. */
static const void *find_same(const struct moment *m, enum sd_kind kind, const void *record, size_t *hint)
{
    for (size_t i = 0; m && i < m->n; i++) {
        size_t k = (*hint + i) % m->n;
        if (is_same(kind, m->records[k], record)) {
            *hint = k + 1;
            return m->records[k];
        }
    }
    return NULL;
}

static size_t records_of(const struct history *h, enum sd_kind kind, struct span span, sd_time at,
                         const char *origin, struct record_entry *out, size_t max)
{
    const struct moment *now = h ? history_at(h, at) : NULL, *then = now ? earlier(h, span, now) : NULL;
    size_t n = 0, hint = 0;
    for (size_t i = 0; now && i < now->n && n < max; i++) {
        const void *before = find_same(then, kind, now->records[i], &hint);
        out[n++] = (struct record_entry){.r = now->records[i],
                                         .before = before,
                                         .at = now->at,
                                         .before_at = before ? then->at : SD_UNKNOWN,
                                         .origin = origin};
    }
    return n;
}

size_t model_page_records(const struct model *m, enum sd_kind kind, struct span span, sd_time at,
                          struct record_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins; i++)
        n += records_of(history_of(m, i, kind), kind, span, at, m->origins[i]->name, out + n, max - n);
    return n;
}

size_t model_page_count(const struct model *m, enum sd_kind kind, sd_time at)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins; i++) {
        const struct history *h = history_of(m, i, kind);
        const struct moment *now = h ? history_at(h, at) : NULL;
        n += now ? now->n : 0;
    }
    return n;
}

size_t model_page_reports(const struct model *m, struct page_report_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins; i++) {
        const struct history *h = history_of(m, i, SD_PAGE_REPORT);
        const struct moment *now = h ? history_at(h, INT64_MAX) : NULL;
        for (size_t k = 0; now && k < now->n && n < max; k++)
            out[n++] = (struct page_report_entry){
                .r = now->records[k], .at = now->at, .origin = m->origins[i]->name};
    }
    return n;
}
