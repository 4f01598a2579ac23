/* The overlay: help, made from the tables, and the column chooser. */
#include "ui/state.h"

#include "base/utf8.h"
#include "ui/widgets.h"

#include <stdlib.h>

void overlay_open(struct console *c, enum overlay o)
{
    struct section *s = console_section(c);
    if (o != OVERLAY_HELP && (!s || !section_has_rows(s))) {
        console_message(c, SEVERITY_INFO, "This pane has no columns");
        return;
    }
    c->overlay = o;
    c->overlay_pane = (struct pane){0};
    if (o == OVERLAY_SORT)
        c->overlay_pane.selected = MAX(s->table.sort_column, 0);
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

void overlay_draw(struct console *c, struct grid *g, struct rect r)
{
    grid_fill(g, r, STYLE_TEXT);
    if (c->overlay != OVERLAY_HELP) {
        columns_draw(c, g, r);
        return;
    }
    struct rect in = grid_box(g, r, STYLE_FOCUS, "Help", "arrows scroll, any other key closes");
    if (in.w < 1 || in.h < 1)
        return;
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
    if (c->overlay != OVERLAY_HELP && s && section_has_rows(s)) {
        columns_key(c, key, a, by);
        return;
    }
    if (by)
        o->top = MAX(0, o->top + by);
    else
        c->overlay = OVERLAY_NONE;
}
