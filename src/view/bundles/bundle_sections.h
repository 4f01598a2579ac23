/* bundle_sections.h - the tables of a build, as sections; and what the documents of `bundle` share. */
#ifndef VIEW_BUNDLES_BUNDLE_SECTIONS_H
#define VIEW_BUNDLES_BUNDLE_SECTIONS_H

#include "view/bundles/shown_build.h"

/* Each makes a section of that JSON key (NULL: for people only) with at most `most` rows, 0: all. They refer
 * to `x`, which the doc owns. */
struct section *bundle_modules_section(struct doc *d, const char *key, const struct shown_build *x,
                                       size_t most);
struct section *bundle_assets_section(struct doc *d, const char *key, const struct shown_build *x,
                                      size_t most);
struct section *bundle_packages_section(struct doc *d, const char *key, const struct shown_build *x,
                                        size_t most);
struct section *bundle_duplicates_section(struct doc *d, const char *key, const struct shown_build *x,
                                          size_t most);
struct section *bundle_findings_section(struct doc *d, const char *key, const struct shown_build *x,
                                        size_t most);
struct section *bundle_routes_section(struct doc *d, const char *key, const struct shown_build *x,
                                      size_t most);
struct section *bundle_unused_section(struct doc *d, const char *key, const struct shown_build *x,
                                      size_t most);
/* Against what is allowed by default: a line each. */
struct section *bundle_limits_section(struct doc *d, const struct shown_build *x);

extern const struct column BUNDLE_MODULES[], BUNDLE_ASSETS[], BUNDLE_PACKAGES[], BUNDLE_DUPLICATES[],
    BUNDLE_FINDINGS[], BUNDLE_ROUTES[];
extern const size_t BUNDLE_N_MODULES, BUNDLE_N_ASSETS, BUNDLE_N_PACKAGES, BUNDLE_N_DUPLICATES;

/* Other documents of the view: how a module came in, a flat layout, two builds. Each owns `x`. */
struct doc *why_doc(const struct view_ctx *c, struct shown_build *x, const char *path);
struct doc *layout_doc(const struct view_ctx *c, struct shown_build *x, const char *size);
struct doc *changed_doc(const struct view_ctx *c, struct shown_build *x); /* its beginning; then: */
void changed_tables(struct doc *d, const struct view_ctx *c, const struct shown_build *x);

/* The names of choices of the actions. */
#define BUNDLE_WHY_CHOICE    "bundle-why"
#define BUNDLE_LAYOUT_CHOICE "bundle-layout"
#define BUNDLE_COLOUR_CHOICE "bundle-colour"
/* "120x40"; false and a sentence when it is none. */
bool layout_size(const char *text, double *width, double *height, struct sd_error *err);

#endif
