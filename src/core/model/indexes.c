/* indexes.c - tables and indexes as a server listed them, listing after listing. */
#include "core/model/parts.h"

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

static void add(struct model *m, struct history *h, const struct sd_batch *b, enum sd_kind kind,
                int (*order)(const void *, const void *))
{
    const void **records = mem_array(batch_len(b), sizeof *records), *r;
    size_t n = 0;
    for (size_t i = 0; (r = batch_each(b, kind, &i));)
        records[n++] = r;
    qsort(records, n, sizeof *records, order);
    history_add(m, h, batch_time(b), kind, records, n);
    free(records);
    /* A listing is a few kilobytes for each ten tables, and changes slowly. */
    while (h->bytes > m->limits.max_bytes / 16 && history_thin(m, h))
        ;
}

void catalog_apply(struct model *m, struct origin *o, const struct sd_batch *b)
{
    add(m, &o->tables, b, SD_TABLE, table_order);
    add(m, &o->indexes, b, SD_INDEX, index_order);
}

void catalog_drop(struct model *m, sd_time before)
{
    for (size_t i = 0; i < m->n_origins; i++) {
        history_drop(m, &m->origins[i]->tables, before);
        history_drop(m, &m->origins[i]->indexes, before);
    }
}

bool catalog_shorten(struct model *m)
{
    bool any = false;
    for (size_t i = 0; i < m->n_origins; i++) {
        any |= history_thin(m, &m->origins[i]->tables);
        any |= history_thin(m, &m->origins[i]->indexes);
    }
    return any;
}

void catalog_free(struct model *m, struct origin *o)
{
    history_free(m, &o->tables);
    history_free(m, &o->indexes);
}

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
static const void *find(const struct moment *m, const void *record, int (*order)(const void *, const void *))
{
    const void *const *found = m ? bsearch(&record, m->records, m->n, sizeof *m->records, order) : NULL;
    return found ? *found : NULL;
}

size_t model_tables(const struct model *m, struct span span, sd_time at, struct table_entry *out, size_t max)
{
    size_t n = 0;
    for (size_t k = 0; k < m->n_origins; k++) {
        const struct history *h = &m->origins[k]->tables;
        const struct moment *now = history_at(h, at), *then = now ? earlier(h, span, now) : NULL;
        for (size_t i = 0; now && i < now->n && n < max; i++)
            out[n++] = (struct table_entry){.t = now->records[i],
                                            .before = find(then, now->records[i], table_order),
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
        const struct history *h = &m->origins[k]->indexes;
        const struct moment *now = history_at(h, at), *then = now ? earlier(h, span, now) : NULL;
        for (size_t i = 0; now && i < now->n && n < max; i++)
            out[n++] = (struct index_entry){.x = now->records[i],
                                            .before = find(then, now->records[i], index_order),
                                            .at = now->at,
                                            .before_at = then ? then->at : SD_UNKNOWN,
                                            .origin = m->origins[k]->name};
    }
    return n;
}
