/* bundle_folder.h - the folder of a build: which files are in it, and their bytes. No symbolic link is
 * followed and nothing outside of it is opened, whatever a description or a comment names. One thread. */
#ifndef SOURCE_BUNDLE_BUNDLE_FOLDER_H
#define SOURCE_BUNDLE_BUNDLE_FOLDER_H

#include "base/base.h"

struct bundle_folder {
    int fd; /* -1: closed */
    char *path;
};

bool bundle_folder_open(struct bundle_folder *f, const char *path, struct sd_error *err);
void bundle_folder_close(struct bundle_folder *f);

/* Bytes of a file below it, NUL-terminated; the caller frees them. False and a sentence: it is not there, is
 * no file, is larger than `limit`, or the name leads out of the folder. */
bool bundle_folder_read(const struct bundle_folder *f, const char *name, size_t limit, char **data,
                        size_t *len, struct sd_error *err);
/* The first bytes; 0: there are none, or it cannot be read. */
size_t bundle_folder_head(const struct bundle_folder *f, const char *name, char *head, size_t size);
bool bundle_folder_has(const struct bundle_folder *f, const char *name);

struct bundle_files {
    char **names; /* in order; below the folder, `/` between parts */
    size_t n, cap;
    size_t links; /* symbolic links, which are left alone */
    bool cut;     /* there are more */
};

/* The files for which `wanted` says so. node_modules and hidden folders are passed over; not `deep`: only
 * those right in it. Caller frees with bundle_files_free. */
void bundle_folder_list(const struct bundle_folder *f, bool deep, bool (*wanted)(const char *name),
                        struct bundle_files *out);
void bundle_files_free(struct bundle_files *files);

#endif
