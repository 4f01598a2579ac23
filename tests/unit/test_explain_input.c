/* What people hand over: EXPLAIN's four formats, in every kind of server log, in frames,
 * quoted, wrapped and cut. The plan is the same whatever it came in. */
#include "tests/lib/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "format/plans/explain_input.h"

static const char JSON[] =
    "{\n"
    "  \"Query Text\": \"select *\\n  from t -- \\\"odd\\\"\\nwhere k = $1\",\n"
    "  \"Query Parameters\": \"$1 = '7'\",\n"
    "  \"Plan\": {\n"
    "    \"Node Type\": \"Sort\",\n"
    "    \"Parallel Aware\": false,\n"
    "    \"Startup Cost\": 3.5,\n    \"Total Cost\": 4.5,\n    \"Plan Rows\": 2,\n    \"Plan Width\": 8,\n"
    "    \"Actual Startup Time\": 1.500,\n    \"Actual Total Time\": 2.500,\n    \"Actual Rows\": 3,\n    "
    "\"Actual Loops\": 1,\n"
    "    \"Sort Key\": [\"k\", \"f(a, b) DESC\"],\n"
    "    \"Sort Method\": \"quicksort\",\n    \"Sort Space Used\": 25,\n    \"Sort Space Type\": "
    "\"Memory\",\n"
    "    \"Shared Hit Blocks\": 7,\n    \"I/O Read Time\": 0.250,\n"
    "    \"Plans\": [\n      {\n"
    "        \"Node Type\": \"Seq Scan\",\n        \"Parent Relationship\": \"Outer\",\n        \"Parallel "
    "Aware\": true,\n"
    "        \"Relation Name\": \"t\",\n        \"Alias\": \"t\",\n"
    "        \"Startup Cost\": 0.0,\n        \"Total Cost\": 3.0,\n        \"Plan Rows\": 2,\n        \"Plan "
    "Width\": 8,\n"
    "        \"Actual Startup Time\": 0.100,\n        \"Actual Total Time\": 1.000,\n        \"Actual "
    "Rows\": 3,\n"
    "        \"Actual Loops\": 1,\n        \"Filter\": \"((k < 7) AND (v <> 'a\\\"b'::text))\",\n"
    "        \"Rows Removed by Filter\": 9,\n        \"Shared Hit Blocks\": 7,\n        \"I/O Read Time\": "
    "0.250\n"
    "      }\n    ]\n  }\n}\n";

static const char TEXT[] =
    "Query Text: select *\n"
    "  from t -- \"odd\"\n"
    "where k = $1\n"
    "Query Parameters: $1 = '7'\n"
    "Sort  (cost=3.50..4.50 rows=2 width=8) (actual time=1.500..2.500 rows=3 loops=1)\n"
    "  Sort Key: k, (f(a, b)) DESC\n"
    "  Sort Method: quicksort  Memory: 25kB\n"
    "  Buffers: shared hit=7\n"
    "  I/O Timings: read=0.250\n"
    "  ->  Parallel Seq Scan on t  (cost=0.00..3.00 rows=2 width=8) (actual time=0.100..1.000 rows=3 "
    "loops=1)\n"
    "        Filter: ((k < 7) AND (v <> 'a\"b'::text))\n"
    "        Rows Removed by Filter: 9\n"
    "        Buffers: shared hit=7\n"
    "        I/O Timings: read=0.250\n";

static const char YAML[] =
    "Query Text: \"select *\\n  from t -- \\\"odd\\\"\\nwhere k = $1\"\n"
    "Query Parameters: \"$1 = '7'\"\n"
    "Plan: \n"
    "  Node Type: \"Sort\"\n"
    "  Parallel Aware: false\n"
    "  Startup Cost: 3.50\n  Total Cost: 4.50\n  Plan Rows: 2\n  Plan Width: 8\n"
    "  Actual Startup Time: 1.500\n  Actual Total Time: 2.500\n  Actual Rows: 3\n  Actual Loops: 1\n"
    "  Sort Key: \n    - \"k\"\n    - \"f(a, b) DESC\"\n"
    "  Sort Method: \"quicksort\"\n  Sort Space Used: 25\n  Sort Space Type: \"Memory\"\n"
    "  Shared Hit Blocks: 7\n  I/O Read Time: 0.250\n"
    "  Plans: \n"
    "    - Node Type: \"Seq Scan\"\n      Parent Relationship: \"Outer\"\n      Parallel Aware: true\n"
    "      Relation Name: \"t\"\n      Alias: \"t\"\n"
    "      Startup Cost: 0.00\n      Total Cost: 3.00\n      Plan Rows: 2\n      Plan Width: 8\n"
    "      Actual Startup Time: 0.100\n      Actual Total Time: 1.000\n      Actual Rows: 3\n      Actual "
    "Loops: 1\n"
    "      Filter: \"((k < 7) AND (v <> 'a\\\"b'::text))\"\n"
    "      Rows Removed by Filter: 9\n      Shared Hit Blocks: 7\n      I/O Read Time: 0.250\n";

static const char XML[] =
    "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n"
    "  <Query-Text>select *\n  from t -- &quot;odd&quot;\nwhere k = $1</Query-Text>\n"
    "  <Query-Parameters>$1 = '7'</Query-Parameters>\n"
    "  <Plan>\n"
    "    <Node-Type>Sort</Node-Type>\n    <Parallel-Aware>false</Parallel-Aware>\n"
    "    <Startup-Cost>3.50</Startup-Cost>\n    <Total-Cost>4.50</Total-Cost>\n"
    "    <Plan-Rows>2</Plan-Rows>\n    <Plan-Width>8</Plan-Width>\n"
    "    <Actual-Startup-Time>1.500</Actual-Startup-Time>\n    <Actual-Total-Time>2.500</Actual-Total-Time>\n"
    "    <Actual-Rows>3</Actual-Rows>\n    <Actual-Loops>1</Actual-Loops>\n"
    "    <Sort-Key>\n      <Item>k</Item>\n      <Item>f(a, b) DESC</Item>\n    </Sort-Key>\n"
    "    <Sort-Method>quicksort</Sort-Method>\n    <Sort-Space-Used>25</Sort-Space-Used>\n"
    "    <Sort-Space-Type>Memory</Sort-Space-Type>\n"
    "    <Shared-Hit-Blocks>7</Shared-Hit-Blocks>\n    <I-O-Read-Time>0.250</I-O-Read-Time>\n"
    "    <Plans>\n      <Plan>\n"
    "        <Node-Type>Seq Scan</Node-Type>\n        <Parent-Relationship>Outer</Parent-Relationship>\n"
    "        <Parallel-Aware>true</Parallel-Aware>\n        <Relation-Name>t</Relation-Name>\n        "
    "<Alias>t</Alias>\n"
    "        <Startup-Cost>0.00</Startup-Cost>\n        <Total-Cost>3.00</Total-Cost>\n"
    "        <Plan-Rows>2</Plan-Rows>\n        <Plan-Width>8</Plan-Width>\n"
    "        <Actual-Startup-Time>0.100</Actual-Startup-Time>\n        "
    "<Actual-Total-Time>1.000</Actual-Total-Time>\n"
    "        <Actual-Rows>3</Actual-Rows>\n        <Actual-Loops>1</Actual-Loops>\n"
    "        <Filter>((k &lt; 7) AND (v &lt;&gt; 'a&quot;b'::text))</Filter>\n"
    "        <Rows-Removed-by-Filter>9</Rows-Removed-by-Filter>\n"
    "        <Shared-Hit-Blocks>7</Shared-Hit-Blocks>\n        <I-O-Read-Time>0.250</I-O-Read-Time>\n"
    "      </Plan>\n    </Plans>\n  </Plan>\n</explain>\n";

static const struct {
    const char *name, *body;
    enum explain_format format;
} BODIES[] = {{"json", JSON, EXPLAIN_JSON},
              {"text", TEXT, EXPLAIN_TEXT},
              {"yaml", YAML, EXPLAIN_YAML},
              {"xml", XML, EXPLAIN_XML}};

static struct explain from(const char *text, size_t len, const char *what)
{
    struct explain e;
    struct sd_error err = {""};
    if (!explain_read(text, len, &e, &err))
        fail_msg("%s: %s\n%.*s", what, err.text, (int)MIN(len, 2000), text);
    return e;
}

static void check(const struct plan *p, const char *what)
{
    if (p->n_nodes != 2 || p->notes.n)
        fail_msg("%s: %zu nodes, note: %s", what, p->n_nodes, p->notes.n ? p->notes.items[0] : "none");
    const struct plan_node *sort = p->nodes[0], *scan = p->nodes[1];
    assert_string_equal(p->query, "select *\n  from t -- \"odd\"\nwhere k = $1");
    assert_string_equal(p->parameters, "$1 = '7'");
    assert_string_equal(sort->type, "Sort");
    assert_int_equal(sort->sort_key.n, 2);
    assert_true(sort->sort_space_kb == 25 && sort->loop_rows == 3 && sort->plan_rows == 2 &&
                sort->shared_hit == 7);
    assert_true(sort->own_shared_hit == 0 && sort->own_io_ns == 0 && scan->own_io_ns == 250000);
    assert_true(sort->loop_total_ns == 2.5e6 && scan->rows_removed == 9 && scan->parent == sort);
    assert_string_equal(scan->filter, "((k < 7) AND (v <> 'a\"b'::text))");
    assert_string_equal(scan->relation, "t");
    assert_string_equal(scan->relationship, "Outer");
    assert_int_equal(scan->parallel_aware, 1);
}

static void test_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
        struct explain e = from(BODIES[i].body, strlen(BODIES[i].body), BODIES[i].name);
        assert_int_equal(e.format, BODIES[i].format);
        assert_int_equal(e.n_plans, 1);
        check(e.plans[0], BODIES[i].name);
        assert_true(isnan(e.plans[0]->execution_ns));
        explain_free(&e);
    }
}

/* ---- logs ---- */

#define HEAD   "2026-11-20 15:51:40.985 UTC [18005] postgres@shop/shop-api "
#define SECOND "2026-11-20 15:51:41.000 UTC [18006] postgres@shop/shop-api "

static void indented(struct strbuf *b, const char *body, const char *before)
{
    while (*body) {
        size_t n = strcspn(body, "\n");
        strbuf_printf(b, "%s%.*s\n", before, (int)n, body);
        body += n + (body[n] == '\n');
    }
}

static void to_stderr(struct strbuf *b, const char *body)
{
    strbuf_str(b,
               HEAD "LOG:  duration: 0.020 ms  statement: begin\n" HEAD "LOG:  duration: 12.500 ms  plan:\n");
    indented(b, body, "\t");
    strbuf_str(b, HEAD "CONTEXT:  SQL function\n" SECOND "ERROR:  relation \"x\" does not exist\n");
}

static void to_windows(struct strbuf *b, const char *body)
{
    struct strbuf plain = {0};
    to_stderr(&plain, body);
    for (const char *s = plain.text; *s; s++)
        strbuf_str(b, *s == '\n' ? "\r\n" : (char[]){*s, 0});
    strbuf_free(&plain);
}

static void to_container(struct strbuf *b, const char *body)
{
    strbuf_str(b, "db-1  | " HEAD "LOG:  duration: 12.500 ms  plan:\n");
    indented(b, body, "db-1  | \t");
    strbuf_str(b, "db-1  | " SECOND "LOG:  checkpoint starting: time\n");
}

static void to_notice(struct strbuf *b, const char *body) /* what psql shows of client_min_messages = log */
{
    strbuf_printf(b, "2026-11-20 15:51:40.985+00 LOG:  duration: 12.500 ms  plan:\n%sLOG:  duration: 1 ms\n",
                  body);
}

static void to_syslog(struct strbuf *b, const char *body)
{
    static const char head[] = "2026-11-20T15:51:40.985+00:00 db1 postgres[18005]: [17-";
    int line = 1;
    strbuf_printf(b, "%s%d] LOG:  duration: 12.500 ms  plan:\n", head, line++);
    while (*body) {
        size_t n = strcspn(body, "\n");
        strbuf_printf(b, "%s%d] #011%.*s\n", head, line++, (int)n, body);
        if (line % 3 == 0) /* others write in between */
            strbuf_printf(b, "2026-11-20T15:51:40.990+00:00 db1 postgres[99]: [17-%d] #011  \"Plan\": {\n",
                          line);
        body += n + (body[n] == '\n');
    }
    strbuf_printf(b, "2026-11-20T15:51:41+00:00 db1 postgres[18005]: [18-1] LOG:  duration: 3 ms\n");
}

static void to_csv(struct strbuf *b, const char *body)
{
    strbuf_str(b, "2026-11-20 15:51:40.985 "
                  "UTC,\"postgres\",\"shop\",18005,\"[local]\",65b.1,1,\"SELECT\",,3/0,0,LOG,00000,"
                  "\"duration: 12.500 ms  plan:\n");
    for (; *body; body++)
        strbuf_printf(b, *body == '"' ? "\"\"" : "%c", *body);
    strbuf_str(b, "\",,,,,,\"select \"\"other\"\"\",,,\"psql\",\"client backend\",,42\n"
                  "2026-11-20 15:51:40.985 "
                  "UTC,\"postgres\",\"shop\",18005,\"[local]\",65b.1,1,\"SELECT\",,3/0,0,LOG,00000,"
                  "\"duration: 1.5 ms\",,,,,,,,,\"psql\",\"client backend\",,0\n");
}

static void to_json(struct strbuf *b, const char *body)
{
    cJSON *o = cJSON_CreateObject();
    char *message = mem_printf("duration: 12.500 ms  plan:\n%s", body), *line;
    cJSON_AddStringToObject(o, "timestamp", "2026-11-20 15:51:40.985 UTC");
    cJSON_AddNumberToObject(o, "pid", 18005);
    cJSON_AddStringToObject(o, "message", message);
    cJSON_AddStringToObject(o, "statement", "select 'other'");
    line = cJSON_PrintUnformatted(o);
    strbuf_printf(b, "{\"message\":\"duration: 1 ms\"}\n%s\n{\"message\":\"bye\"}\n", line);
    cJSON_free(line);
    free(message);
    cJSON_Delete(o);
}

static void to_cloud(struct strbuf *b, const char *body)
{
    cJSON *o = cJSON_CreateObject();
    struct strbuf message = {0};
    strbuf_str(&message, HEAD "LOG:  duration: 12.500 ms  plan:\n");
    indented(&message, body, "\t");
    cJSON_AddStringToObject(o, "insertId", "s=1");
    cJSON_AddStringToObject(o, "textPayload", message.text);
    char *line = cJSON_PrintUnformatted(o);
    strbuf_printf(b, "%s\n", line);
    cJSON_free(line);
    strbuf_free(&message);
    cJSON_Delete(o);
}

static const struct {
    const char *name;
    void (*write)(struct strbuf *b, const char *body);
} LOGS[] = {{"stderr", to_stderr}, {"windows", to_windows}, {"container", to_container},
            {"notice", to_notice}, {"syslog", to_syslog},   {"csvlog", to_csv},
            {"jsonlog", to_json},  {"cloud", to_cloud}};

static void test_logs(void **state)
{
    (void)state;
    for (size_t l = 0; l < ARRAY_LEN(LOGS); l++) {
        for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
            struct strbuf b = {0};
            char what[64];
            snprintf(what, sizeof what, "%s in %s", BODIES[i].name, LOGS[l].name);
            LOGS[l].write(&b, BODIES[i].body);
            LOGS[l].write(&b, BODIES[i].body);
            struct explain e = from(b.text, b.len, what);
            if (e.n_plans != 2)
                fail_msg("%s: %zu plans\n%s", what, e.n_plans, b.text);
            for (size_t k = 0; k < 2; k++) {
                check(e.plans[k], what);
                assert_true(e.plans[k]->logged);
                assert_true(e.plans[k]->execution_ns == 12.5e6);
                if (e.plans[k]->at != 1795189900985 * SD_MS)
                    fail_msg("%s: at %lld", what, (long long)e.plans[k]->at);
            }
            explain_free(&e);
            strbuf_free(&b);
        }
    }
}

/* A log that is written while it is read: byte by byte, each entry comes out once and whole. */
static void test_growing_log(void **state)
{
    (void)state;
    for (size_t l = 0; l < ARRAY_LEN(LOGS); l++) {
        for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
            struct strbuf all = {0};
            char what[64];
            size_t from = 0, plans = 0;
            snprintf(what, sizeof what, "%s in growing %s", BODIES[i].name, LOGS[l].name);
            for (int k = 0; k < 3; k++) {
                LOGS[l].write(&all, BODIES[i].body);
                strbuf_str(&all, k == 1 ? HEAD "LOG:  checkpoint starting: time\n" : "");
            }
            for (size_t to = 1; to <= all.len; to++) {
                size_t n = to == all.len ? to - from : explain_log_settled(all.text + from, to - from);
                struct explain e;
                struct sd_error err;
                assert_true(n <= to - from);
                if (n && explain_log_read(all.text + from, n, &e, &err)) {
                    for (size_t k = 0; k < e.n_plans; k++)
                        check(e.plans[k], what);
                    plans += e.n_plans;
                    assert_int_equal(e.skipped, 0);
                    explain_free(&e);
                }
                from += n;
            }
            if (plans != 3)
                fail_msg("%s: %zu plans", what, plans);
            strbuf_free(&all);
        }
    }
}

static void test_log_tells_where(void **state)
{
    (void)state;
    static const char csv[] =
        "2026-11-20 15:51:40.985 UTC,\"app\",\"sh,op\",1,\"local\",6.1,1,\"SELECT\",2026-11-20 15:51:40 "
        "UTC,3/4,0,LOG,00000,"
        "\"duration: 12.500 ms  plan:\nResult  (cost=0.00..0.01 rows=1 width=4)\",,,,,,\"select "
        "1\",,,\"psql\",\"client backend\",,"
        "-1234567890123456789\n";
    static const char json[] = "{\"timestamp\":\"2026-11-20 15:51:40.985 "
                               "UTC\",\"dbname\":\"sh,op\",\"message\":\"duration: 12.500 ms  plan:\\n"
                               "Result  (cost=0.00..0.01 rows=1 width=4)\",\"statement\":\"select "
                               "1\",\"query_id\":-1234567890123456789}\n";
    const char *const logs[] = {csv, json};
    for (size_t i = 0; i < ARRAY_LEN(logs); i++) {
        struct explain e = from(logs[i], strlen(logs[i]), "where");
        assert_string_equal(e.plans[0]->database, "sh,op");
        assert_string_equal(e.plans[0]->query, "select 1");
        assert_true(e.plans[0]->query_id == -1234567890123456789);
        explain_free(&e);
    }
}

/* Written as JSON and read again, a plan is the same. */
static void test_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
        struct explain e = from(BODIES[i].body, strlen(BODIES[i].body), BODIES[i].name);
        char *json = explain_to_json(e.plans[0]);
        struct explain again = from(json, strlen(json), json);
        char *twice = explain_to_json(again.plans[0]);
        check(again.plans[0], json);
        assert_string_equal(json, twice);
        free(json);
        free(twice);
        explain_free(&again);
        explain_free(&e);
    }
}

static void test_zones(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        sd_time at;
    } heads[] = {{"2026-01-02 03:04:05.006 UTC [1] ", 1767323045006 * SD_MS},
                 {"2026-01-02 03:04:05 GMT", 1767323045 * SD_S},
                 {"<2026-01-02 05:04:05 +0200>", 1767323045 * SD_S},
                 {"x 2026-01-01T21:34:05-05:30 ", 1767323045 * SD_S},
                 {"2026-01-02 03:04:05 CET [1]", SD_UNKNOWN},
                 {"Jan  2 03:04:05 host", SD_UNKNOWN},
                 {"", SD_UNKNOWN}};
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        struct strbuf b = {0};
        strbuf_printf(&b, "%s LOG:  duration: 1.0 ms  plan:\n\tResult  (cost=0.00..0.01 rows=1 width=4)\n",
                      heads[i].head);
        struct explain e = from(b.text, b.len, heads[i].head);
        if (e.plans[0]->at != heads[i].at)
            fail_msg("\"%s\": %lld", heads[i].head, (long long)e.plans[0]->at);
        assert_false(e.plans[0]->analyzed);
        assert_true(e.plans[0]->execution_ns == 1e6);
        explain_free(&e);
        strbuf_free(&b);
    }
}

static void test_log_with_a_broken_plan(void **state)
{
    (void)state;
    struct strbuf b = {0};
    strbuf_str(&b, HEAD "LOG:  duration: 1.0 ms  plan:\n\tnothing of the kind\n");
    to_stderr(&b, TEXT);
    struct explain e = from(b.text, b.len, "broken");
    assert_int_equal(e.n_plans, 1);
    assert_int_equal(e.plans[0]->notes.n, 1);
    assert_non_null(strstr(e.plans[0]->notes.items[0], "1 of 2 plans"));
    explain_free(&e);
    strbuf_free(&b);
}

/* ---- frames, quotes, wrapping ---- */

static void test_email(void **state)
{
    (void)state;
    static const char text[] =
        "On Tuesday somebody wrote:\r\n"
        "> >                QUERY PLAN\r\n"
        "> > ----------------------------------------\r\n"
        "> >  Hash Join  (cost=1.00..2.00 rows=10\r\n"
        "> > width=4) (actual time=0.100..5.000 rows=20 loops=1)\r\n"
        "> >    Hash Cond: ((a.id = b.id) AND\r\n"
        "> > (a.k = b.k))\r\n"
        "> >    ->  Seq Scan on a  (cost=0.00..1.00 rows=1 width=4)\r\n"
        "> > (actual time=0.010..1.000 rows=7 loops=1)\r\n"
        "> >    ->  Hash\r\n"
        "> >    (cost=0.00..1.00 rows=1 width=4) (actual time=0.020..2.000 rows=8 loops=1)\r\n"
        "> >          ->  Seq Scan on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..1.000 "
        "rows=8\r\n"
        "> > loops=1)\r\n"
        "> >                Filter: (name = 'O''Hara (jun.'::text)\r\n"
        "> >  Planning Time: 0.100 ms\r\n"
        "> >  Execution Time: 5.100 ms\r\n"
        "> > (9 rows)\r\n";
    struct explain e = from(text, sizeof text - 1, "e-mail");
    const struct plan *p = e.plans[0];
    assert_int_equal(e.n_plans, 1);
    assert_int_equal(p->n_nodes, 4);
    assert_int_equal(p->notes.n, 0);
    assert_true(p->nodes[0]->loop_rows == 20 && p->nodes[1]->loop_rows == 7 && p->nodes[2]->loop_rows == 8);
    assert_true(p->nodes[3]->loop_rows == 8 && p->nodes[3]->loops == 1);
    assert_string_equal(p->nodes[0]->hash_cond, "((a.id = b.id) AND (a.k = b.k))");
    assert_string_equal(p->nodes[3]->filter, "(name = 'O''Hara (jun.'::text)");
    assert_true(p->execution_ns == 5.1e6);
    explain_free(&e);
}

static void test_frames(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
        struct strbuf b = {0};
        if (BODIES[i].format == EXPLAIN_TEXT) {
            strbuf_str(&b, "+------+\n|  QUERY PLAN  |\n+------+\n");
            indented(&b, TEXT, "| ");
        } else {
            strbuf_str(&b, "shop=# explain select 1;\n  QUERY PLAN  \n------------\n");
            for (const char *s = BODIES[i].body; *s;) {
                size_t n = strcspn(s, "\n");
                strbuf_printf(&b, " %-60.*s+\r\n", (int)n, s);
                s += n + (s[n] == '\n');
            }
            strbuf_str(&b, "(1 row)\r\n\r\n");
        }
        if (BODIES[i].format != EXPLAIN_XML) { /* its statement has lines of its own */
            struct explain e = from(b.text, b.len, BODIES[i].name);
            check(e.plans[0], BODIES[i].name);
            explain_free(&e);
        }
        strbuf_free(&b);
    }
}

/* Text leaves out what is 0; unknown is another thing. */
/* As psql prints it with \\pset format wrapped, columns 44, and each border. */
static void test_wrapped(void **state)
{
    (void)state;
    static const char *const frames[] = {
        "                QUERY PLAN                  \n"
        "-------------------------------------------\n"
        "HashAggregate  (cost=19.27..19.56 rows=29 w.\nidth=72) (actual time=0.080..0.082 rows=26 "
        ".\nloops=1)\n"
        "  Group Key: relname\n"
        "  ->  Seq Scan on pg_class  (cost=0.00..19..\n12 rows=29 width=64) (actual time=0.011..0..\n071 "
        "rows=26 loops=1)\n"
        "Planning Time: 0.745 ms\nExecution Time: 0.211 ms\n(5 rows)\n",
        "                 QUERY PLAN                 \n"
        "--------------------------------------------\n"
        " HashAggregate  (cost=19.27..19.56 rows=29 .\n.width=72) (actual time=0.080..0.082 rows=2.\n.6 "
        "loops=1)\n"
        "   Group Key: relname\n"
        "   ->  Seq Scan on pg_class  (cost=0.00..19.\n..12 rows=29 width=64) (actual time=0.011..0.\n..071 "
        "rows=26 loops=1)\n"
        " Planning Time: 0.745 ms\n Execution Time: 0.211 ms\n(5 rows)\n",
        "\u250c\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2500\u2510\n"
        "\u2502                QUERY PLAN                \u2502\n"
        "\u2502 HashAggregate  (cost=19.27..19.56 rows=2\u2026\u2502\n\u2502\u20269 width=72) (actual "
        "time=0.080..0.082 row\u2026\u2502\n"
        "\u2502\u2026s=26 loops=1)                            \u2502\n"
        "\u2502   Group Key: relname                     \u2502\n"
        "\u2502   ->  Seq Scan on pg_class  (cost=0.00..\u2026\u2502\n\u2502\u202619.12 rows=29 width=64) "
        "(actual time=0.0\u2026\u2502\n"
        "\u2502\u202611..0.071 rows=26 loops=1)               \u2502\n"
        "\u2502 Planning Time: 0.745 ms                  \u2502\n\u2502 Execution Time: 0.211 ms             "
        "    \u2502\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
        struct explain e = from(frames[i], strlen(frames[i]), frames[i]);
        const struct plan *p = e.plans[0];
        if (p->n_nodes != 2 || p->notes.n)
            fail_msg("%zu: %zu nodes, %s", i, p->n_nodes, p->notes.n ? p->notes.items[0] : "");
        assert_true(p->nodes[0]->plan_width == 72 && p->nodes[0]->loop_rows == 26 &&
                    p->nodes[1]->total_cost == 19.12);
        assert_true(p->nodes[1]->loop_total_ns == 71e3 && p->execution_ns == 211e3);
        assert_string_equal(p->nodes[0]->group_key.items[0], "relname");
        explain_free(&e);
    }
}

static void test_unsaid_is_zero(void **state)
{
    (void)state;
    struct explain e = from(TEXT, sizeof TEXT - 1, "text");
    assert_true(e.plans[0]->nodes[0]->shared_read == 0 && e.plans[0]->nodes[1]->temp_written == 0);
    assert_true(e.plans[0]->nodes[1]->own_shared_hit == 7 && e.plans[0]->nodes[0]->own_shared_read == 0);
    explain_free(&e);
    static const char off[] =
        "Seq Scan on t  (cost=0.00..3.00 rows=2 width=8) (actual time=0.100..1.000 rows=3 loops=1)\n";
    e = from(off, sizeof off - 1, "without BUFFERS");
    assert_true(isnan(e.plans[0]->nodes[0]->shared_hit) && isnan(e.plans[0]->nodes[0]->own_io_ns));
    explain_free(&e);
}

static void test_mixed(void **state)
{
    (void)state;
    struct strbuf b = {0};
    strbuf_printf(&b, "%s\n%s", TEXT, JSON);
    struct explain e = from(b.text, b.len, "mixed");
    assert_int_equal(e.n_plans, 1);
    assert_int_equal(e.plans[0]->notes.n, 1);
    assert_non_null(strstr(e.plans[0]->notes.items[0], "text format"));
    explain_free(&e);
    strbuf_free(&b);
}

static void test_utf16(void **state)
{
    (void)state;
    char wide[2 * sizeof JSON + 2] = "\xff\xfe";
    for (size_t i = 0; i < sizeof JSON - 1; i++)
        wide[2 + 2 * i] = JSON[i];
    struct explain e = from(wide, 2 * sizeof JSON, "UTF-16");
    check(e.plans[0], "UTF-16");
    explain_free(&e);
}

/* ---- cut ---- */

/* Wherever the input ends: a sentence, or a plan with no more than there was, and a note
 * whenever a node is missing. More input never gives fewer nodes. */
static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BODIES); i++) {
        size_t most = 0, len = strlen(BODIES[i].body), first = 0;
        for (size_t cut = 0; cut <= len; cut++) {
            struct explain e;
            struct sd_error err = {""};
            char *copy = mem_strndup(BODIES[i].body, cut); /* so that ASan sees one byte too many */
            if (!explain_read(copy, cut, &e, &err)) {
                assert_true(err.text[0] != 0);
                if (most)
                    fail_msg("%s cut at %zu: %s", BODIES[i].name, cut, err.text);
            } else {
                const struct plan *p = e.plans[0];
                if (!first)
                    first = cut;
                assert_int_equal(e.n_plans, 1);
                if (p->n_nodes < most || p->n_nodes > 2)
                    fail_msg("%s cut at %zu: %zu nodes after %zu", BODIES[i].name, cut, p->n_nodes, most);
                if (p->n_nodes < 2 && !p->notes.n)
                    fail_msg("%s cut at %zu: no note", BODIES[i].name, cut);
                assert_string_equal(p->nodes[0]->type, "Sort");
                most = p->n_nodes;
            }
            explain_free(&e);
            free(copy);
        }
        assert_int_equal(most, 2);
        if (first > len / 3) /* the first node is enough */
            fail_msg("%s: nothing before %zu of %zu bytes", BODIES[i].name, first, len);
    }
}

static void test_broken(void **state)
{
    (void)state;
    static const struct {
        const char *text, *note;
        size_t nodes;
    } cases[] = {
        {"[{\"Plan\": {\"Node Type\": \"Limit\", \"Plans\": [{\"Node Type\": \"Sort\", \"Plans\": [{\"Node "
         "Type\": oops}]}]}}]",
         "broken at line 1", 2},
        {"[{\"Plan\": {\"Node Type\": \"Limit\", \"Plans\": [{\"Alias\": \"x\"}]}}]", "has no type", 1},
        {"<explain><Query><Plan><Node-Type>Limit</Node-Type><Plans><Plan><Node-Type>Sort</Node-Type></"
         "Plans></Plan></Query></explain>",
         "broken at line 1", 2},
        {"- Plan: \n    Node Type: \"Limit\"\n    oops\n    Plans: \n      - Node Type: \"Sort\"\n", "Line 3",
         2},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct explain e = from(cases[i].text, strlen(cases[i].text), cases[i].note);
        assert_int_equal(e.n_plans, 1);
        if (e.plans[0]->n_nodes != cases[i].nodes)
            fail_msg("case %zu: %zu nodes", i, e.plans[0]->n_nodes);
        assert_true(e.plans[0]->notes.n > 0);
        bool said = false;
        for (size_t k = 0; k < e.plans[0]->notes.n; k++)
            said |= strstr(e.plans[0]->notes.items[k], cases[i].note) != NULL;
        if (!said)
            fail_msg("case %zu: %s", i, e.plans[0]->notes.items[0]);
        explain_free(&e);
    }
}

static void test_hostile(void **state)
{
    (void)state;
    struct strbuf b = {0};
    struct explain e;
    struct sd_error err;
    strbuf_str(&b, "<explain>");
    for (int i = 0; i < 20000; i++)
        strbuf_str(&b, "<Plan><Node-Type>Sort</Node-Type><Plans>");
    explain_read(b.text, b.len, &e, &err);
    explain_free(&e);
    strbuf_clear(&b);
    strbuf_str(&b, "Plan:\n");
    for (int i = 0; i < 3000; i++) {
        strbuf_pad(&b, ' ', (size_t)i);
        strbuf_str(&b, "- Node Type: x\n");
        strbuf_pad(&b, ' ', (size_t)i);
        strbuf_str(&b, "  Plans:\n");
    }
    explain_read(b.text, b.len, &e, &err);
    explain_free(&e);
    strbuf_clear(&b);
    for (int i = 0; i < 20000; i++)
        strbuf_str(&b, "- - - - - - - - - - - - ");
    strbuf_str(&b, "Node Type: x\n");
    explain_read(b.text, b.len, &e, &err);
    explain_free(&e);
    strbuf_clear(&b);
    for (int i = 0; i < 20000; i++)
        strbuf_str(&b, "[1-1] LOG:  duration: 1.0 ms  plan:\n");
    assert_false(explain_read(b.text, b.len, &e, &err));
    explain_free(&e);
    strbuf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_logs),
        cmocka_unit_test(test_growing_log),
        cmocka_unit_test(test_log_tells_where),
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_zones),
        cmocka_unit_test(test_log_with_a_broken_plan),
        cmocka_unit_test(test_email),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_unsaid_is_zero),
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
