#include "core/model/profile_series.h"

/* ---- a batch's functions and tree ---- */

uint32_t *profile_functions_of(const struct sd_batch *b, struct profile *to, size_t *n)
{
    const struct sd_profile_function *r;
    uint32_t *numbers = NULL;
    size_t cap = 0;
    *n = 0;
    for (size_t i = 0; (r = batch_each(b, SD_PROFILE_FUNCTION, &i)) && !to->full;) {
        const char *name = r->name ? r->name : "[unknown]";
        if (*n == cap)
            numbers = mem_grow(numbers, *n, &cap, sizeof *numbers);
        numbers[(*n)++] = profile_function(to, name, strlen(name), r->module,
                                           r->module ? strlen(r->module) : 0, profile_kind(r->kind));
    }
    if (!to->full)
        return numbers ? numbers : mem_array(1, sizeof *numbers);
    free(numbers);
    return NULL;
}

uint32_t *profile_graft(const struct sd_profile_tree *t, const uint32_t *function, size_t n,
                        struct profile *to)
{
    size_t nodes = t->parents && t->functions ? MIN(t->parents->n, t->functions->n) : 0;
    uint32_t *numbers = mem_array(nodes + 1, sizeof *numbers);
    for (size_t i = 0; i < nodes; i++) {
        int64_t parent = t->parents->items[i], f = t->functions->items[i];
        if (parent < -1 || parent >= (int64_t)i || f < 0 || f >= (int64_t)n) {
            free(numbers);
            return NULL;
        }
        uint32_t above = parent < 0 ? 0 : numbers[parent];
        uint32_t below = profile_below(to, above, function[f]);
        numbers[i] = below == PROFILE_NO_NODE ? above : below;
    }
    return numbers;
}

/* The numbers of its parts; PROFILE_NO_PART of one that has no room. */
uint32_t *profile_parts_of(const struct sd_profile_tree *t, struct profile *to)
{
    size_t n = t->part_keys && t->part_values ? MIN(t->part_keys->n, t->part_values->n) : 0;
    uint32_t *parts = mem_array(n + 1, sizeof *parts);
    for (size_t i = 0; i < n; i++) {
        const char *key = t->part_keys->items[i], *value = t->part_values->items[i];
        parts[i] = key && value ? profile_part(to, key, strlen(key), value, strlen(value)) : PROFILE_NO_PART;
    }
    return parts;
}

bool profile_part_at(const struct sd_profile_tree *t, size_t i, const uint32_t *parts,
                     const uint32_t *numbers, struct profile_of *of)
{
    if (!t->part_keys || !t->part_values || !t->of_part || !t->of_node || i >= t->of_part->n ||
        i >= t->of_node->n)
        return false;
    int64_t part = t->of_part->items[i], node = t->of_node->items[i];
    int64_t n = MIN(t->part_keys->n, t->part_values->n);
    int64_t nodes = t->parents && t->functions ? MIN(t->parents->n, t->functions->n) : 0;
    bool known = part >= 0 && part < n && node >= -1 && node < nodes;
    int64_t samples = t->of_samples && i < t->of_samples->n ? t->of_samples->items[i] : 0;
    *of = (struct profile_of){.part = known ? parts[part] : PROFILE_NO_PART,
                              .node = known && node >= 0 ? numbers[node] : 0,
                              .samples = samples > 0 ? samples : 0};
    return true;
}

/* ---- one interval ---- */

static void interval_free(struct part *p, struct profile_series *s, struct profile_interval *x)
{
    model_uncount(p, x->bytes);
    s->bytes -= x->bytes;
    free(x->nodes);
    free(x->counts);
    free(x->values);
    free(x->of);
    free(x->of_values);
}

static double real_at(const struct sd_reals *r, size_t i)
{
    return r && i < r->n && isfinite(r->items[i]) ? r->items[i] : 0;
}

/* The nodes in which stacks end. What is cut below a node counts as ending there: the tree of an interval is
 * small, and cut only when it is hostile. */
static void fill_parts(struct profile_interval *x, const struct sd_profile_tree *t, const uint32_t *numbers,
                       const uint32_t *parts, size_t types)
{
    size_t cap = 0, most = t->of_part ? t->of_part->n : 0;
    struct profile_of of;
    x->of_values = mem_array(most + 1, types * sizeof *x->of_values);
    for (size_t i = 0; profile_part_at(t, i, parts, numbers, &of); i++) {
        if (of.part == PROFILE_NO_PART)
            continue;
        x->of = x->n_of == cap ? mem_grow(x->of, x->n_of, &cap, sizeof *x->of) : x->of;
        for (size_t k = 0; k < types; k++)
            x->of_values[x->n_of * types + k] = real_at(t->of_self, i * types + k);
        x->of[x->n_of++] = of;
    }
    x->bytes += cap * sizeof *x->of + (most + 1) * types * sizeof *x->of_values + 2 * MODEL_OVERHEAD;
}

static void interval_fill(struct profile_interval *x, const struct sd_profile_tree *t,
                          const uint32_t *numbers, const uint32_t *parts, size_t types)
{
    size_t nodes = MIN(t->parents->n, t->functions->n);
    x->nodes = mem_array(nodes + 1, sizeof *x->nodes);
    x->counts = mem_array(nodes + 1, sizeof *x->counts);
    x->values = mem_array(nodes + 1, types * sizeof *x->values);
    for (size_t i = 0; i < nodes; i++) {
        bool any = false;
        for (size_t k = 0; k < types; k++) {
            double v = real_at(t->self, i * types + k) + real_at(t->cut, i * types + k);
            x->values[x->n * types + k] = v;
            any |= v > 0 || v < 0;
        }
        if (!any)
            continue;
        x->counts[x->n] = t->samples && i < t->samples->n ? t->samples->items[i] : 0;
        x->nodes[x->n++] = numbers[i];
    }
    x->nodes = mem_realloc(x->nodes, (x->n + 1) * sizeof *x->nodes);
    x->counts = mem_realloc(x->counts, (x->n + 1) * sizeof *x->counts);
    x->values = mem_realloc(x->values, (x->n + 1) * types * sizeof *x->values);
    x->bytes =
        (x->n + 1) * (sizeof *x->nodes + sizeof *x->counts + types * sizeof *x->values) + 3 * MODEL_OVERHEAD;
    fill_parts(x, t, numbers, parts, types);
}

/* ---- the series ---- */

static void recount(struct part *p, struct profile_series *s, size_t before)
{
    size_t now = profile_bytes(s->names);
    model_uncount(p, before);
    model_count(p, now);
    s->bytes = s->bytes - before + now;
}

static void series_clear(struct part *p, struct profile_series *s)
{
    for (size_t i = 0; i < s->n; i++)
        interval_free(p, s, &s->items[i]);
    s->n = 0;
    if (s->names) {
        size_t bytes = profile_bytes(s->names);
        model_uncount(p, bytes);
        s->bytes -= bytes;
        profile_free(s->names);
    }
    s->names = NULL;
    s->compacted = 0;
}

void series_free(struct part *p, struct profile_series *s)
{
    series_clear(p, s);
    s->items = model_resize(p, s->items, s->cap, 0, sizeof *s->items);
    model_strfree(p, s->origin);
    model_strfree(p, s->name);
    model_strfree(p, s->type);
}

static bool same_types(const struct profile *names, const struct sd_profile *whole)
{
    if (names->n_types != MIN(whole->types->n, (uint32_t)PROFILE_TYPES_MAX))
        return false;
    for (size_t i = 0; i < names->n_types; i++)
        if (!str_eq(names->types[i], whole->types->items[i]))
            return false;
    return true;
}

static struct profile *names_new(const struct sd_profile *whole)
{
    struct profile *names = profile_new("", whole->types->n);
    for (size_t i = 0; i < whole->types->n; i++)
        profile_type(names, whole->types->items[i] ? whole->types->items[i] : "",
                     profile_unit(whole->units && i < whole->units->n ? whole->units->items[i] : NULL));
    return names;
}

static void series_start(struct part *p, struct profile_series *s, const struct sd_profile *whole)
{
    series_clear(p, s);
    model_strfree(p, s->name);
    model_strfree(p, s->type);
    s->name = model_strdup(p, whole->name, 256);
    s->type = model_strdup(p, whole->type, 256);
    s->names = names_new(whole);
    s->types = (struct sd_texts){(uint32_t)s->names->n_types, s->names->types};
    recount(p, s, 0);
}

/* An interval that was there already, as when a recording is read again from its beginning, is not added. */
static struct profile_interval *place_for(struct part *p, struct profile_series *s, sd_time from, sd_time to)
{
    size_t at = s->n;
    while (at && s->items[at - 1].from >= from)
        if (s->items[--at].from == from && s->items[at].to == to)
            return NULL;
    s->items = model_grow(p, s->items, s->n, &s->cap, sizeof *s->items);
    memmove(s->items + at + 1, s->items + at, (s->n++ - at) * sizeof *s->items);
    s->items[at] = (struct profile_interval){.from = from, .to = to};
    return &s->items[at];
}

/* An interval of a source is a second, or what a server was asked for; what is wrong in it may be any number.
 */
static sd_time beginning_of(const struct sd_profile *whole, sd_time to)
{
    const int64_t most = 31 * 24 * 3600 * SD_S;
    int64_t length = sd_known(whole->duration_ns) ? MAX(MIN(whole->duration_ns, most), 0) : 0;
    sd_time earliest = add_sat(to, -most),
            from = sd_known(whole->began) ? whole->began : add_sat(to, -length);
    return MIN(MAX(from, earliest), to);
}

bool series_take(struct part *p, struct profile_series *s, const struct sd_batch *b,
                 const struct sd_profile *whole)
{
    size_t i = 0, n;
    const struct sd_profile_tree *t = batch_each(b, SD_PROFILE_TREE, &i);
    if (!whole->types || !whole->types->n)
        return false;
    if (!s->names || !same_types(s->names, whole))
        series_start(p, s, whole);
    size_t before = profile_bytes(s->names);
    uint32_t *function = profile_functions_of(b, s->names, &n);
    uint32_t *numbers = function && t ? profile_graft(t, function, n, s->names) : NULL;
    uint32_t *parts = numbers ? profile_parts_of(t, s->names) : NULL;
    free(function);
    recount(p, s, before);
    if (t && !numbers)
        return false;
    sd_time to = batch_time(b), from = beginning_of(whole, to);
    struct profile_interval *x = place_for(p, s, from, to);
    if (x) {
        x->samples = whole->samples;
        x->lost = whole->lost;
        x->truncated = whole->truncated_share * (double)(sd_known(whole->samples) ? whole->samples : 0);
        if (numbers)
            interval_fill(x, t, numbers, parts, s->names->n_types);
        model_count(p, x->bytes);
        s->bytes += x->bytes;
    }
    free(numbers);
    free(parts);
    return true;
}

/* ---- less ---- */

/* The number in `to` of a part of the series, made when it is asked for. `numbers`: of each + 1. */
static uint32_t copy_part(const struct profile *from, struct profile *to, uint32_t *numbers, uint32_t i)
{
    const struct profile_part *a = &from->parts->items[i];
    if (!numbers[i])
        numbers[i] = 1 + profile_part(to, a->key, strlen(a->key), a->value, strlen(a->value));
    return numbers[i] - 1;
}

static uint32_t *copied_parts(const struct profile *from)
{
    return mem_array((from->parts ? from->parts->n : 0) + 1, sizeof(uint32_t));
}

/* Names and nodes of what is left only. */
static void compact(struct part *p, struct profile_series *s)
{
    size_t before = profile_bytes(s->names);
    struct profile *to = profile_new("", s->names->max_types);
    for (size_t i = 0; i < s->names->n_types; i++)
        profile_type(to, s->names->types[i], s->names->units[i]);
    struct profile_copy c = profile_copy_new(s->names, to);
    uint32_t *parts = copied_parts(s->names);
    for (size_t i = 0; i < s->n; i++) {
        struct profile_interval *x = &s->items[i];
        for (size_t k = 0; k < x->n; k++)
            x->nodes[k] = profile_copy_node(&c, x->nodes[k]);
        for (size_t k = 0; k < x->n_of; k++) {
            x->of[k].node = profile_copy_node(&c, x->of[k].node);
            x->of[k].part = copy_part(s->names, to, parts, x->of[k].part);
        }
    }
    free(parts);
    profile_copy_free(&c);
    profile_free(s->names);
    s->names = to;
    s->types = (struct sd_texts){(uint32_t)to->n_types, to->types};
    s->compacted = to->n_nodes;
    recount(p, s, before);
}

static void drop_first(struct part *p, struct profile_series *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        interval_free(p, s, &s->items[i]);
    memmove(s->items, s->items + n, (s->n - n) * sizeof *s->items);
    s->n -= n;
}

void series_drop(struct part *p, struct profile_series *s, sd_time before)
{
    enum { SPARE = 10000 };
    size_t n = 0;
    while (n < s->n && s->items[n].to < before)
        n++;
    if (!n)
        return;
    drop_first(p, s, n);
    if (s->names->n_nodes > 2 * s->compacted + SPARE)
        compact(p, s);
}

bool series_less(struct part *p, struct profile_series *s)
{
    if (!s->n)
        return false;
    drop_first(p, s, (s->n + 1) / 2);
    compact(p, s);
    return true;
}

/* ---- asking ---- */

static void count_interval(struct profile *to, const struct profile_interval *x, bool first)
{
    bool lost = sd_known(x->lost) && (first || sd_known(to->lost));
    to->lost = lost ? add_sat(first ? 0 : to->lost, x->lost) : SD_UNKNOWN;
    to->truncated_share = (first ? 0 : to->truncated_share) + x->truncated; /* a number, until the end */
    to->at = first ? x->from : MIN(to->at, x->from);
    to->duration_ns = add_sat(first ? 0 : to->duration_ns, x->to - x->from);
}

/* How unevenly the samples of functions lie over time: in blocks of intervals, the sum of n^2 / N. */
struct blocks {
    double *now, *squares; /* of each function of the series */
    double all, total;     /* samples of this block, of all */
    size_t n, each, in;    /* whole blocks, intervals of a block, of this one */
};

enum { BLOCKS_MAX = 12, BLOCKS_LEAST = 6 };

static void block_end(struct blocks *b, size_t functions)
{
    for (size_t i = 0; i < functions && b->all > 0; i++) {
        b->squares[i] += b->now[i] * b->now[i] / b->all;
        b->now[i] = 0;
    }
    b->n += b->all > 0;
    b->total += b->all;
    b->all = 0;
    b->in = 0;
}

static void block_add(struct blocks *b, const struct profile *names, const struct profile_interval *x)
{
    for (size_t k = 0; k < x->n; k++) {
        b->now[names->nodes[x->nodes[k]].function] += (double)x->counts[k];
        b->all += (double)x->counts[k];
    }
    if (++b->in == b->each)
        block_end(b, names->n);
}

/* Pearson's statistic over the blocks, by its degrees of freedom. */
static void spread_out(struct blocks *b, const struct profile_series *s, struct profile_copy *c)
{
    if (b->in)
        block_end(b, s->names->n);
    for (uint32_t i = 0; i < s->names->n && b->n >= BLOCKS_LEAST; i++) {
        struct profile_function *f = c->function[i] ? &c->to->functions[c->function[i] - 1] : NULL;
        double n = f ? (double)f->self_samples : 0, p = n / b->total;
        if (n > 0 && p < 1)
            f->spread = (b->squares[i] - n * p) / (p * (1 - p) * (double)(b->n - 1));
    }
    free(b->now);
    free(b->squares);
}

static size_t intervals_in(const struct profile_series *s, struct span span, sd_time now)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += interval_in(&s->items[i], span, now);
    return n;
}

size_t series_sum(const struct profile_series *s, struct span span, sd_time now, size_t type,
                  struct profile *to)
{
    struct profile_copy c = profile_copy_new(s->names, to);
    size_t types = s->names->n_types, n = 0;
    bool counted = true;
    int64_t samples = 0;
    uint32_t *parts = copied_parts(s->names);
    struct blocks b = {.now = mem_array(s->names->n + 1, sizeof *b.now),
                       .squares = mem_array(s->names->n + 1, sizeof *b.squares),
                       .each = 1 + intervals_in(s, span, now) / BLOCKS_MAX};
    for (size_t i = 0; i < s->n; i++) {
        const struct profile_interval *x = &s->items[i];
        if (!interval_in(x, span, now))
            continue;
        count_interval(to, x, !n++);
        counted &= sd_known(x->samples);
        for (size_t k = 0; k < x->n; k++)
            profile_ends(to, profile_copy_node(&c, x->nodes[k]), 1, x->counts[k],
                         &x->values[k * types + type]);
        for (size_t k = 0; k < x->n_of; k++)
            profile_ends_of(to, copy_part(s->names, to, parts, x->of[k].part),
                            profile_copy_node(&c, x->of[k].node), x->of[k].samples,
                            &x->of_values[k * types + type]);
        samples = add_sat(samples, sd_known(x->samples) ? x->samples : 0);
        block_add(&b, s->names, x);
    }
    to->samples = counted ? samples : SD_UNKNOWN; /* also those without a stack */
    to->counted = counted;
    profile_finish(to);
    spread_out(&b, s, &c);
    free(parts);
    profile_copy_free(&c);
    to->truncated_share = to->samples > 0 ? to->truncated_share / (double)to->samples : (double)NAN;
    return n;
}
