#include "source/bundle/bundle_measure.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "format/bundles/asset_type.h"
#include "format/bundles/compressed_size.h"
#include "format/bundles/source_map_comment.h"

#define ASSET_MOST ((size_t)512 << 20)
#define MAP_MOST   ((size_t)2 << 30)
enum { FOLDERS_ABOVE = 5 };

/* ---- the source map of an asset ---- */

static void map_beside(const struct bundle_found *found, struct draft *d, const char *name, bool named,
                       struct asset_input *in, char **map)
{
    struct sd_error err;
    char *path = mem_printf("%s.map", name);
    if (bundle_folder_read(&found->folder, path, MAP_MOST, map, &in->map_len, &err))
        in->map = *map;
    else if (named || bundle_folder_has(&found->folder, path))
        draft_note(d, "The source map of %.200s cannot be used: %.250s.", name, err.text);
    free(path);
}

/* In the file, or beside it by its name; never where a comment says. The caller frees *map. */
static void find_map(const struct bundle_found *found, struct draft *d, const char *name,
                     struct asset_input *in, char **map)
{
    struct source_map_comment comment;
    struct sd_error err;
    bool named = source_map_comment_find(in->text, in->len, &comment);
    *map = NULL;
    if (!named || !source_map_comment_inline(&comment))
        map_beside(found, d, name, named, in, map);
    else if (source_map_comment_decode(&comment, map, &in->map_len, &err))
        in->map = *map;
    else
        draft_note(d, "The source map in %.200s cannot be used. %.250s", name, err.text);
}

/* ---- images and fonts ---- */

static uint64_t file_key(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return str_hash(name, strlen(name));
}

static void take_face(const char *url, const char *display, void *ctx)
{
    struct bundle_measured *m = ctx;
    if (!display)
        return;
    id_table_put(&m->faces, file_key(url), (uint32_t)m->n_displays);
    m->displays = mem_grow(m->displays, m->n_displays, &m->cap_displays, sizeof *m->displays);
    m->displays[m->n_displays++] = arena_strdup(m->arena, display);
}

static void look_into(struct bundle_measured *m, const char *name, const char *text, size_t len,
                      struct measured_asset *out)
{
    const char *type = asset_type(name);
    if (str_eq(type, "image") && !image_info_read(text, len, &out->image))
        out->image = (struct image_info){0};
    if (str_eq(type, "font") && !font_info_read(text, len, &out->font))
        out->font = (struct font_info){0};
    if (str_eq(type, "css"))
        font_faces(text, len, take_face, m);
}

static void name_displays(struct bundle_measured *m, const struct draft *d)
{
    for (size_t i = 0; i < m->n_assets; i++) {
        uint32_t at =
            m->assets[i].font.format ? id_table_get(&m->faces, file_key(d->assets[i].name)) : ID_NONE;
        if (at != ID_NONE)
            m->assets[i].font_display = m->displays[at];
    }
}

/* ---- one asset ---- */

static bool measure_asset(const struct bundle_found *found, struct draft *d, struct bundle_measured *m,
                          struct asset_input *in, struct sd_error *err)
{
    struct measured_asset *out = &m->assets[in->asset];
    const char *name = d->assets[in->asset].name;
    char *text = NULL, *map = NULL;
    struct sd_error why = {""};
    out->there = bundle_folder_read(&found->folder, name, ASSET_MOST, &text, &in->len, &why);
    out->gzip_bytes = out->brotli_bytes = SD_UNKNOWN;
    if (out->there) {
        in->text = text;
        look_into(m, name, text, in->len, out);
        if (bundle_is_code(name))
            find_map(found, d, name, in, &map);
    } else if (d->assets[in->asset].size_bytes == SD_UNKNOWN) {
        draft_note(d, "The size of %.200s is not known: %.250s.", name, why.text);
    }
    bool good = asset_rows(in, &out->rows, err);
    if (good && *out->rows.map_note.text)
        draft_note(d, "The source map of %.200s cannot be used. %.250s", name, out->rows.map_note.text);
    free(map);
    free(text);
    return good;
}

/* ---- all of them ---- */

struct parts {
    struct draft_part *items; /* by asset */
    size_t *first;            /* of each asset, and behind the last */
};

static struct parts sort_parts(const struct draft *d)
{
    struct parts p = {.items = mem_array(d->n_parts + 1, sizeof *p.items),
                      .first = mem_array(d->n_assets + 2, sizeof *p.first)};
    for (size_t i = 0; i < d->n_parts; i++)
        p.first[d->parts[i].asset + 2]++;
    for (size_t i = 2; i < d->n_assets + 2; i++)
        p.first[i] += p.first[i - 1];
    for (size_t i = 0; i < d->n_parts; i++)
        p.items[p.first[d->parts[i].asset + 1]++] = d->parts[i];
    return p;
}

/* A file of that name in the folder of the build, or in one of those above it. NULL: there is none. */
static char *read_above(const struct bundle_found *found, const char *name, size_t *len)
{
    char *at = realpath(found->folder.path, NULL);
    struct sd_error err;
    char *data = NULL;
    for (int up = 0; at && up <= FOLDERS_ABOVE; up++) {
        struct bundle_folder f;
        bool read = bundle_folder_open(&f, *at ? at : "/", &err) &&
                    bundle_folder_read(&f, name, MAP_MOST, &data, len, &err);
        bundle_folder_close(&f);
        char *slash = strrchr(at, '/');
        if (read || !slash || !*at)
            break;
        *slash = 0;
    }
    free(at);
    return data;
}

static void read_project(const struct bundle_found *found, struct draft *d, struct bundle_measured *m)
{
    struct sd_error err;
    size_t len;
    char *lock = read_above(found, "package-lock.json", &len);
    if (lock && !package_lock_read(lock, len, m->arena, &m->versions, &err))
        draft_note(d, "Versions of packages are not known: package-lock.json cannot be used. %.250s",
                   err.text);
    free(lock);
    char *package = read_above(found, "package.json", &len);
    if (package)
        m->targets = package_targets(package, len, m->arena);
    free(package);
}

bool bundle_measure(const struct bundle_found *found, struct draft *d, const struct bundle_progress *p,
                    struct bundle_measured *out, struct sd_error *err)
{
    *out = (struct bundle_measured){.arena = arena_new(),
                                    .assets = mem_array(d->n_assets + 1, sizeof *out->assets),
                                    .n_assets = d->n_assets};
    struct parts parts = sort_parts(d);
    bool good = true;
    for (uint32_t i = 0; good && i < out->n_assets; i++) {
        struct asset_input in = {.draft = d,
                                 .asset = i,
                                 .parts = parts.items + parts.first[i],
                                 .n_parts = parts.first[i + 1] - parts.first[i]};
        out->assets[i].rows.arena = out->arena;
        good = p->go_on(p->ctx) && measure_asset(found, d, out, &in, err);
    }
    free(parts.items);
    free(parts.first);
    name_displays(out, d);
    if (good)
        read_project(found, d, out);
    return good;
}

bool bundle_compress(const struct bundle_found *found, const struct draft *d, const struct bundle_progress *p,
                     struct bundle_measured *m)
{
    for (size_t i = 0; i < m->n_assets; i++) {
        struct measured_asset *a = &m->assets[i];
        struct sd_error err;
        char *text;
        size_t len;
        p->tell(p->ctx, i, m->n_assets);
        if (!a->there ||
            !bundle_folder_read(&found->folder, d->assets[i].name, ASSET_MOST, &text, &len, &err))
            continue;
        struct compressed_size c;
        /* A file that has changed since has another size, and is left unmeasured. */
        bool same = (int64_t)len == a->rows.size_bytes;
        bool good = !same || compressed_size(text, len, p->go_on, p->ctx, &c);
        free(text);
        if (!good)
            return false;
        if (!same)
            continue;
        a->gzip_bytes = c.gzip_bytes;
        a->brotli_bytes = c.brotli_bytes;
        asset_rows_compressed(&a->rows, c.gzip_bytes, c.brotli_bytes);
    }
    return true;
}

void bundle_measured_clear(struct bundle_measured *m)
{
    for (size_t i = 0; i < m->n_assets; i++)
        free(m->assets[i].rows.rows);
    free(m->assets);
    free(m->versions.items);
    free(m->displays);
    id_table_free(&m->faces);
    arena_free(m->arena);
    *m = (struct bundle_measured){0};
}
