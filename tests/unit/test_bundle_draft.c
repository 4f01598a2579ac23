/* Names of modules, and the draft of a build. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/bundles/draft.h"
#include "format/bundles/module_path.h"

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *name, *path, *package;
    } CASES[] = {
        {"./src/a.js", "src/a.js", NULL},
        {"../../web/node_modules/lodash/map.js", "node_modules/lodash/map.js", "lodash"},
        {"webpack://app/./src/a.js?12ab", "src/a.js", NULL},
        {"webpack:///./node_modules/@scope/name/a.js", "node_modules/@scope/name/a.js", "@scope/name"},
        {"babel-loader!vue-loader??ref--4!./src/App.vue?type=script", "src/App.vue", NULL},
        {"./locale sync ^\\.\\/.*?$", "locale sync ^\\.\\/.*?$", NULL},
        {"/app/node_modules/.pnpm/react@18/node_modules/react/index.js",
         "node_modules/.pnpm/react@18/node_modules/react/index.js", "react"},
        {"\1vi\x7fte\xc2\x9b/x.js", "vite/x.js", NULL},
        {"./my_node_modules/x.js", "my_node_modules/x.js", NULL},
        {"node_modules/left-pad", "node_modules/left-pad", "left-pad"},
        {"node_modules/@scope", "node_modules/@scope", "@scope"},
        {"..././/.././x", "..././/.././x", NULL}, /* dots go at the beginning only */
        {"./..//.././x", "x", NULL},
        {"external \"react\"", "external \"react\"", NULL},
        {"", "(no name)", NULL},
        {"node_modules/", "node_modules/", NULL},
    };
    struct strbuf path = {0};
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        size_t len = 0;
        module_path(CASES[i].name, strlen(CASES[i].name), &path);
        assert_string_equal(strbuf_text(&path), CASES[i].path);
        const char *p = module_path_package(strbuf_text(&path), &len);
        assert_int_equal(p != NULL, CASES[i].package != NULL);
        if (p)
            assert_true(len == strlen(CASES[i].package) && !strncmp(p, CASES[i].package, len));
    }
    strbuf_free(&path);
}

static void test_draft(void **state)
{
    (void)state;
    struct draft *d = draft_new();
    char name[32];
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "chunk-%d.js", i);
        assert_int_equal(draft_asset(d, name), i);
    }
    assert_int_equal(draft_asset(d, "chunk-4711.js"), 4711);
    assert_int_equal(d->n_assets, 5000);
    uint32_t m = draft_module(d, "/x/node_modules/react/index.js?a", 12), n = draft_module(d, "./a.js", 7);
    assert_string_equal(d->modules[m].path, "node_modules/react/index.js");
    assert_string_equal(d->modules[m].package, "react");
    assert_null(d->modules[n].package);
    assert_null(d->modules[n].code.path);
    assert_int_equal(draft_module(d, "./a.js", 7), 2); /* two of one name may be two */
    draft_part(d, 3, m, SD_UNKNOWN);
    draft_import(d, n, m, 1);
    draft_entry(d, n);
    struct draft_route *r = draft_route(d, "main", NULL);
    for (uint32_t i = 0; i < 300; i++)
        draft_route_asset(d, r, i % 100);
    assert_int_equal(r->n_assets, 100);
    assert_int_equal(r->assets[99], 99);
    draft_note(d, "%d files", 3);
    assert_string_equal(d->notes[0], "3 files");
    draft_free(d);
    draft_free(NULL);
}

static void test_shipped(void **state)
{
    (void)state;
    struct draft *d = draft_new();
    draft_keep_shipped(d);
    uint32_t map = draft_asset(d, "a.js.map"), js = draft_asset(d, "a.js"), m = draft_module(d, "./a.js", 1);
    draft_part(d, map, m, 1);
    draft_part(d, js, m, 2);
    struct draft_route *r = draft_route(d, "main", NULL);
    draft_route_asset(d, r, map);
    draft_route_asset(d, r, js);
    draft_keep_shipped(d);
    assert_int_equal(d->n_assets, 1);
    assert_int_equal(draft_find_asset(d, "a.js"), 0);
    assert_int_equal(draft_find_asset(d, "a.js.map"), ID_NONE);
    assert_int_equal(d->n_parts, 1);
    assert_int_equal(d->parts[0].minified_bytes, 2);
    assert_int_equal(d->routes[0].n_assets, 1);
    assert_int_equal(d->routes[0].assets[0], 0);
    draft_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_draft),
        cmocka_unit_test(test_shipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
