/* grid.c - cells, and the one way text from outside gets into them. */
#include "ui/grid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { GRID_MAX = 1000 };

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

struct grid *grid_new(int width, int height, bool ascii)
{
    struct grid *g = mem_alloc(sizeof *g);
    g->ascii = ascii;
    grid_resize(g, width, height);
    return g;
}

void grid_free(struct grid *g)
{
    if (!g)
        return;
    free(g->cells);
    free(g);
}

void grid_resize(struct grid *g, int width, int height)
{
    g->width = clamp(width, 1, GRID_MAX);
    g->height = clamp(height, 1, GRID_MAX);
    free(g->cells);
    g->cells = mem_array((size_t)g->width * (size_t)g->height, sizeof *g->cells);
    grid_clear(g);
}

void grid_clear(struct grid *g)
{
    size_t n = (size_t)g->width * (size_t)g->height;
    for (size_t i = 0; i < n; i++)
        g->cells[i] = (struct grid_cell){.code = ' ', .style = STYLE_TEXT};
    g->cursor_x = g->cursor_y = -1;
}

/* The part of r inside the grid; w or h is 0 when nothing is. 64-bit sums, since
 * callers may hand in rectangles far outside. */
static struct rect inside(const struct grid *g, struct rect r)
{
    int64_t x0 = MAX(r.x, 0), y0 = MAX(r.y, 0);
    int64_t x1 = MIN((int64_t)r.x + r.w, g->width), y1 = MIN((int64_t)r.y + r.h, g->height);
    if (x1 <= x0 || y1 <= y0)
        return (struct rect){0};
    return (struct rect){(int)x0, (int)y0, (int)(x1 - x0), (int)(y1 - y0)};
}

static bool holds(struct rect r, int64_t x, int y)
{
    return x >= r.x && x < (int64_t)r.x + r.w && y >= r.y && y < r.y + r.h;
}

/* ---- plain characters for terminals without the others ---- */

static const struct {
    uint32_t code;
    char plain;
} FALLBACKS[] = {
    {.code = 0x00A0, .plain = ' '},  {.code = 0x00B0, .plain = 'o'},  {.code = 0x00B1, .plain = '~'},
    {.code = 0x00B5, .plain = 'u'},  {.code = 0x00B7, .plain = '.'},  {.code = 0x00D7, .plain = 'x'},
    {.code = 0x03BC, .plain = 'u'},  {.code = 0x2010, .plain = '-'},  {.code = 0x2011, .plain = '-'},
    {.code = 0x2012, .plain = '-'},  {.code = 0x2013, .plain = '-'},  {.code = 0x2014, .plain = '-'},
    {.code = 0x2018, .plain = '\''}, {.code = 0x2019, .plain = '\''}, {.code = 0x201C, .plain = '"'},
    {.code = 0x201D, .plain = '"'},  {.code = 0x2022, .plain = '*'},  {.code = 0x2026, .plain = '~'},
    {.code = 0x2039, .plain = '<'},  {.code = 0x203A, .plain = '>'},  {.code = 0x2190, .plain = '<'},
    {.code = 0x2191, .plain = '^'},  {.code = 0x2192, .plain = '>'},  {.code = 0x2193, .plain = 'v'},
    {.code = 0x2212, .plain = '-'},  {.code = 0x2248, .plain = '~'},  {.code = 0x2264, .plain = '<'},
    {.code = 0x2265, .plain = '>'},  {.code = 0x2501, .plain = '='},  {.code = 0x2503, .plain = '|'},
    {.code = 0x2550, .plain = '='},  {.code = 0x2551, .plain = '|'},  {.code = 0x2571, .plain = '/'},
    {.code = 0x2572, .plain = '\\'}, {.code = 0x2580, .plain = '"'},  {.code = 0x2590, .plain = '|'},
    {.code = 0x2591, .plain = '.'},  {.code = 0x2592, .plain = ':'},  {.code = 0x2593, .plain = '#'},
    {.code = 0x25A0, .plain = '#'},  {.code = 0x25AA, .plain = '*'},  {.code = 0x25B2, .plain = '^'},
    {.code = 0x25B4, .plain = '^'},  {.code = 0x25B6, .plain = '>'},  {.code = 0x25B8, .plain = '>'},
    {.code = 0x25BA, .plain = '>'},  {.code = 0x25BC, .plain = 'v'},  {.code = 0x25BE, .plain = 'v'},
    {.code = 0x25C0, .plain = '<'},  {.code = 0x25C2, .plain = '<'},  {.code = 0x25C6, .plain = '*'},
    {.code = 0x25CB, .plain = 'o'},  {.code = 0x25CF, .plain = '*'},  {.code = 0x23F8, .plain = '='},
    {.code = 0x2713, .plain = '+'},  {.code = 0x2717, .plain = 'x'},
};

/* Dots of a braille cell: bits 0,1,2,6 left column from the top, 3,4,5,7 right. */
static char plain_braille(uint32_t dots)
{
    bool upper = dots & (0x01 | 0x08 | 0x02 | 0x10), lower = dots & (0x04 | 0x20 | 0x40 | 0x80);
    return upper && lower ? ':' : upper ? '\'' : lower ? '.' : ' ';
}

static uint32_t plain(uint32_t code)
{
    if (code >= 0x20 && code < 0x7F)
        return code;
    if (code >= 0x2800 && code <= 0x28FF)
        return (uint32_t)plain_braille(code - 0x2800);
    if (code >= 0x2581 && code <= 0x2588) /* lower eighths */
        return (uint32_t) "_..-=+*#"[code - 0x2581];
    if (code >= 0x2589 && code <= 0x258F) /* left eighths: 7/8 down to 1/8 */
        return (uint32_t) "#==--- "[code - 0x2589];
    for (size_t i = 0; i < ARRAY_LEN(FALLBACKS); i++) {
        if (FALLBACKS[i].code == code)
            return (uint32_t)FALLBACKS[i].plain;
    }
    if (code >= 0x2500 && code <= 0x257F) {
        bool flat = code <= 0x2501 || code == 0x2504 || code == 0x2505 || code == 0x2508 || code == 0x2509 ||
                    code == 0x254C || code == 0x254D || code == 0x2574 || code == 0x2576 || code == 0x2578 ||
                    code == 0x257A;
        bool upright = code == 0x2502 || code == 0x2506 || code == 0x2507 || code == 0x250A ||
                       code == 0x250B || code == 0x254E || code == 0x254F || code == 0x2575 || code == 0x2577;
        return flat ? '-' : upright ? '|' : '+';
    }
    return '?';
}

/* ---- drawing ---- */

/* Writes one cell and mends the wide characters it cuts in half. x, y inside. */
static void put_cell(struct grid *g, int x, int y, enum style style, uint32_t code)
{
    struct grid_cell *row = g->cells + (size_t)y * (size_t)g->width;
    if (row[x].code == 0 && code != 0 && x > 0)
        row[x - 1].code = ' ';
    if (x + 1 < g->width && row[x + 1].code == 0)
        row[x + 1].code = ' ';
    row[x] = (struct grid_cell){.code = code, .style = (uint8_t)style};
}

int grid_text(struct grid *g, struct rect clip, int x, int y, int max, enum style style, const char *text)
{
    struct rect r = inside(g, clip);
    size_t len = text ? strlen(text) : 0, n;
    struct utf8_char c;
    int64_t at = x, room = (int64_t)r.x + r.w - x;
    int used = 0;
    if (room < max) /* text beyond the right edge is not decoded */
        max = room > 0 && r.w > 0 ? (int)room : 0;
    for (size_t i = 0; i < len && used < max && (n = utf8_next(text + i, len - i, &c)) > 0; i += n) {
        bool first = holds(r, at, y), second = c.width == 2 && used + 2 <= max && holds(r, at + 1, y);
        if (c.width == 1 || g->ascii) {
            uint32_t code = g->ascii ? plain(c.code) : c.code;
            if (first)
                put_cell(g, (int)at, y, style, code);
            if (second)
                put_cell(g, (int)at + 1, y, style, code);
        } else if (first && second) {
            put_cell(g, (int)at, y, style, c.code);
            put_cell(g, (int)at + 1, y, style, 0);
        } else if (first) { /* half a wide character is a space */
            put_cell(g, (int)at, y, style, ' ');
        } else if (second) {
            put_cell(g, (int)at + 1, y, style, ' ');
        }
        at += c.width;
        used += c.width;
    }
    return MAX(MIN(used, max), 0);
}

int grid_printf(struct grid *g, struct rect clip, int x, int y, int max, enum style style, const char *fmt,
                ...)
{
    char small[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < (int)sizeof small)
        return grid_text(g, clip, x, y, max, style, small);
    struct strbuf b = {0};
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    n = grid_text(g, clip, x, y, max, style, strbuf_text(&b));
    strbuf_free(&b);
    return n;
}

void grid_put(struct grid *g, struct rect clip, int x, int y, enum style style, uint32_t code)
{
    if (holds(inside(g, clip), x, y))
        put_cell(g, x, y, style, g->ascii ? plain(code) : code ? code : ' ');
}

void grid_fill(struct grid *g, struct rect r, enum style style)
{
    r = inside(g, r);
    for (int y = r.y; y < r.y + r.h; y++) {
        for (int x = r.x; x < r.x + r.w; x++)
            put_cell(g, x, y, style, ' ');
    }
}

void grid_style(struct grid *g, struct rect r, enum style style, uint8_t flags)
{
    r = inside(g, r);
    for (int y = r.y; y < r.y + r.h; y++) {
        for (int x = r.x; x < r.x + r.w; x++) {
            struct grid_cell *c = &g->cells[(size_t)y * (size_t)g->width + (size_t)x];
            c->style = (uint8_t)style;
            c->flags = flags;
        }
    }
}

/* Lines of boxes by the arms they have. */
enum { ARM_LEFT = 1, ARM_RIGHT = 2, ARM_UP = 4, ARM_DOWN = 8 };
static const uint32_t LINES[16] = {[ARM_LEFT | ARM_RIGHT] = 0x2500,
                                   [ARM_UP | ARM_DOWN] = 0x2502,
                                   [ARM_RIGHT | ARM_DOWN] = 0x250C,
                                   [ARM_LEFT | ARM_DOWN] = 0x2510,
                                   [ARM_RIGHT | ARM_UP] = 0x2514,
                                   [ARM_LEFT | ARM_UP] = 0x2518,
                                   [ARM_UP | ARM_DOWN | ARM_RIGHT] = 0x251C,
                                   [ARM_UP | ARM_DOWN | ARM_LEFT] = 0x2524,
                                   [ARM_LEFT | ARM_RIGHT | ARM_DOWN] = 0x252C,
                                   [ARM_LEFT | ARM_RIGHT | ARM_UP] = 0x2534,
                                   [ARM_LEFT | ARM_RIGHT | ARM_UP | ARM_DOWN] = 0x253C};

/* A line joins that of the box it shares the border with, and the one in focus stays so. */
static void put_line(struct grid *g, struct rect clip, int x, int y, enum style style, unsigned arms)
{
    if (!holds(inside(g, clip), x, y))
        return;
    struct grid_cell *cell = &g->cells[(size_t)y * (size_t)g->width + (size_t)x], there = *cell;
    bool joins = there.flags & GRID_LINE;
    for (unsigned i = 0; joins && i < ARRAY_LEN(LINES); i++)
        if (LINES[i] && there.code == LINES[i])
            arms |= i;
    uint32_t code = g->ascii ? plain(LINES[arms]) : LINES[arms];
    if (joins && g->ascii && there.code != code)
        code = '+';
    put_cell(g, x, y, joins && there.style == STYLE_FOCUS ? STYLE_FOCUS : style, code);
    cell->flags = GRID_LINE;
}

struct rect grid_box(struct grid *g, struct rect r, enum style style, const char *title, const char *note)
{
    struct rect in = {r.x + 1, r.y + 1, MAX(r.w - 2, 0), MAX(r.h - 2, 0)};
    int right = r.x + r.w - 1, bottom = r.y + r.h - 1;
    if (r.w < 2 || r.h < 2)
        return in;
    put_line(g, r, r.x, r.y, style, ARM_RIGHT | ARM_DOWN);
    put_line(g, r, right, r.y, style, ARM_LEFT | ARM_DOWN);
    put_line(g, r, r.x, bottom, style, ARM_RIGHT | ARM_UP);
    put_line(g, r, right, bottom, style, ARM_LEFT | ARM_UP);
    for (int x = r.x + 1; x < right; x++) {
        put_line(g, r, x, r.y, style, ARM_LEFT | ARM_RIGHT);
        put_line(g, r, x, bottom, style, ARM_LEFT | ARM_RIGHT);
    }
    for (int y = r.y + 1; y < bottom; y++) {
        put_line(g, r, r.x, y, style, ARM_UP | ARM_DOWN);
        put_line(g, r, right, y, style, ARM_UP | ARM_DOWN);
    }
    int x = r.x + 2, room = right - x - 1;
    if (title && *title && room >= 3) {
        int n =
            grid_printf(g, r, x, r.y, room, style == STYLE_FOCUS ? STYLE_HERE : STYLE_TITLE, " %s ", title);
        x += n;
        room -= n;
    }
    if (note && *note && room >= 6) {
        int w = MIN(utf8_width(note) + 2, room - 1);
        bool cut = w < utf8_width(note) + 2;
        grid_printf(g, r, right - 1 - w, r.y, w, STYLE_DIM, " %s", note);
        if (cut)
            grid_put(g, r, right - 3, r.y, STYLE_DIM, 0x2026);
        grid_put(g, r, right - 2, r.y, STYLE_DIM, ' ');
    }
    return in;
}

/* ---- as text ---- */

void grid_dump(const struct grid *g, struct strbuf *out)
{
    for (int y = 0; y < g->height; y++) {
        const struct grid_cell *row = g->cells + (size_t)y * (size_t)g->width;
        int end = g->width;
        while (end > 0 && row[end - 1].code == ' ')
            end--;
        for (int x = 0; x < end; x++) {
            char utf8[4];
            if (row[x].code)
                strbuf_add(out, utf8, utf8_encode(row[x].code, utf8));
        }
        strbuf_char(out, '\n');
    }
}
