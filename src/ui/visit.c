/* Screens and the way between them. A screen is kept while others are shown, with all that the
 * user did to it; the way through them is apart from what is above what. */
#include "ui/state.h"

#include "ui/section/section.h"

#include <stdlib.h>

/* ---- screens ---- */

struct screen *console_screen(const struct console *c)
{
    return c->visits[c->visit];
}

static void screen_free(struct screen *s)
{
    for (size_t i = 0; i < s->n_panes; i++)
        pane_free(s->panes[i]);
    free(s->panes);
    doc_free(s->doc);
    free(s->arg);
    free(s->title);
    free(s->asked);
    free(s->file_name);
    free(s->file_text);
    free(s);
}

static bool is_visited(const struct console *c, const struct screen *s)
{
    for (size_t i = 0; i < c->n_visits; i++)
        if (c->visits[i] == s)
            return true;
    return s == c->last;
}

/* Room for one more: the screen that was not shown for longest is forgotten. */
static void make_room(struct console *c)
{
    size_t oldest = SCREENS_MAX;
    if (c->n_screens < SCREENS_MAX)
        return;
    for (size_t i = 0; i < c->n_screens; i++)
        if (!is_visited(c, c->screens[i]) &&
            (oldest == SCREENS_MAX || c->screens[i]->used < c->screens[oldest]->used))
            oldest = i;
    screen_free(c->screens[oldest]);
    c->screens[oldest] = c->screens[--c->n_screens];
}

/* What was chosen for a view holds for it about another thing, too: order and columns. */
static void keep_choices(const struct console *c, struct screen *s)
{
    const struct screen *from = NULL;
    for (size_t i = 0; i < c->n_screens; i++)
        if (c->screens[i]->view == s->view && (!from || c->screens[i]->used > from->used))
            from = c->screens[i];
    for (size_t i = 0; from && i < from->n_panes; i++) {
        const struct pane *p = from->panes[i];
        if (!p->sort && !p->columns)
            continue;
        s->panes = mem_realloc(s->panes, (s->n_panes + 1) * sizeof *s->panes);
        struct pane *own = s->panes[s->n_panes++] = pane_new(p->key);
        if (p->sort)
            pane_set_sort(own, p->sort, p->reverse);
        if (p->columns)
            pane_set_columns(own, (const char *const *)p->columns);
    }
}

static struct screen *screen_new(struct console *c, const struct view *view, const char *arg)
{
    struct screen *s = mem_alloc(sizeof *s);
    make_room(c);
    s->view = view;
    s->arg = mem_strdup(arg);
    s->title = mem_strdup(arg ? arg : view->title);
    keep_choices(c, s);
    return c->screens[c->n_screens++] = s;
}

static bool same_moment(const struct moment *a, const struct moment *b)
{
    return a->mode == b->mode && a->at == b->at && a->window == b->window;
}

/* The kept screen of the view about that, at that time (NULL: the common one); a new one otherwise. */
static struct screen *screen_of(struct console *c, const struct view *view, const char *arg,
                                const struct moment *then)
{
    for (size_t i = 0; i < c->n_screens; i++) {
        struct screen *s = c->screens[i];
        if (s->view == view && str_eq(s->arg, arg) && s->timed == (then != NULL) &&
            (!then || same_moment(&s->then, then)))
            return s;
    }
    struct screen *s = screen_new(c, view, arg);
    if (then) {
        s->timed = true;
        s->then = *then;
    }
    return s;
}

/* ---- showing one ---- */

static struct moment now_shown(const struct console *c)
{
    return (struct moment){.mode = c->mode, .at = c->at, .window = c->env.config->settings->window_ns};
}

static void show_moment(struct console *c, const struct moment *m)
{
    c->mode = m->mode;
    c->at = m->at;
    c->env.config->settings->window_ns = m->window;
}

void visit_forget(struct screen *s)
{
    doc_free(s->doc);
    s->doc = NULL;
}

/* From the screen that is shown to another; who calls it moves `visit`. */
static void leave_for(struct console *c, struct screen *to)
{
    struct screen *from = console_screen(c);
    if (from->timed) {
        from->then = now_shown(c);
        show_moment(c, &c->base);
    }
    if (to->timed) {
        c->base = now_shown(c);
        show_moment(c, &to->then);
    }
    if (c->last && c->last != to && c->last != from)
        visit_forget(c->last); /* two docs are kept: this one and the one before */
    c->last = from;
    to->used = ++c->uses;
    if (!to->view->about)
        c->of_place[to->view->place] = to->view;
    c->stale = true;
}

static void show(struct console *c, struct screen *to)
{
    if (to == console_screen(c))
        return;
    leave_for(c, to);
    c->n_visits = c->visit + 1;
    if (c->n_visits == VISITS_MAX) { /* the oldest step is forgotten */
        memmove(&c->visits[0], &c->visits[1], (VISITS_MAX - 1) * sizeof c->visits[0]);
        c->n_visits--;
    }
    c->visits[c->n_visits++] = to;
    c->visit = c->n_visits - 1;
}

void visit_start(struct console *c)
{
    c->visits[c->n_visits++] = screen_new(c, view_home(), NULL);
    c->of_place[view_home()->place] = view_home();
}

void visit_free(struct console *c)
{
    while (c->n_screens)
        screen_free(c->screens[--c->n_screens]);
}

void visit_view(struct console *c, const struct view *view, const char *arg)
{
    show(c, screen_of(c, view, arg, NULL));
}

void console_push(struct console *c, const struct view *view, const char *arg)
{
    struct moment m = now_shown(c);
    show(c, screen_of(c, view, arg, console_screen(c)->timed ? &m : NULL));
}

void visit_span(struct console *c, const struct view *view, const char *arg, sd_time from, sd_time to)
{
    struct moment m = {.mode = CURSOR_PAUSED, .at = to, .window = to - from};
    if (to == INT64_MAX)
        m = (struct moment){.mode = c->mode, .at = c->at, .window = MAX(console_cursor(c) - from, SD_S)};
    struct screen *s = screen_of(c, view, arg, &m);
    s->entered = true;
    show(c, s);
}

void console_open(struct console *c, const char *view, const char *arg)
{
    const struct view *v = view_named(view);
    if (!v)
        console_message(c, SEVERITY_WARN, "There is no view %s", view);
    else
        visit_view(c, v, arg);
}

/* ---- the way ---- */

enum view_place visit_place_of(const struct console *c)
{
    const struct screen *s = console_screen(c);
    return view_place_of(s->view, s->arg);
}

bool visit_home(const struct console *c)
{
    const struct screen *s = console_screen(c);
    return s->view == view_home() && !s->arg && !s->timed;
}

/* Of a place without views the map says what it needs. */
static void show_place(struct console *c, enum view_place p)
{
    const struct view *v = c->of_place[p] ? c->of_place[p] : view_first(p, c->env.model);
    if (v)
        visit_view(c, v, NULL);
    else
        visit_view(c, view_beside(PLACE_MAP, NULL, 1), view_place_title(p));
}

void visit_place(struct console *c, int digit)
{
    enum view_place p = (enum view_place)digit;
    if (visit_place_of(c) == p)
        visit_beside(c, 1);
    else
        show_place(c, p);
}

void visit_beside(struct console *c, int direction)
{
    enum view_place p = visit_place_of(c);
    const struct screen *s = console_screen(c);
    const struct view *v = view_beside(p, s->view, direction);
    if (v && (v != s->view || s->timed))
        visit_view(c, v, NULL);
    else
        console_message(c, SEVERITY_INFO, "%s has no other view; {key:dive} opens a row",
                        view_place_title(p));
}

void visit_up(struct console *c)
{
    const struct screen *s = console_screen(c);
    bool same_arg;
    const struct view *up = view_above(s->view, &same_arg);
    if (s->timed && s->entered)
        visit_view(c, s->view, s->arg);
    else
        visit_view(c, up ? up : view_home(), same_arg ? s->arg : NULL);
}

int visit_height(const struct console *c)
{
    bool same_arg;
    int n = 0;
    for (const struct view *v = console_screen(c)->view; (v = view_above(v, &same_arg)); n++)
        ;
    return n;
}

void visit_history(struct console *c, int direction)
{
    if (direction < 0 ? c->visit == 0 : c->visit + 1 >= c->n_visits) {
        console_message(c, SEVERITY_INFO,
                        direction < 0 ? "There is no earlier screen" : "There is no later screen");
        return;
    }
    size_t at = direction < 0 ? c->visit - 1 : c->visit + 1;
    leave_for(c, c->visits[at]);
    c->visit = at;
}

void visit_last(struct console *c)
{
    if (!c->last || c->last == console_screen(c))
        console_message(c, SEVERITY_INFO, "There is no screen before this one");
    else if (c->visit > 0 && c->visits[c->visit - 1] == c->last)
        visit_history(c, -1);
    else if (c->visit + 1 < c->n_visits && c->visits[c->visit + 1] == c->last)
        visit_history(c, 1);
    else
        show(c, c->last);
}
