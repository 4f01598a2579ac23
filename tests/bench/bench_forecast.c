/* bench_forecast.c - `auto` on the hourly series of the M4 competition: OWA, coverage, processor time.
 *
 *   bench_forecast TRAIN.csv TEST.csv [EVERY]     each N-th series; a header line, then "name",value,... each
 *
 * sMAPE and MASE as the competition has them (season 24), against its Naive2: 18.383 and 2.395. Prints "name
 * value unit" lines. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/capacity/forecast.h"

enum { VALUES = 2000, LINE = 64 << 10, HORIZON = 48, SEASON = 24 };
#define NAIVE2_SMAPE 18.383
#define NAIVE2_MASE  2.395

struct sums {
    double smape, mase, score, n, in_80, in_95;
};

static size_t values_of(const char *line, double *y)
{
    size_t n = 0;
    for (const char *p = strchr(line, ','); p && n < VALUES; p = strchr(p, ',')) {
        char *end;
        p += 1 + (p[1] == '"');
        double v = strtod(p, &end);
        if (end == p)
            break;
        y[n++] = v;
    }
    return n;
}

static double score(double lo, double hi, double came)
{
    return hi - lo + 40 * (came < lo ? lo - came : came > hi ? came - hi : 0);
}

static void add(struct sums *s, enum forecast_method method, const double *y, size_t n, const double *came)
{
    const struct forecast_wish w = {
        .method = method, .horizon = HORIZON, .alpha = (double)NAN, .ceiling = (double)NAN};
    const struct forecast_series series = {y, n, 0, 3600 * SD_S};
    struct sd_error err;
    struct forecast *f = forecast_make(&series, &w, &err);
    double scale = 0;
    if (!f) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    for (size_t t = SEASON; t < n; t++)
        scale += fabs(y[t] - y[t - SEASON]) / (double)(n - SEASON);
    for (size_t i = 0; i < HORIZON; i++) {
        const struct forecast_row *r = &f->rows[i];
        s->smape += 200 * fabs(r->mean - came[i]) / (fabs(r->mean) + fabs(came[i])) / HORIZON;
        s->mase += fabs(r->mean - came[i]) / scale / HORIZON;
        s->score += score(r->lo_95, r->hi_95, came[i]) / scale / HORIZON;
        s->in_80 += (came[i] >= r->lo_80 && came[i] <= r->hi_80) / (double)HORIZON;
        s->in_95 += (came[i] >= r->lo_95 && came[i] <= r->hi_95) / (double)HORIZON;
    }
    s->n++;
    forecast_free(f);
}

int main(int argc, char **argv)
{
    FILE *train = argc > 2 ? fopen(argv[1], "r") : NULL, *test = argc > 2 ? fopen(argv[2], "r") : NULL;
    int every = argc > 3 ? atoi(argv[3]) : 1;
    char *line = mem_alloc(LINE);
    double y[VALUES], came[VALUES];
    struct sums own = {0}, snaive = {0};
    clock_t own_time = 0;
    if (!train || !test || every < 1 || !fgets(line, LINE, train) || !fgets(line, LINE, test)) {
        fprintf(stderr, "usage: bench_forecast TRAIN.csv TEST.csv [EVERY]\n");
        return 1;
    }
    for (int i = 0; fgets(line, LINE, train); i++) {
        size_t n = values_of(line, y);
        if (!fgets(line, LINE, test) || values_of(line, came) < HORIZON)
            break;
        if (i % every)
            continue;
        clock_t start = clock();
        add(&own, FORECAST_AUTO, y, n, came);
        own_time += clock() - start;
        add(&snaive, FORECAST_SNAIVE, y, n, came);
    }
    printf("series %.0f series\n", own.n);
    printf("smape %.3f %%\nmase %.3f x\n", own.smape / own.n, own.mase / own.n);
    printf("owa %.4f x\n", .5 * (own.smape / own.n / NAIVE2_SMAPE + own.mase / own.n / NAIVE2_MASE));
    printf("covers_80 %.3f share\ncovers_95 %.3f share\n", own.in_80 / own.n, own.in_95 / own.n);
    printf("score_to_snaive %.3f x\n", own.score / snaive.score);
    printf("seconds %.2f s\n", (double)own_time / CLOCKS_PER_SEC);
    free(line);
    fclose(train);
    fclose(test);
    return 0;
}
