#include "core/pages/score.h"

#include <math.h>
#include <stdlib.h>

#include "core/schema.h"

struct curve {
    double p10, median;
};

/* One line for each metric: from 8 on, before 8, and of desktop. Versions 3 to 5 have `early`, whose first
 * number is the point of diminishing returns. */
static const struct metric {
    const char *id, *audit, *title;
    struct curve now, before_8, desktop, early;
    struct page_metric_limits limits;
} METRICS[] = {
    {.id = "fcp",
     .audit = "first-contentful-paint",
     .title = "First Contentful Paint",
     .now = {1800, 3000},
     .before_8 = {2336, 4000},
     .desktop = {934, 1600},
     .early = {2000, 4000},
     .limits = {1800, 3000}},
    {.id = "lcp",
     .audit = "largest-contentful-paint",
     .title = "Largest Contentful Paint",
     .now = {2500, 4000},
     .before_8 = {2500, 4000},
     .desktop = {1200, 2400},
     .limits = {2500, 4000}},
    {.id = "tbt",
     .audit = "total-blocking-time",
     .title = "Total Blocking Time",
     .now = {200, 600},
     .before_8 = {287, 600},
     .desktop = {150, 350},
     .limits = {200, 600}},
    {.id = "cls",
     .audit = "cumulative-layout-shift",
     .title = "Cumulative Layout Shift",
     .now = {0.1, 0.25},
     .before_8 = {0.1, 0.25},
     .desktop = {0.1, 0.25},
     .limits = {0.1, 0.25}},
    {.id = "si",
     .audit = "speed-index",
     .title = "Speed Index",
     .now = {3387, 5800},
     .before_8 = {3387, 5800},
     .desktop = {1311, 2300},
     .early = {2900, 5800},
     .limits = {3387, 5800}},
    {.id = "tti",
     .audit = "interactive",
     .title = "Time to Interactive",
     .now = {3785, 7300},
     .before_8 = {3785, 7300},
     .desktop = {2468, 4500},
     .early = {2900, 7300},
     .limits = {3785, 7300}},
    {.id = "inp",
     .audit = "interaction-to-next-paint",
     .title = "Interaction to Next Paint",
     .now = {200, 500},
     .before_8 = {200, 500},
     .desktop = {200, 500},
     .limits = {200, 500}},
    {.id = "fmp",
     .audit = "first-meaningful-paint",
     .title = "First Meaningful Paint",
     .early = {2000, 4000},
     .limits = {NAN, NAN}},
    {.id = "fci",
     .audit = "first-cpu-idle",
     .title = "First CPU Idle",
     .early = {2900, 6500},
     .limits = {NAN, NAN}},
    {.id = "ttfb", .title = "Time to First Byte", .limits = {800, 1800}},
};

static const struct metric *metric_of(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(METRICS); i++)
        if (str_eq(METRICS[i].id, id))
            return &METRICS[i];
    return NULL;
}

const char *page_metric_named(const char *audit)
{
    for (size_t i = 0; audit && i < ARRAY_LEN(METRICS); i++)
        if (str_eq(METRICS[i].audit, audit))
            return METRICS[i].id;
    return NULL;
}

const char *page_metric_title(const char *metric)
{
    const struct metric *m = metric_of(metric);
    return m ? m->title : metric;
}

struct page_metric_limits page_metric_limits(const char *metric)
{
    const struct metric *m = metric_of(metric);
    return m ? m->limits : (struct page_metric_limits){NAN, NAN};
}

/* Abramowitz and Stegun 7.1.26: not the C library's erf, which is more exact. */
static double error_function(double x)
{
    static const double a[] = {0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429};
    double sign = x < 0 ? -1 : x > 0 ? 1 : 0, z = fabs(x), t = 1 / (1 + 0.3275911 * z);
    double y = t * (a[0] + t * (a[1] + t * (a[2] + t * (a[3] + t * a[4]))));
    return sign * (1 - y * exp(-z * z));
}

static double tail(double x)
{
    return (1 - error_function(x)) / 2;
}

static double clamp(double v, double low, double high)
{
    return fmax(low, fmin(high, v));
}

static double log_normal(struct curve c, double value)
{
    static const double inverse_erfc_one_fifth = 0.9061938024368232;
    if (value <= 0)
        return 1;
    return tail(log(value / c.median) * inverse_erfc_one_fifth / -log(c.p10 / c.median));
}

/* Each class keeps its own scores, however the curve is rounded. */
static double clamped(struct curve c, double value)
{
    double s = log_normal(c, value);
    if (value <= c.p10)
        return clamp(s, 0.9, 1);
    return value <= c.median ? clamp(s, 0.5, nextafter(0.9, 0)) : clamp(s, 0, nextafter(0.5, 0));
}

/* The point of diminishing returns is where the curve bends most. */
static double early_score(struct curve c, double value)
{
    if (value <= 0)
        return 1;
    double ratio = log(c.p10 / c.median);
    double shape = sqrt(1 - 3 * ratio - sqrt((ratio - 3) * (ratio - 3) - 8)) / 2;
    return tail((log(value) - log(c.median)) / (sqrt(2) * shape));
}

double page_score_round(double score)
{
    return floor(score * 100 + 0.5) / 100;
}

double page_metric_score(const char *metric, double value, int version, bool desktop)
{
    const struct metric *m = metric_of(metric);
    if (!m || isnan(value))
        return NAN;
    bool early = version > 0 && version < 6;
    struct curve c = early                        ? m->early
                     : desktop                    ? m->desktop
                     : version > 0 && version < 8 ? m->before_8
                                                  : m->now;
    if (!(c.median > 0))
        return NAN;
    if (early)
        return page_score_round(clamp(early_score(c, value), 0, 1));
    if (version > 0 && version < 9)
        return page_score_round(log_normal(c, value));
    double s = clamped(c, value);
    s += s > 0.9 ? 0.05 * (s - 0.9) : 0;
    return floor(s * 100) / 100;
}

int page_version(const char *lighthouse_version)
{
    long v = lighthouse_version ? strtol(lighthouse_version, NULL, 10) : 0;
    return v > 0 && v < 10000 ? (int)v : 0;
}

double page_report_metric_score(const struct sd_page_report *r, size_t i)
{
    if (!r->metrics || i >= r->metrics->n || r->runtime_error)
        return NAN;
    return page_metric_score(r->metrics->items[i], list_real(r->metric_values, i),
                             page_version(r->lighthouse_version), str_eq(r->form_factor, "desktop"));
}

double page_report_score(const struct sd_page_report *r)
{
    double sum = 0, weights = 0;
    for (size_t i = 0; r->metrics && i < r->metrics->n; i++) {
        double weight = list_real(r->metric_weights, i);
        if (!(weight > 0))
            continue;
        sum += page_report_metric_score(r, i) * weight;
        weights += weight;
    }
    return weights > 0 ? page_score_round(sum / weights) : (double)NAN;
}

double page_report_value(const struct sd_page_report *r, const char *metric)
{
    for (size_t i = 0; r->metrics && i < r->metrics->n; i++)
        if (str_eq(r->metrics->items[i], metric))
            return list_real(r->metric_values, i);
    return NAN;
}

double page_report_category(const struct sd_page_report *r, const char *category)
{
    for (size_t i = 0; r->categories && i < r->categories->n; i++)
        if (str_eq(r->categories->items[i], category))
            return list_real(r->category_scores, i);
    return NAN;
}
