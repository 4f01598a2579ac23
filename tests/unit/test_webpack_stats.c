/* webpack's stats: which module is in which asset, what imports what, what is said of its code. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/bundles/webpack_stats.h"

static const char STATS[] =
    "{\"hash\":\"a\",\"assetsByChunkName\":{},\"assets\":["
    "{\"name\":\"main.js\",\"size\":1000},{\"name\":\"lazy.js?v=1\",\"size\":300},{\"name\":\"main.css\","
    "\"size\":50},{\"name\":\"main.js.map\",\"size\":9},{\"name\":\"logo.png\",\"size\":28}],"
    "\"chunks\":[{\"id\":1,\"initial\":true,\"files\":[\"main.css\",\"main.js\"],\"children\":[\"x\"]},"
    "{\"id\":\"x\",\"initial\":false,\"files\":[\"lazy.js\"],\"children\":[]}],"
    "\"entrypoints\":{\"main\":{\"chunks\":[1],\"assets\":[{\"name\":\"main.js\"},\"main.css\"]}},"
    "\"namedChunkGroups\":{\"main\":{\"chunks\":[1],\"assets\":[]},"
    "\"later\":{\"chunks\":[\"x\"],\"assets\":[{\"name\":\"lazy.js\"}]}},"
    "\"modules\":["
    "{\"identifier\":\"/p/index.js|h\",\"name\":\"./index.js + 1 "
    "modules\",\"id\":7,\"size\":90,\"chunks\":[1],"
    "\"moduleType\":\"javascript/esm\",\"modules\":["
    "{\"identifier\":\"/p/index.js\",\"name\":\"./index.js\",\"size\":60,\"id\":null,\"chunks\":[]},"
    "{\"identifier\":\"/p/barrel.js\",\"name\":\"./barrel.js\",\"size\":30,\"id\":null,\"chunks\":[]}],"
    "\"reasons\":[{\"moduleIdentifier\":null,\"type\":\"entry\"}]},"
    "{\"identifier\":\"/p/barrel.js\",\"name\":\"./barrel.js\",\"size\":30,\"orphan\":true,\"chunks\":[],"
    "\"usedExports\":[\"a\"],\"providedExports\":[\"a\",\"b\"],"
    "\"optimizationBailout\":[\"Statement (ExpressionStatement) with side effects in source code at "
    "4:0-27\"],"
    "\"reasons\":[{\"moduleIdentifier\":\"/p/index.js\",\"resolvedModuleIdentifier\":\"/p/index.js\","
    "\"type\":\"harmony import specifier\",\"active\":true}]},"
    "{\"identifier\":\"/p/a.js\",\"name\":\"./a.js\",\"id\":8,\"size\":40,\"chunks\":[1,\"x\"],"
    "\"usedExports\":true,\"providedExports\":[\"a\"],\"reasons\":["
    "{\"moduleIdentifier\":\"/p/barrel.js\",\"resolvedModuleIdentifier\":\"/p/barrel.js\","
    "\"type\":\"harmony export imported specifier\",\"active\":true},"
    "{\"moduleIdentifier\":\"/p/index.js|h\",\"resolvedModuleIdentifier\":\"/p/barrel.js\","
    "\"type\":\"harmony export imported specifier\",\"active\":true}]},"
    "{\"identifier\":\"/p/lazy.js\",\"name\":\"./"
    "lazy.js\",\"id\":9,\"size\":20,\"chunks\":[\"x\"],\"reasons\":["
    "{\"moduleIdentifier\":\"/p/index.js|h\",\"type\":\"import()\",\"active\":true}]},"
    "{\"identifier\":\"/p/cjs.js\",\"name\":\"./cjs.js\",\"id\":10,\"size\":20,\"chunks\":[\"x\"],"
    "\"optimizationBailout\":[\"CommonJS bailout: exports is used directly at 1:1-2\"],\"reasons\":["
    "{\"moduleIdentifier\":\"/p/lazy.js\",\"type\":\"cjs require\",\"active\":true},"
    "{\"moduleIdentifier\":\"/p/index.js\",\"type\":\"harmony import specifier\",\"active\":false}]},"
    "{\"identifier\":\"css x\",\"name\":\"css ./loader.js!./style.css\",\"moduleType\":\"css/mini-extract\","
    "\"size\":45,\"chunks\":[1]},"
    "{\"identifier\":\"u\",\"name\":\"./u.png\",\"moduleType\":\"asset/"
    "inline\",\"size\":11.25,\"chunks\":[1]},"
    "{\"identifier\":\"/p/gone.js\",\"name\":\"./gone.js\",\"size\":99,\"orphan\":true,\"chunks\":[]},"
    "{\"identifier\":\"r\",\"name\":\"webpack/runtime/global\",\"moduleType\":\"runtime\",\"size\":9,"
    "\"chunks\":[1]}],\"children\":[],\"errors\":[{},{}]}";

static struct draft *read_stats(const char *text)
{
    struct draft *d = draft_new();
    struct sd_error err = {""};
    if (!webpack_stats_read(text, strlen(text), d, &err))
        fail_msg("%s", err.text);
    return d;
}

static const struct draft_module *in_asset(const struct draft *d, const char *asset, const char *path)
{
    for (size_t i = 0; i < d->n_parts; i++)
        if (str_eq(d->assets[d->parts[i].asset].name, asset) &&
            str_eq(d->modules[d->parts[i].module].path, path))
            return &d->modules[d->parts[i].module];
    return NULL;
}

/* -1: none. */
static int import_of(const struct draft *d, const char *from, const char *to)
{
    for (size_t i = 0; i < d->n_imports; i++)
        if (str_eq(d->modules[d->imports[i].importer].path, from) &&
            str_eq(d->modules[d->imports[i].imported].path, to))
            return d->imports[i].how;
    return -1;
}

static void test_assets(void **state)
{
    (void)state;
    struct draft *d = read_stats(STATS);
    assert_true(webpack_stats_sure(STATS, sizeof STATS - 1) > 80);
    assert_string_equal(d->build_kind, "webpack_stats");
    assert_int_equal(d->n_assets, 4); /* no source map */
    assert_string_equal(d->assets[1].name, "lazy.js");
    assert_int_equal(d->assets[0].size_bytes, 1000);
    assert_int_equal(d->assets[0].initial, 1);
    assert_int_equal(d->assets[1].initial, 0);
    assert_int_equal(d->assets[3].initial, SD_UNKNOWN);
    assert_int_equal(d->n_notes, 1);
    assert_non_null(strstr(d->notes[0], "2 errors"));
    draft_free(d);
}

/* Where a module of a concatenation has no reasons, that it is in one says that it is an ES module. */
static void test_concatenated(void **state)
{
    (void)state;
    struct draft *d = read_stats(
        "{\"assets\":[{\"name\":\"a.js\",\"size\":90,\"chunks\":[0]}],\"chunks\":[{\"id\":0,\"files\":[\"a."
        "js\"]}],"
        "\"modules\":[{\"identifier\":\"r\",\"name\":\"./i.js + 1 "
        "modules\",\"id\":1,\"size\":90,\"chunks\":[0],"
        "\"modules\":[{\"identifier\":\"i\",\"name\":\"./i.js\",\"size\":60},{\"identifier\":\"f\",\"name\":"
        "\"./f.js\",\"size\":30,\"moduleType\":\"javascript/auto\",\"usedExports\":true,\"reasons\":[]}]}]}");
    assert_int_equal(in_asset(d, "a.js", "f.js")->code.es_module, 1);
    assert_int_equal(in_asset(d, "a.js", "f.js")->code.uses_all, 1);
    draft_free(d);
}

static void test_modules(void **state)
{
    (void)state;
    struct draft *d = read_stats(STATS);
    /* A concatenated module is its inner ones, which have its function. */
    assert_int_equal(in_asset(d, "main.js", "index.js")->size_bytes, 60);
    assert_string_equal(in_asset(d, "main.js", "barrel.js")->id, "7");
    assert_null(in_asset(d, "main.js", "index.js + 1 modules"));
    assert_string_equal(in_asset(d, "main.js", "a.js")->id, "8");
    assert_non_null(in_asset(d, "lazy.js", "a.js")); /* of two chunks, in both */
    assert_non_null(in_asset(d, "main.css", "style.css"));
    assert_null(in_asset(d, "main.js", "style.css"));
    assert_null(in_asset(d, "main.js", "gone.js"));
    assert_int_equal(in_asset(d, "main.js", "u.png")->size_bytes, 11); /* webpack reckons it */
    assert_true(in_asset(d, "main.js", "webpack/runtime/global")->runtime);
    assert_int_equal(d->n_parts, 9);
    draft_free(d);
}

static void test_imports(void **state)
{
    (void)state;
    struct draft *d = read_stats(STATS);
    assert_int_equal(d->n_entries, 1);
    assert_string_equal(d->modules[d->entries[0]].path, "index.js");
    assert_int_equal(import_of(d, "index.js", "barrel.js"), 1);
    assert_int_equal(import_of(d, "barrel.js", "a.js"), 3);
    assert_int_equal(import_of(d, "index.js", "lazy.js"), 5);
    assert_int_equal(import_of(d, "lazy.js", "cjs.js"), 4);
    assert_int_equal(import_of(d, "index.js", "cjs.js"), -1); /* inactive, and another is active */
    assert_int_equal(d->n_routes, 2);
    assert_null(d->routes[0].entry);
    assert_int_equal(d->routes[0].n_assets, 2);
    assert_string_equal(d->routes[1].name, "later");
    assert_string_equal(d->routes[1].entry, "main");
    assert_int_equal(d->routes[1].n_assets, 3); /* those of the entry, and its own */
    draft_free(d);
}

static void test_code(void **state)
{
    (void)state;
    struct draft *d = read_stats(STATS);
    const struct sd_bundle_code *barrel = &in_asset(d, "main.js", "barrel.js")->code;
    assert_int_equal(barrel->es_module, 1);
    assert_int_equal(barrel->reexports, 1); /* it stands there twice */
    assert_int_equal(barrel->used, 1);
    assert_int_equal(barrel->unused->n, 1);
    assert_string_equal(barrel->unused->items[0], "b");
    assert_true(str_starts(barrel->kept_for, "Statement (ExpressionStatement)"));
    const struct sd_bundle_code *a = &in_asset(d, "main.js", "a.js")->code;
    assert_int_equal(a->uses_all, 1);
    assert_int_equal(a->reexported, 1);
    assert_int_equal(in_asset(d, "lazy.js", "cjs.js")->code.es_module, 0);
    draft_free(d);
}

static const char MODULE[] =
    "{\"assets\":[{\"name\":\"a.js\",\"size\":5}],\"chunks\":[{\"id\":0,\"files\":[\"a.js\"]}],\"modules\":[{"
    "\"identifier\":\"m\",\"name\":\"m\",\"size\":1,\"chunks\":[0],\"moduleType\":\"%s\",\"usedExports\":%s,"
    "\"providedExports\":[\"a\",\"b\"],\"optimizationBailout\":[%s],\"reasons\":[{\"moduleIdentifier\":\"i\","
    "\"type\":\"harmony import specifier\"}]}]}";

/* A module used as an object, as older and newer versions write it. */
static void test_used_as_object(void **state)
{
    (void)state;
    static const struct {
        const char *type, *used, *bailout;
        int64_t uses_all, es_module;
    } ROWS[] = {
        {"javascript/auto", "true", "", 1, 1},
        {"javascript/auto", "[\"__esModule\",\"a\",\"b\"]", "", 1, 1},
        {"javascript/auto", "[\"__esModule\",\"a\"]", "", SD_UNKNOWN, SD_UNKNOWN},
        {"javascript/auto", "[\"a\",\"b\"]", "", SD_UNKNOWN, SD_UNKNOWN},
        {"javascript/auto", "true", "\"ModuleConcatenation bailout: Module is not in strict mode\"", 1, 0},
        {"json", "true", "", 1, SD_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        struct strbuf text = {0};
        strbuf_printf(&text, MODULE, ROWS[i].type, ROWS[i].used, ROWS[i].bailout);
        assert_true(webpack_stats_sure(text.text, text.len) > 0);
        struct draft *d = read_stats(text.text);
        const struct sd_bundle_code *code = &in_asset(d, "a.js", "m")->code;
        if (code->uses_all != ROWS[i].uses_all || code->es_module != ROWS[i].es_module)
            fail_msg("%s %s: %d %d", ROWS[i].type, ROWS[i].used, (int)code->uses_all, (int)code->es_module);
        draft_free(d);
        strbuf_free(&text);
    }
    /* A printed view of a build has assets and modules as well. */
    assert_int_equal(webpack_stats_sure("{\"assets\":[],\"modules\":[]}", 26), 0);
}

static void test_forms(void **state)
{
    (void)state;
    /* Modules only in chunks, of the first child; no reasons, but an issuer. */
    struct draft *d = read_stats("{\"children\":[{\"assets\":[{\"name\":\"a.mjs\",\"size\":5}],\"chunks\":[{"
                                 "\"id\":0,\"files\":[\"a.mjs\"],"
                                 "\"modules\":[{\"id\":0,\"identifier\":\"/a\",\"name\":\"./"
                                 "a.js\",\"size\":3,\"chunks\":[0],\"depth\":0},"
                                 "{\"id\":1,\"identifier\":\"/b\",\"name\":\"./"
                                 "b.js\",\"size\":4,\"chunks\":[0],\"issuer\":\"/a\"}]}]}]}");
    assert_int_equal(d->n_parts, 2);
    assert_int_equal(import_of(d, "a.js", "b.js"), 0);
    assert_string_equal(d->modules[d->entries[0]].path, "a.js");
    draft_free(d);
    /* A worker's build puts out an asset of the whole; a plugin's does not. */
    d = read_stats(
        "{\"assets\":[{\"name\":\"main.js\",\"size\":5},{\"name\":\"work.js\",\"size\":6}],\"chunks\":[{"
        "\"id\":0,"
        "\"files\":[\"main.js\"]}],\"modules\":[{\"identifier\":\"m\",\"name\":\"m\",\"size\":1,\"chunks\":["
        "0]}],"
        "\"children\":[{\"assets\":[],\"chunks\":[{\"id\":0,\"files\":[\"work.js\"]}],\"modules\":[{"
        "\"identifier\":\"w\",\"name\":\"w\",\"size\":1,\"chunks\":[0]}]},{\"assets\":[],\"chunks\":[{\"id\":"
        "0,"
        "\"files\":[\"html\"]}],\"modules\":[{\"identifier\":\"h\",\"name\":\"h\",\"size\":1,\"chunks\":[0]}]"
        "}]}");
    assert_int_equal(d->n_parts, 2);
    assert_non_null(in_asset(d, "work.js", "w"));
    draft_free(d);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const SIZES[] = {"-1", "9007199254740993", "1.5", "\"12\"", "[]", "1e400", "{}"};
    struct sd_error err;
    char text[256];
    for (size_t i = 0; i < ARRAY_LEN(SIZES); i++)
        for (int module = 0; module < 2; module++) {
            struct draft *d = draft_new();
            snprintf(text, sizeof text,
                     module ? "{\"assets\":[{\"name\":\"a.js\"}],\"modules\":[{\"name\":\"m\",\"size\":%s}]}"
                            : "{\"assets\":[{\"name\":\"a.js\",\"size\":%s}],\"modules\":[]}",
                     SIZES[i]);
            *err.text = 0;
            assert_false(webpack_stats_read(text, strlen(text), d, &err));
            assert_non_null(strstr(err.text, "no whole number"));
            draft_free(d);
        }
    struct draft *d = draft_new();
    for (size_t n = 1; n < sizeof STATS - 1; n++) /* cut anywhere */
        assert_false(webpack_stats_read(STATS, n, d, &err));
    draft_free(d);
    d = read_stats("{\"assets\":[{\"name\":\"a.js\",\"size\":null}],\"assets\":[]}"); /* the last counts */
    assert_int_equal(d->n_assets, 0);
    draft_free(d);
}

/* ---- bytes that are given up ---- */

static size_t given_up;

static void give_up(const char *bytes, size_t n)
{
    memset((char *)(uintptr_t)bytes, 0, n);
    given_up += n;
}

static char *long_stats(void)
{
    struct strbuf b = {0};
    strbuf_str(&b, "{\"hash\":\"a\",\"assetsByChunkName\":{},\"assets\":[{\"name\":\"main.js\",\"size\":9}],"
                   "\"chunks\":[{\"id\":0,\"files\":[\"main.js\"]}],\"modules\":[");
    for (int i = 0; i < 60000; i++)
        strbuf_printf(&b,
                      "%s{\"identifier\":\"/project/of/a/long/name/file-%d.js\",\"name\":\"./file-%d.js\","
                      "\"size\":%d,\"chunks\":[0],\"reasons\":[{\"moduleIdentifier\":"
                      "\"/project/of/a/long/name/file-%d.js\",\"type\":\"harmony import specifier\"}]}",
                      i ? "," : "", i, i, i % 100, (i + 30000) % 60000);
    strbuf_str(&b, "],\"errors\":[{},{}]}");
    return strbuf_detach(&b);
}

static void test_bytes_given_up(void **state)
{
    (void)state;
    struct sd_error err = {""};
    char *text = long_stats();
    struct draft *kept = draft_new(), *lost = draft_new();
    assert_true(webpack_stats_read(text, strlen(text), kept, &err));
    lost->spent = give_up;
    assert_true(webpack_stats_read(text, strlen(text), lost, &err));
    assert_true(given_up > 5 << 20);
    assert_int_equal(lost->n_modules, 60000);
    assert_int_equal(lost->n_parts, kept->n_parts);
    assert_int_equal(lost->n_imports, 60000);
    assert_int_equal(kept->n_imports, 60000);
    for (size_t i = 0; i < lost->n_modules; i++) {
        assert_string_equal(lost->modules[i].path, kept->modules[i].path);
        assert_int_equal(lost->modules[i].size_bytes, kept->modules[i].size_bytes);
    }
    assert_non_null(strstr(lost->notes[0], "2 errors"));
    draft_free(kept);
    draft_free(lost);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assets),         cmocka_unit_test(test_modules),
        cmocka_unit_test(test_concatenated),   cmocka_unit_test(test_imports),
        cmocka_unit_test(test_code),           cmocka_unit_test(test_forms),
        cmocka_unit_test(test_refusals),       cmocka_unit_test(test_used_as_object),
        cmocka_unit_test(test_bytes_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
