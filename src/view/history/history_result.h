/* history_result.h - what a history has, as `slowdive history URL` says it. */
#ifndef VIEW_HISTORY_HISTORY_RESULT_H
#define VIEW_HISTORY_HISTORY_RESULT_H

#include "view/result_doc.h"

extern const struct result_kind HISTORY_RESULTS[]; /* ends with a row without view */

#endif
