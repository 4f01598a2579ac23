/* Resources: a row for each machine, and its processors over the latency of the same intervals. */
#include "view/hosts/resources.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/model/histories.h"
#include "view/action.h"
#include "view/hosts/hosts.h"
#include "view/shared/common.h"

#define MINUTE (60 * SD_S)
#define HOLDS  MINUTE /* a sample tells of the time before it: so far a line is drawn without the next */
enum { INTERVALS_MAX = 120, HOLDS_MOST = 600 };

enum {
    R_HOST,
    R_CPU,
    R_COLUMNS = R_CPU + HOST_PRESSURE_IO + 1
}; /* the figures from CPU on, in their order */

#define SHARE(key_, title_, priority_, help_)                                                                \
    {                                                                                                        \
        .key = key_, .title = title_, .unit = UNIT_SHARE, .priority = priority_, .help = help_               \
    }
#define RATE(key_, title_, priority_, help_)                                                                 \
    {                                                                                                        \
        .key = key_, .title = title_, .unit = UNIT_BYTES, .priority = priority_, .help = help_               \
    }
static const struct column COLUMNS[R_COLUMNS] = {
    [R_HOST] = {.key = "host",
                .title = "Host",
                .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_ASCENDING,
                .width = 10,
                .help = "the machine's name"},
    [R_CPU + HOST_CPU] =
        SHARE("cpu_share", "CPU", 0,
              "processors not idle, of all; waiting for I/O and time that the hypervisor took "
              "are not busy; as all shares the mean of the samples of the window"),
    [R_CPU + HOST_MEMORY] = SHARE("memory_share", "Memory", 0, "1 - MemAvailable / MemTotal"),
    [R_CPU + HOST_SWAP] = SHARE("swap_share", "Swap", 5, "swap in use; null: there is none"),
    [R_CPU + HOST_FILESYSTEM] =
        SHARE("filesystem_share", "Disk full", 1, "the fullest filesystem on a disk, as df counts it"),
    [R_CPU + HOST_DISK_BUSY] = SHARE("disk_busy_share", "Disk busy", 1,
                                     "the busiest disk: share of the time in which it had something to do"),
    [R_CPU + HOST_DISK_READ] = RATE("disk_read_bytes_per_s", "Read/s", 4, "read from all disks"),
    [R_CPU + HOST_DISK_WRITE] = RATE("disk_write_bytes_per_s", "Written/s", 4, "written to all disks"),
    [R_CPU + HOST_NET_RECEIVE] =
        RATE("net_receive_bytes_per_s", "In/s", 3, "received by all network interfaces but lo"),
    [R_CPU + HOST_NET_TRANSMIT] = RATE("net_transmit_bytes_per_s", "Out/s", 3, "sent by them"),
    [R_CPU + HOST_PRESSURE_CPU] =
        SHARE("pressure_cpu_share", "Wait CPU", 2, "time in which a task waited for a processor (PSI, some)"),
    [R_CPU + HOST_PRESSURE_MEMORY] = SHARE("pressure_memory_share", "Wait mem", 2, "the same for memory"),
    [R_CPU + HOST_PRESSURE_IO] = SHARE("pressure_io_share", "Wait I/O", 2, "the same for a disk"),
};

struct span resources_window(const struct view_ctx *c)
{
    if (!span_is_all(c->span))
        return c->span;
    sd_time to = c->goals_at ? c->goals_at : c->now; /* 0: nobody said */
    return (struct span){add_sat(to, -RESOURCES_WINDOW), to};
}

static void fill_host(struct doc *d, struct row *r, const struct host_use *u)
{
    r->cells[R_HOST] = cell_text(doc_text(d, u->host));
    for (int f = 0; f < HOST_FIGURES_N; f++) {
        if (R_CPU + f < R_COLUMNS)
            r->cells[R_CPU + f] = cell_real(u->figures[f]);
        r->severity = MAX(r->severity, host_severity(u, (enum host_figure)f));
    }
}

/* ---- what is fullest ---- */

enum { P_HOST, P_KIND, P_NAME, P_SHARE, P_IN, P_OUT, P_COLUMNS };
static const struct column PARTS[P_COLUMNS] = {
    [P_HOST] = {.key = "host", .title = "Host", .flags = COLUMN_LEFT, .priority = 1, .help = "the machine"},
    [P_KIND] = {.key = "kind", .title = "What", .flags = COLUMN_LEFT, .help = "filesystem, disk or network"},
    [P_NAME] = {.key = "name",
                .title = "Where",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 12,
                .help = "the mount, device or interface"},
    [P_SHARE] = {.key = "share",
                 .title = "Full, busy",
                 .unit = UNIT_SHARE,
                 .help = "of a filesystem in use, of the time that a disk was busy; null of a network"},
    [P_IN] = {.key = "in_bytes_per_s",
              .title = "Read, in/s",
              .unit = UNIT_BYTES,
              .help = "read from a disk, received; null of a filesystem"},
    [P_OUT] = {.key = "out_bytes_per_s",
               .title = "Written, out/s",
               .unit = UNIT_BYTES,
               .help = "written to a disk, sent; null of a filesystem"},
};

static void add_parts(struct doc *d, const struct view_ctx *c, struct span w, const char *only)
{
    static const char *const KINDS[] = {
        [HOST_PART_FILESYSTEM] = "filesystem", [HOST_PART_DISK] = "disk", [HOST_PART_NETWORK] = "network"};
    struct host_part *p = mem_array(HOST_PARTS_MAX, sizeof *p);
    size_t n = host_parts(c->model, w, only, p, HOST_PARTS_MAX);
    struct section *s = doc_table(d, "parts", "Disks and networks", PARTS, P_COLUMNS);
    for (size_t i = 0; i < n; i++) {
        if (p[i].kind == HOST_PART_NETWORK && !(p[i].in + p[i].out > 0))
            continue; /* machines have many interfaces that nobody uses */
        struct row *r = doc_row(d, &s->table);
        r->cells[P_HOST] = cell_text(doc_text(d, p[i].host));
        r->cells[P_KIND] = cell_text(KINDS[p[i].kind]);
        r->cells[P_NAME] = cell_text(doc_text(d, p[i].name));
        r->cells[P_SHARE] = cell_real(p[i].share);
        r->cells[P_IN] = cell_real(p[i].in);
        r->cells[P_OUT] = cell_real(p[i].out);
        if (p[i].kind == HOST_PART_FILESYSTEM)
            r->severity = resources_severity(HOST_FILESYSTEM, p[i].share);
    }
    s->kinds = SD_KIND_BIT(SD_METRIC);
    s->weight = 1;
    s->empty = doc_text(d, "No disk and no network has told of itself in this time window.");
    free(p);
}

static const struct column LIMITED[] = {
    {.key = "host", .title = "Host", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 10, .help = "the machine"},
    {.key = "cpu_share",
     .title = "CPU of quota",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .help = "processor time used, of the cgroup's quota; null: it has none"},
    {.key = "throttled_share",
     .title = "Stopped",
     .unit = UNIT_SHARE,
     .help = "periods of the quota in which it was used up and the cgroup was stopped"},
    {.key = "memory_share",
     .title = "Memory of limit",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .help =
         "memory in use without file pages that can be dropped, of the cgroup's limit; null: it has none"},
};

/* Of the cgroups that slowdive itself runs in: in a container these are what there is. */
static void add_limits(struct doc *d, const struct host_use *u, size_t n)
{
    struct section *s = NULL;
    for (size_t i = 0; i < n; i++) {
        const double *f = u[i].figures;
        if (isnan(f[HOST_CGROUP_CPU]) && isnan(f[HOST_CGROUP_MEMORY]))
            continue;
        if (!s)
            s = doc_table(d, "limits", "Limits of slowdive's own cgroup", LIMITED, ARRAY_LEN(LIMITED));
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(doc_text(d, u[i].host));
        r->cells[1] = cell_real(f[HOST_CGROUP_CPU]);
        r->cells[2] = cell_real(f[HOST_CGROUP_THROTTLED]);
        r->cells[3] = cell_real(f[HOST_CGROUP_MEMORY]);
    }
}

/* ---- beside the latency ---- */

static const struct column SERIES[] = {
    {.key = "at", .title = "At", .unit = UNIT_TIME, .help = "start of the interval"},
    {.key = "cpu_share", .title = "CPU", .unit = UNIT_SHARE, .help = "of the machines listed, their mean"},
    {.key = "p95_ns", .title = "P95", .unit = UNIT_NS, .help = "of all requests"},
    {.key = "error_share", .title = "Errors", .unit = UNIT_SHARE, .help = "answered with status >= 500"},
    {.key = "rate_per_s", .title = "Rate", .unit = UNIT_PER_S, .help = "requests per second"},
};

/* A minute; for more than two hours the shortest of these that gives at most 120 intervals. */
static int64_t interval_of(struct span w)
{
    static const int64_t STEPS[] = {MINUTE,      5 * MINUTE,   10 * MINUTE,
                                    60 * MINUTE, 360 * MINUTE, 1440 * MINUTE};
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(STEPS) && span_length(w) / STEPS[i] > INTERVALS_MAX)
        i++;
    return MAX(STEPS[i], span_length(w) / (INTERVALS_MAX * 4));
}

/* Of all endpoints; unknown: there is none. */
static sd_time first_request(const struct model *m)
{
    struct endpoint_stats *s = mem_alloc(sizeof *s);
    sd_time first = SD_UNKNOWN;
    for (size_t i = 0; i < model_endpoints(m); i++) {
        endpoint_stats(model_endpoint(m, i), SPAN_ALL, s);
        if (sd_known(s->first) && (!sd_known(first) || s->first < first))
            first = s->first;
    }
    free(s);
    return first;
}

/* Only then is no request a rate of 0: a file that has ended does not tell. */
static bool somebody_listens(const struct view_ctx *c)
{
    enum { SOURCES_MAX = 64 };
    struct source_info info[SOURCES_MAX];
    size_t n = c->live ? model_sources(c->model, INT64_MAX, info, SOURCES_MAX) : 0;
    for (size_t i = 0; i < n; i++)
        if (info[i].status &&
            (info[i].status->state == SD_STATE_LIVE || info[i].status->state == SD_STATE_STALE))
            return true;
    return false;
}

static void add_series(struct doc *d, const struct view_ctx *c, struct span w, const char *only)
{
    int64_t step = interval_of(w);
    size_t n = span_length(w) > 0 ? 1 + (size_t)((span_length(w) - 1) / step) : 0;
    struct table *t = doc_list(d, SERIES, ARRAY_LEN(SERIES));
    sd_time first = first_request(c->model);
    bool live = somebody_listens(c);
    for (size_t k = 0; k < n; k++) {
        sd_time from = add_sat(w.from, mul_sat((int64_t)k, step));
        struct span part = {from, MIN(add_sat(from, step), w.to)};
        struct endpoint_point p;
        double cpu;
        host_cpu_series(c->model, only, part, 1, &cpu);
        model_requests_ended(c->model, part.from, part.to, &p);
        bool asked = p.count > 0 || (live && sd_known(first) && part.from >= first);
        struct cell *cells = doc_row(d, t)->cells;
        cells[0] = cell_int(part.from);
        cells[1] = cell_real(cpu);
        cells[2] = cell_int(p.p95);
        cells[3] = cell_real(sd_known(p.errors) ? num_ratio(p.errors, p.count) : (double)NAN);
        cells[4] = cell_real(asked ? (double)p.count / common_seconds(part) : (double)NAN);
    }
    doc_field(d, "series", UNIT_NONE, cell_list(t));
}

/* A sample is of the time since the one before, up to HOLDS: between them it stands for every point. */
static void cpu_line(const struct view_ctx *c, const char *only, struct span drawn, size_t n, double *out)
{
    double step = ((double)drawn.to - (double)drawn.from) / (double)n;
    size_t ahead = (size_t)fmin(ceil((double)HOLDS / fmax(step, 1)), HOLDS_MOST), all = n + ahead, next = all;
    sd_time from = add_sat(drawn.from, -real_to_int((double)ahead * step));
    double *v = mem_array(all, sizeof *v);
    host_cpu_series(c->model, only, (struct span){from, drawn.to}, all, v);
    for (size_t k = all; k-- > 0;) {
        if (isnan(v[k]))
            continue;
        for (size_t i = k + 1; next < all && next - k <= ahead && i < next; i++)
            v[i] = v[next];
        next = k;
    }
    memcpy(out, v + ahead, n * sizeof *v);
    free(v);
}

static void add_graphs(struct doc *d, const struct view_ctx *c, struct span w, const char *only)
{
    struct span drawn = common_drawn(c, w);
    size_t n = common_points(c, drawn);
    struct endpoint_point *p = mem_array(n, sizeof *p);
    struct section *s = common_graph(d, NULL, "CPU", UNIT_SHARE, drawn, n);
    struct graph_line *line = doc_line(d, &s->graph, "cpu_share");
    cpu_line(c, only, drawn, n, line->values);
    s->kinds = SD_KIND_BIT(SD_METRIC);
    s->across = true;
    s->empty = doc_text(d, "No machine has told of its processors in this time window.");
    s = common_graph(d, NULL, "P95 of all requests, same time", UNIT_NS, drawn, n);
    line = doc_line(d, &s->graph, "p95_ns");
    model_request_series(c->model, drawn, n, p);
    for (size_t k = 0; k < n; k++)
        line->values[k] = sd_known(p[k].p95) ? (double)p[k].p95 : (double)NAN;
    s->kinds = KINDS_HTTP;
    s->across = true;
    s->empty = doc_text(d, "No request with a duration in this time window: add an access log as a source.");
    free(p);
}

/* ---- the doc ---- */

static struct doc *build_resources(const struct view_ctx *c)
{
    struct doc *d = doc_new("resources", "Resources");
    struct span w = resources_window(c);
    const char *only = view_chosen_text(c, RESOURCES_HOST_CHOICE);
    struct host_use *u = mem_array(HOST_USES_MAX, sizeof *u);
    size_t n = host_uses(c->model, w, only, u, HOST_USES_MAX), samples = 0;
    common_envelope(d, c, w);
    struct section *s = doc_table(d, "rows", "Machines", COLUMNS, R_COLUMNS);
    for (size_t i = 0; i < n; i++) {
        fill_host(d, doc_row(d, &s->table), &u[i]);
        samples += u[i].samples;
    }
    s->kinds = SD_KIND_BIT(SD_METRIC);
    s->note = n ? common_note(d, c,
                              &(struct note){.n = (int64_t)samples,
                                             .what = samples == 1 ? "sample" : "samples",
                                             .span = w,
                                             .last = SD_UNKNOWN})
                : NULL;
    s->empty = only ? doc_printf(d, "No machine called \"%s\" has told of itself in this time window.", only)
                    : doc_text(d, "No machine has told of itself in this time window.\n"
                                  "Add this one as a source: slowdive resources host: access.log");
    add_graphs(d, c, w, only);
    add_series(d, c, w, only);
    add_limits(d, u, n);
    add_parts(d, c, w, only);
    free(u);
    return d;
}

/* Then every view can look at one machine. */
static bool has_history(const struct action_ctx *c)
{
    struct history_entry h[1];
    return model_histories(c->view.model, h, 1) > 0;
}

static bool has_hosts(const struct action_ctx *c, struct sd_error *why)
{
    struct metric_info e[1];
    return model_metric_named(c->view.model, "host.", e, 1) || has_history(c) || !c->view.key ||
           fail(why, "No machine has told of itself");
}

/* With the key alone: the machine of the selected row, and all again. */
static void run_host(const struct action_ctx *c, struct outcome *out)
{
    bool now = view_chosen_text(&c->view, RESOURCES_HOST_CHOICE) != NULL;
    bool hosts = c->on == &resources_view || c->on == &hosts_view;
    const char *host = c->arg ? c->arg : hosts && !now ? action_row_text(c, "host") : NULL;
    out->choose = RESOURCES_HOST_CHOICE;
    out->choice_text = host && *host ? arena_strdup(out->arena, host) : NULL;
    if (c->view.key && c->on != &resources_view && !has_history(c))
        out->view = "resources";
    outcome_message(out, SEVERITY_INFO, out->choice_text ? "Only the machine %s" : "All machines",
                    out->choice_text);
}

static const struct view_action HOST = {
    .name = "host",
    .keys = "I",
    .group = "Tables",
    .help = "only the selected machine, and all again",
    .args = "[NAME]",
    .args_help = "show that machine only: its resources, of a history everything; without a name, all",
    .enabled = has_hosts,
    .run = run_host,
};

const struct view_action *const RESOURCES_ACTIONS[] = {&HOST, NULL};

static const struct column ALSO[] = {
    {.key = "series",
     .title = "Beside the latency",
     .help =
         "intervals of the window: at (its start; a minute, longer for windows above two hours) cpu_share "
         "p95_ns error_share rate_per_s; null: no sample, or no request"},
    {.key = "limits",
     .title = "Limits",
     .help = "of the cgroup that slowdive runs in, such as a container: host cpu_share throttled_share "
             "memory_share; absent: it has no limits"},
    {.key = "parts",
     .title = "Disks and networks",
     .help = "each mount, disk and interface with traffic: host kind name share in_bytes_per_s "
             "out_bytes_per_s"},
};

const struct view resources_view = {
    .name = "resources",
    .aliases = "machines",
    .place = PLACE_HOME,
    .title = "Resources",
    .summary = "processors, memory, disks, networks and pressure of machines, beside the latency of the same "
               "intervals",
    .lists = "host",
    .thing = "host",
    .needs = SD_KIND_BIT(SD_METRIC),
    .build = build_resources,
    .links = (const char *const[]){"overview", "endpoints", "metrics", NULL},
    .actions = RESOURCES_ACTIONS,
    .worst = resources_worst,
    .linked = resources_linked,
    .columns = COLUMNS,
    .n_columns = R_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
    .verb_bytes = (size_t)256 << 20, /* each second of the window, of 1,000 endpoints */
};
