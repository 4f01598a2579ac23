#include "view/goals/hop_checks.h"

#include <math.h>
#include <stdlib.h>

#include "view/endpoints/hop_time.h"

enum { ENDPOINTS_MAX = 1000 }; /* looked at for a plan */
#define WARN_SHARE 0.9         /* of the max; beyond it there is little left */

/* The endpoint that takes the most of a limit; NAN: none is known. */
struct slowest {
    double ns;
    const char *evidence;
    const struct endpoint *at;
};

static void take(struct slowest *s, double ns, const char *evidence, const struct endpoint *e)
{
    if (isfinite(ns) && !(ns <= s->ns))
        *s = (struct slowest){.ns = ns, .evidence = evidence, .at = e};
}

static const char *endpoint_words(struct arena *a, const struct slowest *s, const struct hop_plan *p)
{
    if (s->at)
        return arena_printf(a, "%s %s", endpoint_method(s->at), endpoint_route(s->at));
    return arena_printf(a, "%s%s%s", p->method ? p->method : "", p->method ? " " : "",
                        p->route ? p->route : "*");
}

static enum check_status status_of(double ns, int64_t max)
{
    return !isfinite(ns)                   ? CHECK_MISSING
           : ns > (double)max              ? CHECK_FAIL
           : ns > WARN_SHARE * (double)max ? CHECK_WARN
                                           : CHECK_PASS;
}

/* `what`: the name of the hop; NULL: the whole request. */
static const char *words(struct arena *a, const struct slowest *s, const char *what, const char *subject,
                         int64_t max_ns)
{
    static const char *const AGAINST[CHECK_STATUSES] = {
        [CHECK_PASS] = "within", [CHECK_WARN] = "close to", [CHECK_FAIL] = "above"};
    char is[UNIT_TEXT_MAX], max[UNIT_TEXT_MAX];
    if (!isfinite(s->ns))
        return arena_printf(a, "nothing tells %s%s of %s; traces would", what ? "the hop " : "the time",
                            what ? what : "", subject);
    return arena_printf(a, "%s takes %s%s, the mean of a request, %s the %s it may (known from %s)", subject,
                        unit_format(UNIT_NS, s->ns, is), what ? arena_printf(a, " in the hop %s", what) : "",
                        AGAINST[status_of(s->ns, max_ns)], unit_format_int(UNIT_NS, max_ns, max),
                        s->evidence ? s->evidence : "requests");
}

static void add(const struct goal_policy *policy, const struct hop_plan *p, const struct hop *h,
                const struct slowest *s, struct check_list *out)
{
    struct arena *a = out->arena;
    int64_t max = h ? h->max_ns : p->max_ns;
    const char *subject = endpoint_words(a, s, p);
    check_add(out, &(struct check){.name = h ? arena_printf(a, "%s/%s", p->name, h->name) : p->name,
                                   .status = status_of(s->ns, max),
                                   .kind = "hop",
                                   .signal = h ? h->signal : "http.latency",
                                   .subject = subject,
                                   .feature = p->name,
                                   .value = s->ns,
                                   .value_unit = "ns",
                                   .limit = (double)max,
                                   .baseline = (double)NAN,
                                   .change_share = (double)NAN,
                                   .p_value = (double)NAN,
                                   .text = words(a, s, h ? h->name : NULL, subject, max),
                                   .path = policy->file,
                                   .line = h ? h->line : p->line});
}

static void look(const struct view_ctx *c, const struct hop_plan *p, const struct known_time *k,
                 const struct endpoint *e, struct slowest *whole, struct slowest *hops)
{
    take(whole, known_time_mean(k), k->traces.traces && !isfinite(k->log_mean) ? "traces" : NULL, e);
    for (size_t i = 0; i < p->n; i++) {
        const char *evidence = NULL;
        double ns = hop_measured(c, k, &p->hops[i], &evidence);
        take(&hops[i], ns, evidence, e);
    }
}

static void check_plan(const struct view_ctx *c, const struct goal_policy *policy, const struct hop_plan *p,
                       struct check_list *out)
{
    struct slowest whole = {.ns = (double)NAN}, *hops = mem_array(p->n + 1, sizeof *hops);
    size_t seen = 0, n = model_endpoints(c->model);
    for (size_t i = 0; i < p->n; i++)
        hops[i].ns = (double)NAN;
    for (size_t i = 0; i < n && seen < ENDPOINTS_MAX; i++) {
        const struct endpoint *e = model_endpoint(c->model, i);
        struct endpoint_stats s;
        if (hop_plan_for(&policy->hops, endpoint_method(e), endpoint_route(e)) != p)
            continue;
        endpoint_stats(e, c->span, &s);
        struct known_time k = known_time_of(c, e, &s);
        look(c, p, &k, e, &whole, hops);
        seen++;
    }
    if (!seen) { /* a metric tells of a hop without any request */
        const struct known_time none = {.log_mean = (double)NAN,
                                        .queue = (double)NAN,
                                        .upstream = (double)NAN,
                                        .sampled_db = (double)NAN};
        look(c, p, &none, NULL, &whole, hops);
    }
    add(policy, p, NULL, &whole, out);
    for (size_t i = 0; i < p->n; i++)
        add(policy, p, &p->hops[i], &hops[i], out);
    free(hops);
}

void hop_checks_add(const struct view_ctx *c, const struct goal_policy *p, struct check_list *out)
{
    for (size_t i = 0; i < p->hops.n; i++)
        check_plan(c, p, &p->hops.items[i], out);
}
