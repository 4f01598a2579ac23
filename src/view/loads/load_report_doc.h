/* load_report_doc.h - how the document of `load report` is shown. */
#ifndef VIEW_LOADS_LOAD_REPORT_DOC_H
#define VIEW_LOADS_LOAD_REPORT_DOC_H

#include "view/result_doc.h"

const char *load_report_headline(struct doc *d, const cJSON *o, enum severity *s);
extern const char *const LOAD_REPORT_ORDER[], *const LOAD_REPORT_TITLES[];

#endif
