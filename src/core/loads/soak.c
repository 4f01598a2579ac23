#include "core/loads/soak.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/loads/load_figures.h"
#include "core/loads/slope.h"

#define HOUR_NS 3600e9
/* The change over the run, against the first value, from which growth matters. */
#define CHANGE_MIN 0.05
/* A 99th percentile wants so many requests. */
enum { WINDOW_REQUESTS = 100, WINDOWS_MIN = 10 };

void load_soak_init(struct load_soak_result *r, const struct load_scenario *s)
{
    *r = (struct load_soak_result){.watched = mem_array(s->soak.n_watch + 1, sizeof *r->watched)};
}

void load_soak_free(struct load_soak_result *r, const struct load_scenario *s)
{
    for (size_t i = 0; i < SOAK_WINDOWS; i++)
        free(r->windows[i].latency);
    for (size_t i = 0; r->watched && i < s->soak.n_watch; i++)
        free(r->watched[i].points);
    free(r->watched);
    free(r->growth);
    *r = (struct load_soak_result){0};
}

/* Where a window begins, on the run's clock. */
static int64_t window_at(const struct load_scenario *s, size_t i)
{
    int64_t measured = load_duration_ns(s) - s->warmup_ns;
    return s->warmup_ns + (int64_t)((double)measured * (double)i / SOAK_WINDOWS);
}

void load_soak_add(struct load_soak_result *r, const struct load_scenario *s, const struct load_outcome *o)
{
    double measured = (double)(load_duration_ns(s) - s->warmup_ns);
    double part = (double)(o->order.intended_ns - s->warmup_ns) / measured;
    if (!(o->order.tag & LOAD_TAG_MEASURED) || part < 0)
        return;
    struct load_soak_window *w = &r->windows[MIN((size_t)(part * SOAK_WINDOWS), SOAK_WINDOWS - 1)];
    if (!w->latency) {
        w->latency = mem_alloc(sizeof *w->latency);
        hist_clear(w->latency);
    }
    hist_record(w->latency, o->done_ns - o->order.intended_ns);
    w->planned++;
    w->failed += load_failure_of(s, o) != LOAD_NONE;
}

void load_soak_watched(struct load_soak_result *r, size_t watch, const struct load_sample_point *p)
{
    struct load_watched *w = &r->watched[watch];
    w->points = mem_grow(w->points, w->n, &w->cap, sizeof *w->points);
    w->points[w->n++] = *p;
}

/* ---- what grows ---- */

struct series {
    double *x, *y; /* hours, figures */
    size_t n;
};

static struct series series_new(size_t most)
{
    return (struct series){.x = mem_array(most + 1, sizeof(double)),
                           .y = mem_array(most + 1, sizeof(double))};
}

static void series_free(struct series *s)
{
    free(s->x);
    free(s->y);
}

static void series_add(struct series *s, double at_ns, double y)
{
    if (isnan(y))
        return;
    s->x[s->n] = at_ns / HOUR_NS;
    s->y[s->n++] = y;
}

static struct load_growth growth_of(const char *name, const struct series *s)
{
    struct slope fit;
    struct load_growth g = {.name = name,
                            .first = s->n ? s->y[0] : (double)NAN,
                            .last = s->n ? s->y[s->n - 1] : (double)NAN,
                            .slope_per_h = (double)NAN,
                            .slope_lo_per_h = (double)NAN,
                            .slope_hi_per_h = (double)NAN,
                            .limit = (double)NAN,
                            .reached_ns = SD_UNKNOWN,
                            .exhausted_in_ns = SD_UNKNOWN};
    if (!slope_fit(s->x, s->y, s->n, &fit))
        return g;
    g.known = true;
    g.slope_per_h = fit.slope;
    g.slope_lo_per_h = fit.lo;
    g.slope_hi_per_h = fit.hi;
    double change = fabs(fit.slope) * (s->x[s->n - 1] - s->x[0]);
    bool apart = fit.lo > 0 || fit.hi < 0;
    g.significant = apart && change >= CHANGE_MIN * fabs(s->y[0]);
    return g;
}

/* How many of the 60 make one, so that most have enough requests. */
static size_t join(const struct load_soak_result *r, size_t n)
{
    int64_t planned = 0;
    size_t each = 1;
    for (size_t i = 0; i < n; i++)
        planned += r->windows[i].planned;
    while (each < SOAK_WINDOWS / WINDOWS_MIN && n / (each + 1) >= WINDOWS_MIN &&
           planned / (int64_t)(n / each) < WINDOW_REQUESTS)
        each++;
    return each;
}

static void add_windows(struct load_soak_result *r, const struct load_scenario *s, size_t n)
{
    size_t each = join(r, n);
    struct series p50 = series_new(n), p99 = series_new(n), errors = series_new(n);
    struct hist *h = mem_alloc(sizeof *h);
    for (size_t i = 0; i + each <= n; i += each) {
        int64_t planned = 0, failed = 0;
        double middle = ((double)window_at(s, i) + (double)window_at(s, i + each)) / 2;
        hist_clear(h);
        for (size_t k = i; k < i + each; k++) {
            if (r->windows[k].latency)
                hist_merge(h, r->windows[k].latency);
            planned += r->windows[k].planned;
            failed += r->windows[k].failed;
        }
        if (!planned)
            continue;
        series_add(&p50, middle, (double)hist_quantile(h, 0.5));
        series_add(&p99, middle, (double)hist_quantile(h, 0.99));
        series_add(&errors, middle, (double)failed / (double)planned);
    }
    r->growth[r->n_growth++] = growth_of("latency_p50", &p50);
    r->growth[r->n_growth++] = growth_of("latency_p99", &p99);
    r->growth[r->n_growth++] = growth_of("error_share", &errors);
    free(h);
    series_free(&p50);
    series_free(&p99);
    series_free(&errors);
}

static void add_watched(struct load_soak_result *r, const struct load_scenario *s, size_t i)
{
    const struct load_watched *w = &r->watched[i];
    struct series points = series_new(w->n);
    double limit = s->soak.watch[i].limit, span = 0;
    int64_t reached = SD_UNKNOWN;
    for (size_t k = 0; k < w->n; k++) {
        const struct load_sample_point *p = &w->points[k];
        if (p->at_ns < s->warmup_ns)
            continue;
        series_add(&points, (double)p->at_ns, p->value);
        double now = s->soak.watch[i].limit_name ? p->limit : limit;
        limit = isnan(now) ? limit : now;
        if (!sd_known(reached) && p->value >= now)
            reached = p->at_ns;
    }
    struct load_growth g = growth_of(s->soak.watch[i].name, &points);
    g.limit = limit;
    g.reached_ns = reached;
    if (g.significant && g.slope_per_h > 0 && !isnan(limit)) {
        struct slope fit;
        slope_fit(points.x, points.y, points.n, &fit);
        span = fmax(0, limit - fit.end) / g.slope_per_h;
        g.exhausted_in_ns = real_to_int(span * HOUR_NS);
    }
    r->growth[r->n_growth++] = g;
    series_free(&points);
}

void load_soak_finish(struct load_soak_result *r, const struct load_scenario *s, int64_t until_ns)
{
    size_t n = 0;
    while (n < SOAK_WINDOWS && window_at(s, n + 1) <= until_ns)
        n++;
    r->growth = mem_array(3 + s->soak.n_watch, sizeof *r->growth);
    add_windows(r, s, n);
    for (size_t i = 0; i < s->soak.n_watch; i++)
        add_watched(r, s, i);
}

bool load_soak_passed(const struct load_soak_result *r)
{
    for (size_t i = 0; i < r->n_growth; i++)
        if ((r->growth[i].significant && r->growth[i].slope_per_h > 0) || sd_known(r->growth[i].reached_ns))
            return false;
    return true;
}
