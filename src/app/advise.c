/* slowdive advise: the indexes a whole workload should have, within a budget. */
#include "app/app.h"

#include <math.h>
#include <stdlib.h>

#include "app/advise_rewrite.h"
#include "app/output.h"
#include "app/workload.h"
#include "base/clock.h"
#include "base/units.h"
#include "core/sql/statement.h"
#include "source/postgres/advisor_search.h"
#include "view/indexes/advise.h"

#define REWRITE_STATEMENTS      200           /* whose text is looked at, the heaviest first */
#define STATEMENTS              500           /* of pg_stat_statements */
#define SEARCH_NS               (850 * SD_MS) /* to the end of the search; and for each statement */
#define SEARCH_PER_STATEMENT_NS (30 * SD_MS)
#define BUDGET_SHARE            0.98 /* sizes are known to some percent: the rest is kept free */

struct advising {
    struct app *app;
    struct advisor *advisor;
    struct catalog *catalog;
    struct workload workload;
    struct advisor_search search;
    struct advise_statement *statements;
    size_t n_statements;
    char **texts; /* per statement */
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
    return v->workload.n ||
           fail(
               err,
               "pg_stat_statements shows no statement of this database: there was none yet, or this role may "
               "not see those of others (GRANT pg_monitor to it)");
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

static void add_statements(struct advising *v)
{
    size_t n = v->workload.n;
    v->n_statements = n;
    v->statements = mem_array(n + 1, sizeof *v->statements);
    v->texts = mem_array(n + 1, sizeof *v->texts);
    for (size_t i = 0; i < n; i++) {
        const struct workload_item *w = &v->workload.items[i];
        struct advise_statement *s = &v->statements[i];
        struct sd_error err = {""};
        v->texts[i] = shown(v, w->text);
        *s = (struct advise_statement){.id = w->id, .text = v->texts[i], .weight = w->weight};
        s->place = advisor_search_add(&v->search, w->text, w->weight, &err);
        if (s->place == SIZE_MAX) {
            s->problem = mem_strdup(err.text);
            continue;
        }
        double keeps = advisor_search_candidates(&v->search, s->place);
        const struct table_use *use = &v->search.uses[s->place].items[0];
        if (keeps > 0 && v->n_notes < 20 && use->n_preds)
            note(v, mem_printf("%s: it keeps %.0f %% of %s.%s; no index is worth it.", w->id, 100 * keeps,
                               use->rel->schema, use->rel->name));
    }
}

/* Tables that get nothing, and why; each once. */
static void note_refusals(struct advising *v)
{
    const struct catalog_relation *told[16];
    size_t n = 0;
    for (size_t i = 0; i < v->search.choice.n_statements; i++)
        for (size_t k = 0; k < v->search.uses[i].n; k++) {
            const struct catalog_relation *r = v->search.uses[i].items[k].rel;
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
        for (size_t s = 0; s < v->search.choice.n_statements && !named; s++)
            for (size_t k = 0; k < v->search.uses[s].n && !named; k++)
                named = v->search.uses[s].items[k].rel == r && !candidate_refusal(r);
        if (named && r->kind != 'p' && r->all_visible < 0.5)
            note(v,
                 mem_printf(
                     "%s.%s: only %.0f %% of its pages are known to be all-visible; VACUUM it and ask again, "
                     "covering indexes may pay then.",
                     r->schema, r->name, 100 * r->all_visible));
    }
}

/* What no index helps, with those advised in place. */
static void add_rewrites(struct advising *v, struct doc *d)
{
    bool own = cli_has(v->app->cli, CLI_WORKLOAD) || v->app->config->settings->show_literals;
    struct advise_rewrites all = {.doc = d, .catalog = v->catalog, .show_literals = own};
    for (size_t i = 0; i < v->n_statements && i < REWRITE_STATEMENTS && !stop(); i++) {
        const struct advise_statement *s = &v->statements[i];
        if (s->problem || s->place == SIZE_MAX)
            continue;
        char *plan = advisor_search_plan(&v->search, s->place);
        advise_rewrites_of(&all, s->id, v->workload.items[i].text, plan);
        free(plan);
    }
    advise_rewrites_done(&all);
}

static int report(struct advising *v, double budget, int64_t began)
{
    struct waste_list waste;
    index_waste(v->catalog, &waste);
    for (size_t i = 0; i < v->n_statements; i++) {
        struct advise_statement *s = &v->statements[i];
        if (s->place != SIZE_MAX && isnan(v->search.choice.statements[s->place].before))
            s->problem = v->search.problems[s->place];
    }
    note_refusals(v);
    note_visibility(v);
    if (v->catalog->is_replica)
        note(v, mem_strdup("This is a replica: the indexes are created on its primary."));
    struct advise_report r = {.catalog = v->catalog,
                              .choice = &v->search.choice,
                              .statements = v->statements,
                              .n_statements = v->n_statements,
                              .waste = &waste,
                              .workload = cli_has(v->app->cli, CLI_WORKLOAD)
                                              ? v->app->cli->values[CLI_WORKLOAD]
                                              : "pg_stat_statements",
                              .proven = advisor_can_prove(v->advisor),
                              .unproven = advisor_why_unproven(v->advisor),
                              .budget = budget,
                              .what_if_calls = advisor_calls(v->advisor),
                              .elapsed_ns = clock_mono() - began,
                              .notes = (const char *const *)v->notes,
                              .n_notes = v->n_notes};
    struct doc *d = advise_doc(&r);
    add_rewrites(v, d);
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
    v->catalog = v->advisor ? advisor_catalog(v->advisor, NULL, &err) : NULL;
    if (!v->catalog || !read_workload(v, &err)) {
        if (stop())
            return 128 + signals_stop();
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    v->search = (struct advisor_search){.advisor = v->advisor, .catalog = v->catalog};
    add_statements(v);
    size_t n = v->search.choice.n_statements;
    v->search.choice.stop = stop;
    int64_t least = clock_mono() + SEARCH_NS / 4; /* where the catalog alone took long */
    bool ok = advisor_search_run(&v->search, budget * BUDGET_SHARE,
                                 MAX(least, began + SEARCH_NS + (int64_t)n * SEARCH_PER_STATEMENT_NS));
    if (stop())
        return 128 + signals_stop();
    if (!ok) {
        const char *why = n ? v->search.problems[0] : v->n_statements ? v->statements[0].problem : NULL;
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
    advisor_search_free(&v.search);
    for (size_t i = 0; i < v.n_statements; i++) {
        if (v.statements[i].place == SIZE_MAX)
            free((char *)(uintptr_t)v.statements[i].problem);
        free(v.texts[i]);
    }
    for (size_t i = 0; i < v.n_notes; i++)
        free(v.notes[i]);
    free(v.notes);
    free(v.statements);
    free(v.texts);
    workload_free(&v.workload);
    db_catalog_free(v.catalog);
    advisor_close(v.advisor);
    return status;
}
