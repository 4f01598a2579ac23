/* The overlay: help, made from the tables, the column chooser, the list of what is linked. */
#include "ui/state.h"

#include "base/utf8.h"
#include "ui/actions.h"
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
    c->help_all = false;
    strbuf_clear(&c->help_filter);
}

/* ---- help ---- */

/* A line that fits what is typed; the head of its part comes before the first. */
struct help {
    struct strbuf *out;
    const char *filter, *head;
    bool headed;
};

static void help_head(struct help *h, const char *head)
{
    h->head = head;
    h->headed = false;
}

static void help_line(struct help *h, const char *name, const char *text)
{
    if (*h->filter && !strcasestr(name, h->filter) && !strcasestr(text, h->filter))
        return;
    if (!h->headed)
        strbuf_printf(h->out, "%s%s\n", h->out->len ? "\n" : "", h->head);
    h->headed = true;
    strbuf_printf(h->out, "  %-18s %s\n", name, text);
}

static void help_marks(struct help *h)
{
    help_head(h, "Marks");
    help_line(h, "!!", "act now");
    help_line(h, "!", "check this");
    help_line(h, "+", "fine: proven, or better than before");
    help_line(h, "*", "in a plan: the node with most of it; beside a column here: hidden");
    help_line(h, "in a title", "window, count and source of the figures, age of the data");
}

static void help_columns(struct console *c, struct help *h)
{
    const struct screen *s = console_screen(c);
    for (size_t i = 0; i < s->doc->n_sections; i++) {
        const struct section *sec = &s->doc->sections[i];
        const struct pane *p = screen_pane(console_screen(c), i);
        if (!section_has_rows(sec))
            continue;
        char head[160], key[32];
        snprintf(head, sizeof head, "Columns of %s (* hidden, %s shows them)",
                 sec->title ? sec->title : sec->key,
                 keymap_key_of(c->env.config->keymap, "columns", key, sizeof key));
        help_head(h, head);
        for (size_t k = 0; k < sec->table.n_columns; k++) {
            const struct column *col = &sec->table.columns[k];
            char name[64];
            snprintf(name, sizeof name, "%s%s", col->title ? col->title : col->key,
                     pane_shows(p, col) ? "" : " *");
            help_line(h, name, col->help ? col->help : "");
        }
    }
}

static bool is_of(const struct view *v, const struct view_action *a)
{
    for (const struct view_action *const *x = v->actions; x && *x; x++)
        if (*x == a)
            return true;
    return false;
}

/* Actions of views of that place, or all. */
static void help_keys(const struct console *c, struct help *h, bool all_of_them)
{
    const struct keymap *k = c->env.config->keymap;
    const struct action_table *all = keymap_actions(k);
    const char *group = NULL;
    for (int a = ACTION_NONE; (a = action_next(all, a));) {
        const struct action_info *info = action_at(all, a);
        const struct view_action *own = actions_of_view(a);
        bool here = false;
        for (const struct view *const *v = VIEWS; own && *v; v++)
            here = here || (is_of(*v, own) && (*v)->place == console_screen(c)->view->place);
        if (!all_of_them && !here)
            continue;
        char keys[128];
        if (!str_eq(info->group, group)) {
            group = info->group;
            help_head(h, group);
        }
        help_line(h, keymap_keys(k, a, keys, sizeof keys), info->help);
    }
}

static void help_views(struct help *h)
{
    char head[96];
    for (int p = PLACE_MAP; p < PLACE_END; p++) {
        snprintf(head, sizeof head, "%d %s: %s", p, view_place_title((enum view_place)p),
                 view_place_help((enum view_place)p));
        help_head(h, head);
        for (const struct view *const *v = VIEWS; *v; v++)
            if ((int)(*v)->place == p)
                help_line(h, (*v)->name, (*v)->summary);
    }
}

static void help_commands(const struct console *c, struct help *h)
{
    struct command_info command;
    help_head(h, "Commands (after :)");
    for (size_t i = 0; command_at(keymap_actions(c->env.config->keymap), i, &command); i++) {
        char line[64];
        snprintf(line, sizeof line, "%s %s", command.name, command.args);
        help_line(h, line, command.help);
    }
}

static void help_text(struct console *c, struct strbuf *b)
{
    struct help h = {.out = b, .filter = strbuf_text(&c->help_filter)};
    const struct view *v = console_screen(c)->view;
    if (!c->help_all) {
        if (!*h.filter)
            strbuf_printf(b, "%s: %s\n", v->name, v->summary);
        help_marks(&h);
        help_keys(c, &h, false);
        help_columns(c, &h);
    } else {
        help_keys(c, &h, true);
        help_views(&h);
        help_commands(c, &h);
        help_marks(&h);
    }
    if (!b->len)
        strbuf_printf(b, "Nothing here fits %s", h.filter);
}

/* What is typed filters; true: it was taken. */
static bool help_typed(struct console *c, key_code key)
{
    struct strbuf *f = &c->help_filter;
    if (key == K_BACKSPACE && f->len) {
        while (f->len && ((unsigned char)f->text[f->len - 1] & 0xC0) == 0x80)
            f->text[--f->len] = '\0';
        f->text[--f->len] = '\0';
    } else if (key == K_SPACE && f->len) {
        strbuf_char(f, ' ');
    } else if (key > ' ' && key < 0x110000 && f->len < 60) {
        char bytes[4];
        strbuf_add(f, bytes, utf8_encode(key, bytes));
    } else {
        return false;
    }
    c->overlay_pane.top = 0;
    return true;
}

static void help_key(struct console *c, key_code key)
{
    struct pane *o = &c->overlay_pane;
    int a = keymap_lookup(c->env.config->keymap, key), page = MAX(o->page - 1, 1);
    bool named = key >= K_NAMED;
    if (a == ACTION_HELP) {
        c->help_all = !c->help_all;
        o->top = 0;
    } else if (help_typed(c, key)) {
        return;
    } else if (named && (a == ACTION_UP || a == ACTION_DOWN)) {
        o->top = MAX(0, o->top + (a == ACTION_UP ? -1 : 1));
    } else if (a == ACTION_PAGE_UP || a == ACTION_PAGE_DOWN) {
        o->top = MAX(0, o->top + (a == ACTION_PAGE_UP ? -page : page));
    } else if (named && (a == ACTION_FIRST || a == ACTION_LAST)) {
        o->top = a == ACTION_FIRST ? 0 : 1 << 20;
    } else {
        c->overlay = OVERLAY_NONE;
    }
}

/* As high as its rows, at the bottom: what they are linked with stays in sight. */
static void linked_draw(struct console *c, struct grid *g, struct rect r)
{
    int lines = MIN((int)c->choices.n + 2, r.h);
    struct rect box = {r.x, r.y + r.h - lines, r.w, lines};
    grid_fill(g, box, STYLE_TEXT);
    choices_draw(&c->choices, g,
                 grid_box(g, box, STYLE_FOCUS, "Linked", "digit or Enter opens, any other key closes"), true);
}

static void help_draw(struct console *c, struct grid *g, struct rect r)
{
    char key[32], note[96], title[128];
    keymap_key_of(c->env.config->keymap, "help", key, sizeof key);
    snprintf(note, sizeof note, "%s %s, typing filters, Esc closes", key,
             c->help_all ? "this view" : "all keys and commands");
    snprintf(title, sizeof title, "Help%s%s%s%.60s%s", c->help_all ? "" : ": ",
             c->help_all ? "" : console_screen(c)->view->title, c->help_filter.len ? " /" : "",
             strbuf_text(&c->help_filter), c->help_filter.len ? "/" : "");
    grid_fill(g, r, STYLE_TEXT);
    struct rect in = grid_box(g, r, STYLE_FOCUS, title, note);
    struct strbuf b = {0};
    help_text(c, &b);
    if (in.w > 0 && in.h > 0)
        text_draw((struct draw){.grid = g, .in = in}, b.text, STYLE_TEXT, &c->overlay_pane);
    strbuf_free(&b);
}

void overlay_draw(struct console *c, struct grid *g, struct rect r)
{
    if (c->overlay == OVERLAY_LINKED) {
        linked_draw(c, g, r);
    } else if (c->overlay == OVERLAY_HELP) {
        help_draw(c, g, r);
    } else {
        grid_fill(g, r, STYLE_TEXT);
        columns_draw(c, g, r);
    }
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
    if (c->overlay == OVERLAY_LINKED) {
        linked_key(c, key);
        return;
    }
    bool typed = c->overlay == OVERLAY_HELP && key < K_NAMED; /* letters are, in help */
    if (a == ACTION_QUIT && key != (K_CTRL | 'c') && !typed) {
        c->quit = true;
        return;
    }
    if (c->overlay == OVERLAY_HELP) {
        help_key(c, key);
        return;
    }
    if (s && section_has_rows(s)) {
        columns_key(c, key, a, by);
        return;
    }
    c->overlay = OVERLAY_NONE;
}
