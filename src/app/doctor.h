/* doctor.h - `slowdive doctor`: what is here, which source would work, what is missing, and what mends it.
 *
 * Each source says its own checks (sd_source_ops.examine), on a thread of its own and all at the same time:
 * one that hangs costs some seconds, once. Nothing is opened for good, changed or written. */
#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

#include "app/app.h"

/* A check as it was told; texts are owned. */
struct finding {
    char *of; /* the source, without secrets, or "here" */
    char *name;
    enum sd_check_state state;
    bool asked; /* it was named, in the command or the configuration */
    char *text, *mend;
};

struct findings {
    struct finding *items;
    size_t n, cap;
};
void findings_add(struct findings *f, const char *of, bool asked, const struct sd_check *c);
void findings_free(struct findings *f);
/* "1 missing, 2 would show more, 9 are fine"; caller frees. */
char *findings_summary(const struct findings *f);

/* doctor_history.c: its target is the engine that the policy records into. No source: only to be examined. */
extern const struct sd_source_ops DOCTOR_HISTORY;

/* doctor_here.c: of this program: its configuration, the terminal, where it writes. Problems of the
 * configuration are taken from app->problems. */
void doctor_here(struct app *a, struct findings *f);

/* The line of the start screen: of this machine only, without a network. Caller frees. */
char *doctor_line(struct app *a);

#endif
