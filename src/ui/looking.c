/* The past that is not in the model: what can be looked at, and what is being brought. */
#include "ui/state.h"

#include <stdlib.h>

struct console_reach console_reach(const struct console *c)
{
    struct model_usage u = model_usage(c->env.model);
    struct console_reach r = {.first = u.first, .last = u.last};
    struct console_reach more = {.first = SD_UNKNOWN, .last = SD_UNKNOWN};
    if (!c->env.reach || !c->env.reach(c->env.app, console_cursor(c), &more))
        return r;
    if (sd_known(more.first) && (!sd_known(r.first) || more.first < r.first))
        r.first = more.first;
    r.last = MAX(r.last, more.last); /* unknown is the smallest */
    r.step_ns = more.step_ns;
    return r;
}

static void set_text(char **to, const char *text)
{
    char *copy = text ? mem_strdup(text) : NULL;
    free(*to);
    *to = copy;
}

bool looking_ready(struct console *c)
{
    const struct screen *s = console_screen(c);
    if (!c->env.look)
        return true;
    const struct console_look what = {.view = s->view,
                                      .arg = s->arg,
                                      .span = console_span(c),
                                      .live = c->mode == CURSOR_LIVE,
                                      .choices = &c->chosen};
    struct console_looked seen = c->env.look(c->env.app, &what);
    set_text(&c->waits, seen.waits);
    set_text(&c->scope, seen.scope);
    if (!seen.waits)
        c->ready =
            (struct moment){.mode = c->mode, .at = c->at, .window = c->env.config->settings->window_ns};
    return !seen.waits;
}

bool looking_stop(struct console *c)
{
    if (!c->waits)
        return false;
    if (c->env.look_off)
        c->env.look_off(c->env.app);
    set_text(&c->waits, NULL);
    if (c->ready.window) {
        c->mode = c->ready.mode;
        c->at = c->ready.at;
        c->env.config->settings->window_ns = c->ready.window;
    }
    c->stale = true;
    return true;
}

/* Of a screen that nothing was made for yet. */
struct doc *looking_doc(const struct console *c)
{
    const struct view *v = console_screen(c)->view;
    struct doc *d = doc_new(v->name, v->title);
    struct section *s = doc_section(d, SECTION_TEXT, "waits", v->title);
    s->text = doc_printf(d, "Reading %s", c->waits);
    return d;
}

void looking_banner(const struct console *c, struct strbuf *out)
{
    if (c->waits)
        strbuf_printf(out, "Reading %s; Esc stops it", c->waits);
}

void console_choose(struct console *c, const char *name, const char *text)
{
    view_choose(&c->chosen, name, 0, text);
    console_rebuild(c);
}

void console_look_again(struct console *c)
{
    c->stale = true;
}

/* Docs of the other screens may name things of the model before. */
void console_set_model(struct console *c, struct model *m, struct signals *s)
{
    if (c->env.model == m && c->env.signals == s)
        return;
    c->env.model = m;
    c->env.signals = s;
    c->marks.known = false;
    for (size_t i = 0; i < c->n_screens; i++)
        if (c->screens[i] != console_screen(c))
            visit_forget(c->screens[i]);
    console_rebuild(c);
}
