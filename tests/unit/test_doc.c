#include "tests/lib/test.h"

#include "core/doc.h"
#include "core/table.h"

#include <stdlib.h>

static const struct column COLUMNS[] = {
    {.key = "name", .title = "Name", .help = "name"},
    {.key = "n", .title = "N", .unit = UNIT_COUNT, .help = "number"},
};

static struct row *add(struct doc *d, struct table *t, const char *name, int64_t n, int depth)
{
    struct row *r = doc_row(d, t);
    r->cells[0] = cell_text(name);
    r->cells[1] = cell_int(n);
    r->depth = depth;
    return r;
}

static char *names(const struct table *t)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < table_rows(t); i++)
        strbuf_str(&b, table_row(t, i)->cells[0].s);
    return strbuf_detach(&b);
}

#define assert_names(t, want)                                                                                \
    do {                                                                                                     \
        char *got = names(t);                                                                                \
        assert_string_equal(got, want);                                                                      \
        free(got);                                                                                           \
    } while (0)

static void sorting_is_stable_and_unknown_comes_last(void **state)
{
    (void)state;
    struct doc *d = doc_new("v", "V");
    struct table *t = &doc_table(d, "rows", "Rows", COLUMNS, 2)->table;
    add(d, t, "a", 2, 0);
    add(d, t, "b", SD_UNKNOWN, 0);
    add(d, t, "c", 1, 0);
    add(d, t, "d", 2, 0);
    add(d, t, "e", 3, 0);
    table_sort(t, 1, true);
    assert_names(t, "eadcb");
    table_sort(t, 1, false);
    assert_names(t, "cadeb");
    assert_int_equal(t->sort_column, 1);
    table_sort(t, 7, false); /* no such column: nothing happens */
    assert_names(t, "cadeb");
    doc_free(d);
}

static void many_rows_are_sorted(void **state)
{
    (void)state;
    struct doc *d = doc_new("v", "V");
    struct table *t = &doc_table(d, "rows", "Rows", COLUMNS, 2)->table;
    unsigned seed = 1;
    for (int i = 0; i < 10000; i++)
        add(d, t, "x", rand_r(&seed) % 100, 0);
    table_sort(t, 1, false);
    for (size_t i = 1; i < t->n_rows; i++)
        assert_true(t->rows[i - 1].cells[1].i <= t->rows[i].cells[1].i);
    doc_free(d);
}

static void trees_sort_among_siblings(void **state)
{
    (void)state;
    struct doc *d = doc_new("v", "V");
    struct section *s = doc_section(d, SECTION_TREE, "rows", "Rows");
    struct table *t = &s->table;
    t->columns = COLUMNS;
    t->n_columns = 2;
    add(d, t, "r", 1, 0);
    add(d, t, "a", 1, 1);
    add(d, t, "x", 1, 2);
    add(d, t, "y", 2, 2);
    add(d, t, "b", 2, 1);
    add(d, t, "z", 9, 2);
    table_sort(t, 1, true);
    assert_names(t, "rbzayx");
    doc_free(d);
}

static bool only(const struct table *t, const struct row *r, void *ctx)
{
    (void)t;
    return !strcmp(r->cells[0].s, ctx);
}

static void a_filter_keeps_the_way_to_a_row(void **state)
{
    (void)state;
    struct doc *d = doc_new("v", "V");
    struct section *s = doc_section(d, SECTION_TREE, "rows", "Rows");
    struct table *t = &s->table;
    t->columns = COLUMNS;
    t->n_columns = 2;
    add(d, t, "r", 1, 0);
    add(d, t, "a", 1, 1);
    add(d, t, "x", 1, 2);
    add(d, t, "b", 2, 1);
    add(d, t, "z", 9, 2);
    table_choose(t, &(struct table_choice){.column = -1, .keep = only, .ctx = "z"});
    assert_names(t, "rbz");
    doc_free(d);
}

static void cells_are_written_for_people(void **state)
{
    (void)state;
    struct doc *d = doc_new("v", "V");
    static const struct column routes[] = {
        {.key = "route", .title = "Route"},
        {.key = "share", .title = "Share", .unit = UNIT_SHARE},
        {.key = "evidence", .title = "Evidence", .flags = COLUMN_HIDDEN},
    };
    struct table *list = doc_list(d, routes, 3);
    for (int i = 0; i < 20; i++) {
        struct row *r = doc_row(d, list);
        r->cells[0] = cell_text("GET /x");
        r->cells[1] = cell_real(0.5);
        r->cells[2] = cell_text("hidden");
    }
    list->n_rows = 2;
    static const struct column ns = {.key = "t", .unit = UNIT_NS};
    struct strbuf b = {0};
    cell_format(&ns, cell_int(1234567), &b);
    strbuf_char(&b, '|');
    cell_format(&ns, cell_int(SD_UNKNOWN), &b);
    strbuf_char(&b, '|');
    cell_format(&ns, cell_real(NAN), &b);
    strbuf_char(&b, '|');
    cell_format(&ns, cell_bool(true), &b);
    strbuf_char(&b, '|');
    cell_format(&ns, cell_list(list), &b);
    assert_string_equal(b.text, "1.23 ms|-|-|yes|GET /x 50.0 %, GET /x 50.0 %");
    strbuf_free(&b);
    doc_free(d);
}

static size_t capitals(const char *text, struct text_span *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; text[i] && n < max; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            out[n++] = (struct text_span){.start = i, .len = 1, .part = TEXT_KEYWORD};
    return n;
}

static char *one_word_a_line(const char *text)
{
    char *s = mem_strdup(text);
    for (char *p = s; *p; p++)
        *p = *p == ' ' ? '\n' : *p;
    return s;
}

/* All about a row: a text in a language is laid out, its parts have a style; what is copied is as it was. */
static void texts_in_a_language_are_laid_out(void **state)
{
    (void)state;
    static const struct text_language words = {.spans = capitals, .lay_out = one_word_a_line};
    static const struct column columns[] = {
        {.key = "name", .title = "Name", .help = "name"},
        {.key = "text", .title = "Text", .help = "text", .language = &words}};
    struct doc *d = doc_new("v", "V");
    struct section *s = doc_table(d, "rows", "Rows", columns, 2);
    struct row *r = doc_row(d, &s->table);
    r->cells[0] = cell_text("A row");
    r->cells[1] = cell_text("some Words Here");
    const char *about = table_row_about(d, s, r, true);
    assert_string_equal(about, "Name  A row\nText  \nsome\nWords\nHere");
    struct text_span spans[8];
    assert_int_equal(doc_spans(d, about, spans, 8), 2);
    assert_int_equal(about[spans[0].start], 'W');
    assert_int_equal(about[spans[1].start], 'H');
    assert_int_equal(doc_spans(d, about, spans, 1), 1);
    assert_int_equal(doc_spans(d, "another", spans, 8), 0);
    r->cells[1] = cell_text("Word");
    assert_string_equal(table_row_about(d, s, r, true), "Name  A row\nText  Word");
    doc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorting_is_stable_and_unknown_comes_last),
        cmocka_unit_test(many_rows_are_sorted),
        cmocka_unit_test(trees_sort_among_siblings),
        cmocka_unit_test(a_filter_keeps_the_way_to_a_row),
        cmocka_unit_test(cells_are_written_for_people),
        cmocka_unit_test(texts_in_a_language_are_laid_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
