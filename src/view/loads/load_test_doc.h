/* load_test_doc.h - the document of `load run` for people: what it says in a sentence, its thresholds, how
 * latency and rate went. */
#ifndef VIEW_LOADS_LOAD_TEST_DOC_H
#define VIEW_LOADS_LOAD_TEST_DOC_H

#include "view/result_doc.h"

extern const char *const LOAD_TEST_ORDER[], *const LOAD_TEST_HIDDEN[], *const LOAD_TEST_TITLES[];
const char *load_test_headline(struct doc *d, const cJSON *o, enum severity *s);
void load_test_draw(struct doc *d, const cJSON *o);

#endif
