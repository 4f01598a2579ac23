/* check_list.h - checks that were made, and how they ended: budgets of builds, assertions about reports,
 * KPIs, budgets and hops of a policy in one list. One thread; texts given are copied. */
#ifndef CORE_GOALS_CHECK_LIST_H
#define CORE_GOALS_CHECK_LIST_H

#include "base/base.h"
#include "slowdive/types.h"

enum check_status {
    CHECK_PASS,
    CHECK_WARN,
    CHECK_FAIL,
    CHECK_SKIP,
    CHECK_MISSING, /* nothing tells its value, which fails as well */
    CHECK_STATUSES
};
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
    /* a check of a policy; the others have no kind, and none of this */
    const char *kind;    /* kpi, budget, hop, regress */
    const char *signal;  /* "http.latency" */
    const char *subject; /* what of it: "GET /search", a host, labels */
    const char *feature;
    const char *value_unit; /* of value, limit and baseline: "ns", "share", "bytes", "per_s" */
    const char *text;       /* a sentence: what was found */
    double value, limit, baseline, change_share, p_value;
    bool below; /* the limit is the least */
    /* where it was written down */
    const char *path; /* NULL: in no file */
    int line;         /* 0: not known */
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
/* The sentence of a check of any kind; NULL: none. */
const char *check_sentence(const struct check *c);
/* The worst first: what failed, by how much of its limit, then what is missing, warnings, what was skipped,
 * what passed. Equals keep their order. */
void check_list_sort(struct check_list *l);

#endif
