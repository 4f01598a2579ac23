#include "view/plans/diff.h"

#include "view/action.h"

#include <stdlib.h>

#include "base/clock.h"
#include "core/plans/compare.h"
#include "core/sql/statement.h"
#include "format/plans/explain_input.h"
#include "view/shared/common.h"
#include "view/plans/diff_private.h"
#include "view/plans/parts.h"

#define H             COLUMN_HIDDEN
#define CHANGES_SHOWN 200
#define HINT_BYTES    ((size_t)128 << 10) /* of a plan, up to which earlier ones are looked at by the way */
#define EARLIER_BYTES ((size_t)8 << 20)   /* of earlier plans that are read to find one of another shape */

/* X(key, title, unit, flags with times, flags with costs only, priority, width, help) */
#define DIFF_COLUMNS(X)                                                                                      \
    X(mark, "~", UNIT_NONE, COLUMN_NO_JSON, COLUMN_NO_JSON, 0, 1, "= same, ~ changed, + added, - removed")   \
    X(label, "Node", UNIT_NONE, COLUMN_TREE | COLUMN_GROW | COLUMN_NO_JSON,                                  \
      COLUMN_TREE | COLUMN_GROW | COLUMN_NO_JSON, 0, 30, "what it was -> what it is")                        \
    X(change, "Change", UNIT_NONE, H, H, 9, 8, "same, changed, added or removed")                            \
    X(before_id, "# was", UNIT_NONE, H, H, 6, 5, "number of the node in the plan before")                    \
    X(after_id, "# now", UNIT_NONE, H, H, 6, 5, "number of the node in the plan after")                      \
    X(type_before, "Type was", UNIT_NONE, H, H, 9, 14, "node type before")                                   \
    X(type_after, "Type now", UNIT_NONE, H, H, 9, 14, "node type after")                                     \
    X(relation, "Relation", UNIT_NONE, H, H, 9, 14, "table it reads or writes")                              \
    X(exclusive_before_ns, "Time was", UNIT_NS, 0, H, 1, 8, "own time before, over all loops")               \
    X(exclusive_after_ns, "now", UNIT_NS, 0, H, 0, 0, "own time after")                                      \
    X(total_before_ns, "Total was", UNIT_NS, H, H, 7, 8, "time with its children, before")                   \
    X(total_after_ns, "now", UNIT_NS, H, H, 7, 0, "time with its children, after")                           \
    X(rows_before, "Rows was", UNIT_COUNT, 0, H, 3, 8, "rows over all loops, before")                        \
    X(rows_after, "now", UNIT_COUNT, 0, H, 3, 0, "rows over all loops, after")                               \
    X(cost_before, "Cost was", UNIT_COST, H, 0, 1, 8,                                                        \
      "planner's cost of the node alone, as part of the plan's, before")                                     \
    X(cost_after, "now", UNIT_COST, H, 0, 0, 0, "planner's cost of the node alone, after")                   \
    X(rows_plan_before, "Rows was", UNIT_COUNT, H, 0, 3, 8, "rows expected of one loop, before")             \
    X(rows_plan_after, "now", UNIT_COUNT, H, 0, 3, 0, "rows expected of one loop, after")                    \
    X(loops_before, "Loops was", UNIT_COUNT, H, H, 7, 8, "number of runs, before")                           \
    X(loops_after, "now", UNIT_COUNT, H, H, 7, 0, "number of runs, after")                                   \
    X(blocks_before, "Blocks was", UNIT_BLOCKS, H, H, 7, 8,                                                  \
      "own blocks of shared buffers, hit and read, before")                                                  \
    X(blocks_after, "now", UNIT_BLOCKS, H, H, 7, 8, "own blocks of shared buffers, hit and read, after")     \
    X(effect_ns, "Effect", UNIT_NS, H, H, 7, 8, "own time after less before")                                \
    X(changes, "What changed", UNIT_NONE, 0, 0, 5, 44, "what changed, in words")

#define COLUMN_ENUM(key, title, unit, timed, cost, priority, width, help) N_##key,
enum { DIFF_COLUMNS(COLUMN_ENUM) N_COLUMNS };
#define COLUMN_TIMED(k, t, u, timed, cost, p, w, h)                                                          \
    {.key = #k, .title = t, .unit = u, .flags = timed, .priority = p, .width = w, .help = h},
#define COLUMN_COST(k, t, u, timed, cost, p, w, h)                                                           \
    {.key = #k, .title = t, .unit = u, .flags = cost, .priority = p, .width = w, .help = h},
static const struct column columns_timed[] = {DIFF_COLUMNS(COLUMN_TIMED)};
static const struct column columns_cost[] = {DIFF_COLUMNS(COLUMN_COST)};

enum { C_mark, C_change, C_text, C_before, C_after, C_effect_ns, C_effect_cost, C_COLUMNS };
#define CHANGE_COLUMNS(timed, cost)                                                                          \
    [C_mark] = {.key = "mark", .title = "~", .flags = COLUMN_NO_JSON, .width = 1},                           \
    [C_change] = {.key = "change",                                                                           \
                  .title = "Change",                                                                         \
                  .flags = H,                                                                                \
                  .priority = 9,                                                                             \
                  .width = 8,                                                                                \
                  .help = "changed, added, removed, or plan: of the whole plan"},                            \
    [C_text] = {.key = "text",                                                                               \
                .title = "What changed",                                                                     \
                .flags = COLUMN_GROW,                                                                        \
                .width = 30,                                                                                 \
                .help = "in words"},                                                                         \
    [C_before] = {.key = "before_id",                                                                        \
                  .title = "# was",                                                                          \
                  .flags = H,                                                                                \
                  .priority = 3,                                                                             \
                  .width = 5,                                                                                \
                  .help = "number of the node in the plan before"},                                          \
    [C_after] = {.key = "after_id",                                                                          \
                 .title = "# now",                                                                           \
                 .flags = H,                                                                                 \
                 .priority = 3,                                                                              \
                 .width = 5,                                                                                 \
                 .help = "and in the plan after"},                                                           \
    [C_effect_ns] = {.key = "effect_ns",                                                                     \
                     .title = "Effect",                                                                      \
                     .unit = UNIT_NS,                                                                        \
                     .flags = timed,                                                                         \
                     .width = 9,                                                                             \
                     .help = "own time after less before; below 0: faster"},                                 \
    [C_effect_cost] = {.key = "effect_cost",                                                                 \
                       .title = "Effect",                                                                    \
                       .unit = UNIT_COST,                                                                    \
                       .flags = cost,                                                                        \
                       .width = 9,                                                                           \
                       .help = "own cost after less before"},
static const struct column change_columns_timed[C_COLUMNS] = {CHANGE_COLUMNS(0, H)};
static const struct column change_columns_cost[C_COLUMNS] = {CHANGE_COLUMNS(H, 0)};

static const char *mark(enum plan_diff_kind k)
{
    static const char *const marks[] = {"=", "~", "+", "-"};
    return marks[k];
}

static struct cell changes_list(struct doc *d, const struct plan_diff_node *n)
{
    static const struct column column[] = {{.key = "change", .title = "Change", .flags = COLUMN_GROW}};
    struct table *t = doc_list(d, column, 1);
    for (size_t i = 0; i < n->n_changes; i++)
        doc_row(d, t)->cells[0] = cell_text(doc_text(d, n->changes[i]));
    return cell_list(t);
}

static double blocks(const struct plan_node *n)
{
    return n->own_shared_hit + n->own_shared_read;
}

static void fill_side(struct cell *c, const struct plan *p, const struct plan_node *n, bool after)
{
    const int step = after; /* the column after follows the one before */
    c[N_before_id + step] = cell_int(n->id);
    c[N_type_before + step] = cell_text(n->type);
    c[N_exclusive_before_ns + step] = plan_whole(n->exclusive_ns);
    c[N_total_before_ns + step] = plan_whole(n->total_ns);
    c[N_rows_before + step] = plan_whole(n->rows);
    c[N_cost_before + step] = cell_real(n->cost);
    c[N_rows_plan_before + step] = plan_whole(n->plan_rows);
    c[N_loops_before + step] = p->analyzed ? plan_whole(n->loops) : cell_unknown();
    c[N_blocks_before + step] = plan_whole(blocks(n));
}

static bool worse(const struct plan_diff *x, const struct plan_diff_node *n)
{
    bool timed = x->before->timed && x->after->timed;
    double e = timed ? n->effect_ns : n->effect_cost;
    double all = timed ? MAX(x->before->elapsed_ns, x->after->elapsed_ns)
                       : MAX(x->before->total_cost, x->after->total_cost);
    return e >= 0.1 * all && (!timed || e >= 1e6);
}

static void tree(struct doc *d, const struct plan_diff *x)
{
    bool timed = x->before->timed && x->after->timed;
    struct section *s = doc_section(d, SECTION_TREE, "nodes", "Before and after");
    s->weight = 3;
    s->min_height = 5;
    s->note = doc_printf(d, "%zu changed ~, %zu added +, %zu removed -, %zu same =; %s",
                         x->count[PLAN_DIFF_CHANGED], x->count[PLAN_DIFF_ADDED], x->count[PLAN_DIFF_REMOVED],
                         x->count[PLAN_DIFF_SAME], timed ? "own time of each node" : "own cost of each node");
    s->table.columns = timed ? columns_timed : columns_cost;
    s->table.n_columns = N_COLUMNS;
    s->table.sort_column = -1;
    const struct plan_diff_node *most = NULL;
    for (size_t i = 0; i < x->n_changes && !most; i++)
        most = x->changes[i].node;
    for (size_t i = 0; i < x->n_nodes; i++) {
        const struct plan_diff_node *n = &x->nodes[i];
        const struct plan_node *one = n->after ? n->after : n->before;
        struct row *row = doc_row(d, &s->table);
        struct cell *c = row->cells;
        struct strbuf b = {0};
        row->depth = n->depth;
        row->number = i + 1;
        row->severity = worse(x, n)                 ? SEVERITY_WARN
                        : n->kind != PLAN_DIFF_SAME ? SEVERITY_INFO
                                                    : SEVERITY_NONE;
        row->worst = most == n;
        plan_diff_label(n, &b);
        c[N_mark] = cell_text(mark(n->kind));
        c[N_label] = cell_text(doc_text(d, strbuf_text(&b)));
        c[N_change] = cell_text(plan_diff_kind_name(n->kind));
        c[N_relation] = cell_text(doc_text(d, one->relation));
        if (n->before)
            fill_side(c, x->before, n->before, false);
        if (n->after)
            fill_side(c, x->after, n->after, true);
        c[N_type_before] = cell_text(n->before ? doc_text(d, n->before->type) : NULL);
        c[N_type_after] = cell_text(n->after ? doc_text(d, n->after->type) : NULL);
        c[N_effect_ns] = plan_whole(n->effect_ns);
        c[N_changes] = changes_list(d, n);
        strbuf_free(&b);
    }
}

static void changes(struct doc *d, const struct plan_diff *x)
{
    bool timed = x->before->timed && x->after->timed;
    struct section *s = doc_table(d, "changes", "What changed",
                                  timed ? change_columns_timed : change_columns_cost, C_COLUMNS);
    size_t shown = MIN(x->n_changes, CHANGES_SHOWN);
    s->empty = doc_text(d, "Nothing changed: the nodes, their conditions and their figures are the same.");
    s->note = shown < x->n_changes
                  ? doc_printf(d, "the %zu with the largest effect, of %zu", shown, x->n_changes)
                  : doc_text(d, timed ? "the largest effect on the time first"
                                      : "the largest effect on the cost first");
    for (size_t i = 0; i < shown; i++) {
        const struct plan_diff_change *it = &x->changes[i];
        const struct plan_diff_node *n = it->node;
        struct row *row = doc_row(d, &s->table);
        row->cells[C_mark] = cell_text(n ? mark(n->kind) : "~");
        row->cells[C_change] = cell_text(n ? plan_diff_kind_name(n->kind) : "plan");
        row->cells[C_text] = cell_text(doc_text(d, it->text));
        row->copy = row->cells[C_text].s;
        row->cells[C_before] = n && n->before ? cell_int(n->before->id) : cell_unknown();
        row->cells[C_after] = n && n->after ? cell_int(n->after->id) : cell_unknown();
        row->cells[C_effect_ns] = plan_whole(it->effect_ns);
        row->cells[C_effect_cost] = cell_real(it->effect_cost);
        row->severity = n && worse(x, n) ? SEVERITY_WARN : SEVERITY_NONE;
    }
}

/* ---- the summary ---- */

static void both(struct strbuf *b, const char *name, enum unit u, double before, double after)
{
    char was[UNIT_TEXT_MAX], now[UNIT_TEXT_MAX];
    if (isnan(before) && isnan(after))
        return;
    if (isnan(before) || isnan(after)) {
        strbuf_printf(b, "%s%s %s (%s only)", b->len ? ", " : "", name,
                      unit_format(u, isnan(before) ? after : before, was),
                      isnan(before) ? "after" : "before");
        return;
    }
    unit_format(u, before, was);
    unit_format(u, after, now);
    strbuf_printf(b, "%s%s %s", b->len ? ", " : "", name, was);
    if (strcmp(was, now) != 0)
        strbuf_printf(b, " -> %s", now);
}

static sd_time taken_at(const struct plan *p, const struct plan_source *src)
{
    return src->at == SD_UNKNOWN ? p->at : src->at;
}

static void taken(struct strbuf *b, const char *which, const struct plan *p, const struct plan_source *src,
                  sd_time now)
{
    sd_time at = taken_at(p, src);
    char when[CLOCK_TEXT_MAX];
    strbuf_printf(b, "\n%s: ", which);
    if (src->origin)
        strbuf_printf(b, "%s, ", src->origin);
    if (at != SD_UNKNOWN)
        strbuf_printf(b, "%s, ", clock_hms(at, now, when));
    strbuf_str(b, p->timed      ? "executed"
                  : p->analyzed ? "executed without timing"
                  : p->logged   ? "executed; the log has no node times"
                                : "not executed");
}

static void summary_fields(struct doc *d, const struct plan_diff *x, const struct plan_source *before_is,
                           const struct plan_source *after_is)
{
    static const char *const measures[] = {"time", "cost", NULL};
    const struct plan *b = x->before, *a = x->after;
    double read_b, read_a, all_b = plan_diff_blocks(b, &read_b), all_a = plan_diff_blocks(a, &read_a);
    double temp_b = plan_diff_temp_written(b), temp_a = plan_diff_temp_written(a);
    const struct {
        const char *key_before, *key_after;
        enum unit unit;
        double before, after;
    } keys[] = {{.key_before = "execution_before_ns",
                 .key_after = "execution_after_ns",
                 .unit = UNIT_NS,
                 .before = b->elapsed_ns,
                 .after = a->elapsed_ns},
                {.key_before = "planning_before_ns",
                 .key_after = "planning_after_ns",
                 .unit = UNIT_NS,
                 .before = b->planning_ns,
                 .after = a->planning_ns},
                {.key_before = "jit_before_ns",
                 .key_after = "jit_after_ns",
                 .unit = UNIT_NS,
                 .before = b->jit_ns,
                 .after = a->jit_ns},
                {.key_before = "shared_blocks_before",
                 .key_after = "shared_blocks_after",
                 .unit = UNIT_BLOCKS,
                 .before = all_b,
                 .after = all_a},
                {.key_before = "shared_read_before",
                 .key_after = "shared_read_after",
                 .unit = UNIT_BLOCKS,
                 .before = read_b,
                 .after = read_a},
                {.key_before = "temp_written_before",
                 .key_after = "temp_written_after",
                 .unit = UNIT_BLOCKS,
                 .before = temp_b,
                 .after = temp_a},
                {.key_before = "workers_before",
                 .key_after = "workers_after",
                 .unit = UNIT_COUNT,
                 .before = plan_diff_workers(b),
                 .after = plan_diff_workers(a)}};
    doc_field(d, "before", UNIT_NONE, cell_text(doc_text(d, before_is->origin)));
    doc_field(d, "after", UNIT_NONE, cell_text(doc_text(d, after_is->origin)));
    doc_field(d, "taken_before", UNIT_TIME, cell_int(taken_at(b, before_is)));
    doc_field(d, "taken_after", UNIT_TIME, cell_int(taken_at(a, after_is)));
    doc_field(d, "analyzed_before", UNIT_NONE, cell_bool(b->analyzed));
    doc_field(d, "analyzed_after", UNIT_NONE, cell_bool(a->analyzed));
    doc_field(d, "verdict", UNIT_NONE, cell_text(doc_text(d, x->verdict)));
    doc_field(d, "measure", UNIT_NONE, cell_text(measures[x->measure]));
    doc_field(d, "factor", UNIT_NONE, cell_real(x->factor));
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        doc_field(d, keys[i].key_before, keys[i].unit, plan_whole(keys[i].before));
        doc_field(d, keys[i].key_after, keys[i].unit, plan_whole(keys[i].after));
    }
    doc_field(d, "total_cost_before", UNIT_COST, cell_real(b->total_cost));
    doc_field(d, "total_cost_after", UNIT_COST, cell_real(a->total_cost));
    for (int k = 0; k < PLAN_DIFF_KINDS; k++)
        doc_field(d, doc_printf(d, "nodes_%s", plan_diff_kind_name((enum plan_diff_kind)k)), UNIT_COUNT,
                  cell_int((int64_t)x->count[k]));
}

/* The verdict, the figures before and after, and when both plans were taken. */
static void summary_text(struct doc *d, const struct plan_diff *x, const struct plan_source *before_is,
                         const struct plan_source *after_is)
{
    const struct plan *b = x->before, *a = x->after;
    double read_b, read_a, all_b = plan_diff_blocks(b, &read_b), all_a = plan_diff_blocks(a, &read_a);
    double temp_b = plan_diff_temp_written(b), temp_a = plan_diff_temp_written(a);
    struct strbuf figures = {0}, text = {0};
    both(&figures, "execution", UNIT_NS, b->elapsed_ns, a->elapsed_ns);
    both(&figures, "planning", UNIT_NS, b->planning_ns, a->planning_ns);
    both(&figures, "cost", UNIT_COST, b->total_cost, a->total_cost);
    both(&figures, "blocks", UNIT_BLOCKS, all_b, all_a);
    both(&figures, "of them read", UNIT_BLOCKS, read_b, read_a);
    if (temp_b > 0 || temp_a > 0)
        both(&figures, "temporary blocks", UNIT_BLOCKS, temp_b, temp_a);
    if (plan_diff_workers(b) > 0 || plan_diff_workers(a) > 0)
        both(&figures, "workers", UNIT_COUNT, plan_diff_workers(b), plan_diff_workers(a));
    strbuf_printf(&text, "%s\n%s", x->verdict, strbuf_text(&figures));
    if (text.text[strlen(x->verdict) + 1] >= 'a')
        text.text[strlen(x->verdict) + 1] = (char)(text.text[strlen(x->verdict) + 1] - 'a' + 'A');
    sd_time newest = MAX(taken_at(b, before_is), taken_at(a, after_is)); /* unknown is the smallest */
    taken(&text, "Before", b, before_is, newest);
    taken(&text, "After", a, after_is, newest);
    struct section *s = doc_section(d, SECTION_TEXT, NULL, "Verdict");
    s->text = doc_text(d, strbuf_text(&text));
    s->min_height = 3;
    strbuf_free(&figures);
    strbuf_free(&text);
}

/* ---- the rest ---- */

static bool same_statement(const char *b, const char *a)
{
    char x[17], y[17];
    if (!b || !a || !strcmp(b, a))
        return true;
    return sql_fingerprint(b, x) && sql_fingerprint(a, y) && !strcmp(x, y);
}

static void statements(struct doc *d, const char *before, const struct plan_source *before_is,
                       const char *after, const struct plan_source *after_is)
{
    if (!before && !after)
        return;
    if (same_statement(before, after)) {
        struct section *s = doc_section(d, SECTION_TEXT, "query", "Query");
        common_statement(d, s, after ? plan_shown(d, after_is, after) : plan_shown(d, before_is, before));
        s->aside = true; /* what it is of is known; the lines belong to the tree */
        return;
    }
    struct section *s = doc_section(d, SECTION_TEXT, "query_before", "Query before");
    common_statement(d, s, plan_shown(d, before_is, before));
    s = doc_section(d, SECTION_TEXT, "query", "Query after");
    common_statement(d, s, plan_shown(d, after_is, after));
}

static void add_note(struct doc *d, struct table *t, struct strbuf *text, const char *sentence)
{
    doc_row(d, t)->cells[0] = cell_text(doc_text(d, sentence));
    strbuf_printf(text, "%s%s", text->len ? "\n" : "", sentence);
}

static const char *query_of(const struct plan *p, const struct plan_source *src)
{
    return src->query ? src->query : p->query;
}

/* `kept` (or NULL) holds the plans and goes over to the document. */
static struct doc *compare(const struct plan *before, const struct plan_source *before_is,
                           const struct plan *after, const struct plan_source *after_is,
                           const struct plan_list *more, struct diff_kept *kept)
{
    static const struct column column[] = {{.key = "note", .title = "Note", .flags = COLUMN_GROW}};
    struct plan_diff x;
    struct doc *d = doc_new("diff", "Before and after");
    plan_diff(before, after, &x);
    summary_fields(d, &x, before_is, after_is);
    summary_text(d, &x, before_is, after_is);
    tree(d, &x);
    d->focus = (int)d->n_sections - 1;
    changes(d, &x);
    struct table *t = doc_list(d, column, 1);
    struct strbuf text = {0};
    const char *was = query_of(before, before_is), *now = query_of(after, after_is);
    if (!same_statement(was, now))
        add_note(d, t, &text, "The plans are of different statements.");
    for (size_t i = 0; i < x.notes.n; i++)
        add_note(d, t, &text, x.notes.items[i]);
    for (size_t i = 0; more && i < more->n; i++)
        add_note(d, t, &text, more->items[i]);
    for (size_t k = 0; k < 2; k++) {
        const struct plan_list *l = k ? &after->notes : &before->notes;
        for (size_t i = 0; i < l->n; i++)
            add_note(d, t, &text, doc_printf(d, "The plan %s: %s", k ? "after" : "before", l->items[i]));
    }
    doc_field(d, "notes", UNIT_NONE, cell_list(t));
    if (text.len) {
        struct section *s = doc_section(d, SECTION_TEXT, NULL, "Notes");
        s->text = doc_text(d, text.text);
    }
    statements(d, was, before_is, now, after_is);
    strbuf_free(&text);
    if (kept) {
        kept->diff = x;
        kept->before_is = (struct plan_source){.show_literals = before_is->show_literals};
        kept->after_is = (struct plan_source){.show_literals = after_is->show_literals};
        plan_diff_about(d, (size_t)d->focus, kept);
    } else {
        plan_diff_free(&x);
    }
    return d;
}

/* ---- files ---- */

static size_t slowest(const struct explain *e)
{
    size_t most = 0;
    for (size_t i = 1; i < e->n_plans; i++) {
        const struct plan *a = e->plans[i], *b = e->plans[most];
        bool timed = a->elapsed_ns > 0 || b->elapsed_ns > 0;
        if (timed ? a->elapsed_ns > (isnan(b->elapsed_ns) ? 0 : b->elapsed_ns)
                  : a->total_cost > b->total_cost)
            most = i;
    }
    return most;
}

/* Of several plans the slowest; a note says so. */
static const struct plan *plan_of(struct doc *scratch, const struct explain *e, const char *name,
                                  const char **said)
{
    size_t chosen = slowest(e);
    *said = e->n_plans > 1 ? doc_printf(scratch, "%s holds %zu plans; the slowest, number %zu, is compared.",
                                        name, e->n_plans, chosen + 1)
                           : NULL;
    return e->plans[chosen];
}

static bool input_read(const struct plan_input *in, struct explain *e, struct sd_error *err)
{
    struct sd_error why = {""};
    return explain_read(in->text, in->len, e, &why) || fail(err, "%s: %s", in->name, why.text);
}

struct doc *plan_diff_explain(struct plan_input before, struct plan_input after, struct sd_error *err)
{
    struct explain b = {0}, a = {0};
    struct doc *d = NULL;
    if (input_read(&before, &b, err) && input_read(&after, &a, err)) {
        struct doc *scratch = doc_new("diff", NULL);
        const char *said[2];
        struct plan_list more = {.items = said};
        const struct plan *was = plan_of(scratch, &b, before.name, &said[0]);
        more.n = said[0] != NULL;
        const struct plan *now = plan_of(scratch, &a, after.name, &said[more.n]);
        more.n += said[more.n] != NULL;
        struct plan_source before_is = {
            .origin = before.name, .at = SD_UNKNOWN, .generic = -1, .show_literals = true};
        struct plan_source after_is = before_is;
        after_is.origin = after.name;
        d = compare(was, &before_is, now, &after_is, &more, NULL);
        doc_free(scratch);
    }
    explain_free(&b);
    explain_free(&a);
    return d;
}

/* ---- a query's plans in the model ---- */

static bool entry_read(const struct plan_entry *entry, struct explain *e)
{
    struct sd_error why;
    const struct sd_plan *p = entry->plan;
    return p && !p->failed && p->body && explain_read(p->body, strlen(p->body), e, &why);
}

static struct plan_source source_of(const struct view_ctx *c, const struct query *q,
                                    const struct plan_entry *entry)
{
    return (struct plan_source){.query = entry->plan->query ? entry->plan->query : query_text(q),
                                .origin = entry->origin,
                                .at = entry->at,
                                .generic = -1,
                                .show_literals = c->show_literals};
}

/* How well an earlier plan serves as the one before: another shape says most, and
 * executed goes with executed. */
static int rank_earlier(const struct plan *earlier, const struct plan *now)
{
    return (plan_diff_same_shape(earlier, now) ? 0 : 2) + (earlier->analyzed == now->analyzed);
}

struct found {
    struct explain before, after;
    struct plan_entry before_is, after_is;
    size_t read; /* plans of the query that could be read */
    bool after_ok, before_ok;
};

static void find_plans(const struct view_ctx *c, const struct query *q, struct found *f)
{
    sd_time at = span_is_all(c->span) ? INT64_MAX : c->now;
    struct plan_entry entry;
    size_t bytes = 0;
    int best = -1;
    for (size_t nth = 0;
         best < 3 && bytes < EARLIER_BYTES && model_plan_nth(c->model, query_key(q), at, nth, &entry);
         nth++) {
        struct explain e = {0};
        if (!entry_read(&entry, &e))
            continue;
        f->read++;
        bytes += strlen(entry.plan->body);
        if (!f->after_ok) {
            f->after = e;
            f->after_is = entry;
            f->after_ok = true;
            if (c->file_text)
                return;
            continue;
        }
        int w = rank_earlier(e.plans[0], f->after.plans[0]);
        if (w > best) {
            explain_free(&f->before);
            f->before = e;
            f->before_is = entry;
            f->before_ok = true;
            best = w;
        } else {
            explain_free(&e);
        }
    }
}

const char *plan_diff_hint(struct doc *d, const struct view_ctx *c, const struct query *q)
{
    struct plan_entry entry;
    struct found f = {0};
    sd_time at = span_is_all(c->span) ? INT64_MAX : c->now;
    char when[CLOCK_TEXT_MAX];
    const char *text = NULL, *key = view_key(c, d, "diff");
    if (!model_plan_nth(c->model, query_key(q), at, 1, &entry))
        return NULL;
    for (size_t nth = 0; model_plan_nth(c->model, query_key(q), at, nth, &entry); nth++)
        if (entry.plan->body && strlen(entry.plan->body) > HINT_BYTES)
            return NULL;
    find_plans(c, q, &f);
    if (f.before_ok && !plan_diff_same_shape(f.before.plans[0], f.after.plans[0]))
        text = doc_printf(d, "a different plan before it, at %s: %s%sthe view diff%s shows both",
                          clock_hms(f.before_is.at, c->now, when), key ? key : "", key ? ", or " : "",
                          key ? "," : "");
    explain_free(&f.before);
    explain_free(&f.after);
    return text;
}

/* `text` and, in the console, what a key does about it; action NULL: nothing. */
static struct doc *nothing_to_compare(const struct view_ctx *c, const char *text, const char *action,
                                      const char *does)
{
    struct doc *d = doc_new("diff", "Before and after");
    const char *hint = action ? common_hint(d, c, action, does) : "";
    doc_section(d, SECTION_TEXT, NULL, "Before and after")->text = doc_printf(d, "%s%s", text, hint);
    doc_field(d, "why", UNIT_NONE, cell_text(doc_text(d, text)));
    return d;
}

static struct query *worst_query(const struct view_ctx *c) /* that has two plans, if there is one */
{
    struct plan_entry entry;
    for (size_t i = 0; i < model_queries(c->model); i++) {
        struct query *q = model_query(c->model, i);
        if (model_plan_nth(c->model, query_key(q), INT64_MAX, 1, &entry))
            return q;
    }
    return model_queries(c->model) ? model_query(c->model, 0) : NULL;
}

/* Takes the plan after out of `f`. */
static struct doc *against_file(const struct view_ctx *c, struct found *f, const struct plan_source *after_is)
{
    struct plan_input in = {.text = c->file_text, .len = c->file_len, .name = c->file_name};
    struct explain e = {0};
    struct sd_error err = {""};
    if (!input_read(&in, &e, &err))
        return nothing_to_compare(c, err.text, NULL, NULL);
    struct doc *scratch = doc_new("diff", NULL);
    const char *said;
    const struct plan *before = plan_of(scratch, &e, in.name, &said);
    struct plan_list more = {.items = &said, .n = said != NULL};
    struct plan_source before_is = {
        .origin = in.name, .at = SD_UNKNOWN, .generic = -1, .show_literals = true};
    struct diff_kept *kept = mem_alloc(sizeof *kept);
    kept->before = e;
    kept->after = f->after;
    f->after = (struct explain){0};
    struct doc *d = compare(before, &before_is, kept->after.plans[0], after_is, &more, kept);
    doc_free(scratch);
    return d;
}

static struct doc *build_diff(const struct view_ctx *c)
{
    struct query *q = c->arg ? model_find_query(c->model, c->arg) : worst_query(c);
    struct found f = {0};
    struct doc *d;
    if (!q) {
        d = nothing_to_compare(c,
                               "No queries are known yet: this view compares two plans of a query. Add a "
                               "database: postgres://...",
                               NULL, NULL);
        if (c->arg)
            d->missing = doc_printf(
                d, "No query called \"%s\" has been seen. The view queries lists all queries.", c->arg);
        return d;
    }
    find_plans(c, q, &f);
    if (!f.after_ok) {
        d = nothing_to_compare(c, "There is no plan of this query yet.", "plan",
                               "requests one from the server");
    } else if (c->file_text) {
        struct plan_source after_is = source_of(c, q, &f.after_is);
        d = against_file(c, &f, &after_is);
    } else if (!f.before_ok) {
        d = nothing_to_compare(c,
                               "Only one plan of this query is known, so there is nothing to compare it "
                               "with. After a change (a new index, ANALYZE) request a new plan and compare "
                               "again, or compare with a plan in a file: :diff FILE.",
                               "plan", "requests a new plan");
    } else {
        struct plan_source before_is = source_of(c, q, &f.before_is), after_is = source_of(c, q, &f.after_is);
        struct diff_kept *kept = mem_alloc(sizeof *kept);
        kept->before = f.before;
        kept->after = f.after;
        f.before = f.after = (struct explain){0};
        d = compare(kept->before.plans[0], &before_is, kept->after.plans[0], &after_is, NULL, kept);
    }
    doc_field(d, "query_key", UNIT_NONE, cell_text(doc_text(d, query_key(q))));
    explain_free(&f.before);
    explain_free(&f.after);
    return d;
}

static const struct column ALSO[] = {
    {.key = "verdict", .title = "Verdict", .help = "the result of the comparison, in one sentence"},
    {.key = "measure", .title = "Measure", .help = "what is compared: time or cost"},
    {.key = "factor", .title = "Factor", .help = "before / after of the measure"},
    {.key = "changes",
     .title = "Changes",
     .help = "change, text, before_id, after_id, effect_ns, effect_cost; the largest effect first"},
    {.key = "before", .title = "Before", .help = "where the plan before is from"},
    {.key = "after", .title = "After", .help = "where the plan after is from"},
    {.key = "taken_before", .title = "Taken before", .help = "when the plan before was taken"},
    {.key = "taken_after", .title = "Taken after", .help = "when the plan after was taken"},
    {.key = "analyzed_before",
     .title = "Executed before",
     .help = "whether the plan before is an executed one"},
    {.key = "analyzed_after", .title = "Executed after", .help = "whether the plan after is an executed one"},
    {.key = "execution_before_ns",
     .title = "Execution before",
     .help = "time; in the same way planning_before_ns and jit_before_ns"},
    {.key = "execution_after_ns",
     .title = "Execution after",
     .help = "time; in the same way planning_after_ns and jit_after_ns"},
    {.key = "planning_before_ns", .title = "Planning before", .help = "time"},
    {.key = "planning_after_ns", .title = "Planning after", .help = "time"},
    {.key = "jit_before_ns", .title = "JIT before", .help = "time"},
    {.key = "jit_after_ns", .title = "JIT after", .help = "time"},
    {.key = "shared_blocks_before", .title = "Blocks before", .help = "of shared buffers, found or read"},
    {.key = "shared_blocks_after", .title = "Blocks after", .help = "of shared buffers, found or read"},
    {.key = "shared_read_before", .title = "Read before", .help = "blocks"},
    {.key = "shared_read_after", .title = "Read after", .help = "blocks"},
    {.key = "temp_written_before", .title = "Written before", .help = "temporary blocks"},
    {.key = "temp_written_after", .title = "Written after", .help = "temporary blocks"},
    {.key = "workers_before", .title = "Workers before", .help = "workers that were launched"},
    {.key = "workers_after", .title = "Workers after", .help = "workers that were launched"},
    {.key = "total_cost_before", .title = "Cost before", .help = "the planner's"},
    {.key = "total_cost_after", .title = "Cost after", .help = "the planner's"},
    {.key = "nodes_same", .title = "Same", .help = "how many nodes did not change"},
    {.key = "nodes_changed", .title = "Changed", .help = "how many changed"},
    {.key = "nodes_added", .title = "Added", .help = "how many were added"},
    {.key = "nodes_removed", .title = "Removed", .help = "how many were removed"},
    {.key = "notes", .title = "Notes", .help = "why the plans cannot be compared in full"},
    {.key = "query", .title = "Query", .help = "the statement"},
    {.key = "query_before", .title = "Query before", .help = "when the statements differ"},
    {.key = "query_key", .title = "Key", .help = "database and identifier: what --select takes"},
    {.key = "why", .title = "Why", .help = "why there is nothing to compare; absent when there is"},
};

const struct view diff_view = {
    .name = "diff",
    .place = PLACE_DB,
    .title = "Before and after",
    .summary = "two plans of a query side by side: what changed, time and rows before and after",
    .about = "query",
    .up = "query",
    .subject = common_query,
    .needs = SD_KIND_BIT(SD_PLAN),
    .build = build_diff,
    .links = (const char *const[]){"query", "plan", NULL},
    .columns = columns_timed,
    .n_columns = N_COLUMNS,
    .rows = "nodes",
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};
