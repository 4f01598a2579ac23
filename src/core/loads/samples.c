#include "core/loads/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

const struct load_block LOAD_BLOCK_UNKNOWN = {
    .count = SD_UNKNOWN,
    .min_ns = SD_UNKNOWN,
    .mean_ns = SD_UNKNOWN,
#define QUANTILE(name, q) .name##_ns = SD_UNKNOWN,
    LOAD_QUANTILES(QUANTILE)
#undef QUANTILE
        .max_ns = SD_UNKNOWN,
};

static void grow(struct load_sample_set *s)
{
    if (s->n < s->cap)
        return;
    s->cap = s->cap ? s->cap + s->cap / 2 : 1024;
    s->start_ns = mem_realloc(s->start_ns, s->cap * sizeof *s->start_ns);
    s->latency_ns = mem_realloc(s->latency_ns, s->cap * sizeof *s->latency_ns);
    s->name = mem_realloc(s->name, s->cap * sizeof *s->name);
    s->status = mem_realloc(s->status, s->cap * sizeof *s->status);
    s->failed = mem_realloc(s->failed, s->cap * sizeof *s->failed);
}

/* No further than LOAD_NAME_BYTES_MAX, and not within a character of UTF-8. */
static size_t name_end(const struct load_sample *one)
{
    if (one->name_len <= LOAD_NAME_BYTES_MAX)
        return one->name_len;
    size_t n = LOAD_NAME_BYTES_MAX;
    while (n > LOAD_NAME_BYTES_MAX - 4 && ((unsigned char)one->name[n] & 0xc0) == 0x80)
        n--;
    return n;
}

static uint32_t name_of(struct load_sample_set *s, const struct load_sample *one)
{
    if (!s->texts) {
        s->texts = arena_new();
        s->bytes = SD_UNKNOWN;
    }
    const char *name = one->name ? one->name : "";
    size_t n = one->name ? name_end(one) : 0;
    if (s->names.n < LOAD_NAMES_MAX)
        return name_index_of_bytes(&s->names, name, n, s->texts);
    char text[LOAD_NAME_BYTES_MAX + 1];
    memcpy(text, name, n);
    text[n] = 0;
    uint32_t found = name_index_find(&s->names, text);
    return found != NAME_NONE ? found : name_index_of(&s->names, LOAD_NAME_OTHER);
}

void load_samples_add(struct load_sample_set *s, const struct load_sample *one)
{
    grow(s);
    size_t i = s->n;
    s->name[i] = name_of(s, one);
    s->start_ns[i] = one->start_ns;
    s->latency_ns[i] = one->latency_ns;
    bool known = one->status == LOAD_NO_ANSWER || (one->status >= 100 && one->status <= 999);
    s->status[i] = known ? (int16_t)one->status : LOAD_NO_STATUS;
    s->failed[i] = one->failed;
    s->bytes = add_known(s->bytes, one->bytes);
    s->n++;
}

void load_samples_free(struct load_sample_set *s)
{
    free(s->start_ns);
    free(s->latency_ns);
    free(s->name);
    free(s->status);
    free(s->failed);
    name_index_free(&s->names);
    arena_free(s->texts);
    *s = (struct load_sample_set){0};
}

bool load_samples_span(const struct load_sample_set *s, int64_t *first_ns, int64_t *last_ns)
{
    bool known = false;
    for (size_t i = 0; i < s->n; i++) {
        if (!sd_known(s->start_ns[i]))
            continue;
        int64_t start = s->start_ns[i];
        int64_t end = sd_known(s->latency_ns[i]) ? add_sat(start, s->latency_ns[i]) : start;
        *first_ns = known ? MIN(*first_ns, start) : start;
        *last_ns = known ? MAX(*last_ns, end) : end;
        known = true;
    }
    return known;
}

int64_t load_rank(const int64_t *sorted, size_t n, double q)
{
    if (!n)
        return SD_UNKNOWN;
    /* 0.07 * 100 is a little above 7 in binary. */
    double exact = q * (double)n, rank = ceil(exact - exact * 1e-14);
    return sorted[rank < 1 ? 0 : rank > (double)n ? n - 1 : (size_t)rank - 1];
}

struct load_block load_block_of(int64_t *values, size_t n)
{
    struct load_block b = LOAD_BLOCK_UNKNOWN;
    b.count = (int64_t)n;
    if (!n)
        return b;
    long double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (long double)values[i];
    qsort(values, n, sizeof *values, int_ascending);
    b.min_ns = values[0];
    b.max_ns = values[n - 1];
    b.mean_ns = real_to_int((double)(sum / (long double)n));
#define QUANTILE(name, q) b.name##_ns = load_rank(values, n, q);
    LOAD_QUANTILES(QUANTILE)
#undef QUANTILE
    return b;
}
