/* profiles.c - profiles: whole ones each as it came, the oldest given up first; those of a source that
 * samples on and on as a series. */
#include "core/model/profiles.h"

#include "core/model/profile_series.h"
#include "core/profiles/profile_lines.h"

struct profile_entry {
    sd_time at;
    const char *origin;
    const struct sd_profile *whole;
    const struct sd_batch *batch;
};

struct profiles {
    struct profile_entry *items; /* as they came */
    size_t n, cap;
    struct profile_series *series;
    size_t n_series, cap_series;
    struct found_cache *cache;
};

/* The last answer: several views of one screen ask the same. */
struct found_cache {
    uint64_t version;
    struct span span;
    sd_time now;
    char *type;
    struct profile_found found;
};

static void cache_forget(struct profiles *x)
{
    if (!x->cache)
        return;
    profile_free(x->cache->found.p);
    free(x->cache->type);
    free(x->cache);
    x->cache = NULL;
}

/* ---- whole profiles ---- */

static void profile_remove(struct part *p, size_t i)
{
    struct profiles *x = p->state;
    model_uncount(p, batch_bytes(x->items[i].batch));
    batch_unref(x->items[i].batch);
    memmove(x->items + i, x->items + i + 1, (x->n - i - 1) * sizeof *x->items);
    x->n--;
}

/* The one to give up: the oldest that is not the newest of its source; when there is none, the oldest of
 * all. */
static size_t least(const struct profiles *x)
{
    for (size_t i = 0; i + 1 < x->n; i++)
        for (size_t k = i + 1; k < x->n; k++)
            if (str_eq(x->items[i].origin, x->items[k].origin))
                return i;
    return 0;
}

/* Profiles are not copied: a batch does not change. */
static void keep_whole(struct part *p, const struct sd_batch *b, const struct sd_profile *whole)
{
    struct profiles *x = p->state;
    if (batch_bytes(b) > p->model->limits.max_bytes / 2)
        return;
    x->items = model_grow(p, x->items, x->n, &x->cap, sizeof *x->items);
    x->items[x->n++] = (struct profile_entry){
        .at = batch_time(b), .origin = batch_origin(b), .whole = whole, .batch = batch_ref(b)};
    model_count(p, batch_bytes(b));
    if (x->n > p->most)
        profile_remove(p, least(x));
}

/* ---- series ---- */

static void series_remove(struct part *p, size_t i)
{
    struct profiles *x = p->state;
    series_free(p, &x->series[i]);
    memmove(x->series + i, x->series + i + 1, (x->n_series - i - 1) * sizeof *x->series);
    x->n_series--;
}

static struct profile_series *series_of(struct part *p, const char *origin)
{
    struct profiles *x = p->state;
    for (size_t i = 0; i < x->n_series; i++)
        if (str_eq(x->series[i].origin, origin))
            return &x->series[i];
    if (x->n_series >= p->most)
        series_remove(p, 0);
    if (x->n_series == x->cap_series) {
        size_t want = x->cap_series ? x->cap_series * 2 : 4;
        x->series = model_resize(p, x->series, x->cap_series, want, sizeof *x->series);
        x->cap_series = want;
    }
    x->series[x->n_series] = (struct profile_series){.origin = model_strdup(p, origin, 256)};
    return &x->series[x->n_series++];
}

/* ---- the domain ---- */

static void profiles_apply(struct part *p, struct origin *o, const struct sd_batch *b)
{
    size_t first = 0;
    const struct sd_profile *whole = batch_each(b, SD_PROFILE, &first);
    (void)o;
    if (!whole)
        return;
    cache_forget(p->state);
    if (whole->series == 1)
        series_take(p, series_of(p, batch_origin(b)), b, whole);
    else
        keep_whole(p, b, whole);
}

static bool profiles_less(struct part *p, size_t want)
{
    struct profiles *x = p->state;
    size_t held = p->bytes;
    cache_forget(x);
    while (p->bytes > want && (x->n > 1 || (x->n && p->bytes > p->share)))
        profile_remove(p, least(x));
    while (p->bytes > want && x->n_series) {
        struct profile_series *largest = &x->series[0];
        for (size_t i = 1; i < x->n_series; i++)
            if (x->series[i].bytes > largest->bytes)
                largest = &x->series[i];
        if (!series_less(p, largest))
            break;
    }
    return p->bytes < held;
}

/* What is older than the kept time, but never the newest of a source: it is still what is known of it. */
static void profiles_drop(struct part *p, sd_time before)
{
    struct profiles *x = p->state;
    cache_forget(x);
    for (size_t i = x->n; i-- > 0;) {
        bool newer = false;
        for (size_t k = i + 1; k < x->n && !newer; k++)
            newer = str_eq(x->items[i].origin, x->items[k].origin) && x->items[k].at <= before;
        if (newer && x->items[i].at < before)
            profile_remove(p, i);
    }
    for (size_t i = 0; i < x->n_series; i++)
        series_drop(p, &x->series[i], before);
}

static void profiles_clear(struct part *p)
{
    struct profiles *x = p->state;
    cache_forget(x);
    while (x->n)
        profile_remove(p, x->n - 1);
    while (x->n_series)
        series_remove(p, x->n_series - 1);
    x->items = model_resize(p, x->items, x->cap, 0, sizeof *x->items);
    x->series = model_resize(p, x->series, x->cap_series, 0, sizeof *x->series);
    x->cap = x->cap_series = 0;
}

const struct domain profiles_domain = {
    .name = "profiles",
    .kinds = SD_KIND_BIT(SD_PROFILE),
    .is_data = true,
    .state_size = sizeof(struct profiles),
    .apply = profiles_apply,
    .drop = profiles_drop,
    .less = profiles_less,
    .clear = profiles_clear,
};

/* ---- one of a type ---- */

static int type_index(const struct sd_texts *types, const char *type)
{
    for (uint32_t i = 0; types && type && i < types->n; i++)
        if (str_eq(types->items[i], type))
            return (int)i;
    return -1;
}

static const char *unit_at(const struct sd_profile *whole, int type)
{
    return profile_unit(whole->units && (uint32_t)type < whole->units->n ? whole->units->items[type] : NULL);
}

static double real_at(const struct sd_reals *r, size_t i)
{
    return r && i < r->n && isfinite(r->items[i]) ? r->items[i] : 0;
}

static void add_figures(struct profile *to, const struct sd_batch *b, const uint32_t *number, size_t type)
{
    const struct sd_profile_function *r;
    size_t k = 0;
    for (size_t i = 0; (r = batch_each(b, SD_PROFILE_FUNCTION, &i)); k++) {
        double self = real_at(r->self, type), total = real_at(r->total, type);
        profile_add(to, number[k], r->self_samples, r->total_samples, &self, &total);
    }
}

/* `types`: of the batch. */
static void add_lines(struct profile *to, const struct sd_batch *b, const uint32_t *number, size_t types,
                      size_t type)
{
    const struct sd_profile_function *r;
    size_t k = 0;
    for (size_t i = 0; (r = batch_each(b, SD_PROFILE_FUNCTION, &i)); k++) {
        struct profile_function *f = &to->functions[number[k]];
        if (r->file && !f->file)
            f->file = arena_strdup(to->arena, r->file);
        for (uint32_t n = 0; r->lines && n < r->lines->n; n++) {
            size_t at = n * types + type;
            bool has_total = r->line_total && at < r->line_total->n;
            double self = real_at(r->line_self, at),
                   total = has_total ? real_at(r->line_total, at) : (double)NAN;
            profile_line_add(to, profile_line(to, number[k], r->lines->items[n]), &self, &total);
        }
    }
}

static void add_parts(struct profile *to, const struct sd_profile_tree *t, const uint32_t *number,
                      size_t types, size_t type)
{
    uint32_t *parts = profile_parts_of(t, to);
    struct profile_of of;
    for (size_t i = 0; profile_part_at(t, i, parts, number, &of); i++) {
        double self = real_at(t->of_self, i * types + type);
        if (self > 0 || self < 0)
            profile_ends_of(to, of.part, of.node, of.samples, &self);
    }
    free(parts);
}

static void add_nodes(struct profile *to, const struct sd_profile_tree *t, const uint32_t *number,
                      size_t types, size_t type)
{
    size_t nodes = MIN(t->parents->n, t->functions->n);
    for (size_t i = 0; i < nodes; i++) {
        double cut = real_at(t->cut, i * types + type);
        int64_t cut_n = t->cut_n && i < t->cut_n->n ? t->cut_n->items[i] : 0;
        to->node_self[number[i]] += real_at(t->self, i * types + type);
        if (t->samples && i < t->samples->n && t->samples->items[i] > 0)
            to->node_samples[number[i]] = add_sat(to->node_samples[number[i]], t->samples->items[i]);
        if (cut > 0 || cut < 0)
            profile_cut(to, number[i], MAX(cut_n, 0), &cut);
    }
    double cut = real_at(t->root_cut, type);
    if (cut > 0 || cut < 0)
        profile_cut(to, 0, sd_known(t->root_cut_n) ? MAX(t->root_cut_n, 0) : 0, &cut);
}

static int64_t sum_of(int64_t a, int64_t b)
{
    return sd_known(a) && sd_known(b) ? add_sat(a, b) : SD_UNKNOWN;
}

/* A sum with an unknown part is unknown. */
static void add_whole(struct profile *to, const struct profile *one, bool first)
{
    to->samples = first ? one->samples : sum_of(to->samples, one->samples);
    to->lost = first ? one->lost : sum_of(to->lost, one->lost);
    to->duration_ns = first ? one->duration_ns : MAX(to->duration_ns, one->duration_ns);
    to->at = first ? one->at : SD_UNKNOWN;
    to->truncated_share = first ? one->truncated_share : (double)NAN;
}

static void add_batch(struct profile_found *f, const struct profile_entry *e, size_t type)
{
    size_t n, i = 0;
    const struct sd_profile *w = e->whole;
    const struct sd_profile_tree *t = batch_each(e->batch, SD_PROFILE_TREE, &i);
    uint32_t *function = profile_functions_of(e->batch, f->p, &n);
    uint32_t *number = function && t ? profile_graft(t, function, n, f->p) : NULL;
    f->p->sums[0] += real_at(w->values, type);
    if (function) {
        add_figures(f->p, e->batch, function, type);
        add_lines(f->p, e->batch, function, w->types->n, type);
    }
    if (number) {
        add_nodes(f->p, t, number, w->types->n, type);
        add_parts(f->p, t, number, w->types->n, type);
    }
    add_whole(f->p,
              &(struct profile){.samples = w->samples,
                                .lost = w->lost,
                                .duration_ns = w->duration_ns,
                                .at = w->began,
                                .truncated_share = w->truncated_share},
              !f->shown++);
    free(function);
    free(number);
}

/* A series by itself, its figures worked out; then as a batch would be. */
static void add_series(struct profile_found *f, const struct profile_series *s, struct span span, sd_time now,
                       size_t type)
{
    struct profile *one = profile_new("", 1);
    profile_type(one, f->type, f->unit);
    if (series_sum(s, span, now, type, one)) {
        profile_merge(f->p, one);
        f->p->sums[0] += one->sums[0];
        add_whole(f->p, one, !f->shown++);
        f->series = true;
    }
    profile_free(one);
}

/* What the first one says of itself. */
static void choose_type(struct profile_found *f, const struct sd_texts *types, const char *name,
                        const char *wanted, const char *own, const char *unit)
{
    f->n++;
    if (!f->types) {
        f->types = types;
        f->name = name;
    }
    const char *type = wanted ? wanted : own;
    if (!f->type && type_index(types, type) >= 0) {
        f->type = type;
        f->unit = unit;
        f->name = name;
    }
}

/* Is no later one of the same source at or before now? */
static bool is_newest(const struct profiles *x, size_t i, sd_time now)
{
    if (x->items[i].at > now)
        return false;
    for (size_t k = i + 1; k < x->n; k++)
        if (x->items[k].at <= now && str_eq(x->items[k].origin, x->items[i].origin))
            return false;
    return true;
}

/* The moment of the latest whole profile at or before now. */
static sd_time whole_now(const struct profiles *x, sd_time now)
{
    sd_time latest = INT64_MIN;
    for (size_t i = 0; i < x->n; i++)
        if (x->items[i].at <= now)
            latest = MAX(latest, x->items[i].at);
    return latest;
}

static void sum_all(const struct profiles *x, struct span span, sd_time now, struct profile_found *f)
{
    struct profile *p = f->p = profile_new("", 1);
    profile_type(p, f->type, f->unit);
    p->counted = p->given = true;
    for (size_t i = 0; i < x->n; i++) {
        int type = type_index(x->items[i].whole->types, f->type);
        if (is_newest(x, i, now) && type >= 0 && str_eq(unit_at(x->items[i].whole, type), f->unit))
            add_batch(f, &x->items[i], (size_t)type);
    }
    for (size_t i = 0; i < x->n_series; i++) {
        int type = type_index(&x->series[i].types, f->type);
        if (type >= 0 && str_eq(x->series[i].names->units[type], f->unit))
            add_series(f, &x->series[i], span, now, (size_t)type);
    }
    profile_finish(p);
}

static void find(const struct profiles *x, struct span span, sd_time now, const char *type,
                 struct profile_found *f)
{
    *f = (struct profile_found){0};
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_profile *w = x->items[i].whole;
        if (is_newest(x, i, now) && w->types) {
            int at = type_index(w->types, type ? type : w->type);
            choose_type(f, w->types, w->name, type, w->type, at < 0 ? NULL : unit_at(w, at));
        }
    }
    for (size_t i = 0; i < x->n_series; i++) {
        const struct profile_series *s = &x->series[i];
        int at = type_index(&s->types, type ? type : s->type);
        choose_type(f, &s->types, s->name, type, s->type, at < 0 ? NULL : s->names->units[at]);
    }
    if (f->type)
        sum_all(x, span, now, f);
}

static bool cached(const struct found_cache *c, uint64_t version, struct span span, sd_time now,
                   const char *type)
{
    return c && c->version == version && c->span.from == span.from && c->span.to == span.to &&
           c->now == now && str_eq(c->type, type);
}

void model_profile(const struct model *m, struct span span, sd_time now, const char *type,
                   struct profile_found *out)
{
    const struct part *part = &m->parts[DOMAIN_profiles];
    struct profiles *x = part->state;
    if (!x->n_series) { /* the time decides only which is the newest */
        span = SPAN_ALL;
        now = whole_now(x, now);
    }
    if (!cached(x->cache, part->version, span, now, type)) {
        cache_forget(x);
        x->cache = mem_alloc(sizeof *x->cache);
        *x->cache = (struct found_cache){
            .version = part->version, .span = span, .now = now, .type = mem_strdup(type)};
        find(x, span, now, type, &x->cache->found);
    }
    *out = x->cache->found;
    profile_share(out->p);
}

/* ---- over time ---- */

/* Which functions of a series are the one of that name: 1 of each. NULL: none. */
static uint8_t *named(const struct profile *names, const char *name, const char *module)
{
    uint8_t *is = NULL;
    for (size_t i = 0; i < names->n; i++) {
        if (!str_eq(names->functions[i].name, name) ||
            (module && !str_eq(names->functions[i].module, module)))
            continue;
        is = is ? is : mem_array(names->n, 1);
        is[i] = 1;
    }
    return is;
}

/* Is it of the function, or below it? */
static bool is_below(const struct profile *names, uint32_t node, const uint8_t *is)
{
    for (; node; node = names->nodes[node].parent)
        if (is[names->nodes[node].function])
            return true;
    return false;
}

static void add_step(const struct profile_series *s, const struct profile_interval *x, const uint8_t *is,
                     size_t type, struct profile_step *step)
{
    size_t types = s->names->n_types;
    if (isnan(step->all))
        *step = (struct profile_step){0};
    for (size_t k = 0; k < x->n; k++) {
        double v = x->values[k * types + type];
        step->all += v;
        step->self += is && is[s->names->nodes[x->nodes[k]].function] ? v : 0;
        step->total += is && is_below(s->names, x->nodes[k], is) ? v : 0;
    }
}

bool model_profile_steps(const struct model *m, struct span span, const char *type, const char *name,
                         const char *module, size_t n, struct profile_step *out)
{
    const struct profiles *x = m->parts[DOMAIN_profiles].state;
    struct steps st = steps_of(m, span, n);
    bool any = false;
    for (size_t i = 0; i < n; i++)
        out[i] = (struct profile_step){NAN, NAN, NAN};
    for (size_t i = 0; i < x->n_series; i++) {
        const struct profile_series *s = &x->series[i];
        int at = type_index(&s->types, type);
        uint8_t *is = at < 0 ? NULL : named(s->names, name, module);
        any |= at >= 0;
        for (size_t k = 0; at >= 0 && k < s->n; k++) {
            sd_time middle = s->items[k].from + (s->items[k].to - s->items[k].from) / 2;
            double step = (double)(middle - st.span.from) / st.width;
            if (step >= 0 && step < (double)n && middle < st.span.to)
                add_step(s, &s->items[k], is, (size_t)at, &out[(size_t)step]);
        }
        free(is);
    }
    return any;
}

/* ---- heap snapshots ---- */

enum { HOLDERS_MAX = 1024 }; /* of one snapshot, the largest: readers give no more */

static const struct sd_profile_holder **holders_of(const struct sd_batch *b, size_t *n)
{
    const struct sd_profile_holder **out = NULL, *h;
    size_t cap = *n = 0;
    for (size_t i = 0; *n < HOLDERS_MAX && (h = batch_each(b, SD_PROFILE_HOLDER, &i));) {
        out = *n == cap ? mem_grow(out, *n, &cap, sizeof *out) : out;
        out[(*n)++] = h;
    }
    return out;
}

static int by_age(const void *a, const void *b)
{
    const struct heap_snapshot *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at ? 1 : strcmp(x->name, y->name);
}

size_t model_snapshots(const struct model *m, const char *type, struct heap_snapshot *out, size_t max)
{
    const struct profiles *x = m->parts[DOMAIN_profiles].state;
    size_t n = 0;
    for (size_t i = 0; i < x->n && n < max; i++) {
        const struct sd_profile *w = x->items[i].whole;
        int t = type_index(w->types, type);
        if (t < 0)
            continue;
        struct heap_snapshot s = {.name = w->name ? w->name : "",
                                  .at = sd_known(w->began) ? w->began : x->items[i].at,
                                  .bytes = real_at(w->values, (size_t)t)};
        s.holders = holders_of(x->items[i].batch, &s.n);
        if (s.n)
            out[n++] = s;
    }
    if (n)
        qsort(out, n, sizeof *out, by_age);
    return n;
}
