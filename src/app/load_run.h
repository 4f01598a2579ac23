/* load_run.h - `slowdive load run`. */
#ifndef APP_LOAD_RUN_H
#define APP_LOAD_RUN_H

#include "app/commands.h"

extern const struct cli_command LOAD_RUN_COMMAND;

#endif
