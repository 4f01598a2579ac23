/* Themes: parsing, colours for poorer terminals, readability of those compiled in. */
#include "conf/theme.h"
#include "ui/grid.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static const char *const STYLE_NAMES[] = {
#define NAME(UPPER, lower, help) #lower,
    STYLES(NAME)
#undef NAME
        NULL};

static bool parse(struct theme *t, const char *text, struct sd_error *err)
{
    return theme_parse(t, "t.yaml", text, strlen(text), STYLE_NAMES, err);
}

/* WCAG 2.1, "relative luminance" and "contrast ratio". */
static double luminance(int32_t rgb)
{
    double sum = 0;
    static const double weight[3] = {0.2126, 0.7152, 0.0722};
    for (int i = 0; i < 3; i++) {
        double c = (rgb >> (16 - 8 * i) & 255) / 255.0;
        sum += weight[i] * (c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(int32_t a, int32_t b)
{
    double la = luminance(a), lb = luminance(b);
    return (MAX(la, lb) + 0.05) / (MIN(la, lb) + 0.05);
}

static void check_contrast(const char *name, int32_t foreground, int32_t background)
{
    struct theme t;
    struct sd_error err = {0};
    if (!theme_load(&t, name, STYLE_NAMES, &err))
        fail_msg("%s", err.text);
    for (int s = 0; s < STYLE_COUNT; s++) {
        bool drawing = s == STYLE_BORDER || (s >= STYLE_GRAPH1 && s <= STYLE_HEAT5);
        int32_t fg = t.styles[s].fg < 0 ? foreground : t.styles[s].fg;
        int32_t bg = t.styles[s].bg < 0 ? background : t.styles[s].bg;
        double least = s >= STYLE_HEAT1 && s <= STYLE_HEAT2 ? 1.7 : drawing ? 2.4 : 4.5;
        if (contrast(fg, bg) < least)
            fail_msg("%s: %s has contrast %.2f, expected %.1f", name, STYLE_NAMES[s], contrast(fg, bg),
                     least);
    }
}

static void builtin_themes_are_readable(void **state)
{
    (void)state;
    check_contrast("dark", 0xd0d0d0, 0x000000);
    check_contrast("dark", 0xd0d0d0, 0x1e1e1e);
    check_contrast("light", 0x202020, 0xffffff);
}

static void builtin_themes_name_every_style(void **state)
{
    (void)state;
    for (const char *const *name = theme_builtin_names(); *name; name++) {
        struct theme t;
        struct sd_error err = {0};
        assert_true(theme_load(&t, *name, STYLE_NAMES, &err));
        assert_string_equal(t.name, *name);
        bool selected = t.styles[STYLE_SELECTED].bg >= 0 || t.styles[STYLE_SELECTED].attrs & THEME_REVERSE;
        assert_true(selected);
        if (strcmp(*name, "dark") == 0) { /* with eight colours: white on blue, black on yellow */
            assert_true(t.styles[STYLE_SELECTED].bg8 == 4 && t.styles[STYLE_SELECTED].fg8 == 7);
            assert_true(t.styles[STYLE_MATCH].bg8 == 3 && t.styles[STYLE_MATCH].fg8 == 0);
        }
        if (strcmp(*name, "mono") == 0) {
            for (int s = 0; s < STYLE_COUNT; s++)
                assert_true(t.styles[s].fg == -1 && t.styles[s].bg == -1);
        }
    }
}

static bool looks_same(const struct theme_style *a, const struct theme_style *b)
{
    return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

/* Where one is: the active tab beside the others, the pane in focus beside the others. */
static void what_is_active_looks_different(void **state)
{
    (void)state;
    for (const char *const *name = theme_builtin_names(); *name; name++) {
        struct theme t;
        struct sd_error err = {0};
        assert_true(theme_load(&t, *name, STYLE_NAMES, &err));
        static const struct {
            enum style active, other;
        } pairs[] = {{STYLE_HERE, STYLE_CRUMB},
                     {STYLE_HERE, STYLE_KEY},
                     {STYLE_HERE, STYLE_DIM},
                     {STYLE_HERE, STYLE_TITLE},
                     {STYLE_FOCUS, STYLE_BORDER}};
        for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
            if (looks_same(&t.styles[pairs[i].active], &t.styles[pairs[i].other]))
                fail_msg("%s: %s looks like %s", *name, STYLE_NAMES[pairs[i].active],
                         STYLE_NAMES[pairs[i].other]);
    }
}

static void colours_are_reduced(void **state)
{
    (void)state;
    struct theme t;
    struct sd_error err = {0};
    assert_true(
        parse(&t,
              "palette: {sea: '#0087ff'}\n"
              "styles: {text: '#ff0000', dim: 110, title: bright-red bold, header: sea on 16 underline,\n"
              "  bar: '#e0e0e0 on #202020', good: '#26a641', link: default on default}\n",
              &err));
    assert_int_equal(t.styles[STYLE_TEXT].fg, 0xff0000);
    assert_int_equal(t.styles[STYLE_TEXT].fg256, 196);
    assert_int_equal(t.styles[STYLE_TEXT].fg8, 1);
    assert_int_equal(t.styles[STYLE_TEXT].bg, -1);
    assert_int_equal(t.styles[STYLE_DIM].fg256, 110);
    assert_int_equal(t.styles[STYLE_DIM].fg, 0x87afd7);
    assert_int_equal(t.styles[STYLE_TITLE].fg256, 9);
    assert_int_equal(t.styles[STYLE_TITLE].fg8, 1);
    assert_int_equal(t.styles[STYLE_TITLE].attrs, THEME_BOLD);
    assert_int_equal(t.styles[STYLE_HEADER].fg256, 33);
    assert_int_equal(t.styles[STYLE_HEADER].bg256, 16);
    assert_int_equal(t.styles[STYLE_HEADER].attrs, THEME_UNDERLINE);
    assert_int_equal(t.styles[STYLE_BAR].bg8, -2); /* grey on grey: reverse video */
    assert_int_equal(t.styles[STYLE_BAR].fg8, -1);
    assert_int_equal(t.styles[STYLE_GOOD].fg8, 2);
    assert_int_equal(t.styles[STYLE_LINK].bg, -1);
    assert_int_equal(t.styles[STYLE_BAD].fg, -1); /* not named */
}

static void mistakes_are_placed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where, *word;
    } cases[] = {
        {"styles:\n  txt: red\n", "t.yaml:2:3: ", "text"},
        {"styles:\n  text: rde\n", "t.yaml:2:9: ", "rde"},
        {"styles:\n  text: '#12345'\n", "t.yaml:2:9: ", "#12345"},
        {"styles:\n  text: 256\n", "t.yaml:2:9: ", "256"},
        {"styles:\n  text: red on\n", "t.yaml:2:9: ", "on"},
        {"styles:\n  text: red blue\n", "t.yaml:2:9: ", "blue"},
        {"styles:\n  text: [red]\n", "t.yaml:2:9: ", "a list"},
        {"styles: 3\n", "t.yaml:1:9: ", "styles"},
        {"style: {}\n", "t.yaml:1:1: ", "style"},
        {"palette: {a: b}\n", "t.yaml:1:14: ", "a is not a colour"},
        {"- 1\n", "t.yaml:1:1: ", "styles"},
        {"", "t.yaml:1:1: ", "styles"},
        {"styles: {text: [", "t.yaml:2:", "expected"},
        {"styles: {text: red\x01}", "t.yaml:1:19: ", "control"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct theme t;
        struct sd_error err = {0};
        assert_false(parse(&t, cases[i].text, &err));
        if (!str_starts(err.text, cases[i].where) || !strstr(err.text, cases[i].word))
            fail_msg("%s gave: %s", cases[i].text, err.text);
    }
}

static void names_and_paths(void **state)
{
    (void)state;
    struct theme t;
    struct sd_error err = {0};
    char folder[] = "/tmp/slowdive-theme-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    setenv("XDG_CONFIG_HOME", folder, 1);
    snprintf(path, sizeof path, "%s/slowdive", folder);
    assert_false(theme_load(&t, "sea", STYLE_NAMES, &err));
    assert_non_null(strstr(err.text, "sea"));
    char *folders[2] = {mem_strdup(path), mem_printf("%s/themes", path)};
    assert_int_equal(mkdir(folders[0], 0700), 0);
    assert_int_equal(mkdir(folders[1], 0700), 0);
    snprintf(path, sizeof path, "%s/slowdive/themes/sea.yaml", folder);
    FILE *f = fopen(path, "w");
    fputs("styles: {text: blue}\n", f);
    fclose(f);
    assert_true(theme_load(&t, "sea", STYLE_NAMES, &err));
    assert_int_equal(t.styles[STYLE_TEXT].fg8, 4);
    assert_true(theme_load(&t, path, STYLE_NAMES, &err));
    assert_string_equal(t.name, "sea.yaml");
    unlink(path);
    rmdir(folders[1]);
    rmdir(folders[0]);
    rmdir(folder);
    free(folders[0]);
    free(folders[1]);
    assert_false(theme_load(&t, path, STYLE_NAMES, &err));
    assert_string_equal(t.name, "sea.yaml"); /* untouched */
    assert_false(theme_load(&t, "", STYLE_NAMES, &err));
    assert_false(theme_load(&t, "../../etc/passwd", STYLE_NAMES, &err));
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builtin_themes_are_readable),
        cmocka_unit_test(builtin_themes_name_every_style),
        cmocka_unit_test(what_is_active_looks_different),
        cmocka_unit_test(colours_are_reduced),
        cmocka_unit_test(mistakes_are_placed),
        cmocka_unit_test(names_and_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
