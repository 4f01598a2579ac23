/* accesslog_tail.c - the duration in what follows a combined line; rule in accesslog.h. */
#include "format/endpoints/accesslog_internal.h"

struct key {
    const char *name;
    size_t len;
    int rank; /* 2: the whole request, 1: upstream */
};
#define K(name, rank)                                                                                        \
    {                                                                                                        \
        name, sizeof name - 1, rank                                                                          \
    }
static const struct key KEYS[] = {
    K("rt", 2),
    K("request_time", 2),
    K("reqtime", 2),
    K("req_time", 2),
    K("duration", 2),
    K("response_time", 2),
    K("resp_time", 2),
    K("elapsed", 2),
    K("latency", 2),
    K("took", 2),
    K("time_taken", 2),
    K("rtime", 2),
    K("D", 2),
    K("T", 2),
    K("urt", 1),
    K("upstream_response_time", 1),
    K("upstream_time", 1),
    K("ups_resp_time", 1),
    K("us_rt", 1),
    K("ut", 1),
};

static const struct {
    const char *suffix;
    int64_t scale;
} UNITS[] = {{.suffix = "ms", .scale = SD_MS},
             {.suffix = "us", .scale = SD_US},
             {.suffix = "\xc2\xb5s", .scale = SD_US},
             {.suffix = "ns", .scale = 1},
             {.suffix = "s", .scale = SD_S}};

/* The unit at the end of s, cut off; 0: none. */
static int64_t unit_of(const char *s, size_t *n, bool key)
{
    if (!*n || s[*n - 1] != 's') /* as every unit ends; most values have none */
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
        size_t k = strlen(UNITS[i].suffix);
        if (*n <= k || memcmp(s + *n - k, UNITS[i].suffix, k) != 0)
            continue;
        char before = s[*n - k - 1];
        if (key ? before == '_' : before >= '0' && before <= '9') {
            *n -= k + (key ? 1 : 0);
            return UNITS[i].scale;
        }
    }
    return 0;
}

static int rank_of(const char *s, size_t n, int64_t *scale)
{
    *scale = unit_of(s, &n, true);
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
        if (KEYS[i].len == n && !memcmp(KEYS[i].name, s, n)) {
            if (!*scale)
                *scale = n == 1 && *s == 'D' ? SD_US : SD_S;
            return KEYS[i].rank;
        }
    return 0;
}

int64_t accesslog_tail(struct accesslog_format *f, const char *s, const char *end)
{
    int64_t upstream = SD_UNKNOWN, with_unit = SD_UNKNOWN, with_fraction = SD_UNKNOWN, integer = SD_UNKNOWN;
    while (s < end) {
        if (*s == ' ' || *s == '\t' || *s == ',' || *s == ';' || *s == '|') {
            s++;
            continue;
        }
        /* One field: key=value, key="value", "value" or value. */
        const char *field = s, *value = s, *stop, *after;
        for (; s < end && *s != ' ' && *s != '"' && *s != '\t'; s++)
            if (*s == '=' && value == field && s > field)
                value = s + 1;
        if (s < end && *s == '"' && s == value) {
            value = s + 1;
            stop = value;
            while (stop < end && *stop != '"')
                stop += *stop == '\\' && stop + 1 < end ? 2 : 1;
            after = stop < end ? stop + 1 : end;
        } else {
            if (s < end && *s == '"') /* a quote inside a word */
                while (s < end && *s != ' ')
                    s++;
            stop = after = s;
        }
        while (stop > value && (stop[-1] == ',' || stop[-1] == ';'))
            stop--;
        s = after;
        size_t n = (size_t)(stop - value);
        int64_t scale, v;
        if (value > field && value[-1 - (value[-1] == '"' && value - field > 1)] == '=') {
            const char *key_end = value - 1;
            if (*key_end == '"')
                key_end--;
            int rank = rank_of(field, (size_t)(key_end - field), &scale);
            if (!rank)
                continue;
            int64_t own = unit_of(value, &n, false);
            v = accesslog_sum(value, n, own ? own : scale);
            if (rank == 2 && sd_known(v))
                return v;
            if (sd_known(v) && !sd_known(upstream))
                upstream = v;
            continue;
        }
        integer = with_unit = SD_UNKNOWN; /* only the last field counts */
        scale = unit_of(value, &n, false);
        if (scale && accesslog_decimal(value, n, scale, &v))
            with_unit = v;
        else if (memchr(value, '.', n) && !sd_known(with_fraction) && accesslog_decimal(value, n, SD_S, &v))
            with_fraction = v;
        else if (!memchr(value, '.', n) && accesslog_decimal(value, n, 1, &v))
            integer = v;
    }
    if (sd_known(upstream))
        return upstream;
    if (sd_known(with_unit))
        return with_unit;
    if (sd_known(with_fraction))
        return with_fraction;
    if (!sd_known(integer))
        return SD_UNKNOWN;
    f->tail_max = MAX(f->tail_max, integer);
    return mul_sat(integer, f->tail_seconds ? SD_S : SD_US);
}
