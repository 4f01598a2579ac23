/* capacity_results.h - the documents of capacity, forecasts and scaling, as result_doc.h shows them. */
#ifndef VIEW_CAPACITY_CAPACITY_RESULTS_H
#define VIEW_CAPACITY_CAPACITY_RESULTS_H

#include "view/result_doc.h"

extern const struct result_kind CAPACITY_RESULTS[]; /* ends with a row without view */

#endif
