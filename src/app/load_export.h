/* load_export.h - `slowdive load export`. */
#ifndef APP_LOAD_EXPORT_H
#define APP_LOAD_EXPORT_H

#include "app/commands.h"

extern const struct cli_command LOAD_EXPORT_COMMAND;

#endif
