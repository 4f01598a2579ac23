/* Nodes of extensions: plans of other servers below a node, tables divided into parts, and
 * what figures of several processes and loops tell. */
#include "tests/lib/test.h"

#include "core/plans/advice.h"
#include "core/plans/findings.h"
#include "format/plans/explain_input.h"

static struct explain plan_of(const char *text)
{
    struct explain e;
    struct sd_error err = {""};
    if (!explain_read(text, strlen(text), &e, &err))
        fail_msg("%s\n%s", err.text, text);
    return e;
}

/* The coordinator's node, a subplan it ran first, and one of its tasks: in text and in JSON. */
static const char CITUS_TEXT[] =
    "Custom Scan (Citus Adaptive)  (cost=0.00..0.00 rows=100000 width=8) (actual time=700.000..720.000 "
    "rows=9 "
    "loops=1)\n"
    "  ->  Distributed Subplan 3_1\n"
    "        Subplan Duration: 60.50 ms\n"
    "        Intermediate Data Size: 16 kB\n"
    "        ->  Seq Scan on town  (cost=0.00..9.00 rows=4 width=4) (actual time=0.100..50.000 rows=4 "
    "loops=1)\n"
    "        Planning Time: 0.000 ms\n"
    "        Execution Time: 58.000 ms\n"
    "  Task Count: 32\n"
    "  Tasks Shown: One of 32\n"
    "  ->  Task\n"
    "        Node: host=b port=5432 dbname=shop\n"
    "        ->  Seq Scan on sales.visit_102055 v  (cost=0.00..90000.00 rows=9 width=8) (actual "
    "time=0.100..600.000 rows=9 loops=1)\n"
    "              Filter: (town = 'Ulm'::text)\n"
    "              Rows Removed by Filter: 900000\n"
    "            Planning Time: 0.200 ms\n"
    "            Execution Time: 610.000 ms\n"
    "Planning Time: 1.000 ms\n"
    "Execution Time: 725.000 ms\n";
static const char CITUS_JSON[] =
    "[{\"Plan\": {\"Node Type\": \"Custom Scan\", \"Custom Plan Provider\": \"Citus Adaptive\", \"Total "
    "Cost\": 0, "
    "\"Plan Rows\": 100000, \"Actual Total Time\": 720, \"Actual Rows\": 9, \"Actual Loops\": 1, "
    "\"Distributed Query\": "
    "{\"Subplans\": [{\"Subplan Duration\": 60.5, \"PlannedStmt\": [{\"Plan\": {\"Node Type\": \"Seq Scan\", "
    "\"Relation Name\": \"town\", \"Total Cost\": 9, \"Actual Total Time\": 50, \"Actual Rows\": 4, \"Actual "
    "Loops\": 1}, "
    "\"Execution Time\": 58.0}]}], \"Job\": {\"Task Count\": 32, \"Tasks\": [{\"Node\": \"host=b\", \"Remote "
    "Plan\": "
    "[[{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Schema\": \"sales\", \"Relation Name\": \"visit_102055\", "
    "\"Alias\": "
    "\"v\", \"Total Cost\": 90000, \"Plan Rows\": 9, \"Actual Total Time\": 600, \"Actual Rows\": 9, "
    "\"Actual Loops\": "
    "1, \"Filter\": \"(town = 'Ulm'::text)\", \"Rows Removed by Filter\": 900000}, \"Planning Time\": 0.2, "
    "\"Execution Time\": 610.0}]]}]}}}, \"Planning Time\": 1.0, \"Execution Time\": 725.0}]";

static void test_citus(void **state)
{
    (void)state;
    static const char *const forms[] = {CITUS_TEXT, CITUS_JSON};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct explain e = plan_of(forms[i]);
        struct plan *p = e.plans[0];
        if (p->n_nodes != 5 || p->notes.n)
            fail_msg("%zu: %zu nodes, %s", i, p->n_nodes, p->notes.n ? p->notes.items[0] : "");
        const struct plan_node *root = p->nodes[0], *sub = p->nodes[1], *task = p->nodes[3],
                               *scan = p->nodes[4];
        assert_string_equal(root->provider, "Citus Adaptive");
        assert_true(sub->parent == root && task->parent == root && scan->parent == task);
        assert_true(!sub->never_executed && !task->never_executed);
        assert_true(sub->total_ns == 60.5e6 && task->total_ns == 610e6 && p->execution_ns == 725e6);
        assert_true(scan->exclusive_ns == 600e6 && task->exclusive_ns == 10e6 && p->worst == scan);
        assert_true(root->exclusive_ns == 720e6 - 610e6 - 60.5e6);
        /* the shard is what was read; an index belongs on the table */
        assert_string_equal(scan->relation, "visit_102055");
        assert_string_equal(scan->table, "visit");
        assert_string_equal(scan->table_schema, "sales");
        struct advice_list l;
        struct plan_facts none = {0};
        advise_plan(p, &none, NULL, &l);
        const struct advice *a = advise_for(&l, scan);
        assert_non_null(a);
        assert_string_equal(a->table, "visit");
        assert_non_null(strstr(a->ddl, " ON sales.visit (town)"));
        advise_free(&l);
        explain_free(&e);
    }
}

/* The chunk of a hypertable is named after it when a node above names it, and gets no index when not. */
static void test_chunks(void **state)
{
    (void)state;
    static const char scan[] =
        "  ->  Custom Scan (DecompressChunk) on _hyper_7_4_chunk r_1  (cost=0.05..48.00 rows=900 width=24) "
        "(actual "
        "time=0.1..400.0 rows=5 loops=1)\n"
        "        Vectorized Filter: (val > '99'::double precision)\n"
        "        Rows Removed by Filter: 899995\n"
        "        ->  Seq Scan on compress_hyper_8_9_chunk  (cost=0.00..48.00 rows=900 width=100) (actual "
        "time=0.1..9.0 rows=900 loops=1)\n"
        "  ->  Seq Scan on _hyper_7_5_chunk r_2  (cost=0.00..20000.00 rows=5 width=24) (actual "
        "time=0.1..500.0 rows=5 "
        "loops=1)\n"
        "        Filter: (val > '99'::double precision)\n"
        "        Rows Removed by Filter: 600000\n"
        "Execution Time: 990.000 ms\n";
    static const struct {
        const char *above, *table, *ddl, *why;
    } cases[] = {
        {"Custom Scan (ChunkAppend) on lab.reading r  (cost=0.00..50000.00 rows=900 width=24) (actual "
         "time=0.1..950.0 rows=10 loops=1)\n",
         "reading", " ON lab.reading (val)", NULL},
        {"Append  (cost=0.00..50000.00 rows=900 width=24) (actual time=0.1..950.0 rows=10 loops=1)\n", NULL,
         NULL, "hypertable"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct strbuf b = {0};
        strbuf_printf(&b, "%s%s", cases[i].above, scan);
        struct explain e = plan_of(b.text);
        struct plan *p = e.plans[0];
        assert_int_equal(p->n_nodes, 4);
        assert_int_equal(p->notes.n, 0);
        assert_string_equal(p->nodes[1]->filter, "(val > '99'::double precision)");
        assert_string_equal(p->nodes[3]->relation, "_hyper_7_5_chunk");
        assert_true(str_eq(p->nodes[3]->table, cases[i].table) && p->nodes[3]->is_part);
        struct advice_list l;
        struct plan_facts none = {0};
        advise_plan(p, &none, NULL, &l);
        const struct advice *a = advise_for(&l, p->nodes[3]);
        assert_non_null(a);
        if (cases[i].ddl)
            assert_non_null(strstr(a->ddl, cases[i].ddl));
        else
            assert_true(!a->ddl && strstr(a->why, cases[i].why));
        advise_free(&l);
        explain_free(&e);
        strbuf_free(&b);
    }
}

/* A figure of JIT of each worker, and one of all processes: the last counts, and no finding
 * saves more than the execution took. */
static void test_jit_of_workers(void **state)
{
    (void)state;
    static const char text[] =
        "Gather  (cost=1000.00..9000.00 rows=9 width=4) (actual time=900.0..950.0 rows=9 loops=1)\n"
        "  Output: a\n"
        "  Workers Planned: 2\n"
        "  Workers Launched: 2\n"
        "  ->  Parallel Seq Scan on public.t  (cost=0.00..8000.00 rows=4 width=4) (actual time=800.0..900.0 "
        "rows=3 "
        "loops=3)\n"
        "        Output: a\n"
        "        Worker 0:  actual time=700.000..890.000 rows=4 loops=1\n"
        "          JIT:\n"
        "            Functions: 3\n"
        "            Options: Inlining true, Optimization true, Expressions true, Deforming true\n"
        "            Timing: Generation 1.000 ms, Inlining 200.000 ms, Optimization 99.000 ms, Emission "
        "100.000 ms, "
        "Total 400.000 ms\n"
        "          Buffers: shared hit=5\n"
        "        Worker 1:  actual time=690.000..880.000 rows=1 loops=1\n"
        "          JIT:\n"
        "            Functions: 3\n"
        "            Timing: Generation 1.000 ms, Total 410.000 ms\n"
        "Planning Time: 0.100 ms\n"
        "JIT:\n"
        "  Functions: 9\n"
        "  Options: Inlining true, Optimization true, Expressions true, Deforming true\n"
        "  Timing: Generation 3.000 ms, Inlining 600.000 ms, Optimization 300.000 ms, Emission 337.000 ms, "
        "Total "
        "1240.000 ms\n"
        "Execution Time: 960.000 ms\n";
    struct explain e = plan_of(text);
    struct plan *p = e.plans[0];
    assert_true(p->jit_ns == 1240e6 && p->jit_functions == 9);
    assert_int_equal(p->nodes[1]->n_workers, 2);
    assert_true(p->nodes[1]->workers[0].shared_hit == 5);
    struct plan_findings f;
    plan_findings(p, NULL, &f);
    bool found = false;
    for (size_t i = 0; i < f.n; i++) {
        assert_true(!(f.items[i].saves_ns > p->execution_ns));
        found |= str_eq(f.items[i].rule->name, "jit_share");
    }
    assert_true(found);
    plan_findings_free(&f);
    explain_free(&e);
}

/* Means before 18 are rounded: what the join above returned is what its inner side did, and no
 * filter removed all of it. */
static void test_rounded_rows(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "Nested Loop  (cost=1.00..900.00 rows=900 width=4) (actual time=1.0..90.0 rows=2000 loops=1)\n"
        "  ->  Seq Scan on a  (cost=0.00..90.00 rows=9000 width=8) (actual time=0.1..5.0 rows=9000 loops=1)\n"
        "  ->  Index Scan using b_pkey on b  (cost=0.29..0.77 rows=1 width=4) (actual time=0.008..0.008 "
        "rows=%s "
        "loops=9000)\n"
        "        Index Cond: (id = a.b_id)\n"
        "        Filter: live\n"
        "        Rows Removed by Filter: %s\n"
        "Execution Time: 91.000 ms\n",
        /* nothing above tells the rows of a semi-join's inner side */
        "Nested Loop Semi Join  (cost=1.00..900.00 rows=900 width=4) (actual time=1.0..90.0 rows=2000 "
        "loops=1)\n"
        "  ->  Seq Scan on a  (cost=0.00..90.00 rows=9000 width=8) (actual time=0.1..5.0 rows=9000 loops=1)\n"
        "  ->  Index Scan using b_pkey on b  (cost=0.29..0.77 rows=1 width=4) (actual time=0.008..0.008 "
        "rows=%s "
        "loops=9000)\n"
        "        Index Cond: (id = a.b_id)\n"
        "        Filter: live\n"
        "        Rows Removed by Filter: %s\n"
        "Execution Time: 91.000 ms\n"};
    static const struct {
        size_t form;
        const char *rows, *removed;
        double rows_all, share;
        bool at_least;
    } cases[] = {{0, "0", "1", 2000, 4500.0 / 6500, true},        /* 1 is 0.5 and more of 9000 runs */
                 {0, "0.22", "0.78", 2000, 7020.0 / 9020, false}, /* version 18 */
                 {0, "0", "1000", 2000, 9e6 / 9002000, false},
                 {1, "0", "1", 0, 0.5, true}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct strbuf b = {0};
        const char *s = forms[cases[i].form], *const values[] = {cases[i].rows, cases[i].removed};
        for (size_t v = 0; *s; s++) {
            if (*s == '%' && s[1] == 's') {
                strbuf_str(&b, values[v++]);
                s++;
            } else {
                strbuf_char(&b, *s);
            }
        }
        struct explain e = plan_of(b.text);
        struct plan *p = e.plans[0];
        const struct plan_node *inner = p->nodes[2];
        struct plan_removed removed = plan_removed_by(inner, inner->loop_removed_filter);
        assert_true(inner->rows == cases[i].rows_all && isfinite(inner->estimate_factor));
        if (fabs(removed.share - cases[i].share) > 1e-6 || removed.at_least != cases[i].at_least)
            fail_msg("%zu: %f", i, removed.share);
        struct plan_findings f;
        plan_findings(p, NULL, &f);
        for (size_t k = 0; k < f.n; k++)
            if (f.items[k].node == inner && cases[i].at_least)
                assert_null(strstr(f.items[k].evidence, "100 %"));
        plan_findings_free(&f);
        explain_free(&e);
        strbuf_free(&b);
    }
}

/* Each block is some node's own: also where a CTE is scanned by the node that holds it, where two
 * have the same name, and where one is never read. */
static void test_blocks_of_ctes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double own[7];
    } cases[] = {
        {"CTE Scan on a  (cost=1.00..2.00 rows=9 width=4) (actual time=1.000..9.000 rows=9 loops=1)\n"
         "  Buffers: shared hit=50\n"
         "  CTE a\n"
         "    ->  Seq Scan on t  (cost=0.00..1.00 rows=9 width=4) (actual time=0.500..7.000 rows=9 loops=1)\n"
         "          Buffers: shared hit=50\n",
         {0, 50}},
        {"Append  (cost=1.00..6.00 rows=18 width=4) (actual time=1.000..20.000 rows=18 loops=1)\n"
         "  Buffers: shared hit=82\n"
         "  ->  CTE Scan on a  (cost=1.00..2.00 rows=9 width=4) (actual time=1.000..9.000 rows=9 loops=1)\n"
         "        Buffers: shared hit=50\n"
         "        CTE a\n"
         "          ->  Seq Scan on t  (cost=0.00..1.00 rows=9 width=4) (actual time=0.500..7.000 rows=9 "
         "loops=1)\n"
         "                Buffers: shared hit=50\n"
         "  ->  CTE Scan on a a_1  (cost=1.00..2.00 rows=9 width=4) (actual time=1.000..8.000 rows=9 "
         "loops=1)\n"
         "        Buffers: shared hit=32\n"
         "        CTE a\n"
         "          ->  Seq Scan on u  (cost=0.00..1.00 rows=9 width=4) (actual time=0.002..0.003 rows=9 "
         "loops=1)\n"
         "                Buffers: shared hit=30\n",
         {0, 0, 50, 2, 30}},
        {"Limit  (cost=1.00..6.00 rows=9 width=4) (actual time=1.000..20.000 rows=9 loops=1)\n"
         "  Buffers: shared hit=30\n"
         "  CTE w\n"
         "    ->  Delete on t  (cost=0.00..1.00 rows=9 width=4) (actual time=0.500..7.000 rows=9 loops=1)\n"
         "          Buffers: shared hit=20\n"
         "          ->  Seq Scan on t t_1  (cost=0.00..1.00 rows=9 width=4) (actual time=0.500..2.000 rows=9 "
         "loops=1)\n"
         "                Buffers: shared hit=15\n"
         "  ->  Seq Scan on x  (cost=1.00..2.00 rows=9 width=4) (actual time=1.000..9.000 rows=9 loops=1)\n"
         "        Buffers: shared hit=10\n",
         {0, 5, 15, 10}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct explain e = plan_of(cases[i].text);
        const struct plan *p = e.plans[0];
        double time = 0;
        for (size_t k = 0; k < p->n_nodes; k++) {
            time += p->nodes[k]->exclusive_ns;
            if (p->nodes[k]->own_shared_hit != cases[i].own[k])
                fail_msg("%zu: node %zu has %f blocks", i, k + 1, p->nodes[k]->own_shared_hit);
        }
        assert_true(fabs(time - p->nodes[0]->total_ns) < 1);
        explain_free(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_citus),          cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_jit_of_workers), cmocka_unit_test(test_rounded_rows),
        cmocka_unit_test(test_blocks_of_ctes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
