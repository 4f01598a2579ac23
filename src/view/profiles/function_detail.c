/* Of one function: its lines, and the endpoints it runs for. */
#include "view/profiles/function_detail.h"

#include <stdlib.h>

#include "core/profiles/profile_lines.h"
#include "core/profiles/profile_part.h"

enum { ROWS_MAX = 200 };

/* ---- lines ---- */

enum { L_line, L_self_share, L_total_share, L_self_value, L_total_value, L_of_it, L_COLUMNS };
static const struct column LINES[L_COLUMNS] = {
    [L_line] = {.key = "line", .title = "Line", .width = 7, .help = "of the file"},
    [L_self_share] = {.key = "self_share",
                      .title = "Self",
                      .unit = UNIT_SHARE,
                      .help = "of all, in the line alone"},
    [L_total_share] = {.key = "total_share",
                       .title = "Total",
                       .unit = UNIT_SHARE,
                       .help = "of all, in it and in what is called there; null: not told"},
    [L_self_value] = {.key = "self_value", .title = "Self value", .priority = 1, .help = "in the line alone"},
    [L_total_value] = {.key = "total_value",
                       .title = "Total value",
                       .priority = 2,
                       .help = "with what is called there"},
    [L_of_it] =
        {.key = "share_of_function",
         .title = "Of it",
         .unit = UNIT_SHARE,
         .flags = COLUMN_BAR | COLUMN_GROW | COLUMN_LEFT,
         .width = 10,
         .help = "of the function: of its total where that is known of lines, else of what it takes alone"},
};

static double weight_of(const struct profile *p, uint32_t line)
{
    double total = profile_line_total(p, line, 0);
    return isnan(total) ? profile_line_self(p, line, 0) : total;
}

static int heaviest_first(const void *a, const void *b, void *profile)
{
    const struct profile *p = profile;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    double d = fabs(weight_of(p, x)) - fabs(weight_of(p, y));
    return d > 0 ? -1 : d < 0 ? 1 : p->lines->items[x].line < p->lines->items[y].line ? -1 : 1;
}

static void line_row(struct doc *d, struct table *t, const struct shown_profile *x, uint32_t line, uint32_t f)
{
    const struct profile *p = x->found.p;
    double self = profile_line_self(p, line, 0), total = profile_line_total(p, line, 0);
    double whole = isnan(total) ? profile_self(p, f, 0) : profile_total(p, f, 0);
    struct row *r = doc_row(d, t);
    r->cells[L_line] = cell_int(p->lines->items[line].line);
    r->cells[L_self_share] = cell_real(shown_share(x, self));
    r->cells[L_total_share] = cell_real(shown_share(x, total));
    r->cells[L_self_value] = shown_value(self);
    r->cells[L_total_value] = isnan(total) ? cell_unknown() : shown_value(total);
    r->cells[L_of_it] =
        whole > 0 || whole < 0 ? cell_real(fmin(weight_of(p, line) / whole, 1)) : cell_unknown();
    if (p->functions[f].file)
        r->copy = doc_printf(d, "%s:%lld", p->functions[f].file, (long long)p->lines->items[line].line);
}

void function_lines_section(struct doc *d, const struct shown_profile *x, uint32_t f)
{
    const struct profile *p = x->found.p;
    size_t n = 0;
    if (!p->lines)
        return;
    uint32_t *order = mem_array(p->lines->n + 1, sizeof *order);
    for (uint32_t i = 0; i < p->lines->n; i++)
        if (p->lines->items[i].function == f && weight_of(p, i) != 0)
            order[n++] = i;
    if (n) {
        struct column *columns = arena_copy(d->arena, LINES, sizeof LINES);
        const struct profile_function *fn = &p->functions[f];
        const char *file = fn->file ? fn->file : fn->module;
        columns[L_self_value].unit = columns[L_total_value].unit = shown_unit(x);
        struct section *s = doc_table(d, "lines", "Its lines", columns, L_COLUMNS);
        qsort_r(order, n, sizeof *order, heaviest_first, (void *)p);
        for (size_t i = 0; i < MIN(n, (size_t)ROWS_MAX); i++)
            line_row(d, &s->table, x, order[i], f);
        s->weight = 1;
        s->table.sort_column = L_of_it;
        s->table.sort_reverse = true;
        s->note = n > ROWS_MAX
                      ? doc_printf(d, "%s; %zu smaller ones not shown", file ? file : "", n - ROWS_MAX)
                      : doc_text(d, file);
        s->kinds = KINDS_PROFILE;
    }
    free(order);
}

/* ---- endpoints ---- */

enum { P_share, P_of_it, P_value, P_name, P_COLUMNS };
static const struct column ENDPOINTS[P_COLUMNS] = {
    [P_share] = {.key = "share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .help = "of all, in the function for this endpoint"},
    [P_of_it] = {.key = "share_of_function",
                 .title = "Of it",
                 .unit = UNIT_SHARE,
                 .flags = COLUMN_BAR,
                 .help = "of the total of the function"},
    [P_value] = {.key = "value",
                 .title = "Value",
                 .priority = 2,
                 .help = "the same in the unit of the sample type"},
    [P_name] = {.key = "name",
                .title = "Endpoint",
                .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH,
                .width = 24,
                .help = "the value of the label"},
};

static size_t segment(const char *s)
{
    return strcspn(s, "/?");
}

static bool is_parameter(const char *s, size_t n)
{
    return n && (*s == ':' || *s == '*' || (*s == '{' && s[n - 1] == '}') || (*s == '<' && s[n - 1] == '>'));
}

static bool same_route(const char *a, const char *b)
{
    for (;;) {
        size_t n = segment(a), m = segment(b);
        bool both = is_parameter(a, n) && is_parameter(b, m);
        if (!both && (n != m || strncmp(a, b, n) != 0))
            return false;
        a += n;
        b += m;
        if (!*a || !*b)
            return !*a && !*b;
        if (*a++ != *b++)
            return false;
    }
}

bool label_is_endpoint(const char *value, const char *endpoint)
{
    const char *route = strchr(endpoint, ' '), *path = strchr(value, ' ');
    size_t method = route ? (size_t)(route - endpoint) : 0;
    if (str_eq(value, endpoint))
        return true;
    if (path && route && ((size_t)(path - value) != method || strncmp(value, endpoint, method) != 0))
        return false;
    return same_route(path ? path + 1 : value, route ? route + 1 : endpoint);
}

static const char *endpoint_named(const struct view_ctx *c, const char *value)
{
    for (size_t i = 0; i < model_endpoints(c->model); i++)
        if (label_is_endpoint(value, endpoint_name(model_endpoint(c->model, i))))
            return endpoint_name(model_endpoint(c->model, i));
    return NULL;
}

/* Of each part how much of the function it is: in the nodes of the function and below. */
static double *by_part(const struct profile *p, uint32_t f, const char *key)
{
    const struct profile_parts *parts = p->parts;
    double *values = mem_array(parts->n + 1, sizeof *values);
    uint8_t *in = mem_array(p->n_nodes + 1, 1);
    for (size_t i = 1; i < p->n_nodes; i++)
        in[i] = p->nodes[i].function == f || in[p->nodes[i].parent];
    for (size_t i = 0; i < parts->n_of; i++)
        if (in[parts->of[i].node] && str_eq(parts->items[parts->of[i].part].key, key))
            values[parts->of[i].part] += parts->values[p->max_types * i];
    free(in);
    return values;
}

static int larger_first(const void *a, const void *b, void *values)
{
    const double *v = values;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    double d = fabs(v[x]) - fabs(v[y]);
    return d > 0 ? -1 : d < 0 ? 1 : x < y ? -1 : x > y;
}

static void endpoint_row(struct doc *d, const struct view_ctx *c, struct table *t,
                         const struct shown_profile *x, const char *name, double value, double total)
{
    struct row *r = doc_row(d, t);
    const char *endpoint = endpoint_named(c, name);
    r->cells[P_share] = cell_real(shown_share(x, value));
    r->cells[P_of_it] = total > 0 || total < 0 ? cell_real(value / total) : cell_unknown();
    r->cells[P_value] = shown_value(value);
    r->cells[P_name] = cell_text(name);
    r->copy = name;
    r->dive = endpoint ? (struct dive){.view = "endpoint", .arg = doc_text(d, endpoint)}
                       : (struct dive){.view = "function", .arg = name};
}

static void endpoint_rows(struct doc *d, const struct view_ctx *c, const struct shown_profile *x, uint32_t f,
                          const char *key, struct section *s)
{
    const struct profile *p = x->found.p;
    double *values = by_part(p, f, key), total = profile_total(p, f, 0), known = 0;
    uint32_t *order = mem_array(p->parts->n + 1, sizeof *order);
    size_t n = 0;
    for (uint32_t i = 0; i < p->parts->n; i++) {
        if (values[i] != 0)
            order[n++] = i;
        known += values[i];
    }
    qsort_r(order, n, sizeof *order, larger_first, values);
    for (size_t i = 0; i < MIN(n, (size_t)ROWS_MAX); i++)
        endpoint_row(d, c, &s->table, x, p->parts->items[order[i]].value, values[order[i]], total);
    char text[UNIT_TEXT_MAX];
    double without = total > 0 ? 1 - known / total : 0;
    s->note = without > 0.0005 ? doc_printf(d, "by the label %s; %s of it without", key,
                                            unit_format(UNIT_SHARE, without, text))
                               : doc_printf(d, "by the label %s", key);
    free(values);
    free(order);
}

/* Without such a label it is one line that tells which one would do. */
void function_endpoints_section(struct doc *d, const struct view_ctx *c, const struct shown_profile *x,
                                uint32_t f)
{
    const struct profile *p = x->found.p;
    const char *key = profile_part_endpoint(p);
    struct column *columns = arena_copy(d->arena, ENDPOINTS, sizeof ENDPOINTS);
    columns[P_value].unit = shown_unit(x);
    struct section *s = doc_table(d, "endpoints", "The endpoints it runs for", columns, P_COLUMNS);
    s->table.sort_column = P_of_it;
    s->table.sort_reverse = true;
    s->kinds = KINDS_PROFILE;
    if (key)
        endpoint_rows(d, c, x, f, key, s);
    s->weight = key && s->table.n_rows ? 1 : 0;
    s->empty = key ? doc_printf(d, "None of its samples has the label %s.", key)
                   : "Not known: no label http.route, endpoint, controller or span_id.";
}
