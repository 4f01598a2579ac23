/* model.c - the model as a whole: batches in, memory kept within its cap. */
#include "core/model/parts.h"

enum { ORIGINS_MAX = 2048, LEAPS = 8, ORIGIN_BYTES = 512 };
/* Batches stamped beyond this (year 2223) are nonsense, and sums of times stay in range. */
#define TIME_MAX ((sd_time)8000000000000000000)

const struct model_limits MODEL_DEFAULTS = {
    .retention_ns = 15 * 60 * SD_S,
    .resolution_ns = SD_S,
    .max_bytes = (size_t)64 << 20,
    .traces_bytes = (size_t)128 << 20,
};

static const struct {
    const struct domain *domain;
    unsigned share;
    size_t most;
} DOMAINS[DOMAIN_N] = {
#define DOMAIN_ROW(name_, share_, most_)                                                                     \
    [DOMAIN_##name_] = {.domain = &name_##_domain, .share = share_, .most = most_},
    MODEL_DOMAINS(DOMAIN_ROW)
#undef DOMAIN_ROW
};

/* Of these the shares are parts; the rest is what the origins take, and the margin that is
 * freed, so that memory is short rarely. */
static size_t budget(const struct model *m)
{
    return m->limits.max_bytes / 32 * 27;
}

static void part_start(struct model *m, size_t i)
{
    struct part *p = &m->parts[i];
    const struct domain *d = DOMAINS[i].domain;
    size_t sum = 0;
    for (size_t k = 0; k < DOMAIN_N; k++)
        sum += DOMAINS[k].share;
    *p = (struct part){
        .model = m,
        .domain = d,
        .state = p->state ? memset(p->state, 0, d->state_size) : model_take(&m->own, d->state_size),
        .share = DOMAINS[i].share ? budget(m) / sum * DOMAINS[i].share : m->limits.traces_bytes,
        .apart = !DOMAINS[i].share,
        .most = i == DOMAIN_endpoints && m->limits.endpoints ? m->limits.endpoints : DOMAINS[i].most,
        .version = m->version};
    if (d->start)
        d->start(p);
}

struct model *model_new(const struct model_limits *limits)
{
    struct model *m = mem_alloc(sizeof *m);
    m->limits = limits ? *limits : MODEL_DEFAULTS;
    if (m->limits.resolution_ns <= 0)
        m->limits.resolution_ns = MODEL_DEFAULTS.resolution_ns;
    m->first = m->last = m->swept = SD_UNKNOWN;
    m->bytes = sizeof *m;
    m->own.model = m;
    for (size_t i = 0; i < DOMAIN_N; i++)
        part_start(m, i);
    return m;
}

const struct model_limits *model_limits_of(const struct model *m)
{
    return &m->limits;
}

static void origin_free(struct model *m, struct origin *o)
{
    for (size_t i = 0; i < DOMAIN_N; i++) {
        struct part *p = &m->parts[i];
        if (!o->state[i])
            continue;
        p->domain->origin_free(p, o->state[i]);
        model_give(p, o->state[i], p->domain->origin_size);
    }
    model_strfree(&m->own, o->name);
    model_give(&m->own, o, sizeof *o);
}

static void empty(struct model *m)
{
    for (size_t i = 0; i < DOMAIN_N; i++)
        m->parts[i].domain->clear(&m->parts[i]);
    HASH_CLEAR(hh, m->origins_by_name);
    for (size_t i = 0; i < m->n_origins; i++)
        origin_free(m, m->origins[i]);
    m->origins = model_resize(&m->own, m->origins, m->cap_origins, 0, sizeof *m->origins);
    m->n_origins = m->cap_origins = 0;
    model_forget_names(m);
}

void model_clear(struct model *m)
{
    empty(m);
    m->version++;
    for (size_t i = 0; i < DOMAIN_N; i++)
        part_start(m, i);
    m->thinned_to = 0;
    m->lost = 0;
    m->leaps = 0;
    m->seen = 0;
    m->first = m->last = m->swept = SD_UNKNOWN;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    empty(m);
    for (size_t i = 0; i < DOMAIN_N; i++)
        free(m->parts[i].state);
    free(m);
}

/* Of more sources than any real setup, which is hostile input, the last one has the rest; of a fleet's
 * history nothing has: counters of two machines are never taken for one. NULL. */
static struct origin *origin_of(struct model *m, const char *name, bool told)
{
    struct origin *known;
    size_t len = strnlen(name, ORIGIN_BYTES);
    HASH_FIND(hh, m->origins_by_name, name, len, known);
    if (known)
        return known;
    if (m->n_origins >= MIN(m->limits.max_bytes >> 16, ORIGINS_MAX) && m->n_origins)
        return told ? NULL : m->origins[m->n_origins - 1];
    struct origin *o = model_take(&m->own, sizeof *o);
    o->name = model_strdup(&m->own, name, ORIGIN_BYTES);
    if (m->n_origins == m->cap_origins) {
        size_t want = m->cap_origins ? m->cap_origins * 2 : 4;
        m->origins = model_resize(&m->own, m->origins, m->cap_origins, want, sizeof *m->origins);
        m->cap_origins = want;
    }
    o->told = told;
    m->origins[m->n_origins++] = o;
    HASH_ADD_KEYPTR(hh, m->origins_by_name, o->name, strlen(o->name), o);
    return o;
}

void *origin_state(struct part *p, struct origin *o)
{
    void **state = &o->state[p - p->model->parts];
    if (!*state) {
        *state = model_take(p, p->domain->origin_size);
        if (p->domain->origin_start)
            p->domain->origin_start(*state);
    }
    return *state;
}

/* ---- keeping within bounds ---- */

static void drop_before(struct model *m, sd_time before)
{
    for (size_t i = 0; i < DOMAIN_N; i++) {
        struct part *p = &m->parts[i];
        size_t bytes = p->bytes;
        if (p->domain->drop)
            p->domain->drop(p, before);
        if (p->bytes != bytes)
            p->version = m->version;
    }
}

static int64_t over_share(const struct part *p)
{
    return (int64_t)p->bytes - (int64_t)p->share;
}

static struct part *furthest(struct model *m, const bool spent[DOMAIN_N])
{
    struct part *most = NULL;
    for (size_t i = 0; i < DOMAIN_N; i++)
        if (!spent[i] && !m->parts[i].apart && (!most || over_share(&m->parts[i]) > over_share(most)))
            most = &m->parts[i];
    return most;
}

/* A domain over its share comes down to it and no further, as long as that is enough: it is,
 * because the shares together are less than the goal. Only what cannot be given up, such
 * as names, can bring the others' turn. */
static void shrink(struct model *m)
{
    size_t goal = m->limits.max_bytes - m->limits.max_bytes / 8;
    bool spent[DOMAIN_N] = {false};
    struct part *p;
    while (m->bytes > goal && (p = furthest(m, spent))) {
        size_t before = p->bytes, need = m->bytes - goal;
        size_t want = before > need ? before - need : 0;
        if (before > p->share)
            want = MAX(want, p->share);
        if (!p->domain->less(p, want) || p->bytes >= before)
            spent[p - m->parts] = true;
        else
            p->version = m->version;
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
    drop_before(m, m->last - m->limits.retention_ns);
}

/* The newest time moves on with the data. One record from the far future (a wrong
 * clock, a garbled line) must not age everything else away: such a leap is believed
 * only when several batches agree. */
static void note_time(struct model *m, const struct sd_batch *b)
{
    sd_time from = batch_time(b), to = from;
    bool data = false;
    for (size_t i = 0; i < DOMAIN_N; i++) {
        const struct domain *d = m->parts[i].domain;
        if (!d->is_data || !(batch_kinds(b) & d->kinds & ~d->beside))
            continue;
        data = true;
        if (d->until)
            to = MAX(to, d->until(b));
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
    m->seen |= batch_kinds(b);
    note_time(m, b);
    struct origin *o = origin_of(m, batch_origin(b), batch_machine(b) != NULL);
    if (!o)
        return;
    for (size_t i = 0; i < DOMAIN_N; i++) {
        struct part *p = &m->parts[i];
        if (!(batch_kinds(b) & p->domain->kinds & ~m->limits.unread))
            continue;
        p->domain->apply(p, o, b);
        p->version = m->version;
    }
    if (sd_known(m->last))
        sweep(m);
    if (m->bytes > m->limits.max_bytes)
        shrink(m);
    for (size_t i = 0; i < DOMAIN_N; i++)
        if (m->parts[i].apart && m->parts[i].bytes > m->parts[i].share)
            m->parts[i].domain->less(&m->parts[i], m->parts[i].share);
}

/* ---- asking ---- */

uint64_t model_version(const struct model *m)
{
    return m->version;
}

uint64_t model_version_of(const struct model *m, sd_kinds kinds)
{
    uint64_t newest = 0;
    for (size_t i = 0; i < DOMAIN_N; i++)
        if (m->parts[i].domain->kinds & kinds)
            newest = MAX(newest, m->parts[i].version);
    return newest;
}

bool model_has(const struct model *m, sd_kinds kinds)
{
    return (m->seen & kinds) != 0;
}

bool model_has_data(const struct model *m)
{
    for (size_t i = 0; i < DOMAIN_N; i++)
        if (m->parts[i].domain->is_data &&
            model_has(m, m->parts[i].domain->kinds & ~m->parts[i].domain->beside))
            return true;
    return false;
}

size_t model_parts(const struct model *m, struct part_usage *out, size_t max)
{
    for (size_t i = 0; i < DOMAIN_N && i < max; i++)
        out[i] = (struct part_usage){.name = m->parts[i].domain->name,
                                     .kinds = m->parts[i].domain->kinds,
                                     .bytes = m->parts[i].bytes,
                                     .share = m->parts[i].share,
                                     .apart = m->parts[i].apart};
    return MIN((size_t)DOMAIN_N, max);
}

struct model_usage model_usage(const struct model *m)
{
    sd_time first = m->first;
    if (sd_known(first) && m->limits.retention_ns)
        first = MAX(first, m->last - m->limits.retention_ns);
    return (struct model_usage){
        .bytes = m->bytes,
        .max_bytes = m->limits.max_bytes,
        .traces_bytes = m->bytes_apart,
        .traces_max = m->limits.traces_bytes,
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
