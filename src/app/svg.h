/* svg.h - a screen as a picture: for the README and for reports. */
#ifndef APP_SVG_H
#define APP_SVG_H

#include "conf/theme.h"
#include "ui/grid.h"

/* The cells as an SVG document of monospaced text in the theme's colours. */
void svg_write(const struct grid *g, const struct theme *t, struct strbuf *out);

#endif
