/* app_sources.c - which sources run, under which names and with which options. */
#include "app/app.h"

#include "app/alert_desk.h"
#include "app/places.h"
#include "base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
    app_problem(((struct adding *)ctx)->app, sentence);
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
            app_problem(a, err.text);
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
            app_problem(a, err.text);
            failed++;
        }
    }
    if (n_lines && !(ops && add_lines(a, ops, lines, n_lines, follow, &err))) {
        app_problem(a, ops ? err.text : "no source reads this");
        failed++;
    }
    free(lines);
    return failed;
}
