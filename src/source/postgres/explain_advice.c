/* explain_advice.c - the indexes a statement misses, beside its plan.
 *
 * The search of `slowdive advise` for the one statement, on the connection that planned
 * it: nothing is executed but the reading of a few pages of a table as a sample. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "core/indexes/size.h"
#include "core/indexes/why.h"
#include "core/schema.h"
#include "source/postgres/advisor_search.h"
#include "source/postgres/internal.h"

#define ADVICE_NS (2000 * SD_MS) /* for all of it; usually it is below a tenth */
#define SEARCH_NS (1000 * SD_MS) /* for the choice, of that */
#define CHEAP     50.0           /* planner's cost: some pages, or rows of a small table */
#define KEEP      0.05           /* an index that saves less of the statement is not named */

struct advising {
    struct sd_advice record; /* what all records have */
    const struct sd_host *host;
    struct sd_batch *reply;
    struct advisor_search search;
};

static void add_advice(struct advising *v, const struct sd_advice *r)
{
    v->host->add(v->reply, SD_ADVICE, r);
}

SD_PRINTF(2, 3)
static void none(struct advising *v, const char *fmt, ...)
{
    struct sd_error why;
    struct sd_advice r = v->record;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why.text, sizeof why.text, fmt, ap);
    va_end(ap);
    r.none = why.text;
    add_advice(v, &r);
}

/* Keys one a line; an expression as the statement has it. */
static char *key_lines(const struct index_def *d)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < d->n_keys; i++) {
        const struct index_key *k = &d->keys[i];
        strbuf_printf(&b, "%s%s", i ? "\n" : "", k->column >= 0 ? d->rel->columns[k->column].name : k->expr);
    }
    return strbuf_detach(&b);
}

static void suggest(struct advising *v, size_t n, char **names)
{
    const struct choice *c = &v->search.choice;
    const struct index_def *d = &c->pool.items[c->chosen[n]];
    double size = c->sizes[c->chosen[n]];
    struct strbuf ddl = {0}, why = {0};
    char *columns = key_lines(d);
    names[n] = index_def_name(d, v->search.catalog, (const char *const *)names, n);
    index_def_ddl(d, names[n], &ddl);
    index_why(&v->search.uses[0], d, &why);
    struct sd_advice r = v->record;
    r.schema = d->rel->schema;
    r.table = d->rel->name;
    r.ddl = ddl.text;
    r.columns = columns;
    r.method = index_method_name(d->method);
    r.size_bytes = d->method != INDEX_GIN && size < 1e15 ? (int64_t)size : SD_UNKNOWN;
    r.write_overhead = index_size_write_overhead(d);
    r.cost_before = c->before;
    r.cost_after = c->after;
    r.proven = advisor_can_prove(v->search.advisor) && d->method != INDEX_GIN;
    r.why = why.text;
    if (!r.proven)
        r.unproven = advisor_can_prove(v->search.advisor) ? "HypoPG does not support GIN indexes"
                                                          : advisor_why_unproven(v->search.advisor);
    add_advice(v, &r);
    free(columns);
    strbuf_free(&ddl);
    strbuf_free(&why);
}

/* Is there anything in the statement that an index could serve? */
static bool has_use(const struct statement_use *u)
{
    for (size_t i = 0; i < u->n; i++)
        if (u->items[i].n_preds || u->items[i].n_orders)
            return true;
    return false;
}

static void refuse(struct advising *v, double keeps)
{
    const struct statement_use *u = &v->search.uses[0];
    const struct catalog_relation *first = u->items[0].rel;
    const struct choice *c = &v->search.choice;
    const char *why = NULL;
    size_t refused = 0;
    for (size_t i = 0; i < u->n; i++) {
        const char *reason = candidate_refusal(u->items[i].rel);
        refused += reason != NULL;
        if (reason && !why) {
            why = reason;
            first = u->items[i].rel;
        }
    }
    if (keeps >= 0.995 && !u->items[0].n_preds)
        none(v, "It reads all of %s.%s: an index would not help.", first->schema, first->name);
    else if (keeps > 0)
        none(v, "It keeps %.0f %% of %s.%s: an index would not help.", 100 * keeps, first->schema,
             first->name);
    else if (refused == u->n)
        none(v, "%s.%s: %s", first->schema, first->name, why);
    else if (!has_use(u))
        none(v, "The statement has no condition, join or order for which an index can be used.");
    else if (!c->statements[0].own.n)
        none(
            v,
            "Every index that could help exists already; if it is not used, check the statistics (ANALYZE).");
    else if (advisor_can_prove(v->search.advisor))
        none(v,
             "The planner was tested with %zu possible indexes; none would save %.0f %% of the statement's "
             "cost.",
             c->statements[0].own.n, 100 * KEEP);
    else
        none(v,
             "By slowdive's own estimate no index would save %.0f %% of the statement's cost; it was not "
             "checked by the planner: %s.",
             100 * KEEP, advisor_why_unproven(v->search.advisor));
}

static void advise(struct advising *v, struct conn *conn, const char *sql, bool unattended)
{
    struct advisor_search *s = &v->search;
    struct choice *c = &s->choice;
    struct sd_error err = {""};
    int64_t began = clock_mono();
    if (!sql_may_explain(sql, &err)) { /* planned by the server's parser: harmless_plan */
        none(v, "No index could be searched for: %s.", err.text);
        return;
    }
    s->advisor = advisor_borrow(conn, ADVICE_NS, unattended, &err);
    s->catalog = s->advisor ? advisor_catalog(s->advisor, sql, &err) : NULL;
    if (!s->catalog) {
        none(v, "No index could be searched for: %s.", err.text);
        return;
    }
    if (!s->catalog->n) {
        none(v, "It reads no table of this database that can have an index.");
        return;
    }
    if (advisor_search_add(s, sql, 1, &err) == SIZE_MAX) {
        none(v, "No index could be searched for: %s.", err.text);
        return;
    }
    double keeps = advisor_search_candidates(s, 0);
    c->keep = KEEP;
    if (!advisor_search_run(s, INFINITY, began + SEARCH_NS)) {
        none(v, "No index could be searched for: %s.", s->problems[0] ? s->problems[0] : "there is no plan");
        return;
    }
    v->record.cost_before = c->before;
    if (c->n_chosen && c->before < CHEAP) {
        none(v, "The statement is cheap already (cost %.0f): an index would save too little.", c->before);
    } else if (!c->n_chosen || c->after > (1 - KEEP) * c->before) {
        refuse(v, keeps);
    } else {
        char **names = mem_array(c->n_chosen, sizeof *names);
        for (size_t i = 0; i < c->n_chosen; i++)
            suggest(v, i, names);
        for (size_t i = 0; i < c->n_chosen; i++)
            free(names[i]);
        free(names);
    }
}

void explain_advice(struct postgres *p, struct conn *c, const struct sd_plan *plan, bool unattended,
                    struct sd_batch *reply)
{
    struct advising v = {.host = p->s->host, .reply = reply};
    schema_clear(schema_of(SD_ADVICE), &v.record);
    v.record.database = plan->database;
    v.record.query_id = plan->query_id;
    advise(&v, c, plan->query, unattended);
    advisor_search_free(&v.search);
    db_catalog_free(v.search.catalog);
    advisor_close(v.search.advisor);
}
