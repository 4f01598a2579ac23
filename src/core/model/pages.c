/* pages.c - pages: for each source and kind of record the whole of what it said, moment by moment. */
#include "core/model/pages.h"

#include "core/model/parts.h"

static const enum sd_kind KINDS[] = {SD_PAGE_REPORT, SD_PAGE_FIELD, SD_PAGE_ATTRIBUTION,
                                     SD_PAGE_TREND,  SD_PAGE_LOAD,  SD_PAGE_RECEIVER};
enum { N_KINDS = ARRAY_LEN(KINDS) };

/* Of one origin. */
struct states {
    struct history of[N_KINDS];
};

static struct states *states_of(const struct model *m, size_t origin)
{
    return m->origins[origin]->state[DOMAIN_pages];
}

/* ---- keeping ---- */

static bool states_thin(struct part *p)
{
    bool any = false;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        for (size_t k = 0; x && k < N_KINDS; k++)
            any |= history_thin(p, &x->of[k]);
    }
    return any;
}

/* The reports of a folder may be more than half of the share: what alone is there may take more. */
static void pages_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    struct states *x = origin_state(p, o);
    const void **records = mem_array(batch_len(b) + 1, sizeof *records), *r;
    for (size_t k = 0; k < N_KINDS; k++) {
        size_t n = 0;
        for (size_t i = 0; (r = batch_each(b, KINDS[k], &i));)
            records[n++] = r;
        if (n)
            history_add_upto(p, &x->of[k], batch_time(b), KINDS[k], records, n,
                             p->model->limits.max_bytes / 4);
    }
    free(records);
    while (p->bytes > p->share && states_thin(p))
        ;
}

/* What is said stays true until something else is said: the state of that time is kept. */
static void pages_drop(struct part *p, sd_time before)
{
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        for (size_t k = 0; x && k < N_KINDS; k++)
            history_drop(p, &x->of[k], before);
    }
}

/* When nothing but the newest is left, and that is too much: the largest go first. */
static struct history *largest(struct part *p)
{
    struct history *most = NULL;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        if (x)
            most = history_largest(most, x->of, N_KINDS);
    }
    return most && most->bytes ? most : NULL;
}

static bool pages_less(struct part *p, size_t want)
{
    size_t held = p->bytes;
    struct history *most;
    while (p->bytes > want && states_thin(p))
        ;
    while (p->bytes > want && p->bytes > p->share && (most = largest(p)))
        history_free(p, most);
    return p->bytes < held;
}

static void states_free(struct part *p, void *state)
{
    struct states *x = state;
    for (size_t k = 0; k < N_KINDS; k++)
        history_free(p, &x->of[k]);
}

static void pages_clear(struct part *p)
{
    (void)p;
}

const struct domain pages_domain = {
    .name = "pages",
    .kinds = SD_KIND_BIT(SD_PAGE_REPORT) | SD_KIND_BIT(SD_PAGE_FIELD) | SD_KIND_BIT(SD_PAGE_ATTRIBUTION) |
             SD_KIND_BIT(SD_PAGE_TREND) | SD_KIND_BIT(SD_PAGE_LOAD) | SD_KIND_BIT(SD_PAGE_RECEIVER),
    .is_data = true,
    .origin_size = sizeof(struct states),
    .apply = pages_apply,
    .drop = pages_drop,
    .less = pages_less,
    .origin_free = states_free,
    .clear = pages_clear,
};

/* ---- asking ---- */

static const struct history *history_of(const struct model *m, size_t origin, enum sd_kind kind)
{
    const struct states *x = states_of(m, origin);
    for (size_t k = 0; x && k < N_KINDS; k++)
        if (KINDS[k] == kind)
            return &x->of[k];
    return NULL;
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
