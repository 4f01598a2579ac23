/* shown_build.h - what the views of bundles show: the builds of all sources as one, what follows from them,
 * and what they are compared with. It holds the batches it points into. On the model's thread. */
#ifndef VIEW_BUNDLES_SHOWN_BUILD_H
#define VIEW_BUNDLES_SHOWN_BUILD_H

#include "core/bundles/build_compare.h"
#include "core/bundles/findings.h"
#include "core/bundles/package_list.h"
#include "view/view.h"

/* What is allowed where nobody said otherwise, gzip. */
enum { LIMIT_SCRIPTS = 200000, LIMIT_STYLES = 50000, LIMIT_SCRIPT = 100000 };

enum { SHOWN_BUILDS = 16 }; /* of so many sources */
struct shown_build {
    struct arena *arena;
    const struct sd_batch *batches[2 * SHOWN_BUILDS];
    size_t n_batches;
    const struct bundle_build *each[SHOWN_BUILDS];
    size_t n;
    const struct bundle_build *build;         /* all of them; NULL: there is none */
    const struct bundle_build *before;        /* NULL: it is compared with nothing */
    const struct bundle_comparison *compared; /* NULL */
    struct bundle_sizes all, scripts, styles; /* of assets */
    int64_t largest_script;                   /* gzip; SD_UNKNOWN */
    const struct bundle_package_use *packages;
    size_t n_packages;
    const struct import_graph *graph;
    const struct bundle_duplicate *duplicates;
    size_t n_duplicates;
    const struct bundle_finding *findings;
    size_t n_findings;
    uint32_t *by_weight; /* NULL: not needed yet */
    struct bundle_boxes *boxes;
};

/* Sizes only, and good until the next batch only. */
struct shown_build *shown_build_sizes(const struct view_ctx *c);
struct shown_build *shown_build(const struct view_ctx *c);
void shown_build_free(void *shown);

/* Numbers of the rows of modules, the largest first: sorted when that is first needed. */
const uint32_t *shown_by_weight(struct shown_build *x);
/* "dist/stats.json: 1.2 MB, 402 kB gzip, in 7 files". */
const char *shown_build_note(struct doc *d, const struct shown_build *x);
/* Why there is nothing. */
const char *shown_build_empty(struct doc *d, const struct view_ctx *c);
/* The envelope, with `notes` that are also those of the builds. */
void shown_build_envelope(struct doc *d, const struct view_ctx *c, const struct shown_build *x);
/* A list of texts, for a cell. */
struct table *shown_texts(struct doc *d, const char *const *texts, size_t n);
struct cell shown_flag(int64_t v); /* 0, 1 or unknown */

#endif
