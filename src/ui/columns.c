/* Columns by name: sorting by one, showing some, and the list of all for both. */
#include "ui/state.h"

#include "core/table.h"

#include <stdlib.h>

enum { CHOSEN_MAX = 64 };

static struct table *columns_table(struct console *c)
{
    struct section *s = console_section(c);
    return s && section_has_rows(s) ? &s->table : NULL;
}

static bool no_such_column(const struct console *c, const struct table *t, const char *name,
                           struct sd_error *err)
{
    struct suggest near = {.word = name};
    char key[32];
    table_suggest(t, &near);
    if (near.best)
        return fail(err, "this pane has no column %s; did you mean %s?", name, near.best);
    return fail(err, "this pane has no column %s; %s lists its columns", name,
                keymap_key_of(c->env.config->keymap, "sort", key, sizeof key));
}

/* ---- sorting ---- */

static void sort_by(struct console *c, int column, bool reverse)
{
    const struct column *col = &columns_table(c)->columns[column];
    bool descending = !(col->flags & COLUMN_ASCENDING) != reverse;
    pane_set_sort(console_pane(c), col->key, descending);
    console_message(c, SEVERITY_INFO, "Sorted by %s, %s", col->title,
                    descending ? "descending" : "ascending");
    c->stale = true;
}

bool columns_sort(struct console *c, const char *arg, struct sd_error *err)
{
    const struct table *t = columns_table(c);
    const char *name = arg + (*arg == '-');
    if (!t)
        return fail(err, "this pane has no columns");
    int column = table_column_meant(t, name);
    if (column < 0)
        return no_such_column(c, t, name, err);
    sort_by(c, column, *arg == '-');
    return true;
}

void columns_click(struct console *c, int column)
{
    const struct table *t = columns_table(c);
    if (!t || (size_t)column >= t->n_columns)
        return;
    bool ascending = t->columns[column].flags & COLUMN_ASCENDING;
    sort_by(c, column, t->sort_column == column && t->sort_reverse != ascending);
}

/* ---- showing ---- */

/* The longest beginning of `words` that is a column; its length, 0: none is. Headings have spaces. */
static size_t leading_column(const struct table *t, const char *words, int *column)
{
    for (size_t n = strlen(words); n > 0; n--) {
        if (words[n] && words[n] != ' ')
            continue;
        char *name = mem_strndup(words, n);
        *column = table_column_meant(t, name);
        free(name);
        if (*column >= 0)
            return n;
    }
    return 0;
}

bool columns_choose(struct console *c, const char *arg, struct sd_error *err)
{
    const struct table *t = columns_table(c);
    const char *keys[CHOSEN_MAX] = {NULL};
    size_t n = 0;
    if (!t)
        return fail(err, "this pane has no columns");
    char *list = mem_strdup(arg), *save = NULL;
    bool ok = true;
    for (char *part = strtok_r(list, ",", &save); part && ok; part = strtok_r(NULL, ",", &save)) {
        for (part += strspn(part, " "); *part && ok; part += strspn(part, " ")) {
            int column;
            size_t len = leading_column(t, part, &column);
            if (len && n + 1 < ARRAY_LEN(keys))
                keys[n++] = t->columns[column].key;
            if (!len) {
                part[strcspn(part, " ")] = '\0';
                ok = no_such_column(c, t, part, err);
            }
            part += len;
        }
    }
    if (ok)
        pane_set_columns(console_pane(c), keys);
    free(list);
    return ok;
}

static void toggle_column(struct console *c, int column)
{
    const struct table *t = columns_table(c);
    struct pane *p = console_pane(c);
    const char *keys[CHOSEN_MAX] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < t->n_columns && n + 1 < ARRAY_LEN(keys); i++) {
        bool shown = pane_shows(p, &t->columns[i]);
        if (shown != ((int)i == column))
            keys[n++] = t->columns[i].key;
    }
    if (n)
        pane_set_columns(p, keys);
}

/* ---- the list ---- */

static void column_line(struct console *c, struct grid *g, struct rect in, int y, size_t i)
{
    const struct table *t = columns_table(c);
    const struct column *col = &t->columns[i];
    bool shown = pane_shows(console_pane(c), col);
    const char *help = col->help ? col->help : "";
    if (c->overlay == OVERLAY_COLUMNS) {
        grid_printf(g, in, in.x + 1, y, in.w - 2, STYLE_TEXT, "[%c] %-12s %s", shown ? 'x' : ' ', col->title,
                    help);
        return;
    }
    int x = in.x + 1;
    if (t->sort_column == (int)i)
        grid_put(g, in, x, y, STYLE_HEADER, t->sort_reverse ? 0x25BE : 0x25B4);
    x += 2 + grid_printf(g, in, x + 2, y, in.w - 3, STYLE_TEXT, "%-12s ", col->title);
    x += grid_printf(g, in, x, y, in.x + in.w - x, STYLE_DIM, "%-7s ", shown ? "" : "hidden");
    grid_text(g, in, x, y, in.x + in.w - x, STYLE_TEXT, help);
}

void columns_draw(struct console *c, struct grid *g, struct rect r)
{
    const struct table *t = columns_table(c);
    struct pane *o = &c->overlay_pane;
    bool sort = c->overlay == OVERLAY_SORT;
    struct rect in = grid_box(g, r, STYLE_FOCUS, sort ? "Sort by" : "Columns",
                              sort ? "Enter sorts, - the other way, Space shows and hides"
                                   : "Space shows and hides, Enter closes");
    if (!t || in.w < 1 || in.h < 1)
        return;
    o->top = MAX(MIN(o->top, o->selected), o->selected - in.h + 1);
    for (int y = 0; y < in.h && (size_t)(o->top + y) < t->n_columns; y++) {
        column_line(c, g, in, in.y + y, (size_t)(o->top + y));
        if (o->top + y != o->selected)
            continue;
        grid_style(g, (struct rect){in.x, in.y + y, in.w, 1}, STYLE_SELECTED, 0);
        grid_put(g, in, in.x, in.y + y, STYLE_SELECTED, 0x25B8);
    }
}

/* The other order of the selected column: of the one sorted by, the opposite of now. */
static void sort_other_way(struct console *c, int column)
{
    const struct table *t = columns_table(c);
    if (t->sort_column == column)
        columns_click(c, column);
    else
        sort_by(c, column, true);
}

void columns_key(struct console *c, key_code key, int action, int by)
{
    const struct table *t = columns_table(c);
    struct pane *o = &c->overlay_pane;
    bool sort = c->overlay == OVERLAY_SORT;
    if (sort && action == ACTION_SORT) /* the key that opened it goes on */
        by = 1;
    if (by) {
        o->selected = MAX(0, MIN(o->selected + by, (int)t->n_columns - 1));
        return;
    }
    if (key == K_SPACE || (sort && action == ACTION_COLUMNS)) {
        toggle_column(c, o->selected);
        return;
    }
    c->overlay = OVERLAY_NONE;
    if (sort && key == K_ENTER)
        sort_by(c, o->selected, false);
    else if (sort && (key == '-' || action == ACTION_REVERSE))
        sort_other_way(c, o->selected);
}
