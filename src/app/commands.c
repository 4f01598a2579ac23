#include "app/commands.h"

#include "app/alerts.h"
#include "app/forecast.h"
#include "app/history.h"
#include "app/load_compare.h"
#include "app/load_export.h"
#include "app/load_profile.h"
#include "app/load_report.h"
#include "app/load_run.h"
#include "app/output.h"
#include "view/result_doc.h"

#include <errno.h>
#include <stdlib.h>

extern const struct cli_command CAPACITY_QUEUE_COMMAND;
extern const struct cli_command CAPACITY_USL_COMMAND;
extern const struct cli_command CAPACITY_PLAN_COMMAND;
extern const struct cli_command CAPACITY_HOPS_COMMAND;
extern const struct cli_command SCALE_COMMAND;
extern const struct cli_command DOCTOR_COMMAND;

/* In the order of the help. */
#define COMMAND_LIST(X)                                                                                      \
    X(LOAD_RUN)                                                                                              \
    X(LOAD_PROFILE)                                                                                          \
    X(LOAD_REPORT)                                                                                           \
    X(LOAD_COMPARE)                                                                                          \
    X(LOAD_EXPORT)                                                                                           \
    X(CAPACITY_QUEUE)                                                                                        \
    X(CAPACITY_USL)                                                                                          \
    X(CAPACITY_PLAN)                                                                                         \
    X(CAPACITY_HOPS)                                                                                         \
    X(FORECAST)                                                                                              \
    X(SCALE)                                                                                                 \
    X(ALERTS)                                                                                                \
    X(HISTORY)                                                                                               \
    X(AGENT)                                                                                                 \
    X(DOCTOR)

#define COMMAND_ROW(NAME) &NAME##_COMMAND,
const struct cli_command *const COMMANDS[] = {COMMAND_LIST(COMMAND_ROW) NULL};

/* ---- finding ---- */

const struct cli_command *command_of(const char *first, const char *second, int *words)
{
    size_t len = strlen(first);
    for (size_t i = 0; COMMANDS[i]; i++) {
        const char *name = COMMANDS[i]->name;
        if (strncmp(name, first, len) != 0)
            continue;
        *words = name[len] ? 2 : 1;
        if (!name[len] || (name[len] == ' ' && second && !strcmp(name + len + 1, second)))
            return COMMANDS[i];
    }
    return NULL;
}

bool command_family(const char *first)
{
    size_t len = strlen(first);
    for (size_t i = 0; COMMANDS[i]; i++)
        if (!strncmp(COMMANDS[i]->name, first, len) && COMMANDS[i]->name[len] == ' ')
            return true;
    return false;
}

const struct command_option *command_option_named(const struct cli_command *c, const char *name, size_t len)
{
    const struct command_option *found = NULL;
    size_t n = 0;
    for (const struct command_option *o = c->options; o && o->name; o++) {
        if (strncmp(o->name, name, len) != 0)
            continue;
        if (!o->name[len])
            return o;
        found = o;
        n++;
    }
    return n == 1 ? found : NULL;
}

/* ---- what was given ---- */

const char *command_values(const struct cli *cli, const char *option, size_t i)
{
    for (size_t k = 0; k + 1 < cli->n_given; k += 2)
        if (!strcmp(cli->given[k], option) && i-- == 0)
            return cli->given[k + 1];
    return NULL;
}

const char *command_value(const struct cli *cli, const char *option)
{
    const char *value = NULL, *next;
    for (size_t i = 0; (next = command_values(cli, option, i)); i++)
        value = next;
    return value;
}

bool command_args(const struct app *a, size_t least, size_t most)
{
    const struct cli_command *c = a->cli->command;
    size_t n = a->cli->n_args;
    if (n >= least && n <= most)
        return true;
    if (n < least)
        complain("slowdive %s needs %s; slowdive %s --help explains it", c->name, c->args, c->name);
    else if (!most)
        complain("slowdive %s takes no argument, and %.60s is one", c->name, a->cli->args[0]);
    else
        complain("slowdive %s takes %s; %.60s is one too many", c->name, c->args, a->cli->args[most]);
    return false;
}

/* ---- printing ---- */

int command_print(struct app *a, cJSON *o, bool holds)
{
    struct doc *d = result_doc(o);
    int status = output_doc(a, d);
    doc_free(d);
    cJSON_Delete(o);
    return status == EXIT_FINE && !holds ? EXIT_CHECK : status;
}

static void help_line(const struct cli_command *c, struct strbuf *out)
{
    strbuf_printf(out, "  slowdive %s %s\n%29s%s\n", c->name, c->args, "", c->help);
}

void command_help(const struct cli_command *c, struct strbuf *out)
{
    help_line(c, out);
    if (c->options)
        strbuf_str(out, "\nOptions of its own:\n");
    for (const struct command_option *o = c->options; o && o->name; o++) {
        struct strbuf head = {0};
        strbuf_printf(&head, "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        strbuf_printf(out, "  %-28s %s\n", strbuf_text(&head), o->help);
        strbuf_free(&head);
    }
}

void commands_help(const char *family, struct strbuf *out)
{
    size_t len = family ? strlen(family) : 0;
    for (size_t i = 0; COMMANDS[i]; i++)
        if (!family || (!strncmp(COMMANDS[i]->name, family, len) && COMMANDS[i]->name[len] == ' '))
            help_line(COMMANDS[i], out);
}
