/* digest.h - a statement of MySQL or MariaDB without its constants. Its notation is not PostgreSQL's: "x" is
 * a string, `x` a name, # begins a comment, a backslash escapes. Any text is taken, also one that is cut. Any
 * thread; no state. */
#ifndef CORE_SQL_DIGEST_H
#define CORE_SQL_DIGEST_H

#include "base/base.h"

/* On one line, without comments (hints stay), constants as ?, lists of them as (?, ...), rows of VALUES that
 * are alike as one. Caller frees. */
char *sql_digest(const char *sql);
/* 16 hex digits that statements of the same digest have in common, whatever the case of their words. */
void sql_digest_fingerprint(const char *digest, char out[17]);

#endif
