#include "view/capacity/estimate_drawings.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"

/* ---- the curve of the scalability law ---- */

struct curve_point {
    double load, throughput, fitted; /* throughput NAN: the peak, which was not measured */
};

static int by_load(const void *a, const void *b)
{
    double x = ((const struct curve_point *)a)->load, y = ((const struct curve_point *)b)->load;
    return (x > y) - (x < y);
}

static size_t curve_of(const cJSON *o, struct curve_point *p, size_t max)
{
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(o, "rows"), *row;
    size_t n = 0;
    cJSON_ArrayForEach(row, rows)
    {
        if (n + 1 < max)
            p[n++] = (struct curve_point){result_get_real(row, "load"), result_get_real(row, "throughput"),
                                          result_get_real(row, "fitted")};
    }
    if (isfinite(result_get_real(o, "peak_load")))
        p[n++] = (struct curve_point){result_get_real(o, "peak_load"), (double)NAN,
                                      result_get_real(o, "peak_throughput")};
    qsort(p, n, sizeof *p, by_load);
    return n;
}

/* A bar up to what was measured, and a mark where the curve is. */
static struct cell curve_cell(struct doc *d, const struct curve_point *p, double most)
{
    struct line_pieces *line = arena_alloc(d->arena, sizeof *line);
    struct line_piece *pieces = arena_alloc(d->arena, 2 * sizeof *pieces);
    if (isfinite(p->throughput) && most > 0)
        pieces[line->n++] = (struct line_piece){0, p->throughput / most, false};
    if (isfinite(p->fitted) && most > 0)
        pieces[line->n++] =
            (struct line_piece){fmax(0, p->fitted / most - 0.03), fmin(1, p->fitted / most), true};
    line->pieces = pieces;
    line->colour = isfinite(p->throughput) ? 0 : 1;
    return cell_pieces(line);
}

void usl_draw(struct doc *d, const cJSON *o)
{
    enum { POINTS = 2000 };
    static const struct column COLUMNS[] = {
        {.key = "load", .title = "Load", .width = 10, .help = "of the point, or where the curve peaks"},
        {.key = "throughput", .title = "Measured", .width = 10, .help = "throughput of the point"},
        {.key = "fitted", .title = "Curve", .width = 10, .help = "throughput of the fitted curve there"},
        {.key = "line",
         .title = "Measured, and the curve",
         .flags = COLUMN_LINE | COLUMN_GROW | COLUMN_NO_JSON,
         .help = "a bar up to what was measured, a block where the curve is"},
        {.key = "note",
         .title = "",
         .flags = COLUMN_LEFT,
         .width = 4,
         .help = "the row that was not measured: the peak"},
    };
    struct curve_point *p = mem_array(POINTS, sizeof *p);
    size_t n = curve_of(o, p, POINTS);
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fmax(isfinite(p[i].throughput) ? p[i].throughput : 0,
                               isfinite(p[i].fitted) ? p[i].fitted : 0));
    struct section *s = doc_table(d, "curve", "Throughput by load", COLUMNS, ARRAY_LEN(COLUMNS));
    s->table.sort_column = -1;
    s->weight = 1;
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_real(p[i].load);
        r->cells[1] = cell_real(p[i].throughput);
        r->cells[2] = cell_real(p[i].fitted);
        r->cells[3] = curve_cell(d, &p[i], most);
        r->cells[4] = isfinite(p[i].throughput) ? cell_text("") : cell_text("peak");
    }
    free(p);
}

/* ---- hops ---- */

void hop_times_draw(struct doc *d, const cJSON *o)
{
    static const struct column COLUMNS[] = {
        {.key = "name",
         .title = "Hop",
         .flags = COLUMN_LEFT | COLUMN_GROW,
         .width = 12,
         .help = "as in the file"},
        {.key = "mean_ns", .title = "Mean", .unit = UNIT_NS, .help = "of all its calls"},
        {.key = "p99_ns", .title = "P99", .unit = UNIT_NS, .help = "of all its calls"},
        {.key = "share",
         .title = "Share of the mean",
         .unit = UNIT_SHARE,
         .flags = COLUMN_BAR,
         .width = 26,
         .help = "of the mean of the request"},
    };
    const cJSON *row;
    struct section *s = doc_table(d, "hops", "Whose the time is", COLUMNS, ARRAY_LEN(COLUMNS));
    s->table.sort_column = -1;
    s->weight = 1;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(o, "rows"))
    {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(doc_text(d, result_get_text(row, "name")));
        r->cells[1] = cell_real(result_get_real(row, "mean_ns"));
        r->cells[2] = cell_real(result_get_real(row, "p99_ns"));
        r->cells[3] = cell_real(result_get_real(row, "share"));
    }
}

/* ---- scale ---- */

static void add_policies(struct doc *d, const cJSON *rows)
{
    static const struct column COLUMNS[] = {
        {.key = "policy",
         .title = "Policy",
         .flags = COLUMN_LEFT | COLUMN_GROW,
         .width = 11,
         .help = "what decides"},
        {.key = "violations",
         .title = "Violations",
         .unit = UNIT_COUNT,
         .width = 10,
         .help = "steps with more demand than the running instances serve"},
        {.key = "violation_share",
         .title = "Of steps",
         .unit = UNIT_SHARE,
         .priority = 3,
         .width = 8,
         .help = "violations of all steps"},
        {.key = "overload_share",
         .title = "Not served",
         .unit = UNIT_SHARE,
         .priority = 2,
         .width = 10,
         .help = "of the demand"},
        {.key = "instance_hours",
         .title = "Hours",
         .unit = UNIT_COUNT,
         .priority = 1,
         .width = 8,
         .help = "instance hours that are paid"},
        {.key = "cost", .title = "Cost", .width = 10, .help = "at the price of the policy file"},
        {.key = "peak_instances",
         .title = "Peak",
         .unit = UNIT_COUNT,
         .priority = 4,
         .width = 6,
         .help = "most instances at once"},
        {.key = "actions",
         .title = "Actions",
         .unit = UNIT_COUNT,
         .priority = 5,
         .width = 7,
         .help = "steps with a start or a removal"},
    };
    const cJSON *row;
    struct section *s = doc_table(d, "policies", "Policies", COLUMNS, ARRAY_LEN(COLUMNS));
    s->table.sort_column = -1;
    s->min_height = cJSON_GetArraySize(rows) + 1;
    cJSON_ArrayForEach(row, rows)
    {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(doc_text(d, result_get_text(row, "policy")));
        for (size_t i = 1; i < ARRAY_LEN(COLUMNS); i++)
            r->cells[i] = cell_real(result_get_real(row, COLUMNS[i].key));
    }
}

static void add_line(struct doc *d, struct graph *g, const char *name, const cJSON *values)
{
    struct graph_line *l = values ? doc_line(d, g, name) : NULL;
    const cJSON *v = values ? values->child : NULL;
    for (size_t i = 0; l && v && i < g->n_points; i++, v = v->next)
        l->values[i] = result_number(v);
    if (l)
        l->whole = (double)NAN;
}

void scale_draw(struct doc *d, const cJSON *o)
{
    static const char *const POLICIES[] = {"predictive", "reactive"};
    const cJSON *trend = cJSON_GetObjectItemCaseSensitive(o, "trend");
    const cJSON *needed = cJSON_GetObjectItemCaseSensitive(trend, "needed");
    const char *from = result_get_text(trend, "from"), *to = result_get_text(trend, "to");
    struct sd_error err;
    sd_time begin, end;
    add_policies(d, cJSON_GetObjectItemCaseSensitive(o, "rows"));
    int n = cJSON_IsArray(needed) ? cJSON_GetArraySize(needed) : 0;
    if (n < 2 || !from || !to || !clock_parse(from, 0, &begin, &err) || !clock_parse(to, 0, &end, &err) ||
        end <= begin)
        return;
    struct section *s = doc_section(d, SECTION_GRAPH, "trend", "Instances that ran, and that demand needed");
    s->weight = 1;
    s->graph.from = begin;
    s->graph.to = end;
    s->graph.n_points = (size_t)n;
    s->graph.unit = UNIT_COUNT;
    add_line(d, &s->graph, "needed", needed);
    for (size_t i = 0; i < ARRAY_LEN(POLICIES); i++)
        add_line(d, &s->graph, POLICIES[i], cJSON_GetObjectItemCaseSensitive(trend, POLICIES[i]));
}
