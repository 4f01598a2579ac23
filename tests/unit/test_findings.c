/* The rules name the right node: plans with the finding they must have, or must not have. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/plans/findings.h"
#include "format/plans/explain_input.h"

struct finding_case {
    const char *what, *plan;
    const char *rule;     /* must be found at `node` ... */
    int node;             /* 0: the whole plan */
    const char *evidence; /* ... with this in its evidence or advice; NULL */
    const char *never;    /* must not be found at all; NULL */
};

static struct explain read_plan(const char *text)
{
    struct explain e;
    struct sd_error err = {""};
    if (!explain_read(text, strlen(text), &e, &err))
        fail_msg("%s: %s", err.text, text);
    return e;
}

static void check_case(const struct finding_case *c, const struct plan_facts *facts)
{
    struct explain e = read_plan(c->plan);
    struct plan_findings f;
    const struct plan_finding *hit = NULL;
    plan_findings(e.plans[0], facts, &f);
    for (size_t i = 0; i < f.n; i++) {
        const struct plan_finding *it = &f.items[i];
        if (c->rule && !strcmp(it->rule->name, c->rule) && (it->node ? it->node->id : 0) == c->node)
            hit = it;
        if (c->never && !strcmp(it->rule->name, c->never))
            fail_msg("%s: %s was found: %s", c->what, c->never, it->evidence);
        assert_true(it->saves_share <= 1 || isnan(it->saves_share));
    }
    if (c->rule && !hit)
        fail_msg("%s: no %s at node %d; %zu findings, first %s: %s", c->what, c->rule, c->node, f.n,
                 f.n ? f.items[0].rule->name : "none", f.n ? f.items[0].evidence : "");
    if (hit && c->evidence && !strstr(hit->evidence, c->evidence) && !strstr(hit->advice, c->evidence))
        fail_msg("%s: \"%s\" is not in: %s. %s", c->what, c->evidence, hit->evidence, hit->advice);
    plan_findings_free(&f);
    explain_free(&e);
}

static void check_all(const struct finding_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_case(&cases[i], &(struct plan_facts){0});
}

/* ---- estimates ---- */

#define EMPTY_HASH(join)                                                                                     \
    join "  (cost=900.00..9000.00 rows=100 width=8) (actual time=90.000..90.100 rows=0 loops=1)\n"           \
         "  Hash Cond: (l.item = i.id)\n"                                                                    \
         "  ->  Seq Scan on line l  (cost=0.00..5000.00 rows=300000 width=4) (actual time=0.010..0.010 "     \
         "rows=1 loops=1)\n"                                                                                 \
         "  ->  Hash  (cost=900.00..900.00 rows=40 width=4) (actual time=89.900..89.900 rows=0 loops=1)\n"   \
         "        ->  Seq Scan on item i  (cost=0.00..900.00 rows=40 width=4) (actual time=89.900..89.900 "  \
         "rows=0 loops=1)\n"                                                                                 \
         "              Filter: (kind = 9)\n              Rows Removed by Filter: 50000\n"

static void test_estimates(void **state)
{
    (void)state;
    static const struct finding_case cases[] = {
        {"an empty hash table stops the other side", EMPTY_HASH("Hash Join"), "seq_scan_filter", 4, NULL,
         "bad_estimate"},
        {"a semi-join as well", EMPTY_HASH("Hash Semi Join"), "seq_scan_filter", 4, NULL, "bad_estimate"},
        {"a right join as well", EMPTY_HASH("Hash Right Join"), "seq_scan_filter", 4, NULL, "bad_estimate"},
        {"a scan that would be the same with the right estimate",
         "Hash Join  (cost=900.00..9000.00 rows=100 width=8) (actual time=90.000..95.100 rows=30 loops=1)\n"
         "  Hash Cond: (l.item = i.id)\n"
         "  ->  Seq Scan on line l  (cost=0.00..50.00 rows=3000 width=4) (actual time=0.010..1.010 rows=3000 "
         "loops=1)\n"
         "  ->  Hash  (cost=900.00..900.00 rows=4000 width=4) (actual time=89.900..89.900 rows=3 loops=1)\n"
         "        ->  Seq Scan on item i  (cost=0.00..900.00 rows=4000 width=4) (actual time=9.900..89.900 "
         "rows=3 loops=1)\n"
         "              Filter: (kind = 9)\n              Rows Removed by Filter: 50000\n",
         "seq_scan_filter", 4, NULL, "bad_estimate"},
        {"a cheap function beside a slow CTE",
         "Nested Loop  (cost=7.00..900.00 rows=90000 width=8) (actual time=80.000..80.300 rows=40 loops=1)\n"
         "  CTE slow\n"
         "    ->  Function Scan on report  (cost=0.00..1.00 rows=10 width=4) (actual time=79.900..79.901 "
         "rows=10 "
         "loops=1)\n"
         "  ->  CTE Scan on slow  (cost=0.00..2.00 rows=10 width=4) (actual time=79.910..79.950 rows=10 "
         "loops=1)\n"
         "  ->  Function Scan on generate_series g  (cost=0.00..10.00 rows=1000 width=4) (actual "
         "time=0.001..0.002 rows=4 loops=10)\n",
         "hot_part", 2, "in CTE slow", "bad_estimate"},
        {"the guess of a foreign server",
         "Hash Join  (cost=100.00..900.00 rows=5000 width=8) (actual time=10.000..95.100 rows=30 loops=1)\n"
         "  Hash Cond: (r.item = i.id)\n"
         "  ->  Foreign Scan on remote r  (cost=100.00..500.00 rows=100 width=4) (actual time=1.010..61.010 "
         "rows=90000 loops=1)\n"
         "  ->  Hash  (cost=90.00..90.00 rows=4000 width=4) (actual time=5.900..5.900 rows=4000 loops=1)\n"
         "        ->  Seq Scan on item i  (cost=0.00..90.00 rows=4000 width=4) (actual time=0.900..4.900 "
         "rows=4000 loops=1)\n",
         "hot_part", 2, "the other server returned 90", "bad_estimate"},
        {"an estimate that makes a nested loop run too often",
         "Nested Loop  (cost=0.00..900.00 rows=10 width=8) (actual time=0.100..95.100 rows=30000 loops=1)\n"
         "  ->  Seq Scan on item i  (cost=0.00..90.00 rows=10 width=4) (actual time=0.900..4.900 rows=30000 "
         "loops=1)\n        Filter: ((a = 1) AND (b = 2))\n"
         "  ->  Index Scan using line_item on line  (cost=0.30..0.40 rows=1 width=4) (actual "
         "time=0.002..0.002 "
         "rows=1 loops=30000)\n        Index Cond: (item = i.id)\n",
         "bad_estimate", 2, "3000 times more", NULL},
        {"a function that returns more rows than its ROWS clause says",
         "Hash Join  (cost=0.00..900.00 rows=10 width=8) (actual time=0.100..95.100 rows=30000 loops=1)\n"
         "  Hash Cond: (l.id = f.id)\n"
         "  ->  Seq Scan on line l  (cost=0.00..90.00 rows=90000 width=4) (actual time=0.900..44.900 "
         "rows=90000 "
         "loops=1)\n"
         "  ->  Hash  (cost=9.00..9.00 rows=100 width=4) (actual time=5.900..5.900 rows=40000 loops=1)\n"
         "        ->  Function Scan on ids f  (cost=0.00..9.00 rows=100 width=4) (actual time=3.900..4.900 "
         "rows=40000 loops=1)\n",
         "bad_estimate", 4, "ROWS clause", NULL},
    };
    check_all(cases, ARRAY_LEN(cases));
}

/* The planner's fixed share of the rows is called a guess, with a server (rows of the table) and executed. */
static void test_guesses(void **state)
{
    (void)state;
    struct sd_table visit = {.name = "visit", .rows = 90000, .size_bytes = SD_UNKNOWN};
    const struct sd_table *tables[] = {&visit};
    struct plan_facts facts = {.tables = tables, .n_tables = 1};
    static const struct finding_case cases[] = {
        {"an inequality of an expression",
         "Seq Scan on visit  (cost=0.00..2000.00 rows=30000 width=8)\n"
         "  Filter: ((started + '01:00:00'::interval) > now())\n",
         "guessed_rows", 1, "a third", NULL},
        {"an equality of an expression",
         "Seq Scan on visit  (cost=0.00..2000.00 rows=450 width=8)\n  Filter: (lower(page) = 'x'::text)\n",
         "guessed_rows", 1, "0.5 %", NULL},
        {"a plain column has statistics",
         "Seq Scan on visit  (cost=0.00..2000.00 rows=30000 width=8)\n  Filter: (id > 60000)\n", NULL, 0,
         NULL, "guessed_rows"},
        {"another share is no guess",
         "Seq Scan on visit  (cost=0.00..2000.00 rows=31000 width=8)\n"
         "  Filter: ((started + '01:00:00'::interval) > now())\n",
         NULL, 0, NULL, "guessed_rows"},
        {"executed, the wrong estimate is said to be one",
         "Nested Loop  (cost=0.00..2900.00 rows=450 width=8) (actual time=0.010..90.000 rows=40000 loops=1)\n"
         "  ->  Seq Scan on visit  (cost=0.00..2000.00 rows=450 width=8) (actual time=0.010..30.000 "
         "rows=40000 "
         "loops=1)\n"
         "        Filter: (lower(page) = 'x'::text)\n        Rows Removed by Filter: 50000\n"
         "  ->  Index Scan using i on page  (cost=0.30..0.40 rows=1 width=4) (actual time=0.001..0.001 "
         "rows=1 "
         "loops=40000)\n        Index Cond: (id = visit.page_id)\n",
         "bad_estimate", 2, "fixed guess", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check_case(&cases[i], &facts);
}

/* ---- rows that are dead ---- */

static void test_dead_rows(void **state)
{
    (void)state;
    static const struct finding_case cases[] = {
        {"one row for thousands of blocks",
         "Limit  (cost=0.40..0.50 rows=1 width=8) (actual time=80.000..80.000 rows=1 loops=1)\n"
         "  Buffers: shared hit=20000\n"
         "  ->  Index Scan using mail_due on mail  (cost=0.40..500.00 rows=6000 width=8) (actual "
         "time=80.000..80.000 rows=1 loops=1)\n"
         "        Index Cond: (due < now())\n        Buffers: shared hit=20000\n",
         "blocks_per_row", 2, "20.0 k blocks were read for 1 row", "hot_node"},
        {"a bloated table",
         "Seq Scan on mail  (cost=0.00..50000.00 rows=60 width=8) (actual time=70.000..80.000 rows=60 "
         "loops=1)\n"
         "  Buffers: shared hit=100 read=49900\n",
         "blocks_per_row", 1, "VACUUM", NULL},
        {"many searches of a few blocks each",
         "Nested Loop  (cost=0.40..500.00 rows=6000 width=8) (actual time=0.000..80.000 rows=10 loops=1)\n"
         "  Buffers: shared hit=20020\n"
         "  ->  Seq Scan on a  (cost=0.00..50.00 rows=5000 width=8) (actual time=0.000..2.000 rows=5000 "
         "loops=1)\n"
         "        Buffers: shared hit=20\n"
         "  ->  Index Scan using i on b  (cost=0.40..0.50 rows=1 width=8) (actual time=0.014..0.014 rows=0 "
         "loops=5000)\n        Index Cond: (id = a.id)\n        Buffers: shared hit=20000\n",
         "inner_runs", 3, "5000 times", "blocks_per_row"},
    };
    check_all(cases, ARRAY_LEN(cases));

    struct sd_table mail = {.name = "mail",
                            .rows = 200000,
                            .size_bytes = SD_UNKNOWN,
                            .rows_live = 900,
                            .rows_dead = 199000,
                            .changed = 199000,
                            .last_analyze = SD_UNKNOWN};
    const struct sd_table *tables[] = {&mail};
    struct plan_facts facts = {.tables = tables, .n_tables = 1};
    check_case(
        &(struct finding_case){"not executed, the server's statistics tell",
                               "Index Scan using mail_due on mail  (cost=0.40..5000.00 rows=60000 width=8)\n"
                               "  Index Cond: (due < now())\n",
                               "dead_rows", 1, "199 k dead rows and 900 live", "stale_statistics"},
        &facts);
    mail.rows_dead = 500;
    check_case(
        &(struct finding_case){"deleted and vacuumed: the statistics are old",
                               "Index Scan using mail_due on mail  (cost=0.40..5000.00 rows=60000 width=8)\n"
                               "  Index Cond: (due < now())\n",
                               "stale_statistics", 1, "ANALYZE", "dead_rows"},
        &facts);
}

/* ---- waits, runs, walks ---- */

static void test_waits(void **state)
{
    (void)state;
    static const struct finding_case cases[] = {
        {"a row lock in an UPDATE",
         "Update on account  (cost=0.40..8.45 rows=0 width=0) (actual time=3000.100..3000.100 rows=0 "
         "loops=1)\n"
         "  Buffers: shared hit=9 dirtied=1\n"
         "  ->  Index Scan using account_pkey on account  (cost=0.40..8.45 rows=1 width=14) (actual "
         "time=0.030..0.032 rows=1 loops=1)\n        Index Cond: (id = 7)\n        Buffers: shared hit=4\n",
         "waited", 1, "3.00 s for 1 row and 5 blocks", "hot_node"},
        {"SELECT FOR UPDATE",
         "LockRows  (cost=0.40..8.45 rows=1 width=14) (actual time=900.100..900.200 rows=1 loops=1)\n"
         "  ->  Index Scan using account_pkey on account  (cost=0.40..8.45 rows=1 width=14) (actual "
         "time=0.030..0.032 rows=1 loops=1)\n        Index Cond: (id = 7)\n",
         "waited", 1, "it waited", NULL},
        {"an INSERT that meets the same key",
         "Insert on account  (cost=0.00..0.01 rows=0 width=0) (actual time=60.100..60.100 rows=0 loops=1)\n"
         "  ->  Result  (cost=0.00..0.01 rows=1 width=14) (actual time=0.001..0.001 rows=1 loops=1)\n",
         "waited", 1, "it waited", NULL},
        {"many rows written are work",
         "Insert on account  (cost=0.00..100.01 rows=0 width=0) (actual time=600.100..600.100 rows=0 "
         "loops=1)\n"
         "  ->  Function Scan on generate_series  (cost=0.00..100.01 rows=90000 width=14) (actual "
         "time=9.001..20.001 rows=90000 loops=1)\n",
         "hot_node", 1, "90.0 k rows", "waited"},
        {"a trigger's time is not a wait",
         "Update on account  (cost=0.40..8.45 rows=0 width=0) (actual time=300.100..300.100 rows=0 loops=1)\n"
         "  ->  Index Scan using account_pkey on account  (cost=0.40..8.45 rows=1 width=14) (actual "
         "time=0.030..0.032 rows=1 loops=1)\n        Index Cond: (id = 7)\n"
         "Trigger audit: time=299.000 calls=1\nExecution Time: 300.300 ms\n",
         "trigger_time", 0, "audit", "waited"},
    };
    check_all(cases, ARRAY_LEN(cases));
}

static void test_runs(void **state)
{
    (void)state;
    static const struct finding_case cases[] = {
        {"runs that are planned add up",
         "Nested Loop  (cost=0.40..9000.00 rows=20000 width=8) (actual time=0.100..300.000 rows=20000 "
         "loops=1)\n"
         "  ->  Seq Scan on a  (cost=0.00..500.00 rows=20000 width=8) (actual time=0.000..20.000 rows=20000 "
         "loops=1)\n"
         "  ->  Index Scan using i on b  (cost=0.40..0.50 rows=1 width=8) (actual time=0.012..0.012 rows=1 "
         "loops=20000)\n        Index Cond: (id = a.id)\n",
         "inner_runs", 3, "20.0 k times, 12.0 us each", "hot_node"},
        {"an index read from end to end for a merge join",
         "Merge Join  (cost=0.40..9000.00 rows=200000 width=8) (actual time=0.100..300.000 rows=200000 "
         "loops=1)\n"
         "  Merge Cond: (a.id = b.id)\n"
         "  ->  Index Scan using a_pkey on a  (cost=0.00..5000.00 rows=200000 width=8) (actual "
         "time=0.000..220.000 rows=200000 loops=1)\n"
         "  ->  Index Only Scan using b_pkey on b  (cost=0.40..900.50 rows=200000 width=8) (actual "
         "time=0.012..30.012 rows=200000 loops=1)\n",
         "index_walk", 2, "a_pkey is read from end to end", NULL},
        {"for a sorted group, with a filter",
         "GroupAggregate  (cost=0.40..9000.00 rows=20 width=8) (actual time=0.100..300.000 rows=20 loops=1)\n"
         "  ->  Index Scan using visit_day on visit  (cost=0.00..5000.00 rows=2000 width=8) (actual "
         "time=0.000..290.000 rows=2000 loops=1)\n"
         "        Filter: (kind = 3)\n        Rows Removed by Filter: 198000\n",
         "index_filter", 2, "read from end to end", "index_walk"},
        {"in the order of a LIMIT",
         "Limit  (cost=0.40..9000.00 rows=30000 width=8) (actual time=0.100..300.000 rows=30000 loops=1)\n"
         "  ->  Index Scan using visit_day on visit  (cost=0.00..5000.00 rows=90000 width=8) (actual "
         "time=0.000..290.000 rows=30000 loops=1)\n",
         NULL, 0, NULL, "index_walk"},
        {"an OR with a hashed subquery",
         "Seq Scan on post  (cost=40.00..9000.00 rows=100000 width=8)\n"
         "  Filter: ((hashed SubPlan 1) OR (author = 7))\n"
         "  SubPlan 1\n    ->  Seq Scan on friend  (cost=0.00..39.00 rows=300 width=4)\n",
         "or_subquery", 1, "UNION", NULL},
        {"an OR with EXISTS, executed",
         "Seq Scan on post  (cost=0.00..90000.00 rows=100000 width=8) (actual time=0.100..300.000 rows=900 "
         "loops=1)\n"
         "  Filter: ((author = 7) OR EXISTS(SubPlan 1))\n  Rows Removed by Filter: 9100\n"
         "  SubPlan 1\n    ->  Index Only Scan using friend_pkey on friend  (cost=0.00..0.39 rows=1 width=4) "
         "(actual time=0.001..0.001 rows=0 loops=9900)\n          Index Cond: (id = post.author)\n",
         "or_subquery", 1, "UNION", NULL},
        {"a node that is switched off, with its figures",
         "Nested Loop  (cost=10000000000.40..10000009000.00 rows=20 width=8) (actual time=0.100..300.000 "
         "rows=5000 loops=1)\n"
         "  ->  Seq Scan on a  (cost=0.00..500.00 rows=20 width=8) (actual time=0.000..2.000 rows=20 "
         "loops=1)\n"
         "  ->  Seq Scan on b  (cost=0.00..50.00 rows=250 width=8) (actual time=0.000..1.000 rows=250 "
         "loops=20)\n",
         "disabled_node", 1, "278 ms here (92.7 %), 5000 rows", NULL},
    };
    check_all(cases, ARRAY_LEN(cases));
}

/* ---- the node with most of the time ---- */

static void test_hot_nodes(void **state)
{
    (void)state;
    static const struct finding_case cases[] = {
        {"rows by number",
         "HashAggregate  (cost=0.40..9000.00 rows=20 width=8) (actual time=900.100..900.000 rows=20 "
         "loops=1)\n"
         "  ->  Seq Scan on visit  (cost=0.00..5000.00 rows=900000 width=8) (actual time=0.000..290.000 "
         "rows=900000 loops=1)\n",
         "hot_node", 1, "900 k rows, 678 ns each", NULL},
        {"a slow function in a filter",
         "Seq Scan on visit  (cost=0.00..5000.00 rows=30 width=8) (actual time=0.000..900.000 rows=60 "
         "loops=1)\n"
         "  Filter: is_open(day, 'x'::text)\n  Rows Removed by Filter: 40\n",
         "hot_node", 1, "is_open is probably expensive", NULL},
        {"a cheap function is not the reason",
         "Seq Scan on visit  (cost=0.00..5000.00 rows=30 width=8) (actual time=0.000..900.000 rows=60 "
         "loops=1)\n"
         "  Filter: ((day)::character varying(9) = lower('x'::text))\n  Rows Removed by Filter: 40\n",
         "hot_node", 1, "an expensive expression", NULL},
        {"a scan inside a CTE of a short plan",
         "CTE Scan on c  (cost=90.00..99.00 rows=1 width=8) (actual time=20.100..20.110 rows=1 loops=1)\n"
         "  CTE c\n"
         "    ->  Aggregate  (cost=80.00..80.01 rows=1 width=8) (actual time=20.000..20.000 rows=1 loops=1)\n"
         "          ->  Seq Scan on b  (cost=0.00..70.00 rows=9000 width=8) (actual time=0.010..19.000 "
         "rows=9000 "
         "loops=1)\n",
         "hot_part", 3, "in CTE c", NULL},
        {"false hits of an index",
         "Bitmap Heap Scan on page  (cost=50.00..5000.00 rows=3000 width=8) (actual time=9.000..900.000 "
         "rows=20 "
         "loops=1)\n"
         "  Recheck Cond: (body ~~ '%ab%'::text)\n  Rows Removed by Index Recheck: 40000\n"
         "  Heap Blocks: exact=9000\n"
         "  ->  Bitmap Index Scan on page_trgm  (cost=0.00..50.00 rows=3000 width=0) (actual "
         "time=8.000..8.000 "
         "rows=40020 loops=1)\n        Index Cond: (body ~~ '%ab%'::text)\n",
         "hot_node", 1, "40.0 k rows were rechecked and removed", NULL},
        {"a function of a short plan",
         "Function Scan on monthly  (cost=0.25..10.25 rows=1000 width=8) (actual time=30.000..30.100 rows=12 "
         "loops=1)\n",
         "hot_part", 1, "monthly returned 12 rows", NULL},
        {"an InitPlan of a short plan",
         "Index Scan using i on a  (cost=90.00..99.00 rows=1 width=8) (actual time=20.100..20.110 rows=1 "
         "loops=1)\n"
         "  Index Cond: (id = $0)\n"
         "  InitPlan 1 (returns $0)\n"
         "    ->  Aggregate  (cost=80.00..80.01 rows=1 width=8) (actual time=20.000..20.000 rows=1 loops=1)\n"
         "          ->  Index Only Scan using b_pkey on b  (cost=0.00..70.00 rows=9000 width=8) (actual "
         "time=0.010..2.000 rows=9000 loops=1)\n",
         "hot_part", 2, "in InitPlan 1", NULL},
        {"the finding of a child does not explain its parent",
         "Sort  (cost=90.00..99.00 rows=90000 width=8) (actual time=800.100..900.110 rows=90000 loops=1)\n"
         "  Sort Key: a\n  Sort Method: quicksort  Memory: 9000kB\n"
         "  ->  Seq Scan on a  (cost=0.00..70.00 rows=90000 width=8) (actual time=0.010..300.000 rows=90000 "
         "loops=1)\n        Filter: (b = 1)\n        Rows Removed by Filter: 910000\n",
         "hot_node", 1, "90.0 k rows", NULL},
    };
    check_all(cases, ARRAY_LEN(cases));
}

/* ---- BRIN, temporary files, foreign keys ---- */

#define BITMAP(heap, recheck, blocks, rows)                                                                  \
    "Bitmap Heap Scan on log  (cost=12.00..4000.00 rows=300 width=8) (actual time=1.000..90.000 rows=" heap  \
    " loops=1)\n  Recheck Cond: (at > now())\n  Rows Removed by Index Recheck: " recheck                     \
    "\n  Heap Blocks: " blocks "\n"                                                                          \
    "  ->  Bitmap Index Scan on log_at  (cost=0.00..12.00 rows=2000 width=0) (actual time=0.900..0.900 "     \
    "rows=" rows " loops=1)\n        Index Cond: (at > now())\n"

static void test_bitmaps(void **state)
{
    (void)state;
    static const struct finding_case cases[] = {
        {"BRIN is lossy by design", BITMAP("400", "99000", "lossy=1500", "15000"), "block_ranges", 1,
         "pages_per_range", "lossy_bitmap"},
        {"BRIN that selects well", BITMAP("90000", "900", "lossy=1500", "15000"), NULL, 0, NULL,
         "lossy_bitmap"},
        {"a bitmap without room in memory", BITMAP("400", "99000", "exact=700 lossy=1500", "40400"),
         "lossy_bitmap", 1, "work_mem", "block_ranges"},
        {"temporary files of an incremental sort",
         "Incremental Sort  (cost=12.00..4000.00 rows=90000 width=8) (actual time=1.000..90.000 rows=90000 "
         "loops=1)\n  Sort Key: a, b\n  Presorted Key: a\n"
         "  Full-sort Groups: 3  Sort Method: quicksort  Average Memory: 30kB  Peak Memory: 30kB\n"
         "  Pre-sorted Groups: 2  Sort Method: external merge  Average Disk: 9000kB  Peak Disk: 12000kB\n"
         "  Buffers: shared hit=900, temp read=3000 written=3010\n"
         "  ->  Index Scan using i on a  (cost=0.00..900.00 rows=90000 width=8) (actual time=0.010..20.000 "
         "rows=90000 loops=1)\n        Buffers: shared hit=900\n",
         "sort_disk", 1, "external merge on disk, 12.3 MB", "temp_io"},
        {"told by JSON",
         "[{\"Plan\": {\"Node Type\": \"Incremental Sort\", \"Startup Cost\": 12.0, \"Total Cost\": 4000.0, "
         "\"Plan Rows\": 90000, \"Plan Width\": 8, \"Actual Startup Time\": 1.0, \"Actual Total Time\": "
         "90.0, "
         "\"Actual Rows\": 90000, \"Actual Loops\": 1, \"Sort Key\": [\"a\", \"b\"], \"Pre-sorted Groups\": "
         "{\"Group Count\": 2, \"Sort Methods Used\": [\"external merge\"], \"Sort Space Disk\": {\"Average "
         "Sort "
         "Space Used\": 900, \"Peak Sort Space Used\": 4000}}}, \"Execution Time\": 91.0}]",
         "sort_disk", 1, "external merge on disk, 4.10 MB", NULL},
    };
    check_all(cases, ARRAY_LEN(cases));
}

#define WRITES(operation, table, trigger)                                                                    \
    operation " on " table "  (cost=0.00..90.00 rows=0 width=0) (actual time=9.000..9.000 rows=0 loops=1)\n" \
              "  ->  Seq Scan on " table "  (cost=0.00..90.00 rows=900 width=6) (actual time=0.010..1.000 "  \
              "rows=900 loops=1)\nTrigger for constraint " trigger                                           \
              ": time=200.000 calls=900\nExecution Time: 210.000 ms\n"

static void test_foreign_keys(void **state)
{
    (void)state;
    static const struct finding_case cases[] = {
        {"INSERT looks up a key that has an index", WRITES("Insert", "line", "line_order_fkey"),
         "trigger_time", 0, "no further index helps", NULL},
        {"DELETE searches the referencing table", WRITES("Delete", "orders", "line_order_fkey"),
         "trigger_time", 0, "create an index on the referencing column, in the table that references orders",
         NULL},
        {"UPDATE of the referencing column", WRITES("Update", "line", "line_order_fkey"), "trigger_time", 0,
         "no further index helps", NULL},
        {"UPDATE of the referenced key", WRITES("Update", "orders", "line_order_fkey"), "trigger_time", 0,
         "create an index on the referencing column", NULL},
    };
    check_all(cases, ARRAY_LEN(cases));

    /* From the catalogue, without executing. */
    struct sd_table orders = {.name = "orders",
                              .rows = 9000,
                              .size_bytes = SD_UNKNOWN,
                              .unindexed_keys = "shop.line (order_id) references (id)\n"
                                                "shop.\"Note\" (a, b) references (nr, part)"};
    const struct sd_table *tables[] = {&orders};
    struct plan_facts facts = {.tables = tables, .n_tables = 1};
    struct finding_case c = {"a DELETE that nothing has executed",
                             "Delete on orders  (cost=0.00..90.00 rows=0 width=0)\n"
                             "  ->  Seq Scan on orders  (cost=0.00..90.00 rows=900 width=6)\n",
                             "foreign_key",
                             1,
                             "ON shop.line (order_id)",
                             NULL};
    check_case(&c, &facts);
    c = (struct finding_case){"an UPDATE of another column",
                              "Update on orders  (cost=0.00..90.00 rows=0 width=0)\n"
                              "  ->  Seq Scan on orders  (cost=0.00..90.00 rows=900 width=6)\n",
                              NULL,
                              0,
                              NULL,
                              "foreign_key"};
    facts.query = "UPDATE orders SET paid = true, part_of = 3 WHERE id = 3 AND nr = 9";
    check_case(&c, &facts);
    c.rule = "foreign_key", c.node = 1, c.never = NULL, c.evidence = "ON shop.\"Note\" (a, b)";
    facts.query = "UPDATE orders SET paid = true, \"part\" = 4 WHERE id = 3";
    check_case(&c, &facts);
}

/* What a finding saves is worth something only where its effort is known: those that name what to do have a
 * technique. The others say where time goes. */
static void test_techniques(void **state)
{
    static const char *const TECHNIQUES[] = {"index", "rewrite", "settings", "upkeep", NULL};
    static const char *const NONE_KNOWN[] = {"waited", "hot_part", "costly_node", "hot_node", NULL};
    (void)state;
    for (size_t i = 0; i < plan_n_rules; i++) {
        bool none = str_find(NONE_KNOWN, plan_rules[i].name) >= 0;
        if (plan_rules[i].technique ? str_find(TECHNIQUES, plan_rules[i].technique) < 0 : !none)
            fail_msg("%s", plan_rules[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_estimates),  cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_dead_rows),  cmocka_unit_test(test_waits),
        cmocka_unit_test(test_runs),       cmocka_unit_test(test_hot_nodes),
        cmocka_unit_test(test_bitmaps),    cmocka_unit_test(test_foreign_keys),
        cmocka_unit_test(test_techniques),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
