#include "core/rewrite/private.h"

#include <stdlib.h>

#include "base/units.h"
#include "core/sql/statement.h"

/* ---- what could be saved ---- */

static struct saving saving_of(const struct rewriter *r, double ns, double cost)
{
    const struct plan *p = r->plan;
    struct saving s = saving_time(p, ns);
    s.cost = cost;
    if (p->timed)
        return s;
    double mean = p->logged ? p->elapsed_ns : r->in->mean_ns;
    s.share = p->total_cost > 0 ? MIN(1, cost / p->total_cost) : NAN;
    s.ns = mean > 0 ? mean * s.share : NAN;
    return s;
}

struct saving saving_own(const struct rewriter *r, const struct plan_node *n, double part)
{
    return saving_of(r, known_or(n->exclusive_ns, 0) * part, known_or(n->cost, 0) * part);
}

struct saving saving_total(const struct rewriter *r, const struct plan_node *n, double part)
{
    return saving_of(r, known_or(n->total_ns, 0) * part, known_or(n->total_cost, 0) * part);
}

struct rewrite *rewrite_found(struct rewriter *r, const struct plan_node *n, double measure, struct saving s,
                              double amount)
{
    const struct rewrite_rule *rule = r->rule;
    enum severity severity = severity_of(measure, rule->info, rule->warn, rule->bad);
    if (severity == SEVERITY_NONE || !(s.share >= rule->floor_share) || !(amount >= rule->floor_amount))
        return NULL;
    if (r->plan->timed ? !(s.ns >= rule->floor_ns) : !(s.cost >= rule->floor_cost))
        return NULL;
    if (!r->plan->timed && s.ns < rule->floor_ns) /* the mean is known, and small */
        return NULL;
    for (size_t i = 0; i < r->out->n; i++)
        if (r->out->items[i].rule == rule && r->out->items[i].node == n)
            return NULL;
    r->out->items = mem_grow(r->out->items, r->out->n, &r->out->cap, sizeof *r->out->items);
    struct rewrite *it = &r->out->items[r->out->n++];
    *it = (struct rewrite){
        .rule = rule, .severity = severity, .node = n, .saves_ns = s.ns, .saves_share = s.share};
    return it;
}

const char *rewrite_with(struct rewriter *r, Node **slot, Node *with)
{
    Node *saved = *slot;
    if (!with)
        return NULL;
    *slot = with;
    const char *sql = ast_sql(&r->tree);
    *slot = saved;
    return sql;
}

/* ---- the rules ---- */

#define NONE NAN
#define SAME "The same rows, NULLs included."

const struct rewrite_rule rewrite_rules[] = {
    {.name = "offset_paging",
     .title = "OFFSET skips many rows",
     .measure = "rows computed / rows returned",
     .info = NONE,
     .warn = 10,
     .bad = 1000,
     .floor_ns = 1e6,
     .floor_share = 0.30,
     .floor_cost = 500,
     .floor_amount = 1000,
     .floor_of = "rows skipped",
     .to = "WHERE (sort columns) > (those of the last row seen) ORDER BY ... LIMIT n",
     .help = "The rows before the requested page are computed and discarded, more of them with every page.",
     .same = "Pages are read one after another; a page cannot be requested by its number.",
     .find = find_offset},
    {.name = "or_tables",
     .title = "OR across tables",
     .measure = "pairs of rows removed / compared; planned: 1 when it is there",
     .info = NONE,
     .warn = 0.50,
     .bad = 0.999,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_cost = 5000,
     .floor_amount = 10000,
     .floor_of = "pairs of rows",
     .to = "one SELECT for each side, combined with UNION ALL, the second without the rows of the first",
     .help = "A condition on one table or the other cannot be used as a join condition or with an index.",
     .same = "The same rows, NULLs included; where the SELECT cannot be split, only the parts are shown.",
     .find = find_or_tables},
    {.name = "or_columns",
     .title = "OR over several columns",
     .measure = "rows removed / rows read",
     .info = 0.90,
     .warn = 0.99,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_cost = 1000,
     .floor_amount = 10000,
     .floor_of = "rows removed",
     .to = "one SELECT for each side, combined with UNION ALL, the second without the rows of the first",
     .help = "The whole table is read because no single index supports both sides of the OR.",
     .same = SAME,
     .find = find_or_columns},
    {.name = "function_on_column",
     .title = "The column is inside a function",
     .measure = "rows removed / rows read",
     .info = NONE,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_cost = 500,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .to = "a range of the column itself; otherwise an index on the expression",
     .help = "An index on the column cannot be used: every row is read and the function called for it.",
     .same = "The same rows; the caveat names exceptions such as text that is not of the form expected.",
     .find = find_function},
    {.name = "implicit_cast",
     .title = "The server casts the column",
     .measure = "rows removed / rows read",
     .info = NONE,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_cost = 500,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .to = "the compared value in the type of the column",
     .help = "The compared value has another type, so the column of every row is cast and no index on it is "
             "used.",
     .same = "The same rows for values that the column's type can hold.",
     .find = find_cast},
    {.name = "cast_on_column",
     .title = "The column is cast to text",
     .measure = "rows removed / rows read",
     .info = NONE,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_cost = 500,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .to = "the column itself with a value of its own type; of the beginning of a date, a range",
     .help = "An index on the column cannot be used: its value is turned into text for every row.",
     .same = "The same rows for text as the server writes the values; the caveat names the exceptions.",
     .find = find_text_cast},
    {.name = "keyset_or",
     .title = "Keyset paging written as an OR",
     .measure = "rows removed / rows read; planned: 0.5 when it is there",
     .info = 0.50,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_cost = 5,
     .floor_amount = 1000,
     .floor_of = "rows removed; planned: of the table",
     .to = "(a, b) > (1, 2)",
     .help = "No index can begin at the page: all rows before it are read and removed by the filter.",
     .same = SAME,
     .find = find_keyset_or},
    {.name = "any_of_column",
     .title = "A value is searched in an array column",
     .measure = "rows removed / rows read",
     .info = NONE,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_cost = 500,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .to = "column @> ARRAY[value], with a GIN index",
     .help = "No index can be used for value = ANY (column): the array of every row is searched.",
     .same = SAME,
     .find = find_any_of_column},
    {.name = "few_values",
     .title = "DISTINCT reads every row for few values",
     .measure = "rows read / different values",
     .info = NONE,
     .warn = 1000,
     .bad = 100000,
     .floor_ns = 5e6,
     .floor_share = 0.50,
     .floor_cost = 2000,
     .floor_amount = 200000,
     .floor_of = "rows read",
     .to = "WITH RECURSIVE: the next value of an index, until there is none (loose index scan)",
     .help = "PostgreSQL reads the whole table or index, though each value could be looked up behind the one "
             "before.",
     .same = SAME,
     .find = find_few_values},
    {.name = "not_in",
     .title = "NOT IN a subquery",
     .measure = "list rows searched / rows checked; when hashed, rows of the list / 100,000",
     .info = 1,
     .warn = 100,
     .bad = 10000,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_cost = 1000,
     .floor_amount = 1000,
     .floor_of = "rows checked",
     .to = "NOT EXISTS (SELECT 1 ... WHERE inner = outer)",
     .help = "NOT IN cannot become an anti join: the list is kept in memory, or, if it does not fit in "
             "work_mem, searched for every row.",
     .same = "The same rows when neither side is NULL; one NULL in the list makes NOT IN return nothing.",
     .find = find_not_in},
    {.name = "count_exists",
     .title = "count(*) used as an existence check",
     .measure = "rows counted / number of checks",
     .info = NONE,
     .warn = 5,
     .bad = 10000,
     .floor_ns = 1e6,
     .floor_share = 0.10,
     .floor_cost = 500,
     .floor_amount = 1000,
     .floor_of = "rows counted",
     .to = "EXISTS (SELECT 1 ...)",
     .help = "All rows are counted, but the first one is enough.",
     .same = SAME,
     .find = find_count},
    {.name = "correlated_subquery",
     .title = "Subquery runs for every row",
     .measure = "runs of the subquery",
     .info = NONE,
     .warn = 1000,
     .bad = 100000,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_cost = 5000,
     .floor_amount = 1000,
     .floor_of = "runs",
     .to = "LEFT JOIN (SELECT key, aggregate ... GROUP BY key)",
     .help = "A subquery that depends on the outer row runs again for each outer row. Computed once with "
             "GROUP BY, it can be joined.",
     .same = SAME,
     .find = find_correlated},
    {.name = "distinct_join",
     .title = "DISTINCT removes duplicates of a join",
     .measure = "rows into DISTINCT / rows out",
     .info = NONE,
     .warn = 10,
     .bad = 1000,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_cost = 1000,
     .floor_amount = 10000,
     .floor_of = "rows into DISTINCT",
     .to = "EXISTS (SELECT 1 FROM the joined table ...)",
     .help =
         "A table that is joined only to filter multiplies the rows, and DISTINCT removes the duplicates.",
     .same = SAME,
     .find = find_distinct},
    {.name = "cte_materialized",
     .title = "Filter is not applied inside the CTE",
     .measure = "rows removed / rows computed",
     .info = NONE,
     .warn = 0.90,
     .bad = 0.99,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_cost = 1000,
     .floor_amount = 1000,
     .floor_of = "rows removed",
     .to = "WITH ... AS NOT MATERIALIZED",
     .help = "A materialised CTE computes all its rows before the condition is applied.",
     .same = SAME,
     .find = find_cte},
    {.name = "union_all",
     .title = "UNION without duplicates",
     .measure = "rows kept / rows compared",
     .info = 1,
     .warn = NONE,
     .bad = NONE,
     .floor_ns = 10e6,
     .floor_share = 0.10,
     .floor_cost = INFINITY,
     .floor_amount = 10000,
     .floor_of = "rows compared",
     .to = "UNION ALL",
     .help = "UNION sorts or hashes all rows to remove duplicates; none was removed.",
     .same = "Only if the parts can never return the same row.",
     .find = find_union},
    {.name = "order_random",
     .title = "ORDER BY random()",
     .measure = "rows sorted / rows returned",
     .info = NONE,
     .warn = 100,
     .bad = 100000,
     .floor_ns = 5e6,
     .floor_share = 0.20,
     .floor_cost = 1000,
     .floor_amount = 10000,
     .floor_of = "rows sorted",
     .to = "TABLESAMPLE before the ORDER BY",
     .help = "Every row gets a random number and all rows are sorted to return a few.",
     .same = "A different random choice; with a selective filter it can return too few rows.",
     .find = find_random},
    {.name = "in_list",
     .title = "A very long list of constants",
     .measure = "constants in the list",
     .info = 1000,
     .warn = 10000,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.10,
     .floor_cost = 1000,
     .floor_amount = 1000,
     .floor_of = "constants",
     .to = "= ANY($1), the list as one array parameter",
     .help = "Each constant is parsed and planned again, and each length of the list is a separate statement "
             "in the statistics.",
     .same = SAME,
     .find = find_in_list},
    {.name = "wide_rows",
     .title = "Unused columns in sorts and hashes",
     .measure = "bytes per row",
     .info = 200,
     .warn = 1000,
     .bad = NONE,
     .floor_ns = 5e6,
     .floor_share = 0.05,
     .floor_cost = 1000,
     .floor_amount = 4194304,
     .floor_of = "bytes carried",
     .to = "the columns needed instead of *",
     .help = "With SELECT *, sorts and hashes process every column, and all are sent; wide columns are also "
             "read from TOAST.",
     .same = "Fewer columns: only if the others are not used.",
     .find = find_wide},
    {.name = "n_plus_one",
     .title = "N+1: many calls in one request",
     .measure = "calls of the statement per request of one route, minus the error of their attribution",
     .info = NONE,
     .warn = 5,
     .bad = 50,
     .floor_ns = 0, /* each call is a round trip, whatever the server takes */
     .floor_share = 0,
     .floor_cost = INFINITY,
     .floor_amount = 20,
     .floor_of = "requests",
     .to = "WHERE key = ANY($1) for all keys at once",
     .help = "A route runs a statement once for each row of another statement, and each call is a round trip "
             "to the database. Shown in the views query and endpoint.",
     .same = "The rows of all keys together: the application sorts them by key."},
};
const size_t rewrite_n_rules = ARRAY_LEN(rewrite_rules);

static int by_saving(const void *a, const void *b)
{
    const struct rewrite *x = a, *y = b;
    double sx = known_or(x->saves_share, 0), sy = known_or(y->saves_share, 0);
    if (fabs(sx - sy) > 0.001)
        return sx < sy ? 1 : -1;
    if (x->severity != y->severity)
        return x->severity < y->severity ? 1 : -1;
    return (x->rule > y->rule) - (x->rule < y->rule);
}

static bool see_text(void *ctx, Node **slot)
{
    bool *found = ctx;
    const Node *n = *slot;
    *found = *found || (IS(n, A_CONST) && n->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL);
    return !*found;
}

void rewrites(const struct rewrite_input *in, struct rewrite_list *out)
{
    static const struct plan_facts nothing;
    struct rewrite_input own = *in;
    *out = (struct rewrite_list){.arena = arena_new()};
    struct rewriter r = {.in = &own, .plan = in->plan, .arena = out->arena, .out = out};
    if (!own.facts)
        own.facts = &nothing;
    char *hidden = NULL;
    if (!in->show_literals)
        own.sql = hidden = in->sql ? sql_normalize(in->sql) : NULL;
    if (!own.sql || !in->plan || !ast_parse(r.arena, own.sql, &r.tree)) {
        free(hidden);
        return;
    }
    bool text_left = false;
    if (hidden)
        ast_walk_slot(&r.tree.stmt, see_text, &text_left);
    if (!text_left) { /* the normaliser leaves no text; if it did, nothing of it is shown */
        r.select = IS(r.tree.stmt, SELECT_STMT) ? r.tree.stmt->select_stmt : NULL;
        r.parameters = sql_parameters(own.sql);
        for (size_t i = 0; i < rewrite_n_rules; i++) {
            r.rule = &rewrite_rules[i];
            if (r.rule->find)
                r.rule->find(&r);
        }
    }
    free(hidden);
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_saving);
    out->n = MIN(out->n, REWRITES_MAX);
}

void rewrites_free(struct rewrite_list *l)
{
    free(l->items);
    arena_free(l->arena);
    *l = (struct rewrite_list){0};
}
