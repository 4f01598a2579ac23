/* config.c - the settings table and the reader of the configuration file. */
#include "conf/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/trust.h"
#include "base/utf8.h"
#include "conf/policy.h"
#include "conf/tree.h"

#define SECOND 1e9
#define MIB    1048576.0

#define SETTING(field) .name = #field, .offset = offsetof(struct settings, field)
#define SETTING_NS(n)  .name = #n, .offset = offsetof(struct settings, n##_ns), .type = SD_OPTION_DURATION

const struct sd_option SETTINGS_OPTIONS[] = {
    {SETTING(theme), .type = SD_OPTION_TEXT, .fallback = "dark",
     .help = "colour theme: dark, light, mono, the name of a file in the themes folder, or a path"},
    {SETTING(unicode), .type = SD_OPTION_TEXT, .fallback = "auto",
     .help = "draw lines and graphs in Unicode: auto (from the locale), yes, no"},
    {SETTING(color), .type = SD_OPTION_TEXT, .fallback = "auto",
     .help = "use colours: auto (from the terminal and NO_COLOR), yes, no"},
    {SETTING(mouse), .type = SD_OPTION_BOOL, .fallback = "yes",
     .help = "use the mouse: click selects, double click opens, the wheel scrolls"},
    {SETTING_NS(escape_delay), .fallback = "100ms", .min = SECOND / 1000, .max = 10 * SECOND,
     .help = "how long the rest of a key may take after Esc; ESCDELAY (in ms) overrides it"},
    {SETTING_NS(refresh), .fallback = "1s", .min = SECOND / 10, .max = 3600 * SECOND,
     .help = "how often the figures on screen change"},
    {SETTING_NS(window), .fallback = "1m", .min = SECOND, .max = 400 * 86400 * SECOND,
     .help = "time window of the figures"},
    {SETTING_NS(retention), .fallback = "15m", .min = 60 * SECOND, .max = 7 * 86400 * SECOND,
     .help = "how long data is kept in memory"},
    {.name = "memory",
     .offset = offsetof(struct settings, memory_bytes),
     .type = SD_OPTION_BYTES,
     .fallback = "64MiB",
     .min = MIB,
     .max = 65536 * MIB,
     .help = "memory limit for this data, without traces; the oldest data is thinned first"},
    {.name = "traces_memory",
     .offset = offsetof(struct settings, traces_bytes),
     .type = SD_OPTION_BYTES,
     .fallback = "128MiB",
     .min = MIB,
     .max = 65536 * MIB,
     .help = "memory limit for traces, besides; slow and failed ones are kept longest"},
    {SETTING(show_literals), .type = SD_OPTION_BOOL, .fallback = "no",
     .help = "show constants in SQL; they may be personal data"},
    {SETTING(allow_actions), .type = SD_OPTION_BOOL, .fallback = "no",
     .help = "allow cancelling statements (C) and terminating sessions (K); each key asks first"},
    {SETTING_NS(analyze_limit), .fallback = "30s", .min = SECOND, .max = 3600 * SECOND,
     .help = "time limit of a statement under EXPLAIN ANALYZE (X)"},
    {SETTING(module_path), .type = SD_OPTION_TEXT,
     .fallback = SLOWDIVE_PREFIX "/lib/slowdive:~/.local/lib/slowdive",
     .help = "folders of sources that are shared objects, separated by colons"},
    {SETTING(log_file), .type = SD_OPTION_TEXT, .fallback = "$XDG_STATE_HOME/slowdive/slowdive.log",
     .help = "log file of slowdive; empty: no log"},
    {SETTING(exec_env), .type = SD_OPTION_LIST, .fallback = "",
     .help =
         "environment variables that exec: programs get in addition to PATH, HOME, LANG, LC_*, TZ, TMPDIR"},
    {SETTING(core_dumps), .type = SD_OPTION_BOOL, .fallback = "no",
     .help = "allow core files and debuggers; the memory of the process can contain passwords"},
    {SETTING(routes), .type = SD_OPTION_LIST, .fallback = "",
     .help = "route patterns such as /users/:name or /files/*; the first match is used"},
    {SETTING(flight), .type = SD_OPTION_BOOL, .fallback = "yes",
     .help = "flight recorder: the console records itself, for :save and replay --last"},
    {SETTING(flight_folder), .type = SD_OPTION_TEXT, .fallback = "$XDG_STATE_HOME/slowdive/flight",
     .help = "folder of the flight recorder"},
    {.name = "flight_size",
     .offset = offsetof(struct settings, flight_bytes),
     .type = SD_OPTION_BYTES,
     .fallback = "64MiB",
     .min = MIB,
     .max = 65536 * MIB,
     .help = "size limit of this folder; the oldest files are removed first"},
    {SETTING_NS(flight_age), .fallback = "24h", .min = 60 * SECOND, .max = 366 * 86400 * SECOND,
     .help = "older files of this folder are removed"},
    {.name = NULL},
};

/* ---- setting one value ---- */

/* "~/x" and "$XDG_STATE_HOME/x" made absolute in each colon-separated part; a part
 * that would need a home which is not there is left out. */
static char *expand_path(const char *value)
{
    const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
    struct strbuf out = {0};
    for (const char *p = value; *p; p += *p == ':') {
        size_t len = strcspn(p, ":"), cut = 0;
        char *prefix = NULL;
        if (len && p[0] == '~' && (len == 1 || p[1] == '/')) {
            cut = 1;
            prefix = home && *home ? mem_strdup(home) : NULL;
        } else if (str_starts(p, "$XDG_STATE_HOME")) {
            cut = strlen("$XDG_STATE_HOME");
            prefix = state && *state == '/' ? mem_strdup(state)
                     : home && *home        ? mem_printf("%s/.local/state", home)
                                            : NULL;
        }
        if (!cut || prefix) {
            if (out.len)
                strbuf_char(&out, ':');
            strbuf_str(&out, prefix ? prefix : "");
            strbuf_add(&out, p + cut, len - cut);
        }
        free(prefix);
        p += len;
    }
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

/* auto, yes, no in the spellings that YAML has for them; NULL: none of these. */
static const char *tristate(const char *value)
{
    static const struct {
        const char *spelling, *meaning;
    } SPELLINGS[] = {{.spelling = "auto", .meaning = "auto"}, {.spelling = "yes", .meaning = "yes"},
                     {.spelling = "true", .meaning = "yes"},  {.spelling = "on", .meaning = "yes"},
                     {.spelling = "1", .meaning = "yes"},     {.spelling = "no", .meaning = "no"},
                     {.spelling = "false", .meaning = "no"},  {.spelling = "off", .meaning = "no"},
                     {.spelling = "0", .meaning = "no"}};
    for (size_t i = 0; i < ARRAY_LEN(SPELLINGS); i++) {
        if (strcasecmp(value, SPELLINGS[i].spelling) == 0)
            return SPELLINGS[i].meaning;
    }
    return NULL;
}

bool settings_set(struct settings *s, const char *name, const char *value, struct sd_error *err)
{
    const struct sd_option *o = option_find(SETTINGS_OPTIONS, name);
    if (o &&
        (o->offset == offsetof(struct settings, unicode) || o->offset == offsetof(struct settings, color))) {
        const char *meaning = tristate(value);
        if (!meaning)
            return fail(err, "%s is \"%.60s\"; expected auto, yes or no", name, value);
        value = meaning;
    }
    if (o && o->offset == offsetof(struct settings, theme) && !*value)
        return fail(err, "theme is empty; expected dark, light, mono or the name of a file");
    bool path = o && (o->offset == offsetof(struct settings, module_path) ||
                      o->offset == offsetof(struct settings, log_file) ||
                      o->offset == offsetof(struct settings, flight_folder));
    char *expanded = path ? expand_path(value) : NULL;
    bool ok = option_set(SETTINGS_OPTIONS, s, name, expanded ? expanded : value, err);
    free(expanded);
    return ok;
}

/* ---- reading ---- */

struct reader {
    struct config *config;
    struct tree_report *report;
    const struct tree_node **bound; /* where this file binds each action */
};

static const struct action_info *action_of(const struct reader *r, int action)
{
    return action_at(keymap_actions(r->config->keymap), action);
}

static void wrong(struct reader *r, const struct tree_node *n, const char *sentence)
{
    tree_problem(r->report, n->line, n->column, "%s", sentence);
}

static void wrong_kind(struct reader *r, const struct tree_node *n, const char *name, const char *expected)
{
    tree_problem(r->report, n->line, n->column, "%.60s is %s; expected %s", name, tree_kind_name(n->kind),
                 expected);
}

static void unknown(struct reader *r, const struct tree_node *key, const char *what, const char *const *names,
                    size_t n, const char *where)
{
    const char *meant = tree_suggest(key->text, names, n);
    if (meant)
        tree_problem(r->report, key->line, key->column,
                     "unknown %s \"%.60s\"; expected %s - did you mean \"%s\"?", what, key->text, where,
                     meant);
    else
        tree_problem(r->report, key->line, key->column, "unknown %s \"%.60s\"; expected %s", what, key->text,
                     where);
}

/* The items of a list as lines, for SD_OPTION_LIST. */
static char *join_lines(struct reader *r, const struct tree_node *list, const char *name)
{
    struct strbuf b = {0};
    for (const struct tree_node *i = list->child; i; i = i->next) {
        if (i->kind != TREE_SCALAR) {
            wrong_kind(r, i, name, "a single value here");
        } else if (!*i->text || strchr(i->text, '\n')) {
            tree_problem(r->report, i->line, i->column, "this item of %.60s is %s; expected one line of text",
                         name, *i->text ? "more than a line" : "empty");
        } else if (str_eq(name, "routes") && *i->text != '/') {
            /* Here, where the place is known: a log that is handed it reads nothing. */
            tree_problem(r->report, i->line, i->column,
                         "the route \"%.60s\" does not begin with a slash; expected one like /users/:name",
                         i->text);
        } else {
            if (b.len)
                strbuf_char(&b, '\n');
            strbuf_str(&b, i->text);
        }
    }
    return b.text ? strbuf_detach(&b) : mem_strdup("");
}

static void read_setting(struct reader *r, const struct sd_option *o, const struct tree_node *n)
{
    struct sd_error err = {0};
    char *lines = NULL;
    if (o->type == SD_OPTION_LIST) {
        if (n->kind != TREE_LIST && !(n->kind == TREE_SCALAR && !*n->text)) {
            wrong_kind(r, n, o->name, "a list: one item a line, each behind a dash");
            return;
        }
        lines = join_lines(r, n, o->name);
    } else if (n->kind != TREE_SCALAR) {
        tree_problem(r->report, n->line, n->column, "%s is %s; expected a single value (%s)", o->name,
                     tree_kind_name(n->kind), option_type_name(o->type));
        return;
    }
    if (!settings_set(r->config->settings, o->name, lines ? lines : n->text, &err))
        wrong(r, n, err.text);
    free(lines);
}

/* One key of an action, or NULL after a report. */
static const char *key_text(struct reader *r, int action, const struct tree_node *n)
{
    key_code key;
    const char *name = str_eq(n->text, " ") ? "Space" : n->text;
    if (n->kind != TREE_SCALAR) {
        wrong_kind(r, n, action_of(r, action)->name, "a key or a list of keys");
        return NULL;
    }
    if (!key_parse(name, &key)) {
        tree_problem(r->report, n->line, n->column,
                     "there is no key named \"%.40s\"; expected a character, Enter, Esc, F1, PgUp, C-x, M-x "
                     "or the like",
                     n->text);
        return NULL;
    }
    int other = keymap_lookup(r->config->keymap, key);
    if (other != ACTION_NONE && other != action && r->bound[other]) {
        tree_problem(r->report, n->line, n->column,
                     "the key %.40s is given to %s and, in line %d, to %s; expected one", name,
                     action_of(r, action)->name, r->bound[other]->line, action_of(r, other)->name);
        return NULL;
    }
    return name;
}

static void read_keys_of(struct reader *r, int action, const struct tree_node *n)
{
    struct strbuf keys = {0};
    struct sd_error err = {0};
    bool wanted = n->kind == TREE_LIST ? n->child != NULL : n->kind == TREE_MAP || *n->text;
    const struct tree_node *first = n->kind == TREE_LIST ? n->child : n;
    for (const struct tree_node *i = wanted ? first : NULL; i; i = n->kind == TREE_LIST ? i->next : NULL) {
        const char *name = key_text(r, action, i);
        if (name)
            strbuf_printf(&keys, "%s ", name);
    }
    /* Only mistakes: the action keeps the keys it has. */
    if (keys.len || !wanted) {
        if (keymap_bind(r->config->keymap, action, strbuf_text(&keys), &err))
            r->bound[action] = n;
        else
            wrong(r, n, err.text);
    }
    strbuf_free(&keys);
}

static void read_keys(struct reader *r, const struct tree_node *n)
{
    const struct action_table *all = keymap_actions(r->config->keymap);
    size_t n_names = (size_t)action_end(all);
    const char **names = mem_array(n_names, sizeof *names);
    for (int a = ACTION_NONE + 1; a < action_end(all); a++)
        names[a] = action_at(all, a)->name;
    if (n->kind != TREE_MAP) {
        if (n->kind != TREE_SCALAR || *n->text)
            wrong_kind(r, n, "keys", "lines of the form ACTION: KEY or ACTION: [KEY, KEY]");
    }
    for (const struct tree_node *c = n->kind == TREE_MAP ? n->child : NULL; c; c = c->next) {
        int a = action_named(all, c->key->text);
        if (a == ACTION_NONE)
            unknown(r, c->key, "action", names, n_names, "one that `slowdive keys` lists");
        else
            read_keys_of(r, a, c);
    }
    free(names);
}

static void source_free(struct source_spec *s)
{
    for (char **o = s->options; o && *o; o++)
        free(*o);
    free(s->options);
    free(s->target);
    free(s->name);
}

static void add_option(struct source_spec *s, size_t *n, char *option)
{
    s->options = mem_realloc(s->options, (*n + 2) * sizeof *s->options);
    s->options[(*n)++] = option;
    s->options[*n] = NULL;
}

/* A list of names with values, written as a mapping: "name=value" lines. */
static char *join_pairs(struct reader *r, const struct tree_node *n, const char *key)
{
    struct strbuf b = {0};
    for (const struct tree_node *c = n->child; c; c = c->next) {
        if (c->kind != TREE_SCALAR)
            wrong_kind(r, c, key, "names with single values");
        else
            strbuf_printf(&b, "%s%s=%s", b.len ? "\n" : "", c->key->text, c->text);
    }
    return strbuf_detach(&b);
}

static bool read_source(struct reader *r, const struct tree_node *n, struct source_spec *s)
{
    size_t n_options = 0;
    *s = (struct source_spec){.line = n->line, .options = mem_array(1, sizeof *s->options)};
    if (n->kind == TREE_LIST) {
        wrong_kind(r, n, "this source", "a URL, a path, or { source: ..., name: ... }");
        return false;
    }
    if (n->kind == TREE_SCALAR)
        s->target = *n->text ? mem_strdup(n->text) : NULL;
    for (const struct tree_node *c = n->kind == TREE_MAP ? n->child : NULL; c; c = c->next) {
        const char *key = c->key->text;
        if (c->kind != TREE_SCALAR && (str_eq(key, "source") || str_eq(key, "name"))) {
            wrong_kind(r, c, key, "a single value");
        } else if (str_eq(key, "source")) {
            s->target = *c->text ? mem_strdup(c->text) : NULL;
        } else if (str_eq(key, "name")) {
            s->name = *c->text ? mem_strdup(c->text) : NULL;
        } else if (!*key || strchr(key, '=')) {
            tree_problem(r->report, c->key->line, c->key->column,
                         "\"%.60s\" cannot be an option; expected a name", key);
        } else {
            char *lines = c->kind == TREE_LIST  ? join_lines(r, c, key)
                          : c->kind == TREE_MAP ? join_pairs(r, c, key)
                                                : NULL;
            add_option(s, &n_options, mem_printf("%s=%s", key, lines ? lines : c->text));
            free(lines);
        }
    }
    if (!s->target)
        wrong(r, n,
              n->kind == TREE_MAP ? "this entry has no `source:`; expected one with a URL or a path"
                                  : "this source is empty; expected a URL or a path");
    return s->target != NULL;
}

static void read_sources(struct reader *r, const struct tree_node *n)
{
    struct config *c = r->config;
    size_t cap = 0;
    if (n->kind != TREE_LIST && (n->kind != TREE_SCALAR || *n->text)) {
        wrong_kind(r, n, "sources", "a list: one source a line, each behind a dash");
        return;
    }
    for (size_t i = 0; i < c->n_sources; i++)
        source_free(&c->sources[i]);
    free(c->sources);
    c->sources = NULL;
    c->n_sources = 0;
    for (const struct tree_node *i = n->child; i; i = i->next) {
        struct source_spec s;
        bool ok = c->n_sources < CONFIG_SOURCES_MAX;
        if (!ok) {
            tree_problem(r->report, i->line, i->column, "too many sources; expected at most %d",
                         CONFIG_SOURCES_MAX);
            return;
        }
        ok = read_source(r, i, &s);
        for (size_t k = 0; ok && s.name && k < c->n_sources; k++) {
            if (str_eq(s.name, c->sources[k].name)) {
                tree_problem(r->report, i->line, i->column,
                             "the name %.60s is used by the source in line %d already; expected another",
                             s.name, c->sources[k].line);
                ok = false;
            }
        }
        if (!ok) {
            source_free(&s);
            continue;
        }
        c->sources = mem_grow(c->sources, c->n_sources, &cap, sizeof *c->sources);
        c->sources[c->n_sources++] = s;
    }
}

static void read_root(struct reader *r, const struct tree_node *root)
{
    const char *names[ARRAY_LEN(SETTINGS_OPTIONS) + 1] = {"keys", "sources"};
    for (size_t i = 0; SETTINGS_OPTIONS[i].name; i++)
        names[i + 2] = SETTINGS_OPTIONS[i].name;
    if (root->kind != TREE_MAP) {
        if (root->kind != TREE_SCALAR || *root->text)
            wrong_kind(r, root, "the file", "lines of the form NAME: VALUE");
        return;
    }
    for (const struct tree_node *c = root->child; c; c = c->next) {
        const struct sd_option *o = option_find(SETTINGS_OPTIONS, c->key->text);
        if (o)
            read_setting(r, o, c);
        else if (str_eq(c->key->text, "keys"))
            read_keys(r, c);
        else if (str_eq(c->key->text, "sources"))
            read_sources(r, c);
        else
            unknown(r, c->key, "setting", names, ARRAY_LEN(names),
                    "one that `slowdive --print-config` lists");
    }
}

int config_read_text(struct config *c, const char *name, const char *text, size_t len,
                     void (*problem)(void *ctx, const char *sentence), void *ctx)
{
    struct tree_report report = {.file = name, .problem = problem, .ctx = ctx};
    struct reader r = {.config = c, .report = &report};
    struct arena *a = arena_new();
    r.bound = mem_array((size_t)action_end(keymap_actions(c->keymap)), sizeof *r.bound);
    const struct tree_node *root = tree_read(a, text, len, &report);
    if (root)
        read_root(&r, root);
    free(r.bound);
    arena_free(a);
    return report.n;
}

int config_read(struct config *c, const char *path, bool required,
                void (*problem)(void *ctx, const char *sentence), void *ctx)
{
    char *text;
    size_t len;
    struct sd_error err = {0};
    if (!required && access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (!trust_read("configuration", path, TREE_BYTES_MAX, &text, &len, &err)) {
        struct strbuf safe = {0};
        utf8_append(&safe, err.text, 1000);
        if (problem)
            problem(ctx, strbuf_text(&safe));
        strbuf_free(&safe);
        return 1;
    }
    free(c->path);
    c->path = mem_strdup(path);
    int n = config_read_text(c, path, text, len, problem, ctx);
    free(text);
    return n;
}

struct config *config_new(const struct action_table *actions)
{
    struct config *c = mem_alloc(sizeof *c);
    struct strbuf text = {0};
    c->settings = options_new(SETTINGS_OPTIONS, sizeof *c->settings);
    c->keymap = keymap_new(actions);
    config_print_default(actions, &text);
    config_read_text(c, "default", strbuf_text(&text), text.len, NULL, NULL);
    strbuf_free(&text);
    return c;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_sources; i++)
        source_free(&c->sources[i]);
    free(c->sources);
    keymap_free(c->keymap);
    options_free(SETTINGS_OPTIONS, c->settings);
    policy_free(&c->policy);
    free(c->path);
    free(c);
}

char *config_folder(void)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (xdg && *xdg == '/')
        return mem_printf("%s/slowdive", xdg);
    return home && *home ? mem_printf("%s/.config/slowdive", home) : NULL;
}

char *config_default_path(void)
{
    char *folder = config_folder();
    char *path = folder ? mem_printf("%s/config.yaml", folder) : NULL;
    free(folder);
    return path;
}
