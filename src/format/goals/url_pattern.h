/* url_pattern.h - regular expressions for URLs, as LHCI has them. Pure; any thread may match. */
#ifndef FORMAT_GOALS_URL_PATTERN_H
#define FORMAT_GOALS_URL_PATTERN_H

#include "base/base.h"

struct url_pattern;
/* NULL and a sentence: it is none. */
struct url_pattern *url_pattern_new(const char *regex, struct sd_error *err);
void url_pattern_free(struct url_pattern *p); /* NULL is fine */
/* Does it match anywhere in the URL? `pattern` is a struct url_pattern. */
bool url_pattern_matches(const void *pattern, const char *url);
/* The expression that a path of budgets.json stands for: `*` is any text, `$` the end; the caller frees. */
char *url_pattern_of_path(const char *path);

#endif
