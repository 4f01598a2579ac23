/* size_text.h - sizes as the tools for budgets write them; "100 kB" is not the same for all. Pure; any
 * thread. */
#ifndef FORMAT_GOALS_SIZE_TEXT_H
#define FORMAT_GOALS_SIZE_TEXT_H

#include "base/base.h"

enum size_rules {
    SIZE_IEC,  /* kB = KB = 1000, KiB = 1024: size-limit and slowdive */
    SIZE_BYTES /* kB = KB = 1024, and 100 KiB is 100 bytes: bundlesize and bundlewatch, by the package `bytes`
                */
};

/* "100 kB", "1.5MB", "4096". `*odd` (may be NULL): its unit was not known to SIZE_BYTES, which then reads the
 * number alone. False and a sentence: it is none, is negative or is above 2^53. */
bool size_text_parse(const char *text, enum size_rules rules, int64_t *bytes, bool *odd,
                     struct sd_error *err);
/* Is it a duration, as in size-limit: "500 ms", "2 s"? */
bool size_text_is_time(const char *text);

#endif
