/* Runtime: metrics of what programs run in, known by name, in the order of a check: processor, memory,
 * garbage collection, event loop, pools; and collection laid over the latency of the same moments. */
#include "view/metrics/runtime.h"

#include <math.h>
#include <stdlib.h>

#include "format/metrics/runtime_names.h"
#include "view/metrics/gc_section.h"
#include "view/shared/common.h"

enum { SERIES_MAX = 20000, ROWS_MAX = 2000 };

enum { M_WHAT, M_RUNTIME, M_NAME, M_LABELS, M_SHOWN, M_VALUE, M_PER_S, M_UNIT, M_SOURCE, M_COLUMNS };

static const struct column COLUMNS[M_COLUMNS] = {
    [M_WHAT] = {.key = "what",
                .title = "What",
                .flags = COLUMN_LEFT,
                .help = "processor, memory of the process, heap, heap after collections, time in garbage "
                        "collection, event-loop lag, connections in use and others"},
    [M_RUNTIME] = {.key = "runtime",
                   .title = "Runtime",
                   .flags = COLUMN_LEFT,
                   .priority = 2,
                   .help = "Go, JVM, Node, Python, .NET, Ruby, host, container; null: of any program"},
    [M_NAME] = {.key = "name",
                .title = "Metric",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 24,
                .help = "its name"},
    [M_LABELS] = {.key = "labels",
                  .title = "Labels",
                  .flags = COLUMN_LEFT,
                  .width = 20,
                  .priority = 1,
                  .help = "key=value pairs, comma separated"},
    [M_SHOWN] = {.key = "shown",
                 .title = "Value",
                 .flags = COLUMN_NO_JSON,
                 .width = 12,
                 .help = "the value; of a counter its growth per second; of time its share of a second"},
    [M_VALUE] = {.key = "value", .title = "Last", .flags = COLUMN_HIDDEN, .help = "last value, in `unit`"},
    [M_PER_S] = {.key = "per_s",
                 .title = "Per second",
                 .flags = COLUMN_HIDDEN,
                 .help = "of a counter: growth per second, in `unit`; null: one reading, or no counter"},
    [M_UNIT] = {.key = "unit",
                .title = "Unit",
                .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                .help = "ns, bytes, share or count; null: the name says none"},
    [M_SOURCE] = {.key = "source",
                  .title = "Source",
                  .flags = COLUMN_LEFT,
                  .priority = 3,
                  .help = "name of the source"},
};

static const char *shown(struct doc *d, const struct metric_info *e, bool counter, double value, double per_s)
{
    char text[UNIT_TEXT_MAX];
    bool time = str_eq(e->unit, "ns"), bytes = str_eq(e->unit, "bytes");
    if (isnan(counter ? per_s : value))
        return counter ? "one reading" : NULL;
    if (counter && time)
        return doc_text(d, unit_format(UNIT_SHARE, per_s / 1e9, text));
    if (counter)
        return doc_printf(d, "%s/s",
                          bytes ? unit_format(UNIT_BYTES, per_s, text)
                                : (snprintf(text, sizeof text, "%.4g", per_s), text));
    if (time || bytes)
        return doc_text(d, unit_format(time ? UNIT_NS : UNIT_BYTES, value, text));
    return doc_printf(d, "%.6g", value);
}

static int by_kind(const void *a, const void *b)
{
    const struct metric_info *x = a, *y = b;
    const struct runtime_name *p = runtime_name_of(x->name, x->name_len),
                              *q = runtime_name_of(y->name, y->name_len);
    if (p->kind != q->kind)
        return p->kind < q->kind ? -1 : 1;
    if (p != q)
        return p < q ? -1 : 1;
    int c = strcmp(x->labels, y->labels);
    return c ? c : memcmp(x->origin, y->origin, MIN(x->origin_len, y->origin_len));
}

static void add_row(struct doc *d, const struct view_ctx *c, struct table *t, const struct metric_info *e)
{
    const struct runtime_name *n = runtime_name_of(e->name, e->name_len);
    double value;
    sd_time at;
    if (!metric_now(e, c->now, &value, &at))
        return;
    double per_s = n->counter ? metric_rate(e, c->span) : (double)NAN;
    struct cell *x = doc_row(d, t)->cells;
    x[M_WHAT] = cell_text(runtime_kind_text(n->kind));
    x[M_RUNTIME] = cell_text(*n->language ? n->language : NULL);
    x[M_NAME] = cell_text(n->name);
    x[M_LABELS] = cell_text(*e->labels ? doc_text(d, e->labels) : NULL);
    x[M_SHOWN] = cell_text(shown(d, e, n->counter, value, per_s));
    x[M_VALUE] = cell_real(value);
    x[M_PER_S] = cell_real(per_s);
    x[M_UNIT] = cell_text(doc_text(d, e->unit));
    x[M_SOURCE] = cell_text(doc_printf(d, "%.*s", (int)e->origin_len, e->origin));
}

static struct doc *build_runtime(const struct view_ctx *c)
{
    struct doc *d = doc_new("runtime", "Runtime");
    struct metric_info *e = mem_array(SERIES_MAX, sizeof *e);
    common_envelope(d, c, common_span(c));
    gc_section(d, c, NULL);
    struct section *sec = doc_table(d, "rows", "Runtime", COLUMNS, M_COLUMNS);
    size_t n = runtime_series(c->model, e, SERIES_MAX);
    if (n)
        qsort(e, n, sizeof *e, by_kind);
    for (size_t i = 0; i < n && i < ROWS_MAX; i++)
        add_row(d, c, &sec->table, &e[i]);
    free(e);
    sec->weight = 1;
    sec->empty =
        doc_text(d, "No source has reported a metric of a runtime that is known by name.\nAdd one: slowdive "
                    "runtime http://HOST:PORT/metrics --for 1m, or prom+http://HOST:9090.");
    return d;
}

static const struct column ALSO[] = {
    {.key = "gc",
     .title = "Garbage collection over the latency",
     .help =
         "rows[] as the section has them: source language gc_share gc_per_s pause_ns correlation "
         "correlation_low correlation_high intervals independent verdict advice; absent: no program tells "
         "of collections"},
};

const struct view runtime_view = {
    .name = "runtime",
    .place = PLACE_DATA,
    .title = "Runtime",
    .summary = "processor, memory, garbage collection, event loop and pools of programs; collection over the "
               "latency",
    .needs = SD_KIND_BIT(SD_METRIC),
    .build = build_runtime,
    .worst = gc_worst,
    .columns = COLUMNS,
    .n_columns = M_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
