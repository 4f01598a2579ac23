/* gc_section.c - a row for each program that collects garbage. */
#include "view/metrics/gc_section.h"

#include <math.h>
#include <stdlib.h>

#include "core/insight/gc_latency.h"
#include "format/metrics/runtime_names.h"
#include "view/shared/common.h"

enum { SERIES_MAX = 20000, STEPS_MAX = 120, PROGRAMS_MAX = 64 };

static const char *const VERDICTS[] = {[GC_UNKNOWN] = "unknown",
                                       [GC_TOGETHER] = "together",
                                       [GC_AGAINST] = "against",
                                       [GC_APART] = "no connection"};

/* No more digits than mean something. */
static double rounded(double x)
{
    return round(x * 1000) / 1000;
}

#define ROWS(X)                                                                                              \
    X(source, "Program", UNIT_NONE, COLUMN_LEFT, 0, "the source its metrics come from",                      \
      cell_text(doc_printf(d, "%.*s", (int)p->origin_len, p->origin)))                                       \
    X(language, "Runtime", UNIT_NONE, COLUMN_LEFT, 1, "Go, JVM, Node, Python, .NET or Ruby",                 \
      cell_text(p->f.language))                                                                              \
    X(gc_share, "In GC", UNIT_SHARE, COLUMN_BAR, 0,                                                          \
      "share of the time spent in collection; null: the runtime tells no time", cell_real(p->f.share))       \
    X(gc_per_s, "GC/s", UNIT_NONE, 0, 1, "collections per second", cell_real(rounded(p->f.per_s)))           \
    X(pause_ns, "Pause", UNIT_NS, 0, 0, "mean length of a collection", cell_real(p->f.pause_ns))             \
    X(correlation, "Correlation", UNIT_NONE, 0, 0,                                                           \
      "of collection with the p95 of requests, interval by interval: Spearman's, -1 to 1; null: unknown",    \
      cell_real(rounded(g->r)))                                                                              \
    X(correlation_low, "From", UNIT_NONE, 0, 1, "lower end of its 95 % confidence interval",                 \
      cell_real(rounded(g->low)))                                                                            \
    X(correlation_high, "To", UNIT_NONE, 0, 1, "its upper end", cell_real(rounded(g->high)))                 \
    X(intervals, "Intervals", UNIT_COUNT, 0, 2, "with both figures", cell_int((int64_t)g->n))                \
    X(independent, "Independent", UNIT_NONE, COLUMN_HIDDEN, 3,                                               \
      "as many of them as count, because neighbours resemble each other",                                    \
      cell_real(rounded(g->independent)))                                                                    \
    X(verdict, "Together", UNIT_NONE, COLUMN_LEFT, 0,                                                        \
      "together, against, no connection; unknown: fewer than 12 intervals, or 8 independent ones",           \
      cell_text(VERDICTS[g->verdict]))                                                                       \
    X(advice, "What to change", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0,                                     \
      "null: nothing speaks for a change", cell_text(advice->len ? doc_text(d, strbuf_text(advice)) : NULL))

#define ROW_ENUM(key, title, unit, flags, priority, help, cell) R_##key,
enum { ROWS(ROW_ENUM) R_COLUMNS };
#define ROW_COLUMN(key_, title_, unit_, flags_, priority_, help_, cell)                                      \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .help = help_,                                                                                          \
     .width = ((flags_)&COLUMN_GROW) ? 24 : 0},
const struct column GC_COLUMNS[R_COLUMNS] = {ROWS(ROW_COLUMN)};
const size_t GC_N_COLUMNS = R_COLUMNS;

size_t runtime_series(const struct model *m, struct metric_info *out, size_t max)
{
    size_t n = model_metric_all(m, out, max), kept = 0;
    for (size_t i = 0; i < n; i++)
        if (runtime_name_of(out[i].name, out[i].name_len))
            out[kept++] = out[i];
    return kept;
}

/* All series of one source. */
struct program {
    const char *origin;
    size_t origin_len;
    struct gc_figures f;
    double time, count; /* ns and collections per second */
    size_t points;
    double steps[STEPS_MAX]; /* of time, else of count */
    bool timed;
};

static double plus(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

static void take(struct program *p, const struct view_ctx *c, const struct metric_info *e, struct span span)
{
    const struct runtime_name *n = runtime_name_of(e->name, e->name_len);
    double now;
    sd_time at;
    if (!metric_now(e, c->now, &now, &at))
        return;
    double per_s = n->counter ? metric_rate(e, span) : now;
    bool ratio = n->kind == RUNTIME_GC_TIME && !n->counter; /* a share already */
    double ns = ratio                   ? per_s * 1e9
                : str_eq(e->unit, "ns") ? per_s
                                        : per_s * (strstr(n->name, "_ns") ? 1 : 1e9);
    switch (n->kind) {
    case RUNTIME_GC_TIME:
        p->time = plus(p->time, ns);
        break;
    case RUNTIME_GC_COUNT:
        p->count = plus(p->count, per_s);
        break;
    case RUNTIME_GC_MAX:
        p->f.longest_ns = isnan(p->f.longest_ns) ? now : fmax(p->f.longest_ns, now);
        break;
    case RUNTIME_HEAP_AFTER:
        p->f.after = plus(p->f.after, now);
        break;
    case RUNTIME_HEAP_MAX: /* pools without a limit say -1 */
        p->f.max = plus(p->f.max, now > 0 ? now : 0);
        break;
    case RUNTIME_ALLOCATED:
        p->f.allocated = plus(p->f.allocated, per_s);
        break;
    default:
        break;
    }
    if (n->kind == RUNTIME_GC_TIME || n->kind == RUNTIME_GC_COUNT) {
        p->points = MAX(p->points, metric_points(e, span));
        p->timed |= n->kind == RUNTIME_GC_TIME;
        if (*n->language)
            p->f.language = n->language;
    }
}

static bool same_origin(const struct program *p, const struct metric_info *e)
{
    return p->origin_len == e->origin_len && !memcmp(p->origin, e->origin, e->origin_len);
}

static size_t programs(const struct view_ctx *c, const struct metric_info *all, size_t n, struct span span,
                       struct program *out)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < count && !same_origin(&out[k], &all[i]))
            k++;
        if (k == PROGRAMS_MAX)
            continue;
        if (k == count) {
            double no = (double)NAN;
            out[count++] = (struct program){.origin = all[i].origin,
                                            .origin_len = all[i].origin_len,
                                            .time = no,
                                            .count = no,
                                            .f = {.share = no,
                                                  .per_s = no,
                                                  .pause_ns = no,
                                                  .longest_ns = no,
                                                  .after = no,
                                                  .max = no,
                                                  .allocated = no}};
        }
        take(&out[k], c, &all[i], span);
    }
    for (size_t k = 0; k < count; k++) {
        struct program *p = &out[k];
        p->f.share = p->time / 1e9;
        p->f.per_s = p->count;
        p->f.pause_ns = p->count > 0 ? p->time / p->count : (double)NAN;
    }
    return count;
}

/* Steps that are not finer than the samples: a rate between two of them would count for several. */
static size_t steps_of_gc(const struct program *p)
{
    return MIN(p->points > 2 ? (p->points - 1) / 1 : 0, (size_t)STEPS_MAX);
}

static void lay_over(struct program *p, const struct metric_info *all, size_t n, struct span span,
                     size_t steps)
{
    double v[STEPS_MAX];
    for (size_t k = 0; k < steps; k++)
        p->steps[k] = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        const struct runtime_name *name = runtime_name_of(all[i].name, all[i].name_len);
        if (!same_origin(p, &all[i]) || name->kind != (p->timed ? RUNTIME_GC_TIME : RUNTIME_GC_COUNT))
            continue;
        metric_series(NULL, &all[i], span, steps, v);
        for (size_t k = 0; k < steps; k++)
            p->steps[k] = plus(p->steps[k], v[k]);
    }
}

static struct gc_correlation relate(const struct view_ctx *c, const struct endpoint *e, struct program *p,
                                    const struct metric_info *all, size_t n, struct span span)
{
    size_t steps = steps_of_gc(p);
    struct endpoint_point *points = mem_array(steps + 1, sizeof *points);
    double *latency = mem_array(steps + 1, sizeof *latency);
    if (steps && e)
        endpoint_series(e, span, steps, points);
    else if (steps)
        model_request_series(c->model, span, steps, points);
    for (size_t k = 0; k < steps; k++)
        latency[k] = sd_known(points[k].p95) && points[k].count > 0 ? (double)points[k].p95 : (double)NAN;
    lay_over(p, all, n, span, steps);
    struct gc_correlation g = gc_latency(p->steps, latency, steps);
    free(points);
    free(latency);
    return g;
}

static void add_row(struct doc *d, struct section *s, const struct program *p, const struct gc_correlation *g)
{
    struct strbuf text = {0}, *advice = &text;
    gc_advice(&p->f, g, advice);
    struct row *r = doc_row(d, &s->table);
#define ROW_CELL(key, title, unit, flags, priority, help, cell) r->cells[R_##key] = (cell);
    ROWS(ROW_CELL)
    r->severity = p->f.share >= GC_SHARE_GRAVE              ? SEVERITY_BAD
                  : text.len || p->f.share >= GC_SHARE_HIGH ? SEVERITY_WARN
                                                            : SEVERITY_NONE;
    strbuf_free(&text);
}

struct section *gc_section(struct doc *d, const struct view_ctx *c, const struct endpoint *e)
{
    struct metric_info *all = mem_array(SERIES_MAX, sizeof *all);
    struct program *p = mem_array(PROGRAMS_MAX, sizeof *p);
    struct span span = common_span(c);
    struct section *s = NULL;
    size_t n = runtime_series(c->model, all, SERIES_MAX),
           count = sd_known(span.from) ? programs(c, all, n, span, p) : 0;
    for (size_t k = 0; k < count; k++) {
        if (isnan(p[k].time) && isnan(p[k].count))
            continue;
        if (!s) {
            s = doc_table(d, "gc", "Garbage collection over the latency", GC_COLUMNS, R_COLUMNS);
            s->kinds = SD_KIND_BIT(SD_METRIC);
        }
        struct gc_correlation g = relate(c, e, &p[k], all, n, span);
        add_row(d, s, &p[k], &g);
    }
    free(p);
    free(all);
    return s;
}

void gc_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct doc *d = doc_new("runtime", "Runtime");
    struct section *s = gc_section(d, c, NULL);
    char share[UNIT_TEXT_MAX];
    for (size_t i = 0; s && i < s->table.n_rows; i++) {
        const struct row *r = &s->table.rows[i];
        double in_gc = r->cells[R_gc_share].type == CELL_REAL ? r->cells[R_gc_share].f : (double)NAN;
        if (r->severity < SEVERITY_WARN || r->cells[R_advice].type != CELL_TEXT)
            continue;
        if (isnan(in_gc))
            snprintf(share, sizeof share, "an unknown share");
        else
            unit_format(UNIT_SHARE, in_gc, share);
        worst_add(l, (struct worst_item){.severity = r->severity,
                                         .what = "gc",
                                         .subject = doc_text(l->d, r->cells[R_source].s),
                                         .why = doc_printf(l->d, "%s of the time in collection. %s", share,
                                                           r->cells[R_advice].s),
                                         .share = in_gc,
                                         .dive = {.view = "runtime"}});
    }
    doc_free(d);
}
