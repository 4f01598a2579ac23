/* notify_command.h - a command that is told about an alert: started without a shell, JSON on its standard
 * input, nothing of its output kept. */
#ifndef SOURCE_NOTIFY_NOTIFY_COMMAND_H
#define SOURCE_NOTIFY_NOTIFY_COMMAND_H

#include <sys/types.h>

#include "base/base.h"

/* Starts it in a process group of its own; -1 and a sentence. */
pid_t notify_command_start(const char *const *words, const char *input, struct sd_error *err);
/* Has it ended? *status is then its exit status, 128 and more for a signal. Never waits. */
bool notify_command_ended(pid_t pid, int *status);
/* Ends it and all processes of its group, and waits for it. */
void notify_command_kill(pid_t pid);

#endif
