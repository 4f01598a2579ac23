/* Builds of front ends: names without hashes, packages, duplicates, findings, import chains, two builds. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/bundles/asset_name.h"
#include "core/bundles/build_compare.h"
#include "core/bundles/bundle_findings.h"
#include "core/bundles/first_load.h"
#include "core/bundles/module_cells.h"
#include "core/schema.h"
#include "tests/lib/make_build.h"

static void names_without_hashes(void **state)
{
    static const struct {
        const char *name, *plain;
    } rows[] = {
        {"main.4f004f01.js", "main.js"},
        {"160.4f004f01.js", "#.js"},
        {"static/js/160.js", "static/js/#.js"},
        {"static/js/main.4f004f01.chunk.js", "static/js/main.chunk.js"},
        {"main-4f004f014f004f014f004f014f004f01.css", "main.css"},
        {"main~4f004f01.js", "main.js"},
        {"main_4f004f01.js", "main.js"},
        {"index-BX3_d-Q1.js", "index.js"},
        {"index-B1Cd2fQa.js", "index.js"},
        {"index.DiwrgTda.css", "index.css"},
        {"react-Dropdown.js", "react-Dropdown.js"}, /* a capital at the beginning only */
        {"my-analysis.js", "my-analysis.js"},       /* neither digit nor capital */
        {"abcdefab.js", "abcdefab.js"},
        {"main.deadbeef.js", "main.deadbeef.js"}, /* no digit */
        {"4f004f01.js", "4f004f01.js"},           /* nothing before it */
        {"2.chunk.js", "2.chunk.js"},
        {"1234567.js", "#.js"},
        {"main.1234567.js", "main.1234567.js"}, /* 7 digits */
        {"LICENSE", "LICENSE"},
        {"", ""},
        {".js", ".js"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *plain = asset_name_plain(rows[i].name);
        if (strcmp(plain, rows[i].plain))
            fail_msg("%s: %s, expected %s", rows[i].name, plain, rows[i].plain);
        free(plain);
    }
}

/* ---- a build with two copies of lodash ---- */

static struct sd_batch *shop(void)
{
    struct sd_batch *b = batch_new("dist", 1);
    made_head(b, "dist/stats.json", "webpack_stats", 9, 500000, "chrome 109");
    int64_t main = made_asset(b, "main.4f004f01.js", "js", 200000, 60000, 1),
            admin = made_asset(b, "admin.js", "js", 50000, 15000, 0);
    made_asset(b, "main.css", "css", 10000, 2500, 1);
    made_module(b, main, "src/index.js", 20000);
    made_module(b, main, "src/shared.js", 3000);
    made_module(b, main, "node_modules/lodash/lodash.js", 71000);
    made_module(b, main, "node_modules/old/node_modules/lodash/lodash.js", 70000);
    made_module(b, main, "node_modules/old/node_modules/lodash/tiny.js", 300);
    made_module(b, main, "node_modules/@scope/chart/index.js", 35000);
    made_part(b, main, "(glue)", "glue", 700);
    made_module(b, admin, "src/admin.js", 46000);
    made_module(b, admin, "src/shared.js", 3000);
    made_module(b, admin, "node_modules/lodash/tiny.js", 300);
    made_part(b, admin, "(line ends)", "line_ends", 700);
    made_imports(b, "src/index.js > src/shared.js, src/index.js * src/all.js, src/index.js > "
                    "node_modules/lodash/lodash.js,"
                    "src/index.js ~ src/admin.js, src/admin.js > node_modules/@scope/chart/index.js,"
                    "src/shared.js ! node_modules/old/index.js,"
                    "node_modules/old/index.js ! node_modules/old/node_modules/lodash/lodash.js");
    made_route(b, "main", NULL, SD_INTS(0, 2));
    made_route(b, "admin", "main", SD_INTS(1, 0, 2));
    return b;
}

/* As the views have it. */
static const struct bundle_build *numbered(const struct sd_batch *b, struct arena *a)
{
    struct bundle_build *x = bundle_build_of(b, a);
    bundle_build_number(x, a);
    return x;
}

static void packages_add_up(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = shop();
    const struct bundle_build *x = numbered(b, a);
    size_t n;
    const struct bundle_package_use *p = bundle_packages(x, a, &n);
    int64_t sum = 0;
    (void)state;
    for (size_t i = 0; i < n; i++)
        sum += p[i].bytes.minified;
    assert_int_equal(sum, bundle_asset_sizes(x, "js").size);
    assert_int_equal(n, 4);
    assert_string_equal(p[0].name, "lodash");
    assert_int_equal(p[0].modules, 4);
    assert_string_equal(p[1].name, PACKAGE_OWN);
    assert_int_equal(p[1].bytes.size, 2 * (20000 + 3000 + 46000)); /* a module once */
    assert_int_equal(p[1].bytes.minified, 20000 + 3000 + 46000 + 3000);
    assert_string_equal(p[3].name, PACKAGE_REST);
    assert_int_equal(p[3].bytes.size, SD_UNKNOWN);
    batch_unref(b);
    arena_free(a);
}

static void copies_and_who_brings_them(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = shop();
    const struct bundle_build *x = numbered(b, a);
    size_t n;
    const struct bundle_duplicate *d = bundle_duplicates(x, import_graph(x, a), a, &n);
    (void)state;
    assert_int_equal(n, 2);
    assert_string_equal(d[0].package, "lodash");
    assert_int_equal(d[0].copies, 2); /* tiny.js is below 512 bytes */
    assert_int_equal(d[0].wasted_bytes, 70000);
    assert_int_equal(d[0].n_importers, 2);
    assert_string_equal(d[0].importers[0], "(own)");
    assert_string_equal(d[0].importers[1], "old");
    assert_string_equal(d[0].copied[1], "node_modules/old/node_modules/lodash");
    assert_null(d[1].package);
    assert_string_equal(d[1].module, "src/shared.js");
    assert_int_equal(d[1].wasted_bytes, 3000);
    batch_unref(b);
    arena_free(a);
}

static void small_copies_do_not_count(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = batch_new("dist", 1);
    size_t n;
    (void)state;
    made_head(b, "dist", "assets", 1, 1, NULL);
    int64_t one = made_asset(b, "a.js", "js", 1, 1, 1), two = made_asset(b, "b.js", "js", 1, 1, 1),
            css = made_asset(b, "b.css", "css", 1, 1, 1);
    made_module(b, one, "node_modules/a/x.js", 10000);
    made_module(b, two, "node_modules/a/x.js", 999); /* below a tenth */
    made_module(b, one, "node_modules/b/x.js", 10000);
    made_module(b, two, "node_modules/b/x.js", 1000); /* a tenth */
    made_module(b, one, "node_modules/c/x.js", 512);
    made_module(b, two, "node_modules/c/x.js", 511);
    made_module(b, one, "node_modules/d/x.css", 5000);
    made_module(b, css, "node_modules/d/x.css", 5000);
    made_module(b, one, "webpack/runtime/get javascript chunk filename", 5000);
    made_module(b, two, "webpack/runtime/get javascript chunk filename", 5000);
    const struct bundle_build *x = numbered(b, a);
    const struct bundle_duplicate *d = bundle_duplicates(x, import_graph(x, a), a, &n);
    assert_int_equal(n, 1);
    assert_string_equal(d[0].package, "b");
    assert_int_equal(d[0].wasted_bytes, 1000);
    assert_int_equal(d[0].n_importers, 0);
    batch_unref(b);
    arena_free(a);
}

static void chains_are_shortest(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = shop();
    const struct bundle_build *x = numbered(b, a);
    const struct import_graph *g = import_graph(x, a);
    size_t n;
    (void)state;
    const char *const *chain = import_chain(g, "node_modules/old/node_modules/lodash/lodash.js", a, &n);
    assert_int_equal(n, 4);
    assert_string_equal(chain[0], "src/index.js");
    assert_string_equal(chain[1], "src/shared.js");
    assert_string_equal(chain[2], "node_modules/old/index.js");
    chain = import_chain(g, "src/index.js", a, &n);
    assert_int_equal(n, 1);
    assert_string_equal(chain[0], "src/index.js");
    assert_null(import_chain(g, "src/nothing.js", a, &n));
    assert_false(import_graph_has(g, "src/nothing.js"));
    batch_unref(b);
    arena_free(a);
}

/* ---- findings ---- */

static const struct bundle_finding *found(const struct bundle_build *x, struct arena *a, const char *kind,
                                          const char *of)
{
    const struct import_graph *g = import_graph(x, a);
    size_t n_duplicates, n;
    const struct bundle_duplicate *d = bundle_duplicates(x, g, a, &n_duplicates);
    size_t n_packages;
    const struct bundle_package_use *p = bundle_packages(x, a, &n_packages);
    const struct bundle_finding *f = bundle_findings(x, g, p, n_packages, d, n_duplicates, a, &n);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(f[i].kind, kind) && str_eq(f[i].path ? f[i].path : f[i].package, of))
            return &f[i];
    return NULL;
}

static void made_code(struct sd_batch *b, struct sd_bundle_code c)
{
    struct sd_bundle_code r;
    schema_clear(schema_of(SD_BUNDLE_CODE), &r);
    r.path = c.path;
    r.package = c.package;
    r.es_module = c.es_module;
    r.imported_by_es = c.imported_by_es;
    r.uses_all = c.uses_all;
    r.used = c.used;
    r.reexports = c.reexports;
    r.reexported = c.reexported;
    r.kept_for = c.kept_for;
    r.bailouts = c.bailouts;
    assert_true(batch_add(b, SD_BUNDLE_CODE, &r));
}

static void code_that_is_kept(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = shop();
    (void)state;
    made_module(b, 0, "src/lazy.js", 100);
    made_module(b, 0, "src/all.js", 100);
    made_module(b, 0, "src/seven.js", 100);
    made_code(b, (struct sd_bundle_code){.path = "src/shared.js",
                                         .es_module = 0,
                                         .imported_by_es = 1,
                                         .bailouts = SD_TEXTS("CommonJS bailout: module.exports is used")});
    made_code(b, (struct sd_bundle_code){.path = "src/index.js", .es_module = 1, .uses_all = 1, .used = -1});
    made_code(b, (struct sd_bundle_code){.path = "src/all.js", .es_module = 1, .uses_all = 1, .used = -1});
    made_code(b,
              (struct sd_bundle_code){.path = "src/admin.js", .es_module = 1, .uses_all = 1, .reexports = 8});
    made_code(b, (struct sd_bundle_code){.path = "src/lazy.js",
                                         .es_module = 1,
                                         .used = 0,
                                         .kept_for = "ExpressionStatement at 3:0",
                                         .reexported = 1});
    made_code(b, (struct sd_bundle_code){.path = "src/seven.js", .es_module = 1, .used = 1, .reexports = 7});
    made_code(b, (struct sd_bundle_code){
                     .path = "node_modules/lodash/lodash.js", .package = "lodash", .imported_by_es = 1});
    const struct bundle_build *x = numbered(b, a);
    const struct bundle_finding *f = found(x, a, "commonjs", "src/shared.js");
    assert_non_null(f);
    assert_int_equal(f->bytes, 6000); /* in both assets */
    assert_non_null(strstr(f->message, "module.exports is used"));
    assert_non_null(found(x, a, "namespace_import", "src/all.js"));
    assert_null(found(x, a, "namespace_import", "src/index.js")); /* the entry */
    assert_null(found(x, a, "namespace_import", "src/admin.js")); /* loaded later: import() keeps all */
    assert_non_null(found(x, a, "barrel", "src/admin.js"));
    assert_null(found(x, a, "barrel", "src/seven.js"));
    assert_non_null(found(x, a, "side_effects", "src/lazy.js"));
    assert_null(found(x, a, "side_effects", "src/seven.js"));
    assert_null(found(x, a, "commonjs", "node_modules/lodash/lodash.js")); /* not own code */
    batch_unref(b);
    arena_free(a);
}

static void packages_that_could_be_lighter(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = shop();
    char path[64];
    (void)state;
    for (int i = 0; i < 21; i++) {
        snprintf(path, sizeof path, "node_modules/moment/locale/l%d.js", i);
        made_module(b, 0, path, 1000);
    }
    made_module(b, 0, "node_modules/preact/dist/preact.mjs", 90000);
    made_module(b, 0, "node_modules/core-js/modules/es.array.includes.js", 1000);
    made_module(b, 0, "node_modules/core-js/modules/es.array.to-sorted.js", 1000); /* chrome 110 */
    const struct bundle_build *x = numbered(b, a);
    assert_int_equal(found(x, a, "heavy_package", "lodash")->bytes, 71000 + 70000 + 300 + 300);
    assert_int_equal(found(x, a, "heavy_package", "moment")->bytes, 21000);
    assert_int_equal(found(x, a, "locales", "moment")->bytes, 21000);
    assert_null(found(x, a, "heavy_package", "preact"));
    assert_int_equal(found(x, a, "duplicate_package", "lodash")->bytes, 70000);
    assert_int_equal(found(x, a, "polyfill", "core-js")->bytes, 1000);
    /* In the first asset, and only the lazy part imports it. */
    assert_int_equal(found(x, a, "lazy_candidate", "@scope/chart")->bytes, 35000);
    assert_null(found(x, a, "lazy_candidate", "lodash"));
    batch_unref(b);
    arena_free(a);
}

static void fonts_and_images(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = batch_new("dist", 1);
    (void)state;
    made_head(b, "dist", "assets", SD_UNKNOWN, SD_UNKNOWN, NULL);
    made_asset(b, "text.woff", "font", 60000, SD_UNKNOWN, SD_UNKNOWN);
    made_asset(b, "old.woff", "font", 60000, SD_UNKNOWN, SD_UNKNOWN);
    made_asset(b, "old.woff2", "font", 40000, SD_UNKNOWN, SD_UNKNOWN);
    made_asset(b, "photo.jpg", "image", 300000, SD_UNKNOWN, SD_UNKNOWN);
    made_asset(b, "icon.png", "image", 3000, SD_UNKNOWN, SD_UNKNOWN);
    struct sd_bundle_asset r;
    schema_clear(schema_of(SD_BUNDLE_ASSET), &r);
    r.name = "all.woff2";
    r.type = "font";
    r.size_bytes = 900000;
    r.glyphs = 30000;
    r.font_display = "block";
    assert_true(batch_add(b, SD_BUNDLE_ASSET, &r));
    r.name = "wall.webp";
    r.type = "image";
    r.width = 6000;
    r.height = 400;
    assert_true(batch_add(b, SD_BUNDLE_ASSET, &r));
    const struct bundle_build *x = numbered(b, a);
    assert_non_null(found(x, a, "font_format", "text.woff"));
    assert_null(found(x, a, "font_format", "old.woff"));
    assert_null(found(x, a, "font_format", "old.woff2"));
    assert_non_null(found(x, a, "font_subset", "all.woff2"));
    assert_non_null(found(x, a, "font_display", "all.woff2"));
    assert_non_null(found(x, a, "image_format", "photo.jpg"));
    assert_null(found(x, a, "image_format", "icon.png"));
    assert_non_null(found(x, a, "image_size", "wall.webp"));
    batch_unref(b);
    arena_free(a);
}

/* ---- routes, cells, two builds ---- */

static void first_loads_count_a_file_once(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = shop();
    struct bundle_first_load load;
    (void)state;
    const struct bundle_build *x = numbered(b, a);
    bundle_first_load(x, &x->routes[1], &load);
    assert_int_equal(load.js.size, 250000);
    assert_int_equal(load.js.gzip, 75000);
    assert_int_equal(load.css.size, 10000);
    batch_unref(b);
    arena_free(a);
}

static void cells_come_by_weight(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = shop();
    size_t n, omitted;
    (void)state;
    made_module(b, 1, "src/empty.js", 0);
    const struct bundle_build *x = numbered(b, a);
    const struct bundle_cell *c = bundle_cells(x, -1, 120, 40, a, &n, &omitted);
    assert_int_equal(n, 11);
    assert_int_equal(omitted, 1);
    assert_string_equal(c[0].m->path, "node_modules/lodash/lodash.js");
    assert_string_equal(c[5].m->path, "src/shared.js"); /* ties: by path, then by asset */
    assert_int_equal(c[5].m->asset, 0);
    bundle_cells(x, 1, 120, 40, a, &n, &omitted);
    assert_int_equal(n, 4);
    batch_unref(b);
    arena_free(a);
}

static const struct bundle_pair *pair(const struct bundle_pair *items, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(items[i].name, name))
            return &items[i];
    fail_msg("there is no %s", name);
    return NULL;
}

static void before_and_after(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = shop(), *then = batch_new("old", 1);
    (void)state;
    made_head(then, "old", "webpack_stats", 3, 1, NULL);
    int64_t main = made_asset(then, "main.aaaa0000.js", "js", 100000, 30000, 1),
            gone = made_asset(then, "7.aaaa0001.js", "js", 10000, 3000, 0);
    made_module(then, main, "src/index.js", 20000);
    made_module(then, gone, "src/admin.js", 40000);
    made_module(then, gone, "src/old.js", 9000);
    made_route(then, "main", NULL, SD_INTS(0));
    const struct bundle_build *before = bundle_build_of(then, a), *after = numbered(b, a);
    const struct bundle_comparison *c = bundle_compare(before, after, a);
    assert_int_equal(c->total.before, 110000);
    assert_int_equal(c->total.after, 260000);
    const struct bundle_pair *p = pair(c->assets, c->n_assets, "main.js");
    assert_int_equal(p->change, BUNDLE_GROWN);
    assert_int_equal(p->gzip_after, 60000);
    assert_int_equal(pair(c->assets, c->n_assets, "#.js")->change, BUNDLE_REMOVED);
    assert_int_equal(pair(c->assets, c->n_assets, "main.css")->change, BUNDLE_ADDED);
    assert_int_equal(pair(c->modules, c->n_modules, "src/index.js")->change, BUNDLE_SAME);
    assert_false(pair(c->modules, c->n_modules, "src/index.js")->moved);
    p = pair(c->modules, c->n_modules, "src/admin.js");
    assert_int_equal(p->change, BUNDLE_GROWN);
    assert_true(p->moved);
    assert_string_equal(p->in_before[0], "#.js");
    assert_string_equal(p->in_after[0], "admin.js");
    p = pair(c->modules, c->n_modules, "src/shared.js");
    assert_int_equal(p->change, BUNDLE_ADDED);
    assert_int_equal(p->after, 6000);
    assert_int_equal(p->n_in_after, 2);
    p = pair(c->routes, c->n_routes, "main");
    assert_int_equal(p->before, 100000);
    assert_int_equal(p->after, 200000);
    batch_unref(b);
    batch_unref(then);
    arena_free(a);
}

/* Records from outside: numbers of nothing, sizes below 0, lists of different lengths. */
static void what_does_not_hold_is_left_out(void **state)
{
    struct arena *a = arena_new();
    struct sd_batch *b = batch_new("dist", 1);
    size_t n;
    (void)state;
    assert_null(bundle_build_of(b, a));
    made_head(b, NULL, NULL, -5, INT64_MIN + 1, NULL);
    int64_t one = made_asset(b, NULL, NULL, -7, INT64_MAX, 1);
    made_module(b, one, "src/a.js", INT64_MAX / 2);
    made_module(b, one, "src/b.js", -3);
    made_part(b, 17, "src/c.js", "module", 1);
    made_part(b, -1, "src/c.js", "module", 1);
    made_route(b, "main", NULL, SD_INTS(0, 5));
    made_route(b, NULL, NULL, NULL);
    struct sd_bundle_imports r = {
        .modules = SD_TEXTS("a", "b"), .importers = SD_INTS(0, 2), .imported = SD_INTS(1, 1)};
    assert_true(batch_add(b, SD_BUNDLE_IMPORTS, &r));
    const struct bundle_build *x = numbered(b, a);
    assert_int_equal(x->n_assets, 1);
    assert_int_equal(x->assets[0].size_bytes, SD_UNKNOWN);
    assert_int_equal(x->n_modules, 2);
    assert_int_equal(x->n_routes, 0);
    assert_null(x->imports);
    assert_int_equal(x->ill, 5);
    assert_int_equal(bundle_packages(x, a, &n)->bytes.minified, SD_UNKNOWN);
    bundle_compare(x, x, a);
    batch_unref(b);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_without_hashes),
        cmocka_unit_test(packages_add_up),
        cmocka_unit_test(copies_and_who_brings_them),
        cmocka_unit_test(small_copies_do_not_count),
        cmocka_unit_test(chains_are_shortest),
        cmocka_unit_test(code_that_is_kept),
        cmocka_unit_test(packages_that_could_be_lighter),
        cmocka_unit_test(fonts_and_images),
        cmocka_unit_test(first_loads_count_a_file_once),
        cmocka_unit_test(cells_come_by_weight),
        cmocka_unit_test(before_and_after),
        cmocka_unit_test(what_does_not_hold_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
