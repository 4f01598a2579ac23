/* latency_sums.c - the sum of an interval for each endpoint. */
#include "format/metrics/latency_sums.h"

#include <math.h>
#include <stdlib.h>

#define uthash_malloc(size) mem_realloc(NULL, size)
#define uthash_fatal(text)  abort()
#include <uthash.h>

struct sum {
    char *key; /* prefix and name of the metric or its counter, and who */
    const struct latency_name *row;
    char *family;
    struct latency_who who;
    double count, errors, total_ns;
    bool judged; /* every part of it says whether it failed */
    bool mixed;  /* its parts have buckets that do not go together */
    size_t told; /* parts with percentiles of their own */
    struct buckets buckets;
    UT_hash_handle hh;
};
struct latency_sums {
    struct sum *sums;     /* of histograms and summaries */
    struct sum *counters; /* by status */
};

struct latency_sums *latency_sums_new(void)
{
    return mem_alloc(sizeof(struct latency_sums));
}

static void forget(struct sum **all)
{
    struct sum *x, *next;
    HASH_ITER(hh, *all, x, next)
    {
        HASH_DEL(*all, x);
        buckets_free(&x->buckets);
        free(x->family);
        free(x->key);
        free(x);
    }
}

void latency_sums_free(struct latency_sums *s)
{
    if (!s)
        return;
    forget(&s->sums);
    forget(&s->counters);
    free(s);
}

static char *key_of(const char *prefix, size_t prefix_len, const char *name, const struct latency_who *w)
{
    return mem_printf("%.*s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s", (int)prefix_len, prefix, name, w->method,
                      w->route, w->service, w->host);
}

static struct sum *sum_of(struct sum **all, const struct latency_member *m)
{
    char *key = m->counter ? key_of(m->family, m->prefix_len, m->row->failed, &m->who)
                           : key_of(m->family, strlen(m->family), "", &m->who);
    struct sum *x;
    HASH_FIND_STR(*all, key, x);
    /* of one metric, told by several reporters: those of the best alone */
    if (x && m->row->rank < x->row->rank) {
        HASH_DEL(*all, x);
        buckets_free(&x->buckets);
        free(x->family);
        free(x->key);
        free(x);
        x = NULL;
    }
    if (x) {
        free(key);
        return m->row->rank > x->row->rank ? NULL : x;
    }
    x = mem_alloc(sizeof *x);
    *x = (struct sum){
        .key = key, .row = m->row, .family = mem_strdup(m->family), .who = m->who, .judged = true};
    x->buckets.count = (double)NAN;
    HASH_ADD_KEYPTR(hh, *all, x->key, strlen(x->key), x);
    return x;
}

void latency_sums_add(struct latency_sums *s, const struct latency_member *m, const struct latency_delta *d)
{
    struct sum *x = sum_of(m->counter ? &s->counters : &s->sums, m);
    if (!x)
        return;
    x->count += d->count;
    x->total_ns += d->total_ns;
    x->judged &= m->outcome != OUTCOME_UNKNOWN;
    x->errors += m->outcome == OUTCOME_FAILED ? d->count : 0;
    if (m->counter || !(d->count > 0))
        return;
    if (d->buckets.rule == BUCKETS_SUMMARY && d->buckets.n_told)
        x->told++;
    x->mixed |= !buckets_add(&x->buckets, &d->buckets);
}

/* Is another metric there that counts the same requests, and goes first? */
static bool is_second(const struct latency_sums *s, const struct sum *x)
{
    if (!x->row->group)
        return false;
    for (const struct sum *o = s->sums; o; o = o->hh.next)
        if (o->row->group && !strcmp(o->row->group, x->row->group) && o->row->rank < x->row->rank &&
            strcmp(o->family, x->family) != 0)
            return true;
    return false;
}

static double errors_of(const struct latency_sums *s, const struct sum *x)
{
    struct sum *c = NULL;
    if (x->judged)
        return x->errors;
    if (x->row->failed) {
        size_t family = strlen(x->family), known = strlen(x->row->name);
        char *key = key_of(x->family, family > known ? family - known : 0, x->row->failed, &x->who);
        HASH_FIND_STR(s->counters, key, c);
        free(key);
    }
    return c && c->judged ? fmin(c->errors, x->count) : (double)NAN;
}

static void give(const struct latency_sums *s, const struct sum *x, sd_time from, int64_t interval_ns,
                 const struct latency_out *out)
{
    const struct buckets *b = &x->buckets;
    bool shown = !x->mixed && !(x->told > 1 && b->rule == BUCKETS_SUMMARY);
    size_t n = shown ? b->n : 0, told = shown ? b->n_told : 0, most = n + told + 1;
    double *v = mem_array(5 * most, sizeof *v), *at[5];
    for (size_t i = 0; i < ARRAY_LEN(at); i++)
        at[i] = v + i * most;
    for (size_t i = 0; i < n; i++) {
        at[0][i] = b->items[i].lower;
        at[1][i] = b->items[i].upper;
        at[2][i] = b->items[i].count;
    }
    for (size_t i = 0; i < told; i++) {
        at[3][i] = b->told[i].q;
        at[4][i] = b->told[i].value;
    }
    const struct sd_reals lower = {.n = (uint32_t)n, .items = at[0]},
                          upper = {.n = (uint32_t)n, .items = at[1]},
                          counts = {.n = (uint32_t)n, .items = at[2]},
                          q = {.n = (uint32_t)told, .items = at[3]},
                          values = {.n = (uint32_t)told, .items = at[4]};
    out->give(out->ctx, from,
              &(struct sd_latency){.method = *x->who.method ? x->who.method : NULL,
                                   .route = x->who.route,
                                   .service = *x->who.service ? x->who.service : NULL,
                                   .host = *x->who.host ? x->who.host : NULL,
                                   .rule = buckets_rule_name(b->rule),
                                   .evidence = x->family,
                                   .interval_ns = interval_ns > 0 ? interval_ns : SD_UNKNOWN,
                                   .count = x->count,
                                   .errors = errors_of(s, x),
                                   .total_ns = x->total_ns,
                                   .lower_ns = n ? &lower : NULL,
                                   .upper_ns = n ? &upper : NULL,
                                   .counts = n ? &counts : NULL,
                                   .quantiles = told ? &q : NULL,
                                   .values_ns = told ? &values : NULL});
    free(v);
}

void latency_sums_give(struct latency_sums *s, sd_time from, int64_t interval_ns,
                       const struct latency_out *out)
{
    for (const struct sum *x = s->sums; x; x = x->hh.next)
        if (x->count > 0 && !is_second(s, x))
            give(s, x, from, interval_ns, out);
    forget(&s->sums);
    forget(&s->counters);
}
