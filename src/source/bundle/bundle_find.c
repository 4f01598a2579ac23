#include "source/bundle/bundle_find.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "format/bundles/asset_type.h"
#include "format/bundles/esbuild_meta.h"
#include "format/bundles/next_manifest.h"
#include "format/bundles/visualizer.h"
#include "format/bundles/vite_manifest.h"
#include "format/bundles/webpack_stats.h"
#include "format/json_pull.h"

enum { HEAD = 16384 };
#define DESCRIPTION_MOST ((size_t)2 << 30)

/* ---- which form it is, by the first bytes ---- */

/* The keys may come in any order where all of the text is there. */
static int esbuild_head(const char *head, size_t len)
{
    static const char *const keys[] = {"inputs", "bytes", NULL};
    struct json_pull j = json_pull(head, len);
    bool first = json_enter(&j, '{') && json_key(&j) && json_is(&j, "inputs");
    return (first || esbuild_meta_sure(head, len)) && json_names(head, len, keys) ? 90 : 0;
}

static int visualizer_head(const char *head, size_t len)
{
    static const char *const keys[] = {"version", "tree", "name", "children", NULL};
    struct json_pull j = json_pull(head, len);
    bool first = json_enter(&j, '{') && json_key(&j) && json_is(&j, "version");
    return (first || visualizer_sure(head, len)) && json_names(head, len, keys) ? 85 : 0;
}

static const struct {
    enum bundle_form form;
    int (*sure)(const char *head, size_t len);
} FORMS[] = {
    {.form = BUNDLE_WEBPACK, .sure = webpack_stats_sure}, {.form = BUNDLE_ESBUILD, .sure = esbuild_head},
    {.form = BUNDLE_VISUALIZER, .sure = visualizer_head}, {.form = BUNDLE_VITE, .sure = vite_manifest_sure},
    {.form = BUNDLE_NEXT, .sure = next_manifest_sure},
};

enum bundle_form bundle_form_of(const char *head, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(FORMS); i++)
        if (FORMS[i].sure(head, len) > 0)
            return FORMS[i].form;
    return BUNDLE_ASSETS;
}

bool bundle_is_code(const char *name)
{
    const char *type = asset_type(name);
    return str_eq(type, "js") || str_eq(type, "css");
}

static bool is_json(const char *name)
{
    return str_ends(name, ".json");
}

static bool is_asset(const char *name)
{
    return asset_type(name) != NULL;
}

/* ---- in a folder ---- */

static bool head_is(const struct bundle_folder *f, const char *name,
                    int (*sure)(const char *head, size_t len))
{
    char *head = mem_alloc(HEAD);
    size_t n = bundle_folder_head(f, name, head, HEAD);
    bool is = n && sure(head, n) > 0;
    free(head);
    return is;
}

static bool with_source_maps(const struct bundle_folder *f, const char *name)
{
    struct sd_error err;
    char *data;
    size_t len;
    if (!bundle_folder_read(f, name, DESCRIPTION_MOST, &data, &len, &err))
        return false;
    struct json_pull options = json_find(json_pull(data, len), "options"), value = {0};
    if (options.at)
        value = json_find(options, "sourcemap");
    bool is = value.at && json_peek(&value) == 't';
    free(data);
    return is;
}

/* Of several visualizer files the first made with source maps: its sizes are those of the assets. */
static char *find_visualizer(const struct bundle_folder *f, const struct bundle_files *files)
{
    const char *first = NULL;
    for (size_t i = 0; i < files->n; i++) {
        if (!head_is(f, files->names[i], visualizer_head))
            continue;
        if (with_source_maps(f, files->names[i]))
            return mem_strdup(files->names[i]);
        first = first ? first : files->names[i];
    }
    return mem_strdup(first);
}

static char *find_file(const struct bundle_folder *f, const struct bundle_files *files,
                       int (*sure)(const char *head, size_t len))
{
    for (size_t i = 0; i < files->n; i++)
        if (head_is(f, files->names[i], sure))
            return mem_strdup(files->names[i]);
    return NULL;
}

static char *find_vite(const struct bundle_folder *f)
{
    static const char *const names[] = {".vite/manifest.json", "manifest.json"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (head_is(f, names[i], vite_manifest_sure))
            return mem_strdup(names[i]);
    return NULL;
}

static bool has_code(const struct bundle_folder *f)
{
    struct bundle_files files;
    bundle_folder_list(f, true, bundle_is_code, &files);
    bool has = files.n > 0;
    bundle_files_free(&files);
    return has;
}

/* Its name tells it; of its lists only that of the pages is in every version. */
static int next_head(const char *head, size_t len)
{
    struct json_pull pages = json_find(json_pull(head, len), "pages");
    return pages.at && json_peek(&pages) == '{' ? 85 : 0;
}

/* The folder of Next.js is given, or that of the project with .next in it. */
static bool enter_next(struct bundle_found *found)
{
    struct bundle_folder inner;
    struct sd_error err;
    if (head_is(&found->folder, "build-manifest.json", next_head))
        return true;
    if (!head_is(&found->folder, ".next/build-manifest.json", next_head))
        return false;
    char *path = mem_printf("%s%s.next", found->folder.path, str_ends(found->folder.path, "/") ? "" : "/");
    bool good = bundle_folder_open(&inner, path, &err);
    free(path);
    if (!good) {
        bundle_folder_close(&inner);
        return false;
    }
    bundle_folder_close(&found->folder);
    found->folder = inner;
    return true;
}

static bool find_in_folder(struct bundle_found *found)
{
    struct bundle_files files;
    bundle_folder_list(&found->folder, false, is_json, &files);
    found->form = BUNDLE_WEBPACK;
    found->file = find_file(&found->folder, &files, webpack_stats_sure);
    if (!found->file) {
        found->form = BUNDLE_ESBUILD;
        found->file = find_file(&found->folder, &files, esbuild_head);
    }
    if (!found->file) {
        found->form = BUNDLE_VISUALIZER;
        found->file = find_visualizer(&found->folder, &files);
    }
    if (!found->file) {
        found->form = BUNDLE_VITE;
        found->file = find_vite(&found->folder);
    }
    bundle_files_free(&files);
    if (!found->file && enter_next(found)) {
        found->form = BUNDLE_NEXT;
        found->file = mem_strdup("build-manifest.json");
    }
    if (!found->file)
        found->form = BUNDLE_ASSETS;
    return found->file || has_code(&found->folder);
}

bool bundle_is_folder(const char *path)
{
    struct bundle_found found = {.folder = {.fd = -1}};
    struct sd_error err;
    bool is = bundle_folder_open(&found.folder, path, &err) && find_in_folder(&found);
    bundle_found_clear(&found);
    return is;
}

/* ---- a target ---- */

static enum bundle_form form_by_head(const struct bundle_folder *f, const char *name)
{
    char *head = mem_alloc(HEAD);
    size_t n = bundle_folder_head(f, name, head, HEAD);
    enum bundle_form form = bundle_form_of(head, n);
    free(head);
    return form;
}

/* Messages of a build may stand before all that tells its form. */
static bool form_of_whole(struct bundle_found *found, struct sd_error *err)
{
    char *text = NULL;
    size_t n = 0;
    if (!bundle_folder_read(&found->folder, found->file, DESCRIPTION_MOST, &text, &n, err))
        return false;
    found->form = bundle_form_of(text, n);
    free(text);
    return true;
}

static bool find_file_target(const char *target, struct bundle_found *out, struct sd_error *err)
{
    const char *slash = strrchr(target, '/');
    char *folder =
        slash ? mem_strndup(target, slash == target ? 1 : (size_t)(slash - target)) : mem_strdup(".");
    bool good = bundle_folder_open(&out->folder, folder, err);
    free(folder);
    if (!good)
        return false;
    out->file = mem_strdup(slash ? slash + 1 : target);
    out->form = BUNDLE_ASSETS;
    if (bundle_is_code(out->file))
        return bundle_folder_has(&out->folder, out->file) ||
               fail(err, "cannot open %.300s: it is not there, or no regular file", target);
    out->form = form_by_head(&out->folder, out->file);
    if (out->form == BUNDLE_ASSETS && !form_of_whole(out, err))
        return false;
    return out->form != BUNDLE_ASSETS ||
           fail(err,
                "%.300s describes no build; expected a build folder, webpack's stats.json, a metafile of "
                "esbuild, raw data of rollup-plugin-visualizer, or a js or css file",
                target);
}

bool bundle_find(const char *target, struct bundle_found *out, struct sd_error *err)
{
    struct stat st;
    *out = (struct bundle_found){.folder = {.fd = -1}};
    if (!*target)
        return fail(err, "it needs a folder or a file, as in bundle:dist");
    if (stat(target, &st) < 0 || !S_ISDIR(st.st_mode))
        return find_file_target(target, out, err);
    if (!bundle_folder_open(&out->folder, target, err))
        return false;
    return find_in_folder(out) ||
           fail(err, "%.300s holds no build: neither a bundler's description nor a js or css file is in it",
                target);
}

void bundle_found_clear(struct bundle_found *found)
{
    bundle_folder_close(&found->folder);
    free(found->file);
    *found = (struct bundle_found){.folder = {.fd = -1}};
}

/* ---- reading ---- */

static void read_assets(const struct bundle_found *found, struct draft *d)
{
    struct bundle_files files;
    if (found->file) {
        draft_asset(d, found->file);
        return;
    }
    bundle_folder_list(&found->folder, true, is_asset, &files);
    for (size_t i = 0; i < files.n; i++)
        draft_asset(d, files.names[i]);
    if (files.links)
        draft_note(d, "%zu symbolic link%s left alone: a build is what lies in its folder.", files.links,
                   files.links == 1 ? " is" : "s are");
    if (files.cut)
        draft_note(d, "The folder holds too many files: only %zu are here.", files.n);
    bundle_files_free(&files);
}

/* What Next.js tells in other files; each may be missing. */
static void read_next_more(const struct bundle_found *found, struct draft *d)
{
    static const struct {
        const char *name;
        bool (*read)(const char *text, size_t len, struct draft *d, struct sd_error *err);
    } MORE[] = {
        {.name = "app-build-manifest.json", .read = next_manifest_read_app},
        {.name = "diagnostics/route-bundle-stats.json", .read = next_manifest_read_stats},
    };
    for (size_t i = 0; i < ARRAY_LEN(MORE); i++) {
        struct sd_error err;
        char *data;
        size_t len;
        if (!bundle_folder_read(&found->folder, MORE[i].name, DESCRIPTION_MOST, &data, &len, &err))
            continue;
        if (!MORE[i].read(data, len, d, &err))
            draft_note(d, "%s cannot be used. %s", MORE[i].name, err.text);
        free(data);
    }
}

/* What the folder holds beside the assets that are described. */
static void tell_others(const struct bundle_found *found, struct draft *d)
{
    struct bundle_files files;
    size_t others = 0;
    bundle_folder_list(&found->folder, true, is_asset, &files);
    for (size_t i = 0; i < files.n; i++) {
        /* What Next.js keeps for its server is not shipped. */
        bool shipped = found->form != BUNDLE_NEXT || str_starts(files.names[i], "static/");
        others += shipped && draft_find_asset(d, files.names[i]) == ID_NONE;
    }
    bundle_files_free(&files);
    if (others)
        draft_note(d, "%zu other file%s of the folder %s not named by %s and left out.", others,
                   others == 1 ? "" : "s", others == 1 ? "is" : "are", found->file);
}

bool bundle_read(const struct bundle_found *found, struct draft *d, struct sd_error *err)
{
    static bool (*const READERS[])(const char *text, size_t len, struct draft *d, struct sd_error *err) = {
        [BUNDLE_WEBPACK] = webpack_stats_read, [BUNDLE_ESBUILD] = esbuild_meta_read,
        [BUNDLE_VISUALIZER] = visualizer_read, [BUNDLE_VITE] = vite_manifest_read,
        [BUNDLE_NEXT] = next_manifest_read,
    };
    struct sd_error why = {""};
    char *data;
    size_t len;
    if (found->form == BUNDLE_ASSETS) {
        read_assets(found, d);
        return true;
    }
    if (!bundle_folder_read(&found->folder, found->file, DESCRIPTION_MOST, &data, &len, err))
        return false;
    d->spent = mem_forget;
    bool good = READERS[found->form](data, len, d, &why);
    d->spent = NULL;
    free(data);
    if (!good)
        return fail(err, "%.200s cannot be used. %.250s", found->file, why.text);
    if (found->form == BUNDLE_NEXT)
        read_next_more(found, d);
    draft_keep_shipped(d);
    tell_others(found, d);
    return true;
}
