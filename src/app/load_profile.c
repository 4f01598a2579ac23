/* load_profile.c - `slowdive load profile`: access logs become a scenario for `load run`. */
#include "app/load_profile.h"
#include "app/output.h"
#include "base/clock.h"
#include "core/endpoints/route.h"
#include "core/loads/amounts.h"
#include "format/loads/log_traffic.h"
#include "source/log/log_lines.h"
#include "source/log/log_refuse.h"

#include <stdlib.h>
#include <string.h>

static const struct command_option OPTIONS[] = {
    {"log-format", "FORMAT", "the format of the logs, as of the source log:; usual: detected"},
    {"scale", "SHARE", "the scenario's rate, of the log's: 50%, 200%; usual: 100%"},
    {"session-gap", "DURATION", "a pause of a client that ends its session; usual: 30m"},
    {"methods", "LIST", "methods that are sent again; usual: GET,HEAD, because a log holds no bodies"},
    {"sessions", NULL,
     "the scenario replays sessions of the log in order, a user each, with their think times"},
    {NULL, NULL, NULL},
};

/* ---- options ---- */

struct asked {
    double scale;
    int64_t gap_ns;
    bool sequences;
};

static bool read_options(const struct app *a, struct log_traffic *p, struct asked *out, struct sd_error *err)
{
    const char *scale = command_value(a->cli, "scale"), *gap = command_value(a->cli, "session-gap");
    const char *methods = command_value(a->cli, "methods");
    *out = (struct asked){
        .scale = 1, .gap_ns = 1800 * SD_S, .sequences = command_value(a->cli, "sessions") != NULL};
    if ((scale && !amount_share(scale, &out->scale, err)) ||
        (gap && !amount_duration(gap, &out->gap_ns, err)))
        return false;
    if (!(out->scale > 0))
        return fail(err, "--scale %.40s leaves nothing to send", scale);
    return log_traffic_methods(p, methods ? methods : "GET,HEAD", err);
}

static bool stop(void)
{
    return signals_stop() != 0;
}

/* ---- the whole ---- */

static struct accesslog_format *format_given(const struct app *a, struct sd_error *err)
{
    const char *text = command_value(a->cli, "log-format");
    return text ? accesslog_format_timed(text, NULL, NULL, err) : NULL;
}

static bool read_logs(const struct app *a, struct log_traffic *p, const struct log_files *files,
                      const struct route_rules *rules, const struct traffic_summary **out,
                      struct sd_error *err)
{
    struct accesslog_format *format = format_given(a, err);
    if (command_value(a->cli, "log-format") && !format)
        return false;
    const struct log_lines o = {
        .options = {.format = format, .rules = rules, .max_routes = 1000, .each = log_traffic_take, .ctx = p},
        .now = clock_wall(),
        .stop = stop};
    bool ok = log_lines_read(&o, files, &p->agg, err);
    const struct accesslog_intake *in = accesslog_agg_intake(p->agg);
    if (ok && in->lines && in->lines == in->unparsed)
        ok = log_refuse(files->files[0].path, in, format_given(a, err), err) == SD_OK;
    *out = ok ? traffic_finish(p->traffic, in->lines, in->unparsed) : NULL;
    if (ok && !(*out)->requests)
        ok = fail(err, (*out)->n_skipped
                           ? "no request in the log has one of the methods that are sent again; see --methods"
                           : "there is no request in the log");
    accesslog_agg_free(p->agg);
    return ok;
}

static char *said_of(const struct app *a, const struct traffic_summary *s)
{
    const char *slash = strrchr(a->cli->args[0], '/'), *file = slash ? slash + 1 : a->cli->args[0];
    return mem_printf("slowdive load profile: %s%s, %lld lines, %lld of them not understood",
                      strcmp(file, "-") != 0 ? file : "standard input",
                      a->cli->n_args > 1 ? " and others" : "", (long long)s->lines, (long long)s->unparsed);
}

/* The scenario goes to standard output, or to the file of -o. The document is what --format json prints; a
 * scenario is written beside it when -o names a file that is not to be JSON. */
static int print(struct app *a, const struct traffic_summary *s, const struct asked *asked)
{
    const char *file = a->cli->values[CLI_OUTPUT], *form = a->cli->values[CLI_FORMAT];
    bool text = !cli_has(a->cli, CLI_FORMAT) || !strcmp(form, "text");
    bool beside = !text && file && !strcmp(form, "json") && !str_ends(file, ".json");
    struct strbuf out = {0};
    struct sd_error err;
    int status = EXIT_FINE;
    if (text || beside) {
        char *from = said_of(a, s);
        bool ok = traffic_scenario(
            s, &(struct traffic_scenario){.scale = asked->scale, .sequences = asked->sequences, .from = from},
            &out, &err);
        if (!ok)
            complain("%s", err.text);
        else
            ok = file ? output_file(file, out.text, out.len) : output_text(strbuf_text(&out));
        status = ok ? EXIT_FINE : EXIT_USAGE;
        free(from);
    }
    strbuf_free(&out);
    if (text || status != EXIT_FINE)
        return status;
    if (!beside)
        return command_print(a, traffic_document(s), true);
    cJSON *o = traffic_document(s);
    char *printed = result_print(o);
    status = output_text(printed) ? EXIT_FINE : EXIT_USAGE;
    free(printed);
    cJSON_Delete(o);
    return status;
}

static int run(struct app *a)
{
    struct log_traffic p = {.n_methods = 0};
    struct asked asked;
    struct sd_error err;
    const struct traffic_summary *s = NULL;
    if (!command_args(a, 1, SIZE_MAX) || !output_ready(a))
        return EXIT_USAGE;
    const char *const *patterns = a->config->settings->routes;
    struct route_rules *rules = NULL;
    struct log_files files = {0};
    bool ok =
        read_options(a, &p, &asked, &err) && log_lines_files(a->cli->args, a->cli->n_args, &files, &err);
    if (ok && patterns && patterns[0])
        ok = (rules = route_rules_new(patterns, &err)) != NULL;
    if (ok) {
        p.traffic =
            traffic_new(&(struct traffic_options){.gap_ns = asked.gap_ns, .sequences = asked.sequences});
        ok = read_logs(a, &p, &files, rules, &s, &err);
    }
    int status = ok ? print(a, s, &asked) : EXIT_USAGE;
    if (!ok)
        complain("%s", err.text);
    traffic_free(p.traffic);
    route_rules_free(rules);
    log_traffic_free(&p);
    log_files_free(&files);
    return status == EXIT_FINE && signals_stop() ? 130 : status; /* of what was read until then */
}

const struct cli_command LOAD_PROFILE_COMMAND = {
    .name = "load profile",
    .args = "LOG...",
    .help = "a scenario for load run out of access logs: routes, paths, rate and think times",
    .options = OPTIONS,
    .run = run,
};
