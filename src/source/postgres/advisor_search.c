#include "source/postgres/advisor_search.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/index_guess.h"
#include "core/index_size.h"

#define UNSELECTIVE 0.3 /* a filter alone that keeps more of a table gets no index */

/* ---- what the search asks ---- */

/* What no planner can say: GIN always, everything without HypoPG. */
static double guess(struct advisor_search *s, size_t statement, const struct index_def *const *set, size_t n,
                    double cost, bool *used)
{
    const struct statement_use *use = s->choice.statements[statement].use;
    double saved = 0;
    for (size_t t = 0; t < use->n; t++) {
        double best = 0.05 * cost; /* less is not worth a guess */
        size_t at = SIZE_MAX;
        for (size_t i = 0; i < n; i++) {
            bool unknown = set[i]->method == INDEX_GIN || !advisor_can_prove(s->advisor);
            double saves = unknown ? index_guess(&use->items[t], set[i], cost) : 0;
            if (saves > best) {
                best = saves;
                at = i;
            }
        }
        if (at == SIZE_MAX)
            continue;
        used[at] = true;
        saved += best;
    }
    return MIN(saved, 0.99 * cost);
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
                           set[i]->rel->rows * set[i]->predicate_share, set[i]->rel->pages);
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
static bool mark_sampled(const struct index_def *d, unsigned char *columns)
{
    bool any = false, values = d->method == INDEX_BTREE && !d->n_include;
    for (size_t i = 0; i < d->n_keys && values; i++)
        values = d->keys[i].column >= 0 && d->rel->columns[d->keys[i].column].equal_image;
    for (size_t c = 0; c < d->rel->n_columns; c++) {
        if (!index_def_has(d, (int)c))
            continue;
        if (d->rel->columns[c].length < 0 || values || d->rel->columns[c].null_frac > 0)
            columns[c] |= ADVISOR_LENGTHS | (values ? ADVISOR_VALUES : 0);
        any = any || columns[c];
    }
    return any;
}

static void prepare(void *ctx, struct candidate_list *pool)
{
    struct advisor_search *s = ctx;
    struct sd_error ignored;
    int64_t began = clock_mono();
    for (size_t i = 0; i < pool->n; i++) {
        const struct catalog_relation *r = pool->items[i].rel;
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = pool->items[k].rel != r;
        if (!first || r->sample)
            continue;
        unsigned char *columns = mem_array(r->n_columns + 1, 1);
        bool any = false;
        for (size_t k = i; k < pool->n; k++)
            any |= pool->items[k].rel == r && mark_sampled(&pool->items[k], columns);
        if (any)
            advisor_sample(s->advisor, s->catalog, r, columns, &ignored);
        free(columns);
    }
    s->choice.deadline += clock_mono() - began; /* the search has its own time */
}

/* ---- the statements ---- */

size_t advisor_search_add(struct advisor_search *s, const char *sql, double weight, struct sd_error *err)
{
    struct statement_use use;
    if (!statement_use(s->catalog, sql, &use, err))
        return SIZE_MAX;
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
        d->rel, d->predicate, rows >= 0 && d->rel->rows > 0 ? MIN(1, rows / d->rel->rows) : d->predicate_share};
    return s->shares[s->n_shares - 1].share;
}

double advisor_search_candidates(struct advisor_search *s, size_t statement)
{
    struct candidate_list *own = &s->choice.statements[statement].own;
    double keeps = keeps_much(s, statement);
    if (!(keeps > 0))
        candidates(s->catalog, &s->uses[statement], own);
    for (size_t i = 0; i < own->n; i++)
        if (own->items[i].predicate)
            own->items[i].predicate_share = share_of(s, &own->items[i]);
    return keeps;
}

bool advisor_search_run(struct advisor_search *s, double budget, int64_t deadline)
{
    struct choice *c = &s->choice;
    for (size_t i = 0; i < c->n_statements; i++)
        c->statements[i].use = &s->uses[i];
    c->budget = budget;
    c->deadline = deadline;
    c->now = clock_mono;
    c->cost = cost;
    c->prepare = prepare;
    c->ctx = s;
    return index_choice(c);
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
}
