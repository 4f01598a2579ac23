#include "app/past.h"

#include <stdlib.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/num.h"
#include "base/units.h"
#include "conf/option.h"
#include "source/history/history_reach.h"

#define SHORTEST (300 * SD_S) /* the window of goals without one */
enum { DRAWN = 4 };           /* so many of the long window of a pair prove its burn */

/* ---- how far they reach ---- */

static bool stopped(void *ctx)
{
    (void)ctx;
    return signals_stop() != 0;
}

static bool set_all(const struct sd_source_ops *ops, void *opts, char *const *pairs, struct sd_error *err)
{
    for (; pairs && *pairs; pairs++) {
        const char *eq = strchr(*pairs, '=');
        char *name = mem_strndup(*pairs, eq ? (size_t)(eq - *pairs) : strlen(*pairs));
        bool ok = option_set(ops->options, opts, name, eq ? eq + 1 : "yes", err);
        free(name);
        if (!ok)
            return false;
    }
    return true;
}

static bool reach_of(struct past *p, const struct registry_resolved *r, char *const *own,
                     struct sd_error *err)
{
    struct history_reach reach;
    void *opts = options_new(r->ops->options, r->ops->opts_size);
    bool ok = set_all(r->ops, opts, own, err) && set_all(r->ops, opts, r->options, err) &&
              history_reach(r->target, opts, stopped, NULL, &reach, err) == SD_OK;
    options_free(r->ops->options, opts);
    if (!ok)
        return false;
    if (sd_known(reach.oldest) && (!sd_known(p->oldest) || reach.oldest < p->oldest))
        p->oldest = reach.oldest;
    p->newest = MAX(p->newest, reach.newest); /* unknown is the smallest */
    return true;
}

/* What is no source at all is said when it is added. */
static bool look_at(struct past *p, const char *target, char *const *own, struct sd_error *err)
{
    struct registry_resolved r;
    struct sd_error ignored;
    bool ok = true;
    if (app_is_recording(target) || !registry_resolve(target, &r, &ignored)) {
        p->all = false;
        return true;
    }
    bool keeps = r.ops->size > offsetof(struct sd_source_ops, flags) && (r.ops->flags & SD_SOURCE_KEEPS);
    p->all &= keeps;
    if (keeps) {
        p->any = true;
        ok = reach_of(p, &r, own, err);
    }
    registry_resolved_free(&r);
    return ok;
}

static bool find(struct app *a, const char *const *targets, size_t n, struct sd_error *err)
{
    struct past *p = &a->past;
    *p = (struct past){.all = true,
                       .oldest = SD_UNKNOWN,
                       .newest = SD_UNKNOWN,
                       .from = SD_UNKNOWN,
                       .to = SD_UNKNOWN,
                       .steps = "even"};
    for (size_t i = 0; i < n; i++)
        if (!look_at(p, targets[i], NULL, err))
            return false;
    for (size_t i = 0; !n && i < a->config->n_sources; i++)
        if (!look_at(p, a->config->sources[i].target, a->config->sources[i].options, err))
            return false;
    p->all &= p->any;
    return true;
}

bool past_end_of(const char *target, sd_time *end, struct sd_error *err)
{
    struct past p = {.all = true, .oldest = SD_UNKNOWN, .newest = SD_UNKNOWN};
    struct registry_resolved r;
    if (!registry_resolve(target, &r, err))
        return false;
    registry_resolved_free(&r);
    if (!look_at(&p, target, NULL, err))
        return false;
    *end = p.newest;
    return p.any || fail(err, "%.300s is neither a recording nor a history", target);
}

/* ---- what is asked ---- */

static void want(struct past *p, int64_t window, int64_t *longest)
{
    *longest = MAX(*longest, window);
    for (size_t i = 0; i < p->n_windows; i++)
        if (p->windows[i] == window)
            return;
    if (window > 0 && p->n_windows < PAST_WINDOWS_MAX)
        p->windows[p->n_windows++] = window;
}

static bool is_by_host(const struct goal_figure *f)
{
    return f->per == GOAL_PER_HOST || f->match.host;
}

/* The windows that figures of the policy end at `to` with. */
static int64_t windows_of(struct past *p, const struct goal_policy *g)
{
    int64_t longest = 0;
    want(p, SHORTEST, &longest);
    for (size_t i = 0; i < g->n_kpis; i++) {
        want(p, g->kpis[i].figure.window_ns, &longest);
        p->by_host |= is_by_host(&g->kpis[i].figure);
    }
    for (size_t i = 0; i < g->n_budgets; i++) {
        want(p, g->budgets[i].figure.window_ns, &longest);
        p->by_host |= is_by_host(&g->budgets[i].figure);
    }
    for (size_t i = 0; i < g->n_slos; i++) {
        const struct goal_slo *o = &g->slos[i];
        want(p, o->window_ns, &longest);
        p->by_host |= is_by_host(&o->figure);
        for (size_t k = 0; k < o->n_pairs; k++) {
            want(p, o->pairs[k].long_ns, &longest);
            want(p, o->pairs[k].short_ns, &longest);
            longest = MAX(longest, mul_sat(DRAWN, o->pairs[k].long_ns));
        }
    }
    return longest;
}

/* Whole months, however far back those of the targets lie. */
static void from_months(struct past *p, const struct goal_policy *g)
{
    for (size_t i = 0; i < g->n_targets; i++)
        for (size_t k = 0; k < g->targets[i].n_months; k++) {
            const struct goal_month *m = &g->targets[i].months[k];
            sd_time begin = mul_sat(clock_days(m->year, m->month, 1), 86400 * SD_S);
            p->from = sd_known(p->from) ? MIN(p->from, begin) : begin;
        }
}

static bool set_clock(struct app *a, struct sd_error *err)
{
    struct past *p = &a->past;
    struct sd_error why;
    if (!cli_has(a->cli, CLI_AT)) {
        if (p->all && !sd_known(a->goals_at))
            a->goals_at = p->newest; /* the end of the data */
        return true;
    }
    if (!clock_parse_within(a->cli->values[CLI_AT], p->oldest, sd_known(p->newest) ? p->newest : clock_wall(),
                            &p->to, &why))
        return fail(err, "--at: %s", why.text);
    return true;
}

bool past_plan(struct app *a, const char *const *targets, size_t n, const struct past_use *use,
               struct sd_error *err)
{
    struct past *p = &a->past;
    struct sd_error why;
    int64_t window = 0, longest = 0;
    if (!find(a, targets, n, err))
        return false;
    if (!p->any)
        return true;
    if (use->whole) {
        windows_of(p, &a->config->policy); /* are machines told apart? */
        return true;
    }
    if (cli_has(a->cli, CLI_WINDOW) && !unit_parse_duration(a->cli->values[CLI_WINDOW], &window, &why))
        return fail(err, "--window: %s", why.text);
    if (!set_clock(a, err))
        return false;
    sd_time end = sd_known(p->to) ? p->to : p->newest;
    p->by_host = p->machines = use->by_host;
    p->together = use->by_host && !use->kept && !use->route;
    p->one_step = use->by_host && !use->kept;
    p->twice = use->twice;
    p->route = use->route;
    if (use->goals || use->windows)
        longest = windows_of(p, &a->config->policy);
    want(p, use->twice ? mul_sat(2, window) : window, &longest);
    want(p, window, &longest);
    bool part = use->goals || window > 0;
    p->steps = use->kept ? "kept" : use->progress || (part && longest > window) ? "goals" : "even";
    if (use->progress)
        from_months(p, &a->config->policy);
    else if (sd_known(end) && part && !use->kept)
        p->from = sub_sat(end, longest);
    return true;
}

/* ---- as options of the source ---- */

static bool set_time(const struct sd_source_ops *ops, void *opts, const char *name, sd_time t,
                     struct sd_error *err)
{
    char text[40];
    snprintf(text, sizeof text, "@%lldns", (long long)t);
    return !sd_known(t) || option_set(ops->options, opts, name, text, err);
}

bool past_options(const struct app *a, const struct sd_source_ops *ops, void *opts, struct sd_error *err)
{
    const struct past *p = &a->past;
    if (ops->size <= offsetof(struct sd_source_ops, flags) || !(ops->flags & SD_SOURCE_KEEPS))
        return true;
    const char *only = cli_only_host(a->cli);
    if (cli_has(a->cli, CLI_SCRIPT) && !option_set(ops->options, opts, "look", "0s", err))
        return false; /* what a script shows does not depend on when it runs */
    if (only && !option_set(ops->options, opts, "host", only, err))
        return false;
    if (!p->any)
        return true;
    struct strbuf windows = {0};
    for (size_t i = 0; i < p->n_windows; i++)
        strbuf_printf(&windows, "%s%lldns", i ? "," : "", (long long)p->windows[i]);
    bool ok = set_time(ops, opts, "from", p->from, err) && set_time(ops, opts, "to", p->to, err) &&
              option_set(ops->options, opts, "steps", p->steps, err) &&
              (!p->route || option_set(ops->options, opts, "route", p->route, err)) &&
              (!p->one_step || option_set(ops->options, opts, "points", "1", err)) &&
              option_set(ops->options, opts, "machines", p->machines ? "yes" : "no", err) &&
              option_set(ops->options, opts, "by_host", p->by_host ? "yes" : "no", err) &&
              option_set(ops->options, opts, "together", p->together ? "yes" : "no", err) &&
              option_set(ops->options, opts, "windows", strbuf_text(&windows), err);
    strbuf_free(&windows);
    return ok;
}
