/* open_file.h - the file that a target names, or standard input, as a descriptor of one's own. To open never
 * waits for the writer of a pipe. */
#ifndef SOURCE_SHARED_OPEN_FILE_H
#define SOURCE_SHARED_OPEN_FILE_H

#include <sys/stat.h>

#include "base/base.h"
#include "slowdive/source.h"

/* path "-": standard input. -1 and errno: it cannot be opened. The caller closes it. */
int open_file(const char *path);
/* The same of s->target, with what it is, which is no folder. *fd is -1 unless the result is SD_OK; `example`
 * is what the sentence says when there is no target: "profile:cpu.pb.gz". */
enum sd_result open_target(const struct sd_source *s, const char *example, int *fd, struct stat *st,
                           struct sd_error *err);

#endif
