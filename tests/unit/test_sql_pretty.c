/* Statements laid out for reading: only the space between tokens changes. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "core/sql/pretty.h"

static void clauses_have_lines(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *pretty;
    } cases[] = {
        {"select 1", "select 1"},
        {"select a, b from orders where customer_id = $1 and state = 'open' order by placed_at desc limit 20",
         "select a, b\nfrom orders\nwhere customer_id = $1\n  and state = 'open'\norder by placed_at "
         "desc\nlimit 20"},
        {"select o.id from orders o left join items i on i.order_id = o.id where o.total between $1 and $2 "
         "or i.id is "
         "distinct from 4",
         "select o.id\nfrom orders o\n  left join items i on i.order_id = o.id\nwhere o.total between $1 and "
         "$2\n  or "
         "i.id is distinct from 4"},
        {"select * from orders where id in (select order_id from items where price > 10) and extract(year "
         "from at) = 1",
         "select *\nfrom orders\nwhere id in (\n    select order_id\n    from items\n    where price > "
         "10\n)\n  and "
         "extract(year from at) = 1"},
        {"insert into orders (id, total) values ($1, $2) on conflict (id) do update set total = "
         "excluded.total returning id",
         "insert into orders (id, total)\nvalues ($1, $2)\non conflict (id) do update\nset total = "
         "excluded.total\nreturning id"},
        {"delete from orders where case when a and b then c else d end and left(name, 2) = 'xx' -- why\nand "
         "e",
         "delete from orders\nwhere case when a and b then c else d end\n  and left(name, 2) = 'xx' -- why\n "
         " and e"},
        {"select a -- blanks of a comment  \nfrom t where note = 'and those of a string that is cut   ",
         "select a -- blanks of a comment  \n  from t\nwhere note = 'and those of a string that is cut   "},
        {"select count(*)\n\n   from   orders\t\twhere text = 'a  from  b'",
         "select count(*)\nfrom orders\nwhere text = "
         "'a  from  b'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *pretty = sql_pretty(cases[i].sql);
        if (strcmp(pretty, cases[i].pretty) != 0)
            fail_msg("%s\nis laid out as\n%s", cases[i].sql, pretty);
        free(pretty);
    }
}

/* Whatever comes, cut anywhere: the bytes that are not space stay as they are. */
static void nothing_but_space_changes(void **state)
{
    (void)state;
    static const char text[] =
        "with r as materialized (select x, 'it''s' as \"Q(\" from t where (a or (b and c))) select r.*, "
        "row_number() over (partition by a order by b) from r cross join lateral (select 1) l /* union /* "
        "all */ */ "
        "where r.x = any ($1) and $tag$ from $tag$ <> E'\\'' -- end\n for update skip locked; )) ((";
    for (size_t cut = 0; cut < sizeof text; cut++) {
        char *sql = mem_strndup(text, cut), *pretty = sql_pretty(sql);
        const char *a = sql, *b = pretty;
        for (;; a++, b++) {
            a += strspn(a, " \n");
            b += strspn(b, " \n");
            if (*a != *b)
                fail_msg("%s\nhas become\n%s", sql, pretty);
            if (!*a)
                break;
        }
        free(pretty);
        free(sql);
    }
}

static void parts_stand_out(void **state)
{
    (void)state;
    static const char sql[] = "SELECT selected, 'from', $1, 12 FROM \"where\" -- and";
    static const struct {
        const char *text;
        enum text_part part;
    } wanted[] = {{"SELECT", TEXT_KEYWORD}, {"'from'", TEXT_CONSTANT}, {"$1", TEXT_CONSTANT},
                  {"12", TEXT_CONSTANT},    {"FROM", TEXT_KEYWORD},    {"-- and", TEXT_COMMENT}};
    struct text_span spans[32];
    size_t n = sql_spans(sql, spans, ARRAY_LEN(spans));
    assert_int_equal(n, ARRAY_LEN(wanted));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(spans[i].len, strlen(wanted[i].text));
        assert_memory_equal(sql + spans[i].start, wanted[i].text, spans[i].len);
        assert_int_equal(spans[i].part, wanted[i].part);
    }
    assert_int_equal(sql_spans(sql, spans, 2), 2);
}

/* A mark of the text is found in what is shown. */
static void marks_move_with_the_text(void **state)
{
    (void)state;
    static const char text[] = "select a from t where  b = 1";
    struct section s = {.text = text, .shown = "select a\nfrom t\nwhere b = 1"};
    size_t at = (size_t)(strstr(text, "b =") - text), end = strlen(text) - 1;
    assert_ptr_equal(s.shown + section_shown_at(&s, at), strstr(s.shown, "b ="));
    assert_int_equal(section_shown_at(&s, end), strlen(s.shown) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clauses_have_lines),
        cmocka_unit_test(nothing_but_space_changes),
        cmocka_unit_test(parts_stand_out),
        cmocka_unit_test(marks_move_with_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
