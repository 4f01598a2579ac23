/* load_reader.h - a result file of a load tool as it comes, in any of the forms of load_forms.c.
 *
 * Recognised by its first bytes, or of the tool that is named. What is lines, records or tags is read one
 * after the other and never held as a whole: of a file of any size only its requests are (samples.h), and of
 * one document at most LOAD_DOCUMENT_MAX bytes. gzip and zstd are unpacked. Pure; one thread. */
#ifndef FORMAT_LOADS_LOAD_READER_H
#define FORMAT_LOADS_LOAD_READER_H

#include "core/loads/tool_result.h"

#define LOAD_HEAD_BYTES   ((size_t)64 << 10)  /* a file is recognised by these */
#define LOAD_LINE_MAX     ((size_t)64 << 20)  /* bytes of a line or tag */
#define LOAD_DOCUMENT_MAX ((size_t)256 << 20) /* of a JSON document */
#define LOAD_UNPACKED_MAX ((size_t)64 << 30)  /* of what is packed */

/* Names of the tools, for `--from`; NULL-terminated. */
extern const char *const LOAD_TOOLS[];

struct load_reader;
/* `tool`: one of LOAD_TOOLS; NULL: by content. The result is filled; it was initialised. */
struct load_reader *load_reader_new(const char *tool, struct load_result *result);
void load_reader_free(struct load_reader *r); /* NULL is fine */
/* False and a sentence without its subject, as "is no result of a load tool that is known". */
bool load_reader_feed(struct load_reader *r, const void *bytes, size_t n, struct sd_error *err);
bool load_reader_end(struct load_reader *r, struct sd_error *err);

/* 0: these first bytes are of no result file; 100: they certainly are. */
int load_result_sure(const void *head, size_t len);

#endif
