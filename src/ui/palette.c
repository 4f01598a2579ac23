/* The palette: what fits the line after ":", to choose from. Views come first, then the things
 * they list, then commands and actions; what was used lately comes before the others. */
#include "core/table.h"
#include "ui/section/section.h"
#include "ui/state.h"

#include <stdlib.h>
#include <strings.h>

enum {
    RECENT_MAX = 20,  /* lines of the history that count as recent */
    THINGS_MAX = 200, /* rows of things in the list */
    FIT_STEPS = 8
};

/* Groups of rows, in the order of the list. */
enum group { GROUP_RECENT, GROUP_VIEW, GROUP_THING, GROUP_COMMAND, GROUP_WEAK };

/* What has the letters only somewhere in it comes after all others. */
static int rank(enum group group, int fit)
{
    return (int)(fit > 3 ? GROUP_WEAK : group) * FIT_STEPS + fit;
}

/* ---- things: the rows of the lists ---- */

struct thing {
    char *name;
    const struct view *list; /* where it stands */
    const struct view *view; /* what opens it; NULL: it is selected in the list */
    char *arg;
};

struct things {
    struct thing *items;
    size_t n, cap;
};

/* The text of the row that names it: its widest column. */
static char *name_of(const struct section *s, const struct view *v, const struct row *r)
{
    struct strbuf b = {0};
    int named = v->thing ? table_column(&s->table, v->thing) : -1;
    for (size_t i = 0; i < s->table.n_columns; i++) {
        const struct column *col = &s->table.columns[i];
        bool part = (int)i == named || (col->flags & COLUMN_GROW) || (!b.len && i < 2);
        if (!part || (col->flags & COLUMN_HIDDEN) || r->cells[i].type == CELL_UNKNOWN)
            continue;
        if (b.len)
            strbuf_char(&b, ' ');
        cell_format(col, r->cells[i], &b);
    }
    return strbuf_detach(&b);
}

static void add_things(struct console *c, struct things *l, const struct view *v)
{
    struct view_ctx ctx = console_view_ctx(c);
    ctx.arg = NULL;
    struct doc *d = v->build(&ctx);
    for (size_t i = 0; i < d->n_sections; i++) {
        struct section *s = &d->sections[i];
        if (!str_eq(s->key, v->rows ? v->rows : "rows") || !section_has_rows(s))
            continue;
        for (size_t k = 0; k < table_rows(&s->table); k++) {
            const struct row *r = table_row(&s->table, k);
            bool opens = r->dive.view && r->dive.arg && !v->thing;
            l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
            l->items[l->n++] = (struct thing){.name = name_of(s, v, r),
                                              .list = v,
                                              .view = opens ? view_exactly(r->dive.view) : NULL,
                                              .arg = opens ? mem_strdup(r->dive.arg) : NULL};
        }
    }
    doc_free(d);
}

/* Looked for once for each time the palette is open. */
static const struct things *things(struct console *c)
{
    if (c->things)
        return c->things;
    c->things = mem_alloc(sizeof *c->things);
    for (const struct view *const *v = VIEWS; *v; v++)
        if ((*v)->lists)
            add_things(c, c->things, *v);
    return c->things;
}

void palette_close(struct console *c)
{
    for (size_t i = 0; c->things && i < c->things->n; i++) {
        free(c->things->items[i].name);
        free(c->things->items[i].arg);
    }
    if (c->things)
        free(c->things->items);
    free(c->things);
    c->things = NULL;
    if (c->overlay != OVERLAY_LINKED)
        choices_clear(&c->choices);
}

/* ---- the list ---- */

/* Of the name, other names and, where nothing fits so, the words that describe it. */
static int fit_any(const char *typed, const char *name, const char *aliases, const char *words)
{
    int fit = choice_fit(typed, name);
    char alias[64];
    for (const char *p = aliases ? aliases : ""; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        snprintf(alias, sizeof alias, "%.*s", (int)MIN(len, sizeof alias - 1), p);
        int other = choice_fit(typed, alias);
        if (other >= 0 && other < 4 && (fit < 0 || other < fit))
            fit = other;
        p += len;
    }
    if (fit < 0 && words && strlen(typed) >= 3 && strcasestr(words, typed))
        fit = 5;
    return fit;
}

/* How recently the line was typed: 0 last; -1: not lately. */
static int recent(const struct console *c, const char *line)
{
    for (size_t i = 0; i < c->n_history && i < RECENT_MAX; i++)
        if (!strcasecmp(c->history[c->n_history - 1 - i], line))
            return (int)i;
    return -1;
}

static void add_choice(struct console *c, struct choice x, enum group group, int fit)
{
    bool lately = x.line && recent(c, x.line) >= 0;
    if (fit < 0)
        return;
    x.rank = rank(group, fit) * 2 + (lately ? 0 : 1);
    choices_add(&c->choices, x);
}

/* Lines of the history that no row of another group stands for. */
static void add_recent(struct console *c, const char *typed)
{
    for (size_t i = 0; i < c->n_history && i < RECENT_MAX; i++) {
        char *line = c->history[c->n_history - 1 - i];
        int fit = choice_fit(typed, line);
        if (recent(c, line) != (int)i || fit < 0 || fit > 3)
            continue;
        choices_add(&c->choices, (struct choice){.title = arena_strdup(c->choices.arena, line),
                                                 .place = "recent",
                                                 .line = arena_strdup(c->choices.arena, line),
                                                 .rank = rank(GROUP_RECENT, 0)});
    }
}

static void add_views(struct console *c, const char *typed)
{
    struct choices *l = &c->choices;
    for (const struct view *const *v = VIEWS; *v; v++) {
        int fit = fit_any(typed, (*v)->name, (*v)->aliases, (*v)->summary);
        add_choice(c,
                   (struct choice){.title = (*v)->name,
                                   .place = view_place_title((*v)->place),
                                   .summary = (*v)->summary,
                                   .key = (*v)->about && (*v)->place != PLACE_MAP
                                              ? NULL
                                              : arena_printf(l->arena, "%d", (int)(*v)->place),
                                   .line = (*v)->name,
                                   .view = *v},
                   GROUP_VIEW, fit);
    }
}

/* Each word that is typed is somewhere in it. */
static int fit_words(const char *typed, const char *text)
{
    int worst = 0;
    char *words = mem_strdup(typed), *save = NULL;
    for (char *w = strtok_r(words, " ", &save); w && worst >= 0; w = strtok_r(NULL, " ", &save)) {
        int fit = choice_fit(w, text);
        worst = fit < 0 || fit > 3 ? -1 : MAX(worst, fit);
    }
    free(words);
    return worst;
}

static void add_found(struct console *c, const char *typed)
{
    const struct things *all = things(c);
    size_t added = 0;
    for (size_t i = 0; i < all->n && added < THINGS_MAX; i++) {
        const struct thing *t = &all->items[i];
        int fit = fit_words(typed, t->name);
        if (fit < 0)
            continue;
        added++;
        add_choice(c,
                   (struct choice){.title = t->name,
                                   .place = arena_printf(c->choices.arena, "%s %s",
                                                         view_place_title(t->list->place), t->list->lists),
                                   .view = t->view ? t->view : t->list,
                                   .arg = t->arg,
                                   .select = t->view ? NULL : t->name},
                   GROUP_THING, MIN(fit, 2) == fit ? 1 : fit); /* in the order of the lists */
    }
}

static void add_commands(struct console *c, const char *typed)
{
    struct choices *l = &c->choices;
    for (int i = COMMAND_NONE + 1; i < COMMAND_END; i++) {
        const struct command_info *info = &COMMAND_INFO[i];
        add_choice(c,
                   (struct choice){.title = *info->args
                                                ? arena_printf(l->arena, "%s %s", info->name, info->args)
                                                : info->name,
                                   .place = "command",
                                   .summary = info->help,
                                   .line = info->name,
                                   .more = *info->args != '\0'},
                   GROUP_COMMAND, fit_any(typed, info->name, NULL, info->help));
    }
}

static void add_actions(struct console *c, const char *typed)
{
    struct choices *l = &c->choices;
    const struct keymap *k = c->env.config->keymap;
    const struct action_table *all = keymap_actions(k);
    for (int a = ACTION_NONE; (a = action_next(all, a));) {
        const struct action_info *info = action_at(all, a);
        char keys[64];
        keymap_keys(k, a, keys, sizeof keys);
        add_choice(c,
                   (struct choice){.title = info->name,
                                   .place = "action",
                                   .summary = info->help,
                                   .key = arena_strdup(l->arena, keys),
                                   .action = a},
                   GROUP_COMMAND, fit_any(typed, info->name, NULL, info->help));
    }
}

void palette_refresh(struct console *c)
{
    const char *line = strbuf_text(&c->line);
    char word[64];
    bool exact = false;
    choices_begin(&c->choices);
    c->choices.selected = -1;
    snprintf(word, sizeof word, "%.*s", (int)MIN(strcspn(line, " "), sizeof word - 1), line);
    if (strchr(line, ' ') && command_subject(c, word, &exact) != SUBJECT_NONE)
        return; /* its arguments are being typed */
    if (*line == '>') {
        add_actions(c, line + 1 + strspn(line + 1, " "));
    } else {
        add_recent(c, line);
        add_views(c, line);
        if (*line)
            add_found(c, line);
        add_commands(c, line);
    }
    choices_sort(&c->choices);
    bool known = *line != '>' && command_subject(c, word, &exact) != SUBJECT_NONE && exact;
    if (*line && !known && c->choices.n)
        c->choices.selected = 0;
}

bool palette_chosen(const struct console *c)
{
    return choices_selected(&c->choices) != NULL;
}

/* ---- what is chosen ---- */

/* The row of the list with that name gets the cursor. */
static void select_row(struct console *c, const struct choice *x)
{
    struct screen *s = console_screen(c);
    console_build(c);
    for (size_t i = 0; i < s->doc->n_sections; i++) {
        struct section *sec = &s->doc->sections[i];
        if (!str_eq(sec->key, x->view->rows ? x->view->rows : "rows") || !section_has_rows(sec))
            continue;
        for (size_t k = 0; k < table_rows(&sec->table); k++) {
            char *name = name_of(sec, x->view, table_row(&sec->table, k));
            bool found = str_eq(name, x->select);
            free(name);
            if (!found)
                continue;
            s->focus = i;
            s->focused = true;
            section_select(sec, screen_pane(s, i), (int)k);
            return;
        }
    }
}

static void open_choice(struct console *c, const struct choice *x)
{
    visit_view(c, x->view, x->arg);
    if (x->select)
        select_row(c, x);
}

bool palette_accept(struct console *c, struct sd_error *err)
{
    struct choices taken = c->choices;
    const struct choice *x = choices_selected(&taken);
    bool ok = true;
    c->choices = (struct choices){.selected = -1};
    if (x->view)
        open_choice(c, x);
    else if (x->action)
        console_act(c, x->action);
    else if (x->line && x->more) {
        char *line = mem_printf("%s ", x->line);
        prompt_open(c, PROMPT_COMMAND, line);
        free(line);
    } else if (x->line) {
        ok = console_command(c, x->line, err);
    }
    choices_clear(&taken);
    palette_close(c);
    return ok;
}
