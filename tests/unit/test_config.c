/* The configuration file: everything right is taken, everything wrong is placed. */
#include "conf/config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void collect(void *ctx, const char *sentence)
{
    strbuf_str(ctx, sentence);
    strbuf_char(ctx, '\n');
}

static int read_text(struct config *c, const char *text, struct strbuf *problems)
{
    return config_read_text(c, "f.yaml", text, strlen(text), collect, problems);
}

static void defaults(void **state)
{
    (void)state;
    setenv("HOME", "/home/ada", 1);
    unsetenv("XDG_STATE_HOME");
    struct config *c = config_new(NULL);
    const struct settings *s = c->settings;
    assert_string_equal(s->theme, "dark");
    assert_string_equal(s->unicode, "auto");
    assert_string_equal(s->color, "auto");
    assert_true(s->mouse);
    assert_int_equal(s->refresh_ns, 1000000000);
    assert_int_equal(s->window_ns, 60000000000);
    assert_int_equal(s->retention_ns, 900000000000);
    assert_int_equal(s->memory_bytes, 64 << 20);
    assert_false(s->show_literals);
    assert_false(s->allow_actions);
    assert_string_equal(s->log_file, "/home/ada/.local/state/slowdive/slowdive.log");
    assert_true(str_ends(s->module_path, "/lib/slowdive:/home/ada/.local/lib/slowdive"));
    assert_true(!s->routes || !s->routes[0]);
    assert_int_equal(c->n_sources, 0);
    assert_int_equal(keymap_lookup(c->keymap, K_ENTER), ACTION_DIVE);
    config_free(c);
}

static void state_home_is_honoured(void **state)
{
    (void)state;
    setenv("XDG_STATE_HOME", "/var/state", 1);
    struct config *c = config_new(NULL);
    assert_string_equal(c->settings->log_file, "/var/state/slowdive/slowdive.log");
    config_free(c);
    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    c = config_new(NULL);
    assert_string_equal(c->settings->log_file, "");
    assert_null(strchr(c->settings->module_path, ':'));
    assert_null(config_default_path());
    config_free(c);
    setenv("HOME", "/home/ada", 1);
}

/* What --print-config prints reads back as exactly the defaults, without a problem. */
static void printed_default_is_the_default(void **state)
{
    (void)state;
    struct strbuf text = {0}, problems = {0};
    struct config *a = config_new(NULL), *b = config_new(NULL);
    config_print_default(NULL, &text);
    assert_int_equal(read_text(b, strbuf_text(&text), &problems), 0);
    assert_string_equal(strbuf_text(&problems), "");
    for (const struct sd_option *o = SETTINGS_OPTIONS; o->name; o++) {
        struct strbuf x = {0}, y = {0};
        option_print(o, a->settings, &x);
        option_print(o, b->settings, &y);
        assert_string_equal(strbuf_text(&x), strbuf_text(&y));
        assert_non_null(strstr(strbuf_text(&text), o->name));
        strbuf_free(&x);
        strbuf_free(&y);
    }
    struct keymap *fresh = keymap_new(NULL);
    for (int i = ACTION_NONE + 1; i < ACTION_END; i++) {
        char x[200], y[200];
        assert_string_equal(keymap_keys(fresh, (enum action)i, x, sizeof x),
                            keymap_keys(b->keymap, (enum action)i, y, sizeof y));
    }
    keymap_free(fresh);
    for (char *line = text.text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
    config_free(a);
    config_free(b);
    strbuf_free(&text);
    strbuf_free(&problems);
}

static void a_users_file(void **state)
{
    (void)state;
    struct strbuf problems = {0};
    struct config *c = config_new(NULL);
    int n = read_text(c,
                      "theme: light\nunicode: off\nrefresh: 250ms\nmemory: 128MiB\nmouse: false\n"
                      "log_file: ~/x.log\n"
                      "routes: [/users/:name, '/files/*']\n"
                      "keys: {quit: q, back: [Esc, ' '], pause: []}\n"
                      "sources:\n  - postgres:///shop\n"
                      "  - {source: /var/log/a.log, name: web, format: '$request', routes: [/a, /b]}\n",
                      &problems);
    assert_string_equal(strbuf_text(&problems), "");
    assert_int_equal(n, 0);
    assert_string_equal(c->settings->theme, "light");
    assert_string_equal(c->settings->unicode, "no");
    assert_int_equal(c->settings->refresh_ns, 250000000);
    assert_int_equal(c->settings->memory_bytes, 128 << 20);
    assert_false(c->settings->mouse);
    assert_string_equal(c->settings->log_file, "/home/ada/x.log");
    assert_string_equal(c->settings->routes[0], "/users/:name");
    assert_string_equal(c->settings->routes[1], "/files/*");
    assert_null(c->settings->routes[2]);
    assert_int_equal(keymap_lookup(c->keymap, 'q'), ACTION_QUIT);
    assert_int_equal(keymap_lookup(c->keymap, K_SPACE), ACTION_BACK);
    assert_int_equal(keymap_lookup(c->keymap, K_F1 + 4), ACTION_NONE);
    assert_int_equal(c->n_sources, 2);
    assert_string_equal(c->sources[0].target, "postgres:///shop");
    assert_null(c->sources[0].name);
    assert_null(c->sources[0].options[0]);
    assert_int_equal(c->sources[0].line, 10);
    assert_string_equal(c->sources[1].name, "web");
    assert_string_equal(c->sources[1].options[0], "format=$request");
    assert_string_equal(c->sources[1].options[1], "routes=/a\n/b");
    assert_null(c->sources[1].options[2]);
    config_free(c);
    strbuf_free(&problems);
}

static void mistakes_are_placed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *where, *word;
    } cases[] = {
        {"them: dark\n", "f.yaml:1:1: ", "did you mean \"theme\""},
        {"\n\n  zzz: 1\n", "f.yaml:3:3: ", "zzz"},
        {"refresh: soon\n", "f.yaml:1:10: ", "soon"},
        {"refresh: 1ns\n", "f.yaml:1:10: ", "refresh"},
        {"refresh: [1s]\n", "f.yaml:1:10: ", "a list"},
        {"memory: 1\n", "f.yaml:1:9: ", "memory"},
        {"mouse: maybe\n", "f.yaml:1:8: ", "maybe"},
        {"unicode: maybe\n", "f.yaml:1:10: ", "auto, yes or no"},
        {"theme: dark\ntheme: light\n", "f.yaml:2:1: ", "twice"},
        {"routes: /a\n", "f.yaml:1:9: ", "a list"},
        {"routes: [{}]\n", "f.yaml:1:10: ", "a mapping"},
        {"routes: ['']\n", "f.yaml:1:10: ", "empty"},
        {"keys: 3\n", "f.yaml:1:7: ", "keys"},
        {"keys: {quti: Q}\n", "f.yaml:1:8: ", "did you mean \"quit\""},
        {"keys: {quit: Entr}\n", "f.yaml:1:14: ", "Entr"},
        {"keys:\n  quit: [Q, Entr]\n", "f.yaml:2:13: ", "Entr"},
        {"keys: {quit: [[Q]]}\n", "f.yaml:1:15: ", "a list"},
        {"keys: {quit: a, help: a}\n", "f.yaml:1:23: ", "line 1"},
        {"sources: x\n", "f.yaml:1:10: ", "a list"},
        {"sources: [[]]\n", "f.yaml:1:11: ", "a list"},
        {"sources: [{name: x}]\n", "f.yaml:1:11: ", "source"},
        {"sources: ['']\n", "f.yaml:1:11: ", "empty"},
        {"sources: [{source: a, x: {y: {}}}]\n", "f.yaml:1:30: ", "single values"},
        {"sources: [{source: a, name: n}, {source: b, name: n}]\n", "f.yaml:1:33: ", "used by"},
        {"a: &x 1\ntheme: *x\n", "f.yaml:2:8: ", "*x"},
        {"theme: \"a\\0b\"\n", "f.yaml:1:8: ", "NUL"},
        {"{a: 1}: b\n", "f.yaml:1:1: ", "name"},
        {"[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]\n", "f.yaml:1:13: ", "deep"},
        {"theme: dark\n---\ntheme: light\n", "f.yaml:2:1: ", "second"},
        {"- 1\n", "f.yaml:1:1: ", "NAME: VALUE"},
        {"theme: dark\n\tmouse: no\n", "f.yaml:2:", "expected"},
        {"theme: d\xff\n", "f.yaml:1:9: ", "UTF-8"},
        {"theme: d\x1b\n", "f.yaml:1:9: ", "control"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct strbuf problems = {0};
        struct config *c = config_new(NULL);
        int n = read_text(c, cases[i].text, &problems);
        const char *at = strstr(strbuf_text(&problems), cases[i].where);
        if (n < 1 || !at || !strstr(at, cases[i].word) ||
            (!strstr(at, "expected") && !strstr(at, " is not ") && !strstr(at, "must be")))
            fail_msg("%s gave %d: %s", cases[i].text, n, strbuf_text(&problems));
        config_free(c);
        strbuf_free(&problems);
    }
}

static void the_rest_still_counts(void **state)
{
    (void)state;
    struct strbuf problems = {0};
    struct config *c = config_new(NULL);
    int n =
        read_text(c,
                  "theme: light\nnonsense: 1\nrefresh: soon\nwindow: 5m\nkeys: {quit: [Q, Entr], help: h}\n"
                  "sources: [a.log, {}, b.log]\nmouse: [\n",
                  &problems);
    assert_true(n >= 5);
    assert_string_equal(c->settings->theme, "light");
    assert_int_equal(c->settings->refresh_ns, 1000000000);
    assert_int_equal(c->settings->window_ns, 300000000000);
    assert_int_equal(keymap_lookup(c->keymap, 'Q'), ACTION_QUIT);
    assert_int_equal(keymap_lookup(c->keymap, 'h'), ACTION_HELP);
    assert_int_equal(c->n_sources, 2);
    assert_string_equal(c->sources[1].target, "b.log");
    config_free(c);
    strbuf_free(&problems);
}

/* Problems may hold text of the file: none of it may steer a terminal. */
static void problems_are_printable(void **state)
{
    (void)state;
    struct strbuf problems = {0};
    struct config *c = config_new(NULL);
    read_text(c,
              "\"\\e]0;pwned\\a\\x9b31m\\u202e\": 1\ntheme: dark\nkeys: {\"\\e[2J\": q, quit: \"\\e[2J\"}\n"
              "color: \"\\e[2J\"\nrefresh: \"\\e[2J\"\n",
              &problems);
    assert_true(problems.len > 0);
    for (const char *p = strbuf_text(&problems); *p; p++)
        assert_false(((unsigned char)*p < 0x20 && *p != '\n') || *p == 0x7f);
    assert_null(strstr(strbuf_text(&problems), "\xc2\x9b"));
    assert_null(strstr(strbuf_text(&problems), "\xe2\x80\xae"));
    config_free(c);
    strbuf_free(&problems);
}

static void a_flood_of_problems_is_cut(void **state)
{
    (void)state;
    struct strbuf text = {0}, problems = {0};
    struct config *c = config_new(NULL);
    for (int i = 0; i < 900; i++)
        strbuf_printf(&text, "wrong%d: 1\n", i);
    assert_int_equal(read_text(c, strbuf_text(&text), &problems), 900);
    assert_true(problems.len < 10000);
    strbuf_clear(&text);
    strbuf_pad(&text, 'a', (1 << 20) + 1);
    assert_int_equal(read_text(c, strbuf_text(&text), &problems), 1);
    config_free(c);
    strbuf_free(&text);
    strbuf_free(&problems);
}

/* libyaml looks at every open bracket for each token. */
static void endless_nesting_is_refused(void **state)
{
    (void)state;
    static const char *const opens[] = {"[", "{a: ", "- ", "[\n", "? [", "{"};
    for (size_t i = 0; i < ARRAY_LEN(opens); i++) {
        struct strbuf text = {0}, problems = {0};
        struct config *c = config_new(NULL);
        strbuf_str(&text, "theme: light\nroutes: ");
        strbuf_str(&text, str_eq(opens[i], "- ") || str_eq(opens[i], "? [") ? "\n  " : "");
        while (text.len < 500000)
            strbuf_str(&text, opens[i]);
        read_text(c, strbuf_text(&text), &problems);
        if (!strstr(strbuf_text(&problems), "more than 200 levels; the rest of the file was not read"))
            fail_msg("%s: %s", opens[i], strbuf_text(&problems));
        assert_string_equal(c->settings->theme, "light");
        config_free(c);
        strbuf_free(&text);
        strbuf_free(&problems);
    }
}

static void files(void **state)
{
    (void)state;
    struct strbuf problems = {0};
    struct config *c = config_new(NULL);
    assert_int_equal(config_read(c, "/nonexistent/config.yaml", false, collect, &problems), 0);
    assert_int_equal(problems.len, 0);
    assert_null(c->path);
    assert_int_equal(config_read(c, "/nonexistent/config.yaml", true, collect, &problems), 1);
    assert_non_null(strstr(strbuf_text(&problems), "/nonexistent/config.yaml"));
    assert_int_equal(config_read(c, "/", true, collect, &problems), 1);
    setenv("XDG_CONFIG_HOME", "/etc/me", 1);
    char *path = config_default_path();
    assert_string_equal(path, "/etc/me/slowdive/config.yaml");
    free(path);
    unsetenv("XDG_CONFIG_HOME");
    path = config_default_path();
    assert_string_equal(path, "/home/ada/.config/slowdive/config.yaml");
    free(path);
    config_free(c);
    strbuf_free(&problems);
}

int main(void)
{
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(state_home_is_honoured),
        cmocka_unit_test(printed_default_is_the_default),
        cmocka_unit_test(a_users_file),
        cmocka_unit_test(mistakes_are_placed),
        cmocka_unit_test(the_rest_still_counts),
        cmocka_unit_test(problems_are_printable),
        cmocka_unit_test(a_flood_of_problems_is_cut),
        cmocka_unit_test(endless_nesting_is_refused),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
