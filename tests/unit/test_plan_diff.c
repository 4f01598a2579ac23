/* Two plans side by side. Invariants over all pairs of the plans at hand, pairs of a real
 * PostgreSQL in tests/data/plan_pairs, and the words of single changes. */
#include "tests/lib/test.h"

#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "core/plans/compare.h"
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
        e = (struct explain){0};
    free(data);
    return e;
}

static struct explain from_text(const char *text)
{
    struct explain e;
    struct sd_error err = {""};
    if (!explain_read(text, strlen(text), &e, &err))
        fail_msg("%s", err.text);
    return e;
}

/* ---- invariants ---- */

static void assert_tree(const struct plan_diff *d, const char *name)
{
    unsigned char *before = mem_array(d->before->n_nodes, 1), *after = mem_array(d->after->n_nodes, 1);
    size_t n_before = 0, n_after = 0, all = 0;
    int depth = -1;
    for (size_t i = 0; i < d->n_nodes; i++) {
        const struct plan_diff_node *n = &d->nodes[i];
        if (n->depth < 0 || n->depth > depth + 1)
            fail_msg("%s: row %zu is at depth %d after depth %d", name, i, n->depth, depth);
        depth = n->depth;
        if (n->before && before[n->before->id - 1]++)
            fail_msg("%s: node %d before stands twice", name, n->before->id);
        if (n->after && after[n->after->id - 1]++)
            fail_msg("%s: node %d after stands twice", name, n->after->id);
        n_before += n->before != NULL;
        n_after += n->after != NULL;
        assert_true(n->before || n->after);
        assert_int_equal(n->kind == PLAN_DIFF_ADDED, !n->before);
        assert_int_equal(n->kind == PLAN_DIFF_REMOVED, !n->after);
        if (n->kind <= PLAN_DIFF_CHANGED)
            assert_int_equal(n->kind == PLAN_DIFF_CHANGED, n->n_changes > 0);
    }
    if (n_before != d->before->n_nodes || n_after != d->after->n_nodes)
        fail_msg("%s: %zu of %zu and %zu of %zu nodes stand in the tree", name, n_before, d->before->n_nodes,
                 n_after, d->after->n_nodes);
    for (int k = 0; k < PLAN_DIFF_KINDS; k++)
        all += d->count[k];
    assert_int_equal(all, d->n_nodes);
    assert_true(d->verdict && strlen(d->verdict) > 10 && d->verdict[strlen(d->verdict) - 1] == '.');
    free(before);
    free(after);
}

static void assert_mirror(const struct plan_diff *d, const struct plan_diff *m, const char *name)
{
    const struct plan_diff_node **of = mem_array(m->after->n_nodes, sizeof *of);
    for (size_t i = 0; i < m->n_nodes; i++)
        if (m->nodes[i].after)
            of[m->nodes[i].after->id - 1] = &m->nodes[i];
    assert_int_equal(d->count[PLAN_DIFF_SAME], m->count[PLAN_DIFF_SAME]);
    assert_int_equal(d->count[PLAN_DIFF_CHANGED], m->count[PLAN_DIFF_CHANGED]);
    assert_int_equal(d->count[PLAN_DIFF_ADDED], m->count[PLAN_DIFF_REMOVED]);
    assert_int_equal(d->count[PLAN_DIFF_REMOVED], m->count[PLAN_DIFF_ADDED]);
    assert_int_equal(d->n_changes, m->n_changes);
    for (size_t i = 0; i < d->n_nodes; i++) {
        const struct plan_diff_node *n = &d->nodes[i], *back;
        if (!n->before)
            continue;
        back = of[n->before->id - 1];
        if (back->before != n->after || back->n_changes != n->n_changes)
            fail_msg("%s: node %d is matched or described otherwise in the mirror", name, n->before->id);
        if (!isnan(n->effect_ns) && fabs(n->effect_ns + back->effect_ns) > 1)
            fail_msg("%s: node %d has another effect in the mirror", name, n->before->id);
    }
    if (!isnan(d->factor) && fabs(d->factor * m->factor - 1) > 1e-9)
        fail_msg("%s: factors %f and %f", name, d->factor, m->factor);
    free(of);
}

static void assert_pair(const struct plan *a, const struct plan *b, const char *name)
{
    struct plan_diff d, m;
    plan_diff(a, b, &d);
    plan_diff(b, a, &m);
    assert_tree(&d, name);
    assert_tree(&m, name);
    assert_mirror(&d, &m, name);
    if (a == b) {
        assert_int_equal(d.count[PLAN_DIFF_SAME], a->n_nodes);
        assert_int_equal(d.n_nodes, a->n_nodes);
        assert_int_equal(d.n_changes, 0);
        assert_true(plan_diff_same_shape(a, b));
    }
    plan_diff_free(&d);
    plan_diff_free(&m);
}

struct shelf {
    struct explain *items;
    char **names;
    size_t n, cap, cap_names;
};

static void fill(struct shelf *s, const char *dir, int depth)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    while (d && (entry = readdir(d)) != NULL) {
        char path[4096];
        if (entry->d_name[0] == '.' ||
            snprintf(path, sizeof path, "%s/%s", dir, entry->d_name) >= (int)sizeof path)
            continue;
        if (entry->d_type == DT_DIR) {
            if (depth < 5)
                fill(s, path, depth + 1);
            continue;
        }
        if (strstr(entry->d_name, "pev2.json") || strstr(entry->d_name, "asserts") ||
            strstr(entry->d_name, ".log"))
            continue;
        struct explain e = read_path(path);
        if (!e.n_plans)
            continue;
        s->items = mem_grow(s->items, s->n, &s->cap, sizeof *s->items);
        s->names = mem_grow(s->names, s->n, &s->cap_names, sizeof *s->names);
        s->names[s->n] = mem_strdup(path);
        s->items[s->n++] = e;
    }
    if (d)
        closedir(d);
}

static void empty(struct shelf *s)
{
    for (size_t i = 0; i < s->n; i++) {
        explain_free(&s->items[i]);
        free(s->names[i]);
    }
    free(s->items);
    free(s->names);
}

static void test_all_pairs(void **state)
{
    (void)state;
    struct shelf s = {0};
    fill(&s, test_file("data/plans"), 0);
    fill(&s, test_file("data/plan_pairs"), 0);
    assert_true(s.n > 20);
    for (size_t i = 0; i < s.n; i++)
        for (size_t j = i; j < s.n; j++)
            assert_pair(s.items[i].plans[0], s.items[j].plans[0], s.names[i]);
    empty(&s);
}

/* Of the corpora each plan with itself and with a few others; of the queries with and
 * without indexes both ways. */
static void test_corpora(void **state)
{
    (void)state;
    const char *dir = test_corpus("pg_explain");
    struct shelf s = {0};
    if (!dir)
        skip();
    fill(&s, dir, 0);
    assert_true(s.n > 100);
    for (size_t i = 0; i < s.n; i++)
        for (size_t step = 0; step < 8; step++)
            assert_pair(s.items[i].plans[0], s.items[(i + step * step * 7) % s.n].plans[0], s.names[i]);
    empty(&s);
}

/* One query's plan as text and as VERBOSE JSON, of two runs: the matching must be whole,
 * and nothing but figures may have changed. */
static void test_formats_agree(void **state)
{
    (void)state;
    static const char *const queries[] = {"01", "02", "04", "05", "07", "08", "10",
                                          "11", "13", "14", "16", "19", "22"};
    if (!test_corpus("pg_explain/own-tpch"))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(queries) * 2; i++) {
        char text[128], json[128];
        const char *kind = i % 2 ? "idx" : "noidx";
        snprintf(text, sizeof text, "pg_explain/own-tpch/q%s.%s.txt", queries[i / 2], kind);
        snprintf(json, sizeof json, "pg_explain/own-tpch/q%s.%s.json", queries[i / 2], kind);
        struct explain a = read_path(test_corpus(text)), b = read_path(test_corpus(json));
        struct plan_diff d;
        plan_diff(a.plans[0], b.plans[0], &d);
        for (size_t k = 0; k < d.n_nodes; k++)
            if (d.nodes[k].kind > PLAN_DIFF_CHANGED ||
                (d.nodes[k].n_changes && !strstr(d.nodes[k].changes[0], " -> ")))
                fail_msg("%s: node %zu: %s", text, k,
                         d.nodes[k].n_changes ? d.nodes[k].changes[0] : "not matched");
        plan_diff_free(&d);
        explain_free(&a);
        explain_free(&b);
    }
}

/* ---- words ---- */

static const struct plan_diff_node *row(const struct plan_diff *d, const char *type_before,
                                        const char *type_after)
{
    for (size_t i = 0; i < d->n_nodes; i++)
        if (str_eq(d->nodes[i].before ? d->nodes[i].before->type : NULL, type_before) &&
            str_eq(d->nodes[i].after ? d->nodes[i].after->type : NULL, type_after))
            return &d->nodes[i];
    fail_msg("no node went from %s to %s", type_before ? type_before : "nothing",
             type_after ? type_after : "nothing");
    return NULL;
}

static bool says(const struct plan_diff_node *n, const char *words)
{
    for (size_t i = 0; i < n->n_changes; i++)
        if (!strcmp(n->changes[i], words))
            return true;
    return false;
}

static void assert_says(const struct plan_diff_node *n, const char *words)
{
    struct strbuf all = {0};
    for (size_t i = 0; i < n->n_changes; i++)
        strbuf_printf(&all, "%s%s", i ? "; " : "", n->changes[i]);
    if (!says(n, words))
        fail_msg("not \"%s\" but: %s", words, strbuf_text(&all));
    strbuf_free(&all);
}

static void compare(const char *before, const char *after, struct explain e[2], struct plan_diff *d)
{
    e[0] = from_text(before);
    e[1] = from_text(after);
    plan_diff(e[0].plans[0], e[1].plans[0], d);
    assert_tree(d, before);
    assert_pair(e[0].plans[0], e[1].plans[0], before);
}

static void done(struct explain e[2], struct plan_diff *d)
{
    plan_diff_free(d);
    explain_free(&e[0]);
    explain_free(&e[1]);
}

static const char SEQ[] =
    "Limit  (cost=0.00..10.00 rows=10 width=8) (actual time=1100.1..1200.3 rows=10 loops=1)\n"
    "  ->  Sort  (cost=9.00..9.10 rows=500 width=8) (actual time=1100.0..1200.0 rows=10 loops=1)\n"
    "        Sort Key: created\n"
    "        Sort Method: external merge  Disk: 34000kB\n"
    "        ->  Seq Scan on orders o  (cost=0.00..9.00 rows=500 width=8) (actual time=0.1..1000.0 "
    "rows=400000 loops=1)\n"
    "              Filter: ((status = 'open'::text) AND (total > 5))\n"
    "              Rows Removed by Filter: 600000\n"
    "Planning Time: 0.2 ms\nExecution Time: 1200.4 ms\n";
static const char INDEX[] =
    "Limit  (cost=0.00..5.00 rows=10 width=8) (actual time=0.1..3.0 rows=10 loops=1)\n"
    "  ->  Sort  (cost=4.00..4.10 rows=12 width=8) (actual time=0.1..2.9 rows=10 loops=1)\n"
    "        Sort Key: created\n"
    "        Sort Method: quicksort  Memory: 25kB\n"
    "        ->  Index Scan using orders_status_idx on orders o  (cost=0.00..4.00 rows=12 width=8) (actual "
    "time=0.1..2.8 rows=12 loops=1)\n"
    "              Index Cond: (status = 'open'::text)\n"
    "              Filter: (total > 5)\n"
    "Planning Time: 0.3 ms\nExecution Time: 3.1 ms\n";

static void test_index_instead_of_scan(void **state)
{
    (void)state;
    struct explain e[2];
    struct plan_diff d;
    compare(SEQ, INDEX, e, &d);
    assert_int_equal(d.n_nodes, 3);
    const struct plan_diff_node *scan = row(&d, "Seq Scan", "Index Scan"), *sort = row(&d, "Sort", "Sort");
    assert_says(scan, "a part of the filter is now the index condition");
    assert_says(scan, "rows 400 k -> 12");
    assert_says(scan, "rows removed 600 k -> none");
    assert_says(scan, "estimate off by 800x -> 1.0x");
    assert_says(sort, "external merge on disk (34.8 MB) -> quicksort in memory (25.6 kB)");
    assert_string_equal(
        d.verdict, "387 times faster (1.20 s -> 3.10 ms): the sequential scan on orders (1.00 s) became an "
                   "index scan (2.80 ms).");
    assert_true(d.changes[0].node == scan);
    assert_true(d.measure == PLAN_DIFF_TIME);
    done(e, &d);
    compare(INDEX, SEQ, e, &d);
    assert_says(row(&d, "Index Scan", "Seq Scan"), "the index condition is now a part of the filter");
    assert_string_equal(d.verdict,
                        "387 times slower (3.10 ms -> 1.20 s): the index scan on orders (2.80 ms) became a "
                        "sequential scan (1.00 s).");
    done(e, &d);
}

static void test_parallel_and_join_method(void **state)
{
    (void)state;
    struct explain e[2];
    struct plan_diff d;
    compare("Nested Loop  (cost=0.00..90.00 rows=5 width=8)\n"
            "  ->  Seq Scan on a  (cost=0.00..10.00 rows=5 width=8)\n"
            "  ->  Materialize  (cost=0.00..70.00 rows=5 width=8)\n"
            "        ->  Seq Scan on b  (cost=0.00..10.00 rows=5 width=8)\n",
            "Gather  (cost=0.00..40.00 rows=5 width=8)\n"
            "  Workers Planned: 2\n"
            "  ->  Hash Join  (cost=0.00..30.00 rows=5 width=8)\n"
            "        Hash Cond: (b.x = a.x)\n"
            "        ->  Parallel Seq Scan on b  (cost=0.00..10.00 rows=5 width=8)\n"
            "        ->  Hash  (cost=0.00..10.00 rows=5 width=8)\n"
            "              ->  Seq Scan on a  (cost=0.00..10.00 rows=5 width=8)\n",
            e, &d);
    assert_says(row(&d, "Nested Loop", "Hash Join"), "inputs swapped");
    row(&d, NULL, "Gather");
    row(&d, NULL, "Hash");
    row(&d, "Materialize", NULL);
    assert_int_equal(d.count[PLAN_DIFF_ADDED], 2);
    assert_int_equal(d.count[PLAN_DIFF_REMOVED], 1);
    assert_true(d.measure == PLAN_DIFF_COST);
    assert_string_equal(d.changes[0].text, "parallel workers none -> 2");
    assert_true(d.changes[0].node == NULL);
    assert_true(str_starts(d.verdict, "The planner expects it to cost 2.2 times less (90 -> 40)"));
    done(e, &d);
}

static void test_join_order(void **state)
{
    (void)state;
    struct explain e[2];
    struct plan_diff d;
    compare("Hash Join  (cost=0.00..90.00 rows=5 width=8)\n"
            "  ->  Hash Join  (cost=0.00..60.00 rows=5 width=8)\n"
            "        ->  Seq Scan on a  (cost=0.00..10.00 rows=5 width=8)\n"
            "        ->  Hash  (cost=0.00..10.00 rows=5 width=8)\n"
            "              ->  Seq Scan on b  (cost=0.00..10.00 rows=5 width=8)\n"
            "  ->  Hash  (cost=0.00..10.00 rows=5 width=8)\n"
            "        ->  Seq Scan on c  (cost=0.00..10.00 rows=5 width=8)\n",
            "Hash Join  (cost=0.00..90.00 rows=5 width=8)\n"
            "  ->  Hash Join  (cost=0.00..60.00 rows=5 width=8)\n"
            "        ->  Seq Scan on b  (cost=0.00..10.00 rows=5 width=8)\n"
            "        ->  Hash  (cost=0.00..10.00 rows=5 width=8)\n"
            "              ->  Seq Scan on c  (cost=0.00..10.00 rows=5 width=8)\n"
            "  ->  Hash  (cost=0.00..10.00 rows=5 width=8)\n"
            "        ->  Seq Scan on a  (cost=0.00..10.00 rows=5 width=8)\n",
            e, &d);
    /* a, b, c and the join of all are what they were; the joins of two are not. */
    assert_int_equal(d.count[PLAN_DIFF_REMOVED], 2); /* the join of a and b, the hash of b */
    assert_int_equal(d.count[PLAN_DIFF_ADDED], 2);
    assert_string_equal(d.changes[0].text,
                        "the tables are joined in another order (different tables: 1 of 2 joins)");
    done(e, &d);
}

static void test_aggregate_in_two_steps(void **state)
{
    (void)state;
    struct explain e[2];
    struct plan_diff d;
    compare("Aggregate  (cost=90.00..90.00 rows=1 width=8)\n"
            "  ->  Seq Scan on a  (cost=0.00..10.00 rows=5 width=8)\n",
            "Finalize Aggregate  (cost=90.00..90.00 rows=1 width=8)\n"
            "  ->  Gather  (cost=80.00..90.00 rows=2 width=8)\n"
            "        Workers Planned: 2\n"
            "        ->  Partial Aggregate  (cost=70.00..80.00 rows=1 width=8)\n"
            "              ->  Parallel Seq Scan on a  (cost=0.00..10.00 rows=5 width=8)\n",
            e, &d);
    const struct plan_diff_node *top = row(&d, "Aggregate", "Aggregate");
    assert_int_equal(top->after->id, 1);
    assert_says(top, "Aggregate -> Finalize Aggregate");
    done(e, &d);
}

static void test_partitions_and_aliases(void **state)
{
    (void)state;
    struct explain e[2];
    struct plan_diff d;
    compare("Append  (cost=0.00..90.00 rows=5 width=8)\n"
            "  ->  Seq Scan on m_1 m_1  (cost=0.00..10.00 rows=5 width=8)\n"
            "  ->  Seq Scan on m_2 m_2  (cost=0.00..10.00 rows=5 width=8)\n"
            "  ->  Seq Scan on m_3 m_3  (cost=0.00..10.00 rows=5 width=8)\n",
            "Seq Scan on m_2 m  (cost=0.00..10.00 rows=5 width=8)\n", e, &d);
    assert_int_equal(d.count[PLAN_DIFF_REMOVED], 3);
    assert_int_equal(row(&d, "Seq Scan", "Seq Scan")->before->id, 3);
    done(e, &d);
}

static void test_other_constants(void **state)
{
    (void)state;
    struct explain e[2];
    struct plan_diff d;
    compare("Seq Scan on a  (cost=0.00..10.00 rows=5 width=8)\n  Filter: (x = 5)\n",
            "Seq Scan on a  (cost=0.00..10.00 rows=5 width=8)\n  Filter: (x = 7)\n", e, &d);
    assert_says(&d.nodes[0], "filter with other constants");
    assert_true(plan_diff_same_shape(e[0].plans[0], e[1].plans[0]));
    done(e, &d);
}

static void test_nothing_in_common(void **state)
{
    (void)state;
    struct explain e[2];
    struct plan_diff d;
    compare("Seq Scan on a  (cost=0.00..10.00 rows=5 width=8)\n",
            "Seq Scan on b  (cost=0.00..10.00 rows=5 width=8)\n", e, &d);
    assert_int_equal(d.count[PLAN_DIFF_REMOVED], 1);
    assert_int_equal(d.count[PLAN_DIFF_ADDED], 1);
    assert_true(d.notes.n == 1 && strstr(d.notes.items[0], "the same statement"));
    done(e, &d);
}

static void test_cache_is_named(void **state)
{
    (void)state;
    struct explain e[2];
    struct plan_diff d;
    compare("Seq Scan on a  (cost=0.00..10.00 rows=5 width=8) (actual time=0.1..900.0 rows=5 loops=1)\n"
            "  Buffers: shared hit=10 read=20000\nExecution Time: 900.0 ms\n",
            "Seq Scan on a  (cost=0.00..10.00 rows=5 width=8) (actual time=0.1..90.0 rows=5 loops=1)\n"
            "  Buffers: shared hit=20010\nExecution Time: 90.0 ms\n",
            e, &d);
    assert_says(&d.nodes[0], "blocks read 20.0 k -> none");
    assert_true(d.notes.n == 1 && strstr(d.notes.items[0], "buffer cache"));
    assert_true(strstr(d.verdict, "10 times faster"));
    done(e, &d);
}

/* ---- size ---- */

static char *wide(size_t n, const char *scan)
{
    struct strbuf b = {0};
    strbuf_str(&b, "Append  (cost=0.00..90.00 rows=5 width=8) (actual time=0.1..900.0 rows=5 loops=1)\n");
    for (size_t i = 0; i < n; i++)
        strbuf_printf(
            &b,
            "  ->  %s on part_%zu  (cost=0.00..10.00 rows=5 width=8) (actual time=0.1..0.2 rows=5 loops=1)\n"
            "        Filter: (x = %zu)\n",
            scan, i, i);
    return strbuf_detach(&b);
}

static char *deep(size_t n, const char *type)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < n; i++) {
        strbuf_pad(&b, ' ', i ? 2 + (i - 1) * 6 : 0);
        strbuf_printf(&b, "%s%s  (cost=0.00..10.00 rows=5 width=8)\n", i ? "->  " : "",
                      i + 1 < n ? type : "Seq Scan on t");
    }
    return strbuf_detach(&b);
}

static double milliseconds(const struct plan *a, const struct plan *b)
{
    struct timespec from, to;
    struct plan_diff d;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    plan_diff(a, b, &d);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    assert_tree(&d, "large");
    plan_diff_free(&d);
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

static void test_large(void **state)
{
    (void)state;
    char *texts[] = {wide(10000, "Seq Scan"), wide(9000, "Parallel Seq Scan"), deep(1500, "Materialize"),
                     deep(1200, "Sort")};
    struct explain e[4];
    for (int i = 0; i < 4; i++)
        e[i] = from_text(texts[i]);
    double same = milliseconds(e[0].plans[0], e[0].plans[0]),
           wide_ms = milliseconds(e[0].plans[0], e[1].plans[0]),
           deep_ms = milliseconds(e[2].plans[0], e[3].plans[0]);
    print_message("10,000 nodes: %.1f ms the same, %.1f ms changed; deep: %.1f ms\n", same, wide_ms, deep_ms);
    assert_true(same < 1500 && wide_ms < 1500 && deep_ms < 1500); /* with sanitizers on a busy machine */
    assert_pair(e[0].plans[0], e[1].plans[0], "wide");
    assert_pair(e[2].plans[0], e[3].plans[0], "deep");
    for (int i = 0; i < 4; i++) {
        explain_free(&e[i]);
        free(texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index_instead_of_scan),
        cmocka_unit_test(test_parallel_and_join_method),
        cmocka_unit_test(test_join_order),
        cmocka_unit_test(test_aggregate_in_two_steps),
        cmocka_unit_test(test_partitions_and_aliases),
        cmocka_unit_test(test_other_constants),
        cmocka_unit_test(test_nothing_in_common),
        cmocka_unit_test(test_cache_is_named),
        cmocka_unit_test(test_formats_agree),
        cmocka_unit_test(test_all_pairs),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_corpora),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
