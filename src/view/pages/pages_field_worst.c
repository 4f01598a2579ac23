/* pages_field_worst.c - vitals of real users in the overview, and in what `changes` compares. */
#include <stdlib.h>

#include "view/pages/pages_field.h"
#include "view/pages/pages_field_panes.h"
#include "view/shared/figures.h"
#include "view/shared/worst.h"

/* Fewer visits say little; more lines would hide the rest of the overview. */
enum { VISITS_FEW = 20, LINES_MOST = 10 };

struct poor {
    const struct sd_page_field *f;
    enum vital v;
    double visits; /* that are poor */
};

static int most_visits_first(const void *a, const void *b)
{
    const struct poor *x = a, *y = b;
    return x->visits > y->visits ? -1 : x->visits < y->visits;
}

/* Of the elements with the worst rating, what most values are about; `page` NULL: on any page. */
static const char *element_of(const struct page_records *x, const char *metric, const char *page)
{
    const struct sd_page_attribution *most = NULL;
    enum vital v = vital_of_name(metric);
    for (size_t i = 0; i < x->n && v != VITAL_N; i++) {
        const struct sd_page_attribution *a = x->items[i].r;
        if (!str_eq(a->metric, metric) || (page && !str_eq(a->page, page)) || !isfinite(a->p75))
            continue;
        int worse = most ? (int)vital_rate(v, a->p75) - (int)vital_rate(v, most->p75) : 1;
        if (worse > 0 || (worse == 0 && a->count > most->count))
            most = a;
    }
    return most ? most->target : NULL;
}

static const char *why(struct doc *d, const struct poor *p, const char *element)
{
    const char *is = vital_text(d, p->v, p->f->p75), *poor = vital_text(d, p->v, VITALS[p->v].poor);
    const char *about = element ? doc_printf(d, "; mostly %.80s", element) : "";
    const char *share =
        isfinite(p->f->poor_share) ? doc_printf(d, ", as %.0f %% of visits are", p->f->poor_share * 100) : "";
    return doc_printf(d, "%s is %s for the slowest quarter of visits: above %s it is poor%s%s",
                      VITALS[p->v].title, is, poor, share, about);
}

/* What got worse, and since when. */
static void add_trends(const struct view_ctx *c, const struct page_records *elements, struct worst_list *l)
{
    struct page_records trends = page_records_of(c, SD_PAGE_TREND);
    size_t lines = 0;
    for (size_t i = 0; i < trends.n && lines < LINES_MOST; i++) {
        const struct sd_page_trend *f = trends.items[i].r;
        enum vital v = vital_of_name(f->metric);
        double before = 0;
        uint32_t since = v == VITAL_N ? UINT32_MAX : trend_worse_from(f, &before);
        if (since == UINT32_MAX)
            continue;
        uint32_t last = MIN(f->ends->n, f->p75->n) - 1;
        while (last > since && !isfinite(f->p75->items[last]))
            last--;
        if (vital_rate(v, f->p75->items[last]) == VITAL_GOOD)
            continue;
        const char *element = element_of(elements, f->metric, NULL);
        worst_add(l, (struct worst_item){
                         .what = "vital",
                         .severity =
                             vital_rate(v, f->p75->items[last]) == VITAL_POOR ? SEVERITY_BAD : SEVERITY_WARN,
                         .share = (double)NAN,
                         .subject = doc_text(l->d, f->key && *f->key ? f->key : "all visits"),
                         .why = doc_printf(
                             l->d, "%s got worse on %s: p75 %s, before that %s%s%.80s", VITALS[v].title,
                             page_day(l->d, f->ends->items[since]), vital_text(l->d, v, f->p75->items[last]),
                             vital_text(l->d, v, before), element ? "; mostly " : "", element ? element : ""),
                         .dive = {.view = "pages"}});
        lines++;
    }
    free(trends.items);
}

void pages_field_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct page_records fields = page_records_of(c, SD_PAGE_FIELD),
                        elements = page_records_of(c, SD_PAGE_ATTRIBUTION);
    struct poor *poor = mem_array(fields.n + 1, sizeof *poor);
    size_t n = 0;
    for (size_t i = 0; i < fields.n; i++) {
        const struct sd_page_field *f = fields.items[i].r;
        enum vital v = vital_of_name(f->metric);
        bool page = str_eq(f->by, "page") || str_eq(f->by, "origin");
        bool enough = !sd_known(f->count) || f->count >= VISITS_FEW;
        if (v != VITAL_N && page && enough && vital_severity(f, v) == SEVERITY_BAD)
            poor[n++] = (struct poor){
                .f = f,
                .v = v,
                .visits = isfinite(f->poor_share) ? f->poor_share * (double)MAX(f->count, 1) : 0};
    }
    qsort(poor, n, sizeof *poor, most_visits_first);
    for (size_t i = 0; i < MIN(n, (size_t)LINES_MOST); i++) {
        bool core = poor[i].v == VITAL_LCP || poor[i].v == VITAL_INP || poor[i].v == VITAL_CLS;
        worst_add(l, (struct worst_item){
                         .what = "vital",
                         .severity = core ? SEVERITY_BAD : SEVERITY_WARN,
                         .share = (double)NAN,
                         .subject = doc_text(l->d, poor[i].f->key),
                         .why = why(l->d, &poor[i], element_of(&elements, poor[i].f->metric, poor[i].f->key)),
                         .dive = {.view = "pages"}});
    }
    add_trends(c, &elements, l);
    free(poor);
    free(fields.items);
    free(elements.items);
}

void pages_field_figures(const struct view_ctx *c, struct figures *out)
{
    struct page_records fields = page_records_of(c, SD_PAGE_FIELD);
    for (size_t i = 0; i < fields.n; i++) {
        const struct sd_page_field *f = fields.items[i].r;
        enum vital v = vital_of_name(f->metric);
        double scale = v != VITAL_N && VITALS[v].plain ? 1 : 1e6;
        if (v == VITAL_N || !isfinite(f->p75) ||
            !(str_eq(f->by, "all") || str_eq(f->by, "page") || str_eq(f->by, "origin")))
            continue;
        struct figure p75 = {.kind = "page",
                             .key = doc_text(out->d, f->key && *f->key ? f->key : "all pages"),
                             .name = VITALS[v].title,
                             .method = VITALS[v].plain ? FIGURE_LEVEL : FIGURE_TIME,
                             .unit = VITALS[v].plain ? UNIT_NONE : UNIT_NS,
                             .value = f->p75 * scale,
                             .n_parts = 1,
                             .parts = {f->p75 * scale},
                             .events = sd_known(f->count) ? (double)f->count : 1000,
                             .more_is_worse = true,
                             .weight = vital_rate(v, f->p75),
                             .dive = {.view = "pages"}};
        if (isfinite(f->p75_low) && isfinite(f->p75_high)) { /* its spread is the interval's */
            p75.n_parts = 3;
            p75.parts[1] = f->p75_low * scale;
            p75.parts[2] = f->p75_high * scale;
        }
        figures_add(out, &p75);
    }
    free(fields.items);
}
