#include "core/loads/limits.h"

#include <math.h>
#include <stdlib.h>

#include "base/units.h"

#define HONEST_MIN 0.95
#define RATE_OFF   0.1

const char *load_client_name(enum load_client c)
{
    static const char *const NAMES[] = {"aggressor", "polite", "modest"};
    return NAMES[c];
}

void load_limits_init(struct load_limits_result *r)
{
    *r = (struct load_limits_result){.retry_min_ns = SD_UNKNOWN,
                                     .retry_max_ns = SD_UNKNOWN,
                                     .first_limited_ns = SD_UNKNOWN,
                                     .allowed_per_s = (double)NAN,
                                     .burst = (double)NAN};
}

void load_limits_free(struct load_limits_result *r)
{
    free(r->aggressor);
    r->aggressor = NULL;
    for (int c = 0; c < LOAD_CLIENT_N; c++)
        load_durations_free(&r->clients[c].latency);
}

static void add_limited(struct load_limits_result *r, const struct load_outcome *o, int64_t retry_ns)
{
    r->limited++;
    if (!sd_known(r->first_limited_ns) || o->done_ns < r->first_limited_ns)
        r->first_limited_ns = o->done_ns;
    if (!sd_known(retry_ns))
        return;
    r->with_retry++;
    r->with_seconds += sd_known(o->retry_after_s);
    r->retry_min_ns = sd_known(r->retry_min_ns) ? MIN(r->retry_min_ns, retry_ns) : retry_ns;
    r->retry_max_ns = sd_known(r->retry_max_ns) ? MAX(r->retry_max_ns, retry_ns) : retry_ns;
}

void load_limits_add(struct load_limits_result *r, const struct load_scenario *s, enum load_client client,
                     const struct load_outcome *o, int64_t retry_ns)
{
    bool answered = o->failure == LOAD_NONE || o->failure == LOAD_STATUS;
    bool limited = answered && o->status == 429;
    bool failed = load_failure_of(s, o) != LOAD_NONE;
    r->clients[client].sent += sd_known(o->sent_ns);
    r->clients[client].ok += !failed && !limited;
    r->clients[client].limited += limited;
    r->clients[client].failed += failed;
    r->clients[client].broken += !answered || o->status >= 500;
    load_durations_add(&r->clients[client].latency, o->done_ns - o->order.intended_ns);
    if (limited)
        add_limited(r, o, retry_ns);
    if (client != LOAD_AGGRESSOR || !answered)
        return;
    r->aggressor = mem_grow(r->aggressor, r->n, &r->cap, sizeof *r->aggressor);
    r->aggressor[r->n++] = (struct load_sent){.sent_ns = o->sent_ns, .accepted = !limited};
}

static int by_moment(const void *a, const void *b)
{
    int64_t x = ((const struct load_sent *)a)->sent_ns, y = ((const struct load_sent *)b)->sent_ns;
    return (x > y) - (x < y);
}

/* The accepted ones by time follow burst + rate x t from the moment that the burst is used up. Each request
 * is a point: they come evenly, so a limit that counts by fixed windows is met fairly, too. */
void load_limits_finish(struct load_limits_result *r)
{
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, accepted = 0;
    bool limited = false;
    if (!r->n)
        return;
    qsort(r->aggressor, r->n, sizeof *r->aggressor, by_moment);
    int64_t zero = r->aggressor[0].sent_ns;
    for (size_t i = 0; i < r->n; i++) {
        double t = (double)(r->aggressor[i].sent_ns - zero) / 1e9;
        accepted += r->aggressor[i].accepted;
        limited |= !r->aggressor[i].accepted;
        if (!limited)
            continue;
        n++;
        sx += t;
        sy += accepted;
        sxx += t * t;
        sxy += t * accepted;
    }
    double spread = n * sxx - sx * sx;
    if (!limited || n < 2 || !(spread > 0))
        return;
    r->allowed_per_s = fmax(0, (n * sxy - sx * sy) / spread);
    r->burst = fmax(0, (sy - r->allowed_per_s * sx) / n +
                           0.5); /* whole requests are half of one behind, on average */
}

enum load_retry_kind load_limits_retry(const struct load_limits_result *r)
{
    if (!r->with_retry)
        return LOAD_RETRY_NONE;
    return 2 * r->with_seconds >= r->with_retry ? LOAD_RETRY_SECONDS : LOAD_RETRY_DATE;
}

static void threshold_off(const struct load_limits_result *r, double rate, struct strbuf *out)
{
    if (isnan(r->allowed_per_s))
        strbuf_printf(out, "threshold_off: nothing was limited, although more than %g a second was sent",
                      rate);
    else if (fabs(r->allowed_per_s - rate) > RATE_OFF * rate)
        strbuf_printf(out, "threshold_off: %.4g a second are allowed, not %g", r->allowed_per_s, rate);
}

static void one_finding(const struct load_limits_result *r, const struct load_scenario *s, int which,
                        struct strbuf *out)
{
    int64_t broken = 0;
    switch (which) {
    case 0:
        if (r->limited > r->with_retry)
            strbuf_printf(out,
                          "no_retry_after: %lld of %lld answers with status 429 do not say when to come back",
                          (long long)(r->limited - r->with_retry), (long long)r->limited);
        break;
    case 1:
        if (r->pauses && r->with_retry && (double)r->honest < HONEST_MIN * (double)r->pauses)
            strbuf_printf(
                out, "dishonest_retry_after: of %lld requests sent when Retry-After said, %lld were accepted",
                (long long)r->pauses, (long long)r->honest);
        break;
    case 2:
        threshold_off(r, s->limits.rate, out);
        break;
    case 3:
        if (r->clients[LOAD_MODEST].limited)
            strbuf_printf(out, "modest_limited: %lld requests of a client at half the rate were refused",
                          (long long)r->clients[LOAD_MODEST].limited);
        break;
    default:
        for (int c = 0; c < LOAD_CLIENT_N; c++)
            broken += r->clients[c].broken;
        if (broken)
            strbuf_printf(out, "errors: %lld requests had a status from 500 on or no answer",
                          (long long)broken);
        break;
    }
}

bool load_limits_finding(const struct load_limits_result *r, const struct load_scenario *s, size_t i,
                         struct strbuf *out)
{
    for (int which = 0; which < 5; which++) {
        strbuf_clear(out);
        one_finding(r, s, which, out);
        if (out->len && !i--)
            return true;
    }
    return false;
}
