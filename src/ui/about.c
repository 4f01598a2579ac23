/* All about the selected row: beside the rows when the pane is wide, below them when it is
 * high, and instead of them while it is read. */
#include "ui/state.h"

#include "core/table.h"

enum {
    BESIDE_WIDTH = 150, /* from here beside */
    BELOW_HEIGHT = 12,  /* from here the rows give half of the pane */
    LEAST = 4,          /* fewer lines say too little */
    TEXT_WIDTH_MAX = 90
};

void about_refresh(struct console *c)
{
    struct screen *s = console_screen(c);
    for (size_t i = 0; i < s->doc->n_sections; i++) {
        struct section *sec = &s->doc->sections[i];
        struct pane *p = screen_pane(s, i);
        bool chosen = s->focus == i;
        if (!sec->about || !section_has_rows(sec))
            continue;
        if ((size_t)p->selected >= table_rows(&sec->table)) {
            p->about = NULL;
            p->reading = false;
            continue;
        }
        if (p->about_row == p->selected && (p->about_chosen || !chosen))
            continue;
        if (p->about_row >= 0 && p->about_row != p->selected)
            p->about_top = 0;
        p->about = sec->about(s->doc, sec, table_row(&sec->table, (size_t)p->selected), chosen);
        p->about_in = s->doc;
        p->about_row = p->selected;
        p->about_chosen = chosen;
        if (!chosen)
            continue;
        for (size_t k = 0; k < s->doc->n_sections; k++) /* the marks are this one's now */
            if (k != i)
                screen_pane(s, k)->about_chosen = false;
    }
}

static void rule(struct draw d, struct rect r, uint32_t code)
{
    for (int x = 0; x < r.w; x++)
        for (int y = 0; y < r.h; y++)
            grid_put(d.grid, r, r.x + x, r.y + y, STYLE_BORDER, code);
}

static void text(struct draw d, struct pane *p, struct rect r)
{
    struct pane own = {.top = p->about_top};
    passages_draw((struct draw){.grid = d.grid, .in = r}, p->about_in, p->about, NULL, 0, &own);
    p->about_top = own.top;
    p->about_fits = text_height(p->about, r.w - 2) <= r.h;
    if (p->reading && !p->about_fits) {
        p->page = own.page;
        if (own.top > 0)
            grid_put(d.grid, r, r.x + r.w - 1, r.y, STYLE_DIM, 0x25B4);
    }
}

struct rect about_draw(struct draw d, const struct section *s, struct pane *p, struct rect in)
{
    if (!s->about || !p->about || in.w < 20 || !table_rows(&s->table) ||
        (s->kind == SECTION_TABLE && !d.focused))
        return in;
    int rows = (int)MIN(table_rows(&s->table), (size_t)1000) + 1;
    if (in.w >= BESIDE_WIDTH && !s->about_spare) {
        int w = MIN(TEXT_WIDTH_MAX, in.w * 2 / 5);
        rule(d, (struct rect){in.x + in.w - w - 1, in.y, 1, in.h}, 0x2502);
        text(d, p, (struct rect){in.x + in.w - w, in.y, w, in.h});
        return (struct rect){in.x, in.y, in.w - w - 1, in.h};
    }
    int wanted = text_height(p->about, in.w - 2), room = in.h - rows - 1;
    if (p->reading && in.h - 1 - MIN(rows, in.h / 3) < wanted) {
        text(d, p, in);
        return (struct rect){in.x, in.y, 0, 0};
    }
    if (p->reading)
        room = MAX(room, wanted);
    else if (s->about_spare)
        room = MIN(room, in.h - 1 - LEAST);
    else if (room < MIN(wanted, LEAST) && in.h >= BELOW_HEIGHT && d.focused)
        room = in.h / 2 - 1;
    else if (room < wanted && in.h >= BELOW_HEIGHT && d.focused)
        room = MAX(room, MIN(wanted, in.h / 2 - 1));
    if (room < MIN(wanted, LEAST))
        return in;
    int h = MIN(wanted, room), y = in.y + in.h - room;
    rule(d, (struct rect){in.x, y - 1, in.w, 1}, 0x2500);
    text(d, p, (struct rect){in.x, y, in.w, h});
    return (struct rect){in.x, in.y, in.w, in.h - room - 1};
}

bool about_enter(struct console *c)
{
    struct screen *s = console_screen(c);
    struct section *sec = console_section(c);
    struct pane *p = console_pane(c);
    if (!sec || !sec->about || !section_has_rows(sec) || !table_rows(&sec->table))
        return false;
    p->reading = true;
    p->zoomed = !s->zoom;
    s->zoom = true;
    console_message(c, SEVERITY_INFO, "Details of this row; {key:back} goes back");
    return true;
}

bool about_leave(struct console *c)
{
    struct pane *p = console_pane(c);
    if (!p || !p->reading)
        return false;
    p->reading = false;
    p->about_top = 0;
    if (p->zoomed)
        console_screen(c)->zoom = false;
    return true;
}

bool about_scroll(struct console *c, int by)
{
    struct pane *p = console_pane(c);
    if (!p || !p->reading || p->about_fits)
        return false;
    p->about_top = MAX(0, MIN(p->about_top + by, 1 << 20));
    return true;
}
