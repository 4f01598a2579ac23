/* log_state.h - how far logs were read, in a file that the next run goes on from. Worker only; several
 * workers may share one file. */
#ifndef SOURCE_LOG_LOG_STATE_H
#define SOURCE_LOG_LOG_STATE_H

#include "base/base.h"
#include "source/log/log_siblings.h"

/* A place in a file. What stands before it is known by two hashes, so that another file of the same name, or
 * the same file with other contents, is not taken for it. */
#define LOG_PLACE_BYTES ((size_t)1024) /* at most so many of each */
struct log_place {
    uint64_t dev, ino;
    int64_t offset;
    uint64_t head, before; /* str_hash of the first bytes, and of those before the offset: LOG_PLACE_BYTES */
};

/* The place of an open file; false: it cannot be read. */
bool log_place_of(int fd, int64_t offset, struct log_place *place);
/* Are the bytes before the place those of this file? */
bool log_place_is_in(int fd, const struct log_place *place);

/* As text: "DEV INO OFFSET HEAD BEFORE". */
enum { LOG_PLACE_TEXT = 112 };
void log_place_print(const struct log_place *place, char out[LOG_PLACE_TEXT]);
/* Among lines "PLACE FILE" (ending with NULL; or NULL) that of `path`. */
bool log_place_find(const char *const *lines, const char *path, struct log_place *place);

/* The place of `path` in the state file. *found is false when nothing is kept of it, or there is no such
 * file. False and a sentence: the file cannot be read, or is no state file. */
bool log_state_read(const char *file, const char *path, struct log_place *place, bool *found,
                    struct sd_error *err);
/* Replaces it: written beside, then renamed. */
bool log_state_write(const char *file, const char *path, const struct log_place *place, struct sd_error *err);

/* Is it a packed file (open at its beginning) whose bytes before the place are those? */
bool log_place_is_packed_in(int fd, const struct log_place *place);
/* The file that `path` was when the place was kept, now named otherwise beside it, and those that came after
 * it, oldest first, each to be read; without the file `now`, which has the name again. Theirs to free
 * (log_siblings_free). False: there is none. */
bool log_state_rotated(const char *path, const struct log_place *place, int now, struct log_siblings *files);

#endif
