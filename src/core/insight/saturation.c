#include "core/insight/saturation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/units.h"
#include "core/insight/host_use.h"

const double SATURATION_LIMITS[SATURATION_KINDS_N] = {
#define LIMIT_OF(UPPER, limit, help) [SATURATED_##UPPER] = (limit),
    SATURATION_KINDS(LIMIT_OF)
#undef LIMIT_OF
};

enum { SERIES_MAX = 4096, WAITS_MAX = 64 };
static const double BUSY_LEAST = 1.0; /* active sessions, or those of a statement: fewer hold nothing up */

struct search {
    const struct model *m;
    const struct saturation_level *lowest, *level; /* the level that is looked at */
    struct saturation *out;
    size_t n, max;
};

/* The first time that it is seen; NULL: it was seen at a lower rate, or there is no room. */
static struct saturation *found(struct search *s, enum saturation_kind kind, const char *subject,
                                double before, double value)
{
    if (!(value >= SATURATION_LIMITS[kind]) || s->n == s->max)
        return NULL;
    for (size_t i = 0; i < s->n; i++)
        if (s->out[i].kind == kind && str_eq(s->out[i].subject, subject))
            return NULL;
    struct saturation *f = &s->out[s->n++];
    *f = (struct saturation){.kind = kind,
                             .rate_per_s = s->level->rate_per_s,
                             .always = s->lowest->held && before >= SATURATION_LIMITS[kind],
                             .before = before,
                             .value = value};
    snprintf(f->subject, sizeof f->subject, "%s", subject);
    return f;
}

/* ---- machines ---- */

static const struct {
    enum host_figure figure;
    enum saturation_kind kind;
    const char *text; /* the machine, the figure, and before */
} OF_HOST[] = {
    {HOST_CPU, SATURATED_CPU, "%s: %s of the processors in use"},
    {HOST_CGROUP_CPU, SATURATED_CPU, "%s: %s of its cgroup's processor time in use"},
    {HOST_CGROUP_THROTTLED, SATURATED_THROTTLED,
     "%s: its cgroup was stopped in %s of the periods of its quota"},
    {HOST_MEMORY, SATURATED_MEMORY, "%s: %s of the memory in use"},
    {HOST_CGROUP_MEMORY, SATURATED_MEMORY, "%s: %s of its cgroup's memory in use"},
    {HOST_DISK_BUSY, SATURATED_DISK, "%s: the disk was busy %s of the time"},
    {HOST_PRESSURE_CPU, SATURATED_PRESSURE, "%s: a task waited for a processor in %s of the time"},
    {HOST_PRESSURE_MEMORY, SATURATED_PRESSURE, "%s: a task waited for memory in %s of the time"},
    {HOST_PRESSURE_IO, SATURATED_PRESSURE, "%s: a task waited for a disk in %s of the time"},
};

/* The samples that tell of the level: those of which the time since the one before lies mostly in it. Without
 * any, the first after it. */
static struct span sampled(const struct model *m, struct span s)
{
    struct metric_info e;
    struct host_use u;
    int64_t half = 0;
    if (model_metric_named(m, "host.cpu", &e, 1)) {
        struct span seen = metric_seen(&e, INT64_MAX);
        size_t n = sd_known(seen.from) ? metric_points(&e, seen) : 0;
        half = n > 1 ? MIN(span_length(seen) / (int64_t)(n - 1), SATURATION_LATE) / 2 : 0;
    }
    struct span middle = {add_sat(s.from, half), add_sat(s.to, half)};
    if (host_uses(m, middle, NULL, &u, 1) && u.samples)
        return middle;
    return (struct span){s.from, add_sat(s.to, SATURATION_LATE)};
}

static double share_before(const struct host_use *u, size_t n, const char *host, enum host_figure f)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(u[i].host, host))
            return u[i].figures[f];
    return (double)NAN;
}

static void tell_share(struct saturation *f, const char *text, const char *name)
{
    char now[UNIT_TEXT_MAX], then[UNIT_TEXT_MAX];
    struct strbuf b = {0};
    unit_format(UNIT_SHARE, f->value, now);
    strbuf_str(&b, name);
    const char *rest = strstr(text, "%s") + 2, *figure = strstr(rest, "%s");
    strbuf_add(&b, rest, (size_t)(figure - rest));
    strbuf_printf(&b, "%s%s", now, figure + 2);
    if (isfinite(f->before))
        strbuf_printf(&b, ", %s at the lowest rate", unit_format(UNIT_SHARE, f->before, then));
    snprintf(f->text, sizeof f->text, "%s", strbuf_text(&b));
    strbuf_free(&b);
}

static void look_at_hosts(struct search *s)
{
    struct host_use *base = mem_array(HOST_USES_MAX, sizeof *base),
                    *now = mem_array(HOST_USES_MAX, sizeof *now);
    size_t n_base = host_uses(s->m, sampled(s->m, s->lowest->span), NULL, base, HOST_USES_MAX);
    size_t n = host_uses(s->m, sampled(s->m, s->level->span), NULL, now, HOST_USES_MAX);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < ARRAY_LEN(OF_HOST); k++) {
            enum host_figure f = OF_HOST[k].figure;
            struct saturation *hit = found(s, OF_HOST[k].kind, now[i].host,
                                           share_before(base, n_base, now[i].host, f), now[i].figures[f]);
            if (!hit)
                continue;
            char name[SATURATION_TEXT];
            snprintf(name, sizeof name, "%s%s%.60s", now[i].host, f == HOST_DISK_BUSY ? ", " : "",
                     f == HOST_DISK_BUSY ? now[i].busiest : "");
            tell_share(hit, OF_HOST[k].text, name);
            hit->view = "resources";
        }
    free(base);
    free(now);
}

/* ---- connections and pools: a figure beside its limit ---- */

static const struct {
    enum saturation_kind kind;
    const char *used, *limit, *text, *view;
} PAIRS[] = {
    {SATURATED_CONNECTIONS, "postgresql.connections", "postgresql.max_connections", "connections",
     "activity"},
    {SATURATED_POOL, "hikaricp_connections_active", "hikaricp_connections_max", "connections of the pool",
     "runtime"},
    {SATURATED_POOL, "go_sql_in_use_connections", "go_sql_max_open_connections", "connections of the pool",
     "runtime"},
    {SATURATED_POOL, "go_sql_stats_connections_in_use", "go_sql_stats_connections_max_open",
     "connections of the pool", "metrics"},
    {SATURATED_POOL, "db_client_connections_usage", "db_client_connections_max", "connections of the pool",
     "runtime"},
    {SATURATED_POOL, "db_pool_in_use", "db_pool_max", "connections of the pool", "metrics"},
};

/* A gauge in a span, or shortly after it. */
static double gauge(const struct metric_info *e, struct span s)
{
    double v = metric_mean(e, s);
    return isnan(v) ? metric_mean(e, (struct span){s.from, add_sat(s.to, SATURATION_LATE)}) : v;
}

/* The series of that name with the same source and labels; NULL. */
static const struct metric_info *beside(const struct metric_info *all, size_t n, const struct metric_info *e)
{
    for (size_t i = 0; i < n; i++)
        if (all[i].origin_len == e->origin_len && !memcmp(all[i].origin, e->origin, e->origin_len) &&
            str_eq(all[i].labels, e->labels))
            return &all[i];
    return NULL;
}

static size_t named(const struct model *m, const char *name, struct metric_info *out)
{
    size_t n = model_metric_named(m, name, out, SERIES_MAX), kept = 0;
    for (size_t i = 0; i < n; i++)
        if (out[i].name_len == strlen(name))
            out[kept++] = out[i];
    return kept;
}

static void look_at_pairs(struct search *s)
{
    struct metric_info *used = mem_array(SERIES_MAX, sizeof *used),
                       *limit = mem_array(SERIES_MAX, sizeof *limit);
    for (size_t p = 0; p < ARRAY_LEN(PAIRS); p++) {
        size_t n = named(s->m, PAIRS[p].used, used), n_limit = n ? named(s->m, PAIRS[p].limit, limit) : 0;
        for (size_t i = 0; i < n; i++) {
            const struct metric_info *max = beside(limit, n_limit, &used[i]);
            double now = gauge(&used[i], s->level->span),
                   most = max ? gauge(max, s->level->span) : (double)NAN,
                   then = gauge(&used[i], s->lowest->span);
            char subject[SATURATION_TEXT];
            snprintf(subject, sizeof subject, "%.*s%s%.200s", (int)MIN(used[i].origin_len, (size_t)80),
                     used[i].origin, *used[i].labels ? " " : "", used[i].labels);
            struct saturation *hit =
                most > 0 ? found(s, PAIRS[p].kind, subject, then / most, now / most) : NULL;
            if (!hit)
                continue;
            snprintf(hit->text, sizeof hit->text, "%.200s: %.0f of %.0f %s in use", subject, now, most,
                     PAIRS[p].text);
            hit->view = PAIRS[p].view;
        }
    }
    free(used);
    free(limit);
}

/* ---- sessions ---- */

static void waits_of(const struct model *m, struct span span, double by_group[WAIT_GROUPS_N], double *total,
                     const char *event[WAIT_GROUPS_N])
{
    struct wait_load w[WAITS_MAX];
    size_t n = model_wait_load(m, span, w, WAITS_MAX);
    *total = 0;
    for (int g = 0; g < WAIT_GROUPS_N; g++) {
        by_group[g] = 0;
        event[g] = NULL;
    }
    for (size_t i = 0; i < n; i++) {
        enum wait_group g = wait_group_of(w[i].wait_type);
        if (!event[g]) /* the largest comes first */
            event[g] = w[i].wait_event;
        by_group[g] += w[i].load;
        *total += w[i].load;
    }
}

static void look_at_sessions(struct search *s)
{
    double now[WAIT_GROUPS_N], then[WAIT_GROUPS_N], total, before;
    const char *event[WAIT_GROUPS_N], *ignored[WAIT_GROUPS_N];
    waits_of(s->m, s->level->span, now, &total, event);
    waits_of(s->m, s->lowest->span, then, &before, ignored);
    for (int g = 0; g < WAIT_GROUPS_N && total > 0; g++) {
        if (g == WAIT_CPU || now[g] < BUSY_LEAST)
            continue;
        const char *name = wait_group_name((enum wait_group)g);
        struct saturation *hit =
            found(s, SATURATED_WAITS, name, before > 0 ? then[g] / before : (double)NAN, now[g] / total);
        if (!hit)
            continue;
        hit->always &= then[g] >= now[g] / 2;
        snprintf(hit->text, sizeof hit->text, "%.1f of %.1f active sessions waited for %s%s%.60s%s", now[g],
                 total, name, event[g] ? " (" : "", event[g] ? event[g] : "", event[g] ? ")" : "");
        hit->view = "activity";
    }
}

/* ---- statements ---- */

/* The statement whose time a second grew most from the lowest rate, if its mean time grew, too. */
static void look_at_statements(struct search *s)
{
    double most = 0, seconds = (double)span_length(s->level->span) / 1e9,
           seconds_before = (double)span_length(s->lowest->span) / 1e9;
    struct query_stats worst = {.known = false}, worst_before = worst;
    const struct query *q = NULL;
    for (size_t i = 0; i < model_queries(s->m) && seconds > 0 && seconds_before > 0; i++) {
        struct query_stats now, before;
        query_stats(model_query(s->m, i), s->level->span, &now);
        query_stats(model_query(s->m, i), s->lowest->span, &before);
        if (!now.known || !before.known || !(before.mean_ns > 0) || !sd_known(now.total_ns) ||
            !sd_known(before.total_ns))
            continue;
        double grown = (double)now.total_ns / seconds - (double)before.total_ns / seconds_before;
        if (grown > most && now.mean_ns >= SATURATION_LIMITS[SATURATED_STATEMENT] * before.mean_ns) {
            most = grown;
            q = model_query(s->m, i);
            worst = now;
            worst_before = before;
        }
    }
    if (!q || (double)worst.total_ns / 1e9 / seconds < BUSY_LEAST)
        return;
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    struct saturation *hit =
        found(s, SATURATED_STATEMENT, query_key(q), 1, worst.mean_ns / worst_before.mean_ns);
    if (!hit)
        return;
    snprintf(hit->text, sizeof hit->text,
             "the statement %.80s: %s a call, %s at the lowest rate; it kept %.1f sessions busy",
             query_key(q), unit_format(UNIT_NS, worst.mean_ns, a),
             unit_format(UNIT_NS, worst_before.mean_ns, b), (double)worst.total_ns / 1e9 / seconds);
    hit->view = "query";
    snprintf(hit->arg, sizeof hit->arg, "%s", query_key(q));
}

/* ---- all of it ---- */

static int by_rate(const void *a, const void *b)
{
    const struct saturation_level *p = a, *q = b;
    return p->rate_per_s != q->rate_per_s ? (p->rate_per_s < q->rate_per_s ? -1 : 1)
           : p->span.from != q->span.from ? (p->span.from < q->span.from ? -1 : 1)
                                          : 0;
}

/* By the lowest rate; pressure says less than what it is for. */
static int by_weight(const void *a, const void *b)
{
    const struct saturation *p = a, *q = b;
    bool p_late = p->kind == SATURATED_PRESSURE, q_late = q->kind == SATURATED_PRESSURE;
    double p_over = p->value / SATURATION_LIMITS[p->kind], q_over = q->value / SATURATION_LIMITS[q->kind];
    if (p->always != q->always)
        return p->always ? 1 : -1;
    if (p->rate_per_s != q->rate_per_s)
        return p->rate_per_s < q->rate_per_s ? -1 : 1;
    if (p_late != q_late)
        return p_late ? 1 : -1;
    return p_over != q_over ? (p_over > q_over ? -1 : 1) : (int)p->kind - (int)q->kind;
}

size_t saturation_find(const struct model *m, const struct saturation_level *levels, size_t n,
                       struct saturation *out, size_t max)
{
    struct saturation_level *sorted = mem_array(n + 1, sizeof *sorted);
    size_t given = n;
    n = 0;
    for (size_t i = 0; i < given; i++)
        if (isfinite(levels[i].rate_per_s) && levels[i].span.to > levels[i].span.from)
            sorted[n++] = levels[i];
    if (n)
        qsort(sorted, n, sizeof *sorted, by_rate);
    struct search s = {.m = m, .lowest = sorted, .out = out, .max = max};
    for (size_t i = 0; i < n; i++) {
        s.level = &sorted[i];
        look_at_hosts(&s);
        look_at_pairs(&s);
        look_at_sessions(&s);
        if (i)
            look_at_statements(&s);
    }
    free(sorted);
    if (s.n)
        qsort(out, s.n, sizeof *out, by_weight);
    return s.n;
}
