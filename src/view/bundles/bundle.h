/* bundle.h - the views of a build of a front end. */
#ifndef VIEW_BUNDLES_BUNDLE_H
#define VIEW_BUNDLES_BUNDLE_H

#include "view/view.h"

extern const struct view bundle_view;
extern const struct view packages_view;
extern const struct view duplicates_view;
extern const struct view modules_view;
extern const struct view module_view;
extern const struct view package_view;
extern const struct view_action *const BUNDLE_ACTIONS[];

struct worst_list;
struct figures;
struct link_list;
void bundle_linked(const struct view_ctx *c, const char *what, const char *name, struct link_list *l);
void bundle_worst(const struct view_ctx *c, struct worst_list *l);
void bundle_figures(const struct view_ctx *c, struct figures *f);

#endif
