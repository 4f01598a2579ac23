/* explain_lines.h - the lines of an EXPLAIN output as text: without frames, and with the
 * parts of a line that was wrapped put together again. */
#ifndef FORMAT_PLANS_EXPLAIN_LINES_H
#define FORMAT_PLANS_EXPLAIN_LINES_H

#include "base/base.h"

struct lines {
    const char *at, *end; /* what is left to read */
    struct strbuf joined;
};

#define WRAPPED_LINES_MAX 24

/* The next line without what surrounds it; empty lines too. */
bool lines_take(struct lines *l, const char **text, size_t *len, int *indent);
/* Does a bracket or quote stay open in s? */
bool lines_stay_open(const char *s, size_t len);
/* A line that an e-mail or a narrow terminal wrapped: where a bracket stays open the next
 * lines belong to it, as far as they close it. In place when nothing was wrapped. */
void lines_unwrap(struct lines *l, const char **text, size_t *len);

#endif
