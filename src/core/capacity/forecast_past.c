/* forecast_past.c - origins of the past and the intervals out of their errors. */
#include "core/capacity/forecast_past.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

enum {
    ENOUGH = 40,     /* errors in a bin */
    SHORT = 10,      /* values: too few for a backtest */
    MARGIN = 60,     /* values beyond the seasons, for the regressions */
    FEW_ORIGINS = 6, /* that are wanted at least */
    FAR = 48,        /* leads, to see how errors grow */
};

void fc_past_plan(struct fc_past *p, const struct fc_history *h, size_t horizon)
{
    size_t most = MIN(MAX(h->n / 4, (size_t)1), (size_t)FC_LEADS);
    size_t longest = h->seasons ? h->season[h->seasons - 1] : 0, shortest = h->seasons ? h->season[0] : 1;
    *p = (struct fc_past){.judged = MIN(horizon, most)};
    p->leads = MAX(p->judged, MIN(most, MAX(longest, (size_t)FAR)));
    if (h->n < SHORT)
        return;
    size_t half = MAX(h->n / 2, (size_t)8), last = h->n - p->judged, margin = MIN((size_t)MARGIN, h->n / 4);
    size_t first = MAX(half, longest ? 2 * longest + margin : 0);
    if (first + FEW_ORIGINS * shortest > last) /* rather several origins than two of the longest season */
        first = MAX(half, longest ? longest + longest / 4 + margin : 0);
    if (first + FEW_ORIGINS * shortest > last) /* or one and a quarter */
        first = MIN(MAX(half, last > FEW_ORIGINS * shortest ? last - FEW_ORIGINS * shortest : 0), last);
    size_t room = last - first, step = MAX(room / (FC_ORIGINS - 1), (size_t)1);
    if (h->seasons && step > h->season[0]) /* at the same point of the season as now */
        step -= step % h->season[0];
    p->count = MIN(room / step + 1, (size_t)FC_ORIGINS);
    for (size_t k = 0; k < p->count; k++)
        p->at[k] = last - (p->count - 1 - k) * step;
    p->path = mem_array(p->count * p->leads, sizeof *p->path);
    p->off = mem_array(p->count * p->leads, sizeof *p->off);
}

void fc_past_compare(struct fc_past *p, const struct fc_history *h)
{
    for (size_t k = 0; k < p->count; k++)
        for (size_t i = 0; i < p->leads; i++)
            p->off[k * p->leads + i] =
                p->at[k] + i < h->n ? h->raw[p->at[k] + i] - p->path[k * p->leads + i] : (double)NAN;
}

void fc_past_free(struct fc_past *p)
{
    free(p->path);
    free(p->off);
}

double fc_past_mean(const struct fc_past *p, bool newer_more)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < p->count * p->leads; i++)
        if (i % p->leads < p->judged && !isnan(p->off[i])) {
            double weight = newer_more ? 1 + 2. * (double)(i / p->leads) / (double)p->count : 1;
            sum += weight * fabs(p->off[i]);
            n += weight;
        }
    return n > 0 ? sum / n : (double)NAN;
}

static double quantile(const double *sorted, size_t n, double q)
{
    size_t rank = (size_t)ceil(q * (double)(n + 1));
    return n ? sorted[MIN(MAX(rank, (size_t)1), n) - 1] : 0;
}

/* Errors are relative to this. One that is nearly 0 counts as a tenth of the usual one. */
static double unit(bool relative, double mean, double least)
{
    return relative ? MAX(fabs(mean), least) : 1;
}

static void bins(struct fc_spread *s, const struct fc_past *p, size_t without, bool relative)
{
    size_t origins = p->count - (without < p->count), cells = p->count * p->leads;
    double *r = mem_array(cells, sizeof *r), usual = 0;
    for (size_t i = 0; i < cells; i++)
        usual += fabs(p->path[i]) / (double)cells;
    *s = (struct fc_spread){.relative = relative, .least = .1 * usual};
    double few = 1 + FC_WIDEN / (double)MAX(origins, (size_t)1);
    for (size_t from = 0; from < p->leads && s->bins < FC_BINS;) {
        size_t width = MAX((ENOUGH + origins - 1) / MAX(origins, (size_t)1), from / 6), n = 0;
        size_t to = MIN(from + MAX(width, (size_t)1), p->leads);
        if (from < p->judged && to + (to - from) / 2 > p->judged) /* these do not suffer from those beyond */
            to = p->judged;
        else if (s->bins == FC_BINS - 1 || p->leads - to < (to - from) / 2)
            to = p->leads;
        for (size_t k = 0; k < p->count; k++)
            for (size_t i = from; k != without && i < to; i++) {
                double off = p->off[k * p->leads + i];
                if (!isnan(off))
                    r[n++] = fabs(off) / unit(relative, p->path[k * p->leads + i], s->least);
            }
        if (s->bins && n < ENOUGH / 2) /* too little is known of so far ahead */
            break;
        qsort(r, n, sizeof *r, real_ascending);
        size_t b = s->bins++;
        s->leads = (double)to;
        s->lead[b] = .5 * (double)(from + to + 1);
        s->half_80[b] = few * quantile(r, n, .80);
        s->half_95[b] = few * MAX(quantile(r, n, .95), 1.35 * quantile(r, n, .80));
        from = to;
    }
    free(r);
}

void fc_spread_at(const struct fc_spread *s, double mean, size_t lead, double *half_80, double *half_95)
{
    size_t b = 0;
    double at = (double)lead, by = unit(s->relative, mean, s->least);
    while (b + 1 < s->bins && s->lead[b + 1] < at)
        b++;
    *half_80 = s->half_80[b];
    *half_95 = s->half_95[b];
    if (b + 1 < s->bins && at > s->lead[b]) {
        double share = (at - s->lead[b]) / (s->lead[b + 1] - s->lead[b]);
        *half_80 = (1 - share) * s->half_80[b] + share * s->half_80[b + 1];
        *half_95 = (1 - share) * s->half_95[b] + share * s->half_95[b + 1];
    }
    if (at > s->leads) {
        by *= pow(at / s->leads, s->growth);
    }
    *half_80 *= by;
    *half_95 = MAX(*half_95 * by, *half_80);
}

double fc_interval_score(double lo, double hi, double came, double alpha)
{
    return hi - lo + 2 / alpha * (came < lo ? lo - came : came > hi ? came - hi : 0);
}

/* Each origin judged by the errors of the others. */
struct verdict {
    double score, in_80, in_95, n;
};

static struct verdict judge(const struct fc_past *p, bool relative, double floor)
{
    struct verdict v = {0};
    for (size_t k = 0; k < p->count; k++) {
        struct fc_spread s;
        bins(&s, p, k, relative);
        for (size_t i = 0; i < p->judged; i++) {
            double mean = p->path[k * p->leads + i], off = p->off[k * p->leads + i], h80, h95;
            if (isnan(off))
                continue;
            double came = mean + off;
            fc_spread_at(&s, mean, i + 1, &h80, &h95);
            v.n++;
            v.in_80 += came >= MAX(mean - h80, floor) && came <= mean + h80;
            v.in_95 += came >= MAX(mean - h95, floor) && came <= mean + h95;
            v.score += fc_interval_score(MAX(mean - h95, floor), mean + h95, came, .05) +
                       fc_interval_score(MAX(mean - h80, floor), mean + h80, came, .2);
        }
    }
    return v;
}

void fc_spread_of(struct fc_spread *s, const struct fc_past *p, bool never_below, double *in_80,
                  double *in_95)
{
    double floor = never_below ? 0 : -(double)INFINITY;
    struct verdict plain = judge(p, false, floor), relative = judge(p, true, floor);
    bool use = never_below && p->count >= 3 && relative.score < plain.score;
    const struct verdict *v = use ? &relative : &plain;
    bool told = p->count >= 3 && v->n > 0;
    *in_80 = told ? v->in_80 / v->n : (double)NAN;
    *in_95 = told ? v->in_95 / v->n : (double)NAN;
    bins(s, p, p->count, use);
    /* How the width grew with the lead, as a power of it: the line through the logarithms. */
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (size_t b = 0; b < s->bins; b++) {
        if (!(s->half_80[b] > 0))
            continue;
        double u = log(s->lead[b]), w = log(s->half_80[b]);
        n++;
        x += u;
        y += w;
        xx += u * u;
        xy += u * w;
    }
    double down = n * xx - x * x;
    s->growth = n < 2 || !(down > 0) ? .5 : MIN(MAX((n * xy - x * y) / down, 0), .5);
}
