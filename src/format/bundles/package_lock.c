#include "format/bundles/package_lock.h"

#include <stdlib.h>
#include <string.h>

#include "format/bundles/module_path.h"
#include "format/json_check.h"
#include "format/json_pull.h"

static void add(struct package_versions *out, struct arena *a, const char *name, size_t n,
                struct json_pull object)
{
    struct json_pull version = json_find(object, "version");
    struct strbuf text = {0};
    if (version.at)
        json_text(&version, &text);
    if (text.len && n) {
        out->items = mem_grow(out->items, out->n, &out->cap, sizeof *out->items);
        out->items[out->n++] = (struct package_version){.name = arena_strndup(a, name, n),
                                                        .version = arena_strdup(a, strbuf_text(&text))};
    }
    strbuf_free(&text);
}

static void key_text(const struct json_pull *j, struct strbuf *out)
{
    struct json_pull key = json_pull(j->key - 1, j->key_len + 2);
    json_text(&key, out);
}

/* Of versions 2 and 3: by the folder of the package. */
static void read_packages(struct json_pull j, struct arena *a, struct package_versions *out)
{
    struct strbuf key = {0};
    if (j.at && json_enter(&j, '{'))
        while (json_key(&j)) {
            size_t n = 0;
            key_text(&j, &key);
            const char *name = module_path_package(strbuf_text(&key), &n);
            if (name)
                add(out, a, name, n, j);
            json_skip(&j);
        }
    strbuf_free(&key);
}

/* Of version 1: by name, those of a package inside of it. JSON is no deeper than json_check lets it be. */
static void read_dependencies(struct json_pull j, struct arena *a, struct package_versions *out)
{
    struct strbuf key = {0};
    if (j.at && json_enter(&j, '{'))
        while (json_key(&j)) {
            key_text(&j, &key);
            add(out, a, strbuf_text(&key), key.len, j);
            if (json_peek(&j) == '{')
                read_dependencies(json_find(j, "dependencies"), a, out);
            json_skip(&j);
        }
    strbuf_free(&key);
}

static int order(const void *a, const void *b)
{
    const struct package_version *x = a, *y = b;
    int by_name = strcmp(x->name, y->name);
    return by_name ? by_name : strcmp(x->version, y->version);
}

bool package_lock_read(const char *text, size_t len, struct arena *a, struct package_versions *out,
                       struct sd_error *err)
{
    if (!json_check(text, len, err))
        return false;
    struct json_pull all = json_pull(text, len), packages = json_find(all, "packages");
    *out = (struct package_versions){0};
    if (packages.at)
        read_packages(packages, a, out);
    else
        read_dependencies(json_find(all, "dependencies"), a, out);
    if (!out->n)
        return true;
    qsort(out->items, out->n, sizeof *out->items, order);
    size_t to = 1;
    for (size_t i = 1; i < out->n; i++)
        if (order(&out->items[i], &out->items[to - 1]))
            out->items[to++] = out->items[i];
    out->n = to;
    return true;
}

const struct package_version *package_lock_find(const struct package_versions *all, const char *name,
                                                size_t *n)
{
    size_t low = 0, high = all->n, end;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(all->items[mid].name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (end = low; end < all->n && str_eq(all->items[end].name, name);)
        end++;
    *n = end - low;
    return *n ? &all->items[low] : NULL;
}

const struct sd_texts *package_targets(const char *text, size_t len, struct arena *a)
{
    struct sd_error err;
    struct strbuf item = {0};
    if (!json_check(text, len, &err))
        return NULL;
    struct json_pull list = json_find(json_pull(text, len), "browserslist");
    if (list.at && json_peek(&list) == '{')
        list = json_find(list, "production");
    struct sd_texts *out = arena_alloc(a, sizeof *out);
    const char **items = NULL;
    size_t n = 0, cap = 0;
    bool one = list.at && json_peek(&list) == '"';
    if (list.at && (one || json_enter(&list, '[')))
        while (n < 100 && (one ? n == 0 : json_item(&list))) {
            json_text(&list, &item);
            items = mem_grow(items, n, &cap, sizeof *items);
            items[n++] = arena_strdup(a, strbuf_text(&item));
        }
    out->n = (uint32_t)n;
    out->items = n ? arena_copy(a, items, n * sizeof *items) : NULL;
    free(items);
    strbuf_free(&item);
    return n ? out : NULL;
}
