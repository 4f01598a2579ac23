/* suggestions.c - the indexes suggested beside a plan: the server's advice, which its
 * planner has proven, or else what the plan alone tells. */
#include <stdlib.h>

#include "core/sql/statement.h"
#include "view/plans/parts.h"
#include "core/sql/pretty.h"

#define H COLUMN_HIDDEN
enum {
    S_index,
    S_proof,
    S_ddl,
    S_size,
    S_table,
    S_columns,
    S_why,
    S_saves_ns,
    S_saves_share,
    S_unproven,
    S_node,
    S_method,
    S_overhead,
    S_before,
    S_after,
    S_replayed,
    S_END
};
static const struct column name_column[] = {{.key = "name", .title = "Column"}};
const struct column plan_suggestion_columns[PLAN_SUGGESTION_COLUMNS] = {
    [S_index] = {.key = "index",
                 .title = "Index on (copy: CREATE INDEX)",
                 .flags = COLUMN_GROW | COLUMN_NO_JSON,
                 .width = 34,
                 .help = "what it is on: table, keys, INCLUDE, condition"},
    [S_ddl] = {.language = &sql_language,
               .key = "ddl",
               .title = "Statement (slowdive never runs it)",
               .priority = 4,
               .width = 96,
               .help = "the statement that creates the index, or makes an invalid one valid (REINDEX)"},
    [S_proof] = {.key = "proof",
                 .title = "Proof",
                 .flags = COLUMN_NO_JSON,
                 .priority = 1,
                 .width = 8,
                 .help = "proven: the planner uses it (HypoPG)"},
    [S_size] = {.key = "size_bytes",
                .title = "Size",
                .unit = UNIT_BYTES,
                .priority = 3,
                .width = 7,
                .help = "its size once built; unknown from a plan without a server"},
    [S_table] = {.key = "table",
                 .title = "Table",
                 .flags = H,
                 .priority = 4,
                 .width = 12,
                 .help = "the table, with its schema"},
    [S_columns] = {.key = "columns",
                   .title = "Columns",
                   .flags = H,
                   .priority = 5,
                   .width = 12,
                   .help = "key columns in their order"},
    [S_why] =
        {.key = "why", .title = "Why", .flags = H, .priority = 9, .width = 30, .help = "why this index"},
    [S_saves_ns] = {.key = "saves_at_most_ns",
                    .title = "Saves <=",
                    .unit = UNIT_NS,
                    .flags = H,
                    .priority = 2,
                    .width = 8,
                    .help = "maximum time it can save"},
    [S_saves_share] = {.key = "saves_at_most_share",
                       .title = "of all",
                       .unit = UNIT_SHARE,
                       .flags = H,
                       .priority = 1,
                       .width = 7,
                       .help = "the same as share of the execution (or of the cost, then with all of them)"},
    [S_unproven] = {.key = "unproven",
                    .title = "Unproven",
                    .flags = H,
                    .priority = 9,
                    .help = "not checked by a planner: it may not be used; from a plan without a server, it "
                            "may exist already"},
    [S_node] =
        {.key = "node", .title = "#", .flags = H, .priority = 9, .help = "number of the scan it is for"},
    [S_method] = {.key = "method",
                  .title = "Method",
                  .flags = H,
                  .priority = 9,
                  .width = 7,
                  .help = "access method: btree, hash, brin, gin, gist, spgist"},
    [S_overhead] =
        {.key = "write_overhead",
         .title = "Per write",
         .unit = UNIT_SHARE,
         .priority = 3,
         .width = 9,
         .help =
             "bytes it adds to a written row, as share of the row's; unknown from a plan without a server"},
    [S_before] = {.key = "cost_before",
                  .title = "Before",
                  .unit = UNIT_COST,
                  .flags = H,
                  .priority = 9,
                  .width = 8,
                  .help = "planner's cost of the statement without the index"},
    [S_after] = {.key = "cost_after",
                 .title = "After",
                 .unit = UNIT_COST,
                 .flags = H,
                 .priority = 9,
                 .width = 8,
                 .help = "the same with all the suggested indexes; unknown from a plan without a server"},
    [S_replayed] = {.key = "replayed",
                    .title = "Replayed",
                    .flags = H,
                    .priority = 9,
                    .help = "from a recording: it was not proven in this session"},
};
_Static_assert(S_END == PLAN_SUGGESTION_COLUMNS, "view/plans/parts.h says how many there are");

const struct sd_advice *plan_advice_checked(const struct sd_advice *r)
{
    static const struct sd_advice refused = {
        .none = "What the source sent as a suggestion is not a single "
                "CREATE INDEX or REINDEX INDEX on one line; it is not shown."};
    return !r->ddl || sql_builds_index(r->ddl) ? r : &refused;
}

void plan_advise(struct plan *p, const struct plan_source *src, const char *query, struct plan_advice *out)
{
    *out = (struct plan_advice){.plan = p, .src = src};
    for (size_t i = 0; i < src->n_advice; i++)
        out->n += src->advice[i]->ddl != NULL;
    struct plan_facts facts = src->facts;
    facts.query = query ? query : p->query;
    if (!src->n_advice)
        advise_plan(p, &facts, facts.query, &out->own);
    advise_keys(p, &facts, &out->own);
    for (size_t i = 0; i < out->own.n; i++)
        out->n += out->own.items[i].ddl != NULL;
}

void plan_advise_free(struct plan_advice *a)
{
    advise_free(&a->own);
}

/* ---- the server's ---- */

/* A statement that is to be run: its constants are those of a column with few values; they
 * are hidden all the same when they come from what other people run. */
static const char *runnable(struct doc *d, const struct plan_advice *a, const char *ddl)
{
    if (!ddl || a->src->own_query || a->src->show_literals)
        return doc_text(d, ddl);
    char *hidden = sql_hide_literals(ddl);
    const char *s = doc_text(d, hidden);
    free(hidden);
    return s;
}

/* The scan of its table that costs most. */
static const struct plan_node *node_of(const struct plan_advice *a, const struct sd_advice *r)
{
    const struct plan_node *worst = NULL;
    for (size_t i = 0; i < a->plan->n_nodes; i++) {
        const struct plan_node *n = a->plan->nodes[i];
        if (!n->relation || !str_eq(n->relation, r->table) || (n->schema && !str_eq(n->schema, r->schema)))
            continue;
        if (!worst || n->cost_share > worst->cost_share)
            worst = n;
    }
    return worst;
}

/* The server's advice about a node's table; NULL. */
static const struct sd_advice *given_for(const struct plan_advice *a, const struct plan_node *n)
{
    for (size_t i = 0; i < a->src->n_advice && n; i++) {
        const struct sd_advice *r = a->src->advice[i];
        if (r->ddl && n->relation && str_eq(r->table, n->relation) &&
            (!n->schema || str_eq(r->schema, n->schema)))
            return r;
    }
    return NULL;
}

/* Why the server suggests nothing; NULL. */
static const char *given_none(const struct plan_advice *a)
{
    for (size_t i = 0; i < a->src->n_advice; i++)
        if (a->src->advice[i]->none)
            return a->src->advice[i]->none;
    return NULL;
}

/* What the statement's index is on: the part that tells one from another. */
static const char *what_on(struct doc *d, const char *ddl)
{
    const char *on = ddl && str_starts(ddl, "CREATE") ? strstr(ddl, " ON ") : NULL;
    return doc_text(d, on ? on + 4 : ddl);
}

/* "Create it: CREATE INDEX ...", after a finding's advice */
static const char *to_run(struct doc *d, const char *ddl)
{
    return doc_printf(d, "%s: %s", str_starts(ddl, "REINDEX") ? "Make the invalid one valid" : "Create it",
                      ddl);
}

static struct table *column_names(struct doc *d, const struct plan_advice *a, const char *lines)
{
    struct table *names = doc_list(d, name_column, 1);
    while (lines && *lines) {
        size_t len = strcspn(lines, "\n");
        doc_row(d, names)->cells[0] = cell_text(runnable(d, a, doc_printf(d, "%.*s", (int)len, lines)));
        lines += len + (lines[len] == '\n');
    }
    return names;
}

static const char *costs(struct doc *d, double before, double after)
{
    char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
    if (isnan(before) || isnan(after))
        return NULL;
    return doc_printf(d, "%s -> %s", unit_format(UNIT_COST, before, a), unit_format(UNIT_COST, after, b));
}

static void given_row(struct doc *d, struct table *t, const struct plan_advice *a, const struct sd_advice *r)
{
    const struct plan *p = a->plan;
    const struct plan_node *n = node_of(a, r);
    double share = r->cost_before > 0 ? 1 - r->cost_after / r->cost_before : NAN;
    struct row *row = doc_row(d, t);
    const char *ddl = runnable(d, a, r->ddl);
    row->severity = r->proven == 1 && !a->src->replayed ? SEVERITY_GOOD : SEVERITY_INFO;
    row->copy = doc_printf(d, "%s;", ddl);
    row->cells[S_index] = cell_text(what_on(d, ddl));
    row->cells[S_ddl] = cell_text(ddl);
    row->cells[S_proof] = cell_text(a->src->replayed ? "replayed" : r->proven == 1 ? "proven" : "unproven");
    row->cells[S_replayed] = cell_bool(a->src->replayed);
    row->cells[S_size] = cell_int(r->size_bytes);
    row->cells[S_table] =
        cell_text(r->schema ? doc_printf(d, "%s.%s", r->schema, r->table) : doc_text(d, r->table));
    row->cells[S_columns] = cell_list(column_names(d, a, r->columns));
    row->cells[S_why] = cell_text(doc_text(d, r->why));
    row->cells[S_saves_ns] = plan_whole(p->timed ? p->elapsed_ns * share : NAN);
    row->cells[S_saves_share] = cell_real(share);
    row->cells[S_unproven] = cell_bool(r->proven != 1);
    row->cells[S_node] = n ? cell_int(n->id) : cell_unknown();
    row->cells[S_method] = cell_text(doc_text(d, r->method));
    row->cells[S_overhead] = cell_real(r->write_overhead);
    row->cells[S_before] = cell_real(r->cost_before);
    row->cells[S_after] = cell_real(r->cost_after);
}

/* "proven by the planner: cost 21k -> 48"; size and cost of writing stand in the rows. */
static const char *price(struct doc *d, const struct plan_advice *a)
{
    const struct sd_advice *first = NULL;
    size_t proven = 0;
    bool hidden = false;
    for (size_t i = 0; i < a->src->n_advice; i++) {
        const struct sd_advice *r = a->src->advice[i];
        if (!r->ddl)
            continue;
        first = first ? first : r;
        proven += r->proven == 1;
        hidden = hidden || !str_eq(runnable(d, a, r->ddl), r->ddl);
    }
    const char *saved = first ? costs(d, first->cost_before, first->cost_after) : NULL;
    const char *unproven = !first || !first->unproven
                               ? "unproven: slowdive's own estimate"
                               : doc_printf(d, "unproven: %s; slowdive's own estimate", first->unproven);
    return doc_printf(d, "%s%s%s%s%s", a->src->replayed ? "replayed: " : "",
                      proven == a->n ? "proven by the planner (HypoPG)"
                      : proven       ? "proven in part"
                                     : unproven,
                      saved ? ": cost " : "", saved ? saved : "",
                      hidden ? "; --show-literals shows its constants" : "");
}

/* ---- our own ---- */

static void own_row(struct doc *d, struct table *t, const struct plan_advice *all, const struct advice *a)
{
    struct table *names = doc_list(d, name_column, 1);
    for (size_t k = 0; k < a->n_names; k++)
        doc_row(d, names)->cells[0] = cell_text(runnable(d, all, a->names[k]));
    struct row *row = doc_row(d, t);
    row->severity = SEVERITY_INFO;
    row->cells[S_ddl] = cell_text(runnable(d, all, a->ddl));
    row->cells[S_index] = cell_text(what_on(d, row->cells[S_ddl].s));
    row->copy = doc_printf(d, "%s;", row->cells[S_ddl].s);
    row->cells[S_proof] = cell_text("unproven");
    row->cells[S_table] =
        cell_text(a->schema ? doc_printf(d, "%s.%s", a->schema, a->table) : doc_text(d, a->table));
    row->cells[S_columns] = cell_list(names);
    row->cells[S_why] = cell_text(doc_text(d, a->why));
    row->cells[S_saves_ns] = plan_whole(a->saves_ns);
    row->cells[S_saves_share] = cell_real(a->saves_share);
    row->cells[S_unproven] = cell_bool(true);
    row->cells[S_node] = cell_int(a->node->id);
    row->cells[S_method] = cell_text(a->method);
    row->cells[S_replayed] = cell_bool(false);
}

/* ---- both ---- */

const char *plan_advice_ddl(struct doc *d, const struct plan_advice *a)
{
    for (size_t i = 0; i < a->src->n_advice; i++)
        if (a->src->advice[i]->ddl)
            return runnable(d, a, a->src->advice[i]->ddl);
    return a->own.n ? runnable(d, a, a->own.items[0].ddl) : NULL;
}

const char *plan_advice_of(struct doc *d, const struct plan_finding *f, const struct plan_advice *a)
{
    /* These an index can do something about. */
    static const char *const rules[] = {"seq_scan_filter", "index_filter", "order_index", "hot_node",
                                        "costly_node",     "index_walk",   NULL};
    bool filter = strcmp(f->rule->name, "seq_scan_filter") == 0, index = str_find(rules, f->rule->name) >= 0;
    const struct sd_advice *given = given_for(a, f->node);
    if (a->src->n_advice) {
        const char *why = given_none(a);
        if (given && index)
            return doc_printf(d, "%s %s", f->advice, to_run(d, runnable(d, a, given->ddl)));
        return filter && why ? doc_printf(d, "No index is suggested. %s", why) : doc_text(d, f->advice);
    }
    const struct advice *own = index ? advise_for(&a->own, f->node) : NULL;
    if (own && own->ddl)
        return doc_printf(d, "%s %s", f->advice, to_run(d, runnable(d, a, own->ddl)));
    if (own && filter)
        return doc_printf(d, "No plain index is suggested. %s", own->why);
    return doc_text(d, f->advice);
}

void plan_suggestion_rows(struct doc *d, struct table *t, const struct plan_advice *a)
{
    for (size_t i = 0; i < a->src->n_advice; i++)
        if (a->src->advice[i]->ddl)
            given_row(d, t, a, a->src->advice[i]);
    for (size_t i = 0; i < a->own.n; i++)
        if (a->own.items[i].ddl)
            own_row(d, t, a, &a->own.items[i]);
}

void plan_advice_text(const struct plan_advice *a, struct strbuf *out)
{
    size_t n = 0;
    char size[UNIT_TEXT_MAX], share[UNIT_TEXT_MAX];
    for (size_t i = 0; i < a->src->n_advice; i++) {
        const struct sd_advice *r = a->src->advice[i];
        if (!r->ddl)
            continue;
        strbuf_printf(out, "%sIndex", out->len ? "\n" : "");
        if (a->n > 1)
            strbuf_printf(out, " %zu", ++n);
        strbuf_printf(out, ", %s on %s: %s", r->method ? r->method : "btree", r->table, r->why ? r->why : "");
        if (sd_known(r->size_bytes))
            strbuf_printf(out, " %s;", unit_format_int(UNIT_BYTES, r->size_bytes, size));
        if (!isnan(r->write_overhead))
            strbuf_printf(out, " %s more bytes written per row;",
                          unit_format(UNIT_SHARE, r->write_overhead, share));
        strbuf_printf(out, " %s%s%s%s.", a->src->replayed ? "replayed: " : "",
                      r->proven == 1 ? "proven" : "unproven", r->proven != 1 && r->unproven ? ": " : "",
                      r->proven != 1 && r->unproven ? r->unproven : "");
    }
    for (size_t i = 0; i < a->own.n; i++)
        if (a->own.items[i].ddl && a->n > 1) /* of one the section's note tells */
            strbuf_printf(out, "%sIndex on %s: %s Unproven: no planner was asked.", out->len ? "\n" : "",
                          a->own.items[i].table, a->own.items[i].why);
}

static const char *no_suggestion(struct doc *d, const struct plan_advice *a)
{
    if (a->n)
        return NULL;
    if (a->src->n_advice)
        return given_none(a) ? doc_text(d, given_none(a)) : "The server's advice names no index.";
    return a->own.n ? doc_printf(d, "%s: %s", plan_short_name(d, a->own.items[0].node), a->own.items[0].why)
                    : "No scan of this plan has a condition that a further index could serve.";
}

void plan_suggest(struct doc *d, const struct plan_advice *a)
{
    struct section *s =
        doc_table(d, "suggestions", "Missing index", plan_suggestion_columns, PLAN_SUGGESTION_COLUMNS);
    const char *why = no_suggestion(d, a);
    s->empty = doc_printf(d, "No index is suggested. %s", why ? why : "");
    doc_field(d, "no_suggestion", UNIT_NONE, cell_text(why));
    plan_suggestion_rows(d, &s->table, a);
    bool given = false;
    for (size_t i = 0; i < a->src->n_advice; i++)
        given = given || a->src->advice[i]->ddl;
    if (a->n)
        s->note = given ? price(d, a) : doc_printf(d, "unproven. %s", a->own.items[0].why);
}
