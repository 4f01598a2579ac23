#include "app/app.h"
#include "app/commands.h"
#include "app/late.h"
#include "app/output.h"
#include "conf/policy.h"
#include "rt/registry.h"
#include "source/built_in.h"
#include "ui/actions.h"

#include "term/term.h"
#include "view/view.h"
#include "version.inc"

#include <ctype.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

/* The locale is the user's; only when its characters are not UTF-8 is LC_CTYPE set to
 * one that can classify them; term_utf8_locale knows what the terminal takes. */
static void set_locale(void)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static int print_text(void (*fill)(struct strbuf *out))
{
    struct strbuf out = {0};
    fill(&out);
    bool ok = output_text(strbuf_text(&out));
    strbuf_free(&out);
    return ok ? EXIT_FINE : EXIT_USAGE;
}

/* A first word that is neither verb nor source. One that has a point, a slash or a colon
 * may name what is not there yet. */
static bool misspelt(const struct cli *cli)
{
    return !*cli->verb && cli->n_args && isalpha((unsigned char)*cli->args[0]) &&
           !strpbrk(cli->args[0], "./:?") && access(cli->args[0], F_OK) != 0;
}

static void default_config(struct strbuf *out)
{
    config_print_default(actions_all(), out);
}

static void default_policy(struct strbuf *out)
{
    strbuf_str(out, policy_default_text());
}

static int dispatch(const struct cli *cli)
{
    static const struct {
        const char *verb;
        int (*run)(struct app *a);
    } verbs[] = {
        {.verb = "", .run = verb_console},
        {.verb = "record", .run = verb_record},
        {.verb = "explain", .run = verb_explain},
        {.verb = "advise", .run = verb_advise},
        {.verb = "report", .run = verb_report},
        {.verb = "check", .run = verb_check},
        {.verb = "status", .run = verb_view},
        /* The kinds there are, or the view of that name. */
        {.verb = "sources", .run = verb_list},
        {.verb = "keys", .run = verb_list},
    };

    if (cli_has(cli, CLI_HELP)) {
        struct strbuf out = {0};
        cli_help(cli, &out);
        bool ok = output_text(strbuf_text(&out));
        strbuf_free(&out);
        return ok ? EXIT_FINE : EXIT_USAGE;
    }
    if (cli_has(cli, CLI_VERSION))
        return output_text("slowdive " SLOWDIVE_VERSION "\n") ? EXIT_FINE : EXIT_USAGE;
    if (cli_has(cli, CLI_PRINT_CONFIG))
        return print_text(default_config);
    if (cli_has(cli, CLI_PRINT_POLICY))
        return print_text(default_policy);
    if (!strcmp(cli->verb, "manual") || !strcmp(cli->verb, "views"))
        return verb_manual(cli);
    if (!strcmp(cli->verb, "rum-snippet"))
        return verb_rum_snippet(cli);

    if (misspelt(cli)) {
        const char *meant = cli_suggest(cli->args[0]);
        if (meant)
            complain("there is no view, verb or file %.100s; did you mean \"%s\"?", cli->args[0], meant);
        else
            complain("there is no view, verb or file %.100s; slowdive --help lists views and verbs",
                     cli->args[0]);
        return EXIT_USAGE;
    }

    struct sd_error err;
    if (!cli->command && *cli->verb && command_family(cli->verb) && !view_exactly(cli->verb)) {
        complain("slowdive %s needs the name of what to do; slowdive %s --help lists them", cli->verb,
                 cli->verb);
        return EXIT_USAGE;
    }
    if (!cli_options_fit(cli, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }

    int (*run)(struct app * a) = verb_view;
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (!strcmp(verbs[i].verb, cli->verb))
            run = verbs[i].run;
    if (cli->command)
        run = cli->command->run;
    if (!strcmp(cli->verb, "replay"))
        run = verb_console;
    if (cli_has(cli, CLI_SCRIPT))
        run = verb_script;

    /* A recording is looked at as a whole; a verb needs totals more than slots. */
    struct model_limits limits = MODEL_DEFAULTS;
    limits.retention_ns = 0;
    limits.max_bytes = run == verb_view || run == verb_report ? (size_t)20 << 20 : MODEL_DEFAULTS.max_bytes;
    const struct view *v = run == verb_view ? view_named(cli->verb) : NULL;
    limits.unread = v ? v->verb_unread : 0;
    for (size_t i = 0; VIEWS[i]; i++)
        if (VIEWS[i] == v || run == verb_report) { /* which shows several of them */
            limits.max_bytes = MAX(limits.max_bytes, VIEWS[i]->verb_bytes);
            limits.endpoints = MAX(limits.endpoints, VIEWS[i]->verb_endpoints);
        }
    bool whole = run == verb_view || run == verb_report || run == verb_check ||
                 (cli->command && cli->command->whole) || run == verb_script || !strcmp(cli->verb, "replay");
    bool brief = cli->command && cli->command->brief;
    if (brief)
        limits = (struct model_limits){.retention_ns = 300 * SD_S,
                                       .resolution_ns = MODEL_DEFAULTS.resolution_ns,
                                       .max_bytes = (size_t)16 << 20,
                                       .traces_bytes = (size_t)8 << 20};
    struct app app;
    int status = EXIT_USAGE;
    if (app_init(&app, cli, whole || brief ? &limits : NULL, &err))
        status = run(&app);
    else
        complain("%s", err.text);
    app_free(&app);
    return status;
}

int main(int argc, char **argv)
{
    struct cli cli;
    struct sd_error err;
    private_memory(true);
    registry_begin(SOURCES_BUILT_IN); /* which targets are commands, for the next */
    late_begin();
    argv = private_arguments(argc, argv);
    set_locale();
    signals_install();
    if (!cli_parse(&cli, argc, argv, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    int status = dispatch(&cli);
    cli_free(&cli);
    return status;
}
