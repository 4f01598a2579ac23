#include "format/loads/load_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"

bool span_is(struct load_span s, const char *text)
{
    return s.n == strlen(text) && !memcmp(s.at, text, s.n);
}

bool span_starts(struct load_span s, const char *text)
{
    size_t n = strlen(text);
    return s.n >= n && !memcmp(s.at, text, n);
}

bool span_has(struct load_span s, const char *text)
{
    return span_after(s, text).at != NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct load_span span_trim(struct load_span s)
{
    while (s.n && is_blank(s.at[s.n - 1]))
        s.n--;
    while (s.n && is_blank(*s.at)) {
        s.at++;
        s.n--;
    }
    return s;
}

struct load_span span_until(struct load_span *rest, char end)
{
    char *found = rest->n ? memchr(rest->at, end, rest->n) : NULL;
    struct load_span before = load_span(rest->at, found ? (size_t)(found - rest->at) : rest->n);
    size_t passed = before.n + (found != NULL);
    *rest = load_span(rest->at + passed, rest->n - passed);
    return before;
}

struct load_span span_word(struct load_span *rest)
{
    struct load_span s = *rest;
    while (s.n && is_blank(*s.at)) {
        s.at++;
        s.n--;
    }
    size_t n = 0;
    while (n < s.n && !is_blank(s.at[n]))
        n++;
    *rest = load_span(s.at + n, s.n - n);
    return load_span(s.at, n);
}

struct load_span span_after(struct load_span s, const char *label)
{
    size_t n = strlen(label);
    char *found = s.n >= n ? memmem(s.at, s.n, label, n) : NULL;
    return found ? load_span(found + n, s.n - (size_t)(found - s.at) - n) : load_span(NULL, 0);
}

/* ---- numbers ---- */

int64_t span_int(struct load_span s)
{
    int64_t v = 0;
    s = span_trim(s);
    for (size_t i = 0; i < s.n; i++) {
        if (s.at[i] < '0' || s.at[i] > '9' || __builtin_mul_overflow(v, (int64_t)10, &v) ||
            __builtin_add_overflow(v, (int64_t)(s.at[i] - '0'), &v))
            return SD_UNKNOWN;
    }
    return s.n ? v : SD_UNKNOWN;
}

double span_real(struct load_span s)
{
    char text[64];
    double x;
    s = span_trim(s);
    if (!s.n || s.n >= sizeof text)
        return (double)NAN;
    memcpy(text, s.at, s.n);
    text[s.n] = 0;
    return num_parse_real(text, &x) ? x : (double)NAN;
}

int64_t span_scaled(struct load_span s, int digits)
{
    s = span_trim(s);
    int64_t v = 0;
    int behind = -1; /* digits behind the point so far */
    size_t i = 0, seen = 0;
    for (; i < s.n && behind < digits; i++) {
        if (s.at[i] == '.' && behind < 0) {
            behind = 0;
            if (!digits)
                break;
            continue;
        }
        if (s.at[i] < '0' || s.at[i] > '9' || __builtin_mul_overflow(v, (int64_t)10, &v) ||
            __builtin_add_overflow(v, (int64_t)(s.at[i] - '0'), &v))
            break;
        seen++;
        behind += behind >= 0;
    }
    if (i == s.n && seen) {
        for (int k = MAX(behind, 0); k < digits; k++)
            if (__builtin_mul_overflow(v, (int64_t)10, &v))
                return SD_UNKNOWN;
        return v;
    }
    /* More digits than are kept, or an exponent: rare. */
    static const double POWERS[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    double x = span_real(s) * POWERS[digits];
    return x >= 0 && real_is_int(x) ? real_to_int(x) : SD_UNKNOWN;
}

/* The length of the number that s begins with. */
static size_t number_length(struct load_span s)
{
    size_t n = 0;
    while (n < s.n && ((s.at[n] >= '0' && s.at[n] <= '9') || s.at[n] == '.'))
        n++;
    return n;
}

int64_t span_duration(struct load_span s)
{
    static const struct {
        const char *name;
        double ns;
    } UNITS[] = {{"ns", 1},   {"us", 1e3},   {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3},
                 {"ms", 1e6}, {"secs", 1e9}, {"sec", 1e9},       {"seconds", 1e9},
                 {"s", 1e9},  {"m", 60e9},   {"h", 3600e9},      {"", 1e9}};
    double sum = 0;
    s = span_trim(s);
    if (!s.n)
        return SD_UNKNOWN;
    while (s.n) {
        size_t n = number_length(s), unit = 0, k = 0;
        double x = n ? span_real(load_span(s.at, n)) : (double)NAN;
        struct load_span rest = span_trim(load_span(s.at + n, s.n - n));
        while (unit < rest.n && rest.at[unit] != '.' && (rest.at[unit] < '0' || rest.at[unit] > '9'))
            unit++;
        while (k < ARRAY_LEN(UNITS) && !span_is(span_trim(load_span(rest.at, unit)), UNITS[k].name))
            k++;
        if (k == ARRAY_LEN(UNITS) || isnan(x))
            return SD_UNKNOWN;
        sum += x * UNITS[k].ns;
        s = load_span(rest.at + unit, rest.n - unit);
    }
    return real_is_int(sum) ? real_to_int(sum) : SD_UNKNOWN;
}

int64_t span_bytes(struct load_span s)
{
    s = span_trim(s);
    size_t n = number_length(s);
    double x = n ? span_real(load_span(s.at, n)) : (double)NAN;
    struct load_span unit = span_trim(load_span(s.at + n, s.n - n));
    static const char STEPS[] = "KMGTP";
    const char *step = unit.n ? strchr(STEPS, *unit.at) : NULL;
    if (unit.n && *unit.at == 'k')
        step = STEPS;
    for (const char *p = STEPS; step && p <= step; p++)
        x *= 1024;
    bool known = !unit.n || (step && *step) || span_is(unit, "B") || span_starts(unit, "byte");
    return known && x >= 0 && real_is_int(x) ? real_to_int(x) : SD_UNKNOWN;
}

/* ---- moments ---- */

static int64_t number_at(struct load_span s, size_t at, size_t digits)
{
    return at + digits <= s.n ? span_int(load_span(s.at + at, digits)) : SD_UNKNOWN;
}

/* "Z", "+02:00", "-0330": seconds east; of anything else 0. */
static int64_t zone_of(struct load_span s)
{
    if (s.n < 5 || (*s.at != '+' && *s.at != '-'))
        return 0;
    int64_t hours = number_at(s, 1, 2), minutes = number_at(s, s.at[3] == ':' ? 4 : 3, 2);
    if (!sd_known(hours) || !sd_known(minutes))
        return 0;
    return (*s.at == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

static int64_t date_of(struct load_span s)
{
    int64_t year = number_at(s, 0, 4), month = number_at(s, 5, 2), day = number_at(s, 8, 2);
    int64_t hour = number_at(s, 11, 2), minute = number_at(s, 14, 2), second = number_at(s, 17, 2);
    if (!sd_known(year) || year < 1970 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31 ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return SD_UNKNOWN;
    int64_t days = clock_days(year, (int)month, (int)day);
    int64_t ns = (days * 86400 + hour * 3600 + minute * 60 + second) * SD_S;
    struct load_span rest = load_span(s.at + 19, s.n - 19);
    if (rest.n && (*rest.at == '.' || *rest.at == ',')) {
        rest = load_span(rest.at + 1, rest.n - 1);
        size_t n = 0;
        int64_t step = SD_S / 10;
        for (; n < rest.n && rest.at[n] >= '0' && rest.at[n] <= '9'; n++, step /= 10)
            ns += step * (rest.at[n] - '0');
        rest = load_span(rest.at + n, rest.n - n);
    }
    return ns - zone_of(rest) * SD_S;
}

int64_t span_time(struct load_span s)
{
    s = span_trim(s);
    int64_t whole = span_int(s);
    if (sd_known(whole)) {
        int64_t unit = s.n == 13 ? SD_MS : s.n == 10 ? SD_S : 0, ns = mul_sat(whole, unit);
        return unit && !num_is_edge(ns) ? ns : SD_UNKNOWN; /* 2262 ends it */
    }
    return s.n >= 19 ? date_of(s) : SD_UNKNOWN;
}

/* ---- CSV ---- */

/* The field that s begins with, in place; its end is put into `*end`. */
static struct load_span quoted_field(struct load_span s, char delimiter, size_t *end)
{
    size_t out = 0, i = 1;
    while (i < s.n && !(s.at[i] == '"' && (i + 1 >= s.n || s.at[i + 1] != '"'))) {
        i += s.at[i] == '"'; /* "" is one */
        s.at[1 + out++] = s.at[i++];
    }
    while (i < s.n && s.at[i] != delimiter)
        i++;
    *end = i;
    return load_span(s.at + 1, out);
}

size_t csv_fields(struct load_span record, char delimiter, struct load_span *fields, size_t max)
{
    size_t n = 0;
    for (bool more = true; more; n++) {
        struct load_span f;
        if (record.n && *record.at == '"') {
            size_t end;
            f = quoted_field(record, delimiter, &end);
            more = end < record.n;
            record = load_span(record.at + end + more, record.n - end - more);
        } else {
            size_t before = record.n;
            f = span_until(&record, delimiter);
            more = before > f.n;
        }
        if (n < max)
            fields[n] = f;
    }
    return n;
}

char csv_delimiter(struct load_span header)
{
    static const char KNOWN[] = ",;\t|";
    char best = ',';
    size_t most = 0;
    for (const char *d = KNOWN; *d; d++) {
        size_t n = 0;
        for (size_t i = 0; i < header.n; i++)
            n += header.at[i] == *d;
        if (n > most) {
            most = n;
            best = *d;
        }
    }
    return best;
}
