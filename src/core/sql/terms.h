/* terms.h - what a condition is about: its columns, its comparison, its constants.
 *
 * Read from the text by its tokens, so that a condition as the user wrote it and the same
 * condition as EXPLAIN prints it (brackets, casts, = ANY for IN) give the same terms. Any
 * text may be given. Any thread; no state. */
#ifndef CORE_SQL_TERMS_H
#define CORE_SQL_TERMS_H

#include "base/base.h"

enum { TERMS_MAX = 16, TERMS_NAME_MAX = 64 };

struct terms_column {
    char table[TERMS_NAME_MAX]; /* alias as written, ""; folded to lower case unless quoted */
    char name[TERMS_NAME_MAX];
};

struct terms {
    struct terms_column columns[TERMS_MAX]; /* each once */
    size_t n_columns;
    char functions[TERMS_MAX][TERMS_NAME_MAX]; /* in order */
    size_t n_functions;
    /* "=", "<", "in", "~~", "between", "null", "notnull", "or", "not", ""; <> for !=. */
    char op[12];
    uint64_t constants; /* a sum over all strings, numbers and parameters; 0: none */
    bool subquery;      /* a SELECT stands in it, or a plan's "SubPlan 1" */
    bool overfull;      /* there was more than fits: not to be compared */
};

void terms_read(const char *text, size_t len, struct terms *out);

/* Cuts a condition of a plan at its ANDs: the parts of ((a = 1) AND (b > 2)) without the
 * brackets around them. Returns how many, at most `max`. */
struct terms_part {
    const char *text;
    size_t len;
};
size_t terms_split(const char *condition, struct terms_part *out, size_t max);

/* May the two operators mean the same condition? `commuted`: also with the sides changed. */
bool terms_same_op(const struct terms *plan, const struct terms *written, bool commuted);

#endif
