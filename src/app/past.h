/* past.h - what is asked of histories among the sources of a verb: decided before anything of them is read,
 * for 90 days are not read to show 5 minutes. */
#ifndef APP_PAST_H
#define APP_PAST_H

#include "base/base.h"
#include "slowdive/source.h"

struct app;
struct goal_policy;

enum { PAST_WINDOWS_MAX = 64 };

struct past {
    bool any;                                /* a source is a history */
    bool all;                                /* and every one is */
    sd_time oldest, newest;                  /* of all histories; SD_UNKNOWN: they are empty */
    sd_time from, to;                        /* what is asked for; SD_UNKNOWN: as far as there is */
    const char *steps;                       /* an option of the source: "even", "goals", "kept" */
    bool by_host, machines, together, twice; /* together: requests of all endpoints as one */
    bool one_step;                           /* figures of the whole window are all that is asked for */
    const char *route;                       /* requests of that endpoint alone; NULL */
    int64_t windows[PAST_WINDOWS_MAX];       /* that end at `to` and must be exact */
    size_t n_windows;
};

/* What the verb is for. */
struct past_use {
    bool goals;        /* figures over the windows of the policy that end at the moment looked at */
    bool windows;      /* those are exact, beside figures of --window, or of all there is */
    bool whole;        /* all there is, whatever --at and --window say: of what is compared with */
    bool kept;         /* every step, as it is: all moments are looked at */
    bool twice;        /* the window before is shown beside */
    bool by_host;      /* machines are told apart */
    bool progress;     /* whole months of the targets */
    const char *route; /* requests of that endpoint alone, which lives as long as the app; NULL */
};

/* Looks which of the targets (n 0: the configuration's sources) are histories, how far they reach, and what
 * --at, --window and the policy ask of them; into a->past. False and a sentence: one cannot be opened, or the
 * options make no sense. */
bool past_plan(struct app *a, const char *const *targets, size_t n, const struct past_use *use,
               struct sd_error *err);
/* Until when a history tells: SD_UNKNOWN, nothing is in it. False and a sentence: it cannot be opened, or the
 * target is none. */
bool past_end_of(const char *target, sd_time *end, struct sd_error *err);
/* Sets the options of a history that follow from it. */
bool past_options(const struct app *a, const struct sd_source_ops *ops, void *opts, struct sd_error *err);

#endif
