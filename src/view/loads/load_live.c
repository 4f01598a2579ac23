#include "view/loads/load_live.h"
#include "view/action.h"

#include "base/clock.h"
#include "core/hist.h"
#include "view/shared/common.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS_MOST = 20000, LEVELS_MOST = 500, RESULTS_MOST = 4096 };
#define RECENT_NS (5 * SD_S) /* so long a figure is of now */

static const struct sd_load *load_of(const struct record_entry *e)
{
    return e->r;
}

/* Whether it is the document of the run that began at `began`. The batch bears the moment when the run was
 * asked for, which is earlier. The key stands near the beginning of the text. */
static bool is_of_run(const struct sd_document *d, sd_time began)
{
    char moment[CLOCK_TEXT_MAX];
    const char *at = d->json ? strstr(d->json, "\"started\":") : NULL;
    at = at ? strchr(strchr(at, ':'), '"') : NULL;
    return at && str_starts(at + 1, clock_rfc3339(began, moment));
}

bool load_is_over(const struct model *m, sd_time now, const struct record_entry *test)
{
    struct record_entry *e = mem_array(RESULTS_MOST, sizeof *e);
    size_t n = model_results(m, now, e, RESULTS_MOST);
    sd_time began = load_of(test)->began;
    bool over = false;
    for (size_t i = 0; i < n && sd_known(began); i++)
        over = over || (str_eq(e[i].origin, test->origin) && is_of_run(e[i].r, began));
    free(e);
    return over;
}

static struct record_entry *steps_of(const struct view_ctx *c, const struct record_entry *test, size_t *n)
{
    const struct sd_load *now = load_of(test);
    sd_time from = sd_known(now->began) ? now->began : INT64_MIN;
    struct record_entry *e = mem_array(STEPS_MOST, sizeof *e);
    *n = model_load_steps(c->model, test->origin, SD_LOAD, (struct span){from, add_sat(test->at, 1)}, e,
                          STEPS_MOST);
    while (*n && !(load_of(&e[*n - 1])->interval_ns > 0)) /* ready, and nothing sent */
        --*n;
    return e;
}

/* ---- figures over some time ---- */

struct sums {
    int64_t ns, planned, sent, answered, failed, timeouts, limited, late;
    struct hist latency;
};

static int64_t count(int64_t v)
{
    return sd_known(v) && v > 0 ? v : 0;
}

static void sums_add(struct sums *s, const struct sd_load *r)
{
    s->ns = add_sat(s->ns, count(r->interval_ns));
    s->planned = add_sat(s->planned, count(r->planned));
    s->sent = add_sat(s->sent, count(r->sent));
    s->answered = add_sat(s->answered, count(r->answered));
    s->failed = add_sat(s->failed, count(r->failed));
    s->timeouts = add_sat(s->timeouts, count(r->timeouts));
    s->limited = add_sat(s->limited, count(r->limited));
    s->late = add_sat(s->late, count(r->late));
    if (r->latency)
        hist_merge_sparse(&s->latency, r->latency, SD_UNKNOWN, SD_UNKNOWN, SD_UNKNOWN);
}

/* Of the steps that began at or after `from`. */
static struct sums *sums_since(const struct record_entry *e, size_t n, sd_time from)
{
    struct sums *s = mem_alloc(sizeof *s);
    hist_clear(&s->latency);
    for (size_t i = 0; i < n; i++)
        if (e[i].at >= from)
            sums_add(s, load_of(&e[i]));
    return s;
}

static double per_s(const struct sums *s, int64_t n)
{
    return s->ns ? (double)n * 1e9 / (double)s->ns : (double)NAN;
}

static double errors_of(const struct sums *s)
{
    int64_t ended = MAX(add_sat(s->answered, s->timeouts), s->failed);
    return ended ? (double)s->failed / (double)ended : (double)NAN;
}

/* ---- the line ---- */

static const char *shown(struct doc *d, enum unit u, double v)
{
    char buf[UNIT_TEXT_MAX];
    return doc_printf(d, "%s", unit_format(u, v, buf));
}

static const char *ready_line(struct doc *d, const struct view_ctx *c, const struct sd_load *r)
{
    const char *key = view_key(c, d, "load-start");
    struct strbuf b = {0};
    strbuf_printf(&b, "Ready: %s", r->what ? r->what : "a load test");
    if (!isnan(r->asked_per_s))
        strbuf_printf(&b, ", up to %s", shown(d, UNIT_PER_S, r->asked_per_s));
    if (sd_known(r->users))
        strbuf_printf(&b, ", up to %lld users", (long long)r->users);
    if (sd_known(r->whole_ns))
        strbuf_printf(&b, ", at most %s", shown(d, UNIT_SINCE, (double)r->whole_ns));
    strbuf_printf(&b, ", against %s.", r->target ? r->target : "its target");
    if (key)
        strbuf_printf(&b, " %s starts it.", key);
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

static const char *running_line(struct doc *d, const struct sd_load *r, const struct sums *s)
{
    struct strbuf b = {0};
    strbuf_printf(&b, "%s", r->phase ? r->phase : "Running");
    if (!isnan(r->asked_per_s))
        strbuf_printf(&b, ": %s asked", shown(d, UNIT_PER_S, r->asked_per_s));
    else if (sd_known(r->users))
        strbuf_printf(&b, ": %lld users", (long long)r->users);
    strbuf_printf(&b, ", %s sent, %s answered; p99 %s; ", shown(d, UNIT_PER_S, per_s(s, s->sent)),
                  shown(d, UNIT_PER_S, per_s(s, s->answered)),
                  shown(d, UNIT_NS, (double)hist_quantile(&s->latency, 0.99)));
    double errors = errors_of(s);
    strbuf_printf(&b, errors > 0 ? "%s failed" : "none failed", shown(d, UNIT_SHARE, errors));
    if (count(r->waiting))
        strbuf_printf(&b, "; %lld wait for a connection", (long long)r->waiting);
    if (s->planned && (double)s->late > 0.01 * (double)s->planned)
        strbuf_str(&b, "; this machine sends late: the figures are not the server's");
    strbuf_char(&b, '.');
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

static sd_time recent_from(const struct record_entry *test)
{
    const struct sd_load *r = load_of(test);
    return add_sat(add_sat(test->at, count(r->interval_ns)), -RECENT_NS);
}

const char *load_live_line(struct doc *d, const struct view_ctx *c, const struct record_entry *test)
{
    const struct sd_load *r = load_of(test);
    if (str_eq(r->phase, LOAD_READY))
        return ready_line(d, c, r);
    size_t n;
    struct record_entry *e = steps_of(c, test, &n);
    struct sums *s = sums_since(e, n, recent_from(test));
    const char *line = running_line(d, r, s);
    free(s);
    free(e);
    return line;
}

/* ---- the figures ---- */

/* X(key, title, unit, width) */
#define LIVE_COLUMNS(X)                                                                                      \
    X(over, "Over", UNIT_NONE, 5)                                                                            \
    X(sent_per_s, "Sent", UNIT_PER_S, 0)                                                                     \
    X(answered_per_s, "Answered", UNIT_PER_S, 0)                                                             \
    X(p50_ns, "P50", UNIT_NS, 0)                                                                             \
    X(p95_ns, "P95", UNIT_NS, 0)                                                                             \
    X(p99_ns, "P99", UNIT_NS, 0)                                                                             \
    X(max_ns, "Max", UNIT_NS, 0)                                                                             \
    X(error_share, "Failed", UNIT_SHARE, 0)                                                                  \
    X(limited, "429", UNIT_COUNT, 0)
enum {
#define LIVE_ENUM(key, title, unit, width) LIVE_##key,
    LIVE_COLUMNS(LIVE_ENUM) LIVE_N
};
static const struct column LIVE[] = {
#define LIVE_COLUMN(k, t, u, w)                                                                              \
    {.key = #k,                                                                                              \
     .title = t,                                                                                             \
     .unit = u,                                                                                              \
     .width = w,                                                                                             \
     .flags = (w) ? COLUMN_LEFT | COLUMN_GROW : 0,                                                           \
     .help = "of the load test"},
    LIVE_COLUMNS(LIVE_COLUMN)};

static void add_sums(struct doc *d, struct table *t, const char *over, const struct sums *s)
{
    const struct cell cells[LIVE_N] = {
        [LIVE_over] = cell_text(over),
        [LIVE_sent_per_s] = cell_real(per_s(s, s->sent)),
        [LIVE_answered_per_s] = cell_real(per_s(s, s->answered)),
        [LIVE_p50_ns] = cell_int(hist_quantile(&s->latency, 0.5)),
        [LIVE_p95_ns] = cell_int(hist_quantile(&s->latency, 0.95)),
        [LIVE_p99_ns] = cell_int(hist_quantile(&s->latency, 0.99)),
        [LIVE_max_ns] = cell_int(s->latency.count ? s->latency.max : SD_UNKNOWN),
        [LIVE_error_share] = cell_real(errors_of(s)),
        [LIVE_limited] = cell_int(s->limited),
    };
    memcpy(doc_row(d, t)->cells, cells, sizeof cells);
}

/* ---- over time ---- */

struct drawn {
    struct span span;
    size_t n;
};

static size_t point_of(const struct drawn *g, sd_time at)
{
    double x = (double)(at - g->span.from) / (double)(g->span.to - g->span.from) * (double)g->n;
    return x > 0 ? MIN((size_t)x, g->n - 1) : 0;
}

/* The largest of the steps of a point: a second that stood out is not averaged away. */
static void draw(struct section *s, struct graph_line *line, const struct drawn *g,
                 const struct record_entry *e, size_t n, double (*value)(const struct sd_load *r))
{
    (void)s;
    for (size_t i = 0; i < n; i++) {
        double v = value(load_of(&e[i])), *at = &line->values[point_of(g, e[i].at)];
        if (!isnan(v) && (isnan(*at) || v > *at))
            *at = v;
    }
}

static double rate(const struct sd_load *r, int64_t n)
{
    return r->interval_ns > 0 && sd_known(n) ? (double)n * 1e9 / (double)r->interval_ns : (double)NAN;
}
static double asked(const struct sd_load *r)
{
    return isnan(r->asked_per_s) ? rate(r, r->planned) : r->asked_per_s;
}
static double answered(const struct sd_load *r)
{
    return rate(r, r->answered);
}
static double quantile(const struct sd_load *r, double q)
{
    struct hist *h = r->latency ? mem_alloc(sizeof *h) : NULL;
    if (!h)
        return (double)NAN;
    hist_clear(h);
    hist_merge_sparse(h, r->latency, SD_UNKNOWN, SD_UNKNOWN, SD_UNKNOWN);
    int64_t v = hist_quantile(h, q);
    free(h);
    return sd_known(v) ? (double)v : (double)NAN;
}
static double p50(const struct sd_load *r)
{
    return quantile(r, 0.5);
}
static double p99(const struct sd_load *r)
{
    return quantile(r, 0.99);
}

static void add_graphs(struct doc *d, const struct view_ctx *c, const struct record_entry *e, size_t n)
{
    static const struct {
        const char *key, *title;
        enum unit unit;
        const char *lines[2];
        double (*values[2])(const struct sd_load *r);
    } GRAPHS[] = {
        {"latency",
         "Latency, from the moment each request was meant to begin",
         UNIT_NS,
         {"p50_ns", "p99_ns"},
         {p50, p99}},
        {"requests", "Requests a second", UNIT_PER_S, {"asked", "answered"}, {asked, answered}},
    };
    const struct sd_load *last = load_of(&e[n - 1]);
    struct span span = {e[0].at, add_sat(e[n - 1].at, MAX(count(last->interval_ns), SD_S))};
    struct drawn g = {.span = span, .n = common_points(c, span)};
    for (size_t i = 0; i < ARRAY_LEN(GRAPHS); i++) {
        struct section *s = common_graph(d, GRAPHS[i].key, GRAPHS[i].title, GRAPHS[i].unit, span, g.n);
        for (size_t k = 0; k < 2; k++)
            draw(s, doc_line(d, &s->graph, GRAPHS[i].lines[k]), &g, e, n, GRAPHS[i].values[k]);
    }
}

/* ---- levels ---- */

#define LEVEL_COLUMNS(X)                                                                                     \
    X(level, "Level", UNIT_NONE, 0)                                                                          \
    X(rate_per_s, "Asked", UNIT_PER_S, 0)                                                                    \
    X(ok_per_s, "Good", UNIT_PER_S, 0)                                                                       \
    X(p50_ns, "P50", UNIT_NS, 0)                                                                             \
    X(p95_ns, "P95", UNIT_NS, 0)                                                                             \
    X(p99_ns, "P99", UNIT_NS, 0)                                                                             \
    X(error_share, "Failed", UNIT_SHARE, 0)                                                                  \
    X(held, "Held", UNIT_NONE, 0)                                                                            \
    X(reason, "Why not", UNIT_NONE, 14)
enum {
#define LEVEL_ENUM(key, title, unit, width) LEVEL_##key,
    LEVEL_COLUMNS(LEVEL_ENUM) LEVEL_N
};
static const struct column LEVELS[] = {LEVEL_COLUMNS(LIVE_COLUMN)};

void load_levels_section(struct doc *d, const struct view_ctx *c, const struct record_entry *test)
{
    struct record_entry *e = mem_array(LEVELS_MOST, sizeof *e);
    const struct sd_load *now = load_of(test);
    struct span span = {sd_known(now->began) ? now->began : INT64_MIN, add_sat(c->now, 1)};
    size_t n = model_load_steps(c->model, test->origin, SD_LOAD_LEVEL, span, e, LEVELS_MOST);
    struct section *s = n ? doc_table(d, "levels", "Levels, the newest first", LEVELS, LEVEL_N) : NULL;
    for (size_t i = n; i-- > 0;) {
        const struct sd_load_level *r = e[i].r;
        const struct cell cells[LEVEL_N] = {
            [LEVEL_level] = cell_int(r->level),
            [LEVEL_rate_per_s] = cell_real(r->rate_per_s),
            [LEVEL_ok_per_s] = cell_real(r->ok_per_s),
            [LEVEL_p50_ns] = cell_int(r->p50_ns),
            [LEVEL_p95_ns] = cell_int(r->p95_ns),
            [LEVEL_p99_ns] = cell_int(r->p99_ns),
            [LEVEL_error_share] = cell_real(r->error_share),
            [LEVEL_held] = sd_known(r->held) ? cell_bool(r->held == 1) : cell_unknown(),
            [LEVEL_reason] = cell_text(doc_text(d, r->reason)),
        };
        struct row *row = doc_row(d, &s->table);
        memcpy(row->cells, cells, sizeof cells);
        row->severity = r->held == 0 ? SEVERITY_WARN : SEVERITY_NONE;
        if (sd_known(r->from) && sd_known(r->to) && r->from < r->to)
            row->dive = (struct dive){.view = NULL, .from = r->from, .to = r->to};
    }
    free(e);
}

/* ---- all ---- */

void load_live_sections(struct doc *d, const struct view_ctx *c, const struct record_entry *test)
{
    const struct sd_load *r = load_of(test);
    struct section *now = doc_section(d, SECTION_TEXT, "now", "Now");
    now->text = load_live_line(d, c, test);
    size_t n;
    struct record_entry *e = steps_of(c, test, &n);
    if (n) {
        struct sums *recent = sums_since(e, n, recent_from(test)), *whole = sums_since(e, n, INT64_MIN);
        struct section *s = doc_table(d, "figures", "Figures", LIVE, LIVE_N);
        s->table.sort_column = -1;
        s->note =
            doc_printf(d, "lateness p99 %s, processor %s",
                       shown(d, UNIT_NS, sd_known(r->late_p99_ns) ? (double)r->late_p99_ns : (double)NAN),
                       shown(d, UNIT_SHARE, r->cpu_share));
        add_sums(d, &s->table, "5 s", recent);
        add_sums(d, &s->table, "all", whole);
        add_graphs(d, c, e, n);
        free(recent);
        free(whole);
    }
    load_levels_section(d, c, test);
    free(e);
}
