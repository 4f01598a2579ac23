/* What : takes: commands, names of views and of actions. */
#include "ui/state.h"

#include "base/clock.h"
#include "base/suggest.h"
#include "conf/theme.h"
#include "sink/print.h"
#include "ui/actions.h"

#include <stdlib.h>
#include <strings.h>

/* ---- export ---- */

bool command_export(struct console *c, const char *path, struct sd_error *err)
{
    enum print_format f;
    struct section *s = console_section(c);
    struct doc *d = console_screen(c)->doc;
    if (!c->env.write_file)
        return fail(err, "files cannot be written from here");
    if (!s)
        return fail(err, "there is nothing to write in this view");
    if (!print_format_of_file(path, &f))
        return fail(
            err, "the file name must end in .csv, .json, .md or .txt; a flame graph's also in .svg, .folded, "
                 ".speedscope.json or .pb.gz");
    if (!print_format_fits(d, f, err))
        return false;
    struct strbuf out = {0};
    print_section(d, s, f, &(struct print_options){.ascii = false}, &out);
    bool ok = c->env.write_file(c->env.app, path, strbuf_text(&out), out.len, err);
    strbuf_free(&out);
    if (ok)
        console_message(c, SEVERITY_GOOD, "Written to %s", path);
    return ok;
}

/* ---- commands ---- */

static bool do_at(struct console *c, const char *arg, struct sd_error *err)
{
    bool past = c->env.replay || sd_known(c->anchor); /* a recording, a log of another day */
    struct console_reach u = console_reach(c);
    sd_time t;
    if (!strcmp(arg, "now")) {
        console_act(c, ACTION_LIVE);
        return true;
    }
    if (!clock_parse_within(arg, past ? u.first : SD_UNKNOWN,
                            past && sd_known(u.last) ? u.last : console_now(c), &t, err))
        return false;
    c->mode = c->mode == CURSOR_LIVE ? CURSOR_PAUSED : c->mode;
    console_seek(c, t);
    return true;
}

static bool do_speed(struct console *c, const char *arg, struct sd_error *err)
{
    char *end;
    double v = strtod(arg, &end);
    if (end == arg || *end || !(v > 0) || v > 10000)
        return fail(err, "speed takes a number above 0, such as 10");
    c->speed = v;
    if (!c->env.replay)
        return fail(err, "speed is for recordings only; this is live data");
    console_message(c, SEVERITY_INFO, "{key:pause} plays at %g times the speed", v);
    return true;
}

static bool do_setting(struct console *c, const char *name, const char *value, struct sd_error *err)
{
    struct settings *s = c->env.config->settings;
    if (!settings_set(s, name, value, err))
        return false;
    if (!strcmp(name, "theme") && c->env.set_theme)
        c->env.set_theme(c->env.app, s->theme);
    if (!strcmp(name, "mouse") && c->env.set_mouse)
        c->env.set_mouse(c->env.app, s->mouse);
    console_rebuild(c);
    return true;
}

static bool do_set(struct console *c, const char *arg, struct sd_error *err)
{
    const char *eq = strchr(arg, '=');
    if (!eq)
        return fail(err, "write it like :set refresh=2s");
    char *name = mem_strndup(arg, (size_t)(eq - arg));
    bool ok = do_setting(c, name, eq + 1, err);
    free(name);
    return ok;
}

static bool do_search(struct console *c, const char *arg, struct sd_error *err)
{
    struct regex *r = regex_new(arg, err);
    if (!r)
        return false;
    regex_free(c->search);
    c->search = r;
    console_act(c, ACTION_NEXT_MATCH);
    return true;
}

static bool do_filter(struct console *c, const char *arg, struct sd_error *err)
{
    struct pane *p = console_pane(c);
    c->stale = true;
    return !p || pane_set_filter(p, arg, err);
}

static bool do_source(struct console *c, const char *arg, struct sd_error *err)
{
    if (!c->env.add_source)
        return fail(err, "sources cannot be added here");
    if (!c->env.add_source(c->env.app, arg, err))
        return false;
    console_message(c, SEVERITY_GOOD, "Added; the view sources shows its state");
    return true;
}

static bool do_record(struct console *c, const char *arg, struct sd_error *err)
{
    if (!c->env.record)
        return fail(err, "there is nothing to record here");
    bool append = str_starts(arg, "--append");
    if (append) {
        arg += strlen("--append");
        arg += strspn(arg, " ");
        if (!*arg)
            return fail(err, "record --append needs FILE: the recording to continue");
    }
    if (!c->env.record(c->env.app, *arg ? arg : NULL, append, err))
        return false;
    console_message(c, SEVERITY_GOOD, *arg ? "Recording to %s; :record alone stops" : "Recording stopped%s",
                    arg);
    return true;
}

static bool run(struct console *c, enum command cmd, const char *arg, struct sd_error *err)
{
    const struct command_info *info = &COMMAND_INFO[cmd];
    if (*info->args && *info->args != '[' && !*arg && cmd != COMMAND_record)
        return fail(err, "%s needs %s: %s", info->name, info->args, info->help);
    switch (cmd) {
    case COMMAND_at:
        return do_at(c, arg, err);
    case COMMAND_speed:
        return do_speed(c, arg, err);
    case COMMAND_window:
        return do_setting(c, "window", arg, err);
    case COMMAND_sort:
        return columns_sort(c, arg, err);
    case COMMAND_columns:
        return columns_choose(c, arg, err);
    case COMMAND_filter:
        return do_filter(c, arg, err);
    case COMMAND_search:
        return do_search(c, arg, err);
    case COMMAND_export:
        return command_export(c, arg, err);
    case COMMAND_theme:
        return do_setting(c, "theme", arg, err);
    case COMMAND_set:
        return do_set(c, arg, err);
    case COMMAND_source:
        return do_source(c, arg, err);
    case COMMAND_record:
        return do_record(c, arg, err);
    case COMMAND_save:
        return command_save(c, arg, err);
    case COMMAND_help:
        overlay_open(c, OVERLAY_HELP);
        return true;
    case COMMAND_quit:
        c->quit = true;
        return true;
    case COMMAND_NONE:
    case COMMAND_END:
        break;
    }
    return fail(err, "there is no such command");
}

static enum command command_named(const char *name)
{
    enum command found = COMMAND_NONE;
    int several = 0;
    if (!strcmp(name, "q")) /* as in other programs, whatever else begins so */
        return COMMAND_quit;
    for (int i = COMMAND_NONE + 1; i < COMMAND_END; i++) {
        if (!strcasecmp(COMMAND_INFO[i].name, name))
            return (enum command)i;
        if (!strncasecmp(COMMAND_INFO[i].name, name, strlen(name))) {
            found = (enum command)i;
            several++;
        }
    }
    return several == 1 ? found : COMMAND_NONE;
}

enum subject_kind command_subject(const struct console *c, const char *word, bool *exact)
{
    const struct action_table *all = keymap_actions(c->env.config->keymap);
    enum command cmd = *word ? command_named(word) : COMMAND_NONE;
    bool full = cmd && (!strcasecmp(COMMAND_INFO[cmd].name, word) || !strcmp(word, "q"));
    *exact = true;
    if (full)
        return SUBJECT_COMMAND;
    if (action_named(all, word))
        return SUBJECT_ACTION;
    *exact = *word && view_exactly(word);
    if (*exact)
        return SUBJECT_VIEW;
    size_t views = 0;
    for (const struct view *const *v = VIEWS; *word && *v; v++)
        views += !strncasecmp((*v)->name, word, strlen(word));
    if (views + (cmd != COMMAND_NONE) != 1) /* none, or it is not clear which */
        return SUBJECT_NONE;
    return cmd ? SUBJECT_COMMAND : SUBJECT_VIEW;
}

/* "/REGEX/" */
static bool is_filter(const char *arg)
{
    size_t n = strlen(arg);
    return n >= 2 && arg[0] == '/' && arg[n - 1] == '/';
}

/* A view, its argument or a filter of its rows: ":queries /orders/". */
static bool open_view(struct console *c, const struct view *v, const char *arg, struct sd_error *err)
{
    bool filter = is_filter(arg);
    if (*arg && !filter && !v->about)
        return fail(err, "%s takes no argument; :%s /REGEX/ shows only rows that match", v->name, v->name);
    visit_view(c, v, *arg && !filter ? arg : NULL);
    if (!filter)
        return true;
    char *pattern = mem_strndup(arg + 1, strlen(arg) - 2);
    struct pane *p = console_pane(c);
    bool ok = !p || pane_set_filter(p, pattern, err);
    c->stale = true;
    free(pattern);
    return ok;
}

static void try_name(struct suggest *s, struct strbuf *several, size_t *n, const char *name)
{
    suggest_try(s, name);
    if (*s->word && !strncasecmp(name, s->word, strlen(s->word)))
        strbuf_printf(several, "%s%s", (*n)++ ? ", " : "", name);
}

/* Several that begin so are listed; of none the one that was meant. */
static bool no_such_command(struct console *c, const char *name, struct sd_error *err)
{
    struct suggest s = {.word = name};
    struct strbuf several = {0};
    size_t n = 0;
    const struct action_table *all = keymap_actions(c->env.config->keymap);
    char key[32];
    for (const struct view *const *v = VIEWS; *v; v++)
        try_name(&s, &several, &n, (*v)->name);
    for (int i = COMMAND_NONE + 1; i < COMMAND_END; i++)
        try_name(&s, &several, &n, COMMAND_INFO[i].name);
    for (int i = ACTION_NONE + 1; i < action_end(all); i++)
        try_name(&s, &several, &n, action_at(all, i)->name);
    if (n > 1)
        fail(err, "%s may be %s", name, several.text);
    else if (s.best)
        fail(err, "there is no command %s; did you mean %s?", name, s.best);
    else
        fail(err, "there is no command %s; %s lists them", name,
             keymap_key_of(c->env.config->keymap, "help", key, sizeof key));
    strbuf_free(&several);
    return false;
}

bool console_command(struct console *c, const char *line, struct sd_error *err)
{
    while (*line == ' ' || *line == ':')
        line++;
    size_t len = strcspn(line, " ");
    char *name = mem_strndup(line, len);
    char *arg = mem_strdup(line + len + strspn(line + len, " "));
    for (size_t n = strlen(arg); n && arg[n - 1] == ' ';)
        arg[--n] = 0;
    const struct view *v = *name ? view_named(name) : NULL;
    const struct action_table *all = keymap_actions(c->env.config->keymap);
    int action = action_named(all, name);
    const struct action_info *info = action_at(all, action);
    bool exact, ok = true;
    enum subject_kind kind = command_subject(c, name, &exact);
    if (kind == SUBJECT_COMMAND)
        ok = run(c, command_named(name), arg, err);
    else if (info && info->args && *arg)
        ok = ask_action(c, action, arg, err);
    else if (info && !(v && *arg)) /* "plan" is both; with an argument it is the view */
        console_act(c, action);
    else if (kind == SUBJECT_VIEW || (info && v))
        ok = open_view(c, v, arg, err);
    else
        ok = no_such_command(c, name, err);
    free(name);
    free(arg);
    return ok;
}

/* ---- completion ---- */

struct words {
    const char *stem;
    struct strbuf *common, *all;
    size_t n;
};

static void offer(struct words *w, const char *word)
{
    size_t stem = strlen(w->stem);
    if (strncmp(word, w->stem, stem) != 0)
        return;
    const char *rest = word + stem;
    if (w->n++ == 0) {
        strbuf_str(w->common, rest);
    } else {
        size_t same = 0;
        while (same < w->common->len && rest[same] == w->common->text[same])
            same++;
        w->common->len = same;
        if (w->common->text)
            w->common->text[same] = 0;
    }
    if (w->all->len < 400)
        strbuf_printf(w->all, "%s%s", w->all->len ? "  " : "", word);
}

static void offer_columns(struct console *c, struct words *w)
{
    struct section *s = console_section(c);
    for (size_t i = 0; s && section_has_rows(s) && i < s->table.n_columns; i++)
        offer(w, s->table.columns[i].key);
}

static void offer_arguments(struct console *c, const char *name, struct words *w)
{
    enum command cmd = command_named(name);
    const struct view *v = view_named(name);
    const struct view_action *a = actions_of_view(action_named(keymap_actions(c->env.config->keymap), name));
    if (cmd == COMMAND_sort || cmd == COMMAND_columns)
        offer_columns(c, w);
    else if (a && a->word)
        for (size_t i = 0; a->word(i); i++)
            offer(w, a->word(i));
    else if (cmd == COMMAND_theme)
        for (const char *const *t = theme_builtin_names(); *t; t++)
            offer(w, *t);
    else if (cmd == COMMAND_set)
        for (const struct sd_option *o = SETTINGS_OPTIONS; o->name; o++) {
            char *word = mem_printf("%s=", o->name);
            offer(w, word);
            free(word);
        }
    else if (v && v->subject)
        for (size_t i = 0; v->subject(c->env.model, i); i++)
            offer(w, v->subject(c->env.model, i));
}

void command_complete(struct console *c, const char *line, struct strbuf *common, struct strbuf *all)
{
    const char *space = strchr(line, ' ');
    struct words w = {.common = common, .all = all};
    if (!space) {
        w.stem = line;
        for (int i = COMMAND_NONE + 1; i < COMMAND_END; i++)
            offer(&w, COMMAND_INFO[i].name);
        for (const struct view *const *v = VIEWS; *v; v++)
            offer(&w, (*v)->name);
        const struct action_table *actions = keymap_actions(c->env.config->keymap);
        for (int i = ACTION_NONE + 1; i < action_end(actions); i++)
            if (!command_named(action_at(actions, i)->name) && !view_exactly(action_at(actions, i)->name))
                offer(&w, action_at(actions, i)->name);
    } else {
        char *name = mem_strndup(line, (size_t)(space - line));
        const struct view *v = view_named(name);
        /* An endpoint's name has a space in it: the stem is everything after the verb. */
        const char *last = strrchr(line, ' ');
        w.stem = v ? space + 1 : last + 1;
        offer_arguments(c, name, &w);
        free(name);
    }
    if (w.n == 1 && !str_ends(strbuf_text(common), "="))
        strbuf_char(common, ' ');
    if (w.n <= 1)
        strbuf_clear(all);
}
