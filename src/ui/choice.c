/* Lists to choose a row from. */
#include "ui/choice.h"

#include "base/utf8.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

enum { TITLE_WIDTH = 26, PLACE_WIDTH = 8, KIND_WIDTH = 14, KEY_WIDTH = 9 };

void choices_clear(struct choices *l)
{
    arena_free(l->arena);
    free(l->items);
    *l = (struct choices){.selected = -1};
}

void choices_begin(struct choices *l)
{
    choices_clear(l);
    l->arena = arena_new();
}

void choices_add(struct choices *l, struct choice item)
{
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = item;
}

/* Insertion keeps equal ones in order, and lists are short or nearly sorted; runs of equal rank cost
 * nothing. */
void choices_sort(struct choices *l)
{
    for (size_t i = 1; i < l->n; i++) {
        struct choice x = l->items[i];
        size_t k = i;
        for (; k > 0 && l->items[k - 1].rank > x.rank; k--)
            l->items[k] = l->items[k - 1];
        l->items[k] = x;
    }
}

void choices_move(struct choices *l, int by)
{
    if (l->n)
        l->selected = MAX(0, MIN(l->selected + by, (int)l->n - 1));
}

const struct choice *choices_selected(const struct choices *l)
{
    return l->selected >= 0 && (size_t)l->selected < l->n ? &l->items[l->selected] : NULL;
}

/* Text of at most `room` columns. */
static void cut(struct grid *g, struct rect line, int x, int room, enum style style, const char *text)
{
    if (room < 1)
        return;
    grid_text(g, line, x, line.y, room, style, text);
    if (utf8_width(text) > room)
        grid_put(g, line, x + room - 1, line.y, STYLE_DIM, 0x2026);
}

/* Title, place, summary and key; without summary the title has its room. */
static void row(const struct choices *l, struct grid *g, struct rect line, size_t i, bool numbered)
{
    const struct choice *x = &l->items[i];
    int place = line.w < 60 ? 0 : x->summary ? PLACE_WIDTH : KIND_WIDTH, keys = x->key ? KEY_WIDTH : 0;
    int at = line.x + 2, end = line.x + line.w - keys;
    if (numbered && i < 9)
        grid_printf(g, line, at, line.y, 2, STYLE_KEY, "%zu", i + 1);
    at += numbered ? 2 : 0;
    int title = x->summary ? MIN(TITLE_WIDTH, end - at) : end - at - place - 1;
    cut(g, line, at, title, STYLE_TEXT, x->title);
    at += title + 1;
    cut(g, line, at, place, STYLE_DIM, x->place ? x->place : "");
    at += place + 1;
    if (x->summary)
        cut(g, line, at, end - at - 1, STYLE_DIM, x->summary);
    if (keys && line.w >= 40)
        grid_text(g, line, end, line.y, keys, STYLE_KEY, x->key);
}

void choices_draw(struct choices *l, struct grid *g, struct rect r, bool numbered)
{
    l->page = r.h;
    if (l->selected >= 0)
        l->top = MAX(MIN(l->top, l->selected), l->selected - r.h + 1);
    l->top = MAX(0, MIN(l->top, (int)l->n - r.h));
    for (int y = 0; y < r.h && (size_t)(l->top + y) < l->n; y++) {
        struct rect line = {r.x, r.y + y, r.w, 1};
        row(l, g, line, (size_t)(l->top + y), numbered);
        if (l->top + y == l->selected) {
            grid_style(g, line, STYLE_SELECTED, 0);
            grid_put(g, line, r.x, line.y, STYLE_SELECTED, 0x25B8);
        }
    }
}

static bool word_begins(const char *text, const char *at)
{
    return at == text || !isalnum((unsigned char)at[-1]);
}

int choice_fit(const char *typed, const char *text)
{
    size_t len = strlen(typed);
    if (!len || !strncasecmp(text, typed, len))
        return len && !text[len] ? 0 : 1;
    const char *in = strcasestr(text, typed);
    for (const char *p = in; p; p = strcasestr(p + 1, typed))
        if (word_begins(text, p))
            return 2;
    if (in)
        return 3;
    const char *t = typed;
    for (const char *p = text; *p && *t; p++)
        t += tolower((unsigned char)*p) == tolower((unsigned char)*t);
    return *t ? -1 : 4;
}
