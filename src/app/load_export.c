/* load_export.c - `slowdive load export`: a scenario for k6, for more than one machine's load. */
#include "app/load_export.h"

#include "app/output.h"
#include "conf/load_scenario.h"
#include "core/loads/amounts.h"
#include "core/loads/export_k6.h"

static const struct command_option OPTIONS[] = {
    {"to", "k6|k6-operator", "a script for k6, or the objects of its operator for Kubernetes"},
    {"parallelism", "N", "of k6-operator: how many runners share the load (default: 1)"},
    {NULL, NULL, NULL},
};

static bool read_options(const struct app *a, bool *is_operator, int64_t *parallelism, struct sd_error *err)
{
    const char *to = command_value(a->cli, "to"), *n = command_value(a->cli, "parallelism");
    *is_operator = str_eq(to, "k6-operator");
    *parallelism = 1;
    if (!to)
        return fail(err, "load export needs --to k6 or --to k6-operator");
    if (!*is_operator && !str_eq(to, "k6"))
        return fail(err, "--to takes k6 or k6-operator, not %.60s", to);
    if (n && !*is_operator)
        return fail(err, "--parallelism goes with --to k6-operator: one k6 is one part");
    if (n && !amount_whole(n, 1, LOAD_PARALLELISM_MAX, parallelism, err))
        return fail(err, "--parallelism %.60s is not a number from 1 to %d", n, LOAD_PARALLELISM_MAX);
    return true;
}

/* As JSON the script is a text of the document. */
static int print(struct app *a, bool is_operator, const struct strbuf *script)
{
    const char *file = cli_has(a->cli, CLI_OUTPUT) ? a->cli->values[CLI_OUTPUT] : NULL;
    if (cli_has(a->cli, CLI_FORMAT) && str_eq(a->cli->values[CLI_FORMAT], "json")) {
        cJSON *o = result_new("load_export");
        result_text(o, "to", is_operator ? "k6-operator" : "k6");
        result_text(o, "text", strbuf_text(script));
        return command_print(a, o, true);
    }
    bool ok = file ? output_file(file, script->text, script->len) : output_text(strbuf_text(script));
    return ok ? EXIT_FINE : EXIT_USAGE;
}

static int run(struct app *a)
{
    struct load_scenario s = {0};
    struct strbuf script = {0};
    struct sd_error err;
    bool is_operator;
    int64_t parallelism;
    int status = EXIT_USAGE;
    if (!command_args(a, 1, 1) || !output_ready(a))
        return EXIT_USAGE;
    if (read_options(a, &is_operator, &parallelism, &err) &&
        load_scenario_read(&s, a->cli->args[0], NULL, &err) &&
        (is_operator ? load_export_operator(&s, parallelism, &script, &err)
                     : load_export_k6(&s, &script, &err)))
        status = print(a, is_operator, &script);
    else
        complain("%s", err.text);
    load_scenario_free(&s);
    strbuf_free(&script);
    return status;
}

const struct cli_command LOAD_EXPORT_COMMAND = {
    .name = "load export",
    .args = "SCENARIO",
    .help = "a scenario as a script for k6 or its operator, for the load of more than one machine",
    .options = OPTIONS,
    .run = run,
};
