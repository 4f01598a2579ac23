#include "ui/layout.h"

#include "ui/section/section.h"

#include <stdlib.h>

enum {
    BORDER = 2,
    SHARED = 1,          /* of it, with the band above */
    PAIR_WIDTH = 72,     /* from here two drawings stand side by side */
    COLUMNS_WIDTH = 150, /* from here the screen has two columns */
    BANDS_MAX = 64
};

struct band {
    size_t first, n;     /* sections */
    int min, want, most; /* lines with the border */
    int weight;
    bool drawing;
    int height;
};

static bool drawing(const struct section *s)
{
    return section_ops(s)->drawing;
}

/* May it stand beside another? */
static bool pairs_up(const struct section *s)
{
    return drawing(s) && !s->across;
}

static size_t make_bands(const struct doc *d, size_t from, size_t to, int width, bool pairs,
                         struct band *bands)
{
    size_t n = 0;
    for (size_t i = from; i < to && n < BANDS_MAX;) {
        if (d->sections[i].aside) {
            i++;
            continue;
        }
        struct band *b = &bands[n++];
        bool pair = pairs && width >= PAIR_WIDTH && i + 1 < to && pairs_up(&d->sections[i]) &&
                    pairs_up(&d->sections[i + 1]);
        *b = (struct band){.first = i, .n = pair ? 2 : 1};
        for (size_t k = i; k < i + b->n; k++) {
            struct need need = section_need(&d->sections[k], width / (int)b->n - BORDER);
            b->min = MAX(b->min, need.min + BORDER);
            b->want = MAX(b->want, need.want + BORDER);
            b->most = MAX(b->most, need.most + BORDER);
            b->weight = MAX(b->weight, d->sections[k].weight);
            b->drawing =
                drawing(&d->sections[k]) && need.most > need.want; /* not of fields: they are as they are */
        }
        i += b->n;
    }
    return n;
}

/* What nobody has use for: drawings gain by it; rows that are not there do not. */
static void share_rest(struct band *b, size_t n, int left)
{
    size_t shown = 0, drawings = 0, last = 0;
    for (size_t i = 0; i < n; i++)
        if (b[i].height) {
            shown++;
            drawings += b[i].drawing;
            last = i;
        }
    if (!shown)
        return;
    for (size_t i = 0, k = 0; drawings && i < n; i++)
        if (b[i].height && b[i].drawing) {
            k++;
            b[i].height += left * (int)k / (int)drawings - left * (int)(k - 1) / (int)drawings;
        }
    if (!drawings)
        b[last].height += left;
}

/* Lines that a band of that height takes when others are shown already: it shares a border. */
static int taken(const struct band *b, size_t n, int height)
{
    for (size_t i = 0; i < n; i++)
        if (b[i].height)
            return height - SHARED;
    return height;
}

/* Distributes the height: first the minimum, the focused band before the others; then the wanted height of
 * each; then the rest by weight. */
static void share_height(struct band *b, size_t n, int height, size_t focus)
{
    int left = height;
    for (size_t i = 0; i < n; i++)
        if (focus >= b[i].first && focus < b[i].first + b[i].n) {
            b[i].height = MIN(b[i].min, left);
            left -= b[i].height;
        }
    for (size_t i = 0; i < n; i++) {
        int lines = taken(b, n, b[i].min);
        if (!b[i].height && lines <= left) {
            b[i].height = b[i].min;
            left -= lines;
        }
    }
    /* Line by line, to whoever has had least of it for its weight. */
    for (int round = 0; round < 2; round++) {
        for (bool more = true; more && left > 0;) {
            size_t best = n;
            for (size_t i = 0; i < n; i++) {
                if (!b[i].height || b[i].height >= (round == 0 ? b[i].want : b[i].most))
                    continue;
                if (best == n || b[i].height * (b[best].weight + 1) < b[best].height * (b[i].weight + 1))
                    best = i;
            }
            more = best < n;
            if (more) {
                b[best].height++;
                left--;
            }
        }
    }
    share_rest(b, n, left);
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
        y += b[i].height - SHARED;
    }
}

static void column(const struct doc *d, size_t from, size_t to, struct rect area, size_t focus,
                   struct rect *out)
{
    struct band bands[BANDS_MAX];
    size_t n = make_bands(d, from, to, area.w, false, bands);
    int wanted = 0;
    for (size_t i = 0; i < n; i++)
        wanted += bands[i].want;
    if (wanted > area.h) /* side by side only when they do not go one above the other */
        n = make_bands(d, from, to, area.w, true, bands);
    share_height(bands, n, area.h, focus);
    place(bands, n, area, out);
}

/* The section that opens the right column: the one that balances both best. */
static size_t split(const struct doc *d, int width)
{
    int total = 0, left = 0, best_gap = -1;
    size_t best = 1;
    for (size_t i = 0; i < d->n_sections; i++)
        total += d->sections[i].aside ? 0 : section_need(&d->sections[i], width).want + BORDER;
    for (size_t i = 0; i + 1 < d->n_sections; i++) {
        left += d->sections[i].aside ? 0 : section_need(&d->sections[i], width).want + BORDER;
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
    if (zoom || d->sections[focus].aside || area.h < 4) {
        out[focus] = area;
        return;
    }
    bool across = false;
    for (size_t i = 0; i < n; i++)
        across = across || d->sections[i].across;
    if (area.w < COLUMNS_WIDTH || n < 3 || across) {
        column(d, 0, n, area, focus, out);
        return;
    }
    size_t middle = split(d, area.w / 2 - BORDER);
    int w = area.w * 11 / 20; /* the left column holds the tables */
    column(d, 0, middle, (struct rect){area.x, area.y, w, area.h}, focus, out);
    column(d, middle, n, (struct rect){area.x + w, area.y, area.w - w, area.h}, focus, out);
}
