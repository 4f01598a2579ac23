/* cli.h - the command line as a table: parsing, --help, completion and manual. */
#ifndef APP_CLI_H
#define APP_CLI_H

#include "base/base.h"

/* X(UPPER, "--name", short or 0, "ARG" or NULL, "verbs", help). The verbs that have it, space
 * separated; among them "views" stands for every view and status, "console" for no verb,
 * "*" for all. */
#define CLI_OPTIONS(X)                                                                                       \
    X(FORMAT, "format", 0, "text|json|md|csv", "views explain advise report check commands",                 \
      "output format (default: text); the view flame also: svg, folded, speedscope, pprof; slo also: "       \
      "prometheus; check "                                                                                   \
      "also: junit, github, gitlab, sarif")                                                                  \
    X(FOR, "for", 0, "DURATION", "views record report",                                                      \
      "read live sources for this long; the figures cover that time")                                        \
    X(AT, "at", 0, "TIME", "views report check history",                                                     \
      "the view at that time, of all data until then: 14:03, 2026-11-20 14:03:20, 2026-11-20, 3m ago; "      \
      "without a day "                                                                                       \
      "on the last day of a log or recording")                                                               \
    X(WINDOW, "window", 0, "DURATION", "views console replay report check",                                  \
      "time window of the figures (a printed view: all data; check: as the policy says)")                    \
    X(SORT, "sort", 0, "COLUMN", "views explain advise report",                                              \
      "sort by this column, its heading or key; -COLUMN reverses the order")                                 \
    X(LIMIT, "limit", 0, "N", "views explain advise report check", "at most N rows of each table; 0: all")   \
    X(SELECT, "select", 0, "NAME", "views",                                                                  \
      "what the views endpoint, query, plan and function show: 'GET /orders/:id'; of bundle a file")         \
    X(WHY, "why", 0, "PATH", "bundle", "the imports that bring that module into the bundle")                 \
    X(ONLY, "only", 0, "WHAT", "traces",                                                                     \
      "only traces that are all of this: failed, longer than 500ms, with that text in endpoint or service")  \
    X(HOST, "host", 0, "NAME", "views console replay report check alerts record",                            \
      "only data of that machine; of record into a history the name of this one")                            \
    X(TREEMAP, "treemap", 0, "WxH", "bundle", "the treemap of its modules laid out in that size")            \
    X(SAMPLE_TYPE, "sample-type", 0, "TYPE", "functions flame calls function growth",                        \
      "which figure of a profile is shown, as the file names it: cpu, inuse_space, cycles")                  \
    X(BY, "by", 0, "GROUP", "functions flame calls",                                                         \
      "of a profile: function, package, module, process, thread, container, label or a label's name")        \
    X(FOCUS, "focus", 0, "NAME", "functions flame calls function growth",                                    \
      "of a profile only the stacks through that function, module, package, thread or label's value")        \
    X(HIDE, "hide", 0, "NAME", "functions flame calls function growth",                                      \
      "of a profile leave out the stacks through that function, module or package; may be repeated")         \
    X(FOLD, "fold", 0, "NAME", "functions flame calls function growth",                                      \
      "all functions of that module or package as one; may be repeated")                                     \
    X(BASELINE, "baseline", 0, "SOURCE", "views console replay check report",                                \
      "compare with all data of that recording or log; check: or with those runs of Lighthouse")             \
    X(POLICY, "policy", 0, "FILE", "views console replay check report record history agent doctor",          \
      "the policy file, see slowdive-policy(5) (default: ./slowdive-policy.yaml for a printed view and "     \
      "check, else policy.yaml beside the configuration)")                                                   \
    X(PRINT_POLICY, "print-policy", 0, NULL, "*", "print the commented default policy")                      \
    X(OUTPUT, "output", 'o', "FILE", "record views report check commands",                                   \
      "the recording or the history to write; of the others the file for what they would print")             \
    X(RECORD, "record", 0, "FILE", "console replay", "record while the console is open")                     \
    X(APPEND, "append", 0, NULL, "record console replay",                                                    \
      "with --output or --record: continue that recording")                                                  \
    X(DB, "db", 0, "URL", "explain",                                                                         \
      "explain SQL on that server (nothing is executed without --analyze --yes)")                            \
    X(ANALYZE, "analyze", 0, NULL, "explain",                                                                \
      "with --db: say whether EXPLAIN ANALYZE would execute the statement")                                  \
    X(YES, "yes", 0, NULL, "explain caches cache record",                                                    \
      "with --analyze: execute it, in a read-only transaction that is rolled back; with --sample: do it")    \
    X(SAMPLE, "sample", 0, "monitor|keys|detail", "caches cache record",                                     \
      "look into a cache closer, at a cost to its server that is bounded and said; with --yes")              \
    X(RUNS, "runs", 0, "N", "pages page",                                                                    \
      "load each URL N times with Lighthouse, which has to be installed; reports are read without it")       \
    X(TIMEOUT, "timeout", 0, "DURATION", "explain",                                                          \
      "with --analyze: time limit of the statement (default: analyze_limit, 30s)")                           \
    X(BUDGET, "budget", 0, "FILE|SIZE", "advise check",                                                      \
      "of advise: maximum size of all new indexes together, such as 500MB; of check: the file of budgets "   \
      "or assertions (default: 200 KB of scripts, 50 KB of styles, 100 KB a script)")                        \
    X(TOLERANCE, "tolerance", 0, "PERCENT", "check",                                                         \
      "above a limit for gzip that is only warned of, because other builds of zlib differ (default: 3; 0: "  \
      "none)")                                                                                               \
    X(MAX_DROP, "max-drop", 0, "POINTS", "check",                                                            \
      "with --baseline: points that the score of a category may fall by (default: 5)")                       \
    X(WORKLOAD, "workload", 0, "FILE|DIR", "advise",                                                         \
      "statements from a file, or .sql files and weights.tsv in a folder")                                   \
    X(LOG_FORMAT, "log-format", 0, "FORMAT", "views console record report",                                  \
      "form of the access logs: a name, or nginx's, Apache's or GoAccess's notation")                        \
    X(DATE_FORMAT, "date-format", 0, "FORMAT", "views console record report",                                \
      "of %d in GoAccess's notation, as strftime has it")                                                    \
    X(TIME_FORMAT, "time-format", 0, "FORMAT", "views console record report",                                \
      "of %t in GoAccess's notation, as strftime has it")                                                    \
    X(DATETIME_FORMAT, "datetime-format", 0, "FORMAT", "views console record report",                        \
      "of %x in GoAccess's notation, as strftime has it")                                                    \
    X(STATE, "state", 0, "FILE|DIR", "views console replay record report",                                   \
      "go on reading the access logs where the last run with this FILE stopped; of the console the folder "  \
      "of the state of the alerts")                                                                          \
    X(LAST, "last", 0, NULL, "replay", "the last flight: what the console recorded by itself")               \
    X(DEMO, "demo", 0, NULL, "replay", "the incident that comes with slowdive: a recording of make demo")    \
    X(SCRIPT, "script", 0, "FILE|-", "console replay",                                                       \
      "run keys and commands on a recording or a history and print the screens")                             \
    X(SIZE, "size", 0, "COLUMNSxROWS", "console replay", "screen size for --script (default: 80x24)")        \
    X(SVG, "svg", 0, NULL, "console replay", "with --script: print the last screen as SVG")                  \
    X(CONFIG, "config", 0, "FILE", "*", "configuration file")                                                \
    X(PRINT_CONFIG, "print-config", 0, NULL, "*", "print the commented default configuration")               \
    X(SET, "set", 0, "NAME=VALUE", "*", "change one setting")                                                \
    X(MODULE, "module", 0, "FILE", "*", "load a source from a shared object")                                \
    X(SHOW_LITERALS, "show-literals", 0, NULL, "*", "show constants in SQL")                                 \
    X(ASCII, "ascii", 0, NULL, "*", "use ASCII characters only")                                             \
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
/* clang-format off */ /* the hyphen of a name is no minus */
#define CLI_VERBS(X)                                                                                         \
    X(replay, "FILE|--last|--demo", "show a recording in the console; with --script, no terminal is needed")        \
    X(record, "-o FILE [--for 60s] SOURCE...", "record sources to a file or into a history, without the console")              \
    X(explain, "[FILE|-] [AFTER] [--db URL]",                                                                \
      "show the findings of a plan, compare two plans, or plan SQL on a server")                             \
    X(advise, "URL [--budget 500MB] [--workload FILE|DIR]",                                                  \
      "suggest indexes for a whole workload, proven by the planner")                                         \
    X(report, "KIND [SOURCE...]",                                                                            \
      "print a report, in Markdown: baseline, compare BEFORE AFTER, recommendations, capacity, caching, "    \
      "lighthouse, progress")                                                                                \
    X(check, "[--policy FILE] [--budget FILE] [--baseline SOURCE] [SOURCE...]",                              \
      "check KPIs, budgets and hops of the policy, builds against budgets, reports of Lighthouse against "   \
      "assertions; exit 1 when something fails")                                                                                \
    X(sources, "[KIND|SOURCE...]",                                                                           \
      "list the kinds of source, or the options of one kind; of sources, print the state")                   \
    X(status, "SOURCE...", "another name of sources SOURCE...")                                              \
    X(rum-snippet, "[URL]", "print the JavaScript with which a site sends its vitals to the source rum")     \
    X(views, "", "list the views")                                                                           \
    X(keys, "", "list the keys of the console")                                                              \
    X(manual, "SECTION", "print a generated section of the manual pages")
/* clang-format on */

struct cli_command; /* app/commands.h */

struct cli {
    const char *verb;                  /* "", a view, one of CLI_VERBS, or the name of the command */
    const struct cli_command *command; /* NULL: the verb is none */
    const char **given;                /* its own options: name, value, and so on */
    size_t n_given;
    const char *values[CLI_OPTION_COUNT]; /* "" for given without value; NULL: not given */
    const char **sets;                    /* every --set */
    size_t n_sets;
    const char **modules; /* every --module */
    size_t n_modules;
    const char **args; /* what is left: sources, files */
    size_t n_args;
    const char **choices; /* for actions of views, in their order: name of the action, argument, and so on */
    size_t n_choices;
};

bool cli_parse(struct cli *c, int argc, char **argv, struct sd_error *err);
void cli_free(struct cli *c);
/* False and a sentence when an option was given that its verb does not have. */
bool cli_options_fit(const struct cli *c, struct sd_error *err);
/* --help; of a verb only what it takes. */
void cli_help(const struct cli *c, struct strbuf *out);
void cli_views(struct strbuf *out); /* the views by place */
bool cli_has(const struct cli *c, enum cli_option o);
/* The only machine whose data counts; NULL: all. Verbs that write name the machine by --host instead. */
const char *cli_only_host(const struct cli *c);
const char *cli_suggest(const char *word); /* the view or verb that was probably meant; NULL */

#endif
