/* Which part of a statement a node is about: a table of statements, plan lines as EXPLAIN
 * prints them, and the parts that must be found; "" where nothing is sure. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/plans/clause.h"
#include "core/sql/terms.h"
#include "format/plans/explain_input.h"

struct sample {
    const char *sql, *plan;
    int node;
    const char *rule; /* NULL */
    const char *want; /* parts, joined by " | " */
};

#define COST                "  (cost=0.00..9.00 rows=1 width=4)\n"
#define SCAN(table, filter) "Seq Scan on " table COST "  Filter: " filter "\n"

static const struct sample samples[] = {
    /* conditions of one table */
    {"SELECT * FROM orders WHERE status = 'open'", SCAN("orders", "((status)::text = 'open'::text)"), 1, NULL,
     "status = 'open'"},
    {"SELECT * FROM orders WHERE status = $1", SCAN("orders", "((status)::text = 'open'::text)"), 1, NULL,
     "status = $1"},
    {"SELECT * FROM orders o WHERE o.status = 'open' AND o.total > 10",
     SCAN("orders o", "((total > '10'::numeric) AND ((status)::text = 'open'::text))"), 1, NULL,
     "o.status = 'open' | o.total > 10"},
    {"SELECT * FROM orders WHERE a = 1 AND (b = 2 OR c = 3) AND d = 4",
     SCAN("orders", "((b = 2) OR (c = 3))"), 1, NULL, "b = 2 OR c = 3"},
    {"SELECT * FROM t WHERE x IN (1, 2, 3)", SCAN("t", "(x = ANY ('{1,2,3}'::integer[]))"), 1, NULL,
     "x IN (1, 2, 3)"},
    {"SELECT * FROM t WHERE x = ANY ($1)", SCAN("t", "(x = ANY ($1))"), 1, NULL, "x = ANY ($1)"},
    {"SELECT * FROM t WHERE x NOT IN (1, 2)", SCAN("t", "(x <> ALL ('{1,2}'::integer[]))"), 1, NULL,
     "x NOT IN (1, 2)"},
    {"SELECT * FROM t WHERE x BETWEEN 1 AND 9 AND y = 1", SCAN("t", "((x >= 1) AND (x <= 9))"), 1, NULL,
     "x BETWEEN 1 AND 9"},
    {"SELECT * FROM t WHERE name LIKE '%x%'", SCAN("t", "(name ~~ '%x%'::text)"), 1, NULL, "name LIKE '%x%'"},
    {"SELECT * FROM t WHERE name NOT ILIKE 'x%'", SCAN("t", "(name !~~* 'x%'::text)"), 1, NULL,
     "name NOT ILIKE 'x%'"},
    {"SELECT * FROM t WHERE deleted_at IS NULL AND a = 1", SCAN("t", "(deleted_at IS NULL)"), 1, NULL,
     "deleted_at IS NULL"},
    {"SELECT * FROM t WHERE deleted_at IS NOT NULL", SCAN("t", "(deleted_at IS NOT NULL)"), 1, NULL,
     "deleted_at IS NOT NULL"},
    {"SELECT * FROM t WHERE active AND a = 1", SCAN("t", "active"), 1, NULL, "active"},
    {"SELECT * FROM t WHERE NOT active", SCAN("t", "(NOT active)"), 1, NULL, "NOT active"},
    {"SELECT * FROM t WHERE NOT (a = 1)", SCAN("t", "(a <> 1)"), 1, NULL, "NOT (a = 1)"},
    {"SELECT * FROM t WHERE 5 < x", SCAN("t", "(x > 5)"), 1, NULL, "5 < x"},
    {"SELECT * FROM t WHERE (a + b) * 2 > 5 ORDER BY a", SCAN("t", "(((a + b) * 2) > 5)"), 1, NULL,
     "(a + b) * 2 > 5"},
    {"SELECT * FROM t WHERE lower(email) = 'x'", SCAN("t", "(lower((email)::text) = 'x'::text)"), 1, NULL,
     "lower(email) = 'x'"},
    {"SELECT * FROM t WHERE created::date = '2020-01-01' LIMIT 5",
     SCAN("t", "((created)::date = '2020-01-01'::date)"), 1, NULL, "created::date = '2020-01-01'"},
    {"SELECT * FROM t WHERE CAST(created AS date) = $1", SCAN("t", "((created)::date = $1)"), 1, NULL,
     "CAST(created AS date) = $1"},
    {"SELECT * FROM t WHERE created > now() - interval '1 day'",
     SCAN("t", "(created > (now() - '1 day'::interval))"), 1, NULL, "created > now() - interval '1 day'"},
    {"SELECT * FROM t WHERE created > now() - interval $1",
     SCAN("t", "(created > (now() - '1 day'::interval))"), 1, NULL, "created > now() - interval $1"},
    {"SELECT * FROM t WHERE data @> '{\"a\": 1}' AND data ->> 'k' = 'v'",
     SCAN("t", "((data ->> 'k'::text) = 'v'::text)"), 1, NULL, "data ->> 'k' = 'v'"},
    {"SELECT * FROM t WHERE \"User\" = 1 and \"order by\" = 2", SCAN("t", "(\"order by\" = 2)"), 1, NULL,
     "\"order by\" = 2"},
    {"SELECT * FROM t WHERE a = 1 /* AND b = 2 */ AND b = 3 -- c = 4", SCAN("t", "(b = 3)"), 1, NULL,
     "b = 3"},
    {"SELECT * FROM t WHERE CASE WHEN a THEN 1 ELSE 2 END = 2 AND b = 1",
     SCAN("t", "(CASE WHEN a THEN 1 ELSE 2 END = 2)"), 1, NULL, "CASE WHEN a THEN 1 ELSE 2 END = 2"},
    {"SELECT * FROM t WHERE gr\xc3\xb6\xc3\x9f"
     "e = 1 AND b = 2",
     SCAN("t", "(b = 2)"), 1, NULL, "b = 2"},
    {"SELECT * FROM t WHERE x > 1 AND x < 9", SCAN("t", "(x < 9)"), 1, NULL, "x < 9"},
    {"SELECT * FROM t WHERE x <> 'a' AND x <> 'b'", SCAN("t", "(x <> 'b'::text)"), 1, NULL, "x <> 'b'"},
    {"SELECT * FROM t WHERE x <> $1 AND x <> $2", SCAN("t", "((x <> 'a'::text) AND (x <> 'b'::text))"), 1,
     NULL, "x <> $1 | x <> $2"},
    /* which is not said: nothing */
    {"SELECT * FROM t WHERE x <> $1 AND x <> $2", SCAN("t", "(x <> 'b'::text)"), 1, NULL, ""},
    {"SELECT * FROM t WHERE y = 1", SCAN("t", "(x = 1)"), 1, NULL, ""},
    {"SELECT * FROM v WHERE x = 1", SCAN("hidden", "(x = 1)"), 1, NULL, ""},
    {"SELECT * FROM t, u WHERE u.x = 1", SCAN("t", "(x = 1)"), 1, NULL, ""},
    /* an index's own condition, and the filter alone where a rule is about it */
    {"SELECT * FROM t WHERE a = 1 AND b = 2",
     "Index Scan using i on t" COST "  Index Cond: (a = 1)\n  Filter: (b = 2)\n", 1, NULL, "a = 1 | b = 2"},
    {"SELECT * FROM t WHERE a = 1 AND b = 2",
     "Index Scan using i on t" COST "  Index Cond: (a = 1)\n  Filter: (b = 2)\n", 1, "index_filter", "b = 2"},
    {"SELECT * FROM t WHERE a = 1",
     "Bitmap Heap Scan on t" COST "  Recheck Cond: (a = 1)\n  ->  Bitmap Index Scan on i" COST
     "        Index Cond: (a = 1)\n",
     2, NULL, "a = 1"},
    {"SELECT count(*) FROM public.orders AS o", "Aggregate" COST "  ->  Seq Scan on orders o" COST, 2, NULL,
     "public.orders AS o"},
    {"SELECT * FROM a, b", "Nested Loop" COST "  ->  Seq Scan on a" COST "  ->  Seq Scan on b" COST, 3, NULL,
     "b"},
    /* aliases */
    {"SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.name = 'x' AND o.name = 'y'",
     "Hash Join" COST "  Hash Cond: (o.customer_id = c.id)\n  ->  Seq Scan on orders o" COST
     "        Filter: (name = 'y'::text)\n  ->  Hash" COST "        ->  Seq Scan on customers c" COST
     "              Filter: (name = 'x'::text)\n",
     2, NULL, "o.name = 'y'"},
    {"SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.name = 'x' AND o.name = 'y'",
     "Hash Join" COST "  Hash Cond: (o.customer_id = c.id)\n  ->  Seq Scan on orders o" COST "  ->  Hash" COST
     "        ->  Seq Scan on customers c" COST "              Filter: (name = 'x'::text)\n",
     4, NULL, "c.name = 'x'"},
    {"SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id",
     "Hash Join" COST "  Hash Cond: (o.customer_id = c.id)\n  ->  Seq Scan on orders o" COST "  ->  Hash" COST
     "        ->  Seq Scan on customers c" COST,
     1, NULL, "c.id = o.customer_id"},
    {"SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id",
     "Hash Join" COST "  Hash Cond: (o.customer_id = c.id)\n  ->  Seq Scan on orders o" COST "  ->  Hash" COST
     "        ->  Seq Scan on customers c" COST,
     3, NULL, "c.id = o.customer_id"},
    {"SELECT * FROM orders o JOIN items USING (order_id) WHERE o.x = 1",
     "Hash Join" COST "  Hash Cond: (items.order_id = o.order_id)\n  ->  Seq Scan on items" COST
     "  ->  Seq Scan on orders o" COST,
     1, NULL, "USING (order_id)"},
    {"SELECT * FROM orders o, items i WHERE o.id = i.order_id AND i.price > 5",
     "Nested Loop" COST "  ->  Seq Scan on orders o" COST "  ->  Index Scan using k on items i" COST
     "        Index Cond: (order_id = o.id)\n        Filter: (price > 5)\n",
     1, NULL, "o.id = i.order_id | i.price > 5"},
    {"SELECT * FROM t a, t b WHERE a.x = b.y AND b.z = 1",
     "Nested Loop" COST "  Join Filter: (a.x = b.y)\n  ->  Seq Scan on t a" COST "  ->  Seq Scan on t b" COST
     "        Filter: (z = 1)\n",
     3, NULL, "b.z = 1"},
    {"SELECT * FROM a, b WHERE a.x = b.x OR a.y = b.y",
     "Nested Loop" COST "  Join Filter: ((a.x = b.x) OR (a.y = b.y))\n  ->  Seq Scan on a" COST
     "  ->  Seq Scan on b" COST,
     1, "or_join", "a.x = b.x OR a.y = b.y"},
    {"SELECT * FROM a, b, c WHERE a.x = b.x AND b.x = c.x",
     "Hash Join" COST "  Hash Cond: (a.x = c.x)\n  ->  Seq Scan on a" COST "  ->  Seq Scan on c" COST, 1,
     NULL, ""}, /* made by the planner */
    /* inside of others */
    {"SELECT * FROM (SELECT * FROM orders) s WHERE s.status = 'open'",
     SCAN("orders", "(status = 'open'::text)"), 1, NULL, "s.status = 'open'"},
    {"WITH w AS (SELECT * FROM t WHERE a = 1) SELECT * FROM w WHERE b = 2",
     "CTE Scan on w" COST "  Filter: (b = 2)\n  CTE w\n    ->  Seq Scan on t" COST
     "          Filter: (a = 1)\n",
     1, NULL, "b = 2"},
    {"WITH w AS (SELECT * FROM t WHERE a = 1) SELECT * FROM w WHERE b = 2",
     "CTE Scan on w" COST "  Filter: (b = 2)\n  CTE w\n    ->  Seq Scan on t" COST
     "          Filter: (a = 1)\n",
     2, NULL, "a = 1"},
    {"SELECT * FROM o WHERE EXISTS (SELECT 1 FROM i WHERE i.oid = o.id AND status = 'x') AND status = 'y'",
     "Hash Semi Join" COST "  Hash Cond: (o.id = i.oid)\n  ->  Seq Scan on o" COST
     "        Filter: (status = 'y'::text)\n  ->  Seq Scan on i" COST
     "        Filter: (status = 'x'::text)\n",
     3, NULL, "status = 'x'"},
    {"SELECT * FROM o WHERE EXISTS (SELECT 1 FROM i WHERE i.oid = o.id AND status = $1) AND status = $2",
     "Hash Semi Join" COST "  Hash Cond: (o.id = i.oid)\n  ->  Seq Scan on o" COST
     "        Filter: (status = 'y'::text)\n  ->  Seq Scan on i" COST
     "        Filter: (status = 'x'::text)\n",
     2, NULL, "status = $2"},
    {"SELECT * FROM o WHERE id IN (SELECT oid FROM i)",
     "Hash Semi Join" COST "  Hash Cond: (o.id = i.oid)\n  ->  Seq Scan on o" COST "  ->  Seq Scan on i" COST,
     1, NULL, "id IN (SELECT oid FROM i)"},
    {"SELECT * FROM t WHERE a = 1 UNION ALL SELECT * FROM t WHERE a = 2",
     "Append" COST "  ->  Seq Scan on t" COST "        Filter: (a = 1)\n  ->  Seq Scan on t t_1" COST
     "        Filter: (a = 2)\n",
     3, NULL, "a = 2"},
    {"SELECT * FROM events WHERE kind = 'x'",
     "Append" COST "  ->  Seq Scan on events_2024 events_1" COST "        Filter: (kind = 'x'::text)\n", 2,
     NULL, "kind = 'x'"},
    {"SELECT * FROM t WHERE d < date '1993-07-01' + interval '3' month AND e = 1",
     SCAN("t", "(d < '1993-10-01 00:00:00'::timestamp without time zone)"), 1, NULL,
     "d < date '1993-07-01' + interval '3' month"},
    {"SELECT * FROM t WHERE k = 'x' AND v = (SELECT min(v) FROM t WHERE k = 'x')",
     "Seq Scan on t" COST "  Filter: ((k = 'x'::text) AND (v = $0))\n  InitPlan 1 (returns $0)\n"
     "    ->  Aggregate" COST "          ->  Seq Scan on t t_1" COST
     "                Filter: (k = 'x'::text)\n",
     3, NULL, "k = 'x'"},
    {"SELECT * FROM t WHERE v = (SELECT min(v) FROM t WHERE b = 2) AND a = 1",
     "Seq Scan on t" COST "  Filter: (a = 1)\n  InitPlan 1 (returns $0)\n"
     "    ->  Aggregate" COST "          ->  Seq Scan on t t_1" COST,
     3, NULL, "t"},
    {"UPDATE t SET a = 1 WHERE b = 2",
     "Update on t" COST "  ->  Seq Scan on t" COST "        Filter: (b = 2)\n", 2, NULL, "b = 2"},
    {"DELETE FROM t USING u WHERE t.x = u.x AND u.k = 1",
     "Delete on t" COST "  ->  Seq Scan on u" COST "        Filter: (k = 1)\n", 2, NULL, "u.k = 1"},
    /* orders, groups, limits */
    {"SELECT * FROM t ORDER BY a DESC NULLS LAST, b LIMIT 5",
     "Sort" COST "  Sort Key: a DESC NULLS LAST, b\n  ->  Seq Scan on t" COST, 1, NULL,
     "a DESC NULLS LAST | b"},
    {"SELECT id AS x FROM t ORDER BY x", "Sort" COST "  Sort Key: id\n  ->  Seq Scan on t" COST, 1, NULL,
     "x"},
    {"SELECT a, b FROM t ORDER BY 2", "Sort" COST "  Sort Key: b\n  ->  Seq Scan on t" COST, 1, NULL, "2"},
    {"SELECT k, count(*) FROM t GROUP BY k ORDER BY count(*) DESC",
     "Sort" COST "  Sort Key: (count(*)) DESC\n  ->  HashAggregate" COST "        Group Key: k\n", 1, NULL,
     "count(*) DESC"},
    {"SELECT k, count(*) FROM t GROUP BY k HAVING count(*) > 5",
     "HashAggregate" COST "  Group Key: k\n  ->  Seq Scan on t" COST, 1, NULL, "k"},
    {"SELECT k, count(*) FROM t GROUP BY k HAVING count(*) > 5",
     "HashAggregate" COST "  Group Key: k\n  Filter: (count(*) > 5)\n  ->  Seq Scan on t" COST, 1, NULL,
     "count(*) > 5"},
    {"SELECT DISTINCT a FROM t", "HashAggregate" COST "  Group Key: a\n  ->  Seq Scan on t" COST, 1, NULL,
     "DISTINCT"},
    {"SELECT * FROM t LIMIT 10 OFFSET 1000", "Limit" COST "  ->  Seq Scan on t" COST, 1, "large_offset",
     "OFFSET 1000"},
    {"SELECT * FROM t LIMIT $1 OFFSET $2", "Limit" COST "  ->  Seq Scan on t" COST, 1, NULL,
     "LIMIT $1 | OFFSET $2"},
    {"SELECT * FROM t WHERE a = 1 FOR UPDATE",
     "LockRows" COST "  ->  Seq Scan on t" COST "        Filter: (a = 1)\n", 1, NULL, "a = 1"},
    /* what is hidden by a scanner, and what is no SQL */
    {"SELECT a, b FROM t WHERE a = ? ORDER BY ?", SCAN("t", "(a = 1)"), 1, NULL, "a = ?"},
    {"this is no statement", SCAN("t", "(a = 1)"), 1, NULL, ""},
    {"SELECT * FROM t WHERE a = (1", SCAN("t", "(a = 1)"), 1, NULL, ""},
};

static char *found(const struct sample *s)
{
    struct explain e;
    struct sd_error err = {""};
    struct clauses parts;
    struct strbuf b = {0};
    strbuf_str(&b, "");
    if (!explain_read(s->plan, strlen(s->plan), &e, &err))
        fail_msg("%s\n%s", err.text, s->plan);
    struct sql_clause *c = sql_clause_open(s->sql);
    assert_true(s->node <= (int)e.plans[0]->n_nodes);
    if (c && sql_clause_find(c, e.plans[0]->nodes[s->node - 1], s->rule, &parts))
        for (size_t i = 0; i < parts.n; i++)
            strbuf_printf(&b, "%s%.*s", i ? " | " : "", (int)parts.items[i].len,
                          s->sql + parts.items[i].start);
    sql_clause_close(c);
    explain_free(&e);
    return strbuf_detach(&b);
}

static void test_samples(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        char *got = found(&samples[i]);
        if (strcmp(got, samples[i].want) != 0) {
            print_error("%s\n%s  node %d: found \"%s\", wanted \"%s\"\n", samples[i].sql, samples[i].plan,
                        samples[i].node, got, samples[i].want);
            wrong++;
        }
        free(got);
    }
    assert_int_equal(wrong, 0);
}

static void test_terms(void **state)
{
    (void)state;
    static const struct {
        const char *text, *op, *columns;
    } cases[] = {{"((status)::text = 'open'::text)", "=", "status"},
                 {"o.Status IN ('a', 'b')", "in", "o.status"},
                 {"(a.b)::character varying(20) <> ALL ('{x}'::text[])", "notin", "a.b"},
                 {"x AT TIME ZONE 'UTC' >= date '2020-01-01'", ">=", "x"},
                 {"\"Select\".\"x\"\"y\" IS NOT NULL", "notnull", "Select.x\"y"},
                 {"(a = 1 OR b.c < 2)", "or", "a,b.c"},
                 {"f(g(x), y) != z", "<>", "x,y,z"},
                 {"(hashed SubPlan 1)", "", ""},
                 {"NOT a < 5", ">=", "a"},
                 {"", "", ""}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct terms t;
        struct strbuf b = {0};
        strbuf_str(&b, "");
        terms_read(cases[i].text, strlen(cases[i].text), &t);
        for (size_t k = 0; k < t.n_columns; k++)
            strbuf_printf(&b, "%s%s%s%s", k ? "," : "", t.columns[k].table, t.columns[k].table[0] ? "." : "",
                          t.columns[k].name);
        assert_string_equal(t.op, cases[i].op);
        assert_string_equal(b.text, cases[i].columns);
        strbuf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
