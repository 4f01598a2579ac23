/* Percentiles out of buckets: equal to what Prometheus says of the same. The vectors of classic histograms
 * are those of Prometheus' own tests (promqltest/testdata/histograms.test); with SLOWDIVE_CORPORA that file
 * itself is gone through. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "core/endpoints/buckets.h"

#define INF ((double)INFINITY)
#define NO  ((double)NAN)

static void equal(double got, double want, const char *what)
{
    bool same =
        got == want || (isnan(got) && isnan(want)) || fabs(got - want) <= 1e-9 * fmax(fabs(got), fabs(want));
    if (!same)
        fail_msg("%s: %.17g, not %.17g", what, got, want);
}

struct vector {
    struct bucket_le le[8];
    double q[5], want[5];
};
static const struct vector CLASSIC[] = {
    {.le = {{0.1, 50}, {.2, 70}, {1, 110}, {INF, 120}},
     .q = {0, .2, .5, .8, 1},
     .want = {0, .048, .15, .72, 1}},
    {.le = {{-.2, 10}, {-.1, 20}, {.3, 20}, {INF, 30}},
     .q = {0, .2, .5, .8, 1},
     .want = {-.2, -.2, -.15, .3, .3}},
    {.le = {{0, 0}, {2, 1}, {4, 2}, {6, 3}, {INF, 3}},
     .q = {1. / 6, .5, 5. / 6, -.1, 1.01},
     .want = {1, 3, 5, -INF, INF}},
    {.le = {{0.1, 20}, {1, 10}, {10, 50}, {100, 40}, {1000, 90}, {INF, 80}},
     .q = {.01, .5, .99, NO, .01},
     .want = {.0045, 8.5, 979.75, NO, .0045}},
    {.le = {{1000, 9}, {.1, 2}, {10, 5}, {INF, 9}, {.1, 0}},
     .q = {.1, .1, .1, .1, .1},
     .want = {.045, .045, .045, .045, .045}},
    {.le = {{0, 0}, {1, 0}, {INF, 0}}, .q = {0, .5, 1, .9, .1}, .want = {NO, NO, NO, NO, NO}},
    {.le = {{INF, 10}}, .q = {0, .5, 1, .9, .1}, .want = {NO, NO, NO, NO, NO}},
    {.le = {{1, 5}, {2, 10}}, .q = {0, .5, 1, .9, .1}, .want = {NO, NO, NO, NO, NO}},
    /* one that falls by rounding alone */
    {.le = {{1, 10.000000000000002}, {2, 10}, {INF, 10.000000000000002}},
     .q = {.5, .5, .5, .5, .5},
     .want = {.5, .5, .5, .5, .5}},
    {.le = {{.1, 0}, {.2, 110}, {INF, 110}}, .q = {.5, .9, .5, .5, .5}, .want = {.15, .19, .15, .15, .15}},
};

static size_t length(const struct vector *v)
{
    size_t n = 0;
    while (n < ARRAY_LEN(v->le) && (v->le[n].le != 0 || v->le[n].count != 0 || n == 0))
        n++;
    return n;
}

static void test_classic(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CLASSIC); i++) {
        struct vector v = CLASSIC[i];
        struct buckets b;
        size_t n = length(&v);
        buckets_from_le(&b, v.le, n);
        for (size_t k = 0; k < ARRAY_LEN(v.q); k++) {
            struct bucket_quantile q = buckets_quantile(&b, v.q[k]);
            char what[64];
            snprintf(what, sizeof what, "histogram %zu, %g", i, v.q[k]);
            equal(q.value, v.want[k], what);
            if (isfinite(q.value))
                assert_true(q.low <= q.value && q.value <= q.high);
        }
        buckets_free(&b);
    }
}

static struct buckets made(enum buckets_rule rule, const struct bucket *k, size_t n)
{
    struct buckets b = {.rule = rule, .items = mem_array(n, sizeof *k), .n = n, .cap = n, .count = NO};
    memcpy(b.items, k, n * sizeof *k);
    return b;
}

/* By Prometheus 2.42 and 3: schema 0, buckets of 1, 2, 1 from 1 on, and their like. */
static void test_native(void **state)
{
    (void)state;
    static const struct bucket POSITIVE[] = {{.5, 1, 1}, {1, 2, 2}, {2, 4, 1}};
    struct buckets b = made(BUCKETS_NATIVE, POSITIVE, 3);
    equal(buckets_quantile(&b, .5).value, exp2(.5), "the middle of the middle, by factors");
    equal(buckets_quantile(&b, 0).value, .5, "0");
    equal(buckets_quantile(&b, 1).value, 4, "1");
    equal(buckets_quantile(&b, .75).value, 2, "0.75");
    equal(buckets_quantile(&b, .5).low, 1, "its bucket");
    equal(buckets_quantile(&b, .5).high, 2, "its bucket");
    b.count = 8; /* four were no number */
    equal(buckets_quantile(&b, .25).value, exp2(.5), "half of them are no number");
    equal(buckets_quantile(&b, .9).value, NO, "half of them are no number");
    buckets_free(&b);
    static const struct bucket ZERO[] = {{-.001, .001, 10}, {1, 2, 10}};
    b = made(BUCKETS_NATIVE, ZERO, 2);
    equal(buckets_quantile(&b, .25).value, .0005, "around 0, with none below");
    buckets_free(&b);
    static const struct bucket BELOW[] = {{-4, -2, 1}, {-2, -1, 2}, {-1, -.5, 1}};
    b = made(BUCKETS_NATIVE, BELOW, 3);
    equal(buckets_quantile(&b, .5).value, -exp2(.5), "below 0");
    buckets_free(&b);
    static const struct bucket ALONE[] = {{-.5, .5, 4}};
    b = made(BUCKETS_EXPONENTIAL, ALONE, 1);
    equal(buckets_quantile(&b, .75).value, .25, "around 0 alone");
    buckets_free(&b);
}

static void says(const struct buckets *b, const char *want)
{
    struct strbuf s = {0};
    for (size_t i = 0; i < b->n; i++)
        strbuf_printf(&s, "%s%g..%g:%g", i ? " " : "", b->items[i].lower, b->items[i].upper,
                      b->items[i].count);
    assert_string_equal(strbuf_text(&s), want);
    strbuf_free(&s);
}

static void test_sums_of_classic(void **state)
{
    (void)state;
    static const struct bucket A[] = {{0, 1, 1}, {1, 2, 2}, {2, 4, 3}, {4, INF, 4}};
    static const struct bucket B[] = {{0, 2, 10}, {2, 3, 20}, {3, 4, 30}, {4, INF, 40}};
    static const struct bucket C[] = {{0, 7, 1}, {7, INF, 1}};
    struct buckets a = made(BUCKETS_CLASSIC, A, 4), b = made(BUCKETS_EXPLICIT, B, 4),
                   c = made(BUCKETS_CLASSIC, C, 2), none = {.rule = BUCKETS_CLASSIC, .count = NO};
    assert_true(buckets_add(&none, &a));
    assert_true(buckets_add(&none, &a));
    says(&none, "0..1:2 1..2:4 2..4:6 4..inf:8");
    assert_true(buckets_add(&a, &b));
    says(&a, "0..2:13 2..4:53 4..inf:44");
    assert_true(buckets_add(&a, &c)); /* nothing but the total is common: no percentile can be told */
    says(&a, "0..inf:112");
    equal(buckets_quantile(&a, .5).value, NO, "one bucket");
    buckets_free(&a);
    buckets_free(&b);
    buckets_free(&c);
    buckets_free(&none);
}

static void test_sums_of_native(void **state)
{
    (void)state;
    double r = exp2(.5);
    const struct bucket fine[] = {{-.01, .01, 5}, {1, r, 1}, {r, 2, 2}, {2, 2 * r, 3}, {8, 8 * r, 1}};
    static const struct bucket COARSE[] = {{1, 2, 10}, {4, 8, 20}};
    static const struct bucket WIDE[] = {{-1.5, 1.5, 7}};
    static const struct bucket OTHER[] = {{3, 6, 1}};
    struct buckets a = made(BUCKETS_NATIVE, fine, 5), b = made(BUCKETS_NATIVE, COARSE, 2),
                   w = made(BUCKETS_NATIVE, WIDE, 1), o = made(BUCKETS_NATIVE, OTHER, 1),
                   c = made(BUCKETS_CLASSIC, COARSE, 2);
    assert_true(buckets_add(&a, &b));
    says(&a, "-0.01..0.01:5 1..2:13 2..4:3 4..8:20 8..16:1");
    assert_true(buckets_add(&a, &w)); /* the bucket around 0 covers another in part: then it takes it whole */
    says(&a, "-2..2:25 2..4:3 4..8:20 8..16:1");
    assert_false(buckets_add(&a, &c));
    assert_false(buckets_add(&b, &o)); /* a bucket across a bound of the other */
    says(&b, "1..2:10 4..8:20");
    buckets_scale(&b, 1000);
    says(&b, "1000..2000:10 4000..8000:20");
    buckets_free(&a);
    buckets_free(&b);
    buckets_free(&c);
    buckets_free(&w);
    buckets_free(&o);
}

static void test_summary(void **state)
{
    (void)state;
    struct buckets s = {.rule = BUCKETS_SUMMARY, .count = 10};
    static const double Q[] = {.9, .5, 7}, V[] = {9, 5, 1};
    buckets_tell(&s, Q, V, 3);
    equal(buckets_quantile(&s, .5).value, 5, "its own");
    equal(buckets_quantile(&s, .9).value, 9, "its own");
    equal(buckets_quantile(&s, .99).value, NO, "one it does not tell");
    equal(buckets_quantile(&s, .5).low, NO, "its error");
    buckets_free(&s);
}

static void test_lists(void **state)
{
    (void)state;
    struct buckets b;
    double least, most;
    static const double LOW[] = {0, 1, 2}, HIGH[] = {1, 2, INF}, N[] = {1, 2, 3}, BAD[] = {1, -2, 3};
    static const double OVER[] = {0, .5, 2};
    assert_true(buckets_from_lists(&b, BUCKETS_CLASSIC, LOW, HIGH, N, 3));
    buckets_share(&b, 1.5, &least, &most);
    equal(least, 1. / 6, "below, at least");
    equal(most, .5, "below, at most");
    buckets_free(&b);
    assert_false(buckets_from_lists(&b, BUCKETS_CLASSIC, LOW, HIGH, BAD, 3));
    assert_false(buckets_from_lists(&b, BUCKETS_CLASSIC, OVER, HIGH, N, 3));
    assert_int_equal(b.n, 0);
    enum buckets_rule r;
    assert_true(buckets_rule_named("native", &r) && r == BUCKETS_NATIVE);
    assert_false(buckets_rule_named("other", &r));
}

/* ---- Prometheus' own test file ---- */

struct promql_line {
    char name[96], labels[160]; /* labels without le and blanks, sorted as written */
    double le, from, by, times, step;
};

/* {le="0.1", start="positive"} without le and blanks; its le. */
static const char *labels_of(const char *s, char *out, size_t size, double *le)
{
    struct strbuf b = {0};
    *le = NO;
    for (s++; *s && *s != '}'; s += *s == ',') {
        s += strspn(s, " ");
        size_t n = strcspn(s, ",}");
        if (!strncmp(s, "le=\"", 4))
            *le = strtod(s + 4, NULL);
        else if (n)
            strbuf_printf(&b, "%.*s,", (int)n, s);
        s += n;
    }
    snprintf(out, size, "%s", strbuf_text(&b));
    strbuf_free(&b);
    return *s ? s + 1 : s;
}

/* a+bxn in a block that begins with "load". */
static bool loaded(const char *s, double step, struct promql_line *out)
{
    size_t n = strcspn(s, "{ ");
    char *end;
    if (s[n] != '{' || n >= sizeof out->name)
        return false;
    snprintf(out->name, sizeof out->name, "%.*s", (int)n, s);
    s = labels_of(s + n, out->labels, sizeof out->labels, &out->le);
    s += strspn(s, " \t");
    out->step = step;
    out->from = strtod(s, &end);
    if (*end != '+' || isnan(out->le))
        return false;
    if (!strncmp(end, "+0x", 3)) { /* no hexadecimal number */
        out->by = 0;
        end += 2;
    } else {
        out->by = strtod(end, &end);
    }
    out->times = *end == 'x' ? strtod(end + 1, NULL) : 0;
    return true;
}

/* What it expects of one histogram. False: that is not loaded in the form read here. */
static bool expected(const struct promql_line *all, size_t n, const char *name, bool rate, double minutes,
                     double q, const char *line)
{
    char labels[160];
    double ignored;
    struct bucket_le le[32];
    struct buckets b;
    size_t k = 0;
    const char *value = labels_of(line, labels, sizeof labels, &ignored);
    for (size_t i = 0; i < n && k < 32; i++)
        if (!strcmp(all[i].name, name) && !strcmp(all[i].labels, labels))
            le[k++] = (struct bucket_le){
                .le = all[i].le,
                .count =
                    rate ? all[i].by : all[i].from + all[i].by * fmin(minutes / all[i].step, all[i].times)};
    if (!k)
        return false;
    buckets_from_le(&b, le, k);
    equal(buckets_quantile(&b, q).value, strtod(value, NULL), line);
    buckets_free(&b);
    return true;
}

static void test_corpus_file(void **state)
{
    (void)state;
    const char *path = test_corpus("metrics/promql/histograms.test");
    struct promql_line *all = mem_array(1000, sizeof *all);
    char *text, name[96] = "", *save = NULL;
    size_t len, n = 0, compared = 0;
    double step = 0, minutes = 0, q = NO;
    bool rate = false;
    struct sd_error err;
    if (!path) {
        free(all);
        skip();
    }
    assert_true(file_read(path, 1 << 20, &text, &len, &err));
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *s = line + strspn(line, " \t"), *at;
        if (s == line) { /* a new block */
            *name = 0;
            if (!strncmp(line, "clear", 5))
                n = 0;
            step = !strncmp(line, "load", 4) ? strtod(strrchr(line, ' ') + 1, NULL) : 0;
            if (sscanf(line, "eval instant at %lfm histogram_quantile(", &minutes) == 1 &&
                (at = strstr(line, "histogram_quantile("))) {
                q = strtod(at + 19, &at);
                if (*at == '/')
                    q /= strtod(at + 1, &at);
                at += strspn(at, ", ");
                rate = !strncmp(at, "rate(", 5);
                at += rate ? 5 : 0;
                size_t end = strspn(at, "abcdefghijklmnopqrstuvwxyz_0123456789");
                bool plain = end && end < sizeof name && (at[end] == ')' || (rate && at[end] == '['));
                snprintf(name, sizeof name, "%.*s", plain ? (int)end : 0, at);
            }
        } else if (step > 0 && n < 1000) {
            n += loaded(s, step, &all[n]);
        } else if (*name && *s == '{') {
            compared += expected(all, n, name, rate, minutes, q, s);
        }
    }
    free(text);
    free(all);
    if (compared < 30)
        fail_msg("only %zu figures of the file were compared", compared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classic),         cmocka_unit_test(test_native),
        cmocka_unit_test(test_sums_of_classic), cmocka_unit_test(test_sums_of_native),
        cmocka_unit_test(test_summary),         cmocka_unit_test(test_lists),
        cmocka_unit_test(test_corpus_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
