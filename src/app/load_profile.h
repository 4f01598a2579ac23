/* load_profile.h - `slowdive load profile`. */
#ifndef APP_LOAD_PROFILE_H
#define APP_LOAD_PROFILE_H

#include "app/commands.h"

extern const struct cli_command LOAD_PROFILE_COMMAND;

#endif
