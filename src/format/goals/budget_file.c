#include "format/goals/budget_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/goals/file_pattern.h"
#include "format/goals/budget_readers.h"
#include "format/goals/url_pattern.h"
#include "format/json_check.h"

enum { BUDGETS_MAX = 10000 };

/* ---- what the readers use ---- */

bool budget_limit_number(const cJSON *limit, int64_t *bytes, struct sd_error *err)
{
    if (limit->valuedouble < 0)
        return fail(err, "the limit %g is negative", limit->valuedouble);
    if (limit->valuedouble > 9007199254740992.0)
        return fail(err, "the limit %g is above 2^53 bytes", limit->valuedouble);
    *bytes = (int64_t)limit->valuedouble;
    return true;
}

const cJSON *json_member(const cJSON *object, const char *key)
{
    const cJSON *found = NULL;
    if (!cJSON_IsObject(object))
        return NULL;
    for (const cJSON *c = object->child; c; c = c->next)
        if (!strcmp(c->string, key))
            found = c;
    return cJSON_IsNull(found) ? NULL : found;
}

bool json_text_member(struct budget_file *f, const cJSON *object, const char *key, const char **out,
                      struct sd_error *err)
{
    const cJSON *v = json_member(object, key);
    if (v && !cJSON_IsString(v))
        return fail(err, "%s is no text", key);
    *out = v ? arena_strdup(f->arena, v->valuestring) : NULL;
    return true;
}

void budget_note(struct budget_file *f, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    f->notes = mem_grow(f->notes, f->n_notes, &f->cap_notes, sizeof *f->notes);
    f->notes[f->n_notes++] = arena_strdup(f->arena, strbuf_text(&b));
    strbuf_free(&b);
}

bool budget_add(struct budget_file *f, const struct size_budget *b, struct sd_error *err)
{
    for (size_t i = 0; i < b->n_take; i++)
        if (!file_pattern_check(b->take[i], err))
            return false;
    for (size_t i = 0; i < b->n_leave; i++)
        if (!file_pattern_check(b->leave[i], err))
            return false;
    if (f->n_budgets >= BUDGETS_MAX)
        return fail(err, "there are more than %d budgets", BUDGETS_MAX);
    f->budgets = mem_grow(f->budgets, f->n_budgets, &f->cap_budgets, sizeof *f->budgets);
    f->budgets[f->n_budgets++] = *b;
    return true;
}

static bool add_pattern(struct budget_file *f, const cJSON *path, const char **take, const char **leave,
                        struct size_budget *b, struct sd_error *err)
{
    if (!cJSON_IsString(path) || !*path->valuestring)
        return fail(err, "the path of a budget is no text");
    const char *text = arena_strdup(f->arena, path->valuestring);
    if (*text == '!')
        leave[b->n_leave++] = text + 1;
    else
        take[b->n_take++] = text;
    return true;
}

bool budget_patterns(struct budget_file *f, struct size_budget *b, const cJSON *paths, struct sd_error *err)
{
    size_t n = cJSON_IsArray(paths) ? (size_t)cJSON_GetArraySize(paths) : 1;
    const char **take = arena_alloc(f->arena, (n + 1) * sizeof *take);
    const char **leave = arena_alloc(f->arena, (n + 1) * sizeof *leave);
    bool ok = true;
    if (!cJSON_IsArray(paths))
        ok = add_pattern(f, paths, take, leave, b, err);
    else
        for (const cJSON *p = paths->child; p && ok; p = p->next)
            ok = add_pattern(f, p, take, leave, b, err);
    b->take = take;
    b->leave = leave;
    return ok && (b->n_take || fail(err, "a budget names no file: its path is empty"));
}

struct assertion_block *budget_block(struct budget_file *f, const char *regex, struct sd_error *err)
{
    struct url_pattern *p = regex ? url_pattern_new(regex, err) : NULL;
    if (regex && !p)
        return NULL;
    if (p) {
        f->patterns = mem_grow(f->patterns, f->n_patterns, &f->cap_patterns, sizeof *f->patterns);
        f->patterns[f->n_patterns++] = p;
    }
    struct assertion_set *s = &f->assertions;
    s->blocks = mem_grow(s->blocks, s->n, &f->cap_blocks, sizeof *s->blocks);
    s->blocks[s->n] = (struct assertion_block){.url_pattern = p};
    return &s->blocks[s->n++];
}

void budget_assert(struct budget_file *f, struct assertion_block *b, const struct assertion *a)
{
    b->items = mem_realloc(b->items, (b->n + 1) * sizeof *b->items);
    b->items[b->n] = *a;
    b->items[b->n].key = arena_strdup(f->arena, a->key);
    b->items[b->n].level = arena_strdup(f->arena, a->level);
    b->n++;
}

/* ---- which kind it is ---- */

static bool has(const cJSON *o, const char *key)
{
    return json_member(o, key) != NULL;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool is_budgets_json(const cJSON *json, const char *name)
{
    const cJSON *first = cJSON_IsArray(json) ? json->child : NULL;
    (void)name;
    return has(first, "resourceSizes") || has(first, "resourceCounts") || has(first, "timings");
}

static bool is_size_limit(const cJSON *json, const char *name)
{
    (void)name;
    return cJSON_IsArray(json);
}

static bool is_bundlewatch(const cJSON *json, const char *name)
{
    return has(json, "files") &&
           (strstr(base_name(name), "bundlewatch") || has(json, "defaultCompression") || has(json, "ci"));
}

static bool is_bundlesize(const cJSON *json, const char *name)
{
    (void)name;
    return has(json, "files");
}

static bool is_lighthouserc(const cJSON *json, const char *name)
{
    return has(json, "ci") || (strstr(base_name(name), "lighthouserc") && cJSON_IsObject(json));
}

static bool is_slowdive(const cJSON *json, const char *name)
{
    (void)name;
    return has(json, "budgets");
}

/* The first that it is decides. */
static const struct {
    const char *kind, *files, *about;
    bool (*is)(const cJSON *json, const char *name);
    bool (*read)(struct budget_file *f, const cJSON *json, struct sd_error *err);
    const char *package_key; /* its place in package.json; NULL: none */
} KINDS[] = {
    {.kind = "budgets.json",
     .files = "budgets.json",
     .about =
         "of Lighthouse reports: timings in ms, counts, and sizes in units of 1024 bytes; every entry whose "
         "path matches the URL counts",
     .is = is_budgets_json,
     .read = read_budgets_json},
    {.kind = "size-limit",
     .files = ".size-limit.json, package.json",
     .about =
         "the files of an entry are added; kB is 1000 bytes, KiB 1024; brotli unless it says gzip: true or "
         "brotli: false; limits of time are skipped",
     .is = is_size_limit,
     .read = read_size_limit,
     .package_key = "size-limit"},
    {.kind = "bundlewatch",
     .files = "bundlewatch.config.json, package.json",
     .about = "every matching file by itself; kB is 1024 bytes; gzip unless it says compression or "
              "defaultCompression",
     .is = is_bundlewatch,
     .read = read_bundlewatch,
     .package_key = "bundlewatch"},
    {.kind = "bundlesize",
     .files = "bundlesize.config.json, package.json",
     .about = "every matching file by itself; kB is 1024 bytes; gzip unless it says compression",
     .is = is_bundlesize,
     .read = read_bundlesize,
     .package_key = "bundlesize"},
    {.kind = "lhci",
     .files = "lighthouserc.json, lighthouserc.yml",
     .about =
         "assertions about Lighthouse reports, as lhci assert makes them: assertions, assertMatrix, presets, "
         "aggregationMethod, budgetsFile",
     .is = is_lighthouserc,
     .read = read_lighthouserc},
    {.kind = "slowdive",
     .files = "YAML with budgets:",
     .about =
         "a list of name, type (js, css, image, font, html, wasm, any), path, scope (total, each, route), "
         "compression (gzip, brotli, none) and limit (kB is 1000 bytes, KiB 1024); and tolerance, in percent",
     .is = is_slowdive,
     .read = read_slowdive_budgets},
};

const char *budget_file_kind(size_t i, const char **files, const char **about)
{
    if (i >= ARRAY_LEN(KINDS))
        return NULL;
    *files = KINDS[i].files;
    *about = KINDS[i].about;
    return KINDS[i].kind;
}

static bool read_package(struct budget_file *f, const cJSON *json, bool *any, struct sd_error *err)
{
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        const cJSON *own = KINDS[i].package_key ? json_member(json, KINDS[i].package_key) : NULL;
        if (!own)
            continue;
        *any = true;
        f->kind = KINDS[i].kind;
        if (!KINDS[i].read(f, own, err))
            return false;
    }
    return true;
}

static bool read_kind(struct budget_file *f, const char *name, const cJSON *json, struct sd_error *err)
{
    bool package = !strcmp(base_name(name), "package.json") && cJSON_IsObject(json), any = false;
    if (cJSON_IsObject(json) && !read_package(f, json, &any, err))
        return false;
    if (any)
        return true;
    if (package)
        return fail(err, "it has none of the keys size-limit, bundlesize and bundlewatch");
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++)
        if (KINDS[i].is(json, name)) {
            f->kind = KINDS[i].kind;
            return KINDS[i].read(f, json, err);
        }
    return fail(err, "it is no file of budgets that is known: size-limit, bundlesize, bundlewatch, "
                     "lighthouserc.json, budgets.json, or YAML with budgets:");
}

bool budget_file_read(struct budget_file *f, const char *name, const char *json, size_t len,
                      struct sd_error *err)
{
    struct sd_error why;
    *f = (struct budget_file){.arena = arena_new(), .tolerance = (double)NAN};
    f->assertions.url_matches = url_pattern_matches;
    if (len >= 3 && !memcmp(json, "\xEF\xBB\xBF", 3)) {
        json += 3;
        len -= 3;
    }
    if (!json_check(json, len, &why))
        return fail(err, "it is no JSON. %s", why.text);
    cJSON *parsed = cJSON_ParseWithLength(json, len);
    bool ok = parsed ? read_kind(f, name, parsed, err) : fail(err, "it is no JSON");
    cJSON_Delete(parsed);
    return ok;
}

void budget_file_free(struct budget_file *f)
{
    for (size_t i = 0; i < f->n_patterns; i++)
        url_pattern_free(f->patterns[i]);
    for (size_t i = 0; i < f->assertions.n; i++)
        free(f->assertions.blocks[i].items);
    free(f->assertions.blocks);
    free(f->patterns);
    free(f->budgets);
    free(f->notes);
    arena_free(f->arena);
    *f = (struct budget_file){.n_budgets = 0};
}
