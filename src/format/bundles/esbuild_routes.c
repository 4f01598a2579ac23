#include "format/bundles/esbuild_routes.h"

#include <stdlib.h>

#include "format/bundles/module_path.h"

/* Of all walks together. A small text could ask for any number of them. */
enum { STEPS_MOST = 1 << 24 };

void esbuild_routes_output(struct esbuild_routes *r, uint32_t asset)
{
    r->outputs = mem_grow(r->outputs, r->n, &r->cap, sizeof *r->outputs);
    r->outputs[r->n++] = (struct esbuild_output){.asset = asset, .module = UINT32_MAX};
}

void esbuild_routes_load(struct esbuild_routes *r, uint32_t output, uint32_t loaded, bool dynamic)
{
    struct esbuild_output *o = &r->outputs[output];
    r->all = mem_grow(r->all, r->n_loads, &r->cap_loads, sizeof *r->all);
    r->all[r->n_loads++] = (struct esbuild_load){.to = loaded, .dynamic = dynamic};
    *(o->last ? &r->all[o->last - 1].next : &o->loads) = (uint32_t)r->n_loads;
    o->last = (uint32_t)r->n_loads;
    if (dynamic && loaded != output)
        r->outputs[loaded].dynamic = true;
}

void esbuild_routes_entry(struct esbuild_routes *r, uint32_t output, const char *path, uint32_t module)
{
    struct strbuf b = {0};
    if (!r->arena)
        r->arena = arena_new();
    module_path(path, strlen(path), &b);
    r->outputs[output].entry = arena_strdup(r->arena, strbuf_text(&b));
    r->outputs[output].module = module;
    strbuf_free(&b);
}

void esbuild_routes_free(struct esbuild_routes *r)
{
    free(r->outputs);
    free(r->all);
    free(r->stack);
    free(r->seen);
    arena_free(r->arena);
}

/* ---- walks ---- */

static void push(struct esbuild_routes *r, size_t *depth, uint32_t output)
{
    if (r->seen[output] == r->walk)
        return;
    r->seen[output] = r->walk;
    r->stack[(*depth)++] = output;
}

/* Goes from an output over what it loads, itself first, and calls `visit`. False: it would take too long. */
static bool walk(struct esbuild_routes *r, uint32_t from, bool dynamic,
                 void (*visit)(uint32_t output, void *ctx), void *ctx)
{
    size_t depth = 0;
    r->walk++;
    push(r, &depth, from);
    while (depth) {
        uint32_t output = r->stack[--depth];
        visit(output, ctx);
        for (uint32_t i = r->outputs[output].loads; i; i = r->all[i - 1].next)
            if (r->steps++ < STEPS_MOST && (dynamic || !r->all[i - 1].dynamic))
                push(r, &depth, r->all[i - 1].to);
    }
    return r->steps < STEPS_MOST;
}

struct reach {
    struct esbuild_routes *routes;
    uint32_t entry;
};

static void note_from(uint32_t output, void *ctx)
{
    struct reach *c = ctx;
    struct esbuild_output *o = &c->routes->outputs[output];
    if (!o->from)
        o->from = c->entry + 1;
}

struct filling {
    struct esbuild_routes *routes;
    struct draft *d;
    size_t route;
    bool initial;
};

static bool is_code(const char *name)
{
    return str_ends(name, ".js") || str_ends(name, ".mjs") || str_ends(name, ".cjs") ||
           str_ends(name, ".css");
}

static void add_asset(uint32_t output, void *ctx)
{
    struct filling *f = ctx;
    uint32_t asset = f->routes->outputs[output].asset;
    /* Images and fonts are loaded by what is drawn, not by the route. */
    if (asset == ESBUILD_NO_ASSET || !is_code(f->d->assets[asset].name))
        return;
    draft_route_asset(f->d, &f->d->routes[f->route], asset);
    if (f->initial)
        f->d->assets[asset].initial = 1;
}

/* ---- routes ---- */

/* An entry point that others import dynamically is loaded later, if an entry is left. */
static bool is_entry(const struct esbuild_output *o)
{
    return o->entry && !o->dynamic;
}

static bool any_entry(struct esbuild_routes *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (is_entry(&r->outputs[i]))
            return true;
    /* They import each other: the first one is taken for the begin. */
    for (size_t i = 0; i < r->n; i++)
        if (r->outputs[i].entry) {
            r->outputs[i].dynamic = false;
            return true;
        }
    return false;
}

static bool add_entries(struct esbuild_routes *r, struct draft *d)
{
    bool whole = true;
    for (uint32_t i = 0; i < r->n && whole; i++) {
        if (!is_entry(&r->outputs[i]))
            continue;
        struct reach reach = {.routes = r, .entry = i};
        struct filling f = {.routes = r, .d = d, .route = d->n_routes, .initial = true};
        draft_route(d, r->outputs[i].entry, NULL);
        if (r->outputs[i].module != UINT32_MAX)
            draft_entry(d, r->outputs[i].module);
        whole = walk(r, i, false, add_asset, &f) && walk(r, i, true, note_from, &reach);
    }
    return whole;
}

static bool add_later(struct esbuild_routes *r, struct draft *d)
{
    bool whole = true;
    for (uint32_t i = 0; i < r->n && whole; i++) {
        struct esbuild_output *o = &r->outputs[i];
        if (!o->entry || is_entry(o) || !o->from)
            continue;
        struct filling f = {.routes = r, .d = d, .route = d->n_routes};
        draft_route(d, o->entry, r->outputs[o->from - 1].entry);
        whole = walk(r, o->from - 1, false, add_asset, &f) && walk(r, i, false, add_asset, &f);
    }
    return whole;
}

void esbuild_routes_finish(struct esbuild_routes *r, struct draft *d)
{
    if (!any_entry(r))
        return;
    r->stack = mem_array(r->n, sizeof *r->stack);
    r->seen = mem_array(r->n, sizeof *r->seen);
    for (size_t i = 0; i < r->n; i++) {
        uint32_t asset = r->outputs[i].asset;
        if (asset != ESBUILD_NO_ASSET && is_code(d->assets[asset].name))
            d->assets[asset].initial = 0;
    }
    if (!add_entries(r, d) || !add_later(r, d))
        draft_note(d, "The outputs load each other in too many ways: some routes are left out.");
}
