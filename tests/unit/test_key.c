/* Keys by name, the action table, key bindings. */
#include "ui/actions.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void names_round_trip(void **state)
{
    (void)state;
    static const char *const names[] = {"q",    "Q",     "Enter", "Esc",     "C-c",   "F1",    "F12",
                                        "PgUp", "S-Tab", "M-x",   "M-Enter", "M-C-a", "Space", "/",
                                        ":",    "é",     "漢",    "+",       "-",     "["};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        key_code key = K_NONE;
        char buf[24];
        assert_true(key_parse(names[i], &key));
        assert_string_equal(key_format(key, buf), names[i]);
    }
}

static void other_spellings(void **state)
{
    (void)state;
    key_code key;
    assert_true(key_parse(" ", &key));
    assert_int_equal(key, K_SPACE);
    assert_true(key_parse("enter", &key));
    assert_int_equal(key, K_ENTER);
    assert_true(key_parse("C-X", &key));
    assert_int_equal(key, K_CTRL | 'x');
    assert_true(key_parse("C-i", &key)); /* the byte Tab sends */
    assert_int_equal(key, K_TAB);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"",   "Entr",  "C-",   "C-é",          "C-Up", "F13",
                                        "F0", "\x1b",  "\t",   "\n",           "\x7f", "ab",
                                        "M-", "M-M-x", "\xff", "\xe2\x80\xae", "C-ab", "Enter "};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        key_code key = 4711;
        assert_false(key_parse(names[i], &key));
        assert_int_equal(key, 4711);
    }
    assert_false(key_parse(NULL, &(key_code){0}));
}

static void formatting_any_code_is_safe(void **state)
{
    (void)state;
    static const key_code codes[] = {0,        1,        0x1b,    0x7f,        0xD800,
                                     0x10FFFF, 0x110000, K_NAMED, K_NAMED_END, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        char buf[24];
        memset(buf, 'x', sizeof buf);
        key_format(codes[i], buf);
        assert_non_null(memchr(buf, 0, sizeof buf));
        assert_null(strchr(buf, 0x1b));
    }
}

static void every_action_is_described(void **state)
{
    (void)state;
    const struct action_table *all = actions_all();
    int seen = 0;
    for (int a = ACTION_NONE; (a = action_next(all, a)); seen++) {
        const struct action_info *info = action_at(all, a);
        assert_non_null(info->name);
        assert_true(info->help && strlen(info->help) > 3);
        assert_int_equal(action_named(all, info->name), a);
        assert_true(strlen(info->group) > 0);
    }
    assert_int_equal(seen, action_end(all) - 1); /* each once */
    assert_int_equal(action_named(all, "no-such"), ACTION_NONE);
    assert_int_equal(action_named(all, NULL), ACTION_NONE);
    assert_int_equal(action_named(NULL, "plan"), ACTION_NONE); /* a view's */
    assert_true(action_named(all, "plan") >= ACTION_END);
    assert_null(action_at(all, ACTION_NONE));
    assert_null(action_at(NULL, ACTION_END));
    for (int c = COMMAND_NONE + 1; c < COMMAND_END; c++)
        assert_true(COMMAND_INFO[c].name && COMMAND_INFO[c].args && COMMAND_INFO[c].help);
}

/* Each default key parses and does one thing only. */
static void default_keys_are_unique(void **state)
{
    (void)state;
    const struct action_table *all = actions_all();
    struct keymap *k = keymap_new(all);
    for (int a = ACTION_NONE + 1; a < action_end(all); a++) {
        char keys[128];
        snprintf(keys, sizeof keys, "%s", action_at(all, a)->keys);
        char *save = NULL;
        for (char *name = strtok_r(keys, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
            key_code key;
            assert_true(key_parse(name, &key));
            assert_int_equal(keymap_lookup(k, key), a);
        }
    }
    keymap_free(k);
}

static void binding_replaces_and_takes_away(void **state)
{
    (void)state;
    struct keymap *k = keymap_new(NULL);
    struct sd_error err = {0};
    char buf[64];
    assert_string_equal(keymap_keys(k, ACTION_BACK, buf, sizeof buf), "Esc, Backspace, q");
    assert_true(keymap_bind(k, ACTION_QUIT, "q C-q", &err));
    assert_int_equal(keymap_lookup(k, 'q'), ACTION_QUIT);
    assert_int_equal(keymap_lookup(k, 'Q'), ACTION_NONE);
    assert_string_equal(keymap_keys(k, ACTION_BACK, buf, sizeof buf), "Esc, Backspace");
    assert_true(keymap_bind(k, ACTION_QUIT, "", &err));
    assert_int_equal(keymap_lookup(k, 'q'), ACTION_NONE);
    assert_string_equal(keymap_keys(k, ACTION_QUIT, buf, sizeof buf), "");
    keymap_free(k);
}

static void wrong_binding_changes_nothing(void **state)
{
    (void)state;
    struct keymap *k = keymap_new(NULL);
    struct sd_error err = {0};
    assert_false(keymap_bind(k, ACTION_QUIT, "a Entr", &err));
    assert_non_null(strstr(err.text, "Entr"));
    assert_int_equal(keymap_lookup(k, 'Q'), ACTION_QUIT);
    assert_int_equal(keymap_lookup(k, 'a'), ACTION_NONE);
    assert_false(keymap_bind(k, ACTION_QUIT, "a b c d e f g h i j k l m n o p q r s t", &err));
    assert_false(keymap_bind(k, ACTION_NONE, "a", &err));
    keymap_free(k);
}

static void short_buffer_holds_whole_names(void **state)
{
    (void)state;
    struct keymap *k = keymap_new(NULL);
    char buf[8];
    assert_string_equal(keymap_keys(k, ACTION_BACK, buf, sizeof buf), "Esc");
    keymap_free(k);
}

/* Sentences name the key that is bound now; without one, the command. */
static void sentences_name_the_bound_key(void **state)
{
    (void)state;
    struct keymap *k = keymap_new(actions_all());
    struct sd_error err;
    char key[32];
    assert_string_equal(keymap_key_of(k, "plan", key, sizeof key), "x");
    assert_true(keymap_bind(k, action_named(actions_all(), "plan"), "%", &err));
    assert_true(keymap_bind(k, ACTION_LIVE, "", &err));
    char *text = keymap_format(k, "{key:plan} asks, {key:live} goes on, {key:no-such} and {key: do not; %s");
    assert_string_equal(text, "%% asks, :live goes on, :no-such and {key: do not; %s");
    free(text);
    keymap_free(k);
}

/* Groups of views' own titles stand before the last of the general ones. */
static void groups_keep_together(void **state)
{
    (void)state;
    static const struct action_info rows[] = {
        {.name = "a", .group = "New", .keys = ""},
        {.name = "b", .group = "Opening and going back", .keys = ""},
        {.name = "c", .group = "New", .keys = ""},
    };
    const struct action_table t = {.rows = rows, .n = ARRAY_LEN(rows)};
    const char *order[64];
    int n = 0;
    for (int a = ACTION_NONE; (a = action_next(&t, a));) {
        const char *group = action_at(&t, a)->group;
        if (!n || strcmp(order[n - 1], group) != 0)
            order[n++] = group;
    }
    assert_string_equal(order[n - 1], "The console");
    assert_string_equal(order[n - 2], "New");
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(order[i], order[k]);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_round_trip),
        cmocka_unit_test(other_spellings),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(formatting_any_code_is_safe),
        cmocka_unit_test(every_action_is_described),
        cmocka_unit_test(default_keys_are_unique),
        cmocka_unit_test(sentences_name_the_bound_key),
        cmocka_unit_test(groups_keep_together),
        cmocka_unit_test(binding_replaces_and_takes_away),
        cmocka_unit_test(wrong_binding_changes_nothing),
        cmocka_unit_test(short_buffer_holds_whole_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
