/* plan_limits.c - three clients at once against a rate limit. */
#include "core/loads/dice.h"
#include "core/loads/load_figures.h"
#include "core/loads/limits.h"
#include "core/loads/mix.h"
#include "core/loads/load_plan.h"

#include <math.h>
#include <stdlib.h>

/* A pause without a word of how long. */
#define PAUSE_NS SD_S

/* In a tag: the client, and whether it is polite's first request after a pause. */
enum { CLIENT_BITS = 2, AFTER_PAUSE = 1 << CLIENT_BITS };

struct client {
    double rate;
    uint64_t n;       /* begun */
    int64_t base_ns;  /* its schedule begins here: anew after each pause */
    uint64_t since;   /* requests of this schedule */
    bool after_pause; /* the next one is the first after a pause */
};

struct limiting {
    const struct load_scenario *scenario;
    struct load_limits_result *result;
    struct load_mix mix;
    struct client clients[LOAD_CLIENT_N];
    int64_t wall_ns, end_ns;
    uint64_t seq;
};

static int64_t due(const struct limiting *x, int c)
{
    const struct client *k = &x->clients[c];
    int64_t at = k->base_ns + real_to_int((double)k->since / k->rate * 1e9);
    return at < x->end_ns ? at : INT64_MAX;
}

static int earliest(const struct limiting *x)
{
    int best = 0;
    for (int c = 1; c < LOAD_CLIENT_N; c++)
        if (due(x, c) < due(x, best))
            best = c;
    return best;
}

static int64_t next_at(void *ctx, int64_t now_ns)
{
    const struct limiting *x = ctx;
    int64_t at = due(x, earliest(x));
    (void)now_ns;
    return at == INT64_MAX ? -1 : at;
}

static void take(void *ctx, struct load_order *out)
{
    struct limiting *x = ctx;
    int c = earliest(x);
    struct client *k = &x->clients[c];
    *out = (struct load_order){
        .seq = x->seq,
        .request = load_mix_pick(&x->mix, dice(x->scenario->seed, DICE_REQUEST, (uint64_t)c + 1, k->n)),
        .user = c,
        .intended_ns = due(x, c),
        .tag = (uint64_t)(c | (k->after_pause ? AFTER_PAUSE : 0)) << LOAD_TAG_SHIFT};
    out->tag |= out->intended_ns >= x->scenario->warmup_ns ? LOAD_TAG_MEASURED : 0;
    k->after_pause = false;
    k->n++;
    k->since++;
    x->seq++;
}

/* How long an answer asks to wait; SD_UNKNOWN: it does not say. */
static int64_t retry_of(const struct limiting *x, const struct load_outcome *o)
{
    if (sd_known(o->retry_after_s))
        return mul_sat(MAX(o->retry_after_s, 0), SD_S);
    if (sd_known(o->retry_at))
        return MAX(add_sat(o->retry_at - x->wall_ns, -o->done_ns), 0);
    return SD_UNKNOWN;
}

static void ended(void *ctx, const struct load_outcome *o)
{
    struct limiting *x = ctx;
    uint64_t own = o->order.tag >> LOAD_TAG_SHIFT;
    int c = (int)(own & (AFTER_PAUSE - 1));
    bool answered = o->failure == LOAD_NONE || o->failure == LOAD_STATUS;
    bool limited = answered && o->status == 429;
    int64_t retry = limited ? retry_of(x, o) : SD_UNKNOWN;
    if (o->order.tag & LOAD_TAG_MEASURED) {
        load_limits_add(x->result, x->scenario, (enum load_client)c, o, retry);
        if (own & AFTER_PAUSE) {
            x->result->pauses++;
            x->result->honest += answered && !limited;
        }
    }
    if (c != LOAD_POLITE || !limited)
        return;
    /* Several of one moment may be refused: the pause ends when the last word of them says. */
    struct client *k = &x->clients[c];
    int64_t until = add_sat(o->done_ns, sd_known(retry) ? retry : PAUSE_NS);
    k->base_ns = k->after_pause ? MAX(k->base_ns, until) : until;
    k->since = 0;
    k->after_pause = true;
}

static bool left(void *ctx, struct load_order *out)
{
    (void)ctx;
    (void)out;
    return false;
}

static void done(void *ctx)
{
    struct limiting *x = ctx;
    free(x->mix.sums);
    free(x);
}

struct load_plan load_plan_limits(const struct load_scenario *s, int64_t wall_ns,
                                  struct load_limits_result *out)
{
    struct limiting *x = mem_alloc(sizeof *x);
    double over = s->limits.rate * s->limits.over;
    load_limits_init(out);
    x->scenario = s;
    x->result = out;
    x->mix = load_mix_of(&s->requests->weight, s->n_requests, sizeof *s->requests);
    x->wall_ns = wall_ns;
    x->end_ns = load_duration_ns(s);
    x->clients[LOAD_AGGRESSOR].rate = x->clients[LOAD_POLITE].rate = over;
    x->clients[LOAD_MODEST].rate = s->limits.rate / 2;
    return (struct load_plan){
        .driver = {.next_at = next_at, .take = take, .ended = ended, .ctx = x}, .left = left, .free = done};
}
