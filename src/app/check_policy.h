/* check_policy.h - what `slowdive check` checks of policies: the data that figures of goals are of, beside
 * the model, and of --baseline the same. */
#ifndef APP_CHECK_POLICY_H
#define APP_CHECK_POLICY_H

#include "app/app.h"
#include "core/goals/check_list.h"
#include "core/goals/signals.h"

/* A policy, and the data of both sides for it. */
struct policy_side {
    const struct goal_policy *policy;
    struct signals *now, *before; /* NULL: of that side nothing was read */
};
struct policy_run {
    struct app *app;
    struct policy_side sides[2]; /* the policy, the budgets of signals in the file of --budget */
    size_t n;
    struct goal_policy own; /* of that file */
    bool has_own;
    int64_t window_ns;    /* 0: as the policy says */
    sd_time end;          /* of the data over time; SD_UNKNOWN: there is none */
    sd_time at, standing; /* as in core/goals/policy_checks.h */
};

/* Takes the policy of the app where it was named or lies in the folder. False, with a complaint: an option is
 * wrong. */
bool policy_run_begin(struct policy_run *r, struct app *a);
/* The budgets of signals of that file besides. */
bool policy_run_budgets(struct policy_run *r, const char *path, const char *text, size_t len,
                        struct sd_error *err);
bool policy_run_checks(const struct policy_run *r); /* there is something to check */
/* Before the sources are opened: what comes is kept for the checks. */
void policy_run_listen(struct policy_run *r, struct app *a, bool before);
/* When all was read. False: --at is no moment. */
bool policy_run_add(struct policy_run *r, struct check_list *out, struct sd_error *err);
void policy_run_free(struct policy_run *r);

#endif
