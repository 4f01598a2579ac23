/* playbook_findings.c - what a step's view says in one sentence. A view that a playbook asks a question of
 * has a function here; of any other it is the gravest thing that it adds to the overview, or the first row of
 * it. */
#include "view/goals/playbook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
#include "core/insight/host_use.h"
#include "core/table.h"
#include "view/shared/common.h"
#include "view/shared/worst.h"

/* X(NAME, value, help) */
#define THRESHOLDS(X)                                                                                        \
    X(SPIKE_WARN, 1.5, "so many times the requests of an hour ago are a spike,")                             \
    X(SPIKE_BAD, 3, "and so many a large one")                                                               \
    X(SHARE_WARN, 0.25, "a statement with this share of the database's time stands out,")                    \
    X(SHARE_BAD, 0.5, "and with this one it is most of it")                                                  \
    X(SLOWER_WARN, 1.25, "a p95 so many times that of before is slower,")                                    \
    X(SLOWER_BAD, 2, "and so many much slower,")                                                             \
    X(SLOWER_COUNT, 20, "of at least so many requests in both")                                              \
    X(FAILED_WARN, 0.001, "so many requests that fail are worth a look,")                                    \
    X(FAILED_BAD, 0.01, "and so many are grave")                                                             \
    X(BLOCKED_NS, 1e9, "a session that has waited so long for another is blocked")                           \
    X(FULL_BAD_NS, 6 * 3600e9, "memory that will be full so soon is grave,")                                 \
    X(FULL_WARN_NS, 72 * 3600e9, "and so soon worth a look")                                                 \
    X(SLOPE_FIT, 0.3, "share of its variance that a line explains, for it to be one")

enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

enum { SQL_WIDTH = 60, SESSIONS_MAX = 1000, SERIES_MAX = 256, SLOPE_POINTS = 60, SLOPE_LEAST = 5 };

static enum severity graded(double value, double warn, double bad)
{
    return value >= bad ? SEVERITY_BAD : value >= warn ? SEVERITY_WARN : SEVERITY_GOOD;
}

static const char *shown(enum unit u, double value, char buf[UNIT_TEXT_MAX])
{
    return unit_format(u, value, buf);
}

/* ---- requests ---- */

static double requests_in(const struct model *m, struct span s)
{
    double n = 0;
    for (size_t i = 0; i < model_endpoints(m); i++)
        n += endpoint_requests(model_endpoint(m, i), s);
    return n;
}

/* Traffic against an hour ago. */
static struct finding traffic(struct doc *d, const struct view_ctx *c)
{
    char now[UNIT_TEXT_MAX], then[UNIT_TEXT_MAX];
    double seconds = common_seconds(c->span), n = requests_in(c->model, c->span);
    struct span before = {add_sat(c->span.from, -PLAYBOOK_BEFORE), add_sat(c->span.to, -PLAYBOOK_BEFORE)};
    sd_time first = model_usage(c->model).first;
    if (!model_endpoints(c->model) || !(seconds > 0))
        return (struct finding){.severity = SEVERITY_NONE};
    shown(UNIT_PER_S, n / seconds, now);
    if (!sd_known(first) || first > before.from)
        return (struct finding){
            doc_printf(d, "requests at %s; the data does not reach back to an hour ago", now), SEVERITY_INFO};
    double was = requests_in(c->model, before);
    shown(UNIT_PER_S, was / seconds, then);
    if (!(was > 0))
        return (struct finding){doc_printf(d, "requests at %s, an hour ago there were none", now),
                                n > 0 ? SEVERITY_WARN : SEVERITY_GOOD};
    return (struct finding){
        doc_printf(d, "requests at %s, an hour ago %s (%+.0f %%)", now, then, (n / was - 1) * 100),
        graded(n / was, LIMIT[T_SPIKE_WARN], LIMIT[T_SPIKE_BAD])};
}

/* The endpoint that got slower most, against an hour ago, else the window before. */
static struct finding slower(struct doc *d, const struct view_ctx *c)
{
    struct endpoint_stats *s = mem_array(2, sizeof *s);
    const struct endpoint *worst = NULL;
    char now[UNIT_TEXT_MAX], then[UNIT_TEXT_MAX];
    sd_time first = model_usage(c->model).first;
    bool hour = sd_known(first) && first <= add_sat(c->span.from, -PLAYBOOK_BEFORE);
    int64_t back = hour ? PLAYBOOK_BEFORE : span_length(c->span), most = 0, was = 0;
    struct span before = {add_sat(c->span.from, -back), add_sat(c->span.to, -back)};
    size_t compared = 0;
    for (size_t i = 0; i < model_endpoints(c->model); i++) {
        const struct endpoint *e = model_endpoint(c->model, i);
        endpoint_stats(e, c->span, &s[0]);
        endpoint_stats(e, before, &s[1]);
        int64_t a = endpoint_quantile(&s[0], .95), b = endpoint_quantile(&s[1], .95);
        if ((double)MIN(s[0].timed, s[1].timed) < LIMIT[T_SLOWER_COUNT] || !sd_known(a) || !sd_known(b) ||
            b <= 0)
            continue;
        compared++;
        if (!worst || (double)a / (double)b > (double)most / (double)was) {
            worst = e;
            most = a;
            was = b;
        }
    }
    free(s);
    if (!worst)
        return (struct finding){.severity = SEVERITY_NONE};
    const char *when = hour ? "an hour ago" : "just before";
    double factor = (double)most / (double)was;
    if (factor < LIMIT[T_SLOWER_WARN])
        return (struct finding){doc_printf(d, "none of %zu endpoints is much slower than %s", compared, when),
                                SEVERITY_GOOD};
    return (struct finding){doc_printf(d, "%s: p95 %s, %s %s (%+.0f %%)", endpoint_name(worst),
                                       unit_format_int(UNIT_NS, most, now), when,
                                       unit_format_int(UNIT_NS, was, then), (factor - 1) * 100),
                            graded(factor, LIMIT[T_SLOWER_WARN], LIMIT[T_SLOWER_BAD])};
}

/* The endpoint with the most requests that fail. */
static struct finding failures(struct doc *d, const struct view_ctx *c)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    const struct endpoint *worst = NULL;
    int64_t count = 0, errors = 0, most = 0, of = 0;
    bool known = false;
    for (size_t i = 0; i < model_endpoints(c->model); i++) {
        const struct endpoint *e = model_endpoint(c->model, i);
        endpoint_stats(e, c->span, s);
        if (s->count <= 0 || !sd_known(s->errors))
            continue;
        known = true;
        count = add_sat(count, s->count);
        errors = add_sat(errors, s->errors);
        if (s->errors > most) {
            worst = e;
            most = s->errors;
            of = s->count;
        }
    }
    free(s);
    if (!known)
        return (struct finding){.severity = SEVERITY_NONE};
    if (!worst)
        return (struct finding){doc_printf(d, "none of %lld requests failed", (long long)count),
                                SEVERITY_GOOD};
    char share[UNIT_TEXT_MAX], its[UNIT_TEXT_MAX];
    double failed = (double)errors / (double)count;
    return (struct finding){doc_printf(d, "%s of all requests failed; most at %s, %lld of %lld (%s)",
                                       shown(UNIT_SHARE, failed, share), endpoint_name(worst),
                                       (long long)most, (long long)of,
                                       shown(UNIT_SHARE, (double)most / (double)of, its)),
                            graded(failed, LIMIT[T_FAILED_WARN], LIMIT[T_FAILED_BAD])};
}

/* ---- the database ---- */

/* The costliest statement with its share; of all time where the window has no two snapshots. */
static const struct query *costliest(const struct view_ctx *c, struct span span, struct query_stats *of,
                                     double *all_ns)
{
    const struct query *best = NULL;
    *all_ns = 0;
    for (size_t i = 0; i < model_queries(c->model); i++) {
        struct query_stats s;
        query_stats(model_query(c->model, i), span, &s);
        if (!s.known || s.total_ns <= 0)
            continue;
        *all_ns += (double)s.total_ns;
        if (!best || s.total_ns > of->total_ns) {
            best = model_query(c->model, i);
            *of = s;
        }
    }
    return best;
}

static struct finding statements(struct doc *d, const struct view_ctx *c)
{
    struct query_stats s = {0};
    double all = 0;
    char share[UNIT_TEXT_MAX], mean[UNIT_TEXT_MAX];
    const char *when = "";
    const struct query *q = costliest(c, c->span, &s, &all);
    if (!q && model_usage(c->model).last <= c->now) { /* nothing later may be seen */
        q = costliest(c, SPAN_ALL, &s, &all);
        when = ", counted since the server's reset";
    }
    if (!q)
        return (struct finding){.severity = SEVERITY_NONE};
    struct strbuf b = {0};
    const char *sql = common_sql(d, c, query_text(q), true);
    utf8_append(&b, sql ? sql : query_key(q), SQL_WIDTH);
    double part = (double)s.total_ns / all;
    struct finding f = {doc_printf(d, "%s of the statements' time is in %s%s (mean %s)%s",
                                   shown(UNIT_SHARE, part, share), strbuf_text(&b),
                                   sql && utf8_width(sql) > SQL_WIDTH ? "..." : "",
                                   shown(UNIT_NS, s.mean_ns, mean), when),
                        graded(part, LIMIT[T_SHARE_WARN], LIMIT[T_SHARE_BAD])};
    strbuf_free(&b);
    return f;
}

static struct finding sessions(struct doc *d, const struct view_ctx *c)
{
    struct session_sample *s = mem_array(SESSIONS_MAX, sizeof *s);
    size_t n = model_sessions(c->model, c->now, s, SESSIONS_MAX), blocked = 0, active = 0;
    int64_t longest = -1, pid = 0;
    char waits[UNIT_TEXT_MAX];
    const char *by = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct sd_activity *a = s[i].a;
        sd_time since = sd_known(a->wait_start) && a->wait_start > 0 ? a->wait_start : a->query_start;
        int64_t ns = sd_known(since) ? common_age(s[i].at, since) : 0;
        active += str_eq(a->state, "active");
        if (!a->blocked_by || !*a->blocked_by || (double)ns < LIMIT[T_BLOCKED_NS])
            continue;
        blocked++;
        if (ns > longest) {
            longest = ns;
            pid = a->pid;
            by = a->blocked_by;
        }
    }
    struct finding f = {.severity = SEVERITY_NONE};
    if (blocked)
        f = (struct finding){doc_printf(d, "%zu blocked; pid %lld has waited %s for pid %s", blocked,
                                        (long long)pid, unit_format_int(UNIT_SINCE, longest, waits), by),
                             SEVERITY_BAD};
    else if (n)
        f = (struct finding){doc_printf(d, "no session is blocked; %zu of %zu are active", active, n),
                             SEVERITY_GOOD};
    free(s);
    return f;
}

/* ---- machines ---- */

/* Least squares of the known points: growth for each step, NAN when a line does not fit them. */
static double slope_of(const double *y, size_t n)
{
    double k = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
    for (size_t i = 0; i < n; i++)
        if (isfinite(y[i])) {
            double x = (double)i;
            k++;
            sx += x;
            sy += y[i];
            sxx += x * x;
            sxy += x * y[i];
            syy += y[i] * y[i];
        }
    double vx = sxx - sx * sx / k, vy = syy - sy * sy / k, cov = sxy - sx * sy / k;
    if (k < SLOPE_LEAST || !(vx > 0))
        return NAN;
    if (!(vy > 1e-12))
        return 0;
    return cov * cov / (vx * vy) >= LIMIT[T_SLOPE_FIT] ? cov / vx : 0;
}

/* Growth of a machine's memory per hour, over the last hour; NAN: not known. */
static double memory_slope(const struct view_ctx *c, const char *host)
{
    struct metric_info *all = mem_array(SERIES_MAX, sizeof *all);
    double y[SLOPE_POINTS], slope = NAN;
    size_t n = model_metric_named(c->model, "host.memory", all, SERIES_MAX);
    char *label = mem_printf("host=%s", host);
    struct span hour = {add_sat(c->now, -PLAYBOOK_BEFORE), c->now};
    for (size_t i = 0; i < n; i++) {
        if (all[i].name_len != strlen("host.memory") || !all[i].labels || !strstr(all[i].labels, label))
            continue;
        metric_series(c->model, &all[i], hour, SLOPE_POINTS, y);
        slope = slope_of(y, SLOPE_POINTS) * (double)SLOPE_POINTS;
    }
    free(label);
    free(all);
    return slope;
}

/* ", growing 2.0 % an hour, full in 14 h". */
static void add_slope(struct strbuf *b, const struct view_ctx *c, const struct host_use *u,
                      enum severity *severity)
{
    char text[UNIT_TEXT_MAX];
    double used = u->figures[HOST_MEMORY], slope = memory_slope(c, u->host);
    if (!isfinite(slope))
        return;
    if (!(fabs(slope) >= 0.001)) {
        strbuf_str(b, ", steady over the last hour");
        return;
    }
    strbuf_printf(b, ", %s %s an hour", slope > 0 ? "growing" : "falling",
                  shown(UNIT_SHARE, fabs(slope), text));
    double full_ns = (1 - used) / slope * 3600e9;
    if (slope > 0 && isfinite(full_ns) && full_ns < 30 * 86400e9) {
        strbuf_printf(b, ", full in %s", common_duration((int64_t)full_ns, text));
        *severity = MAX(*severity, full_ns <= LIMIT[T_FULL_BAD_NS]    ? SEVERITY_BAD
                                   : full_ns <= LIMIT[T_FULL_WARN_NS] ? SEVERITY_WARN
                                                                      : SEVERITY_GOOD);
    }
}

/* The busiest machine. */
static struct finding machines(struct doc *d, const struct view_ctx *c)
{
    struct host_use *u = mem_array(HOST_USES_MAX, sizeof *u), *worst = NULL;
    size_t n = host_uses(c->model, c->span, NULL, u, HOST_USES_MAX);
    struct finding f = {.severity = SEVERITY_NONE};
    struct strbuf b = {0};
    char text[UNIT_TEXT_MAX];
    for (size_t i = 0; i < n; i++) {
        double its = fmax(u[i].figures[HOST_CPU], u[i].figures[HOST_MEMORY]);
        if (isfinite(its) && (!worst || its > fmax(worst->figures[HOST_CPU], worst->figures[HOST_MEMORY])))
            worst = &u[i];
    }
    if (worst) {
        f.severity = graded(fmax(worst->figures[HOST_CPU], worst->figures[HOST_MEMORY]), 0.8, 0.95);
        strbuf_printf(&b, "%s: CPU %s", worst->host, shown(UNIT_SHARE, worst->figures[HOST_CPU], text));
        strbuf_printf(&b, ", memory %s", shown(UNIT_SHARE, worst->figures[HOST_MEMORY], text));
        add_slope(&b, c, worst, &f.severity);
        if (n > 1)
            strbuf_printf(&b, "; the fullest of %zu machines", n);
        f.text = doc_text(d, strbuf_text(&b));
    }
    strbuf_free(&b);
    free(u);
    return f;
}

/* ---- any view ---- */

static struct finding gravest(struct doc *d, const struct view_ctx *c, const struct view *v)
{
    struct worst_list l = {.d = d};
    struct finding f = {"nothing stands out", SEVERITY_GOOD};
    v->worst(c, &l);
    worst_sort(&l);
    if (l.n) {
        const struct worst_item *i = &l.items[0];
        f.severity = i->severity;
        f.text = doc_printf(d, "%s%s%s%s%s", i->what ? i->what : "", i->subject ? " " : "",
                            i->subject ? i->subject : "", i->why ? ": " : "", i->why ? i->why : "");
        if (l.n > 1)
            f.text = doc_printf(d, "%s (and %zu more)", f.text, l.n - 1);
    }
    free(l.items);
    return f;
}

enum { CELLS_SHOWN = 4 };

/* The first row of its first table, as "Name, Title figure, ...". */
static struct finding first_row(struct doc *d, const struct view_ctx *c, const struct view *v)
{
    struct finding f = {.severity = SEVERITY_NONE};
    struct doc *other = view_build(v, c);
    for (size_t i = 0; !other->missing && !f.text && i < other->n_sections; i++) {
        struct section *s = &other->sections[i];
        if (!section_has_rows(s) || table_rows(&s->table) == 0 || s->aside)
            continue;
        const struct row *r = table_row(&s->table, 0);
        struct strbuf b = {0};
        int n = 0;
        for (size_t k = 0; k < s->table.n_columns && n < CELLS_SHOWN; k++) {
            const struct column *col = &s->table.columns[k];
            struct strbuf text = {0};
            if (col->flags & (COLUMN_HIDDEN | COLUMN_LINE) || r->cells[k].type == CELL_UNKNOWN)
                continue;
            cell_format(col, r->cells[k], &text);
            if (text.len && r->cells[k].type != CELL_TEXT)
                strbuf_printf(&b, "%s%s %s", n ? ", " : "", col->title, text.text);
            else if (text.len)
                strbuf_printf(&b, "%s%s", n ? ", " : "", text.text);
            n += text.len > 0;
            strbuf_free(&text);
        }
        f = (struct finding){n ? doc_text(d, strbuf_text(&b)) : NULL, MAX(r->severity, SEVERITY_INFO)};
        strbuf_free(&b);
    }
    doc_free(other);
    return f;
}

struct finding playbook_finding(struct doc *d, const struct view_ctx *c, const struct goal_play *step)
{
    static const struct {
        const char *view;
        struct finding (*find)(struct doc *d, const struct view_ctx *c);
    } OWN[] = {{"endpoints", traffic},  {"changes", slower},    {"statuses", failures},
               {"queries", statements}, {"activity", sessions}, {"resources", machines}};
    const struct view *v = step->view ? view_named(step->view) : NULL;
    struct view_ctx at = *c;
    at.arg = step->select;
    if (!v || (v->needs && !model_has(c->model, v->needs)))
        return (struct finding){.severity = SEVERITY_NONE};
    for (size_t i = 0; i < ARRAY_LEN(OWN); i++)
        if (str_eq(v->name, OWN[i].view) && !step->select)
            return OWN[i].find(d, &at);
    return v->worst && !step->select ? gravest(d, &at, v) : first_row(d, &at, v);
}
