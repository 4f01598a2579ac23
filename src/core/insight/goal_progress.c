#include "core/insight/goal_progress.h"

#include <math.h>
#include <stdlib.h>

#include "base/num.h"

const char *progress_status_name(enum progress_status s)
{
    static const char *const NAMES[] = {"unknown", "met", "on track", "behind"};
    return NAMES[s];
}

/* Days from 1970-01-01 to the first of a month of the proleptic Gregorian calendar (Hinnant 2013). */
static int64_t days_before(int year, int month)
{
    int64_t y = (int64_t)year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t day = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day - 719468;
}

struct span progress_month(int year, int month)
{
    int64_t day = 86400 * SD_S;
    return (struct span){mul_sat(days_before(year, month), day),
                         mul_sat(days_before(year + month / 12, month % 12 + 1), day)};
}

/* ---- the figure ---- */

double progress_value(struct signals *s, const struct goal_kpi *k, struct span span, int64_t *samples)
{
    const struct goal_figure *f = &k->figure;
    size_t most = MAX(signals_most(s, f), 1);
    struct signal_value *v = mem_array(most, sizeof *v);
    double worst = (double)NAN;
    *samples = 0;
    size_t n = signals_values(s, f, span.to, add_sat(span.to, -span.from), v, most);
    for (size_t i = 0; i < n; i++) {
        bool nothing =
            f->signal == GOAL_HTTP_RATE && !v[i].samples; /* 0 while a source is live: of now only */
        if (!isfinite(v[i].value) || nothing)
            continue;
        worst = k->higher ? fmin(worst, v[i].value)
                          : fmax(worst, v[i].value); /* of NAN and a number the number */
        *samples = add_sat(*samples, v[i].samples);
    }
    free(v);
    return worst;
}

static bool reached(double value, double aim, const struct goal_target *t, const struct goal_kpi *k)
{
    bool higher = t->target != t->baseline ? t->target > t->baseline : k->higher;
    return higher ? value >= aim : value <= aim;
}

void goal_progress(struct signals *s, const struct goal_policy *p, const struct goal_target *t,
                   const struct goal_month *month, sd_time now, struct goal_progress *out)
{
    const struct goal_kpi *k = policy_kpi(p, t->kpi);
    struct span span = progress_month(month->year, month->month);
    *out = (struct goal_progress){.value = (double)NAN, .progress_share = (double)NAN};
    if (!s || !k || span.from >= now)
        return;
    out->value = progress_value(s, k, (struct span){span.from, MIN(span.to, now)}, &out->samples);
    if (!isfinite(out->value))
        return;
    if (t->baseline != t->target)
        out->progress_share = (t->baseline - out->value) / (t->baseline - t->target);
    out->status = reached(out->value, t->target, t, k)                              ? PROGRESS_MET
                  : isfinite(month->plan) && reached(out->value, month->plan, t, k) ? PROGRESS_ON_TRACK
                                                                                    : PROGRESS_BEHIND;
}
