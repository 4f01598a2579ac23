/* load_source.c - a load test of the console: opened it says what it would do; it runs when it is asked to
 * (the job RUN_LOAD), second by second. */
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "conf/load_scenario.h"
#include "core/result.h"
#include "source/load/runner.h"
#include "source/shared/examine.h"

struct load_opts {
    const char *kind, *allow, *target;
    double max_rate;
    int64_t max_duration_ns;
};

/* Room for each in a batch: the buckets of an interval. */
struct sparse {
    struct sd_hist h;
    struct sd_bucket buckets[SD_HIST_BUCKETS];
};

struct load_test {
    struct load_scenario scenario;
    struct load_target where;
    const char *name; /* of the scenario's file, without its folder */
    bool opened;
    atomic_int stop;
    sd_time began;
    struct sparse latency, service;
};

/* ---- records ---- */

static const struct sd_hist *sparse_of(const struct hist *h, struct sparse *out)
{
    uint32_t n = 0;
    for (uint32_t i = h->lo; h->count && i < h->hi; i++)
        if (h->bucket[i])
            out->buckets[n++] = (struct sd_bucket){.index = i, .count = h->bucket[i]};
    out->h = (struct sd_hist){.n = n, .buckets = out->buckets};
    return &out->h;
}

static struct sd_load head_of(struct sd_source *s)
{
    const struct load_test *x = s->priv;
    return (struct sd_load){
        .name = x->name,
        .what = load_kind_name(x->scenario.kind),
        .target = x->scenario.target,
        .began = x->began,
        .whole_ns = load_duration_ns(&x->scenario),
        .interval_ns = 0,
        .asked_per_s = load_peak_rate(&x->scenario),
        .users = x->scenario.model == LOAD_CLOSED ? load_peak_users(&x->scenario) : SD_UNKNOWN,
        .planned = 0,
        .sent = 0,
        .answered = 0,
        .failed = 0,
        .timeouts = 0,
        .limited = 0,
        .waiting = 0,
        .in_flight = 0,
        .late = 0,
        .late_p99_ns = SD_UNKNOWN,
        .cpu_share = (double)NAN,
        .bytes = 0,
    };
}

static void publish_one(struct sd_source *s, sd_time at, enum sd_kind kind, const void *record)
{
    struct sd_batch *b = s->host->batch(s, at);
    s->host->add(b, kind, record);
    s->host->publish(s, b);
}

static void publish_ready(struct sd_source *s)
{
    struct sd_load r = head_of(s);
    r.phase = "ready";
    publish_one(s, s->host->now(s), SD_LOAD, &r);
}

/* ---- while it runs ---- */

static void on_tick(void *ctx, const struct load_run *r, int64_t now_ns, int64_t waiting, int64_t in_flight)
{
    struct sd_source *s = ctx;
    struct load_test *x = s->priv;
    (void)r, (void)now_ns, (void)waiting, (void)in_flight;
    if (s->host->should_stop(s) || s->host->withdrawn(s))
        atomic_store(&x->stop, 1);
}

static void on_interval(void *ctx, const struct load_run *run, const struct load_interval *i)
{
    struct sd_source *s = ctx;
    struct load_test *x = s->priv;
    struct strbuf phase = {0};
    struct sd_load r = head_of(s);
    load_run_phase(run, i->to_ns, &phase);
    r.phase = strbuf_text(&phase);
    r.interval_ns = i->to_ns - i->from_ns;
    r.asked_per_s = i->asked_per_s;
    r.users = i->users;
    r.planned = i->planned;
    r.sent = i->sent;
    r.answered = i->answered;
    r.failed = i->failed;
    r.timeouts = i->timeouts;
    r.limited = i->limited;
    r.waiting = i->waiting;
    r.in_flight = i->in_flight;
    r.late = i->late;
    r.late_p99_ns = hist_quantile(&i->lateness, 0.99);
    r.cpu_share = i->cpu_share;
    r.bytes = i->bytes;
    r.latency = sparse_of(&i->latency, &x->latency);
    r.service = sparse_of(&i->service, &x->service);
    publish_one(s, x->began + i->from_ns, SD_LOAD, &r);
    strbuf_free(&phase);
}

static void on_level(void *ctx, const struct load_run *run, const struct load_level *l)
{
    struct sd_source *s = ctx;
    struct load_test *x = s->priv;
    const struct load_scenario *sc = run->scenario;
    const char *why = l->held             ? NULL
                      : l->threshold >= 0 ? sc->thresholds[l->threshold].expression
                                          : "saturated";
    struct sd_load_level r = {
        .name = x->name,
        .level = (int64_t)run->search.n_levels,
        .from = x->began + l->from_ns,
        .to = x->began + l->to_ns,
        .rate_per_s = l->rate,
        .ok_per_s = l->ok_per_s,
        .p50_ns = l->p50,
        .p95_ns = l->p95,
        .p99_ns = l->p99,
        .error_share = l->error_share,
        .held = l->held,
        .reason = why,
    };
    publish_one(s, r.to, SD_LOAD_LEVEL, &r);
}

/* ---- the job ---- */

static enum sd_result load_request(struct sd_source *s, const struct sd_request *req, struct sd_batch *reply,
                                   struct sd_error *err)
{
    struct load_test *x = s->priv;
    const struct load_runner_hooks hooks = {
        .tick = on_tick, .interval = on_interval, .level = on_level, .ctx = s};
    if (req->job != SD_JOB_RUN_LOAD)
        return SD_UNSUPPORTED;
    struct load_run *run = mem_alloc(sizeof *run);
    x->began = s->host->now(s);
    atomic_store(&x->stop, 0);
    load_run_init(run, &x->scenario, x->began);
    bool ran = load_runner_run(run, &x->where, &hooks, &x->stop, err);
    if (ran) {
        cJSON *o = load_run_document(run);
        char *json = result_print(o);
        const struct sd_document d = {.what = "load", .name = x->name, .json = json};
        s->host->add(reply, SD_DOCUMENT, &d);
        free(json);
        cJSON_Delete(o);
    }
    load_run_free(run);
    free(run);
    return ran ? SD_OK : SD_CONFIG;
}

/* ---- the source ---- */

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static enum sd_result load_open(struct sd_source *s, struct sd_error *err)
{
    struct load_test *x = s->priv;
    const struct load_opts *o = s->opts;
    const struct load_permission may = {
        .allow = o->allow,
        .max_rate = o->max_rate > 0 ? o->max_rate : (double)NAN,
        .max_duration_ns = o->max_duration_ns > 0 ? o->max_duration_ns : SD_UNKNOWN,
    };
    if (x->opened)
        return SD_OK;
    if (!load_scenario_read(&x->scenario, s->target, o->target, err))
        return SD_CONFIG;
    x->opened = true;
    x->name = last_part(s->target);
    x->began = SD_UNKNOWN;
    const char *kind = load_kind_name(x->scenario.kind);
    if (o->kind && !str_eq(o->kind, kind))
        return sd_fail(err, SD_CONFIG, "%.200s is a load test of the kind %s, not %.20s", s->target, kind,
                       o->kind);
    return load_runner_allowed(&x->scenario, &may, &x->where, err) ? SD_OK : SD_CONFIG;
}

/* It says what it would do, and waits to be asked. */
static enum sd_result load_wait(struct sd_source *s, struct sd_error *err)
{
    const struct load_test *x = s->priv;
    (void)err;
    if (!sd_known(x->began)) {
        publish_ready(s);
        s->host->note(s, SD_STATE_LIVE, "%s",
                      s->follow ? "ready; a load test runs when it is asked to"
                                : "not run; slowdive load run FILE runs it");
    }
    while (s->follow && !s->host->should_stop(s))
        if (s->host->wait(s, -1, 0, s->host->now(s) + 3600 * SD_S) < 0)
            break;
    return SD_OK;
}

static void load_interrupt(struct sd_source *s)
{
    struct load_test *x = s->priv;
    atomic_store(&x->stop, 1);
}

static void load_close(struct sd_source *s)
{
    struct load_test *x = s->priv;
    if (x->opened)
        load_scenario_free(&x->scenario);
    x->opened = false;
}

static const struct sd_option OPTIONS[] = {
    {.name = "kind",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct load_opts, kind),
     .help = "of the test, when it shall be refused if the scenario is of another"},
    {.name = "target",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct load_opts, target),
     .help = "URL, instead of the scenario's"},
    {.name = "allow",
     .type = SD_OPTION_TEXT,
     .offset = offsetof(struct load_opts, allow),
     .help = "the target's host, when it is another than this one; it has to permit the load itself"},
    {.name = "max_rate",
     .type = SD_OPTION_REAL,
     .fallback = "0",
     .offset = offsetof(struct load_opts, max_rate),
     .help = "the limit of requests a second; 0: 10000"},
    {.name = "max_duration",
     .type = SD_OPTION_DURATION,
     .fallback = "0",
     .offset = offsetof(struct load_opts, max_duration_ns),
     .help = "the limit of the schedule's length; 0: 1h"},
    {.name = NULL},
};

extern const struct sd_source_ops load_source_ops;
const struct sd_source_ops load_source_ops = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_source_ops),
    .name = "load",
    .summary = "a load test, run from the console when it is asked to",
    .targets = "load:SCENARIO",
    .provides = SD_KIND_BIT(SD_LOAD) | SD_KIND_BIT(SD_LOAD_LEVEL) | SD_KIND_BIT(SD_DOCUMENT),
    .opts_size = sizeof(struct load_opts),
    .options = OPTIONS,
    .priv_size = sizeof(struct load_test),
    .open = load_open,
    .run = load_wait,
    .request = load_request,
    .interrupt = load_interrupt,
    .close = load_close,
    .examine = examine_file,
};
