/* Plans as each version of PostgreSQL prints them (tests/data/versions): read, computed, and
 * the same from text as from JSON. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/plans/explain_input.h"

static struct explain plan_of(const char *name)
{
    char path[64], *data;
    size_t len;
    struct sd_error err = {""};
    struct explain e = {0};
    snprintf(path, sizeof path, "data/versions/%s", name);
    if (!file_read(test_file(path), EXPLAIN_MAX_BYTES, &data, &len, &err) ||
        !explain_read(data, len, &e, &err))
        fail_msg("%s: %s", name, err.text);
    free(data);
    if (e.n_plans != 1 || e.skipped || e.plans[0]->notes.n)
        fail_msg("%s: %zu plans, note: %s", name, e.n_plans,
                 e.plans[0]->notes.n ? e.plans[0]->notes.items[0] : "none");
    return e;
}

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-6 * fmax(1, fabs(b));
}

/* Text leaves out what is 0. */
static double said(double v)
{
    return isnan(v) ? 0 : v;
}

static void expect(const char *name, const char *what, double is, double want)
{
    if (!same(is, want))
        fail_msg("%s: %s is %g, not %g", name, what, is, want);
}

static const struct plan_node *node(const struct explain *e, const char *type, const char *relation)
{
    for (size_t i = 0; i < e->plans[0]->n_nodes; i++)
        if (str_eq(e->plans[0]->nodes[i]->type, type) &&
            (!relation || str_eq(e->plans[0]->nodes[i]->relation, relation)))
            return e->plans[0]->nodes[i];
    fail_msg("no %s %s", type, relation ? relation : "");
    return NULL;
}

static void every_version_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t nodes;
        double planning_ms, execution_ms, own_ms; /* own: the exclusive times together */
    } plans[] = {
        {"v9.6.txt", 4, 0.25, 41, 40}, {"v10.txt", 4, 0.25, 41, 40},  {"v11.txt", 3, 0.3, 5.5, 5},
        {"v12.txt", 2, 0.1, 6.2, 6},   {"v12.json", 2, 0.1, 6.2, 6},  {"v13.txt", 3, 0.15, 9.5, 9},
        {"v13.json", 3, 0.15, 9.5, 9}, {"v14.txt", 6, 0.4, 31, 30},   {"v15.txt", 2, 0.1, 97, 90},
        {"v15.json", 2, 0.1, 97, 90},  {"v16.txt", 2, NAN, NAN, NAN}, {"v17.txt", 7, 0.5, 23, 20},
        {"v17.json", 7, 0.5, 23, 20},  {"v18.txt", 4, 0.2, 12.5, 12}, {"v18.json", 4, 0.2, 12.5, 12},
    };
    for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
        struct explain e = plan_of(plans[i].name);
        const struct plan *p = e.plans[0];
        double own = 0;
        expect(plans[i].name, "nodes", (double)p->n_nodes, (double)plans[i].nodes);
        expect(plans[i].name, "planning", p->planning_ns / 1e6, plans[i].planning_ms);
        expect(plans[i].name, "execution", p->execution_ns / 1e6, plans[i].execution_ms);
        for (size_t k = 0; k < p->n_nodes; k++) {
            if (p->nodes[k]->exclusive_ns < 0)
                fail_msg("%s: node %zu has less than no time", plans[i].name, k + 1);
            own += p->nodes[k]->never_executed ? 0 : p->nodes[k]->exclusive_ns;
        }
        if (p->analyzed && (own > p->execution_ns * 1.02 || own / 1e6 < plans[i].own_ms * 0.98))
            fail_msg("%s: exclusive times sum to %g of %g ms", plans[i].name, own / 1e6, plans[i].own_ms);
        explain_free(&e);
    }
}

/* What a version says in text it says in JSON. */
static void text_and_json_are_one_plan(void **state)
{
    (void)state;
    static const char *const versions[] = {"v12", "v13", "v15", "v17", "v18"};
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        char text[16], json[16];
        snprintf(text, sizeof text, "%s.txt", versions[i]);
        snprintf(json, sizeof json, "%s.json", versions[i]);
        struct explain a = plan_of(text), b = plan_of(json);
        for (size_t k = 0; k < a.plans[0]->n_nodes; k++) {
            const struct plan_node *x = a.plans[0]->nodes[k], *y = b.plans[0]->nodes[k];
            struct strbuf p = {0}, q = {0};
            plan_node_name(x, &p);
            plan_node_where(x, &p);
            plan_node_name(y, &q);
            plan_node_where(y, &q);
            assert_string_equal(strbuf_text(&p), strbuf_text(&q));
            strbuf_free(&p);
            strbuf_free(&q);
            assert_int_equal(x->depth, y->depth);
            if (!str_eq(x->relationship, y->relationship) || !str_eq(x->subplan, y->subplan))
                fail_msg("%s, node %zu: %s %s, in JSON %s %s", versions[i], k + 1, x->relationship,
                         x->subplan, y->relationship, y->subplan);
            expect(text, "time", x->total_ns, y->total_ns);
            expect(text, "own time", x->exclusive_ns, y->exclusive_ns);
            expect(text, "rows", x->rows, y->rows);
            expect(text, "removed", x->rows_removed, y->rows_removed);
            expect(text, "own hit", said(x->own_shared_hit), said(y->own_shared_hit));
            expect(text, "own temp", said(x->own_temp_written), said(y->own_temp_written));
            expect(text, "own I/O", said(x->own_io_ns), said(y->own_io_ns));
        }
        expect(text, "planning hit", said(a.plans[0]->planning_shared_hit),
               said(b.plans[0]->planning_shared_hit));
        expect(text, "planning memory", a.plans[0]->planning_memory_kb, b.plans[0]->planning_memory_kb);
        expect(text, "serialization", a.plans[0]->serialization_ns, b.plans[0]->serialization_ns);
        expect(text, "JIT", a.plans[0]->jit_ns, b.plans[0]->jit_ns);
        expect(text, "settings", (double)a.plans[0]->n_settings, (double)b.plans[0]->n_settings);
        explain_free(&a);
        explain_free(&b);
    }
}

/* What came with each version. */
static void what_is_new_is_understood(void **state)
{
    (void)state;
    struct explain e = plan_of("v9.6.txt");
    expect("9.6", "rows of all processes", node(&e, "Seq Scan", "orders")->rows, 99999);
    expect("9.6", "processes", node(&e, "Seq Scan", NULL)->processes, 3);
    expect("9.6", "removed", node(&e, "Seq Scan", NULL)->rows_removed, 30);
    explain_free(&e);
    e = plan_of("v11.txt");
    expect("11", "subplans removed", node(&e, "Append", NULL)->subplans_removed, 2);
    assert_true(node(&e, "Seq Scan", "orders_2")->never_executed);
    explain_free(&e);
    e = plan_of("v12.txt");
    assert_string_equal(e.plans[0]->settings[0].name, "work_mem");
    assert_string_equal(e.plans[0]->settings[0].value, "64kB");
    expect("12", "the CTE's own", node(&e, "CTE Scan", NULL)->exclusive_ns / 1e6, 2.5);
    explain_free(&e);
    e = plan_of("v13.txt");
    expect("13", "wal", e.plans[0]->nodes[0]->wal_bytes, 73000);
    assert_string_equal(node(&e, "Incremental Sort", NULL)->presorted_key.items[0], "orders.a");
    expect("13", "planning hit", e.plans[0]->planning_shared_hit, 5);
    explain_free(&e);
    e = plan_of("v14.txt");
    const struct plan_node *memoize = node(&e, "Memoize", NULL);
    expect("14", "hits", memoize->cache_hits, 90);
    expect("14", "misses", memoize->cache_misses, 10);
    assert_string_equal(memoize->cache_key, "o.customer_id");
    assert_int_equal(node(&e, "Foreign Scan", "orders_eu")->async_capable, 1);
    assert_int_equal(e.plans[0]->query_id, -6153276352014926151);
    explain_free(&e);
    e = plan_of("v15.txt");
    expect("15", "own I/O of the sort", e.plans[0]->nodes[0]->own_io_ns / 1e6, 7);
    expect("15", "own I/O of the scan", e.plans[0]->nodes[1]->own_io_ns / 1e6, 12);
    expect("15", "JIT", e.plans[0]->jit_ns / 1e6, 5);
    explain_free(&e);
    e = plan_of("v16.txt");
    assert_false(e.plans[0]->analyzed);
    assert_string_equal(e.plans[0]->nodes[0]->filter, "(status = $2)");
    explain_free(&e);
    e = plan_of("v17.txt");
    assert_true(plan_is_initplan(node(&e, "Limit", NULL)));
    assert_string_equal(node(&e, "Seq Scan", "excluded")->subplan, "SubPlan 2");
    assert_string_equal(node(&e, "Seq Scan", "excluded")->relationship, "SubPlan");
    assert_ptr_equal(node(&e, "Seq Scan", "excluded")->parent, node(&e, "Seq Scan", "orders"));
    expect("17", "own I/O", node(&e, "Seq Scan", "orders")->own_io_ns / 1e6, 6);
    expect("17", "serialization", e.plans[0]->serialization_ns / 1e6, 1.5);
    expect("17", "memory", e.plans[0]->planning_memory_kb, 19);
    explain_free(&e);
    e = plan_of("v18.txt");
    const struct plan_node *scan = node(&e, "Index Scan", NULL);
    expect("18", "rows", scan->rows, 300); /* 3.33 in each of 90 loops; the join above returns 300 */
    expect("18", "searches", scan->index_searches, 90);
    expect("18", "storage", e.plans[0]->nodes[0]->storage_kb, 17);
    assert_int_equal(node(&e, "Seq Scan", NULL)->disabled, 1);
    explain_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_is_read),
        cmocka_unit_test(text_and_json_are_one_plan),
        cmocka_unit_test(what_is_new_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
