/* watched_file.h - a source that reads a file again when it has changed: of one that is written now and then,
 * not of a log. On the source's worker. */
#ifndef SOURCE_SHARED_WATCHED_FILE_H
#define SOURCE_SHARED_WATCHED_FILE_H

#include <sys/stat.h>

#include "slowdive/source.h"

/* Reads and publishes the whole, and leaves in `seen` what stat said of the file it read. */
typedef enum sd_result watched_take(struct sd_source *s, struct sd_error *err);

/* struct sd_source_ops.run: takes the file once and, while the source follows, whenever it has changed. What
 * is wrong with a changed one is told until it changes again; the first time it is the result. */
enum sd_result watched_file_run(struct sd_source *s, watched_take *take, const struct stat *seen,
                                struct sd_error *err);

#endif
