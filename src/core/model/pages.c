/* pages.c - pages: for each source and kind of record the whole of what it said, moment by moment. */
#include "core/model/pages.h"

#include "core/model/parts.h"

static const enum sd_kind KINDS[] = {SD_PAGE_REPORT, SD_PAGE_FIELD,    SD_PAGE_ATTRIBUTION, SD_PAGE_TREND,
                                     SD_PAGE_LOAD,   SD_PAGE_RECEIVER, SD_PAGE_NOTES};
enum { N_KINDS = ARRAY_LEN(KINDS) };

/* The records of one kind that a batch held, as a batch of their own: it does not keep the rest. */
struct kept {
    sd_time at;
    struct sd_batch *b;
};
/* By time. */
struct said {
    struct kept *items;
    size_t n, cap, bytes;
};
/* Of one origin. */
struct states {
    struct said of[N_KINDS];
};

static struct states *states_of(const struct model *m, size_t origin)
{
    return m->origins[origin]->state[DOMAIN_pages];
}

/* ---- keeping ---- */

static void kept_free(struct part *p, struct said *s, struct kept *k)
{
    size_t bytes = batch_bytes(k->b) + MODEL_OVERHEAD;
    model_uncount(p, bytes);
    s->bytes -= bytes;
    batch_unref(k->b);
}

static void said_remove(struct part *p, struct said *s, size_t from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        kept_free(p, s, &s->items[from + i]);
    memmove(s->items + from, s->items + from + n, (s->n - from - n) * sizeof *s->items);
    s->n -= n;
}

static void said_free(struct part *p, struct said *s)
{
    said_remove(p, s, 0, s->n);
    s->items = model_resize(p, s->items, s->cap, 0, sizeof *s->items);
    *s = (struct said){0};
}

/* Leaves out every second moment of the older half. False: only the newest is left. */
static bool said_thin(struct part *p, struct said *s)
{
    if (s->n < 2)
        return false;
    for (size_t half = (s->n + 1) / 2, i = 0, left = half; left > 0; left -= MIN(left, (size_t)2)) {
        if (i + 1 < s->n)
            said_remove(p, s, i, 1);
        i++;
    }
    return true;
}

static void said_add(struct part *p, struct said *s, sd_time at, struct sd_batch *b)
{
    size_t bytes = batch_bytes(b) + MODEL_OVERHEAD, i = s->n;
    while (i > 0 && s->items[i - 1].at > at)
        i--;
    if (i > 0 && s->items[i - 1].at == at) /* the newest of one time wins */
        said_remove(p, s, --i, 1);
    if (s->n == s->cap) {
        size_t want = s->cap ? s->cap * 2 : 4;
        s->items = model_resize(p, s->items, s->cap, want, sizeof *s->items);
        s->cap = want;
    }
    memmove(s->items + i + 1, s->items + i, (s->n - i) * sizeof *s->items);
    s->items[i] = (struct kept){.at = at, .b = b};
    s->n++;
    s->bytes += bytes;
    model_count(p, bytes);
}

static bool states_thin(struct part *p)
{
    bool any = false;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        for (size_t k = 0; x && k < N_KINDS; k++)
            any |= said_thin(p, &x->of[k]);
    }
    return any;
}

static struct sd_batch *only(const struct sd_batch *b, enum sd_kind kind)
{
    struct sd_batch *own = batch_new(batch_origin(b), batch_time(b));
    const void *r;
    for (size_t i = 0; (r = batch_each(b, kind, &i));)
        batch_add(own, kind, r);
    return own;
}

static void pages_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    struct states *x = origin_state(p, o);
    for (size_t k = 0; k < N_KINDS; k++) {
        if (!(batch_kinds(b) & SD_KIND_BIT(KINDS[k])))
            continue;
        struct sd_batch *own = only(b, KINDS[k]);
        if (batch_bytes(own) > p->model->limits.max_bytes / 4)
            batch_unref(own); /* hostile: one moment as large as the histories of all others */
        else
            said_add(p, &x->of[k], batch_time(b), own);
    }
    while (p->bytes > p->share && states_thin(p))
        ;
}

/* What is said stays true until something else is said: the state of that time is kept. */
static void pages_drop(struct part *p, sd_time before)
{
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        for (size_t k = 0; x && k < N_KINDS; k++) {
            size_t n = 0;
            while (n < x->of[k].n && x->of[k].items[n].at <= before)
                n++;
            if (n > 1)
                said_remove(p, &x->of[k], 0, n - 1);
        }
    }
}

/* When nothing but the newest is left, and that is too much: the largest go first. */
static struct said *largest(struct part *p)
{
    struct said *most = NULL;
    for (size_t i = 0; i < p->model->n_origins; i++) {
        struct states *x = states_of(p->model, i);
        for (size_t k = 0; x && k < N_KINDS; k++)
            if (x->of[k].bytes > (most ? most->bytes : 0))
                most = &x->of[k];
    }
    return most;
}

static bool pages_less(struct part *p, size_t want)
{
    size_t held = p->bytes;
    struct said *most;
    while (p->bytes > want && states_thin(p))
        ;
    while (p->bytes > want && p->bytes > p->share && (most = largest(p)))
        said_free(p, most);
    return p->bytes < held;
}

static void states_free(struct part *p, void *state)
{
    struct states *x = state;
    for (size_t k = 0; k < N_KINDS; k++)
        said_free(p, &x->of[k]);
}

static void pages_clear(struct part *p)
{
    (void)p;
}

const struct domain pages_domain = {
    .name = "pages",
    .kinds = SD_KIND_BIT(SD_PAGE_REPORT) | SD_KIND_BIT(SD_PAGE_FIELD) | SD_KIND_BIT(SD_PAGE_ATTRIBUTION) |
             SD_KIND_BIT(SD_PAGE_TREND) | SD_KIND_BIT(SD_PAGE_LOAD) | SD_KIND_BIT(SD_PAGE_RECEIVER) |
             SD_KIND_BIT(SD_PAGE_NOTES),
    .is_data = true,
    .origin_size = sizeof(struct states),
    .apply = pages_apply,
    .drop = pages_drop,
    .less = pages_less,
    .origin_free = states_free,
    .clear = pages_clear,
};

/* ---- asking ---- */

static const struct said *said_of(const struct model *m, size_t origin, enum sd_kind kind)
{
    const struct states *x = states_of(m, origin);
    for (size_t k = 0; x && k < N_KINDS; k++)
        if (KINDS[k] == kind)
            return &x->of[k];
    return NULL;
}

/* The newest at or before a time; NULL. */
static const struct kept *said_at(const struct said *s, sd_time at)
{
    const struct kept *k = NULL;
    for (size_t i = 0; s && i < s->n && s->items[i].at <= at; i++)
        k = &s->items[i];
    return k;
}

/* Where growth is measured from; NULL: there is nothing earlier. */
static const struct kept *earlier(const struct said *s, struct span span, const struct kept *now)
{
    const struct kept *k = span_is_all(span) ? NULL : said_at(s, span.from);
    if (!k && s->n)
        k = &s->items[0];
    return k && k < now ? k : NULL;
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
static const void *find_same(const struct sd_batch *b, enum sd_kind kind, const void *record, size_t *hint)
{
    size_t n = batch_len(b);
    enum sd_kind of;
    for (size_t i = 0; i < n; i++) {
        size_t k = (*hint + i) % n;
        const void *r = batch_record(b, k, &of);
        if (is_same(kind, r, record)) {
            *hint = k + 1;
            return r;
        }
    }
    return NULL;
}

static size_t records_of(const struct said *s, enum sd_kind kind, struct span span, sd_time at,
                         const char *origin, struct record_entry *out, size_t max)
{
    const struct kept *now = said_at(s, at), *then = now ? earlier(s, span, now) : NULL;
    const void *r;
    size_t n = 0, hint = 0;
    for (size_t i = 0; now && n < max && (r = batch_each(now->b, kind, &i));) {
        const void *before = then ? find_same(then->b, kind, r, &hint) : NULL;
        out[n++] = (struct record_entry){.r = r,
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
        n += records_of(said_of(m, i, kind), kind, span, at, m->origins[i]->name, out + n, max - n);
    return n;
}

size_t model_page_count(const struct model *m, enum sd_kind kind, sd_time at)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins; i++) {
        const struct kept *k = said_at(said_of(m, i, kind), at);
        n += k ? batch_len(k->b) : 0;
    }
    return n;
}

size_t model_page_reports(const struct model *m, struct page_report_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_origins; i++) {
        const struct kept *k = said_at(said_of(m, i, SD_PAGE_REPORT), INT64_MAX);
        const struct sd_page_report *r;
        for (size_t at = 0; k && n < max && (r = batch_each(k->b, SD_PAGE_REPORT, &at));)
            out[n++] = (struct page_report_entry){.r = r, .at = k->at, .origin = m->origins[i]->name};
    }
    return n;
}
