/* font_info.h - what a font is, by its bytes: its form, and how many glyphs are in it. Pure. */
#ifndef FORMAT_BUNDLES_FONT_INFO_H
#define FORMAT_BUNDLES_FONT_INFO_H

#include "base/base.h"

struct font_info {
    const char *format; /* woff2, woff, ttf, otf */
    int64_t glyphs;     /* of the table maxp; SD_UNKNOWN: it is not to be found */
};

/* False: it is no font of these. */
bool font_info_read(const char *bytes, size_t len, struct font_info *out);

/* Calls `face` for each file that a rule @font-face of a style sheet names: its URL without what follows a ?
 * or #, and the font-display of the rule, NULL where it says none. URLs that hold the font itself (data:) are
 * left out. */
void font_faces(const char *css, size_t len, void (*face)(const char *url, const char *display, void *ctx),
                void *ctx);

#endif
