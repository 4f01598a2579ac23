/* accesslog_tail.c - the numbers in what follows a combined line; rule in accesslog_spot.h. */
#include "format/endpoints/accesslog_internal.h"

#include <math.h>

/* key=value, key="value", "value" or value. */
struct field {
    const char *key;
    size_t key_len; /* 0: none */
    const char *value;
    size_t n;
    unsigned place; /* of those without a key, from 0 */
    bool list;      /* another one of "0.1, 0.2 : 0.3" without quotes: the same place */
};

struct tail_walk {
    const char *s, *end;
    unsigned place;
    bool more; /* the value before ended in a comma, or a colon stood alone */
};

/* What a byte may be: between two fields, the end of a word, the first of a unit ("ms", "us"), not in a unit.
 */
enum { GAP = 1, ENDS_WORD = 2, BEGINS_UNIT = 4, ENDS_UNIT = 8 };
static const uint8_t KIND[256] = {
    [' '] = GAP | ENDS_WORD | ENDS_UNIT,
    ['\t'] = GAP | ENDS_WORD | ENDS_UNIT,
    [','] = GAP | ENDS_UNIT,
    [';'] = GAP | ENDS_UNIT,
    ['|'] = GAP | ENDS_UNIT,
    ['='] = ENDS_UNIT,
    ['"'] = ENDS_WORD,
    ['m'] = BEGINS_UNIT,
    ['s'] = BEGINS_UNIT,
    ['u'] = BEGINS_UNIT,
    ['n'] = BEGINS_UNIT,
    [0xc2] = BEGINS_UNIT,
    [0xce] = BEGINS_UNIT,
};

static inline bool is(char c, unsigned kind)
{
    return KIND[(unsigned char)c] & kind;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "12.345 ms": the unit is a word of its own behind the number. */
static const char *with_unit_word(const char *stop, const char *end)
{
    if (end - stop < 2 || *stop != ' ' || !is(stop[1], BEGINS_UNIT))
        return stop;
    const char *word = stop + 1, *w = word;
    while (w < end && w - word < 13 && !is(*w, ENDS_UNIT))
        w++;
    return (w == end || is(*w, GAP)) && spot_unit(word, (size_t)(w - word)) ? w : stop;
}

static const char *quoted_end(const char *s, const char *end)
{
    while (s < end && *s != '"')
        s += *s == '\\' && s + 1 < end ? 2 : 1;
    return MIN(s, end);
}

/* A time as servers write it, with a point, or the dash of one that is not known. */
static bool is_time(const char *s, const char *end)
{
    if (end - s == 1 && *s == '-')
        return true;
    bool point = false;
    for (const char *c = s; c < end; c++) {
        if (!is_digit(*c) && (*c != '.' || point || c == s))
            return false;
        point |= *c == '.';
    }
    return point;
}

/* urt=0.1, 0.2 : 0.3 without quotes: past the times that follow the first one. Whole numbers do not: they
 * may be values of their own. */
static const char *with_more_times(const char *value, const char *stop, const char *end)
{
    bool comma = stop > value && stop[-1] == ',';
    const char *last = value, *next;
    if (!comma && (end - stop <= 3 || stop[1] != ':' || memcmp(stop, " : ", 3) != 0)) /* nearly always */
        return stop;
    for (const char *end_of_last = stop - comma; is_time(last, end_of_last); end_of_last = stop - comma) {
        next = stop;
        if (comma)
            next += next < end && *next == ' ';
        else if (end - stop > 3 && !memcmp(stop, " : ", 3))
            next += 3;
        if (next == stop)
            break;
        const char *word = next;
        while (next < end && !is(*next, ENDS_WORD))
            next++;
        comma = next > word && next[-1] == ',';
        if (!is_time(word, next - comma))
            break;
        last = word;
        stop = next;
    }
    return stop;
}

static bool next_field(struct tail_walk *w, struct field *f)
{
    const char *s = w->s, *end = w->end;
    while (s < end && is(*s, GAP))
        s++;
    if (s == end)
        return false;
    const char *begin = s, *value = s, *stop;
    for (; s < end && !is(*s, ENDS_WORD); s++)
        if (*s == '=' && s > begin) {
            value = ++s;
            break;
        }
    while (s < end && !is(*s, ENDS_WORD))
        s++;
    bool keyed = value > begin;
    if (s < end && *s == '"' && s == value) {
        stop = quoted_end(++value, end);
        s = MIN(stop + 1, end);
    } else {
        if (s < end && *s == '"') /* a quote inside a word */
            while (s < end && *s != ' ')
                s++;
        if (keyed)
            s = with_more_times(value, s, end);
        if (s > value && is_digit(s[-1]))
            s = with_unit_word(s, end);
        stop = s;
    }
    bool comma = stop > value && stop[-1] == ',';
    while (stop > value && (stop[-1] == ',' || stop[-1] == ';'))
        stop--;
    size_t n = (size_t)(stop - value);
    bool colon = !keyed && n == 1 && *value == ':';
    *f = (struct field){.key = begin,
                        .key_len = keyed ? (size_t)(value - begin - 1 - (value[-1] == '"')) : 0,
                        .value = value,
                        .n = n,
                        .list = w->more || colon};
    if (!keyed && !f->list)
        w->place++;
    f->place = w->place - (w->place > 0);
    w->more = !keyed && (comma || colon);
    w->s = s;
    return true;
}

/* The number in "**0/254321**", without what is around it. */
static void strip(const char **s, size_t *n)
{
    while (*n && strchr("*()[]{}<>'", (*s)[0]))
        ++*s, --*n;
    while (*n && strchr("*()[]{}<>'", (*s)[*n - 1]))
        --*n;
}

static bool bare_number(const char *s, size_t n, double *value, int *decimals)
{
    double whole = 0, place = 1;
    int behind = -1;
    if (!n || n > 25 || !is_digit(*s) || !is_digit(s[n - 1]))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.' && behind < 0) {
            behind = 0;
            continue;
        }
        if (!is_digit(s[i]))
            return false;
        whole = whole * 10 + (s[i] - '0');
        if (behind >= 0)
            place *= 10, behind++;
    }
    *value = whole / place;
    *decimals = MAX(behind, 0);
    return true;
}

/* A number, or a list of them as of several upstream servers. */
bool accesslog_number(const char *s, size_t n, struct spot_number *v)
{
    int64_t ns;
    if (!n || (!is_digit(*s) && *s != '-'))
        return false;
    if (bare_number(s, n, &v->value, &v->decimals))
        return true;
    if (!is_digit(s[n - 1])) {
        if (!spot_duration(s, n, &ns))
            return false;
        v->value = (double)ns;
        v->unit = SPOT_OWN;
        return true;
    }
    double sum = 0;
    bool any = false;
    for (const char *end = s + n; s < end;) {
        size_t k = 0;
        while (s + k < end && s[k] != ',' && s[k] != ' ' && s[k] != ':')
            k++;
        if (bare_number(s, k, &v->value, &v->decimals)) {
            sum += v->value;
            any = true;
        } else if (k && !(k == 1 && *s == '-')) {
            return false;
        }
        s += k + (s + k < end);
    }
    v->value = sum;
    return any;
}

int64_t accesslog_number_ns(const char *s, size_t n, int64_t scale)
{
    int64_t ns;
    if (!n)
        return SD_UNKNOWN;
    if (!is_digit(s[n - 1]) && is_digit(*s))
        return spot_duration(s, n, &ns) ? ns : SD_UNKNOWN;
    if (scale == SPOT_OWN)
        return n == 1 && *s == '0' ? 0 : SD_UNKNOWN;
    if (accesslog_decimal(s, n, scale, &ns)) /* most are one number */
        return ns;
    return accesslog_sum(s, n, scale);
}

/* What the name of a field says. "D=%D" and "T=%T" are names that people give. */
static void name_number(const struct field *f, struct spot_number *v)
{
    size_t n = f->key_len;
    v->key = f->key;
    v->key_len = f->key_len;
    v->unit = spot_key_unit(f->key, &n);
    v->rank = spot_key_rank(f->key, n, &v->seconds);
    if (n == 1 && (*f->key == 'D' || *f->key == 'T')) {
        v->rank = SPOT_REQUEST;
        v->unit = *f->key == 'D' ? SD_US : SD_S;
    }
}

static void learn_field(struct spots *s, const struct field *f)
{
    struct spot_number v = {.field = f->place};
    if (f->key_len) {
        name_number(f, &v);
        if (v.rank && accesslog_number(f->value, f->n, &v))
            spots_see(s, &v);
        return;
    }
    const char *p = f->value, *end;
    size_t n = f->n;
    strip(&p, &n);
    if (!n || !is_digit(*p) || f->list)
        return;
    for (end = p + n; p <= end; v.piece++) {
        const char *slash = memchr(p, '/', (size_t)(end - p));
        size_t k = (size_t)((slash ? slash : end) - p);
        v.unit = 0;
        if (!accesslog_number(p, k, &v))
            return;
        spots_see(s, &v);
        p += k + 1;
    }
}

static void learn(struct accesslog_format *f, const char *s, const char *end, int64_t bytes)
{
    struct tail_walk w = {.s = s, .end = end};
    struct field field;
    while (next_field(&w, &field)) {
        learn_field(&f->spots, &field);
        accesslog_cache_learn(&f->cache, field.key, field.key_len, field.place, field.value, field.n);
    }
    spots_line(&f->spots, bytes);
    accesslog_cache_choose(&f->cache);
}

/* The text of the chosen spot in a field; false: it is not there. */
static bool is_at(const struct spot *p, const struct field *f, const char **s, size_t *n)
{
    *s = f->value;
    *n = f->n;
    if (p->key_len)
        return p->key_len == f->key_len && !memcmp(p->key, f->key, p->key_len);
    if (f->key_len || f->list || f->place != p->field)
        return false;
    strip(s, n);
    for (unsigned i = 0; i < p->piece; i++) {
        const char *slash = memchr(*s, '/', *n);
        if (!slash)
            return false;
        *n -= (size_t)(slash + 1 - *s);
        *s = slash + 1;
    }
    const char *slash = memchr(*s, '/', *n);
    if (slash)
        *n = (size_t)(slash - *s);
    return *n && is_digit(**s);
}

/* Which of the first `at` choices the field is; `at`: none of them. */
static inline size_t choice_of(const struct spots *p, const struct field *field, size_t at, int64_t *ns)
{
    for (size_t i = 0; i < at; i++) {
        const char *text;
        size_t n;
        if (!is_at(&p->spot[p->chosen[i].spot], field, &text, &n))
            continue;
        int64_t v = accesslog_number_ns(text, n, p->chosen[i].scale);
        if (!sd_known(v))
            break;
        *ns = v;
        return i;
    }
    return at;
}

/* All of the fields, for what the cache did. */
static void read_cached(struct accesslog_format *f, struct tail_walk *w, struct accesslog_line *out)
{
    struct field field;
    size_t at = f->spots.n_chosen;
    while (next_field(w, &field)) {
        at = choice_of(&f->spots, &field, at, &out->duration_ns);
        if (!out->cache)
            out->cache =
                accesslog_cache_field(&f->cache, field.key, field.key_len, field.place, field.value, field.n);
    }
}

void accesslog_tail(struct accesslog_format *f, const char *s, const char *end, struct accesslog_line *out)
{
    struct spots *p = &f->spots;
    if (!p->settled)
        learn(f, s, end, out->bytes);
    struct tail_walk w = {.s = s, .end = end};
    struct field field;
    if (f->cache.found)
        read_cached(f, &w, out);
    else
        for (size_t at = p->n_chosen; at && next_field(&w, &field);)
            at = choice_of(p, &field, at, &out->duration_ns);
}
