#include "tests/lib/test.h"

#include "tests/lib/make_build.h"

#include <stdlib.h>
#include <string.h>

#include "core/schema.h"

static size_t n_of(const struct sd_batch *b, enum sd_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; batch_each(b, kind, &i);)
        n++;
    return n;
}

void made_head(struct sd_batch *b, const char *path, const char *kind, int64_t modules, int64_t source_bytes,
               const char *target)
{
    struct sd_bundle r;
    schema_clear(schema_of(SD_BUNDLE), &r);
    r.path = path;
    r.build_kind = kind;
    r.modules = modules;
    r.source_bytes = source_bytes;
    r.measured = 1;
    const struct sd_texts targets = {.n = target ? 1 : 0, .items = &target};
    r.targets = &targets;
    assert_true(batch_add(b, SD_BUNDLE, &r));
}

int64_t made_asset(struct sd_batch *b, const char *name, const char *type, int64_t size, int64_t gzip,
                   int64_t initial)
{
    struct sd_bundle_asset r;
    schema_clear(schema_of(SD_BUNDLE_ASSET), &r);
    r.name = name;
    r.type = type;
    r.size_bytes = size;
    r.gzip_bytes = gzip;
    r.brotli_bytes = gzip < 0 ? gzip : gzip / 10 * 9;
    r.initial = initial;
    assert_true(batch_add(b, SD_BUNDLE_ASSET, &r));
    return (int64_t)n_of(b, SD_BUNDLE_ASSET) - 1;
}

/* Behind the last node_modules folder, into buf; NULL: none. */
static const char *package_in(const char *path, char buf[256])
{
    static const char folder[] = "node_modules/";
    const char *at = NULL;
    for (const char *p = path; (p = strstr(p, folder)); p++)
        at = p + sizeof folder - 1;
    if (!at)
        return NULL;
    size_t n = strcspn(at, "/");
    if (*at == '@')
        n += 1 + strcspn(at + n + 1, "/");
    snprintf(buf, 256, "%.*s", (int)n, at);
    return buf;
}

void made_part(struct sd_batch *b, int64_t asset, const char *path, const char *part, int64_t minified)
{
    struct sd_bundle_module r;
    char package[256];
    schema_clear(schema_of(SD_BUNDLE_MODULE), &r);
    r.asset = asset;
    r.path = path;
    r.part = part;
    r.package = package_in(path, package);
    r.size_bytes = strcmp(part, "module") ? SD_UNKNOWN : 2 * minified;
    r.minified_bytes = minified;
    r.gzip_bytes = minified / 3;
    r.brotli_bytes = minified / 4;
    r.estimated = r.ignored = 0;
    assert_true(batch_add(b, SD_BUNDLE_MODULE, &r));
}

void made_module(struct sd_batch *b, int64_t asset, const char *path, int64_t minified)
{
    made_part(b, asset, path, "module", minified);
}

void made_route(struct sd_batch *b, const char *name, const char *entry, const struct sd_ints *assets)
{
    struct sd_bundle_route r = {.name = name, .entry = entry, .assets = assets};
    assert_true(batch_add(b, SD_BUNDLE_ROUTE, &r));
}

enum { MOST = 256 };
struct edges {
    const char *paths[MOST];
    int64_t importers[MOST], imported[MOST], how[MOST];
    uint32_t n_paths, n;
};

static int64_t number(struct edges *e, const char *path)
{
    for (uint32_t i = 0; i < e->n_paths; i++)
        if (!strcmp(e->paths[i], path))
            return i;
    assert_true(e->n_paths < MOST);
    e->paths[e->n_paths] = path;
    return e->n_paths++;
}

void made_imports(struct sd_batch *b, const char *edges)
{
    static const char ways[] = "?>*=!~"; /* by their numbers */
    char *text = mem_strdup(edges), *rest = NULL;
    struct edges e = {.n = 0};
    for (char *s = strtok_r(text, ",", &rest); s; s = strtok_r(NULL, ",", &rest)) {
        char *word = NULL, *from = strtok_r(s, " ", &word), *way = strtok_r(NULL, " ", &word),
             *to = strtok_r(NULL, " ", &word);
        e.importers[e.n] = number(&e, from);
        e.how[e.n] = strchr(ways, *way) - ways;
        e.imported[e.n++] = number(&e, to);
    }
    const struct sd_ints importers = {.n = e.n, .items = e.importers},
                         imported = {.n = e.n, .items = e.imported}, how = {.n = e.n, .items = e.how};
    const struct sd_texts paths = {.n = e.n_paths, .items = e.paths};
    struct sd_bundle_imports r = {.modules = &paths,
                                  .entries = SD_INTS(0),
                                  .importers = &importers,
                                  .imported = &imported,
                                  .how = &how};
    assert_true(batch_add(b, SD_BUNDLE_IMPORTS, &r));
    free(text);
}
