/* accesslog_spot.c - the choice; why each rule is as it is stands with it. */
#include "format/endpoints/accesslog_spot.h"

#include "base/num.h"

#include <math.h>

/* ---- names and units ---- */

#define UNIT(word, ns)                                                                                       \
    {                                                                                                        \
        word, sizeof word - 1, ns                                                                            \
    }
static const struct {
    const char *word;
    size_t len;
    int64_t ns;
} UNITS[] = {
    UNIT("ms", SD_MS),
    UNIT("msec", SD_MS),
    UNIT("msecs", SD_MS),
    UNIT("millis", SD_MS),
    UNIT("milliseconds", SD_MS),
    UNIT("us", SD_US),
    UNIT("\xc2\xb5s", SD_US),
    UNIT("\xce\xbcs", SD_US),
    UNIT("usec", SD_US),
    UNIT("usecs", SD_US),
    UNIT("micros", SD_US),
    UNIT("microsec", SD_US),
    UNIT("microseconds", SD_US),
    UNIT("ns", 1),
    UNIT("nanos", 1),
    UNIT("nanoseconds", 1),
    UNIT("s", SD_S),
    UNIT("sec", SD_S),
    UNIT("secs", SD_S),
    UNIT("second", SD_S),
    UNIT("seconds", SD_S),
};

int64_t spot_unit(const char *word, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++)
        if (UNITS[i].len == n && !memcmp(UNITS[i].word, word, n))
            return UNITS[i].ns;
    return 0;
}

int64_t spot_key_unit(const char *key, size_t *n)
{
    size_t cut = *n;
    while (cut && key[cut - 1] != '_' && key[cut - 1] != '-' && key[cut - 1] != '.')
        cut--;
    int64_t ns = cut ? spot_unit(key + cut, *n - cut) : 0;
    if (ns) {
        *n = cut - 1;
        return ns;
    }
    static const struct {
        const char *end;
        int64_t ns;
    } CAMEL[] = {{.end = "Millis", .ns = SD_MS}, {.end = "Ms", .ns = SD_MS}, {.end = "Micros", .ns = SD_US},
                 {.end = "Us", .ns = SD_US},     {.end = "Nanos", .ns = 1},  {.end = "Ns", .ns = 1},
                 {.end = "Seconds", .ns = SD_S}, {.end = "Sec", .ns = SD_S}, {.end = "InMs", .ns = SD_MS}};
    for (size_t i = 0; i < ARRAY_LEN(CAMEL); i++) {
        size_t k = strlen(CAMEL[i].end);
        if (*n > k && !memcmp(key + *n - k, CAMEL[i].end, k)) {
            *n -= k;
            return CAMEL[i].ns;
        }
    }
    return 0;
}

/* Names are compared without case and without - _ . : responseTime is response_time. */
static bool same_name(const char *key, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        char c = key[i];
        if (c == '_' || c == '-' || c == '.')
            continue;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        if (!*name || c != *name++) /* a key may hold a NUL */
            return false;
    }
    return !*name;
}

enum spot_rank spot_key_rank(const char *key, size_t n, bool *seconds)
{
    static const struct {
        const char *name;
        enum spot_rank rank;
        bool seconds;
    } KEYS[] = {
        {.name = "rt", .rank = SPOT_REQUEST, .seconds = true},
        {.name = "requesttime", .rank = SPOT_REQUEST, .seconds = true},
        {.name = "reqtime", .rank = SPOT_REQUEST, .seconds = true},
        {.name = "rtime", .rank = SPOT_REQUEST, .seconds = true},
        {.name = "duration", .rank = SPOT_REQUEST},
        {.name = "requestduration", .rank = SPOT_REQUEST},
        {.name = "responsetime", .rank = SPOT_REQUEST},
        {.name = "resptime", .rank = SPOT_REQUEST},
        {.name = "elapsed", .rank = SPOT_REQUEST},
        {.name = "elapsedtime", .rank = SPOT_REQUEST},
        {.name = "latency", .rank = SPOT_REQUEST},
        {.name = "latencyhuman", .rank = SPOT_REQUEST},
        {.name = "took", .rank = SPOT_REQUEST},
        {.name = "dur", .rank = SPOT_REQUEST},
        {.name = "timeelapsed", .rank = SPOT_REQUEST},
        {.name = "durationhuman", .rank = SPOT_REQUEST},
        {.name = "timetaken", .rank = SPOT_REQUEST},
        {.name = "totaltime", .rank = SPOT_REQUEST},
        {.name = "processingtime", .rank = SPOT_REQUEST},
        {.name = "servetime", .rank = SPOT_REQUEST},
        {.name = "urt", .rank = SPOT_UPSTREAM, .seconds = true},
        {.name = "upstreamresponsetime", .rank = SPOT_UPSTREAM, .seconds = true},
        {.name = "upstreamtime", .rank = SPOT_UPSTREAM, .seconds = true},
        {.name = "upsresptime", .rank = SPOT_UPSTREAM, .seconds = true},
        {.name = "upstime", .rank = SPOT_UPSTREAM, .seconds = true},
        {.name = "usrt", .rank = SPOT_UPSTREAM, .seconds = true},
        {.name = "ut", .rank = SPOT_UPSTREAM, .seconds = true},
        {.name = "apptime", .rank = SPOT_UPSTREAM, .seconds = true},
    };
    *seconds = false;
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++)
        if (same_name(key, n, KEYS[i].name)) {
            *seconds = KEYS[i].seconds;
            return KEYS[i].rank;
        }
    return SPOT_UNNAMED;
}

bool spot_duration(const char *text, size_t n, int64_t *ns)
{
    static const struct {
        const char *unit;
        double ns;
    } LONG[] = {{.unit = "h", .ns = 3600e9}, {.unit = "m", .ns = 60e9}, {.unit = "d", .ns = 86400e9}};
    double sum = 0;
    size_t i = 0;
    while (i < n) {
        double whole = 0, place = 1;
        bool digit = false, point = false;
        for (; i < n && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && !point)); i++) {
            if (text[i] == '.') {
                point = true;
                continue;
            }
            digit = true;
            whole = whole * 10 + (text[i] - '0');
            place *= point ? 10 : 1;
        }
        while (i < n && text[i] == ' ')
            i++;
        size_t unit = i;
        while (i < n && (text[i] < '0' || text[i] > '9') && text[i] != '.')
            i++;
        double scale = (double)spot_unit(text + unit, i - unit);
        for (size_t k = 0; k < ARRAY_LEN(LONG) && scale == 0; k++)
            if (i - unit == 1 && text[unit] == *LONG[k].unit)
                scale = LONG[k].ns;
        if (!digit || scale == 0)
            return false;
        sum += whole / place * scale;
    }
    *ns = real_to_int(sum);
    return n > 0;
}

/* ---- gathering ---- */

static struct spot *find_spot(struct spots *s, const struct spot_number *v)
{
    size_t key_len = MIN(v->key_len, (size_t)SPOT_KEY);
    for (size_t i = 0; i < s->n; i++) {
        struct spot *p = &s->spot[i];
        if (v->key ? p->key_len == key_len && !memcmp(p->key, v->key, key_len)
                   : !p->key_len && p->field == v->field && p->piece == v->piece)
            return p;
    }
    if (s->n == SPOTS_MAX)
        return NULL;
    struct spot *p = &s->spot[s->n++];
    *p = (struct spot){.rank = v->rank,
                       .field = v->field,
                       .piece = v->piece,
                       .unit = v->unit,
                       .seconds = v->seconds,
                       .decimals_min = 99,
                       .decimals_max = -1,
                       .min = INFINITY,
                       .now = NAN};
    if (v->key) {
        memcpy(p->key, v->key, key_len);
        p->key_len = key_len;
    }
    return p;
}

static void keep_value(struct spot *p, double v)
{
    for (size_t i = 0; i < p->n_values; i++)
        if (p->values[i] == v)
            return;
    if (p->n_values < SPOT_VALUES)
        p->values[p->n_values++] = v;
}

void spots_see(struct spots *s, const struct spot_number *v)
{
    struct spot *p = find_spot(s, v);
    if (!p || !(v->value >= 0) || !isfinite(v->value))
        return;
    p->n++;
    p->zeros += v->value == 0;
    p->small += v->value < 60;
    p->fractions += v->value != floor(v->value);
    p->decimals_min = MIN(p->decimals_min, v->decimals);
    p->decimals_max = MAX(p->decimals_max, v->decimals);
    p->min = MIN(p->min, v->value);
    p->max = MAX(p->max, v->value);
    if (v->value > 0)
        p->log_sum += log(v->value);
    p->now = v->value;
    keep_value(p, v->value);
}

/* The same time in a coarser unit: cut off or rounded, or counted from second to second. */
static bool is_part(double coarse, double fine)
{
    return coarse <= floor(fine + 0.5) && coarse >= floor(fine) - 1;
}

void spots_line(struct spots *s, int64_t bytes)
{
    s->lines++;
    for (size_t i = 0; i < s->n; i++) {
        double a = s->spot[i].now;
        if (isnan(a))
            continue;
        /* Bytes with the header: a little more than the bytes of the body. */
        s->spot[i].like_bytes += sd_known(bytes) && a >= (double)bytes && a <= (double)bytes + 2000;
        for (size_t k = 0; k < s->n; k++) {
            double b = s->spot[k].now;
            if (k == i || isnan(b))
                continue;
            struct spot_pair *p = &s->pair[i][k];
            p->n++;
            p->at_least += a >= b;
            p->millionth += is_part(b, a / 1e6);
            p->thousandth += is_part(b, a / 1e3);
        }
    }
    for (size_t i = 0; i < s->n; i++)
        s->spot[i].now = NAN;
    if (s->lines < 8 || s->lines % 8 == 0)
        spots_choose(s, false);
}

/* ---- choosing ---- */

/* Longer than a week is a moment or a counter, and no duration. */
static bool too_long(const struct spot *p, int64_t scale)
{
    return scale > 0 && p->max * (double)scale > 7 * 86400e9;
}

static double middle(const struct spot *p)
{
    return p->n > p->zeros ? exp(p->log_sum / (double)(p->n - p->zeros)) : 0;
}

static bool whole_numbers(const struct spot *p)
{
    return p->decimals_max >= 0 ? p->decimals_max == 0 : !p->fractions;
}

/* nginx writes its seconds with three digits behind the point, gunicorn with six; a gzip ratio has two. */
static bool looks_like_seconds(const struct spot *p)
{
    return p->decimals_min == p->decimals_max && (p->decimals_min == 3 || p->decimals_min == 6) &&
           !too_long(p, SD_S);
}

/* The port of a client, of Linux or of others; the number of one of a few processes. */
static bool like_port_or_process(const struct spot *p)
{
    return p->n >= SPOT_ENOUGH &&
           ((p->min >= 32768 && p->max <= 65535) ||
            (p->n_values < SPOT_VALUES && p->min >= 1000 && (int64_t)p->n_values * 2 < p->n));
}

/* The unit that is plausible for requests; 0: several are. The middle (geometric mean) of requests lies
 * between a tenth of a millisecond and a few seconds; where two units both lead there, none is chosen. */
static int64_t plausible_unit(const struct spot *p, bool named)
{
    double m = middle(p), zeros = p->n ? (double)p->zeros / (double)p->n : 1;
    if (!whole_numbers(p)) {
        if (p->decimals_min >= 6 && m < 5)
            return SD_S;
        return m == 0 ? 0 : m <= 0.3 && p->max < 3600 ? SD_S : m >= 5 && m < 5000 ? SD_MS : 0;
    }
    if (named && m >= 2e6)
        return m < 2e11 && p->max > 1e7 ? 1 : 0;
    if (!named && like_port_or_process(p))
        return 0;
    if (m >= 1500)
        return m < 1e8 && !too_long(p, SD_US) ? SD_US : 0;
    if (m < 5 || (zeros > 0.5 && p->max < 60))
        return p->max >= 100 ? SD_MS : 0; /* whole seconds or milliseconds */
    /* 100 to 1500, none small: microseconds of a fast server, milliseconds of a slow one, or bytes. */
    if (p->n >= SPOT_ENOUGH && m >= 100 && p->small * 20 < p->n)
        return 0;
    return SD_MS;
}

static void choose_spot(struct spots *s, size_t i, int64_t scale)
{
    for (size_t k = 0; k < s->n_chosen; k++)
        if (s->chosen[k].spot == i)
            return;
    if (s->n_chosen < SPOT_CHOSEN_MAX)
        s->chosen[s->n_chosen++] = (struct spot_choice){.spot = (unsigned)i, .scale = scale};
}

static const char *unit_name(int64_t ns)
{
    return ns == SD_S    ? "seconds"
           : ns == SD_MS ? "milliseconds"
           : ns == SD_US ? "microseconds"
                         : "nanoseconds";
}

static void place_name(const struct spots *s, const struct spot *p, char *out, size_t size)
{
    if (p->key_len)
        snprintf(out, size, "\"%.*s\"", (int)p->key_len, p->key);
    else
        snprintf(out, size, "number %u%s behind %s", p->field + 1,
                 p->piece == 0   ? ""
                 : p->piece == 1 ? ", second part,"
                                 : ", a later part,",
                 s->behind ? s->behind : "the bytes");
}

#define SET_UNIT "set the unit, as in log:PATH?unit=ms, or the format with --log-format"

static void say_assumed(struct spots *s, const struct spot *p, int64_t scale)
{
    char place[80];
    place_name(s, p, place, sizeof place);
    snprintf(s->said, sizeof s->said,
             "Durations: %s is assumed to be %s (%.10g to %.10g). If it is not, " SET_UNIT, place,
             unit_name(scale), p->min, p->max);
}

/* Candidates that were not chosen: nobody can know. */
static void say_candidates(struct spots *s, const size_t *which, size_t n)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < MIN(n, (size_t)3); i++) {
        const struct spot *p = &s->spot[which[i]];
        char place[80];
        place_name(s, p, place, sizeof place);
        strbuf_printf(&b, "%s%s (%.10g to %.10g)",
                      i == 0                       ? ""
                      : i + 1 == MIN(n, (size_t)3) ? " or "
                                                   : ", ",
                      place, p->min, p->max);
    }
    snprintf(s->said, sizeof s->said,
             "Durations are not read: the log does not tell whether %.200s is one, nor its unit. If it "
             "is, " SET_UNIT,
             strbuf_text(&b));
    strbuf_free(&b);
}

/* By name. Of several, those whose unit is known come first. */
static bool choose_named(struct spots *s, enum spot_rank rank, bool enough)
{
    size_t unsure[SPOTS_MAX], n_unsure = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct spot *p = &s->spot[i];
        if (!p->key_len || p->rank != rank || !p->n)
            continue;
        bool seconds = p->seconds && !(whole_numbers(p) && middle(p) >= 5);
        if (p->unit)
            choose_spot(s, i, p->unit);
        else if (s->given > 0)
            choose_spot(s, i, s->given);
        else if (seconds || looks_like_seconds(p))
            choose_spot(s, i, SD_S);
        else
            unsure[n_unsure++] = i;
    }
    if (s->n_chosen || !n_unsure)
        return s->n_chosen > 0;
    const struct spot *p = &s->spot[unsure[0]];
    int64_t unit = enough ? plausible_unit(p, true) : 0;
    if (unit && !too_long(p, unit)) {
        choose_spot(s, unsure[0], unit);
        say_assumed(s, p, unit);
    } else {
        say_candidates(s, unsure, n_unsure);
    }
    return true;
}

/* Of several times of one request the longest is that of the whole; one at least as long as each other on
 * nearly all lines. */
static const size_t NO_SPOT = SIZE_MAX;
static size_t longest_of(const struct spots *s, const size_t *which, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool longest = true;
        for (size_t k = 0; k < n && longest; k++) {
            const struct spot_pair *p = &s->pair[which[i]][which[k]];
            longest = k == i || p->at_least * 100 >= p->n * 98;
        }
        if (longest)
            return which[i];
    }
    return NO_SPOT;
}

static bool choose_with_unit(struct spots *s)
{
    size_t with[SPOTS_MAX], n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!s->spot[i].key_len && s->spot[i].unit)
            with[n++] = i;
    if (n)
        choose_spot(s, with[n - 1], s->spot[with[n - 1]].unit);
    return n > 0;
}

static bool choose_seconds(struct spots *s)
{
    size_t like[SPOTS_MAX], n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!s->spot[i].key_len && !s->spot[i].unit && s->spot[i].n && looks_like_seconds(&s->spot[i]))
            like[n++] = i;
    if (!n)
        return false;
    size_t i = longest_of(s, like, n);
    int64_t unit = s->given > 0 ? s->given : SD_S;
    if (i == NO_SPOT) {
        say_candidates(s, like, n);
    } else {
        choose_spot(s, i, unit);
        if (!s->given)
            say_assumed(s, &s->spot[i], unit);
    }
    return true;
}

/* Four digits behind the point or more: a time that a program wrote as it had it. Two are a gzip ratio. */
static bool choose_fractions(struct spots *s, bool enough)
{
    size_t which[SPOTS_MAX], n = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct spot *p = &s->spot[i];
        if (!p->key_len && !p->unit && p->n && p->decimals_max >= 4)
            which[n++] = i;
    }
    if (!n)
        return false;
    size_t i = longest_of(s, which, n);
    int64_t unit = i == NO_SPOT   ? 0
                   : s->given > 0 ? s->given
                   : enough       ? plausible_unit(&s->spot[i], false)
                                  : 0;
    if (!unit || too_long(&s->spot[i], unit)) {
        say_candidates(s, which, n);
        return true;
    }
    choose_spot(s, i, unit);
    if (!s->given)
        say_assumed(s, &s->spot[i], unit);
    return true;
}

/* "%D %T", "%T/%D": the same time twice, in microseconds (or milliseconds) and in whole seconds. */
static bool choose_twins(struct spots *s, const size_t *which, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            const struct spot *a = &s->spot[which[i]];
            const struct spot_pair *p = &s->pair[which[i]][which[k]];
            if (i == k || !p->n || a->max < 1000 || s->spot[which[k]].max == 0)
                continue;
            if (p->millionth == p->n) {
                choose_spot(s, which[i], SD_US);
                return true;
            }
            if (p->thousandth == p->n) {
                choose_spot(s, which[i], middle(a) >= 20000 ? SD_US : SD_MS);
                return true;
            }
        }
    return false;
}

static void choose_whole(struct spots *s, bool enough)
{
    size_t which[SPOTS_MAX], n = 0, zeros = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct spot *p = &s->spot[i];
        if (!p->key_len && !p->unit && p->n && whole_numbers(p) && p->max < 1e9 &&
            p->like_bytes * 10 < p->n * 9)
            which[n++] = i;
    }
    bool bytes = false; /* mod_logio: what stands beside bytes is bytes */
    for (size_t i = 0; i < s->n; i++)
        bytes |= s->spot[i].n && !s->spot[i].key_len && s->spot[i].like_bytes * 10 >= s->spot[i].n * 9;
    if (!n || choose_twins(s, which, n))
        return;
    for (size_t i = 0; i < n; i++)
        zeros += s->spot[which[i]].max == 0;
    if (zeros < n) { /* what is always 0 tells nothing */
        size_t k = 0;
        for (size_t i = 0; i < n; i++)
            if (s->spot[which[i]].max > 0)
                which[k++] = which[i];
        n = k;
    }
    const struct spot *p = &s->spot[which[0]];
    int64_t unit = n > 1 || bytes ? 0 : s->given > 0 ? s->given : enough ? plausible_unit(p, false) : 0;
    if (!unit || too_long(p, unit)) {
        say_candidates(s, which, n);
        return;
    }
    choose_spot(s, which[0], unit);
    if (!s->given)
        say_assumed(s, p, unit);
}

void spots_choose(struct spots *s, bool all)
{
    if (s->settled)
        return;
    bool enough = all || s->lines >= SPOT_ENOUGH;
    s->n_chosen = 0;
    s->said[0] = 0;
    s->settled = all || s->lines >= SPOT_LINES;
    if (s->given < 0)
        return;
    if (!choose_named(s, SPOT_REQUEST, enough) && !choose_with_unit(s) && !choose_seconds(s) &&
        !choose_fractions(s, enough)) {
        bool upstream = choose_named(s, SPOT_UPSTREAM, enough);
        if (!upstream)
            choose_whole(s, enough);
        return;
    }
    char said[sizeof s->said];
    memcpy(said, s->said, sizeof said);
    if (s->n_chosen) /* what a line without the first is read by */
        choose_named(s, SPOT_UPSTREAM, false);
    memcpy(s->said, said, sizeof said);
}
