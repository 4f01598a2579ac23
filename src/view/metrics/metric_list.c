/* Metrics: every series of every source, as it was reported: its value, or of a counter its rate. */
#include "view/metrics/metric_list.h"

#include <stdlib.h>

#include "view/shared/common.h"

enum { ROWS_MAX = 20000, TREND_POINTS = 16, TREND_ROWS = 2000 };

enum { M_NAME, M_LABELS, M_SHOWN, M_TREND, M_VALUE, M_PER_S, M_UNIT, M_COUNTER, M_AT, M_SOURCE, M_COLUMNS };

static const struct column COLUMNS[M_COLUMNS] = {
    [M_NAME] = {.key = "name",
                .title = "Metric",
                .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_ASCENDING,
                .width = 24,
                .help = "what is measured"},
    [M_LABELS] = {.key = "labels",
                  .title = "Labels",
                  .flags = COLUMN_LEFT,
                  .width = 24,
                  .priority = 1,
                  .help = "key=value pairs, comma separated; \\, \\= \\\\ and \\n in values"},
    [M_SHOWN] = {.key = "shown",
                 .title = "Value",
                 .flags = COLUMN_NO_JSON,
                 .width = 12,
                 .help = "the value; of a counter its growth per second, if there are two readings"},
    [M_TREND] = {.key = "trend",
                 .title = "Trend",
                 .unit = UNIT_SHARE,
                 .priority = 2,
                 .help =
                     "how the value, of a counter the growth, of the second half of the time window differs "
                     "from the first; null: unknown, or the list has more than 2,000 series"},
    [M_VALUE] = {.key = "value",
                 .title = "Last",
                 .flags = COLUMN_HIDDEN,
                 .help = "last value, in `unit`; null: it has none, or the series is gone"},
    [M_PER_S] = {.key = "per_s",
                 .title = "Per second",
                 .flags = COLUMN_HIDDEN,
                 .help = "of a counter: growth per second, in `unit`; a fall is a restart from 0; null: one "
                         "reading, or no counter"},
    [M_UNIT] = {.key = "unit",
                .title = "Unit",
                .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                .help = "ns, bytes, share, count or time (ns since 1970); null: the name says none"},
    [M_COUNTER] = {.key = "counter", .title = "Counter", .flags = COLUMN_HIDDEN, .help = "it only grows"},
    [M_AT] = {.key = "at",
              .title = "At",
              .unit = UNIT_TIME,
              .flags = COLUMN_HIDDEN,
              .help = "time of the last value"},
    [M_SOURCE] = {.key = "source",
                  .title = "Source",
                  .flags = COLUMN_LEFT,
                  .priority = 3,
                  .help = "name of the source"},
};

static enum unit unit_named(const char *unit)
{
    return str_eq(unit, "ns")      ? UNIT_NS
           : str_eq(unit, "bytes") ? UNIT_BYTES
           : str_eq(unit, "share") ? UNIT_SHARE
           : str_eq(unit, "time")  ? UNIT_TIME
                                   : UNIT_NONE;
}

/* With its unit; the column has figures of all. */
static const char *in_unit(struct doc *d, const struct metric_info *e, double v, bool per_s)
{
    char text[UNIT_TEXT_MAX];
    enum unit u = unit_named(e->unit);
    if (isnan(v))
        return NULL;
    if (u == UNIT_NONE)
        return doc_printf(d, per_s ? "%.4g/s" : fabs(v) < 1e15 ? "%.10g" : "%.4g", v);
    return doc_printf(d, "%s%s", unit_format(u, v, text), per_s ? "/s" : "");
}

/* The second half of the window against the first. NAN: one of them is unknown, or the first is 0. */
static double trend(const struct view_ctx *c, const struct metric_info *e)
{
    double v[TREND_POINTS], sum[2] = {0, 0};
    int known[2] = {0, 0};
    struct span span = common_span(c);
    if (!sd_known(span.from) || span.to <= span.from)
        return (double)NAN;
    metric_series(c->model, e, span, TREND_POINTS, v);
    for (int i = 0; i < TREND_POINTS; i++)
        if (!isnan(v[i])) {
            sum[i * 2 / TREND_POINTS] += v[i];
            known[i * 2 / TREND_POINTS]++;
        }
    if (!known[0] || !known[1] || sum[0] == 0)
        return (double)NAN;
    return (sum[1] / known[1] - sum[0] / known[0]) / fabs(sum[0] / known[0]);
}

static int by_name(const void *a, const void *b)
{
    const struct metric_info *x = a, *y = b;
    int c = memcmp(x->name, y->name, MIN(x->name_len, y->name_len));
    if (!c)
        c = (x->name_len > y->name_len) - (x->name_len < y->name_len);
    if (!c)
        c = strcmp(x->labels, y->labels);
    return c ? c : memcmp(x->origin, y->origin, MIN(x->origin_len, y->origin_len));
}

/* False: nothing was known of it at the cursor. */
static bool add_row(struct doc *d, const struct view_ctx *c, struct table *t, const struct metric_info *e,
                    bool drawn)
{
    double value;
    sd_time at;
    if (!metric_now(e, c->now, &value, &at))
        return false;
    double per_s = e->counter ? metric_rate(e, c->span) : (double)NAN;
    struct cell *x = doc_row(d, t)->cells;
    x[M_NAME] = cell_text(doc_printf(d, "%.*s", (int)e->name_len, e->name));
    x[M_LABELS] = cell_text(*e->labels ? doc_text(d, e->labels) : NULL);
    x[M_SHOWN] = cell_text(in_unit(d, e, isnan(per_s) ? value : per_s, !isnan(per_s)));
    x[M_TREND] = cell_real(drawn ? trend(c, e) : (double)NAN);
    x[M_VALUE] = cell_real(value);
    x[M_PER_S] = cell_real(per_s);
    x[M_UNIT] = cell_text(doc_text(d, e->unit));
    x[M_COUNTER] = cell_bool(e->counter);
    x[M_AT] = cell_int(at);
    x[M_SOURCE] = cell_text(doc_printf(d, "%.*s", (int)e->origin_len, e->origin));
    return true;
}

static struct doc *build_metrics(const struct view_ctx *c)
{
    struct doc *d = doc_new("metrics", "Metrics");
    common_envelope(d, c, common_span(c));
    struct section *sec = doc_table(d, "rows", "Metrics", COLUMNS, M_COLUMNS);
    int64_t left_out;
    size_t all = model_metric_count(c->model, &left_out), shown = 0;
    struct metric_info *e = mem_array(all + 1, sizeof *e);
    size_t n = model_metric_all(c->model, e, all);
    if (n)
        qsort(e, n, sizeof *e, by_name);
    for (size_t i = 0; i < n && shown < ROWS_MAX; i++)
        shown += add_row(d, c, &sec->table, &e[i], n <= TREND_ROWS);
    free(e);
    sec->weight = 1;
    const char *kept = left_out ? "; there was no room for more: raise the setting memory" : "";
    sec->note = shown ? doc_printf(d, "%zu series%s", shown, kept) : NULL;
    doc_field(d, "left_out", UNIT_COUNT, cell_int(left_out));
    sec->empty = doc_text(
        d, "No source has reported a metric.\nAdd one: slowdive metrics http://HOST:PORT/metrics, or "
           "a file of Prometheus or OpenMetrics text.");
    return d;
}

static const struct column ALSO[] = {
    {.key = "left_out",
     .title = "Left out",
     .unit = UNIT_COUNT,
     .help = "samples of series for which the memory limit had no room"},
};

const struct view metrics_view = {
    .name = "metrics",
    .aliases = "series",
    .place = PLACE_DATA,
    .title = "Metrics",
    .summary = "every series that sources reported, such as Prometheus metrics: value or rate, and its trend",
    .needs = SD_KIND_BIT(SD_METRIC),
    .build = build_metrics,
    .columns = COLUMNS,
    .n_columns = M_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
