/* Hosts: a row for each machine of a history - is it recorded, and how does it behave beside the others? */
#include "view/hosts/hosts.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/insight/host_outliers.h"
#include "core/model/histories.h"
#include "core/name_index.h"
#include "view/hosts/resources.h"
#include "view/shared/common.h"
#include "view/shared/linked.h"

#define LATE (60 * SD_S) /* without anything for longer than that */
#define SKEW (5 * SD_S)  /* clocks that differ by more */
enum { HOSTS_MOST = 4096 };

enum {
    H_HOST,
    H_HEALTH,
    H_RATE,
    H_P50,
    H_P95,
    H_P99,
    H_ERRORS,
    H_OUTLIER,
    H_LAG,
    H_GAPS,
    H_GAP,
    H_LOST,
    H_SKEW,
    H_VERSION,
    H_COLUMNS
};

static const struct column COLUMNS[H_COLUMNS] = {
    [H_HOST] = {.key = "host",
                .title = "Host",
                .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_ASCENDING,
                .width = 10,
                .help = "the machine's name"},
    [H_HEALTH] = {.key = "health",
                  .title = "Health",
                  .flags = COLUMN_LEFT,
                  .help =
                      "late: nothing of it for more than a minute before the newest of all; lost: records "
                      "could not be kept; skew: its clock differs by more than 5 s; gaps: there were times "
                      "in which nobody recorded; else ok; unknown: the history does not tell"},
    [H_RATE] = {.key = "rate_per_s",
                .title = "Rate",
                .unit = UNIT_PER_S,
                .priority = 0.8,
                .help = "requests per second"},
    [H_P50] = {.key = "p50_ns", .title = "P50", .unit = UNIT_NS, .priority = 2, .help = "of its requests"},
    [H_P95] = {.key = "p95_ns", .title = "P95", .unit = UNIT_NS, .priority = 0.9, .help = "likewise"},
    [H_P99] = {.key = "p99_ns", .title = "P99", .unit = UNIT_NS, .help = "likewise"},
    [H_ERRORS] = {.key = "error_share",
                  .title = "Errors",
                  .unit = UNIT_SHARE,
                  .priority = 0.6,
                  .help = "requests that failed, of all"},
    [H_OUTLIER] = {.key = "outlier",
                   .title = "Unlike the others",
                   .flags = COLUMN_LEFT,
                   .width = 17,
                   .priority = 0.7,
                   .help =
                       "the figure that sets it apart and how many times the median of the machines it is; "
                       "see HOSTS; null: it is as the others, or they are too few to say"},
    [H_LAG] = {.key = "lag_ns",
               .title = "Behind",
               .unit = UNIT_NS,
               .priority = 1,
               .help = "the newest of all machines, live the present, minus its newest"},
    [H_GAPS] = {.key = "gaps",
                .title = "Gaps",
                .unit = UNIT_COUNT,
                .priority = 3,
                .help = "times in which nobody recorded it"},
    [H_GAP] =
        {.key = "gap_ns", .title = "In all", .unit = UNIT_NS, .priority = 4, .help = "their length in all"},
    [H_LOST] = {.key = "lost",
                .title = "Lost",
                .unit = UNIT_COUNT,
                .priority = 4,
                .help = "records that could not be kept"},
    [H_SKEW] = {.key = "skew_ns",
                .title = "Skew",
                .unit = UNIT_NS,
                .priority = 3,
                .help = "its clock minus the engine's; null: a file has no clock"},
    [H_VERSION] = {.key = "version",
                   .title = "Version",
                   .flags = COLUMN_LEFT,
                   .priority = 5,
                   .help = "of the slowdive that recorded last"},
};

/* ---- the figures ---- */

enum { F_RATE, F_P50, F_P95, F_P99, F_ERRORS, F_N };

struct hosts_subject hosts_subject(const char *endpoint)
{
    const char *p = endpoint ? endpoint : "";
    size_t n = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (!n || p[n] != ' ')
        return (struct hosts_subject){.route = endpoint ? mem_strdup(endpoint) : NULL};
    return (struct hosts_subject){.method = mem_strndup(p, n), .route = mem_strdup(p + n + 1)};
}

static void figures_of(const struct hosts_subject *of, struct goal_figure out[F_N])
{
    static const struct {
        enum goal_signal signal;
        double quantile;
    } FIGURES[F_N] = {[F_RATE] = {GOAL_HTTP_RATE, NAN},
                      [F_P50] = {GOAL_HTTP_LATENCY, 0.50},
                      [F_P95] = {GOAL_HTTP_LATENCY, 0.95},
                      [F_P99] = {GOAL_HTTP_LATENCY, 0.99},
                      [F_ERRORS] = {GOAL_HTTP_ERRORS, NAN}};
    for (size_t i = 0; i < F_N; i++)
        out[i] = (struct goal_figure){.signal = FIGURES[i].signal,
                                      .quantile = FIGURES[i].quantile,
                                      .per = GOAL_PER_HOST,
                                      .match = {.route = of->route, .method = of->method}};
}

void hosts_want(struct signals *s, const struct hosts_subject *of, int64_t window_ns)
{
    struct goal_figure f[F_N];
    figures_of(of, f);
    for (size_t i = 0; i < F_N; i++)
        signals_want(s, &f[i], window_ns);
}

struct machine {
    const char *name;
    const struct sd_history_host *told; /* NULL: only its requests are known */
    double values[F_N];
    int64_t timed, requests;
};
struct machines {
    struct machine *items;
    size_t n, cap;
    struct name_index names;
};

static struct machine *machine_of(struct machines *all, const char *name)
{
    uint32_t i = name_index_of(&all->names, name);
    if (i == all->n) {
        all->items = mem_grow(all->items, all->n, &all->cap, sizeof *all->items);
        all->items[all->n] = (struct machine){.name = name};
        for (size_t f = 0; f < F_N; f++)
            all->items[all->n].values[f] = (double)NAN;
        all->n++;
    }
    return &all->items[i];
}

static void add_figures(struct machines *all, const struct view_ctx *c, struct doc *d, struct span w)
{
    struct goal_figure f[F_N];
    struct hosts_subject of = hosts_subject(c->arg);
    struct signal_value *v = mem_array(HOSTS_MOST, sizeof *v);
    figures_of(&of, f);
    for (size_t k = 0; c->signals && k < F_N; k++) {
        size_t n = signals_values(c->signals, &f[k], w.to, span_length(w), v, HOSTS_MOST);
        for (size_t i = 0; i < n; i++) {
            if (!v[i].instance || !v[i].samples)
                continue;
            struct machine *m = machine_of(all, doc_text(d, v[i].instance));
            m->values[k] = v[i].value;
            if (k == F_RATE)
                m->requests = v[i].samples;
            if (k == F_P95)
                m->timed = v[i].samples;
        }
    }
    free(of.method);
    free(of.route);
    free(v);
}

static void add_told(struct machines *all, const struct view_ctx *c)
{
    const struct sd_history_host **h = mem_array(HOSTS_MOST, sizeof *h);
    size_t n = model_history_hosts(c->model, h, HOSTS_MOST);
    for (size_t i = 0; i < n; i++)
        if (h[i]->name)
            machine_of(all, h[i]->name)->told = h[i];
    free(h);
}

/* ---- rows ---- */

static sd_time newest_of_all(const struct machines *all)
{
    sd_time newest = SD_UNKNOWN;
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].told)
            newest = MAX(newest, all->items[i].told->newest);
    return newest;
}

static bool is_more(int64_t v, int64_t than)
{
    return sd_known(v) && v > than;
}

static const char *health_of(const struct machine *m, int64_t lag, enum severity *severity)
{
    const struct sd_history_host *h = m->told;
    *severity = SEVERITY_NONE;
    if (!h)
        return "unknown";
    if (is_more(lag, LATE)) {
        *severity = SEVERITY_BAD;
        return "late";
    }
    bool skewed = sd_known(h->skew_ns) && (h->skew_ns > SKEW || h->skew_ns < -SKEW);
    const char *word = is_more(h->lost, 0) ? "lost" : skewed ? "skew" : is_more(h->gaps, 0) ? "gaps" : "ok";
    if (!str_eq(word, "ok"))
        *severity = SEVERITY_WARN;
    return word;
}

static const char *outlier_text(struct doc *d, const struct host_outlier *o)
{
    static const char *const NAMES[] = {
        [OUTLIER_P99] = "p99", [OUTLIER_P95] = "p95", [OUTLIER_ERRORS] = "errors", [OUTLIER_RATE] = "rate"};
    if (o->by == OUTLIER_NOT)
        return NULL;
    return isfinite(o->times) ? doc_printf(d, "%s %.3gx median", NAMES[o->by], o->times)
                              : doc_printf(d, "%s, only here", NAMES[o->by]);
}

static void fill(struct doc *d, struct row *r, const struct machine *m, const struct host_outlier *o,
                 sd_time newest)
{
    const struct sd_history_host *h = m->told;
    const char *name = doc_text(d, m->name), *text = outlier_text(d, o);
    int64_t lag = h && sd_known(h->newest) && sd_known(newest) ? sub_sat(newest, h->newest) : SD_UNKNOWN;
    r->cells[H_HOST] = cell_text(name);
    r->cells[H_HEALTH] = cell_text(health_of(m, lag, &r->severity));
    r->cells[H_RATE] = cell_real(m->values[F_RATE]);
    r->cells[H_P50] = cell_int(real_to_int(m->values[F_P50]));
    r->cells[H_P95] = cell_int(real_to_int(m->values[F_P95]));
    r->cells[H_P99] = cell_int(real_to_int(m->values[F_P99]));
    r->cells[H_ERRORS] = cell_real(m->values[F_ERRORS]);
    r->cells[H_OUTLIER] = cell_text(text);
    r->cells[H_LAG] = cell_int(lag);
    r->cells[H_GAPS] = cell_int(h ? h->gaps : SD_UNKNOWN);
    r->cells[H_GAP] = cell_int(h ? h->gap_ns : SD_UNKNOWN);
    r->cells[H_LOST] = cell_int(h ? h->lost : SD_UNKNOWN);
    r->cells[H_SKEW] = cell_int(h ? h->skew_ns : SD_UNKNOWN);
    r->cells[H_VERSION] = cell_text(h ? doc_text(d, h->version) : NULL);
    if (text)
        r->severity = MAX(r->severity, SEVERITY_WARN);
    r->dive = (struct dive){.view = "endpoints", .choose = RESOURCES_HOST_CHOICE, .choice = name};
}

static void judge(const struct machines *all, struct host_outlier *out)
{
    struct host_figures *f = mem_array(all->n + 1, sizeof *f);
    for (size_t i = 0; i < all->n; i++) {
        const struct machine *m = &all->items[i];
        f[i] = (struct host_figures){.rate = m->values[F_RATE],
                                     .p95_ns = m->values[F_P95],
                                     .p99_ns = m->values[F_P99],
                                     .error_share = m->values[F_ERRORS],
                                     .timed = m->timed,
                                     .requests = m->requests};
    }
    host_outliers(f, all->n, out);
    free(f);
}

static int by_name(const void *a, const void *b)
{
    const struct machine *x = *(const struct machine *const *)a, *y = *(const struct machine *const *)b;
    return strcmp(x->name, y->name);
}

/* By name, those unlike the others first. */
static const struct machine **ordered(const struct machines *all, const struct host_outlier *o)
{
    const struct machine **out = mem_array(all->n + 1, sizeof *out);
    size_t n = 0, outliers;
    for (size_t i = 0; i < all->n; i++)
        if (o[i].by != OUTLIER_NOT)
            out[n++] = &all->items[i];
    outliers = n;
    for (size_t i = 0; i < all->n; i++)
        if (o[i].by == OUTLIER_NOT)
            out[n++] = &all->items[i];
    qsort(out, outliers, sizeof *out, by_name);
    qsort(out + outliers, n - outliers, sizeof *out, by_name);
    return out;
}

static struct doc *build_hosts(const struct view_ctx *c)
{
    struct doc *d = doc_new("hosts", "Hosts");
    struct span w = common_span(c);
    struct machines all = {.n = 0};
    common_envelope(d, c, w);
    doc_field(d, "endpoint", UNIT_NONE, cell_text(c->arg ? doc_text(d, c->arg) : NULL));
    struct section *s =
        doc_table(d, "rows", c->arg ? doc_printf(d, "Machines, %s", c->arg) : "Machines", COLUMNS, H_COLUMNS);
    if (sd_known(w.from) && w.to > w.from)
        add_figures(&all, c, d, w);
    add_told(&all, c);
    struct host_outlier *o = mem_array(all.n + 1, sizeof *o);
    sd_time newest = c->live ? MAX(c->now, newest_of_all(&all)) : newest_of_all(&all);
    int64_t requests = 0;
    judge(&all, o);
    const struct machine **order = ordered(&all, o);
    for (size_t i = 0; i < all.n; i++) {
        fill(d, doc_row(d, &s->table), order[i], &o[order[i] - all.items], newest);
        requests = add_sat(requests, order[i]->requests);
    }
    free(order);
    s->note = all.n ? common_note(d, c,
                                  &(struct note){.n = requests,
                                                 .what = requests == 1 ? "request" : "requests",
                                                 .span = w,
                                                 .last = SD_UNKNOWN})
                    : NULL;
    s->empty = doc_text(d, "No history tells of machines here.\n"
                           "Record into one and open it: slowdive record -o history:PATH access.log");
    name_index_free(&all.names);
    free(all.items);
    free(o);
    return d;
}

/* An endpoint on each machine. */
static void hosts_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    const struct sd_history_host *h[2];
    if (str_eq(what, "endpoint") && model_history_hosts(c->model, h, ARRAY_LEN(h)))
        linked_add(l, (struct linked){.label = "by host",
                                      .n = LINKED_UNCOUNTED,
                                      .view = "hosts",
                                      .arg = arena_strdup(l->arena, name)});
}

static const struct column ALSO[] = {
    {.key = "endpoint",
     .title = "Endpoint",
     .help = "whose requests the figures are of (--select); null: all"},
};

const struct view hosts_view = {
    .name = "hosts",
    .place = PLACE_DATA,
    .title = "Hosts",
    .summary =
        "machines of a history: whether each is recorded, its figures, and which are unlike the others",
    .lists = "host",
    .thing = "host",
    .needs = SD_KIND_BIT(SD_HISTORY_HOST),
    .build = build_hosts,
    .linked = hosts_linked,
    .links = (const char *const[]){"resources", "endpoints", "sources", NULL},
    .columns = COLUMNS,
    .n_columns = H_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
