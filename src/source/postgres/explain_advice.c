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

#define ADVICE_NS                                                                                            \
    (8 * SD_S) /* for all of it; usually it is a hundredth: only a search that runs away ends here */
#define SEARCH_NS (6 * SD_S) /* for the choice, of that */
#define CHEAP     50.0       /* planner's cost: some pages, or rows of a small table */
#define KEEP      0.05       /* an index that saves less of the statement is not named */

struct advising {
    struct sd_advice record; /* what all records have */
    const struct sd_host *host;
    struct sd_batch *reply;
    struct advisor_search search;
    struct arena *arena;
    const char *cut; /* how far a search came that the clock ended; NULL */
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
    char *whole = v->cut ? mem_printf("%s %s", why.text, v->cut) : NULL;
    r.none = whole ? whole : why.text;
    add_advice(v, &r);
    free(whole);
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

/* An invalid index in the place of the new one costs every write and serves nothing. */
static void say_invalid(const struct index_def *d, struct strbuf *out)
{
    char *text = index_def_invalid_text(d);
    if (text)
        strbuf_printf(out, " %s", text);
    free(text);
}

static const char *method_title(enum index_method m)
{
    return m == INDEX_GIN ? "GIN" : m == INDEX_SPGIST ? "SP-GiST" : "GiST";
}

static void suggest(struct advising *v, size_t n, char **names)
{
    const struct choice *c = &v->search.choice;
    const struct index_def *d = &c->pool.items[c->chosen[n]];
    double size = c->sizes[c->chosen[n]];
    struct strbuf ddl = {0}, why = {0};
    char *columns = key_lines(d);
    names[n] = index_def_name(d, v->search.catalog, (const char *const *)names, n);
    index_def_statement(d, names[n], &ddl);
    index_why(&v->search.uses[0], d, &why);
    struct sd_advice r = v->record;
    r.schema = d->rel->schema;
    r.table = d->rel->name;
    r.ddl = ddl.text;
    r.columns = columns;
    r.method = index_method_name(d->method);
    r.size_bytes = !index_method_unsized(d->method) && size < 1e15 ? (int64_t)size : SD_UNKNOWN;
    r.write_overhead = index_size_write_overhead(d);
    r.cost_before = c->before;
    r.cost_after = c->after;
    r.proven = advisor_can_prove(v->search.advisor) && index_method_asked(d->method);
    say_invalid(d, &why);
    if (v->cut)
        strbuf_printf(&why, " %s", v->cut);
    r.why = why.text;
    char *unasked = mem_printf("HypoPG does not support %s indexes", method_title(d->method));
    if (!r.proven)
        r.unproven = advisor_can_prove(v->search.advisor) ? unasked : advisor_why_unproven(v->search.advisor);
    add_advice(v, &r);
    free(unasked);
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

/* Why nothing could be tried although the statement has conditions, joins or orders. */
static void no_candidate(struct advising *v)
{
    const struct candidate_list *own = &v->search.choice.statements[0].own;
    if (own->existing)
        none(v,
             "The index %s on %s.%s that could help exists already; if it is not used, check the statistics "
             "(ANALYZE).",
             own->existing->name, own->existing_of->schema, own->existing_of->name);
    else if (own->long_of)
        none(v, "The values of %s in %s.%s are too long for a B-tree index, which holds 2704 bytes at most.",
             own->long_of->columns[own->long_column].name, own->long_of->schema, own->long_of->name);
    else
        none(v, "No condition, join or order has a form that slowdive knows an index for.");
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
        none(v, "The planner expects it to keep %.0f %% of %s.%s: an index would not help.", 100 * keeps,
             first->schema, first->name);
    else if (refused == u->n)
        none(v, "%s.%s: %s", first->schema, first->name, why);
    else if (u->hint && (!has_use(u) || !c->statements[0].own.n || !c->n_chosen))
        none(v, "%s", u->hint);
    else if (!has_use(u))
        none(v, u->unserved
                    ? "No condition has a form that slowdive knows an index for."
                    : "The statement has no condition, join or order for which an index can be used.");
    else if (!c->statements[0].own.n)
        no_candidate(v);
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
    v->cut = advisor_search_cut(s, v->arena);
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
    struct advising v = {.host = p->s->host, .reply = reply, .arena = arena_new()};
    schema_clear(schema_of(SD_ADVICE), &v.record);
    v.record.database = plan->database;
    v.record.query_id = plan->query_id;
    advise(&v, c, plan->query, unattended);
    advisor_search_free(&v.search);
    db_catalog_free(v.search.catalog);
    advisor_close(v.search.advisor);
    arena_free(v.arena);
}
