/* redact.h - removes passwords from text before it is shown, logged or recorded. Every message goes through
 * redact(): complain(), the log, the status of sources, the console's messages. Any thread; no state. */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include "base/base.h"

/* A copy of a URL, a keyword string ("host=x password=y") or any sentence with every
 * password replaced by "***": the one of a URL's user, or of "user:password@"; the value
 * of every NAME=value, "NAME": "value" and header whose name speaks of a password, secret
 * or token; what follows Bearer and Basic. When in doubt it hides more: of a URL with
 * several '@' all up to the last. Caller frees. */
char *redact(const char *given);

/* What may be shown of a shell's command: the program, and the script when it is an
 * interpreter's; " ..." stands for the rest, and for all that is not plain. Variables set
 * in front are left out. Caller frees. */
char *redact_command(const char *given);

/* What a target or a command holds that nothing may repeat: a program or a library may
 * quote in its messages what it was given. Words shorter than 4 bytes are not kept. */
struct secrets;
struct secrets *secrets_of(const char *given);
void secrets_add(struct secrets *s, const char *word); /* NULL is fine */
/* A copy of text without them, redacted as well. `s` may be NULL. Caller frees. */
char *secrets_hide(const struct secrets *s, const char *text);
bool secrets_any(const struct secrets *s);
void secrets_free(struct secrets *s); /* NULL is fine */

#endif
