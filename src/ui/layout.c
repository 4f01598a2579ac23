#include "ui/layout.h"

#include "base/utf8.h"

#include <stdlib.h>

enum {
    BORDER = 2,
    PAIR_WIDTH = 72,     /* from here two drawings stand side by side */
    COLUMNS_WIDTH = 150, /* from here the screen has two columns */
    TABLE_ROWS_WANTED = 14,
    BANDS_MAX = 64
};

struct band {
    size_t first, n; /* sections */
    int min, want;   /* lines with the border */
    int weight;
    int height;
};

static int text_lines(const char *text, int width)
{
    int lines = 0;
    width = MAX(width, 1);
    for (const char *p = text; p && *p;) {
        size_t len = strcspn(p, "\n");
        lines += MAX(1, ((int)MIN(len, (size_t)100000) + width - 1) / width);
        p += len;
        p += *p == '\n';
    }
    return MAX(lines, 1);
}

static bool drawing(const struct section *s)
{
    return s->kind == SECTION_GRAPH || s->kind == SECTION_HEATMAP || s->kind == SECTION_FIELDS;
}

static int field_lines(const struct section *s, int width)
{
    int labels = 0;
    for (size_t i = 0; i < s->fields.n; i++)
        labels += s->fields.items[i].label != NULL;
    int across = MAX(1, width / 26);
    return MAX(1, (labels + across - 1) / across);
}

/* Lines a section needs at least, and would like to have, without the border. */
static void needs(const struct section *s, int width, int *min, int *want)
{
    switch (s->kind) {
    case SECTION_TABLE:
    case SECTION_TREE: {
        int rows = (int)MIN(s->table.n_rows, (size_t)1000);
        if (rows == 0) {
            *min = 1;
            *want = text_lines(s->empty, width);
        } else {
            *min = 2 + (rows > 1);
            *want = 1 + MIN(rows, TABLE_ROWS_WANTED);
        }
        break;
    }
    case SECTION_GRAPH:
    case SECTION_HEATMAP:
        *min = 3;
        *want = 8;
        break;
    case SECTION_FIELDS:
        *min = 1;
        *want = field_lines(s, width);
        break;
    case SECTION_TEXT:
        *min = 1;
        *want = MIN(text_lines(s->text && *s->text ? s->text : s->empty, width), 12);
        break;
    }
    *min = MAX(*min, MIN(s->min_height, *want));
    *want = MAX(*want, *min);
}

static size_t make_bands(const struct doc *d, size_t from, size_t to, int width, struct band *bands)
{
    size_t n = 0;
    for (size_t i = from; i < to && n < BANDS_MAX; n++) {
        struct band *b = &bands[n];
        bool pair = width >= PAIR_WIDTH && i + 1 < to && drawing(&d->sections[i]) && drawing(&d->sections[i + 1]);
        *b = (struct band){.first = i, .n = pair ? 2 : 1};
        for (size_t k = i; k < i + b->n; k++) {
            int min, want;
            needs(&d->sections[k], width / (int)b->n - BORDER, &min, &want);
            b->min = MAX(b->min, min + BORDER);
            b->want = MAX(b->want, want + BORDER);
            b->weight = MAX(b->weight, d->sections[k].weight);
        }
        i += b->n;
    }
    return n;
}

/* Hands out the height: first the least, the focused band before the others; then what
 * each would like; then the rest by weight. */
static void share_height(struct band *b, size_t n, int height, size_t focus)
{
    int left = height;
    for (size_t i = 0; i < n; i++)
        if (focus >= b[i].first && focus < b[i].first + b[i].n) {
            b[i].height = MIN(b[i].min, left);
            left -= b[i].height;
        }
    for (size_t i = 0; i < n; i++)
        if (!b[i].height && b[i].min <= left) {
            b[i].height = b[i].min;
            left -= b[i].min;
        }
    for (bool more = true; more && left > 0;) {
        more = false;
        for (size_t i = 0; i < n && left > 0; i++)
            if (b[i].height && b[i].height < b[i].want) {
                b[i].height++;
                left--;
                more = true;
            }
    }
    int weights = 0;
    for (size_t i = 0; i < n; i++)
        weights += b[i].height ? b[i].weight : 0;
    int rest = left;
    for (size_t i = 0; i < n && weights; i++)
        if (b[i].height) {
            int share = rest * b[i].weight / weights;
            b[i].height += share;
            left -= share;
        }
    for (size_t i = 0; i < n && left > 0; i++)
        if (b[i].height && (b[i].weight || !weights)) {
            b[i].height += left;
            left = 0;
        }
}

static void place(const struct band *b, size_t n, struct rect area, struct rect *out)
{
    int y = area.y;
    for (size_t i = 0; i < n; i++) {
        if (!b[i].height)
            continue;
        int x = area.x;
        for (size_t k = 0; k < b[i].n; k++) {
            int w = k + 1 == b[i].n ? area.x + area.w - x : area.w / 2;
            out[b[i].first + k] = (struct rect){x, y, w, b[i].height};
            x += w;
        }
        y += b[i].height;
    }
}

static void column(const struct doc *d, size_t from, size_t to, struct rect area, size_t focus, struct rect *out)
{
    struct band bands[BANDS_MAX];
    size_t n = make_bands(d, from, to, area.w, bands);
    share_height(bands, n, area.h, focus);
    place(bands, n, area, out);
}

/* The section that opens the right column: the one that balances both best. */
static size_t split(const struct doc *d, int width)
{
    int total = 0, left = 0, best_gap = -1;
    size_t best = 1;
    for (size_t i = 0; i < d->n_sections; i++) {
        int min, want;
        needs(&d->sections[i], width, &min, &want);
        total += want + BORDER;
    }
    for (size_t i = 0; i + 1 < d->n_sections; i++) {
        int min, want;
        needs(&d->sections[i], width, &min, &want);
        left += want + BORDER;
        int gap = abs(total - 2 * left);
        if (best_gap < 0 || gap < best_gap) {
            best_gap = gap;
            best = i + 1;
        }
    }
    return best;
}

void layout_panes(const struct doc *d, struct rect area, size_t focus, bool zoom, struct rect *out)
{
    size_t n = d->n_sections;
    for (size_t i = 0; i < n; i++)
        out[i] = (struct rect){0};
    if (!n || area.w <= 0 || area.h <= 0)
        return;
    focus = MIN(focus, n - 1);
    if (zoom || area.h < 4) {
        out[focus] = area;
        return;
    }
    if (area.w < COLUMNS_WIDTH || n < 3) {
        column(d, 0, n, area, focus, out);
        return;
    }
    size_t middle = split(d, area.w / 2 - BORDER);
    int w = area.w * 11 / 20; /* the left column holds the tables */
    column(d, 0, middle, (struct rect){area.x, area.y, w, area.h}, focus, out);
    column(d, middle, n, (struct rect){area.x + w, area.y, area.w - w, area.h}, focus, out);
}
