/* file_pattern.h - patterns that name files, as the tools for size budgets write them. Pure; any thread.
 *
 * `*` is any text without `/`, `**` any text, `**` and a `/` any folders or none, `?` one character but `/`,
 * `{a,b}` one of several, which may hold patterns. A leading `./` means nothing. Brackets stand for
 * themselves: names of routes have them. */
#ifndef CORE_GOALS_FILE_PATTERN_H
#define CORE_GOALS_FILE_PATTERN_H

#include "base/base.h"

enum { FILE_PATTERN_MAX = 4096, FILE_PATTERN_CHOICES_MAX = 1024 };

/* False and a sentence: it is too long, or its braces stand for too many texts. */
bool file_pattern_check(const char *pattern, struct sd_error *err);
/* Does all of `path` match? `pattern` has passed the check. */
bool file_pattern_matches(const char *pattern, const char *path);

#endif
