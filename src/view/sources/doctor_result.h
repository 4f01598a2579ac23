/* doctor_result.h - what `slowdive doctor` says. */
#ifndef VIEW_SOURCES_DOCTOR_RESULT_H
#define VIEW_SOURCES_DOCTOR_RESULT_H

#include "view/result_doc.h"

extern const struct result_kind DOCTOR_RESULTS[]; /* ends with a row without view */

#endif
