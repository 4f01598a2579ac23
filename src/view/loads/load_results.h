/* load_results.h - the documents of load tests, as result_doc.h shows them. */
#ifndef VIEW_LOADS_LOAD_RESULTS_H
#define VIEW_LOADS_LOAD_RESULTS_H

#include "view/result_doc.h"

extern const struct result_kind LOAD_RESULTS[]; /* ends with a row without view */

#endif
