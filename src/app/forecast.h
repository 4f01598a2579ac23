/* forecast.h - `slowdive forecast`. */
#ifndef APP_FORECAST_H
#define APP_FORECAST_H

#include "app/commands.h"

extern const struct cli_command FORECAST_COMMAND;

#endif
