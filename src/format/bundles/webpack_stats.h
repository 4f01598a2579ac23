/* webpack_stats.h - the stats.json of webpack 1 to 5 and of Rspack. It is gone through where it stands: stats
 * have hundreds of megabytes, and what is kept of them is the draft. Pure. */
#ifndef FORMAT_BUNDLES_WEBPACK_STATS_H
#define FORMAT_BUNDLES_WEBPACK_STATS_H

#include "format/bundles/draft.h"

/* Do these first bytes look like one? 0..100, as sd_source_ops.recognise. */
int webpack_stats_sure(const char *head, size_t len);
/* False, and a sentence, where it is broken or its figures make no sense. */
bool webpack_stats_read(const char *text, size_t len, struct draft *d, struct sd_error *err);

#endif
