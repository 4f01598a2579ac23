/* Plans read, computed and judged. Real plans of PostgreSQL 15 in tests/data/plans;
 * the corpora when they are there (SLOWDIVE_CORPORA), with pev2's exclusive times. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdlib.h>

#include "core/plans/findings.h"
#include "format/plans/explain_input.h"

static struct explain read_path(const char *path)
{
    char *data;
    size_t len;
    struct sd_error err = {""};
    struct explain e = {0};
    if (!file_read(path, EXPLAIN_MAX_BYTES, &data, &len, &err))
        fail_msg("%s", err.text);
    if (!explain_read(data, len, &e, &err))
        fail_msg("%s: %s", path, err.text);
    free(data);
    return e;
}

static struct explain shipped(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "data/plans/%s.json", name);
    return read_path(test_file(path));
}

static struct explain from_text(const char *text)
{
    struct explain e;
    struct sd_error err = {""};
    if (!explain_read(text, strlen(text), &e, &err))
        fail_msg("%s", err.text);
    return e;
}

static const struct plan_node *node(const struct explain *e, int id)
{
    return e->plans[0]->nodes[id - 1];
}

static void assert_ms(double ns, double ms)
{
    if (!(fabs(ns / 1e6 - ms) < 0.0015))
        fail_msg("%f ms, expected %f ms", ns / 1e6, ms);
}

static void assert_holds(const struct plan *p, const char *name)
{
    double sum = 0, cost = 0, hit = 0, temp = 0, all_hit = p->nodes[0]->shared_hit,
           all_temp = p->nodes[0]->temp_written;
    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = p->nodes[i];
        hit += isnan(n->own_shared_hit) ? 0 : n->own_shared_hit;
        temp += isnan(n->own_temp_written) ? 0 : n->own_temp_written;
        if (p->timed && !(n->exclusive_ns >= 0))
            fail_msg("%s: node %d has the exclusive time %f", name, n->id, n->exclusive_ns);
        sum += p->timed ? n->exclusive_ns : 0;
        if (!isnan(n->cost)) {
            assert_true(n->cost >= 0);
            cost += n->cost;
        }
    }
    if (p->timed && sum > p->elapsed_ns * 1.02)
        fail_msg("%s: exclusive times sum to %f ms of %f ms", name, sum / 1e6, p->elapsed_ns / 1e6);
    bool beside = false; /* a writing CTE runs to its end after the root, and beside its blocks */
    for (size_t i = 1; i < p->n_nodes; i++)
        beside |= plan_is_modify(p->nodes[i]);
    if (!beside &&
        ((all_hit > 0 && hit > all_hit * 1.02 + 1) || (all_temp > 0 && temp > all_temp * 1.02 + 1)))
        fail_msg("%s: own blocks sum to %.0f of %.0f hit, %.0f of %.0f temporary", name, hit, all_hit, temp,
                 all_temp);
    if (p->total_cost > 0 && cost > p->total_cost * 1.02)
        fail_msg("%s: exclusive costs sum to %f of %f", name, cost, p->total_cost);
}

/* ---- figures ---- */

static void test_every_field(void **state)
{
    (void)state;
    struct explain e = shipped("hash_batches");
    const struct plan_node *hash = NULL;
    for (size_t i = 0; i < e.plans[0]->n_nodes; i++)
        if (str_eq(e.plans[0]->nodes[i]->type, "Hash"))
            hash = e.plans[0]->nodes[i];
    assert_non_null(hash);
    assert_true(hash->hash_batches == 16);
    assert_true(hash->memory_kb > 0);
    assert_true(hash->temp_written > 0);
    assert_true(e.plans[0]->execution_ns > 0);
    assert_true(e.plans[0]->planning_ns > 0);
    assert_true(isnan(hash->heap_fetches)); /* unknown is not zero */
    explain_free(&e);
}

static void test_whole_query_identifier(void **state)
{
    (void)state;
    struct explain e = shipped("parallel_append");
    assert_int_equal(e.plans[0]->query_id, -3309098835069601103);
    explain_free(&e);
}

static void test_initplan_lies_where_it_is_used(void **state)
{
    (void)state;
    struct explain e = shipped("initplan");
    assert_ms(node(&e, 1)->exclusive_ns, node(&e, 1)->total_ns / 1e6 - node(&e, 4)->total_ns / 1e6);
    assert_ms(node(&e, 4)->exclusive_ns, (node(&e, 4)->total_ns - node(&e, 2)->total_ns) / 1e6);
    explain_free(&e);
    e = shipped("initplan_limit"); /* LIMIT does not show its $0 */
    assert_ms(node(&e, 1)->exclusive_ns,
              (node(&e, 1)->total_ns - node(&e, 2)->total_ns - node(&e, 4)->total_ns) / 1e6);
    explain_free(&e);
}

static void test_cte_is_shared_by_its_scans(void **state)
{
    (void)state;
    struct explain e = shipped("cte_twice");
    double own = 0, total = 0;
    for (size_t i = 0; i < e.plans[0]->n_nodes; i++) {
        const struct plan_node *n = e.plans[0]->nodes[i];
        if (str_eq(n->type, "CTE Scan")) {
            own += n->exclusive_ns;
            total += n->total_ns;
        }
    }
    assert_ms(own, (total - node(&e, 2)->total_ns) / 1e6);
    assert_ms(node(&e, 2)->exclusive_ns, (node(&e, 2)->total_ns - node(&e, 3)->total_ns) / 1e6);
    explain_free(&e);
}

static void test_writing_cte_runs_beside_the_root(void **state)
{
    (void)state;
    struct explain e = shipped("writing_cte");
    const struct plan_node *insert = node(&e, 2);
    assert_true(insert->exclusive_ns > node(&e, 1)->total_ns);
    assert_holds(e.plans[0], "writing_cte");
    explain_free(&e);
}

static void test_never_executed(void **state)
{
    (void)state;
    struct explain e = shipped("never");
    const struct plan_node *n = node(&e, 3);
    assert_true(n->never_executed);
    assert_true(n->total_ns == 0);
    assert_true(n->rows == 0);
    assert_true(isnan(n->estimate_factor));
    explain_free(&e);
}

static void test_parallel_append_total_stays_true(void **state)
{
    (void)state;
    struct explain e = shipped("parallel_append");
    const struct plan_node *one = NULL;
    for (size_t i = 0; i < e.plans[0]->n_nodes; i++)
        if (e.plans[0]->nodes[i]->processes == 1 && str_eq(e.plans[0]->nodes[i]->type, "Seq Scan"))
            one = e.plans[0]->nodes[i];
    assert_non_null(one); /* one process ran it: its time is not divided */
    assert_ms(one->total_ns, one->loop_total_ns / 1e6);
    assert_true(one->exclusive_ns < one->total_ns);
    assert_holds(e.plans[0], "parallel_append");
    explain_free(&e);
}

static void test_workers_that_ran(void **state)
{
    (void)state;
    /* Three processes, but only the leader and worker 0 ran the scan. */
    struct explain e = from_text("[{\"Plan\":{\"Node Type\":\"Gather\",\"Actual Total Time\":100.0,\"Actual "
                                 "Rows\":6,\"Actual Loops\":1,"
                                 "\"Workers Planned\":2,\"Workers Launched\":2,\"Plans\":[{\"Node "
                                 "Type\":\"Seq Scan\",\"Parent Relationship\":"
                                 "\"Outer\",\"Relation Name\":\"t\",\"Parallel Aware\":true,\"Actual Total "
                                 "Time\":40.0,\"Actual Rows\":3,\"Actual Loops\":2,"
                                 "\"I/O Read Time\":60.0,\"I/O Write Time\":0.0,"
                                 "\"Workers\":[{\"Worker Number\":0,\"Actual Total Time\":39.0,\"Actual "
                                 "Rows\":3,\"Actual Loops\":1}]}]},"
                                 "\"Execution Time\":101.0}]");
    assert_true(node(&e, 2)->processes == 2);
    assert_ms(node(&e, 2)->total_ns, 40);
    assert_ms(node(&e, 1)->exclusive_ns, 60);
    assert_ms(node(&e, 2)->own_io_ns, 30); /* I/O time is a sum over processes */
    explain_free(&e);
}

static void test_fractional_rows(void **state)
{
    (void)state;
    struct explain e = from_text("{\"Plan\":{\"Node Type\":\"Seq Scan\",\"Plan Rows\":1,\"Actual Rows\":2.50,"
                                 "\"Actual Loops\":4,\"Actual Total Time\":0.5,\"Disabled\":false}}");
    assert_true(node(&e, 1)->rows == 10);
    assert_true(node(&e, 1)->estimate_factor == 2.5);
    assert_ms(e.plans[0]->elapsed_ns, 2);
    explain_free(&e);
}

/* A damaged line lost the loops of the root: it took at least what the node below it took. */
static void test_root_without_loops(void **state)
{
    (void)state;
    struct explain e =
        from_text("{\"Plan\":{\"Node Type\":\"Result\",\"Actual Rows\":1,\"Actual Total Time\":0.001,"
                  "\"Plans\":[{\"Node Type\":\"Seq Scan\",\"Actual Rows\":5,\"Actual Loops\":1,"
                  "\"Actual Total Time\":2.641}]}}");
    assert_ms(e.plans[0]->elapsed_ns, 2.641);
    assert_ms(node(&e, 2)->exclusive_ns, 2.641);
    explain_free(&e);
}

static void test_cost_only(void **state)
{
    (void)state;
    struct explain e = shipped("generic");
    const struct plan *p = e.plans[0];
    assert_false(p->analyzed);
    assert_true(isnan(node(&e, 1)->total_ns));
    assert_true(isnan(node(&e, 1)->rows));
    assert_true(fabs(node(&e, 1)->cost_share - 1) < 1e-9);
    assert_holds(p, "generic");
    explain_free(&e);
}

static void test_timing_off(void **state)
{
    (void)state;
    struct explain e = shipped("settings");
    assert_true(e.plans[0]->analyzed);
    assert_false(e.plans[0]->timed);
    assert_true(isnan(node(&e, 1)->exclusive_ns));
    assert_true(node(&e, 2)->rows > 0);
    assert_int_equal(e.plans[0]->n_settings > 0, 1);
    explain_free(&e);
}

/* ---- input ---- */

static void test_psql_frames(void **state)
{
    (void)state;
    struct explain e = from_text("                 QUERY PLAN                 \n"
                                 "--------------------------------------------\n"
                                 " [                                         +\n"
                                 "   {                                       +\n"
                                 "     \"Plan\": {\"Node Type\": \"Result\"},      +\n"
                                 "     \"Execution Time\": 3.5                 +\n"
                                 "   }                                       +\n"
                                 " ]\n(1 row)\n");
    assert_ms(e.plans[0]->execution_ns, 3.5);
    explain_free(&e);
    e = from_text("> | [{\"Plan\": {\"Node Type\": \"Result\"}}] |\n"
                  "[{\"Plan\": {\"Node Type\": \"Limit\"}}, {\"Plan\": {\"Node Type\": \"Sort\"}}]\n");
    assert_int_equal(e.n_plans, 3);
    assert_string_equal(e.plans[2]->nodes[0]->type, "Sort");
    explain_free(&e);
}

static void test_text_format(void **state)
{
    (void)state;
    struct explain e = from_text(
        "                       QUERY PLAN\n"
        "------------------------------------------------------------\n"
        " Limit  (cost=3.45..3.46 rows=1 width=6) (actual time=0.078..0.080 rows=1 loops=1)\n"
        "   InitPlan 1 (returns $0)\n"
        "     ->  Seq Scan on shop.\"Odd \"\"one\" x  (cost=0.56..2.58 rows=1 width=4) (actual "
        "time=0.060..0.060 rows=0 loops=1)\n"
        "           Filter: ((a = 1) AND (b = 'x: y'::text))\n"
        "           Rows Removed by Filter: 9\n"
        "           Buffers: shared hit=3 read=4, temp written=5\n"
        "   ->  Sort  (cost=3.4..3.4 rows=1 width=6) (actual time=0.078..0.078 rows=1 loops=1)\n"
        "         Sort Key: (f(a, b)) DESC, c\n"
        "         Sort Method: external merge  Disk: 2048kB\n"
        "         ->  Hash Left Join  (cost=0.56..3.1 rows=1 width=6) (actual time=0.063..0.063 rows=1 "
        "loops=1)\n"
        "               Hash Cond: (t.a = u.a)\n"
        "               ->  Index Scan Backward using i on t  (cost=0.56..1.86 rows=1 width=6) (never "
        "executed)\n"
        "                     Index Cond: (k = $0)\n"
        "               ->  Hash  (cost=1.0..1.0 rows=1 width=6) (actual time=0.010..0.010 rows=1 loops=1)\n"
        "                     Buckets: 4096 (originally 1024)  Batches: 4 (originally 1)  Memory Usage: "
        "160kB\n"
        " Settings: work_mem = '1MB', jit = 'off'\n"
        " Query Identifier: -5424821330993577306\n"
        " Planning:\n"
        "   Buffers: shared hit=32 read=8\n"
        " Planning Time: 0.292 ms\n"
        " Trigger t on orders: time=1.5 calls=10\n"
        " Execution Time: 0.109 ms\n"
        "(22 rows)\n");
    const struct plan *p = e.plans[0];
    assert_int_equal(e.format, EXPLAIN_TEXT);
    assert_int_equal(p->n_nodes, 6);
    assert_string_equal(node(&e, 2)->relation, "Odd \"one");
    assert_string_equal(node(&e, 2)->schema, "shop");
    assert_string_equal(node(&e, 2)->alias, "x");
    assert_string_equal(node(&e, 2)->filter, "((a = 1) AND (b = 'x: y'::text))");
    assert_true(plan_is_initplan(node(&e, 2)));
    assert_true(node(&e, 2)->rows_removed == 9);
    assert_true(node(&e, 2)->shared_read == 4 && node(&e, 2)->temp_written == 5);
    assert_int_equal(node(&e, 3)->sort_key.n, 2);
    assert_true(node(&e, 3)->sort_space_kb == 2048);
    assert_string_equal(node(&e, 3)->sort_space_type, "Disk");
    assert_string_equal(node(&e, 4)->join_type, "Left");
    assert_string_equal(node(&e, 5)->direction, "Backward");
    assert_string_equal(node(&e, 5)->index, "i");
    assert_true(node(&e, 5)->never_executed);
    assert_string_equal(node(&e, 6)->relationship, "Inner");
    assert_true(node(&e, 6)->hash_batches == 4 && node(&e, 6)->hash_batches_planned == 1);
    assert_int_equal(p->n_settings, 2);
    assert_int_equal(p->query_id, -5424821330993577306);
    assert_true(p->planning_shared_read == 8);
    assert_int_equal(p->n_triggers, 1);
    assert_ms(p->execution_ns, 0.109);
    assert_holds(p, "text");
    explain_free(&e);
    e = from_text("Append\n  ->  Seq Scan on a\n  ->  Seq Scan on b\n"); /* COSTS OFF */
    assert_int_equal(e.plans[0]->n_nodes, 3);
    explain_free(&e);
}

static void test_refused_with_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "empty"},
        {"hello", "no plan"},
        {"LOG:  duration: 1.000 ms  statement: select 1\n", "auto_explain"},
        {"<explain xmlns=\"x\">", "XML"},
        {"[]", "no plan"},
        {"{\"a\": 1}", "no plan"},
        {"[{\"Plan\": {\"Node Type\": \"Seq Sc", "cut off"},
        {"[{\"Plan\": {\"Startup Cost\" 1, \"Node Type\": \"Seq Scan\"}}] \n", "broken"},
        {"{\"Plan\": {\"Relation Name\": \"t\"}}", "Node Type"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct explain e;
        struct sd_error err = {""};
        if (explain_read(cases[i].text, strlen(cases[i].text), &e, &err))
            fail_msg("case %zu was read", i);
        if (!strstr(err.text, cases[i].why))
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, err.text, cases[i].why);
        assert_int_equal(e.n_plans, 0);
        explain_free(&e);
    }
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    char *data;
    size_t len;
    struct sd_error err = {""};
    assert_true(file_read(test_file("data/plans/cte_twice.json"), 1 << 20, &data, &len, &err));
    for (size_t cut = 0; cut < len; cut += 7) {
        struct explain e;
        err.text[0] = 0;
        if (!explain_read(data, cut, &e, &err))
            assert_true(err.text[0] != 0);
        explain_free(&e);
    }
    free(data);
}

static void test_deep_and_wide(void **state)
{
    (void)state;
    struct strbuf b = {0};
    for (int i = 0; i < 5000; i++)
        strbuf_str(&b, "{\"Plan\":{\"Node Type\":\"A\",\"Plans\":[");
    struct explain e;
    struct sd_error err = {""};
    if (explain_read(b.text, b.len, &e, &err))
        assert_int_equal(e.plans[0]->notes.n > 0, 1);
    explain_free(&e);
    strbuf_clear(&b);
    strbuf_str(&b,
               "{\"Plan\":{\"Node Type\":\"Append\",\"Actual Loops\":1,\"Actual Total Time\":10,\"Plans\":[");
    for (int i = 0; i < 10000; i++)
        strbuf_printf(&b, "%s{\"Node Type\":\"Seq Scan\",\"Actual Loops\":1,\"Actual Total Time\":0.001}",
                      i ? "," : "");
    strbuf_str(&b, "]}}");
    assert_true(explain_read(b.text, b.len, &e, &err));
    assert_int_equal(e.plans[0]->n_nodes, 10001);
    assert_holds(e.plans[0], "wide");
    explain_free(&e);
    strbuf_free(&b);
}

/* ---- findings ---- */

static void findings_of(const char *name, char *out, size_t size)
{
    struct explain e = shipped(name);
    struct plan_facts facts = {0};
    struct plan_findings f;
    plan_findings(e.plans[0], &facts, &f);
    out[0] = 0;
    for (size_t i = 0; i < f.n; i++) {
        const struct plan_finding *it = &f.items[i];
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%s:%s", used ? " " : "", it->rule->name,
                 severity_name(it->severity));
        assert_true(it->evidence && it->evidence[0]);
        assert_true(it->advice && it->advice[0]);
        assert_true(it->check && it->check[0]);
        assert_true(it->saves_share >= 0 && it->saves_share <= 1);
        if (e.plans[0]->timed)
            assert_true(it->saves_ns >= 0 && it->saves_ns <= e.plans[0]->elapsed_ns);
    }
    plan_findings_free(&f);
    explain_free(&e);
}

static void test_findings(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"seq_scan_filter", "seq_scan_filter:bad"},
        {"seq_scan_filter_cost", "seq_scan_filter:bad"},
        {"seq_scan_cast", "seq_scan_filter:bad"},
        {"sort_disk", "sort_disk:warn"},
        {"hash_batches", "hash_batches:warn"},
        {"bad_estimate", "seq_scan_filter:bad"}, /* the join that it decides takes 1.5 ms */
        {"offset", "large_offset:bad"},
        {"generic", "seq_scan_filter:bad"},
        {"healthy_index", ""},
        {"healthy_join", ""},
        {"healthy_full", ""},
        {"small_table", ""},
        {"unselective", ""},
        {"initplan", ""},
        {"initplan_limit", "hot_part:info"}, /* most of the time is in its InitPlan */
        {"never", ""},
        {"subplan", ""},
        {"writing_cte", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char got[512];
        findings_of(cases[i][0], got, sizeof got);
        if (strcmp(got, cases[i][1]) != 0)
            fail_msg("%s: \"%s\", expected \"%s\"", cases[i][0], got, cases[i][1]);
    }
}

/* Each rule with a plan just bad enough, and one just not. */
static void test_findings_from_text(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *bad, *fine;
    } cases[] = {
        {"subplan_loops",
         "Seq Scan on a  (cost=0.00..9.00 rows=2000 width=8) (actual time=0.010..100.000 rows=2000 loops=1)\n"
         "  SubPlan 1\n"
         "    ->  Index Scan using i on b  (cost=0.00..9.00 rows=1 width=8) (actual time=0.010..0.040 rows=1 "
         "loops=2000)\n",
         "Seq Scan on a  (cost=0.00..9.00 rows=900 width=8) (actual time=0.010..100.000 rows=900 loops=1)\n"
         "  SubPlan 1\n"
         "    ->  Index Scan using i on b  (cost=0.00..9.00 rows=1 width=8) (actual time=0.010..0.080 rows=1 "
         "loops=900)\n"},
        {"late_filter",
         "CTE Scan on c  (cost=0.00..9.00 rows=10 width=8) (actual time=0.010..100.000 rows=10 loops=1)\n"
         "  Filter: (k = 1)\n  Rows Removed by Filter: 9990\n"
         "  CTE c\n    ->  Seq Scan on a  (cost=0.00..9.00 rows=10000 width=8) (actual time=0.010..90.000 "
         "rows=10000 loops=1)\n",
         "CTE Scan on c  (cost=0.00..9.00 rows=5000 width=8) (actual time=0.010..100.000 rows=5000 loops=1)\n"
         "  Filter: (k = 1)\n  Rows Removed by Filter: 5000\n"
         "  CTE c\n    ->  Seq Scan on a  (cost=0.00..9.00 rows=10000 width=8) (actual time=0.010..90.000 "
         "rows=10000 loops=1)\n"},
        {"cross_join",
         "Nested Loop  (cost=0.00..9.00 rows=250000 width=8) (actual time=0.010..100.000 rows=250000 "
         "loops=1)\n"
         "  ->  Seq Scan on a  (cost=0.00..9.00 rows=500 width=8) (actual time=0.010..1.000 rows=500 "
         "loops=1)\n"
         "  ->  Materialize  (cost=0.00..9.00 rows=500 width=8) (actual time=0.010..0.100 rows=500 "
         "loops=500)\n"
         "        ->  Seq Scan on b  (cost=0.00..9.00 rows=500 width=8) (actual time=0.010..1.000 rows=500 "
         "loops=1)\n",
         "Nested Loop  (cost=0.00..9.00 rows=500 width=8) (actual time=0.010..100.000 rows=500 loops=1)\n"
         "  ->  Seq Scan on a  (cost=0.00..9.00 rows=1 width=8) (actual time=0.010..1.000 rows=1 loops=1)\n"
         "  ->  Materialize  (cost=0.00..9.00 rows=500 width=8) (actual time=0.010..90.000 rows=500 "
         "loops=1)\n"
         "        ->  Seq Scan on b  (cost=0.00..9.00 rows=500 width=8) (actual time=0.010..80.000 rows=500 "
         "loops=1)\n"},
        {"memoize_evictions",
         "Nested Loop  (cost=0.00..9.00 rows=5000 width=8) (actual time=0.010..100.000 rows=5000 loops=1)\n"
         "  ->  Seq Scan on a  (cost=0.00..9.00 rows=5000 width=8) (actual time=0.010..1.000 rows=5000 "
         "loops=1)\n"
         "  ->  Memoize  (cost=0.00..9.00 rows=1 width=8) (actual time=0.010..0.018 rows=1 loops=5000)\n"
         "        Hits: 1000  Misses: 4000  Evictions: 3000  Overflows: 0  Memory Usage: 4096kB\n"
         "        ->  Index Scan using i on b  (cost=0.00..9.00 rows=1 width=8) (actual time=0.010..0.020 "
         "rows=1 loops=4000)\n",
         "Nested Loop  (cost=0.00..9.00 rows=5000 width=8) (actual time=0.010..100.000 rows=5000 loops=1)\n"
         "  ->  Seq Scan on a  (cost=0.00..9.00 rows=5000 width=8) (actual time=0.010..1.000 rows=5000 "
         "loops=1)\n"
         "  ->  Memoize  (cost=0.00..9.00 rows=1 width=8) (actual time=0.010..0.018 rows=1 loops=5000)\n"
         "        Hits: 1000  Misses: 4000  Evictions: 0  Overflows: 0  Memory Usage: 4096kB\n"
         "        ->  Index Scan using i on b  (cost=0.00..9.00 rows=1 width=8) (actual time=0.010..0.020 "
         "rows=1 loops=4000)\n"},
        {"index_searches",
         "Index Only Scan using i on a  (cost=0.00..9.00 rows=2000 width=8) (actual time=0.010..100.000 "
         "rows=2000.00 loops=1)\n"
         "  Index Searches: 2000\n",
         "Index Only Scan using i on a  (cost=0.00..9.00 rows=2000 width=8) (actual time=0.010..100.000 "
         "rows=2000.00 loops=1)\n"
         "  Index Searches: 90\n"},
        {"io_wait",
         "Seq Scan on a  (cost=0.00..9.00 rows=2000 width=8) (actual time=0.010..400.000 rows=2000 loops=1)\n"
         "  Buffers: shared read=9000\n  I/O Timings: shared read=380.000\n",
         "Seq Scan on a  (cost=0.00..9.00 rows=2000 width=8) (actual time=0.010..400.000 rows=2000 loops=1)\n"
         "  Buffers: shared hit=9000 read=10\n  I/O Timings: shared read=90.000\n"},
        {"serialization",
         "Seq Scan on a  (cost=0.00..9.00 rows=2000 width=8) (actual time=0.010..100.000 rows=2000 loops=1)\n"
         "Planning Time: 1.0 ms\nSerialization: time=300.000 ms  output=9000kB  format=text\nExecution Time: "
         "401.0 ms\n",
         "Seq Scan on a  (cost=0.00..9.00 rows=2000 width=8) (actual time=0.010..100.000 rows=2000 loops=1)\n"
         "Planning Time: 1.0 ms\nSerialization: time=10.000 ms  output=9000kB  format=text\nExecution Time: "
         "111.0 ms\n"},
        {"disabled_node",
         "Seq Scan on a  (cost=10000000000.00..10000000009.00 rows=1 width=8) (actual time=0.010..0.020 "
         "rows=1 loops=1)\n",
         "Seq Scan on a  (cost=0.00..9.00 rows=1 width=8) (actual time=0.010..0.020 rows=1 loops=1)\n"},
        {"costly_node", "Seq Scan on a  (cost=0.00..900000.00 rows=100000000 width=8)\n",
         "Seq Scan on a  (cost=0.00..90000.00 rows=1000000 width=8)\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (int fine = 0; fine < 2; fine++) {
            struct explain e = from_text(fine ? cases[i].fine : cases[i].bad);
            struct plan_facts facts = {0};
            struct plan_findings f;
            plan_findings(e.plans[0], &facts, &f);
            size_t n = 0;
            for (size_t k = 0; k < f.n; k++)
                n += !strcmp(f.items[k].rule->name, cases[i].rule);
            if (n != (size_t)!fine)
                fail_msg("%s: found %zu times in the %s plan (%zu findings)", cases[i].rule, n,
                         fine ? "fine" : "bad", f.n);
            plan_findings_free(&f);
            explain_free(&e);
        }
    }
    struct strbuf b = {0}; /* partitions: ten parts, of which one has the rows */
    struct plan_facts facts = {0};
    struct plan_findings f;
    strbuf_str(&b, "Append  (cost=0.00..9.00 rows=11 width=8) (actual time=0.010..100.000 rows=5 loops=1)\n");
    for (int i = 0; i < 11; i++)
        strbuf_printf(&b,
                      "  ->  Index Scan using i%d on p%d  (cost=0.00..9.00 rows=1 width=8) (actual "
                      "time=1.000..9.000 rows=%d loops=1)\n",
                      i, i, i ? 0 : 5);
    struct explain e = from_text(b.text);
    plan_findings(e.plans[0], &facts, &f);
    assert_int_equal(f.n, 1);
    assert_string_equal(f.items[0].rule->name, "empty_partitions");
    plan_findings_free(&f);
    explain_free(&e);
    strbuf_free(&b);
}

static void test_rules_are_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < plan_n_rules; i++) {
        const struct plan_rule *r = &plan_rules[i];
        assert_non_null(r->title);
        assert_non_null(r->measure);
        assert_non_null(r->help);
        assert_non_null(r->source);
        assert_non_null(r->find);
        assert_true(r->floor_ns > 0 || r->floor_amount > 0); /* a share alone is no finding */
        assert_false(isnan(r->info) && isnan(r->warn) && isnan(r->bad));
    }
}

/* Estimates stand against the table's own row count when the facts have it. */
static void test_facts_decide_without_analyze(void **state)
{
    (void)state;
    struct explain e = shipped("generic");
    struct sd_table small = {.schema = "shop", .name = "orders", .rows = 50, .size_bytes = SD_UNKNOWN};
    const struct sd_table *tables[] = {&small};
    struct plan_facts facts = {.tables = tables, .n_tables = 1};
    struct plan_findings f;
    plan_findings(e.plans[0], &facts, &f);
    assert_int_equal(f.n, 0); /* 40 of 50 rows */
    plan_findings_free(&f);
    small.rows = 200000;
    plan_findings(e.plans[0], &facts, &f);
    assert_int_equal(f.n, 1);
    assert_non_null(strstr(f.items[0].evidence, "200 k"));
    plan_findings_free(&f);
    explain_free(&e);
}

/* ---- the corpora ---- */

struct tally {
    size_t read, refused, compared, differ;
};

static double number_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

/* pev2 keeps CTEs apart: nodes are matched by what they print, each once. */
static void compare(const cJSON *theirs, const struct plan *p, bool *used, struct tally *t, const char *path)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(theirs, "Node Type"));
    double own = number_of(theirs, "*Duration (exclusive)"), total = number_of(theirs, "Actual Total Time");
    for (size_t i = 0; type && own >= 0 && i < p->n_nodes; i++) {
        const struct plan_node *ours = p->nodes[i];
        if (used[i] || !str_eq(ours->type, type) || isnan(ours->exclusive_ns) || ours->processes > 1 ||
            fabs(ours->total_ns / 1e6 - total) > 0.001 + total * 1e-6 ||
            ours->plan_rows != number_of(theirs, "Plan Rows"))
            continue;
        used[i] = true;
        double ms = ours->exclusive_ns / 1e6;
        t->compared++;
        if (fabs(ms - own) > 0.02 + 0.02 * MAX(ms, own)) {
            t->differ++;
            if (getenv("SLOWDIVE_SHOW_DIFFERENCES"))
                printf("# %s: node %d %s: %.3f ms, pev2 %.3f ms\n", path, ours->id, ours->type, ms, own);
        }
        break;
    }
    const cJSON *child;
    cJSON_ArrayForEach(child, cJSON_GetObjectItemCaseSensitive(theirs, "Plans"))
        compare(child, p, used, t, path);
}

static void against_pev2(const char *path, const struct explain *e, struct tally *t)
{
    struct strbuf b = {0};
    const char *dot = strstr(path, ".plan.");
    if (dot)
        strbuf_printf(&b, "%.*s.pev2.json", (int)(dot - path), path);
    else
        strbuf_printf(&b, "%s.pev2.json", path);
    char *data;
    size_t len;
    struct sd_error err;
    if (file_read(b.text, EXPLAIN_MAX_BYTES, &data, &len, &err)) {
        cJSON *json = cJSON_ParseWithLength(data, len);
        const cJSON *root = cJSON_GetObjectItemCaseSensitive(json, "Plan");
        bool *used = mem_array(e->plans[0]->n_nodes, sizeof *used);
        if (root)
            compare(root, e->plans[0], used, t, path);
        const cJSON *cte;
        cJSON_ArrayForEach(cte, cJSON_GetObjectItemCaseSensitive(json, "ctes"))
            compare(cte, e->plans[0], used, t, path);
        free(used);
        cJSON_Delete(json);
        free(data);
    }
    strbuf_free(&b);
}

static void walk(const char *dir, int depth, struct tally *t)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    if (!d)
        return;
    while ((entry = readdir(d)) != NULL) {
        char path[4096];
        if (entry->d_name[0] == '.' ||
            snprintf(path, sizeof path, "%s/%s", dir, entry->d_name) >= (int)sizeof path)
            continue;
        if (entry->d_type == DT_DIR) {
            if (depth < 6)
                walk(path, depth + 1, t);
            continue;
        }
        if (strstr(entry->d_name, "pev2.json") || strstr(entry->d_name, "asserts") ||
            strstr(entry->d_name, "expect") || strstr(entry->d_name, "pgbadger"))
            continue;
        char *data;
        size_t len;
        struct sd_error err = {""};
        if (!file_read(path, EXPLAIN_MAX_BYTES, &data, &len, &err))
            continue;
        struct explain e;
        if (explain_read(data, len, &e, &err)) {
            t->read++;
            for (size_t i = 0; i < e.n_plans; i++) {
                struct plan_facts facts = {0};
                struct plan_findings f;
                assert_holds(e.plans[i], path);
                plan_findings(e.plans[i], &facts, &f);
                plan_findings_free(&f);
            }
            against_pev2(path, &e, t);
        } else {
            t->refused++;
            assert_true(err.text[0] != 0);
            /* Whatever is JSON with a plan in it is read. */
            if (e.format == EXPLAIN_JSON && strstr(data, "\"Node Type\""))
                fail_msg("%s: %s", path, err.text);
        }
        explain_free(&e);
        free(data);
    }
    closedir(d);
}

static void test_corpora(void **state)
{
    (void)state;
    const char *dir = test_corpus("pg_explain");
    if (!dir)
        skip();
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", dir);
    struct tally t = {0};
    walk(copy, 0, &t);
    printf("# corpora: %zu inputs read, %zu refused; %zu nodes compared with pev2, %zu differ\n", t.read,
           t.refused, t.compared, t.differ);
    assert_true(t.read > 50);
    assert_true(t.differ * 20 < t.compared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field),
        cmocka_unit_test(test_whole_query_identifier),
        cmocka_unit_test(test_initplan_lies_where_it_is_used),
        cmocka_unit_test(test_cte_is_shared_by_its_scans),
        cmocka_unit_test(test_writing_cte_runs_beside_the_root),
        cmocka_unit_test(test_never_executed),
        cmocka_unit_test(test_parallel_append_total_stays_true),
        cmocka_unit_test(test_workers_that_ran),
        cmocka_unit_test(test_fractional_rows),
        cmocka_unit_test(test_root_without_loops),
        cmocka_unit_test(test_cost_only),
        cmocka_unit_test(test_timing_off),
        cmocka_unit_test(test_psql_frames),
        cmocka_unit_test(test_text_format),
        cmocka_unit_test(test_refused_with_a_sentence),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_deep_and_wide),
        cmocka_unit_test(test_findings),
        cmocka_unit_test(test_findings_from_text),
        cmocka_unit_test(test_rules_are_documented),
        cmocka_unit_test(test_facts_decide_without_analyze),
        cmocka_unit_test(test_corpora),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
