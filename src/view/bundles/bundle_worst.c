/* What of a build needs a look: sizes over what is allowed, and what a change did to them. And what its parts
 * are linked with. */
#include <inttypes.h>
#include <string.h>

#include "core/bundles/asset_name.h"
#include "core/bundles/duplicates.h"
#include "view/bundles/bundle.h"
#include "view/bundles/shown_build.h"
#include "view/shared/figures.h"
#include "view/shared/linked.h"
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

/* ---- what is linked ---- */

/* Of a module its package, of a package its modules. */
void bundle_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l)
{
    size_t len = 0, n = 0;
    bool module = str_eq(what, "module");
    if (!module && !str_eq(what, "package"))
        return;
    const char *in = module ? bundle_package_in(name, &len) : NULL;
    const char *package = in ? arena_strndup(l->arena, in, len) : module ? NULL : name;
    struct shown_build *x = shown_build_sizes(c);
    for (size_t i = 0; x->build && package && i < x->build->n_modules; i++)
        n += str_eq(x->build->modules[i].package, package);
    if (module && n)
        linked_add(l, (struct linked){.label = "its package", .n = 1, .view = "package", .arg = package});
    if (n)
        linked_add(l, (struct linked){.label = "modules of the package",
                                      .n = n,
                                      .view = "modules",
                                      .filter = linked_word(l, package)});
    shown_build_free(x);
}
