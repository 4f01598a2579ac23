#include "core/goals/run_gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/goals/two_samples.h"

/* What is compared, and how sure it has to be. `least` is what nobody would feel, in ms or of CLS plain;
 * `share` the same of the median before. */
static const struct {
    const char *metric;
    bool plain;
    double confidence, least, share;
} METRICS[] = {
    {.metric = "fcp", .confidence = 0.999, .least = 30, .share = 0.02},
    {.metric = "lcp", .confidence = 0.95, .least = 30, .share = 0.02},
    {.metric = "tbt", .confidence = 0.999, .least = 30, .share = 0.02},
    {.metric = "cls", .plain = true, .confidence = 0.999, .least = 0.01, .share = 0.02},
    {.metric = "si", .confidence = 0.999, .least = 30, .share = 0.02},
};

static const char *const CATEGORIES[] = {"performance", "accessibility", "best-practices", "seo"};

const char *gate_status_name(enum gate_status s)
{
    static const char *const NAMES[] = {
        [GATE_PASS] = "pass", [GATE_UNDECIDED] = "undecided", [GATE_REGRESSION] = "regression"};
    return NAMES[s];
}

/* ---- pages: runs of one URL and form factor ---- */

struct runs {
    const char *url, *form_factor;
    const struct sd_page_report **items;
    size_t n;
    bool used;
};
struct pages {
    struct runs *items;
    size_t n, cap;
};

static const char *url_of(const struct sd_page_report *r)
{
    return r->url ? r->url : r->final_url ? r->final_url : "";
}

static void add_run(struct pages *p, const struct sd_page_report *r)
{
    struct runs *of = NULL;
    for (size_t i = 0; i < p->n && !of; i++)
        if (str_eq(p->items[i].url, url_of(r)) && str_eq(p->items[i].form_factor, r->form_factor))
            of = &p->items[i];
    if (!of) {
        p->items = mem_grow(p->items, p->n, &p->cap, sizeof *p->items);
        of = &p->items[p->n++];
        *of = (struct runs){.url = url_of(r), .form_factor = r->form_factor};
    }
    of->items = mem_realloc(of->items, (of->n + 1) * sizeof(struct sd_page_report *));
    of->items[of->n++] = r;
}

static struct pages pages_of(const struct sd_page_report *const *reports, size_t n)
{
    struct pages p = {.n = 0};
    for (size_t i = 0; i < n; i++)
        if (!reports[i]->runtime_error)
            add_run(&p, reports[i]);
    return p;
}

static void pages_free(struct pages *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->items[i].items);
    free(p->items);
}

static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *slash = strchr(host ? host + 3 : url, '/');
    return slash ? slash : "";
}

static bool same_page(const struct runs *a, const struct runs *b, int how)
{
    if (a->form_factor && b->form_factor && !str_eq(a->form_factor, b->form_factor))
        return false;
    return how == 2 || str_eq(how ? path_of(a->url) : a->url, how ? path_of(b->url) : b->url);
}

/* The page before that is the same as `now`: by its URL, by its path on another host, or as the only one. */
static struct runs *page_before(struct pages *base, const struct runs *now, bool only)
{
    for (int how = 0; how < 2 + only; how++)
        for (size_t i = 0; i < base->n; i++)
            if (!base->items[i].used && same_page(&base->items[i], now, how)) {
                base->items[i].used = true;
                return &base->items[i];
            }
    return NULL;
}

/* ---- one page ---- */

/* The value that a list has for a name; NAN: none. */
static double listed(const struct sd_texts *names, const struct sd_reals *values, const char *name)
{
    for (uint32_t i = 0; names && values && i < names->n && i < values->n; i++)
        if (str_eq(names->items[i], name))
            return values->items[i];
    return (double)NAN;
}

static double *metric_values(const struct runs *r, const char *metric, size_t *n)
{
    double *values = mem_array(r->n + 1, sizeof *values);
    *n = 0;
    for (size_t i = 0; i < r->n; i++) {
        double v = listed(r->items[i]->metrics, r->items[i]->metric_values, metric);
        if (isfinite(v))
            values[(*n)++] = v;
    }
    return values;
}

static void add_metric(struct run_gate *g, const struct gate_metric *m)
{
    g->metrics = mem_grow(g->metrics, g->n_metrics, &g->cap_metrics, sizeof *g->metrics);
    g->metrics[g->n_metrics++] = *m;
    g->status = MAX(g->status, m->status);
}

static void compare_metric(struct run_gate *g, const char *page, const struct runs *base,
                           const struct runs *now, size_t i)
{
    struct gate_metric m = {.page = page,
                            .metric = METRICS[i].metric,
                            .plain = METRICS[i].plain,
                            .confidence = METRICS[i].confidence,
                            .difference = (double)NAN,
                            .low = (double)NAN,
                            .high = (double)NAN,
                            .status = GATE_UNDECIDED};
    double *before = metric_values(base, m.metric, &m.runs_base);
    double *after = metric_values(now, m.metric, &m.runs_new);
    m.before = sample_median(before, m.runs_base);
    m.after = sample_median(after, m.runs_new);
    if (m.runs_base && m.runs_new) {
        struct two_samples s = two_samples(before, m.runs_base, after, m.runs_new, m.confidence);
        bool felt = s.difference >= fmax(METRICS[i].least, METRICS[i].share * s.before);
        m.difference = s.difference;
        m.low = s.low;
        m.high = s.high;
        m.confidence = s.confidence;
        if (MIN(m.runs_base, m.runs_new) >= GATE_RUNS_NEEDED)
            m.status = s.low > 0 && felt ? GATE_REGRESSION : GATE_PASS;
        add_metric(g, &m);
    } else if (m.runs_base || m.runs_new) {
        add_metric(g, &m);
    }
    free(before);
    free(after);
}

static double category_median(const struct runs *r, const char *category)
{
    double *values = mem_array(r->n + 1, sizeof *values);
    for (size_t i = 0; i < r->n; i++)
        values[i] = listed(r->items[i]->categories, r->items[i]->category_scores, category);
    double median = sample_median(values, r->n);
    free(values);
    return median;
}

static void compare_category(struct run_gate *g, const char *page, const struct runs *base,
                             const struct runs *now, const char *category, double max_drop)
{
    struct gate_category c = {.page = page,
                              .category = category,
                              .before = category_median(base, category),
                              .after = category_median(now, category),
                              .status = GATE_PASS};
    /* Scores have two places: 0.93 - 0.88 are 5 points, not a little more. */
    c.drop = round((c.before - c.after) * 1e6) / 1e4;
    if (isnan(c.before) && isnan(c.after))
        return;
    if (isnan(c.drop))
        c.status = GATE_UNDECIDED;
    else if (c.drop > max_drop)
        c.status = GATE_REGRESSION;
    g->categories = mem_grow(g->categories, g->n_categories, &g->cap_categories, sizeof *g->categories);
    g->categories[g->n_categories++] = c;
    g->dropped = g->dropped || c.status == GATE_REGRESSION;
}

static void compare_page(struct run_gate *g, const struct runs *base, const struct runs *now, bool first,
                         double max_drop)
{
    const char *page = now->form_factor ? arena_printf(g->arena, "%s (%s)", now->url, now->form_factor)
                                        : arena_strdup(g->arena, now->url);
    g->runs_base = first ? base->n : MIN(g->runs_base, base->n);
    g->runs_new = first ? now->n : MIN(g->runs_new, now->n);
    for (size_t i = 0; i < ARRAY_LEN(METRICS); i++)
        compare_metric(g, page, base, now, i);
    for (size_t i = 0; i < ARRAY_LEN(CATEGORIES); i++)
        compare_category(g, page, base, now, CATEGORIES[i], max_drop);
}

static void note(struct run_gate *g, const char *which, const struct runs *r)
{
    g->notes = mem_grow(g->notes, g->n_notes, &g->cap_notes, sizeof *g->notes);
    g->notes[g->n_notes++] = arena_printf(g->arena, "%s%s%s%s is only in the %s and was not compared", r->url,
                                          r->form_factor ? " (" : "", r->form_factor ? r->form_factor : "",
                                          r->form_factor ? ")" : "", which);
}

bool run_gate(struct run_gate *g, const struct sd_page_report *const *base, size_t n_base,
              const struct sd_page_report *const *now, size_t n_now, double max_drop, struct sd_error *err)
{
    *g = (struct run_gate){.arena = arena_new()};
    struct pages before = pages_of(base, n_base), after = pages_of(now, n_now);
    bool only = before.n == 1 && after.n == 1, compared = false;
    for (size_t i = 0; i < after.n; i++) {
        struct runs *b = page_before(&before, &after.items[i], only);
        if (b)
            compare_page(g, b, &after.items[i], !compared, max_drop);
        else
            note(g, "new runs", &after.items[i]);
        compared = compared || b;
    }
    for (size_t i = 0; i < before.n; i++)
        if (!before.items[i].used)
            note(g, "baseline", &before.items[i]);
    if (!compared) { /* runs without a result are no error of the command line: nothing is decided */
        g->status = GATE_UNDECIDED;
        g->runs_base = before.n == 1 ? before.items[0].n : 0;
        g->runs_new = after.n == 1 ? after.items[0].n : 0;
    }
    bool different = !compared && before.n && after.n;
    const char *one = before.n ? before.items[0].url : "", *other = after.n ? after.items[0].url : "";
    if (different)
        fail(err, "the baseline and the reports are of different pages: %.200s and %.200s", one, other);
    pages_free(&before);
    pages_free(&after);
    return !different;
}

void run_gate_free(struct run_gate *g)
{
    free(g->metrics);
    free(g->categories);
    free(g->notes);
    arena_free(g->arena);
    *g = (struct run_gate){.n_metrics = 0};
}
