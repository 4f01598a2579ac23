/* load_compare.h - `slowdive load compare`. */
#ifndef APP_LOAD_COMPARE_H
#define APP_LOAD_COMPARE_H

#include "app/commands.h"

extern const struct cli_command LOAD_COMPARE_COMMAND;

#endif
