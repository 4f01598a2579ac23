/* alerts.h - `slowdive alerts`: evaluate, notify, simulate, acknowledge, silence. */
#ifndef APP_ALERTS_H
#define APP_ALERTS_H

#include "app/commands.h"

extern const struct cli_command ALERTS_COMMAND;

/* ---- alerts_actions.c ---- */
int alerts_ack(struct app *a);
int alerts_silence(struct app *a);
int alerts_unsilence(struct app *a);

#endif
