/* alert_command.h - the command that opens the console on the sources of an evaluation, as receivers of
 * alerts get it: as a shell reads it, without secrets and without the names of users. */
#ifndef APP_ALERT_COMMAND_H
#define APP_ALERT_COMMAND_H

#include <stddef.h>

char *alert_command(const char *const *sources, size_t n); /* caller frees */

#endif
