/* Layout by its properties; panes and widgets on small docs. */
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "ui/layout.h"
#include "ui/section/section.h"
#include "ui/widgets.h"
#include "core/table.h"

/* ---- layout ---- */

static const struct column TEXT_COLUMNS[] = {
    {.key = "name", .title = "Name", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 10},
    {.key = "p99_ns", .title = "P99", .unit = UNIT_NS, .priority = 1},
    {.key = "share", .title = "Share", .unit = UNIT_SHARE, .flags = COLUMN_BAR},
    {.key = "rare", .title = "Rare", .unit = UNIT_COUNT, .priority = 5},
};

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static struct doc *any_doc(uint32_t *seed)
{
    struct doc *d = doc_new("any", "Any");
    size_t n = next(seed) % 8;
    for (size_t i = 0; i < n; i++) {
        enum section_kind kind = (enum section_kind)(next(seed) % SECTION_KINDS);
        struct section *s;
        if (kind == SECTION_TABLE || kind == SECTION_TREE) {
            s = doc_table(d, "rows", "Rows", TEXT_COLUMNS, ARRAY_LEN(TEXT_COLUMNS));
            s->kind = kind;
            for (uint32_t k = next(seed) % 40; k > 0; k--)
                doc_row(d, &s->table)->depth = (int)(k % 4);
        } else {
            s = doc_section(d, kind, "x", "Any");
        }
        if (kind == SECTION_TEXT)
            s->text = doc_printf(d, "%0*d", (int)(next(seed) % 500), 1);
        if (kind == SECTION_FIELDS)
            for (uint32_t k = next(seed) % 20; k > 0; k--)
                section_field(d, s, "k", "Label", UNIT_NS, cell_int(k));
        s->weight = (int)(next(seed) % 4);
        s->min_height = (int)(next(seed) % 6);
        s->empty = "There is nothing, and this says why.";
    }
    return d;
}

static void panes_never_overlap_nor_leave_the_screen(void **state)
{
    (void)state;
    uint32_t seed = 3;
    for (int round = 0; round < 4000; round++) {
        struct doc *d = any_doc(&seed);
        struct rect out[64], area = {(int)(next(&seed) % 3), (int)(next(&seed) % 3), (int)(next(&seed) % 260),
                                     (int)(next(&seed) % 90)};
        size_t focus = d->n_sections ? next(&seed) % d->n_sections : 0;
        bool zoom = next(&seed) % 9 == 0;
        layout_panes(d, area, focus, zoom, out);
        for (size_t i = 0; i < d->n_sections; i++) {
            struct rect r = out[i];
            assert_true(r.w >= 0 && r.h >= 0);
            if (r.w == 0 || r.h == 0)
                continue;
            assert_true(r.x >= area.x && r.y >= area.y && r.x + r.w <= area.x + area.w &&
                        r.y + r.h <= area.y + area.h);
            for (size_t k = 0; k < i; k++) {
                struct rect o = out[k];
                bool apart = o.w == 0 || o.h == 0 || r.x >= o.x + o.w || o.x >= r.x + r.w ||
                             r.y >= o.y + o.h - 1 || o.y >= r.y + r.h - 1; /* but for one border */
                assert_true(apart);
            }
        }
        if (d->n_sections && area.w > 0 && area.h > 0) /* where the keys go is always seen */
            assert_true(out[focus].w > 0 && out[focus].h > 0);
        doc_free(d);
    }
}

/* ---- panes ---- */

static struct doc *findings(const char *const *names, const char *const *args, size_t n)
{
    struct doc *d = doc_new("findings", "Findings");
    struct section *s = doc_table(d, "rows", "Findings", TEXT_COLUMNS, ARRAY_LEN(TEXT_COLUMNS));
    for (size_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(names[i]);
        r->cells[1] = cell_int((int64_t)(n - i) * SD_MS);
        r->cells[2] = cell_real((double)i / (double)n);
        r->dive = (struct dive){.view = "endpoint", .arg = doc_text(d, args[i])};
    }
    return d;
}

static void selection_stays_on_the_second_row_about_one_thing(void **state)
{
    (void)state;
    static const char *const names[] = {"slow", "errors", "other"}, *const args[] = {"A", "A", "B"};
    struct pane *p = pane_new("rows");
    struct doc *d = findings(names, args, 3);
    pane_apply(p, &d->sections[0]);
    pane_select(p, &d->sections[0], 1);
    doc_free(d);
    d = findings(names, args, 3);
    pane_apply(p, &d->sections[0]);
    assert_int_equal(p->selected, 1);
    doc_free(d);
    d = findings(names, args, 1); /* its row is gone: what is left */
    pane_apply(p, &d->sections[0]);
    assert_int_equal(p->selected, 0);
    doc_free(d);
    pane_free(p);
}

static void branches_fold_and_open(void **state)
{
    (void)state;
    static const char *const names[] = {"root", "left", "leaf", "right"}, *const args[] = {"1", "2", "3",
                                                                                           "4"};
    static const int depths[] = {0, 1, 2, 1};
    struct pane *p = pane_new("nodes");
    for (int pass = 0; pass < 3; pass++) {
        struct doc *d = findings(names, args, 4);
        struct section *s = &d->sections[0];
        s->kind = SECTION_TREE;
        for (int i = 0; i < 4; i++)
            s->table.rows[i].depth = depths[i];
        pane_apply(p, s);
        static const size_t shown[] = {4, 3, 4};
        assert_int_equal(table_rows(&s->table), shown[pass]);
        pane_select(p, s, 1);
        assert_true(pane_fold(p, s, pass == 1)); /* closes, then opens */
        doc_free(d);
    }
    pane_free(p);
}

static void going_to_a_row_opens_what_it_is_in(void **state)
{
    (void)state;
    static const char *const names[] = {"root", "left", "leaf", "right"}, *const args[] = {"1", "2", "3",
                                                                                           "4"};
    static const int depths[] = {0, 1, 2, 1};
    struct sd_error err = {""};
    struct pane *p = pane_new("nodes");
    struct doc *d = findings(names, args, 4);
    struct section *s = &d->sections[0];
    s->kind = SECTION_TREE;
    for (int i = 0; i < 4; i++) {
        s->table.rows[i].depth = depths[i];
        s->table.rows[i].closed = i == 1; /* by itself */
    }
    pane_apply(p, s);
    pane_fold(p, s, 0); /* the root, by the user */
    pane_apply(p, s);
    assert_int_equal(table_rows(&s->table), 1);
    uint64_t leaf = table_identity_numbered(&s->table, 2);
    assert_true(pane_go_to(p, s, leaf));
    assert_int_equal(table_rows(&s->table), 4);
    assert_int_equal(p->selected, 2);
    assert_false(pane_go_to(p, s, 12345));
    assert_true(pane_set_filter(p, "right", &err));
    assert_false(pane_go_to(p, s, leaf)); /* the filter hides it */
    doc_free(d);
    pane_free(p);
}

static void patterns_find_hostile_text_and_end(void **state)
{
    (void)state;
    struct sd_error err = {""};
    assert_null(regex_new("(", &err));
    assert_non_null(strstr(err.text, "regular expression"));
    struct regex *r = regex_new("caf\xc3\xa9|\\bx", &err);
    assert_true(regex_matches(r, "\xff\xfe x"));
    assert_true(regex_matches(r, "CAF\xc3\x89"));
    regex_free(r);
    r = regex_new("(x+x+)+y", &err);
    char *many = mem_alloc(5001);
    memset(many, 'x', 5000);
    assert_false(regex_matches(r, many));
    free(many);
    regex_free(r);
}

/* ---- widgets ---- */

static void shows(const struct grid *g, const char *text)
{
    struct strbuf b = {0};
    grid_dump(g, &b);
    if (!strstr(strbuf_text(&b), text))
        fail_msg("\"%s\" is not drawn:\n%s", text, strbuf_text(&b));
    strbuf_free(&b);
}

static void narrow_tables_keep_what_matters(void **state)
{
    (void)state;
    static const char *const names[] = {"GET /orders/:id", "GET /products"}, *const args[] = {"A", "B"};
    struct doc *d = findings(names, args, 2);
    struct pane *p = pane_new("rows");
    pane_apply(p, &d->sections[0]);
    for (int ascii = 0; ascii < 2; ascii++) {
        for (int w = 1; w < 120; w++) {
            struct grid *g = grid_new(w, 4, ascii);
            table_draw((struct draw){.grid = g, .in = {0, 0, w, 4}, .focused = true}, &d->sections[0], p);
            if (w >= 30)
                shows(g, "GET /o");
            if (w >= 80)
                shows(g, "Rare");
            grid_free(g);
        }
    }
    pane_free(p);
    doc_free(d);
}

static bool holds(const struct grid *g, uint32_t code)
{
    for (int i = 0; i < g->width * g->height; i++)
        if (g->cells[i].code == code)
            return true;
    return false;
}

static void draw_graph(struct grid *g, int w, int h, struct doc *d, struct section *s)
{
    struct pane p = {0};
    section_ops(s)->draw((struct draw){.grid = g, .in = {0, 0, w, h}}, d, s, &p);
}

/* Layers differ without colours, are named in the order they lie, and are as high as they
 * are; what finds no line in the list is in (other); unknown is empty, nothing a low line. */
static void layers_lie_on_each_other(void **state)
{
    (void)state;
    static const char *const names[] = {"CPU",  "IO:DataFileRead", "Lock:tuple", "LWLock:WALWrite", "IPC:x",
                                        "IO:y", "(other)"};
    static const uint32_t codes[2][3] = {{0x2588, 0x2592, 0x2591}, {'#', '%', '.'}};
    struct doc *d = doc_new("x", "X");
    struct section *s = doc_section(d, SECTION_GRAPH, "g", "By wait");
    s->graph = (struct graph){.from = 0, .to = 60 * SD_S, .n_points = 60, .unit = UNIT_LOAD, .stacked = true};
    for (size_t l = 0; l < ARRAY_LEN(names); l++) {
        struct graph_line *line = doc_line(d, &s->graph, names[l]);
        for (size_t i = 0; i < 50; i++) /* then unknown */
            line->values[i] = i < 10 ? 0 : l < 2 ? 2 : 0.1;
        line->share = l < 2 ? 0.4 : 0.04;
        line->rest = l + 1 == ARRAY_LEN(names);
    }
    assert_true(fabs(graph_sum(&s->graph, 20) - 4.5) < 1e-9);
    assert_true(isnan(graph_sum(&s->graph, 55)));
    for (int ascii = 0; ascii < 2; ascii++) {
        for (int w = 1; w < 130; w++) {
            for (int h = 1; h < 14; h++) {
                struct grid *g = grid_new(w, h, ascii);
                draw_graph(g, w, h, d, s);
                if (w >= 60 && h >= 5) {
                    shows(g, "CPU");
                    shows(g, "IO:Data");
                    shows(g, "(other)");
                    shows(g, "40 %");
                    shows(g, "5.00");
                    for (size_t k = 0; k < 3; k++)
                        assert_true(holds(g, codes[ascii][k]));
                }
                if (w >= 48 && w < 60 && h >= 3)
                    shows(g, "CPU 2.00");
                grid_free(g);
            }
        }
    }
    struct grid *g = grid_new(120, 11, true);
    draw_graph(g, 120, 11, d, s);
    struct strbuf b = {0};
    grid_dump(g, &b);
    size_t lines[ARRAY_LEN(names)];
    for (size_t l = 0; l < ARRAY_LEN(names); l++) {
        const char *at = strstr(b.text, names[l]);
        assert_non_null(at);
        lines[l] = (size_t)(at - b.text);
        assert_true(l == 0 || lines[l] < lines[l - 1]); /* the top layer stands first */
    }
    /* A column of the busy time: 4 of 10 lines are the first layer, 4 the second. */
    int n[128] = {0}, x = 8 + 30;
    for (int y = 0; y < 10; y++)
        n[g->cells[y * 120 + x].code & 127]++;
    assert_int_equal(n['#'], 4);
    assert_int_equal(n['%'], 4);
    assert_int_equal(g->cells[9 * 120 + 8].code, '_');
    strbuf_free(&b);
    grid_free(g);
    doc_free(d);
}

/* Which line is which is said in words at any width, with and without UTF-8. */
static void graph_lines_are_named(void **state)
{
    (void)state;
    struct doc *d = doc_new("x", "X");
    struct section *s = doc_section(d, SECTION_GRAPH, "g", "Latency");
    s->graph = (struct graph){.from = 0, .to = 60 * SD_S, .n_points = 30, .unit = UNIT_NS};
    struct graph_line *a = doc_line(d, &s->graph, "p99_ns"), *b;
    for (size_t i = 0; i < 30; i++)
        a->values[i] = i % 7 ? 4e8 : NAN;
    b = doc_line(d, &s->graph, "p50_ns");
    for (size_t i = 0; i < 30; i++)
        b->values[i] = 2e6;
    for (int ascii = 0; ascii < 2; ascii++) {
        for (int w = 1; w < 130; w++) {
            for (int h = 1; h < 14; h++) {
                struct grid *g = grid_new(w, h, ascii);
                draw_graph(g, w, h, d, s);
                if (w >= 60 && h >= 4) {
                    shows(g, "p99");
                    shows(g, "p50");
                    shows(g, "500 ms");
                }
                grid_free(g);
            }
        }
    }
    doc_free(d);
}

static void text_wraps_and_scrolls(void **state)
{
    (void)state;
    assert_int_equal(text_height("one two three", 80), 1);
    assert_int_equal(text_height("one two three", 7), 2);
    assert_int_equal(text_height("a\nb\n\nc", 10), 4);
    for (int w = 1; w < 40; w++) {
        struct grid *g = grid_new(w, 5, false);
        struct pane p = {.top = 1000000};
        text_draw((struct draw){.grid = g, .in = {0, 0, w, 5}},
                  "SELECT 漢字漢字漢字 FROM\norders\x1b[2J WHERE x = 1", STYLE_TEXT, &p);
        shows(g, "1"); /* scrolled past the end: the end */
        grid_free(g);
    }
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panes_never_overlap_nor_leave_the_screen),
        cmocka_unit_test(selection_stays_on_the_second_row_about_one_thing),
        cmocka_unit_test(branches_fold_and_open),
        cmocka_unit_test(going_to_a_row_opens_what_it_is_in),
        cmocka_unit_test(patterns_find_hostile_text_and_end),
        cmocka_unit_test(narrow_tables_keep_what_matters),
        cmocka_unit_test(graph_lines_are_named),
        cmocka_unit_test(layers_lie_on_each_other),
        cmocka_unit_test(text_wraps_and_scrolls),
    };
    return cmocka_run_group_tests_name("panes", tests, NULL, NULL);
}
