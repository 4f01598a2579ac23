/* The question before something is done: facts, what will happen, yes or no. */
#include "ui/state.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "ui/widgets.h"

#include <stdlib.h>

enum { BOX_MAX = 100, BOX_WIDE = 60, LABELS_BESIDE = 34, LABEL_GAP = 2, BOX_MIN = 32 };

void question_free(struct question *q)
{
    if (!q)
        return;
    outcome_free(&q->asked);
    free(q);
}

void question_open(struct console *c, struct outcome *o)
{
    question_free(c->question);
    c->question = mem_alloc(sizeof *c->question);
    *c->question = (struct question){.asked = *o, .at = console_now(c)};
}

/* What was held back while it stood there is shown again. */
static struct question *take_question(struct console *c)
{
    struct question *q = c->question;
    c->question = NULL;
    c->stale = true;
    return q;
}

void question_key(struct console *c, key_code key)
{
    struct question *q = c->question;
    int a = keymap_lookup(c->env.config->keymap, key);
    int page = MAX(q->page - 1, 1);
    int by = a == ACTION_UP          ? -1
             : a == ACTION_DOWN      ? 1
             : a == ACTION_PAGE_UP   ? -page
             : a == ACTION_PAGE_DOWN ? page
                                     : 0;
    if (key == 'y' && q->shown) {
        q = take_question(c);
        if (q->copy)
            console_copy(c, q->copy);
        else
            outcome_do(c, &q->asked);
        question_free(q);
    } else if (key == 'n' || key == 'N' || key == K_ESC || key == 'q' || key == 'Q' ||
               key == (K_CTRL | 'c') || key == (K_CTRL | 'g')) {
        question_free(take_question(c));
        console_message(c, SEVERITY_INFO, "Nothing was done");
    } else if (by) {
        q->top = MAX(0, q->top + by);
    }
    /* Enter, Space and all others: nothing, however often they are pressed. */
}

/* ---- drawing ---- */

struct layout {
    int label, value; /* widths; label 0: it stands before the value */
};

static struct layout lay_out(const struct question *q, int width)
{
    struct layout l = {.value = width};
    for (size_t i = 0; width >= LABELS_BESIDE && i < q->asked.question.n_facts; i++)
        l.label = MAX(l.label, utf8_width(q->asked.question.facts[i].label) + LABEL_GAP);
    l.value = MAX(width - l.label, 1);
    return l;
}

/* *from: where the fact itself begins. */
static char *fact_text(const struct fact *f, struct layout l, size_t *from)
{
    *from = l.label ? 0 : strlen(f->label) + 2;
    return l.label ? mem_strdup(f->text) : mem_printf("%s: %s", f->label, f->text);
}

/* Draws when d.grid is not NULL, from line `top` on; returns the lines of all. */
static int facts(struct draw d, const struct question *q, int top)
{
    struct layout l = lay_out(q, d.in.w - 2);
    int line = 0;
    for (size_t i = 0; i < q->asked.question.n_facts; i++) {
        const struct fact *f = &q->asked.question.facts[i];
        size_t from;
        char *text = fact_text(f, l, &from);
        int h = text_height(text, l.value), skip = MAX(0, top - line), y = line - top + skip;
        if (d.grid && skip < h && y < d.in.h) {
            struct pane part = {.top = skip};
            struct draw own = d;
            own.in = (struct rect){d.in.x + l.label, d.in.y + y, l.value + 2, MIN(h - skip, d.in.h - y)};
            if (l.label && !skip)
                grid_text(d.grid, d.in, d.in.x + 1, own.in.y, l.label, STYLE_DIM, f->label);
            if (f->language)
                language_draw(own, f->language, text, from, NULL, 0, &part);
            else
                text_draw(own, text, STYLE_TEXT, &part);
        }
        line += h;
        free(text);
    }
    return line;
}

static void keys_draw(struct grid *g, struct rect r)
{
    static const struct {
        enum style style;
        const char *text;
    } parts[] = {{.style = STYLE_KEY, .text = "y"},   {.style = STYLE_TEXT, .text = " yes   "},
                 {.style = STYLE_KEY, .text = "n"},   {.style = STYLE_TEXT, .text = "/"},
                 {.style = STYLE_KEY, .text = "Esc"}, {.style = STYLE_TEXT, .text = " no"}};
    int x = r.x;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        x += grid_text(g, r, x, r.y, MAX(r.x + r.w - x, 0), parts[i].style, parts[i].text);
}

void question_draw(struct console *c, struct grid *g, struct rect area)
{
    struct question *q = c->question;
    char when[CLOCK_TEXT_MAX], note[64];
    int w = area.w >= BOX_WIDE ? MIN(area.w - 4, BOX_MAX) : area.w, inner = w - 2, text = inner - 2;
    int what = text_height(q->asked.question.what, text);
    q->shown = area.w >= BOX_MIN && area.h >= what + 4;
    if (!q->shown) { /* what cannot be read cannot be said yes to */
        grid_fill(g, (struct rect){0, 0, g->width, g->height}, STYLE_TEXT);
        grid_text(g, (struct rect){0, 0, g->width, g->height}, 0, 0, g->width, STYLE_WARN,
                  "Terminal too small: Esc, or enlarge");
        return;
    }
    struct pane none = {0};
    int all = facts((struct draw){.in = {0, 0, inner, 0}}, q, 0);
    int gaps = area.h >= all + what + 5 ? 2 : 0, h = MIN(all + what + gaps + 3, area.h);
    struct rect r = {area.x + (area.w - w) / 2, area.y + (area.h - h) / 2, w, h};
    bool scrolls = h - 3 - gaps - what < all;
    snprintf(note, sizeof note, "as of %.30s%s", clock_hms(q->at, q->at, when),
             scrolls ? ", arrows scroll" : "");
    grid_fill(g, r, STYLE_TEXT);
    struct rect in =
        grid_box(g, r, q->asked.question.danger ? STYLE_BAD : STYLE_FOCUS, q->asked.question.title, note);
    q->page = in.h - 1 - what - gaps;
    q->top = MAX(0, MIN(q->top, all - q->page));
    facts((struct draw){.grid = g, .in = {in.x, in.y, in.w, q->page}}, q, q->top);
    if (q->top + q->page < all)
        grid_put(g, in, in.x + in.w - 1, in.y + q->page - 1, STYLE_DIM, 0x25BE);
    int y = in.y + q->page + gaps / 2;
    text_draw((struct draw){.grid = g, .in = {in.x, y, in.w, what}}, q->asked.question.what,
              q->asked.question.danger ? STYLE_BAD : STYLE_WARN, &none);
    keys_draw(g, (struct rect){in.x + 1, in.y + in.h - 1, in.w - 2, 1});
}
