/* vite_manifest.h - the manifest.json of a build by Vite: which files its entries load. Pure. */
#ifndef FORMAT_BUNDLES_VITE_MANIFEST_H
#define FORMAT_BUNDLES_VITE_MANIFEST_H

#include "format/bundles/draft.h"

/* 0..100, as sd_source_ops.recognise; of the whole file. */
int vite_manifest_sure(const char *text, size_t len);
/* False, and a sentence. */
bool vite_manifest_read(const char *text, size_t len, struct draft *d, struct sd_error *err);

#endif
