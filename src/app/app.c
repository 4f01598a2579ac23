/* app.c - one run begins and ends; what is said to its user. */
#include "app/app.h"

#include "app/commands.h"
#include "app/demo.h"
#include "app/places.h"
#include "base/redact.h"
#include "base/trust.h"
#include "base/units.h"
#include "base/utf8.h"
#include "conf/policy.h"
#include "core/batch_part.h"
#include "ui/actions.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void app_problem(void *app, const char *sentence)
{
    strbuf_printf(&((struct app *)app)->problems, "%s\n", sentence);
}

/* A log that cannot be opened is no reason not to start: it is said, and by a crash again. */
static void open_log(struct app *a, const struct settings *s)
{
    struct sd_error err;
    if (!s->log_file || !*s->log_file)
        return;
    char *path = mem_strdup(s->log_file);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    if (!log_open(path, &err))
        app_problem(a, err.text);
    free(path);
}

static bool set_setting(struct app *a, const char *assignment, struct sd_error *err)
{
    const char *eq = strchr(assignment, '=');
    if (!eq)
        return fail(err, "--set %s has no value; write it like --set refresh=2s", assignment);
    char *name = mem_strndup(assignment, (size_t)(eq - assignment));
    bool ok = settings_set(a->config->settings, name, eq + 1, err);
    free(name);
    return ok;
}

/* A configuration that was asked for and must not be read is no reason to go on without. */
static bool can_obey(const char *path, struct sd_error *err)
{
    int fd = strcmp(path, "-") != 0 ? trust_open("configuration", path, err) : STDIN_FILENO;
    if (fd > STDIN_FILENO)
        close(fd);
    return fd >= 0;
}

/* What is odd about a policy is said to who named it, and where it is used. */
static bool uses_policy(const struct app *a)
{
    static const char *const VERBS[] = {"check", "report", "agent", NULL};
    const struct view *v = *a->cli->verb ? view_exactly(a->cli->verb) : NULL;
    return a->config->policy.named || str_find(VERBS, a->cli->verb) >= 0 || (v && v->place == PLACE_GOALS);
}

/* What sends, or changes what is sent, obeys the user's own policy alone. */
static bool acts_on_alerts(const struct cli *cli)
{
    static const char *const OPTIONS[] = {"notify", "test", "ack", "silence", "unsilence"};
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS) && cli->command; i++)
        if (command_value(cli, OPTIONS[i]))
            return true;
    return false;
}

/* What a checkout holds is for printed views and checks, such as in CI. */
static bool read_policy(struct app *a, struct sd_error *err)
{
    const char *verb = a->cli->verb;
    bool printed = *verb && (view_exactly(verb) || !strcmp(verb, "check") || !strcmp(verb, "report")) &&
                   !acts_on_alerts(a->cli);
    struct goal_policy *p = &a->config->policy;
    const char *path = a->cli->values[CLI_POLICY];
    char *of_demo = cli_has(a->cli, CLI_DEMO) && !path ? demo_file("policy.yaml") : NULL;
    bool ok = policy_find(p, of_demo ? of_demo : path, printed ? POLICY_OF_FOLDER : POLICY_USUAL, err);
    free(of_demo);
    if (!ok)
        return false;
    for (size_t i = 0; i < p->n_notes && uses_policy(a); i++)
        app_problem(a, p->notes[i]);
    return true;
}

bool app_init(struct app *a, const struct cli *cli, const struct model_limits *limits, struct sd_error *err)
{
    *a = (struct app){.cli = cli,
                      .config = config_new(actions_all()),
                      .goals_at = SD_UNKNOWN,
                      .until = SD_UNKNOWN,
                      .past = {.from = SD_UNKNOWN, .to = SD_UNKNOWN}};
    char *path = cli_has(cli, CLI_CONFIG) ? mem_strdup(cli->values[CLI_CONFIG]) : config_default_path();
    if (cli_has(cli, CLI_CONFIG) && !can_obey(path, err)) {
        free(path);
        return false;
    }
    if (path)
        config_read(a->config, path, cli_has(cli, CLI_CONFIG), app_problem, a);
    free(path);
    if (!read_policy(a, err)) {
        if (!cli->command || !cli->command->examines)
            return false;
        a->policy_is_wrong = true;
        app_problem(a, err->text);
    }
    for (size_t i = 0; i < cli->n_sets; i++)
        if (!set_setting(a, cli->sets[i], err))
            return false;
    struct settings *s = a->config->settings;
    if (cli_has(cli, CLI_SHOW_LITERALS))
        s->show_literals = true;
    if (cli_has(cli, CLI_WINDOW) && !settings_set(s, "window", cli->values[CLI_WINDOW], err))
        return false;
    if (cli_has(cli, CLI_ASCII) && !settings_set(s, "unicode", "no", err))
        return false;
    if (s->core_dumps)
        private_memory(false);
    open_log(a, s);

    registry_load_path(s->module_path, app_problem, a);
    for (size_t i = 0; i < cli->n_modules; i++)
        if (!registry_load(cli->modules[i], err))
            return false;

    struct model_limits lim = MODEL_DEFAULTS;
    lim.retention_ns = s->retention_ns;
    lim.max_bytes = (size_t)s->memory_bytes;
    lim.traces_bytes = (size_t)s->traces_bytes;
    if (limits)
        lim = *limits;
    a->limits = lim;
    a->model = model_new(&lim);
    struct rt_limits how = RT_DEFAULTS;
    if (cli_has(cli, CLI_FOR) && !unit_parse_duration(cli->values[CLI_FOR], &how.watch_ns, err))
        how.watch_ns = 0;    /* the verb says so */
    how.unread = lim.unread; /* a verb that prints a view records nothing beside it */
    a->rt = rt_new(&how);
    char here[256] = "";
    if (gethostname(here, sizeof here - 1) != 0)
        *here = '\0';
    a->part = batch_part_new(cli_only_host(cli), *here ? here : NULL);
    return true;
}

void app_free(struct app *a)
{
    /* Close the recording first: a source may hang, and after a signal there is little time. */
    app_close_recorders(a);
    flight_stop(a);
    size_t stuck = a->rt ? rt_free(a->rt, signals_stop() ? 200 * SD_MS : 1 * SD_S) : 0;
    if (stuck)
        log_line(NULL, "%zu sources did not stop in time", stuck);
    model_free(a->model);
    signals_free(a->signals);
    batch_part_free(a->part);
    free(a->hosts.method);
    free(a->hosts.route);
    config_free(a->config);
    strbuf_free(&a->problems);
    for (size_t i = 0; i < a->n_sources; i++)
        free(a->names[i]);
    free(a->names);
    for (size_t i = 0; i < a->n_recordings; i++)
        free(a->recordings[i]);
    free(a->recordings);
    places_free(a->places);
    free(a->history_said);
    if (a->beside)
        app_free(a->beside);
    free(a->beside);
}

void complain(const char *fmt, ...)
{
    struct strbuf raw = {0}, line = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&raw, fmt, ap);
    va_end(ap);
    char *shown = redact(strbuf_text(&raw));
    strbuf_str(&line, "slowdive: ");
    utf8_append(&line, shown, 2000);
    fprintf(stderr, "%s\n", line.text);
    free(shown);
    strbuf_free(&raw);
    strbuf_free(&line);
}

void app_report(struct app *a)
{
    for (char *line = a->problems.text, *end; line && *line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = 0;
        complain("%s", line);
    }
    strbuf_clear(&a->problems);
}
