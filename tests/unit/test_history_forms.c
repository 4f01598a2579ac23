/* What a history keeps in a form of its own comes out with the same figures, and adds up. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/batch.h"
#include "core/history/forms.h"

#define T0 (1800000000 * SD_S)

static const struct history_steps TEN = {.step_ns = 10 * SD_S};

static bool add(struct history_fold *f, enum sd_kind kind, const void *record, int64_t second)
{
    struct history_copy copy;
    struct history_row row;
    return history_row_of(kind, record, T0 + second * SD_S, "here", "src", &copy, &row) &&
           history_fold_add(f, &row);
}

/* ---- caches ---- */

static void caches(void **state)
{
    (void)state;
    struct history_fold *f = history_fold_new(&TEN, HISTORY_BY_HOST);
    struct sd_bucket b = {sd_hist_index(5000), 3};
    const struct sd_hist h = {1, &b};
    struct sd_cache c;
    schema_clear(schema_of(SD_CACHE), &c);
    c.layer = "proxy";
    c.name = "nginx access.log";
    c.interval_ns = 5 * SD_S;
    c.hits = 100;
    c.misses = 50;
    c.bytes_max = 7;
    c.hit_latency = &h;
    assert_true(add(f, SD_CACHE, &c, 0) && add(f, SD_CACHE, &c, 5));
    c.interval_ns = SD_UNKNOWN; /* totals stay what they are */
    assert_true(add(f, SD_CACHE, &c, 5));
    assert_int_equal(history_fold_len(f), 2);
    for (size_t i = 0; i < 2; i++) {
        struct history_row row = history_fold_row(f, i);
        struct history_record r;
        enum sd_kind kind = row.kind;
        if (kind == SD_CACHE)
            continue;
        assert_int_equal(kind, SD_HISTORY_CACHE);
        assert_true(history_record_of(&row, &r, &kind));
        assert_true(kind == SD_CACHE && row.at == T0 && r.r.cache.interval_ns == 10 * SD_S);
        assert_true(r.r.cache.hits == 200 && r.r.cache.misses == 100 && !sd_known(r.r.cache.stale));
        assert_true(!sd_known(r.r.cache.bytes_max) && r.r.cache.hit_latency->buckets[0].count == 6);
        assert_string_equal(r.r.cache.name, "nginx access.log");
    }
    history_fold_free(f);
}

/* ---- durations in buckets ---- */

static void latency(struct sd_latency *r, const char *rule, const struct sd_reals *lower,
                    const struct sd_reals *upper, const struct sd_reals *counts)
{
    schema_clear(schema_of(SD_LATENCY), r);
    r->method = "GET";
    r->route = "/orders";
    r->rule = rule;
    r->interval_ns = 5 * SD_S;
    r->count = 10;
    r->total_ns = 1e9;
    r->lower_ns = lower;
    r->upper_ns = upper;
    r->counts = counts;
}

/* Equal ends add up; others stay apart. */
static void buckets(void **state)
{
    (void)state;
    struct history_fold *f = history_fold_new(&TEN, HISTORY_BY_HOST);
    struct sd_latency r;
    const struct sd_reals *lower = SD_REALS(0, 1e6, 0.25e9), *upper = SD_REALS(1e6, 0.25e9, INFINITY),
                          *counts = SD_REALS(4, 5, 1);
    latency(&r, "classic", lower, upper, counts);
    r.host = "web1";
    assert_true(add(f, SD_LATENCY, &r, 0) && add(f, SD_LATENCY, &r, 5));
    r.upper_ns = SD_REALS(1e6, 0.25e9, 1e9);
    r.errors = 2;
    assert_true(add(f, SD_LATENCY, &r, 5));
    assert_int_equal(history_fold_len(f), 2);
    int both = 0;
    for (size_t i = 0; i < 2; i++) {
        struct history_row row = history_fold_row(f, i);
        struct history_record out;
        enum sd_kind kind;
        assert_true(history_record_of(&row, &out, &kind) && kind == SD_LATENCY);
        const struct sd_latency *l = &out.r.latency;
        assert_true(l->counts->n == 3 && l->lower_ns->items[2] == 0.25e9 && str_eq(l->host, "web1"));
        assert_true(l->interval_ns == 10 * SD_S && str_eq(l->rule, "classic"));
        both += isinf(l->upper_ns->items[2]) != 0;
        assert_true(l->counts->items[1] == (isinf(l->upper_ns->items[2]) ? 10 : 5));
        assert_true(l->total_ns == (isinf(l->upper_ns->items[2]) ? 2e9 : 1e9));
        assert_true(isinf(l->upper_ns->items[2]) ? isnan(l->errors) : l->errors == 2);
    }
    assert_int_equal(both, 1);
    history_fold_free(f);
}

/* What does not add up, or is broken, is not kept. */
static void no_buckets(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        double lower[2], upper[2], counts[2];
    } CASES[] = {
        {"native", {1, 2}, {2, 3}, {1, 1}},
        {"exponential", {1, 2}, {2, 5}, {1, 1}},
        {"native", {1, 2}, {2, NAN}, {1, 1}},
        {"native", {-2, -1}, {-1, 1}, {1, 1}},
        {"native", {2, 1}, {4, 2}, {1, 1}},
        {"native", {0, 3e9}, {1, 6e9}, {1, 1}},
        {"native", {1e9, 2e9}, {2e9, 4e9}, {1, -1}},
        {"native", {1e9, 2e9}, {2e9, INFINITY}, {1, 1}},
        {"native", {1e9, 1e12 * 1.024}, {2e9, 1e12 * 2.048}, {1, 5e9}},
        {"summary", {0, 1}, {1, 2}, {1, 1}},
        {NULL, {0, 1}, {1, 2}, {1, 1}},
        {"classic", {0, 1}, {2, 3}, {1, 1}},
        {"classic", {0, 2}, {1, 3}, {1, 1}},
        {"classic", {0, 1}, {0, 2}, {1, 1}},
        {"classic", {0, NAN}, {NAN, 2}, {1, 1}},
        {"classic", {0, 1}, {1, 2}, {1, -1}},
        {"classic", {0, 1}, {1, 2}, {1, 5e9}},
        {"classic", {0, 1}, {1, 2}, {1, INFINITY}},
    };
    struct history_fold *f = history_fold_new(&TEN, 0);
    struct sd_latency r;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        latency(&r, CASES[i].rule, &(struct sd_reals){2, CASES[i].lower},
                &(struct sd_reals){2, CASES[i].upper}, &(struct sd_reals){2, CASES[i].counts});
        assert_false(add(f, SD_LATENCY, &r, 0));
    }
    latency(&r, "classic", NULL, NULL, NULL);
    assert_false(add(f, SD_LATENCY, &r, 0));
    latency(&r, "classic", SD_REALS(0), SD_REALS(1, 2), SD_REALS(1, 2));
    assert_false(add(f, SD_LATENCY, &r, 0));
    history_fold_free(f);
}

/* Those that grow by a factor: OpenTelemetry's at scale 3 in s, as its source makes them, around 0 something.
 */
static void grown(double unit, int scale, int from, int n, double zero, struct sd_reals r[3],
                  double room[3][700])
{
    uint32_t k = 0;
    for (int i = -1; i < n; i++) {
        if (i < 0 && !(zero >= 0))
            continue;
        room[0][k] = i < 0 ? 0 : exp2((from + i) * ldexp(1, -scale)) * unit;
        room[1][k] = i < 0 ? zero : exp2((from + i + 1.0) * ldexp(1, -scale)) * unit;
        room[2][k++] = i + 2;
    }
    for (int i = 0; i < 3; i++)
        r[i] = (struct sd_reals){k, room[i]};
}

/* Two intervals of other buckets in use are one, with the ends to the bit. */
static void factor_buckets(void **state)
{
    (void)state;
    static double a[3][700], b[3][700];
    struct sd_reals x[3], y[3];
    struct sd_latency r;
    struct history_record out;
    enum sd_kind kind;
    struct history_fold *f = history_fold_new(&TEN, HISTORY_BY_HOST);
    grown(1e9, 3, -60, 30, 0, x, a);
    latency(&r, "exponential", &x[0], &x[1], &x[2]);
    assert_true(add(f, SD_LATENCY, &r, 0));
    grown(1e9, 3, -40, 50, -1, y, b);
    latency(&r, "exponential", &y[0], &y[1], &y[2]);
    assert_true(add(f, SD_LATENCY, &r, 5));
    assert_int_equal(history_fold_len(f), 1);
    struct history_row row = history_fold_row(f, 0);
    assert_true(history_record_of(&row, &out, &kind) && kind == SD_LATENCY);
    const struct sd_latency *l = &out.r.latency;
    assert_true(str_eq(l->rule, "exponential") && l->counts->n == 71);
    assert_true(l->counts->items[0] == 1 && l->upper_ns->items[0] == 0);
    for (int i = 1; i < 71; i++) {
        double first = i <= 30 ? i + 1 : 0, second = i > 20 ? i - 20 + 1 : 0;
        assert_true(l->counts->items[i] == first + second);
        assert_true(l->lower_ns->items[i] == (i <= 30 ? a[0][i] : b[0][i - 21]));
        assert_true(l->upper_ns->items[i] == (i <= 30 ? a[1][i] : b[1][i - 21]));
    }
    history_fold_free(f);
}

static double sum_of(const struct sd_reals *r)
{
    double sum = 0;
    for (uint32_t i = 0; i < r->n; i++)
        sum += r->items[i];
    return sum;
}

/* Finer ones become 1.1 % wide; no count is lost, none moves out of its own bucket, none stands in two. */
static void fine_buckets(void **state)
{
    (void)state;
    static const struct {
        double unit;
        int scale, from, n;
        double zero, width; /* the factor that they are kept with */
    } CASES[] = {
        {1e9, 6, -640, 600, -1, 64},     {1e9, 7, -1000, 160, 5000, 64}, {1e6, 10, -3001, 160, -1, 64},
        {1e9, 20, -9000000, 160, 0, 64}, {1e9, 0, -9, 15, 1e6, 1},       {1e9, -2, -5, 6, -1, 0.25},
        {1, 5, 300, 160, 1, 32},         {60e9, 4, -100, 90, -1, 16},    {1e3, 3, -100, 160, -1, 8},
    };
    static double a[3][700];
    struct sd_reals x[3];
    struct sd_latency r;
    struct history_record out;
    enum sd_kind kind;
    for (size_t c = 0; c < ARRAY_LEN(CASES); c++) {
        struct history_fold *f = history_fold_new(&TEN, HISTORY_BY_HOST);
        grown(CASES[c].unit, CASES[c].scale, CASES[c].from, CASES[c].n, CASES[c].zero, x, a);
        latency(&r, "native", &x[0], &x[1], &x[2]);
        assert_true(add(f, SD_LATENCY, &r, 0));
        struct history_row row = history_fold_row(f, 0);
        assert_true(history_record_of(&row, &out, &kind) && str_eq(out.r.latency.rule, "native"));
        const struct sd_latency *l = &out.r.latency;
        assert_true(sum_of(l->counts) == sum_of(&x[2]) && l->counts->n <= x[2].n);
        double factor = exp2(1 / CASES[c].width);
        for (uint32_t i = 0, k = 0; i < l->counts->n; i++) {
            double low = l->lower_ns->items[i], high = l->upper_ns->items[i], count = 0;
            assert_true(low <= high && (!i || low >= l->upper_ns->items[i - 1]));
            assert_true(low <= 0 || high <= low * factor * factor * (1 + 1e-9));
            for (; k < x[2].n && a[1][k] <= MAX(high, 64) * (1 + 1e-9); k++)
                count += a[2][k];
            assert_true(count == l->counts->items[i]);
        }
        history_fold_free(f);
    }
}

/* Rows of a file that somebody wrote. */
static void broken_rows(void **state)
{
    (void)state;
    static const char *const BOUNDS[] = {"",      "x",     "0",     "0 ",  "0 1 ", "0 1 1",
                                         "0 2 1", "nan 1", "0 nan", "0,1", "0 1x", "inf inf"};
    struct sd_bucket far = {7, 1};
    const struct sd_hist h = {1, &far};
    struct sd_history_latency l;
    struct history_row row = {.kind = SD_HISTORY_LATENCY, .record = &l, .at = T0, .length_ns = SD_S};
    struct history_record out;
    enum sd_kind kind;
    schema_clear(schema_of(SD_HISTORY_LATENCY), &l);
    assert_false(history_record_of(&row, &out, &kind));
    for (size_t i = 0; i < ARRAY_LEN(BOUNDS); i++) {
        l.bounds = BOUNDS[i];
        assert_false(history_record_of(&row, &out, &kind));
    }
    static const char *const GRIDS[] = {"2^(2^",
                                        "2^(2^-6",
                                        "2^(2^-6) of 1",
                                        "2^(2^-7) of 1 from 0",
                                        "2^(2^20) of 1 from 0",
                                        "2^(2^-0.5) of 1 from 0",
                                        "2^(2^-6) of 0 from 0",
                                        "2^(2^-6) of -1 from 0",
                                        "2^(2^-6) of nan from 0",
                                        "2^(2^-6) of 1e99 from 0",
                                        "2^(2^-6) of 1 from -1",
                                        "2^(2^-6) of 1 from 0 "};
    for (size_t i = 0; i < ARRAY_LEN(GRIDS); i++) {
        l.bounds = GRIDS[i];
        assert_false(history_record_of(&row, &out, &kind));
    }
    l.bounds = "2^(2^-6) of 1 from 0";
    assert_true(history_record_of(&row, &out, &kind));
    static struct sd_bucket every[SD_HIST_BUCKETS];
    for (uint32_t i = 0; i < SD_HIST_BUCKETS; i++)
        every[i] = (struct sd_bucket){i, 1};
    l.counts = &(struct sd_hist){SD_HIST_BUCKETS, every}; /* more than there is room for */
    assert_true(history_record_of(&row, &out, &kind));
    assert_true(sum_of(out.r.latency.counts) == SD_HIST_BUCKETS && out.r.latency.counts->n <= 512);
    l.counts = NULL;
    l.bounds = "0 1 2";
    assert_true(history_record_of(&row, &out, &kind));
    l.counts = &h; /* a bucket that has no ends */
    assert_false(history_record_of(&row, &out, &kind));
}

/* ---- profiles ---- */

enum { LEAVES = 100 };

/* main calls serve, which calls 100 leaves; leaf i has i + 1 samples of 10 ms. Something is cut below serve.
 */
static struct sd_batch *profile(int64_t series)
{
    struct sd_batch *b = batch_new("perf", T0 + SD_S);
    int64_t parents[LEAVES + 2] = {-1, 0}, functions[LEAVES + 2] = {0, 1}, samples[LEAVES + 2] = {0};
    double self[2 * (LEAVES + 2)] = {0}, cut[2 * (LEAVES + 2)] = {0};
    struct sd_profile whole;
    struct sd_profile_tree tree;
    schema_clear(schema_of(SD_PROFILE), &whole);
    schema_clear(schema_of(SD_PROFILE_TREE), &tree);
    whole.name = "app";
    whole.types = SD_TEXTS("samples", "cpu");
    whole.units = SD_TEXTS("count", "ns");
    whole.type = "cpu";
    whole.duration_ns = SD_S;
    whole.series = series;
    assert_true(batch_add(b, SD_PROFILE, &whole));
    for (int i = 0; i < LEAVES + 2; i++) {
        char name[32];
        struct sd_profile_function f;
        schema_clear(schema_of(SD_PROFILE_FUNCTION), &f);
        snprintf(name, sizeof name, i == 0 ? "main" : i == 1 ? "se\trve\n" : "leaf%d", i - 2);
        f.name = name;
        f.module = i ? "app.so" : NULL;
        f.kind = i ? "native" : NULL;
        assert_true(batch_add(b, SD_PROFILE_FUNCTION, &f));
        if (i >= 2) {
            parents[i] = 1;
            functions[i] = i;
            samples[i] = i - 1;
            self[2 * i] = (double)samples[i];
            self[2 * i + 1] = 1e7 * (double)samples[i];
        }
    }
    cut[3] = 5e7;
    tree.parents = &(struct sd_ints){LEAVES + 2, parents};
    tree.functions = &(struct sd_ints){LEAVES + 2, functions};
    tree.samples = &(struct sd_ints){LEAVES + 2, samples};
    tree.self = &(struct sd_reals){2 * (LEAVES + 2), self};
    tree.cut = &(struct sd_reals){2 * (LEAVES + 2), cut};
    assert_true(batch_add(b, SD_PROFILE_TREE, &tree));
    return b;
}

static void take(void *ctx, const struct history_row *row)
{
    assert_true(row->at == T0 && row->length_ns == SD_S && str_eq(row->host, "here"));
    assert_true(history_fold_add(ctx, row));
}

struct given {
    int profiles, functions, trees;
    char names[200][64];
    double leaf99, other, all;
    int64_t samples;
};

static void give(void *ctx, enum sd_kind kind, const void *record)
{
    struct given *g = ctx;
    if (kind == SD_PROFILE) {
        const struct sd_profile *p = record;
        g->profiles++;
        g->samples = p->samples;
        assert_true(p->series == 1 && p->types->n == 1 && str_eq(p->types->items[0], "cpu"));
        assert_true(str_eq(p->units->items[0], "ns") && p->duration_ns == 10 * SD_S && p->began == T0);
    } else if (kind == SD_PROFILE_FUNCTION) {
        const struct sd_profile_function *f = record;
        snprintf(g->names[g->functions++], 64, "%s", f->name);
    } else {
        const struct sd_profile_tree *t = record;
        g->trees++;
        for (uint32_t i = 0; i < t->parents->n; i++) {
            const char *name = g->names[t->functions->items[i]];
            assert_true(t->parents->items[i] < (int64_t)i);
            g->all += t->self->items[i];
            g->leaf99 += str_eq(name, "leaf99") ? t->self->items[i] : 0;
            g->other += str_eq(name, "(other)") ? t->self->items[i] : 0;
        }
    }
}

/* The heaviest stay exact; sums stay whole; texts that separate do not. */
static void profiles(void **state)
{
    (void)state;
    struct history_fold *f = history_fold_new(&TEN, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    struct history_fold *cut = history_fold_new(&TEN, HISTORY_BY_HOST | HISTORY_BY_SOURCE);
    struct sd_batch *b = profile(1);
    assert_int_equal(history_stacks(b, "here", take, f), LEAVES + 1);
    history_stacks(b, "here", take, f); /* another second of the step */
    size_t n = history_fold_len(f);
    assert_int_equal(n, LEAVES + 1);
    struct history_row *rows = mem_array(n + 1, sizeof *rows);
    struct sd_event e = {.title = "deploy"};
    for (size_t i = 0; i < n; i++)
        rows[i] = history_fold_row(f, i);
    rows[n] = (struct history_row){.kind = SD_EVENT, .at = T0, .record = &e};
    assert_int_equal(history_stacks_cut(rows, n + 1, 10 * SD_S, cut), 1);
    assert_true(rows[0].record == &e);
    assert_int_equal(history_fold_len(cut), 32 + 1);
    struct history_calls *c = history_calls_new();
    for (size_t i = 0; i < history_fold_len(cut); i++) {
        struct history_row row = history_fold_row(cut, i);
        history_calls_add(c, &row);
    }
    assert_int_equal(history_calls_len(c), 1);
    struct given g = {0};
    history_calls_records(c, 0, T0, 10 * SD_S, give, &g);
    assert_true(g.profiles == 1 && g.trees == 1 && g.functions == 32 + 3);
    assert_string_equal(g.names[1], "se rve ");
    double all = 2 * (1e7 * LEAVES * (LEAVES + 1) / 2 + 5e7), kept = 0;
    for (int i = LEAVES; i > LEAVES - 32; i--)
        kept += 2e7 * i;
    assert_true(g.all == all && g.leaf99 == 2e7 * LEAVES && g.other == all - kept);
    assert_int_equal(g.samples, LEAVES * (LEAVES + 1));
    history_calls_clear(c);
    assert_int_equal(history_calls_len(c), 0);
    history_calls_free(c);
    free(rows);
    batch_unref(b);
    history_fold_free(f);
    history_fold_free(cut);
}

static void refuse(void *ctx, const struct history_row *row)
{
    (void)ctx;
    (void)row;
    fail();
}

/* A profile that was taken once is none that adds up; broken trees and texts give nothing, or what they say.
 */
static void no_profiles(void **state)
{
    (void)state;
    struct sd_batch *b = profile(0);
    assert_int_equal(history_stacks(b, "here", refuse, NULL), 0);
    batch_unref(b);
    struct sd_profile whole;
    struct sd_profile_tree tree;
    schema_clear(schema_of(SD_PROFILE), &whole);
    schema_clear(schema_of(SD_PROFILE_TREE), &tree);
    whole.types = SD_TEXTS("cpu");
    whole.series = 1;
    tree.parents = SD_INTS(0, -1, 7, 1);
    tree.functions = SD_INTS(0, 1, 0, -3);
    tree.self = SD_REALS(1, 1, 1, 1);
    b = batch_new("perf", T0);
    assert_true(batch_add(b, SD_PROFILE, &whole) && batch_add(b, SD_PROFILE_TREE, &tree));
    assert_int_equal(history_stacks(b, "here", refuse, NULL), 0);
    batch_unref(b);
    static const char *const STACKS[] = {"", "\n\n", "\t\t\t\t", "a\n", "a\tb\tc\td\na", "a"};
    struct history_calls *c = history_calls_new();
    struct sd_history_stack r;
    struct history_row row = {.kind = SD_HISTORY_STACK, .record = &r};
    schema_clear(schema_of(SD_HISTORY_STACK), &r);
    history_calls_add(c, &row);
    r.profile = "app";
    r.type = "cpu";
    r.value = 1;
    for (size_t i = 0; i < ARRAY_LEN(STACKS); i++) {
        r.stack = STACKS[i];
        history_calls_add(c, &row);
    }
    assert_int_equal(history_calls_len(c), 1);
    history_calls_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caches),      cmocka_unit_test(buckets),        cmocka_unit_test(no_buckets),
        cmocka_unit_test(broken_rows), cmocka_unit_test(factor_buckets), cmocka_unit_test(fine_buckets),
        cmocka_unit_test(profiles),    cmocka_unit_test(no_profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
