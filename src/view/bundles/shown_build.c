#include "view/bundles/shown_build.h"

#include <stdlib.h>
#include <string.h>

#include "core/model/bundles.h"
#include "view/bundles/bundle_boxes.h"
#include "view/shared/common.h"
#include "view/shared/figures.h"

/* The builds of a model at a moment; `hold`: good for longer than until the next batch. */
static size_t take_builds(struct shown_build *x, const struct model *m, sd_time at, bool hold,
                          const struct bundle_build **out)
{
    size_t n = model_bundles(m, at, out, SHOWN_BUILDS);
    for (size_t i = 0; i < n && hold; i++) {
        const struct sd_batch *b = batch_ref(out[i]->batch);
        x->batches[x->n_batches++] = b;
        out[i] = bundle_build_of(b, x->arena);
    }
    return n;
}

/* Of another model its newest; of the same one what it had at the end of the marked window. */
static void take_before(struct shown_build *x, const struct view_ctx *c)
{
    const struct bundle_build *list[SHOWN_BUILDS];
    if (!c->baseline || !x->build)
        return;
    bool other = c->baseline->model && c->baseline->model != c->model;
    size_t n = take_builds(x, other ? c->baseline->model : c->model, other ? INT64_MAX : c->baseline->span.to,
                           true, list);
    x->before = bundle_build_merged(list, n, x->arena);
    if (x->before)
        x->compared = bundle_compare(x->before, x->build, x->arena);
}

static int64_t largest_script(const struct bundle_build *b)
{
    int64_t most = SD_UNKNOWN;
    for (size_t i = 0; i < b->n_assets; i++)
        if (!strcmp(b->assets[i].type, "js"))
            most = MAX(most, b->assets[i].gzip_bytes);
    return most;
}

static struct shown_build *take_shown(const struct view_ctx *c, bool hold)
{
    struct shown_build *x = mem_alloc(sizeof *x);
    x->arena = arena_new();
    x->largest_script = SD_UNKNOWN;
    x->n = take_builds(x, c->model, c->now, hold, x->each);
    struct bundle_build *all = bundle_build_merged(x->each, x->n, x->arena);
    x->build = all;
    if (!all)
        return x;
    if (hold)
        bundle_build_number(all, x->arena);
    x->all = bundle_asset_sizes(x->build, NULL);
    x->scripts = bundle_asset_sizes(x->build, "js");
    x->styles = bundle_asset_sizes(x->build, "css");
    x->largest_script = largest_script(x->build);
    return x;
}

struct shown_build *shown_build_sizes(const struct view_ctx *c)
{
    return take_shown(c, false);
}

static int heaviest_first(const void *a, const void *b, void *rows)
{
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    const struct sd_bundle_module *x = (const struct sd_bundle_module *)rows + i,
                                  *y = (const struct sd_bundle_module *)rows + k;
    if (x->minified_bytes != y->minified_bytes)
        return x->minified_bytes < y->minified_bytes ? 1 : -1;
    return i < k ? -1 : i > k;
}

struct shown_build *shown_build(const struct view_ctx *c)
{
    struct shown_build *x = take_shown(c, true);
    const struct bundle_build *b = x->build;
    if (!b)
        return x;
    take_before(x, c);
    x->packages = bundle_packages(b, x->arena, &x->n_packages);
    x->graph = import_graph(b, x->arena);
    x->duplicates = bundle_duplicates(b, x->graph, x->arena, &x->n_duplicates);
    x->findings = bundle_findings(b, x->graph, x->packages, x->n_packages, x->duplicates, x->n_duplicates,
                                  x->arena, &x->n_findings);
    return x;
}

const uint32_t *shown_by_weight(struct shown_build *x)
{
    const struct bundle_build *b = x->build;
    if (x->by_weight)
        return x->by_weight;
    x->by_weight = arena_alloc(x->arena, (b->n_modules + 1) * sizeof *x->by_weight);
    for (uint32_t i = 0; i < b->n_modules; i++)
        x->by_weight[i] = i;
    qsort_r(x->by_weight, b->n_modules, sizeof *x->by_weight, heaviest_first, (void *)(uintptr_t)b->modules);
    return x->by_weight;
}

void shown_build_free(void *shown)
{
    struct shown_build *x = shown;
    bundle_boxes_free(x->boxes);
    for (size_t i = 0; i < x->n_batches; i++)
        batch_unref(x->batches[i]);
    arena_free(x->arena);
    free(x);
}

/* ---- for people ---- */

const char *shown_build_note(struct doc *d, const struct shown_build *x)
{
    char size[UNIT_TEXT_MAX], gzip[UNIT_TEXT_MAX];
    if (!x->build)
        return NULL;
    const char *path = x->build->head->path ? x->build->head->path : x->build->origin;
    const char *more = x->n > 1 ? doc_printf(d, " and %zu more", x->n - 1) : "";
    if (x->build->head->measured == 0)
        return doc_printf(d, "%s%s: compressed sizes are being measured", path, more);
    if (x->all.gzip < 0)
        return doc_printf(d, "%s%s: %s in %zu file%s", path, more,
                          unit_format_int(UNIT_BYTES, x->all.size, size), x->build->n_assets,
                          x->build->n_assets == 1 ? "" : "s");
    return doc_printf(d, "%s%s: %s, %s gzip, in %zu file%s", path, more,
                      unit_format_int(UNIT_BYTES, x->all.size, size),
                      unit_format_int(UNIT_BYTES, x->all.gzip, gzip), x->build->n_assets,
                      x->build->n_assets == 1 ? "" : "s");
}

const char *shown_build_empty(struct doc *d, const struct view_ctx *c)
{
    size_t left_out = model_bundles_left_out(c->model);
    char size[UNIT_TEXT_MAX];
    if (left_out)
        return doc_printf(
            d,
            "A build of %s has no room in the memory for data; the setting memory gives it more, such "
            "as --set memory=512MB.",
            unit_format_int(UNIT_BYTES, (int64_t)left_out, size));
    return common_empty(d, c, KINDS_BUNDLE);
}

struct table *shown_texts(struct doc *d, const char *const *texts, size_t n)
{
    static const struct column one[] = {{.key = "text", .title = "Text", .help = "the text"}};
    struct table *t = doc_list(d, one, ARRAY_LEN(one));
    for (size_t i = 0; i < n; i++)
        doc_row(d, t)->cells[0] = cell_text(texts[i] ? doc_text(d, texts[i]) : "");
    return t;
}

struct cell shown_flag(int64_t v)
{
    return v == 0 || v == 1 ? cell_bool(v != 0) : cell_unknown();
}

/* ---- the envelope ---- */

static const char *ill_note(struct doc *d, const struct shown_build *x)
{
    return doc_printf(d, "%zu records of the build name what is not there, and are left out", x->build->ill);
}

/* What the sources said of their reading, and the builds of themselves. */
static void add_notes(struct doc *d, const struct shown_build *x)
{
    struct field *f = NULL;
    for (size_t i = 0; i < d->n_fields && !f; i++)
        if (str_eq(d->fields[i].key, "notes"))
            f = &d->fields[i];
    if (!f || !x->build)
        return;
    const struct sd_texts *own = x->build->head->notes;
    struct table *t = shown_texts(d, own ? own->items : NULL, own ? own->n : 0);
    for (size_t i = 0; f->value.type == CELL_LIST && i < f->value.list->n_rows; i++)
        doc_row(d, t)->cells[0] = f->value.list->rows[i].cells[0];
    if (x->build->ill)
        doc_row(d, t)->cells[0] = cell_text(ill_note(d, x));
    f->value = cell_list(t);
}

void shown_build_envelope(struct doc *d, const struct view_ctx *c, const struct shown_build *x)
{
    common_envelope(d, c, common_span(c));
    add_notes(d, x);
}
