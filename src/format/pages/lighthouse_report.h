/* lighthouse_report.h - a report of Lighthouse, versions 3 to 13, as JSON. Read where it stands: memory
 * beside the text is that of the record. Fuzzed by tests/fuzz/fuzz_lighthouse.c. Pure. */
#ifndef FORMAT_PAGES_LIGHTHOUSE_REPORT_H
#define FORMAT_PAGES_LIGHTHOUSE_REPORT_H

#include "base/base.h"

enum { LIGHTHOUSE_REPORT_MAX = 64 << 20 };

/* How sure the first bytes of a file say that it is one, 0 to 100. */
int lighthouse_report_sure(const char *head, size_t len);

/* The record, whose texts and lists are the arena's; `path` is the caller's. False, and a sentence without
 * its subject ("is no report of Lighthouse"): it is no report. What a report lacks is unknown. */
bool lighthouse_report_read(const char *text, size_t len, struct arena *a, struct sd_page_report *out,
                            struct sd_error *err);

#endif
