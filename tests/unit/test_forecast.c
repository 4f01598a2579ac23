/* Forecasts: the fixed methods against figures of R 4.2 and by hand, the others by what must be true of them.
 * The series are made up, always the same. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/capacity/forecast.h"
#include "core/result.h"

#define HOUR (3600 * INT64_C(1000000000))

static const double NILE[] = {
    1120, 1160, 963,  1210, 1160, 1160, 813,  1230, 1370, 1140, 995,  935,  1110, 994, 1020, 960,  1180,
    799,  958,  1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774,  840,  874, 694,  940,  833,
    701,  916,  692,  1020, 1050, 969,  831,  726,  456,  824,  702,  1120, 1100, 832, 764,  821,  768,
    845,  864,  862,  698,  845,  744,  796,  1040, 759,  781,  865,  845,  944,  984, 897,  822,  1010,
    771,  676,  649,  846,  812,  742,  801,  1040, 860,  874,  848,  890,  744,  749, 838,  1050, 918,
    986,  797,  923,  975,  815,  1020, 906,  901,  1170, 912,  746,  919,  718,  714, 740};

/* ---- chance, by xorshift ---- */

static uint64_t seed;

static double uniform(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return ((double)(seed >> 11) + .5) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/* Weeks of traffic by the hour: days and weekends, growth in an hour, noise that carries over. */
static double *traffic(size_t n, double growth, double noise)
{
    double *y = mem_array(n, sizeof *y), left = 0;
    seed = 88172645463325252u;
    for (size_t t = 0; t < n; t++) {
        left = .5 * left + noise * normal();
        y[t] = 200 * (1 + .5 * sin(((double)(t % 24) - 8) * 6.2831853 / 24)) * (t / 24 % 7 >= 5 ? .6 : 1) *
               (1 + growth * (double)t) * exp(left);
    }
    return y;
}

static struct forecast_wish wish(enum forecast_method m, size_t horizon)
{
    return (struct forecast_wish){
        .method = m, .horizon = horizon, .alpha = (double)NAN, .ceiling = (double)NAN};
}

static struct forecast *make(const double *y, size_t n, int64_t step, const struct forecast_wish *w)
{
    struct sd_error err = {.text = ""};
    struct forecast_series s = {y, n, 0, step};
    struct forecast *f = forecast_make(&s, w, &err);
    if (!f)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < f->horizon; i++) {
        const struct forecast_row *r = &f->rows[i];
        assert_true(isfinite(r->mean) && r->lo_95 <= r->lo_80 && r->lo_80 <= r->mean && r->mean <= r->hi_80 &&
                    r->hi_80 <= r->hi_95);
    }
    return f;
}

static double parameter(const struct forecast *f, const char *name)
{
    for (size_t i = 0; i < f->n_parameters; i++)
        if (!strcmp(f->parameters[i].name, name))
            return f->parameters[i].value;
    return (double)NAN;
}

static void near(double a, double b, double off)
{
    if (!(fabs(a - b) <= off))
        fail_msg("%.10g is not %.10g", a, b);
}

/* ---- fixed methods ---- */

static void test_ses(void **state)
{
    (void)state;
    static const struct {
        double alpha, level, sse;
    } told[] = {
        {.1, 854.8244611, 2128085.114}, {.2, 821.3169762, 2043111.452}, {.3, 788.4401256, 2043113.631}};
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        struct forecast_wish w = wish(FORECAST_SES, 5);
        w.alpha = told[i].alpha;
        struct forecast *f = make(NILE, ARRAY_LEN(NILE), HOUR, &w);
        near(parameter(f, "level"), told[i].level, 1e-6);
        near(parameter(f, "sse"), told[i].sse, 1e-2);
        double sd = sqrt(told[i].sse / 99 * (1 + 4 * w.alpha * w.alpha));
        near(f->rows[4].mean, told[i].level, 1e-6);
        near(f->rows[4].hi_95, told[i].level + 1.959964 * sd, 1e-3);
        near(f->rows[4].lo_80, told[i].level - 1.281552 * sd, 1e-3);
        forecast_free(f);
    }
    struct forecast_wish w = wish(FORECAST_SES, 1);
    struct forecast *f = make(NILE, ARRAY_LEN(NILE), HOUR, &w);
    near(parameter(f, "alpha"), .2465579, 1e-4); /* R's optimize */
    near(parameter(f, "level"), 805.0389, 1e-2);
    assert_true(parameter(f, "sse") <= 2038871.84);
    forecast_free(f);
}

static void test_naive(void **state)
{
    (void)state;
    struct forecast_wish w = wish(FORECAST_NAIVE, 4);
    struct forecast *f = make(NILE, 90, HOUR, &w);
    near(parameter(f, "sigma"), 166.90, .01); /* R's */
    near(f->rows[0].lo_95, 487.878, 1e-3);
    near(f->rows[3].hi_80, 815 + 1.281552 * 2 * parameter(f, "sigma"), 1e-6);
    forecast_free(f);
    w.method = FORECAST_DRIFT;
    f = make(NILE, 90, HOUR, &w);
    near(f->rows[3].mean, 815 + 4 * (815 - 1120) / 89., 1e-9);
    forecast_free(f);
}

static void test_snaive(void **state)
{
    (void)state;
    double y[11] = {10, 20, 30, 11, 22, 33, 12, 24, 36, 14, 27};
    struct forecast_wish w = wish(FORECAST_SNAIVE, 7);
    w.seasons = 2;
    w.season[0] = 3;
    w.season[1] = 2;
    struct forecast *f = make(y, 11, HOUR, &w);
    const double mean[] = {36, 14, 27, 36, 14, 27, 36};
    double sigma = sqrt((1 + 4 + 9 + 1 + 4 + 9 + 4 + 9) / 8.);
    for (size_t i = 0; i < 7; i++) {
        near(f->rows[i].mean, mean[i], 0);
        near(f->rows[i].hi_95 - mean[i], 1.959964 * sigma * sqrt((double)(i / 3 + 1)), 1e-9);
    }
    assert_int_equal(f->seasons, 2);
    forecast_free(f);
    y[8] = (double)NAN; /* the season before that one is taken */
    f = make(y, 11, HOUR, &w);
    near(f->rows[0].mean, 33, 0);
    assert_int_equal(f->gaps, 1);
    assert_int_equal(f->points, 10);
    forecast_free(f);
}

/* R's own forecasts of real series. */
static void test_as_r(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t season, horizon;
    } all[] = {{"AirPassengers", 12, 24}, {"UKgas", 4, 8}, {"co2", 12, 24}, {"nottem", 12, 24}};
    for (size_t k = 0; k < ARRAY_LEN(all); k++) {
        char name[80], *text, *line;
        snprintf(name, sizeof name, "forecast/series/%s.csv", all[k].name);
        const char *path = test_corpus(name);
        if (!path)
            skip();
        struct sd_error err;
        double y[3000];
        size_t n = 0, len;
        assert_true(file_read(path, 1 << 20, &text, &len, &err));
        for (line = strchr(text, '\n'); line && line[1]; line = strchr(line + 1, '\n'))
            y[n++] = strtod(strchr(line, ',') + 1, NULL);
        free(text);
        snprintf(name, sizeof name, "forecast/series/%s.forecasts.csv", all[k].name);
        path = test_corpus(name);
        assert_true(file_read(path, 1 << 20, &text, &len, &err));
        static const enum forecast_method methods[] = {FORECAST_NAIVE, FORECAST_SNAIVE, FORECAST_DRIFT};
        for (size_t m = 0; m < ARRAY_LEN(methods); m++) {
            struct forecast_wish w = wish(methods[m], all[k].horizon);
            w.season[0] = all[k].season;
            w.seasons = 1;
            struct forecast *f = make(y, n - all[k].horizon, HOUR, &w);
            char *head = mem_printf("\n\"%s\",1,", forecast_methods[methods[m]]);
            line = strstr(text, head);
            assert_non_null(line);
            for (size_t h = 0; h < all[k].horizon; h++, line = strchr(line + 1, '\n')) {
                char *p = strchr(strchr(line, ',') + 1, ',') + 1;
                double mean = strtod(p, &p), lo_80 = strtod(p + 1, &p), hi_80 = strtod(p + 1, &p);
                near(f->rows[h].mean, mean, 1e-6 * fabs(mean));
                if (methods[m] != FORECAST_DRIFT && lo_80 > 0) { /* R's drift has another sigma */
                    near(f->rows[h].lo_80, lo_80, 1e-4 * fabs(mean));
                    near(f->rows[h].hi_80, hi_80, 1e-4 * fabs(mean));
                }
            }
            free(head);
            forecast_free(f);
        }
        free(text);
    }
}

/* ---- auto and the fitted ones ---- */

/* Mean absolute error of the last `horizon` values, forecast from those before. */
static double error_of(enum forecast_method m, const double *y, size_t n, size_t horizon, double *in_95)
{
    struct forecast_wish w = wish(m, horizon);
    struct forecast *f = make(y, n - horizon, HOUR, &w);
    double sum = 0, in = 0;
    for (size_t i = 0; i < horizon; i++) {
        double came = y[n - horizon + i];
        sum += fabs(came - f->rows[i].mean) / (double)horizon;
        in += came >= f->rows[i].lo_95 && came <= f->rows[i].hi_95;
    }
    *in_95 = in / (double)horizon;
    forecast_free(f);
    return sum;
}

static void test_auto_beats_naive(void **state)
{
    (void)state;
    double ratios = 0, within = 0;
    const int rounds = 6;
    for (int i = 0; i < rounds; i++) {
        size_t n = (size_t)(3 + i) * 168 + 48;
        double *y = traffic(n, .0003, .03), in;
        double naive = error_of(FORECAST_NAIVE, y, n, 48, &in),
               snaive = error_of(FORECAST_SNAIVE, y, n, 48, &in);
        double ratio = error_of(FORECAST_AUTO, y, n, 48, &in) / MIN(naive, snaive);
        ratios += log(ratio) / rounds;
        within += in / rounds;
        assert_true(ratio < 1.1);
        free(y);
    }
    assert_true(exp(ratios) < .85);
    assert_true(within > .88);
}

static void test_fitted(void **state)
{
    (void)state;
    double *y = traffic(5 * 168, .0003, .02), in;
    double naive = error_of(FORECAST_NAIVE, y, 5 * 168, 24, &in);
    assert_true(error_of(FORECAST_HW, y, 5 * 168, 24, &in) < .7 * naive);
    assert_true(error_of(FORECAST_DSHW, y, 5 * 168, 24, &in) < .5 * naive);
    assert_true(error_of(FORECAST_THETA, y, 5 * 168, 24, &in) < .5 * naive);
    free(y);
    double line[40];
    for (size_t i = 0; i < 40; i++)
        line[i] = 10 + 2 * (double)i;
    struct forecast_wish w = wish(FORECAST_HOLT, 10);
    struct forecast *f = make(line, 40, HOUR, &w);
    near(f->rows[9].mean, 10 + 2 * 49., 1e-6);
    near(f->rows[9].hi_95, f->rows[9].mean, 1e-6);
    forecast_free(f);
    w.method = FORECAST_DAMPED;
    f = make(line, 40, HOUR, &w);
    assert_true(f->rows[9].mean > 88 && f->rows[9].mean < 109);
    forecast_free(f);
}

static void test_seasons_are_found(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        int64_t step;
        size_t seasons, first, second;
    } all[] = {{47, HOUR, 0, 0, 0},       {48, HOUR, 1, 24, 0},         {336, HOUR, 2, 24, 168},
               {14, 24 * HOUR, 1, 7, 0},  {13, 24 * HOUR, 0, 0, 0},     {2880, HOUR / 60, 1, 1440, 0},
               {672, HOUR / 4, 1, 96, 0}, {1344, HOUR / 4, 2, 96, 672}, {700, 7 * HOUR, 1, 24, 0}};
    double *y = traffic(2880, 0, .05);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct forecast_wish w = wish(FORECAST_NAIVE, 1);
        struct forecast *f = make(y, all[i].n, all[i].step, &w);
        assert_int_equal(f->seasons, all[i].seasons);
        assert_true(!all[i].first || f->season[0] == all[i].first);
        assert_true(!all[i].second || f->season[1] == all[i].second);
        forecast_free(f);
    }
    struct forecast_wish w = wish(FORECAST_AUTO, 3);
    w.seasons = 3;
    w.season[0] = 168;
    w.season[1] = 24;
    w.season[2] = 400; /* the history has no two of it */
    struct forecast *f = make(y, 500, HOUR, &w);
    assert_int_equal(f->seasons, 2);
    assert_int_equal(f->season[0], 24);
    assert_int_equal(f->season[1], 168);
    assert_true(str_starts(f->notes[0], "season_too_long"));
    forecast_free(f);
    free(y);
}

/* ---- limits ---- */

static void test_strange_values(void **state)
{
    (void)state;
    double *base = traffic(400, 0, .05), y[400];
    for (int kind = 0; kind < 8; kind++) {
        for (size_t t = 0; t < 400; t++)
            y[t] = kind == 0   ? 42
                   : kind == 1 ? 0
                   : kind == 2 ? base[t] * 1e300 / 1000
                   : kind == 3 ? -base[t]
                   : kind == 4 ? base[t] - 150
                   : kind == 5 ? base[t] * 1e-300
                   : kind == 6 ? (t % 50 == 7 ? 1e6 : 0)
                               : (t == 399   ? 1e308
                                  : t == 398 ? -1e308
                                             : 1);
        for (int m = FORECAST_AUTO; m <= FORECAST_THETA; m++) {
            struct forecast_wish w = wish((enum forecast_method)m, 30);
            struct forecast *f = make(y, 400, HOUR, &w);
            for (size_t i = 0; i < 30; i++) {
                if (kind < 2) {
                    near(f->rows[i].mean, y[0], 1e-9);
                    near(f->rows[i].lo_95, f->rows[i].hi_95, 1e-9);
                }
                if (kind == 5 || kind == 6) /* never below 0 */
                    assert_true(f->rows[i].lo_95 >= 0);
            }
            cJSON_Delete(forecast_document(f));
            forecast_free(f);
        }
    }
    free(base);
}

static void test_short(void **state)
{
    (void)state;
    struct sd_error err;
    const double y[] = {3, (double)NAN, 5, 4, (double)NAN, 6, 5, 7, 9, 8, 7, 9};
    struct forecast_wish w = wish(FORECAST_AUTO, 5);
    struct forecast_series s = {y, 3, 0, HOUR};
    assert_null(forecast_make(&s, &w, &err));
    assert_string_equal(err.text, "The series has 2 values; a forecast needs 3 at least.");
    for (size_t n = 4; n <= ARRAY_LEN(y); n++)
        for (int m = FORECAST_AUTO; m <= FORECAST_THETA; m++) {
            w.method = (enum forecast_method)m;
            if (m == FORECAST_SNAIVE || m == FORECAST_HW || m == FORECAST_DSHW) {
                s.n = n;
                assert_null(forecast_make(&s, &w, &err));
                assert_non_null(strstr(err.text, "--season"));
                continue;
            }
            forecast_free(make(y, n, HOUR, &w));
        }
    struct forecast *f = make(y, 4, HOUR, &w);
    assert_int_equal(f->backtest.origins, 0);
    assert_true(isnan(f->backtest.mase));
    forecast_free(f);
}

static void test_gaps(void **state)
{
    (void)state;
    double *y = traffic(700, 0, .01), *holes = mem_array(700, sizeof *holes);
    for (size_t t = 0; t < 700; t++) /* single ones, a night, and the last hours */
        holes[t] = t % 37 == 5 || (t >= 300 && t < 312) || t >= 697 || t < 2 ? (double)NAN : y[t];
    struct forecast_wish w = wish(FORECAST_AUTO, 24);
    struct forecast *whole = make(y, 700, HOUR, &w), *f = make(holes, 700, HOUR, &w);
    assert_int_equal(f->points + f->gaps, 700);
    assert_true(f->gaps > 30);
    assert_int_equal(f->to_ns, 699 * HOUR);
    for (size_t i = 0; i < 24; i++)
        near(f->rows[i].mean, whole->rows[i].mean, .08 * whole->rows[i].mean);
    forecast_free(whole);
    forecast_free(f);
    free(holes);
    free(y);
}

static void test_far(void **state)
{
    (void)state;
    double *y = traffic(900, .0005, .02);
    struct forecast_wish w = wish(FORECAST_AUTO, 10000);
    struct forecast *f = make(y, 900, HOUR, &w), *again = make(y, 900, HOUR, &w);
    assert_memory_equal(f->rows, again->rows, 10000 * sizeof *f->rows);
    for (size_t i = 9000; i < 9168; i++) /* on along the line, with its days and weeks */
        assert_true(f->rows[i].mean > y[(900 + i) % 168] && f->rows[i].mean < 12 * y[(900 + i) % 168]);
    assert_true(f->rows[9999].hi_95 - f->rows[9999].lo_95 > f->rows[0].hi_95 - f->rows[0].lo_95);
    forecast_free(f);
    forecast_free(again);
    free(y);
}

/* Whatever the series, seasons and horizon: a forecast with intervals around its mean, or one sentence. */
static void test_any(void **state)
{
    (void)state;
    static const double strange[] = {0, -1, 1, 1e308, -1e308, 1e-308, 5, 5, 5, 1e15 + 1};
    double y[90];
    seed = 1234567;
    for (int round = 0; round < 3000; round++) {
        size_t n = (size_t)(uniform() * 90), kinds = 1 + (size_t)(uniform() * 10);
        for (size_t t = 0; t < n; t++)
            y[t] = uniform() < .1   ? (double)NAN
                   : uniform() < .5 ? strange[(size_t)(uniform() * (double)kinds)]
                   : round % 3 == 0 ? 100 + 10 * normal()
                                    : (double)(t % 7);
        struct forecast_wish w =
            wish((enum forecast_method)(uniform() * (FORECAST_THETA + 1)), 1 + (size_t)(uniform() * 200));
        w.seasons = (size_t)(uniform() * (FORECAST_SEASONS + 1));
        for (size_t i = 0; i < w.seasons; i++)
            w.season[i] = 2 + (size_t)(uniform() * 40);
        w.ceiling = round % 2 ? 100 * normal() : (double)NAN;
        struct sd_error err = {.text = ""};
        struct forecast_series series = {y, n, 0, HOUR};
        struct forecast *f = forecast_make(&series, &w, &err);
        assert_true(f || (err.text[0] && err.text[strlen(err.text) - 1] == '.'));
        for (size_t i = 0; f && i < f->horizon; i++) {
            const struct forecast_row *r = &f->rows[i];
            if (isnan(r->mean) ||
                !(r->lo_95 <= r->lo_80 && r->lo_80 <= r->mean && r->mean <= r->hi_80 && r->hi_80 <= r->hi_95))
                fail_msg("round %d, method %d, origins %zu, n %zu, row %zu: %g %g %g %g %g", round, w.method,
                         f->backtest.origins, n, i, r->lo_95, r->lo_80, r->mean, r->hi_80, r->hi_95);
        }
        forecast_free(f);
    }
}

/* ---- ceilings and scenarios ---- */

static void test_ceiling(void **state)
{
    (void)state;
    double y[120];
    seed = 7;
    for (size_t t = 0; t < 120; t++)
        y[t] = 1000 + 10 * (double)t + 20 * normal();
    struct forecast_wish w = wish(FORECAST_AUTO, 12);
    w.ceiling = 5000; /* step 400: 280 ahead */
    const struct forecast_what_if twice = {"twice", 2};
    w.what_ifs = &twice;
    w.n_what_ifs = 1;
    struct forecast *f = make(y, 120, 24 * HOUR, &w);
    double at = (double)(f->reach.expected_ns - f->to_ns) / (24. * HOUR);
    near(at, 281, 25);
    assert_true(f->reach.early_ns <= f->reach.expected_ns && f->reach.expected_ns <= f->reach.late_ns);
    near(f->scenarios[0].peak, 2 * f->rows[11].mean, 60);
    near((double)(f->scenarios[0].exhaustion_ns - f->to_ns) / (24. * HOUR), 31, 4);
    forecast_free(f);
    for (size_t t = 0; t < 120; t++) /* flat: never */
        y[t] = 1000 + 20 * normal();
    f = make(y, 120, 24 * HOUR, &w);
    assert_int_equal(f->reach.expected_ns, SD_UNKNOWN);
    assert_int_equal(f->reach.late_ns, SD_UNKNOWN);
    assert_int_equal(f->scenarios[0].exhaustion_ns, SD_UNKNOWN);
    w.ceiling = 900; /* it is there already */
    forecast_free(f);
    f = make(y, 120, 24 * HOUR, &w);
    assert_int_equal(f->reach.expected_ns, forecast_time(f, 0));
    forecast_free(f);
}

/* What grew until a while ago, and then no more, has no date; what grows with its season keeps the
 * proportion. */
static void test_ceiling_by_what_counts_now(void **state)
{
    (void)state;
    double y[672];
    seed = 11;
    for (size_t t = 0; t < 200; t++)
        y[t] = 1000 + 5 * (double)MIN(t, (size_t)110) + 15 * normal();
    struct forecast_wish w = wish(FORECAST_AUTO, 12);
    w.ceiling = 3000;
    struct forecast *f = make(y, 200, 24 * HOUR, &w);
    assert_int_equal(f->reach.expected_ns, SD_UNKNOWN);
    forecast_free(f);
    for (size_t t = 0; t < 672; t++)
        y[t] = (1000 + 2 * (double)t) * (1 + .4 * sin((double)(t % 24) * .2618)) * exp(.02 * normal());
    w.ceiling = 1.4 * (1000 + 2 * 2000); /* hour 2000: 1329 ahead */
    f = make(y, 672, HOUR, &w);
    near((double)(f->reach.expected_ns - f->to_ns) / (double)HOUR, 1329, 200);
    forecast_free(f);
}

/* The upper bound of naive: sigma sqrt(h), looked for 20 times the history ahead and not further. */
static void test_ceiling_of_naive(void **state)
{
    (void)state;
    const double y[] = {10, 11, 10, 11, 10};
    struct forecast_wish w = wish(FORECAST_NAIVE, 2);
    w.ceiling = 10 + 1.959964 * sqrt(50);
    struct forecast *f = make(y, 5, HOUR, &w);
    assert_int_equal(f->reach.early_ns, f->to_ns + 50 * HOUR);
    assert_int_equal(f->reach.expected_ns, SD_UNKNOWN);
    forecast_free(f);
    w.ceiling = 10 + 1.959964 * sqrt(101);
    f = make(y, 5, HOUR, &w);
    assert_int_equal(f->reach.early_ns, SD_UNKNOWN);
    forecast_free(f);
}

static void test_document(void **state)
{
    (void)state;
    struct forecast_wish w = wish(FORECAST_NAIVE, 2);
    struct forecast *f = make(NILE, 5, HOUR, &w);
    cJSON *o = forecast_document(f);
    static const char *const keys[] = {"view",     "points",     "gaps",       "step_ns", "from",
                                       "to",       "method",     "parameters", "seasons", "rows",
                                       "backtest", "exhaustion", "scenarios",  "notes"};
    const cJSON *item = o->child;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++, item = item->next)
        assert_string_equal(item->string, keys[i]);
    assert_null(item);
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "rows"), 1);
    assert_string_equal(result_get_text(row, "time"), "1970-01-01T06:00:00.000Z");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "exhaustion"), "early_time")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetObjectItem(o, "backtest"), "mase")));
    cJSON_Delete(o);
    forecast_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ses),
        cmocka_unit_test(test_naive),
        cmocka_unit_test(test_snaive),
        cmocka_unit_test(test_as_r),
        cmocka_unit_test(test_auto_beats_naive),
        cmocka_unit_test(test_fitted),
        cmocka_unit_test(test_seasons_are_found),
        cmocka_unit_test(test_strange_values),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_far),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_ceiling_by_what_counts_now),
        cmocka_unit_test(test_ceiling_of_naive),
        cmocka_unit_test(test_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
