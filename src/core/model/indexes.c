/* indexes.c - tables and indexes of a server, one list per read of the catalog. */
#include "core/model/parts.h"

/* Of one origin, sorted by name. */
struct listings {
    struct history tables, indexes;
};

static struct listings *listings_of(const struct model *m, size_t origin)
{
    return m->origins[origin]->state[DOMAIN_indexes];
}

static int text_order(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int table_order(const void *a, const void *b)
{
    const struct sd_table *x = *(const void *const *)a, *y = *(const void *const *)b;
    int order = text_order(x->database, y->database);
    order = order ? order : text_order(x->schema, y->schema);
    return order ? order : text_order(x->name, y->name);
}

static int index_order(const void *a, const void *b)
{
    const struct sd_index *x = *(const void *const *)a, *y = *(const void *const *)b;
    int order = text_order(x->database, y->database);
    order = order ? order : text_order(x->schema, y->schema);
    return order ? order : text_order(x->name, y->name);
}

static void add_catalog(struct part *p, struct history *h, const struct sd_batch *b, enum sd_kind kind,
                        int (*order)(const void *, const void *))
{
    const void **records = mem_array(batch_len(b), sizeof *records), *r;
    size_t n = 0;
    for (size_t i = 0; (r = batch_each(b, kind, &i));)
        records[n++] = r;
    qsort(records, n, sizeof *records, order);
    history_add(p, h, batch_time(b), kind, records, n);
    free(records);
}

static bool listings_thin(struct part *p)
{
    const struct model *m = p->model;
    bool any = false;
    for (size_t i = 0; i < m->n_origins; i++) {
        struct listings *l = listings_of(m, i);
        any |= l && history_thin(p, &l->tables);
        any |= l && history_thin(p, &l->indexes);
    }
    return any;
}

static void indexes_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    if (batch_kinds(b) & SD_KIND_BIT(SD_PLAN))
        return; /* the facts of a plan */
    struct listings *l = origin_state(p, o);
    add_catalog(p, &l->tables, b, SD_TABLE, table_order);
    add_catalog(p, &l->indexes, b, SD_INDEX, index_order);
    /* A listing is a few kilobytes for each ten tables, and changes slowly. */
    while (p->bytes > p->share && listings_thin(p))
        ;
}

static void indexes_drop(struct part *p, sd_time before)
{
    const struct model *m = p->model;
    for (size_t i = 0; i < m->n_origins; i++) {
        struct listings *l = listings_of(m, i);
        if (!l)
            continue;
        history_drop(p, &l->tables, before);
        history_drop(p, &l->indexes, before);
    }
}

static struct history *larger(struct history *a, struct history *b)
{
    return a && a->bytes >= b->bytes ? a : b;
}

/* When nothing but the newest listings is left, and they are too much: the largest. */
static bool indexes_less(struct part *p, size_t want)
{
    const struct model *m = p->model;
    size_t held = p->bytes;
    struct history *most = NULL;
    while (p->bytes > want && listings_thin(p))
        ;
    for (size_t i = 0; i < m->n_origins; i++) {
        struct listings *l = listings_of(m, i);
        if (l)
            most = larger(larger(most, &l->tables), &l->indexes);
    }
    if (p->bytes > want && p->bytes > p->share && most)
        history_free(p, most);
    return p->bytes < held;
}

static void listings_free(struct part *p, void *state)
{
    struct listings *l = state;
    history_free(p, &l->tables);
    history_free(p, &l->indexes);
}

static void indexes_clear(struct part *p)
{
    (void)p;
}

const struct domain indexes_domain = {
    .name = "indexes",
    .kinds = SD_KIND_BIT(SD_TABLE) | SD_KIND_BIT(SD_INDEX),
    .is_data = true,
    .origin_size = sizeof(struct listings),
    .apply = indexes_apply,
    .drop = indexes_drop,
    .less = indexes_less,
    .origin_free = listings_free,
    .clear = indexes_clear,
};

/* ---- asking ---- */

/* Where growth is measured from; NULL: `now` is the only listing. */
static const struct moment *earlier(const struct history *h, struct span span, const struct moment *now)
{
    const struct moment *m = span_is_all(span) ? NULL : history_at(h, span.from);
    if (!m && h->n)
        m = &h->items[0];
    if (m && m >= now)
        m = now > h->items ? now - 1 : NULL;
    return m;
}

/* Listings hold hundreds of records in the same order: found by halving. */
static const void *find_record(const struct moment *m, const void *record,
                               int (*order)(const void *, const void *))
{
    const void *const *found = m ? bsearch(&record, m->records, m->n, sizeof *m->records, order) : NULL;
    return found ? *found : NULL;
}

size_t model_tables(const struct model *m, struct span span, sd_time at, struct table_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t k = 0; k < m->n_origins; k++) {
        const struct listings *l = listings_of(m, k);
        const struct history *h = l ? &l->tables : NULL;
        const struct moment *now = h ? history_at(h, at) : NULL, *then = now ? earlier(h, span, now) : NULL;
        for (size_t i = 0; now && i < now->n && n < max; i++)
            out[n++] = (struct table_entry){.t = now->records[i],
                                            .before = find_record(then, now->records[i], table_order),
                                            .at = now->at,
                                            .before_at = then ? then->at : SD_UNKNOWN,
                                            .origin = m->origins[k]->name};
    }
    return n;
}

size_t model_indexes(const struct model *m, struct span span, sd_time at, struct index_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t k = 0; k < m->n_origins; k++) {
        const struct listings *l = listings_of(m, k);
        const struct history *h = l ? &l->indexes : NULL;
        const struct moment *now = h ? history_at(h, at) : NULL, *then = now ? earlier(h, span, now) : NULL;
        for (size_t i = 0; now && i < now->n && n < max; i++)
            out[n++] = (struct index_entry){.x = now->records[i],
                                            .before = find_record(then, now->records[i], index_order),
                                            .at = now->at,
                                            .before_at = then ? then->at : SD_UNKNOWN,
                                            .origin = m->origins[k]->name};
    }
    return n;
}

size_t model_table_points(const struct model *m, const struct table_entry *of, sd_time until,
                          struct table_point *out, size_t max)
{
    const struct history *h = NULL;
    for (size_t k = 0; k < m->n_origins && !h; k++)
        if (str_eq(m->origins[k]->name, of->origin) && listings_of(m, k))
            h = &listings_of(m, k)->tables;
    size_t n = 0, end = 0;
    while (h && end < h->n && h->items[end].at <= until)
        end++;
    for (size_t i = end > max ? end - max : 0; i < end; i++) {
        const struct sd_table *t = find_record(&h->items[i], of->t, table_order);
        if (t)
            out[n++] = (struct table_point){h->items[i].at, t->rows, t->total_bytes};
    }
    return n;
}
