/* replay_path.h - the target of a logged request as it can be sent again, without secrets. Pure; any thread.
 */
#ifndef CORE_LOADS_REPLAY_PATH_H
#define CORE_LOADS_REPLAY_PATH_H

#include "base/base.h"

enum { REPLAY_PATH_MAX = 4000 }; /* bytes; longer ones are not sent again */

/* The target from its first slash on: scheme and host of "http://host/path" go. Values of parameters whose
 * names speak of a secret (token, key, password, secret, session, auth, code and names made of these) become
 * "x". What no request line or YAML file can hold - blanks, controls, bytes that are not UTF-8 - is
 * percent-encoded; all else stays as it was logged. `query`, which may have 0 bytes, stands apart in some
 * logs.
 *
 * *out points into the target or into `room`, which it clears. Returns the length; 0: it cannot be sent
 * again, as "*", "host:443" and what is too long. */
size_t replay_path(const char *target, size_t len, const char *query, size_t query_len, struct strbuf *room,
                   const char **out);

/* Does the name of a parameter, percent-encoded or not, speak of a secret? */
bool replay_secret_name(const char *name, size_t n);

#endif
