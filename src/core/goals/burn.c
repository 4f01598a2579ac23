#include "core/goals/burn.h"

#include <math.h>
#include <stdio.h>

#include "base/num.h"

const char *burn_status_name(enum burn_status s)
{
    static const char *const NAMES[] = {
#define BURN_STATUS_NAME(UPPER, name) [BURN_##UPPER] = (name),
        BURN_STATUSES(BURN_STATUS_NAME)
#undef BURN_STATUS_NAME
    };
    return NAMES[s];
}

void burn_reason_text(const struct goal_slo *o, const struct burn_pair *p, char out[64])
{
    *out = 0;
    if (p->reason == BURN_FEW_EVENTS)
        snprintf(out, 64, "%lld of %lld events", (long long)p->total_long, (long long)o->min_events);
    else if (p->reason == BURN_RECOVERED)
        snprintf(out, 64, "short window has %s", isnan(p->burn_short) ? "no events" : "recovered");
}

double burn_rate(const struct goal_slo *o, int64_t total, int64_t bad)
{
    return total > 0 ? (double)bad / (double)total / (1 - o->objective) : (double)NAN;
}

struct burn_pair burn_of_pair(struct signals *s, const struct goal_slo *o, const struct goal_pair *p,
                              sd_time at)
{
    struct signal_events e;
    struct burn_pair out = {.reason = BURN_NO_REASON};
    signals_events(s, o, at, p->long_ns, &e);
    out.burn_long = burn_rate(o, e.total, e.bad);
    out.total_long = e.total;
    signals_events(s, o, at, p->short_ns, &e);
    out.burn_short = burn_rate(o, e.total, e.bad);
    if (!(out.burn_long > p->factor)) /* false for NAN */
        return out;
    if (out.total_long < o->min_events)
        out.reason = BURN_FEW_EVENTS;
    else if (!(out.burn_short > p->factor))
        out.reason = BURN_RECOVERED;
    out.firing = out.reason == BURN_NO_REASON;
    return out;
}

struct burn burn_of(struct signals *s, const struct goal_slo *o, sd_time at, struct burn_pair *pairs)
{
    struct signal_events e;
    bool fires = false;
    signals_events(s, o, at, o->window_ns, &e);
    struct burn b = {.total = e.total,
                     .bad = e.bad,
                     .bad_share = e.total > 0 ? (double)e.bad / (double)e.total : (double)NAN,
                     .budget_left = e.total > 0 ? 1 - (double)e.bad / ((1 - o->objective) * (double)e.total)
                                                : (double)NAN,
                     .burn = burn_rate(o, e.total, e.bad),
                     .covered_share = o->window_ns > 0 ? (double)(e.to - e.from) / (double)o->window_ns : 0,
                     .exhausted_in_ns = SD_UNKNOWN};
    for (size_t i = 0; i < o->n_pairs; i++) {
        pairs[i] = burn_of_pair(s, o, &o->pairs[i], at);
        fires |= pairs[i].firing;
    }
    double pace = o->n_pairs ? pairs[0].burn_long : b.burn;
    if (b.budget_left <= 0)
        b.exhausted_in_ns = 0;
    else if (b.budget_left > 0 && pace > 0)
        b.exhausted_in_ns = real_to_int(b.budget_left * (double)o->window_ns / pace);
    b.status = b.budget_left <= 0 ? BURN_SPENT : fires ? BURN_BURNING : e.total > 0 ? BURN_OK : BURN_UNKNOWN;
    return b;
}
