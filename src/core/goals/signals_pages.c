/* signals_pages.c - builds of front ends and reports of Lighthouse: of each source the newest at a moment. */
#include "core/goals/signals_private.h"

#include <math.h>
#include <stdlib.h>

#include "core/bundles/build.h"
#include "core/pages/runs.h"

enum { KEPT_MAX = 256, REPORTS_MAX = 4096 };
static const char *const TYPES[] = {"js", "css", "image", "font"};
enum { TOTAL = ARRAY_LEN(TYPES), SIZES };

struct kept_build {
    const char *origin, *path;
    sd_time at;
    double bytes[SIZES]; /* by gzip; NAN: not all is measured */
    int64_t files[SIZES];
};
struct kept_reports {
    const struct sd_batch *batch;
};
struct told_pages {
    struct signals *s;
    struct arena *arena;
    struct kept_build *builds;
    size_t n_builds, cap_builds;
    struct kept_reports *reports;
    size_t n_reports, cap_reports;
    struct arena *asked; /* names of what was asked last */
};

struct told_pages *told_pages_new(struct signals *s)
{
    struct told_pages *p = mem_alloc(sizeof *p);
    p->s = s;
    p->arena = arena_new();
    p->asked = arena_new();
    return p;
}

void told_pages_clear(struct told_pages *p)
{
    for (size_t i = 0; i < p->n_reports; i++)
        batch_unref(p->reports[i].batch);
    p->n_reports = p->n_builds = 0;
    arena_free(p->arena);
    arena_free(p->asked);
    p->arena = arena_new();
    p->asked = arena_new();
}

void told_pages_free(struct told_pages *p)
{
    told_pages_clear(p);
    arena_free(p->arena);
    arena_free(p->asked);
    free(p->builds);
    free(p->reports);
    free(p);
}

static void take_build(struct told_pages *p, const struct sd_batch *b)
{
    struct arena *a = arena_new();
    const struct bundle_build *x = bundle_build_of(b, a);
    if (x && p->n_builds < KEPT_MAX) {
        p->builds = mem_grow(p->builds, p->n_builds, &p->cap_builds, sizeof *p->builds);
        struct kept_build *k = &p->builds[p->n_builds++];
        *k = (struct kept_build){.at = x->at, .origin = arena_strdup(p->arena, x->origin ? x->origin : "")};
        k->path = arena_strdup(p->arena, x->head && x->head->path ? x->head->path : k->origin);
        for (size_t i = 0; i < x->n_assets; i++) {
            const struct sd_bundle_asset *f = &x->assets[i];
            int type = 0;
            while (type < TOTAL && !str_eq(TYPES[type], f->type))
                type++;
            double bytes = sd_known(f->gzip_bytes) ? (double)f->gzip_bytes : (double)NAN;
            k->bytes[TOTAL] += bytes;
            k->files[TOTAL]++;
            if (type < TOTAL) {
                k->bytes[type] += bytes;
                k->files[type]++;
            }
        }
    }
    arena_free(a);
}

void told_pages_take(struct told_pages *p, const struct sd_batch *b)
{
    if (batch_kinds(b) & SD_KIND_BIT(SD_BUNDLE))
        take_build(p, b);
    if (!(batch_kinds(b) & SD_KIND_BIT(SD_PAGE_REPORT)))
        return;
    if (p->n_reports == KEPT_MAX) {
        batch_unref(p->reports[0].batch);
        memmove(p->reports, p->reports + 1, --p->n_reports * sizeof *p->reports);
    }
    p->reports = mem_grow(p->reports, p->n_reports, &p->cap_reports, sizeof *p->reports);
    p->reports[p->n_reports++].batch = batch_ref(b);
}

/* ---- asked ---- */

static bool is_for(const struct goal_match *m, const char *subject, const char *path)
{
    struct goal_match rest = *m;
    rest.route = rest.instance = NULL;
    return goal_match_http(&rest, NULL, NULL, NULL) &&
           (!m->route || hop_match(m->route, path) || hop_match(m->route, subject)) &&
           (!m->instance || hop_match(m->instance, subject));
}

static size_t builds(const struct told_pages *p, const struct goal_figure *f, sd_time at,
                     struct signal_value *out, size_t max)
{
    size_t n = 0, type = (size_t)(f->signal - GOAL_BUNDLE_JS);
    for (size_t i = 0; i < p->n_builds && n < max; i++) {
        const struct kept_build *k = &p->builds[i];
        bool newest = k->at <= at;
        for (size_t j = 0; j < p->n_builds && newest; j++)
            newest = j == i || !str_eq(p->builds[j].origin, k->origin) || p->builds[j].at > at ||
                     p->builds[j].at < k->at || (p->builds[j].at == k->at && j < i);
        if (!newest || !is_for(&f->match, k->origin, k->path))
            continue;
        out[n++] = (struct signal_value){.instance = k->origin,
                                         .value = k->bytes[type],
                                         .unit = "bytes",
                                         .samples = k->files[type],
                                         .basis = "build",
                                         .at = k->at};
    }
    return n;
}

static const char *path_of(const char *url)
{
    const char *host = url ? strstr(url, "://") : NULL, *path = host ? strchr(host + 3, '/') : NULL;
    return path ? path : host ? "/" : url ? url : "";
}

/* All reports that stand at the moment: those of the newest batch of each source. */
static size_t standing(const struct told_pages *p, sd_time at, const struct sd_page_report **out,
                       sd_time *newest)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_reports; i++) {
        const struct sd_batch *b = p->reports[i].batch;
        bool stands = batch_time(b) <= at;
        for (size_t j = 0; j < p->n_reports && stands; j++) {
            const struct sd_batch *o = p->reports[j].batch;
            stands = j == i || !str_eq(batch_origin(o), batch_origin(b)) || batch_time(o) > at ||
                     batch_time(o) < batch_time(b) || (batch_time(o) == batch_time(b) && j < i);
        }
        const struct sd_page_report *r;
        for (size_t k = 0; stands && n < REPORTS_MAX && (r = batch_each(b, SD_PAGE_REPORT, &k));)
            out[n++] = r;
        if (stands)
            *newest = MAX(*newest, batch_time(b));
    }
    return n;
}

static void fill_report(const struct page_runs *g, enum goal_signal signal, struct signal_value *v)
{
    static const char *const IDS[] = {"lcp", "cls", "tbt", "fcp", "si", "inp"};
    v->samples = (int64_t)(g->runs - g->no_result);
    if (signal == GOAL_LIGHTHOUSE_SCORE) {
        v->value = g->score;
        return;
    }
    const struct page_spread *m = page_runs_metric(g, IDS[signal - GOAL_LIGHTHOUSE_LCP]);
    v->value = m ? m->median * (signal == GOAL_LIGHTHOUSE_CLS ? 1 : 1e6) : (double)NAN;
    v->samples = m ? (int64_t)m->n : 0;
}

static int by_instance(const void *a, const void *b)
{
    return strcmp(((const struct signal_value *)a)->instance, ((const struct signal_value *)b)->instance);
}

static size_t reports(struct told_pages *p, const struct goal_figure *f, sd_time at, struct signal_value *out,
                      size_t max)
{
    const struct sd_page_report **r = mem_array(REPORTS_MAX, sizeof *r);
    sd_time newest = SD_UNKNOWN;
    size_t n_runs = 0, n = 0, n_reports = standing(p, at, r, &newest);
    struct page_runs *runs = page_runs_of(r, n_reports, &n_runs);
    for (size_t i = 0; i < n_runs && n < max; i++) {
        const char *url = runs[i].url ? runs[i].url : "", *form = runs[i].form_factor;
        if (!is_for(&f->match, url, path_of(url)))
            continue;
        bool twice = false;
        for (size_t k = 0; k < n_runs; k++)
            twice |= k != i && str_eq(runs[k].url, runs[i].url);
        const char *name =
            twice && form ? arena_printf(p->asked, "%s (%s)", url, form) : arena_strdup(p->asked, url);
        out[n] = (struct signal_value){
            .instance = name, .unit = goal_signal_unit(f->signal), .basis = "median", .at = newest};
        fill_report(&runs[i], f->signal, &out[n++]);
    }
    qsort(out, n, sizeof *out, by_instance);
    free(runs);
    free(r);
    return n;
}

size_t told_pages_values(struct told_pages *p, const struct goal_figure *f, sd_time at,
                         struct signal_value *out, size_t max)
{
    enum { NAMES_MOST = 1 << 20 };
    if (arena_bytes(p->asked) > NAMES_MOST) {
        arena_free(p->asked);
        p->asked = arena_new();
    }
    return f->signal <= GOAL_BUNDLE_TOTAL ? builds(p, f, at, out, max) : reports(p, f, at, out, max);
}

size_t told_pages_most(const struct told_pages *p)
{
    size_t n = p->n_builds;
    for (size_t i = 0; i < p->n_reports; i++)
        n += batch_len(p->reports[i].batch);
    return n;
}
