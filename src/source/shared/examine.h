/* examine.h - what several sources tell `slowdive doctor` alike (sd_source_ops.examine). Nothing is changed,
 * and of what is a pipe nothing is taken. On the thread of the examination. */
#ifndef SOURCE_SHARED_EXAMINE_H
#define SOURCE_SHARED_EXAMINE_H

#include "base/base.h"
#include "slowdive/source.h"

/* Whom to tell. */
struct examine {
    sd_check_tell *tell;
    void *ctx;
};

/* One check; `mend` NULL: none. The text is as printf's, 400 bytes at most. */
void examine_tell(const struct examine *e, const char *name, enum sd_check_state state, const char *mend,
                  const char *fmt, ...) SD_PRINTF(5, 6);

/* A text as a shell reads it: what is not plain is quoted. Caller frees. */
char *examine_quoted(const char *text);

enum examine_path {
    EXAMINE_FILE,  /* can be read, and holds something */
    EXAMINE_EMPTY, /* can be read, and holds nothing */
    EXAMINE_PIPE,  /* "-", or no regular file: what it holds is not taken out to look at it */
    EXAMINE_FOLDER,
    EXAMINE_NOT /* cannot be read */
};
/* Tells the check "readable" and says what it is. A folder is told to be none of the source's when `folders`
 * is false. */
enum examine_path examine_path(const struct examine *e, const char *path, bool folders);

/* sd_source_ops.examine of a source that reads a file or, some, a folder. */
void examine_file(struct sd_source *s, sd_check_tell *tell, void *ctx);
void examine_file_or_folder(struct sd_source *s, sd_check_tell *tell, void *ctx);

/* The program that PATH has under that name; NULL: none. Caller frees. */
char *examine_program(const char *name);

/* What became of asking a server: `fine` when the result is SD_OK, else the error and what mends it; of
 * SD_NODATA the host tells that it did not answer. True: SD_OK. */
bool examine_answer(const struct examine *e, const char *name, enum sd_result result, const char *fine,
                    const struct sd_error *err, const char *mend);

#endif
