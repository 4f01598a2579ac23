/* bundle_measure.h - a draft completed by the files of the build: sizes, and what each asset is made of. */
#ifndef SOURCE_BUNDLE_BUNDLE_MEASURE_H
#define SOURCE_BUNDLE_BUNDLE_MEASURE_H

#include "format/bundles/asset_rows.h"
#include "format/bundles/font_info.h"
#include "format/bundles/image_info.h"
#include "format/bundles/package_lock.h"
#include "source/bundle/bundle_find.h"

struct measured_asset {
    struct asset_output rows;
    int64_t gzip_bytes, brotli_bytes;
    bool there;              /* the file is */
    struct image_info image; /* format NULL: it is none */
    struct font_info font;
    const char *font_display; /* of the rule that names it; NULL: none does, or it says nothing */
};

struct bundle_measured {
    struct arena *arena;
    struct measured_asset *assets; /* beside those of the draft */
    size_t n_assets;
    struct id_table faces; /* numbers of `displays`, by the name of a font's file */
    const char **displays;
    size_t n_displays, cap_displays;
    struct package_versions versions; /* of the lock file; none: not known */
    const struct sd_texts *targets;   /* NULL: not known */
};

struct bundle_progress {
    bool (*go_on)(void *ctx); /* false: it is to stop */
    void (*tell)(void *ctx, size_t done, size_t of);
    void *ctx;
};

/* What each asset is made of, without compressed sizes. False, and a sentence; or without one: it was to
 * stop. Notes go to the draft. Cleared by the caller either way. */
bool bundle_measure(const struct bundle_found *found, struct draft *d, const struct bundle_progress *p,
                    struct bundle_measured *out, struct sd_error *err);
/* Compresses each asset. False: it was to stop. */
bool bundle_compress(const struct bundle_found *found, const struct draft *d, const struct bundle_progress *p,
                     struct bundle_measured *m);
void bundle_measured_clear(struct bundle_measured *m);

/* ---- bundle_records.c ---- */

/* The whole build into a batch. False: it has no room even without what is said of the code. `shown`: its
 * path. */
bool bundle_add_records(const struct sd_host *host, struct sd_batch *b, const char *shown,
                        const struct draft *d, const struct bundle_measured *m, bool final, bool with_code);

#endif
