/* esbuild_meta.h - the metafile of esbuild: its inputs, its outputs, and how many bytes of the one are in the
 * other. https://esbuild.github.io/api/#metafile. Pure. */
#ifndef FORMAT_BUNDLES_ESBUILD_META_H
#define FORMAT_BUNDLES_ESBUILD_META_H

#include "format/bundles/draft.h"

/* 0..100, as sd_source_ops.recognise; of the whole file. */
int esbuild_meta_sure(const char *text, size_t len);
/* False, and a sentence. Names of outputs are those below their common folder. An entry is an output with an
 * entry point that no other one imports dynamically; those are the routes that are loaded later. What an
 * output has beside its inputs is left to who completes the draft. */
bool esbuild_meta_read(const char *text, size_t len, struct draft *d, struct sd_error *err);

#endif
