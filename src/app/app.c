#include "app/app.h"
#include "app/demo.h"

#include "app/alert_desk.h"
#include "app/commands.h"
#include "app/history.h"
#include "app/places.h"
#include "app/past_shown.h"

#include "base/clock.h"
#include "base/redact.h"
#include "base/trust.h"
#include "base/units.h"
#include "base/utf8.h"
#include "conf/policy.h"
#include "core/batch_part.h"
#include "format/record/recording.h"
#include "ui/actions.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORDING_MAX_BYTES = 1 << 30 };
/* So long the beginning and the end of a history may take, and so long the console waits for them. */
#define HISTORY_NS (15 * SD_S)
#define CONSOLE_NS (2 * SD_S)

static void problem(void *ctx, const char *sentence)
{
    struct app *a = ctx;
    strbuf_printf(&a->problems, "%s\n", sentence);
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
        problem(a, err.text);
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
        problem(a, p->notes[i]);
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
        config_read(a->config, path, cli_has(cli, CLI_CONFIG), problem, a);
    free(path);
    if (!read_policy(a, err)) {
        if (!cli->command || !cli->command->examines)
            return false;
        a->policy_is_wrong = true;
        problem(a, err->text);
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

    registry_load_path(s->module_path, problem, a);
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
    if (a->recorder)
        recorder_close(a->recorder);
    history_recorder_close(a->history, HISTORY_NS);
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

/* ---- sources ---- */

static bool name_taken(const struct app *a, const char *name)
{
    for (size_t i = 0; i < a->n_sources; i++)
        if (!strcmp(a->names[i], name))
            return true;
    return false;
}

/* "access.log" of a path, "shop" of postgres://host/shop; with a number when taken. */
static char *source_name(const struct app *a, const struct source_spec *spec,
                         const struct registry_resolved *r)
{
    if (spec->name && !name_taken(a, spec->name))
        return mem_strdup(spec->name);
    char *shown = spec->name ? registry_redact(spec->name) : registry_shown(r);
    size_t len = strcspn(shown, "?");
    const char *start = shown;
    for (size_t i = 0; i + 1 < len; i++)
        if (shown[i] == '/')
            start = shown + i + 1;
    len -= (size_t)(start - shown);
    struct strbuf base = {0};
    bool plain = len > 0 && len <= 40 && !memchr(start, ' ', len) && !memchr(start, '@', len);
    if (plain && strcmp(shown, "-") != 0)
        strbuf_add(&base, start, len);
    else
        strbuf_str(&base, r->ops->name);
    free(shown);
    char *name = mem_strdup(base.text);
    for (int n = 2; name_taken(a, name); n++) {
        free(name);
        name = mem_printf("%s-%d", base.text, n);
    }
    strbuf_free(&base);
    return name;
}

static bool inherit_list(const struct sd_source_ops *ops, void *opts, const char *name,
                         const char *const *list, struct sd_error *err)
{
    struct strbuf lines = {0};
    if (!list || !list[0] || !option_find(ops->options, name))
        return true;
    for (size_t i = 0; list[i]; i++)
        strbuf_printf(&lines, "%s%s", i ? "\n" : "", list[i]);
    bool ok = option_set(ops->options, opts, name, lines.text, err);
    strbuf_free(&lines);
    return ok;
}

/* Settings that a kind of source shares get into its options when it has one of that
 * name: routes, exec_env, --log-format. */
static bool inherit(struct app *a, const struct sd_source_ops *ops, void *opts, struct sd_error *err)
{
    const struct settings *s = a->config->settings;
    if (!inherit_list(ops, opts, "routes", s->routes, err) ||
        !inherit_list(ops, opts, "exec_env", s->exec_env, err))
        return false;
    static const struct {
        enum cli_option option;
        const char *name;
    } OF_LOGS[] = {{.option = CLI_LOG_FORMAT, .name = "format"},
                   {.option = CLI_DATE_FORMAT, .name = "date_format"},
                   {.option = CLI_DATETIME_FORMAT, .name = "date_format"}, /* whole, it is the form of %x */
                   {.option = CLI_TIME_FORMAT, .name = "time_format"},
                   {.option = CLI_STATE, .name = "state"}};
    for (size_t i = 0; i < ARRAY_LEN(OF_LOGS) && !strcmp(ops->name, "log"); i++)
        if (cli_has(a->cli, OF_LOGS[i].option) &&
            !(OF_LOGS[i].option == CLI_STATE && !*a->cli->verb && alert_state_option(a->cli)) &&
            !option_set(ops->options, opts, OF_LOGS[i].name, a->cli->values[OF_LOGS[i].option], err))
            return false;
    if (!past_options(a, ops, opts, err))
        return false;
    if (cli_has(a->cli, CLI_SAMPLE) && cli_has(a->cli, CLI_YES) && option_find(ops->options, "sample"))
        return option_set(ops->options, opts, "sample", a->cli->values[CLI_SAMPLE], err);
    return true;
}

static bool set_options(const struct sd_source_ops *ops, void *opts, char *const *assignments,
                        struct sd_error *err)
{
    for (size_t i = 0; assignments && assignments[i]; i++) {
        const char *eq = strchr(assignments[i], '=');
        char *name = mem_strndup(assignments[i], eq ? (size_t)(eq - assignments[i]) : strlen(assignments[i]));
        bool ok = ops->options ? option_set(ops->options, opts, name, eq ? eq + 1 : "yes", err)
                               : fail(err, "the source kind %s has no options", ops->name);
        free(name);
        if (!ok)
            return false;
    }
    return true;
}

bool app_is_recording(const char *path)
{
    struct strbuf header = {0};
    char head[16] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    bool is =
        fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read(fd, head, sizeof head) == sizeof head;
    recording_header(&header);
    is = is && !memcmp(head, header.text, 8);
    strbuf_free(&header);
    if (fd >= 0)
        close(fd);
    return is;
}

/* A log goes on where the history has what was read of it. */
static bool set_places(const struct app *a, const struct sd_source_ops *ops, void *opts, struct sd_error *err)
{
    if (!a->places || strcmp(ops->name, "log") != 0)
        return true;
    char *text = places_text(a->places);
    bool ok = option_set(ops->options, opts, "places", text, err);
    free(text);
    return ok;
}

bool app_source_options(struct app *a, char *const *given, const struct registry_resolved *r, void **opts,
                        struct sd_error *err)
{
    *opts = options_new(r->ops->options, r->ops->opts_size);
    return inherit(a, r->ops, *opts, err) && set_places(a, r->ops, *opts, err) &&
           set_options(r->ops, *opts, given, err) && set_options(r->ops, *opts, r->options, err) &&
           (!r->ops->probe || r->ops->probe(r->target, *opts, err) == SD_OK);
}

/* Starts what was resolved, and frees it. */
static bool start_source(struct app *a, const struct source_spec *spec, struct registry_resolved *r,
                         follow_rule *follow, struct sd_error *err)
{
    void *opts;
    bool ok = app_source_options(a, spec->options, r, &opts, err);
    if (ok) {
        char *name = source_name(a, spec, r);
        ok = rt_start(a->rt, r->ops, name, r->target, opts, follow ? follow(r->ops) : true, err) != NULL;
        if (ok) {
            a->names = mem_realloc(a->names, (a->n_sources + 1) * sizeof *a->names);
            a->names[a->n_sources++] = name;
        } else {
            free(name);
        }
    } else {
        options_free(r->ops->options, opts);
    }
    registry_resolved_free(r);
    return ok;
}

static bool app_add_source(struct app *a, const struct source_spec *spec, follow_rule *follow,
                           struct sd_error *err)
{
    struct registry_resolved r;
    if (app_is_recording(spec->target))
        return app_load_recording(a, spec->target, err);
    return registry_resolve(spec->target, &r, err) && start_source(a, spec, &r, follow, err);
}

bool app_add_target(struct app *a, const char *target, follow_rule *follow, struct sd_error *err)
{
    struct source_spec spec = {.target = mem_strdup(target)};
    bool ok = app_add_source(a, &spec, follow, err);
    free(spec.target);
    return ok;
}

struct adding {
    struct app *app;
    follow_rule *follow;
    size_t failed;
};

static void found(void *ctx, const char *target, const char *why)
{
    struct adding *add = ctx;
    struct sd_error err;
    char *shown = registry_redact(target);
    if (app_add_target(add->app, target, add->follow, &err)) {
        strbuf_printf(&add->app->problems, "Found %s (%s)\n", shown, why);
    } else {
        /* What is not right is not repeated. */
        strbuf_printf(&add->app->problems, "Found, but not used: %s: %s\n", why, err.text);
    }
    free(shown);
}

static void refused(void *ctx, const char *sentence)
{
    problem(((struct adding *)ctx)->app, sentence);
}

/* "cat access.log | slowdive endpoints": is there something to read? Waits for its first byte, or its end:
 * an empty input is none. A terminal, /dev/null and a socket (as of ssh) are not asked. */
static bool piped_in(void)
{
    struct stat st;
    if (fstat(STDIN_FILENO, &st) < 0)
        return false;
    if (S_ISREG(st.st_mode))
        return st.st_size > lseek(STDIN_FILENO, 0, SEEK_CUR);
    if (!S_ISFIFO(st.st_mode))
        return false;
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals_fd(), .events = POLLIN}};
    while (!signals_stop() && poll(fds, ARRAY_LEN(fds), -1) < 0 && errno == EINTR)
        ;
    return fds[0].revents & POLLIN;
}

size_t app_add_all(struct app *a, const char *const *targets, size_t n, follow_rule *follow)
{
    struct adding add = {.app = a, .follow = follow, .failed = 0};
    struct sd_error err;
    static const char *const STANDARD_INPUT[] = {"-"};
    if (!n && piped_in()) {
        targets = STANDARD_INPUT;
        n = 1;
    }
    for (size_t i = 0; i < n; i++)
        if (!app_add_target(a, targets[i], follow, &err)) {
            problem(a, err.text);
            add.failed++;
        }
    if (n)
        return add.failed;
    for (size_t i = 0; i < a->config->n_sources; i++)
        if (!app_add_source(a, &a->config->sources[i], follow, &err)) {
            strbuf_printf(&a->problems, "%s:%d: %s\n", a->config->path ? a->config->path : "configuration",
                          a->config->sources[i].line, err.text);
            add.failed++;
        }
    if (!a->config->n_sources)
        discover(&(struct discovery){.found = found, .refused = refused, .ctx = &add}, NULL);
    return add.failed;
}

/* What is not a recording and has no kind in front, as it is: no part of a URL is an option. */
static bool add_lines(struct app *a, const struct sd_source_ops *ops, const char *const *lines, size_t n,
                      follow_rule *follow, struct sd_error *err)
{
    struct source_spec spec = {.target = NULL};
    struct registry_resolved r = {.ops = ops};
    struct strbuf all = {0};
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&all, "%s%s", i ? "\n" : "", lines[i]);
    r.target = strbuf_detach(&all);
    return start_source(a, &spec, &r, follow, err);
}

bool app_add_of_kind(struct app *a, const char *kind, const char *target, const char *option,
                     follow_rule *follow, struct sd_error *err)
{
    char *set = mem_strdup(option);
    char *options[] = {set, NULL};
    struct source_spec spec = {.target = NULL, .options = options};
    struct registry_resolved r = {.ops = registry_named(kind), .target = mem_strdup(target)};
    bool ok = r.ops ? start_source(a, &spec, &r, follow, err) : fail(err, "no source reads this");
    if (!r.ops)
        free(r.target);
    free(set);
    return ok;
}

size_t app_add_lines(struct app *a, const char *kind, const char *const *targets, size_t n,
                     follow_rule *follow)
{
    const struct sd_source_ops *ops = registry_named(kind);
    const char **lines = mem_array(n + 1, sizeof *lines);
    size_t n_lines = 0, failed = 0, len = strlen(kind);
    struct sd_error err;
    if (!n && piped_in())
        lines[n_lines++] = "-";
    for (size_t i = 0; i < n; i++) {
        bool own = str_starts(targets[i], kind) && targets[i][len] == ':';
        if (!own && !app_is_recording(targets[i])) {
            lines[n_lines++] = targets[i];
        } else if (!app_add_target(a, targets[i], follow, &err)) {
            problem(a, err.text);
            failed++;
        }
    }
    if (n_lines && !(ops && add_lines(a, ops, lines, n_lines, follow, &err))) {
        problem(a, ops ? err.text : "no source reads this");
        failed++;
    }
    free(lines);
    return failed;
}

static bool stopped_by_signal(void *ctx)
{
    (void)ctx;
    return signals_stop() != 0;
}

/* What counts of it, to all who keep data. How its source is counts in any case: the verb waits for it. */
static void take_in(struct app *a, const struct sd_batch *b)
{
    const struct sd_batch *part = batch_part_of(a->part, b, a->until);
    if (!part)
        return;
    model_apply(a->model, part);
    if (a->signals && (batch_kinds(part) & SD_KIND_BIT(SD_STATUS)))
        signals_set_live(a->signals, app_is_live(a));
    if (a->signals)
        signals_take(a->signals, part);
    if (a->taken)
        a->taken(a->taken_ctx, part);
    batch_unref(part);
}

static void apply_owned(void *ctx, struct sd_batch *b)
{
    struct app *a = ctx;
    take_in(a, b);
    if (a->history && *a->cli->verb) /* a recording is recorded with its own times */
        history_recorder_batch(a->history, b);
    batch_unref(b);
}

static bool load_recording(struct app *a, const char *path, struct sd_error *err)
{
    char *data;
    size_t len;
    struct recording_stats stats;
    if (!file_read(path, RECORDING_MAX_BYTES, &data, &len, err))
        return false;
    bool ok = recording_decode(data, len, apply_owned, stopped_by_signal, a, &stats, err);
    free(data);
    if (ok && stats.stopped)
        return fail(err, "reading %s was stopped by a signal", path);
    if (!ok) {
        struct sd_error why = *err;
        return fail(err, "%s: %.400s", path, why.text);
    }
    if (stats.lost)
        model_count_lost(a->model, stats.lost);
    if (stats.lost)
        strbuf_printf(&a->problems, "%s: %llu %s could not be read%s\n", path, (unsigned long long)stats.lost,
                      stats.lost == 1 ? "frame" : "frames",
                      stats.cut ? "; the file ends in the middle of one" : "");
    else if (stats.cut)
        strbuf_printf(&a->problems, "%s ends in the middle of a frame; everything before it was read\n",
                      path);
    if (stats.too_large)
        strbuf_printf(
            &a->problems,
            "%s is larger after decompression than a recording of its size can be; the rest was not read\n",
            path);
    a->replay = true;
    model_mark_replayed(a->model);
    return true;
}

bool app_load_recording(struct app *a, const char *path, struct sd_error *err)
{
    if (!load_recording(a, path, err))
        return false;
    a->recordings = mem_realloc(a->recordings, (a->n_recordings + 1) * sizeof *a->recordings);
    a->recordings[a->n_recordings++] = mem_strdup(path);
    return true;
}

/* The recordings are read once more: what came later must not be in totals, counters, newest states. */
bool app_end_at(struct app *a, sd_time until, struct sd_error *err)
{
    size_t told = a->problems.len;
    a->until = until;
    if (a->n_recordings)
        model_clear(a->model);
    if (a->n_recordings && a->signals)
        signals_clear(a->signals);
    for (size_t i = 0; i < a->n_recordings; i++)
        if (!load_recording(a, a->recordings[i], err))
            return false;
    if (a->problems.text)
        a->problems.text[a->problems.len = told] = '\0';
    return true;
}

/* ---- data ---- */

static void begin_again(struct app *a)
{
    model_free(a->model);
    a->model = model_new(&a->limits);
}

void app_more_memory(struct app *a, size_t bytes)
{
    if (a->limits.max_bytes >= bytes)
        return;
    a->limits.max_bytes = bytes;
    begin_again(a);
}

void app_totals_only(struct app *a)
{
    a->limits.totals_only = true;
    begin_again(a);
    rt_totals(a->rt, SD_KIND_BIT(SD_HTTP));
}

void app_watch_goals(struct app *a, const struct signals_limits *limits)
{
    char host[256] = "";
    if (a->signals)
        return;
    a->signals = signals_new(&a->config->policy, limits);
    if (gethostname(host, sizeof host - 1) == 0 && *host)
        signals_set_host(a->signals, host);
    const struct goal_policy *p = &a->config->policy;
    int64_t window = 0;
    struct sd_error err;
    if (cli_has(a->cli, CLI_WINDOW) && *a->cli->verb &&
        unit_parse_duration(a->cli->values[CLI_WINDOW], &window, &err))
        for (size_t i = 0; i < p->n_kpis; i++)
            signals_want(a->signals, &p->kpis[i].figure, window);
}

bool app_is_live(const struct app *a)
{
    struct source_info info[64];
    size_t n = model_sources(a->model, INT64_MAX, info, ARRAY_LEN(info));
    for (size_t i = 0; i < n && !a->replay; i++)
        if (info[i].status &&
            (info[i].status->state == SD_STATE_LIVE || info[i].status->state == SD_STATE_STALE))
            return true;
    return false;
}

sd_time app_goals_time(const struct app *a)
{
    sd_time last = model_usage(a->model).last;
    if (sd_known(a->goals_at))
        return a->goals_at;
    return app_is_live(a) || !sd_known(last) ? clock_wall() : last;
}

static void apply_batch(void *ctx, const struct sd_batch *b)
{
    struct app *a = ctx;
    if (past_shown_take(a->past_shown, b))
        return;
    if (a->history) {
        places_take(a->places, b);
        history_recorder_batch(a->history, b);
    }
    if (!batch_len(b)) /* it only says how far a log was read */
        return;
    take_in(a, b);
    if (a->recorder)
        recorder_batch(a->recorder, b);
    flight_batch(a, b);
}

size_t app_drain(struct app *a, int64_t budget_ns)
{
    return rt_drain(a->rt, budget_ns, apply_batch, a);
}

void app_end_sources(struct app *a, int64_t limit_ns)
{
    enum { LOOK_MS = 10 };
    int64_t until = clock_mono() + limit_ns;
    rt_end(a->rt);
    do {
        app_drain(a, 100 * SD_MS);
        if (rt_finished(a->rt))
            return;
        poll(&(struct pollfd){.fd = rt_fd(a->rt), .events = POLLIN}, 1, LOOK_MS);
    } while (clock_mono() < until);
}

bool app_wait(struct app *a, int64_t timeout_ns)
{
    struct pollfd fds[] = {{.fd = rt_fd(a->rt), .events = POLLIN}, {.fd = signals_fd(), .events = POLLIN}};
    int ms = timeout_ns <= 0 ? 0 : timeout_ns > 60 * SD_S ? 60000 : (int)((timeout_ns + SD_MS - 1) / SD_MS);
    poll(fds, ARRAY_LEN(fds), ms);
    if (fds[1].revents)
        signals_drain();
    return !signals_stop();
}

bool app_is_recorded(const struct app *a)
{
    return a->recorder || a->history;
}

bool app_record_failed(struct app *a, struct sd_error *why)
{
    struct recorder_stats file = {0};
    struct history_recorder_stats history = {0};
    if (a->recorder)
        file = recorder_stats(a->recorder);
    if (a->history)
        history = history_recorder_stats(a->history);
    const char *text = file.error[0] ? file.error : history.error;
    if (*text)
        fail(why, "%s", text);
    return *text != 0;
}

bool app_record_troubled(struct app *a, struct sd_error *why)
{
    if (!a->history)
        return false;
    struct history_recorder_stats s = history_recorder_stats(a->history);
    const char *said = a->history_said ? a->history_said : "";
    if (!strcmp(said, s.trouble) || s.error[0])
        return false;
    free(a->history_said);
    a->history_said = mem_strdup(s.trouble);
    fail(why, "%s", *s.trouble ? s.trouble : "the history is written again");
    return true;
}

/* What could not be written to its end. */
static bool end_recording(struct app *a, int64_t limit_ns, struct sd_error *err)
{
    struct recorder_stats file = recorder_close(a->recorder); /* its last frame may not have fitted */
    struct history_recorder_stats history = history_recorder_close(a->history, limit_ns);
    a->recorder = NULL;
    a->history = NULL;
    const char *text = file.error[0] ? file.error : history.error;
    if (!*text && file.dropped)
        return fail(err, "%llu batches are not in the recording: the disk was too slow for them",
                    (unsigned long long)file.dropped);
    if (!*text && history.too_old)
        complain("%llu records are older than the history keeps anything, and were not recorded",
                 (unsigned long long)history.too_old);
    return !*text || fail(err, "%s", text);
}

bool app_record(struct app *a, const char *path, bool append, struct sd_error *err)
{
    /* First the new one: a wrong name shall not end the recording that runs. */
    enum recorder_mode mode = append ? RECORDER_APPEND : RECORDER_NEW;
    struct history_recorder *history = NULL;
    struct recorder *file = NULL;
    struct sd_error last;
    bool verb = *a->cli->verb && strcmp(a->cli->verb, "replay") != 0;
    int64_t limit_ns = verb ? HISTORY_NS : CONSOLE_NS;
    if (path && store_is_url(path)) {
        signals_graceful(HISTORY_NS + CONSOLE_NS, SIGNALS_PUTTING);
        history =
            !history_places(a, path, NULL, err) ? NULL : history_record(a, path, NULL, verb, limit_ns, err);
    } else if (path)
        file = recorder_open(path, mode, a->config->settings->show_literals, err);
    if (path && !file && !history)
        return false;
    bool ok = end_recording(a, limit_ns, &last);
    a->recorder = file;
    a->history = history;
    return ok || fail(err, "%s%s%s", last.text, path ? "; now recording to " : "", path ? path : "");
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
