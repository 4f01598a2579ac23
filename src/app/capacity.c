/* capacity.c - the commands `capacity queue`, `usl`, `plan`, `hops` and `scale`: arguments in, a document
 * out. */
#include "app/commands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/output.h"
#include "core/capacity/documents.h"
#include "core/loads/amounts.h"
#include "source/estimate/estimate_files.h"

static int print_or_complain(struct app *a, cJSON *o, const struct sd_error *err)
{
    if (!o) {
        complain("%s", err->text);
        return EXIT_USAGE;
    }
    return command_print(a, o, !str_eq(result_get_text(o, "verdict"), "fail"));
}

/* ---- queue ---- */

static const struct command_option QUEUE_OPTIONS[] = {
    {.name = "rate", .arg = "R", .help = "requests a second, as 64 or 600/m"},
    {.name = "service", .arg = "D", .help = "mean time that one takes when it need not wait, as 40ms"},
    {.name = "servers", .arg = "N", .help = "how many work at once"},
    {.name = "target", .arg = "p99=D", .help = "instead: find the fewest whose responses keep that"},
    {.name = "cv-arrival", .arg = "X", .help = "coefficient of variation between arrivals (1)"},
    {.name = "cv-service", .arg = "X", .help = "coefficient of variation of service times (1)"},
    {.name = NULL},
};

struct queue_wish {
    struct queue q; /* servers SD_UNKNOWN: to be found */
    double share, limit_ns;
    double cv_arrival, cv_service;
};

static bool read_target(struct queue_wish *w, const char *text, struct sd_error *err)
{
    static const struct {
        const char *name;
        double share;
    } SHARES[] = {{"p50=", .5}, {"p75=", .75}, {"p90=", .9}, {"p95=", .95}, {"p99=", .99}, {"p999=", .999}};
    struct sd_error why;
    int64_t ns = 0;
    for (size_t i = 0; i < ARRAY_LEN(SHARES); i++)
        if (str_starts(text, SHARES[i].name)) {
            w->share = SHARES[i].share;
            if (!amount_duration(text + strlen(SHARES[i].name), &ns, &why) || ns <= 0)
                break;
            w->limit_ns = (double)ns;
            return true;
        }
    return fail(err, "--target is %.60s; expected a percentile and a duration, as p99=200ms", text);
}

static bool read_variation(const struct cli *cli, const char *option, double *cv, struct sd_error *err)
{
    const char *text = command_value(cli, option);
    *cv = 1;
    return !text || (amount_number(text, cv, err) && *cv >= 0 && *cv <= 1e6) ||
           fail(err, "--%s is %.60s; expected a number from 0 to 1000000", option, text);
}

static bool read_queue(const struct cli *cli, struct queue_wish *w, struct sd_error *err)
{
    const char *rate = command_value(cli, "rate"), *service = command_value(cli, "service"),
               *servers = command_value(cli, "servers"), *target = command_value(cli, "target");
    int64_t ns = 0;
    *w = (struct queue_wish){.q.servers = SD_UNKNOWN};
    if (!rate || !service || !servers == !target)
        return fail(err, "capacity queue needs --rate, --service, and either --servers or --target");
    if (!amount_rate(rate, &w->q.rate_per_s, err) || !amount_duration(service, &ns, err))
        return false;
    if (w->q.rate_per_s > QUEUE_RATE_MAX)
        return fail(err, "--rate is %.60s; at most 1e12 a second are reckoned with", rate);
    if (ns <= 0)
        return fail(err, "--service is %.60s; a request that takes no time needs no server", service);
    w->q.service_ns = (double)ns;
    if (servers && !amount_whole(servers, 1, QUEUE_SERVERS_MAX, &w->q.servers, err))
        return fail(err, "--servers is %.60s; expected a whole number from 1 to %d", servers,
                    (int)QUEUE_SERVERS_MAX);
    if ((target && !read_target(w, target, err)) || !read_variation(cli, "cv-arrival", &w->cv_arrival, err) ||
        !read_variation(cli, "cv-service", &w->cv_service, err))
        return false;
    return !target || (w->cv_arrival == 1 && w->cv_service == 1) ||
           fail(err, "--target needs percentiles, and those are only known with both coefficients of "
                     "variation at 1");
}

static int run_queue(struct app *a)
{
    struct queue_wish w;
    struct queue_figures f;
    struct sd_error err;
    if (!command_args(a, 0, 0))
        return EXIT_USAGE;
    if (!read_queue(a->cli, &w, &err))
        return print_or_complain(a, NULL, &err);
    if (!sd_known(w.q.servers))
        w.q.servers = queue_servers_for(&w.q, w.share, w.limit_ns);
    if (w.q.servers > QUEUE_SERVERS_MAX) {
        fail(&err, "more than %d servers would be needed", (int)QUEUE_SERVERS_MAX);
        return print_or_complain(a, NULL, &err);
    }
    queue_figures(&f, &w.q, w.cv_arrival, w.cv_service);
    return command_print(a, queue_document(&f), f.stable);
}

const struct cli_command CAPACITY_QUEUE_COMMAND = {
    .name = "capacity queue",
    .args = "--rate R --service D --servers N | --target p99=D",
    .help = "waiting and response times of a rate on so many servers, or how many it needs (M/M/c)",
    .options = QUEUE_OPTIONS,
    .run = run_queue,
};

/* ---- files ---- */

static int run_file(struct app *a, cJSON *(*estimate)(const char *path, struct sd_error *err))
{
    struct sd_error err;
    if (!command_args(a, 1, 1))
        return EXIT_USAGE;
    return print_or_complain(a, estimate(a->cli->args[0], &err), &err);
}

static int run_usl(struct app *a)
{
    return run_file(a, estimate_usl);
}

static int run_plan(struct app *a)
{
    return run_file(a, estimate_plan);
}

static int run_hops(struct app *a)
{
    return run_file(a, estimate_hops);
}

const struct cli_command CAPACITY_USL_COMMAND = {
    .name = "capacity usl",
    .args = "FILE",
    .help = "the Universal Scalability Law fitted to points of load and throughput (CSV): where more stops "
            "helping",
    .run = run_usl,
};
const struct cli_command CAPACITY_PLAN_COMMAND = {
    .name = "capacity plan",
    .args = "PLAN",
    .help = "how many instances the peak of a plan (YAML) needs, what they cost, which limit breaks",
    .run = run_plan,
};
const struct cli_command CAPACITY_HOPS_COMMAND = {
    .name = "capacity hops",
    .args = "FILE",
    .help = "the latency of a request that passes several hops (YAML), out of the percentiles of each",
    .run = run_hops,
};

/* ---- scale ---- */

static const struct command_option SCALE_OPTIONS[] = {
    {.name = "policy",
     .arg = "FILE",
     .help = "instances, target, limits, events and policies to replay (YAML)"},
    {.name = NULL},
};

static int run_scale(struct app *a)
{
    const char *policy = command_value(a->cli, "policy");
    struct sd_error err;
    if (!command_args(a, 1, 1))
        return EXIT_USAGE;
    if (!policy) {
        fail(&err, "scale needs --policy, the file that says what instances are and when they start");
        return print_or_complain(a, NULL, &err);
    }
    return print_or_complain(a, estimate_scale(a->cli->args[0], policy, &err), &err);
}

const struct cli_command SCALE_COMMAND = {
    .name = "scale",
    .args = "TRACE --policy POLICY",
    .help = "replay demand (CSV) against scaling policies: violations and cost of each",
    .options = SCALE_OPTIONS,
    .run = run_scale,
};
