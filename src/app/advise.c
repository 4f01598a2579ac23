/* slowdive advise: the indexes a whole workload should have, within a budget. */
#include "app/app.h"

#include <math.h>
#include <stdlib.h>

#include "app/output.h"
#include "app/workload.h"
#include "base/clock.h"
#include "base/units.h"
#include "core/index_guess.h"
#include "core/index_size.h"
#include "core/sql.h"
#include "source/postgres/advisor.h"
#include "view/advise.h"

#define STATEMENTS              500            /* of pg_stat_statements */
#define SEARCH_NS               (1000 * SD_MS) /* for the search; and for each statement */
#define SEARCH_PER_STATEMENT_NS (40 * SD_MS)
#define UNSELECTIVE             0.3  /* a filter alone that keeps more of a table gets no index */
#define BUDGET_SHARE            0.97 /* sizes are known to some percent: the rest is kept free */

struct advising {
    struct app *app;
    struct advisor *advisor;
    struct catalog *catalog;
    struct workload workload;
    struct statement_use *uses; /* per statement of the choice */
    struct choice choice;
    struct advise_statement *statements;
    size_t n_statements;
    char **problems; /* per statement */
    char **texts;
    size_t n_expected; /* indexes the advisor knows the size of */
    size_t *handles;   /* advisor's, per statement of the choice */
    char **notes;
    size_t n_notes, cap_notes;
};

static bool stop(void)
{
    return signals_stop() != 0;
}

static void note(struct advising *v, char *sentence)
{
    v->notes = mem_grow(v->notes, v->n_notes, &v->cap_notes, sizeof *v->notes);
    v->notes[v->n_notes++] = sentence;
}

/* ---- what the search asks ---- */

/* What no planner can say: GIN always, everything without HypoPG. */
static double guess(struct advising *v, size_t statement, const struct index_def *const *set, size_t n,
                    double cost, bool *used)
{
    const struct statement_use *use = v->choice.statements[statement].use;
    double saved = 0;
    for (size_t t = 0; t < use->n; t++) {
        double best = 0.05 * cost; /* less is not worth a guess */
        size_t at = SIZE_MAX;
        for (size_t i = 0; i < n; i++) {
            bool unknown = set[i]->method == INDEX_GIN || !advisor_can_prove(v->advisor);
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
    struct advising *v = ctx;
    size_t *ids = mem_array(n + 1, sizeof *ids);
    struct sd_error err;
    for (size_t i = 0; i < n; i++) {
        struct strbuf ddl = {0};
        index_def_ddl(set[i], NULL, &ddl);
        ids[i] = advisor_index(v->advisor, ddl.text, set[i]->rel->oid);
        strbuf_free(&ddl);
        size_t place = (size_t)(set[i] - v->choice.pool.items);
        if (v->choice.sizes || ids[i] >= v->n_expected)
            advisor_expect(v->advisor, ids[i], v->choice.sizes ? v->choice.sizes[place] : index_size(set[i]),
                           set[i]->rel->rows * set[i]->predicate_share, set[i]->rel->pages);
        v->n_expected = MAX(v->n_expected, ids[i] + 1);
    }
    bool ok = !stop() && advisor_cost(v->advisor, v->handles[statement], ids, n, out, used, &err);
    if (ok)
        *out -= guess(v, statement, set, n, *out, used);
    if (!ok && !v->problems[statement])
        v->problems[statement] = mem_strdup(stop() ? "stopped" : err.text);
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
    struct advising *v = ctx;
    struct sd_error ignored;
    int64_t began = clock_mono();
    for (size_t i = 0; i < pool->n; i++) {
        struct index_def *d = &pool->items[i];
        bool done = !d->predicate;
        for (size_t k = 0; k < i && !done; k++)
            if (pool->items[k].rel == d->rel && str_eq(pool->items[k].predicate, d->predicate)) {
                d->predicate_share = pool->items[k].predicate_share;
                done = true;
            }
        double rows = done ? NAN : advisor_rows(v->advisor, d->rel->schema, d->rel->name, d->predicate);
        if (rows >= 0 && d->rel->rows > 0)
            d->predicate_share = MIN(1, rows / d->rel->rows);
    }
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
            advisor_sample(v->advisor, v->catalog, r, columns, &ignored);
        free(columns);
    }
    v->choice.deadline += clock_mono() - began; /* the search has its own time */
}

/* ---- the workload ---- */

static bool read_workload(struct advising *v, struct sd_error *err)
{
    const struct cli *cli = v->app->cli;
    if (cli_has(cli, CLI_WORKLOAD))
        return workload_read(&v->workload, cli->values[CLI_WORKLOAD], err);
    struct advisor_statement *s;
    size_t n;
    if (!advisor_statements(v->advisor, STATEMENTS, &s, &n, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        char id[24];
        snprintf(id, sizeof id, "%lld", (long long)s[i].query_id);
        if (s[i].text)
            workload_add(&v->workload, id, s[i].text, s[i].calls);
    }
    advisor_statements_free(s, n);
    return v->workload.n || fail(err, "pg_stat_statements holds no statement of this database yet");
}

/* One line, literals hidden when they are a server's. */
static char *shown(const struct advising *v, const char *sql)
{
    bool own = cli_has(v->app->cli, CLI_WORKLOAD) || v->app->config->settings->show_literals;
    char *text = own ? mem_strdup(sql) : sql_hide_literals(sql);
    for (char *s = text; s && *s; s++)
        if (*s == '\n' || *s == '\t' || *s == '\r')
            *s = ' ';
    return text;
}

/* A filter that keeps much of a table wants the table. */
static bool keeps_much(struct advising *v, const struct statement_use *use, size_t handle, const char *id)
{
    struct sd_error ignored;
    double cost_now;
    bool used;
    if (!use->only_filters || use->items[0].n_orders ||
        !advisor_cost(v->advisor, handle, NULL, 0, &cost_now, &used, &ignored))
        return false;
    const struct catalog_relation *r = use->items[0].rel;
    double share = advisor_read(v->advisor) / r->rows;
    if (candidate_refusal(r) || !(share > UNSELECTIVE))
        return false;
    if (v->n_notes < 20 && use->items[0].n_preds)
        note(v, mem_printf("%s: it keeps %.0f %% of %s.%s; no index is worth it.", id, 100 * MIN(1, share),
                           r->schema, r->name));
    return true;
}

static void add_statements(struct advising *v)
{
    size_t n = v->workload.n;
    v->n_statements = n;
    v->statements = mem_array(n + 1, sizeof *v->statements);
    v->problems = mem_array(n + 1, sizeof *v->problems);
    v->texts = mem_array(n + 1, sizeof *v->texts);
    v->handles = mem_array(n + 1, sizeof *v->handles);
    v->uses = mem_array(n + 1, sizeof *v->uses);
    v->choice.statements = mem_array(n + 1, sizeof *v->choice.statements);
    for (size_t i = 0; i < n; i++) {
        const struct workload_item *w = &v->workload.items[i];
        struct advise_statement *s = &v->statements[i];
        struct choice *c = &v->choice;
        struct sd_error err = {""};
        v->texts[i] = shown(v, w->text);
        *s = (struct advise_statement){
            .id = w->id, .text = v->texts[i], .weight = w->weight, .place = SIZE_MAX};
        struct statement_use *use = &v->uses[c->n_statements];
        size_t handle = SIZE_MAX;
        if (statement_use(v->catalog, w->text, use, &err)) {
            handle = advisor_add(v->advisor, w->text, &err);
            if (handle == SIZE_MAX)
                statement_use_free(use);
        }
        if (handle == SIZE_MAX) {
            s->problem = mem_strdup(err.text);
            continue;
        }
        v->handles[c->n_statements] = handle;
        c->statements[c->n_statements] = (struct choice_statement){.use = use, .weight = w->weight};
        if (!keeps_much(v, use, handle, w->id))
            candidates(v->catalog, use, &c->statements[c->n_statements].own);
        s->place = c->n_statements++;
    }
}

/* Tables that get nothing, and why; each once. */
static void note_refusals(struct advising *v)
{
    const struct catalog_relation *told[16];
    size_t n = 0;
    for (size_t i = 0; i < v->choice.n_statements; i++)
        for (size_t k = 0; k < v->uses[i].n; k++) {
            const struct catalog_relation *r = v->uses[i].items[k].rel;
            const char *why = candidate_refusal(r);
            bool known = !why || !isnan(r->rows); /* small tables speak for themselves */
            for (size_t t = 0; t < n; t++)
                known = known || told[t] == r;
            if (known || n == ARRAY_LEN(told))
                continue;
            told[n++] = r;
            note(v, mem_printf("%s.%s: %s", r->schema, r->name, why));
        }
}

/* Index-only scans are judged by the visibility map. */
static void note_visibility(struct advising *v)
{
    for (size_t i = 0; i < v->catalog->n; i++) {
        const struct catalog_relation *r = v->catalog->relations[i];
        bool named = false;
        for (size_t s = 0; s < v->choice.n_statements && !named; s++)
            for (size_t k = 0; k < v->uses[s].n && !named; k++)
                named = v->uses[s].items[k].rel == r && !candidate_refusal(r);
        if (named && r->kind != 'p' && r->all_visible < 0.5)
            note(v,
                 mem_printf(
                     "%s.%s: only %.0f %% of its pages are known to be all-visible; VACUUM it and ask again, "
                     "covering indexes may pay then.",
                     r->schema, r->name, 100 * r->all_visible));
    }
}

static int report(struct advising *v, double budget, int64_t began)
{
    struct waste_list waste;
    index_waste(v->catalog, &waste);
    for (size_t i = 0; i < v->n_statements; i++) {
        struct advise_statement *s = &v->statements[i];
        if (s->place != SIZE_MAX && isnan(v->choice.statements[s->place].before))
            s->problem = v->problems[s->place];
    }
    note_refusals(v);
    note_visibility(v);
    if (v->catalog->is_replica)
        note(v, mem_strdup("This is a replica: the indexes are created on its primary."));
    struct advise_report r = {.catalog = v->catalog,
                              .choice = &v->choice,
                              .statements = v->statements,
                              .n_statements = v->n_statements,
                              .waste = &waste,
                              .workload = cli_has(v->app->cli, CLI_WORKLOAD)
                                              ? v->app->cli->values[CLI_WORKLOAD]
                                              : "pg_stat_statements",
                              .proven = advisor_can_prove(v->advisor),
                              .budget = budget,
                              .what_if_calls = advisor_calls(v->advisor),
                              .elapsed_ns = clock_mono() - began,
                              .notes = (const char *const *)v->notes,
                              .n_notes = v->n_notes};
    struct doc *d = advise_doc(&r);
    int status = output_doc(v->app, d);
    doc_free(d);
    index_waste_free(&waste);
    return status;
}

static int advise(struct advising *v, const char *target, double budget)
{
    struct sd_error err = {""};
    int64_t began = clock_mono();
    v->advisor = advisor_open(target, stop, &err);
    v->catalog = v->advisor ? advisor_catalog(v->advisor, &err) : NULL;
    if (!v->catalog || !read_workload(v, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    add_statements(v);
    struct choice *c = &v->choice;
    c->budget = budget * BUDGET_SHARE;
    c->deadline = clock_mono() + SEARCH_NS + (int64_t)c->n_statements * SEARCH_PER_STATEMENT_NS;
    c->now = clock_mono;
    c->cost = cost;
    c->prepare = prepare;
    c->ctx = v;
    bool ok = index_choice(c);
    if (stop())
        return 128 + signals_stop();
    if (!ok) {
        const char *why = c->n_statements   ? v->problems[0]
                          : v->n_statements ? v->statements[0].problem
                                            : NULL;
        complain("no statement of the workload could be planned: %s", why ? why : "there is none");
        return EXIT_USAGE;
    }
    return report(v, budget, began);
}

int verb_advise(struct app *a)
{
    struct advising v = {.app = a};
    struct sd_error err;
    int64_t bytes = 0;
    const char *target = a->cli->n_args ? a->cli->args[0] : getenv("DATABASE_URL");
    if (!output_ready(a))
        return EXIT_USAGE;
    if (!target || a->cli->n_args > 1) {
        complain("advise needs one database, such as postgres://user@host/database");
        return EXIT_USAGE;
    }
    if (cli_has(a->cli, CLI_BUDGET) &&
        (!unit_parse_bytes(a->cli->values[CLI_BUDGET], &bytes, &err) || bytes <= 0)) {
        complain("--budget: %s", bytes <= 0 ? "must be more than nothing" : err.text);
        return EXIT_USAGE;
    }
    int status = advise(&v, target, cli_has(a->cli, CLI_BUDGET) ? (double)bytes : INFINITY);
    index_choice_free(&v.choice);
    for (size_t i = 0; i < v.choice.n_statements; i++) {
        candidate_free(&v.choice.statements[i].own);
        statement_use_free(&v.uses[i]);
    }
    for (size_t i = 0; i < v.n_statements; i++) {
        if (v.statements[i].place == SIZE_MAX)
            free((char *)(uintptr_t)v.statements[i].problem);
        free(v.problems[i]);
        free(v.texts[i]);
    }
    for (size_t i = 0; i < v.n_notes; i++)
        free(v.notes[i]);
    free(v.notes);
    free(v.choice.statements);
    free(v.statements);
    free(v.problems);
    free(v.texts);
    free(v.handles);
    free(v.uses);
    workload_free(&v.workload);
    db_catalog_free(v.catalog);
    advisor_close(v.advisor);
    return status;
}
