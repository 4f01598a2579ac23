/* queries.c - statements: cumulative snapshots in, growth between them out. */
#include "core/model/parts.h"

#include <inttypes.h>
#include <stdio.h>

/* A statement missing from the snapshots for longer than this was away (evicted, or
 * not among the busiest), and its growth is dealt over all of that time. For less it
 * merely did not change: sources may publish only what changed. */
#define AWAY_NS (90 * SD_S)
enum { TEXT_BYTES = 32768, TEXT_BYTES_SHORT = 256 };

#define QUERY_COUNTERS(X)                                                                                    \
    X(calls)                                                                                                 \
    X(total_ns)                                                                                              \
    X(rows)                                                                                                  \
    X(shared_hit)                                                                                            \
    X(shared_read)                                                                                           \
    X(temp_read)                                                                                             \
    X(temp_written)                                                                                          \
    X(io_ns)                                                                                                 \
    X(plan_ns)                                                                                               \
    X(wal_bytes)                                                                                             \
    X(rows_examined)
enum {
#define QUERY_COUNTER_ENUM(name) QUERY_##name,
    QUERY_COUNTERS(QUERY_COUNTER_ENUM)
#undef QUERY_COUNTER_ENUM
        QUERY_N
};

struct query_slot {
    struct slot slot; /* from one snapshot to the next */
    int64_t v[QUERY_N];
};

/* What the server counts apart: one role, top level or not. */
struct query_variant {
    const struct origin *origin;
    const struct name *role;
    int64_t toplevel;
    sd_time at, since;
    int64_t v[QUERY_N];
    int64_t min_ns, max_ns;
    double square; /* sum of squared times, for the pooled deviation; NAN unknown */
    /* The snapshot being read: records of one variant are summed. */
    bool touched;
    sd_time new_since, new_absent;
    int64_t new_v[QUERY_N], new_min, new_max;
    double new_square;
};

struct queries {
    struct query *hash, **items;
    size_t n, cap, text_bytes;
    struct slots snapshots; /* struct slot: time between statement snapshots */
};

/* Of one origin. */
struct snapshots {
    sd_time at;             /* newest statement snapshot; SD_UNKNOWN */
    sd_time before;         /* the one before it */
    sd_time counting_since; /* of the whole server; SD_UNKNOWN */
};

static struct queries *queries_in(const struct model *m)
{
    return m->parts[DOMAIN_queries].state;
}

static struct part *part_in(struct model *m)
{
    return &m->parts[DOMAIN_queries];
}

static void merge(struct part *p, void *into, void *from)
{
    (void)p;
    struct query_slot *a = into, *b = from;
    for (int i = 0; i < QUERY_N; i++)
        a->v[i] = add_known(a->v[i], b->v[i]);
}

static void release(struct part *p, void *item)
{
    (void)p;
    (void)item;
}

static const struct slots_ops ops = {.merge = merge, .release = release};

static void text_free(struct part *p, struct query *q)
{
    if (q->text)
        queries_in(p->model)->text_bytes -= strlen(q->text);
    model_strfree(p, q->text);
    q->text = NULL;
}

/* ---- which query ---- */

struct query *query_seen(struct model *m, struct origin *o, int64_t id, const char *database,
                         const char *fingerprint, const char *text, bool normalised)
{
    struct part *p = part_in(m);
    struct queries *x = p->state;
    struct query_id_key by;
    memset(&by, 0, sizeof by);
    by.id = id;
    by.database = model_name(p, database);
    if (!sd_known(id) && !(by.fingerprint = model_name(p, fingerprint)))
        return NULL; /* nothing to know it by */
    struct query *q;
    HASH_FIND(hh, x->hash, &by, sizeof by, q);
    if (!q) {
        char key[1200], number[24];
        snprintf(number, sizeof number, "%" PRId64, id);
        snprintf(key, sizeof key, "%s%s%s", by.database ? by.database->text : "", by.database ? "/" : "",
                 sd_known(id) ? number : by.fingerprint->text);
        q = model_take(p, sizeof *q);
        q->model = m;
        q->by = by;
        q->key = model_strdup(p, key, sizeof key);
        q->database = by.database;
        q->slots.size = sizeof(struct query_slot);
        HASH_ADD(hh, x->hash, by, sizeof by, q);
        x->items = model_grow(p, x->items, x->n, &x->cap, sizeof *x->items);
        x->items[x->n++] = q;
    }
    p->version = m->version;
    q->seen = m->version;
    q->origin = o;
    if (fingerprint && !q->fingerprint)
        q->fingerprint = model_strdup(p, fingerprint, 64);
    if (text && *text && (!q->text || (normalised && !q->text_normalised))) {
        text_free(p, q);
        /* Long texts of many statements must not cost the history. */
        q->text = model_strdup(p, text, x->text_bytes > p->share / 2 ? TEXT_BYTES_SHORT : TEXT_BYTES);
        x->text_bytes += strlen(q->text);
        q->text_normalised = normalised;
    }
    return q;
}

/* Who knows more of the executions: the server, then a log, then traces, which may be a sample. */
static int evidence_rank(const struct query *q)
{
    return q->traced ? 2 : q->logged;
}

/* A statement of a log has no identifier, so it is another query than the one a server counts. Both would sum
 * up to twice the time. */
static void find_shadows(const struct queries *x, struct query *q)
{
    for (size_t i = 0; i < x->n && q->fingerprint; i++) {
        struct query *other = x->items[i];
        if (other == q || !other->n_variants || evidence_rank(other) == evidence_rank(q) ||
            !str_eq(other->fingerprint, q->fingerprint) ||
            (other->database && q->database && other->database != q->database))
            continue;
        (evidence_rank(q) > evidence_rank(other) ? q : other)->shadowed = true;
    }
}

static struct query_variant *variant_of(struct part *p, struct query *q, const struct origin *o,
                                        const char *role, int64_t toplevel)
{
    const struct name *name = model_name(p, role);
    for (size_t i = 0; i < q->n_variants; i++) {
        struct query_variant *v = &q->variants[i];
        if (v->origin == o && v->role == name && v->toplevel == toplevel)
            return v;
    }
    if (q->n_variants == 64) /* further roles are summed with the last */
        return &q->variants[63];
    if (q->n_variants == q->cap_variants) {
        size_t want = q->cap_variants ? q->cap_variants * 2 : 1;
        q->variants = model_resize(p, q->variants, q->cap_variants, want, sizeof *q->variants);
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
        v->new_absent = r->absent_at;
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
    v->new_absent = MIN(v->new_absent, r->absent_at); /* SD_UNKNOWN is the least */
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

/* When all that a variant counts began, where that lies behind its last snapshot: the server gives the start
 * of its counters, or its source listed all statements and this one was not among them. SD_UNKNOWN: it did
 * not begin anew. */
static sd_time variant_begins(const struct query_variant *v, sd_time previous)
{
    if (v->new_absent > 0 && (!sd_known(v->at) || v->new_absent >= v->at))
        return MAX(v->new_absent, previous);
    bool young = !sd_known(v->at) && sd_known(v->new_since) && sd_known(previous) && v->new_since >= previous;
    return young ? previous : SD_UNKNOWN;
}

/* `previous`: the origin's snapshot before this one; SD_UNKNOWN. */
static void variant_settle(struct part *p, struct query *q, struct query_variant *v, sd_time at,
                           sd_time previous)
{
    v->touched = false;
    bool first = !sd_known(v->at);
    if (!first && at < v->at)
        return; /* older than what is known: says nothing new */
    sd_time begins = variant_begins(v, previous);
    bool reset = sd_known(begins) ||
                 (!first && (v->new_v[QUERY_calls] < v->v[QUERY_calls] ||
                             (sd_known(v->since) && sd_known(v->new_since) && v->new_since > v->since)));
    /* Seen for the first time: what it did before is history and no burst, unless
     * all of it is younger than the previous snapshot. */
    if ((!first || sd_known(begins)) && at > v->at) {
        sd_time from = sd_known(begins) ? begins : v->at;
        if (sd_known(previous) && previous > from && previous - from < AWAY_NS)
            from = previous;
        bool any = false;
        struct query_slot s = {.slot = {.at = from, .width = at - from}};
        for (int i = 0; i < QUERY_N; i++) {
            s.v[i] = growth(v->v[i], v->new_v[i], reset);
            any |= s.v[i] > 0;
        }
        if (any && from < at) {
            struct query_slot *last = q->slots.n ? slots_item(&q->slots, q->slots.n - 1) : NULL;
            if (last && last->slot.at + last->slot.width > from) {
                /* Another variant of this snapshot, or intervals that overlap: one. */
                last->slot.width = MAX(last->slot.at + last->slot.width, at) - last->slot.at;
                merge(p, last, &s);
            } else {
                last = slots_append(p, &q->slots, from, at - from);
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

static void cover(struct part *p, sd_time from, sd_time to)
{
    struct slots *snapshots = &queries_in(p->model)->snapshots;
    struct slot *last = snapshots->n ? slots_item(snapshots, snapshots->n - 1) : NULL;
    if (last && from <= last->at + last->width)
        last->width = MAX(last->at + last->width, to) - last->at;
    else
        slots_append(p, snapshots, from, to - from);
}

static void queries_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    struct model *m = p->model;
    struct snapshots *s = origin_state(p, o);
    const struct sd_statement *r;
    sd_time at = batch_time(b), since = SD_UNKNOWN, absent_at = SD_UNKNOWN;
    bool any = false, one_since = true;
    for (size_t i = 0; (r = batch_each(b, SD_STATEMENT, &i));) {
        struct query *q = query_seen(m, o, r->query_id, r->database, r->fingerprint, r->text, true);
        if (!q)
            continue;
        size_t had = q->n_variants;
        variant_read(variant_of(p, q, o, r->role, r->toplevel), r);
        if (!had) {
            q->traced = str_eq(r->evidence, "traces");
            q->logged = r->logged == 1 || q->traced;
            find_shadows(p->state, q);
        }
        if (!q->first_route)
            q->first_route = link_route(p, r->route);
        one_since &= !any || since == r->since;
        since = r->since;
        absent_at = MAX(absent_at, r->absent_at);
        any = true;
    }
    if (!any)
        return;
    /* One time for all: the server counts as a whole, and what it counted before is void. */
    if (one_since && sd_known(since) && (!sd_known(s->at) || at >= s->at))
        s->counting_since = since;
    else if (!one_since)
        s->counting_since = SD_UNKNOWN;

    sd_time previous = s->at == at ? s->before : s->at;
    if (!sd_known(previous) && absent_at > 0) /* there was a listing, with nothing to publish */
        previous = absent_at;
    for (size_t i = 0; (r = batch_each(b, SD_STATEMENT, &i));) {
        struct query *q = query_seen(m, o, r->query_id, r->database, r->fingerprint, NULL, false);
        for (size_t k = 0; q && k < q->n_variants; k++)
            if (q->variants[k].touched)
                variant_settle(p, q, &q->variants[k], at, previous);
    }
    if (sd_known(previous) && previous < at)
        cover(p, previous, at);
    if (!sd_known(s->at) || at > s->at) {
        s->before = s->at;
        s->at = at;
    }
    queries_bound(m);
}

/* ---- keeping within bounds ---- */

static void queries_drop(struct part *p, sd_time before)
{
    struct queries *x = p->state;
    for (size_t i = 0; i < x->n; i++)
        slots_drop(p, &x->items[i]->slots, before, &ops);
    slots_drop(p, &x->snapshots, before, &ops);
}

static void queries_thin(struct part *p, sd_time before, int64_t width)
{
    struct queries *x = p->state;
    for (size_t i = 0; i < x->n; i++)
        slots_thin(p, &x->items[i]->slots, before, width, &ops);
}

static void query_free(struct part *p, struct query *q)
{
    slots_free(p, &q->slots, &ops);
    q->variants = model_resize(p, q->variants, q->cap_variants, 0, sizeof *q->variants);
    model_strfree(p, q->key);
    text_free(p, q);
    model_strfree(p, q->fingerprint);
    model_give(p, q, sizeof *q);
}

/* What samples or plans alone have named goes before what has counters, so that a flood of
 * those cannot push the counters out; then what was not seen for longest. */
static int by_worth(const void *a, const void *b)
{
    const struct query *q = *(struct query *const *)a, *r = *(struct query *const *)b;
    if (!q->n_variants != !r->n_variants)
        return q->n_variants ? 1 : -1;
    return (q->seen > r->seen) - (q->seen < r->seen);
}

static void queries_evict(struct part *p, size_t keep)
{
    struct queries *x = p->state;
    if (x->n <= keep)
        return;
    size_t n = x->n, gone = n - keep, kept = 0;
    struct query **order = mem_array(n, sizeof *order);
    memcpy(order, x->items, n * sizeof *order);
    qsort(order, n, sizeof *order, by_worth);
    for (size_t i = 0; i < gone; i++)
        order[i]->dead = true;
    sessions_forget_dead(p->model);
    for (size_t i = 0; i < n; i++)
        if (!x->items[i]->dead)
            x->items[kept++] = x->items[i];
    x->n = kept;
    for (size_t i = 0; i < gone; i++) {
        HASH_DELETE(hh, x->hash, order[i]);
        query_free(p, order[i]);
    }
    free(order);
}

void queries_bound(struct model *m)
{
    struct part *p = part_in(m);
    size_t most = MAX(MIN(p->most, p->share / (sizeof(struct query) + 512)), 16);
    if (queries_in(m)->n > most)
        queries_evict(p, most - most / 8);
}

static size_t uncounted(const struct queries *x)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n; i++)
        n += !x->items[i]->n_variants;
    return n;
}

static bool queries_less(struct part *p, size_t want)
{
    struct queries *x = p->state;
    size_t held = p->bytes, named = uncounted(x);
    if (named > 16) {
        queries_evict(p, x->n - named / 2);
        return p->bytes < held;
    }
    const struct slots *largest = NULL;
    for (size_t i = 0; i < x->n; i++)
        largest = slots_larger(largest, &x->items[i]->slots);
    if (slots_less(p, largest, want, queries_thin, queries_drop))
        return true;
    if (x->n > 16)
        queries_evict(p, x->n / 2);
    return p->bytes < held;
}

static void queries_start(struct part *p)
{
    struct queries *x = p->state;
    x->snapshots.size = sizeof(struct slot);
}

static void snapshots_start(void *state)
{
    struct snapshots *s = state;
    s->at = s->before = s->counting_since = SD_UNKNOWN;
}

static void snapshots_free(struct part *p, void *state)
{
    (void)p;
    (void)state;
}

static void queries_clear(struct part *p)
{
    struct queries *x = p->state;
    HASH_CLEAR(hh, x->hash);
    for (size_t i = 0; i < x->n; i++)
        query_free(p, x->items[i]);
    model_resize(p, x->items, x->cap, 0, sizeof *x->items);
    slots_free(p, &x->snapshots, &ops);
}

const struct domain queries_domain = {
    .name = "queries",
    .kinds = SD_KIND_BIT(SD_STATEMENT),
    .is_data = true,
    .state_size = sizeof(struct queries),
    .start = queries_start,
    .origin_size = sizeof(struct snapshots),
    .origin_start = snapshots_start,
    .apply = queries_apply,
    .drop = queries_drop,
    .less = queries_less,
    .origin_free = snapshots_free,
    .clear = queries_clear,
};

/* ---- asking ---- */

size_t model_queries(const struct model *m)
{
    return queries_in(m)->n;
}

struct query *model_query(const struct model *m, size_t i)
{
    const struct queries *x = queries_in(m);
    return i < x->n ? x->items[i] : NULL;
}

struct query *model_find_query(const struct model *m, const char *key)
{
    const struct queries *x = queries_in(m);
    for (size_t i = 0; i < x->n; i++)
        if (!strcmp(x->items[i]->key, key))
            return x->items[i];
    for (size_t i = 0; i < x->n; i++) {
        const struct query *q = x->items[i];
        const char *slash = strrchr(q->key, '/');
        if ((slash && !strcmp(slash + 1, key)) || (q->fingerprint && !strcmp(q->fingerprint, key)))
            return x->items[i];
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

bool query_first_called_by(const struct query *q, const struct endpoint *e)
{
    return q->first_route && (q->first_route == e->folded_name || q->first_route == e->folded_route);
}

const struct endpoint *query_first_caller(const struct query *q)
{
    return q->first_route ? q->first_route->endpoint : NULL;
}

const char *query_origin(const struct query *q)
{
    return q->origin && !q->logged ? q->origin->name : NULL; /* a log explains nothing */
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
        const struct snapshots *s = a->origin->state[DOMAIN_queries];
        bool stale = sd_known(a->since) && sd_known(s->counting_since) && a->since < s->counting_since;
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
    const struct slots *s = &queries_in(m)->snapshots;
    size_t i = slots_from(s, span.from);
    return i < s->n && ((const struct slot *)slots_item(s, i))->at < span.to;
}

struct span model_counted(const struct model *m, struct span span)
{
    const struct slots *s = &queries_in(m)->snapshots;
    struct span out = {SD_UNKNOWN, SD_UNKNOWN};
    for (size_t i = slots_from(s, span.from); i < s->n; i++) {
        const struct slot *x = slots_item(s, i);
        if (x->at >= span.to)
            break;
        if (out.from == SD_UNKNOWN)
            out.from = MAX(x->at, span.from);
        out.to = MIN(x->at + x->width, span.to);
    }
    return out;
}

void query_stats(const struct query *q, struct span span, struct query_stats *out)
{
    int64_t v[QUERY_N], all[QUERY_N];
    for (int i = 0; i < QUERY_N; i++)
        v[i] = all[i] = SD_UNKNOWN;
    *out = (struct query_stats){
        .min_ns = SD_UNKNOWN, .max_ns = SD_UNKNOWN, .stddev_ns = SD_UNKNOWN, .since = SD_UNKNOWN};
    out->logged = q->logged;
    out->evidence = q->traced ? "traces" : q->logged ? "log" : "statistics";
    if (q->shadowed) {
        put(out, v);
        return;
    }
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

bool query_grown(const struct query *q, sd_time from, sd_time to, int64_t *calls, int64_t *total_ns)
{
    struct query_stats all;
    query_stats(q, SPAN_ALL, &all);
    *calls = *total_ns = SD_UNKNOWN;
    if (!all.known || !sd_known(all.total_ns) || !covered(q->model, (struct span){from, to}))
        return false;
    *calls = *total_ns = 0;
    for (size_t i = slots_from(&q->slots, from); i < q->slots.n; i++) {
        const struct query_slot *s = slots_item(&q->slots, i);
        sd_time end = add_sat(s->slot.at, s->slot.width);
        if (end <= from || end > to)
            continue;
        *calls = add_known(*calls, s->v[QUERY_calls]);
        *total_ns = add_known(*total_ns, s->v[QUERY_total_ns]);
    }
    return sd_known(*calls) && sd_known(*total_ns);
}

size_t query_intervals(const struct query *q, struct span span, struct query_interval *out, size_t max)
{
    size_t n = 0;
    sd_time newer = SD_UNKNOWN; /* start of the interval after */
    for (size_t i = q->slots.n; i-- > 0 && n < max;) {
        const struct query_slot *s = slots_item(&q->slots, i);
        sd_time end = s->slot.at + s->slot.width;
        if (s->slot.at < span.from)
            break;
        if (end > span.to)
            continue;
        if (newer != SD_UNKNOWN && end < newer) /* it did not grow, so there is no slot */
            out[n++] = (struct query_interval){.span = {end, newer}, .calls = 0};
        if (n < max)
            out[n++] = (struct query_interval){.span = {s->slot.at, end},
                                               .calls = zero_if_unknown(s->v[QUERY_calls])};
        newer = s->slot.at;
    }
    for (size_t i = 0; i < n / 2; i++) {
        struct query_interval t = out[i];
        out[i] = out[n - 1 - i];
        out[n - 1 - i] = t;
    }
    return n;
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
    sessions_each(q->model, st.span, gather,
                  &(struct load_gather){.q = q, .st = &st, .seconds = seconds, .sampled = sampled});
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
