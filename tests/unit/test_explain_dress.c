/* One plan in everything that people and programs put around it: read as if it were bare, to
 * the last figure; what cannot be read is refused, or noted. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/plans/explain_input.h"

/* A bit of everything: workers, conditions with quotes, names with signs of EXPLAIN's own, a CTE. */
static const char *const LINES[] = {
    "Limit  (cost=411.67..514.13 rows=1 width=58) (actual time=227.845..227.853 rows=20 loops=1)",
    "  Buffers: shared hit=72485 read=31",
    "  CTE busy",
    "    ->  Seq Scan on \"visit -> all (old)\" v  (cost=0.00..13.40 rows=340 width=4) (actual "
    "time=0.011..1.250 rows=338 loops=1)",
    "          Filter: ((data -> 'k'::text) = '\"it''s\"'::jsonb)",
    "          Rows Removed by Filter: 2",
    "          Buffers: shared hit=9",
    "  ->  Gather Merge  (cost=398.27..500.73 rows=880 width=58) (actual time=227.842..227.848 rows=20 "
    "loops=1)",
    "        Workers Planned: 1",
    "        Workers Launched: 1",
    "        Buffers: shared hit=72476 read=31",
    "        ->  Sort  (cost=398.26..400.46 rows=880 width=58) (actual time=219.100..219.412 rows=230 "
    "loops=2)",
    "              Sort Key: t.due_on, (COALESCE(t.name, 'none'::text)) DESC",
    "              Sort Method: quicksort  Memory: 125kB",
    "              Buffers: shared hit=72476 read=31",
    "              Worker 0:  actual time=219.000..219.307 rows=201 loops=1",
    "                Sort Method: quicksort  Memory: 118kB",
    "                Buffers: shared hit=36001 read=12",
    "              ->  Hash Join  (cost=12.15..355.23 rows=880 width=58) (actual time=3.300..198.700 "
    "rows=440 loops=2)",
    "                    Hash Cond: ((t.town_id)::text = (b.town_id)::text)",
    "                    Buffers: shared hit=72470 read=31",
    "                    ->  Parallel Seq Scan on public.chore t  (cost=0.00..300.00 rows=9000 width=62) "
    "(actual time=0.027..180.841 rows=8800 loops=2)",
    "                          Filter: ((state)::text = ANY ('{open,late}'::text[]))",
    "                          Rows Removed by Filter: 67200",
    "                          Buffers: shared hit=72460 read=31",
    "                    ->  Hash  (cost=6.80..6.80 rows=340 width=4) (actual time=2.870..2.871 rows=338 "
    "loops=2)",
    "                          Buckets: 1024  Batches: 1  Memory Usage: 20kB",
    "                          ->  CTE Scan on busy b  (cost=0.00..6.80 rows=340 width=4) (actual "
    "time=0.014..2.610 rows=338 loops=2)",
    "Planning Time: 0.353 ms",
    "Execution Time: 228.011 ms"};

static void bare(struct strbuf *b)
{
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++)
        strbuf_printf(b, "%s\n", LINES[i]);
}

static bool same_figure(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

static void same_plan(const char *what, const struct plan *want, const struct plan *got)
{
    if (got->n_nodes != want->n_nodes || got->notes.n)
        fail_msg("%s: %zu nodes, note: %s", what, got->n_nodes, got->notes.n ? got->notes.items[0] : "none");
    for (size_t i = 0; i < want->n_nodes; i++) {
        const struct plan_node *w = want->nodes[i], *g = got->nodes[i];
        if ((w->parent ? w->parent->id : 0) != (g->parent ? g->parent->id : 0))
            fail_msg("%s: node %d hangs elsewhere", what, w->id);
        for (size_t f = 0; f < plan_n_node_fields; f++) {
            const struct plan_field *field = &plan_node_fields[f];
            const void *wa = (const char *)w + field->offset, *ga = (const char *)g + field->offset;
            bool same = field->type == PLAN_TEXT   ? str_eq(*(char *const *)wa, *(char *const *)ga)
                        : field->type == PLAN_FLAG ? *(const int *)wa == *(const int *)ga
                        : field->type == PLAN_LIST
                            ? ((const struct plan_list *)wa)->n == ((const struct plan_list *)ga)->n
                            : same_figure(*(const double *)wa, *(const double *)ga);
            if (!same)
                fail_msg("%s: node %d (%s): %s differs", what, w->id, w->type, field->key);
        }
    }
    assert_true(same_figure(want->execution_ns, got->execution_ns) &&
                same_figure(want->planning_ns, got->planning_ns));
}

static void reads_the_same(const char *what, const struct strbuf *dressed)
{
    struct explain want, got;
    struct sd_error err = {""};
    struct strbuf b = {0};
    bare(&b);
    assert_true(explain_read(b.text, b.len, &want, &err));
    assert_int_equal(want.n_plans, 1);
    if (!explain_read(dressed->text, dressed->len, &got, &err))
        fail_msg("%s: %s\n%.600s", what, err.text, dressed->text);
    if (got.n_plans != 1)
        fail_msg("%s: %zu plans", what, got.n_plans);
    same_plan(what, want.plans[0], got.plans[0]);
    explain_free(&want);
    explain_free(&got);
    strbuf_free(&b);
}

static void test_bare(void **state)
{
    (void)state;
    struct explain e;
    struct sd_error err = {""};
    struct strbuf b = {0};
    bare(&b);
    assert_true(explain_read(b.text, b.len, &e, &err));
    const struct plan *p = e.plans[0];
    assert_int_equal(p->n_nodes, 8);
    assert_int_equal(p->notes.n, 0);
    assert_string_equal(p->nodes[1]->relation, "visit -> all (old)");
    assert_string_equal(p->nodes[1]->alias, "v");
    assert_string_equal(p->nodes[1]->filter, "((data -> 'k'::text) = '\"it''s\"'::jsonb)");
    assert_true(p->nodes[1]->total_cost == 13.40 && p->nodes[3]->n_workers == 1);
    assert_true(p->nodes[3]->shared_hit == 72476 && p->nodes[3]->workers[0].shared_hit == 36001);
    explain_free(&e);
    strbuf_free(&b);
}

/* ---- rows of a driver or a grid ---- */

enum quoting { QUOTE_SQL, QUOTE_JSON, QUOTE_PYTHON };

static void quoted(struct strbuf *b, const char *s, enum quoting way)
{
    char quote =
        way == QUOTE_JSON || (way == QUOTE_PYTHON && strchr(s, '\'') && !strchr(s, '"')) ? '"' : '\'';
    strbuf_char(b, quote);
    for (; *s; s++) {
        if (way == QUOTE_SQL && *s == '\'')
            strbuf_char(b, '\'');
        else if (way != QUOTE_SQL && (*s == quote || *s == '\\'))
            strbuf_char(b, '\\');
        if (way != QUOTE_SQL && *s == '\n')
            strbuf_str(b, "\\n");
        else
            strbuf_char(b, *s);
    }
    strbuf_char(b, quote);
}

static void test_rows(void **state)
{
    (void)state;
    static const struct {
        const char *what, *first, *before, *after, *between, *last;
        enum quoting quoting;
    } forms[] = {
        {"rows of JSON", "[", "{\"QUERY PLAN\": ", "}", ",\n", "]", QUOTE_JSON},
        {"a result with rows", "{\"command\": \"EXPLAIN\", \"rows\": [", "{\"QUERY PLAN\": ", "}", ", ",
         "]}\n", QUOTE_JSON},
        {"arrays of JSON", "[\n", "[", "]", ", ", "\n]", QUOTE_JSON},
        {"strings of JSON", "[", "", "", ", ", "]", QUOTE_JSON},
        {"an object a line", "", "{\"QUERY PLAN\":", "}", "\n", "\n", QUOTE_JSON},
        {"an INSERT a row", "", "INSERT INTO \"R\"(\"QUERY PLAN\") VALUES (", ");", "\n", "\n", QUOTE_SQL},
        {"one INSERT", "insert into plans (line)\nvalues\n", "    (", ")", ",\n", ";\n", QUOTE_SQL},
        {"numbered rows of an INSERT", "", "INSERT INTO `r` (`n`, `QUERY PLAN`) VALUES (7, ", ");", "\n",
         "\n", QUOTE_SQL},
        {"literals of another character set", "", "insert into R values (N", ");", "\n", "\n", QUOTE_SQL},
        {"literals with escapes", "", "INSERT INTO r VALUES (E", ");", "\n", "\n", QUOTE_SQL},
        {"tuples", "[", "(", ",)", ", ", "]\n", QUOTE_PYTHON},
        {"a tuple a line", "", "(", ",)", "\n", "\n", QUOTE_PYTHON},
        {"dictionaries", "[", "{'QUERY PLAN': ", "}", ",\n ", "]\n", QUOTE_PYTHON},
        {"rows of psycopg", "", "RealDictRow([('QUERY PLAN', ", ")])", "\n", "\n", QUOTE_PYTHON},
        {"hashes of Ruby", "[", "{\"QUERY PLAN\"=>", "}", ", ", "]\n", QUOTE_JSON},
    };
    for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
        struct strbuf b = {0};
        strbuf_str(&b, forms[f].first);
        for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
            strbuf_str(&b, i ? forms[f].between : "");
            strbuf_str(&b, forms[f].before);
            quoted(&b, LINES[i], forms[f].quoting);
            strbuf_str(&b, forms[f].after);
        }
        strbuf_str(&b, forms[f].last);
        reads_the_same(forms[f].what, &b);
        strbuf_free(&b);
    }
    /* one string for all lines: Django's repr(), JSON's */
    static const enum quoting ways[] = {QUOTE_PYTHON, QUOTE_JSON};
    struct strbuf plan = {0};
    bare(&plan);
    plan.len--; /* no line end at the end */
    plan.text[plan.len] = 0;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct strbuf b = {0};
        quoted(&b, plan.text, ways[i]);
        reads_the_same("a string", &b);
        strbuf_clear(&b);
        strbuf_str(&b, "plan = ");
        quoted(&b, plan.text, ways[i]);
        reads_the_same("a variable", &b);
        strbuf_free(&b);
    }
    strbuf_free(&plan);
}

/* FORMAT JSON as a driver hands it over: in a row, as an object or as its text. */
static void test_json_in_rows(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[{\"QUERY PLAN\": [{\"Plan\": {\"Node Type\": \"Limit\", \"Plans\": [{\"Node Type\": \"Seq Scan\", "
        "\"Relation Name\": \"t\"}]}, \"Query Identifier\": -4903108356416021539}]}]",
        "{\"rows\": [{\"plan\": {\"Plan\": {\"Node Type\": \"Limit\", \"Plans\": [{\"Node Type\": \"Seq "
        "Scan\", "
        "\"Relation Name\": \"t\"}]}, \"Query Identifier\": -4903108356416021539}}]}",
        "[{\"QUERY PLAN\": \"[{\\\"Plan\\\": {\\\"Node Type\\\": \\\"Limit\\\", \\\"Plans\\\": [{\\\"Node "
        "Type\\\": "
        "\\\"Seq Scan\\\", \\\"Relation Name\\\": \\\"t\\\"}]}, \\\"Query Identifier\\\": "
        "-4903108356416021539}]\"}]"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct explain e;
        struct sd_error err = {""};
        if (!explain_read(texts[i], strlen(texts[i]), &e, &err))
            fail_msg("%zu: %s", i, err.text);
        assert_int_equal(e.n_plans, 1);
        assert_int_equal(e.plans[0]->n_nodes, 2);
        assert_string_equal(e.plans[0]->nodes[1]->relation, "t");
        assert_true(e.plans[0]->query_id == -4903108356416021539);
        explain_free(&e);
    }
}

/* ---- pages, documents, letters ---- */

static void replaced(struct strbuf *b, const char *s, const char *const *pairs)
{
    while (*s) {
        size_t n = 0;
        for (size_t i = 0; pairs[i] && !n; i += 2)
            if (str_starts(s, pairs[i])) {
                strbuf_str(b, pairs[i + 1]);
                n = strlen(pairs[i]);
            }
        if (!n)
            strbuf_char(b, *s);
        s += n ? n : 1;
    }
}

/* Only the blanks that stand before a line. */
static void indented_with(struct strbuf *b, const char *line, const char *blank)
{
    size_t n = strspn(line, " ");
    for (size_t i = 0; i < n; i++)
        strbuf_str(b, blank);
    strbuf_str(b, line + n);
}

static void test_markup(void **state)
{
    (void)state;
    static const char *const html[] = {"&", "&amp;", "<", "&lt;", ">", "&gt;", NULL};
    static const char *const page[] = {"&", "&amp;", "<", "&lt;", ">", "&gt;", "  ", "&nbsp; ", NULL};
    static const char *const tex[] = {
        ">", "\\textgreater{}", "<", "\\textless{}", "_", "\\_", "{", "\\{", "}", "\\}", "&", "\\&",
        "|", "\\textbar{}",     NULL};
    static const char *const markdown[] = {"_", "\\_", "|", "\\|", NULL};
    static const struct {
        const char *what, *first, *before, *after, *last;
        const char *const *pairs;
    } forms[] = {
        {"a table of HTML", "<table border=\"1\">\n", "  <tr>\n    <td align=\"left\">", "</td>\n  </tr>\n",
         "</table>\n", page},
        {"a page", "<html><body><p>slow</p><pre class=\"sql\"><code>", "", "\n",
         "</code></pre></body></html>", html},
        {"lines of HTML", "<div>", "", "<br/>", "</div>", page},
        {"entities alone", "", "", "\n", "", html},
        {"LaTeX", "\\begin{tabular}{l}\n\\textit{QUERY PLAN} \\\\\n\\hline\n", "", " \\\\\n",
         "\\end{tabular}\n", tex},
        {"a long table of LaTeX", "\\begin{longtable}{l}\n", "\\raggedright{", "} \\tabularnewline\n",
         "\\end{longtable}\n", tex},
        {"a table of Markdown", "| QUERY PLAN |\n| --- |\n", "| ", " |\n", "", markdown},
        {"lines of code", "", "`", "`\n", "", tex + 14},
        {"a fence", "Look:\n\n```text\n", "", "\n", "```\nThanks!\n", tex + 14},
        {"a comment of SQL", "", "-- ", "\n", "", tex + 14},
        {"a comment of a shell", "", "# ", "\n", "", tex + 14},
    };
    for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
        struct strbuf b = {0};
        strbuf_str(&b, forms[f].first);
        for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
            strbuf_str(&b, forms[f].before);
            replaced(&b, LINES[i], forms[f].pairs);
            strbuf_str(&b, forms[f].after);
        }
        strbuf_str(&b, forms[f].last);
        reads_the_same(forms[f].what, &b);
        strbuf_free(&b);
    }
}

static void test_letters(void **state)
{
    (void)state;
    static const char *const blanks[] = {"\xc2\xa0", "\xe2\x80\x82", "\xa0", "\xe3\x80\x80", "\xe2\x80\xaf"};
    for (size_t k = 0; k < ARRAY_LEN(blanks); k++) {
        struct strbuf b = {0};
        for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
            indented_with(&b, LINES[i], blanks[k]);
            strbuf_char(&b, '\n');
        }
        reads_the_same(blanks[k], &b);
        strbuf_free(&b);
    }
    static const char *const signs[][5] = {{"->  ", "\xe2\x86\x92  ", NULL},
                                           {"->  ", "\xe2\x80\x93>  ", NULL},
                                           {"->  ", "\xe2\x9e\x9c ", "  (", " \xc2\xa0(", NULL},
                                           {"..1",
                                            "\xe2\x80\xa6"
                                            "1",
                                            NULL}};
    for (size_t k = 0; k < ARRAY_LEN(signs); k++) {
        struct strbuf b = {0};
        strbuf_str(&b, "\xef\xbb\xbf"); /* a byte order mark */
        for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
            replaced(&b, LINES[i], signs[k]);
            strbuf_str(&b, "\r\n");
        }
        reads_the_same(signs[k][1], &b);
        strbuf_free(&b);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    static const char *const forms[] = {"%zu. ", "%3zu: ", "%6zu\t", "[%zu] ", "%-4zu", "%zu| ", "(%zu) "};
    for (size_t f = 0; f < ARRAY_LEN(forms); f++) {
        for (size_t from = 1; from < 100; from += 97) {
            struct strbuf b = {0};
            strbuf_str(&b, "QUERY PLAN\n");
            for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
                char number[24];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                snprintf(number, sizeof number, forms[f], from + i);
#pragma GCC diagnostic pop
                strbuf_printf(&b, "%s%s\n", number, LINES[i]);
            }
            reads_the_same(forms[f], &b);
            strbuf_free(&b);
        }
    }
}

/* Blanks made tabs by a rule of columns, after a first blank or not. */
static void test_tabs(void **state)
{
    (void)state;
    for (size_t stop = 4; stop <= 8; stop += 4) {
        for (size_t first = 0; first <= 1; first++) {
            struct strbuf b = {0};
            for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
                size_t n = strspn(LINES[i], " "), column = first, at = 0;
                strbuf_pad(&b, ' ', first);
                for (; column / stop < (n + first) / stop; column = (column / stop + 1) * stop)
                    strbuf_char(&b, '\t');
                at = column;
                strbuf_pad(&b, ' ', n + first - at);
                strbuf_printf(&b, "%s\n", LINES[i] + n);
            }
            reads_the_same("tabs to columns", &b);
            strbuf_free(&b);
        }
    }
    struct strbuf b = {0};
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) { /* four blanks a tab, at the end of them */
        size_t n = strspn(LINES[i], " ");
        strbuf_pad(&b, ' ', n % 4);
        for (size_t k = 0; k < n / 4; k++)
            strbuf_char(&b, '\t');
        strbuf_printf(&b, "%s\n", LINES[i] + n);
    }
    reads_the_same("tabs for four blanks", &b);
    strbuf_free(&b);
}

/* ---- cut and broken lines ---- */

static void cut_at(struct strbuf *b, const char *line, size_t width, bool trim)
{
    size_t len = strlen(line);
    for (size_t at = 0; at == 0 || at < len; at += width) {
        size_t n = MIN(width, len - at);
        strbuf_add(b, line + at, n);
        while (trim && b->len && b->text[b->len - 1] == ' ')
            b->len--;
        strbuf_char(b, '\n');
    }
}

/* Of a terminal of any width, with the blanks at the end of a line or without. */
static void test_cut_by_terminal(void **state)
{
    (void)state;
    for (size_t width = 80; width <= 132; width++) {
        for (int trim = 0; trim <= 1; trim++) {
            struct strbuf b = {0}, line = {0};
            char rule[128];
            memset(rule, '-', sizeof rule - 1);
            rule[sizeof rule - 1] = 0;
            strbuf_str(&b, "                    QUERY PLAN\n");
            cut_at(&b, rule, width, false);
            for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
                strbuf_clear(&line);
                strbuf_printf(&line, " %s", LINES[i]);
                cut_at(&b, line.text, width, trim);
            }
            strbuf_printf(&b, "(%zu rows)\n\n", ARRAY_LEN(LINES));
            char what[48];
            snprintf(what, sizeof what, "cut at %zu%s", width, trim ? ", trimmed" : "");
            reads_the_same(what, &b);
            strbuf_free(&line);
            strbuf_free(&b);
        }
    }
}

static void test_cut_table(void **state)
{
    (void)state;
    size_t widest = 0;
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++)
        widest = MAX(widest, strlen(LINES[i]));
    for (size_t width = 60; width <= 130; width += 7) {
        struct strbuf b = {0}, line = {0};
        for (size_t i = 0; i < ARRAY_LEN(LINES) + 4; i++) {
            strbuf_clear(&line);
            bool rule = i == 0 || i == 2 || i == ARRAY_LEN(LINES) + 3;
            const char *text = rule ? "" : i == 1 ? "QUERY PLAN" : LINES[i - 3];
            strbuf_str(&line, rule ? "+-" : "| ");
            strbuf_str(&line, text);
            strbuf_pad(&line, rule ? '-' : ' ', widest - strlen(text));
            strbuf_str(&line, rule ? "-+" : " |");
            cut_at(&b, line.text, width, false);
        }
        strbuf_printf(&b, "(%zu rows)\n\n", ARRAY_LEN(LINES));
        reads_the_same("a table cut", &b);
        strbuf_free(&line);
        strbuf_free(&b);
    }
}

static void test_broken_by_mail(void **state)
{
    (void)state;
    for (size_t width = 72; width <= 80; width++) {
        struct strbuf b = {0};
        for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
            const char *s = LINES[i];
            while (strlen(s) > width) {
                size_t n = width;
                while (n && s[n] != ' ')
                    n--;
                strbuf_printf(&b, "> %.*s\n", (int)n, s);
                s += n + strspn(s + n, " ");
            }
            strbuf_printf(&b, "> %s\n", s);
        }
        char what[32];
        snprintf(what, sizeof what, "broken at %zu", width);
        reads_the_same(what, &b);
        strbuf_free(&b);
    }
}

/* ---- containers ---- */

static void read_log(const char *what, const struct strbuf *log)
{
    struct explain e;
    struct sd_error err = {""};
    for (int growing = 0; growing <= 1; growing++) {
        bool ok = growing ? explain_log_read(log->text, log->len, &e, &err)
                          : explain_read(log->text, log->len, &e, &err);
        if (!ok)
            fail_msg("%s: %s", what, err.text);
        assert_int_equal(e.n_plans, 1);
        const struct plan *p = e.plans[0];
        if (p->n_nodes != 8 || p->notes.n)
            fail_msg("%s: %zu nodes, %s", what, p->n_nodes, p->notes.n ? p->notes.items[0] : "");
        assert_true(p->nodes[3]->loop_rows == 230 && p->nodes[5]->loops == 2);
        explain_free(&e);
    }
}

static void test_containers(void **state)
{
    (void)state;
    struct strbuf docker = {0}, cri = {0}, message = {0};
    strbuf_str(&docker,
               "{\"log\":\"2026-03-01 10:00:00 UTC [7] LOG:  checkpoint starting: time\\n\",\"stream\":"
               "\"stderr\",\"time\":\"2026-03-01T10:00:00Z\"}\n"
               "{\"log\":\"2026-03-01 10:00:01 UTC [8] LOG:  duration: 228.011 ms  plan:\\n\",\"stream\":"
               "\"stderr\",\"time\":\"2026-03-01T10:00:01Z\"}\n");
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
        strbuf_str(&docker, "{\"log\":\"\\t");
        for (const char *s = LINES[i]; *s; s++)
            strbuf_printf(&docker, "%s%c", *s == '"' || *s == '\\' ? "\\" : "", *s);
        /* a long line comes in parts */
        strbuf_str(&docker, i == 2 ? "\",\"stream\":\"stderr\",\"time\":\"\"}\n{\"log\":\"\\n" : "\\n");
        strbuf_str(&docker, "\",\"stream\":\"stderr\",\"time\":\"2026-03-01T10:00:01Z\"}\n");
        if (i == 4) /* and another stream's lines between */
            strbuf_str(&docker, "{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"\"}\n");
    }
    strbuf_str(&docker, "{\"log\":\"2026-03-01 10:00:02 UTC [7] LOG:  checkpoint complete\\n\",\"stream\":"
                        "\"stderr\",\"time\":\"2026-03-01T10:00:02Z\"}\n");
    read_log("Docker", &docker);
    const char *entry = strstr(docker.text, "{\"log\":\"2026-03-01 10:00:01"),
               *end = strstr(docker.text, "10:00:02 UTC");
    while (*end != '{')
        end--;
    for (const char *s = strchr(entry, '\n'); s && s < end; s = strchr(s + 1, '\n'))
        assert_int_equal(explain_log_settled(docker.text, (size_t)(s + 1 - docker.text)),
                         entry - docker.text);
    assert_int_equal(explain_log_settled(docker.text, docker.len), docker.len);
    /* Kubernetes: jsonlog in parts of 100 bytes, other lines between */
    strbuf_str(&message,
               "{\"timestamp\":\"2026-03-01 10:00:01 UTC\",\"message\":\"duration: 228.011 ms  plan:");
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
        strbuf_str(&message, "\\n");
        for (const char *s = LINES[i]; *s; s++)
            strbuf_printf(&message, "%s%c", *s == '"' || *s == '\\' ? "\\" : "", *s);
    }
    strbuf_str(&message, "\"}");
    for (size_t at = 0; at < message.len; at += 100) {
        bool last = at + 100 >= message.len;
        strbuf_printf(&cri, "2026-03-01T10:00:01.2Z stderr %c %.*s\n", last ? 'F' : 'P',
                      (int)MIN(100, message.len - at), message.text + at);
        strbuf_str(&cri, "2026-03-01T10:00:01.2Z stdout F hello\n");
        if (!last) /* the log grows: nothing of the line is settled before its end */
            assert_int_equal(explain_log_settled(cri.text, cri.len), 0);
    }
    read_log("Kubernetes", &cri);
    assert_int_equal(explain_log_settled(cri.text, cri.len), cri.len);
    strbuf_free(&docker);
    strbuf_free(&cri);
    strbuf_free(&message);
}

/* ---- what there is to say ---- */

static void test_costs_off(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t nodes;
        const char *root;
    } cases[] = {
        {"Index Only Scan Backward using \"my (idx)\" on public.part p\n  Index Cond: (id = 7)\n", 1,
         "Index Only Scan"},
        {"                QUERY PLAN\n-----------------------------\n Seq Scan on t\n(1 row)\n", 1,
         "Seq Scan"},
        {"Gather\n  Workers Planned: 2\n  ->  Parallel Seq Scan on t\n", 2, "Gather"},
        {"Update on t\n  ->  Nested Loop Left Join\n        Join Filter: (t.a = u.a)\n        ->  Seq Scan "
         "on t\n"
         "        ->  Materialize\n              ->  Seq Scan on u\n",
         5, "ModifyTable"},
        {"shop=> explain (costs off) select 1;\n QUERY PLAN \n------------\n Result\n(1 row)\n", 1, "Result"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct explain e;
        struct sd_error err = {""};
        if (!explain_read(cases[i].text, strlen(cases[i].text), &e, &err))
            fail_msg("%zu: %s", i, err.text);
        assert_int_equal(e.n_plans, 1);
        assert_int_equal(e.plans[0]->n_nodes, cases[i].nodes);
        assert_string_equal(e.plans[0]->nodes[0]->type, cases[i].root);
        assert_int_equal(e.plans[0]->notes.n, 0);
        explain_free(&e);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"| id | select_type | table | type | possible_keys | key | rows | Extra |\n"
         "|  1 | SIMPLE      | t     | ALL  | NULL          | NULL | 900 | Using where |\n",
         "MySQL or MariaDB"},
        {"-> Nested loop inner join  (cost=4.95 rows=9) (actual time=0.05..0.11 rows=9 loops=1)\n"
         "    -> Table scan on a  (cost=1.15 rows=9) (actual time=0.03..0.04 rows=9 loops=1)\n",
         "MySQL"},
        {"{\"query_block\": {\"select_id\": 1, \"table\": {\"table_name\": \"t\"}}}", "MySQL or MariaDB"},
        {"QUERY PLAN\n|--SCAN t\n`--SEARCH u USING INTEGER PRIMARY KEY (rowid=?)\n", "SQLite"},
        {"Plan hash value: 1601196873\n\n| Id  | Operation         | Name | Rows  |\n"
         "|   0 | SELECT STATEMENT  |      |    14 |\n",
         "Oracle"},
        {"  |--Hash Match(Inner Join, HASH:([a].[id])=([b].[id]))\n"
         "       |--Clustered Index Scan(OBJECT:([shop].[dbo].[a].[PK_a]))\n",
         "SQL Server"},
        {"#@! Limit  (cost=1.00..2.00 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n", "#@! Limit"},
        {"Frobnicate  (cost=1.00..2.00 rows=1 width=4)\n", "Frobnicate"},
        {"Limit  (cost=1.00..2.00 rows=1 width=4)\n-> Sort  (cost=1.00..2.00 rows=1 width=4)\nSort Key: a\n"
         "-> Append  (cost=1.00..2.00 rows=1 width=4)\n-> Seq Scan on t  (cost=1.00..2.00 rows=1 width=4)\n",
         "blanks before the lines are lost"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct explain e;
        struct sd_error err = {""};
        if (explain_read(cases[i].text, strlen(cases[i].text), &e, &err))
            fail_msg("%zu is read: %s", i, e.plans[0]->nodes[0]->type);
        if (!strstr(err.text, cases[i].sentence))
            fail_msg("%zu: %s", i, err.text);
    }
}

/* Read, but not as if nothing were the matter. */
static void test_noted(void **state)
{
    (void)state;
    static const struct {
        const char *text, *note;
    } cases[] = {
        {"Sort  (cost=1.00..2.00 rows=1 width=4) (actual time=0.1..32\n  Sort Key: a\n"
         "  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n",
         "cut off or damaged"},
        {"Limit  (cost=1.00..2.00 rows=1 width=4)\n  ->  Frobnicate on t  (cost=0.00..1.00 rows=1 width=4)\n",
         "\"Frobnicate\" (node 2) is no node of PostgreSQL"},
        {"[{\"Plan\": {\"Node Type\": \"Frobnicate\"}}]", "\"Frobnicate\" (node 1)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct explain e;
        struct sd_error err = {""};
        if (!explain_read(cases[i].text, strlen(cases[i].text), &e, &err))
            fail_msg("%zu: %s", i, err.text);
        const struct plan *p = e.plans[0];
        if (!p->notes.n || !strstr(p->notes.items[0], cases[i].note))
            fail_msg("%zu: %s", i, p->notes.n ? p->notes.items[0] : "no note");
        explain_free(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bare),         cmocka_unit_test(test_rows),
        cmocka_unit_test(test_json_in_rows), cmocka_unit_test(test_markup),
        cmocka_unit_test(test_letters),      cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_tabs),         cmocka_unit_test(test_cut_by_terminal),
        cmocka_unit_test(test_cut_table),    cmocka_unit_test(test_broken_by_mail),
        cmocka_unit_test(test_containers),   cmocka_unit_test(test_costs_off),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
