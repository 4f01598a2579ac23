/* log_files.h - files of a log that are read one after the other. Worker only. */
#ifndef SOURCE_LOG_LOG_FILES_H
#define SOURCE_LOG_LOG_FILES_H

#include <sys/types.h>

#include "base/base.h"

struct log_file {
    char *path;
    int fd; /* of what had the name when it was looked for; -1: too many are open, or it cannot be */
    uint64_t dev, ino; /* which that was; 0: not known */
    char *of;          /* the log that was renamed to it, whose place moves on in it; NULL: none */
    int64_t offset;    /* where it goes on, in its plain bytes */
    bool done;
};

struct log_files {
    struct log_file *files;
    size_t n, cap;
    char **kept; /* paths that live as long */
    size_t n_kept, kept_cap;
};

void log_files_add(struct log_files *f, char *path, int64_t offset); /* takes the path */
struct log_sibling;
void log_files_add_open(struct log_files *f, const struct log_sibling *one, int64_t offset); /* takes it */
/* Open: the same file as when it was added, whatever its name is now. -1 and why: it cannot be. It stays its.
 */
int log_files_open(struct log_file *one, const char **why);
void log_files_close(struct log_file *one);
const char *log_files_keep(struct log_files *f, const char *path);
void log_files_free(struct log_files *f);
/* The regular files that a shell pattern names, in order of the numbers or dates in their names, else of when
 * they were written, the newest at the end. False: there is none. */
bool log_files_match(struct log_files *f, const char *pattern);
/* For free(). */
char *log_files_absolute(const char *path);
/* The first bytes of a file, unpacked; -1: it cannot be read. */
ssize_t log_files_head(const char *path, char *out, size_t size);
ssize_t log_files_head_fd(int fd, char *out, size_t size);
/* Is it what another file of the list is rotated to? */
bool log_files_is_rotated(const struct log_files *f, const char *path);

#endif
