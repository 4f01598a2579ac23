/* load_compare_doc.h - how the documents of `load compare` and `load profile` are shown. */
#ifndef VIEW_LOADS_LOAD_COMPARE_DOC_H
#define VIEW_LOADS_LOAD_COMPARE_DOC_H

#include "view/result_doc.h"

const char *load_compare_headline(struct doc *d, const cJSON *o, enum severity *s);
void load_compare_draw(struct doc *d, const cJSON *o); /* the rows, by what was measured */
extern const char *const LOAD_COMPARE_HIDDEN[];

const char *load_profile_headline(struct doc *d, const cJSON *o, enum severity *s);
extern const char *const LOAD_PROFILE_ORDER[], *const LOAD_PROFILE_TITLES[];

#endif
