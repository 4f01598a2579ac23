/* queries.c - statements: cumulative snapshots in, growth between them out. */
#include "core/model/parts.h"

#include <inttypes.h>
#include <stdio.h>

/* A statement missing from the snapshots for longer than this was away (evicted, or
 * not among the busiest), and its growth is dealt over all of that time. For less it
 * merely did not change: sources may publish only what changed. */
#define AWAY_NS (90 * SD_S)
enum { TEXT_BYTES = 32768, TEXT_BYTES_SHORT = 256 };

static void merge(struct model *m, void *into, void *from)
{
    (void)m;
    struct query_slot *a = into, *b = from;
    for (int i = 0; i < QUERY_N; i++)
        a->v[i] = add_known(a->v[i], b->v[i]);
}

static void release(struct model *m, void *item)
{
    (void)m;
    (void)item;
}

static const struct slots_ops ops = {.merge = merge, .release = release};

static void text_free(struct model *m, struct query *q)
{
    if (q->text)
        m->text_bytes -= strlen(q->text);
    model_strfree(m, q->text);
    q->text = NULL;
}

/* ---- which query ---- */

struct query *query_seen(struct model *m, struct origin *o, int64_t id, const char *database,
                         const char *fingerprint, const char *text, bool normalised)
{
    struct query_id_key by;
    memset(&by, 0, sizeof by);
    by.id = id;
    by.database = model_name(m, database);
    if (!sd_known(id) && !(by.fingerprint = model_name(m, fingerprint)))
        return NULL; /* nothing to know it by */
    struct query *q;
    HASH_FIND(hh, m->query_hash, &by, sizeof by, q);
    if (!q) {
        char key[1200], number[24];
        snprintf(number, sizeof number, "%" PRId64, id);
        snprintf(key, sizeof key, "%s%s%s", by.database ? by.database->text : "", by.database ? "/" : "",
                 sd_known(id) ? number : by.fingerprint->text);
        q = model_take(m, sizeof *q);
        q->model = m;
        q->by = by;
        q->key = model_strdup(m, key, sizeof key);
        q->database = by.database;
        q->slots.size = sizeof(struct query_slot);
        HASH_ADD(hh, m->query_hash, by, sizeof by, q);
        if (m->n_queries == m->cap_queries) {
            size_t want = m->cap_queries ? m->cap_queries * 2 : 64;
            m->queries = model_resize(m, m->queries, m->cap_queries, want, sizeof *m->queries);
            m->cap_queries = want;
        }
        m->queries[m->n_queries++] = q;
    }
    q->seen = m->version;
    q->origin = o;
    if (fingerprint && !q->fingerprint)
        q->fingerprint = model_strdup(m, fingerprint, 64);
    if (text && *text && (!q->text || (normalised && !q->text_normalised))) {
        text_free(m, q);
        /* Long texts of many statements must not cost the history. */
        q->text =
            model_strdup(m, text, m->text_bytes > m->limits.max_bytes / 8 ? TEXT_BYTES_SHORT : TEXT_BYTES);
        m->text_bytes += strlen(q->text);
        q->text_normalised = normalised;
    }
    return q;
}

static struct query_variant *variant_of(struct model *m, struct query *q, const struct origin *o,
                                        const char *role, int64_t toplevel)
{
    const struct name *name = model_name(m, role);
    for (size_t i = 0; i < q->n_variants; i++) {
        struct query_variant *v = &q->variants[i];
        if (v->origin == o && v->role == name && v->toplevel == toplevel)
            return v;
    }
    if (q->n_variants == 64) /* further roles are summed with the last */
        return &q->variants[63];
    if (q->n_variants == q->cap_variants) {
        size_t want = q->cap_variants ? q->cap_variants * 2 : 1;
        q->variants = model_resize(m, q->variants, q->cap_variants, want, sizeof *q->variants);
        q->cap_variants = want;
    }
    struct query_variant *v = &q->variants[q->n_variants++];
    memset(v, 0, sizeof *v);
    v->origin = o;
    v->role = name;
    v->toplevel = toplevel;
    v->at = v->since = SD_UNKNOWN;
    return v;
}

/* ---- snapshots ---- */

static double square_of(const struct sd_statement *r)
{
    if (!sd_known(r->stddev_ns) || !sd_known(r->total_ns) || !sd_known(r->calls) || r->calls <= 0)
        return (double)NAN;
    double mean = (double)r->total_ns / (double)r->calls, sd = (double)r->stddev_ns;
    return (sd * sd + mean * mean) * (double)r->calls;
}

static void variant_read(struct query_variant *v, const struct sd_statement *r)
{
    if (!v->touched) {
        v->touched = true;
        v->new_since = r->since;
        v->new_min = v->new_max = SD_UNKNOWN;
        v->new_square = 0;
        for (int i = 0; i < QUERY_N; i++)
            v->new_v[i] = SD_UNKNOWN;
    }
#define ADD(name) v->new_v[QUERY_##name] = add_known(v->new_v[QUERY_##name], r->name);
    QUERY_COUNTERS(ADD)
#undef ADD
    v->new_square += square_of(r);
    if (sd_known(r->min_ns))
        v->new_min = sd_known(v->new_min) ? MIN(v->new_min, r->min_ns) : r->min_ns;
    v->new_max = MAX(v->new_max, r->max_ns);
    v->new_since = sd_known(r->since) ? MAX(v->new_since, r->since) : v->new_since;
}

/* Growth of one counter; after a reset all of it is new. */
static int64_t growth(int64_t old, int64_t now, bool reset)
{
    if (!sd_known(now) || (!reset && !sd_known(old)))
        return SD_UNKNOWN;
    int64_t d;
    if (reset || __builtin_sub_overflow(now, old, &d))
        d = now;
    return MAX(d, 0); /* a single counter that falls is the server's rounding */
}

/* `previous`: the origin's snapshot before this one; SD_UNKNOWN. */
static void variant_settle(struct model *m, struct query *q, struct query_variant *v, sd_time at,
                           sd_time previous)
{
    v->touched = false;
    bool first = !sd_known(v->at);
    if (!first && at < v->at)
        return; /* older than what is known: says nothing new */
    bool reset = !first && (v->new_v[QUERY_calls] < v->v[QUERY_calls] ||
                            (sd_known(v->since) && sd_known(v->new_since) && v->new_since > v->since));
    /* Seen for the first time: what it did before is history and no burst, unless
     * the server says that all of it is younger than the previous snapshot. */
    bool young = first && sd_known(v->new_since) && sd_known(previous) && v->new_since >= previous;
    if ((!first || young) && at > v->at) {
        sd_time from = first ? previous : v->at;
        if (sd_known(previous) && previous > from && previous - from < AWAY_NS)
            from = previous;
        bool any = false;
        struct query_slot s = {.slot = {.at = from, .width = at - from}};
        for (int i = 0; i < QUERY_N; i++) {
            s.v[i] = growth(v->v[i], v->new_v[i], reset || young);
            any |= s.v[i] > 0;
        }
        if (any && from < at) {
            struct query_slot *last = q->slots.n ? slots_item(&q->slots, q->slots.n - 1) : NULL;
            if (last && last->slot.at + last->slot.width > from) {
                /* Another variant of this snapshot, or intervals that overlap: one. */
                last->slot.width = MAX(last->slot.at + last->slot.width, at) - last->slot.at;
                merge(m, last, &s);
            } else {
                last = slots_append(m, &q->slots, from, at - from);
                memcpy(last->v, s.v, sizeof last->v);
            }
        }
    }
    v->at = at;
    v->since = v->new_since;
    memcpy(v->v, v->new_v, sizeof v->v);
    v->min_ns = v->new_min;
    v->max_ns = v->new_max;
    v->square = v->new_square;
}

static void cover(struct model *m, sd_time from, sd_time to)
{
    struct slot *last = m->snapshots.n ? slots_item(&m->snapshots, m->snapshots.n - 1) : NULL;
    if (last && from <= last->at + last->width)
        last->width = MAX(last->at + last->width, to) - last->at;
    else
        slots_append(m, &m->snapshots, from, to - from);
}

void queries_apply(struct model *m, struct origin *o, const struct sd_batch *b)
{
    const struct sd_statement *r;
    sd_time at = batch_time(b), since = SD_UNKNOWN;
    bool any = false, one_since = true;
    for (size_t i = 0; (r = batch_each(b, SD_STATEMENT, &i));) {
        struct query *q = query_seen(m, o, r->query_id, r->database, r->fingerprint, r->text, true);
        if (!q)
            continue;
        variant_read(variant_of(m, q, o, r->role, r->toplevel), r);
        one_since &= !any || since == r->since;
        since = r->since;
        any = true;
    }
    if (!any)
        return;
    /* One time for all: the server counts as a whole, and what it counted before is void. */
    if (one_since && sd_known(since) && (!sd_known(o->snapshot_at) || at >= o->snapshot_at))
        o->counting_since = since;
    else if (!one_since)
        o->counting_since = SD_UNKNOWN;

    sd_time previous = o->snapshot_at == at ? o->snapshot_before : o->snapshot_at;
    for (size_t i = 0; (r = batch_each(b, SD_STATEMENT, &i));) {
        struct query *q = query_seen(m, o, r->query_id, r->database, r->fingerprint, NULL, false);
        for (size_t k = 0; q && k < q->n_variants; k++)
            if (q->variants[k].touched)
                variant_settle(m, q, &q->variants[k], at, previous);
    }
    if (sd_known(previous) && previous < at)
        cover(m, previous, at);
    if (!sd_known(o->snapshot_at) || at > o->snapshot_at) {
        o->snapshot_before = o->snapshot_at;
        o->snapshot_at = at;
    }
    size_t most =
        MAX(MIN(m->limits.max_queries, m->limits.max_bytes / 4 / (sizeof(struct query) + 1024)), 16);
    if (m->n_queries > most)
        queries_evict(m, most - most / 8);
}

/* ---- keeping within bounds ---- */

void queries_drop(struct model *m, sd_time before)
{
    for (size_t i = 0; i < m->n_queries; i++)
        slots_drop(m, &m->queries[i]->slots, before, &ops);
    slots_drop(m, &m->snapshots, before, &ops);
}

void queries_thin(struct model *m, sd_time before, int64_t width)
{
    for (size_t i = 0; i < m->n_queries; i++)
        slots_thin(m, &m->queries[i]->slots, before, width, &ops);
}

static void query_free(struct model *m, struct query *q)
{
    slots_free(m, &q->slots, &ops);
    q->variants = model_resize(m, q->variants, q->cap_variants, 0, sizeof *q->variants);
    model_strfree(m, q->key);
    text_free(m, q);
    model_strfree(m, q->fingerprint);
    model_give(m, q, sizeof *q);
}

static int by_seen(const void *a, const void *b)
{
    const struct query *p = *(struct query *const *)a, *q = *(struct query *const *)b;
    return (p->seen > q->seen) - (p->seen < q->seen);
}

void queries_evict(struct model *m, size_t keep)
{
    if (m->n_queries <= keep)
        return;
    size_t n = m->n_queries, gone = n - keep, kept = 0;
    struct query **order = mem_array(n, sizeof *order);
    memcpy(order, m->queries, n * sizeof *order);
    qsort(order, n, sizeof *order, by_seen);
    for (size_t i = 0; i < gone; i++)
        order[i]->dead = true;
    activity_forget_dead(m);
    for (size_t i = 0; i < n; i++)
        if (!m->queries[i]->dead)
            m->queries[kept++] = m->queries[i];
    m->n_queries = kept;
    for (size_t i = 0; i < gone; i++) {
        HASH_DELETE(hh, m->query_hash, order[i]);
        query_free(m, order[i]);
    }
    free(order);
}

void queries_free(struct model *m)
{
    HASH_CLEAR(hh, m->query_hash);
    for (size_t i = 0; i < m->n_queries; i++)
        query_free(m, m->queries[i]);
    m->queries = model_resize(m, m->queries, m->cap_queries, 0, sizeof *m->queries);
    m->n_queries = m->cap_queries = 0;
    slots_free(m, &m->snapshots, &ops);
}

/* ---- asking ---- */

size_t model_queries(const struct model *m)
{
    return m->n_queries;
}

struct query *model_query(const struct model *m, size_t i)
{
    return i < m->n_queries ? m->queries[i] : NULL;
}

struct query *model_find_query(const struct model *m, const char *key)
{
    for (size_t i = 0; i < m->n_queries; i++)
        if (!strcmp(m->queries[i]->key, key))
            return m->queries[i];
    for (size_t i = 0; i < m->n_queries; i++) {
        const struct query *q = m->queries[i];
        const char *slash = strrchr(q->key, '/');
        if ((slash && !strcmp(slash + 1, key)) || (q->fingerprint && !strcmp(q->fingerprint, key)))
            return m->queries[i];
    }
    return NULL;
}

const char *query_key(const struct query *q)
{
    return q->key;
}

int64_t query_id(const struct query *q)
{
    return q->by.id;
}

const char *query_database(const struct query *q)
{
    return name_text(q->database);
}

const char *query_fingerprint(const struct query *q)
{
    return q->fingerprint;
}

const char *query_text(const struct query *q)
{
    return q->text;
}

const char *query_origin(const struct query *q)
{
    return q->origin ? q->origin->name : NULL;
}

static void put(struct query_stats *out, const int64_t v[QUERY_N])
{
#define PUT(name) out->name = v[QUERY_##name];
    QUERY_COUNTERS(PUT)
#undef PUT
    double touched = (double)zero_if_unknown(out->shared_hit) + (double)zero_if_unknown(out->shared_read);
    out->hit_ratio = touched > 0 ? (double)zero_if_unknown(out->shared_hit) / touched : (double)NAN;
    out->mean_ns =
        out->calls > 0 && sd_known(out->total_ns) ? (double)out->total_ns / (double)out->calls : (double)NAN;
}

static void totals(const struct query *q, int64_t v[QUERY_N], struct query_stats *out)
{
    double square = 0;
    for (size_t k = 0; k < q->n_variants; k++) {
        const struct query_variant *a = &q->variants[k];
        if (!sd_known(a->at))
            continue;
        bool stale =
            sd_known(a->since) && sd_known(a->origin->counting_since) && a->since < a->origin->counting_since;
        for (int i = 0; i < QUERY_N; i++)
            v[i] = add_known(v[i], stale && sd_known(a->v[i]) ? 0 : a->v[i]);
        out->known = true;
        if (stale)
            continue;
        if (sd_known(a->min_ns))
            out->min_ns = sd_known(out->min_ns) ? MIN(out->min_ns, a->min_ns) : a->min_ns;
        out->max_ns = MAX(out->max_ns, a->max_ns);
        if (sd_known(a->since))
            out->since = sd_known(out->since) ? MIN(out->since, a->since) : a->since;
        square += a->square;
    }
    if (v[QUERY_calls] > 0 && sd_known(v[QUERY_total_ns]) && !isnan(square)) {
        double mean = (double)v[QUERY_total_ns] / (double)v[QUERY_calls];
        double variance = square / (double)v[QUERY_calls] - mean * mean;
        double deviation = variance > 0 ? sqrt(variance) : 0;
        out->stddev_ns = real_is_int(deviation) ? real_to_int(deviation) : SD_UNKNOWN;
    }
}

/* Time of the span that lies between snapshots. */
static bool covered(const struct model *m, struct span span)
{
    size_t i = slots_from(&m->snapshots, span.from);
    return i < m->snapshots.n && ((const struct slot *)slots_item(&m->snapshots, i))->at < span.to;
}

void query_stats(const struct query *q, struct span span, struct query_stats *out)
{
    int64_t v[QUERY_N], all[QUERY_N];
    for (int i = 0; i < QUERY_N; i++)
        v[i] = all[i] = SD_UNKNOWN;
    *out = (struct query_stats){
        .min_ns = SD_UNKNOWN, .max_ns = SD_UNKNOWN, .stddev_ns = SD_UNKNOWN, .since = SD_UNKNOWN};
    totals(q, all, out);
    if (span_is_all(span)) {
        put(out, all);
        return;
    }
    out->min_ns = out->max_ns = out->stddev_ns = out->since = SD_UNKNOWN;
    if (!out->known || !covered(q->model, span)) {
        out->known = false;
        put(out, v);
        return;
    }
    /* Idle between snapshots is a true zero, but only of what the server counts. */
    for (int i = 0; i < QUERY_N; i++)
        v[i] = sd_known(all[i]) ? 0 : SD_UNKNOWN;
    bool whole = false;
    const struct query_slot *partial = NULL;
    for (size_t i = slots_from(&q->slots, span.from); i < q->slots.n; i++) {
        const struct query_slot *s = slots_item(&q->slots, i);
        if (s->slot.at >= span.to)
            break;
        if (s->slot.at <= span.from && s->slot.at + s->slot.width >= span.to)
            partial = s;
        if (!span_has(span, &s->slot))
            continue;
        if (!whole)
            out->since = s->slot.at;
        whole = true;
        for (int k = 0; k < QUERY_N; k++)
            v[k] = add_known(v[k], s->v[k]);
    }
    /* A span shorter than the time between snapshots gets its share of the growth. */
    if (partial) {
        double share = ((double)span.to - (double)span.from) / (double)partial->slot.width;
        for (int k = 0; k < QUERY_N; k++)
            if (sd_known(partial->v[k]))
                v[k] = real_to_int((double)partial->v[k] * share);
        out->since = partial->slot.at;
    }
    put(out, v);
}

struct load_gather {
    const struct query *q;
    const struct steps *st;
    double *seconds, *sampled; /* per step */
};

static void gather(void *ctx, const struct load_slot *s)
{
    struct load_gather *g = ctx;
    int64_t ns = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->entries[i].query == g->q)
            ns = add_known(ns, s->entries[i].ns);
    size_t lo, hi;
    for (steps_of_slot(g->st, &s->slot, &lo, &hi); lo < hi; lo++) {
        g->seconds[lo] += (double)ns;
        g->sampled[lo] += (double)s->sampled_ns;
    }
}

void query_series(const struct query *q, struct span span, size_t n, struct query_point *out)
{
    struct steps st = steps_of(q->model, span, n);
    double *calls = mem_array(5 * n, sizeof *calls);
    double *total = calls + n, *rows = total + n, *seconds = rows + n, *sampled = seconds + n;
    double second = st.width / (double)SD_S;
    for (size_t i = slots_from(&q->slots, st.span.from); i < q->slots.n; i++) {
        const struct query_slot *s = slots_item(&q->slots, i);
        if (s->slot.at >= st.span.to)
            break;
        size_t lo, hi;
        for (steps_touched(&st, &s->slot, &lo, &hi); lo < hi; lo++) {
            double share = steps_share(&st, &s->slot, lo);
            calls[lo] += share * (double)zero_if_unknown(s->v[QUERY_calls]);
            total[lo] += share * (double)zero_if_unknown(s->v[QUERY_total_ns]);
            rows[lo] += share * (double)zero_if_unknown(s->v[QUERY_rows]);
        }
    }
    activity_each(q->model, st.span, gather, &(struct load_gather){q, &st, seconds, sampled});
    for (size_t k = 0; k < n; k++) {
        bool known = covered(q->model, steps_span(&st, k));
        out[k] = (struct query_point){
            .calls_per_s = known ? calls[k] / second : (double)NAN,
            .rows_per_s = known ? rows[k] / second : (double)NAN,
            .mean_ns = calls[k] > 0 ? total[k] / calls[k] : (double)NAN,
            .load = sampled[k] > 0 ? seconds[k] / sampled[k] : (double)NAN,
        };
    }
    free(calls);
}
