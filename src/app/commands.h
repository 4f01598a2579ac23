/* commands.h - commands that compute a document of their own: "load run", "capacity queue", "forecast".
 * Unlike the other verbs each has its own options, a table in its file; its row is in commands.c. --format,
 * -o and what all verbs have are added. --help, completion and manual come from the rows. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "app/app.h"
#include "core/result.h"

struct command_option {
    const char *name; /* "cv-arrival"; NULL ends the table */
    const char *arg;  /* NULL: takes none */
    const char *help;
};

struct cli_command {
    const char *name; /* one or two words: "load run" */
    const char *args; /* "SCENARIO" */
    const char *help;
    const struct command_option *options; /* NULL: none */
    bool whole;                           /* the model keeps all that its sources have, however old */
    bool brief;                           /* it keeps a few minutes: nobody looks at it */
    bool examines;                        /* it tells of a wrong policy, which is no reason not to run */
    int (*run)(struct app *a);            /* the exit status; what is left of the command line is in a->cli */
};

extern const struct cli_command *const COMMANDS[]; /* NULL-terminated */

/* The command that begins with these words; the second may be NULL. *words: how many it took. NULL: none. */
const struct cli_command *command_of(const char *first, const char *second, int *words);
/* Is it the first word of a command of two? */
bool command_family(const char *first);
/* The option of that name or unique beginning; NULL: none. */
const struct command_option *command_option_named(const struct cli_command *c, const char *name, size_t len);

/* The last value of an option of the command; "" when it takes none; NULL: not given. */
const char *command_value(const struct cli *cli, const char *option);
/* The i-th; NULL ends. */
const char *command_values(const struct cli *cli, const char *option, size_t i);
/* False, with a complaint, unless there are from `least` to `most` arguments. */
bool command_args(const struct app *a, size_t least, size_t most);

/* Prints the document as --format asks, to standard output or the file of -o, and deletes it. The exit
 * status: EXIT_FINE or, when what was asked for does not hold, EXIT_CHECK; EXIT_USAGE with a complaint when
 * it cannot be written. */
int command_print(struct app *a, cJSON *o, bool holds);

/* --help: of one command, or of all that begin with a word (NULL: all, a line or two each). */
void command_help(const struct cli_command *c, struct strbuf *out);
void commands_help(const char *family, struct strbuf *out);

#endif
