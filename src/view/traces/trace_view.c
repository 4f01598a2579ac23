/* One trace: what is wrong with it, and its spans as a waterfall. */
#include <stdlib.h>

#include "core/insight/trace_summary.h"
#include "core/table.h"
#include "view/traces/shown_trace.h"
#include "view/traces/trace_lookup.h"
#include "view/traces/trace_about.h"
#include "view/traces/traces.h"

enum {
    W_operation,
    W_span_id,
    W_parent_id,
    W_depth,
    W_service,
    W_name,
    W_kind,
    W_start_ns,
    W_offset_ns,
    W_duration_ns,
    W_self_ns,
    W_on_critical_path,
    W_critical_self_ns,
    W_error,
    W_line,
    W_COLUMNS
};
static const struct column COLUMNS[W_COLUMNS] = {
    [W_operation] = {.key = "operation",
                     .title = "Operation",
                     .flags = COLUMN_TREE | COLUMN_GROW | COLUMN_LEFT | COLUMN_NO_JSON,
                     .width = 24,
                     .help = "what the span did: its statement or its name, with its service where that is "
                             "another than the parent's. 214 x: siblings that repeat, as one row that opens"},
    [W_span_id] = {.key = "span_id",
                   .title = "Span",
                   .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                   .help = "its id, 16 lower-case hex digits"},
    [W_parent_id] = {.key = "parent_id",
                     .title = "Parent",
                     .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                     .help = "id of its parent as the span says it; null: it has none"},
    [W_depth] = {.key = "depth",
                 .title = "Depth",
                 .flags = COLUMN_HIDDEN,
                 .help = "in the tree; 0: a root. Rows are in the order of the tree"},
    [W_service] = {.key = "service",
                   .title = "Service",
                   .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                   .help = "that did it"},
    [W_name] = {.key = "name",
                .title = "Name",
                .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                .help = "of its operation"},
    [W_kind] = {.key = "kind",
                .title = "Kind",
                .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                .help = "internal, server, client, producer, consumer; null: not said"},
    [W_start_ns] = {.key = "start_ns",
                    .title = "Start",
                    .flags = COLUMN_HIDDEN,
                    .help = "when it began, nanoseconds since 1970-01-01 UTC"},
    [W_offset_ns] = {.key = "offset_ns",
                     .title = "After",
                     .unit = UNIT_NS,
                     .flags = COLUMN_HIDDEN,
                     .help = "when it began, after the beginning of the trace"},
    [W_duration_ns] = {.key = "duration_ns",
                       .title = "Duration",
                       .unit = UNIT_NS,
                       .help = "null: it has not ended"},
    [W_self_ns] = {.key = "self_ns",
                   .title = "Self",
                   .unit = UNIT_NS,
                   .priority = 2,
                   .help = "its duration without the time in which any child ran"},
    [W_on_critical_path] = {.key = "on_critical_path",
                            .title = "Critical",
                            .flags = COLUMN_HIDDEN,
                            .help = "the trace would have been shorter without its time or a child's"},
    [W_critical_self_ns] = {.key = "critical_self_ns",
                            .title = "Critical self",
                            .unit = UNIT_NS,
                            .flags = COLUMN_HIDDEN,
                            .help = "time of the critical path that is its own"},
    [W_error] = {.key = "error", .title = "Failed", .flags = COLUMN_HIDDEN, .help = "the span says so"},
    [W_line] = {.key = "line",
                .title = "Time",
                .flags = COLUMN_LEFT | COLUMN_LINE | COLUMN_NO_JSON,
                .width = 24,
                .help = "when it ran: blocks (# in ASCII) are the critical path, lines (=) the rest; the "
                        "colour is the service"},
};

static const char *kind_name(int kind)
{
    static const char *const names[] = {NULL, "internal", "server", "client", "producer", "consumer"};
    return kind > 0 && (size_t)kind < ARRAY_LEN(names) ? names[kind] : NULL;
}

/* ---- rows ---- */

static void span_cells(struct shown_trace *x, const struct shown_row *s, struct row *r)
{
    const struct trace_span *span = shown_span(x, s->node);
    const struct tree_node *n = &x->tree->nodes[s->node];
    r->cells[W_span_id] = cell_text(span->id);
    r->cells[W_parent_id] = cell_text(span->parent);
    r->cells[W_depth] = cell_int(n->depth);
    r->cells[W_service] = cell_text(span->service);
    r->cells[W_name] = cell_text(span->name);
    r->cells[W_kind] = cell_text(kind_name(span->kind));
    r->cells[W_start_ns] = cell_int(span->start);
    r->cells[W_offset_ns] =
        cell_int(sd_known(span->start) ? add_sat(span->start, -x->tree->start) : SD_UNKNOWN);
    r->cells[W_duration_ns] = cell_int(span->duration);
    r->cells[W_self_ns] = cell_int(n->self_ns);
    r->cells[W_on_critical_path] = cell_bool(n->on_critical_path);
    r->cells[W_critical_self_ns] = cell_int(n->critical_self_ns);
    r->cells[W_error] = cell_bool(span->error);
    r->severity = span->error ? SEVERITY_BAD : SEVERITY_NONE;
}

/* The siblings together. */
static void repeats_cells(struct shown_trace *x, const struct shown_row *s, struct row *r)
{
    int64_t duration = 0, self = 0;
    uint32_t at = s->node;
    for (uint32_t k = 0; k < s->count; k++, at += x->tree->nodes[at].n_below + 1) {
        const struct trace_span *span = shown_span(x, at);
        duration = add_sat(duration, sd_known(span->duration) ? span->duration : 0);
        self = add_sat(self, sd_known(x->tree->nodes[at].self_ns) ? x->tree->nodes[at].self_ns : 0);
        r->severity = span->error ? SEVERITY_BAD : r->severity;
    }
    r->cells[W_duration_ns] = cell_int(duration);
    r->cells[W_self_ns] = cell_int(self);
    r->cells[W_service] = cell_text(shown_span(x, s->node)->service);
    r->closed = true;
}

static void gap_cells(struct shown_trace *x, struct shown_row *s, struct row *r)
{
    char text[UNIT_TEXT_MAX];
    if (!s->operation)
        s->operation = doc_printf(x->d, "(%s without a span)", unit_format_int(UNIT_NS, s->gap, text));
    r->cells[W_self_ns] = cell_int(s->gap);
}

static const char *operation_of(struct shown_trace *x, const struct shown_row *s)
{
    const char *what = shown_operation(x, s->node);
    return s->kind == SHOWN_REPEATS ? doc_printf(x->d, "%u x %s", s->count, what) : what;
}

static void shown_row(void *ctx, size_t i, struct row *r)
{
    struct shown_trace *x = ctx;
    struct shown_row *s = &x->rows[i];
    r->depth = (int)MIN(s->depth, (uint32_t)INT32_MAX);
    r->number = i;
    if (s->kind == SHOWN_GAP) {
        gap_cells(x, s, r);
    } else {
        if (s->kind == SHOWN_REPEATS)
            repeats_cells(x, s, r);
        else
            span_cells(x, s, r);
        r->dive = shown_dive(x, s->node);
        if (s->finding)
            r->severity = MAX(r->severity, SEVERITY_WARN);
        s->operation = s->operation ? s->operation : operation_of(x, s);
    }
    r->cells[W_line] = cell_pieces(&x->lines[s->line]);
    r->cells[W_operation] = cell_text(s->operation);
    r->copy = s->operation;
}

static void waterfall(struct doc *d, struct shown_trace *x)
{
    char a[UNIT_TEXT_MAX];
    struct section *s = doc_section(d, SECTION_TREE, "rows", "Spans");
    struct column *columns = arena_copy(d->arena, COLUMNS, sizeof COLUMNS);
    columns[W_line].title =
        doc_printf(d, "0 to %s", unit_format(UNIT_NS, x->length, a)); /* what the line stands for */
    s->table.columns = columns;
    s->table.n_columns = W_COLUMNS;
    struct table_source *source = arena_alloc(d->arena, sizeof *source);
    *source = (struct table_source){
        .row = shown_row, .identity = shown_identity, .marked = x->n_errors || x->n_findings};
    for (size_t i = 0; i < x->n_rows; i++) {
        source->folds = source->folds || x->rows[i].kind == SHOWN_REPEATS;
        if (x->rows[i].finding == 1)
            source->worst = i + 1;
    }
    doc_rows(d, &s->table, source, x, x->n_rows);
    s->about = shown_about;
    s->about_ctx = x;
    s->about_lines = 12;
    s->weight = 4;
    s->min_height = 6;
    s->empty = "The trace has no spans.";
    s->across = true;
    s->note = doc_printf(d, "%u in %zu service%s%s; blocks: the critical path", x->tree->n, x->n_services,
                         x->n_services == 1 ? "" : "s",
                         x->n_errors ? doc_printf(d, ", %zu failed", x->n_errors) : "");
}

/* ---- above it ---- */

static const char *services_text(struct shown_trace *x)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < x->n_services && i < 6; i++)
        strbuf_printf(&b, "%s%s", i ? ", " : "", x->services[i] ? x->services[i] : "(no name)");
    if (x->n_services > 6)
        strbuf_printf(&b, " and %zu more", x->n_services - 6);
    const char *text = doc_text(x->d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

static void summary(struct doc *d, struct shown_trace *x)
{
    const struct trace_span *root = x->tree->n ? shown_span(x, x->tree->root) : NULL;
    char buf[256];
    const char *endpoint = root ? span_endpoint(x->t, root, buf) : NULL;
    const char *what = endpoint ? endpoint : root && root->name ? root->name : "Trace";
    char took[UNIT_TEXT_MAX] = "unknown time";
    if (sd_known(x->tree->duration))
        unit_format_int(UNIT_NS, x->tree->duration, took);
    struct section *s = doc_section(d, SECTION_FIELDS, "summary", doc_printf(d, "%s: %s", what, took));
    s->note = doc_printf(d, "trace %s", x->t->id);
    section_field(d, s, "where", "Its time", UNIT_NONE, cell_text(shown_parts(x)));
    section_field(d, s, "endpoint", NULL, UNIT_NONE, cell_text(endpoint ? doc_text(d, endpoint) : NULL));
    section_field(d, s, "start", "Began", UNIT_TIME, cell_int(x->tree->start));
    section_field(d, s, "duration_ns", "Duration", UNIT_NS, cell_int(x->tree->duration));
    section_field(d, s, "spans", "Spans", UNIT_COUNT, cell_int(x->tree->n));
    section_field(d, s, "errors", x->n_errors ? "Failed spans" : NULL, UNIT_COUNT,
                  cell_int((int64_t)x->n_errors));
    section_field(d, s, "services", "Services", UNIT_NONE, cell_text(services_text(x)));
    for (unsigned bit = 1; bit && bit <= x->tree->notes; bit <<= 1)
        if (x->tree->notes & bit)
            section_field(d, s, NULL, "Note", UNIT_NONE, cell_text(trace_note_text(bit)));
}

enum { F_text, F_cost_ns, F_count, F_kind, F_advice, F_span_id, F_COLUMNS };
static const struct column FINDINGS[F_COLUMNS] = {
    [F_text] = {.key = "text",
                .title = "Finding",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 30,
                .help = "what was seen, a sentence"},
    [F_cost_ns] = {.key = "cost_ns", .title = "Costs", .unit = UNIT_NS, .help = "what they take together"},
    [F_count] =
        {.key = "count", .title = "Times", .unit = UNIT_COUNT, .priority = 3, .help = "how many repeat"},
    [F_kind] = {.key = "kind",
                .title = "Kind",
                .flags = COLUMN_LEFT,
                .priority = 2,
                .help =
                    "n_plus_one, repeated_n_plus_one, consecutive_calls, slow_external_call, large_payload, "
                    "time_outside_spans, chatty_fan_out: see the section TRACES"},
    [F_advice] = {.key = "advice", .title = "What to do", .flags = COLUMN_HIDDEN, .help = "a sentence; null"},
    [F_span_id] = {.key = "span_id",
                   .title = "Span",
                   .flags = COLUMN_HIDDEN | COLUMN_LEFT,
                   .help = "the parent, or the span itself"},
};

static void findings(struct doc *d, struct shown_trace *x)
{
    if (!x->n_findings)
        return;
    struct section *s = doc_table(d, "findings", "Findings", FINDINGS, F_COLUMNS);
    for (size_t i = 0; i < x->n_findings; i++) {
        const struct trace_finding *f = &x->findings[i];
        struct row *r = doc_row(d, &s->table);
        r->cells[F_text] = cell_text(f->text);
        r->cells[F_cost_ns] = cell_int(f->cost_ns);
        r->cells[F_count] = cell_int(f->count);
        r->cells[F_kind] = cell_text(trace_rule_name(f->rule));
        r->cells[F_advice] = cell_text(trace_advice(d->arena, x->tree, f));
        r->cells[F_span_id] = cell_text(shown_span(x, f->node)->id);
        r->severity = SEVERITY_WARN;
        r->dive = shown_dive(x, f->first == TREE_NONE ? f->node : f->first);
    }
    s->table.sort_column = F_cost_ns;
    s->table.sort_reverse = true;
    s->weight = 1;
    s->min_height = (int)MIN(x->n_findings, (size_t)3) + 1;
    s->about = table_row_about;
    s->about_spare = true;
}

/* ---- the envelope ---- */

enum { P_span_id, P_service, P_name, P_start_ns, P_end_ns, P_COLUMNS };
static const struct column PATH[P_COLUMNS] = {
    [P_span_id] = {.key = "span_id", .title = "Span", .help = "whose own time it is"},
    [P_service] = {.key = "service", .title = "Service", .help = "of the span"},
    [P_name] = {.key = "name", .title = "Name", .help = "of the span"},
    [P_start_ns] = {.key = "start_ns", .title = "From", .help = "nanoseconds since 1970-01-01 UTC"},
    [P_end_ns] = {.key = "end_ns", .title = "To", .help = "its end, likewise"},
};

static struct cell path_cell(struct doc *d, const struct shown_trace *x)
{
    struct table *t = doc_list(d, PATH, P_COLUMNS);
    for (uint32_t i = 0; i < x->tree->n_path; i++) {
        const struct critical_piece *p = &x->tree->path[i];
        const struct trace_span *s = shown_span(x, p->node);
        struct row *r = doc_row(d, t);
        r->cells[P_span_id] = cell_text(s->id);
        r->cells[P_service] = cell_text(s->service);
        r->cells[P_name] = cell_text(s->name);
        r->cells[P_start_ns] = cell_int(p->from);
        r->cells[P_end_ns] = cell_int(p->to);
    }
    return cell_list(t);
}

/* `notes` of every view are those of reading; here they are the trace's. */
static void envelope(struct doc *d, const struct view_ctx *c, const struct shown_trace *x, const char *id)
{
    common_envelope(d, c, common_span(c));
    doc_field(d, "trace_id", UNIT_NONE, cell_text(x ? x->t->id : id));
    doc_field(d, "duration_ns", UNIT_NS, cell_int(x ? x->tree->duration : SD_UNKNOWN));
    for (size_t i = 0; i < d->n_fields && x; i++)
        if (str_eq(d->fields[i].key, "notes"))
            d->fields[i].value = trace_notes_cell(d, x->tree->notes);
    /* people see it in the waterfall */
    doc_field(d, "critical_path", UNIT_NONE, x && !c->key ? path_cell(d, x) : cell_unknown());
}

/* What the source has answered, when it has none. A printed view has asked for this trace alone. */
static const char *answer(const struct view_ctx *c)
{
    enum { EVENTS_MAX = 64 };
    struct event_entry e[EVENTS_MAX];
    size_t n = c->key ? 0 : model_events(c->model, SPAN_ALL, e, EVENTS_MAX);
    for (size_t i = 0; i < n; i++)
        if (str_eq(e[i].event->title, "looking for traces"))
            return e[i].event->text;
    return NULL;
}

/* Nothing of it is here: where it may be found is asked. */
static void not_here(struct doc *d, const struct view_ctx *c, const char *id, size_t several)
{
    struct section *s = doc_section(d, SECTION_TEXT, NULL, "Trace");
    const char *origin = id && !several ? trace_finder(c->model) : NULL;
    const char *said = origin ? answer(c) : NULL;
    if (!id)
        s->text = common_empty(d, c, KINDS_TRACES);
    else if (several > 1)
        s->text = doc_printf(d, "%zu traces begin with %s; write more of the id.", several, id);
    else if (said)
        s->text = doc_printf(d, "No trace %s is here: %s.", id, said);
    else if (origin)
        s->text = doc_printf(d, "No trace %s is here; %s was asked for it.", id, origin);
    else
        s->text = doc_printf(d,
                             "No trace %s is here. The view traces lists all; a Jaeger or Tempo as a source "
                             "is asked for traces that are not here.",
                             id);
    origin = said ? NULL : origin;
    d->missing = id ? s->text : NULL;
    if (!origin)
        return;
    struct sd_job_find_traces *args = arena_alloc(d->arena, sizeof *args);
    *args = trace_wanted(doc_text(d, id));
    d->want = (struct sd_request){.job = SD_JOB_FIND_TRACES, .args = args};
    d->want_origin = doc_text(d, origin);
}

static struct doc *build_trace(const struct view_ctx *c)
{
    struct doc *d = doc_new("trace", "Trace");
    size_t several = 0;
    const char *id = c->arg ? doc_text(d, c->arg) : trace_worst(c, d->arena);
    const struct trace *t = id ? trace_found(c->model, id, &several) : NULL;
    if (!t) {
        envelope(d, c, NULL, id);
        not_here(d, c, id, several);
        return d;
    }
    struct shown_trace *x = shown_trace(d, c, t);
    if (x->tree->n)
        d->title = doc_text(d, shown_operation(x, x->tree->root));
    envelope(d, c, x, id);
    summary(d, x);
    findings(d, x);
    waterfall(d, x);
    d->focus = (int)d->n_sections - 1;
    return d;
}

static const char *subject(const struct model *m, size_t i)
{
    return trace_subject(m, i);
}

static const struct column ALSO[] = {
    {.key = "trace_id", .title = "Trace", .help = "32 lower-case hex digits"},
    {.key = "duration_ns", .title = "Duration", .unit = UNIT_NS, .help = "of its root"},
    {.key = "critical_path",
     .title = "Critical path",
     .help = "pieces in order of time, which touch one another: span_id, service, name, start_ns, end_ns "
             "(nanoseconds since 1970-01-01 UTC). Each is time of that span alone. `notes` are the trace's: "
             "what is malformed"},
    {.key = "summary",
     .title = "At a glance",
     .help =
         "endpoint, start, duration_ns, spans, errors, services, where (what the time of the critical path "
         "went to)"},
    {.key = "findings",
     .title = "Findings",
     .help = "the costliest first: text, cost_ns, count, kind, advice, span_id"},
};

const struct view trace_view = {
    .name = "trace",
    .place = PLACE_WEB,
    .title = "Trace",
    .summary = "one trace: its spans as a waterfall, its critical path and what is wrong with it",
    .about = "trace",
    .subject = subject,
    .needs = KINDS_TRACES,
    .build = build_trace,
    .actions = TRACE_ACTIONS,
    .columns = COLUMNS,
    .n_columns = W_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
