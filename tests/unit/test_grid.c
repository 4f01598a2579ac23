/* Cells: clipping, wide characters at edges, hostile text, plain characters. */
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "ui/grid.h"

static struct rect whole(const struct grid *g)
{
    return (struct rect){0, 0, g->width, g->height};
}

static void expect_dump(const struct grid *g, const char *expected)
{
    struct strbuf b = {0};
    grid_dump(g, &b);
    assert_string_equal(strbuf_text(&b), expected);
    strbuf_free(&b);
}

static void text_is_clipped_and_counted(void **state)
{
    (void)state;
    struct grid *g = grid_new(8, 2, false);
    assert_int_equal(grid_text(g, whole(g), 1, 0, 4, STYLE_TEXT, "abcdef"), 4);
    assert_int_equal(grid_text(g, (struct rect){2, 1, 3, 1}, 0, 1, 99, STYLE_TEXT, "abcdef"), 5);
    expect_dump(g, " abcd\n  cde\n");
    assert_int_equal(grid_text(g, whole(g), 3, 7, 5, STYLE_TEXT, "x"), 1);
    assert_int_equal(grid_text(g, whole(g), 3, 0, -5, STYLE_TEXT, "x"), 0);
    assert_int_equal(grid_text(g, (struct rect){-9, -9, 4, 4}, 0, 0, 5, STYLE_TEXT, "x"), 0);
    expect_dump(g, " abcd\n  cde\n");
    grid_free(g);
}

static void wide_characters_are_never_cut_in_half(void **state)
{
    (void)state;
    struct grid *g = grid_new(6, 1, false);
    grid_text(g, whole(g), 0, 0, 5, STYLE_TEXT, "漢字漢");
    expect_dump(g, "漢字\n");                         /* the third has one column: a space */
    grid_text(g, whole(g), 1, 0, 1, STYLE_TEXT, "x"); /* over the right half of the first */
    expect_dump(g, " x字\n");
    grid_text(g, whole(g), 2, 0, 1, STYLE_TEXT, "y"); /* over the left half of the second */
    expect_dump(g, " xy\n");
    grid_clear(g);
    grid_text(g, (struct rect){1, 0, 5, 1}, 0, 0, 6, STYLE_TEXT, "漢字");
    expect_dump(g, "  字\n"); /* its left half is clipped away */
    grid_free(g);
}

static void hostile_text_leaves_no_control(void **state)
{
    (void)state;
    static const char *const evil[] = {"\x1b[2J\x1b]0;x\a",
                                       "\xc2\x9b"
                                       "31m",
                                       "\xe2\x80\xae"
                                       "abc",
                                       "\xff\xfe\x80",
                                       "a\r\nb\tc\v",
                                       "e\xcc\x81\xcc\x81",
                                       "\x7f\x01\x02",
                                       "\xf4\x90\x80\x80"};
    for (int ascii = 0; ascii < 2; ascii++) {
        struct grid *g = grid_new(20, (int)ARRAY_LEN(evil), ascii);
        for (size_t i = 0; i < ARRAY_LEN(evil); i++)
            grid_text(g, whole(g), 0, (int)i, 20, STYLE_TEXT, evil[i]);
        for (int i = 0; i < g->width * g->height; i++) {
            uint32_t c = g->cells[i].code;
            assert_true(c >= 0x20 && !(c >= 0x7F && c < 0xA0) && c != 0x202E && c <= 0x10FFFF);
            assert_true(!ascii || c < 0x7F);
        }
        grid_free(g);
    }
}

static void drawings_have_plain_forms(void **state)
{
    (void)state;
    static const uint32_t codes[] = {0x2500, 0x2502, 0x253C, 0x28FF, 0x2801,
                                     0x2880, 0x2588, 0x2192, 0x2022, 0x2550};
    struct grid *g = grid_new((int)ARRAY_LEN(codes), 1, true);
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        grid_put(g, whole(g), (int)i, 0, STYLE_TEXT, codes[i]);
    expect_dump(g, "-|+:'.#>*=\n");
    grid_free(g);
}

static void boxes_give_their_inside(void **state)
{
    (void)state;
    struct grid *g = grid_new(24, 3, false);
    struct rect in = grid_box(g, whole(g), STYLE_BORDER, "Plan", "live");
    assert_int_equal(in.x, 1);
    assert_int_equal(in.y, 1);
    assert_int_equal(in.w, 22);
    assert_int_equal(in.h, 1);
    expect_dump(g, "┌─ Plan ──────── live ─┐\n│                      │\n└──────────────────────┘\n");
    for (int w = -2; w < 6; w++)
        for (int h = -2; h < 6; h++)
            grid_box(g, (struct rect){w - 3, h - 3, w, h}, STYLE_FOCUS, "T", "note");
    grid_free(g);
}

/* Any rectangle, any place, any text: the grid stays whole (ASan watches). */
static void nothing_is_written_outside(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (int i = 0; i < 3000; i++) {
        int v[8];
        for (size_t k = 0; k < ARRAY_LEN(v); k++) {
            seed = seed * 1664525u + 1013904223u;
            v[k] = (int)(seed >> 24) % 41 - 10;
        }
        struct grid *g = grid_new(v[0], v[1], seed & 1);
        struct rect r = {v[2], v[3], v[4], v[5]};
        grid_text(g, r, v[6], v[7], v[0], STYLE_TEXT, "a漢b字\x1b[0mc");
        grid_put(g, r, v[7], v[6], STYLE_TEXT, 0x28FF);
        grid_fill(g, r, STYLE_DIM);
        grid_style(g, r, STYLE_BAD, GRID_BOLD);
        grid_box(g, r, STYLE_FOCUS, "漢字", "note 字");
        for (int c = 0; c < g->width * g->height; c++) {
            if (g->cells[c].code == 0)
                assert_true(c % g->width > 0 && g->cells[c - 1].code > 0x7F);
        }
        grid_free(g);
    }
    struct grid *g = grid_new(4, 4, false);
    struct rect huge = {INT32_MIN / 2, INT32_MIN / 2, INT32_MAX, INT32_MAX};
    grid_fill(g, huge, STYLE_TEXT);
    grid_text(g, huge, INT32_MAX, 0, INT32_MAX, STYLE_TEXT, "x");
    grid_free(g);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_clipped_and_counted),
        cmocka_unit_test(wide_characters_are_never_cut_in_half),
        cmocka_unit_test(hostile_text_leaves_no_control),
        cmocka_unit_test(drawings_have_plain_forms),
        cmocka_unit_test(boxes_give_their_inside),
        cmocka_unit_test(nothing_is_written_outside),
    };
    return cmocka_run_group_tests_name("grid", tests, NULL, NULL);
}
