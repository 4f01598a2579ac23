/* The picture: panes, status line, function keys. */
#include "ui/state.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "core/table.h"
#include "ui/layout.h"
#include "ui/section/section.h"

#include <stdlib.h>

enum { MESSAGE_LINES = 3, BANNER_LINES = 2 };

/* ---- panes ---- */

static void pane_title(const struct section *s, const struct pane *p, struct strbuf *title)
{
    strbuf_str(title, s->title);
    char share[UNIT_TEXT_MAX];
    if (p->filter && s->kind == SECTION_BOXES && isfinite(p->matched))
        strbuf_printf(title, " /%s/ %s", p->filter, unit_format(UNIT_SHARE, p->matched, share));
    else if (p->filter)
        strbuf_printf(title, " /%s/ %zu hidden", p->filter, p->hidden);
    if (!section_has_rows(s))
        return;
    if (p->skipped)
        strbuf_printf(title, " < %d%s", p->skipped, p->beyond ? "" : " more");
    if (p->beyond)
        strbuf_printf(title, " > %d more", p->beyond);
}

/* A drawing shows its cursor once the user has gone to it. */
static bool has_cursor(const struct console *c, const struct section *s, const struct pane *p)
{
    const struct screen *top = console_screen(c);
    return !section_has_rows(s) && (top->focused || p->placed) && section_items(s, p) > 0;
}

static void pane_note(const struct console *c, const struct section *s, const struct pane *p, bool focused,
                      struct strbuf *note)
{
    if (focused && has_cursor(c, s, p)) /* what the cursor is on comes before where it is from */
        section_item_text(s, p, (size_t)p->selected, note);
    else if (s->lost) /* before all else: it is cut last */
        strbuf_printf(note, "%s", s->lost);
    else
        strbuf_str(note, s->note ? s->note : "");
}

/* Beside the title it would be cut: it has the lower border for itself. */
static bool lost_below(const struct section *s, const char *title, struct rect r)
{
    enum { GAPS = 8 };
    return s->lost && utf8_width(title) + utf8_width(s->lost) + GAPS > r.w;
}

static void draw_border(struct console *c, struct grid *g, size_t i, bool focused)
{
    struct screen *s = console_screen(c);
    const struct section *sec = &s->doc->sections[i];
    const struct pane *p = screen_pane(s, i);
    struct strbuf title = {0}, note = {0};
    pane_title(sec, p, &title);
    pane_note(c, sec, p, focused, &note);
    struct rect r = c->rects[i];
    bool below = lost_below(sec, strbuf_text(&title), r);
    grid_box(g, r, focused ? STYLE_FOCUS : STYLE_BORDER, strbuf_text(&title),
             note.len && !below ? note.text : NULL);
    if (below)
        grid_printf(g, r, r.x + 2, r.y + r.h - 1, r.w - 4, STYLE_DIM, " %s ", sec->lost);
    strbuf_free(&title);
    strbuf_free(&note);
}

/* What is not of now is dim; the cursor stays. */
static void dim(struct grid *g, struct rect r)
{
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) {
            struct grid_cell *cell = &g->cells[(size_t)y * (size_t)g->width + (size_t)x];
            if (cell->style != STYLE_SELECTED)
                cell->style = STYLE_DIM;
        }
}

static void draw_section(struct console *c, struct grid *g, size_t i)
{
    struct screen *s = console_screen(c);
    struct section *sec = &s->doc->sections[i];
    struct pane *p = screen_pane(s, i);
    struct rect r = c->rects[i];
    bool focused = s->focus == i;
    bool boxed = r.h >= 3;
    struct rect in = boxed ? (struct rect){r.x + 1, r.y + 1, MAX(r.w - 2, 0), r.h - 2} : r;
    struct draw d = {.grid = g,
                     .in = in,
                     .focused = focused && !c->overlay,
                     .live = c->mode == CURSOR_LIVE && !sd_known(c->anchor),
                     .now = console_cursor(c),
                     .cursor = focused && !c->overlay && has_cursor(c, sec, p)};
    if (in.w >= 1 && in.h >= 1) {
        d.in = about_draw(d, sec, p, in);
        if (d.in.h > 0)
            section_ops(sec)->draw(d, s->doc, sec, p);
        if (sec->lost)
            dim(g, in);
    }
    if (boxed) /* last: the title says what the drawing had no room for */
        draw_border(c, g, i, focused);
}

/* ---- bottom lines ---- */

static enum style severity_style(enum severity s)
{
    static const enum style styles[] = {STYLE_TEXT, STYLE_GOOD, STYLE_INFO, STYLE_WARN, STYLE_BAD};
    return styles[s];
}

/* What slowdive costs, in steps coarse enough to stand still. */
static void cost_text(const struct console *c, struct strbuf *b)
{
    if (isfinite(c->cost.cpu_share)) {
        if (c->cost.cpu_share < 0.01)
            strbuf_str(b, "cpu <1 %");
        else
            strbuf_printf(b, "cpu %.0f %%", c->cost.cpu_share * 100);
    }
    if (sd_known(c->cost.rss_bytes))
        strbuf_printf(b, "%s%lld MB", b->len ? "  " : "", (long long)(c->cost.rss_bytes + 999999) / 1000000);
    if (isfinite(c->cost.tty_bytes_per_s)) {
        if (c->cost.tty_bytes_per_s < 1000)
            strbuf_printf(b, "%s<1 kB/s", b->len ? "  " : "");
        else
            strbuf_printf(b, "%s%.0f kB/s", b->len ? "  " : "", c->cost.tty_bytes_per_s / 1000);
    }
}

static void sources_text(const struct console *c, struct strbuf *b, enum severity *severity)
{
    struct source_info info[64];
    /* What is looked at of a history was before the source of it was open: its state is that of now. */
    bool now = c->mode == CURSOR_LIVE || c->env.model != c->sources;
    size_t n = model_sources(c->sources, now ? console_now(c) : console_cursor(c), info, ARRAY_LEN(info));
    size_t live = 0, bad = 0;
    const char *name = NULL, *why = NULL;
    for (size_t i = 0; i < n; i++) {
        int64_t state = info[i].status ? info[i].status->state : SD_STATE_OFF;
        live += state == SD_STATE_LIVE;
        if (state == SD_STATE_FAILED || state == SD_STATE_BACKOFF) {
            bad++;
            name = info[i].origin;
            why = info[i].status->text;
        }
    }
    *severity = bad ? SEVERITY_BAD : SEVERITY_NONE;
    if (bad)
        strbuf_printf(b, "!! %s: %s", name, why ? why : "failed");
    else if (c->env.replay)
        strbuf_printf(b, "recording of %zu source%s", n, n == 1 ? "" : "s");
    else if (n)
        strbuf_printf(b, "%zu of %zu source%s live", live, n, n == 1 ? "" : "s");
    else
        strbuf_str(b, "no source is open");
    struct model_usage u = model_usage(c->env.model);
    char slot[UNIT_TEXT_MAX];
    if (u.thinned_to_ns > SD_S)
        strbuf_printf(b, "; memory limit reached, oldest data thinned to %s",
                      unit_format_int(UNIT_NS, u.thinned_to_ns, slot));
    if (u.frames_lost)
        strbuf_printf(b, "; %llu frames lost", (unsigned long long)u.frames_lost);
}

static void prompt_line(struct console *c, struct grid *g, struct rect r)
{
    const char *label = prompt_label(c);
    int x = r.x + grid_text(g, r, r.x, r.y, r.w, STYLE_KEY, label), room = r.x + r.w - x;
    char *head = mem_strndup(strbuf_text(&c->line), c->caret);
    int caret = utf8_width(head), shift = MAX(0, caret - room + 2);
    free(head);
    const char *text = strbuf_text(&c->line);
    size_t len = strlen(text);
    struct utf8_char ch;
    for (int skip = shift; skip > 0 && len;) {
        size_t n = utf8_next(text, len, &ch);
        if (!n)
            break;
        text += n;
        len -= n;
        skip -= ch.width;
    }
    x += grid_text(g, r, x, r.y, room, STYLE_TEXT, text);
    if (c->no_pattern && x + 3 < r.x + r.w)
        grid_text(g, r, x + 3, r.y, r.x + r.w - x - 3, STYLE_DIM, "incomplete pattern");
    x = r.x + r.w - room;
    g->cursor_x = MIN(x + caret - shift, r.x + r.w - 1);
    g->cursor_y = r.y;
}

/* What the cursor is on in full, when the pane had to cut it. */
static bool cut_text(struct console *c, struct strbuf *b)
{
    struct section *s = console_section(c);
    struct pane *p = console_pane(c);
    if (!s || c->overlay || c->question || (size_t)p->selected >= section_items(s, p))
        return false;
    if (!section_has_rows(s)) {
        if (has_cursor(c, s, p))
            section_item_text(s, p, (size_t)p->selected, b);
        return b->len > 0;
    }
    const struct row *r = table_row(&s->table, (size_t)p->selected);
    for (size_t i = 0; i < s->table.n_columns; i++) {
        struct cell v = r->cells[i];
        if ((s->table.columns[i].flags & (COLUMN_GROW | COLUMN_TREE)) && v.type == CELL_TEXT &&
            utf8_width(v.s) > p->text_width && p->text_width > 0) {
            strbuf_str(b, v.s);
            return true;
        }
    }
    return false;
}

/* One line of it, cut where it must be. */
static void one_line(struct grid *g, struct rect r, int room, enum style style, const char *text)
{
    grid_text(g, r, r.x + 1, r.y, room, style, text);
    if (room > 1 && utf8_width(text) > room)
        grid_put(g, r, r.x + room, r.y, STYLE_DIM, 0x2026);
}

/* Text in full, in up to `most` lines that end at line `bottom` of r; the lines it took. */
static int lines_above(struct grid *g, struct rect r, int bottom, int most, enum style style,
                       const char *text)
{
    int all = text_height(text, r.w - 2), lines = MIN(MIN(all, most), MAX(bottom - r.y, 0) + 1);
    struct rect in = {r.x, bottom - lines + 1, r.w, lines};
    struct pane none = {0};
    grid_fill(g, in, STYLE_TEXT);
    text_draw((struct draw){.grid = g, .in = in}, text, style, &none);
    if (lines < all)
        grid_put(g, in, r.x + r.w - 1, bottom, STYLE_DIM, 0x2026);
    return lines;
}

/* r: the status line and what is above it, for messages that are longer. */
static void status_line(struct console *c, struct grid *g, struct rect r)
{
    struct strbuf left = {0}, right = {0};
    enum severity severity = SEVERITY_NONE;
    struct rect line = {r.x, r.y + r.h - 1, r.w, 1};
    int bottom = line.y;
    if (c->prompt) {
        prompt_line(c, g, line);
        return;
    }
    ask_banner(c, &left);
    if (!left.len)
        looking_banner(c, &left);
    if (left.len)
        bottom -= lines_above(g, r, bottom, BANNER_LINES, STYLE_WARN, left.text);
    if (c->message && bottom >= r.y)
        lines_above(g, r, bottom, MESSAGE_LINES, severity_style(c->message_severity), c->message);
    if (c->message || left.len) {
        strbuf_free(&left);
        return;
    }
    cost_text(c, &right);
    int w = utf8_width(strbuf_text(&right)), room = r.w - 1;
    sources_text(c, &left, &severity);
    if (severity < SEVERITY_WARN) {
        struct strbuf text = {0};
        if (cut_text(c, &text)) {
            strbuf_free(&left);
            left = text;
            severity = SEVERITY_INFO;
        }
    }
    if (w && utf8_width(strbuf_text(&left)) + w + 4 <= r.w) {
        grid_text(g, line, r.x + r.w - 1 - w, line.y, w, STYLE_DIM, strbuf_text(&right));
        room -= w + 2;
    }
    one_line(g, line, room, severity ? severity_style(severity) : STYLE_DIM, strbuf_text(&left));
    strbuf_free(&left);
    strbuf_free(&right);
}

static int bar_key(struct grid *g, struct rect r, int x, const char *key, const char *label)
{
    x += grid_text(g, r, x, r.y, r.w, STYLE_KEY, key) + 1;
    return x + grid_text(g, r, x, r.y, r.w, STYLE_BAR, label) + 2;
}

/* While a line is typed the keys of the panes do nothing. */
static void prompt_bar(const struct console *c, struct grid *g, struct rect r)
{
    int x = bar_key(g, r, bar_key(g, r, r.x + 1, "Enter", "Accept"), "Esc", "Cancel");
    if (c->prompt == PROMPT_COMMAND)
        x = bar_key(g, r, x, "Tab", "Complete");
    if (c->prompt == PROMPT_COMMAND || (c->prompt == PROMPT_FILTER && (c->filter_before || c->filter_last)))
        bar_key(g, r, x, "Up", "Previous");
}

static void function_bar(struct console *c, struct grid *g, struct rect r, size_t hidden)
{
    int x = r.x + 1;
    grid_fill(g, r, STYLE_BAR);
    if (c->prompt) {
        prompt_bar(c, g, r);
        return;
    }
    /* That there is more to see comes before the last of the keys. */
    if (hidden) {
        char more[64], key[32];
        int w = snprintf(more, sizeof more, "%s %zu more",
                         keymap_key_of(c->env.config->keymap, "next-pane", key, sizeof key), hidden);
        if (r.w > w + 12) {
            grid_text(g, r, r.x + r.w - w - 1, r.y, w, STYLE_KEY, more);
            r.w -= w + 2;
        }
    }
    for (size_t i = 0; i < c->n_bar; i++) {
        int a = c->bar[i];
        const char *label = action_at(keymap_actions(c->env.config->keymap), a)->bar;
        char keys[64], first[24];
        keymap_keys(c->env.config->keymap, a, keys, sizeof keys);
        snprintf(first, sizeof first, "%.*s", (int)strcspn(keys, ","), *keys == ',' ? "," : keys);
        if (!*first)
            continue;
        int w = utf8_width(first) + 1 + utf8_width(label);
        if (x + w > r.x + r.w)
            break;
        header_hit(c, (struct hit){.r = {x, r.y, w, 1}, .action = a, .place = -1});
        x = bar_key(g, r, x, first, label);
    }
}

/* Above the line that is typed: what may be completed, or the list to choose from. */
static void above_prompt(struct console *c, struct grid *g, struct rect area)
{
    enum { LIST_LINES = 14 };
    const char *above = c->completions ? c->completions : c->hint;
    bool list = !above && c->prompt == PROMPT_COMMAND && c->choices.n > 0;
    if ((!above && !list) || area.h < 2)
        return;
    int lines = list ? MIN((int)c->choices.n + 2, MIN(LIST_LINES, area.h))
                     : MIN(text_height(above, area.w - 2), MIN(4, area.h));
    struct rect r = {area.x, area.y + area.h - lines, area.w, lines};
    struct pane none = {0};
    grid_fill(g, r, list ? STYLE_TEXT : STYLE_BAR);
    if (!list)
        text_draw((struct draw){.grid = g, .in = r}, above, STYLE_DIM, &none);
    else if (lines >= 3)
        choices_draw(&c->choices, g,
                     grid_box(g, r, STYLE_FOCUS, "Views, things and commands",
                              "arrows choose, Enter opens, > lists actions"),
                     false);
}

static void draw_panes(struct console *c, struct grid *g, struct rect area, size_t *hidden)
{
    struct screen *s = console_screen(c);
    layout_panes(s->doc, area, s->focus, s->zoom, c->rects);
    for (size_t i = 0; i < s->doc->n_sections; i++) {
        if (c->rects[i].w > 0)
            draw_section(c, g, i);
        else
            (*hidden)++;
    }
}

static void draw_over(struct console *c, struct grid *g, struct rect area)
{
    above_prompt(c, g, area);
    if (c->overlay)
        overlay_draw(c, g, area);
    if (c->question)
        question_draw(c, g, area);
}

void console_draw(struct console *c, struct grid *g)
{
    if (g->width != c->width || g->height != c->height)
        console_resize(c, g->width, g->height);
    grid_clear(g);
    c->n_hits = 0;
    console_build(c);
    int h = g->height, bottom = h >= 6 ? 2 : h >= 3 ? 1 : 0, top = h >= 10 ? 2 : h >= 4;
    struct rect area = {0, top, g->width, h - top - bottom};
    size_t hidden = 0;
    about_refresh(c);
    draw_panes(c, g, area, &hidden);
    if (top)
        header_draw(c, g, (struct rect){0, 0, g->width, top});
    draw_over(c, g, area);
    if (bottom == 2)
        function_bar(c, g, (struct rect){0, h - 1, g->width, 1}, hidden);
    if (bottom || c->prompt)
        status_line(c, g, (struct rect){0, top, g->width, h - MAX(bottom, 1) + 1 - top});
    if (!c->shown)
        c->shown = grid_new(g->width, g->height, g->ascii);
    if (c->shown->width != g->width || c->shown->height != g->height)
        grid_resize(c->shown, g->width, g->height);
    memcpy(c->shown->cells, g->cells, (size_t)g->width * (size_t)g->height * sizeof *g->cells);
}

/* The view is on the screen, with the rows it is about. */
static bool shows(const struct screen *s, const struct view *v)
{
    for (size_t i = 0; s->view == v && i < s->doc->n_sections; i++)
        if (str_eq(s->doc->sections[i].key, v->rows ? v->rows : "rows") &&
            table_rows(&s->doc->sections[i].table))
            return true;
    return false;
}

bool console_condition(struct console *c, const char *condition, struct sd_error *err)
{
    struct section *s = console_section(c);
    const struct view *v = view_exactly(condition);
    if (v)
        return shows(console_screen(c), v) || fail(err, "there is no %s on the screen", v->name);
    if (!strcmp(condition, "rows>0")) {
        if (s && section_has_rows(s) && table_rows(&s->table))
            return true;
        return fail(err, "the pane has no rows");
    }
    if (str_starts(condition, "text ")) {
        struct regex *r = regex_new(condition + 5, err);
        if (!r)
            return false;
        struct grid *g = grid_new(c->width, c->height, c->shown && c->shown->ascii);
        struct strbuf b = {0};
        console_draw(c, g);
        grid_dump(g, &b);
        bool found = regex_matches(r, strbuf_text(&b));
        strbuf_free(&b);
        grid_free(g);
        regex_free(r);
        return found || fail(err, "nothing on the screen matches %s", condition + 5);
    }
    return fail(err, "unknown condition \"%s\"; expected the name of a view, rows>0, text REGEX", condition);
}
