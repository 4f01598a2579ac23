/* log_files.h - files of a log that are read one after the other. Worker only. */
#ifndef SOURCE_LOG_LOG_FILES_H
#define SOURCE_LOG_LOG_FILES_H

#include <sys/types.h>

#include "base/base.h"

struct log_file {
    char *path;
    char *of;       /* the log that was renamed to it, whose place moves on in it; NULL: none */
    int64_t offset; /* where it goes on, in its plain bytes */
    bool done;
};

struct log_files {
    struct log_file *files;
    size_t n, cap;
    char **kept; /* paths that live as long */
    size_t n_kept, kept_cap;
};

void log_files_add(struct log_files *f, char *path, int64_t offset); /* takes the path */
const char *log_files_keep(struct log_files *f, const char *path);
void log_files_free(struct log_files *f);
/* The regular files that a shell pattern names, the one written last at the end. False: there is none. */
bool log_files_match(struct log_files *f, const char *pattern);
/* For free(). */
char *log_files_absolute(const char *path);
/* The first bytes of a file, unpacked; -1: it cannot be read. */
ssize_t log_files_head(const char *path, char *out, size_t size);

#endif
