/* debug_fetch.h - debug information and programs by their build id from debuginfod servers: those that the
 * user names in DEBUGINFOD_URLS. By libdebuginfod, which is loaded only when it is asked for, on a thread of
 * its own: nobody who asks waits for a network longer than he wants to.
 *
 * Thread: one thread asks and frees. Bounds: a file takes at most DEBUG_FETCH_FILE, and has at most 1 GiB;
 * the library keeps it in its cache. What comes is a file like any other, and may be hostile. */
#ifndef SOURCE_SHARED_DEBUG_FETCH_H
#define SOURCE_SHARED_DEBUG_FETCH_H

#include "base/base.h"

#define DEBUG_FETCH_FILE (20 * SD_S) /* for one file */
#define DEBUG_FETCH_ALL  (60 * SD_S) /* for all files of something that is read once */

enum debug_fetch_state { DEBUG_FETCH_WAITS, DEBUG_FETCH_THERE, DEBUG_FETCH_NONE };

struct debug_fetch;

/* What an option of a source that fetches says. */
#define DEBUG_FETCH_HELP                                                                                     \
    "ask the servers that the environment names in DEBUGINFOD_URLS for debug information that is not here"

/* NULL and a sentence: no server is named, or the library is not there. */
struct debug_fetch *debug_fetch_new(struct sd_error *err);
/* Would it work? Nobody is asked. */
bool debug_fetch_may(struct sd_error *err);
/* Asks for the debug information of a build, or for its program, and waits up to so long for the answer;
 * asked again, it tells how it went. *fd, unless fd is NULL, is the file, opened for the caller; -1
 * otherwise. */
enum debug_fetch_state debug_fetch_ask(struct debug_fetch *f, const unsigned char *build_id, size_t n,
                                       bool program, int64_t wait_ns, int *fd);
/* Did a server not answer since this was asked last? */
bool debug_fetch_failed(struct debug_fetch *f);
void debug_fetch_free(struct debug_fetch *f); /* NULL is fine; within 3 seconds */

#endif
