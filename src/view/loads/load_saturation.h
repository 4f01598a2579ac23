/* load_saturation.h - what was used up first at the levels of a search, from the data of the same time. */
#ifndef VIEW_LOADS_LOAD_SATURATION_H
#define VIEW_LOADS_LOAD_SATURATION_H

#include "core/model/loads.h"
#include "view/view.h"

/* Adds a section at place `at` of the doc. Nothing when the test has no levels. */
void load_saturation_section(struct doc *d, const struct view_ctx *c, const struct record_entry *test,
                             size_t at);

#endif
