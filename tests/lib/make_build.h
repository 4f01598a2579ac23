/* make_build.h - batches that hold a build of a front end, record by record. What is not given is unknown. */
#ifndef TESTS_LIB_MAKE_BUILD_H
#define TESTS_LIB_MAKE_BUILD_H

#include "core/batch.h"

void made_head(struct sd_batch *b, const char *path, const char *kind, int64_t modules, int64_t source_bytes,
               const char *target);
/* brotli is 9 tenths of gzip. Returns its number. */
int64_t made_asset(struct sd_batch *b, const char *name, const char *type, int64_t size, int64_t gzip,
                   int64_t initial);
/* Compressed sizes are a third and a quarter; its package is read from the path. */
void made_module(struct sd_batch *b, int64_t asset, const char *path, int64_t minified);
void made_part(struct sd_batch *b, int64_t asset, const char *path, const char *part, int64_t minified);
void made_route(struct sd_batch *b, const char *name, const char *entry, const struct sd_ints *assets);
/* "a.js > b.js, a.js ~ c.js": > import, * import *, = re-export, ! require, ~ import(). The first module of
 * all is the entry. */
void made_imports(struct sd_batch *b, const char *edges);

#endif
