#include "app/load_run.h"

#include <math.h>
#include <stdlib.h>

#include "app/load_baseline.h"
#include "app/load_live.h"
#include "app/output.h"
#include "base/clock.h"
#include "conf/load_scenario.h"
#include "core/loads/amounts.h"
#include "sink/loads/samples.h"

/* After a signal: half a second for what is under way, the rest for the document and a reader of the samples.
 */
#define PATIENCE (10 * SD_S)
enum { EXIT_STOPPED = 130 };

static const struct command_option OPTIONS[] = {
    {"target", "URL", "instead of the scenario's target"},
    {"samples", "FILE", "each request as a line of CSV; may be a FIFO"},
    {"baseline", "FILE",
     "the samples of an earlier run, of this or another tool: exit 1 when this run is slower"},
    {"tolerance", "SHARE", "with --baseline: a change up to it is none (default: 10%)"},
    {"allow", "HOST",
     "the target's host, when it is another than this one; it has to permit the load itself"},
    {"max-rate", "N", "the limit of requests a second (default: 10000)"},
    {"max-duration", "DURATION", "the limit of the schedule's length (default: 1h)"},
    {"seed", "N", "instead of the scenario's seed"},
    {NULL, NULL, NULL},
};

struct running {
    const struct load_scenario *scenario;
    struct load_live *live;
    struct samples *samples;
    struct load_baseline baseline;
};

/* ---- options ---- */

static bool read_options(const struct app *a, struct load_scenario *s, struct load_permission *p,
                         struct sd_error *err)
{
    const char *rate = command_value(a->cli, "max-rate"), *duration = command_value(a->cli, "max-duration");
    const char *seed = command_value(a->cli, "seed");
    int64_t number;
    *p = (struct load_permission){
        .allow = command_value(a->cli, "allow"), .max_rate = (double)NAN, .max_duration_ns = SD_UNKNOWN};
    if (rate && (!amount_rate(rate, &p->max_rate, err) || !(p->max_rate > 0)))
        return fail(err, "--max-rate %.60s is not a rate such as 20000", rate);
    if (duration && (!amount_duration(duration, &p->max_duration_ns, err) || p->max_duration_ns <= 0))
        return fail(err, "--max-duration %.60s is not a duration such as 2h", duration);
    if (seed && !amount_whole(seed, 0, (int64_t)1 << 53, &number, err))
        return fail(err, "--seed %.60s is not a whole number", seed);
    if (seed)
        s->seed = (uint64_t)number;
    return true;
}

static bool open_samples(const struct app *a, const struct load_scenario *s, struct samples **out,
                         struct sd_error *err)
{
    const char *path = command_value(a->cli, "samples");
    *out = NULL;
    if (!path)
        return true;
    const char **names = mem_array(s->n_requests, sizeof *names);
    for (size_t i = 0; i < s->n_requests; i++)
        names[i] = s->requests[i].name;
    *out = samples_open(path, names, s->n_requests, err);
    free(names);
    return *out != NULL;
}

/* ---- the run ---- */

static void each(void *ctx, const struct load_outcome *o)
{
    struct running *x = ctx;
    if (x->samples)
        samples_add(x->samples, o, load_failure_of(x->scenario, o));
    load_baseline_add(&x->baseline, x->scenario, o);
}

static void on_tick(void *ctx, const struct load_run *r, int64_t now_ns, int64_t waiting, int64_t in_flight)
{
    struct running *x = ctx;
    load_live_tick(x->live, r, now_ns, waiting, in_flight);
}

static void on_interval(void *ctx, const struct load_run *r, const struct load_interval *i)
{
    struct running *x = ctx;
    load_live_interval(x->live, r, i);
}

static int exit_of(const struct load_run *r, int printed)
{
    if (printed != EXIT_FINE && printed != EXIT_CHECK)
        return printed;
    return r->verdict == LOAD_VERDICT_STOPPED ? EXIT_STOPPED : printed;
}

/* The document comes before the samples are waited for: their reader may be slow. */
static int run_scenario(struct app *a, struct running *x, const struct load_target *t)
{
    struct sd_error err;
    struct load_runner_hooks hooks = {.tick = on_tick, .interval = on_interval, .ctx = x};
    struct load_run *r = mem_alloc(sizeof *r);
    int status = EXIT_USAGE;
    load_run_init(r, x->scenario, clock_wall());
    r->each = each;
    r->each_ctx = x;
    x->live = load_live_start(x->scenario);
    bool ran = load_runner_run(r, t, &hooks, signals_graceful(PATIENCE, NULL), &err);
    load_live_stop(x->live, r);
    if (ran) {
        load_baseline_compare(&x->baseline, r);
        status = exit_of(r, command_print(a, load_run_document(r), r->verdict == LOAD_VERDICT_PASS));
    } else {
        complain("%s", err.text);
    }
    load_run_free(r);
    free(r);
    if (!samples_close(x->samples, &err)) {
        complain("%s", err.text);
        status = status == EXIT_FINE ? EXIT_CHECK : status;
    }
    return status;
}

static int load_run(struct app *a)
{
    struct load_scenario s = {0};
    struct running x = {.scenario = &s};
    struct load_permission permission;
    struct load_target target;
    struct sd_error err;
    int status = EXIT_USAGE;
    if (!command_args(a, 1, 1) || !output_ready(a))
        return EXIT_USAGE;
    if (load_scenario_read(&s, a->cli->args[0], command_value(a->cli, "target"), &err) &&
        read_options(a, &s, &permission, &err) &&
        load_baseline_open(&x.baseline, &s, command_value(a->cli, "baseline"),
                           command_value(a->cli, "tolerance"), &err) &&
        load_runner_allowed(&s, &permission, &target, &err) && open_samples(a, &s, &x.samples, &err))
        status = run_scenario(a, &x, &target);
    else
        complain("%s", err.text);
    load_baseline_free(&x.baseline);
    load_scenario_free(&s);
    return status;
}

const struct cli_command LOAD_RUN_COMMAND = {
    .name = "load run",
    .args = "SCENARIO",
    .help = "send the load of a scenario and say whether what it asks for holds",
    .options = OPTIONS,
    .run = load_run,
};
