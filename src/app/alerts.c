/* alerts.c - `slowdive alerts`: which alerts fire as of a moment; --notify also tells who is to be told, and
 * goes on from the state of the run before; --simulate does all of it over the data, and tells nobody. */
#include "app/alerts.h"

#include "app/alert_run.h"
#include "app/alert_test.h"
#include "app/output.h"
#include "base/clock.h"
#include "base/units.h"
#include "core/goals/alert_inputs.h"
#include "view/goals/alerts.h"
#include "view/goals/playbook.h"

#define EVERY_NS      (15 * SD_S)
#define SIMULATE_SIZE ((size_t)1 << 30)
enum { SIMULATE_STEPS_MAX = 20000000 };

static const struct command_option OPTIONS[] = {
    {"notify", NULL, "one evaluation that goes on from the state, and sends what is due to the receivers"},
    {"simulate", NULL, "step through all the data: what would have been sent, and when; nothing is"},
    {"every", "DURATION", "the time between evaluations (15s)"},
    {"state", "DIR", "folder of the state (default: $XDG_STATE_HOME/slowdive)"},
    {"ack", "ALERT", "somebody looks after it: no further steps of its incident"},
    {"by", "NAME", "of --ack: who"},
    {"silence", "KEY=VALUE[,...]", "send nothing about what matches, --for some time; prints its id"},
    {"for", "DURATION", "of --silence: how long"},
    {"why", "TEXT", "of --silence: the reason"},
    {"unsilence", "ID", "end a silence"},
    {"test", NULL,
     "the exact requests of every step of an alert's escalation (of each escalation without one)"},
    {"yes", NULL, "of --test: send them, marked as a test"},
    {"playbook", "NAME", "the steps of a playbook, and under each what is seen now"},
    {NULL, NULL, NULL},
};

/* ---- reading ---- */

/* keep_all: not only what an evaluation at the end of the data needs. What cannot be read is a line of
 * `unread` each, and its alerts have no data. False, with a complaint. */
static bool read_sources(struct app *a, bool keep_all, struct strbuf *unread)
{
    struct signals_limits limits = SIGNALS_DEFAULTS;
    struct sd_error err = {""};
    if (keep_all || cli_has(a->cli, CLI_AT))
        limits = (struct signals_limits){.keep_ns = INT64_MAX, .max_bytes = SIMULATE_SIZE};
    app_watch_goals(a, &limits);
    const struct past_use use = {.goals = true, .kept = command_value(a->cli, "simulate") != NULL};
    if (!app_read_what_can(a, a->cli->args, a->cli->n_args, &use, unread, &err)) {
        complain("%s", err.text);
        return false;
    }
    signals_set_live(a->signals, app_is_live(a));
    return true;
}

/* The moment everything is computed as of: --at, else the present while a source is live, else the end of
 * the data; without data the present. A server that could not be read has data of the present
 * at other times: the clock does not go back to the end of what else there is. False, with a complaint. */
static bool set_clock(const struct app *a, const struct strbuf *unread, sd_time *at)
{
    struct sd_error err;
    sd_time first = signals_first(a->signals), last = signals_last(a->signals);
    bool live = app_is_live(a) || (unread->len && !app_reads_files_only(a));
    *at = live || !sd_known(last) ? clock_wall() : last;
    if (!cli_has(a->cli, CLI_AT) || clock_parse_within(a->cli->values[CLI_AT], first, *at, at, &err))
        return true;
    complain("--at: %s", err.text);
    return false;
}

/* ---- one evaluation ---- */

struct evaluating {
    struct app *app;
    struct alerting *engine;
    struct alert_store store;
    struct alert_log log;
    struct alert_inputs room;
    struct arena *arena;
    struct strbuf unread; /* why a source could not be read, a line each */
    sd_time at;
};

static int print(struct evaluating *e, bool simulated, struct span span)
{
    const struct alerts_shown shown = {
        .engine = e->engine, .log = &e->log, .simulated = simulated, .from = span.from, .to = span.to};
    struct doc *d = alerts_doc(&shown);
    if (e->unread.len)
        app_add_unread(d, e->unread.text);
    int status = output_doc(e->app, d);
    doc_free(d);
    return status;
}

static int notify(struct evaluating *e)
{
    struct sd_error err = {""};
    int status = EXIT_USAGE;
    if (!alert_store_read(&e->store, e->engine, &err) ||
        !alert_evaluate(e->engine, e->app->signals, e->at, &e->room, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    const struct alert_run run = {.sources = e->app->cli->args,
                                  .n_sources = e->app->cli->n_args,
                                  .store = &e->store,
                                  .engine = e->engine,
                                  .log = &e->log,
                                  .arena = e->arena,
                                  .at = e->at};
    if (!alert_deliver(&run, &status, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    /* What cron runs says nothing when nothing happened. */
    bool quiet = !cli_has(e->app->cli, CLI_FORMAT) && !e->log.n_notices;
    int printed = quiet ? EXIT_FINE : print(e, false, (struct span){SD_UNKNOWN, SD_UNKNOWN});
    if (e->unread.len)
        status = EXIT_CHECK;
    return printed == EXIT_FINE ? status : printed;
}

/* As notify, in memory: nothing is written and nothing sent. A state that is later than the data is of
 * something else, unless it was named. */
static int show(struct evaluating *e)
{
    struct sd_error err = {""};
    bool named = command_value(e->app->cli, "state") != NULL;
    bool ok = e->app->config->policy.of_folder || alert_store_read(&e->store, e->engine, &err);
    if (ok && !named && sd_known(e->engine->at) && e->engine->at > e->at) {
        alerting_free(e->engine);
        e->engine = alerting_new(&e->app->config->policy, EVERY_NS);
    }
    if (!ok || !alert_evaluate(e->engine, e->app->signals, e->at, &e->room, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    int status = print(e, false, (struct span){SD_UNKNOWN, SD_UNKNOWN});
    return status == EXIT_FINE && (alerting_firing(e->engine) || e->unread.len) ? EXIT_CHECK : status;
}

/* At the multiples of `every` from the first data until all of it was seen. */
static int simulate(struct evaluating *e)
{
    static const struct delivery_answer done = {.status = 200, .retry_after_ns = SD_UNKNOWN};
    int64_t every = e->engine->every_ns;
    sd_time first = signals_first(e->app->signals), last = signals_last(e->app->signals);
    struct sd_error err = {""};
    const char *status = e->app->config->policy.of_folder ? "withheld" : "planned";
    if (!sd_known(first)) {
        complain("there is nothing to simulate: the sources have no data");
        return EXIT_USAGE;
    }
    sd_time from = (first + every - 1) / every * every, to = (last + every - 1) / every * every;
    if (cli_has(e->app->cli, CLI_AT))
        to = MIN(to, e->at);
    if ((to - from) / every > SIMULATE_STEPS_MAX) {
        complain("that would be %lld evaluations; a longer --every makes them fewer",
                 (long long)((to - from) / every));
        return EXIT_USAGE;
    }
    e->engine->changed = alert_log_change;
    e->engine->changed_ctx = &e->log;
    for (sd_time at = from; at <= to; at += every) {
        const struct delivery *due;
        if (signals_stop())
            return 128 + signals_stop();
        if (!alert_evaluate(e->engine, e->app->signals, at, &e->room, &err)) {
            complain("%s", err.text);
            return EXIT_USAGE;
        }
        size_t n = alerting_due(e->engine, &due);
        for (size_t i = 0; i < n; i++)
            alert_log_notice(&e->log, &due[i], alerting_answer(e->engine, i, &done), status);
    }
    int printed = print(e, true, (struct span){from, e->engine->at});
    return printed == EXIT_FINE && (alerting_firing(e->engine) || e->unread.len) ? EXIT_CHECK : printed;
}

static int evaluate(struct app *a, int64_t every, bool notifies, bool simulates)
{
    struct evaluating e = {.app = a, .store = {.lock = -1}};
    struct sd_error err;
    int status = EXIT_USAGE;
    alert_log_init(&e.log);
    e.arena = arena_new();
    e.engine = alerting_new(&a->config->policy, every);
    bool ready = simulates || alert_store_open(&e.store, command_value(a->cli, "state"),
                                               notifies ? ALERT_EVALUATE : ALERT_READ, &err);
    if (!ready) {
        complain("%s", err.text);
    } else {
        if (read_sources(a, simulates, &e.unread) && set_clock(a, &e.unread, &e.at))
            status = simulates ? simulate(&e) : notifies ? notify(&e) : show(&e);
    }
    alerting_free(e.engine);
    alert_inputs_free(&e.room);
    alert_log_free(&e.log);
    alert_store_close(&e.store);
    arena_free(e.arena);
    strbuf_free(&e.unread);
    return status;
}

/* ---- test, playbook ---- */

static int test(struct app *a)
{
    sd_time at = clock_wall();
    struct sd_error err;
    if (a->cli->n_args > 1) {
        complain("--test takes one alert");
        return EXIT_USAGE;
    }
    if (cli_has(a->cli, CLI_AT) && !clock_parse(a->cli->values[CLI_AT], at, &at, &err)) {
        complain("--at: %s", err.text);
        return EXIT_USAGE;
    }
    return alert_test(a, a->cli->n_args ? a->cli->args[0] : NULL, at, command_value(a->cli, "yes") != NULL);
}

static int playbook(struct app *a)
{
    const char *name = command_value(a->cli, "playbook");
    const struct goal_policy *p = &a->config->policy;
    const struct goal_playbook *book = playbook_meant(p, name);
    struct sd_error err;
    sd_time at;
    if (!book) {
        complain("there is no playbook %.100s, and no alert that has one", name);
        return EXIT_USAGE;
    }
    struct strbuf unread = {0};
    bool ready = read_sources(a, true, &unread) && set_clock(a, &unread, &at);
    strbuf_free(&unread);
    if (!ready)
        return EXIT_USAGE;
    if (cli_has(a->cli, CLI_AT) && !app_end_at(a, at, &err)) {
        complain("%s", err.text);
        return EXIT_USAGE;
    }
    const struct view_ctx c = {.model = a->model,
                               .span = SPAN_ALL,
                               .now = at,
                               .policy = p,
                               .signals = a->signals,
                               .goals_at = at,
                               .show_literals = a->config->settings->show_literals};
    struct doc *d = playbook_doc(&c, book);
    int status = output_doc(a, d);
    doc_free(d);
    return status;
}

/* ---- the command ---- */

/* Each is of another one, or alone. */
static bool options_fit(const struct app *a, int64_t *every)
{
    static const struct {
        const char *option, *of;
    } PARTS[] = {{"by", "ack"}, {"for", "silence"}, {"why", "silence"}, {"yes", "test"}};
    static const char *const ALONE[] = {"notify",    "simulate", "ack",     "silence",
                                        "unsilence", "test",     "playbook"};
    const char *text = command_value(a->cli, "every"), *first = NULL;
    struct sd_error err;
    *every = EVERY_NS;
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++)
        if (command_value(a->cli, PARTS[i].option) && !command_value(a->cli, PARTS[i].of)) {
            complain("--%s is of --%s, which is missing", PARTS[i].option, PARTS[i].of);
            return false;
        }
    for (size_t i = 0; i < ARRAY_LEN(ALONE); i++) {
        if (!command_value(a->cli, ALONE[i]))
            continue;
        if (first) {
            complain("--%s and --%s do not go together", first, ALONE[i]);
            return false;
        }
        first = ALONE[i];
    }
    if (text && (!unit_parse_duration(text, every, &err) || *every <= 0)) {
        complain("--every %.60s is no duration above 0, such as 15s", text);
        return false;
    }
    return output_ready(a);
}

static int run(struct app *a)
{
    int64_t every;
    app_report(a);
    if (!options_fit(a, &every))
        return EXIT_USAGE;
    if (command_value(a->cli, "ack"))
        return alerts_ack(a);
    if (command_value(a->cli, "silence"))
        return alerts_silence(a);
    if (command_value(a->cli, "unsilence"))
        return alerts_unsilence(a);
    if (command_value(a->cli, "test"))
        return test(a);
    if (command_value(a->cli, "playbook"))
        return playbook(a);
    return evaluate(a, every, command_value(a->cli, "notify") != NULL,
                    command_value(a->cli, "simulate") != NULL);
}

const struct cli_command ALERTS_COMMAND = {
    .name = "alerts",
    .args = "[SOURCE...]",
    .help = "which alerts of the policy fire; --notify tells the receivers",
    .options = OPTIONS,
    .whole = true,
    .run = run,
};
