/* rum_file.h - a file, a pipe or standard input, read once to its end. */
#ifndef SOURCE_RUM_FILE_H
#define SOURCE_RUM_FILE_H

#include "base/base.h"

struct rum_file {
    int fd;
    bool opened, pollable;
};

/* `example`: a target, for the sentence where none was given. */
enum sd_result rum_file_open(struct sd_source *s, struct rum_file *f, const char *example,
                             struct sd_error *err);
void rum_file_close(struct rum_file *f);
/* Some bytes. SD_GONE: its end; SD_NODATA: the source is to stop. */
enum sd_result rum_file_read(struct sd_source *s, struct rum_file *f, char *bytes, size_t size, size_t *n,
                             struct sd_error *err);
/* All of it, at most `limit` bytes. SD_NODATA as above. */
enum sd_result rum_file_whole(struct sd_source *s, struct rum_file *f, size_t limit, struct strbuf *text,
                              struct sd_error *err);

#endif
