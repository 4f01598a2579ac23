/* workload_advice.c - the job `advise`: the indexes a whole workload misses.
 *
 * On a connection of its own; sampling goes on meanwhile on the other. Nothing is executed
 * but the reading of some pages of a table as a sample. */
#include "source/postgres/workload_advice.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/units.h"

#define STATEMENTS   500          /* of pg_stat_statements */
#define LIMIT_NS     (180 * SD_S) /* all of it, once connected: only a search that runs away takes so long */
#define BUDGET_SHARE 0.98         /* sizes are known to some percent: the rest is kept free */
enum { KEEPS_NOTES = 20, REFUSALS = 16 };

static void note(struct workload_advice *v, const char *sentence)
{
    v->notes = mem_grow(v->notes, v->n_notes, &v->cap_notes, sizeof *v->notes);
    v->notes[v->n_notes++] = sentence;
}

/* ---- the workload ---- */

static void take(struct workload_advice *v, const char *id, const char *text, double weight)
{
    v->statements[v->n++] = (struct advised){
        .id = arena_strdup(v->arena, id), .text = arena_strdup(v->arena, text), .weight = weight};
}

static void take_given(struct workload_advice *v)
{
    const struct sd_job_advise *job = v->job;
    v->statements = arena_alloc(v->arena, (job->statements->n + 1) * sizeof *v->statements);
    for (uint32_t i = 0; i < job->statements->n; i++) {
        const char *id = job->ids && i < job->ids->n ? job->ids->items[i] : NULL;
        double weight = job->weights && i < job->weights->n ? job->weights->items[i] : NAN;
        if (job->statements->items[i])
            take(v, id ? id : arena_printf(v->arena, "%u", i + 1), job->statements->items[i],
                 isfinite(weight) && weight >= 0 ? weight : 1);
    }
}

static bool take_counted(struct workload_advice *v, struct sd_error *err)
{
    struct advisor_statement *s;
    size_t n;
    if (!advisor_statements(v->advisor, STATEMENTS, &s, &n, err))
        return false;
    v->statements = arena_alloc(v->arena, (n + 1) * sizeof *v->statements);
    for (size_t i = 0; i < n; i++)
        if (s[i].text)
            take(v, arena_printf(v->arena, "%lld", (long long)s[i].query_id), s[i].text, s[i].calls);
    advisor_statements_free(s, n);
    return v->n ||
           fail(
               err,
               "pg_stat_statements shows no statement of this database: there was none yet, or this role may "
               "not see those of others (GRANT pg_monitor to it)");
}

static void add_statement(struct workload_advice *v, struct advised *s)
{
    struct sd_error err = {""};
    s->place = advisor_search_add(&v->search, s->text, s->weight, &err);
    if (s->place == SIZE_MAX) {
        s->problem = arena_strdup(v->arena, err.text);
        v->n_nothing += v->search.reads_nothing;
        return;
    }
    double keeps = advisor_search_candidates(&v->search, s->place);
    const struct table_use *use = &v->search.uses[s->place].items[0];
    if (keeps > 0 && v->n_notes < KEEPS_NOTES && use->n_preds)
        note(v, arena_printf(v->arena,
                             "%s: the planner expects it to keep %.0f %% of %s.%s; no index is worth it.",
                             s->id, 100 * keeps, use->rel->schema, use->rel->name));
}

/* ---- what else is to be said ---- */

/* Tables that get nothing, and why; each once. */
static void note_refusals(struct workload_advice *v)
{
    const struct catalog_relation *told[REFUSALS];
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
            note(v, arena_printf(v->arena, "%s.%s: %s", r->schema, r->name, why));
        }
}

static bool is_read(const struct workload_advice *v, const struct catalog_relation *r)
{
    for (size_t s = 0; s < v->search.choice.n_statements; s++)
        for (size_t k = 0; k < v->search.uses[s].n; k++)
            if (v->search.uses[s].items[k].rel == r)
                return true;
    return false;
}

/* What a CREATE INDEX CONCURRENTLY that failed left behind where an index is to come. */
static void note_invalid(struct workload_advice *v)
{
    const struct choice *c = &v->search.choice;
    for (size_t i = 0; i < c->n_chosen; i++) {
        const struct index_def *d = &c->pool.items[c->chosen[i]];
        struct strbuf columns = {0};
        char *text = index_def_invalid_text(d);
        index_def_columns(d, &columns);
        if (text)
            note(v, arena_printf(v->arena, "%s.%s %s: %s", d->rel->schema, d->rel->name, columns.text, text));
        strbuf_free(&columns);
        free(text);
    }
}

/* Index-only scans are judged by the visibility map. */
static void note_visibility(struct workload_advice *v)
{
    for (size_t i = 0; i < v->catalog->n; i++) {
        const struct catalog_relation *r = v->catalog->relations[i];
        if (r->kind != 'p' && r->all_visible < 0.5 && is_read(v, r) && !candidate_refusal(r))
            note(v, arena_printf(v->arena,
                                 "%s.%s: only %.0f %% of its pages are known to be all-visible; VACUUM it "
                                 "and ask again, covering indexes may pay then.",
                                 r->schema, r->name, 100 * r->all_visible));
    }
}

/* A row that is deleted is searched for in the tables that reference it: the planner's cost does not count
 * that, so no search finds these indexes. */
static bool is_deleted_from(const struct workload_advice *v, const char *schema, const char *table)
{
    for (size_t s = 0; s < v->search.choice.n_statements; s++) {
        const struct statement_use *u = &v->search.uses[s];
        for (size_t k = 0; u->deletes && k < u->n; k++)
            if (u->items[k].whole_row && !strcmp(u->items[k].rel->schema, schema) &&
                !strcmp(u->items[k].rel->name, table))
                return true;
    }
    return false;
}

/* "public.child (parent_id) references (id)", a line each */
static void note_key(struct workload_advice *v, const char *schema, const char *table, const char *keys)
{
    size_t len = strcspn(keys, "\n");
    const char *end = strstr(keys, " references (");
    if (end && (size_t)(end - keys) < len)
        len = (size_t)(end - keys);
    note(v, arena_printf(v->arena,
                         "%s.%s: each deleted row is searched for in %.*s, which has no index, and no plan "
                         "counts it: CREATE INDEX CONCURRENTLY ON %.*s;",
                         schema, table, (int)len, keys, (int)len, keys));
}

static void note_foreign_keys(struct workload_advice *v, struct conn *c)
{
    static const char KEYS[] = OWN_TAG
        "WITH " UNINDEXED_KEYS "SELECT n.nspname::text, c.relname::text, u.keys "
        "FROM unindexed u JOIN pg_catalog.pg_class c ON c.oid = u.confrelid "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace ORDER BY c.relpages DESC LIMIT 1000";
    PGresult *r;
    struct sd_error ignored;
    advisor_transaction_end(v->advisor); /* its search_path is the session's */
    if (conn_query(c, KEYS, 0, NULL, true, &r, &ignored) != SD_OK)
        return; /* without it the rest of the answer stands */
    for (int row = 0; row < PQntuples(r); row++) {
        const char *schema = conn_text(r, row, 0), *table = conn_text(r, row, 1);
        if (is_deleted_from(v, schema, table))
            for (const char *k = conn_text(r, row, 2); *k; k += strcspn(k, "\n"), k += *k == '\n')
                note_key(v, schema, table, k);
    }
    PQclear(r);
}

/* ---- the search ---- */

/* On the connection that samples, which is another one; behind a pooler there may be none for it. */
static void sample(struct postgres *p)
{
    struct sd_error ignored;
    sd_time now = p->s->host->now(p->s);
    if (now >= postgres_due(p))
        postgres_sample(p, now, &ignored); /* when it fails `run` will meet the same and tell */
}

static int64_t limit_of(const struct sd_job_advise *job)
{
    return sd_known(job->limit_ns) && job->limit_ns > 0 ? MIN(job->limit_ns, LIMIT_NS) : LIMIT_NS;
}

static bool read_all(struct workload_advice *v, struct conn *c, struct sd_error *err)
{
    v->advisor = advisor_borrow(c, limit_of(v->job), false, err);
    if (!v->advisor)
        return false;
    advisor_whole(v->advisor, v->p->s->follow && !c->pooled ? sample : NULL);
    v->catalog = advisor_catalog(v->advisor, NULL, err);
    if (!v->catalog)
        return false;
    if (v->job->statements)
        take_given(v);
    return v->job->statements || take_counted(v, err);
}

static bool search(struct workload_advice *v, struct sd_error *err)
{
    v->search = (struct advisor_search){.advisor = v->advisor, .catalog = v->catalog};
    for (size_t i = 0; i < v->n; i++)
        add_statement(v, &v->statements[i]);
    size_t n = v->search.choice.n_statements;
    int64_t budget = v->job->budget_bytes;
    if (!n && v->n && v->n_nothing == v->n) { /* nothing to advise is an answer */
        struct choice *c = &v->search.choice;
        c->before = c->after = c->next_size = c->next_after = NAN;
        return true;
    }
    int64_t limit = limit_of(v->job); /* what is left to do comes after the search */
    if (advisor_search_run(&v->search, sd_known(budget) ? (double)budget * BUDGET_SHARE : INFINITY,
                           v->began + limit - limit / 5))
        return true;
    const char *why = n ? v->search.problems[0] : v->n ? v->statements[0].problem : NULL;
    return fail(err, "no statement of the workload could be planned: %s", why ? why : "there is none");
}

static bool advise(struct workload_advice *v, struct conn *c, struct sd_error *err)
{
    if (!read_all(v, c, err) || !search(v, err))
        return false;
    const char *cut = advisor_search_cut(&v->search, v->arena);
    if (cut)
        note(v, cut);
    note_invalid(v);
    note_refusals(v);
    note_visibility(v);
    note_foreign_keys(v, c);
    if (v->catalog->is_replica)
        note(v, "This is a replica: the indexes are created on its primary.");
    workload_records(v);
    return !v->full || fail(err, "the answer is too large to be handed over: name fewer statements");
}

enum sd_result advise_request(struct postgres *p, const struct sd_job_advise *job, struct sd_batch *reply,
                              struct sd_error *err)
{
    struct workload_advice v = {.p = p,
                                .job = job,
                                .database = job->database ? job->database : p->database,
                                .arena = arena_new(),
                                .began = clock_mono(),
                                .reply = reply};
    struct conn c = {0};
    char took[UNIT_TEXT_MAX];
    enum sd_result result = conn_open(&c, p, str_eq(v.database, p->database) ? NULL : v.database, err);
    if (result == SD_OK && !advise(&v, &c, err))
        result = SD_UNSUPPORTED;
    if (p->s->host->withdrawn(p->s))
        result = sd_fail(err, SD_UNSUPPORTED, "withdrawn after %s",
                         unit_format_int(UNIT_NS, clock_mono() - v.began, took));
    advisor_search_free(&v.search);
    db_catalog_free(v.catalog);
    advisor_close(v.advisor);
    if (c.p) {
        if (c.pg && !p->s->host->should_stop(p->s))
            conn_end(&c);
        conn_close(&c);
    }
    free(v.notes);
    arena_free(v.arena);
    return result == SD_OK ? SD_OK : SD_UNSUPPORTED;
}
