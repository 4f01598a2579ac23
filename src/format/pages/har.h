/* har.h - loads of pages from an HTTP archive. Pure; read where it stands, without a tree of it.
 * http://www.softwareishard.com/blog/har-12-spec/ */
#ifndef FORMAT_PAGES_HAR_H
#define FORMAT_PAGES_HAR_H

#include "base/base.h"

enum { HAR_FILE_MAX = 256 << 20, HAR_PAGES_MAX = 1000, HAR_ENTRIES_MAX = 100000 };

bool har_recognise(const char *head, size_t len);

/* Adds a record PAGE_LOAD for each page; without pages, one of all requests. `file`: the path, for the
 * records. False: a sentence without its subject. *note: what was left out, or NULL; free it. */
bool har_read(const char *text, size_t len, const char *file, const struct sd_host *host, struct sd_batch *b,
              char **note, struct sd_error *err);

#endif
