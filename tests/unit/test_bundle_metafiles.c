/* Descriptions of builds by esbuild and rollup-plugin-visualizer. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/bundles/esbuild_meta.h"
#include "format/bundles/module_path.h"
#include "format/bundles/visualizer.h"

static void add_size(struct strbuf *b, int64_t v)
{
    if (sd_known(v))
        strbuf_printf(b, " %lld", (long long)v);
    else
        strbuf_str(b, " ?");
}

/* A draft as lines: assets, modules, what is in what, imports, entries, routes. */
static const char *said_of(const struct draft *d)
{
    static struct strbuf b;
    strbuf_clear(&b);
    strbuf_printf(&b, "%s\n", d->build_kind);
    for (size_t i = 0; i < d->n_assets; i++) {
        strbuf_printf(&b, "asset %s", d->assets[i].name);
        add_size(&b, d->assets[i].size_bytes);
        add_size(&b, d->assets[i].initial);
        for (size_t k = 0; k < d->n_parts; k++)
            if (d->parts[k].asset == i) {
                strbuf_printf(&b, ", %s", d->modules[d->parts[k].module].path);
                add_size(&b, d->parts[k].minified_bytes);
            }
        strbuf_char(&b, '\n');
    }
    for (size_t i = 0; i < d->n_modules; i++) {
        const struct draft_module *m = &d->modules[i];
        strbuf_printf(&b, "module %s", m->path);
        add_size(&b, m->size_bytes);
        if (m->code.path)
            strbuf_printf(&b, " es %d by es %d", (int)m->code.es_module, (int)m->code.imported_by_es);
        for (size_t k = 0; k < d->n_imports; k++)
            if (d->imports[k].importer == i)
                strbuf_printf(&b, ", %d %s", d->imports[k].how, d->modules[d->imports[k].imported].path);
        strbuf_char(&b, '\n');
    }
    for (size_t i = 0; i < d->n_entries; i++)
        strbuf_printf(&b, "entry %s\n", d->modules[d->entries[i]].path);
    for (size_t i = 0; i < d->n_routes; i++) {
        strbuf_printf(&b, "route %s from %s:", d->routes[i].name,
                      d->routes[i].entry ? d->routes[i].entry : "-");
        for (size_t k = 0; k < d->routes[i].n_assets; k++)
            strbuf_printf(&b, " %s", d->assets[d->routes[i].assets[k]].name);
        strbuf_char(&b, '\n');
    }
    for (size_t i = 0; i < d->n_notes; i++)
        strbuf_printf(&b, "note %s\n", d->notes[i]);
    return strbuf_text(&b);
}

static const char *read_by(bool (*read)(const char *, size_t, struct draft *, struct sd_error *),
                           const char *text)
{
    static struct sd_error err;
    struct draft *d = draft_new();
    err.text[0] = 0;
    const char *said = read(text, strlen(text), d, &err) ? said_of(d) : err.text;
    draft_free(d);
    return said;
}

/* A build of two entries with splitting, as esbuild 0.25 describes it. */
static const char ESBUILD[] =
    "{\"inputs\":{"
    "\"src/base.css\":{\"bytes\":9,\"imports\":[]},"
    "\"src/a.css\":{\"bytes\":60,\"imports\":[{\"path\":\"src/base.css\",\"kind\":\"import-rule\"},"
    "{\"path\":\"src/dot.svg\",\"kind\":\"url-token\"}]},"
    "\"src/dot.svg\":{\"bytes\":41,\"imports\":[]},"
    "\"../node_modules/c/c.cjs\":{\"bytes\":30,\"imports\":[],\"format\":\"cjs\"},"
    "\"src/shared.js\":{\"bytes\":90,\"imports\":[{\"path\":\"../node_modules/c/"
    "c.cjs\",\"kind\":\"import-statement\"},"
    "{\"path\":\"../node_modules/c/c.cjs\",\"kind\":\"import-statement\"}],\"format\":\"esm\"},"
    "\"src/lazy.js\":{\"bytes\":50,\"imports\":[{\"path\":\"src/shared.js\",\"kind\":\"import-statement\"},"
    "{\"path\":\"react\",\"kind\":\"import-statement\",\"external\":true}],\"format\":\"esm\"},"
    "\"src/a.js\":{\"bytes\":120,\"imports\":[{\"path\":\"src/a.css\",\"kind\":\"import-statement\"},"
    "{\"path\":\"src/lazy.js\",\"kind\":\"dynamic-import\"}],\"format\":\"esm\"},"
    "\"src/b.js\":{\"bytes\":20,\"imports\":[{\"path\":\"src/"
    "shared.js\",\"kind\":\"require-call\"}],\"format\":\"esm\"}},"
    "\"outputs\":{"
    "\"dist/js/a.js\":{\"bytes\":200,\"entryPoint\":\"src/a.js\",\"cssBundle\":\"dist/js/"
    "a.css\",\"imports\":["
    "{\"path\":\"dist/js/chunk-X.js\",\"kind\":\"import-statement\"},{\"path\":\"dist/img/"
    "dot.svg\",\"kind\":\"file-loader\"},"
    "{\"path\":\"dist/js/lazy-Y.js\",\"kind\":\"dynamic-import\"}],"
    "\"inputs\":{\"src/a.js\":{\"bytesInOutput\":150},\"src/a.css\":{\"bytesInOutput\":0}}},"
    "\"dist/js/b.js\":{\"bytes\":80,\"entryPoint\":\"src/b.js\",\"imports\":["
    "{\"path\":\"dist/js/chunk-X.js\",\"kind\":\"import-statement\"},{\"path\":\"dist/js/"
    "lazy-Y.js\",\"kind\":\"dynamic-import\"},"
    "{\"path\":\"https://x/y.js\",\"kind\":\"import-statement\",\"external\":true}],"
    "\"inputs\":{\"src/b.js\":{\"bytesInOutput\":80}}},"
    "\"dist/js/lazy-Y.js\":{\"bytes\":70,\"entryPoint\":\"src/lazy.js\",\"cssBundle\":\"dist/js/"
    "lazy-Y.css\",\"imports\":["
    "{\"path\":\"dist/js/chunk-X.js\",\"kind\":\"import-statement\"}],\"inputs\":{\"src/"
    "lazy.js\":{\"bytesInOutput\":44}}},"
    "\"dist/js/chunk-X.js\":{\"bytes\":99,\"imports\":[],\"inputs\":{\"src/"
    "shared.js\":{\"bytesInOutput\":60},"
    "\"../node_modules/c/c.cjs\":{\"bytesInOutput\":29}}},"
    "\"dist/js/a.css\":{\"bytes\":79,\"imports\":[{\"path\":\"dist/img/dot.svg\",\"kind\":\"url-token\"}],"
    "\"inputs\":{\"src/a.css\":{\"bytesInOutput\":44},\"src/base.css\":{\"bytesInOutput\":9}}},"
    "\"dist/js/lazy-Y.css\":{\"bytes\":5,\"imports\":[],\"inputs\":{}},"
    "\"dist/img/dot.svg\":{\"bytes\":41,\"imports\":[],\"inputs\":{\"src/"
    "dot.svg\":{\"bytesInOutput\":41}}}}}";

static void esbuild(void **state)
{
    (void)state;
    assert_string_equal(
        read_by(esbuild_meta_read, ESBUILD),
        "esbuild_metafile\n"
        "asset js/a.js 200 1, src/a.js 150, src/a.css 0\n"
        "asset js/b.js 80 1, src/b.js 80\n"
        "asset js/lazy-Y.js 70 0, src/lazy.js 44\n"
        "asset js/chunk-X.js 99 1, src/shared.js 60, node_modules/c/c.cjs 29\n"
        "asset js/a.css 79 1, src/a.css 44, src/base.css 9\n"
        "asset js/lazy-Y.css 5 0\n"
        "asset img/dot.svg 41 ?, src/dot.svg 41\n"
        "module src/base.css 9\n"
        "module src/a.css 60, 1 src/base.css, 0 src/dot.svg\n"
        "module src/dot.svg 41\n"
        "module node_modules/c/c.cjs 30 es 0 by es 1\n"
        "module src/shared.js 90 es 1 by es 1, 1 node_modules/c/c.cjs\n"
        "module src/lazy.js 50 es 1 by es 1, 1 src/shared.js\n"
        "module src/a.js 120 es 1 by es 0, 1 src/a.css, 5 src/lazy.js\n"
        "module src/b.js 20 es 1 by es 0, 4 src/shared.js\n"
        "entry src/a.js\n"
        "entry src/b.js\n"
        "route src/a.js from -: js/a.js js/a.css js/chunk-X.js\n"
        "route src/b.js from -: js/b.js js/chunk-X.js\n"
        "route src/lazy.js from src/a.js: js/a.js js/a.css js/chunk-X.js js/lazy-Y.js js/lazy-Y.css\n");
    assert_true(esbuild_meta_sure(ESBUILD, strlen(ESBUILD)) > 50);
    assert_int_equal(visualizer_sure(ESBUILD, strlen(ESBUILD)), 0);
    assert_int_equal(esbuild_meta_sure("{\"a\":{\"inputs\":{},\"outputs\":{}}}", 33), 0);
}

#define META(input, output, part)                                                                            \
    "{\"inputs\":{\"a\":{\"bytes\":" input ",\"imports\":[]}},\"outputs\":{\"o.js\":{\"bytes\":" output      \
    ",\"inputs\":{\"a\":{\"bytesInOutput\":" part "}}}}}"

static void esbuild_edges(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {META("9007199254740992", "5", "5"),
         "esbuild_metafile\nasset o.js 5 ?, a 5\nmodule a 9007199254740992\n"},
        {META("1", "5.0", "5e0"), "esbuild_metafile\nasset o.js 5 ?, a 5\nmodule a 1\n"},
        {META("-1", "5", "5"), "The metafile cannot be used: a has bytes that are no size."},
        {META("9007199254740993", "5", "5"), "The metafile cannot be used: a has bytes that are no size."},
        {META("1e400", "5", "5"), "The metafile cannot be used: a has bytes that are no size."},
        {META("1.5", "5", "5"), "The metafile cannot be used: a has bytes that are no size."},
        {META("\"1\"", "5", "5"), "The metafile cannot be used: a has bytes that are no size."},
        {META("null", "5", "5"), "The metafile cannot be used: a has bytes that are no size."},
        {META("1", "[]", "5"), "The metafile cannot be used: o.js has bytes that are no size."},
        {META("1", "5", "true"),
         "The metafile cannot be used: a is in an output with bytes that are no size."},
        {META("1", "5", "6"),
         "The metafile cannot be used: o.js is smaller than what it holds of its inputs."},
        {"{\"inputs\":{\"a\":{},\"a\":{}},\"outputs\":{}}", "The metafile cannot be used: a is there twice."},
        {"{\"inputs\":{},\"outputs\":{\"\\u001bx\":{},\"\\u001bx\":{}}}",
         "The metafile cannot be used: x is there twice."},
        {"{\"inputs\":{}}", "The metafile has no inputs or no outputs."},
        {"{\"inputs\":[],\"outputs\":{}}", "The metafile has no inputs or no outputs."},
        {"{\"inputs\":{},\"outputs\":{}", "The JSON is cut off at byte 25."},
        /* Of a key twice the last counts. */
        {"{\"outputs\":1,\"inputs\":{},\"outputs\":{\"o.js\":{\"bytes\":-1,\"bytes\":3}}}",
         "esbuild_metafile\nasset o.js 3 ?\n"},
        /* An input that is only named by an output; names with escapes. */
        {"{\"inputs\":{},\"outputs\":{\"d\\u002fo.js\":{\"bytes\":3,\"inputs\":{\"\\u0000x\\/"
         "y\":{\"bytesInOutput\":2}}}}}",
         "esbuild_metafile\nasset o.js 3 ?, x/y 2\nmodule x/y ?\n"},
        /* Entries that import each other: the first is the begin. */
        {"{\"inputs\":{},\"outputs\":{"
         "\"a.js\":{\"entryPoint\":\"./a\",\"imports\":[{\"path\":\"b.js\",\"kind\":\"dynamic-import\"}]},"
         "\"b.js\":{\"entryPoint\":\"./b\",\"imports\":[{\"path\":\"a.js\",\"kind\":\"dynamic-import\"}]}}}",
         "esbuild_metafile\nasset a.js ? 1\nasset b.js ? 0\nroute a from -: a.js\nroute b from a: a.js "
         "b.js\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const char *said = read_by(esbuild_meta_read, CASES[i].text);
        if (strcmp(said, CASES[i].says) != 0)
            fail_msg("case %zu: %s", i, said);
    }
}

/* Entries that load each other, all of them. */
static void esbuild_walks(void **state)
{
    (void)state;
    enum { N = 1500 };
    struct strbuf b = {0};
    strbuf_str(&b, "{\"inputs\":{},\"outputs\":{");
    for (int i = 0; i < N; i++)
        strbuf_printf(&b,
                      "%s\"%d.js\":{\"entryPoint\":\"%d\",\"imports\":[{\"path\":\"%d.js\",\"kind\":\"import-"
                      "statement\"}]}",
                      i ? "," : "", i, i, (i + 1) % N);
    strbuf_str(&b, "}}");
    struct draft *d = draft_new();
    struct sd_error err;
    assert_true(esbuild_meta_read(b.text, b.len, d, &err));
    assert_true(d->n_routes > 100 && d->assets[N - 1].initial == 1);
    draft_free(d);
    strbuf_free(&b);
}

#define VISUALIZER(options)                                                                                  \
    "{\"version\":2,\"tree\":{\"name\":\"root\",\"children\":[{\"name\":\"js/"                               \
    "app.js\",\"children\":[{\"uid\":\"p1\","                                                                \
    "\"name\":\"a\"}]},{\"name\":\"lazy.js\",\"children\":[]}]},"                                            \
    "\"nodeParts\":{\"p1\":{\"renderedLength\":334,\"gzipLength\":218,\"brotliLength\":161,\"metaUid\":"     \
    "\"m1\"},"                                                                                               \
    "\"p2\":{\"renderedLength\":20,\"metaUid\":\"m2\"},\"p3\":{\"renderedLength\":25,\"metaUid\":\"m2\"}},"  \
    "\"nodeMetas\":{\"m1\":{\"id\":\"/src/main.js\",\"moduleParts\":{\"js/"                                  \
    "app.js\":\"p1\"},\"imported\":[{\"uid\":\"m2\"},"                                                       \
    "{\"uid\":\"m3\"},{\"uid\":\"m4\",\"dynamic\":true}],\"importedBy\":[],\"isEntry\":true},"               \
    "\"m2\":{\"id\":\"\\u0000/p/node_modules/c/"                                                             \
    "c.js?commonjs-module\",\"moduleParts\":{\"lazy.js\":\"p2\",\"js/app.js\":"                              \
    "\"p3\"},\"imported\":[],\"importedBy\":[{\"uid\":\"m1\"}]},"                                            \
    "\"m3\":{\"id\":\"react\",\"moduleParts\":{},\"imported\":[],\"importedBy\":[],\"isExternal\":true},"    \
    "\"m4\":{\"id\":\"/src/"                                                                                 \
    "barrel.js\",\"moduleParts\":{},\"imported\":[{\"uid\":\"m2\"}],\"importedBy\":[]}},"                    \
    "\"env\":{\"rollup\":\"4.0.0\"}" options "}"

static void visualizer(void **state)
{
    (void)state;
    static const char MEASURED[] =
        VISUALIZER(",\"options\":{\"gzip\":true,\"brotli\":true,\"sourcemap\":true}");
    static const char BEFORE[] = VISUALIZER(",\"options\":{\"sourcemap\":false}");
    static const char LINKS[] = "entry src/main.js\n";
    assert_string_equal(read_by(visualizer_read, MEASURED),
                        "rollup_visualizer\n"
                        "asset js/app.js ? ?, src/main.js 334, node_modules/c/c.js 25\n"
                        "asset lazy.js ? ?, node_modules/c/c.js 20\n"
                        "module src/main.js ?, 1 node_modules/c/c.js, 5 src/barrel.js\n"
                        "module node_modules/c/c.js ?\n"
                        "module src/barrel.js ?, 1 node_modules/c/c.js\n"
                        "entry src/main.js\n");
    assert_string_equal(read_by(visualizer_read, BEFORE),
                        "rollup_visualizer\n"
                        "asset js/app.js ? ?, src/main.js ?, node_modules/c/c.js ?\n"
                        "asset lazy.js ? ?, node_modules/c/c.js ?\n"
                        "module src/main.js 334, 1 node_modules/c/c.js, 5 src/barrel.js\n"
                        "module node_modules/c/c.js 25\n"
                        "module src/barrel.js ?, 1 node_modules/c/c.js\n"
                        "entry src/main.js\n");
    assert_true(str_ends(read_by(visualizer_read, VISUALIZER("")), LINKS));
    assert_true(visualizer_sure(MEASURED, strlen(MEASURED)) > visualizer_sure(BEFORE, strlen(BEFORE)));
    assert_int_equal(esbuild_meta_sure(MEASURED, strlen(MEASURED)), 0);
}

static void visualizer_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } CASES[] = {
        {"{\"version\":1,\"tree\":{},\"nodeParts\":{},\"nodeMetas\":{}}",
         "The visualizer's data is not of version 2."},
        {"{\"version\":2,\"tree\":{},\"nodeParts\":{}}",
         "The visualizer's data has no tree, no nodeParts or no nodeMetas."},
        {"{\"version\":2,\"tree\":{},\"nodeParts\":{\"p\":{\"renderedLength\":-1}},\"nodeMetas\":{}}",
         "The visualizer's data cannot be used: a renderedLength is no size."},
        {"{\"version\":2,\"tree\":{},\"nodeParts\":{\"p\":{}},\"nodeMetas\":{}}",
         "The visualizer's data cannot be used: a renderedLength is no size."},
        {"{\"version\":2,\"tree\":{},\"nodeParts\":{},\"nodeMetas\":{\"m\":{\"moduleParts\":{\"a.js\":\"p\"}}"
         "}}",
         "The visualizer's data cannot be used: a part of a module is not there."},
        {"{\"version\":2,\"tree\":{},\"nodeParts\":{},\"nodeMetas\":{\"m\":{},\"m\":{}}}",
         "The visualizer's data cannot be used: a module is there twice."},
        {"{\"version\":2,\"tree\":{", "The JSON is cut off at byte 21."},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++)
        assert_string_equal(read_by(visualizer_read, CASES[i].text), CASES[i].says);
}

/* Real builds: the sums of their parts, and what the visualizer's own list says of each module. */
static void published(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int64_t sums[3];
    } ESBUILDS[] = {{"bundle_stats/esbuild/css.meta.json", {154, 312245, 154}},
                    {"bundle_stats/esbuild/single.meta.json", {653333}}};
    char *text;
    size_t len;
    struct sd_error err;
    if (!test_corpus(ESBUILDS[0].file))
        skip();
    for (size_t i = 0; i < ARRAY_LEN(ESBUILDS); i++) {
        int64_t sums[3] = {0};
        struct draft *d = draft_new();
        assert_true(file_read(test_corpus(ESBUILDS[i].file), 1 << 24, &text, &len, &err));
        assert_true(esbuild_meta_read(text, len, d, &err));
        for (size_t k = 0; k < d->n_parts; k++)
            sums[d->parts[k].asset] += d->parts[k].minified_bytes;
        assert_memory_equal(sums, ESBUILDS[i].sums, sizeof sums);
        draft_free(d);
        free(text);
    }
    struct draft *d = draft_new();
    assert_true(file_read(test_corpus("bundle_stats/rollup_visualizer/single.raw-data.json"), 1 << 24, &text,
                          &len, &err));
    assert_true(visualizer_read(text, len, d, &err));
    free(text);
    assert_true(
        file_read(test_corpus("bundle_stats/rollup_visualizer/single.list.yml"), 1 << 24, &text, &len, &err));
    char *rest = text, name[1024] = "";
    long long rendered;
    size_t n = 0;
    struct strbuf path = {0};
    for (size_t i = 0; i < len; i++)
        text[i] = text[i] ? text[i] : 1; /* module_path leaves out both */
    for (char *line; (line = strsep(&rest, "\n"));) {
        if (str_starts(line, "  ") && line[2] != ' ') {
            sscanf(line + 2, "%1000[^:]:", name);
            module_path(name, strlen(name), &path);
        } else if (line[0] && line[0] != ' ') {
            strbuf_clear(&path);
        }
        if (!path.len || strlen(line) < 3 || sscanf(line, " rendered: %lld", &rendered) != 1)
            continue;
        bool found = false;
        for (size_t k = 0; k < d->n_modules && !found; k++)
            found = str_eq(path.text, d->modules[k].path) && d->modules[k].size_bytes == rendered;
        if (!found)
            fail_msg("%s %lld", path.text, rendered);
        n++;
    }
    strbuf_free(&path);
    assert_true(n > 100 && n <= d->n_parts);
    free(text);
    draft_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(esbuild),    cmocka_unit_test(esbuild_edges),      cmocka_unit_test(esbuild_walks),
        cmocka_unit_test(visualizer), cmocka_unit_test(visualizer_refused), cmocka_unit_test(published),
    };
    return cmocka_run_group_tests_name("bundle_metafiles", tests, NULL, NULL);
}
