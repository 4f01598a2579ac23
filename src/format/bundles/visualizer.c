#include "format/bundles/visualizer.h"

#include <stdlib.h>

#include "core/name_index.h"
#include "format/bundles/asset_type.h"
#include "format/bundles/json_field.h"
#include "format/json_check.h"

enum { VERSION, TREE, PARTS, METAS, OPTIONS, FIELDS };

struct data {
    struct draft *d;
    struct json_pull of[FIELDS];
    bool measured;           /* with source maps */
    struct name_index parts; /* numbers in `rendered` */
    int64_t *rendered;
    size_t cap_rendered;
    struct name_index metas; /* numbers of modules */
    struct strbuf name;
    struct sd_error *err;
};

static const char *keep(struct data *v)
{
    return arena_strdup(v->d->arena, strbuf_text(&v->name));
}

static bool read_parts(struct data *v)
{
    static const char *const KEYS[] = {"renderedLength"};
    struct json_pull parts = v->of[PARTS], length;
    json_enter(&parts, '{');
    while (json_key(&parts)) {
        int64_t bytes;
        json_key_name(&parts, &v->name);
        json_fields(&parts, KEYS, &length, 1);
        if (!length.at || !json_size(&length, &bytes))
            return fail(v->err, "The visualizer's data cannot be used: a renderedLength is no size.");
        uint32_t i = name_index_of(&v->parts, keep(v));
        v->rendered = mem_grow(v->rendered, i, &v->cap_rendered, sizeof *v->rendered);
        v->rendered[i] = bytes; /* of a key twice the last one */
    }
    return true;
}

/* The files, in the order of the tree. */
static void read_tree(struct data *v)
{
    static const char *const CHILDREN[] = {"children"}, *const NAME[] = {"name"};
    struct json_pull list, name;
    json_fields(&v->of[TREE], CHILDREN, &list, 1);
    if (!list.at || !json_enter(&list, '['))
        return;
    while (json_item(&list)) {
        json_fields(&list, NAME, &name, 1);
        if (!name.at)
            continue;
        json_name(&name, &v->name);
        if (asset_type(strbuf_text(&v->name)))
            draft_asset(v->d, strbuf_text(&v->name));
    }
}

/* In which files the module is: { FILE: number of a part, ... }. */
static bool read_module_parts(struct data *v, uint32_t module, struct json_pull files)
{
    int64_t largest = SD_UNKNOWN;
    if (!json_enter(&files, '{'))
        return true;
    while (json_key(&files)) {
        json_key_name(&files, &v->name);
        if (!v->name.len)
            return fail(v->err, "The visualizer's data cannot be used: a file has no name.");
        bool shipped = asset_type(strbuf_text(&v->name));
        uint32_t asset = shipped ? draft_asset(v->d, strbuf_text(&v->name)) : 0;
        json_name(&files, &v->name);
        uint32_t part = name_index_find(&v->parts, strbuf_text(&v->name));
        if (part == NAME_NONE)
            return fail(v->err, "The visualizer's data cannot be used: a part of a module is not there.");
        int64_t bytes = v->rendered[part];
        if (!shipped)
            continue;
        draft_part(v->d, asset, module, v->measured ? bytes : SD_UNKNOWN);
        largest = sd_known(largest) ? MAX(largest, bytes) : bytes;
    }
    if (!v->measured)
        v->d->modules[module].size_bytes = largest;
    return true;
}

/* A module without parts stays: others may be imported through it. */
static bool read_metas(struct data *v)
{
    static const char *const KEYS[] = {"id", "moduleParts", "isEntry", "isExternal"};
    struct json_pull metas = v->of[METAS], of[ARRAY_LEN(KEYS)];
    json_enter(&metas, '{');
    while (json_key(&metas)) {
        json_key_name(&metas, &v->name);
        const char *uid = keep(v);
        json_fields(&metas, KEYS, of, ARRAY_LEN(KEYS));
        if (of[3].at && json_peek(&of[3]) == 't')
            continue;
        if (name_index_find(&v->metas, uid) != NAME_NONE)
            return fail(v->err, "The visualizer's data cannot be used: a module is there twice.");
        name_index_of(&v->metas, uid);
        strbuf_clear(&v->name);
        if (of[0].at)
            json_name(&of[0], &v->name);
        uint32_t module = draft_module(v->d, strbuf_text(&v->name), SD_UNKNOWN);
        if (of[1].at && !read_module_parts(v, module, of[1]))
            return false;
        if (of[2].at && json_peek(&of[2]) == 't')
            draft_entry(v->d, module);
    }
    return true;
}

static void read_imported(struct data *v, uint32_t importer, struct json_pull list)
{
    static const char *const KEYS[] = {"uid", "dynamic"};
    struct json_pull of[ARRAY_LEN(KEYS)];
    if (!json_enter(&list, '['))
        return;
    while (json_item(&list)) {
        json_fields(&list, KEYS, of, ARRAY_LEN(KEYS));
        if (!of[0].at)
            continue;
        json_name(&of[0], &v->name);
        uint32_t imported = name_index_find(&v->metas, strbuf_text(&v->name));
        bool dynamic = of[1].at && json_peek(&of[1]) == 't';
        if (imported != NAME_NONE)
            draft_import(v->d, importer, imported, dynamic ? 5 : 1); /* as in SD_BUNDLE_IMPORTS */
    }
}

static void read_imports(struct data *v)
{
    static const char *const KEYS[] = {"imported"};
    struct json_pull metas = v->of[METAS], list;
    json_enter(&metas, '{');
    while (json_key(&metas)) {
        json_key_name(&metas, &v->name);
        uint32_t importer = name_index_find(&v->metas, strbuf_text(&v->name));
        json_fields(&metas, KEYS, &list, 1);
        if (importer != NAME_NONE && list.at)
            read_imported(v, importer, list);
    }
}

static bool find_all(const char *text, size_t len, struct json_pull of[FIELDS])
{
    static const char *const KEYS[FIELDS] = {[VERSION] = "version",
                                             [TREE] = "tree",
                                             [PARTS] = "nodeParts",
                                             [METAS] = "nodeMetas",
                                             [OPTIONS] = "options"};
    struct json_pull whole = json_pull(text, len);
    json_fields(&whole, KEYS, of, FIELDS);
    return of[TREE].at && of[PARTS].at && of[METAS].at && json_peek(&of[TREE]) == '{' &&
           json_peek(&of[PARTS]) == '{' && json_peek(&of[METAS]) == '{';
}

static bool with_source_maps(struct json_pull options)
{
    static const char *const KEYS[] = {"sourcemap"};
    struct json_pull value = {0};
    if (options.at)
        json_fields(&options, KEYS, &value, 1);
    return value.at && json_peek(&value) == 't';
}

int visualizer_sure(const char *text, size_t len)
{
    struct json_pull of[FIELDS];
    if (!find_all(text, len, of))
        return 0;
    return with_source_maps(of[OPTIONS]) ? 95 : 90;
}

bool visualizer_read(const char *text, size_t len, struct draft *d, struct sd_error *err)
{
    struct data v = {.d = d, .err = err};
    if (!json_check(text, len, err))
        return false;
    if (!find_all(text, len, v.of))
        return fail(err, "The visualizer's data has no tree, no nodeParts or no nodeMetas.");
    double version = v.of[VERSION].at ? json_number(&v.of[VERSION]) : 0;
    if (!(version >= 2 && version <= 2))
        return fail(err, "The visualizer's data is not of version 2.");
    d->measured = v.measured = with_source_maps(v.of[OPTIONS]);
    d->build_kind = "rollup_visualizer";
    bool ok = read_parts(&v);
    if (ok)
        read_tree(&v);
    ok = ok && read_metas(&v);
    if (ok)
        read_imports(&v);
    name_index_free(&v.parts);
    name_index_free(&v.metas);
    free(v.rendered);
    strbuf_free(&v.name);
    return ok;
}
