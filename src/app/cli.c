#include "app/cli.h"

#include "app/commands.h"

#include "base/suggest.h"
#include "core/doc.h"
#include "view/view.h"

#include <stdlib.h>

const struct cli_option_info CLI_OPTION_INFO[CLI_OPTION_COUNT] = {
#define CLI_ROW(UPPER, name_, letter_, arg_, verbs_, help_)                                                  \
    [CLI_##UPPER] = {.name = name_, .letter = letter_, .arg = arg_, .verbs = verbs_, .help = help_},
    CLI_OPTIONS(CLI_ROW)
#undef CLI_ROW
};

static const struct {
    const char *name, *args, *help;
} VERBS[] = {
#define CLI_VERB_ROW(name, args, help) {#name, args, help},
    CLI_VERBS(CLI_VERB_ROW)
#undef CLI_VERB_ROW
};

static bool is_verb(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(VERBS); i++)
        if (!strcmp(VERBS[i].name, word))
            return true;
    return view_exactly(word) != NULL || command_family(word);
}

const char *cli_suggest(const char *word)
{
    struct suggest s = {.word = word};
    for (size_t i = 0; i < ARRAY_LEN(VERBS); i++)
        suggest_try(&s, VERBS[i].name);
    for (const struct view *const *v = VIEWS; *v; v++)
        suggest_try(&s, (*v)->name);
    for (size_t i = 0; COMMANDS[i]; i++)
        suggest_try(&s, COMMANDS[i]->name);
    return s.best;
}

static bool no_such_option(const struct cli *c, const char *name, size_t len, struct sd_error *err)
{
    char *word = mem_strndup(name, len);
    struct suggest s = {.word = word};
    for (const struct command_option *o = c->command ? c->command->options : NULL; o && o->name; o++)
        suggest_try(&s, o->name);
    for (int i = 0; i < CLI_OPTION_COUNT; i++)
        suggest_try(&s, CLI_OPTION_INFO[i].name);
    if (s.best)
        fail(err, "there is no option --%.100s; did you mean --%s?", word, s.best);
    else
        fail(err, "there is no option --%.100s; slowdive --help lists them", word);
    free(word);
    return false;
}

enum { NO_OPTION = -1, SEVERAL_OPTIONS = -2 };

static int find_option(const char *name, size_t len)
{
    int found = NO_OPTION;
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const char *full = CLI_OPTION_INFO[i].name;
        if (strlen(full) == len && !memcmp(full, name, len))
            return i;
        if (!strncmp(full, name, len))
            found = found == NO_OPTION ? i : SEVERAL_OPTIONS; /* a unique beginning is enough */
    }
    return found;
}

static const char **push(const char **list, size_t *n, const char *value)
{
    list = mem_realloc(list, (*n + 1) * sizeof *list);
    list[(*n)++] = value;
    return list;
}

static void keep_option(struct cli *c, int option, const char *value)
{
    c->values[option] = value;
    if (option == CLI_SET)
        c->sets = push(c->sets, &c->n_sets, value);
    if (option == CLI_MODULE)
        c->modules = push(c->modules, &c->n_modules, value);
    static const char *const actions[CLI_OPTION_COUNT] = {
        [CLI_BY] = "group", [CLI_FOCUS] = "focus",     [CLI_HIDE] = "hide", [CLI_FOLD] = "fold",
        [CLI_WHY] = "why",  [CLI_TREEMAP] = "treemap", [CLI_ONLY] = "only", [CLI_HOST] = "host"};
    if (actions[option]) {
        c->choices = push(c->choices, &c->n_choices, actions[option]);
        c->choices = push(c->choices, &c->n_choices, value);
    }
}

/* An option of the command, by its whole name or a beginning that no other has. 1: taken, 0: it has none
 * of that name, -1: and the sentence. *i is at the option, then at its last word. */
static int own_option(struct cli *c, int argc, char **argv, int *i, struct sd_error *err)
{
    const char *word = argv[*i] + 2, *eq = strchr(word, '=');
    size_t len = eq ? (size_t)(eq - word) : strlen(word);
    const struct command_option *o = c->command && len ? command_option_named(c->command, word, len) : NULL;
    const char *value = eq ? eq + 1 : NULL;
    if (!o || (strlen(o->name) != len && find_option(word, len) >= 0))
        return 0;
    if (o->arg && !value) {
        if (*i + 1 >= argc) {
            fail(err, "--%s needs a value: %s", o->name, o->arg);
            return -1;
        }
        value = argv[++*i];
    } else if (!o->arg && value) {
        fail(err, "--%s takes no value", o->name);
        return -1;
    }
    c->given = push(c->given, &c->n_given, o->name);
    c->given = push(c->given, &c->n_given, value ? value : "");
    return 1;
}

/* The first word that is no option: a verb, a command of one or two words, or an argument. */
static void first_word(struct cli *c, int argc, char **argv, int *i)
{
    int words = 0;
    const char *second = *i + 1 < argc ? argv[*i + 1] : NULL;
    c->command = command_of(argv[*i], second, &words);
    if (c->command) {
        c->verb = c->command->name;
        *i += words - 1;
    } else if (is_verb(argv[*i])) {
        c->verb = argv[*i];
    } else {
        c->args = push(c->args, &c->n_args, argv[*i]);
    }
}

bool cli_parse(struct cli *c, int argc, char **argv, struct sd_error *err)
{
    *c = (struct cli){.verb = ""};
    bool options = true, first = true;
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        int own = options && !strncmp(word, "--", 2) ? own_option(c, argc, argv, &i, err) : 0;
        if (own < 0)
            return false;
        if (own)
            continue;
        int option = NO_OPTION;
        const char *value = NULL;
        if (options && !strcmp(word, "--")) {
            options = false;
            continue;
        }
        if (options && !strncmp(word, "--", 2)) {
            const char *eq = strchr(word, '=');
            size_t len = eq ? (size_t)(eq - word - 2) : strlen(word + 2);
            option = find_option(word + 2, len);
            if (option == NO_OPTION)
                return no_such_option(c, word + 2, len, err);
            if (option == SEVERAL_OPTIONS)
                return fail(err, "--%.*s is ambiguous; write the option in full", (int)len, word + 2);
            value = eq ? eq + 1 : NULL;
        } else if (options && word[0] == '-' && word[1]) {
            for (int o = 0; o < CLI_OPTION_COUNT; o++)
                if (CLI_OPTION_INFO[o].letter == word[1])
                    option = o;
            if (option == NO_OPTION)
                return fail(err, "there is no option -%c; slowdive --help lists them", word[1]);
            value = word[2] ? word + 2 : NULL;
        }
        if (option >= 0) {
            const struct cli_option_info *info = &CLI_OPTION_INFO[option];
            if (info->arg && !value) {
                if (i + 1 >= argc)
                    return fail(err, "--%s needs a value: %s", info->name, info->arg);
                value = argv[++i];
            } else if (!info->arg && value) {
                return fail(err, "--%s takes no value", info->name);
            }
            keep_option(c, option, value ? value : "");
            continue;
        }
        if (first)
            first_word(c, argc, argv, &i);
        else
            c->args = push(c->args, &c->n_args, word);
        first = false;
    }
    return true;
}

void cli_free(struct cli *c)
{
    free(c->sets);
    free(c->modules);
    free(c->args);
    free(c->choices);
    free(c->given);
}

bool cli_has(const struct cli *c, enum cli_option o)
{
    return c->values[o] != NULL;
}

const char *cli_only_host(const struct cli *c)
{
    static const char *const WRITE[] = {"record", "agent", "history", NULL};
    return str_find(WRITE, c->verb) < 0 ? c->values[CLI_HOST] : NULL;
}

static void option_head(struct strbuf *b, const struct cli_option_info *o)
{
    if (o->letter)
        strbuf_printf(b, "-%c, ", o->letter);
    strbuf_printf(b, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
}

/* ---- which verb has which option ---- */

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = words; *p; p += strcspn(p, " "), p += strspn(p, " "))
        if (strcspn(p, " ") == len && !strncmp(p, word, len))
            return true;
    return false;
}

/* A view that is printed by its name. `advise` is a verb of its own beside the view; status is another name
 * of sources. */
static bool is_view_verb(const char *verb)
{
    bool own = false;
    if (!strcmp(verb, "status") || !strcmp(verb, "sources"))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(VERBS); i++)
        own = own || !strcmp(VERBS[i].name, verb);
    return !own && *verb && view_exactly(verb);
}

static bool cli_option_of(enum cli_option o, const char *verb)
{
    const char *verbs = CLI_OPTION_INFO[o].verbs;
    int words;
    if (has_word(verbs, "commands") && (command_of(verb, NULL, &words) || strchr(verb, ' ')))
        return true;
    return has_word(verbs, "*") || has_word(verbs, *verb ? verb : "console") ||
           (is_view_verb(verb) && has_word(verbs, "views"));
}

bool cli_options_fit(const struct cli *c, struct sd_error *err)
{
    for (int o = 0; o < CLI_OPTION_COUNT; o++)
        if (cli_has(c, (enum cli_option)o) && !cli_option_of((enum cli_option)o, c->verb))
            return fail(err, "%s has no option --%s; slowdive --help%s%s lists the options",
                        *c->verb ? c->verb : "the console", CLI_OPTION_INFO[o].name, *c->verb ? " " : "",
                        c->verb);
    return true;
}

/* ---- help ---- */

static void help_options(const struct cli *c, struct strbuf *out)
{
    strbuf_str(out, "\nOptions:\n");
    for (int o = 0; o < CLI_OPTION_COUNT; o++) {
        struct strbuf head = {0};
        if (*c->verb && !cli_option_of((enum cli_option)o, c->verb))
            continue;
        option_head(&head, &CLI_OPTION_INFO[o]);
        strbuf_printf(out, "  %-28s %s\n", head.text, CLI_OPTION_INFO[o].help);
        strbuf_free(&head);
    }
}

static void help_verb(struct strbuf *out, const char *name, const char *args, const char *help)
{
    struct strbuf head = {0};
    strbuf_printf(&head, "slowdive %s %s", name, args);
    strbuf_printf(out, "  %s", head.text);
    if (head.len < 26)
        strbuf_pad(out, ' ', 27 - head.len);
    else
        strbuf_printf(out, "\n%29s", "");
    strbuf_printf(out, "%s\n", help);
    strbuf_free(&head);
}

static void help_one(const struct cli *c, struct strbuf *out)
{
    const struct view *v = is_view_verb(c->verb) ? view_exactly(c->verb) : NULL;
    for (size_t i = 0; i < ARRAY_LEN(VERBS); i++)
        if (!strcmp(VERBS[i].name, c->verb))
            help_verb(out, VERBS[i].name, VERBS[i].args, VERBS[i].help);
    if (c->command)
        command_help(c->command, out);
    else if (command_family(c->verb))
        commands_help(c->verb, out);
    if (v)
        help_verb(out, c->verb, v->verb_source ? "URL|FILE|-..." : "[SOURCE...]", v->summary);
    help_options(c, out);
}

void cli_views(struct strbuf *out)
{
    for (int i = 1; i <= PLACE_END; i++) { /* the map last, as its key stands */
        enum view_place p = (enum view_place)(i % PLACE_END);
        strbuf_printf(out, "%d %s: %s; needs %s\n", (int)p, view_place_title(p), view_place_help(p),
                      view_place_needs(p));
        for (const struct view *const *v = VIEWS; *v; v++)
            if ((*v)->place == p)
                strbuf_printf(out, "  %-12s %s\n", (*v)->name, (*v)->summary);
    }
}

void cli_help(const struct cli *c, struct strbuf *out)
{
    if (*c->verb) {
        help_one(c, out);
        return;
    }
    strbuf_str(
        out,
        "slowdive: a performance console for the terminal\n\n"
        "  slowdive [SOURCE...]       show these sources in the console; without SOURCE, those found here\n"
        "  slowdive VIEW [SOURCE...]  print one view\n");
    for (size_t i = 0; i < ARRAY_LEN(VERBS); i++)
        help_verb(out, VERBS[i].name, VERBS[i].args, VERBS[i].help);
    commands_help(NULL, out);
    strbuf_str(out, "\nViews, by the place of the console with its digit:\n");
    cli_views(out);
    strbuf_str(
        out,
        "\nA SOURCE is a URL or a path: postgres://..., /var/log/nginx/access.log, - for standard input,\n"
        "incident.slowdive (a recording), exec:COMMAND. KIND: in front of it selects the kind of source.\n");
    help_options(c, out);
    strbuf_str(out, "\nslowdive --help VERB lists the options of that view or verb alone.\n"
                    "Exit status: 0 done, 1 a check failed or a source could not be read, 2 wrong usage or "
                    "nothing to print.\nIn the console, ? is help.\n");
}
