/* plan_closed.c - users that wait for their answer, think and go on. */
#include "core/loads/dice.h"
#include "core/loads/load_figures.h"
#include "core/loads/mix.h"
#include "core/loads/load_plan.h"

#include <math.h>
#include <stdlib.h>

struct user {
    uint64_t n;         /* requests begun */
    uint64_t sequences; /* begun */
    uint32_t sequence, step;
};

/* Who is next, and when: the users that are not waiting for an answer, as a heap. */
struct due {
    int64_t at_ns;
    uint32_t user;
};

struct closed {
    const struct load_scenario *scenario;
    struct load_mix mix; /* of requests or sequences */
    struct user *users;
    struct due *heap;
    size_t n_heap, n_busy;
    int64_t end_ns;
    int64_t gap_ns, free_ns; /* at least so long between two requests; the next may begin then */
    uint64_t seq;
};

/* ---- when a user is there ---- */

/* The first moment at or after at_ns at which the level of the stages is above u; -1: it never is again. */
static int64_t present(const struct load_scenario *s, int64_t at_ns, uint32_t u)
{
    int64_t began = 0;
    for (size_t i = 0; i < s->n_stages; i++) {
        const struct load_stage *g = &s->stages[i];
        int64_t from = MAX(at_ns - began, 0), end = began + g->for_ns;
        if (from < g->for_ns) {
            double part = (double)from / (double)g->for_ns;
            double level = g->from + (g->to - g->from) * part;
            if (level > u)
                return began + from;
            if (g->to > u) { /* it rises past u */
                double t = (u - g->from) / (g->to - g->from) * (double)g->for_ns;
                int64_t when = began + MAX(from, (int64_t)floor(t) + 1);
                if (when < end)
                    return when;
            }
        }
        began = end;
    }
    return -1;
}

/* ---- the heap ---- */

static bool before(const struct due *a, const struct due *b)
{
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->user < b->user;
}

static void push(struct closed *c, struct due d)
{
    size_t i = c->n_heap++;
    while (i && before(&d, &c->heap[(i - 1) / 2])) {
        c->heap[i] = c->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    c->heap[i] = d;
}

static struct due pop(struct closed *c)
{
    struct due top = c->heap[0], last = c->heap[--c->n_heap];
    size_t i = 0, child;
    while ((child = 2 * i + 1) < c->n_heap) {
        child += child + 1 < c->n_heap && before(&c->heap[child + 1], &c->heap[child]);
        if (!before(&c->heap[child], &last))
            break;
        c->heap[i] = c->heap[child];
        i = child;
    }
    c->heap[i] = last;
    return top;
}

/* ---- what a user does ---- */

static void comes(struct closed *c, uint32_t u, int64_t at_ns)
{
    int64_t when = present(c->scenario, at_ns, u);
    if (when >= 0)
        push(c, (struct due){.at_ns = when, .user = u});
}

static uint32_t choose(struct closed *c, uint32_t u)
{
    const struct load_scenario *s = c->scenario;
    struct user *x = &c->users[u];
    if (!s->n_sequences)
        return load_mix_pick(&c->mix, dice(s->seed, DICE_REQUEST, u + 1, x->n));
    if (!x->step)
        x->sequence = load_mix_pick(&c->mix, dice(s->seed, DICE_SEQUENCE, u + 1, x->sequences++));
    return s->sequences[x->sequence].steps[x->step].request;
}

static int64_t pause_after(struct closed *c, uint32_t u)
{
    const struct load_scenario *s = c->scenario;
    struct user *x = &c->users[u];
    struct load_think t = s->think;
    if (s->n_sequences) {
        const struct load_sequence *q = &s->sequences[x->sequence];
        int64_t own = q->steps[x->step].think_ns;
        x->step = (x->step + 1) % (uint32_t)q->n_steps;
        if (sd_known(own))
            return own;
    }
    if (t.median_ns == t.p95_ns || t.median_ns <= 0)
        return t.median_ns;
    double sigma = log((double)t.p95_ns / (double)t.median_ns) / 1.6448536269514722;
    return real_to_int((double)t.median_ns * exp(sigma * dice_normal(s->seed, u + 1, x->n)));
}

static int64_t next_at(void *ctx, int64_t now_ns)
{
    struct closed *c = ctx;
    if (c->n_heap) {
        int64_t at = MAX(c->heap[0].at_ns, c->free_ns);
        if (at < c->end_ns)
            return at;
    }
    return c->n_busy && now_ns < c->end_ns ? INT64_MAX : -1;
}

static void take(void *ctx, struct load_order *out)
{
    struct closed *c = ctx;
    struct due d = pop(c);
    d.at_ns = MAX(d.at_ns, c->free_ns);
    c->free_ns = d.at_ns + c->gap_ns;
    size_t rows = c->scenario->credentials.n_rows;
    *out = (struct load_order){.seq = c->seq++,
                               .request = choose(c, d.user),
                               .user = (int64_t)(rows ? d.user % rows : d.user),
                               .intended_ns = d.at_ns,
                               .tag = (uint64_t)d.user << LOAD_TAG_SHIFT};
    out->tag |= d.at_ns >= c->scenario->warmup_ns ? LOAD_TAG_MEASURED : 0;
    c->users[d.user].n++;
    c->n_busy++;
}

static void ended(void *ctx, const struct load_outcome *o)
{
    struct closed *c = ctx;
    uint32_t u = (uint32_t)(o->order.tag >> LOAD_TAG_SHIFT);
    c->n_busy--;
    comes(c, u, add_sat(o->done_ns, pause_after(c, u)));
}

static bool left(void *ctx, struct load_order *out)
{
    (void)ctx;
    (void)out;
    return false; /* a user begins only what is sent */
}

static void done(void *ctx)
{
    struct closed *c = ctx;
    free(c->mix.sums);
    free(c->users);
    free(c->heap);
    free(c);
}

struct load_plan load_plan_closed(const struct load_scenario *s)
{
    struct closed *c = mem_alloc(sizeof *c);
    size_t n = (size_t)load_peak_users(s);
    c->scenario = s;
    c->mix = s->n_sequences ? load_mix_of(&s->sequences->weight, s->n_sequences, sizeof *s->sequences)
                            : load_mix_of(&s->requests->weight, s->n_requests, sizeof *s->requests);
    c->users = mem_array(n + 1, sizeof *c->users);
    c->heap = mem_array(n + 1, sizeof *c->heap);
    c->end_ns = load_duration_ns(s);
    c->gap_ns = s->rate_cap > 0 ? real_to_int(1e9 / s->rate_cap) : 0;
    for (uint32_t u = 0; u < n; u++)
        comes(c, u, 0);
    return (struct load_plan){
        .driver = {.next_at = next_at, .take = take, .ended = ended, .ctx = c}, .left = left, .free = done};
}
