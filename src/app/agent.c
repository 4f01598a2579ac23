/* agent.c - `slowdive agent`: unattended. Records into the history of the policy, evaluates its alerts and
 * tells the receivers, keeps the history in shape, and shows its figures to Prometheus. */
#include "app/agent_alerts.h"
#include "app/agent_house.h"
#include "app/agent_metrics.h"
#include "app/agent_unit.h"
#include "app/history.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/trust.h"
#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define EVERY_NS    (15 * SD_S)
#define OPEN_NS     (20 * SD_S)  /* so long the beginning of the history is waited for */
#define END_NS      (30 * SD_S)  /* so long the end may take after SIGTERM */
#define PLANS_NS    (600 * SD_S) /* as often as a history keeps a plan */
#define TURN_NS     (1 * SD_S)
#define AGAIN_NS    (60 * SD_S) /* a recorder that has ended is tried again */
#define ALLOWED_MAX ((size_t)1 << 20)

static const struct command_option OPTIONS[] = {
    {"state", "DIR",
     "folder of the states of alerts, logs and what waits (default: $XDG_STATE_HOME/slowdive)"},
    {"every", "DURATION", "the time between evaluations of the alerts (15s)"},
    {"host", "NAME", "the name of this machine in the history (default: its host name)"},
    {"listen", "ADDRESS", "serve /metrics for Prometheus, such as on 127.0.0.1:9464"},
    {"allow-remote", NULL,
     "the history of the policy may be on another machine: what is recorded leaves this one; kept for that "
     "URL"},
    {"print-unit", NULL, "print a hardened systemd unit for these arguments"},
    {NULL, NULL, NULL},
};

struct agent {
    struct app *app;
    char *state;
    int lock;
    int64_t every_ns;
    const char *url; /* NULL: no history */
    struct agent_alerts *alerts;
    struct agent_metrics *metrics;                    /* NULL: nobody listens */
    struct agent_house *house;                        /* NULL: nothing to keep */
    int64_t evaluate_at, look_at, again_at, plans_at; /* by the monotonic clock */
    char trouble[256];                                /* why there is no recorder, as it was said last */
    uint64_t lost;                                    /* said */
};

/* ---- what leaves the machine ---- */

static bool is_allowed(const char *path, const char *shown, bool *allowed, struct sd_error *err)
{
    char *text;
    size_t len, n = strlen(shown);
    *allowed = false;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return true;
    if (!trust_read("list of allowed histories", path, ALLOWED_MAX, &text, &len, err))
        return false;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        *allowed = *allowed || (strcspn(line, "\n") == n && !memcmp(line, shown, n));
    free(text);
    return true;
}

static bool allow(const char *path, const char *shown, struct sd_error *err)
{
    int fd = output_open(path, OUTPUT_CONTINUE, false, err);
    if (fd < 0)
        return false;
    char *line = mem_printf("%s\n", shown);
    bool ok = write(fd, line, strlen(line)) == (ssize_t)strlen(line) && fsync(fd) == 0;
    int why = errno;
    close(fd);
    free(line);
    return ok || fail(err, "cannot write %.200s: %s", path, strerror(why));
}

/* A history on another machine is asked for once. */
static bool may_leave(const struct agent *x, struct sd_error *err)
{
    if (!history_is_remote(x->url))
        return true;
    char *path = mem_printf("%s/allowed-histories", x->state), *shown = history_shown(x->url);
    bool allowed, ok = is_allowed(path, shown, &allowed, err);
    if (ok && !allowed)
        ok = command_value(x->app->cli, "allow-remote")
                 ? allow(path, shown, err)
                 : fail(err,
                        "the history %.200s is on another machine, so what is recorded would leave this one; "
                        "agent --allow-remote allows it, once for this URL",
                        shown);
    free(path);
    free(shown);
    return ok;
}

/* ---- the beginning ---- */

/* Two agents on one state would send everything twice. */
static bool take_lock(struct agent *x, struct sd_error *err)
{
    char *path = mem_printf("%s/agent.lock", x->state);
    x->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    bool ok = x->lock >= 0 || fail(err, "cannot open %.200s: %s", path, strerror(errno));
    if (ok && flock(x->lock, LOCK_EX | LOCK_NB) < 0)
        ok = fail(err,
                  errno == EWOULDBLOCK ? "another agent uses the state in %.200s"
                                       : "cannot lock the state in %.200s",
                  x->state);
    free(path);
    return ok;
}

static void taken(void *ctx, const struct sd_batch *b)
{
    struct agent *x = ctx;
    if (x->metrics)
        agent_metrics_take(x->metrics, b);
}

static void changed(void *ctx, const struct sd_batch *events)
{
    struct agent *x = ctx;
    if (x->app->history)
        history_recorder_batch(x->app->history, events);
}

static bool open_history(struct agent *x, struct sd_error *err)
{
    struct app *a = x->app;
    if (!x->url)
        complain("the policy names no history.url: alerts are evaluated, and nothing is recorded");
    if (!x->url)
        return true;
    if (!may_leave(x, err) || !history_places(a, x->url, x->state, err))
        return false;
    a->history = history_record(a, x->url, x->state, false, OPEN_NS, err);
    if (!a->history)
        return false;
    x->house = agent_house_new(a, x->url);
    return true;
}

static bool begin(struct agent *x, struct sd_error *err)
{
    struct app *a = x->app;
    const char *listen = command_value(a->cli, "listen");
    x->url = a->config->policy.history.url;
    x->state = state_folder(command_value(a->cli, "state"), err);
    if (!x->state || !take_lock(x, err))
        return false;
    app_watch_goals(a, NULL);
    if (history_host(a))
        signals_set_host(a->signals, history_host(a));
    if (listen) {
        x->metrics = agent_metrics_open(a, listen, err);
        if (!x->metrics)
            return false;
    }
    a->taken = taken;
    a->taken_ctx = x;
    if (!open_history(x, err))
        return false;
    const struct agent_alerts_options o = {.app = a,
                                           .state = x->state,
                                           .sources = x->url ? &x->url : a->cli->args,
                                           .n_sources = x->url ? 1 : a->cli->n_args,
                                           .every_ns = x->every_ns,
                                           .changed = changed,
                                           .changed_ctx = x};
    x->alerts = agent_alerts_new(&o);
    size_t failed = app_add_all(a, a->cli->args, a->cli->n_args, NULL);
    app_report(a);
    if (failed)
        return fail(err, "not every source can be used; nothing was begun");
    return a->n_sources ||
           fail(err, "no source is given and none was found here; name one: slowdive agent SOURCE");
}

/* ---- looking after it ---- */

static void look_after_recorder(struct agent *x, int64_t mono)
{
    struct app *a = x->app;
    struct sd_error err = {""};
    if (!x->url)
        return;
    if (!a->history) {
        if (mono < x->again_at)
            return;
        x->again_at = mono + AGAIN_NS;
        a->history = history_record(a, x->url, x->state, false, TURN_NS, &err);
        if (!a->history && strcmp(x->trouble, err.text) != 0)
            complain("%s", err.text);
        snprintf(x->trouble, sizeof x->trouble, "%.255s", err.text);
        return;
    }
    struct history_recorder_stats s = history_recorder_stats(a->history);
    if (x->metrics)
        agent_metrics_state(x->metrics, x->alerts, &s);
    if (s.lost > x->lost)
        complain("%llu records could not be kept", (unsigned long long)(s.lost - x->lost));
    x->lost = s.lost;
    if (app_record_troubled(a, &err))
        complain("%s", err.text);
    snprintf(x->trouble, sizeof x->trouble, "%s", s.error);
    if (!s.error[0])
        return;
    complain("%s", s.error);
    history_recorder_close(a->history, TURN_NS);
    a->history = NULL;
    x->lost = 0;
    x->again_at = mono + AGAIN_NS;
}

static void look_after(struct agent *x)
{
    int64_t mono = clock_mono();
    bool busy = agent_alerts_busy(x->alerts);
    if (mono >= x->evaluate_at && !busy) {
        bool done = agent_alerts_evaluate(x->alerts, clock_wall());
        x->evaluate_at = mono + (done ? x->every_ns : MIN(x->every_ns, TURN_NS));
    }
    if (x->house)
        agent_house_turn(x->house);
    if (mono < x->look_at)
        return;
    x->look_at = mono + TURN_NS;
    look_after_recorder(x, mono);
    if (x->app->history && mono >= x->plans_at) {
        app_ask_for_plans(x->app);
        x->plans_at = mono + PLANS_NS;
    }
}

static void loop(struct agent *x)
{
    struct app *a = x->app;
    x->plans_at = clock_mono() + SD_S * 10;
    x->evaluate_at = clock_mono() + MIN(x->every_ns, 5 * SD_S); /* the sources have said something by then */
    while (!signals_stop()) {
        struct pollfd fds[] = {{.fd = rt_fd(a->rt), .events = POLLIN},
                               {.fd = signals_fd(), .events = POLLIN},
                               {.fd = agent_metrics_fd(x->metrics), .events = POLLIN}};
        int64_t wait = MAX(MIN(x->evaluate_at, x->look_at) - clock_mono(), 0);
        poll(fds, ARRAY_LEN(fds), (int)(MIN(wait, TURN_NS) / SD_MS) + 1);
        if (fds[1].revents)
            signals_drain();
        app_drain(a, 100 * SD_MS);
        if (x->metrics)
            agent_metrics_turn(x->metrics);
        look_after(x);
    }
}

/* The messages under way, then what the sources still hand out, then the last put. */
static int end(struct agent *x, bool ran)
{
    struct app *a = x->app;
    struct sd_error err;
    agent_house_free(x->house);
    agent_alerts_free(x->alerts);
    if (ran)
        app_end_sources(a, SD_S);
    bool whole = app_record(a, NULL, false, &err);
    if (!whole)
        complain("%s", err.text);
    a->taken = NULL;
    agent_metrics_close(x->metrics);
    if (x->lock >= 0)
        close(x->lock);
    free(x->state);
    return whole ? EXIT_FINE : EXIT_USAGE;
}

static int print_unit(const struct app *a)
{
    struct strbuf unit = {0};
    char program[4096];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = 0;
    agent_unit(a->cli, *program ? program : "/usr/bin/slowdive", &unit);
    bool ok = output_made(a, &unit);
    strbuf_free(&unit);
    return ok ? EXIT_FINE : EXIT_USAGE;
}

static int run(struct app *a)
{
    struct agent x = {.app = a, .lock = -1, .every_ns = EVERY_NS};
    const char *every = command_value(a->cli, "every");
    struct sd_error err = {""};
    app_report(a);
    if (every && (!unit_parse_duration(every, &x.every_ns, &err) || x.every_ns <= 0)) {
        complain("--every %.60s is no duration above 0, such as 15s", every);
        return EXIT_USAGE;
    }
    if (command_value(a->cli, "print-unit"))
        return print_unit(a);
    signals_graceful(END_NS, SIGNALS_PUTTING);
    bool ran = begin(&x, &err);
    if (ran)
        loop(&x);
    else
        complain("%s", err.text);
    int status = end(&x, ran);
    return ran ? status : EXIT_USAGE;
}

const struct cli_command AGENT_COMMAND = {
    .name = "agent",
    .args = "[SOURCE...]",
    .help = "unattended: record into the history of the policy, evaluate its alerts, tell the receivers",
    .options = OPTIONS,
    .brief = true,
    .run = run,
};
