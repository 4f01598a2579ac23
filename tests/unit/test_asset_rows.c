/* What an asset is made of adds up to it, whatever is known of it; and the sizes on the way. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "format/bundles/asset_rows.h"
#include "format/bundles/compressed_size.h"
#include "format/bundles/next_manifest.h"
#include "format/bundles/package_lock.h"
#include "format/bundles/vite_manifest.h"

static struct draft *d;
static struct asset_output out;
static struct draft_part parts[8];
static size_t n_parts;

static int begin(void **state)
{
    (void)state;
    d = draft_new();
    draft_asset(d, "main.js");
    out = (struct asset_output){.arena = arena_new()};
    n_parts = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(out.rows);
    arena_free(out.arena);
    draft_free(d);
    return 0;
}

static void part(const char *name, const char *id, int64_t size, int64_t minified)
{
    uint32_t m = draft_module(d, name, size);
    d->modules[m].id = id;
    parts[n_parts++] = (struct draft_part){.module = m, .minified_bytes = minified};
}

static bool rows(const char *text, const char *map)
{
    struct sd_error err = {""};
    struct asset_input in = {.draft = d,
                             .parts = parts,
                             .n_parts = n_parts,
                             .text = text,
                             .len = text ? strlen(text) : 0,
                             .map = map,
                             .map_len = map ? strlen(map) : 0};
    bool good = asset_rows(&in, &out, &err);
    int64_t sum = 0, gzip = 0, brotli = 0;
    asset_rows_compressed(&out, 77, 63);
    for (size_t i = 0; i < out.n; i++) {
        sum += out.rows[i].minified_bytes;
        gzip += out.rows[i].gzip_bytes;
        brotli += out.rows[i].brotli_bytes;
    }
    if (good && out.size_bytes != SD_UNKNOWN) {
        assert_int_equal(sum, out.size_bytes);
        assert_int_equal(gzip, 77);
        assert_int_equal(brotli, 63);
    }
    return good;
}

static const struct asset_row *row(const char *path)
{
    for (size_t i = 0; i < out.n; i++)
        if (str_eq(out.rows[i].path, path))
            return &out.rows[i];
    fail_msg("no row %s", path);
    return NULL;
}

static void test_described(void **state)
{
    (void)state;
    part("./a.js", NULL, 100, 30);
    part("./a.js?other", NULL, 10, 5); /* of one path: added */
    part("node_modules/x/i.js", NULL, 50, 40);
    assert_true(rows(
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567", NULL));
    assert_int_equal(row("a.js")->minified_bytes, 35);
    assert_int_equal(row("a.js")->size_bytes, 110);
    assert_string_equal(row("node_modules/x/i.js")->package, "x");
    assert_int_equal(row("(glue)")->minified_bytes, 13);
    /* The file has been made smaller since. */
    assert_false(rows("0123456789", NULL));
    d->assets[0].size_bytes = 80;
    assert_true(rows("0123456789", NULL));
    assert_true(row("a.js")->estimated);
    d->assets[0].size_bytes = 74;
    assert_false(rows("0123456789", NULL));
    d->assets[0].size_bytes = 75;
    assert_true(rows(NULL, NULL));
    assert_int_equal(out.size_bytes, 75);
    /* A chunk without modules is what the bundler wrote. */
    n_parts = 0;
    d->measured = true;
    assert_true(rows("012345", NULL));
    assert_int_equal(row("(glue)")->minified_bytes, 6);
}

static void test_functions(void **state)
{
    (void)state;
    static const char ASSET[] =
        "(()=>{var e={7:(e,t)=>{t.a=1},\"./b.js\":e=>{e.exports=function(){return 2}}},t={};"
        "function r(n){return e[n](t,t,r)}r(7)})();";
    part("./a.js", "7", 30, SD_UNKNOWN);
    part("./inner.js", "./b.js", 30, SD_UNKNOWN);
    part("./other.js", "./b.js", 10, SD_UNKNOWN);
    part("./entry.js", NULL, 12, SD_UNKNOWN);
    assert_true(rows(ASSET, NULL));
    assert_int_equal(row("a.js")->minified_bytes, strlen("(e,t)=>{t.a=1}"));
    assert_false(row("a.js")->estimated);
    assert_int_equal(row("inner.js")->minified_bytes + row("other.js")->minified_bytes,
                     strlen("e=>{e.exports=function(){return 2}}"));
    assert_true(row("inner.js")->estimated &&
                row("inner.js")->minified_bytes > row("other.js")->minified_bytes);
    assert_int_equal(row("entry.js")->minified_bytes, 12); /* no more than its source */
    row("(glue)");
}

static void test_shared(void **state)
{
    (void)state;
    assert_true(rows("var a;", NULL));
    assert_string_equal(row("(unmapped)")->part, "unmapped");
    part("./a.js", NULL, 30, SD_UNKNOWN);
    part("./b.js", NULL, 10, SD_UNKNOWN);
    assert_true(rows("01234567", NULL));
    assert_int_equal(row("a.js")->minified_bytes, 6);
    assert_true(row("b.js")->estimated);
    d->assets[0].name = "logo.png";
    n_parts = 0;
    assert_true(rows("12345", NULL));
    assert_string_equal(row("logo.png")->part, "asset");
    assert_true(rows("", NULL));
    assert_true(rows(NULL, NULL));
    assert_int_equal(out.size_bytes, SD_UNKNOWN);
}

static void test_mapped(void **state)
{
    (void)state;
    part("./a.js", NULL, 30, SD_UNKNOWN);
    part("./gone.js", NULL, 9, SD_UNKNOWN);
    assert_true(rows("ab\nc", "{\"version\":3,\"sources\":[\"webpack://x/./a.js\"],\"mappings\":\"AAAA\"}"));
    assert_int_equal(row("a.js")->minified_bytes, 2);
    assert_int_equal(row("a.js")->size_bytes, 30);
    assert_false(row("a.js")->estimated);
    assert_int_equal(row("gone.js")->minified_bytes, 0);
    assert_int_equal(row("(line ends)")->minified_bytes, 1);
    assert_int_equal(row("(unmapped)")->minified_bytes, 1);
    assert_true(rows("ab\nc", "{\"version\":2}")); /* another way is taken */
    assert_true(*out.map_note.text);
    assert_true(row("a.js")->estimated);
}

static bool always(void *ctx)
{
    (void)ctx;
    return true;
}

static bool once(void *ctx)
{
    return (*(int *)ctx)++ < 1;
}

static void test_compressed(void **state)
{
    (void)state;
    struct compressed_size c;
    char *big = mem_alloc(600000);
    memset(big, 'x', 600000);
    assert_true(compressed_size("", 0, always, NULL, &c));
    assert_int_equal(c.gzip_bytes, 20);
    assert_int_equal(c.brotli_bytes, 1);
    assert_true(compressed_size("hello hello hello hello", 23, always, NULL, &c));
    assert_int_equal(c.gzip_bytes, 28);
    assert_true(compressed_size(big, 600000, always, NULL, &c));
    assert_true(c.gzip_bytes > 600 && c.gzip_bytes < 700 && c.brotli_bytes < 20);
    int calls = 0;
    assert_false(compressed_size(big, 600000, once, &calls, &c));
    free(big);
}

static void test_vite(void **state)
{
    (void)state;
    static const char TEXT[] =
        "{\"index.html\":{\"file\":\"assets/"
        "index-1.js\",\"src\":\"index.html\",\"isEntry\":true,\"imports\":[\"_v.js\"],"
        "\"dynamicImports\":[\"src/lazy.ts\"],\"css\":[\"assets/index-2.css\"],\"assets\":[\"assets/"
        "l.svg\"]},"
        "\"_v.js\":{\"file\":\"assets/v-3.js\",\"name\":\"v\"},"
        "\"src/lazy.ts\":{\"file\":\"assets/lazy-4.js\",\"src\":\"src/lazy.ts\",\"isDynamicEntry\":true,"
        "\"imports\":[\"_v.js\"],\"css\":[\"assets/lazy-5.css\"]}}";
    struct sd_error err = {""};
    struct draft *v = draft_new();
    assert_true(vite_manifest_sure(TEXT, sizeof TEXT - 1) > 0);
    assert_int_equal(vite_manifest_sure("{\"name\":\"app\",\"icons\":[]}", 26), 0);
    assert_true(vite_manifest_read(TEXT, sizeof TEXT - 1, v, &err));
    assert_int_equal(v->n_assets, 6);
    assert_int_equal(v->assets[draft_find_asset(v, "assets/v-3.js")].initial, 1);
    assert_int_equal(v->assets[draft_find_asset(v, "assets/lazy-5.css")].initial, 0);
    assert_int_equal(v->assets[draft_find_asset(v, "assets/l.svg")].initial, SD_UNKNOWN);
    assert_int_equal(v->n_routes, 2);
    assert_string_equal(v->routes[0].name, "index.html");
    assert_int_equal(v->routes[0].n_assets, 3);
    assert_string_equal(v->routes[1].entry, "index.html");
    assert_int_equal(v->routes[1].n_assets, 5);
    assert_false(vite_manifest_read(TEXT, 100, v, &err));
    draft_free(v);
}

static void test_next(void **state)
{
    (void)state;
    static const char TEXT[] = "{\"polyfillFiles\":[\"static/p.js\"],\"lowPriorityFiles\":[\"static/m.js\"],"
                               "\"rootMainFiles\":[\"static/root.js\"],\"pages\":{\"/\":[\"static/i.js\"],"
                               "\"/_app\":[\"static/app.js\",\"static/app.css\"]}}";
    static const char APP[] = "{\"pages\":{\"/blog/page\":[\"static/blog.js\"]}}";
    static const char ROUTES[] = "[{\"route\":\"/\",\"firstLoadChunkPaths\":[]},{\"route\":\"/shop\","
                                 "\"firstLoadChunkPaths\":[\".next/static/s.js\"]}]";
    struct sd_error err = {""};
    struct draft *n = draft_new();
    assert_true(next_manifest_sure(TEXT, sizeof TEXT - 1) > 0);
    assert_true(next_manifest_read(TEXT, sizeof TEXT - 1, n, &err));
    assert_int_equal(n->n_routes, 2);
    assert_int_equal(n->routes[0].n_assets, 4); /* without polyfills */
    assert_int_equal(n->assets[draft_find_asset(n, "static/p.js")].initial, 0);
    assert_true(next_manifest_read_app(APP, sizeof APP - 1, n, &err));
    assert_true(next_manifest_read_stats(ROUTES, sizeof ROUTES - 1, n, &err));
    assert_int_equal(n->n_routes, 4);
    assert_int_equal(n->assets[draft_find_asset(n, "static/s.js")].initial, 1);
    draft_free(n);
}

static void test_lock(void **state)
{
    (void)state;
    static const char V3[] =
        "{\"packages\":{\"\":{\"version\":\"1.0.0\"},\"node_modules/a\":{\"version\":\"2.0.0\"},"
        "\"node_modules/b/node_modules/a\":{\"version\":\"1.5.0\"},"
        "\"node_modules/c/node_modules/a\":{\"version\":\"2.0.0\"},"
        "\"node_modules/@s/n\":{\"version\":\"3.0.0\"}}}";
    static const char V1[] = "{\"dependencies\":{\"a\":{\"version\":\"1.0.0\"},\"b\":{\"version\":\"4.0.0\","
                             "\"dependencies\":{\"a\":{\"version\":\"0.9.0\"}}}}}";
    struct package_versions v;
    struct sd_error err = {""};
    size_t n;
    assert_true(package_lock_read(V3, sizeof V3 - 1, out.arena, &v, &err));
    const struct package_version *a = package_lock_find(&v, "a", &n);
    assert_int_equal(n, 2);
    assert_string_equal(a[0].version, "1.5.0");
    assert_string_equal(package_lock_find(&v, "@s/n", &n)->version, "3.0.0");
    assert_null(package_lock_find(&v, "zz", &n));
    free(v.items);
    assert_true(package_lock_read(V1, sizeof V1 - 1, out.arena, &v, &err));
    assert_string_equal(package_lock_find(&v, "a", &n)->version, "0.9.0");
    assert_int_equal(n, 2);
    free(v.items);
    const char *package = "{\"browserslist\":{\"production\":[\"chrome 109\",\"safari >= 15\"]}}";
    const struct sd_texts *t = package_targets(package, strlen(package), out.arena);
    assert_int_equal(t->n, 2);
    assert_string_equal(t->items[0], "chrome 109");
    assert_null(package_targets("{}", 2, out.arena));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_described, begin, end),
        cmocka_unit_test_setup_teardown(test_functions, begin, end),
        cmocka_unit_test_setup_teardown(test_shared, begin, end),
        cmocka_unit_test_setup_teardown(test_mapped, begin, end),
        cmocka_unit_test_setup_teardown(test_compressed, begin, end),
        cmocka_unit_test_setup_teardown(test_vite, begin, end),
        cmocka_unit_test_setup_teardown(test_next, begin, end),
        cmocka_unit_test_setup_teardown(test_lock, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
