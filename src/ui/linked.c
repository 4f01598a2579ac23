/* What is linked with a row: a list, from the views that know of it. */
#include "view/shared/linked.h"
#include "core/table.h"
#include "ui/section/section.h"
#include "ui/state.h"

#include <stdlib.h>

enum { NAME_MAX_LEN = 300 };

/* What the row is, and its name, as `linked` of views take them. */
struct thing {
    const char *what;
    char name[NAME_MAX_LEN];
};

/* Of a row of a list that names it in a column. */
static bool named_by_column(struct console *c, const struct item *it, struct thing *t)
{
    const struct view *v = console_screen(c)->view;
    const struct section *s = console_section(c);
    int column = v->thing && it->row ? table_column(&s->table, v->thing) : -1;
    struct strbuf b = {0};
    if (column < 0 || it->row->cells[column].type == CELL_UNKNOWN)
        return false;
    const struct cell *cell = &it->row->cells[column];
    if (cell->type == CELL_INT) /* as a number, not as it is shown */
        strbuf_printf(&b, "%lld", (long long)cell->i);
    else
        cell_format(&s->table.columns[column], *cell, &b);
    t->what = v->lists;
    snprintf(t->name, sizeof t->name, "%s", strbuf_text(&b));
    strbuf_free(&b);
    return true;
}

static bool find_thing(struct console *c, struct thing *t)
{
    struct item it = {0};
    const struct screen *s = console_screen(c);
    const struct view *v = console_item(c, &it) && it.dive.view ? view_named(it.dive.view) : NULL;
    const char *arg = it.dive.arg;
    if (named_by_column(c, &it, t))
        return true;
    if (!it.dive.view && it.dive.names && arg) {
        t->what = it.dive.names;
        snprintf(t->name, sizeof t->name, "%s", arg);
        return true;
    }
    if (!v || !v->about || !arg) { /* the thing of the screen */
        v = s->view;
        arg = s->arg;
    }
    if (!v->about || !arg)
        return false;
    t->what = v->about;
    snprintf(t->name, sizeof t->name, "%s", arg);
    return true;
}

/* Views about the same thing: the one that is opened, and those it names. */
static void add_views(struct console *c, const struct thing *t, struct link_list *l)
{
    const struct view *here = console_screen(c)->view;
    for (const struct view *const *v = VIEWS; *v; v++) {
        bool same_thing = here == *v && str_eq(console_screen(c)->arg, t->name);
        if (str_eq((*v)->about, t->what) && !same_thing)
            linked_add(l, (struct linked){.label = (*v)->title,
                                          .n = LINKED_UNCOUNTED,
                                          .view = (*v)->name,
                                          .arg = arena_strdup(l->arena, t->name)});
    }
}

/* ---- lists of things of several kinds ---- */

static bool leads_to(const struct dive *x, const struct thing *t)
{
    const struct view *v = x->view ? view_named(x->view) : NULL;
    const char *what = v ? v->about : x->names;
    return str_eq(what, t->what) && str_eq(x->arg, t->name);
}

/* As the row is found again: by what its widest column has. */
static const char *own_text(const struct table *t, const struct row *r)
{
    const char *text = NULL;
    for (size_t i = 0; i < t->n_columns; i++)
        if (r->cells[i].type == CELL_TEXT && r->cells[i].s && (!text || t->columns[i].flags & COLUMN_GROW))
            text = r->cells[i].s;
    return text;
}

static void add_rows(const struct view *v, const struct doc *d, const struct thing *t, struct link_list *l)
{
    const char *text = NULL;
    size_t n = 0;
    for (size_t i = 0; i < d->n_sections; i++) {
        const struct section *s = &d->sections[i];
        for (size_t k = 0; s->kind == SECTION_TABLE && !s->table.source && k < s->table.n_rows; k++)
            if (leads_to(&s->table.rows[k].dive, t)) {
                text = text ? text : own_text(&s->table, &s->table.rows[k]);
                n++;
            }
    }
    linked_add(l, (struct linked){.label = v->title,
                                  .n = n,
                                  .view = v->name,
                                  .filter = text ? linked_filter(l, &text, 1) : NULL});
}

static void add_mixed(struct console *c, const struct view_ctx *ctx, const struct thing *t,
                      struct link_list *l)
{
    struct view_ctx of_all = *ctx;
    of_all.arg = NULL;
    for (const struct view *const *v = VIEWS; *v; v++) {
        if (!(*v)->mixed || console_screen(c)->view == *v)
            continue;
        struct doc *d = view_build(*v, &of_all);
        add_rows(*v, d, t, l);
        doc_free(d);
    }
}

static void add_choice(struct console *c, const struct linked *x)
{
    struct choices *l = &c->choices;
    const struct view *v = view_exactly(x->view);
    if (!v)
        return;
    choices_add(
        l,
        (struct choice){
            .title = x->n == LINKED_UNCOUNTED ? x->label : arena_printf(l->arena, "%s %zu", x->label, x->n),
            .place = view_place_title(v->place),
            .summary = x->filter && *x->filter ? arena_printf(l->arena, "only rows that match %s", x->filter)
                                               : v->summary,
            .view = v,
            .arg = x->arg,
            .filter = x->filter});
}

void linked_open(struct console *c)
{
    struct thing t = {0};
    if (!find_thing(c, &t)) {
        console_message(c, SEVERITY_INFO, "Nothing is linked with this row");
        return;
    }
    choices_begin(&c->choices);
    struct link_list l = {.arena = c->choices.arena};
    struct view_ctx ctx = console_view_ctx(c);
    add_views(c, &t, &l);
    for (const struct view *const *v = VIEWS; *v; v++)
        if ((*v)->linked)
            (*v)->linked(&ctx, t.what, t.name, &l);
    add_mixed(c, &ctx, &t, &l);
    for (size_t i = 0; i < l.n; i++)
        add_choice(c, &l.items[i]);
    if (!c->choices.n) {
        choices_clear(&c->choices);
        console_message(c, SEVERITY_INFO, "Nothing is linked with this %s", t.what);
        return;
    }
    c->choices.selected = 0;
    c->overlay = OVERLAY_LINKED;
}

/* Opens it; only what is linked is shown. */
static void open_linked(struct console *c, const struct choice *x)
{
    struct sd_error ignored; /* it is a pattern that we wrote */
    console_push(c, x->view, x->arg);
    struct pane *p = x->filter ? console_pane(c) : NULL;
    if (!p)
        return;
    pane_set_filter(p, x->filter, &ignored);
    c->stale = true;
}

void linked_key(struct console *c, key_code key)
{
    int a = keymap_lookup(c->env.config->keymap, key);
    struct choices *l = &c->choices;
    int by = a == ACTION_UP ? -1 : a == ACTION_DOWN ? 1 : 0;
    if (by) {
        choices_move(l, by);
        return;
    }
    if (key >= '1' && key <= '9' && (size_t)(key - '1') < l->n)
        l->selected = (int)(key - '1');
    else if (key >= '1' && key <= '9')
        return;
    c->overlay = OVERLAY_NONE;
    if (a == ACTION_DIVE || (key >= '1' && key <= '9'))
        open_linked(c, choices_selected(l));
    choices_clear(l);
}
