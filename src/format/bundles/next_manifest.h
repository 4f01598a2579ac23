/* next_manifest.h - build-manifest.json and its neighbours in a build folder of Next.js. Pure. */
#ifndef FORMAT_BUNDLES_NEXT_MANIFEST_H
#define FORMAT_BUNDLES_NEXT_MANIFEST_H

#include "format/bundles/draft.h"

/* 0..100, as sd_source_ops.recognise; of the whole file. */
int next_manifest_sure(const char *text, size_t len);
/* build-manifest.json. False, and a sentence. */
bool next_manifest_read(const char *text, size_t len, struct draft *d, struct sd_error *err);
/* app-build-manifest.json, which Next.js 13 to 15 write beside it. */
bool next_manifest_read_app(const char *text, size_t len, struct draft *d, struct sd_error *err);
/* diagnostics/route-bundle-stats.json, from Next.js 16 on: the routes of the app folder. */
bool next_manifest_read_stats(const char *text, size_t len, struct draft *d, struct sd_error *err);

#endif
