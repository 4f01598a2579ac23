/* Graphs, heat maps, fields and tables, in rows and described. */
#include "core/drawing.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"
#include "core/table.h"

#include <stdlib.h>

sd_time drawing_time(sd_time from, sd_time to, size_t n, size_t i)
{
    return add_sat(from, real_to_int((double)i * ((double)to - (double)from) / (double)MAX(n, 1)));
}

struct row *drawing_row(struct table *t)
{
    return &t->rows[t->n_rows++];
}

void drawing_table(struct table *t, const struct column *columns, size_t n_columns, size_t n_rows,
                   struct arena *a)
{
    *t = (struct table){.columns = columns, .n_columns = n_columns, .cap_rows = n_rows, .sort_column = -1};
    t->rows = arena_alloc(a, (n_rows + 1) * sizeof *t->rows);
    struct cell *cells = arena_alloc(a, (n_rows * n_columns + 1) * sizeof *cells);
    for (size_t i = 0; i < n_rows; i++)
        t->rows[i].cells = cells + i * n_columns;
}

/* ---- graphs ---- */

enum { NAME_MOST = 24, FIGURES_WIDTH = 37, LEVELS_MOST = 60 };

static const struct column LINES[] = {
    {.key = "line", .title = "Line", .flags = COLUMN_LEFT},
    {.key = "levels", .title = "Over time", .flags = COLUMN_LEFT, .width = LEVELS_MOST},
    {.key = "figures", .title = "Figures", .flags = COLUMN_LEFT, .width = FIGURES_WIDTH},
};

static sd_time point_time(const struct graph *g, size_t i)
{
    double width = (double)g->to - (double)g->from;
    return real_to_int((double)g->from + ((double)i + 0.5) * width / (double)g->n_points);
}

static const char *line_name(const struct graph *g, const struct graph_line *l, struct arena *a)
{
    struct strbuf whole = {0}, cut = {0};
    graph_label(g, l, &whole);
    utf8_append(&cut, strbuf_text(&whole), NAME_MOST);
    const char *name = arena_strdup(a, strbuf_text(&cut));
    strbuf_free(&whole);
    strbuf_free(&cut);
    return name;
}

static const char *line_figures(const struct graph *g, const struct graph_line *l, double least, double most,
                                double last, struct arena *a)
{
    char share[UNIT_TEXT_MAX] = "", x[UNIT_TEXT_MAX], y[UNIT_TEXT_MAX], z[UNIT_TEXT_MAX];
    bool has_share = g->stacked && isfinite(l->share);
    if (has_share)
        unit_format(UNIT_SHARE, l->share, share);
    return arena_printf(a, "%s%slast %s, %s to %s", share, has_share ? ", " : "",
                        unit_format(g->unit, last, x), unit_format(g->unit, least, y),
                        unit_format(g->unit, most, z));
}

/* A line is scaled to its own largest value; a layer to that of the stack. */
static void line_row(const struct graph *g, const struct graph_line *l, double highest, struct row *r,
                     struct arena *a)
{
    double most = NAN, least = NAN, last = NAN;
    double *shares = arena_alloc(a, (g->n_points + 1) * sizeof *shares);
    for (size_t i = 0; i < g->n_points; i++)
        if (isfinite(l->values[i])) {
            most = fmax(most, l->values[i]); /* fmax and fmin leave NAN out */
            least = fmin(least, l->values[i]);
            last = l->values[i];
        }
    double scale = g->stacked ? highest : most;
    for (size_t i = 0; i < g->n_points; i++) /* zero is a low level, unknown is none */
        shares[i] = isfinite(l->values[i]) ? scale > 0 ? fmax(l->values[i] / scale, 0) : 0 : NAN;
    r->cells[0] = cell_text(line_name(g, l, a));
    r->cells[1] = cell_levels(
        arena_copy(a, &(struct levels){.n = g->n_points, .values = shares}, sizeof(struct levels)));
    r->cells[2] = cell_text(line_figures(g, l, least, most, last, a));
}

static bool has_points(const struct graph *g)
{
    for (size_t l = 0; l < g->n_lines; l++)
        for (size_t i = 0; i < g->n_points; i++)
            if (isfinite(g->lines[l].values[i]))
                return true;
    return false;
}

static void graph_for_people(const struct graph *g, struct arena *a, struct table *t)
{
    double highest = NAN;
    drawing_table(t, LINES, ARRAY_LEN(LINES), g->n_lines, a);
    t->bare = true;
    t->axis_from = g->from;
    t->axis_to = g->to;
    for (size_t i = 0; g->stacked && i < g->n_points; i++)
        highest = fmax(highest, graph_sum(g, i));
    for (size_t k = 0; has_points(g) && k < g->n_lines; k++) /* the top layer first, as they lie */
        line_row(g, &g->lines[g->stacked ? g->n_lines - 1 - k : k], highest, drawing_row(t), a);
}

static void graph_as_table(const struct section *s, enum drawing_reader reader, struct arena *a,
                           struct table *t)
{
    const struct graph *g = &s->graph;
    if (reader == FOR_PEOPLE) {
        graph_for_people(g, a, t);
        return;
    }
    struct column *columns = arena_alloc(a, (g->n_lines + 1) * sizeof *columns);
    columns[0] = (struct column){.key = "at", .title = "At", .unit = UNIT_TIME};
    for (size_t l = 0; l < g->n_lines; l++)
        columns[l + 1] = (struct column){.key = g->lines[l].name, .title = g->lines[l].name, .unit = g->unit};
    drawing_table(t, columns, g->n_lines + 1, g->n_points, a);
    for (size_t i = 0; i < g->n_points; i++) {
        struct row *r = drawing_row(t);
        r->cells[0] = cell_int(point_time(g, i));
        for (size_t l = 0; l < g->n_lines; l++)
            r->cells[l + 1] = cell_real(g->lines[l].values[i]);
    }
}

static void graph_describe(const struct section *s, const char *key, const struct describer *to, void *ctx)
{
    const struct graph *g = &s->graph;
    to->open(ctx, key, true);
    for (size_t i = 0; i < g->n_points; i++) {
        to->open(ctx, NULL, false);
        to->value(ctx, "at", UNIT_TIME, cell_int(point_time(g, i)));
        if (g->stacked) { /* its names come from outside */
            to->value(ctx, "load", g->unit, cell_real(graph_sum(g, i)));
            to->open(ctx, "layers", false);
        }
        for (size_t l = 0; l < g->n_lines; l++)
            to->value(ctx, g->lines[l].name, g->unit, cell_real(g->lines[l].values[i]));
        if (g->stacked)
            to->close(ctx);
        to->close(ctx);
    }
    to->close(ctx);
}

static void graph_end_at(struct section *s, sd_time cursor)
{
    const struct graph *g = &s->graph;
    for (size_t k = g->n_points;
         k-- && g->from + (sd_time)((k + 1) * (uint64_t)(g->to - g->from) / g->n_points) > cursor;)
        for (size_t l = 0; l < g->n_lines; l++)
            g->lines[l].values[k] = NAN;
}

/* ---- heat maps ---- */

enum { BOUND_WIDTH = 8, HEAT_COLUMNS_MOST = 200 };

static const struct column BANDS[] = {
    {.key = "from", .title = "From", .flags = COLUMN_LEFT},
    {.key = "levels", .title = "Over time", .flags = COLUMN_LEFT, .width = HEAT_COLUMNS_MOST},
};

static void heat_for_people(const struct heatmap *h, struct arena *a, struct table *t)
{
    drawing_table(t, BANDS, ARRAY_LEN(BANDS), h->rows, a);
    t->bare = true;
    t->axis_from = h->from;
    t->axis_to = h->to;
    for (size_t y = h->max ? h->rows : 0; y-- > 0;) {
        char bound[UNIT_TEXT_MAX];
        bool below = y == 0 && h->lower[0] == 0; /* the lowest row holds all that is faster */
        double *shares = arena_alloc(a, (h->columns + 1) * sizeof *shares);
        struct row *r = drawing_row(t);
        for (size_t x = 0; x < h->columns; x++) { /* logarithmic: one beside thousands shows */
            uint32_t n = h->counts[y * h->columns + x];
            shares[x] = n ? log1p(n) / log1p(h->max) : NAN;
        }
        unit_format_int(h->unit, h->lower[below ? 1 : y], bound);
        r->cells[0] = cell_text(arena_printf(a, "%s%*s", below ? "< " : "  ", BOUND_WIDTH, bound));
        r->cells[1] = cell_levels(
            arena_copy(a, &(struct levels){.n = h->columns, .values = shares}, sizeof(struct levels)));
    }
}

static void heat_as_table(const struct section *s, enum drawing_reader reader, struct arena *a,
                          struct table *t)
{
    const struct heatmap *h = &s->heatmap;
    if (reader == FOR_PEOPLE) {
        heat_for_people(h, a, t);
        return;
    }
    struct column *columns = arena_alloc(a, (h->columns + 1) * sizeof *columns);
    columns[0] = (struct column){.key = "from_ns", .title = "From"};
    for (size_t x = 0; x < h->columns; x++) {
        const char *name = arena_printf(a, "column_%zu", x + 1);
        columns[x + 1] = (struct column){.key = name, .title = name};
    }
    drawing_table(t, columns, h->columns + 1, h->rows, a);
    for (size_t y = 0; y < h->rows; y++) {
        struct row *r = drawing_row(t);
        r->cells[0] = cell_int(h->lower[y]);
        for (size_t x = 0; x < h->columns; x++)
            r->cells[x + 1] = cell_int(h->counts[y * h->columns + x]);
    }
}

static void heat_describe(const struct section *s, const char *key, const struct describer *to, void *ctx)
{
    const struct heatmap *h = &s->heatmap;
    to->open(ctx, key, false);
    to->value(ctx, "from", UNIT_TIME, cell_int(h->from));
    to->value(ctx, "to", UNIT_TIME, cell_int(h->to));
    to->value(ctx, "columns", UNIT_COUNT, cell_int((int64_t)h->columns));
    to->value(ctx, "rows", UNIT_COUNT, cell_int((int64_t)h->rows));
    to->open(ctx, h->unit == UNIT_NS ? "lower_ns" : "lower", true);
    for (size_t y = 0; h->rows && y <= h->rows; y++)
        to->value(ctx, NULL, h->unit, cell_int(h->lower[y]));
    to->close(ctx);
    to->open(ctx, "counts", true); /* one list for each row, the lowest first */
    for (size_t y = 0; y < h->rows; y++) {
        to->open(ctx, NULL, true);
        for (size_t x = 0; x < h->columns; x++)
            to->value(ctx, NULL, UNIT_COUNT, cell_int(h->counts[y * h->columns + x]));
        to->close(ctx);
    }
    to->close(ctx);
    to->close(ctx);
}

static void heat_end_at(struct section *s, sd_time cursor)
{
    const struct heatmap *h = &s->heatmap;
    for (size_t k = h->columns;
         k-- && h->from + (sd_time)((k + 1) * (uint64_t)(h->to - h->from) / h->columns) > cursor;)
        for (size_t y = 0; y < h->rows; y++)
            h->counts[y * h->columns + k] = 0;
}

/* ---- fields ---- */

static const struct column PAIRS[] = {
    {.key = "key", .title = "Field", .flags = COLUMN_LEFT},
    {.key = "value", .title = "Value", .flags = COLUMN_LEFT},
};

/* Each value has a unit of its own: it becomes text for people, and a moment for programs. */
static struct cell field_value(const struct field *f, enum drawing_reader reader, struct arena *a)
{
    char when[CLOCK_TEXT_MAX];
    if (reader == FOR_PROGRAMS)
        return f->unit == UNIT_TIME && f->value.type == CELL_INT
                   ? cell_text(arena_strdup(a, clock_rfc3339(f->value.i, when)))
                   : f->value;
    struct strbuf b = {0};
    cell_format(&(struct column){.unit = f->unit}, f->value, &b);
    struct cell c = cell_text(arena_strdup(a, strbuf_text(&b)));
    strbuf_free(&b);
    return c;
}

static void fields_as_table(const struct section *s, enum drawing_reader reader, struct arena *a,
                            struct table *t)
{
    drawing_table(t, PAIRS, ARRAY_LEN(PAIRS), s->fields.n, a);
    t->bare = true;
    for (size_t i = 0; i < s->fields.n; i++) {
        const struct field *f = &s->fields.items[i];
        if (reader == FOR_PEOPLE && !f->label)
            continue;
        struct row *r = drawing_row(t);
        r->cells[0] = cell_text(reader == FOR_PEOPLE || !f->key ? f->label : f->key);
        r->cells[1] = field_value(f, reader, a);
    }
}

static void fields_describe(const struct section *s, const char *key, const struct describer *to, void *ctx)
{
    to->open(ctx, key, false);
    for (size_t i = 0; i < s->fields.n; i++)
        if (s->fields.items[i].key)
            to->value(ctx, s->fields.items[i].key, s->fields.items[i].unit, s->fields.items[i].value);
    to->close(ctx);
}

/* ---- tables and texts ---- */

static void table_describe(const struct section *s, const char *key, const struct describer *to, void *ctx)
{
    const struct table *t = &s->table;
    to->open(ctx, key, true);
    for (size_t i = 0; i < table_rows(t); i++) {
        const struct row *r = table_row(t, i);
        to->open(ctx, NULL, false);
        for (size_t c = 0; c < t->n_columns; c++)
            if (!(t->columns[c].flags & COLUMN_NO_JSON))
                to->value(ctx, t->columns[c].key, t->columns[c].unit, r->cells[c]);
        to->close(ctx);
    }
    to->close(ctx);
}

static void text_describe(const struct section *s, const char *key, const struct describer *to, void *ctx)
{
    to->value(ctx, key, UNIT_NONE, cell_text(s->text));
}

static void boxes_rows(const struct section *s, enum drawing_reader reader, struct arena *a, struct table *t)
{
    boxes_as_table(&s->boxes, reader, a, t);
}

static void boxes_said(const struct section *s, const char *key, const struct describer *to, void *ctx)
{
    boxes_describe(&s->boxes, key, to, ctx);
}

static void flow_rows(const struct section *s, enum drawing_reader reader, struct arena *a, struct table *t)
{
    flow_as_table(&s->flow, reader, a, t);
}

static void flow_said(const struct section *s, const char *key, const struct describer *to, void *ctx)
{
    flow_describe(&s->flow, key, to, ctx);
}

/* ---- the kinds ---- */

static const struct kind {
    /* NULL: it has rows of its own, or is a text */
    void (*as_table)(const struct section *s, enum drawing_reader reader, struct arena *a, struct table *t);
    void (*describe)(const struct section *s, const char *key, const struct describer *to, void *ctx);
    void (*end_at)(struct section *s, sd_time cursor); /* NULL: it is not over time */
} KINDS[SECTION_KINDS] = {
    [SECTION_TABLE] = {.describe = table_describe},
    [SECTION_TREE] = {.describe = table_describe},
    [SECTION_GRAPH] = {.as_table = graph_as_table, .describe = graph_describe, .end_at = graph_end_at},
    [SECTION_HEATMAP] = {.as_table = heat_as_table, .describe = heat_describe, .end_at = heat_end_at},
    [SECTION_FIELDS] = {.as_table = fields_as_table, .describe = fields_describe},
    [SECTION_TEXT] = {.describe = text_describe},
    [SECTION_BOXES] = {.as_table = boxes_rows, .describe = boxes_said},
    [SECTION_FLOW] = {.as_table = flow_rows, .describe = flow_said},
};

const struct table *section_as_table(const struct section *s, enum drawing_reader reader, struct arena *a)
{
    if (section_has_rows(s))
        return &s->table;
    if (!KINDS[s->kind].as_table)
        return NULL;
    struct table *t = arena_alloc(a, sizeof *t);
    KINDS[s->kind].as_table(s, reader, a, t);
    return t;
}

void section_describe(const struct section *s, const char *key, const struct describer *to, void *ctx)
{
    KINDS[s->kind].describe(s, key, to, ctx);
}

void section_end_at(struct section *s, sd_time cursor)
{
    if (KINDS[s->kind].end_at)
        KINDS[s->kind].end_at(s, cursor);
}
