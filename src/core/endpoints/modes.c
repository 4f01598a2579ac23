/* modes.c - kinds of durations: peaks of the histogram, and whether the valleys between them are real. */
#include "core/endpoints/modes.h"

#include <math.h>
#include <stdlib.h>

enum {
    PER_OCTAVE = 8,
    BINS = PER_OCTAVE * SD_HIST_MAX_BITS,
    SMOOTH = 3, /* bins to each side, by a triangle, twice */
    LEAST = 20,
    APART = 13, /* bins: a factor of 3 */
};
#define SHARE_LEAST 0.05
#define DEPTH       0.5
#define SIGMAS      4

static int bin_of(double ns)
{
    return (int)MIN(MAX(log2(fmax(ns, 1)) * PER_OCTAVE, 0), BINS - 1);
}

/* Is almost all of what is shorter than 30 units a whole number of them? */
static bool in_whole(const struct hist *h, int64_t unit)
{
    uint64_t whole = 0, all = 0, seen = 0;
    for (uint32_t i = h->lo; i < h->hi; i++) {
        int64_t low = sd_hist_lower(i), high = sd_hist_lower(i + 1);
        if (!h->bucket[i] || low >= 30 * unit)
            continue;
        all += h->bucket[i];
        seen++;
        whole += (high - 1) / unit * unit >= low ? h->bucket[i] : 0;
    }
    return all > 0 && seen <= 31 && (double)whole >= 0.99 * (double)all;
}

/* What a log rounds to, in ns; 1: nothing that can be seen. */
static int64_t unit_of(const struct hist *h)
{
    static const int64_t units[] = {SD_S, 100 * SD_MS, 10 * SD_MS, SD_MS, 100 * SD_US, 10 * SD_US, SD_US};
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (in_whole(h, units[i]))
            return units[i];
    return 1;
}

/* Evenly over [low, high), in many small parts. */
static void spread(double *bins, double low, double high, double count)
{
    enum { PARTS = 32 };
    for (int i = 0; i < PARTS; i++)
        bins[bin_of(low + (high - low) * (i + 0.5) / PARTS)] += count / PARTS;
}

static void fill(const struct hist *h, double *bins)
{
    int64_t unit = unit_of(h);
    for (uint32_t i = h->lo; i < h->hi; i++) {
        if (!h->bucket[i])
            continue;
        double low = (double)sd_hist_lower(i), high = (double)sd_hist_lower(i + 1);
        if (unit > 1 && high - low < (double)unit) { /* cut off, or rounded: a unit to each side */
            double whole = floor(high / (double)unit) * (double)unit;
            low = fmax(whole - (double)unit, 0);
            high = whole + (double)unit;
        }
        spread(bins, low, high, h->bucket[i]);
    }
}

static void smooth(const double *in, double *out)
{
    for (int i = 0; i < BINS; i++) {
        out[i] = 0;
        for (int k = -SMOOTH; k <= SMOOTH; k++)
            if (i + k >= 0 && i + k < BINS)
                out[i] += in[i + k] * (SMOOTH + 1 - abs(k)) / ((SMOOTH + 1) * (SMOOTH + 1));
    }
}

static double sum_of(const double *bins, int from, int to)
{
    double sum = 0;
    for (int i = MAX(from, 0); i < MIN(to, BINS); i++)
        sum += bins[i];
    return sum;
}

static int highest(const double *v, int from, int to)
{
    int at = from;
    for (int i = from; i < to; i++)
        at = v[i] > v[at] ? i : at;
    return at;
}

/* Counted around a place, as wide as what it was smoothed over. */
static double around(const double *bins, int at)
{
    return sum_of(bins, at - SMOOTH, at + SMOOTH + 1);
}

/* The best place to divide [from, to); -1: there is none. */
static int valley(const double *bins, const double *smoothed, int from, int to, double all)
{
    double least = fmax(SHARE_LEAST * all, LEAST), below = 0, in = sum_of(bins, from, to);
    int best = -1;
    double best_depth = DEPTH;
    for (int i = from + 1; i + 1 < to; i++) {
        below += bins[i - 1];
        if (below < least || in - below < least || smoothed[i] > smoothed[i - 1] ||
            smoothed[i] > smoothed[i + 1])
            continue;
        int left = highest(smoothed, from, i), right = highest(smoothed, i + 1, to);
        double peak = fmin(smoothed[left], smoothed[right]), depth = peak > 0 ? smoothed[i] / peak : 1;
        double high = fmin(around(bins, left), around(bins, right)), low = around(bins, i);
        if (right - left >= APART && depth <= best_depth && low <= DEPTH * high &&
            high - low >= SIGMAS * sqrt(high + low)) {
            best = i;
            best_depth = depth;
        }
    }
    return best;
}

static int64_t middle(const struct hist *h, double from, double count)
{
    return hist_quantile(h, fmin((from + count / 2) / (double)h->count, 1));
}

size_t latency_modes(const struct hist *h, struct latency_mode out[MODES_MOST])
{
    if (h->count < 2 * LEAST)
        return 0;
    double *bins = mem_array(BINS, sizeof *bins), *once = mem_array(BINS, sizeof *once),
           *smoothed = mem_array(BINS, sizeof *smoothed);
    int ends[MODES_MOST + 1] = {0, BINS};
    size_t n = 1;
    fill(h, bins);
    smooth(bins, once);
    smooth(once, smoothed);
    for (size_t i = 0; i < n && n < MODES_MOST;) { /* each part is divided as long as it can be */
        int at = valley(bins, smoothed, ends[i], ends[i + 1], (double)h->count);
        if (at < 0) {
            i++;
            continue;
        }
        memmove(&ends[i + 2], &ends[i + 1], (n - i) * sizeof *ends);
        ends[i + 1] = at;
        n++;
    }
    double before = 0;
    for (size_t i = 0; i < n && n > 1; i++) {
        double count = sum_of(bins, ends[i], ends[i + 1]);
        out[i] = (struct latency_mode){.share = count / (double)h->count, .ns = middle(h, before, count)};
        before += count;
    }
    free(bins);
    free(once);
    free(smoothed);
    return n > 1 ? n : 0;
}
