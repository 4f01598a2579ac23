#include "core/insight/host_use.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "core/labels.h"

enum { SERIES_MAX = 8192 };

enum how { HOW_ONE, HOW_LARGEST, HOW_SUM, HOW_SOME };

static const struct {
    const char *metric, *part;
    enum how how;
} FIGURES[HOST_FIGURES_N] = {
#define FIGURE_ROW(UPPER, key, metric_, part_, how_)                                                         \
    [HOST_##UPPER] = {.metric = metric_, .part = part_, .how = HOW_##how_},
    HOST_FIGURES(FIGURE_ROW)
#undef FIGURE_ROW
};

static int figure_of(const struct metric_info *e)
{
    for (int f = 0; f < HOST_FIGURES_N; f++)
        if (strlen(FIGURES[f].metric) == e->name_len && !memcmp(FIGURES[f].metric, e->name, e->name_len))
            return f;
    return -1;
}

static void name_host(const struct metric_info *e, char out[HOST_NAME_BYTES])
{
    if (!label_value(e->labels, "host", out, HOST_NAME_BYTES))
        snprintf(out, HOST_NAME_BYTES, "%.*s", (int)MIN(e->origin_len, (size_t)HOST_NAME_BYTES - 1),
                 e->origin);
}

/* Its figure in the window; NAN also for pressure under which all waited, which is part of that of some. */
static double figure(const struct metric_info *e, int f, struct span window)
{
    char kind[8];
    if (FIGURES[f].how == HOW_SOME && label_value(e->labels, "kind", kind, sizeof kind) &&
        !str_eq(kind, "some"))
        return (double)NAN;
    return FIGURES[f].how == HOW_SUM ? metric_growth(e, window) : metric_mean(e, window);
}

/* The series of machines. Caller frees. */
static struct metric_info *series(const struct model *m, size_t *n)
{
    struct metric_info *e = mem_array(SERIES_MAX, sizeof *e);
    *n = model_metric_named(m, "host.", e, SERIES_MAX);
    *n += model_metric_named(m, "cgroup.", e + *n, SERIES_MAX - *n);
    return e;
}

static struct host_use *use_of(struct host_use *out, size_t *n, size_t max, const char *host)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(out[i].host, host))
            return &out[i];
    if (*n == max)
        return NULL;
    struct host_use *u = &out[(*n)++];
    *u = (struct host_use){.samples = 0};
    snprintf(u->host, sizeof u->host, "%s", host);
    for (int f = 0; f < HOST_FIGURES_N; f++)
        u->figures[f] = (double)NAN;
    return u;
}

static void take(struct host_use *u, const struct metric_info *e, int f, double v)
{
    double *was = &u->figures[f];
    if (FIGURES[f].how == HOW_SUM) {
        *was = isnan(*was) ? v : *was + v;
        return;
    }
    if (!isnan(*was) && *was >= v)
        return;
    *was = v;
    if (f == HOST_FILESYSTEM || f == HOST_DISK_BUSY)
        label_value(e->labels, FIGURES[f].part, f == HOST_FILESYSTEM ? u->fullest : u->busiest,
                    HOST_NAME_BYTES);
}

static int by_host(const void *a, const void *b)
{
    return strcmp(((const struct host_use *)a)->host, ((const struct host_use *)b)->host);
}

size_t host_uses(const struct model *m, struct span window, const char *only, struct host_use *out,
                 size_t max)
{
    size_t n_series, n = 0;
    struct metric_info *e = series(m, &n_series);
    char host[HOST_NAME_BYTES];
    for (size_t i = 0; i < n_series; i++) {
        int f = figure_of(&e[i]);
        double v = f < 0 ? (double)NAN : figure(&e[i], f, window);
        if (isnan(v))
            continue;
        name_host(&e[i], host);
        struct host_use *u = only && !str_eq(only, host) ? NULL : use_of(out, &n, max, host);
        if (!u)
            continue;
        take(u, &e[i], f, v);
        if (f == HOST_CPU)
            u->samples +=
                metric_points(&e[i], (struct span){add_sat(window.from, 1), window.to}); /* behind it */
    }
    free(e);
    if (n)
        qsort(out, n, sizeof *out, by_host);
    return n;
}

void host_cpu_series(const struct model *m, const char *only, struct span window, size_t n, double *out)
{
    struct metric_info *e = mem_array(HOST_USES_MAX, sizeof *e);
    size_t n_series = model_metric_named(m, "host.cpu", e, HOST_USES_MAX);
    double step = ((double)window.to - (double)window.from) / (double)n;
    char host[HOST_NAME_BYTES];
    for (size_t k = 0; k < n; k++) {
        struct span part = {add_sat(window.from, real_to_int((double)k * step)),
                            add_sat(window.from, real_to_int((double)(k + 1) * step))};
        double sum = 0;
        size_t known = 0;
        for (size_t i = 0; i < n_series; i++) {
            name_host(&e[i], host);
            double v = figure_of(&e[i]) != HOST_CPU || (only && !str_eq(only, host))
                           ? (double)NAN
                           : metric_mean(&e[i], part);
            if (!isnan(v)) {
                sum += v;
                known++;
            }
        }
        out[k] = known ? sum / (double)known : (double)NAN;
    }
    free(e);
}

/* ---- parts ---- */

static enum host_part_kind kind_of(int f)
{
    return f == HOST_FILESYSTEM                              ? HOST_PART_FILESYSTEM
           : f == HOST_NET_RECEIVE || f == HOST_NET_TRANSMIT ? HOST_PART_NETWORK
                                                             : HOST_PART_DISK;
}

static int by_number(double a, double b) /* the largest first, unknown last */
{
    a = isnan(a) ? -1 : a;
    b = isnan(b) ? -1 : b;
    return (a < b) - (a > b);
}

static int by_part(const void *a, const void *b)
{
    const struct host_part *p = a, *q = b;
    int c = strcmp(p->host, q->host);
    if (!c && p->kind != q->kind)
        c = p->kind < q->kind ? -1 : 1;
    if (!c)
        c = by_number(p->share, q->share);
    if (!c)
        c = by_number(p->in + p->out, q->in + q->out);
    return c ? c : strcmp(p->name, q->name);
}

static struct host_part *part_of(struct host_part *out, size_t *n, size_t max, const struct host_part *like)
{
    for (size_t i = 0; i < *n; i++)
        if (out[i].kind == like->kind && str_eq(out[i].host, like->host) && str_eq(out[i].name, like->name))
            return &out[i];
    if (*n == max)
        return NULL;
    out[*n] = *like;
    return &out[(*n)++];
}

size_t host_parts(const struct model *m, struct span window, const char *only, struct host_part *out,
                  size_t max)
{
    size_t n_series, n = 0;
    struct metric_info *e = series(m, &n_series);
    for (size_t i = 0; i < n_series; i++) {
        int f = figure_of(&e[i]);
        struct host_part p = {.share = (double)NAN, .in = (double)NAN, .out = (double)NAN};
        if (f < 0 || !FIGURES[f].part || !label_value(e[i].labels, FIGURES[f].part, p.name, sizeof p.name))
            continue;
        name_host(&e[i], p.host);
        p.kind = kind_of(f);
        double v = figure(&e[i], f, window);
        struct host_part *to = isnan(v) || (only && !str_eq(only, p.host)) ? NULL : part_of(out, &n, max, &p);
        if (!to)
            continue;
        if (f == HOST_FILESYSTEM || f == HOST_DISK_BUSY)
            to->share = v;
        else if (f == HOST_DISK_READ || f == HOST_NET_RECEIVE)
            to->in = v;
        else
            to->out = v;
    }
    free(e);
    if (n)
        qsort(out, n, sizeof *out, by_part);
    return n;
}
