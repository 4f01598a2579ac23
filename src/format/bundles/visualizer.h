/* visualizer.h - raw data of rollup-plugin-visualizer (version 2 of the form), for builds by Rollup, Vite and
 * Rolldown. https://github.com/btd/rollup-plugin-visualizer. Pure. */
#ifndef FORMAT_BUNDLES_VISUALIZER_H
#define FORMAT_BUNDLES_VISUALIZER_H

#include "format/bundles/draft.h"

/* 0..100, as sd_source_ops.recognise; of the whole file. Data made with source maps counts more: its sizes
 * are those in the files. */
int visualizer_sure(const char *text, size_t len);
/* False, and a sentence. Made with source maps, renderedLength is what a module has in its file; without them
 * it is measured before minification: then it counts as the size of the source. */
bool visualizer_read(const char *text, size_t len, struct draft *d, struct sd_error *err);

#endif
