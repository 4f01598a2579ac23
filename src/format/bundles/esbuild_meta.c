#include "format/bundles/esbuild_meta.h"

#include <stdlib.h>

#include "core/name_index.h"
#include "base/num.h"
#include "format/bundles/asset_type.h"
#include "format/bundles/esbuild_routes.h"
#include "format/bundles/json_field.h"
#include "format/bundles/module_path.h"
#include "format/json_check.h"

struct meta {
    struct draft *d;
    struct name_index inputs;  /* numbers of modules */
    struct name_index outputs; /* numbers in routes.outputs */
    struct esbuild_routes routes;
    struct strbuf name;
    struct sd_error *err;
};

/* As in SD_BUNDLE_IMPORTS. */
enum { HOW_UNKNOWN = 0, HOW_IMPORT = 1, HOW_REQUIRE = 4, HOW_DYNAMIC = 5 };

/* A name as it may stand in a sentence: without control characters. */
static bool refuse(struct meta *m, const char *name, const char *why)
{
    struct strbuf path = {0};
    module_path(name, strlen(name), &path);
    fail(m->err, "The metafile cannot be used: %.200s %s.", strbuf_text(&path), why);
    strbuf_free(&path);
    return false;
}

/* The number of a name that must be a new one; NAME_NONE, and a sentence, if it is there twice. */
static uint32_t new_name(struct meta *m, struct name_index *x, const struct json_pull *at)
{
    json_key_name(at, &m->name);
    const char *name = arena_strdup(m->d->arena, strbuf_text(&m->name));
    size_t n = x->n;
    uint32_t i = name_index_of(x, name);
    if (x->n > n)
        return i;
    refuse(m, name, "is there twice");
    return NAME_NONE;
}

static int how_of(struct json_pull kind, struct strbuf *text)
{
    static const struct {
        const char *kind;
        int how;
    } KINDS[] = {
        {.kind = "import-statement", .how = HOW_IMPORT}, {.kind = "import-rule", .how = HOW_IMPORT},
        {.kind = "composes-from", .how = HOW_IMPORT},    {.kind = "require-call", .how = HOW_REQUIRE},
        {.kind = "require-resolve", .how = HOW_REQUIRE}, {.kind = "dynamic-import", .how = HOW_DYNAMIC},
    };
    strbuf_clear(text);
    if (kind.at)
        json_text(&kind, text);
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
        if (str_eq(KINDS[i].kind, strbuf_text(text)))
            return KINDS[i].how;
    return HOW_UNKNOWN;
}

/* ---- inputs ---- */

/* Which modules there are, before what they import. */
static bool read_inputs(struct meta *m, struct json_pull inputs)
{
    static const char *const KEYS[] = {"bytes", "format"};
    struct json_pull values[ARRAY_LEN(KEYS)];
    json_enter(&inputs, '{');
    while (json_key(&inputs)) {
        int64_t bytes = SD_UNKNOWN;
        uint32_t i = new_name(m, &m->inputs, &inputs);
        if (i == NAME_NONE)
            return false;
        json_fields(&inputs, KEYS, values, ARRAY_LEN(KEYS));
        if (values[0].at && !json_size(&values[0], &bytes))
            return refuse(m, m->inputs.names[i], "has bytes that are no size");
        draft_module(m->d, m->inputs.names[i], bytes);
        struct draft_module *module = &m->d->modules[i];
        if (values[1].at) {
            json_text(&values[1], &m->name);
            module->code.path = module->path;
            module->code.package = module->package;
            module->code.es_module = str_eq(strbuf_text(&m->name), "esm");
            module->code.imported_by_es = 0;
        }
    }
    return true;
}

static void read_import(struct meta *m, uint32_t importer, struct json_pull *import, uint64_t *seen)
{
    static const char *const KEYS[] = {"path", "kind"};
    struct json_pull values[ARRAY_LEN(KEYS)];
    json_fields(import, KEYS, values, ARRAY_LEN(KEYS));
    int how = how_of(values[1], &m->name);
    if (!values[0].at)
        return;
    json_name(&values[0], &m->name);
    uint32_t imported = name_index_find(&m->inputs, strbuf_text(&m->name));
    /* What is external has no module; the same module is often imported several times. */
    uint64_t mark = ((uint64_t)importer + 1) << 3 | (uint64_t)how;
    if (imported == NAME_NONE || seen[imported] == mark)
        return;
    seen[imported] = mark;
    draft_import(m->d, importer, imported, how);
    if (m->d->modules[importer].code.es_module == 1 && how != HOW_REQUIRE &&
        m->d->modules[imported].code.path)
        m->d->modules[imported].code.imported_by_es = 1;
}

static void read_imports(struct meta *m, struct json_pull inputs)
{
    static const char *const KEYS[] = {"imports"};
    uint64_t *seen = mem_array(m->inputs.n + 1, sizeof *seen);
    json_enter(&inputs, '{');
    for (uint32_t i = 0; json_key(&inputs); i++) {
        struct json_pull list;
        json_fields(&inputs, KEYS, &list, 1);
        if (list.at && json_enter(&list, '['))
            while (json_item(&list))
                read_import(m, i, &list, seen);
    }
    free(seen);
}

/* ---- outputs ---- */

/* How long the folder is that all outputs are in, with its slash. */
static size_t common_folder(const struct name_index *outputs)
{
    if (!outputs->n)
        return 0;
    size_t n = strlen(outputs->names[0]);
    for (size_t i = 1; i < outputs->n; i++) {
        size_t k = 0;
        while (k < n && outputs->names[i][k] == outputs->names[0][k])
            k++;
        n = k;
    }
    while (n && outputs->names[0][n - 1] != '/')
        n--;
    return n;
}

/* Their names and sizes, before what they load. */
static bool read_outputs(struct meta *m, struct json_pull outputs)
{
    static const char *const KEYS[] = {"bytes"};
    struct json_pull each = outputs;
    json_enter(&each, '{');
    while (json_key(&each)) {
        if (new_name(m, &m->outputs, &each) == NAME_NONE)
            return false;
        json_skip(&each);
    }
    size_t folder = common_folder(&m->outputs);
    json_enter(&outputs, '{');
    for (uint32_t i = 0; json_key(&outputs); i++) {
        const char *name = m->outputs.names[i];
        int64_t bytes = SD_UNKNOWN;
        struct json_pull size;
        json_fields(&outputs, KEYS, &size, 1);
        if (size.at && !json_size(&size, &bytes))
            return refuse(m, name, "has bytes that are no size");
        uint32_t asset = ESBUILD_NO_ASSET;
        if (asset_type(name)) {
            asset = draft_asset(m->d, name + folder);
            m->d->assets[asset].size_bytes = bytes;
        }
        esbuild_routes_output(&m->routes, asset);
    }
    return true;
}

/* What an output holds of each input. */
static bool read_parts(struct meta *m, uint32_t output, struct json_pull inputs)
{
    static const char *const KEYS[] = {"bytesInOutput"};
    uint32_t asset = m->routes.outputs[output].asset;
    if (asset == ESBUILD_NO_ASSET)
        return true;
    int64_t whole = m->d->assets[asset].size_bytes, sum = 0;
    if (!json_enter(&inputs, '{'))
        return true;
    while (json_key(&inputs)) {
        int64_t bytes;
        struct json_pull size;
        json_key_name(&inputs, &m->name);
        const char *name = strbuf_text(&m->name);
        uint32_t module = name_index_find(&m->inputs, name);
        json_fields(&inputs, KEYS, &size, 1);
        if (!size.at || !json_size(&size, &bytes))
            return refuse(m, name, "is in an output with bytes that are no size");
        if (module == NAME_NONE) {
            module = name_index_of(&m->inputs, arena_strdup(m->d->arena, name));
            draft_module(m->d, name, SD_UNKNOWN);
        }
        draft_part(m->d, asset, module, bytes);
        sum = add_sat(sum, bytes);
        if (sd_known(whole) && sum > whole)
            return refuse(m, m->outputs.names[output], "is smaller than what it holds of its inputs");
    }
    return true;
}

static void read_loads(struct meta *m, uint32_t output, struct json_pull list)
{
    static const char *const KEYS[] = {"path", "kind"};
    struct json_pull values[ARRAY_LEN(KEYS)];
    if (!json_enter(&list, '['))
        return;
    while (json_item(&list)) {
        json_fields(&list, KEYS, values, ARRAY_LEN(KEYS));
        bool dynamic = how_of(values[1], &m->name) == HOW_DYNAMIC;
        if (!values[0].at)
            continue;
        json_name(&values[0], &m->name);
        uint32_t loaded = name_index_find(&m->outputs, strbuf_text(&m->name));
        if (loaded != NAME_NONE)
            esbuild_routes_load(&m->routes, output, loaded, dynamic);
    }
}

static bool read_output(struct meta *m, uint32_t i, struct json_pull *object)
{
    static const char *const KEYS[] = {"inputs", "imports", "cssBundle", "entryPoint"};
    struct json_pull values[ARRAY_LEN(KEYS)];
    json_fields(object, KEYS, values, ARRAY_LEN(KEYS));
    if (values[0].at && !read_parts(m, i, values[0]))
        return false;
    if (values[1].at)
        read_loads(m, i, values[1]);
    if (values[2].at) {
        json_name(&values[2], &m->name);
        uint32_t css = name_index_find(&m->outputs, strbuf_text(&m->name));
        if (css != NAME_NONE)
            esbuild_routes_load(&m->routes, i, css, false);
    }
    if (values[3].at) {
        json_name(&values[3], &m->name);
        if (m->name.len)
            esbuild_routes_entry(&m->routes, i, strbuf_text(&m->name),
                                 name_index_find(&m->inputs, strbuf_text(&m->name)));
    }
    return true;
}

static bool read_meta(struct meta *m, struct json_pull inputs, struct json_pull outputs)
{
    if (!read_inputs(m, inputs) || !read_outputs(m, outputs))
        return false;
    read_imports(m, inputs);
    json_enter(&outputs, '{');
    for (uint32_t i = 0; json_key(&outputs); i++)
        if (!read_output(m, i, &outputs))
            return false;
    esbuild_routes_finish(&m->routes, m->d);
    return true;
}

/* ---- the whole ---- */

static bool find_both(const char *text, size_t len, struct json_pull values[2])
{
    static const char *const KEYS[] = {"inputs", "outputs"};
    struct json_pull whole = json_pull(text, len);
    json_fields(&whole, KEYS, values, 2);
    return values[0].at && values[1].at && json_peek(&values[0]) == '{' && json_peek(&values[1]) == '{';
}

int esbuild_meta_sure(const char *text, size_t len)
{
    struct json_pull values[2];
    return find_both(text, len, values) ? 90 : 0;
}

bool esbuild_meta_read(const char *text, size_t len, struct draft *d, struct sd_error *err)
{
    struct json_pull values[2];
    if (!json_check(text, len, err))
        return false;
    if (!find_both(text, len, values))
        return fail(err, "The metafile has no inputs or no outputs.");
    struct meta m = {.d = d, .err = err};
    d->build_kind = "esbuild_metafile";
    d->measured = true;
    bool ok = read_meta(&m, values[0], values[1]);
    name_index_free(&m.inputs);
    name_index_free(&m.outputs);
    esbuild_routes_free(&m.routes);
    strbuf_free(&m.name);
    return ok;
}
