/* playbook.h - the steps of a playbook, and under each what the data says about it now: what a person would
 * look for in that step's view. NULL where the data cannot tell. */
#ifndef VIEW_GOALS_PLAYBOOK_H
#define VIEW_GOALS_PLAYBOOK_H

#include "core/goals/policy.h"
#include "view/view.h"

/* About a playbook, or an alert that has one. */
extern const struct view playbook_view;

#define PLAYBOOK_WINDOW (300 * SD_S)  /* of figures of all data: the newest */
#define PLAYBOOK_BEFORE (3600 * SD_S) /* what is compared with: the same time an hour ago */

struct finding {
    const char *text; /* one sentence, the doc's; NULL: the data cannot tell */
    enum severity severity;
};
/* What is seen in a step's view in the window of the context, at its moment. The doc holds texts. */
struct finding playbook_finding(struct doc *d, const struct view_ctx *c, const struct goal_play *step);

/* By its name, or that of an alert; NULL: there is none. */
const struct goal_playbook *playbook_meant(const struct goal_policy *p, const char *name);
/* The doc of one, with its JSON. */
struct doc *playbook_doc(const struct view_ctx *c, const struct goal_playbook *p);

#endif
