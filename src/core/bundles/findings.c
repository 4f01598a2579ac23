#include "core/bundles/findings.h"

#include <stdlib.h>
#include <string.h>

#include "core/bundles/finding_rules.h"

const int64_t BUNDLE_LIMIT[BUNDLE_THRESHOLD_N] = {
#define BUNDLE_THRESHOLD_VALUE(NAME, value, help) [BUNDLE_##NAME] = (value),
    BUNDLE_THRESHOLDS(BUNDLE_THRESHOLD_VALUE)
#undef BUNDLE_THRESHOLD_VALUE
};

static const struct rule {
    const char *kind, *help;
    void (*find)(struct finding_run *f);
} RULES[] = {
#define FINDING_RULE_ROW(kind_, help_) {.kind = #kind_, .help = help_, .find = find_##kind_},
    FINDING_RULES(FINDING_RULE_ROW)
#undef FINDING_RULE_ROW
};

const char *bundle_finding_kind(size_t i, const char **help)
{
    *help = i < ARRAY_LEN(RULES) ? RULES[i].help : NULL;
    return i < ARRAY_LEN(RULES) ? RULES[i].kind : NULL;
}

void finding_add(struct finding_run *f, struct bundle_finding item)
{
    f->items = mem_grow(f->items, f->n, &f->cap, sizeof *f->items);
    f->items[f->n++] = item;
}

int64_t finding_bytes(const struct finding_run *f, const char *path)
{
    uint32_t k = name_index_find(&f->own, path);
    return k == NAME_NONE ? SD_UNKNOWN : f->minified[f->own_path[k]];
}

static void sum_paths(struct finding_run *f)
{
    const struct bundle_build *x = f->build;
    f->minified = arena_alloc(f->a, (x->n_paths + 1) * sizeof *f->minified);
    f->is_module = arena_alloc(f->a, x->n_paths + 1);
    f->own_path = arena_alloc(f->a, (x->n_paths + 1) * sizeof *f->own_path);
    for (size_t i = 0; i < x->n_modules; i++) {
        uint32_t k = x->path_of[i];
        if (!bundle_is_module(&x->modules[i]))
            continue;
        if (!f->is_module[k] && !x->modules[i].package && x->n_codes)
            f->own_path[name_index_of(&f->own, x->paths[k])] = k;
        f->minified[k] = bundle_sum(f->minified[k], x->modules[i].minified_bytes);
        f->is_module[k] = true;
    }
}

static int most_first(const void *a, const void *b)
{
    const struct bundle_finding *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? 1 : -1;
    int by_kind = strcmp(x->kind, y->kind);
    const char *of_x = x->path ? x->path : x->package, *of_y = y->path ? y->path : y->package;
    return by_kind ? by_kind : strcmp(of_x ? of_x : "", of_y ? of_y : "");
}

const struct bundle_finding *bundle_findings(const struct bundle_build *x, const struct import_graph *g,
                                             const struct bundle_package_use *packages, size_t n_packages,
                                             const struct bundle_duplicate *duplicates, size_t n_duplicates,
                                             struct arena *a, size_t *n)
{
    struct finding_run f = {.build = x,
                            .graph = g,
                            .packages = packages,
                            .n_packages = n_packages,
                            .duplicates = duplicates,
                            .n_duplicates = n_duplicates,
                            .a = a};
    sum_paths(&f);
    for (size_t i = 0; i < ARRAY_LEN(RULES); i++) {
        size_t from = f.n;
        RULES[i].find(&f);
        for (size_t k = from; k < f.n; k++)
            f.items[k].kind = RULES[i].kind;
    }
    struct bundle_finding *out = arena_alloc(a, (f.n + 1) * sizeof *out);
    if (f.n) {
        memcpy(out, f.items, f.n * sizeof *out);
        qsort(out, f.n, sizeof *out, most_first);
    }
    *n = f.n;
    free(f.items);
    name_index_free(&f.own);
    return out;
}
