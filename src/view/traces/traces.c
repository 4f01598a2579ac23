/* The traces, those first that need a look. */
#include "view/traces/traces.h"

#include <stdlib.h>

#include "core/table.h"
#include "view/traces/shown_trace.h"
#include "view/traces/trace_lookup.h"
#include "view/traces/trace_only.h"

enum {
    T_start,
    T_operation,
    T_duration_ns,
    T_spans,
    T_errors,
    T_db_calls,
    T_db_ns,
    T_wrong,
    T_service,
    T_name,
    T_endpoint,
    T_findings,
    T_notes,
    T_trace_id,
    T_COLUMNS
};
static const struct column COLUMNS[T_COLUMNS] = {
    [T_start] = {.key = "start", .title = "Began", .unit = UNIT_TIME, .priority = 3, .help = "of its root"},
    [T_operation] = {.key = "operation",
                     .title = "Request",
                     .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_NO_JSON,
                     .width = 20,
                     .help = "the endpoint, or the name of the root"},
    [T_name] = {.key = "name",
                .title = "Name",
                .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                .help = "of the root; null: unknown"},
    [T_duration_ns] = {.key = "duration_ns",
                       .title = "Duration",
                       .unit = UNIT_NS,
                       .help = "of the root; null: unknown"},
    [T_spans] = {.key = "spans", .title = "Spans", .unit = UNIT_COUNT, .priority = 4, .help = "that came"},
    [T_errors] = {.key = "errors",
                  .title = "Failed",
                  .unit = UNIT_COUNT,
                  .priority = 1,
                  .help = "spans with an error"},
    [T_db_calls] = {.key = "db_calls",
                    .title = "DB calls",
                    .unit = UNIT_COUNT,
                    .priority = 3,
                    .help = "spans with db.system or db.system.name"},
    [T_db_ns] =
        {.key = "db_ns", .title = "In DB", .unit = UNIT_NS, .priority = 2, .help = "sum of their durations"},
    [T_wrong] = {.key = "wrong",
                 .title = "What is wrong",
                 .flags = COLUMN_LEFT | COLUMN_NO_JSON,
                 .priority = 1,
                 .width = 24,
                 .help = "the costliest finding"},
    [T_findings] = {.key = "findings",
                    .title = "Findings",
                    .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                    .help = "the costliest first: kind, text, cost_ns, count; see the section TRACES"},
    [T_service] =
        {.key = "service", .title = "Service", .flags = COLUMN_LEFT, .priority = 5, .help = "of the root"},
    [T_endpoint] = {.key = "endpoint",
                    .title = "Endpoint",
                    .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                    .help = "method and route of the root or the first server below it; null: none"},
    [T_notes] = {.key = "notes",
                 .title = "Notes",
                 .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                 .help = "what is malformed, a sentence each"},
    [T_trace_id] = {.key = "trace_id",
                    .title = "Trace",
                    .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                    .help = "32 lower-case hex digits: what the view trace takes"},
};

enum { L_kind, L_text, L_cost_ns, L_count, L_COLUMNS };
static const struct column FINDINGS[L_COLUMNS] = {
    [L_kind] = {.key = "kind", .title = "Kind", .help = "of the finding"},
    [L_text] = {.key = "text", .title = "Text", .help = "a sentence"},
    [L_cost_ns] = {.key = "cost_ns", .title = "Costs", .unit = UNIT_NS, .help = "what they take together"},
    [L_count] = {.key = "count", .title = "Times", .unit = UNIT_COUNT, .help = "how many repeat, or 1"},
};

struct listed {
    struct trace_entry e;
    struct cell findings, wrong, notes;
    bool known; /* these three */
};
struct trace_list {
    struct doc *d;
    const struct model *model;
    struct listed *items;
    size_t n;
};

static void trace_list_free(void *owned)
{
    struct trace_list *l = owned;
    free(l->items);
    free(l);
}

/* ---- findings: of the rows that are looked at ---- */

static struct cell findings_of(struct doc *d, const struct model *m, const char *id)
{
    const struct trace *t = model_trace(m, id);
    struct table *list = doc_list(d, FINDINGS, L_COLUMNS);
    if (!t)
        return cell_list(list);
    struct trace_tree *tree = trace_tree_new(t);
    struct trace_finding *f;
    size_t n = trace_findings(tree, &f);
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, list);
        r->cells[L_kind] = cell_text(trace_rule_name(f[i].rule));
        r->cells[L_text] = cell_text(doc_text(d, f[i].text));
        r->cells[L_cost_ns] = cell_int(f[i].cost_ns);
        r->cells[L_count] = cell_int(f[i].count);
    }
    trace_findings_free(f, n);
    trace_tree_free(tree);
    return cell_list(list);
}

/* People read the costliest as a sentence, and how many more there are. */
static struct cell in_words(struct doc *d, struct cell findings)
{
    size_t n = table_rows(findings.list);
    if (!n)
        return cell_unknown();
    const char *text = table_row(findings.list, 0)->cells[L_text].s;
    return cell_text(n > 1 ? doc_printf(d, "%s (and %zu more)", text, n - 1) : text);
}

static void know(struct trace_list *l, struct listed *x)
{
    if (x->known)
        return;
    x->known = true;
    x->findings = findings_of(l->d, l->model, x->e.id);
    x->wrong = in_words(l->d, x->findings);
    x->notes = trace_notes_cell(l->d, x->e.notes);
}

/* ---- rows ---- */

static void list_row(void *ctx, size_t i, struct row *r)
{
    struct trace_list *l = ctx;
    struct listed *x = &l->items[i];
    const struct trace_entry *e = &x->e;
    know(l, x);
    r->cells[T_start] = cell_int(e->start);
    r->cells[T_operation] = cell_text(e->endpoint ? e->endpoint : e->name);
    r->cells[T_name] = cell_text(e->name);
    r->cells[T_duration_ns] = cell_int(e->duration_ns);
    r->cells[T_spans] = cell_int(e->spans);
    r->cells[T_errors] = cell_int(e->errors);
    r->cells[T_db_calls] = cell_int(e->db_calls);
    r->cells[T_db_ns] = cell_int(e->db_ns);
    r->cells[T_findings] = x->findings;
    r->cells[T_wrong] = x->wrong;
    r->cells[T_service] = cell_text(e->service);
    r->cells[T_endpoint] = cell_text(e->endpoint);
    r->cells[T_notes] = x->notes;
    r->cells[T_trace_id] = cell_text(e->id);
    r->severity = e->errors ? SEVERITY_BAD : x->wrong.type == CELL_TEXT ? SEVERITY_WARN : SEVERITY_NONE;
    r->dive = (struct dive){.view = "trace", .arg = e->id};
    r->copy = e->id;
}

static uint64_t list_identity(void *ctx, size_t i)
{
    const struct trace_list *l = ctx;
    uint64_t h = str_hash(l->items[i].e.id, strlen(l->items[i].e.id));
    return h ? h : 1;
}

/* Figures are sorted by without looking for what is wrong in each. */
static struct cell list_key(void *ctx, size_t i, size_t column)
{
    struct trace_list *l = ctx;
    const struct trace_entry *e = &l->items[i].e;
    switch (column) {
    case T_start:
        return cell_int(e->start);
    case T_operation:
        return cell_text(e->endpoint ? e->endpoint : e->name);
    case T_name:
        return cell_text(e->name);
    case T_duration_ns:
        return cell_int(e->duration_ns);
    case T_spans:
        return cell_int(e->spans);
    case T_errors:
        return cell_int(e->errors);
    case T_db_calls:
        return cell_int(e->db_calls);
    case T_db_ns:
        return cell_int(e->db_ns);
    case T_service:
        return cell_text(e->service);
    case T_endpoint:
        return cell_text(e->endpoint);
    case T_trace_id:
        return cell_text(e->id);
    default:
        know(l, &l->items[i]);
        return column == T_findings ? l->items[i].findings
               : column == T_wrong  ? l->items[i].wrong
                                    : l->items[i].notes;
    }
}

static const struct table_source SOURCE = {
    .row = list_row, .identity = list_identity, .sort_key = list_key, .marked = true};

/* The slowest first; of those alike the ones that failed. */
static int slowest_first(const void *a, const void *b)
{
    const struct trace_entry *x = &((const struct listed *)a)->e, *y = &((const struct listed *)b)->e;
    if (x->duration_ns != y->duration_ns)
        return x->duration_ns > y->duration_ns ? -1 : 1;
    if (x->errors != y->errors)
        return x->errors > y->errors ? -1 : 1;
    return x->start > y->start ? -1 : x->start < y->start;
}

static struct trace_list *read_list(struct doc *d, const struct view_ctx *c, const char *only)
{
    struct trace_list *l = mem_alloc(sizeof *l);
    *l = (struct trace_list){.d = d, .model = c->model};
    doc_own(d, l, trace_list_free);
    struct trace_entry *e = trace_entries(c->model, c->span, &l->n);
    l->items = mem_array(l->n + 1, sizeof *l->items);
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (!trace_only(&e[i], only))
            continue;
        struct trace_entry *to = &l->items[n++].e;
        *to = e[i];
        to->id = doc_text(d, e[i].id);
        to->service = doc_text(d, e[i].service);
        to->name = doc_text(d, e[i].name);
        to->endpoint = doc_text(d, e[i].endpoint);
    }
    l->n = n;
    free(e);
    qsort(l->items, l->n, sizeof *l->items, slowest_first);
    return l;
}

static struct doc *build_traces(const struct view_ctx *c)
{
    struct doc *d = doc_new("traces", "Traces");
    common_envelope(d, c, common_span(c));
    const char *only = view_chosen_text(c, TRACES_ONLY_CHOICE);
    struct trace_list *l = read_list(d, c, only);
    struct section *s = doc_table(d, "rows", "Traces", COLUMNS, T_COLUMNS);
    doc_rows(d, &s->table, &SOURCE, l, l->n);
    s->table.sort_column = T_duration_ns;
    s->table.sort_reverse = true;
    s->weight = 1;
    s->empty = only && model_has(c->model, KINDS_TRACES)
                   ? doc_printf(d, "No trace here is all of this: %s.%s", only,
                                common_hint(d, c, "only", "shows all"))
                   : common_empty(d, c, KINDS_TRACES);
    s->note = common_note(
        d, c,
        &(struct note){.kinds = KINDS_TRACES, .n = (int64_t)l->n, .what = "traces", .last = SD_UNKNOWN});
    int64_t lost = model_traces_lost(c->model);
    if (lost > 0)
        s->note = doc_printf(d, "%s; %lld older or faster ones were given up", s->note ? s->note : "",
                             (long long)lost);
    const char *reading = common_reading(d, c, KINDS_TRACES); /* what could not be read */
    if (reading)
        s->note = doc_printf(d, "%s. %s", s->note ? s->note : "", reading);
    if (only)
        s->note = doc_printf(d, "only %s: %s", only, s->note ? s->note : "");
    return d;
}

const struct view traces_view = {
    .name = "traces",
    .place = PLACE_WEB,
    .title = "Traces",
    .summary = "requests as traces, the slowest first: what each did, what failed and what is wrong",
    .lists = "trace",
    .needs = KINDS_TRACES,
    .build = build_traces,
    .worst = traces_worst,
    .linked = traces_linked,
    .columns = COLUMNS,
    .n_columns = T_COLUMNS,
};
