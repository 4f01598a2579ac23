#include "source/postgres/advisor_search.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/indexes/guess.h"
#include "core/indexes/size.h"

#define GUESS_WORTH 50  /* cost, without HypoPG: some dozen pages */
#define UNSELECTIVE 0.3 /* a filter alone that keeps more of a table gets no index */

/* ---- what the search asks ---- */

/* The scan of a table that costs most. The parts of a partitioned table have other names:
 * then all of the table is taken for read. */
static struct guess_scan scan_of(struct advisor_search *s, size_t statement, const struct catalog_relation *r,
                                 double cost)
{
    size_t n;
    const struct guess_scan *scans = advisor_scans(s->advisor, s->handles[statement], &n), *most = NULL;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(scans[i].table, r->name) &&
            (!most || scans[i].cost * scans[i].loops > most->cost * most->loops))
            most = &scans[i];
    if (most)
        return *most;
    double whole = r->kind == 'p' ? r->rows * (0.01 + 0.01) : 0;
    return (struct guess_scan){
        .cost = MIN(whole, cost), .loops = 1, .other_rows = NAN, .limit = NAN, .limit_cost = NAN};
}

/* What no planner can say: GIN and GiST always, everything without HypoPG. */
static double guess(struct advisor_search *s, size_t statement, const struct index_def *const *set, size_t n,
                    double cost, bool *used)
{
    const struct statement_use *use = s->choice.statements[statement].use;
    double saved = 0;
    size_t *joins = mem_array(use->n + 1, sizeof *joins); /* the use that leads to it */
    bool proves = advisor_can_prove(s->advisor);
    for (size_t t = 0; t < use->n; t++) {
        double best = proves ? 0.05 * cost : MAX(0.25 * cost, GUESS_WORTH); /* less is not worth a guess */
        size_t at = SIZE_MAX, join;
        struct guess_scan scan = scan_of(s, statement, use->items[t].rel, cost);
        joins[t] = SIZE_MAX;
        for (size_t i = 0; i < n && scan.cost > 0; i++) {
            if ((proves && index_method_asked(set[i]->method)) || set[i]->rel != use->items[t].rel)
                continue;
            double saves = index_guess(use, t, set[i], &scan, &join);
            if (saves > best && !(join < t && joins[join] == t)) {
                best = saves;
                at = i;
                joins[t] = join;
            }
        }
        if (at == SIZE_MAX)
            continue;
        used[at] = true;
        saved += best;
    }
    free(joins);
    return MIN(saved, 0.99 * cost);
}

/* Rows an equality on an expression finds, by those the planner expects of one without
 * statistics (DEFAULT_NUM_DISTINCT is 200). Those of a partial index it never looks at. */
static double found_by(struct advisor_search *s, const struct index_def *d, size_t key)
{
    const char *expr = d->keys[key].expr;
    for (size_t i = 0; i < s->n_found; i++)
        if (s->found[i].rel == d->rel && !strcmp(s->found[i].condition, expr))
            return s->found[i].share;
    struct index_def one = {.rel = d->rel, .keys = {d->keys[key]}, .n_keys = 1, .predicate_share = 1};
    double distinct = index_size_sure(&one) ? index_size_distinct(&one) : NAN;
    s->found = mem_grow(s->found, s->n_found, &s->cap_found, sizeof *s->found);
    s->found[s->n_found++] =
        (struct advisor_share){d->rel, expr, isnan(distinct) ? 1 : MIN(1, 200 / distinct)};
    return s->found[s->n_found - 1].share;
}

static double found_of(struct advisor_search *s, const struct index_def *d)
{
    double found = 1;
    for (size_t i = 0; i < d->n_keys && d->method == INDEX_BTREE && !d->predicate; i++)
        if (d->keys[i].column < 0)
            found *= found_by(s, d, i);
    return found;
}

static bool cost(void *ctx, size_t statement, const struct index_def *const *set, size_t n, double *out,
                 bool *used)
{
    struct advisor_search *s = ctx;
    size_t *ids = mem_array(n + 1, sizeof *ids);
    struct sd_error err;
    for (size_t i = 0; i < n; i++) {
        struct strbuf ddl = {0};
        index_def_ddl(set[i], NULL, &ddl);
        ids[i] = advisor_index(s->advisor, ddl.text, set[i]->rel->kind == 'p' ? 0 : set[i]->rel->oid);
        strbuf_free(&ddl);
        size_t place = (size_t)(set[i] - s->choice.pool.items);
        if (s->choice.sizes || ids[i] >= s->n_expected)
            advisor_expect(s->advisor, ids[i], s->choice.sizes ? s->choice.sizes[place] : index_size(set[i]),
                           set[i]->rel->rows * set[i]->predicate_share, set[i]->rel->pages,
                           found_of(s, set[i]));
        s->n_expected = MAX(s->n_expected, ids[i] + 1);
    }
    bool ok = advisor_cost(s->advisor, s->handles[statement], ids, n, out, used, &err);
    if (ok)
        *out -= guess(s, statement, set, n, *out, used);
    if (!ok && !s->problems[statement])
        s->problems[statement] = mem_strdup(err.text);
    free(ids);
    return ok;
}

/* What the statistics do not tell of an index: how long values of variable length are
 * together, and how many different keys several columns have. */
struct marks {
    unsigned char *columns;
    const char *expressions[CATALOG_EXPRESSIONS], *conditions[CATALOG_CONDITIONS];
    size_t n, n_conditions;
};

/* Rows of a condition may have other values than the table: fewer, longer, never null. */
static void mark_condition(const struct index_def *d, struct marks *m)
{
    bool there = !d->predicate || d->method != INDEX_BTREE;
    for (size_t i = 0; i < m->n_conditions && !there; i++)
        there = !strcmp(m->conditions[i], d->predicate);
    if (!there && m->n_conditions < CATALOG_CONDITIONS)
        m->conditions[m->n_conditions++] = d->predicate;
}

static bool mark_sampled(const struct index_def *d, struct marks *m)
{
    unsigned char *columns = m->columns;
    bool any = false, values = d->method == INDEX_BTREE && !d->n_include;
    mark_condition(d, m);
    for (size_t i = 0; i < d->n_keys && d->method == INDEX_BTREE; i++) {
        const char *expr = d->keys[i].column < 0 ? d->keys[i].expr : NULL;
        for (size_t k = 0; k < m->n && expr; k++)
            if (!strcmp(m->expressions[k], expr))
                expr = NULL;
        if (expr && m->n < CATALOG_EXPRESSIONS)
            m->expressions[m->n++] = expr;
        any = any || d->keys[i].column < 0;
    }
    for (size_t i = 0; i < d->n_keys && values; i++)
        values = d->keys[i].column < 0 || d->rel->columns[d->keys[i].column].equal_image;
    for (size_t c = 0; c < d->rel->n_columns; c++) {
        if (!index_def_has(d, (int)c))
            continue;
        if (d->rel->columns[c].length < 0 || values || d->predicate || d->rel->columns[c].null_frac > 0)
            columns[c] |= ADVISOR_LENGTHS | (values ? ADVISOR_VALUES : 0);
        any = any || columns[c];
    }
    return any;
}

/* The catalog is ours to change, the candidates' view of it is not. */
static struct catalog_relation *ours(struct catalog *c, const struct catalog_relation *r)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->relations[i] == r)
            return c->relations[i];
    return NULL;
}

/* Takes the sample of the table of one of the list. */
static void sample(struct advisor_search *s, const struct candidate_list *pool, size_t of)
{
    struct catalog_relation *r = ours(s->catalog, pool->items[of].rel);
    if (!r)
        return;
    struct marks m = {.columns = mem_array(r->n_columns + 1, 1)};
    struct sd_error ignored;
    bool any = false;
    for (size_t k = 0; k < pool->n; k++)
        if (pool->items[k].rel == r && mark_sampled(&pool->items[k], &m))
            any = true;
    struct advisor_wanted wanted = {.columns = m.columns,
                                    .expressions = m.expressions,
                                    .n_expressions = m.n,
                                    .conditions = m.conditions,
                                    .n_conditions = m.n_conditions};
    bool ok = !any || advisor_sample(s->advisor, s->catalog, r, &wanted, &ignored);
    wanted.n_expressions = wanted.n_conditions = 0;
    if (!ok && (m.n || m.n_conditions)) /* a cast may fail */
        advisor_sample(s->advisor, s->catalog, r, &wanted, &ignored);
    free(m.columns);
}

static void prepare(void *ctx, struct candidate_list *pool)
{
    struct advisor_search *s = ctx;
    for (size_t i = 0; i < pool->n; i++) {
        const struct catalog_relation *r = pool->items[i].rel;
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = pool->items[k].rel != r;
        if (!first || r->sample)
            continue;
        sample(s, pool, i);
    }
}

static bool stopped(void *ctx)
{
    return advisor_stopped(((struct advisor_search *)ctx)->advisor);
}

/* ---- the statements ---- */

size_t advisor_search_add(struct advisor_search *s, const char *sql, double weight, struct sd_error *err)
{
    struct statement_use use;
    s->reads_nothing = false;
    if (!statement_use(s->catalog, sql, &use, err)) {
        s->reads_nothing = use.reads_nothing;
        return SIZE_MAX;
    }
    size_t handle = advisor_add(s->advisor, sql, err), n = s->choice.n_statements;
    if (handle == SIZE_MAX) {
        statement_use_free(&use);
        return SIZE_MAX;
    }
    if (n == s->cap) {
        s->cap = n ? 2 * n : 16;
        s->uses = mem_realloc(s->uses, s->cap * sizeof *s->uses);
        s->handles = mem_realloc(s->handles, s->cap * sizeof *s->handles);
        s->problems = mem_realloc(s->problems, s->cap * sizeof *s->problems);
        s->choice.statements = mem_realloc(s->choice.statements, s->cap * sizeof *s->choice.statements);
    }
    int64_t *tables = mem_array(use.n + 1, sizeof *tables);
    for (size_t i = 0; i < use.n; i++)
        tables[i] = use.items[i].rel->oid;
    advisor_tables(s->advisor, handle, tables, use.n);
    free(tables);
    s->uses[n] = use;
    s->handles[n] = handle;
    s->problems[n] = NULL;
    s->choice.statements[n] = (struct choice_statement){.weight = weight};
    return s->choice.n_statements++;
}

/* A filter that keeps much of a table wants the table. */
static double keeps_much(struct advisor_search *s, size_t statement)
{
    const struct statement_use *use = &s->uses[statement];
    struct sd_error ignored;
    double cost_now;
    bool used;
    if (!use->only_filters || use->items[0].n_orders ||
        !advisor_cost(s->advisor, s->handles[statement], NULL, 0, &cost_now, &used, &ignored))
        return 0;
    const struct catalog_relation *r = use->items[0].rel;
    double share = advisor_read(s->advisor) / r->rows;
    return !candidate_refusal(r) && share > UNSELECTIVE ? MIN(1, share) : 0;
}

/* How much of its table a condition keeps, by the planner; asked once for each. */
static double share_of(struct advisor_search *s, const struct index_def *d)
{
    for (size_t i = 0; i < s->n_shares; i++)
        if (s->shares[i].rel == d->rel && str_eq(s->shares[i].condition, d->predicate))
            return s->shares[i].share;
    double rows = advisor_rows(s->advisor, d->rel->schema, d->rel->name, d->predicate);
    s->shares = mem_grow(s->shares, s->n_shares, &s->cap_shares, sizeof *s->shares);
    s->shares[s->n_shares++] = (struct advisor_share){
        d->rel, d->predicate,
        rows >= 0 && d->rel->rows > 0 ? MIN(1, rows / d->rel->rows) : d->predicate_share};
    return s->shares[s->n_shares - 1].share;
}

/* What a guess starts from. */
static void ask_shares(struct advisor_search *s, struct statement_use *use)
{
    bool proves = advisor_can_prove(s->advisor);
    for (size_t t = 0; t < use->n; t++) {
        struct table_use *u = &use->items[t];
        for (size_t i = 0; i < u->n_preds; i++) {
            struct pred *p = &u->preds[i];
            if (!p->text || p->in_or || (proves && !pred_inside(p->kind)) || candidate_refusal(u->rel))
                continue;
            struct index_def d = {.rel = u->rel, .predicate = p->text, .predicate_share = NAN};
            p->share = share_of(s, &d);
        }
    }
}

/* Values of variable length that are stored outside of the rows: how long they are decides whether
 * they fit into a B-tree, and pg_stats counts them as 18 bytes. */
static void measure_long(struct advisor_search *s, const struct table_use *u)
{
    struct catalog_relation *r = ours(s->catalog, u->rel);
    struct sd_error ignored;
    bool any = false;
    if (!r || r->toast_pages <= 0 || r->sample || candidate_refusal(r))
        return;
    unsigned char *columns = mem_array(r->n_columns + 1, 1);
    for (size_t i = 0; i < r->n_columns; i++) {
        const struct catalog_column *c = &r->columns[i];
        bool looked_up = u->needed[i] && !c->dropped && c->length < 0 && !(c->most_bytes < 1000);
        if (looked_up && isnan(c->longest))
            columns[i] = any = ADVISOR_LENGTHS;
    }
    if (any)
        advisor_sample(s->advisor, s->catalog, r, &(struct advisor_wanted){.columns = columns}, &ignored);
    r->sample = NULL; /* the one for the sizes has values, too */
    for (size_t i = 0; i < r->n_columns; i++)
        if (columns[i] && isnan(r->columns[i].longest))
            r->columns[i].longest = isnan(r->columns[i].avg_width) ? 32 : r->columns[i].avg_width;
    free(columns);
}

double advisor_search_candidates(struct advisor_search *s, size_t statement)
{
    struct candidate_list *own = &s->choice.statements[statement].own;
    const struct statement_use *use = &s->uses[statement];
    double keeps = keeps_much(s, statement);
    ask_shares(s, &s->uses[statement]);
    for (size_t i = 0; i < use->n && !(keeps > 0); i++)
        measure_long(s, &use->items[i]);
    if (!(keeps > 0))
        candidates(s->catalog, use, own);
    for (size_t i = 0; i < own->n; i++)
        if (own->items[i].predicate)
            own->items[i].predicate_share = share_of(s, &own->items[i]);
    return keeps;
}

/* Of an expression the sample says how many rows it finds: that is wanted from the first
 * what-if call on. Then the sample goes: it makes sizes right, but slow for as many
 * candidates as there are at first. */
static void sample_expressions(struct advisor_search *s)
{
    struct candidate_list all = {0};
    for (size_t q = 0; q < s->choice.n_statements; q++)
        for (size_t i = 0; i < s->choice.statements[q].own.n; i++)
            candidate_add(&all, &s->choice.statements[q].own.items[i]);
    for (size_t i = 0; i < all.n; i++)
        for (size_t k = 0; k < all.items[i].n_keys; k++) {
            const struct catalog_relation *r = all.items[i].rel;
            if (all.items[i].keys[k].column >= 0 || all.items[i].method != INDEX_BTREE)
                continue;
            if (!r->sample)
                sample(s, &all, i);
            found_by(s, &all.items[i], k);
        }
    for (size_t i = 0; i < all.n; i++)
        ours(s->catalog, all.items[i].rel)->sample = NULL;
    candidate_free(&all);
}

bool advisor_search_run(struct advisor_search *s, double budget, int64_t deadline)
{
    struct choice *c = &s->choice;
    for (size_t i = 0; i < c->n_statements; i++)
        c->statements[i].use = &s->uses[i];
    c->budget = budget;
    c->deadline = deadline;
    c->calls_most = MIN(CHOICE_CALLS + c->n_statements * CHOICE_CALLS_PER_STATEMENT, CHOICE_CALLS_MOST);
    c->now = clock_mono;
    c->cost = cost;
    c->prepare = prepare;
    c->stop = stopped;
    c->ctx = s;
    sample_expressions(s);
    return index_choice(c);
}

const char *advisor_search_cut(const struct advisor_search *s, struct arena *arena)
{
    const struct choice *c = &s->choice;
    return !c->cut_short
               ? NULL
               : arena_printf(arena,
                              "The clock ended the search at %zu of at most %zu plans: the server was slow, "
                              "and with more time it may find better indexes.",
                              c->calls, c->calls_most);
}

char *advisor_search_plan(struct advisor_search *s, size_t statement)
{
    const struct choice *c = &s->choice;
    size_t *ids = mem_array(c->n_chosen + 1, sizeof *ids);
    struct sd_error ignored;
    for (size_t i = 0; i < c->n_chosen; i++) {
        const struct index_def *def = &c->pool.items[c->chosen[i]];
        struct strbuf ddl = {0};
        index_def_ddl(def, NULL, &ddl);
        ids[i] = advisor_index(s->advisor, ddl.text, def->rel->kind == 'p' ? 0 : def->rel->oid);
        strbuf_free(&ddl);
    }
    char *plan = advisor_plan(s->advisor, s->handles[statement], ids, c->n_chosen, &ignored);
    free(ids);
    return plan;
}

void advisor_search_free(struct advisor_search *s)
{
    index_choice_free(&s->choice);
    for (size_t i = 0; i < s->choice.n_statements; i++) {
        candidate_free(&s->choice.statements[i].own);
        statement_use_free(&s->uses[i]);
        free(s->problems[i]);
    }
    free(s->choice.statements);
    free(s->uses);
    free(s->handles);
    free(s->problems);
    free(s->shares);
    free(s->found);
}
