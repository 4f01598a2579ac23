/* redact.h - passwords out of what people typed, before it is shown, logged or recorded. */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include "base/base.h"

/* A copy of a URL, a keyword string ("host=x password=y") or a command with every
 * password replaced by "***": the one of a URL's user, and the value of every
 * NAME=value whose name speaks of a password, secret or token. When in doubt it
 * hides more. Caller frees. */
char *redact(const char *given);

#endif
