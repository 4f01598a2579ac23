/* profile_lines.h - the lines of functions: what of a function is spent at each. Pure; one thread. */
#ifndef CORE_PROFILES_PROFILE_LINES_H
#define CORE_PROFILES_PROFILE_LINES_H

#include "core/profiles/profile.h"

enum { PROFILE_LINES_MAX = 1 << 20, PROFILE_LINES_BYTES = 48 << 20 };
#define PROFILE_NO_LINE UINT32_MAX

struct profile_line {
    uint32_t function;
    int64_t line;
    uint64_t stack; /* number of the last one it is counted in */
};

struct profile_lines {
    struct profile_line *items;
    double *values; /* of item i from 2 * max_types * i: self of each type, total of each type; NAN unknown */
    size_t n, cap;
    uint32_t *slots; /* hash table: number + 1 */
    size_t n_slots;
};

/* The number of a line, made when it is new; PROFILE_NO_LINE: there are too many, or it is none (0). */
uint32_t profile_line(struct profile *p, uint32_t function, int64_t line);
/* Adds to it; self or total NULL: nothing. */
void profile_line_add(struct profile *p, uint32_t line, const double *self, const double *total);
/* The stack that was added last goes through these lines, one for each frame, the innermost last. */
void profile_stack_lines(struct profile *p, const uint32_t *lines, size_t n, const double *values);
/* Nothing is known of the totals of lines. */
void profile_lines_without_total(struct profile *p);

static inline double profile_line_self(const struct profile *p, size_t i, size_t type)
{
    return p->lines->values[2 * p->max_types * i + type];
}
static inline double profile_line_total(const struct profile *p, size_t i, size_t type)
{
    return p->lines->values[2 * p->max_types * i + p->max_types + type];
}

size_t profile_lines_bytes(const struct profile *p);
void profile_lines_free(struct profile_lines *x); /* NULL is fine */

#endif
