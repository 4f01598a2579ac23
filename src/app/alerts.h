/* alerts.h - `slowdive alerts`: evaluate, notify, simulate, acknowledge, silence. */
#ifndef APP_ALERTS_H
#define APP_ALERTS_H

#include "app/commands.h"
#include "core/goals/signals.h"

extern const struct cli_command ALERTS_COMMAND;

/* ---- for its other files ---- */

/* The moment everything is computed as of: --at, else the present while a source is live, else the end of
 * the data; without data the present. False, with a complaint. */
bool alerts_clock(struct app *a, struct signals *s, bool live, sd_time *at);
/* Reads the sources of the command line into a store that knows the policy's figures. keep_all: not only what
 * an evaluation at their end needs. *live: one of them goes on. NULL, with a complaint. */
struct signals *alerts_read(struct app *a, bool keep_all, bool *live);
/* ---- alerts_actions.c ---- */
int alerts_ack(struct app *a);
int alerts_silence(struct app *a);
int alerts_unsilence(struct app *a);
/* ---- alerts_playbook.c ---- */
int alerts_playbook(struct app *a, const char *name); /* of a playbook, or of an alert that has one */

#endif
