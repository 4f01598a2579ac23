/* The line at the bottom: editing, history, completion. */
#include "ui/state.h"

#include "base/redact.h"
#include "base/utf8.h"

#include <stdlib.h>

enum { LINE_MAX = 2000, HISTORY_MAX = 100 };

const char *prompt_label(const struct console *c)
{
    static const char *const labels[] = {[PROMPT_NONE] = "",
                                         [PROMPT_COMMAND] = ":",
                                         [PROMPT_FILTER] = "Filter: ",
                                         [PROMPT_SEARCH] = "Search: ",
                                         [PROMPT_EXPORT] = "Write to: "};
    return c->prompt == PROMPT_ACTION ? c->prompt_label : labels[c->prompt];
}

static void set_line(struct console *c, const char *text)
{
    strbuf_clear(&c->line);
    strbuf_str(&c->line, text);
    c->caret = c->line.len;
}

void prompt_open(struct console *c, enum prompt_kind kind, const char *text)
{
    c->prompt = kind;
    c->no_pattern = false;
    c->history_at = c->n_history;
    free(c->filter_before);
    const struct pane *p = kind == PROMPT_FILTER ? console_pane(c) : NULL;
    c->filter_before = p && p->filter ? mem_strdup(p->filter) : NULL;
    set_line(c, text);
    if (kind == PROMPT_COMMAND)
        palette_refresh(c);
}

static void prompt_close(struct console *c)
{
    c->prompt = PROMPT_NONE;
    free(c->completions);
    free(c->hint);
    free(c->prompt_label);
    free(c->prompt_about);
    c->completions = c->hint = c->prompt_label = c->prompt_about = NULL;
    palette_close(c);
}

/* ---- editing ---- */

static void erase(struct console *c, size_t from, size_t to)
{
    memmove(c->line.text + from, c->line.text + to, c->line.len - to + 1);
    c->line.len -= to - from;
    c->caret = from;
}

static size_t before(const struct console *c, size_t at)
{
    const char *s = strbuf_text(&c->line);
    while (at > 0 && ((unsigned char)s[--at] & 0xC0) == 0x80)
        ;
    return at;
}

static size_t after(const struct console *c, size_t at)
{
    const char *s = strbuf_text(&c->line);
    if (at < c->line.len)
        at++;
    while (at < c->line.len && ((unsigned char)s[at] & 0xC0) == 0x80)
        at++;
    return at;
}

static size_t word_start(const struct console *c)
{
    const char *s = strbuf_text(&c->line);
    size_t at = c->caret;
    while (at > 0 && s[at - 1] == ' ')
        at--;
    while (at > 0 && s[at - 1] != ' ')
        at--;
    return at;
}

static void insert(struct console *c, const char *bytes, size_t n)
{
    if (c->line.len + n > LINE_MAX)
        return;
    size_t tail = c->line.len - c->caret;
    strbuf_pad(&c->line, ' ', n);
    memmove(c->line.text + c->caret + n, c->line.text + c->caret, tail);
    memcpy(c->line.text + c->caret, bytes, n);
    c->caret += n;
}

/* A filter is tried as it is typed; what is not yet a pattern waits, and is said. */
static void preview(struct console *c)
{
    struct sd_error ignored;
    struct pane *p = console_pane(c);
    if (c->prompt == PROMPT_COMMAND) {
        palette_refresh(c);
    } else if (c->prompt == PROMPT_FILTER && p) {
        c->no_pattern = !pane_set_filter(p, strbuf_text(&c->line), &ignored);
        c->stale = true;
    } else if (c->prompt == PROMPT_SEARCH) {
        struct regex *r = regex_new(strbuf_text(&c->line), &ignored);
        c->no_pattern = !r;
        regex_free(r);
    }
}

/* What is pasted is one line of characters that can be shown. */
void prompt_insert(struct console *c, const char *text)
{
    struct strbuf safe = {0};
    utf8_append(&safe, text, LINE_MAX);
    insert(c, strbuf_text(&safe), safe.len);
    strbuf_free(&safe);
    preview(c);
}

/* ---- history ---- */

/* A line with a password in it is not shown again. */
static bool may_repeat(const char *line)
{
    struct secrets *s = secrets_of(line);
    bool may = !secrets_any(s);
    secrets_free(s);
    return may;
}

static void remember(struct console *c, const char *line)
{
    if (!*line || !may_repeat(line) || (c->n_history && !strcmp(c->history[c->n_history - 1], line)))
        return;
    if (c->n_history == HISTORY_MAX) {
        free(c->history[0]);
        memmove(c->history, c->history + 1, (HISTORY_MAX - 1) * sizeof *c->history);
        c->n_history--;
    }
    c->history = mem_realloc(c->history, (c->n_history + 1) * sizeof *c->history);
    c->history[c->n_history++] = mem_strdup(line);
}

/* The filter prompt opens empty: what was in force before, or was typed last in this session, is above. */
static void recall_filter(struct console *c, int step)
{
    const char *old = c->filter_before ? c->filter_before : c->filter_last;
    set_line(c, step < 0 && old ? old : "");
    preview(c);
}

static void recall(struct console *c, int step)
{
    if (c->prompt == PROMPT_FILTER)
        recall_filter(c, step);
    if (c->prompt != PROMPT_COMMAND || !c->n_history)
        return;
    if (step < 0 && c->history_at > 0)
        c->history_at--;
    else if (step > 0 && c->history_at < c->n_history)
        c->history_at++;
    set_line(c, c->history_at < c->n_history ? c->history[c->history_at] : "");
    palette_refresh(c);
}

/* ---- what Enter does ---- */

/* The row of the palette that is chosen. */
static void accept_choice(struct console *c)
{
    struct sd_error err = {""};
    const struct choice *x = choices_selected(&c->choices);
    if (x->line && !x->more)
        remember(c, x->line);
    c->prompt = PROMPT_NONE;
    if (!palette_accept(c, &err))
        console_message(c, SEVERITY_WARN, "%s", err.text);
}

static void accept(struct console *c)
{
    if (c->prompt == PROMPT_COMMAND && palette_chosen(c)) {
        accept_choice(c);
        return;
    }
    struct sd_error err = {""};
    enum prompt_kind kind = c->prompt;
    char *line = mem_strdup(strbuf_text(&c->line));
    char *about = mem_strdup(c->prompt_about);
    bool ok = true;
    if (kind == PROMPT_COMMAND)
        remember(c, line);
    prompt_close(c);
    struct pane *p = console_pane(c);
    switch (kind) {
    case PROMPT_COMMAND:
        ok = !*line || console_command(c, line, &err);
        break;
    case PROMPT_FILTER:
        ok = !p || pane_set_filter(p, line, &err);
        c->stale = true;
        if (ok && *line) {
            free(c->filter_last);
            c->filter_last = mem_strdup(line);
        }
        break;
    case PROMPT_SEARCH: {
        struct regex *r = regex_new(line, &err);
        if ((ok = r != NULL)) {
            regex_free(c->search);
            c->search = r;
            console_act(c, ACTION_NEXT_MATCH);
        }
        break;
    }
    case PROMPT_EXPORT:
        ok = command_export(c, line, &err);
        break;
    case PROMPT_ACTION:
        ask_typed(c, c->prompt_action, about, line);
        break;
    case PROMPT_NONE:
        break;
    }
    if (!ok)
        console_message(c, SEVERITY_WARN, "%s", err.text);
    free(about);
    free(line);
}

static void complete(struct console *c)
{
    struct strbuf common = {0}, all = {0};
    if (c->prompt != PROMPT_COMMAND || c->caret != c->line.len)
        return;
    command_complete(c, strbuf_text(&c->line), &common, &all);
    if (common.len) {
        insert(c, common.text, common.len);
        palette_refresh(c);
    } else if (palette_chosen(c) && choices_selected(&c->choices)->line) {
        char *line = mem_printf("%s ", choices_selected(&c->choices)->line);
        set_line(c, line);
        free(line);
        palette_refresh(c);
    } else if (c->choices.n) {
        choices_move(&c->choices, 1);
    }
    free(c->completions); /* where the list stands it says the same, and more */
    c->completions = all.len && !c->choices.n ? strbuf_detach(&all) : NULL;
    strbuf_free(&common);
    strbuf_free(&all);
}

/* In the list; above its first row stands the history. */
static void up_or_down(struct console *c, int step)
{
    bool recalls = c->history_at < c->n_history || !c->choices.n || (step < 0 && c->choices.selected <= 0);
    if (c->prompt == PROMPT_COMMAND && !recalls)
        choices_move(&c->choices, step);
    else
        recall(c, step);
}

/* Nothing of what was typed counts. */
static void give_up(struct console *c)
{
    if (c->prompt == PROMPT_FILTER && console_pane(c)) {
        struct sd_error ignored; /* it was a pattern before */
        pane_set_filter(console_pane(c), c->filter_before, &ignored);
        c->stale = true;
    }
    prompt_close(c);
}

void prompt_key(struct console *c, key_code key)
{
    if (key != K_TAB) {
        free(c->completions);
        c->completions = NULL;
    }
    switch (key) {
    case K_ENTER:
        accept(c);
        return;
    case K_ESC:
    case K_CTRL | 'c':
    case K_CTRL | 'g':
        give_up(c);
        return;
    case K_BACKSPACE:
        if (!c->line.len) {
            give_up(c);
            return;
        }
        if (c->caret)
            erase(c, before(c, c->caret), c->caret);
        break;
    case K_DELETE:
    case K_CTRL | 'd':
        if (c->caret < c->line.len) {
            size_t from = c->caret;
            erase(c, from, after(c, from));
        }
        break;
    case K_LEFT:
    case K_CTRL | 'b':
        c->caret = before(c, c->caret);
        return;
    case K_RIGHT:
    case K_CTRL | 'f':
        c->caret = after(c, c->caret);
        return;
    case K_HOME:
    case K_CTRL | 'a':
        c->caret = 0;
        return;
    case K_END:
    case K_CTRL | 'e':
        c->caret = c->line.len;
        return;
    case K_CTRL | 'u':
        if (c->caret)
            erase(c, 0, c->caret);
        break;
    case K_CTRL | 'k':
        if (c->line.len)
            erase(c, c->caret, c->line.len);
        break;
    case K_CTRL | 'w':
        if (c->caret)
            erase(c, word_start(c), c->caret);
        break;
    case K_UP:
    case K_DOWN:
        up_or_down(c, key == K_UP ? -1 : 1);
        return;
    case K_PGUP:
    case K_PGDN:
        choices_move(&c->choices, (key == K_PGUP ? -1 : 1) * MAX(c->choices.page, 1));
        return;
    case K_TAB:
        complete(c);
        return;
    case K_SPACE:
        insert(c, " ", 1);
        break;
    default:
        if (key > ' ' && key < 0x110000) {
            char bytes[4];
            insert(c, bytes, utf8_encode(key, bytes));
        }
    }
    preview(c);
}
