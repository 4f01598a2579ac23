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

/* The end of the line at s: its "\n", or `end`. */
static inline const char *lines_stop(const char *s, const char *end)
{
    const char *newline = s < end ? memchr(s, '\n', (size_t)(end - s)) : NULL;
    return newline ? newline : end;
}

/* "->" before a node: SQL's operator of that name has a quote, a digit or a dollar behind it. */
bool lines_is_arrow(const char *s, size_t len);
/* Where the figures of a node begin: " (cost=", " (actual " or " (never executed)" outside of
 * a quoted name and of a constant; NULL: none. */
const char *lines_figures(const char *s, size_t len);
/* The length of what stands before the figures, without blanks: also where these are cut off
 * in "(co". */
size_t lines_name(const char *s, size_t len);
/* Is this a node without figures, as EXPLAIN (COSTS OFF) prints it: "Seq Scan on t"? By the
 * names of PostgreSQL's nodes. */
bool lines_is_bare_node(const char *s, size_t len);

#endif
