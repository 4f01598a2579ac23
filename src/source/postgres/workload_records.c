/* workload_records.c - what was found for a workload, as records. */
#include "source/postgres/workload_advice.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "core/indexes/size.h"
#include "core/rewrite/rules.h"
#include "core/schema.h"
#include "format/plans/explain_input.h"

#define REWRITE_STATEMENTS 200 /* whose text is looked at, the heaviest first */

static void add_record(struct workload_advice *v, enum sd_kind kind, const void *record)
{
    if (!v->p->s->host->add(v->reply, kind, record))
        v->full = true;
}

static int64_t whole(double x)
{
    return x >= 0 ? real_to_int(x) : SD_UNKNOWN;
}

/* ---- indexes ---- */

/* Sorting and writing some 50 MB a second, reading the table some 100. */
static int64_t build_ns(const struct index_def *d, double size)
{
    double seconds = (isnan(d->rel->pages) ? 0 : d->rel->pages * 8192) / 100e6 + size / 50e6;
    return whole(seconds * 1e9);
}

static double writes_of(const struct catalog_relation *r)
{
    double updates = r->updates - (isnan(r->hot_updates) ? 0 : r->hot_updates);
    return r->inserts + updates;
}

/* What the columns of an index are called, and of which statements it lowers the cost. */
struct index_lists {
    const char *keys[INDEX_KEYS], *include[INDEX_INCLUDES];
    struct sd_texts key_list, include_list;
    struct sd_ints statements;
};

static void name_columns(const struct index_def *d, struct index_lists *l)
{
    for (size_t i = 0; i < d->n_keys; i++)
        l->keys[i] = d->keys[i].column >= 0 ? d->rel->columns[d->keys[i].column].name : d->keys[i].expr;
    for (size_t i = 0; i < d->n_include; i++)
        l->include[i] = d->rel->columns[d->include[i]].name;
    l->key_list = (struct sd_texts){.n = (uint32_t)d->n_keys, .items = l->keys};
    l->include_list = (struct sd_texts){.n = (uint32_t)d->n_include, .items = l->include};
}

static void find_statements(struct workload_advice *v, size_t chosen, struct index_lists *l)
{
    struct choice *c = &v->search.choice;
    int64_t *numbers = arena_alloc(v->arena, (v->n + 1) * sizeof *numbers);
    uint32_t n = 0;
    for (size_t q = 0; q < v->n; q++) {
        const struct advised *s = &v->statements[q];
        if (s->place == SIZE_MAX || isnan(c->statements[s->place].after))
            continue;
        double after = c->statements[s->place].after;
        if (index_choice_cost(c, s->place, chosen) >= after * 1.001 + 1e-6)
            numbers[n++] = (int64_t)q + 1;
    }
    l->statements = (struct sd_ints){.n = n, .items = numbers};
}

static void add_index(struct workload_advice *v, size_t i, char **names)
{
    const struct choice *c = &v->search.choice;
    const struct index_def *d = &c->pool.items[c->chosen[i]];
    double size = c->sizes[c->chosen[i]];
    struct strbuf ddl = {0}, holds = {0};
    struct index_lists lists;
    name_columns(d, &lists);
    find_statements(v, i, &lists);
    names[i] = index_def_name(d, v->catalog, (const char *const *)names, i);
    index_def_statement(d, names[i], &ddl);
    index_def_columns(d, &holds);
    if (d->predicate)
        strbuf_printf(&holds, " WHERE %s", d->predicate);
    add_record(v, SD_WORKLOAD_INDEX,
               &(struct sd_workload_index){
                   .database = v->database,
                   .schema = d->rel->schema,
                   .table = d->rel->name,
                   .method = index_method_name(d->method),
                   .ddl = ddl.text,
                   .holds = holds.text,
                   .keys = &lists.key_list,
                   .include = d->n_include ? &lists.include_list : NULL,
                   .predicate = d->predicate,
                   .saves_cost = c->gains[i],
                   .size_bytes = index_method_unsized(d->method) ? SD_UNKNOWN : whole(size),
                   .build_ns = build_ns(d, size),
                   .write_overhead = index_size_write_overhead(d),
                   .writes = whole(writes_of(d->rel)),
                   .partitioned = d->rel->kind == 'p',
                   .proven = advisor_can_prove(v->advisor) && index_method_asked(d->method),
                   .statements = &lists.statements,
               });
    strbuf_free(&ddl);
    strbuf_free(&holds);
}

static void add_indexes(struct workload_advice *v)
{
    size_t n = v->search.choice.n_chosen;
    char **names = mem_array(n + 1, sizeof *names);
    for (size_t i = 0; i < n; i++)
        add_index(v, i, names);
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* ---- statements ---- */

static void add_statements(struct workload_advice *v)
{
    for (size_t q = 0; q < v->n; q++) {
        const struct advised *s = &v->statements[q];
        const struct choice_statement *c =
            s->place == SIZE_MAX ? NULL : &v->search.choice.statements[s->place];
        add_record(v, SD_WORKLOAD_STATEMENT,
                   &(struct sd_workload_statement){
                       .database = v->database,
                       .number = (int64_t)q + 1,
                       .id = s->id,
                       .text = s->text,
                       .weight = s->weight,
                       .cost_before = c ? c->before : NAN,
                       .cost_after = c ? c->after : NAN,
                       .problem = advised_problem(v, s),
                   });
    }
}

/* One that is to be made valid is not to be dropped. */
static bool is_mended(const struct workload_advice *v, const struct catalog_index *ix)
{
    const struct choice *c = &v->search.choice;
    for (size_t i = 0; i < c->n_chosen; i++)
        if (index_def_mends(&c->pool.items[c->chosen[i]]) == ix)
            return true;
    return false;
}

static void add_waste(struct workload_advice *v)
{
    struct waste_list waste;
    index_waste(v->catalog, &waste);
    for (size_t i = 0; i < waste.n; i++) {
        const struct waste *w = &waste.items[i];
        if (is_mended(v, w->index))
            continue;
        add_record(v, SD_WORKLOAD_WASTE,
                   &(struct sd_workload_waste){
                       .database = v->database,
                       .schema = w->rel->schema,
                       .table = w->rel->name,
                       .name = w->index->name,
                       .reason = waste_name(w->kind),
                       .kept = w->keeper ? w->keeper->name : NULL,
                       .size_bytes = w->index->size_bytes,
                       .idx_scan = w->index->scans,
                   });
    }
    index_waste_free(&waste);
}

/* ---- rewrites ---- */

/* What the catalog says, as facts of a plan. */
static struct plan_facts facts_of(struct arena *a, const struct catalog *c)
{
    const struct sd_table **tables = arena_alloc(a, (c->n + 1) * sizeof *tables);
    for (size_t i = 0; i < c->n; i++) {
        const struct catalog_relation *r = c->relations[i];
        struct sd_table *t = arena_alloc(a, sizeof *t);
        schema_clear(schema_of(SD_TABLE), t);
        t->schema = r->schema;
        t->name = r->name;
        t->rows = r->rows;
        t->size_bytes = r->size_bytes;
        tables[i] = t;
    }
    return (struct plan_facts){.tables = tables, .n_tables = c->n};
}

static void add_rewrite(struct workload_advice *v, int64_t number, const struct rewrite *it)
{
    add_record(v, SD_WORKLOAD_REWRITE,
               &(struct sd_workload_rewrite){
                   .database = v->database,
                   .number = number,
                   .rule = it->rule->name,
                   .title = it->rule->title,
                   .severity = severity_name(it->severity),
                   .evidence = it->evidence,
                   .saves_share = it->saves_share,
                   .advice = it->advice,
                   .before = it->before,
                   .after = it->after,
                   .statement = it->statement,
                   .caveat = it->caveat,
                   .check = it->check,
               });
}

/* `plan`: as JSON, with the indexes advised in place. */
static void add_rewrites_of(struct workload_advice *v, size_t q, const char *plan, const struct plan_facts *f)
{
    struct explain e;
    struct sd_error ignored;
    struct rewrite_list l;
    if (!explain_read(plan, strlen(plan), &e, &ignored))
        return;
    rewrites(&(struct rewrite_input){.sql = v->statements[q].text,
                                     .plan = e.plans[0],
                                     .facts = f,
                                     .catalog = v->catalog,
                                     .show_literals = v->job->literals > 0,
                                     .mean_ns = NAN},
             &l);
    /* Where only an index on the expression helps, that is advised already. */
    for (size_t i = 0; i < l.n; i++)
        if (l.items[i].after)
            add_rewrite(v, (int64_t)q + 1, &l.items[i]);
    rewrites_free(&l);
    explain_free(&e);
}

/* What no index helps. */
static void add_rewrites(struct workload_advice *v)
{
    struct plan_facts facts = facts_of(v->arena, v->catalog);
    for (size_t q = 0; q < v->n && q < REWRITE_STATEMENTS && !advisor_stopped(v->advisor); q++) {
        const struct advised *s = &v->statements[q];
        if (s->place == SIZE_MAX || advised_problem(v, s))
            continue;
        char *plan = advisor_search_plan(&v->search, s->place);
        if (plan)
            add_rewrites_of(v, q, plan, &facts);
        free(plan);
    }
}

/* ---- the whole ---- */

/* "orders (customer_id, placed)", of the index that is the next step; NULL. */
static const char *next_index(struct workload_advice *v)
{
    const struct choice *c = &v->search.choice;
    if (isnan(c->next_size))
        return NULL;
    struct strbuf b = {0};
    index_def_columns(&c->pool.items[c->next], &b);
    const char *text = arena_printf(v->arena, "%s %s", c->pool.items[c->next].rel->name, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

void workload_records(struct workload_advice *v)
{
    const struct choice *c = &v->search.choice;
    bool given = v->job->statements != NULL;
    add_indexes(v);
    add_statements(v);
    add_waste(v);
    /* Planning for rewrites is not part of what the search took. */
    int64_t calls = advisor_calls(v->advisor), elapsed = clock_mono() - v->began;
    add_rewrites(v);
    add_record(v, SD_WORKLOAD,
               &(struct sd_workload){
                   .database = v->database,
                   .name = given && v->job->workload ? v->job->workload
                           : given                   ? "given"
                                                     : "pg_stat_statements",
                   .given = given,
                   .budget_bytes = v->job->budget_bytes,
                   .cost_before = c->before,
                   .cost_after = c->after,
                   .size_bytes = whole(c->size),
                   .next_bytes = whole(c->next_size),
                   .next_cost = c->next_after,
                   .next_index = next_index(v),
                   .calls = calls,
                   .elapsed_ns = elapsed,
                   .cut_short = c->cut_short,
                   .proven = advisor_can_prove(v->advisor),
                   .unproven = advisor_can_prove(v->advisor) ? NULL : advisor_why_unproven(v->advisor),
                   .since = v->catalog->stats_since,
                   .has_replicas = v->catalog->has_replicas,
                   .notes = &(struct sd_texts){.n = (uint32_t)v->n_notes, .items = v->notes},
               });
}
