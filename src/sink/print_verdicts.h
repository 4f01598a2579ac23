/* print_verdicts.h - checks and how they ended, for the programs that run builds: JUnit's XML, the commands
 * of GitHub's workflows, GitLab's code quality, SARIF 2.1.0, and Markdown for a pull request. Any text may be
 * in a name. */
#ifndef SINK_PRINT_VERDICTS_H
#define SINK_PRINT_VERDICTS_H

#include "base/base.h"

/* The order is that of what is told first. */
enum verdict_kind {
    VERDICT_FAILED,
    VERDICT_MISSING, /* nothing was measured: an error, too */
    VERDICT_WARNED,
    VERDICT_SKIPPED,
    VERDICT_PASSED,
    VERDICT_KINDS
};
struct verdict {
    const char *name;
    enum verdict_kind kind;
    const char *text;                    /* a sentence; NULL: none */
    const char *about;                   /* what else tells it from its namesakes; NULL */
    const char *subject, *value, *limit; /* for people; NULL: none */
    const char *path;                    /* where it is written down, as it was named; NULL: nowhere */
    int line;                            /* 0: not known */
};

/* The worst come first in all of them. Counts are right whatever is left out. */

/* A suite with a case for each; a warning is a case that passes and says so. XML 1.0. */
void print_junit(const struct verdict *v, size_t n, struct strbuf *out);
/* ::error for what failed or is missing, ::warning: the first ten of each, as many as GitHub shows. A line
 * for people counts all, and at the end a ::notice tells how many more there are. */
void print_github(const struct verdict *v, size_t n, struct strbuf *out);

enum { VERDICTS_MD_MAX = 64000 }; /* bytes: a comment has at most 65,536 characters */
/* A table, below a marker by which a program finds its comment again. The worst as far as they fit. `notes`:
 * sentences, for its end. */
void print_verdicts_md(const struct verdict *v, size_t n, const char *const *notes, size_t n_notes,
                       struct strbuf *out);

/* ---- print_verdicts_json.c: what failed, is missing, or is warned of ---- */

/* For paths below it: the working directory; NULL: paths stay as they are. A verdict without a path is at
 * `usual`, line 1. */
struct verdict_place {
    const char *folder, *usual;
};
void print_gitlab(const struct verdict *v, size_t n, const struct verdict_place *at, struct strbuf *out);
void print_sarif(const struct verdict *v, size_t n, const struct verdict_place *at, struct strbuf *out);

#endif
