/* fit_span.c - a span as long as what is kept can tell of.
 *
 * What is old is in steps of minutes or of an hour. A short span that lies within such a step would have
 * nothing in it, or figures of which nobody knows whether they are its own. */
#include "base/num.h"
#include "core/history/thin.h"
#include "source/history/history_parts.h"

#define WIDEST (3600 * SD_S) /* interval of the last tier */

/* Ahead of a moment, or back from it: one of the tiers' steps at a time. */
static const int64_t FAR[] = {10 * SD_S, 60 * SD_S, 600 * SD_S, WIDEST};

#define SUM_BIT(KIND, HOW, key, total) | (HISTORY_##HOW == HISTORY_SUM ? SD_KIND_BIT(SD_##KIND) : 0)
#define SUMS                           ((sd_kinds)0 HISTORY_KINDS(SUM_BIT))

/* Intervals that are no longer than those of the others of their time. (Profiles are read by themselves.) */
static sd_kinds exact_sums(void)
{
    sd_kinds kinds = 0;
    for (int kind = 1; kind < SD_KIND_END; kind++)
        if (SUMS >> kind & 1 && kind != SD_HISTORY_STACK && !history_coarse_ns((enum sd_kind)kind))
            kinds |= SD_KIND_BIT(kind);
    return kinds;
}

/* ---- intervals ---- */

/* All intervals together that a moment lies within; both unknown: it lies in none. */
struct around {
    sd_time at, from, to;
};
static bool find_around(void *ctx, const struct history_row *row)
{
    struct around *x = ctx;
    if (!row->length_ns || row->at >= x->at)
        return true;
    x->from = sd_known(x->from) ? MIN(x->from, row->at) : row->at;
    x->to = MAX(x->to, history_row_end(row)); /* unknown is the smallest */
    return true;
}

/* The intervals that begin before `at` and end behind it: in the next 10 s, minute, 10 min, hour. */
static enum sd_result look_around(struct history *x, const struct span_ask *ask, sd_kinds kinds,
                                  struct around *found, struct sd_error *err)
{
    struct store_ask next = {
        .from = found->at, .kinds = kinds, .host = ask->host, .route = ask->route, .times = true};
    enum sd_result result = SD_OK;
    for (size_t i = 0; i < ARRAY_LEN(FAR) && result == SD_OK && !sd_known(found->to); i++) {
        struct store_answer answer;
        next.to = add_sat(found->at, FAR[i]);
        next.if_long_ns = i ? FAR[i - 1] : 0; /* one that ends there is longer than what was read */
        result = store_read(x->store, &next, find_around, found, &answer, err);
        next.from = next.to;
    }
    return result;
}

enum sd_result history_around(struct history *x, const struct span_ask *ask, sd_kinds kinds, sd_time at,
                              sd_time *from, sd_time *to, struct sd_error *err)
{
    struct around found = {.at = at, .from = SD_UNKNOWN, .to = SD_UNKNOWN};
    enum sd_result result = look_around(x, ask, kinds, &found, err);
    *from = found.from;
    *to = found.to;
    return result;
}

/* ---- readings ---- */

struct ends {
    sd_time first, last; /* SD_UNKNOWN: there is none */
};
static bool find_ends(void *ctx, const struct history_row *row)
{
    struct ends *e = ctx;
    sd_time end = history_row_end(row);
    e->first = sd_known(e->first) ? MIN(e->first, end) : end;
    e->last = MAX(e->last, end);
    return true;
}

static enum sd_result read_ends(struct history *x, const struct span_ask *ask, sd_kinds kinds, sd_time from,
                                sd_time to, struct ends *out, struct sd_error *err)
{
    const struct store_ask part = {.from = from, .to = to, .kinds = kinds, .host = ask->host, .times = true};
    struct store_answer answer;
    *out = (struct ends){SD_UNKNOWN, SD_UNKNOWN};
    return from < to ? store_read(x->store, &part, find_ends, out, &answer, err) : SD_OK;
}

/* The last one in (until, at]. */
static enum sd_result last_one(struct history *x, const struct span_ask *ask, sd_kinds kinds, sd_time at,
                               sd_time until, sd_time *out, struct sd_error *err)
{
    struct ends e = {SD_UNKNOWN, SD_UNKNOWN};
    enum sd_result result = SD_OK;
    for (size_t i = 0; i < ARRAY_LEN(FAR) && result == SD_OK && !sd_known(e.last); i++)
        result = read_ends(x, ask, kinds, MAX(until, sub_sat(at, FAR[i])), i ? sub_sat(at, FAR[i - 1]) : at,
                           &e, err);
    *out = e.last;
    return result;
}

/* The first one in (at, at + WIDEST]. */
static enum sd_result first_one(struct history *x, const struct span_ask *ask, sd_time at, sd_time *out,
                                struct sd_error *err)
{
    struct ends e = {SD_UNKNOWN, SD_UNKNOWN};
    enum sd_result result = SD_OK;
    for (size_t i = 0; i < ARRAY_LEN(FAR) && result == SD_OK && !sd_known(e.first); i++)
        result =
            read_ends(x, ask, HISTORY_STATES, i ? add_sat(at, FAR[i - 1]) : at, add_sat(at, FAR[i]), &e, err);
    *out = e.first;
    return result;
}

/* A span without anything in it lies between two readings: it becomes the steps that they are the last of. A
 * step is not longer than two readings are apart, and at least half as long. */
static enum sd_result fit_readings(struct history *x, const struct span_ask *ask, sd_time *from, sd_time *to,
                                   struct sd_error *err)
{
    sd_time before, within, behind;
    if (sub_sat(*to, *from) > WIDEST)
        return SD_OK;
    enum sd_result result = last_one(x, ask, exact_sums() | HISTORY_STATES, *to, *from, &within, err);
    if (result != SD_OK || sd_known(within))
        return result;
    result = first_one(x, ask, *to, &behind, err);
    if (result == SD_OK && sd_known(behind))
        result = last_one(x, ask, HISTORY_STATES, *from, sub_sat(*from, WIDEST), &before, err);
    if (result != SD_OK || !sd_known(behind) || !sd_known(before))
        return result;
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(FAR) && FAR[i] < sub_sat(behind, before) / 2)
        i++;
    *from = history_step_start(add_sat(*from, 1), FAR[i]);
    *to = add_sat(history_step_start(*to, FAR[i]), FAR[i]);
    return SD_OK;
}

/* ---- the span ---- */

enum sd_result history_fit(struct history *x, const struct span_ask *ask, sd_time newest, sd_time *from,
                           sd_time *to, struct sd_error *err)
{
    struct around found = {.at = *to, .from = SD_UNKNOWN, .to = SD_UNKNOWN};
    if (ask->goals || !sd_known(ask->to) || *to >= newest)
        return SD_OK;
    /* Requests first: what else there is may be told in longer intervals from the beginning. */
    enum sd_result result = look_around(x, ask, SD_KIND_BIT(SD_HTTP), &found, err);
    if (result == SD_OK && !sd_known(found.to) && !ask->route)
        result = look_around(x, ask, exact_sums() & ~SD_KIND_BIT(SD_HTTP), &found, err);
    if (result != SD_OK)
        return result;
    if (!sd_known(found.to))
        return ask->route ? SD_OK : fit_readings(x, ask, from, to, err);
    if (found.from <= *from) {
        *from = found.from;
        *to = found.to;
    } else {
        *to = found.from;
    }
    return SD_OK;
}
