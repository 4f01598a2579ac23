/* Whatever the statement: read as a tree, written again, every rule on plans that make them
 * speak. What is written must parse. The input: a statement, or a condition of a plan after
 * a NUL. */
#include <pg_query.h>
#include <stdlib.h>

#include "core/rewrite/rules.h"

static struct plan *some_plan(const char *condition)
{
    struct plan *p = plan_new();
    static const char *const types[] = {"Limit",    "Aggregate", "Nested Loop", "Seq Scan",
                                        "Seq Scan", "Aggregate", "Seq Scan"};
    static const int parents[] = {-1, 0, 1, 2, 2, 4, 5};
    struct plan_node *nodes[7];
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct plan_node *n = nodes[i] = plan_add(p, parents[i] < 0 ? NULL : nodes[parents[i]]);
        n->type = types[i];
        n->relationship = i == 5 ? "SubPlan" : i == 4 ? "Inner" : "Outer";
        n->strategy = i == 1 ? "Hashed" : NULL;
        n->total_cost = 100000 - 1000 * (double)i;
        n->startup_cost = 0;
        n->plan_rows = 10;
        n->plan_width = 500;
        n->loop_startup_ns = 1;
        n->loop_total_ns = 1e9 - 1e8 * (double)i;
        n->loop_rows = i < 2 ? 10 : 1e5;
        n->loops = i == 5 || i == 6 ? 5000 : 1;
        if (!strcmp(types[i], "Seq Scan")) {
            n->relation = n->alias = i == 3 ? "t" : i == 4 ? "u" : "v";
            n->filter = condition;
            n->loop_rows = 10;
            n->loop_removed_filter = 1e6;
        }
    }
    nodes[2]->join_filter = condition;
    nodes[2]->loop_removed_join = 1e6;
    p->execution_ns = 1e9;
    plan_time(p);
    return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 20000)
        return 0;
    char *sql = mem_strndup((const char *)data, size);
    size_t len = strlen(sql);
    char *condition = len + 1 < size ? mem_strndup((const char *)data + len + 1, size - len - 1)
                                     : mem_strdup("((t.a)::date = u.b) OR (NOT (SubPlan 1))");
    struct plan *p = some_plan(condition);
    for (int shown = 0; shown < 2; shown++) {
        struct rewrite_input in = {.sql = sql, .plan = p, .show_literals = shown, .mean_ns = 1e9};
        struct rewrite_list l;
        rewrites(&in, &l);
        for (size_t i = 0; i < l.n; i++) {
            PgQueryParseResult r = pg_query_parse(l.items[i].statement ? l.items[i].statement : "SELECT 1");
            if (r.error || !l.items[i].evidence || !l.items[i].advice)
                abort();
            pg_query_free_parse_result(r);
        }
        rewrites_free(&l);
    }
    struct arena *a = arena_new();
    struct rewrite_batch b;
    rewrite_batch(a, sql, &b);
    arena_free(a);
    plan_free(p);
    free(condition);
    free(sql);
    return 0;
}
