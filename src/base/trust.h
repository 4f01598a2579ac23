/* trust.h - can another user change a file or replace it?
 *
 * Files that control what runs (configuration, modules, themes) are checked here, and output files are opened
 * here. Every component of a path is opened in turn, so that the checked file is the opened file. Access
 * lists need no look of their own: the group's bits of a file's mode are the most that any of them gives. */
#ifndef BASE_TRUST_H
#define BASE_TRUST_H

#include <sys/stat.h>

#include "base/base.h"

/* ---- what is read ---- */

/* Is this file or folder root's or `self`'s, and can nobody else change it? A sticky folder
 * that may be written by others is safe for what lies in it: each entry is judged by its
 * own owner (sticky_is_safe). `what`: "folder", "configuration", for the sentence. */
bool trust_judge(const struct stat *st, uid_t self, bool sticky_is_safe, const char *what, const char *path,
                 struct sd_error *err);

/* Opens a regular file for reading when it, each folder above it and each symbolic link on
 * the way are safe; -1 and a sentence otherwise. /dev/stdin, /dev/fd/N and similar were opened by the caller
 * of the program: only the open file is checked, and a pipe is allowed. */
int trust_open(const char *what, const char *path, struct sd_error *err);
/* The same for another user than oneself. */
int trust_open_as(uid_t self, const char *what, const char *path, struct sd_error *err);
/* Its contents, as file_read; "-" is standard input. */
bool trust_read(const char *what, const char *path, size_t limit, char **data, size_t *len,
                struct sd_error *err);
/* What is in a file that nobody else may read, without a byte 0; of root's also one that a group of a service
 * may. malloc'd; NULL and a sentence. */
char *trust_secret(const char *path, size_t limit, struct sd_error *err);
/* False and a sentence when others could put files into the folder (sticky does not help),
 * or another folder in its place. */
bool trust_folder(const char *path, struct sd_error *err);

/* ---- what is written ---- */

enum output_how {
    OUTPUT_NEW,      /* a new file; what is there already is left alone */
    OUTPUT_CONTINUE, /* appended to what is there, which must be ours (or root's) alone */
};
/* Opens the file a user named as an output; it is made with mode 0600. A symbolic link is
 * followed only where nobody but us and root can make one. An existing file is continued only if it is a
 * regular file with one hard link. A FIFO is written in place when `fifo` says so, and someone reads it. -1
 * and a sentence. Never waits. */
int output_open(const char *path, enum output_how how, bool fifo, struct sd_error *err);

#endif
