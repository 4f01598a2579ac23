#include "source/load/runner.h"

#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "source/load/generator.h"
#include "source/load/watcher.h"

/* ---- before ---- */

static bool within(const struct load_scenario *s, double max_rate, int64_t max_ns, struct sd_error *err)
{
    char asked[UNIT_TEXT_MAX], most[UNIT_TEXT_MAX];
    double rate = load_peak_rate(s);
    int64_t duration = load_duration_ns(s);
    if (rate > max_rate)
        return fail(err, "%s asks for up to %g requests a second, and the limit is %g; --max-rate raises it",
                    s->file, rate, max_rate);
    if (duration > max_ns)
        return fail(err, "%s may take %s, and the limit is %s; --max-duration raises it", s->file,
                    unit_format_int(UNIT_SINCE, duration, asked), unit_format_int(UNIT_SINCE, max_ns, most));
    return true;
}

bool load_runner_allowed(struct load_scenario *s, const struct load_permission *p, struct load_target *t,
                         struct sd_error *err)
{
    double max_rate = isnan(p->max_rate) ? LOAD_RATE_MAX : p->max_rate;
    int64_t max_ns = sd_known(p->max_duration_ns) ? p->max_duration_ns : LOAD_DURATION_MAX;
    if (!within(s, max_rate, max_ns, err))
        return false;
    struct load_target_ask ask = {.url = s->target,
                                  .allow = p->allow,
                                  .ca_file = s->ca_file,
                                  .insecure = s->insecure,
                                  .rate_per_s = load_peak_rate(s),
                                  .duration_ns = load_duration_ns(s)};
    if (!load_target_open(&ask, t, err))
        return false;
    s->rate_cap = isnan(t->max_rate_per_s) ? max_rate : fmin(max_rate, t->max_rate_per_s);
    return true;
}

/* ---- the run ---- */

struct running {
    struct load_run *run;
    const struct load_runner_hooks *hooks;
    struct load_interval done; /* too large for a stack that is used ten times a second */
    size_t n_levels;           /* told */
};

static void tick(void *ctx, const struct generator_state *g)
{
    struct running *x = ctx;
    const struct load_runner_hooks *h = x->hooks;
    struct load_run *r = x->run;
    int64_t waiting = (int64_t)g->waiting, in_flight = (int64_t)g->in_flight;
    if (load_run_tick(r, g->now_ns, waiting, in_flight, g->cpu_share, &x->done) && h->interval)
        h->interval(h->ctx, r, &x->done);
    if (h->tick)
        h->tick(h->ctx, r, g->now_ns, waiting, in_flight);
    for (; x->n_levels < r->search.n_levels; x->n_levels++)
        if (h->level)
            h->level(h->ctx, r, &r->search.levels[x->n_levels]);
}

static struct generator *generator_of(const struct load_scenario *s, const struct load_target *t,
                                      struct load_request_text *texts, struct load_users *users,
                                      struct sd_error *err)
{
    for (size_t i = 0; i < s->n_requests; i++)
        texts[i] = (struct load_request_text){.method = s->requests[i].method,
                                              .path = s->requests[i].path,
                                              .body = s->requests[i].body,
                                              .headers = s->requests[i].headers,
                                              .n_headers = s->requests[i].n_headers};
    *users = (struct load_users){.columns = s->credentials.columns,
                                 .n_columns = s->credentials.n_columns,
                                 .n_rows = s->credentials.n_rows,
                                 .cells = s->credentials.cells};
    struct generator_config c = {.addresses = t->addresses,
                                 .n_addresses = t->n_addresses,
                                 .host_header = t->url.authority,
                                 .base = t->url.base,
                                 .tls_name = t->url.tls ? t->url.host : NULL,
                                 .ca_file = s->ca_file,
                                 .insecure = s->insecure,
                                 .http2 = true,
                                 .connections = (size_t)s->connections,
                                 .timeout_ns = s->timeout_ns,
                                 .requests = texts,
                                 .n_requests = s->n_requests,
                                 .users = users->n_rows ? users : NULL,
                                 .on_time = s->model == LOAD_OPEN};
    return generator_new(&c, err);
}

bool load_runner_run(struct load_run *r, const struct load_target *t, const struct load_runner_hooks *hooks,
                     atomic_int *stop, struct sd_error *err)
{
    const struct load_scenario *s = r->scenario;
    struct load_users users;
    struct load_request_text *texts = mem_array(s->n_requests, sizeof *texts);
    struct running *x = mem_alloc(sizeof *x);
    x->run = r;
    x->hooks = hooks;
    struct generator *g = generator_of(s, t, texts, &users, err);
    if (g) {
        struct watcher *w = watcher_start(s, t);
        bool whole = generator_run(g, &r->driver, stop, tick, x);
        struct generator_state state = generator_state(g);
        tick(x, &state);
        watcher_stop(w, &r->soak);
        load_run_finish(r, &(struct load_run_end){.stopped = !whole,
                                                  .now_ns = state.now_ns,
                                                  .given_up = (int64_t)state.given_up,
                                                  .cpu_share = state.cpu_share});
    }
    generator_free(g);
    free(texts);
    free(x);
    return g != NULL;
}
