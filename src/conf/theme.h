/* theme.h - colours for the meanings of ui/grid.h, from YAML. dark, light and
 * mono are compiled in from the files in themes/. */
#ifndef CONF_THEME_H
#define CONF_THEME_H

#include "base/base.h"

enum { THEME_BOLD = 1, THEME_DIM = 2, THEME_UNDERLINE = 4, THEME_REVERSE = 8 };

struct theme_style {
    int32_t fg, bg;       /* 0xRRGGBB; -1: the terminal's own */
    int16_t fg256, bg256; /* nearest of the xterm 256; -1 */
    /* Of the 8 ANSI colours the one of nearest hue; -1: the terminal's own (greys).
     * bg8 == -2: the background has none, reverse video stands for it. */
    int8_t fg8, bg8;
    unsigned attrs;
};

#define THEME_STYLES_MAX 64
struct theme {
    char name[32];
    struct theme_style styles[THEME_STYLES_MAX]; /* by enum style */
};

/* A theme is looked up by name in the themes folder beside the user's configuration
 * file, among those compiled in, then in PREFIX/share/slowdive/themes. theme_load
 * leaves *t alone on failure. theme_parse false: *t holds what was right, err the
 * first problem as FILE:LINE:COLUMN: sentence.
 * `style_names` is the NULL-terminated list of ui's style names, in order. `name`
 * is dark, light, mono, or a path. */
bool theme_load(struct theme *t, const char *name, const char *const *style_names, struct sd_error *err);
bool theme_parse(struct theme *t, const char *file, const char *text, size_t len,
                 const char *const *style_names, struct sd_error *err);
const char *const *theme_builtin_names(void); /* NULL-terminated */

#endif
