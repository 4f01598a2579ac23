/* Lines of pieces, in characters. */
#include <stdlib.h>

#include "core/drawing.h"

enum { EIGHTHS = 8, FULL = 0x2588, RIGHT_HALF = 0x2590 };

/* What of a character is covered, in its widths. */
struct covered {
    double plain, strong;
    double from, to; /* of the strong pieces: where they begin and end in it */
};

static double within(double share)
{
    return isfinite(share) ? fmax(0, fmin(share, 1)) : 0;
}

/* A piece that is shorter than can be seen is a point. */
static void cover(struct covered *cells, size_t width, const struct line_piece *p)
{
    enum { POINT = 100 };
    double w = (double)width, a = within(p->from) * w, b = fmax(within(p->to) * w, a + 1.0 / POINT);
    for (size_t x = MIN((size_t)a, width - 1); x < width && (double)x < b; x++) {
        struct covered *c = &cells[x];
        double left = fmax(a - (double)x, 0), right = fmin(b - (double)x, 1);
        if (!p->strong) {
            c->plain = fmin(c->plain + right - left, 1);
            continue;
        }
        c->from = c->strong > 0 ? fmin(c->from, left) : left;
        c->to = fmax(c->to, right);
        c->strong = fmin(c->strong + right - left, 1);
    }
}

/* Where strong pieces are less than half of what is there, they are not what it is. There are no eighths
 * from the right. */
static uint32_t character(const struct covered *c)
{
    int eighths = (int)(fmin(c->strong, 1) * EIGHTHS + 0.5);
    if (c->strong <= 0 || c->strong < c->plain / 2)
        return c->plain > 0 ? LINE_PIECE : LINE_NOTHING;
    if (c->from >= 0.5 && c->to >= 1)
        return RIGHT_HALF;
    return eighths >= EIGHTHS ? FULL : FULL + EIGHTHS - (uint32_t)MAX(eighths, 1);
}

void line_characters(const struct line_pieces *l, size_t width, uint32_t *out)
{
    struct covered *cells = width ? mem_array(width, sizeof *cells) : NULL;
    for (size_t i = 0; i < l->n && width; i++)
        cover(cells, width, &l->pieces[i]);
    for (size_t x = 0; x < width; x++)
        out[x] = character(&cells[x]);
    free(cells);
}
