/* tail.h - reads a file as it grows, through rotation and truncation. Worker only.
 *
 * Whoever follows looks a few times a second. The kernel is not asked to tell of each write (inotify): its
 * telling is work of the process that writes, 4 % of what nginx needs for a small file. */
#ifndef SOURCE_LOG_TAIL_H
#define SOURCE_LOG_TAIL_H

#include <sys/types.h>

#include "format/endpoints/accesslog_agg.h"
#include "source/log/log_siblings.h"

/* One open file and the end of a line that has not come yet. */
struct tail_file {
    int fd; /* -1: none */
    dev_t dev;
    ino_t ino;
    int64_t offset;
    struct accesslog_carry carry;
};

/* What of the path was a symbolic link when it was opened: nothing else may become one,
 * for who can swap a log can make us read any file. */
enum tail_links { TAIL_NO_LINK, TAIL_FOLDER_LINK, TAIL_LINK };

struct tail {
    const char *path;
    struct tail_file now;
    struct tail_file old; /* renamed away; its writer may still have it open */
    sd_time old_since;    /* when it last grew */
    bool missing;         /* the path names no file that may be taken up */
    const char *why;      /* it is missing: "is gone", "is a symbolic link now" ... */
    enum tail_links links;
    int64_t rotations;
    /* When it was rotated more than once meanwhile: what came between and is packed already, which whoever
     * reads takes out (path and fd are its) and reads to its end before it goes on. fd -1: none. */
    struct log_sibling packed;
    uint64_t left_dev, left_ino; /* the file whose next one is looked for */
};

/* Opens path, a regular file; skips all but the last `backlog` bytes (and the line cut by that). */
bool tail_open(struct tail *t, const char *path, int64_t backlog, struct sd_error *err);
void tail_close(struct tail *t);

/* Reads at most `size` bytes of what is new into `buffer` and tells whose bytes they
 * are: 0 when nothing is new. A file that was replaced is read to its end first, then those that had the name
 * after it, by the numbers or dates in their names, and lingers for 2 s; a file that shrank is read again
 * from its start. Anything that is no regular file, or a link where none was, is not taken up: `missing` and
 * `why` say so. *ended is set to a carry whose file is over: what it holds is a line (or NULL). */
size_t tail_read(struct tail *t, char *buffer, size_t size, sd_time now, struct accesslog_carry **whose,
                 struct accesslog_carry **ended);

#endif
