/* bench_bundle.c - the treemap of a build of 100,000 modules in 40 assets, 2,500 packages: the first drawing,
 * and a dive into one of its boxes, with the lists of findings that stand beside it. Once with each package
 * in one asset, once with each in all of them, which makes 300,000 boxes.
 *
 *   bench_bundle                 milliseconds of processor time, the median of seven: "name value unit" lines
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/batch.h"
#include "core/model/model.h"
#include "ui/actions.h"
#include "ui/console.h"
#include "ui/grid.h"

enum { MODULES = 100000, ASSETS = 40, EACH_PACKAGE = 40, ROUNDS = 7 };
#define T0 (INT64_C(1795000000) * SD_S)

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void say(const char *name, double *v)
{
    qsort(v, ROUNDS, sizeof *v, by_value);
    printf("%s %.2f ms\n", name, v[ROUNDS / 2]);
}

static sd_time fixed(void *app)
{
    (void)app;
    return T0 + SD_S;
}

static void add(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    if (!batch_add(b, kind, record))
        exit(1);
}

static void add_assets(struct sd_batch *b)
{
    char name[64];
    for (int64_t i = 0; i < ASSETS; i++) {
        snprintf(name, sizeof name, "chunk-%d.js", (int)i);
        add(b, SD_BUNDLE_ASSET,
            &(struct sd_bundle_asset){.name = name,
                                      .type = "js",
                                      .size_bytes = 5000000,
                                      .gzip_bytes = 1500000,
                                      .brotli_bytes = 1200000,
                                      .initial = i == 0,
                                      .source_bytes = 12000000,
                                      .width = SD_UNKNOWN,
                                      .height = SD_UNKNOWN,
                                      .glyphs = SD_UNKNOWN});
    }
}

static void add_modules(struct sd_batch *b, bool spread)
{
    char path[128], package[32];
    for (int64_t i = 0; i < MODULES; i++) {
        int64_t size = 500 + i * 37 % 9000;
        snprintf(package, sizeof package, "package-%d", (int)(i / EACH_PACKAGE));
        snprintf(path, sizeof path, "node_modules/%s/lib/part-%d/file-%d.js", package, (int)(i % 7), (int)i);
        add(b, SD_BUNDLE_MODULE,
            &(struct sd_bundle_module){.asset = (spread ? i : i / EACH_PACKAGE) % ASSETS,
                                       .path = path,
                                       .package = package,
                                       .part = "module",
                                       .size_bytes = size,
                                       .minified_bytes = size / 3,
                                       .gzip_bytes = size / 9,
                                       .brotli_bytes = size / 11,
                                       .estimated = 0,
                                       .ignored = 0});
    }
}

/* Each module is imported by three others. */
static void add_imports(struct sd_batch *b)
{
    const char **paths = mem_array(MODULES, sizeof *paths);
    int64_t *importers = mem_array(3 * MODULES, sizeof *importers);
    int64_t *imported = mem_array(3 * MODULES, sizeof *imported), *how = mem_array(3 * MODULES, sizeof *how);
    uint32_t n = 0;
    for (int64_t i = 0; i < MODULES; i++) {
        paths[i] = mem_printf("node_modules/package-%d/lib/part-%d/file-%d.js", (int)(i / EACH_PACKAGE),
                              (int)(i % 7), (int)i);
        const int64_t by[] = {i / 3, i - 1, i / 7};
        for (size_t k = 0; i && k < ARRAY_LEN(by); k++, n++)
            importers[n] = by[k], imported[n] = i, how[n] = 1;
    }
    add(b, SD_BUNDLE_IMPORTS,
        &(struct sd_bundle_imports){.modules = &(struct sd_texts){MODULES, paths},
                                    .entries = SD_INTS(0),
                                    .importers = &(struct sd_ints){n, importers},
                                    .imported = &(struct sd_ints){n, imported},
                                    .how = &(struct sd_ints){n, how}});
    for (size_t i = 0; i < MODULES; i++)
        free((char *)(uintptr_t)paths[i]);
    free(paths);
    free(importers);
    free(imported);
    free(how);
}

static struct sd_batch *build(bool spread)
{
    struct sd_batch *b = batch_new("bundle", T0);
    add(b, SD_BUNDLE,
        &(struct sd_bundle){.path = "stats.json",
                            .build_kind = "webpack_stats",
                            .modules = MODULES,
                            .source_bytes = 480000000,
                            .measured = 1});
    add_assets(b);
    add_modules(b, spread);
    add_imports(b);
    return b;
}

static void draw(struct config *config, bool spread)
{
    double first[ROUNDS], dive[ROUNDS];
    struct sd_batch *b = build(spread);
    for (int i = 0; i < ROUNDS; i++) {
        struct model *m = model_new(&MODEL_DEFAULTS);
        model_apply(m, b);
        struct console *c = console_new(&(struct console_env){.model = m, .config = config, .now = fixed});
        struct grid *g = grid_new(200, 50, false);
        console_resize(c, 200, 50);
        double t = now_ms();
        console_open(c, "bundle", NULL);
        console_draw(c, g);
        first[i] = now_ms() - t;
        console_key(c, K_DOWN);
        t = now_ms();
        console_key(c, K_ENTER);
        console_draw(c, g);
        dive[i] = now_ms() - t;
        grid_free(g);
        console_free(c);
        model_free(m);
    }
    say(spread ? "spread_first" : "treemap_first", first);
    say(spread ? "spread_dive" : "treemap_dive", dive);
    batch_unref(b);
}

int main(void)
{
    struct config *config = config_new(actions_all());
    setlocale(LC_CTYPE, "C.UTF-8");
    draw(config, false);
    draw(config, true);
    config_free(config);
    return 0;
}
