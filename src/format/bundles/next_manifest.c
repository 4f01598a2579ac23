#include "format/bundles/next_manifest.h"

#include <string.h>

#include "format/bundles/asset_type.h"
#include "format/bundles/id_table.h"
#include "format/json_check.h"
#include "format/json_pull.h"

int next_manifest_sure(const char *text, size_t len)
{
    struct json_pull all = json_pull(text, len), pages = json_find(all, "pages");
    if (!pages.at || json_peek(&pages) != '{')
        return 0;
    return json_find(all, "rootMainFiles").at || json_find(all, "polyfillFiles").at ||
                   json_find(all, "lowPriorityFiles").at
               ? 85
               : 0;
}

/* Files of a list: made known, and loaded with the route that is the last, if `route`. */
static void take_files(struct draft *d, struct json_pull list, bool route)
{
    struct strbuf name = {0};
    if (list.at && json_enter(&list, '['))
        while (json_item(&list)) {
            json_text(&list, &name);
            const char *text = strbuf_text(&name), *type = asset_type(text);
            text += str_starts(text, ".next/") ? strlen(".next/") : 0;
            if (!type)
                continue;
            uint32_t a = draft_asset(d, text);
            if (d->assets[a].initial == SD_UNKNOWN)
                d->assets[a].initial = 0;
            if (!route)
                continue;
            d->assets[a].initial = 1;
            draft_route_asset(d, &d->routes[d->n_routes - 1], a);
        }
    strbuf_free(&name);
}

static void add_route(struct draft *d, const struct json_pull *at)
{
    struct json_pull key = json_pull(at->key - 1, at->key_len + 2);
    struct strbuf name = {0};
    json_text(&key, &name);
    draft_route(d, strbuf_text(&name), NULL);
    strbuf_free(&name);
}

bool next_manifest_read(const char *text, size_t len, struct draft *d, struct sd_error *err)
{
    if (!json_check(text, len, err))
        return false;
    struct json_pull all = json_pull(text, len), pages = json_find(all, "pages");
    struct json_pull shared = json_find(all, "rootMainFiles"), app = {0};
    d->build_kind = "next_build";
    if (pages.at)
        app = json_find(pages, "/_app");
    if (pages.at && json_enter(&pages, '{'))
        while (json_key(&pages)) {
            add_route(d, &pages);
            take_files(d, shared, true);
            take_files(d, app, true);
            take_files(d, pages, true);
            json_skip(&pages);
        }
    take_files(d, shared, false);
    take_files(d, json_find(all, "polyfillFiles"), false);
    take_files(d, json_find(all, "lowPriorityFiles"), false);
    return true;
}

static void note_routes(const struct draft *d, struct id_table *names)
{
    for (size_t i = 0; i < d->n_routes; i++)
        id_table_put(names, str_hash(d->routes[i].name, strlen(d->routes[i].name)), 0);
}

bool next_manifest_read_app(const char *text, size_t len, struct draft *d, struct sd_error *err)
{
    if (!json_check(text, len, err))
        return false;
    struct json_pull pages = json_find(json_pull(text, len), "pages");
    if (pages.at && json_enter(&pages, '{'))
        while (json_key(&pages)) {
            add_route(d, &pages);
            take_files(d, pages, true);
            json_skip(&pages);
        }
    return true;
}

bool next_manifest_read_stats(const char *text, size_t len, struct draft *d, struct sd_error *err)
{
    struct strbuf name = {0};
    struct id_table names = {0};
    if (!json_check(text, len, err))
        return false;
    struct json_pull list = json_pull(text, len);
    note_routes(d, &names);
    if (json_enter(&list, '['))
        while (json_item(&list)) {
            struct json_pull route = json_find(list, "route"), files = json_find(list, "firstLoadChunkPaths");
            json_skip(&list);
            if (!route.at || !files.at)
                continue;
            json_text(&route, &name);
            uint64_t key = str_hash(strbuf_text(&name), name.len);
            if (name.len && id_table_get(&names, key) == ID_NONE) {
                id_table_put(&names, key, 0);
                draft_route(d, name.text, NULL);
                take_files(d, files, true);
            }
        }
    id_table_free(&names);
    strbuf_free(&name);
    return true;
}
