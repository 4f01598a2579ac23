/* Views with one table of a build each: packages, what is there twice, modules. */
#include "view/bundles/bundle.h"
#include "view/bundles/bundle_sections.h"
#include "view/shared/common.h"

typedef struct section *section_of(struct doc *d, const char *key, const struct shown_build *x, size_t most);

static struct doc *list_doc(const struct view_ctx *c, const char *view, const char *title,
                            section_of *section)
{
    struct doc *d = doc_new(view, title);
    struct shown_build *x = shown_build(c);
    doc_own(d, x, shown_build_free);
    shown_build_envelope(d, c, x);
    struct section *s = section(d, "rows", x, 0);
    s->kinds = KINDS_BUNDLE;
    if (!x->build)
        s->empty = shown_build_empty(d, c);
    if (!s->note)
        s->note = shown_build_note(d, x);
    return d;
}

static struct doc *build_packages(const struct view_ctx *c)
{
    return list_doc(c, "packages", "Packages", bundle_packages_section);
}
static struct doc *build_duplicates(const struct view_ctx *c)
{
    return list_doc(c, "duplicates", "Duplicates", bundle_duplicates_section);
}
static struct doc *build_modules(const struct view_ctx *c)
{
    return list_doc(c, "modules", "Modules", bundle_modules_section);
}

enum { PACKAGES_N = 7, DUPLICATES_N = 6, MODULES_N = 10 };

const struct view packages_view = {
    .name = "packages",
    .place = PLACE_PAGES,
    .title = "Packages",
    .summary = "what each package takes in a bundle",
    .lists = "package",
    .needs = KINDS_BUNDLE,
    .made_of = KINDS_BUNDLE,
    .verb_bytes = (size_t)1 << 30,
    .build = build_packages,
    .columns = BUNDLE_PACKAGES,
    .n_columns = PACKAGES_N,
};

const struct view duplicates_view = {
    .name = "duplicates",
    .mixed = true,
    .place = PLACE_PAGES,
    .title = "Duplicates",
    .summary = "packages and modules that are in a bundle more than once, and who brings them",
    .needs = KINDS_BUNDLE,
    .made_of = KINDS_BUNDLE,
    .verb_bytes = (size_t)1 << 30,
    .build = build_duplicates,
    .columns = BUNDLE_DUPLICATES,
    .n_columns = DUPLICATES_N,
};

const struct view modules_view = {
    .name = "modules",
    .place = PLACE_PAGES,
    .title = "Modules",
    .summary = "the modules of a bundle, the largest first",
    .lists = "module",
    .needs = KINDS_BUNDLE,
    .made_of = KINDS_BUNDLE,
    .verb_bytes = (size_t)1 << 30,
    .build = build_modules,
    .columns = BUNDLE_MODULES,
    .n_columns = MODULES_N,
};
