/* check_list.h - checks that were made, and how they ended: budgets of builds and assertions about reports in
 * one list. One thread; texts given are copied. */
#ifndef CORE_GOALS_CHECK_LIST_H
#define CORE_GOALS_CHECK_LIST_H

#include "base/base.h"
#include "slowdive/types.h"

enum check_status { CHECK_PASS, CHECK_WARN, CHECK_FAIL, CHECK_SKIP, CHECK_STATUSES };
const char *check_status_name(enum check_status s); /* "pass" */

/* What one kind of check has no word for is NULL, SD_UNKNOWN or NAN. */
struct check {
    const char *name;
    const char *source; /* what was checked: the build, the report */
    enum check_status status;
    const char *message; /* a sentence: what was found, and what would help */
    const char *const *files;
    size_t n_files;
    /* a budget of bytes */
    const char *metric; /* size_bytes, gzip_bytes, brotli_bytes */
    int64_t limit_bytes, actual_bytes, over_bytes;
    /* an assertion about reports */
    const char *audit, *assertion, *url, *level;
    double expected, actual;
};

struct check_list {
    struct arena *arena;
    struct check *items;
    size_t n, cap;
    const char **notes;
    size_t n_notes, cap_notes;
    size_t count[CHECK_STATUSES];
};

void check_list_init(struct check_list *l);
void check_list_free(struct check_list *l);
/* Adds a copy. */
void check_add(struct check_list *l, const struct check *c);
/* The same sentence is noted once. */
void check_note(struct check_list *l, const char *fmt, ...) SD_PRINTF(2, 3);
/* The worst first: what failed, by how much of its limit, then warnings, what was skipped, what passed.
 * Equals keep their order. */
void check_list_sort(struct check_list *l);

#endif
