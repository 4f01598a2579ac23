/* The overlay: help, made from the tables, and the column chooser. */
#include "ui/state.h"

#include "base/utf8.h"
#include "ui/widgets.h"

#include <stdlib.h>

void overlay_open(struct console *c, enum overlay o)
{
    struct section *s = console_section(c);
    if (o == OVERLAY_COLUMNS && (!s || !section_has_rows(s))) {
        console_message(c, SEVERITY_INFO, "This pane has no columns");
        return;
    }
    c->overlay = o;
    c->overlay_pane = (struct pane){0};
}

static void help_text(const struct console *c, struct strbuf *b)
{
    const struct keymap *k = c->env.config->keymap;
    const struct action_table *all = keymap_actions(k);
    const char *group = NULL;
    for (int a = ACTION_NONE; (a = action_next(all, a));) {
        const struct action_info *info = action_at(all, a);
        char keys[128];
        if (!str_eq(info->group, group)) {
            group = info->group;
            strbuf_printf(b, "%s%s\n", b->len ? "\n" : "", group);
        }
        strbuf_printf(b, "  %-18s %s\n", keymap_keys(k, a, keys, sizeof keys), info->help);
    }
    strbuf_str(b, "\nViews (the digit, or : and the name)\n");
    for (const struct view *const *v = VIEWS; *v; v++)
        strbuf_printf(b, "  %c %-16s %s\n", (*v)->key ? (*v)->key : ' ', (*v)->name, (*v)->summary);
    strbuf_str(b, "\nCommands (after :)\n");
    struct command_info command;
    for (size_t i = 0; command_at(all, i, &command); i++) {
        char head[64];
        snprintf(head, sizeof head, "%s %s", command.name, command.args);
        strbuf_printf(b, "  %-18s %s\n", head, command.help);
    }
    strbuf_str(
        b, "\nMarks: !! act now, ! check this. Figures in a pane's title: window, count, age of the data.\n");
}

/* ---- columns ---- */

static void toggle_column(struct console *c)
{
    struct section *s = console_section(c);
    struct pane *p = console_pane(c);
    const char *keys[64] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < s->table.n_columns && n + 1 < ARRAY_LEN(keys); i++) {
        bool shown = pane_shows(p, &s->table.columns[i]);
        if (shown != ((int)i == c->overlay_pane.selected))
            keys[n++] = s->table.columns[i].key;
    }
    if (n)
        pane_set_columns(p, keys);
}

static void columns_draw(struct console *c, struct grid *g, struct rect in)
{
    struct section *s = console_section(c);
    struct pane *p = console_pane(c), *o = &c->overlay_pane;
    o->top = MAX(MIN(o->top, o->selected), o->selected - in.h + 1);
    for (int y = 0; y < in.h && (size_t)(o->top + y) < s->table.n_columns; y++) {
        const struct column *col = &s->table.columns[o->top + y];
        bool here = o->top + y == o->selected;
        grid_printf(g, in, in.x + 1, in.y + y, in.w - 2, STYLE_TEXT, "[%c] %-12s %s",
                    pane_shows(p, col) ? 'x' : ' ', col->title, col->help ? col->help : "");
        if (here)
            grid_style(g, (struct rect){in.x, in.y + y, in.w, 1}, STYLE_SELECTED, 0);
        if (here)
            grid_put(g, in, in.x, in.y + y, STYLE_SELECTED, 0x25B8);
    }
}

void overlay_draw(struct console *c, struct grid *g, struct rect r)
{
    bool help = c->overlay == OVERLAY_HELP;
    grid_fill(g, r, STYLE_TEXT);
    struct rect in =
        grid_box(g, r, STYLE_FOCUS, help ? "Help" : "Columns",
                 help ? "arrows scroll, any other key closes" : "Space shows and hides, Enter closes");
    if (in.w < 1 || in.h < 1)
        return;
    if (!help) {
        columns_draw(c, g, in);
        return;
    }
    struct strbuf b = {0};
    help_text(c, &b);
    text_draw((struct draw){.grid = g, .in = in}, b.text, STYLE_TEXT, &c->overlay_pane);
    strbuf_free(&b);
}

void overlay_key(struct console *c, key_code key)
{
    struct pane *o = &c->overlay_pane;
    int a = keymap_lookup(c->env.config->keymap, key);
    int by = a == ACTION_UP          ? -1
             : a == ACTION_DOWN      ? 1
             : a == ACTION_PAGE_UP   ? -MAX(o->page - 1, 1)
             : a == ACTION_PAGE_DOWN ? MAX(o->page - 1, 1)
             : a == ACTION_FIRST     ? -(1 << 20)
             : a == ACTION_LAST      ? 1 << 20
                                     : 0;
    struct section *s = console_section(c);
    if (a == ACTION_QUIT && key != (K_CTRL | 'c')) {
        c->quit = true;
        return;
    }
    if (c->overlay == OVERLAY_COLUMNS && s && section_has_rows(s)) {
        if (by)
            o->selected = MAX(0, MIN(o->selected + by, (int)s->table.n_columns - 1));
        else if (key == K_SPACE)
            toggle_column(c);
        else
            c->overlay = OVERLAY_NONE;
        return;
    }
    if (by)
        o->top = MAX(0, o->top + by);
    else
        c->overlay = OVERLAY_NONE;
}
