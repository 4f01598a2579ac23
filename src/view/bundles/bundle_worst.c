/* What of a build needs a look: sizes over what is allowed, and what a change did to them. */
#include <inttypes.h>
#include <string.h>

#include "core/bundles/asset_name.h"
#include "view/bundles/bundle.h"
#include "view/bundles/shown_build.h"
#include "view/shared/figures.h"
#include "view/shared/worst.h"

#include <stdlib.h>

/* X(NAME, value, help) */
#define THRESHOLDS(X) X(BAD, 2, "times the limit from which a size is bad")
enum threshold { THRESHOLDS(WORST_ENUM) };
static const double LIMIT[] = {THRESHOLDS(WORST_VALUE)};

static void over_limit(struct worst_list *l, const char *subject, int64_t bytes, int64_t limit,
                       const char *what)
{
    char is[UNIT_TEXT_MAX], allowed[UNIT_TEXT_MAX];
    if (bytes <= limit)
        return;
    unit_format_int(UNIT_BYTES, bytes, is);
    unit_format_int(UNIT_BYTES, limit, allowed);
    worst_add(l, (struct worst_item){
                     .what = "bundle",
                     .severity = (double)bytes >= LIMIT[T_BAD] * (double)limit ? SEVERITY_BAD : SEVERITY_WARN,
                     .share = NAN,
                     .subject = doc_text(l->d, subject),
                     .why = doc_printf(l->d, "%s take %s gzip; the usual limit is %s", what, is, allowed),
                     .dive = {.view = "bundle"}});
}

void bundle_worst(const struct view_ctx *c, struct worst_list *l)
{
    struct shown_build *x = shown_build_sizes(c);
    if (x->build) {
        const char *path = x->build->head->path ? x->build->head->path : x->build->origin;
        over_limit(l, path, x->scripts.gzip, LIMIT_SCRIPTS, "scripts");
        over_limit(l, path, x->styles.gzip, LIMIT_STYLES, "styles");
    }
    shown_build_free(x);
}

static void add_size(struct figures *f, const char *name, int64_t bytes)
{
    if (bytes >= 0)
        figures_add(f, &(struct figure){.kind = "bundle",
                                        .key = doc_text(f->d, name),
                                        .name = "size",
                                        .method = FIGURE_TEXT,
                                        .value = NAN,
                                        .text = doc_printf(f->d, "%" PRId64 " bytes", bytes),
                                        .absent = "not there",
                                        .dive = {.view = "bundle"}});
}

/* The files of two builds: those of one name are added in the view itself, here the first stands for them. */
void bundle_figures(const struct view_ctx *c, struct figures *f)
{
    enum { FILES_MOST = 500 };
    struct shown_build *x = shown_build_sizes(c);
    for (size_t i = 0; x->build && i < MIN(x->build->n_assets, (size_t)FILES_MOST); i++) {
        char *plain = asset_name_plain(x->build->assets[i].name);
        if (strcmp(plain, "#.js") != 0)
            add_size(f, plain, x->build->assets[i].size_bytes);
        free(plain);
    }
    if (x->build) {
        add_size(f, "scripts, gzip", x->scripts.gzip);
        add_size(f, "styles, gzip", x->styles.gzip);
    }
    shown_build_free(x);
}
