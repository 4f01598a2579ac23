/* Where the time of an endpoint's requests goes, and against a budget of hops. */
#include "view/endpoints/endpoint_time.h"

#include <math.h>
#include <strings.h>

#include "base/num.h"
#include "core/insight/endpoint_time.h"
#include "view/endpoints/db_share.h"
#include "view/shared/common.h"

enum { T_PART, T_NS, T_SHARE, T_EVIDENCE, T_COLUMNS };
static const struct column TIME[T_COLUMNS] = {
    [T_PART] = {.key = "part",
                .title = "Where",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 14,
                .help = "own, database, cache, services, external, queue; of a log: proxy, upstream, queue"},
    [T_NS] = {.key = "mean_ns", .title = "A request", .unit = UNIT_NS, .help = "mean of a request"},
    [T_SHARE] = {.key = "share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .flags = COLUMN_BAR,
                 .help = "of its duration"},
    [T_EVIDENCE] = {.key = "evidence",
                    .title = "Known from",
                    .flags = COLUMN_LEFT,
                    .priority = 2,
                    .help = "traces: its newest ones, their critical path; access_log; sampled activity"},
};

enum { H_HOP, H_MAX, H_MEASURED, H_LEFT, H_EVIDENCE, H_COLUMNS };
static const struct column HOPS[H_COLUMNS] = {
    [H_HOP] = {.key = "hop",
               .title = "Hop",
               .flags = COLUMN_LEFT | COLUMN_GROW,
               .width = 14,
               .help = "name in the policy file"},
    [H_MAX] = {.key = "max_ns", .title = "Planned", .unit = UNIT_NS, .help = "what it may take"},
    [H_MEASURED] = {.key = "measured_ns",
                    .title = "Measured",
                    .unit = UNIT_NS,
                    .help = "mean of a request; null when nothing tells of that hop"},
    [H_LEFT] = {.key = "left_ns", .title = "Left", .unit = UNIT_NS, .help = "planned less measured"},
    [H_EVIDENCE] = {.key = "evidence",
                    .title = "Known from",
                    .flags = COLUMN_LEFT,
                    .priority = 2,
                    .help = "what was measured"},
};

/* What is known of the time. */
struct known_time {
    struct endpoint_time traces;
    double log_mean, queue, upstream; /* ns of a request, by the log; NAN */
    double sampled_db;                /* by sampled sessions; NAN */
};

static double each(int64_t total, const struct endpoint_stats *s)
{
    return sd_known(total) && s->timed > 0 ? (double)total / (double)s->timed : (double)NAN;
}

static struct known_time known_time(const struct view_ctx *c, const struct endpoint *e,
                                    const struct endpoint_stats *s)
{
    struct known_time k = {
        .log_mean = each(s->total_ns, s), .queue = each(s->queue_ns, s), .upstream = each(s->upstream_ns, s)};
    endpoint_time_of(c->model, e, c->span, &k.traces);
    k.sampled_db = db_share_of(c, e).share * k.log_mean;
    return k;
}

static void add_time(struct doc *d, struct table *t, const char *part, double ns, double all,
                     const char *evidence)
{
    struct row *r = doc_row(d, t);
    r->cells[T_PART] = cell_text(part);
    r->cells[T_NS] = cell_real(ns);
    r->cells[T_SHARE] = cell_real(all > 0 ? ns / all : (double)NAN);
    r->cells[T_EVIDENCE] = cell_text(evidence);
}

static void by_traces(struct doc *d, struct table *t, const struct endpoint_time *x)
{
    static const char *const names[] = {
#define PART_NAME(NAME, name, title) #name,
        TRACE_PARTS(PART_NAME)
#undef PART_NAME
    };
    for (size_t i = 0; i < TRACE_PARTS_N; i++)
        if (x->parts[i] > 0)
            add_time(d, t, names[i], x->parts[i], x->total_ns, "traces");
}

/* A proxy's log: what it waited itself, what the server behind took, and the rest. */
static void by_log(struct doc *d, struct table *t, const struct known_time *k, bool whole)
{
    double upstream = isfinite(k->upstream) ? k->upstream : 0, queue = isfinite(k->queue) ? k->queue : 0;
    if (isfinite(k->queue))
        add_time(d, t, "queue", k->queue, k->log_mean, "access_log");
    if (isfinite(k->upstream) && whole)
        add_time(d, t, "upstream", k->upstream, k->log_mean, "access_log");
    if (isfinite(k->upstream))
        add_time(d, t, "proxy", fmax(k->log_mean - upstream - queue, 0), k->log_mean, "access_log");
    if (isfinite(k->sampled_db) && whole)
        add_time(d, t, "database", k->sampled_db, k->log_mean, "sampled activity");
}

/* ---- against the plan ---- */

static bool is_word(const char *name, const char *const *words)
{
    for (; *words; words++)
        if (!strcasecmp(name, *words))
            return true;
    return false;
}

static double of_traces(const struct known_time *k, enum trace_part part, const char **evidence)
{
    *evidence = k->traces.traces ? "traces" : NULL;
    return k->traces.traces ? k->traces.parts[part] : (double)NAN;
}

static double of_database(const struct known_time *k, const char **evidence)
{
    double ns = of_traces(k, PART_DATABASE, evidence);
    if (isfinite(ns))
        return ns;
    *evidence = isfinite(k->sampled_db) ? "sampled activity" : NULL;
    return k->sampled_db;
}

static double of_service(const struct known_time *k, const char *name, const char **evidence)
{
    for (size_t i = 0; i < k->traces.n_services; i++)
        if (!strcasecmp(k->traces.services[i].service, name)) {
            *evidence = "traces";
            return k->traces.services[i].ns;
        }
    return NAN;
}

static double of_proxy(const struct known_time *k, const char **evidence)
{
    double queue = isfinite(k->queue) ? k->queue : 0;
    *evidence = isfinite(k->upstream) ? "access_log" : NULL;
    return fmax(k->log_mean - queue, 0) - k->upstream;
}

/* A metric that the hop is measured by: the mean of its newest values, in seconds or ns by its unit. */
static double of_metric(const struct view_ctx *c, const char *name, const char **evidence)
{
    struct metric_entry x[64];
    size_t n = model_metric_entries(c->model, name, c->now, x, ARRAY_LEN(x));
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i].value;
    *evidence = n ? "metric" : NULL;
    size_t len = strlen(name);
    bool seconds = len > 8 && !strcmp(name + len - 8, "_seconds");
    return n ? sum / (double)n * (seconds ? 1e9 : 1) : (double)NAN;
}

static double measured(const struct view_ctx *c, const struct known_time *k, const struct hop *h,
                       const char **evidence)
{
    static const char *const db[] = {"database", "db", "postgres", "postgresql", "mysql", "sql", NULL},
                             *const cache[] = {"cache", "redis", "memcached", "valkey", NULL},
                             *const proxy[] = {"gateway", "proxy",   "nginx",         "haproxy", "ingress",
                                               "envoy",   "traefik", "load balancer", "lb",      NULL},
                             *const queue[] = {"queue", "queueing", "queuing", NULL},
                             *const external[] = {"external", "third party", NULL},
                             *const own[] = {"own", "app", "application", "code", NULL};
    *evidence = NULL;
    if (h->signal && str_starts(h->signal, "metric:"))
        return of_metric(c, h->signal + strlen("metric:"), evidence);
    if (str_eq(h->signal, "db.latency"))
        return of_database(k, evidence);
    if (str_eq(h->signal, "http.latency")) {
        *evidence = isfinite(k->log_mean) ? "requests" : NULL;
        return k->log_mean;
    }
    double ns = of_service(k, h->name, evidence);
    if (isfinite(ns))
        return ns;
    if (is_word(h->name, queue) && isfinite(k->queue)) {
        *evidence = "access_log";
        return k->queue;
    }
    return is_word(h->name, db)         ? of_database(k, evidence)
           : is_word(h->name, cache)    ? of_traces(k, PART_CACHE, evidence)
           : is_word(h->name, proxy)    ? of_proxy(k, evidence)
           : is_word(h->name, queue)    ? of_traces(k, PART_QUEUE, evidence)
           : is_word(h->name, external) ? of_traces(k, PART_EXTERNAL, evidence)
           : is_word(h->name, own)      ? of_traces(k, PART_OWN, evidence)
                                        : (double)NAN;
}

static void add_hop(struct doc *d, struct table *t, const struct hop *h, double ns, const char *evidence)
{
    struct row *r = doc_row(d, t);
    double left = (double)h->max_ns - ns;
    r->cells[H_HOP] = cell_text(doc_text(d, h->name));
    r->cells[H_MAX] = cell_int(h->max_ns);
    r->cells[H_MEASURED] = cell_real(ns);
    r->cells[H_LEFT] = cell_real(left);
    r->cells[H_EVIDENCE] = cell_text(evidence ? evidence : "not measured");
    r->severity = left < 0 ? SEVERITY_WARN : SEVERITY_NONE;
}

static const char *budget_words(struct doc *d, const struct hop_plan *p, double mean)
{
    char sum[UNIT_TEXT_MAX], max[UNIT_TEXT_MAX], left[UNIT_TEXT_MAX], is[UNIT_TEXT_MAX];
    int64_t planned = hop_plan_sum(p), rest = add_sat(p->max_ns, -planned);
    unit_format_int(UNIT_NS, planned, sum);
    unit_format_int(UNIT_NS, p->max_ns, max);
    unit_format_int(UNIT_NS, rest < 0 ? -rest : rest, left);
    const char *words =
        doc_printf(d, "%s of %s planned, %s %s", sum, max, left, rest < 0 ? "too much" : "left");
    return isfinite(mean) ? doc_printf(d, "%s; measured %s, the mean of a request", words,
                                       unit_format(UNIT_NS, mean, is))
                          : words;
}

static void against_plan(struct doc *d, const struct view_ctx *c, const struct endpoint *e,
                         const struct known_time *k)
{
    const struct hop_plan *p = hop_plan_for(c->hops, endpoint_method(e), endpoint_route(e));
    if (!p)
        return;
    struct section *s = doc_table(d, "hops", doc_printf(d, "Budget \"%s\"", p->name), HOPS, H_COLUMNS);
    s->table.sort_column = -1;
    s->min_height = 3;
    double mean = isfinite(k->log_mean) ? k->log_mean : k->traces.traces ? k->traces.total_ns : (double)NAN;
    for (size_t i = 0; i < p->n; i++) {
        const char *evidence;
        double ns = measured(c, k, &p->hops[i], &evidence);
        add_hop(d, &s->table, &p->hops[i], ns, evidence);
    }
    s->note = budget_words(d, p, mean);
    doc_field(d, "hops_budget_ns", UNIT_NS, cell_int(p->max_ns));
    doc_field(d, "hops_planned_ns", UNIT_NS, cell_int(hop_plan_sum(p)));
    doc_field(d, "hops_left_ns", UNIT_NS, cell_int(add_sat(p->max_ns, -hop_plan_sum(p))));
}

void endpoint_time_sections(struct doc *d, const struct view_ctx *c, const struct endpoint *e,
                            const struct endpoint_stats *s)
{
    struct known_time k = known_time(c, e, s);
    bool log = isfinite(k.queue) || isfinite(k.upstream);
    if (k.traces.traces || log) {
        struct section *t = doc_table(d, "time", "Where its time goes", TIME, T_COLUMNS);
        t->table.sort_column = -1;
        t->min_height = 3;
        if (k.traces.traces) {
            char n[UNIT_TEXT_MAX];
            by_traces(d, &t->table, &k.traces);
            t->note = doc_printf(d, "the critical path of %s trace%s",
                                 unit_format_int(UNIT_COUNT, (int64_t)k.traces.traces, n),
                                 k.traces.traces == 1 ? "" : "s");
        }
        by_log(d, &t->table, &k, !k.traces.traces);
    }
    against_plan(d, c, e, &k);
}
