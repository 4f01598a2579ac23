/* span.c - the edges between the steps of a span. */
#include "core/history/span.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "core/history/history.h"

#define MINUTE (60 * SD_S)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

int64_t history_step_for(int64_t length_ns, size_t most)
{
    static const int64_t STEPS[] = {10 * SD_S,   30 * SD_S, MINUTE,   5 * MINUTE, 10 * MINUTE,
                                    30 * MINUTE, HOUR,      3 * HOUR, 6 * HOUR,   12 * HOUR};
    int64_t fewest = (length_ns - 1) / (int64_t)MAX(most, 1) + 1;
    for (size_t i = 0; i < ARRAY_LEN(STEPS); i++)
        if (STEPS[i] >= fewest)
            return STEPS[i];
    return mul_sat((fewest - 1) / DAY + 1, DAY);
}

static int ascending(const void *a, const void *b)
{
    sd_time x = *(const sd_time *)a, y = *(const sd_time *)b;
    return (x > y) - (x < y);
}

/* In order, each once. */
static void tidy(struct history_edges *e)
{
    size_t n = 0;
    qsort(e->at, e->n, sizeof *e->at, ascending);
    for (size_t i = 0; i < e->n; i++)
        if (!n || e->at[n - 1] != e->at[i])
            e->at[n++] = e->at[i];
    e->n = n;
}

/* Back from `to` by steps, down to and without `until`. */
static sd_time back(struct history_edges *e, sd_time to, sd_time until, int64_t step)
{
    sd_time at = to;
    for (; at > until && e->n + 1 < HISTORY_EDGES_MAX; at = sub_sat(at, step))
        e->at[e->n++] = at;
    return at;
}

static struct history_edges begin(void)
{
    return (struct history_edges){.at = mem_array(HISTORY_EDGES_MAX, sizeof(sd_time))};
}

static struct history_edges finished(struct history_edges e, sd_time from, sd_time reached)
{
    if (e.n && reached <= from)
        e.at[e.n++] = from;
    tidy(&e);
    return e;
}

struct history_edges history_edges_of(sd_time from, sd_time to, int64_t step_ns)
{
    struct history_edges e = begin();
    sd_time reached = step_ns > 0 ? back(&e, to, from, step_ns) : to;
    return finished(e, from, reached);
}

/* Up to each age its steps; those of an hour and longer lie where blocks of the stores do, so that a store
 * adds up whole blocks instead of rows. */
struct part {
    int64_t upto, step;
};
#define LONG_PARTS                                                                                           \
    {2 * DAY, HOUR}, {14 * DAY, 6 * HOUR},                                                                   \
    {                                                                                                        \
        INT64_MAX, DAY                                                                                       \
    }

/* `age` is that of `to`. */
static struct history_edges finer_to_the_end(sd_time from, sd_time to, int64_t age, const struct part *parts,
                                             size_t n, size_t most)
{
    struct history_edges e = begin();
    sd_time at = to;
    for (size_t i = 0; i < n && at > from; i++) {
        bool last = parts[i].upto == INT64_MAX;
        int64_t step = last ? MAX(parts[i].step, history_step_for(sub_sat(at, from), most)) : parts[i].step;
        sd_time until = last ? from : MAX(from, sub_sat(to, MAX(parts[i].upto - age, 0)));
        sd_time aligned = step < HOUR || at <= until ? at : sub_sat(at, at % step);
        if (aligned < at && e.n + 1 < HISTORY_EDGES_MAX)
            e.at[e.n++] = at;
        at = back(&e, aligned, until, step);
    }
    return finished(e, from, at);
}

/* Few rows are read one by one: that many steps of the tier that the beginning is in. */
enum { FEW_STEPS = 360 };
static bool is_short(int64_t length, int64_t age)
{
    const struct history_tiers *t = &HISTORY_TIERS_DEFAULT;
    size_t i = 0;
    while (i + 1 < t->n && t->items[i].keep_ns < add_sat(age, length))
        i++;
    return length / FEW_STEPS <= t->items[i].step_ns;
}

struct history_edges history_edges_even(sd_time from, sd_time to, sd_time newest, size_t most)
{
    static const struct part PARTS[] = {{HOUR, 5 * MINUTE}, LONG_PARTS};
    int64_t length = sub_sat(to, from), age = MAX(sub_sat(newest, to), 0);
    if (to > from && length > DAY && !is_short(length, age))
        return finer_to_the_end(from, to, age, PARTS, ARRAY_LEN(PARTS), most);
    return history_edges_of(from, to, to > from ? history_step_for(length, most) : 1);
}

struct history_edges history_edges_goals(sd_time from, sd_time to, sd_time newest)
{
    static const struct part PARTS[] = {{15 * MINUTE, 10 * SD_S}, {2 * HOUR, MINUTE}, LONG_PARTS};
    int64_t age = MAX(sub_sat(newest, to), 0);
    return finer_to_the_end(from, to, age, PARTS, ARRAY_LEN(PARTS), HISTORY_POINTS);
}

static void add(struct history_edges *e, sd_time at)
{
    if (e->n > 1 && at > e->at[0] && at < e->at[e->n - 1] && e->n < HISTORY_EDGES_MAX) {
        e->at[e->n] = e->at[e->n - 1]; /* the last stays so, for the next call */
        e->at[e->n - 1] = at;
        e->n++;
    }
}

void history_edges_windows(struct history_edges *e, sd_time to, const int64_t *windows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(e, sub_sat(to, windows[i]));
    tidy(e);
}

void history_edges_months(struct history_edges *e)
{
    if (e->n < 2 || e->at[0] < 0)
        return;
    sd_time last = e->at[e->n - 1];
    int64_t first = e->at[0] / DAY / 366; /* years since 1970, at most one too few */
    for (int64_t month = 12 * first; month < 12 * (first + 300); month++) {
        sd_time at = mul_sat(clock_days(1970 + month / 12, (int)(month % 12) + 1, 1), DAY);
        if (at >= last)
            break;
        add(e, at);
    }
    tidy(e);
}
