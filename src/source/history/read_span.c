/* read_span.c - a span of a history: in which steps it is asked for, and what is told of it. */
#include <stdlib.h>

#include "base/num.h"
#include "core/history/thin.h"
#include "core/schema.h"
#include "source/history/history_parts.h"

/* Totals that are counted from begin with the last before the span. */
#define TOTALS HISTORY_STATES

static bool nothing(void *ctx, const struct history_row *row)
{
    (void)ctx;
    (void)row;
    return false;
}

enum sd_result history_bounds(struct history *x, struct store_answer *out, struct sd_error *err)
{
    const struct store_ask none = {.from = 0, .to = 1, .kinds = SD_KIND_BIT(SD_EVENT)};
    return store_read(x->store, &none, nothing, NULL, out, err);
}

const char *history_partial(struct history *x)
{
    free(x->partial);
    return x->partial = store_partial(x->store);
}

/* Where the data begins is an edge, so that the first step is no longer than what is in it. */
static struct history_edges edges_of(const struct span_ask *ask, sd_time from, sd_time to,
                                     const struct store_answer *all)
{
    int64_t step_ns = ask->points == 1 ? sub_sat(to, from) : ask->step_ns;
    struct history_edges e = ask->goals    ? history_edges_goals(from, to, all->newest)
                             : step_ns > 0 ? history_edges_of(from, to, step_ns)
                                           : history_edges_even(from, to, all->newest, ask->points);
    history_edges_windows(&e, to, ask->windows, ask->n_windows);
    history_edges_windows(&e, to, (const int64_t[]){sub_sat(to, all->oldest)}, 1);
    if (ask->goals)
        history_edges_months(&e);
    return e;
}

/* The last of each of these before the span, that far back. */
static enum sd_result last_before(struct sd_source *s, const struct span_ask *ask, sd_time from, int64_t back,
                                  sd_kinds kinds, struct rows_out *o, struct sd_error *err)
{
    struct history *x = s->priv;
    sd_time edges[] = {sub_sat(from, back), from};
    struct store_answer answer;
    const struct store_ask before = {.steps = {.edges = edges, .n_edges = ARRAY_LEN(edges)},
                                     .from = edges[0],
                                     .to = from,
                                     .kinds = kinds,
                                     .host = ask->host};
    enum sd_result result = store_read(x->store, &before, rows_out_row, o, &answer, err);
    rows_out_end(o);
    return result;
}

static int64_t tier_step(int64_t age)
{
    const struct history_tiers *t = &HISTORY_TIERS_DEFAULT;
    size_t i = 0;
    while (i + 1 < t->n && t->items[i].keep_ns < age)
        i++;
    return t->items[i].step_ns;
}

/* At most two steps back, or as long as two rows of a thing are apart: by its age, or since it is seldom
 * taken. */
static enum sd_result read_before(struct sd_source *s, const struct span_ask *ask, sd_time from,
                                  sd_time newest, int64_t step_ns, struct rows_out *o, struct sd_error *err)
{
    static const struct {
        sd_kinds kind;
        int64_t ns;
    } SELDOM[] = {
#define SELDOM_ROW(KIND, seconds) {SD_KIND_BIT(SD_##KIND), (seconds)*SD_S},
        HISTORY_SELDOM(SELDOM_ROW)
#undef SELDOM_ROW
    };
    int64_t apart = MAX(step_ns, tier_step(sub_sat(newest, from))), longest = 0;
    sd_kinds seldom = 0;
    apart = MAX(apart, 30 * SD_S);
    for (size_t i = 0; i < ARRAY_LEN(SELDOM); i++)
        if (SELDOM[i].ns > apart) {
            seldom |= SELDOM[i].kind;
            longest = MAX(longest, SELDOM[i].ns);
        }
    enum sd_result result = SD_OK;
    if (seldom)
        result = last_before(s, ask, from, mul_sat(2, longest), seldom, o, err);
    if (result == SD_OK)
        result = last_before(s, ask, from, mul_sat(2, apart), TOTALS & ~seldom, o, err);
    return result;
}

#define STACKS SD_KIND_BIT(SD_HISTORY_STACK)

/* Profiles are taken in longer intervals than requests may be, so they are read by themselves, and neither
 * cut nor stretch the span of these: those that end in it, and the one in which it ends. */
static enum sd_result read_profiles(struct sd_source *s, const struct span_ask *ask,
                                    const struct store_ask *all, struct rows_out *o, struct sd_error *err)
{
    struct history *x = s->priv;
    struct store_answer answer;
    struct store_ask part = *all;
    sd_time edges[2];
    part.kinds = STACKS;
    part.route = NULL;
    enum sd_result result = store_read(x->store, &part, rows_out_row, o, &answer, err);
    rows_out_end(o);
    if (result != SD_OK || o->stopped)
        return result;
    result = history_around(x, ask, STACKS, all->to, &edges[0], &edges[1], err);
    if (result != SD_OK || !sd_known(edges[0]))
        return result;
    part.steps = (struct history_steps){.edges = edges, .n_edges = ARRAY_LEN(edges)};
    part.from = edges[0];
    part.to = edges[1];
    result = store_read(x->store, &part, rows_out_row, o, &answer, err);
    rows_out_end(o);
    return result;
}

static void tell_answer(const struct span_ask *ask, const struct store_answer *a, struct sd_history *told)
{
    told->from = sd_known(a->from) && sd_known(a->oldest) ? MAX(a->from, a->oldest) : a->from;
    told->to = a->to;
    told->step_ns = a->coarsest_ns;
    told->oldest = a->oldest;
    told->newest = a->newest;
    told->host = ask->host;
}

enum sd_result history_read_span(struct sd_source *s, const struct span_ask *ask, struct sd_history *told,
                                 struct sd_error *err)
{
    struct history *x = s->priv;
    struct store_answer bounds, answer = {.from = SD_UNKNOWN, .to = SD_UNKNOWN};
    schema_clear(schema_of(SD_HISTORY), told);
    told->url = store_url(x->store);
    enum sd_result result = history_bounds(x, &bounds, err);
    if (result != SD_OK)
        return result;
    tell_answer(ask, &bounds, told);
    told->from = told->to = SD_UNKNOWN;
    if (!sd_known(bounds.newest))
        return SD_OK;
    sd_time from = sd_known(ask->from) ? ask->from : sub_sat(bounds.oldest, 1);
    /* The newest is until when somebody recorded; the rows of a step that is not over end with it. */
    int64_t finest = HISTORY_TIERS_DEFAULT.items[0].step_ns;
    sd_time last = add_sat(history_step_start(bounds.newest, finest), finest);
    sd_time to = sd_known(ask->to) ? ask->to : last;
    if (sd_known(ask->from) && from < bounds.oldest)
        from = MAX(from, sub_sat(bounds.oldest, 400 * 86400 * SD_S)); /* no steps where nothing is */
    if (to <= from)
        return SD_OK;
    result = history_fit(x, ask, bounds.newest, &from, &to, err);
    if (result != SD_OK)
        return result;
    struct history_edges e = ask->kept ? (struct history_edges){.n = 0} : edges_of(ask, from, to, &bounds);
    struct rows_out o = {.source = s, .only = ask->host, .after = SD_UNKNOWN};
    bool apart = e.n && !ask->together && !(ask->route && ask->by_host) && !ask->goals;
    const struct store_ask all = {
        .steps = {.edges = e.at, .n_edges = e.n}, /* none: as they are kept */
        .from = e.n ? e.at[0] : from,
        .to = to,
        .kinds = ask->together || (ask->route && ask->by_host) ? SD_KIND_BIT(SD_HTTP)
                 : apart                                       ? HISTORY_KEPT & ~STACKS
                                                               : 0,
        .host = ask->host,
        .apart = (ask->by_host ? HISTORY_BY_HOST : 0) | (ask->together ? HISTORY_TOGETHER : 0),
        .route = ask->route};
    if (from >= bounds.oldest && !ask->route &&
        all.kinds != SD_KIND_BIT(SD_HTTP)) /* a reading may be there */
        result = read_before(s, ask, all.from, bounds.newest, e.n > 1 ? e.at[1] - e.at[0] : 0, &o, err);
    if (result == SD_OK)
        result = store_read(x->store, &all, rows_out_row, &o, &answer, err);
    rows_out_end(&o);
    if (result == SD_OK && !o.stopped && apart)
        result = read_profiles(s, ask, &all, &o, err);
    bool stopped = o.stopped;
    rows_out_free(&o);
    free(e.at);
    if (result == SD_OK)
        tell_answer(ask, &answer, told);
    return result == SD_OK && stopped ? sd_fail(err, SD_RETRY, "reading was stopped") : result;
}

static sd_time stamp_of(const struct sd_source *s, const struct sd_history *told)
{
    return sd_known(told->from)     ? told->from
           : sd_known(told->newest) ? told->newest
                                    : s->host->now((struct sd_source *)s);
}

/* Of one machine, when only that one was asked for: then it counts where only its data does. */
static struct sd_batch *telling(struct sd_source *s, const struct sd_history *told)
{
    sd_time at = stamp_of(s, told);
    bool named = s->host->size > offsetof(struct sd_host, batch_of) && s->host->batch_of;
    return named ? s->host->batch_of(s, s->name, told->host, at) : s->host->batch(s, at);
}

void history_tell(struct sd_source *s, const struct sd_history *told)
{
    struct sd_batch *b = telling(s, told);
    s->host->add(b, SD_HISTORY, told);
    rows_out_publish(s, b);
}

enum sd_result history_tell_machines(struct sd_source *s, const struct sd_history *told, struct sd_error *err)
{
    struct history *x = s->priv;
    struct arena *a = arena_new();
    struct store_state state;
    enum sd_result result = store_hosts(x->store, a, &state, err);
    struct sd_batch *b = telling(s, told);
    for (size_t i = 0; result == SD_OK && i < state.n_hosts; i++) {
        const struct store_host *h = &state.hosts[i];
        const struct sd_history_host r = {.name = h->name,
                                          .version = h->version,
                                          .oldest = h->oldest,
                                          .newest = h->newest,
                                          .runs = h->runs,
                                          .rows = h->rows,
                                          .lost = h->lost,
                                          .gaps = h->gaps,
                                          .gap_ns = h->gap_ns,
                                          .skew_ns = h->skew_ns};
        s->host->add(b, SD_HISTORY_HOST, &r);
    }
    rows_out_publish(s, b);
    arena_free(a);
    return result;
}
