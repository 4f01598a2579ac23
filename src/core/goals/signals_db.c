/* signals_db.c - statements: by how much their counters grew, summed by moment.
 *
 * Growth over (T-w, T] is the last reading at or before T less the last at or before T-w, or less the oldest
 * there is; so it is the sum of the growths at the readings in the window, and the first reading of all has
 * none. A counter that falls began again at 0. */
#include "core/goals/signals_private.h"

#include <math.h>
#include <stdlib.h>

enum { STATEMENTS_MAX = 200000 };
/* By the server's counters, by its log, by spans: a statement may be in all three. */
enum { BY_SERVER, BY_LOG, BY_SPANS, BYS };

struct statement_group {
    struct goal_match match;
    int64_t window_ns;
    sd_time kept_from;
    struct event_track tracks[BYS];
};
struct reading {
    sd_time at, since;
    int64_t calls, total_ns;
};
struct told_statements {
    struct signals *s;
    struct arena *arena;
    struct statement_group *groups;
    size_t n_groups, cap_groups;
    struct name_index keys;
    struct reading *readings;
    size_t cap_readings;
    struct strbuf key;
};

struct told_statements *told_statements_new(struct signals *s)
{
    struct told_statements *t = mem_alloc(sizeof *t);
    t->s = s;
    t->arena = arena_new();
    return t;
}

void told_statements_clear(struct told_statements *t)
{
    for (size_t i = 0; i < t->n_groups; i++) {
        t->groups[i].kept_from = SD_UNKNOWN;
        for (int by = 0; by < BYS; by++)
            event_track_free(&t->groups[i].tracks[by]);
    }
    name_index_clear(&t->keys);
    arena_free(t->arena);
    t->arena = arena_new();
}

void told_statements_free(struct told_statements *t)
{
    told_statements_clear(t);
    free(t->groups);
    free(t->readings);
    name_index_free(&t->keys);
    strbuf_free(&t->key);
    arena_free(t->arena);
    free(t);
}

static struct statement_group *group_of(struct told_statements *t, const struct goal_match *m)
{
    for (size_t i = 0; i < t->n_groups; i++)
        if (same_match(&t->groups[i].match, m))
            return &t->groups[i];
    return NULL;
}

void told_statements_want(struct told_statements *t, const struct goal_figure *f, int64_t window_ns)
{
    struct statement_group *g = group_of(t, &f->match);
    if (!g) {
        t->groups = mem_grow(t->groups, t->n_groups, &t->cap_groups, sizeof *t->groups);
        g = &t->groups[t->n_groups++];
        *g = (struct statement_group){.match = f->match, .kept_from = SD_UNKNOWN};
    }
    g->window_ns = MAX(g->window_ns, window_ns);
}

/* ---- counters ---- */

static uint32_t key_of(struct told_statements *t, const struct sd_batch *b, const struct sd_statement *r)
{
    strbuf_clear(&t->key);
    strbuf_printf(&t->key, "%s\x1f%s\x1f%s\x1f%lld\x1f%lld\x1f%s", batch_origin(b) ? batch_origin(b) : "",
                  r->database ? r->database : "", r->role ? r->role : "", (long long)r->query_id,
                  (long long)r->toplevel, r->system ? r->system : "");
    if (!sd_known(r->query_id)) {
        const char *text = r->text ? r->text : "";
        strbuf_printf(&t->key, "\x1f%s\x1f%llx", r->fingerprint ? r->fingerprint : "",
                      (unsigned long long)str_hash(text, strlen(text)));
    }
    uint32_t i = name_index_find(&t->keys, t->key.text);
    if (i != NAME_NONE)
        return i;
    if (t->keys.n >= STATEMENTS_MAX) {
        signals_note(t->s, "Not all statements are in the figures: there are too many.");
        return NAME_NONE;
    }
    i = name_index_of_bytes(&t->keys, t->key.text, t->key.len, t->arena);
    if (i >= t->cap_readings)
        t->readings = mem_grow(t->readings, i, &t->cap_readings, sizeof *t->readings);
    t->readings[i] = (struct reading){.at = SD_UNKNOWN};
    return i;
}

/* What it grew by since the reading before. False: that is not known. */
static bool growth(const struct reading *old, const struct reading *now, const struct sd_statement *r,
                   int64_t *calls, int64_t *total_ns)
{
    *calls = now->calls;
    *total_ns = now->total_ns;
    if (!sd_known(old->at)) /* all of it is younger than a listing that did not have it */
        return sd_known(r->absent_at);
    if (now->at <= old->at)
        return false;
    bool again = now->calls < old->calls || now->total_ns < old->total_ns ||
                 (sd_known(now->since) && sd_known(old->since) && now->since > old->since);
    if (!again) {
        *calls -= old->calls;
        *total_ns -= old->total_ns;
    }
    return true;
}

/* "GET /orders/:id" in its parts. */
static const char *split_route(const char *tag, char method[32])
{
    size_t n = tag ? strcspn(tag, " ") : 0;
    *method = 0;
    if (!tag || !tag[n] || n >= 32 || *tag == '/')
        return tag;
    memcpy(method, tag, n);
    method[n] = 0;
    return tag + n + 1;
}

static void take(struct told_statements *t, const struct sd_batch *b, const struct sd_statement *r)
{
    uint32_t i = r->calls >= 0 ? key_of(t, b, r) : NAME_NONE;
    if (i == NAME_NONE)
        return;
    struct reading now = {batch_time(b), r->since, r->calls, MAX(r->total_ns, 0)};
    int64_t calls, total_ns;
    bool known = growth(&t->readings[i], &now, r, &calls, &total_ns);
    if (!sd_known(t->readings[i].at) || now.at > t->readings[i].at)
        t->readings[i] = now;
    if (!known || (!calls && !total_ns))
        return;
    int by = str_eq(r->evidence, "traces") ? BY_SPANS : r->logged == 1 ? BY_LOG : BY_SERVER;
    char method[32];
    const char *route = split_route(r->route, method), *host = signals_host_of(t->s, b, NULL);
    for (size_t g = 0; g < t->n_groups; g++)
        if (goal_match_http(&t->groups[g].match, *method ? method : NULL, route, host))
            event_track_add(&t->groups[g].tracks[by], now.at, calls, total_ns);
}

void told_statements_take(struct told_statements *t, const struct sd_batch *b)
{
    const struct sd_statement *r;
    if (!t->n_groups || !(batch_kinds(b) & SD_KIND_BIT(SD_STATEMENT)))
        return;
    for (size_t i = 0; (r = batch_each(b, SD_STATEMENT, &i));)
        take(t, b, r);
}

void told_statements_keep(struct told_statements *t, sd_time last)
{
    for (size_t i = 0; i < t->n_groups && t->s->limits.keep_ns < INT64_MAX; i++) {
        struct statement_group *g = &t->groups[i];
        sd_time before = add_sat(last, -add_sat(g->window_ns, t->s->limits.keep_ns));
        if (sd_known(g->kept_from) && add_sat(before, -g->kept_from) < g->window_ns / 4)
            continue;
        g->kept_from = before;
        for (int by = 0; by < BYS; by++)
            event_track_drop(&g->tracks[by], before);
    }
}

size_t told_statements_bytes(const struct told_statements *t)
{
    size_t sum = arena_bytes(t->arena) + t->cap_readings * sizeof *t->readings;
    for (size_t i = 0; i < t->n_groups; i++)
        for (int by = 0; by < BYS; by++)
            sum += event_track_bytes(&t->groups[i].tracks[by]);
    return sum;
}

struct event_sum told_statements_sum(struct told_statements *t, const struct goal_match *m, bool traced,
                                     sd_time from, sd_time to)
{
    struct event_sum sum = {.last = SD_UNKNOWN};
    struct statement_group *g = group_of(t, m);
    if (g && traced)
        return event_track_sum(&g->tracks[BY_SPANS], from, to);
    for (int by = 0; g && by < BY_SPANS && !sd_known(sum.last); by++)
        sum = event_track_sum(&g->tracks[by], from, to);
    return sum;
}

/* ---- values ---- */

static double share(int64_t a, int64_t b)
{
    return b > 0 ? (double)a / (double)b : (double)NAN;
}

static struct signal_value latency_value(struct signals *s, const struct goal_figure *f, sd_time from,
                                         sd_time at)
{
    struct signal_value v = {.unit = goal_signal_unit(f->signal)};
    struct hist *h = mem_alloc(sizeof *h);
    struct request_sum calls;
    bool known = false;
    for (int by = 0; by < CALLS_BYS && !known; by++)
        known = told_calls_sum(s->calls, &f->match, (enum call_by)by, from, at, &calls, h);
    v.value = known ? (double)hist_quantile(h, f->quantile) : (double)NAN;
    v.samples = (int64_t)MIN(h->count, (uint64_t)INT64_MAX);
    v.basis = "histogram";
    v.at = calls.last;
    free(h);
    if (known)
        return v;
    struct event_sum x = told_statements_sum(s->statements, &f->match, false, from, at);
    if (!sd_known(x.last))
        x = told_statements_sum(s->statements, &f->match, true, from, at);
    v.value = share(x.b, x.a);
    v.samples = x.a;
    v.basis = "mean";
    v.at = x.last;
    return v;
}

/* Statements and requests are of the same witness: all, or those that were traced. What a statement is tagged
 * with is the request that ran it first, so for a route traces come before tags. */
static struct signal_value calls_value(struct signals *s, const struct goal_figure *f, sd_time from,
                                       sd_time at)
{
    struct signal_value v = {.unit = goal_signal_unit(f->signal), .basis = "count", .value = (double)NAN};
    struct http_group *g = http_group_of(s->requests, &f->match, GOAL_TOTAL, -1, false);
    int64_t all = g ? http_count(s->requests, g, from, at, false) : 0;
    int64_t traced = g ? http_count(s->requests, g, from, at, true) : 0;
    struct event_sum x = told_statements_sum(s->statements, &f->match, false, from, at);
    bool counted = sd_known(x.last) && all > 0;
    if (traced > 0 && told_calls_traced(s->calls) && (!counted || f->match.route || f->match.method)) {
        struct request_sum calls;
        told_calls_sum(s->calls, &f->match, CALLS_BY_SPANS, from, at, &calls, NULL);
        v.value = share(calls.count, traced);
        v.samples = calls.count;
        v.at = calls.last;
        return v;
    }
    if (!sd_known(x.last))
        x = told_statements_sum(s->statements, &f->match, true, from, at);
    v.value = sd_known(x.last) ? share(x.a, all ? all : traced) : (double)NAN;
    v.samples = x.a;
    v.at = x.last;
    return v;
}

struct signal_value statement_value(struct signals *s, const struct goal_figure *f, sd_time at,
                                    int64_t window_ns)
{
    sd_time from = add_sat(at, -window_ns);
    return f->signal == GOAL_DB_CALLS ? calls_value(s, f, from, at) : latency_value(s, f, from, at);
}
