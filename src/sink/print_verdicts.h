/* print_verdicts.h - checks and how they ended, for the programs that run builds: JUnit's XML and the
 * commands of GitHub's workflows. */
#ifndef SINK_PRINT_VERDICTS_H
#define SINK_PRINT_VERDICTS_H

#include "base/base.h"

enum verdict_kind { VERDICT_FAILED, VERDICT_WARNED, VERDICT_SKIPPED, VERDICT_PASSED, VERDICT_KINDS };
struct verdict {
    const char *name;
    enum verdict_kind kind;
    const char *text; /* a sentence; NULL: none */
};

/* A suite with a case for each; a warning is a case that passes and says so. XML 1.0 of any text. */
void print_junit(const struct verdict *v, size_t n, struct strbuf *out);
/* ::error and ::warning, the first ten of each, as many as GitHub shows; a ::notice tells how many more there
 * are. The worst come first. A last line for people counts all. */
void print_github(const struct verdict *v, size_t n, struct strbuf *out);

#endif
