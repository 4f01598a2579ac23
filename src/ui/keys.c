/* Keys and mouse: what each action does. */
#include "ui/state.h"

#include "base/utf8.h"
#include "core/table.h"
#include "ui/section/section.h"

#include <stdlib.h>

enum { TEXT_WHEEL = 3, FAR = 1 << 20 };

static bool in_rect(struct rect r, int x, int y)
{
    return x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
}

/* ---- moving ---- */

static void move(struct console *c, enum section_move m)
{
    struct section *s = console_section(c);
    struct pane *p = console_pane(c);
    if (!s)
        return;
    int page = MAX(p->page - 1, 1);
    const int lines[] = {[MOVE_UP] = -1,          [MOVE_DOWN] = 1,     [MOVE_PAGE_UP] = -page,
                         [MOVE_PAGE_DOWN] = page, [MOVE_FIRST] = -FAR, [MOVE_LAST] = FAR};
    if (m != MOVE_LEFT && m != MOVE_RIGHT && about_scroll(c, lines[m]))
        return;
    section_ops(s)->move(s, p, m);
    c->stale = c->stale || p->changed;
}

static void next_pane(struct console *c, int direction)
{
    struct screen *s = console_screen(c);
    console_build(c);
    size_t n = s->doc->n_sections;
    if (!n)
        return;
    about_leave(c);
    s->focus = (s->focus + (size_t)((int)n + direction)) % n;
    s->focused = true;
}

/* The next item after the selected one for which `wanted` holds, around the end. */
static bool find_item(struct console *c, int direction,
                      bool (*wanted)(struct console *c, const struct section *s, const struct pane *p,
                                     size_t i))
{
    struct section *s = console_section(c);
    struct pane *p = console_pane(c);
    size_t n = s ? section_items(s, p) : 0;
    for (size_t k = 1; k <= n; k++) {
        size_t i = ((size_t)p->selected + (direction > 0 ? k : n - k)) % n;
        if (wanted(c, s, p, i)) {
            section_select(s, p, (int)i);
            return true;
        }
    }
    return false;
}

static bool is_marked(struct console *c, const struct section *s, const struct pane *p, size_t i)
{
    (void)c;
    struct item it;
    enum severity stop = section_ops(s)->stop;
    section_item(s, p, i, &it);
    return it.severity >= (stop ? stop : SEVERITY_WARN);
}

static bool is_match(struct console *c, const struct section *s, const struct pane *p, size_t i)
{
    if (section_has_rows(s))
        return pane_row_matches(&s->table, table_row(&s->table, i), c->search);
    struct strbuf b = {0};
    section_item_text(s, p, i, &b);
    bool found = regex_matches(c->search, strbuf_text(&b));
    strbuf_free(&b);
    return found;
}

static void search(struct console *c, int direction)
{
    if (!c->search)
        console_message(c, SEVERITY_INFO, "No search yet. :search REGEX starts one.");
    else if (!find_item(c, direction, is_match))
        console_message(c, SEVERITY_INFO, "No row matches the search");
}

/* The first item that says it is; otherwise the gravest. */
static bool worst_item(const struct section *s, const struct pane *p, size_t *best)
{
    enum severity gravest = SEVERITY_NONE;
    *best = 0;
    for (size_t i = 0; i < section_items(s, p); i++) {
        struct item it;
        section_item(s, p, i, &it);
        if (it.worst) {
            *best = i;
            return true;
        }
        if (i == 0 || it.severity > gravest) {
            *best = i;
            gravest = it.severity;
        }
    }
    return false;
}

static void select_worst(struct console *c)
{
    struct section *s = console_section(c);
    struct pane *p = console_pane(c);
    size_t best;
    if (!s || !section_items(s, p))
        return;
    if (!worst_item(s, p, &best) && pane_unfold(p)) {
        c->stale = true; /* it may be in a branch that was closed */
        if (!(s = console_section(c)))
            return;
        worst_item(s, p, &best);
    }
    section_select(s, p, (int)best);
}

/* ---- diving ---- */

bool console_item(struct console *c, struct item *it)
{
    struct section *s = console_section(c);
    struct pane *p = console_pane(c);
    if (!s || p->selected < 0 || (size_t)p->selected >= section_items(s, p))
        return false;
    section_item(s, p, (size_t)p->selected, it);
    return true;
}

static void dive(struct console *c)
{
    struct item it = {0};
    bool some = console_item(c, &it), timed = it.dive.from < it.dive.to;
    struct section *s = console_section(c);
    const struct view *v = it.dive.view ? view_named(it.dive.view) : NULL;
    if (some && section_ops(s)->enter && section_ops(s)->enter(s, console_pane(c)))
        return;
    if (!v && it.row && about_enter(c))
        return;
    if (!v && !timed) {
        console_message(c, SEVERITY_INFO,
                        some ? "There are no details of this row"
                             : "There is no row to open; {key:next-pane} goes to another pane");
        return;
    }
    if (it.dive.choose)
        view_choose(&c->chosen, it.dive.choose, 0, it.dive.choice);
    char *arg = mem_strdup(v ? it.dive.arg : console_screen(c)->arg);
    v = v ? v : console_screen(c)->view;
    if (timed)
        visit_span(c, v, arg, it.dive.from, it.dive.to);
    else
        console_push(c, v, arg);
    free(arg);
}

/* Out of the part of a drawing that fills its pane; false: it is all there. */
static bool leave(struct console *c)
{
    struct section *s = console_section(c);
    return s && section_ops(s)->leave && section_ops(s)->leave(s, console_pane(c));
}

/* Of what the user did to the screen, the last thing is undone; false: there is nothing. */
static bool undo(struct console *c)
{
    struct screen *s = console_screen(c);
    struct pane *p = console_pane(c);
    if (about_leave(c) || leave(c))
        return true;
    if (s->zoom) {
        s->zoom = false;
        return true;
    }
    if (p && p->regex) {
        pane_set_filter(p, NULL, NULL);
        return c->stale = true;
    }
    if (!s->timed || !s->entered)
        return false;
    visit_up(c);
    return true;
}

/* What the user did to the screen is undone before it is left, as long as Home stays four presses
 * away; what is left is kept with its view, and so is what was done to the views above. */
static void back(struct console *c)
{
    enum { PRESSES = 4 };
    bool home = visit_home(c);
    c->climb++;
    if ((home || (!c->climbed && c->climb + visit_height(c) <= PRESSES)) && undo(c))
        return;
    c->climbed = true;
    if (home)
        c->quit = true;
    else
        visit_up(c);
}

/* Keys that are pressed once too often on the way back do not end the console. */
static bool at_top(struct console *c)
{
    struct pane *p = console_pane(c);
    return visit_home(c) && !console_screen(c)->zoom && !(p && (p->reading || p->inside || p->regex));
}

/* ---- tables ---- */

static void reverse(struct console *c)
{
    struct section *s = console_section(c);
    struct pane *p = console_pane(c);
    if (!s || !section_has_rows(s) || s->table.sort_column < 0)
        return;
    pane_set_sort(p, s->table.columns[s->table.sort_column].key, !s->table.sort_reverse);
    c->stale = true;
}

/* ---- data ---- */

/* Text as it is copied: only a line end is left of what is no character. */
static void plain_lines(struct strbuf *b)
{
    struct strbuf plain = {0};
    utf8_append_lines(&plain, strbuf_text(b), b->len);
    while (plain.len && plain.text[plain.len - 1] == '\n')
        plain.text[--plain.len] = '\0';
    strbuf_free(b);
    *b = plain;
}

void console_copy(struct console *c, const char *text)
{
    switch (c->env.copy(c->env.app, text)) {
    case COPIED:
        console_message(c, SEVERITY_GOOD, "Copied: %s", text);
        break;
    case COPIED_SENT: /* whether it has a clipboard, it does not say */
        console_message(c, SEVERITY_GOOD, "Sent to the terminal: %s", text);
        break;
    case COPIED_NOT:
        console_message(c, SEVERITY_WARN,
                        "This terminal cannot copy it; {key:export} writes the pane to a file");
        break;
    }
}

/* Pasted at the prompt of a shell each line runs at once, and the lines are not ours. */
static void ask_copy(struct console *c, const char *text, const struct text_language *language)
{
    struct outcome o = {.arena = arena_new()};
    char *shown = mem_strndup(text, 2000);
    int lines = 1;
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    o.question.title = "Copy several lines";
    o.question.what = arena_printf(
        o.arena, "It has %d lines. A shell runs each line as soon as it is pasted. Copy?", lines);
    outcome_fact(&o, "Text", shown);
    o.question.facts[0].language = language;
    const char *copied = arena_strdup(o.arena, text);
    question_open(c, &o);
    c->question->copy = copied;
    free(shown);
}

/* Of what is copied: a whole text, or what stands behind a row (`row`) that has a text in a language. */
static const struct text_language *copied_language(const struct section *s, bool row)
{
    if (s && s->kind == SECTION_TEXT && !s->copy)
        return s->language;
    for (size_t i = 0; row && s && section_has_rows(s) && i < s->table.n_columns; i++)
        if (s->table.columns[i].language)
            return s->table.columns[i].language;
    return NULL;
}

static void copy(struct console *c)
{
    struct section *s = console_section(c);
    struct pane *p = console_pane(c);
    struct strbuf b = {0};
    struct item it;
    /* The thing first; again, the row that it stands in. */
    bool item = console_item(c, &it), whole = item && it.copy && str_eq(c->copied, it.copy);
    bool copied = item && it.copy && !whole;
    free(c->copied);
    c->copied = copied ? mem_strdup(it.copy) : NULL;
    /* Between its columns an item has tabs of ours. */
    bool rows = !copied && s && (size_t)p->selected < section_items(s, p);
    if (copied)
        strbuf_str(&b, it.copy);
    else if (rows)
        section_item_text(s, p, (size_t)p->selected, &b);
    else if (s && s->kind == SECTION_TEXT && !s->copy)
        strbuf_str(&b, section_text(console_screen(c)->doc, s) ? s->text : "");
    else if (s && s->copy)
        strbuf_str(&b, s->copy);
    for (size_t i = 0; !rows && i < b.len; i++)
        if (b.text[i] == '\t')
            b.text[i] = ' ';
    plain_lines(&b);
    if (!b.len)
        console_message(c, SEVERITY_INFO, "There is nothing to copy in this pane");
    else if (!c->env.copy)
        console_message(c, SEVERITY_INFO, "There is no terminal to copy to");
    else if (strchr(b.text, '\n'))
        ask_copy(c, b.text, copied_language(s, copied));
    else
        console_copy(c, b.text);
    strbuf_free(&b);
}

/* ---- time ---- */

static void pause_or_go_on(struct console *c)
{
    struct console_reach u = console_reach(c);
    if (c->mode == CURSOR_LIVE) {
        c->at = console_cursor(c);
        c->mode = CURSOR_PAUSED;
    } else if (c->mode == CURSOR_PLAYING) {
        c->mode = CURSOR_PAUSED;
    } else if (c->env.replay) {
        if (sd_known(u.last) && c->at >= u.last && sd_known(u.first))
            c->at = u.first; /* at the end: from the beginning, as players do */
        c->now_seen = console_now(c);
        c->mode = CURSOR_PLAYING;
    } else {
        c->mode = CURSOR_LIVE;
    }
    c->stale = true;
}

static void go_live(struct console *c)
{
    struct console_reach u = console_reach(c);
    if (c->env.replay)
        console_seek(c, sd_known(u.last) ? u.last : c->at);
    else
        c->mode = CURSOR_LIVE;
    c->stale = true;
}

#define DAY_NS (86400 * SD_S)
static const int64_t WINDOWS[] = {
    10 * SD_S,  30 * SD_S,   60 * SD_S,       300 * SD_S,
    900 * SD_S, 3600 * SD_S, 6 * 3600 * SD_S, /* of what goes back weeks also: */
    DAY_NS,     7 * DAY_NS,  30 * DAY_NS,     90 * DAY_NS};
enum { WINDOWS_USUAL = 7 };

static void change_window(struct console *c, bool longer)
{
    int64_t *w = &c->env.config->settings->window_ns, next = *w;
    size_t usable = console_reach(c).step_ns ? ARRAY_LEN(WINDOWS) : WINDOWS_USUAL;
    for (size_t i = 0; i < usable; i++) {
        if (longer && WINDOWS[i] > *w) {
            next = WINDOWS[i];
            break;
        }
        if (!longer && WINDOWS[i] < *w)
            next = WINDOWS[i];
    }
    *w = next;
    char buf[UNIT_TEXT_MAX];
    console_message(c, SEVERITY_INFO, "The time window is the last %s", unit_format_int(UNIT_NS, next, buf));
    c->stale = true;
}

/* ---- dispatch ---- */

static void next_marked(struct console *c)
{
    if (!find_item(c, 1, is_marked))
        console_message(c, SEVERITY_INFO, "No row of this pane is marked");
}

static void ask_filter(struct console *c)
{
    prompt_open(c, PROMPT_FILTER, "");
}

static void ask_export(struct console *c)
{
    char name[64];
    snprintf(name, sizeof name, "%s.csv", console_screen(c)->view->name);
    prompt_open(c, PROMPT_EXPORT, name);
}

static void step(struct console *c, int direction)
{
    int64_t finest = MAX(c->env.config->settings->refresh_ns, SD_S);
    console_seek(c, add_sat(console_cursor(c), direction * MAX(console_reach(c).step_ns, finest)));
}

static void leap(struct console *c, int direction)
{
    console_seek(c, console_cursor(c) + direction * c->env.config->settings->window_ns);
}

static void switch_mouse(struct console *c)
{
    struct settings *set = c->env.config->settings;
    set->mouse = !set->mouse;
    if (c->env.set_mouse)
        c->env.set_mouse(c->env.app, set->mouse);
    console_message(c, SEVERITY_INFO, "The mouse is %s",
                    set->mouse ? "on: hold Shift to select text" : "off");
}

static void redraw(struct console *c)
{
    if (c->env.redraw)
        c->env.redraw(c->env.app);
    console_rebuild(c);
}

static void suspend(struct console *c)
{
    if (c->env.suspend)
        c->env.suspend(c->env.app);
}

/* What each general action does: X(UPPER, statement). An action without a row does not compile. */
#define ACTS(X)                                                                                              \
    X(UP, move(c, MOVE_UP))                                                                                  \
    X(DOWN, move(c, MOVE_DOWN))                                                                              \
    X(LEFT, move(c, MOVE_LEFT))                                                                              \
    X(RIGHT, move(c, MOVE_RIGHT))                                                                            \
    X(PAGE_UP, move(c, MOVE_PAGE_UP))                                                                        \
    X(PAGE_DOWN, move(c, MOVE_PAGE_DOWN))                                                                    \
    X(FIRST, move(c, MOVE_FIRST))                                                                            \
    X(LAST, move(c, MOVE_LAST))                                                                              \
    X(NEXT_PANE, next_pane(c, 1))                                                                            \
    X(PREVIOUS_PANE, next_pane(c, -1))                                                                       \
    X(ZOOM, console_screen(c)->zoom = !console_screen(c)->zoom)                                              \
    X(DIVE, dive(c))                                                                                         \
    X(BACK, back(c))                                                                                         \
    X(LAST_SCREEN, visit_last(c))                                                                            \
    X(HISTORY_BACK, visit_history(c, -1))                                                                    \
    X(HISTORY_FORWARD, visit_history(c, 1))                                                                  \
    X(NEXT_VIEW, visit_beside(c, 1))                                                                         \
    X(PREVIOUS_VIEW, visit_beside(c, -1))                                                                    \
    X(LINKED, linked_open(c))                                                                                \
    X(WORST, select_worst(c))                                                                                \
    X(NEXT_FINDING, next_marked(c))                                                                          \
    X(FILTER, ask_filter(c))                                                                                 \
    X(NEXT_MATCH, search(c, 1))                                                                              \
    X(PREVIOUS_MATCH, search(c, -1))                                                                         \
    X(SORT, overlay_open(c, OVERLAY_SORT))                                                                   \
    X(REVERSE, reverse(c))                                                                                   \
    X(COLUMNS, overlay_open(c, OVERLAY_COLUMNS))                                                             \
    X(PAUSE, pause_or_go_on(c))                                                                              \
    X(STEP_BACK, step(c, -1))                                                                                \
    X(STEP_FORWARD, step(c, 1))                                                                              \
    X(LEAP_BACK, leap(c, -1))                                                                                \
    X(LEAP_FORWARD, leap(c, 1))                                                                              \
    X(LIVE, go_live(c))                                                                                      \
    X(WINDOW_SHORTER, change_window(c, false))                                                               \
    X(WINDOW_LONGER, change_window(c, true))                                                                 \
    X(COPY, copy(c))                                                                                         \
    X(EXPORT, ask_export(c))                                                                                 \
    X(HELP, overlay_open(c, OVERLAY_HELP))                                                                   \
    X(COMMAND, prompt_open(c, PROMPT_COMMAND, ""))                                                           \
    X(MOUSE, switch_mouse(c))                                                                                \
    X(REDRAW, redraw(c))                                                                                     \
    X(SUSPEND, suspend(c))                                                                                   \
    X(QUIT, c->quit = true)

#define ACT_FUNCTION(UPPER, statement)                                                                       \
    static void act_##UPPER(struct console *c)                                                               \
    {                                                                                                        \
        statement;                                                                                           \
    }
ACTS(ACT_FUNCTION)
#undef ACT_FUNCTION

/* One for each of ACTIONS: the names must meet. */
static void (*const ACT[ACTION_END])(struct console *c) = {
#define ACT_ROW(UPPER, name, group, keys, bar, help) [ACTION_##UPPER] = act_##UPPER,
    ACTIONS(ACT_ROW)
#undef ACT_ROW
};

void console_act(struct console *c, int action)
{
    struct sd_error err = {""};
    if (action != ACTION_COPY) {
        free(c->copied);
        c->copied = NULL;
    }
    if (action > ACTION_NONE && action < ACTION_END)
        ACT[action](c);
    else if (action != ACTION_NONE && !ask_action(c, action, NULL, &err))
        console_message(c, SEVERITY_INFO, "%s", err.text);
}

void console_key(struct console *c, key_code key)
{
    free(c->message);
    c->message = NULL;
    if (c->prompt) {
        prompt_key(c, key);
        return;
    }
    if (c->question) {
        question_key(c, key);
        return;
    }
    if (c->overlay) {
        overlay_key(c, key);
        return;
    }
    if (key == K_ESC && (ask_stop(c) || looking_stop(c)))
        return;
    int a = keymap_lookup(c->env.config->keymap, key);
    if (a == ACTION_BACK && (key == K_ESC || key == K_BACKSPACE) && at_top(c)) {
        console_message(c, SEVERITY_INFO, "This is Home; {key:quit} quits");
        return;
    }
    if (a != ACTION_BACK) {
        c->climb = 0;
        c->climbed = false;
    }
    if (a) {
        console_act(c, a);
        return;
    }
    if (key >= '0' && key <= '9') { /* a place, always the same one */
        visit_place(c, (int)(key - '0'));
        return;
    }
    char name[24];
    console_message(c, SEVERITY_INFO, "%s has no function; {key:help} shows the keys", key_format(key, name));
}

void console_paste(struct console *c, const char *text)
{
    if (c->prompt)
        prompt_insert(c, text);
}

/* ---- the mouse ---- */

static bool click_bar(struct console *c, int x, int y)
{
    for (size_t i = 0; i < c->n_hits; i++) {
        if (!in_rect(c->hits[i].r, x, y))
            continue;
        if (c->hits[i].view)
            visit_view(c, c->hits[i].view, NULL);
        else if (c->hits[i].place >= 0)
            visit_place(c, c->hits[i].place);
        else
            console_act(c, c->hits[i].action);
        return true;
    }
    return false;
}

void console_mouse(struct console *c, enum mouse_event event, int x, int y)
{
    struct screen *s = console_screen(c);
    if (c->prompt || c->question)
        return;
    if (c->overlay) {
        if (event == MOUSE_WHEEL_UP || event == MOUSE_WHEEL_DOWN)
            overlay_key(c, event == MOUSE_WHEEL_UP ? K_UP : K_DOWN);
        return;
    }
    console_build(c);
    if (event == MOUSE_CLICK && click_bar(c, x, y))
        return;
    for (size_t i = s->doc->n_sections; i-- > 0;) { /* a shared border is the title of the lower pane */
        if (!in_rect(c->rects[i], x, y))
            continue;
        struct rect r = c->rects[i];
        struct rect in = {r.x + 1, r.y + 1, r.w - 2, r.h - 2};
        s->focus = i;
        s->focused = true;
        struct section *sec = &s->doc->sections[i];
        struct pane *p = screen_pane(s, i);
        if (event == MOUSE_WHEEL_UP || event == MOUSE_WHEEL_DOWN) {
            for (int k = section_ops(sec)->items ? 1 : TEXT_WHEEL; k > 0; k--)
                move(c, event == MOUSE_WHEEL_UP ? MOVE_UP : MOVE_DOWN);
            return;
        }
        int heading = section_has_rows(sec) && y == in.y ? pane_heading(p, x - in.x) : -1;
        if (heading >= 0) {
            columns_click(c, heading);
            return;
        }
        int item = section_ops(sec)->hit ? section_ops(sec)->hit(in, sec, p, x, y) : -1;
        if (item < 0)
            return;
        section_select(sec, p, item);
        if (event == MOUSE_DOUBLE_CLICK)
            dive(c);
        return;
    }
}
