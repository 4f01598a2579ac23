/* model.c - the model as a whole: batches in, memory kept within its cap. */
#include "core/model/parts.h"

enum { ORIGINS_MAX = 512, LEAPS = 8 };
/* Batches stamped beyond this (year 2223) are nonsense, and sums of times stay in range. */
#define TIME_MAX ((sd_time)8000000000000000000)

const struct model_limits MODEL_DEFAULTS = {
    .retention_ns = 15 * 60 * SD_S,
    .resolution_ns = SD_S,
    .max_bytes = (size_t)64 << 20,
    .max_endpoints = 1024,
    .max_queries = 5000,
};

struct model *model_new(const struct model_limits *limits)
{
    struct model *m = mem_alloc(sizeof *m);
    m->limits = limits ? *limits : MODEL_DEFAULTS;
    if (m->limits.resolution_ns <= 0)
        m->limits.resolution_ns = MODEL_DEFAULTS.resolution_ns;
    m->first = m->last = m->swept = SD_UNKNOWN;
    m->snapshots.size = sizeof(struct slot);
    m->bytes = sizeof *m;
    links_new(m);
    return m;
}

void model_clear(struct model *m)
{
    links_forget(m);
    endpoints_free(m);
    queries_free(m);
    series_free(m);
    plans_free(m);
    sources_free(m);
    struct name *n, *next;
    HASH_ITER(hh, m->names, n, next)
    {
        HASH_DEL(m->names, n);
        model_give(m, n, sizeof *n + strlen(n->text) + 1);
    }
    m->name_bytes = 0;
    m->thinned_to = 0;
    m->lost = 0;
    m->leaps = 0;
    m->first = m->last = m->swept = SD_UNKNOWN;
    m->version++;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    model_clear(m);
    links_free(m);
    free(m);
}

struct origin *model_origin(struct model *m, const char *name)
{
    for (size_t i = 0; i < m->n_origins; i++)
        if (!strcmp(m->origins[i]->name, name))
            return m->origins[i];
    if (m->n_origins >= MIN(m->limits.max_bytes >> 18, ORIGINS_MAX) && m->n_origins)
        return m->origins[m->n_origins - 1]; /* nobody has hundreds of sources: hostile input */
    struct origin *o = model_take(m, sizeof *o);
    o->name = model_strdup(m, name, 512);
    o->load.size = sizeof(struct load_slot);
    o->sampled_at = o->snapshot_at = o->snapshot_before = o->counting_since = SD_UNKNOWN;
    if (m->n_origins == m->cap_origins) {
        size_t want = m->cap_origins ? m->cap_origins * 2 : 4;
        m->origins = model_resize(m, m->origins, m->cap_origins, want, sizeof *m->origins);
        m->cap_origins = want;
    }
    m->origins[m->n_origins++] = o;
    return o;
}

/* ---- keeping within bounds ---- */

static void drop(struct model *m, sd_time before)
{
    endpoints_drop(m, before);
    queries_drop(m, before);
    activity_drop(m, before);
    catalog_drop(m, before);
    series_drop(m, before);
    sources_drop(m, before);
}

static const struct slots *larger(const struct slots *a, const struct slots *b)
{
    return a && a->n * a->size >= b->n * b->size ? a : b;
}

/* Moments are chosen by rank in the largest collection and not by age, so that one
 * wrong old time cannot hide where the bulk of the data lies. */
static const struct slots *largest(const struct model *m)
{
    const struct slots *most = NULL;
    for (size_t i = 0; i < m->n_endpoints; i++)
        most = larger(most, &m->endpoints[i]->slots);
    for (size_t i = 0; i < m->n_queries; i++)
        most = larger(most, &m->queries[i]->slots);
    for (size_t i = 0; i < m->n_origins; i++)
        most = larger(most, &m->origins[i]->load);
    return most;
}

static sd_time at_rank(const struct slots *s, size_t i)
{
    return s && i < s->n ? ((const struct slot *)slots_item(s, i))->at : SD_UNKNOWN;
}

/* The older half is thinned, coarser and coarser; when that is not enough, its oldest
 * part goes; when there is nothing left to give up, the queries not seen for longest.
 * A margin is freed, so that this runs rarely. */
static void shrink(struct model *m)
{
    size_t goal = m->limits.max_bytes - m->limits.max_bytes / 8;
    for (int round = 0; round < 64 && m->bytes > goal; round++) {
        const struct slots *s = largest(m);
        size_t n = s ? s->n : 0;
        sd_time old = at_rank(s, n / 8), half = at_rank(s, n / 2), quarter = at_rank(s, n / 4);
        int64_t age = n >= 16 ? half - old : 0;
        for (int64_t width = 2 * m->limits.resolution_ns; m->bytes > goal && width <= age / 8; width *= 2) {
            endpoints_thin(m, half, width);
            queries_thin(m, half, width);
            activity_thin(m, half, width);
        }
        if (m->bytes <= goal)
            return;
        bool less = activity_shorten(m);
        less |= plans_shorten(m);
        less |= catalog_shorten(m);
        less |= series_thin(m, n && round < 8 ? half : m->last);
        if (n) {
            less |= n >= 4;
            drop(m, MAX(quarter, at_rank(s, 0) + 1));
        }
        if (!less)
            less = sources_shorten(m);
        if (!less && m->n_queries > 16)
            queries_evict(m, m->n_queries / 2);
        else if (!less)
            break;
    }
}

static void sweep(struct model *m)
{
    if (!m->limits.retention_ns)
        return;
    int64_t step = MAX(m->limits.retention_ns / 90, m->limits.resolution_ns);
    if (sd_known(m->swept) && m->last - m->swept < step)
        return;
    m->swept = m->last;
    drop(m, m->last - m->limits.retention_ns);
}

/* The newest time moves on with the data. One record from the far future (a wrong
 * clock, a garbled line) must not age everything else away: such a leap is believed
 * only when several batches agree. */
static void note_time(struct model *m, const struct sd_batch *b)
{
    sd_time from = batch_time(b), to = from;
    bool data = false;
    for (size_t i = 0; i < batch_len(b); i++) {
        enum sd_kind kind;
        const void *r = batch_record(b, i, &kind);
        if (kind == SD_HTTP) {
            int64_t interval = ((const struct sd_http *)r)->interval_ns;
            if (interval > 0 && interval < 3600 * SD_S)
                to = MAX(to, from + interval);
        }
        data |= kind == SD_HTTP || kind == SD_METRIC || kind == SD_STATEMENT || kind == SD_ACTIVITY;
    }
    if (!data)
        return;
    if (sd_known(m->last) && m->limits.retention_ns && to - m->last > m->limits.retention_ns / 2 &&
        ++m->leaps < LEAPS)
        return;
    if (!sd_known(m->last) || to > m->last) {
        m->last = to;
        m->leaps = 0;
    }
    if (!sd_known(m->first) || from < m->first)
        m->first = from;
}

void model_apply(struct model *m, const struct sd_batch *b)
{
    sd_time at = batch_time(b);
    if (at > TIME_MAX || at < -TIME_MAX)
        return;
    m->version++;
    links_forget(m);
    note_time(m, b);
    struct origin *o = model_origin(m, batch_origin(b));
    uint32_t kinds = 0;
    for (size_t i = 0; i < batch_len(b); i++) {
        enum sd_kind kind;
        const void *r = batch_record(b, i, &kind);
        kinds |= 1u << kind;
        if (kind == SD_HTTP)
            endpoints_apply(m, b, r);
        else if (kind == SD_METRIC)
            series_apply(m, b, r);
    }
    if (kinds & (1u << SD_STATEMENT))
        queries_apply(m, o, b);
    if (kinds & (1u << SD_ACTIVITY | 1u << SD_METRIC))
        activity_apply(m, o, b);
    if (kinds & (1u << SD_PLAN | 1u << SD_FAILURE))
        plans_apply(m, o, b);
    else if (kinds & (1u << SD_TABLE | 1u << SD_INDEX))
        catalog_apply(m, o, b);
    sources_apply(m, o, b);
    if (sd_known(m->last))
        sweep(m);
    if (m->bytes > m->limits.max_bytes)
        shrink(m);
}

uint64_t model_version(const struct model *m)
{
    return m->version;
}

struct model_usage model_usage(const struct model *m)
{
    sd_time first = m->first;
    if (sd_known(first) && m->limits.retention_ns)
        first = MAX(first, m->last - m->limits.retention_ns);
    return (struct model_usage){
        .bytes = m->bytes,
        .max_bytes = m->limits.max_bytes,
        .thinned_to_ns = MAX(m->thinned_to, m->limits.resolution_ns),
        .first = first,
        .last = m->last,
        .frames_lost = m->lost,
    };
}

void model_count_lost(struct model *m, uint64_t frames)
{
    m->lost += frames;
    m->version++;
}

void model_mark_replayed(struct model *m)
{
    m->replayed = true;
}

bool model_is_replayed(const struct model *m)
{
    return m->replayed;
}
