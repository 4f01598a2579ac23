#include "core/caches/key_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

enum { LOOK_LEAST = 200, LOOK_MOST = 4000, TIMES = 64 };
#define Z           1.96
#define BYTES_ERROR 0.01 /* standard error of the mean size that is aimed at */

const int64_t KEY_TTL_UPTO[KEY_TTL_STEPS] = {SD_S,         10 * SD_S,     60 * SD_S,
                                             600 * SD_S,   3600 * SD_S,   21600 * SD_S,
                                             86400 * SD_S, 604800 * SD_S, INT64_MAX};
const char *const KEY_TYPE_NAMES[KEY_TYPES + 1] = {"string", "list", "set",  "zset", "hash",
                                                   "stream", "json", "none", NULL};

struct stratum {
    int64_t listed[KEY_SAMPLE_DBS];
    int64_t looked_at, with_ttl;
    double sum, squares, most; /* of bytes */
    int64_t sized;
    int64_t ttl_counts[KEY_TTL_STEPS];
    uint32_t ttl[TIMES], idle[TIMES]; /* by powers of two of milliseconds */
    unsigned types;
    struct key_biggest *biggest;
};

struct key_sample {
    int64_t keys[KEY_SAMPLE_DBS], listed[KEY_SAMPLE_DBS];
    bool whole[KEY_SAMPLE_DBS];
    struct stratum of[KEY_PREFIXES_MAX];
};

struct key_sample *key_sample_new(void)
{
    return mem_alloc(sizeof(struct key_sample));
}

void key_sample_free(struct key_sample *s)
{
    for (size_t i = 0; s && i < KEY_PREFIXES_MAX; i++)
        free(s->of[i].biggest);
    free(s);
}

static void add_biggest(struct stratum *x, const char *key, size_t n, const struct key_detail *d)
{
    if (!x->biggest)
        x->biggest = mem_array(KEY_BIGGEST, sizeof *x->biggest);
    size_t at = KEY_BIGGEST;
    while (at && (!x->biggest[at - 1].n || x->biggest[at - 1].detail.bytes < d->bytes))
        at--;
    if (at == KEY_BIGGEST || !n)
        return;
    memmove(x->biggest + at + 1, x->biggest + at, (KEY_BIGGEST - 1 - at) * sizeof *x->biggest);
    x->biggest[at].n = MIN(n, sizeof x->biggest[at].key - 1);
    memcpy(x->biggest[at].key, key, x->biggest[at].n);
    x->biggest[at].key[x->biggest[at].n] = 0;
    x->biggest[at].detail = *d;
}

void key_sample_merge(void *sample, uint32_t from, uint32_t into)
{
    struct key_sample *s = sample;
    struct stratum *a = &s->of[from], *b = &s->of[into];
    for (size_t i = 0; i < KEY_SAMPLE_DBS; i++)
        b->listed[i] += a->listed[i];
    b->looked_at += a->looked_at;
    b->with_ttl += a->with_ttl;
    b->sum += a->sum;
    b->squares += a->squares;
    b->most = MAX(a->most, b->most);
    b->sized += a->sized;
    b->types |= a->types;
    for (size_t i = 0; i < KEY_TTL_STEPS; i++)
        b->ttl_counts[i] += a->ttl_counts[i];
    for (size_t i = 0; i < TIMES; i++) {
        b->ttl[i] += a->ttl[i];
        b->idle[i] += a->idle[i];
    }
    for (size_t i = 0; a->biggest && i < KEY_BIGGEST; i++)
        add_biggest(b, a->biggest[i].key, a->biggest[i].n, &a->biggest[i].detail);
    free(a->biggest);
    *a = (struct stratum){0};
}

void key_sample_size(struct key_sample *s, size_t db, int64_t keys)
{
    s->keys[MIN(db, (size_t)KEY_SAMPLE_DBS - 1)] = keys;
}

void key_sample_listed(struct key_sample *s, size_t db, uint32_t prefix)
{
    db = MIN(db, (size_t)KEY_SAMPLE_DBS - 1);
    s->listed[db]++;
    s->of[prefix].listed[db]++;
}

void key_sample_whole(struct key_sample *s, size_t db)
{
    db = MIN(db, (size_t)KEY_SAMPLE_DBS - 1);
    s->whole[db] = true;
    s->keys[db] = s->listed[db];
}

int64_t key_sample_n(const struct key_sample *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < KEY_SAMPLE_DBS; i++)
        n += s->listed[i];
    return n;
}

/* Variance of the mean size, as a share of its square. */
static double size_error(const struct stratum *x)
{
    double n = (double)x->sized, mean = n > 0 ? x->sum / n : 0;
    if (n < 2 || mean <= 0)
        return n ? 1 : 0;
    return MAX((x->squares - n * mean * mean) / (n - 1), 0) / n / (mean * mean);
}

bool key_sample_wants(const struct key_sample *s, uint32_t prefix)
{
    const struct stratum *x = &s->of[prefix];
    if (x->looked_at < LOOK_LEAST)
        return true;
    return x->looked_at < LOOK_MOST && size_error(x) > BYTES_ERROR * BYTES_ERROR;
}

static size_t time_step(int64_t ns)
{
    int64_t ms = MAX(ns / SD_MS, 0);
    size_t i = 0;
    while (i < TIMES - 1 && ms >> i)
        i++;
    return i;
}

void key_sample_add(struct key_sample *s, uint32_t prefix, const char *key, size_t n,
                    const struct key_detail *d)
{
    struct stratum *x = &s->of[prefix];
    x->looked_at++;
    if (d->bytes >= 0) {
        x->sized++;
        x->sum += (double)d->bytes;
        x->squares += (double)d->bytes * (double)d->bytes;
        x->most = MAX(x->most, (double)d->bytes);
        add_biggest(x, key, n, d);
    }
    if (d->ttl_ns > 0) {
        size_t i = 0;
        while (i < KEY_TTL_STEPS - 1 && d->ttl_ns > KEY_TTL_UPTO[i])
            i++;
        x->ttl_counts[i]++;
        x->with_ttl++;
        x->ttl[time_step(d->ttl_ns)]++;
    }
    if (d->idle_ns >= 0)
        x->idle[time_step(d->idle_ns)]++;
    if (d->type < KEY_TYPES)
        x->types |= 1u << d->type;
}

/* The middle one, to a power of two: in the middle of its range. */
static int64_t median(const uint32_t times[TIMES])
{
    uint64_t sum = 0, up = 0;
    for (size_t i = 0; i < TIMES; i++)
        sum += times[i];
    for (size_t i = 0; i < TIMES && sum; i++) {
        if (up + times[i] >= (sum + 1) / 2) {
            double part = ((double)((sum + 1) / 2 - up) - 0.5) / times[i];
            double from = i ? ldexp(1, (int)i - 1) : 0, to = ldexp(1, (int)i);
            return real_to_int((from + (to - from) * part) * (double)SD_MS);
        }
        up += times[i];
    }
    return SD_UNKNOWN;
}

/* Wilson's interval of k of n, of a whole of N; added to *x. */
static void add_keys(struct key_interval *x, double *square, double k, double n, double all)
{
    double p = k / n, left = MAX(1 - n / MAX(all, n), 0), z2 = Z * Z * left;
    double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    double half = sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n);
    x->value += all * p;
    x->low += all * MAX(middle - half, 0); /* summed, then made right by `square` */
    x->high += all * (middle + half);
    *square += all * half * all * half;
}

static struct key_interval keys_of(const struct key_sample *s, const struct stratum *x)
{
    struct key_interval out = {.exact = true};
    double square = 0, seen = 0;
    for (size_t i = 0; i < KEY_SAMPLE_DBS; i++) {
        if (!s->listed[i])
            continue;
        seen += (double)x->listed[i];
        if (s->whole[i]) {
            out.value += (double)x->listed[i];
            out.low += (double)x->listed[i];
            out.high += (double)x->listed[i];
            continue;
        }
        out.exact = false;
        add_keys(&out, &square, (double)x->listed[i], (double)s->listed[i], (double)s->keys[i]);
    }
    double middle = (out.low + out.high) / 2, half = sqrt(square);
    if (!out.exact) {
        out.low = MIN(MAX(middle - half, seen), out.value);
        out.high = MAX(middle + half, out.value);
    }
    return out;
}

static struct key_interval bytes_of(const struct stratum *x, const struct key_interval *keys)
{
    double n = (double)x->sized, mean = x->sum / n, per_mean = size_error(x);
    double per_keys = keys->value > 0 ? (keys->high - keys->low) / 2 / Z / keys->value : 0;
    struct key_interval out = {.value = keys->value * mean};
    out.exact = keys->exact && n >= keys->value;
    double left = keys->exact ? MAX(1 - n / MAX(keys->value, n), 0) : 1;
    double half = Z * sqrt(per_mean * left + per_keys * per_keys) * out.value;
    out.low = MAX(out.value - half, x->sum);
    out.high = out.value + half;
    if (x->most > x->sum / 5 && n > 1 && !out.exact)
        out.high += MIN(3 / n, 1) * x->most * keys->value * left;
    out.low = MIN(out.low, out.value);
    return out;
}

bool key_sample_read(const struct key_sample *s, uint32_t prefix, struct key_sample_result *out)
{
    const struct stratum *x = &s->of[prefix];
    *out =
        (struct key_sample_result){.keys = keys_of(s, x), .looked_at = x->looked_at, .with_ttl = x->with_ttl};
    if (out->keys.value <= 0)
        return false;
    if (x->sized)
        out->bytes = bytes_of(x, &out->keys);
    else
        out->bytes.value = (double)NAN;
    out->ttl_p50_ns = median(x->ttl);
    out->idle_p50_ns = median(x->idle);
    out->types = x->types;
    out->biggest = x->biggest;
    memcpy(out->ttl_counts, x->ttl_counts, sizeof out->ttl_counts);
    return true;
}

double key_sample_mean_bytes(const struct key_sample *s, uint32_t prefix)
{
    const struct stratum *x = &s->of[prefix];
    return x->sized ? x->sum / (double)x->sized : (double)NAN;
}

bool key_sample_enough(const struct key_sample *s, double share, double error)
{
    double all = 0;
    for (size_t i = 0; i < KEY_SAMPLE_DBS; i++)
        all += (double)s->keys[i];
    for (uint32_t i = 0; i < KEY_PREFIXES_MAX; i++) {
        struct key_interval k = keys_of(s, &s->of[i]);
        if (k.value >= share * all && !k.exact && (k.high - k.low) / 2 > error * k.value)
            return false;
    }
    return key_sample_n(s) > 0;
}
