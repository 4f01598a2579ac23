/* node_about.c - all about one node or finding, and the part of the statement it is about. */
#include <stdlib.h>

#include "core/plans/clause.h"
#include "core/sql/pretty.h"
#include "format/plans/explain_write.h"
#include "view/plans/parts.h"

enum { LABEL = 12 };
#define BLOCK_BYTES 8192.0 /* PostgreSQL's block, unless compiled otherwise */

struct about_finding {
    const struct plan_node *node; /* of the plan: only while it is there */
    const char *rule, *title, *where, *evidence, *advice, *check;
    enum severity severity;
    struct clauses clauses;
    const char *clause; /* as text; NULL */
};

struct plan_about {
    const struct plan *plan;
    struct plan_kept *kept; /* NULL: the plan may go before the document */
    bool plan_lasts;        /* it does not */
    bool show_literals;
    const char *shown; /* the statement; NULL */
    struct sql_clause *clause;
    struct about_finding *findings;
    size_t n;
    const char *note;          /* of the statement's section, before marks are named in it */
    struct plan_source source; /* for conditions as they may be shown */
};

/* ---- keeping ---- */

void plan_kept_free(struct plan_kept *k)
{
    explain_free(&k->explain);
    sql_clause_close(k->clause);
    free(k);
}

static void free_kept(void *p)
{
    plan_kept_free(p);
}

static const char *clause_text(struct doc *d, const struct plan_about *a, const struct clauses *c)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < c->n; i++)
        strbuf_printf(&b, "%s%.*s", i ? " ... " : "", (int)c->items[i].len, a->shown + c->items[i].start);
    const char *s = b.len ? doc_text(d, b.text) : NULL;
    strbuf_free(&b);
    return s;
}

struct plan_about *plan_about_new(struct doc *d, const struct plan *p, const struct plan_source *src,
                                  const struct plan_findings *f, const struct plan_advice *advice)
{
    struct plan_about *a = arena_alloc(d->arena, sizeof *a);
    const char *query = src->query ? src->query : p->query;
    *a = (struct plan_about){.plan = p,
                             .kept = src->kept,
                             .plan_lasts = src->kept || src->plan_lasts,
                             .show_literals = src->show_literals,
                             .shown = src->shown ? src->shown : plan_shown(d, src, query),
                             .source = {.show_literals = src->show_literals}};
    a->clause = sql_clause_open(a->shown);
    if (a->kept) {
        a->kept->clause = a->clause;
        doc_own(d, a->kept, free_kept);
    }
    a->findings = arena_alloc(d->arena, (f->n + 1) * sizeof *a->findings);
    a->n = f->n;
    for (size_t i = 0; i < f->n; i++) {
        const struct plan_finding *it = &f->items[i];
        struct about_finding *own = &a->findings[i];
        *own = (struct about_finding){.node = it->node,
                                      .rule = it->rule->name,
                                      .title = it->rule->title,
                                      .where = plan_short_name(d, it->node),
                                      .evidence = plan_line(d, it->evidence),
                                      .advice = plan_line(d, plan_advice_of(d, it, advice)),
                                      .check = doc_text(d, it->check),
                                      .severity = it->severity};
        if (sql_clause_find(a->clause, it->node, own->rule, &own->clauses))
            own->clause = clause_text(d, a, &own->clauses);
    }
    return a;
}

void plan_about_done(struct plan_about *a)
{
    if (!a->kept)
        sql_clause_close(a->clause);
    a->clause = a->kept ? a->clause : NULL;
}

const char *plan_about_clause(const struct plan_about *a, size_t finding)
{
    return finding < a->n ? a->findings[finding].clause : NULL;
}

/* ---- marks ---- */

static struct section *statement(struct doc *d, const struct plan_about *a)
{
    for (size_t i = 0; a->shown && i < d->n_sections; i++) {
        struct section *s = &d->sections[i];
        if (s->kind == SECTION_TEXT && s->key && (!strcmp(s->key, "query") || !strcmp(s->key, "text")) &&
            str_eq(s->text, a->shown))
            return s;
    }
    return NULL;
}

static void mark(struct doc *d, struct plan_about *a, const struct clauses *c, const char *what)
{
    struct section *s = statement(d, a);
    if (!s)
        return;
    s->n_marks = c ? c->n : 0;
    s->note = a->note;
    if (!s->n_marks)
        return;
    s->marks = arena_alloc(d->arena, c->n * sizeof *s->marks);
    for (size_t i = 0; i < c->n; i++)
        s->marks[i] = (struct text_mark){c->items[i].start, c->items[i].len};
    s->note = doc_printf(d, "%s%smarked: %s", a->note ? a->note : "", a->note ? "; " : "", what);
}

static const char *node_text(struct doc *d, const struct plan_node *n)
{
    struct strbuf b = {0};
    plan_node_name(n, &b);
    plan_node_where(n, &b);
    const char *s = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return s;
}

void plan_about_mark(struct doc *d, struct plan_about *a)
{
    struct section *s = statement(d, a);
    struct clauses c;
    if (!s)
        return;
    a->note = s->note;
    for (size_t i = 0; i < a->n; i++)
        if (a->findings[i].clauses.n) {
            mark(d, a, &a->findings[i].clauses, doc_printf(d, "what \"%s\" is about", a->findings[i].title));
            return;
        }
    if (a->plan->worst && sql_clause_find(a->clause, a->plan->worst, NULL, &c))
        mark(d, a, &c,
             doc_printf(d, "where most %s goes, node %d", a->plan->timed ? "time" : "cost",
                        a->plan->worst->id));
}

/* ---- lines ---- */

/* "Label       value"; what is longer than the pane goes on below. */
static void line(struct strbuf *b, const char *label, const char *fmt, ...) SD_PRINTF(3, 4);
static void line(struct strbuf *b, const char *label, const char *fmt, ...)
{
    va_list ap;
    if (b->len)
        strbuf_char(b, '\n');
    strbuf_printf(b, "%-*s", LABEL, label);
    va_start(ap, fmt);
    strbuf_vprintf(b, fmt, ap);
    va_end(ap);
}

struct figure {
    char text[UNIT_TEXT_MAX];
};

static struct figure figure_text(enum unit unit, double v)
{
    struct figure f;
    unit_format(unit, v, f.text);
    return f;
}
#define FIGURE(unit, v) (figure_text(unit, v).text)

static double known(double v)
{
    return isnan(v) ? 0 : v;
}

static void sql_line(struct mixed_text *m, const char *label, const char *sql)
{
    line(&m->b, label, "%s", "");
    mixed_add(m, &sql_language, sql);
}

static void condition(struct doc *d, struct mixed_text *m, const struct plan_about *a, const char *label,
                      const char *sql)
{
    if (sql)
        sql_line(m, label, plan_shown_expression(d, &a->source, sql));
}

static void list(struct doc *d, struct strbuf *b, const struct plan_about *a, const char *label,
                 const struct plan_list *l)
{
    struct strbuf all = {0};
    for (size_t i = 0; i < l->n; i++)
        strbuf_printf(&all, "%s%s", i ? ", " : "", plan_shown_expression(d, &a->source, l->items[i]));
    if (all.len)
        line(b, label, "%s", all.text);
    strbuf_free(&all);
}

static void times(struct strbuf *b, const struct plan_node *n)
{
    if (n->never_executed) {
        line(b, "Time", "never executed");
        return;
    }
    if (!isnan(n->exclusive_ns)) {
        line(b, "Time", "%s own, %s of all", FIGURE(UNIT_NS, n->exclusive_ns),
             FIGURE(UNIT_SHARE, n->exclusive_share));
        if (n->child)
            strbuf_printf(b, "; %s with its children", FIGURE(UNIT_NS, n->total_ns));
    }
    if (n->loops > 1 || n->processes > 1) {
        line(b, "Runs", "%s", FIGURE(UNIT_COUNT, n->loops));
        if (n->processes > 1)
            strbuf_printf(b, " in %s processes", FIGURE(UNIT_COUNT, n->processes));
        if (!isnan(n->loop_total_ns))
            strbuf_printf(b, ", %s each", FIGURE(UNIT_NS, n->loop_total_ns));
    }
}

static void rows(struct strbuf *b, const struct plan_node *n)
{
    if (!isnan(n->rows) && !n->never_executed) {
        line(b, "Rows", "%s", FIGURE(UNIT_COUNT, n->rows));
        if (!isnan(n->rows_plan_total))
            strbuf_printf(b, ", planned %s", FIGURE(UNIT_COUNT, n->rows_plan_total));
        if (n->estimate_direction && isfinite(n->estimate_factor))
            strbuf_printf(b, ": %s %s than planned", FIGURE(UNIT_FACTOR, n->estimate_factor),
                          n->estimate_direction > 0 ? "more" : "fewer");
    } else if (!isnan(n->plan_rows)) {
        line(b, "Rows", "planned %s", FIGURE(UNIT_COUNT, n->plan_rows));
    }
    if (!isnan(n->plan_width))
        strbuf_printf(b, "; %s a row", FIGURE(UNIT_BYTES, n->plan_width));
    const struct {
        const char *by;
        double n;
    } removed[] = {{.by = "by the filter", .n = n->loop_removed_filter},
                   {.by = "by the join filter", .n = n->loop_removed_join},
                   {.by = "on rechecking", .n = n->loop_removed_recheck}};
    bool first = true;
    for (size_t i = 0; i < ARRAY_LEN(removed); i++) {
        if (!(removed[i].n > 0))
            continue;
        if (first)
            line(b, "Thrown away", "%s", "");
        strbuf_printf(b, "%s%s %s", first ? "" : ", ",
                      FIGURE(UNIT_COUNT, removed[i].n * fmax(1, known(n->loops))), removed[i].by);
        first = false;
    }
}

static void blocks(struct strbuf *b, const char *label, const char *of, double hit, double read,
                   double dirtied, double written)
{
    if (isnan(hit) && isnan(read))
        return;
    line(b, label, "%s%s hit, %s read (%s)", of, FIGURE(UNIT_COUNT, known(hit)),
         FIGURE(UNIT_COUNT, known(read)), FIGURE(UNIT_BYTES, (known(hit) + known(read)) * BLOCK_BYTES));
    if (dirtied > 0)
        strbuf_printf(b, ", %s dirtied", FIGURE(UNIT_COUNT, dirtied));
    if (written > 0)
        strbuf_printf(b, ", %s written", FIGURE(UNIT_COUNT, written));
}

static void buffers(struct strbuf *b, const struct plan_node *n)
{
    blocks(b, "Blocks", "own ", n->own_shared_hit, n->own_shared_read, NAN, NAN);
    if (n->child || n->shared_dirtied > 0 || n->shared_written > 0)
        blocks(b, "", n->child ? "with children " : "", n->shared_hit, n->shared_read, n->shared_dirtied,
               n->shared_written);
    if (n->local_hit > 0 || n->local_read > 0 || n->local_written > 0)
        blocks(b, "Local", "", n->local_hit, n->local_read, n->local_dirtied, n->local_written);
    if (n->own_temp_read > 0 || n->own_temp_written > 0)
        line(b, "Temporary", "own %s blocks written (%s), %s read",
             FIGURE(UNIT_COUNT, known(n->own_temp_written)),
             FIGURE(UNIT_BYTES, known(n->own_temp_written) * BLOCK_BYTES),
             FIGURE(UNIT_COUNT, known(n->own_temp_read)));
    if (n->own_io_ns > 0)
        line(b, "I/O", "%s own, per process", FIGURE(UNIT_NS, n->own_io_ns));
    if (n->wal_bytes > 0)
        line(b, "WAL", "%s in %s records", FIGURE(UNIT_BYTES, n->wal_bytes),
             FIGURE(UNIT_COUNT, known(n->wal_records)));
}

static void sorting(struct strbuf *b, const char *label, const char *method, const char *type, double kb)
{
    if (!method)
        return;
    line(b, label, "%s", method);
    if (kb >= 0)
        strbuf_printf(b, ", %s %s", FIGURE(UNIT_BYTES, kb * 1024),
                      str_eq(type, "Disk") ? "on disk" : "in memory");
}

static void memory(struct strbuf *b, const struct plan_node *n)
{
    double batches = isnan(n->hash_batches) ? n->hashagg_batches : n->hash_batches;
    sorting(b, "Sorted", n->sort_method, n->sort_space_type, n->sort_space_kb);
    if (!isnan(batches) || !isnan(n->hash_buckets) || !isnan(n->memory_kb)) {
        bool hit = !isnan(n->cache_hits);
        line(b, hit ? "Cache" : "Hash", "%s", "");
        const char *gap = "";
        if (hit) {
            strbuf_printf(b, "%s hits, %s misses, %s evictions", FIGURE(UNIT_COUNT, n->cache_hits),
                          FIGURE(UNIT_COUNT, known(n->cache_misses)),
                          FIGURE(UNIT_COUNT, known(n->cache_evictions)));
            gap = ", ";
        }
        if (!isnan(n->hash_buckets)) {
            strbuf_printf(b, "%s%s buckets", gap, FIGURE(UNIT_COUNT, n->hash_buckets));
            gap = ", ";
        }
        if (!isnan(batches)) {
            strbuf_printf(b, "%s%s batch%s", gap, FIGURE(UNIT_COUNT, batches), batches == 1 ? "" : "es");
            if (n->hash_batches_planned >= 0 && n->hash_batches_planned != batches)
                strbuf_printf(b, " (planned %s)", FIGURE(UNIT_COUNT, n->hash_batches_planned));
            gap = ", ";
        }
        if (!isnan(n->memory_kb))
            strbuf_printf(b, "%s%s of memory", gap, FIGURE(UNIT_BYTES, n->memory_kb * 1024));
        if (n->disk_kb > 0)
            strbuf_printf(b, ", %s on disk", FIGURE(UNIT_BYTES, n->disk_kb * 1024));
    }
    if (n->exact_blocks > 0 || n->lossy_blocks > 0)
        line(b, "Bitmap", "%s exact blocks, %s lossy", FIGURE(UNIT_COUNT, known(n->exact_blocks)),
             FIGURE(UNIT_COUNT, known(n->lossy_blocks)));
    if (!isnan(n->heap_fetches))
        line(b, "Table", "visited for %s rows (heap fetches)", FIGURE(UNIT_COUNT, n->heap_fetches));
    if (n->index_searches > 1)
        line(b, "Index", "%s searches per run", FIGURE(UNIT_COUNT, n->index_searches));
}

static void workers(struct strbuf *b, const struct plan_node *n)
{
    if (n->workers_planned > 0)
        line(b, "Workers", "%s of %s started", FIGURE(UNIT_COUNT, known(n->workers_launched)),
             FIGURE(UNIT_COUNT, n->workers_planned));
    for (size_t i = 0; i < n->n_workers; i++) {
        const struct plan_worker *w = &n->workers[i];
        char label[24];
        snprintf(label, sizeof label, "Worker %.0f", known(w->number));
        line(b, label, "%s", "");
        const char *gap = "";
        if (!isnan(w->loop_total_ns)) {
            strbuf_printf(b, "%s", FIGURE(UNIT_NS, w->loop_total_ns * fmax(1, known(w->loops))));
            gap = ", ";
        }
        if (!isnan(w->loop_rows)) {
            strbuf_printf(b, "%s%s rows", gap, FIGURE(UNIT_COUNT, w->loop_rows * fmax(1, known(w->loops))));
            gap = ", ";
        }
        if (w->shared_hit > 0 || w->shared_read > 0) {
            strbuf_printf(b, "%s%s hit, %s read", gap, FIGURE(UNIT_COUNT, known(w->shared_hit)),
                          FIGURE(UNIT_COUNT, known(w->shared_read)));
            gap = ", ";
        }
        if (w->sort_method)
            strbuf_printf(b, "%s%s", gap, w->sort_method);
        if (w->sort_space_kb >= 0)
            strbuf_printf(b, " %s", FIGURE(UNIT_BYTES, w->sort_space_kb * 1024));
    }
}

static void finding_lines(struct strbuf *b, const struct about_finding *f)
{
    static const char *const marks[] = {"", "+ ", "", "! ", "!! "};
    strbuf_printf(b, "%s%s%s: %s.\n   %s\n   Check: %s", b->len ? "\n" : "", marks[f->severity], f->title,
                  f->evidence, f->advice, f->check);
}

static const char *node_about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    struct plan_about *a = s->about_ctx;
    const struct plan *p = a->plan;
    if (!r->number || r->number > p->n_nodes)
        return NULL;
    const struct plan_node *n = p->nodes[r->number - 1];
    struct mixed_text m = {.n = 0};
    struct strbuf *b = &m.b;
    struct clauses c;
    strbuf_printf(b, "%s%s%s", n->subplan ? n->subplan : "", n->subplan ? ": " : "", node_text(d, n));
    if (sql_clause_find(a->clause, n, NULL, &c)) {
        sql_line(&m, "Written as", clause_text(d, a, &c));
        if (chosen)
            mark(d, a, &c, doc_printf(d, "what node %d is about", n->id));
    } else if (chosen) {
        mark(d, a, NULL, NULL);
    }
    for (size_t i = 0; i < a->n; i++)
        if (a->findings[i].node == n)
            finding_lines(b, &a->findings[i]);
    times(b, n);
    rows(b, n);
    if (!isnan(n->total_cost)) {
        line(b, "Cost", "%s", FIGURE(UNIT_COST, n->total_cost));
        strbuf_printf(b, " a run%s; own %s, %s of all", n->child ? " with its children" : "",
                      FIGURE(UNIT_COST, n->cost), FIGURE(UNIT_SHARE, n->cost_share));
    }
    condition(d, &m, a, "Index cond", n->index_cond);
    condition(d, &m, a, "Hash cond", n->hash_cond);
    condition(d, &m, a, "Merge cond", n->merge_cond);
    condition(d, &m, a, "TID cond", n->tid_cond);
    condition(d, &m, a, "Join filter", n->join_filter);
    condition(d, &m, a, "Filter", n->filter);
    condition(d, &m, a, "Recheck", n->recheck_cond);
    condition(d, &m, a, "When", n->one_time_filter);
    condition(d, &m, a, "Run cond", n->run_condition);
    condition(d, &m, a, "Order by", n->order_by);
    condition(d, &m, a, "Function", n->function_call);
    condition(d, &m, a, "Cache key", n->cache_key);
    condition(d, &m, a, "Remote SQL", n->remote_sql);
    list(d, b, a, "Sort key", &n->sort_key);
    list(d, b, a, "Presorted", &n->presorted_key);
    if (!n->grouping_sets.n)
        list(d, b, a, "Group key", &n->group_key);
    for (size_t i = 0; i < n->grouping_sets.n; i++)
        condition(d, &m, a, "Grouping", n->grouping_sets.items[i]);
    condition(d, &m, a, "Window", n->window);
    buffers(b, n);
    memory(b, n);
    workers(b, n);
    list(d, b, a, "Output", &n->output);
    return mixed_done(d, &m);
}

static const char *finding_about(struct doc *d, const struct section *s, const struct row *r, bool chosen)
{
    struct plan_about *a = s->about_ctx;
    struct mixed_text m = {.n = 0};
    if (!r->number || r->number > a->n)
        return NULL;
    const struct about_finding *f = &a->findings[r->number - 1];
    finding_lines(&m.b, f);
    if (f->clause)
        sql_line(&m, "Written as", f->clause);
    if (f->node)
        line(&m.b, "Node", "%d, %s", f->node->id, node_text(d, f->node));
    if (chosen)
        mark(d, a, &f->clauses, doc_printf(d, "what \"%s\" is about", f->title));
    return mixed_done(d, &m);
}

void plan_about_nodes(struct section *s, struct plan_about *a)
{
    if (!a->kept)
        return;
    s->about = node_about;
    s->about_ctx = a;
}

void plan_about_findings(struct section *s, struct plan_about *a)
{
    if (!a->kept)
        return;
    s->about = finding_about;
    s->about_ctx = a;
}

/* ---- the plan as text ---- */

static const char *write(struct doc *d, void *ctx)
{
    const struct plan_about *a = ctx;
    struct strbuf b = {0};
    explain_write(a->plan, !a->show_literals, &b);
    if (b.len)
        b.text[--b.len] = 0;
    return doc_take(d, &b);
}

void plan_about_text(struct doc *d, struct plan_about *a)
{
    struct section *s = doc_section(d, SECTION_TEXT, "plan_text", "As text");
    s->note = doc_text(d, a->show_literals ? "EXPLAIN's text format, for other tools"
                                           : "EXPLAIN's text format, constants hidden, for other tools");
    s->aside = true;
    if (a->plan_lasts) { /* most who print the document leave it out */
        s->write = write;
        s->write_ctx = a;
    } else {
        s->text = write(d, a);
    }
}
