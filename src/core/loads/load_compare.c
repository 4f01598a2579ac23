#include "core/loads/load_compare.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/chance.h"
#include "core/loads/quantile_test.h"

enum { METRICS = 3 };
static const struct {
    const char *name;
    double q;
} METRIC[METRICS] = {{.name = "p50", .q = 0.50}, {.name = "p95", .q = 0.95}, {.name = "p99", .q = 0.99}};

const char *const LOAD_COMPARE_VERDICT_NAMES[LOAD_COMPARE_VERDICT_N] = {
#define VERDICT_NAME(UPPER, name) [LOAD_COMPARE_##UPPER] = name,
    LOAD_VERDICTS(VERDICT_NAME)
#undef VERDICT_NAME
};

/* ---- runs ---- */

/* The requests of a run whose latency is known, those of a name behind each other. */
struct run {
    int64_t *latency; /* in the order of the file within a name */
    uint8_t *block;
    size_t n;
    size_t *name_at; /* by number of the name in `names`, and one more: where its requests begin */
    int64_t step;    /* what latencies are rounded to */
    int64_t span_ns; /* SD_UNKNOWN */
};

struct side {
    struct run *runs;
    size_t n_runs;
    int64_t n, span_ns;
    uint64_t salt;
};

struct comparing {
    struct name_index names; /* of both sides */
    struct side base, newer;
};

/* From the first start to the end of the last request, or as long as the schedule: n steps of n - 1 known. */
static int64_t span_of(const struct load_sample_set *s)
{
    int64_t first = INT64_MAX, last = INT64_MIN, end, begin, starts = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!sd_known(s->start_ns[i]))
            continue;
        first = MIN(first, s->start_ns[i]);
        last = MAX(last, s->start_ns[i]);
        starts++;
    }
    if (starts < 2 || !load_samples_span(s, &begin, &end))
        return SD_UNKNOWN;
    double between = (double)last - (double)first, schedule = between * (double)starts / (double)(starts - 1);
    return real_to_int(fmax(schedule, (double)end - (double)begin));
}

struct clock {
    int64_t first;
    double width; /* of a block; 0: no times are known */
};

static struct clock clock_of(const struct load_sample_set *s)
{
    struct clock c = {.first = INT64_MAX};
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < s->n; i++) {
        if (sd_known(s->start_ns[i])) {
            c.first = MIN(c.first, s->start_ns[i]);
            last = MAX(last, s->start_ns[i]);
        }
    }
    if (last > c.first)
        c.width = ((double)last - (double)c.first) / QUANTILE_BLOCKS;
    return c;
}

static uint8_t block_of(const struct load_sample_set *s, const struct clock *c, size_t i)
{
    double at = c->width > 0 && sd_known(s->start_ns[i])
                    ? ((double)s->start_ns[i] - (double)c->first) / c->width
                    : (double)i * QUANTILE_BLOCKS / (double)s->n;
    return (uint8_t)fmin(at, QUANTILE_BLOCKS - 1);
}

static void run_free(struct run *r)
{
    free(r->latency);
    free(r->block);
    free(r->name_at);
}

/* `number` gives the number of a name of the set in the comparison. */
static void run_make(struct run *r, const struct load_sample_set *s, const uint32_t *number, size_t names)
{
    struct clock c = clock_of(s);
    r->latency = mem_array(s->n + 1, sizeof *r->latency);
    r->block = mem_array(s->n + 1, sizeof *r->block);
    r->name_at = mem_array(names + 2, sizeof *r->name_at);
    for (size_t i = 0; i < s->n; i++)
        if (sd_known(s->latency_ns[i]))
            r->name_at[number[s->name[i]] + 2]++;
    for (size_t k = 2; k < names + 2; k++)
        r->name_at[k] += r->name_at[k - 1];
    for (size_t i = 0; i < s->n; i++) {
        if (!sd_known(s->latency_ns[i]))
            continue;
        size_t at = r->name_at[number[s->name[i]] + 1]++;
        r->latency[at] = s->latency_ns[i];
        r->block[at] = block_of(s, &c, i);
        r->n++;
    }
    r->step = quantile_step(r->latency, r->n);
    r->span_ns = span_of(s);
}

static void side_make(struct side *side, struct comparing *c, const struct load_sample_set *const *sets,
                      size_t n, uint64_t salt)
{
    side->runs = mem_array(n, sizeof *side->runs);
    side->n_runs = n;
    side->salt = salt;
    for (size_t k = 0; k < n; k++) {
        const struct load_sample_set *s = sets[k];
        struct run *r = &side->runs[k];
        uint32_t *number = mem_array(s->names.n + 1, sizeof *number);
        for (size_t i = 0; i < s->names.n; i++)
            number[i] = name_index_find(&c->names, s->names.names[i]);
        run_make(r, s, number, c->names.n);
        free(number);
        side->n += (int64_t)r->n;
        side->span_ns = add_known(side->span_ns, r->span_ns);
    }
}

static void side_free(struct side *side)
{
    for (size_t i = 0; i < side->n_runs; i++)
        run_free(&side->runs[i]);
    free(side->runs);
}

static bool enough(const struct side *s)
{
    /* A request or two that began late make a run of 10 s no shorter one. */
    return s->n >= LOAD_COMPARE_LEAST && sd_known(s->span_ns) &&
           (double)s->span_ns >= 0.999 * (double)LOAD_COMPARE_SPAN;
}

/* ---- three rows: of all requests, or of a name ---- */

/* The requests of a row in a run. */
struct part {
    const struct run *run;
    size_t from, n;
};

static struct part part_of(const struct run *r, uint32_t name)
{
    if (name == NAME_NONE)
        return (struct part){.run = r, .n = r->n};
    return (struct part){.run = r, .from = r->name_at[name], .n = r->name_at[name + 1] - r->name_at[name]};
}

static int64_t count_of(const struct side *s, uint32_t name)
{
    int64_t n = 0;
    for (size_t i = 0; i < s->n_runs; i++)
        n += (int64_t)part_of(&s->runs[i], name).n;
    return n;
}

/* What the runs of a side have as percentiles: their logarithms. */
struct level {
    double mean, squares; /* of what they differ from the mean */
    size_t runs;          /* those that have requests of the row */
    int64_t ns;           /* of the last of them */
};

static void levels_of(const struct side *s, uint32_t name, struct level out[METRICS])
{
    memset(out, 0, METRICS * sizeof *out);
    for (size_t i = 0; i < s->n_runs; i++) {
        struct part p = part_of(&s->runs[i], name);
        if (!p.n)
            continue;
        int64_t *sorted = mem_array(p.n, sizeof *sorted);
        memcpy(sorted, p.run->latency + p.from, p.n * sizeof *sorted);
        qsort(sorted, p.n, sizeof *sorted, int_ascending);
        for (size_t k = 0; k < METRICS; k++) {
            struct level *l = &out[k];
            l->ns = load_rank(sorted, p.n, METRIC[k].q);
            double ns = fmax((double)l->ns, 0.5), x = log(ns);
            double before = l->mean, rounding = p.run->step > 1 ? (double)p.run->step / ns : 0;
            l->mean += (x - before) / (double)++l->runs;
            l->squares += (x - before) * (x - l->mean) + rounding * rounding / 12;
        }
        free(sorted);
    }
}

static int64_t ns_of(const struct level *l)
{
    return l->runs == 1 ? l->ns : l->runs ? real_to_int(exp(l->mean)) : SD_UNKNOWN;
}

static double change_of(const struct level *a, const struct level *b)
{
    if (!a->runs || !b->runs)
        return (double)NAN;
    if (a->runs == 1 && b->runs == 1 && a->ns > 0)
        return (double)b->ns / (double)a->ns - 1;
    return expm1(b->mean - a->mean);
}

static void judge_runs(struct load_compare_row *row, const struct level *a, const struct level *b,
                       double alpha)
{
    double freedom = (double)(a->runs + b->runs) - 2, d = b->mean - a->mean;
    if (!a->runs || !b->runs || freedom < 1)
        return;
    double variance = (a->squares + b->squares) / freedom * (1 / (double)a->runs + 1 / (double)b->runs);
    double error = sqrt(variance), t = student_t(alpha, freedom);
    row->p = error > 0 ? student_p(d / error, freedom) : fabs(d) > 0 ? 0 : 1;
    row->change_lo = expm1(d - t * error);
    row->change_hi = expm1(d + t * error);
}

static struct quantile_side *blocks_of(const struct side *s, uint32_t name)
{
    struct part p = part_of(&s->runs[0], name);
    return quantile_side_new(p.run->latency + p.from, p.run->block + p.from, p.n, p.run->step, s->salt);
}

static void judge_blocks(struct load_compare_row *row, const struct quantile_side *a,
                         const struct quantile_side *b, double q, double alpha)
{
    struct quantile_shift s = quantile_shift_of(a, b, q, alpha);
    row->p = s.p;
    row->change_lo = s.ratio_lo - 1;
    row->change_hi = s.ratio_hi - 1;
    /* What is noticed has an interval on one side of 0, what is not has 0 in it; it has the change in it. */
    if (s.p >= alpha) {
        row->change_lo = fmin(row->change_lo, 0);
        row->change_hi = fmax(row->change_hi, 0);
    }
    row->change_lo = fmin(row->change_lo, row->change);
    row->change_hi = fmax(row->change_hi, row->change);
}

static enum load_compare_verdict verdict_of(const struct load_compare_row *row, double q, double tolerance)
{
    double beyond = (1 - q) * (double)MIN(row->n_base, row->n_new);
    if (isnan(row->p))
        return LOAD_COMPARE_UNSURE;
    if (row->change_lo > 0 && row->change > tolerance)
        return LOAD_COMPARE_SLOWER;
    if (row->change_hi < 0 && row->change < -tolerance)
        return LOAD_COMPARE_FASTER;
    bool limits = row->change_lo > -1 && isfinite(row->change_hi);
    return limits && beyond >= LOAD_COMPARE_BEYOND_LEAST ? LOAD_COMPARE_SAME : LOAD_COMPARE_UNSURE;
}

static void rows_of(struct load_comparison *out, const struct comparing *c, uint32_t name, double alpha)
{
    struct level a[METRICS], b[METRICS];
    const struct side *base = &c->base, *newer = &c->newer;
    bool sure = enough(base) && enough(newer), single = base->n_runs == 1 && newer->n_runs == 1;
    struct quantile_side *x = sure && single ? blocks_of(base, name) : NULL;
    struct quantile_side *y = sure && single ? blocks_of(newer, name) : NULL;
    levels_of(base, name, a);
    levels_of(newer, name, b);
    for (size_t k = 0; k < METRICS; k++) {
        struct load_compare_row *row = &out->rows[out->n_rows++];
        *row = (struct load_compare_row){
            .name = name == NAME_NONE ? NULL : c->names.names[name],
            .metric = METRIC[k].name,
            .base_ns = ns_of(&a[k]),
            .new_ns = ns_of(&b[k]),
            .change = change_of(&a[k], &b[k]),
            .change_lo = (double)NAN,
            .change_hi = (double)NAN,
            .p = (double)NAN,
            .n_base = count_of(base, name),
            .n_new = count_of(newer, name),
        };
        if (sure && single)
            judge_blocks(row, x, y, METRIC[k].q, alpha);
        else if (sure)
            judge_runs(row, &a[k], &b[k], alpha);
        if (!isnan(row->p))
            row->p = fmin(1, row->p * (1 - out->confidence) / alpha);
        row->verdict = verdict_of(row, METRIC[k].q, out->tolerance);
        out->verdict = MIN(out->verdict, row->verdict);
    }
    quantile_side_free(x);
    quantile_side_free(y);
}

/* ---- all ---- */

static void say_method(struct load_comparison *c, bool sure)
{
    double share = (1 - c->confidence) * 100;
    char rule[200];
    snprintf(rule, sizeof rule,
             "Two samples of the same process have any row called different in at most %g %% of comparisons.",
             round(share * 1e6) / 1e6);
    if (!sure)
        snprintf(c->method, sizeof c->method,
                 "Nothing can be told from fewer than %d requests or %d s a side.", LOAD_COMPARE_LEAST,
                 (int)(LOAD_COMPARE_SPAN / SD_S));
    else if (c->runs_base == 1 && c->runs_new == 1)
        snprintf(
            c->method, sizeof c->method,
            "Shares of slow requests on %d blocks of equal time, which allows for requests in a row being "
            "alike. %s With one run a side only the variation within the run is known: what differs from "
            "one start to the next is not in the intervals.",
            QUANTILE_BLOCKS, rule);
    else
        snprintf(c->method, sizeof c->method,
                 "Each run is one value: Student's t of the logarithms of the runs' percentiles. %s", rule);
}

/* The names that have rows, by their numbers; how many. */
static size_t named(const struct comparing *c, uint32_t out[LOAD_COMPARE_NAMES_MAX])
{
    size_t n = 0;
    for (uint32_t i = 0; i < c->names.n && n < LOAD_COMPARE_NAMES_MAX; i++)
        if (*c->names.names[i] && count_of(&c->base, i) >= LOAD_COMPARE_NAME_LEAST &&
            count_of(&c->newer, i) >= LOAD_COMPARE_NAME_LEAST)
            out[n++] = i;
    return n;
}

static void add_names(struct name_index *x, const struct load_sample_set *const *sets, size_t n)
{
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < sets[k]->names.n; i++)
            name_index_of(x, sets[k]->names.names[i]);
}

bool load_compare(const struct load_sample_set *const *base, size_t n_base,
                  const struct load_sample_set *const *newer, size_t n_newer,
                  const struct load_compare_rules *rules, struct load_comparison *out, struct sd_error *err)
{
    struct comparing c = {.base.span_ns = SD_UNKNOWN, .newer.span_ns = SD_UNKNOWN};
    *out = (struct load_comparison){0};
    add_names(&c.names, base, n_base);
    add_names(&c.names, newer, n_newer);
    side_make(&c.base, &c, base, n_base, 1);
    side_make(&c.newer, &c, newer, n_newer, 2);
    bool ok = c.base.n && c.newer.n;
    if (ok) {
        uint32_t *names = mem_array(LOAD_COMPARE_NAMES_MAX, sizeof *names);
        size_t k = named(&c, names);
        bool same = k == 1 && count_of(&c.base, names[0]) == c.base.n &&
                    count_of(&c.newer, names[0]) == c.newer.n; /* its rows are those of all requests */
        double half = (1 - rules->confidence) / METRICS / (k && !same ? 2 : 1);
        *out = (struct load_comparison){.rows = mem_array((k + 1) * METRICS, sizeof *out->rows),
                                        .verdict = LOAD_COMPARE_UNSURE,
                                        .runs_base = n_base,
                                        .runs_new = n_newer,
                                        .confidence = rules->confidence,
                                        .tolerance = rules->tolerance};
        rows_of(out, &c, NAME_NONE, half);
        for (size_t i = 0; i < k; i++)
            rows_of(out, &c, names[i], half / (double)k);
        say_method(out, enough(&c.base) && enough(&c.newer));
        free(names);
    } else {
        fail(err, "The %s has no request with a latency: there is nothing to compare.",
             c.base.n ? "new run" : "base");
    }
    side_free(&c.base);
    side_free(&c.newer);
    name_index_free(&c.names);
    return ok;
}

void load_comparison_free(struct load_comparison *c)
{
    free(c->rows);
    *c = (struct load_comparison){0};
}

cJSON *load_compare_document(const struct load_comparison *c)
{
    cJSON *o = result_new("load_compare"), *rows = result_list(o, "rows");
    for (size_t i = 0; i < c->n_rows; i++) {
        const struct load_compare_row *r = &c->rows[i];
        cJSON *row = result_row(rows);
        result_text(row, "name", r->name);
        result_text(row, "metric", r->metric);
        result_int(row, "base_ns", r->base_ns);
        result_int(row, "new_ns", r->new_ns);
        result_real(row, "change", r->change);
        result_real(row, "change_lo", r->change_lo);
        result_real(row, "change_hi", r->change_hi);
        result_real(row, "p_value", r->p);
        result_int(row, "n_base", r->n_base);
        result_int(row, "n_new", r->n_new);
        result_text(row, "verdict", LOAD_COMPARE_VERDICT_NAMES[r->verdict]);
    }
    result_text(o, "verdict", LOAD_COMPARE_VERDICT_NAMES[c->verdict]);
    result_int(o, "runs_base", (int64_t)c->runs_base);
    result_int(o, "runs_new", (int64_t)c->runs_new);
    result_text(o, "method", c->method);
    return o;
}
