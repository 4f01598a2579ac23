#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/sql/first_table.h"
#include "core/sql/statement.h"
#include "core/sql/lex.h"

static void same_shape_has_one_fingerprint(void **state)
{
    (void)state;
    char a[17], b[17], c[17];
    assert_true(sql_fingerprint("select * from orders where id = 7 -- x", a));
    assert_true(sql_fingerprint("SELECT *\n FROM orders WHERE id = $1", b));
    assert_true(sql_fingerprint("select * from orders where code = 7", c));
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_int_equal(strlen(a), 16);
    assert_false(sql_fingerprint("select * from orders where name = 'cut in the mid", a));
    assert_false(sql_fingerprint(NULL, a));
    assert_true(sql_fingerprint("select a, count(*) from t where b in ($1, $2) group by 1 order by 2", a));
    assert_true(sql_fingerprint("select a, count(*) from t where b in (?,?) group by ? order by ?", b));
    assert_string_equal(a, b);
}

static void constants_become_parameters(void **state)
{
    (void)state;
    char *n = sql_normalize("select 'a' from t where b = 12");
    assert_string_equal(n, "select $1 from t where b = $2");
    free(n);
    assert_null(sql_normalize("select from where"));
}

/* The oracle: no byte of a secret may be left, whatever surrounds it. */
static void no_literal_survives(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "select * from t where a = 's3cret' and b = 90210",
        "select * from t where a = 's3cret",         /* cut in a string */
        "select * from t where a = E'it\\'s s3cret", /* cut, escaped */
        "select $$s3cret$$, $q$ s3cret $q",          /* cut in a closing tag */
        "select 1 /* s3cret */, -- s3cret\n 'x' frm",
        "select /* s3cret",
        "select 'a\\' s3cret ' from t where", /* old backslash strings */
        "alter role bob password 's3cret'",
        "insert into t values ('x', 's3cret'), ('y', '''s3cret'",
        "select U&'s3cret' frm",
        "select b'90210', x'90210', 90210.5e-90210, .90210 frm from",
        "copy t from stdin with (null 's3cret')",
        "select 1 where x = n's3cret' and",
        "select 's3cret'/**/'s3cret' from from",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char *h = sql_hide_literals(texts[i]);
        assert_non_null(h);
        if (strstr(h, "s3cret") || strstr(h, "90210"))
            fail_msg("left in: %s", h);
        free(h);
    }
    char *h = sql_hide_literals("select t1.col2 from t1 where \"we'ird\" = $3 and t1.x > 5 and t1.");
    assert_string_equal(h, "select t1.col2 from t1 where \"we'ird\" = $3 and t1.x > ? and t1.");
    free(h);
    h = sql_hide_literals("");
    assert_string_equal(h, "");
    free(h);
}

/* Cut the text at every byte: still nothing of it is left. */
static void no_literal_survives_a_cut(void **state)
{
    (void)state;
    const char *whole = "select 'QQQ', E'\\'QQQ', $a$QQQ$a$, U&'QQQ' /* QQQ */ from t where x = 'QQQ''QQQ'";
    for (size_t n = 0; n <= strlen(whole); n++) {
        char *cut = mem_strndup(whole, n);
        char *h = sql_hide_literals(cut);
        if (strchr(h, 'Q'))
            fail_msg("left in: %s", h);
        free(h);
        free(cut);
    }
}

static void allowed(const char *sql)
{
    struct sd_error why = {{0}};
    if (!sql_may_explain(sql, &why))
        fail_msg("refused: %s: %s", sql, why.text);
}

static void refused(const char *sql, const char *says)
{
    struct sd_error why = {{0}};
    if (sql_may_explain(sql, &why))
        fail_msg("allowed: %s", sql);
    if (!strstr(why.text, says))
        fail_msg("%s: '%s' does not say '%s'", sql, why.text, says);
}

static void gate_lets_plain_statements_through(void **state)
{
    (void)state;
    allowed("select 1");
    allowed("select 1;");
    allowed("/* slowdive */ select 1 -- ; drop table t");
    allowed("values (1), (2)");
    allowed("table t");
    allowed("select * from t where a = $1 and b > interval $2");
    allowed("with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r");
    allowed("insert into t select * from u on conflict do nothing returning *");
    allowed("update t set a = $1 from u where t.id = u.id");
    allowed("delete from t using u where t.id = u.id");
    allowed("merge into t using u on t.id = u.id when matched then delete");
    allowed("select * from t for update"); /* planning locks no row */
    allowed("select '; drop table t; --', $$;$$ from t");
    allowed("select nextval('s')"); /* volatile: never run while planning */
    allowed("select lower(name), pg_read_file from t");
}

static void executed(const char *sql)
{
    struct sd_error why = {{0}};
    if (!sql_may_execute(sql, NULL, &why))
        fail_msg("refused: %s: %s", sql, why.text);
}

static void not_executed(const char *sql, const char *says)
{
    struct sd_error why = {{0}};
    if (sql_may_execute(sql, NULL, &why))
        fail_msg("allowed: %s", sql);
    if (!strstr(why.text, says))
        fail_msg("%s: '%s' does not say '%s'", sql, why.text, says);
}

/* The rows that need a server are in tests/source/test_postgres_analyze.c. */
static void execution_has_a_gate_of_its_own(void **state)
{
    (void)state;
    executed("select 1");
    executed("values (1)");
    executed("table t");
    executed("with a as (select 1) select * from a;");
    executed("select 'for update' -- into x");
    not_executed("insert into t values (1)", "INSERT");
    not_executed("update t set a = 1", "UPDATE");
    not_executed("delete from t", "DELETE");
    not_executed("merge into t using u on t.id = u.id when matched then delete", "MERGE");
    not_executed("select * from t for update", "lock rows");
    not_executed("select * from (select 1 from t for no key update skip locked) x", "lock rows");
    not_executed("select * from t where id = $1", "parameters");
    not_executed("select 1; select 2", "2 statements");
    not_executed("select * into x from t", "INTO");
    not_executed("select pg_sleep(1)", "pg_sleep");
    not_executed("explain select 1", "EXPLAIN already");
    not_executed("", "no statement");
}

static const struct sql_use *use(const struct sql_use_list *l, const char *schema, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(l->list[i].name, name) && str_eq(l->list[i].schema, schema))
            return &l->list[i];
    return NULL;
}

static void a_statement_says_what_it_names(void **state)
{
    (void)state;
    struct sql_uses u;
    struct sd_error why;
    assert_true(
        sql_may_execute("select f('a', x, null), s.g(1), (t).attr, t.b, x ### 'q', x operator(o.@@) 1, "
                        "cast(x as evil), '1'::p.dom[], "
                        "case x when 'a' then 1 end, x between 1 and 2, count(*) filter (where h(x)) over "
                        "(partition by w(x)) "
                        "from a.t join v using (id), lateral k(t.id) l(c rec), z tablesample sample (1) "
                        "where x in (select y from deep) and exists (select 1 from rows from (r1(), r2())) "
                        "order by x using <^",
                        &u, &why));
    static const char *const functions[] = {"f", "h", "w", "k", "sample", "r1", "r2", "count"};
    for (size_t i = 0; i < ARRAY_LEN(functions); i++)
        if (!use(&u.functions, NULL, functions[i]))
            fail_msg("the function %s is missed", functions[i]);
    assert_int_equal(use(&u.functions, NULL, "f")->literals, 2);
    assert_int_equal(use(&u.functions, NULL, "h")->literals, 0);
    assert_non_null(use(&u.functions, "s", "g"));
    assert_non_null(use(&u.types, "s", "g")); /* may be a cast */
    assert_non_null(use(&u.attributes, NULL, "attr"));
    assert_non_null(use(&u.attributes, "t", "b"));
    static const char *const operators[] = {"###", "=", "<=", ">=", "<^"};
    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (!use(&u.operators, NULL, operators[i]))
            fail_msg("the operator %s is missed", operators[i]);
    assert_int_equal(use(&u.operators, NULL, "###")->literals, 1);
    assert_int_equal(use(&u.operators, NULL, "=")->literals, 1);
    assert_non_null(use(&u.operators, "o", "@@"));
    assert_non_null(use(&u.types, NULL, "evil"));
    assert_non_null(use(&u.types, NULL, "rec"));
    assert_non_null(use(&u.types, "p", "dom"));
    static const char *const relations[] = {"v", "z", "deep"};
    for (size_t i = 0; i < ARRAY_LEN(relations); i++)
        if (!use(&u.relations, NULL, relations[i]))
            fail_msg("the relation %s is missed", relations[i]);
    assert_non_null(use(&u.relations, "a", "t"));
    sql_uses_free(&u);
}

static void gate_refuses_what_acts(void **state)
{
    (void)state;
    refused("", "no statement");
    refused("-- nothing", "no statement");
    refused("select 1; drop table t", "2 statements");
    refused("select 1 /* ; */; delete from t -- ", "2 statements");
    refused("select 1 --\n; drop table t", "2 statements");
    refused("select * into x from t", "INTO");
    refused("with a as (select 1) select * into temp x from a", "INTO");
    refused("create table x as select 1", "CREATE TABLE AS");
    refused("create materialized view x as select 1", "CREATE TABLE AS");
    refused("explain select 1", "EXPLAIN already");
    refused("explain (analyze) delete from t", "EXPLAIN already");
    refused("with x as (delete from t returning *) select * from x", "WITH");
    refused("with x as (insert into t values (1) returning *) select * from x", "WITH");
    refused("select * from (with x as (update t set a = 1 returning *) select * from x) y", "WITH");
    refused("copy t to program 'id'", "COPY");
    refused("copy (select 1) to stdout", "COPY");
    refused("do $$ begin end $$", "utility");
    refused("call p()", "utility");
    refused("execute p", "EXECUTE");
    refused("prepare p as select 1", "utility");
    refused("declare c cursor for select 1", "CURSOR");
    refused("vacuum t", "utility");
    refused("set statement_timeout = 0", "utility");
    refused("commit", "COMMIT");
    refused("lock table t", "utility");
    refused("create index on t (a)", "utility");
    refused("select * from t where a = 'cut off", "PostgreSQL 15 cannot read the statement");
    refused("selec 1", "PostgreSQL 15 cannot read the statement");
}

static void gate_refuses_functions_that_escape(void **state)
{
    (void)state;
    refused("select * from dblink('host=x', 'drop table t') as t(a int)", "dblink");
    refused("select dblink_exec('x')", "dblink_exec");
    refused("select public.dblink_connect_u('x')", "dblink_connect_u");
    refused("select table_to_xml('t', true, true, '')", "table_to_xml");
    refused("select PG_CATALOG.QUERY_TO_XML('delete from t', true, true, '')", "query_to_xml");
    refused("select 1 from t where a = pg_read_file('/etc/passwd')", "pg_read_file");
    refused("select \"pg_read_binary_file\"('x')", "pg_read_binary_file");
    refused("select lo_import('/etc/passwd')", "lo_import");
    refused("select * from pg_ls_dir('/')", "pg_ls_dir");
    refused("select 1 order by pg_stat_file('x')", "pg_stat_file");
    refused("select ('x'::text).pg_read_file", "pg_read_file");
    refused("select t.pg_read_file from t", "pg_read_file");
    refused("insert into t values (lo_creat(1))", "lo_creat");
    refused("select coalesce((select max(a) from t where b in (select pg_terminate_backend(1)::text)), 1)",
            "pg_terminate_backend");
}

static void deep_and_long_text_is_bounded(void **state)
{
    (void)state;
    static const char *const links[] = {"+1", "(", "::int", " union all select 1", "[1]", " not", " and f(1"};
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        static const size_t counts[] = {300, 4000, 9000, 200000};
        for (size_t k = 0; k < ARRAY_LEN(counts); k++) {
            struct strbuf b = {0};
            strbuf_str(&b, "select 1");
            for (size_t n = 0; n < counts[k]; n++)
                strbuf_str(&b, links[i]);
            char fp[17];
            struct sd_error why;
            sql_fingerprint(b.text, fp);
            sql_may_explain(b.text, &why);
            free(sql_hide_literals(b.text));
            strbuf_free(&b);
        }
    }
    refused("", "no statement");
}

static void parameters_are_counted_outside_of_strings(void **state)
{
    (void)state;
    assert_int_equal(sql_parameters("select $1, $12, '$99' /* $98 */ -- $97"), 12);
    assert_int_equal(sql_parameters("select $$ $5 $$"), 0);
    assert_int_equal(sql_parameters("select 1"), 0);
    assert_true(sql_parameters("select $99999999999999999999") >= 100000);
}

static void tags(const char *sql, const char *method, const char *route, const char *trace, const char *app)
{
    struct sql_tags t;
    bool any = sql_tags(sql, &t);
    assert_int_equal(any, method || route || trace || app);
    if (!str_eq(t.route, route) || !str_eq(t.method, method) || !str_eq(t.trace_id, trace) ||
        !str_eq(t.application, app))
        fail_msg("%s: route %s method %s trace %s application %s", sql, t.route ? t.route : "-",
                 t.method ? t.method : "-", t.trace_id ? t.trace_id : "-",
                 t.application ? t.application : "-");
    sql_tags_free(&t);
}

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"

static void tags_of_three_notations(void **state)
{
    (void)state;
    tags("select 1 /*method='GET',route='%2Forders%2F%3Aid',traceparent='00-" TRACE "-00f067aa0ba902b7-01'*/",
         "GET", "/orders/:id", TRACE, NULL);
    tags("select 1 /* application:Shop,controller:orders,action:show */", NULL, "orders#show", NULL, "Shop");
    tags("select 1 /* method=POST, route=/cart */", "POST", "/cart", NULL, NULL);
    tags("/*route='/first'*/ select 1 /*route='/last'*/", NULL, "/last", NULL, NULL);
    tags("/*route='/first'*/ select 1 /* a note: nothing here */", NULL, "/first", NULL, NULL);
    tags("select 1 /*route='it\\'s',app='x'*/", NULL, "it's", NULL, "x");
    tags("select '/*route=''x''*/'", NULL, NULL, NULL, NULL);
    tags("select 1 -- route='/x'", NULL, NULL, NULL, NULL);
    tags("select 1", NULL, NULL, NULL, NULL);
    tags(NULL, NULL, NULL, NULL, NULL);
    tags("select 1 /*traceparent='00-00000000000000000000000000000000-00f067aa0ba902b7-01'*/", NULL, NULL,
         NULL, NULL);
    tags("select 1 /*route='%00%'*/", NULL, NULL, NULL, NULL);
}

static void tags_of_a_cut_text(void **state)
{
    (void)state;
    tags("select 1 /*method='GET',route='%2Ford", "GET", NULL, NULL, NULL);
    tags("select 1 /*method=GET,route=/ord", "GET", NULL, NULL, NULL);
    tags("select 'cut in a string", NULL, NULL, NULL, NULL);
    const char *whole =
        "select 'x' /*action='a',controller='b',method='GET',route='%2Fx',traceparent='00-" TRACE
        "-00f067aa0ba902b7-01'*/";
    for (size_t n = 0; n <= strlen(whole); n++) {
        char *cut = mem_strndup(whole, n);
        struct sql_tags t;
        sql_tags(cut, &t);
        if (t.route)
            assert_true(!strcmp(t.route, "/x") || !strcmp(t.route, "b#a") || !strcmp(t.route, "b"));
        sql_tags_free(&t);
        free(cut);
    }
}

static void tags_are_taken_off(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"select 1 /*route='/x',method='GET'*/", "select 1"},
        {"/*route='/x'*/ select 1", " select 1"},
        {"/*+ SeqScan(t) */ select 1 /* note */ ;", "/*+ SeqScan(t) */ select 1 /* note */ ;"},
        {"select '/*route=x*/' -- route='x'", "select '/*route=x*/' -- route='x'"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *out = sql_strip_tags(cases[i][0]);
        assert_string_equal(out, cases[i][1]);
        free(out);
    }
}

static void tokens_cover_the_text(void **state)
{
    (void)state;
    const char *sql = "select U&\"d\", 'a''b', $1::int /* a /* b */ c */ from \"q\"\"q\" where x>=.5e-3--end";
    size_t len = 0;
    struct sql_token t;
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p += t.len)
        len += t.len;
    assert_int_equal(len, strlen(sql));
    assert_int_equal(sql_count_tokens("select a , b", 100), 4);
    assert_int_equal(sql_count_tokens("a a a a a", 3), 3);
}

/* `n` times `item`, between `before` and `after`. */
static bool bounded(const char *before, const char *item, size_t n, const char *after)
{
    struct strbuf b = {0};
    strbuf_str(&b, before);
    for (size_t i = 0; i < n; i++)
        strbuf_str(&b, item);
    strbuf_str(&b, after);
    bool ok = sql_bounded(b.text);
    strbuf_free(&b);
    return ok;
}

/* A long list of keys, as an ORM writes it, is read; a long chain, which the parser would recurse
 * into, is not. */
static void lists_are_longer_than_chains(void **state)
{
    (void)state;
    assert_true(bounded("select * from t where id in (", "1,", 60000, "1)"));
    assert_true(bounded("select * from t where (a,b) in (", "($1,$2),", 20000, "(1,2))"));
    assert_true(bounded("select * from t where id = any(array[", "'a'::uuid,", 20000, "null])"));
    assert_false(bounded("select ", "1+", 20001, "1"));
    assert_false(bounded("select f(", "1+", 20001, "1)"));
    assert_false(bounded("", "select 1,2 union ", 20001, "select 1,2"));
    assert_false(bounded("select (", "values (1,2) union ", 20001, "select 1,2)"));
    assert_false(bounded("select ", "(", 20001, "1"));
    assert_false(bounded("select * from t where id in (", "1,", 200000, "1)"));
}

static void another_table_comes_first(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *table, *moved; /* NULL: it stays as it is */
    } cases[] = {
        {"SELECT * FROM a, b WHERE a.x = b.x AND b.y = $1", "b",
         "SELECT * FROM b, a WHERE a.x = b.x AND b.y = $1"},
        {"SELECT 1 FROM a JOIN b ON a.x = b.x LEFT JOIN c ON c.y = b.y", "c",
         "SELECT 1 FROM c RIGHT JOIN (a JOIN b ON a.x = b.x) ON c.y = b.y"},
        {"SELECT 1 FROM a JOIN b ON a.x = b.x LEFT JOIN c ON c.y = b.y", "b",
         "SELECT 1 FROM b JOIN a ON a.x = b.x LEFT JOIN c ON c.y = b.y"},
        {"SELECT 1 FROM a t1, (SELECT 1) s, shop.b t2", "b", "SELECT 1 FROM shop.b t2, a t1, (SELECT 1) s"},
        {"SELECT 1 FROM a, b", "a", NULL},
        {"SELECT 1 FROM a, b", "c", NULL},
        {"SELECT 1 FROM a, other.b", "b", NULL},
        {"SELECT 1 FROM a, LATERAL (SELECT a.x) s, b", "b", NULL},
        {"SELECT 1 FROM unnest($1) u, b", "b", NULL},
        {"WITH b AS (SELECT 1) SELECT 1 FROM a, b", "b", NULL},
        {"SELECT 1 FROM a UNION SELECT 1 FROM b", "b", NULL},
        {"UPDATE a SET x = 1 FROM b", "b", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *moved = sql_first_table(cases[i].sql, "shop", cases[i].table);
        if (!str_eq(moved, cases[i].moved))
            fail_msg("%s, %s first: %s", cases[i].sql, cases[i].table, moved ? moved : "not moved");
        free(moved);
    }
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *values, *out, *why; /* out NULL: refused with `why` */
    } cases[] = {
        {"SELECT * FROM t WHERE a = $1", "42", "SELECT * FROM t WHERE a = 42", NULL},
        {"SELECT $2, '$1', $1 -- $1", " 'it''s' , -5 ", "SELECT (-5), '$1', 'it''s' -- $1", NULL},
        {"SELECT $1, $10, $2", "1,2,3,4,5,6,7,8,9,NULL", "SELECT 1, NULL, 2", NULL},
        {"WHERE a = $1 AND t > interval $2", "$1 = '7', $2 = '1 day'",
         "WHERE a = '7' AND t > interval '1 day'", NULL},
        {"x IN ($1)", "array[1,2]", "x IN ((array[1,2]))", NULL},
        {"x IN ($1 /*, ... */) AND y = $2", "(1, 2), 3", "x IN (1, 2) AND y = 3", NULL},
        {"x IN ($1 /*, ... */)", "(1) + (2)", "x IN ((1) + (2))", NULL},
        {"x IN ($1/*, ... */)", "7", "x IN (7)", NULL},
        {"x = $1", "now() - interval '1 day'", "x = (now() - interval '1 day')", NULL},
        {"x = $1", "$$a,b$$", "x = $$a,b$$", NULL},
        {"SELECT 1", "", "SELECT 1", NULL},
        {"x = $1", "", NULL, "1 parameter and there are 0 values"},
        {"x = $1", "1, 2", NULL, "1 parameter and there are 2 values"},
        {"x = $1 and y = $2", "1,", NULL, "value 2 is missing"},
        {"x = $1 and y = $2", ",1", NULL, "value 1 is missing"},
        {"x = $1", "1; DROP TABLE t", NULL, "not allowed"},
        {"x = $1", "1 -- ", NULL, "not allowed"},
        {"x = $1", "1 /* */", NULL, "not allowed"},
        {"x = $1", "'open", NULL, "has no end"},
        {"x = $1", "(1", NULL, "not closed"},
        {"x = $1", "1)", NULL, "no opening bracket"},
        {"x = $1", "$2", NULL, "cannot be a parameter"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sd_error err = {""};
        char *out = sql_with_values(cases[i].sql, cases[i].values, &err);
        if (cases[i].out ? !str_eq(out, cases[i].out) : out || !strstr(err.text, cases[i].why))
            fail_msg("%s with %s: %s %s", cases[i].sql, cases[i].values, out ? out : "refused:", err.text);
        free(out);
    }
}

/* Lists as pg_stat_statements of PostgreSQL 18 keeps them. */
static void test_squashed_lists(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"x IN ($1 /*, ... */) AND y = $2", "x IN ($1 , $3, $4, $5, $6, $7, $8, $9, $10, $11) AND y = $2"},
        {"x = $1 /* , ... */", "x = $1 /* , ... */"}, /* a comment of somebody */
        {"'$1 /*, ... */'", "'$1 /*, ... */'"},
        {"x = 1", "x = 1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *out = sql_expand_lists(rows[i][0]);
        assert_string_equal(out, rows[i][1]);
        free(out);
    }
    char *shown = sql_hide_literals("select * from t /* 'secret' */ where x in ($1 /*, ... */)"),
         *line = sql_one_line("select x\nin ($1 /*, ... */) /* y */");
    assert_string_equal(shown, "select * from t  where x in ($1 /*, ... */)");
    assert_string_equal(line, "select x in ($1 /*, ... */)");
    free(shown);
    free(line);
}

static void test_unread_statements(void **state)
{
    (void)state;
    assert_true(sql_is_unread("SELECT js IS JSON FROM t"));
    assert_true(sql_is_unread("/* a */ (select * from (select 1))"));
    assert_false(sql_is_unread("SELECT 1"));
    assert_false(sql_is_unread("EXECUTE x(1_000)"));
    assert_false(sql_is_unread("CREATE TABLE t AS SELECT js IS JSON FROM u"));
    assert_false(sql_is_unread(""));
}

/* What is copied is pasted, also into a shell: one line, whatever the names are. */
static void statements_come_on_one_line(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"SELECT 1", "SELECT 1"},
        {"SELECT a,\n\t b /* x\ny */ FROM t -- z\n WHERE c", "SELECT a, b FROM t WHERE c"},
        {"SELECT \"a\nb\"", "SELECT U&\"a\\000ab\""},
        {"SELECT \"a\"\"\\\x1b\xe2\x80\xae\"", "SELECT U&\"a\"\"\\\\\\001b\\202e\""},
        {"SELECT 'it''s\n\\x'", "SELECT E'it''s\\u000a\\\\x'"},
        {"SELECT $x$a'\nb$x$", "SELECT E'a''\\u000ab'"},
        {"SELECT '\xf3\xa0\x81\x81'", "SELECT E'\\U000e0041'"},
        {"SELECT 'a' \n 'b'", NULL}, /* joined by the line break only */
        {"SELECT a\xe2\x80\xae", NULL},
        {"SELECT \"a\n\xff\"", NULL},
        {"SELECT E'a\nb'", NULL},
        {"SELECT 'a", NULL},
        {NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *line = sql_one_line(rows[i][0]);
        if (!str_eq(line, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], line ? line : "(none)");
        free(line);
    }
}

static void only_an_index_is_an_index(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "CREATE INDEX CONCURRENTLY a_idx ON public.t (a, lower(b) DESC) INCLUDE (c) WHERE d = 'x'",
        "CREATE INDEX ON t USING gin (a gin_trgm_ops)",
        "CREATE INDEX ON t (a) WHERE b = ?",
        "CREATE INDEX ON t (a) WHERE b IN ($1, $2);",
        "CREATE INDEX ON t (a) WHERE d ? 'k'",
        "CREATE INDEX ON U&\"t\\000a\" (a)",
        "REINDEX INDEX CONCURRENTLY public.\"Odd one\""};
    static const char *const no[] = {"CREATE INDEX ON t (a);\ntouch x",
                                     "CREATE INDEX ON t (a); DROP TABLE t",
                                     "DROP INDEX a",
                                     "REINDEX TABLE t",
                                     "REINDEX DATABASE d",
                                     "REINDEX INDEX a; DROP TABLE t",
                                     "CREATE INDEX ON t (a) -- x",
                                     "CREATE INDEX ON t (a) /* x */",
                                     "CREATE INDEX ON \"t\n\" (a)",
                                     "CREATE INDEX ON t (\"\xe2\x80\xae\")",
                                     "CREATE TABLE t (a int)",
                                     "",
                                     "touch x",
                                     "CREATE INDEX ON t (a"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        if (!sql_builds_index(yes[i]))
            fail_msg("no: %s", yes[i]);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        if (sql_builds_index(no[i]))
            fail_msg("yes: %s", no[i]);
    assert_false(sql_builds_index(NULL));
}

/* What PL/pgSQL may consist of while a statement is only planned. */
static void bodies_of_queries_alone_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *source, *why; /* NULL: it may */
    } rows[] = {
        {"begin return 1; end", NULL},
        {"<<a>> declare x int := (select 1); begin x := 2; x[1] = 3; return x; end a;", NULL},
        {"begin if a then null; elsif b then perform f(); else raise notice '%', copy; end if; end", NULL},
        {"begin return case when a then set else execute_it end; end", NULL},
        {"begin execute 'select 1' into x using 3; end", NULL},
        {"begin for r in select 1 loop exit when r is null; end loop; end", NULL},
        {"begin -- copy t to program 'x';\n/* lock; */ return 'set; copy'; end", NULL},
        {"begin copy t to program 'x'; end", "it contains COPY"},
        {"begin if true then set role postgres; end if; end", "it contains SET"},
        {"begin null; exception when others then notify x; end", "it contains NOTIFY"},
        {"begin loop lock t; end loop; end", "it contains LOCK"},
        {"begin execute 'sel' || 'ect 1'; end", "does not show"},
        {"begin execute 'copy t to program ''x'''; end", "other than a query"},
        {"begin for r in execute q loop null; end loop; end", "does not show"},
        {"begin for r in explain analyze select 1 loop null; end loop; end", "other than a query"},
        {"declare c cursor for show all; begin open c; end", "other than a query"},
        {"begin return query execute q; end", "does not show"},
        {"begin open c for execute q; end", "does not show"},
        {"begin insert into t values (1; declare a int); copy t to program 'x'; begin end; end",
         "not complete"},
        {"begin perform '\\'; copy t to program 'x'; --'; end", "depends on settings"},
        {"begin perform 'open; end", "not closed"},
        {"begin commit; end", "it contains COMMIT"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sd_error why = {""};
        bool may = sql_may_be_plpgsql(rows[i].source, &why);
        if (may != !rows[i].why || (rows[i].why && !strstr(why.text, rows[i].why)))
            fail_msg("%s: %s", rows[i].source, may ? "may" : why.text);
    }
    struct sd_error why;
    assert_true(sql_may_be_body("select 1; select f($1)", &why));
    assert_false(sql_may_be_body("select 1; notify x", &why));
    assert_false(sql_may_be_body("select pg_read_file('x')", &why));
    assert_false(sql_may_be_body("select from where", &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_come_on_one_line),
        cmocka_unit_test(only_an_index_is_an_index),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_squashed_lists),
        cmocka_unit_test(test_unread_statements),
        cmocka_unit_test(same_shape_has_one_fingerprint),
        cmocka_unit_test(constants_become_parameters),
        cmocka_unit_test(no_literal_survives),
        cmocka_unit_test(no_literal_survives_a_cut),
        cmocka_unit_test(gate_lets_plain_statements_through),
        cmocka_unit_test(gate_refuses_what_acts),
        cmocka_unit_test(execution_has_a_gate_of_its_own),
        cmocka_unit_test(a_statement_says_what_it_names),
        cmocka_unit_test(gate_refuses_functions_that_escape),
        cmocka_unit_test(deep_and_long_text_is_bounded),
        cmocka_unit_test(parameters_are_counted_outside_of_strings),
        cmocka_unit_test(tags_of_three_notations),
        cmocka_unit_test(tags_of_a_cut_text),
        cmocka_unit_test(tags_are_taken_off),
        cmocka_unit_test(tokens_cover_the_text),
        cmocka_unit_test(lists_are_longer_than_chains),
        cmocka_unit_test(another_table_comes_first),
        cmocka_unit_test(bodies_of_queries_alone_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
