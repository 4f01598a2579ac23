/* alert_desk.h - the alerts of the console: the state that evaluations have written, as views see it, and
 * what a person does about them. Main thread, which it never holds up: a test is sent by a thread of its own.
 */
#ifndef APP_ALERT_DESK_H
#define APP_ALERT_DESK_H

#include "app/app.h"
#include "view/action.h"

struct alert_desk;

/* The folder is --state when that is one, else the usual. may_send: tests may be, after a yes. */
struct alert_desk *alert_desk_new(struct app *a, bool may_send);
void alert_desk_free(struct alert_desk *d); /* waits for a test that is being sent. NULL is fine */

/* Is there another state than at the last call? */
bool alert_desk_look(struct alert_desk *d);
/* A test that was being sent has ended: how, in words. Once. */
bool alert_desk_said(struct alert_desk *d, struct strbuf *text, enum severity *severity);

/* For console_env.fill and .errand. */
void alert_desk_fill(struct alert_desk *d, struct view_ctx *c);
bool alert_desk_errand(struct alert_desk *d, const struct errand *e, struct outcome *out,
                       struct sd_error *err);

/* The folder that --state names, when it is none of a log's files; NULL. */
const char *alert_state_option(const struct cli *cli);

#endif
