/* cli.h - the command line as a table: parsing, --help, completion and manual. */
#ifndef APP_CLI_H
#define APP_CLI_H

#include "base/base.h"

/* X(UPPER, "--name", short or 0, "ARG" or NULL, "verbs", help). The verbs that have it, space
 * separated; among them "views" stands for every view and status, "console" for no verb,
 * "*" for all. */
#define CLI_OPTIONS(X)                                                                                       \
    X(FORMAT, "format", 0, "text|json|md|csv", "views explain advise", "how a view is printed (text)")       \
    X(FOR, "for", 0, "DURATION", "views record", "watch live sources that long; figures are of that time")   \
    X(AT, "at", 0, "TIME", "views", "the view as of that moment: 14:03, 2026-11-20 14:03:20, 3m ago")        \
    X(WINDOW, "window", 0, "DURATION", "views console replay",                                               \
      "the span figures are computed over (a verb: everything)")                                             \
    X(SORT, "sort", 0, "COLUMN", "views explain advise",                                                     \
      "sort by that column; -COLUMN for the other way round")                                                \
    X(LIMIT, "limit", 0, "N", "views explain advise", "at most N rows of each table; 0: all")                \
    X(SELECT, "select", 0, "NAME", "views", "what endpoint, query and plan are about: 'GET /orders/:id'")    \
    X(OUTPUT, "output", 'o', "FILE", "record", "where record writes")                                        \
    X(RECORD, "record", 0, "FILE", "console replay", "record while the console is open")                     \
    X(DB, "db", 0, "URL", "explain",                                                                         \
      "explain SQL on that server (nothing is executed without --analyze --yes)")                            \
    X(ANALYZE, "analyze", 0, NULL, "explain",                                                                \
      "with --db: say whether EXPLAIN ANALYZE would execute the statement")                                  \
    X(YES, "yes", 0, NULL, "explain",                                                                        \
      "with --analyze: execute it, in a read-only transaction that is rolled back")                          \
    X(TIMEOUT, "timeout", 0, "DURATION", "explain",                                                          \
      "with --analyze: the server stops it after so long (analyze_limit, 30s)")                              \
    X(BUDGET, "budget", 0, "SIZE", "advise", "bytes all new indexes may take, such as 500MB")                \
    X(WORKLOAD, "workload", 0, "FILE|DIR", "advise",                                                         \
      "statements from a file, or .sql files and weights.tsv in a folder")                                   \
    X(LOG_FORMAT, "log-format", 0, "FORMAT", "views console record",                                         \
      "log_format of the access logs, in nginx's notation")                                                  \
    X(SCRIPT, "script", 0, "FILE|-", "replay", "run keys and commands on a recording and print the screens") \
    X(SIZE, "size", 0, "COLUMNSxROWS", "replay", "screen size for --script (80x24)")                         \
    X(SVG, "svg", 0, NULL, "replay", "with --script: the last screen as an SVG picture")                     \
    X(CONFIG, "config", 0, "FILE", "*", "configuration file")                                                \
    X(PRINT_CONFIG, "print-config", 0, NULL, "*", "print the commented default configuration")               \
    X(SET, "set", 0, "NAME=VALUE", "*", "change one setting")                                                \
    X(MODULE, "module", 0, "FILE", "*", "load a source from a shared object")                                \
    X(SHOW_LITERALS, "show-literals", 0, NULL, "*", "show constants in SQL")                                 \
    X(ASCII, "ascii", 0, NULL, "*", "plain characters only")                                                 \
    X(HELP, "help", 'h', NULL, "*", "this help")                                                             \
    X(VERSION, "version", 'V', NULL, "*", "the version")

enum cli_option {
#define CLI_ENUM(UPPER, name, letter, arg, verbs, help) CLI_##UPPER,
    CLI_OPTIONS(CLI_ENUM)
#undef CLI_ENUM
        CLI_OPTION_COUNT
};

struct cli_option_info {
    const char *name;
    char letter;
    const char *arg;
    const char *verbs;
    const char *help;
};
extern const struct cli_option_info CLI_OPTION_INFO[CLI_OPTION_COUNT];

/* Verbs besides the views. X(name, "arguments", help) */
#define CLI_VERBS(X)                                                                                         \
    X(replay, "FILE", "the console on a recording; with --script, without a terminal")                       \
    X(record, "-o FILE [--for 60s] SOURCE...", "record sources without a screen")                            \
    X(explain, "[FILE|-] [AFTER] [--db URL]",                                                                \
      "read a plan: findings and indexes; two: what changed; or have SQL planned")                           \
    X(advise, "URL [--budget 500MB] [--workload FILE|DIR]",                                                  \
      "the indexes a whole workload should have, proven by the planner")                                     \
    X(status, "SOURCE...", "open sources and say how each is doing")                                         \
    X(sources, "[KIND]", "the kinds of source there are, and the options of one")                            \
    X(views, "", "the views there are")                                                                      \
    X(keys, "", "the keys of the console, as they are bound")                                                \
    X(manual, "SECTION", "a generated section of the manual pages")

struct cli {
    const char *verb;                     /* "", a view, or one of CLI_VERBS */
    const char *values[CLI_OPTION_COUNT]; /* "" for given without value; NULL: not given */
    const char **sets;                    /* every --set */
    size_t n_sets;
    const char **modules; /* every --module */
    size_t n_modules;
    const char **args; /* what is left: sources, files */
    size_t n_args;
};

bool cli_parse(struct cli *c, int argc, char **argv, struct sd_error *err);
void cli_free(struct cli *c);
/* False and a sentence when an option was given that its verb does not have. */
bool cli_options_fit(const struct cli *c, struct sd_error *err);
/* --help; of a verb only what it takes. */
void cli_help(const struct cli *c, struct strbuf *out);
bool cli_has(const struct cli *c, enum cli_option o);

#endif
